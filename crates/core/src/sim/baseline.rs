//! Policies without learning, through the same simulator and costs.
//!
//! Flat and held positions need no decisions; the others are deciders for [`replay`].

use std::ops::Range;

use rayon::prelude::*;

use super::action::Action;
use super::ledger::Ledger;
use super::referee::Referee;
use super::replay::replay;
use super::settings::{SettingProblem, SimPlan, SimSettings};
use super::tape::Tape;
use crate::rng::Stream;
use crate::units::Usd;

/// Settings under which a position is left alone from the first entry of a session to flat-by.
pub fn hold_settings(settings: &SimSettings) -> SimSettings {
    SimSettings {
        sl_atr_mult: 1_000.0,
        tp_sl_ratio: 1_000.0,
        max_risk_usd: Usd::whole(10_000_000),
        drawdown_limit: Usd::whole(10_000_000),
        ..settings.clone()
    }
}

/// Buys at the first chance of every session and holds to flat-by, without stop, target or floor.
///
/// # Errors
/// When the settings do not allow a plan.
pub fn buy_and_hold_intraday<R: Referee>(
    tape: &Tape,
    settings: &SimSettings,
    referee: impl FnOnce(&SimSettings) -> R,
    range: Range<usize>,
) -> Result<Ledger, Vec<SettingProblem>> {
    let settings = hold_settings(settings);
    let plan = settings.plan(&tape.bars.instrument)?;
    let tape = Tape::new(tape.bars.clone(), &plan).with_finer(tape.finer.clone());
    let mut last_day = u32::MAX;
    Ok(replay(&tape, &plan, referee(&settings), range, |m| {
        let day = tape.rows[m.bar].day();
        if m.mask.allows(Action::Buy) && day != last_day {
            last_day = day;
            return Action::Buy;
        }
        Action::Hold
    }))
}

/// Balance of one position held from the first open to the last close of `range`, after each bar.
///
/// One round trip of costs, no margin, no flat-by, no floor.
pub fn buy_and_hold(tape: &Tape, plan: &SimPlan, range: Range<usize>) -> Vec<Usd> {
    let Some(entry) = tape.rows.get(range.start).map(|b| b.open + plan.slippage) else {
        return Vec::new();
    };
    let costs =
        plan.side_commission + plan.side_commission + plan.tick_usd * i64::from(plan.slippage);
    let start = plan.settings.start_balance - costs;
    tape.rows[range]
        .iter()
        .map(|b| start + plan.tick_usd * i64::from(b.close - entry))
        .collect()
}

/// Random entries: at every chance an entry with probability `entry_rate`, long with `long_share`.
pub fn random_entries<R: Referee>(
    tape: &Tape,
    plan: &SimPlan,
    referee: R,
    range: Range<usize>,
    entry_rate: f64,
    long_share: f64,
    rng: &mut Stream,
) -> Ledger {
    replay(tape, plan, referee, range, |m| {
        if !m.mask.allows(Action::Buy) || rng.uniform() >= entry_rate {
            return Action::Hold;
        }
        if rng.uniform() < long_share {
            Action::Buy
        } else {
            Action::Sell
        }
    })
}

/// Net P&L of `n` accounts of random entries, each with its own stream of `seed`.
#[expect(
    clippy::too_many_arguments,
    reason = "a frequency and a side mix beside what every replay needs"
)]
pub fn random_entry_pnl<R: Referee>(
    tape: &Tape,
    plan: &SimPlan,
    referee: &R,
    range: &Range<usize>,
    entry_rate: f64,
    long_share: f64,
    n: u64,
    seed: u64,
) -> Vec<Usd> {
    let one = |k| {
        let mut rng = Stream::new(seed, "random-entries", k);
        let ledger = random_entries(
            tape,
            plan,
            referee.clone(),
            range.clone(),
            entry_rate,
            long_share,
            &mut rng,
        );
        ledger.final_balance() - ledger.start_balance
    };
    (0..n).into_par_iter().map(one).collect()
}

/// Trend follower: enters with the side of the fast mean over the slow one when it changes,
/// with the same stops and targets as the agent.
pub fn trend_follower<R: Referee>(
    tape: &Tape,
    plan: &SimPlan,
    referee: R,
    range: Range<usize>,
) -> Ledger {
    const FAST: usize = 20;
    const SLOW: usize = 100;
    let closes: Vec<i64> = std::iter::once(0)
        .chain(tape.rows.iter().scan(0_i64, |sum, b| {
            *sum += i64::from(b.close);
            Some(*sum)
        }))
        .collect();
    // Sums instead of means keep the comparison in whole numbers.
    let above = |i: usize| {
        let sum = |n: usize| closes[i + 1] - closes[i + 1 - n];
        sum(FAST) * SLOW as i64 > sum(SLOW) * FAST as i64
    };
    replay(tape, plan, referee, range, |m| {
        if m.bar < SLOW || !m.mask.allows(Action::Buy) {
            return Action::Hold;
        }
        match (above(m.bar - 1), above(m.bar)) {
            (false, true) => Action::Buy,
            (true, false) => Action::Sell,
            _ => Action::Hold,
        }
    })
}
