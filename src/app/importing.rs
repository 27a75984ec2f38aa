//! From a file that was dropped, chosen or typed to an open market, by way of a preview.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use holdout_store::ImportOptions;

use super::Workbench;
use super::commands;
use super::context::{LogLine, Page};
use super::preview::{self, Draft};
use super::widgets::toasts::Tone;
use crate::jobs::{Notice, StopReason};

impl Workbench {
    /// Looks at a file; a run folder is opened at once. What is open stays open.
    pub(super) fn look_at_file(
        &mut self,
        ctx: &egui::Context,
        path: PathBuf,
        options: ImportOptions,
    ) {
        if path.join("status.json").is_file() {
            self.open(ctx, path, options);
            return;
        }
        self.model.page = Page::Data;
        self.model.load_error = None;
        self.stop_looking();
        // The same file read otherwise: what its first lines said stays until it is said anew.
        let earlier = self.model.draft.take().filter(|d| d.path == path);
        let mut draft = Draft {
            path: path.clone(),
            options: options.clone(),
            ..Draft::default()
        };
        if let Some(earlier) = earlier {
            draft.head = earlier.head;
            draft.known = earlier.known;
        }
        match preview::start(path, options, commands::wake(ctx)) {
            Ok(job) => {
                draft.reading = Some(job.progress());
                self.looking = Some(job);
            }
            Err(e) => draft.failed = Some(format!("the file cannot be read: {e}")),
        }
        self.model.draft = Some(draft);
    }

    fn stop_looking(&mut self) {
        if let Some(job) = self.looking.take() {
            job.flag().stop(StopReason::Asked);
            // Waiting for its end must not hold up the window.
            std::thread::spawn(move || drop(job));
        }
    }

    /// Puts the file away; what was open before is still there.
    pub(super) fn drop_draft(&mut self) {
        self.stop_looking();
        self.model.draft = None;
    }

    /// Imports the file as previewed, now or as soon as all of it was read.
    pub(super) fn import_draft(&mut self, ctx: &egui::Context) {
        let Some(draft) = &mut self.model.draft else {
            return;
        };
        let Some(whole) = draft.whole.clone() else {
            draft.import_when_read = self.looking.is_some();
            return;
        };
        let Some(market) = whole.market.clone() else {
            return;
        };
        let path = draft.path.clone();
        self.model.draft = None;
        self.remember(path);
        self.take_market(market);
        ctx.request_repaint();
    }

    /// Takes in what the look at a file found.
    pub(super) fn drain_looking(&mut self, ctx: &egui::Context) {
        let (Some(job), Some(draft)) = (self.looking.take(), &mut self.model.draft) else {
            return;
        };
        draft.reading = Some(job.progress());
        for notice in job.drain(Duration::from_millis(5)) {
            match notice {
                Notice::Event(head) => draft.head = Some(Arc::new(head)),
                Notice::Done(whole) => {
                    draft.reading = None;
                    draft.known = Some(Arc::clone(&whole.inspection));
                    draft.whole = Some(Arc::new(whole));
                    if draft.import_when_read {
                        self.import_draft(ctx);
                    }
                    return;
                }
                Notice::Failed(why) => {
                    draft.reading = None;
                    draft.import_when_read = false;
                    draft.failed = Some(why.clone());
                    self.model.log.push(LogLine {
                        error: true,
                        text: why,
                    });
                    ctx.request_repaint();
                    return;
                }
            }
        }
        self.looking = Some(job);
    }

    /// Puts a file on top of the recent ones.
    pub(super) fn remember(&mut self, path: PathBuf) {
        let recent = &mut self.model.recent;
        recent.retain(|p| p != &path);
        recent.insert(0, path);
        recent.truncate(8);
    }

    /// Takes dropped files: the first is looked at, and it is said when there were more.
    pub(super) fn take_dropped(&mut self, ctx: &egui::Context) {
        let dropped = ctx.input(|i| i.raw.dropped_files.clone());
        let Some(first) = dropped.first() else {
            return;
        };
        let path = first.path().to_owned();
        if dropped.len() > 1 {
            let n = dropped.len();
            self.tell(
                ctx,
                Tone::Warning,
                format!(
                    "{n} files were dropped; {} is shown, drop the others one by one.",
                    path.display()
                ),
            );
        }
        self.look_at_file(ctx, path, ImportOptions::default());
    }
}
