//! Two accounts over the same days: is one better, or were its days?
//!
//! The same resampled days are given to both (stationary bootstrap), so what moves them
//! together cancels. Differences are first less second; intervals are of percentiles, and the
//! p-value is the share of centred differences as far from 0 as the observed one, two-sided.
//! `None` when the accounts differ in days or have fewer than two.

use rayon::prelude::*;
use serde::Serialize;

use super::bootstrap::{
    BootstrapInterval, BootstrapSettings, StationaryBootstrap, expanded_interval, optimal_block,
};
use super::correlation::correlation;
use super::daily::DailySeries;
use super::drawdown::Drawdowns;
use super::moments::mean;
use super::sharpe::sharpe;

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
    let ratio = |s: &DailySeries, days: &[usize]| {
        let r = s.returns.as_ref()?;
        sharpe(&days.iter().map(|&d| r[d]).collect::<Vec<_>>(), rf)
    };
    let fall = |s: &DailySeries, days: &[usize]| {
        let mut now = s.start_balance;
        let path = days.iter().map(|&d| {
            now += s.pnl[d];
            now
        });
        let points = std::iter::once(s.start_balance).chain(path);
        Drawdowns::of_points(points.map(|v| (v, v))).max
    };
    let compare = |days: &[usize]| {
        let m = days.iter().map(|&d| gap[d]).sum::<f64>() / n as f64;
        let s = ratio(a, days).zip(ratio(b, days)).map(|(x, y)| x - y);
        (m, s, fall(a, days) - fall(b, days))
    };
    let one = |k: u64| {
        let mut days = Vec::with_capacity(n);
        StationaryBootstrap::nth(n, block, settings.seed, k).draw(&mut days);
        compare(&days)
    };
    let drawn: Vec<_> = (0..settings.draws as u64)
        .into_par_iter()
        .map(one)
        .collect();
    let straight: Vec<usize> = (0..n).collect();
    let observed = compare(&straight);
    let effective = n as f64 / block;
    let difference = |value: f64, values: Vec<f64>| {
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
    Some(Paired {
        days: n,
        block,
        draws: settings.draws,
        correlation: correlation(&a.pnl, &b.pnl),
        mean_daily_pnl: difference(observed.0, drawn.iter().map(|d| d.0).collect()),
        sharpe: observed
            .1
            .map(|s| difference(s, drawn.iter().filter_map(|d| d.1).collect())),
        max_drawdown_usd: difference(observed.2, drawn.iter().map(|d| d.2).collect()),
    })
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
