//! Alpaca bars: `symbol,timestamp,open,high,low,close,volume,trade_count,vwap`, bar open, offset in the stamp.

use super::{Dialect, Layout, Recognition, Sample, TimeColumns, VolumeColumns};

pub(super) const DIALECT: Dialect = Dialect {
    id: "alpaca",
    title: "Alpaca",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    s.column(&["trade_count"])?;
    s.column(&["vwap"])?;
    let time = s.column(&["timestamp", "time"])?;
    let (format, absolute) = s.time_format(time)?;
    if !absolute {
        return None;
    }
    let layout = Layout {
        volume: s
            .column(&["volume"])
            .map_or(VolumeColumns::None, VolumeColumns::One),
        symbol: s.column(&["symbol"]),
        ..Layout::of(s, TimeColumns::One(time), format, s.ohlc()?)
    };
    Recognition::bars(0.95, layout, &["header has trade_count and vwap"])
}
