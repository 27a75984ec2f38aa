//! MetaTrader 4 and HistData: `2026.02.01,18:00,O,H,L,C,V`, no header, bar open.
//!
//! HistData writes Eastern Standard Time all year (UTC-5, no summer time); MetaTrader 4 itself
//! the broker's server time. The file name tells HistData's (`DAT_MT_…`).

use super::{
    DateOrder, Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns,
    ZoneRule,
};
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "metatrader4",
    title: "MetaTrader 4, HistData",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    let shaped =
        s.separator == b',' && s.header.is_empty() && s.width() == 7 && s.numeric(&[2, 3, 4, 5, 6]);
    let date = s.first_cell(0)?;
    let dotted = date.len() == 10 && date.as_bytes()[4] == b'.' && date.as_bytes()[7] == b'.';
    if !shaped || !dotted || s.date_order(0, 1)? != DateOrder::Ymd {
        return None;
    }
    let histdata = s.name_has("dat_mt_") || s.name_has("histdata");
    let zone = if histdata {
        ZoneRule::Fixed("Etc/GMT+5")
    } else {
        ZoneRule::Ask("HistData writes Etc/GMT+5; MetaTrader 4 writes the broker's server time")
    };
    let layout = Layout {
        separator: b',',
        skip_lines: s.skip_lines,
        n_columns: 7,
        more_allowed: false,
        time: TimeColumns::DateAndClock(0, 1),
        format: TimeFormat::Civil(DateOrder::Ymd),
        ohlc: [2, 3, 4, 5],
        volume: VolumeColumns::One(6),
        symbol: None,
        price_divisor: 1.0,
        zone,
        stamp: Stamp::Open,
        stamp_known: true,
        stamp_suffix: None,
        contract: None,
    };
    Recognition::bars(
        0.85,
        layout,
        &["rows are yyyy.MM.dd,HH:mm,open,high,low,close,volume without a header"],
    )
}
