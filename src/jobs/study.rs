//! A study: the same configuration trained and judged on many splits, with several seeds.
//!
//! Each fold trains an ordinary run on a bar file of its own sessions, written beside the run,
//! so that every run can be opened again. It chooses its checkpoint on the last part of those
//! sessions, and is judged on the tested blocks of the whole file, whose indicators look back
//! only; the ledger of each block is kept in the run, under `evaluations/tested-block-NN`. The summary says how much the answer depends on the fold and on the seed. Looks at the
//! file's own test part are counted.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use holdout_core::market::folds::{Fold, FoldPlan, folds};
use holdout_core::market::split::Part;
use holdout_core::market::{Bars, SplitRatios};
use holdout_core::metrics::bootstrap::BootstrapSettings;
use holdout_core::metrics::sharpe::{DAYS_PER_YEAR, sharpe};
use holdout_core::metrics::spread::Spread;
use holdout_core::metrics::uncertainty::Uncertainty;
use holdout_core::metrics::{DailySeries, Summary};
use holdout_store::manifest::bars_sha256;
use holdout_store::runs::{
    CheckpointChoice, EvaluationFiles, RunFolder, TestPart, open_test_split, write_evaluation,
};
use holdout_store::{ImportOptions, canonical};
use serde::Serialize;

use super::StopFlag;
use super::checkpoints::{CheckpointRow, row_of};
use super::player::load_checkpoint;
use super::train::{TrainEvent, problems_to_error, train_run};
use crate::arena::Arena;
use crate::config::RunConfig;
use crate::dataset::Dataset;

/// Yearly risk-free rate of all figures here.
const RF: f64 = 0.02;
/// Share of a fold's sessions that choose its checkpoint; one session is left over as the run's
/// own test part, which nobody looks at.
const VALIDATION: f64 = 0.15;

/// What to study.
#[derive(Clone, Debug)]
pub struct StudyQuestion {
    /// What to train.
    pub config: RunConfig,
    /// How to cut the file.
    pub plan: FoldPlan,
    /// Seeds of each fold.
    pub seeds: Vec<u64>,
    /// Folder that receives the runs and `study.json`.
    pub out: PathBuf,
}

/// One fold with one seed, judged.
#[derive(Clone, Debug, Serialize)]
pub struct FoldResult {
    /// Number of the fold, from 1.
    pub fold: usize,
    /// Seed.
    pub seed: u64,
    /// The run.
    pub run: PathBuf,
    /// Sessions trained and chosen on.
    pub train_sessions: usize,
    /// First and last day of each tested block.
    pub tested: Vec<(String, String)>,
    /// Figures of each tested block, one account each.
    pub blocks: Vec<CheckpointRow>,
    /// Net profit over all tested blocks in dollars.
    pub net_pnl: f64,
    /// Annual Sharpe ratio over the days of all tested blocks.
    pub sharpe: Option<f64>,
    /// Share of winning trades.
    pub win_rate: Option<f64>,
    /// Largest drawdown of any block in dollars.
    pub max_drawdown_usd: f64,
}

/// How much the answer varies.
#[derive(Clone, Debug, Serialize)]
pub struct StudySpread {
    /// Net profit of a fold in dollars.
    pub net_pnl: Option<Spread>,
    /// Sharpe ratio of a fold.
    pub sharpe: Option<Spread>,
    /// Win rate of a fold.
    pub win_rate: Option<Spread>,
    /// Largest drawdown of a fold.
    pub max_drawdown_usd: Option<Spread>,
    /// Share of the results with a profit.
    pub profitable_share: Option<f64>,
}

/// The tested blocks put together into one history.
#[derive(Clone, Debug, Serialize)]
pub struct StudyPath {
    /// Seed.
    pub seed: u64,
    /// Number of the path, from 1; walk-forward has one.
    pub path: usize,
    /// Days.
    pub days: usize,
    /// Net profit in dollars.
    pub net_pnl: f64,
    /// Annual Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Its 95% interval by bootstrap.
    pub sharpe_interval: Option<[f64; 2]>,
}

/// Everything that a study found.
#[derive(Clone, Debug, Serialize)]
pub struct Study {
    /// Version of this file.
    pub format: u32,
    /// How the file was cut.
    pub plan: FoldPlan,
    /// SHA-256 of the bars.
    pub bars_sha256: String,
    /// Sessions of the file.
    pub sessions: usize,
    /// Folds.
    pub folds: usize,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// One entry a fold and seed.
    pub results: Vec<FoldResult>,
    /// Over all results.
    pub over_all: StudySpread,
    /// Deviation of the folds' mean Sharpe ratios over the seeds: what the days decide.
    pub sharpe_between_folds: Option<f64>,
    /// Mean over the folds of the deviation over seeds: what luck of training decides.
    pub sharpe_between_seeds: Option<f64>,
    /// Whole histories of untrained days.
    pub paths: Vec<StudyPath>,
    /// How often the file's own test part has been looked at by now; none if it was not.
    pub looks: Option<u64>,
}

/// What a study says while it runs.
#[derive(Clone, Debug)]
pub enum StudyEvent {
    /// A fold begins: number, of how many, seed.
    Fold(usize, usize, u64),
    /// Of its training.
    Train(TrainEvent),
    /// A fold is judged.
    Judged(Box<FoldResult>),
}

/// Trains and judges every fold with every seed.
///
/// # Errors
/// When the file cannot be cut, a fold cannot be trained, or it was stopped.
pub fn study(
    dataset: &Dataset,
    question: &StudyQuestion,
    stop: &StopFlag,
    on: &mut dyn FnMut(StudyEvent),
) -> anyhow::Result<Study> {
    let instrument = &dataset.bars.instrument;
    let plan = question
        .config
        .plan(instrument)
        .map_err(problems_to_error)?;
    let arena = Arena::new(plan, dataset.clone())?;
    let sessions = &arena.tape.sessions.days;
    let cut = folds(sessions.len(), &question.plan)?;
    if question.seeds.is_empty() {
        bail!("a study needs a seed");
    }
    fs::create_dir_all(&question.out)
        .with_context(|| format!("failed to create {}", question.out.display()))?;
    let hash = bars_sha256(&arena.bars);
    let looks = count_look(&arena, &cut, &question.out, &hash)?;
    let total = cut.len() * question.seeds.len();
    let mut results = Vec::with_capacity(total);
    for (k, fold) in cut.iter().enumerate() {
        let own = fold_dataset(&arena, fold, &question.out, k + 1)?;
        for &seed in &question.seeds {
            on(StudyEvent::Fold(results.len() + 1, total, seed));
            let run = train_fold(question, &own, fold, seed, stop, on)?;
            if stop.is_stopped() {
                bail!(
                    "stopped after {} of {total} results; the runs are kept in {}",
                    results.len(),
                    question.out.display()
                );
            }
            let result = judge(&arena, &run, fold, k + 1, seed)?;
            on(StudyEvent::Judged(Box::new(result.clone())));
            results.push(result);
        }
    }
    let found = Study {
        format: 1,
        plan: question.plan,
        bars_sha256: hash,
        sessions: sessions.len(),
        folds: cut.len(),
        seeds: question.seeds.clone(),
        over_all: spread(&results),
        sharpe_between_folds: between_folds(&results, cut.len()),
        sharpe_between_seeds: between_seeds(&results, cut.len()),
        paths: paths(&results, &cut, &question.seeds),
        results,
        looks,
    };
    let bytes = serde_json::to_vec_pretty(&found)?;
    holdout_store::atomic::replace(&question.out.join("study.json"), &bytes)?;
    Ok(found)
}

/// Counts a look where a tested block reaches into the file's own test part, in the registry of
/// the folder of runs that the study lies in.
fn count_look(arena: &Arena, cut: &[Fold], out: &Path, hash: &str) -> anyhow::Result<Option<u64>> {
    let sessions = &arena.tape.sessions.days;
    let (from, to) = arena.split.days(Part::Test);
    let inside = |s: usize| sessions[s].day >= from && sessions[s].day <= to;
    if !cut
        .iter()
        .flat_map(|f| &f.test)
        .any(|t| t.clone().any(inside))
    {
        return Ok(None);
    }
    let full =
        fs::canonicalize(out).with_context(|| format!("failed to find {}", out.display()))?;
    let name = full.file_name().unwrap_or_default().to_string_lossy();
    Ok(Some(open_test_split(
        full.parent().unwrap_or(&full),
        &TestPart {
            prices: arena.plan.instrument.underlying().to_owned(),
            bars_sha256: hash.to_owned(),
            days: format!("{from}..{to}"),
        },
        &format!("study {name}"),
    )?))
}

/// The bars of a fold's training sessions, in a file of their own.
fn fold_dataset(arena: &Arena, fold: &Fold, out: &Path, number: usize) -> anyhow::Result<Dataset> {
    let bars = &arena.bars;
    let mut own = Bars::empty(bars.instrument.clone(), bars.interval_secs);
    for &s in &fold.train {
        let day = &arena.tape.sessions.days[s];
        for i in day.first..=day.last {
            let ohlc = [bars.open[i], bars.high[i], bars.low[i], bars.close[i]];
            own.push(bars.open_time[i], ohlc, bars.volume[i]);
        }
    }
    let folder = out.join("folds");
    fs::create_dir_all(&folder)
        .with_context(|| format!("failed to create {}", folder.display()))?;
    let path = folder.join(format!("fold-{number:02}.csv"));
    canonical::write(&path, &own)?;
    let options = ImportOptions {
        market: Some(bars.instrument.symbol.clone()),
        ..ImportOptions::default()
    };
    let mut read = Dataset::load(&path, &options, &mut |_| true)?;
    // Holes where tested blocks were must not change what the file's interval is.
    Arc::make_mut(&mut read.bars).interval_secs = bars.interval_secs;
    Ok(read)
}

fn train_fold(
    question: &StudyQuestion,
    own: &Dataset,
    fold: &Fold,
    seed: u64,
    stop: &StopFlag,
    on: &mut dyn FnMut(StudyEvent),
) -> anyhow::Result<PathBuf> {
    let mut config = question.config.clone();
    config.seed = seed;
    let n = own.sessions.days.len() as f64;
    let chosen = (n * VALIDATION).round().max(1.0);
    if n < 3.0 {
        bail!(
            "a fold has {} sessions to train on, at least 3 are needed; use fewer folds",
            fold.train.len()
        );
    }
    config.split = SplitRatios {
        train: (n - chosen - 1.0).max(1.0) / n,
        validation: chosen.min(n - 2.0) / n,
    };
    config.sim.interval_seconds = Some(own.bars.interval_secs);
    let plan = config
        .plan(&own.bars.instrument)
        .map_err(problems_to_error)?;
    let options = ImportOptions {
        market: Some(own.market().to_owned()),
        ..ImportOptions::default()
    };
    let mut tell = |e: TrainEvent| on(StudyEvent::Train(e));
    let outcome = train_run(plan, own.clone(), &options, &question.out, stop, &mut tell)?;
    Ok(outcome.run)
}

fn judge(
    arena: &Arena,
    run: &Path,
    fold: &Fold,
    number: usize,
    seed: u64,
) -> anyhow::Result<FoldResult> {
    let folder = RunFolder::open(run)?;
    let choice = if folder.best()?.is_some() {
        CheckpointChoice::Best
    } else {
        CheckpointChoice::Last
    };
    let step = folder.choose_checkpoint(choice)?;
    let (policy, phase) = load_checkpoint(&folder, step)?;
    let days = &arena.tape.sessions.days;
    let mut blocks = Vec::new();
    let (mut wins, mut trades) = (0.0, 0);
    for (t, &block) in fold.test.iter().zip(&fold.blocks) {
        let range: Range<usize> = days[t.start].first..days[t.end - 1].last + 1;
        let ledger = arena.evaluate(&policy, phase, range)?;
        let summary = serde_json::to_value(Summary::with(&ledger, &arena.figures()))?;
        let files = EvaluationFiles {
            ledger: &ledger,
            summary: &summary,
            others: &[],
        };
        write_evaluation(&folder, &format!("tested-block-{:02}", block + 1), &files)?;
        let row = row_of(&ledger, arena, step, phase);
        wins += row.win_rate.unwrap_or(0.0) * row.trades as f64;
        trades += row.trades;
        blocks.push(row);
    }
    let returns: Vec<f64> = blocks
        .iter()
        .flat_map(|b| b.series.returns.clone().unwrap_or_default())
        .collect();
    let span = |t: &Range<usize>| {
        (
            days[t.start].day.to_string(),
            days[t.end - 1].day.to_string(),
        )
    };
    Ok(FoldResult {
        fold: number,
        seed,
        run: run.to_owned(),
        train_sessions: fold.train.len(),
        tested: fold.test.iter().map(span).collect(),
        net_pnl: blocks.iter().map(|b| b.net_pnl).sum(),
        sharpe: sharpe(&returns, RF),
        win_rate: (trades > 0).then(|| wins / trades as f64),
        max_drawdown_usd: blocks
            .iter()
            .map(|b| b.max_drawdown_usd)
            .fold(0.0, f64::max),
        blocks,
    })
}

fn spread(results: &[FoldResult]) -> StudySpread {
    let of = |f: fn(&FoldResult) -> Option<f64>| Spread::of(results.iter().filter_map(f).collect());
    let won = results.iter().filter(|r| r.net_pnl > 0.0).count();
    StudySpread {
        net_pnl: of(|r| Some(r.net_pnl)),
        sharpe: of(|r| r.sharpe),
        win_rate: of(|r| r.win_rate),
        max_drawdown_usd: of(|r| Some(r.max_drawdown_usd)),
        profitable_share: (!results.is_empty()).then(|| won as f64 / results.len() as f64),
    }
}

fn sharpes(results: &[FoldResult], fold: usize) -> Vec<f64> {
    let of = |r: &FoldResult| if r.fold == fold { r.sharpe } else { None };
    results.iter().filter_map(of).collect()
}

fn between_folds(results: &[FoldResult], n: usize) -> Option<f64> {
    use holdout_core::metrics::moments::{mean, std_dev};
    let means: Vec<f64> = (1..=n).filter_map(|k| mean(&sharpes(results, k))).collect();
    std_dev(&means, 1)
}

fn between_seeds(results: &[FoldResult], n: usize) -> Option<f64> {
    use holdout_core::metrics::moments::{mean, std_dev};
    let spreads: Vec<f64> = (1..=n)
        .filter_map(|k| std_dev(&sharpes(results, k), 1))
        .collect();
    mean(&spreads)
}

/// Tested blocks in order of time: path `p` takes each block from the `p`-th fold that tests it.
fn paths(results: &[FoldResult], cut: &[Fold], seeds: &[u64]) -> Vec<StudyPath> {
    let mut blocks: Vec<usize> = cut.iter().flat_map(|f| f.blocks.clone()).collect();
    blocks.sort_unstable();
    blocks.dedup();
    let testing = |b: usize| (0..cut.len()).filter(move |&k| cut[k].blocks.contains(&b));
    let count = blocks
        .iter()
        .map(|&b| testing(b).count())
        .min()
        .unwrap_or(0);
    let mut all = Vec::new();
    for &seed in seeds {
        for p in 0..count {
            let tested = blocks.iter().filter_map(|&b| {
                let k = testing(b).nth(p)?;
                let r = results.iter().find(|r| r.fold == k + 1 && r.seed == seed)?;
                r.blocks.get(cut[k].blocks.iter().position(|&x| x == b)?)
            });
            let returns: Vec<f64> = tested
                .clone()
                .flat_map(|b| b.series.returns.clone().unwrap_or_default())
                .collect();
            let series = DailySeries::of_returns(50_000.0, returns.clone(), None);
            let u = Uncertainty::of(
                &series,
                None,
                RF,
                RF / DAYS_PER_YEAR,
                BootstrapSettings::default(),
            );
            all.push(StudyPath {
                seed,
                path: p + 1,
                days: returns.len(),
                net_pnl: tested.map(|b| b.net_pnl).sum(),
                sharpe: sharpe(&returns, RF),
                sharpe_interval: u.sharpe.map(|i| [i.lower, i.upper]),
            });
        }
    }
    all
}
