//! The ledger's own floor must be the one that the replay finds, on an intraday basis.
//!
//! A difference means that the account was simulated under another floor than it is judged by.

use super::case::Case;
use super::finding::{Check, money};
use super::ruleset::FloorBasis;
use super::severity::Status;
use crate::units::Usd;

const ID: &str = "floor_column";

pub(super) fn check(case: &Case<'_>) -> Check {
    if case.view.rows.is_empty() {
        return Check::no_bars(ID);
    }
    if case.rules.floor.basis != FloorBasis::Intraday {
        return Check::not_applicable(ID, "the floor of this rule set does not follow every bar");
    }
    if !case.has_equity("floor") {
        return Check::no_column(ID, "floor");
    }
    match case.replay.floor_mismatch {
        None => Check::new(
            ID,
            Status::Pass,
            "every floor of the ledger is the replayed one",
        )
        .dollars(Usd::ZERO, Usd::ZERO),
        Some((i, expected)) => {
            let row = &case.view.rows[i];
            let off = row.floor - expected;
            let detail = format!(
                "floor {} where the replay gives {}",
                money(row.floor),
                money(expected)
            );
            Check::new(ID, Status::Fail, detail)
                .dollars(Usd::ZERO, off.max(-off))
                .at(row)
        }
    }
}
