//! How fast this machine trains, in three figures that add up, and against its own limit.

use std::time::Instant;

use holdout_core::rng::Stream;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::env::{FeatureTable, StepOut, VecEnv};
use crate::event::{Event, RunToEnd, TrainError, UpdateRecord};
use crate::kernels::gemm::{Level, Packed, Rows, multiply};
use crate::policy::Policy;
use crate::policy::params::Layout;
use crate::ppo::{Start, TrainConfig, train};

/// What was measured. Rates are medians over the updates after the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BenchReport {
    /// Steps per second of the environments alone, with random allowed actions.
    pub env_sps: f64,
    /// Steps per second with inference.
    pub rollout_sps: f64,
    /// Steps per second of whole updates.
    pub train_sps: f64,
    /// Mean of the same over all updates after the first.
    pub train_sps_mean: f64,
    /// Steps per second of the first update, warm-up included.
    pub first_update_sps: f64,
    /// Shares of an update's time: environments, inference, training; their sum is 1.
    pub time_shares: [f64; 3],
    /// Floating-point operations per second of whole updates, matrix products only, in 1e9.
    pub gflops: f64,
    /// The same of one large matrix product on all threads, in 1e9.
    pub gemm_peak_gflops: f64,
    /// The first over the second.
    pub share_of_peak: f64,
    /// Greedy decisions per second of one thread, one observation at a time.
    pub decisions_per_s: f64,
    /// Updates measured.
    pub updates: u64,
    /// Threads.
    pub threads: usize,
}

/// Floating-point operations of the matrix products per environment step of a whole update.
pub fn flops_per_step(config: &TrainConfig, obs_len: usize) -> f64 {
    let layout = Layout::new(obs_len, &config.network);
    let forward = 2.0 * layout.multiplications() as f64;
    let backward = forward + 2.0 * layout.multiplications_after_first() as f64;
    forward + config.ppo.epochs as f64 * (forward + backward)
}

/// Trains for a few updates and measures.
///
/// # Errors
/// As [`train`].
pub fn bench(
    config: &TrainConfig,
    env: &mut dyn VecEnv,
    updates: u64,
) -> Result<BenchReport, TrainError> {
    let updates = updates.max(2);
    let env_sps = env_alone(env, 200);
    let obs_len = env.layout().obs_len();
    let mut config = config.clone();
    config.total_steps = Some(updates * config.steps_per_update());
    (config.eval_every, config.checkpoint_every) = (0, 0);
    // Every epoch is measured, also where the policy moves fast.
    config.ppo.target_kl = 0.0;
    let mut records: Vec<UpdateRecord> = Vec::new();
    let outcome = train(&config, env, Start::Scratch, &RunToEnd, &mut |event| {
        if let Event::Update(record) = event {
            records.push(*record);
        }
        Ok(())
    })?;
    let (Some(first), Some(steady)) = (records.first(), records.get(1..)) else {
        return Err(TrainError::Environment("no update was measured".to_owned()));
    };
    let total: f64 = steady.iter().map(|r| r.seconds).sum();
    let share = |part: fn(&UpdateRecord) -> f64| steady.iter().map(part).sum::<f64>() / total;
    let train_sps = median(steady, |r| r.train_sps);
    let gflops = train_sps * flops_per_step(&config, obs_len) / 1e9;
    let gemm_peak_gflops = gemm_peak();
    Ok(BenchReport {
        env_sps,
        rollout_sps: median(steady, |r| r.rollout_sps),
        train_sps,
        train_sps_mean: steady.len() as f64 * config.steps_per_update() as f64 / total,
        first_update_sps: first.train_sps,
        time_shares: [
            share(|r| r.env_seconds),
            share(|r| r.inference_seconds),
            share(|r| r.training_seconds),
        ],
        gflops,
        gemm_peak_gflops,
        share_of_peak: gflops / gemm_peak_gflops,
        decisions_per_s: decisions_per_second(
            &Policy::load(&outcome.last.weights)?,
            &env.features(),
        ),
        updates: steady.len() as u64,
        threads: rayon::current_num_threads(),
    })
}

/// Median of at least one record.
fn median(records: &[UpdateRecord], of: impl Fn(&UpdateRecord) -> f64) -> f64 {
    let mut x: Vec<f64> = records.iter().map(of).collect();
    x.sort_by(f64::total_cmp);
    (x[(x.len() - 1) / 2] + x[x.len() / 2]) / 2.0
}

/// Greedy decisions per second of one thread, one observation at a time; 0 for a table that is
/// too short to decide on.
pub fn decisions_per_second(policy: &Policy, features: &FeatureTable) -> f64 {
    const DECISIONS: u32 = 20_000;
    let shape = policy.shape();
    let first = shape.window as u32;
    let n_bars = features.n_bars() as u32;
    if n_bars <= first {
        return 0.0;
    }
    let account = vec![0.1; shape.n_account];
    let mut actor = policy.actor();
    let begun = Instant::now();
    let mut decided = 0;
    for i in 0..DECISIONS {
        let bar = first + i % (n_bars - first);
        decided += u32::from(
            actor
                .greedy(features, &[bar], &account, &[0b00_0111])
                .is_ok(),
        );
    }
    f64::from(decided) / begun.elapsed().as_secs_f64()
}

/// Steps per second of the environments alone, each taking a random allowed action.
pub fn env_alone(env: &mut dyn VecEnv, steps: usize) -> f64 {
    let n = env.n_envs();
    let mut stream = Stream::new(1, "bench", 0);
    let (mut bars, mut masks, mut actions) = (vec![0; n], vec![0; n], vec![0; n]);
    let mut account = vec![0.0; n * env.layout().n_account];
    let mut out = StepOut::new(n);
    let mut seconds = 0.0;
    for _ in 0..steps {
        let begun = Instant::now();
        env.observe(0..n, &mut bars, &mut account, &mut masks);
        seconds += begun.elapsed().as_secs_f64();
        for (action, &mask) in actions.iter_mut().zip(&masks) {
            let mut left = stream.below(u64::from(u8::count_ones(mask)));
            *action = (0..8_u8)
                .find(|a| {
                    mask >> a & 1 == 1 && {
                        let hit = left == 0;
                        left = left.saturating_sub(1);
                        hit
                    }
                })
                .unwrap_or(0);
        }
        let begun = Instant::now();
        out.clear(n);
        env.step(0..n, &actions, &mut out);
        seconds += begun.elapsed().as_secs_f64();
    }
    (n * steps) as f64 / seconds.max(1e-9)
}

/// Best rate of 256-sized matrix products on all threads together, in 1e9 operations a second.
pub fn gemm_peak() -> f64 {
    const N: usize = 256;
    const REPEATS: usize = 200;
    let level = Level::detect();
    let numbers: Vec<f32> = (0..N * N).map(|i| (i % 13) as f32 * 0.1).collect();
    let mut packed = Packed::new(level, N, N);
    packed.fill(&numbers, N);
    let threads = rayon::current_num_threads();
    let mut best = 0.0_f64;
    for _ in 0..5 {
        let begun = Instant::now();
        (0..threads).into_par_iter().for_each(|_| {
            let mut c = vec![0.0; N * N];
            for _ in 0..REPEATS {
                multiply(&mut c, N, Rows::new(&numbers, N), &packed, false);
            }
            std::hint::black_box(&c);
        });
        let flops = 2.0 * (N * N * N * REPEATS * threads) as f64;
        best = best.max(flops / begun.elapsed().as_secs_f64() / 1e9);
    }
    best
}
