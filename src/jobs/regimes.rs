//! Where a checkpoint makes and loses its money: its account by regime.
//!
//! Labels come from all bars up to each one; the volatility threshold is fitted on the
//! training part of the run.

use holdout_core::market::split::Part;
use holdout_core::metrics::by_regime::{RegimeTable, by_regime};
use holdout_core::regime::Regimes;
use holdout_core::sim::Ledger;
use std::ops::Range;

use crate::arena::Arena;

/// Yearly risk-free rate of the Sharpe ratios.
const RF: f64 = 0.02;

/// Breaks an account over `range` of an arena down by regime.
///
/// # Errors
/// When the ledger is not of that range.
pub fn regime_table(
    arena: &Arena,
    ledger: &Ledger,
    range: &Range<usize>,
) -> anyhow::Result<RegimeTable> {
    let train = arena.range(Part::Train);
    let regimes = Regimes::label(&arena.bars, &arena.tape.sessions, train.clone());
    let labels = regimes.bars.get(range.clone()).unwrap_or_default();
    let unseen = regimes.unseen_share(train, range.clone());
    by_regime(ledger, labels, unseen, &arena.plan.sim.calendar, RF).ok_or_else(|| {
        anyhow::anyhow!(
            "the ledger has {} bars where this stretch has {}; evaluate it again",
            ledger.rows.len(),
            labels.len()
        )
    })
}
