//! What the environments did in one lock-step: rewards, ends, and sums for the record.

use serde::{Deserialize, Serialize};

use crate::units::Usd;

/// Sums over all environments of what happened in one step, or in many added together.
///
/// Money is in dollars. Trades are closed round trips; forced trades are in none of the
/// figures but `forced_trades`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepTotals {
    /// Change of equity net of costs, realised and unrealised.
    pub equity_change_usd: f64,
    /// Net P&L of the trades that closed.
    pub net_pnl_usd: f64,
    /// Bonuses paid on executed entries.
    pub entry_bonus_usd: f64,
    /// Bonuses paid on first uses of management actions.
    pub management_bonus_usd: f64,
    /// Drawdown penalties, as a positive number.
    pub drawdown_penalty_usd: f64,
    /// Breach penalties, as a positive number.
    pub breach_penalty_usd: f64,
    /// Reward removed by clipping, in dollars, as a positive number.
    pub clipped_usd: f64,
    /// Executed entries.
    pub entries: u64,
    /// Trades that closed.
    pub trades: u64,
    /// Those with a net P&L above 0.
    pub wins: u64,
    /// Closed trades in which the stop was moved to break-even or trailed.
    pub managed_trades: u64,
    /// Closed trades that began as forced positions.
    pub forced_trades: u64,
    /// Switches of the trailing stop, on or off.
    pub trail_switches: u64,
    /// Episodes that ended, for whatever reason.
    pub episodes: u64,
    /// Episodes that ended in a breach.
    pub breaches: u64,
    /// Episodes that ended because no entry could ever be allowed again.
    pub stalls: u64,
    /// Sum over environments and steps of the drawdown in dollars below the peak.
    pub drawdown_sum_usd: f64,
    /// Largest drawdown of any environment, in dollars.
    pub drawdown_worst_usd: f64,
}

impl StepTotals {
    /// Adds another step's sums; the worst drawdown is the larger one.
    pub fn add(&mut self, other: &Self) {
        self.equity_change_usd += other.equity_change_usd;
        self.net_pnl_usd += other.net_pnl_usd;
        self.entry_bonus_usd += other.entry_bonus_usd;
        self.management_bonus_usd += other.management_bonus_usd;
        self.drawdown_penalty_usd += other.drawdown_penalty_usd;
        self.breach_penalty_usd += other.breach_penalty_usd;
        self.clipped_usd += other.clipped_usd;
        self.entries += other.entries;
        self.trades += other.trades;
        self.wins += other.wins;
        self.managed_trades += other.managed_trades;
        self.forced_trades += other.forced_trades;
        self.trail_switches += other.trail_switches;
        self.episodes += other.episodes;
        self.breaches += other.breaches;
        self.stalls += other.stalls;
        self.drawdown_sum_usd += other.drawdown_sum_usd;
        self.drawdown_worst_usd = self.drawdown_worst_usd.max(other.drawdown_worst_usd);
    }
}

/// The same sums while they are being made: money in integers, converted once per batch.
#[derive(Clone, Copy, Debug, Default)]
pub struct StepSums {
    pub(super) equity_change: Usd,
    pub(super) net_pnl: Usd,
    pub(super) entry_bonus: Usd,
    pub(super) management_bonus: Usd,
    pub(super) drawdown_sum: Usd,
    pub(super) drawdown_worst: Usd,
    /// What is counted, and money that was never an integer.
    pub(super) rest: StepTotals,
}

impl StepSums {
    /// The sums in dollars.
    pub fn totals(&self) -> StepTotals {
        StepTotals {
            equity_change_usd: self.equity_change.dollars(),
            net_pnl_usd: self.net_pnl.dollars(),
            entry_bonus_usd: self.entry_bonus.dollars(),
            management_bonus_usd: self.management_bonus.dollars(),
            drawdown_sum_usd: self.drawdown_sum.dollars(),
            drawdown_worst_usd: self.drawdown_worst.dollars(),
            ..self.rest
        }
    }
}

/// What one step did. The vectors keep their storage from step to step.
#[derive(Clone, Debug, Default)]
pub struct StepOut {
    /// Reward of each environment, in reward units.
    pub rewards: Vec<f32>,
    /// Episode over for good: nothing of value can follow.
    pub terminated: Vec<bool>,
    /// Episode cut off by a limit: the value of the final observation follows.
    pub truncated: Vec<bool>,
    /// Deciding bar of the final observation of each truncated environment.
    pub final_bars: Vec<u32>,
    /// Which environments were truncated, in the same order.
    pub final_envs: Vec<u32>,
    /// Their account numbers, `n_account` each, flattened.
    pub final_account: Vec<f32>,
    /// Sums over all environments.
    pub totals: StepTotals,
}

impl StepOut {
    /// Storage for `n_envs` environments.
    pub fn new(n_envs: usize) -> Self {
        Self {
            rewards: vec![0.0; n_envs],
            terminated: vec![false; n_envs],
            truncated: vec![false; n_envs],
            ..Self::default()
        }
    }

    /// Forgets the last step and makes ready for one of `n_envs` environments, keeping the storage.
    pub fn clear(&mut self, n_envs: usize) {
        self.rewards.clear();
        self.rewards.resize(n_envs, 0.0);
        self.terminated.clear();
        self.terminated.resize(n_envs, false);
        self.truncated.clear();
        self.truncated.resize(n_envs, false);
        self.final_bars.clear();
        self.final_envs.clear();
        self.final_account.clear();
        self.totals = StepTotals::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_add_and_keep_the_worst() {
        let mut a = StepTotals {
            trades: 2,
            drawdown_worst_usd: 5.0,
            ..StepTotals::default()
        };
        a.add(&StepTotals {
            trades: 3,
            drawdown_worst_usd: 4.0,
            ..StepTotals::default()
        });
        assert_eq!((a.trades, a.drawdown_worst_usd), (5, 5.0));
    }
}
