//! Ensembles of a run's checkpoints: made on validation, judged like a checkpoint, kept in the run.
//!
//! Members are the best checkpoints of the run's last phase by validation Sharpe ratio. Their
//! weights, and who is in charge of which regime or market, come from validation as well, so an
//! ensemble's own figures there are flattered by the choice. Everything that judges a checkpoint
//! judges an ensemble too (see [`super::player`]), and opening test is counted alike.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use holdout_core::market::split::Part;
use holdout_core::metrics::by_regime::MIN_TRADES;
use holdout_core::metrics::paired::Paired;
use holdout_core::metrics::sharpe::sharpe;
use holdout_core::regime::{Regime, Regimes};
use holdout_store::runs::{CheckpointChoice, RunFolder};
use holdout_store::text::read_whole;
use serde::{Deserialize, Serialize};

use super::StopFlag;
use super::checkpoints::{CheckpointRow, difference, judge_all, row_of};
use super::markets::{market_table, sample_files};
use super::player::{Player, load_checkpoint};
use super::regimes::regime_table;
use super::train::RunData;
use crate::arena::Arena;
use crate::ensemble::Combine;

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
    /// ATR over close above which volatility is high, fitted on the run's training bars; for the
    /// kind that goes by regimes.
    #[serde(default)]
    pub volatility_threshold: Option<f64>,
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

/// Where an ensemble of this name is kept.
fn file_of(folder: &RunFolder, name: &str) -> anyhow::Result<PathBuf> {
    let sound = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(sound) {
        bail!("\"{name}\" is no name for an ensemble; use letters, digits, - and _");
    }
    Ok(folder.path().join("ensembles").join(format!("{name}.json")))
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
    let path = file_of(folder, &question.name)?;
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
        volatility_threshold: None,
    };
    match question.combine {
        Combine::PerRegime => {
            ensemble.regimes = by_regime(folder, arena, &rows)?;
            let train = arena.range(Part::Train);
            let labels = Regimes::label(&arena.bars, &arena.tape.sessions, train);
            ensemble.volatility_threshold = labels.volatility_threshold;
        }
        Combine::PerMarket => ensemble.markets = by_market(folder, data, arena, &rows, stop)?,
        Combine::Average | Combine::Weighted | Combine::Vote => {}
    }
    let player = Player::together(folder, ensemble.clone())?;
    let ledger = player.play(arena, range)?;
    let validation = row_of(&ledger, arena, player.step, player.phase);
    let best_member = rows[0].clone();
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).with_context(|| format!("failed to create {}", parent.display()))?;
    holdout_store::atomic::replace(&path, &serde_json::to_vec_pretty(&ensemble)?)?;
    Ok(EnsembleResult {
        against_best: difference(&validation.series, &best_member.series),
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
pub(crate) fn regime_name(r: &Regime) -> Option<String> {
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
        let (policy, phase) = load_checkpoint(folder, r.step)?;
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
        let choice = CheckpointChoice::Step(r.step).into();
        let mut quiet = |_: &str, _, _| {};
        let table = market_table(
            folder,
            data,
            arena,
            &choice,
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

/// Reads an ensemble of a run.
///
/// # Errors
/// When there is none of that name, or its file is not valid.
pub fn open(folder: &RunFolder, name: &str) -> anyhow::Result<EnsembleFile> {
    let path = file_of(folder, name)?;
    let bytes = read_whole(&path).with_context(|| {
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

/// The ensembles that a run keeps, by name.
///
/// # Errors
/// When the folder cannot be listed.
pub fn names(folder: &RunFolder) -> anyhow::Result<Vec<String>> {
    let dir = folder.path().join("ensembles");
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let entries =
        fs::read_dir(&dir).with_context(|| format!("failed to list {}", dir.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|x| x == "json"))
        .filter_map(|p| Some(p.file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    Ok(names)
}
