//! White's reality check and Hansen's test for superior predictive ability.
//!
//! Is the best of many strategies better than a benchmark, or the luckiest? `d` are a
//! strategy's daily returns less the benchmark's, over n days. The statistic is the largest
//! `sqrt(n) mean(d)` (reality check) or `sqrt(n) mean(d) / omega` and 0 (Hansen). Days are
//! resampled by the stationary bootstrap, the same days for all strategies, and resampled means
//! are centred in three ways: on the mean (upper bound, White's), on the mean where that is not
//! hopeless, `mean >= -omega / sqrt(n) * sqrt(2 ln ln n)` (consistent), and on the positive part
//! of the mean (lower bound). `omega^2` is the variance under the stationary bootstrap, in
//! closed form. The p-value is the share of draws at or above the statistic: where no strategy beats
//! the benchmark, Hansen's statistic is 0, the least that it can be, and its p-values are 1. (The papers
//! count draws above it, which is the same but there.) `None` with fewer than ten days, without
//! strategies or draws, or when all move with the benchmark. References: H. White, "A Reality Check for
//! Data Snooping", 2000; P. R. Hansen, "A Test for Superior Predictive Ability", 2005.

use rayon::prelude::*;
use serde::Serialize;

use super::bootstrap::{BootstrapSettings, StationaryBootstrap, optimal_block};
use super::moments::{FLAT, mean};

/// Three p-values of one statistic; the true one lies between lower and upper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bounds {
    /// The statistic, per day.
    pub statistic: f64,
    /// Poor strategies do not count.
    pub p_lower: f64,
    /// Hopeless strategies do not count: the one to read.
    pub p_consistent: f64,
    /// All strategies count as if they were as good as the benchmark.
    pub p_upper: f64,
}

/// Answer of both tests.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Superiority {
    /// Strategies compared.
    pub strategies: usize,
    /// Days.
    pub days: usize,
    /// Number of the strategy with the largest mean over the benchmark, from 0.
    pub best: usize,
    /// Its mean daily return over the benchmark.
    pub best_mean: f64,
    /// Mean block length of the bootstrap in days.
    pub block: f64,
    /// Draws.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// White's reality check is `p_upper`; the other two centre as Hansen does.
    pub reality_check: Bounds,
    /// Hansen's test, means divided by their deviation.
    pub spa: Bounds,
}

/// Variance of `sqrt(n) * mean` under the stationary bootstrap with mean block length `block`.
pub fn long_run_variance(d: &[f64], block: f64) -> f64 {
    let n = d.len();
    let keep = 1.0 - 1.0 / block.max(1.0);
    let m = d.iter().sum::<f64>() / n as f64;
    let e: Vec<f64> = d.iter().map(|v| v - m).collect();
    let covariance =
        |lag: usize| e[lag..].iter().zip(&e).map(|(a, b)| a * b).sum::<f64>() / n as f64;
    let mut variance = covariance(0);
    for lag in 1..n {
        let (l, size) = (lag as f64, n as f64);
        let weight =
            (1.0 - l / size) * keep.powi(lag as i32) + l / size * keep.powi((n - lag) as i32);
        // Weights far inside the series are too small to matter.
        if weight > 1e-12 {
            variance += 2.0 * weight * covariance(lag);
        }
    }
    variance.max(0.0)
}

/// Tests strategies, each a series of daily returns, against a benchmark's (zeros for cash).
pub fn superiority(
    strategies: &[&[f64]],
    benchmark: &[f64],
    settings: BootstrapSettings,
) -> Option<Superiority> {
    let n = benchmark.len();
    let fits = strategies.iter().all(|s| s.len() == n);
    if n < 10 || strategies.is_empty() || !fits || settings.draws == 0 {
        return None;
    }
    let over = |s: &&[f64]| -> Vec<f64> { s.iter().zip(benchmark).map(|(a, b)| a - b).collect() };
    let d: Vec<Vec<f64>> = strategies.iter().map(over).collect();
    let means: Vec<f64> = d.iter().filter_map(|x| mean(x)).collect();
    let mut best = 0;
    for (i, &m) in means.iter().enumerate() {
        if m > means[best] {
            best = i;
        }
    }
    let block = settings.block.unwrap_or_else(|| optimal_block(&d[best]));
    let omega: Vec<f64> = d
        .iter()
        .map(|x| long_run_variance(x, block).sqrt())
        .collect();
    if omega.iter().all(|&o| o < FLAT) {
        return None;
    }
    let root = (n as f64).sqrt();
    let hopeless = -(2.0 * (n as f64).ln().ln()).sqrt() / root;
    let centres = |i: usize| {
        let consistent = if means[i] >= hopeless * omega[i] {
            means[i]
        } else {
            0.0
        };
        [means[i].max(0.0), consistent, means[i]]
    };
    let centres: Vec<[f64; 3]> = (0..d.len()).map(centres).collect();
    let studentised = |i: usize, m: f64| if omega[i] < FLAT { 0.0 } else { m / omega[i] };
    let largest = |f: &dyn Fn(usize) -> f64| (0..d.len()).map(f).fold(f64::NEG_INFINITY, f64::max);
    let raw = largest(&|i| means[i]);
    let scaled = largest(&|i| studentised(i, means[i])).max(0.0);
    let beyond = |k: u64| {
        let mut days = Vec::with_capacity(n);
        StationaryBootstrap::nth(n, block, settings.seed, k).draw(&mut days);
        let mut hit = [0_u32; 6];
        let (mut top_raw, mut top_scaled) = ([f64::NEG_INFINITY; 3], [0.0_f64; 3]);
        for (i, x) in d.iter().enumerate() {
            let m = days.iter().map(|&t| x[t]).sum::<f64>() / n as f64;
            for (c, centre) in centres[i].iter().enumerate() {
                top_raw[c] = top_raw[c].max(m - centre);
                top_scaled[c] = top_scaled[c].max(studentised(i, m - centre));
            }
        }
        for c in 0..3 {
            hit[c] = u32::from(top_raw[c] >= raw);
            hit[3 + c] = u32::from(top_scaled[c] >= scaled);
        }
        hit
    };
    let add = |a: [u32; 6], b: [u32; 6]| std::array::from_fn(|i| a[i] + b[i]);
    let hits = (0..settings.draws as u64)
        .into_par_iter()
        .map(beyond)
        .reduce(|| [0; 6], add);
    let share = |i: usize| f64::from(hits[i]) / settings.draws as f64;
    let bounds = |statistic, at: usize| Bounds {
        statistic,
        p_lower: share(at),
        p_consistent: share(at + 1),
        p_upper: share(at + 2),
    };
    Some(Superiority {
        strategies: d.len(),
        days: n,
        best,
        best_mean: means[best],
        block,
        draws: settings.draws,
        seed: settings.seed,
        reality_check: bounds(raw, 0),
        spa: bounds(scaled * root, 3),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::golden;

    #[test]
    fn too_little_to_test() {
        let s = BootstrapSettings::default();
        assert_eq!(superiority(&[], &[0.0; 20], s), None);
        assert_eq!(superiority(&[&[0.0; 5]], &[0.0; 5], s), None);
        assert_eq!(superiority(&[&[0.0; 20]], &[0.0; 19], s), None);
        assert_eq!(superiority(&[&[0.01; 20]], &[0.01; 20], s), None);
        let x: Vec<f64> = (0..20).map(f64::from).collect();
        assert!(superiority(&[&x], &[0.0; 20], s).is_some());
        let undrawn = BootstrapSettings { draws: 0, ..s };
        assert_eq!(superiority(&[&x], &[0.0; 20], undrawn), None);
    }

    #[test]
    fn the_variance_is_that_of_the_bootstrap() {
        let Some(g) = golden::nq_daily() else { return };
        for (block, exact) in [(1.0, 0.000_661_866_556), (10.0, 0.000_562_671_072)] {
            let error = (long_run_variance(&g.returns, block) / g.returns.len() as f64).sqrt();
            assert!((error / exact - 1.0).abs() < 1e-6, "{block}: {error}");
        }
    }

    #[test]
    fn agrees_with_another_implementation() {
        let Some(text) = golden::text("bootstrap_nq_daily_2019_spa_models.csv") else {
            return;
        };
        let rows: Vec<Vec<f64>> = text
            .lines()
            .skip(1)
            .map(|l| l.split(',').map(|c| c.parse().unwrap()).collect())
            .collect();
        let column = |j: usize| rows.iter().map(|r| r[j]).collect::<Vec<f64>>();
        let models: Vec<Vec<f64>> = (0..5).map(column).collect();
        let models: Vec<&[f64]> = models.iter().map(Vec::as_slice).collect();
        let settings = BootstrapSettings {
            draws: 5_000,
            seed: 1,
            block: Some(10.0),
        };
        let s = superiority(&models, &column(5), settings).unwrap();
        // 0.0568 and 0.057, 0.0872 and 0.0892 with two seeds elsewhere.
        assert!((s.reality_check.p_lower - 0.057).abs() < 0.012, "{s:?}");
        assert!(
            (s.reality_check.p_consistent - 0.088).abs() < 0.014,
            "{s:?}"
        );
        assert!((s.reality_check.p_upper - 0.088).abs() < 0.014, "{s:?}");
        assert!(s.spa.p_lower <= s.spa.p_consistent && s.spa.p_consistent <= s.spa.p_upper);
    }
    #[test]
    fn strategies_that_all_lose_are_not_superior() {
        // Losing every single day, over and over: hopeless, so resampled means are not centred.
        let bad: Vec<f64> = (0..60).map(|i| f64::from(i % 7) * 0.001 - 0.01).collect();
        let s = superiority(&[&bad], &[0.0; 60], BootstrapSettings::default()).unwrap();
        assert_eq!(s.spa.statistic, 0.0);
        assert_eq!(
            (s.spa.p_lower, s.spa.p_consistent, s.spa.p_upper),
            (1.0, 1.0, 1.0)
        );
        assert!(
            s.reality_check.statistic < 0.0 && s.reality_check.p_upper > 0.9,
            "{s:?}"
        );
    }
}
