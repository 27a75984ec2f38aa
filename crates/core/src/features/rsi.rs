//! Wilder's relative strength index.
//!
//! Mean gain and mean loss are seeded with the plain means of the first `n` changes, then
//! smoothed by Wilder's rule. A price that never moved has an index of 0, as in TA-Lib.

use super::layout::Family;
use super::matrix::Context;

/// `(RSI 14 - 50) / 50`; 0 where no price has moved.
pub const FAMILY: Family = Family {
    name: "rsi",
    version: 1,
    columns: &["rsi"],
    compute: |c: &Context| {
        let balance = |(gain, loss): (f64, f64)| {
            if gain + loss == 0.0 {
                0.0
            } else {
                (gain - loss) / (gain + loss)
            }
        };
        vec![
            gains_and_losses(&c.close, 14)
                .into_iter()
                .map(balance)
                .collect(),
        ]
    },
};

/// Smoothed mean gain and mean loss of the last `n` changes; NaN before index `n`.
fn gains_and_losses(close: &[f64], n: usize) -> Vec<(f64, f64)> {
    let mut out = vec![(f64::NAN, f64::NAN); close.len()];
    if n == 0 || close.len() <= n {
        return out;
    }
    let change = |i: usize| close[i] - close[i - 1];
    let k = n as f64;
    let mut gain = (1..=n).map(|i| change(i).max(0.0)).sum::<f64>() / k;
    let mut loss = (1..=n).map(|i| (-change(i)).max(0.0)).sum::<f64>() / k;
    out[n] = (gain, loss);
    for (i, cell) in out.iter_mut().enumerate().skip(n + 1) {
        gain = (gain * (k - 1.0) + change(i).max(0.0)) / k;
        loss = (loss * (k - 1.0) + (-change(i)).max(0.0)) / k;
        *cell = (gain, loss);
    }
    out
}

/// The index in `0..=100`, first defined at index `n`; 0 where no price has moved.
pub fn rsi(close: &[f64], n: usize) -> Vec<f64> {
    let index = |(gain, loss): (f64, f64)| {
        if gain + loss == 0.0 {
            0.0
        } else {
            100.0 * gain / (gain + loss)
        }
    };
    gains_and_losses(close, n).into_iter().map(index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_by_hand() {
        // Changes +2 -1 | +3: gain 1 -> 2, loss 0.5 -> 0.25.
        let r = rsi(&[10.0, 12.0, 11.0, 14.0], 2);
        assert!(r[1].is_nan());
        assert_eq!(r[2], 100.0 / 1.5);
        assert_eq!(r[3], 200.0 / 2.25);
    }

    #[test]
    fn extremes_and_flat() {
        assert_eq!(rsi(&[1.0, 2.0, 3.0], 2)[2], 100.0);
        assert_eq!(rsi(&[3.0, 2.0, 1.0], 2)[2], 0.0);
        assert_eq!(rsi(&[3.0; 5], 2)[4], 0.0);
        assert!(rsi(&[3.0; 5], 5).iter().all(|x| x.is_nan()));
    }
}
