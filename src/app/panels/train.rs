//! The Train page: start, pause, stop; progress; live curves; checkpoints; log.

use egui::{Align, CentralPanel, DragValue, Label, Layout, Panel, RichText, ScrollArea, Ui};
use egui_extras::{Column, TableBuilder};
use holdout_core::market::split::Part;
use holdout_core::sim::Phase;

use super::data::{bar, heading, pad, right_cell};
use super::{queue, runs};
use crate::app::commands::Command;
use crate::app::context::{Page, PanelCtx, RunState};
use crate::app::icons::{self, Icon};
use crate::app::queue::QueueCommand;
use crate::app::theme::{mono, semibold};
use crate::app::widgets::button::{self, Weight};
use crate::app::widgets::chart_view::ChartView;
use crate::app::widgets::empty;
use crate::report::{Chart, number};

/// State of the page.
#[derive(Debug)]
pub struct TrainPanel {
    curves: CurveTab,
    side: SideTab,
    /// Runs that "Add to queue" adds.
    seeds: u32,
}

impl Default for TrainPanel {
    fn default() -> Self {
        Self {
            curves: CurveTab::Learning,
            side: SideTab::Update,
            seeds: 1,
        }
    }
}

/// What the right half shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CurveTab {
    Learning,
    Losses,
    Episodes,
    Curriculum,
}

/// What the upper part of the side shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SideTab {
    Update,
    Queue,
    Flags,
}

impl TrainPanel {
    /// Draws the page.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let m = ctx.model;
        Panel::top("train-bar")
            .frame(bar(ctx.theme))
            .show(ui, |ui| {
                controls(ctx, ui);
                self.next_line(ctx, ui);
            });
        if m.train.is_empty() && m.run_state == RunState::Idle && m.queue.is_empty() {
            CentralPanel::default()
                .frame(pad(ctx.theme))
                .show(ui, |ui| nothing(ctx, ui));
            return;
        }
        Panel::right("train-side")
            .default_size(330.0)
            .size_range(260.0..=520.0)
            .frame(pad(ctx.theme))
            .show(ui, |ui| self.side(ctx, ui));
        CentralPanel::default()
            .frame(pad(ctx.theme))
            .show(ui, |ui| self.curves(ctx, ui));
    }

    /// What can be done besides: queue the present settings, test the learner.
    fn next_line(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let m = ctx.model;
        ui.horizontal(|ui| {
            let why = if m.market.is_none() {
                Some("Open a market on the Data page first")
            } else if m.problems.is_empty() {
                None
            } else {
                Some("Settle the problems on the Curriculum page first")
            };
            let add = ui
                .add_enabled_ui(why.is_none(), |ui| {
                    button::normal(ui, ctx.theme, Icon::List, "Add to queue")
                })
                .inner;
            let tip = "Puts the present settings behind what waits already; each further run counts the seed up";
            if add
                .on_hover_text(tip)
                .on_disabled_hover_text(why.unwrap_or_default())
                .clicked()
            {
                ctx.send(Command::Queue(QueueCommand::Add(self.seeds)));
                self.side = SideTab::Queue;
            }
            let label = ui.label(RichText::new("seeds").color(ctx.theme.dim));
            ui.add(DragValue::new(&mut self.seeds).range(1..=20))
                .labelled_by(label.id)
                .on_hover_text("How many runs are added, each with a seed of its own");
            if !m.queue.is_empty() {
                let text = format!("{} waiting", m.queue.len());
                ui.label(RichText::new(text).color(ctx.theme.accent));
                if m.run_state == RunState::Idle
                    && button::normal(ui, ctx.theme, Icon::Play, "Start the queue").clicked()
                {
                    ctx.send(Command::Queue(QueueCommand::Start));
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let tip = "Trains on made-up markets whose truth is known, to see that the learner learns and claims nothing where nothing is; some minutes";
                if button::button(ui, ctx.theme, Some(Icon::Shield), "Self-test", Weight::Quiet, true)
                    .on_hover_text(tip)
                    .clicked()
                {
                    ctx.send(Command::SelfTest);
                }
            });
        });
    }

    fn curves(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let train = &ctx.model.train;
        let room = ui.available_height() - 4.0;
        let height = room.max(420.0);
        let show = |ui: &mut Ui, chart: &Chart, height: f32| {
            let view = ChartView {
                group: "train",
                height,
                // In a low window the wheel goes through the curves.
                wheel_zooms: room >= height,
                export: true,
            };
            if let Some(format) = view.show(ui, ctx.theme, chart) {
                ctx.send(Command::Export(Box::new(chart.clone()), format));
            }
        };
        ScrollArea::vertical()
            .id_salt("curves")
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.columns_const(|[left, right]| {
                    show(left, &train.trading_chart(), height);
                    let room = height * 0.27;
                    if train.validations() > 0 {
                        show(right, &train.validation_chart(), room);
                    } else {
                        right.label(RichText::new("Validation").font(semibold(13.5)));
                        let text = if ctx.model.config.eval_every == 0 {
                            "Trials on validation are off (Run: Validate every)."
                        } else {
                            "The first trial on validation is still to come."
                        };
                        right.allocate_ui(egui::vec2(right.available_width(), room - 26.0), |ui| {
                            ui.centered_and_justified(|ui| {
                                ui.label(RichText::new(text).color(ctx.theme.dim))
                            });
                        });
                    }
                    right.horizontal(|ui| {
                        for (tab, name) in [
                            (CurveTab::Learning, "Learning"),
                            (CurveTab::Losses, "Losses"),
                            (CurveTab::Episodes, "Episodes"),
                            (CurveTab::Curriculum, "Helps"),
                        ] {
                            if chosen(ctx, ui, name, self.curves == tab) {
                                self.curves = tab;
                            }
                        }
                    });
                    let chart = match self.curves {
                        CurveTab::Learning => train.learning_chart(),
                        CurveTab::Losses => train.losses_chart(),
                        CurveTab::Episodes => train.episodes_chart(),
                        CurveTab::Curriculum => train.curriculum_chart(),
                    };
                    show(right, &chart, height - room - 38.0);
                });
            });
    }

    fn side(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        // In a low window all of it is scrolled as one.
        let (room, top) = (ui.available_height(), ui.cursor().top());
        ScrollArea::vertical()
            .id_salt("side")
            .auto_shrink(false)
            .show(ui, |ui| {
                let scrolled = ui.cursor().top() - top;
                let low = room < LOW;
                self.side_parts(ctx, low, ui);
                let used = ui.cursor().top() - top - scrolled;
                log(ctx, (!low).then_some(room - used - 18.0), ui);
            });
    }

    fn side_parts(&mut self, ctx: &PanelCtx<'_>, low: bool, ui: &mut Ui) {
        let train = &ctx.model.train;
        let (queued, flags) = (ctx.model.queue.len(), train.flags.len());
        ui.horizontal(|ui| {
            for (tab, name) in [
                (SideTab::Update, "Latest update".to_owned()),
                (SideTab::Queue, format!("Queue ({queued})")),
                (SideTab::Flags, format!("Flags ({flags})")),
            ] {
                if chosen(ctx, ui, &name, self.side == tab) {
                    self.side = tab;
                }
            }
        });
        match self.side {
            SideTab::Update => figures(ctx, low, ui),
            SideTab::Queue => queue::ui(ctx, 220.0, ui),
            SideTab::Flags => flag_list(ctx, ui),
        }
        ui.add_space(6.0);
        heading(ui, ctx.theme, "Checkpoints");
        if train.checkpoints.is_empty() {
            ui.label(RichText::new("The first one is still to come.").color(ctx.theme.dim));
        } else {
            ui.push_id("checkpoints", |ui| checkpoints(ctx, low, ui));
        }
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            heading(ui, ctx.theme, "Log");
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if button::icon(ui, ctx.theme, Icon::Export, "Copy log").clicked() {
                    ui.copy_text(train.log.join("\n"));
                }
            });
        });
    }
}

/// Height of the side under which its parts are not scrolled each by itself.
const LOW: f32 = 560.0;

/// Lines of the log where it is not scrolled by itself.
const LAST_LINES: usize = 40;

/// Draws the log, scrolled by itself in the height where one is given.
fn log(ctx: &PanelCtx<'_>, height: Option<f32>, ui: &mut Ui) {
    let lines = &ctx.model.train.log;
    let show = |ui: &mut Ui, lines: &[String]| {
        for line in lines {
            ui.add(Label::new(RichText::new(line).font(mono(11.0))).truncate())
                .on_hover_text(line);
        }
    };
    egui::Frame::new()
        .fill(ctx.theme.background)
        .corner_radius(5)
        .inner_margin(6)
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 2.0;
            let Some(height) = height else {
                show(ui, &lines[lines.len().saturating_sub(LAST_LINES)..]);
                return;
            };
            let height = height.max(60.0);
            ScrollArea::vertical()
                .id_salt("log")
                .auto_shrink(false)
                .max_height(height)
                .min_scrolled_height(height)
                .stick_to_bottom(true)
                .show_rows(ui, 15.0, lines.len(), |ui, rows| show(ui, &lines[rows]));
        });
}

/// A tab; says whether it was chosen.
fn chosen(ctx: &PanelCtx<'_>, ui: &mut Ui, name: &str, now: bool) -> bool {
    let weight = if now { Weight::Chosen } else { Weight::Quiet };
    button::button(ui, ctx.theme, None, name, weight, true).clicked()
}

/// Adjustments and alarms, the newest first.
fn flag_list(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let flags = &ctx.model.train.flags;
    if flags.is_empty() {
        let text = "The adjuster and the alarms had nothing to say.";
        ui.label(RichText::new(text).color(ctx.theme.dim));
        return;
    }
    ScrollArea::vertical()
        .id_salt("flags")
        .max_height(230.0)
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for f in flags.iter().rev().take(200) {
                ui.horizontal_top(|ui| {
                    let (icon, color) = if f.alarm {
                        (Icon::Warning, ctx.theme.bad)
                    } else {
                        (Icon::Sliders, ctx.theme.warn)
                    };
                    icons::show(ui, icon, 13.0, color);
                    let text = format!("{}  {}", number::count(f.step), f.text);
                    ui.add(Label::new(RichText::new(text).font(mono(11.0))).wrap());
                });
            }
        });
}

fn nothing(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let text = "Curves of P&L, actions and learning will grow here while the agent trains.";
    if ctx.model.market.is_none() {
        let r = empty::empty(
            ui,
            ctx.theme,
            Icon::Play,
            "Nothing is training",
            text,
            &[
                (Icon::Data, "Choose a market"),
                (Icon::Play, "Run the demo"),
            ],
        );
        if r[0].clicked() {
            ctx.send(Command::Go(Page::Data));
        }
        if r[1].clicked() {
            ctx.send(Command::RunDemo);
        }
    } else {
        let r = empty::empty(
            ui,
            ctx.theme,
            Icon::Play,
            "Ready to train",
            text,
            &[
                (Icon::Play, "Start training now"),
                (Icon::Sliders, "Look at the settings"),
            ],
        );
        if r[0].clicked() {
            ctx.send(Command::Start);
        }
        if r[1].clicked() {
            ctx.send(Command::Go(Page::Curriculum));
        }
    }
}

fn controls(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let m = ctx.model;
    ui.horizontal(|ui| {
        match m.run_state {
            RunState::Idle => {
                let why = if m.market.is_none() {
                    Some("Open a market on the Data page first")
                } else if !m.problems.is_empty() {
                    Some("Settle the problems on the Curriculum page first")
                } else {
                    None
                };
                let start = ui.add_enabled_ui(why.is_none(), |ui| button::primary(ui, ctx.theme, Icon::Play, "Start")).inner;
                if start.on_hover_text("Trains a new run with the settings of the Curriculum page").on_disabled_hover_text(why.unwrap_or_default()).clicked() {
                    ctx.send(Command::Start);
                }
                if let Some(run) = runs::unfinished(m) {
                    let tip = format!("Goes on with {} from its newest checkpoint, with its own data and settings", run.name);
                    if button::normal(ui, ctx.theme, Icon::Redo, "Continue run").on_hover_text(tip).clicked() {
                        ctx.send(Command::ContinueRun(run.path.clone()));
                    }
                }
            }
            RunState::Running => {
                if button::normal(ui, ctx.theme, Icon::Pause, "Pause").on_hover_text("Space; waits after the present update").clicked() {
                    ctx.send(Command::Pause);
                }
            }
            RunState::Paused => {
                if button::primary(ui, ctx.theme, Icon::Play, "Resume").on_hover_text("Space").clicked() {
                    ctx.send(Command::Resume);
                }
            }
            RunState::Stopping => {
                ui.add_enabled_ui(false, |ui| button::normal(ui, ctx.theme, Icon::Stop, "Stopping…"));
            }
        }
        if matches!(m.run_state, RunState::Running | RunState::Paused) {
            let tip = "Writes a checkpoint after the present update and ends the run; what was learned stays";
            if button::normal(ui, ctx.theme, Icon::Stop, "Stop and keep").on_hover_text(tip).clicked() {
                ctx.send(Command::Stop);
            }
        }
        ui.add_space(6.0);
        let (word, color) = match m.run_state {
            RunState::Idle if m.train.is_empty() => ("idle", ctx.theme.dim),
            RunState::Idle => ("finished", ctx.theme.good),
            RunState::Running => ("training", ctx.theme.accent),
            RunState::Paused => ("paused", ctx.theme.warn),
            RunState::Stopping => ("stopping", ctx.theme.warn),
        };
        ui.label(RichText::new(word).font(semibold(13.5)).color(color));
        if m.run_state == RunState::Idle {
            plan_line(ctx, ui);
        } else {
            progress(ctx, ui);
        }
    });
}

/// What a start would do, in a line.
fn plan_line(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let m = ctx.model;
    let Some(market) = &m.market else { return };
    let c = &m.config;
    let text = format!(
        "{} · {} + {} steps · {} environments × {} · seed {} · device {}",
        market.dataset.market(),
        number::short(c.phase1.steps as f64),
        number::short(c.phase2.steps as f64),
        c.phase1.envs,
        c.phase1.rollout,
        c.seed,
        c.device,
    );
    ui.add(Label::new(RichText::new(text).color(ctx.theme.dim)).truncate());
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if !m.train.is_empty()
            && button::normal(ui, ctx.theme, Icon::Chart, "See results").clicked()
        {
            ctx.send(Command::Go(Page::Results));
        }
    });
}

fn progress(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let p = &ctx.model.progress;
    let eta = p
        .eta_secs()
        .filter(|_| ctx.model.run_state == RunState::Running)
        .map_or_else(|| "—".to_owned(), number::duration);
    let figures = format!(
        "{:>9} steps/s {eta:>11} left",
        number::grouped(p.per_sec, 0)
    );
    let room = (ui.available_width() - 300.0).max(120.0);
    let text = format!(
        "{}  {} of {}",
        p.what,
        number::count(p.done),
        number::count(p.total)
    );
    ui.add(
        egui::ProgressBar::new(p.fraction().unwrap_or(0.0) as f32)
            .desired_width(room)
            .fill(ctx.theme.accent.gamma_multiply(0.55))
            .text(text),
    );
    ui.label(RichText::new(figures).font(mono(12.0)).color(ctx.theme.dim));
}

/// The latest update in figures.
fn figures(ctx: &PanelCtx<'_>, low: bool, ui: &mut Ui) {
    let Some((phase, r)) = &ctx.model.train.last else {
        ui.label(RichText::new("The first update is still to come.").color(ctx.theme.dim));
        return;
    };
    let opt = |x: Option<f64>, show: &dyn Fn(f64) -> String, of: &str| {
        x.map_or_else(|| format!("n/a ({of})"), show)
    };
    let bonus = r.entry_bonus_usd + r.management_bonus_usd;
    let rows = [
        (
            "Update",
            format!("{} of phase {}", number::count(r.update), phase.number()),
        ),
        ("Stage", r.curriculum.stage.label().to_owned()),
        (
            "P&L, all accounts",
            number::dollars_signed(r.net_pnl_usd, 0),
        ),
        ("Bonuses, apart", number::dollars_signed(bonus, 0)),
        (
            "Trades",
            format!(
                "{} ({} forced)",
                number::count(r.trades),
                number::count(r.forced_trades)
            ),
        ),
        ("Win rate", opt(r.win_rate, &number::percent, "no trades")),
        (
            "Breaches per 1,000",
            opt(
                r.breaches_per_1000,
                &|x| number::grouped(x, 0),
                "no episode ended",
            ),
        ),
        (
            "Free HOLD",
            opt(r.free_hold_share, &number::percent, "no choices"),
        ),
        ("HOLD only", number::percent(r.hold_only_share)),
        ("Mean drawdown", number::dollars(r.drawdown_mean_usd, 0)),
        ("Worst drawdown", number::dollars(r.drawdown_worst_usd, 0)),
        (
            "Return",
            opt(
                r.return_mean,
                &|x| number::grouped(x, 2),
                "no episode ended",
            ),
        ),
        ("Entropy", format!("{:.3} nats", r.entropy)),
        (
            "KL, clipped",
            format!("{:.4}, {}", r.approx_kl, number::percent(r.clip_fraction)),
        ),
        (
            "Explained variance",
            opt(
                r.explained_variance,
                &|x| number::grouped(x, 3),
                "returns do not vary",
            ),
        ),
        (
            "Policy, value loss",
            format!("{:.4}, {:.3}", r.policy_loss, r.value_loss),
        ),
        ("Gradient norm", format!("{:.3}", r.grad_norm)),
        ("Learning rate", number::plain(r.learning_rate)),
        (
            "Commission",
            format!("{} a side", number::usd(r.curriculum.commission_per_side)),
        ),
        (
            "Forced positions",
            number::percent_to(r.curriculum.forced_share, 0),
        ),
        ("Steps/s, env", number::short(r.env_sps)),
        ("… + inference", number::short(r.rollout_sps)),
        ("… + training", number::short(r.train_sps)),
    ];
    ScrollArea::vertical()
        .id_salt("figures")
        .max_height(if low { f32::INFINITY } else { 230.0 })
        .auto_shrink([false, true])
        .show(ui, |ui| {
            egui::Grid::new("figures")
                .num_columns(2)
                .spacing(egui::vec2(12.0, 3.0))
                .show(ui, |ui| {
                    for (name, value) in rows {
                        ui.label(RichText::new(name).color(ctx.theme.dim));
                        ui.label(RichText::new(value).font(mono(12.0)));
                        ui.end_row();
                    }
                });
        });
}

fn checkpoints(ctx: &PanelCtx<'_>, low: bool, ui: &mut Ui) {
    let rows = &ctx.model.train.checkpoints;
    let height = (rows.len().min(7) as f32 * 22.0) + 24.0;
    // The earliest of equally good ones.
    let best = rows
        .iter()
        .filter(|c| c.validation_usd.is_some())
        .rev()
        .max_by(|a, b| {
            a.validation_usd
                .partial_cmp(&b.validation_usd)
                .unwrap_or(std::cmp::Ordering::Equal)
        })
        .map(|c| c.step);
    TableBuilder::new(ui)
        .striped(true)
        .cell_layout(Layout::left_to_right(Align::Center))
        .column(Column::exact(44.0))
        .column(Column::exact(106.0))
        .column(Column::remainder())
        .vscroll(!low)
        .max_scroll_height(height)
        .auto_shrink([false, true])
        .header(20.0, |mut h| {
            for (name, right) in [("Phase", false), ("Step", true), ("Validation P&L", true)] {
                h.col(|ui| {
                    let text = RichText::new(name).small().color(ctx.theme.dim);
                    if right {
                        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(text));
                    } else {
                        ui.label(text);
                    }
                });
            }
        })
        .body(|body| {
            body.rows(22.0, rows.len(), |mut row| {
                // The newest first.
                let c = &rows[rows.len() - 1 - row.index()];
                row.col(|ui| {
                    ui.label(if c.phase == Phase::Entries { "1" } else { "2" });
                });
                right_cell(&mut row, &number::count(c.step));
                row.col(|ui| {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.add_space(4.0);
                        let text = c
                            .validation_usd
                            .map_or_else(|| "n/a".to_owned(), |v| number::dollars_signed(v, 0));
                        ui.label(RichText::new(text).font(mono(12.0)));
                        if Some(c.step) == best {
                            icons::show(ui, Icon::Flag, 13.0, ctx.theme.accent);
                            ui.label(RichText::new("highest").small().color(ctx.theme.accent));
                        }
                    });
                });
            });
        });
    let part = Part::Validation;
    if ctx.model.run_state == RunState::Idle
        && button::normal(ui, ctx.theme, Icon::Chart, "Judge on validation").clicked()
    {
        ctx.send(Command::ShowResults(part));
    }
}
