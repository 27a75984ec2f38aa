//! Problems of a file in words: what a kind means and what was done, what a repair would do.

use holdout_core::time::parse_utc;
use holdout_store::{Example, ImportOptions, Inspection, Problem, ProblemKind, Repair};

use crate::report::{chart_ticks, number};

/// A problem kind for people: `high_below_low` is "high below low".
pub fn kind_words(name: &str) -> String {
    name.replace('_', " ")
}

/// What a kind of problem is, and what the import did about it.
pub fn meaning(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::DuplicateTime => "Two rows with one time; the first one was kept.",
        ProblemKind::OutOfOrder => "Rows earlier than one before them; all were sorted.",
        ProblemKind::HighBelowLow => "High under low; these rows were dropped.",
        ProblemKind::OpenCloseOutsideRange => {
            "Open or close outside high and low; these rows were dropped."
        }
        ProblemKind::NonPositivePrice => "A price of zero or less; these rows were dropped.",
        ProblemKind::NotANumber => "A price or volume that is no number; these rows were dropped.",
        ProblemKind::OffTick => {
            "Prices between ticks, as adjusted series have them; rounded to the nearest."
        }
        ProblemKind::ZeroVolume => "Bars without trades; kept.",
        ProblemKind::GapInSession => {
            "Bars missing while the exchange was open; a quiet minute or an outage."
        }
        ProblemKind::Spike => "A price far from all bars around it; kept unless you drop them.",
        ProblemKind::ScaleBreak => {
            "A lasting change of the price level that no market makes; kept unless it is a power of ten and you rescale it."
        }
        ProblemKind::MixedSymbols => "More than one contract in the file.",
        ProblemKind::SpreadSymbol => "Spreads or options among outright contracts; set aside.",
        ProblemKind::OutsideSession => {
            "Bars while the exchange is closed; kept unless you drop them."
        }
        ProblemKind::RollJump => "A jump as a change of contract makes.",
        ProblemKind::BadRow => "Rows that cannot be read; dropped.",
        ProblemKind::UnalignedTime => "Bars that do not open on a multiple of the interval; kept.",
    }
}

/// A repair as a button and what pressing it would do.
pub fn repair_words(repair: Repair, inspection: &Inspection) -> (String, String) {
    let n = |kind| number::count(inspection.count(kind));
    match repair {
        Repair::DropOutsideSession => (
            format!("Drop {} bars outside sessions", n(ProblemKind::OutsideSession)),
            "Reads the file again without the bars that open while the exchange is closed. Your file is not changed.".to_owned(),
        ),
        Repair::DropSpikes => (
            format!("Drop {} spikes", n(ProblemKind::Spike)),
            "Reads the file again without the bars whose price is far from all bars around them. Your file is not changed.".to_owned(),
        ),
        Repair::Rescale => (
            format!("Rescale over {} changes of scale", n(ProblemKind::ScaleBreak)),
            "Reads the file again and brings the prices that are ten, a hundred or a thousand times those of most of the file to their scale. Your file is not changed.".to_owned(),
        ),
    }
}

/// A repair that was made, for people.
pub fn made_words(repair: Repair) -> String {
    format!("Repair made: {}", kind_words(repair.name()))
}

/// The same import with a repair more.
pub fn with_repair(options: &ImportOptions, repair: Repair) -> ImportOptions {
    let mut options = options.clone();
    if !options.repairs.contains(&repair) {
        options.repairs.push(repair);
    }
    options
}

/// The same import with a repair less.
pub fn without_repair(options: &ImportOptions, repair: Repair) -> ImportOptions {
    let mut options = options.clone();
    options.repairs.retain(|r| *r != repair);
    options
}

/// One place where a problem shows, ready to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Line of the file.
    pub line: String,
    /// Time of the bar, for people.
    pub time: String,
    /// The same as an instant, to look there.
    pub utc: Option<i64>,
    /// What was found.
    pub detail: String,
}

impl Place {
    fn new(e: &Example) -> Self {
        let utc = e.time.as_deref().and_then(|t| parse_utc(t).ok());
        Self {
            line: e.line.map_or_else(String::new, number::count),
            time: utc.map_or_else(
                || e.time.clone().unwrap_or_default(),
                |t| chart_ticks::stamp(t as f64),
            ),
            utc,
            detail: e.detail.clone(),
        }
    }
}

/// All problems of one kind, ready to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    /// What was found.
    pub problem: Problem,
    /// Examples.
    pub places: Vec<Place>,
}

/// The problems of a file, most serious first.
pub fn kinds(inspection: &Inspection) -> Vec<Kind> {
    let kind = |p: &Problem| Kind {
        problem: p.clone(),
        places: p.examples.iter().map(Place::new).collect(),
    };
    inspection.problems.iter().map(kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repairs_are_added_once_and_taken_back() {
        let plain = ImportOptions::default();
        let once = with_repair(&plain, Repair::DropSpikes);
        assert_eq!(once.repairs, [Repair::DropSpikes]);
        assert_eq!(with_repair(&once, Repair::DropSpikes), once);
        assert_eq!(without_repair(&once, Repair::DropSpikes), plain);
    }

    #[test]
    fn examples_become_places_to_look_at() {
        let place = Place::new(&Example {
            line: Some(12_345),
            time: Some("2024-03-04T14:30:00Z".to_owned()),
            detail: "high 4 below low 5".to_owned(),
        });
        assert_eq!(place.utc, Some(1_709_562_600));
        assert_eq!(place.line, number::count(12_345));
        assert!(place.time.contains("09:30"), "{}", place.time);
    }
}
