//! Barchart: `Time,Open,High,Low,Latest,Change,%Change,Volume`, newest first, US Central, bar open.
//!
//! The last line is a note ("Downloaded from Barchart.com as of …") and is counted as a bad row.

use super::{Dialect, Layout, Recognition, Sample, TimeColumns, VolumeColumns, ZoneRule};
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "barchart",
    title: "Barchart",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    let latest = s.column(&["latest", "last"])?;
    let time = s.column(&["time", "date time"])?;
    s.column(&["change"])?;
    if s.first_cell(time).is_some_and(|c| !c.contains(':')) {
        let remedy = "download intraday bars";
        return Some(Recognition::NotBars {
            confidence: 0.9,
            what: "daily bars of Barchart",
            remedy,
        });
    }
    let (format, absolute) = s.time_format(time)?;
    let layout = Layout {
        separator: s.separator,
        skip_lines: s.skip_lines,
        n_columns: s.header.len(),
        more_allowed: false,
        time: TimeColumns::One(time),
        format,
        ohlc: [
            s.column(&["open"])?,
            s.column(&["high"])?,
            s.column(&["low"])?,
            latest,
        ],
        volume: s
            .column(&["volume"])
            .map_or(VolumeColumns::None, VolumeColumns::One),
        symbol: s.column(&["symbol"]),
        price_divisor: 1.0,
        zone: if absolute {
            ZoneRule::InStamp
        } else {
            ZoneRule::Fixed("America/Chicago")
        },
        stamp: Stamp::Open,
        stamp_known: true,
        stamp_suffix: None,
        contract: None,
    };
    Recognition::bars(0.9, layout, &["header has Latest or Last and Change"])
}
