//! One account under a rule set, taken through sessions until it passes, fails or runs out.
//!
//! Bar by bar the order is that of the check: best equity first, then the worst against the
//! floor, then the balance against the target. A session in which nothing of that can happen is
//! taken in one step; the outcome is the same.

use super::consistency;
use super::floor::TrailingFloor;
use super::ruleset::{Enforcement, FloorBasis, RuleSet};
use super::session_path::SessionPath;
use super::severity::Severity;
use crate::sim::Referee;
use crate::time::TradingDay;
use crate::units::Usd;

/// How an account ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The profit target was reached, with enough days, before anything else.
    Passed,
    /// Equity met the floor, or a daily limit that ends the account.
    Breached,
    /// So little room was left that the agent enters no more: lost, though not breached.
    Stalled,
    /// The time limit or the horizon came first.
    OutOfTime,
    /// The ledger ended first.
    Open,
}

impl Outcome {
    /// All outcomes, the good one first.
    pub const ALL: [Self; 5] = [
        Self::Passed,
        Self::Breached,
        Self::Stalled,
        Self::OutOfTime,
        Self::Open,
    ];
}

/// What an account is asked to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal<'a> {
    pub(super) rules: &'a RuleSet,
    /// Balance that passes.
    pub(super) target: Option<Usd>,
    /// Room to the floor at or under which a flat account stays flat.
    pub(super) stall_room: Usd,
    /// Sessions after which the account is out of time.
    pub(super) horizon: u32,
}

/// An account on its way.
pub(super) struct Challenge<'a> {
    goal: Goal<'a>,
    floor: TrailingFloor,
    balance: Usd,
    /// What an end-of-day floor follows.
    day_end: Usd,
    best_day: Usd,
    /// Days that count, and the last of them.
    days: u32,
    last_counted: Option<TradingDay>,
    pub(super) sessions: u32,
}

impl<'a> Challenge<'a> {
    pub(super) fn new(goal: Goal<'a>) -> Self {
        let start = goal.rules.account.start_balance;
        Self {
            goal,
            floor: goal.rules.trailing_floor(),
            balance: start,
            day_end: start,
            best_day: Usd::ZERO,
            days: 0,
            last_counted: None,
            sessions: 0,
        }
    }

    /// Takes the account through one session.
    ///
    /// `calendar_day` is the day's number since the account began, from 1. `joined` says that
    /// the session before this one is the one that really came before it.
    pub(super) fn session(
        &mut self,
        path: &SessionPath,
        calendar_day: u32,
        joined: bool,
    ) -> Option<Outcome> {
        let rules = self.goal.rules;
        let late = rules
            .days
            .maximum_calendar
            .is_some_and(|m| calendar_day > m);
        if late || self.sessions >= self.goal.horizon {
            return Some(Outcome::OutOfTime);
        }
        if self.sessions > 0 {
            self.floor.new_day(self.day_end);
        }
        self.sessions += 1;
        if !joined {
            self.last_counted = None;
        }
        if self.floor.room(self.balance) <= self.goal.stall_room {
            return Some(Outcome::Stalled);
        }
        let mut after = self.floor;
        after.best(self.balance + path.best);
        let reached = self.goal.target;
        let eventful = path.fatal
            || after.breached(self.balance + path.worst)
            || reached.is_some_and(|t| self.balance + path.highest_balance >= t)
            || after.room(self.balance + path.lowest_balance) <= self.goal.stall_room;
        if eventful {
            if let Some(outcome) = self.walk(path) {
                return Some(outcome);
            }
        } else {
            self.floor = after;
        }
        let real_time = rules.floor.enforcement == Enforcement::RealTime;
        if !real_time && self.floor.breached(self.balance + path.end_equity) {
            return Some(Outcome::Breached);
        }
        if self.counts_today(path, path.entered, path.end_balance) {
            self.days += 1;
            self.last_counted = path.counts_as;
        }
        self.best_day = self.best_day.max(path.end_balance);
        self.day_end = match rules.floor.basis {
            FloorBasis::EodEquity => self.balance + path.end_equity,
            _ => self.balance + path.end_balance,
        };
        self.balance += path.end_balance;
        None
    }

    /// Bar by bar through a session in which something may happen.
    fn walk(&mut self, path: &SessionPath) -> Option<Outcome> {
        let real_time = self.goal.rules.floor.enforcement == Enforcement::RealTime;
        for step in &path.steps {
            self.floor.best(self.balance + step.best);
            let met = real_time && self.floor.breached(self.balance + step.worst);
            if met || step.fatal {
                return Some(Outcome::Breached);
            }
            let balance = self.balance + step.balance;
            let reached = self.goal.target.is_some_and(|t| balance >= t);
            if reached && self.may_pass(path, step.entered, step.balance) {
                return Some(Outcome::Passed);
            }
            if step.flat && self.floor.room(balance) <= self.goal.stall_room {
                return Some(Outcome::Stalled);
            }
        }
        None
    }

    /// Whether today counts as a day of its own.
    fn counts_today(&self, path: &SessionPath, entered: bool, profit: Usd) -> bool {
        let enough = self.goal.rules.days.minimum_profit;
        entered
            && path.counts_as.is_some()
            && path.counts_as != self.last_counted
            && enough.is_none_or(|m| profit >= m)
    }

    /// Whether days and consistency allow a pass at this moment.
    fn may_pass(&self, path: &SessionPath, entered: bool, today: Usd) -> bool {
        let rules = self.goal.rules;
        let days = self.days + u32::from(self.counts_today(path, entered, today));
        if rules.days.minimum.is_some_and(|m| days < m) {
            return false;
        }
        let Some(rule) = &rules.consistency else {
            return true;
        };
        let applies = rule.applies.is_none_or(|s| s == rules.stage);
        let blocks = matches!(rule.severity, Severity::Fail | Severity::BlocksPayout);
        let total = self.balance + today - rules.account.start_balance;
        !(applies && blocks && consistency::broken(rule, self.best_day.max(today), total))
    }
}
