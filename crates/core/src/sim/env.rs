//! One training environment: episodes of one account on the training split.
//!
//! An episode starts at a random bar where an entry is possible, flat or in a forced position,
//! and ends by breach or stall (terminated) or after some sessions or at the end of the split
//! (truncated). Bars on which a flat account may only HOLD are passed over: nothing can be
//! decided or earned there.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::account::Account;
use super::action::{Action, ActionMask, N_ACTIONS};
use super::curriculum::CurriculumState;
use super::ledger::{Side, Trade};
use super::observation::{N_ACCOUNT, observe_account};
use super::referee::Referee;
use super::reward::RewardTerms;
use super::settings::SimPlan;
use super::tape::{ENTRY_TIME, NEXT_LIVES, Tape};
use crate::market::session::NO_DAY;
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
        Ok(Self {
            sim,
            tape,
            referee,
            range,
            starts,
        })
    }
}

/// Sums over steps; every field adds up, so batches merge by addition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StepTotals {
    /// Decisions taken.
    pub steps: u64,
    /// Of these, with HOLD as the only choice.
    pub hold_only: u64,
    /// Executed actions, all steps.
    pub actions: [u64; N_ACTIONS],
    /// Executed actions where there was a choice.
    pub chosen: [u64; N_ACTIONS],
    /// Sum of rewards in units.
    pub reward: f64,
    /// Change of equity in dollars.
    pub equity_change_usd: f64,
    /// Bonuses in dollars.
    pub bonus_usd: f64,
    /// Drawdown penalties in dollars.
    pub drawdown_penalty_usd: f64,
    /// Breach penalties in dollars.
    pub breach_penalty_usd: f64,
    /// Closed round trips of the agent's own.
    pub trades: u64,
    /// Of these, with a net profit.
    pub wins: u64,
    /// Of these, with at least one management action.
    pub managed: u64,
    /// Net P&L of the agent's own trades in dollars.
    pub trade_pnl_usd: f64,
    /// Closed forced positions.
    pub forced_trades: u64,
    /// Their net P&L in dollars.
    pub forced_pnl_usd: f64,
    /// Filled entries long.
    pub entries_long: u64,
    /// Filled entries short.
    pub entries_short: u64,
    /// Episodes that ended.
    pub episodes: u64,
    /// By breach.
    pub breaches: u64,
    /// By stall.
    pub stalls: u64,
    /// Their rewards in units.
    pub episode_reward: f64,
    /// Their steps.
    pub episode_steps: u64,
    /// Their change of equity in dollars.
    pub episode_equity_usd: f64,
    /// Their largest drawdowns in dollars, summed.
    pub episode_drawdown_usd: f64,
    /// The largest of these; merged by maximum.
    pub worst_drawdown_usd: f64,
}

impl StepTotals {
    /// Adds another sum to this one.
    pub fn merge(&mut self, o: &Self) {
        self.steps += o.steps;
        self.hold_only += o.hold_only;
        for a in 0..N_ACTIONS {
            self.actions[a] += o.actions[a];
            self.chosen[a] += o.chosen[a];
        }
        self.reward += o.reward;
        self.equity_change_usd += o.equity_change_usd;
        self.bonus_usd += o.bonus_usd;
        self.drawdown_penalty_usd += o.drawdown_penalty_usd;
        self.breach_penalty_usd += o.breach_penalty_usd;
        self.trades += o.trades;
        self.wins += o.wins;
        self.managed += o.managed;
        self.trade_pnl_usd += o.trade_pnl_usd;
        self.forced_trades += o.forced_trades;
        self.forced_pnl_usd += o.forced_pnl_usd;
        self.entries_long += o.entries_long;
        self.entries_short += o.entries_short;
        self.episodes += o.episodes;
        self.breaches += o.breaches;
        self.stalls += o.stalls;
        self.episode_reward += o.episode_reward;
        self.episode_steps += o.episode_steps;
        self.episode_equity_usd += o.episode_equity_usd;
        self.episode_drawdown_usd += o.episode_drawdown_usd;
        self.worst_drawdown_usd = self.worst_drawdown_usd.max(o.worst_drawdown_usd);
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

/// Sums of the running episode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Episode {
    reward: f64,
    steps: u64,
    start_equity: Usd,
    drawdown: Usd,
    end_day: u32,
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
    episode: Episode,
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
            episode: Episode::default(),
            rng: Stream::new(seed, "environment", index),
        };
        env.reset(plan, curriculum);
        env
    }

    /// The deciding bar.
    pub fn bar(&self) -> usize {
        self.bar as usize
    }

    /// The account.
    pub fn account(&self) -> &Account<R> {
        &self.account
    }

    /// What may be decided.
    pub fn mask(&self) -> ActionMask {
        ActionMask(self.mask)
    }

    /// Writes the account's part of the observation.
    pub fn observe(&self, plan: &EnvPlan<R>, out: &mut [f32]) {
        debug_assert_eq!(out.len(), N_ACCOUNT);
        let bar = &plan.tape.rows[self.bar()];
        observe_account(&self.account, self.mask(), bar, self.bar(), &plan.sim, out);
    }

    /// Begins a new episode.
    pub fn reset(&mut self, plan: &EnvPlan<R>, curriculum: &CurriculumState) {
        let forced = curriculum.forced_share > 0.0 && self.rng.uniform() < curriculum.forced_share;
        let started_in_position =
            forced && (0..FORCED_TRIES).any(|_| self.try_forced(plan, curriculum));
        if !started_in_position {
            let i = plan.starts[self.rng.below(plan.starts.len() as u64) as usize] as usize;
            self.fresh_account(plan, curriculum);
            // The bar's own events cannot touch a fresh flat account, but a new day may begin with it.
            self.account.open_bar(&plan.tape, &plan.sim, i);
            self.bar = i as u32;
        }
        let bar = &plan.tape.rows[self.bar()];
        self.mask = self.account.mask(bar, &plan.sim).0;
        self.equity = self.account.equity(bar, &plan.sim);
        self.paid = 0;
        self.managed = false;
        let end_day = bar.day.saturating_add(plan.sim.settings.episode_sessions);
        self.episode = Episode {
            start_equity: self.equity,
            end_day,
            ..Episode::default()
        };
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
            let (_, trade) = self.account.open_bar(&plan.tape, &plan.sim, i);
            if trade.is_some() || self.account.dead {
                return false;
            }
        }
        self.bar = start as u32;
        true
    }

    /// Executes a decision and moves on to the next bar that needs one. A forbidden action is HOLD.
    pub fn step(
        &mut self,
        plan: &EnvPlan<R>,
        action: Action,
        c: &CurriculumState,
        totals: &mut StepTotals,
    ) -> (f32, End) {
        let (tape, sim) = (&*plan.tape, &plan.sim);
        let mask = self.mask();
        let action = if mask.allows(action) {
            action
        } else {
            Action::Hold
        };
        totals.steps += 1;
        totals.actions[action.index()] += 1;
        if mask.count() > 1 {
            totals.chosen[action.index()] += 1;
        } else {
            totals.hold_only += 1;
        }
        let used_before = self.account.drawdown_used(self.equity);
        let equity_before = self.equity;
        self.account.side_commission = c.commission_per_side * sim.contracts;
        let mut bonus = self.management_bonus(action, c);

        let bar = &tape.rows[self.bar()];
        self.account.decide(action, bar, sim);
        let mut equity = super::account::BarEquity {
            best: self.equity,
            worst: self.equity,
            close: self.equity,
        };
        let closed = self.account.close_bar(tape, sim, self.bar(), &mut equity);
        self.book(closed, totals);
        let mut end = End::Running;
        let mut i = self.bar();
        let mut drawdown = Usd::ZERO;
        loop {
            if self.account.dead {
                end = End::Terminated;
                break;
            }
            if i + 1 >= plan.range.end {
                end = End::Truncated;
                break;
            }
            i += 1;
            let (events, trade) = self.account.open_bar(tape, sim, i);
            drawdown = drawdown.max(self.account.referee.peak() - events.equity.worst);
            if events.entered {
                bonus += c.entry_bonus;
                self.count_entry(trade.as_ref(), totals);
            }
            self.book(trade, totals);
            let row = &tape.rows[i];
            let idle = self.account.position.is_none()
                && self.account.mask(row, sim) == ActionMask::HOLD_ONLY;
            if idle && self.account.stalled(sim) {
                totals.stalls += 1;
                end = End::Terminated;
                break;
            }
            if !idle {
                if row.day != NO_DAY && row.day >= self.episode.end_day {
                    end = End::Truncated;
                }
                break;
            }
        }
        self.bar = i as u32;
        let row = &tape.rows[i];
        self.mask = self.account.mask(row, sim).0;
        self.equity = self.account.equity(row, sim);
        let used_after = self.account.drawdown_used(self.equity);
        let change = self.equity - equity_before;
        let terms = RewardTerms::new(
            &sim.settings,
            change,
            bonus,
            used_before,
            used_after,
            self.account.dead,
        );
        let reward = terms.reward(&sim.settings);
        totals.reward += f64::from(reward);
        totals.equity_change_usd += change.dollars();
        totals.bonus_usd += bonus.dollars();
        totals.drawdown_penalty_usd += terms.drawdown_penalty;
        totals.breach_penalty_usd += terms.breach_penalty;
        self.episode.reward += f64::from(reward);
        self.episode.steps += 1;
        self.episode.drawdown = self.episode.drawdown.max(drawdown);
        if end != End::Running {
            self.finish(totals);
        }
        (reward, end)
    }

    /// Once per kind and trade, so that switching back and forth cannot farm it.
    fn management_bonus(&mut self, action: Action, c: &CurriculumState) -> Usd {
        if !matches!(action, Action::SlToBe | Action::TrailOn | Action::TrailOff) {
            return Usd::ZERO;
        }
        self.managed = true;
        let bit = 1 << action.index();
        if self.paid & bit != 0 {
            return Usd::ZERO;
        }
        self.paid |= bit;
        c.management_bonus
    }

    fn count_entry(&mut self, closed_at_once: Option<&Trade>, totals: &mut StepTotals) {
        self.paid = 0;
        self.managed = false;
        let long = match (&self.account.position, closed_at_once) {
            (Some(p), _) => p.side > 0,
            (None, Some(t)) => t.side == Side::Long,
            (None, None) => return,
        };
        if long {
            totals.entries_long += 1;
        } else {
            totals.entries_short += 1;
        }
    }

    fn book(&mut self, trade: Option<Trade>, totals: &mut StepTotals) {
        let Some(t) = trade else { return };
        if t.forced {
            totals.forced_trades += 1;
            totals.forced_pnl_usd += t.net_pnl.dollars();
        } else {
            totals.trades += 1;
            totals.wins += u64::from(t.net_pnl > Usd::ZERO);
            totals.managed += u64::from(self.managed);
            totals.trade_pnl_usd += t.net_pnl.dollars();
        }
        self.managed = false;
        self.paid = 0;
    }

    fn finish(&self, totals: &mut StepTotals) {
        let e = &self.episode;
        totals.episodes += 1;
        totals.breaches += u64::from(self.account.dead);
        totals.episode_reward += e.reward;
        totals.episode_steps += e.steps;
        totals.episode_equity_usd += (self.equity - e.start_equity).dollars();
        totals.episode_drawdown_usd += e.drawdown.dollars();
        totals.worst_drawdown_usd = totals.worst_drawdown_usd.max(e.drawdown.dollars());
    }
}
