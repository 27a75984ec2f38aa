//! Tells 3/4 from 4/3: whether the dates of a file are month first or day first.
//!
//! The first lines of a file of minutes are of one day, and a day up to the twelfth reads both
//! ways. Rows that then cannot be read, or days that lie a month apart, show that it was the
//! other way round.

use holdout_core::time::DAY_SECS;

use super::rows::ReadRows;
use crate::detect::Detection;
use crate::dialects::{DateOrder, Layout, Sample, TimeColumns, TimeFormat};
use crate::options::ImportOptions;

/// From this share of unreadable rows on, the order is doubted.
const DOUBTFUL: f64 = 0.02;
/// Days of one series are closer than this.
const MAX_DAYS_APART: i64 = 14;

/// The layouts with the numbers of a date in another order, where the first lines can be read so
/// too: day and month changed round, and the year in front where it has two digits.
pub(super) fn other_orders(found: &Detection, options: &ImportOptions) -> Vec<Layout> {
    let TimeFormat::Civil(order) = found.layout.format else {
        return Vec::new();
    };
    if options.dates.is_some() {
        return Vec::new();
    }
    [DateOrder::Mdy, DateOrder::Dmy, DateOrder::Ymd]
        .into_iter()
        .filter(|&o| o != order && fits(&found.sample, found.layout.time, o))
        .map(|o| Layout {
            format: TimeFormat::Civil(o),
            ..found.layout.clone()
        })
        .collect()
}

/// Name of the order of the dates of a layout, as `--dates` takes it.
pub(super) fn order_name(layout: &Layout) -> &'static str {
    match layout.format {
        TimeFormat::Civil(order) => order.name(),
        _ => "",
    }
}

/// Words for an order of the numbers of a date.
pub(super) fn order_words(format: TimeFormat) -> &'static str {
    match format {
        TimeFormat::Civil(DateOrder::Mdy) => "month first",
        TimeFormat::Civil(DateOrder::Dmy) => "day first",
        _ => "year first",
    }
}

fn fits(sample: &Sample, time: TimeColumns, order: DateOrder) -> bool {
    use crate::dialects::clock::{parse, parse_split};
    let stamps = sample.rows.iter().filter(|r| r.len() >= sample.columns());
    let read = |r: &Vec<String>| {
        let cell = |c: usize| r.get(c).map_or(&b""[..], |t| t.as_bytes());
        match time {
            TimeColumns::One(c) => parse(cell(c), TimeFormat::Civil(order)),
            TimeColumns::DateAndClock(d, c) => parse_split(cell(d), cell(c), order),
        }
        .is_some()
    };
    let (n, ok) = stamps.fold((0, 0), |(n, ok), r| (n + 1, ok + usize::from(read(r))));
    n > 0 && ok * 10 >= n * 9
}

/// Days with rows, in order, each once.
fn days(read: &ReadRows) -> Vec<i64> {
    let mut days: Vec<i64> = read
        .rows
        .time
        .iter()
        .map(|t| t.div_euclid(DAY_SECS))
        .collect();
    days.dedup();
    days.sort_unstable();
    days.dedup();
    days
}

/// The usual distance of two days with rows; 0 for one day.
fn usual_distance(days: &[i64]) -> i64 {
    let mut gaps: Vec<i64> = days.windows(2).map(|w| w[1] - w[0]).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or(0)
}

fn unreadable_share(read: &ReadRows) -> f64 {
    let all = read.rows.len() as u64 + read.unreadable;
    read.unreadable as f64 / all.max(1) as f64
}

/// Whether many rows could not be read, days lie a month apart, or all of it is a Saturday.
pub(super) fn looks_wrong(read: &ReadRows) -> bool {
    let days = days(read);
    // 1970-01-03 was a Saturday.
    let saturday = days.len() == 1 && (days[0] - 2) % 7 == 0;
    unreadable_share(read) > DOUBTFUL || usual_distance(&days) > MAX_DAYS_APART || saturday
}

/// Whether the rows would read the other way round as well: no day of the month above the twelfth.
pub(super) fn undecided(read: &ReadRows) -> bool {
    let day = |d: &i64| holdout_core::time::TradingDay(*d as i32).date().day();
    days(read).iter().all(|d| day(d) <= 12)
}

/// Whether a second reading makes more sense than the first.
pub(super) fn is_better(second: &ReadRows, first: &ReadRows) -> bool {
    let (a, b) = (unreadable_share(second), unreadable_share(first));
    if (a - b).abs() > DOUBTFUL {
        return a < b;
    }
    !second.rows.time.is_empty() && !looks_wrong(second)
}
