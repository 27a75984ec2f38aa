//! Proximal policy optimisation with action masks.
//!
//! [`mod@train`] is the whole algorithm in one loop; the other files are its steps, in the paper's
//! names. Two engines compute the same update: [`engine_cpu`] on the processor, [`engine_burn`]
//! through burn on any of its devices.

mod adam;
mod config;
mod diagnostics;
mod dump;
mod engine;
mod engine_burn;
mod engine_cpu;
pub mod gae;
pub mod loss;
mod record;
mod rollout;
mod train;

pub use config::{ConfigProblem, NetworkConfig, PpoConfig, TrainConfig};
pub use train::{Start, train, train_on};

pub(crate) use adam::Adam;
pub(crate) use diagnostics::RunningEpisodes;
pub(crate) use engine_burn::BurnEngine;
pub(crate) use engine_cpu::CpuEngine;

#[cfg(test)]
mod equality_tests;
#[cfg(test)]
mod learner_tests;
#[cfg(test)]
mod run_tests;
