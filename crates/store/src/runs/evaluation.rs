//! Evaluations of a run: a folder with a ledger and its summary, replaced as a whole.

use std::fs;
use std::path::PathBuf;

use holdout_core::sim::Ledger;
use serde_json::Value;

use super::folder::RunFolder;
use super::status::write_json;
use crate::error::{BadInput, FileError};
use crate::ledger;

/// What an evaluation is made of.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationFiles<'a> {
    /// The account's history.
    pub ledger: &'a Ledger,
    /// Content of `summary.json`.
    pub summary: &'a Value,
    /// More files: name and content.
    pub others: &'a [(&'a str, &'a [u8])],
}

/// Writes `evaluations/<name>/` and returns its path. An evaluation of that name is replaced.
///
/// # Errors
/// When the name is no plain file name, or the system refuses; the old evaluation then stays.
pub fn write_evaluation(
    run: &RunFolder,
    name: &str,
    files: &EvaluationFiles<'_>,
) -> Result<PathBuf, FileError> {
    let folder = run.evaluations();
    for part in std::iter::once(name).chain(files.others.iter().map(|(n, _)| *n)) {
        check_name(run, part)?;
    }
    let fresh = folder.join(format!(".{name}.{}.new", std::process::id()));
    let old = folder.join(format!(".{name}.{}.old", std::process::id()));
    let target = folder.join(name);
    // Leftovers of a killed process with the same number.
    drop(fs::remove_dir_all(&fresh));
    drop(fs::remove_dir_all(&old));
    fs::create_dir_all(&fresh).map_err(|e| FileError::io("create", &fresh, e))?;
    ledger::write(&fresh, files.ledger)?;
    for (other, bytes) in files.others {
        crate::atomic::replace(&fresh.join(other), bytes)?;
    }
    write_json(&fresh.join("summary.json"), files.summary)?;
    if target.exists() {
        fs::rename(&target, &old).map_err(|e| FileError::io("replace", &target, e))?;
    }
    fs::rename(&fresh, &target).map_err(|e| FileError::io("replace", &target, e))?;
    drop(fs::remove_dir_all(&old));
    Ok(target)
}

fn check_name(run: &RunFolder, name: &str) -> Result<(), FileError> {
    let plain = !name.is_empty()
        && !name.starts_with('.')
        && name.len() <= 100
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if plain {
        return Ok(());
    }
    let bad = BadInput::new(
        run.path(),
        format!(
            "\"{}\" cannot name an evaluation",
            crate::error::excerpt(name)
        ),
    );
    Err(bad.expected("letters, digits, - and _").into())
}

#[cfg(test)]
mod tests {
    use holdout_core::market::Instruments;
    use serde_json::json;

    use super::*;
    use crate::runs::NewRun;

    #[test]
    fn an_evaluation_is_replaced_whole_and_its_name_is_plain() {
        let dir = tempfile::tempdir().unwrap();
        let run = RunFolder::create(
            dir.path(),
            &NewRun {
                market: "NQ",
                run_toml: "",
                plan_toml: "",
                data: &json!({}),
            },
        )
        .unwrap();
        let ledger = Ledger {
            instrument: Instruments::builtin().get("NQ").unwrap().clone(),
            interval_secs: 60,
            start_balance: holdout_core::units::Usd::whole(50_000),
            rows: Vec::new(),
            trades: Vec::new(),
            rejected: 0,
            expired: 0,
            same_bar_both: Vec::new(),
            ambiguous: Vec::new(),
            breach: None,
            stalled: None,
        };
        for trades in [1, 2] {
            let files = EvaluationFiles {
                ledger: &ledger,
                summary: &json!({"trades": trades}),
                others: &[("regimes.json", b"{}")],
            };
            let path = write_evaluation(&run, "validation-best", &files).unwrap();
            let text = fs::read_to_string(path.join("summary.json")).unwrap();
            assert!(text.contains(&format!("\"trades\": {trades}")));
            assert!(path.join("trades.csv").is_file() && path.join("regimes.json").is_file());
        }
        assert_eq!(run.evaluation_names().unwrap(), ["validation-best"]);
        let files = EvaluationFiles {
            ledger: &ledger,
            summary: &json!({}),
            others: &[],
        };
        for name in ["../x", "", ".hidden", "a/b", "a b"] {
            assert!(write_evaluation(&run, name, &files).is_err(), "{name}");
        }
    }
}
