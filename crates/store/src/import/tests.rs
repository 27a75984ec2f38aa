//! Files with one fault each, and what becomes of them.

use std::path::PathBuf;

use holdout_core::market::Instruments;
use proptest::prelude::*;

use super::*;
use crate::inspection::Problem;

/// A file in a folder that lives as long as the test.
struct Fixture {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

fn file(name: &str, bytes: &[u8]) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    Fixture { _dir: dir, path }
}

/// Ten good canonical rows of a quiet hour, then more lines.
fn canonical(more: &str) -> Fixture {
    let mut text = "time,open,high,low,close,volume\n".to_owned();
    for i in 0..10 {
        text.push_str(&format!(
            "2024-03-04T14:{:02}:00Z,17000,17001,16999.75,17000.25,{}\n",
            30 + i,
            5 + i
        ));
    }
    file("NQ bars.csv", (text + more).as_bytes())
}

fn run(f: &Fixture) -> Result<Imported, ImportError> {
    import(&f.path, &ImportOptions::default(), &mut |_| true)
}

fn problem(found: &Inspection, kind: ProblemKind) -> &Problem {
    found
        .problems
        .iter()
        .find(|p| p.kind == kind)
        .unwrap_or_else(|| panic!("no {} in {:?}", kind.name(), found.problems))
}

#[test]
fn each_bad_row_is_counted_with_its_line_and_dropped() {
    let cases = [
        (
            "2024-03-04T14:40:00Z,17000,17001,16999,17000\n",
            ProblemKind::BadRow,
            "5 cells where 6 are expected",
        ),
        (
            "2024-03-04T14:40:00Z,17000,17001,16999,17000,5,6\n",
            ProblemKind::BadRow,
            "7 cells where 6 are expected",
        ),
        (
            "soon,17000,17001,16999,17000,5\n",
            ProblemKind::BadRow,
            "\"soon\" is not a time",
        ),
        (
            "2024-03-04T14:40:00,17000,17001,16999,17000,5\n",
            ProblemKind::BadRow,
            "has no offset, other rows have one",
        ),
        (
            "2024-03-04T14:40:00Z,17000,17001,16999,17000,-5\n",
            ProblemKind::BadRow,
            "the volume is negative",
        ),
        (
            "2024-03-04T14:40:00Z,NaN,17001,16999,17000,5\n",
            ProblemKind::NotANumber,
            "open is \"NaN\"",
        ),
        (
            "2024-03-04T14:40:00Z,17000,inf,16999,17000,5\n",
            ProblemKind::NotANumber,
            "high is \"inf\"",
        ),
        (
            "2024-03-04T14:40:00Z,17000,17001,,17000,5\n",
            ProblemKind::NotANumber,
            "low is \"\"",
        ),
        (
            "2024-03-04T14:40:00Z,17000,17001,-16999,17000,5\n",
            ProblemKind::NonPositivePrice,
            "low -16999",
        ),
        (
            "2024-03-04T14:40:00Z,17000,16999,17001,17000,5\n",
            ProblemKind::HighBelowLow,
            "high 16999, low 17001",
        ),
        (
            "2024-03-04T14:40:00Z,17002,17001,16999,17000,5\n",
            ProblemKind::OpenCloseOutsideRange,
            "open 17002",
        ),
    ];
    for (row, kind, detail) in cases {
        let imported = run(&canonical(row)).unwrap();
        assert_eq!(
            (imported.bars.len(), imported.inspection.dropped),
            (10, 1),
            "{row}"
        );
        let p = problem(&imported.inspection, kind);
        assert_eq!((p.count, p.examples[0].line), (1, Some(12)), "{row}");
        assert!(
            p.examples[0].detail.contains(detail),
            "{row}: {}",
            p.examples[0].detail
        );
    }
}

#[test]
fn duplicates_order_and_ticks_are_settled_and_counted() {
    let more = "2024-03-04T14:39:00Z,17000,17001,16999.75,17000.25,14\n\
                2024-03-04T14:38:00Z,17000,17009,16999.75,17000.25,13\n\
                2024-03-04T14:41:00Z,17000.1,17001,16999.75,17000.25,1\n\
                2024-03-04T14:40:00Z,17000,17001,16999.75,17000.25,0\n";
    let imported = run(&canonical(more)).unwrap();
    let found = &imported.inspection;
    assert_eq!((imported.bars.len(), found.dropped), (12, 2));
    let double = problem(found, ProblemKind::DuplicateTime);
    assert_eq!(double.count, 2);
    assert!(
        double
            .examples
            .iter()
            .any(|e| e.detail.starts_with("identical to line 11")),
        "{double:?}"
    );
    assert!(
        double
            .examples
            .iter()
            .any(|e| e.detail.starts_with("differs from line 10, which was kept")),
        "{double:?}"
    );
    assert_eq!(
        imported.bars.high[8], 68_004,
        "the first row of 14:38 was kept"
    );
    assert_eq!(problem(found, ProblemKind::OutOfOrder).count, 2);
    assert_eq!(problem(found, ProblemKind::OffTick).count, 1);
    assert_eq!(
        imported.bars.open[11], 68_000,
        "17000.10 is nearest to 17000.00"
    );
    assert_eq!(problem(found, ProblemKind::ZeroVolume).count, 1);
    assert_eq!(found.verdict.level, VerdictLevel::Usable);
}

#[test]
fn a_clean_file_has_no_problem_and_says_what_it_is() {
    let found = run(&canonical("")).unwrap().inspection;
    assert_eq!(
        (found.problems.len(), found.verdict.level, found.confidence),
        (0, VerdictLevel::Clean, 1.0)
    );
    let json = serde_json::to_value(&found).unwrap();
    for key in [
        "dialect",
        "zone",
        "stamp",
        "market",
        "symbols",
        "interval_seconds",
        "bars",
        "first",
        "last",
        "sessions",
        "problems",
        "dropped",
        "repairs_offered",
    ] {
        assert!(json.get(key).is_some(), "{key}");
    }
    assert_eq!(
        (json["first"].as_str(), json["sessions"].as_u64()),
        (Some("2024-03-04T14:30:00Z"), Some(1))
    );
    assert_eq!(
        (json["stamp"].as_str(), json["verdict"]["level"].as_str()),
        (Some("open"), Some("clean"))
    );
}

#[test]
fn prices_that_no_tick_can_hold_are_dropped_and_do_not_stop_the_import() {
    let more = "2024-03-04T14:40:00Z,17000,17001,0.05,17000,5\n2024-03-04T14:41:00Z,17000,1e15,16999,17000,5\n";
    let imported = run(&canonical(more)).unwrap();
    assert_eq!((imported.bars.len(), imported.inspection.dropped), (10, 2));
    assert_eq!(
        problem(&imported.inspection, ProblemKind::NonPositivePrice).examples[0].line,
        Some(12)
    );
    assert_eq!(
        problem(&imported.inspection, ProblemKind::BadRow).examples[0].line,
        Some(13)
    );
}

#[test]
fn parquet_files_are_imported_as_the_same_bars_in_text() {
    let want = run(&canonical("")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("NQ_1m.parquet");
    crate::canonical::write(&path, &want.bars).unwrap();
    let have = import(&path, &ImportOptions::default(), &mut |_| true).unwrap();
    assert_eq!(have.bars, want.bars);
    assert_eq!(
        (
            have.inspection.dialect.as_str(),
            have.inspection.verdict.level
        ),
        ("canonical_parquet", VerdictLevel::Clean)
    );
    assert_eq!(
        have.source_sha256,
        crate::text::sha256_of_file(&path).unwrap()
    );
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(
        import(&path, &ImportOptions::default(), &mut |_| true)
            .unwrap_err()
            .is_bad_data()
    );
}

#[test]
fn the_market_is_never_a_default() {
    let text = std::fs::read(&canonical("").path).unwrap();
    let unnamed = file("prices.csv", &text);
    let e = run(&unnamed).unwrap_err();
    assert!(e.needs_input() && e.to_string().contains("--market"), "{e}");
    assert_eq!(
        inspect(&unnamed.path, &ImportOptions::default())
            .unwrap()
            .market,
        None
    );
    let asked = ImportOptions {
        market: Some("es".into()),
        ..Default::default()
    };
    assert_eq!(
        import(&unnamed.path, &asked, &mut |_| true)
            .unwrap()
            .bars
            .instrument
            .symbol,
        "ES"
    );
    let unknown = ImportOptions {
        market: Some("ZZ".into()),
        ..Default::default()
    };
    assert!(
        import(&unnamed.path, &unknown, &mut |_| true)
            .unwrap_err()
            .to_string()
            .contains("\"ZZ\" is unknown; known are")
    );
}

fn with_symbols(symbols: &[&str]) -> Fixture {
    let mut text = "time,open,high,low,close,volume,symbol\n".to_owned();
    for i in 0..10 {
        for s in symbols {
            text.push_str(&format!(
                "2024-03-04T14:{:02}:00Z,17000,17001,16999.75,17000.25,5,{s}\n",
                30 + i
            ));
        }
    }
    file("download.csv", text.as_bytes())
}

#[test]
fn spreads_go_and_of_several_contracts_one_must_be_chosen() {
    let imported = run(&with_symbols(&["NQH4", "NQH4-NQM4", "NQH4 C18000"])).unwrap();
    assert_eq!((imported.bars.len(), imported.inspection.dropped), (10, 20));
    assert_eq!(
        problem(&imported.inspection, ProblemKind::SpreadSymbol).count,
        20
    );
    assert_eq!(imported.inspection.market.as_deref(), Some("NQ"));
    let two = with_symbols(&["NQH4", "NQM4", "NQH4-NQM4"]);
    let e = run(&two).unwrap_err().to_string();
    assert!(
        e.contains("NQH4 (10 rows, volume 50), NQM4 (10 rows, volume 50)")
            && e.contains("--symbol"),
        "{e}"
    );
    let asked = ImportOptions {
        symbol: Some("nqm4".into()),
        ..Default::default()
    };
    let chosen = import(&two.path, &asked, &mut |_| true).unwrap();
    assert_eq!(
        (
            chosen.bars.len(),
            problem(&chosen.inspection, ProblemKind::MixedSymbols).count
        ),
        (10, 10)
    );
    let none = ImportOptions {
        symbol: Some("ESH4".into()),
        ..Default::default()
    };
    assert!(
        import(&two.path, &none, &mut |_| true)
            .unwrap_err()
            .to_string()
            .contains("no rows of \"ESH4\"; it has NQH4")
    );
    let spreads = run(&with_symbols(&["NQH4-NQM4"])).unwrap_err();
    assert!(
        spreads.is_bad_data() && spreads.to_string().contains("only spreads"),
        "{spreads}"
    );
    let other = ImportOptions {
        market: Some("ES".into()),
        ..Default::default()
    };
    assert!(
        import(&with_symbols(&["NQH4"]).path, &other, &mut |_| true)
            .unwrap_err()
            .to_string()
            .contains("the rows are of NQ (NQH4), not of ES")
    );
    let micro = ImportOptions {
        market: Some("MNQ".into()),
        ..Default::default()
    };
    assert_eq!(
        import(&with_symbols(&["NQH4"]).path, &micro, &mut |_| true)
            .unwrap()
            .bars
            .instrument
            .symbol,
        "MNQ"
    );
}

#[test]
fn zones_and_stamps_move_the_bars() {
    let rows = "Date, Time, Open, High, Low, Last, Volume\n2024/3/4, 09:30:00, 17000, 17001, 16999, 17000, 5\n2024/3/4, 09:31:00, 17000, 17001, 16999, 17000, 5\n";
    let f = file("NQ.txt", rows.as_bytes());
    let first = |zone: &str, stamp: Option<Stamp>| {
        let o = ImportOptions {
            zone: Some(zone.into()),
            stamp,
            ..Default::default()
        };
        import(&f.path, &o, &mut |_| true).map(|i| i.inspection.first.unwrap())
    };
    assert_eq!(
        first("America/New_York", None).unwrap(),
        "2024-03-04T14:30:00Z"
    );
    assert_eq!(
        first("America/Chicago", Some(Stamp::Close)).unwrap(),
        "2024-03-04T15:29:00Z"
    );
    assert!(matches!(
        first("Mars/Olympus", None),
        Err(ImportError::UnknownZone(_))
    ));
    let unsaid = inspect(&f.path, &ImportOptions::default()).unwrap();
    assert_eq!(
        (unsaid.zone, unsaid.first.as_deref()),
        (None, Some("2024-03-04T09:30:00"))
    );
    assert!(unsaid.verdict.why[0].starts_with("the time zone must be given"));
}

#[test]
fn separators_decimal_commas_and_encodings_do_not_matter() {
    let want = run(&canonical("")).unwrap().bars;
    let text = String::from_utf8(std::fs::read(&canonical("").path).unwrap()).unwrap();
    let semicolons = text.replace('.', "#").replace(',', ";").replace('#', ",");
    let tabs = text.replace(',', "\t");
    let quoted: String = text
        .lines()
        .map(|l| {
            l.split(',')
                .map(|c| format!("\"{c}\""))
                .collect::<Vec<_>>()
                .join(",")
                + "\r\n"
        })
        .collect();
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    for (what, bytes) in [
        ("semicolons", semicolons.into_bytes()),
        ("tabs", tabs.into_bytes()),
        ("quotes", quoted.into_bytes()),
        ("UTF-16", utf16),
    ] {
        let f = file("NQ.csv", &bytes);
        let o = ImportOptions {
            market: Some("NQ".into()),
            ..Default::default()
        };
        assert_eq!(
            import(&f.path, &o, &mut |_| true)
                .unwrap_or_else(|e| panic!("{what}: {e}"))
                .bars,
            want,
            "{what}"
        );
    }
}

#[test]
fn a_file_written_newest_first_is_turned_round() {
    let text = String::from_utf8(std::fs::read(&canonical("").path).unwrap()).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let turned: String = std::iter::once(header)
        .chain(rows.lines().rev())
        .map(|l| format!("{l}\n"))
        .collect();
    let imported = run(&file("NQ.csv", turned.as_bytes())).unwrap();
    assert_eq!(imported.bars, run(&canonical("")).unwrap().bars);
    assert!(
        problem(&imported.inspection, ProblemKind::OutOfOrder).examples[0]
            .detail
            .contains("newest first")
    );
}

#[test]
fn a_header_one_column_short_is_read_by_its_rows() {
    let text = "Date,Open,High,Low,Close,Volume,OpenInterest\n2006-01-02,09:01:00,3602.00,3603.00,3597.00,3599.00,5699,0\n2006-01-02,09:02:00,3600.00,3601.00,3598.00,3599.00,894,0\n";
    let o = ImportOptions {
        market: Some("ES".into()),
        zone: Some("UTC".into()),
        ..Default::default()
    };
    let bars = import(&file("x.csv", text.as_bytes()).path, &o, &mut |_| true)
        .unwrap()
        .bars;
    let price = |t| bars.instrument.price(t);
    assert_eq!(
        [bars.open[0], bars.high[0], bars.low[0], bars.close[0]].map(price),
        [3602.0, 3603.0, 3597.0, 3599.0]
    );
    assert_eq!(
        (bars.volume[0], bars.open_time[0]),
        (5699.0, parse("2006-01-02T09:01:00Z"))
    );
}

/// Minutes from an instant on, as a platform writes them.
fn minutes(n: i64, row: impl Fn(i64) -> String) -> String {
    (0..n).map(row).collect()
}

#[test]
fn an_archive_is_its_one_file_or_its_contracts() {
    use crate::archive::made::{Packed, zip};
    let lean = |price: f64, n: i64| {
        minutes(n, |i| {
            format!("{},{price},{price},{price},{price},{}\n", i * 60_000, 9 + i)
        })
    };
    let bytes = zip(&[
        Packed::new(
            "20131007_es_minute_trade_201312.csv",
            lean(1676.5, 200).as_bytes(),
        ),
        Packed::new(
            "20131007_es_minute_trade_201403.csv",
            lean(1669.75, 30).as_bytes(),
        ),
        Packed::new(
            "20131007_es_minute_trade_201409.csv",
            b"18360000,1640,1640,1640,1640,1\n",
        ),
    ]);
    let f = file("20131007_trade.zip", &bytes);
    let found = inspect(&f.path, &ImportOptions::default()).unwrap();
    assert_eq!(found.symbols, ["ESZ13", "ESH14", "ESU14"]);
    assert_eq!(
        (found.dialect.as_str(), found.zone.as_deref()),
        ("lean", Some("UTC"))
    );
    let one = ImportOptions {
        symbol: Some("ESH14".into()),
        ..Default::default()
    };
    let imported = import(&f.path, &one, &mut |_| true).unwrap();
    assert_eq!(imported.bars.instrument.symbol, "ES");
    assert_eq!(
        imported.inspection.first.as_deref(),
        Some("2013-10-07T00:00:00Z")
    );
    assert_eq!((imported.bars.len(), imported.bars.volume[29]), (30, 38.0));
    assert_eq!(imported.source_sha256, crate::text::sha256_of(&bytes));
    // All contracts into one series, the one with a single bar among them.
    let series = ImportOptions {
        continuous: Some(Continuous {
            rule: holdout_core::market::RollRule::Volume,
            adjustment: Adjustment::None,
        }),
        ..Default::default()
    };
    let joined = import(&f.path, &series, &mut |_| true).unwrap();
    assert_eq!(joined.bars.len(), 200);

    // One file and a report beside it: the market is in the name of the archive.
    let rows = minutes(100, |i| {
        format!(
            "202403{:02} 14{:02}00;17000;17001;16999;17000;5\n",
            4 + i / 60,
            i % 60
        )
    });
    let report = "a report without any bars\n";
    let pair = zip(&[
        Packed::new("report.txt", report.as_bytes()),
        Packed::new("minutes.txt", rows.as_bytes()),
    ]);
    let imported = import(
        &file("NQ_2024.zip", &pair).path,
        &ImportOptions::default(),
        &mut |_| true,
    )
    .unwrap();
    assert_eq!(
        (
            imported.bars.instrument.symbol.as_str(),
            imported.bars.len()
        ),
        ("NQ", 100)
    );
    let told = imported.inspection.evidence.join("\n");
    assert!(
        told.contains("report.txt in the archive was left out"),
        "{told}"
    );

    // Bars of two lengths are no one file.
    let coarse = minutes(200, |i| {
        format!(
            "202403{:02} {:02}{:02}00;17000;17001;16999;17000;5\n",
            4 + i / 100,
            i % 100 / 12,
            i % 12 * 5
        )
    });
    let fine = minutes(200, |i| {
        format!(
            "202403{:02} {:02}{:02}00;17000;17001;16999;17000;5\n",
            4,
            i / 60,
            i % 60
        )
    });
    let two = zip(&[
        Packed::new("NQ_1.txt", fine.as_bytes()),
        Packed::new("NQ_5.txt", coarse.as_bytes()),
    ]);
    let e = import(
        &file("NQ.zip", &two).path,
        &ImportOptions::default(),
        &mut |_| true,
    )
    .unwrap_err();
    assert!(
        e.to_string()
            .contains("bars of 60 s in NQ_1.txt and of 300 s"),
        "{e}"
    );
}

#[test]
fn packing_does_not_matter() {
    use crate::archive::made::{Packed, zip};
    let text = std::fs::read(canonical("").path).unwrap();
    let plain = run(&file("NQ bars.csv", &text)).unwrap();
    let zst = zstd::stream::encode_all(text.as_slice(), 3).unwrap();
    for (name, bytes) in [
        ("NQ bars.csv.zst", zst.clone()),
        ("NQ bars.zip", zip(&[Packed::new("bars.csv", &text)])),
        (
            "bars.zip",
            zip(&[Packed::stored("data/NQ bars.csv.zst", &zst)]),
        ),
    ] {
        let packed = run(&file(name, &bytes)).unwrap();
        assert_eq!(packed.bars, plain.bars, "{name}");
        assert_eq!(
            packed.source_sha256,
            crate::text::sha256_of(&bytes),
            "{name}"
        );
        let cut = file(name, &bytes[..bytes.len() - 30]);
        assert!(run(&cut).unwrap_err().is_bad_data(), "{name}, cut");
    }
}

#[test]
fn columns_can_be_named_where_no_dialect_fits() {
    let rows = minutes(20, |i| {
        format!(
            "x;1{},25;04.03.2024;3;5;15:{:02};11{},5;9;10\n",
            i % 10,
            i,
            i % 10
        )
    });
    let f = file("export.txt", rows.as_bytes());
    let plain = run(&f).unwrap_err().to_string();
    assert!(plain.contains("--columns"), "{plain}");
    let options = |columns: &str| ImportOptions {
        columns: Some(columns.parse().unwrap()),
        market: Some("NQ".into()),
        zone: Some("UTC".into()),
        ..Default::default()
    };
    let said = "time=3,clock=6,open=2,high=7,low=4,close=8,volume=5";
    let imported = import(&f.path, &options(said), &mut |_| true).unwrap();
    assert_eq!(imported.inspection.dialect, "columns");
    assert_eq!(imported.bars.open_time[3], parse("2024-03-04T15:03:00Z"));
    assert_eq!(imported.bars.instrument.price(imported.bars.high[3]), 113.5);
    let e = import(
        &f.path,
        &options("time=3,clock=6,open=12,high=7,low=4,close=8"),
        &mut |_| true,
    )
    .unwrap_err();
    assert!(e.to_string().contains("no column \"12\" for open"), "{e}");
    let e = import(
        &f.path,
        &options("time=3,clock=6,open=2,high=7,low=4"),
        &mut |_| true,
    )
    .unwrap_err();
    assert!(
        e.to_string().contains("no column was chosen for close"),
        "{e}"
    );
}

#[test]
fn days_and_months_are_told_apart_by_the_whole_file() {
    // From 2 January on: the first lines read both ways.
    let day_first = |from: i64, n: i64| {
        let rows = minutes(n * 60, |i| {
            format!(
                "{:02}/01/2024 15:{:02},17000,17001,16999,17000,5\n",
                from + i / 60,
                i % 60
            )
        });
        format!("time,open,high,low,close,volume\n{rows}")
    };
    let options = ImportOptions {
        market: Some("NQ".into()),
        zone: Some("UTC".into()),
        ..Default::default()
    };
    // To the 20th some dates are no months; to the 5th they would be first days of months.
    for n in [19, 4] {
        let f = file("a.csv", day_first(2, n).as_bytes());
        let found = inspect(&f.path, &options).unwrap();
        assert_eq!(
            found.first.as_deref(),
            Some("2024-01-02T15:00:00Z"),
            "{n} days"
        );
        assert_eq!((found.bars, found.dropped), (n as u64 * 60, 0));
        assert!(
            found.evidence.join(" ").contains("day first"),
            "{:?}",
            found.evidence
        );
    }
    // One day cannot tell: month first, and it is said.
    let f = file("a.csv", day_first(2, 1).as_bytes());
    let found = inspect(&f.path, &options).unwrap();
    assert_eq!(found.first.as_deref(), Some("2024-02-01T15:00:00Z"));
    assert!(found.evidence.join(" ").contains("--dates dmy"));
    let said = ImportOptions {
        dates: Some(crate::dialects::DateOrder::Dmy),
        ..options
    };
    assert_eq!(
        inspect(&f.path, &said).unwrap().first.as_deref(),
        Some("2024-01-02T15:00:00Z")
    );
}

#[test]
fn a_change_of_scale_is_offered_a_repair_and_never_repaired_alone() {
    let rows = minutes(300, |i| {
        let p = if (100..160).contains(&i) {
            1_700_025.0
        } else {
            17_000.25
        };
        format!(
            "2024-03-04T{:02}:{:02}:00Z,{p},{p},{p},{p},5\n",
            14 + i / 60,
            i % 60
        )
    });
    let f = file(
        "NQ.csv",
        format!("time,open,high,low,close,volume\n{rows}").as_bytes(),
    );
    let found = inspect(&f.path, &ImportOptions::default()).unwrap();
    assert_eq!(problem(&found, ProblemKind::ScaleBreak).count, 2);
    assert_eq!(found.repairs_offered, [Repair::Rescale]);
    assert_eq!(found.verdict.level, VerdictLevel::NotUsable);
    let asked = ImportOptions {
        repairs: vec![Repair::Rescale],
        ..Default::default()
    };
    let repaired = import(&f.path, &asked, &mut |_| true).unwrap();
    assert!(repaired.bars.close.iter().all(|&t| t == 68_001));
    assert!(repaired.inspection.verdict.level != VerdictLevel::NotUsable);
    assert_eq!(
        problem(&repaired.inspection, ProblemKind::ScaleBreak).count,
        2
    );
    assert_eq!(repaired.inspection.count(ProblemKind::OffTick), 0);
}

#[test]
fn files_without_bars_are_refused_with_a_reason() {
    let cases: [(&[u8], &str); 7] = [
        (b"", "0 bytes"),
        (b"time,open,high,low,close,volume\n", "a header and no rows"),
        (b"time,open,high,low,close,volume\n2024-03-04T14:30:00Z,1,1,1,1,1\n", "the file holds 1 bar"),
        (b"time,open,high,low,close,volume\n2024-03-04T14:30:00Z,1,x,1,1,1\n2024-03-04T14:30:00Z,1,x,1,1,1\n", "high is \"x\""),
        (b"time,open,high,low,close,volume\n2024-03-04T14:30:00Z,1,1,1,1,1\n2024-03-05T14:30:00Z,1,1,1,1,1\n", "a bar covers 24 hours"),
        (b"time~open~high~low~close\n1~2~3~4~5\n", "no known dialect"),
        (b"time|open|high|low|close\n1|2|3|4|5\n", "\"1\" is not a time in any form"),
    ];
    for (bytes, want) in cases {
        let e = run(&file("NQ.csv", bytes)).unwrap_err();
        assert!(
            e.is_bad_data() && e.to_string().contains(want),
            "{e}\nwanted {want}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let missing = import(
        &folder.path().join("none.csv"),
        &ImportOptions::default(),
        &mut |_| true,
    )
    .unwrap_err();
    assert!(!missing.is_bad_data() && !missing.needs_input());
}

#[test]
fn an_import_can_be_cancelled_and_lines_are_right_in_large_files() {
    let n = 400_000;
    let mut text = "time,open,high,low,close,volume\n".to_owned();
    let start = parse("2015-01-05T00:00:00Z");
    for i in 0..n {
        let price = 2000.0 + f64::from(i % 40) * 0.25;
        text.push_str(&format!(
            "{},{price},{},{price},{price},7\n",
            format_utc(start + 60 * i64::from(i)),
            price + 0.25
        ));
        if i == n / 2 {
            text.push_str("nonsense,row\n");
        }
    }
    let f = file("ES.csv", text.as_bytes());
    let mut calls = 0;
    let cancelled = import(&f.path, &ImportOptions::default(), &mut |_| {
        calls += 1;
        false
    });
    assert!(matches!(cancelled, Err(ImportError::Cancelled)) && calls == 1);
    let mut shares = Vec::new();
    let imported = import(&f.path, &ImportOptions::default(), &mut |s| {
        shares.push(s);
        true
    })
    .unwrap();
    assert_eq!(imported.bars.len(), n as usize);
    assert!(
        shares.len() > 1 && shares.is_sorted() && (shares[shares.len() - 1] - 1.0).abs() < 1e-9
    );
    assert_eq!(
        problem(&imported.inspection, ProblemKind::BadRow).examples[0].line,
        Some(n as u64 / 2 + 3)
    );
    assert_eq!(
        imported.source_sha256,
        crate::text::sha256_of_file(&f.path).unwrap()
    );
}

fn parse(text: &str) -> i64 {
    holdout_core::time::parse_utc(text).unwrap()
}

#[test]
fn a_market_of_the_users_own_table_can_be_imported() {
    let table = "[GC]\nname = \"Gold\"\npoint_value = 100.0\ntick_size = 0.1\ncommission = 2.5\nslippage_ticks = 1\n";
    let rows = "20240304 143100;2100.1;2100.5;2100.0;2100.3;5\n20240304 143200;2100.3;2100.5;2100.0;2100.3;5\n";
    let o = ImportOptions {
        instruments: Instruments::parse(table).unwrap(),
        ..Default::default()
    };
    let imported = import(
        &file("GC 04-24.Last.txt", rows.as_bytes()).path,
        &o,
        &mut |_| true,
    )
    .unwrap();
    assert_eq!(
        (
            imported.bars.instrument.symbol.as_str(),
            imported.bars.open[0]
        ),
        ("GC", 21_001)
    );
    assert_eq!(
        imported.inspection.first.as_deref(),
        Some("2024-03-04T14:30:00Z")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    /// Damage of any kind gives bars that are canonical, or an error; never a panic.
    #[test]
    fn damaged_files_never_panic(kind in 0..4_usize, hits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..12)) {
        let texts = [
            "time,open,high,low,close,volume\n2024-03-04T14:30:00Z,17000,17001,16999.75,17000.25,5\n2024-03-04T14:31:00Z,17000,17001,16999.75,17000.25,5\n2024-03-04T14:32:00Z,17000,17001,16999.75,17000.25,5\n",
            "20240304 143100;17000;17001;16999;17000.25;5\r\n20240304 143200;17000;17001;16999;17000.25;5\r\n20240304 143300;17000;17001;16999;17000.25;5\r\n",
            "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n1719877200000000000,33,1,118,5527250000000,5527500000000,5527000000000,5527500000000,180,ESU4\n1719877260000000000,33,1,118,5527250000000,5527500000000,5527000000000,5527500000000,180,ESU4\n",
            "\"Date\",\"Time\",\"Open\",\"High\",\"Low\",\"Close\",\"Up\",\"Down\"\n01/03/2010,17:01,1366.50,1367.50,1366.00,1367.00,2566,854\n01/03/2010,17:02,1366.50,1367.50,1366.00,1367.00,2566,854\n",
        ];
        let mut bytes = texts[kind].as_bytes().to_vec();
        for (place, value, what) in hits {
            let at = place.index(bytes.len().max(1)).min(bytes.len().saturating_sub(1));
            match what {
                0 if !bytes.is_empty() => bytes[at] = value,
                1 => bytes.insert(at, value),
                _ if !bytes.is_empty() => { bytes.remove(at); }
                _ => {}
            }
        }
        let f = file("NQ.csv", &bytes);
        let o = ImportOptions { market: Some("NQ".into()), zone: Some("UTC".into()), ..Default::default() };
        if let Ok(imported) = import(&f.path, &o, &mut |_| true) {
            prop_assert!(imported.bars.validate().is_ok());
            prop_assert_eq!(imported.bars.len() as u64, imported.inspection.bars);
        }
        prop_assert!(crate::canonical::read(&f.path, o.instruments.get("NQ").unwrap(), None).map_or(true, |b| b.validate().is_ok()));
    }
}

#[test]
fn one_bar_can_be_looked_at_and_not_imported() {
    let text = "\"Date\",\"Time\",\"Open\",\"High\",\"Low\",\"Close\",\"Up\",\"Down\"\n01/03/2010,17:01,1366.50,1367.50,1366.00,1367.00,2566,854\n";
    let f = file("ES.txt", text.as_bytes());
    let found = inspect(&f.path, &ImportOptions::default()).unwrap();
    assert_eq!(
        (found.dialect.as_str(), found.stamp, found.bars),
        ("tradestation", Stamp::Close, 1)
    );
    assert_eq!(found.verdict.level, VerdictLevel::NotUsable);
    let zone = ImportOptions {
        zone: Some("America/Chicago".into()),
        ..Default::default()
    };
    let e = import(&f.path, &zone, &mut |_| true).unwrap_err();
    assert!(
        e.is_bad_data() && e.to_string().contains("the file holds 1 bar"),
        "{e}"
    );
}

#[test]
fn two_contracts_in_one_file_without_symbols_are_not_usable() {
    let month = |price: f64| {
        minutes(300, |i| {
            let p = price + (i % 7) as f64 * 0.25;
            format!(
                "202603{:02} {:02}{:02}00;{p};{p};{p};{p};5\n",
                12,
                10 + i / 60,
                i % 60
            )
        })
    };
    let both = format!("{}{}", month(6_700.0), month(6_750.0));
    let found = inspect(
        &file("ES.txt", both.as_bytes()).path,
        &ImportOptions::default(),
    )
    .unwrap();
    assert_eq!(found.count(ProblemKind::DuplicateTime), 300);
    assert_eq!(found.verdict.level, VerdictLevel::NotUsable);
    assert!(
        found
            .verdict
            .why
            .join(" ")
            .contains("contradict each other")
    );
    // The same contract twice, with other volumes, is no contradiction.
    let same = format!(
        "{}{}",
        month(6_700.0),
        month(6_700.0).replace(";5\n", ";6\n")
    );
    let found = inspect(
        &file("ES.txt", same.as_bytes()).path,
        &ImportOptions::default(),
    )
    .unwrap();
    assert_eq!(found.verdict.level, VerdictLevel::Usable);
}

#[test]
fn a_file_whose_zone_must_be_asked_for_shows_its_day_on_its_own_clock() {
    let dir = tempfile::tempdir().unwrap();
    // One session alone proves no zone; on Chicago's clock, with the pause and the opening in it.
    let mut text = "Date,Time,Open,High,Low,Close,Volume\n".to_owned();
    for k in 0..1_440 {
        let m = (17 * 60 + k) % 1_440;
        if (960..1_020).contains(&m) {
            continue;
        }
        let day = if m >= 1_020 { 4 } else { 5 };
        let volume = if (510..900).contains(&m) { 900 } else { 90 };
        text += &format!(
            "2024-03-0{day},{:02}:{:02},17000,17001,16999,17000.25,{volume}\n",
            m / 60,
            m % 60
        );
    }
    let path = dir.path().join("NQ_chart.csv");
    std::fs::write(&path, text).unwrap();
    let found = inspect(&path, &ImportOptions::default()).unwrap();
    assert_eq!(found.zone, None);
    let profile = found.day_profile.unwrap();
    assert_eq!(profile.ahead_of_new_york(), Some(-60));
    assert!(
        found
            .evidence
            .iter()
            .any(|e| e.contains("(America/Chicago) would fit")),
        "{:?}",
        found.evidence
    );
    let said = ImportOptions {
        zone: Some("America/Chicago".to_owned()),
        ..Default::default()
    };
    let found = inspect(&path, &said).unwrap();
    assert_eq!(found.day_profile, None, "nothing is asked any more");
}

/// Ten days of minutes in Chicago with a header, each row made by `row` of day, minute and prices.
fn table(name: &str, head: &str, row: impl Fn(u32, u32, [f64; 4]) -> String) -> Imported {
    let dir = tempfile::tempdir().unwrap();
    let mut text = head.to_owned();
    for day in (4..9).chain(11..16) {
        for minute in 480..900 {
            let open = 18_000.0 + f64::from(minute % 9) * 0.25;
            text += &row(day, minute, [open, open + 1.0, open - 1.25, open + 0.5]);
        }
    }
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    let options = ImportOptions {
        zone: Some("America/Chicago".to_owned()),
        ..Default::default()
    };
    import(&path, &options, &mut |_| true).unwrap_or_else(|e| panic!("{head}: {e}"))
}

#[test]
fn tables_as_people_write_them_give_the_same_bars() {
    let thousands = |p: f64| format!("{},{:06.2}", (p / 1000.0) as u32, p % 1000.0);
    let german = |p: f64| format!("{}.{:06.2}", (p / 1000.0) as u32, p % 1000.0);
    let want = table(
        "NQ_a.csv",
        "time,open,high,low,close,volume\n",
        |d, m, p| {
            let [o, h, l, c] = p;
            let (hour, minute) = (m / 60, m % 60);
            format!("2024-03-{d:02} {hour:02}:{minute:02},{o},{h},{l},{c},{m}\n")
        },
    )
    .bars;
    assert_eq!(want.len(), 4_200);
    let made = [
        table(
            "NQ_b.csv",
            "Date,Time,Open,High,Low,Last,Vol.\n",
            |d, m, p| {
                let p = p.map(thousands);
                let (hour, minute) = (m / 60, m % 60);
                format!(
                    "03/{d:02}/2024,{hour:02}:{minute:02},\"{}\",\"{}\",\"{}\",\"{}\",{m}\n",
                    p[0], p[1], p[2], p[3]
                )
            },
        ),
        table(
            "NQ_c.csv",
            "Datum;Uhrzeit;Eröffnung;Hoch;Tief;Schluss;Volumen\n",
            |d, m, p| {
                let p = p.map(|p| {
                    german(p)
                        .replace('.', "_")
                        .replacen('_', ".", 1)
                        .replace('_', ",")
                });
                let (hour, minute) = (m / 60, m % 60);
                format!(
                    "{d:02}.03.2024;{hour:02}:{minute:02};{};{};{};{};{m}\n",
                    p[0], p[1], p[2], p[3]
                )
            },
        ),
        // No header, comments in front, and the last two digits of the year.
        table("NQ_d.csv", "# minutes\n\n", |d, m, [o, h, l, c]| {
            let (hour, minute) = (m / 60, m % 60);
            format!("03/{d:02}/24 {hour:02}:{minute:02},{o},{h},{l},{c},{m}\n")
        }),
        table(
            "NQ_e.csv",
            "Date|Time|Open Price|High Price|Low Price|Close Price|Total Volume\n",
            |d, m, [o, h, l, c]| {
                let (hour, minute) = (m / 60, m % 60);
                format!("24/03/{d:02}|{hour:02}:{minute:02}|{o}|{h}|{l}|{c}|{m}\n")
            },
        ),
    ];
    for found in made {
        assert_eq!(found.bars, want, "{:?}", found.inspection);
        assert_eq!(found.inspection.dropped, 0);
    }
}

#[test]
fn times_that_cannot_be_read_are_shown_with_their_line() {
    let dir = tempfile::tempdir().unwrap();
    let told = |rows: &str| {
        let path = dir.path().join("NQ.csv");
        std::fs::write(&path, format!("Date,Open,High,Low,Close\n{rows}")).unwrap();
        inspect(&path, &ImportOptions::default())
            .unwrap_err()
            .to_string()
    };
    let words = told("45355.75,5,6,4,5\n45355.76,5,6,4,5\n");
    assert!(
        words.starts_with("line 2, column Date: \"45355.75\" is not a time in any form"),
        "{words}"
    );
    let words = told("2024-03-04 14:30,5,6,4,5\n03/04/2024 14:31,5,6,4,5\n");
    assert!(
        words.starts_with(
            "line 3, column Date: \"03/04/2024 14:31\" is written in another way than"
        ),
        "{words}"
    );
    // Without a header, columns in another order are not taken for the usual one.
    let path = dir.path().join("NQ_high_first.csv");
    std::fs::write(
        &path,
        "2024-03-04 14:30:00,7,4,5,6,9\n2024-03-04 14:31:00,7,4,5,6,9\n",
    )
    .unwrap();
    assert!(inspect(&path, &ImportOptions::default()).is_err());
}
