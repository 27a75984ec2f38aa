//! What a page shows before there is anything to show: what will be here, and the button that gets there.

use egui::{Align, Layout, Response, RichText, Ui};

use super::button;
use crate::app::icons::{self, Icon};
use crate::app::theme::Theme;

/// An empty page. Returns the responses of its buttons in their order; the first one is the way on.
pub fn empty(
    ui: &mut Ui,
    theme: &Theme,
    icon: Icon,
    title: &str,
    text: &str,
    actions: &[(Icon, &str)],
) -> Vec<Response> {
    let mut responses = Vec::new();
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.add_space((ui.available_height() * 0.28).max(24.0));
        icons::show(ui, icon, 40.0, theme.dim);
        ui.add_space(8.0);
        ui.label(RichText::new(title).heading());
        ui.add_space(2.0);
        ui.scope(|ui| {
            ui.set_max_width(520.0);
            ui.label(RichText::new(text).color(theme.dim));
        });
        ui.add_space(10.0);
        for (i, (icon, label)) in actions.iter().enumerate() {
            let weight = if i == 0 {
                button::Weight::Primary
            } else {
                button::Weight::Normal
            };
            responses.push(button::button(ui, theme, Some(*icon), label, weight, true));
        }
    });
    responses
}
