//! One rollout in compact form: bars and account numbers, never observations.
//!
//! Everything is time-major: entry `t * n_envs + env`.

use crate::env::ObsShape;

/// Storage of one rollout, kept from update to update.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rollout {
    pub(crate) n_account: usize,
    pub(crate) bars: Vec<u32>,
    pub(crate) account: Vec<f32>,
    pub(crate) masks: Vec<u8>,
    pub(crate) actions: Vec<u8>,
    pub(crate) log_probs: Vec<f32>,
    pub(crate) values: Vec<f32>,
    pub(crate) rewards: Vec<f32>,
    pub(crate) terminated: Vec<bool>,
    pub(crate) truncated: Vec<bool>,
    /// Value of the final observation where truncated, 0 elsewhere.
    pub(crate) final_values: Vec<f32>,
    /// Values after the last step.
    pub(crate) last_values: Vec<f32>,
    pub(crate) advantages: Vec<f32>,
    pub(crate) returns: Vec<f32>,
    /// Compact final observations of truncated episodes, and the entries they belong to.
    pub(crate) final_at: Vec<usize>,
    pub(crate) final_bars: Vec<u32>,
    pub(crate) final_account: Vec<f32>,
}

impl Rollout {
    pub(crate) fn new(n_envs: usize, n_steps: usize, shape: ObsShape) -> Self {
        let len = n_envs * n_steps;
        Self {
            n_account: shape.n_account,
            bars: vec![0; len],
            account: vec![0.0; len * shape.n_account],
            masks: vec![0; len],
            actions: vec![0; len],
            log_probs: vec![0.0; len],
            values: vec![0.0; len],
            rewards: vec![0.0; len],
            terminated: vec![false; len],
            truncated: vec![false; len],
            final_values: vec![0.0; len],
            last_values: vec![0.0; n_envs],
            advantages: vec![0.0; len],
            returns: vec![0.0; len],
            ..Self::default()
        }
    }

    /// Steps of all environments together.
    pub(crate) fn len(&self) -> usize {
        self.bars.len()
    }

    /// Forgets the final observations of the last rollout.
    pub(crate) fn start(&mut self) {
        self.final_at.clear();
        self.final_bars.clear();
        self.final_account.clear();
        self.final_values.fill(0.0);
    }

    /// Explained variance of the returns by the values; `None` where the returns do not vary.
    pub(crate) fn explained_variance(&self) -> Option<f64> {
        let n = self.len() as f64;
        let variance = |x: &dyn Fn(usize) -> f64| {
            let mean = (0..self.len()).map(x).sum::<f64>() / n;
            (0..self.len()).map(|i| (x(i) - mean).powi(2)).sum::<f64>() / n
        };
        let of_returns = variance(&|i| f64::from(self.returns[i]));
        let of_errors = variance(&|i| f64::from(self.returns[i]) - f64::from(self.values[i]));
        (of_returns > 1e-12).then(|| 1.0 - of_errors / of_returns)
    }
}
