//! Reads the time stamps of all dialects: epochs, ISO forms, dates in three orders, split cells.

use std::str::FromStr;

use holdout_core::time::DAY_SECS;
use serde::{Deserialize, Serialize};

use super::number;

/// Order of the numbers of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// Year, month, day; also without separators.
    Ymd,
    /// Month, day, year.
    Mdy,
    /// Day, month, year.
    Dmy,
}

impl DateOrder {
    /// `ymd`, `mdy` or `dmy`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ymd => "ymd",
            Self::Mdy => "mdy",
            Self::Dmy => "dmy",
        }
    }
}

impl FromStr for DateOrder {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        [Self::Ymd, Self::Mdy, Self::Dmy]
            .into_iter()
            .find(|o| o.name() == s)
            .ok_or_else(|| format!("\"{s}\" is no order of a date; expected ymd, mdy or dmy"))
    }
}

/// How a time stamp is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFormat {
    /// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size.
    Epoch,
    /// A date and a time of day, with or without an offset to UTC.
    Civil(DateOrder),
    /// Milliseconds since midnight of a day that the file names elsewhere, in days since 1970.
    MillisOfDay(i64),
}

/// A stamp as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Unix seconds.
    Utc(i64),
    /// Seconds of a clock on the wall of a zone that the stamp does not name.
    Wall(i64),
}

/// Reads a stamp in one cell. Parts of a second are cut off.
pub(crate) fn parse(cell: &[u8], format: TimeFormat) -> Option<Moment> {
    match format {
        TimeFormat::Epoch => epoch(cell).map(Moment::Utc),
        TimeFormat::MillisOfDay(day) => number::parse_int(cell)
            .filter(|ms| (0..DAY_SECS * 1_000).contains(ms))
            .map(|ms| Moment::Wall(day * DAY_SECS + ms / 1_000)),
        TimeFormat::Civil(_) => StampReader::default().parse(cell, format),
    }
}

/// Reads a stamp of which date and time of day are two cells.
pub(crate) fn parse_split(date_cell: &[u8], clock_cell: &[u8], order: DateOrder) -> Option<Moment> {
    StampReader::default().parse_split(date_cell, clock_cell, order)
}

fn epoch(cell: &[u8]) -> Option<i64> {
    let whole = match cell.iter().position(|&b| b == b'.') {
        Some(dot) if cell[dot + 1..].iter().all(u8::is_ascii_digit) => &cell[..dot],
        Some(_) => return None,
        None => cell,
    };
    let n = number::parse_int(whole)?;
    match whole.len() {
        9 | 10 => Some(n),
        12 | 13 => Some(n / 1_000),
        15 | 16 => Some(n / 1_000_000),
        18 | 19 => Some(n / 1_000_000_000),
        _ => None,
    }
}

fn with_clock(days: i64, text: &[u8]) -> Option<Moment> {
    let (secs, used) = clock(text)?;
    let wall = days * DAY_SECS + secs;
    let behind = text[used..].trim_ascii();
    // "GMT+0100" is an offset with its name in front.
    let behind = match behind {
        [b'G', b'M', b'T', rest @ ..] | [b'U', b'T', b'C', rest @ ..] if !rest.is_empty() => rest,
        _ => behind,
    };
    match behind {
        [] => Some(Moment::Wall(wall)),
        b"Z" | b"z" | b"UTC" | b"GMT" => Some(Moment::Utc(wall)),
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let offset = offset_secs(rest)?;
            Some(Moment::Utc(if *sign == b'+' {
                wall - offset
            } else {
                wall + offset
            }))
        }
        _ => None,
    }
}

fn offset_secs(text: &[u8]) -> Option<i64> {
    let (h, m) = match text {
        [h1, h2] => ([*h1, *h2], *b"00"),
        [h1, h2, m1, m2] | [h1, h2, b':', m1, m2] => ([*h1, *h2], [*m1, *m2]),
        _ => return None,
    };
    let (h, m) = (number::parse_int(&h)?, number::parse_int(&m)?);
    (h <= 18 && m < 60).then_some(h * 3600 + m * 60)
}

/// Days since 1970 of a date at the beginning of a text, and how many bytes it took.
fn date(text: &[u8], order: DateOrder) -> Option<(i64, usize)> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    if digits == 8 && order == DateOrder::Ymd {
        let n = number::parse_int(&text[..8])?;
        return days_of(n / 10_000, n / 100 % 100, n % 100).map(|d| (d, 8));
    }
    if let Some(found) = date_in_words(text, order) {
        return Some(found);
    }
    let mut parts = [0_i64; 3];
    let mut lengths = [0_usize; 3];
    let (mut part, mut used) = (0, 0);
    for &b in text {
        if b.is_ascii_digit() {
            if lengths[part] == 4 {
                return None;
            }
            parts[part] = parts[part] * 10 + i64::from(b - b'0');
            lengths[part] += 1;
        } else if matches!(b, b'-' | b'/' | b'.') && part < 2 && lengths[part] > 0 {
            // Nobody writes the month first with dots.
            if b == b'.' && order == DateOrder::Mdy {
                return None;
            }
            part += 1;
        } else {
            break;
        }
        used += 1;
    }
    if part != 2 || lengths.contains(&0) {
        return None;
    }
    let [a, b, c] = parts;
    let (year, month, day, year_at) = match order {
        DateOrder::Ymd => (a, b, c, 0),
        DateOrder::Mdy => (c, a, b, 2),
        DateOrder::Dmy => (c, b, a, 2),
    };
    let year = match lengths[year_at] {
        4 => year,
        2 => 2000 + year,
        _ => return None,
    };
    days_of(year, month, day).map(|d| (d, used))
}

/// A date with the month's name: `02-Jan-2024` and `2 January 24` day first, `Jan 2, 2024` month
/// first.
fn date_in_words(text: &[u8], order: DateOrder) -> Option<(i64, usize)> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    if order == DateOrder::Ymd || !text.iter().take(4).any(u8::is_ascii_alphabetic) {
        return None;
    }
    let mut at = 0;
    let mut word = || {
        let rest = text.get(at..)?;
        let marks = rest.iter().take_while(|b| b"- /.,".contains(b)).count();
        let rest = &rest[marks..];
        let letters = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        // Exactly one mark between two words, or a comma and a blank.
        let apart = match (at, &text[at..at + marks]) {
            (0, mark) => mark.is_empty(),
            (_, mark) => mark.len() == 1 || mark == b", ",
        };
        at += marks + letters.max(digits);
        apart.then_some(&rest[..letters.max(digits)])
    };
    let (first, second, year) = (word()?, word()?, word()?);
    let (day, name) = if order == DateOrder::Dmy {
        (first, second)
    } else {
        (second, first)
    };
    let name = std::str::from_utf8(name).ok()?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|m| m.starts_with(&name))?;
    let years = number::parse_int(year)?;
    let year = match year.len() {
        4 => years,
        2 => 2000 + years,
        _ => return None,
    };
    if name.len() < 3 || !(1..=2).contains(&day.len()) {
        return None;
    }
    days_of(year, month as i64 + 1, number::parse_int(day)?).map(|d| (d, at))
}

/// Days since 1970-01-01; `None` for dates that do not exist or lie outside 1970 to 2200.
fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1970..=2200).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    // Years are counted from March, so that the leap day is the last day of a year.
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let day_of_year = (153 * m + 2) / 5 + day - 1;
    Some(y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719_468)
}

/// Seconds of a time of day at the beginning of a text, and how many bytes it took.
fn clock(text: &[u8]) -> Option<(i64, usize)> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (h, m, s, mut used) = match digits {
        6 => (two(text, 0)?, two(text, 2)?, two(text, 4)?, 6),
        4 => (two(text, 0)?, two(text, 2)?, 0, 4),
        1 | 2 if text.get(digits) == Some(&b':') => {
            let h = number::parse_int(&text[..digits])?;
            let m = two(text, digits + 1)?;
            if text.get(digits + 3) == Some(&b':') {
                (h, m, two(text, digits + 4)?, digits + 6)
            } else {
                (h, m, 0, digits + 3)
            }
        }
        _ => return None,
    };
    if text.get(used).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    if text.get(used) == Some(&b'.') {
        let part = text[used + 1..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        if part == 0 || part > 9 {
            return None;
        }
        used += 1 + part;
    }
    let mut h = h;
    if let Some((afternoon, len)) = half_of_day(&text[used..]) {
        if !(1..=12).contains(&h) {
            return None;
        }
        h = h % 12 + if afternoon { 12 } else { 0 };
        used += len;
    }
    // "24:00" is the midnight that ends a day.
    let in_day = h < 24 || (h == 24 && m == 0 && s == 0);
    (in_day && m < 60 && s < 60).then_some((h * 3600 + m * 60 + s, used))
}

/// Whether a text goes on with PM rather than AM, and how many bytes say so: `PM`, ` pm`, `p.m.`, also
/// behind a blank that does not break.
fn half_of_day(text: &[u8]) -> Option<(bool, usize)> {
    let mut rest = text;
    while let [b' ', after @ ..] | [0xc2, 0xa0, after @ ..] | [0xe2, 0x80, 0xaf, after @ ..] = rest
    {
        rest = after;
    }
    let [half @ (b'a' | b'A' | b'p' | b'P'), after @ ..] = rest else {
        return None;
    };
    let [b'm' | b'M', ..] = after else {
        let ([b'.', b'm' | b'M', b'.', behind @ ..] | [b'.', b' ', b'm' | b'M', b'.', behind @ ..]) =
            after
        else {
            return None;
        };
        return Some((half.eq_ignore_ascii_case(&b'p'), text.len() - behind.len()));
    };
    let behind = &after[1..];
    Some((half.eq_ignore_ascii_case(&b'p'), text.len() - behind.len()))
}

fn two(text: &[u8], at: usize) -> Option<i64> {
    match text.get(at..at + 2)? {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(i64::from((a - b'0') * 10 + (b - b'0'))),
        _ => None,
    }
}

/// Reads stamps one after the other; a date that repeats is worked out once.
#[derive(Default)]
pub(crate) struct StampReader {
    date: Vec<u8>,
    days: i64,
}

impl StampReader {
    /// As [`parse`].
    pub(crate) fn parse(&mut self, cell: &[u8], format: TimeFormat) -> Option<Moment> {
        let TimeFormat::Civil(order) = format else {
            return parse(cell, format);
        };
        let n = self.date.len();
        let again = n > 0 && cell.len() > n && cell[..n] == self.date && !cell[n].is_ascii_digit();
        if !again {
            let (days, used) = date(cell, order)?;
            self.days = days;
            self.date.clear();
            self.date.extend_from_slice(&cell[..used]);
        }
        match &cell[self.date.len()..] {
            [b' ' | b'T' | b't', rest @ ..] | [b',', b' ', rest @ ..] => {
                with_clock(self.days, rest.trim_ascii_start())
            }
            // "20240116-14:30:00", which has no other dash.
            [b'-', rest @ ..] if self.date.len() == 8 => with_clock(self.days, rest),
            _ => None,
        }
    }

    /// As [`parse_split`].
    pub(crate) fn parse_split(
        &mut self,
        date_cell: &[u8],
        clock_cell: &[u8],
        order: DateOrder,
    ) -> Option<Moment> {
        if self.date != date_cell || date_cell.is_empty() {
            let (days, used) = date(date_cell, order)?;
            if used != date_cell.len() {
                return None;
            }
            self.days = days;
            self.date.clear();
            self.date.extend_from_slice(date_cell);
        }
        with_clock(self.days, clock_cell)
    }
}

#[cfg(test)]
mod tests {
    use holdout_core::time::{format_utc, parse_utc};

    use super::*;

    fn civil(text: &str, order: DateOrder) -> Option<Moment> {
        parse(text.as_bytes(), TimeFormat::Civil(order))
    }

    fn wall(text: &str) -> Option<Moment> {
        Some(Moment::Wall(parse_utc(text).unwrap()))
    }

    #[test]
    fn dates_agree_with_the_calendar_for_every_day() {
        for day in 0..60_000_i64 {
            let iso = format_utc(day * DAY_SECS);
            assert_eq!(
                civil(&iso, DateOrder::Ymd),
                Some(Moment::Utc(day * DAY_SECS)),
                "{iso}"
            );
        }
    }

    #[test]
    fn every_dialects_stamps_are_read() {
        let want = wall("2024-01-02T18:05:00Z");
        for text in [
            "20240102 180500",
            "2024-01-02 18:05",
            "2024-1-2T18:05:00.000000",
            "2024.01.02 18:05:00",
            "2024/1/2 6:05 PM",
        ] {
            assert_eq!(civil(text, DateOrder::Ymd), want, "{text}");
        }
        assert_eq!(civil("01/02/2024 18:05", DateOrder::Mdy), want);
        assert_eq!(civil("02.01.2024 18:05:00.000", DateOrder::Dmy), want);
        assert_eq!(
            parse_split(b"1/2/2024", b"18:05:00.5", DateOrder::Mdy),
            want
        );
        assert_eq!(parse_split(b"20240102", b"180500", DateOrder::Ymd), want);
        let utc = Some(Moment::Utc(parse_utc("2024-01-02T23:05:00Z").unwrap()));
        for text in [
            "2024-01-02T18:05:00-05:00",
            "2024-01-02 18:05:00-0500",
            "2024-01-02T23:05:00.000000000Z",
            "2024-01-02 23:05:00 UTC",
        ] {
            assert_eq!(civil(text, DateOrder::Ymd), utc, "{text}");
        }
        for text in [
            "1704236700",
            "1704236700000",
            "1704236700000000",
            "1704236700000000000",
            "1704236700.0",
        ] {
            assert_eq!(parse(text.as_bytes(), TimeFormat::Epoch), utc, "{text}");
        }
        let dukascopy = civil("02.01.2024 18:05:00.000 GMT-0500", DateOrder::Dmy);
        assert_eq!(dukascopy, utc);
        for text in [
            "02-Jan-2024 18:05",
            "2 jan 24 18:05:00",
            "02/JAN/2024 6:05 PM",
            "2 January 2024, 6:05 p.m.",
            "02.01.2024, 18:05:00",
        ] {
            assert_eq!(civil(text, DateOrder::Dmy), want, "{text}");
            assert_eq!(civil(text, DateOrder::Ymd), None, "{text}");
        }
        for text in [
            "Jan 2, 2024 18:05",
            "January 02 2024 6:05 p. m.",
            "JAN-02-24 18:05:00",
            "1/2/2024, 6:05:00\u{202f}PM",
        ] {
            assert_eq!(civil(text, DateOrder::Mdy), want, "{text}");
            assert_eq!(civil(text, DateOrder::Ymd), None, "{text}");
        }
        for text in [
            "Ja 2, 2024 18:05",
            "Jan  2, 2024 18:05",
            "Jan 32, 2024 18:05",
        ] {
            assert_eq!(civil(text, DateOrder::Mdy), None, "{text}");
        }
        assert_eq!(civil("20240102-18:05:00", DateOrder::Ymd), want);
        let day = TimeFormat::MillisOfDay(19_724);
        assert_eq!(parse(b"65100000", day), want);
        assert_eq!(parse(b"86400000", day), None);
        assert_eq!(
            civil("2015-01-01 24:00", DateOrder::Ymd),
            wall("2015-01-02T00:00:00Z")
        );
    }

    #[test]
    fn a_reader_that_remembers_dates_reads_as_one_that_does_not() {
        let mut reader = StampReader::default();
        let format = TimeFormat::Civil(DateOrder::Ymd);
        let cells = [
            "2024-01-02 10:00",
            "2024-01-02 11:00",
            "2024-01-02",
            "2024-01-021 10:00",
            "2024-01-03T10:00Z",
            "2024-1-3 10:00",
            "2024-1-31 10:00",
            "20240103 101500",
            "20240103 101600",
            "2024-02-30 10:00",
            "20240103 10:17",
            "",
        ];
        for text in cells {
            let cell = text.as_bytes();
            assert_eq!(
                reader.parse(cell, format),
                StampReader::default().parse(cell, format),
                "{text}"
            );
        }
        assert_eq!(
            reader.parse_split(b"2024-01-02", b"10:00", DateOrder::Ymd),
            wall("2024-01-02T10:00:00Z")
        );
        assert_eq!(
            reader.parse_split(b"2024-01-02", b"10:01", DateOrder::Ymd),
            wall("2024-01-02T10:01:00Z")
        );
        assert_eq!(reader.parse_split(b"", b"10:01", DateOrder::Ymd), None);
    }

    #[test]
    fn impossible_stamps_are_refused() {
        let bad = [
            "2023-02-29 10:00",
            "2024-13-01 10:00",
            "2024-00-10 10:00",
            "2024-01-02 24:01",
            "2024-01-02 10:60",
            "2024-01-02",
            "2024-01-02 10",
            "2024-01-02x10:00",
            "1850-01-01 10:00",
            "2024-01-02 10:00 US/Eastern",
            "2024-01-02 13:00 PM",
            "",
            "2024-01-02 10:00:00+25:00",
            "2024-01-02 10:00 GMTX",
            "20240102",
            "2024-01-02 100000000",
        ];
        for text in bad {
            assert_eq!(civil(text, DateOrder::Ymd), None, "{text}");
        }
        for text in ["12", "17042367001", "-5", "1704236700.x"] {
            assert_eq!(parse(text.as_bytes(), TimeFormat::Epoch), None, "{text}");
        }
    }
}
