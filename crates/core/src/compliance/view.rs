//! What the check reads: bars and trades of an account, from the simulator or from files.
//!
//! Nothing else is looked at, in particular no summary. The market is optional, because files
//! may not name it; checks that need it then say so.

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
    /// Seconds a bar covers; 0 where unknown.
    pub interval_secs: i64,
}

impl<'a> LedgerView<'a> {
    /// The view of a simulated ledger.
    pub fn of(ledger: &'a Ledger) -> Self {
        Self {
            instrument: Some(&ledger.instrument),
            rows: &ledger.rows,
            trades: &ledger.trades,
            interval_secs: ledger.interval_secs,
        }
    }

    /// Seconds a bar covers.
    pub(super) fn interval(&self) -> Option<i64> {
        (self.interval_secs > 0).then_some(self.interval_secs)
    }
}

impl<'a> From<&'a Ledger> for LedgerView<'a> {
    fn from(ledger: &'a Ledger) -> Self {
        Self::of(ledger)
    }
}
