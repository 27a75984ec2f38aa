//! Many environments in lock-step, split over threads in fixed chunks so that sums and
//! random numbers do not depend on how many threads there are.

use std::hint::black_box;
use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::action::Action;
use super::curriculum::CurriculumState;
use super::env::{End, Env, EnvError, EnvPlan};
use super::observation::N_ACCOUNT;
use super::referee::Referee;
use super::step_out::{StepOut, StepSums, StepTotals};

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

/// What one chunk did that has no fixed size.
#[derive(Clone, Debug)]
struct ChunkOut {
    final_envs: Vec<u32>,
    final_bars: Vec<u32>,
    final_account: Vec<f32>,
    sums: StepSums,
}

impl ChunkOut {
    /// With room for every environment, so that no step allocates.
    fn new() -> Self {
        Self {
            final_envs: Vec::with_capacity(CHUNK),
            final_bars: Vec::with_capacity(CHUNK),
            final_account: Vec::with_capacity(CHUNK * N_ACCOUNT),
            sums: StepSums::default(),
        }
    }
}

impl<R: Referee + Serialize + for<'de> Deserialize<'de>> BatchEnv<R> {
    /// `n_envs` environments with their own random streams of `seed`.
    pub fn new(plan: EnvPlan<R>, curriculum: CurriculumState, n_envs: usize, seed: u64) -> Self {
        let envs = (0..n_envs as u64)
            .map(|e| Env::new(&plan, &curriculum, seed, e))
            .collect();
        let chunks = (0..n_envs.div_ceil(CHUNK))
            .map(|_| ChunkOut::new())
            .collect();
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

    /// Writes the compact observations of a range of the environments.
    ///
    /// # Shapes
    /// `bars` and `masks`: `[range]`; `account`: `[range, N_ACCOUNT]`.
    pub fn observe(
        &self,
        range: Range<usize>,
        bars: &mut [u32],
        account: &mut [f32],
        masks: &mut [u8],
    ) {
        let (plan, envs) = (&self.plan, &self.envs[range]);
        let chunk = |envs: &[Env<R>], bars: &mut [u32], account: &mut [f32], masks: &mut [u8]| {
            let rows = account.as_chunks_mut::<N_ACCOUNT>().0;
            fetch_together(envs, |env| {
                let i = env.bar();
                plan.tape.rows[i].close ^ plan.tape.per_atr[i].to_bits() as i32
            });
            for (((env, bar), mask), row) in envs.iter().zip(bars).zip(masks).zip(rows) {
                *bar = env.bar() as u32;
                *mask = env.mask().0;
                *row = env.observe(plan);
            }
        };
        if envs.len() < PARALLEL_FROM {
            return chunk(envs, bars, account, masks);
        }
        envs.par_chunks(CHUNK)
            .zip(bars.par_chunks_mut(CHUNK))
            .zip(account.par_chunks_mut(CHUNK * N_ACCOUNT))
            .zip(masks.par_chunks_mut(CHUNK))
            .for_each(|(((envs, bars), account), masks)| chunk(envs, bars, account, masks));
    }

    /// Executes one action per environment of a range and restarts episodes that ended; what they
    /// did is told counted from the range's start.
    pub fn step(&mut self, range: Range<usize>, actions: &[u8], out: &mut StepOut) {
        let envs = &mut self.envs[range];
        let n = envs.len();
        let chunks = &mut self.chunks[..n.div_ceil(CHUNK)];
        out.rewards.resize(n, 0.0);
        out.terminated.resize(n, false);
        out.truncated.resize(n, false);
        let (plan, curriculum) = (&self.plan, &self.curriculum);
        let chunk = |(c, work): (usize, ChunkWork<'_, R>)| step_chunk(plan, curriculum, c, work);
        if n < PARALLEL_FROM {
            let ends = out
                .terminated
                .chunks_mut(CHUNK)
                .zip(out.truncated.chunks_mut(CHUNK));
            envs.chunks_mut(CHUNK)
                .zip(actions.chunks(CHUNK))
                .zip(out.rewards.chunks_mut(CHUNK).zip(ends))
                .zip(&mut *chunks)
                .enumerate()
                .for_each(chunk);
        } else {
            let ends = out
                .terminated
                .par_chunks_mut(CHUNK)
                .zip(out.truncated.par_chunks_mut(CHUNK));
            envs.par_chunks_mut(CHUNK)
                .zip(actions.par_chunks(CHUNK))
                .zip(out.rewards.par_chunks_mut(CHUNK).zip(ends))
                .zip(&mut *chunks)
                .enumerate()
                .for_each(chunk);
        }
        out.final_envs.clear();
        out.final_bars.clear();
        out.final_account.clear();
        out.final_envs.reserve(n);
        out.final_bars.reserve(n);
        out.final_account.reserve(n * N_ACCOUNT);
        out.totals = StepTotals::default();
        for c in chunks {
            out.final_envs.extend_from_slice(&c.final_envs);
            out.final_bars.extend_from_slice(&c.final_bars);
            out.final_account.extend_from_slice(&c.final_account);
            out.totals.add(&c.sums.totals());
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

/// Environments with their actions, and where rewards, ends and the rest go.
type ChunkWork<'a, R> = (
    ((&'a mut [Env<R>], &'a [u8]), ChunkResult<'a>),
    &'a mut ChunkOut,
);
/// Rewards, then terminated and truncated.
type ChunkResult<'a> = (&'a mut [f32], (&'a mut [bool], &'a mut [bool]));

/// Reads a word a chunk's environments will soon need. The bars of different environments lie far
/// apart: asked for together they arrive together, where each in its turn would be waited for.
fn fetch_together<R>(envs: &[Env<R>], word: impl Fn(&Env<R>) -> i32) {
    black_box(envs.iter().fold(0, |x, env| x ^ word(env)));
}

fn step_chunk<R: Referee>(
    plan: &EnvPlan<R>,
    curriculum: &CurriculumState,
    chunk: usize,
    (((envs, actions), (rewards, (terminated, truncated))), out): ChunkWork<'_, R>,
) {
    out.final_envs.clear();
    out.final_bars.clear();
    out.final_account.clear();
    let mut sums = StepSums::default();
    fetch_together(envs, |env| env.next_row(plan).open);
    let ends = terminated.iter_mut().zip(truncated);
    let results = rewards.iter_mut().zip(ends);
    for (e, ((env, &action), (reward, (terminated, truncated)))) in
        envs.iter_mut().zip(actions).zip(results).enumerate()
    {
        let action = Action::from_index(usize::from(action));
        let (r, end) = env.step(plan, action, curriculum, &mut sums);
        *reward = r;
        *terminated = end == End::Terminated;
        *truncated = end == End::Truncated;
        if end == End::Truncated {
            out.final_envs.push((chunk * CHUNK + e) as u32);
            out.final_bars.push(env.bar() as u32);
            out.final_account.extend_from_slice(&env.observe(plan));
        }
        if end != End::Running {
            env.reset(plan, curriculum);
        }
    }
    out.sums = sums;
}
