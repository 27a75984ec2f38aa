//! Sierra Chart text export: `Date, Time, Open, High, Low, Last, Volume, …`, bar open.
//!
//! Blanks follow the commas, dates are unpadded, seconds may have decimals. The export of an
//! intraday file is in UTC, "Write Bar Data to File" in the chart's zone: the file does not tell.

use super::{
    Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns, ZoneRule,
};
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "sierra_chart",
    title: "Sierra Chart",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    if s.header.get(..7)? != ["date", "time", "open", "high", "low", "last", "volume"] {
        return None;
    }
    let order = s.date_order(0, 1)?;
    let in_second = |r: &Vec<String>| {
        r.get(1)
            .and_then(|c| c.split_once('.'))
            .is_some_and(|(_, part)| part.bytes().any(|b| b != b'0'))
    };
    if s.rows.iter().any(in_second) {
        return Some(Recognition::NotBars {
            confidence: 0.95,
            what: "ticks of Sierra Chart",
            remedy: "export bars of a minute or of seconds",
        });
    }
    let layout = Layout {
        separator: s.separator,
        skip_lines: s.skip_lines,
        n_columns: s.header.len(),
        more_allowed: false,
        time: TimeColumns::DateAndClock(0, 1),
        format: TimeFormat::Civil(order),
        ohlc: [2, 3, 4, 5],
        volume: VolumeColumns::One(6),
        symbol: None,
        price_divisor: 1.0,
        zone: ZoneRule::Ask(
            "Sierra Chart exports intraday files in UTC and charts in the chart's zone (Chart > Chart Settings > Time Zone)",
        ),
        stamp: Stamp::Open,
        stamp_known: true,
        stamp_suffix: None,
        contract: None,
    };
    Recognition::bars(
        0.95,
        layout,
        &["header is Date, Time, Open, High, Low, Last, Volume"],
    )
}
