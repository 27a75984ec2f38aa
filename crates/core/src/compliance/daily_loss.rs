//! The daily loss limit: balance at the start of the trading day less the day's worst equity.
//!
//! Reaching the limit counts. A pause is a warning in a verdict.

use super::case::Case;
use super::finding::{Check, money};
use super::severity::Status;

const ID: &str = "daily_loss";

pub(super) fn check(case: &Case<'_>) -> Check {
    let Some(rule) = &case.rules.daily_loss else {
        return Check::not_applicable(ID, "the rule set has no daily loss limit");
    };
    let rows = case.alive();
    let moments = case
        .days_alive()
        .flat_map(|d| (d.first..=d.last).map(move |i| (d.start - rows[i].equity_worst, i, d.day)));
    // The first of equals: compare, never replace by an equal.
    let worst = moments.reduce(|a, b| if b.0 > a.0 { b } else { a });
    let Some((loss, i, day)) = worst else {
        return Check::no_bars(ID);
    };
    let broken = loss >= rule.amount;
    let status = if broken {
        rule.severity.status()
    } else {
        Status::Pass
    };
    let detail = format!("{} under the balance at the start of {day}", money(loss));
    Check::new(ID, status, detail)
        .dollars(rule.amount, loss)
        .at(&rows[i])
        .equity(rows[i].equity_worst)
}
