//! More than a share of the trades must be held longer than some seconds.
//!
//! Bars tell how long a trade was held only to within a bar: at least from bar to bar, at most
//! one bar more. Where that leaves it open, the outcome is unknown.

use super::case::Case;
use super::finding::Check;
use super::severity::Status;

const ID: &str = "minimum_hold";

pub(super) fn check(case: &Case<'_>) -> Check {
    let Some(rule) = &case.rules.hold else {
        return Check::not_applicable(ID, "the rule set asks for no minimum hold");
    };
    if !case.applies(rule.applies) {
        let words = format!("does not apply to {} accounts", case.rules.stage.name());
        return Check::not_applicable(ID, words);
    }
    let seconds = i64::from(rule.seconds);
    let (mut all, mut certain, mut possible) = (0_u64, 0_u64, 0_u64);
    for t in case.view.trades.iter().filter(|t| !t.forced) {
        let least = t.exit_time - t.entry_time;
        all += 1;
        certain += u64::from(least > seconds);
        let most = case.view.interval().map(|i| least + i);
        possible += u64::from(most.is_none_or(|m| m > seconds));
    }
    if all == 0 {
        return Check::new(ID, Status::Pass, "no trade");
    }
    let share = |n: u64| n as f64 / all as f64;
    let (status, shown) = if share(certain) > rule.share_above {
        (Status::Pass, certain)
    } else if share(possible) <= rule.share_above {
        (rule.severity.status(), possible)
    } else {
        (Status::Unknown, certain)
    };
    let detail = format!(
        "{certain} of {all} trades were certainly held longer than {seconds} s, {possible} possibly"
    );
    let room = share(shown) - rule.share_above;
    Check::new(ID, status, detail).figures(
        "share",
        Some(rule.share_above),
        Some(share(shown)),
        Some(room),
    )
}
