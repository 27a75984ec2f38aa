//! Enough trading days: distinct days of entries of trades that are not forced.
//!
//! A half day counts as the rule set says; merged, it counts as the next full exchange day, and
//! two half days in a row as the same one. An entry while the exchange is closed counts for
//! none. Where a day needs a profit, the net profit of the trades entered on it decides.

use std::collections::BTreeMap;

use super::case::Case;
use super::finding::{Check, count as counted};
use super::ruleset::{HalfDay, RuleSet};
use super::severity::Status;
use crate::market::SessionCalendar;
use crate::time::{FULL_SESSION_SECS, TradingDay};
use crate::units::Usd;

const ID: &str = "trading_days";

/// Number of days that count.
pub(super) fn count(case: &Case<'_>) -> usize {
    let mut days: BTreeMap<TradingDay, Usd> = BTreeMap::new();
    for t in case.view.trades.iter().filter(|t| !t.forced) {
        let Some(day) = case.clock.open_session(t.entry_time) else {
            continue;
        };
        if let Some(day) = counted_as(case.rules, case.clock.calendar(), day) {
            *days.entry(day).or_default() += t.net_pnl;
        }
    }
    let enough = |pnl: &&Usd| case.rules.days.minimum_profit.is_none_or(|m| **pnl >= m);
    days.values().filter(enough).count()
}

/// The day as which a day counts; `None` when it does not count.
pub(super) fn counted_as(
    rules: &RuleSet,
    calendar: &SessionCalendar,
    day: TradingDay,
) -> Option<TradingDay> {
    if !calendar.is_half_day(day) {
        return Some(day);
    }
    match rules.session.half_day {
        HalfDay::Counts => Some(day),
        HalfDay::Ignored => None,
        // The calendar has no run of holidays longer than a few days.
        HalfDay::MergeNext => (1..30)
            .map(|d| TradingDay(day.0 + d))
            .find(|&d| calendar.close_secs(d) == Some(FULL_SESSION_SECS)),
    }
}

pub(super) fn check(case: &Case<'_>) -> Check {
    let number = count(case);
    let days = number as f64;
    let Some(minimum) = case.rules.days.minimum else {
        return Check::not_applicable(ID, "the rule set asks for no number of days").figures(
            "days",
            None,
            Some(days),
            None,
        );
    };
    if case.view.rows.is_empty() {
        return Check::no_bars(ID);
    }
    let limit = f64::from(minimum);
    let status = if days < limit {
        Status::Fail
    } else {
        Status::Pass
    };
    let detail = format!("{}, {minimum} needed", counted(number, "trading day"));
    Check::new(ID, status, detail).figures("days", Some(limit), Some(days), Some(days - limit))
}

#[cfg(test)]
mod tests {
    use super::super::check::CheckSettings;
    use super::super::view::LedgerView;
    use super::*;
    use crate::metrics::planted::Plant;
    use crate::sim::Side;

    fn days_of(entries: &[&str]) -> usize {
        let rules = RuleSet::builtin("apex-50k-seed").unwrap();
        let mut plant = Plant::new(50_000);
        for t in entries {
            plant = plant.trade(Side::Long, t, t, 10);
        }
        let ledger = plant.ledger();
        let settings = CheckSettings::default();
        count(&Case::new(&rules, LedgerView::from(&ledger), &settings))
    }

    #[test]
    fn days_roll_at_six_in_the_evening_in_winter_and_summer() {
        assert_eq!(
            days_of(&["2024-03-03T23:30:00Z", "2024-03-04T20:00:00Z"]),
            1,
            "Sunday evening is Monday"
        );
        assert_eq!(
            days_of(&["2024-03-07T21:58:00Z", "2024-03-07T23:00:00Z"]),
            2,
            "Thursday 16:58 and 18:00"
        );
        assert_eq!(
            days_of(&["2024-07-11T20:58:00Z", "2024-07-11T22:00:00Z"]),
            2,
            "the same in summer"
        );
        assert_eq!(
            days_of(&["2024-03-10T22:00:00Z", "2024-03-11T15:00:00Z"]),
            1,
            "first summer evening"
        );
    }

    #[test]
    fn entries_while_the_exchange_is_closed_count_for_none() {
        for t in [
            "2024-03-07T22:30:00Z", // halt
            "2024-03-08T23:00:00Z", // Friday 18:00
            "2024-03-09T15:00:00Z", // Saturday
            "2024-03-29T15:00:00Z", // Good Friday
            "2024-11-29T19:00:00Z", // after the early close
        ] {
            assert_eq!(days_of(&[t]), 0, "{t}");
        }
    }

    #[test]
    fn half_days_merge_into_the_next_full_day() {
        // Thanksgiving and the Friday after it both close early; Monday is 2 December.
        let half = ["2024-11-28T15:00:00Z", "2024-11-29T15:00:00Z"];
        assert_eq!(days_of(&half), 1);
        assert_eq!(days_of(&[half[0], half[1], "2024-12-02T15:00:00Z"]), 1);
        assert_eq!(
            days_of(&["2024-11-27T15:00:00Z", half[1], "2024-12-03T15:00:00Z"]),
            3
        );
    }
}
