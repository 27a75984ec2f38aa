//! Files saved from yfinance: `Datetime` with an offset or without, columns in any order, bar open.

use super::{Dialect, Layout, Recognition, Sample, TimeColumns, VolumeColumns, ZoneRule};
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "yfinance",
    title: "yfinance",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    let time = s.column(&["datetime", "date"])?;
    let marked = s
        .column(&["adj close", "adj_close", "dividends", "stock splits"])
        .is_some()
        || s.ticker.is_some();
    let float_noise = s
        .rows
        .iter()
        .flatten()
        .any(|c| c.split_once('.').is_some_and(|(_, d)| d.len() >= 10));
    let named = s.name_has(".f.csv") || s.name_has("=f");
    if !(marked || (s.header_raw.iter().any(|h| h == "Datetime") && (float_noise || named))) {
        return None;
    }
    let ohlc = s.ohlc()?;
    let (format, absolute) = s.time_format(time)?;
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
        symbol: s.column(&["symbol", "ticker"]),
        price_divisor: 1.0,
        zone: if absolute {
            ZoneRule::InStamp
        } else {
            ZoneRule::Ask(
                "yfinance stamps are in the exchange's zone or in UTC, and this file dropped the offset",
            )
        },
        stamp: Stamp::Open,
        stamp_known: true,
        stamp_suffix: None,
        contract: s.ticker.clone(),
    };
    Recognition::bars(0.8, layout, &["columns as yfinance names them"])
}
