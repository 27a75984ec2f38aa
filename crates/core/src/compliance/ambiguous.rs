//! Bars whose outcome depends on the order of high and low.
//!
//! Under the conservative order such a bar is a breach, which the firm's drawdown reports. An
//! account judged under the other order may live through them; that pass is amber.

use super::case::Case;
use super::finding::{Check, count};
use super::severity::Status;

const ID: &str = "ambiguous_bars";

pub(super) fn check(case: &Case<'_>) -> Check {
    if case.view.rows.is_empty() {
        return Check::no_bars(ID);
    }
    let bars = &case.replay.ambiguous;
    let Some(&first) = bars.first() else {
        return Check::new(
            ID,
            Status::Pass,
            "no outcome depends on the order inside a bar",
        );
    };
    let verb = if bars.len() == 1 { "breaks" } else { "break" };
    let words = format!(
        "{} {verb} the floor only when the high came first",
        count(bars.len(), "bar")
    );
    Check::new(ID, Status::Warning, words)
        .figures(
            "bars",
            Some(0.0),
            Some(bars.len() as f64),
            Some(-(bars.len() as f64)),
        )
        .at(&case.view.rows[first])
}
