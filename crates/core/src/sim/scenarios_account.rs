//! Equity, peak and floor within a bar, sentence by sentence.

use super::story::story;
use super::*;
use crate::units::Usd;

fn limit(usd: i64) -> SimSettings {
    SimSettings {
        drawdown_limit: Usd::whole(usd),
        ..SimSettings::default()
    }
}

#[test]
fn best_and_worst_are_the_bars_extremes_cut_off_at_stop_and_target() {
    // Bought at 1: a tick is $5, the entry commission $2.50.
    story(
        &limit(2_500),
        "
        before      | buy |
        0 9 -6 2    |     | best 50037.50, worst 49962.50, close 50002.50
        2 3 -50 -40 |     | stop at -12, best 50007.50, worst 49930, close 49930, mae 65, mfe 40
        0 4 -4 0    |     | best 49930, worst 49930, close 49930
        ",
    );
    story(
        &limit(2_500),
        "
        before      | buy |
        0 9 -6 2    |     | position 1
        2 90 -3 80  |     | target at 37, best 50177.50, worst 49977.50, close 50175, mae 35, mfe 180
        ",
    );
    // After an exit at the open only the open counts.
    story(
        &limit(2_500),
        "
        before         | buy |
        0 9 -6 2       |     | position 1
        -30 90 -99 80  |     | stop at -31, best 49842.50, worst 49835, mae 160, mfe 40
        ",
    );
}

#[test]
fn the_floor_follows_the_peak_to_its_lock_and_stays() {
    let settings = SimSettings {
        tp_sl_ratio: 20.0,
        ..limit(150)
    };
    story(
        &settings,
        "
        before       | buy |
        0 1 -4 0     |     | peak 50000, floor 49850
        0 21 -4 20   |     | peak 50097.50, floor 49947.50
        20 20 12 15  |     | peak 50097.50, floor 49947.50
        40 51 35 50  |     | peak 50247.50, floor 50097.50
        50 99 75 80  |     | peak 50487.50, floor 50100
        80 80 70 75  |     | floor 50100
        ",
    );
    let never = SimSettings {
        lock_offset: LockOffset::Never,
        ..settings
    };
    story(
        &never,
        "
        before       | buy |
        0 1 -4 0     |     | long at 1
        80 99 75 80  |     | peak 50487.50, floor 50337.50
        ",
    );
}

#[test]
fn an_end_of_day_floor_follows_the_balance_when_the_next_day_begins() {
    let settings = SimSettings {
        floor_mode: FloorMode::Eod,
        ..limit(2_500)
    };
    story(
        &settings,
        "
        before           | buy |
        0 4 -4 0         |     |
        0 37 -4 20       |     | target at 37, balance 50175, peak 50177.50, floor 47500
        16:59 0 4 -4 0   |     | floor 47500
        17:30 0 4 -4 0   |     | floor 47500
        18:00 0 4 -4 0   |     | floor 47675
        ",
    );
    let fixed = SimSettings {
        floor_mode: FloorMode::Static,
        ..limit(2_500)
    };
    story(
        &fixed,
        "
        before           | buy |
        0 37 -4 20       |     | peak 50177.50, floor 47500
        18:00 0 4 -4 0   |     | peak 50177.50, floor 47500
        ",
    );
}

#[test]
fn the_position_is_liquidated_where_equity_meets_the_floor() {
    // The floor is 49 960, equity under it from -7 on: nearer than the stop at -11.
    story(
        &limit(40),
        "
        before      | buy |
        0 1 -6 0    |     | position 1, worst 49962.50
        0 1 -7 0    |     | drawdown at -8, balance 49950, breach
        ",
    );
    // It fills at the open if that is beyond; the nearer level gives the reason.
    story(
        &limit(40),
        "
        before       | buy |
        0 1 -6 0     |     | position 1
        -9 1 -9 0    |     | drawdown at -10, breach
        ",
    );
    story(
        &limit(40),
        "
        before       | buy |
        0 1 -6 0     |     | position 1
        -20 1 -20 0  |     | drawdown at -21, balance 49885, breach
        ",
    );
}

#[test]
fn an_open_is_judged_by_the_floor_as_it_stood_before_its_bar() {
    // The bar's own high of 30 lifts the floor to 50 002.50 at 1, but the open was there before.
    story(
        &limit(140),
        "
        before      | buy |
        0 1 -4 0    |     | floor 49860
        0 30 0 20   |     | drawdown at 1, floor 50002.50, peak 50142.50, mfe 145, mae 25, breach
        ",
    );
}

#[test]
fn a_stop_at_the_floor_is_a_stop_and_its_costs_are_a_breach() {
    // Stop and floor level are both at -11; the fill at -12 and the exit commission go under the floor.
    let l = story(
        &limit(60),
        "
        before      | buy |
        0 1 -4 0    |     | stop -11
        0 1 -11 0   | buy | stop at -12, balance 49930, floor 49940, breach, refused
        ",
    );
    assert!(
        l.ambiguous.is_empty(),
        "no order of high and low would have saved it"
    );
    // So is a flat-by close.
    let settings = SimSettings {
        flat_by: "09:31".parse().unwrap(),
        min_bars_to_flat: 1,
        ..limit(12)
    };
    story(
        &settings,
        "
        before     | buy |
        0 1 0 0    |     | flat_by at -1, balance 49985, floor 49988, breach
        0 4 -4 0   |     |
        ",
    );
    // And a closing before a hole, after the decision.
    story(
        &limit(12),
        "
        before            | buy |
        0 1 0 0           |     | mask 100000, flat_by at -1, hole, balance 49985, breach
        06 09:30 0 4 -4 0 | buy | mask 100000, refused
        ",
    );
}

#[test]
fn an_account_is_stalled_from_the_bar_that_left_it_flat_and_shut_out() {
    let settings = SimSettings {
        entry_drawdown_cap: 0.05,
        ..limit(280)
    };
    // $15 of costs are more than a twentieth of $280.
    story(
        &settings,
        "
        before            | buy |
        0 1 0 0           |     | flat_by at -1, hole, stalled
        06 09:30 0 4 -4 0 | buy | mask 100000, refused
        ",
    );
    story(
        &settings,
        "
        before            | buy |
        0 1 0 0           |     | end_of_data at -1, stalled
        ",
    );
}
