//! Names and texts that others chose: nothing is written outside the folder that was named, and no
//! document, table or terminal takes a text for anything but text.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use holdout_store::certificate::CertificateFile;

use crate::programme::{Ran, holdout, json, judged_run, sample};

fn names() -> Vec<String> {
    let mut all = [
        "../../x",
        "/tmp/holdout-absolute",
        "..",
        ".",
        "CON",
        "nul.txt",
        "a/b",
        "a\\b",
        "=cmd|'/c calc'!A0",
        "@SUM(1+1)",
        "+1",
        "\tx",
        "x\ny",
        "\u{1b}[2J",
        "<script>alert(1)</script>",
        "](x) | `y` **z**",
    ]
    .map(str::to_owned)
    .to_vec();
    all.push("n".repeat(5_000));
    all
}

/// Every file and folder under one, but those under `except`.
fn listing(dir: &Path, except: &[&Path]) -> BTreeSet<PathBuf> {
    let mut all = BTreeSet::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if !except.contains(&path.as_path()) {
            if path.is_dir() {
                all.extend(listing(&path, except));
            }
            all.insert(path);
        }
    }
    all
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    // Deep enough that `../../x` would still lie inside what is looked at.
    let home = dir.path().join("a/b/c");
    fs::create_dir_all(&home).unwrap();
    let run = judged_run(&home);
    let (bars, rules) = (sample("ES_1m_2024q4.csv"), home.join("rules.toml"));
    let out = home.join("out").display().to_string();
    let report = home.join("out/report.json").display().to_string();
    let inside = [PathBuf::from(&run), home.join("out")];
    let inside: Vec<&Path> = inside.iter().map(PathBuf::as_path).collect();
    let text = holdout_core::compliance::RuleSet::builtin_text("apex-50k-seed").unwrap();
    fs::write(&rules, text).unwrap();
    let before = listing(dir.path(), &inside);
    let tried = |args: &[&str]| {
        let ran = Command::new(env!("CARGO_BIN_EXE_holdout"))
            .args(args)
            .current_dir(&home)
            .env("HOLDOUT_CONFIG", home.join("out/config"))
            .env("XDG_CACHE_HOME", home.join("out/cache"))
            .output()
            .unwrap();
        ran.status.code().unwrap_or(-1)
    };
    for name in names() {
        let said = |option: &str| format!("{option}={name}");
        let ensemble = format!("--checkpoint=ensemble:{name}");
        let refused: [&[&str]; 9] = [
            &["train", &said("--market"), "--data", &bars, "--out", &out],
            &["train", &said("--preset"), "--market", "ES", "--out", &out],
            &["data", "import", &bars, &said("--market"), "--out", &out],
            &[
                "data",
                "import",
                &bars,
                "--market=ES",
                &said("--symbol"),
                "--out",
                &out,
            ],
            &["data", "generate", &said("--market"), "--out", &out],
            &["evaluate", "--run", &run, &ensemble],
            &["compliance", "check", &said("--ruleset"), "--ledger", &run],
            &[
                "certificate",
                "issue",
                "--ruleset=apex-50k-seed",
                "--run",
                &run,
                &said("--evaluation"),
                "--out",
                &out,
            ],
            &[
                "replay",
                "--data",
                &bars,
                &said("--market"),
                "--actions",
                &bars,
                "--out",
                &out,
            ],
        ];
        for args in refused {
            let code = tried(args);
            assert!([2, 3].contains(&code), "{args:?} ended with {code}");
        }
        // A word for some, a name of a file for others.
        for args in [
            &["runs", "tag", &run, "--", &name][..],
            &["runs", "note", &run, "--", &name],
            &["ensemble", "--run", &run, "--top=2", &said("--name")],
            &[
                "report",
                "--run",
                &run,
                "--format=json",
                &said("--title"),
                "--out",
                &report,
            ],
        ] {
            let code = tried(args);
            assert!([0, 2, 3].contains(&code), "{args:?} ended with {code}");
        }
        // Typed into a rule set, where it would name a file.
        let own = text.replace("id = \"apex-50k-seed\"", &format!("id = {name:?}"));
        assert_ne!(own, text);
        fs::write(&rules, own).unwrap();
        let named = rules.display().to_string();
        let code = tried(&[
            "certificate",
            "issue",
            "--ruleset",
            &named,
            "--run",
            &run,
            "--out",
            &out,
        ]);
        assert!([0, 1, 3].contains(&code), "{name:?} ended with {code}");
    }
    let after = listing(dir.path(), &inside);
    assert_eq!(after, before);
    assert!(!Path::new("/tmp/holdout-absolute").exists());
}

/// A run that came from somebody else, with texts of theirs in it.
fn labelled(run: &str, notes: &str) {
    let labels = serde_json::json!({"tags": [notes], "notes": notes});
    fs::write(Path::new(run).join("labels.json"), labels.to_string()).unwrap();
}

#[test]
fn a_text_in_a_report_or_on_the_terminal_is_only_text() {
    let dir = tempfile::tempdir().unwrap();
    let run = judged_run(dir.path());
    let hostile =
        "<script>alert(1)</script><img src=x onerror=y> [a](javascript:b) | `c` \u{1b}[2J";
    labelled(&run, hostile);
    let refused = holdout(&["evaluate", "--run", &run, "--checkpoint=ensemble:\u{1b}[2J"]);
    assert!(refused.code == 4 || refused.code == 3);
    assert!(refused.stderr.contains("[2J") && !refused.stderr.contains('\u{1b}'));
    let report = |format: &str| {
        let out = dir.path().join(format!("report.{format}"));
        let shown = out.display().to_string();
        let title = format!("--title={hostile}");
        let words = [
            "report", "--run", &run, "--format", format, &title, "--out", &shown,
        ];
        let Ran { code, stderr, .. } = holdout(&words);
        assert_eq!(code, 0, "{stderr}");
        out
    };
    let page = fs::read_to_string(report("html")).unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(!page.contains("<script>alert") && !page.contains("<img src=x"));
    let text = fs::read_to_string(report("md")).unwrap();
    assert!(text.contains("\\<script\\>alert(1)"));
    let rest = text
        .replace("\\<", "")
        .replace("\\[", "")
        .replace("\\|", "");
    assert!(!rest.contains('<') && !rest.contains("[a]"), "{rest}");
    let runs = dir.path().join("runs").display().to_string();
    for args in [&["runs", "--dir", &runs][..], &["runs", &run]] {
        let ran = holdout(args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains("alert(1)") && !ran.stdout.contains('\u{1b}'));
    }
}

#[test]
fn a_table_from_elsewhere_brings_no_formula_along() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    let bars = |second: &str| {
        let mut text = "time,open,high,low,close,volume,symbol\n".to_owned();
        for minute in 0..40 {
            let symbol = if minute < 20 { "ESH4" } else { second };
            text +=
                &format!("2024-03-04T15:{minute:02}:00Z,5100,5101,5099.75,5100.25,7,{symbol}\n");
        }
        fs::write(at("bars.csv"), text).unwrap();
    };
    for second in [
        "=cmd|'/c calc'!A0",
        "+ESM4",
        "-ESM4",
        "ES\u{1b}[2J",
        "ES\u{0}M4",
    ] {
        bars(second);
        // Read as it is, by what takes canonical bars only.
        let (file, out) = (at("bars.csv"), at("ledger"));
        let ran = holdout(&[
            "replay",
            "--data",
            &file,
            "--market=ES",
            "--actions",
            &file,
            "--out",
            &out,
        ]);
        let told = &ran.stderr;
        assert!(
            ran.code == 3 && told.contains("line 22, column symbol"),
            "{told}"
        );
        assert!(!told.contains(['\u{1b}', '\u{0}']), "{told}");
        // An import leaves out what names no contract of the market.
        let out = at("f.csv");
        let ran = holdout(&["data", "features", &file, "--market=ES", "--out", &out]);
        assert!([0, 3].contains(&ran.code), "{}", ran.stderr);
        let text = fs::read_to_string(&out).unwrap_or_default();
        assert!(!text.contains(second) && !text.contains('\u{1b}'), "{text}");
        fs::remove_file(&out).ok();
    }
    // A mark that a platform puts in front of a symbol is left out of what is written.
    bars("@ESM4");
    json(&[
        "data",
        "features",
        &at("bars.csv"),
        "--market",
        "ES",
        "--out",
        &at("f.csv"),
        "--json",
    ]);
    let text = fs::read_to_string(at("f.csv")).unwrap();
    let last = text.lines().last().unwrap();
    assert!(last.contains(",ESM4,") && !last.contains('@'), "{last}");
}

/// Whoever hands a certificate over could name anything as a file that it rests on.
#[cfg(target_os = "linux")]
#[test]
fn a_certificate_that_rests_on_a_device_is_refused_and_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let run = judged_run(dir.path());
    let out = dir.path().join("out");
    let shown = out.display().to_string();
    holdout(&[
        "certificate",
        "issue",
        "--ruleset=apex-50k-seed",
        "--run",
        &run,
        "--out",
        &shown,
    ]);
    let file = listing(&out, &[])
        .into_iter()
        .find(|p| p.extension().is_some_and(|e| e == "json"))
        .unwrap();
    let (mut forged, _) = CertificateFile::read(&file).unwrap();
    forged.inputs[0].path = PathBuf::from("/dev/zero");
    let (_, text) = forged.sealed().unwrap();
    fs::write(&file, text).unwrap();
    let ran = holdout(&["verify", &file.display().to_string()]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(
        ran.stdout.contains("/dev/zero is no file of"),
        "{}",
        ran.stdout
    );
    // Nor is a device read as a whole where a short file is expected.
    for words in [
        &["verify", "/dev/zero"][..],
        &["train", "--config", "/dev/zero", "--market", "ES"],
    ] {
        let ran = holdout(words);
        assert!(
            ran.code == 3 && ran.stderr.contains("64 MiB"),
            "{}",
            ran.stderr
        );
    }
}
