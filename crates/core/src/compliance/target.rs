//! The profit target: reached when the balance stands at start + target before a breach.
//!
//! Open profit does not count. Not having reached it breaks no rule, but the stage is not
//! passed either, so it is a warning. The time limit in calendar days belongs to it: it fails
//! when the ledger lasts longer and the target was not reached in time.

use super::case::Case;
use super::finding::Check;
use super::severity::Status;
use crate::units::Usd;

const ID: &str = "profit_target";
const LIMIT_ID: &str = "calendar_days";

/// Row after which the target stood reached.
pub(super) fn reached(case: &Case<'_>) -> Option<usize> {
    let target = case.rules.account.start_balance + case.rules.account.profit_target?;
    let before_breach = case.replay.breach.unwrap_or(case.replay.rows);
    let rows = &case.view.rows[..before_breach];
    rows.iter().position(|r| r.balance >= target)
}

pub(super) fn check(case: &Case<'_>) -> Check {
    let Some(target) = case.rules.account.profit_target else {
        return Check::not_applicable(ID, "the rule set has no profit target");
    };
    let rows = case.alive();
    let start = case.rules.account.start_balance;
    let Some(best) = rows.iter().map(|r| r.balance - start).max() else {
        return Check::no_bars(ID);
    };
    let dollars = |usd: Usd| Some(usd.dollars());
    let figures = |c: Check| {
        c.figures(
            "usd",
            dollars(target),
            dollars(best),
            dollars(best - target),
        )
    };
    match reached(case) {
        Some(i) => figures(Check::new(ID, Status::Pass, "reached")).at(&rows[i]),
        None => figures(Check::new(
            ID,
            Status::Warning,
            "not reached: the stage is not passed",
        )),
    }
}

pub(super) fn time_limit(case: &Case<'_>) -> Check {
    let Some(maximum) = case.rules.days.maximum_calendar else {
        return Check::not_applicable(LIMIT_ID, "the rule set has no time limit");
    };
    let (Some(first), Some(last)) = (case.days.first(), case.days.last()) else {
        return Check::no_bars(LIMIT_ID);
    };
    let end = match reached(case) {
        Some(i) => case.clock.day(case.view.rows[i].time),
        None => last.day,
    };
    let used = f64::from(end.0 - first.day.0 + 1);
    let limit = f64::from(maximum);
    let status = if used > limit {
        Status::Fail
    } else {
        Status::Pass
    };
    let words = match (reached(case), used > limit) {
        (Some(_), false) => "target reached in time",
        (Some(_), true) => "target reached too late",
        (None, false) => "target not reached, time is left",
        (None, true) => "target not reached in time",
    };
    Check::new(LIMIT_ID, status, words).figures("days", Some(limit), Some(used), Some(limit - used))
}
