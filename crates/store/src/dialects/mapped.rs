//! Columns as the user names them, by header or by number, for a table that is no platform's.

use super::{Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns, ZoneRule};
use crate::options::{ColumnMap, ColumnRole};

/// Name of the dialect in files and commands.
pub(crate) const ID: &str = "columns";
/// Name of the dialect for people.
pub(crate) const TITLE: &str = "Columns as you chose them";

/// The layout that the user describes, or what is wrong with the description.
pub(crate) fn layout(s: &Sample, map: &ColumnMap) -> Result<Recognition, String> {
    let column = |role: ColumnRole| -> Result<Option<usize>, String> {
        let Some(name) = map.get(role) else {
            return Ok(None);
        };
        let by_name = s.header.iter().position(|h| *h == name.to_lowercase());
        let by_number = name
            .parse::<usize>()
            .ok()
            .filter(|&n| n >= 1 && n <= s.columns())
            .map(|n| n - 1);
        by_name.or(by_number).map(Some).ok_or_else(|| {
            let have = if s.header.is_empty() {
                format!("no header and {} columns", s.columns())
            } else {
                format!("the columns {}", s.header_raw.join(", "))
            };
            format!(
                "there is no column \"{name}\" for {}; the file has {have}",
                role.name()
            )
        })
    };
    let needed = |role: ColumnRole| {
        column(role)?.ok_or_else(|| format!("no column was chosen for {}", role.name()))
    };
    let time = needed(ColumnRole::Time)?;
    let (columns, format, absolute) = match column(ColumnRole::Clock)? {
        Some(clock) => {
            let order = s.date_order(time, clock).ok_or_else(|| {
                let cells = [time, clock].map(|c| s.first_cell(c).unwrap_or_default());
                format!(
                    "\"{}\" and \"{}\" are no date and time of day",
                    cells[0], cells[1]
                )
            })?;
            let both = TimeColumns::DateAndClock(time, clock);
            (both, TimeFormat::Civil(order), false)
        }
        None => {
            let (format, absolute) = s.time_format(time).ok_or_else(|| {
                format!("\"{}\" is no time", s.first_cell(time).unwrap_or_default())
            })?;
            (TimeColumns::One(time), format, absolute)
        }
    };
    let ohlc = [
        needed(ColumnRole::Open)?,
        needed(ColumnRole::High)?,
        needed(ColumnRole::Low)?,
        needed(ColumnRole::Close)?,
    ];
    let layout = Layout {
        // Rows of the user's own table may have notes behind them.
        more_allowed: true,
        volume: column(ColumnRole::Volume)?.map_or(VolumeColumns::None, VolumeColumns::One),
        symbol: column(ColumnRole::Symbol)?,
        zone: if absolute {
            ZoneRule::InStamp
        } else {
            ZoneRule::Ask("the stamps have no offset")
        },
        stamp_known: false,
        ..Layout::of(s, columns, format, ohlc)
    };
    Ok(Recognition::Bars {
        confidence: 1.0,
        evidence: vec!["columns as they were chosen".to_owned()],
        layout,
    })
}
