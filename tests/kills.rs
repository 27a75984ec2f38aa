//! A training that dies at any moment, again and again: whatever is left can be opened, every
//! checkpoint that was there is still there and whole, and what is resumed equals what was never
//! interrupted, bit for bit, with no line of the record twice and none missing.
//!
//! Twenty deaths in the ordinary suite; `HOLDOUT_DEATHS=100` for more.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use holdout_core::rng::Stream;
use holdout_learn::Policy;
use holdout_store::runs::{CheckpointChoice, RunFolder, list_runs};
use serde_json::Value;

use crate::programme::{TINY, event_records, first_run, json, lines, sample};

/// A small training that goes through both phases with many checkpoints.
fn training(out: &Path, steps: u64) -> Vec<String> {
    let mut all = ["train", "--data", &sample("ES_1m_2024q4.csv"), "--out"]
        .map(str::to_owned)
        .to_vec();
    all.push(out.display().to_string());
    all.extend(TINY.map(str::to_owned));
    for more in [
        "checkpoint_every=1".to_owned(),
        "eval_every=2".to_owned(),
        format!("phase1.steps={steps}"),
        format!("phase2.steps={steps}"),
    ] {
        all.extend(["--set".to_owned(), more]);
    }
    all
}

fn spawn(args: &[String]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_holdout"))
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A line without what the clock says.
fn timeless(mut line: Value) -> Value {
    if let Some(fields) = line.as_object_mut() {
        fields
            .retain(|key, _| key != "time" && !key.ends_with("_sps") && !key.ends_with("seconds"));
    }
    line
}

fn assert_same(whole: &Path, killed: &Path) {
    for name in ["metrics.jsonl", "validation.jsonl", "adjustments.jsonl"] {
        let read = |run: &Path| -> Vec<Value> {
            lines(&run.join(name)).into_iter().map(timeless).collect()
        };
        assert_eq!(read(killed), read(whole), "{name}");
    }
    let names = |run: &Path| {
        let mut names: Vec<String> = fs::read_dir(run.join("checkpoints"))
            .unwrap()
            .map(|f| f.unwrap().file_name().into_string().unwrap())
            .filter(|n| !n.starts_with('.'))
            .collect();
        names.sort();
        names
    };
    assert!(!is_writing(killed), "a half-written file was left");
    assert_eq!(names(killed), names(whole));
    for name in names(whole).iter().filter(|n| n.ends_with(".safetensors")) {
        let read = |run: &Path| fs::read(run.join("checkpoints").join(name)).unwrap();
        assert!(read(whole) == read(killed), "{name}");
    }
    let best = |run: &Path| fs::read_to_string(run.join("best.json")).unwrap();
    assert_eq!(best(killed), best(whole));
    let recorded = |run: &Path| {
        lines(&run.join("metrics.jsonl")).len() + lines(&run.join("validation.jsonl")).len()
    };
    assert_eq!(event_records(killed), recorded(killed) + 1);
}

/// Whether a checkpoint is half-written: its file still has its temporary name.
fn is_writing(run: &Path) -> bool {
    let files = fs::read_dir(run.join("checkpoints")).into_iter().flatten();
    files.flatten().any(|f| {
        let name = f.file_name();
        let name = name.to_string_lossy();
        name.starts_with(".step-") && name.ends_with(".tmp")
    })
}

/// Opens what a death left behind and returns its checkpoints, each read whole and understood.
fn opened(run: &Path) -> BTreeSet<u64> {
    let folder = RunFolder::open(run).unwrap();
    folder.status().unwrap();
    let listed = list_runs(run.parent().unwrap()).unwrap();
    assert!(listed.iter().all(|r| r.problem.is_none()), "{listed:?}");
    for lines in [folder.metrics(), folder.validation(), folder.adjustments()] {
        lines.unwrap();
    }
    let steps = folder.checkpoint_steps().unwrap();
    for &step in &steps {
        let whole = folder.read_checkpoint(CheckpointChoice::Step(step));
        Policy::load(&whole.unwrap().weights).unwrap();
    }
    if let Some(best) = folder.best().unwrap() {
        assert!(steps.contains(&best.step), "{best:?} of {steps:?}");
    }
    steps.into_iter().collect()
}

/// Starts, kills and resumes until so many processes have died, then lets the run end. Every
/// third death waits for a checkpoint that is being written.
///
/// A run that ends too soon counts no death; another one is begun in its place.
fn killed_at_random(kills: usize, steps: u64, seed: u64) {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("whole");
    let args = training(&out, steps);
    let begun = Instant::now();
    let whole = json(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let usual = begun.elapsed();
    let whole = PathBuf::from(whole["run"].as_str().unwrap());
    let mut moments = Stream::new(seed, "moments of death", 0);
    let (mut died, mut died_writing, mut attempt) = (0, 0, 0);
    while died < kills {
        let out = dir.path().join(format!("killed-{attempt}"));
        attempt += 1;
        assert!(
            attempt < 20 + kills,
            "processes end before they can be killed"
        );
        let mut deaths_here = 0;
        let mut before = BTreeSet::new();
        loop {
            let run = first_run(&out);
            let args = match &run {
                None => training(&out, steps),
                Some(run) => ["train", "--resume", &run.display().to_string()]
                    .map(str::to_owned)
                    .to_vec(),
            };
            let mut child = spawn(&args);
            // At most a third of the whole: several deaths to a run, most of them in the middle.
            let wait = usual.mul_f64(moments.uniform() / 3.0) + Duration::from_millis(30);
            let amid_writing = died % 3 == 2;
            let begun = Instant::now();
            let ended = loop {
                if child.try_wait().unwrap().is_some() {
                    break true;
                }
                let due = begun.elapsed() > wait && died < kills;
                if due && (!amid_writing || first_run(&out).is_some_and(|r| is_writing(&r))) {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    break false;
                }
                if !(due && amid_writing) {
                    std::thread::sleep(Duration::from_millis(1));
                }
            };
            if ended {
                break;
            }
            died += 1;
            deaths_here += 1;
            if let Some(run) = first_run(&out) {
                died_writing += usize::from(is_writing(&run));
                let now = opened(&run);
                assert!(now.is_superset(&before), "{now:?} after {before:?}");
                before = now;
            }
        }
        let run = first_run(&out).expect("a run");
        eprintln!("{deaths_here} deaths, then whole: {}", run.display());
        assert_same(&whole, &run);
    }
    eprintln!("{died} deaths, {died_writing} of them with a checkpoint half-written");
    assert!(died_writing > 0, "no death in the middle of a write");
}

#[test]
fn a_run_killed_at_random_moments_resumes_to_the_same_bits() {
    let asked = std::env::var("HOLDOUT_DEATHS").ok();
    let kills = asked.map_or(20, |n| n.parse().expect("HOLDOUT_DEATHS is a number"));
    killed_at_random(kills, 8_192, 1);
}

#[test]
fn the_moment_between_a_checkpoint_and_its_pointer_is_survived() {
    let dir = tempfile::tempdir().unwrap();
    let args = training(&dir.path().join("whole"), 4_096);
    let whole = json(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let whole = Path::new(whole["run"].as_str().unwrap());
    for (n, step) in [1_024, 4_096, 6_144].into_iter().enumerate() {
        let out = dir.path().join(format!("killed-{n}"));
        let mut child = spawn(&training(&out, 4_096));
        let name = format!("checkpoints/step-{step:09}.json");
        let run = loop {
            assert!(
                child.try_wait().unwrap().is_none(),
                "the run ended before it could be killed"
            );
            if let Some(run) = first_run(&out).filter(|r| r.join(&name).exists()) {
                break run;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        child.kill().unwrap();
        child.wait().unwrap();
        json(&[
            "train",
            "--resume",
            &run.display().to_string(),
            "--json",
            "--progress=none",
        ]);
        assert_same(whole, &run);
    }
}

/// The clock and the number of threads change nothing, and neither does the checkpoint from which
/// a run goes on.
#[test]
fn a_branch_off_any_checkpoint_under_any_number_of_threads_equals_the_whole() {
    let dir = tempfile::tempdir().unwrap();
    let args = training(&dir.path().join("whole"), 4_096);
    let found = json(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let whole = PathBuf::from(found["run"].as_str().unwrap());
    let steps: Vec<u64> = serde_json::from_value(found["checkpoints"].clone()).unwrap();
    // In phase 1, its last, the first of phase 2, and in phase 2.
    for (threads, step) in [
        (1, 1_024),
        (2, 4_096),
        (3, 4_608),
        (5, steps[steps.len() - 3]),
    ] {
        let ran = Command::new(env!("CARGO_BIN_EXE_holdout"))
            .args(["train", "--json", "--progress=none", "--resume"])
            .arg(&whole)
            .args(["--checkpoint", &step.to_string()])
            .env("RAYON_NUM_THREADS", threads.to_string())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.success(), "{told}");
        let branch: Value = serde_json::from_slice(&ran.stdout).unwrap();
        let branch = PathBuf::from(branch["run"].as_str().unwrap());
        assert_ne!(branch, whole);
        assert_same(&whole, &branch);
        let log = fs::read_to_string(branch.join("log.txt")).unwrap();
        assert!(
            log.contains(&format!("branched at step {step} off ")),
            "{log}"
        );
    }
}
