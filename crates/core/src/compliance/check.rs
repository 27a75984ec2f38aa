//! Judges a ledger under a rule set: every check, both drawdown verdicts, one verdict.
//!
//! Reads bars and trades and nothing else. A failed check fails the verdict; else a check that
//! could not be made leaves it unknown; else a warning makes it amber. Research criteria are
//! listed apart.

use serde::Serialize;

use super::case::Case;
use super::finding::Check;
use super::replay::{BarOrder, Moment};
use super::ruleset::RuleSet;
use super::severity::Status;
use super::view::LedgerView;
use super::{
    ambiguous, consistency, daily_loss, firm_drawdown, flat_by, floor_column, hold, identity, mae,
    one_direction, overnight, research, risk_reward, row_order, size, strict_drawdown, target,
    trading_days,
};
use crate::market::SessionCalendar;
use crate::time::format_utc;
use crate::units::Usd;

/// One of the two drawdown verdicts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DrawdownVerdict {
    /// Outcome.
    pub status: Status,
    /// Limit in dollars.
    pub limit: Option<f64>,
    /// Worst drawdown in dollars.
    pub worst: Option<f64>,
    /// Room left in dollars.
    pub room: Option<f64>,
    /// Open time of the bar of the worst moment.
    pub time: Option<String>,
    /// Equity at that moment.
    pub equity: Option<Usd>,
    /// Peak at that moment.
    pub peak: Option<Usd>,
    /// Floor at that moment.
    pub floor: Option<Usd>,
}

impl DrawdownVerdict {
    fn of(check: &Check, moment: Option<Moment>) -> Self {
        Self {
            status: check.status,
            limit: check.limit,
            worst: check.worst,
            room: check.room,
            time: check.time.clone(),
            equity: moment.map(|m| m.equity),
            peak: moment.map(|m| m.peak),
            floor: moment.map(|m| m.floor),
        }
    }
}

/// A verdict with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The rules, with their age and sources.
    pub ruleset: RuleSet,
    /// `pass`, `warning`, `unknown` or `fail`.
    pub verdict: Status,
    /// Every check.
    pub checks: Vec<Check>,
    /// Deepest fall of intraday equity from its peak.
    pub strict_drawdown: DrawdownVerdict,
    /// The trailing floor.
    pub firm_drawdown: DrawdownVerdict,
    /// Bars whose outcome depends on the order of high and low.
    pub ambiguous_bars: usize,
    /// Their open times.
    pub ambiguous_times: Vec<String>,
    /// Days that count.
    pub trading_days: usize,
    /// Open time of the bar that broke the floor.
    pub breach: Option<String>,
    /// Open time of the bar after which the profit target stood reached.
    pub target_reached: Option<String>,
    /// Criteria of research; they do not change the verdict.
    pub research: Vec<Check>,
}

/// What a check may be told beside the ledger.
#[derive(Clone, Debug)]
pub struct CheckSettings {
    /// Sessions of the exchange.
    pub calendar: SessionCalendar,
    /// Share of a figure lost between training and test.
    pub degradation: Option<f64>,
    /// Order inside a bar; the conservative one unless asked otherwise.
    pub order: BarOrder,
    /// Names of the columns that the rows do not have; their fields mean nothing.
    pub missing_equity: Vec<String>,
    /// Names of the columns that the trades do not have; their fields mean nothing.
    pub missing_trades: Vec<String>,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self {
            calendar: SessionCalendar::builtin(),
            degradation: None,
            order: BarOrder::default(),
            missing_equity: Vec::new(),
            missing_trades: Vec::new(),
        }
    }
}

/// Judges a ledger under a rule set with the shipped calendar.
pub fn check(rules: &RuleSet, ledger: &LedgerView<'_>) -> Report {
    check_with(rules, ledger, &CheckSettings::default())
}

/// Judges a ledger under a rule set.
pub fn check_with(rules: &RuleSet, ledger: &LedgerView<'_>, settings: &CheckSettings) -> Report {
    let case = Case::new(rules, *ledger, settings);
    let firm = firm_drawdown::check(&case);
    let strict = strict_drawdown::check(&case);
    let firm_drawdown = DrawdownVerdict::of(&firm, case.replay.tightest);
    let strict_drawdown = DrawdownVerdict::of(&strict, case.replay.deepest);
    let checks = vec![
        firm,
        strict,
        ambiguous::check(&case),
        identity::check(&case),
        floor_column::check(&case),
        row_order::check(&case),
        flat_by::check(&case),
        overnight::check(&case),
        trading_days::check(&case),
        size::check(&case),
        daily_loss::check(&case),
        consistency::check(&case),
        mae::check(&case),
        risk_reward::check(&case),
        one_direction::check(&case),
        hold::check(&case),
        target::check(&case),
        target::time_limit(&case),
        Check::not_applicable("automation", rules.automation.line.clone()),
    ];
    let time_of = |i: usize| format_utc(case.view.rows[i].time);
    Report {
        ruleset: rules.clone(),
        verdict: Status::verdict(checks.iter().map(|c| c.status)),
        checks,
        strict_drawdown,
        firm_drawdown,
        ambiguous_bars: case.replay.ambiguous.len(),
        ambiguous_times: case.replay.ambiguous.iter().map(|&i| time_of(i)).collect(),
        trading_days: trading_days::count(&case),
        breach: case.replay.breach.map(time_of),
        target_reached: target::reached(&case).map(time_of),
        research: research::check(&case, settings.degradation),
    }
}

impl Report {
    /// A check by its name.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|c| c.id == id)
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
