//! The main job: a sample market, a short training, the verdict on all three parts.

use std::path::PathBuf;
use std::time::Instant;

use holdout_core::market::split::Part;
use holdout_core::metrics::Succession;
use holdout_learn::DeviceChoice;
use holdout_store::ImportOptions;
use holdout_store::runs::CheckpointChoice;
use serde::Serialize;

use super::StopFlag;
use super::evaluate::{Benchmark, Evaluation, Judge, RandomEntries, evaluate_in};
use super::player::PlayerChoice;
use super::train::{RunOutcome, TrainEvent, open_run, problems_to_error, train_run};
use crate::config::RunConfig;
use crate::dataset::{Dataset, sample_path};

/// What the demo is asked for.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// Folder that receives the run.
    pub runs: PathBuf,
    /// A few seconds of training only.
    pub quick: bool,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Seed.
    pub seed: u64,
}

/// One part of the verdict, for the table and for programs.
#[derive(Clone, Debug, Serialize)]
pub struct PartResult {
    /// Folder with the ledger.
    pub ledger: PathBuf,
    /// In-sample results are marked.
    pub in_sample: bool,
    /// Dollars.
    pub net_pnl: f64,
    /// Closed round trips.
    pub trades: usize,
    /// Share with a profit.
    pub win_rate: Option<f64>,
    /// Wilson interval of the win rate.
    pub win_rate_interval: Option<[f64; 2]>,
    /// Profit factor.
    pub profit_factor: Option<f64>,
    /// Annual Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Annual Sortino ratio.
    pub sortino: Option<f64>,
    /// Calmar ratio.
    pub calmar: Option<f64>,
    /// Largest intraday drawdown in dollars.
    pub max_drawdown: Option<f64>,
    /// Trading days.
    pub days: usize,
    /// When the account failed.
    pub breach: Option<String>,
    /// When the account was shut out.
    pub stalled: Option<String>,
    /// Steps by executed action.
    pub actions: std::collections::BTreeMap<&'static str, u64>,
    /// That account and the fresh ones that followed it once it was lost.
    pub succession: Option<Succession>,
    /// Looks at this test split so far.
    pub looks: Option<u64>,
    /// Compliance verdict.
    pub verdict: holdout_core::compliance::Status,
}

/// Everything that the demo found.
#[derive(Clone, Debug, Serialize)]
pub struct DemoResult {
    /// The run folder.
    pub run: PathBuf,
    /// How training went.
    pub training: RunOutcome,
    /// In-sample.
    pub train: PartResult,
    /// Chosen on.
    pub validation: PartResult,
    /// Judged on.
    pub test: PartResult,
    /// Without the policy, on the test part.
    pub benchmarks: Vec<Benchmark>,
    /// Random entries on the test part.
    pub random_entries: Option<RandomEntries>,
    /// The rule set's verdict on the test part.
    pub compliance: holdout_core::compliance::Report,
    /// Wall time.
    pub seconds: f64,
}

/// What the demo says while it runs.
#[derive(Clone, Debug)]
pub enum DemoEvent {
    /// The next of its steps.
    Step(String),
    /// Of training.
    Train(TrainEvent),
}

impl PartResult {
    /// The figures of an evaluation that was kept in a folder.
    pub fn of(e: &Evaluation, ledger: PathBuf) -> Self {
        let s = e.summary();
        let trades = e.tearsheet.trades.as_ref();
        Self {
            ledger,
            in_sample: e.in_sample,
            net_pnl: s.net_pnl.dollars(),
            trades: s.trades as usize,
            win_rate: trades.and_then(|t| t.all.win_rate),
            win_rate_interval: trades
                .and_then(|t| t.all.win_rate_wilson)
                .map(|i| [i.lower, i.upper]),
            profit_factor: trades.and_then(|t| t.all.profit_factor),
            sharpe: e.tearsheet.returns.sharpe,
            sortino: e.tearsheet.returns.sortino,
            calmar: e.tearsheet.returns.calmar,
            max_drawdown: e.tearsheet.drawdown.intraday.as_ref().map(|d| d.max_usd),
            days: e.tearsheet.returns.days,
            breach: s.breach,
            stalled: s.stalled,
            actions: s.actions,
            succession: e.succession,
            looks: e.looks,
            verdict: e.compliance.verdict,
        }
    }
}

/// The demo's run configuration.
///
/// # Errors
/// Never with the shipped presets.
pub fn demo_config(options: &DemoOptions) -> anyhow::Result<RunConfig> {
    let mut config = RunConfig::preset(if options.quick { "smoke" } else { "demo" })?;
    config.name = "Demo".to_owned();
    (config.device, config.seed) = (options.device, options.seed);
    Ok(config)
}

/// Runs the main job on the sample market.
///
/// # Errors
/// When the sample data are missing, the disk refuses, or the learner fails.
pub fn demo(
    options: &DemoOptions,
    stop: &StopFlag,
    on: &mut dyn FnMut(DemoEvent),
) -> anyhow::Result<DemoResult> {
    let begun = Instant::now();
    let import = demo_import();
    on(DemoEvent::Step("Reading the sample market NQ".to_owned()));
    let dataset = Dataset::load(&sample_path("NQ")?, &import, &mut |_| !stop.is_stopped())?;
    let plan = demo_config(options)?
        .plan(&dataset.bars.instrument)
        .map_err(problems_to_error)?;
    on(DemoEvent::Step("Training".to_owned()));
    let training = train_run(plan, dataset, &import, &options.runs, stop, &mut |e| {
        on(DemoEvent::Train(e))
    })?;
    judge_all(training, begun, on)
}

/// What [`judge_parts`] says.
pub enum Judging {
    /// A part is next.
    Begins(Part),
    /// A part was judged and its ledger kept in this folder.
    Done(Box<Evaluation>, PathBuf),
}

/// Judges the chosen checkpoint of a run on all three parts, in order of time.
///
/// # Errors
/// As [`evaluate_in`].
pub fn judge_parts(training: &RunOutcome, on: &mut dyn FnMut(Judging)) -> anyhow::Result<()> {
    let (folder, data, arena) = open_run(&training.run, &mut |_| true)?;
    let choice = PlayerChoice::Checkpoint(if training.best.is_some() {
        CheckpointChoice::Best
    } else {
        CheckpointChoice::Last
    });
    for part in Part::ALL {
        on(Judging::Begins(part));
        let mut judge = Judge::default();
        if part != Part::Test {
            // Random entries are compared with where it counts.
            judge.random_accounts = 0;
        }
        let (evaluation, kept) = evaluate_in(&folder, &data, &arena, &choice, part, judge)?;
        on(Judging::Done(Box::new(evaluation), kept));
    }
    Ok(())
}

/// How the demo reads its sample market.
pub fn demo_import() -> ImportOptions {
    ImportOptions {
        market: Some("NQ".to_owned()),
        ..ImportOptions::default()
    }
}

fn judge_all(
    training: RunOutcome,
    begun: Instant,
    on: &mut dyn FnMut(DemoEvent),
) -> anyhow::Result<DemoResult> {
    let mut judged = Vec::new();
    judge_parts(&training, &mut |judging| match judging {
        Judging::Begins(part) => on(DemoEvent::Step(format!(
            "Judging on the {} part",
            part.name()
        ))),
        Judging::Done(evaluation, kept) => judged.push((*evaluation, kept)),
    })?;
    let results: Vec<PartResult> = judged
        .iter()
        .map(|(e, kept)| PartResult::of(e, kept.clone()))
        .collect();
    let (test, _) = judged.swap_remove(2);
    let [train, validation, test_result] = <[PartResult; 3]>::try_from(results)
        .map_err(|_len| anyhow::anyhow!("three parts were judged"))?;
    Ok(DemoResult {
        run: training.run.clone(),
        training,
        train,
        validation,
        test: test_result,
        benchmarks: test.benchmarks,
        random_entries: test.random,
        compliance: test.compliance,
        seconds: begun.elapsed().as_secs_f64(),
    })
}
