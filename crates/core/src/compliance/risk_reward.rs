//! The planned stop may be at most a multiple of the planned target.
//!
//! Both are measured in ticks from the entry fill, as they stood at the entry. Forced trades
//! are left out. A target at the entry allows no stop at all.

use super::case::Case;
use super::finding::Check;
use super::severity::Status;

const ID: &str = "risk_reward";

pub(super) fn check(case: &Case<'_>) -> Check {
    let Some(rule) = &case.rules.risk_reward else {
        return Check::not_applicable(ID, "the rule set compares no stop with a target");
    };
    if !case.applies(rule.applies) {
        let words = format!("does not apply to {} accounts", case.rules.stage.name());
        return Check::not_applicable(ID, words);
    }
    let own = case.view.trades.iter().filter(|t| !t.forced);
    let ratios = own.map(|t| {
        let stop = f64::from(t.entry_price.abs_diff(t.stop_initial));
        let target = f64::from(t.entry_price.abs_diff(t.target_initial));
        let ratio = if target > 0.0 {
            stop / target
        } else if stop > 0.0 {
            f64::INFINITY
        } else {
            0.0
        };
        (ratio, t)
    });
    let Some((ratio, t)) = ratios.reduce(|a, b| if b.0 > a.0 { b } else { a }) else {
        return Check::new(ID, Status::Pass, "no trade");
    };
    let needed = ["entry_price", "stop_initial", "target_initial"];
    if !case.has_trades(&needed) {
        return Check::unknown(ID, "the ledger does not tell the planned stops and targets");
    }
    let limit = rule.max_stop_to_target;
    let broken = ratio > limit + 1e-9;
    let status = if broken {
        rule.severity.status()
    } else {
        Status::Pass
    };
    let finite = ratio.is_finite().then_some(ratio);
    let detail = format!("largest stop over target: trade {}", t.id);
    Check::new(ID, status, detail)
        .figures("ratio", Some(limit), finite, finite.map(|r| limit - r))
        .trade(t, case)
}
