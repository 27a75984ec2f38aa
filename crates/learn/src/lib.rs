//! The learner of Holdout: PPO with action masks, on the processor or a graphics card.
//!
//! The loop is [`ppo::train`]; the network, its distribution and the observation normaliser
//! are in [`policy`]; a market (or anything else) is learned from through [`env::VecEnv`].
//! What is not here: files, clocks on the wall, windows and the rules of a market. A run
//! speaks through events and hands out checkpoints as bytes.
#![warn(missing_docs)]

pub mod adjuster;
pub mod bench;
pub mod checkpoint;
pub mod device;
pub mod env;
pub mod event;
mod kernels;
pub mod policy;
pub mod ppo;
pub mod toy;

pub use adjuster::{AdjusterConfig, Adjustment};
pub use device::{Compute, DeviceChoice};
pub use env::{FeatureTable, ObsShape, StepOut, StepTotals, VecEnv};
pub use event::{Command, Control, Event, Outcome, TrainError, UpdateInputs, UpdateRecord};
pub use policy::{Decisions, Policy};
pub use ppo::{NetworkConfig, PpoConfig, Start, TrainConfig, train};
