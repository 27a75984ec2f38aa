//! A step of the environments allocates nothing, restarts of episodes included.

use std::alloc::System;
use std::sync::Arc;

use holdout_core::compliance::TrailingFloor;
use holdout_core::rng::Stream;
use holdout_core::sim::env::EnvPlan;
use holdout_core::sim::observation::N_ACCOUNT;
use holdout_core::sim::{BatchEnv, CurriculumSettings, Phase, SimSettings, StepOut, Tape};
use holdout_core::synth::MarketRecipe;
use holdout_core::units::Usd;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn a_step_allocates_nothing() {
    const ENVS: usize = 256;
    let settings = SimSettings {
        // Short lives, so that many episodes end and begin while we look.
        episode_sessions: 1,
        drawdown_limit: Usd::whole(700),
        ..SimSettings::default()
    };
    let day = |text: &str| text.parse().unwrap();
    let recipe = MarketRecipe::preset("driftless", "NQ", 3).unwrap();
    let recipe = recipe.over(day("2024-03-04"), day("2024-03-28"));
    let bars = Arc::new(recipe.generate().unwrap());
    let plan = settings.plan(&bars.instrument).unwrap();
    let commission = plan.instrument.commission;
    let tape = Arc::new(Tape::new(bars, &plan));
    let n = tape.len();
    let referee = TrailingFloor::from_settings(&settings);
    let envs = EnvPlan::new(plan, tape, referee, 0..n, 400).unwrap();
    // Half of the episodes begin in a forced position.
    let help = CurriculumSettings::default().state(Phase::Management, commission, 0.0);
    let mut batch = BatchEnv::new(envs, help, ENVS, 1);
    let mut out = StepOut::default();
    let (mut bars_at, mut masks) = (vec![0; ENVS], vec![0; ENVS]);
    let mut account = vec![0.0; ENVS * N_ACCOUNT];
    let mut actions = vec![0_u8; ENVS];
    let mut rng = Stream::new(2, "actions", 0);
    let mut episodes = 0;
    let mut steps = |n: usize| {
        for _ in 0..n {
            batch.observe(0..batch.n_envs(), &mut bars_at, &mut account, &mut masks);
            for (action, _) in actions.iter_mut().zip(&masks) {
                *action = rng.below(6) as u8;
            }
            batch.step(0..batch.n_envs(), &actions, &mut out);
            episodes += out.totals.episodes;
        }
    };
    steps(1);
    let region = Region::new(ALLOCATOR);
    steps(2_000);
    let seen = region.change();
    assert_eq!(
        (seen.allocations, seen.reallocations, seen.deallocations),
        (0, 0, 0)
    );
    assert!(episodes > 1_000, "{episodes} episodes ended");
}
