//! The Checkpoints page: every checkpoint by step, the choice and why the others lost, comparisons.

use std::collections::BTreeSet;

use egui::{CentralPanel, Label, Panel, RichText, ScrollArea, Ui};
use egui_extras::{Column, TableBuilder};
use holdout_core::compliance::Status;

use super::checkpoints_data::CheckpointsView;
use super::data::{bar, pad, right_cell};
use crate::app::commands::Command;
use crate::app::context::{Page, PanelCtx};
use crate::app::examining::Subject;
use crate::app::icons::{self, Icon};
use crate::app::theme::{mono, semibold};
use crate::app::widgets::button::{self, Weight};
use crate::app::widgets::chart_view::ChartView;
use crate::app::widgets::empty;
use crate::app::widgets::sorting::{Sorting, Value};
use crate::jobs::checkpoints::CheckpointRow;
use crate::report::number;

/// Heads of the table but for the last one, and their widths.
const NAMES: [&str; 9] = [
    "", "Step", "Phase", "Net P&L", "Trades", "Win rate", "Sharpe", "Drawdown", "Rules",
];
const WIDTHS: [f32; 9] = [26.0, 90.0, 56.0, 86.0, 64.0, 76.0, 70.0, 84.0, 112.0];

/// What the table is ordered by.
fn value(r: &CheckpointRow, column: usize) -> Value {
    match NAMES[column] {
        "Step" => (r.step as f64).into(),
        "Phase" => f64::from(r.phase).into(),
        "Net P&L" => r.net_pnl.into(),
        "Trades" => (r.trades as f64).into(),
        "Win rate" => r.win_rate.into(),
        "Sharpe" => r.sharpe.into(),
        "Drawdown" => r.max_drawdown_usd.into(),
        _ => r.verdict.name().into(),
    }
}

/// Checkpoints that can be compared at once.
const MOST: usize = 6;

/// State of the page.
#[derive(Default)]
pub struct CheckpointsPanel {
    marked: BTreeSet<u64>,
    comparing: bool,
    sorting: Sorting,
}

impl CheckpointsPanel {
    /// Draws the page.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let f = &ctx.model.findings;
        if ctx.model.selected_run.is_none() {
            CentralPanel::default()
                .frame(pad(ctx.theme))
                .show(ui, |ui| no_run(ctx, ui));
            return;
        }
        let Some(view) = &f.checkpoints else {
            CentralPanel::default()
                .frame(pad(ctx.theme))
                .show(ui, |ui| not_yet(ctx, ui));
            return;
        };
        Panel::top("checkpoints-bar")
            .frame(bar(ctx.theme))
            .show(ui, |ui| self.bar(ctx, view, ui));
        // In a low window the curves keep half of it.
        let low = ui.available_height() < 560.0;
        Panel::bottom(egui::Id::unique(("checkpoints-table", low)))
            .default_size(if low { 200.0 } else { 300.0 })
            .resizable(true)
            .min_size(140.0)
            .frame(pad(ctx.theme))
            .show(ui, |ui| self.table(ctx, view, ui));
        Panel::right("checkpoints-choice")
            .default_size(300.0)
            .size_range(220.0..=460.0)
            .frame(pad(ctx.theme))
            .show(ui, |ui| self.about(ctx, view, ui));
        CentralPanel::default()
            .frame(pad(ctx.theme))
            .show(ui, |ui| {
                let chart = match (&f.comparison, self.comparing) {
                    (Some(c), true) => &c.chart,
                    _ => &view.chart,
                };
                let place = ChartView {
                    group: "checkpoints",
                    height: ui.available_height() - 2.0,
                    wheel_zooms: true,
                    export: true,
                };
                if let Some(format) = place.show(ui, ctx.theme, chart) {
                    ctx.send(Command::Export(Box::new(chart.clone()), format));
                }
            });
    }

    fn bar(&mut self, ctx: &PanelCtx<'_>, view: &CheckpointsView, ui: &mut Ui) {
        ui.horizontal(|ui| {
            let title = format!(
                "{} checkpoints over {} bars of {}",
                view.table.rows.len(),
                number::count(view.table.bars as u64),
                view.table.over
            );
            ui.label(RichText::new(title).font(semibold(14.0)));
            ui.label(
                RichText::new(format!("{} s", number::grouped(view.table.seconds, 1)))
                    .small()
                    .color(ctx.theme.dim),
            );
            ui.separator();
            let free = ctx.model.findings.busy.is_none();
            let can = free && (2..=MOST).contains(&self.marked.len());
            let label = match self.marked.len() {
                0 | 1 => "Compare marked ones".to_owned(),
                n => format!("Compare {n} marked"),
            };
            let hint = format!("Mark two to {MOST} checkpoints in the table");
            if button::when(
                ui,
                ctx.theme,
                Some(Icon::Chart),
                &label,
                Weight::Normal,
                can,
            )
            .on_hover_text(&hint)
            .on_disabled_hover_text(&hint)
            .clicked()
            {
                self.comparing = true;
                let steps = self.marked.iter().copied().collect();
                ctx.send(Command::Examine(Subject::Compare(steps)));
            }
            if self.comparing
                && ctx.model.findings.comparison.is_some()
                && button::button(ui, ctx.theme, None, "Back to all", Weight::Quiet, true).clicked()
            {
                self.comparing = false;
            }
            if button::when(ui, ctx.theme, None, "Judge again", Weight::Quiet, free).clicked() {
                ctx.send(Command::Examine(Subject::Checkpoints));
            }
            busy(ctx, ui);
        });
    }

    fn about(&self, ctx: &PanelCtx<'_>, view: &CheckpointsView, ui: &mut Ui) {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let lines = match (&ctx.model.findings.comparison, self.comparing) {
                (Some(c), true) => &c.pairs,
                _ => &view.about_choice,
            };
            let title = if self.comparing { "Differences" } else { "The choice" };
            ui.label(RichText::new(title).font(semibold(14.0)));
            for line in lines {
                ui.add_space(4.0);
                ui.add(Label::new(line).wrap());
            }
            if let (Some(step), false) = (view.table.selection.chosen, self.comparing) {
                ui.add_space(8.0);
                let label = format!("Judge step {}", number::count(step));
                if button::normal(ui, ctx.theme, Icon::Flag, &label).clicked() {
                    ctx.send(Command::ChooseCheckpoint(step.to_string()));
                    ctx.send(Command::Go(Page::Results));
                }
            }
            if !self.comparing {
                let r = &view.table.selection.rule;
                ui.add_space(8.0);
                let rule = format!(
                    "Rule: keeps the rule set, drawdown under {}, win rate above {}, more than {} trades; then the highest Sharpe ratio on validation.",
                    number::dollars(r.max_drawdown_usd_below, 0),
                    number::percent_to(r.win_rate_above, 0),
                    r.trades_above
                );
                ui.add(Label::new(RichText::new(rule).small().color(ctx.theme.dim)).wrap());
            }
        });
    }

    fn table(&mut self, ctx: &PanelCtx<'_>, view: &CheckpointsView, ui: &mut Ui) {
        let wide = WIDTHS.iter().map(|w| w + 8.0).sum::<f32>() + 180.0;
        ScrollArea::horizontal().auto_shrink(false).show(ui, |ui| {
            ui.set_width(wide.max(ui.available_width()));
            self.rows(ctx, view, ui);
        });
    }

    fn heads(&mut self, ctx: &PanelCtx<'_>, header: &mut egui_extras::TableRow<'_, '_>) {
        for (i, name) in NAMES.into_iter().enumerate() {
            header.col(|ui| {
                if name.is_empty() {
                    return;
                }
                let figures = (1..=7).contains(&i);
                if i == 8 {
                    ui.add_space(6.0);
                }
                self.sorting.head(ui, ctx.theme, i, name, figures);
            });
        }
        header.col(|ui| {
            ui.label(RichText::new("Why not").small().color(ctx.theme.dim));
        });
    }

    fn rows(&mut self, ctx: &PanelCtx<'_>, view: &CheckpointsView, ui: &mut Ui) {
        let mut builder = TableBuilder::new(ui)
            .striped(true)
            .auto_shrink(false)
            .cell_layout(egui::Layout::left_to_right(egui::Align::Center))
            .min_scrolled_height(0.0);
        for w in WIDTHS {
            builder = builder.column(Column::exact(w));
        }
        let na = || "n/a".to_owned();
        let order = self.sorting.order(view.table.rows.len(), |row, column| {
            value(&view.table.rows[row], column)
        });
        builder
            .column(Column::remainder().clip(true))
            .header(24.0, |mut header| self.heads(ctx, &mut header))
            .body(|body| {
                body.rows(24.0, view.table.rows.len(), |mut row| {
                    let at = order[row.index()];
                    let r = &view.table.rows[at];
                    let j = &view.table.selection.judged[at];
                    row.col(|ui| {
                        let mut on = self.marked.contains(&r.step);
                        let full = self.marked.len() >= MOST && !on;
                        let tick = ui.add_enabled(!full, egui::Checkbox::without_text(&mut on));
                        let tick = tick.on_hover_text("Mark for comparison");
                        tick.widget_info(|| {
                            let name = format!("Mark step {}", r.step);
                            egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, name)
                        });
                        if tick.changed() {
                            if on {
                                self.marked.insert(r.step);
                            } else {
                                self.marked.remove(&r.step);
                            }
                        }
                    });
                    right_cell(&mut row, &number::count(r.step));
                    right_cell(&mut row, &r.phase.to_string());
                    row.col(|ui| {
                        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                            let text = number::dollars_signed(r.net_pnl, 0);
                            ui.label(
                                RichText::new(text)
                                    .font(mono(12.0))
                                    .color(ctx.theme.money(r.net_pnl)),
                            );
                        });
                    });
                    right_cell(&mut row, &number::count(r.trades));
                    right_cell(&mut row, &r.win_rate.map_or_else(na, number::percent));
                    right_cell(
                        &mut row,
                        &r.sharpe.map_or_else(na, |s| number::grouped(s, 2)),
                    );
                    right_cell(&mut row, &number::dollars(r.max_drawdown_usd, 0));
                    row.col(|ui| {
                        let (icon, color) = match r.verdict {
                            Status::Pass | Status::NotApplicable => (Icon::Check, ctx.theme.good),
                            Status::Warning => (Icon::Warning, ctx.theme.warn),
                            Status::Unknown => (Icon::Question, ctx.theme.warn),
                            Status::Fail => (Icon::Cross, ctx.theme.bad),
                        };
                        ui.horizontal_centered(|ui| {
                            ui.add_space(6.0);
                            icons::show(ui, icon, 12.0, color);
                            let name = RichText::new(r.verdict.name()).small().color(color);
                            ui.add(Label::new(name).extend());
                        });
                    });
                    row.col(|ui| {
                        if j.chosen {
                            ui.horizontal_centered(|ui| {
                                icons::show(ui, Icon::Check, 12.0, ctx.theme.good);
                                ui.label(RichText::new("chosen").color(ctx.theme.good));
                            });
                        } else {
                            let why = j.reasons.join("; ");
                            ui.add(Label::new(RichText::new(&why).color(ctx.theme.dim)).truncate())
                                .on_hover_text(&why);
                        }
                    });
                });
            });
    }
}

/// Progress of what is examined, with a button to end it.
pub fn busy(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let Some((_, p)) = &ctx.model.findings.busy else {
        return;
    };
    let text = if p.total > 0 {
        format!("{} {} of {}", p.what, p.done, p.total)
    } else {
        p.what.clone()
    };
    let shown = egui::ProgressBar::new(p.fraction().unwrap_or(0.0) as f32).desired_width(240.0);
    ui.add(shown.text(text));
    if button::button(
        ui,
        ctx.theme,
        Some(Icon::Cross),
        "Cancel",
        Weight::Quiet,
        true,
    )
    .clicked()
    {
        ctx.send(Command::StopExamining);
    }
}

fn no_run(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let text = "Every checkpoint of a run on validation, the choice among them with its reasons, and comparisons will be here.";
    let actions = [(Icon::Play, "Train one"), (Icon::Flag, "Run the demo")];
    let r = empty::empty(
        ui,
        ctx.theme,
        Icon::Flag,
        "No run chosen yet",
        text,
        &actions,
    );
    if r[0].clicked() {
        ctx.send(Command::Go(Page::Train));
    }
    if r[1].clicked() {
        ctx.send(Command::RunDemo);
    }
}

fn not_yet(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    if ctx.model.findings.busy.is_some() {
        ui.vertical_centered(|ui| {
            ui.add_space(ui.available_height() * 0.35);
            ui.label(RichText::new("Judging all checkpoints").heading());
            busy(ctx, ui);
        });
        return;
    }
    let text = "Each checkpoint trades every bar of validation once, as one account at full costs. The rule then chooses one and says why each of the others lost.";
    let actions = [(Icon::Flag, "Judge all checkpoints")];
    let r = empty::empty(ui, ctx.theme, Icon::Flag, "Not judged yet", text, &actions);
    if r[0].clicked() {
        ctx.send(Command::Examine(Subject::Checkpoints));
    }
}
