//! Stationary bootstrap of days: what else could have happened with these days.
//!
//! Blocks of geometric length (mean `block`) are drawn with wrap-around, so that neighbouring
//! days stay together (D. Politis and J. Romano, "The Stationary Bootstrap", 1994). The default
//! block length is the one of D. Politis and H. White (2004) with the correction of A. Patton,
//! D. Politis and H. White (2009). Same seed, same draws.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use super::moments::{mean, percentile_sorted};
use crate::rng::Stream;

/// How to resample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BootstrapSettings {
    /// Resampled histories.
    pub draws: usize,
    /// Seed of the stream.
    pub seed: u64,
    /// Mean block length in days; chosen from the data when absent.
    pub block: Option<f64>,
}

impl Default for BootstrapSettings {
    fn default() -> Self {
        Self {
            draws: 1_000,
            seed: 1,
            block: None,
        }
    }
}

/// 95% interval of a resampled statistic, from its percentiles.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BootstrapInterval {
    /// Lower end: the 2.5th percentile, or one further out for a short history.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Deviation over the draws (n - 1).
    pub standard_error: f64,
    /// Draws in which the statistic could be computed.
    pub draws: usize,
}

/// Draws one resampled history of day indices after another.
#[derive(Clone, Debug)]
pub struct StationaryBootstrap {
    stream: Stream,
    days: usize,
    /// Chance that the next day begins a new block.
    restart: f64,
}

impl StationaryBootstrap {
    /// A bootstrap over `days` days with blocks of `block` days on average (at least 1).
    pub fn new(days: usize, block: f64, seed: u64) -> Self {
        let block = if block.is_finite() {
            block.max(1.0)
        } else {
            1.0
        };
        Self {
            stream: Stream::new(seed, "stationary-bootstrap", 0),
            days,
            restart: 1.0 / block,
        }
    }

    /// The same for history number `k` alone, so that histories can be drawn side by side.
    pub fn nth(days: usize, block: f64, seed: u64, k: u64) -> Self {
        Self {
            stream: Stream::new(seed, "stationary-bootstrap", k),
            ..Self::new(days, block, seed)
        }
    }

    /// Fills `indices` with one history as long as the original.
    pub fn draw(&mut self, indices: &mut Vec<usize>) {
        self.draw_blocks(indices, &mut Vec::new());
    }

    /// The same, and where in it blocks begin.
    pub fn draw_blocks(&mut self, indices: &mut Vec<usize>, starts: &mut Vec<usize>) {
        indices.clear();
        starts.clear();
        let n = self.days as u64;
        let mut at = 0;
        for i in 0..self.days {
            let fresh = i == 0 || self.stream.uniform() < self.restart;
            at = if fresh {
                starts.push(i);
                self.stream.below(n) as usize
            } else if at + 1 == self.days {
                0
            } else {
                at + 1
            };
            indices.push(at);
        }
    }
}

/// The interval of values from many draws; `None` unless nine in ten draws gave one.
pub fn interval_of(values: Vec<f64>, draws: usize) -> Option<BootstrapInterval> {
    interval_between(values, draws, 2.5)
}

/// The interval of values from many draws, widened for a short history.
pub fn expanded_interval(values: Vec<f64>, draws: usize, pieces: f64) -> Option<BootstrapInterval> {
    interval_between(values, draws, outer_percentile(pieces)?)
}

/// The percentile that takes the place of the 2.5th where a history is short.
///
/// Resampled statistics spread too little, by `sqrt((m - 1) / m)` and by the normal quantile in
/// the place of Student's, where the history holds `m` independent pieces (days over the mean
/// block length). The percentiles are moved outwards by as much (T. Hesterberg, "What Teachers
/// Should Know About the Bootstrap", 2015, expanded percentile interval).
pub fn outer_percentile(pieces: f64) -> Option<f64> {
    let m = pieces.max(3.0);
    let t = StudentsT::new(0.0, 1.0, m - 1.0).ok()?.inverse_cdf(0.025);
    Some(100.0 * Normal::standard().cdf(t * (m / (m - 1.0)).sqrt()))
}

/// Between the `outer` percentile and its mirror.
pub fn interval_between(
    mut values: Vec<f64>,
    draws: usize,
    outer: f64,
) -> Option<BootstrapInterval> {
    if values.len() < 2 || values.len() * 10 < draws * 9 {
        return None;
    }
    let standard_error = super::moments::std_dev(&values, 1)?;
    values.sort_unstable_by(f64::total_cmp);
    Some(BootstrapInterval {
        lower: percentile_sorted(&values, outer)?,
        upper: percentile_sorted(&values, 100.0 - outer)?,
        standard_error,
        draws: values.len(),
    })
}

/// Mean block length for the stationary bootstrap of a series; 1 where it cannot be estimated.
pub fn optimal_block(x: &[f64]) -> f64 {
    estimate_block(x)
        .filter(|b| b.is_finite())
        .unwrap_or(1.0)
        .max(1.0)
}

fn estimate_block(x: &[f64]) -> Option<f64> {
    let n = x.len();
    if n < 10 {
        return None;
    }
    let m = mean(x)?;
    let e: Vec<f64> = x.iter().map(|v| v - m).collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(p, q)| p * q).sum::<f64>();
    let size = n as f64;
    // A lag is quiet when its correlation is inside this band; `calm` quiet lags end the search.
    let calm = (size.log10() as usize).max(5);
    let last_lag = ((size.sqrt().ceil() as usize) + calm).min(n - 2);
    let band = 2.0 * (size.log10() / size).sqrt();
    let mut covariance = Vec::with_capacity(last_lag + 1);
    let mut quiet = Vec::with_capacity(last_lag + 1);
    for lag in 0..=last_lag {
        let cross = dot(&e[lag..], &e[..n - lag]);
        covariance.push(cross / size);
        let (head, tail) = (&e[..n - lag - 1], &e[lag + 1..]);
        quiet.push(cross.abs() / (dot(head, head) * dot(tail, tail)).sqrt() < band);
    }
    let found = (calm..=last_lag).find(|&i| quiet[i - calm..i].iter().all(|&q| q));
    let width = found.map_or(last_lag, |i| (2 * (i - calm).max(1)).min(last_lag));
    let (mut g, mut spectrum) = (0.0, covariance[0]);
    for k in 1..=width {
        let share = k as f64 / width as f64;
        let weight = if share <= 0.5 {
            1.0
        } else {
            2.0 * (1.0 - share)
        };
        g += 2.0 * weight * k as f64 * covariance[k];
        spectrum += 2.0 * weight * covariance[k];
    }
    let ratio = 2.0 * g * g / (2.0 * spectrum * spectrum);
    let cap = (3.0 * size.sqrt()).min(size / 3.0).ceil();
    ratio.is_finite().then(|| (ratio * size).cbrt().min(cap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::golden;
    use crate::metrics::sharpe::sharpe;

    fn means(x: &[f64], block: f64, draws: usize, seed: u64) -> Vec<f64> {
        let mut bootstrap = StationaryBootstrap::new(x.len(), block, seed);
        let mut indices = Vec::new();
        (0..draws)
            .map(|_| {
                bootstrap.draw(&mut indices);
                indices.iter().map(|&i| x[i]).sum::<f64>() / x.len() as f64
            })
            .collect()
    }

    #[test]
    fn empty_short_and_flat() {
        let mut indices = vec![1];
        StationaryBootstrap::new(0, 5.0, 1).draw(&mut indices);
        assert!(indices.is_empty());
        assert_eq!(optimal_block(&[]), 1.0);
        assert_eq!(optimal_block(&[0.0; 50]), 1.0);
        assert_eq!(
            interval_of(vec![1.0; 5], 100),
            None,
            "too few draws gave a value"
        );
    }

    #[test]
    fn the_seed_decides_and_blocks_have_their_length() {
        let draw = |seed| {
            let mut v = Vec::new();
            StationaryBootstrap::new(1_000, 8.0, seed).draw(&mut v);
            v
        };
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
        let mut breaks = 0.0;
        for seed in 0..50 {
            let d = draw(seed);
            breaks += d.windows(2).filter(|w| (w[0] + 1) % 1_000 != w[1]).count() as f64;
        }
        let block = 50.0 * 1_000.0 / breaks;
        assert!((7.5..8.5).contains(&block), "mean block {block}");
    }

    #[test]
    fn standard_errors_of_the_mean_are_those_of_the_theory() {
        let Some(g) = golden::nq_daily() else { return };
        for (block, exact) in [
            (1.0, 0.000_661_866_556),
            (5.0, 0.000_571_772_420),
            (10.0, 0.000_562_671_072),
            (20.0, 0.000_552_105_530),
        ] {
            let got = interval_of(means(&g.returns, block, 20_000, 7), 20_000)
                .unwrap()
                .standard_error;
            let off = got / exact - 1.0;
            assert!(
                off.abs() < 0.015,
                "block {block}: {got} is {off} off {exact}"
            );
        }
    }

    #[test]
    fn intervals_agree_with_other_implementations() {
        let Some(g) = golden::nq_daily() else { return };
        let mut bootstrap = StationaryBootstrap::new(g.returns.len(), 10.0, 5);
        let mut indices = Vec::new();
        let values: Vec<f64> = (0..20_000)
            .filter_map(|_| {
                bootstrap.draw(&mut indices);
                let r: Vec<f64> = indices.iter().map(|&i| g.returns[i]).collect();
                sharpe(&r, 0.0)
            })
            .collect();
        let i = interval_of(values, 20_000).unwrap();
        // Percentile interval of 20 000 draws elsewhere, and three times its noise.
        assert!((i.lower - 0.393_750_75).abs() < 0.1, "{i:?}");
        assert!((i.upper - 4.118_649_32).abs() < 0.13, "{i:?}");
    }

    #[test]
    fn block_lengths_agree_with_other_implementations() {
        let Some(g) = golden::nq_daily() else { return };
        let b = optimal_block(&g.returns);
        assert!((b - 3.040_142_552_562_46).abs() < 1e-9, "{b}");
        let sizes: Vec<f64> = g.returns.iter().map(|r| r.abs()).collect();
        let b = optimal_block(&sizes);
        assert!((b - 10.059_380_451_774_418).abs() < 1e-9, "{b}");
    }

    #[test]
    fn short_histories_widen_the_interval_by_student_and_by_n() {
        let values: Vec<f64> = (0..=100_000).map(f64::from).collect();
        let plain = interval_of(values.clone(), 100_001).unwrap();
        assert_eq!((plain.lower, plain.upper), (2_500.0, 97_500.0));
        // norm.cdf(t(9).ppf(0.025) * sqrt(10 / 9)) of SciPy is 0.008_550_639_024.
        let ten = expanded_interval(values, 100_001, 10.0).unwrap();
        assert!((ten.lower - 855.063_902_4).abs() < 1e-3, "{ten:?}");
        assert!((ten.upper - (100_000.0 - 855.063_902_4)).abs() < 1e-3);
    }
}
