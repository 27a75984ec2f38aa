//! Two accounts over the same days: is one better, or were its days?
//!
//! The same resampled days are given to both (stationary bootstrap), so what moves them
//! together cancels. Differences are first less second, with intervals and two-sided p-values by
//! bootstrap-t (see [`super::studentised`]). That of the drawdowns, which no mean gives, and one
//! that is the same every day have intervals of percentiles, and as p-value the share of centred
//! differences as far from 0 as the observed one. `None` when the accounts differ in days or have
//! fewer than two.

use rayon::prelude::*;
use serde::Serialize;

use super::bootstrap::{
    BootstrapInterval, BootstrapSettings, StationaryBootstrap, expanded_interval, optimal_block,
};
use super::correlation::correlation;
use super::daily::DailySeries;
use super::drawdown::Drawdowns;
use super::moments::mean;
use super::sharpe::{DAYS_PER_YEAR, sharpe};
use super::studentised::{Drawn, Estimate, Observed, Resampled};

/// A difference with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// First less second.
    pub value: f64,
    /// 95% interval.
    pub interval: Option<BootstrapInterval>,
    /// Two-sided p-value of no difference.
    pub p: f64,
}

/// First account less the second.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Paired {
    /// Days compared.
    pub days: usize,
    /// Mean block length of the bootstrap in days.
    pub block: f64,
    /// Draws.
    pub draws: usize,
    /// Correlation of the two accounts' daily profits.
    pub correlation: Option<f64>,
    /// Mean daily profit in dollars.
    pub mean_daily_pnl: Difference,
    /// Annual Sharpe ratio.
    pub sharpe: Option<Difference>,
    /// Largest drawdown of the day-end balances in dollars.
    pub max_drawdown_usd: Difference,
}

/// Compares two accounts.
pub fn paired(
    a: &DailySeries,
    b: &DailySeries,
    rf: f64,
    settings: BootstrapSettings,
) -> Option<Paired> {
    let n = a.len();
    if n < 2 || b.len() != n || a.days != b.days {
        return None;
    }
    let gap: Vec<f64> = a.pnl.iter().zip(&b.pnl).map(|(x, y)| x - y).collect();
    let block = settings.block.unwrap_or_else(|| optimal_block(&gap));
    let fall = |s: &DailySeries, days: &[usize]| {
        let mut now = s.start_balance;
        let path = days.iter().map(|&d| {
            now += s.pnl[d];
            now
        });
        let points = std::iter::once(s.start_balance).chain(path);
        Drawdowns::of_points(points.map(|v| (v, v))).max
    };
    let falls = |days: &[usize]| fall(a, days) - fall(b, days);
    let both = Both::of(a, b, &gap, rf);
    let figures = both.figures(&both.means());
    let observed = figures.map(|e| Observed::of(&both.days, e, block));
    let one = |history: &mut Resampled<5>, k: u64| {
        let mut bootstrap = StationaryBootstrap::nth(n, block, settings.seed, k);
        history.draw(&mut bootstrap, &both.days);
        let now = both.figures(&history.blocks.means);
        let far = |f: usize| observed[f].and_then(|o: Observed| o.drawn(&history.blocks, now[f]));
        let plain = now.map(|e| e.map(|e| e.value));
        ([far(0), far(1)], plain, falls(&history.order))
    };
    let drawn: Vec<_> = (0..settings.draws as u64)
        .into_par_iter()
        .map_init(Resampled::default, one)
        .collect();
    let effective = n as f64 / block;
    // Without a deviation to divide by, and of drawdowns: the differences themselves.
    let of_values = |value: f64, values: Vec<f64>| {
        let centre = mean(&values).unwrap_or(value);
        let far = values
            .iter()
            .filter(|v| (**v - centre).abs() >= value.abs())
            .count();
        let p = (far + 1) as f64 / (values.len() + 1) as f64;
        Difference {
            value,
            p,
            interval: expanded_interval(values, settings.draws, effective),
        }
    };
    let difference = |f: usize| {
        let value = figures[f]?.value;
        let far: Vec<Drawn> = drawn.iter().filter_map(|d| d.0[f]).collect();
        let by_t = observed[f].and_then(|o| {
            Some(Difference {
                value,
                p: o.p_of_zero(&far)?,
                interval: o.interval(&far, settings.draws, effective, |x| x),
            })
        });
        Some(
            by_t.unwrap_or_else(|| of_values(value, drawn.iter().filter_map(|d| d.1[f]).collect())),
        )
    };
    let straight: Vec<usize> = (0..n).collect();
    Some(Paired {
        days: n,
        block,
        draws: settings.draws,
        correlation: correlation(&a.pnl, &b.pnl),
        mean_daily_pnl: difference(0)?,
        sharpe: difference(1),
        max_drawdown_usd: of_values(falls(&straight), drawn.iter().map(|d| d.2).collect()),
    })
}

/// The days of both accounts as moments: difference of profits, then return and its square of
/// each account, less its mean.
struct Both {
    days: Vec<[f64; 5]>,
    /// Mean daily return of each over the daily rate, where both have returns that differ.
    excess: Option<[f64; 2]>,
}

impl Both {
    fn of(a: &DailySeries, b: &DailySeries, gap: &[f64], rf: f64) -> Self {
        let returns = a.returns.as_deref().zip(b.returns.as_deref());
        let known = returns.filter(|(x, y)| sharpe(x, rf).and(sharpe(y, rf)).is_some());
        let means = known.and_then(|(x, y)| Some([mean(x)?, mean(y)?]));
        let day = |i: usize| {
            let (x, y) = known
                .zip(means)
                .map_or((0.0, 0.0), |((x, y), m)| (x[i] - m[0], y[i] - m[1]));
            [gap[i], x, x * x, y, y * y]
        };
        Self {
            days: (0..gap.len()).map(day).collect(),
            excess: means.map(|m| m.map(|m| m - rf / DAYS_PER_YEAR)),
        }
    }

    fn means(&self) -> [f64; 5] {
        let mut sum = [0.0; 5];
        for d in &self.days {
            for (s, x) in sum.iter_mut().zip(d) {
                *s += x;
            }
        }
        sum.map(|s| s / self.days.len() as f64)
    }

    /// Difference of mean profits and of Sharpe ratios at these means.
    fn figures(&self, m: &[f64; 5]) -> [Option<Estimate<4>>; 2] {
        let none = (0, 0.0);
        let profit = Estimate {
            value: m[0],
            slopes: [(0, 1.0), none, none, none],
        };
        let n = self.days.len() as f64;
        // Sharpe ratio of the account whose moments begin at `k`, with its two slopes.
        let ratio = |k: usize, excess: f64| {
            let variance = m[k + 1] - m[k] * m[k];
            let deviation = (variance * n / (n - 1.0)).sqrt();
            let year = DAYS_PER_YEAR.sqrt() / deviation;
            let s = (excess + m[k]) * year;
            let slopes = [year + s * m[k] / variance, -0.5 * s / variance];
            (variance > 1e-12 * m[k + 1]).then_some((s, slopes))
        };
        let ratios = self.excess.and_then(|e| {
            let ((x, u), (y, v)) = (ratio(1, e[0])?, ratio(3, e[1])?);
            Some(Estimate {
                value: x - y,
                slopes: [(1, u[0]), (2, u[1]), (3, -v[0]), (4, -v[1])],
            })
        });
        [Some(profit), ratios]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(pnl: Vec<f64>) -> DailySeries {
        DailySeries::of_pnl(50_000.0, pnl, None)
    }

    #[test]
    fn unequal_and_equal_accounts() {
        let s = BootstrapSettings::default();
        let a = series((0..40).map(|i| f64::from(i % 7) * 30.0 - 80.0).collect());
        assert_eq!(paired(&a, &series(vec![1.0]), 0.0, s), None);
        let same = paired(&a, &a, 0.0, s).unwrap();
        assert_eq!(
            (same.mean_daily_pnl.value, same.mean_daily_pnl.p),
            (0.0, 1.0)
        );
        assert_eq!(same.sharpe.unwrap().p, 1.0);
    }

    #[test]
    fn what_both_share_cancels() {
        let common = |i: i32| f64::from(i * 37 % 11) * 200.0 - 1_000.0;
        let a = series(
            (0..120)
                .map(|i| common(i) + 20.0 + f64::from(i % 3))
                .collect(),
        );
        let b = series((0..120).map(common).collect());
        let p = paired(&a, &b, 0.0, BootstrapSettings::default()).unwrap();
        assert!(p.mean_daily_pnl.p < 0.01, "{p:?}");
        let i = p.mean_daily_pnl.interval.unwrap();
        assert!(i.lower < 21.0 && 21.0 < i.upper && i.lower > 15.0, "{i:?}");
        assert!(p.correlation.unwrap() > 0.99);
    }

    #[test]
    fn the_block_is_that_of_the_difference_and_no_p_value_is_nought() {
        let mut memory = 0.0;
        let common: Vec<f64> = (0..120)
            .map(|i| {
                memory = 0.8 * memory + f64::from(i * 37 % 11) - 5.0;
                100.0 * memory
            })
            .collect();
        let own = |k: f64| -> Vec<f64> {
            let noise = |i: i32| k * (f64::from(i * 53 % 7) - 3.0);
            common.iter().zip(0..).map(|(c, i)| c + noise(i)).collect()
        };
        let (a, b) = (own(10.0), own(-10.0));
        let gap: Vec<f64> = a.iter().zip(&b).map(|(x, y)| x - y).collect();
        assert!((optimal_block(&a) - optimal_block(&gap)).abs() > 0.5);
        let p = paired(&series(a), &series(b), 0.0, BootstrapSettings::default()).unwrap();
        assert_eq!(p.block, optimal_block(&gap));
        let far: Vec<f64> = common.iter().map(|c| c + 9_000.0).collect();
        let p = paired(
            &series(far),
            &series(common),
            0.0,
            BootstrapSettings::default(),
        )
        .unwrap();
        assert_eq!(
            p.mean_daily_pnl.p,
            1.0 / 1_001.0,
            "a draw is as far as this one itself"
        );
    }
}
