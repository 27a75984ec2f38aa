//! The next bar's return, on purpose: a leak with which a learner must get rich.
//!
//! A self-test of learner and environment; never part of the standard set, and the only family
//! here that is not causal.

use super::layout::Family;
use super::matrix::Context;

/// `(next close - close) / ATR`; 0 on the last bar.
pub const LEAKED_FUTURE: Family = Family {
    name: "leaked_future",
    version: 1,
    columns: &["leaked_future"],
    compute: |c: &Context| {
        vec![c.per_atr(|i| c.close.get(i + 1).map_or(0.0, |next| next - c.close[i]))]
    },
};
