//! The queue on the Train page: what waits, in which order, and when it will be done.

use egui::{Align, Label, Layout, RichText, ScrollArea, Ui};

use crate::app::commands::Command;
use crate::app::context::{PanelCtx, RunState};
use crate::app::icons::Icon;
use crate::app::queue::{QueueCommand, QueuedRun};
use crate::app::theme::mono;
use crate::app::widgets::button;
use crate::report::number;

/// Draws the list.
pub fn ui(ctx: &PanelCtx<'_>, height: f32, ui: &mut Ui) {
    let m = ctx.model;
    if m.queue.is_empty() {
        let text = "Nothing waits. \"Add to queue\" puts the present settings here, several seeds at once if you like.";
        ui.add(Label::new(RichText::new(text).color(ctx.theme.dim)).wrap());
        return;
    }
    if m.run_state == RunState::Idle
        && button::primary(ui, ctx.theme, Icon::Play, "Start queue").clicked()
    {
        ctx.send(Command::Queue(QueueCommand::Start));
    }
    let rate = rate(ctx);
    // What is left of the present run comes first.
    let mut left = m.progress.total.saturating_sub(m.progress.done);
    if m.run_state == RunState::Idle {
        left = 0;
    }
    ScrollArea::vertical()
        .id_salt("queue")
        .max_height(height)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for (i, run) in m.queue.iter().enumerate() {
                left += run.steps();
                let done_in =
                    rate.map_or_else(|| "—".to_owned(), |r| number::duration(left as f64 / r));
                ui.push_id(i, |ui| row(ctx, ui, i, run, &done_in));
            }
        });
}

/// Steps per second of what trains or trained last.
fn rate(ctx: &PanelCtx<'_>) -> Option<f64> {
    let last = ctx.model.train.last.as_ref().map(|(_, r)| r.train_sps);
    Some(ctx.model.progress.per_sec)
        .filter(|r| *r > 0.0)
        .or(last)
        .filter(|r| *r > 0.0)
}

fn row(ctx: &PanelCtx<'_>, ui: &mut Ui, i: usize, run: &QueuedRun, done_in: &str) {
    let (label, about) = (run.label(), run.about());
    let n = ctx.model.queue.len();
    let place = i + 1;
    ui.horizontal(|ui| {
        ui.label(
            RichText::new(format!("{place}."))
                .font(mono(12.0))
                .color(ctx.theme.dim),
        );
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let buttons = [
                (
                    "×",
                    format!("Remove run {place}"),
                    true,
                    QueueCommand::Remove(i),
                ),
                (
                    "↓",
                    format!("Run {place} later"),
                    i + 1 < n,
                    QueueCommand::Down(i),
                ),
                (
                    "↑",
                    format!("Run {place} sooner"),
                    i > 0,
                    QueueCommand::Up(i),
                ),
            ];
            for (mark, name, enabled, command) in buttons {
                let button = ui.add_enabled(enabled, egui::Button::new(mark).small());
                button
                    .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, enabled, &name));
                if button.on_hover_text(&name).clicked() {
                    ctx.send(Command::Queue(command));
                }
            }
            ui.label(RichText::new(done_in).font(mono(11.0)).color(ctx.theme.dim))
                .on_hover_text("Time until it is done, at the present rate");
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(RichText::new(label).font(mono(12.0))).truncate())
                    .on_hover_text(about);
            });
        });
    });
}
