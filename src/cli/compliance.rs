//! `holdout compliance`: a rule set against anybody's ledger.

use std::path::Path;

use holdout_core::compliance::{Check, Report, RuleSet, Status};
use holdout_core::market::Instruments;
use holdout_store::ledger as ledger_files;

use super::args::{ComplianceArgs, ComplianceCommand};
use super::table::{row, table};
use super::{BadInput as _, Failure, Outcome, certificate, chance, print_json};
use crate::jobs::certificate::{RuleText, judge};
use crate::report::certificate_text::in_unit;
use crate::rulesets;

pub(super) fn run(a: &ComplianceArgs, json: bool) -> Outcome {
    match &a.command {
        ComplianceCommand::Check { ruleset, ledger } => check(ruleset, ledger, json),
        ComplianceCommand::List => list(json),
        ComplianceCommand::Chance(a) => chance::run(a, json),
        ComplianceCommand::Certificate(a) => certificate::issue(a, json),
        ComplianceCommand::Verify(a) => certificate::verify(a, json),
    }
}

/// A rule set by name, or from a file, with its text.
pub(super) fn rule_text(id_or_file: &str) -> Result<RuleText, Failure> {
    rulesets::find(id_or_file).bad_input()
}

/// A rule set by name, or from a file.
pub(super) fn rule_set(id_or_file: &str) -> Result<RuleSet, Failure> {
    Ok(rule_text(id_or_file)?.rules)
}

fn check(ruleset: &str, dir: &Path, json: bool) -> Outcome {
    let rules = rule_set(ruleset)?;
    let ledger = ledger_files::read(dir, &Instruments::builtin()).bad_input()?;
    let report = judge(&rules, &ledger);
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
    let figure = |x: Option<f64>, unit: Option<&str>| {
        x.map_or_else(String::new, |x| in_unit(x, unit.unwrap_or("")))
    };
    let applies = |c: &&Check| c.status != Status::NotApplicable;
    for c in report.checks.iter().filter(applies) {
        row(
            &mut t,
            &[
                c.id.to_owned(),
                c.status.name().to_uppercase(),
                figure(c.limit, c.unit),
                figure(c.worst, c.unit),
                figure(c.room, c.unit),
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
    let mut all = RuleSet::all_builtin();
    for (path, own) in rulesets::own() {
        match own {
            Ok(own) => all.push(own.rules),
            Err(e) => eprintln!("warning: {} was left out: {e:#}", path.display()),
        }
    }
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
