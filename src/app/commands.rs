//! What panels ask for, and the one place where it is done.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdout_core::market::SplitRatios;
use holdout_core::market::split::Part;
use holdout_store::ImportOptions;

use super::Workbench;
use super::about::AboutState;
use super::compliance::ComplianceCommand;
use super::context::{Page, RunState};
use super::examining::Subject;
use super::explaining::ExplainCommand;
use super::exporting::{ExportTo, Exported};
use super::files::Ask;
use super::help;
use super::making::Make;
use super::queue::QueueCommand;
use super::reporting::ReportCommand;
use super::theme::{self, Mode, Theme};
use super::widgets::chart_view::ExportFormat;
use super::widgets::toasts::Tone;
use crate::config::RunConfig;
use crate::dataset::sample_path;
use crate::jobs::StopReason;
use crate::jobs::registry::Relabel;
use crate::report::{Chart, Look, chart_csv, png, svg};

/// A wish of the user.
#[derive(Debug, Clone)]
pub enum Command {
    /// Show a page.
    Go(Page),
    /// Ask for a bar file.
    OpenDialog,
    /// Open a bar file or a run folder at once.
    Open(PathBuf, Box<ImportOptions>),
    /// Show what a bar file would be imported as.
    Preview(PathBuf, Box<ImportOptions>),
    /// Import the file that is previewed.
    Import,
    /// Put the previewed file away.
    DropDraft,
    /// Make a new bar file of the open market.
    Make(Make),
    /// Stop making it.
    CancelMaking,
    /// Open a sample market.
    OpenSample(&'static str),
    /// Stop reading.
    CancelLoad,
    /// Divide the sessions otherwise.
    SetSplit(SplitRatios),
    /// Take over changed settings.
    SetConfig(Box<RunConfig>),
    /// Take a preset's settings.
    Preset(&'static str),
    /// Take the last change back.
    Undo,
    /// Do it again.
    Redo,
    /// Train.
    Start,
    /// Wait after the present update.
    Pause,
    /// Go on.
    Resume,
    /// Write a checkpoint and end.
    Stop,
    /// Train on from a run's newest checkpoint.
    ContinueRun(PathBuf),
    /// Something about the queue of runs.
    Queue(QueueCommand),
    /// Check the learner on made-up markets.
    SelfTest,
    /// Stop the self-test, or close what it found.
    EndSelfTest,
    /// Load, train and judge the sample market.
    RunDemo,
    /// Look for runs on disk.
    ReadRuns,
    /// Write tags and notes about a run.
    Relabel(Relabel),
    /// Make a run the one that Results is about.
    SelectRun(PathBuf),
    /// Judge another checkpoint: `best`, `last` or a step.
    ChooseCheckpoint(String),
    /// Show a part; judges it first, and asks first for test.
    ShowResults(Part),
    /// Judge test, having been asked.
    OpenTest,
    /// Examine the selected run: its checkpoints, a comparison, its markets.
    Examine(Subject),
    /// Stop examining.
    StopExamining,
    /// Something of the Compliance page.
    Compliance(ComplianceCommand),
    /// Why the policy did what it did on the evaluation on show.
    Explain(ExplainCommand),
    /// Something of the Report page.
    Report(ReportCommand),
    /// Write a chart to a file.
    Export(Box<Chart>, ExportFormat),
    /// Dark or light.
    SetMode(Mode),
    /// Size of everything.
    Zoom(f32),
    /// Show the chapter about the page on show.
    HelpHere,
    /// Show versions and devices.
    OpenAbout,
    /// Put them away.
    CloseAbout,
    /// Show or hide messages.
    ToggleLog,
    /// Show or hide the list of runs.
    ToggleRuns,
    /// Show or hide the command palette.
    TogglePalette,
    /// Answer to closing while training: end it and close.
    StopAndClose,
}

impl Workbench {
    /// Carries a command out.
    pub fn apply(&mut self, ctx: &egui::Context, command: Command) {
        match command {
            Command::Go(page) => self.go(page),
            Command::OpenDialog => self.ask(ctx, &Ask::OpenBars, None),
            Command::Open(path, options) => self.open(ctx, path, *options),
            Command::Preview(path, options) => self.look_at_file(ctx, path, *options),
            Command::Import => self.import_draft(ctx),
            Command::DropDraft => self.drop_draft(),
            Command::Make(make) => self.make(ctx, make),
            Command::CancelMaking => self.cancel_making(),
            Command::OpenSample(market) => match sample_path(market) {
                Ok(path) => self.open(ctx, path, ImportOptions::default()),
                Err(e) => self.tell(
                    ctx,
                    Tone::Error,
                    format!("The sample cannot be opened: {e}"),
                ),
            },
            Command::CancelLoad => self.cancel_load(),
            Command::SetSplit(split) => {
                self.model.config.split = split;
                self.check();
            }
            Command::SetConfig(config) => {
                self.model.config = *config;
                self.check();
            }
            Command::Preset(name) => self.preset(ctx, name),
            Command::Undo => self.undo(),
            Command::Redo => self.redo(),
            Command::Start => self.start(ctx),
            Command::Pause => self.pause(true),
            Command::Resume => self.pause(false),
            Command::Stop => self.stop(StopReason::Asked),
            Command::ContinueRun(path) => self.continue_run(ctx, path),
            Command::Queue(command) => self.queue(ctx, command),
            Command::SelfTest => self.start_self_test(ctx),
            Command::EndSelfTest => self.end_self_test(),
            Command::RunDemo => self.run_demo(ctx),
            Command::Examine(subject) => self.examine(ctx, subject),
            Command::StopExamining => self.stop_examining(),
            Command::ReadRuns => self.read_runs(ctx),
            Command::Relabel(change) => self.relabel(ctx, change),
            Command::SelectRun(path) => self.select_run(ctx, path),
            Command::ChooseCheckpoint(name) => {
                self.model.checkpoint = Some(name);
                self.model.results.clear();
                // Markets were judged with the checkpoint of before.
                self.model.findings.markets = None;
                // Test is never judged again without being asked for.
                if self.model.part != Part::Test {
                    self.judge(ctx, self.model.part);
                }
            }
            Command::ShowResults(part) => self.show_results(ctx, part),
            Command::OpenTest => {
                self.ask_test = None;
                self.judge(ctx, Part::Test);
            }
            Command::Export(chart, format) => {
                let name = format!("{}.{}", file_name(&chart), format.extension());
                self.export_to = Some(ExportTo::new(Exported::Chart(chart, format), &name));
            }
            Command::Explain(command) => self.apply_explain(ctx, command),
            Command::Report(command) => self.apply_report(ctx, command),
            Command::Compliance(command) => self.comply(ctx, command),
            Command::SetMode(mode) => {
                self.theme = Theme::new(mode);
                ctx.set_theme(mode.egui());
            }
            Command::Zoom(zoom) => ctx.set_zoom_factor(zoom),
            Command::HelpHere => {
                let (file, anchor) = help::chapter(self.model.page);
                self.help.open(file, anchor);
                self.model.page = Page::Help;
            }
            Command::OpenAbout => self.open_about(ctx),
            Command::CloseAbout => self.model.about = AboutState::Closed,
            Command::ToggleLog => self.log_open = !self.log_open,
            Command::ToggleRuns => self.toggle_runs(ctx),
            Command::TogglePalette => self.palette.toggle(),
            Command::StopAndClose => {
                self.closing = true;
                self.ask_close = false;
                self.stop(StopReason::Closing);
            }
        }
    }

    fn go(&mut self, page: Page) {
        if page == Page::Compliance {
            self.read_evaluations();
        }
        self.model.page = page;
    }

    fn preset(&mut self, ctx: &egui::Context, name: &'static str) {
        match RunConfig::preset(name) {
            Ok(preset) => {
                self.model.preset = name;
                self.model.reference = preset.clone();
                let own = &self.model.config;
                self.model.config = RunConfig {
                    split: own.split,
                    seed: own.seed,
                    device: own.device,
                    data: own.data.clone(),
                    market: own.market.clone(),
                    ..preset
                };
                self.check();
            }
            Err(e) => self.tell(
                ctx,
                Tone::Error,
                format!("The preset cannot be read: {e:#}"),
            ),
        }
    }

    fn undo(&mut self) {
        if let Some(config) = self.undoer.undo(&self.model.config).cloned() {
            self.model.config = config;
            self.check();
        }
    }

    fn redo(&mut self) {
        if let Some(config) = self.undoer.redo(&self.model.config).cloned() {
            self.model.config = config;
            self.check();
        }
    }

    fn pause(&mut self, pause: bool) {
        let Some(job) = &self.training else { return };
        if pause {
            job.flag().pause();
            self.model.run_state = RunState::Paused;
        } else {
            job.flag().resume();
            self.model.run_state = RunState::Running;
        }
    }

    fn stop(&mut self, reason: StopReason) {
        if let Some(job) = &self.training {
            job.flag().stop(reason);
            self.model.run_state = RunState::Stopping;
        }
    }

    fn show_results(&mut self, ctx: &egui::Context, part: Part) {
        self.model.page = Page::Results;
        self.model.part = part;
        if self.model.selected_run.is_none() {
            // A run that was just trained is what is meant.
            self.model.selected_run.clone_from(&self.model.train.path);
        }
        if self.model.result(part).is_some() || self.model.evaluating.is_some() {
            return;
        }
        self.test_wanted = part == Part::Test;
        if part != Part::Test {
            self.judge(ctx, part);
        } else if self.keeps(part) {
            self.reopen(ctx, part);
        } else {
            self.ask_for_test();
        }
    }

    /// Whether the selected run keeps an evaluation of a part, of whichever checkpoint.
    fn keeps(&self, part: Part) -> bool {
        let front = format!("{}-", part.name());
        let names = &self.model.compliance.evaluations;
        names.iter().any(|name| name.starts_with(&front))
    }

    /// Shows again what was judged last, the test part before the others; judges nothing.
    pub(super) fn show_kept(&mut self, ctx: &egui::Context) {
        let parts = [Part::Test, Part::Validation, Part::Train];
        if let Some(part) = parts.into_iter().find(|&p| self.keeps(p)) {
            self.model.part = part;
            self.test_wanted = false;
            self.reopen(ctx, part);
        }
    }

    /// Writes a chart; the answer comes as a message.
    pub(super) fn export(
        &mut self,
        ctx: &egui::Context,
        path: &Path,
        chart: &Chart,
        format: ExportFormat,
    ) {
        // A panel needs room for its curve and its ticks.
        let height = 620.max(150 + 105 * chart.panels.len() as u32);
        let written = match format {
            ExportFormat::Csv => {
                std::fs::write(path, chart_csv::csv(chart)).map_err(anyhow::Error::from)
            }
            ExportFormat::Svg => {
                std::fs::write(path, svg::svg(chart, &Look::paper(), 1_000, height))
                    .map_err(anyhow::Error::from)
            }
            ExportFormat::Png => png::png(&svg::svg(chart, &Look::paper(), 1_000, height), 2.0)
                .map_err(anyhow::Error::from)
                .and_then(|bytes| std::fs::write(path, bytes).map_err(anyhow::Error::from)),
        };
        match written {
            Ok(()) => self.tell(
                ctx,
                Tone::Info,
                format!("Chart written to {}", path.display()),
            ),
            Err(e) => self.tell(
                ctx,
                Tone::Error,
                format!("The chart could not be written: {e:#} ({})", path.display()),
            ),
        }
    }
}

/// A file name from a chart's title.
fn file_name(chart: &Chart) -> String {
    plain_name(&format!("{} {}", chart.title, chart.subtitle))
}

/// Words as a part of a file name.
pub(super) fn plain_name(words: &str) -> String {
    let plain: String = words
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let parts: Vec<&str> = plain.split('-').filter(|p| !p.is_empty()).collect();
    parts.join("-").chars().take(80).collect()
}

/// What a pending file dialog was for.
pub(super) type Exporting = Option<Exported>;

/// Calls the window back to life from another thread, thirty times a second at most.
pub(super) fn wake(ctx: &egui::Context) -> crate::jobs::Wake {
    let ctx = ctx.clone();
    Arc::new(move || ctx.request_repaint_after(std::time::Duration::from_millis(33)))
}

/// Fonts, styles and theme of a context; before the first pass.
pub fn set_up(ctx: &egui::Context, mode: Mode) {
    theme::install(ctx, mode);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Axis, Unit};

    #[test]
    fn file_names_are_plain() {
        let mut chart = Chart::new("Equity: out of sample", Axis::new("", Unit::Time), vec![]);
        chart.subtitle = "NQ · run-7/validation".to_owned();
        assert_eq!(
            file_name(&chart),
            "equity-out-of-sample-nq-run-7-validation"
        );
    }
}
