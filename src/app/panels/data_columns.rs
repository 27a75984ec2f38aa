//! Which column of a file is what: the choice above each column of the preview.
//!
//! A choice starts from what was detected, so that one wrong column is one click.

use egui::{ComboBox, RichText, Ui};
use holdout_store::{ColumnMap, ColumnRole, ImportOptions};

use crate::app::preview::Head;
use crate::app::theme::Theme;

/// Words of a role in the form.
fn words(role: ColumnRole) -> &'static str {
    match role {
        ColumnRole::Time => "time",
        ColumnRole::Clock => "time of day",
        ColumnRole::Open => "open",
        ColumnRole::High => "high",
        ColumnRole::Low => "low",
        ColumnRole::Close => "close",
        ColumnRole::Volume => "volume",
        ColumnRole::Symbol => "contract",
    }
}

/// The columns as they are read now: as chosen, else as detected.
fn columns(head: &Head, options: &ImportOptions) -> ColumnMap {
    if let Some(map) = &options.columns {
        return map.clone();
    }
    let dated = head.roles.contains(&"date");
    let mut map = ColumnMap::default();
    for (c, role) in head.roles.iter().enumerate() {
        let role = match *role {
            "date" => ColumnRole::Time,
            "time" if dated => ColumnRole::Clock,
            "time" => ColumnRole::Time,
            "open" => ColumnRole::Open,
            "high" => ColumnRole::High,
            "low" => ColumnRole::Low,
            "close" => ColumnRole::Close,
            "volume" | "volume (sum)" => ColumnRole::Volume,
            "contract" => ColumnRole::Symbol,
            _ => continue,
        };
        map.set(role, Some((c + 1).to_string()));
    }
    map
}

/// Whether a role of the map means the column with this number (from 0).
fn is_column(map: &ColumnMap, role: ColumnRole, head: &Head, column: usize) -> bool {
    let Some(said) = map.get(role) else {
        return false;
    };
    let by_name = head
        .header
        .iter()
        .position(|h| h.eq_ignore_ascii_case(said));
    by_name.map_or_else(|| said == (column + 1).to_string(), |c| c == column)
}

/// The options with one column read as a role, or as nothing.
fn chosen(
    head: &Head,
    options: &ImportOptions,
    column: usize,
    role: Option<ColumnRole>,
) -> ImportOptions {
    let mut map = columns(head, options);
    for other in ColumnRole::ALL {
        if is_column(&map, other, head, column) {
            map.set(other, None);
        }
    }
    if let Some(role) = role {
        map.set(role, Some((column + 1).to_string()));
    }
    ImportOptions {
        columns: Some(map),
        dialect: None,
        ..options.clone()
    }
}

/// Draws the choice above a column; returns the options after a click.
pub fn choose(
    ui: &mut Ui,
    theme: &Theme,
    head: &Head,
    options: &ImportOptions,
    column: usize,
) -> Option<ImportOptions> {
    let map = columns(head, options);
    let role = ColumnRole::ALL
        .into_iter()
        .find(|&r| is_column(&map, r, head, column));
    let (text, color) = match role {
        Some(role) => (words(role), theme.accent),
        None => ("not read", theme.dim),
    };
    let mut picked = None;
    let combo = ComboBox::from_id_salt(("column", column))
        .width(ui.available_width() - 8.0)
        .selected_text(RichText::new(text).small().color(color))
        .show_ui(ui, |ui| {
            if ui.selectable_label(role.is_none(), "not read").clicked() {
                picked = Some(None);
            }
            for r in ColumnRole::ALL {
                if ui.selectable_label(role == Some(r), words(r)).clicked() {
                    picked = Some(Some(r));
                }
            }
        });
    let number = column + 1;
    combo
        .response
        .accessible_name(format!("Column {number} is"));
    let picked = picked.filter(|p| *p != role)?;
    Some(chosen(head, options, column, picked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_starts_from_what_was_detected_and_moves_one_column() {
        let head = Head {
            header: ["Day", "Clock", "O", "H", "L", "C", "x"]
                .map(str::to_owned)
                .to_vec(),
            roles: vec!["date", "time", "open", "high", "low", "close", ""],
            ..Head::default()
        };
        let plain = ImportOptions::default();
        let with = chosen(&head, &plain, 6, Some(ColumnRole::Volume));
        let text = |o: &ImportOptions| o.columns.as_ref().map(ColumnMap::to_string);
        assert_eq!(
            text(&with).as_deref(),
            Some("time=1,clock=2,open=3,high=4,low=5,close=6,volume=7")
        );
        // The close moves; the column it leaves is not read.
        let moved = chosen(&head, &with, 6, Some(ColumnRole::Close));
        assert_eq!(
            text(&moved).as_deref(),
            Some("time=1,clock=2,open=3,high=4,low=5,close=7")
        );
        let less = chosen(&head, &moved, 1, None);
        assert_eq!(
            text(&less).as_deref(),
            Some("time=1,open=3,high=4,low=5,close=7")
        );
    }
}
