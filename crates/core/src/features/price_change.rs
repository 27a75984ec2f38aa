//! The change of the close from one bar to the next, in ATR.

use super::layout::Family;
use super::matrix::Context;
use super::momentum::momentum;

/// `(close - previous close) / ATR`.
pub const FAMILY: Family = Family {
    name: "price_change",
    version: 1,
    columns: &["return"],
    compute: |c: &Context| {
        let change = momentum(&c.close, 1);
        vec![c.per_atr(|i| change[i])]
    },
};
