//! Training episodes: rewards by their terms, what is counted, how an episode ends, what is seen.

use std::sync::Arc;

use super::env::End;
use super::observation::{ACCOUNT_NAMES, N_ACCOUNT};
use super::scenarios::{BASE, QUIET, market};
use super::step_out::StepSums;
use super::*;
use crate::compliance::TrailingFloor;
use crate::market::Bars;
use crate::units::Usd;

/// Only the last quiet bar can be decided on first: what is listed then follows it.
fn settings() -> SimSettings {
    SimSettings {
        entry_end: "09:31".parse().unwrap(),
        entry_drawdown_cap: 1.0,
        ..SimSettings::default()
    }
}

fn help() -> CurriculumState {
    CurriculumSettings::default().state(Phase::Management, Usd::from_dollars(2.5), 1.0)
}

struct Walk {
    plan: EnvPlan<TrailingFloor>,
    env: Env<TrailingFloor>,
    help: CurriculumState,
    sums: StepSums,
}

impl Walk {
    fn over(settings: &SimSettings, bars: Bars, help: CurriculumState) -> Self {
        let sim = settings.plan(&bars.instrument).unwrap();
        let tape = Arc::new(Tape::new(Arc::new(bars), &sim));
        let n = tape.len();
        let plan = EnvPlan::new(
            sim,
            tape,
            TrailingFloor::from_settings(settings),
            0..n,
            QUIET - 1,
        );
        let plan = plan.unwrap();
        let first =
            |env: &Env<TrailingFloor>| env.account().position.is_some() || env.bar() == QUIET - 1;
        let mut draws = (0..100).map(|index| Env::new(&plan, &help, 1, index));
        let env = draws.find(first).unwrap();
        drop(draws);
        let sums = StepSums::default();
        Self {
            plan,
            env,
            help,
            sums,
        }
    }

    fn new(settings: &SimSettings, rows: &[[i32; 4]], help: CurriculumState) -> Self {
        Self::over(settings, market(rows), help)
    }

    fn step(&mut self, action: Action) -> (f32, End) {
        self.env
            .step(&self.plan, action, &self.help, &mut self.sums)
    }

    fn seen(&self) -> [f32; N_ACCOUNT] {
        self.env.observe(&self.plan)
    }
}

fn close(a: f32, b: f64) -> bool {
    (f64::from(a) - b).abs() < 1e-6
}

#[test]
fn a_reward_is_the_change_of_equity_less_the_growth_of_drawdown() {
    let settings = SimSettings {
        drawdown_limit: Usd::whole(100),
        ..settings()
    };
    let rows = [
        [0, 1, -4, 0],
        [0, 1, -8, -8],
        [-8, 1, -8, -8],
        [-8, 1, -8, 0],
        [0, 1, -1, 0],
    ];
    let mut w = Walk::new(&settings, &rows, help());
    // Bought at 1, marked at 0, a commission paid: $7.50 down, less than 30% of the limit.
    assert!(close(w.step(Action::Buy).0, -0.075));
    // $40 more are 47.5% used: 17.5% of $100 too much, weighted by a half.
    assert!(close(w.step(Action::Hold).0, -0.40 - 0.5 * 0.175));
    // Staying there costs nothing more, coming back is not paid twice.
    assert!(close(w.step(Action::Hold).0, 0.0));
    assert!(close(w.step(Action::Hold).0, 0.40));
    let t = w.sums.totals();
    assert_eq!((t.equity_change_usd, t.entries, t.trades), (-7.5, 1, 0));
    assert!((t.drawdown_penalty_usd - 8.75).abs() < 1e-9);
}

#[test]
fn a_breach_terminates_and_is_penalised_and_clipped() {
    let settings = SimSettings {
        drawdown_limit: Usd::whole(40),
        ..settings()
    };
    let mut w = Walk::new(&settings, &[[0, 1, -20, -15], [0, 1, -1, 0]], help());
    assert_eq!(w.step(Action::Buy), (-10.0, End::Terminated));
    let t = w.sums.totals();
    assert_eq!(
        (t.episodes, t.breaches, t.stalls, t.trades, t.wins),
        (1, 1, 0, 1, 0)
    );
    assert_eq!(
        (t.net_pnl_usd, t.equity_change_usd, t.breach_penalty_usd),
        (-50.0, -50.0, 1_000.0)
    );
    // Beyond the $1 050: 125% of the limit are used, 95% of $40 too much, a half of it.
    assert!((t.clipped_usd - (1_050.0 + 19.0 - 1_000.0)).abs() < 1e-9);
}

#[test]
fn a_trade_of_exactly_nothing_is_no_win() {
    let settings = SimSettings {
        slippage_ticks: Some(0),
        ..settings()
    };
    let free = CurriculumState {
        commission_per_side: Usd::ZERO,
        ..help()
    };
    for (last, wins) in [(0, 0), (1, 1)] {
        let mut w = Walk::new(&settings, &[[0, 4, -4, 0], [0, 4, -4, last]], free);
        w.step(Action::Buy);
        w.step(Action::Hold);
        // The last bar of the file closes the position when its decision has been taken.
        w.step(Action::Hold);
        let t = w.sums.totals();
        assert_eq!((t.trades, t.wins), (1, wins));
    }
}

#[test]
fn each_side_pays_the_commission_that_is_in_force_when_it_fills() {
    let mut w = Walk::new(&settings(), &[[0, 4, -4, 0], [0, 4, -4, 0]], help());
    w.step(Action::Buy);
    w.help.commission_per_side = Usd::whole(4);
    while w.step(Action::Hold).1 == End::Running {}
    // Two ticks of slippage at $5, $2.50 to get in and $4 to get out.
    assert_eq!(w.sums.totals().net_pnl_usd, -10.0 - 2.5 - 4.0);
}

#[test]
fn bonuses_are_paid_on_executed_entries_and_first_uses_and_kept_apart() {
    let paid = CurriculumSettings::default().state(Phase::Management, Usd::from_dollars(2.5), 0.0);
    let paid = CurriculumState {
        forced_share: 0.0,
        ..paid
    };
    let rows = [
        [0, 4, -4, 2],
        [2, 6, -2, 3],
        [3, 7, -1, 3],
        [3, 7, -1, 3],
        [3, 7, -1, 3],
    ];
    let wide = SimSettings {
        trail_atr: 50.0,
        ..settings()
    };
    let mut w = Walk::new(&wide, &rows, paid);
    // One tick up, a commission of 25 cents: $4.75, and $300 beside it.
    assert!(close(w.step(Action::Buy).0, 3.0475));
    assert!(close(w.step(Action::TrailOn).0, 4.05));
    assert!(close(w.step(Action::TrailOff).0, 4.0));
    assert!(
        close(w.step(Action::TrailOn).0, 0.0),
        "the second time earns nothing"
    );
    let t = w.sums.totals();
    assert_eq!((t.entry_bonus_usd, t.management_bonus_usd), (300.0, 800.0));
    assert_eq!((t.equity_change_usd, t.trail_switches), (9.75, 3));
}

#[test]
fn forced_trades_are_counted_apart() {
    let forced = CurriculumState {
        forced_share: 1.0,
        ..help()
    };
    let rows: Vec<[i32; 4]> = (0..40).map(|_| [0, 3, -3, 0]).collect();
    let mut w = Walk::new(&settings(), &rows, forced);
    assert!(w.env.account().position.as_ref().is_some_and(|p| p.forced));
    while w.step(Action::Hold).1 == End::Running {}
    let t = w.sums.totals();
    assert_eq!(
        (t.forced_trades, t.trades, t.net_pnl_usd, t.entries),
        (1, 0, 0.0, 0)
    );
    assert!(
        t.equity_change_usd < 0.0,
        "its costs are in the account all the same"
    );
}

#[test]
fn an_end_of_day_floor_moves_though_the_bars_between_are_passed_over() {
    let settings = SimSettings {
        floor_mode: FloorMode::Eod,
        ..settings()
    };
    let mut bars = market(&[[0, 37, -4, 20], [20, 24, 16, 20]]);
    let day = 86_400;
    let next = bars.open_time[QUIET] + day;
    for m in -3..5 {
        bars.push(next + 60 * m, [20, 24, 16, 20].map(|x| BASE + x), 10.0);
    }
    let mut w = Walk::over(&settings, bars, help());
    assert_eq!(w.step(Action::Buy).1, End::Running);
    // The target was hit in the entry bar; the next choice is tomorrow's.
    let row = &w.plan.tape.rows[w.env.bar()];
    assert_eq!(
        (row.day(), w.env.account().balance),
        (1, Usd::whole(50_175))
    );
    assert_eq!(w.env.account().referee.floor(), Usd::whole(47_675));
}

#[test]
fn what_is_seen_of_the_account() {
    let settings = SimSettings {
        drawdown_limit: Usd::whole(100),
        ..settings()
    };
    // Ranges of 8 ticks, so ATR is 8. The fill is 1, the stop -11, the target 37.
    let rows = [[0, 4, -4, 0], [0, 8, 0, 7], [7, 11, 3, 7], [7, 11, 3, 7]];
    let mut w = Walk::new(&settings, &rows, help());
    let (flat, used) = (
        w.seen(),
        ACCOUNT_NAMES.iter().position(|n| *n == "drawdown_used"),
    );
    assert_eq!(
        (used, flat),
        (
            Some(8),
            [0., 0., 0., 0., 0., 0., 0., 0., 0., 1., 1., 0., 0.]
        )
    );
    w.step(Action::Buy);
    // Equity was 50 012.50 at its best, so the floor is 49 912.50, and it is $7.50 down.
    let expected = [
        1.0,
        -1.0 / 8.0,
        11.0 / 8.0,
        37.0 / 8.0,
        2.0_f64.ln(),
        0.0,
        -1.0 / 12.0,
        0.0,
        0.20,
        0.80,
        0.0,
        0.0,
        0.0,
    ];
    for ((seen, expected), name) in w.seen().into_iter().zip(expected).zip(ACCOUNT_NAMES) {
        assert!(close(seen, expected), "{name}: {seen}, expected {expected}");
    }
    w.step(Action::Hold);
    let seen = w.seen();
    assert!(
        close(seen[4], 3.0_f64.ln()) && close(seen[6], 0.5),
        "{seen:?}"
    );
    assert_eq!(seen[10..], [0.0, 1.0, 1.0]);
    w.step(Action::SlToBe);
    let seen = w.seen();
    assert_eq!(
        (seen[7], seen[11]),
        (1.0, 0.0),
        "a stop at break-even is seen as such"
    );
    w.step(Action::TrailOn);
    assert_eq!(w.seen()[5], 1.0);
}

#[test]
fn a_training_start_is_drawn_from_all_bars_that_allow_an_entry() {
    let settings = SimSettings::default();
    let rows: Vec<[i32; 4]> = (0..30).map(|_| [0, 4, -4, 0]).collect();
    let w = Walk::new(&settings, &rows, help());
    let mut seen = [0; 60];
    for index in 0..3_000 {
        let env = Env::new(&w.plan, &w.help, 9, index);
        assert!(env.mask().allows(Action::Buy) && env.account().position.is_none());
        seen[env.bar()] += 1;
    }
    let starts = QUIET - 1..QUIET + rows.len() - 1;
    for (i, &n) in seen.iter().enumerate() {
        assert_eq!(n > 0, starts.contains(&i), "{n} starts at bar {i}");
    }
}
