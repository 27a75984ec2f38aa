//! The account bar by bar on the candles: step, play, pause; trades with their stops and targets.

use egui::{Align, ComboBox, Key, Label, Layout, Modifiers, RichText, Slider, Ui};
use holdout_core::sim::Trade;

use super::results_data::ResultsView;
use crate::app::commands::Command;
use crate::app::context::{Model, PanelCtx};
use crate::app::explaining::{ExplainCommand, ExplainView};
use crate::app::icons::Icon;
use crate::app::theme::{Theme, mono};
use crate::app::widgets::button;
use crate::app::widgets::candle_marks::Marks;
use crate::app::widgets::candles::{self, ChartAction};
use crate::app::widgets::chart_view;
use crate::app::widgets::empty;
use crate::app::widgets::plot_area::View;
use crate::app::widgets::trade_marks::TradeMarks;
use crate::report::{chart_ticks, number};

/// Bars a second that can be chosen.
const SPEEDS: [f32; 5] = [1.0, 4.0, 16.0, 64.0, 256.0];
/// Bars around the one that is looked at.
const WIDTH: f64 = 150.0;

/// Where the player stands.
pub struct Player {
    /// Row of the ledger that is looked at.
    pub row: usize,
    /// Whether it goes on by itself.
    pub playing: bool,
    /// Bars a second.
    pub speed: f32,
    /// Whether bars after the row are hidden.
    pub hides: bool,
    view: View,
    carried: f32,
    /// A trade to look at once its reasons are known.
    waits_for: Option<usize>,
    /// Ledger that this is about.
    about: usize,
}

impl Default for Player {
    fn default() -> Self {
        Self {
            row: 0,
            playing: false,
            speed: SPEEDS[1],
            hides: false,
            view: View::default(),
            carried: 0.0,
            waits_for: None,
            about: 0,
        }
    }
}

impl Player {
    /// Begins anew where another evaluation is shown.
    pub fn follow(&mut self, view: &ResultsView) {
        let about = std::sync::Arc::as_ptr(&view.ledger) as usize;
        if about != self.about {
            *self = Self {
                about,
                speed: self.speed,
                hides: self.hides,
                ..Self::default()
            };
        }
    }

    /// Looks at a row, and makes it visible.
    pub fn look(&mut self, row: usize, view: &ExplainView) {
        self.row = row.min(view.explained.ledger.rows.len().saturating_sub(1));
        self.keep_in_sight(view);
    }

    /// Looks at the close that decided a trade, with the whole trade in sight.
    pub fn look_at_trade(&mut self, trade: &Trade, view: &ExplainView) {
        self.playing = false;
        if let Some((decided, entry, exit)) = view.explained.rows_of(trade) {
            self.row = decided.unwrap_or(entry);
            let first = view.explained.range.start as f64;
            let (a, b) = (first + entry as f64, first + exit as f64);
            self.view
                .look_at((a + b) / 2.0, ((b - a) * 2.5).max(WIDTH * 0.6));
        }
    }

    /// Looks at a trade once its reasons are known.
    pub fn wait_for(&mut self, trade: usize) {
        self.waits_for = Some(trade);
    }

    /// The trade that was waited for, once its reasons are known.
    pub fn waited(&mut self, ctx: &PanelCtx<'_>, results: &ResultsView) -> Option<usize> {
        ctx.model.explain.of(results)?;
        self.waits_for.take()
    }

    /// Moves by bars.
    pub fn step(&mut self, by: i64, view: &ExplainView) {
        let row = (self.row as i64 + by).max(0) as usize;
        self.look(row, view);
    }

    fn keep_in_sight(&mut self, view: &ExplainView) {
        let n = view.candles.bars.len() as f64;
        let bar = (view.explained.range.start + self.row) as f64;
        let [lo, hi] = self.view.of([-0.5, n - 0.5]);
        let wide = hi - lo;
        if wide > WIDTH * 20.0 || bar < lo + wide * 0.05 || bar > hi - wide * 0.15 {
            let wide = wide.min(WIDTH);
            self.view.look_at(bar - wide * 0.2, wide);
        }
    }

    /// Goes on while playing.
    fn play(&mut self, ui: &Ui, view: &ExplainView) {
        if !self.playing {
            return;
        }
        let last = view.explained.ledger.rows.len().saturating_sub(1);
        if self.row >= last {
            self.playing = false;
            return;
        }
        self.carried += ui.input(|i| i.stable_dt).min(0.25) * self.speed;
        let steps = self.carried.floor();
        if steps >= 1.0 {
            self.carried -= steps;
            self.step(steps as i64, view);
        }
        ui.request_repaint_after(std::time::Duration::from_millis(16));
    }

    /// Space plays and pauses; comma and full stop step, as in players of films.
    pub fn keys(&mut self, ctx: &egui::Context, model: &Model) {
        let Some(view) = model
            .result(model.part)
            .and_then(|r| model.explain.of(r))
            .cloned()
        else {
            return;
        };
        let pressed = |key| ctx.input_mut(|i| i.consume_key(Modifiers::NONE, key));
        if pressed(Key::Space) {
            self.playing = !self.playing;
        }
        if pressed(Key::Comma) {
            self.step(-1, &view);
        }
        if pressed(Key::Period) {
            self.step(1, &view);
        }
    }

    /// Draws the pane. Returns a trade that was clicked, by its place in the ledger.
    pub fn ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        results: &ResultsView,
        chosen: Option<u32>,
        ui: &mut Ui,
    ) -> Option<usize> {
        let Some(view) = ctx.model.explain.of(results).cloned() else {
            ask(ctx, ui);
            return None;
        };
        self.play(ui, &view);
        let mut clicked = self.bar(ctx.theme, &view, ui);
        let first = view.explained.range.start;
        let here = first + self.row;
        let linked = chart_view::hovered(ui, "results").and_then(|x| {
            let interval = view.explained.ledger.interval_secs as f64;
            let bar = view
                .explained
                .bars
                .open_time
                .partition_point(|&t| (t as f64) + interval <= x);
            (bar < view.explained.range.end).then_some(bar)
        });
        let marks = Marks {
            sessions: &view.explained.sessions,
            bounds: None,
            pointed: Some(linked.unwrap_or(here)),
            until: self.hides.then_some(here),
            trades: Some(TradeMarks {
                ledger: &view.explained.ledger,
                first,
                chosen,
            }),
        };
        let height = ui.available_height() - 2.0;
        let action = candles::show(ui, ctx.theme, &view.candles, &marks, &mut self.view, height);
        match action {
            Some(ChartAction::Click(bar)) => {
                if let Some(row) = bar
                    .checked_sub(first)
                    .filter(|r| *r < view.explained.ledger.rows.len())
                {
                    self.row = row;
                    clicked = view.explained.trade_at(row).map(|t| place(&view, t));
                }
            }
            Some(ChartAction::Hover(bar)) => {
                if let Some(&time) = view.explained.bars.open_time.get(bar) {
                    let x = (time + view.explained.ledger.interval_secs) as f64;
                    chart_view::point_at(ui, "results", x);
                }
            }
            Some(ChartAction::MoveBound(..)) | None => {}
        }
        clicked
    }

    /// The buttons. Returns a trade to go to.
    fn bar(&mut self, theme: &Theme, view: &ExplainView, ui: &mut Ui) -> Option<usize> {
        let trades = &view.explained.ledger.trades;
        let last = view.explained.ledger.rows.len().saturating_sub(1);
        let mut go = None;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            if button::icon(ui, theme, Icon::First, "Previous trade").clicked() {
                let time = self.time(view);
                go = trades
                    .partition_point(|t| t.entry_time <= time)
                    .checked_sub(1);
            }
            if button::icon(ui, theme, Icon::Back, "One bar back").clicked() {
                self.step(-1, view);
            }
            let (icon, name) = if self.playing {
                (Icon::Pause, "Pause bars")
            } else {
                (Icon::Play, "Play bars")
            };
            if button::icon(ui, theme, icon, name).clicked() {
                self.playing = !self.playing;
            }
            if button::icon(ui, theme, Icon::Forward, "One bar on").clicked() {
                self.step(1, view);
            }
            if button::icon(ui, theme, Icon::Last, "Next trade").clicked() {
                // The close before its entry decided it, so that one is looked at.
                let time = self.time(view) + view.explained.ledger.interval_secs;
                let next = trades.partition_point(|t| t.entry_time <= time);
                go = (next < trades.len()).then_some(next);
            }
            let combo = ComboBox::from_id_salt("player-speed")
                .width(86.0)
                .selected_text(format!("{} bars/s", self.speed))
                .show_ui(ui, |ui| {
                    for s in SPEEDS {
                        ui.selectable_value(&mut self.speed, s, format!("{s} bars/s"));
                    }
                });
            combo.response.accessible_name("Speed of the player");
            ui.checkbox(&mut self.hides, "Hide what comes after");
            let time = chart_ticks::stamp(self.time(view) as f64);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.add(Label::new(RichText::new(time).font(mono(12.0))).truncate());
                let mut row = self.row;
                ui.spacing_mut().slider_width = (ui.available_width() - 12.0).max(40.0);
                let slider = ui
                    .add(Slider::new(&mut row, 0..=last).show_value(false))
                    .accessible_name("Bar of the evaluation");
                let hint = format!(
                    "Bar {} of {}; Space plays, comma and full stop step",
                    number::count(row as u64 + 1),
                    number::count(last as u64 + 1)
                );
                if slider.on_hover_text(hint).changed() {
                    self.look(row, view);
                }
            });
        });
        go
    }

    fn time(&self, view: &ExplainView) -> i64 {
        let rows = &view.explained.ledger.rows;
        rows.get(self.row).map_or(0, |r| r.time)
    }
}

/// A trade's place in its ledger.
fn place(view: &ExplainView, trade: &Trade) -> usize {
    let trades = &view.explained.ledger.trades;
    trades.partition_point(|t| t.exit_time < trade.exit_time)
}

/// What is shown before the policy was asked again.
pub fn ask(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let state = &ctx.model.explain;
    if let Some(progress) = &state.working {
        ui.vertical_centered(|ui| {
            ui.add_space(ui.available_height() * 0.3);
            let bar = egui::ProgressBar::new(progress.fraction().unwrap_or(0.0) as f32)
                .desired_width((ui.available_width() - 20.0).clamp(60.0, 300.0));
            ui.add(bar.text(progress.what.clone()));
            ui.add_space(6.0);
            if button::normal(ui, ctx.theme, Icon::Stop, "Stop asking").clicked() {
                ctx.send(Command::Explain(ExplainCommand::Cancel));
            }
        });
        return;
    }
    let text = state.problem.as_deref().unwrap_or(
        "Candles with the trades, their stops and targets, bar by bar; and at every close what the policy saw, its probabilities before and after the mask, and what it expected.",
    );
    egui::ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| {
            let r = empty::empty(
                ui,
                ctx.theme,
                Icon::Search,
                "Why did it do that?",
                text,
                &[(Icon::Question, "Ask the policy again")],
            );
            if r[0].clicked() {
                ctx.send(Command::Explain(ExplainCommand::Ask));
            }
        });
}
