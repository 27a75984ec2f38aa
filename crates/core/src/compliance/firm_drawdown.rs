//! The firm's drawdown: equity never at or under the trailing floor.
//!
//! `worst` is the drawdown used in dollars, counted from the floor, so that limit less worst is
//! the room that was left above it at the tightest moment.

use super::case::Case;
use super::finding::{Check, money};
use super::severity::Status;

pub(super) const ID: &str = "firm_drawdown";

pub(super) fn check(case: &Case<'_>) -> Check {
    let Some(m) = case.replay.tightest else {
        return Check::no_bars(ID);
    };
    let limit = case.rules.floor.amount;
    let room = m.equity - m.floor;
    let (status, detail) = match case.replay.breach {
        Some(_) => (
            Status::Fail,
            format!(
                "equity {} met the floor at {}",
                money(m.equity),
                money(m.floor)
            ),
        ),
        None => (
            Status::Pass,
            format!(
                "closest: equity {} above the floor at {}",
                money(m.equity),
                money(m.floor)
            ),
        ),
    };
    Check::new(ID, status, detail)
        .dollars(limit, limit - room)
        .at(&case.view.rows[m.row])
        .equity(m.equity)
}
