//! One face for the two ways to compute an update: fused on the processor, or through burn.

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

impl Engine {
    /// Logits (six per row) and values of compact observations.
    pub(crate) fn infer(
        &mut self,
        obs: CompactObs<'_>,
        scaling: &Scaling,
        logits: &mut [f32],
        values: &mut [f32],
    ) -> Result<(), String> {
        match self {
            Self::Cpu(engine) => {
                engine.infer(obs, scaling, logits, values);
                Ok(())
            }
            Self::Burn(engine) => engine.infer(obs, scaling, logits, values),
        }
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
