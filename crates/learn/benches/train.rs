//! Steps per second of whole updates at the default sizes, on a toy environment that costs
//! next to nothing, so that the figure is the learner's own.
//!
//! `cargo bench -p holdout-learn --bench train [-- UPDATES]`

use holdout_learn::bench::bench;
use holdout_learn::env::ObsShape;
use holdout_learn::toy::{ToyEnv, ToyKind};
use holdout_learn::{DeviceChoice, TrainConfig};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let updates = std::env::args()
        .filter_map(|a| a.parse().ok())
        .next()
        .unwrap_or(8);
    let shape = ObsShape {
        window: 20,
        n_features: 11,
        n_account: 13,
    };
    let config = TrainConfig {
        device: DeviceChoice::Cpu,
        ..TrainConfig::default()
    };
    let mut env = ToyEnv::new(ToyKind::Market, config.n_envs, shape, 200_000, 1);
    match bench(&config, &mut env, updates) {
        Ok(report) => println!("{report:#?}"),
        Err(error) => println!("failed to measure: {error}"),
    }
}
