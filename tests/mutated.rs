//! What people and programs keep, broken at random from a seed: each file is read, or refused with
//! a sentence and exit code 3, never a panic. Bar files have a test of their own, in the store.
//!
//! A few hundred of each in the ordinary suite; `HOLDOUT_FUZZ_INPUTS=100000` for more,
//! `HOLDOUT_FUZZ_SEED` for others.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use holdout::app::keeping::Kept;
use holdout::cli::run_inside;
use holdout::config::RunConfig;
use holdout_core::market::Instruments;
use holdout_learn::Policy;

use crate::mutate::{Dice, mutate};
use crate::programme::{holdout, judged_run, sample};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |v| v.parse().expect("a number"))
}

/// Breaks a file `inputs` times, has it read each time, and puts it back.
fn broken(what: &str, file: &Path, inputs: u64, mut read: impl FnMut(&[u8])) {
    let whole = fs::read(file).unwrap();
    let mut dice = Dice::new(number("HOLDOUT_FUZZ_SEED", 1), what);
    for i in 0..number("HOLDOUT_FUZZ_INPUTS", inputs) {
        let mut bytes = whole.clone();
        for _ in 0..=dice.roll(3) {
            mutate(&mut bytes, &[], &mut dice);
        }
        fs::write(file, &bytes).unwrap();
        if catch_unwind(AssertUnwindSafe(|| read(&bytes))).is_err() {
            let kept = std::env::temp_dir().join(format!("holdout-{what}-{i}"));
            fs::write(&kept, &bytes).unwrap();
            panic!(
                "{what}: input {i} is not answered; kept as {}",
                kept.display()
            );
        }
    }
    fs::write(file, whole).unwrap();
}

/// Runs a command that may say yes, no, or that its input is bad, and nothing else.
fn answered(words: &[&str]) {
    let code = run_inside(words).expect("a command");
    assert!([0, 1, 3].contains(&code), "{words:?} ended with {code}");
}

fn path(p: &Path) -> String {
    p.display().to_string()
}

#[test]
fn a_run_folder() {
    let dir = tempfile::tempdir().unwrap();
    let run = PathBuf::from(judged_run(dir.path()));
    let (shown, runs) = (path(&run), path(&dir.path().join("runs")));
    let list = ["runs", "--dir", &runs, "--json"];
    for name in ["status.json", "data.json", "run.toml", "best.json"] {
        broken(name, &run.join(name), 300, |_| {
            answered(&["runs", &shown, "--json"]);
            answered(&list);
        });
    }
    for name in ["metrics.jsonl", "validation.jsonl", "adjustments.jsonl"] {
        broken(name, &run.join(name), 200, |_| answered(&list));
    }
    answered(&["runs", "tag", &shown, "keep"]);
    broken(
        "registry.json",
        &dir.path().join("runs/registry.json"),
        8,
        |_| {
            answered(&["evaluate", "--run", &shown, "--split", "test", "--json"]);
        },
    );
    let step = fs::read_dir(run.join("checkpoints"))
        .unwrap()
        .map(|f| f.unwrap().path())
        .find(|p| p.extension().is_some_and(|e| e == "safetensors"))
        .unwrap();
    broken("checkpoint.json", &step.with_extension("json"), 200, |_| {
        answered(&["runs", &shown, "--json"]);
        answered(&list);
    });
    broken("checkpoint", &step, 2_000, |bytes| {
        Policy::load(bytes).ok();
    });
    // A header that says that it is longer than memory.
    for length in [u64::MAX, 1 << 60, 1 << 33, 101_000_000] {
        let mut lie = length.to_le_bytes().to_vec();
        lie.extend(b"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}");
        assert!(Policy::load(&lie).is_err());
    }
    let kept = run.join("evaluations");
    let evaluation = fs::read_dir(&kept).unwrap().next().unwrap().unwrap().path();
    for name in ["verdict.json", "summary.json"] {
        let out = path(&dir.path().join("report"));
        broken(name, &evaluation.join(name), 6, |_| {
            // A process of its own, for it listens for Ctrl+C.
            let ran = holdout(&["report", "--run", &shown, "--format", "json", "--out", &out]);
            assert!([0, 3].contains(&ran.code), "{}", ran.stderr);
        });
    }
}

/// Rules, and a short ledger that is judged by them.
#[test]
fn a_rule_set_and_a_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let run = PathBuf::from(judged_run(dir.path()));
    let kept = fs::read_dir(run.join("evaluations")).unwrap();
    let evaluation = kept.flatten().next().unwrap().path();
    let ledger = dir.path().join("ledger");
    fs::create_dir(&ledger).unwrap();
    for (name, lines) in [("equity.csv", 400), ("trades.csv", 40)] {
        let text = fs::read_to_string(evaluation.join(name)).unwrap();
        let head: Vec<&str> = text.lines().take(lines).collect();
        fs::write(ledger.join(name), head.join("\n") + "\n").unwrap();
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/rulesets");
    let rules = dir.path().join("rules.toml");
    fs::copy(folder.join("apex-50k-seed.toml"), &rules).unwrap();
    let (shown, judged) = (path(&rules), path(&ledger));
    let check = [
        "compliance",
        "check",
        "--ruleset",
        &shown,
        "--ledger",
        &judged,
        "--json",
    ];
    answered(&check);
    broken("rules.toml", &rules, 600, |_| answered(&check));
    for name in ["equity.csv", "trades.csv"] {
        broken(name, &ledger.join(name), 300, |_| answered(&check));
    }
    let chance = [
        "compliance",
        "chance",
        "--ruleset",
        &shown,
        "--ledger",
        &judged,
        "--paths",
        "20",
        "--json",
    ];
    broken(
        "equity.csv of chance",
        &ledger.join("equity.csv"),
        60,
        |_| answered(&chance),
    );
    let out = path(&dir.path().join("out"));
    let issue = [
        "certificate",
        "issue",
        "--ruleset",
        "apex-50k-seed",
        "--ledger",
        &judged,
        "--out",
        &out,
    ];
    answered(&issue);
    let certificate = fs::read_dir(&out)
        .unwrap()
        .map(|f| f.unwrap().path())
        .find(|p| p.extension().is_some_and(|e| e == "json"))
        .unwrap();
    let file = path(&certificate);
    broken("certificate", &certificate, 150, |_| {
        answered(&["verify", &file, "--json"]);
        answered(&["gate", &file, "--json"]);
        answered(&["certificate", "show", &file]);
    });
    // Longer than a column can be padded to.
    let text = fs::read_to_string(&certificate).unwrap();
    fs::write(
        &certificate,
        text.replace("apex-50k-seed", &"a".repeat(70_000)),
    )
    .unwrap();
    answered(&["certificate", "show", &file]);
}

#[test]
fn a_script_and_its_settings() {
    let dir = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(sample("ES_1m_2024q4.csv")).unwrap();
    let lines: Vec<&str> = text.lines().take(600).collect();
    let (bars, actions, sim) = (
        dir.path().join("bars.csv"),
        dir.path().join("actions.csv"),
        dir.path().join("sim.toml"),
    );
    fs::write(&bars, lines.join("\n") + "\n").unwrap();
    let mut script = "time,action\n".to_owned();
    for (i, line) in lines.iter().enumerate().skip(1).step_by(9) {
        let action = ["buy", "trail_on", "sl_to_be", "sell", "trail_off"][i % 5];
        script += &format!("{},{action}\n", line.split(',').next().unwrap());
    }
    fs::write(&actions, script).unwrap();
    fs::write(
        &sim,
        "contracts = 2\nentry_start = \"18:30\"\nentry_end = \"16:00\"\nsame_bar = \"target_first\"\nlock_offset = \"never\"\nsl_atr_mult = 1.5\ncommission_per_side = 2.5\n[early_closes]\n\"2024-11-29\" = \"13:00\"\n",
    )
    .unwrap();
    let all = [&bars, &actions, &sim].map(|p| path(p));
    let out = path(&dir.path().join("out"));
    let replay = [
        "replay",
        "--data",
        &all[0],
        "--market",
        "ES",
        "--actions",
        &all[1],
        "--sim",
        &all[2],
        "--out",
        &out,
        "--json",
    ];
    assert_eq!(run_inside(&replay), Some(0));
    for file in [&bars, &actions, &sim] {
        let name = file.file_name().unwrap().to_str().unwrap();
        broken(name, file, 250, |_| answered(&replay));
    }
}

#[test]
fn daily_numbers_and_candidates() {
    let dir = tempfile::tempdir().unwrap();
    let (daily, many) = (dir.path().join("daily.csv"), dir.path().join("many.csv"));
    let (mut one, mut table) = ("date,net_pnl\n".to_owned(), "date,a,b,c\n".to_owned());
    for day in 1..=28 {
        let x = f64::from(day * 37 % 11) * 40.0 - 180.0;
        one += &format!("2024-02-{day:02},{x}\n");
        table += &format!("2024-02-{day:02},{x},{},{}\n", -x, x / 2.0);
    }
    fs::write(&daily, one).unwrap();
    fs::write(&many, table).unwrap();
    let files = [&daily, &many].map(|p| path(p));
    let words = ["metrics", "--daily", &files[0], "--json"];
    assert_eq!(run_inside(&words), Some(0));
    broken("daily.csv", &daily, 80, |_| answered(&words));
    let words = [
        "metrics",
        "--daily",
        &files[0],
        "--candidates",
        &files[1],
        "--json",
    ];
    assert_eq!(run_inside(&words), Some(0));
    broken("many.csv", &many, 40, |_| answered(&words));
}

#[test]
fn a_run_configuration_and_what_the_window_keeps() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("run.toml");
    let market = Instruments::builtin().get("NQ").unwrap().clone();
    fs::write(&file, RunConfig::default().to_toml().unwrap()).unwrap();
    broken("run.toml", &file, 1_500, |bytes| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if let Ok(config) = RunConfig::from_layers(&[("run.toml".to_owned(), text)]) {
            config.plan(&market).ok();
        }
    });
    fs::write(&file, serde_json::to_string(&Kept::default()).unwrap()).unwrap();
    broken("kept", &file, 2_000, |bytes| {
        Kept::read(&String::from_utf8_lossy(bytes));
    });
}
