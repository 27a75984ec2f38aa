//! Positions are closed by the flat-by time of their day, early closes included.
//!
//! A bar that closes at or after the deadline with a position still open breaks the rule, and
//! so does a trade whose exit bar opens at or after it: bars may be missing in between. Closing
//! exactly at the deadline is on time. The moment is the first at which the rule was broken, or
//! else the one closest to it; figures are seconds past the deadline, the limit being 0.

use super::case::Case;
use super::finding::Check;
use super::severity::Status;
use crate::sim::Trade;
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
    let held: Vec<Moment<'_>> = moments(case, interval.unwrap_or(0));
    let late = held.iter().filter(|m| m.room <= 0);
    let first_late = late.min_by_key(|m| (m.time, m.trade.is_some()));
    if first_late.is_none() && !case.has_equity("position") {
        return Check::no_column(ID, "position");
    }
    if first_late.is_none() && !held.is_empty() && interval.is_none() {
        return Check::unknown(ID, "one bar does not tell how long a bar is");
    }
    let Some(closest) = held.iter().min_by_key(|m| (m.room, m.time)) else {
        let words = "no position was open at the close of any bar";
        return Check::new(ID, Status::Pass, words);
    };
    let shown = first_late.unwrap_or(closest);
    let status = if first_late.is_some() {
        Status::Fail
    } else {
        Status::Pass
    };
    let open = match shown.trade {
        None => "a position was open at the close of this bar".to_owned(),
        Some(t) => format!("trade {} was closed in this bar", t.id),
    };
    let detail = if first_late.is_some() {
        format!("{flat_by} of the rules (early closes sooner) was not kept: {open}")
    } else {
        format!("closest to {flat_by}: {open}")
    };
    let mut finding = Check::new(ID, status, detail).figures(
        "seconds",
        Some(0.0),
        Some(-closest.room as f64),
        Some(closest.room as f64),
    );
    finding.time = Some(format_utc(shown.time));
    match shown.trade {
        None => finding,
        Some(t) => finding.trade(t, case),
    }
}

/// An open position and the seconds left to its deadline.
struct Moment<'a> {
    room: i64,
    /// Open time of the bar.
    time: i64,
    /// The trade that was closed too late, where it is known by its exit alone.
    trade: Option<&'a Trade>,
}

fn moments<'a>(case: &Case<'a>, interval: i64) -> Vec<Moment<'a>> {
    let held = case.view.rows.iter().filter(|r| r.position != 0);
    let mut all: Vec<Moment<'_>> = held
        .map(|row| {
            let wall = case.clock.wall(row.time);
            let close = TradingDay::since_roll(wall) + interval;
            // No position belongs on a day on which the exchange is closed.
            let deadline = case.deadline(TradingDay::of_wall(wall)).unwrap_or(0);
            Moment {
                room: deadline - close,
                time: row.time,
                trade: None,
            }
        })
        .collect();
    for t in case.view.trades {
        let day = case.clock.day(t.entry_time);
        let room = case.deadline(day).map_or(0, |deadline| {
            case.clock.to_utc(day.roll_wall() + deadline) - t.exit_time
        });
        // A trade on time says nothing about the room: its exit is somewhere within its bar.
        if room <= 0 {
            all.push(Moment {
                room,
                time: t.exit_time,
                trade: Some(t),
            });
        }
    }
    all
}
