//! The strict drawdown: the deepest fall of intraday equity from its peak, without any lock.
//!
//! The peak is the highest best equity up to and including the same bar, from the start balance
//! on. Reaching the limit fails; from the warning level on the outcome is amber.

use super::case::Case;
use super::finding::{Check, money};
use super::severity::Status;

pub(super) const ID: &str = "strict_drawdown";

pub(super) fn check(case: &Case<'_>) -> Check {
    let Some(m) = case.replay.deepest else {
        return Check::no_bars(ID);
    };
    let rule = &case.rules.floor;
    let fall = m.peak - m.equity;
    let words = format!("from {} down to {}", money(m.peak), money(m.equity));
    let check = match rule.strict_max_drawdown {
        None => Check::not_applicable(ID, format!("no strict limit; deepest fall {words}"))
            .figures("usd", None, Some(fall.dollars()), None),
        Some(limit) => {
            let status = if fall >= limit {
                Status::Fail
            } else if rule.strict_warning.is_some_and(|w| fall >= w) {
                Status::Warning
            } else {
                Status::Pass
            };
            Check::new(ID, status, words).dollars(limit, fall)
        }
    };
    check.at(&case.view.rows[m.row]).equity(m.equity)
}
