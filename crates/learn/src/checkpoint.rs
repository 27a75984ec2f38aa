//! Checkpoints: everything needed to act, and everything needed to continue, as bytes.
//!
//! One file in the safetensors format: the network's parameters under their names, the
//! normaliser, Adam's moments, the running episodes and the environments' state; the rest is
//! JSON in the file's own metadata, so that the bytes alone suffice. Reading checks every size
//! against the architecture before it believes anything, and never panics.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use holdout_core::rng::Stream;
use holdout_core::sim::Phase;
use safetensors::tensor::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};

use crate::adjuster::Adjuster;
use crate::event::CheckpointData;
use crate::policy::normalizer::Normalizer;
use crate::policy::params::{Architecture, Layout, Params};
use crate::ppo::{Adam, RunningEpisodes, TrainConfig};

/// Version of the format. 2 added the adjuster; a run of version 1 goes on with a fresh one.
pub(crate) const FORMAT: u32 = 2;
/// Key of the metadata.
const META_KEY: &str = "holdout";
/// Numbers of a network at most, so that a made-up file cannot ask for all memory.
const MAX_PARAMETERS: usize = 1 << 30;

/// Why bytes are not a checkpoint, or not the one that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not the format at all.
    #[error(
        "not a checkpoint of Holdout: {reason}; choose a .safetensors file from a run's checkpoints folder"
    )]
    Unreadable {
        /// What was wrong.
        reason: String,
    },
    /// A part is missing or has another size.
    #[error("the checkpoint is damaged: {part} {problem}; use the one before it")]
    Damaged {
        /// Name of the part.
        part: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The observation has another meaning.
    #[error(
        "the checkpoint reads another observation: its layout is {found}, the data's is {expected}; use the features it was trained with, or train anew"
    )]
    Layout {
        /// In the checkpoint.
        found: String,
        /// In the data.
        expected: String,
    },
    /// The checkpoint could not be written.
    #[error("the checkpoint could not be put together: {reason}")]
    Unwritable {
        /// What was wrong.
        reason: String,
    },
}

/// What the metadata says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Meta {
    pub(crate) format: u32,
    pub(crate) step: u64,
    pub(crate) update: u64,
    pub(crate) phase: Phase,
    pub(crate) architecture: Architecture,
    pub(crate) layout_hash: String,
    pub(crate) normalizer_count: f64,
    pub(crate) optimizer_steps: u64,
    pub(crate) sampling: Stream,
    pub(crate) shuffling: Stream,
    #[serde(default)]
    pub(crate) adjuster: Adjuster,
    pub(crate) config: TrainConfig,
}

/// A checkpoint in memory.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoint {
    pub(crate) meta: Meta,
    pub(crate) params: Params,
    pub(crate) normalizer: Normalizer,
    pub(crate) adam: Adam,
    pub(crate) episodes: RunningEpisodes,
    pub(crate) env_state: Vec<u8>,
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

pub(crate) struct Blob {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Blob {
    pub(crate) fn f32(shape: Vec<usize>, x: &[f32]) -> Self {
        Self {
            dtype: Dtype::F32,
            shape,
            bytes: x.iter().flat_map(|x| x.to_le_bytes()).collect(),
        }
    }

    pub(crate) fn f64(x: &[f64]) -> Self {
        Self {
            dtype: Dtype::F64,
            shape: vec![x.len()],
            bytes: x.iter().flat_map(|x| x.to_le_bytes()).collect(),
        }
    }

    pub(crate) fn bytes(bytes: Vec<u8>) -> Self {
        Self {
            dtype: Dtype::U8,
            shape: vec![bytes.len()],
            bytes,
        }
    }
}

/// Named parts and a text under the programme's key as one file.
pub(crate) fn serialize(blobs: &[(String, Blob)], text: String) -> Result<Vec<u8>, String> {
    let header = HashMap::from([(META_KEY.to_owned(), text)]);
    let views = blobs.iter().map(|(name, blob)| (name.as_str(), blob));
    safetensors::serialize(views, Some(header)).map_err(|e| e.to_string())
}

impl View for &Blob {
    fn dtype(&self) -> Dtype {
        self.dtype
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }
    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

impl Checkpoint {
    /// The bytes, and what is in them.
    pub(crate) fn write(&self) -> Result<CheckpointData, CheckpointError> {
        let unwritable = |reason: String| CheckpointError::Unwritable { reason };
        let mut blobs: Vec<(String, Blob)> = Vec::new();
        for part in &self.params.layout().parts {
            let blob = |x: &[f32]| Blob::f32(part.shape.clone(), &x[part.range.clone()]);
            blobs.push((part.name.clone(), blob(&self.params.values)));
            blobs.push((format!("adam.m.{}", part.name), blob(&self.adam.m)));
            blobs.push((format!("adam.v.{}", part.name), blob(&self.adam.v)));
        }
        blobs.push((
            "normalizer.mean".to_owned(),
            Blob::f64(&self.normalizer.mean),
        ));
        blobs.push(("normalizer.var".to_owned(), Blob::f64(&self.normalizer.var)));
        blobs.push((
            "episodes.return".to_owned(),
            Blob::f64(&self.episodes.returns),
        ));
        blobs.push((
            "episodes.length".to_owned(),
            Blob::f64(&self.episodes.lengths),
        ));
        blobs.push(("env.state".to_owned(), Blob::bytes(self.env_state.clone())));
        let text = serde_json::to_string(&self.meta).map_err(|e| unwritable(e.to_string()))?;
        let meta = serde_json::to_value(&self.meta).map_err(|e| unwritable(e.to_string()))?;
        let weights = serialize(&blobs, text).map_err(unwritable)?;
        Ok(CheckpointData {
            step: self.meta.step,
            update: self.meta.update,
            weights,
            meta,
        })
    }

    /// Reads bytes of unknown origin.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let unreadable = |reason: String| CheckpointError::Unreadable { reason };
        let (_, header) =
            SafeTensors::read_metadata(bytes).map_err(|e| unreadable(e.to_string()))?;
        let text = header.metadata().as_ref().and_then(|m| m.get(META_KEY));
        let text = text.ok_or_else(|| unreadable(format!("its metadata has no \"{META_KEY}\"")))?;
        // The version is read by itself first: the rest of a newer format may not parse.
        let Version { format } =
            serde_json::from_str(text).map_err(|e| unreadable(e.to_string()))?;
        if !(1..=FORMAT).contains(&format) {
            return Err(unreadable(format!(
                "its format is {format}, this version of Holdout reads 1 to {FORMAT}"
            )));
        }
        let meta: Meta = serde_json::from_str(text).map_err(|e| unreadable(e.to_string()))?;
        let layout = Arc::new(checked_layout(&meta.architecture)?);
        let tensors = SafeTensors::deserialize(bytes).map_err(|e| unreadable(e.to_string()))?;
        let flat = |prefix: &str| -> Result<Vec<f32>, CheckpointError> {
            let mut values = Vec::new();
            for part in &layout.parts {
                let data = take(
                    &tensors,
                    &format!("{prefix}{}", part.name),
                    Dtype::F32,
                    Some(&part.shape),
                )?;
                values.extend(
                    data.as_chunks::<4>()
                        .0
                        .iter()
                        .map(|b| f32::from_le_bytes(*b)),
                );
            }
            Ok(values)
        };
        let doubles = |name: &str, len: Option<usize>| -> Result<Vec<f64>, CheckpointError> {
            let shape = len.map(|n| vec![n]);
            let data = take(&tensors, name, Dtype::F64, shape.as_deref())?;
            Ok(data
                .as_chunks::<8>()
                .0
                .iter()
                .map(|b| f64::from_le_bytes(*b))
                .collect())
        };
        let obs_len = Some(layout.obs_len);
        let normalizer = Normalizer {
            count: meta.normalizer_count,
            mean: doubles("normalizer.mean", obs_len)?,
            var: doubles("normalizer.var", obs_len)?,
        };
        let mut params = Params::zeros(layout.clone());
        params.values = flat("")?;
        let finite = params.values.iter().all(|x| x.is_finite())
            && normalizer
                .mean
                .iter()
                .chain(&normalizer.var)
                .all(|x| x.is_finite());
        if !finite {
            return Err(CheckpointError::Damaged {
                part: "weights".to_owned(),
                problem: "hold numbers that are not finite".to_owned(),
            });
        }
        let n_envs = Some(meta.config.n_envs);
        let mut episodes = RunningEpisodes::new(0);
        episodes.returns = doubles("episodes.return", n_envs)?;
        episodes.lengths = doubles("episodes.length", n_envs)?;
        Ok(Self {
            adam: Adam {
                steps: meta.optimizer_steps,
                m: flat("adam.m.")?,
                v: flat("adam.v.")?,
            },
            params,
            normalizer,
            episodes,
            env_state: take(&tensors, "env.state", Dtype::U8, None)?.to_vec(),
            meta,
        })
    }

    /// Refuses data whose observations mean something else.
    pub(crate) fn expect_layout(&self, expected: &str) -> Result<(), CheckpointError> {
        if self.meta.layout_hash == expected {
            return Ok(());
        }
        Err(CheckpointError::Layout {
            found: self.meta.layout_hash.clone(),
            expected: expected.to_owned(),
        })
    }
}

fn checked_layout(architecture: &Architecture) -> Result<Layout, CheckpointError> {
    let damaged = |problem: &str| CheckpointError::Damaged {
        part: "architecture".to_owned(),
        problem: problem.to_owned(),
    };
    let small = |n: usize| n <= 1 << 20;
    let Architecture { obs, network } = architecture;
    let sizes = [obs.window, obs.n_features, obs.n_account, network.head];
    if !sizes
        .into_iter()
        .chain(network.trunk.iter().copied())
        .all(small)
        || network.trunk.is_empty()
        || network.trunk.len() > 16
    {
        return Err(damaged("has sizes out of range"));
    }
    let obs_len = obs.window * obs.n_features + obs.n_account;
    let mut total = 0_usize;
    let mut inputs = obs_len;
    for &outputs in &network.trunk {
        total = total.saturating_add(inputs.saturating_mul(outputs));
        inputs = outputs;
    }
    if obs_len == 0 || total.saturating_add(inputs.saturating_mul(network.head)) > MAX_PARAMETERS {
        return Err(damaged("is empty or too large"));
    }
    Ok(Layout::new(obs_len, network))
}

fn take<'a>(
    tensors: &SafeTensors<'a>,
    name: &str,
    dtype: Dtype,
    shape: Option<&[usize]>,
) -> Result<&'a [u8], CheckpointError> {
    let damaged = |problem: String| CheckpointError::Damaged {
        part: name.to_owned(),
        problem,
    };
    let view = tensors
        .tensor(name)
        .map_err(|e| damaged(format!("cannot be read ({e})")))?;
    if view.dtype() != dtype {
        return Err(damaged(format!(
            "holds {:?}, expected {dtype:?}",
            view.dtype()
        )));
    }
    match shape {
        Some(shape) if view.shape() != shape => Err(damaged(format!(
            "has shape {:?}, expected {shape:?}",
            view.shape()
        ))),
        _ => Ok(view.data()),
    }
}
