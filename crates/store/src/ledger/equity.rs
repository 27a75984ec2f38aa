//! `equity.csv`: the account after every bar.

use std::io::Write as _;
use std::path::Path;

use holdout_core::sim::{Action, ActionMask, EquityRow, Ledger};
use holdout_core::units::Usd;

use super::table::Table;
use super::{MONEY, PriceUnit, TIME, time, usd};
use crate::atomic::replace_with;
use crate::canonical::UtcText;
use crate::decimal::{PriceText, push_usd};
use crate::error::{BadInput, FileError};

const HEADER: &str = "time,balance,equity_close,equity_best,equity_worst,peak,floor,position,stop,target,action,mask";
const OPTIONAL: [&str; 7] = [
    "peak", "floor", "position", "stop", "target", "action", "mask",
];

/// Writes the rows of a ledger; the file is replaced whole.
///
/// # Errors
/// When the system refuses.
pub fn write_equity(path: &Path, ledger: &Ledger) -> Result<(), FileError> {
    let prices = PriceText::new(&ledger.instrument);
    replace_with(path, |out| {
        let mut clock = UtcText::default();
        let mut text = Vec::with_capacity(1 << 16);
        writeln!(text, "{HEADER}")?;
        for r in &ledger.rows {
            clock.push(&mut text, r.time);
            for money in [
                r.balance,
                r.equity_close,
                r.equity_best,
                r.equity_worst,
                r.peak,
                r.floor,
            ] {
                text.push(b',');
                push_usd(&mut text, money);
            }
            write!(text, ",{}", r.position)?;
            for level in [r.stop, r.target] {
                text.push(b',');
                if let Some(ticks) = level {
                    prices.push(&mut text, ticks);
                }
            }
            writeln!(text, ",{},{}", r.action, r.mask)?;
            if text.len() > (1 << 16) - 512 {
                out.write_all(&text)?;
                text.clear();
            }
        }
        out.write_all(&text)
    })
}

/// Reads rows, and tells which optional columns are not there.
pub(super) fn read(
    path: &Path,
    unit: &PriceUnit,
) -> Result<(Vec<EquityRow>, Vec<&'static str>), FileError> {
    let table = Table::read(path)?;
    let [c_time, c_balance] = [table.require("time")?, table.require("balance")?];
    let [c_close, c_best, c_worst] = [
        table.require("equity_close")?,
        table.require("equity_best")?,
        table.require("equity_worst")?,
    ];
    let [peak, floor, position, stop, target, action, mask] = OPTIONAL.map(|n| table.column(n));
    let price = unit.expected();
    let mut rows: Vec<EquityRow> = Vec::with_capacity(table.len());
    for row in table.rows() {
        let level = |c: Option<usize>| {
            row.get_or(c, None, &format!("{price} or nothing"), |t| {
                unit.units(t).map(Some)
            })
        };
        let this = EquityRow {
            time: row.get(c_time, TIME, time)?,
            balance: row.get(c_balance, MONEY, usd)?,
            equity_close: row.get(c_close, MONEY, usd)?,
            equity_best: row.get(c_best, MONEY, usd)?,
            equity_worst: row.get(c_worst, MONEY, usd)?,
            peak: row.get_or(peak, Usd::ZERO, MONEY, usd)?,
            floor: row.get_or(floor, Usd::ZERO, MONEY, usd)?,
            position: row.get_or(position, 0, "whole contracts, negative when short", |t| {
                t.parse().ok()
            })?,
            stop: level(stop)?,
            target: level(target)?,
            action: row.get_or(
                action,
                Action::Hold,
                "hold, buy, sell, sl_to_be, trail_on or trail_off",
                |t| t.parse().ok(),
            )?,
            mask: row.get_or(mask, ActionMask::HOLD_ONLY, "six digits 0 or 1", |t| {
                t.parse().ok()
            })?,
        };
        if rows.last().is_some_and(|b| b.time >= this.time) {
            return Err(row.bad(c_time, "times that rise from row to row"));
        }
        if this.equity_worst > this.equity_best {
            return Err(row.bad(c_worst, "at most the best equity of the bar"));
        }
        rows.push(this);
    }
    if rows.is_empty() {
        return Err(BadInput::new(path, "the ledger has no rows")
            .expected("one row a bar")
            .into());
    }
    // A flat account has neither stop nor target.
    let may_be_empty = ["stop", "target"];
    let missing = |n: &&str| match may_be_empty.contains(n) {
        true => table.column(n).is_none(),
        false => table.lacks(n),
    };
    Ok((rows, OPTIONAL.into_iter().filter(missing).collect()))
}
