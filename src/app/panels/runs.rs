//! The list of runs on the left; the chosen one is what Results is about.

use std::path::{Path, PathBuf};

use egui::{Align, Label, Layout, RichText, ScrollArea, Sense, Ui, vec2};
use holdout_store::runs::{RunFolder, RunState as Stored, list_runs};

use super::data::heading;
use crate::app::commands::Command;
use crate::app::context::{Model, PanelCtx, RunState};
use crate::app::icons::{self, Icon};
use crate::app::theme::{Theme, semibold};
use crate::app::widgets::button;
use crate::report::number;

/// A run on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEntry {
    /// Folder.
    pub path: PathBuf,
    /// Identifier.
    pub name: String,
    /// Root symbol.
    pub market: String,
    /// State, as written; `None` when it cannot be read.
    pub state: Option<Stored>,
    /// Environment steps.
    pub step: u64,
    /// Names of its checkpoints, oldest first.
    pub checkpoints: Vec<String>,
    /// Why it cannot be read in full.
    pub problem: Option<String>,
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

/// Reads the list of runs.
///
/// # Errors
/// When the folder cannot be listed.
pub fn read_runs(dir: &Path) -> anyhow::Result<Vec<RunEntry>> {
    let list = list_runs(dir)?;
    Ok(list
        .into_iter()
        .map(|s| {
            let steps = RunFolder::open(&s.path)
                .and_then(|f| f.checkpoint_steps())
                .unwrap_or_default();
            let checkpoints = steps.iter().map(ToString::to_string).collect();
            RunEntry {
                path: s.path,
                name: s.id,
                market: s.market,
                state: s.state,
                step: s.step,
                checkpoints,
                problem: s.problem,
            }
        })
        .collect())
}

/// Draws the list.
pub fn ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
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
        return;
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        for run in &ctx.model.runs {
            entry(ctx, run, ui);
        }
    });
}

fn entry(ctx: &PanelCtx<'_>, run: &RunEntry, ui: &mut Ui) {
    let chosen = ctx.model.selected_run.as_ref() == Some(&run.path);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 46.0), Sense::click());
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
    let live =
        ctx.model.run_state != RunState::Idle && ctx.model.train.path.as_ref() == Some(&run.path);
    let (icon, word, color) = state_look(ctx.theme, run.state, live);
    let inner = rect.shrink2(vec2(10.0, 5.0));
    let mut child = ui.new_child(
        egui::UiBuilder::new()
            .max_rect(inner)
            .layout(Layout::top_down(Align::Min)),
    );
    child.spacing_mut().item_spacing.y = 2.0;
    child.add(Label::new(RichText::new(&run.name).font(semibold(12.5))).truncate());
    child.horizontal(|ui| {
        icons::show(ui, icon, 12.0, color);
        ui.label(RichText::new(word).small().color(color));
        ui.add(
            Label::new(
                RichText::new(format!(
                    "{} · {} steps",
                    run.market,
                    number::short(if live { trained } else { run.step } as f64)
                ))
                .small()
                .color(ctx.theme.dim),
            )
            .truncate(),
        );
    });
    let response = match &run.problem {
        Some(p) => response.on_hover_text(p),
        None => response.on_hover_text(run.path.display().to_string()),
    };
    if response.clicked() {
        ctx.send(Command::SelectRun(run.path.clone()));
    }
}

fn state_look(
    theme: &Theme,
    state: Option<Stored>,
    live: bool,
) -> (Icon, &'static str, egui::Color32) {
    match state {
        _ if live => (Icon::Play, "training", theme.accent),
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
