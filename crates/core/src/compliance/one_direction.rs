//! Never long and short at once.
//!
//! Two trades of opposite side overlap when one is entered before the bar in which the other
//! is closed, or both in the same bar at its open.

use super::case::Case;
use super::finding::Check;
use super::severity::Status;
use crate::sim::{Side, Trade};

const ID: &str = "one_direction";

pub(super) fn check(case: &Case<'_>) -> Check {
    let Some(rule) = &case.rules.one_direction else {
        return Check::not_applicable(ID, "the rule set does not ask for one direction");
    };
    if !case.applies(rule.applies) {
        let words = format!("does not apply to {} accounts", case.rules.stage.name());
        return Check::not_applicable(ID, words);
    }
    match overlap(case.view.trades) {
        None => Check::new(ID, Status::Pass, "never long and short at once"),
        Some((a, b)) => {
            let words = format!("trades {} and {} were open at once", a.id, b.id);
            Check::new(ID, rule.severity.status(), words).trade(b, case)
        }
    }
}

/// The first trade that overlaps an earlier one of the other side.
fn overlap(trades: &[Trade]) -> Option<(&Trade, &Trade)> {
    let mut sorted: Vec<&Trade> = trades.iter().collect();
    sorted.sort_by_key(|t| t.entry_time);
    let mut latest: [Option<&Trade>; 2] = [None, None];
    for t in sorted {
        let side = usize::from(t.side == Side::Long);
        let clash = |o: &&Trade| o.exit_time > t.entry_time || o.entry_time == t.entry_time;
        if let Some(other) = latest[1 - side].filter(clash) {
            return Some((other, t));
        }
        if latest[side].is_none_or(|o| o.exit_time <= t.exit_time) {
            latest[side] = Some(t);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::Plant;

    #[test]
    fn overlaps_are_found_and_a_turn_is_none() {
        let at = |m: u32| format!("2024-03-04T15:{m:02}:00Z");
        let clash = |trades: &[(Side, u32, u32)]| {
            let plant = trades.iter().fold(Plant::new(50_000), |p, (side, a, b)| {
                p.trade(*side, &at(*a), &at(*b), 0)
            });
            overlap(&plant.ledger().trades).is_some()
        };
        assert!(!clash(&[]));
        assert!(!clash(&[(Side::Long, 0, 5), (Side::Short, 6, 8)]));
        assert!(!clash(&[(Side::Long, 0, 5), (Side::Short, 5, 8)]));
        assert!(!clash(&[(Side::Long, 0, 9), (Side::Long, 5, 8)]));
        assert!(clash(&[(Side::Long, 0, 5), (Side::Short, 4, 8)]));
        assert!(clash(&[(Side::Long, 0, 0), (Side::Short, 0, 3)]));
        assert!(clash(&[
            (Side::Short, 7, 8),
            (Side::Long, 0, 20),
            (Side::Long, 1, 2)
        ]));
    }
}
