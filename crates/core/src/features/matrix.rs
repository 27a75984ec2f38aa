//! The feature matrix: every scaled feature of every bar, computed once per data set.
//!
//! Values are `f32`, finite and clipped at ±10. Rows whose features are not all defined yet
//! hold zeros in the undefined places and lie before [`FeatureMatrix::first_ready`].

use rayon::prelude::*;

use super::atr::wilder_atr_ticks;
use super::layout::{FeatureSet, ObsLayout};
use crate::market::{Bars, Sessions};

/// Bars of the ATR that scales prices.
pub const ATR_PERIOD: usize = 14;

/// Largest absolute value of a feature.
pub const CLIP: f64 = 10.0;

/// What a family computes from.
#[derive(Debug)]
pub struct Context<'a> {
    /// The bars.
    pub bars: &'a Bars,
    /// Which trading day each belongs to.
    pub sessions: &'a Sessions,
    /// The user's flat-by in seconds since the roll.
    pub flat_by_secs: i64,
    /// Closes in ticks.
    pub close: Vec<f64>,
    /// Wilder's ATR in ticks, NaN while undefined.
    pub atr: Vec<f64>,
}

impl<'a> Context<'a> {
    /// Prepares what several families share.
    pub fn new(bars: &'a Bars, sessions: &'a Sessions, flat_by_secs: i64) -> Self {
        let close = bars.close.iter().map(|&c| f64::from(c)).collect();
        Self {
            bars,
            sessions,
            flat_by_secs,
            close,
            atr: wilder_atr_ticks(bars, ATR_PERIOD),
        }
    }

    /// A distance in ticks at each bar over that bar's ATR: 0 where the ATR is 0 (nothing to
    /// scale by), NaN where either is undefined.
    pub fn per_atr(&self, ticks: impl Fn(usize) -> f64) -> Vec<f64> {
        let scale = |(i, &atr): (usize, &f64)| {
            let x = ticks(i);
            if atr == 0.0 && !x.is_nan() {
                0.0
            } else {
                x / atr
            }
        };
        self.atr.iter().enumerate().map(scale).collect()
    }
}

/// Scaled features, row-major: one row a bar.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureMatrix {
    /// Columns.
    pub n_features: usize,
    /// Their names.
    pub names: Vec<String>,
    /// `n_bars x n_features` values.
    pub data: Vec<f32>,
    /// First bar with a full window of defined rows; the number of bars when there is none.
    pub first_ready: usize,
    /// The observation that windows of this matrix are part of.
    pub layout: ObsLayout,
}

impl FeatureMatrix {
    /// The standard features.
    ///
    /// `flat_by_secs_since_roll` is the flat-by of a full day; half days move it by themselves.
    pub fn compute(bars: &Bars, sessions: &Sessions, flat_by_secs_since_roll: i64) -> Self {
        Self::compute_set(
            bars,
            sessions,
            flat_by_secs_since_roll,
            &FeatureSet::default(),
        )
    }

    /// The features of any set.
    pub fn compute_set(
        bars: &Bars,
        sessions: &Sessions,
        flat_by_secs_since_roll: i64,
        set: &FeatureSet,
    ) -> Self {
        let columns = scaled_columns(bars, sessions, flat_by_secs_since_roll, set);
        let layout = set.layout();
        let n_features = columns.len();
        let n_bars = bars.len();
        let mut data = vec![0.0_f32; n_bars * n_features];
        const ROWS: usize = 4096;
        data.par_chunks_mut(ROWS * n_features.max(1))
            .enumerate()
            .for_each(|(block, rows)| {
                for (r, row) in rows.chunks_exact_mut(n_features).enumerate() {
                    let bar = block * ROWS + r;
                    for (cell, column) in row.iter_mut().zip(&columns) {
                        *cell = clip(column[bar]).unwrap_or(0.0);
                    }
                }
            });
        let undefined_from_start =
            |c: &Vec<f64>| c.iter().position(|x| !x.is_nan()).unwrap_or(n_bars);
        let defined = columns
            .iter()
            .map(undefined_from_start)
            .max()
            .unwrap_or(n_bars);
        let first_ready = (defined + layout.window - 1).min(n_bars);
        Self {
            n_features,
            names: set.names(),
            data,
            first_ready,
            layout,
        }
    }

    /// Number of rows.
    pub fn n_bars(&self) -> usize {
        self.data.len().checked_div(self.n_features).unwrap_or(0)
    }

    /// The features of bar `i`.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.data[i * self.n_features..(i + 1) * self.n_features]
    }

    /// The window that ends with bar `i`, oldest first; `None` before a full window exists.
    pub fn window(&self, i: usize) -> Option<&[f32]> {
        let first = (i + 1).checked_sub(self.layout.window)?;
        self.data
            .get(first * self.n_features..(i + 1) * self.n_features)
    }

    /// Index of the column called `name`.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }
}

/// Clipped value of a feature; `None` where it is undefined.
pub(super) fn clip(x: f64) -> Option<f32> {
    (!x.is_nan()).then(|| x.clamp(-CLIP, CLIP) as f32)
}

/// All columns of a set, NaN while undefined, not clipped.
pub(super) fn scaled_columns(
    bars: &Bars,
    sessions: &Sessions,
    flat_by_secs: i64,
    set: &FeatureSet,
) -> Vec<Vec<f64>> {
    let context = Context::new(bars, sessions, flat_by_secs);
    let families: Vec<Vec<Vec<f64>>> = set
        .families()
        .par_iter()
        .map(|family| (family.compute)(&context))
        .collect();
    families.into_iter().flatten().collect()
}

#[cfg(test)]
pub(super) use tests::walk;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Instruments, SessionCalendar};
    use crate::rng::Stream;
    use crate::time::TimeOfDay;

    /// A jumpy walk of `n` minutes from Monday 2024-03-04 18:00 New York time on.
    pub(in crate::features) fn walk(n: usize, seed: u64) -> Bars {
        let mut s = Stream::new(seed, "walk", 0);
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 60);
        let mut price = 72_000;
        for i in 0..n {
            let close = price + (s.normal() * 20.0) as i32;
            let high = price.max(close) + s.below(9) as i32;
            let low = price.min(close) - s.below(9) as i32;
            bars.push(
                1_709_593_200 + i as i64 * 60,
                [price, high, low, close],
                s.below(900) as f64,
            );
            price = close + (s.normal() * 2.0) as i32;
        }
        bars
    }

    fn matrix(bars: &Bars) -> FeatureMatrix {
        let sessions = Sessions::new(bars, &SessionCalendar::builtin());
        FeatureMatrix::compute(bars, &sessions, TimeOfDay::hm(16, 59).since_roll())
    }

    #[test]
    fn a_row_is_what_the_formulas_say() {
        let bars = walk(1_000, 3);
        let m = matrix(&bars);
        assert_eq!(m.names.len(), 11);
        assert_eq!(
            m.first_ready,
            13 + 390 + 19,
            "ATR from 14, its mean over 390, a window of 20"
        );
        let i = 700;
        let atr = wilder_atr_ticks(&bars, 14);
        let close = |j: usize| f64::from(bars.close[j]);
        let mean = |n: usize| (0..n).map(|k| close(i - k)).sum::<f64>() / n as f64;
        let volume = (0..20).map(|k| bars.volume[i - k]).sum::<f64>() / 20.0;
        let usual = (0..390).map(|k| atr[i - k]).sum::<f64>() / 390.0;
        let expected = [
            ("return", (close(i) - close(i - 1)) / atr[i]),
            ("volume", ((1.0 + bars.volume[i]) / (1.0 + volume)).ln()),
            ("to_sma_5", (close(i) - mean(5)) / atr[i]),
            ("to_sma_20", (close(i) - mean(20)) / atr[i]),
            ("momentum", (close(i) - close(i - 10)) / atr[i]),
            ("volatility", (atr[i] / usual).ln()),
        ];
        for (name, x) in expected {
            let got = m.row(i)[m.column(name).unwrap()];
            assert!(
                (f64::from(got) - x).abs() < 1e-5,
                "{name}: {got}, expected {x}"
            );
        }
    }

    #[test]
    fn values_are_finite_and_clipped_whatever_the_market_does() {
        let mut bars = walk(900, 4);
        for i in (450..900).step_by(37) {
            bars.high[i] += 400_000;
            bars.close[i] = bars.high[i];
            bars.volume[i] = f64::INFINITY;
        }
        let m = matrix(&bars);
        assert!(m.data.iter().all(|x| x.is_finite() && x.abs() <= 10.0));
        for i in 0..900 {
            let p = [72_000; 4];
            (bars.open[i], bars.high[i], bars.low[i], bars.close[i]) = (p[0], p[1], p[2], p[3]);
            bars.volume[i] = 0.0;
        }
        let flat = matrix(&bars);
        assert!(
            flat.row(899)[..8].iter().all(|&x| x == 0.0),
            "a flat market says nothing: {:?}",
            flat.row(899)
        );
        assert_eq!(flat.first_ready, m.first_ready);
    }

    #[test]
    fn short_files_are_never_ready() {
        for n in [0, 1, 14, 421] {
            let m = matrix(&walk(n, 1));
            assert_eq!((m.first_ready, m.n_bars()), (n, n));
        }
        assert_eq!(matrix(&walk(423, 1)).first_ready, 422);
    }

    #[test]
    fn a_window_is_the_last_rows() {
        let m = matrix(&walk(500, 2));
        let w = m.window(450).unwrap();
        assert_eq!((w.len(), &w[w.len() - 11..]), (220, m.row(450)));
        assert!(m.window(18).is_none() && m.window(500).is_none());
    }

    #[test]
    fn the_leak_is_the_next_return_and_only_on_demand() {
        let bars = walk(600, 5);
        let sessions = Sessions::new(&bars, &SessionCalendar::builtin());
        let m =
            FeatureMatrix::compute_set(&bars, &sessions, 82_740, &FeatureSet::with_leaked_future());
        let (i, atr) = (500, wilder_atr_ticks(&bars, 14));
        let next = f64::from(bars.close[i + 1] - bars.close[i]) / atr[i];
        assert_eq!(m.row(i)[m.column("leaked_future").unwrap()], next as f32);
        assert_eq!(m.row(599)[11], 0.0);
        assert!(matrix(&bars).column("leaked_future").is_none());
    }
}
