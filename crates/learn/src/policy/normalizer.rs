//! Running mean and variance of raw observations.
//!
//! The statistics come from raw numbers only, are frozen while a rollout is made and learned
//! from, do not move in evaluation, and travel with the checkpoint. They are computed from the
//! compact rollout without building an observation.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::env::{FeatureTable, ObsShape};

/// Variance below which a number counts as constant and is only centred.
const MIN_VARIANCE: f64 = 1e-8;

/// Mean and variance of each number of an observation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalizer {
    /// Observations seen.
    pub count: f64,
    /// Mean of each number.
    pub mean: Vec<f64>,
    /// Population variance of each number.
    pub var: Vec<f64>,
}

/// The normaliser as the network applies it: `(x - mean) * scale`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaling {
    /// Subtracted.
    pub mean: Vec<f32>,
    /// Multiplied.
    pub scale: Vec<f32>,
}

/// Compact observations: bars, and account numbers row by row.
#[derive(Clone, Copy, Debug)]
pub struct CompactObs<'a> {
    /// Sizes of an observation.
    pub shape: ObsShape,
    /// Rows shared by all.
    pub features: &'a FeatureTable,
    /// Deciding bars.
    pub bars: &'a [u32],
    /// `n_account` numbers each.
    pub account: &'a [f32],
}

impl Normalizer {
    /// The identity, having seen nothing.
    pub fn new(obs_len: usize) -> Self {
        Self {
            count: 0.0,
            mean: vec![0.0; obs_len],
            var: vec![1.0; obs_len],
        }
    }

    /// The form that the network applies.
    pub fn scaling(&self) -> Scaling {
        let scale = |&v: &f64| {
            if v < MIN_VARIANCE {
                1.0
            } else {
                (1.0 / (v + MIN_VARIANCE).sqrt()) as f32
            }
        };
        Scaling {
            mean: self.mean.iter().map(|&m| m as f32).collect(),
            scale: self.var.iter().map(scale).collect(),
        }
    }

    /// Takes a batch of raw observations into the statistics.
    pub fn update(&mut self, batch: CompactObs<'_>) {
        const ROWS: usize = 2048;
        let CompactObs {
            shape,
            features,
            bars,
            account,
        } = batch;
        let (market, obs_len, n_account) = (shape.market_len(), shape.obs_len(), shape.n_account);
        if bars.is_empty() {
            return;
        }
        // Sums about the present mean, in fixed pieces, so that threads change no bit.
        let centre: Vec<f32> = self.mean.iter().map(|&m| m as f32).collect();
        let pieces: Vec<(Vec<f64>, Vec<f64>)> = bars
            .par_chunks(ROWS)
            .enumerate()
            .map(|(piece, bars)| {
                let (mut sums, mut squares) = (vec![0.0_f64; obs_len], vec![0.0_f64; obs_len]);
                let (mut part_sums, mut part_squares) =
                    (vec![0.0_f32; obs_len], vec![0.0_f32; obs_len]);
                let account = account.chunks_exact(n_account.max(1)).skip(piece * ROWS);
                let mut account = account.chain(std::iter::repeat(&[][..]));
                for block in bars.chunks(64) {
                    for &bar in block {
                        let rows = features.window(bar, shape.window).unwrap_or(&[]);
                        let numbers = account.next().unwrap_or(&[]);
                        let (ms, accs) = part_sums.split_at_mut(market);
                        let (mq, accq) = part_squares.split_at_mut(market);
                        add(ms, mq, rows, &centre[..market]);
                        add(accs, accq, numbers, &centre[market..]);
                    }
                    for (to, from) in sums
                        .iter_mut()
                        .zip(&mut part_sums)
                        .chain(squares.iter_mut().zip(&mut part_squares))
                    {
                        *to += f64::from(std::mem::take(from));
                    }
                }
                (sums, squares)
            })
            .collect();
        let n = bars.len() as f64;
        let total = self.count + n;
        for j in 0..obs_len {
            let sum: f64 = pieces.iter().map(|p| p.0[j]).sum();
            let square: f64 = pieces.iter().map(|p| p.1[j]).sum();
            let shift = sum / n;
            let batch_mean = f64::from(centre[j]) + shift;
            let batch_m2 = (square - sum * shift).max(0.0);
            let delta = batch_mean - self.mean[j];
            let m2 = self.var[j] * self.count + batch_m2 + delta * delta * self.count * n / total;
            self.mean[j] += delta * n / total;
            self.var[j] = m2 / total;
        }
        self.count = total;
    }
}

#[inline]
fn add(sums: &mut [f32], squares: &mut [f32], x: &[f32], centre: &[f32]) {
    for ((s, q), (x, c)) in sums.iter_mut().zip(squares).zip(x.iter().zip(centre)) {
        let d = x - c;
        *s += d;
        *q += d * d;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdout_core::rng::Stream;

    #[test]
    fn statistics_are_those_of_the_raw_observations() {
        let mut stream = Stream::new(2, "norm", 0);
        let shape = ObsShape {
            window: 3,
            n_features: 4,
            n_account: 2,
        };
        let data: Vec<f32> = (0..500 * 4)
            .map(|i| (stream.normal() * (1 + i % 4) as f64 + (i % 4) as f64) as f32)
            .collect();
        let features = FeatureTable {
            n_features: 4,
            data,
        };
        let mut norm = Normalizer::new(shape.obs_len());
        let mut raw: Vec<Vec<f64>> = Vec::new();
        for n in [700_usize, 5000, 1] {
            let bars: Vec<u32> = (0..n).map(|_| 2 + stream.below(498) as u32).collect();
            let account: Vec<f32> = (0..n * 2)
                .map(|i| (stream.normal() * 3.0) as f32 + (i % 2) as f32 * 5.0)
                .collect();
            norm.update(CompactObs {
                shape,
                features: &features,
                bars: &bars,
                account: &account,
            });
            for (bar, numbers) in bars.iter().zip(account.chunks(2)) {
                let rows = features.window(*bar, 3).unwrap();
                raw.push(rows.iter().chain(numbers).map(|&x| f64::from(x)).collect());
            }
        }
        let n = raw.len() as f64;
        assert_eq!(norm.count, n);
        for j in 0..shape.obs_len() {
            let mean = raw.iter().map(|r| r[j]).sum::<f64>() / n;
            let var = raw.iter().map(|r| (r[j] - mean).powi(2)).sum::<f64>() / n;
            assert!((norm.mean[j] - mean).abs() < 1e-5, "mean {j}");
            assert!((norm.var[j] / var - 1.0).abs() < 1e-5, "variance {j}");
        }
    }

    #[test]
    fn constants_are_centred_and_not_blown_up() {
        let shape = ObsShape {
            window: 1,
            n_features: 1,
            n_account: 1,
        };
        let features = FeatureTable {
            n_features: 1,
            data: vec![0.3; 10],
        };
        let mut norm = Normalizer::new(2);
        norm.update(CompactObs {
            shape,
            features: &features,
            bars: &[4; 100],
            account: &[2.0; 100],
        });
        let s = norm.scaling();
        assert!((s.mean[1] - 2.0).abs() < 1e-6 && s.scale.iter().all(|&x| x == 1.0));
    }
}
