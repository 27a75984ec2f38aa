//! What the Results page shows of an evaluation: charts, figures, checks. Built off the window's thread.

use std::sync::Arc;

use holdout_core::market::split::Part;
use holdout_core::sim::{Action, Ledger, N_ACTIONS};

use crate::jobs::evaluate::Benchmark;
use crate::report::{Axis, Chart, Curve, Ink, Panel, Ribbon, Series, Unit, chart_ticks, number};

/// A figure with what is known about its certainty.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// As text, unit included; `n/a` with the reason in the note.
    pub value: String,
    /// Interval, count or reason.
    pub note: String,
    /// Amount of money that colours it, where it is one.
    pub money: Option<f64>,
    /// What it is.
    pub tip: &'static str,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckState {
    /// Kept.
    Pass,
    /// Broken.
    Fail,
    /// Kept, but look.
    Warning,
    /// The ledger lacks what it needs.
    Unknown,
    /// The rule set has no such rule.
    NotApplicable,
}

/// One check of a rule set.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRow {
    /// Which.
    pub name: String,
    /// How it ended.
    pub state: CheckState,
    /// The limit, as text.
    pub limit: String,
    /// The worst value, as text.
    pub worst: String,
    /// What was left, as text.
    pub room: String,
    /// When the worst moment was.
    pub time: Option<i64>,
    /// In words.
    pub detail: String,
}

/// The verdict of a rule set.
#[derive(Debug, Clone, PartialEq)]
pub struct VerdictView {
    /// Name of the rule set.
    pub ruleset: String,
    /// Over all checks.
    pub state: CheckState,
    /// Checks, in the order of the rule set.
    pub checks: Vec<CheckRow>,
    /// Bars whose verdict depends on the order of high and low.
    pub ambiguous: usize,
    /// Days with a trade.
    pub trading_days: u64,
}

/// One part of one run, judged.
#[derive(Debug, Clone)]
pub struct ResultsView {
    /// Part of the split.
    pub part: Option<Part>,
    /// Title of the run.
    pub run: String,
    /// Environment steps of the checkpoint.
    pub step: u64,
    /// How often the test part was looked at, this time included.
    pub looks: Option<u64>,
    /// Everything that happened.
    pub ledger: Arc<Ledger>,
    /// Equity over drawdown.
    pub chart: Chart,
    /// Tiles.
    pub figures: Vec<Figure>,
    /// Share of each action over all decisions on which there was a choice, and the number of these.
    pub actions: ([f64; N_ACTIONS], u64),
    /// The rule set's verdict.
    pub verdict: VerdictView,
    /// Benchmarks: name, net P&L.
    pub benchmarks: Vec<(String, f64)>,
    /// Random entries in a sentence.
    pub random: Option<String>,
}

/// Equity with its intraday range, floor and benchmarks; under it the drawdown from the highest equity.
pub fn equity_chart(title: &str, subtitle: &str, ledger: &Ledger, benchmarks: &[Benchmark]) -> Chart {
    let x = |t: i64| (t + ledger.interval_secs) as f64;
    let rows = &ledger.rows;
    let curve = |pick: &dyn Fn(&holdout_core::sim::EquityRow) -> f64| Arc::new(Curve::new(rows.iter().map(|r| [x(r.time), pick(r)]).collect()));
    let range = rows.iter().map(|r| [x(r.time), r.equity_worst.dollars(), r.equity_best.dollars()]).collect();
    let inks = [Ink::Purple, Ink::Grey, Ink::Green, Ink::Yellow];
    let mut top = vec![Series::band("Range within bars", Ink::Sky, Arc::new(Ribbon::new(range)), 0.28)];
    for (b, ink) in benchmarks.iter().zip(inks.into_iter().cycle()) {
        let points = b.curve.iter().map(|&(t, usd)| [x(t), usd.dollars()]).collect();
        top.push(Series::thin(b.label, ink, Arc::new(Curve::new(points))));
    }
    top.push(Series::thin("Floor", Ink::Vermilion, curve(&|r| r.floor.dollars())));
    top.push(Series::line("Agent", Ink::Sky, curve(&|r| r.equity_close.dollars())));
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

/// How often each action was taken where more than one was allowed, as shares, and how many such choices there were.
pub fn action_shares(ledger: &Ledger) -> ([f64; N_ACTIONS], u64) {
    let mut counts = [0_u64; N_ACTIONS];
    for r in ledger.rows.iter().filter(|r| r.mask.count() > 1) {
        counts[r.action.index()] += 1;
    }
    let n: u64 = counts.iter().sum();
    (counts.map(|c| if n > 0 { c as f64 / n as f64 } else { 0.0 }), n)
}

/// The shares in a sentence, for screen readers.
pub fn actions_in_words(shares: &[f64; N_ACTIONS]) -> String {
    Action::ALL.into_iter().map(|a| format!("{} {}", a.label(), number::percent(shares[a.index()]))).collect::<Vec<_>>().join(", ")
}

/// A moment for people.
pub fn moment(time: Option<i64>) -> String {
    time.map_or_else(|| "n/a".to_owned(), |t| chart_ticks::stamp(t as f64))
}
