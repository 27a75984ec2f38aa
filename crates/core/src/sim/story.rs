//! Scenarios as tables of text: a bar a line, what is decided at its close, and what its row in
//! the ledger must say.
//!
//! `[day] [hh:mm] open high low close | decision | what must be so, comma by comma`
//!
//! Prices are offsets in ticks from a base price. Twenty quiet bars of a range of 8 ticks stand
//! before the first line, so that ATR is 8, the stop distance 12 and the target distance 36; a
//! first line `before | decision |` decides at the close of the last of them. A line without a
//! time opens a minute after the line above, the first at 09:30 New York time on Tuesday
//! 2024-03-05; a day is one of that March.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::scenarios::{BASE, QUIET, check_identity, nq};
use super::*;
use crate::compliance::TrailingFloor;
use crate::market::Bars;
use crate::time::{TradingDay, ZoneTable};
use crate::units::Usd;

const MINUTE: i64 = 60;

struct Line<'a> {
    text: &'a str,
    decision: Option<Action>,
    expected: Vec<&'a str>,
}

/// Plays a story and checks every line of it; the ledger is for what a line cannot say.
pub(super) fn story(settings: &SimSettings, text: &str) -> Ledger {
    let zone = ZoneTable::new_york();
    let (mut bars, mut lines) = (Bars::empty(nq(), MINUTE), BTreeMap::new());
    let first = TradingDay::from_date(jiff::civil::date(2024, 3, 1));
    let march = |day: i64| (i64::from(first.0) + day - 1) * 86_400;
    let mut day = 5;
    let open = zone.to_utc(march(day) + (9 * 60 + 30) * 60);
    for i in 0..QUIET as i64 {
        let at = open + MINUTE * (i - QUIET as i64);
        bars.push(at, [0, 4, -4, 0].map(|x| BASE + x), 100.0);
    }
    for text in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let mut columns = text.split('|').map(str::trim);
        let what = columns.next().unwrap();
        let decision = columns.next().unwrap_or("");
        let expected = columns.next().unwrap_or("");
        if what != "before" {
            let mut words: Vec<&str> = what.split_whitespace().collect();
            let mut at = bars.open_time.last().unwrap() + MINUTE;
            if words.len() == 6 {
                day = words.remove(0).parse().unwrap();
            }
            if words.len() == 5 {
                let (h, m) = words.remove(0).split_once(':').unwrap();
                let clock = h.parse::<i64>().unwrap() * 3_600 + m.parse::<i64>().unwrap() * 60;
                at = zone.to_utc(march(day) + clock);
            }
            let prices: Vec<i32> = words
                .iter()
                .map(|w| BASE + w.parse::<i32>().unwrap())
                .collect();
            bars.push(at, prices.try_into().unwrap(), 100.0);
        }
        let line = Line {
            text,
            decision: (!decision.is_empty()).then(|| decision.parse().unwrap()),
            expected: expected
                .split(',')
                .map(str::trim)
                .filter(|e| !e.is_empty())
                .collect(),
        };
        lines.insert(bars.len() - 1, line);
    }
    let plan = settings.plan(&bars.instrument).unwrap();
    let tape = Tape::new(Arc::new(bars), &plan);
    let referee = TrailingFloor::from_settings(settings);
    let ledger = replay(&tape, &plan, referee, 0..tape.len(), |m| {
        let line = lines.get(&m.bar);
        line.and_then(|l| l.decision).unwrap_or(Action::Hold)
    });
    check_identity(&ledger);
    for (&i, line) in &lines {
        for expected in &line.expected {
            let found = holds(&ledger, i, line, expected);
            assert_eq!(
                found, "",
                "\n  {}\n  {expected}, but {:?}",
                line.text, ledger.rows[i]
            );
        }
    }
    ledger
}

/// Empty when it holds, else what was found.
fn holds(ledger: &Ledger, i: usize, line: &Line<'_>, expected: &str) -> String {
    let row = &ledger.rows[i];
    let words: Vec<&str> = expected.split_whitespace().collect();
    let entered = ledger.trades.iter().find(|t| t.entry_time == row.time);
    let left = ledger.trades.iter().find(|t| t.exit_time == row.time);
    let (said, found) = match words.as_slice() {
        [side @ ("long" | "short"), "at", price] => (
            format!("{side} at {price}"),
            entered.map(|t| format!("{} at {}", t.side.name(), t.entry_price - BASE)),
        ),
        ["stop", price] => (price.to_string(), row.stop.map(|s| (s - BASE).to_string())),
        ["target", price] => (
            price.to_string(),
            row.target.map(|s| (s - BASE).to_string()),
        ),
        [reason, "at", price] => (
            format!("{reason} at {price}"),
            left.map(|t| format!("{} at {}", t.exit_reason, t.exit_price - BASE)),
        ),
        ["hole"] => ("true".to_owned(), left.map(|t| t.hole.to_string())),
        ["held", bars] => (bars.to_string(), left.map(|t| t.bars_held.to_string())),
        ["net", usd] => (dollars(usd), left.map(|t| t.net_pnl.to_string())),
        ["mae", usd] => (dollars(usd), left.map(|t| t.mae.to_string())),
        ["mfe", usd] => (dollars(usd), left.map(|t| t.mfe.to_string())),
        ["mask", mask] => (mask.to_string(), Some(row.mask.to_string())),
        ["position", n] => (n.to_string(), Some(row.position.to_string())),
        ["balance", usd] => (dollars(usd), Some(row.balance.to_string())),
        ["best", usd] => (dollars(usd), Some(row.equity_best.to_string())),
        ["worst", usd] => (dollars(usd), Some(row.equity_worst.to_string())),
        ["close", usd] => (dollars(usd), Some(row.equity_close.to_string())),
        ["peak", usd] => (dollars(usd), Some(row.peak.to_string())),
        ["floor", usd] => (dollars(usd), Some(row.floor.to_string())),
        ["done"] => (
            format!("{:?}", line.decision),
            Some(format!("{:?}", Some(row.action))),
        ),
        ["refused"] => ("hold".to_owned(), Some(row.action.to_string())),
        ["breach"] => (
            "true".to_owned(),
            Some((ledger.breach == Some(row.time)).to_string()),
        ),
        ["stalled"] => (
            "true".to_owned(),
            Some((ledger.stalled == Some(row.time)).to_string()),
        ),
        _ => panic!("\"{expected}\" is no expectation"),
    };
    match found {
        Some(found) if found == said => String::new(),
        other => other.unwrap_or_else(|| "nothing of the kind".to_owned()),
    }
}

fn dollars(text: &str) -> String {
    Usd::from_dollars(text.parse().unwrap()).to_string()
}
