//! Where a run stands, and what its owner wrote about it.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::RUN_FORMAT;
use crate::atomic::replace;
use crate::error::{BadInput, FileError};
use crate::text::read_whole;

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waits for its turn.
    Queued,
    /// Trains.
    Running,
    /// Waits for its user.
    Paused,
    /// Reached its end.
    Finished,
    /// Was stopped by its user.
    Stopped,
    /// Ended with an error.
    Failed,
    /// Its process ended without a word; never written, only found when reading.
    Interrupted,
}

impl RunState {
    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Content of `status.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStatus {
    /// Version of the run folder.
    pub format: u32,
    /// Root symbol of the market.
    pub market: String,
    /// When the run was made.
    pub created: String,
    /// When this was written.
    pub updated: String,
    /// What the run is doing.
    pub state: RunState,
    /// Environment steps so far.
    pub step: u64,
    /// Updates so far.
    pub update: u64,
    /// Why it failed or stopped.
    pub message: Option<String>,
}

/// Content of `labels.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Labels {
    /// Short words to find the run by.
    pub tags: Vec<String>,
    /// Free text.
    pub notes: String,
}

/// Writes a value as a JSON file, whole or not at all.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), FileError> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|e| BadInput::new(path, format!("cannot be written as JSON: {e}")))?;
    replace(path, format!("{text}\n").as_bytes())
}

/// Reads a JSON file.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, FileError> {
    let bytes = read_whole(path)?;
    serde_json::from_slice(&bytes).map_err(|e| {
        let bad = BadInput::new(path, format!("the JSON is not valid: {e}")).line(e.line() as u64);
        bad.expected("the file as Holdout wrote it")
            .remedy("restore it from a copy, or leave this run out")
            .into()
    })
}

/// Refuses what a newer version wrote.
pub(super) fn check_format(path: &Path, format: u32) -> Result<(), FileError> {
    if format <= RUN_FORMAT {
        return Ok(());
    }
    let cause = format!("the run has format {format}, this version knows up to {RUN_FORMAT}");
    Err(BadInput::new(path, cause)
        .remedy("use a newer version of Holdout")
        .into())
}
