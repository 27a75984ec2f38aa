//! Polygon flat files: `ticker,volume,open,close,high,low,window_start,transactions`.
//!
//! Note the close before the high. `window_start` is the open of the bar in nanoseconds since
//! 1970, and one file holds many tickers. Convention: the vendor's documentation of aggregates.

use super::{Dialect, Layout, Recognition, Sample, TimeColumns, VolumeColumns};

pub(super) const DIALECT: Dialect = Dialect {
    id: "polygon",
    title: "Polygon flat file",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    let time = s.column(&["window_start"])?;
    let (format, absolute) = s.time_format(time)?;
    if !absolute {
        return None;
    }
    let layout = Layout {
        volume: s
            .column(&["volume"])
            .map_or(VolumeColumns::None, VolumeColumns::One),
        symbol: s.column(&["ticker", "symbol"]),
        ..Layout::of(s, TimeColumns::One(time), format, s.ohlc()?)
    };
    Recognition::bars(0.98, layout, &["header has window_start"])
}
