//! True range and Wilder's average true range.
//!
//! Runs over all bars of the file in order: overnight bars, jumps and holes count like any
//! other bar. Seeded by the plain mean of the first `period` true ranges, as TA-Lib and TTR do.

use crate::market::Bars;

/// True range of each bar in ticks; NaN for bar 0, which has no close before it.
pub fn true_range_ticks(bars: &Bars) -> Vec<f64> {
    let mut out = vec![f64::NAN; bars.len()];
    for (i, range) in out.iter_mut().enumerate().skip(1) {
        let before = bars.close[i - 1];
        *range = f64::from(bars.high[i].max(before) - bars.low[i].min(before));
    }
    out
}

/// Wilder's average true range in ticks; NaN while undefined.
///
/// The first value is at index `period`: the mean of the true ranges of bars 1 to `period`.
/// After it, `((period - 1) x ATR + TR) / period`. A flat market gives 0; a `period` of 0 is
/// never defined.
pub fn wilder_atr_ticks(bars: &Bars, period: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; bars.len()];
    if period == 0 || bars.len() <= period {
        return out;
    }
    let range = true_range_ticks(bars);
    let n = period as f64;
    let mut atr = range[1..=period].iter().sum::<f64>() / n;
    out[period] = atr;
    for i in period + 1..bars.len() {
        atr = ((n - 1.0) * atr + range[i]) / n;
        out[i] = atr;
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
        // TR: -, 6 (gap up from 100: 106 - 100), 4, 10 (gap down: 104 - 94).
        let b = bars(&[
            [100, 102, 99, 100],
            [105, 106, 103, 104],
            [104, 106, 102, 104],
            [96, 97, 94, 95],
        ]);
        assert_eq!(true_range_ticks(&b)[1..], [6.0, 4.0, 10.0]);
        let atr = wilder_atr_ticks(&b, 2);
        assert!(atr[0].is_nan() && atr[1].is_nan());
        assert_eq!(atr[2..], [5.0, 7.5]);
    }

    #[test]
    fn short_files_and_flat_markets() {
        let flat = bars(&[[100; 4]; 5]);
        assert!(wilder_atr_ticks(&flat, 5).iter().all(|x| x.is_nan()));
        assert!(wilder_atr_ticks(&flat, 0).iter().all(|x| x.is_nan()));
        assert_eq!(wilder_atr_ticks(&flat, 3)[3..], [0.0, 0.0]);
        assert!(wilder_atr_ticks(&bars(&[]), 14).is_empty());
    }
}
