//! Tells from the bars themselves in which zone, and at which end of the bar, stamps are written.
//!
//! Trading stops at 17:00 and begins again at 18:00 New York time (or runs from 09:30 to 16:00
//! alone); a file with those holes fits one reading of its stamps and no other. Each reading is
//! judged by how many stretches of trading begin and end with a session of the exchange. Where no
//! reading stands out, nothing is said and the user is asked.

use holdout_core::market::{Bars, SessionCalendar};
use holdout_core::time::{TimeOfDay, TradingDay, ZoneTable};

use super::rows::Rows;
use crate::options::Stamp;

/// Zones that are tried. Where two read a file alike the first is named.
const ZONES: [&str; 20] = [
    "America/New_York",
    "America/Chicago",
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Athens",
    "America/New_York+7",
    "America/Denver",
    "America/Los_Angeles",
    "Asia/Jerusalem",
    "Europe/Moscow",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Bangkok",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "America/Sao_Paulo",
    "Etc/GMT+5",
    "Etc/GMT+6",
];
/// A pause longer than this, beyond the bar itself, ends a stretch of trading. The halt of a day
/// is an hour.
const PAUSE_SECS: i64 = 45 * 60;
/// A source may lack the first or last bars of a session.
const QUIET_SECS: i64 = 15 * 60;
/// Stretches of fewer bars are stray prints.
const FEWEST_BARS: usize = 5;
/// A reading must misplace at least two stretches more than the best to be ruled out: zones that
/// change their clocks on other days differ in a few weeks only.
const MARGIN: i64 = 16;
/// Stretches that must begin and end with a session.
const FEWEST_STRETCHES: u32 = 3;

/// How stamps are to be read, and why.
#[derive(Debug, PartialEq)]
pub(super) struct Clock {
    /// Name of the zone; `None` where it was known.
    pub(super) zone: Option<&'static str>,
    /// Which end of the bar is stamped.
    pub(super) stamp: Stamp,
    /// What that rests on.
    pub(super) evidence: String,
}

/// Bars without a long pause: first and last stamp, as they stand in the file.
struct Stretch {
    first: i64,
    last: i64,
}

/// How the stretches lie in the exchange's sessions under one reading.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Fit {
    /// Begin and end with a session, give or take the first and the last minutes.
    whole: u32,
    /// First and last bars that are those of a session to the second.
    edges: u32,
    /// Reach into hours in which the exchange is closed.
    outside: u32,
}

/// Where there is no other reading.
const NOTHING: Fit = Fit {
    whole: 0,
    edges: 0,
    outside: u32::MAX,
};

impl Fit {
    fn score(self) -> i64 {
        2 * i64::from(self.whole) + i64::from(self.edges) - 4 * i64::from(self.outside)
    }
}

/// Reads zone and stamp off the rows. `zone_known` says that times are UTC already; `stamps` are
/// the ends that come into question.
pub(super) fn read_off(rows: &Rows, zone_known: bool, stamps: &[Stamp]) -> Option<Clock> {
    let (stretches, interval) = stretches(rows)?;
    let calendar = SessionCalendar::builtin();
    let new_york = ZoneTable::new_york();
    let mut readings: Vec<(Option<&'static str>, Stamp, Fit, Vec<i64>)> = Vec::new();
    let zones: Vec<Option<&'static str>> = if zone_known {
        vec![None]
    } else {
        ZONES.map(Some).to_vec()
    };
    for zone in zones {
        let table = match zone {
            Some(name) => Some(ZoneTable::new(name).ok()?),
            None => None,
        };
        let utc = |t: i64| table.as_ref().map_or(t, |z| z.to_utc(t));
        for &stamp in stamps {
            let back = if stamp == Stamp::Close { interval } else { 0 };
            let opens: Vec<[i64; 2]> = stretches
                .iter()
                .map(|s| [utc(s.first) - back, utc(s.last) - back])
                .collect();
            let key: Vec<i64> = opens.iter().map(|o| o[0]).collect();
            if readings.iter().any(|r| r.3 == key) {
                continue;
            }
            let fit = fit(&opens, interval, &calendar, &new_york);
            readings.push((zone, stamp, fit, key));
        }
    }
    readings.sort_by_key(|r| std::cmp::Reverse(r.2.score()));
    let (zone, stamp, best, _) = readings.first()?;
    let next = readings.get(1).map_or(NOTHING, |r| r.2);
    let n = stretches.len() as u32;
    let stands_out = best.whole >= FEWEST_STRETCHES
        && best.edges >= n
        && best.outside * 20 <= n
        && next.score() + MARGIN <= best.score();
    stands_out.then(|| Clock {
        zone: *zone,
        stamp: *stamp,
        evidence: format!(
            "{}stamps at the {stamp} of the bar: so read, {} of {n} stretches of trading begin and end with a session of the exchange, read in the next best way {}",
            zone.map_or_else(String::new, |z| format!("zone {z} and ")),
            best.whole,
            next.whole,
        ),
    })
}

/// Stretches of trading and seconds of a bar; `None` for bars too long to tell.
fn stretches(rows: &Rows) -> Option<(Vec<Stretch>, i64)> {
    let traded = rows.volume.iter().filter(|v| **v > 0.0).count();
    // Some sources fill closed hours with flat bars without volume.
    let fillers = traded * 2 >= rows.len();
    let filler = |i: &usize| fillers && rows.volume[*i] <= 0.0 && rows.high[*i] <= rows.low[*i];
    let mut times: Vec<i64> = (0..rows.len())
        .filter(|i| !filler(i))
        .map(|i| rows.time[i])
        .collect();
    times.sort_unstable();
    times.dedup();
    let interval = Bars::most_frequent_interval(&times).filter(|&s| s <= 3600 && 3600 % s == 0)?;
    let mut all = Vec::new();
    for run in times.chunk_by(|a, b| b - a <= interval + PAUSE_SECS) {
        if run.len() >= FEWEST_BARS {
            all.push(Stretch {
                first: run[0],
                last: run[run.len() - 1],
            });
        }
    }
    Some((all, interval))
}

fn fit(opens: &[[i64; 2]], interval: i64, calendar: &SessionCalendar, new_york: &ZoneTable) -> Fit {
    let cash = TimeOfDay::hm(9, 30).since_roll();
    let cash_ends = [TimeOfDay::hm(16, 0), TimeOfDay::hm(16, 15)].map(TimeOfDay::since_roll);
    let mut fit = Fit::default();
    for open in opens {
        let [(day, first), (last_day, last)] = open.map(|t| {
            let wall = new_york.wall(t);
            (TradingDay::of_wall(wall), TradingDay::since_roll(wall))
        });
        let close = calendar.close_secs(day).filter(|&c| last < c);
        let Some(close) = close.filter(|_| day == last_day) else {
            fit.outside += 1;
            continue;
        };
        let end = last + interval;
        let begins = first == 0 || first == cash;
        let ends = end == close || cash_ends.contains(&end);
        let late = first <= QUIET_SECS.max(2 * interval);
        let early = close - end <= QUIET_SECS.max(2 * interval);
        fit.whole += u32::from((begins || late) && (ends || early));
        fit.edges += u32::from(begins) + u32::from(ends);
    }
    fit
}

#[cfg(test)]
mod tests {
    use holdout_core::time::parse_utc;

    use super::*;

    /// Minutes of whole sessions as a zone writes them.
    fn sessions(
        first: &str,
        n_days: i32,
        zone: &str,
        stamp: Stamp,
        hours: [(i32, i32); 2],
    ) -> Rows {
        let (zone, ny) = (ZoneTable::new(zone).unwrap(), ZoneTable::new_york());
        let calendar = SessionCalendar::builtin();
        let first: TradingDay = first.parse().unwrap();
        let [from, to] = hours.map(|(h, m)| TimeOfDay::hm(h, m).since_roll());
        let mut rows = Rows::default();
        for day in (first.0..first.0 + n_days).map(TradingDay) {
            let Some(close) = calendar.close_secs(day) else {
                continue;
            };
            let mut since = from;
            while since < to.min(close) {
                let late = if stamp == Stamp::Close { 60 } else { 0 };
                let utc = ny.to_utc(day.roll_wall() + since);
                rows.time.push(zone.wall(utc + late));
                rows.volume.push(1.0);
                rows.high.push(1.0);
                rows.low.push(1.0);
                since += 60;
            }
        }
        rows
    }

    const GLOBEX: [(i32, i32); 2] = [(18, 0), (17, 0)];

    #[test]
    fn holes_tell_zone_and_stamp() {
        for zone in [
            "America/Chicago",
            "UTC",
            "Europe/Berlin",
            "America/New_York+7",
            "Asia/Tokyo",
        ] {
            for stamp in [Stamp::Open, Stamp::Close] {
                // Over the change of the clocks, which is not on one day everywhere.
                let rows = sessions("2024-02-26", 40, zone, stamp, GLOBEX);
                let found = read_off(&rows, false, &[Stamp::Open, Stamp::Close]).unwrap();
                assert_eq!((found.zone, found.stamp), (Some(zone), stamp), "{found:?}");
            }
        }
        let cash = sessions(
            "2024-02-26",
            40,
            "America/Chicago",
            Stamp::Close,
            [(9, 30), (16, 0)],
        );
        let found = read_off(&cash, false, &[Stamp::Open, Stamp::Close]).unwrap();
        assert_eq!(
            (found.zone, found.stamp),
            (Some("America/Chicago"), Stamp::Close)
        );
    }

    #[test]
    fn within_one_season_zones_that_read_alike_are_one() {
        let rows = sessions("2024-06-03", 12, "Etc/GMT+6", Stamp::Open, GLOBEX);
        let found = read_off(&rows, false, &[Stamp::Open]).unwrap();
        // No summer time at GMT-6: in June that is the clock of Denver.
        assert_eq!(found.zone, Some("America/Denver"));
    }

    #[test]
    fn missing_first_bars_and_fillers_of_closed_hours_do_not_matter() {
        let mut rows = sessions("2024-02-26", 40, "America/Chicago", Stamp::Open, GLOBEX);
        let sunday = |t: i64| t.div_euclid(86_400).rem_euclid(7) == 3;
        let keep: Vec<bool> = rows
            .time
            .iter()
            .map(|&t| !(sunday(t) && t.rem_euclid(86_400) < 17 * 3600 + 600))
            .collect();
        assert!(rows.retain(|i| keep[i]) > 40);
        let (first, last) = (rows.time[0], rows.time[rows.len() - 1]);
        let traded: std::collections::BTreeSet<i64> = rows.time.iter().copied().collect();
        for t in (first..last).step_by(60).filter(|t| !traded.contains(t)) {
            rows.time.push(t);
            rows.volume.push(0.0);
            rows.high.push(1.0);
            rows.low.push(1.0);
        }
        let found = read_off(&rows, false, &[Stamp::Open, Stamp::Close]).unwrap();
        assert_eq!(
            (found.zone, found.stamp),
            (Some("America/Chicago"), Stamp::Open)
        );
    }

    #[test]
    fn a_file_without_holes_tells_nothing() {
        let start = parse_utc("2024-03-04T00:00:00Z").unwrap();
        let mut rows = Rows::default();
        for i in 0..14_400 {
            rows.time.push(start + 60 * i);
            rows.volume.push(1.0);
            rows.high.push(1.0);
            rows.low.push(1.0);
        }
        assert_eq!(read_off(&rows, false, &[Stamp::Open, Stamp::Close]), None);
        let short = sessions("2024-06-03", 1, "UTC", Stamp::Open, GLOBEX);
        assert_eq!(read_off(&short, false, &[Stamp::Open, Stamp::Close]), None);
        let part = sessions("2024-06-03", 12, "UTC", Stamp::Open, [(8, 0), (11, 0)]);
        assert_eq!(read_off(&part, false, &[Stamp::Open, Stamp::Close]), None);
    }
}
