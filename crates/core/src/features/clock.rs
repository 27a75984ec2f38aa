//! The time of the trading day, as a point on a circle, and the time left to flat-by.
//!
//! The time is that of the bar's close, at which the agent decides, counted from the 18:00 roll.

use super::layout::Family;
use super::matrix::Context;
use crate::market::SessionDay;
use crate::time::{DAY_SECS, FULL_SESSION_SECS, TradingDay, ZoneTable};

/// Sine and cosine of the time of the trading day; minutes to flat-by over 1 380.
pub const FAMILY: Family = Family {
    name: "clock",
    version: 1,
    columns: &["time_sin", "time_cos", "to_flat_by"],
    compute: clock,
};

/// Flat-by of a trading day in seconds since its roll: an early close moves it to a minute before.
pub fn flat_by_of_day(day: &SessionDay, flat_by_secs: i64) -> i64 {
    if day.half_day {
        flat_by_secs.min(day.close_secs - 60)
    } else {
        flat_by_secs
    }
}

fn clock(c: &Context) -> Vec<Vec<f64>> {
    let zone = ZoneTable::new_york();
    let n = c.bars.len();
    let (mut sin, mut cos, mut left) = (
        Vec::with_capacity(n),
        Vec::with_capacity(n),
        Vec::with_capacity(n),
    );
    // A file repeats the same few hundred times of day.
    let mut circle: Vec<(f64, f64)> = vec![(f64::NAN, 0.0); DAY_SECS as usize / 60];
    let mut offset = (i64::MIN, 0);
    for i in 0..n {
        let close = c.bars.close_time(i);
        // Offsets change on the hour: one search an hour is enough.
        let hour = close.div_euclid(3600);
        if hour != offset.0 {
            offset = (hour, zone.offset(hour * 3600));
        }
        let since = TradingDay::since_roll(close + offset.1);
        let point = |s: i64| (std::f64::consts::TAU * s as f64 / DAY_SECS as f64).sin_cos();
        let (s, k) = if since % 60 == 0 {
            let slot = &mut circle[since as usize / 60];
            if slot.0.is_nan() {
                *slot = point(since);
            }
            *slot
        } else {
            point(since)
        };
        sin.push(s);
        cos.push(k);
        let to_flat = c.sessions.day(i).map_or(0, |day| {
            flat_by_of_day(day, c.flat_by_secs) - (close - day.roll_utc)
        });
        left.push(to_flat.max(0) as f64 / FULL_SESSION_SECS as f64);
    }
    vec![sin, cos, left]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Bars, Instruments, SessionCalendar, Sessions};
    use crate::time::{TimeOfDay, parse_utc};

    fn at(times: &[&str]) -> Vec<Vec<f64>> {
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 60);
        for t in times {
            bars.push(parse_utc(t).unwrap(), [4; 4], 0.0);
        }
        let sessions = Sessions::new(&bars, &SessionCalendar::builtin());
        clock(&Context::new(
            &bars,
            &sessions,
            TimeOfDay::hm(16, 59).since_roll(),
        ))
    }

    #[test]
    fn the_circle_turns_once_a_day_from_the_roll() {
        // 17:59 ET (halt), 23:59 ET, 05:59 ET: the bars close at 0, 90 and 180 degrees.
        let c = at(&[
            "2024-03-04T22:59:00Z",
            "2024-03-05T04:59:00Z",
            "2024-03-05T10:59:00Z",
        ]);
        for (i, (s, k)) in [(0.0, 1.0), (1.0, 0.0), (0.0, -1.0)]
            .into_iter()
            .enumerate()
        {
            assert!((c[0][i] - s).abs() < 1e-12 && (c[1][i] - k).abs() < 1e-12);
        }
        assert_eq!(c[2][0], 0.0, "no session in the halt");
    }

    #[test]
    fn time_left_counts_to_flat_by_also_on_half_days_and_in_summer() {
        let c = at(&[
            "2024-03-05T14:30:00Z", // 09:30 ET, closes 448 minutes before 16:59
            "2024-03-05T21:58:00Z", // closes at 16:59
            "2024-03-05T21:59:00Z", // past it
            "2024-07-02T13:30:00Z", // 09:30 ET in summer
            "2024-11-29T17:00:00Z", // 12:00 ET, close 13:15: closes 73 minutes before 13:14
        ]);
        let minutes: Vec<f64> = c[2]
            .iter()
            .map(|x| (x * 1380.0 * 1e6).round() / 1e6)
            .collect();
        assert_eq!(minutes, [448.0, 0.0, 0.0, 448.0, 73.0]);
    }
}
