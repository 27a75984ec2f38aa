//! Environment steps with random legal actions, alone and with the gather of observations.
//!
//! What is the bench's own (drawing the actions) and what the memory allows (a copy of as many
//! bytes) are measured beside them, and steps alone on one thread and on two.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use holdout_core::compliance::TrailingFloor;
use holdout_core::features::FeatureMatrix;
use holdout_core::market::{Bars, Instruments};
use holdout_core::rng::Stream;
use holdout_core::sim::env::EnvPlan;
use holdout_core::sim::observation::N_ACCOUNT;
use holdout_core::sim::{
    Action, BatchEnv, CurriculumSettings, CurriculumState, Phase, SimSettings, StepOut, Tape,
    replay,
};
use rayon::ThreadPoolBuilder;

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

/// A batch, and random actions for it.
struct World {
    batch: BatchEnv<TrailingFloor>,
    legal: Vec<[u8; 60]>,
    rng: Stream,
    bars: Vec<u32>,
    masks: Vec<u8>,
    account: Vec<f32>,
    actions: Vec<u8>,
    out: StepOut,
}

impl World {
    fn new(plan: &EnvPlan<TrailingFloor>, help: CurriculumState, n_envs: usize) -> Self {
        Self {
            batch: BatchEnv::new(plan.clone(), help, n_envs, 1),
            legal: legal_actions(),
            rng: Stream::new(2, "actions", 0),
            bars: vec![0; n_envs],
            masks: vec![0; n_envs],
            account: vec![0.0; n_envs * N_ACCOUNT],
            actions: vec![0; n_envs],
            out: StepOut::new(n_envs),
        }
    }

    fn draw(&mut self) {
        for (m, env) in self.masks.iter_mut().zip(self.batch.envs()) {
            *m = env.mask().0;
        }
        self.draw_masked();
    }

    fn draw_masked(&mut self) {
        for (a, &m) in self.actions.iter_mut().zip(&self.masks) {
            *a = self.legal[usize::from(m)][self.rng.below(60) as usize];
        }
    }

    fn step(&mut self) {
        let all = 0..self.batch.n_envs();
        self.batch.step(all, &self.actions, &mut self.out);
        black_box(self.out.rewards.len());
    }

    fn gather(&mut self, matrix: &FeatureMatrix, rows: &mut [f32]) {
        let (bars, account, masks) = (&mut self.bars, &mut self.account, &mut self.masks);
        self.batch.observe(0..bars.len(), bars, account, masks);
        let window = matrix.layout.window * matrix.n_features;
        let rows = rows.chunks_exact_mut(window + N_ACCOUNT);
        for ((row, &bar), numbers) in rows.zip(&*bars).zip(account.chunks_exact(N_ACCOUNT)) {
            if let Some(w) = matrix.window(bar as usize) {
                row[..window].copy_from_slice(w);
            }
            row[window..].copy_from_slice(numbers);
        }
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
    let mut group = c.benchmark_group("environment");
    for n_envs in [256_usize, 4_096] {
        let mut world = World::new(&envs, help, n_envs);
        group.throughput(Throughput::Elements(n_envs as u64));
        group.bench_function(format!("draw/{n_envs}"), |b| b.iter(|| world.draw()));
        group.bench_function(format!("draw_and_step/{n_envs}"), |b| {
            b.iter(|| {
                world.draw();
                world.step();
            });
        });
        let window = matrix.layout.window * matrix.n_features;
        let mut gathered = vec![0.0_f32; n_envs * (window + N_ACCOUNT)];
        group.bench_function(format!("step_and_gather/{n_envs}"), |b| {
            b.iter(|| {
                world.gather(&matrix, &mut gathered);
                world.draw_masked();
                world.step();
            });
        });
        // The limit of a gather: as many bytes in one piece.
        let source = gathered.clone();
        group.bench_function(format!("memcpy_of_a_gather/{n_envs}"), |b| {
            b.iter(|| gathered.copy_from_slice(black_box(&source)));
        });
    }
    // Steps alone: the drawing of actions above is one thread's.
    for threads in [1, 2] {
        let mut world = World::new(&envs, help, 4_096);
        let pool = ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.unwrap_or_else(|e| panic!("{e}"));
        group.throughput(Throughput::Elements(4_096));
        group.bench_function(format!("step/4096/threads_{threads}"), |b| {
            b.iter_custom(|rounds| {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    world.draw();
                    spent += pool.install(|| {
                        let start = Instant::now();
                        world.step();
                        start.elapsed()
                    });
                }
                spent
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
