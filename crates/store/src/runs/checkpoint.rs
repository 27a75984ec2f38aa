//! Checkpoints: weights, the rest of the learner's state, and a JSON file that is written last.
//!
//! The JSON names size and SHA-256 of the other files, so that a checkpoint that was cut short or
//! tampered with is refused before anything is made of it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::RUN_FORMAT;
use super::folder::RunFolder;
use super::status::{check_format, read_json, write_json};
use crate::atomic::replace;
use crate::error::{BadInput, FileError};
use crate::text::sha256_of;

/// What a checkpoint is made of.
#[derive(Clone, Copy, Debug)]
pub struct CheckpointFiles<'a> {
    /// Weights in the safetensors format.
    pub weights: &'a [u8],
    /// Optimiser, normaliser, random streams and environments, in the learner's own format.
    pub state: Option<&'a [u8]>,
    /// What people and tables want to know: update, curriculum position, validation figures.
    pub info: &'a Value,
}

/// Content of a checkpoint's JSON file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointInfo {
    /// Version of the run folder.
    pub format: u32,
    /// Environment steps at which it was taken.
    pub step: u64,
    /// The files beside it.
    pub files: Vec<CheckpointFile>,
    /// What the learner said about it.
    pub info: Value,
}

/// A file of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointFile {
    /// Name without a folder.
    pub name: String,
    /// Length.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Which checkpoint is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointChoice {
    /// The newest.
    Last,
    /// The one that `best.json` names.
    Best,
    /// The one of this step.
    Step(u64),
}

impl std::str::FromStr for CheckpointChoice {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "last" => Ok(Self::Last),
            "best" => Ok(Self::Best),
            _ => s.parse().map(Self::Step).map_err(|_bad| {
                format!("\"{s}\" is not a checkpoint; expected best, last or a number of steps")
            }),
        }
    }
}

/// A checkpoint as it was read and proved whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// Its JSON file.
    pub info: CheckpointInfo,
    /// Weights in the safetensors format.
    pub weights: Vec<u8>,
    /// The rest of the learner's state.
    pub state: Option<Vec<u8>>,
}

/// Content of `best.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestPointer {
    /// Step of the best checkpoint.
    pub step: u64,
    /// Figure by which it is the best.
    pub metric: String,
    /// Value of that figure.
    pub value: Option<f64>,
}

fn stem(step: u64) -> String {
    format!("step-{step:09}")
}

/// Writes the files of a checkpoint, its JSON last.
pub(super) fn write(
    run: &RunFolder,
    step: u64,
    files: &CheckpointFiles<'_>,
) -> Result<CheckpointInfo, FileError> {
    let folder = run.checkpoints();
    let mut list = Vec::new();
    for (ending, bytes) in [("safetensors", Some(files.weights)), ("state", files.state)] {
        let Some(bytes) = bytes else { continue };
        let name = format!("{}.{ending}", stem(step));
        replace(&folder.join(&name), bytes)?;
        list.push(CheckpointFile {
            name,
            bytes: bytes.len() as u64,
            sha256: sha256_of(bytes),
        });
    }
    let info = CheckpointInfo {
        format: RUN_FORMAT,
        step,
        files: list,
        info: files.info.clone(),
    };
    write_json(&folder.join(format!("{}.json", stem(step))), &info)?;
    Ok(info)
}

/// Removes the files of a checkpoint, its JSON first; those that are not there are passed over.
pub(super) fn remove(run: &RunFolder, step: u64) -> Result<(), FileError> {
    for ending in ["json", "safetensors", "state"] {
        let path = run.checkpoints().join(format!("{}.{ending}", stem(step)));
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(FileError::io("remove", &path, e)),
        }
    }
    Ok(())
}

impl RunFolder {
    /// Steps of all checkpoints, rising.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn checkpoint_steps(&self) -> Result<Vec<u64>, FileError> {
        let folder = self.checkpoints();
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(&folder).map_err(|e| FileError::io("list", &folder, e))?;
        let step = |name: &str| {
            name.strip_prefix("step-")?
                .strip_suffix(".json")?
                .parse()
                .ok()
        };
        let mut steps: Vec<u64> = entries
            .filter_map(Result::ok)
            .filter_map(|e| step(&e.file_name().to_string_lossy()))
            .collect();
        steps.sort_unstable();
        Ok(steps)
    }

    /// What the JSON file of a checkpoint says.
    ///
    /// # Errors
    /// When it cannot be read, is not valid, or a newer version wrote it.
    pub fn checkpoint_info(&self, step: u64) -> Result<CheckpointInfo, FileError> {
        let path = self.checkpoints().join(format!("{}.json", stem(step)));
        let info: CheckpointInfo = read_json(&path)?;
        check_format(&path, info.format)?;
        Ok(info)
    }

    /// Where the weights of a checkpoint are.
    pub fn weights_path(&self, step: u64) -> PathBuf {
        self.checkpoints()
            .join(format!("{}.safetensors", stem(step)))
    }

    /// The step that a choice means.
    ///
    /// # Errors
    /// When the run has no such checkpoint; the message lists those that it has.
    pub fn choose_checkpoint(&self, choice: CheckpointChoice) -> Result<u64, FileError> {
        let steps = self.checkpoint_steps()?;
        let missing = |what: String| {
            let have: Vec<String> = steps.iter().rev().take(10).map(u64::to_string).collect();
            let have = if have.is_empty() {
                "it has none".to_owned()
            } else {
                format!("the newest are at steps {}", have.join(", "))
            };
            BadInput::new(
                &self.checkpoints(),
                format!("the run has no {what}; {have}"),
            )
            .remedy("choose another checkpoint")
            .into()
        };
        match choice {
            CheckpointChoice::Last => steps
                .last()
                .copied()
                .ok_or_else(|| missing("checkpoint".to_owned())),
            CheckpointChoice::Step(s) => steps
                .contains(&s)
                .then_some(s)
                .ok_or_else(|| missing(format!("checkpoint at step {s}"))),
            CheckpointChoice::Best => match self.best()? {
                Some(b) if steps.contains(&b.step) => Ok(b.step),
                Some(b) => Err(missing(format!(
                    "checkpoint at step {}, which best.json names",
                    b.step
                ))),
                None => Err(missing("checkpoint marked as the best".to_owned())),
            },
        }
    }

    /// Reads a checkpoint and proves it whole.
    ///
    /// # Errors
    /// When it is not there, or a file of it is missing, cut short or changed.
    pub fn read_checkpoint(&self, choice: CheckpointChoice) -> Result<Checkpoint, FileError> {
        let step = self.choose_checkpoint(choice)?;
        let info = self.checkpoint_info(step)?;
        let file = |ending: &str| -> Result<Option<Vec<u8>>, FileError> {
            let name = format!("{}.{ending}", stem(step));
            let listed = info.files.iter().find(|f| f.name == name);
            listed
                .map(|f| read_proved(&self.checkpoints().join(&name), f))
                .transpose()
        };
        let weights = file("safetensors")?.ok_or_else(|| {
            let path = self.checkpoints().join(format!("{}.json", stem(step)));
            BadInput::new(&path, "the checkpoint names no weights")
                .remedy("choose another checkpoint")
        })?;
        let state = file("state")?;
        Ok(Checkpoint {
            info,
            weights,
            state,
        })
    }

    /// The newest checkpoint that is whole; broken newer ones are passed over and named.
    ///
    /// # Errors
    /// When the system refuses or no checkpoint is whole.
    pub fn newest_whole_checkpoint(&self) -> Result<(Checkpoint, Vec<String>), FileError> {
        let mut passed_over = Vec::new();
        for step in self.checkpoint_steps()?.into_iter().rev() {
            match self.read_checkpoint(CheckpointChoice::Step(step)) {
                Ok(whole) => return Ok((whole, passed_over)),
                Err(e) => passed_over.push(e.to_string()),
            }
        }
        let cause = if passed_over.is_empty() {
            "the run has no checkpoint".to_owned()
        } else {
            format!("no checkpoint is whole: {}", passed_over.join("; "))
        };
        Err(BadInput::new(&self.checkpoints(), cause)
            .remedy("start the run again")
            .into())
    }

    /// The best checkpoint's pointer, if one was set.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn best(&self) -> Result<Option<BestPointer>, FileError> {
        let path = self.path().join("best.json");
        if path.is_file() {
            read_json(&path).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Marks the best checkpoint.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_best(&self, best: &BestPointer) -> Result<(), FileError> {
        write_json(&self.path().join("best.json"), best)
    }
}

fn read_proved(path: &Path, file: &CheckpointFile) -> Result<Vec<u8>, FileError> {
    let broken = |cause: String| {
        BadInput::new(path, cause)
            .remedy("choose another checkpoint, or restore this one from a copy")
    };
    let length = fs::metadata(path)
        .map_err(|e| FileError::io("read", path, e))?
        .len();
    if length != file.bytes {
        return Err(broken(format!("the checkpoint's file has {length} bytes"))
            .expected(format!("{} bytes", file.bytes))
            .into());
    }
    let bytes = fs::read(path).map_err(|e| FileError::io("read", path, e))?;
    if sha256_of(&bytes) != file.sha256 {
        return Err(
            broken("the checkpoint's file was changed after it was written".to_owned())
                .expected(format!("SHA-256 {}", file.sha256))
                .into(),
        );
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::runs::NewRun;

    fn run(dir: &Path) -> RunFolder {
        let run = RunFolder::create(
            dir,
            &NewRun {
                market: "NQ",
                run_toml: "",
                plan_toml: "",
                data: &json!({}),
            },
        )
        .unwrap();
        for step in [1000_u64, 2000, 123_456] {
            let weights = step.to_le_bytes();
            write(
                &run,
                step,
                &CheckpointFiles {
                    weights: &weights,
                    state: Some(b"state"),
                    info: &json!({"update": step / 1000}),
                },
            )
            .unwrap();
        }
        run
    }

    #[test]
    fn checkpoints_are_found_by_step_newest_and_best() {
        let dir = tempfile::tempdir().unwrap();
        let run = run(dir.path());
        assert!(
            run.checkpoints()
                .join("step-000123456.safetensors")
                .is_file()
        );
        assert_eq!(run.checkpoint_steps().unwrap(), [1000, 2000, 123_456]);
        let read = run.read_checkpoint(CheckpointChoice::Last).unwrap();
        assert_eq!(
            (read.info.step, read.weights, read.state),
            (
                123_456,
                123_456_u64.to_le_bytes().to_vec(),
                Some(b"state".to_vec())
            )
        );
        assert!(
            run.choose_checkpoint(CheckpointChoice::Best)
                .unwrap_err()
                .to_string()
                .contains("marked as the best")
        );
        run.set_best(&BestPointer {
            step: 2000,
            metric: "sharpe".into(),
            value: Some(1.5),
        })
        .unwrap();
        assert_eq!(
            run.choose_checkpoint("best".parse().unwrap()).unwrap(),
            2000
        );
        assert_eq!(
            run.choose_checkpoint("1000".parse().unwrap()).unwrap(),
            1000
        );
        assert!(
            run.choose_checkpoint(CheckpointChoice::Step(7))
                .unwrap_err()
                .to_string()
                .contains("123456, 2000, 1000")
        );
    }

    #[test]
    fn a_checkpoint_without_its_json_does_not_exist() {
        let dir = tempfile::tempdir().unwrap();
        let run = run(dir.path());
        fs::remove_file(run.checkpoints().join("step-000123456.json")).unwrap();
        assert_eq!(run.choose_checkpoint(CheckpointChoice::Last).unwrap(), 2000);
    }

    #[test]
    fn a_removed_checkpoint_leaves_nothing_and_may_be_removed_again() {
        let dir = tempfile::tempdir().unwrap();
        let run = run(dir.path());
        remove(&run, 2000).unwrap();
        remove(&run, 2000).unwrap();
        assert_eq!(run.checkpoint_steps().unwrap(), [1000, 123_456]);
        assert_eq!(fs::read_dir(run.checkpoints()).unwrap().count(), 6);
    }

    #[test]
    fn cut_and_changed_files_are_refused_and_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let run = run(dir.path());
        fs::write(run.weights_path(123_456), b"x").unwrap();
        assert!(
            run.read_checkpoint(CheckpointChoice::Last)
                .unwrap_err()
                .to_string()
                .contains("has 1 bytes; expected 8 bytes")
        );
        fs::write(run.weights_path(2000), b"12345678").unwrap();
        assert!(
            run.read_checkpoint(CheckpointChoice::Step(2000))
                .unwrap_err()
                .to_string()
                .contains("was changed")
        );
        let (whole, passed) = run.newest_whole_checkpoint().unwrap();
        assert_eq!((whole.info.step, passed.len()), (1000, 2));
    }
}
