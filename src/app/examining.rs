//! The window's examinations of a run: all its checkpoints, a comparison of a few, its markets.
//!
//! Each is a job over the same functions as the command of the same name; what it found stays
//! until another run is chosen.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Workbench;
use super::commands;
use super::panels::checkpoints_data::{CheckpointsView, ComparisonView};
use super::panels::markets_data::MarketsView;
use super::widgets::toasts::Tone;
use super::worker;
use crate::jobs::checkpoints::{CheckpointQuestion, CheckpointRow, checkpoint_table, compare};
use crate::jobs::markets::{market_table, sample_files};
use crate::jobs::train::open_run;
use crate::jobs::{Job, Notice, Progress, Reporter, StopReason, Wake};

/// What to examine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// All checkpoints on validation.
    Checkpoints,
    /// Two to six checkpoints against each other.
    Compare(Vec<u64>),
    /// The chosen checkpoint on the sample markets.
    Markets,
}

/// What came out.
#[derive(Debug)]
pub enum Finding {
    /// All checkpoints.
    Checkpoints(Box<CheckpointsView>),
    /// A comparison.
    Comparison(Box<ComparisonView>),
    /// Markets.
    Markets(Box<MarketsView>),
}

/// Examining.
pub type ExamineJob = Job<(), Finding>;

/// What was found of the selected run, and what is under way.
#[derive(Default)]
pub struct Findings {
    /// All checkpoints.
    pub checkpoints: Option<Arc<CheckpointsView>>,
    /// A comparison.
    pub comparison: Option<Arc<ComparisonView>>,
    /// Markets.
    pub markets: Option<Arc<MarketsView>>,
    /// What is under way, and how far.
    pub busy: Option<(Subject, Arc<Progress>)>,
}

/// Starts an examination.
///
/// # Errors
/// When the operating system gives no thread.
pub fn examine(
    run: PathBuf,
    checkpoint: String,
    subject: Subject,
    rows: Vec<CheckpointRow>,
    wake: Wake,
) -> std::io::Result<ExamineJob> {
    Job::spawn("examine", wake, move |r| match subject {
        Subject::Checkpoints => checkpoints(&run, r),
        Subject::Compare(steps) => {
            let pairs = compare(&rows, &steps)?;
            let mut view = ComparisonView::new(&rows, &steps, &pairs);
            view.chart.subtitle = worker::run_name(&run);
            Ok(Finding::Comparison(Box::new(view)))
        }
        Subject::Markets => markets(&run, &checkpoint, r),
    })
}

fn tell(r: &Reporter<(), Finding>, what: &str, done: u64, total: u64) {
    r.progress(Progress {
        what: what.to_owned(),
        done,
        total,
        per_sec: 0.0,
    });
}

fn checkpoints(run: &std::path::Path, r: &Reporter<(), Finding>) -> anyhow::Result<Finding> {
    tell(r, "Opening the run", 0, 0);
    let (folder, data, arena) = open_run(run, &mut |_| !r.flag().is_stopped())?;
    let question = CheckpointQuestion::default();
    let table = checkpoint_table(
        (&folder, &data, &arena),
        None,
        &question,
        r.flag(),
        &|done, n| {
            tell(r, "Checkpoints judged on validation", done, n);
        },
    )?;
    let metrics = folder.metrics()?.values;
    Ok(Finding::Checkpoints(Box::new(CheckpointsView::new(
        table, &metrics,
    ))))
}

fn markets(
    run: &std::path::Path,
    checkpoint: &str,
    r: &Reporter<(), Finding>,
) -> anyhow::Result<Finding> {
    tell(r, "Opening the run", 0, 0);
    let choice = checkpoint.parse().map_err(|e: String| anyhow::anyhow!(e))?;
    let (folder, data, own) = open_run(run, &mut |_| !r.flag().is_stopped())?;
    let files = sample_files();
    let mut on = |_: &str, done: u64, n: u64| tell(r, "Markets judged", done, n);
    let table = market_table(&folder, &data, &own, &choice, &files, r.flag(), &mut on)?;
    Ok(Finding::Markets(Box::new(MarketsView::new(&table))))
}

impl Workbench {
    /// Starts examining the selected run, where nothing is examined yet.
    pub(super) fn examine(&mut self, ctx: &egui::Context, subject: Subject) {
        let (Some(run), None) = (self.model.selected_run.clone(), &self.examining) else {
            return;
        };
        let rows = self
            .model
            .findings
            .checkpoints
            .as_ref()
            .map_or_else(Vec::new, |c| c.table.rows.clone());
        let checkpoint = self
            .model
            .checkpoint
            .clone()
            .unwrap_or_else(|| "best".to_owned());
        match examine(run, checkpoint, subject.clone(), rows, commands::wake(ctx)) {
            Ok(job) => {
                self.model.findings.busy = Some((subject.clone(), job.progress()));
                self.examining = Some((subject, job));
            }
            Err(e) => self.tell(ctx, Tone::Error, format!("Examining cannot start: {e}")),
        }
    }

    /// Asks the examination to stop.
    pub(super) fn stop_examining(&mut self) {
        if let Some((_, job)) = &self.examining {
            job.flag().stop(StopReason::Asked);
        }
    }

    /// Forgets what was found; another run was chosen.
    pub(super) fn forget_findings(&mut self) {
        self.stop_examining();
        self.examining = None;
        self.model.findings = Findings::default();
    }

    pub(super) fn drain_examining(&mut self, ctx: &egui::Context) {
        let Some((subject, job)) = self.examining.take() else {
            return;
        };
        match job.drain(Duration::from_millis(5)).into_iter().next() {
            None | Some(Notice::Event(())) => {
                self.model.findings.busy = Some((subject.clone(), job.progress()));
                self.examining = Some((subject, job));
                return;
            }
            Some(Notice::Done(found)) => {
                let f = &mut self.model.findings;
                match found {
                    Finding::Checkpoints(v) => {
                        (f.checkpoints, f.comparison) = (Some(Arc::from(v)), None);
                    }
                    Finding::Comparison(v) => f.comparison = Some(Arc::from(v)),
                    Finding::Markets(v) => f.markets = Some(Arc::from(v)),
                }
            }
            Some(Notice::Failed(why)) => {
                self.tell(ctx, Tone::Error, format!("Examining ended: {why}"));
            }
        }
        self.model.findings.busy = None;
    }
}
