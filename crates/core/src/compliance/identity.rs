//! The balance identity: after every bar the balance is the start plus the net profit of all
//! trades closed until then, to the last hundredth of a cent.
//!
//! The start is the rule set's, so a ledger that began elsewhere fails. Forced trades count,
//! and each trade's net profit must be its gross less its commission.

use super::case::Case;
use super::finding::{Check, money};
use super::severity::Status;
use crate::units::Usd;

const ID: &str = "balance_identity";

pub(super) fn check(case: &Case<'_>) -> Check {
    let rows = case.view.rows;
    if rows.is_empty() {
        return Check::no_bars(ID);
    }
    let mut trades: Vec<_> = case.view.trades.iter().collect();
    trades.sort_by_key(|t| t.exit_time);
    let itemised = case.has_trades(&["gross_pnl", "commission"]);
    if let Some(t) = trades
        .iter()
        .find(|t| itemised && t.gross_pnl - t.commission != t.net_pnl)
    {
        let detail = format!(
            "trade {} has gross {} and commission {}, but net {}",
            t.id,
            money(t.gross_pnl),
            money(t.commission),
            money(t.net_pnl)
        );
        return Check::new(ID, Status::Fail, detail).trade(t, case);
    }
    let mut closed = trades.iter().peekable();
    let mut expected = case.rules.account.start_balance;
    let (mut first, mut largest) = (None, Usd::ZERO);
    for (i, row) in rows.iter().enumerate() {
        while let Some(t) = closed.next_if(|t| t.exit_time <= row.time) {
            expected += t.net_pnl;
        }
        let off = row.balance - expected;
        if off != Usd::ZERO {
            first.get_or_insert((i, expected));
            largest = largest.max(off).max(-off);
        }
    }
    let late = closed.next();
    match (first, late) {
        (Some((i, expected)), _) => {
            let detail = format!(
                "balance {} where the start and the trades give {}",
                money(rows[i].balance),
                money(expected)
            );
            Check::new(ID, Status::Fail, detail)
                .dollars(Usd::ZERO, largest)
                .at(&rows[i])
        }
        (None, Some(t)) => {
            let detail = format!("trade {} is closed after the last bar", t.id);
            Check::new(ID, Status::Fail, detail).trade(t, case)
        }
        (None, None) => Check::new(ID, Status::Pass, "every balance agrees with the trades")
            .dollars(Usd::ZERO, Usd::ZERO),
    }
}
