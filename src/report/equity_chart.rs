//! The account of an evaluation: equity with its range inside bars, floor and benchmarks, and
//! the drawdown under it. The window and the report draw this same chart.

use std::sync::Arc;

use holdout_core::sim::{EquityRow, Ledger};
use holdout_core::units::Usd;

use super::{Axis, Chart, Curve, Ink, Panel, Ribbon, Series, Unit};

/// A benchmark's name, and its equity after bars by their open time.
pub type BenchmarkCurve<'a> = (&'a str, &'a [(i64, Usd)]);

/// Equity with its intraday range, floor and benchmarks; under it the drawdown from the highest equity.
pub fn equity_chart(
    title: &str,
    subtitle: &str,
    ledger: &Ledger,
    benchmarks: &[BenchmarkCurve<'_>],
) -> Chart {
    let x = |t: i64| (t + ledger.interval_secs) as f64;
    let rows = &ledger.rows;
    let curve = |pick: &dyn Fn(&EquityRow) -> f64| {
        Arc::new(Curve::new(
            rows.iter().map(|r| [x(r.time), pick(r)]).collect(),
        ))
    };
    let range = rows
        .iter()
        .map(|r| [x(r.time), r.equity_worst.dollars(), r.equity_best.dollars()])
        .collect();
    let inks = [Ink::Purple, Ink::Grey, Ink::Green, Ink::Yellow];
    let mut top = vec![Series::band(
        "Range within bars",
        Ink::Sky,
        Arc::new(Ribbon::new(range)),
        0.28,
    )];
    for ((label, points), ink) in benchmarks.iter().zip(inks.into_iter().cycle()) {
        let points = points
            .iter()
            .map(|&(t, usd)| [x(t), usd.dollars()])
            .collect();
        top.push(Series::thin(*label, ink, Arc::new(Curve::new(points))));
    }
    top.push(Series::thin(
        "Floor",
        Ink::Vermilion,
        curve(&|r| r.floor.dollars()),
    ));
    top.push(Series::line(
        "Agent",
        Ink::Sky,
        curve(&|r| r.equity_close.dollars()),
    ));
    let down = curve(&|r| (r.equity_worst - r.peak).dollars());
    let low = vec![Series::area("Drawdown", Ink::Vermilion, down, 0.0)];
    let panels = vec![
        Panel::new(Axis::new("Equity (USD)", Unit::Usd), top).weight(2.6),
        Panel::new(Axis::new("Drawdown, intraday (USD)", Unit::Usd), low).include(0.0),
    ];
    let mut chart = Chart::new(title, Axis::new("New York time", Unit::Time), panels);
    chart.subtitle = subtitle.to_owned();
    chart.footer = "Marked to market after every bar; commission and slippage included; lows and highs within bars by the conservative order.".to_owned();
    chart
}
