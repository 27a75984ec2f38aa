//! What the Results page shows of an evaluation: charts, figures, checks. Built off the window's thread.

use std::sync::Arc;

use holdout_core::compliance;
use holdout_core::market::split::Part;
use holdout_core::metrics::Tearsheet;
use holdout_core::metrics::by_regime::RegimeTable;
use holdout_core::sim::{Action, Ledger, N_ACTIONS};
use holdout_core::time::parse_utc;

use super::proof_data::Proof;
use crate::jobs::evaluate::{Benchmark, Evaluation};
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
    /// Whether it is real.
    pub proof: Proof,
    /// By market regime.
    pub regimes: Option<Arc<RegimeTable>>,
}

/// Equity with its intraday range, floor and benchmarks; under it the drawdown from the highest equity.
pub fn equity_chart(
    title: &str,
    subtitle: &str,
    ledger: &Ledger,
    benchmarks: &[Benchmark],
) -> Chart {
    let x = |t: i64| (t + ledger.interval_secs) as f64;
    let rows = &ledger.rows;
    let curve = |pick: &dyn Fn(&holdout_core::sim::EquityRow) -> f64| {
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
    for (b, ink) in benchmarks.iter().zip(inks.into_iter().cycle()) {
        let points = b
            .curve
            .iter()
            .map(|&(t, usd)| [x(t), usd.dollars()])
            .collect();
        top.push(Series::thin(b.label, ink, Arc::new(Curve::new(points))));
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

/// How often each action was taken where more than one was allowed, as shares, and how many such choices there were.
pub fn action_shares(ledger: &Ledger) -> ([f64; N_ACTIONS], u64) {
    let mut counts = [0_u64; N_ACTIONS];
    for r in ledger.rows.iter().filter(|r| r.mask.count() > 1) {
        counts[r.action.index()] += 1;
    }
    let n: u64 = counts.iter().sum();
    (
        counts.map(|c| if n > 0 { c as f64 / n as f64 } else { 0.0 }),
        n,
    )
}

/// The shares in a sentence, for screen readers.
pub fn actions_in_words(shares: &[f64; N_ACTIONS]) -> String {
    Action::ALL
        .into_iter()
        .map(|a| format!("{} {}", a.label(), number::percent(shares[a.index()])))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A moment for people.
pub fn moment(time: Option<i64>) -> String {
    time.map_or_else(|| "n/a".to_owned(), |t| chart_ticks::stamp(t as f64))
}

impl ResultsView {
    /// Everything that is shown of an evaluation.
    pub fn new(run: &str, e: &Evaluation) -> Self {
        let part = e.part.map_or("other data", Part::name);
        let market = &e.ledger.instrument.symbol;
        let subtitle = format!("{market} · {run} · {part} · step {}", number::count(e.step));
        Self {
            part: e.part,
            run: run.to_owned(),
            step: e.step,
            looks: e.looks,
            ledger: Arc::clone(&e.ledger),
            chart: equity_chart("Equity", &subtitle, &e.ledger, &e.benchmarks),
            figures: figures(&e.tearsheet),
            actions: action_shares(&e.ledger),
            verdict: VerdictView::new(&e.compliance),
            proof: Proof::new(e, &subtitle),
            regimes: e.regimes.clone().map(Arc::new),
            benchmarks: e.benchmarks.iter().map(|b| (b.label.to_owned(), b.net_pnl.dollars())).collect(),
            random: e.random.as_ref().map(|r| {
                format!(
                    "{} accounts of random entries as frequent as the agent's: mean {}, 95% between {} and {}. The agent did better than {} of them.",
                    number::count(r.accounts),
                    number::dollars_signed(r.mean_usd, 0),
                    number::dollars_signed(r.interval_usd[0], 0),
                    number::dollars_signed(r.interval_usd[1], 0),
                    number::percent_to(r.percentile_of_agent, 0),
                )
            }),
        }
    }
}

/// The tiles of a tear sheet.
pub fn figures(t: &Tearsheet) -> Vec<Figure> {
    let days = t.returns.days;
    let trades = t.trades.as_ref().map(|t| &t.all);
    let n = trades.map_or(0, |g| g.count as usize);
    let ratio = |x: Option<f64>| number::or_na(x, |v| number::grouped(v, 2), days, "days");
    let span = |lo: f64, hi: f64| {
        format!(
            "95%: {} to {}",
            number::grouped(lo, 2),
            number::grouped(hi, 2)
        )
    };
    let figure = |name, value: String, note: String, tip| Figure {
        name,
        value,
        note,
        money: None,
        tip,
    };
    let net = t.returns.net_pnl;
    let intraday = t.drawdown.intraday.as_ref();
    let win = trades.and_then(|g| g.win_rate);
    let win_span = trades.and_then(|g| g.win_rate_wilson);
    vec![
        Figure {
            money: Some(net),
            ..figure(
                "Net P&L",
                number::dollars_signed(net, 0),
                format!("{} days", number::count(days as u64)),
                "After commission and slippage.",
            )
        },
        figure(
            "Trades",
            number::count(n as u64),
            format!(
                "{} a day",
                number::grouped(n as f64 / days.max(1) as f64, 1)
            ),
            "Closed round trips; forced ones are in no statistic.",
        ),
        figure(
            "Win rate",
            number::or_na(win, number::percent, n, "trades"),
            win_span.map_or_else(String::new, |i| {
                format!(
                    "95%: {} to {}",
                    number::percent(i.lower),
                    number::percent(i.upper)
                )
            }),
            "Trades with a net profit above 0; interval by Wilson.",
        ),
        figure(
            "Profit factor",
            number::or_na(
                trades.and_then(|g| g.profit_factor),
                |v| number::grouped(v, 2),
                n,
                "trades",
            ),
            "gross gains ÷ losses".to_owned(),
            "Sum of the winners over sum of the losers; none without a loser.",
        ),
        figure(
            "Sharpe, a year",
            ratio(t.returns.sharpe),
            t.uncertainty
                .sharpe
                .as_ref()
                .map_or_else(|| "interval n/a".to_owned(), |i| span(i.lower, i.upper)),
            "Daily, over the risk-free rate, times the root of 252; interval by a block bootstrap of days.",
        ),
        figure(
            "Sortino",
            ratio(t.returns.sortino),
            "a year".to_owned(),
            "As Sharpe, with the deviation of bad days only.",
        ),
        figure(
            "Calmar",
            ratio(t.returns.calmar),
            "a year".to_owned(),
            "Compound annual return over the largest drawdown of day-end balances.",
        ),
        Figure {
            money: intraday.map(|d| -d.max_usd),
            ..figure(
                "Max drawdown",
                intraday.map_or_else(|| "n/a".to_owned(), |d| number::dollars(-d.max_usd, 0)),
                intraday.map_or_else(String::new, |d| {
                    d.max_fraction.map_or_else(
                        || "intraday".to_owned(),
                        |f| format!("intraday, {}", number::percent(f)),
                    )
                }),
                "Largest fall from the highest equity, within bars, open positions included.",
            )
        },
    ]
}

impl VerdictView {
    /// The verdict of a report, both drawdown verdicts first.
    pub fn new(r: &compliance::Report) -> Self {
        let drawdown = |name: &str, d: &compliance::DrawdownVerdict, detail: &str| CheckRow {
            name: name.to_owned(),
            state: state(d.status),
            limit: amount(d.limit, Some("usd")),
            worst: amount(d.worst, Some("usd")),
            room: amount(d.room, Some("usd")),
            time: d.time.as_deref().and_then(|t| parse_utc(t).ok()),
            detail: detail.to_owned(),
        };
        let mut checks = vec![
            drawdown(
                "Drawdown, strict",
                &r.strict_drawdown,
                "Largest fall of intraday equity from its peak over the whole part.",
            ),
            drawdown(
                "Drawdown, firm",
                &r.firm_drawdown,
                "Equity never at or under the floor: what the firm enforces.",
            ),
        ];
        // The two drawdowns are among the checks as well; once is enough.
        let rest = r
            .checks
            .iter()
            .filter(|c| !matches!(c.id, "strict_drawdown" | "firm_drawdown"));
        checks.extend(rest.map(|c| CheckRow {
            name: words(c.id),
            state: state(c.status),
            limit: amount(c.limit, c.unit),
            worst: amount(c.worst, c.unit),
            room: amount(c.room, c.unit),
            time: c.time.as_deref().and_then(|t| parse_utc(t).ok()),
            detail: c.detail.clone(),
        }));
        // What the rule set does not ask for comes last.
        checks.sort_by_key(|c| c.state == CheckState::NotApplicable);
        Self {
            ruleset: format!("{} {}", r.ruleset.firm, r.ruleset.programme),
            state: state(r.verdict),
            checks,
            ambiguous: r.ambiguous_bars,
            trading_days: r.trading_days as u64,
        }
    }
}

fn state(status: compliance::Status) -> CheckState {
    match status {
        compliance::Status::Pass => CheckState::Pass,
        compliance::Status::Fail => CheckState::Fail,
        compliance::Status::Warning => CheckState::Warning,
        compliance::Status::NotApplicable => CheckState::NotApplicable,
        compliance::Status::Unknown => CheckState::Unknown,
    }
}

/// An amount in the unit of its check; empty when there is none.
fn amount(x: Option<f64>, unit: Option<&str>) -> String {
    let Some(x) = x else { return String::new() };
    match unit {
        Some("usd") => number::dollars(x, 2),
        Some("share") => number::percent(x),
        Some("ratio") | None => number::grouped(x, 2),
        Some("seconds") if x < 0.0 => format!("{}{}", number::MINUS, number::duration(-x)),
        Some("seconds") => number::duration(x),
        Some(unit) => {
            let one = unit.strip_suffix('s').filter(|_| x == 1.0);
            format!("{} {}", number::plain(x), one.unwrap_or(unit))
        }
    }
}

/// `flat_by` is "Flat by".
fn words(id: &str) -> String {
    if id == "mae" {
        return "Adverse excursion (MAE)".to_owned();
    }
    let mut text = id.replace('_', " ");
    if let Some(first) = text.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    text
}
