//! Many environments in lock-step, split over threads in fixed chunks so that sums and
//! random numbers do not depend on how many threads there are.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::action::Action;
use super::curriculum::CurriculumState;
use super::env::{End, Env, EnvError, EnvPlan};
use super::observation::N_ACCOUNT;
use super::referee::Referee;
use super::step_out::{StepOut, StepTotals};

/// Environments per unit of parallel work.
const CHUNK: usize = 64;
/// Below this many environments threads cost more than they bring.
const PARALLEL_FROM: usize = 512;

/// A batch of environments.
#[derive(Clone, Debug)]
pub struct BatchEnv<R> {
    plan: EnvPlan<R>,
    curriculum: CurriculumState,
    envs: Vec<Env<R>>,
    chunks: Vec<ChunkOut>,
}

#[derive(Clone, Debug, Default)]
struct ChunkOut {
    rewards: Vec<f32>,
    ends: Vec<u8>,
    final_envs: Vec<u32>,
    final_bars: Vec<u32>,
    final_account: Vec<f32>,
    totals: StepTotals,
}

impl<R: Referee + Serialize + for<'de> Deserialize<'de>> BatchEnv<R> {
    /// `n_envs` environments with their own random streams of `seed`.
    pub fn new(plan: EnvPlan<R>, curriculum: CurriculumState, n_envs: usize, seed: u64) -> Self {
        let envs = (0..n_envs as u64)
            .map(|e| Env::new(&plan, &curriculum, seed, e))
            .collect();
        let chunks = vec![ChunkOut::default(); n_envs.div_ceil(CHUNK)];
        Self {
            plan,
            curriculum,
            envs,
            chunks,
        }
    }

    /// Number of environments.
    pub fn n_envs(&self) -> usize {
        self.envs.len()
    }

    /// What the environments share.
    pub fn plan(&self) -> &EnvPlan<R> {
        &self.plan
    }

    /// The environments.
    pub fn envs(&self) -> &[Env<R>] {
        &self.envs
    }

    /// Puts new helps and costs in force from the next step on.
    pub fn set_curriculum(&mut self, state: &CurriculumState) {
        self.curriculum = *state;
    }

    /// Writes the compact observation of every environment.
    ///
    /// # Shapes
    /// `bars` and `masks`: `[n_envs]`; `account`: `[n_envs, N_ACCOUNT]`.
    pub fn observe(&self, bars: &mut [u32], account: &mut [f32], masks: &mut [u8]) {
        let rows = account.chunks_exact_mut(N_ACCOUNT);
        for (((env, bar), mask), row) in self.envs.iter().zip(bars).zip(masks).zip(rows) {
            *bar = env.bar() as u32;
            *mask = env.mask().0;
            env.observe(&self.plan, row);
        }
    }

    /// Executes one action per environment and restarts episodes that ended.
    pub fn step(&mut self, actions: &[u8], out: &mut StepOut) {
        let (plan, curriculum) = (&self.plan, &self.curriculum);
        if self.envs.len() >= PARALLEL_FROM {
            let chunks = self
                .envs
                .par_chunks_mut(CHUNK)
                .zip(actions.par_chunks(CHUNK));
            chunks.zip(self.chunks.par_iter_mut()).enumerate().for_each(
                |(n, ((envs, actions), out))| {
                    step_chunk(plan, curriculum, n * CHUNK, envs, actions, out);
                },
            );
        } else {
            let chunks = self.envs.chunks_mut(CHUNK).zip(actions.chunks(CHUNK));
            chunks.zip(self.chunks.iter_mut()).enumerate().for_each(
                |(n, ((envs, actions), out))| {
                    step_chunk(plan, curriculum, n * CHUNK, envs, actions, out);
                },
            );
        }
        out.rewards.clear();
        out.terminated.clear();
        out.truncated.clear();
        out.final_envs.clear();
        out.final_bars.clear();
        out.final_account.clear();
        out.totals = StepTotals::default();
        for c in &self.chunks {
            out.rewards.extend_from_slice(&c.rewards);
            out.terminated.extend(c.ends.iter().map(|&e| e == 1));
            out.truncated.extend(c.ends.iter().map(|&e| e == 2));
            out.final_envs.extend_from_slice(&c.final_envs);
            out.final_bars.extend_from_slice(&c.final_bars);
            out.final_account.extend_from_slice(&c.final_account);
            out.totals.add(&c.totals);
        }
    }

    /// The state of all environments, for a checkpoint.
    ///
    /// # Errors
    /// Never in practice; the encoder's message otherwise.
    pub fn save_state(&self) -> Result<Vec<u8>, EnvError> {
        serde_json::to_vec(&self.envs).map_err(|e| EnvError::BadState(e.to_string()))
    }

    /// Puts saved environments back.
    ///
    /// # Errors
    /// When the bytes are not such a state, or for another number of environments or another market.
    pub fn load_state(&mut self, bytes: &[u8]) -> Result<(), EnvError> {
        let envs: Vec<Env<R>> =
            serde_json::from_slice(bytes).map_err(|e| EnvError::BadState(e.to_string()))?;
        if envs.len() != self.envs.len() {
            return Err(EnvError::BadState(format!(
                "{} environments saved, {} expected",
                envs.len(),
                self.envs.len()
            )));
        }
        if let Some(env) = envs.iter().find(|e| !self.plan.range.contains(&e.bar())) {
            return Err(EnvError::BadState(format!(
                "bar {} is not among the training bars {:?}",
                env.bar(),
                self.plan.range
            )));
        }
        self.envs = envs;
        Ok(())
    }
}

fn step_chunk<R: Referee>(
    plan: &EnvPlan<R>,
    curriculum: &CurriculumState,
    first: usize,
    envs: &mut [Env<R>],
    actions: &[u8],
    out: &mut ChunkOut,
) {
    out.rewards.clear();
    out.ends.clear();
    out.final_envs.clear();
    out.final_bars.clear();
    out.final_account.clear();
    out.totals = StepTotals::default();
    for (e, (env, &action)) in envs.iter_mut().zip(actions).enumerate() {
        let (reward, end) = env.step(
            plan,
            Action::from_index(action as usize),
            curriculum,
            &mut out.totals,
        );
        out.rewards.push(reward);
        out.ends.push(match end {
            End::Running => 0,
            End::Terminated => 1,
            End::Truncated => 2,
        });
        if end == End::Truncated {
            out.final_envs.push((first + e) as u32);
            out.final_bars.push(env.bar() as u32);
            let at = out.final_account.len();
            out.final_account.resize(at + N_ACCOUNT, 0.0);
            env.observe(plan, &mut out.final_account[at..]);
        }
        if end != End::Running {
            env.reset(plan, curriculum);
        }
    }
}
