//! What the Compliance page shows: an account judged under one rule set in full, and under all
//! of them side by side. Built off the window's thread, by the functions of the command line.

use std::sync::Arc;

use holdout_core::compliance::moments::{WorstMoment, worst_moments};
use holdout_core::compliance::{ChanceSettings, Outcome, PassChance, RuleSet, pass_chance};
use holdout_core::market::{Instruments, SessionCalendar};
use holdout_core::metrics::wilson::Interval;
use holdout_core::units::Usd;
use holdout_store::ledger::{self as ledger_files, LedgerFile};

use super::results_data::{CheckState, VerdictView};
use crate::jobs::certificate::{RuleText, Source, judge, view};
use crate::report::compliance_chart::replay_chart;
use crate::report::{Chart, number};

/// Days listed as worst moments.
const WORST_DAYS: usize = 20;

/// An account under one rule set, in a line.
#[derive(Clone, Debug, PartialEq)]
pub struct FirmRow {
    /// Id of the rule set.
    pub id: String,
    /// Firm and programme.
    pub name: String,
    /// Verdict over all checks.
    pub state: CheckState,
    /// Least room above the floor in dollars.
    pub room: Option<f64>,
    /// Why it is not a pass: the first check that says so.
    pub reason: String,
    /// Chance of passing, where it can be given.
    pub chance: Option<PassChance>,
}

impl FirmRow {
    /// A share of the resampled accounts, as text.
    pub fn share(&self, outcome: Outcome) -> String {
        match &self.chance {
            Some(c) if outcome == Outcome::Passed && c.target.is_none() => "no target".to_owned(),
            Some(c) => number::percent(c.paths.share(outcome)),
            None => "n/a".to_owned(),
        }
    }

    /// Interval of the chance of passing, as text; none without a target or with too few sessions.
    pub fn interval(&self) -> Option<String> {
        let passed = self.chance.as_ref().filter(|c| c.target.is_some())?;
        passed.paths.of(Outcome::Passed)?.interval.map(span)
    }

    /// Sessions to pass, as text.
    pub fn days(&self) -> String {
        let days = self
            .chance
            .as_ref()
            .and_then(|c| c.paths.days_to_pass.as_ref());
        days.map_or_else(String::new, |d| {
            format!(
                "{} ({} to {})",
                number::grouped(d.median, 0),
                number::grouped(d.p10, 0),
                number::grouped(d.p90, 0)
            )
        })
    }
}

/// An interval of a share, as text.
pub fn span(i: Interval) -> String {
    format!(
        "{} to {}",
        number::percent(i.lower),
        number::percent(i.upper)
    )
}

/// An account under the chosen rule set.
#[derive(Clone, Debug)]
pub struct Examined {
    /// The rule set.
    pub rules: RuleSet,
    /// Its verdict.
    pub verdict: VerdictView,
    /// Equity, floor, peak, drawdown.
    pub chart: Chart,
    /// Days that came closest to the floor.
    pub worst: Vec<WorstMoment>,
}

/// Everything that the page shows of an account.
#[derive(Clone, Debug)]
pub struct ComplianceView {
    /// What was judged, as text.
    pub title: String,
    /// Where it came from.
    pub source: Source,
    /// The ledger.
    pub ledger: Arc<LedgerFile>,
    /// Under the chosen rule set.
    pub examined: Examined,
    /// Under every rule set.
    pub firms: Arc<Vec<FirmRow>>,
}

impl ComplianceView {
    /// Reads and judges.
    ///
    /// `share` is told how far it is, 0 to 1, and says whether to go on.
    ///
    /// # Errors
    /// When the ledger cannot be read, or the work was stopped.
    pub fn build(
        source: Source,
        chosen: &RuleText,
        all: &[RuleText],
        share: &mut dyn FnMut(f64) -> bool,
    ) -> anyhow::Result<Self> {
        let (dir, title) = place(&source);
        let ledger = Arc::new(ledger_files::read(&dir, &Instruments::builtin())?);
        let examined = examine(&ledger, chosen, &title);
        let mut firms = Vec::with_capacity(all.len());
        for (i, rules) in all.iter().enumerate() {
            if !share(i as f64 / all.len() as f64) {
                anyhow::bail!("stopped");
            }
            firms.push(firm(&ledger, &rules.rules));
        }
        Ok(Self {
            title,
            source,
            ledger,
            examined,
            firms: Arc::new(firms),
        })
    }

    /// The same account under another rule set.
    #[must_use]
    pub fn under(&self, chosen: &RuleText) -> Self {
        Self {
            examined: examine(&self.ledger, chosen, &self.title),
            ..self.clone()
        }
    }

    /// The line of a rule set.
    pub fn firm(&self, id: &str) -> Option<&FirmRow> {
        self.firms.iter().find(|f| f.id == id)
    }
}

/// Folder and title of a source.
fn place(source: &Source) -> (std::path::PathBuf, String) {
    let name = |p: &std::path::Path| {
        p.file_name().map_or_else(
            || p.display().to_string(),
            |n| n.to_string_lossy().into_owned(),
        )
    };
    match source {
        Source::Run { run, evaluation } => {
            let evaluation = evaluation.clone().unwrap_or_default();
            let dir = run.join("evaluations").join(&evaluation);
            (dir, format!("{} · {evaluation}", name(run)))
        }
        Source::Ledger { dir, .. } => (dir.clone(), name(dir)),
    }
}

fn examine(ledger: &LedgerFile, chosen: &RuleText, title: &str) -> Examined {
    let rules = &chosen.rules;
    let view = view(ledger);
    let worst = worst_moments(rules, &view, &SessionCalendar::builtin(), WORST_DAYS);
    Examined {
        verdict: VerdictView::new(&judge(rules, ledger)),
        chart: replay_chart(rules, &view, title, worst.first()),
        worst,
        rules: rules.clone(),
    }
}

/// What the account began with, as its first row and the trades closed by then tell.
fn start_of(ledger: &LedgerFile) -> Option<Usd> {
    let first = ledger.rows.first()?;
    let closed = ledger.trades.iter().filter(|t| t.exit_time <= first.time);
    Some(first.balance - closed.map(|t| t.net_pnl).sum())
}

fn firm(ledger: &LedgerFile, rules: &RuleSet) -> FirmRow {
    let report = judge(rules, ledger);
    let verdict = VerdictView::new(&report);
    let telling = report
        .checks
        .iter()
        .find(|c| c.status == report.verdict && verdict.state != CheckState::Pass);
    let begun = start_of(ledger);
    let elsewhere = begun.filter(|b| *b != rules.account.start_balance);
    FirmRow {
        id: rules.id.clone(),
        name: format!("{} {}", rules.firm, rules.programme),
        state: verdict.state,
        // Room above the floor of an account that began elsewhere means nothing.
        room: report.firm_drawdown.room.filter(|_| elsewhere.is_none()),
        reason: match (elsewhere, telling) {
            (Some(begun), _) => format!(
                "the account began with {}, this stage begins with {}",
                number::usd(begun),
                number::usd(rules.account.start_balance)
            ),
            (None, Some(c)) => format!("{}: {}", c.id.replace('_', " "), c.detail),
            (None, None) => String::new(),
        },
        chance: pass_chance(rules, &view(ledger), &ChanceSettings::default()).ok(),
    }
}
