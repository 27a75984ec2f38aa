//! A made-up market, a plan, what was learned on the first part of it and what that did on the rest.

use std::cell::Cell;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::bail;
use holdout_core::compliance::TrailingFloor;
use holdout_core::features::FeatureSet;
use holdout_core::market::split::Part;
use holdout_core::market::{Bars, Instruments};
use holdout_core::sim::{Action, Ledger, Phase, replay};
use holdout_core::synth::MarketRecipe;
use holdout_core::units::Usd;
use holdout_learn::{Command, Control, DeviceChoice, NetworkConfig, Policy, Start, train};

use crate::arena::{Arena, MarketEnv};
use crate::config::{PhaseConfig, RunConfig};
use crate::dataset::Dataset;
use crate::jobs::StopFlag;
use crate::jobs::train::problems_to_error;

/// A market of a recipe over some days of 2024.
pub(super) fn market(recipe: &str, seed: u64, first: &str, last: &str) -> anyhow::Result<Bars> {
    let recipe = MarketRecipe::preset(recipe, "NQ", seed)?;
    let day = |text: &str| {
        text.parse()
            .map_err(|e| anyhow::anyhow!("{text} is no day: {e}"))
    };
    Ok(recipe.over(day(first)?, day(last)?).generate()?)
}

/// A run of phase 1 with a small network, no help, real costs, and an account that lasts: what is
/// tried is the learner, not the drawdown limit.
pub(super) fn config(seed: u64, steps: u64) -> RunConfig {
    let mut c = RunConfig {
        seed,
        device: DeviceChoice::Cpu,
        eval_every: 0,
        checkpoint_every: 0,
        network: NetworkConfig {
            trunk: vec![64, 64],
            head: 32,
            layer_norm: true,
        },
        ..RunConfig::default()
    };
    c.curriculum.enabled = false;
    c.sim.start_balance = Usd::whole(1_000_000);
    c.sim.drawdown_limit = Usd::whole(1_000_000);
    let phase = |steps| {
        let mut p = PhaseConfig {
            steps,
            envs: 64,
            rollout: 64,
            ..PhaseConfig::default()
        };
        p.ppo.learning_rate = Some(1e-3);
        p
    };
    c.phase1 = phase(steps);
    c.phase2 = phase(0);
    c
}

/// The market made ready for a plan, with features of its own choice.
pub(super) fn arena(
    bars: Bars,
    config: &RunConfig,
    features: &FeatureSet,
) -> anyhow::Result<Arena> {
    let instrument = Instruments::builtin().get(&bars.instrument.symbol)?.clone();
    let plan = config.plan(&instrument).map_err(problems_to_error)?;
    Arena::with_features(plan, Dataset::made_up("self-test", bars), features)
}

/// Stops when asked, or when its time is up.
struct Within<'a> {
    stop: &'a StopFlag,
    begun: Instant,
    limit: Duration,
    updates: Cell<u64>,
}

impl Control for Within<'_> {
    fn poll(&self) -> Command {
        self.updates.set(self.updates.get() + 1);
        if self.stop.checkpoint() || self.begun.elapsed() > self.limit {
            Command::Stop
        } else {
            Command::Continue
        }
    }
}

/// What training gave.
pub(super) struct Learned {
    pub(super) policy: Policy,
    /// The checkpoint, for the next phase.
    pub(super) checkpoint: Vec<u8>,
    pub(super) steps: u64,
    pub(super) seconds: f64,
}

/// Trains a phase in memory, at most for so long.
pub(super) fn learn(
    arena: &Arena,
    phase: Phase,
    start: Start<'_>,
    stop: &StopFlag,
    limit: Duration,
) -> anyhow::Result<Learned> {
    let config = match phase {
        Phase::Entries => &arena.plan.train1,
        Phase::Management => &arena.plan.train2,
    };
    let mut env = MarketEnv::new(arena, phase)?;
    let control = Within {
        stop,
        begun: Instant::now(),
        limit,
        updates: Cell::new(0),
    };
    let outcome = train(config, &mut env, start, &control, &mut |_| Ok(()))?;
    if stop.is_stopped() {
        bail!("the self-test was stopped");
    }
    Ok(Learned {
        policy: Policy::load(&outcome.last.weights)?,
        checkpoint: outcome.last.weights,
        steps: outcome.step,
        seconds: control.begun.elapsed().as_secs_f64(),
    })
}

/// Bars that training never saw: validation and test together, which are made up here.
pub(super) fn unseen(arena: &Arena) -> Range<usize> {
    arena.range(Part::Validation).start..arena.range(Part::Test).end
}

/// What a rule does on the unseen bars: 1 buys, -1 sells, 0 waits; stops and targets as usual.
pub(super) fn follow(arena: &Arena, rule: impl Fn(usize) -> i32) -> Ledger {
    let sim = arena.evaluation_plan(Phase::Entries);
    let referee = TrailingFloor::from_settings(&sim.settings);
    replay(&arena.tape, &sim, referee, unseen(arena), |m| {
        match rule(m.bar) {
            1 if m.mask.allows(Action::Buy) => Action::Buy,
            -1 if m.mask.allows(Action::Sell) => Action::Sell,
            _ => Action::Hold,
        }
    })
}

/// Net P&L of a ledger in dollars.
pub(super) fn net_usd(ledger: &Ledger) -> f64 {
    (ledger.final_balance() - ledger.start_balance).dollars()
}
