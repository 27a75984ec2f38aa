//! Test vectors: small ledgers with the verdict that each must get, in `tests/vectors/compliance`.
//!
//! Every folder holds a ledger as any program would write it, and `expected.json`: rule set and
//! the outcome of the checks that matter there. The outcomes are written here by hand from the
//! rules, one tick under, exactly at and one tick over each limit; nothing is copied from what
//! the check said. `HOLDOUT_WRITE_VECTORS=1` writes the folders anew.

use std::path::PathBuf;

use holdout::jobs::certificate::judge;
use holdout_core::compliance::RuleSet;
use holdout_core::market::Instruments;
use holdout_store::ledger;
use serde_json::{Value, json};

use crate::vector_ledger::{WEEK, Written, ny};

/// Name, rule set, ledger, expectations: check, status, moment.
type Vector = (
    String,
    &'static str,
    Written,
    Vec<(&'static str, &'static str, Option<String>)>,
);

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/compliance")
}

fn under_at_over(outcomes: [&'static str; 3]) -> [(&'static str, i64, &'static str); 3] {
    [
        ("under", -5, outcomes[0]),
        ("at", 0, outcomes[1]),
        ("over", 5, outcomes[2]),
    ]
}

/// What the trailing floors allow.
fn floors(all: &mut Vec<Vector>) {
    let (a, b) = (ny("2024-03-13", "11:00", 4), ny("2024-03-13", "11:01", 4));
    let c = ny("2024-03-13", "11:02", 4);
    // The week made 70; the account stands at 50 070 with a peak of 50 070, floor 47 570.
    for (word, by, outcome) in under_at_over(["pass", "fail", "fail"]) {
        let fall = 2_500 + by;
        let ledger = Written::seed()
            .days(&WEEK)
            .enter(&a, 1, 1)
            .held(&a, -100, 0, -100)
            .held(&b, -200, -100, -fall)
            .exit(&c, -200);
        all.push((
            format!("floor-intraday-{word}"),
            "apex-legacy-50k",
            ledger,
            vec![("firm_drawdown", outcome, Some(b.clone()))],
        ));
        // Unrealised 805 lift the peak to 50 875; the floor is 48 375.
        let ledger = Written::seed()
            .days(&WEEK)
            .enter(&a, 1, 1)
            .held(&a, 700, 805, 0)
            .held(&b, -1_000, 0, 805 - 2_500 - by)
            .exit(&c, -200);
        all.push((
            format!("floor-unrealised-peak-{word}"),
            "apex-legacy-50k",
            ledger,
            vec![("firm_drawdown", outcome, Some(b.clone()))],
        ));
        // A peak of 55 000 locks the floor at 50 100.
        let ledger = Written::seed()
            .days(&WEEK)
            .enter(&a, 1, 1)
            .held(&a, 4_900, 4_930, 200)
            .held(&b, 100, 4_900, 30 - by)
            .exit(&c, 100);
        all.push((
            format!("floor-locked-{word}"),
            "apex-legacy-50k",
            ledger,
            vec![("firm_drawdown", outcome, Some(b.clone()))],
        ));
        // Closes at 50 500, 50 000 and 52 500; the end-of-day floor is 50 000 from then on.
        let day = |d: &str, t: &str| ny(d, t, 5);
        let ledger = Written::new(50_000, 2_000, 0)
            .enter(&day("2024-03-04", "10:00"), 1, 1)
            .held(&day("2024-03-04", "10:00"), 0, 3_000, 0)
            .exit(&day("2024-03-04", "10:01"), 500)
            .enter(&day("2024-03-05", "10:00"), 1, 1)
            .held(&day("2024-03-05", "10:00"), 0, 0, -900)
            .exit(&day("2024-03-05", "10:01"), -500)
            .enter(&day("2024-03-06", "10:00"), 1, 1)
            .held(&day("2024-03-06", "10:00"), 0, 0, -900)
            .exit(&day("2024-03-06", "10:01"), 2_500)
            .enter(&day("2024-03-07", "10:00"), 1, 1)
            .held(&day("2024-03-07", "10:00"), -900, 0, -2_500 - by)
            .exit(&day("2024-03-07", "10:01"), -900);
        all.push((
            format!("floor-end-of-day-{word}"),
            "topstep-50k",
            ledger,
            vec![("firm_drawdown", outcome, Some(day("2024-03-07", "10:00")))],
        ));
        // Static: 99 375, whatever the peak.
        let ledger = Written::new(100_000, 625, 0)
            .enter(&a, 1, 1)
            .held(&a, 0, 5_000, 0)
            .held(&b, 0, 0, -625 - by)
            .exit(&c, 0);
        all.push((
            format!("floor-static-{word}"),
            "apex-legacy-100k-static",
            ledger,
            vec![("firm_drawdown", outcome, Some(b.clone()))],
        ));
        // The high and the low of one bar: a breach only when the high came first.
        let ledger = Written::seed()
            .days(&WEEK)
            .enter(&a, 1, 1)
            .held(&a, 0, 100, -2_400 - by)
            .exit(&b, -200);
        let listed = if outcome == "fail" { "warning" } else { "pass" };
        all.push((
            format!("ambiguous-bar-{word}"),
            "apex-50k-seed",
            ledger,
            vec![
                ("firm_drawdown", outcome, Some(a.clone())),
                (
                    "ambiguous_bars",
                    listed,
                    (outcome == "fail").then(|| a.clone()),
                ),
            ],
        ));
    }
}

/// The strict drawdown beside a locked floor.
fn strict(all: &mut Vec<Vector>) {
    let (a, b, c) = (
        ny("2024-03-13", "11:00", 4),
        ny("2024-03-13", "11:01", 4),
        ny("2024-03-13", "11:02", 4),
    );
    for (limit, outcomes) in [
        (2_200, ["pass", "warning", "warning"]),
        (2_500, ["warning", "fail", "fail"]),
    ] {
        for (word, by, outcome) in under_at_over(outcomes) {
            let ledger = Written::seed()
                .days(&WEEK)
                .enter(&a, 1, 1)
                .held(&a, 9_900, 10_000, 9_900)
                .held(&b, 9_000, 10_000, 10_000 - limit - by)
                .exit(&c, 9_000);
            all.push((
                format!("strict-{limit}-{word}"),
                "apex-50k-seed",
                ledger,
                vec![
                    ("strict_drawdown", outcome, Some(b.clone())),
                    ("firm_drawdown", "pass", None),
                ],
            ));
        }
    }
}

/// A position open after the bar that closes a minute before, at, and a minute after flat-by.
fn flat_by(all: &mut Vec<Vector>) {
    for (name, rules, date, offset, opens) in [
        (
            "winter",
            "apex-50k-seed",
            "2024-03-08",
            5,
            ["16:57", "16:58", "16:59"],
        ),
        (
            "summer",
            "apex-50k-seed",
            "2024-03-11",
            4,
            ["16:57", "16:58", "16:59"],
        ),
        (
            "autumn-change",
            "apex-50k-seed",
            "2024-11-04",
            5,
            ["16:57", "16:58", "16:59"],
        ),
        (
            "close-at-13-15",
            "apex-50k-seed",
            "2024-11-29",
            5,
            ["13:12", "13:13", "13:14"],
        ),
        (
            "close-at-13-00",
            "apex-50k-seed",
            "2024-11-28",
            5,
            ["12:57", "12:58", "12:59"],
        ),
        (
            "close-at-09-30",
            "apex-50k-seed",
            "2025-01-09",
            5,
            ["09:27", "09:28", "09:29"],
        ),
        (
            "firm-at-12-59",
            "tradeify-50k",
            "2024-11-29",
            5,
            ["12:57", "12:58", "12:59"],
        ),
        (
            "firm-at-16-10",
            "topstep-50k",
            "2024-07-10",
            4,
            ["16:08", "16:09", "16:10"],
        ),
    ] {
        for ((word, _, outcome), open) in under_at_over(["pass", "fail", "fail"])
            .into_iter()
            .zip(opens)
        {
            let (h, m) = open.split_once(':').unwrap();
            let minute = h.parse::<i64>().unwrap() * 60 + m.parse::<i64>().unwrap();
            let clock = |x: i64| ny(date, &format!("{:02}:{:02}", x / 60, x % 60), offset);
            let (first, last, exit) = (clock(minute - 10), clock(minute), clock(minute + 1));
            // The bars between are missing.
            let ledger = Written::seed()
                .flat(&clock(minute - 12))
                .flat(&clock(minute - 11))
                .enter(&first, 1, 1)
                .held(&first, 0, 0, 0)
                .held(&last, 0, 0, 0)
                .exit(&exit, 0)
                .flat(&clock(minute + 2));
            all.push((
                format!("flat-by-{name}-{word}"),
                rules,
                ledger,
                vec![("flat_by", outcome, Some(last))],
            ));
        }
    }
    // The last bars of a day are missing with a position open.
    let (a, b) = (ny("2024-03-07", "16:40", 5), ny("2024-03-08", "09:30", 5));
    all.push((
        "overnight-missing-last-bars".to_owned(),
        "apex-50k-seed",
        Written::seed()
            .flat(&ny("2024-03-07", "16:39", 5))
            .enter(&a, -1, 1)
            .held(&a, 0, 0, 0)
            .exit(&b, 0)
            .flat(&ny("2024-03-08", "09:31", 5)),
        vec![("overnight", "fail", Some(a)), ("flat_by", "fail", Some(b))],
    ));
    let a = ny("2024-03-07", "15:00", 5);
    all.push((
        "overnight-end-of-ledger".to_owned(),
        "apex-50k-seed",
        Written::seed()
            .flat(&ny("2024-03-07", "14:59", 5))
            .enter(&a, 1, 1)
            .held(&a, 0, 0, 0),
        vec![("overnight", "fail", Some(a)), ("flat_by", "pass", None)],
    ));
}

/// How days are counted.
fn days(all: &mut Vec<Vector>) {
    for (word, n, outcome) in [("under", 6, "fail"), ("at", 7, "pass")] {
        let ledger = Written::seed().days(&WEEK[..n]);
        let expected = vec![("trading_days", outcome, None)];
        all.push((
            format!("trading-days-{word}"),
            "apex-50k-seed",
            ledger,
            expected,
        ));
    }
    let mut entries = |name: &str, times: &[&str], outcome| {
        let mut ledger = Written::seed().days(&WEEK[..6]);
        for t in times {
            let t = (*t).to_owned();
            let next = t.replace(":00Z", ":59Z");
            ledger = ledger.trade(&t, &t, 1, 0).flat(&next);
        }
        let expected = vec![("trading_days", outcome, None)];
        all.push((
            format!("trading-days-{name}"),
            "apex-50k-seed",
            ledger,
            expected,
        ));
    };
    // The six days before end with Monday 11 March.
    entries(
        "monday-evening-is-tuesday",
        &["2024-03-11T22:00:00Z"],
        "pass",
    );
    entries(
        "before-the-roll-is-monday",
        &["2024-03-11T20:58:00Z"],
        "fail",
    );
    entries("friday-evening-is-none", &["2024-03-15T22:00:00Z"], "fail");
    entries(
        "sunday-evening-is-monday",
        &["2024-03-17T22:30:00Z"],
        "pass",
    );
    entries("closed-day-is-none", &["2024-03-29T15:00:00Z"], "fail");
    entries(
        "half-day-counts-with-the-next",
        &["2024-11-29T15:00:00Z"],
        "pass",
    );
    let with_base = |n: usize, times: &[&str]| {
        let mut ledger = Written::seed().days(&WEEK[..n]);
        for t in times {
            ledger = ledger.trade(t, t, 1, 0).flat(&t.replace(":00Z", ":59Z"));
        }
        ledger
    };
    all.push((
        "trading-days-two-half-days-and-monday-are-one".to_owned(),
        "apex-50k-seed",
        with_base(
            5,
            &[
                "2024-11-28T15:00:00Z",
                "2024-11-29T15:00:00Z",
                "2024-12-02T15:00:00Z",
            ],
        ),
        vec![("trading_days", "fail", None)],
    ));
}

/// Size, daily loss, consistency, MAE, 5:1, one direction, target, time.
fn account_rules(all: &mut Vec<Vector>) {
    let (a, b) = (ny("2024-03-13", "11:00", 4), ny("2024-03-13", "11:01", 4));
    for (symbol, contracts, outcome) in [
        ("NQ", 1, "pass"),
        ("NQ", 2, "fail"),
        ("MNQ", 4, "fail"),
        ("MNQ", 5, "pass"),
        ("MNQ", 10, "pass"),
        ("MNQ", 11, "fail"),
        ("?", 1, "unknown"),
    ] {
        let ledger = Written::seed()
            .market(symbol)
            .enter(&a, 1, contracts)
            .held(&a, 0, 0, 0)
            .exit(&b, 0);
        let name = if symbol == "?" { "unnamed" } else { symbol };
        all.push((
            format!("size-{}-{contracts}", name.to_lowercase()),
            "apex-50k-seed",
            ledger,
            vec![("size", outcome, None)],
        ));
    }
    // Six minis need an end-of-day balance above 52 600 on an earlier day.
    for (word, cents, outcome) in [
        ("under", -1, "fail"),
        ("at", 0, "fail"),
        ("over", 1, "pass"),
    ] {
        let ledger = Written::seed()
            .enter(&ny("2024-03-04", "10:00", 5), 1, 1)
            .held(&ny("2024-03-04", "10:00", 5), 0, 0, 0)
            .exit_cents(&ny("2024-03-04", "10:01", 5), 260_000 + cents)
            .enter(&ny("2024-03-05", "10:00", 5), 1, 6)
            .held(&ny("2024-03-05", "10:00", 5), 0, 0, 0)
            .exit(&ny("2024-03-05", "10:01", 5), 0);
        all.push((
            format!("size-scaling-{word}"),
            "apex-legacy-50k-funded",
            ledger,
            vec![(
                "size",
                outcome,
                (cents < 1).then(|| ny("2024-03-05", "10:00", 5)),
            )],
        ));
    }
    for (word, by, outcome) in under_at_over(["pass", "warning", "warning"]) {
        let ledger = Written::new(50_000, 2_000, 0)
            .enter(&a, 1, 1)
            .held(&a, 0, 0, 0)
            .held(&b, -500, 0, -1_000 - by)
            .exit(&ny("2024-03-13", "11:02", 4), -500);
        all.push((
            format!("daily-loss-{word}"),
            "topstep-50k",
            ledger,
            vec![("daily_loss", outcome, Some(b.clone()))],
        ));
        let ledger = Written::seed()
            .enter(&a, 1, 1)
            .held(&a, 0, 0, -750 - by)
            .exit(&b, 0);
        all.push((
            format!("mae-{word}"),
            "apex-legacy-50k-funded",
            ledger,
            vec![("mae", if by == 0 { "pass" } else { outcome }, None)],
        ));
        // 2 000 on the best day; the rest brings the total to 4 000 and a tick.
        let mut ledger = Written::new(50_000, 2_000, 0);
        for (d, net) in [
            ("2024-03-04", 2_000),
            ("2024-03-05", 1_000),
            ("2024-03-06", 1_000 - by),
        ] {
            ledger = ledger
                .enter(&ny(d, "10:00", 5), 1, 1)
                .held(&ny(d, "10:00", 5), 0, 0, 0)
                .exit(&ny(d, "10:01", 5), net);
        }
        all.push((
            format!("consistency-half-{word}"),
            "takeprofittrader-50k",
            ledger,
            vec![("consistency", outcome, None)],
        ));
        let reached = if by < 0 { "warning" } else { "pass" };
        let ledger = Written::seed()
            .enter(&a, 1, 1)
            .held(&a, 0, 10, 0)
            .exit(&b, 3_000 + by);
        all.push((
            format!("target-{word}"),
            "apex-legacy-50k",
            ledger,
            vec![("profit_target", reached, (by >= 0).then(|| b.clone()))],
        ));
    }
    for (stop, outcome) in [(499, "pass"), (500, "pass"), (501, "warning")] {
        let ledger = Written::seed()
            .enter(&a, -1, 1)
            .planned(stop, 100)
            .held(&a, 0, 0, 0)
            .exit(&b, 0);
        all.push((
            format!("stop-to-target-{stop}"),
            "apex-legacy-50k-funded",
            ledger,
            vec![("risk_reward", outcome, None)],
        ));
    }
    for (word, entry, outcome) in [
        ("after", "11:06", "pass"),
        ("turn", "11:05", "pass"),
        ("before", "11:04", "fail"),
    ] {
        let ledger = Written::seed()
            .trade(&a, &ny("2024-03-13", "11:05", 4), 1, 0)
            .trade(
                &ny("2024-03-13", entry, 4),
                &ny("2024-03-13", "11:09", 4),
                -1,
                0,
            )
            .flat(&ny("2024-03-13", "11:10", 4));
        all.push((
            format!("one-direction-{word}"),
            "apex-legacy-50k-funded",
            ledger,
            vec![("one_direction", outcome, None)],
        ));
    }
    for (last, outcome) in [("2024-04-02", "pass"), ("2024-04-03", "fail")] {
        let ledger = Written::new(50_000, 2_000, 100)
            .flat(&ny("2024-03-04", "10:00", 5))
            .enter(&ny(last, "10:00", 4), 1, 1)
            .held(&ny(last, "10:00", 4), 0, 0, 0)
            .exit(&ny(last, "10:01", 4), 3_000);
        all.push((
            format!("calendar-days-{last}"),
            "apex-2026-50k-eod",
            ledger,
            vec![("calendar_days", outcome, None)],
        ));
    }
}

/// Ledgers that contradict themselves.
fn faults(all: &mut Vec<Vector>) {
    let at = ny("2024-03-13", "11:00", 4);
    for (word, cents, outcome) in [
        ("short", -1, "fail"),
        ("true", 0, "pass"),
        ("long", 1, "fail"),
    ] {
        let moment = (cents != 0).then(|| at.clone());
        let ledger = Written::seed().days(&WEEK).found_money(cents).flat(&at);
        all.push((
            format!("identity-a-cent-{word}"),
            "apex-50k-seed",
            ledger,
            vec![("balance_identity", outcome, moment.clone())],
        ));
        let ledger = Written::seed().days(&WEEK).flat_with_floor_off(&at, cents);
        all.push((
            format!("floor-column-a-cent-{word}"),
            "apex-50k-seed",
            ledger,
            vec![("floor_column", outcome, moment)],
        ));
    }
    all.push((
        "identity-started-elsewhere".to_owned(),
        "apex-50k-seed",
        Written::new(100_000, 2_500, 100).flat(&at),
        vec![("balance_identity", "fail", Some(at.clone()))],
    ));
    all.push((
        "clean-week".to_owned(),
        "apex-50k-seed",
        Written::seed().days(&WEEK),
        vec![("verdict", "pass", None)],
    ));
}

fn all() -> Vec<Vector> {
    let mut all = Vec::new();
    floors(&mut all);
    strict(&mut all);
    flat_by(&mut all);
    days(&mut all);
    account_rules(&mut all);
    faults(&mut all);
    all
}

fn expected(rules: &str, checks: &[(&'static str, &'static str, Option<String>)]) -> Value {
    let checks: Vec<Value> = checks
        .iter()
        .map(|(id, status, time)| match time {
            Some(t) => json!({"id": id, "status": status, "time": t}),
            None => json!({"id": id, "status": status}),
        })
        .collect();
    json!({"ruleset": rules, "checks": checks})
}

#[test]
fn the_folders_are_what_is_written_here() {
    let write = std::env::var_os("HOLDOUT_WRITE_VECTORS").is_some();
    let mut names: Vec<String> = Vec::new();
    for (name, rules, ledger, checks) in all() {
        let dir = folder().join(&name);
        let text = format!("{:#}\n", expected(rules, &checks));
        let mut files = ledger.files().to_vec();
        files.push(("expected.json", text));
        if write {
            std::fs::create_dir_all(&dir).unwrap();
        }
        for (file, text) in files {
            let path = dir.join(file);
            if write {
                std::fs::write(&path, &text).unwrap();
            }
            let found = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(found, text, "{name}/{file}: write them anew");
        }
        names.push(name);
    }
    names.sort();
    let on_disk = std::fs::read_dir(folder()).unwrap().filter_map(Result::ok);
    let mut found: Vec<String> = on_disk
        .filter(|e| e.path().is_dir())
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, names, "each folder is one vector");
}

#[test]
fn every_vector_gets_the_verdict_that_was_written_for_it() {
    let mut wrong = Vec::new();
    let mut n = 0;
    for entry in std::fs::read_dir(folder()).unwrap().filter_map(Result::ok) {
        let dir = entry.path();
        let Ok(text) = std::fs::read_to_string(dir.join("expected.json")) else {
            continue;
        };
        let want: Value = serde_json::from_str(&text).unwrap();
        let rules = RuleSet::builtin(want["ruleset"].as_str().unwrap()).unwrap();
        let ledger = ledger::read(&dir, &Instruments::builtin())
            .unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
        let report = judge(&rules, &ledger);
        let name = entry.file_name();
        for c in want["checks"].as_array().unwrap() {
            n += 1;
            let id = c["id"].as_str().unwrap();
            let (status, time) = match report.check(id) {
                Some(found) => (found.status.name(), found.time.clone()),
                None => (report.verdict.name(), None),
            };
            let moment = c["time"].as_str();
            let late = moment.is_some() && time.as_deref() != moment;
            if c["status"] != status || late {
                wrong.push(format!("{name:?} {c}: found {status} at {time:?}"));
            }
        }
    }
    assert!(n > 90, "only {n} outcomes were compared");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
