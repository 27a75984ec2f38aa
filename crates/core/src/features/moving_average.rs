//! Simple and exponential moving averages.
//!
//! The exponential average is seeded with the simple average of its first `n` values (TA-Lib,
//! TTR); libraries that seed with the first value differ at the start and converge.

use super::layout::Family;
use super::matrix::Context;
use super::rolling::rolling_sum;

/// Closes above their 5- and 20-bar means, in ATR.
pub const FAMILY: Family = Family {
    name: "moving_average",
    version: 1,
    columns: &["to_sma_5", "to_sma_20"],
    compute: |c| vec![to_sma(c, 5), to_sma(c, 20)],
};

fn to_sma(c: &Context, n: usize) -> Vec<f64> {
    let mean = sma(&c.close, n);
    c.per_atr(|i| c.close[i] - mean[i])
}

/// Mean of the last `n` values; first defined at the `n`-th, NaN before.
pub fn sma(values: &[f64], n: usize) -> Vec<f64> {
    let mut out = rolling_sum(values, n);
    for x in &mut out {
        *x /= n as f64;
    }
    out
}

/// Exponential average with weight `2 / (n + 1)`, seeded with the mean of the first `n` values.
///
/// Leading NaNs are skipped. NaN until the `n`-th value; `n` of 0 is never defined.
pub fn ema(values: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; values.len()];
    let start = values
        .iter()
        .position(|x| !x.is_nan())
        .unwrap_or(values.len());
    if n == 0 || values.len() - start < n {
        return out;
    }
    let weight = 2.0 / (n as f64 + 1.0);
    let first = start + n - 1;
    let mut mean = values[start..=first].iter().sum::<f64>() / n as f64;
    out[first] = mean;
    for i in first + 1..values.len() {
        mean += weight * (values[i] - mean);
        out[i] = mean;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_by_hand() {
        let x = [1.0, 2.0, 6.0, 3.0, 9.0];
        let s = sma(&x, 3);
        assert!(s[1].is_nan());
        assert_eq!(s[2..], [3.0, 11.0 / 3.0, 6.0]);
        // Weight 1/2: 3, then 3 + 0, then 3 + 3.
        assert_eq!(ema(&x, 3)[2..], [3.0, 3.0, 6.0]);
    }

    #[test]
    fn too_short_is_undefined() {
        assert!(sma(&[1.0], 2)[0].is_nan());
        assert!(ema(&[f64::NAN, 1.0], 2).iter().all(|v| v.is_nan()));
        assert!(ema(&[1.0], 0)[0].is_nan());
    }
}
