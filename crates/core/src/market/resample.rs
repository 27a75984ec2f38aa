//! Coarser bars from finer ones: 1 s to 1 min, 1 min to n min.
//!
//! Buckets are counted from the session's opening at 18:00 New York time, so a bar never holds
//! two trading days, and a shortened day ends where the exchange closed. Nor does it hold two
//! contracts: a roll inside a bucket begins another bar. Bars outside every session are left out
//! and counted. A bucket without bars makes no bar.

use super::session::NO_DAY;
use super::{Bars, SessionCalendar, Sessions, finer};

/// Why bars cannot be resampled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResampleError {
    /// The new interval is no multiple of the old one, or longer than a session.
    #[error(
        "bars of {from} s cannot be made into bars of {to} s; expected a multiple of {from} s, at most {longest} s"
    )]
    Interval {
        /// Seconds of a bar.
        from: i64,
        /// Seconds asked for.
        to: i64,
        /// Seconds of a full session.
        longest: i64,
    },
}

/// Coarser bars and what could not go into them.
#[derive(Debug, Clone, PartialEq)]
pub struct Resampled {
    /// The bars.
    pub bars: Bars,
    /// Finer bars outside every session, left out.
    pub outside: u64,
    /// The last bar is not full: the file ends before the bucket and the session do.
    pub last_incomplete: bool,
}

/// Makes bars of `to_secs` seconds.
///
/// # Errors
/// When `to_secs` is no multiple of the interval of the bars, or longer than a session.
pub fn resample(
    bars: &Bars,
    calendar: &SessionCalendar,
    to_secs: i64,
) -> Result<Resampled, ResampleError> {
    let from = bars.interval_secs;
    let longest = crate::time::FULL_SESSION_SECS;
    if from < 1 || to_secs < from || to_secs % from != 0 || to_secs > longest {
        return Err(ResampleError::Interval {
            from,
            to: to_secs,
            longest,
        });
    }
    let sessions = Sessions::new(bars, calendar);
    let mut out = Bars::empty(bars.instrument.clone(), to_secs);
    out.rolls = bars.rolls.clone();
    let (mut outside, mut last_incomplete) = (0, false);
    let mut rolls = bars.rolls.iter().map(|r| r.time).peekable();
    let mut i = 0;
    while i < bars.len() {
        let day = sessions.day_of[i];
        let opens = bars.open_time[i];
        let rolled = std::iter::from_fn(|| rolls.next_if(|&r| r <= opens)).count() > 0;
        let open = |d: u32| sessions.days[d as usize].roll_utc;
        if day == NO_DAY || opens - open(day) >= sessions.days[day as usize].close_secs {
            outside += 1;
            i += 1;
            continue;
        }
        let starts = open(day) + (opens - open(day)) / to_secs * to_secs;
        let closes = open(day) + sessions.days[day as usize].close_secs;
        let ends = (starts + to_secs).min(closes);
        let until = rolls.peek().map_or(ends, |&r| r.min(ends));
        let n = bars.open_time[i..]
            .iter()
            .take_while(|&&t| t < until)
            .count();
        let whole = i..i + n;
        // The first bars of a new contract may share their bucket with the last ones of the old.
        let taken = out.open_time.last().is_some_and(|&t| t >= starts);
        let time = if rolled && taken { opens } else { starts };
        if let Some(ohlc) = finer::together(bars, whole.clone()) {
            let volume = bars.volume[whole.clone()].iter().sum();
            out.push(time, ohlc, volume);
        }
        last_incomplete = bars.close_time(whole.end - 1) < ends;
        i = whole.end;
    }
    // Marks move with their bar: the first at or after them.
    for roll in &mut out.rolls {
        let at = out.open_time.partition_point(|&t| t + to_secs <= roll.time);
        let exact = out.open_time.binary_search(&roll.time).ok();
        if let Some(&t) = out.open_time.get(exact.unwrap_or(at)) {
            roll.time = t;
        }
    }
    Ok(Resampled {
        bars: out,
        outside,
        last_incomplete,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Instruments, Roll, RollReason};
    use crate::time::{format_utc, parse_utc};

    /// Minutes of several spans, `[first, end)` as UTC texts; prices count up.
    fn minutes(spans: &[(&str, &str)]) -> Bars {
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 60);
        for (from, to) in spans {
            for t in (parse_utc(from).unwrap()..parse_utc(to).unwrap()).step_by(60) {
                let p = 1000 + bars.len() as i32;
                bars.push(t, [p, p + 2, p - 2, p + 1], 1.0);
            }
        }
        bars
    }

    fn to(bars: &Bars, secs: i64) -> Resampled {
        resample(bars, &SessionCalendar::builtin(), secs).unwrap()
    }

    #[test]
    fn buckets_begin_with_the_session_and_end_with_it() {
        // Thanksgiving Friday 2024 closes at 13:15 ET (18:15 UTC); Monday opens on Sunday 23:00 UTC.
        let bars = minutes(&[
            ("2024-11-28T23:00:00Z", "2024-11-29T18:15:00Z"),
            ("2024-12-01T23:00:00Z", "2024-12-02T02:30:00Z"),
        ]);
        let r = to(&bars, 7200);
        let times: Vec<String> = r.bars.open_time.iter().map(|&t| format_utc(t)).collect();
        assert_eq!(times[0], "2024-11-28T23:00:00Z");
        assert_eq!(times[9], "2024-11-29T17:00:00Z", "75 minutes long");
        assert_eq!(r.bars.volume[9], 75.0);
        assert_eq!(times[10], "2024-12-01T23:00:00Z", "not across the weekend");
        assert!(r.last_incomplete, "02:30 is inside 01:00 to 03:00");
        assert_eq!(r.bars.volume.iter().sum::<f64>(), bars.len() as f64);
        assert!(r.bars.validate().is_ok());
        assert_eq!(
            [
                r.bars.open[1],
                r.bars.high[1],
                r.bars.low[1],
                r.bars.close[1]
            ],
            [1120, 1241, 1118, 1240]
        );
        let whole = to(
            &minutes(&[("2024-11-28T23:00:00Z", "2024-11-29T18:15:00Z")]),
            7200,
        );
        assert!(!whole.last_incomplete, "the session ended");
    }

    #[test]
    fn one_step_equals_two_and_bars_outside_sessions_are_counted() {
        let bars = minutes(&[
            ("2024-03-08T14:30:00Z", "2024-03-08T22:05:00Z"), // five minutes into the halt
            ("2024-03-09T12:00:00Z", "2024-03-09T12:03:00Z"), // Saturday
            ("2024-03-10T22:00:00Z", "2024-03-11T13:00:00Z"), // summer time begins
        ]);
        let once = to(&bars, 1800);
        assert_eq!(once.outside, 8);
        assert_eq!(to(&to(&bars, 300).bars, 1800).bars, once.bars);
    }

    #[test]
    fn a_bar_holds_one_contract() {
        let mut bars = minutes(&[("2024-03-08T15:00:00Z", "2024-03-08T15:30:00Z")]);
        bars.rolls.push(Roll {
            time: bars.open_time[12],
            from: "NQH4".into(),
            to: "NQM4".into(),
            gap_ticks: None,
            reason: RollReason::AsInFile,
        });
        let r = to(&bars, 600);
        let minutes: Vec<i64> = r.bars.open_time.iter().map(|t| t / 60 % 60).collect();
        assert_eq!(minutes, [0, 10, 12, 20]);
        assert_eq!(r.bars.rolls[0].time, r.bars.open_time[2]);
        assert_eq!(r.bars.volume, [10.0, 2.0, 8.0, 10.0]);
    }

    #[test]
    fn only_multiples_within_a_session_are_possible() {
        let bars = minutes(&[("2024-03-08T15:00:00Z", "2024-03-08T15:30:00Z")]);
        let calendar = SessionCalendar::builtin();
        for bad in [0, 30, 90, 86_400, -60] {
            assert!(resample(&bars, &calendar, bad).is_err(), "{bad}");
        }
    }
}
