//! `holdout runs`: what was trained, and what its owner wrote about it.

use std::path::Path;

use holdout_store::runs::{Labels, RunFolder};
use serde_json::json;

use super::args::{RunsArgs, RunsCommand};
use super::table::{facts, row, table};
use super::{BadInput as _, Outcome, print_json};
use crate::jobs::registry;
use crate::report::number::{dollars_signed, grouped};

pub(super) fn run(a: &RunsArgs, json: bool) -> Outcome {
    match (&a.command, &a.run) {
        (Some(RunsCommand::Tag { run, tags, remove }), _) => tag(run, tags, remove, json),
        (Some(RunsCommand::Note { run, text, append }), _) => note(run, text, *append, json),
        (None, Some(run)) => show(run, json),
        (None, None) => list(&a.dir, a.find.as_deref().unwrap_or(""), json),
    }
}

fn tag(run: &Path, add: &[String], remove: &[String], json: bool) -> Outcome {
    let add = registry::tags(&add.join(",")).bad_input()?;
    let labels = registry::relabel(run, |labels| {
        labels.tags.retain(|t| !remove.contains(t));
        for tag in add {
            if !labels.tags.contains(&tag) {
                labels.tags.push(tag);
            }
        }
    })
    .bad_input()?;
    tell(&labels, json)
}

fn note(run: &Path, text: &str, append: bool, json: bool) -> Outcome {
    let labels = registry::relabel(run, |labels| {
        labels.notes = match labels.notes.trim() {
            before if append && !before.is_empty() => format!("{before}\n{}", text.trim()),
            _ => text.trim().to_owned(),
        };
    })
    .bad_input()?;
    tell(&labels, json)
}

fn tell(labels: &Labels, json: bool) -> Outcome {
    if json {
        return print_json(labels);
    }
    println!(
        "{}",
        facts(&[
            ("tags", labels.tags.join(", ")),
            ("notes", labels.notes.clone())
        ])
    );
    Ok(())
}

fn list(dir: &Path, find: &str, json: bool) -> Outcome {
    let mut runs = registry::list(dir).bad_input()?;
    let all = runs.len();
    runs.retain(|r| registry::fits(&r.run, find));
    if json {
        return print_json(&runs);
    }
    if runs.is_empty() && all > 0 {
        println!(
            "none of the {all} runs in {} fits \"{find}\"",
            dir.display()
        );
        return Ok(());
    }
    if runs.is_empty() {
        println!(
            "no runs in {}; start one with: holdout train --preset quick --market NQ",
            dir.display()
        );
        return Ok(());
    }
    let mut t = table(&[
        "run",
        "market",
        "state",
        "steps",
        "checkpoints",
        "last validation",
        "tags",
        "notes",
    ]);
    for listed in &runs {
        let r = &listed.run;
        let state = r.state.map_or_else(
            || r.problem.clone().unwrap_or_default(),
            |s| s.name().to_owned(),
        );
        row(
            &mut t,
            &[
                r.id.clone(),
                r.market.clone(),
                state,
                grouped(r.step as f64, 0),
                r.checkpoints.to_string(),
                listed
                    .validation_net_pnl_usd
                    .last()
                    .map_or_else(String::new, |x| dollars_signed(*x, 0)),
                r.tags.join(", "),
                r.notes.lines().next().unwrap_or("").to_owned(),
            ],
        );
    }
    println!("{t}");
    Ok(())
}

fn show(run: &Path, json: bool) -> Outcome {
    let folder = RunFolder::open(run).bad_input()?;
    let status = folder.status().bad_input()?;
    let (checkpoints, best) = (
        folder.checkpoint_steps().bad_input()?,
        folder.best().bad_input()?,
    );
    let evaluations = folder.evaluation_names().bad_input()?;
    let labels = folder.labels().bad_input()?;
    if json {
        return print_json(&json!({
            "run": folder.path(), "id": folder.id(), "status": status, "checkpoints": checkpoints, "best": best,
            "evaluations": evaluations, "data": folder.data().bad_input()?,
            "labels": labels,
        }));
    }
    println!(
        "{}",
        facts(&[
            ("run", folder.id()),
            ("market", status.market.clone()),
            ("state", status.state.name().to_owned()),
            ("steps", grouped(status.step as f64, 0)),
            ("updates", grouped(status.update as f64, 0)),
            ("created", status.created.clone()),
            (
                "checkpoints",
                checkpoints
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            (
                "best",
                best.map_or("none".to_owned(), |b| format!(
                    "step {} by {}",
                    b.step, b.metric
                ))
            ),
            ("evaluations", evaluations.join(", ")),
            ("tags", labels.tags.join(", ")),
            ("notes", labels.notes),
            ("message", status.message.unwrap_or_default()),
        ])
    );
    Ok(())
}
