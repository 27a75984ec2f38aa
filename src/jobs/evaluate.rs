//! The verdict on a policy: one account, in order, full costs, greedy; beside benchmarks that
//! went through the same simulator, and under a rule set.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{anyhow, bail};
use holdout_core::compliance::{self, TrailingFloor};
use holdout_core::market::split::Part;
use holdout_core::metrics::by_regime::RegimeTable;
use holdout_core::metrics::deflation::Trials;
use holdout_core::metrics::permutation::permute_entries;
use holdout_core::metrics::tearsheet::ledger_days;
use holdout_core::metrics::{
    Beside, DailySeries, Robustness, RobustnessSettings, Succession, Summary, Tearsheet,
};
use holdout_core::rng::Stream;
use holdout_core::sim::{Action, Ledger, Side, baseline};
use holdout_core::units::Usd;
use holdout_store::runs::{EvaluationFiles, RunFolder, open_test_split, write_evaluation};
use serde::Serialize;

use super::player::{Player, PlayerChoice};
use super::regimes::regime_table;
use super::train::{RunData, open_run};
use super::trials::trials;
use crate::arena::Arena;
use crate::dataset::Dataset;
use crate::report::equity_chart::BenchmarkCurve;
use crate::report::number;

/// A policy without learning, for comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Benchmark {
    /// Short name used in files.
    pub id: &'static str,
    /// What it does, for people.
    pub label: &'static str,
    /// Net P&L over the same bars.
    pub net_pnl: Usd,
    /// Its tear sheet, where it traded through the simulator.
    pub tearsheet: Option<Tearsheet>,
    /// Open time of a bar and equity after it, for the chart; thinned to at most [`CURVE_POINTS`].
    #[serde(skip)]
    pub curve: Arc<Vec<(i64, Usd)>>,
}

/// Points of a benchmark's curve on a chart.
pub const CURVE_POINTS: usize = 20_000;

/// Random entries with the agent's frequency and side mix.
#[derive(Clone, Debug, Serialize)]
pub struct RandomEntries {
    /// Accounts.
    pub accounts: u64,
    /// Mean net P&L.
    pub mean_usd: f64,
    /// 2.5th and 97.5th percentile of net P&L.
    pub interval_usd: [f64; 2],
    /// Share of them that did worse than the agent, ties counted half.
    pub percentile_of_agent: f64,
    /// One-sided p-value: share that did at least as well, the agent counted among them.
    pub p: f64,
}

/// The verdict on one policy over one stretch of bars.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Part of the split, or none for another data set.
    pub part: Option<Part>,
    /// Whether the policy trained on these bars.
    pub in_sample: bool,
    /// Environment steps of the checkpoint, or of an ensemble's first member.
    pub step: u64,
    /// Name of the ensemble, where it was one.
    pub ensemble: Option<String>,
    /// What happened.
    #[serde(skip)]
    pub ledger: Arc<Ledger>,
    /// What it is worth.
    pub tearsheet: Tearsheet,
    /// Whether it is real.
    pub robustness: Robustness,
    /// By market regime; none for another data set, which has no training part of the run.
    pub regimes: Option<RegimeTable>,
    /// Whether it keeps the rules.
    pub compliance: compliance::Report,
    /// What doing without the policy would have given.
    pub benchmarks: Vec<Benchmark>,
    /// Random entries; none when the policy never trades or none were asked for.
    pub random: Option<RandomEntries>,
    /// That account and the fresh ones that followed it once it was lost; none where only its
    /// ledger was kept.
    pub succession: Option<Succession>,
    /// How often the run's test days have been looked at, this time included; none where none of
    /// them was.
    pub looks: Option<u64>,
}

/// What is known of a policy beside the account that is judged.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Candidates that any run saw on these bars.
    pub trials: Trials,
    /// Tearsheet and daily profits of the same policy on its training bars.
    pub train: Option<(Tearsheet, Vec<f64>)>,
}

/// How to judge.
#[derive(Clone, Copy, Debug)]
pub struct Judge {
    /// Accounts of random entries.
    pub random_accounts: u64,
    /// Seed of their random numbers.
    pub seed: u64,
}

impl Default for Judge {
    fn default() -> Self {
        Self {
            random_accounts: 1_000,
            seed: 1,
        }
    }
}

/// Judges an account that was played over `range`, whoever decided.
///
/// # Errors
/// When a benchmark cannot be planned.
pub fn judge_ledger(
    arena: &Arena,
    ledger: Ledger,
    step: u64,
    part: Option<Part>,
    range: Range<usize>,
    judge: Judge,
    known: &Known,
) -> anyhow::Result<Evaluation> {
    let benchmarks = benchmarks(arena, &range)?;
    let random = random_entries(arena, &ledger, &range, judge);
    let tearsheet = Tearsheet::with(&ledger, &arena.figures());
    let robustness = robustness(
        arena,
        &ledger,
        &tearsheet,
        &range,
        random.as_ref(),
        judge,
        known,
    );
    let regimes = part
        .map(|_| regime_table(arena, &ledger, &range))
        .transpose()?;
    Ok(Evaluation {
        part,
        in_sample: part == Some(Part::Train),
        step,
        ensemble: None,
        tearsheet,
        robustness,
        regimes,
        compliance: compliance::check(&arena.plan.rules, &compliance::LedgerView::from(&ledger)),
        ledger: Arc::new(ledger),
        benchmarks,
        random,
        succession: None,
        looks: None,
    })
}

fn robustness(
    arena: &Arena,
    ledger: &Ledger,
    sheet: &Tearsheet,
    range: &Range<usize>,
    random: Option<&RandomEntries>,
    judge: Judge,
    known: &Known,
) -> Robustness {
    let plan = &arena.plan.sim;
    let accounts = judge.random_accounts as usize;
    let moved = permute_entries(
        ledger,
        &arena.tape,
        plan,
        range.clone(),
        accounts,
        judge.seed,
    );
    let settings = RobustnessSettings {
        tick_value: Some(plan.instrument.tick_value.dollars()),
        trials: known.trials,
        calendar: plan.calendar.clone(),
        ..RobustnessSettings::default()
    };
    let beside = Beside {
        train: known.train.as_ref().map(|(t, pnl)| (t, pnl.as_slice())),
        random_entries: random.map(|r| r.p),
        permutation: moved.as_ref(),
        ..Beside::default()
    };
    examine(ledger, sheet, beside, &settings)
}

/// Whether a ledger's figures are real, from the ledger and what is known beside it.
pub fn examine(
    ledger: &Ledger,
    sheet: &Tearsheet,
    beside: Beside<'_>,
    settings: &RobustnessSettings,
) -> Robustness {
    let days = ledger_days(ledger, &settings.calendar);
    let series = DailySeries::of_days(&days, ledger.start_balance);
    Robustness::of(&series, Some(&ledger.trades), sheet, beside, settings)
}

/// The same player on the run's training bars, against which a loss on other bars is measured.
///
/// # Errors
/// When the policy reads another observation than this data set gives.
pub fn training_figures(arena: &Arena, player: &Player) -> anyhow::Result<(Tearsheet, Vec<f64>)> {
    let ledger = player.play(arena, arena.range(Part::Train))?;
    let days = ledger_days(&ledger, &arena.plan.sim.calendar);
    let series = DailySeries::of_days(&days, ledger.start_balance);
    Ok((Tearsheet::with(&ledger, &arena.figures()), series.pnl))
}

/// Judges a checkpoint or an ensemble of a run on a part of its own split, and keeps the result in
/// the run.
///
/// Looking at the test part is counted first; the count is part of the result.
///
/// # Errors
/// When the run, its data or the checkpoint cannot be read, or the count cannot be written.
pub fn evaluate_run(
    run: &Path,
    choice: &PlayerChoice,
    part: Part,
    judge: Judge,
) -> anyhow::Result<Evaluation> {
    let (folder, data, arena) = open_run(run, &mut |_| true)?;
    let (evaluation, _) = evaluate_in(&folder, &data, &arena, choice, part, judge)?;
    Ok(evaluation)
}

/// [`evaluate_run`] where the run is open already; also says where the result was kept.
///
/// # Errors
/// As [`evaluate_run`].
pub fn evaluate_in(
    folder: &RunFolder,
    data: &RunData,
    arena: &Arena,
    choice: &PlayerChoice,
    part: Part,
    judge: Judge,
) -> anyhow::Result<(Evaluation, PathBuf)> {
    let player = Player::load(folder, choice)?;
    let looks = match part {
        Part::Test => Some(count_look(folder, data, &player, "")?),
        Part::Train | Part::Validation => None,
    };
    let known = Known {
        trials: trials(&folder.runs()?, data)?,
        train: match part {
            Part::Train => None,
            Part::Validation | Part::Test => Some(training_figures(arena, &player)?),
        },
    };
    let range = arena.range(part);
    let ledger = player.play(arena, range.clone())?;
    let mut evaluation = judge_ledger(
        arena,
        ledger,
        player.step,
        Some(part),
        range.clone(),
        judge,
        &known,
    )?;
    evaluation.looks = looks;
    evaluation.succession = Some(succession(&player, arena, range, &evaluation.ledger)?);
    evaluation.ensemble = player.ensemble().map(str::to_owned);
    let name = format!("{}-{}", part.name(), player.label());
    let (summary, verdict) = (
        serde_json::to_value(evaluation.summary())?,
        evaluation.verdict_json()?,
    );
    let others: [(&str, &[u8]); 1] = [("verdict.json", &verdict)];
    let files = EvaluationFiles {
        ledger: &evaluation.ledger,
        summary: &summary,
        others: &others,
    };
    let kept = write_evaluation(folder, &name, &files)?;
    Ok((evaluation, kept))
}

/// Judges a checkpoint or an ensemble of a run on the whole of another data set.
///
/// Days of what the run trained on are refused unless `in_sample`; days of its test part are
/// counted as a look at it, whatever file they come in.
///
/// # Errors
/// When the data set holds training days, or does not fit the policy, or the look cannot be counted.
pub fn evaluate_on(
    (folder, data, own): (&RunFolder, &RunData, &Arena),
    (dataset, finer): (Dataset, Option<PathBuf>),
    choice: &PlayerChoice,
    in_sample: bool,
    judge: Judge,
) -> anyhow::Result<Evaluation> {
    let trained = data.trained_on(&dataset);
    if trained && !in_sample {
        let (first, last) = data.split.train;
        bail!(
            "{} holds days of {} from {first} to {last}, on which the run trained; leave them out, or add --in-sample",
            dataset.path.display(),
            dataset.market()
        );
    }
    let player = Player::load(folder, choice)?;
    let (tested, file) = (data.tested_on(&dataset), dataset.path.display().to_string());
    let arena = own.elsewhere(dataset, finer)?;
    let looks = match tested {
        true => Some(count_look(folder, data, &player, &format!(" on {file}"))?),
        false => None,
    };
    let known = Known {
        trials: trials(&folder.runs()?, data)?,
        train: Some(training_figures(own, &player)?),
    };
    let range = 0..arena.tape.len();
    let ledger = player.play(&arena, range.clone())?;
    let mut evaluation = judge_ledger(
        &arena,
        ledger,
        player.step,
        None,
        range.clone(),
        judge,
        &known,
    )?;
    evaluation.in_sample = trained;
    evaluation.looks = looks;
    evaluation.succession = Some(succession(&player, &arena, range, &evaluation.ledger)?);
    evaluation.ensemble = player.ensemble().map(str::to_owned);
    Ok(evaluation)
}

/// What a policy is worth beyond the luck of one account: a fresh one follows each that is lost.
fn succession(
    player: &Player,
    arena: &Arena,
    range: Range<usize>,
    first: &Ledger,
) -> anyhow::Result<Succession> {
    let later = player.renewals(arena, range, first)?;
    Ok(Succession::following(first, &later, &arena.figures()))
}

/// Opens the run's test part: one look more.
fn count_look(
    folder: &RunFolder,
    data: &RunData,
    player: &Player,
    how: &str,
) -> anyhow::Result<u64> {
    let who = match player.ensemble() {
        Some(name) => format!("{} ensemble {name}{how}", folder.id()),
        None => format!("{} step {}{how}", folder.id(), player.step),
    };
    let runs = folder.runs()?;
    Ok(open_test_split(&runs, &data.test_part(), &who)?)
}

impl RandomEntries {
    /// Them in a sentence.
    pub fn in_words(&self) -> String {
        format!(
            "{} accounts of random entries as frequent as the agent's: mean {}, 95% between {} and {}. The agent did better than {} of them.",
            number::count(self.accounts),
            number::dollars_signed(self.mean_usd, 0),
            number::dollars_signed(self.interval_usd[0], 0),
            number::dollars_signed(self.interval_usd[1], 0),
            number::percent_to(self.percentile_of_agent, 0),
        )
    }
}

impl Evaluation {
    /// Names and curves of the benchmarks, for the chart.
    pub fn benchmark_curves(&self) -> Vec<BenchmarkCurve<'_>> {
        self.benchmarks
            .iter()
            .map(|b| (b.label, b.curve.as_slice()))
            .collect()
    }

    /// What `summary.json` holds.
    pub fn summary(&self) -> Summary {
        Summary::of(&self.ledger)
    }

    /// What `verdict.json` holds: compliance, benchmarks, looks.
    ///
    /// # Errors
    /// Never in practice; the encoder's message otherwise.
    pub fn verdict_json(&self) -> anyhow::Result<Vec<u8>> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        Ok(text)
    }
}

/// Buy and hold in two forms, and the trend follower, on the same bars.
///
/// # Errors
/// When the settings of buy-and-hold allow no plan.
pub fn benchmarks(arena: &Arena, range: &Range<usize>) -> anyhow::Result<Vec<Benchmark>> {
    let (tape, plan) = (&arena.tape, &arena.plan.sim);
    let intraday = baseline::buy_and_hold_intraday(
        tape,
        &plan.settings,
        TrailingFloor::from_settings,
        range.clone(),
    )
    .map_err(|p| {
        anyhow!(
            "buy-and-hold cannot be planned: {}",
            p.iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("; ")
        )
    })?;
    let trend = baseline::trend_follower(
        tape,
        plan,
        TrailingFloor::from_settings(&plan.settings),
        range.clone(),
    );
    let held = baseline::buy_and_hold(tape, plan, range.clone());
    let times = &tape.bars.open_time[range.clone()];
    let held_curve = thin(times.iter().copied().zip(held.iter().copied()));
    let held_pnl = held
        .last()
        .map_or(Usd::ZERO, |&b| b - plan.settings.start_balance);
    let of = |id, label, ledger: &Ledger| Benchmark {
        id,
        label,
        net_pnl: ledger.final_balance() - ledger.start_balance,
        tearsheet: Some(Tearsheet::with(ledger, &arena.figures())),
        curve: Arc::new(thin(ledger.rows.iter().map(|r| (r.time, r.equity_close)))),
    };
    Ok(vec![
        of("buy_and_hold_intraday", "Buy and hold, intraday", &intraday),
        Benchmark {
            id: "buy_and_hold",
            label: "Buy and hold, overnight too",
            net_pnl: held_pnl,
            tearsheet: None,
            curve: Arc::new(held_curve),
        },
        of("trend_follower", "Trend follower", &trend),
    ])
}

/// Every n-th point and the last, so that a curve has at most [`CURVE_POINTS`].
fn thin(points: impl ExactSizeIterator<Item = (i64, Usd)>) -> Vec<(i64, Usd)> {
    let n = points.len();
    let every = n.div_ceil(CURVE_POINTS).max(1);
    points
        .enumerate()
        .filter(|(i, _)| i % every == 0 || i + 1 == n)
        .map(|(_, p)| p)
        .collect()
}

fn random_entries(
    arena: &Arena,
    ledger: &Ledger,
    range: &Range<usize>,
    judge: Judge,
) -> Option<RandomEntries> {
    let chances = ledger
        .rows
        .iter()
        .filter(|r| r.mask.allows(Action::Buy))
        .count();
    let entries = ledger
        .rows
        .iter()
        .filter(|r| matches!(r.action, Action::Buy | Action::Sell))
        .count();
    if entries == 0 || judge.random_accounts == 0 {
        return None;
    }
    let long = ledger.own_trades().filter(|t| t.side == Side::Long).count();
    let trades = ledger.own_trades().count().max(1);
    let plan = &arena.plan.sim;
    let referee = TrailingFloor::from_settings(&plan.settings);
    let rate = entries as f64 / chances as f64;
    let share = long as f64 / trades as f64;
    let seed = Stream::new(judge.seed, "random-entry-benchmark", 0).next_u64();
    let mut pnl = baseline::random_entry_pnl(
        &arena.tape,
        plan,
        &referee,
        range,
        rate,
        share,
        judge.random_accounts,
        seed,
    );
    pnl.sort_unstable();
    let agent = ledger.final_balance() - ledger.start_balance;
    let below = pnl.partition_point(|&p| p < agent);
    let not_above = pnl.partition_point(|&p| p <= agent);
    let n = pnl.len() as f64;
    let at = |q: f64| pnl[((n - 1.0) * q).round() as usize].dollars();
    Some(RandomEntries {
        accounts: judge.random_accounts,
        mean_usd: pnl.iter().map(|p| p.dollars()).sum::<f64>() / n,
        interval_usd: [at(0.025), at(0.975)],
        percentile_of_agent: (below + not_above) as f64 / 2.0 / n,
        p: ((pnl.len() - below) + 1) as f64 / (n + 1.0),
    })
}
