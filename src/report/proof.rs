//! "Is it real?" in words: tests, paths, criteria, degradation, as tables of text and a chart.
//!
//! The Results page and the report show these same tables.

use std::sync::Arc;

use holdout_core::metrics::Robustness;
use holdout_core::metrics::bootstrap::BootstrapInterval;
use holdout_core::metrics::criteria::Outcome;
use holdout_core::metrics::degradation::Lost;
use holdout_core::metrics::monte_carlo::Disturbed;
use holdout_core::metrics::tearsheet::Tearsheet;

use super::{Axis, Chart, Curve, Ink, Panel, Ribbon, Series, Unit, number};

/// A table of text: heads, then rows whose first cell is a name.
#[derive(Debug, Clone, Default)]
pub struct TextTable {
    /// Heads of the columns.
    pub heads: Vec<&'static str>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

/// Everything about whether a result is real.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Criteria with their outcome.
    pub criteria: Vec<(Outcome, String)>,
    /// Figures with 95% intervals.
    pub intervals: TextTable,
    /// Tests with their p-values.
    pub tests: TextTable,
    /// How many were looked at, in a sentence.
    pub looked_at: String,
    /// Trials and what they leave, in sentences.
    pub deflation: Vec<String>,
    /// Disturbed histories.
    pub paths: TextTable,
    /// Bands of equity of the shuffled and of the dearer histories.
    pub bands: Option<Chart>,
    /// Figures of training beside these.
    pub degradation: TextTable,
    /// Windows of a week, in sentences.
    pub rolling: Vec<String>,
}

fn na() -> String {
    "n/a".to_owned()
}

fn ratio(x: f64) -> String {
    number::grouped(x, 2)
}

impl Proof {
    /// Everything of an account that was examined.
    pub fn new(r: &Robustness, sheet: &Tearsheet, subtitle: &str) -> Self {
        let s = &r.significance;
        let test = |t: &holdout_core::metrics::p_values::PValue| {
            vec![
                t.question.to_owned(),
                number::grouped(t.p, 3),
                number::grouped(t.holm, 3),
            ]
        };
        Self {
            criteria: r.criteria.iter().map(criterion).collect(),
            intervals: intervals(sheet),
            tests: TextTable {
                heads: vec!["Question", "p", "after Holm"],
                rows: s.tests.iter().map(test).collect(),
            },
            looked_at: format!(
                "{} p-values were looked at. Without any effect one of so many would be under 5% in {} of cases; Holm's correction allows for that.",
                s.looked_at,
                number::percent_to(s.chance_of_one_by_luck, 0)
            ),
            deflation: deflation(r),
            paths: paths(r),
            bands: bands(r, subtitle),
            degradation: degradation(r),
            rolling: rolling(r),
        }
    }
}

fn criterion(c: &holdout_core::metrics::criteria::Criterion) -> (Outcome, String) {
    let (name, show): (&str, fn(f64) -> String) = match c.id {
        "win_rate" => ("Win rate above", number::percent),
        "sharpe" => ("Sharpe ratio above", ratio),
        "max_drawdown_usd" => ("Drawdown under", |x| number::dollars(x, 0)),
        _ => (
            "Share of the training Sharpe ratio lost under",
            number::percent,
        ),
    };
    let value = c.value.map_or_else(na, show);
    let margin = c
        .margin
        .map_or_else(String::new, |m| format!(", margin {}", show(m)));
    (
        c.outcome,
        format!("{name} {}: {value}{margin}", show(c.bound)),
    )
}

fn intervals(t: &Tearsheet) -> TextTable {
    let u = &t.uncertainty;
    let trades = t.trades.as_ref().map(|t| &t.all);
    let row =
        |name: &str, x: Option<f64>, i: Option<BootstrapInterval>, show: &dyn Fn(f64) -> String| {
            let between = i.map_or_else(na, |i| format!("{} to {}", show(i.lower), show(i.upper)));
            vec![name.to_owned(), x.map_or_else(na, show), between]
        };
    let usd = |x: f64| number::dollars_signed(x, 0);
    let worst = t.drawdown.closed_daily.max_usd;
    TextTable {
        heads: vec!["Figure", "value", "95% interval"],
        rows: vec![
            row("Sharpe ratio", t.returns.sharpe, u.sharpe, &ratio),
            row("Sortino ratio", t.returns.sortino, u.sortino, &ratio),
            row(
                "Mean daily P&L",
                t.returns.mean_daily_pnl,
                u.mean_daily_pnl,
                &usd,
            ),
            row(
                "Win rate",
                trades.and_then(|g| g.win_rate),
                u.win_rate,
                &number::percent,
            ),
            row(
                "Expectancy",
                trades.and_then(|g| g.expectancy),
                u.expectancy,
                &|x| number::dollars_signed(x, 2),
            ),
            row(
                "Profit factor",
                trades.and_then(|g| g.profit_factor),
                u.profit_factor,
                &ratio,
            ),
            row(
                "Drawdown of day ends",
                Some(worst),
                u.max_drawdown_usd,
                &|x| number::dollars(x, 0),
            ),
        ],
    }
}

fn deflation(r: &Robustness) -> Vec<String> {
    let d = &r.deflation;
    let show = |x: Option<f64>| x.map_or_else(na, number::percent);
    let days = |x: Option<f64>| x.map_or_else(na, |v| number::grouped(v, 0));
    let mut lines = vec![
        format!(
            "Probability that the true Sharpe ratio is above 0: {}.",
            show(d.probabilistic_sharpe)
        ),
        format!(
            "After {} candidates seen on these bars, above the luckiest of them: {}.",
            number::count(d.trials),
            show(d.deflated_sharpe)
        ),
        format!(
            "Days needed to be 95% sure of more than 0: {}.",
            days(d.minimum_track_record_days)
        ),
    ];
    if let Some(p) = &r.entry_permutation {
        lines.push(format!(
            "The same {} trades at random times: mean {}, 95% between {} and {}.",
            p.trades,
            number::dollars_signed(p.mean_usd, 0),
            number::dollars_signed(p.interval_usd[0], 0),
            number::dollars_signed(p.interval_usd[1], 0)
        ));
    }
    lines
}

fn paths(r: &Robustness) -> TextTable {
    let Some(m) = &r.monte_carlo else {
        return TextTable::default();
    };
    let row = |name: &str, d: &Disturbed| {
        vec![
            name.to_owned(),
            number::dollars_signed(d.net_pnl.p05, 0),
            number::dollars_signed(d.net_pnl.p50, 0),
            number::dollars_signed(d.net_pnl.p95, 0),
            number::dollars(d.max_drawdown_usd.p95, 0),
            number::percent(d.ruin_share),
        ]
    };
    let mut rows = vec![
        row("Order shuffled", &m.shuffled),
        row("One in ten dropped", &m.dropped),
    ];
    rows.extend(m.costs.as_ref().map(|c| row("Costs raised", c)));
    rows.push(row("Start moved", &m.start_moved));
    TextTable {
        heads: vec![
            "Disturbance",
            "P&L 5%",
            "median",
            "95%",
            "drawdown 95%",
            "reaches the floor",
        ],
        rows,
    }
}

fn bands(r: &Robustness, subtitle: &str) -> Option<Chart> {
    let m = r.monte_carlo.as_ref()?;
    let x = |at: f64| at * m.steps as f64;
    let ribbon = |d: &Disturbed| {
        let first = std::iter::once([0.0, 0.0, 0.0]);
        let rest = d.bands.iter().map(|b| [x(b.at), b.p05, b.p95]);
        Arc::new(Ribbon::new(first.chain(rest).collect()))
    };
    let middle = |d: &Disturbed| {
        let rest = d.bands.iter().map(|b| [x(b.at), b.p50]);
        Arc::new(Curve::new(
            std::iter::once([0.0, 0.0]).chain(rest).collect(),
        ))
    };
    let mut series = vec![
        Series::band(
            "Order shuffled, 5% to 95%",
            Ink::Sky,
            ribbon(&m.shuffled),
            0.25,
        ),
        Series::line("Order shuffled, median", Ink::Sky, middle(&m.shuffled)),
    ];
    if let Some(c) = &m.costs {
        series.push(Series::band(
            "Costs raised, 5% to 95%",
            Ink::Orange,
            ribbon(c),
            0.3,
        ));
        series.push(Series::thin("Costs raised, median", Ink::Orange, middle(c)));
    }
    let panel =
        Panel::new(Axis::new("Net P&L (USD)", Unit::Usd), series).level("0", 0.0, Ink::Grey);
    let name = if m.step == "trade" { "Trades" } else { "Days" };
    let mut chart = Chart::new(
        "The same trades, had they come otherwise",
        Axis::new(name, Unit::Count),
        vec![panel],
    );
    chart.subtitle = subtitle.to_owned();
    chart.footer = format!(
        "{} paths of each kind, seed {}.",
        m.settings.paths, m.settings.seed
    );
    Some(chart)
}

fn degradation(r: &Robustness) -> TextTable {
    let Some(rows) = &r.degradation else {
        return TextTable::default();
    };
    let plain = |x: Option<f64>| {
        x.map_or_else(na, |v| {
            number::grouped(v, if v.abs() < 10.0 { 3 } else { 0 })
        })
    };
    let lost = |l: Option<Lost>| l.map_or_else(na, |l| plain(l.value));
    let share = |l: Option<Lost>| l.and_then(|l| l.fraction).map_or_else(na, number::percent);
    TextTable {
        heads: vec!["Figure", "train", "this part", "lost"],
        rows: rows
            .iter()
            .map(|d| {
                let here = d.test.or(d.validation);
                vec![
                    d.metric.replace('_', " "),
                    plain(d.train),
                    lost(here),
                    share(here),
                ]
            })
            .collect(),
    }
}

fn rolling(r: &Robustness) -> Vec<String> {
    let w = &r.rolling;
    let Some(share) = w.profitable_share else {
        return vec!["Too few days for a window of a week.".to_owned()];
    };
    let mut lines = vec![format!(
        "{} windows of {} days: {} with a profit.",
        number::count(w.count as u64),
        w.window_days,
        number::percent_to(share, 0)
    )];
    if let Some(worst) = &w.worst {
        let day = |d: Option<holdout_core::time::TradingDay>| d.map_or_else(na, |d| d.to_string());
        lines.push(format!(
            "The worst, {} to {}: {}.",
            day(worst.first_day),
            day(worst.last_day),
            number::dollars_signed(worst.net_pnl, 0)
        ));
    }
    lines
}
