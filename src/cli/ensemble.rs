//! `holdout ensemble`: several checkpoints of a run as one.

use anyhow::anyhow;
use holdout_core::market::split::Part;
use serde_json::json;

use super::args::EnsembleArgs;
use super::checkpoints::{sharpe, win_rate};
use super::evaluate::print_evaluation;
use super::progress::{bar, stop_on_ctrl_c};
use super::table::{row, table};
use super::{BadInput as _, Failure, Outcome, print_json};
use crate::jobs::StopFlag;
use crate::jobs::checkpoints::CheckpointRow;
use crate::jobs::ensemble::{EnsembleQuestion, EnsembleResult, make};
use crate::jobs::evaluate::{Judge, evaluate_in};
use crate::jobs::player::PlayerChoice;
use crate::jobs::train::open_run;
use crate::report::number::{dollars, dollars_signed, grouped};

pub(super) fn run(a: &EnsembleArgs, json: bool) -> Outcome {
    let (folder, data, arena) = open_run(&a.run, &mut |_| true).bad_input()?;
    if let Some(part) = a.judge {
        let part = Part::from(part);
        if part == Part::Train {
            return Err(Failure::Input(anyhow!(
                "the members trained on these bars; judge the ensemble on validation or test"
            )));
        }
        let judge = Judge::default();
        let choice = PlayerChoice::Ensemble(a.name.clone());
        let (e, kept) = evaluate_in(&folder, &data, &arena, &choice, part, judge).bad_input()?;
        if json {
            return print_json(&json!({
                "ensemble": a.name,
                "ledger": kept,
                "summary": e.summary(),
                "compliance": e.compliance,
                "robustness": e.robustness,
                "looks": e.looks,
            }));
        }
        print_evaluation(&e, &kept);
        return Ok(());
    }
    let question = EnsembleQuestion {
        combine: a.kind.into(),
        top: a.top,
        name: a.name.clone(),
    };
    let shown = bar(
        folder.checkpoint_steps().bad_input()?.len() as u64,
        "checkpoints",
        json,
    );
    let tell = |done: u64, _| shown.set_position(done);
    let stop = StopFlag::new();
    stop_on_ctrl_c(&stop)?;
    let made = make(&folder, &data, &arena, &question, &stop, &tell).bad_input()?;
    shown.finish_and_clear();
    if json {
        return print_json(&made);
    }
    print(&made);
    Ok(())
}

fn print(m: &EnsembleResult) {
    let e = &m.ensemble;
    println!(
        "{} of {} checkpoints, kept as {}",
        e.combine.name(),
        e.members.len(),
        m.path.display()
    );
    let mut t = table(&["member", "weight", "Sharpe on validation"]);
    let na = || "n/a".to_owned();
    for x in &e.members {
        let sharpe = x.sharpe.map_or_else(na, |s| grouped(s, 2));
        row(
            &mut t,
            &[
                format!("step {}", x.step),
                grouped(f64::from(x.weight), 3),
                sharpe,
            ],
        );
    }
    println!("{t}");
    for (who, k) in e.markets.iter().chain(&e.regimes) {
        println!("{who}: step {}", e.members[*k].step);
    }
    let mut t = table(&[
        "on validation",
        "net P&L",
        "trades",
        "win rate",
        "Sharpe",
        "drawdown",
    ]);
    let mut line = |name: String, r: &CheckpointRow| {
        let cells = [
            name,
            dollars_signed(r.net_pnl, 0),
            r.trades.to_string(),
            win_rate(r),
            sharpe(r),
            dollars(r.max_drawdown_usd, 0),
        ];
        row(&mut t, &cells);
    };
    line("ensemble".to_owned(), &m.validation);
    line(
        format!("best member, step {}", m.best_member.step),
        &m.best_member,
    );
    println!("{t}");
    if let Some(d) = &m.against_best {
        println!(
            "ensemble less best member: {} a day, p {}",
            dollars_signed(d.mean_daily_pnl.value, 2),
            grouped(d.mean_daily_pnl.p, 3)
        );
    }
    println!(
        "members, weights and this comparison come from the same days; judge it once with --judge test, and as --checkpoint ensemble:{} wherever a checkpoint is named",
        e.name
    );
}
