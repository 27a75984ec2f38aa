//! Kibot: `MM/DD/YYYY,HH:MM,O,H,L,C,V`, no header, US Eastern, bar open (the vendor's format page).

use super::{
    DateOrder, Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns,
    ZoneRule,
};
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "kibot",
    title: "Kibot",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    let shaped =
        s.separator == b',' && s.header.is_empty() && s.width() == 7 && s.numeric(&[2, 3, 4, 5, 6]);
    let date = s.first_cell(0)?;
    if !shaped
        || date.len() != 10
        || !date.contains('/')
        || !matches!(s.first_cell(1)?.len(), 5 | 8)
    {
        return None;
    }
    if s.date_order(0, 1)? != DateOrder::Mdy {
        return None;
    }
    let layout = Layout {
        separator: b',',
        skip_lines: s.skip_lines,
        n_columns: 7,
        more_allowed: false,
        time: TimeColumns::DateAndClock(0, 1),
        format: TimeFormat::Civil(DateOrder::Mdy),
        ohlc: [2, 3, 4, 5],
        volume: VolumeColumns::One(6),
        symbol: None,
        price_divisor: 1.0,
        zone: ZoneRule::Fixed("America/New_York"),
        stamp: Stamp::Open,
        stamp_known: true,
        stamp_suffix: None,
        contract: None,
    };
    Recognition::bars(
        0.85,
        layout,
        &["rows are MM/DD/YYYY,HH:MM,open,high,low,close,volume without a header"],
    )
}
