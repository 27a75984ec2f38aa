//! Momentum: the change of the close over a number of bars.

use super::layout::Family;
use super::matrix::Context;

/// `(close - close 10 bars ago) / ATR`.
pub const FAMILY: Family = Family {
    name: "momentum",
    version: 1,
    columns: &["momentum"],
    compute: |c: &Context| {
        let m = momentum(&c.close, 10);
        vec![c.per_atr(|i| m[i])]
    },
};

/// `close[i] - close[i - n]`; NaN for the first `n` bars.
pub fn momentum(close: &[f64], n: usize) -> Vec<f64> {
    let before = |i: usize| i.checked_sub(n).map_or(f64::NAN, |j| close[j]);
    close
        .iter()
        .enumerate()
        .map(|(i, x)| x - before(i))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_back_n_bars() {
        let m = momentum(&[1.0, 4.0, 2.0, 9.0], 2);
        assert!(m[0].is_nan() && m[1].is_nan());
        assert_eq!(m[2..], [1.0, 5.0]);
        assert!(momentum(&[1.0], 3)[0].is_nan());
    }
}
