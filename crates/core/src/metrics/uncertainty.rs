//! Intervals around the headline figures, from resampled days and from formulas.
//!
//! One stationary bootstrap of days serves all statistics, so they belong to the same made-up
//! histories: mean daily return, Sharpe ratio, maximum drawdown of the day-end balances, and,
//! where the trades of each day are known, win rate and expectancy. Intervals cover 95%.

use serde::Serialize;

use super::bootstrap::{
    BootstrapInterval, BootstrapSettings, StationaryBootstrap, interval_of, optimal_block,
};
use super::daily::DailySeries;
use super::drawdown::Drawdowns;
use super::moments::mean;
use super::probabilistic_sharpe::TrackRecord;
use super::sharpe::{sharpe, sharpe_standard_error};
use super::wilson::{Interval, z95};

/// Trades of one day, as much as the intervals need.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DayTrades {
    /// Own trades entered on the day.
    pub count: u64,
    /// Those with net profit above 0.
    pub wins: u64,
    /// Their net profit in dollars.
    pub net_pnl: f64,
}

/// Intervals and probabilities of an account's figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Uncertainty {
    /// Mean block length of the bootstrap in days.
    pub block: f64,
    /// Histories drawn.
    pub draws: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Mean daily return.
    pub mean_daily_return: Option<BootstrapInterval>,
    /// Annual Sharpe ratio.
    pub sharpe: Option<BootstrapInterval>,
    /// Annual Sharpe ratio by Mertens' standard error.
    pub sharpe_analytic: Option<Interval>,
    /// Maximum drawdown of the day-end balances in dollars.
    pub max_drawdown_usd: Option<BootstrapInterval>,
    /// Win rate.
    pub win_rate: Option<BootstrapInterval>,
    /// Net profit per trade in dollars.
    pub expectancy: Option<BootstrapInterval>,
    /// Share of resampled means at or under 0, two-sided, from days centred on 0.
    pub p_mean_pnl_bootstrap: Option<f64>,
    /// Probability that the true Sharpe ratio is above 0.
    pub probabilistic_sharpe: Option<f64>,
    /// Days needed to be 95% sure of a Sharpe ratio above 0.
    pub minimum_track_record_days: Option<f64>,
}

impl Uncertainty {
    /// Resamples a daily series; `trades` holds the trades of each day where known.
    pub fn of(
        series: &DailySeries,
        trades: Option<&[DayTrades]>,
        rf: f64,
        settings: BootstrapSettings,
    ) -> Self {
        let n = series.len();
        let returns = series.returns.as_deref();
        let block = settings
            .block
            .unwrap_or_else(|| optimal_block(returns.unwrap_or(&series.pnl)));
        let trades = trades.filter(|t| t.len() == n);
        let mut draws = Draws::default();
        let mut bootstrap = StationaryBootstrap::new(n, block, settings.seed);
        let mut days = Vec::with_capacity(n);
        let count = if n < 2 { 0 } else { settings.draws };
        for _ in 0..count {
            bootstrap.draw(&mut days);
            draws.take(series, trades, rf, &days);
        }
        let analytic = returns.and_then(|r| {
            let (s, e) = (sharpe(r, rf)?, sharpe_standard_error(r, rf)?);
            Some(Interval {
                lower: s - z95() * e,
                upper: s + z95() * e,
            })
        });
        let record = returns.and_then(|r| TrackRecord::of(r, rf));
        Self {
            block,
            draws: count,
            seed: settings.seed,
            mean_daily_return: interval_of(draws.mean_return, count),
            sharpe: interval_of(draws.sharpe, count),
            sharpe_analytic: analytic,
            max_drawdown_usd: interval_of(draws.drawdown, count),
            win_rate: interval_of(draws.win_rate, count),
            expectancy: interval_of(draws.expectancy, count),
            p_mean_pnl_bootstrap: p_of_mean(&series.pnl, &draws.mean_pnl),
            probabilistic_sharpe: record.and_then(|r| r.probability_above(0.0)),
            minimum_track_record_days: record.and_then(|r| r.minimum_days(0.0)),
        }
    }
}

/// Two-sided p-value of a mean of 0: resampled means are moved so that 0 is their centre.
fn p_of_mean(pnl: &[f64], resampled: &[f64]) -> Option<f64> {
    let observed = mean(pnl)?;
    if resampled.is_empty() || pnl.iter().all(|p| p.abs() <= 0.0) {
        return None;
    }
    let far = |m: &&f64| (**m - observed).abs() >= observed.abs();
    let beyond = resampled.iter().filter(far).count();
    Some((beyond + 1) as f64 / (resampled.len() + 1) as f64)
}

#[derive(Default)]
struct Draws {
    mean_return: Vec<f64>,
    mean_pnl: Vec<f64>,
    sharpe: Vec<f64>,
    drawdown: Vec<f64>,
    win_rate: Vec<f64>,
    expectancy: Vec<f64>,
}

impl Draws {
    fn take(
        &mut self,
        series: &DailySeries,
        trades: Option<&[DayTrades]>,
        rf: f64,
        days: &[usize],
    ) {
        if let Some(r) = &series.returns {
            let r: Vec<f64> = days.iter().map(|&d| r[d]).collect();
            self.mean_return.extend(mean(&r));
            self.sharpe.extend(sharpe(&r, rf));
        }
        let pnl: Vec<f64> = days.iter().map(|&d| series.pnl[d]).collect();
        self.mean_pnl.extend(mean(&pnl));
        let mut path = Vec::with_capacity(days.len() + 1);
        let mut now = series.start_balance;
        path.push(now);
        for p in pnl {
            now += p;
            path.push(now);
        }
        self.drawdown.push(Drawdowns::of_path(&path).max);
        let Some(trades) = trades else { return };
        let mut all = DayTrades::default();
        for &d in days {
            all.count += trades[d].count;
            all.wins += trades[d].wins;
            all.net_pnl += trades[d].net_pnl;
        }
        if all.count > 0 {
            self.win_rate.push(all.wins as f64 / all.count as f64);
            self.expectancy.push(all.net_pnl / all.count as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quick() -> BootstrapSettings {
        BootstrapSettings {
            draws: 400,
            ..BootstrapSettings::default()
        }
    }

    #[test]
    fn empty_and_flat() {
        let none = Uncertainty::of(
            &DailySeries::of_pnl(50_000.0, vec![], None),
            None,
            0.0,
            quick(),
        );
        assert_eq!(
            (none.draws, none.sharpe, none.p_mean_pnl_bootstrap),
            (0, None, None)
        );
        let flat = DailySeries::of_pnl(50_000.0, vec![0.0; 20], None);
        let flat = Uncertainty::of(&flat, None, 0.0, quick());
        assert_eq!(flat.sharpe, None);
        assert_eq!(flat.max_drawdown_usd.map(|i| i.upper), Some(0.0));
        assert_eq!(flat.win_rate, None);
    }

    #[test]
    fn the_intervals_hold_the_figures_and_the_seed_decides() {
        let pnl: Vec<f64> = (0..60)
            .map(|i| f64::from((i * 37) % 11) * 50.0 - 200.0)
            .collect();
        let trades: Vec<DayTrades> = pnl
            .iter()
            .map(|&p| DayTrades {
                count: 2,
                wins: u64::from(p > 0.0) + 1,
                net_pnl: p,
            })
            .collect();
        let series = DailySeries::of_pnl(50_000.0, pnl.clone(), None);
        let u = Uncertainty::of(&series, Some(&trades), 0.02, quick());
        let again = Uncertainty::of(&series, Some(&trades), 0.02, quick());
        assert_eq!(u, again);
        let s = sharpe(series.returns.as_deref().unwrap(), 0.02).unwrap();
        let i = u.sharpe.unwrap();
        assert!(i.lower < s && s < i.upper);
        let e = u.expectancy.unwrap();
        let expectancy = pnl.iter().sum::<f64>() / 120.0;
        assert!(e.lower < expectancy && expectancy < e.upper);
        let other = BootstrapSettings { seed: 2, ..quick() };
        assert_ne!(
            Uncertainty::of(&series, Some(&trades), 0.02, other).sharpe,
            u.sharpe
        );
    }
}
