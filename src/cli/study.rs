//! `holdout study`: train and judge on many splits, one summary.

use holdout_core::market::folds::FoldPlan;
use indicatif::ProgressBar;

use super::args::{Method, StudyArgs};
use super::progress::{bar, stop_on_ctrl_c};
use super::table::{row, table};
use super::train::layered_config;
use super::{BadInput as _, Outcome, data, print_json};
use crate::jobs::StopFlag;
use crate::jobs::study::{Study, StudyEvent, StudyQuestion, study};
use crate::report::number::{dollars, dollars_signed, grouped, percent};

pub(super) fn run(a: &StudyArgs, json: bool) -> Outcome {
    let config = layered_config(a.config.as_deref(), a.preset.as_deref(), &a.set).bad_input()?;
    let dataset = data::load(&a.data, &a.import, json)?;
    let plan = match a.method {
        Method::Cpcv => FoldPlan::Cpcv {
            groups: a.groups,
            held: a.held,
            purge: a.purge,
            embargo: a.embargo,
        },
        Method::Anchored | Method::Rolling => FoldPlan::WalkForward {
            folds: a.folds,
            train_blocks: a.train_blocks,
            anchored: a.method == Method::Anchored,
            purge: a.purge,
        },
    };
    let question = StudyQuestion {
        config,
        plan,
        seeds: a.seeds.clone(),
        out: a.out.clone(),
    };
    let stop = StopFlag::new();
    stop_on_ctrl_c(&stop)?;
    let mut shown: Option<ProgressBar> = None;
    let found = study(&dataset, &question, &stop, &mut |event| {
        if let StudyEvent::Fold(k, n, seed) = event {
            let shown = shown.get_or_insert_with(|| bar(n as u64, "study", json));
            shown.set_position(k as u64 - 1);
            shown.set_message(format!("fold {k} of {n}, seed {seed}"));
        }
    })
    .bad_input()?;
    if let Some(shown) = shown {
        shown.finish_and_clear();
    }
    if json {
        return print_json(&found);
    }
    print(&found, &a.out);
    Ok(())
}

fn print(s: &Study, out: &std::path::Path) {
    let mut t = table(&[
        "fold",
        "seed",
        "trained on",
        "tested",
        "net P&L",
        "win rate",
        "Sharpe",
        "drawdown",
    ]);
    let na = || "n/a".to_owned();
    for r in &s.results {
        let tested: Vec<String> = r
            .tested
            .iter()
            .map(|(a, b)| format!("{a} to {b}"))
            .collect();
        let cells = [
            r.fold.to_string(),
            r.seed.to_string(),
            format!("{} sessions", r.train_sessions),
            tested.join(", "),
            dollars_signed(r.net_pnl, 0),
            r.win_rate.map_or_else(na, percent),
            r.sharpe.map_or_else(na, |x| grouped(x, 2)),
            dollars(r.max_drawdown_usd, 0),
        ];
        row(&mut t, &cells);
    }
    println!("{t}");
    let of = |x: Option<f64>| x.map_or_else(na, |v| grouped(v, 2));
    let mid = s.over_all.sharpe;
    println!(
        "Sharpe ratio: median {}, 5% {}, 95% {}; deviation between folds {}, between seeds {}; {} of results profitable",
        of(mid.map(|m| m.p50)),
        of(mid.map(|m| m.p05)),
        of(mid.map(|m| m.p95)),
        of(s.sharpe_between_folds),
        of(s.sharpe_between_seeds),
        s.over_all.profitable_share.map_or_else(na, percent),
    );
    for p in &s.paths {
        let i = p.sharpe_interval.map_or_else(na, |[a, b]| {
            format!("{} to {}", grouped(a, 2), grouped(b, 2))
        });
        println!(
            "seed {}, history {}: {} days, {}, Sharpe ratio {} ({i})",
            p.seed,
            p.path,
            p.days,
            dollars_signed(p.net_pnl, 0),
            of(p.sharpe)
        );
    }
    if let Some(n) = s.looks {
        println!(
            "the file's own test days have now been looked at {n} time(s) from this folder of runs"
        );
    }
    println!("runs and study.json in {}", out.display());
}
