//! MetaStock text: `<TICKER>,<DTYYYYMMDD>,<TIME>,<OPEN>,…,<VOL>`, digits for date and time.
//!
//! Several vendors write it, in their own zones; most stamp the close of the bar.

use super::{
    DateOrder, Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns,
    ZoneRule,
};
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "metastock",
    title: "MetaStock text",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    let bracketed = s.header_raw.first()?.starts_with('<');
    let date = s.column(&["dtyyyymmdd", "date"])?;
    let clock = s.column(&["time"])?;
    let digits = |c: usize| {
        s.first_cell(c)
            .is_some_and(|v| v.bytes().all(|b| b.is_ascii_digit()))
    };
    if !bracketed || !digits(date) || s.date_order(date, clock)? != DateOrder::Ymd {
        return None;
    }
    let layout = Layout {
        volume: s
            .column(&["vol", "volume"])
            .map_or(VolumeColumns::None, VolumeColumns::One),
        symbol: s.column(&["ticker"]),
        zone: ZoneRule::Ask("each vendor of this format writes its own zone"),
        stamp: Stamp::Close,
        stamp_known: false,
        ..Layout::of(
            s,
            TimeColumns::DateAndClock(date, clock),
            TimeFormat::Civil(DateOrder::Ymd),
            s.ohlc()?,
        )
    };
    Recognition::bars(
        0.9,
        layout,
        &[
            "header in angle brackets with a date of eight digits",
            "stamps taken as the close of the bar, as most vendors of this format write them",
        ],
    )
}
