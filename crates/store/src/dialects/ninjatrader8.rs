//! NinjaTrader 8 minute export: `yyyyMMdd HHmmss;O;H;L;C;V`, no header, UTC, bar close.
//!
//! Exports are always in UTC and minute bars are stamped at their end, says the platform's
//! help. The file is named like `ES 03-26.Last.txt`. Daily and tick exports are told apart, and
//! so are files that HistData writes for this platform: Eastern Standard Time all year, bar open.

use super::{
    DateOrder, Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns,
    ZoneRule,
};
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "ninjatrader8",
    title: "NinjaTrader 8 minute",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    if s.separator != b';' || !s.header.is_empty() {
        return None;
    }
    let first = s.first_cell(0)?;
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let remedy = "export minute bars from Tools > Historical Data";
    if s.width() == 6 && first.len() == 8 && digits(first) {
        return Some(Recognition::NotBars {
            confidence: 0.9,
            what: "daily bars of NinjaTrader",
            remedy,
        });
    }
    let (date, clock) = first.split_once(' ')?;
    let stamped = date.len() == 8 && digits(date) && clock.len() >= 6 && digits(clock.get(..6)?);
    if stamped && matches!(s.width(), 3 | 5) {
        return Some(Recognition::NotBars {
            confidence: 0.9,
            what: "ticks of NinjaTrader",
            remedy,
        });
    }
    if !(stamped && s.width() == 6 && clock.len() == 6) {
        return None;
    }
    let histdata = s.name_has("dat_nt_") || s.name_has("histdata");
    let layout = Layout {
        separator: b';',
        skip_lines: s.skip_lines,
        n_columns: 6,
        more_allowed: false,
        time: TimeColumns::One(0),
        format: TimeFormat::Civil(DateOrder::Ymd),
        ohlc: [1, 2, 3, 4],
        volume: VolumeColumns::One(5),
        symbol: None,
        price_divisor: 1.0,
        zone: ZoneRule::Fixed(if histdata { "Etc/GMT+5" } else { "UTC" }),
        stamp: if histdata { Stamp::Open } else { Stamp::Close },
        stamp_known: true,
        stamp_suffix: None,
        contract: None,
    };
    let layout_found = "rows are yyyyMMdd HHmmss;open;high;low;close;volume without a header";
    if histdata {
        return Recognition::bars(
            0.95,
            layout,
            &[
                layout_found,
                "the file name is HistData's, which writes UTC-5 and bar opens",
            ],
        );
    }
    if s.name_has(".last.txt") {
        Recognition::bars(
            0.99,
            layout,
            &[
                layout_found,
                "the file is named as NinjaTrader names exports",
            ],
        )
    } else {
        Recognition::bars(0.9, layout, &[layout_found])
    }
}
