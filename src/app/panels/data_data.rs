//! What the Data page shows of an import: facts as rows, problems as a table, the split in sessions.

use holdout_core::market::{Sessions, Split, SplitRatios};
use holdout_core::time::parse_utc;
use holdout_store::{ImportOptions, Inspection, Severity, Stamp};

use crate::app::context::Market;
use crate::report::{chart_ticks, number};

/// What the user says over the detection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Root symbol.
    pub market: Option<String>,
    /// Zone.
    pub zone: Option<String>,
    /// Which end of the bar is stamped.
    pub stamp: Option<Stamp>,
    /// Dialect.
    pub dialect: Option<String>,
}

impl Overrides {
    /// What an import was told.
    pub fn of(options: &ImportOptions) -> Self {
        Self {
            market: options.market.clone(),
            zone: options.zone.clone(),
            stamp: options.stamp,
            dialect: options.dialect.clone(),
        }
    }

    /// As options of an import.
    pub fn options(&self) -> ImportOptions {
        ImportOptions {
            market: self.market.clone(),
            zone: self.zone.clone(),
            stamp: self.stamp,
            dialect: self.dialect.clone(),
            ..ImportOptions::default()
        }
    }
}

/// Zones offered for stamps without one.
pub const ZONES: [&str; 6] = [
    "America/New_York",
    "America/Chicago",
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Tokyo",
];

/// Facts of an import as name and value.
pub fn facts(market: &Market) -> Vec<(&'static str, String)> {
    let i = &market.dataset.inspection;
    let span = |t: &Option<String>| {
        t.as_deref()
            .and_then(|t| parse_utc(t).ok())
            .map_or_else(|| "n/a".to_owned(), |t| chart_ticks::stamp(t as f64))
    };
    vec![
        ("Rows", number::count(i.bars)),
        ("Interval", interval(i.interval_seconds)),
        ("Sessions", number::count(i.sessions)),
        ("First bar", span(&i.first)),
        ("Last bar", span(&i.last)),
        (
            "Volume",
            if i.has_volume {
                "yes".to_owned()
            } else {
                "not in the file".to_owned()
            },
        ),
        ("Dropped rows", number::count(i.dropped)),
        (
            "Contracts",
            if i.symbols.is_empty() {
                "not named".to_owned()
            } else {
                i.symbols.join(", ")
            },
        ),
    ]
}

/// A bar length for people.
pub fn interval(secs: i64) -> String {
    match secs {
        s if s > 0 && s % 86_400 == 0 => format!("{} d", s / 86_400),
        s if s > 0 && s % 3_600 == 0 => format!("{} h", s / 3_600),
        s if s > 0 && s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

/// A row of the problems table.
#[derive(Debug, Clone, PartialEq)]
pub struct ProblemRow {
    /// Kind and count, in the first row of a kind.
    pub kind: Option<(&'static str, Severity, u64)>,
    /// Line of the file.
    pub line: String,
    /// Time of the bar, for people.
    pub time: String,
    /// The same as an instant, to look there.
    pub utc: Option<i64>,
    /// What was found.
    pub detail: String,
}

/// The problems with their examples, most serious first.
pub fn problem_rows(inspection: &Inspection) -> Vec<ProblemRow> {
    let mut rows = Vec::new();
    for p in &inspection.problems {
        let mut kind = Some((p.kind.name(), p.severity, p.count));
        for e in &p.examples {
            let utc = e.time.as_deref().and_then(|t| parse_utc(t).ok());
            rows.push(ProblemRow {
                kind: kind.take(),
                line: e.line.map_or_else(String::new, number::count),
                time: utc.map_or_else(
                    || e.time.clone().unwrap_or_default(),
                    |t| chart_ticks::stamp(t as f64),
                ),
                utc,
                detail: e.detail.clone(),
            });
        }
        if kind.is_some() {
            rows.push(ProblemRow {
                kind,
                line: String::new(),
                time: String::new(),
                utc: None,
                detail: String::new(),
            });
        }
    }
    rows
}

/// A problem kind for people: `high_below_low` is "high below low".
pub fn kind_words(name: &str) -> String {
    name.replace('_', " ")
}

/// First session of validation and of test, counted from 0.
pub fn bounds(sessions: &Sessions, split: &Split) -> [usize; 2] {
    let of = |day| sessions.days.partition_point(|d| d.day < day);
    [of(split.validation.0), of(split.test.0)]
}

/// Shares that put the bounds at these sessions; kept apart so that each part has a session.
pub fn ratios(n: usize, bounds: [usize; 2]) -> SplitRatios {
    let n = n.max(3);
    let a = bounds[0].clamp(1, n - 2);
    let b = bounds[1].clamp(a + 1, n - 1);
    SplitRatios {
        train: a as f64 / n as f64,
        validation: (b - a) as f64 / n as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdout_core::market::{Bars, Instruments, SessionCalendar};

    #[test]
    fn bounds_and_shares_are_inverse() {
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 3600);
        for h in 0..24 * 60 {
            bars.push(1_709_500_000 / 3600 * 3600 + h * 3600, [4, 4, 4, 4], 0.0);
        }
        let sessions = Sessions::new(&bars, &SessionCalendar::builtin());
        let n = sessions.days.len();
        for wanted in [[1, 2], [10, 30], [n - 2, n - 1]] {
            let split = Split::by_ratio(&sessions, ratios(n, wanted)).unwrap();
            assert_eq!(bounds(&sessions, &split), wanted);
        }
        assert_eq!(
            ratios(10, [9, 3]),
            ratios(10, [8, 9]),
            "bounds that cross are pushed apart"
        );
    }

    #[test]
    fn bar_lengths_are_written_for_people() {
        assert_eq!(
            [60, 300, 3_600, 86_400, 90].map(interval),
            ["1 min", "5 min", "1 h", "1 d", "90 s"]
        );
        assert_eq!(kind_words("high_below_low"), "high below low");
    }
}
