//! The queue of runs: what waits behind the run that trains, and how it moves up.

use super::Workbench;
use super::commands;
use super::context::{Market, Page, RunState};
use super::widgets::toasts::Tone;
use super::worker;
use crate::config::RunConfig;
use crate::report::number;

/// A run that waits for its turn.
#[derive(Debug, Clone)]
pub struct QueuedRun {
    /// Its market, as it was open when the run was queued.
    pub market: Market,
    /// Its settings, as they were then.
    pub config: RunConfig,
}

impl QueuedRun {
    /// Environment steps of both phases.
    pub fn steps(&self) -> u64 {
        self.config.phase1.steps + self.config.phase2.steps
    }

    /// Its name in a narrow list.
    pub fn label(&self) -> String {
        let market = self.market.dataset.market();
        format!("{market} seed {}", self.config.seed)
    }

    /// What it is, in a line.
    pub fn about(&self) -> String {
        format!(
            "{} · {} + {} steps · seed {}",
            self.market.dataset.name,
            number::short(self.config.phase1.steps as f64),
            number::short(self.config.phase2.steps as f64),
            self.config.seed
        )
    }
}

/// A wish about the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueCommand {
    /// Add the present settings as this many runs, with seeds that count up.
    Add(u32),
    /// Move the run at this place one place up.
    Up(usize),
    /// Move the run at this place one place down.
    Down(usize),
    /// Take the run at this place out.
    Remove(usize),
    /// Train the first one.
    Start,
}

impl Workbench {
    /// Carries a wish about the queue out; places that are not there change nothing.
    pub(super) fn queue(&mut self, ctx: &egui::Context, command: QueueCommand) {
        let queue = &mut self.model.queue;
        match command {
            QueueCommand::Add(runs) => self.enqueue(ctx, runs),
            QueueCommand::Up(i) if i > 0 && i < queue.len() => queue.swap(i, i - 1),
            QueueCommand::Down(i) if i + 1 < queue.len() => queue.swap(i, i + 1),
            QueueCommand::Remove(i) if i < queue.len() => drop(queue.remove(i)),
            QueueCommand::Start => self.next_in_queue(ctx),
            QueueCommand::Up(_) | QueueCommand::Down(_) | QueueCommand::Remove(_) => {}
        }
    }

    fn enqueue(&mut self, ctx: &egui::Context, runs: u32) {
        let Some(market) = self.model.market.clone() else {
            self.tell(ctx, Tone::Warning, "Open a market first.".to_owned());
            return;
        };
        if !self.model.problems.is_empty() {
            self.model.page = Page::Curriculum;
            let text = "Some settings make no sense yet; they are marked.";
            self.tell(ctx, Tone::Warning, text.to_owned());
            return;
        }
        // Seeds go on behind those of the same settings that train or wait already.
        let settings = |c: &RunConfig| RunConfig {
            seed: 0,
            ..c.clone()
        };
        let present = &self.model.config;
        let waiting = self.model.queue.iter().map(|q| &q.config);
        let training = self.started.iter().filter(|_| self.training.is_some());
        let first = waiting
            .chain(training)
            .filter(|c| settings(c) == settings(present))
            .map(|c| c.seed + 1)
            .fold(present.seed, u64::max);
        for k in 0..u64::from(runs) {
            self.model.queue.push(QueuedRun {
                market: market.clone(),
                config: RunConfig {
                    seed: first.saturating_add(k),
                    ..self.model.config.clone()
                },
            });
        }
    }

    /// Trains the first of the queue where nothing trains.
    pub(super) fn next_in_queue(&mut self, ctx: &egui::Context) {
        if self.model.run_state != RunState::Idle || self.closing || self.model.queue.is_empty() {
            return;
        }
        let next = self.model.queue.remove(0);
        let instrument = &next.market.dataset.bars.instrument;
        match next.config.plan(instrument) {
            Ok(plan) => {
                let about = next.about();
                self.started = Some(next.config);
                let job = worker::train(
                    plan,
                    next.market.dataset,
                    next.market.options,
                    self.model.runs_dir.clone(),
                    commands::wake(ctx),
                );
                self.follow(ctx, job, false);
                self.model.train.log(format!("from the queue: {about}"));
            }
            Err(problems) => {
                let first = problems
                    .first()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let text = format!("A queued run was left out: {first}");
                self.tell(ctx, Tone::Error, text);
            }
        }
    }
}
