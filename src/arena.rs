//! A data set made ready for a plan: tape, features, split, and who may look at which bars.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use holdout_core::compliance::TrailingFloor;
use holdout_core::features::{FeatureMatrix, FeatureSet};
use holdout_core::market::split::Part;
use holdout_core::market::{Bars, SessionDay, Split};
use holdout_core::metrics::TearsheetSettings;
use holdout_core::sim::env::EnvPlan;
use holdout_core::sim::observation::N_ACCOUNT;
use holdout_core::sim::{
    Action, BatchEnv, CurriculumState, Ledger, Moment, Phase, SameBar, SimPlan, StepOut, Tape,
    replay, replay_renewed,
};
use holdout_learn::{FeatureTable, ObsShape, Policy, VecEnv};

use crate::config::{RunPlan, problems_to_error};
use crate::dataset::Dataset;
use crate::ensemble::{Decider, Single};
use crate::lookahead::Lookahead;

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
    /// When the data are of another market than planned, or cannot be split, or the finer bars that
    /// the plan names do not fit them.
    pub fn new(plan: RunPlan, dataset: Dataset) -> anyhow::Result<Self> {
        Self::with_features(plan, dataset, &FeatureSet::default())
    }

    /// [`Arena::new`] with other features than the standard ones: for the self-test alone.
    ///
    /// # Errors
    /// As [`Arena::new`].
    pub fn with_features(
        plan: RunPlan,
        dataset: Dataset,
        features: &FeatureSet,
    ) -> anyhow::Result<Self> {
        let found = dataset.market();
        if found != plan.instrument.symbol {
            bail!(
                "the data are of market {found}, the run is for {}",
                plan.instrument.symbol
            );
        }
        let mut bars = dataset.bars.clone();
        if let Some(secs) = plan.config.sim.interval_seconds {
            Arc::make_mut(&mut bars).interval_secs = secs;
        }
        let finer = match (&plan.config.finer, plan.sim.settings.same_bar) {
            (Some(path), SameBar::FinerBars) => Some(Arc::new(dataset.finer_bars(&bars, path)?)),
            _ => None,
        };
        let tape = Arc::new(Tape::new(bars.clone(), &plan.sim).with_finer(finer));
        let matrix = FeatureMatrix::compute_set(&bars, &tape.sessions, plan.sim.flat_by, features);
        let split = Split::by_ratio(&tape.sessions, plan.config.split)
            .context("failed to split the data")?;
        let table = FeatureTable {
            n_features: matrix.n_features,
            data: matrix.data.clone(),
        };
        Ok(Self {
            plan: Arc::new(plan),
            dataset,
            bars,
            tape,
            matrix: Arc::new(matrix),
            table: Arc::new(table),
            split,
        })
    }

    /// The same configuration on another data set, whose market may differ, with the finer bars
    /// inside that one, if there are any.
    ///
    /// # Errors
    /// When the configuration does not fit that market, or its data cannot be split.
    pub fn elsewhere(&self, dataset: Dataset, finer: Option<PathBuf>) -> anyhow::Result<Self> {
        self.under(self.plan.config.sim.same_bar, dataset, finer)
    }

    /// The same, but the stop comes first where the run asks finer bars and this market has none.
    ///
    /// # Errors
    /// As [`Self::elsewhere`].
    pub fn other_market(&self, dataset: Dataset, finer: Option<PathBuf>) -> anyhow::Result<Self> {
        let same_bar = match (&finer, self.plan.config.sim.same_bar) {
            (None, SameBar::FinerBars) => SameBar::StopFirst,
            (_, asked) => asked,
        };
        self.under(same_bar, dataset, finer)
    }

    /// The same configuration on another data set but for what comes first in a bar.
    fn under(
        &self,
        same_bar: SameBar,
        dataset: Dataset,
        finer: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        let mut config = self.plan.config.clone();
        if let Some(file) = finer.as_ref().filter(|_| same_bar != SameBar::FinerBars) {
            bail!(
                "the finer bars {} would not be used: sim.same_bar of this run is not finer_bars; leave them out",
                file.display()
            );
        }
        (config.sim.same_bar, config.finer) = (same_bar, finer);
        let plan = config
            .plan(&dataset.bars.instrument)
            .map_err(problems_to_error)?;
        Self::new(plan, dataset)
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
        let envs = EnvPlan::new(
            sim.clone(),
            self.tape.clone(),
            referee,
            self.range(Part::Train),
            self.matrix.first_ready,
        )?;
        let start = train.curriculum.state(phase, train.own_commission, 0.0);
        Ok(BatchEnv::new(envs, start, train.n_envs, train.seed))
    }

    /// The simulator of an evaluation of a policy of a phase: real limit and costs.
    pub fn evaluation_plan(&self, phase: Phase) -> SimPlan {
        let mut sim = self.plan.sim.clone();
        sim.settings.phase = sim.settings.phase.min(phase.number());
        sim
    }

    /// What figures of accounts on this market are computed with: days are those of the calendar
    /// that they were played under.
    pub fn figures(&self) -> TearsheetSettings {
        TearsheetSettings {
            calendar: self.plan.sim.calendar.clone(),
            ..TearsheetSettings::default()
        }
    }

    /// Whether a policy reads the observation that this data set gives.
    ///
    /// # Errors
    /// When it does not; the message names both layouts.
    pub fn fits(&self, policy: &Policy) -> anyhow::Result<()> {
        let expected = self.matrix.layout.layout_hash();
        if policy.layout_hash() != expected {
            bail!(
                "the checkpoint reads another observation (layout {}) than these data give (layout {expected}); evaluate it with the version that trained it",
                policy.layout_hash()
            );
        }
        Ok(())
    }

    /// One account, every bar of `range` once, greedy decisions.
    ///
    /// # Errors
    /// When the policy reads another observation than this data set gives.
    pub fn evaluate(
        &self,
        policy: &Policy,
        phase: Phase,
        range: Range<usize>,
    ) -> anyhow::Result<Ledger> {
        self.fits(policy)?;
        self.play(&mut Single::new(policy, &self.table), phase, range)
    }

    /// One account, every bar of `range` once, as a decider decides.
    ///
    /// # Errors
    /// When the decider fails.
    pub fn play(
        &self,
        decider: &mut dyn Decider,
        phase: Phase,
        range: Range<usize>,
    ) -> anyhow::Result<Ledger> {
        let end = range.end;
        self.run_accounts(decider, phase, end, |sim, referee, decide| {
            replay(&self.tape, sim, referee, range, decide)
        })
    }

    /// The fresh accounts that follow `first` through what is left of `range`, as a decider decides:
    /// none where it was not lost.
    ///
    /// # Errors
    /// When the decider fails.
    pub fn renewals(
        &self,
        decider: &mut dyn Decider,
        phase: Phase,
        range: Range<usize>,
        first: &Ledger,
    ) -> anyhow::Result<Vec<Ledger>> {
        let Some(lost) = first.lost() else {
            return Ok(Vec::new());
        };
        let days = &self.tape.sessions.days;
        let begins = |d: &&SessionDay| self.bars.open_time[d.first] > lost;
        let Some(next) = days.iter().find(begins).filter(|d| d.first < range.end) else {
            return Ok(Vec::new());
        };
        let left = next.first..range.end;
        let end = range.end;
        self.run_accounts(decider, phase, end, |sim, referee, decide| {
            replay_renewed(&self.tape, sim, referee, left, decide)
        })
    }

    /// Answers what `play` asks, up to the bar `end`, by a decider that may fail.
    fn run_accounts<T>(
        &self,
        decider: &mut dyn Decider,
        phase: Phase,
        end: usize,
        play: impl FnOnce(
            &SimPlan,
            TrailingFloor,
            &mut dyn FnMut(&Moment<'_, TrailingFloor>) -> Action,
        ) -> T,
    ) -> anyhow::Result<T> {
        let sim = self.evaluation_plan(phase);
        let first_ready = self.matrix.first_ready;
        let mut ahead = Lookahead::new(&self.tape, &sim, first_ready, end, decider);
        let mut failed = None;
        let referee = TrailingFloor::from_settings(&sim.settings);
        let played = play(&sim, referee, &mut |m| {
            if failed.is_some() {
                return Action::Hold;
            }
            ahead.decide(m).unwrap_or_else(|e| {
                failed = Some(e);
                Action::Hold
            })
        });
        match failed {
            None => Ok(played),
            Some(e) => Err(e),
        }
    }
}

/// The batched simulator as the learner's world.
pub struct MarketEnv<'a> {
    batch: BatchEnv<TrailingFloor>,
    arena: &'a Arena,
}

impl<'a> MarketEnv<'a> {
    /// Training environments of a phase.
    ///
    /// # Errors
    /// When no bar of the training part allows an entry.
    pub fn new(arena: &'a Arena, phase: Phase) -> anyhow::Result<Self> {
        Ok(Self {
            batch: arena.environments(phase)?,
            arena,
        })
    }
}

impl VecEnv for MarketEnv<'_> {
    fn n_envs(&self) -> usize {
        self.batch.n_envs()
    }

    fn layout(&self) -> ObsShape {
        let l = &self.arena.matrix.layout;
        ObsShape {
            window: l.window,
            n_features: self.arena.matrix.n_features,
            n_account: N_ACCOUNT,
        }
    }

    fn layout_hash(&self) -> String {
        self.arena.matrix.layout.layout_hash()
    }

    fn features(&self) -> Arc<FeatureTable> {
        self.arena.table.clone()
    }

    fn observe(&self, envs: Range<usize>, bars: &mut [u32], account: &mut [f32], masks: &mut [u8]) {
        self.batch.observe(envs, bars, account, masks);
    }

    fn step(&mut self, envs: Range<usize>, actions: &[u8], out: &mut StepOut) {
        self.batch.step(envs, actions, out);
    }

    fn set_curriculum(&mut self, state: &CurriculumState) {
        self.batch.set_curriculum(state);
    }

    fn save_state(&self) -> Vec<u8> {
        self.batch.save_state().unwrap_or_default()
    }

    fn load_state(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.batch.load_state(bytes).map_err(|e| e.to_string())
    }
}
