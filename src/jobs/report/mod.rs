//! A report of a run, or of several side by side: gathered from what runs keep, put together
//! after its user's plan, written as HTML, PDF, Markdown or JSON.
//!
//! A report opens nothing: it shows the evaluations that a run keeps. Where the validation part
//! was not judged yet it is judged now, which costs nothing; the test part never is.

mod comparison;
mod facts;
mod sections;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use holdout_core::market::split::Part;
use holdout_store::atomic::replace;
use holdout_store::runs::CheckpointChoice;
use serde::Serialize;
use serde_json::{Value, json};

use super::Progress;
use super::player::PlayerChoice;
use crate::report::document::{Chapter, Document, DocumentFormat, Plan, Section, SectionId};
use crate::report::document_html::html;
use crate::report::document_markdown::markdown;
use crate::report::document_pdf::pdf;

pub use facts::RunFacts;

/// Version of the JSON form of a report.
pub const REPORT_FORMAT: u32 = 1;

/// What a report is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The run.
    pub run: PathBuf,
    /// Its checkpoint, or an ensemble of it.
    pub checkpoint: PlayerChoice,
    /// Runs beside it, each with its best checkpoint.
    pub compare: Vec<PathBuf>,
    /// Part of the split that it is about; test where that was opened, else validation.
    pub part: Option<Part>,
}

/// Hears how far a report is; answers whether to go on.
pub type Hear<'a> = &'a mut dyn FnMut(Progress) -> bool;

/// Everything that a report can show, whatever its plan.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// A run each, the one that was asked for first.
    pub runs: Vec<Arc<RunFacts>>,
    /// Every section of every run.
    chapters: Vec<Vec<(SectionId, Section)>>,
    /// Runs side by side, where there are several.
    comparison: Option<Chapter>,
}

/// A document that was written.
#[derive(Clone, Debug, Serialize)]
pub struct Written {
    /// The file.
    pub path: PathBuf,
    /// Its format.
    pub format: DocumentFormat,
    /// Charts that lie beside it.
    pub charts: Vec<PathBuf>,
    /// Its title.
    pub title: String,
    /// Titles of its sections, by chapter.
    pub sections: Vec<Vec<String>>,
}

fn step(
    hear: &mut dyn FnMut(Progress) -> bool,
    what: String,
    done: u64,
    total: u64,
) -> anyhow::Result<()> {
    let progress = Progress {
        what,
        done,
        total,
        per_sec: 0.0,
    };
    if !hear(progress) {
        bail!("stopped; nothing was written");
    }
    Ok(())
}

/// Reads the runs and works out everything that the report can show.
///
/// # Errors
/// When a run, its data or its evaluations cannot be read, or the work is stopped.
pub fn gather(question: &Question, hear: Hear<'_>) -> anyhow::Result<Gathered> {
    let mut all = vec![(question.run.clone(), question.checkpoint.clone())];
    for other in &question.compare {
        if all.iter().any(|(run, _)| run == other) {
            bail!("{} is named twice", other.display());
        }
        all.push((other.clone(), CheckpointChoice::Best.into()));
    }
    let total = (all.len() * facts::STEPS as usize + 1) as u64;
    let mut runs = Vec::new();
    for (i, (run, choice)) in all.into_iter().enumerate() {
        let before = i as u64 * facts::STEPS;
        let facts = RunFacts::gather(&run, &choice, question.part, &mut |what, done| {
            step(hear, what.to_owned(), before + done, total)
        })
        .with_context(|| format!("the report cannot show {}", run.display()))?;
        runs.push(Arc::new(facts));
    }
    step(hear, "Laying out".to_owned(), total - 1, total)?;
    let chapters = runs.iter().map(|r| sections::all(r)).collect();
    let comparison = (runs.len() > 1).then(|| comparison::chapter(&runs));
    Ok(Gathered {
        runs,
        chapters,
        comparison,
    })
}

impl Gathered {
    /// The document after a plan. `made` is when, as RFC 3339.
    pub fn document(&self, plan: &Plan, made: &str) -> Document {
        let mut chapters: Vec<Chapter> = self.comparison.iter().cloned().collect();
        for (run, sections) in self.runs.iter().zip(&self.chapters) {
            let chosen = plan.chosen().filter_map(|w| {
                let (_, section) = sections.iter().find(|(id, _)| *id == w.id)?;
                Some(Section {
                    title: w.shown().to_owned(),
                    blocks: section.blocks.clone(),
                })
            });
            chapters.push(Chapter {
                title: format!("Run {}", run.id),
                sections: chosen.collect(),
            });
        }
        Document {
            title: self.title(plan),
            subtitle: self.subtitle(),
            made: made.to_owned(),
            programme: programme(),
            chapters,
        }
    }

    fn title(&self, plan: &Plan) -> String {
        if !plan.title.trim().is_empty() {
            return plan.title.trim().to_owned();
        }
        match self.runs.as_slice() {
            [one] => format!("Run {}", one.id),
            several => format!("{} runs side by side", several.len()),
        }
    }

    fn subtitle(&self) -> String {
        let names = |f: &dyn Fn(&RunFacts) -> String| {
            let mut all: Vec<String> = Vec::new();
            for r in &self.runs {
                let name = f(r);
                if !all.contains(&name) {
                    all.push(name);
                }
            }
            all.join(", ")
        };
        let step = match self.runs.as_slice() {
            [one] => format!(" · {}", one.player()),
            _ => String::new(),
        };
        format!(
            "{} · judged on {}{step}",
            names(&|r| r.data.market.clone()),
            names(&|r| r.main().part.map_or("", Part::name).to_owned()),
        )
    }

    /// Every figure as numbers, with the plan.
    ///
    /// # Errors
    /// Never in practice; the encoder's message otherwise.
    pub fn json(&self, document: &Document) -> anyhow::Result<Value> {
        let runs: Vec<Value> = self
            .runs
            .iter()
            .map(|r| r.json())
            .collect::<anyhow::Result<_>>()?;
        Ok(json!({
            "format": REPORT_FORMAT,
            "title": document.title,
            "about": document.subtitle,
            "made": document.made,
            "programme": document.programme,
            "sections": titles(document),
            "runs": runs,
            "differences": comparison::differences(&self.runs),
        }))
    }
}

fn titles(document: &Document) -> Vec<Vec<String>> {
    let of = |c: &Chapter| c.sections.iter().map(|s| s.title.clone()).collect();
    document.chapters.iter().map(of).collect()
}

fn programme() -> String {
    format!("Holdout {}", env!("CARGO_PKG_VERSION"))
}

/// The present time as a report carries it.
pub fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

/// Writes a report. The file is replaced whole; charts of a Markdown document come before it.
///
/// # Errors
/// When a file cannot be written, or the work is stopped; the old file then stays.
pub fn write(
    gathered: &Gathered,
    plan: &Plan,
    made: &str,
    format: DocumentFormat,
    path: &Path,
    hear: Hear<'_>,
) -> anyhow::Result<Written> {
    step(hear, "Writing".to_owned(), 0, 0)?;
    let document = gathered.document(plan, made);
    let json = || -> anyhow::Result<String> {
        let value = gathered.json(&document)?;
        Ok(format!("{}\n", serde_json::to_string_pretty(&value)?))
    };
    let mut charts = Vec::new();
    let bytes = match format {
        DocumentFormat::Html => html(&document).into_bytes(),
        DocumentFormat::Json => json()?.into_bytes(),
        DocumentFormat::Pdf => {
            let mut go_on = || step(&mut *hear, "Drawing pages".to_owned(), 0, 0).is_ok();
            pdf(&document, &json()?, &mut go_on)?
        }
        DocumentFormat::Md => {
            let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
            let folder = format!("{}-charts", stem.as_deref().unwrap_or("report"));
            let made = markdown(&document, &folder);
            let beside = path.with_file_name(&folder);
            if !made.charts.is_empty() {
                std::fs::create_dir_all(&beside)
                    .with_context(|| format!("failed to create {}", beside.display()))?;
            }
            for (name, svg) in &made.charts {
                let file = beside.join(name);
                replace(&file, svg.as_bytes())?;
                charts.push(file);
            }
            made.text.into_bytes()
        }
    };
    step(hear, "Writing".to_owned(), 0, 0)?;
    replace(path, &bytes)?;
    Ok(Written {
        path: path.to_owned(),
        format,
        charts,
        sections: titles(&document),
        title: document.title,
    })
}
