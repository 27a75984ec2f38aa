//! The replayed account: equity with its range inside bars, floor and peak, and the drawdown.
//!
//! The window and the certificate draw this same chart.

use std::sync::Arc;

use holdout_core::compliance::moments::{WorstMoment, floor_and_peak};
use holdout_core::compliance::{LedgerView, RuleSet};
use holdout_core::market::SessionCalendar;
use holdout_core::sim::EquityRow;

use super::{Axis, Chart, Curve, Ink, Panel, Ribbon, Series, Span, Unit};

/// Equity over drawdown under a rule set; floor and peak end where the account was lost.
pub fn replay_chart(
    rules: &RuleSet,
    ledger: &LedgerView<'_>,
    subtitle: &str,
    worst: Option<&WorstMoment>,
) -> Chart {
    let x = |r: &EquityRow| (r.time + ledger.interval_secs) as f64;
    let levels = floor_and_peak(rules, ledger, &SessionCalendar::builtin());
    let rows = ledger.rows;
    let line = |points: Vec<[f64; 2]>| Arc::new(Curve::new(points));
    let range = rows
        .iter()
        .map(|r| [x(r), r.equity_worst.dollars(), r.equity_best.dollars()])
        .collect();
    let equity = rows
        .iter()
        .map(|r| [x(r), r.equity_close.dollars()])
        .collect();
    let replayed = || rows.iter().zip(&levels);
    let floor = turns(replayed().map(|(r, l)| [x(r), l.0.dollars()]));
    let peak = turns(replayed().map(|(r, l)| [x(r), l.1.dollars()]));
    let fall = replayed()
        .map(|(r, l)| [x(r), (r.equity_worst - l.1).dollars()])
        .collect();
    let mut top = Panel::new(
        Axis::new("Account (USD)", Unit::Usd),
        vec![
            Series::band(
                "Range within bars",
                Ink::Sky,
                Arc::new(Ribbon::new(range)),
                0.28,
            ),
            Series::dashed("Peak", Ink::Grey, line(peak)),
            Series::thin("Floor", Ink::Vermilion, line(floor)),
            Series::line("Equity", Ink::Sky, line(equity)),
        ],
    )
    .weight(2.2);
    let start = rules.account.start_balance;
    if let Some(target) = rules.account.profit_target {
        top = top.level("target", (start + target).dollars(), Ink::Green);
    }
    let mut bottom = Panel::new(
        Axis::new("Drawdown (USD)", Unit::Usd),
        vec![Series::area("Drawdown", Ink::Vermilion, line(fall), 0.0)],
    )
    .include(0.0);
    if let Some(limit) = rules.floor.strict_max_drawdown {
        bottom = bottom.level("strict limit", -limit.dollars(), Ink::Text);
    }
    let mut chart = Chart::new(
        "Equity against the floor",
        Axis::new("New York time", Unit::Time),
        vec![top, bottom],
    );
    subtitle.clone_into(&mut chart.subtitle);
    chart.footer = format!(
        "Replayed bar by bar under {}; the high of a bar is taken before its low.",
        rules.id
    );
    if let Some(m) = worst {
        chart.spans.push(Span {
            name: "closest to the floor".to_owned(),
            from: m.time as f64 - 1_800.0,
            to: m.time as f64 + 1_800.0,
            ink: Ink::Orange,
        });
    }
    chart
}

/// The points at which a level changes, with both ends.
///
/// Floor and peak stand still for thousands of bars; a dashed line through all of those points
/// would lose its dashes.
fn turns(points: impl Iterator<Item = [f64; 2]>) -> Vec<[f64; 2]> {
    let mut kept: Vec<[f64; 2]> = Vec::new();
    let mut before: Option<[f64; 2]> = None;
    for p in points {
        match before {
            Some(b) if b[1] == p[1] => {}
            Some(b) => {
                if kept.last() != Some(&b) {
                    kept.push(b);
                }
                kept.push(p);
            }
            None => kept.push(p),
        }
        before = Some(p);
    }
    if let Some(b) = before.filter(|b| kept.last() != Some(b)) {
        kept.push(b);
    }
    kept
}

#[cfg(test)]
mod tests {
    use holdout_core::sim::{Action, ActionMask};
    use holdout_core::units::Usd;

    use super::*;

    #[test]
    fn a_level_is_drawn_by_its_turns() {
        let level = |ys: &[f64]| turns(ys.iter().enumerate().map(|(i, y)| [i as f64, *y]));
        assert_eq!(level(&[]), Vec::<[f64; 2]>::new());
        assert_eq!(level(&[1.0]), [[0.0, 1.0]]);
        assert_eq!(level(&[1.0, 1.0, 1.0]), [[0.0, 1.0], [2.0, 1.0]]);
        let stair = level(&[1.0, 1.0, 1.0, 2.0, 3.0, 3.0]);
        assert_eq!(
            stair,
            [[0.0, 1.0], [2.0, 1.0], [3.0, 2.0], [4.0, 3.0], [5.0, 3.0]]
        );
    }

    #[test]
    fn floor_and_peak_end_with_the_account() {
        let rules = RuleSet::builtin("apex-50k-seed").unwrap_or_else(|e| panic!("{e}"));
        let row = |minute: i64, equity: i64| EquityRow {
            time: 1_709_564_400 + 60 * minute,
            balance: Usd::whole(equity),
            equity_close: Usd::whole(equity),
            equity_best: Usd::whole(equity),
            equity_worst: Usd::whole(equity),
            peak: Usd::ZERO,
            floor: Usd::ZERO,
            position: 0,
            stop: None,
            target: None,
            action: Action::Hold,
            mask: ActionMask::HOLD_ONLY,
        };
        let rows = [row(0, 50_000), row(1, 47_500), row(2, 47_500)];
        let view = LedgerView {
            instrument: None,
            rows: &rows,
            trades: &[],
            interval_secs: 60,
        };
        let chart = replay_chart(&rules, &view, "s", None);
        let points = |name: &str| {
            let series = chart.panels.iter().flat_map(|p| &p.series);
            let found = series.into_iter().find(|s| s.name == name);
            found.and_then(|s| s.mark.x_range()).map(|[a, b]| b - a)
        };
        assert_eq!(points("Equity"), Some(120.0));
        assert_eq!(points("Floor"), Some(60.0));
        assert_eq!(points("Drawdown"), Some(60.0));
    }
}
