//! Indicators and the scaled features that the agent sees.
//!
//! One family a file, plain functions over columns, each causal: a value at bar `i` depends on
//! bars `<= i` only, so cutting or spoiling what follows leaves it bit-identical. Conventions
//! are those on which TA-Lib and R's TTR agree. Inside this module NaN marks a value that is
//! not defined yet; nothing that trains ever receives one.

pub mod adx;
pub mod atr;
pub mod bollinger;
pub mod clock;
pub mod future;
pub mod indicators;
pub mod layout;
pub mod macd;
pub mod matrix;
pub mod momentum;
pub mod moving_average;
pub mod price_change;
pub mod rolling;
pub mod rsi;
pub mod volatility;
pub mod volume;
pub mod vwap;

pub use indicators::indicator_table;
pub use layout::{Family, FeatureSet, ObsLayout};
pub use matrix::{Context, FeatureMatrix};

#[cfg(test)]
mod causality;
#[cfg(test)]
mod golden;
