//! All checkpoints of a run judged at once, the choice among them with its reasons, and
//! comparisons of a few.
//!
//! Each checkpoint is one account over the same bars, two at a time on two cores; decisions are
//! taken in batches (see [`crate::lookahead`]). Validation is the part to choose on; the test
//! part cannot be asked for here.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context as _, bail};
use holdout_core::compliance::{self, Status};
use holdout_core::market::split::Part;
use holdout_core::metrics::bootstrap::BootstrapSettings;
use holdout_core::metrics::candidates::{BLOCKS, Candidates};
use holdout_core::metrics::deflation::{Deflation, Trials};
use holdout_core::metrics::paired::{Paired, paired};
use holdout_core::metrics::selection::{Candidate, Selection, SelectionRule, select};
use holdout_core::metrics::tearsheet::{QuickSheet, ledger_days};
use holdout_core::metrics::{DailySeries, Succession};
use holdout_core::sim::{Action, Ledger, Phase};
use holdout_store::runs::{BestPointer, CheckpointChoice, RunFolder};
use rayon::prelude::*;
use serde::Serialize;

use super::StopFlag;
use super::ensemble;
use super::markets::{market_table, sample_files};
use super::player::{Player, PlayerChoice, load_checkpoint};
use super::train::RunData;
use super::trials::trials;
use crate::arena::Arena;
use crate::ensemble::Single;

/// Yearly risk-free rate of all figures here.
const RF: f64 = 0.02;

/// One checkpoint's figures.
#[derive(Clone, Debug, Serialize)]
pub struct CheckpointRow {
    /// Environment steps.
    pub step: u64,
    /// Phase that it belongs to.
    pub phase: u8,
    /// Steps from this checkpoint to the newest one.
    pub age_steps: u64,
    /// Trading days.
    pub days: usize,
    /// Dollars.
    pub net_pnl: f64,
    /// Closed round trips.
    pub trades: u64,
    /// Share with a profit.
    pub win_rate: Option<f64>,
    /// Annual Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Largest intraday drawdown in dollars.
    pub max_drawdown_usd: f64,
    /// Verdict of the rule set.
    pub verdict: Status,
    /// The account failed.
    pub breached: bool,
    /// The account was shut out.
    pub stalled: bool,
    /// The account and the fresh ones that would have followed it once it was lost; none where
    /// nobody asked for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pooled: Option<Succession>,
    /// Steps by executed action.
    pub actions: BTreeMap<&'static str, u64>,
    /// Daily profits, for charts and comparisons.
    #[serde(skip)]
    pub series: Arc<DailySeries>,
}

/// Two checkpoints over the same days.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Steps of the first.
    pub a: u64,
    /// Steps of the second.
    pub b: u64,
    /// First less second; none when they share too few days.
    pub difference: Option<Paired>,
}

/// An ensemble that the run keeps, on the same bars.
#[derive(Clone, Debug, Serialize)]
pub struct EnsembleRow {
    /// Its name.
    pub name: String,
    /// Its figures; `step` is that of its first member.
    #[serde(flatten)]
    pub row: CheckpointRow,
    /// Steps of the checkpoint that it is compared with: the chosen one, or the one with the
    /// highest Sharpe ratio.
    pub against: Option<u64>,
    /// The ensemble less that checkpoint, on the days that both accounts lived.
    pub difference: Option<Paired>,
}

/// Everything about the checkpoints of a run.
#[derive(Clone, Debug, Serialize)]
pub struct CheckpointTable {
    /// The run.
    pub run: String,
    /// Where they were judged: a part of the split, or a file.
    pub over: String,
    /// Bars.
    pub bars: usize,
    /// Wall time of the evaluations in seconds.
    pub seconds: f64,
    /// One row a checkpoint, by step.
    pub rows: Vec<CheckpointRow>,
    /// The choice.
    pub selection: Selection,
    /// Is the best of them found, or made by choosing?
    pub candidates: Candidates,
    /// The chosen one's Sharpe ratio, or the best one's, deflated by all candidates that any
    /// run saw on these bars.
    pub deflation: Deflation,
    /// Pairs that were asked for.
    pub comparisons: Vec<Comparison>,
    /// The ensembles that the run keeps.
    pub ensembles: Vec<EnsembleRow>,
}

/// A policy's account over some bars, as far as tables need it.
pub fn row_of(ledger: &Ledger, arena: &Arena, step: u64, phase: Phase) -> CheckpointRow {
    let figures = arena.figures();
    let quick = QuickSheet::of(ledger, &figures);
    let trades = ledger.own_trades().count() as u64;
    let wins = ledger.own_trades().filter(|t| t.net_pnl.0 > 0).count();
    let view = compliance::LedgerView::from(ledger);
    let count = |a: Action| ledger.rows.iter().filter(|r| r.action == a).count() as u64;
    let days = ledger_days(ledger, &figures.calendar);
    CheckpointRow {
        step,
        phase: phase.number(),
        age_steps: 0,
        days: quick.days,
        net_pnl: quick.net_pnl,
        trades,
        win_rate: (trades > 0).then(|| wins as f64 / trades as f64),
        sharpe: quick.sharpe,
        max_drawdown_usd: quick.max_drawdown_usd,
        verdict: compliance::check(&arena.plan.rules, &view).verdict,
        breached: ledger.breach.is_some(),
        stalled: ledger.stalled.is_some(),
        pooled: None,
        actions: Action::ALL.map(|a| (a.name(), count(a))).into(),
        series: Arc::new(DailySeries::of_days(&days, ledger.start_balance)),
    }
}

/// Judges every checkpoint of a run on `range` of an arena.
///
/// `progress` gets checkpoints done and planned, from any thread.
///
/// # Errors
/// When the run has no checkpoint, one cannot be read, or it was stopped.
pub fn judge_all(
    folder: &RunFolder,
    arena: &Arena,
    range: &Range<usize>,
    stop: &StopFlag,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> anyhow::Result<Vec<CheckpointRow>> {
    let steps = folder.checkpoint_steps()?;
    let Some(&newest) = steps.last() else {
        bail!(
            "{} has no checkpoint yet; let it train until the first one is written",
            folder.path().display()
        );
    };
    let done = AtomicU64::new(0);
    let total = steps.len() as u64;
    progress(0, total);
    let one = |&step: &u64| {
        if stop.is_stopped() {
            bail!(
                "stopped after {} of {total} checkpoints",
                done.load(Ordering::Relaxed)
            );
        }
        let (policy, phase) = load_checkpoint(folder, step)?;
        let ledger = arena.evaluate(&policy, phase, range.clone())?;
        let mut row = row_of(&ledger, arena, step, phase);
        row.age_steps = newest - step;
        let mut decider = Single::new(&policy, &arena.table);
        let later = arena.renewals(&mut decider, phase, range.clone(), &ledger)?;
        row.pooled = Some(Succession::following(&ledger, &later, &arena.figures()));
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        Ok(row)
    };
    steps.par_iter().map(one).collect()
}

/// What is asked about the checkpoints.
#[derive(Clone, Debug, Default)]
pub struct CheckpointQuestion {
    /// The rule of choice.
    pub rule: SelectionRule,
    /// Steps to compare, each with each.
    pub compare: Vec<u64>,
}

/// Judges every checkpoint and chooses among them: on validation, or on the whole of an arena of
/// other data, in which case nothing of the run's test part may be there.
///
/// # Errors
/// As [`judge_all`], and when a step to compare is not there or the folder of runs cannot be listed.
pub fn checkpoint_table(
    (folder, data, own): (&RunFolder, &RunData, &Arena),
    elsewhere: Option<&Arena>,
    question: &CheckpointQuestion,
    stop: &StopFlag,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> anyhow::Result<CheckpointTable> {
    let begun = Instant::now();
    let (over, arena, range) = match elsewhere {
        Some(a) => (a.dataset.path.display().to_string(), a, 0..a.tape.len()),
        None => {
            let part = Part::Validation;
            (part.name().to_owned(), own, own.range(part))
        }
    };
    let rows = judge_all(folder, arena, &range, stop, progress)?;
    let seconds = begun.elapsed().as_secs_f64();
    let mut candidates: Vec<Candidate> = rows.iter().map(candidate).collect();
    let mut selection = select(&candidates, &question.rule);
    if tell_stability(&selection, &mut candidates, (folder, data, own), stop)? {
        selection = select(&candidates, &question.rule);
    }
    let best = selection.chosen.or_else(|| highest(&rows));
    let shown = rows.iter().find(|r| Some(r.step) == best);
    let comparisons = compare(&rows, &question.compare)?;
    let ensembles = judge_ensembles(folder, arena, &range, stop, shown)?;
    let own: Vec<f64> = rows.iter().filter_map(|r| r.sharpe).collect();
    let own = Trials::of(&own.iter().map(|s| s / 252.0_f64.sqrt()).collect::<Vec<_>>());
    let seen = trials(&folder.runs()?, data)?;
    // Validation while training has seen these checkpoints already; whichever count is larger.
    let seen = Trials {
        count: seen.count.max(own.count),
        variance: if seen.count >= own.count {
            seen.variance.or(own.variance)
        } else {
            own.variance
        },
    };
    Ok(CheckpointTable {
        run: folder.id(),
        over,
        bars: range.len(),
        seconds,
        candidates: judge_choice(&rows),
        deflation: Deflation::of(shown.and_then(|r| r.series.returns.as_deref()), RF, seen),
        rows,
        selection,
        comparisons,
        ensembles,
    })
}

/// Judges the ensembles that a run keeps, each beside one checkpoint.
fn judge_ensembles(
    folder: &RunFolder,
    arena: &Arena,
    range: &Range<usize>,
    stop: &StopFlag,
    beside: Option<&CheckpointRow>,
) -> anyhow::Result<Vec<EnsembleRow>> {
    let mut all = Vec::new();
    for name in ensemble::names(folder)? {
        if stop.is_stopped() {
            bail!("stopped before the ensemble {name}");
        }
        let player = Player::load(folder, &PlayerChoice::Ensemble(name.clone()))?;
        let ledger = player.play(arena, range.clone())?;
        let mut row = row_of(&ledger, arena, player.step, player.phase);
        let later = player.renewals(arena, range.clone(), &ledger)?;
        row.pooled = Some(Succession::following(&ledger, &later, &arena.figures()));
        all.push(EnsembleRow {
            difference: beside.and_then(|b| difference(&row.series, &b.series)),
            against: beside.map(|b| b.step),
            name,
            row,
        });
    }
    Ok(all)
}

/// What the rule looks at in a row.
pub fn candidate(r: &CheckpointRow) -> Candidate {
    Candidate {
        step: r.step,
        compliant: match r.verdict {
            Status::Pass | Status::Warning | Status::NotApplicable => Some(true),
            Status::Fail => Some(false),
            Status::Unknown => None,
        },
        max_drawdown_usd: r.max_drawdown_usd,
        win_rate: r.win_rate,
        trades: r.trades,
        sharpe: r.sharpe,
        market_stability: None,
    }
}

/// Where several eligible checkpoints share the highest Sharpe ratio, looks at each on the sample
/// markets, which settles the tie. Says whether there was one.
fn tell_stability(
    selection: &Selection,
    candidates: &mut [Candidate],
    (folder, data, own): (&RunFolder, &RunData, &Arena),
    stop: &StopFlag,
) -> anyhow::Result<bool> {
    let of = |step| candidates.iter().find(|c| c.step == step)?.sharpe;
    let Some(top) = selection.chosen.and_then(of) else {
        return Ok(false);
    };
    let eligible = |step| {
        selection
            .judged
            .iter()
            .any(|j| j.step == step && j.eligible)
    };
    let equal = |c: &Candidate| {
        let same = c.sharpe.is_some_and(|s| s.total_cmp(&top).is_eq());
        same && eligible(c.step)
    };
    let mut tied: Vec<&mut Candidate> = candidates.iter_mut().filter(|c| equal(c)).collect();
    let files = sample_files();
    if tied.len() < 2 || files.is_empty() {
        return Ok(false);
    }
    for c in &mut tied {
        let choice = CheckpointChoice::Step(c.step).into();
        let table = market_table(folder, data, own, &choice, &files, stop, &mut |_, _, _| {})?;
        c.market_stability = table.stability;
    }
    Ok(true)
}

/// The step with the highest Sharpe ratio, eligible or not.
fn highest(rows: &[CheckpointRow]) -> Option<u64> {
    let of = |r: &&CheckpointRow| r.sharpe.unwrap_or(f64::NEG_INFINITY);
    let best = rows.iter().rev().max_by(|a, b| of(a).total_cmp(&of(b)))?;
    best.sharpe.map(|_| best.step)
}

/// Overfitting of the choice; accounts that failed early are idle afterwards.
fn judge_choice(rows: &[CheckpointRow]) -> Candidates {
    let days = rows.iter().map(|r| r.series.len()).max().unwrap_or(0);
    let padded: Vec<Vec<f64>> = rows
        .iter()
        .filter_map(|r| {
            let mut x = r.series.returns.clone()?;
            x.resize(days, 0.0);
            Some(x)
        })
        .collect();
    let all: Vec<&[f64]> = padded.iter().map(Vec::as_slice).collect();
    Candidates::of(&all, None, RF, blocks(days), BootstrapSettings::default())
}

/// Sixteen blocks, or as many as leave four days to each.
fn blocks(days: usize) -> usize {
    BLOCKS.min(days / 4 / 2 * 2).max(2)
}

/// Compares rows pair by pair on the days that both accounts lived.
///
/// # Errors
/// When a step is not among the rows, or there are not two to six.
pub fn compare(rows: &[CheckpointRow], steps: &[u64]) -> anyhow::Result<Vec<Comparison>> {
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    if !(2..=6).contains(&steps.len()) {
        bail!(
            "{} checkpoints were named to compare; name two to six",
            steps.len()
        );
    }
    let find = |step: u64| {
        rows.iter().find(|r| r.step == step).with_context(|| {
            let have: Vec<String> = rows.iter().map(|r| r.step.to_string()).collect();
            format!(
                "there is no checkpoint of step {step}; there are {}",
                have.join(", ")
            )
        })
    };
    let mut all = Vec::new();
    for (i, &a) in steps.iter().enumerate() {
        for &b in &steps[i + 1..] {
            all.push(Comparison {
                a,
                b,
                difference: difference(&find(a)?.series, &find(b)?.series),
            });
        }
    }
    Ok(all)
}

/// The first less the second, on the days that both accounts lived.
pub(super) fn difference(a: &DailySeries, b: &DailySeries) -> Option<Paired> {
    let n = a.len().min(b.len());
    paired(&front(a, n), &front(b, n), RF, BootstrapSettings::default())
}

/// The first `n` days of a series.
fn front(s: &DailySeries, n: usize) -> DailySeries {
    let days = s.days.as_ref().map(|d| d[..n].to_vec());
    DailySeries::of_pnl(s.start_balance, s.pnl[..n].to_vec(), days)
}

/// Makes a checkpoint the run's best.
///
/// # Errors
/// When the run cannot be written.
pub fn keep_choice(folder: &RunFolder, table: &CheckpointTable, step: u64) -> anyhow::Result<()> {
    let row = table.rows.iter().find(|r| r.step == step);
    folder.set_best(&BestPointer {
        step,
        metric: "validation_sharpe".to_owned(),
        value: row.and_then(|r| r.sharpe),
    })?;
    Ok(())
}
