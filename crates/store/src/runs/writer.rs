//! Writes to a run while it trains. One process at a time holds a run.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::checkpoint::{self, CheckpointFiles, CheckpointInfo};
use super::folder::{RunFolder, now_text};
use super::lines::read_json_lines;
use super::status::{RunState, RunStatus};
use super::tensorboard::{EventFile, Scalars};
use crate::atomic::{LineLog, replace};
use crate::error::{BadInput, FileError};

/// A run that is being written.
#[derive(Debug)]
pub struct RunWriter {
    folder: RunFolder,
    status: RunStatus,
    metrics: LineLog,
    adjustments: LineLog,
    validation: LineLog,
    log: LineLog,
    /// Opened with the first figures, once it is known what was recorded before.
    events: Option<EventFile>,
    /// Held as long as the run is written; the system lets go of it when the process ends.
    _lock: File,
}

impl RunWriter {
    /// Takes hold of a run. Half-written last lines are cut off.
    ///
    /// # Errors
    /// When another process writes to it, or the system refuses.
    pub fn open(folder: RunFolder) -> Result<Self, FileError> {
        let path = folder.lock_path();
        let io = |e| FileError::io("open for writing", &path, e);
        let lock = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(io)?;
        take_hold(&lock, folder.path())?;
        sweep(&folder.checkpoints(), &[".step-"]);
        // Only what nobody but the holder writes: tags and notes may be changed at this moment.
        sweep(folder.path(), &[".status.json.", ".events."]);
        let in_folder = |name: &str| folder.path().join(name);
        Ok(Self {
            status: folder.written_status()?,
            metrics: LineLog::open(&in_folder("metrics.jsonl"))?,
            adjustments: LineLog::open(&in_folder("adjustments.jsonl"))?,
            validation: LineLog::open(&in_folder("validation.jsonl"))?,
            log: LineLog::open(&in_folder("log.txt"))?,
            events: None,
            folder,
            _lock: lock,
        })
    }

    /// The run.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// Appends a line of metrics.
    ///
    /// # Errors
    /// When the system refuses, e.g. on a full disk.
    pub fn metrics(&mut self, line: &Value) -> Result<(), FileError> {
        self.metrics.append(&line.to_string())
    }

    /// Begins the event file for TensorBoard with what was recorded so far, in order of steps; it
    /// takes the place of one that a killed process left.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn begin_events(&mut self, so_far: &[Scalars]) -> Result<(), FileError> {
        let file = EventFile::begin(self.folder.path(), now_secs(), so_far)?;
        self.events = Some(file);
        Ok(())
    }

    /// Appends figures of a step for TensorBoard.
    ///
    /// # Errors
    /// When the system refuses, e.g. on a full disk.
    pub fn scalars(&mut self, scalars: &Scalars) -> Result<(), FileError> {
        if self.events.is_none() {
            self.begin_events(&[])?;
        }
        self.events
            .as_mut()
            .map_or(Ok(()), |file| file.append(scalars))
    }

    /// Writes a file into the folder of dumps and returns its path.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn dump(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, FileError> {
        let path = self.folder.path().join("dumps").join(name);
        replace(&path, bytes)?;
        Ok(path)
    }

    /// Removes a checkpoint; its JSON goes first, so that it is never found in part.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn remove_checkpoint(&self, step: u64) -> Result<(), FileError> {
        checkpoint::remove(&self.folder, step)
    }

    /// Appends an adjustment.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn adjustment(&mut self, line: &Value) -> Result<(), FileError> {
        self.adjustments.append(&line.to_string())
    }

    /// Appends an evaluation on the validation part.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn validation(&mut self, line: &Value) -> Result<(), FileError> {
        self.validation.append(&line.to_string())
    }

    /// Appends a line to the log, with the time in front.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn log(&mut self, message: &str) -> Result<(), FileError> {
        self.log.append(&format!("{} {message}", now_text()))
    }

    /// Writes where the run stands.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_status(
        &mut self,
        state: RunState,
        step: u64,
        update: u64,
        message: Option<&str>,
    ) -> Result<(), FileError> {
        self.status = RunStatus {
            state,
            step,
            update,
            message: message.map(str::to_owned),
            updated: now_text(),
            ..self.status.clone()
        };
        self.folder.write_status(&self.status)
    }

    /// Writes a checkpoint; the lines of metrics before it are on the disk first.
    ///
    /// # Errors
    /// When the system refuses; the checkpoint then does not exist.
    pub fn checkpoint(
        &mut self,
        step: u64,
        files: &CheckpointFiles<'_>,
    ) -> Result<CheckpointInfo, FileError> {
        self.metrics.sync()?;
        self.adjustments.sync()?;
        self.validation.sync()?;
        checkpoint::write(&self.folder, step, files)
    }

    /// Goes back to a step, to resume from its checkpoint: later lines of metrics, adjustments and validation
    /// (those whose `step` is greater) are removed, so that nothing is there twice.
    ///
    /// # Errors
    /// When the system refuses or a line in the middle is not valid.
    pub fn rewind(&mut self, step: u64) -> Result<(), FileError> {
        for (name, log) in [
            ("metrics.jsonl", &mut self.metrics),
            ("adjustments.jsonl", &mut self.adjustments),
            ("validation.jsonl", &mut self.validation),
        ] {
            let path = self.folder.path().join(name);
            rewind_lines(&path, step)?;
            *log = LineLog::open(&path)?;
        }
        Ok(())
    }
}

/// The present time in Unix seconds; 0 where the clock stands before 1970.
pub fn now_secs() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |d| d.as_secs_f64())
}

/// Removes what a killed process left half-written under names that begin so; whoever holds the run
/// may.
fn sweep(folder: &Path, beginnings: &[&str]) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|e| e.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if beginnings.iter().any(|b| name.starts_with(b)) && name.ends_with(".tmp") {
            // Harmless where it stays.
            drop(fs::remove_file(&path));
        }
    }
}

/// Takes the lock of a run. A reader that asks whether the run is held has it for a moment, so a
/// refusal counts only when it lasts.
fn take_hold(lock: &File, run: &Path) -> Result<(), FileError> {
    for _ in 0..20 {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::Error(e)) => return Err(FileError::io("lock", run, e)),
        }
    }
    let bad = BadInput::new(run, "another process is writing to this run");
    Err(bad.remedy("stop it first, or start a new run").into())
}

pub(super) fn rewind_lines(path: &Path, step: u64) -> Result<(), FileError> {
    let lines = read_json_lines(path)?;
    let keep = |v: &&Value| {
        v.get("step")
            .and_then(Value::as_u64)
            .is_none_or(|s| s <= step)
    };
    let kept: Vec<&Value> = lines.values.iter().filter(keep).collect();
    if kept.len() == lines.values.len() && !lines.cut_short {
        return Ok(());
    }
    let text: String = kept.into_iter().map(|v| format!("{v}\n")).collect();
    replace(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::runs::NewRun;

    fn run(dir: &Path) -> RunFolder {
        let new = NewRun {
            market: "ES",
            run_toml: "",
            plan_toml: "",
            data: &json!({}),
        };
        RunFolder::create(dir, &new).unwrap()
    }

    #[test]
    fn one_process_holds_a_run_and_its_end_shows() {
        let dir = tempfile::tempdir().unwrap();
        let folder = run(dir.path());
        let mut writer = RunWriter::open(folder.clone()).unwrap();
        assert!(
            RunWriter::open(folder.clone())
                .unwrap_err()
                .to_string()
                .contains("another process")
        );
        writer.set_status(RunState::Running, 10, 1, None).unwrap();
        assert_eq!(folder.status().unwrap().state, RunState::Running);
        drop(writer);
        assert_eq!(
            folder.status().unwrap().state,
            RunState::Interrupted,
            "nobody holds it any more"
        );
        let mut writer = RunWriter::open(folder.clone()).unwrap();
        writer.set_status(RunState::Finished, 20, 2, None).unwrap();
        drop(writer);
        assert_eq!(folder.status().unwrap().state, RunState::Finished);
    }

    #[test]
    fn what_a_killed_process_left_half_written_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let folder = run(dir.path());
        let left = folder
            .checkpoints()
            .join(".step-000000100.safetensors.77-0.tmp");
        let events = folder
            .path()
            .join(".events.out.tfevents.7.holdout.77-0.tmp");
        let whole = folder.checkpoints().join("step-000000050.json");
        let labels = folder.path().join(".labels.json.78-0.tmp");
        for file in [&left, &events, &whole, &labels] {
            fs::write(file, "half").unwrap();
        }
        let writer = RunWriter::open(folder).unwrap();
        assert!(!left.exists() && !events.exists());
        assert!(
            whole.exists() && labels.exists(),
            "another may be writing it"
        );
        drop(writer);
    }

    #[test]
    fn resuming_leaves_no_line_twice_and_none_out() {
        let dir = tempfile::tempdir().unwrap();
        let folder = run(dir.path());
        let mut writer = RunWriter::open(folder.clone()).unwrap();
        for update in 1..=5 {
            writer
                .metrics(&json!({"update": update, "step": update * 100}))
                .unwrap();
        }
        drop(writer);
        // Killed in the middle of a line.
        let path = folder.path().join("metrics.jsonl");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}{{\"update\":6,\"st")).unwrap();
        let mut writer = RunWriter::open(folder.clone()).unwrap();
        writer.rewind(300).unwrap();
        for update in 4..=6 {
            writer
                .metrics(&json!({"update": update, "step": update * 100}))
                .unwrap();
        }
        let updates: Vec<u64> = folder
            .metrics()
            .unwrap()
            .values
            .iter()
            .map(|v| v["update"].as_u64().unwrap())
            .collect();
        assert_eq!(updates, [1, 2, 3, 4, 5, 6]);
    }
}
