//! `holdout metrics` on other people's numbers, against other people's answers.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::programme::{holdout, json};

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// Asserts a number at a path of the JSON.
fn close(v: &Value, path: &str, want: f64, tolerance: f64) {
    let got = path.split('.').fold(v, |v, key| &v[key]);
    let got = got.as_f64().unwrap_or_else(|| panic!("{path} is {got}"));
    let off = (got - want).abs() / want.abs().max(1e-12);
    assert!(off <= tolerance, "{path}: {got} where {want} was expected");
}

fn oracles() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/oracles");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there is no folder of expected values beside this checkout");
    None
}

#[test]
fn figures_of_a_year_agree_with_other_packages() {
    let Some(folder) = oracles() else { return };
    let text = fs::read_to_string(folder.join("risk_nq_daily_2019_returns.csv")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let column = |c: usize| {
        let rows = text.lines().skip(1).map(|l| {
            let cells: Vec<&str> = l.split(',').map(str::trim).collect();
            format!("{},{}\n", cells[0], cells[c])
        });
        format!("date,return\n{}", rows.collect::<String>())
    };
    let daily = write(dir.path(), "daily.csv", &column(1));
    let benchmark = write(dir.path(), "gc.csv", &column(2));
    let v = json(&[
        "metrics",
        "--daily",
        &daily,
        "--benchmark",
        &benchmark,
        "--rf",
        "0",
        "--json",
    ]);
    close(&v, "returns.sharpe", 2.1143065929304643, 1e-9);
    close(&v, "returns.sortino", 3.080956, 1e-6);
    close(&v, "returns.calmar", 3.671994, 1e-6);
    close(&v, "returns.volatility", 0.166792, 1e-5);
    close(&v, "returns.omega", 1.436083, 1e-6);
    close(&v, "returns.tail_ratio", 1.036954, 1e-6);
    close(&v, "returns.skewness", -0.559158, 1e-5);
    close(&v, "returns.kurtosis", 2.679334, 1e-6);
    close(&v, "returns.ulcer_index", 0.0290716, 1e-5);
    close(&v, "benchmark.information_ratio", 0.793519, 1e-5);
    close(&v, "risk.fraction.var", -0.0158860, 1e-5);
    close(&v, "risk.fraction.cvar", -0.0241435, 1e-5);
    close(&v, "deflation.probabilistic_sharpe", 0.977904, 1e-5);
    close(&v, "drawdown.closed_daily.max_fraction", 0.109717, 1e-5);
    assert_eq!(v["trades"], Value::Null);
    assert_eq!(v["reasons"]["trades"], "no trades were given");
}

#[test]
fn candidates_agree_with_the_published_definition() {
    let Some(folder) = oracles() else { return };
    let table = folder.join("pbo_matrix.csv").display().to_string();
    let v = json(&["metrics", "--candidates", &table, "--blocks", "8", "--json"]);
    close(
        &v,
        "candidates_alone.overfitting.probability",
        0.485_714_285_714_285_7,
        1e-12,
    );
    close(
        &v,
        "candidates_alone.overfitting.mean_logit",
        0.047_602_921_573_931_39,
        1e-9,
    );
}

#[test]
fn every_null_has_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    for (name, rows) in [
        ("one day", "2024-03-04,100\n"),
        ("constant", "2024-03-04,0\n2024-03-05,0\n2024-03-06,0\n"),
        ("all wins", "2024-03-04,10\n2024-03-05,20\n2024-03-06,30\n"),
        (
            "below zero",
            "2024-03-04,-60000\n2024-03-05,20\n2024-03-06,30\n",
        ),
    ] {
        let daily = write(d, "daily.csv", &format!("date,net_pnl\n{rows}"));
        let v = json(&["metrics", "--daily", &daily, "--json"]);
        let reasons = v["reasons"].as_object().unwrap();
        let text = v.to_string();
        assert!(!text.contains("NaN") && !text.contains(":inf"), "{name}");
        assert!(
            reasons.contains_key("returns.sharpe") || name == "all wins",
            "{name}: {reasons:?}"
        );
        assert!(
            reasons
                .values()
                .all(|r| r.as_str().is_some_and(|r| r.len() > 8)),
            "{name}"
        );
    }
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let cases = [
        ("date,net_pnl\n2024-03-04,NaN\n", "line 2, column net_pnl"),
        ("date,net_pnl\n", "no days"),
        ("", "the file is empty"),
        (
            "date,net_pnl\n2024-03-05,1\n2024-03-04,1\n",
            "line 3, column date",
        ),
    ];
    for (text, want) in cases {
        let daily = write(d, "bad.csv", text);
        let ran = holdout(&["metrics", "--daily", &daily, "--json"]);
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        assert!(
            ran.stderr.contains(want) && ran.stdout.is_empty(),
            "{want}: {}",
            ran.stderr
        );
    }
}
