//! No single day may bring more than a share of the profit.
//!
//! Share = best day's profit over total profit up to a breach; without a profit there is
//! nothing to share. Whether exactly the share is too much is the rule set's choice. Compared
//! in integers.

use super::case::Case;
use super::finding::{Check, money};
use super::ruleset::ConsistencyRule;
use super::severity::Status;
use crate::units::Usd;

const ID: &str = "consistency";
/// Shares are compared in millionths.
const PARTS: f64 = 1e6;

/// Whether a best day has too large a share of a profit.
pub(super) fn broken(rule: &ConsistencyRule, best: Usd, total: Usd) -> bool {
    let limit = i128::from((rule.max_share * PARTS).round() as i64) * i128::from(total.0);
    let share = i128::from(best.0) * PARTS as i128;
    share > limit || (rule.touch_counts && share == limit)
}

pub(super) fn check(case: &Case<'_>) -> Check {
    let Some(rule) = &case.rules.consistency else {
        return Check::not_applicable(ID, "the rule set has no consistency rule");
    };
    if !case.applies(rule.applies) {
        let words = format!("does not apply to {} accounts", case.rules.stage.name());
        return Check::not_applicable(ID, words);
    }
    if case.view.rows.is_empty() {
        return Check::no_bars(ID);
    }
    let total: Usd = case.days_alive().map(|d| d.pnl()).sum();
    let best = case
        .days_alive()
        .reduce(|a, b| if b.pnl() > a.pnl() { b } else { a });
    let Some(best) = best.filter(|_| total > Usd::ZERO) else {
        return Check::not_applicable(ID, "there is no profit to share");
    };
    let status = if broken(rule, best.pnl(), total) {
        rule.severity.status()
    } else {
        Status::Pass
    };
    let ratio = best.pnl().0 as f64 / total.0 as f64;
    let detail = format!(
        "best day {} made {} of {}",
        best.day,
        money(best.pnl()),
        money(total)
    );
    Check::new(ID, status, detail)
        .figures(
            "share",
            Some(rule.max_share),
            Some(ratio),
            Some(rule.max_share - ratio),
        )
        .at(&case.view.rows[best.last])
}
