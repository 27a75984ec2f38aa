//! No position survives its trading day.
//!
//! Broken by a position after the last bar of a trading day or of the ledger, by one outside
//! the sessions, and by a trade whose entry and exit fall on different days, whatever bars are
//! missing.

use super::case::Case;
use super::finding::Check;
use super::replay::{last_of_day, row_days};
use super::severity::Status;

const ID: &str = "overnight";

pub(super) fn check(case: &Case<'_>) -> Check {
    if case.rules.session.overnight {
        return Check::not_applicable(ID, "the rule set allows positions overnight");
    }
    let rows = case.view.rows;
    if rows.is_empty() {
        return Check::no_bars(ID);
    }
    let days = row_days(rows, &case.clock);
    let last = last_of_day(&days);
    for (i, row) in rows.iter().enumerate().filter(|(_, r)| r.position != 0) {
        let words = if i + 1 == rows.len() {
            "a position was open after the last bar of the ledger"
        } else if last[i] {
            "a position was open after the last bar of its trading day"
        } else if days[i].is_none() {
            "a position was open outside every session"
        } else {
            continue;
        };
        return Check::new(ID, Status::Fail, words)
            .at(row)
            .equity(row.equity_close);
    }
    let crossing =
        |t: &&crate::sim::Trade| case.clock.day(t.entry_time) != case.clock.day(t.exit_time);
    if let Some(t) = case.view.trades.iter().find(crossing) {
        let words = format!(
            "trade {} was opened and closed on different trading days",
            t.id
        );
        return Check::new(ID, Status::Fail, words).trade(t, case);
    }
    if !case.has_equity("position") {
        return Check::no_column(ID, "position");
    }
    Check::new(ID, Status::Pass, "no position survived its trading day")
}
