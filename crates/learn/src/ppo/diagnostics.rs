//! What an update says about itself: coefficients in force, figures of its epochs, running
//! episodes, and the shares of actions.

use holdout_core::sim::N_ACTIONS;
use serde::{Deserialize, Serialize};

use super::config::TrainConfig;
use super::loss::{LossCoefs, LossSums};
use crate::adjuster::Knobs;

/// Everything that an epoch needs besides data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UpdateCoefs {
    pub(crate) loss: LossCoefs,
    pub(crate) lr: f64,
    pub(crate) max_grad_norm: f64,
    pub(crate) adam_eps: f64,
    pub(crate) norm_adv: bool,
    pub(crate) minibatch_len: usize,
}

impl UpdateCoefs {
    /// The coefficients after `step` environment steps, as the adjuster leaves them.
    pub(crate) fn at(config: &TrainConfig, step: u64, knobs: &Knobs) -> Self {
        let ppo = &config.ppo;
        Self {
            loss: LossCoefs {
                clip_coef: ppo.clip_coef as f32,
                clip_vloss: ppo.clip_vloss,
                vf_coef: ppo.vf_coef as f32,
                ent_coef: (config.entropy_coef(step) * knobs.ent_scale) as f32,
            },
            lr: config.learning_rate(step) * knobs.lr_scale,
            max_grad_norm: ppo.max_grad_norm,
            adam_eps: ppo.adam_eps,
            norm_adv: ppo.norm_adv,
            minibatch_len: config.n_envs * config.rollout / ppo.minibatches.max(1),
        }
    }

    /// Mean, and reciprocal of the sample deviation, of a minibatch's advantages; the identity
    /// where they are not to be normalised or there is only one.
    pub(crate) fn advantage_scaling(
        &self,
        advantages: impl Iterator<Item = f32> + Clone,
    ) -> (f32, f32) {
        let n = advantages.clone().count() as f64;
        if !self.norm_adv || n < 2.0 {
            return (0.0, 1.0);
        }
        let mean = advantages.clone().map(f64::from).sum::<f64>() / n;
        let var = advantages
            .map(|a| (f64::from(a) - mean).powi(2))
            .sum::<f64>()
            / (n - 1.0);
        (mean as f32, (1.0 / (var.sqrt() + 1e-8)) as f32)
    }
}

/// Figures of one epoch or more.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EpochFigures {
    pub(crate) sums: LossSums,
    pub(crate) loss_sum: f64,
    pub(crate) grad_norm_sum: f64,
    pub(crate) grad_norm_max: f64,
    pub(crate) minibatches: u64,
}

impl EpochFigures {
    /// Adds one minibatch.
    pub(crate) fn add(&mut self, sums: &LossSums, coefs: &LossCoefs, grad_norm: f64) {
        self.sums.add(sums);
        self.loss_sum += sums.loss(coefs);
        self.grad_norm_sum += grad_norm;
        self.grad_norm_max = self.grad_norm_max.max(grad_norm);
        self.minibatches += 1;
    }

    /// Adds another epoch.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.sums.add(&other.sums);
        self.loss_sum += other.loss_sum;
        self.grad_norm_sum += other.grad_norm_sum;
        self.grad_norm_max = self.grad_norm_max.max(other.grad_norm_max);
        self.minibatches += other.minibatches;
    }

    /// Whether losses and gradients are numbers.
    pub(crate) fn is_finite(&self) -> bool {
        self.loss_sum.is_finite() && self.grad_norm_sum.is_finite()
    }

    /// Approximate KL, a mean over the rows.
    pub(crate) fn approx_kl(&self) -> f64 {
        self.sums.approx_kl / self.sums.rows
    }
}

/// Return and length of the episode that each environment is in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunningEpisodes {
    pub(crate) returns: Vec<f64>,
    pub(crate) lengths: Vec<f64>,
    #[serde(skip)]
    done: Vec<(f64, f64)>,
}

impl RunningEpisodes {
    pub(crate) fn new(n_envs: usize) -> Self {
        Self {
            returns: vec![0.0; n_envs],
            lengths: vec![0.0; n_envs],
            done: Vec::new(),
        }
    }

    /// Takes one step of the environments from `first` on; `ended` counts from there.
    pub(crate) fn step(&mut self, first: usize, rewards: &[f32], ended: impl Fn(usize) -> bool) {
        for (i, &reward) in rewards.iter().enumerate() {
            let env = first + i;
            self.returns[env] += f64::from(reward);
            self.lengths[env] += 1.0;
            if ended(i) {
                self.done.push((
                    std::mem::take(&mut self.returns[env]),
                    std::mem::take(&mut self.lengths[env]),
                ));
            }
        }
    }

    /// Mean return and mean length of the episodes that ended since the last call.
    pub(crate) fn take_means(&mut self) -> (Option<f64>, Option<f64>) {
        let n = self.done.len() as f64;
        let (r, l) = self
            .done
            .drain(..)
            .fold((0.0, 0.0), |(r, l), (x, y)| (r + x, l + y));
        if n > 0.0 {
            (Some(r / n), Some(l / n))
        } else {
            (None, None)
        }
    }
}

/// Counts of what was chosen, and out of what.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ActionCounts {
    pub(crate) taken: [u64; N_ACTIONS],
    /// Steps on which more than one action was allowed.
    pub(crate) choices: u64,
    /// Actions taken on those.
    pub(crate) chosen: [u64; N_ACTIONS],
    /// Steps by the number of actions that were allowed.
    pub(crate) allowed: [u64; N_ACTIONS + 1],
}

impl ActionCounts {
    #[inline]
    pub(crate) fn add(&mut self, action: u8, mask: u8) {
        self.taken[usize::from(action)] += 1;
        let allowed = (mask.count_ones() as usize).min(N_ACTIONS);
        self.allowed[allowed] += 1;
        if allowed > 1 {
            self.choices += 1;
            self.chosen[usize::from(action)] += 1;
        }
    }

    /// Share of each action where there was a choice.
    pub(crate) fn choice_shares(&self) -> Option<[f64; N_ACTIONS]> {
        (self.choices > 0).then(|| self.chosen.map(|c| c as f64 / self.choices as f64))
    }

    /// Mean entropy of doing every allowed action alike, in nats.
    pub(crate) fn entropy_max(&self) -> f64 {
        let sum: f64 = (self.allowed.iter().zip(0_u8..).skip(1))
            .map(|(&steps, n)| steps as f64 * f64::from(n).ln())
            .sum();
        sum / self.total().max(1) as f64
    }

    pub(crate) fn total(&self) -> u64 {
        self.taken.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_of_choices_leave_forced_holds_out() {
        let mut c = ActionCounts::default();
        c.add(0, 0b00_0001);
        c.add(0, 0b00_0111);
        c.add(1, 0b00_0111);
        c.add(0, 0b00_0001);
        assert_eq!(c.choice_shares(), Some([0.5, 0.5, 0.0, 0.0, 0.0, 0.0]));
        assert!((c.entropy_max() - 0.5 * 3.0_f64.ln()).abs() < 1e-12);
        assert_eq!(ActionCounts::default().choice_shares(), None);
    }

    #[test]
    fn episodes_are_counted_when_they_end() {
        let mut e = RunningEpisodes::new(2);
        e.step(0, &[1.0, 5.0], |_| false);
        e.step(0, &[2.0], |env| env == 0);
        e.step(1, &[5.0], |_| false);
        assert_eq!(e.take_means(), (Some(3.0), Some(2.0)));
        assert_eq!(e.take_means(), (None, None));
        assert_eq!(e.returns, [0.0, 10.0]);
    }
}
