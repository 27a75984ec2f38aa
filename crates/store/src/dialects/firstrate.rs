//! FirstRate Data: `yyyy-MM-dd HH:mm:ss,O,H,L,C,V`, with or without a header, US Eastern, bar open.
//!
//! The vendor's readme says that a bar stamped 09:30 runs from 09:30:00 to 09:30:59 and that
//! minutes without volume are left out. Others write the same layout, so it is not certain.

use super::{
    DateOrder, Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns,
    ZoneRule,
};
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "firstrate",
    title: "FirstRate Data",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    let headed = s.header == ["timestamp", "open", "high", "low", "close", "volume"];
    if s.separator != b','
        || s.width() != 6
        || !(headed || s.header.is_empty())
        || !s.numeric(&[1, 2, 3, 4, 5])
    {
        return None;
    }
    let first = s.first_cell(0)?;
    let iso = first.len() == 19 && first.as_bytes()[10] == b' ' && first.as_bytes()[4] == b'-';
    if !iso || s.time_format(0)? != (TimeFormat::Civil(DateOrder::Ymd), false) {
        return None;
    }
    let layout = Layout {
        separator: b',',
        skip_lines: s.skip_lines,
        n_columns: 6,
        more_allowed: false,
        time: TimeColumns::One(0),
        format: TimeFormat::Civil(DateOrder::Ymd),
        ohlc: [1, 2, 3, 4],
        volume: VolumeColumns::One(5),
        symbol: None,
        price_divisor: 1.0,
        zone: ZoneRule::Fixed("America/New_York"),
        stamp: Stamp::Open,
        stamp_known: true,
        stamp_suffix: None,
        contract: None,
    };
    let named = s.name_has("firstrate") || s.name_has("continuous_") || s.name_has("_1min_");
    let layout_found = "rows are yyyy-MM-dd HH:mm:ss,open,high,low,close,volume";
    let zone = "this vendor writes US Eastern time; give another zone if the file has one";
    if named {
        Recognition::bars(
            0.9,
            layout,
            &[layout_found, "the file name is the vendor's", zone],
        )
    } else {
        Recognition::bars(0.6, layout, &[layout_found, zone])
    }
}
