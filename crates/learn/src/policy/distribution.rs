//! The distribution over actions: categorical over the allowed ones.
//!
//! A forbidden action has logit minus infinity, hence probability exactly 0 in sampling, loss,
//! entropy and the greedy choice alike. An empty mask is read as HOLD only.

use holdout_core::sim::N_ACTIONS;

/// A categorical distribution over the allowed actions of one observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaskedCategorical {
    /// Probabilities; exactly 0 where forbidden.
    pub probs: [f32; N_ACTIONS],
    /// Log-probabilities; minus infinity where forbidden.
    pub log_probs: [f32; N_ACTIONS],
}

impl MaskedCategorical {
    /// From the policy head's numbers and the allowed actions, bit `i` for action `i`.
    #[inline]
    pub fn new(logits: &[f32; N_ACTIONS], mask: u8) -> Self {
        let mask = mask | u8::from(mask & ((1 << N_ACTIONS) - 1) == 0);
        let mut masked = [f32::NEG_INFINITY; N_ACTIONS];
        let mut max = f32::NEG_INFINITY;
        for (i, (m, &z)) in masked.iter_mut().zip(logits).enumerate() {
            if mask >> i & 1 == 1 {
                *m = z;
                max = max.max(z);
            }
        }
        let mut probs = masked.map(|z| (z - max).exp());
        let sum: f32 = probs.iter().sum();
        let log_sum = sum.ln() + max;
        probs.iter_mut().for_each(|p| *p /= sum);
        Self {
            probs,
            log_probs: masked.map(|z| z - log_sum),
        }
    }

    /// Entropy in nats.
    #[inline]
    pub fn entropy(&self) -> f32 {
        let term = |(&p, &l): (&f32, &f32)| if p > 0.0 { -p * l } else { 0.0 };
        self.probs.iter().zip(&self.log_probs).map(term).sum()
    }

    /// Draws an action with `u` uniform in `[0, 1)`.
    #[inline]
    pub fn sample(&self, u: f32) -> usize {
        let mut left = u;
        let mut last = 0;
        for (i, &p) in self.probs.iter().enumerate() {
            if p > 0.0 {
                last = i;
                if left < p {
                    return i;
                }
                left -= p;
            }
        }
        last
    }

    /// The most probable action, the first of equals.
    #[inline]
    pub fn greedy(&self) -> usize {
        let mut best = 0;
        for (i, &l) in self.log_probs.iter().enumerate() {
            if l > self.log_probs[best] {
                best = i;
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdout_core::rng::Stream;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn forbidden_actions_have_exactly_no_mass(
            logits in prop::array::uniform6(-50.0_f32..50.0), mask in 1_u8..64, u in 0.0_f32..1.0,
        ) {
            let d = MaskedCategorical::new(&logits, mask);
            let allowed = |i: usize| mask >> i & 1 == 1;
            for i in 0..N_ACTIONS {
                if !allowed(i) {
                    prop_assert!(d.probs[i] == 0.0 && d.log_probs[i] == f32::NEG_INFINITY);
                }
            }
            prop_assert!((d.probs.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            prop_assert!(allowed(d.sample(u)) && allowed(d.greedy()));
            let h = d.entropy();
            prop_assert!(h >= 0.0 && h <= (mask.count_ones() as f32).ln() + 1e-5);
        }
    }

    #[test]
    fn samples_follow_the_probabilities() {
        let d = MaskedCategorical::new(&[0.0, 1.0, -1.0, 5.0, 0.5, 0.0], 0b01_0111);
        let mut stream = Stream::new(5, "sample", 0);
        let mut counts = [0.0_f32; N_ACTIONS];
        let n = 200_000;
        for _ in 0..n {
            counts[d.sample(stream.uniform_f32())] += 1.0 / n as f32;
        }
        for (i, (c, p)) in counts.iter().zip(d.probs).enumerate() {
            assert!((c - p).abs() < 0.005, "action {i}: {c} against {p}");
        }
        assert_eq!((counts[3], counts[5]), (0.0, 0.0));
        assert_eq!(d.greedy(), 1);
    }

    #[test]
    fn an_empty_mask_means_hold() {
        let d = MaskedCategorical::new(&[-3.0, 9.0, 9.0, 9.0, 9.0, 9.0], 0);
        assert_eq!(
            (d.probs[0], d.sample(0.99), d.greedy(), d.entropy()),
            (1.0, 0, 0, 0.0)
        );
    }
}
