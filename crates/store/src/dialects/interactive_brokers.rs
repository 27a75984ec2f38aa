//! Interactive Brokers historical bars: `date,open,high,low,close,volume,average,barCount`, bar open.
//!
//! The stamp is ISO with an offset, `20240116 09:30:00 US/Eastern` with the zone's name,
//! `20240116-14:30:00` in UTC, or a bare time in the zone that the workstation was set to.

use holdout_core::time::ZoneTable;

use super::{
    DateOrder, Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns,
    ZoneRule,
};

pub(super) const DIALECT: Dialect = Dialect {
    id: "interactive_brokers",
    title: "Interactive Brokers",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    let count = s.column(&["barcount", "bar_count", "count"])?;
    let average = s.column(&["average", "wap"])?;
    let time = s.column(&["date", "time", "datetime"])?;
    if count == average {
        return None;
    }
    let first = s.first_cell(time)?;
    if first.len() == 8 && first.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Recognition::NotBars {
            confidence: 0.95,
            what: "daily bars of Interactive Brokers",
            remedy: "request bars of minutes",
        });
    }
    let named = zone_behind(first);
    let (format, zone, evidence) = match named {
        Some(zone) => (
            TimeFormat::Civil(DateOrder::Ymd),
            ZoneRule::Named(zone.to_owned()),
            "every stamp names its zone",
        ),
        None => {
            let (format, absolute) = s.time_format(time)?;
            let dashed = first.as_bytes().get(8) == Some(&b'-');
            if absolute {
                (format, ZoneRule::InStamp, "every stamp has its offset")
            } else if dashed {
                (
                    format,
                    ZoneRule::Fixed("UTC"),
                    "stamps with a dash are in UTC",
                )
            } else {
                let ask = ZoneRule::Ask(
                    "Interactive Brokers writes the zone that the workstation was set to at login",
                );
                (format, ask, "stamps have no zone")
            }
        }
    };
    let layout = Layout {
        volume: s
            .column(&["volume"])
            .map_or(VolumeColumns::None, VolumeColumns::One),
        symbol: s.column(&["symbol", "localsymbol", "contract"]),
        zone,
        stamp_suffix: named.map(str::to_owned),
        ..Layout::of(s, TimeColumns::One(time), format, s.ohlc()?)
    };
    Recognition::bars(0.95, layout, &["header has average and barCount", evidence])
}

/// The zone that stands behind a stamp such as `20240116 09:30:00 US/Eastern`.
fn zone_behind(stamp: &str) -> Option<&str> {
    let zone = stamp.split_whitespace().nth(2)?;
    let letters = zone.starts_with(|c: char| c.is_ascii_alphabetic());
    (letters && !matches!(zone, "UTC" | "GMT" | "AM" | "PM") && ZoneTable::new(zone).is_ok())
        .then_some(zone)
}
