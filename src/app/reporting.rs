//! What the Report page keeps and asks for: a report put together after a plan, and written.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use holdout_core::market::split::Part;

use super::Workbench;
use super::commands::{self, plain_name};
use super::context::Page;
use super::exporting::{ExportTo, Exported};
use super::widgets::toasts::Tone;
use crate::jobs::report::{Gathered, Question, Written, gather, now, write};
use crate::jobs::{Job, Notice, Progress, StopReason};
use crate::report::document::{Document, DocumentFormat, Plan};

/// A wish of the Report page.
#[derive(Debug, Clone)]
pub enum ReportCommand {
    /// Put the report together.
    Gather,
    /// Stop what is under way.
    Cancel,
    /// Take other sections, another order, other titles.
    SetPlan(Box<Plan>),
    /// Lay these runs beside the selected one.
    Compare(Vec<PathBuf>),
    /// Make it about another part; the usual one when absent.
    SetPart(Option<Part>),
    /// Ask where to write it.
    Write(DocumentFormat),
    /// Write it.
    WriteTo(DocumentFormat, PathBuf),
}

/// A report that was put together.
#[derive(Debug)]
pub struct ReportView {
    /// What it is about.
    pub question: Question,
    /// What it can show.
    pub gathered: Arc<Gathered>,
    /// What it shows.
    pub document: Document,
    made: String,
}

/// What the page shows.
#[derive(Default)]
pub struct ReportState {
    /// Sections, order, titles.
    pub plan: Plan,
    /// Runs beside the selected one.
    pub compare: Vec<PathBuf>,
    /// Part that was asked for.
    pub part: Option<Part>,
    /// The report, as it was put together last.
    pub view: Option<ReportView>,
    /// What is under way, and how far.
    pub working: Option<Arc<Progress>>,
    /// The document that was written last.
    pub written: Option<Written>,
    /// Why the last wish could not be met.
    pub problem: Option<String>,
}

/// What a job of this page ends with.
pub enum Reported {
    /// Everything was gathered.
    Gathered(Box<(Question, Gathered)>),
    /// A document was written.
    Written(Box<Written>),
}

/// The page's long work.
pub type ReportJob = Job<(), Reported>;

impl Workbench {
    /// Carries a wish of the Report page out.
    pub(super) fn apply_report(&mut self, ctx: &egui::Context, command: ReportCommand) {
        self.model.report.problem = None;
        match command {
            ReportCommand::Gather => self.gather_report(ctx),
            ReportCommand::Cancel => {
                if let Some(job) = &self.reporting {
                    job.flag().stop(StopReason::Asked);
                }
            }
            ReportCommand::SetPlan(plan) => {
                let state = &mut self.model.report;
                state.plan = *plan;
                state.plan.complete();
                if let Some(view) = &mut state.view {
                    view.document = view.gathered.document(&state.plan, &view.made);
                }
            }
            ReportCommand::Compare(runs) => self.model.report.compare = runs,
            ReportCommand::SetPart(part) => self.model.report.part = part,
            ReportCommand::Write(format) => {
                if let Some(view) = &self.model.report.view {
                    let title = view.document.title.clone();
                    let name = format!("{}.{}", plain_name(&title), format.extension());
                    self.export_to = Some(ExportTo::new(Exported::Report(title, format), &name));
                }
            }
            ReportCommand::WriteTo(format, path) => self.write_report(ctx, format, path),
        }
    }

    fn gather_report(&mut self, ctx: &egui::Context) {
        self.model.page = Page::Report;
        let Some(question) = question(&self.model) else {
            return;
        };
        self.report_with(ctx, "Opening the run", move |r| {
            let gathered = gather(&question, &mut |p| {
                r.progress(p);
                !r.flag().is_stopped()
            })?;
            Ok(Reported::Gathered(Box::new((question, gathered))))
        });
    }

    fn write_report(&mut self, ctx: &egui::Context, format: DocumentFormat, path: PathBuf) {
        let Some(view) = &self.model.report.view else {
            return;
        };
        let (gathered, made) = (Arc::clone(&view.gathered), view.made.clone());
        let plan = self.model.report.plan.clone();
        self.report_with(ctx, "Writing", move |r| {
            let written = write(&gathered, &plan, &made, format, &path, &mut |p| {
                r.progress(p);
                !r.flag().is_stopped()
            })?;
            Ok(Reported::Written(Box::new(written)))
        });
    }

    fn report_with(
        &mut self,
        ctx: &egui::Context,
        what: &str,
        work: impl FnOnce(&crate::jobs::Reporter<(), Reported>) -> anyhow::Result<Reported>
        + Send
        + 'static,
    ) {
        if self.reporting.is_some() {
            self.model.report.problem =
                Some("A report is being made; wait for it, or cancel it.".to_owned());
            return;
        }
        match Job::spawn("report", commands::wake(ctx), work) {
            Ok(job) => {
                self.model.report.working = Some(Arc::new(Progress {
                    what: what.to_owned(),
                    ..Progress::default()
                }));
                self.reporting = Some(job);
            }
            Err(e) => self.tell(ctx, Tone::Error, format!("The report cannot be made: {e}")),
        }
    }

    pub(super) fn drain_reporting(&mut self, ctx: &egui::Context) {
        let Some(job) = self.reporting.take() else {
            return;
        };
        let state = &mut self.model.report;
        match job.drain(Duration::from_millis(5)).into_iter().next() {
            None | Some(Notice::Event(())) => {
                let now = job.progress();
                if !now.what.is_empty() {
                    state.working = Some(now);
                }
                self.reporting = Some(job);
                return;
            }
            Some(Notice::Done(Reported::Gathered(found))) => {
                let (question, gathered) = *found;
                let made = now();
                state.view = Some(ReportView {
                    question,
                    document: gathered.document(&state.plan, &made),
                    gathered: Arc::new(gathered),
                    made,
                });
            }
            Some(Notice::Done(Reported::Written(written))) => {
                let text = format!("Report written to {}", written.path.display());
                state.written = Some(*written);
                self.tell(ctx, Tone::Info, text);
            }
            Some(Notice::Failed(why)) => {
                state.problem = Some(why.clone());
                self.tell(ctx, Tone::Error, format!("No report: {why}"));
            }
        }
        self.model.report.working = None;
    }
}

/// What a report would be about now.
pub fn question(model: &super::context::Model) -> Option<Question> {
    let run = model.selected_run.clone()?;
    let checkpoint = model.checkpoint.as_deref().unwrap_or("best").parse().ok()?;
    let compare = model.report.compare.iter();
    Some(Question {
        compare: compare.filter(|r| **r != run).cloned().collect(),
        run,
        checkpoint,
        part: model.report.part,
    })
}
