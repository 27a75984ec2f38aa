//! What every rule is given: rules, ledger, clock, the replay and the account's days.

use super::check::CheckSettings;
use super::replay::Replay;
use super::ruleset::{RuleSet, Stage};
use super::view::LedgerView;
use crate::metrics::DayClock;
use crate::metrics::daily::{AccountDay, account_days};
use crate::sim::EquityRow;
use crate::time::{FULL_SESSION_SECS, TradingDay};
use crate::units::Usd;

/// One ledger under one rule set.
pub(super) struct Case<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) view: LedgerView<'a>,
    pub(super) settings: &'a CheckSettings,
    pub(super) clock: DayClock,
    pub(super) replay: Replay,
    /// Days of the whole ledger.
    pub(super) days: Vec<AccountDay>,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        rules: &'a RuleSet,
        view: LedgerView<'a>,
        settings: &'a CheckSettings,
    ) -> Self {
        let clock = DayClock::new(settings.calendar.clone());
        let replay = Replay::of(rules, view.rows, &clock, settings.order);
        let days = account_days(view.rows, rules.account.start_balance, None, &clock);
        Self {
            rules,
            view,
            settings,
            clock,
            replay,
            days,
        }
    }

    /// Whether the rows have this column.
    pub(super) fn has_equity(&self, column: &str) -> bool {
        !self.settings.missing_equity.iter().any(|m| m == column)
    }

    /// Whether the trades have these columns.
    pub(super) fn has_trades(&self, columns: &[&str]) -> bool {
        let missing = &self.settings.missing_trades;
        !columns.iter().any(|c| missing.iter().any(|m| m == c))
    }

    /// Rows up to and including the breach.
    pub(super) fn alive(&self) -> &'a [EquityRow] {
        &self.view.rows[..self.replay.rows]
    }

    /// Days up to the breach, the last one cut off behind it.
    pub(super) fn days_alive(&self) -> impl Iterator<Item = AccountDay> + '_ {
        let rows = self.alive();
        self.days.iter().filter(|d| d.first < rows.len()).map(|d| {
            let last = d.last.min(rows.len() - 1);
            AccountDay {
                last,
                end: rows[last].balance,
                ..*d
            }
        })
    }

    /// Balance at the end of the last day before this one.
    pub(super) fn balance_before(&self, day: TradingDay) -> Usd {
        let earlier = self.days.partition_point(|d| d.day < day);
        match earlier.checked_sub(1) {
            Some(i) => self.days[i].end,
            None => self.rules.account.start_balance,
        }
    }

    /// Whether a rule for one stage is about this rule set's.
    pub(super) fn applies(&self, stage: Option<Stage>) -> bool {
        stage.is_none_or(|s| s == self.rules.stage)
    }

    /// Seconds since the roll by which a day's positions are closed.
    ///
    /// `None` when the exchange is closed on that day. Without a time of its own the rule set's
    /// deadline is the exchange's close.
    pub(super) fn deadline(&self, day: TradingDay) -> Option<i64> {
        let session = &self.rules.session;
        let close = self.clock.calendar().close_secs(day)?;
        let flat_by = session
            .flat_by
            .map_or(FULL_SESSION_SECS, |t| t.since_roll());
        if close >= FULL_SESSION_SECS {
            return Some(flat_by);
        }
        let early = close - i64::from(session.early_close_offset_minutes) * 60;
        let named = session
            .early_close_flat_by
            .map_or(early, |t| t.since_roll());
        Some(flat_by.min(early).min(named))
    }
}
