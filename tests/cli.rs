//! Bad input on every command: one clear sentence, the right exit code, nothing written.

use std::fs;
use std::path::Path;

use crate::programme::{holdout, json, sample};

/// Fails unless the command refuses with code 3 and a sentence that holds all `words`.
fn refuses(args: &[&str], words: &[&str]) {
    let ran = holdout(args);
    assert_eq!(
        ran.code, 3,
        "{args:?} gave {}: {}{}",
        ran.code, ran.stdout, ran.stderr
    );
    assert!(ran.stdout.is_empty(), "{args:?} printed {}", ran.stdout);
    let error: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|l| l.starts_with("error: "))
        .collect();
    assert!(
        !error.is_empty() && !ran.stderr.contains("panicked"),
        "{args:?}: {}",
        ran.stderr
    );
    for word in words {
        assert!(
            ran.stderr.contains(word),
            "{args:?} should say {word:?}: {}",
            ran.stderr
        );
    }
}

fn write(dir: &Path, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = dir.join(name);
    fs::write(&path, content).unwrap();
    path.display().to_string()
}

const BARS: &str = "time,open,high,low,close,volume\n\
    2024-03-05T14:29:00Z,17500.00,17501.00,17499.00,17500.00,10\n\
    2024-03-05T14:30:00Z,17500.00,17501.00,17499.00,17500.50,10\n\
    2024-03-05T14:31:00Z,17500.50,17501.00,17499.00,17500.00,10\n";

#[test]
fn bar_files_that_are_none_are_refused_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let out = d.join("out.csv").display().to_string();
    let empty = write(d, "NQ_empty.csv", "");
    let header = write(d, "NQ_header.csv", "time,open,high,low,close,volume\n");
    let prose = write(
        d,
        "NQ_prose.txt",
        "Dear sir or madam,\nthis is no bar file.\n",
    );
    let cut = write(
        d,
        "NQ_cut.csv.gz",
        [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 75, 76],
    );
    let missing = d.join("nowhere.csv").display().to_string();
    for file in [&empty, &header, &prose, &cut, &missing] {
        refuses(&["data", "inspect", file, "--json"], &[]);
        refuses(
            &["data", "import", file, "--market", "NQ", "--out", &out],
            &[],
        );
        refuses(
            &["data", "features", file, "--market", "NQ", "--out", &out],
            &[],
        );
        refuses(
            &[
                "train",
                "--preset",
                "smoke",
                "--data",
                file,
                "--market",
                "NQ",
                "--out",
                &d.join("runs").display().to_string(),
            ],
            &[],
        );
    }
    assert!(
        !d.join("out.csv").exists() && !d.join("runs").exists(),
        "nothing is written"
    );
    let good = write(d, "bars.csv", BARS);
    refuses(&["data", "import", &good, "--out", &out], &["market"]);
    refuses(
        &["data", "import", &good, "--market", "ZZ", "--out", &out],
        &["ZZ", "MNQ"],
    );
    refuses(
        &["data", "generate", "--recipe", "lottery", "--out", &out],
        &["lottery", "driftless"],
    );
    refuses(
        &[
            "data",
            "generate",
            "--from",
            "2024-03-05",
            "--to",
            "2024-03-04",
            "--out",
            &out,
        ],
        &["2024-03-05"],
    );
}

#[test]
fn a_rule_sets_minutes_before_an_early_close_reach_a_replay() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    // The Friday after Thanksgiving closes at 13:15 New York; 20 minutes before are 12:55.
    let minutes = (0..95).map(|m| {
        let (hour, minute) = (17 + m / 60, m % 60);
        format!("2024-11-29T{hour}:{minute:02}:00Z,17500.00,17501.00,17499.00,17500.00,10\n")
    });
    let text = format!(
        "time,open,high,low,close,volume\n{}",
        minutes.collect::<String>()
    );
    let bars = write(d, "bars.csv", &text);
    let actions = write(d, "actions.csv", "time,action\n2024-11-29T17:20:00Z,buy\n");
    let shipped = include_str!("../assets/rulesets/apex-50k-seed.toml");
    let own = shipped
        .replace(
            "early_close_offset_minutes = 1",
            "early_close_offset_minutes = 20",
        )
        .replace("id = \"apex-50k-seed\"", "id = \"own-20\"");
    assert_ne!(own, shipped);
    let own = write(d, "own.toml", &own);
    for (rules, last) in [("apex-50k-seed", "18:13"), (own.as_str(), "17:54")] {
        let out = d.join("ledger").display().to_string();
        let args = [
            "replay",
            "--data",
            &bars,
            "--market",
            "NQ",
            "--actions",
            &actions,
            "--ruleset",
            rules,
            "--out",
            &out,
            "--json",
        ];
        let done = holdout(&args);
        assert_eq!(done.code, 0, "{}", done.stderr);
        let trades = fs::read_to_string(d.join("ledger/trades.csv")).unwrap();
        let left = format!("2024-11-29T{last}:00Z");
        assert!(
            trades.contains(&left) && trades.contains("flat_by"),
            "{rules}: {trades}"
        );
    }
}

#[test]
fn markets_ask_one_finer_file_for_each_file() {
    refuses(
        &[
            "markets", "--run", "nowhere", "--data", "a.csv", "--data", "b.csv", "--finer", "c.csv",
        ],
        &["1 finer files for 2 bar files"],
    );
}

#[test]
fn replay_refuses_what_it_would_have_to_guess() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let bars = write(d, "bars.csv", BARS);
    let actions = write(d, "actions.csv", "time,action\n2024-03-05T14:29:00Z,buy\n");
    let out = d.join("ledger").display().to_string();
    let with = |data: &str, actions: &str, more: &[&str], words: &[&str]| {
        let mut args = vec![
            "replay",
            "--data",
            data,
            "--market",
            "NQ",
            "--actions",
            actions,
            "--out",
            &out,
            "--json",
        ];
        args.extend(more);
        refuses(&args, words);
    };
    let line = |text: &str| {
        BARS.replace(
            "2024-03-05T14:30:00Z,17500.00,17501.00,17499.00,17500.50,10",
            text,
        )
    };
    let unsorted = write(
        d,
        "unsorted.csv",
        line("2024-03-05T14:28:00Z,17500.00,17501.00,17499.00,17500.50,10"),
    );
    let off_tick = write(
        d,
        "off_tick.csv",
        line("2024-03-05T14:30:00Z,17500.10,17501.00,17499.00,17500.50,10"),
    );
    let twice = write(
        d,
        "twice.csv",
        line("2024-03-05T14:29:00Z,17500.00,17501.00,17499.00,17500.50,10"),
    );
    with(&unsorted, &actions, &[], &["line 3"]);
    with(&off_tick, &actions, &[], &["line 3", "17500.1"]);
    with(&twice, &actions, &[], &["line 3"]);
    with(
        &bars,
        &write(d, "a1.csv", "time,action\n2024-03-05T14:29:30Z,buy\n"),
        &[],
        &["14:29:30"],
    );
    with(
        &bars,
        &write(d, "a2.csv", "time,action\n2024-03-05T14:29:00Z,jump\n"),
        &[],
        &["jump"],
    );
    with(
        &bars,
        &write(
            d,
            "a3.csv",
            "time,action\n2024-03-05T14:29:00Z,buy\n2024-03-05T14:29:00Z,hold\n",
        ),
        &[],
        &["second time"],
    );
    with(
        &bars,
        &actions,
        &["--sim", &write(d, "s1.toml", "slip = 1\n")],
        &["slip"],
    );
    with(
        &bars,
        &actions,
        &[
            "--sim",
            &write(d, "s2.toml", "contracts = 0\ntrail_atr = -1\n"),
        ],
        &["contracts", "trail_atr"],
    );
    with(
        &bars,
        &actions,
        &["--sim", &write(d, "s3.toml", "same_bar = \"finer_bars\"\n")],
        &["finer_bars"],
    );
    with(
        &bars,
        &actions,
        &["--ruleset", "nobody-1k"],
        &["nobody-1k", "apex-50k-seed"],
    );
    with(
        &bars,
        &actions,
        &[
            "--ruleset",
            "topstep-50k",
            "--sim",
            &write(d, "s4.toml", "flat_by = \"16:59\"\n"),
        ],
        &["16:59"],
    );
    assert!(!d.join("ledger").exists(), "nothing is written");
    let summary = json(&[
        "replay",
        "--data",
        &bars,
        "--market",
        "NQ",
        "--actions",
        &actions,
        "--out",
        &out,
        "--json",
    ]);
    assert_eq!(
        (summary["bars"].as_u64(), summary["rejected"].as_u64()),
        (Some(3), Some(1)),
        "no entry before ATR is known"
    );
    assert!(d.join("ledger/equity.csv").exists());
    // A calendar of one's own counts the days as well.
    let closed = write(
        d,
        "s5.toml",
        "[early_closes]\n\"2024-03-05\" = \"closed\"\n",
    );
    let summary = json(&[
        "replay",
        "--data",
        &bars,
        "--market",
        "NQ",
        "--actions",
        &actions,
        "--sim",
        &closed,
        "--out",
        &out,
        "--json",
    ]);
    assert_eq!(summary["sessions"].as_u64(), Some(0));
}

#[test]
fn finer_bars_that_are_not_there_are_asked_for() {
    let data = sample("ES_1m_2024q4.csv");
    refuses(
        &[
            "train",
            "--preset",
            "smoke",
            "--data",
            &data,
            "--set",
            "sim.same_bar=finer_bars",
        ],
        &["finer", "stop_first"],
    );
}

#[test]
fn runs_and_ledgers_that_are_none_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = dir.path().join("nowhere").display().to_string();
    refuses(&["evaluate", "--run", &nowhere], &["nowhere"]);
    refuses(&["runs", &nowhere], &["nowhere"]);
    refuses(
        &[
            "compliance",
            "check",
            "--ruleset",
            "apex-50k-seed",
            "--ledger",
            &nowhere,
        ],
        &["nowhere"],
    );
    refuses(
        &[
            "compliance",
            "check",
            "--ruleset",
            "nobody-1k",
            "--ledger",
            &nowhere,
        ],
        &["nobody-1k"],
    );
    refuses(
        &["train", "--preset", "huge", "--market", "NQ"],
        &["huge", "smoke"],
    );
    refuses(&["train", "--preset", "smoke"], &["--data", "--market"]);
    refuses(
        &[
            "train",
            "--preset",
            "smoke",
            "--market",
            "NQ",
            "--set",
            "phase1.ppo.gamma=2",
            "--set",
            "sim.contracts=0",
            "--out",
            &nowhere,
        ],
        &["phase1.ppo.gamma", "sim.contracts"],
    );
    refuses(
        &[
            "train",
            "--preset",
            "smoke",
            "--market",
            "NQ",
            "--set",
            "sim.slip=2",
            "--out",
            &nowhere,
        ],
        &["slip"],
    );
    assert!(!Path::new(&nowhere).exists());
    assert_eq!(holdout(&["train", "--device", "toaster"]).code, 2);
    assert_eq!(holdout(&["fly"]).code, 2);
    assert_eq!(
        json(&["runs", "--dir", &nowhere, "--json"]),
        serde_json::json!([])
    );
}

#[test]
fn sample_files_inspect_as_what_they_are() {
    let seen = json(&["data", "inspect", &sample("ES_1m_2024q4.csv"), "--json"]);
    assert_eq!(seen["market"], "ES");
    assert_eq!(
        (seen["interval_seconds"].as_i64(), seen["bars"].as_u64()),
        (Some(60), Some(89_010))
    );
    assert_eq!(seen["stamp"], "open");
    for key in [
        "dialect",
        "zone",
        "symbols",
        "first",
        "last",
        "sessions",
        "problems",
        "dropped",
        "repairs_offered",
    ] {
        assert!(!seen[key].is_null(), "{key}");
    }
}

#[test]
fn a_split_is_printed_as_training_cuts_it() {
    let file = sample("NQ_1m_2024.parquet");
    let file = file.as_str();
    let shares = json(&["data", "split", file, "--json"]);
    let parts = shares["parts"].as_array().unwrap();
    let names: Vec<&str> = parts.iter().filter_map(|p| p["part"].as_str()).collect();
    assert_eq!(names, ["train", "validation", "test"]);
    let count = |parts: &[serde_json::Value]| -> u64 {
        parts.iter().filter_map(|p| p["sessions"].as_u64()).sum()
    };
    assert_eq!(Some(count(parts)), shares["sessions"].as_u64());
    // By days, and the shares that it prints cut the same days.
    let days = [
        "--validation-from",
        "2024-08-31",
        "--test-from",
        "2024-10-01",
    ];
    let by_days = json(&[&["data", "split", file, "--json"], &days[..]].concat());
    // A Saturday is named; Labor Day is a session, though a short one.
    assert_eq!(by_days["parts"][1]["first"], "2024-09-02");
    assert_eq!(by_days["parts"][2]["first"], "2024-10-01");
    let [train, validation] =
        ["train", "validation"].map(|n| by_days["split"][n].as_f64().unwrap().to_string());
    let again = json(&[
        "data",
        "split",
        file,
        "--json",
        "--train",
        &train,
        "--validation",
        &validation,
    ]);
    assert_eq!(again["parts"], by_days["parts"]);
    let from = |v: &'static str, t: &'static str| {
        [
            "data",
            "split",
            file,
            "--validation-from",
            v,
            "--test-from",
            t,
        ]
    };
    refuses(&from("2031-01-01", "2031-02-01"), &["leaves a part empty"]);
    refuses(
        &from("2024-10-01", "2024-09-01"),
        &["no session for validation"],
    );
    refuses(
        &[
            "data",
            "split",
            file,
            "--train",
            "0.9",
            "--validation",
            "0.2",
        ],
        &["leave something for test"],
    );
}
