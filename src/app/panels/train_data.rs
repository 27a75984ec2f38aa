//! The curves of a run, grown update by update, and the charts that show them.
//!
//! Both phases lie behind each other on one axis of environment steps. P&L and bonuses are
//! separate series everywhere.

use std::path::PathBuf;
use std::sync::Arc;

use holdout_core::sim::{Action, N_ACTIONS, Phase, Stage};
use holdout_learn::{Adjustment, UpdateRecord};

use crate::jobs::train::ValidationPoint;
use crate::report::{Axis, Chart, Curve, Ink, Mark, Panel, Ribbon, Series, Span, Unit, number};

/// A checkpoint that was written.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckpointRow {
    /// Phase.
    pub phase: Phase,
    /// Environment steps through both phases.
    pub step: u64,
    /// Net P&L on validation at or before it, dollars.
    pub validation_usd: Option<f64>,
}

/// A flag on the timeline.
#[derive(Debug, Clone, PartialEq)]
pub struct Flag {
    /// Environment steps through both phases.
    pub step: u64,
    /// An alarm, as against an adjustment.
    pub alarm: bool,
    /// What and why.
    pub text: String,
}

/// Curves that have a point per update.
#[derive(Debug, Clone, Default)]
struct Curves {
    pnl: Curve,
    bonus: Curve,
    returns: Curve,
    win_rate: Curve,
    drawdown_mean: Curve,
    drawdown_worst: Curve,
    actions: [Vec<[f64; 2]>; N_ACTIONS],
    entropy: Curve,
    kl: Curve,
    explained: Curve,
    learning_rate: Curve,
    steps_per_sec: Curve,
    rollout_per_sec: Curve,
    trades: Curve,
    free_hold: Curve,
    hold_only: Curve,
    breaches: Curve,
    clip_fraction: Curve,
    policy_loss: Curve,
    value_loss: Curve,
    grad_norm: Curve,
    commission: Curve,
    forced: Curve,
    entry_bonus: Curve,
    management_bonus: Curve,
    lr_scale: Curve,
    ent_scale: Curve,
    validation: Curve,
    validation_pooled: Curve,
    validation_drawdown: Curve,
}

/// Everything that the Train page shows of a run.
#[derive(Debug, Clone, Default)]
pub struct TrainView {
    /// Title of the run.
    pub name: String,
    /// Folder of the run, once it has one.
    pub path: Option<PathBuf>,
    /// Checkpoints, oldest first.
    pub checkpoints: Vec<CheckpointRow>,
    /// The log, oldest first.
    pub log: Vec<String>,
    /// Adjustments and alarms, oldest first.
    pub flags: Vec<Flag>,
    /// The latest update and its phase.
    pub last: Option<(Phase, Box<UpdateRecord>)>,
    phase: Option<Phase>,
    curves: Curves,
    stages: Vec<(Stage, f64, f64)>,
}

/// Lines of the log that are kept in memory.
const LOG_LINES: usize = 5_000;

impl TrainView {
    /// A run that begins.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Whether nothing was trained.
    pub fn is_empty(&self) -> bool {
        self.last.is_none()
    }

    /// Updates that are drawn.
    pub fn updates(&self) -> usize {
        self.curves.actions[0].len()
    }

    /// An update was done. Steps count through both phases.
    pub fn update(&mut self, phase: Phase, record: UpdateRecord) {
        self.phase = Some(phase);
        let x = record.step as f64;
        let c = &mut self.curves;
        c.pnl.push(x, record.net_pnl_usd);
        c.bonus
            .push(x, record.entry_bonus_usd + record.management_bonus_usd);
        for (curve, value) in [
            (&mut c.returns, record.return_mean),
            (&mut c.win_rate, record.win_rate),
            (&mut c.explained, record.explained_variance),
            (&mut c.free_hold, record.free_hold_share),
            (&mut c.breaches, record.breaches_per_1000),
        ] {
            if let Some(v) = value {
                curve.push(x, v);
            }
        }
        for (curve, v) in [
            (&mut c.drawdown_mean, -record.drawdown_mean_usd),
            (&mut c.drawdown_worst, -record.drawdown_worst_usd),
            (&mut c.entropy, record.entropy),
            (&mut c.kl, record.approx_kl),
            (&mut c.learning_rate, record.learning_rate),
            (&mut c.steps_per_sec, record.train_sps),
            (&mut c.rollout_per_sec, record.rollout_sps),
            (&mut c.trades, record.trades as f64),
            (&mut c.hold_only, record.hold_only_share),
            (&mut c.clip_fraction, record.clip_fraction),
            (&mut c.policy_loss, record.policy_loss),
            (&mut c.value_loss, record.value_loss),
            (&mut c.grad_norm, record.grad_norm),
            (
                &mut c.commission,
                record.curriculum.commission_per_side.dollars(),
            ),
            (&mut c.forced, record.curriculum.forced_share),
            (&mut c.entry_bonus, record.curriculum.entry_bonus.dollars()),
            (
                &mut c.management_bonus,
                record.curriculum.management_bonus.dollars(),
            ),
            (&mut c.lr_scale, record.knobs.lr_scale),
            (&mut c.ent_scale, record.knobs.ent_scale),
        ] {
            curve.push(x, v);
        }
        for (shares, share) in c.actions.iter_mut().zip(record.action_shares) {
            shares.push([x, share]);
        }
        match self.stages.last_mut() {
            Some((stage, _, to)) if *stage == record.curriculum.stage => *to = x,
            Some((_, _, to)) => {
                let from = *to;
                self.stages.push((record.curriculum.stage, from, x));
            }
            None => self.stages.push((record.curriculum.stage, 0.0, x)),
        }
        self.last = Some((phase, Box::new(record)));
    }

    /// A trial on validation.
    pub fn validation(&mut self, point: &ValidationPoint) {
        let x = point.step as f64;
        let c = &mut self.curves;
        c.validation.push(x, point.net_pnl_usd);
        c.validation_drawdown.push(x, -point.max_drawdown_usd);
        if let Some(all) = point.pooled {
            c.validation_pooled.push(x, all.net_pnl_usd);
        }
    }

    /// The auto-adjuster turned a knob, or would have.
    pub fn adjusted(&mut self, step: u64, a: Adjustment) {
        let text = format!(
            "{} {} passed {}: {} {:.2} → {:.2}{}",
            a.rule.name().replace('_', " "),
            number::grouped(a.figure, 2),
            number::grouped(a.limit, 2),
            a.knob.name(),
            a.before,
            a.after,
            if a.applied { "" } else { " (off)" }
        );
        self.log(format!("adjuster at step {}: {text}", number::count(step)));
        self.flags.push(Flag {
            step,
            alarm: false,
            text,
        });
    }

    /// Something needs a person's eye.
    pub fn alarm(&mut self, step: u64, text: &str) {
        self.log(format!("alarm at step {}: {text}", number::count(step)));
        self.flags.push(Flag {
            step,
            alarm: true,
            text: text.to_owned(),
        });
    }

    /// A checkpoint was written.
    pub fn checkpoint(&mut self, step: u64) {
        let phase = self.phase.unwrap_or(Phase::Entries);
        let validation_usd = self.curves.validation.at(step as f64);
        self.checkpoints.push(CheckpointRow {
            phase,
            step,
            validation_usd,
        });
    }

    /// A line for the log.
    pub fn log(&mut self, line: impl Into<String>) {
        self.log.push(line.into());
        if self.log.len() > LOG_LINES {
            self.log.drain(..LOG_LINES / 10);
        }
    }

    fn spans(&self) -> Vec<Span> {
        let ink = |s: Stage| match s {
            Stage::Entries => Ink::Grey,
            Stage::BootCamp => Ink::Orange,
            Stage::Intermediate => Ink::Sky,
            Stage::Production => Ink::Green,
        };
        self.stages
            .iter()
            .map(|&(s, from, to)| Span {
                name: s.label().to_owned(),
                from,
                to,
                ink: ink(s),
            })
            .collect()
    }

    fn chart(&self, title: &str, panels: Vec<Panel>) -> Chart {
        let mut chart = Chart::new(title, Axis::new("Environment steps", Unit::Count), panels);
        chart.subtitle.clone_from(&self.name);
        chart.spans = self.spans();
        chart.x_include = self.last.as_ref().map(|(_, r)| [0.0, r.step as f64]);
        chart.footer = "P&L of closed trades net of commission and slippage; bonuses are apart and never part of P&L.".to_owned();
        chart
    }

    /// What the agent earns and does.
    pub fn trading_chart(&self) -> Chart {
        let c = &self.curves;
        let line =
            |name: &str, ink, curve: &Curve| Series::line(name, ink, Arc::new(curve.clone()));
        self.chart(
            "Trading",
            vec![
                self.flag_panel(),
                // Early bonuses are far larger than P&L: on one axis they would hide it.
                Panel::new(
                    Axis::new("P&L per update, all accounts (USD)", Unit::Usd),
                    vec![line("P&L", Ink::Sky, &c.pnl)],
                )
                .include(0.0),
                Panel::new(
                    Axis::new("Bonuses per update, apart (USD)", Unit::Usd),
                    vec![line("Bonuses", Ink::Orange, &c.bonus)],
                )
                .weight(0.6)
                .include(0.0),
                Panel::new(
                    Axis::new("Win rate", Unit::Percent),
                    vec![line("Win rate", Ink::Green, &c.win_rate)],
                )
                .weight(0.8),
                Panel::new(
                    Axis::new("Drawdown (USD)", Unit::Usd),
                    vec![
                        line("Mean drawdown", Ink::Vermilion, &c.drawdown_mean),
                        line("Worst drawdown", Ink::Grey, &c.drawdown_worst),
                    ],
                )
                .weight(0.8)
                .include(0.0),
                self.action_panel(),
            ],
        )
    }

    /// Where the adjuster and the alarms spoke, as marks on the timeline.
    fn flag_panel(&self) -> Panel {
        let width = self
            .last
            .as_ref()
            .map_or(1.0, |(_, r)| r.step as f64 / 220.0);
        let marks = |alarm: bool| {
            let mut points: Vec<[f64; 2]> = Vec::new();
            for f in self.flags.iter().filter(|f| f.alarm == alarm) {
                let x = f.step as f64;
                if points.last().is_none_or(|p| p[0] < x) {
                    points.push([x, if alarm { 1.0 } else { 0.6 }]);
                }
            }
            Arc::new(Curve::new(points))
        };
        let bars = |name: &str, ink, alarm| Series {
            name: name.to_owned(),
            ink,
            mark: Mark::Bars {
                curve: marks(alarm),
                width,
            },
        };
        Panel::new(
            Axis::new("Flags", Unit::Plain),
            vec![
                bars("Alarms", Ink::Vermilion, true),
                bars("Adjustments", Ink::Yellow, false),
            ],
        )
        .weight(0.3)
        .include(0.0)
        .include(1.0)
    }

    /// Shares of the six actions, stacked to 100%.
    fn action_panel(&self) -> Panel {
        let inks = [
            Ink::Grey,
            Ink::Sky,
            Ink::Vermilion,
            Ink::Yellow,
            Ink::Green,
            Ink::Purple,
        ];
        let n = self.curves.actions[0].len();
        let mut low = vec![0.0; n];
        let mut series = Vec::new();
        for (k, action) in Action::ALL.into_iter().enumerate() {
            let shares = &self.curves.actions[k];
            let entries = shares
                .iter()
                .zip(&low)
                .map(|(p, &l)| [p[0], l, l + p[1]])
                .collect();
            for (l, p) in low.iter_mut().zip(shares) {
                *l += p[1];
            }
            let opacity = if action == Action::Hold { 0.35 } else { 0.8 };
            series.push(Series::band(
                action.label(),
                inks[k],
                Arc::new(Ribbon::new(entries)),
                opacity,
            ));
        }
        Panel::new(Axis::new("Actions (share of steps)", Unit::Percent), series)
            .weight(1.2)
            .include(0.0)
            .include(1.0)
    }

    /// How the learner fares.
    pub fn learning_chart(&self) -> Chart {
        let c = &self.curves;
        let panel = |label: &str, ink, curve: &Curve| {
            Panel::new(
                Axis::new(label, Unit::Plain),
                vec![Series::line(label, ink, Arc::new(curve.clone()))],
            )
        };
        self.chart(
            "Learning",
            vec![
                panel("Return (reward units)", Ink::Sky, &c.returns),
                panel("Entropy (nats)", Ink::Blue, &c.entropy).include(0.0),
                panel("Approx. KL", Ink::Orange, &c.kl).include(0.0),
                panel("Explained variance", Ink::Green, &c.explained).include(0.0),
                panel("Learning rate", Ink::Purple, &c.learning_rate).include(0.0),
                Panel::new(
                    Axis::new("Steps per second", Unit::Count),
                    vec![Series::line(
                        "Steps per second",
                        Ink::Grey,
                        Arc::new(c.steps_per_sec.clone()),
                    )],
                )
                .include(0.0),
            ],
        )
    }

    /// What the update itself says: losses, gradient, how far it moved.
    pub fn losses_chart(&self) -> Chart {
        let c = &self.curves;
        let panel = |label: &str, unit, ink, curve: &Curve| {
            Panel::new(
                Axis::new(label, unit),
                vec![Series::line(label, ink, Arc::new(curve.clone()))],
            )
        };
        self.chart(
            "Losses",
            vec![
                panel("Policy loss", Unit::Plain, Ink::Sky, &c.policy_loss),
                panel("Value loss", Unit::Plain, Ink::Orange, &c.value_loss).include(0.0),
                panel("Gradient norm", Unit::Plain, Ink::Purple, &c.grad_norm).include(0.0),
                panel(
                    "Clipped share",
                    Unit::Percent,
                    Ink::Yellow,
                    &c.clip_fraction,
                )
                .include(0.0),
                panel(
                    "Steps/s, rollout alone",
                    Unit::Count,
                    Ink::Grey,
                    &c.rollout_per_sec,
                )
                .include(0.0),
            ],
        )
    }

    /// How the agent stands in its episodes.
    pub fn episodes_chart(&self) -> Chart {
        let c = &self.curves;
        let line =
            |name: &str, ink, curve: &Curve| Series::line(name, ink, Arc::new(curve.clone()));
        self.chart(
            "Episodes",
            vec![
                Panel::new(
                    Axis::new("Trades per update", Unit::Count),
                    vec![line("Trades", Ink::Sky, &c.trades)],
                )
                .include(0.0),
                Panel::new(
                    Axis::new("HOLD (share)", Unit::Percent),
                    vec![
                        line("HOLD of free choices", Ink::Grey, &c.free_hold),
                        line("Steps with HOLD only", Ink::Orange, &c.hold_only),
                    ],
                )
                .include(0.0)
                .include(1.0),
                Panel::new(
                    Axis::new("Breaches per 1,000 episodes", Unit::Plain),
                    vec![line("Breaches", Ink::Vermilion, &c.breaches)],
                )
                .include(0.0),
            ],
        )
    }

    /// The helps in force, and what the adjuster left of them.
    pub fn curriculum_chart(&self) -> Chart {
        let c = &self.curves;
        let line =
            |name: &str, ink, curve: &Curve| Series::line(name, ink, Arc::new(curve.clone()));
        self.chart(
            "Curriculum in force",
            vec![
                Panel::new(
                    Axis::new("Commission per side (USD)", Unit::Usd),
                    vec![line("Commission", Ink::Vermilion, &c.commission)],
                )
                .include(0.0),
                Panel::new(
                    Axis::new("Bonus (USD)", Unit::Usd),
                    vec![
                        line("Entry bonus", Ink::Orange, &c.entry_bonus),
                        line("Management bonus", Ink::Yellow, &c.management_bonus),
                    ],
                )
                .include(0.0),
                Panel::new(
                    Axis::new("Forced positions", Unit::Percent),
                    vec![line("Forced positions", Ink::Sky, &c.forced)],
                )
                .include(0.0),
                Panel::new(
                    Axis::new("Adjuster (factor)", Unit::Plain),
                    vec![
                        line("Learning rate ×", Ink::Purple, &c.lr_scale),
                        line("Entropy ×", Ink::Blue, &c.ent_scale),
                    ],
                )
                .include(0.0),
            ],
        )
    }

    /// The trials on validation: what tells learning from overfitting.
    pub fn validation_chart(&self) -> Chart {
        let c = &self.curves;
        self.chart(
            "Validation",
            vec![
                Panel::new(
                    Axis::new("On validation (USD)", Unit::Usd),
                    vec![
                        Series::line("One account", Ink::Sky, Arc::new(c.validation.clone())),
                        Series::line(
                            "Lost ones renewed",
                            Ink::Green,
                            Arc::new(c.validation_pooled.clone()),
                        ),
                        Series::line(
                            "Largest drawdown",
                            Ink::Vermilion,
                            Arc::new(c.validation_drawdown.clone()),
                        ),
                    ],
                )
                .include(0.0),
            ],
        )
    }

    /// Trials on validation so far.
    pub fn validations(&self) -> usize {
        self.curves.validation.len()
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use holdout_core::sim::CurriculumSettings;
    use holdout_core::units::Usd;
    use holdout_learn::UpdateRecord;
    use holdout_learn::adjuster::{Knob, Knobs, Rule};

    /// A record like those of training.
    pub fn record(update: u64, phase: Phase, p: f64) -> UpdateRecord {
        let wave = (update as f64 / 7.0).sin();
        UpdateRecord {
            update,
            step: update * 8_192
                + if phase == Phase::Entries {
                    0
                } else {
                    50 * 8_192
                },
            progress: p,
            seconds: 0.5,
            env_sps: 900_000.0,
            rollout_sps: 60_000.0,
            train_sps: 16_000.0 + 900.0 * wave,
            env_seconds: 0.01,
            inference_seconds: 0.2,
            training_seconds: 0.29,
            return_mean: Some(-4.0 + 6.0 * p + wave),
            episode_length_mean: Some(900.0),
            reward_mean: 0.01,
            equity_change_usd: 500.0,
            net_pnl_usd: -3_000.0 + 5_000.0 * p + 800.0 * wave,
            entry_bonus_usd: 4_000.0 * (1.0 - p),
            management_bonus_usd: 0.0,
            drawdown_penalty_usd: 0.0,
            breach_penalty_usd: 0.0,
            clipped_usd: 0.0,
            entries: 40,
            trades: 38,
            wins: 14,
            win_rate: Some(0.36 + 0.05 * wave),
            managed_trades: 0,
            forced_trades: 0,
            trail_switches: 0,
            action_shares: [0.9 - 0.2 * p, 0.05, 0.05, 0.08 * p, 0.07 * p, 0.05 * p],
            hold_only_share: 0.4,
            free_hold_share: Some(0.5),
            choice_shares: Some([0.5, 0.3, 0.2, 0.0, 0.0, 0.0]),
            drawdown_mean_usd: 400.0,
            drawdown_worst_usd: 2_400.0,
            episodes: 12,
            breaches: 2,
            stalls: 1,
            breaches_per_1000: Some(166.0),
            entropy: 1.1 - 0.5 * p,
            entropy_max: 1.2,
            approx_kl: 0.01 + 0.004 * wave,
            clip_fraction: 0.1,
            explained_variance: Some(0.2 + 0.6 * p),
            policy_loss: 0.0,
            value_loss: 0.1,
            loss: 0.1,
            grad_norm: 0.5,
            grad_norm_max: 1.0,
            learning_rate: 3e-4 * (1.0 - p),
            ent_coef: 0.01,
            epochs: 4,
            optimizer_steps: update * 16,
            curriculum: CurriculumSettings::default().state(phase, Usd::from_dollars(2.5), p),
            knobs: Knobs::default(),
        }
    }

    /// A run of both phases.
    pub fn trained() -> TrainView {
        let mut view = TrainView::new("a run");
        for phase in [Phase::Entries, Phase::Management] {
            for i in 1..=50_u64 {
                let r = record(i, phase, i as f64 / 50.0);
                let step = r.step;
                view.update(phase, r);
                if i % 10 == 0 {
                    view.validation(&ValidationPoint {
                        step,
                        net_pnl_usd: i as f64 * 10.0 - 200.0,
                        max_drawdown_usd: 900.0,
                        ..ValidationPoint::default()
                    });
                    view.checkpoint(step);
                }
            }
        }
        view
    }

    #[test]
    fn phases_lie_behind_each_other_and_stages_follow() {
        let view = trained();
        let chart = view.trading_chart();
        assert_eq!(chart.x_range(), Some([0.0, 100.0 * 8_192.0]));
        let names: Vec<&str> = chart.spans.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "1 Entries",
                "2A Boot Camp",
                "2B Intermediate",
                "2C Production"
            ]
        );
        assert!(chart.spans.windows(2).all(|w| w[0].to <= w[1].from));
        assert_eq!(view.validations(), 10);
        assert_eq!(view.checkpoints[4].validation_usd, Some(300.0));
    }

    #[test]
    fn adjustments_and_alarms_are_flags_in_order_of_steps() {
        let mut view = trained();
        let a = Adjustment {
            rule: Rule::OneSided,
            figure: 7.0,
            limit: 5.0,
            knob: Knob::EntScale,
            before: 1.0,
            after: 1.25,
            applied: true,
        };
        view.adjusted(8_192, a);
        view.adjusted(
            16_384,
            Adjustment {
                applied: false,
                ..a
            },
        );
        view.alarm(16_384, "HOLD trap");
        assert!(view.flags[0].text.contains("one sided 7.00 passed 5.00"));
        assert!(view.flags[1].text.ends_with("(off)"));
        let panel = view.flag_panel();
        let counts: Vec<usize> = panel
            .series
            .iter()
            .map(|s| match &s.mark {
                Mark::Bars { curve, .. } => curve.len(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(counts, [1, 2], "alarms, adjustments");
    }

    #[test]
    fn action_shares_stack_to_one() {
        let panel = trained().action_panel();
        let Mark::Band { ribbon, .. } = &panel.series[5].mark else {
            panic!("a band")
        };
        let last = ribbon.entries().last().unwrap();
        let sum: f64 = record(50, Phase::Management, 1.0)
            .action_shares
            .iter()
            .sum();
        assert!((last[2] - sum).abs() < 1e-12);
    }
}
