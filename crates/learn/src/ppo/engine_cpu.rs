//! The update on the processor: shards of a minibatch on all threads, summed in fixed order.
//!
//! The number of shards depends on the sizes only, so the same seed gives the same bits for
//! any number of threads. Observations are gathered and scaled chunk by chunk, straight into
//! the storage that the first layer reads.

use std::sync::{Mutex, PoisonError};

use holdout_core::sim::N_ACTIONS;
use rayon::prelude::*;

use super::adam::{Adam, clip_factor, global_norm};
use super::diagnostics::{EpochFigures, UpdateCoefs};
use super::loss::{LossSums, Sample, row_loss};
use super::rollout::Rollout;
use crate::env::{FeatureTable, ObsShape};
use crate::kernels::rows::add_scaled;
use crate::policy::gather::Gather;
use crate::policy::network::{CHUNK, PackedNet, Workspace};
use crate::policy::normalizer::{CompactObs, Scaling};
use crate::policy::params::Params;

/// Shards of one minibatch at most.
const SHARDS: usize = 16;
/// Rows that one task infers.
const INFER_ROWS: usize = 64;
/// Numbers that one task sums over the shards.
const SUM_LEN: usize = 16_384;

/// Network, optimiser and storage of one run.
#[derive(Debug)]
pub(crate) struct CpuEngine {
    pub(crate) net: PackedNet,
    pub(crate) adam: Adam,
    shape: ObsShape,
    workspaces: Vec<Mutex<Workspace>>,
    shards: Vec<Shard>,
    grads: Vec<f32>,
}

#[derive(Debug)]
struct Shard {
    grads: Vec<f32>,
    sums: LossSums,
}

impl CpuEngine {
    pub(crate) fn new(params: Params, adam: Adam, shape: ObsShape) -> Self {
        let net = PackedNet::new(params, true);
        let layout = net.layout().clone();
        let workspace = |_| Mutex::new(Workspace::new(net.level, &layout, CHUNK, true));
        Self {
            workspaces: (0..rayon::current_num_threads().max(1))
                .map(workspace)
                .collect(),
            shards: Vec::new(),
            grads: vec![0.0; layout.len],
            net,
            adam,
            shape,
        }
    }

    fn with_workspace<R>(&self, work: impl FnOnce(&mut Workspace) -> R) -> R {
        let index = rayon::current_thread_index().unwrap_or(0) % self.workspaces.len();
        let mut guard = self.workspaces[index]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        work(&mut guard)
    }

    /// Logits (six per row) and values of compact observations.
    pub(crate) fn infer(
        &self,
        obs: CompactObs<'_>,
        scaling: &Scaling,
        logits: &mut [f32],
        values: &mut [f32],
    ) {
        let CompactObs {
            shape,
            features,
            bars,
            account,
        } = obs;
        let n_account = shape.n_account;
        let chunks = logits
            .par_chunks_mut(INFER_ROWS * N_ACTIONS)
            .zip(values.par_chunks_mut(INFER_ROWS));
        chunks
            .zip(bars.par_chunks(INFER_ROWS))
            .enumerate()
            .for_each(|(c, ((logits, values), bars))| {
                self.with_workspace(|ws| {
                    let first = c * INFER_ROWS;
                    let account =
                        |r: usize| &account[(first + r) * n_account..(first + r + 1) * n_account];
                    let rows = bars.iter().enumerate().map(|(r, &bar)| (bar, account(r)));
                    self.net.level.run(Gather {
                        x: &mut ws.x,
                        features,
                        shape,
                        scaling,
                        rows,
                    });
                    ws.forward(&self.net, bars.len());
                    logits.copy_from_slice(&ws.logits[..logits.len()]);
                    values.copy_from_slice(&ws.values[..values.len()]);
                });
            });
    }

    /// One pass over the rollout in the given order, an optimiser step per minibatch.
    pub(crate) fn epoch(
        &mut self,
        rollout: &Rollout,
        features: &FeatureTable,
        scaling: &Scaling,
        order: &[u32],
        coefs: &UpdateCoefs,
    ) -> EpochFigures {
        let mut figures = EpochFigures::default();
        for minibatch in order.chunks(coefs.minibatch_len) {
            let (sums, grad_norm) = self.minibatch(rollout, features, scaling, minibatch, coefs);
            figures.add(&sums, &coefs.loss, grad_norm);
            if !figures.is_finite() {
                break;
            }
            let factor = clip_factor(grad_norm, coefs.max_grad_norm);
            let level = self.net.level;
            self.adam.step(
                level,
                &mut self.net.params.values,
                &self.grads,
                factor,
                coefs.lr,
                coefs.adam_eps,
            );
            self.net.repack();
        }
        figures
    }

    /// Loss and gradient of one minibatch; the gradient is left in `self.grads`.
    fn minibatch(
        &mut self,
        rollout: &Rollout,
        features: &FeatureTable,
        scaling: &Scaling,
        rows: &[u32],
        coefs: &UpdateCoefs,
    ) -> (LossSums, f64) {
        let (adv_mean, adv_scale) =
            coefs.advantage_scaling(rows.iter().map(|&i| rollout.advantages[i as usize]));
        let n_shards = rows.len().div_ceil(CHUNK).clamp(1, SHARDS);
        let shard_len = rows.len().div_ceil(n_shards);
        let len = self.grads.len();
        self.shards.resize_with(n_shards, || Shard {
            grads: vec![0.0; len],
            sums: LossSums::default(),
        });
        let mut shards = std::mem::take(&mut self.shards);
        let share = 1.0 / rows.len() as f32;
        let n_account = rollout.n_account;
        shards
            .par_iter_mut()
            .zip(rows.par_chunks(shard_len))
            .for_each(|(shard, rows)| {
                shard.grads.fill(0.0);
                shard.sums = LossSums::default();
                self.with_workspace(|ws| {
                    for chunk in rows.chunks(CHUNK) {
                        let account =
                            |i: usize| &rollout.account[i * n_account..(i + 1) * n_account];
                        let rows = chunk
                            .iter()
                            .map(|&i| (rollout.bars[i as usize], account(i as usize)));
                        self.net.level.run(Gather {
                            x: &mut ws.x,
                            features,
                            shape: self.shape,
                            scaling,
                            rows,
                        });
                        ws.forward(&self.net, chunk.len());
                        let logits = ws.logits.as_chunks::<N_ACTIONS>().0.iter().zip(&ws.values);
                        let slopes = ws
                            .d_logits
                            .as_chunks_mut::<N_ACTIONS>()
                            .0
                            .iter_mut()
                            .zip(&mut ws.d_values);
                        for ((&i, (logits, &value)), (d_logits, d_value)) in
                            chunk.iter().zip(logits).zip(slopes)
                        {
                            let i = i as usize;
                            let sample = Sample {
                                mask: rollout.masks[i],
                                action: rollout.actions[i],
                                old_log_prob: rollout.log_probs[i],
                                old_value: rollout.values[i],
                                advantage: (rollout.advantages[i] - adv_mean) * adv_scale,
                                target: rollout.returns[i],
                            };
                            (*d_logits, *d_value) = row_loss(
                                logits,
                                value,
                                &sample,
                                &coefs.loss,
                                share,
                                &mut shard.sums,
                            );
                        }
                        ws.backward(&self.net, chunk.len(), &mut shard.grads);
                    }
                });
            });
        let level = self.net.level;
        self.grads
            .par_chunks_mut(SUM_LEN)
            .enumerate()
            .for_each(|(c, out)| {
                out.fill(0.0);
                for shard in &shards {
                    let start = c * SUM_LEN;
                    add_scaled(level, out, &shard.grads[start..start + out.len()], 1.0);
                }
            });
        let mut sums = LossSums::default();
        shards.iter().for_each(|s| sums.add(&s.sums));
        self.shards = shards;
        (sums, global_norm(level, &self.grads))
    }

    #[cfg(test)]
    pub(crate) fn gradient(
        &mut self,
        rollout: &Rollout,
        features: &FeatureTable,
        scaling: &Scaling,
        rows: &[u32],
        coefs: &UpdateCoefs,
    ) -> (LossSums, f64, Vec<f32>) {
        let (sums, norm) = self.minibatch(rollout, features, scaling, rows, coefs);
        (sums, norm, self.grads.clone())
    }
}
