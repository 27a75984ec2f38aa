//! How many candidates were looked at on these bars, by all runs of a folder.
//!
//! A candidate is what was tried on validation, and every checkpoint that could be chosen, whichever
//! run made it. Their number and the variance of their daily Sharpe ratios deflate the Sharpe ratio
//! of the one that is shown in the end. Runs on the same prices count where they were tried out on
//! days of the same validation part, whatever file these came in; runs that cannot be read do not.

use std::collections::BTreeSet;
use std::path::Path;

use holdout_core::metrics::deflation::Trials;
use holdout_core::metrics::sharpe::DAYS_PER_YEAR;
use holdout_store::runs::{RunFolder, list_runs};

use super::train::{RunData, ValidationPoint};

/// Candidates seen on the validation days of a run.
///
/// # Errors
/// When the folder cannot be listed.
pub fn trials(runs: &Path, own: &RunData) -> anyhow::Result<Trials> {
    let mut daily = Vec::new();
    let mut count = 0;
    for run in list_runs(runs)? {
        let (steps, sharpes) = tried(&run.path, own).unwrap_or_default();
        count += steps.len() as u64;
        daily.extend(sharpes.iter().map(|s| s / DAYS_PER_YEAR.sqrt()));
    }
    Ok(Trials {
        count,
        ..Trials::of(&daily)
    })
}

/// Steps of a run's candidates, and the Sharpe ratios of those that were tried.
fn tried(run: &Path, own: &RunData) -> anyhow::Result<(BTreeSet<u64>, Vec<f64>)> {
    let folder = RunFolder::open(run)?;
    let data: RunData = serde_json::from_value(folder.data()?)?;
    if !own.same_validation(&data) {
        return Ok(Default::default());
    }
    let mut steps: BTreeSet<u64> = folder.checkpoint_steps()?.into_iter().collect();
    let lines = folder.validation()?.values.into_iter();
    let points: Vec<ValidationPoint> = lines
        .filter_map(|v| serde_json::from_value(v).ok())
        .collect();
    steps.extend(points.iter().map(|p| p.step));
    Ok((steps, points.iter().filter_map(|p| p.sharpe).collect()))
}
