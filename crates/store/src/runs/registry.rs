//! All runs of a folder, and how often each test split was looked at.
//!
//! Runs are found by looking, never by a list that could be wrong. Looks are counted in
//! `registry.json` under a lock, through [`open_test_split`] alone: whoever wants test bars gets
//! the count with them. A registry that cannot be read is an error, never a fresh start, because
//! a lost count would be a lie.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::RUN_FORMAT;
use super::folder::{RunFolder, now_text};
use super::status::{RunState, check_format, read_json, write_json};
use crate::error::{BadInput, FileError};

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunSummary {
    /// Identifier.
    pub id: String,
    /// Folder.
    pub path: PathBuf,
    /// Root symbol of the market; empty when the run cannot be read.
    pub market: String,
    /// What it is doing; `None` when it cannot be read.
    pub state: Option<RunState>,
    /// When it was made.
    pub created: String,
    /// Environment steps so far.
    pub step: u64,
    /// Number of checkpoints.
    pub checkpoints: usize,
    /// Tags.
    pub tags: Vec<String>,
    /// Notes.
    pub notes: String,
    /// Why it cannot be read in full.
    pub problem: Option<String>,
}

/// Looks for runs in a folder, newest first. A run that cannot be read is listed with the reason;
/// other folders are passed over. A folder that is not there has no runs.
///
/// # Errors
/// When the system refuses.
pub fn list_runs(runs: &Path) -> Result<Vec<RunSummary>, FileError> {
    if !runs.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(runs).map_err(|e| FileError::io("list", runs, e))?;
    let mut list: Vec<RunSummary> = entries
        .filter_map(Result::ok)
        .map(|e| e.path())
        .filter(|p| p.join("status.json").is_file() || p.join("run.toml").is_file())
        .map(|p| summary(&p))
        .collect();
    list.sort_by(|a, b| b.id.cmp(&a.id));
    Ok(list)
}

fn summary(path: &Path) -> RunSummary {
    let mut out = RunSummary {
        id: path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default(),
        path: path.to_owned(),
        market: String::new(),
        state: None,
        created: String::new(),
        step: 0,
        checkpoints: 0,
        tags: Vec::new(),
        notes: String::new(),
        problem: None,
    };
    let filled = (|| {
        let run = RunFolder::open(path)?;
        let status = run.status()?;
        (out.market, out.state, out.created, out.step) = (
            status.market,
            Some(status.state),
            status.created,
            status.step,
        );
        out.checkpoints = run.checkpoint_steps()?.len();
        let labels = run.labels()?;
        (out.tags, out.notes) = (labels.tags, labels.notes);
        Ok::<_, FileError>(())
    })();
    out.problem = filled.err().map(|e| e.to_string());
    out
}

/// A test part: whose prices, of which days, in which file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestPart {
    /// Root symbol of the mini, the same for a mini and its micro.
    pub prices: String,
    /// Hash of the bars.
    pub bars_sha256: String,
    /// First and last day as `FROM..TO`.
    pub days: String,
}

/// One look at a test split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestLook {
    /// Whose prices; empty in a record that knows only the hash of its bars.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub prices: String,
    /// When.
    pub time: String,
    /// Who looked: a run and checkpoint, or a command.
    pub who: String,
}

/// Content of `registry.json`.
#[derive(Serialize, Deserialize)]
struct Registry {
    format: u32,
    /// Looks by `<hash of the bars>/<split>`.
    test_looks: BTreeMap<String, Vec<TestLook>>,
}

fn registry_path(runs: &Path) -> PathBuf {
    runs.join("registry.json")
}

impl TestPart {
    fn key(&self) -> String {
        format!("{}/{}", self.bars_sha256, self.days)
    }
}

fn load(runs: &Path) -> Result<Registry, FileError> {
    let path = registry_path(runs);
    if !path.exists() {
        return Ok(Registry {
            format: RUN_FORMAT,
            test_looks: BTreeMap::new(),
        });
    }
    let registry: Registry = read_json(&path)?;
    check_format(&path, registry.format)?;
    Ok(registry)
}

/// Whether two test parts of the same bars share a day: `FROM..TO` each, both days included.
fn share_days(a: &str, b: &str) -> bool {
    // Dates of this form sort as text.
    match (a.split_once(".."), b.split_once("..")) {
        (Some((a0, a1)), Some((b0, b1))) => a0 <= b1 && b0 <= a1,
        _ => a == b,
    }
}

impl Registry {
    /// Looks at any day of a test part, by whatever split and in whatever file, oldest first.
    fn looks(&self, part: &TestPart) -> Vec<TestLook> {
        let mut all = Vec::new();
        for (key, looks) in &self.test_looks {
            let Some((bars, days)) = key.split_once('/') else {
                continue;
            };
            if !share_days(days, &part.days) {
                continue;
            }
            let same = |l: &&TestLook| bars == part.bars_sha256 || l.prices == part.prices;
            all.extend(looks.iter().filter(same).cloned());
        }
        all.sort_by(|a, b| a.time.cmp(&b.time));
        all
    }
}

/// Opens a test split: counts one look more and returns how many there were, this one included.
///
/// `who` is whatever looks. Looks at a test part of the same prices that shares a day with this one
/// count too, so that neither cutting the bars a little differently, nor appending to their file, nor
/// the same days from elsewhere is a fresh start.
///
/// # Errors
/// When the count cannot be read or written; the split must then not be shown.
pub fn open_test_split(runs: &Path, part: &TestPart, who: &str) -> Result<u64, FileError> {
    fs::create_dir_all(runs).map_err(|e| FileError::io("create", runs, e))?;
    let lock_path = runs.join(".registry.lock");
    let io = |e| FileError::io("lock", &lock_path, e);
    let lock = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .open(&lock_path)
        .map_err(io)?;
    lock.lock().map_err(io)?;
    let mut registry = load(runs)?;
    let look = TestLook {
        prices: part.prices.clone(),
        time: now_text(),
        who: who.to_owned(),
    };
    registry
        .test_looks
        .entry(part.key())
        .or_default()
        .push(look);
    let count = registry.looks(part).len() as u64;
    write_json(&registry_path(runs), &registry)?;
    // Dropping the file lets go of the lock as well; said here so that it holds until now.
    lock.unlock()
        .map_err(|e| BadInput::new(&lock_path, format!("the lock cannot be let go: {e}")))?;
    Ok(count)
}

/// All looks at any day of a test split so far, without adding one.
///
/// # Errors
/// When the registry is there and cannot be read.
pub fn test_looks(runs: &Path, part: &TestPart) -> Result<Vec<TestLook>, FileError> {
    Ok(load(runs)?.looks(part))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::runs::NewRun;

    fn part(prices: &str, bars: &str, days: &str) -> TestPart {
        TestPart {
            prices: prices.to_owned(),
            bars_sha256: bars.to_owned(),
            days: days.to_owned(),
        }
    }

    #[test]
    fn looks_add_up_over_threads_and_are_kept_apart() {
        let dir = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for t in 0..4 {
                let runs = dir.path();
                scope.spawn(move || {
                    (0..5).for_each(|_| {
                        assert!(
                            open_test_split(
                                runs,
                                &part("NQ", "aa", "2024-01-02..2024-02-01"),
                                &format!("run {t}")
                            )
                            .unwrap()
                                > 0
                        )
                    })
                });
            }
        });
        assert_eq!(
            open_test_split(dir.path(), &part("NQ", "aa", "2024-01-02..2024-02-01"), "x").unwrap(),
            21
        );
        assert_eq!(
            open_test_split(dir.path(), &part("NQ", "aa", "other"), "x").unwrap(),
            1
        );
        assert_eq!(
            test_looks(dir.path(), &part("ES", "bb", "other"))
                .unwrap()
                .len(),
            0
        );
        assert_eq!(
            test_looks(dir.path(), &part("NQ", "aa", "other")).unwrap()[0].who,
            "x"
        );
    }

    #[test]
    fn another_cut_of_the_same_bars_is_no_fresh_start() {
        let dir = tempfile::tempdir().unwrap();
        let open = |bars, days| open_test_split(dir.path(), &part("NQ", bars, days), "x").unwrap();
        assert_eq!(open("aa", "2024-05-01..2024-06-28"), 1);
        assert_eq!(open("aa", "2024-06-28..2024-07-31"), 2, "one day shared");
        assert_eq!(open("aa", "2024-05-01..2024-06-28"), 3);
        assert_eq!(open("aa", "2024-08-01..2024-09-30"), 1, "other days");
        let inside = part("NQ", "aa", "2024-06-03..2024-06-04");
        let seen = test_looks(dir.path(), &inside).unwrap();
        assert_eq!(seen.len(), 2, "inside the first only");
    }

    #[test]
    fn another_file_of_the_same_days_is_no_fresh_start() {
        let dir = tempfile::tempdir().unwrap();
        let open = |prices, bars, days| {
            open_test_split(dir.path(), &part(prices, bars, days), "x").unwrap()
        };
        assert_eq!(open("NQ", "aa", "2024-05-01..2024-06-28"), 1);
        assert_eq!(open("NQ", "appended", "2024-05-20..2024-07-31"), 2);
        assert_eq!(
            open("ES", "bb", "2024-05-01..2024-06-28"),
            1,
            "other prices"
        );
        assert_eq!(open("NQ", "cc", "2024-08-01..2024-09-30"), 1, "other days");
    }

    #[test]
    fn records_that_know_only_the_hash_still_count_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let old = r#"{"format":FORMAT,"test_looks":{"aa/2024-05-01..2024-06-28":[{"time":"2024-07-01T00:00:00Z","who":"x"}]}}"#;
        let old = old.replace("FORMAT", &RUN_FORMAT.to_string());
        fs::write(registry_path(dir.path()), old).unwrap();
        let count = |bars| {
            test_looks(dir.path(), &part("NQ", bars, "2024-06-03..2024-06-04"))
                .unwrap()
                .len()
        };
        assert_eq!((count("aa"), count("bb")), (1, 0));
    }

    #[test]
    fn a_run_lies_in_its_folder_of_runs_whatever_it_is_called_by() {
        let dir = tempfile::tempdir().unwrap();
        let new = NewRun {
            market: "NQ",
            run_toml: "",
            plan_toml: "",
            data: &json!({}),
        };
        let run = RunFolder::create(dir.path(), &new).unwrap();
        let runs = fs::canonicalize(dir.path()).unwrap();
        let dotted = RunFolder::open(&run.path().join("checkpoints").join("..")).unwrap();
        assert_eq!(
            (dotted.id(), dotted.runs().unwrap()),
            (run.id(), runs.clone())
        );
        let elsewhere = tempfile::tempdir().unwrap();
        let link = elsewhere.path().join("link");
        std::os::unix::fs::symlink(run.path(), &link).unwrap();
        assert_eq!(RunFolder::open(&link).unwrap().runs().unwrap(), runs);
    }

    #[test]
    fn a_broken_registry_is_an_error_and_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(registry_path(dir.path()), "{\"format\":1,").unwrap();
        assert!(
            open_test_split(dir.path(), &part("NQ", "aa", "s"), "x")
                .unwrap_err()
                .is_bad_data()
        );
        assert_eq!(
            fs::read_to_string(registry_path(dir.path())).unwrap(),
            "{\"format\":1,"
        );
        fs::write(
            registry_path(dir.path()),
            "{\"format\":99,\"test_looks\":{}}",
        )
        .unwrap();
        assert!(
            test_looks(dir.path(), &part("NQ", "aa", "s"))
                .unwrap_err()
                .to_string()
                .contains("newer")
        );
    }

    #[test]
    fn runs_are_listed_with_their_state_and_broken_ones_with_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(list_runs(&dir.path().join("none")).unwrap(), []);
        let new = NewRun {
            market: "NQ",
            run_toml: "",
            plan_toml: "",
            data: &json!({}),
        };
        let good = RunFolder::create(dir.path(), &new).unwrap();
        good.change_labels(|l| l.tags.push("a".into())).unwrap();
        let bad = RunFolder::create(dir.path(), &new).unwrap();
        fs::write(bad.path().join("status.json"), "").unwrap();
        fs::create_dir(dir.path().join("something else")).unwrap();
        let list = list_runs(dir.path()).unwrap();
        assert_eq!(list.len(), 2);
        let of = |run: &RunFolder| list.iter().find(|s| s.id == run.id()).unwrap();
        assert_eq!(
            (
                of(&good).state,
                of(&good).tags.len(),
                of(&good).problem.clone()
            ),
            (Some(RunState::Queued), 1, None)
        );
        assert!(of(&bad).state.is_none() && of(&bad).problem.is_some());
    }
}
