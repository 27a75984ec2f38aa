//! `holdout markets`: one checkpoint on several markets.

use anyhow::anyhow;
use holdout_store::ImportOptions;

use super::args::MarketsArgs;
use super::checkpoints::{sharpe, win_rate};
use super::progress::{bar, stop_on_ctrl_c};
use super::table::{row, table};
use super::{BadInput as _, Failure, Outcome, print_json};
use crate::jobs::StopFlag;
use crate::jobs::markets::{MarketFile, MarketTable, market_table, sample_files};
use crate::jobs::player::PlayerChoice;
use crate::jobs::train::open_run;
use crate::report::number::{dollars, dollars_signed, grouped, percent};

pub(super) fn run(a: &MarketsArgs, json: bool) -> Outcome {
    let choice: PlayerChoice = a
        .checkpoint
        .parse()
        .map_err(|e: String| Failure::Input(anyhow!(e)))?;
    if !a.finer.is_empty() && a.finer.len() != a.data.len() {
        return Err(Failure::Input(anyhow!(
            "{} finer files for {} bar files; give one for each, in the same order, or none",
            a.finer.len(),
            a.data.len()
        )));
    }
    let (folder, data, own) = open_run(&a.run, &mut |_| true).bad_input()?;
    let files = if a.data.is_empty() {
        sample_files()
    } else {
        a.data
            .iter()
            .enumerate()
            .map(|(k, path)| MarketFile {
                path: path.clone(),
                options: ImportOptions::default(),
                finer: a.finer.get(k).cloned(),
            })
            .collect()
    };
    let shown = bar(files.len() as u64, "markets", json);
    let stop = StopFlag::new();
    stop_on_ctrl_c(&stop)?;
    let mut tell = |_: &str, done: u64, _: u64| shown.set_position(done);
    let found =
        market_table(&folder, &data, &own, &choice, &files, &stop, &mut tell).bad_input()?;
    shown.finish_and_clear();
    if json {
        return print_json(&found);
    }
    print(&found);
    Ok(())
}

fn print(m: &MarketTable) {
    let mut t = table(&[
        "market", "from", "to", "days", "net P&L", "trades", "win rate", "Sharpe", "drawdown",
        "note",
    ]);
    let na = || "n/a".to_owned();
    for r in &m.rows {
        let mut note = match (r.own, r.other_days) {
            (true, _) => "trained here",
            (false, true) => "other days than validation",
            (false, false) => "",
        }
        .to_owned();
        if r.training_days_share > 0.0 {
            note += &format!(
                ", {} of them days of training",
                percent(r.training_days_share)
            );
        }
        if r.same_bar != m.asked_same_bar {
            note += ", stop first: no finer bars";
        }
        let x = &r.row;
        let cells = [
            r.market.clone(),
            r.from.clone(),
            r.to.clone(),
            x.days.to_string(),
            dollars_signed(x.net_pnl, 0),
            x.trades.to_string(),
            win_rate(x),
            sharpe(x),
            dollars(x.max_drawdown_usd, 0),
            note,
        ];
        row(&mut t, &cells);
    }
    println!("{t}\ncorrelation of daily profits");
    let names: Vec<&str> = std::iter::once("")
        .chain(m.rows.iter().map(|r| r.market.as_str()))
        .collect();
    let mut t = table(&names);
    for (r, line) in m.rows.iter().zip(&m.correlation) {
        let cells = line.iter().map(|c| c.map_or_else(na, |c| grouped(c, 2)));
        row(
            &mut t,
            &std::iter::once(r.market.clone())
                .chain(cells)
                .collect::<Vec<_>>(),
        );
    }
    println!("{t}");
    for c in &m.criteria {
        println!("{:?}: {}", c.outcome, c.detail);
    }
}
