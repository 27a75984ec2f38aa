//! What may be decided, sentence by sentence.

use super::scenarios::QUIET;
use super::story::story;
use super::*;
use crate::units::Usd;

fn default() -> SimSettings {
    SimSettings::default()
}

#[test]
fn entries_are_for_a_flat_account() {
    let l = story(
        &default(),
        "
        before     | buy  |
        0 4 -4 0   | buy  | long at 1, mask 100000, refused
        0 4 -4 2   | sell | mask 100010, refused
        0 4 -20 0  | sell | stop at -12, mask 111000, done
        0 4 -4 0   |      | short at -1
        ",
    );
    assert_eq!(l.rejected, 2);
}

#[test]
fn the_bars_left_before_flat_by_are_counted_on_the_clock() {
    let settings = SimSettings {
        entry_end: "16:59".parse().unwrap(),
        ..default()
    };
    // Five bars are left at 16:54, four at 16:55; that the file has none of them changes nothing.
    story(
        &settings,
        "
        16:53 0 4 -4 0  |     | mask 111000
        16:54 0 4 -4 0  | buy | mask 100000, refused
        18:00 0 4 -4 0  |     |
        ",
    );
    story(
        &settings,
        "
        16:53 0 4 -4 0  | buy | mask 111000, done
        18:00 0 4 -4 0  |     | position 0
        ",
    );
}

#[test]
fn an_order_lives_for_the_next_bar_of_its_own_day_whatever_hole_lies_between() {
    let l = story(
        &default(),
        "
        09:30 0 4 -4 0  | buy  | done
        11:15 7 9 5 7   |      | long at 8
        11:16 7 9 -9 7  |      | stop at -5
        15:58 0 4 -4 0  | sell | done
        16:40 0 4 -4 0  |      | short at -1
        16:58 0 4 -4 0  |      | flat_by at 1
        ",
    );
    assert_eq!(l.expired, 0);
    // After flat-by, and on another day, it is gone at no cost, and is no refusal.
    for next in ["16:59", "06 09:30"] {
        let text = format!("09:30 0 4 -4 0 | buy | done\n {next} 0 4 -4 0 | | balance 50000");
        let l = story(&default(), &text);
        assert_eq!((l.expired, l.rejected, l.trades.len()), (1, 0, 0));
    }
}

#[test]
fn a_share_of_the_drawdown_shuts_entries_when_it_is_reached() {
    let settings = |limit| SimSettings {
        drawdown_limit: Usd::whole(limit),
        entry_drawdown_cap: 0.25,
        ..default()
    };
    // A stop-out costs $70: a quarter of $280, and less than a quarter of $281.
    story(
        &settings(280),
        "
        before      | buy |
        0 1 -20 -15 | buy | net -70, mask 100000, refused, stalled
        ",
    );
    story(
        &settings(281),
        "
        before      | buy |
        0 1 -20 -15 | buy | net -70, mask 111000, done
        ",
    );
}

#[test]
fn drawdown_used_counts_from_the_floor_so_a_locked_floor_shuts_nobody_out() {
    let settings = SimSettings {
        drawdown_limit: Usd::whole(200),
        lock_offset: LockOffset::At(Usd::whole(-150)),
        entry_drawdown_cap: 0.4,
        ..default()
    };
    // $92.50 under the peak are 46% of the limit, but $235 over the floor are none of it.
    story(
        &settings,
        "
        before     | buy |
        0 1 -4 0   |     | long at 1
        0 37 -4 20 | buy | target at 37, peak 50177.50, floor 49850, mask 111000
        20 20 3 4  |     | stop at 4, balance 50085, floor 49850, mask 111000
        ",
    );
}

#[test]
fn no_entry_before_the_atr_is_defined() {
    let settings = SimSettings {
        entry_start: "09:00".parse().unwrap(),
        ..default()
    };
    let l = story(&settings, "0 4 -4 0 | |");
    let masks: Vec<String> = l.rows[12..16].iter().map(|r| r.mask.to_string()).collect();
    // Fourteen true ranges need fifteen bars.
    assert_eq!(masks, ["100000", "100000", "111000", "111000"]);
}

#[test]
fn an_account_that_has_failed_decides_nothing_ever_after() {
    let settings = SimSettings {
        drawdown_limit: Usd::whole(40),
        ..default()
    };
    let l = story(
        &settings,
        "
        before         | buy |
        0 1 -20 -15    | buy | drawdown at -8, breach, mask 100000, refused, balance 49950
        0 4 -4 0       | buy | mask 100000, refused, balance 49950, position 0
        06 09:30 0 4 -4 0 | | mask 100000, balance 49950
        06 09:31 0 4 -4 0 | sell | mask 100000, refused, balance 49950
        ",
    );
    assert_eq!((l.rejected, l.stalled), (3, None));
}

#[test]
fn break_even_needs_more_than_half_an_atr_of_profit_and_happens_once() {
    // Every bar has a range of 8, so ATR stays 8 and half of it is 4 ticks over the fill at 1.
    story(
        &default(),
        "
        before     | buy      |
        0 4 -4 0   |          | long at 1
        0 5 -3 5   | sl_to_be | mask 100010, refused
        5 9 1 6    | sl_to_be | mask 100110, done, stop 1
        6 10 2 7   | sl_to_be | mask 100010, refused
        7 9 1 2    |          | stop_be at 0
        ",
    );
}

#[test]
fn break_even_must_be_tighter_than_the_stop_and_short_of_the_market() {
    story(
        &default(),
        "
        before      | buy      |
        0 4 -4 0    |          | long at 1
        0 20 0 19   | trail_on | mask 100110, done, stop 10
        19 22 14 19 | sl_to_be | mask 100001, refused
        ",
    );
    // A stop that the trail has brought to the very price is no reason to move it there.
    story(
        &default(),
        "
        before      | buy      |
        0 4 -4 0    |          | long at 1
        1 9 1 9     | trail_on | mask 100110, done, stop 0
        9 13 5 10   | sl_to_be | mask 100001, refused, stop 1
        10 12 9 10  |          |
        ",
    );
    let settings = SimSettings {
        be_offset_ticks: 5,
        ..default()
    };
    story(
        &settings,
        "
        before     | buy      |
        0 4 -4 0   |          | long at 1
        0 6 -2 6   | sl_to_be | mask 100010, refused
        6 10 2 7   | sl_to_be | mask 100110, done, stop 6
        7 11 7 9   |          |
        ",
    );
}

#[test]
fn the_trail_is_switched_on_in_profit_and_off_at_any_time() {
    story(
        &default(),
        "
        before     | buy       |
        0 4 -4 1   | trail_on  | long at 1, mask 100000, refused
        1 5 -3 2   | trail_on  | mask 100010, done, stop -6
        2 6 -2 0   | trail_off | mask 100001, done, stop -6
        0 4 -4 0   | trail_off | mask 100000, refused
        ",
    );
}

#[test]
fn phase_1_knows_entries_only() {
    let settings = SimSettings {
        phase: 1,
        ..default()
    };
    let l = story(
        &settings,
        "
        before     | buy      |
        0 4 -4 2   | trail_on | mask 100000, refused
        2 22 2 20  | sl_to_be | mask 100000, refused
        20 37 15 30 | buy     | target at 37, mask 111000, done
        ",
    );
    assert_eq!(l.rejected, 2);
}

#[test]
fn bars_outside_every_session_have_a_row_and_nothing_else() {
    // 17:30, and Saturday the 9th.
    let settings = SimSettings {
        entry_start: "18:00".parse().unwrap(),
        entry_end: "17:00".parse().unwrap(),
        ..default()
    };
    let l = story(
        &settings,
        "
        16:58 0 4 -4 0      |     |
        17:30 0 4 -4 0      | buy | mask 100000, refused
        09 12:00 0 4 -4 0   | buy | mask 100000, refused
        10 17:59 0 4 -4 0   | buy | mask 100000, refused
        10 18:00 0 4 -4 0   | buy | mask 111000, done
        10 18:01 0 4 -4 0   |     | long at 1
        ",
    );
    assert_eq!(l.rows.len(), QUIET + 6);
}

#[test]
fn an_entry_is_never_decided_across_the_halt() {
    let settings = SimSettings {
        entry_start: "18:00".parse().unwrap(),
        entry_end: "17:00".parse().unwrap(),
        min_bars_to_flat: 1,
        ..default()
    };
    story(
        &settings,
        "
        16:57 0 4 -4 0      |     | mask 111000
        16:58 0 4 -4 0      | buy | mask 100000, refused
        16:59 0 4 -4 0      | buy | mask 100000, refused
        18:00 0 4 -4 0      | buy | mask 111000, done
        18:01 0 4 -4 0      |     | long at 1
        ",
    );
}
