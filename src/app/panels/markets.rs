//! The Markets page: one checkpoint on several markets, and how their days go together.

use egui::{Align, CentralPanel, Label, Layout, Panel, RichText, ScrollArea, Sense, Ui, vec2};
use holdout_core::metrics::criteria::Outcome;

use super::checkpoints::busy;
use super::data::{bar, heading, pad};
use super::markets_data::{HEADS, MarketsView};
use crate::app::commands::Command;
use crate::app::context::{Page, PanelCtx};
use crate::app::examining::Subject;
use crate::app::icons::{self, Icon};
use crate::app::theme::{Theme, mix, mono, semibold};
use crate::app::widgets::button::{self, Weight};
use crate::app::widgets::chart_view::ChartView;
use crate::app::widgets::empty;
use crate::report::{Ink, number};

/// Draws the page.
pub fn ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let f = &ctx.model.findings;
    let Some(view) = &f.markets else {
        CentralPanel::default()
            .frame(pad(ctx.theme))
            .show(ui, |ui| not_yet(ctx, ui));
        return;
    };
    Panel::top("markets-bar")
        .frame(bar(ctx.theme))
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(RichText::new(&view.title).font(semibold(14.0)));
                let free = f.busy.is_none();
                if button::when(ui, ctx.theme, None, "Judge again", Weight::Quiet, free).clicked() {
                    ctx.send(Command::Examine(Subject::Markets));
                }
                busy(ctx, ui);
            });
        });
    Panel::bottom("markets-table")
        .default_size(250.0)
        .resizable(true)
        .min_size(140.0)
        .frame(pad(ctx.theme))
        .show(ui, |ui| {
            ScrollArea::both()
                .auto_shrink(false)
                .show(ui, |ui| table(ctx.theme, view, ui));
        });
    Panel::right("markets-correlation")
        .default_size(330.0)
        .size_range(240.0..=520.0)
        .frame(pad(ctx.theme))
        .show(ui, |ui| {
            ScrollArea::both()
                .auto_shrink(false)
                .show(ui, |ui| correlation(ctx.theme, view, ui));
        });
    CentralPanel::default()
        .frame(pad(ctx.theme))
        .show(ui, |ui| {
            let place = ChartView {
                group: "markets",
                height: ui.available_height() - 2.0,
                wheel_zooms: true,
                export: true,
            };
            if let Some(format) = place.show(ui, ctx.theme, &view.chart) {
                ctx.send(Command::Export(Box::new(view.chart.clone()), format));
            }
        });
}

fn not_yet(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    if ctx.model.findings.busy.is_some() {
        ui.vertical_centered(|ui| {
            ui.add_space(ui.available_height() * 0.35);
            ui.label(RichText::new("Judging on the sample markets").heading());
            busy(ctx, ui);
        });
        return;
    }
    let run = ctx.model.selected_run.is_some();
    let text = "What the agent sees is free of scale, so one checkpoint can trade any index future. Its figures a market and the correlation of their days will be here. Test days are left out.";
    let actions = if run {
        [(Icon::Flag, "Judge on the sample markets")]
    } else {
        [(Icon::Play, "Train a run first")]
    };
    let r = empty::empty(
        ui,
        ctx.theme,
        Icon::Data,
        "No market judged yet",
        text,
        &actions,
    );
    if r[0].clicked() {
        ctx.send(if run {
            Command::Examine(Subject::Markets)
        } else {
            Command::Go(Page::Train)
        });
    }
}

fn table(theme: &Theme, view: &MarketsView, ui: &mut Ui) {
    egui::Grid::new("markets")
        .num_columns(10)
        .striped(true)
        .spacing(vec2(18.0, 6.0))
        .show(ui, |ui| {
            ui.label(RichText::new("Market").small().color(theme.dim));
            for name in HEADS {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.label(RichText::new(name).small().color(theme.dim));
                });
            }
            ui.label(RichText::new("Note").small().color(theme.dim));
            ui.end_row();
            for line in &view.lines {
                ui.label(RichText::new(&line.market).font(semibold(13.0)));
                for (text, money) in &line.cells {
                    let color = money.map_or(theme.text, |m| theme.money(m));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.label(RichText::new(text).font(mono(12.0)).color(color));
                    });
                }
                let note = RichText::new(&line.note).color(theme.dim);
                ui.add(Label::new(note).truncate())
                    .on_hover_text(&line.note);
                ui.end_row();
            }
        });
    ui.add_space(10.0);
    for (outcome, detail) in &view.criteria {
        let (icon, word, color) = outcome_look(theme, *outcome);
        ui.horizontal(|ui| {
            icons::show(ui, icon, 13.0, color);
            ui.label(RichText::new(word).color(color));
            ui.label(detail);
        });
    }
}

/// Icon, word and colour of a criterion's outcome.
pub fn outcome_look(theme: &Theme, outcome: Outcome) -> (Icon, &'static str, egui::Color32) {
    match outcome {
        Outcome::Pass => (Icon::Check, "Pass", theme.good),
        Outcome::Fail => (Icon::Cross, "Fail", theme.bad),
        Outcome::Unknown => (Icon::Question, "Unknown", theme.warn),
    }
}

fn correlation(theme: &Theme, view: &MarketsView, ui: &mut Ui) {
    heading(ui, theme, "Correlation of daily profits");
    ui.add_space(4.0);
    egui::Grid::new("correlation")
        .spacing(vec2(3.0, 3.0))
        .show(ui, |ui| {
            ui.label("");
            for name in &view.names {
                ui.label(RichText::new(name).small().color(theme.dim));
            }
            ui.end_row();
            for (name, line) in view.names.iter().zip(&view.correlation) {
                ui.label(RichText::new(name).small().color(theme.dim));
                for (other, (c, days)) in view.names.iter().zip(line) {
                    cell(
                        theme,
                        ui,
                        *c,
                        &format!("{name} and {other}: {days} days in common"),
                    );
                }
                ui.end_row();
            }
        });
    ui.add_space(6.0);
    let text = "On the days that two markets share. Markets that win and lose together are one bet, not several.";
    ui.add(Label::new(RichText::new(text).small().color(theme.dim)).wrap());
}

fn cell(theme: &Theme, ui: &mut Ui, c: Option<f64>, tip: &str) {
    let (rect, response) = ui.allocate_exact_size(vec2(54.0, 26.0), Sense::hover());
    let ink = if c.unwrap_or(0.0) >= 0.0 {
        Ink::Sky
    } else {
        Ink::Orange
    };
    let strength = c.map_or(0.0, f64::abs) as f32;
    ui.painter().rect_filled(
        rect,
        3,
        mix(theme.background, theme.ink(ink), 0.65 * strength),
    );
    let text = c.map_or_else(|| "n/a".to_owned(), |c| number::grouped(c, 2));
    ui.painter().text(
        rect.center(),
        egui::Align2::CENTER_CENTER,
        &text,
        mono(11.5),
        theme.text,
    );
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Label, true, format!("{tip}: {text}"))
    });
    response.on_hover_text(tip);
}
