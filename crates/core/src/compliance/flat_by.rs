//! Positions are closed by the flat-by time of their day, early closes included.
//!
//! A bar that closes at or after the deadline with a position still open breaks the rule, and
//! so does a trade whose exit bar opens at or after it: bars may be missing in between. Closing
//! exactly at the deadline is on time. `room` is the least number of seconds between an open
//! position and its deadline.

use super::case::Case;
use super::finding::Check;
use super::severity::Status;
use crate::time::{TradingDay, format_utc};

const ID: &str = "flat_by";

pub(super) fn check(case: &Case<'_>) -> Check {
    let Some(flat_by) = case.rules.session.flat_by else {
        return Check::not_applicable(ID, "the rule set names no time");
    };
    if case.view.rows.is_empty() {
        return Check::no_bars(ID);
    }
    let interval = case.view.interval();
    let mut least: Option<(i64, Check)> = None;
    let mut first_late: Option<i64> = None;
    let mut keep = |room: i64, time: i64, finding: &dyn Fn() -> Check| {
        if room <= 0 {
            first_late = Some(first_late.map_or(time, |t| t.min(time)));
        }
        if least.as_ref().is_none_or(|(r, _)| room < *r) {
            least = Some((room, finding()));
        }
    };
    for row in case.view.rows.iter().filter(|r| r.position != 0) {
        let wall = case.clock.wall(row.time);
        let close = TradingDay::since_roll(wall) + interval.unwrap_or(0);
        let room = match case.deadline(TradingDay::of_wall(wall)) {
            Some(deadline) => deadline - close,
            None => -close,
        };
        let words = "a position was open at the close of this bar";
        keep(room, row.time, &|| {
            Check::new(ID, Status::Fail, words).at(row)
        });
    }
    for t in case.view.trades {
        let day = case.clock.day(t.entry_time);
        let room = case.deadline(day).map_or(0, |deadline| {
            case.clock.to_utc(day.roll_wall() + deadline) - t.exit_time
        });
        // A trade on time says nothing about the room: its exit is somewhere within its bar.
        if room <= 0 {
            let words = format!(
                "trade {} was closed in the bar of {}",
                t.id,
                format_utc(t.exit_time)
            );
            keep(room, t.exit_time, &|| {
                Check::new(ID, Status::Fail, words.clone()).trade(t, case)
            });
        }
    }
    let known = interval.is_some() || !case.view.rows.iter().any(|r| r.position != 0);
    if first_late.is_none() && !case.has_equity("position") {
        return Check::no_column(ID, "position");
    }
    if first_late.is_none() && !known {
        return Check::unknown(ID, "one bar does not tell how long a bar is");
    }
    let Some((room, mut finding)) = least else {
        return Check::new(
            ID,
            Status::Pass,
            "no position was open at the close of any bar",
        );
    };
    if room > 0 {
        finding.status = Status::Pass;
        finding.detail = format!("closest to {flat_by}: {}", finding.detail);
    } else if let Some(time) = first_late {
        finding.detail = format!(
            "later than the {flat_by} of the rules (early closes sooner), first at {}: {}",
            format_utc(time),
            finding.detail
        );
    }
    finding.figures("seconds", None, None, Some(room as f64))
}
