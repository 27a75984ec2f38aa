//! Runs the programme and reads what it printed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What a run of the programme gave.
pub(crate) struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// Runs `holdout` with these arguments in the source folder.
pub(crate) fn holdout(args: &[&str]) -> Ran {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(env!("CARGO_BIN_EXE_holdout"))
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the programme starts");
    Ran {
        code: status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

/// Runs `holdout` and reads the last line as JSON; anything but success fails the test.
pub(crate) fn json(args: &[&str]) -> serde_json::Value {
    let ran = holdout(args);
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
    let last = ran.stdout.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|e| panic!("{args:?} printed no JSON ({e}): {last}"))
}

/// Options of the smallest training that goes through everything.
pub(crate) const TINY: [&str; 18] = [
    "--preset",
    "smoke",
    "--device",
    "cpu",
    "--set",
    "phase1.steps=2048",
    "--set",
    "phase2.steps=2048",
    "--set",
    "phase1.envs=32",
    "--set",
    "phase2.envs=32",
    "--set",
    "phase1.rollout=16",
    "--set",
    "phase2.rollout=16",
    "--json",
    "--progress=none",
];

/// A small run in `runs` of a folder, whose test part has been judged once.
pub(crate) fn judged_run(dir: &Path) -> String {
    let (runs, data) = (
        dir.join("runs").display().to_string(),
        sample("ES_1m_2024q4.csv"),
    );
    let mut args = vec!["train", "--out", &runs, "--data", &data];
    args.extend(TINY);
    let run = json(&args)["run"].as_str().unwrap().to_owned();
    json(&["evaluate", "--run", &run, "--split", "test", "--json"]);
    run
}

/// A sample file.
pub(crate) fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("sample_data")
        .join(name)
        .display()
        .to_string()
}

/// The folder of shared market files, when it is there; says so when it is not.
pub(crate) fn shared(what: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(what);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not here", path.display());
    None
}

/// The run folder under a folder of runs, once it is a run.
pub(crate) fn first_run(runs: &Path) -> Option<PathBuf> {
    let found = std::fs::read_dir(runs).ok()?.flatten();
    found
        .map(|f| f.path())
        .find(|p| p.join("status.json").exists())
}

/// Lines of a file of JSON lines.
pub(crate) fn lines(path: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

/// Payloads of a run's event file for TensorBoard; fails unless there is exactly one.
pub(crate) fn event_records(run: &Path) -> usize {
    let files: Vec<PathBuf> = std::fs::read_dir(run)
        .unwrap()
        .flatten()
        .map(|f| f.path())
        .filter(|p| p.display().to_string().contains(".tfevents."))
        .collect();
    let [file] = files.as_slice() else {
        panic!("one event file, not {files:?}")
    };
    let bytes = std::fs::read(file).unwrap();
    let (mut at, mut n) = (0, 0);
    while at < bytes.len() {
        let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        at += 16 + length;
        n += 1;
    }
    assert_eq!(at, bytes.len(), "whole records");
    n
}
