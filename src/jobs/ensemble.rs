//! Ensembles of a run's checkpoints: made on validation, judged like a checkpoint, kept in the run.
//!
//! Members are the best checkpoints of the run's last phase by validation Sharpe ratio. Their
//! weights, and who is in charge of which regime or market, come from validation as well, so an
//! ensemble's own figures there are flattered by the choice; test is where it is judged, and
//! opening test is counted as for a checkpoint.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use holdout_core::market::split::Part;
use holdout_core::metrics::DailySeries;
use holdout_core::metrics::bootstrap::BootstrapSettings;
use holdout_core::metrics::by_regime::MIN_TRADES;
use holdout_core::metrics::paired::{Paired, paired};
use holdout_core::metrics::sharpe::sharpe;
use holdout_core::regime::{Regime, Regimes};
use holdout_core::sim::{Ledger, Phase};
use holdout_learn::Policy;
use holdout_store::runs::{EvaluationFiles, RunFolder, open_test_split, write_evaluation};
use serde::{Deserialize, Serialize};

use super::StopFlag;
use super::checkpoints::{CheckpointRow, judge_all, load, row_of};
use super::evaluate::{Evaluation, Judge, Known, judge_ledger};
use super::markets::{market_table, sample_files};
use super::regimes::regime_table;
use super::train::RunData;
use super::trials::trials;
use crate::arena::Arena;
use crate::ensemble::{Combine, Together};

/// Yearly risk-free rate of all figures here.
const RF: f64 = 0.02;
/// Version of the file.
const FORMAT: u32 = 1;

/// One member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Environment steps of the checkpoint.
    pub step: u64,
    /// Weight; all weights add up to 1.
    pub weight: f32,
    /// Annual Sharpe ratio on validation.
    pub sharpe: Option<f64>,
}

/// An ensemble as it is kept in `ensembles/NAME.json` of its run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnsembleFile {
    /// Version of this file.
    pub format: u32,
    /// Its name.
    pub name: String,
    /// How members are put together.
    pub combine: Combine,
    /// Members, the best first.
    pub members: Vec<Member>,
    /// Number of the member in charge of a market; the first where it is not named.
    pub markets: BTreeMap<String, usize>,
    /// Number of the member in charge of a regime (`trend × volatility`); the first elsewhere.
    pub regimes: BTreeMap<String, usize>,
}

/// A new ensemble with its figures on validation.
#[derive(Clone, Debug, Serialize)]
pub struct EnsembleResult {
    /// The ensemble.
    pub ensemble: EnsembleFile,
    /// Where it is kept.
    pub path: PathBuf,
    /// Its account on validation, on which it was chosen too.
    pub validation: CheckpointRow,
    /// The best single member on the same days.
    pub best_member: CheckpointRow,
    /// The ensemble less the best member, days both accounts lived.
    pub against_best: Option<Paired>,
}

fn file_of(folder: &RunFolder, name: &str) -> PathBuf {
    folder.path().join("ensembles").join(format!("{name}.json"))
}

/// What kind of ensemble to make.
#[derive(Clone, Debug)]
pub struct EnsembleQuestion {
    /// How members are put together.
    pub combine: Combine,
    /// Number of members.
    pub top: usize,
    /// Its name.
    pub name: String,
}

/// Makes an ensemble of a run's best checkpoints and keeps it.
///
/// # Errors
/// When there are fewer than two checkpoints of the last phase, or one cannot be read.
pub fn make(
    folder: &RunFolder,
    data: &RunData,
    arena: &Arena,
    question: &EnsembleQuestion,
    stop: &StopFlag,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> anyhow::Result<EnsembleResult> {
    let sound = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if question.name.is_empty() || !question.name.chars().all(sound) {
        bail!(
            "\"{}\" is no name for an ensemble; use letters, digits, - and _",
            question.name
        );
    }
    let range = arena.range(Part::Validation);
    let mut rows = judge_all(folder, arena, &range, stop, progress)?;
    let last = rows.last().map_or(0, |r| r.phase);
    rows.retain(|r| r.phase == last);
    let of = |r: &CheckpointRow| r.sharpe.unwrap_or(f64::NEG_INFINITY);
    rows.sort_by(|a, b| of(b).total_cmp(&of(a)));
    rows.truncate(question.top.max(2));
    if rows.len() < 2 {
        bail!(
            "an ensemble needs two checkpoints of one phase; the last phase of this run has {}",
            rows.len()
        );
    }
    let mut ensemble = EnsembleFile {
        format: FORMAT,
        name: question.name.clone(),
        combine: question.combine,
        members: members(&rows, question.combine),
        markets: BTreeMap::new(),
        regimes: BTreeMap::new(),
    };
    match question.combine {
        Combine::PerRegime => ensemble.regimes = by_regime(folder, arena, &rows)?,
        Combine::PerMarket => ensemble.markets = by_market(folder, data, arena, &rows, stop)?,
        Combine::Average | Combine::Weighted | Combine::Vote => {}
    }
    let (ledger, phase) = play(folder, arena, &ensemble, range)?;
    let validation = row_of(&ledger, arena, 0, phase);
    let best_member = rows[0].clone();
    let path = file_of(folder, &ensemble.name);
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).with_context(|| format!("failed to create {}", parent.display()))?;
    holdout_store::atomic::replace(&path, &serde_json::to_vec_pretty(&ensemble)?)?;
    let n = validation.series.len().min(best_member.series.len());
    let front = |s: &DailySeries| DailySeries::of_pnl(s.start_balance, s.pnl[..n].to_vec(), None);
    let (a, b) = (front(&validation.series), front(&best_member.series));
    Ok(EnsembleResult {
        against_best: paired(&a, &b, RF, BootstrapSettings::default()),
        ensemble,
        path,
        validation,
        best_member,
    })
}

/// Equal weights, or weights by the Sharpe ratio over the second half of validation.
fn members(rows: &[CheckpointRow], combine: Combine) -> Vec<Member> {
    let recent = |r: &CheckpointRow| {
        let returns = r.series.returns.as_deref().unwrap_or_default();
        sharpe(&returns[returns.len() / 2..], RF)
            .unwrap_or(0.0)
            .max(0.0)
    };
    let mut weights: Vec<f64> = match combine {
        Combine::Weighted => rows.iter().map(recent).collect(),
        _ => vec![1.0; rows.len()],
    };
    let sum: f64 = weights.iter().sum();
    if sum <= 0.0 {
        // Nobody did well lately: nobody is preferred.
        weights = vec![1.0; rows.len()];
    }
    let sum: f64 = weights.iter().sum();
    let member = |(r, w): (&CheckpointRow, f64)| Member {
        step: r.step,
        weight: (w / sum) as f32,
        sharpe: r.sharpe,
    };
    rows.iter().zip(weights).map(member).collect()
}

/// The name of a bar's regime; `None` while it is undefined.
fn regime_name(r: &Regime) -> Option<String> {
    Some(format!("{} × {}", r.trend?.name(), r.volatility?.name()))
}

/// The member with the highest profit per trade in each regime in which it has enough trades.
fn by_regime(
    folder: &RunFolder,
    arena: &Arena,
    rows: &[CheckpointRow],
) -> anyhow::Result<BTreeMap<String, usize>> {
    let range = arena.range(Part::Validation);
    let mut best: BTreeMap<String, (f64, usize)> = BTreeMap::new();
    for (k, r) in rows.iter().enumerate() {
        let (policy, phase) = load(folder, r.step)?;
        let ledger = arena.evaluate(&policy, phase, range.clone())?;
        let table = regime_table(arena, &ledger, &range)?;
        for cell in table
            .crossings
            .iter()
            .filter(|c| c.kinds == ["trend", "volatility"])
        {
            let Some(profit) = cell.expectancy.filter(|_| cell.trades >= MIN_TRADES) else {
                continue;
            };
            let held = best.entry(cell.labels.join(" × ")).or_insert((profit, k));
            if profit > held.0 {
                *held = (profit, k);
            }
        }
    }
    Ok(best.into_iter().map(|(name, (_, k))| (name, k)).collect())
}

/// The member with the highest Sharpe ratio on each sample market.
fn by_market(
    folder: &RunFolder,
    data: &RunData,
    arena: &Arena,
    rows: &[CheckpointRow],
    stop: &StopFlag,
) -> anyhow::Result<BTreeMap<String, usize>> {
    let mut best: BTreeMap<String, (f64, usize)> = BTreeMap::new();
    for (k, r) in rows.iter().enumerate() {
        let choice = holdout_store::runs::CheckpointChoice::Step(r.step);
        let mut quiet = |_: &str, _, _| {};
        let table = market_table(
            folder,
            data,
            arena,
            choice,
            &sample_files(),
            stop,
            &mut quiet,
        )?;
        for m in table.rows {
            let score = m.row.sharpe.unwrap_or(f64::NEG_INFINITY);
            let held = best.entry(m.market).or_insert((score, k));
            if score > held.0 {
                *held = (score, k);
            }
        }
    }
    Ok(best.into_iter().map(|(name, (_, k))| (name, k)).collect())
}

/// Plays an ensemble over bars of an arena.
///
/// # Errors
/// When a member cannot be read or reads another observation.
pub fn play(
    folder: &RunFolder,
    arena: &Arena,
    ensemble: &EnsembleFile,
    range: std::ops::Range<usize>,
) -> anyhow::Result<(Ledger, Phase)> {
    let mut policies: Vec<Policy> = Vec::new();
    let mut phase = Phase::Entries;
    for m in &ensemble.members {
        let (policy, own) = load(folder, m.step)?;
        arena.fits(&policy)?;
        phase = own;
        policies.push(policy);
    }
    let weights = ensemble.members.iter().map(|m| m.weight).collect();
    let who = |k: Option<&usize>| k.copied().filter(|&k| k < policies.len()).unwrap_or(0) as u8;
    let in_charge = match ensemble.combine {
        Combine::PerMarket => {
            let k = who(ensemble.markets.get(&arena.plan.instrument.symbol));
            Some(vec![k; arena.bars.len()])
        }
        Combine::PerRegime => {
            let train = arena.range(Part::Train);
            let labels = Regimes::label(&arena.bars, &arena.tape.sessions, train);
            let of = |r: &Regime| who(regime_name(r).and_then(|n| ensemble.regimes.get(&n)));
            Some(labels.bars.iter().map(of).collect())
        }
        Combine::Average | Combine::Weighted | Combine::Vote => None,
    };
    let mut together = Together::new(
        &policies,
        weights,
        &arena.table,
        ensemble.combine,
        in_charge.map(Arc::new),
    );
    Ok((arena.play(&mut together, phase, range)?, phase))
}

/// Reads an ensemble of a run.
///
/// # Errors
/// When there is none of that name, or its file is not valid.
pub fn open(folder: &RunFolder, name: &str) -> anyhow::Result<EnsembleFile> {
    let path = file_of(folder, name);
    let bytes = fs::read(&path).with_context(|| {
        format!(
            "the run has no ensemble \"{name}\"; make one with holdout ensemble --run ({})",
            path.display()
        )
    })?;
    let file: EnsembleFile = serde_json::from_slice(&bytes)
        .with_context(|| format!("the ensemble's file is not valid ({})", path.display()))?;
    if file.format > FORMAT || file.members.is_empty() {
        bail!(
            "the ensemble has format {} and {} members; this version reads format {FORMAT} with members ({})",
            file.format,
            file.members.len(),
            path.display()
        );
    }
    Ok(file)
}

/// Judges an ensemble on a part of its run's split and keeps the result like a checkpoint's.
///
/// # Errors
/// As [`play`], and when the look at test cannot be counted.
pub fn judge_ensemble(
    folder: &RunFolder,
    data: &RunData,
    arena: &Arena,
    name: &str,
    part: Part,
    runs: &Path,
    judge: Judge,
) -> anyhow::Result<(Evaluation, PathBuf)> {
    let ensemble = open(folder, name)?;
    let looks = match part {
        Part::Test => Some(open_test_split(
            runs,
            &data.bars_sha256,
            &data.test_split(),
            &format!("{} ensemble {name}", folder.id()),
        )?),
        Part::Train | Part::Validation => None,
    };
    let range = arena.range(part);
    let (ledger, _) = play(folder, arena, &ensemble, range.clone())?;
    let known = Known {
        trials: trials(runs, &data.bars_sha256)?,
        train: None,
    };
    let step = ensemble.members[0].step;
    let mut e = judge_ledger(arena, ledger, step, Some(part), range, judge, &known)?;
    e.looks = looks;
    let (summary, verdict) = (serde_json::to_value(e.summary())?, e.verdict_json()?);
    let others: [(&str, &[u8]); 1] = [("verdict.json", &verdict)];
    let files = EvaluationFiles {
        ledger: &e.ledger,
        summary: &summary,
        others: &others,
    };
    let kept = write_evaluation(folder, &format!("{}-ensemble-{name}", part.name()), &files)?;
    Ok((e, kept))
}
