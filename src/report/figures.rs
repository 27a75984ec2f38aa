//! The headline figures of an account as text, each with what is known about its certainty.
//!
//! Tiles in the window and tables in a report are made from these.

use holdout_core::metrics::Tearsheet;
use holdout_core::sim::{Ledger, N_ACTIONS};

use super::number;

/// A figure with what is known about its certainty.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// As text, unit included; `n/a` with the reason in the note.
    pub value: String,
    /// Interval, count or reason.
    pub note: String,
    /// Amount of money that colours it, where it is one.
    pub money: Option<f64>,
    /// What it is.
    pub tip: &'static str,
}

/// How often each action was taken where more than one was allowed, as shares, and how many such choices there were.
pub fn action_shares(ledger: &Ledger) -> ([f64; N_ACTIONS], u64) {
    let mut counts = [0_u64; N_ACTIONS];
    for r in ledger.rows.iter().filter(|r| r.mask.count() > 1) {
        counts[r.action.index()] += 1;
    }
    let n: u64 = counts.iter().sum();
    (
        counts.map(|c| if n > 0 { c as f64 / n as f64 } else { 0.0 }),
        n,
    )
}

/// The headline figures of a tear sheet.
pub fn figures(t: &Tearsheet) -> Vec<Figure> {
    let days = t.returns.days;
    let trades = t.trades.as_ref().map(|t| &t.all);
    let n = trades.map_or(0, |g| g.count as usize);
    let ratio = |x: Option<f64>| number::or_na(x, |v| number::grouped(v, 2), days, "days");
    let span = |lo: f64, hi: f64| {
        format!(
            "95%: {} to {}",
            number::grouped(lo, 2),
            number::grouped(hi, 2)
        )
    };
    let figure = |name, value: String, note: String, tip| Figure {
        name,
        value,
        note,
        money: None,
        tip,
    };
    let net = t.returns.net_pnl;
    let intraday = t.drawdown.intraday.as_ref();
    let win = trades.and_then(|g| g.win_rate);
    let win_span = trades.and_then(|g| g.win_rate_wilson);
    vec![
        Figure {
            money: Some(net),
            ..figure(
                "Net P&L",
                number::dollars_signed(net, 0),
                format!("{} days", number::count(days as u64)),
                "After commission and slippage.",
            )
        },
        figure(
            "Trades",
            number::count(n as u64),
            format!(
                "{} a day",
                number::grouped(n as f64 / days.max(1) as f64, 1)
            ),
            "Closed round trips; forced ones are in no statistic.",
        ),
        figure(
            "Win rate",
            number::or_na(win, number::percent, n, "trades"),
            win_span.map_or_else(String::new, |i| {
                format!(
                    "95%: {} to {}",
                    number::percent(i.lower),
                    number::percent(i.upper)
                )
            }),
            "Trades with a net profit above 0; interval by Wilson.",
        ),
        figure(
            "Profit factor",
            number::or_na(
                trades.and_then(|g| g.profit_factor),
                |v| number::grouped(v, 2),
                n,
                "trades",
            ),
            "gains ÷ losses".to_owned(),
            "Sum of the winners over sum of the losers; none without a loser.",
        ),
        figure(
            "Sharpe, a year",
            ratio(t.returns.sharpe),
            t.uncertainty
                .sharpe
                .as_ref()
                .map_or_else(|| "interval n/a".to_owned(), |i| span(i.lower, i.upper)),
            "Daily, over the risk-free rate, times the root of 252; interval by a block bootstrap of days.",
        ),
        figure(
            "Sortino",
            ratio(t.returns.sortino),
            "a year".to_owned(),
            "As Sharpe, with the deviation of bad days only.",
        ),
        figure(
            "Calmar",
            ratio(t.returns.calmar),
            "a year".to_owned(),
            "Compound annual return over the largest drawdown of day-end balances.",
        ),
        Figure {
            money: intraday.map(|d| -d.max_usd),
            ..figure(
                "Max drawdown",
                intraday.map_or_else(|| "n/a".to_owned(), |d| number::dollars(-d.max_usd, 0)),
                intraday.map_or_else(String::new, |d| {
                    d.max_fraction.map_or_else(
                        || "intraday".to_owned(),
                        |f| format!("intraday, {}", number::percent(f)),
                    )
                }),
                "Largest fall from the highest equity, within bars, open positions included.",
            )
        },
    ]
}
