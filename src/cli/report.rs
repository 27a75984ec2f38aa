//! `holdout report`: one document of a run, or of several side by side.

use anyhow::anyhow;

use super::args::ReportArgs;
use super::progress::{bar, stop_on_ctrl_c};
use super::{BadInput as _, Failure, Outcome, print_json};
use crate::jobs::report::{Question, gather, now, write};
use crate::jobs::{Progress, StopFlag};
use crate::report::document::{DocumentFormat, Plan};

pub(super) fn run(a: &ReportArgs, json: bool) -> Outcome {
    let usage = |text: String| Failure::Input(anyhow!(text));
    let checkpoint = a.checkpoint.parse().map_err(usage)?;
    let ending = a.out.extension().and_then(|e| e.to_str()).unwrap_or("");
    let format = match a.format {
        Some(format) => format,
        None => DocumentFormat::of_extension(ending).ok_or_else(|| {
            usage(format!(
                "\"{}\" does not end in .html, .pdf, .md or .json; name the format with --format",
                a.out.display()
            ))
        })?,
    };
    let question = Question {
        run: a.run.clone(),
        checkpoint,
        compare: a.compare.clone(),
        part: a.split.map(Into::into),
    };
    let plan = Plan::of(a.title.clone().unwrap_or_default(), a.section.clone());
    let stop = StopFlag::new();
    stop_on_ctrl_c(&stop)?;
    let shown = bar(0, "Opening the run", json);
    let mut hear = |p: Progress| {
        if p.total > 0 {
            shown.set_length(p.total);
            shown.set_position(p.done);
        }
        shown.set_message(p.what);
        !stop.is_stopped()
    };
    let gathered = gather(&question, &mut hear).bad_input()?;
    let written = write(&gathered, &plan, &now(), format, &a.out, &mut hear)?;
    shown.finish_and_clear();
    if json {
        return print_json(&written);
    }
    let sections: usize = written.sections.iter().map(Vec::len).sum();
    println!(
        "{}: {sections} sections written to {}",
        written.title,
        written.path.display()
    );
    if let Some(folder) = written.charts.first().and_then(|c| c.parent()) {
        println!("{} charts in {}", written.charts.len(), folder.display());
    }
    Ok(())
}
