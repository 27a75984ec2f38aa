//! `holdout compliance`: a rule set against anybody's ledger.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use holdout_core::compliance::{self, Check, CheckSettings, LedgerView, Report, RuleSet, Status};
use holdout_core::market::Instruments;
use holdout_store::ledger as ledger_files;

use super::args::{ComplianceArgs, ComplianceCommand};
use super::table::{row, table};
use super::{BadInput as _, Failure, Outcome, print_json};
use crate::report::number::grouped;

pub(super) fn run(a: &ComplianceArgs, json: bool) -> Outcome {
    match &a.command {
        ComplianceCommand::Check { ruleset, ledger } => check(ruleset, ledger, json),
        ComplianceCommand::List => list(json),
    }
}

/// A rule set by name, or from a file.
pub(super) fn rule_set(id_or_file: &str) -> Result<RuleSet, Failure> {
    let path = Path::new(id_or_file);
    if !path.is_file() {
        return RuleSet::builtin(id_or_file)
            .map_err(|e| anyhow!("{e}; nor is there a file of that name"))
            .bad_input();
    }
    let text = fs::read_to_string(path)
        .with_context(|| format!("failed to read {}", path.display()))
        .bad_input()?;
    RuleSet::parse(&text)
        .with_context(|| format!("failed to read the rule set {}", path.display()))
        .bad_input()
}

fn check(ruleset: &str, dir: &Path, json: bool) -> Outcome {
    let rules = rule_set(ruleset)?;
    let ledger = ledger_files::read(dir, &Instruments::builtin()).bad_input()?;
    let view = LedgerView {
        instrument: ledger.instrument.as_ref(),
        rows: &ledger.rows,
        trades: &ledger.trades,
        // 0 says that the ledger is too short to tell; the checks that need it are unknown then.
        interval_secs: ledger.interval_secs.unwrap_or(0),
    };
    let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    let settings = CheckSettings {
        missing_equity: owned(&ledger.missing_equity),
        missing_trades: owned(&ledger.missing_trades),
        ..CheckSettings::default()
    };
    let report = compliance::check_with(&rules, &view, &settings);
    if json {
        print_json(&report)?;
    } else {
        print_report(&report);
    }
    match report.verdict {
        Status::Pass | Status::Warning | Status::NotApplicable => Ok(()),
        Status::Fail | Status::Unknown => Err(Failure::Verdict),
    }
}

/// The verdict with every check.
pub(super) fn print_report(report: &Report) {
    let mut t = table(&[
        "check", "status", "limit", "worst", "room", "when", "detail",
    ]);
    let number = |x: Option<f64>| x.map_or_else(String::new, |x| grouped(x, 2));
    let applies = |c: &&Check| c.status != Status::NotApplicable;
    for c in report.checks.iter().filter(applies) {
        row(
            &mut t,
            &[
                c.id.to_owned(),
                c.status.name().to_uppercase(),
                number(c.limit),
                number(c.worst),
                number(c.room),
                c.time.clone().unwrap_or_default(),
                c.detail.clone(),
            ],
        );
    }
    println!("{t}");
    for c in report.checks.iter().filter(|c| !applies(c)) {
        println!("  {}: {}", c.id, c.detail);
    }
    println!(
        "{}: {}; {} trading days, {} ambiguous bars",
        report.ruleset.id,
        report.verdict.name().to_uppercase(),
        report.trading_days,
        report.ambiguous_bars
    );
}

fn list(json: bool) -> Outcome {
    let all = RuleSet::all_builtin();
    if json {
        return print_json(&all);
    }
    let mut t = table(&["rule set", "firm", "programme", "verified"]);
    for r in &all {
        row(
            &mut t,
            &[
                r.id.clone(),
                r.firm.clone(),
                r.programme.clone(),
                r.verified_on.to_string(),
            ],
        );
    }
    println!("{t}");
    Ok(())
}
