//! The chance that an account that trades like this ledger passes a firm's stage.
//!
//! Two answers. **Starts**: an account begins on every session of the ledger and takes the
//! sessions that really followed; no resampling, but the accounts overlap. **Paths**: sessions
//! are drawn in blocks (stationary bootstrap, see [`crate::metrics::bootstrap`]) with their
//! intraday equity, so that a floor that follows unrealised profit sees it. Both assume that
//! the agent trades a session as it did in the ledger, whatever the account's balance. Same
//! seed, same figures, whatever the number of threads.

use rayon::prelude::*;
use serde::Serialize;

use super::challenge::{Challenge, Goal, Outcome};
use super::ruleset::RuleSet;
use super::session_path::{SessionPath, sessions};
use super::view::LedgerView;
use crate::market::SessionCalendar;
use crate::metrics::DayClock;
use crate::metrics::bootstrap::optimal_block;
use crate::metrics::moments::percentile_sorted;
use crate::metrics::wilson::{Interval, wilson};
use crate::rng::Stream;
use crate::units::Usd;

/// Resampled histories behind an interval, and paths in each.
const HISTORIES: usize = 200;
const PATHS_PER_HISTORY: usize = 100;
/// Sessions below which resampled histories tell nothing.
const MIN_SESSIONS: usize = 10;

/// How to estimate.
#[derive(Clone, Debug)]
pub struct ChanceSettings {
    /// Sessions of the exchange.
    pub calendar: SessionCalendar,
    /// Paths drawn.
    pub paths: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Mean block length in sessions; chosen from the daily profits when absent.
    pub block: Option<f64>,
    /// Sessions after which a path without a time limit of its own is out of time.
    pub horizon: u32,
    /// Share of the drawdown limit used, from which a flat agent enters no more.
    pub entry_drawdown_cap: f64,
    /// Profit target in place of the rule set's.
    pub target: Option<Usd>,
}

impl Default for ChanceSettings {
    fn default() -> Self {
        Self {
            calendar: SessionCalendar::builtin(),
            paths: 10_000,
            seed: 1,
            block: None,
            horizon: 252,
            entry_drawdown_cap: 0.75,
            target: None,
        }
    }
}

/// Why no chance can be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChanceError {
    /// Nothing to start on.
    #[error("the ledger has no session to start an account on")]
    NoSession,
    /// A setting out of range.
    #[error("{name} is {value}; expected {expected}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// What would do.
        expected: &'static str,
    },
}

/// How many accounts ended one way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutcomeShare {
    /// The way.
    pub outcome: Outcome,
    /// Accounts.
    pub count: u64,
    /// Share of all accounts, 0 to 1.
    pub share: f64,
    /// 95% interval of the share: error of drawing, and of having seen only these sessions.
    /// Absent for starts, whose accounts overlap.
    pub interval: Option<Interval>,
    /// 95% interval from the number of paths alone.
    pub drawing_error: Option<Interval>,
}

/// Sessions that it took to pass.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DaysToPass {
    /// Mean.
    pub mean: f64,
    /// Tenth percentile.
    pub p10: f64,
    /// Median.
    pub median: f64,
    /// Ninetieth percentile.
    pub p90: f64,
}

/// What became of many accounts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcomes {
    /// Accounts.
    pub accounts: u64,
    /// By outcome; outcomes that cannot occur are left out.
    pub shares: Vec<OutcomeShare>,
    /// Sessions to pass, of those that passed.
    pub days_to_pass: Option<DaysToPass>,
}

impl Outcomes {
    /// Share of an outcome; 0 where it cannot occur.
    pub fn share(&self, outcome: Outcome) -> f64 {
        self.of(outcome).map_or(0.0, |s| s.share)
    }

    /// An outcome.
    pub fn of(&self, outcome: Outcome) -> Option<&OutcomeShare> {
        self.shares.iter().find(|s| s.outcome == outcome)
    }
}

/// Chance of passing under one rule set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PassChance {
    /// Id of the rule set.
    pub ruleset: String,
    /// Its firm.
    pub firm: String,
    /// Its programme.
    pub programme: String,
    /// Profit target in dollars; without one nothing passes.
    pub target: Option<Usd>,
    /// Sessions drawn from.
    pub sessions: usize,
    /// Sessions after the ledger's account was lost or locked out; not drawn from.
    pub sessions_left_out: usize,
    /// Mean block length in sessions.
    pub block_sessions: f64,
    /// Sessions after which a path is out of time.
    pub horizon_sessions: u32,
    /// Seed of the draws.
    pub seed: u64,
    /// An account begun on every session.
    pub starts: Outcomes,
    /// Accounts on resampled sessions.
    pub paths: Outcomes,
    /// What is assumed.
    pub assumptions: [&'static str; 3],
}

const ASSUMPTIONS: [&str; 3] = [
    "the agent trades a session as it did in the ledger, whatever the account's balance",
    "every session begins flat; the high of a bar comes before its low",
    "resampled sessions are counted as five to a calendar week",
];

/// Estimates the chance of passing.
///
/// # Errors
/// When the ledger has no session, or a setting is out of range.
pub fn pass_chance(
    rules: &RuleSet,
    ledger: &LedgerView<'_>,
    settings: &ChanceSettings,
) -> Result<PassChance, ChanceError> {
    check_settings(settings)?;
    let clock = DayClock::new(settings.calendar.clone());
    let cap = settings.entry_drawdown_cap;
    let (paths, left_out) = sessions(rules, ledger, &clock, cap);
    if paths.is_empty() {
        return Err(ChanceError::NoSession);
    }
    let profit = settings.target.or(rules.account.profit_target);
    let goal = Goal {
        rules,
        target: profit.map(|p| rules.account.start_balance + p),
        stall_room: Usd::from_dollars((1.0 - cap) * rules.floor.amount.dollars()),
        horizon: settings.horizon,
    };
    let daily: Vec<f64> = paths.iter().map(|p| p.end_balance.dollars()).collect();
    let block = settings.block.unwrap_or_else(|| optimal_block(&daily));
    let drawn = draw(&goal, &paths, None, block, settings.seed, settings.paths);
    let mut resampled = tally(&drawn);
    let histories = histories(&goal, &paths, block, settings.seed);
    for share in &mut resampled.shares {
        share.drawing_error = wilson(share.count, resampled.accounts);
        share.interval = share.drawing_error.map(|d| {
            let seen = spread(&histories, share.outcome);
            seen.map_or(d, |h| Interval {
                lower: d.lower.min(h.lower),
                upper: d.upper.max(h.upper),
            })
        });
    }
    if paths.len() < MIN_SESSIONS {
        // The error of drawing alone would claim to know the market from a handful of days.
        resampled.shares.iter_mut().for_each(|s| s.interval = None);
    }
    Ok(PassChance {
        ruleset: rules.id.clone(),
        firm: rules.firm.clone(),
        programme: rules.programme.clone(),
        target: profit,
        sessions: paths.len(),
        sessions_left_out: left_out,
        block_sessions: block,
        horizon_sessions: settings.horizon,
        seed: settings.seed,
        starts: tally(&starts(&goal, &paths)),
        paths: resampled,
        assumptions: ASSUMPTIONS,
    })
}

fn check_settings(s: &ChanceSettings) -> Result<(), ChanceError> {
    let bad = |name, value: String, expected| {
        Err(ChanceError::Setting {
            name,
            value,
            expected,
        })
    };
    if !(1..=1_000_000).contains(&s.paths) {
        return bad("paths", s.paths.to_string(), "1 to 1 000 000");
    }
    if !(1..=10_000).contains(&s.horizon) {
        return bad("horizon", s.horizon.to_string(), "1 to 10 000 sessions");
    }
    if let Some(b) = s.block.filter(|b| !(*b >= 1.0 && b.is_finite())) {
        return bad("block", b.to_string(), "1 session or more");
    }
    if !(s.entry_drawdown_cap > 0.0 && s.entry_drawdown_cap <= 1.0) {
        let cap = s.entry_drawdown_cap.to_string();
        return bad("entry_drawdown_cap", cap, "more than 0, up to 1");
    }
    if let Some(t) = s.target.filter(|t| *t <= Usd::ZERO) {
        return bad("target", t.to_string(), "more than 0 dollars");
    }
    Ok(())
}

/// How an account ended, and after how many sessions.
type End = (Outcome, u32);

/// An account begun on every session, through those that followed.
fn starts(goal: &Goal<'_>, paths: &[SessionPath]) -> Vec<End> {
    let one = |first: usize| {
        let mut account = Challenge::new(*goal);
        for path in &paths[first..] {
            let day = (path.day.0 - paths[first].day.0 + 1).max(1) as u32;
            if let Some(outcome) = account.session(path, day, true) {
                return (outcome, account.sessions);
            }
        }
        (Outcome::Open, account.sessions)
    };
    (0..paths.len()).into_par_iter().map(one).collect()
}

/// Accounts on sessions drawn in blocks from `order` (all in their order when absent).
fn draw(
    goal: &Goal<'_>,
    paths: &[SessionPath],
    order: Option<&[usize]>,
    block: f64,
    seed: u64,
    accounts: usize,
) -> Vec<End> {
    let n = order.map_or(paths.len(), <[usize]>::len);
    let of = |at: usize| order.map_or(at, |o| o[at]);
    let restart = 1.0 / block.max(1.0);
    let one = |i: usize| {
        let mut rng = Stream::new(seed, "pass-chance", i as u64);
        let mut account = Challenge::new(*goal);
        let (mut at, mut before) = (0, usize::MAX);
        loop {
            let fresh = before == usize::MAX || rng.uniform() < restart;
            at = if fresh {
                rng.below(n as u64) as usize
            } else {
                (at + 1) % n
            };
            let session = of(at);
            let joined = before.checked_add(1) == Some(session);
            // The n-th session of an account that begins on a Monday.
            let nth = account.sessions;
            let calendar_day = nth + 1 + 2 * (nth / 5);
            if let Some(outcome) = account.session(&paths[session], calendar_day, joined) {
                return (outcome, account.sessions);
            }
            before = session;
        }
    };
    (0..accounts).into_par_iter().map(one).collect()
}

/// Shares of the outcomes in histories that could have been seen instead of this one.
fn histories(goal: &Goal<'_>, paths: &[SessionPath], block: f64, seed: u64) -> Vec<[f64; 5]> {
    if paths.len() < MIN_SESSIONS {
        return Vec::new();
    }
    let one = |h: usize| {
        let own = Stream::new(seed, "pass-chance-history", h as u64).next_u64();
        let mut order = Vec::with_capacity(paths.len());
        crate::metrics::bootstrap::StationaryBootstrap::new(paths.len(), block, own)
            .draw(&mut order);
        let ends = draw(goal, paths, Some(&order), block, own, PATHS_PER_HISTORY);
        Outcome::ALL.map(|o| {
            let count = ends.iter().filter(|(e, _)| *e == o).count();
            count as f64 / PATHS_PER_HISTORY as f64
        })
    };
    (0..HISTORIES).into_par_iter().map(one).collect()
}

/// Spread of a share over histories, less the noise of their few paths.
fn spread(histories: &[[f64; 5]], outcome: Outcome) -> Option<Interval> {
    let column = Outcome::ALL.iter().position(|o| *o == outcome)?;
    let n = histories.len() as f64;
    let mut values: Vec<f64> = histories.iter().map(|h| h[column]).collect();
    if values.len() < 2 {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let noise = values.iter().map(|v| v * (1.0 - v)).sum::<f64>() / n / PATHS_PER_HISTORY as f64;
    let keep = if variance > 0.0 {
        ((variance - noise).max(0.0) / variance).sqrt()
    } else {
        0.0
    };
    for v in &mut values {
        *v = (mean + (*v - mean) * keep).clamp(0.0, 1.0);
    }
    values.sort_unstable_by(f64::total_cmp);
    Some(Interval {
        lower: percentile_sorted(&values, 2.5)?,
        upper: percentile_sorted(&values, 97.5)?,
    })
}

fn tally(ends: &[End]) -> Outcomes {
    let n = ends.len() as u64;
    let shares = Outcome::ALL
        .into_iter()
        .map(|outcome| {
            let count = ends.iter().filter(|(o, _)| *o == outcome).count() as u64;
            OutcomeShare {
                outcome,
                count,
                share: count as f64 / n.max(1) as f64,
                interval: None,
                drawing_error: None,
            }
        })
        // Only the end of a ledger leaves an account open.
        .filter(|s| s.outcome != Outcome::Open || s.count > 0)
        .collect();
    let passed = ends.iter().filter(|(o, _)| *o == Outcome::Passed);
    let mut days: Vec<f64> = passed.map(|(_, d)| f64::from(*d)).collect();
    days.sort_unstable_by(f64::total_cmp);
    let days_to_pass = (|| {
        Some(DaysToPass {
            mean: crate::metrics::moments::mean(&days)?,
            p10: percentile_sorted(&days, 10.0)?,
            median: percentile_sorted(&days, 50.0)?,
            p90: percentile_sorted(&days, 90.0)?,
        })
    })();
    Outcomes {
        accounts: n,
        shares,
        days_to_pass,
    }
}

#[cfg(test)]
#[path = "pass_chance_tests.rs"]
mod tests;
