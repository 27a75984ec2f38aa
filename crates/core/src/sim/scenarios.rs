//! Tables of bars, decisions and the fills that must follow.
//!
//! Every scenario starts with twenty quiet bars of a range of 8 ticks, so that ATR is 8, the
//! stop distance 12 and the target distance 36 ticks. The last quiet bar opens at 09:29 New
//! York time on Tuesday 2024-03-05, so the first listed bar opens at 09:30.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::compliance::TrailingFloor;
use crate::market::{Bars, Instruments};
use crate::rng::Stream;
use crate::time::{TradingDay, ZoneTable, parse_utc};
use crate::units::Usd;

pub(super) const BASE: i32 = 70_000;
pub(super) const QUIET: usize = 20;

pub(super) fn nq() -> crate::market::Instrument {
    Instruments::builtin().get("NQ").unwrap().clone()
}

/// Quiet bars, then bars given as offsets from the base price.
pub(super) fn market(rows: &[[i32; 4]]) -> Bars {
    let mut bars = Bars::empty(nq(), 60);
    let start = parse_utc("2024-03-05T14:10:00Z").unwrap();
    for i in 0..QUIET + rows.len() {
        let row = if i < QUIET {
            [0, 4, -4, 0]
        } else {
            rows[i - QUIET]
        };
        bars.push(start + 60 * i as i64, row.map(|x| BASE + x), 100.0);
    }
    bars
}

/// Replays decisions, keyed by the listed bar at whose close they are taken; -1 is the last quiet bar.
pub(super) fn run(
    settings: &SimSettings,
    rows: &[[i32; 4]],
    decisions: &[(i32, Action)],
) -> Ledger {
    run_bars(settings, market(rows), decisions)
}

pub(super) fn run_bars(settings: &SimSettings, bars: Bars, decisions: &[(i32, Action)]) -> Ledger {
    let plan = settings.plan(&bars.instrument).unwrap();
    let n = bars.len();
    let tape = Tape::new(Arc::new(bars), &plan);
    let at: BTreeMap<usize, Action> = decisions
        .iter()
        .map(|&(i, a)| ((QUIET as i32 + i) as usize, a))
        .collect();
    let ledger = replay(
        &tape,
        &plan,
        TrailingFloor::from_settings(settings),
        0..n,
        |m| at.get(&m.bar).copied().unwrap_or(Action::Hold),
    );
    check_identity(&ledger);
    ledger
}

/// What holds after every bar of every ledger.
pub(super) fn check_identity(ledger: &Ledger) {
    let mut trades = ledger.trades.iter().peekable();
    let (mut sum, mut floor) = (Usd::ZERO, Usd(i64::MIN));
    for row in &ledger.rows {
        while let Some(t) = trades.next_if(|t| t.exit_time <= row.time) {
            sum += t.net_pnl;
            assert_eq!(t.net_pnl, t.gross_pnl - t.commission);
        }
        assert_eq!(
            row.balance - ledger.start_balance,
            sum,
            "balance identity at {}",
            row.time
        );
        assert!(
            row.equity_worst <= row.equity_close && row.equity_close <= row.equity_best,
            "{row:?}"
        );
        assert!(row.floor >= floor, "the floor fell");
        assert!(row.mask.allows(row.action) && row.mask.allows(Action::Hold));
        floor = row.floor;
    }
    assert!(trades.next().is_none());
}

#[test]
fn an_entry_fills_at_the_next_open_against_the_trader_and_measures_its_levels_from_there() {
    let l = run(
        &SimSettings::default(),
        &[[2, 6, -2, 0], [0, 4, -4, 0]],
        &[(-1, Action::Buy)],
    );
    let row = &l.rows[QUIET];
    assert_eq!(
        (row.position, row.stop, row.target),
        (1, Some(BASE + 3 - 12), Some(BASE + 3 + 36))
    );
    // Bought at 2 + 1 tick of slippage, marked at 0: three ticks of $5 and one commission of $2.50.
    assert_eq!(row.equity_close, Usd::from_dollars(50_000.0 - 15.0 - 2.5));
    assert_eq!(row.balance, Usd::whole(50_000));
    assert_eq!(l.rows[QUIET - 1].action, Action::Buy);
}

#[test]
fn a_stop_fills_at_its_price_less_slippage() {
    let l = run(
        &SimSettings::default(),
        &[[0, 4, -4, 0], [0, 2, -20, -15], [0, 1, -1, 0]],
        &[(-1, Action::Buy)],
    );
    let t = &l.trades[0];
    assert_eq!(
        (t.entry_price, t.exit_price, t.exit_reason),
        (BASE + 1, BASE + 1 - 12 - 1, ExitReason::Stop)
    );
    assert_eq!(
        (t.gross_pnl, t.commission, t.net_pnl),
        (Usd::whole(-65), Usd::whole(5), Usd::whole(-70))
    );
    assert_eq!(
        (t.bars_held, t.mae, t.mfe),
        (2, Usd::whole(65), Usd::whole(15))
    );
}

#[test]
fn a_gap_over_the_stop_fills_at_the_open_less_slippage() {
    let l = run(
        &SimSettings::default(),
        &[[0, 4, -4, 0], [-40, -30, -45, -35], [0, 1, -1, 0]],
        &[(-1, Action::Buy)],
    );
    assert_eq!(
        (l.trades[0].exit_price, l.trades[0].exit_reason),
        (BASE - 41, ExitReason::Stop)
    );
}

#[test]
fn a_target_is_a_limit_order_at_its_price_or_at_a_better_open() {
    let touch = run(
        &SimSettings::default(),
        &[[0, 4, -4, 0], [0, 37, -4, 20], [0, 1, -1, 0]],
        &[(-1, Action::Buy)],
    );
    assert_eq!(
        (touch.trades[0].exit_price, touch.trades[0].exit_reason),
        (BASE + 37, ExitReason::Target)
    );
    let gap = run(
        &SimSettings::default(),
        &[[0, 4, -4, 0], [50, 60, 45, 50], [0, 1, -1, 0]],
        &[(-1, Action::Buy)],
    );
    assert_eq!(gap.trades[0].exit_price, BASE + 50);
    let through = SimSettings {
        target_through_ticks: 1,
        ..SimSettings::default()
    };
    let untouched = run(
        &through,
        &[[0, 4, -4, 0], [0, 37, -4, 20], [0, 1, -1, 0]],
        &[(-1, Action::Buy)],
    );
    assert_eq!(untouched.trades[0].exit_reason, ExitReason::EndOfData);
}

#[test]
fn a_bar_that_reaches_both_levels_goes_to_the_stop_unless_told_otherwise() {
    let rows = [[0, 4, -4, 0], [0, 50, -50, 0], [0, 1, -1, 0]];
    let stop = run(&SimSettings::default(), &rows, &[(-1, Action::Buy)]);
    assert_eq!(stop.trades[0].exit_reason, ExitReason::Stop);
    assert_eq!(stop.same_bar_both.len(), 1);
    let settings = SimSettings {
        same_bar: SameBar::TargetFirst,
        ..SimSettings::default()
    };
    let target = run(&settings, &rows, &[(-1, Action::Buy)]);
    assert_eq!(target.trades[0].exit_reason, ExitReason::Target);
    assert_eq!(
        target.rows[QUIET + 1].equity_worst,
        Usd::from_dollars(50_000.0 - 5.0 - 2.5),
        "the open, then the exit"
    );
}

#[test]
fn finer_bars_say_which_of_both_levels_came_first() {
    // Bought at +1: stop -11, target +37. The minute reaches both.
    let minute = [0, 40, -14, 20];
    let halves = |first: [i32; 4], second: [i32; 4]| {
        let coarse = market(&[minute]);
        let mut finer = Bars::empty(nq(), 30);
        let open = *coarse.open_time.last().unwrap();
        for (k, row) in [first, second].into_iter().enumerate() {
            finer.push(open + 30 * k as i64, row.map(|x| BASE + x), 10.0);
        }
        let settings = SimSettings {
            same_bar: SameBar::FinerBars,
            ..SimSettings::default()
        };
        let plan = settings.plan(&coarse.instrument).unwrap();
        let attached = crate::market::FinerBars::attach(&coarse, finer).unwrap();
        let n = coarse.len();
        let tape = Tape::new(Arc::new(coarse), &plan).with_finer(Some(Arc::new(attached)));
        let ledger = replay(
            &tape,
            &plan,
            TrailingFloor::from_settings(&settings),
            0..n,
            |m| {
                if m.bar == QUIET - 1 {
                    Action::Buy
                } else {
                    Action::Hold
                }
            },
        );
        check_identity(&ledger);
        assert_eq!(ledger.same_bar_both.len(), 1);
        ledger
    };
    let stopped = halves([0, 5, -14, -12], [-12, 40, -12, 20]);
    let t = &stopped.trades[0];
    assert_eq!(
        (t.exit_reason, t.exit_price),
        (ExitReason::Stop, BASE - 11 - 1)
    );
    // What came after the exit is not in the account: the peak is that of the first half, at +5.
    assert_eq!(
        stopped.rows[QUIET].peak,
        Usd::from_dollars(50_000.0 + 4.0 * 5.0 - 2.5)
    );
    let won = halves([0, 40, -4, 30], [30, 31, -14, 20]);
    let t = &won.trades[0];
    assert_eq!(
        (t.exit_reason, t.exit_price),
        (ExitReason::Target, BASE + 37)
    );
    assert_eq!(t.mae, nq().tick_value * 5);
    // Both in one half: the stop, as ever.
    let both = halves([0, 40, -14, 30], [30, 31, 10, 20]);
    assert_eq!(both.trades[0].exit_reason, ExitReason::Stop);
    // Finer bars that tell another story are not believed.
    let other = halves([0, 50, -4, 30], [30, 31, -14, 20]);
    assert_eq!(other.trades[0].exit_reason, ExitReason::Stop);
}

#[test]
fn a_stop_trailed_at_a_close_is_live_only_from_the_next_bar() {
    // Close at +20 with a low of 0: a stop trailed to about +12 at this close must not see this bar's low.
    let rows = [[0, 4, -4, 2], [2, 21, 0, 20], [20, 22, 5, 8], [0, 1, -1, 0]];
    let l = run(
        &SimSettings::default(),
        &rows,
        &[(-1, Action::Buy), (0, Action::TrailOn)],
    );
    let t = &l.trades[0];
    assert_eq!(t.exit_reason, ExitReason::StopTrail);
    assert_eq!(
        t.exit_time,
        l.rows[QUIET + 2].time,
        "not in the bar at whose close it was computed"
    );
    let trailed = l.rows[QUIET + 1].stop.unwrap();
    assert!(trailed > BASE && t.exit_price == trailed - 1);
}

#[test]
fn break_even_needs_profit_and_happens_once() {
    let rows = [
        [0, 4, -4, 2],
        [2, 12, 0, 10],
        [10, 14, 6, 12],
        [12, 12, 0, 2],
        [0, 1, -1, 0],
    ];
    let l = run(
        &SimSettings::default(),
        &rows,
        &[
            (-1, Action::Buy),
            (0, Action::SlToBe),
            (1, Action::SlToBe),
            (2, Action::SlToBe),
        ],
    );
    assert_eq!(
        l.rejected, 2,
        "one tick of profit is too little, and a second time is forbidden"
    );
    assert_eq!(
        (l.trades[0].exit_reason, l.trades[0].exit_price),
        (ExitReason::StopBe, BASE + 1 - 1)
    );
}

#[test]
fn the_floor_follows_unrealised_peaks_first_and_then_catches_the_trough() {
    let settings = SimSettings {
        drawdown_limit: Usd::whole(200),
        max_risk_usd: Usd::whole(50_000),
        sl_atr_mult: 20.0,
        entry_drawdown_cap: 1.0,
        ..SimSettings::default()
    };
    // Bought at +1. High +31 makes the best equity 50 147.50, so the floor 49 947.50; equity meets it at -9.
    let l = run(
        &settings,
        &[[0, 4, -4, 0], [0, 31, -9, 0], [0, 1, -1, 0]],
        &[(-1, Action::Buy), (1, Action::Buy)],
    );
    let t = &l.trades[0];
    assert_eq!(
        (t.exit_reason, t.exit_price),
        (ExitReason::Drawdown, BASE - 9 - 1)
    );
    assert_eq!(l.breach, Some(l.rows[QUIET + 1].time));
    assert_eq!(l.rows[QUIET + 1].floor, Usd::from_dollars(49_947.5));
    assert_eq!(l.rows[QUIET + 1].mask, ActionMask::HOLD_ONLY);
    assert_eq!(l.rejected, 1, "a dead account decides nothing");
    assert_eq!(l.ambiguous.len(), 1, "low before high would have lived");
}

#[test]
fn flat_by_closes_on_time_and_holes_close_earlier() {
    let s = SimSettings {
        flat_by: "09:40".parse().unwrap(),
        entry_end: "09:40".parse().unwrap(),
        ..SimSettings::default()
    };
    let quiet = [[0, 4, -4, 0]; 15];
    let l = run(&s, &quiet, &[(-1, Action::Buy)]);
    let t = &l.trades[0];
    assert_eq!(
        (t.exit_reason, t.hole, t.exit_price),
        (ExitReason::FlatBy, false, BASE - 1)
    );
    assert_eq!(
        t.exit_time,
        parse_utc("2024-03-05T14:39:00Z").unwrap(),
        "the bar that closes at 09:40"
    );
    let mut holed = market(&quiet);
    for column in [
        &mut holed.open,
        &mut holed.high,
        &mut holed.low,
        &mut holed.close,
    ] {
        column.remove(QUIET + 9);
    }
    holed.volume.remove(QUIET + 9);
    holed.open_time.remove(QUIET + 9);
    let l = run_bars(&s, holed, &[(-1, Action::Buy)]);
    assert_eq!(
        (l.trades[0].exit_reason, l.trades[0].hole),
        (ExitReason::FlatBy, true)
    );
    assert_eq!(
        l.trades[0].exit_time,
        parse_utc("2024-03-05T14:38:00Z").unwrap()
    );
    assert_eq!(l.rows[QUIET + 8].position, 0);
    assert_eq!(
        l.rows[QUIET + 8].mask.to_string(),
        "100000",
        "profit is zero: nothing but HOLD for the open position"
    );
}

#[test]
fn no_position_and_no_order_lives_through_a_change_of_contract() {
    let mut bars = market(&[[0, 4, -4, 0]; 10]);
    bars.rolls.push(crate::market::Roll {
        time: bars.open_time[QUIET + 4],
        from: "NQH4".into(),
        to: "NQM4".into(),
        gap_ticks: Some(400),
        reason: crate::market::RollReason::AsInFile,
    });
    let s = SimSettings::default();
    let l = run_bars(&s, bars.clone(), &[(-1, Action::Buy)]);
    let t = &l.trades[0];
    assert_eq!((t.exit_reason, t.hole), (ExitReason::FlatBy, true));
    assert_eq!(
        (t.exit_time, l.rows[QUIET + 3].position),
        (bars.open_time[QUIET + 3], 0),
        "closed at the last bar of the old contract"
    );
    let l = run_bars(&s, bars, &[(3, Action::Buy)]);
    assert_eq!(
        (l.expired, l.trades.len()),
        (1, 0),
        "an order for the old contract does not fill in the new one"
    );
}

#[test]
fn an_order_that_finds_no_bar_expires_at_no_cost() {
    let l = run(
        &SimSettings::default(),
        &[[0, 4, -4, 0]],
        &[(0, Action::Sell)],
    );
    assert_eq!((l.expired, l.rejected, l.trades.len()), (1, 0, 0));
    assert_eq!(l.rows[QUIET].action, Action::Sell);
}

#[test]
fn entries_are_possible_from_the_close_before_the_window_to_the_last_open_in_it() {
    let quiet = vec![[0, 4, -4, 0]; 60 * 8];
    let l = run(&SimSettings::default(), &quiet, &[]);
    let open: Vec<i64> = l
        .rows
        .iter()
        .filter(|r| r.mask.allows(Action::Buy))
        .map(|r| r.time)
        .collect();
    assert_eq!(
        *open.first().unwrap(),
        parse_utc("2024-03-05T14:29:00Z").unwrap()
    );
    assert_eq!(
        *open.last().unwrap(),
        parse_utc("2024-03-05T20:58:00Z").unwrap(),
        "fills at the open of 15:59"
    );
}

/// A random walk over several days with weekends, jumps and missing bars.
pub(super) fn rough_market(seed: u64, days: i64, missing: f64, mirrored: bool) -> Bars {
    let mut rng = Stream::new(seed, "rough", 0);
    let mut bars = Bars::empty(nq(), 60);
    let start = parse_utc("2024-03-07T13:00:00Z").unwrap();
    let mut price = BASE;
    for m in 0..days * 1440 {
        let step = |r: &mut Stream| (r.normal() * 6.0) as i32;
        let jump = if rng.uniform() < 0.003 {
            (rng.normal() * 120.0) as i32
        } else {
            0
        };
        let open = price + jump;
        let path: Vec<i32> = (0..4)
            .scan(open, |p, _| {
                *p += step(&mut rng);
                Some(*p)
            })
            .collect();
        let close = path[3];
        let high = open.max(*path.iter().max().unwrap());
        let low = open.min(*path.iter().min().unwrap());
        price = close;
        if rng.uniform() < missing {
            continue;
        }
        let ohlc = [open, high, low, close];
        let ohlc = if mirrored {
            [
                2 * BASE - open,
                2 * BASE - low,
                2 * BASE - high,
                2 * BASE - close,
            ]
        } else {
            ohlc
        };
        bars.push(start + 60 * m, ohlc, 10.0);
    }
    bars
}

pub(super) fn random_ledger(settings: &SimSettings, bars: Bars, seed: u64, swap: bool) -> Ledger {
    let plan = settings.plan(&bars.instrument).unwrap();
    let n = bars.len();
    let tape = Tape::new(Arc::new(bars), &plan);
    let mut rng = Stream::new(seed, "decisions", 0);
    replay(
        &tape,
        &plan,
        TrailingFloor::from_settings(settings),
        0..n,
        |m| {
            let action = Action::from_index(rng.below(6) as usize);
            let wild = rng.uniform() < 0.1;
            let action = match action {
                Action::Buy if swap => Action::Sell,
                Action::Sell if swap => Action::Buy,
                a => a,
            };
            if wild || m.mask.allows(action) {
                action
            } else {
                Action::Hold
            }
        },
    )
}

pub(super) fn rough_settings(seed: u64) -> SimSettings {
    let mut rng = Stream::new(seed, "settings", 0);
    let mut pick = |lo: f64, hi: f64| lo + (hi - lo) * rng.uniform();
    SimSettings {
        drawdown_limit: Usd::from_dollars(pick(300.0, 5_000.0)),
        sl_atr_mult: pick(0.1, 4.0),
        tp_sl_ratio: pick(0.3, 4.0),
        trail_atr: pick(0.2, 3.0),
        max_risk_usd: Usd::from_dollars(pick(30.0, 800.0)),
        be_offset_ticks: pick(-3.0, 6.0) as i32,
        target_through_ticks: pick(0.0, 3.0) as i32,
        slippage_ticks: Some(pick(0.0, 4.0) as i32),
        contracts: pick(1.0, 4.0) as i32,
        entry_start: "18:30".parse().unwrap(),
        entry_end: "16:30".parse().unwrap(),
        entry_drawdown_cap: pick(0.5, 1.0),
        same_bar: if pick(0.0, 1.0) < 0.5 {
            SameBar::StopFirst
        } else {
            SameBar::TargetFirst
        },
        ..SimSettings::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn ledgers_add_up_and_no_position_survives_a_session(seed in any::<u64>(), missing in 0.0..0.6) {
        let bars = rough_market(seed, 6, missing, false);
        let zone = ZoneTable::new_york();
        let ledger = random_ledger(&rough_settings(seed), bars, seed, false);
        check_identity(&ledger);
        for t in &ledger.trades {
            let day = |utc| TradingDay::of_wall(zone.wall(utc));
            prop_assert_eq!(day(t.entry_time), day(t.exit_time));
        }
        for w in ledger.rows.windows(2) {
            let day = |utc| TradingDay::of_wall(zone.wall(utc));
            prop_assert!(w[0].position == 0 || day(w[0].time) == day(w[1].time));
        }
    }

    #[test]
    fn a_mirrored_market_gives_a_mirrored_ledger(seed in any::<u64>()) {
        let settings = rough_settings(seed);
        let plain = random_ledger(&settings, rough_market(seed, 4, 0.05, false), seed, false);
        let mirror = random_ledger(&settings, rough_market(seed, 4, 0.05, true), seed, true);
        let money = |l: &Ledger| l.rows.iter().map(|r| (r.balance, r.equity_best, r.equity_worst, r.floor)).collect::<Vec<_>>();
        prop_assert_eq!(money(&plain), money(&mirror));
        let swapped = |a: Action| match a {
            Action::Buy => Action::Sell,
            Action::Sell => Action::Buy,
            a => a,
        };
        let turned = |x: Option<i32>| x.map(|x| 2 * BASE - x);
        for (a, b) in plain.rows.iter().zip(&mirror.rows) {
            prop_assert_eq!((a.position, a.stop, a.target), (-b.position, turned(b.stop), turned(b.target)));
            prop_assert_eq!((a.action, a.mask), (swapped(b.action), b.mask));
        }
        prop_assert_eq!(plain.trades.len(), mirror.trades.len());
        for (a, b) in plain.trades.iter().zip(&mirror.trades) {
            prop_assert_eq!(a.entry_price - BASE, BASE - b.entry_price);
            prop_assert_eq!(a.exit_price - BASE, BASE - b.exit_price);
            prop_assert_eq!((a.mae, a.mfe, a.net_pnl), (b.mae, b.mfe, b.net_pnl));
            prop_assert_eq!(a.exit_reason, b.exit_reason);
        }
    }

    #[test]
    fn nothing_decided_or_booked_depends_on_later_bars(seed in any::<u64>(), cut in 500_usize..3_000) {
        let settings = rough_settings(seed);
        let bars = rough_market(seed, 3, 0.1, false);
        let cut = cut.min(bars.len() - 2);
        let mut garbled = bars.clone();
        for i in cut + 1..bars.len() {
            for column in [&mut garbled.open, &mut garbled.high, &mut garbled.low, &mut garbled.close] {
                column[i] = 7 * BASE;
            }
        }
        let a = random_ledger(&settings, bars, seed, false);
        let b = random_ledger(&settings, garbled, seed, false);
        prop_assert_eq!(&a.rows[..=cut], &b.rows[..=cut]);
    }

    #[test]
    fn a_batch_does_not_depend_on_its_size_and_every_episode_ends(seed in any::<u64>()) {
        let settings = SimSettings { episode_sessions: 1, ..rough_settings(seed) };
        let plan = settings.plan(&nq()).unwrap();
        let tape = Arc::new(Tape::new(Arc::new(rough_market(seed, 9, 0.05, false)), &plan));
        let n = tape.len();
        let envs = EnvPlan::new(plan, tape, TrailingFloor::from_settings(&settings), 0..n, 40).unwrap();
        let help = CurriculumSettings::default().state(Phase::Management, Usd::from_dollars(2.5), 0.0);
        let run = |n_envs: usize| {
            let mut batch = BatchEnv::new(envs.clone(), help, n_envs, seed);
            let mut rng: Vec<Stream> = (0..n_envs as u64).map(|e| Stream::new(seed, "act", e)).collect();
            let mut out = StepOut::default();
            let mut ends = vec![0_u32; n_envs];
            let mut rewards = vec![0.0_f64; n_envs];
            for _ in 0..1_600 {
                let actions: Vec<u8> = batch.envs().iter().zip(&mut rng).map(|(env, r)| {
                    let legal: Vec<u8> = (0..6).filter(|&a| env.mask().allows(Action::from_index(a as usize))).collect();
                    legal[r.below(legal.len() as u64) as usize]
                }).collect();
                batch.step(0..batch.n_envs(), &actions, &mut out);
                for e in 0..n_envs {
                    ends[e] += u32::from(out.terminated[e] || out.truncated[e]);
                    rewards[e] += f64::from(out.rewards[e]);
                }
            }
            (ends, rewards)
        };
        let (ends, rewards) = run(600);
        let (few_ends, few_rewards) = run(3);
        prop_assert_eq!(&ends[..3], &few_ends[..]);
        prop_assert_eq!(&rewards[..3], &few_rewards[..]);
        prop_assert!(ends.iter().all(|&e| e > 0));
    }
}
