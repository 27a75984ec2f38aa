//! What the check reads: bars and trades of an account, from the simulator or from files.
//!
//! Nothing else is looked at, in particular no summary. Files may lack a market, an interval or
//! columns; checks that need what is not there say so instead of passing.

use crate::market::Instrument;
use crate::sim::{EquityRow, Ledger, Trade};

/// A borrowed ledger.
#[derive(Clone, Copy, Debug)]
pub struct LedgerView<'a> {
    /// The contract traded, where known.
    pub instrument: Option<&'a Instrument>,
    /// One per bar, in order of time.
    pub rows: &'a [EquityRow],
    /// Closed round trips.
    pub trades: &'a [Trade],
    /// Seconds a bar covers, where known.
    pub interval_secs: Option<i64>,
    /// Names of the columns that the rows do not have; their fields mean nothing.
    pub missing_equity: &'a [&'a str],
    /// Names of the columns that the trades do not have; their fields mean nothing.
    pub missing_trades: &'a [&'a str],
}

impl<'a> LedgerView<'a> {
    /// The view of a simulated ledger, which lacks nothing.
    pub fn of(ledger: &'a Ledger) -> Self {
        Self {
            instrument: Some(&ledger.instrument),
            rows: &ledger.rows,
            trades: &ledger.trades,
            interval_secs: Some(ledger.interval_secs),
            missing_equity: &[],
            missing_trades: &[],
        }
    }

    /// Whether every row has this column.
    pub(super) fn has_equity(&self, column: &str) -> bool {
        !self.missing_equity.contains(&column)
    }

    /// Whether every trade has these columns.
    pub(super) fn has_trades(&self, columns: &[&str]) -> bool {
        !columns.iter().any(|c| self.missing_trades.contains(c))
    }
}

impl<'a> From<&'a Ledger> for LedgerView<'a> {
    fn from(ledger: &'a Ledger) -> Self {
        Self::of(ledger)
    }
}
