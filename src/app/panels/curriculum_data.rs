//! The settings of the Curriculum page as a table, and the schedules that they make.
//!
//! The schedules are drawn by the functions that training asks: what is on the page is what
//! happens.

use std::sync::Arc;

use holdout_core::market::Instrument;
use holdout_core::sim::{CurriculumState, Phase};
use holdout_core::units::Usd;

use crate::config::RunConfig;
use crate::report::{Axis, Chart, Curve, Ink, Panel, Series, Span, Unit};

/// A numeric setting and where it lives.
pub struct Field {
    /// Path in the configuration; problems carry the same.
    pub path: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Written after the value.
    pub unit: &'static str,
    /// What the slider reaches.
    pub range: [f64; 2],
    /// Decimals shown.
    pub decimals: usize,
    /// Whether equal distances are equal factors.
    pub log: bool,
    /// What it does.
    pub tip: &'static str,
    /// Reads it.
    pub get: fn(&RunConfig, &Instrument) -> f64,
    /// Writes it.
    pub set: fn(&mut RunConfig, f64),
}

/// Settings that belong together.
pub struct Group {
    /// Heading.
    pub name: &'static str,
    /// Whether it is unfolded at first.
    pub open: bool,
    /// The settings.
    pub fields: &'static [Field],
}

macro_rules! field {
    ($path:expr, $name:literal, $unit:literal, $lo:literal, $hi:literal, $dec:literal, $log:literal, $tip:literal, |$c:ident, $i:pat_param| $get:expr, |$d:ident, $v:ident| $set:expr) => {
        Field {
            path: $path,
            name: $name,
            unit: $unit,
            range: [$lo as f64, $hi as f64],
            decimals: $dec,
            log: $log,
            tip: $tip,
            get: |$c, $i| $get,
            set: |$d, $v| $set,
        }
    };
}

const STAGES: &[Field] = &[
    field!(
        "curriculum.management.boot_camp_end",
        "Boot Camp ends at",
        "%",
        0,
        100,
        0,
        false,
        "Share of phase 2 during which every help is in full.",
        |c, _| c.curriculum.management.boot_camp_end * 100.0,
        |c, v| c.curriculum.management.boot_camp_end = v / 100.0
    ),
    field!(
        "curriculum.management.production_start",
        "Production begins at",
        "%",
        0,
        100,
        0,
        false,
        "Share of phase 2 from which there is no help and commission is the instrument's own.",
        |c, _| c.curriculum.management.production_start * 100.0,
        |c, v| c.curriculum.management.production_start = v / 100.0
    ),
    field!(
        "curriculum.management.forced_share",
        "Forced positions",
        "%",
        0,
        100,
        0,
        false,
        "Share of Boot Camp episodes that begin in a given position, so that managing one is learned early.",
        |c, _| c.curriculum.management.forced_share * 100.0,
        |c, v| c.curriculum.management.forced_share = v / 100.0
    ),
    field!(
        "curriculum.management.forced_share_end",
        "Forced, end of 2B",
        "%",
        0,
        100,
        0,
        false,
        "Share of forced positions at the end of Intermediate; Production has none.",
        |c, _| c.curriculum.management.forced_share_end * 100.0,
        |c, v| c.curriculum.management.forced_share_end = v / 100.0
    ),
    field!(
        "curriculum.management.entry_bonus_usd",
        "Entry bonus, phase 2",
        " USD",
        0,
        1000,
        0,
        false,
        "Paid per executed entry in Boot Camp, fading to nothing; reported apart from P&L.",
        |c, _| c.curriculum.management.entry_bonus_usd,
        |c, v| c.curriculum.management.entry_bonus_usd = v
    ),
    field!(
        "curriculum.management.management_bonus_usd",
        "Management bonus",
        " USD",
        0,
        1000,
        0,
        false,
        "Paid once per trade for each kind of management action in Boot Camp, fading to nothing.",
        |c, _| c.curriculum.management.management_bonus_usd,
        |c, v| c.curriculum.management.management_bonus_usd = v
    ),
    field!(
        "curriculum.management.commission_start_usd",
        "Commission, 2A",
        " USD",
        0,
        5,
        2,
        false,
        "Per side per contract at first; rises to the instrument's own until Production.",
        |c, _| c.curriculum.management.commission_start_usd,
        |c, v| c.curriculum.management.commission_start_usd = v
    ),
    field!(
        "curriculum.entries.entry_bonus_usd",
        "Entry bonus, phase 1",
        " USD",
        0,
        1000,
        0,
        false,
        "Paid per executed entry at the start of phase 1, falling in a line to nothing.",
        |c, _| c.curriculum.entries.entry_bonus_usd,
        |c, v| c.curriculum.entries.entry_bonus_usd = v
    ),
    field!(
        "curriculum.entries.entry_bonus_zero_at",
        "… gone at",
        "%",
        0,
        100,
        0,
        false,
        "Share of phase 1 at which the entry bonus has fallen to nothing.",
        |c, _| c.curriculum.entries.entry_bonus_zero_at * 100.0,
        |c, v| c.curriculum.entries.entry_bonus_zero_at = v / 100.0
    ),
    field!(
        "curriculum.entries.commission_start_usd",
        "Commission, phase 1",
        " USD",
        0,
        5,
        2,
        false,
        "Per side per contract at the start of phase 1.",
        |c, _| c.curriculum.entries.commission_start_usd,
        |c, v| c.curriculum.entries.commission_start_usd = v
    ),
    field!(
        "curriculum.entries.commission_rise_from",
        "… rises from",
        "%",
        0,
        100,
        0,
        false,
        "Share of phase 1 until which the commission stays low.",
        |c, _| c.curriculum.entries.commission_rise_from * 100.0,
        |c, v| c.curriculum.entries.commission_rise_from = v / 100.0
    ),
    field!(
        "curriculum.entries.commission_full_at",
        "… full at",
        "%",
        0,
        100,
        0,
        false,
        "Share of phase 1 at which the commission is the instrument's own.",
        |c, _| c.curriculum.entries.commission_full_at * 100.0,
        |c, v| c.curriculum.entries.commission_full_at = v / 100.0
    ),
    field!(
        "curriculum.entries.training_drawdown_limit_usd",
        "Phase 1 limit",
        " USD",
        500,
        50000,
        0,
        true,
        "Limit in phase 1 training, wide so that an account lives long enough to learn entries; judging uses the real one.",
        |c, _| c.curriculum.entries.training_drawdown_limit_usd,
        |c, v| c.curriculum.entries.training_drawdown_limit_usd = v
    ),
];

const STOPS: &[Field] = &[
    field!(
        "sim.sl_atr_mult",
        "Stop distance",
        " ATR",
        0.25,
        5,
        2,
        false,
        "Distance of the first stop from the fill, in average true ranges of the deciding bar.",
        |c, _| c.sim.sl_atr_mult,
        |c, v| c.sim.sl_atr_mult = v
    ),
    field!(
        "sim.tp_sl_ratio",
        "Target over stop",
        "",
        0.5,
        10,
        1,
        false,
        "Distance of the target as a multiple of the stop distance.",
        |c, _| c.sim.tp_sl_ratio,
        |c, v| c.sim.tp_sl_ratio = v
    ),
    field!(
        "sim.max_risk_usd",
        "Largest planned risk",
        " USD",
        50,
        2500,
        0,
        false,
        "Caps the stop distance so that a stopped trade plans to lose no more than this.",
        |c, _| c.sim.max_risk_usd.dollars(),
        |c, v| c.sim.max_risk_usd = Usd::from_dollars(v)
    ),
    field!(
        "sim.trail_atr",
        "Trailing distance",
        " ATR",
        0.25,
        5,
        2,
        false,
        "How far TRAIL+ keeps the stop behind the close.",
        |c, _| c.sim.trail_atr,
        |c, v| c.sim.trail_atr = v
    ),
    field!(
        "sim.be_min_profit_atr",
        "Break-even from",
        " ATR",
        0,
        5,
        2,
        false,
        "Open profit above which the stop may be moved to break-even.",
        |c, _| c.sim.be_min_profit_atr,
        |c, v| c.sim.be_min_profit_atr = v
    ),
    field!(
        "sim.contracts",
        "Contracts",
        "",
        1,
        10,
        0,
        false,
        "Contracts per entry.",
        |c, _| f64::from(c.sim.contracts),
        |c, v| c.sim.contracts = v as i32
    ),
];

const COSTS: &[Field] = &[
    field!(
        "sim.commission_per_side",
        "Commission per side",
        " USD",
        0,
        10,
        2,
        false,
        "Per contract; the instrument's own unless changed. Judging always pays it in full.",
        |c, i| c.sim.commission_per_side.unwrap_or(i.commission).dollars(),
        |c, v| c.sim.commission_per_side = Some(Usd::from_dollars(v))
    ),
    field!(
        "sim.slippage_ticks",
        "Slippage",
        " ticks",
        0,
        10,
        0,
        false,
        "Ticks against the trader on entries, stops and forced exits; targets have none.",
        |c, i| f64::from(c.sim.slippage_ticks.unwrap_or(i.slippage_ticks)),
        |c, v| c.sim.slippage_ticks = Some(v as i32)
    ),
    field!(
        "sim.start_balance",
        "Start balance",
        " USD",
        10000,
        500000,
        0,
        true,
        "Balance of a fresh account.",
        |c, _| c.sim.start_balance.dollars(),
        |c, v| c.sim.start_balance = Usd::from_dollars(v)
    ),
    field!(
        "sim.drawdown_limit",
        "Drawdown limit",
        " USD",
        500,
        25000,
        0,
        true,
        "Trailing limit of the account; at the floor it is closed for good.",
        |c, _| c.sim.drawdown_limit.dollars(),
        |c, v| c.sim.drawdown_limit = Usd::from_dollars(v)
    ),
    field!(
        "sim.entry_drawdown_cap",
        "No entry above",
        "% used",
        0,
        100,
        0,
        false,
        "No new trade once this share of the drawdown limit is used.",
        |c, _| c.sim.entry_drawdown_cap * 100.0,
        |c, v| c.sim.entry_drawdown_cap = v / 100.0
    ),
];

const REWARD: &[Field] = &[
    field!(
        "sim.reward_unit_usd",
        "One unit of reward",
        " USD",
        1,
        10000,
        0,
        true,
        "Dollars of equity change that count as a reward of 1.",
        |c, _| c.sim.reward_unit_usd,
        |c, v| c.sim.reward_unit_usd = v
    ),
    field!(
        "sim.drawdown_weight",
        "Weight of drawdown",
        "",
        0,
        5,
        2,
        false,
        "How strongly a growing drawdown is punished.",
        |c, _| c.sim.drawdown_weight,
        |c, v| c.sim.drawdown_weight = v
    ),
    field!(
        "sim.breach_penalty",
        "Penalty of a breach",
        " USD",
        0,
        10000,
        0,
        false,
        "Taken once when the account is lost.",
        |c, _| c.sim.breach_penalty,
        |c, v| c.sim.breach_penalty = v
    ),
    field!(
        "sim.episode_sessions",
        "Episode",
        " sessions",
        1,
        60,
        0,
        false,
        "Trading days after which a training episode ends.",
        |c, _| f64::from(c.sim.episode_sessions),
        |c, v| c.sim.episode_sessions = v as u32
    ),
];

macro_rules! learner {
    ($phase:ident, $text:literal, $lr:literal) => {
        &[
            field!(concat!($text, ".steps"), "Steps", "", 0, 200000000, 0, true, "Steps of environments in this phase; 0 leaves the phase out.",
                |c, _| c.$phase.steps as f64, |c, v| c.$phase.steps = v.round() as u64),
            field!(concat!($text, ".envs"), "Environments", "", 1, 4096, 0, true, "Accounts that trade at once.",
                |c, _| c.$phase.envs as f64, |c, v| c.$phase.envs = v.round() as usize),
            field!(concat!($text, ".rollout"), "Rollout", " steps", 8, 1024, 0, true, "Steps of each environment between two updates.",
                |c, _| c.$phase.rollout as f64, |c, v| c.$phase.rollout = v.round() as usize),
            field!(concat!($text, ".ppo.learning_rate"), "Learning rate", "", 0.00001, 0.01, 6, true, "Peak of the learning rate after the warm-up.",
                |c, _| c.$phase.ppo.learning_rate.unwrap_or($lr), |c, v| c.$phase.ppo.learning_rate = Some(v)),
            field!(concat!($text, ".ppo.gamma"), "Discount γ", "", 0.8, 1, 4, false, "Weight of the next step's value.",
                |c, _| c.$phase.ppo.gamma, |c, v| c.$phase.ppo.gamma = v),
            field!(concat!($text, ".ppo.gae_lambda"), "Advantage λ", "", 0.5, 1, 3, false, "Mix of short and long advantage estimates.",
                |c, _| c.$phase.ppo.gae_lambda, |c, v| c.$phase.ppo.gae_lambda = v),
            field!(concat!($text, ".ppo.clip_coef"), "Clip", "", 0.01, 0.5, 2, false, "How far one update may move the policy.",
                |c, _| c.$phase.ppo.clip_coef, |c, v| c.$phase.ppo.clip_coef = v),
            field!(concat!($text, ".ppo.epochs"), "Epochs", "", 1, 20, 0, false, "Passes over one rollout.",
                |c, _| c.$phase.ppo.epochs as f64, |c, v| c.$phase.ppo.epochs = v.round() as usize),
            field!(concat!($text, ".ppo.minibatches"), "Minibatches", "", 1, 64, 0, true, "Parts of a pass; must divide environments x rollout.",
                |c, _| c.$phase.ppo.minibatches as f64, |c, v| c.$phase.ppo.minibatches = v.round() as usize),
            field!(concat!($text, ".ppo.ent_coef"), "Entropy at first", "", 0, 0.1, 4, false, "Reward for staying undecided at the start; keeps exploring.",
                |c, _| c.$phase.ppo.ent_coef, |c, v| c.$phase.ppo.ent_coef = v),
            field!(concat!($text, ".ppo.ent_coef_final"), "Entropy at the end", "", 0, 0.1, 4, false, "The same at the end of the phase, linear between.",
                |c, _| c.$phase.ppo.ent_coef_final, |c, v| c.$phase.ppo.ent_coef_final = v),
            field!(concat!($text, ".ppo.target_kl"), "Target KL", "", 0, 0.2, 3, false, "An update's remaining epochs are skipped above this change of the policy; 0 for never.",
                |c, _| c.$phase.ppo.target_kl, |c, v| c.$phase.ppo.target_kl = v),
        ]
    };
}

const LEARNER1: &[Field] = learner!(phase1, "phase1", 3e-4);
const LEARNER2: &[Field] = learner!(phase2, "phase2", 2.5e-4);

const NETWORK: &[Field] = &[
    field!(
        "network.trunk",
        "Trunk width",
        "",
        16,
        1024,
        0,
        true,
        "Neurons of each layer that both heads share.",
        |c, _| c.network.trunk.first().copied().unwrap_or(0) as f64,
        |c, v| c.network.trunk.fill(v.round() as usize)
    ),
    field!(
        "network.trunk",
        "Trunk layers",
        "",
        1,
        4,
        0,
        false,
        "Layers that both heads share.",
        |c, _| c.network.trunk.len() as f64,
        |c, v| {
            let w = c.network.trunk.first().copied().unwrap_or(256);
            c.network.trunk.resize(v.round() as usize, w);
        }
    ),
    field!(
        "network.head",
        "Head width",
        "",
        16,
        512,
        0,
        true,
        "Neurons of the hidden layer of the policy head and of the value head.",
        |c, _| c.network.head as f64,
        |c, v| c.network.head = v.round() as usize
    ),
];

const RUN: &[Field] = &[
    field!(
        "eval_every",
        "Validate every",
        " updates",
        0,
        200,
        0,
        false,
        "Updates between two trials on validation; 0 for none. Test is never touched.",
        |c, _| c.eval_every as f64,
        |c, v| c.eval_every = v.round() as u64
    ),
    field!(
        "checkpoint_every",
        "Checkpoint every",
        " updates",
        0,
        200,
        0,
        false,
        "Updates between two checkpoints; 0 for the last only.",
        |c, _| c.checkpoint_every as f64,
        |c, v| c.checkpoint_every = v.round() as u64
    ),
    field!(
        "keep_checkpoints",
        "Keep checkpoints",
        "",
        0,
        200,
        0,
        false,
        "Newest checkpoints that are kept, beside those that were the best and the last of phase 1; 0 keeps all.",
        |c, _| c.keep_checkpoints as f64,
        |c, v| c.keep_checkpoints = v.round() as u64
    ),
];

/// All settings by group.
pub const GROUPS: &[Group] = &[
    Group {
        name: "Stages and helps",
        open: true,
        fields: STAGES,
    },
    Group {
        name: "Stops and targets",
        open: false,
        fields: STOPS,
    },
    Group {
        name: "Costs and account",
        open: false,
        fields: COSTS,
    },
    Group {
        name: "Reward",
        open: false,
        fields: REWARD,
    },
    Group {
        name: "Learner, phase 1",
        open: false,
        fields: LEARNER1,
    },
    Group {
        name: "Learner, phase 2",
        open: false,
        fields: LEARNER2,
    },
    Group {
        name: "Network",
        open: false,
        fields: NETWORK,
    },
    Group {
        name: "Run",
        open: false,
        fields: RUN,
    },
];

/// Fields of a group that differ from a reference.
pub fn changed(
    group: &Group,
    config: &RunConfig,
    reference: &RunConfig,
    instrument: &Instrument,
) -> usize {
    group
        .fields
        .iter()
        .filter(|f| (f.get)(config, instrument) != (f.get)(reference, instrument))
        .count()
}

const POINTS: u64 = 240;

fn sample(mut f: impl FnMut(f64) -> f64) -> Arc<Curve> {
    Arc::new(Curve::new(
        (0..=POINTS)
            .map(|i| i as f64 / POINTS as f64)
            .map(|p| [p, f(p)])
            .collect(),
    ))
}

/// The schedules of a phase over its progress, with those of a reference as ghosts.
pub fn schedules(
    config: &RunConfig,
    reference: &RunConfig,
    phase: Phase,
    instrument: &Instrument,
) -> Chart {
    let own = |c: &RunConfig| c.sim.commission_per_side.unwrap_or(instrument.commission);
    let state = |c: &RunConfig, p: f64| c.curriculum.state(phase, own(c), p);
    let help = |c: &RunConfig, pick: fn(&CurriculumState) -> f64| sample(|p| pick(&state(c, p)));
    let settings = |c: &RunConfig| {
        let learner = if phase == Phase::Entries {
            &c.phase1
        } else {
            &c.phase2
        };
        c.train_config(phase, learner, instrument)
    };
    let learner = |c: &RunConfig, pick: &dyn Fn(&holdout_learn::TrainConfig, u64) -> f64| {
        let t = settings(c);
        let total = t.planned_steps() as f64;
        sample(|p| pick(&t, (p * total) as u64))
    };
    let pair = |name: &str, ink: Ink, pick: fn(&CurriculumState) -> f64| {
        vec![
            Series::dashed("Preset", Ink::Grey, help(reference, pick)),
            Series::line(name, ink, help(config, pick)),
        ]
    };
    let mut panels = Vec::new();
    if phase == Phase::Management {
        panels.push(
            Panel::new(
                Axis::new("Forced positions (share of episodes)", Unit::Percent),
                pair("Forced positions", Ink::Purple, |s| s.forced_share),
            )
            .include(0.0),
        );
    }
    let mut bonuses = pair("Entry bonus", Ink::Orange, |s| s.entry_bonus.dollars());
    if phase == Phase::Management {
        bonuses.extend(pair("Management bonus", Ink::Green, |s| {
            s.management_bonus.dollars()
        }));
    }
    panels.push(Panel::new(Axis::new("Bonus (USD per event)", Unit::Usd), bonuses).include(0.0));
    panels.push(
        Panel::new(
            Axis::new("Commission (USD per side)", Unit::Usd),
            pair("Commission", Ink::Vermilion, |s| {
                s.commission_per_side.dollars()
            }),
        )
        .include(0.0),
    );
    let both = |name: &str, ink: Ink, pick: &dyn Fn(&holdout_learn::TrainConfig, u64) -> f64| {
        vec![
            Series::dashed("Preset", Ink::Grey, learner(reference, pick)),
            Series::line(name, ink, learner(config, pick)),
        ]
    };
    panels.push(
        Panel::new(
            Axis::new("Learning rate", Unit::Plain),
            both("Learning rate", Ink::Sky, &|t, s| t.learning_rate(s)),
        )
        .include(0.0),
    );
    panels.push(
        Panel::new(
            Axis::new("Entropy weight", Unit::Plain),
            both("Entropy", Ink::Blue, &|t, s| t.entropy_coef(s)),
        )
        .include(0.0),
    );
    let title = if phase == Phase::Entries {
        "Phase 1: entries"
    } else {
        "Phase 2: position management"
    };
    let mut chart = Chart::new(
        title,
        Axis::new("Progress of the phase", Unit::Percent),
        panels,
    );
    let m = &config.curriculum.management;
    if phase == Phase::Management {
        let span = |name: &str, from: f64, to: f64, ink| Span {
            name: name.to_owned(),
            from,
            to,
            ink,
        };
        chart.spans = vec![
            span("2A Boot Camp", 0.0, m.boot_camp_end, Ink::Orange),
            span(
                "2B Intermediate",
                m.boot_camp_end,
                m.production_start,
                Ink::Sky,
            ),
            span("2C Production", m.production_start, 1.0, Ink::Green),
        ];
    }
    chart
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdout_core::market::Instruments;

    fn nq() -> Instrument {
        Instruments::builtin().get("NQ").unwrap().clone()
    }

    #[test]
    fn every_setting_reads_back_what_was_written() {
        for group in GROUPS {
            for field in group.fields {
                let mut config = RunConfig::default();
                let [lo, hi] = field.range;
                let middle = if field.decimals == 0 {
                    ((lo + hi) / 2.0).round()
                } else {
                    (lo + hi) / 2.0
                };
                (field.set)(&mut config, middle);
                let back = (field.get)(&config, &nq());
                assert!(
                    (back - middle).abs() < 1e-4 * middle.abs().max(1.0),
                    "{}: wrote {middle}, read {back}",
                    field.path
                );
            }
        }
    }

    #[test]
    fn defaults_lie_inside_the_sliders() {
        let config = RunConfig::default();
        for field in GROUPS.iter().flat_map(|g| g.fields) {
            let v = (field.get)(&config, &nq());
            assert!(
                v >= field.range[0] && v <= field.range[1],
                "{} is {v}, outside {:?}",
                field.path,
                field.range
            );
        }
    }

    #[test]
    fn the_drawn_schedule_is_the_one_that_training_asks() {
        let mut config = RunConfig::default();
        config.curriculum.management.forced_share = 0.8;
        let chart = schedules(&config, &RunConfig::default(), Phase::Management, &nq());
        let crate::report::Mark::Line { curve, .. } = &chart.panels[0].series[1].mark else {
            panic!("a line")
        };
        for p in [0.0, 0.1, 0.35, 0.6, 0.9] {
            let own = nq().commission;
            let asked = config
                .curriculum
                .state(Phase::Management, own, p)
                .forced_share;
            assert!((curve.at(p + 1e-9).unwrap() - asked).abs() < 0.01, "at {p}");
        }
        assert_eq!(chart.spans.len(), 3);
    }
}
