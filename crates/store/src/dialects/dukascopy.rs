//! Dukascopy: `Gmt time,Open,High,Low,Close,Volume`, day first, volume with decimals, bar open.
//!
//! The zone stands in the header (`Gmt time`, `Time (EET)`), or behind each stamp where the user
//! chose local time (`26.03.2025 01:00:00.000 GMT+0100`).

use super::{Dialect, Layout, Recognition, Sample, TimeColumns, VolumeColumns, ZoneRule};

pub(super) const DIALECT: Dialect = Dialect {
    id: "dukascopy",
    title: "Dukascopy",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    let head = s.header.first()?.as_str();
    let zone = match head {
        "gmt time" | "time (utc)" | "time (gmt)" => ZoneRule::Fixed("UTC"),
        "time (eet)" => ZoneRule::Fixed("Europe/Athens"),
        "local time" => {
            ZoneRule::Ask("these stamps are in the local time of whoever downloaded them")
        }
        _ => return None,
    };
    let (format, absolute) = s.time_format(0)?;
    let layout = Layout {
        volume: s
            .column(&["volume"])
            .map_or(VolumeColumns::None, VolumeColumns::One),
        zone: if absolute { ZoneRule::InStamp } else { zone },
        ..Layout::of(s, TimeColumns::One(0), format, s.ohlc()?)
    };
    Recognition::bars(
        0.95,
        layout,
        &["the first column names its zone as this source does"],
    )
}
