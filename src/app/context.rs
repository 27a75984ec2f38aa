//! What panels read: the state of the workbench, the theme, and a queue for their commands.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;

use holdout_core::market::split::Part;
use holdout_core::market::{Instrument, Instruments, Split};
use holdout_store::ImportOptions;

use super::about::AboutState;
use super::commands::Command;
use super::compliance::ComplianceState;
use super::examining::Findings;
use super::explaining::ExplainState;
use super::panels::results_data::ResultsView;
use super::panels::runs_data::RunEntry;
use super::panels::train_data::TrainView;
use super::preview::Draft;
use super::queue::QueuedRun;
use super::reporting::ReportState;
use super::theme::Theme;
use super::widgets::candles::CandleSet;
use crate::config::{ConfigProblem, RunConfig};
use crate::dataset::Dataset;
use crate::jobs::Progress;
use crate::jobs::self_test::SelfTest;

/// The pages, left to right as the work goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Page {
    /// Open a market, look at it, split it.
    #[default]
    Data,
    /// Set what training will do.
    Curriculum,
    /// Run it.
    Train,
    /// Judge it.
    Results,
    /// Where it makes and loses its money.
    Regimes,
    /// All checkpoints, and the choice among them.
    Checkpoints,
    /// One checkpoint on several markets.
    Markets,
    /// Hold it against a firm's rules.
    Compliance,
    /// Everything of it in one document.
    Report,
    /// How to do all this.
    Help,
}

impl Page {
    /// All pages in order.
    pub const ALL: [Self; 10] = [
        Self::Data,
        Self::Curriculum,
        Self::Train,
        Self::Results,
        Self::Regimes,
        Self::Checkpoints,
        Self::Markets,
        Self::Compliance,
        Self::Report,
        Self::Help,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "Data",
            Self::Curriculum => "Curriculum",
            Self::Train => "Train",
            Self::Results => "Results",
            Self::Regimes => "Regimes",
            Self::Checkpoints => "Checkpoints",
            Self::Markets => "Markets",
            Self::Compliance => "Compliance",
            Self::Report => "Report",
            Self::Help => "Help",
        }
    }
}

/// A market in the window: the data set and what is needed to draw it.
#[derive(Debug, Clone)]
pub struct Market {
    /// The data set.
    pub dataset: Dataset,
    /// Bars joined for every zoom.
    pub candles: Arc<CandleSet>,
    /// How it was imported.
    pub options: ImportOptions,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Whether it tells of a failure.
    pub error: bool,
    /// The line.
    pub text: String,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Nothing runs.
    Idle,
    /// Training.
    Running,
    /// Waiting.
    Paused,
    /// Asked to stop; finishing the update.
    Stopping,
}

/// How the self-test stands.
#[derive(Debug, Clone, Default)]
pub enum SelfTestState {
    /// Nothing to show.
    #[default]
    Idle,
    /// Under way.
    Running(Arc<Progress>),
    /// What it found.
    Done(Arc<SelfTest>),
    /// Why it could not be done.
    Failed(String),
}

/// What is judged on the Results page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Part of the split.
    pub part: Part,
}

/// Everything that panels read.
pub struct Model {
    /// Page on screen.
    pub page: Page,
    /// Known contracts.
    pub instruments: Instruments,
    /// The market that is open.
    pub market: Option<Market>,
    /// A file being read: its name and how far.
    pub loading: Option<(PathBuf, Arc<Progress>)>,
    /// A file that is looked at before it is imported.
    pub draft: Option<Draft>,
    /// A bar file that is being made of the open market: how far.
    pub making: Option<Arc<Progress>>,
    /// Why the last one could not be made.
    pub make_failed: Option<String>,
    /// Files opened before, the latest first.
    pub recent: Vec<PathBuf>,
    /// Why the last file could not be opened.
    pub load_error: Option<(PathBuf, String)>,
    /// The run as asked.
    pub config: RunConfig,
    /// What is wrong with it.
    pub problems: Vec<ConfigProblem>,
    /// Preset that ghost lines and "default" mean.
    pub preset: &'static str,
    /// Configuration of that preset.
    pub reference: RunConfig,
    /// Whether there is something to undo and to redo.
    pub can_undo: (bool, bool),
    /// How training stands.
    pub run_state: RunState,
    /// Whether what runs is the demo.
    pub demo: bool,
    /// Progress of training.
    pub progress: Arc<Progress>,
    /// Curves, checkpoints and log of the run that is training or was trained last.
    pub train: TrainView,
    /// Runs that wait for their turn, the next one first.
    pub queue: Vec<QueuedRun>,
    /// The learner's self-test.
    pub self_test: SelfTestState,
    /// Runs on disk, the newest first.
    pub runs: Vec<RunEntry>,
    /// Tags and notes that are not written yet.
    pub relabelling: usize,
    /// The run that Results is about.
    pub selected_run: Option<PathBuf>,
    /// Checkpoint of it that is judged: `best`, `last` or a name; best when absent.
    pub checkpoint: Option<String>,
    /// Results of the selected run, by part.
    pub results: Vec<Arc<ResultsView>>,
    /// Part shown on the Results page.
    pub part: Part,
    /// Evaluation in progress: part and how far.
    pub evaluating: Option<(Part, Arc<Progress>)>,
    /// What was found of the selected run beside its results.
    pub findings: Findings,
    /// The Compliance page.
    pub compliance: ComplianceState,
    /// Why the policy did what it did.
    pub explain: ExplainState,
    /// The Report page.
    pub report: ReportState,
    /// Messages, oldest first.
    pub log: Vec<LogLine>,
    /// Device of the last run, as reported.
    pub device: Option<String>,
    /// Versions and devices.
    pub about: AboutState,
    /// Folder of runs.
    pub runs_dir: PathBuf,
}

impl Model {
    /// The contract of the open market, or the one that the configuration names, or NQ.
    pub fn instrument(&self) -> Option<Instrument> {
        if let Some(m) = &self.market {
            return Some(m.dataset.bars.instrument.clone());
        }
        let named = (!self.config.market.is_empty()).then_some(self.config.market.as_str());
        self.instruments.get(named.unwrap_or("NQ")).ok().cloned()
    }

    /// The split of the open market under the present shares.
    pub fn split(&self) -> Option<Split> {
        Split::by_ratio(&self.market.as_ref()?.dataset.sessions, self.config.split).ok()
    }

    /// The problem of a setting, by its path in the configuration.
    pub fn problem(&self, field: &str) -> Option<&str> {
        self.problems
            .iter()
            .find(|p| p.field == field)
            .map(|p| p.message.as_str())
    }

    /// The results of a part, where they have been worked out.
    pub fn result(&self, part: Part) -> Option<&Arc<ResultsView>> {
        self.results.iter().find(|r| r.part == Some(part))
    }

    /// The latest failure in the log.
    pub fn last_error(&self) -> Option<&str> {
        self.log
            .iter()
            .rev()
            .find(|l| l.error)
            .map(|l| l.text.as_str())
    }
}

/// What a panel gets.
pub struct PanelCtx<'a> {
    /// The state.
    pub model: &'a Model,
    /// Colours.
    pub theme: &'a Theme,
    /// Where commands go.
    pub commands: &'a Commands,
}

impl PanelCtx<'_> {
    /// Sends a command; it is carried out after the pass.
    pub fn send(&self, command: Command) {
        self.commands.0.borrow_mut().push(command);
    }
}

/// Commands waiting to be carried out.
#[derive(Debug, Default)]
pub struct Commands(RefCell<Vec<Command>>);

impl Commands {
    /// Adds a command.
    pub fn push(&self, command: Command) {
        self.0.borrow_mut().push(command);
    }

    /// Takes all commands in order.
    pub fn take(&self) -> Vec<Command> {
        self.0.take()
    }
}
