//! One checkpoint on several markets: features are free of scale, so it can be tried anywhere.
//!
//! A market is judged on the days of the run's validation part where its file has them, else on
//! the whole file, and says which. Days of the test part are left out for every market, because
//! the index futures move together and one market's test days tell about another's.

use std::ops::Range;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use holdout_core::market::Sessions;
use holdout_core::market::split::Part;
use holdout_core::metrics::correlation::correlation;
use holdout_core::metrics::criteria::Outcome;
use holdout_core::metrics::daily::DailySeries;
use holdout_core::sim::SameBar;
use holdout_store::ImportOptions;
use holdout_store::runs::RunFolder;
use serde::Serialize;

use super::StopFlag;
use super::checkpoints::{CheckpointRow, row_of};
use super::player::{Player, PlayerChoice};
use super::train::RunData;
use crate::arena::Arena;
use crate::dataset::{Dataset, SAMPLES, sample_path};

/// Drawdown from which a market counts as a collapse, in dollars.
const COLLAPSE_USD: f64 = 2_500.0;

/// A market to judge on.
#[derive(Clone, Debug, Default)]
pub struct MarketFile {
    /// Its bars.
    pub path: PathBuf,
    /// What is said about them.
    pub options: ImportOptions,
    /// Finer bars inside them, for a run whose `same_bar` is `finer_bars`.
    pub finer: Option<PathBuf>,
}

/// One market's figures.
#[derive(Clone, Debug, Serialize)]
pub struct MarketRow {
    /// Root symbol.
    pub market: String,
    /// File.
    pub file: PathBuf,
    /// First and last day judged.
    pub from: String,
    /// Last day judged.
    pub to: String,
    /// The file has none of the days of validation, so all of it was judged but test days.
    pub other_days: bool,
    /// Share of the judged days on which the run trained, on its own market.
    pub training_days_share: f64,
    /// The run was trained on this market.
    pub own: bool,
    /// What a bar that reaches both stop and target does; the stop comes first where the run asks
    /// finer bars and this market has none.
    pub same_bar: SameBar,
    /// Figures.
    #[serde(flatten)]
    pub row: CheckpointRow,
}

/// A criterion over all markets.
#[derive(Clone, Debug, Serialize)]
pub struct MarketCriterion {
    /// Name.
    pub id: &'static str,
    /// Outcome.
    pub outcome: Outcome,
    /// In words.
    pub detail: String,
}

/// One checkpoint on several markets.
#[derive(Clone, Debug, Serialize)]
pub struct MarketTable {
    /// The run.
    pub run: String,
    /// Environment steps of the checkpoint, or of an ensemble's first member.
    pub step: u64,
    /// Name of the ensemble, where it was one.
    pub ensemble: Option<String>,
    /// What the run asks of a bar that reaches both stop and target.
    pub asked_same_bar: SameBar,
    /// One row a market.
    pub rows: Vec<MarketRow>,
    /// Correlation of daily profits on the days that two markets share, in the order of `rows`.
    pub correlation: Vec<Vec<Option<f64>>>,
    /// Days that two markets share.
    pub shared_days: Vec<Vec<usize>>,
    /// Smallest Sharpe ratio of all markets, by which ties among checkpoints are broken.
    pub stability: Option<f64>,
    /// Success over markets.
    pub criteria: Vec<MarketCriterion>,
}

/// The sample markets, where they are there.
pub fn sample_files() -> Vec<MarketFile> {
    let options = |market: &str| ImportOptions {
        market: Some(market.to_owned()),
        ..ImportOptions::default()
    };
    SAMPLES
        .iter()
        .filter_map(|s| {
            Some(MarketFile {
                path: sample_path(s.0).ok()?,
                options: options(s.0),
                finer: None,
            })
        })
        .collect()
}

/// Judges a checkpoint or an ensemble on files.
///
/// # Errors
/// When no file is named, one cannot be read, a market cannot be planned, or it was stopped.
pub fn market_table(
    folder: &RunFolder,
    data: &RunData,
    own: &Arena,
    choice: &PlayerChoice,
    files: &[MarketFile],
    stop: &StopFlag,
    progress: &mut dyn FnMut(&str, u64, u64),
) -> anyhow::Result<MarketTable> {
    if files.is_empty() {
        bail!(
            "there is no market to judge on: the sample markets are not where this program looks for them; name bar files (--data FILE)"
        );
    }
    let player = Player::load(folder, choice)?;
    let mut rows = Vec::new();
    for (k, file) in files.iter().enumerate() {
        if stop.is_stopped() {
            bail!("stopped after {k} of {} markets", files.len());
        }
        let name = file.path.display().to_string();
        progress(&name, k as u64, files.len() as u64);
        let dataset = Dataset::load(&file.path, &file.options, &mut |_| !stop.is_stopped())
            .with_context(|| format!("failed to read {name}"))?;
        rows.push(market(own, data, (dataset, file.finer.clone()), &player)?);
    }
    progress("", files.len() as u64, files.len() as u64);
    let pair = |a: &MarketRow, b: &MarketRow| shared(&a.row.series, &b.row.series);
    let grid = |f: &dyn Fn(&MarketRow, &MarketRow) -> Option<f64>| {
        let row = |a| rows.iter().map(|b| f(a, b)).collect::<Vec<_>>();
        rows.iter().map(row).collect::<Vec<_>>()
    };
    let worst = rows
        .iter()
        .map(|r| r.row.sharpe)
        .reduce(|a, b| Some(a?.min(b?)));
    Ok(MarketTable {
        run: folder.id(),
        step: player.step,
        ensemble: player.ensemble().map(str::to_owned),
        asked_same_bar: own.plan.sim.settings.same_bar,
        correlation: grid(&|a, b| {
            let (x, y) = pair(a, b);
            correlation(&x, &y)
        }),
        shared_days: rows
            .iter()
            .map(|a| rows.iter().map(|b| pair(a, b).0.len()).collect())
            .collect(),
        stability: worst.flatten(),
        criteria: criteria(&rows),
        rows,
    })
}

fn market(
    own: &Arena,
    data: &RunData,
    (dataset, finer): (Dataset, Option<PathBuf>),
    player: &Player,
) -> anyhow::Result<MarketRow> {
    let (file, same) = (dataset.path.clone(), dataset.market() == data.market);
    let same_prices = data.same_prices(&dataset.bars.instrument);
    let arena = own.other_market(dataset, finer)?;
    let sessions = &arena.tape.sessions;
    let (range, other_days) = stretch(sessions, data, same_prices).with_context(|| {
        format!(
            "{} has no day to judge on: all of them are of the run's training or test part",
            file.display()
        )
    })?;
    let ledger = player.play(&arena, range.clone())?;
    let judged = || sessions.days.iter().filter(|d| range.contains(&d.first));
    let (first, last) = data.split.train;
    let trained = judged().filter(|d| d.day >= first && d.day <= last).count();
    let day = |d: Option<&holdout_core::market::SessionDay>| {
        d.map(|d| d.day.to_string()).unwrap_or_default()
    };
    Ok(MarketRow {
        market: arena.plan.instrument.symbol.clone(),
        file,
        from: day(judged().next()),
        to: day(judged().next_back()),
        other_days,
        training_days_share: trained as f64 / judged().count().max(1) as f64,
        own: same,
        same_bar: arena.plan.sim.settings.same_bar,
        row: row_of(&ledger, &arena, player.step, player.phase),
    })
}

/// The bars to judge on, and whether they are of other days than validation.
fn stretch(sessions: &Sessions, data: &RunData, same_prices: bool) -> Option<(Range<usize>, bool)> {
    let (from, to) = data.split.days(Part::Validation);
    let bars = |keep: &dyn Fn(holdout_core::time::TradingDay) -> bool| {
        let mut days = sessions.days.iter().filter(|d| keep(d.day));
        let first = days.next()?;
        Some(first.first..days.next_back().unwrap_or(first).last + 1)
    };
    if let Some(range) = bars(&|d| d >= from && d <= to) {
        return Some((range, false));
    }
    let (test_from, test_to) = data.split.days(Part::Test);
    let before = |d| d < test_from && !(same_prices && d <= data.split.train.1);
    let range = bars(&before).or_else(|| bars(&|d| d > test_to));
    range.map(|r| (r, true))
}

/// Profits of both accounts on the days that both have.
fn shared(a: &DailySeries, b: &DailySeries) -> (Vec<f64>, Vec<f64>) {
    let (Some(da), Some(db)) = (&a.days, &b.days) else {
        return (Vec::new(), Vec::new());
    };
    let pair = |(i, d)| Some((a.pnl[i], b.pnl[db.binary_search(d).ok()?]));
    da.iter().enumerate().filter_map(pair).unzip()
}

fn criteria(rows: &[MarketRow]) -> Vec<MarketCriterion> {
    let n = rows.len();
    let of = |id, met: bool, detail: String| {
        let outcome = match (n > 0, met) {
            (false, _) => Outcome::Unknown,
            (true, true) => Outcome::Pass,
            (true, false) => Outcome::Fail,
        };
        MarketCriterion {
            id,
            outcome,
            detail,
        }
    };
    let wins = rows
        .iter()
        .filter(|r| r.row.win_rate.is_some_and(|w| w > 0.5))
        .count();
    let sharp = rows
        .iter()
        .filter(|r| r.row.sharpe.is_some_and(|s| s > 2.0))
        .count();
    let gone: Vec<&str> = rows
        .iter()
        .filter(|r| r.row.breached || r.row.stalled || r.row.max_drawdown_usd >= COLLAPSE_USD)
        .map(|r| r.market.as_str())
        .collect();
    let fell = if gone.is_empty() {
        "none".to_owned()
    } else {
        gone.join(", ")
    };
    vec![
        of(
            "win_rate_two_thirds",
            wins * 3 >= n * 2,
            format!("win rate above 50% on {wins} of {n} markets, two of three are needed"),
        ),
        of(
            "sharpe_one",
            sharp > 0,
            format!("Sharpe ratio above 2 on {sharp} of {n} markets, one is needed"),
        ),
        of(
            "no_collapse",
            gone.is_empty(),
            format!(
                "account failed, shut out, or down {COLLAPSE_USD:.0} dollars or more on: {fell}"
            ),
        ),
    ]
}
