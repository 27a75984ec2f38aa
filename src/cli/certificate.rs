//! `holdout certificate`, `holdout verify`, `holdout gate`.

use std::path::PathBuf;

use anyhow::anyhow;
use holdout_core::compliance::RuleSet;
use holdout_store::certificate::{CertificateFile, DocumentKind};

use super::args::{CertificateArgs, CertificateCommand, GateArgs, IssueArgs, VerifyArgs};
use super::compliance::rule_text;
use super::{BadInput as _, Failure, Outcome, print_json};
use crate::jobs::certificate::{self, Agreement, Source};
use crate::report::certificate_text;

pub(super) fn run(a: &CertificateArgs, json: bool) -> Outcome {
    match &a.command {
        CertificateCommand::Issue(a) => issue(a, json),
        CertificateCommand::Show { file } => show(file.clone(), json),
    }
}

pub(super) fn issue(a: &IssueArgs, json: bool) -> Outcome {
    let rules = rule_text(&a.ruleset)?;
    let mut files = Vec::new();
    for pair in &a.file {
        let Some((role, path)) = pair
            .split_once('=')
            .filter(|(r, p)| !r.is_empty() && !p.is_empty())
        else {
            return Err(Failure::Input(anyhow!(
                "--file {pair} is not of the form ROLE=FILE, e.g. checkpoint=policy.safetensors"
            )));
        };
        files.push((role.to_owned(), PathBuf::from(path)));
    }
    let source = match (&a.run, &a.ledger) {
        (Some(run), _) => Source::Run {
            run: run.clone(),
            evaluation: a.evaluation.clone(),
        },
        (None, Some(dir)) => Source::Ledger {
            dir: dir.clone(),
            files,
        },
        (None, None) => return Err(Failure::Input(anyhow!("name a --run or a --ledger"))),
    };
    let issued = certificate::issue(&source, &rules, &a.out).bad_input()?;
    if json {
        print_json(&issued)?;
    } else {
        println!("{}", issued.pdf.display());
        println!("{}", issued.text.display());
        println!("{}", issued.json.display());
        for r in &issued.reasons {
            println!("  {r}");
        }
        match issued.kind {
            DocumentKind::Certificate => {
                println!("Certificate, valid until {}", issued.valid_until);
            }
            DocumentKind::ComplianceReport => println!("Compliance report: not passed"),
        }
    }
    match issued.kind {
        DocumentKind::Certificate => Ok(()),
        DocumentKind::ComplianceReport => Err(Failure::Verdict),
    }
}

fn show(path: PathBuf, json: bool) -> Outcome {
    let (file, text) = CertificateFile::read(&path).bad_input()?;
    if !file.is_whole(&text) {
        eprintln!("warning: this file was changed after it was issued; `holdout verify` says more");
    }
    if json {
        return print_json(&file);
    }
    let rules = RuleSet::parse(&file.ruleset_toml).bad_input()?;
    let sections = certificate_text::sections(&file, &rules);
    print!("{}", certificate_text::text(&file, &sections));
    Ok(())
}

pub(super) fn verify(a: &VerifyArgs, json: bool) -> Outcome {
    let v = certificate::verify(&a.file, a.base.as_deref()).bad_input()?;
    if json {
        print_json(&v)?;
    } else {
        for l in &v.lines {
            let word = match l.agreement {
                Agreement::Match => "match",
                Agreement::Mismatch => "MISMATCH",
                Agreement::Missing => "MISSING",
                Agreement::Note => "note",
            };
            println!("{word:<9} {:<24} {}", l.what, l.detail);
        }
        println!("{}", v.title);
        println!(
            "{}; valid until {}{}",
            if v.matches {
                "Everything matches"
            } else {
                "Not everything matches"
            },
            v.valid_until,
            if v.expired { ": EXPIRED" } else { "" }
        );
    }
    if v.matches {
        Ok(())
    } else {
        Err(Failure::Verdict)
    }
}

pub(super) fn gate(a: &GateArgs, json: bool) -> Outcome {
    let g = certificate::gate(&a.file, a.base.as_deref(), a.checkpoint.as_deref());
    if json {
        print_json(&g)?;
    } else {
        println!("Gate {}", if g.open { "OPEN" } else { "SHUT" });
        for r in &g.reasons {
            println!("  {r}");
        }
        if let Some(id) = g.ruleset.as_ref().filter(|_| g.own_ruleset) {
            println!(
                "  under {id}, a rule set of the user's own: no firm's, unless it is copied right"
            );
        }
        if let (Some(mode), Some(line)) = (g.mode, &g.automation) {
            let words = match mode {
                certificate::Mode::Automated => "the agent may trade by itself",
                certificate::Mode::HumanConfirmed => "a person confirms every order",
                certificate::Mode::Advisory => "advice only: a person trades",
            };
            println!("  {words}\n  {line}");
        }
    }
    if g.open {
        Ok(())
    } else {
        Err(Failure::Verdict)
    }
}
