//! Acting: weights and normaliser, from observations to greedy decisions.
//!
//! The same network as in training, in plain Rust. A single observation takes a path of its
//! own, because an account that is played bar by bar gives one at a time.

use std::sync::Arc;

use holdout_core::sim::N_ACTIONS;

use super::distribution::MaskedCategorical;
use super::gather::Gather;
use super::network::{CHUNK, PackedNet, Workspace};
use super::normalizer::{CompactObs, Normalizer, Scaling};
use super::params::{Layout, LinearPlace, Params};
use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::env::{FeatureTable, ObsShape};
use crate::kernels::rows;

/// Observations at and below which each is computed on its own.
const SINGLE: usize = 2;

/// Why a policy cannot decide.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    /// A bar has too little history.
    #[error(
        "bar {bar} has no {window} rows of history in a table of {n_bars} bars; decide from a later bar on"
    )]
    NoWindow {
        /// Deciding bar.
        bar: u32,
        /// Rows wanted.
        window: usize,
        /// Rows of the table.
        n_bars: usize,
    },
    /// Inputs do not fit together.
    #[error("{what} has {found} numbers, expected {expected}")]
    Sizes {
        /// Which input.
        what: &'static str,
        /// Its length.
        found: usize,
        /// Length that fits.
        expected: usize,
    },
}

/// What the policy chose, and how sure it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decisions {
    /// Most probable allowed action of each observation.
    pub actions: Vec<u8>,
    /// Probabilities, exactly 0 where forbidden.
    pub probs: Vec<[f32; N_ACTIONS]>,
    /// Expected discounted reward from here.
    pub values: Vec<f32>,
}

/// A trained policy, ready to act; it never changes.
#[derive(Clone, Debug)]
pub struct Policy {
    shape: ObsShape,
    net: Arc<PackedNet>,
    normalizer: Normalizer,
    scaling: Scaling,
    layout_hash: String,
}

impl Policy {
    pub(crate) fn new(
        shape: ObsShape,
        params: Params,
        normalizer: Normalizer,
        layout_hash: String,
    ) -> Self {
        let scaling = normalizer.scaling();
        Self {
            shape,
            net: Arc::new(PackedNet::new(params, false)),
            normalizer,
            scaling,
            layout_hash,
        }
    }

    /// The policy of a checkpoint.
    ///
    /// # Errors
    /// The bytes are not a checkpoint.
    pub fn load(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let from = Checkpoint::read(bytes)?;
        Ok(Self::new(
            from.meta.architecture.obs,
            from.params,
            from.normalizer,
            from.meta.layout_hash,
        ))
    }

    /// Sizes of the observation that it reads.
    pub fn shape(&self) -> ObsShape {
        self.shape
    }

    /// Meaning of the observation that it reads.
    pub fn layout_hash(&self) -> &str {
        &self.layout_hash
    }

    /// The statistics of raw observations that it scales by.
    pub fn normalizer(&self) -> &Normalizer {
        &self.normalizer
    }

    /// Its parameters.
    pub fn params(&self) -> &Params {
        &self.net.params
    }

    /// Decides for many observations at once.
    ///
    /// # Errors
    /// Sizes that do not fit, or a bar without enough history.
    pub fn greedy(
        &self,
        features: &FeatureTable,
        bars: &[u32],
        account: &[f32],
        masks: &[u8],
    ) -> Result<Decisions, DecideError> {
        let mut actor = self.actor();
        actor.greedy(features, bars, account, masks)?;
        Ok(actor.decisions)
    }

    /// Something that decides again and again without allocating.
    pub fn actor(&self) -> Actor<'_> {
        let rows = CHUNK;
        Actor {
            policy: self,
            single: Single::default(),
            batch: None,
            rows,
            decisions: Decisions::default(),
        }
    }
}

/// A policy with its storage.
#[derive(Debug)]
pub struct Actor<'a> {
    policy: &'a Policy,
    single: Single,
    batch: Option<Workspace>,
    rows: usize,
    decisions: Decisions,
}

impl Actor<'_> {
    /// Decides: the most probable allowed action of each observation, the first of equals.
    ///
    /// # Errors
    /// Sizes that do not fit, or a bar without enough history.
    pub fn greedy(
        &mut self,
        features: &FeatureTable,
        bars: &[u32],
        account: &[f32],
        masks: &[u8],
    ) -> Result<&Decisions, DecideError> {
        let Policy {
            shape,
            net,
            scaling,
            ..
        } = self.policy;
        let obs = CompactObs {
            shape: *shape,
            features,
            bars,
            account,
        };
        check(obs, masks)?;
        let Decisions {
            actions,
            probs,
            values,
        } = &mut self.decisions;
        actions.clear();
        probs.clear();
        values.clear();
        let mut decide = |logits: &[f32; N_ACTIONS], value: f32, mask: u8| {
            let dist = MaskedCategorical::new(logits, mask);
            actions.push(dist.greedy() as u8);
            probs.push(dist.probs);
            values.push(value);
        };
        let n_account = shape.n_account;
        let row_account = |row: usize| &account[row * n_account..(row + 1) * n_account];
        if bars.len() <= SINGLE {
            for (row, (&bar, &mask)) in bars.iter().zip(masks).enumerate() {
                self.single.x.resize(shape.obs_len(), 0.0);
                let rows = std::iter::once((bar, row_account(row)));
                let x = &mut self.single.x;
                net.level.run(Gather {
                    x,
                    features,
                    shape: *shape,
                    scaling,
                    rows,
                });
                let (logits, value) = self.single.forward(net);
                decide(&logits, value, mask);
            }
            return Ok(&self.decisions);
        }
        let ws = self
            .batch
            .get_or_insert_with(|| Workspace::new(net.level, net.layout(), self.rows, false));
        for (c, (bars, masks)) in bars
            .chunks(self.rows)
            .zip(masks.chunks(self.rows))
            .enumerate()
        {
            let first = c * self.rows;
            let rows = bars
                .iter()
                .enumerate()
                .map(|(r, &bar)| (bar, row_account(first + r)));
            net.level.run(Gather {
                x: &mut ws.x,
                features,
                shape: *shape,
                scaling,
                rows,
            });
            ws.forward(net, bars.len());
            let rows = ws.logits.as_chunks::<N_ACTIONS>().0.iter().zip(&ws.values);
            for ((logits, &value), &mask) in rows.zip(masks) {
                decide(logits, value, mask);
            }
        }
        Ok(&self.decisions)
    }
}

fn check(obs: CompactObs<'_>, masks: &[u8]) -> Result<(), DecideError> {
    let CompactObs {
        shape,
        features,
        bars,
        account,
    } = obs;
    let sizes = [
        (
            "the feature table's row",
            features.n_features,
            shape.n_features,
        ),
        ("the account", account.len(), bars.len() * shape.n_account),
        ("the masks", masks.len(), bars.len()),
    ];
    if let Some(&(what, found, expected)) =
        sizes.iter().find(|(_, found, expected)| found != expected)
    {
        return Err(DecideError::Sizes {
            what,
            found,
            expected,
        });
    }
    match bars
        .iter()
        .find(|&&bar| features.window(bar, shape.window).is_none())
    {
        None => Ok(()),
        Some(&bar) => Err(DecideError::NoWindow {
            bar,
            window: shape.window,
            n_bars: features.n_bars(),
        }),
    }
}

/// Storage of one observation's way through the network.
#[derive(Clone, Debug, Default)]
struct Single {
    x: Vec<f32>,
    h: Vec<f32>,
    y: Vec<f32>,
}

impl Single {
    fn forward(&mut self, net: &PackedNet) -> ([f32; N_ACTIONS], f32) {
        let layout: &Layout = net.layout();
        let Self { x, h, y } = self;
        let mut input: &mut Vec<f32> = x;
        let mut output: &mut Vec<f32> = y;
        for place in &layout.trunk {
            linear(net, &place.linear, input, h, true);
            output.resize(h.len(), 0.0);
            match &place.norm {
                Some((gamma, beta)) => rows::norm_row(
                    net.level,
                    h,
                    net.params.at(gamma),
                    net.params.at(beta),
                    output,
                ),
                None => output.copy_from_slice(h),
            }
            std::mem::swap(&mut input, &mut output);
        }
        let mut logits = [0.0; N_ACTIONS];
        linear(net, &layout.pi0, input, h, true);
        linear(net, &layout.pi1, h, output, false);
        logits.copy_from_slice(output);
        linear(net, &layout.v0, input, h, true);
        linear(net, &layout.v1, h, output, false);
        (logits, output[0])
    }
}

fn linear(net: &PackedNet, place: &LinearPlace, x: &[f32], out: &mut Vec<f32>, relu: bool) {
    out.clear();
    out.extend_from_slice(net.params.at(&place.bias));
    rows::add_vector_matrix(
        net.level,
        out,
        &x[..place.inputs],
        net.params.at(&place.weight),
    );
    if relu {
        out.iter_mut().for_each(|z| *z = z.max(0.0));
    }
}
