//! One account through bars in order, with a ledger of everything.
//!
//! Evaluation, scripted replay and benchmarks differ only in who decides.

use std::ops::Range;

use super::account::Account;
use super::action::{Action, ActionMask};
use super::ledger::{EquityRow, Ledger};
use super::referee::Referee;
use super::settings::SimPlan;
use super::tape::{NEW_DAY, Tape};
use crate::units::Usd;

/// What a decider may look at: bars up to and including `bar`, and the account.
pub struct Moment<'a, R> {
    /// The deciding bar.
    pub bar: usize,
    /// What is allowed.
    pub mask: ActionMask,
    /// The account at this close.
    pub account: &'a Account<R>,
    /// Equity at this close.
    pub equity: Usd,
}

/// Runs an account through `range`, asking `decide` at every close.
///
/// A forbidden answer executes as HOLD and is counted, also after the account has failed.
pub fn replay<R: Referee>(
    tape: &Tape,
    plan: &SimPlan,
    referee: R,
    range: Range<usize>,
    mut decide: impl FnMut(&Moment<'_, R>) -> Action,
) -> Ledger {
    replay_until(tape, plan, referee, range, &mut decide, |_, _| false)
}

/// Accounts one after another through `range`, a ledger each.
///
/// An account that failed or was shut out ends with its trading day, and a fresh one begins with the
/// next, as a trader who lost an evaluation account buys another. So every day of `range` says
/// something of a policy, where one account says nothing after its end.
pub fn replay_renewed<R: Referee + Clone>(
    tape: &Tape,
    plan: &SimPlan,
    referee: R,
    range: Range<usize>,
    mut decide: impl FnMut(&Moment<'_, R>) -> Action,
) -> Vec<Ledger> {
    let mut ledgers = Vec::new();
    let mut at = range.start;
    while at < range.end {
        let over = |i: usize, ledger: &Ledger| {
            let next = tape.rows.get(i + 1);
            ledger.lost().is_some() && next.is_some_and(|bar| bar.has(NEW_DAY))
        };
        let bars = at..range.end;
        let ledger = replay_until(tape, plan, referee.clone(), bars, &mut decide, over);
        at += ledger.rows.len();
        ledgers.push(ledger);
    }
    ledgers
}

fn replay_until<R: Referee>(
    tape: &Tape,
    plan: &SimPlan,
    referee: R,
    range: Range<usize>,
    decide: &mut impl FnMut(&Moment<'_, R>) -> Action,
    over: impl Fn(usize, &Ledger) -> bool,
) -> Ledger {
    let mut account = Account::new(plan, referee);
    let mut ledger = Ledger {
        instrument: plan.instrument.clone(),
        interval_secs: tape.bars.interval_secs,
        start_balance: plan.settings.start_balance,
        rows: Vec::with_capacity(range.len()),
        trades: Vec::new(),
        rejected: 0,
        expired: 0,
        same_bar_both: Vec::new(),
        ambiguous: Vec::new(),
        breach: None,
        stalled: None,
    };
    for i in range {
        let at = tape.at(i);
        let bar = at.row;
        let time = tape.bars.open_time[i];
        let was_dead = account.dead;
        let (events, trade) = account.open_bar(at, plan);
        ledger.trades.extend(trade);
        if events.same_bar_both {
            ledger.same_bar_both.push(time);
        }
        if events.ambiguous {
            ledger.ambiguous.push(time);
        }
        let mask = account.mask(bar, plan);
        let mut equity = events.equity;
        let mut action = decide(&Moment {
            bar: i,
            mask,
            account: &account,
            equity: equity.close,
        });
        if !mask.allows(action) {
            ledger.rejected += 1;
            action = Action::Hold;
        }
        ledger.expired += u64::from(account.decide(action, bar, plan));
        ledger
            .trades
            .extend(account.close_bar(at, plan, &mut equity));
        if account.dead && !was_dead {
            ledger.breach = Some(time);
        }
        // Asked last, for the closing before a hole may be what shuts the account out.
        if ledger.stalled.is_none() && account.stalled(plan) {
            ledger.stalled = Some(time);
        }
        let position = account.position.as_ref();
        ledger.rows.push(EquityRow {
            time,
            balance: account.balance,
            equity_close: equity.close,
            equity_best: equity.best,
            equity_worst: equity.worst,
            peak: account.referee.peak(),
            floor: account.referee.floor(),
            position: position.map_or(0, |p| p.side * plan.contracts as i32),
            stop: position.map(|p| p.side * p.stop),
            target: position.map(|p| p.side * p.target),
            action,
            mask,
        });
        if over(i, &ledger) {
            break;
        }
    }
    ledger
}
