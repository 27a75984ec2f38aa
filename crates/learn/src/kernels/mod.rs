//! Plain-Rust arithmetic of the network on the processor.
//!
//! Small matrix products and row passes sized for the caches of one core, vectorised through
//! `pulp` with the widest instructions the machine has. Nothing here starts a thread or
//! allocates in a loop, and the same inputs give the same bits on the same machine.

pub(crate) mod gemm;
pub(crate) mod rows;
