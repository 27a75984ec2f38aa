//! `holdout evaluate`: the verdict on a checkpoint.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use holdout_core::market::split::Part;
use holdout_store::ledger as ledger_files;
use serde_json::json;

use super::args::EvaluateArgs;
use super::table::{row, table};
use super::{BadInput as _, Failure, Outcome, compliance, data, metrics, print_json};
use crate::jobs::demo::PartResult;
use crate::jobs::evaluate::{
    Benchmark, Evaluation, Judge, RandomEntries, evaluate_in, evaluate_on,
};
use crate::jobs::player::PlayerChoice;
use crate::jobs::train::open_run;
use crate::report::number::{dollars, grouped, or_na, percent};

pub(super) fn run(a: &EvaluateArgs, json: bool) -> Outcome {
    let choice: PlayerChoice = a
        .checkpoint
        .parse()
        .map_err(|e: String| Failure::Input(anyhow!(e)))?;
    let judge = Judge {
        random_accounts: a.random_accounts,
        ..Judge::default()
    };
    let (evaluation, kept) = match (&a.data, a.split) {
        (Some(file), _) => on_other_data(a, file, &choice, judge, json)?,
        (None, split) => on_split(
            a,
            split.map_or(Part::Validation, Part::from),
            &choice,
            judge,
        )?,
    };
    if let Some(out) = &a.out {
        write_to(&evaluation, out)?;
    }
    let place = a.out.clone().or(kept).unwrap_or_default();
    if json {
        return print_json(&json!({
            "ledger": place,
            "summary": evaluation.summary(),
            "compliance": evaluation.compliance,
            "benchmarks": evaluation.benchmarks,
            "random_entries": evaluation.random,
            "robustness": evaluation.robustness,
            "in_sample": evaluation.in_sample,
            "step": evaluation.step,
            "ensemble": evaluation.ensemble,
            "looks": evaluation.looks,
        }));
    }
    print_evaluation(&evaluation, &place);
    Ok(())
}

fn on_split(
    a: &EvaluateArgs,
    part: Part,
    choice: &PlayerChoice,
    judge: Judge,
) -> Result<(Evaluation, Option<PathBuf>), Failure> {
    if part == Part::Train && !a.in_sample {
        return Err(Failure::Input(anyhow!(
            "the run trained on these bars, so they say nothing about new ones; add --in-sample to look at them all the same"
        )));
    }
    let (folder, run_data, arena) = open_run(&a.run, &mut |_| true).bad_input()?;
    let (evaluation, kept) =
        evaluate_in(&folder, &run_data, &arena, choice, part, judge).bad_input()?;
    Ok((evaluation, Some(kept)))
}

fn on_other_data(
    a: &EvaluateArgs,
    file: &Path,
    choice: &PlayerChoice,
    judge: Judge,
    json: bool,
) -> Result<(Evaluation, Option<PathBuf>), Failure> {
    if a.out.is_none() {
        return Err(Failure::Input(anyhow!(
            "--data needs --out: the result belongs to no part of the run"
        )));
    }
    let (folder, run_data, own) = open_run(&a.run, &mut |_| true).bad_input()?;
    let dataset = data::load(file, &a.import, json)?;
    let run = (&folder, &run_data, &own);
    let evaluation = evaluate_on(
        run,
        (dataset, a.finer.clone()),
        choice,
        a.in_sample,
        judge,
    )
    .bad_input()?;
    Ok((evaluation, None))
}

fn write_to(e: &Evaluation, out: &Path) -> Outcome {
    std::fs::create_dir_all(out).with_context(|| format!("failed to create {}", out.display()))?;
    ledger_files::write(out, &e.ledger).map_err(anyhow::Error::from)?;
    let files = [
        (
            "summary.json",
            serde_json::to_vec_pretty(&e.summary()).map_err(anyhow::Error::from)?,
        ),
        ("verdict.json", e.verdict_json()?),
    ];
    for (name, bytes) in files {
        let path = out.join(name);
        std::fs::write(&path, bytes)
            .with_context(|| format!("failed to write {}", path.display()))?;
    }
    Ok(())
}

/// Columns of the comparison of parts.
pub(super) const PART_HEADER: [&str; 10] = [
    "part",
    "net P&L",
    "trades",
    "win rate (95%)",
    "profit factor",
    "Sharpe",
    "Sortino",
    "Calmar",
    "max drawdown",
    "account",
];

/// One row of the comparison of parts.
pub(super) fn part_row(name: &str, p: &PartResult) -> Vec<String> {
    let ratio = |x: Option<f64>| x.map_or("n/a".to_owned(), |x| grouped(x, 2));
    let interval = p.win_rate_interval.map_or(String::new(), |[a, b]| {
        format!(" ({:.0}–{:.0})", a * 100.0, b * 100.0)
    });
    let account = match (&p.breach, &p.stalled) {
        (Some(t), _) => format!("breached {t}"),
        (None, Some(t)) => format!("stalled {t}"),
        (None, None) => "alive".to_owned(),
    };
    vec![
        name.to_owned(),
        dollars(p.net_pnl, 2),
        grouped(p.trades as f64, 0),
        format!(
            "{}{interval}",
            or_na(p.win_rate, percent, p.trades, "trades")
        ),
        ratio(p.profit_factor),
        ratio(p.sharpe),
        ratio(p.sortino),
        ratio(p.calmar),
        p.max_drawdown.map_or("n/a".to_owned(), |d| dollars(d, 2)),
        account,
    ]
}

/// Benchmarks and random entries as a table.
pub(super) fn print_benchmarks(benchmarks: &[Benchmark], random: Option<&RandomEntries>) {
    let mut t = table(&["benchmark", "net P&L", "trades", "Sharpe", "max drawdown"]);
    for b in benchmarks {
        let sheet = b.tearsheet.as_ref();
        let trades = sheet
            .and_then(|s| s.trades.as_ref())
            .map_or("1".to_owned(), |t| grouped(t.all.count as f64, 0));
        let sharpe = sheet
            .and_then(|s| s.returns.sharpe)
            .map_or("n/a".to_owned(), |s| grouped(s, 2));
        let drawdown = sheet
            .and_then(|s| s.drawdown.intraday.as_ref())
            .map_or("n/a".to_owned(), |d| dollars(d.max_usd, 2));
        row(
            &mut t,
            &[
                b.label.to_owned(),
                dollars(b.net_pnl.dollars(), 2),
                trades,
                sharpe,
                drawdown,
            ],
        );
    }
    println!("{t}");
    match random {
        Some(r) => println!(
            "random entries with the same frequency and sides ({} accounts): mean {}, 95% between {} and {}; the policy beats {} of them",
            r.accounts,
            dollars(r.mean_usd, 0),
            dollars(r.interval_usd[0], 0),
            dollars(r.interval_usd[1], 0),
            percent(r.percentile_of_agent)
        ),
        None => println!("random entries: none, for the policy made no entry"),
    }
}

pub(super) fn print_evaluation(e: &Evaluation, place: &Path) {
    let name = e.part.map_or("other data", Part::name);
    let result = PartResult::of(e, place.to_owned());
    let mut t = table(&PART_HEADER);
    row(&mut t, &part_row(name, &result));
    println!("{t}");
    if e.in_sample {
        println!(
            "IN-SAMPLE: the policy trained on these bars; these figures say nothing about new ones."
        );
    }
    if let Some(n) = e.looks {
        println!("the test days of this run have now been looked at {n} time(s)");
    }
    let actions: Vec<String> = result
        .actions
        .iter()
        .map(|(a, n)| format!("{a} {}", grouped(*n as f64, 0)))
        .collect();
    println!("actions: {}\n", actions.join(", "));
    print_benchmarks(&e.benchmarks, e.random.as_ref());
    println!();
    metrics::print_robustness(&e.robustness);
    println!();
    compliance::print_report(&e.compliance);
    println!("\nledger in {}", place.display());
}
