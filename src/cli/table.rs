//! Tables on a terminal.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, TableComponent, presets};

/// Characters of a line; longer cells are wrapped.
const WIDTH: u16 = 160;

/// A table; the first column is text, the others are numbers.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut t = Table::new();
    t.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    for inner in [
        TableComponent::HorizontalLines,
        TableComponent::MiddleIntersections,
        TableComponent::LeftBorderIntersections,
        TableComponent::RightBorderIntersections,
    ] {
        t.remove_style(inner);
    }
    t.set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH);
    t.set_header(header.iter().enumerate().map(|(i, h)| aligned(i, h)));
    t
}

/// Adds a row under the rule of [`table`].
pub(crate) fn row(t: &mut Table, cells: &[String]) {
    t.add_row(cells.iter().enumerate().map(|(i, c)| aligned(i, c)));
}

/// A table of names and texts without a header.
pub(crate) fn facts(rows: &[(&str, String)]) -> Table {
    let mut t = Table::new();
    t.load_preset(presets::NOTHING);
    for (name, text) in rows {
        t.add_row([Cell::new(name), Cell::new(shown(text))]);
    }
    t
}

/// Text without what a terminal obeys: notes, tags and names can come from elsewhere.
pub(crate) fn shown(text: &str) -> String {
    let obeyed = |c: char| c.is_control() && c != '\n';
    text.replace(obeyed, " ")
}

fn aligned(column: usize, text: &str) -> Cell {
    let cell = Cell::new(shown(text));
    if column == 0 {
        cell
    } else {
        cell.set_alignment(CellAlignment::Right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_cell_moves_the_cursor() {
        let note = "\u{1b}[2Jgone\rback\u{9b}31m\nsecond line".to_owned();
        let mut t = table(&["run", "notes"]);
        row(&mut t, &["a".to_owned(), note.clone()]);
        for text in [t.to_string(), facts(&[("notes", note)]).to_string()] {
            assert!(text.contains("gone back") && text.contains("second line"));
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
        }
    }
}
