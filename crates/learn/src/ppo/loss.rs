//! The clipped objective, twice: per row with its derivatives for the processor, and as
//! tensors for burn. A test holds both to the same numbers.
//!
//! `loss = policy + vf_coef * value - ent_coef * entropy`, each a mean over the minibatch;
//! the value loss is half the mean square.

use burn::tensor::activation::log_softmax;
use burn::tensor::{Bool, Int, Tensor};
use holdout_core::sim::N_ACTIONS;
use serde::{Deserialize, Serialize};

use crate::policy::distribution::MaskedCategorical;

/// Logit of a forbidden action on devices where infinity would poison derivatives: far enough
/// below any other that its exponential is exactly 0 in single precision.
const FORBIDDEN: f32 = -1e30;

/// Coefficients in force for one update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossCoefs {
    /// Clipping of the ratio, and of the value where that is on.
    pub clip_coef: f32,
    /// Whether the value is clipped around its old one.
    pub clip_vloss: bool,
    /// Weight of the value loss.
    pub vf_coef: f32,
    /// Weight of the entropy.
    pub ent_coef: f32,
}

/// One step of the rollout as the loss sees it.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Allowed actions.
    pub mask: u8,
    /// Action taken.
    pub action: u8,
    /// Its log-probability then.
    pub old_log_prob: f32,
    /// Value then.
    pub old_value: f32,
    /// Advantage, normalised.
    pub advantage: f32,
    /// Target of the value.
    pub target: f32,
}

/// Sums over rows of a minibatch; divided by their number, the figures of the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LossSums {
    /// Rows.
    pub rows: f64,
    /// Clipped policy objective, as a loss.
    pub policy: f64,
    /// Half the squared error of the value.
    pub value: f64,
    /// Entropy in nats.
    pub entropy: f64,
    /// `ratio - 1 - ln ratio`.
    pub approx_kl: f64,
    /// Rows whose ratio left the clipping range.
    pub clipped: f64,
}

impl LossSums {
    /// Adds another minibatch or shard.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.policy += other.policy;
        self.value += other.value;
        self.entropy += other.entropy;
        self.approx_kl += other.approx_kl;
        self.clipped += other.clipped;
    }

    /// The whole loss, a mean over the rows; not finite without rows.
    pub fn loss(&self, coefs: &LossCoefs) -> f64 {
        (self.policy + f64::from(coefs.vf_coef) * self.value
            - f64::from(coefs.ent_coef) * self.entropy)
            / self.rows
    }
}

/// Adds one row to the sums and gives the derivatives of the minibatch's loss by its logits
/// and value; `share` is one over the number of rows of the minibatch.
#[inline]
pub fn row_loss(
    logits: &[f32; N_ACTIONS],
    value: f32,
    sample: &Sample,
    coefs: &LossCoefs,
    share: f32,
    sums: &mut LossSums,
) -> ([f32; N_ACTIONS], f32) {
    let dist = MaskedCategorical::new(logits, sample.mask);
    let action = usize::from(sample.action).min(N_ACTIONS - 1);
    let log_ratio = dist.log_probs[action] - sample.old_log_prob;
    let ratio = log_ratio.exp();
    let clip = coefs.clip_coef;
    let unclipped = -sample.advantage * ratio;
    let clipped = -sample.advantage * ratio.clamp(1.0 - clip, 1.0 + clip);
    let entropy = dist.entropy();

    let error = value - sample.target;
    let (half_square, d_value) = if coefs.clip_vloss {
        let moved = value - sample.old_value;
        let clipped_error = sample.old_value + moved.clamp(-clip, clip) - sample.target;
        if clipped_error * clipped_error > error * error {
            let inside = moved.abs() <= clip;
            (
                0.5 * clipped_error * clipped_error,
                if inside { clipped_error } else { 0.0 },
            )
        } else {
            (0.5 * error * error, error)
        }
    } else {
        (0.5 * error * error, error)
    };

    sums.rows += 1.0;
    sums.policy += f64::from(unclipped.max(clipped));
    sums.value += f64::from(half_square);
    sums.entropy += f64::from(entropy);
    sums.approx_kl += f64::from(log_ratio.exp_m1() - log_ratio);
    sums.clipped += f64::from(u8::from((ratio - 1.0).abs() > clip));

    // Where the clipped branch is the larger, the ratio is outside the range and its slope 0.
    let d_log_prob = if unclipped >= clipped { unclipped } else { 0.0 };
    let mut d_logits = [0.0; N_ACTIONS];
    for (j, d) in d_logits.iter_mut().enumerate() {
        let p = dist.probs[j];
        if p > 0.0 {
            let hit = if j == action { 1.0 } else { 0.0 };
            *d = share
                * (d_log_prob * (hit - p) + coefs.ent_coef * p * (dist.log_probs[j] + entropy));
        }
    }
    (d_logits, share * coefs.vf_coef * d_value)
}

/// A minibatch as tensors.
#[derive(Clone, Debug)]
pub struct TensorBatch {
    /// True where forbidden.
    pub forbidden: Tensor<2, Bool>,
    /// Actions taken, one column.
    pub actions: Tensor<2, Int>,
    /// Log-probabilities then.
    pub old_log_probs: Tensor<1>,
    /// Values then.
    pub old_values: Tensor<1>,
    /// Advantages, normalised.
    pub advantages: Tensor<1>,
    /// Targets of the value.
    pub targets: Tensor<1>,
}

/// The loss of a minibatch and its figures.
///
/// # Shapes
/// Logits `[rows, 6]`, values `[rows]`; gives the loss `[1]` and, without derivative, the means
/// `[policy, value, entropy, approx_kl, clip_fraction]`.
pub fn tensor_loss(
    logits: Tensor<2>,
    values: Tensor<1>,
    batch: &TensorBatch,
    coefs: &LossCoefs,
) -> (Tensor<1>, Tensor<1>) {
    let rows = values.dims()[0];
    let log_probs = log_softmax(logits.mask_fill(batch.forbidden.clone(), FORBIDDEN), 1);
    let log_prob: Tensor<1> = log_probs
        .clone()
        .gather(1, batch.actions.clone())
        .reshape([rows]);
    let log_ratio = log_prob - batch.old_log_probs.clone();
    let ratio = log_ratio.clone().exp();
    let clip = coefs.clip_coef;
    let unclipped = -(batch.advantages.clone() * ratio.clone());
    let clipped = -(batch.advantages.clone() * ratio.clone().clamp(1.0 - clip, 1.0 + clip));
    let policy = unclipped.max_pair(clipped).mean();
    let error = (values.clone() - batch.targets.clone()).square();
    let value = if coefs.clip_vloss {
        let moved = (values - batch.old_values.clone()).clamp(-clip, clip);
        let clipped_error = (batch.old_values.clone() + moved - batch.targets.clone()).square();
        error.max_pair(clipped_error).mean() * 0.5
    } else {
        error.mean() * 0.5
    };
    let probs = log_probs.clone().exp();
    // A forbidden action's term is 0 times a large finite number.
    let entropy = -(probs * log_probs).sum() / rows as f32;
    let loss = policy.clone() + value.clone() * coefs.vf_coef - entropy.clone() * coefs.ent_coef;
    let approx_kl = (ratio.clone() - 1.0 - log_ratio).mean();
    let outside = (ratio - 1.0).abs().greater_elem(clip).float().mean();
    let figures = Tensor::cat(vec![policy, value, entropy, approx_kl, outside], 0).inner();
    (loss, figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row by hand: the value's part of the loss, and its slope.
    fn value_part(value: f32, old_value: f32, target: f32) -> (f64, f32) {
        let coefs = LossCoefs {
            clip_coef: 0.2,
            clip_vloss: true,
            vf_coef: 1.0,
            ent_coef: 0.0,
        };
        let sample = Sample {
            mask: 0b00_0111,
            action: 0,
            old_log_prob: -1.0,
            old_value,
            // Far from every value: clipping around it would show.
            advantage: 50.0,
            target,
        };
        let mut sums = LossSums::default();
        let (_, slope) = row_loss(&[0.0; N_ACTIONS], value, &sample, &coefs, 1.0, &mut sums);
        (sums.value, slope)
    }

    #[test]
    fn values_are_clipped_around_the_old_value() {
        let near = |(loss, slope): (f64, f32), expected: (f64, f32)| {
            assert!((loss - expected.0).abs() < 1e-5 && (slope - expected.1).abs() < 1e-5);
        };
        // Within 0.2 of the old value nothing is clipped.
        near(value_part(1.1, 1.0, 2.0), (0.5 * 0.81, -0.9));
        // Moved further towards the target: the clipped error, 1.2 - 2, is the larger; no slope.
        near(value_part(1.5, 1.0, 2.0), (0.5 * 0.64, 0.0));
        // Moved away from the target: the unclipped error is the larger and pulls back.
        near(value_part(0.5, 1.0, 2.0), (0.5 * 2.25, -1.5));
    }

    #[test]
    fn forbidden_actions_have_no_part_in_entropy_and_slopes() {
        let coefs = LossCoefs {
            clip_coef: 0.2,
            clip_vloss: false,
            vf_coef: 0.0,
            ent_coef: 1.0,
        };
        let sample = Sample {
            mask: 0b10_0001,
            action: 5,
            old_log_prob: -0.7,
            old_value: 0.0,
            advantage: 1.0,
            target: 0.0,
        };
        let mut sums = LossSums::default();
        let logits = [0.0, 9.0, 9.0, 9.0, 9.0, 0.0];
        let (slopes, _) = row_loss(&logits, 0.0, &sample, &coefs, 1.0, &mut sums);
        assert!((sums.entropy - 2.0_f64.ln()).abs() < 1e-6, "of two alike");
        assert_eq!(slopes[1..5], [0.0; 4]);
        assert!(slopes[5] < 0.0 && (slopes[0] + slopes[5]).abs() < 1e-6);
    }
}
