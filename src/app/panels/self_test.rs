//! The self-test in the window: one click, a bar, and what each check found.

use egui::{Id, Label, Modal, ProgressBar, RichText, Ui};

use crate::app::commands::Command;
use crate::app::context::{PanelCtx, SelfTestState};
use crate::app::icons::{self, Icon};
use crate::app::theme::semibold;
use crate::app::widgets::button;

/// Draws the dialog while there is something to show.
pub fn ui(ctx: &PanelCtx<'_>, egui: &egui::Context) {
    let state = &ctx.model.self_test;
    if matches!(state, SelfTestState::Idle) {
        return;
    }
    let modal = Modal::new(Id::unique("self-test")).show(egui, |ui| {
        ui.set_width(620.0);
        ui.label(RichText::new("Self-test of the learner").heading());
        ui.add_space(4.0);
        match state {
            SelfTestState::Idle => {}
            SelfTestState::Running(progress) => {
                let about = "Trains on made-up markets whose truth is known: a planted edge, a leaked future, no edge at all, a mirror, and the HOLD trap. It takes some minutes; nothing is written.";
                ui.add(Label::new(RichText::new(about).color(ctx.theme.dim)).wrap());
                ui.add_space(6.0);
                ui.add(
                    ProgressBar::new(progress.fraction().unwrap_or(0.0) as f32)
                        .text(&progress.what),
                );
            }
            SelfTestState::Failed(why) => {
                ui.add(Label::new(RichText::new(why).color(ctx.theme.bad)).wrap());
            }
            SelfTestState::Done(found) => {
                for (name, verdict, pass) in found.lines() {
                    line(ctx, ui, name, verdict, pass);
                }
                ui.add_space(4.0);
                let text = format!("In {:.0} s with seeds {:?}.", found.seconds, found.seeds);
                ui.label(RichText::new(text).color(ctx.theme.dim));
            }
        }
        ui.add_space(8.0);
        let running = matches!(state, SelfTestState::Running(_));
        let word = if running { "Stop the test" } else { "Close" };
        if button::normal(ui, ctx.theme, Icon::Cross, word).clicked() {
            ctx.send(Command::EndSelfTest);
        }
    });
    // A click beside it does not throw minutes of work away.
    if modal.should_close() && !matches!(state, SelfTestState::Running(_)) {
        ctx.send(Command::EndSelfTest);
    }
}

fn line(ctx: &PanelCtx<'_>, ui: &mut Ui, name: &str, verdict: &str, pass: bool) {
    ui.horizontal(|ui| {
        let (icon, word, color) = if pass {
            (Icon::Check, "pass", ctx.theme.good)
        } else {
            (Icon::Cross, "fail", ctx.theme.bad)
        };
        icons::show(ui, icon, 14.0, color);
        ui.label(RichText::new(word).color(color));
        ui.label(RichText::new(name).font(semibold(13.5)));
    });
    ui.add(Label::new(RichText::new(verdict).color(ctx.theme.dim)).wrap());
    ui.add_space(3.0);
}
