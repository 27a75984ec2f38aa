//! Volume by minute of the day: the picture by which a zone gives itself away.
//!
//! In New York the volume of an index future rises most at 09:30, when stocks open, and there is
//! none from 17:00 to 18:00, when the exchange is closed. On the clock of a file whose zone is not
//! known, the same two marks tell how far that clock is from New York's.

use super::Bars;
use crate::time::ZoneTable;

/// Minutes of a day.
pub const MINUTES: usize = 1_440;
/// When stocks open in New York, in minutes of the day.
pub const OPENING: usize = 9 * 60 + 30;
/// When the exchange is closed, New York, in minutes of the day.
pub const CLOSED: [usize; 2] = [17 * 60, 18 * 60];

/// Minutes of the columns in which quiet is looked for.
const COLUMN: usize = 5;
/// Longer bars blur both marks.
const LONGEST_BAR: usize = 15;
/// A column with less than this share of the usual one is quiet: stray prints on days on which the
/// exchange closes early fall there.
const QUIET: f64 = 0.05;

/// Whose clock a day profile is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayClock {
    /// New York's.
    NewYork,
    /// The clock of the stamps, in whatever zone it is.
    File,
}

/// What a day profile counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayMeasure {
    /// Contracts traded.
    Volume,
    /// Bars, of a file without volume.
    Bars,
}

impl DayMeasure {
    /// Word for a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Volume => "volume",
            Self::Bars => "bars",
        }
    }
}

/// Volume, or bars, by minute of the day.
#[derive(Clone, Debug, PartialEq)]
pub struct DayProfile {
    /// Sum that fell into each minute, from midnight; bars spread evenly over their span.
    pub amount: Vec<f64>,
    /// Minutes that one bar covers.
    pub bar_minutes: usize,
    /// Whose clock it is on.
    pub clock: DayClock,
    /// What is counted.
    pub measure: DayMeasure,
}

impl DayProfile {
    /// The profile of bars in New York; `None` without any bar.
    pub fn of_bars(bars: &Bars) -> Option<Self> {
        let of = (&bars.open_time[..], &bars.volume[..]);
        Self::new(of, bars.interval_secs, DayClock::NewYork)
    }

    /// The profile of bars by the seconds at which they open, UTC or on the clock of the file, and
    /// their volumes; `None` without any bar.
    pub fn new(
        (opens, volumes): (&[i64], &[f64]),
        interval_secs: i64,
        clock: DayClock,
    ) -> Option<Self> {
        let zone = ZoneTable::new_york();
        let bar_minutes = (interval_secs / 60).clamp(1, MINUTES as i64) as usize;
        let measure = if volumes.iter().any(|v| *v > 0.0) {
            DayMeasure::Volume
        } else {
            DayMeasure::Bars
        };
        let mut at_open = vec![0.0; MINUTES];
        for (&open, &volume) in opens.iter().zip(volumes) {
            let wall = match clock {
                DayClock::NewYork => zone.wall(open),
                DayClock::File => open,
            };
            at_open[(wall.rem_euclid(86_400) / 60) as usize] += match measure {
                DayMeasure::Volume => volume.max(0.0),
                DayMeasure::Bars => 1.0,
            };
        }
        let mut amount = vec![0.0; MINUTES];
        for (m, v) in at_open.iter().enumerate().filter(|(_, v)| **v > 0.0) {
            for k in 0..bar_minutes {
                amount[(m + k) % MINUTES] += v / bar_minutes as f64;
            }
        }
        (!opens.is_empty()).then_some(Self {
            amount,
            bar_minutes,
            clock,
            measure,
        })
    }

    /// Share of the day's sum from `from` to `to`, minutes since midnight.
    pub fn share(&self, from: usize, to: usize) -> f64 {
        let all: f64 = self.amount.iter().sum();
        self.amount[from..to].iter().sum::<f64>() / all
    }

    /// First and last minute of the one pause of about an hour; `None` where there is none or more
    /// than one, or bars are too long to show it.
    pub fn pause(&self) -> Option<[usize; 2]> {
        if self.bar_minutes > LONGEST_BAR {
            return None;
        }
        let columns: Vec<f64> = self.amount.chunks(COLUMN).map(|c| c.iter().sum()).collect();
        let n = columns.len();
        let mut sorted = columns.clone();
        sorted.sort_by(f64::total_cmp);
        let least = QUIET * sorted[n / 2];
        let quiet = |k: usize| columns[k % n] <= least;
        // Runs begin after a column that is not quiet; a run over midnight is one.
        let mut found = (0..n)
            .filter(|&k| quiet(k) && !quiet(k + n - 1))
            .map(|k| (k, (k..k + n).take_while(|&j| quiet(j)).count()))
            .filter(|(_, length)| (9..=18).contains(length));
        let (first, length) = found.next()?;
        let alone = found.next().is_none();
        alone.then_some([first * COLUMN, (first + length) * COLUMN % MINUTES])
    }

    /// The half hour at whose begin volume rises most; `None` without volume, and where bars are
    /// too long to show it.
    pub fn rise(&self) -> Option<usize> {
        if self.measure == DayMeasure::Bars || self.bar_minutes > LONGEST_BAR {
            return None;
        }
        let halves: Vec<f64> = self.amount.chunks(30).map(|c| c.iter().sum()).collect();
        let n = halves.len();
        let by = |k: usize| halves[k] - halves[(k + n - 1) % n];
        let most = (0..n).max_by(|&a, &b| by(a).total_cmp(&by(b)))?;
        (by(most) > 0.0).then_some(most * 30)
    }

    /// By how many minutes the clock is ahead of New York's, from -720 to 719, as far as the rise
    /// of volume and the pause tell it; `None` where they tell nothing, or contradict each other.
    pub fn ahead_of_new_york(&self) -> Option<i32> {
        let day = MINUTES as i32;
        let wrapped = |m: i32| (m + day / 2).rem_euclid(day) - day / 2;
        let rise = self.rise().map(|m| wrapped(m as i32 - OPENING as i32));
        let pause = self
            .pause()
            .map(|[m, _]| wrapped(m as i32 - CLOSED[0] as i32));
        match (rise, pause) {
            (Some(a), Some(b)) => (a == b).then_some(a),
            (a, b) => a.or(b).filter(|m| m % 30 == 0),
        }
    }

    /// What the profile on the clock of a file says about its zone; `None` where it says nothing.
    pub fn evidence(&self) -> Option<String> {
        let clock = |m: usize| format!("{:02}:{:02}", m / 60, m % 60);
        let rise = self
            .rise()
            .map(|m| format!("volume rises most at {}", clock(m)));
        let pause = self.pause().map(|[from, to]| {
            let what = self.measure.name();
            format!("hardly any {what} from {} to {}", clock(from), clock(to))
        });
        let seen: Vec<String> = [rise, pause].into_iter().flatten().collect();
        if seen.is_empty() {
            return None;
        }
        let fits = match self.ahead_of_new_york() {
            None => "the two fit no one clock".to_owned(),
            Some(m) => {
                let away = match m {
                    0 => "the clock of New York".to_owned(),
                    m => format!(
                        "a clock {} {} New York's",
                        hours(m),
                        if m > 0 { "ahead of" } else { "behind" }
                    ),
                };
                let zone = zone_ahead(m).map_or_else(String::new, |z| format!(" ({z})"));
                format!("{away}{zone} would fit")
            }
        };
        Some(format!(
            "by the clock of the file: {}; in New York volume rises most at {}, when stocks open, and the exchange is closed from {} to {}: {fits}",
            seen.join(", "),
            clock(OPENING),
            clock(CLOSED[0]),
            clock(CLOSED[1]),
        ))
    }
}

fn hours(minutes: i32) -> String {
    let (h, m) = (minutes.abs() / 60, minutes.abs() % 60);
    let unit = if h == 1 && m == 0 { "hour" } else { "hours" };
    let half = if m == 30 { ".5" } else { "" };
    format!("{h}{half} {unit}")
}

/// A zone that is so far ahead of New York for most of the year.
fn zone_ahead(minutes: i32) -> Option<&'static str> {
    Some(match minutes {
        -180 => "America/Los_Angeles",
        -120 => "America/Denver",
        -60 => "America/Chicago",
        0 => "America/New_York",
        240 | 300 => "UTC",
        360 => "Europe/Berlin",
        420 => "America/New_York+7, as many brokers have it",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Instruments;
    use crate::time::parse_utc;

    #[test]
    fn the_profile_is_in_new_york_time_in_summer_and_winter() {
        let nq = Instruments::builtin().get("NQ").unwrap().clone();
        let mut bars = Bars::empty(nq, 300);
        assert_eq!(DayProfile::of_bars(&bars), None);
        // 09:30 in New York: 14:30 UTC in January, 13:30 UTC in July.
        for (time, volume) in [
            ("2024-01-10T14:30:00Z", 50.0),
            ("2024-07-10T13:30:00Z", 70.0),
        ] {
            bars.push(parse_utc(time).unwrap(), [4, 4, 4, 4], volume);
        }
        let profile = DayProfile::of_bars(&bars).unwrap();
        assert_eq!(profile.bar_minutes, 5);
        assert!((profile.amount[570] - 24.0).abs() < 1e-9);
        assert!((profile.share(570, 575) - 1.0).abs() < 1e-9);
        assert_eq!(profile.amount[575], 0.0);
        bars.volume = vec![0.0; 2];
        let counted = DayProfile::of_bars(&bars).unwrap();
        assert_eq!(counted.measure, DayMeasure::Bars);
        assert!((counted.amount[570] - 0.4).abs() < 1e-9);
    }

    /// Minutes of a day of the exchange on a clock so many minutes ahead of New York's.
    fn day(ahead: i64, with_volume: bool) -> DayProfile {
        let mut opens = Vec::new();
        let mut volumes = Vec::new();
        for m in (0..MINUTES as i64).filter(|m| !(1_020..1_080).contains(m)) {
            opens.push((m + ahead) * 60);
            let busy = (570..960).contains(&m);
            volumes.push(if !with_volume {
                0.0
            } else if busy {
                900.0
            } else {
                100.0
            });
        }
        DayProfile::new((&opens, &volumes), 60, DayClock::File).unwrap()
    }

    #[test]
    fn rise_and_pause_tell_how_far_a_clock_is_from_new_york() {
        for ahead in [-180, -60, 0, 240, 300, 420, 690] {
            for with_volume in [true, false] {
                let found = day(ahead, with_volume).ahead_of_new_york();
                assert_eq!(found, Some(ahead as i32), "{with_volume}");
            }
        }
        let chicago = day(-60, true);
        assert_eq!(
            (chicago.rise(), chicago.pause()),
            (Some(510), Some([960, 1_020]))
        );
        assert_eq!(
            chicago.evidence().unwrap(),
            "by the clock of the file: volume rises most at 08:30, hardly any volume from 16:00 to 17:00; in New York volume rises most at 09:30, when stocks open, and the exchange is closed from 17:00 to 18:00: a clock 1 hour behind New York's (America/Chicago) would fit"
        );
        // A pause over midnight is one pause.
        assert_eq!(day(390, true).pause(), Some([1_410, 30]));
    }

    #[test]
    fn marks_that_contradict_each_other_or_are_not_there_tell_nothing() {
        let mut odd = day(0, true);
        odd.amount.rotate_right(60);
        odd.amount[630..660].fill(0.0);
        odd.amount[720..760].fill(90_000.0);
        assert_eq!(odd.ahead_of_new_york(), None);
        assert!(
            odd.evidence()
                .unwrap()
                .ends_with("the two fit no one clock")
        );
        let flat = DayProfile {
            amount: vec![1.0; MINUTES],
            ..day(0, false)
        };
        assert_eq!((flat.pause(), flat.evidence()), (None, None));
        let hourly = DayProfile {
            bar_minutes: 60,
            ..day(0, true)
        };
        assert_eq!(hourly.evidence(), None);
    }
}
