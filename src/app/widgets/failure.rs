//! A failure that stays readable: the sentence, where, and a button that copies both.

use egui::{Frame, Label, Margin, RichText, Stroke, Ui};

use crate::app::icons::{self, Icon};
use crate::app::theme::Theme;

/// Draws a failure over the available width.
pub fn show(ui: &mut Ui, theme: &Theme, text: &str, place: &str) {
    Frame::new()
        .fill(theme.background)
        .stroke(Stroke::new(1.0, theme.bad))
        .corner_radius(6)
        .inner_margin(Margin::same(10))
        .show(ui, |ui| {
            ui.horizontal_top(|ui| {
                icons::show(ui, Icon::Cross, 16.0, theme.bad);
                ui.vertical(|ui| {
                    ui.set_width((ui.available_width() - 90.0).max(160.0));
                    ui.add(Label::new(RichText::new(text)).wrap());
                    ui.add(Label::new(RichText::new(place).small().color(theme.dim)).wrap());
                });
                let copy = ui.button("Copy").on_hover_text("Copy the message");
                if copy.clicked() {
                    ui.copy_text(format!("{text} ({place})"));
                }
            });
        });
}
