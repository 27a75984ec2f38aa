//! Indicators and the scaled features that the agent sees.
//!
//! One family a file, plain functions over columns, each causal: a value at bar `i` depends on
//! bars `<= i` only, so cutting or spoiling what follows leaves it bit-identical. Inside this
//! module NaN marks a value that is not defined yet; nothing that trains ever receives one.

pub mod atr;
