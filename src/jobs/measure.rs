//! Anybody's numbers measured: daily results, trades, a benchmark, candidates.
//!
//! Reads the files, builds the series, and hands them to `core`. What the inputs do not allow
//! is `null` in the result, with the reason in `reasons`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::bail;
use holdout_core::market::Instruments;
use holdout_core::metrics::benchmark::AgainstBenchmark;
use holdout_core::metrics::bootstrap::BootstrapSettings;
use holdout_core::metrics::candidates::Candidates;
use holdout_core::metrics::deflation::Trials;
use holdout_core::metrics::moments::{FLAT, std_dev};
use holdout_core::metrics::monte_carlo::MonteCarloSettings;
use holdout_core::metrics::reasons::{Facts, reasons};
use holdout_core::metrics::robustness::judge_candidates;
use holdout_core::metrics::ruin::TrailingLimit;
use holdout_core::metrics::{
    Beside, DailySeries, Robustness, RobustnessSettings, Tearsheet, TearsheetSettings,
};
use holdout_core::sim::Trade;
use holdout_store::ledger::{
    self as ledger_files, DailyValues, read_candidates, read_daily_csv, read_trades,
};
use serde::Serialize;

/// What to measure, and how.
#[derive(Clone, Debug)]
pub struct MeasureInputs {
    /// Daily results.
    pub daily: Option<PathBuf>,
    /// Closed trades.
    pub trades: Option<PathBuf>,
    /// Daily results of a benchmark.
    pub benchmark: Option<PathBuf>,
    /// Daily returns of all candidates.
    pub candidates: Option<PathBuf>,
    /// Blocks of their cross-validation.
    pub blocks: usize,
    /// Balance before the first day in dollars.
    pub start_balance: f64,
    /// Yearly risk-free rate.
    pub rf: f64,
    /// Daily target of the Sortino ratio.
    pub target: Option<f64>,
    /// Resampling.
    pub bootstrap: BootstrapSettings,
    /// Days of a rolling window.
    pub window_days: usize,
    /// Candidates tried, where told; a variance that was not told is that of `candidates`.
    pub trials: Option<Trials>,
    /// Distance of the trailing floor in dollars.
    pub drawdown_limit: f64,
}

/// What was read.
#[derive(Clone, Debug, Serialize)]
pub struct Inputs {
    /// `net_pnl` or `return`; none without daily results.
    pub daily: Option<&'static str>,
    /// Days.
    pub days: usize,
    /// Balance before the first day in dollars.
    pub start_balance: f64,
    /// Yearly risk-free rate.
    pub rf: f64,
    /// Seed.
    pub seed: u64,
    /// Draws.
    pub draws: usize,
    /// Trades read, forced ones included.
    pub trades: Option<usize>,
    /// Net profit of the own trades less that of the days, in dollars.
    pub trades_less_daily_usd: Option<f64>,
    /// Days of the benchmark.
    pub benchmark_days: Option<usize>,
    /// Names of the candidates.
    pub candidates: Option<Vec<String>>,
}

/// Everything that was found.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// What was read.
    pub inputs: Inputs,
    /// The tearsheet; absent without daily results.
    #[serde(flatten)]
    pub sheet: Option<Tearsheet>,
    /// Beside the benchmark.
    pub benchmark: Option<AgainstBenchmark>,
    /// Windows, paths, significance, deflation, criteria; absent without daily results.
    #[serde(flatten)]
    pub robustness: Option<Robustness>,
    /// Verdict on the candidates, where there is no account beside them.
    #[serde(rename = "candidates_alone", skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Candidates>,
    /// Why each `null` is one, by path; places in a list are `[]`.
    pub reasons: BTreeMap<String, String>,
}

fn series(file: &ledger_files::DailySeries, start: f64) -> DailySeries {
    let days = Some(file.days.clone());
    match &file.values {
        DailyValues::NetPnl(pnl) => DailySeries::of_pnl(start, pnl.clone(), days),
        DailyValues::Return(r) => DailySeries::of_returns(start, r.clone(), days),
    }
}

/// Returns of both on the days that both have.
fn shared(a: &DailySeries, b: &DailySeries) -> Option<(Vec<f64>, Vec<f64>)> {
    let (ra, rb) = (a.returns.as_ref()?, b.returns.as_ref()?);
    let (da, db) = (a.days.as_ref()?, b.days.as_ref()?);
    let pair = |(i, day)| Some((ra[i], rb[db.binary_search(day).ok()?]));
    Some(da.iter().enumerate().filter_map(pair).unzip())
}

/// Measures files.
///
/// # Errors
/// When a file cannot be used; the message names file, line, column and value.
pub fn measure(m: &MeasureInputs) -> anyhow::Result<Measured> {
    let limit = m.drawdown_limit;
    if !m.start_balance.is_finite() || !m.rf.is_finite() || limit.is_nan() || limit <= 0.0 {
        bail!(
            "start balance {}, rate {} and drawdown limit {} must be finite, the last above 0",
            m.start_balance,
            m.rf,
            m.drawdown_limit
        );
    }
    if m.blocks % 2 == 1 || !(2..=20).contains(&m.blocks) {
        bail!(
            "{} blocks cannot be halved; expected an even number from 2 to 20",
            m.blocks
        );
    }
    let daily = m.daily.as_deref().map(read_daily_csv).transpose()?;
    let markets = Instruments::builtin();
    let trades = m
        .trades
        .as_deref()
        .map(|p| read_trades(p, &markets))
        .transpose()?;
    let benchmark = m.benchmark.as_deref().map(read_daily_csv).transpose()?;
    let candidates = m.candidates.as_deref().map(read_candidates).transpose()?;
    let kind = daily.as_ref().map(|d| match d.values {
        DailyValues::NetPnl(_) => "net_pnl",
        DailyValues::Return(_) => "return",
    });
    if kind == Some("return") && m.start_balance <= 0.0 {
        bail!(
            "returns need a positive start balance, {} was given",
            m.start_balance
        );
    }
    let account = daily.as_ref().map(|d| series(d, m.start_balance));
    let beside = benchmark.as_ref().zip(account.as_ref()).and_then(|(b, a)| {
        let start = if m.start_balance > 0.0 {
            m.start_balance
        } else {
            50_000.0
        };
        shared(a, &series(b, start))
    });
    let judged = candidates.as_ref().and_then(|c| {
        let all: Vec<&[f64]> = c.returns.iter().map(Vec::as_slice).collect();
        judge_candidates(&all, c.benchmark.as_deref(), m.rf, m.blocks, m.bootstrap)
    });
    let own: Option<&[Trade]> = trades.as_ref().map(|t| t.0.as_slice());
    let net: Option<f64> = own.map(|t| {
        t.iter()
            .filter(|t| !t.forced)
            .map(|t| t.net_pnl.dollars())
            .sum()
    });
    let mut out = Measured {
        inputs: Inputs {
            daily: kind,
            days: account.as_ref().map_or(0, DailySeries::len),
            start_balance: m.start_balance,
            rf: m.rf,
            seed: m.bootstrap.seed,
            draws: m.bootstrap.draws,
            trades: own.map(<[Trade]>::len),
            trades_less_daily_usd: net
                .zip(account.as_ref())
                .map(|(n, a)| n - a.pnl.iter().sum::<f64>()),
            benchmark_days: benchmark.as_ref().map(|b| b.days.len()),
            candidates: candidates.as_ref().map(|c| c.names.clone()),
        },
        sheet: None,
        benchmark: beside
            .as_ref()
            .map(|(r, b)| AgainstBenchmark::of(r, b, m.rf)),
        robustness: None,
        candidates: None,
        reasons: BTreeMap::new(),
    };
    match &account {
        None => out.candidates = judged,
        Some(a) => {
            let tick = trades
                .as_ref()
                .and_then(|t| t.1.as_ref())
                .map(|i| i.tick_value.dollars());
            examine(m, &mut out, a, own, tick, judged.as_ref());
        }
    }
    let facts = facts(&out, account.as_ref(), beside.as_ref().map(|b| b.0.len()));
    out.reasons = reasons(&serde_json::to_value(&out)?, &facts);
    Ok(out)
}

fn examine(
    m: &MeasureInputs,
    out: &mut Measured,
    account: &DailySeries,
    trades: Option<&[Trade]>,
    tick_value: Option<f64>,
    candidates: Option<&Candidates>,
) {
    let settings = TearsheetSettings {
        rf: m.rf,
        sortino_target: m.target,
        bootstrap: m.bootstrap,
        ..TearsheetSettings::default()
    };
    let mut sheet = Tearsheet::of_daily(account, trades, &settings);
    sheet.returns.information_ratio = out.benchmark.as_ref().and_then(|b| b.information_ratio);
    let deflated = candidates.and_then(|c| c.deflation.as_ref());
    let of_candidates = deflated.map(|d| Trials {
        count: d.trials,
        variance: d.trial_variance,
    });
    let robust = RobustnessSettings {
        rf: m.rf,
        window_days: m.window_days,
        monte_carlo: MonteCarloSettings {
            paths: m.bootstrap.draws,
            seed: m.bootstrap.seed,
            floor: TrailingLimit {
                limit_usd: m.drawdown_limit,
                ..TrailingLimit::default()
            },
            ..MonteCarloSettings::default()
        },
        tick_value,
        trials: trials(m.trials, of_candidates),
        ..RobustnessSettings::default()
    };
    let beside = Beside {
        candidates,
        ..Beside::default()
    };
    out.robustness = Some(Robustness::of(account, trades, &sheet, beside, &robust));
    out.sheet = Some(sheet);
}

/// The trials as told, with the variance of the candidates where none was.
fn trials(told: Option<Trials>, of_candidates: Option<Trials>) -> Trials {
    match told {
        Some(t) => Trials {
            variance: t.variance.or(of_candidates.and_then(|c| c.variance)),
            ..t
        },
        None => of_candidates.unwrap_or_default(),
    }
}

fn facts(out: &Measured, account: Option<&DailySeries>, benchmark_days: Option<usize>) -> Facts {
    let returns = account.and_then(|a| a.returns.as_deref());
    let trades = out.sheet.as_ref().and_then(|s| s.trades.as_ref());
    Facts {
        days: out.inputs.days,
        trades: trades.map(|t| t.all.count),
        has_returns: returns.is_some(),
        flat: returns
            .and_then(|r| std_dev(r, 1))
            .is_some_and(|s| s < FLAT),
        benchmark_days: benchmark_days.or(out.inputs.benchmark_days.map(|_| 0)),
        has_candidates: out.inputs.candidates.is_some(),
        draws: out.inputs.draws,
    }
}
