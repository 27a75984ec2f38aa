//! The equity rows must make sense: times ascend, worst is not above close nor close above
//! best, and a flat account's equity is its balance.
//!
//! Without this a ledger could hide a breach in rows that contradict themselves.

use super::case::Case;
use super::finding::Check;
use super::severity::Status;

const ID: &str = "row_order";

pub(super) fn check(case: &Case<'_>) -> Check {
    let rows = case.view.rows;
    if rows.is_empty() {
        return Check::no_bars(ID);
    }
    let positions = case.has_equity("position");
    for (i, row) in rows.iter().enumerate() {
        let fault = if i > 0 && row.time <= rows[i - 1].time {
            "a bar does not open after the one before it"
        } else if row.equity_worst > row.equity_close || row.equity_close > row.equity_best {
            "equity at the close is not between worst and best"
        } else if positions && row.position == 0 && row.equity_close != row.balance {
            "the account is flat, but its equity is not its balance"
        } else {
            continue;
        };
        return Check::new(ID, Status::Fail, fault).at(row);
    }
    Check::new(ID, Status::Pass, "the rows do not contradict themselves")
}
