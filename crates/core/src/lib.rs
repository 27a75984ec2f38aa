//! Everything of Holdout that needs no file, no clock and no screen.
//!
//! Same inputs and seed give the same bits. What is here: money and time ([`units`], [`time`]),
//! markets ([`market`]), what the agent sees ([`features`]), what a bar does to an account
//! ([`sim`]), what a result is worth ([`metrics`]), whether it keeps a firm's rules
//! ([`compliance`]), and made-up markets with known truth ([`synth`]).
#![warn(missing_docs)]

pub mod compliance;
pub mod features;
pub mod market;
pub mod metrics;
pub mod regime;
pub mod rng;
pub mod sim;
pub mod synth;
pub mod time;
pub mod units;
