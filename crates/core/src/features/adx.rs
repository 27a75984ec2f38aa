//! Wilder's directional movement: +DI, -DI and the average directional index.
//!
//! Sums start with the first `n - 1` bars and are smoothed from bar `n` on; the index starts as
//! the mean of the first `n` directional values (TA-Lib, TTR). A flat market gives 0 throughout.

use super::atr::true_range_ticks;
use crate::market::Bars;

/// The three lines, in percent; NaN while undefined.
#[derive(Debug, Clone, PartialEq)]
pub struct DirectionalMovement {
    /// +DI, first defined at index `n`.
    pub plus_di: Vec<f64>,
    /// -DI, first defined at index `n`.
    pub minus_di: Vec<f64>,
    /// ADX, first defined at index `2n - 1`.
    pub adx: Vec<f64>,
}

/// Directional movement over `n` bars (14 by custom). With `n` below 2 nothing is defined.
pub fn directional_movement(bars: &Bars, n: usize) -> DirectionalMovement {
    let len = bars.len();
    let undefined = || vec![f64::NAN; len];
    let mut out = DirectionalMovement {
        plus_di: undefined(),
        minus_di: undefined(),
        adx: undefined(),
    };
    if n < 2 {
        return out;
    }
    let k = n as f64;
    let range = true_range_ticks(bars);
    let (mut tr, mut plus, mut minus) = (0.0, 0.0, 0.0);
    let (mut dx_sum, mut adx) = (0.0, 0.0);
    for (i, &true_range) in range.iter().enumerate().skip(1) {
        let keep = if i < n { 1.0 } else { 1.0 - 1.0 / k };
        let up = f64::from(bars.high[i]) - f64::from(bars.high[i - 1]);
        let down = f64::from(bars.low[i - 1]) - f64::from(bars.low[i]);
        tr = tr * keep + true_range;
        plus = plus * keep + if up > down && up > 0.0 { up } else { 0.0 };
        minus = minus * keep + if down > up && down > 0.0 { down } else { 0.0 };
        if i < n {
            continue;
        }
        let share = |x: f64| if tr > 0.0 { 100.0 * x / tr } else { 0.0 };
        (out.plus_di[i], out.minus_di[i]) = (share(plus), share(minus));
        let moved = plus + minus > 0.0 && tr > 0.0;
        let dx = if moved {
            100.0 * (plus - minus).abs() / (plus + minus)
        } else {
            0.0
        };
        if i < 2 * n {
            dx_sum += dx;
            adx = dx_sum / k;
        } else if moved {
            adx = (adx * (k - 1.0) + dx) / k;
        }
        if i >= 2 * n - 1 {
            out.adx[i] = adx;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Instruments;

    fn bars(rows: &[[i32; 4]]) -> Bars {
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 60);
        for (i, &row) in rows.iter().enumerate() {
            bars.push(i as i64 * 60, row, 1.0);
        }
        bars
    }

    #[test]
    fn worked_by_hand() {
        // n = 2. Bar 1: up 2, TR 4. Bar 2: sums TR 4/2 + 5 = 7, + 2/2 = 1, - 0/2 + 3 = 3. Bar 3: up 4, TR 6.
        let d = directional_movement(
            &bars(&[
                [10, 11, 9, 10],
                [11, 13, 9, 12],
                [10, 11, 6, 8],
                [9, 15, 9, 14],
            ]),
            2,
        );
        // True range of bar 2: 12 - 6 = 6 from the close before it; sums TR 2 + 6 = 8.
        assert!(d.plus_di[1].is_nan() && d.adx[2].is_nan());
        assert_eq!((d.plus_di[2], d.minus_di[2]), (100.0 / 8.0, 300.0 / 8.0));
        // Bar 3: TR 15 - 8 = 7: 4 + 7 = 11; + 0.5 + 4 = 4.5; - 1.5. DX 50, then 50.
        assert_eq!(
            (d.plus_di[3], d.minus_di[3], d.adx[3]),
            (450.0 / 11.0, 150.0 / 11.0, 50.0)
        );
    }

    #[test]
    fn flat_markets_have_no_direction() {
        let d = directional_movement(&bars(&[[10; 4]; 8]), 3);
        assert_eq!((d.plus_di[7], d.minus_di[7], d.adx[7]), (0.0, 0.0, 0.0));
        assert!(d.adx[4].is_nan() && d.adx[5] == 0.0);
        assert!(
            directional_movement(&bars(&[[10; 4]; 3]), 1)
                .adx
                .iter()
                .all(|x| x.is_nan())
        );
    }
}
