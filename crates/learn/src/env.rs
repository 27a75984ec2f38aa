//! What the learner needs from a world: a batch of environments stepped together.
//!
//! Observations travel in compact form, a bar index and a few account numbers per
//! environment; the window of market rows before that bar is read from one shared
//! [`FeatureTable`] whenever a batch is computed, and is never stored. An environment resets
//! itself when an episode ends, and says whether the end was real or only a time limit.

use std::sync::Arc;

use holdout_core::sim::CurriculumState;
use serde::{Deserialize, Serialize};

/// Sizes of one observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObsShape {
    /// Rows of the feature table in one observation, the deciding bar's last.
    pub window: usize,
    /// Numbers per row.
    pub n_features: usize,
    /// Numbers about the position and the account.
    pub n_account: usize,
}

impl ObsShape {
    /// Numbers of the market part.
    pub fn market_len(&self) -> usize {
        self.window * self.n_features
    }

    /// Numbers of the whole observation.
    pub fn obs_len(&self) -> usize {
        self.market_len() + self.n_account
    }
}

/// The market as the agent sees it: one row of scaled numbers per bar, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureTable {
    /// Numbers per row.
    pub n_features: usize,
    /// `n_bars * n_features` numbers.
    pub data: Vec<f32>,
}

impl FeatureTable {
    /// Number of rows.
    pub fn n_bars(&self) -> usize {
        self.data.len().checked_div(self.n_features).unwrap_or(0)
    }

    /// The `window` rows that end at `bar`, oldest first; `None` where history is too short
    /// or the bar does not exist.
    pub fn window(&self, bar: u32, window: usize) -> Option<&[f32]> {
        let end = (bar as usize + 1).checked_mul(self.n_features)?;
        let start = end.checked_sub(window * self.n_features)?;
        self.data.get(start..end)
    }
}

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

    /// Forgets the last step, keeping the storage.
    pub fn clear(&mut self) {
        self.rewards.fill(0.0);
        self.terminated.fill(false);
        self.truncated.fill(false);
        self.final_bars.clear();
        self.final_envs.clear();
        self.final_account.clear();
        self.totals = StepTotals::default();
    }
}

/// A batch of environments that the learner steps in lock-step.
pub trait VecEnv: Send {
    /// Number of environments.
    fn n_envs(&self) -> usize;

    /// Sizes of an observation.
    fn layout(&self) -> ObsShape;

    /// Names the meaning of every number of an observation; a checkpoint refuses another.
    /// The default tells sizes apart and nothing else.
    fn layout_hash(&self) -> String {
        let s = self.layout();
        format!("{}x{}+{}", s.window, s.n_features, s.n_account)
    }

    /// The feature matrix that all environments share.
    fn features(&self) -> Arc<FeatureTable>;

    /// Writes the compact observation of every environment: deciding bar, account numbers
    /// (`n_envs * n_account`), and the allowed actions, bit `i` for action `i`.
    fn observe(&self, bars: &mut [u32], account: &mut [f32], masks: &mut [u8]);

    /// Executes one allowed action per environment and resets finished episodes.
    fn step(&mut self, actions: &[u8], out: &mut StepOut);

    /// Sets the helps in force; called before every rollout.
    fn set_curriculum(&mut self, state: &CurriculumState);

    /// Everything needed to continue, bit for bit.
    fn save_state(&self) -> Vec<u8>;

    /// Continues from [`VecEnv::save_state`].
    ///
    /// # Errors
    /// The bytes are not a state of an environment like this one.
    fn load_state(&mut self, bytes: &[u8]) -> Result<(), String>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_end_at_the_deciding_bar() {
        let table = FeatureTable { n_features: 2, data: (0..10).map(|x| x as f32).collect() };
        assert_eq!(table.n_bars(), 5);
        assert_eq!(table.window(2, 2), Some(&[2.0, 3.0, 4.0, 5.0][..]));
        assert_eq!(table.window(0, 2), None);
        assert_eq!(table.window(5, 2), None);
    }

    #[test]
    fn totals_add_and_keep_the_worst() {
        let mut a = StepTotals { trades: 2, drawdown_worst_usd: 5.0, ..StepTotals::default() };
        a.add(&StepTotals { trades: 3, drawdown_worst_usd: 4.0, ..StepTotals::default() });
        assert_eq!((a.trades, a.drawdown_worst_usd), (5, 5.0));
    }
}
