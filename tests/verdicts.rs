//! Checkpoints, regimes, markets, ensembles and studies of a tiny run, through the commands.

use std::path::Path;

use crate::programme::{TINY, holdout, json, sample};

fn train(out: &Path) -> String {
    let out = out.display().to_string();
    let data = sample("ES_1m_2024q4.csv");
    let mut args = vec!["train", "--data", &data, "--market", "ES", "--out", &out];
    args.extend(TINY);
    args.extend(["--set", "checkpoint_every=2", "--set", "eval_every=2"]);
    json(&args)["run"].as_str().unwrap().to_owned()
}

#[test]
fn checkpoints_are_judged_alike_by_every_command_and_losers_know_why() {
    let dir = tempfile::tempdir().unwrap();
    let run = train(dir.path());
    let all = json(&["checkpoints", "--run", &run, "--json"]);
    let rows = all["rows"].as_array().unwrap();
    assert!(rows.len() >= 3, "{} checkpoints", rows.len());
    for (row, judged) in rows
        .iter()
        .zip(all["selection"]["judged"].as_array().unwrap())
    {
        let reasons = judged["reasons"].as_array().unwrap();
        assert_eq!(judged["chosen"] == true, reasons.is_empty(), "{judged}");
        assert_eq!(row["step"], judged["step"]);
    }
    let last = rows.last().unwrap();
    let step = last["step"].to_string();
    let one = json(&[
        "evaluate",
        "--run",
        &run,
        "--checkpoint",
        &step,
        "--random-accounts",
        "20",
        "--json",
    ]);
    assert_eq!(
        one["summary"]["metrics"]["returns"]["sharpe"],
        last["sharpe"]
    );
    assert_eq!(one["summary"]["net_pnl"], last["net_pnl"]);
    assert_eq!(one["summary"]["trades"], last["trades"]);
    assert_eq!(
        one["robustness"]["deflation"]["trials"],
        all["deflation"]["trials"]
    );

    // Steps to compare must be there; a rule that nobody meets chooses nobody.
    let ran = holdout(&["checkpoints", "--run", &run, "--compare", "1,2", "--json"]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.stderr.contains("no checkpoint of step 1"),
        "{}",
        ran.stderr
    );
    let first = rows[0]["step"].to_string();
    let pair = format!("{first},{step}");
    let pairs = json(&["checkpoints", "--run", &run, "--compare", &pair, "--json"]);
    assert_eq!(pairs["comparisons"].as_array().map(Vec::len), Some(1));

    let regimes = json(&["regimes", "--run", &run, "--checkpoint", &step, "--json"]);
    let trades: u64 = regimes["regimes"]["single"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|c| c["kinds"][0] == "session")
        .map(|c| c["trades"].as_u64().unwrap())
        .sum();
    assert_eq!(
        trades,
        last["trades"].as_u64().unwrap(),
        "every trade has a time of day"
    );
}

#[test]
fn an_ensemble_is_made_kept_and_judged_like_a_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let run = train(dir.path());
    for kind in ["average", "weighted", "vote", "per-regime"] {
        let made = json(&[
            "ensemble", "--run", &run, "--kind", kind, "--top", "2", "--name", kind, "--json",
        ]);
        let weights: f64 = made["ensemble"]["members"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["weight"].as_f64().unwrap())
            .sum();
        assert!((weights - 1.0).abs() < 1e-6, "{made}");
    }
    let judged = json(&[
        "ensemble",
        "--run",
        &run,
        "--name",
        "vote",
        "--judge",
        "validation",
        "--json",
    ]);
    let kept = Path::new(judged["ledger"].as_str().unwrap());
    assert!(kept.join("trades.csv").is_file() && kept.join("verdict.json").is_file());
    let test = json(&[
        "ensemble", "--run", &run, "--name", "vote", "--judge", "test", "--json",
    ]);
    assert_eq!(test["looks"], 1, "a look at test is counted");
    let ran = holdout(&[
        "ensemble", "--run", &run, "--name", "none", "--judge", "test",
    ]);
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("no ensemble"), "{}", ran.stderr);
}

#[test]
fn a_study_trains_and_judges_every_fold_on_days_that_it_did_not_see() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("study").display().to_string();
    let data = sample("ES_1m_2024q4.csv");
    let mut args = vec![
        "study",
        "--data",
        &data,
        "--market",
        "ES",
        "--out",
        &out,
        "--folds",
        "2",
        "--train-blocks",
        "1",
    ];
    let kept = |a: &&&str| !matches!(**a, "--device" | "cpu" | "--progress=none");
    args.extend(TINY.iter().filter(kept));
    args.extend(["--set", "device=cpu"]);
    let found = json(&args);
    let results = found["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for r in results {
        assert!(
            Path::new(r["run"].as_str().unwrap())
                .join("checkpoints")
                .is_dir()
        );
        assert_eq!(r["tested"].as_array().map(Vec::len), Some(1));
    }
    assert_eq!(found["paths"].as_array().map(Vec::len), Some(1));
    assert!(Path::new(&out).join("study.json").is_file());
    assert_eq!(
        found["looks"], 1,
        "the last fold tests the file's own test days"
    );
}
