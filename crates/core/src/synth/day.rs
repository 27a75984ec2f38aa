//! The weather of trading days: regimes of volatility and trend that last for weeks.
//!
//! A chain over the calendar from a fixed date, drawn from the seed alone, so that all markets
//! of a seed have the same weather on the same day, whatever span is asked for.

use crate::market::SessionCalendar;
use crate::rng::Stream;
use crate::time::{TradingDay, ZoneTable};

/// Where prices tend over some days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tendency {
    /// Up, with trends inside sessions.
    Up,
    /// Down, with trends inside sessions.
    Down,
    /// Nowhere, with weaker trends inside sessions.
    Range,
}

/// What a trading day is like before its first minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayPlan {
    /// The day.
    pub day: TradingDay,
    /// Unix seconds of its roll.
    pub roll_utc: i64,
    /// Minutes until the exchange closes.
    pub minutes: usize,
    /// Calendar days since the session before it.
    pub days_since_last: i32,
    /// Volatility over a usual session's.
    pub volatility: f64,
    /// Where prices tend.
    pub regime: Tendency,
}

impl DayPlan {
    /// Drift of the whole session in standard deviations of a usual one.
    pub fn drift(&self) -> f64 {
        match self.regime {
            Tendency::Up => 0.16,
            Tendency::Down => -0.16,
            Tendency::Range => 0.0,
        }
    }

    /// Strength of hidden trends inside the session.
    pub fn trend_strength(&self) -> f64 {
        if self.regime == Tendency::Range {
            0.75
        } else {
            1.15
        }
    }
}

/// The chain of weather starts on this day, or on the first day asked for if that is earlier.
const CHAIN_START: TradingDay = TradingDay(16_436); // 2015-01-01

/// The trading days of a span with their weather.
pub fn day_plans(
    seed: u64,
    first: TradingDay,
    last: TradingDay,
    calendar: &SessionCalendar,
) -> Vec<DayPlan> {
    let zone = ZoneTable::new_york();
    let (mut volatility_regime, mut regime) = (1.0, Tendency::Range);
    let mut wander = 0.0;
    let mut last_open = None;
    let mut plans = Vec::new();
    for number in CHAIN_START.0.min(first.0)..=last.0 {
        let day = TradingDay(number);
        let Some(close_secs) = calendar.close_secs(day) else {
            continue;
        };
        let mut s = Stream::new(seed, "synth day", number as u64);
        // Means of 18, 25 and 8 days; a change goes to either other regime.
        let leave = if volatility_regime < 1.0 {
            1.0 / 18.0
        } else if volatility_regime > 1.0 {
            1.0 / 8.0
        } else {
            1.0 / 25.0
        };
        if s.uniform() < leave {
            let others: [f64; 2] = if volatility_regime < 1.0 {
                [1.0, 1.0]
            } else if volatility_regime > 1.0 {
                [1.0, 0.75]
            } else {
                [0.75, 1.5]
            };
            volatility_regime = others[s.below(2) as usize];
        }
        if s.uniform() < 1.0 / 12.0 {
            let rest = [Tendency::Up, Tendency::Down, Tendency::Range].map(|r| (r, r != regime));
            let others: Vec<_> = rest.iter().filter(|r| r.1).map(|r| r.0).collect();
            regime = others[s.below(2) as usize];
        }
        wander = 0.8 * wander + 0.12 * s.normal();
        if day >= first {
            plans.push(DayPlan {
                day,
                roll_utc: zone.to_utc(day.roll_wall()),
                minutes: close_secs as usize / 60,
                days_since_last: last_open.map_or(1, |before: i32| number - before),
                volatility: volatility_regime * f64::exp(wander),
                regime,
            });
        }
        last_open = Some(number);
    }
    plans
}

/// Whether the front contract changes on this day: the Thursday eight days before the third
/// Friday of March, June, September and December.
pub fn is_roll_day(day: TradingDay) -> bool {
    let date = day.date();
    let quarter_end = date.month() % 3 == 0;
    // The third Friday is the 15th to the 21st, the Thursday of the week before it the 7th to the 13th.
    quarter_end && day.weekday() == 3 && (7..=13).contains(&date.day())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans(first: &str, last: &str) -> Vec<DayPlan> {
        day_plans(
            5,
            first.parse().unwrap(),
            last.parse().unwrap(),
            &SessionCalendar::builtin(),
        )
    }

    #[test]
    fn days_follow_the_calendar() {
        let year = plans("2024-01-02", "2024-12-31");
        assert_eq!(year.len(), 259);
        let find = |d: &str| year.iter().find(|p| p.day.to_string() == d);
        assert!(find("2024-03-29").is_none(), "Good Friday");
        assert_eq!(
            find("2024-11-29").unwrap().minutes,
            1_155,
            "closes at 13:15"
        );
        assert_eq!(find("2024-03-11").unwrap().days_since_last, 3);
        assert_eq!(
            find("2024-03-11").unwrap().roll_utc % 86_400,
            22 * 3600,
            "summer time since Sunday"
        );
    }

    #[test]
    fn weather_does_not_depend_on_the_span_and_changes() {
        let year = plans("2024-01-02", "2024-12-31");
        let autumn = plans("2024-10-01", "2024-12-31");
        assert_eq!(autumn[..], year[year.len() - autumn.len()..]);
        for regime in [Tendency::Up, Tendency::Down, Tendency::Range] {
            assert!(
                plans("2016-01-04", "2024-12-31")
                    .iter()
                    .any(|p| p.regime == regime)
            );
        }
        assert!(year.iter().all(|p| (0.3..4.0).contains(&p.volatility)));
    }

    #[test]
    fn rolls_are_in_the_second_week_of_the_quarter_end() {
        let year = plans("2024-01-02", "2024-12-31");
        let rolls: Vec<_> = year
            .iter()
            .filter(|p| is_roll_day(p.day))
            .map(|p| p.day.to_string())
            .collect();
        assert_eq!(
            rolls,
            ["2024-03-07", "2024-06-13", "2024-09-12", "2024-12-12"]
        );
    }
}
