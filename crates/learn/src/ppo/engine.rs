//! One face for the two ways to compute an update: fused on the processor, or through burn.

use std::ops::Range;

use super::engine_burn::Coming;
use super::rollout::Rollout;
use super::{Adam, BurnEngine, CpuEngine};
use crate::policy::normalizer::{CompactObs, Scaling};
use crate::policy::params::Params;

/// The two ways to compute an update.
#[derive(Debug)]
pub(crate) enum Engine {
    Cpu(Box<CpuEngine>),
    Burn(Box<BurnEngine>),
}

/// Below as many environments the launches of a second group are thought to cost more than stepping
/// one group while the card works on the other brings. No card has measured it yet.
const OVERLAP_FROM: usize = 1_024;

/// What the network says of a group of environments: written already, or on its way.
#[derive(Debug, Default)]
pub(crate) enum Inference {
    #[default]
    Here,
    Coming(Coming),
}

impl Inference {
    /// Waits for logits and values, and writes them where [`Engine::begin`] has not.
    pub(crate) fn finish(self, logits: &mut [f32], values: &mut [f32]) -> Result<(), String> {
        match self {
            Self::Here => Ok(()),
            Self::Coming(coming) => coming.finish(logits, values),
        }
    }
}

impl Engine {
    /// Groups of environments that are stepped in turn, so that processor and card both work.
    pub(crate) fn groups(&self, n_envs: usize) -> Vec<Range<usize>> {
        let first = match self {
            Self::Burn(_) if n_envs >= OVERLAP_FROM => n_envs / 2,
            _ => n_envs,
        };
        let groups = [0..first, first..n_envs];
        groups.into_iter().filter(|g| !g.is_empty()).collect()
    }

    /// Begins with the logits (six per row) and values of compact observations.
    pub(crate) fn begin(
        &mut self,
        obs: CompactObs<'_>,
        scaling: &Scaling,
        logits: &mut [f32],
        values: &mut [f32],
    ) -> Result<Inference, String> {
        match self {
            Self::Cpu(engine) => {
                engine.infer(obs, scaling, logits, values);
                Ok(Inference::Here)
            }
            Self::Burn(engine) => Ok(Inference::Coming(engine.begin(obs, scaling)?)),
        }
    }

    /// Logits (six per row) and values of compact observations.
    pub(crate) fn infer(
        &mut self,
        obs: CompactObs<'_>,
        scaling: &Scaling,
        logits: &mut [f32],
        values: &mut [f32],
    ) -> Result<(), String> {
        self.begin(obs, scaling, logits, values)?
            .finish(logits, values)
    }

    /// Takes a rollout to where it is learned from.
    pub(crate) fn start_update(
        &mut self,
        rollout: &Rollout,
        scaling: &Scaling,
    ) -> Result<(), String> {
        match self {
            Self::Cpu(_) => Ok(()),
            Self::Burn(engine) => engine.start_update(rollout, scaling),
        }
    }

    /// Parameters and moments as they are.
    pub(crate) fn export(&self) -> Result<(Params, Adam), String> {
        match self {
            Self::Cpu(engine) => Ok((engine.net.params.clone(), engine.adam.clone())),
            Self::Burn(engine) => engine.export(),
        }
    }
}
