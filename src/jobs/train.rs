//! A training run: both phases, into a run folder that another process can read at any moment.
//!
//! Steps and updates in the folder count through both phases. The test part is never touched.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use holdout_core::market::split::Part;
use holdout_core::market::{Instrument, Instruments};
use holdout_core::metrics::tearsheet::QuickSheet;
use holdout_core::metrics::{DayClock, Succession, TearsheetSettings};
use holdout_core::sim::{Ledger, Phase, Side};
use holdout_learn::event::CheckpointData;
use holdout_learn::{
    Adjustment, Command, Control, DeviceChoice, Event, Policy, Start, TrainConfig, TrainError,
    UpdateRecord, train,
};
use holdout_store::manifest::bars_sha256;
use holdout_store::runs::{
    BestPointer, CheckpointChoice, CheckpointFiles, CheckpointInfo, NewRun, RunFolder, RunState,
    RunWriter, TestPart,
};
use holdout_store::{FileError, ImportOptions};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{StopFlag, phase1, scalars};
use crate::arena::{Arena, MarketEnv};
pub use crate::config::problems_to_error;
use crate::config::{RunConfig, RunPlan};
use crate::dataset::Dataset;
use crate::ensemble::Single;
use crate::report::{number, succession};

/// The figure by which the best checkpoint is chosen.
///
/// That of accounts which follow one another through the validation part, a fresh one after each
/// that is lost: the Sharpe ratio of one account under a trailing floor is mostly the luck of its
/// first few trades.
pub const BEST_BY: &str = "pooled_validation_sharpe";

/// A policy on the validation part, while training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ValidationPoint {
    /// Environment steps through both phases.
    pub step: u64,
    /// Updates through both phases.
    pub update: u64,
    /// 1 or 2.
    pub phase: u8,
    /// Net P&L in dollars.
    pub net_pnl_usd: f64,
    /// Equity at the end in dollars, where every position is closed.
    #[serde(default)]
    pub equity_usd: f64,
    /// Closed round trips.
    pub trades: u64,
    /// Share with a profit.
    pub win_rate: Option<f64>,
    /// Annual Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Largest intraday drawdown in dollars.
    pub max_drawdown_usd: f64,
    /// Share of sessions with a trade.
    pub sessions_traded: f64,
    /// Long trades over all.
    pub long_share: Option<f64>,
    /// The account failed.
    pub breached: bool,
    /// The account was shut out.
    pub stalled: bool,
    /// That account and the fresh ones that followed it; none in runs of versions that knew one.
    #[serde(default)]
    pub pooled: Option<Succession>,
}

impl ValidationPoint {
    /// Of one account, and of those that followed it once it was lost.
    fn new(
        step: u64,
        update: u64,
        phase: Phase,
        (ledger, renewals): (&Ledger, &[Ledger]),
        figures: &TearsheetSettings,
    ) -> Self {
        let accounts = std::iter::once(ledger).chain(renewals);
        let pooled = Succession::of(accounts, figures);
        let sheet = QuickSheet::of(ledger, figures);
        let trades = ledger.own_trades().count() as u64;
        let wins = ledger.own_trades().filter(|t| t.net_pnl.0 > 0).count() as f64;
        let long = ledger.own_trades().filter(|t| t.side == Side::Long).count() as f64;
        let share = |n: f64| (trades > 0).then(|| n / trades as f64);
        let clock = DayClock::new(figures.calendar.clone());
        let mut entry_days: Vec<_> = ledger
            .own_trades()
            .map(|t| clock.day(t.entry_time))
            .collect();
        entry_days.dedup();
        Self {
            step,
            update,
            phase: phase.number(),
            net_pnl_usd: (ledger.final_balance() - ledger.start_balance).dollars(),
            equity_usd: ledger.final_balance().dollars(),
            trades,
            win_rate: share(wins),
            sharpe: sheet.sharpe,
            max_drawdown_usd: sheet.max_drawdown_usd,
            sessions_traded: entry_days.len() as f64 / sheet.days.max(1) as f64,
            long_share: share(long),
            breached: ledger.breach.is_some(),
            stalled: ledger.stalled.is_some(),
            pooled: Some(pooled),
        }
    }

    /// In a line, for log and terminal.
    pub fn in_words(&self) -> String {
        let sharpe = |s: Option<f64>| s.map_or("n/a".to_owned(), |s| number::grouped(s, 2));
        let mut line = format!(
            "net P&L {}, {} trades, Sharpe {}, worst drawdown {}{}{}",
            number::dollars(self.net_pnl_usd, 2),
            number::count(self.trades),
            sharpe(self.sharpe),
            number::dollars(self.max_drawdown_usd, 0),
            if self.breached { ", breached" } else { "" },
            if self.stalled { ", stalled" } else { "" },
        );
        if let Some(all) = self.pooled.as_ref().and_then(succession::in_words) {
            line += &format!("; {all}");
        }
        line
    }
}

/// What a run says while it runs.
#[derive(Clone, Debug)]
pub enum TrainEvent {
    /// The run folder exists.
    Started {
        /// The folder.
        run: PathBuf,
    },
    /// A phase begins.
    Phase {
        /// Which.
        phase: Phase,
        /// Steps before it.
        from_step: u64,
        /// Steps planned in it.
        steps: u64,
    },
    /// A line for the log.
    Log(String),
    /// Something needs a person's eye.
    Alarm {
        /// Environment steps through both phases.
        step: u64,
        /// What and why.
        text: String,
    },
    /// The auto-adjuster turned a knob, or would have.
    Adjusted {
        /// Environment steps through both phases.
        step: u64,
        /// What and why.
        adjustment: Adjustment,
    },
    /// An update was done; steps and updates count through both phases.
    Update {
        /// Which phase.
        phase: Phase,
        /// Its figures.
        record: Box<UpdateRecord>,
    },
    /// The policy was evaluated on the validation part.
    Validation(ValidationPoint),
    /// A checkpoint is on the disk.
    Checkpoint {
        /// Environment steps through both phases.
        step: u64,
    },
}

/// How a run ended.
#[derive(Clone, Debug, Serialize)]
pub struct RunOutcome {
    /// The run folder.
    pub run: PathBuf,
    /// Environment steps through both phases.
    pub steps: u64,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Environment steps per second over the whole run, evaluations included.
    pub steps_per_s: f64,
    /// Median steps per second of the updates.
    pub train_sps_median: Option<f64>,
    /// Steps of all checkpoints.
    pub checkpoints: Vec<u64>,
    /// The best one by validation.
    pub best: Option<BestPointer>,
    /// Whether it was stopped before its end.
    pub stopped: bool,
}

/// What `data.json` says, so that a run can find its bars again and know them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunData {
    /// The source file.
    pub path: PathBuf,
    /// Its SHA-256.
    pub sha256: String,
    /// SHA-256 of the bars.
    pub bars_sha256: String,
    /// Root symbol.
    pub market: String,
    /// Seconds a bar covers.
    pub interval_seconds: i64,
    /// Bars.
    pub bars: usize,
    /// How the file was read.
    pub zone: Option<String>,
    /// Which end of a bar is stamped.
    pub stamp: holdout_store::Stamp,
    /// Dialect.
    pub dialect: String,
    /// Which column is what, where the user said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<holdout_store::ColumnMap>,
    /// Order of dates, where the user said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dates: Option<holdout_store::dialects::DateOrder>,
    /// The one contract that was taken.
    pub symbol: Option<String>,
    /// How contracts were joined; absent for one contract.
    #[serde(default)]
    pub continuous: Option<holdout_store::Continuous>,
    /// Repairs that were made.
    pub repairs: Vec<holdout_store::Repair>,
    /// SHA-256 of the finer bars; absent where none were used.
    #[serde(default)]
    pub finer_bars_sha256: Option<String>,
    /// Days of the parts.
    pub split: holdout_core::market::Split,
    /// Programme version.
    pub version: String,
}

impl RunData {
    fn of(arena: &Arena, options: &ImportOptions) -> Self {
        let d = &arena.dataset;
        Self {
            path: std::path::absolute(&d.path).unwrap_or_else(|_unknown| d.path.clone()),
            sha256: d.sha256.clone(),
            bars_sha256: bars_sha256(&arena.bars),
            market: d.market().to_owned(),
            interval_seconds: arena.bars.interval_secs,
            bars: arena.bars.len(),
            zone: d.inspection.zone.clone(),
            stamp: d.inspection.stamp,
            dialect: d.inspection.dialect.clone(),
            columns: options.columns.clone(),
            dates: options.dates,
            symbol: options.symbol.clone(),
            continuous: options.continuous,
            repairs: options.repairs.clone(),
            finer_bars_sha256: finer_sha256(arena),
            split: arena.split.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Options that read the same bars again.
    pub fn options(&self) -> ImportOptions {
        ImportOptions {
            market: Some(self.market.clone()),
            zone: self.zone.clone(),
            stamp: Some(self.stamp),
            // Columns that were chosen go before any dialect; several dialects were detected each.
            dialect: (self.columns.is_none() && !self.dialect.contains(", "))
                .then(|| self.dialect.clone()),
            columns: self.columns.clone(),
            dates: self.dates,
            symbol: self.symbol.clone(),
            continuous: self.continuous,
            repairs: self.repairs.clone(),
            ..ImportOptions::default()
        }
    }

    /// Whether a data set holds days on which the run trained, of its own market or of the micro
    /// or mini with the same prices.
    pub fn trained_on(&self, dataset: &Dataset) -> bool {
        self.shares(dataset, Part::Train)
    }

    /// Whether a data set holds days of the run's test part, of the same prices.
    pub fn tested_on(&self, dataset: &Dataset) -> bool {
        self.shares(dataset, Part::Test)
    }

    /// Whether another market has the prices of the run's own.
    pub fn same_prices(&self, other: &Instrument) -> bool {
        self.underlying() == other.underlying()
    }

    /// Root symbol of the mini whose prices the run's market has.
    fn underlying(&self) -> String {
        let markets = Instruments::builtin();
        let own = markets.get(&self.market).map(Instrument::underlying);
        own.unwrap_or(&self.market).to_owned()
    }

    /// Whether another run was tried out on days of this one's validation part: on the same bars,
    /// or on the same prices in another file.
    pub fn same_validation(&self, other: &Self) -> bool {
        let (from, to) = self.split.days(Part::Validation);
        let (other_from, other_to) = other.split.days(Part::Validation);
        let share_days = from <= other_to && other_from <= to;
        self.bars_sha256 == other.bars_sha256
            || (share_days && self.underlying() == other.underlying())
    }

    fn shares(&self, dataset: &Dataset, part: Part) -> bool {
        let (first, last) = self.split.days(part);
        let days = &dataset.sessions.days;
        self.same_prices(&dataset.bars.instrument)
            && days.iter().any(|d| d.day >= first && d.day <= last)
    }

    /// The test part as the registry knows it.
    pub fn test_part(&self) -> TestPart {
        TestPart {
            prices: self.underlying(),
            bars_sha256: self.bars_sha256.clone(),
            days: format!("{}..{}", self.split.test.0, self.split.test.1),
        }
    }
}

fn finer_sha256(arena: &Arena) -> Option<String> {
    arena.tape.finer.as_ref().map(|f| bars_sha256(f.bars()))
}

/// Opens a run: its configuration and its bars, which must be those it was trained on.
///
/// # Errors
/// When the folder is no run, or the data have moved or changed.
pub fn open_run(
    path: &Path,
    progress: &mut dyn FnMut(f64) -> bool,
) -> anyhow::Result<(RunFolder, RunData, Arena)> {
    let folder = RunFolder::open(path)?;
    let data: RunData = serde_json::from_value(folder.data()?)
        .with_context(|| format!("data.json of {} is not valid", path.display()))?;
    let config = RunConfig::from_layers(&[("run.toml".to_owned(), folder.run_toml()?)])?;
    let dataset = Dataset::load(&data.path, &data.options(), progress)
        .with_context(|| format!("failed to read the run's data {}", data.path.display()))?;
    let plan = config
        .plan(&dataset.bars.instrument)
        .map_err(problems_to_error)?;
    let arena = Arena::new(plan, dataset)?;
    let found = bars_sha256(&arena.bars);
    if found != data.bars_sha256 {
        bail!(
            "the data of this run have changed: {} now holds bars with hash {found}, the run was trained on {}; restore the file, or train anew",
            data.path.display(),
            data.bars_sha256
        );
    }
    if finer_sha256(&arena) != data.finer_bars_sha256 {
        bail!(
            "the finer bars of this run have changed since it was trained; restore the file, or train anew"
        );
    }
    Ok((folder, data, arena))
}

/// What `plan.toml` holds.
#[derive(Serialize)]
struct PlanFile<'a> {
    layout_hash: String,
    steps_phase1: u64,
    steps_phase2: u64,
    split: &'a holdout_core::market::Split,
    instrument: &'a Instrument,
    sim: &'a holdout_core::sim::SimSettings,
    sim_phase1: &'a holdout_core::sim::SimSettings,
    phase1: &'a TrainConfig,
    phase2: &'a TrainConfig,
}

/// Trains a plan on a data set from the start.
///
/// # Errors
/// When the data do not fit, the disk refuses, or the learner fails; the folder then says so.
pub fn train_run(
    plan: RunPlan,
    dataset: Dataset,
    options: &ImportOptions,
    runs: &Path,
    stop: &StopFlag,
    on: &mut dyn FnMut(TrainEvent),
) -> anyhow::Result<RunOutcome> {
    let arena = Arena::new(plan, dataset)?;
    // Refused before a folder exists.
    arena.environments(Phase::Management)?;
    phase1::of_another_run(&arena)?;
    let plan = &arena.plan;
    let plan_toml = toml::to_string(&PlanFile {
        layout_hash: arena.matrix.layout.layout_hash(),
        steps_phase1: plan.config.phase1.steps,
        steps_phase2: plan.config.phase2.steps,
        split: &arena.split,
        instrument: &plan.instrument,
        sim: &plan.sim.settings,
        sim_phase1: &plan.sim1.settings,
        phase1: &plan.train1,
        phase2: &plan.train2,
    })?;
    let data = RunData::of(&arena, options);
    let mut config = plan.config.clone();
    (config.market, config.data) = (data.market.clone(), Some(data.path.clone()));
    config.finer = config
        .finer
        .map(|path| std::path::absolute(&path).unwrap_or(path));
    config.phase1_run = config
        .phase1_run
        .map(|run| std::path::absolute(&run).unwrap_or(run));
    let new = NewRun {
        market: &data.market,
        run_toml: &config.to_toml()?,
        plan_toml: &plan_toml,
        data: &serde_json::to_value(&data)?,
    };
    let folder = RunFolder::create(runs, &new)?;
    let mut run = Run::open(folder, data, &arena, stop, on)?;
    run.rewind(0, 0)?;
    run.go(None)
}

/// Continues a run from its newest whole checkpoint; one that has none yet begins again in its
/// own folder. From an earlier checkpoint a run of its own goes on beside it, and the run stays.
/// Another device than the run's own may be chosen.
///
/// # Errors
/// As [`train_run`], and when the run is finished or none of its checkpoints is whole.
pub fn resume_run(
    path: &Path,
    checkpoint: CheckpointChoice,
    device: Option<DeviceChoice>,
    stop: &StopFlag,
    on: &mut dyn FnMut(TrainEvent),
) -> anyhow::Result<RunOutcome> {
    let (mut folder, data, mut arena) = open_run(path, &mut |_| !stop.is_stopped())?;
    if let Some(device) = device {
        let plan = Arc::make_mut(&mut arena.plan);
        (plan.train1.device, plan.train2.device) = (device, device);
    }
    let mut branched = None;
    if checkpoint != CheckpointChoice::Last {
        let from = folder.choose_checkpoint(checkpoint)?;
        if folder.checkpoint_steps()?.last() != Some(&from) {
            branched = Some(format!("branched at step {from} off {}", path.display()));
            folder = folder.branch(CheckpointChoice::Step(from))?;
        }
    }
    if folder.status()?.state == RunState::Finished {
        bail!(
            "{} has reached its planned end; there is nothing to resume, but --checkpoint names an earlier one to go on from",
            path.display()
        );
    }
    if folder.checkpoint_steps()?.is_empty() {
        let mut run = Run::open(folder, data, &arena, stop, on)?;
        run.rewind(0, 0)?;
        run.log("the run ended before its first checkpoint; it begins again".to_owned())?;
        return run.go(None);
    }
    let (checkpoint, passed_over) = folder.newest_whole_checkpoint()?;
    let CheckpointInfo { step, info, .. } = &checkpoint.info;
    let at: Place = serde_json::from_value(info.clone())
        .context("the checkpoint does not say where in the run it belongs")?;
    // Those of before have no hash of the data.
    if let Some(found) = info[DATA_HASH].as_str().filter(|h| *h != data.bars_sha256) {
        bail!(
            "the checkpoint of step {step} was trained on bars with hash {found}, the run's have {}; it belongs to another run",
            data.bars_sha256
        );
    }
    let update = at.from_update + info["update"].as_u64().unwrap_or(0);
    let mut run = Run::open(folder, data, &arena, stop, on)?;
    if let Some(line) = branched {
        run.log(line)?;
    }
    for bad in passed_over {
        run.log(format!("passed over a checkpoint: {bad}"))?;
    }
    run.rewind(*step, update)?;
    run.log(format!("resumed from step {step}"))?;
    run.go(Some((at, checkpoint.weights)))
}

/// Key of the hash of the bars in what a checkpoint says about itself.
const DATA_HASH: &str = "bars_sha256";

/// The best checkpoint so far, by validation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Its step through the run.
    pub step: u64,
    /// Its figure; none for a policy that never traded.
    pub value: Option<f64>,
    /// Whether the figure is [`BEST_BY`]; earlier versions took the Sharpe ratio of one account.
    #[serde(default)]
    pub pooled: bool,
}

impl Best {
    /// Whether a new figure is better than the best so far. A policy that never trades has none
    /// and comes last; the first of equals stays, but not where its figure is of another kind.
    fn is_beaten(best: Option<Self>, value: Option<f64>) -> bool {
        let score = |value: Option<f64>| value.unwrap_or(f64::NEG_INFINITY);
        best.is_none_or(|old| !old.pooled || score(value) > score(old.value))
    }
}

/// Where in the run a checkpoint belongs; stored with it, so that it alone tells how to go on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Place {
    /// Phase that it was written in.
    pub phase: Phase,
    /// Steps of the phases before.
    pub from_step: u64,
    /// Updates of the phases before.
    pub from_update: u64,
    /// The best of the run so far, this checkpoint included. Phase 2 has to beat the best of phase 1:
    /// both trade the same bars under the same rules, so their figures can be compared.
    #[serde(default)]
    pub best: Option<Best>,
}

struct Run<'a> {
    writer: RunWriter,
    data: RunData,
    arena: &'a Arena,
    stop: &'a StopFlag,
    on: &'a mut dyn FnMut(TrainEvent),
    begun: Instant,
    first_step: u64,
    rates: Vec<f64>,
    /// Checkpoints that retention has looked at and keeps.
    kept: BTreeSet<u64>,
    /// What an event failed with; the learner only carries its text.
    failed: Option<anyhow::Error>,
}

/// Whether a failure came from outside the run (a disk, a device), which can then go on.
fn is_outside(e: &anyhow::Error) -> bool {
    e.downcast_ref::<FileError>()
        .is_some_and(|e| !e.is_bad_data())
        || matches!(
            e.downcast_ref::<TrainError>(),
            Some(TrainError::DeviceLost { .. } | TrainError::Device(_))
        )
}

impl Control for StopFlag {
    fn poll(&self) -> Command {
        if self.is_stopped() {
            Command::Stop
        } else if self.is_paused() {
            Command::Pause
        } else {
            Command::Continue
        }
    }

    fn wait(&self) {
        self.checkpoint();
    }
}

impl<'a> Run<'a> {
    fn open(
        folder: RunFolder,
        data: RunData,
        arena: &'a Arena,
        stop: &'a StopFlag,
        on: &'a mut dyn FnMut(TrainEvent),
    ) -> anyhow::Result<Self> {
        let writer = RunWriter::open(folder)?;
        on(TrainEvent::Started {
            run: writer.folder().path().to_owned(),
        });
        Ok(Self {
            writer,
            data,
            arena,
            stop,
            on,
            begun: Instant::now(),
            first_step: 0,
            rates: Vec::new(),
            kept: BTreeSet::new(),
            failed: None,
        })
    }

    /// Goes back to a checkpoint's step: nothing that is recorded later stays.
    fn rewind(&mut self, step: u64, update: u64) -> anyhow::Result<()> {
        self.writer.rewind(step)?;
        let so_far = scalars::of_run(self.writer.folder())?;
        self.writer.begin_events(&so_far)?;
        // A process may have died between a checkpoint and its pointer, and a branch has none.
        let folder = self.writer.folder();
        let steps = folder.checkpoint_steps()?;
        for &at in steps.iter().rev().filter(|&&at| at <= step) {
            let place = folder
                .checkpoint_info(at)
                .map(|c| serde_json::from_value(c.info));
            if let Ok(Ok(Place {
                best: Some(best), ..
            })) = place
            {
                self.point_to(best)?;
                break;
            }
        }
        // Rates are counted from here.
        Ok(self
            .writer
            .set_status(RunState::Running, step, update, None)?)
    }

    fn log(&mut self, line: String) -> anyhow::Result<()> {
        self.writer.log(&line)?;
        (self.on)(TrainEvent::Log(line));
        Ok(())
    }

    /// Runs what is left of both phases and writes how it ended, whatever happens.
    fn go(mut self, resume: Option<(Place, Vec<u8>)>) -> anyhow::Result<RunOutcome> {
        let ended = self.phases(resume);
        let folder = self.writer.folder().clone();
        let (step, update) = folder.status().map_or((0, 0), |s| (s.step, s.update));
        match ended {
            Ok(stopped) => {
                let state = if stopped {
                    RunState::Stopped
                } else {
                    RunState::Finished
                };
                self.writer.set_status(state, step, update, None)?;
                let seconds = self.begun.elapsed().as_secs_f64();
                self.rates.sort_by(f64::total_cmp);
                Ok(RunOutcome {
                    run: folder.path().to_owned(),
                    steps: step,
                    seconds,
                    steps_per_s: (step - self.first_step) as f64 / seconds,
                    train_sps_median: self.rates.get(self.rates.len() / 2).copied(),
                    checkpoints: folder.checkpoint_steps()?,
                    best: folder.best()?,
                    stopped,
                })
            }
            Err(e) => {
                let state = if is_outside(&e) {
                    RunState::Stopped
                } else {
                    RunState::Failed
                };
                let text = format!("{e:#}; {}", self.remedy(&e));
                // The first failure is the one to tell; a full disk may refuse these lines too.
                drop(self.writer.log(&format!("failed: {text}")));
                drop(self.writer.set_status(state, step, update, Some(&text)));
                bail!("{text}")
            }
        }
    }

    /// Says what is left and how to go on; keeps what a broken update was computed from.
    fn remedy(&self, e: &anyhow::Error) -> String {
        let run = self.writer.folder().path().display();
        match e.downcast_ref::<TrainError>() {
            Some(TrainError::NotFinite { update, inputs, .. }) => {
                let name = format!("update-{update:06}.safetensors");
                match self.writer.dump(&name, &inputs.0) {
                    Ok(path) => format!(
                        "the run's checkpoints are intact, and the update's inputs are in {}",
                        path.display()
                    ),
                    Err(refused) => format!("the update's inputs could not be kept: {refused}"),
                }
            }
            Some(TrainError::DeviceLost { .. }) => format!(
                "its checkpoints are intact; go on with: holdout train --resume {run}, and --device cpu if the device stays away"
            ),
            _ => format!(
                "its checkpoints are intact; when the cause is settled go on with: holdout train --resume {run}"
            ),
        }
    }

    fn phases(&mut self, resume: Option<(Place, Vec<u8>)>) -> anyhow::Result<bool> {
        let arena = self.arena;
        let (mut place, mut resume_bytes) = match resume {
            Some((place, bytes)) => (place, Some(bytes)),
            None => (
                Place {
                    phase: Phase::Entries,
                    from_step: 0,
                    from_update: 0,
                    best: None,
                },
                None,
            ),
        };
        self.first_step = self.writer.folder().status()?.step;
        if place.phase == Phase::Entries && arena.plan.config.phase1.steps > 0 {
            let start = resume_bytes
                .as_deref()
                .map_or(Start::Scratch, Start::Resume);
            let (stopped, next) = self.phase(place, &arena.plan.train1, start)?;
            if stopped {
                return Ok(true);
            }
            place = next;
            resume_bytes = None;
        }
        place.phase = Phase::Management;
        if arena.plan.config.phase2.steps == 0 {
            return Ok(false);
        }
        let chosen = match (&resume_bytes, place.from_step) {
            (Some(_), _) => None,
            (None, 0) => phase1::of_another_run(arena)?,
            (None, _) => Some(phase1::own(self.writer.folder())?),
        };
        if let Some(chosen) = &chosen {
            self.log(chosen.told.clone())?;
        }
        let start = match (&resume_bytes, &chosen) {
            (Some(bytes), _) => Start::Resume(bytes),
            (None, Some(chosen)) => Start::Transfer(&chosen.weights),
            (None, None) => Start::Scratch,
        };
        let (stopped, _) = self.phase(place, &arena.plan.train2, start)?;
        Ok(stopped)
    }

    /// One phase; returns whether it was stopped, and where the run is after it.
    fn phase(
        &mut self,
        place: Place,
        config: &TrainConfig,
        start: Start<'_>,
    ) -> anyhow::Result<(bool, Place)> {
        (self.on)(TrainEvent::Phase {
            phase: place.phase,
            from_step: place.from_step,
            steps: config.planned_steps(),
        });
        let mut env = MarketEnv::new(self.arena, place.phase)?;
        let mut place = place;
        let mut evaluated = None;
        let stop = self.stop;
        let outcome = train(config, &mut env, start, stop, &mut |event| {
            self.event(&mut place, &mut evaluated, event).map_err(|e| {
                let text = format!("{e:#}");
                self.failed = Some(e);
                text
            })
        });
        let outcome = outcome.map_err(|e| match (e, self.failed.take()) {
            (TrainError::Receiver(_), Some(cause)) => cause,
            (e, _) => e.into(),
        })?;
        place.from_step += outcome.step;
        place.from_update += outcome.update;
        Ok((outcome.stopped, place))
    }

    fn event(
        &mut self,
        place: &mut Place,
        evaluated: &mut Option<(u64, Option<f64>)>,
        event: Event<'_>,
    ) -> anyhow::Result<()> {
        match event {
            Event::Update(mut record) => {
                record.update += place.from_update;
                record.step += place.from_step;
                let mut line = serde_json::to_value(&*record)?;
                line["phase"] = json!(place.phase.number());
                line[scalars::TIME] = scalars::now();
                self.writer.metrics(&line)?;
                self.writer.scalars(&scalars::of_update(&line))?;
                self.writer
                    .set_status(RunState::Running, record.step, record.update, None)?;
                self.rates.push(record.train_sps);
                (self.on)(TrainEvent::Update {
                    phase: place.phase,
                    record,
                });
            }
            Event::EvalDue {
                step,
                update,
                policy,
                keep,
            } => {
                let value = self.validate(*place, (step, update), policy)?;
                *keep = Best::is_beaten(place.best, value);
                *evaluated = Some((update, value));
            }
            Event::Checkpoint(data) => self.checkpoint(place, *evaluated, &data)?,
            Event::Adjustment {
                step,
                update,
                adjustment,
            } => {
                let step = step + place.from_step;
                let mut line = serde_json::to_value(adjustment)?;
                line["step"] = json!(step);
                line["update"] = json!(update + place.from_update);
                line["phase"] = json!(place.phase.number());
                self.writer.adjustment(&line)?;
                (self.on)(TrainEvent::Adjusted { step, adjustment });
            }
            Event::Alarm { step, text } => {
                let step = step + place.from_step;
                self.writer.log(&format!("alarm at step {step}: {text}"))?;
                (self.on)(TrainEvent::Alarm { step, text });
            }
            Event::Paused(paused) => {
                let state = if paused {
                    RunState::Paused
                } else {
                    RunState::Running
                };
                let now = self.writer.folder().status()?;
                self.writer.set_status(state, now.step, now.update, None)?;
            }
            Event::Log(line) => self.log(line)?,
        }
        Ok(())
    }

    /// The policy on the validation part; returns the figure that checkpoints are chosen by.
    fn validate(
        &mut self,
        place: Place,
        (step, update): (u64, u64),
        policy: &Policy,
    ) -> anyhow::Result<Option<f64>> {
        let (arena, phase) = (self.arena, place.phase);
        let bars = arena.range(Part::Validation);
        let ledger = arena.evaluate(policy, phase, bars.clone())?;
        let mut decider = Single::new(policy, &arena.table);
        let renewals = arena.renewals(&mut decider, phase, bars, &ledger)?;
        let point = ValidationPoint::new(
            step + place.from_step,
            update + place.from_update,
            phase,
            (&ledger, &renewals),
            &self.arena.figures(),
        );
        let mut line = serde_json::to_value(&point)?;
        line[scalars::TIME] = scalars::now();
        self.writer.validation(&line)?;
        self.writer.scalars(&scalars::of_validation(&line))?;
        let figure = point.pooled.and_then(|p| p.sharpe);
        (self.on)(TrainEvent::Validation(point));
        Ok(figure)
    }

    fn checkpoint(
        &mut self,
        place: &mut Place,
        evaluated: Option<(u64, Option<f64>)>,
        data: &CheckpointData,
    ) -> anyhow::Result<()> {
        let step = data.step + place.from_step;
        let better = evaluated
            .filter(|(update, value)| *update == data.update && Best::is_beaten(place.best, *value))
            .map(|(_, value)| Best {
                step,
                value,
                pooled: true,
            });
        place.best = better.or(place.best);
        let mut info = data.meta.clone();
        let here = serde_json::to_value(*place)?;
        if let (Some(info), Some(here)) = (info.as_object_mut(), here.as_object()) {
            info.extend(here.clone());
            info.insert(DATA_HASH.to_owned(), json!(self.data.bars_sha256));
        }
        self.writer.checkpoint(
            step,
            &CheckpointFiles {
                weights: &data.weights,
                state: None,
                info: &info,
            },
        )?;
        if let Some(best) = better {
            self.point_to(best)?;
        }
        self.retire()?;
        (self.on)(TrainEvent::Checkpoint { step });
        Ok(())
    }

    /// Removes checkpoints that are more than asked for. Those that were the best when they were
    /// written stay, so that no pointer ever leads nowhere; so does the last of phase 1.
    fn retire(&mut self) -> anyhow::Result<()> {
        let keep = self.arena.plan.config.keep_checkpoints as usize;
        if keep == 0 {
            return Ok(());
        }
        let folder = self.writer.folder().clone();
        let steps = folder.checkpoint_steps()?;
        let last_of_phase1 = |i: usize| -> anyhow::Result<bool> {
            let phase = |step: u64| -> anyhow::Result<Phase> {
                let info = folder.checkpoint_info(step)?.info;
                Ok(serde_json::from_value::<Place>(info)?.phase)
            };
            Ok(phase(steps[i])? != phase(steps[i + 1])?)
        };
        for i in 0..steps.len().saturating_sub(keep) {
            let step = steps[i];
            if self.kept.contains(&step) {
                continue;
            }
            let place: Place = serde_json::from_value(folder.checkpoint_info(step)?.info)?;
            if place.best.is_some_and(|b| b.step == step) || last_of_phase1(i)? {
                self.kept.insert(step);
            } else {
                self.writer.remove_checkpoint(step)?;
            }
        }
        Ok(())
    }

    fn point_to(&self, best: Best) -> anyhow::Result<()> {
        let pointer = BestPointer {
            step: best.step,
            metric: BEST_BY.to_owned(),
            value: best.value,
        };
        Ok(self.writer.folder().set_best(&pointer)?)
    }
}
