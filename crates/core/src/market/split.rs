//! Splits by whole sessions: train first, then validation, then test.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Sessions;
use crate::time::TradingDay;

/// Shares of sessions, in order of time. The rest after train and validation is test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SplitRatios {
    /// Share of sessions to train on.
    pub train: f64,
    /// Share of sessions to choose on.
    pub validation: f64,
}

impl SplitRatios {
    /// Shares of `n` sessions that put the first session of validation and of test at these places,
    /// counted from 0; kept apart so that each part has a session.
    pub fn at(n: usize, bounds: [usize; 2]) -> Self {
        let n = n.max(3);
        let a = bounds[0].clamp(1, n - 2);
        let b = bounds[1].clamp(a + 1, n - 1);
        Self {
            train: a as f64 / n as f64,
            validation: (b - a) as f64 / n as f64,
        }
    }

    /// Moves one bound (0: begin of validation, 1: begin of test) to a session; the other gives way.
    pub fn moved(n: usize, bounds: [usize; 2], k: usize, session: usize) -> Self {
        let n = n.max(3);
        let mut b = bounds;
        if k == 0 {
            b[0] = session.clamp(1, n - 2);
            b[1] = b[1].max(b[0] + 1);
        } else {
            b[1] = session.clamp(2, n - 1);
            b[0] = b[0].min(b[1] - 1);
        }
        Self::at(n, b)
    }
}

impl Default for SplitRatios {
    fn default() -> Self {
        Self {
            train: 0.70,
            validation: 0.15,
        }
    }
}

/// Part of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Bars the agent learns from.
    Train,
    /// Bars that choose among checkpoints.
    Validation,
    /// Bars that judge once.
    Test,
}

impl Part {
    /// All parts in order of time.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The name used in files and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

/// First and last trading day of each part, both included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Train.
    pub train: (TradingDay, TradingDay),
    /// Validation.
    pub validation: (TradingDay, TradingDay),
    /// Test.
    pub test: (TradingDay, TradingDay),
}

/// One part of a split in figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartFacts {
    /// Which part.
    pub part: Part,
    /// First trading day.
    pub first: TradingDay,
    /// Last trading day.
    pub last: TradingDay,
    /// Trading days.
    pub sessions: usize,
    /// Bars from its first to its last.
    pub bars: usize,
}

/// Why a split is impossible.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// Shares outside 0 to 1, or nothing left for test.
    #[error(
        "the shares of train ({train}) and validation ({validation}) must be positive and leave something for test"
    )]
    Ratios {
        /// Asked share of train.
        train: f64,
        /// Asked share of validation.
        validation: f64,
    },
    /// Too few sessions.
    #[error(
        "{sessions} sessions cannot be split into train, validation and test; at least 3 are needed"
    )]
    TooFew {
        /// Sessions in the data.
        sessions: usize,
    },
    /// A part would begin on or before the first day, or after the last.
    #[error("{day} leaves a part empty; the sessions of the file go from {first} to {last}")]
    Outside {
        /// Asked first day of a part.
        day: TradingDay,
        /// First day of the file.
        first: TradingDay,
        /// Last day of the file.
        last: TradingDay,
    },
}

/// The session, counted from 0, with which a part begins that is to begin on a day: the first one
/// on or after it.
///
/// # Errors
/// When a part would be left empty.
pub fn first_session(sessions: &Sessions, day: TradingDay) -> Result<usize, SplitError> {
    let days = &sessions.days;
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return Err(SplitError::TooFew { sessions: 0 });
    };
    if day <= first.day || day > last.day {
        return Err(SplitError::Outside {
            day,
            first: first.day,
            last: last.day,
        });
    }
    Ok(days.partition_point(|d| d.day < day))
}

impl Split {
    /// Cuts the sessions of a file by ratio, never inside one; every part gets at least one.
    ///
    /// # Errors
    /// On impossible shares and on fewer than three sessions.
    pub fn by_ratio(sessions: &Sessions, ratios: SplitRatios) -> Result<Self, SplitError> {
        let SplitRatios { train, validation } = ratios;
        let sane = train > 0.0 && validation > 0.0 && train + validation < 1.0;
        if !sane {
            return Err(SplitError::Ratios { train, validation });
        }
        let days = &sessions.days;
        let n = days.len();
        if n < 3 {
            return Err(SplitError::TooFew { sessions: n });
        }
        let a = ((n as f64 * train).round() as usize).clamp(1, n - 2);
        let b = ((n as f64 * (train + validation)).round() as usize).clamp(a + 1, n - 1);
        let span = |from: usize, to: usize| (days[from].day, days[to - 1].day);
        Ok(Self {
            train: span(0, a),
            validation: span(a, b),
            test: span(b, n),
        })
    }

    /// First and last day of a part.
    pub fn days(&self, part: Part) -> (TradingDay, TradingDay) {
        match part {
            Part::Train => self.train,
            Part::Validation => self.validation,
            Part::Test => self.test,
        }
    }

    /// First session of validation and of test, counted from 0.
    pub fn bounds(&self, sessions: &Sessions) -> [usize; 2] {
        let of = |day| sessions.days.partition_point(|d| d.day < day);
        [of(self.validation.0), of(self.test.0)]
    }

    /// The parts in figures, in order of time.
    pub fn facts(&self, sessions: &Sessions) -> [PartFacts; 3] {
        let [a, b] = self.bounds(sessions);
        let counts = [a, b - a, sessions.days.len() - b];
        [0, 1, 2].map(|k| {
            let part = Part::ALL[k];
            let (first, last) = self.days(part);
            PartFacts {
                part,
                first,
                last,
                sessions: counts[k],
                bars: self.bars(sessions, part).len(),
            }
        })
    }

    /// The bars of a part: from the first bar of its first day to the last bar of its last day.
    pub fn bars(&self, sessions: &Sessions, part: Part) -> Range<usize> {
        let (from, to) = self.days(part);
        let first = sessions.days.partition_point(|d| d.day < from);
        let end = sessions.days.partition_point(|d| d.day <= to);
        if first >= end {
            return 0..0;
        }
        sessions.days[first].first..sessions.days[end - 1].last + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{Bars, Instruments, SessionCalendar};

    #[test]
    fn parts_are_whole_sessions_in_order_and_cover_everything() {
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 3600);
        for h in 0..24 * 40 {
            bars.push(1_709_500_000 / 3600 * 3600 + h * 3600, [4, 4, 4, 4], 0.0);
        }
        let sessions = Sessions::new(&bars, &SessionCalendar::builtin());
        let split = Split::by_ratio(&sessions, SplitRatios::default()).unwrap();
        let parts = Part::ALL.map(|p| split.bars(&sessions, p));
        assert!(parts[0].end <= parts[1].start && parts[1].end <= parts[2].start);
        let days: usize = parts
            .iter()
            .map(|r| r.clone().filter(|&i| sessions.day(i).is_some()).count())
            .sum();
        assert_eq!(
            days,
            sessions
                .day_of
                .iter()
                .filter(|&&d| d != super::super::session::NO_DAY)
                .count()
        );
        assert!(
            Split::by_ratio(
                &sessions,
                SplitRatios {
                    train: 0.9,
                    validation: 0.1
                }
            )
            .is_err()
        );
    }

    fn weeks() -> Sessions {
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 3600);
        for h in 0..24 * 60 {
            bars.push(1_709_500_000 / 3600 * 3600 + h * 3600, [4, 4, 4, 4], 0.0);
        }
        Sessions::new(&bars, &SessionCalendar::builtin())
    }

    #[test]
    fn bounds_and_shares_are_inverse() {
        let sessions = weeks();
        let n = sessions.days.len();
        for wanted in [[1, 2], [10, 30], [n - 2, n - 1]] {
            let split = Split::by_ratio(&sessions, SplitRatios::at(n, wanted)).unwrap();
            assert_eq!(split.bounds(&sessions), wanted);
            let facts = split.facts(&sessions);
            assert_eq!(facts.iter().map(|f| f.sessions).sum::<usize>(), n);
            assert_eq!(facts[0].sessions, wanted[0]);
            assert_eq!(facts[1].first, sessions.days[wanted[0]].day);
        }
        assert_eq!(
            SplitRatios::at(10, [9, 3]),
            SplitRatios::at(10, [8, 9]),
            "bounds that cross are pushed apart"
        );
    }

    #[test]
    fn the_bound_that_is_moved_wins_over_the_other() {
        let (at, moved) = (SplitRatios::at, SplitRatios::moved);
        assert_eq!(moved(20, [10, 15], 0, 17), at(20, [17, 18]));
        assert_eq!(moved(20, [10, 15], 1, 4), at(20, [3, 4]));
        assert_eq!(moved(20, [10, 15], 1, 99), at(20, [10, 19]));
    }

    #[test]
    fn a_day_means_the_session_on_or_after_it() {
        let sessions = weeks();
        let days = &sessions.days;
        let on = |text: &str| first_session(&sessions, text.parse().unwrap());
        // A Saturday means the Monday after it.
        let monday = days
            .iter()
            .position(|d| d.day.to_string() == "2024-03-18")
            .unwrap();
        assert_eq!(on("2024-03-16"), Ok(monday));
        assert_eq!(on("2024-03-18"), Ok(monday));
        let outside = on("2031-01-01").unwrap_err().to_string();
        assert!(
            outside.contains("the sessions of the file go from"),
            "{outside}"
        );
        assert!(on(&days[0].day.to_string()).is_err(), "train keeps a day");
    }
}
