//! Moving-average convergence and divergence.
//!
//! Each average is seeded on its own (TTR and most libraries), so that the line is exactly
//! `EMA fast - EMA slow`. TA-Lib starts the fast average later; the two agree to 1e-6 about
//! seventy bars after the start.

use super::layout::Family;
use super::matrix::Context;
use super::moving_average::ema;

/// `(EMA 12 - EMA 26) / ATR`.
pub const FAMILY: Family = Family {
    name: "macd",
    version: 1,
    columns: &["macd"],
    compute: |c: &Context| {
        let line = macd_line(&c.close, 12, 26);
        vec![c.per_atr(|i| line[i])]
    },
};

/// `EMA fast - EMA slow`, first defined where both are.
pub fn macd_line(close: &[f64], fast: usize, slow: usize) -> Vec<f64> {
    let mut line = ema(close, fast);
    for (x, s) in line.iter_mut().zip(ema(close, slow)) {
        *x -= s;
    }
    line
}

/// The signal: an exponential average of the line, seeded with the mean of its first `n` values.
pub fn macd_signal(line: &[f64], n: usize) -> Vec<f64> {
    ema(line, n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_price_has_no_divergence_and_a_line_has_a_constant_one() {
        let flat = macd_line(&[7.0; 40], 12, 26);
        assert!(flat[24].is_nan());
        assert!(flat[25..].iter().all(|&x| x == 0.0));
        // An SMA-seeded EMA of a straight line lags by (n - 1) / 2: 5.5 against 12.5 bars.
        let line: Vec<f64> = (0..60).map(f64::from).collect();
        let m = macd_line(&line, 12, 26);
        assert!(m[25..].iter().all(|&x| (x - 7.0).abs() < 1e-9));
        let s = macd_signal(&m, 9);
        assert!(s[32].is_nan() && (s[33] - 7.0).abs() < 1e-9);
    }
}
