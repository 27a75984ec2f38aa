//! `holdout bench`: three honest figures, with sizes and device, and the machine's own limit.

use holdout_core::sim::Phase;
use holdout_learn::bench::{BenchReport, bench};
use holdout_store::ImportOptions;
use serde::Serialize;

use super::args::BenchArgs;
use super::table::facts;
use super::{BadInput as _, Outcome, print_json};
use crate::arena::{Arena, MarketEnv};
use crate::config::RunConfig;
use crate::dataset::{Dataset, sample_path};
use crate::jobs::train::problems_to_error;
use crate::report::number::{grouped, percent};

#[derive(Serialize)]
struct Report {
    device: String,
    reason: String,
    config: Config,
    #[serde(flatten)]
    measured: BenchReport,
}

#[derive(Serialize)]
struct Config {
    envs: usize,
    rollout: usize,
    hidden: Vec<usize>,
    head: usize,
    layer_norm: bool,
    epochs: usize,
    minibatches: usize,
    observation: usize,
}

pub(super) fn run(a: &BenchArgs, json: bool) -> Outcome {
    let import = ImportOptions {
        market: Some("NQ".to_owned()),
        ..ImportOptions::default()
    };
    let dataset =
        Dataset::load(&sample_path("NQ").bad_input()?, &import, &mut |_| true).bad_input()?;
    let mut config = RunConfig {
        device: a.device,
        ..RunConfig::default()
    };
    config.network.trunk = a.hidden.clone();
    (config.phase2.envs, config.phase2.rollout) = (a.envs, a.rollout);
    let plan = config
        .plan(&dataset.bars.instrument)
        .map_err(problems_to_error)
        .bad_input()?;
    let arena = Arena::new(plan, dataset)?;
    let train = &arena.plan.train2;
    let resolved = train.device.resolve().bad_input()?;
    let mut env = MarketEnv::new(&arena, Phase::Management)?;
    let measured = bench(train, &mut env, a.updates as u64 + 1).map_err(anyhow::Error::from)?;
    let report = Report {
        device: resolved.name,
        reason: resolved.reason,
        config: Config {
            envs: a.envs,
            rollout: a.rollout,
            hidden: train.network.trunk.clone(),
            head: train.network.head,
            layer_norm: train.network.layer_norm,
            epochs: train.ppo.epochs,
            minibatches: train.ppo.minibatches,
            observation: arena.matrix.layout.obs_len(),
        },
        measured,
    };
    if json {
        return print_json(&report);
    }
    let m = &report.measured;
    let c = &report.config;
    println!(
        "{}",
        facts(&[
            ("device", format!("{} ({})", report.device, report.reason)),
            (
                "sizes",
                format!(
                    "{} environments x {}, {} inputs, trunk {:?}, heads of {}, {} epochs x {} minibatches",
                    c.envs, c.rollout, c.observation, c.hidden, c.head, c.epochs, c.minibatches
                )
            ),
            ("environment", format!("{} steps/s", grouped(m.env_sps, 0))),
            (
                "+ inference",
                format!("{} steps/s", grouped(m.rollout_sps, 0))
            ),
            (
                "+ training",
                format!(
                    "{} steps/s (median), {} (mean), {} in the first update",
                    grouped(m.train_sps, 0),
                    grouped(m.train_sps_mean, 0),
                    grouped(m.first_update_sps, 0)
                )
            ),
            (
                "time",
                format!(
                    "environment {}, inference {}, training {}",
                    percent(m.time_shares[0]),
                    percent(m.time_shares[1]),
                    percent(m.time_shares[2])
                )
            ),
            (
                "arithmetic",
                format!(
                    "{} GFLOP/s of {} (sgemm on {} threads): {}",
                    grouped(m.gflops, 1),
                    grouped(m.gemm_peak_gflops, 1),
                    m.threads,
                    percent(m.share_of_peak)
                )
            ),
        ])
    );
    Ok(())
}
