//! The main job from end to end, on the sample market and on real files.

use std::fs;
use std::path::Path;

use crate::programme::{TINY, holdout, json, sample, shared};

/// `balance - start = sum of net P&L` on every row of a ledger, in ten-thousandths of a dollar.
fn check_ledger(dir: &Path) {
    let money = |t: &str| (t.parse::<f64>().unwrap() * 10_000.0).round() as i64;
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    let column = |header: &str, name: &str| header.split(',').position(|c| c == name).unwrap();
    let trades = read("trades.csv");
    let (header, rows) = trades.split_once('\n').unwrap();
    let (exit, net) = (column(header, "exit_time"), column(header, "net_pnl"));
    let mut exits: Vec<(String, i64)> = rows
        .lines()
        .map(|l| l.split(',').collect::<Vec<_>>())
        .map(|c| (c[exit].to_owned(), money(c[net])))
        .collect();
    exits.reverse();
    let equity = read("equity.csv");
    let (header, rows) = equity.split_once('\n').unwrap();
    let (time, balance) = (column(header, "time"), column(header, "balance"));
    let mut sum = 50_000 * 10_000;
    let mut n = 0;
    for row in rows.lines() {
        let cells: Vec<&str> = row.split(',').collect();
        while exits.last().is_some_and(|(t, _)| t.as_str() <= cells[time]) {
            sum += exits.pop().map_or(0, |(_, net)| net);
        }
        assert_eq!(
            money(cells[balance]),
            sum,
            "{} {}",
            dir.display(),
            cells[time]
        );
        n += 1;
    }
    assert!(
        n > 1_000 && exits.is_empty(),
        "{n} rows, {} trades left over",
        exits.len()
    );
}

#[test]
fn the_demo_ends_with_a_verdict_that_reconciles() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().display().to_string();
    let demo = json(&[
        "demo", "--quick", "--device", "cpu", "--json", "--out", &out,
    ]);
    for key in [
        "run",
        "train",
        "validation",
        "test",
        "benchmarks",
        "compliance",
        "seconds",
    ] {
        assert!(!demo[key].is_null(), "{key} in {demo}");
    }
    for part in ["train", "validation", "test"] {
        check_ledger(Path::new(demo[part]["ledger"].as_str().unwrap()));
    }
    assert_eq!(demo["test"]["looks"], 1);
    assert_eq!(demo["train"]["in_sample"], true);
    let run = demo["run"].as_str().unwrap();
    let lines = fs::read_to_string(Path::new(run).join("metrics.jsonl")).unwrap();
    let updates: Vec<u64> = lines
        .lines()
        .map(|l| {
            serde_json::from_str::<serde_json::Value>(l).unwrap()["update"]
                .as_u64()
                .unwrap()
        })
        .collect();
    assert_eq!(updates, (1..=updates.len() as u64).collect::<Vec<_>>());

    // A second look is counted, bars that were trained on are refused, and the ledger is judged again alike.
    let again = json(&["evaluate", "--run", run, "--split", "test", "--json"]);
    assert_eq!(again["looks"], 2);
    assert_eq!(
        again["summary"]["final_balance"],
        json(&["evaluate", "--run", run, "--split", "test", "--json"])["summary"]["final_balance"]
    );
    assert_eq!(
        holdout(&["evaluate", "--run", run, "--split", "train"]).code,
        3
    );
    let ledger = demo["test"]["ledger"].as_str().unwrap();
    let check = holdout(&[
        "compliance",
        "check",
        "--ruleset",
        "apex-50k-seed",
        "--ledger",
        ledger,
        "--json",
    ]);
    let report: serde_json::Value =
        serde_json::from_str(check.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(
        report["verdict"], demo["compliance"]["verdict"],
        "from the files as from memory"
    );
    assert_eq!(
        check.code,
        i32::from(report["verdict"] == "fail" || report["verdict"] == "unknown")
    );
}

#[test]
fn the_same_seed_trains_the_same_weights_and_resumes_nothing_that_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let train = |folder: &str, seed: &str| {
        let out = dir.path().join(folder).display().to_string();
        let data = sample("ES_1m_2024q4.csv");
        let mut args = vec!["train", "--data", &data, "--out", &out, "--seed", seed];
        args.extend(TINY);
        json(&args)["run"].as_str().unwrap().to_owned()
    };
    let weights = |run: &str| {
        let mut files: Vec<_> = fs::read_dir(Path::new(run).join("checkpoints"))
            .unwrap()
            .map(|f| f.unwrap().path())
            .filter(|p| p.extension().is_some_and(|e| e == "safetensors"))
            .collect();
        files.sort();
        files
            .iter()
            .map(|f| fs::read(f).unwrap())
            .collect::<Vec<_>>()
    };
    let (a, b, c) = (train("a", "5"), train("b", "5"), train("c", "6"));
    assert!(!weights(&a).is_empty());
    assert!(weights(&a) == weights(&b), "same seed, same bits");
    assert!(weights(&a) != weights(&c), "another seed, other bits");
    let resume = holdout(&["train", "--resume", &a]);
    assert_ne!(resume.code, 0);
    assert!(
        resume.stderr.contains("nothing to resume"),
        "{}",
        resume.stderr
    );
}

#[test]
fn a_real_export_is_imported_trained_on_and_judged() {
    let Some(file) = shared("data/nt8_nq_0923/raw_NQ 09-23.Last.txt") else {
        return;
    };
    let file = file.display().to_string();
    let dir = tempfile::tempdir().unwrap();
    let seen = json(&["data", "inspect", &file, "--json"]);
    assert_eq!(
        (
            seen["market"].as_str(),
            seen["zone"].as_str(),
            seen["stamp"].as_str()
        ),
        (Some("NQ"), Some("UTC"), Some("close"))
    );
    let out = dir.path().display().to_string();
    let mut args = vec!["train", "--data", &file, "--out", &out];
    args.extend(TINY);
    let run = json(&args)["run"].as_str().unwrap().to_owned();
    let judged = json(&["evaluate", "--run", &run, "--split", "test", "--json"]);
    check_ledger(Path::new(judged["ledger"].as_str().unwrap()));
    assert_eq!(judged["summary"]["market"], "NQ");
}
