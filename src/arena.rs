//! A data set made ready for a plan: tape, features, split, and who may look at which bars.

use std::ops::Range;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use holdout_core::compliance::TrailingFloor;
use holdout_core::features::FeatureMatrix;
use holdout_core::market::split::Part;
use holdout_core::market::{Bars, Split};
use holdout_core::sim::env::EnvPlan;
use holdout_core::sim::{BatchEnv, Ledger, Phase, SimPlan, Tape, replay};
use holdout_core::sim::observation::{N_ACCOUNT, observe_account};
use holdout_core::sim::Action;
use holdout_learn::env::FeatureTable;
use holdout_learn::policy::Policy;

use crate::config::RunPlan;
use crate::dataset::Dataset;

/// Everything that training and evaluation of one plan on one data set share.
#[derive(Clone, Debug)]
pub struct Arena {
    /// The plan.
    pub plan: Arc<RunPlan>,
    /// The market.
    pub dataset: Dataset,
    /// Bars under the plan's interval.
    pub bars: Arc<Bars>,
    /// Evaluation tape: real settings.
    pub tape: Arc<Tape>,
    /// Scaled features of all bars.
    pub matrix: Arc<FeatureMatrix>,
    /// The same rows as the learner wants them.
    pub table: Arc<FeatureTable>,
    /// Days of the three parts.
    pub split: Split,
}

impl Arena {
    /// Prepares a data set. Indicators run over the whole file; every value looks back only.
    ///
    /// # Errors
    /// When the data are of another market than planned, or cannot be split.
    pub fn new(plan: RunPlan, dataset: Dataset) -> anyhow::Result<Self> {
        let found = dataset.market();
        if found != plan.instrument.symbol {
            bail!("the data are of market {found}, the run is for {}", plan.instrument.symbol);
        }
        let mut bars = dataset.bars.clone();
        if let Some(secs) = plan.config.sim.interval_seconds {
            Arc::make_mut(&mut bars).interval_secs = secs;
        }
        let tape = Arc::new(Tape::new(bars.clone(), &plan.sim));
        let matrix = FeatureMatrix::compute(&bars, &tape.sessions, plan.sim.flat_by);
        let split = Split::by_ratio(&tape.sessions, plan.config.split).context("failed to split the data")?;
        let table = FeatureTable { n_features: matrix.n_features, data: matrix.data.clone() };
        Ok(Self { plan: Arc::new(plan), dataset, bars, tape, matrix: Arc::new(matrix), table: Arc::new(table), split })
    }

    /// Bars of a part of the split.
    pub fn range(&self, part: Part) -> Range<usize> {
        self.split.bars(&self.tape.sessions, part)
    }

    /// Training environments of a phase.
    ///
    /// # Errors
    /// When no bar of the training part allows an entry.
    pub fn environments(&self, phase: Phase) -> anyhow::Result<BatchEnv<TrailingFloor>> {
        let (sim, train) = match phase {
            Phase::Entries => (&self.plan.sim1, &self.plan.train1),
            Phase::Management => (&self.plan.sim, &self.plan.train2),
        };
        // The masks of a tape do not depend on the drawdown limit, so one tape serves both phases.
        let referee = TrailingFloor::from_settings(&sim.settings);
        let envs = EnvPlan::new(sim.clone(), self.tape.clone(), referee, self.range(Part::Train), self.matrix.first_ready)?;
        let start = train.curriculum.state(phase, train.own_commission, 0.0);
        Ok(BatchEnv::new(envs, start, train.n_envs, train.seed))
    }

    /// The simulator of an evaluation of a policy of a phase: real limit and costs.
    pub fn evaluation_plan(&self, phase: Phase) -> SimPlan {
        let mut sim = self.plan.sim.clone();
        sim.settings.phase = sim.settings.phase.min(phase.number());
        sim
    }

    /// One account, every bar of `range` once, greedy decisions. `watch` sees each choice that was made.
    pub fn evaluate(&self, policy: &Policy, phase: Phase, range: Range<usize>, watch: &mut dyn FnMut(usize, &[f32], f32)) -> Ledger {
        let sim = self.evaluation_plan(phase);
        let mut account = [0.0_f32; N_ACCOUNT];
        replay(&self.tape, &sim, TrailingFloor::from_settings(&sim.settings), range, |m| {
            // Where HOLD is the only choice there is nothing to ask, and before the first full window nothing to see.
            if m.mask.count() == 1 || m.bar < self.matrix.first_ready {
                return Action::Hold;
            }
            observe_account(m.account, m.mask, &self.tape.rows[m.bar], m.bar, &sim, &mut account);
            let decided = policy.greedy(&self.table, &[m.bar as u32], &account, &[m.mask.0]);
            watch(m.bar, &decided.probs, decided.values[0]);
            Action::from_index(decided.actions[0] as usize)
        })
    }
}
