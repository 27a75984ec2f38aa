//! Environment steps with random legal actions, alone and with the gather of observations.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use holdout_core::compliance::TrailingFloor;
use holdout_core::features::FeatureMatrix;
use holdout_core::market::{Bars, Instruments};
use holdout_core::rng::Stream;
use holdout_core::sim::env::EnvPlan;
use holdout_core::sim::observation::N_ACCOUNT;
use holdout_core::sim::{
    Action, BatchEnv, CurriculumSettings, Phase, SimSettings, StepOut, Tape, replay,
};

/// A year of a coarse random walk, minute by minute around the clock.
fn walk() -> Arc<Bars> {
    let nq = Instruments::builtin()
        .get("NQ")
        .map_or_else(|e| panic!("{e}"), Clone::clone);
    let mut rng = Stream::new(1, "bench", 0);
    let mut bars = Bars::empty(nq, 60);
    let mut price = 70_000;
    for m in 0..300_000 {
        let close = price + (rng.normal() * 8.0) as i32;
        let (high, low) = (
            price.max(close) + rng.below(6) as i32,
            price.min(close) - rng.below(6) as i32,
        );
        bars.push(1_704_150_000 + 60 * m, [price, high, low, close], 100.0);
        price = if (40_000..100_000).contains(&close) {
            close
        } else {
            70_000
        };
    }
    Arc::new(bars)
}

/// For every mask, its allowed actions repeated to sixty entries, which every count divides.
fn legal_actions() -> Vec<[u8; 60]> {
    let of = |mask: u8| {
        let allowed: Vec<u8> = (0..6).filter(|a| mask >> a & 1 == 1).collect();
        std::array::from_fn(|i| *allowed.get(i % allowed.len().max(1)).unwrap_or(&0))
    };
    (0..64).map(of).collect()
}

fn random_legal(legal: &[[u8; 60]], masks: &[u8], rng: &mut Stream, actions: &mut [u8]) {
    for (a, &m) in actions.iter_mut().zip(masks) {
        *a = legal[usize::from(m)][rng.below(60) as usize];
    }
}

fn steps(c: &mut Criterion) {
    let settings = SimSettings::default();
    let bars = walk();
    let plan = settings
        .plan(&bars.instrument)
        .unwrap_or_else(|p| panic!("{p:?}"));
    let tape = Arc::new(Tape::new(bars.clone(), &plan));
    let matrix = FeatureMatrix::compute(&bars, &tape.sessions, plan.flat_by);
    let n = tape.len();
    let envs = EnvPlan::new(
        plan.clone(),
        tape.clone(),
        TrailingFloor::from_settings(&settings),
        0..n,
        matrix.first_ready,
    );
    let envs = envs.unwrap_or_else(|e| panic!("{e}"));
    let help =
        CurriculumSettings::default().state(Phase::Management, plan.instrument.commission, 1.0);
    let legal = legal_actions();
    let mut group = c.benchmark_group("environment");
    for n_envs in [256_usize, 4_096] {
        let mut batch = BatchEnv::new(envs.clone(), help, n_envs, 1);
        let (mut bars_at, mut masks) = (vec![0_u32; n_envs], vec![0_u8; n_envs]);
        let mut account = vec![0.0_f32; n_envs * N_ACCOUNT];
        let mut actions = vec![0_u8; n_envs];
        let mut out = StepOut::default();
        let mut rng = Stream::new(2, "actions", 0);
        group.throughput(Throughput::Elements(n_envs as u64));
        group.bench_function(format!("step/{n_envs}"), |b| {
            b.iter(|| {
                for (m, env) in masks.iter_mut().zip(batch.envs()) {
                    *m = env.mask().0;
                }
                random_legal(&legal, &masks, &mut rng, &mut actions);
                batch.step(&actions, &mut out);
                black_box(out.rewards.len())
            });
        });
        let window = matrix.layout.window * matrix.n_features;
        let mut gathered = vec![0.0_f32; n_envs * (window + N_ACCOUNT)];
        group.bench_function(format!("step_and_gather/{n_envs}"), |b| {
            b.iter(|| {
                batch.observe(&mut bars_at, &mut account, &mut masks);
                let rows = gathered.chunks_exact_mut(window + N_ACCOUNT);
                for ((row, &bar), numbers) in
                    rows.zip(&bars_at).zip(account.chunks_exact(N_ACCOUNT))
                {
                    if let Some(w) = matrix.window(bar as usize) {
                        row[..window].copy_from_slice(w);
                    }
                    row[window..].copy_from_slice(numbers);
                }
                random_legal(&legal, &masks, &mut rng, &mut actions);
                batch.step(&actions, &mut out);
                black_box(out.rewards.len())
            });
        });
    }
    group.finish();
    c.bench_function("replay of a fixed list over 300 000 minutes", |b| {
        let mut rng = Stream::new(3, "list", 0);
        let list: Vec<Action> = (0..n)
            .map(|_| Action::from_index(rng.below(6) as usize))
            .collect();
        b.iter(|| {
            replay(
                &tape,
                &plan,
                TrailingFloor::from_settings(&settings),
                0..n,
                |m| list[m.bar],
            )
            .trades
            .len()
        });
    });
}

criterion_group!(benches, steps);
criterion_main!(benches);
