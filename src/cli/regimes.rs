//! `holdout regimes`: a checkpoint's account by regime.

use std::path::PathBuf;

use anyhow::anyhow;
use holdout_core::market::split::Part;
use holdout_core::metrics::by_regime::{RegimeCell, RegimeTable};
use holdout_store::runs::CheckpointChoice;

use super::args::RegimesArgs;
use super::table::{row, table};
use super::{BadInput as _, Failure, Outcome, print_json};
use crate::jobs::evaluate::{Judge, evaluate_in};
use crate::jobs::train::open_run;
use crate::report::number::{dollars, dollars_signed, grouped, percent};

pub(super) fn run(a: &RegimesArgs, json: bool) -> Outcome {
    let choice: CheckpointChoice = a
        .checkpoint
        .parse()
        .map_err(|e: String| Failure::Input(anyhow!(e)))?;
    let part = a.split.map_or(Part::Validation, Part::from);
    if part == Part::Train && !a.in_sample {
        return Err(Failure::Input(anyhow!(
            "the run trained on these bars, so they say nothing about new ones; add --in-sample to look at them all the same"
        )));
    }
    let (folder, data, arena) = open_run(&a.run, &mut |_| true).bad_input()?;
    let runs = a
        .run
        .parent()
        .map_or_else(|| PathBuf::from("."), PathBuf::from);
    let judge = Judge {
        random_accounts: 0,
        ..Judge::default()
    };
    let (e, _) = evaluate_in(&folder, &data, &arena, choice, part, &runs, judge).bad_input()?;
    let Some(found) = &e.regimes else {
        return Err(Failure::Other(anyhow!("this stretch has no regimes")));
    };
    if json {
        return print_json(&serde_json::json!({
            "step": e.step,
            "split": part.name(),
            "in_sample": e.in_sample,
            "looks": e.looks,
            "regimes": found,
        }));
    }
    print(found);
    if let Some(n) = e.looks {
        println!("this test split has now been looked at {n} time(s)");
    }
    Ok(())
}

fn print(r: &RegimeTable) {
    let header = [
        "regime", "bars", "trades", "net P&L", "win rate", "Sharpe", "drawdown", "note",
    ];
    let na = || "n/a".to_owned();
    for (name, cells) in [("One label", &r.single), ("Two labels", &r.crossings)] {
        let mut t = table(&header);
        for c in cells {
            let cells = [
                label(c),
                grouped(c.bars as f64, 0),
                c.trades.to_string(),
                dollars_signed(c.net_pnl, 0),
                c.win_rate.map_or_else(na, percent),
                c.sharpe.map_or_else(na, |s| grouped(s, 2)),
                dollars(c.max_drawdown_usd, 0),
                c.declined.clone().unwrap_or_default(),
            ];
            row(&mut t, &cells);
        }
        println!("{name}\n{t}");
    }
    if let Some(w) = &r.warning {
        println!("warning: {w}");
    }
}

/// The labels of a cell for people.
pub(crate) fn label(c: &RegimeCell) -> String {
    c.labels.join(" × ").replace('_', " ")
}
