//! MultiCharts QuoteManager: `<Date>, <Time>, <Open>, …, <Volume>`, dates with slashes, bar close.
//!
//! Time is the exchange's or the chart's; the file does not tell.

use super::{
    Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns, ZoneRule,
};
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "multicharts",
    title: "MultiCharts",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    let bracketed = s.header_raw.first()?.starts_with('<');
    if !bracketed
        || s.header.get(..6)? != ["date", "time", "open", "high", "low", "close"]
        || !s.first_cell(0)?.contains('/')
    {
        return None;
    }
    let order = s.date_order(0, 1)?;
    let layout = Layout {
        volume: match (s.column(&["up"]), s.column(&["down"])) {
            (Some(up), Some(down)) => VolumeColumns::Sum(up, down),
            _ => s
                .column(&["volume", "vol", "totalvolume"])
                .map_or(VolumeColumns::None, VolumeColumns::One),
        },
        zone: ZoneRule::Ask(
            "MultiCharts writes exchange time (America/Chicago for CME) or local time, as set in QuoteManager",
        ),
        stamp: Stamp::Close,
        ..Layout::of(
            s,
            TimeColumns::DateAndClock(0, 1),
            TimeFormat::Civil(order),
            [2, 3, 4, 5],
        )
    };
    Recognition::bars(0.9, layout, &["header is <Date>, <Time>, <Open>, …"])
}
