//! Bootstrap-t: intervals of figures that are smooth functions of means over days.
//!
//! A figure is computed from the means of a few moments of a day. Its error follows from how it
//! moves with each mean (delta method) and from how the blocks of a history differ, so every
//! resampled history has an error of its own, and `(figure - observed) / error` is what is
//! resampled. Percentiles of the figure itself hold too little where days are skewed or remember
//! each other: a history without its rare large days has both too small a figure and too narrow a
//! spread. References: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993,
//! chapter 12; F. Götze and H. Künsch, "Second-order correctness of the blockwise bootstrap for
//! stationary observations", 1996.

use super::bootstrap::{
    BootstrapInterval, StationaryBootstrap, interval_between, outer_percentile,
};
use super::moments::{FLAT, std_dev};
use super::spa::long_run_variance;

/// A figure at some means of moments: its value, and how it moves with those that it depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate<const S: usize> {
    /// Value.
    pub value: f64,
    /// Number of a moment, and the slope of the figure along its mean.
    pub slopes: [(usize, f64); S],
}

/// A history as sums of moments, block by block.
#[derive(Clone, Debug)]
pub struct Blocks<const K: usize> {
    sums: Vec<[f64; K]>,
    lengths: Vec<f64>,
    /// Means of the moments over the history.
    pub means: [f64; K],
}

impl<const K: usize> Default for Blocks<K> {
    fn default() -> Self {
        Self {
            sums: Vec::new(),
            lengths: Vec::new(),
            means: [0.0; K],
        }
    }
}

impl<const K: usize> Blocks<K> {
    /// Adds up the days of a history; `starts` holds the places in `order` where a block begins.
    pub fn add_up(&mut self, days: &[[f64; K]], order: &[usize], starts: &[usize]) {
        self.sums.clear();
        self.lengths.clear();
        let mut total = [0.0; K];
        let ends = starts.iter().copied().skip(1);
        let ends = ends.chain(std::iter::once(order.len()));
        for (&from, to) in starts.iter().zip(ends) {
            let mut sum = [0.0; K];
            for &i in &order[from..to] {
                for (s, x) in sum.iter_mut().zip(&days[i]) {
                    *s += x;
                }
            }
            for (t, s) in total.iter_mut().zip(&sum) {
                *t += s;
            }
            self.sums.push(sum);
            self.lengths.push((to - from) as f64);
        }
        let n = order.len().max(1) as f64;
        self.means = total.map(|t| t / n);
    }

    /// Standard error of a figure of this history: root of the sum over blocks of the squared sum
    /// of what the days of a block moved it by, over the number of days.
    pub fn error<const S: usize>(&self, e: &Estimate<S>) -> f64 {
        let centre: f64 = e.slopes.iter().map(|&(k, s)| s * self.means[k]).sum();
        let (mut squares, mut n) = (0.0, 0.0);
        for (sum, &length) in self.sums.iter().zip(&self.lengths) {
            let moved: f64 = e.slopes.iter().map(|&(k, s)| s * sum[k]).sum();
            let d = moved - length * centre;
            squares += d * d;
            n += length;
        }
        squares.sqrt() / n
    }
}

/// Standard error of a figure of the days as they came: that of the stationary bootstrap, in
/// closed form.
pub fn error_of_days<const K: usize, const S: usize>(
    days: &[[f64; K]],
    e: &Estimate<S>,
    block: f64,
) -> f64 {
    let moved = |d: &[f64; K]| e.slopes.iter().map(|&(k, s)| s * d[k]).sum::<f64>();
    let moved: Vec<f64> = days.iter().map(moved).collect();
    (long_run_variance(&moved, block) / days.len() as f64).sqrt()
}

/// The observed figure with its error; `None` where the days give it none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observed {
    /// Value.
    pub value: f64,
    /// Standard error.
    pub error: f64,
}

impl Observed {
    /// A figure of the days as they came.
    pub fn of<const K: usize, const S: usize>(
        days: &[[f64; K]],
        e: Option<Estimate<S>>,
        block: f64,
    ) -> Option<Self> {
        let e = e?;
        let error = error_of_days(days, &e, block);
        let known = e.value.is_finite() && error.is_finite();
        (known && error > FLAT * e.value.abs()).then_some(Self {
            value: e.value,
            error,
        })
    }

    /// A resampled figure; `None` where its history gives it no error.
    pub fn drawn<const K: usize, const S: usize>(
        &self,
        history: &Blocks<K>,
        e: Option<Estimate<S>>,
    ) -> Option<Drawn> {
        let e = e?;
        let distance = (e.value - self.value) / history.error(&e);
        distance.is_finite().then_some(Drawn {
            value: e.value,
            distance,
        })
    }

    /// The 95% interval from the figures of many draws; `None` unless nine in ten draws gave one.
    /// `pieces` is the number of blocks that the days make; the fewer, the further out (see
    /// [`outer_percentile`]). `shown` turns a figure into what is shown, and rises with it.
    pub fn interval(
        &self,
        drawn: &[Drawn],
        draws: usize,
        pieces: f64,
        shown: fn(f64) -> f64,
    ) -> Option<BootstrapInterval> {
        let far = drawn.iter().map(|d| d.distance).collect();
        let t = interval_between(far, draws, outer_percentile(pieces)?)?;
        let values: Vec<f64> = drawn.iter().map(|d| shown(d.value)).collect();
        let ends = BootstrapInterval {
            lower: shown(self.value - t.upper * self.error),
            upper: shown(self.value - t.lower * self.error),
            standard_error: std_dev(&values, 1)?,
            draws: t.draws,
        };
        (ends.lower.is_finite() && ends.upper.is_finite()).then_some(ends)
    }

    /// Two-sided p-value of a true value of 0: share of draws as many errors away as 0 is.
    pub fn p_of_zero(&self, drawn: &[Drawn]) -> Option<f64> {
        let far = (self.value / self.error).abs();
        let beyond = drawn.iter().filter(|d| d.distance.abs() >= far).count();
        (!drawn.is_empty()).then(|| (beyond + 1) as f64 / (drawn.len() + 1) as f64)
    }
}

/// A figure of a resampled history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// Value.
    pub value: f64,
    /// How many errors of its history it lies above the observed one.
    pub distance: f64,
}

/// One resampled history after another, with buffers that are used again.
#[derive(Clone, Debug)]
pub struct Resampled<const K: usize> {
    /// Days in the order drawn.
    pub order: Vec<usize>,
    starts: Vec<usize>,
    /// Their sums.
    pub blocks: Blocks<K>,
}

impl<const K: usize> Default for Resampled<K> {
    fn default() -> Self {
        Self {
            order: Vec::new(),
            starts: Vec::new(),
            blocks: Blocks::default(),
        }
    }
}

impl<const K: usize> Resampled<K> {
    /// Draws the next history of these days.
    pub fn draw(&mut self, bootstrap: &mut StationaryBootstrap, days: &[[f64; K]]) {
        bootstrap.draw_blocks(&mut self.order, &mut self.starts);
        self.blocks.add_up(days, &self.order, &self.starts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::golden;
    use crate::metrics::sharpe::DAYS_PER_YEAR;

    fn mean_of(m: &[f64; 1]) -> Option<Estimate<1>> {
        Some(Estimate {
            value: m[0],
            slopes: [(0, 1.0)],
        })
    }

    #[test]
    fn nothing_and_equal_days_have_no_error() {
        assert_eq!(Observed::of::<1, 1>(&[[1.0]; 20], None, 1.0), None);
        assert_eq!(Observed::of(&[[0.1]; 20], mean_of(&[0.1]), 1.0), None);
        let seen = Observed {
            value: 1.0,
            error: 0.1,
        };
        assert_eq!(seen.interval(&[], 0, 20.0, |x| x), None);
        assert_eq!(seen.p_of_zero(&[]), None);
    }

    #[test]
    fn the_error_counts_blocks_by_hand() {
        let days = [[1.0], [3.0], [2.0], [6.0]];
        let mut blocks = Blocks::default();
        // Two blocks, of 1 and 3 and of 2 and 6, around a mean of 3: they moved it by -2 and 2.
        blocks.add_up(&days, &[0, 1, 2, 3], &[0, 2]);
        assert_eq!(blocks.means, [3.0]);
        let e = mean_of(&blocks.means).unwrap();
        assert!((blocks.error(&e) - 8.0_f64.sqrt() / 4.0).abs() < 1e-12);
        // Each day by itself is what blocks of one day give: -2, 0, -1 and 3.
        blocks.add_up(&days, &[0, 1, 2, 3], &[0, 1, 2, 3]);
        let single = 14.0_f64.sqrt() / 4.0;
        assert!((blocks.error(&e) - single).abs() < 1e-12);
        let seen = Observed::of(&days, Some(e), 1.0).unwrap();
        assert!((seen.error - single).abs() < 1e-12);
    }

    #[test]
    fn intervals_agree_with_another_implementation() {
        let Some(g) = golden::nq_daily() else { return };
        let days: Vec<[f64; 2]> = g.returns.iter().map(|&r| [r, r * r]).collect();
        let n = days.len() as f64;
        let sharpe = |m: &[f64; 2]| {
            let variance = m[1] - m[0] * m[0];
            let year = DAYS_PER_YEAR.sqrt() / (variance * n / (n - 1.0)).sqrt();
            let s = m[0] * year;
            Some(Estimate {
                value: s,
                slopes: [(0, year + s * m[0] / variance), (1, -0.5 * s / variance)],
            })
        };
        let sum = |k: usize| days.iter().map(|d| d[k]).sum::<f64>() / n;
        let seen = Observed::of(&days, sharpe(&[sum(0), sum(1)]), 1.0).unwrap();
        assert!((seen.value - 2.114_306_592_930_47).abs() < 1e-9);
        assert!((seen.error - 1.046_632_672).abs() < 1e-6, "{}", seen.error);
        let mut bootstrap = StationaryBootstrap::new(days.len(), 1.0, 3);
        let mut history = Resampled::default();
        let drawn: Vec<Drawn> = (0..40_000)
            .filter_map(|_| {
                history.draw(&mut bootstrap, &days);
                seen.drawn(&history.blocks, sharpe(&history.blocks.means))
            })
            .collect();
        // So many pieces that nothing is widened; 200 000 draws by NumPy, and the noise of these.
        let i = seen.interval(&drawn, 40_000, 1e9, |x| x).unwrap();
        assert!((i.lower - 0.004_0).abs() < 0.05, "{i:?}");
        assert!((i.upper - 4.183_0).abs() < 0.05, "{i:?}");
        assert!((seen.p_of_zero(&drawn).unwrap() - 0.05).abs() < 0.01);
    }

    #[test]
    fn a_scale_is_left_behind_and_few_pieces_widen() {
        let seen = Observed {
            value: 0.0,
            error: 1.0,
        };
        let drawn: Vec<Drawn> = (-1_000..=1_000)
            .map(|i| Drawn {
                value: f64::from(i) / 500.0,
                distance: f64::from(i) / 500.0,
            })
            .collect();
        let plain = seen.interval(&drawn, 2_001, 1e9, |x| x).unwrap();
        let shown = seen.interval(&drawn, 2_001, 1e9, f64::exp).unwrap();
        assert!((shown.upper - plain.upper.exp()).abs() < 1e-12);
        assert!((plain.upper - 1.9).abs() < 1e-6, "{plain:?}");
        let few = seen.interval(&drawn, 2_001, 10.0, |x| x).unwrap();
        assert!(few.upper > plain.upper && few.lower < plain.lower);
    }
}
