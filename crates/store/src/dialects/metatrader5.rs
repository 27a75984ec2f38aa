//! MetaTrader 5 bar export: tabs, `<DATE> <TIME> <OPEN> … <TICKVOL> <VOL> <SPREAD>`, bar open.
//!
//! Time is the broker's server time, which the file does not name.

use super::{
    DateOrder, Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns,
    ZoneRule,
};
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "metatrader5",
    title: "MetaTrader 5",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    let bracketed = s.header_raw.first()?.starts_with('<');
    if !bracketed
        || s.separator != b'\t'
        || s.header.get(..6)? != ["date", "time", "open", "high", "low", "close"]
    {
        return None;
    }
    // Brokers of futures fill <VOL>; the others leave it 0 and only count ticks.
    let real = s
        .column(&["vol"])
        .filter(|&c| s.rows.iter().any(|r| r.get(c).is_some_and(|v| v != "0")));
    let volume = real.or_else(|| s.column(&["tickvol"]));
    let layout = Layout {
        separator: b'\t',
        skip_lines: s.skip_lines,
        n_columns: s.header.len(),
        more_allowed: false,
        time: TimeColumns::DateAndClock(0, 1),
        format: TimeFormat::Civil(DateOrder::Ymd),
        ohlc: [2, 3, 4, 5],
        volume: volume.map_or(VolumeColumns::None, VolumeColumns::One),
        symbol: None,
        price_divisor: 1.0,
        zone: ZoneRule::Ask(
            "MetaTrader writes the broker's server time; ask the broker, or compare a known session opening",
        ),
        stamp: Stamp::Open,
        stamp_known: true,
        stamp_suffix: None,
        contract: None,
    };
    Recognition::bars(
        0.98,
        layout,
        &["tab-separated header <DATE> <TIME> <OPEN> …"],
    )
}
