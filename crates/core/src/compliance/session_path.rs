//! The sessions of a ledger as intraday equity paths, each counted from the balance at its start.
//!
//! Bars on which nothing can change (flat, same balance) are left out; everything that a floor,
//! a target or a daily limit could notice stays, in order. A session ends at the daily loss
//! limit where the rule set pauses or fails the account there. Sessions after the account was
//! lost, or locked out by its own drawdown, show an idle agent and are left out.

use super::ruleset::RuleSet;
use super::severity::Severity;
use super::trading_days::counted_as;
use super::view::LedgerView;
use crate::metrics::DayClock;
use crate::metrics::daily::{AccountDay, account_days};
use crate::time::TradingDay;
use crate::units::Usd;

/// One bar; money counts from the balance at the start of the session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) best: Usd,
    pub(super) worst: Usd,
    pub(super) balance: Usd,
    /// Nothing is open after the bar.
    pub(super) flat: bool,
    /// A trade of the agent's own was entered by now.
    pub(super) entered: bool,
    /// The daily loss limit was reached, and that ends the account.
    pub(super) fatal: bool,
}

/// One session.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SessionPath {
    pub(super) day: TradingDay,
    pub(super) steps: Vec<Step>,
    /// The day as which it counts; `None` when it does not count.
    pub(super) counts_as: Option<TradingDay>,
    pub(super) best: Usd,
    pub(super) worst: Usd,
    pub(super) highest_balance: Usd,
    pub(super) lowest_balance: Usd,
    pub(super) end_balance: Usd,
    pub(super) end_equity: Usd,
    pub(super) entered: bool,
    pub(super) fatal: bool,
}

/// The sessions, and how many at the end were left out.
pub(super) fn sessions(
    rules: &RuleSet,
    view: &LedgerView<'_>,
    clock: &DayClock,
    entry_drawdown_cap: f64,
) -> (Vec<SessionPath>, usize) {
    let rows = view.rows;
    // The first balance is the start where the ledger was not made for this rule set.
    let start = rows.first().map_or(rules.account.start_balance, |r| {
        let closed = view.trades.iter().filter(|t| t.exit_time <= r.time);
        r.balance - closed.map(|t| t.net_pnl).sum()
    });
    let days = account_days(rows, start, None, clock);
    let mut entries: Vec<i64> = view
        .trades
        .iter()
        .filter(|t| !t.forced)
        .map(|t| t.entry_time)
        .collect();
    entries.sort_unstable();
    // The ledger's own floor says when its account could trade no more.
    let locked = Usd::from_dollars((1.0 - entry_drawdown_cap) * rules.floor.amount.dollars());
    let idle = rows.iter().position(|r| {
        let flat = r.position == 0 && r.equity_close == r.balance;
        flat && r.floor > Usd::ZERO && r.balance - r.floor <= locked
    });
    let keep = idle.map_or(days.len(), |i| days.partition_point(|d| d.first <= i));
    let paths = days[..keep]
        .iter()
        .map(|d| session(rules, view, clock, d, &entries))
        .collect();
    (paths, days.len() - keep)
}

fn session(
    rules: &RuleSet,
    view: &LedgerView<'_>,
    clock: &DayClock,
    day: &AccountDay,
    entries: &[i64],
) -> SessionPath {
    let zero = Usd::ZERO;
    let mut path = SessionPath {
        day: day.day,
        steps: Vec::new(),
        counts_as: counted_as(rules, clock.calendar(), day.day),
        best: zero,
        worst: zero,
        highest_balance: zero,
        lowest_balance: zero,
        end_balance: zero,
        end_equity: zero,
        entered: false,
        fatal: false,
    };
    let rows = &view.rows[day.first..=day.last];
    let opened = rows.first().map_or(0, |r| r.time);
    let mut next_entry = entries.partition_point(|&t| t < opened);
    let stop = rules.daily_loss.as_ref().filter(|d| {
        matches!(d.severity, Severity::PauseDay | Severity::Fail) && d.amount > Usd::ZERO
    });
    for row in rows {
        let entered_now = entries.get(next_entry).is_some_and(|&t| t <= row.time);
        while entries.get(next_entry).is_some_and(|&t| t <= row.time) {
            next_entry += 1;
        }
        path.entered |= entered_now;
        let mut step = Step {
            best: row.equity_best - day.start,
            worst: row.equity_worst - day.start,
            balance: row.balance - day.start,
            flat: row.position == 0 && row.equity_close == row.balance,
            entered: path.entered,
            fatal: false,
        };
        let mut ends = false;
        if let Some(limit) = stop.filter(|d| step.worst <= -d.amount) {
            // The firm closes the position at the limit.
            step.fatal = limit.severity == Severity::Fail;
            (step.worst, step.balance, step.flat) = (-limit.amount, -limit.amount, true);
            ends = true;
        }
        let same = |u: Usd| u == path.end_balance;
        let idle = step.flat && !entered_now && !ends && same(step.balance);
        path.end_balance = step.balance;
        path.end_equity = if ends {
            step.balance
        } else {
            row.equity_close - day.start
        };
        if idle && step.best == step.balance && step.worst == step.balance {
            continue;
        }
        path.best = path.best.max(step.best);
        path.worst = path.worst.min(step.worst);
        path.highest_balance = path.highest_balance.max(step.balance);
        path.lowest_balance = path.lowest_balance.min(step.balance);
        path.fatal |= step.fatal;
        path.steps.push(step);
        if ends {
            break;
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::SessionCalendar;
    use crate::metrics::planted::Plant;
    use crate::sim::Side;

    fn paths(id: &str, plant: Plant) -> (Vec<SessionPath>, usize) {
        let rules = RuleSet::builtin(id).unwrap();
        let ledger = plant.ledger();
        let clock = DayClock::new(SessionCalendar::builtin());
        sessions(&rules, &LedgerView::of(&ledger), &clock, 0.75)
    }

    fn usd(x: i64) -> Usd {
        Usd::whole(x)
    }

    #[test]
    fn idle_bars_vanish_and_a_session_counts_from_its_own_start() {
        let (a, b) = ("2024-03-04T15:02:00Z", "2024-03-04T15:03:00Z");
        let plant = Plant::new(50_000)
            .row("2024-03-04T15:00:00Z", 50_000)
            .row("2024-03-04T15:01:00Z", 50_000)
            .bar(a, usd(50_000), [usd(50_010), usd(50_040), usd(49_970)], 1)
            .trade(Side::Long, a, b, 20)
            .row(b, 50_020)
            .row("2024-03-04T15:04:00Z", 50_020)
            .row("2024-03-05T15:00:00Z", 50_020);
        let (paths, left_out) = paths("apex-legacy-50k", plant);
        assert_eq!((paths.len(), left_out), (2, 0));
        let first = &paths[0];
        assert_eq!(first.steps.len(), 2);
        assert_eq!((first.best, first.worst), (usd(40), usd(-30)));
        assert_eq!((first.end_balance, first.entered), (usd(20), true));
        assert!(first.steps[0].entered && !first.steps[0].flat && first.steps[1].flat);
        assert!(paths[1].steps.is_empty() && !paths[1].entered);
    }

    #[test]
    fn a_pause_ends_the_day_at_the_limit() {
        let at = |m: u32| format!("2024-03-04T15:{m:02}:00Z");
        let plant = Plant::new(50_000)
            .bar(
                &at(0),
                usd(50_000),
                [usd(49_100), usd(50_000), usd(48_999)],
                1,
            )
            .trade(Side::Long, &at(0), &at(1), 500)
            .row(&at(1), 50_500);
        let (paths, _) = paths("topstep-50k", plant);
        assert_eq!(paths[0].steps.len(), 1);
        assert_eq!(paths[0].end_balance, usd(-1_000));
        assert!(!paths[0].fatal, "a pause is not the end of the account");
    }

    #[test]
    fn what_comes_after_the_accounts_own_end_is_left_out() {
        let plant = Plant::new(50_000)
            .trade(
                Side::Long,
                "2024-03-04T15:00:00Z",
                "2024-03-04T15:00:00Z",
                -1_900,
            )
            .row("2024-03-04T15:00:00Z", 48_100)
            .row("2024-03-05T15:00:00Z", 48_100)
            .row("2024-03-06T15:00:00Z", 48_100);
        assert_eq!(paths("apex-legacy-50k", plant).1, 2);
    }
}
