//! What the Results page shows of an evaluation: charts, figures, checks. Built off the window's thread.

use std::sync::Arc;

use holdout_core::compliance;
use holdout_core::market::split::Part;
use holdout_core::metrics::by_regime::RegimeTable;
use holdout_core::sim::{Action, Ledger, N_ACTIONS};
use holdout_core::time::parse_utc;

use crate::jobs::evaluate::{Evaluation, RandomEntries};
use crate::report::equity_chart::equity_chart;
use crate::report::figures::{Figure, action_shares, figures};
use crate::report::proof::Proof;
use crate::report::{Chart, chart_ticks, number, succession};

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
    /// What became of fresh accounts after the first was lost, in words.
    pub succession: Option<String>,
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
            succession: e.succession.as_ref().and_then(succession::in_words),
            ledger: Arc::clone(&e.ledger),
            chart: equity_chart("Equity", &subtitle, &e.ledger, &e.benchmark_curves()),
            figures: figures(&e.tearsheet),
            actions: action_shares(&e.ledger),
            verdict: VerdictView::new(&e.compliance),
            proof: Proof::new(&e.robustness, &e.tearsheet, &subtitle),
            regimes: e.regimes.clone().map(Arc::new),
            benchmarks: e
                .benchmarks
                .iter()
                .map(|b| (b.label.to_owned(), b.net_pnl.dollars()))
                .collect(),
            random: e.random.as_ref().map(RandomEntries::in_words),
        }
    }
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
