//! One training environment: episodes of one account on the training split.
//!
//! An episode starts at a random bar where an entry is possible, flat or in a forced position,
//! and ends by breach or stall (terminated) or after some sessions or at the end of the split
//! (truncated). Bars on which a flat account may only HOLD are passed over: nothing can be
//! decided or earned there.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::account::{Account, BarEquity};
use super::action::{Action, ActionMask};
use super::curriculum::CurriculumState;
use super::ledger::Trade;
use super::observation::{N_ACCOUNT, observe_account};
use super::referee::Referee;
use super::reward::RewardTerms;
use super::settings::SimPlan;
use super::step_out::StepSums;
use super::tape::{ENTRY_TIME, IN_SESSION, NEXT_LIVES, Tape, TapeAt, TapeBar};
use crate::rng::Stream;
use crate::units::Usd;

/// A forced position is entered at most this many bars before the episode starts.
const FORCED_MAX_BARS: u64 = 20;
/// Draws of a forced start before an episode starts flat instead.
const FORCED_TRIES: usize = 32;

/// Why training cannot start on this market.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvError {
    /// No bar of the range allows an entry.
    #[error(
        "none of the {bars} training bars allows an entry; check the entry window, the session hours of the data and its length"
    )]
    NoStart {
        /// Bars looked at.
        bars: usize,
    },
    /// Saved state does not fit.
    #[error("the saved environments do not fit this run: {0}")]
    BadState(String),
}

/// What all environments of a run share.
#[derive(Clone, Debug)]
pub struct EnvPlan<R> {
    /// Settings.
    pub sim: SimPlan,
    /// The market.
    pub tape: Arc<Tape>,
    /// A fresh referee with the training limit.
    pub referee: R,
    /// Bars of the training split.
    pub range: Range<usize>,
    /// Bars at whose close an entry is possible.
    starts: Vec<u32>,
    /// Per bar of the range, the first bar from it on at whose close an entry may be decided.
    next_choice: Vec<u32>,
}

impl<R: Referee> EnvPlan<R> {
    /// Plans episodes on the bars of `range`, none before `first_ready`, where features begin.
    ///
    /// # Errors
    /// When no bar allows an entry.
    pub fn new(
        sim: SimPlan,
        tape: Arc<Tape>,
        referee: R,
        range: Range<usize>,
        first_ready: usize,
    ) -> Result<Self, EnvError> {
        let open = |i: &usize| tape.rows[*i].has(ENTRY_TIME) && tape.rows[*i].has(NEXT_LIVES);
        let from = range.start.max(first_ready);
        let starts: Vec<u32> = (from..range.end.max(from))
            .filter(open)
            .map(|i| i as u32)
            .collect();
        if starts.is_empty() {
            return Err(EnvError::NoStart { bars: range.len() });
        }
        let mut next_choice = vec![range.end as u32; range.len()];
        let mut next = range.end as u32;
        for i in range.clone().rev() {
            if tape.rows[i].has(ENTRY_TIME) {
                next = i as u32;
            }
            next_choice[i - range.start] = next;
        }
        Ok(Self {
            sim,
            tape,
            referee,
            range,
            starts,
            next_choice,
        })
    }
}

/// How a step left the episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It goes on.
    Running,
    /// Breach or stall: nothing follows, value 0.
    Terminated,
    /// Cut off: the value of the final observation follows.
    Truncated,
}

/// One environment between two steps: an account at the close of `bar`, waiting for a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Env<R> {
    account: Account<R>,
    bar: u32,
    mask: u8,
    equity: Usd,
    /// Management actions that have paid their bonus in this trade, and whether there was any.
    paid: u8,
    managed: bool,
    end_day: u32,
    rng: Stream,
}

impl<R: Referee> Env<R> {
    /// Environment `index` of a run, at the start of its first episode.
    pub fn new(plan: &EnvPlan<R>, curriculum: &CurriculumState, seed: u64, index: u64) -> Self {
        let mut env = Self {
            account: Account::new(&plan.sim, plan.referee.clone()),
            bar: 0,
            mask: 1,
            equity: Usd::ZERO,
            paid: 0,
            managed: false,
            end_day: 0,
            rng: Stream::new(seed, "environment", index),
        };
        env.reset(plan, curriculum);
        env
    }

    /// The deciding bar.
    pub fn bar(&self) -> usize {
        self.bar as usize
    }

    /// Equity at the deciding close.
    pub fn equity(&self) -> Usd {
        self.equity
    }

    /// The account.
    pub fn account(&self) -> &Account<R> {
        &self.account
    }

    /// The row of the bar after the deciding one, or of that one itself at the end.
    pub(super) fn next_row<'a>(&self, plan: &'a EnvPlan<R>) -> &'a TapeBar {
        let rows = &plan.tape.rows;
        rows.get(self.bar() + 1).unwrap_or(&rows[self.bar()])
    }

    /// What may be decided.
    pub fn mask(&self) -> ActionMask {
        ActionMask(self.mask)
    }

    /// The account's part of the observation.
    pub fn observe(&self, plan: &EnvPlan<R>) -> [f32; N_ACCOUNT] {
        let (tape, sim) = (&plan.tape, &plan.sim);
        observe_account(&self.account, self.mask(), tape, self.bar(), sim)
    }

    /// Begins a new episode.
    #[inline(never)]
    pub fn reset(&mut self, plan: &EnvPlan<R>, curriculum: &CurriculumState) {
        let forced = curriculum.forced_share > 0.0 && self.rng.uniform() < curriculum.forced_share;
        let started_in_position =
            forced && (0..FORCED_TRIES).any(|_| self.try_forced(plan, curriculum));
        if !started_in_position {
            let i = plan.starts[self.rng.below(plan.starts.len() as u64) as usize] as usize;
            self.fresh_account(plan, curriculum);
            // The bar's own events cannot touch a fresh flat account, but a new day may begin with it.
            self.account.open_bar(plan.tape.at(i), &plan.sim);
            self.bar = i as u32;
        }
        let bar = &plan.tape.rows[self.bar()];
        self.mask = self.account.mask(bar, &plan.sim).0;
        self.equity = self.account.equity(bar, &plan.sim);
        self.paid = 0;
        self.managed = false;
        self.end_day = bar.day().saturating_add(plan.sim.settings.episode_sessions);
    }

    fn fresh_account(&mut self, plan: &EnvPlan<R>, curriculum: &CurriculumState) {
        self.account = Account::new(&plan.sim, plan.referee.clone());
        self.account.side_commission = curriculum.commission_per_side * plan.sim.contracts;
    }

    /// Draws a forced position and replays the bars up to the start; false when it did not live so long.
    fn try_forced(&mut self, plan: &EnvPlan<R>, curriculum: &CurriculumState) -> bool {
        let decided = plan.starts[self.rng.below(plan.starts.len() as u64) as usize] as usize;
        let entry = decided + 1;
        let start = entry + 1 + self.rng.below(FORCED_MAX_BARS) as usize;
        let side = if self.rng.next_u64() >> 63 == 0 {
            1
        } else {
            -1
        };
        let rows = &plan.tape.rows;
        if start >= plan.range.end || !(decided..=start).all(|i| rows[i].has(NEXT_LIVES)) {
            return false;
        }
        self.fresh_account(plan, curriculum);
        self.account
            .enter(side, &rows[decided], rows[entry].open, 0, &plan.sim, entry);
        if let Some(p) = &mut self.account.position {
            p.forced = true;
        }
        for i in entry..=start {
            let (_, trade) = self.account.open_bar(plan.tape.at(i), &plan.sim);
            if trade.is_some() || self.account.dead {
                return false;
            }
        }
        self.bar = start as u32;
        true
    }

    /// Executes a decision and moves on to the next bar that needs one. A forbidden action is HOLD.
    #[inline(always)]
    pub fn step(
        &mut self,
        plan: &EnvPlan<R>,
        action: Action,
        c: &CurriculumState,
        sums: &mut StepSums,
    ) -> (f32, End) {
        let (tape, sim) = (&*plan.tape, &plan.sim);
        let action = if self.mask().allows(action) {
            action
        } else {
            Action::Hold
        };
        let excess_before = self.account.drawdown_beyond_free(self.equity);
        self.account.side_commission = c.commission_per_side * sim.contracts;
        let management_bonus = self.management_bonus(action, c, sums);
        let mut entry_bonus = Usd::ZERO;

        let mut at = tape.at(self.bar());
        self.account.decide(action, at.row, sim);
        let mut equity = BarEquity {
            best: self.equity,
            worst: self.equity,
            close: self.equity,
        };
        let closed = self.account.close_bar(at, sim, &mut equity);
        self.book(closed, sums);
        let mut end = End::Running;
        let (mask, equity) = loop {
            if self.account.dead {
                end = End::Terminated;
                break self.at_close(at.row, sim);
            }
            at = match self.next_bar(plan, at, sums) {
                Ok(next) => tape.at(next),
                Err(ended) => {
                    end = ended;
                    break self.at_close(at.row, sim);
                }
            };
            let (events, trade) = self.account.open_bar(at, sim);
            if events.entered {
                entry_bonus = c.entry_bonus;
                sums.rest.entries += 1;
                self.paid = 0;
                self.managed = false;
            }
            let drawdown = self.account.referee.peak() - events.equity.worst;
            sums.drawdown_worst = sums.drawdown_worst.max(drawdown);
            self.book(trade, sums);
            let mask = self.account.mask(at.row, sim);
            if self.account.position.is_some() || mask != ActionMask::HOLD_ONLY {
                if at.row.has(IN_SESSION) && at.row.day() >= self.end_day {
                    end = End::Truncated;
                }
                break (mask, events.equity.close);
            }
        };
        let terms = RewardTerms::new(
            &sim.settings,
            equity - self.equity,
            management_bonus + entry_bonus,
            self.account.drawdown_beyond_free(equity) - excess_before,
            self.account.dead,
        );
        let (reward, clipped_usd) = terms.reward(&sim.settings);
        sums.equity_change += terms.equity_change;
        sums.entry_bonus += entry_bonus;
        sums.management_bonus += management_bonus;
        sums.drawdown_sum += self.account.referee.peak() - equity;
        sums.rest.drawdown_penalty_usd += terms.drawdown_penalty;
        sums.rest.breach_penalty_usd += terms.breach_penalty;
        sums.rest.clipped_usd += clipped_usd;
        if end != End::Running {
            sums.rest.episodes += 1;
            sums.rest.breaches += u64::from(self.account.dead);
        }
        self.bar = at.index as u32;
        self.mask = mask.0;
        self.equity = equity;
        (reward, end)
    }

    /// What may be decided at a bar's close, and the equity there.
    fn at_close(&self, bar: &TapeBar, sim: &SimPlan) -> (ActionMask, Usd) {
        (self.account.mask(bar, sim), self.account.equity(bar, sim))
    }

    /// The bar after this one; for a flat account without an order the next one that offers a choice.
    ///
    /// # Errors
    /// How the episode ends, when there is no such bar or never will be a choice again.
    #[inline(always)]
    fn next_bar(
        &mut self,
        plan: &EnvPlan<R>,
        at: TapeAt<'_>,
        sums: &mut StepSums,
    ) -> Result<usize, End> {
        let mut next = at.index + 1;
        if self.account.is_idle() && next < plan.range.end {
            if self.account.stalled(&plan.sim) {
                sums.rest.stalls += 1;
                return Err(End::Terminated);
            }
            next = plan.next_choice[next - plan.range.start] as usize;
            if next < plan.range.end && plan.tape.rows[next].day() != at.row.day() {
                self.account.referee.new_day(self.account.balance);
            }
        }
        if next < plan.range.end {
            Ok(next)
        } else {
            Err(End::Truncated)
        }
    }

    /// Once per kind and trade, so that switching back and forth cannot farm it.
    #[inline(always)]
    fn management_bonus(
        &mut self,
        action: Action,
        c: &CurriculumState,
        sums: &mut StepSums,
    ) -> Usd {
        let switches = matches!(action, Action::TrailOn | Action::TrailOff);
        let manages = switches | (action == Action::SlToBe);
        sums.rest.trail_switches += u64::from(switches);
        self.managed |= manages;
        let bit = u8::from(manages) << action.index();
        let unpaid = bit & !self.paid != 0;
        self.paid |= bit;
        c.management_bonus * i64::from(unpaid)
    }

    #[inline(always)]
    fn book(&mut self, trade: Option<Trade>, sums: &mut StepSums) {
        let Some(t) = trade else { return };
        if t.forced {
            sums.rest.forced_trades += 1;
        } else {
            sums.rest.trades += 1;
            sums.rest.wins += u64::from(t.net_pnl > Usd::ZERO);
            sums.rest.managed_trades += u64::from(self.managed);
            sums.net_pnl += t.net_pnl;
        }
        self.managed = false;
        self.paid = 0;
    }
}
