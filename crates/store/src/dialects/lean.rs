//! QuantConnect LEAN: headerless rows in zips, `milliseconds since midnight,O,H,L,C,V`, bar open.
//!
//! Day and contract are in the file names (`20131007_es_minute_trade_201312.csv`); hour files write
//! `yyyyMMdd HH:mm`. CME futures are in UTC at plain prices; shares are in New York time at prices
//! times 10 000. Convention: the data format pages and market-hours database of LEAN.

use holdout_core::time::TradingDay;

use super::{
    DateOrder, Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns,
    ZoneRule, number,
};

pub(super) const DIALECT: Dialect = Dialect {
    id: "lean",
    title: "QuantConnect LEAN",
    recognise,
};

/// Prices of shares are whole numbers of this part of a dollar.
const SHARE_PARTS: f64 = 10_000.0;

fn recognise(s: &Sample) -> Option<Recognition> {
    if s.separator != b',' || !s.header.is_empty() {
        return None;
    }
    let name = Name::parse(&s.file_name);
    let first = s.first_cell(0)?;
    let in_day = s.rows.iter().all(|r| {
        let ms = r.first().and_then(|c| number::parse_int(c.as_bytes()));
        ms.is_some_and(|ms| ms < 86_400_000 && ms % 1_000 == 0)
    });
    let dated = first.len() == 14
        && first.as_bytes()[8] == b' '
        && first.as_bytes()[11] == b':'
        && first[..8].bytes().all(|b| b.is_ascii_digit());
    if !(in_day || dated) {
        return None;
    }
    if s.width() == 11 {
        return Some(Recognition::NotBars {
            confidence: 0.9,
            what: "quotes of LEAN, bid and ask bars beside each other",
            remedy: "take the file of trades (its name has _trade)",
        });
    }
    if s.width() != 6 || !s.numeric(&[1, 2, 3, 4, 5]) {
        return None;
    }
    let format = match (in_day, name.day) {
        (false, _) => TimeFormat::Civil(DateOrder::Ymd),
        (true, Some(day)) => TimeFormat::MillisOfDay(day),
        (true, None) => {
            return Some(Recognition::NotBars {
                confidence: 0.8,
                what: "bars of LEAN whose day is in the name of the file, and this name has none",
                remedy: "give the zip as it was, or name the file like 20131007_es_minute_trade_201312.csv",
            });
        }
    };
    let whole = s
        .rows
        .iter()
        .flat_map(|r| &r[1..5.min(r.len())])
        .all(|c| number::parse_int(c.as_bytes()).is_some_and(|n| n >= 10_000));
    let share = name.contract.is_none() && whole;
    let mut evidence = vec![if in_day {
        "rows are milliseconds since midnight,open,high,low,close,volume; the day is in the name"
    } else {
        "rows are yyyyMMdd HH:mm,open,high,low,close,volume"
    }];
    evidence.push(if share {
        "whole prices without a contract are shares: New York time, prices times 10 000"
    } else {
        "futures of LEAN are in UTC"
    });
    let layout = Layout {
        volume: VolumeColumns::One(5),
        price_divisor: if share { SHARE_PARTS } else { 1.0 },
        zone: ZoneRule::Fixed(if share { "America/New_York" } else { "UTC" }),
        contract: name.contract,
        ..Layout::of(s, TimeColumns::One(0), format, [1, 2, 3, 4])
    };
    Recognition::bars(if name.lean { 0.98 } else { 0.8 }, layout, &evidence)
}

/// What the name of a file of LEAN tells.
#[derive(Debug, Default, PartialEq)]
struct Name {
    /// It is named as LEAN names files.
    lean: bool,
    /// Days since 1970 of the day of its rows.
    day: Option<i64>,
    /// Contract, e.g. `ESZ13`.
    contract: Option<String>,
}

impl Name {
    fn parse(file_name: &str) -> Self {
        let mut name = Self::default();
        // The member of the archive first; its own name may leave the day to the archive's.
        for part in file_name.rsplit(['/', '\\']) {
            let stem = part.split('.').next().unwrap_or_default();
            let words: Vec<&str> = stem.split('_').collect();
            if let Some(day) = words.first().and_then(|w| day_of(w)) {
                name.day = name.day.or(Some(day));
            }
            let Some(kind) = words
                .iter()
                .position(|w| matches!(*w, "trade" | "quote" | "openinterest"))
            else {
                continue;
            };
            name.lean = true;
            let root = words[..kind]
                .iter()
                .rev()
                .find(|w| !matches!(**w, "minute" | "second" | "tick" | "hour" | "daily"));
            if let (Some(root), Some(month)) = (root, words.get(kind + 1)) {
                name.contract = name.contract.or_else(|| contract(root, month));
            }
        }
        name
    }
}

fn day_of(word: &str) -> Option<i64> {
    let digits = word.len() == 8 && word.bytes().all(|b| b.is_ascii_digit());
    let date = digits.then(|| format!("{}-{}-{}", &word[..4], &word[4..6], &word[6..]))?;
    let day: TradingDay = date.parse().ok()?;
    Some(i64::from(day.0))
}

/// `es` and `201312` is `ESZ13`.
fn contract(root: &str, month: &str) -> Option<String> {
    let digits = matches!(month.len(), 6 | 8) && month.bytes().all(|b| b.is_ascii_digit());
    let number: usize = digits.then(|| month[4..6].parse().ok())??;
    let letter = "FGHJKMNQUVXZ".chars().nth(number.checked_sub(1)?)?;
    Some(format!(
        "{}{letter}{}",
        root.to_ascii_uppercase(),
        &month[2..4]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_and_contract_come_from_the_names_of_archive_and_member() {
        let of = |n: &str| {
            let name = Name::parse(n);
            (name.lean, name.day, name.contract)
        };
        let day = Some(15_985);
        let es = Some("ESZ13".to_owned());
        assert_eq!(
            of("20131007_trade.zip/20131007_es_minute_trade_201312.csv"),
            (true, day, es.clone())
        );
        assert_eq!(of("es_trade.zip/es_trade_201312.csv"), (true, None, es));
        assert_eq!(
            of("20131007_trade.zip/20131007_spy_minute_trade.csv"),
            (true, day, None)
        );
        assert_eq!(of("lean_minute.csv"), (false, None, None));
        assert_eq!(
            of("20131399_es_minute_trade_201399.csv"),
            (true, None, None)
        );
    }
}
