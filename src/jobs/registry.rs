//! All runs of a folder with what their owner wrote about them, and how they did on validation
//! while they trained.

use std::path::{Path, PathBuf};

use anyhow::bail;
use holdout_store::runs::{Labels, RunFolder, RunSummary, list_runs};
use serde::Serialize;

/// Letters of a tag at most.
const TAG_LETTERS: usize = 40;

/// A run in the list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    /// What the folder says.
    #[serde(flatten)]
    pub run: RunSummary,
    /// Steps of its checkpoints, oldest first.
    pub checkpoint_steps: Vec<u64>,
    /// Net profit of each trial on validation while it trained, dollars, oldest first.
    pub validation_net_pnl_usd: Vec<f64>,
}

/// All runs, newest first. What cannot be read of one is left out of its line.
///
/// # Errors
/// When the folder cannot be listed.
pub fn list(runs: &Path) -> anyhow::Result<Vec<Listed>> {
    Ok(list_runs(runs)?
        .into_iter()
        .map(|run| {
            let folder = RunFolder::open(&run.path).ok();
            let lines = folder.as_ref().and_then(|f| f.validation().ok());
            let steps = folder.and_then(|f| f.checkpoint_steps().ok());
            Listed {
                checkpoint_steps: steps.unwrap_or_default(),
                validation_net_pnl_usd: lines
                    .map_or_else(Vec::new, |l| l.values)
                    .iter()
                    .filter_map(|v| v["net_pnl_usd"].as_f64())
                    .collect(),
                run,
            }
        })
        .collect())
}

/// Whether every word occurs in a run's name, market, state, tags or notes.
pub fn fits(run: &RunSummary, words: &str) -> bool {
    let state = run.state.map_or("unreadable", |s| s.name());
    let text = format!(
        "{} {} {state} {} {}",
        run.id,
        run.market,
        run.tags.join(" "),
        run.notes
    )
    .to_lowercase();
    words
        .to_lowercase()
        .split_whitespace()
        .all(|w| text.contains(w))
}

/// Tags from text, separated by commas: trimmed, each once, in their order.
///
/// # Errors
/// When one is too long or holds a line break.
pub fn tags(text: &str) -> anyhow::Result<Vec<String>> {
    let mut all: Vec<String> = Vec::new();
    for tag in text.split(',').map(str::trim).filter(|t| !t.is_empty()) {
        if tag.chars().count() > TAG_LETTERS || tag.chars().any(char::is_control) {
            bail!("\"{tag}\" is no tag; expected up to {TAG_LETTERS} letters on one line");
        }
        if !all.iter().any(|t| t == tag) {
            all.push(tag.to_owned());
        }
    }
    Ok(all)
}

/// Changes what is written about a run, and returns what it then is.
///
/// # Errors
/// When the folder is no run, or cannot be written.
pub fn relabel(run: &Path, change: impl FnOnce(&mut Labels)) -> anyhow::Result<Labels> {
    Ok(RunFolder::open(run)?.change_labels(change)?)
}

/// A change of what is written about a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relabel {
    /// The run.
    pub run: PathBuf,
    /// What is to be written.
    pub labels: Labels,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_trimmed_and_each_there_once() {
        let found = tags(" keep, night run ,keep,,").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(found, ["keep", "night run"]);
        assert!(tags(&"x".repeat(41)).is_err());
        assert!(tags("a\nb").is_err());
    }
}
