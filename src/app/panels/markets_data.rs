//! What the Markets page shows: figures a market, correlation of their days, criteria.

use std::sync::Arc;

use holdout_core::market::SessionCalendar;
use holdout_core::metrics::DayClock;
use holdout_core::metrics::criteria::Outcome;
use holdout_core::sim::SameBar;

use super::checkpoints_data::INKS;
use crate::jobs::markets::{MarketRow, MarketTable};
use crate::report::{Axis, Chart, Curve, Ink, Panel, Series, Unit, number};

/// One market as text.
#[derive(Debug)]
pub struct MarketLine {
    /// Root symbol.
    pub market: String,
    /// Cells of the table after the name, each with an amount that colours it where it is money.
    pub cells: Vec<(String, Option<f64>)>,
    /// What to know about it.
    pub note: String,
}

/// One checkpoint on several markets.
#[derive(Debug)]
pub struct MarketsView {
    /// What was judged.
    pub title: String,
    /// Lines of the table.
    pub lines: Vec<MarketLine>,
    /// Names of the markets.
    pub names: Vec<String>,
    /// Correlation and shared days of each two.
    pub correlation: Vec<Vec<(Option<f64>, usize)>>,
    /// Criteria with their outcome.
    pub criteria: Vec<(Outcome, String)>,
    /// Profit of each market by day.
    pub chart: Chart,
}

/// Heads of the cells.
pub const HEADS: [&str; 8] = [
    "From", "To", "Days", "Net P&L", "Trades", "Win rate", "Sharpe", "Drawdown",
];

impl MarketsView {
    /// Everything that is shown of a table.
    pub fn new(t: &MarketTable) -> Self {
        let clock = DayClock::new(SessionCalendar::builtin());
        let curves = t.rows.iter().zip(INKS.into_iter().cycle()).map(|(r, ink)| {
            let mut sum = 0.0;
            let days = r.row.series.days.clone().unwrap_or_default();
            let points = days
                .iter()
                .zip(&r.row.series.pnl)
                .map(|(d, p)| {
                    sum += p;
                    // A trading day ends at 17:00 in New York, 23 hours after its roll.
                    [clock.to_utc(d.roll_wall() + 23 * 3600) as f64, sum]
                })
                .collect();
            Series::line(r.market.clone(), ink, Arc::new(Curve::new(points)))
        });
        let panel = Panel::new(Axis::new("Net P&L (USD)", Unit::Usd), curves.collect());
        let mut chart = Chart::new(
            "One checkpoint on several markets",
            Axis::new("New York time", Unit::Time),
            vec![panel.level("0", 0.0, Ink::Grey)],
        );
        chart.subtitle = format!("{} · step {}", t.run, number::count(t.step));
        chart.footer =
            "One contract, one account a market, full costs; day-end balances.".to_owned();
        let pair = |(line, days): (&Vec<Option<f64>>, &Vec<usize>)| {
            line.iter().copied().zip(days.iter().copied()).collect()
        };
        Self {
            title: format!("Step {} on {} markets", number::count(t.step), t.rows.len()),
            lines: t.rows.iter().map(|r| line(r, t.asked_same_bar)).collect(),
            names: t.rows.iter().map(|r| r.market.clone()).collect(),
            correlation: t.correlation.iter().zip(&t.shared_days).map(pair).collect(),
            criteria: t
                .criteria
                .iter()
                .map(|c| (c.outcome, c.detail.clone()))
                .collect(),
            chart,
        }
    }
}

fn line(r: &MarketRow, asked: SameBar) -> MarketLine {
    let x = &r.row;
    let na = |n: usize, of: &str| format!("n/a ({})", number::counted(n, of));
    let cells = vec![
        (r.from.clone(), None),
        (r.to.clone(), None),
        (x.days.to_string(), None),
        (number::dollars_signed(x.net_pnl, 0), Some(x.net_pnl)),
        (number::count(x.trades), None),
        (
            x.win_rate.map_or_else(|| na(0, "trades"), number::percent),
            None,
        ),
        (
            x.sharpe
                .map_or_else(|| na(x.days, "days"), |s| number::grouped(s, 2)),
            None,
        ),
        (number::dollars(x.max_drawdown_usd, 0), None),
    ];
    let mut notes = Vec::new();
    if r.own {
        notes.push("trained on this market".to_owned());
    }
    if r.other_days {
        notes.push("not the validation days".to_owned());
    }
    if r.same_bar != asked {
        notes.push("stop first: no finer bars".to_owned());
    }
    if x.breached {
        notes.push("account lost".to_owned());
    } else if x.stalled {
        notes.push("account shut out".to_owned());
    }
    MarketLine {
        market: r.market.clone(),
        cells,
        note: notes.join(", "),
    }
}
