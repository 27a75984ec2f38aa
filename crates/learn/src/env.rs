//! What the learner needs from a world: a batch of environments stepped together.
//!
//! Observations travel in compact form, a bar index and a few account numbers per
//! environment; the window of market rows before that bar is read from one shared
//! [`FeatureTable`] whenever a batch is computed, and is never stored. An environment resets
//! itself when an episode ends, and says whether the end was real or only a time limit.

use std::ops::Range;
use std::sync::Arc;

use holdout_core::sim::CurriculumState;
pub use holdout_core::sim::{StepOut, StepTotals};
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

    /// Writes the compact observation of each of `envs`: deciding bar, account numbers
    /// (`envs.len() * n_account`), and the allowed actions, bit `i` for action `i`.
    fn observe(&self, envs: Range<usize>, bars: &mut [u32], account: &mut [f32], masks: &mut [u8]);

    /// Executes one allowed action in each of `envs` and resets finished episodes; in `out`
    /// environments are counted from the first of them.
    fn step(&mut self, envs: Range<usize>, actions: &[u8], out: &mut StepOut);

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
        let table = FeatureTable {
            n_features: 2,
            data: (0..10).map(|x| x as f32).collect(),
        };
        assert_eq!(table.n_bars(), 5);
        assert_eq!(table.window(2, 2), Some(&[2.0, 3.0, 4.0, 5.0][..]));
        assert_eq!(table.window(0, 2), None);
        assert_eq!(table.window(5, 2), None);
    }
}
