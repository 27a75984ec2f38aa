//! The list of runs on the left with their tags, notes and courses on validation; the chosen one
//! is what the pages are about.

use std::path::PathBuf;

use egui::{
    Align, CentralPanel, Frame, Label, Layout, Panel, RichText, ScrollArea, Sense, TextEdit, Ui,
    vec2,
};
use holdout_store::runs::{Labels, RunState as Stored};

use super::data::heading;
use super::results_why::sparkline;
use super::runs_data::RunEntry;
use crate::app::commands::Command;
use crate::app::context::{Model, PanelCtx, RunState};
use crate::app::icons::{self, Icon};
use crate::app::theme::{Theme, semibold};
use crate::app::widgets::button;
use crate::jobs::registry::{self, Relabel};
use crate::report::number;

/// Width of a run's course on validation.
const SPARK: f32 = 64.0;

/// State of the list.
#[derive(Default)]
pub struct RunsPanel {
    find: String,
    /// What is being written about a run, until the field is left.
    typed: Option<(PathBuf, Labels)>,
    tags: String,
}

/// The chosen run, where it can go on: stopped, or its process ended without a word.
pub fn unfinished(m: &Model) -> Option<&RunEntry> {
    let chosen = m.selected_run.as_ref()?;
    let run = m.runs.iter().find(|r| r.path == *chosen)?;
    matches!(
        run.state,
        Some(Stored::Stopped | Stored::Interrupted | Stored::Queued)
    )
    .then_some(run)
}

impl RunsPanel {
    /// Draws the list, and under it what is written about the chosen run.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let chosen = ctx
            .model
            .selected_run
            .as_ref()
            .and_then(|p| ctx.model.runs.iter().find(|r| &r.path == p));
        if let Some(run) = chosen {
            Panel::bottom("run-labels")
                .default_size(150.0)
                .size_range(90.0..=320.0)
                .resizable(true)
                .frame(Frame::new().fill(ctx.theme.background))
                .show(ui, |ui| self.labels(ctx, run, ui));
        }
        CentralPanel::default()
            .frame(Frame::new().fill(ctx.theme.background))
            .show(ui, |ui| self.list(ctx, ui));
    }

    fn list(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        list_head(ctx, ui);
        if ctx.model.runs.is_empty() {
            return;
        }
        ui.add(
            TextEdit::singleline(&mut self.find)
                .hint_text("Find by name, tag, note")
                .background_color(ctx.theme.panel)
                .desired_width(f32::INFINITY),
        )
        .accessible_name("Find runs");
        let shown: Vec<&RunEntry> = ctx
            .model
            .runs
            .iter()
            .filter(|r| r.fits(&self.find))
            .collect();
        if shown.is_empty() {
            ui.label(RichText::new("No run fits.").color(ctx.theme.dim));
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            for run in shown {
                entry(ctx, run, ui);
            }
        });
    }

    fn labels(&mut self, ctx: &PanelCtx<'_>, run: &RunEntry, ui: &mut Ui) {
        if self.typed.as_ref().is_none_or(|(p, _)| *p != run.path) {
            self.typed = Some((run.path.clone(), run.labels.clone()));
            self.tags = run.labels.tags.join(", ");
        }
        let Some((_, typed)) = &mut self.typed else {
            return;
        };
        ui.add_space(6.0);
        ui.label(RichText::new("Tags").small().color(ctx.theme.dim));
        let tags = ui
            .add(
                TextEdit::singleline(&mut self.tags)
                    .hint_text("separated by commas")
                    .background_color(ctx.theme.panel)
                    .desired_width(f32::INFINITY),
            )
            .accessible_name("Tags of the run");
        let read = registry::tags(&self.tags);
        if let Err(e) = &read {
            ui.add(Label::new(RichText::new(e.to_string()).small().color(ctx.theme.bad)).wrap());
        }
        ui.label(RichText::new("Notes").small().color(ctx.theme.dim));
        let notes = ScrollArea::vertical()
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.add(
                    TextEdit::multiline(&mut typed.notes)
                        .hint_text("what was tried, and why")
                        .background_color(ctx.theme.panel)
                        .desired_rows(3)
                        .desired_width(f32::INFINITY),
                )
                .accessible_name("Notes on the run")
            })
            .inner;
        let writing = tags.has_focus() || notes.has_focus();
        let written = tags.lost_focus() || notes.lost_focus();
        if !writing && !written {
            // Nobody writes: show what is kept, which a command may have changed.
            let kept = self.typed.as_ref().is_some_and(|(_, t)| *t == run.labels);
            if !kept && ctx.model.relabelling == 0 {
                self.typed = None;
            }
            return;
        }
        if written && let Ok(tags) = read {
            typed.tags = tags;
            if *typed != run.labels {
                ctx.send(Command::Relabel(Relabel {
                    run: run.path.clone(),
                    labels: typed.clone(),
                }));
            }
        }
    }
}

fn list_head(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    ui.horizontal(|ui| {
        heading(ui, ctx.theme, "Runs");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if button::icon(ui, ctx.theme, Icon::Redo, "Look for runs again").clicked() {
                ctx.send(Command::ReadRuns);
            }
        });
    });
    if ctx.model.runs.is_empty() {
        ui.add(
            Label::new(
                RichText::new("Runs will be listed here once something was trained.")
                    .color(ctx.theme.dim),
            )
            .wrap(),
        );
    }
}

fn entry(ctx: &PanelCtx<'_>, run: &RunEntry, ui: &mut Ui) {
    let chosen = ctx.model.selected_run.as_ref() == Some(&run.path);
    let tagged = !run.labels.tags.is_empty();
    let trials = run.validation.len() > 1;
    let height = if tagged || trials { 64.0 } else { 46.0 };
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::click());
    response.widget_info(|| {
        egui::WidgetInfo::selected(
            egui::Role::Button,
            true,
            chosen,
            format!("Run {}", run.name),
        )
    });
    let fill = if chosen {
        ctx.theme.raised
    } else if response.hovered() {
        ctx.theme.hover
    } else {
        ctx.theme.background
    };
    ui.painter().rect_filled(rect, 5, fill);
    if chosen {
        ui.painter().rect_filled(
            egui::Rect::from_min_size(rect.min, vec2(3.0, rect.height())),
            2,
            ctx.theme.accent,
        );
    }
    let trained = ctx.model.train.last.as_ref().map_or(0, |(_, r)| r.step);
    let here = ctx.model.train.path.as_ref() == Some(&run.path);
    let live = here.then_some(ctx.model.run_state);
    let training = live.is_some_and(|s| s != RunState::Idle);
    let (icon, word, color) = state_look(ctx.theme, run.state, live);
    let inner = rect.shrink2(vec2(10.0, 5.0));
    let mut child = ui.new_child(
        egui::UiBuilder::new()
            .max_rect(inner)
            .layout(Layout::top_down(Align::Min)),
    );
    child.spacing_mut().item_spacing.y = 2.0;
    child.spacing_mut().interact_size.y = 16.0;
    child.add(Label::new(RichText::new(&run.name).font(semibold(12.5))).truncate());
    child.horizontal(|ui| {
        icons::show(ui, icon, 12.0, color);
        ui.label(RichText::new(word).small().color(color));
        ui.add(
            Label::new(
                RichText::new(format!(
                    "{} · {} steps",
                    run.market,
                    number::short(if training { trained } else { run.step } as f64)
                ))
                .small()
                .color(ctx.theme.dim),
            )
            .truncate(),
        );
    });
    if tagged || trials {
        child.horizontal(|ui| {
            ui.spacing_mut().interact_size.y = 16.0;
            let room = ui.available_width() - if trials { SPARK + 8.0 } else { 0.0 };
            let (words, color) = if tagged {
                (run.labels.tags.join(" · "), ctx.theme.accent)
            } else {
                ("validation".to_owned(), ctx.theme.dim)
            };
            ui.scope(|ui| {
                ui.set_max_width(room.max(30.0));
                ui.add(Label::new(RichText::new(words).small().color(color)).truncate());
            });
            if trials {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    let (place, spark) = ui.allocate_exact_size(vec2(SPARK, 14.0), Sense::hover());
                    sparkline(ui, ctx.theme, place, &run.validation);
                    spark.widget_info(|| {
                        egui::WidgetInfo::labeled(egui::Role::Image, true, "Course on validation")
                    });
                });
            }
        });
    }
    let response = match &run.problem {
        Some(p) => response.on_hover_text(p),
        None => response.on_hover_text(run.hint()),
    };
    if response.clicked() {
        ctx.send(Command::SelectRun(run.path.clone()));
    }
}

fn state_look(
    theme: &Theme,
    state: Option<Stored>,
    live: Option<RunState>,
) -> (Icon, &'static str, egui::Color32) {
    match state {
        // What this window does is known before it is on the disk.
        _ if live == Some(RunState::Running) => (Icon::Play, "training", theme.accent),
        _ if live == Some(RunState::Paused) => (Icon::Pause, "paused", theme.warn),
        _ if live == Some(RunState::Stopping) => (Icon::Stop, "stopping", theme.warn),
        Some(Stored::Finished) => (Icon::Check, "finished", theme.good),
        Some(Stored::Stopped) => (Icon::Stop, "stopped", theme.dim),
        Some(Stored::Running) => (Icon::Play, "running", theme.accent),
        Some(Stored::Paused) => (Icon::Pause, "paused", theme.warn),
        Some(Stored::Queued) => (Icon::Dash, "queued", theme.dim),
        Some(Stored::Failed) => (Icon::Cross, "failed", theme.bad),
        Some(Stored::Interrupted) => (Icon::Warning, "interrupted", theme.warn),
        None => (Icon::Question, "unreadable", theme.bad),
    }
}
