//! Volume-weighted average price of the trading session.
//!
//! Of the typical price `(high + low + close) / 3`, begun anew once per trade date. A holiday on
//! which trading stops at 13:00 New York time has no trade date of its own at the exchange: its
//! hours belong to the next one, and the average runs through (charting services do the same).

use crate::market::{Bars, SessionDay, Sessions};

/// Seconds from the roll to a 13:00 close: a holiday that is settled with the next day.
const HOLIDAY_CLOSE_SECS: i64 = 19 * 3600;

fn settles_next_day(day: &SessionDay) -> bool {
    day.half_day && day.close_secs == HOLIDAY_CLOSE_SECS
}

/// Session VWAP in ticks; NaN outside sessions and before the session's first volume.
pub fn session_vwap_ticks(bars: &Bars, sessions: &Sessions) -> Vec<f64> {
    let mut out = vec![f64::NAN; bars.len()];
    let (mut value, mut volume) = (0.0, 0.0);
    let mut current = None;
    for (i, cell) in out.iter_mut().enumerate() {
        let Some(day) = sessions.day(i) else { continue };
        if current != Some(day.day) {
            let runs_on = i > 0 && day_before(sessions, i).is_some_and(settles_next_day);
            if !runs_on {
                (value, volume) = (0.0, 0.0);
            }
            current = Some(day.day);
        }
        let typical = f64::from(bars.high[i]) + f64::from(bars.low[i]) + f64::from(bars.close[i]);
        let v = bars.volume[i];
        if v.is_finite() && v > 0.0 {
            value += typical * v;
            volume += v;
        }
        if volume > 0.0 {
            *cell = value / (3.0 * volume);
        }
    }
    out
}

/// The trading day before that of bar `i` in the file.
fn day_before(sessions: &Sessions, i: usize) -> Option<&SessionDay> {
    let index = (sessions.day_of[i] as usize).checked_sub(1)?;
    sessions.days.get(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Instruments, SessionCalendar};
    use crate::time::parse_utc;

    fn vwap(rows: &[(&str, i32, f64)]) -> Vec<f64> {
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 60);
        for &(time, p, v) in rows {
            bars.push(parse_utc(time).unwrap(), [p, p + 2, p - 2, p + 3], v);
        }
        let sessions = Sessions::new(&bars, &SessionCalendar::builtin());
        session_vwap_ticks(&bars, &sessions)
    }

    #[test]
    fn weighs_by_volume_and_starts_anew_at_the_roll() {
        let v = vwap(&[
            ("2024-03-05T20:00:00Z", 99, 0.0),
            ("2024-03-05T21:00:00Z", 99, 1.0),
            ("2024-03-05T21:01:00Z", 109, 3.0),
            ("2024-03-05T22:30:00Z", 500, 9.0), // halt
            ("2024-03-05T23:00:00Z", 199, 2.0), // next trading day
        ]);
        assert!(v[0].is_nan() && v[3].is_nan());
        assert_eq!((v[1], v[2], v[4]), (100.0, 107.5, 200.0));
    }

    #[test]
    fn a_holiday_without_settlement_runs_into_the_next_day() {
        let v = vwap(&[
            ("2022-01-17T15:00:00Z", 99, 1.0),  // Martin Luther King day
            ("2022-01-18T15:00:00Z", 109, 1.0), // Tuesday
            ("2022-01-19T15:00:00Z", 299, 1.0), // Wednesday
            ("2024-11-29T15:00:00Z", 99, 1.0),  // after Thanksgiving: settled by itself
            ("2024-12-02T15:00:00Z", 199, 1.0),
        ]);
        assert_eq!(v, [100.0, 105.0, 300.0, 100.0, 200.0]);
    }
}
