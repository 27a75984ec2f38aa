//! What was found in the open file, and the way to read it otherwise.

use egui::{Label, RichText, ScrollArea, Ui, vec2};
use holdout_store::Inspection;

use super::data::heading;
use super::data_data::facts;
use super::data_make::{Kind, lengths};
use crate::app::commands::Command;
use crate::app::context::{Market, PanelCtx};
use crate::app::icons::Icon;
use crate::app::theme::mono;
use crate::app::widgets::button;
use crate::report::number;

/// Draws the column of facts. Returns what is to be made of the market.
pub fn ui(ctx: &PanelCtx<'_>, market: &Market, ui: &mut Ui) -> Option<Kind> {
    let inspection = &market.dataset.inspection;
    let mut make = None;
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        heading(ui, ctx.theme, "What was found");
        facts_grid(ctx, inspection, ui);
        ui.add_space(6.0);
        let again = button::normal(ui, ctx.theme, Icon::Redo, "Read it otherwise…")
            .on_hover_text("Back to the preview, to choose another dialect, zone, stamp or contract. What is open stays until you import.");
        if again.clicked() {
            ctx.send(Command::Preview(
                market.dataset.path.clone(),
                Box::new(market.options.clone()),
            ));
        }
        let coarser = ui.add_enabled_ui(!lengths(inspection.interval_seconds).is_empty(), |ui| {
            button::normal(ui, ctx.theme, Icon::Chart, "Make coarser bars…")
        });
        if coarser
            .inner
            .on_hover_text("Bars of 5 minutes, an hour … as a file of their own")
            .clicked()
        {
            make = Some(Kind::Resample);
        }
        if button::normal(ui, ctx.theme, Icon::Data, "Add a newer export…")
            .on_hover_text("The bars of this file and those of a later one as a file of their own; where both have bars they must agree")
            .clicked()
        {
            make = Some(Kind::Append);
        }
        ui.add_space(8.0);
        ui.label(RichText::new("Why it was read so").color(ctx.theme.dim));
        for line in &inspection.evidence {
            ui.horizontal_top(|ui| {
                ui.label(RichText::new("·").color(ctx.theme.dim));
                ui.add(Label::new(RichText::new(line).small()).wrap());
            });
        }
    });
    make
}

/// Facts of an import as names and values.
pub fn facts_grid(ctx: &PanelCtx<'_>, inspection: &Inspection, ui: &mut Ui) {
    egui::Grid::new("facts")
        .num_columns(2)
        .spacing(vec2(12.0, 4.0))
        .show(ui, |ui| {
            for (name, value) in facts(inspection) {
                ui.label(RichText::new(name).color(ctx.theme.dim));
                ui.add(Label::new(RichText::new(value).font(mono(12.0))).truncate());
                ui.end_row();
            }
            ui.label(RichText::new("Confidence").color(ctx.theme.dim));
            ui.add(
                egui::ProgressBar::new(inspection.confidence as f32)
                    .desired_width(120.0)
                    .text(number::percent_to(inspection.confidence, 0)),
            );
            ui.end_row();
        });
}
