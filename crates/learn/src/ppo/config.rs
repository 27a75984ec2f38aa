//! The learner's settings: what was asked, with every default in one place.
//!
//! Names of the algorithm's settings are the paper's. Three counts are kept apart: a *step* is
//! one step of one environment, an *update* is one rollout and the epochs over it, and an
//! *optimiser step* is one minibatch.

use std::fmt;

use holdout_core::sim::{CurriculumSettings, Phase};
use holdout_core::units::Usd;
use serde::{Deserialize, Serialize};

use crate::adjuster::AdjusterConfig;
use crate::device::DeviceChoice;

/// The algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PpoConfig {
    /// Peak learning rate; none means 3e-4 in phase 1 and 2.5e-4 in phase 2.
    pub learning_rate: Option<f64>,
    /// Share of the run over which the learning rate rises from 0 to its peak.
    pub warmup_share: f64,
    /// Learning rate at the end of the run over its peak.
    pub final_lr_share: f64,
    /// Discount per step.
    pub gamma: f64,
    /// Mix of short and long advantage estimates.
    pub gae_lambda: f64,
    /// How far the new policy may move from the old one in one update.
    pub clip_coef: f64,
    /// Whether the value is clipped around the value at the time of the rollout.
    pub clip_vloss: bool,
    /// Passes over one rollout.
    pub epochs: usize,
    /// Minibatches of one pass.
    pub minibatches: usize,
    /// Weight of the value loss.
    pub vf_coef: f64,
    /// Weight of the entropy at the start.
    pub ent_coef: f64,
    /// Weight of the entropy at the end; linear between.
    pub ent_coef_final: f64,
    /// Largest norm of the whole gradient.
    pub max_grad_norm: f64,
    /// Approximate KL above which an update's remaining epochs are skipped; 0 for never.
    pub target_kl: f64,
    /// Epsilon of Adam.
    pub adam_eps: f64,
    /// Whether advantages are centred and scaled within a minibatch.
    pub norm_adv: bool,
}

impl Default for PpoConfig {
    fn default() -> Self {
        Self {
            learning_rate: None,
            warmup_share: 0.01,
            final_lr_share: 0.1,
            gamma: 0.99,
            gae_lambda: 0.95,
            clip_coef: 0.2,
            clip_vloss: false,
            epochs: 4,
            minibatches: 4,
            vf_coef: 0.5,
            ent_coef: 0.01,
            ent_coef_final: 0.001,
            max_grad_norm: 0.5,
            target_kl: 0.03,
            adam_eps: 1e-5,
            norm_adv: true,
        }
    }
}

/// The network: a trunk shared by a policy head and a value head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Widths of the trunk's layers.
    pub trunk: Vec<usize>,
    /// Width of the hidden layer of each head.
    pub head: usize,
    /// Whether each layer of the trunk is followed by layer normalisation.
    pub layer_norm: bool,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            trunk: vec![256, 256],
            head: 128,
            layer_norm: true,
        }
    }
}

/// A training run as it was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Entries, or management of positions.
    pub phase: Phase,
    /// Environment steps of the whole run; none means 20 and 100 million by phase.
    pub total_steps: Option<u64>,
    /// Environments stepped together.
    pub n_envs: usize,
    /// Steps of each environment between two updates.
    pub rollout: usize,
    /// The algorithm.
    pub ppo: PpoConfig,
    /// The network.
    pub network: NetworkConfig,
    /// The helps and how they fade.
    pub curriculum: CurriculumSettings,
    /// Whether rules may turn learning rate, entropy and bonuses.
    pub adjuster: AdjusterConfig,
    /// Commission per side that the curriculum ends at: the instrument's own.
    pub own_commission: Usd,
    /// Every draw of the run comes from this.
    pub seed: u64,
    /// Updates between two evaluations; 0 for none.
    pub eval_every: u64,
    /// Updates between two checkpoints; 0 for the last one only.
    pub checkpoint_every: u64,
    /// Where to compute.
    pub device: DeviceChoice,
}

impl Default for TrainConfig {
    fn default() -> Self {
        Self {
            phase: Phase::Entries,
            total_steps: None,
            n_envs: 256,
            rollout: 128,
            ppo: PpoConfig::default(),
            network: NetworkConfig::default(),
            curriculum: CurriculumSettings::default(),
            adjuster: AdjusterConfig::default(),
            own_commission: Usd::from_dollars(2.5),
            seed: 1,
            eval_every: 25,
            checkpoint_every: 50,
            device: DeviceChoice::Auto,
        }
    }
}

/// One setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} = {value}: expected {expected}")]
pub struct ConfigProblem {
    /// Path of the setting.
    pub field: String,
    /// What was written.
    pub value: String,
    /// What would do.
    pub expected: String,
}

impl TrainConfig {
    /// Environment steps of the whole run, the phase's default where none were given.
    pub fn planned_steps(&self) -> u64 {
        self.total_steps.unwrap_or(match self.phase {
            Phase::Entries => 20_000_000,
            Phase::Management => 100_000_000,
        })
    }

    /// Environment steps of one update.
    pub fn steps_per_update(&self) -> u64 {
        self.n_envs as u64 * self.rollout as u64
    }

    /// Updates of the whole run: enough to reach the planned steps.
    pub fn planned_updates(&self) -> u64 {
        self.planned_steps()
            .div_ceil(self.steps_per_update().max(1))
    }

    /// Peak learning rate, the phase's default where none was given.
    pub fn peak_learning_rate(&self) -> f64 {
        self.ppo.learning_rate.unwrap_or(match self.phase {
            Phase::Entries => 3e-4,
            Phase::Management => 2.5e-4,
        })
    }

    /// Learning rate after `step` environment steps: linear from 0 over the warm-up, then
    /// linear down to the final share at the last planned step.
    pub fn learning_rate(&self, step: u64) -> f64 {
        let p = self.progress(step);
        let (warm, last) = (self.ppo.warmup_share, self.ppo.final_lr_share);
        let share = if p < warm {
            p / warm
        } else {
            1.0 - (1.0 - last) * (p - warm) / (1.0 - warm)
        };
        self.peak_learning_rate() * share
    }

    /// Weight of the entropy after `step` environment steps.
    pub fn entropy_coef(&self, step: u64) -> f64 {
        let p = self.progress(step);
        self.ppo.ent_coef + (self.ppo.ent_coef_final - self.ppo.ent_coef) * p
    }

    /// Steps done over steps planned, from 0 to 1.
    pub fn progress(&self, step: u64) -> f64 {
        (step as f64 / self.planned_steps().max(1) as f64).min(1.0)
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// All problems at once.
    #[expect(clippy::too_many_lines, reason = "a list, a setting after the other")]
    pub fn check(&self) -> Result<(), Vec<ConfigProblem>> {
        let mut problems = Vec::new();
        let mut check = |ok: bool, field: &str, value: &dyn fmt::Debug, expected: &str| {
            if !ok {
                problems.push(ConfigProblem {
                    field: field.to_owned(),
                    value: format!("{value:?}"),
                    expected: expected.to_owned(),
                });
            }
        };
        let p = &self.ppo;
        let within = |x: f64, lo: f64, hi: f64| x.is_finite() && (lo..=hi).contains(&x);
        let batch = self.n_envs.saturating_mul(self.rollout);
        check(
            self.planned_steps() >= 1,
            "total_steps",
            &self.total_steps,
            "1 or more steps",
        );
        check(
            (1..=1_000_000).contains(&self.n_envs),
            "n_envs",
            &self.n_envs,
            "1 to 1000000 environments",
        );
        check(
            (1..=100_000).contains(&self.rollout),
            "rollout",
            &self.rollout,
            "1 to 100000 steps",
        );
        check(
            batch <= 1 << 28,
            "n_envs x rollout",
            &batch,
            "at most 268435456 steps in one rollout",
        );
        let lr = self.peak_learning_rate();
        check(
            within(lr, 0.0, 1.0) && lr > 0.0,
            "ppo.learning_rate",
            &lr,
            "more than 0 and at most 1",
        );
        check(
            within(p.warmup_share, 0.0, 0.9),
            "ppo.warmup_share",
            &p.warmup_share,
            "a share from 0 to 0.9",
        );
        check(
            within(p.final_lr_share, 0.0, 1.0),
            "ppo.final_lr_share",
            &p.final_lr_share,
            "a share from 0 to 1",
        );
        check(within(p.gamma, 0.0, 1.0), "ppo.gamma", &p.gamma, "0 to 1");
        check(
            within(p.gae_lambda, 0.0, 1.0),
            "ppo.gae_lambda",
            &p.gae_lambda,
            "0 to 1",
        );
        check(
            within(p.clip_coef, 1e-6, 10.0),
            "ppo.clip_coef",
            &p.clip_coef,
            "more than 0 and at most 10",
        );
        check(
            (1..=1000).contains(&p.epochs),
            "ppo.epochs",
            &p.epochs,
            "1 to 1000 passes",
        );
        check(
            p.minibatches >= 1
                && p.minibatches <= batch
                && batch.is_multiple_of(p.minibatches.max(1)),
            "ppo.minibatches",
            &p.minibatches,
            "a divisor of n_envs x rollout",
        );
        check(
            within(p.vf_coef, 0.0, 100.0),
            "ppo.vf_coef",
            &p.vf_coef,
            "0 to 100",
        );
        check(
            within(p.ent_coef, 0.0, 10.0),
            "ppo.ent_coef",
            &p.ent_coef,
            "0 to 10",
        );
        check(
            within(p.ent_coef_final, 0.0, 10.0),
            "ppo.ent_coef_final",
            &p.ent_coef_final,
            "0 to 10",
        );
        check(
            p.max_grad_norm > 0.0 && p.max_grad_norm.is_finite(),
            "ppo.max_grad_norm",
            &p.max_grad_norm,
            "more than 0",
        );
        check(
            within(p.target_kl, 0.0, 100.0),
            "ppo.target_kl",
            &p.target_kl,
            "0 to 100, 0 for never",
        );
        check(
            within(p.adam_eps, 0.0, 1.0) && p.adam_eps > 0.0,
            "ppo.adam_eps",
            &p.adam_eps,
            "more than 0 and at most 1",
        );
        let width = |n: &usize| (1..=16_384).contains(n);
        check(
            (1..=16).contains(&self.network.trunk.len()) && self.network.trunk.iter().all(width),
            "network.trunk",
            &self.network.trunk,
            "1 to 16 widths from 1 to 16384",
        );
        check(
            width(&self.network.head),
            "network.head",
            &self.network.head,
            "a width from 1 to 16384",
        );
        check(
            (0.0..=10_000.0).contains(&self.own_commission.dollars()),
            "own_commission",
            &self.own_commission.dollars(),
            "0 to 10000 dollars",
        );
        if let Err(found) = self.curriculum.check() {
            problems.extend(found.into_iter().map(|c| ConfigProblem {
                field: format!("curriculum.{}", c.field),
                value: c.value,
                expected: c.expected,
            }));
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learning_rate_counts_environment_steps() {
        let config = TrainConfig {
            total_steps: Some(20_000_000),
            ..TrainConfig::default()
        };
        let near = |step: u64, expected: f64| {
            let got = config.learning_rate(step);
            assert!(
                (got - expected).abs() < 1e-12,
                "lr at {step} is {got}, expected {expected}"
            );
        };
        near(0, 0.0);
        near(100_000, 1.5e-4);
        near(200_000, 3e-4);
        near(10_000_000, 3e-4 * (1.0 - 0.9 * 0.49 / 0.99));
        near(19_000_000, 3e-4 * (1.0 - 0.9 * 0.94 / 0.99));
        near(20_000_000, 3e-5);
        assert!(
            config.learning_rate(19_000_000) > 4e-5,
            "the rate must not be gone before the run is"
        );
    }

    #[test]
    fn phases_have_their_own_defaults() {
        let one = TrainConfig::default();
        let two = TrainConfig {
            phase: Phase::Management,
            ..TrainConfig::default()
        };
        assert_eq!(
            (one.planned_steps(), one.peak_learning_rate()),
            (20_000_000, 3e-4)
        );
        assert_eq!(
            (two.planned_steps(), two.peak_learning_rate()),
            (100_000_000, 2.5e-4)
        );
        assert_eq!(one.planned_updates(), 611);
        assert!(
            (one.entropy_coef(0) - 0.01).abs() < 1e-15
                && (one.entropy_coef(20_000_000) - 0.001).abs() < 1e-15
        );
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let mut bad = TrainConfig {
            n_envs: 0,
            ..TrainConfig::default()
        };
        bad.ppo.gamma = 1.5;
        bad.network.trunk.clear();
        bad.curriculum.management.forced_share = 2.0;
        let told: Vec<String> = bad
            .check()
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        for word in [
            "n_envs",
            "ppo.gamma",
            "network.trunk",
            "curriculum.management.forced_share",
            "ppo.minibatches",
        ] {
            assert!(
                told.iter().any(|t| t.contains(word)),
                "{word} is missing in {told:?}"
            );
        }
        assert!(TrainConfig::default().check().is_ok());
    }

    #[test]
    fn unknown_keys_are_errors() {
        let text = serde_json::json!({ "ppo": { "clip": 0.1 } }).to_string();
        assert!(
            serde_json::from_str::<TrainConfig>(&text)
                .unwrap_err()
                .to_string()
                .contains("clip")
        );
        let back: TrainConfig =
            serde_json::from_str(&serde_json::to_string(&TrainConfig::default()).unwrap()).unwrap();
        assert_eq!(back, TrainConfig::default());
    }
}
