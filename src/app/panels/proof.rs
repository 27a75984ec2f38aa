//! "Is it real?" on the Results page: criteria, intervals, tests, disturbed histories, degradation.

use egui::{Align, Label, Layout, RichText, ScrollArea, Ui, vec2};

use super::data::heading;
use super::markets::outcome_look;
use crate::app::icons;
use crate::app::theme::{Theme, mono};
use crate::app::widgets::chart_view::{ChartView, ExportFormat};
use crate::report::proof::{Proof, TextTable};

/// Width in points that a column of tables needs.
const COLUMN: f32 = 500.0;

/// Draws it; returns the format in which the chart is to be exported, if that was asked for.
pub fn ui(ui: &mut Ui, theme: &Theme, proof: &Proof) -> Option<ExportFormat> {
    let mut export = None;
    // As many columns as have room for the widest table.
    let columns = ((ui.available_width() / COLUMN) as usize).clamp(1, 3);
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        ui.columns(columns, |at| {
            let (middle, last) = (usize::from(columns == 3), columns - 1);
            let left = &mut at[0];
            criteria(left, theme, proof);
            section(left, theme, "Figures and their intervals", &proof.intervals);
            sentences(left, theme, "Week by week", &proof.rolling);
            let middle = &mut at[middle];
            section(middle, theme, "Significance", &proof.tests);
            note(middle, theme, &proof.looked_at);
            sentences(middle, theme, "Trials", &proof.deflation);
            let right = &mut at[last];
            section(right, theme, "Disturbed histories", &proof.paths);
            if let Some(chart) = &proof.bands {
                let place = ChartView {
                    group: "proof",
                    height: 230.0,
                    wheel_zooms: false,
                    export: true,
                };
                export = place.show(right, theme, chart);
            }
            if !proof.degradation.rows.is_empty() {
                section(right, theme, "Against training", &proof.degradation);
            }
        });
    });
    export
}

fn criteria(ui: &mut Ui, theme: &Theme, proof: &Proof) {
    heading(ui, theme, "Criteria");
    for (outcome, text) in &proof.criteria {
        let (icon, word, color) = outcome_look(theme, *outcome);
        ui.horizontal(|ui| {
            icons::show(ui, icon, 13.0, color);
            ui.label(RichText::new(word).small().color(color));
            ui.add(Label::new(text).wrap());
        });
    }
    ui.add_space(8.0);
}

fn section(ui: &mut Ui, theme: &Theme, title: &str, table: &TextTable) {
    heading(ui, theme, title);
    if table.rows.is_empty() {
        note(ui, theme, "Too few trades and days to tell.");
        return;
    }
    let columns = table.heads.len();
    // The first column wraps, so that a narrow page still shows every number.
    let first = (ui.available_width() - 78.0 * (columns as f32 - 1.0)).max(90.0);
    egui::Grid::new(title)
        .num_columns(columns)
        .striped(true)
        .spacing(vec2(10.0, 3.0))
        .show(ui, |ui| {
            for head in &table.heads {
                ui.label(RichText::new(*head).small().color(theme.dim));
            }
            ui.end_row();
            for row in &table.rows {
                for (i, text) in row.iter().enumerate() {
                    if i == 0 {
                        ui.scope(|ui| {
                            ui.set_max_width(first);
                            ui.add(Label::new(text).wrap());
                        });
                    } else {
                        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                            ui.label(RichText::new(text).font(mono(11.5)));
                        });
                    }
                }
                ui.end_row();
            }
        });
    ui.add_space(8.0);
}

fn sentences(ui: &mut Ui, theme: &Theme, title: &str, lines: &[String]) {
    heading(ui, theme, title);
    for line in lines {
        ui.add(Label::new(line).wrap());
    }
    ui.add_space(8.0);
}

fn note(ui: &mut Ui, theme: &Theme, text: &str) {
    ui.add(Label::new(RichText::new(text).small().color(theme.dim)).wrap());
    ui.add_space(6.0);
}
