//! The HOLD trap as an experiment: full costs from the first step against the curriculum, on the
//! sample market, same seeds and steps, judged out of sample by the same account.
//!
//! A trap is holding where trading pays. Whether it does is known here: a simple rule that the
//! sample's recipe documents is traded beside the two policies.

use std::collections::BTreeMap;
use std::time::Duration;

use holdout_core::features::FeatureSet;
use holdout_core::market::split::Part;
use holdout_core::market::{Bars, SessionCalendar};
use holdout_core::metrics::{DayClock, Tearsheet};
use holdout_core::sim::{Action, Ledger, Phase};
use holdout_core::synth::{sample, sample_rule};
use holdout_core::time::TradingDay;
use holdout_learn::Start;
use serde::Serialize;

use super::trial::{arena, config, follow, learn, net_usd, unseen};
use super::{Check, Scale, SelfTestOptions};
use crate::arena::Arena;
use crate::jobs::StopFlag;

/// Share of sessions with a trade that the curriculum has to reach.
const SESSIONS: f64 = 0.8;
/// Share of trades that are managed.
const MANAGED: f64 = 0.5;
/// Longest training of one phase.
const LIMIT: Duration = Duration::from_secs(1_200);

/// What a greedy policy did out of sample.
#[derive(Clone, Debug, Serialize)]
pub struct Arm {
    /// Seed of the learner.
    pub seed: u64,
    /// Whether the curriculum helped.
    pub curriculum: bool,
    /// Phase after which it was tried: 1 or 2.
    pub phase: u8,
    /// Dollars, after full costs.
    pub net_usd: f64,
    /// Closed round trips.
    pub trades: usize,
    /// Share of sessions with an entry.
    pub sessions_traded: f64,
    /// Trades per session.
    pub trades_per_session: f64,
    /// Share of trades in which the stop was moved or the trail switched.
    pub managed: Option<f64>,
    /// Switches of the trail per trade.
    pub trail_switches_per_trade: Option<f64>,
    /// Share of each action in the choices of the policy (more than HOLD allowed).
    pub choices: BTreeMap<&'static str, f64>,
    /// The same over all bars.
    pub all: BTreeMap<&'static str, f64>,
    /// Steps trained until then.
    pub steps: u64,
}

impl Arm {
    /// The figures of a ledger.
    pub fn of(seed: u64, curriculum: bool, phase: Phase, steps: u64, ledger: &Ledger) -> Self {
        let sheet = Tearsheet::of_quickly(ledger);
        let clock = DayClock::new(SessionCalendar::builtin());
        let mut days: Vec<_> = ledger
            .own_trades()
            .map(|t| clock.day(t.entry_time))
            .collect();
        days.dedup();
        let sessions = sheet.days.max(1) as f64;
        let trades = ledger.own_trades().count();
        let acts = |a: Action| matches!(a, Action::SlToBe | Action::TrailOn | Action::TrailOff);
        let mut rows = ledger.rows.iter().filter(|r| acts(r.action)).peekable();
        let mut managed = 0;
        // Both are in order of time, and a trade ends before the next begins.
        for t in ledger.own_trades() {
            while rows.next_if(|r| r.time < t.entry_time).is_some() {}
            let mut any = false;
            while rows.next_if(|r| r.time <= t.exit_time).is_some() {
                any = true;
            }
            managed += u64::from(any);
        }
        let switches = ledger
            .rows
            .iter()
            .filter(|r| matches!(r.action, Action::TrailOn | Action::TrailOff))
            .count();
        let per_trade = |x: f64| (trades > 0).then(|| x / trades as f64);
        let shares = |of: &dyn Fn(&holdout_core::sim::EquityRow) -> bool| {
            let rows: Vec<Action> = ledger
                .rows
                .iter()
                .filter(|r| of(r))
                .map(|r| r.action)
                .collect();
            let n = rows.len().max(1) as f64;
            let share = |a: Action| rows.iter().filter(|&&x| x == a).count() as f64 / n;
            Action::ALL.map(|a| (a.name(), share(a))).into()
        };
        Self {
            seed,
            curriculum,
            phase: phase.number(),
            net_usd: net_usd(ledger),
            trades,
            sessions_traded: days.len() as f64 / sessions,
            trades_per_session: trades as f64 / sessions,
            managed: per_trade(managed as f64),
            trail_switches_per_trade: per_trade(switches as f64),
            choices: shares(&|r| r.mask.count() > 1),
            all: shares(&|_| true),
            steps,
        }
    }
}

/// What goes with the preset `seed` as a target for HOLD, in shares of all choices. Shown, never
/// judged by: both targets can be farmed by switching the trail on and off.
pub(super) const HOLD_TARGET: f64 = 0.30;
/// The same for break-even and trail together.
pub(super) const MANAGEMENT_TARGET: f64 = 0.50;

/// Both arms under each seed, and what trading was worth.
#[derive(Clone, Debug, Serialize)]
pub struct HoldTrap {
    /// Policies with and without the curriculum, after each phase.
    pub arms: Vec<Arm>,
    /// Dollars of the account and of its drawdown limit: it lasts, so that what is compared is
    /// the choice to trade and not how soon a small account is shut out.
    pub account_usd: f64,
    /// The preset `seed`'s target for HOLD, as a share of all choices; shown, never judged by.
    pub hold_target: f64,
    /// The same for break-even and trail together.
    pub management_target: f64,
    /// What the simple rule earned on the same bars, where one is known: above 0, trading pays.
    pub rule_usd: Option<f64>,
    /// Share of sessions that the rule trades.
    pub rule_sessions_traded: Option<f64>,
    /// Least share of sessions traded with the curriculum.
    pub with_sessions_traded: f64,
    /// The same without.
    pub without_sessions_traded: f64,
    /// Least share of managed trades with the curriculum.
    pub with_managed: f64,
    /// The same without.
    pub without_managed: f64,
    /// Least share of HOLD in the choices without the curriculum.
    pub without_hold_of_choices: f64,
    /// Mean net P&L with the curriculum, in dollars.
    pub with_mean_usd: f64,
    /// The same without.
    pub without_mean_usd: f64,
    /// Whether holding trapped the policies without the curriculum.
    pub trap_seen: bool,
}

/// Trains with and without the curriculum on the sample market, seed by seed.
///
/// # Errors
/// When it was stopped, or a market or the learner fails.
pub fn hold_trap(options: &SelfTestOptions, stop: &StopFlag) -> anyhow::Result<Check<HoldTrap>> {
    let recipe = sample("NQ")?;
    let first = recipe.first_day;
    let recipe = match options.scale {
        Scale::Full | Scale::Quick => recipe,
        Scale::Short => recipe.over(first, TradingDay(first.0 + 90)),
    };
    let rule = |arena: &Arena| {
        let ledger = follow(arena, |bar| sample_rule(&arena.matrix, bar));
        Arm::of(0, false, Phase::Entries, 0, &ledger)
    };
    compare(&recipe.generate()?, Some(&rule), options, stop)
}

/// The same experiment on any market. No rule is known there: trading counts as paying where the
/// policies of the curriculum, which trade, earned something out of sample on average. Judged on
/// validation alone: the test part of anybody's data opens through the counter or not at all.
///
/// # Errors
/// As [`hold_trap`].
pub fn hold_trap_on(
    bars: &Bars,
    options: &SelfTestOptions,
    stop: &StopFlag,
) -> anyhow::Result<Check<HoldTrap>> {
    compare(bars, None, options, stop)
}

fn compare(
    bars: &Bars,
    rule: Option<&dyn Fn(&Arena) -> Arm>,
    options: &SelfTestOptions,
    stop: &StopFlag,
) -> anyhow::Result<Check<HoldTrap>> {
    let (steps1, steps2) = match options.scale {
        Scale::Full => (1_500_000, 3_000_000),
        Scale::Quick => (400_000, 800_000),
        Scale::Short => (60_000, 100_000),
    };
    let mut arms = Vec::new();
    let mut known = None;
    for &seed in &options.seeds {
        for curriculum in [true, false] {
            let mut c = config(seed, steps1);
            c.phase2.steps = steps2;
            c.curriculum.enabled = curriculum;
            c.curriculum.entries.training_drawdown_limit_usd = c.sim.drawdown_limit.dollars();
            let arena = arena(bars.clone(), &c, &FeatureSet::default())?;
            let one = learn(&arena, Phase::Entries, Start::Scratch, stop, LIMIT)?;
            let start = Start::Transfer(&one.checkpoint);
            let two = learn(&arena, Phase::Management, start, stop, LIMIT)?;
            let judged = match rule {
                Some(_) => unseen(&arena),
                None => arena.range(Part::Validation),
            };
            for (phase, policy, steps) in [
                (Phase::Entries, &one.policy, one.steps),
                (Phase::Management, &two.policy, one.steps + two.steps),
            ] {
                let ours = arena.evaluate(policy, phase, judged.clone())?;
                arms.push(Arm::of(seed, curriculum, phase, steps, &ours));
            }
            if known.is_none() {
                known = rule.map(|rule| rule(&arena));
            }
        }
    }
    Ok(judged(arms, known.as_ref()))
}

fn judged(arms: Vec<Arm>, rule: Option<&Arm>) -> Check<HoldTrap> {
    // The verdict is about what both phases end with.
    let done = |curriculum: bool| {
        arms.iter()
            .filter(move |a| a.curriculum == curriculum && a.phase == 2)
    };
    let least = |curriculum: bool, of: &dyn Fn(&Arm) -> f64| {
        let arms = done(curriculum);
        arms.map(of).fold(f64::INFINITY, f64::min)
    };
    let sessions = |a: &Arm| a.sessions_traded;
    let managed = |a: &Arm| a.managed.unwrap_or(0.0);
    let (with, without) = (least(true, &sessions), least(false, &sessions));
    let (with_managed, without_managed) = (least(true, &managed), least(false, &managed));
    let held = |a: &Arm| a.choices.get("hold").copied().unwrap_or(1.0);
    let without_hold = least(false, &held);
    let traded = done(true);
    let pays = rule.map_or_else(
        || traded.map(|a| a.net_usd).sum::<f64>() > 0.0,
        |r| r.net_usd > 0.0,
    );
    // Holding on most choices is no trap by itself: who waits for the better ones may earn more.
    let trap_seen = pays && without < SESSIONS;
    let mean_usd = |curriculum: bool| {
        let pnl: Vec<f64> = done(curriculum).map(|a| a.net_usd).collect();
        pnl.iter().sum::<f64>() / pnl.len().max(1) as f64
    };
    let (with_usd, without_usd) = (mean_usd(true), mean_usd(false));
    Check {
        // Where trading does not pay, holding is no trap.
        pass: !pays || (with >= SESSIONS && with_managed >= MANAGED),
        verdict: format!(
            "with the curriculum {:.0}% of sessions traded and {:.0}% of trades managed ({:.0}% and {:.0}% asked), without it {:.0}% and {:.0}%, HOLD on {:.0}% of its choices; mean net P&L ${with_usd:.0} with, ${without_usd:.0} without; {}",
            100.0 * with,
            100.0 * with_managed,
            100.0 * SESSIONS,
            100.0 * MANAGED,
            100.0 * without,
            100.0 * without_managed,
            100.0 * without_hold,
            match (pays, trap_seen) {
                (false, _) => "trading does not pay on this market, so holding is right",
                (true, true) => "without it the policy held where trading pays",
                (true, false) => "without it the policy trades as well, so no trap was seen",
            }
        ),
        summary: HoldTrap {
            account_usd: config(1, 1).sim.start_balance.dollars(),
            hold_target: HOLD_TARGET,
            management_target: MANAGEMENT_TARGET,
            rule_usd: rule.map(|r| r.net_usd),
            rule_sessions_traded: rule.map(|r| r.sessions_traded),
            arms,
            with_sessions_traded: with,
            without_sessions_traded: without,
            with_managed,
            without_managed,
            without_hold_of_choices: without_hold,
            with_mean_usd: with_usd,
            without_mean_usd: without_usd,
            trap_seen,
        },
    }
}
