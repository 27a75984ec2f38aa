//! Intervals around the headline figures, from resampled days and from formulas.
//!
//! One stationary bootstrap of days serves all statistics, so they belong to the same made-up
//! histories. Intervals cover 95%, by bootstrap-t, widened for short histories (see
//! [`super::studentised`]). That of the drawdown says where the largest drawdown of another
//! history of such days would lie: a history is drawn from a drawn history, because these days are
//! themselves one of many that could have been. Win rate, expectancy and profit factor need the
//! trades of each day: a day's trades are drawn together. With fewer than ten days there is no
//! interval: what so few days say about the spread of days is too little for any method here.

use rayon::prelude::*;
use serde::Serialize;

use super::bootstrap::{
    BootstrapInterval, BootstrapSettings, StationaryBootstrap, expanded_interval, optimal_block,
};
use super::daily::DailySeries;
use super::moments::{FLAT, mean};
use super::probabilistic_sharpe::TrackRecord;
use super::sharpe::{DAYS_PER_YEAR, sharpe, sharpe_standard_error};
use super::studentised::{Drawn, Estimate, Observed, Resampled};
use super::wilson::{Interval, z95};

/// Days that an interval by resampling needs.
pub const LEAST_DAYS: usize = 10;

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
        let count = if n < LEAST_DAYS { 0 } else { settings.draws };
        let mut means = [0.0; moment::ALL];
        for d in &days.days {
            for (m, x) in means.iter_mut().zip(d) {
                *m += x / n as f64;
            }
        }
        let observed: [Option<Observed>; figure::ALL] = days
            .figures(&means)
            .map(|e| Observed::of(&days.days, e, block));
        let one = |(first, second): &mut (Resampled<{ moment::ALL }>, Vec<usize>), k: u64| {
            let mut bootstrap = StationaryBootstrap::nth(n, block, settings.seed, k);
            first.draw(&mut bootstrap, &days.days);
            let now = days.figures(&first.blocks.means);
            let figures =
                std::array::from_fn(|f| observed[f].and_then(|o| o.drawn(&first.blocks, now[f])));
            // A history drawn from a history: these days are themselves only one of many.
            bootstrap.draw(second);
            let (drawdown, drawdown_fraction) =
                days.drawdown(second.iter().map(|&i| first.order[i]));
            History {
                figures,
                drawdown,
                drawdown_fraction,
            }
        };
        let drawn: Vec<History> = (0..count as u64)
            .into_par_iter()
            .map_init(Default::default, one)
            .collect();
        let pieces = n as f64 / block;
        let of = |f: usize| -> Vec<Drawn> { drawn.iter().filter_map(|h| h.figures[f]).collect() };
        let by_t = |f: usize| observed[f]?.interval(&of(f), count, pieces, shown(f));
        let fall = |f: fn(&History) -> f64| {
            expanded_interval(drawn.iter().map(f).collect(), count, pieces)
        };
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
            mean_daily_pnl: by_t(figure::MEAN_PNL),
            mean_daily_return: by_t(figure::MEAN_RETURN),
            volatility: by_t(figure::VOLATILITY),
            sharpe: by_t(figure::SHARPE),
            sharpe_analytic: analytic,
            sortino: by_t(figure::SORTINO),
            max_drawdown_usd: fall(|h| h.drawdown),
            max_drawdown_fraction: (series.start_balance > 0.0)
                .then(|| fall(|h| h.drawdown_fraction))
                .flatten(),
            win_rate: by_t(figure::WIN_RATE),
            expectancy: by_t(figure::EXPECTANCY),
            profit_factor: by_t(figure::PROFIT_FACTOR),
            p_mean_pnl_bootstrap: observed[figure::MEAN_PNL]
                .and_then(|o| o.p_of_zero(&of(figure::MEAN_PNL))),
            probabilistic_sharpe: record.and_then(|r| r.probability_above(0.0)),
            minimum_track_record_days: record.and_then(|r| r.minimum_days(0.0)),
        }
    }
}

/// Moments of a day, by their place in its row.
mod moment {
    /// Return less the mean of all days, so that sums of squares lose no digits.
    pub(super) const RETURN: usize = 0;
    /// Square of that.
    pub(super) const SQUARE: usize = 1;
    /// Square of what the return is under the target.
    pub(super) const BELOW: usize = 2;
    /// Profit in dollars.
    pub(super) const PNL: usize = 3;
    /// Trades.
    pub(super) const COUNT: usize = 4;
    /// Trades with a profit.
    pub(super) const WINS: usize = 5;
    /// Net profit of the trades.
    pub(super) const NET: usize = 6;
    /// Sum of their losses.
    pub(super) const LOST: usize = 7;
    /// How many there are.
    pub(super) const ALL: usize = 8;
}

type Day = [f64; moment::ALL];
type Figure = Estimate<2>;

/// The figures with an interval by bootstrap-t, by their place in a list.
mod figure {
    pub(super) const MEAN_PNL: usize = 0;
    pub(super) const MEAN_RETURN: usize = 1;
    pub(super) const VOLATILITY: usize = 2;
    pub(super) const SHARPE: usize = 3;
    pub(super) const SORTINO: usize = 4;
    pub(super) const WIN_RATE: usize = 5;
    pub(super) const EXPECTANCY: usize = 6;
    pub(super) const PROFIT_FACTOR: usize = 7;
    pub(super) const ALL: usize = 8;
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
    figures: [Option<Drawn>; figure::ALL],
    drawdown: f64,
    drawdown_fraction: f64,
}

impl Days {
    fn of(series: &DailySeries, trades: Option<&[DayTrades]>, rf: f64, target: f64) -> Self {
        let returns = series.returns.as_deref();
        let mean_return = returns.and_then(mean);
        let day = |i: usize| {
            let r = returns.map_or(0.0, |r| r[i]);
            let t = trades.map_or(DayTrades::default(), |t| t[i]);
            let centred = r - mean_return.unwrap_or(0.0);
            [
                centred,
                centred * centred,
                (r - target).min(0.0).powi(2),
                series.pnl[i],
                t.count as f64,
                t.wins as f64,
                t.net_pnl,
                t.lost,
            ]
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

    /// The figures at these means, where they exist: rates, volatility and profit factor on the
    /// scale on which their error depends least on themselves (see [`shown`]).
    fn figures(&self, m: &Day) -> [Option<Figure>; figure::ALL] {
        use moment::{BELOW, COUNT, LOST, NET, PNL, RETURN, SQUARE, WINS};
        let n = self.days.len() as f64;
        let year = DAYS_PER_YEAR.sqrt();
        let of = |value: f64, slopes| Some(Estimate { value, slopes });
        let none = (RETURN, 0.0);
        let mean_return = self.mean_return.map(|r| r + m[RETURN]);
        // Where all drawn days are alike, what is left of the squares is rounding.
        let variance = m[SQUARE] - m[RETURN] * m[RETURN];
        let variance = Some(variance).filter(|v| *v > 1e-12 * m[SQUARE]);
        let deviation = variance
            .map(|v| (v * n / (n - 1.0)).sqrt())
            .filter(|d| *d >= FLAT);
        let spread = mean_return.and(deviation.zip(variance));
        let downside = m[BELOW].sqrt();
        let (count, wins, lost) = (m[COUNT], m[WINS], m[LOST]);
        let won = m[NET] + lost;
        let traded = self.trades && count > 0.0;
        let mut all = [None; figure::ALL];
        all[figure::MEAN_PNL] = of(m[PNL], [(PNL, 1.0), none]);
        all[figure::MEAN_RETURN] = mean_return.and_then(|r| of(r, [(RETURN, 1.0), none]));
        all[figure::VOLATILITY] = spread.and_then(|(d, v)| {
            let slopes = [(RETURN, -m[RETURN] / v), (SQUARE, 0.5 / v)];
            of((d * year).ln(), slopes)
        });
        all[figure::SHARPE] = mean_return.zip(spread).and_then(|(r, (d, v))| {
            let s = (r - self.rate) / d * year;
            let slopes = [
                (RETURN, year / d + s * m[RETURN] / v),
                (SQUARE, -0.5 * s / v),
            ];
            of(s, slopes)
        });
        all[figure::SORTINO] = mean_return.filter(|_| downside >= FLAT).and_then(|r| {
            let s = (r - self.target) / downside * year;
            of(s, [(RETURN, year / downside), (BELOW, -0.5 * s / m[BELOW])])
        });
        if traded && wins > 0.0 && wins < count {
            let slopes = [
                (WINS, 1.0 / wins + 1.0 / (count - wins)),
                (COUNT, -1.0 / (count - wins)),
            ];
            all[figure::WIN_RATE] = of((wins / (count - wins)).ln(), slopes);
        }
        if traded {
            let e = m[NET] / count;
            all[figure::EXPECTANCY] = of(e, [(NET, 1.0 / count), (COUNT, -e / count)]);
        }
        if traded && won > 0.0 && lost > 0.0 {
            let slopes = [(NET, 1.0 / won), (LOST, 1.0 / won - 1.0 / lost)];
            all[figure::PROFIT_FACTOR] = of((won / lost).ln(), slopes);
        }
        all
    }

    /// Largest drawdown of the days in this order, in dollars and as a share of its peak.
    fn drawdown(&self, order: impl Iterator<Item = usize>) -> (f64, f64) {
        let (mut now, mut peak) = (self.start, self.start);
        let (mut drawdown, mut fraction) = (0.0_f64, 0.0_f64);
        for i in order {
            now += self.days[i][moment::PNL];
            if now > peak {
                peak = now;
            } else {
                drawdown = drawdown.max(peak - now);
                fraction = fraction.max((peak - now) / peak);
            }
        }
        (drawdown, fraction)
    }
}

/// A figure from the scale of its interval to that which is shown.
fn shown(place: usize) -> fn(f64) -> f64 {
    match place {
        figure::VOLATILITY | figure::PROFIT_FACTOR => f64::exp,
        figure::WIN_RATE => |odds| 1.0 / (1.0 + (-odds).exp()),
        _ => |x| x,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::growth::volatility;
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

    /// A month of days with a trade each.
    fn account() -> (DailySeries, Vec<DayTrades>) {
        let pnl: Vec<f64> = (0..30)
            .map(|i| f64::from((i * 37) % 11) * 50.0 - 200.0)
            .collect();
        let trade = |&p: &f64| DayTrades {
            count: 1,
            wins: u64::from(p > 0.0),
            net_pnl: p,
            lost: (-p).max(0.0),
        };
        let trades = pnl.iter().map(trade).collect();
        (DailySeries::of_pnl(50_000.0, pnl, None), trades)
    }

    fn means(days: &[Day]) -> Day {
        std::array::from_fn(|k| days.iter().map(|d| d[k]).sum::<f64>() / days.len() as f64)
    }

    #[test]
    fn a_history_in_the_order_of_time_has_the_figures_of_the_account() {
        let (series, trades) = account();
        let returns = series.returns.as_deref().unwrap();
        let days = Days::of(&series, Some(&trades), 0.02, 0.0001);
        let figures = days.figures(&means(&days.days));
        let close = |got: Option<f64>, want: Option<f64>| {
            let (got, want) = (got.unwrap(), want.unwrap());
            assert!((got - want).abs() <= 1e-9 * want.abs(), "{got}, {want}");
        };
        let of = |f: usize| figures[f].map(|e| shown(f)(e.value));
        close(of(figure::SHARPE), sharpe(returns, 0.02));
        close(of(figure::SORTINO), sortino(returns, 0.0001));
        close(of(figure::VOLATILITY), volatility(returns));
        close(of(figure::MEAN_RETURN), mean(returns));
        close(of(figure::MEAN_PNL), mean(&series.pnl));
        close(of(figure::EXPECTANCY), mean(&series.pnl));
        let wins = series.pnl.iter().filter(|p| **p > 0.0).count() as f64;
        close(of(figure::WIN_RATE), Some(wins / 30.0));
        let (won, lost) = series
            .pnl
            .iter()
            .fold((0.0, 0.0), |(w, l), p| (w + p.max(0.0), l - p.min(0.0)));
        close(of(figure::PROFIT_FACTOR), Some(won / lost));
        let falls = crate::metrics::drawdown::Drawdowns::of_path(&series.path());
        let (drawdown, fraction) = days.drawdown(0..30);
        close(Some(drawdown), Some(falls.max));
        close(Some(fraction), falls.max_fraction);
    }

    #[test]
    fn slopes_are_those_of_the_figures() {
        let (series, trades) = account();
        let days = Days::of(&series, Some(&trades), 0.02, 0.0001);
        // Not where the mean of the centred returns is 0, so that every term counts.
        let mut at = means(&days.days);
        at[moment::RETURN] += 0.001;
        for (f, e) in days.figures(&at).iter().enumerate() {
            let e = e.unwrap();
            for k in 0..moment::ALL {
                let told: f64 = e.slopes.iter().filter(|s| s.0 == k).map(|s| s.1).sum();
                let step = 1e-6 * at[k].abs();
                let moved = |by: f64| {
                    let mut m = at;
                    m[k] += by;
                    days.figures(&m)[f].unwrap().value
                };
                let found = (moved(step) - moved(-step)) / (2.0 * step);
                let near =
                    (found - told).abs() <= 1e-5 * told.abs() + 1e-6 * (e.value / at[k]).abs();
                assert!(near, "figure {f}, moment {k}: {told}, found {found}");
            }
        }
    }

    #[test]
    fn few_days_and_trades_that_end_alike_have_no_interval() {
        let (series, trades) = account();
        let nine = DailySeries::of_pnl(50_000.0, series.pnl[..9].to_vec(), None);
        let u = Uncertainty::of(&nine, Some(&trades[..9]), 0.02, 0.0, quick());
        assert_eq!((u.draws, u.sharpe, u.max_drawdown_usd), (0, None, None));
        let won: Vec<DayTrades> = (0..30)
            .map(|i| DayTrades {
                count: 1,
                wins: 1,
                net_pnl: 10.0 + f64::from(i % 7),
                lost: 0.0,
            })
            .collect();
        let pnl = won.iter().map(|t| t.net_pnl).collect();
        let series = DailySeries::of_pnl(50_000.0, pnl, None);
        let u = Uncertainty::of(&series, Some(&won), 0.02, 0.0, quick());
        assert_eq!((u.win_rate, u.profit_factor), (None, None));
        assert!(u.expectancy.is_some_and(|e| e.lower > 10.0));
    }

    #[test]
    fn ends_of_shares_and_of_ratios_stay_where_they_can_be() {
        // 25 of 40 trades won, in no order.
        let trade = |i: u32| {
            let wins = u64::from(!(i * i % 41).is_multiple_of(4));
            let lost = if wins == 0 { 40.0 } else { 0.0 };
            DayTrades {
                count: 1,
                wins,
                net_pnl: 25.0 * wins as f64 - lost,
                lost,
            }
        };
        let trades: Vec<DayTrades> = (0..40).map(trade).collect();
        let share = trades.iter().map(|t| t.wins as f64).sum::<f64>() / 40.0;
        let pnl = trades.iter().map(|t| t.net_pnl).collect();
        let series = DailySeries::of_pnl(50_000.0, pnl, None);
        let u = Uncertainty::of(&series, Some(&trades), 0.02, 0.0, quick());
        let w = u.win_rate.unwrap();
        assert!(
            0.0 < w.lower && w.lower < share && share < w.upper && w.upper < 1.0,
            "{w:?}"
        );
        assert!(u.profit_factor.is_none_or(|p| p.lower > 0.0), "{u:?}");
        assert!(
            u.volatility
                .is_none_or(|v| v.lower > 0.0 && v.upper.is_finite()),
            "{u:?}"
        );
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
