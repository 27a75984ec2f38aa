//! Edges that a rule may miss by one: a touch, a second, a bar, and which of equals is named.

use super::pass_chance::{ChanceSettings, PassChance, pass_chance};
use super::{LedgerView, Outcome, Report, RuleSet, Status, check};
use crate::metrics::planted::Plant;
use crate::sim::Side;
use crate::units::Usd;

fn rules(id: &str, changes: &[(&str, &str)]) -> RuleSet {
    let mut text = RuleSet::builtin(id).unwrap().to_toml().unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{id} has no {from}");
        text = text.replace(from, to);
    }
    RuleSet::parse(&text).unwrap()
}

fn judge(rules: &RuleSet, plant: Plant) -> Report {
    check(rules, &LedgerView::from(&plant.ledger()))
}

fn shipped(id: &str, plant: Plant) -> Report {
    judge(&RuleSet::builtin(id).unwrap(), plant)
}

fn seen(report: &Report, id: &str) -> (Status, Option<String>) {
    let c = report.check(id).unwrap();
    (c.status, c.time.clone())
}

fn at(time: &str) -> Option<String> {
    Some(time.to_owned())
}

const fn usd(dollars: i64) -> Usd {
    Usd::whole(dollars)
}

const A: &str = "2024-03-04T15:00:00Z";
const B: &str = "2024-03-04T15:01:00Z";
const C: &str = "2024-03-04T15:02:00Z";

#[test]
fn of_two_bars_equally_bad_the_first_is_named() {
    let low = [usd(49_000), usd(50_000), usd(48_000)];
    let plant = Plant::new(50_000)
        .bar(A, usd(50_000), low, 1)
        .bar(B, usd(50_000), low, 1);
    let r = shipped("apex-50k-seed", plant);
    assert_eq!(r.strict_drawdown.time, at(A));
    assert_eq!(r.firm_drawdown.time, at(A));
    let low = [usd(49_000), usd(50_000), usd(49_000)];
    let plant = Plant::new(50_000)
        .bar(A, usd(50_000), low, 1)
        .bar(B, usd(50_000), low, 1);
    let r = shipped("topstep-50k", plant);
    assert_eq!(seen(&r, "daily_loss"), (Status::Warning, at(A)));
}

#[test]
fn a_floor_may_follow_the_equity_at_the_end_of_the_day() {
    // The day ends with 900 open; the next one falls to where only the equity's floor stands.
    let plant = || {
        Plant::new(50_000)
            .bar(A, usd(50_000), [usd(50_900), usd(50_900), usd(50_000)], 1)
            .bar(
                "2024-03-05T15:00:00Z",
                usd(50_000),
                [usd(48_950), usd(50_900), usd(48_900)],
                1,
            )
    };
    let equity = rules(
        "topstep-50k",
        &[("basis = \"eod_balance\"", "basis = \"eod_equity\"")],
    );
    let fell = "2024-03-05T15:00:00Z";
    assert_eq!(judge(&equity, plant()).breach, at(fell));
    assert_eq!(shipped("topstep-50k", plant()).breach, None);
}

#[test]
fn a_position_is_late_from_the_very_second_of_the_deadline_on() {
    // No trade tells of it: the bars alone must. 20:57 UTC is 16:57 in New York in summer.
    let held = |times: &[&str]| {
        let flat = [usd(50_000); 3];
        let bars = times
            .iter()
            .fold(Plant::new(50_000), |p, t| p.bar(t, usd(50_000), flat, 1));
        shipped("apex-50k-seed", bars)
    };
    let r = held(&["2024-07-11T20:56:00Z", "2024-07-11T20:57:00Z"]);
    let c = r.check("flat_by").unwrap();
    assert_eq!((c.status, c.room), (Status::Pass, Some(60.0)));
    assert_eq!(c.time, at("2024-07-11T20:57:00Z"));
    let r = held(&[
        "2024-07-11T20:57:00Z",
        "2024-07-11T20:58:00Z",
        "2024-07-11T20:59:00Z",
    ]);
    let c = r.check("flat_by").unwrap();
    assert_eq!(
        (c.status, c.time.clone()),
        (Status::Fail, at("2024-07-11T20:58:00Z"))
    );
}

#[test]
fn bars_alone_show_a_position_that_outlives_its_day() {
    let flat = [usd(50_000); 3];
    let bar = |p: Plant, t: &str, position| p.bar(t, usd(50_000), flat, position);
    // In the middle of the ledger, at its end, and outside every session.
    let next = "2024-03-05T15:00:00Z";
    let p = bar(bar(bar(Plant::new(50_000), A, 1), B, 1), next, 0);
    assert_eq!(
        seen(&shipped("apex-50k-seed", p), "overnight"),
        (Status::Fail, at(B))
    );
    let p = bar(bar(Plant::new(50_000), A, 0), B, 1);
    let r = shipped("apex-50k-seed", p);
    assert_eq!(seen(&r, "overnight"), (Status::Fail, at(B)));
    let words = &r.check("overnight").unwrap().detail;
    assert!(words.contains("last bar of the ledger"), "{words}");
    let halt = "2024-03-04T22:30:00Z";
    let p = bar(bar(Plant::new(50_000), A, 0), halt, 1);
    let p = bar(p, "2024-03-04T22:31:00Z", 0);
    assert_eq!(
        seen(&shipped("apex-50k-seed", p), "overnight"),
        (Status::Fail, at(halt))
    );
}

#[test]
fn the_open_loss_is_measured_by_the_profit_at_the_start_of_its_own_day() {
    // +2 000 after the first day: 750 are allowed on the second, whatever it ends with.
    let (b, c) = ("2024-03-05T15:00:00Z", "2024-03-05T15:01:00Z");
    let plant = Plant::new(50_000)
        .trade(Side::Long, A, A, 2_000)
        .row(A, 52_000)
        .trade(Side::Long, b, b, 2_000)
        .with(|t| t.mae = usd(751))
        .row(b, 54_000)
        .row(c, 54_000);
    let r = shipped("apex-legacy-50k-funded", plant);
    assert_eq!(seen(&r, "mae").0, Status::Warning);
    assert_eq!(r.check("mae").unwrap().limit, Some(750.0));
}

#[test]
fn nothing_after_the_breach_makes_profit() {
    // The breach bar's own balance reaches the target, and a later bar of that day does.
    let plant = |balance| {
        Plant::new(50_000)
            .trade(Side::Long, A, A, 1_000)
            .row(A, 51_000)
            .bar(
                "2024-03-05T15:00:00Z",
                usd(balance),
                [usd(balance), usd(balance), usd(47_000)],
                1,
            )
            .row("2024-03-05T15:01:00Z", 60_000)
    };
    let r = shipped("topstep-50k", plant(53_000));
    assert_eq!(r.breach, at("2024-03-05T15:00:00Z"));
    assert_eq!(r.target_reached, None);
    let r = shipped("topstep-50k", plant(51_000));
    let c = r.check("consistency").unwrap();
    assert_eq!((c.status, c.worst), (Status::Warning, Some(1.0)));
}

#[test]
fn a_day_counts_from_exactly_its_least_profit_on() {
    let rules = rules(
        "apex-50k-seed",
        &[("minimum = 7", "minimum = 1\nminimum_profit = 50.0")],
    );
    for (net, days) in [(49, 0), (50, 1)] {
        let plant = Plant::new(50_000)
            .trade(Side::Long, A, A, net)
            .row(A, 50_000 + net);
        let r = judge(&rules, plant);
        assert_eq!(r.trading_days, days, "{net}");
    }
}

#[test]
fn a_trade_whose_net_is_not_its_gross_less_its_costs_fails() {
    let plant = |off: i64| {
        Plant::new(50_000)
            .trade(Side::Long, A, A, 10)
            .with(|t| t.commission += Usd(off))
            .row(A, 50_010)
    };
    let status = |off| seen(&shipped("apex-50k-seed", plant(off)), "balance_identity").0;
    assert_eq!(status(0), Status::Pass);
    assert_eq!(status(1), Status::Fail);
}

#[test]
fn a_position_too_large_shows_in_the_bars_though_no_trade_has_it() {
    let flat = [usd(50_000); 3];
    let plant = |n| {
        Plant::new(50_000)
            .bar(A, usd(50_000), flat, n)
            .bar(B, usd(50_000), flat, 0)
            .trade(Side::Long, A, B, 0)
            .row(C, 50_000)
    };
    let size = |n| seen(&shipped("apex-50k-seed", plant(n)), "size");
    assert_eq!(size(1).0, Status::Pass);
    assert_eq!(size(-2), (Status::Fail, at(A)));
}

#[test]
fn exactly_ten_seconds_and_exactly_half_are_not_enough() {
    let held = |ends: &[&str]| {
        let trade = |p: Plant, end: &&str| p.trade(Side::Long, A, end, 0);
        let plant = ends.iter().fold(Plant::new(50_000), trade);
        seen(
            &shipped("tradeify-50k", plant.row(C, 50_000)),
            "minimum_hold",
        )
        .0
    };
    let ten = "2024-03-04T15:00:10Z";
    let eleven = "2024-03-04T15:00:11Z";
    assert_eq!(held(&[ten]), Status::Unknown, "bars say no more");
    assert_eq!(held(&[eleven]), Status::Pass);
    assert_eq!(held(&[eleven, ten]), Status::Unknown, "half are certain");
    assert_eq!(held(&[eleven, eleven, ten]), Status::Pass);
}

/// One trade on each of these days, with this profit, all in one bar.
fn chance_of(rules: &RuleSet, days: &[(&str, i64)]) -> PassChance {
    let mut balance = 50_000;
    let mut plant = Plant::new(50_000);
    for (day, net) in days {
        let t = format!("{day}T15:00:00Z");
        balance += net;
        plant = plant
            .trade(Side::Long, &t, &t, *net)
            .row(&t, balance)
            .with_row(|r| r.floor = Usd::ZERO);
    }
    let settings = ChanceSettings {
        paths: 200,
        ..ChanceSettings::default()
    };
    pass_chance(rules, &LedgerView::from(&plant.ledger()), &settings).unwrap()
}

#[test]
fn an_account_passes_on_the_very_dollar_and_the_very_last_day() {
    let started = |c: &PassChance, o| c.starts.of(o).map_or(0, |s| s.count);
    let simple = |days: u32| {
        rules(
            "myfundedfutures-50k",
            &[
                (
                    "minimum = 2",
                    &format!("minimum = 1\nmaximum_calendar = {days}"),
                ),
                ("max_share = 0.5", "max_share = 1.0"),
            ],
        )
    };
    // Monday and Tuesday bring exactly the 3 000; the second start begins on Tuesday.
    let days = [("2024-03-04", 1_500), ("2024-03-05", 1_500)];
    for (limit, want) in [
        (2, [Outcome::Passed, Outcome::Open]),
        (1, [Outcome::OutOfTime, Outcome::Open]),
    ] {
        let c = chance_of(&simple(limit), &days);
        for o in want {
            assert_eq!(started(&c, o), 1, "{o:?} within {limit}");
        }
    }
    let short = [("2024-03-04", 1_500), ("2024-03-05", 1_499)];
    assert_eq!(started(&chance_of(&simple(2), &short), Outcome::Passed), 0);
}

#[test]
fn half_days_that_count_as_one_make_no_second_day_of_a_start() {
    // Thanksgiving, the Friday after it and Monday are one day: two are there only on Tuesday.
    let days = [
        ("2024-11-28", 1_000),
        ("2024-11-29", 1_000),
        ("2024-12-02", 1_000),
        ("2024-12-03", 1_000),
    ];
    let two = rules("apex-legacy-50k", &[("minimum = 7", "minimum = 2")]);
    let c = chance_of(&two, &days);
    let passed = c.starts.days_to_pass.as_ref().unwrap();
    assert_eq!(passed.mean, (4.0 + 3.0) / 2.0);
}

#[test]
fn a_daily_limit_that_is_met_to_the_cent_ends_the_day_of_a_path() {
    // Down to exactly the limit in a bar and up again: the firm has closed the position there.
    let rules = rules("topstep-50k", &[("\"blocks_payout\"", "\"warning\"")]);
    let passed = |worst: Usd| {
        let plant = Plant::new(50_000)
            .bar(A, usd(50_000), [usd(50_000), usd(50_000), worst], 1)
            .trade(Side::Long, A, B, 3_000)
            .row(B, 53_000)
            .with_row(|r| r.floor = Usd::ZERO);
        let settings = ChanceSettings {
            paths: 10,
            ..ChanceSettings::default()
        };
        let c = pass_chance(&rules, &LedgerView::from(&plant.ledger()), &settings).unwrap();
        c.starts.of(Outcome::Passed).map_or(0, |s| s.count)
    };
    assert_eq!(passed(usd(49_000) + Usd(1)), 1);
    assert_eq!(passed(usd(49_000)), 0);
}

#[test]
fn a_block_takes_sessions_in_their_order() {
    // With one endless block two days of 1 600 are a day without a trade apart.
    let rules = rules("topstep-50k", &[("\"blocks_payout\"", "\"warning\"")]);
    let idle = "2024-03-05T15:00:00Z";
    let plant = Plant::new(50_000)
        .trade(Side::Long, A, A, 1_600)
        .row(A, 51_600)
        .row(idle, 51_600)
        .with_row(|r| r.floor = Usd::ZERO);
    let settings = ChanceSettings {
        paths: 100,
        block: Some(1e12),
        ..ChanceSettings::default()
    };
    let c = pass_chance(&rules, &LedgerView::from(&plant.ledger()), &settings).unwrap();
    assert_eq!(c.paths.share(Outcome::Passed), 1.0);
    let days = c.paths.days_to_pass.unwrap();
    assert_eq!((days.p10, days.p90), (3.0, 4.0));
}
