//! What was found in a bar file: layout, span, faults, and whether it can be used.
//!
//! Serialises to the object that `holdout data inspect --json` prints.

use holdout_core::market::{DayProfile, RollReason};
use serde::{Deserialize, Serialize};

use crate::options::{Continuous, Repair, Stamp};

/// How many examples of a kind of problem are kept.
pub const MAX_EXAMPLES: usize = 5;

/// Kind of problem of a bar file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// Two rows with one time.
    DuplicateTime,
    /// A row earlier than one before it.
    OutOfOrder,
    /// High under low.
    HighBelowLow,
    /// Open or close not between low and high.
    OpenCloseOutsideRange,
    /// A price of zero or less.
    NonPositivePrice,
    /// A price or volume that is no number.
    NotANumber,
    /// A price between two ticks.
    OffTick,
    /// A bar without trades.
    ZeroVolume,
    /// Bars missing while the exchange is open.
    GapInSession,
    /// A price far from all bars around it.
    Spike,
    /// A lasting change of the price level that no market makes.
    ScaleBreak,
    /// More than one contract.
    MixedSymbols,
    /// A spread or an option among outright contracts.
    SpreadSymbol,
    /// A bar that opens while the exchange is closed.
    OutsideSession,
    /// A jump as a change of contract makes.
    RollJump,
    /// A row that cannot be read.
    BadRow,
    /// A bar that does not open on a multiple of the interval.
    UnalignedTime,
}

impl ProblemKind {
    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::DuplicateTime => "duplicate_time",
            Self::OutOfOrder => "out_of_order",
            Self::HighBelowLow => "high_below_low",
            Self::OpenCloseOutsideRange => "open_close_outside_range",
            Self::NonPositivePrice => "non_positive_price",
            Self::NotANumber => "not_a_number",
            Self::OffTick => "off_tick",
            Self::ZeroVolume => "zero_volume",
            Self::GapInSession => "gap_in_session",
            Self::Spike => "spike",
            Self::ScaleBreak => "scale_break",
            Self::MixedSymbols => "mixed_symbols",
            Self::SpreadSymbol => "spread_symbol",
            Self::OutsideSession => "outside_session",
            Self::RollJump => "roll_jump",
            Self::BadRow => "bad_row",
            Self::UnalignedTime => "unaligned_time",
        }
    }

    /// How much a problem of this kind matters.
    pub fn severity(self) -> Severity {
        match self {
            Self::ZeroVolume | Self::GapInSession | Self::OutsideSession | Self::SpreadSymbol => {
                Severity::Info
            }
            Self::Spike | Self::ScaleBreak | Self::MixedSymbols => Severity::Error,
            _ => Severity::Warning,
        }
    }
}

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Usual in good files.
    Info,
    /// Rows were dropped, sorted or rounded; look at them.
    Warning,
    /// Results on these bars would mislead.
    Error,
}

/// One place where a problem shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Line of the file from 1; `None` where no single line is meant.
    pub line: Option<u64>,
    /// Open time of the bar; `None` where it is not known.
    pub time: Option<String>,
    /// What was found there.
    pub detail: String,
}

/// All problems of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Kind.
    pub kind: ProblemKind,
    /// How much it matters here.
    pub severity: Severity,
    /// How many rows or bars.
    pub count: u64,
    /// The first few.
    pub examples: Vec<Example>,
}

/// Whether the bars can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictLevel {
    /// No problem above information.
    Clean,
    /// Usable; read the warnings.
    Usable,
    /// Results would mislead, or something must be said first.
    NotUsable,
}

/// Whether the bars can be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The level.
    pub level: VerdictLevel,
    /// Reasons, most serious first.
    pub why: Vec<String>,
}

/// A contract in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractFacts {
    /// Symbol as written.
    pub symbol: String,
    /// Its rows.
    pub rows: u64,
    /// Contracts traded in them.
    pub volume: u64,
}

/// A change of contract in a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RollFacts {
    /// Open time of the first bar of the new contract.
    pub time: String,
    /// The old contract.
    pub from: String,
    /// The new contract.
    pub to: String,
    /// How much higher the new contract was at the last common bar before, in points; `None` where
    /// it is not known.
    pub gap: Option<f64>,
    /// Why here.
    pub reason: RollReason,
}

/// What was found in a bar file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// Identifier of the dialect.
    pub dialect: String,
    /// Zone in which the stamps were read; `None` when it must be given first.
    pub zone: Option<String>,
    /// Which end of the bar is stamped.
    pub stamp: Stamp,
    /// Root symbol of the market; `None` when it must be given first.
    pub market: Option<String>,
    /// Outright contracts in the file, those with most rows first.
    pub symbols: Vec<String>,
    /// Seconds a bar covers.
    pub interval_seconds: i64,
    /// Bars after everything that was dropped.
    pub bars: u64,
    /// Open time of the first bar.
    pub first: Option<String>,
    /// Open time of the last bar.
    pub last: Option<String>,
    /// Trading days with at least one bar.
    pub sessions: u64,
    /// What is wrong, by kind.
    pub problems: Vec<Problem>,
    /// Rows that are in the file but not in the bars.
    pub dropped: u64,
    /// Repairs that would change something and were not asked for.
    pub repairs_offered: Vec<Repair>,
    /// How sure the detection is, 0 to 1.
    pub confidence: f64,
    /// What the detection rests on.
    pub evidence: Vec<String>,
    /// Whether the bars have a volume.
    pub has_volume: bool,
    /// Whether the bars can be used.
    pub verdict: Verdict,
    /// The outright contracts with rows and volume, in the order of `symbols`.
    #[serde(default)]
    pub contracts: Vec<ContractFacts>,
    /// How contracts were joined; `None` for one contract.
    #[serde(default)]
    pub continuous: Option<Continuous>,
    /// Changes of contract in the bars.
    #[serde(default)]
    pub rolls: Vec<RollFacts>,
    /// Volume by time of day, where it helps to answer what must still be said: on the clock of the
    /// file while its zone is not known. Not kept.
    #[serde(skip)]
    pub day_profile: Option<DayProfile>,
}

impl Inspection {
    /// How many problems of a kind there are.
    pub fn count(&self, kind: ProblemKind) -> u64 {
        self.problems
            .iter()
            .find(|p| p.kind == kind)
            .map_or(0, |p| p.count)
    }
}

/// Collects problems while a file is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems {
    list: Vec<Problem>,
}

impl Problems {
    /// Counts one occurrence; the example is made only while examples are wanted.
    pub(crate) fn add(&mut self, kind: ProblemKind, example: impl FnOnce() -> Example) {
        self.add_many(kind, 1, example);
    }

    /// Counts several occurrences with one example.
    pub(crate) fn add_many(
        &mut self,
        kind: ProblemKind,
        count: u64,
        example: impl FnOnce() -> Example,
    ) {
        let at = self
            .list
            .iter()
            .position(|p| p.kind == kind)
            .unwrap_or_else(|| {
                self.list.push(Problem {
                    kind,
                    severity: kind.severity(),
                    count: 0,
                    examples: Vec::new(),
                });
                self.list.len() - 1
            });
        let problem = &mut self.list[at];
        problem.count += count;
        if problem.examples.len() < MAX_EXAMPLES {
            problem.examples.push(example());
        }
    }

    /// Adds what another collector found after this one.
    pub(crate) fn merge(&mut self, other: Self) {
        for p in other.list {
            let mut examples = p.examples.into_iter();
            let Some(first) = examples.next() else {
                continue;
            };
            self.add_many(p.kind, p.count, || first);
            for e in examples {
                self.add_many(p.kind, 0, || e);
            }
        }
    }

    /// Changes the severity of a kind.
    pub(crate) fn set_severity(&mut self, kind: ProblemKind, severity: Severity) {
        self.list
            .iter_mut()
            .filter(|p| p.kind == kind)
            .for_each(|p| p.severity = severity);
    }

    /// How many of a kind.
    pub(crate) fn count(&self, kind: ProblemKind) -> u64 {
        self.list
            .iter()
            .find(|p| p.kind == kind)
            .map_or(0, |p| p.count)
    }

    /// How much the problems of a kind matter; `None` without any.
    pub(crate) fn severity(&self, kind: ProblemKind) -> Option<Severity> {
        self.list
            .iter()
            .find(|p| p.kind == kind)
            .map(|p| p.severity)
    }

    /// The first example of all kinds.
    pub(crate) fn first_example(&self) -> Option<&Example> {
        self.list
            .iter()
            .flat_map(|p| &p.examples)
            .min_by_key(|e| e.line.unwrap_or(u64::MAX))
    }

    /// The problems, most serious first, then by kind.
    pub(crate) fn into_vec(mut self) -> Vec<Problem> {
        self.list
            .sort_by_key(|p| (std::cmp::Reverse(p.severity), p.kind));
        self.list
    }

    /// Lets go of line offsets: adds `by` to the line of every example.
    pub(crate) fn shift_lines(&mut self, by: u64) {
        for e in self.list.iter_mut().flat_map(|p| &mut p.examples) {
            e.line = e.line.map(|l| l + by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_count_all_and_keep_a_few_examples() {
        let mut p = Problems::default();
        let mut q = Problems::default();
        for i in 0..20 {
            let line = Some(i);
            p.add(ProblemKind::BadRow, || Example {
                line,
                time: None,
                detail: String::new(),
            });
            q.add(ProblemKind::Spike, || Example {
                line,
                time: None,
                detail: String::new(),
            });
        }
        q.shift_lines(100);
        p.merge(q);
        assert_eq!(p.count(ProblemKind::Spike), 20);
        assert_eq!(p.first_example().and_then(|e| e.line), Some(0));
        let list = p.into_vec();
        assert_eq!(list[0].kind, ProblemKind::Spike, "errors come first");
        assert_eq!((list[1].count, list[1].examples.len()), (20, MAX_EXAMPLES));
        assert_eq!(list[0].examples[0].line, Some(100));
    }

    #[test]
    fn kinds_are_written_by_their_names() {
        for kind in [
            ProblemKind::DuplicateTime,
            ProblemKind::NotANumber,
            ProblemKind::OpenCloseOutsideRange,
        ] {
            assert_eq!(
                serde_json::to_string(&kind).unwrap(),
                format!("\"{}\"", kind.name())
            );
        }
    }
}
