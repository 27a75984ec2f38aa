//! The Data page before a market is open, and the ways to a file that it shares with the open page.

use std::path::PathBuf;

use egui::{
    Align, CentralPanel, Frame, Label, Layout, Margin, RichText, ScrollArea, Sense, TextEdit, Ui,
    vec2,
};

use super::data::pad;
use crate::app::commands::Command;
use crate::app::context::{PanelCtx, RunState};
use crate::app::icons::Icon;
use crate::app::theme::{mono, semibold};
use crate::app::widgets::{button, failure};
use crate::dataset::SAMPLES;

/// Draws the empty page.
pub fn ui(ctx: &PanelCtx<'_>, path: &mut String, ui: &mut Ui) {
    CentralPanel::default().frame(pad(ctx.theme)).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.with_layout(Layout::top_down(Align::Center), |ui| {
                ui.add_space((ui.available_height() * 0.10).clamp(12.0, 80.0));
                ui.label(RichText::new("Start with a market").font(semibold(24.0)));
                ui.label(
                    RichText::new("Prices, sessions and problems of the file will be here.")
                        .color(ctx.theme.dim),
                );
                ui.add_space(14.0);
                let idle = ctx.model.run_state == RunState::Idle;
                let demo = ui.add_enabled_ui(idle, |ui| button::primary(ui, ctx.theme, Icon::Play, "Run the demo")).inner;
                if demo.on_hover_text("Loads sample NQ, trains both phases for a moment and shows results out of sample. Needs no network and no graphics card.").clicked() {
                    ctx.send(Command::RunDemo);
                }
                ui.add_space(16.0);
                let width = ui.available_width().min(760.0);
                ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
                    ui.set_width(width);
                    sample_cards(ctx, ui);
                    ui.add_space(12.0);
                    path_row(ctx, path, ui);
                });
                ui.label(
                    RichText::new("or drop a file anywhere on the window")
                        .small()
                        .color(ctx.theme.dim),
                );
                loading_and_error(ctx, ui);
                ui.add_space(10.0);
                recent(ctx, ui);
            });
        });
    });
}

fn sample_cards(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let width = (ui.available_width() - 24.0) / 4.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        for (market, _, about) in SAMPLES {
            let card = Frame::new()
                .fill(ctx.theme.raised)
                .corner_radius(6)
                .inner_margin(Margin::same(10));
            let response = card
                .show(ui, |ui| {
                    ui.set_width(width - 20.0);
                    ui.set_height(78.0);
                    ui.with_layout(Layout::top_down(Align::Min), |ui| {
                        ui.label(RichText::new(market).font(semibold(18.0)));
                        let about = RichText::new(about).small().color(ctx.theme.dim);
                        ui.add(Label::new(about).wrap());
                    });
                })
                .response
                .interact(Sense::click())
                .on_hover_cursor(egui::CursorIcon::PointingHand);
            response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Open sample {market}"))
            });
            if response.hovered() || response.has_focus() {
                ui.painter().rect_stroke(
                    response.rect,
                    6,
                    egui::Stroke::new(1.0, ctx.theme.accent),
                    egui::StrokeKind::Inside,
                );
            }
            if response.clicked() {
                ctx.send(Command::OpenSample(market));
            }
        }
    });
}

/// A path to type, and the dialog.
pub fn path_row(ctx: &PanelCtx<'_>, path: &mut String, ui: &mut Ui) {
    ui.horizontal(|ui| {
        let room = (ui.available_width() - 174.0).max(160.0);
        let field = ui
            .add_sized(
                vec2(room, 26.0),
                TextEdit::singleline(path)
                    .hint_text("Path of a market file")
                    .font(mono(12.5)),
            )
            .accessible_name("Path of a market file");
        let entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        let given = !path.trim().is_empty();
        let load = ui
            .add_enabled_ui(given, |ui| {
                button::button(ui, ctx.theme, None, "Load", button::Weight::Normal, true)
            })
            .inner;
        if (load.clicked() || entered) && given {
            // Paths copied from file managers and terminals often come in quotes.
            let path = PathBuf::from(path.trim().trim_matches(['"', '\'']));
            ctx.send(Command::Preview(path, Box::default()));
        }
        if button::normal(ui, ctx.theme, Icon::Folder, "Open file…")
            .on_hover_text("Ctrl+O")
            .clicked()
        {
            ctx.send(Command::OpenDialog);
        }
    });
}

/// Samples, recent files and a path, in one line above an open market.
pub fn open_bar(ctx: &PanelCtx<'_>, path: &mut String, ui: &mut Ui) {
    ui.horizontal(|ui| {
        ui.menu_button("Samples", |ui| {
            for (market, _, about) in SAMPLES {
                if ui.button(format!("{market}: {about}")).clicked() {
                    ctx.send(Command::OpenSample(market));
                    ui.close();
                }
            }
        });
        ui.menu_button("Recent", |ui| {
            if ctx.model.recent.is_empty() {
                ui.label(RichText::new("No files yet").color(ctx.theme.dim));
            }
            for path in &ctx.model.recent {
                if ui.button(path.display().to_string()).clicked() {
                    ctx.send(Command::Preview(path.clone(), Box::default()));
                    ui.close();
                }
            }
        });
        path_row(ctx, path, ui);
    });
    loading_and_error(ctx, ui);
}

/// How far a file is read, and why the last one could not be.
fn loading_and_error(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    if let Some((path, progress)) = &ctx.model.loading {
        ui.add_space(8.0);
        let name = path
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let share = progress.fraction().unwrap_or(0.0) as f32;
        ui.horizontal(|ui| {
            ui.add(
                egui::ProgressBar::new(share)
                    .desired_width(260.0)
                    .text(format!("Reading {name}")),
            );
            if ui.button("Cancel").clicked() {
                ctx.send(Command::CancelLoad);
            }
        });
    }
    if let Some((path, error)) = &ctx.model.load_error {
        ui.add_space(8.0);
        failure::show(ui, ctx.theme, error, &path.display().to_string());
    }
}

fn recent(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    if ctx.model.recent.is_empty() {
        return;
    }
    ui.label(RichText::new("Recent files").color(ctx.theme.dim));
    for path in ctx.model.recent.iter().take(6) {
        if ui.link(path.display().to_string()).clicked() {
            ctx.send(Command::Preview(path.clone(), Box::default()));
        }
    }
}
