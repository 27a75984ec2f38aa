//! The Results page: figures over panes that are dragged, tabbed and resized: equity and drawdown,
//! candles with trades, reasons, the parts side by side, actions, trades, compliance.

use egui::{
    Align, CentralPanel, ComboBox, Frame, Label, Layout, Margin, Panel, RichText, ScrollArea,
    Sense, Ui, vec2,
};
use egui_tiles::{Behavior, SimplificationOptions, TabState, TileId, Tiles, Tree, UiResponse};
use holdout_core::market::split::Part;
use holdout_core::sim::Action;

use super::data::{bar, heading, pad};
use super::proof;
use super::results_data::{
    CheckRow, CheckState, ResultsView, VerdictView, actions_in_words, moment,
};
use super::results_layout::{self, Pane};
use super::results_player::Player;
use super::results_trades::TradesTable;
use super::results_why;
use crate::app::commands::Command;
use crate::app::context::{Model, Page, PanelCtx, RunState};
use crate::app::explaining::ExplainCommand;
use crate::app::icons::{self, Icon};
use crate::app::theme::{Theme, mono, semibold};
use crate::app::widgets::button::{self, Weight};
use crate::app::widgets::chart_view::{self, ChartView};
use crate::app::widgets::empty;
use crate::app::widgets::tile::{Tile, tiles};
use crate::report::{Ink, number};

/// State of the page.
pub struct ResultsPanel {
    tree: Tree<Pane>,
    trades: TradesTable,
    player: Player,
}

impl Default for ResultsPanel {
    fn default() -> Self {
        Self {
            tree: results_layout::usual(),
            trades: TradesTable::default(),
            player: Player::default(),
        }
    }
}

impl ResultsPanel {
    /// The layout of the panes, as text to keep.
    pub fn layout(&self) -> String {
        results_layout::write(&self.tree)
    }

    /// Takes a layout that was kept; the usual one where it cannot be read.
    pub fn take_layout(&mut self, text: &str) {
        self.tree = results_layout::read(text).unwrap_or_else(results_layout::usual);
    }

    /// Keys that play and step.
    pub fn keys(&mut self, ctx: &egui::Context, model: &Model) {
        self.player.keys(ctx, model);
    }

    /// Draws the page.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let m = ctx.model;
        if m.selected_run.is_none() {
            CentralPanel::default()
                .frame(pad(ctx.theme))
                .show(ui, |ui| no_run(ctx, ui));
            return;
        }
        let mut reset = false;
        Panel::top("results-bar")
            .frame(bar(ctx.theme))
            .show(ui, |ui| reset = choices(ctx, ui));
        if reset {
            self.tree = results_layout::usual();
        }
        let Some(view) = m.result(m.part) else {
            CentralPanel::default()
                .frame(pad(ctx.theme))
                .show(ui, |ui| not_yet(ctx, ui));
            return;
        };
        self.player.follow(view);
        Panel::top("results-tiles")
            .show_separator_line(false)
            .frame(pad(ctx.theme))
            .show(ui, |ui| figures(ctx.theme, view, ui));
        CentralPanel::default()
            .frame(Frame::new().fill(ctx.theme.panel))
            .show(ui, |ui| {
                let waited = self.player.waited(ctx, view);
                let mut panes = Panes {
                    ctx,
                    view,
                    trades: &mut self.trades,
                    player: &mut self.player,
                    clicked: waited,
                };
                self.tree.ui(&mut panes, ui);
                if let Some(i) = panes.clicked {
                    self.show_trade(ctx, view, i, ui);
                }
            });
    }

    /// A trade was clicked: it is shown on the curve and on the candles, with its reasons.
    fn show_trade(&mut self, ctx: &PanelCtx<'_>, view: &ResultsView, i: usize, ui: &mut Ui) {
        let Some(t) = view.ledger.trades.get(i) else {
            return;
        };
        self.trades.choose(t.id);
        let (from, to) = (t.entry_time as f64, t.exit_time as f64);
        let room = ((to - from) * 3.0).max(view.ledger.interval_secs as f64 * 120.0);
        chart_view::look_at(ui, "results", [from - room, to + room]);
        match ctx.model.explain.of(view) {
            Some(explained) => {
                let explained = std::sync::Arc::clone(explained);
                self.player.look_at_trade(t, &explained);
                results_layout::show(&mut self.tree, Pane::Price);
                results_layout::show(&mut self.tree, Pane::Why);
            }
            None => {
                self.player.wait_for(i);
                ctx.send(Command::Explain(ExplainCommand::Ask));
                results_layout::show(&mut self.tree, Pane::Why);
            }
        }
    }
}

/// What the panes are drawn from.
struct Panes<'a> {
    ctx: &'a PanelCtx<'a>,
    view: &'a ResultsView,
    trades: &'a mut TradesTable,
    player: &'a mut Player,
    clicked: Option<usize>,
}

impl Behavior<Pane> for Panes<'_> {
    fn pane_ui(&mut self, ui: &mut Ui, _id: TileId, pane: &mut Pane) -> UiResponse {
        pad(self.ctx.theme).show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            self.pane(*pane, ui);
        });
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, pane: &Pane) -> egui::WidgetText {
        pane.title().into()
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions {
            all_panes_must_have_tabs: true,
            ..SimplificationOptions::default()
        }
    }

    fn min_size(&self) -> f32 {
        110.0
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        2.0
    }

    fn tab_bar_color(&self, _visuals: &egui::Visuals) -> egui::Color32 {
        self.ctx.theme.background
    }

    fn tab_bg_color(
        &self,
        _visuals: &egui::Visuals,
        _tiles: &Tiles<Pane>,
        _id: TileId,
        state: &TabState,
    ) -> egui::Color32 {
        if state.active {
            self.ctx.theme.panel
        } else {
            egui::Color32::TRANSPARENT
        }
    }

    fn tab_text_color(
        &self,
        _visuals: &egui::Visuals,
        _tiles: &Tiles<Pane>,
        _id: TileId,
        state: &TabState,
    ) -> egui::Color32 {
        if state.active {
            self.ctx.theme.text
        } else {
            self.ctx.theme.dim
        }
    }
}

impl Panes<'_> {
    fn pane(&mut self, pane: Pane, ui: &mut Ui) {
        let (ctx, view) = (self.ctx, self.view);
        match pane {
            Pane::Equity => {
                let chart = ChartView {
                    group: "results",
                    height: ui.available_height() - 2.0,
                    wheel_zooms: true,
                    export: true,
                };
                if let Some(format) = chart.show(ui, ctx.theme, &view.chart) {
                    ctx.send(Command::Export(Box::new(view.chart.clone()), format));
                }
            }
            Pane::Price => {
                let chosen = self.trades.chosen();
                if let Some(i) = self.player.ui(ctx, view, chosen, ui) {
                    self.clicked = Some(i);
                }
            }
            Pane::Rules => rules(ctx, &view.verdict, "results", ui),
            Pane::Why => results_why::ui(ctx, view, self.player.row, ui),
            Pane::Trades if view.ledger.trades.is_empty() => {
                ui.add_space(12.0);
                ui.label(
                    RichText::new("The policy made no trade on these bars.").color(ctx.theme.dim),
                );
            }
            Pane::Trades => {
                if let Some(i) = self.trades.ui(ui, ctx.theme, &view.ledger) {
                    self.clicked = Some(i);
                }
            }
            Pane::Proof => {
                if let (Some(format), Some(chart)) =
                    (proof::ui(ui, ctx.theme, &view.proof), &view.proof.bands)
                {
                    ctx.send(Command::Export(Box::new(chart.clone()), format));
                }
            }
            Pane::Parts => parts(ctx, ui),
            Pane::Actions => {
                ScrollArea::vertical()
                    .auto_shrink(false)
                    .show(ui, |ui| actions(ctx.theme, view, ui));
            }
        }
    }
}

fn no_run(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let text = "Equity, drawdown, figures with intervals, trades and the rule set's verdict of a run will be here.";
    let r = empty::empty(
        ui,
        ctx.theme,
        Icon::Chart,
        "No run to judge yet",
        text,
        &[(Icon::Play, "Train one"), (Icon::Flag, "Run the demo")],
    );
    if r[0].clicked() {
        ctx.send(Command::Go(Page::Train));
    }
    if r[1].clicked() {
        ctx.send(Command::RunDemo);
    }
}

fn not_yet(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let m = ctx.model;
    if let Some((part, progress)) = &m.evaluating {
        ui.with_layout(Layout::top_down(Align::Center), |ui| {
            ui.add_space(ui.available_height() * 0.35);
            ui.label(RichText::new(format!("Judging on {}", part.name())).heading());
            let bar = egui::ProgressBar::new(progress.fraction().unwrap_or(0.0) as f32)
                .desired_width(320.0);
            ui.add(bar.text(progress.what.clone()));
        });
        return;
    }
    let label = format!("Judge on {}", m.part.name());
    let text = "One account trades every bar of this part once, greedily, at full costs, beside benchmarks, and under the rule set.";
    let r = empty::empty(
        ui,
        ctx.theme,
        Icon::Flag,
        "Not judged yet",
        text,
        &[(Icon::Flag, label.as_str())],
    );
    if r[0].clicked() {
        ctx.send(Command::ShowResults(m.part));
    }
}

/// Draws the bar; returns whether the panes are to lie as usual again.
fn choices(ctx: &PanelCtx<'_>, ui: &mut Ui) -> bool {
    let m = ctx.model;
    let mut reset = false;
    ui.horizontal(|ui| {
        let run = m
            .selected_run
            .as_ref()
            .and_then(|p| m.runs.iter().find(|r| &r.path == p));
        ui.add(
            Label::new(RichText::new(run.map_or("Run", |r| r.name.as_str())).font(semibold(14.0)))
                .truncate(),
        );
        if let Some(run) = run {
            let shown = m.checkpoint.as_deref().unwrap_or("best");
            let combo = ComboBox::from_id_salt("checkpoint")
                .width(150.0)
                .selected_text(format!("Checkpoint: {shown}"))
                .show_ui(ui, |ui| {
                    for name in ["best", "last"]
                        .into_iter()
                        .map(str::to_owned)
                        .chain(run.checkpoints.iter().cloned())
                    {
                        if ui.selectable_label(shown == name, &name).clicked() {
                            ctx.send(Command::ChooseCheckpoint(name));
                        }
                    }
                });
            combo.response.accessible_name("Checkpoint");
        }
        ui.separator();
        for part in [Part::Train, Part::Validation, Part::Test] {
            let weight = if m.part == part {
                Weight::Chosen
            } else {
                Weight::Quiet
            };
            let about = match part {
                Part::Train => "In sample: the policy has seen these bars",
                Part::Validation => "The policy has not trained here, but was chosen here",
                Part::Test => "Neither trained nor chosen here; every look is counted",
            };
            let mut name = part.name().to_owned();
            name[..1].make_ascii_uppercase();
            if button::button(ui, ctx.theme, None, &name, weight, true)
                .on_hover_text(about)
                .clicked()
            {
                ctx.send(Command::ShowResults(part));
            }
        }
        let Some(view) = m.result(m.part) else {
            training_goes_on(ctx, ui);
            return;
        };
        // From the right, so that words give way to the button and not the other way round.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            reset = button::icon(ui, ctx.theme, Icon::Undo, "Reset the layout").clicked();
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                state_of(ctx, view, ui);
            });
        });
    });
    reset
}

fn training_goes_on(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    if ctx.model.run_state != RunState::Idle {
        let text = RichText::new("training goes on").small();
        ui.label(text.color(ctx.theme.dim));
    }
}

/// What became of the account, and how far the part can be believed.
fn state_of(ctx: &PanelCtx<'_>, view: &ResultsView, ui: &mut Ui) {
    if let Some(looks) = view.looks {
        let color = if looks > 1 {
            ctx.theme.warn
        } else {
            ctx.theme.dim
        };
        let text = format!(
            "test opened {} {}",
            number::count(looks),
            if looks == 1 { "time" } else { "times" }
        );
        ui.label(RichText::new(text).color(color))
            .on_hover_text("The more often the test part is looked at, the less it proves.");
    }
    if view.part == Some(Part::Train) {
        icons::show(ui, Icon::Warning, 14.0, ctx.theme.warn);
        ui.label(RichText::new("in sample").color(ctx.theme.warn));
    }
    training_goes_on(ctx, ui);
    outcome(ctx.theme, view, ui);
}

/// What became of the account, where it did not just go on to the end.
fn outcome(theme: &Theme, view: &ResultsView, ui: &mut Ui) {
    let (icon, text, color, tip) = match (view.ledger.breach, view.ledger.stalled) {
        (Some(t), _) => (
            Icon::Cross,
            format!("account lost {}", moment(Some(t))),
            theme.bad,
            "Equity met the drawdown floor; nothing was traded after that.",
        ),
        (None, Some(t)) => (
            Icon::Pause,
            format!("stalled since {}", moment(Some(t))),
            theme.warn,
            "So much of the drawdown limit was used that no entry was allowed any more.",
        ),
        (None, None) => return,
    };
    icons::show(ui, icon, 13.0, color);
    ui.add(Label::new(RichText::new(text).color(color)).truncate())
        .on_hover_text(tip);
}

/// What a figure that could not be computed had too few of.
fn missing(value: &str) -> Option<&str> {
    value.strip_prefix("n/a (")?.strip_suffix(')')
}

fn figures(theme: &Theme, view: &ResultsView, ui: &mut Ui) {
    let all: Vec<Tile<'_>> = view
        .figures
        .iter()
        .map(|f| (f, missing(&f.value)))
        .map(|(f, reason)| Tile {
            name: f.name,
            value: reason.map_or_else(|| f.value.clone(), |_| "n/a".to_owned()),
            note: reason.map_or_else(|| f.note.replace("% to ", "–"), |few| format!("only {few}")),
            color: f.money.map_or(theme.text, |m| theme.money(m)),
            tip: f.tip,
        })
        .collect();
    // Two rows of tiles would leave a low window little room for what is under them.
    let least = if ui.available_width() > 920.0 {
        107.0
    } else {
        (ui.available_width() - 24.0) / 4.0 - 1.0
    };
    tiles(ui, theme, least, &all);
    if let Some(all) = &view.succession {
        ui.label(
            RichText::new(format!("With a fresh account after each loss: {all}")).color(theme.dim),
        )
        .on_hover_text("A fresh account begins on the trading day after each loss, to the end of the part: what the policy is worth beyond the luck of one account.");
    }
}

fn parts(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let m = ctx.model;
    let names: Vec<&'static str> = m
        .results
        .first()
        .map_or_else(Vec::new, |r| r.figures.iter().map(|f| f.name).collect());
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        egui::Grid::new("parts")
            .num_columns(4)
            .striped(true)
            .spacing(vec2(28.0, 5.0))
            .show(ui, |ui| {
                ui.label("");
                for part in Part::ALL {
                    ui.label(
                        RichText::new(part.name())
                            .font(semibold(13.0))
                            .color(ctx.theme.ink(crate::app::widgets::candles::part_ink(part))),
                    );
                }
                ui.end_row();
                for name in names {
                    ui.label(RichText::new(name).color(ctx.theme.dim));
                    for part in Part::ALL {
                        match m
                            .result(part)
                            .and_then(|r| r.figures.iter().find(|f| f.name == name))
                        {
                            Some(f) => {
                                ui.label(
                                    RichText::new(&f.value).font(mono(12.5)).color(
                                        f.money.map_or(ctx.theme.text, |x| ctx.theme.money(x)),
                                    ),
                                )
                                .on_hover_text(&f.note);
                            }
                            None => {
                                ui.label(RichText::new("not judged").small().color(ctx.theme.dim));
                            }
                        }
                    }
                    ui.end_row();
                }
                ui.label("");
                for part in Part::ALL {
                    if m.result(part).is_none() {
                        if ui.button(format!("Judge {}", part.name())).clicked() {
                            ctx.send(Command::ShowResults(part));
                        }
                    } else {
                        ui.label("");
                    }
                }
                ui.end_row();
            });
    });
}

fn actions(theme: &Theme, view: &ResultsView, ui: &mut Ui) {
    let (shares, n) = &view.actions;
    ui.add_space(4.0);
    ui.columns_const(|[left, right]| {
        heading(left, theme, "Actions where there was a choice");
        left.label(
            RichText::new(format!("{} decisions", number::count(*n)))
                .small()
                .color(theme.dim),
        );
        for a in Action::ALL {
            let share = shares[a.index()];
            left.horizontal(|ui| {
                let (name, _) = ui.allocate_exact_size(vec2(60.0, 20.0), Sense::hover());
                ui.painter().text(
                    name.left_center(),
                    egui::Align2::LEFT_CENTER,
                    a.label(),
                    egui::FontId::proportional(12.5),
                    theme.text,
                );
                let room = (ui.available_width() - 64.0).max(40.0);
                let (rect, response) = ui.allocate_exact_size(vec2(room, 14.0), Sense::hover());
                ui.painter().rect_filled(rect, 3, theme.background);
                let mut filled = rect;
                filled.set_width(rect.width() * share as f32);
                ui.painter().rect_filled(filled, 3, theme.ink(Ink::Sky));
                response.widget_info(|| {
                    egui::WidgetInfo::labeled(egui::Role::Image, true, actions_in_words(shares))
                });
                ui.label(RichText::new(number::percent(share)).font(mono(12.0)));
            });
        }
        heading(right, theme, "Benchmarks on the same bars");
        egui::Grid::new("benchmarks")
            .num_columns(2)
            .spacing(vec2(18.0, 4.0))
            .show(right, |ui| {
                let agent = (view.ledger.final_balance() - view.ledger.start_balance).dollars();
                for (name, pnl) in std::iter::once(("Agent", agent))
                    .chain(view.benchmarks.iter().map(|(n, p)| (n.as_str(), *p)))
                {
                    ui.label(name);
                    ui.label(
                        RichText::new(number::dollars_signed(pnl, 0))
                            .font(mono(12.5))
                            .color(theme.money(pnl)),
                    );
                    ui.end_row();
                }
            });
        if let Some(random) = &view.random {
            right.add_space(4.0);
            right.add(Label::new(RichText::new(random).color(theme.dim)).wrap());
        }
    });
}

/// Icon, word and colour of a state.
pub fn state_look(theme: &Theme, state: CheckState) -> (Icon, &'static str, egui::Color32) {
    match state {
        CheckState::Pass => (Icon::Check, "Pass", theme.good),
        CheckState::Fail => (Icon::Cross, "Fail", theme.bad),
        CheckState::Warning => (Icon::Warning, "Warning", theme.warn),
        CheckState::Unknown => (Icon::Question, "Unknown", theme.warn),
        CheckState::NotApplicable => (Icon::Dash, "Not applicable", theme.dim),
    }
}

/// A verdict with its checks; a click on one shows its moment on the charts of `group`.
pub(super) fn rules(ctx: &PanelCtx<'_>, verdict: &VerdictView, group: &str, ui: &mut Ui) {
    let (icon, word, color) = state_look(ctx.theme, verdict.state);
    Frame::new()
        .fill(ctx.theme.background)
        .stroke(egui::Stroke::new(1.0, color))
        .corner_radius(6)
        .inner_margin(Margin::same(10))
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                icons::show(ui, icon, 26.0, color);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 1.0;
                    ui.label(
                        RichText::new(word.to_uppercase())
                            .font(semibold(19.0))
                            .color(color),
                    );
                    ui.add(
                        Label::new(
                            RichText::new(format!("Compliance with {}", verdict.ruleset))
                                .small()
                                .color(ctx.theme.dim),
                        )
                        .truncate(),
                    );
                });
            });
            ui.set_width(ui.available_width());
            let many = |n: u64, what: &str| {
                format!(
                    "{} {what}{}",
                    number::count(n),
                    if n == 1 { "" } else { "s" }
                )
            };
            let days = format!(
                "{} · {}",
                many(verdict.trading_days, "trading day"),
                many(verdict.ambiguous as u64, "ambiguous bar")
            );
            ui.label(RichText::new(days).small().color(ctx.theme.dim));
        });
    ui.add_space(6.0);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.set_max_width(ui.available_width() - 10.0);
        for check in &verdict.checks {
            check_ui(ctx, check, group, ui);
        }
    });
}

fn check_ui(ctx: &PanelCtx<'_>, check: &CheckRow, group: &str, ui: &mut Ui) {
    let (icon, word, color) = state_look(ctx.theme, check.state);
    let quiet = check.state == CheckState::NotApplicable;
    let response = ui
        .scope(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.spacing_mut().interact_size.y = 16.0;
            ui.horizontal(|ui| {
                icons::show(ui, icon, 14.0, color);
                ui.add(
                    Label::new(RichText::new(&check.name).color(if quiet {
                        ctx.theme.dim
                    } else {
                        ctx.theme.text
                    }))
                    .truncate(),
                );
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.label(RichText::new(word).small().color(color))
                });
            });
            let silent = check.limit.is_empty()
                && check.worst.is_empty()
                && check.room.is_empty()
                && check.time.is_none();
            if !quiet && !silent {
                // Figures wrap rather than lose their ends: room left is what one looks for.
                let figures: Vec<String> = [
                    ("limit", &check.limit),
                    ("worst", &check.worst),
                    ("room", &check.room),
                ]
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| format!("{name}\u{a0}{value}"))
                .collect();
                let moment = check.time.map(|t| moment(Some(t)));
                for line in [figures.join("  "), moment.unwrap_or_default()]
                    .into_iter()
                    .filter(|l| !l.is_empty())
                {
                    ui.horizontal(|ui| {
                        ui.add_space(22.0);
                        ui.add(
                            Label::new(RichText::new(line).font(mono(11.0)).color(ctx.theme.dim))
                                .wrap(),
                        );
                    });
                }
            }
        })
        .response;
    let response = response.interact(Sense::click());
    let hint = if check.time.is_some() {
        format!("{}\nClick to see the moment.", check.detail)
    } else {
        check.detail.clone()
    };
    if response.on_hover_text(hint).clicked()
        && let Some(t) = check.time
    {
        chart_view::look_at(ui, group, [t as f64 - 43_200.0, t as f64 + 43_200.0]);
    }
    ui.add_space(5.0);
}
