//! `holdout regimes`: a checkpoint's account by regime.

use anyhow::anyhow;
use holdout_core::market::split::Part;
use holdout_core::metrics::by_regime::{RegimeCell, RegimeTable};
use holdout_core::metrics::wilson::Interval;

use super::args::RegimesArgs;
use super::table::{row, table};
use super::{BadInput as _, Failure, Outcome, print_json};
use crate::jobs::evaluate::{Judge, evaluate_in};
use crate::jobs::player::PlayerChoice;
use crate::jobs::train::open_run;
use crate::report::number::{dollars, dollars_signed, grouped, or_na, percent};

pub(super) fn run(a: &RegimesArgs, json: bool) -> Outcome {
    let choice: PlayerChoice = a
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
    let judge = Judge {
        random_accounts: 0,
        ..Judge::default()
    };
    let (e, _) = evaluate_in(&folder, &data, &arena, &choice, part, judge).bad_input()?;
    let Some(found) = &e.regimes else {
        return Err(Failure::Other(anyhow!("this stretch has no regimes")));
    };
    if json {
        return print_json(&serde_json::json!({
            "step": e.step,
            "ensemble": e.ensemble,
            "split": part.name(),
            "in_sample": e.in_sample,
            "looks": e.looks,
            "regimes": found,
        }));
    }
    print(found);
    if e.in_sample {
        println!(
            "IN-SAMPLE: the policy trained on these bars; these figures say nothing about new ones."
        );
    }
    if let Some(n) = e.looks {
        println!("the test days of this run have now been looked at {n} time(s)");
    }
    Ok(())
}

fn print(r: &RegimeTable) {
    let header = [
        "regime",
        "bars",
        "trades",
        "net P&L",
        "win rate (95%)",
        "Sharpe (95%)",
        "drawdown",
        "note",
    ];
    for (name, cells) in [("One label", &r.single), ("Two labels", &r.crossings)] {
        let mut t = table(&header);
        for c in cells {
            let (n, of) = match c.declined {
                Some(_) => (c.trades as usize, "trades"),
                None => (c.days, "days"),
            };
            let cells = [
                label(c),
                grouped(c.bars as f64, 0),
                c.trades.to_string(),
                dollars_signed(c.net_pnl, 0),
                or_na(c.win_rate, percent, c.trades as usize, "trades")
                    + &between(c.win_rate_interval, |w| grouped(100.0 * w, 0)),
                or_na(c.sharpe, |s| grouped(s, 2), n, of)
                    + &between(c.sharpe_interval, |s| grouped(s, 1)),
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

/// A 95% interval in brackets; nothing where there is none.
fn between(i: Option<Interval>, show: fn(f64) -> String) -> String {
    i.map_or_else(String::new, |i| {
        format!(" ({} to {})", show(i.lower), show(i.upper))
    })
}

/// The labels of a cell for people.
pub(crate) fn label(c: &RegimeCell) -> String {
    c.labels.join(" × ").replace('_', " ")
}
