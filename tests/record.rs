//! What a run records, who may read it meanwhile, and how it is paused, stopped and built on.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use holdout::config::RunConfig;
use holdout::dataset::Dataset;
use holdout::jobs::train::{TrainEvent, train_run};
use holdout::jobs::{StopFlag, StopReason, scalars};
use holdout_store::ImportOptions;
use holdout_store::runs::{RunFolder, RunState};
use serde_json::Value;

use crate::programme::{TINY, first_run, holdout, json, lines, sample};

/// The figures of every update, by name.
const FIGURES: [&str; 41] = [
    "update",
    "step",
    "progress",
    "phase",
    "time",
    "env_sps",
    "rollout_sps",
    "train_sps",
    "return_mean",
    "reward_mean",
    "equity_change_usd",
    "net_pnl_usd",
    "entry_bonus_usd",
    "management_bonus_usd",
    "drawdown_penalty_usd",
    "breach_penalty_usd",
    "entries",
    "trades",
    "wins",
    "win_rate",
    "managed_trades",
    "trail_switches",
    "action_shares",
    "choice_shares",
    "hold_only_share",
    "free_hold_share",
    "drawdown_mean_usd",
    "drawdown_worst_usd",
    "episodes",
    "breaches_per_1000",
    "stalls",
    "entropy",
    "approx_kl",
    "clip_fraction",
    "explained_variance",
    "policy_loss",
    "value_loss",
    "loss",
    "grad_norm",
    "learning_rate",
    "optimizer_steps",
];

/// And of every trial on the validation part.
const TRIAL: [&str; 9] = [
    "update",
    "step",
    "net_pnl_usd",
    "equity_usd",
    "max_drawdown_usd",
    "sharpe",
    "trades",
    "win_rate",
    "stalled",
];

/// Options of a small training on the sample ES, with these settings on top.
fn tiny(out: &Path, settings: &[&str]) -> Vec<String> {
    let mut all = ["train", "--data", &sample("ES_1m_2024q4.csv"), "--out"]
        .map(str::to_owned)
        .to_vec();
    all.push(out.display().to_string());
    all.extend(TINY.map(str::to_owned));
    for setting in settings {
        all.extend(["--set".to_owned(), (*setting).to_owned()]);
    }
    all
}

fn strs(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

#[test]
fn every_figure_has_its_name_in_the_record_and_for_tensorboard() {
    let dir = tempfile::tempdir().unwrap();
    let settings = ["checkpoint_every=0", "eval_every=2"];
    let found = json(&strs(&tiny(dir.path(), &settings)));
    let run = Path::new(found["run"].as_str().unwrap());
    let updates = lines(&run.join("metrics.jsonl"));
    assert_eq!(updates.len(), 8);
    for line in &updates {
        for name in FIGURES {
            assert!(line.get(name).is_some(), "{name} in {line}");
        }
        for name in [
            "stage",
            "forced_share",
            "entry_bonus",
            "management_bonus",
            "commission_per_side",
        ] {
            assert!(line["curriculum"].get(name).is_some(), "{name} in {line}");
        }
        let told: BTreeSet<String> = scalars::of_update(line)
            .values
            .into_iter()
            .map(|v| v.0)
            .collect();
        for (name, value) in line.as_object().unwrap() {
            if value.is_number() && name != "step" {
                assert!(told.contains(&format!("train/{name}")), "{name}");
            }
        }
        for name in [
            "action_shares/hold",
            "action_shares/trail_off",
            "curriculum/stage",
        ] {
            assert!(told.contains(name), "{name}");
        }
        let shares: f64 = (0..6)
            .map(|i| line["action_shares"][i].as_f64().unwrap())
            .sum();
        assert!((shares - 1.0).abs() < 1e-9);
    }
    let trials = lines(&run.join("validation.jsonl"));
    assert_eq!(trials.len(), 4);
    for line in &trials {
        for name in TRIAL {
            assert!(line.get(name).is_some(), "{name} in {line}");
        }
        let (equity, net) = (line["equity_usd"].as_f64(), line["net_pnl_usd"].as_f64());
        assert_eq!(equity.unwrap(), 50_000.0 + net.unwrap());
    }
    // No checkpoint came by itself before the end, yet the best by validation is there.
    let best: Value =
        serde_json::from_str(&fs::read_to_string(run.join("best.json")).unwrap()).unwrap();
    let info = format!(
        "checkpoints/step-{:09}.json",
        best["step"].as_u64().unwrap()
    );
    let info: Value = serde_json::from_str(&fs::read_to_string(run.join(info)).unwrap()).unwrap();
    let data: Value =
        serde_json::from_str(&fs::read_to_string(run.join("data.json")).unwrap()).unwrap();
    assert_eq!(info["info"]["bars_sha256"], data["bars_sha256"]);
    // Of both phases: phase 2 has to beat the best of phase 1.
    assert!(trials.iter().any(|t| t["phase"] == 1) && trials.iter().any(|t| t["phase"] == 2));
    let figures = trials.iter().filter_map(|t| t["pooled"]["sharpe"].as_f64());
    assert_eq!(best["value"].as_f64(), figures.reduce(f64::max));
    assert!(best["value"].is_number());
}

#[test]
fn another_process_reads_a_run_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let settings = ["checkpoint_every=1", "eval_every=1", "phase1.steps=16384"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_holdout"))
        .args(tiny(dir.path(), &settings))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut looks, mut seen) = (0, BTreeSet::new());
    while child.try_wait().unwrap().is_none() {
        let Some(run) = first_run(dir.path()) else {
            continue;
        };
        let folder = RunFolder::open(&run).unwrap();
        let status = folder.status().unwrap();
        assert_ne!(status.state, RunState::Interrupted, "it is alive");
        let updates: Vec<u64> = folder
            .metrics()
            .unwrap()
            .values
            .iter()
            .map(|l| l["update"].as_u64().unwrap())
            .collect();
        assert_eq!(updates, (1..=updates.len() as u64).collect::<Vec<_>>());
        folder.validation().unwrap();
        for step in folder.checkpoint_steps().unwrap().into_iter().rev().take(1) {
            let choice = holdout_store::runs::CheckpointChoice::Step(step);
            folder.read_checkpoint(choice).unwrap();
        }
        looks += 1;
        seen.insert(updates.len());
    }
    assert!(child.wait().unwrap().success());
    assert!(looks > 20 && seen.len() > 5, "{looks} looks at {seen:?}");
}

#[test]
fn pause_resume_and_stop_work_within_one_update() {
    let dir = tempfile::tempdir().unwrap();
    let text = "eval_every = 0\ncheckpoint_every = 0\ndevice = \"cpu\"\n[phase1]\nsteps = 100000\nenvs = 16\nrollout = 16\n[phase2]\nsteps = 0\n[network]\ntrunk = [16]\nhead = 8\n";
    let config = RunConfig::from_layers(&[("test".to_owned(), text.to_owned())]).unwrap();
    let import = ImportOptions::default();
    let path = PathBuf::from(sample("ES_1m_2024q4.csv"));
    let dataset = Dataset::load(&path, &import, &mut |_| true).unwrap();
    let plan = config.plan(&dataset.bars.instrument).unwrap();
    let flag = StopFlag::new();
    let (sender, updates) = std::sync::mpsc::channel();
    let trainer = {
        let (flag, runs) = (flag.clone(), dir.path().to_owned());
        std::thread::spawn(move || {
            let gate = flag.clone();
            train_run(plan, dataset, &import, &runs, &flag, &mut |event| {
                if let TrainEvent::Update { record, .. } = event {
                    // Asked for in the middle of an update, as a person would.
                    match record.update {
                        3 => gate.pause(),
                        6 => gate.stop(StopReason::Asked),
                        _ => {}
                    }
                    sender.send(record.update).unwrap();
                }
            })
        })
    };
    let within = Duration::from_secs(60);
    for update in 1..=3 {
        assert_eq!(updates.recv_timeout(within), Ok(update));
    }
    let none = updates.recv_timeout(Duration::from_millis(300));
    assert!(none.is_err(), "it went on while paused: {none:?}");
    let folder = RunFolder::open(&first_run(dir.path()).unwrap()).unwrap();
    let status = folder.status().unwrap();
    assert_eq!((status.state, status.update), (RunState::Paused, 3));
    flag.resume();
    let outcome = trainer.join().unwrap().unwrap();
    assert_eq!(updates.iter().collect::<Vec<_>>(), [4, 5, 6]);
    assert!(outcome.stopped);
    assert_eq!(
        (outcome.steps, outcome.checkpoints),
        (6 * 256, vec![6 * 256])
    );
    assert_eq!(folder.status().unwrap().state, RunState::Stopped);
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_was_reached_and_the_rest_is_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let settings = ["eval_every=0", "checkpoint_every=0", "phase1.steps=65536"];
    let whole = json(&strs(&tiny(&dir.path().join("whole"), &settings)));
    let out = dir.path().join("stopped");
    let child = Command::new(env!("CARGO_BIN_EXE_holdout"))
        .args(tiny(&out, &settings))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    // The last line of a file that is being written may be half a line.
    let whole_lines = |run: &Path| {
        let text = fs::read_to_string(run.join("metrics.jsonl")).unwrap_or_default();
        text.matches('\n').count()
    };
    let run = loop {
        let run = first_run(&out);
        if let Some(run) = run.filter(|r| whole_lines(r) > 2) {
            break run;
        }
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(1));
    };
    let asked = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(asked.unwrap().success());
    let ended = child.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(0), "{told}");
    let stopped: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(stopped["stopped"], true);
    let recorded = lines(&run.join("metrics.jsonl"));
    assert_eq!(stopped["steps"], recorded.last().unwrap()["step"]);
    assert_eq!(
        stopped["checkpoints"],
        serde_json::json!([stopped["steps"]])
    );
    let name = run.display().to_string();
    let resumed = json(&["train", "--resume", &name, "--json", "--progress=none"]);
    let last = |run: &Path| {
        let step = whole["steps"].as_u64().unwrap();
        fs::read(run.join(format!("checkpoints/step-{step:09}.safetensors"))).unwrap()
    };
    assert_eq!(resumed["steps"], whole["steps"]);
    let whole = Path::new(whole["run"].as_str().unwrap());
    assert!(last(whole) == last(&run), "same bits");
    assert_eq!(
        lines(&run.join("metrics.jsonl")).len(),
        lines(&whole.join("metrics.jsonl")).len()
    );
}

#[test]
fn a_run_resumed_and_stopped_before_it_reaches_where_it_died_tells_a_sane_rate() {
    let dir = tempfile::tempdir().unwrap();
    let settings = ["eval_every=0", "checkpoint_every=4", "phase1.steps=262144"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_holdout"))
        .args(tiny(dir.path(), &settings))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The seventh update is recorded, the newest checkpoint is of the fourth.
    let run = loop {
        let run = first_run(dir.path());
        if let Some(run) = run.filter(|r| lines(&r.join("metrics.jsonl")).len() >= 7) {
            break run;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    child.kill().unwrap();
    child.wait().unwrap();
    let stop = StopFlag::new();
    let outcome = holdout::jobs::train::resume_run(
        &run,
        holdout_store::runs::CheckpointChoice::Last,
        None,
        &stop,
        &mut |event| {
            if matches!(event, TrainEvent::Update { .. }) {
                stop.stop(StopReason::Asked);
            }
        },
    )
    .unwrap();
    assert_eq!(outcome.steps % (4 * 512), 512, "one update was made");
    assert!(outcome.steps_per_s * outcome.seconds < 513.0, "{outcome:?}");
}

#[test]
fn phase_two_starts_from_the_phase_one_of_another_run_and_from_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let every = ["eval_every=2", "checkpoint_every=2"];
    let whole = json(&strs(&tiny(&dir.path().join("whole"), &every)));
    let whole = whole["run"].as_str().unwrap();
    let quoted = format!("phase1_run={whole}");
    let settings = |more: &[&str]| -> Vec<String> {
        let all = [&every[..], &["phase1.steps=0"], more].concat();
        tiny(&dir.path().join("second"), &all)
    };
    let two = json(&strs(&settings(&[quoted.as_str()])));
    assert_eq!(two["steps"], 2_048);
    let weights = |run: &str, step: u64| {
        fs::read(Path::new(run).join(format!("checkpoints/step-{step:09}.safetensors"))).unwrap()
    };
    let run = two["run"].as_str().unwrap();
    assert!(
        weights(run, 2_048) == weights(whole, 4_096),
        "the same phase 2, to the bit"
    );
    let log = fs::read_to_string(Path::new(run).join("log.txt")).unwrap();
    assert!(
        log.contains("phase 1 checkpoint of step") && log.contains(whole),
        "{log}"
    );

    // Each is refused in words before a folder is made.
    let count = || fs::read_dir(dir.path().join("second")).unwrap().count();
    let before = count();
    let late = json(&strs(&tiny(
        &dir.path().join("late"),
        &["split.train=0.9", "split.validation=0.05", "phase2.steps=0"],
    )));
    let late = format!("phase1_run={}", late["run"].as_str().unwrap());
    let quoted = quoted.as_str();
    for (more, words) in [
        (vec![], ["from_scratch", "phase1_run"]),
        (vec!["phase1_run=/nowhere"], ["phase1_run", "/nowhere"]),
        (vec![quoted, "phase1_checkpoint=3000"], ["3000", "2048"]),
        (
            vec![quoted, "phase1_checkpoint=new"],
            ["phase1_checkpoint", "best"],
        ),
        (vec![quoted, "phase1.steps=512"], ["phase1_run", "both"]),
        (vec![late.as_str()], ["has seen", "validation"]),
    ] {
        let ran = holdout(&strs(&settings(&more)));
        assert_ne!(ran.code, 0, "{more:?}");
        for word in words {
            assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
        }
    }
    let mut other_market = settings(&[quoted]);
    let data = other_market
        .iter()
        .position(|a| a.ends_with("ES_1m_2024q4.csv"))
        .unwrap();
    other_market[data] = sample("YM_1m_2024q4.parquet");
    let ran = holdout(&strs(&other_market));
    assert!(
        ran.stderr.contains("its market is ES, this run's is YM"),
        "{}",
        ran.stderr
    );
    assert_eq!(count(), before, "no folder was made");
}
