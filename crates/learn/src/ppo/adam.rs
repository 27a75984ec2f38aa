//! Adam on a flat buffer of parameters, with the gradient clipped by its global norm.
//!
//! The usual equations with bias correction; epsilon is added outside the root. The norm that
//! is reported is that before clipping.

use rayon::prelude::*;

use crate::kernels::gemm::Level;

/// Parameters that one task updates.
const PIECE: usize = 16_384;

/// Decay of the first moment.
pub(crate) const BETA1: f64 = 0.9;
/// Decay of the second moment.
pub(crate) const BETA2: f64 = 0.999;

/// Moments of every parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Adam {
    /// Optimiser steps done.
    pub(crate) steps: u64,
    /// First moments.
    pub(crate) m: Vec<f32>,
    /// Second moments.
    pub(crate) v: Vec<f32>,
}

/// Scalars of one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdamScalars {
    /// `lr / (1 - beta1^t)`.
    pub(crate) step_size: f64,
    /// `1 / sqrt(1 - beta2^t)`.
    pub(crate) root_scale: f64,
}

impl AdamScalars {
    pub(crate) fn new(lr: f64, steps: u64) -> Self {
        let t = steps as f64;
        Self {
            step_size: lr / (1.0 - BETA1.powf(t)),
            root_scale: 1.0 / (1.0 - BETA2.powf(t)).sqrt(),
        }
    }
}

/// Factor that brings a gradient of this norm under the limit.
pub(crate) fn clip_factor(norm: f64, max_norm: f64) -> f64 {
    (max_norm / (norm + 1e-6)).min(1.0)
}

/// Norm of the whole gradient, summed in a fixed order.
pub(crate) fn global_norm(level: Level, grads: &[f32]) -> f64 {
    level.run(
        #[inline(always)]
        || {
            let mut total = 0.0_f64;
            for block in grads.chunks(4096) {
                let (whole, rest) = block.as_chunks::<16>();
                let mut acc = [0.0_f32; 16];
                for chunk in whole {
                    for (a, g) in acc.iter_mut().zip(chunk) {
                        *a += g * g;
                    }
                }
                total += acc.iter().map(|&a| f64::from(a)).sum::<f64>();
                total += rest
                    .iter()
                    .map(|&g| f64::from(g) * f64::from(g))
                    .sum::<f64>();
            }
            total.sqrt()
        },
    )
}

impl Adam {
    /// No step done.
    pub(crate) fn new(len: usize) -> Self {
        Self {
            steps: 0,
            m: vec![0.0; len],
            v: vec![0.0; len],
        }
    }

    /// One step with the gradient times `factor`.
    pub(crate) fn step(
        &mut self,
        level: Level,
        params: &mut [f32],
        grads: &[f32],
        factor: f64,
        lr: f64,
        eps: f64,
    ) {
        self.steps += 1;
        let AdamScalars {
            step_size,
            root_scale,
        } = AdamScalars::new(lr, self.steps);
        let (factor, step_size, root_scale, eps) = (
            factor as f32,
            step_size as f32,
            root_scale as f32,
            eps as f32,
        );
        let (b1, b2) = (BETA1 as f32, BETA2 as f32);
        let (c1, c2) = ((1.0 - BETA1) as f32, (1.0 - BETA2) as f32);
        let pieces = (params.par_chunks_mut(PIECE).zip(grads.par_chunks(PIECE))).zip(
            self.m
                .par_chunks_mut(PIECE)
                .zip(self.v.par_chunks_mut(PIECE)),
        );
        pieces.for_each(|((params, grads), (ms, vs))| {
            level.run(
                #[inline(always)]
                || {
                    for (((p, g), m), v) in params.iter_mut().zip(grads).zip(ms).zip(vs) {
                        let g = g * factor;
                        *m = b1 * *m + c1 * g;
                        *v = b2 * *v + c2 * g * g;
                        *p -= step_size * *m / (v.sqrt() * root_scale + eps);
                    }
                },
            );
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_step_moves_by_the_learning_rate() {
        let mut adam = Adam::new(3);
        let mut params = [1.0, 1.0, 1.0];
        adam.step(
            Level::detect(),
            &mut params,
            &[0.5, -0.25, 0.0],
            1.0,
            0.1,
            1e-8,
        );
        assert!(
            (params[0] - 0.9).abs() < 1e-6 && (params[1] - 1.1).abs() < 1e-6 && params[2] == 1.0
        );
    }

    #[test]
    fn the_norm_is_of_the_whole_gradient() {
        let grads: Vec<f32> = (0..10_007)
            .map(|i| ((i % 17) as f32 - 8.0) * 0.01)
            .collect();
        let expected = grads
            .iter()
            .map(|&g| f64::from(g).powi(2))
            .sum::<f64>()
            .sqrt();
        assert!((global_norm(Level::detect(), &grads) / expected - 1.0).abs() < 1e-5);
        assert!((clip_factor(2.0, 0.5) - 0.25).abs() < 1e-6);
        assert_eq!(clip_factor(0.1, 0.5), 1.0);
    }
}
