//! `holdout checkpoints`: all checkpoints of a run on validation, the choice and why.

use std::fs;

use anyhow::{Context as _, anyhow};
use holdout_core::compliance::Status;
use holdout_core::metrics::selection::SelectionRule;

use super::args::CheckpointsArgs;
use super::progress::bar;
use super::table::{row, table};
use super::{BadInput as _, Failure, Outcome, data, print_json};
use crate::arena::Arena;
use crate::config::RunConfig;
use crate::jobs::StopFlag;
use crate::jobs::checkpoints::{
    CheckpointQuestion, CheckpointTable, checkpoint_table, keep_choice, on_validation, seen_beside,
};
use crate::jobs::train::{open_run, problems_to_error};
use crate::report::number::{dollars, dollars_signed, grouped, percent};

pub(super) fn run(a: &CheckpointsArgs, json: bool) -> Outcome {
    let rule = match &a.rule {
        None => SelectionRule::default(),
        Some(path) => {
            let text = fs::read_to_string(path)
                .with_context(|| format!("failed to read {}", path.display()))
                .bad_input()?;
            toml::from_str(&text)
                .with_context(|| format!("{} is not a rule of selection", path.display()))
                .bad_input()?
        }
    };
    let (folder, run_data, own) = open_run(&a.run, &mut |_| true).bad_input()?;
    let seen = seen_beside(&folder, &run_data.bars_sha256)?;
    let (arena, over) = match &a.data {
        None => {
            let over = on_validation(&own);
            (own, over)
        }
        Some(file) => {
            let dataset = data::load(file, &a.import, json)?;
            if run_data.trained_on(&dataset) {
                return Err(Failure::Input(anyhow!(
                    "{} holds days of {} on which the run trained; leave them out",
                    file.display(),
                    dataset.market()
                )));
            }
            let config = RunConfig {
                finer: a.finer.clone(),
                ..own.plan.config.clone()
            };
            let plan = config
                .plan(&dataset.bars.instrument)
                .map_err(|p| Failure::Input(problems_to_error(p)))?;
            let arena = Arena::new(plan, dataset).bad_input()?;
            let all = 0..arena.tape.len();
            (arena, (file.display().to_string(), all))
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
    let table = checkpoint_table(
        &folder,
        &arena,
        over,
        seen,
        &question,
        &StopFlag::new(),
        &tell,
    )
    .bad_input()?;
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
        "step", "phase", "net P&L", "trades", "win rate", "Sharpe", "drawdown", "rules", "why not",
    ]);
    let na = || "n/a".to_owned();
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
            r.win_rate.map_or_else(na, percent),
            r.sharpe.map_or_else(na, |s| grouped(s, 2)),
            dollars(r.max_drawdown_usd, 0),
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
    let of = |x: Option<f64>| x.map_or_else(na, |v| grouped(v, 3));
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
