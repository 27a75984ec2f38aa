//! The exchange's sessions: which bar belongs to which trading day, and when that day closes.
//!
//! A session runs from 18:00 to 17:00 New York time. The calendar lists what is not regular:
//! early closes and closed days (`assets/calendar/cme_equity.csv`, 2015 to 2027; outside those
//! years every weekday counts as regular). A bar belongs to the day of its open time; bars
//! between the close and the roll, on weekends and on closed days belong to none.

use std::collections::BTreeMap;

use crate::market::Bars;
use crate::time::{FULL_SESSION_SECS, TimeOfDay, TradingDay, ZoneTable};

/// A calendar that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("session calendar, line {line}: {problem}")]
pub struct CalendarError {
    /// Line of the text, from 1 (or entry of the table).
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// What a date that is not a regular session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exception {
    /// The exchange does not open.
    Closed,
    /// Trading stops at this New York time.
    EarlyClose(TimeOfDay),
}

/// Early closes and closed days by trading day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionCalendar {
    exceptions: BTreeMap<TradingDay, Exception>,
}

impl SessionCalendar {
    /// The calendar that ships with the programme.
    pub fn builtin() -> Self {
        Self::parse(include_str!("../../../../assets/calendar/cme_equity.csv")).unwrap_or_default()
    }

    /// Reads `date,close_et,reason` lines; `#` begins a comment, the first line is the header.
    ///
    /// # Errors
    /// The first line that is not of that form.
    pub fn parse(text: &str) -> Result<Self, CalendarError> {
        let lines = text
            .lines()
            .enumerate()
            .filter(|(_, l)| !l.trim().is_empty() && !l.starts_with('#'))
            .skip(1);
        let mut calendar = Self::default();
        for (i, line) in lines {
            let mut cells = line.splitn(3, ',');
            let (date, close) = (cells.next().unwrap_or(""), cells.next().unwrap_or(""));
            calendar
                .insert(date, close)
                .map_err(|problem| CalendarError {
                    line: i + 1,
                    problem,
                })?;
        }
        Ok(calendar)
    }

    /// A calendar from a table of dates and `"13:00"` or `"closed"`.
    ///
    /// # Errors
    /// The first entry that is not of that form.
    pub fn from_table(table: &BTreeMap<String, String>) -> Result<Self, CalendarError> {
        let mut calendar = Self::default();
        for (i, (date, close)) in table.iter().enumerate() {
            calendar
                .insert(date, close)
                .map_err(|problem| CalendarError {
                    line: i + 1,
                    problem,
                })?;
        }
        Ok(calendar)
    }

    fn insert(&mut self, date: &str, close: &str) -> Result<(), String> {
        let day: TradingDay = date
            .parse()
            .map_err(|e: crate::time::TimeError| e.to_string())?;
        let exception = if close.trim() == "closed" {
            Exception::Closed
        } else {
            let at: TimeOfDay = close
                .parse()
                .map_err(|e: crate::time::TimeError| format!("{e}, nor \"closed\""))?;
            if at.since_roll() == 0 || at.since_roll() > FULL_SESSION_SECS {
                return Err(format!("an early close at {at} is outside the session"));
            }
            Exception::EarlyClose(at)
        };
        self.exceptions.insert(day, exception);
        Ok(())
    }

    /// What is irregular about a day, if anything.
    pub fn exception(&self, day: TradingDay) -> Option<Exception> {
        self.exceptions.get(&day).copied()
    }

    /// Seconds from the roll to the close of a day's session; `None` when the exchange is closed.
    pub fn close_secs(&self, day: TradingDay) -> Option<i64> {
        match self.exception(day) {
            _ if day.is_weekend() => None,
            Some(Exception::Closed) => None,
            Some(Exception::EarlyClose(at)) => Some(at.since_roll()),
            None => Some(FULL_SESSION_SECS),
        }
    }

    /// Whether the day has an early close.
    pub fn is_half_day(&self, day: TradingDay) -> bool {
        matches!(self.exception(day), Some(Exception::EarlyClose(_)))
    }
}

/// One trading day of a bar file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionDay {
    /// The date on which it closes.
    pub day: TradingDay,
    /// Unix seconds of its roll (18:00 New York time of the date before).
    pub roll_utc: i64,
    /// Seconds from the roll to the exchange's close (early closes included).
    pub close_secs: i64,
    /// Whether the exchange closes early.
    pub half_day: bool,
    /// First bar of the day.
    pub first: usize,
    /// Last bar of the day.
    pub last: usize,
}

/// Marks a bar outside every session.
pub const NO_DAY: u32 = u32::MAX;

/// Which trading day each bar belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sessions {
    /// Index into `days` per bar, or [`NO_DAY`].
    pub day_of: Vec<u32>,
    /// The days that have bars, in order.
    pub days: Vec<SessionDay>,
}

impl Sessions {
    /// Assigns bars to trading days. Looks at open times only, each by itself.
    pub fn new(bars: &Bars, calendar: &SessionCalendar) -> Self {
        let zone = ZoneTable::new_york();
        let mut day_of = Vec::with_capacity(bars.len());
        let mut days: Vec<SessionDay> = Vec::new();
        // The date of the bar before: the zone is asked once a day, not once a bar.
        let (mut roll_utc, mut next_roll_utc, mut today) = (0, 0, None);
        for (i, &utc) in bars.open_time.iter().enumerate() {
            if utc < roll_utc || utc >= next_roll_utc {
                let day = TradingDay::of_wall(zone.wall(utc));
                roll_utc = zone.to_utc(day.roll_wall());
                next_roll_utc = zone.to_utc(TradingDay(day.0 + 1).roll_wall());
                today = calendar.close_secs(day).map(|close_secs| (day, close_secs));
            }
            let Some((day, close_secs)) = today.filter(|_| utc - roll_utc < FULL_SESSION_SECS)
            else {
                day_of.push(NO_DAY);
                continue;
            };
            match days.last_mut() {
                Some(d) if d.day == day => d.last = i,
                _ => days.push(SessionDay {
                    day,
                    roll_utc,
                    close_secs,
                    half_day: calendar.is_half_day(day),
                    first: i,
                    last: i,
                }),
            }
            day_of.push(days.len() as u32 - 1);
        }
        Self { day_of, days }
    }

    /// The trading day of a bar, if it has one.
    pub fn day(&self, bar: usize) -> Option<&SessionDay> {
        self.days.get(self.day_of[bar] as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Instruments;
    use crate::time::parse_utc;

    #[test]
    fn the_shipped_calendar_knows_the_awkward_days() {
        let c = SessionCalendar::builtin();
        let close = |d: &str| c.close_secs(d.parse().unwrap()).map(|s| s - 6 * 3600);
        assert_eq!(close("2024-11-28"), Some(13 * 3600));
        assert_eq!(close("2024-11-29"), Some(13 * 3600 + 900));
        assert_eq!(close("2024-03-29"), None, "Good Friday");
        assert_eq!(
            close("2023-04-07"),
            Some(9 * 3600 + 900),
            "Good Friday with a jobs report"
        );
        assert_eq!(
            close("2018-12-05"),
            Some(9 * 3600 + 1800),
            "day of mourning"
        );
        assert_eq!(close("2024-12-25"), None);
        assert_eq!(close("2024-03-04"), Some(17 * 3600));
        assert_eq!(close("2024-03-09"), None, "Saturday");
    }

    #[test]
    fn bars_find_their_day() {
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 60);
        let times = [
            "2024-03-08T21:59:00Z", // Friday 16:59
            "2024-03-08T22:30:00Z", // Friday 17:30: halt
            "2024-03-09T15:00:00Z", // Saturday
            "2024-03-10T21:59:00Z", // Sunday 17:59, summer time since 02:00
            "2024-03-10T22:00:00Z", // Sunday 18:00 is Monday
            "2024-03-29T15:00:00Z", // Good Friday
        ];
        for t in times {
            bars.push(parse_utc(t).unwrap(), [4, 4, 4, 4], 0.0);
        }
        let s = Sessions::new(&bars, &SessionCalendar::builtin());
        assert_eq!(s.day_of, [0, NO_DAY, NO_DAY, NO_DAY, 1, NO_DAY]);
        assert_eq!(s.days[1].day.to_string(), "2024-03-11");
        assert_eq!(
            s.days[1].roll_utc,
            parse_utc("2024-03-10T22:00:00Z").unwrap()
        );
    }

    #[test]
    fn bad_calendars_name_the_line() {
        let e = SessionCalendar::parse(
            "date,close_et,reason\n2024-01-01,closed,x\n2024-13-01,closed,y",
        )
        .unwrap_err();
        assert_eq!(e.line, 3);
        assert!(SessionCalendar::parse("h\n2024-01-01,17:30,x").is_err());
    }

    #[test]
    fn every_session_of_the_exchange_from_2015_to_2027_is_the_calendars() {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/data/cme_equity_sessions.csv"
        );
        let Ok(text) = std::fs::read_to_string(file) else {
            println!("skipped: the table of sessions is not here");
            return;
        };
        let calendar = SessionCalendar::builtin();
        let zone = ZoneTable::new_york();
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap().split(',').collect();
        let column = |name: &str| header.iter().position(|h| *h == name).unwrap();
        let (date, opens, closes) = (
            column("session_date"),
            column("open_utc"),
            column("close_utc"),
        );
        let mut open_days = std::collections::BTreeSet::new();
        for line in lines {
            let cells: Vec<&str> = line.split(',').collect();
            let day: TradingDay = cells[date].parse().unwrap();
            let roll = zone.to_utc(day.roll_wall());
            assert_eq!(roll, parse_utc(cells[opens]).unwrap(), "opening of {line}");
            let close = calendar.close_secs(day).map(|secs| roll + secs);
            assert_eq!(close, parse_utc(cells[closes]).ok(), "close of {line}");
            open_days.insert(day);
        }
        assert_eq!(open_days.len(), 3358);
        let (first, last) = (*open_days.first().unwrap(), *open_days.last().unwrap());
        for day in (first.0..=last.0).map(TradingDay) {
            let open = calendar.close_secs(day).is_some();
            assert_eq!(open, open_days.contains(&day), "{day}");
        }
    }
}
