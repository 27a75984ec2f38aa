//! Figures of accounts that followed one another: what a policy is worth beyond the luck of one account.
//!
//! Under a trailing floor an account that begins with a few losses is shut out, and says nothing of
//! the days after. Where every lost account is followed by a fresh one from the next trading day on
//! ([`crate::sim::replay_renewed`]), every day counts. The Sharpe ratio is that of all days' returns,
//! each on the balance that its account had; a day belongs to the account that lived on it.

use serde::{Deserialize, Serialize};

use super::sharpe::sharpe;
use super::tearsheet::{TearsheetSettings, ledger_days};
use crate::sim::Ledger;

/// Figures of accounts that followed one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Succession {
    /// Accounts that were opened.
    pub accounts: u64,
    /// Those that failed or were shut out.
    pub lost: u64,
    /// Trading days of all of them.
    pub days: u64,
    /// Closed round trips.
    pub trades: u64,
    /// Net profit of all of them in dollars.
    pub net_pnl_usd: f64,
    /// Annual Sharpe ratio over all days; `None` with fewer than two or without a deviation.
    pub sharpe: Option<f64>,
}

impl Succession {
    /// Of an account and the fresh ones that followed it.
    pub fn following(first: &Ledger, later: &[Ledger], settings: &TearsheetSettings) -> Self {
        Self::of(std::iter::once(first).chain(later), settings)
    }

    /// Of accounts in order of time. What a ledger says of days after its account was lost does not
    /// count: they belong to the next one.
    pub fn of<'a>(
        accounts: impl IntoIterator<Item = &'a Ledger>,
        settings: &TearsheetSettings,
    ) -> Self {
        let mut all = Self::default();
        let mut returns = Vec::new();
        let mut computable = true;
        for ledger in accounts {
            let lost = ledger.lost();
            let mut days = ledger_days(ledger, &settings.calendar);
            days.retain(|d| lost.is_none_or(|at| ledger.rows[d.first].time <= at));
            all.accounts += 1;
            all.lost += u64::from(lost.is_some());
            all.days += days.len() as u64;
            all.trades += ledger.own_trades().count() as u64;
            all.net_pnl_usd += (ledger.final_balance() - ledger.start_balance).dollars();
            match super::DailySeries::of_days(&days, ledger.start_balance).returns {
                Some(r) => returns.extend(r),
                None => computable = false,
            }
        }
        all.sharpe = computable.then(|| sharpe(&returns, settings.rf)).flatten();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::Plant;
    use crate::time::parse_utc;

    #[test]
    fn nothing_at_all() {
        let none = Succession::of([], &TearsheetSettings::default());
        assert_eq!(none, Succession::default());
    }

    #[test]
    fn days_after_a_loss_belong_to_the_next_account() {
        // Lost 5% on Tuesday and was shut out; its ledger goes on to Thursday.
        let mut first = Plant::new(50_000)
            .row("2024-03-04T15:00:00Z", 51_000)
            .row("2024-03-05T15:00:00Z", 48_450)
            .row("2024-03-06T15:00:00Z", 48_450)
            .row("2024-03-07T15:00:00Z", 48_450)
            .ledger();
        first.stalled = parse_utc("2024-03-05T15:00:00Z").ok();
        let second = Plant::new(50_000)
            .row("2024-03-06T15:00:00Z", 50_500)
            .row("2024-03-07T15:00:00Z", 50_500)
            .ledger();
        let settings = TearsheetSettings::default();
        let all = Succession::of([&first, &second], &settings);
        assert_eq!((all.accounts, all.lost, all.days), (2, 1, 4));
        assert!((all.net_pnl_usd - (-1_550.0 + 500.0)).abs() < 1e-9);
        let by_hand = sharpe(&[0.02, -0.05, 0.01, 0.0], settings.rf);
        assert_eq!(all.sharpe, by_hand);
        assert!(by_hand.is_some());
    }
}
