//! Versions and devices: looked for when they are asked for, off the window's thread.

use std::sync::Arc;
use std::time::Duration;

use super::Workbench;
use super::commands;
use super::widgets::toasts::Tone;
use crate::jobs::about::{About, about};
use crate::jobs::{Job, Notice};

/// How the About page stands.
#[derive(Default)]
pub enum AboutState {
    /// Not on show.
    #[default]
    Closed,
    /// On show; devices are being looked for.
    Looking,
    /// On show.
    Open(Arc<About>),
}

/// Looking around.
pub type AboutJob = Job<(), About>;

impl Workbench {
    /// Opens the About page.
    pub(super) fn open_about(&mut self, ctx: &egui::Context) {
        self.model.about = AboutState::Looking;
        match Job::spawn("about", commands::wake(ctx), |_| Ok(about())) {
            Ok(job) => self.looking_around = Some(job),
            Err(e) => self.tell(ctx, Tone::Error, format!("Nothing can be looked for: {e}")),
        }
    }

    pub(super) fn drain_about(&mut self, ctx: &egui::Context) {
        let Some(job) = self.looking_around.take() else {
            return;
        };
        match job.drain(Duration::from_millis(2)).pop() {
            None | Some(Notice::Event(())) => self.looking_around = Some(job),
            Some(Notice::Done(found)) => {
                if matches!(self.model.about, AboutState::Looking) {
                    self.model.about = AboutState::Open(Arc::new(found));
                }
            }
            Some(Notice::Failed(why)) => self.tell(ctx, Tone::Error, why),
        }
    }
}
