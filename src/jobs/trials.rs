//! How many candidates were looked at on these bars, by all runs of a folder.
//!
//! Every evaluation on validation is a look at a candidate, whichever run made it. Their number
//! and the variance of their daily Sharpe ratios deflate the Sharpe ratio of the one that is
//! shown in the end. Runs on other bars do not count, and neither do runs that cannot be read.

use std::path::Path;

use holdout_core::metrics::deflation::Trials;
use holdout_core::metrics::sharpe::DAYS_PER_YEAR;
use holdout_store::runs::{RunFolder, list_runs};

use super::train::{RunData, ValidationPoint};

/// Candidates seen on bars with this hash.
///
/// # Errors
/// When the folder cannot be listed.
pub fn trials(runs: &Path, bars_sha256: &str) -> anyhow::Result<Trials> {
    let mut daily = Vec::new();
    let mut count = 0;
    for run in list_runs(runs)? {
        for point in points(&run.path, bars_sha256).unwrap_or_default() {
            count += 1;
            daily.extend(point.sharpe.map(|s| s / DAYS_PER_YEAR.sqrt()));
        }
    }
    Ok(Trials {
        count,
        ..Trials::of(&daily)
    })
}

fn points(run: &Path, bars_sha256: &str) -> anyhow::Result<Vec<ValidationPoint>> {
    let folder = RunFolder::open(run)?;
    let data: RunData = serde_json::from_value(folder.data()?)?;
    if data.bars_sha256 != bars_sha256 {
        return Ok(Vec::new());
    }
    let lines = folder.validation()?.values.into_iter();
    Ok(lines
        .filter_map(|v| serde_json::from_value(v).ok())
        .collect())
}
