//! What a result is worth: one statistic a file, each a pure function of a ledger.
//!
//! Each file names formula, convention and reference, and says when there is no answer. Figures
//! of the product come from [`tearsheet`] and from nowhere else.

pub mod actions;
pub mod benchmark;
pub mod binomial;
pub mod bootstrap;
pub mod break_even;
pub mod by_regime;
pub mod candidates;
pub mod correlation;
pub mod criteria;
pub mod daily;
pub mod deflation;
pub mod degradation;
pub mod drawdown;
pub mod growth;
pub mod information;
pub mod mean_test;
pub mod moments;
pub mod monte_carlo;
pub mod omega;
pub mod overfitting;
pub mod p_values;
pub mod paired;
pub mod permutation;
pub mod probabilistic_sharpe;
pub mod reasons;
pub mod robustness;
pub mod rolling;
pub mod ruin;
pub mod selection;
pub mod shape;
pub mod sharpe;
pub mod sortino;
pub mod spa;
pub mod spread;
pub mod stability;
pub mod studentised;
pub mod succession;
pub mod summary;
pub mod tail;
pub mod tearsheet;
pub mod trades;
pub mod two_samples;
pub mod ulcer;
pub mod uncertainty;
pub mod value_at_risk;
pub mod wilson;

#[cfg(test)]
mod coverage_tests;
#[cfg(test)]
pub(crate) mod golden;
#[cfg(test)]
pub(crate) mod planted;

pub use daily::{DailySeries, DayClock};
pub use robustness::{Beside, Robustness, RobustnessSettings};
pub use succession::Succession;
pub use summary::Summary;
pub use tearsheet::{QuickSheet, Tearsheet, TearsheetSettings};
