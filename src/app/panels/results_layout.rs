//! The panes of the Results page: which there are, how they lie unless their user moves them,
//! and how a moved layout is kept.

use egui_tiles::{Container, Tile, Tiles, Tree};
use serde::{Deserialize, Serialize};

/// A pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pane {
    /// Equity over drawdown.
    Equity,
    /// Candles with trades, and the player.
    Price,
    /// The rule set's verdict.
    Rules,
    /// Why the policy did what it did.
    Why,
    /// The table of trades.
    Trades,
    /// "Is it real?"
    Proof,
    /// Training, validation and test side by side.
    Parts,
    /// Actions and benchmarks.
    Actions,
}

impl Pane {
    /// All panes.
    pub const ALL: [Self; 8] = [
        Self::Equity,
        Self::Price,
        Self::Rules,
        Self::Why,
        Self::Trades,
        Self::Proof,
        Self::Parts,
        Self::Actions,
    ];

    /// The title of its tab.
    pub fn title(self) -> &'static str {
        match self {
            Self::Equity => "Account",
            Self::Price => "Price and trades",
            Self::Rules => "Rules",
            Self::Why => "Why",
            Self::Trades => "Trades",
            Self::Proof => "Is it real?",
            Self::Parts => "Parts side by side",
            Self::Actions => "Actions and benchmarks",
        }
    }
}

/// The panes as they lie unless moved: charts beside verdict and reasons, tables under both.
pub fn usual() -> Tree<Pane> {
    let mut tiles = Tiles::default();
    let mut tabs = |panes: &[Pane]| {
        let children = panes.iter().map(|p| tiles.insert_pane(*p)).collect();
        tiles.insert_tab_tile(children)
    };
    let charts = tabs(&[Pane::Equity, Pane::Price]);
    let side = tabs(&[Pane::Rules, Pane::Why]);
    let tables = tabs(&[Pane::Trades, Pane::Proof, Pane::Parts, Pane::Actions]);
    let upper = tiles.insert_horizontal_tile(vec![charts, side]);
    let root = tiles.insert_vertical_tile(vec![upper, tables]);
    for (parent, first, second, shares) in [
        (upper, charts, side, [0.74, 0.26]),
        (root, upper, tables, [0.64, 0.36]),
    ] {
        if let Some(Tile::Container(Container::Linear(linear))) = tiles.get_mut(parent) {
            linear.shares.set_share(first, shares[0]);
            linear.shares.set_share(second, shares[1]);
        }
    }
    Tree::new(egui::Id::unique("results-panes"), root, tiles)
}

/// A layout as text; the same layout gives the same text.
pub fn write(tree: &Tree<Pane>) -> String {
    serde_json::to_value(tree).map_or_else(|_| String::new(), |v| v.to_string())
}

/// A layout from text; `None` unless it holds every pane once.
pub fn read(text: &str) -> Option<Tree<Pane>> {
    let tree: Tree<Pane> = serde_json::from_str(text).ok()?;
    let reached = reached(&tree);
    let whole = reached.len() == Pane::ALL.len() && Pane::ALL.iter().all(|p| reached.contains(p));
    whole.then_some(tree)
}

/// Panes that can be reached from the root.
fn reached(tree: &Tree<Pane>) -> Vec<Pane> {
    let mut open: Vec<_> = tree.root.into_iter().collect();
    let mut panes = Vec::new();
    let mut steps = 0;
    while let Some(id) = open.pop() {
        steps += 1;
        if steps > 1_000 {
            // A damaged file may lead in circles.
            return Vec::new();
        }
        match tree.tiles.get(id) {
            Some(Tile::Pane(p)) => panes.push(*p),
            Some(Tile::Container(c)) => open.extend(c.children().copied()),
            None => {}
        }
    }
    panes
}

/// Brings a pane to the front of its tabs.
pub fn show(tree: &mut Tree<Pane>, pane: Pane) {
    tree.make_active(|_, tile| matches!(tile, Tile::Pane(p) if *p == pane));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_comes_back_as_it_was_and_a_damaged_one_not_at_all() {
        let mut tree = usual();
        show(&mut tree, Pane::Proof);
        let text = write(&tree);
        assert_eq!(read(&text).map(|t| write(&t)), Some(text.clone()));
        assert!(read("").is_none());
        assert!(read(&text.replace("\"why\"", "\"rules\"")).is_none());
        assert!(read(&text.replace("\"why\"", "\"weather\"")).is_none());
    }
}
