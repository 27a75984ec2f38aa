//! The command palette: type a few letters of what to do, press Enter.

use egui::{Id, Key, Label, Modal, RichText, Sense, TextEdit};

use super::runs;
use crate::app::commands::Command;
use crate::app::context::{Page, PanelCtx, RunState};
use crate::app::reporting::ReportCommand;
use crate::app::theme::Mode;
use crate::config::PRESETS;
use crate::dataset::SAMPLES;
use holdout_core::market::split::Part;

/// State of the palette.
#[derive(Debug, Default)]
pub struct Palette {
    open: bool,
    text: String,
    chosen: usize,
}

impl Palette {
    /// Opens it, or closes it.
    pub fn toggle(&mut self) {
        *self = Self {
            open: !self.open,
            ..Self::default()
        };
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Draws it while it is open.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, egui: &egui::Context) {
        if !self.open {
            return;
        }
        let found: Vec<(String, Command)> = commands(ctx)
            .into_iter()
            .filter(|(name, _)| fits(name, &self.text))
            .collect();
        let (up, down, enter) = egui.input_mut(|i| {
            use egui::Modifiers as M;
            (
                i.consume_key(M::NONE, Key::ArrowUp),
                i.consume_key(M::NONE, Key::ArrowDown),
                i.consume_key(M::NONE, Key::Enter),
            )
        });
        self.chosen = (self.chosen + usize::from(down))
            .saturating_sub(usize::from(up))
            .min(found.len().saturating_sub(1));
        let mut go = enter.then_some(self.chosen);
        let modal = Modal::new(Id::unique("palette")).show(egui, |ui| {
            ui.set_width(440.0);
            let field = ui
                .add(
                    TextEdit::singleline(&mut self.text)
                        .hint_text("What to do")
                        .desired_width(f32::INFINITY),
                )
                .accessible_name("What to do");
            field.request_focus();
            if field.changed() {
                self.chosen = 0;
            }
            ui.add_space(4.0);
            for (i, (name, _)) in found.iter().enumerate().take(12) {
                let color = if i == self.chosen {
                    ctx.theme.accent
                } else {
                    ctx.theme.text
                };
                let mark = if i == self.chosen { "→ " } else { "   " };
                if ui
                    .add(
                        Label::new(RichText::new(format!("{mark}{name}")).color(color))
                            .sense(Sense::click()),
                    )
                    .clicked()
                {
                    go = Some(i);
                }
            }
            if found.is_empty() {
                ui.label(RichText::new("Nothing fits").color(ctx.theme.dim));
            }
        });
        if let Some((_, command)) = go.and_then(|i| found.into_iter().nth(i)) {
            self.open = false;
            ctx.send(command);
        } else if modal.should_close() {
            self.open = false;
        }
    }
}

/// What can be done now.
fn commands(ctx: &PanelCtx<'_>) -> Vec<(String, Command)> {
    let m = ctx.model;
    let mut list: Vec<(String, Command)> = Page::ALL
        .into_iter()
        .map(|p| (format!("Go to {}", p.name()), Command::Go(p)))
        .collect();
    list.push(("Open file…".to_owned(), Command::OpenDialog));
    list.extend(
        SAMPLES
            .map(|(market, _, _)| (format!("Open sample {market}"), Command::OpenSample(market))),
    );
    match m.run_state {
        RunState::Idle => {
            list.push(("Run the demo".to_owned(), Command::RunDemo));
            if m.market.is_some() && m.problems.is_empty() {
                list.push(("Start training".to_owned(), Command::Start));
            }
            if let Some(run) = runs::unfinished(m) {
                list.push((
                    format!("Continue run {}", run.name),
                    Command::ContinueRun(run.path.clone()),
                ));
            }
        }
        RunState::Running => list.push(("Pause training".to_owned(), Command::Pause)),
        RunState::Paused => list.push(("Resume training".to_owned(), Command::Resume)),
        RunState::Stopping => {}
    }
    if matches!(m.run_state, RunState::Running | RunState::Paused) {
        list.push(("Stop training and keep".to_owned(), Command::Stop));
    }
    if m.selected_run.is_some() {
        list.push((
            "Put the report together".to_owned(),
            Command::Report(ReportCommand::Gather),
        ));
        list.extend(Part::ALL.map(|p| (format!("Judge on {}", p.name()), Command::ShowResults(p))));
    }
    list.extend(PRESETS.map(|(name, _, _)| (format!("Use preset {name}"), Command::Preset(name))));
    let other = if ctx.theme.mode == Mode::Dark {
        "Light theme"
    } else {
        "Dark theme"
    };
    list.push((other.to_owned(), Command::SetMode(ctx.theme.mode.other())));
    list.push(("Run the self-test".to_owned(), Command::SelfTest));
    list.push(("Show messages".to_owned(), Command::ToggleLog));
    list.push((
        "Show or hide the list of runs".to_owned(),
        Command::ToggleRuns,
    ));
    list.push(("Help on this page".to_owned(), Command::HelpHere));
    list.push(("About Holdout, keys".to_owned(), Command::OpenAbout));
    list
}

/// Whether the letters occur in this order, whatever lies between.
fn fits(name: &str, letters: &str) -> bool {
    let mut rest = name.chars().flat_map(char::to_lowercase);
    letters
        .chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .all(|c| rest.any(|r| r == c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_fit_in_order() {
        assert!(
            fits("Start training", "sttr")
                && fits("Start training", "")
                && fits("Open sample NQ", "nq")
        );
        assert!(!fits("Start training", "rts"));
    }
}
