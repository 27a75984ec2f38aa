//! Volatility now against volatility of late.

use super::layout::Family;
use super::matrix::Context;
use super::moving_average::sma;

/// Bars over which the usual ATR is taken: a day session of minutes.
pub const USUAL_BARS: usize = 390;

/// `ln(ATR / mean ATR of the last 390 bars)`; 0 where the ATR is 0.
pub const FAMILY: Family = Family {
    name: "volatility",
    version: 1,
    columns: &["volatility"],
    compute: |c: &Context| vec![relative_volatility(&c.atr, USUAL_BARS)],
};

/// `ln(ATR / mean of the last n ATRs)`, this bar's included; 0 where the ATR is 0.
pub fn relative_volatility(atr: &[f64], n: usize) -> Vec<f64> {
    let ratio = |(&now, usual): (&f64, f64)| {
        if now == 0.0 && !usual.is_nan() {
            0.0
        } else {
            (now / usual).ln()
        }
    };
    atr.iter().zip(sma(atr, n)).map(ratio).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_by_hand() {
        let v = relative_volatility(&[f64::NAN, 2.0, 6.0, 0.0], 2);
        assert!(v[0].is_nan() && v[1].is_nan());
        assert_eq!(v[2], 1.5_f64.ln());
        assert_eq!(v[3], 0.0);
    }
}
