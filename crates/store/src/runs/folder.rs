//! Makes and opens run folders, and knows where everything in them is.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde_json::Value;

use super::RUN_FORMAT;
use super::lines::{JsonLines, read_json_lines};
use super::status::{Labels, RunState, RunStatus, check_format, read_json, write_json};
use crate::atomic::replace;
use crate::error::{BadInput, FileError};
use crate::text::read_whole_text;

/// What a new run begins with.
#[derive(Clone, Copy, Debug)]
pub struct NewRun<'a> {
    /// Root symbol of the market.
    pub market: &'a str,
    /// The configuration as asked, TOML.
    pub run_toml: &'a str,
    /// The plan as derived, TOML.
    pub plan_toml: &'a str,
    /// Hashes and span of the data.
    pub data: &'a Value,
}

/// A run's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

/// The present time as RFC 3339 in whole seconds.
pub(super) fn now_text() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl RunFolder {
    /// Makes a new run under `runs`, with an identifier of its own.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn create(runs: &Path, new: &NewRun<'_>) -> Result<Self, FileError> {
        fs::create_dir_all(runs).map_err(|e| FileError::io("create", runs, e))?;
        let path = unique_folder(runs, new.market)?;
        let run = Self { path };
        for folder in [run.checkpoints(), run.evaluations()] {
            fs::create_dir_all(&folder).map_err(|e| FileError::io("create", &folder, e))?;
        }
        replace(&run.path.join("run.toml"), new.run_toml.as_bytes())?;
        replace(&run.path.join("plan.toml"), new.plan_toml.as_bytes())?;
        write_json(&run.path.join("data.json"), new.data)?;
        // The status comes last: a folder without it is not yet a run.
        let now = now_text();
        let status = RunStatus {
            format: RUN_FORMAT,
            market: new.market.to_owned(),
            created: now.clone(),
            updated: now,
            state: RunState::Queued,
            step: 0,
            update: 0,
            message: None,
        };
        run.write_status(&status)?;
        Ok(run)
    }

    /// Opens a run.
    ///
    /// # Errors
    /// When the folder is no run, or a newer version wrote it.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        // A run is known by its folder's name, which `.` and `..` do not tell.
        let named = path.file_name().is_some();
        let run = Self {
            path: match fs::canonicalize(path) {
                Ok(full) if !named => full,
                _ => path.to_owned(),
            },
        };
        if !run.path.join("status.json").is_file() {
            if !path.is_dir() {
                return Err(FileError::NotFound(path.to_owned()));
            }
            let bad = BadInput::new(path, "this folder is no run: it has no status.json")
                .expected("a folder under runs/");
            return Err(bad.remedy("name the run's own folder").into());
        }
        run.written_status()?;
        Ok(run)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of runs that this one really lies in, whose registry counts looks at test parts.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn runs(&self) -> Result<PathBuf, FileError> {
        let full =
            fs::canonicalize(&self.path).map_err(|e| FileError::io("find", &self.path, e))?;
        Ok(full.parent().unwrap_or(&full).to_owned())
    }

    /// The run's identifier, which is the folder's name.
    pub fn id(&self) -> String {
        self.path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// Folder of the checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// Folder of the evaluations.
    pub fn evaluations(&self) -> PathBuf {
        self.path.join("evaluations")
    }

    /// Names of the evaluations, sorted.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn evaluation_names(&self) -> Result<Vec<String>, FileError> {
        let folder = self.evaluations();
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let entries = fs::read_dir(&folder).map_err(|e| FileError::io("list", &folder, e))?;
        let mut names: Vec<String> = entries
            .filter_map(Result::ok)
            .filter(|e| e.path().is_dir())
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .filter(|n| !n.starts_with('.'))
            .collect();
        names.sort();
        Ok(names)
    }

    /// The configuration as asked.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn run_toml(&self) -> Result<String, FileError> {
        self.text("run.toml")
    }

    /// The plan as derived.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn plan_toml(&self) -> Result<String, FileError> {
        self.text("plan.toml")
    }

    fn text(&self, name: &str) -> Result<String, FileError> {
        let path = self.path.join(name);
        read_whole_text(&path)
    }

    /// Hashes and span of the data.
    ///
    /// # Errors
    /// When the file cannot be read or is not valid.
    pub fn data(&self) -> Result<Value, FileError> {
        read_json(&self.path.join("data.json"))
    }

    /// Lines of `metrics.jsonl`, a half-written last one left out.
    ///
    /// # Errors
    /// When the system refuses or a line in the middle is not valid.
    pub fn metrics(&self) -> Result<JsonLines, FileError> {
        read_json_lines(&self.path.join("metrics.jsonl"))
    }

    /// Lines of `adjustments.jsonl`, a half-written last one left out.
    ///
    /// # Errors
    /// When the system refuses or a line in the middle is not valid.
    pub fn adjustments(&self) -> Result<JsonLines, FileError> {
        read_json_lines(&self.path.join("adjustments.jsonl"))
    }

    /// Lines of `validation.jsonl`, a half-written last one left out.
    ///
    /// # Errors
    /// When the system refuses or a line in the middle is not valid.
    pub fn validation(&self) -> Result<JsonLines, FileError> {
        read_json_lines(&self.path.join("validation.jsonl"))
    }

    /// Where the run stands. A run that says it runs, while no process holds it, is interrupted.
    ///
    /// # Errors
    /// When `status.json` cannot be read or a newer version wrote it.
    pub fn status(&self) -> Result<RunStatus, FileError> {
        let mut status = self.written_status()?;
        if matches!(status.state, RunState::Running | RunState::Paused) && !self.is_held() {
            status.state = RunState::Interrupted;
        }
        Ok(status)
    }

    /// The status as it was written last, whoever holds the run.
    pub(super) fn written_status(&self) -> Result<RunStatus, FileError> {
        let path = self.path.join("status.json");
        let status: RunStatus = read_json(&path)?;
        check_format(&path, status.format)?;
        Ok(status)
    }

    pub(super) fn write_status(&self, status: &RunStatus) -> Result<(), FileError> {
        write_json(&self.path.join("status.json"), status)
    }

    pub(super) fn lock_path(&self) -> PathBuf {
        self.path.join(".lock")
    }

    /// Whether a process writes to the run now.
    fn is_held(&self) -> bool {
        let Ok(file) = File::open(self.lock_path()) else {
            return false;
        };
        matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock))
    }

    /// Tags and notes; none when nobody wrote any.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn labels(&self) -> Result<Labels, FileError> {
        let path = self.path.join("labels.json");
        if path.is_file() {
            read_json(&path)
        } else {
            Ok(Labels::default())
        }
    }

    /// Changes tags and notes, and returns what they then are. Under a lock, so that of two who
    /// write at the same time neither undoes the other.
    ///
    /// # Errors
    /// When the file is there and cannot be read, or the system refuses.
    pub fn change_labels(&self, change: impl FnOnce(&mut Labels)) -> Result<Labels, FileError> {
        let path = self.path.join(".labels.lock");
        let io = |e| FileError::io("lock", &path, e);
        let lock = File::options()
            .create(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(io)?;
        lock.lock().map_err(io)?;
        let before = self.labels()?;
        let mut labels = before.clone();
        change(&mut labels);
        if labels != before {
            write_json(&self.path.join("labels.json"), &labels)?;
        }
        lock.unlock().map_err(io)?;
        Ok(labels)
    }
}

/// Makes a folder `YYYYMMDD-HHMMSS-market-xxxx` that was not there.
fn unique_folder(runs: &Path, market: &str) -> Result<PathBuf, FileError> {
    let market: String = market
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    let stamp = Timestamp::now().strftime("%Y%m%d-%H%M%S").to_string();
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.subsec_nanos());
    for attempt in 0..64_u32 {
        // Spread over the four digits, so that runs of one second do not look alike.
        let mixed = (nanos ^ std::process::id().rotate_left(16))
            .wrapping_add(attempt)
            .wrapping_mul(2_654_435_761);
        let path = runs.join(format!("{stamp}-{market}-{:04x}", mixed >> 16));
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(FileError::io("create", &path, e)),
        }
    }
    Err(FileError::io(
        "create a run in",
        runs,
        std::io::Error::from(std::io::ErrorKind::AlreadyExists),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new_run(runs: &Path) -> RunFolder {
        let data = serde_json::json!({"bars_sha256": "abc"});
        RunFolder::create(
            runs,
            &NewRun {
                market: "NQ",
                run_toml: "seed = 1\n",
                plan_toml: "steps = 2\n",
                data: &data,
            },
        )
        .unwrap()
    }

    #[test]
    fn runs_of_one_second_get_names_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let ids: std::collections::BTreeSet<String> =
            (0..20).map(|_| new_run(dir.path()).id()).collect();
        assert_eq!(ids.len(), 20);
        let id = ids.first().unwrap();
        let parts: Vec<&str> = id.split('-').collect();
        assert!(
            parts.len() == 4
                && parts[0].len() == 8
                && parts[1].len() == 6
                && parts[2] == "nq"
                && parts[3].len() == 4,
            "{id}"
        );
    }

    #[test]
    fn a_run_is_opened_as_it_was_made() {
        let dir = tempfile::tempdir().unwrap();
        let made = new_run(dir.path());
        let run = RunFolder::open(made.path()).unwrap();
        assert_eq!(run.run_toml().unwrap(), "seed = 1\n");
        assert_eq!(run.plan_toml().unwrap(), "steps = 2\n");
        assert_eq!(run.data().unwrap()["bars_sha256"], "abc");
        assert_eq!(run.status().unwrap().state, RunState::Queued);
        let labels = Labels {
            tags: vec!["keep".into()],
            notes: "first".into(),
        };
        let made = run.change_labels(|l| l.clone_from(&labels)).unwrap();
        assert_eq!((&made, &run.labels().unwrap()), (&labels, &labels));
    }

    #[test]
    fn of_many_who_write_at_once_nobody_undoes_another() {
        let dir = tempfile::tempdir().unwrap();
        let made = new_run(dir.path());
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let run = RunFolder::open(made.path()).unwrap();
                scope.spawn(move || {
                    for i in 0..25 {
                        let tag = format!("{writer}-{i}");
                        run.change_labels(|l| l.tags.push(tag)).unwrap();
                    }
                });
            }
        });
        assert_eq!(made.labels().unwrap().tags.len(), 100);
    }

    #[test]
    fn what_is_no_run_or_newer_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(
            RunFolder::open(dir.path())
                .unwrap_err()
                .to_string()
                .contains("no status.json")
        );
        assert!(matches!(
            RunFolder::open(&dir.path().join("x")),
            Err(FileError::NotFound(_))
        ));
        let run = new_run(dir.path());
        let mut status = run.status().unwrap();
        status.format = RUN_FORMAT + 1;
        run.write_status(&status).unwrap();
        assert!(
            RunFolder::open(run.path())
                .unwrap_err()
                .to_string()
                .contains("newer version")
        );
        fs::write(run.path().join("status.json"), "{\"format\":1,").unwrap();
        assert!(RunFolder::open(run.path()).unwrap_err().is_bad_data());
    }
}
