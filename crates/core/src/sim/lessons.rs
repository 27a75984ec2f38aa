//! Traps into which an earlier system of this kind fell, each by name.
//!
//! Further tests hold more of the same rules in general: scenarios and properties beside this
//! file, and the fair game in `tests/`.

use std::sync::Arc;

use super::scenarios::{
    BASE, QUIET, check_identity, market, nq, random_ledger, rough_market, rough_settings, run,
    run_bars,
};
use super::*;
use crate::compliance::TrailingFloor;
use crate::market::Bars;
use crate::rng::Stream;
use crate::time::parse_utc;
use crate::units::Usd;

/// One environment per seed on a market, under a curriculum at progress `p`.
fn batch(settings: &SimSettings, bars: Bars, n_envs: usize, p: f64) -> BatchEnv<TrailingFloor> {
    let plan = settings.plan(&bars.instrument).unwrap();
    let commission = plan.instrument.commission;
    let tape = Arc::new(Tape::new(Arc::new(bars), &plan));
    let n = tape.len();
    let referee = TrailingFloor::from_settings(settings);
    let envs = EnvPlan::new(plan, tape, referee, 0..n, QUIET - 1).unwrap();
    let help = CurriculumSettings::default().state(Phase::Management, commission, p);
    BatchEnv::new(envs, help, n_envs, 7)
}

/// Bars that rise a tick each, with a range of eight ticks.
fn rising(n: i32) -> Bars {
    let rows: Vec<[i32; 4]> = (0..n).map(|i| [i, i + 5, i - 3, i + 1]).collect();
    market(&rows)
}

#[test]
fn trap_2_profit_is_the_sum_of_the_trades_and_of_the_steps() {
    for seed in 0..4 {
        let ledger = random_ledger(
            &rough_settings(seed),
            rough_market(seed, 4, 0.1, false),
            seed,
            false,
        );
        check_identity(&ledger);
    }
    // What the steps of one episode say adds up to what the account says, to the cent.
    let mut batch = batch(
        &SimSettings::default(),
        rough_market(5, 6, 0.05, false),
        1,
        1.0,
    );
    let mut rng = Stream::new(5, "actions", 0);
    let mut out = StepOut::default();
    let (mut sum, mut episodes) = (0.0, 0);
    while episodes < 3 {
        let before = batch.envs()[0].equity();
        let action = Action::from_index(rng.below(6) as usize);
        batch.step(0..batch.n_envs(), &[action.index() as u8], &mut out);
        sum += out.totals.equity_change_usd;
        if out.terminated[0] || out.truncated[0] {
            (sum, episodes) = (0.0, episodes + 1);
        } else {
            let change = (batch.envs()[0].equity() - before).dollars();
            assert!((out.totals.equity_change_usd - change).abs() < 1e-9);
            let since = (batch.envs()[0].equity() - Usd::whole(50_000)).dollars();
            assert!((sum - since).abs() < 1e-6, "{sum} against {since}");
        }
    }
}

#[test]
fn trap_4_a_stop_trailed_at_a_close_is_not_tested_against_that_bars_low() {
    // The bar closes at +40, so the trail of one ATR lies far above the bar's low of -4.
    let bars = [[0, 42, -4, 40], [40, 44, 38, 41]];
    let settings = SimSettings {
        tp_sl_ratio: 20.0,
        ..SimSettings::default()
    };
    let ledger = run(&settings, &bars, &[(-1, Action::Buy), (0, Action::TrailOn)]);
    let row = &ledger.rows[QUIET];
    assert_eq!(row.position, 1, "still in the position");
    assert!(row.stop.unwrap() > BASE - 4, "stop {:?}", row.stop);
}

#[test]
fn trap_8_an_action_that_the_mask_forbids_is_a_hold() {
    let mut rng = Stream::new(8, "actions", 0);
    let mut one = batch(
        &SimSettings::default(),
        rough_market(8, 5, 0.05, false),
        16,
        0.5,
    );
    let (mut out, mut held) = (StepOut::default(), StepOut::default());
    for _ in 0..300 {
        let mut other = one.clone();
        let wanted: Vec<u8> = (0..16).map(|_| rng.below(6) as u8).collect();
        let legal: Vec<u8> = wanted
            .iter()
            .zip(one.envs())
            .map(|(&a, env)| {
                if env.mask().allows(Action::from_index(usize::from(a))) {
                    a
                } else {
                    0
                }
            })
            .collect();
        one.step(0..one.n_envs(), &wanted, &mut out);
        other.step(0..other.n_envs(), &legal, &mut held);
        assert_eq!(out.rewards, held.rewards);
        assert_eq!(one.envs(), other.envs());
    }
}

#[test]
fn trap_9_standing_in_profit_earns_nothing_and_switching_the_trail_earns_once() {
    let settings = SimSettings {
        tp_sl_ratio: 50.0,
        trail_atr: 100.0,
        ..SimSettings::default()
    };
    let mut batch = batch(&settings, rising(300), 1, 0.0);
    let mut out = StepOut::default();
    let (mut bonus, mut entries) = (0.0, 0);
    for step in 0..200 {
        let mask = batch.envs()[0].mask();
        let action = if mask.allows(Action::Buy) {
            Action::Buy
        } else if mask.allows(Action::TrailOn) {
            Action::TrailOn
        } else if mask.allows(Action::TrailOff) {
            Action::TrailOff
        } else {
            Action::Hold
        };
        batch.step(0..batch.n_envs(), &[action.index() as u8], &mut out);
        bonus += out.totals.management_bonus_usd;
        entries += out.totals.entries + out.totals.forced_trades;
        if out.truncated[0] || out.terminated[0] {
            assert!(step > 0);
            break;
        }
        // A tick of $5 a bar, whatever profit the position stands in.
        if out.totals.entries == 0 && out.totals.management_bonus_usd == 0.0 {
            assert!(out.rewards[0] <= 0.05 + 1e-6, "{}", out.rewards[0]);
        }
    }
    // On and off pay once each and trade, at $400.
    assert!(
        bonus > 0.0 && bonus <= 800.0 * (entries + 1) as f64,
        "{bonus}"
    );
}

#[test]
fn trap_10_and_20_an_account_that_may_never_enter_again_ends_its_episode() {
    let settings = SimSettings {
        // One stop-out uses the whole of what an entry may have used.
        drawdown_limit: Usd::whole(300),
        entry_drawdown_cap: 0.2,
        ..SimSettings::default()
    };
    let mut batch = batch(&settings, rough_market(10, 6, 0.0, false), 32, 1.0);
    let mut rng = Stream::new(10, "actions", 0);
    let mut out = StepOut::default();
    let (mut stalls, mut since) = (0, [0_u32; 32]);
    for _ in 0..4_000 {
        let actions: Vec<u8> = (0..32).map(|_| rng.below(3) as u8).collect();
        batch.step(0..batch.n_envs(), &actions, &mut out);
        stalls += out.totals.stalls;
        for e in 0..32 {
            since[e] = if out.terminated[e] || out.truncated[e] {
                0
            } else {
                since[e] + 1
            };
            let env = &batch.envs()[e];
            assert!(
                env.account().position.is_some()
                    || env.mask() != ActionMask::HOLD_ONLY
                    || !env.account().is_idle(),
                "an environment waits where only HOLD is allowed"
            );
        }
    }
    assert!(stalls > 0, "no account stalled");
    assert!(since.iter().all(|&n| n < 4_000), "an episode never ended");
}

#[test]
fn trap_10_an_agent_that_only_holds_comes_to_an_end_too() {
    let mut batch = batch(
        &SimSettings::default(),
        rough_market(11, 12, 0.0, false),
        4,
        1.0,
    );
    let mut out = StepOut::default();
    let mut ended = [false; 4];
    for _ in 0..4_000 {
        batch.step(0..batch.n_envs(), &[0; 4], &mut out);
        for e in 0..4 {
            ended[e] |= out.truncated[e];
            assert!(!out.terminated[e], "nothing was risked");
        }
    }
    assert_eq!(ended, [true; 4]);
}

#[test]
fn trap_11_nothing_of_a_closed_trade_is_seen_in_the_next() {
    // At break-even, trailed, stopped out; then a second trade, which on the same bars is a first
    // one. A stop tells by its reason what was done to it, a target by the adverse excursion.
    for last in [[14, 15, -90, -80], [14, 300, 13, 290]] {
        let bars = [
            [0, 30, -4, 28],
            [28, 34, 24, 32],
            [32, 33, -20, -10],
            [0, 4, -4, 0],
            [2, 6, -2, 0],
            [0, 24, -2, 22],
            last,
        ];
        let first = [(-1, Action::Buy), (0, Action::SlToBe), (1, Action::TrailOn)];
        let second = [(3, Action::Buy)];
        let settings = SimSettings::default();
        let twice = run(&settings, &bars, &[first.as_slice(), &second].concat());
        let once = run(&settings, &bars, &second);
        assert_eq!(twice.trades[0].exit_reason, ExitReason::StopTrail);
        let told = |l: &Ledger| {
            let rows = &l.rows[QUIET + 4..QUIET + 7];
            let rows = rows.iter().map(|r| (r.position, r.stop, r.target, r.mask));
            rows.collect::<Vec<_>>()
        };
        assert_eq!(told(&twice), told(&once));
        let (again, alone) = (&twice.trades[1], &once.trades[0]);
        let expected = if last[2] < 0 {
            ExitReason::Stop
        } else {
            ExitReason::Target
        };
        assert_eq!(alone.exit_reason, expected);
        let alone = Trade {
            id: 2,
            ..alone.clone()
        };
        assert_eq!(*again, alone);
        let may = once.rows[QUIET + 5].mask;
        assert!(may.allows(Action::SlToBe) && may.allows(Action::TrailOn));
    }
}

#[test]
fn trap_12_no_position_lives_over_a_missing_close_or_a_half_day() {
    // Minutes from 12:40 New York on the Friday after Thanksgiving, which closes at 13:15; then Sunday evening.
    let mut bars = Bars::empty(nq(), 60);
    let start = parse_utc("2024-11-29T17:20:00Z").unwrap();
    for m in 0..55 {
        bars.push(start + 60 * m, [BASE, BASE + 4, BASE - 4, BASE], 10.0);
    }
    let sunday = parse_utc("2024-12-01T23:00:00Z").unwrap();
    for m in 0..30 {
        bars.push(sunday + 60 * m, [BASE, BASE + 4, BASE - 4, BASE], 10.0);
    }
    let settings = SimSettings::default();
    let half_day = run_bars(&settings, bars.clone(), &[(0, Action::Buy)]);
    let t = &half_day.trades[0];
    assert_eq!(t.exit_reason, ExitReason::FlatBy);
    assert_eq!(
        t.exit_time,
        parse_utc("2024-11-29T18:13:00Z").unwrap(),
        "flat by 13:14"
    );

    // A rule set may ask for more time before the close, or name an earlier time of its own.
    let earlier = [
        SimSettings {
            early_close_offset_minutes: Some(20),
            ..SimSettings::default()
        },
        SimSettings {
            early_close_flat_by: Some("12:55".parse().unwrap()),
            ..SimSettings::default()
        },
    ];
    for settings in earlier {
        let t = &run_bars(&settings, bars.clone(), &[(0, Action::Buy)]).trades[0];
        let last = parse_utc("2024-11-29T17:54:00Z").unwrap();
        assert_eq!((t.exit_time, t.exit_reason), (last, ExitReason::FlatBy));
    }

    // The same with the last ten minutes missing: closed at the last bar before the hole.
    let mut holed = Bars::empty(nq(), 60);
    for i in (0..bars.len()).filter(|i| !(45..55).contains(i)) {
        let ohlc = [bars.open[i], bars.high[i], bars.low[i], bars.close[i]];
        holed.push(bars.open_time[i], ohlc, 10.0);
    }
    let ledger = run_bars(&settings, holed, &[(0, Action::Buy)]);
    assert!(ledger.trades[0].hole);
    assert_eq!(ledger.trades[0].exit_time, start + 60 * 44);
    assert!(
        ledger
            .rows
            .iter()
            .filter(|r| r.time >= sunday)
            .all(|r| r.position == 0)
    );
}

#[test]
fn trap_13_the_high_water_mark_follows_the_unrealised_peak_inside_the_bar() {
    // Up 30 ticks inside the bar and back: 29 ticks over the fill of +1, $145, less $2.50 paid to enter.
    let ledger = run(
        &SimSettings::default(),
        &[[0, 30, -4, 0], [0, 4, -4, 0]],
        &[(-1, Action::Buy)],
    );
    let row = &ledger.rows[QUIET];
    assert_eq!(row.peak, Usd::from_dollars(50_000.0 + 145.0 - 2.5));
    assert_eq!(row.floor, row.peak - Usd::whole(2_500));
    assert!(row.equity_close < Usd::whole(50_000));
}
