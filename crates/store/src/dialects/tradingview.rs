//! TradingView chart export: `time,open,high,low,close[,plots…][,Volume]`, bar open.
//!
//! Time is Unix seconds or ISO with the chart's offset; volume is there only when the study is on
//! the chart; headers of plots may repeat and their cells may be `NaN` or empty.

use super::{
    Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns, ZoneRule,
};
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "tradingview",
    title: "TradingView chart export",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    if s.header_raw.get(..5)? != ["time", "open", "high", "low", "close"] {
        return None;
    }
    let (format, absolute) = s.time_format(0)?;
    if !absolute {
        return None;
    }
    let (confidence, written) = match format {
        TimeFormat::Epoch => (0.97, "stamps are Unix seconds"),
        TimeFormat::Civil(_) | TimeFormat::MillisOfDay(_) => {
            (0.95, "stamps are ISO with an offset")
        }
    };
    let layout = Layout {
        separator: s.separator,
        skip_lines: s.skip_lines,
        n_columns: s.header.len(),
        more_allowed: false,
        time: TimeColumns::One(0),
        format,
        ohlc: [1, 2, 3, 4],
        volume: s
            .column(&["volume"])
            .map_or(VolumeColumns::None, VolumeColumns::One),
        symbol: None,
        price_divisor: 1.0,
        zone: ZoneRule::InStamp,
        stamp: Stamp::Open,
        stamp_known: true,
        stamp_suffix: None,
        contract: None,
    };
    Recognition::bars(
        confidence,
        layout,
        &["header begins time,open,high,low,close", written],
    )
}
