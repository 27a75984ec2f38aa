//! The phase 1 checkpoint that phase 2 starts from: of the same run, or of another one.

use std::path::Path;

use anyhow::{Context as _, bail};
use holdout_core::sim::Phase;
use holdout_store::runs::{CheckpointChoice, CheckpointInfo, RunFolder};

use super::train::{Place, RunData};
use crate::arena::Arena;

/// Weights of a phase 1 checkpoint, and where they come from.
#[derive(Debug)]
pub(super) struct Phase1 {
    /// Everything of the checkpoint.
    pub(super) weights: Vec<u8>,
    /// In words, for the log.
    pub(super) told: String,
}

fn place(info: &CheckpointInfo) -> anyhow::Result<Place> {
    serde_json::from_value(info.info.clone())
        .context("the checkpoint does not say where in the run it belongs")
}

/// A phase 1 checkpoint of a run: `best` by validation (the last one where none was evaluated),
/// `last`, or the one of a step.
fn choose(folder: &RunFolder, choice: CheckpointChoice) -> anyhow::Result<u64> {
    let mut of_phase1 = Vec::new();
    for step in folder.checkpoint_steps()? {
        let place = place(&folder.checkpoint_info(step)?)?;
        if place.phase == Phase::Entries {
            of_phase1.push((step, place.best));
        }
    }
    let Some(&(last, best)) = of_phase1.last() else {
        bail!("{} has no checkpoint of phase 1", folder.path().display());
    };
    match choice {
        CheckpointChoice::Last => Ok(last),
        CheckpointChoice::Best => Ok(best.map_or(last, |b| b.step)),
        CheckpointChoice::Step(step) if of_phase1.iter().any(|c| c.0 == step) => Ok(step),
        CheckpointChoice::Step(step) => bail!(
            "step {step} is no checkpoint of phase 1 of {}; its last is at step {last}",
            folder.path().display()
        ),
    }
}

fn read(folder: &RunFolder, choice: CheckpointChoice, whose: &str) -> anyhow::Result<Phase1> {
    let step = choose(folder, choice)?;
    let weights = folder
        .read_checkpoint(CheckpointChoice::Step(step))?
        .weights;
    Ok(Phase1 {
        weights,
        told: format!("phase 2 starts from the phase 1 checkpoint of step {step}{whose}"),
    })
}

/// The best of the run's own phase 1.
pub(super) fn own(folder: &RunFolder) -> anyhow::Result<Phase1> {
    read(folder, CheckpointChoice::Best, "")
}

/// The one that the plan names in another run; none where it names none.
///
/// # Errors
/// When it is not there, is of another market, or has seen days that this run is judged on.
pub(super) fn of_another_run(arena: &Arena) -> anyhow::Result<Option<Phase1>> {
    let config = &arena.plan.config;
    let Some(run) = &config.phase1_run else {
        return Ok(None);
    };
    let found = read_fitting(arena, run, config.phase1_checkpoint);
    found
        .map(Some)
        .with_context(|| format!("phase1_run = {:?} cannot be used", run.display()))
}

fn read_fitting(arena: &Arena, run: &Path, choice: CheckpointChoice) -> anyhow::Result<Phase1> {
    let folder = RunFolder::open(run)?;
    let data: RunData = serde_json::from_value(folder.data()?)
        .with_context(|| format!("data.json of {} is not valid", run.display()))?;
    let ours = arena.dataset.market();
    if data.market != ours {
        bail!(
            "its market is {}, this run's is {ours}; name a run on {ours}, or train phase 1 here",
            data.market
        );
    }
    let (theirs, split) = (&data.split, &arena.split);
    if theirs.train.1 >= split.validation.0 || theirs.validation.1 >= split.test.0 {
        bail!(
            "it was trained on days up to {} and chosen on days up to {}, but validation of this run begins at {} and test at {}: it has seen what it would be judged on",
            theirs.train.1,
            theirs.validation.1,
            split.validation.0,
            split.test.0
        );
    }
    read(&folder, choice, &format!(" of {}", run.display()))
}
