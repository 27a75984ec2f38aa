//! What the window knows of the reasons behind an evaluation: read when it is first asked for,
//! kept until another evaluation is shown.

use std::sync::Arc;
use std::time::Duration;

use holdout_store::runs::CheckpointChoice;

use super::Workbench;
use super::commands;
use super::panels::results_data::ResultsView;
use super::widgets::candles::CandleSet;
use super::widgets::toasts::Tone;
use crate::jobs::explain::{Explained, explain_run};
use crate::jobs::player::PlayerChoice;
use crate::jobs::{Job, Notice, Progress, StopReason};

/// A wish about reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExplainCommand {
    /// Ask the policy again about the evaluation on show.
    Ask,
    /// Stop asking.
    Cancel,
}

/// An evaluation with its reasons, ready to draw.
#[derive(Debug)]
pub struct ExplainView {
    /// What the policy held at every close.
    pub explained: Explained,
    /// The market.
    pub candles: CandleSet,
}

/// What is known.
#[derive(Default)]
pub struct ExplainState {
    /// The latest.
    pub view: Option<Arc<ExplainView>>,
    /// How far the work is.
    pub working: Option<Arc<Progress>>,
    /// Why it could not be done.
    pub problem: Option<String>,
}

impl ExplainState {
    /// The reasons behind an evaluation, where they were read.
    pub fn of(&self, results: &ResultsView) -> Option<&Arc<ExplainView>> {
        let view = self.view.as_ref()?;
        Arc::ptr_eq(&view.explained.ledger, &results.ledger).then_some(view)
    }
}

/// Asking.
pub type ExplainJob = Job<(), ExplainView>;

impl Workbench {
    /// Carries a wish about reasons out.
    pub(super) fn apply_explain(&mut self, ctx: &egui::Context, command: ExplainCommand) {
        match command {
            ExplainCommand::Cancel => {
                if let Some(job) = &self.explaining {
                    job.flag().stop(StopReason::Asked);
                }
            }
            ExplainCommand::Ask => self.explain(ctx),
        }
    }

    fn explain(&mut self, ctx: &egui::Context) {
        let m = &self.model;
        let (Some(run), Some(results), None) = (
            m.selected_run.clone(),
            m.result(m.part).cloned(),
            &self.explaining,
        ) else {
            return;
        };
        let Some(part) = results.part.filter(|_| m.explain.of(&results).is_none()) else {
            return;
        };
        // A name such as "best" may mean another checkpoint by now: the one that was judged is asked.
        let choice = match m.checkpoint.as_deref().map(str::parse) {
            Some(Ok(PlayerChoice::Ensemble(name))) => PlayerChoice::Ensemble(name),
            _ => CheckpointChoice::Step(results.step).into(),
        };
        let rows = results.ledger.rows.len() as u64;
        let work = Job::spawn("explain", commands::wake(ctx), move |r| {
            let tell = |what: &str, done: u64| {
                r.progress(Progress {
                    what: what.to_owned(),
                    done,
                    total: rows,
                    per_sec: 0.0,
                });
                !r.flag().is_stopped()
            };
            tell("Opening the run", 0);
            let ledger = Arc::clone(&results.ledger);
            let explained = explain_run(&run, &choice, part, ledger, &mut |done| {
                tell("Asking the policy again", done as u64)
            })?;
            let candles = CandleSet::new(Arc::clone(&explained.bars));
            Ok(ExplainView { explained, candles })
        });
        self.model.explain.problem = None;
        match work {
            Ok(job) => {
                self.model.explain.working = Some(job.progress());
                self.explaining = Some(job);
            }
            Err(e) => self.tell(ctx, Tone::Error, format!("Nothing can be asked: {e}")),
        }
    }

    pub(super) fn drain_explaining(&mut self, ctx: &egui::Context) {
        let Some(job) = self.explaining.take() else {
            return;
        };
        match job.drain(Duration::from_millis(5)).into_iter().next() {
            None | Some(Notice::Event(())) => {
                self.model.explain.working = Some(job.progress());
                self.explaining = Some(job);
                return;
            }
            Some(Notice::Done(view)) => {
                let n = view.explained.disagreements;
                if n > 0 {
                    let text = format!(
                        "At {n} closes the checkpoint prefers another action now than it took: probabilities so near to each other are decided by rounding."
                    );
                    self.tell(ctx, Tone::Warning, text);
                }
                self.model.explain.view = Some(Arc::new(view));
            }
            Some(Notice::Failed(why)) => {
                self.model.explain.problem = Some(why.clone());
                self.tell(ctx, Tone::Error, format!("No reasons: {why}"));
            }
        }
        self.model.explain.working = None;
    }
}
