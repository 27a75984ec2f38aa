//! A run as the list on the left shows it.

use std::path::PathBuf;

use holdout_store::runs::{Labels, RunState, RunSummary};

use crate::jobs::registry::{Listed, fits};
use crate::report::number;

/// A run on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEntry {
    /// Folder.
    pub path: PathBuf,
    /// Identifier.
    pub name: String,
    /// Root symbol.
    pub market: String,
    /// State, as written; `None` when it cannot be read.
    pub state: Option<RunState>,
    /// Environment steps.
    pub step: u64,
    /// Names of its checkpoints, oldest first.
    pub checkpoints: Vec<String>,
    /// Tags and notes.
    pub labels: Labels,
    /// Net profit of each trial on validation, dollars, oldest first.
    pub validation: Vec<f32>,
    /// Why it cannot be read in full.
    pub problem: Option<String>,
    summary: RunSummary,
}

impl RunEntry {
    /// A run as it was listed.
    pub fn new(listed: Listed) -> Self {
        let s = listed.run;
        Self {
            path: s.path.clone(),
            name: s.id.clone(),
            market: s.market.clone(),
            state: s.state,
            step: s.step,
            checkpoints: listed
                .checkpoint_steps
                .iter()
                .map(ToString::to_string)
                .collect(),
            labels: Labels {
                tags: s.tags.clone(),
                notes: s.notes.clone(),
            },
            validation: listed
                .validation_net_pnl_usd
                .iter()
                .map(|x| *x as f32)
                .collect(),
            problem: s.problem.clone(),
            summary: s,
        }
    }

    /// Whether every word occurs in what is known of it.
    pub fn fits(&self, words: &str) -> bool {
        fits(&self.summary, words)
    }

    /// What is told of it under the pointer.
    pub fn hint(&self) -> String {
        let mut text = self.path.display().to_string();
        if let Some(last) = self.validation.last() {
            text.push_str(&format!(
                "\nlast trial on validation: {}, of {}",
                number::dollars_signed(f64::from(*last), 0),
                number::count(self.validation.len() as u64)
            ));
        }
        if !self.labels.notes.trim().is_empty() {
            text.push_str(&format!("\n{}", self.labels.notes.trim()));
        }
        text
    }
}
