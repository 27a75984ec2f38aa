//! TradeStation: `"Date","Time","Open","High","Low","Close","Up","Down"` or `…,"Vol","OI",…`, bar close.
//!
//! Volume is up plus down. Time is the exchange's or the chart's; the file does not tell.

use super::{
    DateOrder, Dialect, Layout, Recognition, Sample, TimeColumns, TimeFormat, VolumeColumns,
    ZoneRule,
};
use crate::options::Stamp;

pub(super) const DIALECT: Dialect = Dialect {
    id: "tradestation",
    title: "TradeStation",
    recognise,
};

fn recognise(s: &Sample) -> Option<Recognition> {
    if s.separator != b',' || s.header.get(..6)? != ["date", "time", "open", "high", "low", "close"]
    {
        return None;
    }
    let volume = match (s.column(&["up"]), s.column(&["down"]), s.column(&["vol"])) {
        (Some(up), Some(down), _) => VolumeColumns::Sum(up, down),
        (_, _, Some(all)) => VolumeColumns::One(all),
        _ => return None,
    };
    let order = s.date_order(0, 1)?;
    if order == DateOrder::Ymd {
        return None;
    }
    let layout = Layout {
        separator: b',',
        skip_lines: s.skip_lines,
        n_columns: s.header.len(),
        more_allowed: false,
        time: TimeColumns::DateAndClock(0, 1),
        format: TimeFormat::Civil(order),
        ohlc: [2, 3, 4, 5],
        volume,
        symbol: None,
        price_divisor: 1.0,
        zone: ZoneRule::Ask(
            "TradeStation writes exchange time (America/Chicago for CME) or the chart's zone",
        ),
        stamp: Stamp::Close,
        stamp_known: true,
        stamp_suffix: None,
        contract: None,
    };
    Recognition::bars(
        0.9,
        layout,
        &["header is Date,Time,Open,High,Low,Close with Up and Down or Vol"],
    )
}
