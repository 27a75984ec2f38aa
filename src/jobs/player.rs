//! Who plays an account: a checkpoint of a run, or an ensemble that the run keeps.
//!
//! Both are chosen by a name, play any data set that gives the observation they were trained on,
//! and are judged, compared and kept by the same functions.

use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Context as _;
use holdout_core::regime::{Regime, Regimes};
use holdout_core::sim::{Ledger, Phase};
use holdout_learn::Policy;
use holdout_store::runs::{CheckpointChoice, RunFolder};

use super::ensemble::{self, EnsembleFile};
use super::train::Place;
use crate::arena::Arena;
use crate::ensemble::{Combine, Decider, Single, Together};

/// Which player of a run is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlayerChoice {
    /// A checkpoint.
    Checkpoint(CheckpointChoice),
    /// The ensemble of this name.
    Ensemble(String),
}

/// What stands before the name of an ensemble.
const ENSEMBLE: &str = "ensemble:";

impl FromStr for PlayerChoice {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s.strip_prefix(ENSEMBLE) {
            Some(name) => Ok(Self::Ensemble(name.to_owned())),
            None => s.parse().map(Self::Checkpoint).map_err(|_bad: String| {
                format!(
                    "\"{s}\" is not a checkpoint; expected best, last, a number of steps, or ensemble:NAME"
                )
            }),
        }
    }
}

impl From<CheckpointChoice> for PlayerChoice {
    fn from(c: CheckpointChoice) -> Self {
        Self::Checkpoint(c)
    }
}

/// A checkpoint ready to play.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn load_checkpoint(folder: &RunFolder, step: u64) -> anyhow::Result<(Policy, Phase)> {
    let checkpoint = folder.read_checkpoint(CheckpointChoice::Step(step))?;
    let place: Place = serde_json::from_value(checkpoint.info.info)
        .with_context(|| format!("the checkpoint of step {step} does not say its phase"))?;
    Ok((Policy::load(&checkpoint.weights)?, place.phase))
}

/// A checkpoint or an ensemble, loaded.
pub struct Player {
    /// Environment steps of the checkpoint, or of an ensemble's first member.
    pub step: u64,
    /// Phase whose actions it may take.
    pub phase: Phase,
    /// The ensemble and its members' policies; one policy for a checkpoint.
    policies: Vec<Policy>,
    ensemble: Option<EnsembleFile>,
}

impl Player {
    /// Loads who was chosen.
    ///
    /// # Errors
    /// When there is none of that name, or a checkpoint cannot be read.
    pub fn load(folder: &RunFolder, choice: &PlayerChoice) -> anyhow::Result<Self> {
        match choice {
            PlayerChoice::Checkpoint(c) => {
                let step = folder.choose_checkpoint(*c)?;
                let (policy, phase) = load_checkpoint(folder, step)?;
                Ok(Self {
                    step,
                    phase,
                    policies: vec![policy],
                    ensemble: None,
                })
            }
            PlayerChoice::Ensemble(name) => Self::together(folder, ensemble::open(folder, name)?),
        }
    }

    /// An ensemble, kept or not.
    ///
    /// # Errors
    /// When a member cannot be read.
    pub fn together(folder: &RunFolder, ensemble: EnsembleFile) -> anyhow::Result<Self> {
        let mut policies = Vec::new();
        let mut phase = Phase::Entries;
        for m in &ensemble.members {
            let (policy, own) = load_checkpoint(folder, m.step)?;
            phase = own;
            policies.push(policy);
        }
        Ok(Self {
            step: ensemble.members.first().map_or(0, |m| m.step),
            phase,
            policies,
            ensemble: Some(ensemble),
        })
    }

    /// The name of the ensemble, where it is one.
    pub fn ensemble(&self) -> Option<&str> {
        self.ensemble.as_ref().map(|e| e.name.as_str())
    }

    /// The policy of a checkpoint; an ensemble has several, and none to ask alone.
    pub fn policy(&self) -> Option<&Policy> {
        self.policies.first().filter(|_| self.ensemble.is_none())
    }

    /// The name that its results are kept under and shown with.
    pub fn label(&self) -> String {
        match self.ensemble() {
            Some(name) => format!("ensemble-{name}"),
            None => format!("step-{:09}", self.step),
        }
    }

    /// One account over `range` of an arena.
    ///
    /// # Errors
    /// When a policy reads another observation than these data give.
    pub fn play(&self, arena: &Arena, range: Range<usize>) -> anyhow::Result<Ledger> {
        self.decide(arena, |decider| arena.play(decider, self.phase, range))
    }

    /// The fresh accounts that follow `first` through what is left of `range` once it is lost.
    ///
    /// # Errors
    /// As [`Player::play`].
    pub fn renewals(
        &self,
        arena: &Arena,
        range: Range<usize>,
        first: &Ledger,
    ) -> anyhow::Result<Vec<Ledger>> {
        self.decide(arena, |decider| {
            arena.renewals(decider, self.phase, range, first)
        })
    }

    fn decide<T>(
        &self,
        arena: &Arena,
        play: impl FnOnce(&mut dyn Decider) -> anyhow::Result<T>,
    ) -> anyhow::Result<T> {
        for p in &self.policies {
            arena.fits(p)?;
        }
        let Some(ensemble) = &self.ensemble else {
            return play(&mut Single::new(&self.policies[0], &arena.table));
        };
        let weights = ensemble.members.iter().map(|m| m.weight).collect();
        let mut together = Together::new(
            &self.policies,
            weights,
            &arena.table,
            ensemble.combine,
            self.in_charge(ensemble, arena).map(Arc::new),
        );
        play(&mut together)
    }

    /// The member in charge at each bar of the file, for kinds that have one.
    fn in_charge(&self, ensemble: &EnsembleFile, arena: &Arena) -> Option<Vec<u8>> {
        let members = self.policies.len();
        let who = |k: Option<&usize>| k.copied().filter(|&k| k < members).unwrap_or(0) as u8;
        match ensemble.combine {
            Combine::PerMarket => {
                let i = &arena.plan.instrument;
                let own = ensemble.markets.get(&i.symbol);
                let k = who(own.or_else(|| ensemble.markets.get(i.underlying())));
                Some(vec![k; arena.bars.len()])
            }
            Combine::PerRegime => {
                // Of the run's training bars, whatever file is played.
                let threshold = ensemble.volatility_threshold;
                let labels = Regimes::with_threshold(&arena.bars, &arena.tape.sessions, threshold);
                let of = |r: &Regime| {
                    who(ensemble::regime_name(r).and_then(|n| ensemble.regimes.get(&n)))
                };
                Some(labels.bars.iter().map(of).collect())
            }
            Combine::Average | Combine::Weighted | Combine::Vote => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_and_ensembles_have_names() {
        let of = |s: &str| s.parse::<PlayerChoice>();
        assert_eq!(of("best"), Ok(CheckpointChoice::Best.into()));
        assert_eq!(of("400"), Ok(CheckpointChoice::Step(400).into()));
        assert_eq!(
            of("ensemble:vote"),
            Ok(PlayerChoice::Ensemble("vote".to_owned()))
        );
        assert!(of("worst").unwrap_err().contains("ensemble:NAME"));
    }
}
