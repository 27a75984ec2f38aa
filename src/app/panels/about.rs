//! About: versions and devices, and the keys that do something everywhere.

use egui::{Id, Label, Modal, RichText, ScrollArea, Ui};

use crate::app::about::AboutState;
use crate::app::commands::Command;
use crate::app::context::PanelCtx;
use crate::app::icons::Icon;
use crate::app::theme::{mono, semibold};
use crate::app::widgets::button;

/// Keys and what they do.
const KEYS: [(&str, &str); 9] = [
    ("Ctrl+1 … Ctrl+9, Ctrl+0", "the pages"),
    ("Ctrl+P", "find a command"),
    ("Ctrl+B", "show or hide the list of runs"),
    ("Ctrl+O", "open a file"),
    ("Ctrl+Z, Ctrl+Y", "settings: undo, redo"),
    ("Space", "pause training; play an evaluation"),
    (", and .", "an evaluation: one bar back, one bar on"),
    ("Ctrl++, Ctrl+−", "size of everything"),
    ("F1", "help on the page on show"),
];

/// Draws the dialog while it is open.
pub fn ui(ctx: &PanelCtx<'_>, egui: &egui::Context) {
    let state = &ctx.model.about;
    if matches!(state, AboutState::Closed) {
        return;
    }
    let modal = Modal::new(Id::unique("about")).show(egui, |ui| {
        ui.set_width(520.0);
        ui.label(RichText::new("About Holdout").heading());
        ui.add_space(2.0);
        // In a low window the buttons stay in sight.
        let room = (ui.ctx().content_rect().height() - 140.0).max(160.0);
        let text = ScrollArea::vertical()
            .max_height(room)
            .min_scrolled_height(room)
            .show(ui, |ui| told(ctx, state, ui))
            .inner;
        ui.add_space(10.0);
        ui.horizontal(|ui| {
            if button::normal(ui, ctx.theme, Icon::List, "Copy versions").clicked() {
                ui.copy_text(text);
            }
            if button::normal(ui, ctx.theme, Icon::Cross, "Close").clicked() {
                ctx.send(Command::CloseAbout);
            }
        });
    });
    if modal.should_close() {
        ctx.send(Command::CloseAbout);
    }
}

/// Draws what there is to tell; the versions and devices as text.
fn told(ctx: &PanelCtx<'_>, state: &AboutState, ui: &mut Ui) -> String {
    let mut text = String::new();
    ui.add(
        Label::new(
            RichText::new("Trains reinforcement-learning traders for index futures and tells the truth about them. It places no orders, and a good result in it is no promise about a market.")
                .color(ctx.theme.dim),
        )
        .wrap(),
    );
    ui.add_space(8.0);
    match state {
        AboutState::Open(about) => {
            egui::Grid::new("about-facts")
                .num_columns(2)
                .spacing(egui::vec2(20.0, 4.0))
                .show(ui, |ui| {
                    for (name, value) in about.facts() {
                        ui.label(RichText::new(&name).color(ctx.theme.dim));
                        ui.add(Label::new(&value).wrap());
                        ui.end_row();
                        text.push_str(&format!("{name}: {value}\n"));
                    }
                });
        }
        AboutState::Looking | AboutState::Closed => {
            ui.label(RichText::new("Looking for devices …").color(ctx.theme.dim));
        }
    }
    ui.add_space(10.0);
    ui.label(RichText::new("Keys").font(semibold(14.0)));
    egui::Grid::new("about-keys")
        .num_columns(2)
        .spacing(egui::vec2(20.0, 3.0))
        .show(ui, |ui| {
            for (key, what) in KEYS {
                ui.label(RichText::new(key).font(mono(12.0)));
                ui.label(RichText::new(what).color(ctx.theme.dim));
                ui.end_row();
            }
        });
    text
}
