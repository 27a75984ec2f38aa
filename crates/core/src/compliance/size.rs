//! Position size in mini-equivalents: ten micros make a mini unless the rule set says otherwise.
//!
//! Compared for every trade and for the position after every bar; the smallest size concerns
//! trades only. An end-of-day balance may open a larger size from the next day on, for good.
//! Without the market the size in minis is unknown.

use super::case::Case;
use super::finding::Check;
use super::severity::Status;
use crate::time::TradingDay;
use crate::units::Usd;

const ID: &str = "size";

pub(super) fn check(case: &Case<'_>) -> Check {
    let rule = &case.rules.size;
    if rule.min_minis.is_none() && rule.max_minis.is_none() {
        return Check::not_applicable(ID, "the rule set limits no size");
    }
    let any = case.view.rows.iter().any(|r| r.position != 0);
    if case.view.trades.is_empty() && !any {
        return Check::new(ID, Status::Pass, "no position was held");
    }
    let Some(instrument) = case.view.instrument else {
        return Check::unknown(ID, "the ledger does not name the market");
    };
    let unit = match instrument.micro_of {
        Some(_) => 1.0 / f64::from(rule.micros_per_mini),
        None => 1.0,
    };
    let mut largest: Option<(f64, f64, Check)> = None;
    let mut keep = |minis: f64, limit: Option<f64>, finding: &dyn Fn() -> Check| {
        let limit = limit.unwrap_or(f64::INFINITY);
        let tighter = |(m, l, _): &(f64, f64, Check)| limit - minis < l - m;
        if largest.as_ref().is_none_or(tighter) {
            largest = Some((minis, limit, finding()));
        }
    };
    for t in case.view.trades {
        let minis = f64::from(t.contracts.unsigned_abs()) * unit;
        let finding = || {
            let words = format!("trade {} had {} {}", t.id, t.contracts, instrument.symbol);
            Check::new(ID, Status::Fail, words).trade(t, case)
        };
        if let Some(least) = rule.min_minis.filter(|least| minis < least - 1e-9) {
            let room = Some(minis - least);
            return finding().figures("minis", Some(least), Some(minis), room);
        }
        keep(minis, allowed(case, case.clock.day(t.entry_time)), &finding);
    }
    for row in case.view.rows.iter().filter(|r| r.position != 0) {
        let minis = f64::from(row.position.unsigned_abs()) * unit;
        let finding = || {
            let words = format!("position of {} {}", row.position, instrument.symbol);
            Check::new(ID, Status::Fail, words).at(row)
        };
        keep(minis, allowed(case, case.clock.day(row.time)), &finding);
    }
    let Some((minis, limit, mut finding)) = largest else {
        return Check::new(ID, Status::Pass, "no position was held");
    };
    if minis <= limit + 1e-9 {
        finding.status = Status::Pass;
        finding.detail = format!("largest: {}", finding.detail);
    }
    let limit = limit.is_finite().then_some(limit);
    finding.figures("minis", limit, Some(minis), limit.map(|l| l - minis))
}

/// Largest size in minis allowed on a day.
fn allowed(case: &Case<'_>, day: TradingDay) -> Option<f64> {
    let rule = &case.rules.size;
    let base = rule.max_minis?;
    if rule.steps.is_empty() {
        return Some(base);
    }
    let earlier = case.days.partition_point(|d| d.day < day);
    let highest = case.days[..earlier].iter().map(|d| d.end).max();
    let highest = highest.unwrap_or(Usd::ZERO);
    let opened = rule.steps.iter().filter(|s| highest > s.balance_above);
    Some(opened.map(|s| s.max_minis).fold(base, f64::max))
}
