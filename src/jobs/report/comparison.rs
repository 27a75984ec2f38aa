//! Runs side by side: the same figures of each, their accounts over each other, and what the
//! difference is worth where they were judged on the same days.

use std::sync::Arc;

use holdout_core::market::split::Part;
use holdout_core::metrics::DailySeries;
use holdout_core::metrics::bootstrap::BootstrapSettings;
use holdout_core::metrics::paired::{Paired, paired};
use holdout_core::metrics::tearsheet::{TearsheetSettings, ledger_days};
use serde::Serialize;

use super::facts::RunFacts;
use crate::report::document::{Block, Chapter, Section, Table};
use crate::report::figures::figures;
use crate::report::number::{count, dollars_signed, grouped};
use crate::report::{Axis, Chart, Curve, Ink, Panel, Series, Unit};

/// Colours of what is laid over each other, in order.
const INKS: [Ink; 6] = [
    Ink::Sky,
    Ink::Orange,
    Ink::Green,
    Ink::Purple,
    Ink::Yellow,
    Ink::Vermilion,
];

/// The difference of two runs; none where they were not judged on the same days.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RunDifference {
    /// First run.
    a: String,
    /// Second run.
    b: String,
    /// First less second.
    difference: Option<Paired>,
}

/// Whether two runs were judged on the same bars of the same market.
fn same_bars(a: &RunFacts, b: &RunFacts) -> bool {
    let days = |r: &RunFacts| match r.part {
        Part::Train => r.data.split.train,
        Part::Validation => r.data.split.validation,
        Part::Test => r.data.split.test,
    };
    a.data.bars_sha256 == b.data.bars_sha256 && days(a) == days(b)
}

fn series(r: &RunFacts) -> DailySeries {
    let ledger = &r.main().ledger;
    let days = ledger_days(ledger, &r.calendar);
    DailySeries::of_days(&days, ledger.start_balance)
}

/// The first `n` days of a series.
fn front(s: &DailySeries, n: usize) -> DailySeries {
    let days = s.days.as_ref().map(|d| d[..n].to_vec());
    DailySeries::of_pnl(s.start_balance, s.pnl[..n].to_vec(), days)
}

/// Every pair of runs, over the days that both accounts lived.
pub(super) fn differences(runs: &[Arc<RunFacts>]) -> Vec<RunDifference> {
    let mut all = Vec::new();
    for (i, a) in runs.iter().enumerate() {
        for b in &runs[i + 1..] {
            let difference = same_bars(a, b).then(|| {
                let (x, y) = (series(a), series(b));
                let n = x.len().min(y.len());
                let rf = TearsheetSettings::default().rf;
                paired(
                    &front(&x, n),
                    &front(&y, n),
                    rf,
                    BootstrapSettings::default(),
                )
            });
            all.push(RunDifference {
                a: a.id.clone(),
                b: b.id.clone(),
                difference: difference.flatten(),
            });
        }
    }
    all
}

/// The chapter that lays runs side by side.
pub(super) fn chapter(runs: &[Arc<RunFacts>]) -> Chapter {
    let mut blocks = Vec::new();
    let all_same = runs.windows(2).all(|w| same_bars(&w[0], &w[1]));
    if !all_same {
        blocks.push(Block::Warning(
            "These runs were not judged on the same bars: figures stand side by side, but their difference says nothing about which is better.".to_owned(),
        ));
    }
    blocks.push(Block::Table(side_by_side(runs)));
    blocks.push(Block::Chart(Box::new(curves(runs))));
    let mut sentences = differences(runs)
        .iter()
        .map(|d| Block::Text(in_words(d)))
        .collect::<Vec<_>>();
    if runs.len() > 2 {
        sentences.push(Block::Text(
            "The more runs are laid side by side, the better the luckiest of them looks; the deflated Sharpe probability of each allows for the candidates seen on its bars.".to_owned(),
        ));
    }
    Chapter {
        title: "Side by side".to_owned(),
        sections: vec![
            Section {
                title: "The runs".to_owned(),
                blocks,
            },
            Section {
                title: "Differences".to_owned(),
                blocks: sentences,
            },
        ],
    }
}

fn side_by_side(runs: &[Arc<RunFacts>]) -> Table {
    let tiles: Vec<_> = runs.iter().map(|r| figures(&r.main().tearsheet)).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, cells: &mut dyn Iterator<Item = String>| {
        rows.push(std::iter::once(name.to_owned()).chain(cells).collect());
    };
    row("Market", &mut runs.iter().map(|r| r.data.market.clone()));
    row(
        "Judged on",
        &mut runs.iter().map(|r| r.part.name().to_owned()),
    );
    row("Judged was", &mut runs.iter().map(|r| r.player()));
    row("Seed", &mut runs.iter().map(|r| r.seed.to_string()));
    for i in 0..tiles.first().map_or(0, Vec::len) {
        row(
            tiles[0][i].name,
            &mut tiles.iter().map(|t| t[i].value.clone()),
        );
    }
    row(
        "Deflated Sharpe probability",
        &mut runs.iter().map(|r| {
            let d = r.main().robustness.deflation.deflated_sharpe;
            d.map_or_else(|| "n/a".to_owned(), crate::report::number::percent)
        }),
    );
    row(
        "Compliance",
        &mut runs
            .iter()
            .map(|r| r.main().compliance.verdict.name().to_uppercase()),
    );
    row(
        "Test part opened",
        &mut runs.iter().map(|r| format!("{} times", count(r.looks))),
    );
    let heads = std::iter::once(String::new()).chain(runs.iter().map(|r| r.id.clone()));
    Table::of_figures(heads, 1.2, rows)
}

/// Net profit since the start, a line a run.
fn curves(runs: &[Arc<RunFacts>]) -> Chart {
    let line = |(r, ink): (&Arc<RunFacts>, Ink)| {
        let ledger = &r.main().ledger;
        let points = ledger
            .rows
            .iter()
            .map(|row| {
                let x = (row.time + ledger.interval_secs) as f64;
                [x, (row.equity_close - ledger.start_balance).dollars()]
            })
            .collect();
        Series::line(&r.id, ink, Arc::new(Curve::new(points)))
    };
    let series = runs
        .iter()
        .zip(INKS.into_iter().cycle())
        .map(line)
        .collect();
    let panel = Panel::new(Axis::new("Since the start (USD)", Unit::Usd), series).include(0.0);
    let mut chart = Chart::new(
        "Accounts since their start",
        Axis::new("New York time", Unit::Time),
        vec![panel],
    );
    chart.footer = "Marked to market after every bar; commission and slippage included.".to_owned();
    chart
}

fn in_words(d: &RunDifference) -> String {
    let names = format!("{} less {}", d.a, d.b);
    let Some(p) = &d.difference else {
        return format!("{names}: they share too few days to tell.");
    };
    let mean = &p.mean_daily_pnl;
    let interval = mean.interval.map_or_else(String::new, |i| {
        format!(
            " (95%: {} to {})",
            dollars_signed(i.lower, 0),
            dollars_signed(i.upper, 0)
        )
    });
    let sharpe = p.sharpe.map_or_else(
        || "no Sharpe ratio".to_owned(),
        |s| format!("Sharpe {}, p {}", grouped(s.value, 2), grouped(s.p, 2)),
    );
    format!(
        "{names}: {} a day{interval}, p {}; {sharpe}; over {} days.",
        dollars_signed(mean.value, 0),
        grouped(mean.p, 2),
        count(p.days as u64)
    )
}
