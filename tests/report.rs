//! `holdout report`, `runs tag|note` and `evaluate --explain`: what they write is what was found.

use std::fs;
use std::path::Path;

use crate::programme::{TINY, holdout, json, sample};

/// Two small runs on the same bars, under one folder.
fn runs(dir: &Path) -> (String, String) {
    let train = |seed: &str| {
        let out = dir.join("runs").display().to_string();
        let data = sample("ES_1m_2024q4.csv");
        let mut args = vec!["train", "--data", &data, "--out", &out, "--seed", seed];
        args.extend(TINY);
        json(&args)["run"].as_str().unwrap().to_owned()
    };
    (train("5"), train("6"))
}

#[test]
fn a_report_shows_what_was_found_and_opens_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = runs(dir.path());
    let path = |name: &str| dir.path().join(name).display().to_string();
    let page = path("r.html");
    let written = json(&["report", "--run", &a, "--out", &page, "--json"]);
    assert_eq!(written["format"], "html");
    let text = fs::read_to_string(&page).unwrap();
    for title in [
        "Summary",
        "The account",
        "Is it real?",
        "Market regimes",
        "Compliance",
        "Training",
        "Settings and data",
        "Risk disclosure",
    ] {
        assert!(text.contains(&format!(">{title}</h2>")), "{title}");
    }
    assert!(text.matches("<svg").count() >= 4 && !text.contains("<script"));
    assert!(text.contains("never opened"), "the test part");
    assert!(
        !dir.path().join("runs/registry.json").exists(),
        "a report looks at no test part"
    );
    // What was never opened is not shown.
    let refused = holdout(&["report", "--run", &a, "--split", "test", "--out", &page]);
    assert_eq!(refused.code, 3, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("--split test"),
        "{}",
        refused.stderr
    );

    // Once it was, the report is about it, with the figures that were found then.
    let judged = json(&["evaluate", "--run", &a, "--split", "test", "--json"]);
    let figures = path("r.json");
    json(&["report", "--run", &a, "--out", &figures, "--json"]);
    let read = |p: &str| -> serde_json::Value {
        serde_json::from_str(&fs::read_to_string(p).unwrap()).unwrap()
    };
    let report = read(&figures);
    let run = &report["runs"][0];
    assert_eq!((&run["part"], &run["looks"]), (&"test".into(), &1.into()));
    let test = &run["parts"]["test"];
    for key in ["final_balance", "net_pnl", "trades", "rejected", "breach"] {
        assert_eq!(test["summary"][key], judged["summary"][key], "{key}");
    }
    assert_eq!(test["robustness"], judged["robustness"]);
    assert_eq!(test["compliance"], judged["compliance"]);
    assert_eq!(test["benchmarks"], judged["benchmarks"]);

    // Two runs beside each other, as a PDF with the figures attached, and twice the same.
    let pdf = path("two.pdf");
    let both = json(&[
        "report",
        "--run",
        &a,
        "--compare",
        &b,
        "--split",
        "validation",
        "--out",
        &pdf,
        "--json",
    ]);
    assert_eq!(both["sections"].as_array().unwrap().len(), 3);
    let bytes = fs::read(&pdf).unwrap();
    assert!(bytes.starts_with(b"%PDF-") && bytes.len() > 20_000);
    let figures = path("two.json");
    json(&[
        "report",
        "--run",
        &a,
        "--compare",
        &b,
        "--split",
        "validation",
        "--out",
        &figures,
        "--json",
    ]);
    let both = read(&figures);
    assert_eq!(both["runs"].as_array().unwrap().len(), 2);
    assert!(!both["differences"][0]["difference"].is_null());
}

#[test]
fn sections_stand_in_the_asked_order_under_the_asked_titles() {
    let dir = tempfile::tempdir().unwrap();
    let (a, _) = runs(dir.path());
    let out = dir.path().join("short.md").display().to_string();
    json(&[
        "report",
        "--run",
        &a,
        "--section",
        "trades=What it did",
        "--section",
        "equity",
        "--title",
        "Mine | alone",
        "--out",
        &out,
        "--json",
    ]);
    let text = fs::read_to_string(&out).unwrap();
    assert!(text.starts_with("# Mine \\| alone\n"), "{text}");
    let place = |t: &str| text.find(t).unwrap_or_else(|| panic!("{t} in {text}"));
    assert!(place("## What it did") < place("## The account"));
    assert!(!text.contains("## Compliance"));
    assert!(text.contains("](short-charts/chart-01.svg)"));
    let chart = fs::read_to_string(dir.path().join("short-charts/chart-01.svg")).unwrap();
    assert!(chart.starts_with("<svg"));
    assert_eq!(
        holdout(&["report", "--run", &a, "--section", "wether", "--out", &out]).code,
        2
    );
    let unknown = holdout(&["report", "--run", &a, "--out", "r.docx"]);
    assert_eq!(unknown.code, 3);
    assert!(unknown.stderr.contains("--format"), "{}", unknown.stderr);
}

#[test]
fn tags_and_notes_are_written_found_and_taken_off() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = runs(dir.path());
    let folder = dir.path().join("runs").display().to_string();
    json(&["runs", "tag", &a, "keep", "night session", "--json"]);
    let labels = json(&["runs", "tag", &a, "best", "--remove", "keep", "--json"]);
    assert_eq!(labels["tags"], serde_json::json!(["night session", "best"]));
    json(&["runs", "note", &b, "wider stops", "--json"]);
    let labels = json(&["runs", "note", &b, "same seed", "--append", "--json"]);
    assert_eq!(labels["notes"], "wider stops\nsame seed");
    let found = |words: &str| {
        let list = json(&["runs", "--dir", &folder, "--find", words, "--json"]);
        let ids = list.as_array().unwrap().iter();
        ids.map(|r| r["path"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("NIGHT es"), [a.as_str()]);
    assert_eq!(found("wider"), [b.as_str()]);
    assert_eq!(found("").len(), 2);
    let all = json(&["runs", "--dir", &folder, "--json"]);
    assert!(all[0]["validation_net_pnl_usd"].is_array());
    let long = "x".repeat(50);
    assert_eq!(holdout(&["runs", "tag", &a, &long]).code, 3);
}

#[test]
fn a_trade_is_explained_with_the_decision_itself() {
    let dir = tempfile::tempdir().unwrap();
    let (a, _) = runs(dir.path());
    let csv = dir.path().join("d.csv").display().to_string();
    let args = ["evaluate", "--run", &a, "--decisions", &csv, "--json"];
    let judged = json(&args);
    assert_eq!(judged["disagreements"], 0);
    let text = fs::read_to_string(&csv).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = |name: &str| head.iter().position(|h| *h == name).unwrap();
    let actions = ["hold", "buy", "sell", "sl_to_be", "trail_on", "trail_off"];
    let (mut rows, mut asked) = (0, 0);
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), head.len(), "{line}");
        rows += 1;
        if cells[at("value")].is_empty() {
            continue;
        }
        asked += 1;
        let p = |kind: &str, a: &str| -> f64 { cells[at(&format!("{kind}_{a}"))].parse().unwrap() };
        let sum = |kind: &str| actions.iter().map(|a| p(kind, a)).sum::<f64>();
        assert!((sum("before") - 1.0).abs() < 1e-4 && (sum("after") - 1.0).abs() < 1e-4);
        let mask = cells[at("mask")].as_bytes();
        let mut best = ("", -1.0);
        for (i, a) in actions.into_iter().enumerate() {
            let allowed = mask[i] == b'1';
            assert!(allowed || p("after", a) == 0.0, "{line}");
            if allowed && p("after", a) > best.1 {
                best = (a, p("after", a));
            }
        }
        assert_eq!(
            best.0,
            cells[at("action")],
            "the most probable one is done: {line}"
        );
    }
    assert_eq!(rows, judged["summary"]["bars"].as_u64().unwrap());
    assert!(asked > rows * 9 / 10, "{asked} of {rows}");
    if judged["summary"]["trades"].as_u64().unwrap() == 0 {
        let none = holdout(&["evaluate", "--run", &a, "--explain", "1"]);
        assert_eq!(none.code, 3, "{}", none.stderr);
        return;
    }
    let told = json(&["evaluate", "--run", &a, "--explain", "1", "--json"]);
    let t = &told["trade"];
    let done = t["decided"]["action"].as_str().unwrap();
    assert_eq!(done, if t["side"] == "long" { "buy" } else { "sell" });
    assert_eq!(t["features"].as_array().unwrap().len(), 11);
    assert_eq!(t["account"].as_array().unwrap().len(), 13);
    let closes = t["closes"].as_array().unwrap();
    assert_eq!(closes.first().unwrap()["time"], t["entry_time"]);
    assert_eq!(closes.last().unwrap()["time"], t["exit_time"]);
}

#[test]
fn shells_are_given_completions_and_about_tells_versions() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = holdout(&["completions", shell]);
        assert_eq!(ran.code, 0);
        assert!(ran.stdout.contains("holdout") && ran.stdout.contains("report"));
    }
    let about = json(&["about", "--json"]);
    assert_eq!(about["version"], env!("CARGO_PKG_VERSION"));
    assert!(about["parts"].as_array().unwrap().len() >= 4);
}
