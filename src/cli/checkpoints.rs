//! `holdout checkpoints`: all checkpoints of a run on validation, the choice and why.

use anyhow::{Context as _, anyhow};
use holdout_core::compliance::Status;
use holdout_core::metrics::selection::SelectionRule;
use holdout_store::text::read_whole_text;

use super::args::CheckpointsArgs;
use super::progress::{bar, stop_on_ctrl_c};
use super::table::{row, table};
use super::{BadInput as _, Failure, Outcome, data, print_json};
use crate::jobs::StopFlag;
use crate::jobs::checkpoints::{
    CheckpointQuestion, CheckpointRow, CheckpointTable, EnsembleRow, checkpoint_table, keep_choice,
};
use crate::jobs::train::open_run;
use crate::report::number::{dollars, dollars_signed, grouped, or_na, percent};

pub(super) fn run(a: &CheckpointsArgs, json: bool) -> Outcome {
    let rule = match &a.rule {
        None => SelectionRule::default(),
        Some(path) => {
            let text = read_whole_text(path)
                .with_context(|| format!("failed to read {}", path.display()))
                .bad_input()?;
            toml::from_str(&text)
                .with_context(|| format!("{} is not a rule of selection", path.display()))
                .bad_input()?
        }
    };
    let (folder, run_data, own) = open_run(&a.run, &mut |_| true).bad_input()?;
    let elsewhere = match &a.data {
        None => None,
        Some(file) => {
            let dataset = data::load(file, &a.import, json)?;
            let part = match () {
                () if run_data.trained_on(&dataset) => Some("on which the run trained"),
                () if run_data.tested_on(&dataset) => {
                    Some("of the run's test part, on which nothing is chosen")
                }
                () => None,
            };
            if let Some(part) = part {
                return Err(Failure::Input(anyhow!(
                    "{} holds days of {} {part}; leave them out",
                    file.display(),
                    dataset.market()
                )));
            }
            Some(own.elsewhere(dataset, a.finer.clone()).bad_input()?)
        }
    };
    let question = CheckpointQuestion {
        rule,
        compare: a.compare.clone(),
    };
    let shown = bar(
        folder.checkpoint_steps().bad_input()?.len() as u64,
        "checkpoints",
        json,
    );
    let tell = |done: u64, _| shown.set_position(done);
    let stop = StopFlag::new();
    stop_on_ctrl_c(&stop)?;
    let run = (&folder, &run_data, &own);
    let table = checkpoint_table(run, elsewhere.as_ref(), &question, &stop, &tell).bad_input()?;
    shown.finish_and_clear();
    if a.select {
        let Some(step) = table.selection.chosen else {
            if json {
                print_json(&table)?;
            } else {
                print(&table);
            }
            return Err(Failure::Verdict);
        };
        keep_choice(&folder, &table, step)?;
    }
    if json {
        return print_json(&table);
    }
    print(&table);
    Ok(())
}

fn print(c: &CheckpointTable) {
    let mut t = table(&[
        "step",
        "phase",
        "net P&L",
        "trades",
        "win rate",
        "Sharpe",
        "drawdown",
        "all accounts",
        "rules",
        "why not",
    ]);
    for (r, j) in c.rows.iter().zip(&c.selection.judged) {
        let why = if j.chosen {
            "CHOSEN".to_owned()
        } else {
            j.reasons.join("; ")
        };
        let rules = if r.breached {
            "FAILED".to_owned()
        } else if r.verdict == Status::Pass {
            "pass".to_owned()
        } else {
            r.verdict.name().to_owned()
        };
        let cells = [
            grouped(r.step as f64, 0),
            r.phase.to_string(),
            dollars_signed(r.net_pnl, 0),
            r.trades.to_string(),
            win_rate(r),
            sharpe(r),
            dollars(r.max_drawdown_usd, 0),
            pooled(r),
            rules,
            why,
        ];
        row(&mut t, &cells);
    }
    println!("{t}");
    match c.selection.chosen {
        Some(step) => println!("chosen: step {}", grouped(step as f64, 0)),
        None => println!("chosen: none, no checkpoint meets the rule"),
    }
    print_ensembles(&c.ensembles);
    let of = |x: Option<f64>| x.map_or_else(|| "n/a".to_owned(), |v| grouped(v, 3));
    println!(
        "probability of overfitting {}, superiority p {}, deflated Sharpe ratio {} after {} candidates; {} checkpoints over {} bars in {} s",
        of(c.candidates.overfitting.as_ref().map(|o| o.probability)),
        of(c.candidates
            .superiority
            .as_ref()
            .map(|s| s.spa.p_consistent)),
        of(c.deflation.deflated_sharpe),
        c.deflation.trials,
        c.rows.len(),
        grouped(c.bars as f64, 0),
        grouped(c.seconds, 1),
    );
    for k in &c.comparisons {
        let Some(d) = &k.difference else { continue };
        println!(
            "step {} less step {}: {} a day (p {}), Sharpe {} (p {})",
            k.a,
            k.b,
            dollars_signed(d.mean_daily_pnl.value, 2),
            grouped(d.mean_daily_pnl.p, 3),
            of(d.sharpe.map(|s| s.value)),
            of(d.sharpe.map(|s| s.p)),
        );
    }
}

/// What the account and the fresh ones after it made, where it was lost; empty where it lived.
fn pooled(r: &CheckpointRow) -> String {
    let lost = r.pooled.filter(|p| p.lost > 0);
    lost.map_or_else(String::new, |p| {
        format!(
            "{} in {}, Sharpe {}",
            dollars_signed(p.net_pnl_usd, 0),
            p.accounts,
            p.sharpe.map_or_else(|| "n/a".to_owned(), |s| grouped(s, 2))
        )
    })
}

/// A win rate, or from how many trades there is none.
pub(super) fn win_rate(r: &CheckpointRow) -> String {
    or_na(r.win_rate, percent, r.trades as usize, "trades")
}

/// A Sharpe ratio, or from how many days there is none.
pub(super) fn sharpe(r: &CheckpointRow) -> String {
    or_na(r.sharpe, |s| grouped(s, 2), r.days, "days")
}

fn print_ensembles(list: &[EnsembleRow]) {
    if list.is_empty() {
        return;
    }
    let mut t = table(&[
        "ensemble", "net P&L", "trades", "win rate", "Sharpe", "drawdown", "against", "a day", "p",
    ]);
    for e in list {
        let r = &e.row;
        let beside = e
            .against
            .map_or_else(|| "n/a".to_owned(), |s| format!("step {s}"));
        let (day, p) = match &e.difference {
            Some(d) => (
                dollars_signed(d.mean_daily_pnl.value, 2),
                grouped(d.mean_daily_pnl.p, 3),
            ),
            None => ("n/a".to_owned(), "n/a".to_owned()),
        };
        let cells = [
            e.name.clone(),
            dollars_signed(r.net_pnl, 0),
            r.trades.to_string(),
            win_rate(r),
            sharpe(r),
            dollars(r.max_drawdown_usd, 0),
            beside,
            day,
            p,
        ];
        row(&mut t, &cells);
    }
    println!("{t}");
}
