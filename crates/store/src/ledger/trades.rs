//! `trades.csv`: one row a closed trade, in order of exit.

use std::io::Write as _;
use std::path::Path;

use holdout_core::market::{Instrument, Instruments};
use holdout_core::sim::{ExitReason, Ledger, Side, Trade};
use holdout_core::units::Usd;

use super::table::Table;
use super::{MONEY, PriceUnit, TIME, one_market, time, usd};
use crate::atomic::replace_with;
use crate::canonical::UtcText;
use crate::decimal::{PriceText, push_usd};
use crate::error::FileError;

const HEADER: &str = "id,side,contracts,entry_time,entry_price,stop_initial,target_initial,exit_time,exit_price,exit_reason,\
bars_held,gross_pnl,commission,net_pnl,mae,mfe,forced,symbol,note";

const OPTIONAL: [&str; 14] = [
    "id",
    "entry_price",
    "stop_initial",
    "target_initial",
    "exit_price",
    "exit_reason",
    "bars_held",
    "gross_pnl",
    "commission",
    "mae",
    "mfe",
    "forced",
    "symbol",
    "note",
];

/// Writes the trades of a ledger; the file is replaced whole.
///
/// # Errors
/// When the system refuses.
pub fn write_trades(path: &Path, ledger: &Ledger) -> Result<(), FileError> {
    let prices = PriceText::new(&ledger.instrument);
    replace_with(path, |out| {
        let mut clock = UtcText::default();
        let mut text = format!("{HEADER}\n").into_bytes();
        for t in &ledger.trades {
            write!(text, "{},{},{},", t.id, t.side.name(), t.contracts)?;
            clock.push(&mut text, t.entry_time);
            for ticks in [t.entry_price, t.stop_initial, t.target_initial] {
                text.push(b',');
                prices.push(&mut text, ticks);
            }
            text.push(b',');
            clock.push(&mut text, t.exit_time);
            text.push(b',');
            prices.push(&mut text, t.exit_price);
            write!(text, ",{},{}", t.exit_reason, t.bars_held)?;
            for money in [t.gross_pnl, t.commission, t.net_pnl, t.mae, t.mfe] {
                text.push(b',');
                push_usd(&mut text, money);
            }
            let note = if t.hole { "hole" } else { "" };
            writeln!(text, ",{},{},{note}", t.forced, ledger.instrument.symbol)?;
            out.write_all(&text)?;
            text.clear();
        }
        out.write_all(&text)
    })
}

/// Trades of a file and what they say about their market.
pub(super) struct TradesFile {
    pub(super) trades: Vec<Trade>,
    pub(super) instrument: Option<Instrument>,
    pub(super) symbols: Vec<String>,
    pub(super) missing: Vec<&'static str>,
}

pub(super) fn read(path: &Path, markets: &Instruments) -> Result<TradesFile, FileError> {
    let table = Table::read(path)?;
    let [c_side, c_contracts] = [table.require("side")?, table.require("contracts")?];
    let [c_entry, c_exit, c_net] = [
        table.require("entry_time")?,
        table.require("exit_time")?,
        table.require("net_pnl")?,
    ];
    let [
        id,
        entry_price,
        stop,
        target,
        exit_price,
        reason,
        held,
        gross,
        commission,
        mae,
        mfe,
        forced,
        symbol,
        note,
    ] = OPTIONAL.map(|n| table.column(n));
    let mut symbols: Vec<String> = Vec::new();
    if let Some(c) = symbol {
        for row in table.rows() {
            let s = row.text(c)?;
            if !symbols.iter().any(|k| k == s) {
                symbols.push(s.to_owned());
            }
        }
    }
    let instrument = one_market(&symbols, markets);
    let unit = PriceUnit::of(instrument.as_ref());
    let expected = unit.expected();
    let mut trades = Vec::with_capacity(table.len());
    for (i, row) in table.rows().enumerate() {
        let price = |c: Option<usize>| row.get_or(c, 0, &expected, |t| unit.units(t));
        let money = |c: Option<usize>| row.get_or(c, Usd::ZERO, MONEY, usd);
        let flag = |c: Option<usize>| {
            row.get_or(c, false, "true or false", |t| {
                match t.to_ascii_lowercase().as_str() {
                    "true" | "1" => Some(true),
                    "false" | "0" => Some(false),
                    _ => None,
                }
            })
        };
        let net_pnl = row.get(c_net, MONEY, usd)?;
        let trade = Trade {
            id: row.get_or(id, i as u32 + 1, "a whole number from 1", |t| {
                t.parse().ok()
            })?,
            side: row.get(c_side, "long or short", |t| match t {
                "long" => Some(Side::Long),
                "short" => Some(Side::Short),
                _ => None,
            })?,
            contracts: row.get(c_contracts, "whole contracts, 1 or more", |t| {
                t.parse().ok().filter(|&n| n > 0)
            })?,
            entry_time: row.get(c_entry, TIME, time)?,
            entry_price: price(entry_price)?,
            stop_initial: price(stop)?,
            target_initial: price(target)?,
            exit_time: row.get(c_exit, TIME, time)?,
            exit_price: price(exit_price)?,
            exit_reason: row.get_or(
                reason,
                ExitReason::Target,
                "a reason such as stop, target or flat_by",
                |t| t.parse().ok(),
            )?,
            bars_held: row.get_or(held, 0, "a whole number of bars", |t| t.parse().ok())?,
            gross_pnl: row.get_or(gross, net_pnl, MONEY, usd)?,
            commission: money(commission)?,
            net_pnl,
            mae: money(mae)?,
            mfe: money(mfe)?,
            forced: flag(forced)?,
            hole: row.get_or(note, false, "a note", |t| Some(t == "hole"))?,
        };
        if trade.exit_time < trade.entry_time {
            return Err(row.bad(c_exit, "a time at or after the entry"));
        }
        trades.push(trade);
    }
    // Most trades have no note, and most files say "forced" of few.
    let may_be_empty = ["forced", "symbol", "note"];
    let lacks = |n: &&str| match may_be_empty.contains(n) {
        true => table.column(n).is_none(),
        false => table.lacks(n),
    };
    let missing = OPTIONAL.into_iter().filter(lacks).collect();
    Ok(TradesFile {
        trades,
        instrument,
        symbols,
        missing,
    })
}
