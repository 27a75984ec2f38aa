//! The bar at the bottom: what runs, on which data, with which seed and device, and the last failure.

use egui::{Align, Label, Layout, RichText, Ui};

use crate::app::commands::Command;
use crate::app::context::{PanelCtx, RunState};
use crate::app::icons::{self, Icon};
use crate::app::widgets::button::{self, Weight};
use crate::report::number;

/// Draws the bar. `list` says whether the list of runs is on show.
pub fn ui(ctx: &PanelCtx<'_>, list: bool, ui: &mut Ui) {
    let m = ctx.model;
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.scope(|ui| {
            ui.spacing_mut().interact_size.y = 20.0;
            let weight = if list { Weight::Chosen } else { Weight::Quiet };
            let name = if list {
                "Hide the list of runs"
            } else {
                "Show the list of runs"
            };
            if button::button(ui, ctx.theme, Some(Icon::Column), "Runs", weight, true)
                .accessible_name(name)
                .on_hover_text(format!("{name}: Ctrl+B"))
                .clicked()
            {
                ctx.send(Command::ToggleRuns);
            }
        });
        let (icon, word, color) = match m.run_state {
            RunState::Running if m.demo => (Icon::Play, "running the demo", ctx.theme.accent),
            RunState::Running => (Icon::Play, "training", ctx.theme.accent),
            RunState::Paused => (Icon::Pause, "paused", ctx.theme.warn),
            RunState::Stopping => (Icon::Stop, "stopping", ctx.theme.warn),
            RunState::Idle if m.evaluating.is_some() => (Icon::Flag, "judging", ctx.theme.accent),
            RunState::Idle if m.loading.is_some() => {
                (Icon::Data, "reading a file", ctx.theme.accent)
            }
            RunState::Idle => (Icon::Check, "ready", ctx.theme.dim),
        };
        icons::show(ui, icon, 12.0, color);
        ui.label(RichText::new(word).small().color(color));
        if let (true, Some(f)) = (m.run_state != RunState::Idle, m.progress.fraction()) {
            ui.label(
                RichText::new(format!("{} {}", m.progress.what, number::percent_to(f, 0)))
                    .small()
                    .color(ctx.theme.dim),
            );
        }
        ui.separator();
        let data = m.market.as_ref().map_or_else(
            || "no market open".to_owned(),
            |d| {
                format!(
                    "{} · {} · {} rows",
                    d.dataset.market(),
                    d.dataset.name,
                    number::count(d.dataset.bars.len() as u64)
                )
            },
        );
        // A long name of a file leaves room for what stands to the right of it.
        ui.scope(|ui| {
            ui.set_max_width((ui.available_width() - 360.0).max(120.0));
            let text = RichText::new(&data).small().color(ctx.theme.dim);
            ui.add(Label::new(text).truncate()).on_hover_text(&data);
        });
        ui.separator();
        ui.label(
            RichText::new(format!("seed {}", m.config.seed))
                .small()
                .color(ctx.theme.dim),
        );
        ui.separator();
        let device = m
            .device
            .clone()
            .unwrap_or_else(|| format!("device {}", m.config.device));
        ui.label(RichText::new(device).small().color(ctx.theme.dim));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().interact_size.y = 20.0;
            if button::button(
                ui,
                ctx.theme,
                Some(Icon::List),
                "Messages",
                Weight::Quiet,
                true,
            )
            .on_hover_text("Show everything that was reported")
            .clicked()
            {
                ctx.send(Command::ToggleLog);
            }
            if let Some(error) = m.last_error() {
                // The mark to the left of the text needs its room too.
                ui.scope(|ui| {
                    ui.set_max_width((ui.available_width() - 28.0).max(40.0));
                    let text = RichText::new(error).small().color(ctx.theme.bad);
                    ui.add(Label::new(text).truncate()).on_hover_text(error);
                });
                icons::show(ui, Icon::Cross, 12.0, ctx.theme.bad);
            }
        });
    });
}
