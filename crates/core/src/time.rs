//! Zones, trading days and times of the trading day.
//!
//! Instants are Unix seconds (`i64`, UTC). A trading day begins at 18:00 New York time and is
//! named by the date on which it closes, so Sunday evening is Monday. Times of a trading day
//! are counted in seconds since its roll at 18:00, so a window may cross midnight.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Seconds of a day.
pub const DAY_SECS: i64 = 86_400;
/// The exchange's roll, 18:00 New York time, in seconds since midnight.
pub const ROLL_SECS: i64 = 18 * 3600;
/// Length of a full session in seconds (18:00 to 17:00).
pub const FULL_SESSION_SECS: i64 = 23 * 3600;

/// A time that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not an RFC 3339 instant.
    #[error("\"{0}\" is not a time like 2024-03-04T14:30:00Z")]
    Instant(String),
    /// Not a time of day.
    #[error("\"{0}\" is not a time of day like 09:30")]
    TimeOfDay(String),
    /// Not a date.
    #[error("\"{0}\" is not a date like 2024-03-04")]
    Date(String),
    /// Not in the time-zone database.
    #[error("\"{0}\" is not a time zone like America/New_York")]
    Zone(String),
}

/// A zone's offsets between 1970 and 2060, for converting millions of stamps fast.
#[derive(Debug, Clone)]
pub struct ZoneTable {
    name: String,
    /// First instant of each period and its offset to UTC in seconds.
    periods: Vec<(i64, i64)>,
}

impl ZoneTable {
    /// Looks a zone up in the IANA database (`America/New_York`, `UTC`, `Etc/GMT+5`). Hours behind
    /// the name shift it: the servers of many brokers run at `America/New_York+7`, with midnight at
    /// 17:00 New York time all year.
    ///
    /// # Errors
    /// When the name is unknown.
    pub fn new(name: &str) -> Result<Self, TimeError> {
        let unknown = || TimeError::Zone(name.to_owned());
        let (tz, shift) = match TimeZone::get(name) {
            Ok(tz) => (tz, 0),
            Err(_unknown) => {
                let at = name.rfind(['+', '-']).ok_or_else(unknown)?;
                let hours: i64 = name[at..].parse().map_err(|_no_number| unknown())?;
                let tz = TimeZone::get(&name[..at]).map_err(|_unknown| unknown())?;
                if hours.abs() > 15 {
                    return Err(unknown());
                }
                (tz, hours * 3600)
            }
        };
        let (start, end) = (Timestamp::UNIX_EPOCH, 2_840_140_800_i64);
        let mut periods = vec![(i64::MIN, i64::from(tz.to_offset(start).seconds()) + shift)];
        for change in tz.following(start) {
            let at = change.timestamp().as_second();
            if at > end {
                break;
            }
            periods.push((at, i64::from(change.offset().seconds()) + shift));
        }
        Ok(Self {
            name: name.to_owned(),
            periods,
        })
    }

    /// New York, the zone of every session rule.
    pub fn new_york() -> Self {
        Self::new("America/New_York").unwrap_or_else(|_absent| Self {
            name: "Etc/GMT+5".to_owned(),
            periods: vec![(i64::MIN, -5 * 3600)],
        })
    }

    /// The zone's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Offset to UTC in seconds at a UTC instant.
    pub fn offset(&self, utc: i64) -> i64 {
        let i = self.periods.partition_point(|&(from, _)| from <= utc);
        self.periods[i.saturating_sub(1)].1
    }

    /// Wall-clock seconds (as if UTC) at a UTC instant.
    pub fn wall(&self, utc: i64) -> i64 {
        utc + self.offset(utc)
    }

    /// The UTC instant of wall-clock seconds; in a fold the earlier one, in a gap the later.
    pub fn to_utc(&self, wall: i64) -> i64 {
        // Candidates from the offsets half a day before and after the wall time.
        let before = self.offset(wall - DAY_SECS);
        let after = self.offset(wall + DAY_SECS);
        let early = wall - before.max(after);
        if self.wall(early) == wall {
            early
        } else {
            wall - before.min(after)
        }
    }
}

/// A trading day, as days since 1970-01-01 of the date on which it closes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TradingDay(pub i32);

impl TradingDay {
    /// The trading day of New York wall-clock seconds (sessions and weekends alike).
    pub fn of_wall(wall: i64) -> Self {
        Self((wall + (DAY_SECS - ROLL_SECS)).div_euclid(DAY_SECS) as i32)
    }

    /// Seconds since the roll of this day's trading day.
    pub fn since_roll(wall: i64) -> i64 {
        (wall + (DAY_SECS - ROLL_SECS)).rem_euclid(DAY_SECS)
    }

    /// New York wall-clock seconds of this day's roll (18:00 of the date before).
    pub fn roll_wall(self) -> i64 {
        i64::from(self.0) * DAY_SECS - (DAY_SECS - ROLL_SECS)
    }

    /// 0 for Monday to 6 for Sunday.
    pub fn weekday(self) -> u8 {
        (self.0 + 3).rem_euclid(7) as u8
    }

    /// Whether the date is a Saturday or a Sunday, on which no session closes.
    pub fn is_weekend(self) -> bool {
        self.weekday() >= 5
    }

    /// The civil date.
    pub fn date(self) -> civil::Date {
        let span = SignedDuration::from_secs(i64::from(self.0) * DAY_SECS);
        civil::date(1970, 1, 1)
            .checked_add(span)
            .unwrap_or(civil::Date::MAX)
    }

    /// The day of a civil date.
    pub fn from_date(date: civil::Date) -> Self {
        let days = date.duration_since(civil::date(1970, 1, 1)).as_secs() / DAY_SECS;
        Self(days as i32)
    }
}

impl fmt::Display for TradingDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date())
    }
}

impl fmt::Debug for TradingDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TradingDay {
    type Err = TimeError;
    fn from_str(s: &str) -> Result<Self, TimeError> {
        let date: civil::Date = s
            .trim()
            .parse()
            .map_err(|_bad: jiff::Error| TimeError::Date(s.to_owned()))?;
        Ok(Self::from_date(date))
    }
}

impl Serialize for TradingDay {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TradingDay {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A New York time of day, in seconds since midnight. Reads and writes `09:30` or `09:30:15`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeOfDay(pub i32);

impl TimeOfDay {
    /// From hours and minutes.
    pub const fn hm(hours: i32, minutes: i32) -> Self {
        Self(hours * 3600 + minutes * 60)
    }

    /// Seconds since the 18:00 roll, in `0..86 400`.
    pub fn since_roll(self) -> i64 {
        (i64::from(self.0) - ROLL_SECS).rem_euclid(DAY_SECS)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (h, m, s) = (self.0 / 3600, self.0 / 60 % 60, self.0 % 60);
        if s == 0 {
            write!(f, "{h:02}:{m:02}")
        } else {
            write!(f, "{h:02}:{m:02}:{s:02}")
        }
    }
}

impl fmt::Debug for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TimeOfDay {
    type Err = TimeError;
    fn from_str(s: &str) -> Result<Self, TimeError> {
        let bad = || TimeError::TimeOfDay(s.to_owned());
        let mut parts = s.trim().split(':').map(|p| {
            let digits = !p.is_empty() && p.len() <= 2 && p.bytes().all(|b| b.is_ascii_digit());
            if digits { p.parse::<i32>().ok() } else { None }
        });
        let h = parts.next().flatten().ok_or_else(bad)?;
        let m = parts.next().flatten().ok_or_else(bad)?;
        let sec = match parts.next() {
            None => 0,
            Some(v) => v.ok_or_else(bad)?,
        };
        if parts.next().is_some() || h > 23 || m > 59 || sec > 59 {
            return Err(bad());
        }
        Ok(Self(h * 3600 + m * 60 + sec))
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Writes an instant as `YYYY-MM-DDTHH:MM:SSZ`.
pub fn format_utc(utc: i64) -> String {
    match Timestamp::from_second(utc) {
        Ok(t) => t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_out_of_range) => format!("{utc}s"),
    }
}

/// Reads an RFC 3339 instant with `Z` or an offset; fractions of a second are an error.
///
/// # Errors
/// When the text is not such an instant.
pub fn parse_utc(text: &str) -> Result<i64, TimeError> {
    let bad = || TimeError::Instant(text.to_owned());
    let t: Timestamp = text.trim().parse().map_err(|_bad: jiff::Error| bad())?;
    if t.subsec_nanosecond() != 0 {
        return Err(bad());
    }
    Ok(t.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day_of(utc: &str) -> TradingDay {
        TradingDay::of_wall(ZoneTable::new_york().wall(parse_utc(utc).unwrap()))
    }

    #[test]
    fn a_zone_can_be_shifted_by_hours() {
        let (broker, ny) = (
            ZoneTable::new("America/New_York+7").unwrap(),
            ZoneTable::new_york(),
        );
        for utc in [
            "2024-01-10T22:00:00Z",
            "2024-03-20T21:00:00Z",
            "2024-10-30T21:00:00Z",
        ] {
            let utc = parse_utc(utc).unwrap();
            assert_eq!(broker.wall(utc), ny.wall(utc) + 7 * 3600);
            assert_eq!(
                broker.wall(utc) % DAY_SECS,
                0,
                "17:00 in New York is midnight"
            );
            assert_eq!(broker.to_utc(broker.wall(utc)), utc);
        }
        assert_eq!(ZoneTable::new("Etc/GMT+5").unwrap().offset(0), -5 * 3600);
        for bad in [
            "Nowhere",
            "Nowhere+7",
            "America/New_York+",
            "UTC+99",
            "+7",
            "",
        ] {
            assert!(ZoneTable::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn trading_days_roll_at_six_in_the_evening() {
        assert_eq!(
            day_of("2024-03-03T23:30:00Z").to_string(),
            "2024-03-04",
            "Sunday 18:30 ET is Monday"
        );
        assert_eq!(
            day_of("2024-03-07T21:58:00Z").to_string(),
            "2024-03-07",
            "Thursday 16:58 ET"
        );
        assert_eq!(
            day_of("2024-03-07T23:00:00Z").to_string(),
            "2024-03-08",
            "Thursday 18:00 ET"
        );
        assert!(
            day_of("2024-03-08T23:00:00Z").is_weekend(),
            "Friday 18:00 ET is no session"
        );
        assert_eq!(
            day_of("2024-07-07T22:00:00Z").to_string(),
            "2024-07-08",
            "summer time"
        );
    }

    #[test]
    fn zones_go_both_ways_over_the_clock_change() {
        let ny = ZoneTable::new_york();
        for utc in (1_709_000_000..1_731_000_000).step_by(1_801) {
            let back = ny.to_utc(ny.wall(utc));
            assert!(
                back == utc || back == utc - 3600,
                "{utc} came back as {back}"
            );
        }
        assert!(ZoneTable::new("Mars/Olympus").is_err());
    }

    #[test]
    fn times_of_day_read_and_write() {
        assert_eq!("09:30".parse::<TimeOfDay>().unwrap().since_roll(), 55_800);
        assert_eq!("18:00".parse::<TimeOfDay>().unwrap().since_roll(), 0);
        for bad in ["24:00", "9", "a:b", "09:60", "09:30:00:00", "", "+9:30"] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
        }
    }

    #[test]
    fn instants_read_and_write() {
        assert_eq!(
            format_utc(parse_utc("2024-03-04T09:30:00-05:00").unwrap()),
            "2024-03-04T14:30:00Z"
        );
        assert!(parse_utc("2024-03-04 14:30").is_err());
    }
}
