//! The daily series of an account: one entry per trading day with at least one bar.
//!
//! A day without a trade counts as 0. A day's profit is its closing balance less that of the
//! day before; its return divides by the balance at its start. Bars outside every session make
//! no day, and the series of a failed account ends with the day on which it failed.

use crate::market::SessionCalendar;
use crate::sim::EquityRow;
use crate::time::{FULL_SESSION_SECS, TradingDay, ZoneTable};
use crate::units::Usd;

/// Tells instants their trading day: New York time and the exchange's calendar.
#[derive(Clone, Debug)]
pub struct DayClock {
    zone: ZoneTable,
    calendar: SessionCalendar,
}

impl DayClock {
    /// A clock over a calendar.
    pub fn new(calendar: SessionCalendar) -> Self {
        Self {
            zone: ZoneTable::new_york(),
            calendar,
        }
    }

    /// The calendar in use.
    pub fn calendar(&self) -> &SessionCalendar {
        &self.calendar
    }

    /// New York wall-clock seconds of an instant.
    pub fn wall(&self, utc: i64) -> i64 {
        self.zone.wall(utc)
    }

    /// The instant of New York wall-clock seconds.
    pub fn to_utc(&self, wall: i64) -> i64 {
        self.zone.to_utc(wall)
    }

    /// The trading day by the clock alone, weekends and closed days included.
    pub fn day(&self, utc: i64) -> TradingDay {
        TradingDay::of_wall(self.zone.wall(utc))
    }

    /// Hour of the day in New York, 0 to 23.
    pub fn hour(&self, utc: i64) -> u8 {
        (self.zone.wall(utc).rem_euclid(86_400) / 3600) as u8
    }

    /// The trading day whose session a bar that opens at this instant belongs to.
    ///
    /// `None` between 17:00 and 18:00, on weekends and on closed days. Bars after an early
    /// close still belong to their day.
    pub fn session(&self, utc: i64) -> Option<TradingDay> {
        let wall = self.zone.wall(utc);
        let day = TradingDay::of_wall(wall);
        let trades = self.calendar.close_secs(day).is_some();
        (trades && TradingDay::since_roll(wall) < FULL_SESSION_SECS).then_some(day)
    }

    /// The trading day on which the exchange is open at this instant, early closes included.
    pub fn open_session(&self, utc: i64) -> Option<TradingDay> {
        let wall = self.zone.wall(utc);
        let day = TradingDay::of_wall(wall);
        let close = self.calendar.close_secs(day)?;
        (TradingDay::since_roll(wall) < close).then_some(day)
    }
}

/// One trading day of an account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AccountDay {
    /// The day.
    pub day: TradingDay,
    /// First row of the day.
    pub first: usize,
    /// Last row of the day.
    pub last: usize,
    /// Balance at the end of the day before.
    pub start: Usd,
    /// Balance after the last row.
    pub end: Usd,
}

impl AccountDay {
    /// Net profit of the day.
    pub fn pnl(&self) -> Usd {
        self.end - self.start
    }
}

/// Cuts the rows of a ledger into trading days.
///
/// `start` is the balance before the first row. `breach` is the open time of the bar in which
/// the account failed: the day that holds it is the last one.
pub fn account_days(
    rows: &[EquityRow],
    start: Usd,
    breach: Option<i64>,
    clock: &DayClock,
) -> Vec<AccountDay> {
    let mut days: Vec<AccountDay> = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let Some(day) = clock.session(row.time) else {
            continue;
        };
        match days.last_mut() {
            Some(d) if d.day == day => {
                d.last = i;
                d.end = row.balance;
            }
            last => {
                let before = last.map_or(start, |d| d.end);
                let dead = breach.is_some_and(|at| at < row.time);
                if dead {
                    break;
                }
                days.push(AccountDay {
                    day,
                    first: i,
                    last: i,
                    start: before,
                    end: row.balance,
                });
            }
        }
    }
    days
}

/// Daily profits and returns in floating point, the input of every daily statistic.
#[derive(Clone, Debug, PartialEq)]
pub struct DailySeries {
    /// Balance before the first day, in dollars.
    pub start_balance: f64,
    /// The trading days, where known.
    pub days: Option<Vec<TradingDay>>,
    /// Net profit per day in dollars.
    pub pnl: Vec<f64>,
    /// Balance at each day's end in dollars.
    pub balance: Vec<f64>,
    /// Profit over the balance at the day's start; `None` when one of those is not positive.
    pub returns: Option<Vec<f64>>,
}

impl DailySeries {
    /// The series of an account's days.
    pub fn of_days(days: &[AccountDay], start: Usd) -> Self {
        let positive = days.iter().all(|d| d.start > Usd::ZERO);
        let ratio = |d: &AccountDay| d.pnl().0 as f64 / d.start.0 as f64;
        Self {
            start_balance: start.dollars(),
            days: Some(days.iter().map(|d| d.day).collect()),
            pnl: days.iter().map(|d| d.pnl().dollars()).collect(),
            balance: days.iter().map(|d| d.end.dollars()).collect(),
            returns: positive.then(|| days.iter().map(ratio).collect()),
        }
    }

    /// The series of given daily profits in dollars.
    pub fn of_pnl(start_balance: f64, pnl: Vec<f64>, days: Option<Vec<TradingDay>>) -> Self {
        let mut balance = Vec::with_capacity(pnl.len());
        let mut returns = Vec::with_capacity(pnl.len());
        let mut now = start_balance;
        let mut positive = true;
        for &p in &pnl {
            positive &= now > 0.0;
            returns.push(p / now);
            now += p;
            balance.push(now);
        }
        Self {
            start_balance,
            days,
            pnl,
            balance,
            returns: positive.then_some(returns),
        }
    }

    /// The series of given daily returns as fractions, compounded from the start balance.
    pub fn of_returns(
        start_balance: f64,
        returns: Vec<f64>,
        days: Option<Vec<TradingDay>>,
    ) -> Self {
        let mut balance = Vec::with_capacity(returns.len());
        let mut pnl = Vec::with_capacity(returns.len());
        let mut now = start_balance;
        for &r in &returns {
            let next = now * (1.0 + r);
            pnl.push(next - now);
            balance.push(next);
            now = next;
        }
        Self {
            start_balance,
            days,
            pnl,
            balance,
            returns: Some(returns),
        }
    }

    /// Number of days.
    pub fn len(&self) -> usize {
        self.pnl.len()
    }

    /// Whether there is no day.
    pub fn is_empty(&self) -> bool {
        self.pnl.is_empty()
    }

    /// Balance after the last day in dollars.
    pub fn end_balance(&self) -> f64 {
        self.balance.last().copied().unwrap_or(self.start_balance)
    }

    /// Start balance and the balance after each day.
    pub fn path(&self) -> Vec<f64> {
        let mut path = Vec::with_capacity(self.len() + 1);
        path.push(self.start_balance);
        path.extend_from_slice(&self.balance);
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::Plant;

    fn clock() -> DayClock {
        DayClock::new(SessionCalendar::builtin())
    }

    #[test]
    fn every_day_with_a_bar_counts_and_bars_outside_sessions_do_not() {
        let ledger = Plant::new(50_000)
            .row("2024-03-03T23:30:00Z", 50_000) // Sunday evening is Monday
            .row("2024-03-04T20:00:00Z", 50_100)
            .row("2024-03-04T22:30:00Z", 50_100) // halt
            .row("2024-03-05T15:00:00Z", 50_100) // no trade
            .row("2024-03-09T15:00:00Z", 50_100) // Saturday
            .row("2024-03-11T15:00:00Z", 49_600)
            .ledger();
        let days = account_days(&ledger.rows, ledger.start_balance, None, &clock());
        let got: Vec<_> = days
            .iter()
            .map(|d| (d.day.to_string(), d.pnl().dollars()))
            .collect();
        let want = [
            ("2024-03-04", 100.0),
            ("2024-03-05", 0.0),
            ("2024-03-11", -500.0),
        ];
        assert_eq!(got, want.map(|(d, p)| (d.to_owned(), p)));
        let series = DailySeries::of_days(&days, ledger.start_balance);
        assert_eq!(
            series.returns.unwrap(),
            [100.0 / 50_000.0, 0.0, -500.0 / 50_100.0]
        );
    }

    #[test]
    fn a_failed_account_has_no_days_after_the_breach() {
        let ledger = Plant::new(50_000)
            .row("2024-03-04T15:00:00Z", 47_400)
            .row("2024-03-04T15:01:00Z", 47_400)
            .row("2024-03-05T15:00:00Z", 47_400)
            .ledger();
        let at = ledger.rows[0].time;
        let days = account_days(&ledger.rows, ledger.start_balance, Some(at), &clock());
        assert_eq!(days.len(), 1);
        assert_eq!(days[0].last, 1);
    }

    #[test]
    fn no_rows_no_days_and_no_ratio_without_a_positive_balance() {
        assert!(account_days(&[], Usd::ZERO, None, &clock()).is_empty());
        let broke = DailySeries::of_pnl(100.0, vec![-100.0, 5.0], None);
        assert_eq!(broke.returns, None);
        assert_eq!(broke.balance, [0.0, 5.0]);
    }

    #[test]
    fn profits_and_returns_agree() {
        let a = DailySeries::of_pnl(100.0, vec![10.0, -11.0], None);
        assert_eq!(a.returns.as_deref(), Some([0.1, -0.1].as_slice()));
        let b = DailySeries::of_returns(100.0, vec![0.1, -0.1], None);
        assert!((b.end_balance() - 99.0).abs() < 1e-9);
        assert_eq!(a.path(), [100.0, 110.0, 99.0]);
    }

    #[test]
    fn the_clock_knows_early_closes_and_summer_time() {
        let c = clock();
        let utc = |t: &str| crate::time::parse_utc(t).unwrap();
        let afternoon = utc("2024-11-29T19:00:00Z"); // 14:00, closed since 13:15
        assert!(c.session(afternoon).is_some() && c.open_session(afternoon).is_none());
        assert_eq!(c.hour(utc("2024-07-01T13:30:00Z")), 9);
        assert_eq!(c.hour(utc("2024-01-03T14:30:00Z")), 9);
        assert!(c.session(utc("2024-03-29T15:00:00Z")).is_none());
    }
}
