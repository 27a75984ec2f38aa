//! Any table whose header names the time and the four prices; tried when nothing else fits.
//!
//! A table with one price a row (`MidPrice`) becomes bars whose four prices are equal. A first
//! column without a name, as pandas writes its index, is the time when it reads as one.

use super::{
    DateOrder, Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns,
    ZoneRule, clock, number,
};

pub(super) const DIALECT: Dialect = Dialect {
    id: "generic",
    title: "Table with a header",
    recognise,
};

/// Names of a column of times. Those that say a zone come first: where a file has several, its
/// times in UTC need no question.
const TIMES: [(&str, Option<&str>); 25] = [
    ("ts_utc_open", Some("UTC")),
    ("datetime_utc", Some("UTC")),
    ("timestamp_utc", Some("UTC")),
    ("time_utc", Some("UTC")),
    ("utc", Some("UTC")),
    ("datetime_et", Some("America/New_York")),
    ("time_et", Some("America/New_York")),
    ("datetime_ct", Some("America/Chicago")),
    ("time_ct", Some("America/Chicago")),
    ("time", None),
    ("datetime", None),
    ("timestamp", None),
    ("date time", None),
    ("date_time", None),
    ("open time", None),
    ("open_time", None),
    ("ts_event", None),
    ("ts_open", None),
    ("bar_time", None),
    ("ts", None),
    ("dt", None),
    ("t", None),
    ("date", None),
    ("datum", None),
    ("", None),
];

/// Names of a column with the one price of a row.
const PRICES: [&str; 6] = ["midprice", "mid_price", "mid", "price", "close", "last"];

fn recognise(s: &Sample) -> Option<Recognition> {
    if let Some(shifted) = header_one_short(s) {
        return Some(shifted);
    }
    if s.header.is_empty() {
        return without_header(s);
    }
    let Some((time, format, absolute, zone_of_name)) = find_time(s) else {
        return daily(s);
    };
    let mut evidence = vec![
        "columns found by their names".to_owned(),
        "stamps taken as the open of the bar; say close if they are not".to_owned(),
    ];
    let zone = match (absolute, zone_of_name) {
        (true, _) => ZoneRule::InStamp,
        (false, Some(zone)) => {
            evidence.push(format!("the name of the column of times says {zone}"));
            ZoneRule::Fixed(zone)
        }
        (false, None) => ZoneRule::Ask(
            "the stamps have no offset and the file does not say in which zone they are",
        ),
    };
    let volume = s.column(&[
        "volume",
        "vol",
        "v",
        "tickvol",
        "total volume",
        "tradevolume",
        "volumen",
    ]);
    if volume.is_none() {
        evidence.push("no column of volume".to_owned());
    }
    let ohlc = match s.ohlc() {
        Some(ohlc) => ohlc,
        None => {
            let price = one_price(s, time)?;
            evidence.push(format!(
                "one price a row ({}): open, high, low and close are equal",
                s.header_raw[price]
            ));
            [price; 4]
        }
    };
    let layout = Layout {
        volume: volume.map_or(VolumeColumns::None, VolumeColumns::One),
        symbol: s.column(&["symbol", "ticker", "contract", "instrument"]),
        zone,
        stamp_known: false,
        ..Layout::of(s, time, format, ohlc)
    };
    Some(Recognition::Bars {
        confidence: 0.4,
        evidence,
        layout,
    })
}

type FoundTime = (TimeColumns, TimeFormat, bool, Option<&'static str>);

fn find_time(s: &Sample) -> Option<FoundTime> {
    if let (Some(date), Some(clock)) = (
        s.column(&["date", "day", "dtyyyymmdd", "datum"]),
        s.column(&["time", "clock", "uhrzeit", "zeit"]),
    ) && let Some(order) = s.date_order(date, clock)
    {
        let both = TimeColumns::DateAndClock(date, clock);
        return Some((both, TimeFormat::Civil(order), false, None));
    }
    TIMES.iter().find_map(|&(name, zone)| {
        let column = s.column(&[name]).filter(|&c| !name.is_empty() || c == 0)?;
        let (format, absolute) = s.time_format(column)?;
        Some((TimeColumns::One(column), format, absolute, zone))
    })
}

/// A table without a header: time, four prices in the usual order, and a volume, where every high
/// and low of the first rows fits that order.
fn without_header(s: &Sample) -> Option<Recognition> {
    let split = s.date_order(0, 1).map(|order| {
        let both = TimeColumns::DateAndClock(0, 1);
        (both, TimeFormat::Civil(order), false, 2)
    });
    let (time, format, absolute, at) = split.or_else(|| {
        let (format, absolute) = s.time_format(0)?;
        Some((TimeColumns::One(0), format, absolute, 1))
    })?;
    let ohlc = [at, at + 1, at + 2, at + 3];
    let layout = Layout::of(s, time, format, ohlc);
    let mark = layout.decimal_mark(s);
    let mut moved = false;
    for row in &s.rows {
        let price = |c: usize| number::parse(row.get(c)?.as_bytes(), mark);
        let [open, high, low, close] = [price(at)?, price(at + 1)?, price(at + 2)?, price(at + 3)?];
        if high < open.max(close) || low > open.min(close) {
            return None;
        }
        moved |= high > low;
    }
    if !moved {
        return None;
    }
    let volume = (s.width() > at + 4 && s.numeric(&[at + 4])).then_some(at + 4);
    let zone = if absolute {
        ZoneRule::InStamp
    } else {
        ZoneRule::Ask("the stamps have no offset and the file does not say in which zone they are")
    };
    let layout = Layout {
        volume: volume.map_or(VolumeColumns::None, VolumeColumns::One),
        zone,
        stamp_known: false,
        ..layout
    };
    Recognition::bars(
        0.3,
        layout,
        &[
            "no header: columns taken as time, open, high, low, close and volume, which the highs and lows of the first rows fit",
            "stamps taken as the open of the bar; say close if they are not",
        ],
    )
}

/// What is wrong with the times of a table whose header names everything: line, column, value.
pub(crate) fn unreadable_times(s: &Sample) -> Option<(u64, String, String)> {
    s.ohlc()?;
    let date = s.column(&["date", "day", "dtyyyymmdd", "datum"]);
    let clock = s.column(&["time", "clock", "uhrzeit", "zeit"]);
    let cell = |r: &[String], c: usize| r.get(c).cloned().unwrap_or_default();
    let (name, cells): (String, Vec<String>) = match (date, clock) {
        (Some(d), Some(c)) => (
            format!("{} and {}", s.header_raw[d], s.header_raw[c]),
            s.rows
                .iter()
                .map(|r| format!("{} {}", cell(r, d), cell(r, c)))
                .collect(),
        ),
        _ => {
            let c = TIMES.iter().find_map(|(name, _)| s.column(&[name]))?;
            let cells = s.rows.iter().map(|r| cell(r, c)).collect();
            (s.header_raw[c].clone(), cells)
        }
    };
    let read = |text: &str, format| clock::parse(text.as_bytes(), format).is_some();
    let formats = [DateOrder::Mdy, DateOrder::Dmy, DateOrder::Ymd].map(TimeFormat::Civil);
    if cells.is_empty() {
        return None;
    }
    let line = |row: usize| s.skip_lines + 1 + row as u64;
    let alien = cells
        .iter()
        .position(|c| !formats.iter().any(|&f| read(c, f)));
    if let Some(row) = alien {
        let cause = format!("\"{}\" is not a time in any form that is known", cells[row]);
        return Some((line(row), name, cause));
    }
    let first = formats.into_iter().find(|&f| read(&cells[0], f));
    let other = cells
        .iter()
        .position(|c| first.is_some_and(|f| !read(c, f)))?;
    let cause = format!(
        "\"{}\" is written in another way than \"{}\"",
        cells[other], cells[0]
    );
    Some((line(other), name, cause))
}

/// The column with the one price of each row, where no time comes twice: that would be ticks.
fn one_price(s: &Sample, time: TimeColumns) -> Option<usize> {
    // A table with some of the four prices is broken, not one of single prices.
    if s.column(&["open", "high", "low"]).is_some() {
        return None;
    }
    let price = s.column(&PRICES)?;
    let stamp = |r: &Vec<String>| match time {
        TimeColumns::One(c) => r.get(c).cloned(),
        TimeColumns::DateAndClock(d, c) => Some(format!("{} {}", r.get(d)?, r.get(c)?)),
    };
    let stamps: Vec<Option<String>> = s.rows.iter().map(stamp).collect();
    let again = stamps.windows(2).any(|w| w[0] == w[1]);
    (s.numeric(&[price]) && !again).then_some(price)
}

/// `Date,Open,…` over rows of `date,time,open,…`: the header has one column fewer than the rows.
fn header_one_short(s: &Sample) -> Option<Recognition> {
    let dates = s.header.first().is_some_and(|h| h == "date");
    if !dates || s.width() != s.header.len() + 1 || s.column(&["time"]).is_some() {
        return None;
    }
    let order: DateOrder = s.date_order(0, 1)?;
    let layout = Layout {
        n_columns: s.width(),
        volume: s
            .column(&["volume", "vol"])
            .map_or(VolumeColumns::None, |c| VolumeColumns::One(c + 1)),
        zone: ZoneRule::Ask(
            "the stamps have no offset and the file does not say in which zone they are",
        ),
        stamp_known: false,
        ..Layout::of(
            s,
            TimeColumns::DateAndClock(0, 1),
            TimeFormat::Civil(order),
            s.ohlc()?.map(|c| c + 1),
        )
    };
    Recognition::bars(
        0.5,
        layout,
        &["the header has one column fewer than the rows: date and time of day share its first"],
    )
}

/// Stamps that are dates without a time of day.
fn daily(s: &Sample) -> Option<Recognition> {
    s.ohlc()?;
    let column = TIMES
        .iter()
        .find_map(|(name, _)| s.column(&[name]).filter(|&c| !name.is_empty() || c == 0))?;
    let midnight = |r: &Vec<String>| {
        let cell = r.get(column).map(String::as_str).unwrap_or_default();
        [DateOrder::Ymd, DateOrder::Mdy, DateOrder::Dmy]
            .into_iter()
            .any(|order| clock::parse_split(cell.as_bytes(), b"00:00", order).is_some())
    };
    s.rows.iter().all(midnight).then_some(Recognition::NotBars {
        confidence: 0.4,
        what: "daily bars: dates without a time of day",
        remedy: "export bars of minutes",
    })
}
