//! Orders, stops, targets and the ends of trades, sentence by sentence.

use super::story::story;
use super::*;
use crate::units::Usd;

fn default() -> SimSettings {
    SimSettings::default()
}

#[test]
fn commission_is_per_side_and_contract() {
    let settings = SimSettings {
        contracts: 3,
        ..default()
    };
    // Thirteen ticks of three contracts at $5, and six sides at $2.50.
    let l = story(
        &settings,
        "
        before      | buy |
        0 1 -20 -15 |     | stop at -12, net -210
        ",
    );
    assert_eq!(l.trades[0].commission, Usd::whole(15));
    let own = SimSettings {
        commission_per_side: Some(Usd::from_dollars(1.29)),
        ..default()
    };
    story(
        &own,
        "
        before      | buy |
        0 1 -20 -15 |     | stop at -12, net -67.58
        ",
    );
}

#[test]
fn a_short_is_the_mirror_of_a_long() {
    story(
        &default(),
        "
        before      | sell |
        0 4 -4 0    |      | short at -1, stop 11, target -37, position -1, close 49992.50
        0 11 -4 5   | sell | stop at 12, net -70
        5 6 4 5     |      | short at 4
        5 6 -50 0   |      | target at -35
        ",
    );
}

#[test]
fn distances_are_rounded_up_and_capped_by_the_risk() {
    let entry = |settings: &SimSettings, stop: i32, target: i32| {
        let text =
            format!("before | buy |\n 0 3 -3 0 | | stop {stop}, target {target}\n 0 3 -3 0 | |");
        story(settings, &text);
    };
    // 1.3 x 8 = 10.4 ticks, so 11; 2.5 times the rounded 11 is 27.5, so 28.
    let odd = SimSettings {
        sl_atr_mult: 1.3,
        tp_sl_ratio: 2.5,
        ..default()
    };
    entry(&odd, 1 - 11, 1 + 28);
    // $43 are 8.6 ticks of $5: the cap is rounded up as well.
    let capped = SimSettings {
        max_risk_usd: Usd::whole(43),
        ..default()
    };
    entry(&capped, 1 - 9, 1 + 27);
    // Two contracts have half the distance; the size is never changed.
    let two = SimSettings {
        contracts: 2,
        ..capped
    };
    entry(&two, 1 - 5, 1 + 15);
}

#[test]
fn a_stop_within_the_slippage_fills_at_once() {
    let settings = SimSettings {
        max_risk_usd: Usd::whole(1),
        ..default()
    };
    story(
        &settings,
        "
        before     | buy |
        0 40 -40 0 |     | long at 1, stop at -1, held 1, net -15, best 49992.50, worst 49985, mae 10, mfe 0
        ",
    );
}

#[test]
fn a_market_that_stands_still_has_a_stop_of_one_tick() {
    let still = "0 0 0 0 | |\n".repeat(200);
    // The ATR has died away to less than the guard; the stop is a tick, the target three.
    let free = SimSettings {
        slippage_ticks: Some(0),
        atr_period: 2,
        ..default()
    };
    let text =
        format!("{still} 0 0 0 0 | buy |\n 0 0 0 0 | | long at 0, stop -1, target 3\n 0 0 0 0 | |");
    story(&free, &text);
}

#[test]
fn a_stop_is_touched_at_its_price_and_not_a_tick_before() {
    story(
        &default(),
        "
        before     | buy |
        0 4 -4 0   |     | stop -11
        0 4 -10 0  |     | position 1
        0 4 -11 0  |     | stop at -12
        ",
    );
    // An open at the stop is the same price.
    story(
        &default(),
        "
        before        | buy |
        0 4 -4 0      |     | stop -11
        -11 4 -11 0   |     | stop at -12
        ",
    );
}

#[test]
fn a_target_gap_needs_the_same_penetration_as_a_touch() {
    let settings = SimSettings {
        target_through_ticks: 2,
        ..default()
    };
    story(
        &settings,
        "
        before      | buy |
        0 4 -4 0    |     | target 37
        38 38 30 35 |     | position 1, best 50182.50
        39 60 38 39 |     | target at 39, best 50187.50, peak 50187.50, worst 50185, mfe 190
        ",
    );
    story(
        &settings,
        "
        before      | buy |
        0 38 -4 0   |     | position 1
        0 39 -4 0   |     | target at 37
        ",
    );
}

#[test]
fn an_entry_bar_is_treated_like_any_other() {
    story(
        &default(),
        "
        before      | buy |
        0 37 -4 20  |     | long at 1, target at 37, held 1
        ",
    );
    story(
        &default(),
        "
        before      | buy |
        0 40 -11 20 |     | long at 1, stop at -12, held 1
        ",
    );
}

#[test]
fn the_order_inside_a_bar_is_between_the_target_and_any_adverse_level() {
    // The target marks the best equity, so the floor rises to 49 987.50 and equity meets it at -1.
    let stop_first = SimSettings {
        drawdown_limit: Usd::whole(190),
        ..default()
    };
    let bars = "
        before     | buy |
        0 40 -9 0  |     |";
    let l = story(
        &stop_first,
        &format!("{bars} drawdown at -2, balance 49980, floor 49987.50, breach"),
    );
    assert_eq!((l.same_bar_both.len(), l.ambiguous.len()), (1, 1));
    let target_first = SimSettings {
        same_bar: SameBar::TargetFirst,
        ..stop_first
    };
    let l = story(
        &target_first,
        &format!("{bars} target at 37, balance 50175, floor 49987.50, worst 49992.50"),
    );
    assert_eq!((l.breach, l.same_bar_both.len()), (None, 1));
}

#[test]
fn break_even_sets_the_stop_an_offset_in_favour() {
    let settings = SimSettings {
        be_offset_ticks: 2,
        ..default()
    };
    story(
        &settings,
        "
        before    | buy      |
        0 4 -4 0  |          | long at 1
        4 12 4 10 | sl_to_be | stop 3
        10 11 3 5 |          | stop_be at 2, net 0
        ",
    );
}

#[test]
fn the_trail_ratchets_at_every_close_and_never_loosens() {
    story(
        &default(),
        "
        before      | buy       |
        0 8 0 6     | trail_on  | long at 1, done, stop -2
        6 12 4 11   |           | stop 3
        11 15 7 9   |           | stop 3
        9 17 9 15   | trail_off | stop 7, mask 100001
        15 23 15 22 |           | stop 7, mask 100010
        22 26 18 24 | trail_on  | stop 16
        24 25 16 20 |           | stop_trail at 15
        ",
    );
}

#[test]
fn a_trail_that_never_moved_the_stop_leaves_an_ordinary_stop() {
    let settings = SimSettings {
        trail_atr: 10.0,
        ..default()
    };
    story(
        &settings,
        "
        before     | buy      |
        0 4 -4 2   | trail_on | done, stop -11
        2 2 -11 -5 |          | stop at -12
        ",
    );
}

#[test]
fn a_stop_once_trailed_keeps_that_reason_when_break_even_moves_it_last() {
    story(
        &default(),
        "
        before   | buy      |
        0 8 0 6  | trail_on | done, stop -2
        6 10 2 7 | sl_to_be | mask 100101, done, stop 1
        7 9 1 2  |          | stop_trail at 0
        ",
    );
}

#[test]
fn flat_by_comes_after_the_bars_own_exits_and_before_the_decision() {
    let settings = SimSettings {
        flat_by: "09:33".parse().unwrap(),
        min_bars_to_flat: 1,
        ..default()
    };
    story(
        &settings,
        "
        before    | buy      |
        0 4 -4 0  |          |
        0 4 -4 0  |          | position 1
        0 4 -4 3  | trail_on | flat_by at 2, mask 100000, refused, held 3
        0 4 -4 3  |          |
        ",
    );
    let l = story(
        &settings,
        "
        before    | buy      |
        0 4 -4 0  |          |
        0 4 -4 0  |          |
        0 4 -20 3 |          | stop at -12
        0 4 -4 3  |          |
        ",
    );
    assert!(!l.trades[0].hole);
}

#[test]
fn before_a_hole_the_position_is_closed_after_the_decision() {
    story(
        &default(),
        "
        before            | buy      |
        0 4 -4 0          |          | position 1
        0 4 -4 3          | trail_on | mask 100010, done, flat_by at 2, hole, position 0, close 50000
        06 09:30 0 4 -4 0 |          |
        ",
    );
    // A missing 16:58 bar is a hole although there is one at 16:59.
    story(
        &default(),
        "
        15:58 0 4 -4 0    | buy |
        15:59 0 4 -4 0    |     | long at 1
        16:57 0 4 -4 0    |     | flat_by at -1, hole
        16:59 0 4 -4 0    |     |
        ",
    );
    // With it, the closing is on time.
    let l = story(
        &default(),
        "
        15:58 0 4 -4 0    | buy |
        15:59 0 4 -4 0    |     | long at 1
        16:58 0 4 -4 0    |     | flat_by at -1
        16:59 0 4 -4 0    |     |
        ",
    );
    assert!(!l.trades[0].hole);
}

#[test]
fn the_last_bar_of_the_file_closes_what_is_open() {
    story(
        &default(),
        "
        before    | buy      |
        0 4 -4 0  |          |
        0 4 -4 3  | trail_on | mask 100010, done, end_of_data at 2, position 0, balance 50000
        ",
    );
    // Flat-by by the clock wins, in the last bar too.
    story(
        &default(),
        "
        15:58 0 4 -4 0    | buy |
        16:58 0 4 -4 0    |     | long at 1, flat_by at -1, held 1
        ",
    );
}

#[test]
fn a_new_entry_may_be_decided_in_the_bar_of_an_exit() {
    story(
        &default(),
        "
        before    | buy  |
        0 4 -11 0 | sell | stop at -12, mask 111000, done
        0 4 -4 0  |      | short at -1
        ",
    );
}
