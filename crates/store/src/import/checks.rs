//! What can be wrong with rows that were read: each check counts, and says what it dropped.
//!
//! Prices are never rescaled or filled in. Rows whose prices contradict each other go; a second
//! row of one time goes; rows out of order are put in order; everything else stays and is counted.

use std::collections::BTreeSet;
use std::ops::Range;
use std::thread;

use holdout_core::market::{Bars, Instrument, SessionCalendar};
use holdout_core::time::{
    DAY_SECS, FULL_SESSION_SECS, TimeOfDay, TradingDay, ZoneTable, format_utc,
};
use holdout_core::units::Ticks;

use super::rows::Rows;
use crate::inspection::{Example, MAX_EXAMPLES, ProblemKind, Problems, Severity};

/// A price level that changes by more than this factor from bar to bar, and stays, is no market.
const SCALE_FACTOR: f64 = 1.4;
/// Least relative distance from all neighbours that makes a spike.
const SPIKE_FLOOR: f64 = 0.04;
/// A spike is also this many times the usual range of a bar.
const SPIKE_RANGES: f64 = 15.0;
/// Bars on either side that a suspicious bar is compared with.
const NEIGHBOURS: usize = 5;
/// Closes of one time that differ by this share are of two contracts, not of two sources.
const CONTRADICTION: f64 = 0.002;
/// So many contradictions may be accidents.
const FEW: usize = 10;
/// Least relative jump that looks like a change of contract.
const ROLL_FLOOR: f64 = 0.004;
/// Last trading day with the halt from 15:15 to 15:30 Central time (2021-06-25).
const LAST_HALT_DAY: TradingDay = TradingDay(18_803);

fn at(rows: &Rows, i: usize, detail: String) -> Example {
    Example {
        line: Some(u64::from(rows.line[i])),
        time: Some(format_utc(rows.time[i])),
        detail,
    }
}

/// Drops rows whose prices are not positive or contradict each other; returns how many. A price
/// under half a tick of a known market counts as zero, one beyond what ticks can hold as unreadable.
pub(crate) fn drop_impossible(
    rows: &mut Rows,
    market: Option<&Instrument>,
    problems: &mut Problems,
) -> u64 {
    let tick = market.map_or(0.0, |m| m.tick_size);
    let (least, most) = (
        tick / 2.0,
        if tick > 0.0 {
            tick * 5e8
        } else {
            f64::INFINITY
        },
    );
    let mut bad = BTreeSet::new();
    for i in 0..rows.len() {
        let (o, h, l, c) = (rows.open[i], rows.high[i], rows.low[i], rows.close[i]);
        let inside = l <= o.min(c) && h >= o.max(c);
        if l > 0.0 && l >= least && h < most && inside {
            continue;
        }
        let lowest = o.min(h).min(l).min(c);
        let kind = if lowest <= 0.0 || lowest < least {
            ProblemKind::NonPositivePrice
        } else if h >= most {
            ProblemKind::BadRow
        } else if h < l {
            ProblemKind::HighBelowLow
        } else {
            ProblemKind::OpenCloseOutsideRange
        };
        bad.insert(i);
        problems.add(kind, || {
            at(
                rows,
                i,
                format!("open {o}, high {h}, low {l}, close {c}; the row was dropped"),
            )
        });
    }
    if bad.is_empty() {
        0
    } else {
        rows.retain(|i| !bad.contains(&i))
    }
}

/// Sorts rows by time, equal times in file order, and counts those out of order.
pub(crate) fn sort(rows: &mut Rows, problems: &mut Problems) {
    let descents = rows.time.windows(2).filter(|w| w[1] < w[0]).count();
    if descents == 0 {
        return;
    }
    let n = rows.len();
    if descents + 1 == n {
        let detail = "the file is written newest first; it was turned round".to_owned();
        problems.add_many(ProblemKind::OutOfOrder, descents as u64, || {
            at(rows, 1, detail)
        });
    } else {
        for i in 1..n {
            if rows.time[i] < rows.time[i - 1] {
                let before = format_utc(rows.time[i - 1]);
                problems.add(ProblemKind::OutOfOrder, || {
                    at(
                        rows,
                        i,
                        format!("comes after the row of {before}; the rows were sorted"),
                    )
                });
            }
        }
    }
    let mut order: Vec<u32> = (0..n as u32).collect();
    // Stable, so that of two rows with one time the first of the file stays first.
    order.sort_by_key(|&i| rows.time[i as usize]);
    rows.reorder(&order);
}

/// Keeps the first row of each time and returns how many went. Where many of them contradict each
/// other the problem is an error: contracts or markets are mixed, and what was kept is fiction.
pub(crate) fn drop_duplicates(rows: &mut Rows, problems: &mut Problems) -> u64 {
    let again: Vec<bool> = (0..rows.len())
        .map(|i| i > 0 && rows.time[i] == rows.time[i - 1])
        .collect();
    if !again.contains(&true) {
        return 0;
    }
    let mut first = 0;
    let mut contradicting = 0_usize;
    for i in 0..rows.len() {
        if !again[i] {
            first = i;
            continue;
        }
        contradicting += usize::from(far_by(rows.close[i], rows.close[first], CONTRADICTION));
        let values = |k: usize| {
            [
                rows.open[k],
                rows.high[k],
                rows.low[k],
                rows.close[k],
                rows.volume[k],
            ]
        };
        let same = values(i).map(f64::to_bits) == values(first).map(f64::to_bits);
        problems.add(ProblemKind::DuplicateTime, || {
            let line = rows.line[first];
            let detail = if same {
                format!("identical to line {line}; dropped")
            } else {
                let [o, h, l, c, v] = values(i);
                format!("differs from line {line}, which was kept (dropped: open {o}, high {h}, low {l}, close {c}, volume {v})")
            };
            at(rows, i, detail)
        });
    }
    if contradicting >= FEW && contradicting * 100 > rows.len() {
        problems.set_severity(ProblemKind::DuplicateTime, Severity::Error);
    }
    rows.retain(|i| !again[i])
}

/// Bars in whole ticks; prices off the grid are rounded to the nearest and counted. Takes times,
/// prices and volumes out of the rows, column after column: a large file does not stand in memory
/// twice. The error is the index of a row and its price, which cannot be one.
pub(crate) fn to_ticks(
    rows: &mut Rows,
    instrument: &Instrument,
    interval_secs: i64,
    problems: &mut Problems,
) -> Result<Bars, (usize, f64)> {
    let (mut off, mut told) = (Vec::new(), Vec::new());
    let mut two = |columns: [&mut Vec<f64>; 2]| {
        // One thread a column: this is the slowest of the checks.
        let done = thread::scope(|scope| {
            columns
                .map(std::mem::take)
                .map(|prices| scope.spawn(move || column_in_ticks(prices, instrument)))
                .map(|handle| handle.join().unwrap_or(Err((0, f64::NAN))))
        });
        let [a, b] = done;
        let (a, b) = (a?, b?);
        for column in [&a, &b] {
            off.extend_from_slice(&column.off);
            told.extend_from_slice(&column.told);
        }
        Ok::<_, (usize, f64)>((a.ticks, b.ticks))
    };
    let (open, high) = two([&mut rows.open, &mut rows.high])?;
    let (low, close) = two([&mut rows.low, &mut rows.close])?;
    off.sort_unstable();
    off.dedup();
    for i in off.into_iter().map(|i| i as usize) {
        // Of several prices of a bar that are off the grid, the first column is told.
        let price = told.iter().find(|t| t.0 == i).map_or(f64::NAN, |t| t.1);
        problems.add(ProblemKind::OffTick, || {
            let near = instrument
                .to_nearest_tick(price)
                .map_or_else(String::new, |(t, _)| instrument.format_price(t));
            at(
                rows,
                i,
                format!(
                    "{price} is not a multiple of {}; rounded to {near}",
                    instrument.tick_size
                ),
            )
        });
    }
    Ok(Bars {
        instrument: instrument.clone(),
        interval_secs,
        open_time: std::mem::take(&mut rows.time),
        open,
        high,
        low,
        close,
        volume: std::mem::take(&mut rows.volume),
        rolls: Vec::new(),
    })
}

/// A column of prices in whole ticks.
struct TickColumn {
    ticks: Vec<Ticks>,
    /// Rows whose price was off the grid.
    off: Vec<u32>,
    /// The first of them with the price, as many as are ever shown.
    told: Vec<(usize, f64)>,
}

fn column_in_ticks(prices: Vec<f64>, instrument: &Instrument) -> Result<TickColumn, (usize, f64)> {
    let mut column = TickColumn {
        ticks: Vec::with_capacity(prices.len()),
        off: Vec::new(),
        told: Vec::new(),
    };
    for (i, &price) in prices.iter().enumerate() {
        let (near, on_grid) = instrument
            .to_nearest_tick(price)
            .filter(|&(t, _)| t > 0)
            .ok_or((i, price))?;
        if !on_grid {
            column.off.push(i as u32);
            if column.told.len() < MAX_EXAMPLES {
                column.told.push((i, price));
            }
        }
        column.ticks.push(near);
    }
    Ok(column)
}

/// Counts bars without trades.
pub(crate) fn count_zero_volume(rows: &Rows, problems: &mut Problems) {
    for i in (0..rows.len()).filter(|&i| rows.volume[i] == 0.0) {
        problems.add(ProblemKind::ZeroVolume, || {
            at(rows, i, "volume 0".to_owned())
        });
    }
}

/// Counts bars that do not open on a multiple of the interval.
pub(crate) fn count_unaligned(rows: &Rows, interval_secs: i64, problems: &mut Problems) {
    // Bars of four hours and the like are counted from the session's opening, not from midnight.
    let step = if 3600 % interval_secs == 0 {
        interval_secs
    } else {
        60
    };
    for i in (0..rows.len()).filter(|&i| rows.time[i] % step != 0) {
        problems.add(ProblemKind::UnalignedTime, || {
            at(
                rows,
                i,
                format!("does not open on a multiple of {step} seconds"),
            )
        });
    }
}

/// What the clock of the exchange says about the rows.
pub(crate) struct SessionFacts {
    /// Trading days with at least one bar.
    pub(crate) sessions: u64,
    /// Bars while the exchange is closed.
    pub(crate) outside: Vec<usize>,
    /// Of these, how many open exactly at the close: a sign that the stamps are closes.
    pub(crate) at_the_close: u64,
    /// Of these, how many end exactly at the opening: a sign that the stamps are opens.
    pub(crate) before_the_open: u64,
    /// Bars that open with their session.
    pub(crate) at_the_open: u64,
}

impl SessionFacts {
    /// What the bars at the edges of sessions say against the stamps as they were read.
    pub(crate) fn doubt_about_stamps(&self) -> Option<&'static str> {
        let most = |n: u64| self.sessions >= 3 && n * 2 > self.sessions;
        if most(self.at_the_close) && self.at_the_open * 10 < self.sessions {
            return Some(
                "most sessions begin one bar late and end one bar late: the stamps look like closes and were read as opens",
            );
        }
        if most(self.before_the_open) {
            return Some(
                "most sessions begin one bar early: the stamps look like opens and were read as closes",
            );
        }
        None
    }
}

/// The in-session bar before, for counting what is missing after it.
#[derive(Clone, Copy)]
struct LastBar {
    day: TradingDay,
    since_roll: i64,
    close_secs: i64,
}

/// Counts bars outside sessions and bars missing inside them. What lies before the first and
/// after the last bar is not missing.
pub(crate) fn check_sessions(
    rows: &Rows,
    interval_secs: i64,
    calendar: &SessionCalendar,
    problems: &mut Problems,
) -> SessionFacts {
    let zone = ZoneTable::new_york();
    let mut facts = SessionFacts {
        sessions: 0,
        outside: Vec::new(),
        at_the_close: 0,
        before_the_open: 0,
        at_the_open: 0,
    };
    let mut today = (TradingDay(i32::MIN), None);
    let mut last: Option<LastBar> = None;
    let (mut quarter, mut shift) = (i64::MIN, 0);
    for i in 0..rows.len() {
        let utc = rows.time[i];
        if utc.div_euclid(900) != quarter {
            quarter = utc.div_euclid(900);
            shift = zone.offset(utc);
        }
        let wall = utc + shift;
        let (day, since_roll) = (TradingDay::of_wall(wall), TradingDay::since_roll(wall));
        if day != today.0 {
            today = (day, calendar.close_secs(day));
        }
        let Some(close_secs) = today.1.filter(|&c| since_roll < c) else {
            facts.outside.push(i);
            facts.at_the_close += u64::from(today.1 == Some(since_roll));
            facts.before_the_open += u64::from(since_roll + interval_secs == DAY_SECS);
            problems.add(ProblemKind::OutsideSession, || {
                let detail = format!(
                    "opens while the exchange is closed (volume {})",
                    rows.volume[i]
                );
                at(rows, i, detail)
            });
            continue;
        };
        facts.at_the_open += u64::from(since_roll == 0);
        let this = LastBar {
            day,
            since_roll,
            close_secs,
        };
        if last.is_none_or(|l| l.day != day) {
            facts.sessions += 1;
        }
        if let Some(missing) = last
            .map(|l| missing_between(l, this, interval_secs, calendar))
            .filter(|&m| m > 0)
        {
            problems.add_many(ProblemKind::GapInSession, missing as u64, || {
                at(rows, i, format!("{missing} bars missing before this one"))
            });
        }
        last = Some(this);
    }
    facts
}

/// Bars that the exchange was open for between two bars.
fn missing_between(
    before: LastBar,
    this: LastBar,
    interval_secs: i64,
    calendar: &SessionCalendar,
) -> i64 {
    let bars = |day: TradingDay, from: i64, to: i64| {
        ((to - from) / interval_secs - halted_bars(day, from, to, interval_secs)).max(0)
    };
    let after_before = before.since_roll + interval_secs;
    if before.day == this.day {
        return bars(this.day, after_before, this.since_roll);
    }
    let tail = bars(before.day, after_before, before.close_secs);
    let whole: i64 = (before.day.0 + 1..this.day.0)
        .map(TradingDay)
        .filter_map(|d| calendar.close_secs(d).map(|close| bars(d, 0, close)))
        .sum();
    tail + whole + bars(this.day, 0, this.since_roll)
}

/// Bars of the former afternoon halt (16:15 to 16:30 New York time) between two seconds of a day.
fn halted_bars(day: TradingDay, from: i64, to: i64, interval_secs: i64) -> i64 {
    if day > LAST_HALT_DAY {
        return 0;
    }
    let (start, end) = (
        TimeOfDay::hm(16, 15).since_roll(),
        TimeOfDay::hm(16, 30).since_roll(),
    );
    debug_assert!(end < FULL_SESSION_SECS);
    ((to.min(end) - from.max(start)).max(0)) / interval_secs
}

/// Finds bars with a price far from all bars around them.
pub(crate) fn find_spikes(rows: &Rows, problems: &mut Problems) -> Vec<usize> {
    let n = rows.len();
    let threshold = SPIKE_FLOOR.max(SPIKE_RANGES * usual_range(rows));
    let far = |price: f64, reference: f64| {
        price > reference * (1.0 + threshold) || price < reference * (1.0 - threshold)
    };
    let mut spikes: Vec<usize> = Vec::new();
    for i in 0..n {
        let close_before = if i > 0 {
            rows.close[i - 1]
        } else {
            rows.close[(i + 1).min(n - 1)]
        };
        let follows = i > 0 && spikes.last() == Some(&(i - 1));
        let first_look =
            follows || far(rows.high[i], close_before) || far(rows.low[i], close_before);
        if !first_look {
            continue;
        }
        let around: Vec<f64> = (i.saturating_sub(NEIGHBOURS)..(i + NEIGHBOURS + 1).min(n))
            .filter(|&k| k != i && spikes.binary_search(&k).is_err())
            .map(|k| rows.close[k])
            .collect();
        if around.is_empty() {
            continue;
        }
        let reference = median(&around);
        // The bars before and after must agree with each other: a crash is no spike. Several bad
        // bars may follow each other, each of them wholly away.
        let near = |price: f64| !far_by(price, reference, threshold / 2.0);
        let away = |k: &usize| far(rows.open[*k], reference) && far(rows.close[*k], reference);
        let bad = (i + 1..n).take(NEIGHBOURS).take_while(away).count();
        let next = i + 1 + bad;
        let returns = near(close_before) && (next >= n || near(rows.open[next]));
        if (far(rows.high[i], reference) || far(rows.low[i], reference)) && (returns || follows) {
            let detail = format!(
                "low {}, high {}, where the bars around it are near {reference}",
                rows.low[i], rows.high[i]
            );
            problems.add(ProblemKind::Spike, || at(rows, i, detail));
            spikes.push(i);
        }
    }
    spikes
}

fn far_by(price: f64, reference: f64, share: f64) -> bool {
    (price / reference - 1.0).abs() > share
}

/// Median range of a bar relative to its price; 0 for no bars.
fn usual_range(rows: &Rows) -> f64 {
    let step = (rows.len() / 10_000).max(1);
    let ranges: Vec<f64> = (0..rows.len())
        .step_by(step)
        .map(|i| (rows.high[i] - rows.low[i]) / rows.close[i])
        .collect();
    if ranges.is_empty() {
        0.0
    } else {
        median(&ranges)
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mid = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[mid],
        _ => (sorted[mid - 1] + sorted[mid]) / 2.0,
    }
}

/// A lasting change of the price level that no market makes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ScaleBreak {
    /// The first bar on the new level.
    pub(crate) at: usize,
    /// New level by old level.
    pub(crate) ratio: f64,
}

/// Finds lasting changes of scale, which it returns, and jumps that look like a change of contract.
pub(crate) fn find_level_jumps(
    rows: &Rows,
    spikes: &[usize],
    interval_secs: i64,
    problems: &mut Problems,
) -> Vec<ScaleBreak> {
    let mut breaks = Vec::new();
    let n = rows.len();
    let spikes: BTreeSet<usize> = spikes.iter().copied().collect();
    let zone = ZoneTable::new_york();
    let typical = usual_range(rows);
    for i in 1..n {
        let (before, open) = (rows.close[i - 1], rows.open[i]);
        let jump = (open / before - 1.0).abs();
        if jump < ROLL_FLOOR || spikes.contains(&i) || spikes.contains(&(i - 1)) {
            continue;
        }
        let level = |from: usize, to: usize| median(&rows.close[from..to]);
        let (old, new) = (
            level(i.saturating_sub(NEIGHBOURS), i),
            level(i, (i + NEIGHBOURS).min(n)),
        );
        if new > old * SCALE_FACTOR || new < old / SCALE_FACTOR {
            problems.add(ProblemKind::ScaleBreak, || {
                at(
                    rows,
                    i,
                    format!("the price goes from {before} to {open} and stays there"),
                )
            });
            let ratio = new / old;
            breaks.push(ScaleBreak { at: i, ratio });
            continue;
        }
        let inside = rows.time[i] - rows.time[i - 1] == interval_secs;
        let day = TradingDay::of_wall(zone.wall(rows.time[i]));
        let stays = (new / before - 1.0).abs() > jump / 2.0;
        let sudden = inside && jump > 20.0 * typical;
        let rolls = !inside && is_roll_week(day) && jump > 10.0 * typical;
        if stays && (sudden || rolls) {
            problems.add(ProblemKind::RollJump, || {
                at(
                    rows,
                    i,
                    format!("opens {:+} points from the close before it", open - before),
                )
            });
        }
    }
    breaks
}

/// Levels this far from a power of ten are no change of units: a market moves between two bars too.
const SCALE_TOLERANCE: f64 = 0.1;

/// What brings all bars to the scale of most of them: ranges of bars and what their prices are to
/// be multiplied by. `None` without a change of scale, and where one is no power of ten.
pub(crate) fn rescaling(n_rows: usize, breaks: &[ScaleBreak]) -> Option<Vec<(Range<usize>, f64)>> {
    let mut parts: Vec<(Range<usize>, i32)> = Vec::new();
    let (mut from, mut exponent) = (0, 0_i32);
    for b in breaks {
        let step = b.ratio.log10().round();
        let whole = b.ratio / 10_f64.powf(step);
        if step == 0.0 || (whole - 1.0).abs() > SCALE_TOLERANCE {
            return None;
        }
        parts.push((from..b.at, exponent));
        (from, exponent) = (b.at, exponent + step as i32);
    }
    parts.push((from..n_rows, exponent));
    let rows_at = |e: i32| -> usize {
        let at = parts.iter().filter(|p| p.1 == e);
        at.map(|p| p.0.len()).sum()
    };
    let usual = parts.iter().map(|p| p.1).max_by_key(|&e| rows_at(e))?;
    let factors = parts
        .iter()
        .filter(|p| p.1 != usual)
        .map(|(range, e)| (range.clone(), 10_f64.powi(usual - e)));
    let factors: Vec<_> = factors.collect();
    (!factors.is_empty()).then_some(factors)
}

/// Multiplies the prices of some bars.
pub(crate) fn rescale(rows: &mut Rows, factors: &[(Range<usize>, f64)]) {
    for (range, factor) in factors {
        for column in [
            &mut rows.open,
            &mut rows.high,
            &mut rows.low,
            &mut rows.close,
        ] {
            let prices = column.get_mut(range.clone()).unwrap_or_default();
            prices.iter_mut().for_each(|p| *p *= *factor);
        }
    }
}

/// Whether a day lies in the week before or of the expiry of an index future (third Friday of
/// March, June, September, December), when volume moves to the next contract.
fn is_roll_week(day: TradingDay) -> bool {
    let date = day.date();
    let third_friday = {
        let first = TradingDay(day.0 - i32::from(date.day()) + 1);
        let to_friday = (4 - i32::from(first.weekday())).rem_euclid(7);
        first.0 + to_friday + 14
    };
    date.month() % 3 == 0 && (third_friday - 8..=third_friday).contains(&day.0)
}

#[cfg(test)]
mod tests {
    use holdout_core::time::parse_utc;

    use super::*;

    fn rows(start: &str, closes: &[f64]) -> Rows {
        let mut rows = Rows::default();
        let t = parse_utc(start).unwrap();
        for (i, &c) in closes.iter().enumerate() {
            rows.line.push(i as u32 + 1);
            rows.time.push(t + 60 * i as i64);
            rows.open.push(c);
            rows.high.push(c + 0.25);
            rows.low.push(c - 0.25);
            rows.close.push(c);
            rows.volume.push(1.0);
        }
        rows
    }

    #[test]
    fn a_bad_print_is_a_spike_and_a_crash_is_none() {
        let mut r = rows("2024-03-04T14:30:00Z", &[17000.0; 20]);
        r.low[8] = 0.5;
        let mut p = Problems::default();
        assert_eq!(find_spikes(&r, &mut p), [8]);
        let crash: Vec<f64> = (0..20)
            .map(|i| if i < 10 { 17000.0 } else { 15500.0 })
            .collect();
        assert!(
            find_spikes(
                &rows("2024-03-04T14:30:00Z", &crash),
                &mut Problems::default()
            )
            .is_empty()
        );
    }

    #[test]
    fn bad_bars_in_a_row_are_spikes_too() {
        for n_bad in 1..=5 {
            let mut r = rows("2024-03-04T14:30:00Z", &[17000.0; 30]);
            for i in 10..10 + n_bad {
                for column in [&mut r.open, &mut r.high, &mut r.low, &mut r.close] {
                    column[i] *= 100.0;
                }
            }
            let found = find_spikes(&r, &mut Problems::default());
            assert_eq!(found, (10..10 + n_bad).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_wild_hour_that_was_traded_is_no_spike() {
        // A false headline: up a thousand points and back by half within the hour.
        let mut r = rows("2025-04-07T06:00:00Z", &[17_950.0; 20]);
        let wild = [
            [17_980.5, 19_069.0, 17_870.5, 18_366.0],
            [18_367.0, 18_506.5, 17_857.25, 18_096.75],
            [18_096.0, 18_205.0, 17_920.25, 17_960.75],
        ];
        for (k, [o, h, l, c]) in wild.into_iter().enumerate() {
            (r.open[8 + k], r.high[8 + k]) = (o, h);
            (r.low[8 + k], r.close[8 + k]) = (l, c);
        }
        assert!(find_spikes(&r, &mut Problems::default()).is_empty());
    }

    #[test]
    fn bars_on_another_scale_are_brought_to_that_of_most() {
        let closes: Vec<f64> = (0..60)
            .map(|i| match i {
                20..30 => 1_700_025.0,
                45..52 => 1_700.025,
                _ => 17_000.25,
            })
            .collect();
        let mut r = rows("2024-03-04T14:30:00Z", &closes);
        let breaks = find_level_jumps(&r, &[], 60, &mut Problems::default());
        assert_eq!(
            breaks.iter().map(|b| b.at).collect::<Vec<_>>(),
            [20, 30, 45, 52]
        );
        let factors = rescaling(r.len(), &breaks).unwrap();
        assert_eq!(factors, [(20..30, 0.01), (45..52, 10.0)]);
        rescale(&mut r, &factors);
        assert!(r.close.iter().all(|c| (c - 17_000.25).abs() < 1e-6));
        // Another market behind the first is no other scale.
        let other = [ScaleBreak {
            at: 30,
            ratio: 0.32,
        }];
        assert_eq!(rescaling(60, &other), None);
        assert_eq!(rescaling(60, &[]), None);
    }

    #[test]
    fn a_change_of_scale_and_a_roll_are_told_apart() {
        let mut p = Problems::default();
        let scale: Vec<f64> = (0..40)
            .map(|i| if i < 20 { 17000.0 } else { 170.0 })
            .collect();
        find_level_jumps(&rows("2024-03-04T14:30:00Z", &scale), &[], 60, &mut p);
        assert_eq!(
            (
                p.count(ProblemKind::ScaleBreak),
                p.count(ProblemKind::RollJump)
            ),
            (1, 0)
        );
        let mut p = Problems::default();
        let roll: Vec<f64> = (0..40)
            .map(|i| if i < 20 { 6700.0 } else { 6750.0 })
            .collect();
        find_level_jumps(&rows("2026-03-16T14:30:00Z", &roll), &[], 60, &mut p);
        assert_eq!(
            (
                p.count(ProblemKind::ScaleBreak),
                p.count(ProblemKind::RollJump)
            ),
            (0, 1)
        );
        assert!(
            is_roll_week("2024-03-11".parse().unwrap())
                && is_roll_week("2024-03-15".parse().unwrap())
        );
        assert!(
            !is_roll_week("2024-03-18".parse().unwrap())
                && !is_roll_week("2024-04-19".parse().unwrap())
        );
    }

    #[test]
    fn gaps_are_counted_inside_sessions_only_and_the_old_halt_is_none() {
        let calendar = SessionCalendar::builtin();
        // Thursday 16:58 and 16:59 ET, then 18:00, 18:02: one bar is missing, the halt is not.
        let mut r = rows("2024-03-07T21:58:00Z", &[100.0; 4]);
        r.time[2] = parse_utc("2024-03-07T23:00:00Z").unwrap();
        r.time[3] = r.time[2] + 120;
        let mut p = Problems::default();
        let facts = check_sessions(&r, 60, &calendar, &mut p);
        assert_eq!(
            (
                p.count(ProblemKind::GapInSession),
                facts.sessions,
                facts.outside.len()
            ),
            (1, 2, 0)
        );
        // 16:14 and 16:30 ET in 2019.
        let mut r = rows("2019-03-07T21:14:00Z", &[100.0; 2]);
        r.time[1] = r.time[0] + 16 * 60;
        let mut p = Problems::default();
        check_sessions(&r, 60, &calendar, &mut p);
        assert_eq!(p.count(ProblemKind::GapInSession), 0);
    }

    #[test]
    fn duplicates_keep_the_first_row_and_order_is_restored() {
        let mut r = rows("2024-03-04T14:30:00Z", &[10.0, 11.0, 12.0, 13.0]);
        r.time.swap(1, 2);
        r.time[3] = r.time[1];
        let mut p = Problems::default();
        sort(&mut r, &mut p);
        assert_eq!(drop_duplicates(&mut r, &mut p), 1);
        // File order 10@0, 11@120, 12@60, 13@120: the second row of 120 goes.
        assert_eq!(r.close, [10.0, 12.0, 11.0]);
        assert!(p.count(ProblemKind::OutOfOrder) >= 1);
    }
}
