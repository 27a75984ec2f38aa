//! The window's list of runs: read, and written about, off its thread.

use std::path::PathBuf;
use std::time::Duration;

use super::Workbench;
use super::commands;
use super::panels::runs_data::RunEntry;
use super::widgets::toasts::Tone;
use crate::jobs::registry::{Relabel, list, relabel};
use crate::jobs::{Job, Notice};

/// Reading the list.
pub(super) type RegistryJob = Job<(), Vec<RunEntry>>;

/// What is yet to be done.
#[derive(Default)]
pub(super) struct RegistryWork {
    job: Option<RegistryJob>,
    /// Writes that wait, oldest first.
    waiting: Vec<Relabel>,
    /// The list is to be read once more.
    again: bool,
    /// The job under way writes.
    writes: bool,
}

fn work(runs: PathBuf, change: Option<Relabel>) -> anyhow::Result<Vec<RunEntry>> {
    if let Some(change) = change {
        relabel(&change.run, |labels| *labels = change.labels)?;
    }
    Ok(list(&runs)?.into_iter().map(RunEntry::new).collect())
}

impl Workbench {
    /// Reads the list of runs; the answer comes later.
    pub(super) fn read_runs(&mut self, ctx: &egui::Context) {
        self.registry.again = true;
        self.go_on_with_registry(ctx);
    }

    /// Writes tags and notes.
    pub(super) fn relabel(&mut self, ctx: &egui::Context, change: Relabel) {
        self.registry.waiting.push(change);
        self.go_on_with_registry(ctx);
    }

    fn go_on_with_registry(&mut self, ctx: &egui::Context) {
        let todo = &mut self.registry;
        self.model.relabelling = todo.waiting.len() + usize::from(todo.writes);
        if todo.job.is_some() || (todo.waiting.is_empty() && !todo.again) {
            return;
        }
        let change = if todo.waiting.is_empty() {
            None
        } else {
            Some(todo.waiting.remove(0))
        };
        todo.again = false;
        todo.writes = change.is_some();
        self.model.relabelling = todo.waiting.len() + usize::from(todo.writes);
        let runs = self.model.runs_dir.clone();
        match Job::spawn("runs", commands::wake(ctx), move |_| work(runs, change)) {
            Ok(job) => self.registry.job = Some(job),
            Err(e) => self.tell(ctx, Tone::Error, format!("The runs cannot be listed: {e}")),
        }
    }

    pub(super) fn drain_registry(&mut self, ctx: &egui::Context) {
        let Some(job) = self.registry.job.take() else {
            return;
        };
        let news = job.drain(Duration::from_millis(2)).into_iter().next();
        self.registry.writes &= matches!(news, None | Some(Notice::Event(())));
        match news {
            None | Some(Notice::Event(())) => {
                self.registry.job = Some(job);
                return;
            }
            Some(Notice::Done(runs)) => self.model.runs = runs,
            Some(Notice::Failed(why)) => {
                self.tell(ctx, Tone::Error, format!("The list of runs: {why}"));
            }
        }
        self.go_on_with_registry(ctx);
    }
}
