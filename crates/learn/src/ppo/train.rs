//! The loop: roll out, estimate advantages, optimise, tell.
//!
//! One update reads from top to bottom in [`train_on`]; everything that is not the algorithm
//! leaves through events. No file is opened here.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use holdout_core::rng::Stream;
use holdout_core::sim::{CurriculumState, N_ACTIONS};

use super::config::TrainConfig;
use super::diagnostics::{ActionCounts, EpochFigures, RunningEpisodes, UpdateCoefs};
use super::dump;
use super::engine::{Engine, Inference};
use super::gae::{GaeInput, gae};
use super::record::{Times, record};
use super::rollout::Rollout;
use super::{Adam, BurnEngine, CpuEngine};
use crate::adjuster::{Adjuster, WINDOW, Watched};
use crate::checkpoint::{Checkpoint, Meta};
use crate::device::{Compute, DeviceChoice, DeviceError, Resolved};
use crate::env::{FeatureTable, ObsShape, StepOut, StepTotals, VecEnv};
use crate::event::{CheckpointData, Command, Control, Event, Outcome, TrainError, UpdateRecord};
use crate::policy::Policy;
use crate::policy::distribution::MaskedCategorical;
use crate::policy::normalizer::{CompactObs, Normalizer, Scaling};
use crate::policy::params::{Architecture, Layout, Params};

/// What a run starts from.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// Random weights.
    Scratch,
    /// All of a phase 1 checkpoint, with fresh rows for the actions that phase 1 never took.
    Transfer(&'a [u8]),
    /// The middle of the same run.
    Resume(&'a [u8]),
}

/// Trains on the device that the settings name, and tells through `on_event`.
///
/// # Errors
/// Settings, checkpoint or environment that do not fit, a number that is not finite, a device
/// that stopped, or an event that could not be delivered.
pub fn train(
    config: &TrainConfig,
    env: &mut dyn VecEnv,
    start: Start<'_>,
    control: &dyn Control,
    on_event: &mut dyn FnMut(Event<'_>) -> Result<(), String>,
) -> Result<Outcome, TrainError> {
    config.check().map_err(TrainError::Config)?;
    let resolved = config.device.resolve()?;
    train_where_it_can(config, &resolved, env, start, control, on_event)
}

/// Trains on the device that was found, or on the processor where `auto` found one that fails.
pub(super) fn train_where_it_can(
    config: &TrainConfig,
    resolved: &Resolved,
    env: &mut dyn VecEnv,
    start: Start<'_>,
    control: &dyn Control,
    on_event: &mut dyn FnMut(Event<'_>) -> Result<(), String>,
) -> Result<Outcome, TrainError> {
    on_event(Event::Log(format!("device {}", resolved.reason))).map_err(TrainError::Receiver)?;
    let compute = &resolved.compute;
    match train_on(config, compute, env, start, control, on_event) {
        // Found out before anything was trained: who left the choice open is not stopped by it.
        Err(TrainError::Device(refused @ DeviceError::Refused { .. }))
            if config.device == DeviceChoice::Auto =>
        {
            let text = format!("device cpu, not {}: {refused}", resolved.name);
            on_event(Event::Log(text)).map_err(TrainError::Receiver)?;
            train_on(config, &Compute::Cpu, env, start, control, on_event)
        }
        done => done,
    }
}

/// [`train`] on a device that is already chosen.
///
/// # Errors
/// As [`train`].
pub fn train_on(
    config: &TrainConfig,
    compute: &Compute,
    env: &mut dyn VecEnv,
    start: Start<'_>,
    control: &dyn Control,
    on_event: &mut dyn FnMut(Event<'_>) -> Result<(), String>,
) -> Result<Outcome, TrainError> {
    config.check().map_err(TrainError::Config)?;
    let mut tell = |event: Event<'_>| on_event(event).map_err(TrainError::Receiver);
    let mut run = Run::begin(config, compute, env, start)?;
    let planned_updates = config.planned_updates();
    let mut stopped = false;

    while run.update < planned_updates {
        match control.poll() {
            Command::Continue => {}
            Command::Pause => {
                tell(Event::Paused(true))?;
                control.wait();
                tell(Event::Paused(false))?;
                continue;
            }
            Command::Stop => {
                stopped = true;
                break;
            }
        }
        let begun = Instant::now();
        let curriculum = run.adjuster.knobs().on(run.curriculum());
        run.env.set_curriculum(&curriculum);

        run.update += 1;
        run.step += config.steps_per_update();
        let (totals, counts, env_time) = run.roll_out()?;
        let rolled_out = begun.elapsed();
        let knobs = run.adjuster.knobs();
        let coefs = UpdateCoefs::at(config, run.step, &knobs);

        run.estimate_advantages();
        let (figures, epochs) = run.learn(&coefs)?;
        run.learn_normalizer();

        let times = Times {
            env: env_time,
            rolled_out,
            all: begun.elapsed(),
        };
        let record = record(
            &mut run,
            &coefs,
            &figures,
            epochs,
            (&totals, &counts),
            &times,
            (curriculum, knobs),
        );
        tell_update(&mut run, record, &mut tell)?;
        let last = run.update == planned_updates;
        let every = |n: u64| n > 0 && run.update % n == 0;
        let mut keep = false;
        if every(config.eval_every) || (last && config.eval_every > 0) {
            let policy = run.policy()?;
            tell(Event::EvalDue {
                step: run.step,
                update: run.update,
                policy: &policy,
                keep: &mut keep,
            })?;
        }
        let new_stage = run.curriculum().stage != curriculum.stage;
        if !last && (keep || new_stage || every(config.checkpoint_every)) {
            tell(Event::Checkpoint(run.checkpoint()?))?;
        }
    }

    let last = run.checkpoint()?;
    tell(Event::Checkpoint(last.clone()))?;
    Ok(Outcome {
        step: run.step,
        update: run.update,
        stopped,
        last,
    })
}

/// Tells what was done in an update, and what of it needs attention.
fn tell_update(
    run: &mut Run<'_>,
    record: UpdateRecord,
    tell: &mut impl FnMut(Event<'_>) -> Result<(), TrainError>,
) -> Result<(), TrainError> {
    let config = run.config;
    let Watched {
        adjustments,
        hold_trap,
    } = run
        .adjuster
        .watch(config.adjuster, &record, config.ppo.target_kl);
    tell(Event::Update(Box::new(record)))?;
    let (step, update) = (run.step, run.update);
    for adjustment in adjustments {
        tell(Event::Adjustment {
            step,
            update,
            adjustment,
        })?;
    }
    if let Some(held) = hold_trap {
        let text = format!(
            "HOLD trap: HOLD took {:.0}% of the free choices in the last {WINDOW} updates",
            100.0 * held
        );
        tell(Event::Alarm { step, text })?;
    }
    Ok(())
}

/// A run between two updates.
pub(crate) struct Run<'a> {
    pub(crate) config: &'a TrainConfig,
    pub(crate) env: &'a mut dyn VecEnv,
    pub(crate) engine: Engine,
    pub(crate) rollout: Rollout,
    pub(crate) episodes: RunningEpisodes,
    pub(crate) update: u64,
    pub(crate) step: u64,
    pub(crate) last_kl: f64,
    shape: ObsShape,
    features: Arc<FeatureTable>,
    pub(crate) normalizer: Normalizer,
    scaling: Scaling,
    sampling: Stream,
    shuffling: Stream,
    adjuster: Adjuster,
    order: Vec<u32>,
    logits: Vec<f32>,
    out: StepOut,
    /// Environments that are stepped together, one group after the other.
    pub(crate) groups: Vec<Range<usize>>,
    optimizer_steps: u64,
}

/// What a rollout did, and how long its environments took.
#[derive(Default)]
struct RolledOut {
    totals: StepTotals,
    counts: ActionCounts,
    env_time: Duration,
}

impl<'a> Run<'a> {
    pub(super) fn begin(
        config: &'a TrainConfig,
        compute: &Compute,
        env: &'a mut dyn VecEnv,
        start: Start<'_>,
    ) -> Result<Self, TrainError> {
        let shape = env.layout();
        let n_envs = env.n_envs();
        let features = env.features();
        if n_envs != config.n_envs {
            return Err(TrainError::Environment(format!(
                "it has {n_envs} environments, the settings say {}",
                config.n_envs
            )));
        }
        if features.n_features != shape.n_features || shape.obs_len() == 0 {
            return Err(TrainError::Environment(format!(
                "its table has {} features, its layout {}",
                features.n_features, shape.n_features
            )));
        }
        if let Some(i) = features.data.iter().position(|x| !x.is_finite()) {
            return Err(TrainError::Environment(format!(
                "feature {} of bar {} is {}, expected a finite number",
                i % features.n_features,
                i / features.n_features,
                features.data[i]
            )));
        }
        let layout = Arc::new(Layout::new(shape.obs_len(), &config.network));
        let mut params = Params::orthogonal(layout.clone(), config.seed);
        let mut adam = Adam::new(layout.len);
        let mut normalizer = Normalizer::new(shape.obs_len());
        let mut episodes = RunningEpisodes::new(n_envs);
        let mut sampling = Stream::new(config.seed, "sampling", 0);
        let mut shuffling = Stream::new(config.seed, "shuffling", 0);
        let (mut update, mut step, mut adjuster) = (0, 0, Adjuster::default());
        match start {
            Start::Scratch => {}
            Start::Transfer(bytes) => {
                let from = Self::fitting(config, shape, env, bytes)?;
                params = from.params;
                params.refresh_actions(3, config.seed);
                normalizer = from.normalizer;
            }
            Start::Resume(bytes) => {
                let from = Self::fitting(config, shape, env, bytes)?;
                Self::same_run(config, &from.meta)?;
                env.load_state(&from.env_state)
                    .map_err(TrainError::Environment)?;
                (params, adam, normalizer, episodes) =
                    (from.params, from.adam, from.normalizer, from.episodes);
                (sampling, shuffling) = (from.meta.sampling, from.meta.shuffling);
                (update, step, adjuster) = (from.meta.update, from.meta.step, from.meta.adjuster);
            }
        }
        let optimizer_steps = adam.steps;
        let engine = match compute {
            Compute::Cpu => Engine::Cpu(Box::new(CpuEngine::new(params, adam, shape))),
            Compute::Burn(device) => {
                let engine = BurnEngine::new(&params, &adam, shape, &features, device);
                Engine::Burn(Box::new(
                    engine.map_err(|reason| DeviceError::Refused { reason })?,
                ))
            }
        };
        let rollout = Rollout::new(n_envs, config.rollout, shape);
        Ok(Self {
            order: (0..rollout.len() as u32).collect(),
            scaling: normalizer.scaling(),
            logits: vec![0.0; n_envs * N_ACTIONS],
            out: StepOut::new(n_envs),
            groups: engine.groups(n_envs),
            last_kl: 0.0,
            config,
            env,
            engine,
            rollout,
            episodes,
            update,
            step,
            shape,
            features,
            normalizer,
            sampling,
            shuffling,
            adjuster,
            optimizer_steps,
        })
    }

    /// Reads a checkpoint and refuses one of another network or observation.
    fn fitting(
        config: &TrainConfig,
        shape: ObsShape,
        env: &dyn VecEnv,
        bytes: &[u8],
    ) -> Result<Checkpoint, TrainError> {
        let from = Checkpoint::read(bytes)?;
        from.expect_layout(&env.layout_hash())?;
        let expected = Architecture {
            obs: shape,
            network: config.network.clone(),
        };
        if from.meta.architecture != expected {
            return Err(TrainError::Mismatch {
                what: "the network",
                found: format!("{:?}", from.meta.architecture),
                expected: format!("{expected:?}"),
                hint: "set [network] as in the checkpoint",
            });
        }
        Ok(from)
    }

    fn same_run(config: &TrainConfig, meta: &Meta) -> Result<(), TrainError> {
        let differs = |what, found: String, expected: String, hint| {
            Err(TrainError::Mismatch {
                what,
                found,
                expected,
                hint,
            })
        };
        let (old, new) = (&meta.config, config);
        if old.phase != new.phase {
            return differs(
                "the phase",
                old.phase.number().to_string(),
                new.phase.number().to_string(),
                "start phase 2 from it instead of resuming",
            );
        }
        let sizes = |c: &TrainConfig| format!("{} x {}", c.n_envs, c.rollout);
        if sizes(old) != sizes(new) {
            return differs(
                "environments x rollout",
                sizes(old),
                sizes(new),
                "a run goes on with the sizes it began with",
            );
        }
        Ok(())
    }

    fn lost(&self, reason: String) -> TrainError {
        TrainError::DeviceLost {
            update: self.update,
            reason,
        }
    }

    fn not_finite(&self, what: &'static str, figures: &EpochFigures) -> TrainError {
        let n = figures.minibatches as f64;
        TrainError::NotFinite {
            update: self.update,
            step: self.step,
            what,
            loss: figures.loss_sum / n,
            grad_norm: figures.grad_norm_sum / n,
            learning_rate: self.config.learning_rate(self.step),
            approx_kl: figures.approx_kl(),
            inputs: dump::inputs(self, what),
        }
    }

    fn curriculum(&self) -> CurriculumState {
        let config = self.config;
        config.curriculum.state(
            config.phase,
            config.own_commission,
            config.progress(self.step),
        )
    }

    /// Steps all environments through one rollout.
    ///
    /// Where a card decides, one group of environments is stepped while it works on the other.
    pub(super) fn roll_out(&mut self) -> Result<(StepTotals, ActionCounts, Duration), TrainError> {
        let groups = self.groups.clone();
        let mut done = RolledOut::default();
        let mut coming = Vec::with_capacity(groups.len());
        self.rollout.start();
        for group in &groups {
            coming.push(self.observe(0, group, &mut done)?);
        }
        for t in 0..self.config.rollout {
            for (group, coming) in groups.iter().zip(&mut coming) {
                self.decide(t, group, std::mem::take(coming), &mut done)?;
                self.step(t, group, &mut done)?;
                if t + 1 < self.config.rollout {
                    *coming = self.observe(t + 1, group, &mut done)?;
                }
            }
        }
        self.bootstrap()?;
        Ok((done.totals, done.counts, done.env_time))
    }

    /// Entries of a group of environments at step `t` of the rollout.
    fn entries(&self, t: usize, group: &Range<usize>) -> Range<usize> {
        let at = t * self.config.n_envs;
        at + group.start..at + group.end
    }

    /// Observes a group of environments and has the network begin with them.
    fn observe(
        &mut self,
        t: usize,
        group: &Range<usize>,
        done: &mut RolledOut,
    ) -> Result<Inference, TrainError> {
        let now = self.entries(t, group);
        let n_account = self.shape.n_account;
        let bars = &mut self.rollout.bars[now.clone()];
        let account = &mut self.rollout.account[now.start * n_account..now.end * n_account];
        let begun = Instant::now();
        let masks = &mut self.rollout.masks[now.clone()];
        self.env.observe(group.clone(), bars, account, masks);
        done.env_time += begun.elapsed();
        check_bars(bars, self.shape, &self.features)?;
        if !account.iter().all(|x| x.is_finite()) {
            return Err(self.not_finite("observation", &EpochFigures::default()));
        }
        let obs = CompactObs {
            shape: self.shape,
            features: &self.features,
            bars,
            account,
        };
        let logits = &mut self.logits[group.start * N_ACTIONS..group.end * N_ACTIONS];
        let values = &mut self.rollout.values[now];
        let begun = self.engine.begin(obs, &self.scaling, logits, values);
        begun.map_err(|reason| self.lost(reason))
    }

    /// Samples an action for each environment of a group from what the network says.
    fn decide(
        &mut self,
        t: usize,
        group: &Range<usize>,
        coming: Inference,
        done: &mut RolledOut,
    ) -> Result<(), TrainError> {
        let now = self.entries(t, group);
        let logits = &mut self.logits[group.start * N_ACTIONS..group.end * N_ACTIONS];
        let finished = coming.finish(logits, &mut self.rollout.values[now.clone()]);
        if let Err(reason) = finished {
            return Err(self.lost(reason));
        }
        let mut sum = 0.0_f32;
        let rows = logits.as_chunks::<N_ACTIONS>().0;
        for (entry, logits) in now.zip(rows) {
            let mask = self.rollout.masks[entry];
            let dist = MaskedCategorical::new(logits, mask);
            let action = dist.sample(self.sampling.uniform_f32());
            self.rollout.actions[entry] = action as u8;
            self.rollout.log_probs[entry] = dist.log_probs[action];
            sum += dist.log_probs[action] + self.rollout.values[entry];
            done.counts.add(action as u8, mask);
        }
        if sum.is_finite() {
            Ok(())
        } else {
            Err(self.not_finite("policy or value in the rollout", &EpochFigures::default()))
        }
    }

    /// Steps a group of environments and copies what they did into the rollout.
    fn step(
        &mut self,
        t: usize,
        group: &Range<usize>,
        done: &mut RolledOut,
    ) -> Result<(), TrainError> {
        let now = self.entries(t, group);
        let begun = Instant::now();
        self.out.clear(group.len());
        let actions = &self.rollout.actions[now.clone()];
        self.env.step(group.clone(), actions, &mut self.out);
        done.env_time += begun.elapsed();
        let out = &self.out;
        let n_final = out.final_envs.len();
        let n_truncated = out.truncated.iter().filter(|&&t| t).count();
        let sizes_hold = [out.rewards.len(), out.terminated.len(), out.truncated.len()]
            .iter()
            .all(|&n| n == group.len())
            && out.final_bars.len() == n_final
            && out.final_account.len() == n_final * self.shape.n_account
            && n_final == n_truncated
            && out.final_envs.iter().all(|&e| (e as usize) < group.len());
        if !sizes_hold {
            return Err(TrainError::Environment(format!(
                "a step reported {n_truncated} truncated episodes with {n_final} final observations, or vectors of wrong sizes"
            )));
        }
        self.rollout.rewards[now.clone()].copy_from_slice(&out.rewards);
        if !out.rewards.iter().all(|r| r.is_finite()) {
            return Err(self.not_finite("reward", &EpochFigures::default()));
        }
        self.rollout.terminated[now.clone()].copy_from_slice(&out.terminated);
        self.rollout.truncated[now.clone()].copy_from_slice(&out.truncated);
        self.rollout
            .final_at
            .extend(out.final_envs.iter().map(|&e| now.start + e as usize));
        self.rollout.final_bars.extend_from_slice(&out.final_bars);
        self.rollout
            .final_account
            .extend_from_slice(&out.final_account);
        self.episodes.step(group.start, &out.rewards, |env| {
            out.terminated[env] || out.truncated[env]
        });
        done.totals.add(&out.totals);
        Ok(())
    }

    /// Values of the observations after the last step and of the final ones of cut-off episodes.
    fn bootstrap(&mut self) -> Result<(), TrainError> {
        let n_envs = self.config.n_envs;
        let n_final = self.rollout.final_at.len();
        let mut bars = vec![0; n_envs];
        let mut account = vec![0.0; n_envs * self.shape.n_account];
        self.env
            .observe(0..n_envs, &mut bars, &mut account, &mut vec![0; n_envs]);
        bars.extend_from_slice(&self.rollout.final_bars);
        account.extend_from_slice(&self.rollout.final_account);
        check_bars(&bars, self.shape, &self.features)?;
        let mut logits = vec![0.0; bars.len() * N_ACTIONS];
        let mut values = vec![0.0; bars.len()];
        let obs = CompactObs {
            shape: self.shape,
            features: &self.features,
            bars: &bars,
            account: &account,
        };
        self.engine
            .infer(obs, &self.scaling, &mut logits, &mut values)
            .map_err(|r| self.lost(r))?;
        self.rollout.last_values.copy_from_slice(&values[..n_envs]);
        for (i, &at) in self.rollout.final_at.iter().enumerate().take(n_final) {
            self.rollout.final_values[at] = values[n_envs + i];
        }
        Ok(())
    }

    /// One pass over the rollout; an error instead of training on numbers that are not finite.
    fn epoch(&mut self, coefs: &UpdateCoefs) -> Result<EpochFigures, TrainError> {
        let figures = match &mut self.engine {
            Engine::Cpu(engine) => Ok(engine.epoch(
                &self.rollout,
                &self.features,
                &self.scaling,
                &self.order,
                coefs,
            )),
            Engine::Burn(engine) => engine.epoch(&self.order, coefs),
        };
        let figures = figures.map_err(|r| self.lost(r))?;
        self.optimizer_steps += figures.minibatches;
        if figures.is_finite() {
            Ok(figures)
        } else {
            Err(self.not_finite("loss or gradient", &figures))
        }
    }

    /// Advantages and returns of the rollout.
    fn estimate_advantages(&mut self) {
        let Rollout {
            rewards,
            values,
            terminated,
            truncated,
            final_values,
            last_values,
            advantages,
            returns,
            ..
        } = &mut self.rollout;
        let input = GaeInput {
            rewards,
            values,
            terminated,
            truncated,
            final_values,
            last_values,
        };
        let ppo = &self.config.ppo;
        gae(input, ppo.gamma, ppo.gae_lambda, advantages, returns);
    }

    /// Passes over the rollout until all are done or the policy has moved far enough; returns what
    /// they showed and how many they were.
    fn learn(&mut self, coefs: &UpdateCoefs) -> Result<(EpochFigures, u64), TrainError> {
        let ppo = &self.config.ppo;
        let mut figures = EpochFigures::default();
        let mut epochs = 0;
        // In order first, so that a resumed run shuffles from where the whole one does.
        self.order.iter_mut().zip(0..).for_each(|(o, i)| *o = i);
        self.engine
            .start_update(&self.rollout, &self.scaling)
            .map_err(|r| self.lost(r))?;
        for _ in 0..ppo.epochs {
            self.shuffling.shuffle(&mut self.order);
            let epoch = self.epoch(coefs)?;
            epochs += 1;
            figures.merge(&epoch);
            self.last_kl = epoch.approx_kl();
            if ppo.target_kl > 0.0 && self.last_kl > ppo.target_kl {
                break;
            }
        }
        Ok((figures, epochs))
    }

    /// Takes the rollout's raw observations into the normaliser, which moves only here.
    fn learn_normalizer(&mut self) {
        let Rollout { bars, account, .. } = &self.rollout;
        self.normalizer.update(CompactObs {
            shape: self.shape,
            features: &self.features,
            bars,
            account,
        });
        self.scaling = self.normalizer.scaling();
    }

    pub(crate) fn optimizer_steps(&self) -> u64 {
        self.optimizer_steps
    }

    fn policy(&self) -> Result<Policy, TrainError> {
        let (params, _) = self.engine.export().map_err(|r| self.lost(r))?;
        Ok(Policy::new(
            self.shape,
            params,
            self.normalizer.clone(),
            self.env.layout_hash(),
        ))
    }

    fn checkpoint(&self) -> Result<CheckpointData, TrainError> {
        let (params, adam) = self.engine.export().map_err(|r| self.lost(r))?;
        let meta = Meta {
            format: crate::checkpoint::FORMAT,
            step: self.step,
            update: self.update,
            phase: self.config.phase,
            architecture: Architecture {
                obs: self.shape,
                network: self.config.network.clone(),
            },
            layout_hash: self.env.layout_hash(),
            normalizer_count: self.normalizer.count,
            optimizer_steps: adam.steps,
            sampling: self.sampling.clone(),
            shuffling: self.shuffling.clone(),
            adjuster: self.adjuster.clone(),
            config: self.config.clone(),
        };
        let checkpoint = Checkpoint {
            meta,
            params,
            normalizer: self.normalizer.clone(),
            adam,
            episodes: self.episodes.clone(),
            env_state: self.env.save_state(),
        };
        Ok(checkpoint.write()?)
    }
}

fn check_bars(bars: &[u32], shape: ObsShape, features: &FeatureTable) -> Result<(), TrainError> {
    match bars
        .iter()
        .find(|&&bar| features.window(bar, shape.window).is_none())
    {
        None => Ok(()),
        Some(bar) => Err(TrainError::Environment(format!(
            "it decides at bar {bar}, which has no {} rows of history in a table of {} bars",
            shape.window,
            features.n_bars()
        ))),
    }
}
