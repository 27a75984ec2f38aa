//! A metric as a tile: a name, a number, and a line about how sure it is.

use egui::{Color32, RichText, Ui, vec2};

use crate::app::theme::{Theme, semibold};

/// A tile.
pub struct Tile<'a> {
    /// What it is.
    pub name: &'a str,
    /// The figure as text, unit included.
    pub value: String,
    /// Interval, count or reason under it.
    pub note: String,
    /// Colour of the figure.
    pub color: Color32,
    /// Definition, as tooltip.
    pub tip: &'a str,
}

/// Draws a tile of this width.
pub fn tile(ui: &mut Ui, theme: &Theme, width: f32, tile: &Tile<'_>) {
    let frame = egui::Frame::new()
        .fill(theme.background)
        .stroke(egui::Stroke::new(1.0, theme.line))
        .corner_radius(6)
        .inner_margin(egui::Margin::symmetric(8, 4));
    let response = frame
        .show(ui, |ui| {
            // Eight points of margin and one of outline on each side.
            ui.set_width(width - 18.0);
            ui.spacing_mut().item_spacing = vec2(4.0, 0.0);
            ui.vertical(|ui| {
                ui.add(
                    egui::Label::new(RichText::new(tile.name).small().color(theme.dim)).truncate(),
                );
                ui.add(
                    egui::Label::new(
                        RichText::new(&tile.value)
                            .font(semibold(17.0))
                            .color(tile.color),
                    )
                    .truncate(),
                );
                ui.add(
                    egui::Label::new(RichText::new(&tile.note).small().color(theme.dim)).truncate(),
                );
            });
        })
        .response;
    if !tile.tip.is_empty() {
        response.on_hover_text(tile.tip);
    }
}

/// Draws tiles in rows that fill the width, each at least `least` wide.
pub fn tiles(ui: &mut Ui, theme: &Theme, least: f32, all: &[Tile<'_>]) {
    let gap = 8.0;
    let room = ui.available_width();
    let per_row = (((room + gap) / (least + gap)) as usize).clamp(1, all.len().max(1));
    let width = ((room + gap) / per_row as f32 - gap).floor();
    ui.spacing_mut().item_spacing = vec2(gap, gap);
    for row in all.chunks(per_row) {
        ui.horizontal(|ui| {
            for t in row {
                tile(ui, theme, width, t);
            }
        });
    }
}
