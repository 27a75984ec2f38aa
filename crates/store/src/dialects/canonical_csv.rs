//! Holdout's own: `time,open,high,low,close,volume[,symbol]`, time in RFC 3339 UTC, bar open.

use super::{
    Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns, ZoneRule,
};
use crate::dialects::DateOrder;
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "canonical",
    title: "Holdout canonical bars",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    let plain = ["time", "open", "high", "low", "close", "volume"];
    let with_symbol = s.header_raw.len() == 7 && s.header_raw[6] == "symbol";
    if s.header_raw.get(..6)? != plain || !(s.header_raw.len() == 6 || with_symbol) {
        return None;
    }
    let utc = s.first_cell(0)?;
    if !(utc.len() == 20 && utc.as_bytes()[10] == b'T' && utc.ends_with('Z')) {
        return None;
    }
    let layout = Layout {
        separator: s.separator,
        skip_lines: s.skip_lines,
        n_columns: s.header.len(),
        more_allowed: false,
        time: TimeColumns::One(0),
        format: TimeFormat::Civil(DateOrder::Ymd),
        ohlc: [1, 2, 3, 4],
        volume: VolumeColumns::One(5),
        symbol: with_symbol.then_some(6),
        price_divisor: 1.0,
        zone: ZoneRule::InStamp,
        stamp: Stamp::Open,
        stamp_known: true,
        stamp_suffix: None,
        contract: None,
    };
    Recognition::bars(
        1.0,
        layout,
        &["header time,open,high,low,close,volume with stamps in UTC"],
    )
}
