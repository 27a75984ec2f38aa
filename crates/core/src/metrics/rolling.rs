//! Rolling windows of trading days: did it work all the time, or once?
//!
//! Every run of `window` consecutive days (5, a week, by default) is looked at by itself: its
//! net profit, annual Sharpe ratio, largest drawdown of the day-end balances counted from the
//! window's own start, and win rate of the trades entered in it. `None` where a window cannot
//! say; no windows when there are fewer days than one holds.

use serde::Serialize;

use super::daily::DailySeries;
use super::drawdown::Drawdowns;
use super::sharpe::sharpe;
use super::spread::Spread;
use super::uncertainty::DayTrades;
use crate::time::TradingDay;

/// Days of a window unless another number is asked for: a week.
pub const WEEK: usize = 5;

/// One window.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Window {
    /// First day, where dates are known.
    pub first_day: Option<TradingDay>,
    /// Last day, where dates are known.
    pub last_day: Option<TradingDay>,
    /// Net profit in dollars.
    pub net_pnl: f64,
    /// Annual Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Largest drawdown of the day-end balances in dollars.
    pub max_drawdown_usd: f64,
    /// Share of the trades entered in the window that won.
    pub win_rate: Option<f64>,
}

/// All windows together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rolling {
    /// Days of a window.
    pub window_days: usize,
    /// Windows.
    pub count: usize,
    /// Share of the windows with a profit.
    pub profitable_share: Option<f64>,
    /// Net profit over the windows in dollars.
    pub net_pnl: Option<Spread>,
    /// Sharpe ratio over the windows that have one.
    pub sharpe: Option<Spread>,
    /// Largest drawdown over the windows in dollars.
    pub max_drawdown_usd: Option<Spread>,
    /// Win rate over the windows with trades.
    pub win_rate: Option<Spread>,
    /// The window with the smallest profit, the first of equals.
    pub worst: Option<Window>,
    /// Every window in order, for charts.
    #[serde(skip)]
    pub windows: Vec<Window>,
}

impl Rolling {
    /// Windows of `window` days over a series; `trades` holds the trades of each day where known.
    pub fn of(series: &DailySeries, trades: Option<&[DayTrades]>, rf: f64, window: usize) -> Self {
        let n = series.len();
        let count = if window == 0 {
            0
        } else {
            (n + 1).saturating_sub(window)
        };
        let one = |from: usize| {
            let to = from + window;
            let before = if from == 0 {
                series.start_balance
            } else {
                series.balance[from - 1]
            };
            let mut path = vec![before];
            path.extend_from_slice(&series.balance[from..to]);
            let day = |i: usize| series.days.as_ref().map(|d| d[i]);
            let (all, won) = trades.map_or((0, 0), |t| {
                t[from..to]
                    .iter()
                    .fold((0, 0), |(n, w), d| (n + d.count, w + d.wins))
            });
            Window {
                first_day: day(from),
                last_day: day(to - 1),
                net_pnl: series.pnl[from..to].iter().sum(),
                sharpe: series
                    .returns
                    .as_deref()
                    .and_then(|r| sharpe(&r[from..to], rf)),
                max_drawdown_usd: Drawdowns::of_path(&path).max,
                win_rate: (all > 0).then(|| won as f64 / all as f64),
            }
        };
        let windows: Vec<Window> = (0..count).map(one).collect();
        let with_profit = windows.iter().filter(|w| w.net_pnl > 0.0).count();
        let worst = windows
            .iter()
            .min_by(|a, b| a.net_pnl.total_cmp(&b.net_pnl))
            .cloned();
        let all =
            |f: fn(&Window) -> Option<f64>| Spread::of(windows.iter().filter_map(f).collect());
        Self {
            window_days: window,
            count,
            profitable_share: (count > 0).then(|| with_profit as f64 / count as f64),
            net_pnl: all(|w| Some(w.net_pnl)),
            sharpe: all(|w| w.sharpe),
            max_drawdown_usd: all(|w| Some(w.max_drawdown_usd)),
            win_rate: all(|w| w.win_rate),
            worst,
            windows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_short() {
        let none = Rolling::of(&DailySeries::of_pnl(1.0, vec![], None), None, 0.0, WEEK);
        assert_eq!(
            (none.count, none.profitable_share, none.worst),
            (0, None, None)
        );
        let short = Rolling::of(
            &DailySeries::of_pnl(100.0, vec![1.0; 4], None),
            None,
            0.0,
            WEEK,
        );
        assert_eq!(short.count, 0);
        let whole = Rolling::of(
            &DailySeries::of_pnl(100.0, vec![1.0; 5], None),
            None,
            0.0,
            WEEK,
        );
        assert_eq!((whole.count, whole.profitable_share), (1, Some(1.0)));
    }

    #[test]
    fn by_hand() {
        let series = DailySeries::of_pnl(100.0, vec![10.0, -5.0, -5.0, 20.0], None);
        let day = |count, wins| DayTrades {
            count,
            wins,
            ..DayTrades::default()
        };
        let trades = [day(1, 1), day(1, 0), day(0, 0), day(2, 2)];
        let r = Rolling::of(&series, Some(&trades), 0.0, 2);
        let pnl: Vec<f64> = r.windows.iter().map(|w| w.net_pnl).collect();
        assert_eq!(pnl, [5.0, -10.0, 15.0]);
        assert_eq!(r.profitable_share, Some(2.0 / 3.0));
        assert_eq!(r.worst.unwrap().max_drawdown_usd, 10.0);
        let rates: Vec<_> = r.windows.iter().map(|w| w.win_rate).collect();
        assert_eq!(rates, [Some(0.5), Some(0.0), Some(1.0)]);
        assert_eq!(r.windows[0].max_drawdown_usd, 5.0);
    }
}
