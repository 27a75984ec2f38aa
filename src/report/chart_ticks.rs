//! Where the ticks of an axis are: round numbers, and round times of the New York calendar.

use std::sync::LazyLock;

use holdout_core::time::{DAY_SECS, TradingDay, ZoneTable};
use jiff::civil;

use super::chart::Unit;

static NEW_YORK: LazyLock<ZoneTable> = LazyLock::new(ZoneTable::new_york);

/// One tick.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Where.
    pub at: f64,
    /// What is written there.
    pub label: String,
}

/// Ticks of an axis and the distance between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticks {
    /// In ascending order.
    pub ticks: Vec<Tick>,
    /// Distance; approximate for months.
    pub step: f64,
}

/// Ticks of an axis from `lo` to `hi`, at most `max` of them (and at least room for two).
pub fn ticks(unit: Unit, lo: f64, hi: f64, max: usize) -> Ticks {
    if unit == Unit::Time {
        calendar(lo, hi, max)
    } else {
        round_numbers(unit, lo, hi, max)
    }
}

/// Ticks of an upright axis this long, one in `each` points; none where not even two have room.
pub fn upright(unit: Unit, [lo, hi]: [f64; 2], length: f64, each: f64) -> Ticks {
    if length < 26.0 {
        return Ticks {
            ticks: Vec::new(),
            step: 1.0,
        };
    }
    ticks(unit, lo, hi, (length / each) as usize)
}

/// The smallest of 1, 2, 2.5 or 5 times a power of ten that gives at most `max` ticks.
pub fn round_step(span: f64, max: usize, whole: bool) -> f64 {
    let raw = (span / max.max(1) as f64).max(f64::MIN_POSITIVE);
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|m| m * power)
        .find(|&s| s >= raw * (1.0 - 1e-9))
        .unwrap_or(10.0 * power);
    if whole { step.max(1.0).ceil() } else { step }
}

fn round_numbers(unit: Unit, lo: f64, hi: f64, max: usize) -> Ticks {
    if hi <= lo || !lo.is_finite() || !hi.is_finite() {
        return Ticks {
            ticks: Vec::new(),
            step: 1.0,
        };
    }
    let among = |max: usize| {
        let step = round_step(hi - lo, max, unit == Unit::Count);
        let first = (lo / step - 1e-9).ceil() as i64;
        (step, first, (hi / step + 1e-9).floor() as i64)
    };
    // One tick tells no scale: a finer step is taken where the round one leaves fewer than two.
    let max = max.max(2);
    let (step, first, last) = (max..max + 4)
        .map(among)
        .find(|&(_, first, last)| last > first)
        .unwrap_or_else(|| among(max));
    let ticks = (first..=last)
        .take(1_000)
        .map(|i| i as f64 * step)
        .map(|at| Tick {
            at,
            label: unit.tick(at, step),
        })
        .collect();
    Ticks { ticks, step }
}

/// Steps in seconds; beyond a week they count months.
const STEPS: [i64; 14] = [
    60,
    300,
    900,
    1_800,
    3_600,
    7_200,
    10_800,
    21_600,
    43_200,
    DAY_SECS,
    2 * DAY_SECS,
    7 * DAY_SECS,
    14 * DAY_SECS,
    MONTH,
];
const MONTH: i64 = 30 * DAY_SECS;

fn calendar(lo: f64, hi: f64, max: usize) -> Ticks {
    if hi <= lo || !lo.is_finite() || !hi.is_finite() || hi.abs() > 1e11 || lo.abs() > 1e11 {
        return Ticks {
            ticks: Vec::new(),
            step: 1.0,
        };
    }
    let raw = (hi - lo) / max.max(2) as f64;
    let step = STEPS.into_iter().find(|&s| s as f64 >= raw);
    match step {
        Some(step) if step < MONTH => by_seconds(lo, hi, step),
        _ => by_months(lo, hi, raw),
    }
}

fn by_seconds(lo: f64, hi: f64, step: i64) -> Ticks {
    let (from, to) = (
        NEW_YORK.wall(lo.floor() as i64),
        NEW_YORK.wall(hi.ceil() as i64),
    );
    // Multiples of days count from a Monday.
    let origin = if step > DAY_SECS { 4 * DAY_SECS } else { 0 };
    let mut wall = origin + (from - origin).div_euclid(step) * step;
    let mut ticks = Vec::new();
    while wall <= to && ticks.len() < 1_000 {
        let utc = NEW_YORK.to_utc(wall);
        let at = utc as f64;
        // Wall times that the spring change skips come back as another time: no tick there.
        if at >= lo && at <= hi && NEW_YORK.wall(utc) == wall {
            ticks.push(Tick {
                at,
                label: time_label(wall, step),
            });
        }
        wall += step;
    }
    Ticks {
        ticks,
        step: step as f64,
    }
}

fn time_label(wall: i64, step: i64) -> String {
    let date = TradingDay(wall.div_euclid(DAY_SECS) as i32).date();
    let second = wall.rem_euclid(DAY_SECS);
    if step >= DAY_SECS || second == 0 {
        if date.day_of_year() == 1 {
            date.strftime("%Y").to_string()
        } else {
            date.strftime("%b %-d").to_string()
        }
    } else {
        format!("{:02}:{:02}", second / 3_600, second / 60 % 60)
    }
}

fn by_months(lo: f64, hi: f64, raw: f64) -> Ticks {
    let months = raw / (365.25 / 12.0 * DAY_SECS as f64);
    let every = [1, 2, 3, 6, 12, 24, 60, 120]
        .into_iter()
        .find(|&m| f64::from(m) >= months)
        .unwrap_or(240);
    let wall = NEW_YORK.wall(lo.floor() as i64);
    let start = TradingDay(wall.div_euclid(DAY_SECS) as i32).date();
    let mut month =
        (i32::from(start.year()) * 12 + i32::from(start.month()) - 1).div_euclid(every) * every;
    let mut ticks = Vec::new();
    while ticks.len() < 1_000 {
        let (year, of_year) = (month.div_euclid(12), month.rem_euclid(12));
        let Ok(date) = civil::Date::new(year as i16, of_year as i8 + 1, 1) else {
            break;
        };
        let at = NEW_YORK.to_utc(i64::from(TradingDay::from_date(date).0) * DAY_SECS) as f64;
        if at > hi {
            break;
        }
        if at >= lo {
            let label = if of_year == 0 {
                date.strftime("%Y")
            } else {
                date.strftime("%b")
            };
            ticks.push(Tick {
                at,
                label: label.to_string(),
            });
        }
        month += every;
    }
    // The first tick says the year, or a chart within one year would not name it.
    if let Some(first) = ticks.first_mut().filter(|t| t.label.len() == 3) {
        let wall = NEW_YORK.wall(first.at as i64);
        first.label = TradingDay(wall.div_euclid(DAY_SECS) as i32)
            .date()
            .strftime("%b %Y")
            .to_string();
    }
    Ticks {
        ticks,
        step: (i64::from(every) * MONTH) as f64,
    }
}

/// An instant as New York time, `2024-03-04 09:30 ET`; seconds only when there are some.
pub fn stamp(utc: f64) -> String {
    if !utc.is_finite() || utc.abs() > 1e11 {
        return "n/a".to_owned();
    }
    let wall = NEW_YORK.wall(utc.round() as i64);
    let date = TradingDay(wall.div_euclid(DAY_SECS) as i32).date();
    let s = wall.rem_euclid(DAY_SECS);
    if s % 60 == 0 {
        format!("{date} {:02}:{:02} ET", s / 3_600, s / 60 % 60)
    } else {
        format!(
            "{date} {:02}:{:02}:{:02} ET",
            s / 3_600,
            s / 60 % 60,
            s % 60
        )
    }
}

/// The New York date of an instant, `2024-03-04`.
pub fn date(utc: i64) -> String {
    TradingDay(NEW_YORK.wall(utc).div_euclid(DAY_SECS) as i32)
        .date()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdout_core::time::parse_utc;

    fn at(text: &str) -> f64 {
        parse_utc(text).unwrap() as f64
    }

    fn labels(t: &Ticks) -> Vec<&str> {
        t.ticks.iter().map(|t| t.label.as_str()).collect()
    }

    #[test]
    fn numbers_are_round_and_not_too_many() {
        let t = ticks(Unit::Usd, 47_312.0, 52_950.0, 6);
        assert_eq!(
            labels(&t),
            ["$48,000", "$49,000", "$50,000", "$51,000", "$52,000"]
        );
        assert_eq!(
            labels(&ticks(Unit::Count, 0.0, 3.0, 8)),
            ["0", "1", "2", "3"]
        );
        assert!(ticks(Unit::Plain, 1.0, 1.0, 5).ticks.is_empty());
        assert!(
            upright(Unit::Plain, [0.0, 1.0], 20.0, 30.0)
                .ticks
                .is_empty()
        );
        assert!(upright(Unit::Plain, [0.0, 1.0], 40.0, 30.0).ticks.len() >= 2);
        // A low panel with room for two still has a scale.
        for (lo, hi) in [(-3_900.0, 180.0), (0.081, 0.336), (-1.9, 1.9), (5.2, 11.9)] {
            let n = ticks(Unit::Plain, lo, hi, 2).ticks.len();
            assert!((2..=4).contains(&n), "{lo} to {hi}: {n}");
        }
        assert!(ticks(Unit::Plain, f64::NAN, 1.0, 5).ticks.is_empty());
    }

    #[test]
    fn intraday_ticks_are_new_york_times() {
        let t = ticks(
            Unit::Time,
            at("2024-03-04T14:10:00Z"),
            at("2024-03-04T17:10:00Z"),
            7,
        );
        assert_eq!(
            labels(&t),
            ["09:30", "10:00", "10:30", "11:00", "11:30", "12:00"]
        );
        let over_midnight = ticks(
            Unit::Time,
            at("2024-03-05T00:00:00Z"),
            at("2024-03-05T18:00:00Z"),
            8,
        );
        assert!(labels(&over_midnight).contains(&"Mar 5"));
    }

    #[test]
    fn the_clock_change_makes_no_false_tick() {
        let t = ticks(
            Unit::Time,
            at("2024-03-10T05:00:00Z"),
            at("2024-03-10T10:00:00Z"),
            6,
        );
        assert_eq!(
            labels(&t),
            ["Mar 10", "01:00", "03:00", "04:00", "05:00", "06:00"]
        );
        assert!(t.ticks.windows(2).all(|w| w[1].at - w[0].at == 3_600.0));
    }

    #[test]
    fn weeks_begin_on_monday_and_months_name_the_year() {
        let t = ticks(
            Unit::Time,
            at("2024-03-01T00:00:00Z"),
            at("2024-04-01T00:00:00Z"),
            6,
        );
        assert_eq!(labels(&t), ["Mar 4", "Mar 11", "Mar 18", "Mar 25"]);
        let t = ticks(
            Unit::Time,
            at("2023-06-10T00:00:00Z"),
            at("2024-06-10T00:00:00Z"),
            8,
        );
        assert_eq!(labels(&t)[..2], ["Jul 2023", "Sep"]);
        assert!(labels(&t).contains(&"2024"));
    }

    #[test]
    fn stamps_name_the_zone() {
        assert_eq!(stamp(at("2024-07-01T13:30:00Z")), "2024-07-01 09:30 ET");
        assert_eq!(stamp(at("2024-01-02T14:30:15Z")), "2024-01-02 09:30:15 ET");
        assert_eq!(
            date(parse_utc("2024-01-02T02:30:15Z").unwrap()),
            "2024-01-01"
        );
    }
}
