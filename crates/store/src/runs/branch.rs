//! Begins a run at an earlier checkpoint of another one, which stays as it is.
//!
//! The new folder holds what the old one held at that step, so the two can be compared and
//! nothing that was trained is lost. Checkpoints never change, so they are linked where the
//! file system can, and copied elsewhere.

use std::fs;
use std::path::Path;

use super::checkpoint::CheckpointChoice;
use super::folder::{NewRun, RunFolder};
use super::writer::rewind_lines;
use crate::error::FileError;

/// Lines of a run that belong to steps.
const RECORDS: [&str; 3] = ["metrics.jsonl", "adjustments.jsonl", "validation.jsonl"];

impl RunFolder {
    /// Makes a run beside this one that holds everything up to a checkpoint.
    ///
    /// # Errors
    /// When there is no such checkpoint, it is not whole, or the system refuses.
    pub fn branch(&self, choice: CheckpointChoice) -> Result<Self, FileError> {
        // Proved whole before anything is made of it.
        let step = self.read_checkpoint(choice)?.info.step;
        let runs = self.path().parent().unwrap_or(Path::new("."));
        let new = Self::create(
            runs,
            &NewRun {
                market: &self.written_status()?.market,
                run_toml: &self.run_toml()?,
                plan_toml: &self.plan_toml()?,
                data: &self.data()?,
            },
        )?;
        for name in RECORDS {
            let from = self.path().join(name);
            if from.is_file() {
                let to = new.path().join(name);
                fs::copy(&from, &to).map_err(|e| FileError::io("copy", &from, e))?;
                rewind_lines(&to, step)?;
            }
        }
        // In order of steps: a process that dies here leaves a run that begins a little earlier.
        for &at in self.checkpoint_steps()?.iter().filter(|&&s| s <= step) {
            let files = self.checkpoint_info(at)?.files;
            let names = files.into_iter().map(|f| f.name);
            for name in names.chain([format!("step-{at:09}.json")]) {
                let from = self.checkpoints().join(&name);
                let to = new.checkpoints().join(&name);
                fs::hard_link(&from, &to)
                    .or_else(|_no_links| fs::copy(&from, &to).map(drop))
                    .map_err(|e| FileError::io("copy", &from, e))?;
            }
        }
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::runs::{CheckpointFiles, RunState, RunWriter};

    #[test]
    fn a_branch_holds_what_the_run_held_then_and_the_run_stays() {
        let dir = tempfile::tempdir().unwrap();
        let new = NewRun {
            market: "NQ",
            run_toml: "seed = 1\n",
            plan_toml: "steps = 2\n",
            data: &json!({"bars_sha256": "abc"}),
        };
        let run = RunFolder::create(dir.path(), &new).unwrap();
        let mut writer = RunWriter::open(run.clone()).unwrap();
        for step in [100_u64, 200, 300] {
            writer.metrics(&json!({"step": step})).unwrap();
            let files = CheckpointFiles {
                weights: &step.to_le_bytes(),
                state: None,
                info: &json!({}),
            };
            writer.checkpoint(step, &files).unwrap();
        }
        writer.set_status(RunState::Finished, 300, 3, None).unwrap();
        drop(writer);
        let branch = run.branch(CheckpointChoice::Step(200)).unwrap();
        assert_ne!(branch.path(), run.path());
        assert_eq!(branch.checkpoint_steps().unwrap(), [100, 200]);
        assert_eq!(branch.metrics().unwrap().values.len(), 2);
        let last = branch.read_checkpoint(CheckpointChoice::Last).unwrap();
        assert_eq!(last.weights, 200_u64.to_le_bytes());
        assert_eq!(branch.run_toml().unwrap(), "seed = 1\n");
        assert_eq!(branch.status().unwrap().state, RunState::Queued);
        assert_eq!(run.checkpoint_steps().unwrap(), [100, 200, 300]);
        assert_eq!(run.metrics().unwrap().values.len(), 3);
        let none = run.branch(CheckpointChoice::Step(150)).unwrap_err();
        assert!(none.to_string().contains("300, 200, 100"), "{none}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }
}
