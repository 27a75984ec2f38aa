//! The window's long work: reading a market, training, judging, the demo. All off its thread.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use holdout_core::market::split::Part;
use holdout_store::ImportOptions;
use holdout_store::runs::{CheckpointChoice, RunFolder, test_looks};

use super::context::Market;
use super::panels::results_data::ResultsView;
use super::widgets::candles::CandleSet;
use crate::config::{RunConfig, RunPlan};
use crate::dataset::{Dataset, sample_path};
use crate::jobs::demo::{DemoOptions, Judging, demo_config, demo_import, judge_parts};
use crate::jobs::evaluate::{self, Judge};
use crate::jobs::history;
use crate::jobs::kept;
use crate::jobs::player::PlayerChoice;
use crate::jobs::self_test::{self, Scale, SelfTest, SelfTestOptions};
use crate::jobs::train::{
    RunData, RunOutcome, TrainEvent, problems_to_error, resume_run, train_run,
};
use crate::jobs::{Job, Progress, Reporter, Wake};

/// What training says to the window.
#[derive(Debug)]
pub enum WorkEvent {
    /// Of the run itself.
    Train(TrainEvent),
    /// A market was opened on the way.
    Opened(Box<Market>),
    /// A part was judged on the way.
    Judged(Box<ResultsView>),
    /// The next step of a job of several.
    Step(String),
}

/// How training ended.
#[derive(Debug)]
pub struct Trained {
    /// The run.
    pub outcome: RunOutcome,
    /// Whether results of it were worked out as well.
    pub judged: bool,
}

/// Reading a market.
pub type LoadJob = Job<(), Market>;
/// Training.
pub type TrainJob = Job<WorkEvent, Trained>;
/// Judging.
pub type JudgeJob = Job<(), Judged>;
/// What came of judging, or of showing again what was judged.
#[derive(Debug)]
pub enum Judged {
    /// It can be shown.
    View(Box<ResultsView>),
    /// The run keeps nothing of that, or what it keeps cannot be read, for this reason.
    NotKept(Option<String>),
}
/// [`judge`] or [`reopen`].
pub type StartJudging = fn(PathBuf, String, Part, Wake) -> std::io::Result<JudgeJob>;

/// The self-test.
pub type SelfTestJob = Job<(), SelfTest>;

/// Runs the quick self-test.
///
/// # Errors
/// When the operating system gives no thread.
pub fn self_test(wake: Wake) -> std::io::Result<SelfTestJob> {
    Job::spawn("self-test", wake, |r| {
        let options = SelfTestOptions::new(Scale::Quick);
        self_test::self_test(&options, r.flag(), &mut |check, n, of| {
            r.progress(Progress {
                what: format!("{} of {of}: {check}", n + 1),
                done: n as u64,
                total: of as u64,
                per_sec: 0.0,
            });
        })
    })
}

/// Reads a market and prepares it for drawing.
///
/// # Errors
/// When the operating system gives no thread.
pub fn load(path: PathBuf, options: ImportOptions, wake: Wake) -> std::io::Result<LoadJob> {
    Job::spawn("load", wake, move |r| open_market(&path, options, r))
}

/// Reads a market; `r` hears how far, and can stop it.
pub(super) fn open_market<E, T>(
    path: &Path,
    options: ImportOptions,
    r: &Reporter<E, T>,
) -> anyhow::Result<Market> {
    let dataset = Dataset::load(path, &options, &mut |share| tell_share(r, "Reading", share))?;
    let candles = Arc::new(CandleSet::new(Arc::clone(&dataset.bars)));
    Ok(Market {
        dataset,
        candles,
        options,
    })
}

/// Says how far a job is, as a share from 0 to 1. Answers whether to go on.
pub(super) fn tell_share<E, T>(r: &Reporter<E, T>, what: &str, share: f64) -> bool {
    r.progress(Progress {
        what: what.to_owned(),
        done: (share * 1_000.0) as u64,
        total: 1_000,
        per_sec: 0.0,
    });
    !r.flag().is_stopped()
}

/// Trains a plan on a market.
///
/// # Errors
/// When the operating system gives no thread.
pub fn train(
    plan: RunPlan,
    dataset: Dataset,
    options: ImportOptions,
    runs: PathBuf,
    wake: Wake,
) -> std::io::Result<TrainJob> {
    Job::spawn("train", wake, move |r| {
        let outcome = train_reporting(plan, dataset, &options, &runs, r)?;
        Ok(Trained {
            outcome,
            judged: false,
        })
    })
}

/// Continues a run from its newest checkpoint; what it told before is told again first.
///
/// # Errors
/// When the operating system gives no thread.
pub fn resume(run: PathBuf, wake: Wake) -> std::io::Result<TrainJob> {
    Job::spawn("train", wake, move |r| {
        let folder = RunFolder::open(&run)?;
        let config = RunConfig::from_layers(&[("run.toml".to_owned(), folder.run_toml()?)])?;
        let mut meter = Meter::new(config.phase1.steps + config.phase2.steps);
        let newest = folder.checkpoint_steps()?.last().copied().unwrap_or(0);
        r.progress(meter.at(newest, 0.0));
        for event in history::told(&folder, newest)? {
            r.event(WorkEvent::Train(event));
        }
        let last = CheckpointChoice::Last;
        let outcome = resume_run(&run, last, None, r.flag(), &mut |e| meter.tell(r, e))?;
        Ok(Trained {
            outcome,
            judged: false,
        })
    })
}

fn train_reporting(
    plan: RunPlan,
    dataset: Dataset,
    options: &ImportOptions,
    runs: &Path,
    r: &Reporter<WorkEvent, Trained>,
) -> anyhow::Result<RunOutcome> {
    let mut meter = Meter::new(plan.config.phase1.steps + plan.config.phase2.steps);
    r.progress(meter.at(0, 0.0));
    train_run(plan, dataset, options, runs, r.flag(), &mut |e| {
        meter.tell(r, e)
    })
}

struct Meter {
    what: String,
    total: u64,
}

impl Meter {
    fn new(total: u64) -> Self {
        Self {
            what: "Preparing".to_owned(),
            total,
        }
    }

    /// Passes an event on, and says how far the run is.
    fn tell(&mut self, r: &Reporter<WorkEvent, Trained>, event: TrainEvent) {
        match &event {
            TrainEvent::Phase {
                phase, from_step, ..
            } => {
                self.what = format!("Phase {}", phase.number());
                r.progress(self.at(*from_step, 0.0));
            }
            TrainEvent::Update { record, .. } => {
                r.progress(self.at(record.step, record.train_sps));
            }
            _ => {}
        }
        r.event(WorkEvent::Train(event));
    }

    fn at(&self, done: u64, per_sec: f64) -> Progress {
        Progress {
            what: self.what.clone(),
            done,
            total: self.total.max(done),
            per_sec,
        }
    }
}

/// Judges a checkpoint of a run on a part of its split. Opening test is counted.
///
/// # Errors
/// When the operating system gives no thread.
pub fn judge(
    run: PathBuf,
    checkpoint: String,
    part: Part,
    wake: Wake,
) -> std::io::Result<JudgeJob> {
    Job::spawn("judge", wake, move |r| {
        r.progress(Progress {
            what: "Opening the run".to_owned(),
            done: 0,
            total: 3,
            per_sec: 0.0,
        });
        let choice: PlayerChoice = checkpoint.parse().map_err(|e| anyhow::anyhow!("{e}"))?;
        r.progress(Progress {
            what: format!("Trading every bar of {}", part.name()),
            done: 1,
            total: 3,
            per_sec: 0.0,
        });
        let judged = evaluate::evaluate_run(&run, &choice, part, Judge::default())?;
        r.progress(Progress {
            what: "Drawing".to_owned(),
            done: 2,
            total: 3,
            per_sec: 0.0,
        });
        let view = ResultsView::new(&run_name(&run), &judged);
        Ok(Judged::View(Box::new(view)))
    })
}

/// Shows again what the run keeps of a checkpoint on a part; nothing is played, no look is counted.
///
/// # Errors
/// When the thread cannot be started.
pub fn reopen(
    run: PathBuf,
    checkpoint: String,
    part: Part,
    wake: Wake,
) -> std::io::Result<JudgeJob> {
    Job::spawn("reopen", wake, move |r| {
        r.progress(Progress {
            what: format!("Reading what was judged on {}", part.name()),
            done: 0,
            total: 1,
            per_sec: 0.0,
        });
        let choice: PlayerChoice = checkpoint.parse().map_err(|e| anyhow::anyhow!("{e}"))?;
        Ok(match kept::reopen(&run, &choice, part) {
            Ok(Some(e)) => Judged::View(Box::new(ResultsView::new(&run_name(&run), &e))),
            Ok(None) => Judged::NotKept(None),
            Err(e) => Judged::NotKept(Some(format!("{e:#}"))),
        })
    })
}

/// The identifier of a run folder.
pub fn run_name(run: &Path) -> String {
    run.file_name().map_or_else(
        || run.display().to_string(),
        |n| n.to_string_lossy().into_owned(),
    )
}

/// How often the test part of a run's split was opened so far.
///
/// # Errors
/// When the run or the registry cannot be read.
pub fn looks_so_far(run: &Path) -> anyhow::Result<u64> {
    let folder = RunFolder::open(run)?;
    let data: RunData =
        serde_json::from_value(folder.data()?).context("data.json of the run is not valid")?;
    Ok(test_looks(&folder.runs()?, &data.test_part())?.len() as u64)
}

/// Whether a real graphics card can draw the window.
pub fn has_graphics_card() -> bool {
    holdout_learn::device::cards().is_ok_and(|cards| !cards.is_empty())
}

/// The demo of the command line, with the market and the results on show as they come.
///
/// # Errors
/// When the operating system gives no thread.
pub fn demo(options: DemoOptions, wake: Wake) -> std::io::Result<TrainJob> {
    Job::spawn("demo", wake, move |r| {
        r.event(WorkEvent::Step("opening sample NQ".to_owned()));
        let market = open_market(&sample_path("NQ")?, demo_import(), r)?;
        r.event(WorkEvent::Opened(Box::new(market.clone())));
        let config = demo_config(&options)?;
        let plan = config
            .plan(&market.dataset.bars.instrument)
            .map_err(problems_to_error)?;
        let outcome = train_reporting(plan, market.dataset, &market.options, &options.runs, r)?;
        if outcome.stopped {
            return Ok(Trained {
                outcome,
                judged: false,
            });
        }
        let run = run_name(&outcome.run);
        let mut done = 0;
        judge_parts(&outcome, &mut |judging| match judging {
            Judging::Begins(part) => {
                r.event(WorkEvent::Step(format!("judging on {}", part.name())));
                r.progress(Progress {
                    what: format!("Judging on {}", part.name()),
                    done,
                    total: Part::ALL.len() as u64,
                    per_sec: 0.0,
                });
            }
            Judging::Done(judged, _) => {
                done += 1;
                let view = ResultsView::new(&run, &judged);
                r.event(WorkEvent::Judged(Box::new(view)));
            }
        })?;
        Ok(Trained {
            outcome,
            judged: true,
        })
    })
}
