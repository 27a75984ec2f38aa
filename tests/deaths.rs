//! Work of every other kind that dies at any moment: what was there is still there, what is there is
//! whole, and the same command done again ends as if nothing had happened.
//!
//! A few deaths each in the ordinary suite; `HOLDOUT_DEATHS=100` for more.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use holdout_core::rng::Stream;
use serde_json::Value;

use crate::programme::{holdout, json, judged_run, sample};

fn deaths() -> usize {
    let asked = std::env::var("HOLDOUT_DEATHS").ok();
    asked.map_or(6, |n| n.parse().expect("HOLDOUT_DEATHS is a number"))
}

fn spawn(args: &[&str], cache: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_holdout"))
        .args(args)
        .env("XDG_CACHE_HOME", cache)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Files under a folder with their bytes, but those whose names begin with a dot: they are no
/// result of anything.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

/// Starts a command, which ends with `code`, and kills it at a random moment, again and again.
/// After every death `look` is told how many there were; a command that ended in time counts none.
fn killed_at_random(name: &str, args: &[&str], codes: &[i32], mut look: impl FnMut(usize)) {
    let cache = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let code = spawn(args, cache.path()).wait().unwrap().code();
    assert!(codes.contains(&code.unwrap_or(-1)), "{name}: {code:?}");
    let usual = begun.elapsed();
    look(0);
    let mut moments = Stream::new(7, name, 0);
    let (mut died, mut ended) = (0, 0);
    while died < deaths() {
        assert!(
            ended < 50 + 20 * deaths(),
            "{name} ends before it can be killed"
        );
        let mut child = spawn(args, cache.path());
        std::thread::sleep(usual.mul_f64(moments.uniform()) + Duration::from_micros(200));
        if child.try_wait().unwrap().is_some() {
            ended += 1;
            continue;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        died += 1;
        look(died);
    }
    let code = spawn(args, cache.path()).wait().unwrap().code();
    assert!(
        codes.contains(&code.unwrap_or(-1)),
        "{name} at last: {code:?}"
    );
    look(died);
    eprintln!("{name}: {died} deaths, {ended} ended in time");
}

#[test]
fn an_import_leaves_a_whole_file_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let d = |name: &str| dir.path().join(name).display().to_string();
    let source = sample("ES_1m_2024q4.csv");
    for (name, out) in [("csv", d("bars.csv")), ("parquet", d("bars.parquet"))] {
        let args = ["data", "import", &source, "--market", "ES", "--out", &out];
        let mut whole = None;
        killed_at_random(name, &args, &[0], |died| {
            let now = fs::read(&out).ok();
            if died == 0 {
                whole.clone_from(&now);
                assert!(whole.is_some());
            } else if now.is_some() {
                assert!(now == whole, "{name}: a part of a file after {died} deaths");
            }
            // Half of the deaths with nothing there before, half with the whole file.
            if died % 2 == 0 && died > 0 {
                fs::remove_file(&out).ok();
            }
        });
    }
}

#[test]
fn an_evaluation_is_whole_or_not_there_and_looks_never_fall() {
    let dir = tempfile::tempdir().unwrap();
    let run = judged_run(dir.path());
    let kept = Path::new(&run).join("evaluations");
    let before = files(&kept);
    assert!(!before.is_empty());
    let args = ["evaluate", "--run", &run, "--split", "validation", "--json"];
    let mut whole = BTreeMap::new();
    killed_at_random("evaluate", &args, &[0], |died| {
        let now = files(&kept);
        if died == 0 {
            whole = now;
            assert!(whole.len() > before.len());
            return;
        }
        assert!(
            now == whole || now == before,
            "{died} deaths: {:?}",
            now.keys()
        );
        // Those of other parts are as they were, and half of the deaths begin with none of this one.
        if died % 2 == 0 {
            for path in now.keys().filter(|p| !before.contains_key(*p)) {
                fs::remove_file(path).unwrap();
            }
            for entry in fs::read_dir(&kept).unwrap().flatten() {
                fs::remove_dir(entry.path()).ok();
            }
        }
    });
    // As written: a broken registry would be no JSON.
    let looks = || {
        let text = fs::read_to_string(dir.path().join("runs/registry.json")).unwrap();
        let registry: Value = serde_json::from_str(&text).unwrap();
        let looks = registry["test_looks"].as_object().unwrap().values();
        looks.map(|l| l.as_array().unwrap().len()).sum::<usize>()
    };
    let mut least = looks();
    let args = ["evaluate", "--run", &run, "--split", "test", "--json"];
    killed_at_random("evaluate on test", &args, &[0], |died| {
        let now = looks();
        assert!(now >= least, "{died} deaths: {now} looks after {least}");
        least = now;
    });
}

#[test]
fn a_certificate_is_whole_or_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let run = judged_run(dir.path());
    let out = dir.path().join("certificate");
    let shown = out.display().to_string();
    let args = [
        "certificate",
        "issue",
        "--ruleset",
        "apex-50k-seed",
        "--run",
        &run,
        "--out",
        &shown,
    ];
    killed_at_random("certificate", &args, &[0, 1], |died| {
        let documents: Vec<PathBuf> = files(&out).into_keys().collect();
        let file = documents
            .iter()
            .find(|f| f.extension().is_some_and(|e| e == "json"));
        assert!(died > 0 || file.is_some());
        // The JSON file is written last: where it is, all three are, and agree with the run.
        if let Some(file) = file {
            let ran = holdout(&["verify", &file.display().to_string(), "--json"]);
            let said: Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
            assert_eq!(said["matches"], true, "{died} deaths: {}", ran.stdout);
        }
        if died % 2 == 0 {
            for document in documents {
                fs::remove_file(document).unwrap();
            }
        }
    });
}

#[test]
fn what_was_written_about_a_run_stays() {
    let dir = tempfile::tempdir().unwrap();
    let run = judged_run(dir.path());
    json(&["runs", "tag", &run, "keep", "--json"]);
    let text = "wider stops, same seed; ".repeat(400);
    let args = ["runs", "note", &run, &text];
    let mut before = String::new();
    killed_at_random("note", &args, &[0], |died| {
        let now = json(&["runs", &run, "--json"])["labels"].clone();
        assert_eq!(now["tags"], serde_json::json!(["keep"]), "{died} deaths");
        let notes = now["notes"].as_str().unwrap().to_owned();
        assert!(notes.trim() == text.trim() || notes == before);
        json(&["runs", "note", &run, "short", "--json"]);
        before = "short".to_owned();
    });
}
