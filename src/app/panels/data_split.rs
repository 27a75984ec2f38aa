//! The split in figures under the chart: a row a part, its first day to type, a slider for each
//! bound that does what dragging does.

use egui::{Label, RichText, ScrollArea, Sense, TextEdit, Ui, vec2};
use holdout_core::market::split::{Part, first_session};
use holdout_core::market::{Sessions, Split, SplitRatios};
use holdout_core::time::TradingDay;

use crate::app::commands::Command;
use crate::app::context::PanelCtx;
use crate::app::icons::Icon;
use crate::app::theme::mono;
use crate::app::widgets::{button, candle_marks};
use crate::report::number;

/// Height of the editor.
pub const HEIGHT: f32 = 140.0;

/// What is being typed.
#[derive(Debug, Default)]
pub struct SplitEditor {
    typed: [Option<String>; 2],
    wrong: Option<String>,
}

impl SplitEditor {
    /// Draws the editor.
    #[expect(clippy::too_many_lines, reason = "a form from top to bottom")]
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, sessions: &Sessions, split: &Split, ui: &mut Ui) {
        let n = sessions.days.len();
        let now = split.bounds(sessions);
        let mut wanted: Option<SplitRatios> = None;
        ui.horizontal(|ui| {
            ui.label(RichText::new("Split by sessions").color(ctx.theme.dim));
            let usual = SplitRatios::default();
            let reset = button::button(
                ui,
                ctx.theme,
                None,
                "70 / 15 / 15",
                button::Weight::Quiet,
                true,
            );
            if reset.on_hover_text("The usual shares").clicked() {
                wanted = Some(usual);
                self.typed = Default::default();
            }
            let (undo, redo) = ctx.model.can_undo;
            for (can, icon, name, command) in [
                (undo, Icon::Undo, "Undo split", Command::Undo),
                (redo, Icon::Redo, "Redo split", Command::Redo),
            ] {
                let press = ui.add_enabled_ui(can, |ui| button::icon(ui, ctx.theme, icon, name));
                if press.inner.clicked() {
                    ctx.send(command);
                }
            }
            let problem = self.wrong.as_deref().or(ctx.model.problem("split"));
            if let Some(problem) = problem {
                ui.add(Label::new(RichText::new(problem).color(ctx.theme.bad)).truncate());
            }
        });
        ScrollArea::horizontal().show(ui, |ui| {
            ui.spacing_mut().interact_size.y = 20.0;
            egui::Grid::new("split-parts")
                .num_columns(7)
                .spacing(vec2(14.0, 3.0))
                .show(ui, |ui| {
                    for (name, right) in [
                        ("Part", false),
                        ("First day", false),
                        ("Last day", false),
                        ("Sessions", true),
                        ("Share", true),
                        ("Bars", true),
                        ("", false),
                    ] {
                        cell(ui, RichText::new(name).small().color(ctx.theme.dim), right);
                    }
                    ui.end_row();
                    for facts in split.facts(sessions) {
                        ui.horizontal(|ui| {
                            let (dot, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
                            let color = ctx.theme.ink(candle_marks::part_ink(facts.part));
                            ui.painter().rect_filled(dot, 2, color);
                            ui.label(facts.part.name());
                        });
                        let first = facts.first.to_string();
                        let bound = match facts.part {
                            Part::Train => None,
                            Part::Validation => Some(0),
                            Part::Test => Some(1),
                        };
                        match bound {
                            None => {
                                ui.label(RichText::new(&first).font(mono(12.0)));
                            }
                            Some(k) => {
                                if let Some(session) = self.date(sessions, k, &first, ui) {
                                    wanted = Some(SplitRatios::moved(n, now, k, session));
                                }
                            }
                        }
                        ui.label(RichText::new(facts.last.to_string()).font(mono(12.0)));
                        let share = facts.sessions as f64 / n as f64;
                        for text in [
                            number::count(facts.sessions as u64),
                            number::percent_to(share, 0),
                            number::count(facts.bars as u64),
                        ] {
                            cell(ui, RichText::new(text).font(mono(12.0)), true);
                        }
                        match bound {
                            None => {
                                ui.label("");
                            }
                            Some(k) => {
                                if let Some(session) = slider(ui, n, now, k) {
                                    wanted = Some(SplitRatios::moved(n, now, k, session));
                                    self.typed[k] = None;
                                    self.wrong = None;
                                }
                            }
                        }
                        ui.end_row();
                    }
                });
        });
        if let Some(split) = wanted {
            ctx.send(Command::SetSplit(split));
        }
    }

    /// A first day to type. Returns the session when a good one was entered.
    fn date(&mut self, sessions: &Sessions, k: usize, first: &str, ui: &mut Ui) -> Option<usize> {
        let mut text = self.typed[k].clone().unwrap_or_else(|| first.to_owned());
        let name = ["First day of validation", "First day of test"][k];
        let field = ui
            .add_sized(
                vec2(96.0, 20.0),
                TextEdit::singleline(&mut text).font(mono(12.0)),
            )
            .accessible_name(name);
        if field.changed() {
            self.typed[k] = Some(text.clone());
            self.wrong = None;
        }
        let entered = field.lost_focus() && self.typed[k].is_some();
        field.on_hover_text(format!("{name}. Enter takes it, Esc leaves it."));
        if !entered {
            return None;
        }
        if ui.input(|i| i.key_pressed(egui::Key::Escape)) {
            self.typed[k] = None;
            return None;
        }
        match session_of(sessions, &text) {
            Ok(session) => {
                self.typed[k] = None;
                self.wrong = None;
                Some(session)
            }
            Err(why) => {
                self.wrong = Some(why);
                None
            }
        }
    }
}

/// The session that a typed date means.
///
/// # Errors
/// A sentence when the text is no date, or lies outside the file.
fn session_of(sessions: &Sessions, text: &str) -> Result<usize, String> {
    let text = text.trim();
    let day: TradingDay = text
        .parse()
        .map_err(|e| format!("\"{text}\" is not a date ({e}); write it as 2024-03-04"))?;
    first_session(sessions, day).map_err(|e| e.to_string())
}

fn cell(ui: &mut Ui, text: RichText, right: bool) {
    if right {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(text);
        });
    } else {
        ui.label(text);
    }
}

/// The bound as a slider over all sessions; arrow keys move it by one.
fn slider(ui: &mut Ui, n: usize, now: [usize; 2], k: usize) -> Option<usize> {
    let mut session = now[k];
    let (name, range) = if k == 0 {
        ("Validation begins", 1..=n.saturating_sub(2).max(1))
    } else {
        ("Test begins", 2..=n.saturating_sub(1).max(2))
    };
    ui.spacing_mut().slider_width = 170.0;
    let slider = egui::Slider::new(&mut session, range).show_value(false);
    ui.add(slider)
        .on_hover_text(format!(
            "{name} with session {} of {n}; drag, or press the arrow keys",
            now[k] + 1
        ))
        .accessible_name(name);
    // The other bound stays where it is; every part keeps a session.
    let session = if k == 0 {
        session.min(now[1] - 1)
    } else {
        session.max(now[0] + 1)
    };
    (session != now[k]).then_some(session)
}
