//! Permutation test of the entries: would other moments have done as well?
//!
//! Each own trade keeps its side, size, holding time and costs, and is moved to a random bar at
//! which an entry could have filled and the position could have lived that long; its profit is
//! then that of the close of its last bar against the open of its first. The p-value is the
//! share of such accounts with at least the agent's net profit, one-sided, the agent's own
//! counted among them. Moved trades may overlap. What it asks is whether the *times* of entry
//! were worth something; stops and targets are in the holding times only.

use rayon::prelude::*;
use serde::Serialize;

use crate::rng::Stream;
use crate::sim::tape::{ENTRY_TIME, IN_SESSION, NEXT_LIVES};
use crate::sim::{ExitReason, Ledger, SimPlan, Tape};

/// Attempts to place a trade before a bar with enough room is looked up.
const TRIES: usize = 64;

/// Answer of the test.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntryPermutation {
    /// Accounts of moved trades.
    pub accounts: usize,
    /// Trades moved.
    pub trades: usize,
    /// The agent's net profit in dollars.
    pub net_pnl: f64,
    /// Mean net profit of the moved trades in dollars.
    pub mean_usd: f64,
    /// 2.5th and 97.5th percentile of it.
    pub interval_usd: [f64; 2],
    /// One-sided p-value.
    pub p: f64,
}

/// A trade as far as it stays the same wherever it is put.
struct Moved {
    side: f64,
    bars: usize,
    costs: f64,
}

/// Tests the entries of a ledger on the bars it was made from; `None` without a trade or room.
pub fn permute_entries(
    ledger: &Ledger,
    tape: &Tape,
    plan: &SimPlan,
    range: std::ops::Range<usize>,
    accounts: usize,
    seed: u64,
) -> Option<EntryPermutation> {
    let slip = plan.tick_usd.dollars() * f64::from(plan.slippage);
    let trades: Vec<Moved> = ledger
        .own_trades()
        .map(|t| {
            let slipped = if t.exit_reason == ExitReason::Target {
                1.0
            } else {
                2.0
            };
            Moved {
                side: f64::from(t.side.sign()),
                bars: (t.bars_held.max(1)) as usize,
                costs: t.commission.dollars() + slip * slipped,
            }
        })
        .collect();
    let last = range.end.min(tape.rows.len());
    // Bars that a position opened at bar i may live through, i included.
    let mut room = vec![0_usize; last + 1];
    for i in (range.start..last).rev() {
        let bar = &tape.rows[i];
        if bar.has(IN_SESSION) {
            room[i] = 1 + if bar.has(NEXT_LIVES) { room[i + 1] } else { 0 };
        }
    }
    let may_fill = |i: &usize| {
        let decided = &tape.rows[*i - 1];
        decided.has(ENTRY_TIME) && decided.has(NEXT_LIVES)
    };
    let mut fills: Vec<usize> = (range.start.max(1)..last).filter(may_fill).collect();
    fills.sort_by_key(|&i| std::cmp::Reverse(room[i]));
    if trades.is_empty() || fills.is_empty() || accounts == 0 {
        return None;
    }
    let tick = plan.tick_usd.dollars();
    let place = |rng: &mut Stream, bars: usize| {
        let draw = |rng: &mut Stream, n: usize| fills[rng.below(n as u64) as usize];
        for _ in 0..TRIES {
            let at = draw(rng, fills.len());
            if room[at] >= bars {
                return at;
            }
        }
        let fitting = fills.partition_point(|&i| room[i] >= bars).max(1);
        draw(rng, fitting)
    };
    let one = |k: u64| {
        let mut rng = Stream::new(seed, "entry-permutation", k);
        let profit = |t: &Moved| {
            let first = place(&mut rng, t.bars);
            let end = first + t.bars.min(room[first]).max(1) - 1;
            let ticks = tape.rows[end].close - tape.rows[first].open;
            t.side * f64::from(ticks) * tick - t.costs
        };
        trades.iter().map(profit).sum::<f64>()
    };
    let mut pnl: Vec<f64> = (0..accounts as u64).into_par_iter().map(one).collect();
    pnl.sort_unstable_by(f64::total_cmp);
    let own: f64 = ledger.own_trades().map(|t| t.net_pnl.dollars()).sum();
    let as_good = pnl.len() - pnl.partition_point(|&p| p < own);
    let at = |q| super::moments::percentile_sorted(&pnl, q);
    Some(EntryPermutation {
        accounts,
        trades: trades.len(),
        net_pnl: own,
        mean_usd: super::moments::mean(&pnl)?,
        interval_usd: [at(2.5)?, at(97.5)?],
        p: (as_good + 1) as f64 / (pnl.len() + 1) as f64,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::market::{Bars, Instruments};
    use crate::metrics::planted::Plant;
    use crate::sim::{Side, SimSettings};
    use crate::time::parse_utc;

    /// A morning of minute bars on which every price is the same.
    fn still(n: usize) -> (Tape, SimPlan) {
        let nq = Instruments::builtin().get("NQ").unwrap().clone();
        let plan = SimSettings::default().plan(&nq).unwrap();
        let mut bars = Bars::empty(nq, 60);
        let open = parse_utc("2024-03-04T14:30:00Z").unwrap();
        for i in 0..n as i64 {
            bars.push(open + 60 * i, [80_000; 4], 1.0);
        }
        (Tape::new(Arc::new(bars), &plan), plan)
    }

    #[test]
    fn where_nothing_moves_a_moved_trade_costs_what_the_trade_did() {
        let (tape, plan) = still(90);
        let t = "2024-03-04T15:00:00Z";
        let of = |reason| {
            let ledger = Plant::new(50_000)
                .trade(Side::Long, t, t, -5)
                .with(|t| t.exit_reason = reason)
                .ledger();
            permute_entries(&ledger, &tape, &plan, 0..90, 50, 1).unwrap()
        };
        let tick = plan.tick_usd.dollars() * f64::from(plan.slippage);
        let stopped = of(ExitReason::Stop);
        assert!(
            (stopped.mean_usd + 5.0 + 2.0 * tick).abs() < 1e-9,
            "{stopped:?}"
        );
        let target = of(ExitReason::Target);
        assert!(
            (target.mean_usd + 5.0 + tick).abs() < 1e-9,
            "a target slips once: {target:?}"
        );
        assert_eq!((target.p, target.trades), (1.0 / 51.0, 1));
    }

    #[test]
    fn without_trades_bars_or_accounts_there_is_no_test() {
        let (tape, plan) = still(90);
        let t = "2024-03-04T15:00:00Z";
        let none = Plant::new(50_000).ledger();
        assert_eq!(permute_entries(&none, &tape, &plan, 0..90, 50, 1), None);
        let one = Plant::new(50_000).trade(Side::Long, t, t, 5).ledger();
        assert_eq!(permute_entries(&one, &tape, &plan, 0..90, 0, 1), None);
        // The only bar has none before it at whose close an entry could be decided.
        assert_eq!(permute_entries(&one, &tape, &plan, 0..1, 50, 1), None);
    }
}
