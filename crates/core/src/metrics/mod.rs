//! What a result is worth: one statistic a file, each a pure function of a ledger.
//!
//! Each file names formula, convention and reference, and says when there is no answer. Figures
//! of the product come from [`tearsheet`] and from nowhere else.

pub mod actions;
pub mod binomial;
pub mod bootstrap;
pub mod daily;
pub mod drawdown;
pub mod growth;
pub mod information;
pub mod mean_test;
pub mod moments;
pub mod omega;
pub mod overfitting;
pub mod probabilistic_sharpe;
pub mod shape;
pub mod sharpe;
pub mod sortino;
pub mod summary;
pub mod tail;
pub mod tearsheet;
pub mod trades;
pub mod ulcer;
pub mod uncertainty;
pub mod value_at_risk;
pub mod wilson;

#[cfg(test)]
pub(crate) mod golden;
#[cfg(test)]
pub(crate) mod planted;

pub use daily::{DailySeries, DayClock};
pub use summary::Summary;
pub use tearsheet::{QuickSheet, Tearsheet, TearsheetSettings};
