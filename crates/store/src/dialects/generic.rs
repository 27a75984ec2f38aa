//! Any table whose header names the time and the four prices; tried when nothing else fits.

use super::{
    DateOrder, Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns,
    ZoneRule,
};
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "generic",
    title: "Table with a header",
    recognise,
};

const TIMES: [&str; 13] = [
    "time",
    "datetime",
    "timestamp",
    "date time",
    "date_time",
    "ts_utc_open",
    "window_start",
    "ts_event",
    "open_time",
    "gmt time",
    "dt",
    "utc",
    "date",
];

fn recognise(s: &Sample) -> Option<Recognition> {
    let ohlc = s.ohlc()?;
    let (time, format, absolute) = find_time(s)?;
    let mut evidence = vec![
        "columns found by their names".to_owned(),
        "stamps taken as the open of the bar; say close if they are not".to_owned(),
    ];
    let gmt = s.column(&["gmt time"]).is_some();
    let zone = match (absolute, gmt) {
        (true, _) => ZoneRule::InStamp,
        (false, true) => ZoneRule::Fixed("UTC"),
        _ => ZoneRule::Ask(
            "the stamps have no offset and the file does not say in which zone they are",
        ),
    };
    let volume = s.column(&["volume", "vol", "v", "tickvol", "total volume"]);
    if volume.is_none() {
        evidence.push("no column of volume".to_owned());
    }
    let layout = Layout {
        separator: s.separator,
        skip_lines: s.skip_lines,
        n_columns: s.header.len(),
        more_allowed: false,
        time,
        format,
        ohlc,
        volume: volume.map_or(VolumeColumns::None, VolumeColumns::One),
        symbol: s.column(&["symbol", "ticker", "contract", "instrument"]),
        price_divisor: 1.0,
        zone,
        stamp: Stamp::Open,
    };
    Some(Recognition::Bars {
        confidence: 0.4,
        evidence,
        layout,
    })
}

fn find_time(s: &Sample) -> Option<(TimeColumns, TimeFormat, bool)> {
    if let (Some(date), Some(clock)) = (
        s.column(&["date", "day", "dtyyyymmdd"]),
        s.column(&["time", "clock"]),
    ) {
        let order: DateOrder = s.date_order(date, clock)?;
        return Some((
            TimeColumns::DateAndClock(date, clock),
            TimeFormat::Civil(order),
            false,
        ));
    }
    let column = s.column(&TIMES)?;
    let (format, absolute) = s.time_format(column)?;
    Some((TimeColumns::One(column), format, absolute))
}
