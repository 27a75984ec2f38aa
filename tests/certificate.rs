//! Certificates end to end: issue, verify, the gate, and every single changed byte.

use std::fs;
use std::path::{Path, PathBuf};

use holdout::jobs::certificate::{self, Issued, Mode, Source};
use holdout::rulesets;
use holdout_store::certificate::DocumentKind;
use holdout_store::runs::{
    CheckpointFiles, NewRun, RunFolder, RunWriter, TestPart, open_test_split,
};
use holdout_store::text::sha256_of;
use serde_json::json;

use crate::programme::{Ran, holdout};
use crate::vector_ledger::{WEEK, Written, ny};

fn parsed(ran: &Ran) -> serde_json::Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

fn put(dir: &Path, ledger: Written) {
    fs::create_dir_all(dir).unwrap();
    for (name, text) in ledger.files() {
        fs::write(dir.join(name), text).unwrap();
    }
}

/// Reaches the target of 3 000 in eight days, the last of them at once.
fn passing() -> Written {
    let (a, b) = (ny("2024-03-13", "10:00", 4), ny("2024-03-13", "10:01", 4));
    Written::seed()
        .days(&WEEK)
        .enter(&a, 1, 1)
        .held(&a, 5, 10, -50)
        .exit(&b, 3_000)
}

fn failing() -> Written {
    let (a, b) = (ny("2024-03-13", "10:00", 4), ny("2024-03-13", "10:01", 4));
    Written::seed()
        .days(&WEEK)
        .enter(&a, 1, 1)
        .held(&a, 5, 10, -50)
        .exit(&b, -2_600)
}

/// A run folder with one checkpoint, judged on test once; the ledger is planted.
fn run_with(dir: &Path, ledger: Written, part: &str) -> PathBuf {
    let runs = dir.join("runs");
    let data = dir.join("bars.csv");
    fs::write(&data, "bars").unwrap();
    let day = |d: &str| d.parse::<holdout_core::time::TradingDay>().unwrap();
    let data_json = json!({
        "path": data, "sha256": sha256_of(b"bars"), "bars_sha256": "ab",
        "market": "NQ", "interval_seconds": 60, "bars": 4, "zone": null, "stamp": "open",
        "dialect": "canonical", "symbol": null, "repairs": [], "version": "0.1.0",
        "split": {
            "train": [day("2024-01-02"), day("2024-02-15")],
            "validation": [day("2024-02-16"), day("2024-03-01")],
            "test": [day("2024-03-04"), day("2024-03-13")],
        },
    });
    let new = NewRun {
        market: "NQ",
        run_toml: "seed = 1\n",
        plan_toml: "steps = 2\n",
        data: &data_json,
    };
    let folder = RunFolder::create(&runs, &new).unwrap();
    let path = folder.path().to_owned();
    let mut writer = RunWriter::open(folder).unwrap();
    let files = CheckpointFiles {
        weights: b"weights",
        state: None,
        info: &json!({}),
    };
    writer.checkpoint(128, &files).unwrap();
    drop(writer);
    let test_part = TestPart {
        prices: "NQ".to_owned(),
        bars_sha256: "ab".to_owned(),
        days: "2024-03-04..2024-03-13".to_owned(),
    };
    let looks = open_test_split(&runs, &test_part, "this test").unwrap();
    let evaluation = path
        .join("evaluations")
        .join(format!("{part}-step-000000128"));
    put(&evaluation, ledger);
    let verdict = json!({"part": part, "in_sample": part == "train", "step": 128, "looks": looks});
    fs::write(evaluation.join("verdict.json"), verdict.to_string()).unwrap();
    fs::write(evaluation.join("summary.json"), "{}\n").unwrap();
    path
}

fn issued(source: &Source, rules: &str, out: &Path) -> Issued {
    certificate::issue(source, &rulesets::find(rules).unwrap(), out).unwrap()
}

fn of_run(run: &Path) -> Source {
    Source::Run {
        run: run.to_owned(),
        evaluation: None,
    }
}

#[test]
fn a_passing_run_opens_the_gate_in_the_mode_that_the_firm_allows() {
    let dir = tempfile::tempdir().unwrap();
    let run = run_with(dir.path(), passing(), "test");
    for (rules, mode) in [
        ("apex-legacy-50k", Mode::Advisory),
        ("tradeify-50k", Mode::Automated),
    ] {
        let out = dir.path().join(rules);
        let made = issued(&of_run(&run), rules, &out);
        assert_eq!(made.kind, DocumentKind::Certificate, "{:?}", made.reasons);
        let v = certificate::verify(&made.json, None).unwrap();
        assert!(v.matches, "{:#?}", v.lines);
        let gate = certificate::gate(&made.json, None, None);
        assert!(gate.open, "{:?}", gate.reasons);
        assert_eq!(gate.mode, Some(mode));
        let weights = run.join("checkpoints/step-000000128.safetensors");
        assert!(certificate::gate(&made.json, None, Some(&weights)).open);
        let other = dir.path().join("other.safetensors");
        fs::write(&other, "weightz").unwrap();
        let gate = certificate::gate(&made.json, None, Some(&other));
        assert!(
            !gate.open && gate.reasons[0].contains("not the one"),
            "{:?}",
            gate.reasons
        );
    }
}

#[test]
fn one_changed_byte_in_any_file_is_found_and_shuts_the_gate() {
    let dir = tempfile::tempdir().unwrap();
    let run = run_with(dir.path(), passing(), "test");
    let made = issued(&of_run(&run), "tradeify-50k", &dir.path().join("out"));
    let evaluation = run.join("evaluations/test-step-000000128");
    let files = [
        evaluation.join("equity.csv"),
        evaluation.join("trades.csv"),
        evaluation.join("summary.json"),
        evaluation.join("verdict.json"),
        run.join("run.toml"),
        run.join("plan.toml"),
        run.join("data.json"),
        run.join("checkpoints/step-000000128.safetensors"),
        run.join("checkpoints/step-000000128.json"),
        dir.path().join("bars.csv"),
        made.json.clone(),
        made.text.clone(),
        made.pdf.clone(),
    ];
    for path in files {
        let whole = fs::read(&path).unwrap();
        let at = whole.len() / 2;
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).unwrap();
        let gate = certificate::gate(&made.json, None, None);
        assert!(
            !gate.open && !gate.reasons.is_empty(),
            "byte {at} of {}",
            path.display()
        );
        fs::write(&path, &whole).unwrap();
    }
    let gate = certificate::gate(&made.json, None, None);
    assert!(gate.open, "all is as it was: {:?}", gate.reasons);
    fs::remove_file(evaluation.join("trades.csv")).unwrap();
    let v = certificate::verify(&made.json, None).unwrap();
    let missing = |l: &&certificate::VerifyLine| l.agreement == certificate::Agreement::Missing;
    let first = v.lines.iter().find(missing);
    assert!(!v.matches && first.is_some_and(|l| l.what == "trades"));
}

#[test]
fn every_figure_of_a_check_is_printed_in_its_unit() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), passing());
    let ledger = dir.path().display().to_string();
    let words = [
        "compliance",
        "check",
        "--ruleset=apex-50k-seed",
        "--ledger",
        &ledger,
    ];
    let ran = holdout(&words);
    let line = |id: &str| ran.stdout.lines().find(|l| l.trim_start().starts_with(id));
    for (id, figures) in [
        ("firm_drawdown", "$2,500.00"),
        ("flat_by", " h "),
        ("size", "1 minis"),
    ] {
        let line = line(id).unwrap_or_else(|| panic!("{id}: {}", ran.stdout));
        assert!(line.contains(figures), "{line}");
    }
}

#[test]
fn a_forged_verdict_with_a_fresh_hash_is_found_by_judging_again() {
    let dir = tempfile::tempdir().unwrap();
    let run = run_with(dir.path(), failing(), "test");
    let made = issued(&of_run(&run), "tradeify-50k", &dir.path().join("out"));
    assert_eq!(made.kind, DocumentKind::ComplianceReport);
    let text = fs::read_to_string(&made.json).unwrap();
    let (mut file, _) = holdout_store::certificate::CertificateFile::read(&made.json).unwrap();
    file.kind = DocumentKind::Certificate;
    file.title = "Compliance certificate: PASSED".to_owned();
    file.reasons.clear();
    file.report["verdict"] = json!("pass");
    file.valid_until = "2099-01-01".parse().unwrap();
    let (_, forged) = file.sealed().unwrap();
    assert_ne!(forged, text);
    fs::write(&made.json, forged).unwrap();
    let v = certificate::verify(&made.json, None).unwrap();
    let wrong: Vec<&str> = v
        .lines
        .iter()
        .filter(|l| l.agreement == certificate::Agreement::Mismatch)
        .map(|l| l.what.as_str())
        .collect();
    for what in ["verdict", "title", "validity"] {
        assert!(wrong.contains(&what), "{what}: {wrong:?}");
    }
    assert!(!certificate::gate(&made.json, None, None).open);
}

/// Rewrites a certificate with a fresh hash of its own, the way a forger would.
fn forge(
    made: &Issued,
    change: impl FnOnce(&mut holdout_store::certificate::CertificateFile),
) -> certificate::Gate {
    let (mut file, text) = holdout_store::certificate::CertificateFile::read(&made.json).unwrap();
    change(&mut file);
    let (_, forged) = file.sealed().unwrap();
    assert_ne!(forged, text, "the forgery changes something");
    fs::write(&made.json, forged).unwrap();
    let gate = certificate::gate(&made.json, None, None);
    fs::write(&made.json, text).unwrap();
    gate
}

#[test]
fn who_was_judged_on_what_is_read_from_the_run_again() {
    let dir = tempfile::tempdir().unwrap();
    let run = run_with(dir.path(), passing(), "validation");
    let source = Source::Run {
        run,
        evaluation: Some("validation-step-000000128".to_owned()),
    };
    let made = issued(&source, "tradeify-50k", &dir.path().join("out"));
    // A judgement on validation that calls itself one on test.
    let gate = forge(&made, |file| {
        file.kind = DocumentKind::Certificate;
        file.title = "Compliance certificate: PASSED".to_owned();
        file.reasons.clear();
        file.subject.part = Some("test".to_owned());
    });
    assert!(!gate.open);
    let told = |what: &str| gate.reasons.iter().any(|r| r.starts_with(what));
    assert!(told("agent does not agree"), "{:?}", gate.reasons);

    let dir = tempfile::tempdir().unwrap();
    let run = run_with(dir.path(), passing(), "test");
    let made = issued(&of_run(&run), "tradeify-50k", &dir.path().join("out"));
    assert!(certificate::gate(&made.json, None, None).open);
    type Change = fn(&mut holdout_store::certificate::CertificateFile);
    let cases: [(&str, Change); 5] = [
        ("list of files", |f| f.inputs.retain(|i| i.role != "data")),
        ("list of files", |f| f.inputs[0].bytes += 1),
        ("list of files", |f| {
            let twice = f.inputs[4].clone();
            f.inputs.insert(
                0,
                holdout_store::certificate::InputHash {
                    role: "checkpoint".to_owned(),
                    ..f.inputs
                        .iter()
                        .find(|i| i.role == "plan")
                        .cloned()
                        .unwrap_or(twice)
                },
            );
        }),
        ("agent", |f| f.subject.looks = Some(0)),
        ("agent", |f| f.subject.checkpoint_step = Some(64)),
    ];
    for (i, (what, change)) in cases.into_iter().enumerate() {
        let gate = forge(&made, change);
        let told = gate.reasons.iter().any(|r| r.starts_with(what));
        assert!(!gate.open && told, "case {i}: {:?}", gate.reasons);
    }
    // A run that it is not about, though all its files are the same.
    let gate = forge(&made, |f| f.subject.run = None);
    assert!(!gate.open && gate.reasons.iter().any(|r| r.contains("no run")));
}

#[test]
fn a_rule_set_from_a_file_is_one_of_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let run = run_with(dir.path(), passing(), "test");
    let text = holdout_core::compliance::RuleSet::builtin_text("tradeify-50k").unwrap();
    let own = text.replace("id = \"tradeify-50k\"", "id = \"mine\"");
    let path = dir.path().join("mine.toml");
    fs::write(&path, &own).unwrap();
    let out = dir.path().join("out");
    let made = issued(&of_run(&run), path.to_str().unwrap(), &out);
    let gate = certificate::gate(&made.json, None, None);
    assert!(gate.open && gate.own_ruleset, "{:?}", gate.reasons);
    fs::write(&path, own.replace("5.0", "6.0")).unwrap();
    let v = certificate::verify(&made.json, None).unwrap();
    let wrong = |l: &&certificate::VerifyLine| l.agreement == certificate::Agreement::Mismatch;
    let line = v.lines.iter().find(wrong).map(|l| l.what.as_str());
    assert_eq!((v.matches, line), (false, Some("rule set file")));
    // One that was verified on a day to come would hold for longer than any may.
    fs::write(
        &path,
        own.replace(
            "verified_on = \"2026-11-01\"",
            "verified_on = \"2090-01-01\"",
        ),
    )
    .unwrap();
    let made = issued(&of_run(&run), path.to_str().unwrap(), &out);
    assert_eq!(made.kind, DocumentKind::ComplianceReport);
    assert!(made.reasons[0].contains("2090-01-01"), "{:?}", made.reasons);
}

#[test]
fn a_clock_that_was_put_back_opens_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let run = run_with(dir.path(), passing(), "test");
    let made = issued(&of_run(&run), "tradeify-50k", &dir.path().join("out"));
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(3_600);
    for path in [
        made.json.clone(),
        run.join("run.toml"),
        dir.path().join("runs/registry.json"),
    ] {
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        let before = file.metadata().unwrap().modified().unwrap();
        file.set_modified(later).unwrap();
        let gate = certificate::gate(&made.json, None, None);
        assert!(
            !gate.open && gate.reasons[0].contains("set the clock"),
            "{:?}",
            gate.reasons
        );
        file.set_modified(before).unwrap();
    }
    assert!(certificate::gate(&made.json, None, None).open);
}

#[cfg(unix)]
#[test]
fn a_link_to_the_run_is_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let run = run_with(dir.path(), passing(), "test");
    let made = issued(&of_run(&run), "tradeify-50k", &dir.path().join("out"));
    let link = dir.path().join("elsewhere");
    std::os::unix::fs::symlink(&run, &link).unwrap();
    let gate = certificate::gate(&made.json, Some(&link), None);
    assert!(gate.open, "{:?}", gate.reasons);
    // A link to another run is that other run.
    let other = tempfile::tempdir().unwrap();
    let second = run_with(other.path(), failing(), "test");
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(second, &link).unwrap();
    assert!(!certificate::gate(&made.json, Some(&link), None).open);
}

#[test]
fn a_ledger_that_is_not_the_whole_test_part_makes_no_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let short = Written::seed().days(&WEEK);
    let run = run_with(dir.path(), short, "test");
    let made = issued(&of_run(&run), "apex-50k-seed", &dir.path().join("out"));
    assert_eq!(made.kind, DocumentKind::ComplianceReport);
    let told = made
        .reasons
        .iter()
        .any(|r| r.contains("the test part 2024-03-04"));
    assert!(told, "{:?}", made.reasons);
}

#[test]
fn what_does_not_pass_is_a_report_that_never_calls_itself_a_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let run = run_with(dir.path(), failing(), "test");
    let made = issued(&of_run(&run), "apex-50k-seed", &dir.path().join("out"));
    assert_eq!(made.kind, DocumentKind::ComplianceReport);
    let text = fs::read_to_string(&made.text).unwrap();
    assert!(text.starts_with("Compliance report: FAILED"), "{text}");
    assert!(!text.to_lowercase().contains("certificate"), "{text}");
    assert!(made.pdf.ends_with("compliance-report.pdf"));
    assert!(certificate::verify(&made.json, None).unwrap().matches);
    let gate = certificate::gate(&made.json, None, None);
    assert!(!gate.open && gate.mode.is_none());
    // In sample, and on validation, all checks may hold and it is a report all the same.
    for part in ["train", "validation"] {
        let other = tempfile::tempdir().unwrap();
        let run = run_with(other.path(), passing(), part);
        let source = Source::Run {
            run,
            evaluation: Some(format!("{part}-step-000000128")),
        };
        let made = issued(&source, "tradeify-50k", &other.path().join("out"));
        assert_eq!(made.kind, DocumentKind::ComplianceReport, "{part}");
        assert!(!certificate::gate(&made.json, None, None).open);
    }
}

#[test]
fn an_expired_certificate_opens_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let run = run_with(dir.path(), passing(), "test");
    let old = holdout_core::compliance::RuleSet::builtin_text("tradeify-50k").unwrap();
    let old = old
        .replace("id = \"tradeify-50k\"", "id = \"mine\"")
        .replace(
            "verified_on = \"2026-11-01\"",
            "verified_on = \"2024-01-02\"",
        );
    let path = dir.path().join("mine.toml");
    fs::write(&path, old).unwrap();
    let made = issued(
        &of_run(&run),
        path.to_str().unwrap(),
        &dir.path().join("out"),
    );
    assert_eq!(made.kind, DocumentKind::ComplianceReport);
    let gate = certificate::gate(&made.json, None, None);
    assert!(
        !gate.open && gate.reasons.iter().any(|r| r.contains("expired")),
        "{:?}",
        gate.reasons
    );
}

#[test]
fn a_ledger_from_anywhere_has_no_checkpoint_to_deploy_and_folders_may_move() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = dir.path().join("ledger");
    put(&ledger, passing());
    let out = dir.path().join("out");
    let command = |args: &[&str]| holdout(args);
    let ran = command(&[
        "certificate",
        "issue",
        "--ruleset",
        "tradeify-50k",
        "--ledger",
        ledger.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--json",
    ]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let file = out.join("certificate.json");
    let name = file.to_str().unwrap();
    assert_eq!(parsed(&ran)["kind"], "certificate");
    assert_eq!(command(&["verify", name]).code, 0);
    let gate = command(&["gate", name, "--json"]);
    assert_eq!(gate.code, 1);
    assert!(
        gate.stdout.contains("names no checkpoint"),
        "{}",
        gate.stdout
    );
    let shown = command(&["certificate", "show", name]);
    assert!(shown.stdout.contains("Drawdown, judged twice") && shown.code == 0);
    let moved = dir.path().join("moved");
    fs::rename(&ledger, &moved).unwrap();
    assert_eq!(command(&["verify", name]).code, 1);
    assert_eq!(
        command(&["verify", name, "--base", moved.to_str().unwrap()]).code,
        0
    );
    assert_eq!(command(&["verify", moved.to_str().unwrap()]).code, 3);
    assert_eq!(command(&["gate", "nothing.json"]).code, 1);
}

#[test]
fn the_pdf_holds_its_text_and_the_same_bytes_come_again() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = dir.path().join("ledger");
    put(&ledger, passing());
    let source = Source::Ledger {
        dir: ledger,
        files: Vec::new(),
    };
    let made = issued(&source, "topstep-50k", &dir.path().join("out"));
    let pdf = fs::read(&made.pdf).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.") && pdf.len() > 20_000);
    assert!(pdf.len() < 2_000_000, "{} bytes", pdf.len());
    assert!(certificate::verify(&made.json, None).unwrap().matches);
}

#[test]
fn chances_of_several_firms_stand_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), passing());
    let ledger = dir.path().to_str().unwrap();
    let ran = holdout(&[
        "compliance",
        "chance",
        "--ruleset",
        "topstep-50k,apex-legacy-50k",
        "--ledger",
        ledger,
        "--paths",
        "500",
        "--json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let v = parsed(&ran);
    let chances = v["chances"].as_array().unwrap();
    assert_eq!(chances.len(), 2);
    for c in chances {
        let shares = c["paths"]["shares"].as_array().unwrap();
        let sum: f64 = shares.iter().map(|s| s["share"].as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-9 && c["paths"]["accounts"] == 500);
    }
    let bad = holdout(&["compliance", "chance", "--ledger", ledger, "--paths", "0"]);
    assert_eq!(bad.code, 3, "{}", bad.stderr);
}

#[test]
fn hostile_ledgers_get_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let equity = "time,balance,equity_close,equity_best,equity_worst,position\n";
    let trades = "side,contracts,entry_time,exit_time,net_pnl\n";
    let t = "2024-03-04T15:00:00Z";
    let cases = [
        ("no rows", equity.to_owned(), trades.to_owned()),
        ("nothing", String::new(), String::new()),
        (
            "cut in a row",
            format!("{equity}{t},1,1\n"),
            trades.to_owned(),
        ),
        (
            "NaN",
            format!("{equity}{t},NaN,1,1,1,0\n"),
            trades.to_owned(),
        ),
        (
            "huge",
            format!("{equity}{t},1e300,1,1,1,0\n"),
            trades.to_owned(),
        ),
        ("binary", "\u{0}\u{1}\u{2}".to_owned(), trades.to_owned()),
        (
            "unsorted",
            format!("{equity}2024-03-04T15:01:00Z,1,1,1,1,0\n{t},1,1,1,1,0\n"),
            trades.to_owned(),
        ),
        ("no column", "time,balance\n".to_owned(), trades.to_owned()),
        (
            "worst above best",
            format!("{equity}{t},1,1,1,2,0\n"),
            trades.to_owned(),
        ),
        (
            "exit before entry",
            format!("{equity}{t},1,1,1,1,0\n"),
            format!("{trades}long,1,2024-03-04T15:01:00Z,{t},0\n"),
        ),
    ];
    for (name, equity, trades) in cases {
        fs::write(dir.path().join("equity.csv"), equity).unwrap();
        fs::write(dir.path().join("trades.csv"), trades).unwrap();
        for command in ["check", "chance"] {
            let ledger = dir.path().to_str().unwrap();
            let ran = holdout(&[
                "compliance",
                command,
                "--ruleset",
                "topstep-50k",
                "--ledger",
                ledger,
            ]);
            assert_eq!(ran.code, 3, "{name}: {}{}", ran.stdout, ran.stderr);
            assert!(
                ran.stderr.starts_with("error: ") && !ran.stderr.contains("panicked"),
                "{name}"
            );
        }
    }
    // The largest position that a file can hold is too large, not minus too large.
    fs::write(
        dir.path().join("equity.csv"),
        format!("{equity}{t},50000,50000,50000,50000,-2147483648\n"),
    )
    .unwrap();
    fs::write(
        dir.path().join("trades.csv"),
        format!("side,contracts,entry_time,exit_time,net_pnl,symbol\nlong,1,{t},{t},0,NQ\n"),
    )
    .unwrap();
    let ran = holdout(&[
        "compliance",
        "check",
        "--ruleset",
        "topstep-50k",
        "--ledger",
        dir.path().to_str().unwrap(),
        "--json",
    ]);
    let checks = parsed(&ran)["checks"].clone();
    let size = checks
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["id"] == "size")
        .unwrap()
        .clone();
    assert_eq!((ran.code, &size["status"]), (1, &json!("fail")));
}
