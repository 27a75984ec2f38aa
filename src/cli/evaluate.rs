//! `holdout evaluate`: the verdict on a checkpoint.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use holdout_core::market::split::Part;
use holdout_core::sim::Action;
use holdout_store::ledger as ledger_files;
use serde_json::json;

use super::args::EvaluateArgs;
use super::table::{facts, row, table};
use super::{BadInput as _, Failure, Outcome, compliance, data, metrics, print_json};
use crate::arena::Arena;
use crate::jobs::demo::PartResult;
use crate::jobs::evaluate::{
    Benchmark, Evaluation, Judge, RandomEntries, evaluate_in, evaluate_on,
};
use crate::jobs::explain::{Explained, TradeStory, explain};
use crate::jobs::player::{Player, PlayerChoice};
use crate::jobs::train::open_run;
use crate::report::number::{dollars, grouped, or_na, percent};
use crate::report::succession;

pub(super) fn run(a: &EvaluateArgs, json: bool) -> Outcome {
    let choice: PlayerChoice = a
        .checkpoint
        .parse()
        .map_err(|e: String| Failure::Input(anyhow!(e)))?;
    let judge = Judge {
        random_accounts: a.random_accounts,
        ..Judge::default()
    };
    let judged = match (&a.data, a.split) {
        (Some(file), _) => on_other_data(a, file, &choice, judge, json)?,
        (None, split) => on_split(
            a,
            split.map_or(Part::Validation, Part::from),
            &choice,
            judge,
        )?,
    };
    let evaluation = &judged.evaluation;
    if let Some(out) = &a.out {
        write_to(evaluation, out)?;
    }
    let explained = if a.explain.is_some() || a.decisions.is_some() {
        Some(judged.explain()?)
    } else {
        None
    };
    let story = match (a.explain, &explained) {
        (Some(id), Some(e)) => Some(story(e, id)?),
        _ => None,
    };
    if let (Some(file), Some(e)) = (&a.decisions, &explained) {
        holdout_store::atomic::replace(file, e.csv().as_bytes()).map_err(anyhow::Error::from)?;
    }
    let place = a.out.clone().or(judged.kept.clone()).unwrap_or_default();
    if json {
        return print_json(&json!({
            "decisions": a.decisions,
            "disagreements": explained.as_ref().map(|e| e.disagreements),
            "trade": story,
            "ledger": place,
            "summary": evaluation.summary(),
            "compliance": evaluation.compliance,
            "benchmarks": evaluation.benchmarks,
            "random_entries": evaluation.random,
            "succession": evaluation.succession,
            "robustness": evaluation.robustness,
            "in_sample": evaluation.in_sample,
            "step": evaluation.step,
            "ensemble": evaluation.ensemble,
            "looks": evaluation.looks,
        }));
    }
    print_evaluation(evaluation, &place);
    if let Some(story) = &story {
        println!();
        print_story(story);
    }
    if let Some(file) = &a.decisions {
        println!("every decision in {}", file.display());
    }
    if let Some(n) = explained.map(|e| e.disagreements).filter(|n| *n > 0) {
        println!(
            "at {n} closes the checkpoint prefers another action now than it took: probabilities so near to each other are decided by rounding"
        );
    }
    Ok(())
}

/// An evaluation with what is needed to ask the policy again.
struct Judged {
    evaluation: Evaluation,
    kept: Option<PathBuf>,
    arena: Arena,
    player: Player,
    range: Range<usize>,
}

impl Judged {
    fn explain(&self) -> anyhow::Result<Explained> {
        let e = &self.evaluation;
        explain(
            &self.arena,
            &self.player,
            e.part,
            self.range.clone(),
            Arc::clone(&e.ledger),
            &mut |_| true,
        )
    }
}

fn story(e: &Explained, id: u32) -> Result<TradeStory, Failure> {
    let trade = e.ledger.trades.iter().find(|t| t.id == id);
    trade.and_then(|t| e.story(t)).ok_or_else(|| {
        Failure::Input(anyhow!(
            "there is no trade {id}; the evaluation has {} trades, numbered from 1",
            e.ledger.trades.len()
        ))
    })
}

fn print_story(s: &TradeStory) {
    println!(
        "{}",
        facts(&[
            ("trade", format!("{} {}", s.id, s.side)),
            (
                "entry",
                format!("{} at {}", s.entry_time, grouped(s.entry_price, 2))
            ),
            (
                "exit",
                format!(
                    "{} at {}, {}",
                    s.exit_time,
                    grouped(s.exit_price, 2),
                    s.exit_reason.replace('_', " ")
                )
            ),
            ("net P&L", dollars(s.net_pnl.dollars(), 2)),
            ("stop at entry", grouped(s.stop_initial, 2)),
            ("target at entry", grouped(s.target_initial, 2)),
            (
                "least room to the floor",
                s.least_room
                    .map_or_else(|| "n/a".to_owned(), |r| dollars(r.dollars(), 2))
            ),
        ])
    );
    if let Some(d) = &s.decided {
        println!(
            "\ndecided at the close of {}: {}",
            d.time,
            d.action.replace('_', " ")
        );
        if let Some(t) = &d.thought {
            println!(
                "expected reward from there: {}",
                grouped(f64::from(t.value), 4)
            );
            let mut table = table(&["action", "before the mask", "after the mask"]);
            for a in Action::ALL {
                let share = |p: f32| format!("{:.2}%", p * 100.0);
                let (b, m) = (t.before_mask[a.index()], t.after_mask[a.index()]);
                row(&mut table, &[a.label().to_owned(), share(b), share(m)]);
            }
            println!("{table}");
        }
        let mut table = table(&["what it saw", "value"]);
        for (name, x) in s.features.iter().chain(&s.account) {
            row(&mut table, &[name.clone(), grouped(f64::from(*x), 3)]);
        }
        println!("{table}");
    }
    for m in &s.stop_moves {
        println!(
            "stop moved at the close of {}: {} to {} ({})",
            m.time,
            grouped(m.from, 2),
            grouped(m.to, 2),
            m.why
        );
    }
    let mut t = table(&["bar", "close", "equity", "room", "stop", "action", "value"]);
    for c in &s.closes {
        row(
            &mut t,
            &[
                c.time.clone(),
                grouped(c.price, 2),
                dollars(c.equity.dollars(), 2),
                dollars(c.room.dollars(), 2),
                c.stop.map_or_else(String::new, |x| grouped(x, 2)),
                c.action.replace('_', " "),
                c.thought
                    .map_or_else(String::new, |t| grouped(f64::from(t.value), 4)),
            ],
        );
    }
    println!("{t}");
}

fn on_split(
    a: &EvaluateArgs,
    part: Part,
    choice: &PlayerChoice,
    judge: Judge,
) -> Result<Judged, Failure> {
    if part == Part::Train && !a.in_sample {
        return Err(Failure::Input(anyhow!(
            "the run trained on these bars, so they say nothing about new ones; add --in-sample to look at them all the same"
        )));
    }
    let (folder, run_data, arena) = open_run(&a.run, &mut |_| true).bad_input()?;
    let (evaluation, kept) =
        evaluate_in(&folder, &run_data, &arena, choice, part, judge).bad_input()?;
    Ok(Judged {
        evaluation,
        kept: Some(kept),
        player: Player::load(&folder, choice).bad_input()?,
        range: arena.range(part),
        arena,
    })
}

fn on_other_data(
    a: &EvaluateArgs,
    file: &Path,
    choice: &PlayerChoice,
    judge: Judge,
    json: bool,
) -> Result<Judged, Failure> {
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
        (dataset.clone(), a.finer.clone()),
        choice,
        a.in_sample,
        judge,
    )
    .bad_input()?;
    let arena = own.elsewhere(dataset, a.finer.clone()).bad_input()?;
    Ok(Judged {
        evaluation,
        kept: None,
        player: Player::load(&folder, choice).bad_input()?,
        range: 0..arena.tape.len(),
        arena,
    })
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
    if let Some(all) = e.succession.as_ref().and_then(succession::in_words) {
        println!("with a fresh account after each loss: {all}");
    }
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
