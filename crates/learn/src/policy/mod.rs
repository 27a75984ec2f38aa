//! The policy: parameters, network, distribution over actions and observation normaliser.
//!
//! [`mlp`] defines the network as a module of burn; [`network`] is the same function for the
//! processor, forward and backward, proved equal to the module by tests. [`Policy`] is what
//! leaves the crate: weights and normaliser that turn observations into decisions.

pub mod distribution;
pub(crate) mod gather;
mod inference;
pub mod mlp;
pub(crate) mod network;
pub mod normalizer;
pub mod params;

pub use inference::{Actor, Decisions, Policy};
pub use normalizer::Normalizer;
pub use params::{Architecture, Params};
