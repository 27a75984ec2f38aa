//! Headers that order a table by their column, by mouse and by keyboard.
//!
//! A first press puts the largest figure (or the first word) at the top, a second one turns that
//! round, a third gives back the order that the table came in. Rows without a value stay last.

use std::cmp::Ordering;

use egui::{Align, Button, Layout, RichText, Ui};

use crate::app::theme::Theme;

/// What a row is ordered by.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A figure; nothing where it cannot be given.
    Figure(Option<f64>),
    /// A word.
    Word(String),
}

impl Value {
    fn missing(&self) -> bool {
        matches!(self, Self::Figure(None))
    }

    fn against(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Figure(Some(a)), Self::Figure(Some(b))) => a.total_cmp(b),
            (Self::Word(a), Self::Word(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }
}

impl From<f64> for Value {
    fn from(figure: f64) -> Self {
        Self::Figure(Some(figure))
    }
}

impl From<Option<f64>> for Value {
    fn from(figure: Option<f64>) -> Self {
        Self::Figure(figure)
    }
}

impl From<&str> for Value {
    fn from(word: &str) -> Self {
        Self::Word(word.to_owned())
    }
}

/// By which column a table is ordered, and which way; none is the order that it came in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sorting {
    by: Option<(usize, bool)>,
}

impl Sorting {
    /// Draws the header of a column; `figures` stand at the right and begin with the largest.
    pub fn head(&mut self, ui: &mut Ui, theme: &Theme, column: usize, name: &str, figures: bool) {
        let here = self.by.filter(|b| b.0 == column).map(|b| b.1);
        if head(ui, theme, name, here, figures) {
            self.by = match here {
                None => Some((column, figures)),
                Some(down) if down == figures => Some((column, !down)),
                Some(_) => None,
            };
        }
    }

    /// The rows in their order; `value` gives what a row has in the column.
    pub fn order(&self, rows: usize, value: impl Fn(usize, usize) -> Value) -> Vec<usize> {
        let mut order: Vec<usize> = (0..rows).collect();
        let Some((column, down)) = self.by else {
            return order;
        };
        let values: Vec<Value> = (0..rows).map(|row| value(row, column)).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = (&values[a], &values[b]);
            let way = if down { b.against(a) } else { a.against(b) };
            a.missing().cmp(&b.missing()).then(way)
        });
        order
    }
}

/// Draws a header; says whether it was pressed. `order` is set where the table is ordered by this
/// column: whether the largest is at the top.
pub fn head(ui: &mut Ui, theme: &Theme, name: &str, order: Option<bool>, figures: bool) -> bool {
    let (mark, color) = match order {
        None => ("", theme.dim),
        Some(true) => (" ▼", theme.text),
        Some(false) => (" ▲", theme.text),
    };
    let text = RichText::new(format!("{name}{mark}")).small().color(color);
    let layout = if figures {
        Layout::right_to_left(Align::Center)
    } else {
        Layout::left_to_right(Align::Center)
    };
    let response = ui
        .with_layout(layout, |ui| ui.add(Button::new(text).frame(false)))
        .inner;
    let response = response.accessible_name(format!("Sort by {name}"));
    if response.has_focus() {
        // Who goes from header to header by keyboard sees where they are.
        ui.painter().hline(
            response.rect.x_range(),
            response.rect.bottom(),
            egui::Stroke::new(1.5, theme.accent),
        );
    }
    response.on_hover_text("Sort by this column").clicked()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_ordered_and_those_without_a_value_stay_last() {
        let figures = [Some(2.0), None, Some(-1.0), Some(5.0)];
        let by = |by| Sorting { by }.order(4, |row, _| figures[row].into());
        assert_eq!(by(None), [0, 1, 2, 3]);
        assert_eq!(by(Some((0, true))), [3, 0, 2, 1]);
        assert_eq!(by(Some((0, false))), [2, 0, 3, 1]);
        let words = ["b", "a", "c"];
        let order = Sorting {
            by: Some((1, false)),
        };
        assert_eq!(order.order(3, |row, _| words[row].into()), [1, 0, 2]);
    }
}
