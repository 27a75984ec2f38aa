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
}
