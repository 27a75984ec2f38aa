//! Databento OHLCV as CSV, pretty or raw.
//!
//! `ts_event` is the open of the bar in UTC, ISO or nanoseconds; raw prices are whole numbers of
//! 1e-9. Rows of several contracts and spreads are interleaved, and a minute without a trade has
//! no row. Convention: the vendor's documentation of its OHLCV schemas.

use super::{Dialect, Layout, Recognition, Sample, TimeColumns, VolumeColumns, ZoneRule};
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "databento",
    title: "Databento OHLCV",
    recognise,
};

/// Prices are whole numbers of this part of a point in raw files.
const RAW_PARTS: f64 = 1e9;
/// Whole numbers from here on are raw prices (0.01 points); a decimal file can hold whole points too.
const RAW_FROM: i64 = 10_000_000;

fn recognise(s: &Sample) -> Option<Recognition> {
    let time = s.column(&["ts_event"])?;
    let record = s.column(&["rtype"])?;
    let ohlc = s.ohlc()?;
    match s.first_cell(record)? {
        "32" | "33" | "34" | "ohlcv-1s" | "ohlcv-1m" | "ohlcv-1h" => {}
        "35" | "36" | "ohlcv-1d" | "ohlcv-eod" => {
            let remedy = "request the schema ohlcv-1m";
            return Some(Recognition::NotBars {
                confidence: 1.0,
                what: "daily bars of Databento",
                remedy,
            });
        }
        _ => {
            let remedy = "request the schema ohlcv-1m";
            return Some(Recognition::NotBars {
                confidence: 0.9,
                what: "Databento records other than bars",
                remedy,
            });
        }
    }
    let (format, _) = s.time_format(time)?;
    let raw_prices = ohlc.iter().all(|&c| {
        s.first_cell(c)
            .and_then(|v| v.parse::<i64>().ok())
            .is_some_and(|v| v.abs() >= RAW_FROM)
    });
    let layout = Layout {
        separator: s.separator,
        skip_lines: s.skip_lines,
        n_columns: s.header.len(),
        more_allowed: false,
        time: TimeColumns::One(time),
        format,
        ohlc,
        volume: s
            .column(&["volume"])
            .map_or(VolumeColumns::None, VolumeColumns::One),
        symbol: s
            .column(&["symbol"])
            .or_else(|| s.column(&["instrument_id"])),
        price_divisor: if raw_prices { RAW_PARTS } else { 1.0 },
        zone: ZoneRule::InStamp,
        stamp: Stamp::Open,
        stamp_known: true,
        stamp_suffix: None,
        contract: None,
    };
    let prices = if raw_prices {
        "prices are whole numbers of 1e-9"
    } else {
        "prices are decimal"
    };
    Recognition::bars(1.0, layout, &["header has ts_event and rtype", prices])
}
