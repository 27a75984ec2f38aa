//! Intervals around the headline figures, from resampled days and from formulas.
//!
//! One stationary bootstrap of days serves all statistics, so they belong to the same made-up
//! histories. Intervals cover 95%; those of means and ratios are widened for short histories
//! (see [`super::bootstrap::expanded_interval`]). That of the drawdown says where the largest
//! drawdown of another history of such days would lie. Win rate, expectancy and profit factor
//! need the trades of each day: a day's trades are drawn together.

use rayon::prelude::*;
use serde::Serialize;

use super::bootstrap::{
    BootstrapInterval, BootstrapSettings, StationaryBootstrap, expanded_interval, interval_of,
    optimal_block,
};
use super::daily::DailySeries;
use super::growth::volatility;
use super::moments::{FLAT, mean};
use super::probabilistic_sharpe::TrackRecord;
use super::sharpe::{DAYS_PER_YEAR, sharpe, sharpe_standard_error};
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
    /// Sum of their losses in dollars, 0 or more.
    pub lost: f64,
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
    /// Mean daily profit in dollars.
    pub mean_daily_pnl: Option<BootstrapInterval>,
    /// Mean daily return.
    pub mean_daily_return: Option<BootstrapInterval>,
    /// Annual volatility.
    pub volatility: Option<BootstrapInterval>,
    /// Annual Sharpe ratio.
    pub sharpe: Option<BootstrapInterval>,
    /// Annual Sharpe ratio by Mertens' standard error.
    pub sharpe_analytic: Option<Interval>,
    /// Annual Sortino ratio.
    pub sortino: Option<BootstrapInterval>,
    /// Maximum drawdown of the day-end balances in dollars.
    pub max_drawdown_usd: Option<BootstrapInterval>,
    /// Maximum drawdown of the day-end balances as a share of its peak.
    pub max_drawdown_fraction: Option<BootstrapInterval>,
    /// Win rate.
    pub win_rate: Option<BootstrapInterval>,
    /// Net profit per trade in dollars.
    pub expectancy: Option<BootstrapInterval>,
    /// Sum of wins over sum of losses.
    pub profit_factor: Option<BootstrapInterval>,
    /// Share of resampled means as far from their centre as the observed one from 0.
    pub p_mean_pnl_bootstrap: Option<f64>,
    /// Probability that the true Sharpe ratio is above 0.
    pub probabilistic_sharpe: Option<f64>,
    /// Days needed to be 95% sure of a Sharpe ratio above 0.
    pub minimum_track_record_days: Option<f64>,
}

impl Uncertainty {
    /// Resamples a daily series; `trades` holds the trades of each day where known. `rf` is the
    /// yearly rate of the Sharpe ratio, `target` the daily one of the Sortino ratio.
    pub fn of(
        series: &DailySeries,
        trades: Option<&[DayTrades]>,
        rf: f64,
        target: f64,
        settings: BootstrapSettings,
    ) -> Self {
        let n = series.len();
        let returns = series.returns.as_deref();
        let block = settings
            .block
            .unwrap_or_else(|| optimal_block(returns.unwrap_or(&series.pnl)));
        let days = Days::of(series, trades.filter(|t| t.len() == n), rf, target);
        let count = if n < 2 { 0 } else { settings.draws };
        let one = |k: u64| {
            let mut order = Vec::with_capacity(n);
            StationaryBootstrap::nth(n, block, settings.seed, k).draw(&mut order);
            days.history(&order)
        };
        let drawn: Vec<History> = (0..count as u64).into_par_iter().map(one).collect();
        let values =
            |f: fn(&History) -> Option<f64>| drawn.iter().filter_map(f).collect::<Vec<_>>();
        let pieces = n as f64 / block;
        let wide = |f| expanded_interval(values(f), count, pieces);
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
            mean_daily_pnl: wide(|h| Some(h.mean_pnl)),
            mean_daily_return: wide(|h| h.mean_return),
            volatility: days.volatility_interval(&drawn, returns.and_then(volatility)),
            sharpe: wide(|h| h.sharpe),
            sharpe_analytic: analytic,
            sortino: wide(|h| h.sortino),
            max_drawdown_usd: interval_of(values(|h| Some(h.drawdown)), count),
            max_drawdown_fraction: interval_of(values(|h| h.drawdown_fraction), count),
            win_rate: wide(|h| h.win_rate),
            expectancy: wide(|h| h.expectancy),
            profit_factor: wide(|h| h.profit_factor),
            p_mean_pnl_bootstrap: p_of_mean(&series.pnl, &values(|h| Some(h.mean_pnl))),
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

/// A day as the resampling adds it up.
#[derive(Clone, Copy, Default)]
struct Day {
    pnl: f64,
    /// Return less the mean of all days, so that the sum of squares loses no digits.
    centred: f64,
    /// Square of what the return is under the target.
    below: f64,
    count: f64,
    wins: f64,
    net: f64,
    lost: f64,
}

/// All days, and what their sums are measured against.
struct Days {
    days: Vec<Day>,
    start: f64,
    mean_return: Option<f64>,
    /// Daily rate of the Sharpe ratio.
    rate: f64,
    /// Daily target of the Sortino ratio.
    target: f64,
    trades: bool,
}

/// Figures of one resampled history.
struct History {
    mean_pnl: f64,
    mean_return: Option<f64>,
    volatility: Option<f64>,
    /// Logarithm of the variance of returns, with its standard error.
    log_variance: Option<(f64, f64)>,
    sharpe: Option<f64>,
    sortino: Option<f64>,
    drawdown: f64,
    drawdown_fraction: Option<f64>,
    win_rate: Option<f64>,
    expectancy: Option<f64>,
    profit_factor: Option<f64>,
}

impl Days {
    fn of(series: &DailySeries, trades: Option<&[DayTrades]>, rf: f64, target: f64) -> Self {
        let returns = series.returns.as_deref();
        let mean_return = returns.and_then(mean);
        let day = |i: usize| {
            let r = returns.map_or(0.0, |r| r[i]);
            let t = trades.map_or(DayTrades::default(), |t| t[i]);
            Day {
                pnl: series.pnl[i],
                centred: r - mean_return.unwrap_or(0.0),
                below: (r - target).min(0.0).powi(2),
                count: t.count as f64,
                wins: t.wins as f64,
                net: t.net_pnl,
                lost: t.lost,
            }
        };
        Self {
            days: (0..series.len()).map(day).collect(),
            start: series.start_balance,
            mean_return,
            rate: rf / DAYS_PER_YEAR,
            target,
            trades: trades.is_some(),
        }
    }

    /// The interval of the volatility: bootstrap-t on the logarithm of the variance, whose error
    /// depends least on the variance itself (B. Efron and R. Tibshirani, "An Introduction to the
    /// Bootstrap", 1993, chapter 12). Percentiles hold too little, since a history without its
    /// rare large days has both too small a figure and too narrow a spread.
    fn volatility_interval(
        &self,
        drawn: &[History],
        figure: Option<f64>,
    ) -> Option<BootstrapInterval> {
        let order: Vec<usize> = (0..self.days.len()).collect();
        let (observed, error) = self.history(&order).log_variance?;
        let t = |h: &History| h.log_variance.map(|(x, e)| (x - observed) / e);
        let t = interval_of(drawn.iter().filter_map(t).collect(), drawn.len())?;
        let spread = drawn.iter().filter_map(|h| h.volatility).collect();
        let spread = interval_of(spread, drawn.len())?;
        let at = |t: f64| Some(figure? * (-t * error / 2.0).exp());
        Some(BootstrapInterval {
            lower: at(t.upper)?,
            upper: at(t.lower)?,
            standard_error: spread.standard_error,
            draws: t.draws,
        })
    }

    /// Adds up the days in this order, in one pass.
    fn history(&self, order: &[usize]) -> History {
        let n = order.len() as f64;
        let mut sum = Day::default();
        let (mut squares, mut cubes, mut fourths) = (0.0, 0.0, 0.0);
        let (mut now, mut peak) = (self.start, self.start);
        let (mut drawdown, mut fraction) = (0.0_f64, 0.0_f64);
        for &i in order {
            let d = &self.days[i];
            sum.pnl += d.pnl;
            sum.centred += d.centred;
            let square = d.centred * d.centred;
            squares += square;
            cubes += square * d.centred;
            fourths += square * square;
            sum.below += d.below;
            sum.count += d.count;
            sum.wins += d.wins;
            sum.net += d.net;
            sum.lost += d.lost;
            now += d.pnl;
            if now > peak {
                peak = now;
            } else {
                drawdown = drawdown.max(peak - now);
                fraction = fraction.max((peak - now) / peak);
            }
        }
        let off = sum.centred / n;
        let mean_return = self.mean_return.map(|m| m + off);
        // Where all drawn days are alike, what is left of the squares is rounding.
        let spread = squares - n * off * off;
        let spread = if spread > 1e-12 * squares {
            spread
        } else {
            0.0
        };
        let deviation = (spread / (n - 1.0)).sqrt();
        // The fourth central moment over the square of the second, less 1: what the variance of a
        // logarithm of a variance is, times n.
        let fourth = fourths - off * (4.0 * cubes - off * (6.0 * squares - 3.0 * n * off * off));
        let ratio = n * fourth / (spread * spread) - 1.0;
        let log_variance = (deviation >= FLAT && ratio > 0.0)
            .then(|| ((spread / (n - 1.0)).ln(), (ratio / n).sqrt()));
        let downside = (sum.below / n).sqrt();
        let year = DAYS_PER_YEAR.sqrt();
        let over = |rate: f64, d: f64| {
            let excess = mean_return.filter(|_| d >= FLAT)? - rate;
            Some(excess / d * year)
        };
        let any = self.trades && sum.count > 0.0;
        History {
            mean_pnl: sum.pnl / n,
            mean_return,
            volatility: mean_return.map(|_| deviation * year),
            log_variance: mean_return.and(log_variance),
            sharpe: over(self.rate, deviation),
            sortino: over(self.target, downside),
            drawdown,
            drawdown_fraction: (self.start > 0.0).then_some(fraction),
            win_rate: any.then(|| sum.wins / sum.count),
            expectancy: any.then(|| sum.net / sum.count),
            profit_factor: (any && sum.lost > 0.0).then(|| (sum.net + sum.lost) / sum.lost),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::sortino::sortino;

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
            0.0,
            quick(),
        );
        assert_eq!(
            (none.draws, none.sharpe, none.p_mean_pnl_bootstrap),
            (0, None, None)
        );
        let flat = DailySeries::of_pnl(50_000.0, vec![0.0; 20], None);
        let flat = Uncertainty::of(&flat, None, 0.0, 0.0, quick());
        assert_eq!(flat.sharpe, None);
        assert_eq!(flat.max_drawdown_usd.map(|i| i.upper), Some(0.0));
        assert_eq!(flat.win_rate, None);
        // One day that is not flat: a third of the histories miss it, and have no deviation.
        let mut one_day = vec![0.0; 39];
        one_day[2] = -2_195.0;
        let one_day = DailySeries::of_pnl(50_000.0, one_day, None);
        let one_day = Uncertainty::of(&one_day, None, 0.02, 0.0, quick());
        assert_eq!((one_day.sharpe, one_day.volatility), (None, None));
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
                lost: (-p).max(0.0),
            })
            .collect();
        let series = DailySeries::of_pnl(50_000.0, pnl.clone(), None);
        let u = Uncertainty::of(&series, Some(&trades), 0.02, 0.0001, quick());
        let again = Uncertainty::of(&series, Some(&trades), 0.02, 0.0001, quick());
        assert_eq!(u, again);
        let s = sharpe(series.returns.as_deref().unwrap(), 0.02).unwrap();
        let i = u.sharpe.unwrap();
        assert!(i.lower < s && s < i.upper);
        let e = u.expectancy.unwrap();
        let expectancy = pnl.iter().sum::<f64>() / 120.0;
        assert!(e.lower < expectancy && expectancy < e.upper);
        let i = u.sortino.unwrap();
        let below = |target| sortino(series.returns.as_deref().unwrap(), target).unwrap();
        assert!(i.lower < below(0.0001) && below(0.0001) < i.upper);
        let lower = Uncertainty::of(&series, Some(&trades), 0.02, 0.0, quick());
        assert!(
            lower.sortino.unwrap().lower > i.lower && lower.sharpe == u.sharpe,
            "the target moves the interval of the Sortino ratio and no other"
        );
        let other = BootstrapSettings { seed: 2, ..quick() };
        assert_ne!(
            Uncertainty::of(&series, Some(&trades), 0.02, 0.0001, other).sharpe,
            u.sharpe
        );
    }

    #[test]
    fn a_history_in_the_order_of_time_has_the_figures_of_the_account() {
        let pnl: Vec<f64> = (0..30)
            .map(|i| f64::from((i * 37) % 11) * 50.0 - 200.0)
            .collect();
        let trade = |&p: &f64| DayTrades {
            count: 1,
            wins: u64::from(p > 0.0),
            net_pnl: p,
            lost: (-p).max(0.0),
        };
        let trades: Vec<DayTrades> = pnl.iter().map(trade).collect();
        let series = DailySeries::of_pnl(50_000.0, pnl.clone(), None);
        let returns = series.returns.as_deref().unwrap();
        let order: Vec<usize> = (0..30).collect();
        let h = Days::of(&series, Some(&trades), 0.02, 0.0001).history(&order);
        let close = |got: Option<f64>, want: Option<f64>| {
            let (got, want) = (got.unwrap(), want.unwrap());
            assert!((got - want).abs() <= 1e-9 * want.abs(), "{got}, {want}");
        };
        close(h.sharpe, sharpe(returns, 0.02));
        close(h.sortino, sortino(returns, 0.0001));
        close(h.volatility, volatility(returns));
        close(h.mean_return, mean(returns));
        close(Some(h.mean_pnl), mean(&pnl));
        close(h.expectancy, mean(&pnl));
        let (won, lost) = pnl
            .iter()
            .fold((0.0, 0.0), |(w, l), p| (w + p.max(0.0), l - p.min(0.0)));
        close(h.profit_factor, Some(won / lost));
        let falls = crate::metrics::drawdown::Drawdowns::of_path(&series.path());
        close(Some(h.drawdown), Some(falls.max));
        close(h.drawdown_fraction, falls.max_fraction);
    }

    #[test]
    fn the_bootstrap_test_of_the_mean_looks_both_ways() {
        let even: Vec<f64> = (0..40).map(|i| f64::from(i % 2) * 2.0 - 1.0).collect();
        let series = DailySeries::of_pnl(50_000.0, even, None);
        let u = Uncertainty::of(&series, None, 0.0, 0.0, quick());
        assert_eq!(
            u.p_mean_pnl_bootstrap,
            Some(1.0),
            "no mean is as far as no mean"
        );
    }
}
