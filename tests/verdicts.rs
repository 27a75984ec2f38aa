//! Checkpoints, regimes, markets, ensembles and studies of a tiny run, through the commands.

use std::fs;
use std::path::Path;

use holdout::jobs::train::RunData;
use holdout::jobs::trials::trials;
use holdout_store::runs::RunFolder;
use serde_json::{Value, json as value};

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
    // Both say what fresh accounts after a lost one would have made.
    assert!(one["succession"]["accounts"].as_u64() >= Some(1), "{one}");
    assert_eq!(one["succession"], last["pooled"]);

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
fn looks_at_the_same_prices_are_trials_whatever_file_they_came_in() {
    let dir = tempfile::tempdir().unwrap();
    let run = train(dir.path());
    let own: RunData =
        serde_json::from_value(RunFolder::open(Path::new(&run)).unwrap().data().unwrap()).unwrap();
    let seen = || trials(dir.path(), &own).unwrap();
    let alone = seen();
    assert!(alone.count >= 3, "{alone:?}");
    // Another run beside it, on a file of other bars.
    let other = dir.path().join("20240101-000000-mes-0001");
    copy(Path::new(&run), &other);
    let told = |change: &dyn Fn(&mut Value)| {
        let mut data = serde_json::to_value(&own).unwrap();
        data["bars_sha256"] = "0".repeat(64).into();
        data["path"] = "elsewhere.csv".into();
        change(&mut data);
        fs::write(other.join("data.json"), data.to_string()).unwrap();
        seen()
    };
    let same = told(&|_| {});
    assert_eq!(
        same.count,
        2 * alone.count,
        "the same prices in another file"
    );
    assert_eq!(
        told(&|d| d["market"] = "MES".into()).count,
        2 * alone.count,
        "the micro's prices"
    );
    assert_eq!(told(&|d| d["market"] = "NQ".into()), alone, "other prices");
    let (_, last) = own.split.validation;
    let later = |d: &mut Value| d["split"]["validation"] = value!(["2030-01-02", "2030-02-01"]);
    assert_eq!(told(&later), alone, "other days");
    let touching = |d: &mut Value| d["split"]["validation"] = value!([last, "2030-02-01"]);
    assert_eq!(told(&touching).count, 2 * alone.count, "one day in common");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
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
        ledger_says(r);
    }
    assert_eq!(found["paths"].as_array().map(Vec::len), Some(1));
    assert!(Path::new(&out).join("study.json").is_file());
    assert_eq!(
        found["looks"], 1,
        "the last fold tests the file's own test days"
    );
}

/// The ledger of a fold's tested block holds its days, and adds up to what the study says.
fn ledger_says(r: &Value) {
    let fold = r["fold"].as_u64().unwrap();
    let block = format!("evaluations/tested-block-{:02}", fold + 1);
    let ledger = Path::new(r["run"].as_str().unwrap()).join(block);
    let equity = fs::read_to_string(ledger.join("equity.csv")).unwrap();
    let first = equity.lines().nth(1).unwrap();
    assert!(
        first < r["tested"][0][0].as_str().unwrap(),
        "a session begins the evening before"
    );
    let trades = fs::read_to_string(ledger.join("trades.csv")).unwrap();
    let mut lines = trades.lines().map(|l| l.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let net = header.iter().position(|h| *h == "net_pnl").unwrap();
    let sum: f64 = lines.map(|l| l[net].parse::<f64>().unwrap()).sum();
    assert!(
        (sum - r["net_pnl"].as_f64().unwrap()).abs() < 1e-6,
        "{sum}, {r}"
    );
}
