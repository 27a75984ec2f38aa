//! The summary of one evaluation as it is written to `summary.json`.
//!
//! Counts, totals, the fate of the account and the whole tearsheet. Forced trades are in no
//! count and no sum but their own. Times are RFC 3339, money is in dollars. The compliance
//! check reads none of this.

use std::collections::BTreeMap;

use serde::Serialize;

use super::daily::{DayClock, account_days};
use super::tearsheet::{Tearsheet, TearsheetSettings};
use crate::sim::Ledger;
use crate::time::format_utc;
use crate::units::Usd;

/// What `summary.json` holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Root symbol of the contract.
    pub market: String,
    /// Bars.
    pub bars: usize,
    /// Trading days with at least one bar, up to the end of the data.
    pub sessions: usize,
    /// Seconds a bar covers.
    pub interval_seconds: i64,
    /// Closed round trips.
    pub trades: u64,
    /// Trades given by the curriculum.
    pub forced_trades: u64,
    /// Decisions that the mask forbade.
    pub rejected: u64,
    /// Entry orders that found no bar.
    pub expired: u64,
    /// Bars in which stop and target were both inside.
    pub same_bar_both: usize,
    /// Bars whose breach depends on the order of high and low.
    pub ambiguous_bars: usize,
    /// Trades by exit reason.
    pub exit_reasons: BTreeMap<&'static str, u64>,
    /// Steps by executed action.
    pub actions: BTreeMap<&'static str, u64>,
    /// From fill to fill.
    pub gross_pnl: Usd,
    /// Both sides, positive.
    pub commission: Usd,
    /// Gross less commission.
    pub net_pnl: Usd,
    /// Balance before the first bar.
    pub start_balance: Usd,
    /// Balance after the last bar.
    pub final_balance: Usd,
    /// Highest equity.
    pub peak: Usd,
    /// Floor after the last bar; `None` without bars.
    pub floor: Option<Usd>,
    /// Open time of the bar in which the account failed.
    pub breach: Option<String>,
    /// Open time of the bar from which no entry was ever allowed again.
    pub stalled: Option<String>,
    /// Every figure.
    pub metrics: Tearsheet,
}

impl Summary {
    /// Summarises a ledger with the default settings.
    pub fn of(ledger: &Ledger) -> Self {
        Self::with(ledger, &TearsheetSettings::default())
    }

    /// Summarises a ledger.
    pub fn with(ledger: &Ledger, settings: &TearsheetSettings) -> Self {
        let metrics = Tearsheet::with(ledger, settings);
        let clock = DayClock::new(settings.calendar.clone());
        let sessions = account_days(&ledger.rows, ledger.start_balance, None, &clock).len();
        let mut exit_reasons = BTreeMap::new();
        for t in ledger.own_trades() {
            *exit_reasons.entry(t.exit_reason.name()).or_insert(0) += 1;
        }
        let last = ledger.rows.last();
        let sum = |f: fn(&crate::sim::Trade) -> Usd| ledger.own_trades().map(f).sum();
        let trades = ledger.own_trades().count() as u64;
        Self {
            market: ledger.instrument.symbol.clone(),
            bars: ledger.rows.len(),
            sessions,
            interval_seconds: ledger.interval_secs,
            trades,
            forced_trades: ledger.trades.len() as u64 - trades,
            rejected: ledger.rejected,
            expired: ledger.expired,
            same_bar_both: ledger.same_bar_both.len(),
            ambiguous_bars: ledger.ambiguous.len(),
            exit_reasons,
            actions: metrics
                .actions
                .as_ref()
                .map(|a| a.counts())
                .unwrap_or_default(),
            gross_pnl: sum(|t| t.gross_pnl),
            commission: sum(|t| t.commission),
            net_pnl: sum(|t| t.net_pnl),
            start_balance: ledger.start_balance,
            final_balance: ledger.final_balance(),
            peak: last.map_or(ledger.start_balance, |r| r.peak),
            floor: last.map(|r| r.floor),
            breach: ledger.breach.map(format_utc),
            stalled: ledger.stalled.map(format_utc),
            metrics,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::Plant;
    use crate::sim::Side;

    #[test]
    fn names_and_units_are_those_of_the_file() {
        let mut ledger = Plant::new(50_000)
            .row("2024-03-04T15:00:00Z", 50_000)
            .row("2024-03-04T15:01:00Z", 50_250)
            .trade(
                Side::Long,
                "2024-03-04T15:00:00Z",
                "2024-03-04T15:01:00Z",
                250,
            )
            .trade(
                Side::Short,
                "2024-03-04T15:00:00Z",
                "2024-03-04T15:01:00Z",
                -40,
            )
            .with(|t| t.forced = true)
            .ledger();
        ledger.stalled = Some(ledger.rows[1].time);
        let summary = Summary::of(&ledger);
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["market"], "NQ");
        assert_eq!(
            (json["bars"].as_u64(), json["sessions"].as_u64()),
            (Some(2), Some(1))
        );
        assert_eq!(
            (json["net_pnl"].as_f64(), json["gross_pnl"].as_f64()),
            (Some(250.0), Some(255.0))
        );
        assert_eq!(json["exit_reasons"]["stop"], 1);
        assert_eq!(
            (&json["trades"], &json["forced_trades"]),
            (&1.into(), &1.into())
        );
        assert_eq!(json["actions"]["hold"], 2);
        assert_eq!(json["stalled"], "2024-03-04T15:01:00Z");
        assert!(json["breach"].is_null());
        assert_eq!(json["floor"], 47_750.0);
        assert_eq!(json["metrics"]["trades"]["count"], 1);
    }
}
