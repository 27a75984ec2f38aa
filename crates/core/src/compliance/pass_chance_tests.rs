//! Chance of passing: sessions with known outcomes, and the fast walk against a slow one.

use proptest::prelude::{prop_assert_eq, proptest};

use super::*;
use crate::compliance::floor::TrailingFloor;
use crate::metrics::planted::Plant;
use crate::sim::{Ledger, Referee, Side};
use crate::time::TradingDay;

fn usd(x: i64) -> Usd {
    Usd::whole(x)
}

/// One trade a weekday from Monday 4 March 2024, held over one bar with this best and worst.
fn ledger_of(days: &[(i64, i64, i64)]) -> Ledger {
    let mut plant = Plant::new(50_000);
    let mut balance = 50_000;
    let monday: TradingDay = "2024-03-04".parse().unwrap();
    for (i, &(best, worst, net)) in days.iter().enumerate() {
        let day = TradingDay(monday.0 + i as i32 + 2 * (i as i32 / 5));
        let (a, b) = (format!("{day}T15:00:00Z"), format!("{day}T15:01:00Z"));
        let equity = [usd(balance), usd(balance + best), usd(balance + worst)];
        plant = plant
            .bar(&a, usd(balance), equity, 1)
            .trade(Side::Long, &a, &b, net);
        balance += net;
        plant = plant.row(&b, balance).with_row(|r| r.floor = Usd::ZERO);
    }
    plant.ledger()
}

fn chance(id: &str, ledger: &Ledger) -> PassChance {
    let rules = RuleSet::builtin(id).unwrap();
    let settings = ChanceSettings {
        paths: 500,
        ..ChanceSettings::default()
    };
    pass_chance(&rules, &LedgerView::of(ledger), &settings).unwrap()
}

#[test]
fn a_steady_winner_passes_on_the_day_that_days_and_target_allow() {
    // 500 a day: the 3 000 are there after six sessions, seven trading days are needed.
    let c = chance("apex-legacy-50k", &ledger_of(&[(500, -10, 500); 30]));
    assert_eq!(c.paths.share(Outcome::Passed), 1.0);
    assert_eq!(c.paths.days_to_pass.as_ref().unwrap().median, 7.0);
    // Thirty weekdays, Good Friday closed; the last six starts see the end of the ledger first.
    let counts = |o| c.starts.of(o).map_or(0, |s| s.count);
    assert_eq!((counts(Outcome::Passed), counts(Outcome::Open)), (23, 6));
}

#[test]
fn unrealised_profit_lifts_the_floor_and_breaches() {
    // Each day rises unrealised and gives nearly all of it back: the intraday floor ends that
    // where an end-of-day floor sees nothing wrong.
    let days = [(3_000, 150, 150); 20];
    let intraday = chance("apex-legacy-50k", &ledger_of(&days));
    assert_eq!(
        intraday.paths.share(Outcome::Breached),
        0.0,
        "locked at 50 100"
    );
    let days = [(2_600, 99, 100); 20];
    let intraday = chance("apex-legacy-50k", &ledger_of(&days));
    assert_eq!(intraday.paths.share(Outcome::Breached), 1.0);
    let eod = chance("apex-2026-50k-eod", &ledger_of(&days));
    assert_eq!(eod.paths.share(Outcome::Breached), 0.0);
}

#[test]
fn a_slow_loser_stalls_and_an_idle_account_runs_out_of_time() {
    // 400 a day lost: after five days 500 of 2 500 are left, the agent enters no more.
    let c = chance("apex-legacy-50k", &ledger_of(&[(0, -400, -400); 20]));
    assert_eq!(c.paths.share(Outcome::Stalled), 1.0);
    let c = chance("apex-legacy-50k", &ledger_of(&[(0, 0, 0); 20]));
    assert_eq!(c.paths.share(Outcome::OutOfTime), 1.0);
    assert_eq!(c.starts.share(Outcome::Open), 1.0);
    // A limit of thirty calendar days ends the starts as well: 22 sessions fit.
    let c = chance("apex-2026-50k-eod", &ledger_of(&[(0, 0, 0); 40]));
    assert!(c.starts.of(Outcome::OutOfTime).unwrap().count >= 17);
}

#[test]
fn one_large_day_is_held_up_by_consistency() {
    // 3 100 on the first day are 100% of the profit; more days must dilute it to half.
    let mut days = vec![(3_100, 0, 3_100)];
    days.extend([(200, 0, 200); 29]);
    let c = chance("myfundedfutures-50k", &ledger_of(&days));
    let rules = RuleSet::builtin("myfundedfutures-50k").unwrap();
    assert_eq!(rules.consistency.as_ref().unwrap().max_share, 0.5);
    // The start on the first day needs 3 100 more: fifteen and a half days, so the 17th session.
    let first = starts(
        &Goal {
            rules: &rules,
            target: Some(usd(53_000)),
            stall_room: Usd::ZERO,
            horizon: 252,
        },
        &sessions(
            &rules,
            &LedgerView::of(&ledger_of(&days)),
            &DayClock::new(SessionCalendar::builtin()),
            1.0,
        )
        .0,
    )[0];
    assert_eq!(first, (Outcome::Passed, 17));
    assert_eq!(c.sessions, 29);
}

#[test]
fn shares_add_up_and_intervals_hold_them() {
    let days: Vec<_> = (0..60)
        .map(|i| match i % 3 {
            0 => (700, -200, 600),
            1 => (100, -900, -800),
            _ => (450, -300, 300),
        })
        .collect();
    let ledger = ledger_of(&days);
    let c = chance("topstep-50k", &ledger);
    let sum: f64 = c.paths.shares.iter().map(|s| s.share).sum();
    assert!((sum - 1.0).abs() < 1e-12);
    for s in &c.paths.shares {
        let (wide, narrow) = (s.interval.unwrap(), s.drawing_error.unwrap());
        assert!(narrow.lower <= s.share && s.share <= narrow.upper);
        assert!(wide.lower <= narrow.lower && narrow.upper <= wide.upper);
    }
    assert_eq!(c, chance("topstep-50k", &ledger), "same seed, same figures");
}

#[test]
fn a_handful_of_sessions_claims_no_interval_and_nothing_is_an_error() {
    let c = chance("apex-legacy-50k", &ledger_of(&[(500, -10, 500); 5]));
    assert!(c.paths.shares.iter().all(|s| s.interval.is_none()));
    let rules = RuleSet::builtin("apex-legacy-50k").unwrap();
    let empty = Plant::new(50_000).ledger();
    let settings = ChanceSettings::default();
    let e = pass_chance(&rules, &LedgerView::of(&empty), &settings);
    assert_eq!(e, Err(ChanceError::NoSession));
    let one = ledger_of(&[(1, 0, 1)]);
    for bad in [
        ChanceSettings {
            paths: 0,
            ..settings.clone()
        },
        ChanceSettings {
            block: Some(f64::NAN),
            ..settings.clone()
        },
        ChanceSettings {
            entry_drawdown_cap: 0.0,
            ..settings.clone()
        },
    ] {
        assert!(pass_chance(&rules, &LedgerView::of(&one), &bad).is_err());
    }
}

/// The same story told bar by bar, without the shortcut.
fn slowly(days: &[(i64, i64, i64)], rules: &RuleSet) -> End {
    let mut floor: TrailingFloor = rules.trailing_floor();
    let mut balance = rules.account.start_balance;
    let target = balance + rules.account.profit_target.unwrap();
    let stall = Usd::from_dollars(0.25 * rules.floor.amount.dollars());
    for (i, &(best, worst, net)) in days.iter().enumerate() {
        let n = i as u32 + 1;
        if i > 0 {
            floor.new_day(balance);
        }
        if floor.room(balance) <= stall {
            return (Outcome::Stalled, n);
        }
        floor.best(balance + usd(best));
        if floor.breached(balance + usd(worst)) {
            return (Outcome::Breached, n);
        }
        // The day counts from its entry on, and the balance may have been enough already.
        let enough = n >= rules.days.minimum.unwrap_or(0);
        if balance >= target && enough {
            return (Outcome::Passed, n);
        }
        balance += usd(net);
        floor.best(balance);
        if floor.breached(balance) {
            return (Outcome::Breached, n);
        }
        if balance >= target && enough {
            return (Outcome::Passed, n);
        }
        if floor.room(balance) <= stall {
            return (Outcome::Stalled, n);
        }
    }
    (Outcome::Open, days.len() as u32)
}

proptest! {
    #[test]
    fn the_shortcut_changes_no_outcome(
        // Nineteen weekdays at most: the twentieth is Good Friday, which is no session.
        raw in proptest::collection::vec((0_i64..1_200, -1_200_i64..=0, -1_000_i64..1_000), 1..20),
        intraday in proptest::bool::ANY,
    ) {
        let id = if intraday { "apex-legacy-50k" } else { "takeprofittrader-50k" };
        let mut rules = RuleSet::builtin(id).unwrap();
        rules.consistency = None;
        rules.daily_loss = None;
        let days: Vec<_> = raw.into_iter().map(|(b, w, n)| (b.max(n), w.min(n), n)).collect();
        let ledger = ledger_of(&days);
        let clock = DayClock::new(SessionCalendar::builtin());
        let (paths, _) = sessions(&rules, &LedgerView::of(&ledger), &clock, 0.75);
        let goal = Goal {
            rules: &rules,
            target: rules.account.profit_target.map(|t| t + rules.account.start_balance),
            stall_room: Usd::from_dollars(0.25 * rules.floor.amount.dollars()),
            horizon: 252,
        };
        // A session that idles at the end of `slowly` is one session more than the challenge sees.
        prop_assert_eq!(starts(&goal, &paths)[0], slowly(&days[..paths.len()], &rules));
    }
}
