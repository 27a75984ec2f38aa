//! Planted ledgers: one fault each, at, over and under the limit.

use super::*;
use crate::metrics::planted::Plant;
use crate::sim::{Ledger, Side};
use crate::units::Usd;

fn judge(id: &str, plant: Plant) -> Report {
    let rules = RuleSet::builtin(id).unwrap();
    let ledger: Ledger = plant.ledger();
    check(&rules, &LedgerView::from(&ledger))
}

fn status(report: &Report, id: &str) -> Status {
    report.check(id).unwrap().status
}

const fn usd(dollars: i64) -> Usd {
    Usd::whole(dollars)
}

/// Seven days in March 2024, over the change of the clocks, a trade of +10 on each.
fn seven_days() -> Plant {
    let mut plant = Plant::new(50_000);
    let mut balance = 50_000;
    for day in ["04", "05", "06", "07", "08", "11", "12"] {
        let (a, b) = (
            format!("2024-03-{day}T15:00:00Z"),
            format!("2024-03-{day}T15:01:00Z"),
        );
        plant = plant
            .bar(
                &a,
                usd(balance),
                [usd(balance + 5), usd(balance + 9), usd(balance - 50)],
                1,
            )
            .trade(Side::Long, &a, &b, 10);
        balance += 10;
        plant = plant.bar(
            &b,
            usd(balance),
            [usd(balance), usd(balance + 40), usd(balance - 10)],
            0,
        );
    }
    plant
}

#[test]
fn a_clean_ledger_passes_with_its_figures() {
    let r = judge("apex-50k-seed", seven_days());
    for c in &r.checks {
        assert!(
            matches!(c.status, Status::Pass | Status::NotApplicable),
            "{c:?}"
        );
    }
    assert_eq!(
        (r.verdict, r.trading_days, r.ambiguous_bars),
        (Status::Pass, 7, 0)
    );
    assert_eq!(
        (r.breach.as_deref(), r.target_reached.as_deref()),
        (None, None)
    );
    // Peak 50 050 on the first day; worst is 50 bare dollars under the balance of the second.
    assert_eq!(r.strict_drawdown.worst, Some(90.0));
    assert_eq!(r.firm_drawdown.room, Some(2_410.0));
    assert_eq!(r.firm_drawdown.worst, Some(90.0));
    let failing: Vec<_> = r.research.iter().map(|c| (c.id, c.status)).collect();
    assert!(failing.contains(&("trades", Status::Fail)), "{failing:?}");
    assert!(failing.contains(&("degradation", Status::Unknown)));
}

#[test]
fn an_empty_ledger_is_unknown_and_never_passes() {
    let r = judge("apex-50k-seed", Plant::new(50_000));
    assert_eq!(r.verdict, Status::Unknown);
    assert_eq!(r.firm_drawdown.worst, None);
}

#[test]
fn the_floor_counts_a_touch_and_forgives_a_hundredth_of_a_cent() {
    for (worst, breach) in [
        (Usd(475_000_001), false),
        (Usd(475_000_000), true),
        (Usd(474_999_999), true),
    ] {
        let plant = Plant::new(50_000)
            .bar(
                "2024-03-04T15:00:00Z",
                usd(50_000),
                [usd(49_000), usd(50_000), worst],
                1,
            )
            .trade(
                Side::Long,
                "2024-03-04T15:00:00Z",
                "2024-03-04T15:01:00Z",
                -1_000,
            )
            .row("2024-03-04T15:01:00Z", 49_000);
        let r = judge("apex-legacy-50k", plant);
        let want = if breach { Status::Fail } else { Status::Pass };
        assert_eq!(status(&r, "firm_drawdown"), want, "{worst}");
        assert_eq!(r.breach.is_some(), breach);
        assert_eq!(status(&r, "strict_drawdown"), Status::NotApplicable);
    }
}

#[test]
fn the_strict_drawdown_has_an_amber_band_and_no_lock() {
    // Peak 60 000: the firm's floor is locked at 50 100, so only the strict limit is near.
    for (fall, want) in [
        (Usd(21_999_999), Status::Pass),
        (usd(2_200), Status::Warning),
        (Usd(24_999_999), Status::Warning),
        (usd(2_500), Status::Fail),
    ] {
        let plant = Plant::new(50_000).bar(
            "2024-03-04T15:00:00Z",
            usd(50_000),
            [usd(59_000), usd(60_000), usd(60_000) - fall],
            1,
        );
        let r = judge("apex-50k-seed", plant);
        assert_eq!(r.strict_drawdown.status, want, "{fall}");
        assert_eq!(r.firm_drawdown.status, Status::Pass);
    }
}

#[test]
fn ambiguous_bars_fail_and_are_listed() {
    let plant = Plant::new(50_000).bar(
        "2024-03-04T15:00:00Z",
        usd(50_000),
        [usd(48_000), usd(50_100), usd(47_600)],
        1,
    );
    let ledger = plant.ledger();
    let rules = RuleSet::builtin("apex-50k-seed").unwrap();
    let r = check(&rules, &LedgerView::from(&ledger));
    assert_eq!(r.ambiguous_times, ["2024-03-04T15:00:00Z"]);
    assert_eq!((r.verdict, r.ambiguous_bars), (Status::Fail, 1));
    let kinder = CheckSettings {
        order: BarOrder::WorstFirst,
        ..CheckSettings::default()
    };
    let r = check_with(&rules, &LedgerView::from(&ledger), &kinder);
    assert_eq!(r.firm_drawdown.status, Status::Pass);
    assert_eq!(
        (status(&r, "ambiguous_bars"), r.ambiguous_bars),
        (Status::Warning, 1)
    );
}

#[test]
fn balances_that_the_trades_do_not_explain_fail() {
    let r = judge(
        "apex-50k-seed",
        Plant::new(50_000).row("2024-03-04T15:00:00Z", 50_001),
    );
    let c = r.check("balance_identity").unwrap();
    assert_eq!((c.status, c.worst), (Status::Fail, Some(1.0)));
    // A cent in a later bar.
    let one_cent = seven_days().with_row(|row| row.balance += Usd(100));
    assert_eq!(
        status(&judge("apex-50k-seed", one_cent), "balance_identity"),
        Status::Fail
    );
    // An account that began elsewhere.
    let r = judge(
        "apex-50k-seed",
        Plant::new(100_000).row("2024-03-04T15:00:00Z", 100_000),
    );
    assert_eq!(status(&r, "balance_identity"), Status::Fail);
    // A trade that no bar shows.
    let late = seven_days().trade(
        Side::Long,
        "2024-03-12T15:02:00Z",
        "2024-03-12T15:03:00Z",
        0,
    );
    assert_eq!(
        status(&judge("apex-50k-seed", late), "balance_identity"),
        Status::Fail
    );
    // A forced trade is part of the balance, but makes no trading day.
    let forced = seven_days().with(|t| t.forced = true);
    let r = judge("apex-50k-seed", forced);
    assert_eq!(status(&r, "balance_identity"), Status::Pass);
    assert_eq!(
        (r.trading_days, status(&r, "trading_days")),
        (6, Status::Fail)
    );
}

#[test]
fn a_floor_of_another_rule_is_noticed_on_an_intraday_basis_only() {
    let other = || seven_days().with_row(|row| row.floor += Usd(1));
    assert_eq!(
        status(&judge("apex-50k-seed", other()), "floor_column"),
        Status::Fail
    );
    assert_eq!(
        status(&judge("topstep-50k", other()), "floor_column"),
        Status::NotApplicable
    );
}

/// A position held over one bar that opens at this time, closed in the next.
fn held_at(open: &str, exit: &str) -> Report {
    let plant = Plant::new(50_000)
        .bar(open, usd(50_000), [usd(50_000); 3], 1)
        .row(exit, 50_000)
        .trade(Side::Long, open, exit, 0);
    judge("apex-50k-seed", plant)
}

#[test]
fn flat_by_is_known_by_the_clock_in_winter_summer_and_at_early_closes() {
    for (open, exit, want, why) in [
        (
            "2024-03-08T21:57:00Z",
            "2024-03-08T21:58:00Z",
            Status::Pass,
            "closed in the bar to 16:59",
        ),
        (
            "2024-03-08T21:58:00Z",
            "2024-03-08T21:59:00Z",
            Status::Fail,
            "open at 16:59 in winter",
        ),
        (
            "2024-03-11T20:57:00Z",
            "2024-03-11T20:58:00Z",
            Status::Pass,
            "on time in summer",
        ),
        (
            "2024-03-11T20:58:00Z",
            "2024-03-11T20:59:00Z",
            Status::Fail,
            "open at 16:59 in summer",
        ),
        (
            "2024-11-29T18:12:00Z",
            "2024-11-29T18:13:00Z",
            Status::Pass,
            "13:14 before a 13:15 close",
        ),
        (
            "2024-11-29T18:13:00Z",
            "2024-11-29T18:14:00Z",
            Status::Fail,
            "open at 13:14",
        ),
        (
            "2024-11-28T17:57:00Z",
            "2024-11-28T17:58:00Z",
            Status::Pass,
            "12:59 before a 13:00 close",
        ),
        (
            "2024-11-28T17:58:00Z",
            "2024-11-28T17:59:00Z",
            Status::Fail,
            "open at 12:59",
        ),
        (
            "2024-03-09T15:00:00Z",
            "2024-03-09T15:01:00Z",
            Status::Fail,
            "a Saturday",
        ),
    ] {
        assert_eq!(status(&held_at(open, exit), "flat_by"), want, "{why}");
    }
}

#[test]
fn missing_bars_do_not_hide_a_late_position() {
    // No bar between 16:50 and 17:01; the trade ends in a bar that opens after the deadline.
    let r = held_at("2024-03-08T21:49:00Z", "2024-03-08T21:59:00Z");
    assert_eq!(status(&r, "flat_by"), Status::Fail);
    assert_eq!(r.check("flat_by").unwrap().trade, Some(1));
    // Entered and closed inside one late bar: no row shows a position.
    let late = Plant::new(50_000)
        .row("2024-03-08T21:59:00Z", 50_000)
        .trade(
            Side::Long,
            "2024-03-08T21:59:00Z",
            "2024-03-08T21:59:00Z",
            0,
        );
    assert_eq!(
        status(&judge("apex-50k-seed", late), "flat_by"),
        Status::Fail
    );
    // The file ends, or the day does, with the position open.
    for next in ["2024-03-08T21:51:00Z", "2024-03-11T15:00:00Z"] {
        let r = held_at("2024-03-08T21:50:00Z", next);
        let want = if next.starts_with("2024-03-11") {
            Status::Fail
        } else {
            Status::Pass
        };
        assert_eq!(status(&r, "overnight"), want);
    }
    let open_end = Plant::new(50_000).bar("2024-03-08T20:00:00Z", usd(50_000), [usd(50_000); 3], 1);
    assert_eq!(
        status(&judge("apex-50k-seed", open_end), "overnight"),
        Status::Fail
    );
}

#[test]
fn a_rule_sets_own_time_on_early_close_days_counts() {
    let at = |open: &str, exit: &str| {
        let plant = Plant::new(50_000)
            .bar(open, usd(50_000), [usd(50_000); 3], 1)
            .row(exit, 50_000)
            .trade(Side::Long, open, exit, 0);
        status(&judge("tradeify-50k", plant), "flat_by")
    };
    assert_eq!(
        at("2024-11-29T17:57:00Z", "2024-11-29T17:58:00Z"),
        Status::Pass
    );
    assert_eq!(
        at("2024-11-29T17:58:00Z", "2024-11-29T17:59:00Z"),
        Status::Fail
    );
    assert_eq!(
        at("2024-11-27T18:30:00Z", "2024-11-27T18:31:00Z"),
        Status::Pass,
        "a full day"
    );
}

#[test]
fn size_is_counted_in_minis_and_unknown_without_a_market() {
    use crate::market::Instruments;
    let sized = |symbol: Option<&str>, contracts: i32| {
        let rules = RuleSet::builtin("apex-50k-seed").unwrap();
        let ledger = seven_days().with(|t| t.contracts = contracts).ledger();
        let table = Instruments::builtin();
        let mut view = LedgerView::from(&ledger);
        // The rows still show one contract, so only the trade decides for the mini.
        let rows: Vec<_> = ledger
            .rows
            .iter()
            .map(|r| {
                let mut r = *r;
                r.position = 0;
                r.equity_close = r.balance;
                r
            })
            .collect();
        let trades: Vec<_> = ledger
            .trades
            .iter()
            .cloned()
            .map(|mut t| {
                t.contracts = contracts;
                t
            })
            .collect();
        view.rows = &rows;
        view.trades = &trades;
        view.instrument = symbol.map(|s| table.get(s).unwrap());
        let r = check(&rules, &view);
        (status(&r, "size"), r.verdict)
    };
    assert_eq!(sized(Some("NQ"), 1).0, Status::Pass);
    assert_eq!(sized(Some("NQ"), 2).0, Status::Fail);
    assert_eq!(sized(Some("MNQ"), 4).0, Status::Fail);
    assert_eq!(sized(Some("MNQ"), 5).0, Status::Pass);
    assert_eq!(sized(Some("MNQ"), 10).0, Status::Pass);
    assert_eq!(sized(Some("MNQ"), 11).0, Status::Fail);
    assert_eq!(sized(None, 1), (Status::Unknown, Status::Unknown));
}

#[test]
fn size_grows_with_the_end_of_day_balance_for_good() {
    let plant = |entry: &str, balances: &[(&str, i64)]| {
        let mut plant = Plant::new(50_000);
        for (t, b) in balances {
            plant = plant.row(t, *b);
        }
        plant
            .trade(Side::Long, entry, entry, 0)
            .with(|t| t.contracts = 6)
    };
    let balances = [
        ("2024-03-04T15:00:00Z", 52_600),
        ("2024-03-05T15:00:00Z", 52_601),
        ("2024-03-06T15:00:00Z", 51_000),
        ("2024-03-07T15:00:00Z", 51_000),
    ];
    for (entry, want) in [
        ("2024-03-05T15:00:00Z", Status::Fail),
        ("2024-03-06T15:00:00Z", Status::Pass),
        ("2024-03-07T15:00:00Z", Status::Pass),
    ] {
        let r = judge("apex-legacy-50k-funded", plant(entry, &balances));
        assert_eq!(status(&r, "size"), want, "{entry}");
    }
}

#[test]
fn the_daily_loss_counts_from_the_balance_of_the_day_and_pauses() {
    for (worst, want) in [
        (Usd(490_000_001), Status::Pass),
        (Usd(490_000_000), Status::Warning),
    ] {
        // The day before lost 900: that is another day's.
        let plant = Plant::new(50_000)
            .row("2024-03-04T15:00:00Z", 49_100)
            .row("2024-03-05T15:00:00Z", 50_000)
            .bar(
                "2024-03-06T15:00:00Z",
                usd(50_000),
                [usd(49_500), usd(51_000), worst],
                1,
            );
        let r = judge("topstep-50k", plant);
        assert_eq!(status(&r, "daily_loss"), want, "{worst}");
    }
}

#[test]
fn consistency_knows_whether_exactly_the_share_is_too_much() {
    let days = |id: &str, first: i64, rest: i64| {
        let mut plant = Plant::new(50_000);
        let (a, b) = ("2024-03-04T15:00:00Z", "2024-03-05T15:00:00Z");
        plant = plant
            .trade(Side::Long, a, a, first)
            .row(a, 50_000 + first)
            .trade(Side::Long, b, b, rest)
            .row(b, 50_000 + first + rest);
        status(&judge(id, plant), "consistency")
    };
    assert_eq!(
        days("takeprofittrader-50k", 2_000, 2_001),
        Status::Warning,
        "2 001 of 4 001"
    );
    assert_eq!(
        days("takeprofittrader-50k", 2_000, 2_000),
        Status::Warning,
        "exactly half"
    );
    assert_eq!(
        days("myfundedfutures-50k", 2_000, 2_000),
        Status::Pass,
        "exactly half"
    );
    assert_eq!(days("myfundedfutures-50k", 2_001, 2_000), Status::Warning);
    assert_eq!(
        days("topstep-50k", -100, 50),
        Status::NotApplicable,
        "no profit"
    );
    assert_eq!(
        days("apex-50k-seed", 100, 50),
        Status::NotApplicable,
        "no such rule"
    );
}

#[test]
fn two_thousand_of_four_thousand_and_one_passes() {
    let mut plant = Plant::new(50_000);
    let mut balance = 50_000;
    for (day, pnl) in [("04", 2_000), ("05", 1_000), ("06", 1_001)] {
        let t = format!("2024-03-{day}T15:00:00Z");
        balance += pnl;
        plant = plant.trade(Side::Long, &t, &t, pnl).row(&t, balance);
    }
    let r = judge("takeprofittrader-50k", plant);
    assert_eq!(status(&r, "consistency"), Status::Pass);
    assert_eq!(status(&r, "profit_target"), Status::Pass);
    assert_eq!(
        r.target_reached.as_deref(),
        Some("2024-03-05T15:00:00Z"),
        "exactly 3 000"
    );
}

#[test]
fn a_target_after_the_breach_does_not_count() {
    let (a, b) = ("2024-03-04T15:00:00Z", "2024-03-05T15:00:00Z");
    let plant = Plant::new(50_000)
        .trade(Side::Long, a, a, -2_500)
        .row(a, 47_500)
        .trade(Side::Long, b, b, 9_000)
        .row(b, 56_500);
    let r = judge("apex-legacy-50k", plant);
    assert_eq!(r.breach.as_deref(), Some(a));
    assert_eq!(
        (r.target_reached.clone(), status(&r, "profit_target")),
        (None, Status::Warning)
    );
    assert_eq!(r.verdict, Status::Fail);
}

#[test]
fn the_time_limit_is_counted_in_calendar_days() {
    let ends = |last: &str, balance: i64| {
        let plant = Plant::new(50_000)
            .row("2024-03-04T15:00:00Z", 50_000)
            .trade(Side::Long, last, last, balance - 50_000)
            .row(last, balance);
        status(&judge("apex-2026-50k-eod", plant), "calendar_days")
    };
    assert_eq!(ends("2024-04-02T15:00:00Z", 53_000), Status::Pass, "day 30");
    assert_eq!(ends("2024-04-03T15:00:00Z", 53_000), Status::Fail, "day 31");
    assert_eq!(
        ends("2024-04-02T15:00:00Z", 50_000),
        Status::Pass,
        "time is left"
    );
}

#[test]
fn open_losses_warn_in_funded_accounts_only() {
    let (a, b) = ("2024-03-04T15:00:00Z", "2024-03-05T15:00:00Z");
    let plant = |mae: Usd| {
        Plant::new(50_000)
            .trade(Side::Long, a, a, 4_000)
            .row(a, 54_000)
            .trade(Side::Long, b, b, 0)
            .with(|t| t.mae = mae)
            .row(b, 54_000)
    };
    let funded = |mae| status(&judge("apex-legacy-50k-funded", plant(mae)), "mae");
    assert_eq!(funded(usd(1_200)), Status::Pass);
    assert_eq!(funded(usd(1_200) + Usd(1)), Status::Warning);
    let seed = judge("apex-50k-seed", plant(usd(2_000)));
    assert_eq!(status(&seed, "mae"), Status::NotApplicable);
}

#[test]
fn stops_and_targets_are_compared_at_five_to_one() {
    let planned = |stop: i32| {
        let plant = seven_days().with(|t| {
            t.stop_initial = t.entry_price - stop;
            t.target_initial = t.entry_price + 100;
        });
        status(&judge("apex-legacy-50k-funded", plant), "risk_reward")
    };
    assert_eq!(
        (planned(500), planned(501)),
        (Status::Pass, Status::Warning)
    );
}

#[test]
fn holding_times_within_a_bar_are_unknown() {
    let same_bar = Plant::new(50_000)
        .row("2024-03-04T15:00:00Z", 50_000)
        .trade(
            Side::Long,
            "2024-03-04T15:00:00Z",
            "2024-03-04T15:00:00Z",
            0,
        );
    assert_eq!(
        status(&judge("tradeify-50k", same_bar), "minimum_hold"),
        Status::Unknown
    );
    assert_eq!(
        status(&judge("tradeify-50k", seven_days()), "minimum_hold"),
        Status::Pass
    );
}

#[test]
fn rows_that_contradict_themselves_fail() {
    for change in [
        |r: &mut crate::sim::EquityRow| r.equity_worst = r.equity_close + Usd(1),
        |r: &mut crate::sim::EquityRow| r.equity_best = r.equity_close - Usd(1),
        |r: &mut crate::sim::EquityRow| r.time = 0,
        |r: &mut crate::sim::EquityRow| r.equity_close = r.balance - Usd(1),
    ] {
        let r = judge("apex-50k-seed", seven_days().with_row(change));
        assert_eq!(status(&r, "row_order"), Status::Fail);
        assert_eq!(r.verdict, Status::Fail);
    }
}

#[test]
fn the_report_has_the_names_that_others_rely_on() {
    let json = serde_json::to_value(judge("apex-50k-seed", seven_days())).unwrap();
    assert_eq!(json["verdict"], "pass");
    assert_eq!(json["ruleset"]["id"], "apex-50k-seed");
    assert_eq!(json["ruleset"]["verified_on"], "2026-11-01");
    for key in ["id", "status", "limit", "worst", "room", "time", "detail"] {
        assert!(json["checks"][0].get(key).is_some(), "{key}");
    }
    assert_eq!(json["strict_drawdown"]["limit"], 2_500.0);
    assert_eq!(json["firm_drawdown"]["status"], "pass");
    assert_eq!(
        (
            json["ambiguous_bars"].as_u64(),
            json["trading_days"].as_u64()
        ),
        (Some(0), Some(7))
    );
    assert!(json["checks"].as_array().unwrap().iter().any(|c| c["id"] == "automation"
        && c["detail"].as_str().unwrap().contains("prohibits")));
}

#[test]
fn columns_that_are_not_there_are_unknown_and_never_pass() {
    let ledger = seven_days().ledger();
    let seen = |id: &str, equity: &[&str], trades: &[&str], check_id: &str| {
        let names = |columns: &[&str]| columns.iter().map(|&c| c.to_owned()).collect();
        let settings = CheckSettings {
            missing_equity: names(equity),
            missing_trades: names(trades),
            ..CheckSettings::default()
        };
        let rules = RuleSet::builtin(id).unwrap();
        status(
            &check_with(&rules, &LedgerView::of(&ledger), &settings),
            check_id,
        )
    };
    let (seed, funded) = ("apex-50k-seed", "apex-legacy-50k-funded");
    assert_eq!(seen(seed, &["position"], &[], "overnight"), Status::Unknown);
    assert_eq!(seen(seed, &["position"], &[], "flat_by"), Status::Unknown);
    assert_eq!(seen(seed, &["floor"], &[], "floor_column"), Status::Unknown);
    assert_eq!(seen(funded, &[], &["mae"], "mae"), Status::Unknown);
    assert_eq!(
        seen(funded, &[], &["target_initial"], "risk_reward"),
        Status::Unknown
    );
    assert_eq!(
        seen(seed, &[], &["gross_pnl"], "balance_identity"),
        Status::Pass
    );
    let mut view = LedgerView::of(&ledger);
    view.interval_secs = 0;
    let rules = RuleSet::builtin(seed).unwrap();
    assert_eq!(status(&check(&rules, &view), "flat_by"), Status::Unknown);
}
