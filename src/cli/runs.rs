//! `holdout runs`: what was trained.

use std::path::Path;

use holdout_store::runs::{RunFolder, list_runs};
use serde_json::json;

use super::args::RunsArgs;
use super::table::{facts, row, table};
use super::{BadInput as _, Outcome, print_json};
use crate::report::number::grouped;

pub(super) fn run(a: &RunsArgs, json: bool) -> Outcome {
    match &a.run {
        Some(run) => show(run, json),
        None => list(&a.dir, json),
    }
}

fn list(dir: &Path, json: bool) -> Outcome {
    let runs = if dir.is_dir() {
        list_runs(dir).bad_input()?
    } else {
        Vec::new()
    };
    if json {
        return print_json(&runs);
    }
    if runs.is_empty() {
        println!(
            "no runs in {}; start one with: holdout train --preset quick --market NQ",
            dir.display()
        );
        return Ok(());
    }
    let mut t = table(&["run", "market", "state", "steps", "checkpoints", "tags"]);
    for r in &runs {
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
                r.tags.join(", "),
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
    if json {
        return print_json(&json!({
            "run": folder.path(), "id": folder.id(), "status": status, "checkpoints": checkpoints, "best": best,
            "evaluations": evaluations, "data": folder.data().bad_input()?,
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
            ("message", status.message.unwrap_or_default()),
        ])
    );
    Ok(())
}
