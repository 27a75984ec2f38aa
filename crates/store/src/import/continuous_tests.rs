//! Contracts joined into series, from made-up files with known rolls and from real ones; coarser
//! bars and appended exports of real files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use holdout_core::market::{RollReason, RollRule, SessionCalendar, resample};
use holdout_core::time::parse_utc;

use super::real_files::data;
use super::*;
use crate::append::append_files;
use crate::cache::BarCache;
use crate::canonical;

fn joined(rule: RollRule, adjustment: Adjustment) -> ImportOptions {
    ImportOptions {
        continuous: Some(Continuous { rule, adjustment }),
        ..Default::default()
    }
}

/// Five minutes a day of two contracts and their spread, Monday 2024-03-04 to Friday 03-15. June is
/// 60 points higher and trades more from Thursday 03-07 on.
fn two_contracts(dir: &Path) -> PathBuf {
    let mut text =
        "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n".to_owned();
    for day in [4, 5, 6, 7, 8, 11, 12, 13, 14, 15] {
        for minute in 0..5 {
            let time = format!("2024-03-{day:02}T15:{minute:02}:00.000000000Z");
            let base = 5100.0 + f64::from(day) + f64::from(minute) * 0.25;
            let june = if day >= 7 { 900 } else { 10 };
            for (id, symbol, price, volume) in [
                (1, "ESH4", base, 100),
                (2, "ESM4", base + 60.0, june),
                (3, "ESH4-ESM4", 60.0, 5),
            ] {
                writeln!(
                    text,
                    "{time},33,1,{id},{price},{},{},{},{volume},{symbol}",
                    price + 0.5,
                    price - 0.5,
                    price + 0.25
                )
                .unwrap();
            }
        }
    }
    let path = dir.join("glbx.csv");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn contracts_of_one_file_become_a_series() {
    let dir = tempfile::tempdir().unwrap();
    let path = two_contracts(dir.path());
    let run = |rule, adjustment| import(&path, &joined(rule, adjustment), &mut |_| true).unwrap();
    let plain = run(RollRule::Volume, Adjustment::None);
    let found = &plain.inspection;
    assert_eq!(
        (plain.bars.len(), found.market.as_deref()),
        (50, Some("ES"))
    );
    assert_eq!(found.count(ProblemKind::SpreadSymbol), 50);
    assert_eq!(found.dropped, 100, "the spread, and the contracts behind");
    let roll = &plain.bars.rolls[0];
    assert_eq!(
        (roll.time, roll.gap_ticks, roll.reason),
        (
            parse_utc("2024-03-08T15:00:00Z").unwrap(),
            Some(240),
            RollReason::Volume
        ),
        "June traded more on Thursday: Friday is its first day"
    );
    assert_eq!((roll.from.as_str(), roll.to.as_str()), ("ESH4", "ESM4"));
    assert_eq!(found.count(ProblemKind::RollJump), 1, "the jump is told");
    assert_eq!((found.rolls.len(), found.rolls[0].gap), (1, Some(60.0)));
    assert_eq!(plain.bars.close[19], (5107 * 4) + 5);
    assert_eq!(plain.bars.open[20], (5108 + 60) * 4);

    let added = run(RollRule::Volume, Adjustment::Difference);
    assert_eq!(added.inspection.count(ProblemKind::RollJump), 0);
    assert_eq!(added.bars.close[19], plain.bars.close[19] + 240);
    assert_eq!(added.bars.open[20..], plain.bars.open[20..]);
    let scaled = run(RollRule::Volume, Adjustment::Ratio).bars;
    let factor = (5108.25 + 60.0) / 5108.25;
    let want = (f64::from(plain.bars.open[0]) * factor).round() as i32;
    assert!((scaled.open[0] - want).abs() <= 1 && scaled.open[20..] == plain.bars.open[20..]);

    let dated = run(RollRule::Calendar, Adjustment::None).bars.rolls;
    assert_eq!(
        (dated[0].time, dated[0].reason),
        (
            parse_utc("2024-03-11T15:00:00Z").unwrap(),
            RollReason::Calendar
        )
    );
}

#[test]
fn rolls_survive_canonical_files_and_the_cache() {
    let dir = tempfile::tempdir().unwrap();
    let path = two_contracts(dir.path());
    let options = joined(RollRule::Volume, Adjustment::Difference);
    let cache = BarCache::new(dir.path().join("cache"));
    let fresh = cache.import(&path, &options, &mut |_| true).unwrap();
    let again = cache.import(&path, &options, &mut |_| true).unwrap();
    assert!(!fresh.hit && again.hit && fresh.imported == again.imported);
    let bars = fresh.imported.bars;
    let marks = |b: &Bars| {
        let marks = b.rolls.iter();
        marks
            .map(|r| (r.time, r.from.clone(), r.to.clone()))
            .collect::<Vec<_>>()
    };
    for name in ["out.csv", "out.csv.gz", "out.parquet"] {
        let out = dir.path().join(name);
        canonical::write(&out, &bars).unwrap();
        let strict = canonical::read(&out, &bars.instrument, None).unwrap();
        let loose = import(&out, &ImportOptions::default(), &mut |_| true).unwrap();
        assert_eq!(loose.inspection.symbols.len(), 2, "both contracts are told");
        for (back, how) in [(strict, "read"), (loose.bars, "imported")] {
            assert_eq!(marks(&back), marks(&bars), "{name} {how}");
            assert_eq!(back.rolls[0].reason, RollReason::AsInFile);
            let unmarked = |b: &Bars| Bars {
                rolls: Vec::new(),
                ..b.clone()
            };
            assert_eq!(unmarked(&back), unmarked(&bars), "{name} {how}");
        }
    }
}

#[test]
fn what_cannot_be_joined_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let path = two_contracts(dir.path());
    let text = std::fs::read_to_string(&path).unwrap();
    let fails = |name: &str, text: &str, options: &ImportOptions, words: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        let e = import(&path, options, &mut |_| true).unwrap_err();
        assert!(e.to_string().contains(words), "{e}");
    };
    let by_volume = joined(RollRule::Volume, Adjustment::None);
    fails(
        "a.csv",
        &text,
        &ImportOptions::default(),
        "--continuous volume",
    );
    let two = text.replace("ESM4", "NQM4");
    fails("b.csv", &two, &by_volume, "several markets");
    let numbers = text
        .replace(",ESH4\n", ",118\n")
        .replace(",ESM4\n", ",119\n");
    let market = ImportOptions {
        market: Some("ES".into()),
        ..by_volume.clone()
    };
    fails("c.csv", &numbers, &market, "the month of contract \"118\"");
    let still = text
        .replace(",100,ES", ",0,ES")
        .replace(",900,ES", ",0,ES")
        .replace(",10,ES", ",0,ES");
    fails("d.csv", &still, &by_volume, "choose --continuous calendar");
}

#[test]
fn real_files_of_two_contracts_become_a_series() {
    let Some(data) = data() else { return };
    let folder = data.join("nt8_es_2026h1");
    let files = ["raw_ES 03-26.Last.txt", "raw_ES 06-26.Last.txt"].map(|f| folder.join(f));
    let options = joined(RollRule::Volume, Adjustment::Difference);
    // The order in which files are named does not matter.
    let turned = [files[1].clone(), files[0].clone()];
    let series = import_files(&turned, &options, &mut |_| true).unwrap();
    let one = |path: &PathBuf| {
        import(path, &ImportOptions::default(), &mut |_| true)
            .unwrap()
            .bars
    };
    let (march, june) = (one(&files[0]), one(&files[1]));
    let [roll] = series.bars.rolls.as_slice() else {
        panic!("{:?}", series.bars.rolls);
    };
    assert_eq!(
        format_utc(roll.time),
        "2026-03-15T22:00:00Z",
        "the session of Monday of expiry week"
    );
    assert_eq!(
        (roll.from.as_str(), roll.to.as_str(), roll.reason),
        ("ES 03-26", "ES 06-26", RollReason::EndOfContract)
    );
    let gap = roll.gap_ticks.unwrap();
    assert!(
        (198..=202).contains(&gap),
        "50 points within half a point: {gap}"
    );
    let n = march.open_time.partition_point(|&t| t < roll.time);
    let from = june.open_time.partition_point(|&t| t < roll.time);
    assert_eq!(series.bars.len(), n + june.len() - from);
    for (i, (&have, &raw)) in series.bars.close.iter().zip(&march.close[..n]).enumerate() {
        assert_eq!(have, raw + gap, "bar {i}");
    }
    assert_eq!(series.bars.close[n..], june.close[from..]);
    assert_eq!(series.inspection.count(ProblemKind::RollJump), 0);
    let e = import_files(&files, &ImportOptions::default(), &mut |_| true).unwrap_err();
    assert!(
        e.needs_input() && e.to_string().contains("ES 06-26 (86003 rows"),
        "{e}"
    );
    // Cut in two with a day of overlap, one contract comes back whole, joined or appended.
    let dir = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(&files[0]).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let part = |name: &str, rows: std::ops::Range<usize>| {
        let path = dir.path().join(name);
        std::fs::write(&path, lines[rows].join("\n")).unwrap();
        path
    };
    let older = part("ES 03-26 older.txt", 0..40_000);
    let newer = part("ES 03-26 newer.txt", 38_000..lines.len());
    let pair = [older.clone(), newer.clone()];
    let whole = import_files(&pair, &ImportOptions::default(), &mut |_| true).unwrap();
    assert_eq!(whole.bars, march);
    let out = dir.path().join("ES.csv");
    canonical::write(&out, &one(&older)).unwrap();
    append_files(
        &out,
        &[newer],
        &ImportOptions::default(),
        None,
        None,
        &mut |_| true,
    )
    .unwrap();
    let want = dir.path().join("ES_whole.csv");
    canonical::write(&want, &march).unwrap();
    assert!(std::fs::read(&out).unwrap() == std::fs::read(&want).unwrap());
}

#[test]
fn minutes_make_the_five_minute_bars_of_a_charting_service() {
    let Some(data) = data() else { return };
    let folder = data.join("tv_nq_es_ym_2022");
    // Where the service's own two files differ: three bars of NQ were corrected by a few ticks in
    // between, one by a contract, and the last volume of YM was still growing.
    let corrected = [
        "2022-01-18T10:00:00Z",
        "2022-01-19T00:40:00Z",
        "2022-01-19T00:45:00Z",
        "2022-01-19T00:50:00Z",
    ];
    let cases: [(&str, &[&str]); 3] = [
        ("ES", &[]),
        ("NQ", &corrected),
        ("YM", &["2022-01-28T20:50:00Z"]),
    ];
    for (market, theirs_differ) in cases {
        let read = |name: String| {
            let options = ImportOptions {
                market: Some(market.into()),
                ..Default::default()
            };
            import(&folder.join(name), &options, &mut |_| true)
                .unwrap()
                .bars
        };
        let minutes = read(format!("raw_{market} 20220116-20220128-1.csv"));
        let fives = read(format!("raw_{market} 20211205-20220128-5.csv"));
        let made = resample(&minutes, &SessionCalendar::builtin(), 300).unwrap();
        assert_eq!((made.outside, made.last_incomplete), (0, false));
        let from = fives
            .open_time
            .binary_search(&made.bars.open_time[0])
            .unwrap();
        let theirs = fives.slice(from..fives.len());
        assert_eq!(made.bars.len(), theirs.len(), "{market}");
        assert!(made.bars.len() > 2_600);
        let differ: Vec<String> = (0..theirs.len())
            .filter(|&i| made.bars.slice(i..i + 1) != theirs.slice(i..i + 1))
            .map(|i| format_utc(theirs.open_time[i]))
            .collect();
        assert_eq!(differ, theirs_differ, "{market}");
    }
}

#[test]
fn files_that_make_no_one_series_are_named_with_what_they_hold() {
    let dir = tempfile::tempdir().unwrap();
    let bars = "time,open,high,low,close,volume\n2024-03-04T14:30:00Z,5000,5001,4999,5000.25,5\n2024-03-04T14:31:00Z,5000,5001,4999,5000.25,6\n";
    let paths = ["NQ_march.csv", "ES_march.csv"].map(|n| dir.path().join(n));
    paths.iter().for_each(|p| std::fs::write(p, bars).unwrap());
    let told = |how: Option<Continuous>| {
        let options = ImportOptions {
            continuous: how,
            ..Default::default()
        };
        inspect_files(&paths, &options).unwrap_err().to_string()
    };
    let how = Continuous {
        rule: RollRule::Calendar,
        adjustment: Adjustment::None,
    };
    for words in [told(None), told(Some(how))] {
        let want = "ES in ES_march.csv, NQ in NQ_march.csv";
        assert!(words.contains(want), "{words}");
    }
    // Two contracts of one market: both files are named, and how to join them is said.
    let minutes =
        "20240304 143100;5000;5001;4999;5000.25;5\n20240304 143200;5000;5001;4999;5000.25;6\n";
    let paths = ["ES 03-24.Last.txt", "ES 06-24.Last.txt"].map(|n| dir.path().join(n));
    paths
        .iter()
        .for_each(|p| std::fs::write(p, minutes).unwrap());
    let words = inspect_files(&paths, &ImportOptions::default())
        .unwrap_err()
        .to_string();
    for want in [
        "the files hold several contracts",
        "--continuous volume",
        "ES 03-24.Last.txt",
        "ES 06-24.Last.txt",
    ] {
        assert!(words.contains(want), "{words}");
    }
}
