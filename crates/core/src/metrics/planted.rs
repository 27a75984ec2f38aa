//! Ledgers written by hand, for tests.

use crate::market::Instruments;
use crate::sim::{Action, ActionMask, EquityRow, ExitReason, Ledger, Side, Trade};
use crate::time::parse_utc;
use crate::units::Usd;

/// Builds a ledger of NQ minute bars row by row.
pub(crate) struct Plant {
    ledger: Ledger,
}

impl Plant {
    /// An account that begins with whole dollars.
    pub(crate) fn new(start: i64) -> Self {
        let instrument = Instruments::builtin().get("NQ").unwrap().clone();
        Self {
            ledger: Ledger {
                instrument,
                interval_secs: 60,
                start_balance: Usd::whole(start),
                rows: Vec::new(),
                trades: Vec::new(),
                rejected: 0,
                expired: 0,
                same_bar_both: Vec::new(),
                ambiguous: Vec::new(),
                breach: None,
                stalled: None,
            },
        }
    }

    /// A flat bar after which the balance is this.
    pub(crate) fn row(self, time: &str, balance: i64) -> Self {
        let usd = Usd::whole(balance);
        self.bar(time, usd, [usd; 3], 0)
    }

    /// A bar: balance, then equity at close, best, worst, and signed contracts after it.
    ///
    /// Peak and floor are those of the default settings, recomputed from the formula.
    pub(crate) fn bar(
        mut self,
        time: &str,
        balance: Usd,
        [close, best, worst]: [Usd; 3],
        position: i32,
    ) -> Self {
        let start = self.ledger.start_balance;
        let peak = self.ledger.rows.last().map_or(start, |r| r.peak).max(best);
        let floor = (peak - Usd::whole(2_500)).min(start + Usd::whole(100));
        self.ledger.rows.push(EquityRow {
            time: parse_utc(time).unwrap(),
            balance,
            equity_close: close,
            equity_best: best,
            equity_worst: worst,
            peak,
            floor,
            position,
            stop: None,
            target: None,
            action: Action::Hold,
            mask: ActionMask::HOLD_ONLY,
        });
        self
    }

    /// A closed round trip of one contract with this net profit in whole dollars.
    pub(crate) fn trade(mut self, side: Side, entry: &str, exit: &str, net: i64) -> Self {
        let (entry_time, exit_time) = (parse_utc(entry).unwrap(), parse_utc(exit).unwrap());
        let commission = Usd::whole(5);
        let net_pnl = Usd::whole(net);
        let open_loss = if net < 0 { -net_pnl } else { Usd::ZERO };
        self.ledger.trades.push(Trade {
            id: self.ledger.trades.len() as u32 + 1,
            side,
            contracts: 1,
            entry_time,
            entry_price: 80_000,
            stop_initial: 80_000 - side.sign() * 100,
            target_initial: 80_000 + side.sign() * 300,
            exit_time,
            exit_price: 80_000,
            exit_reason: ExitReason::Stop,
            bars_held: ((exit_time - entry_time) / 60 + 1) as u32,
            gross_pnl: net_pnl + commission,
            commission,
            net_pnl,
            mae: open_loss,
            mfe: Usd::ZERO.max(net_pnl),
            forced: false,
            hole: false,
        });
        self
    }

    /// Changes the last trade.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Trade)) -> Self {
        change(self.ledger.trades.last_mut().unwrap());
        self
    }

    /// Changes the last row.
    pub(crate) fn with_row(mut self, change: impl FnOnce(&mut EquityRow)) -> Self {
        change(self.ledger.rows.last_mut().unwrap());
        self
    }

    /// The ledger.
    pub(crate) fn ledger(self) -> Ledger {
        self.ledger
    }
}
