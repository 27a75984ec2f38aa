//! Imports of files that platforms really wrote, against the same bars made independently.
//!
//! The files are not in the repository; without them the tests say so and return.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use holdout_core::market::Bars;
use holdout_core::time::parse_utc;

use super::*;

/// The folder of real files, or `None` with a word about it.
pub(super) fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    if !folder.is_dir() {
        println!("skipped: the folder of real market files is not here");
        return None;
    }
    Some(folder)
}

fn options(market: Option<&str>, zone: Option<&str>) -> ImportOptions {
    ImportOptions {
        market: market.map(str::to_owned),
        zone: zone.map(str::to_owned),
        ..Default::default()
    }
}

/// Reads a file of reference bars: time, open, high, low, close and perhaps volume.
fn reference(path: &Path, bars: &Bars) -> Bars {
    let bytes = std::fs::read(path).unwrap();
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(bytes.as_slice())
            .read_to_string(&mut text)
            .unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    let mut want = Bars::empty(bars.instrument.clone(), bars.interval_secs);
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let tick = |i: usize| {
            bars.instrument
                .to_nearest_tick(cells[i].parse().unwrap())
                .unwrap()
                .0
        };
        let volume = cells.get(5).map_or(0.0, |v| v.parse().unwrap());
        want.push(
            parse_utc(cells[0]).unwrap(),
            [tick(1), tick(2), tick(3), tick(4)],
            volume,
        );
    }
    want
}

fn assert_equal(
    folder: &Path,
    raw: &str,
    bars: &str,
    market: &str,
    dialect: &str,
    zone: Option<&str>,
) -> Inspection {
    let imported = import(&folder.join(raw), &options(None, zone), &mut |_| true)
        .unwrap_or_else(|e| panic!("{raw}: {e}"));
    let want = reference(&folder.join(bars), &imported.bars);
    let (have, found) = (imported.bars, imported.inspection);
    assert_eq!(
        (found.market.as_deref(), found.dialect.as_str()),
        (Some(market), dialect),
        "{raw}"
    );
    assert_eq!(have.len(), want.len(), "{raw}: number of bars");
    let differs = (0..want.len()).find(|&i| have.slice(i..i + 1) != want.slice(i..i + 1));
    if let Some(i) = differs {
        panic!(
            "{raw}: bar {i} is {:?}, {:?} expected",
            have.slice(i..i + 1),
            want.slice(i..i + 1)
        );
    }
    assert_eq!(have.len() as u64, found.bars);
    found
}

#[test]
fn ninjatrader_files_equal_the_reference_bars() {
    let Some(data) = data() else { return };
    // Folder, file, reference, market, bars outside sessions, bars missing (the head of the first
    // and the tail of the last session not counted).
    let cases = [
        (
            "nt8_nq_0923",
            "raw_NQ 09-23.Last.txt",
            "bars_nq_0923.csv.gz",
            "NQ",
            [11, 11],
        ),
        (
            "nt8_mnq_mes_0324",
            "raw_MNQ 03-24.Last.txt",
            "bars_mnq_0324.csv.gz",
            "MNQ",
            [25, 16],
        ),
        (
            "nt8_mnq_mes_0324",
            "raw_MES 03-24.Last.txt",
            "bars_mes_0324.csv.gz",
            "MES",
            [22, 1618],
        ),
        (
            "nt8_es_2026h1",
            "raw_ES 03-26.Last.txt",
            "bars_es_0326.csv.gz",
            "ES",
            [14, 9],
        ),
        (
            "nt8_es_2026h1",
            "raw_ES 06-26.Last.txt",
            "bars_es_0626.csv.gz",
            "ES",
            [1, 5],
        ),
    ];
    for (folder, raw, bars, market, outside_and_missing) in cases {
        let found = assert_equal(&data.join(folder), raw, bars, market, "ninjatrader8", None);
        let counts =
            [ProblemKind::OutsideSession, ProblemKind::GapInSession].map(|k| found.count(k));
        assert_eq!(counts, outside_and_missing, "{raw}");
        assert_eq!((found.interval_seconds, found.dropped), (60, 0), "{raw}");
    }
}

#[test]
fn stamps_read_at_the_wrong_end_of_the_bar_are_noticed() {
    let Some(data) = data() else { return };
    let wrong = |file: &str, stamp: Stamp| {
        let options = ImportOptions {
            stamp: Some(stamp),
            ..Default::default()
        };
        inspect(&data.join(file), &options).unwrap().verdict
    };
    let opens = wrong("nt8_nq_0923/raw_NQ 09-23.Last.txt", Stamp::Open);
    assert!(
        opens.level == VerdictLevel::NotUsable && opens.why[0].contains("look like closes"),
        "{opens:?}"
    );
    let closes = wrong(
        "tv_nq_60m_2023_2026/raw_CME_MINI_NQ1!, 15.csv",
        Stamp::Close,
    );
    assert!(
        closes.level == VerdictLevel::NotUsable && closes.why[0].contains("look like opens"),
        "{closes:?}"
    );
}

#[test]
fn the_saturday_test_prints_are_spikes_and_can_be_removed() {
    let Some(data) = data() else { return };
    let folder = data.join("nt8_mnq_mes_0324");
    for (raw, time) in [
        ("raw_MNQ 03-24.Last.txt", "2024-01-20T18:58:00Z"),
        ("raw_MES 03-24.Last.txt", "2024-01-20T17:56:00Z"),
    ] {
        let found = inspect(&folder.join(raw), &options(None, None)).unwrap();
        let spikes = found
            .problems
            .iter()
            .find(|p| p.kind == ProblemKind::Spike)
            .unwrap();
        assert_eq!(spikes.count, 1, "{raw}: {:?}", spikes.examples);
        assert_eq!(spikes.examples[0].time.as_deref(), Some(time));
        assert_eq!(found.verdict.level, VerdictLevel::NotUsable);
        assert!(found.repairs_offered.contains(&Repair::DropSpikes));
        let repair = ImportOptions {
            repairs: vec![Repair::DropSpikes],
            ..Default::default()
        };
        let repaired = import(&folder.join(raw), &repair, &mut |_| true).unwrap();
        assert_eq!(repaired.bars.len() as u64 + 1, found.bars);
        assert!(
            repaired.inspection.verdict.level != VerdictLevel::NotUsable,
            "{:?}",
            repaired.inspection.verdict
        );
    }
}

#[test]
fn tradingview_files_equal_the_reference_bars() {
    let Some(data) = data() else { return };
    let cases = [
        (
            "tv_nq_es_ym_2022",
            "raw_NQ 20220116-20220128-1.csv",
            "bars_tv_nq1_2022.csv.gz",
            "NQ",
        ),
        (
            "tv_nq_es_ym_2022",
            "raw_ES 20220116-20220128-1.csv",
            "bars_tv_es1_2022.csv.gz",
            "ES",
        ),
        (
            "tv_nq_es_ym_2022",
            "raw_YM 20220116-20220128-1.csv",
            "bars_tv_ym1_2022.csv",
            "YM",
        ),
        (
            "tv_nq_es_ym_2022",
            "raw_NQ 20211205-20220128-5.csv",
            "bars_tv_nq5_2022.csv",
            "NQ",
        ),
        (
            "tv_nq_es_ym_2022",
            "raw_ES 20211205-20220128-5.csv",
            "bars_tv_es5_2022.csv",
            "ES",
        ),
        (
            "tv_nq_es_ym_2022",
            "raw_YM 20211205-20220128-5.csv",
            "bars_tv_ym5_2022.csv",
            "YM",
        ),
        (
            "tv_es_5m_202305",
            "raw_CME_MINI_ES1!, 5.csv",
            "bars_tv_es5_202305.csv",
            "ES",
        ),
        (
            "tv_nq_60m_2023_2026",
            "raw_CME_MINI_NQ1!, 60.csv",
            "bars_tv_nq60_2023_2026.csv.gz",
            "NQ",
        ),
        (
            "tv_nq_60m_2023_2026",
            "raw_CME_MINI_NQ1!, 15.csv",
            "bars_tv_nq15_2026.csv",
            "NQ",
        ),
    ];
    for (folder, raw, bars, market) in cases {
        let found = assert_equal(&data.join(folder), raw, bars, market, "tradingview", None);
        assert_eq!(
            (found.count(ProblemKind::OutsideSession), found.dropped),
            (0, 0),
            "{raw}"
        );
    }
}

#[test]
fn databento_pretty_and_raw_are_the_same_bars() {
    let Some(data) = data() else { return };
    let file = |kind: &str| {
        data.join(format!(
            "databento_es_samples/es_ohlcv_1m_databento_{kind}.csv"
        ))
    };
    let several = import(&file("raw"), &options(None, None), &mut |_| true).unwrap_err();
    assert!(
        several.needs_input() && several.to_string().contains("ESU4 (30 rows, volume "),
        "{several}"
    );
    let mixed = inspect(&file("pretty"), &options(None, None)).unwrap();
    assert_eq!(
        (mixed.count(ProblemKind::MixedSymbols), mixed.verdict.level),
        (30, VerdictLevel::NotUsable)
    );
    assert_eq!(mixed.symbols, ["ESU4", "NQU4"]);
    for (symbol, market, first_open) in [("ESU4", "ES", "5527.25"), ("NQU4", "NQ", "20014.25")] {
        let chosen = ImportOptions {
            symbol: Some(symbol.to_owned()),
            ..Default::default()
        };
        let by_symbol = import(&file("pretty"), &chosen, &mut |_| true).unwrap();
        let raw = import(&file("raw"), &chosen, &mut |_| true).unwrap();
        let by_market = import(&file("raw"), &options(Some(market), None), &mut |_| true).unwrap();
        assert_eq!(by_symbol.bars, raw.bars);
        assert_eq!(by_symbol.bars, by_market.bars);
        assert_eq!(
            by_symbol
                .bars
                .instrument
                .format_price(by_symbol.bars.open[0]),
            first_open
        );
        assert_eq!(
            by_symbol.inspection.first.as_deref(),
            Some("2024-07-01T23:40:00Z")
        );
    }
}

#[test]
fn other_platforms_files_equal_the_reference_bars_in_the_right_zone() {
    let Some(data) = data() else { return };
    let sierra = data.join("sierra_like_nq_es_202606");
    for (raw, bars, market) in [
        ("raw_NQ.csv", "bars_sc_nq_2026.csv", "NQ"),
        ("raw_ES.csv", "bars_sc_es_2026.csv", "ES"),
    ] {
        assert_equal(&sierra, raw, bars, market, "sierra_chart", None);
    }
    let yf = data.join("yf_nq_es_5m_2026");
    assert_equal(
        &yf,
        "raw_NQ_5min.csv",
        "bars_yf_nq5_2026.csv.gz",
        "NQ",
        "generic",
        Some("America/New_York"),
    );
    let gc = data.join("nq_gc_5m_2019");
    let found = assert_equal(
        &gc,
        "raw_NQ.csv",
        "bars_nq_5m_2019.csv.gz",
        "NQ",
        "generic",
        Some("America/Los_Angeles"),
    );
    assert_eq!(
        (found.count(ProblemKind::GapInSession), found.has_volume),
        (36, false)
    );
    let wrong = inspect(
        &gc.join("raw_NQ.csv"),
        &options(None, Some("America/New_York")),
    )
    .unwrap();
    assert_eq!(wrong.verdict.level, VerdictLevel::NotUsable);
    assert!(
        wrong.verdict.why[0].contains("zone or stamp look wrong"),
        "{:?}",
        wrong.verdict
    );
    let adjusted = assert_equal(
        &data.join("nq_15m_2024_2025"),
        "raw_NQ_2024_2025.csv",
        "bars_nq_15m_dumb.csv.gz",
        "NQ",
        "generic",
        Some("America/Chicago"),
    );
    assert!(adjusted.count(ProblemKind::OffTick) > 30_000);
}

#[test]
fn every_sample_of_a_dialect_is_recognised_or_refused_by_name() {
    let Some(data) = data() else { return };
    let expected = [
        ("databento_ohlcv1m_pretty.csv", "databento"),
        ("databento_ohlcv1m_raw_fixed_1e-9.csv", "databento"),
        ("firstrate_1min.csv", "firstrate"),
        ("firstrate_1min_noheader.txt", "firstrate"),
        ("histdata_metatrader.csv", "metatrader4"),
        ("histdata_ninjatrader_ascii.csv", "ninjatrader8"),
        ("kibot_DOCUMENTED_layout.txt", "kibot"),
        ("metatrader5_tab.csv", "metatrader5"),
        ("ninjatrader8_minute.txt", "ninjatrader8"),
        ("ninjatrader8_minute_dirty.txt", "ninjatrader8"),
        ("polygon_flatfile.csv", "polygon"),
        ("seed_D1M_LAYOUT_from_seed_code.csv", "generic"),
        ("sierra_chart_intraday_export.txt", "sierra_chart"),
        ("sierra_chart_like.csv", "sierra_chart"),
        ("tradestation_intraday.txt", "tradestation"),
        ("tradingview_duplicate_headers.csv", "tradingview"),
        ("tradingview_iso_no_volume_odd_header.csv", "tradingview"),
        ("tradingview_iso_offset_with_studies.csv", "tradingview"),
        ("tradingview_unix.csv", "tradingview"),
        ("barchart_intraday_DOCUMENTED_not_real.csv", "barchart"),
        ("yfinance_dividends.csv", "yfinance"),
        ("yfinance_multi_order.csv", "yfinance"),
        ("day_first_mixed_formats.csv", "generic"),
        ("dukascopy.csv", "dukascopy"),
        ("alpaca_bars.csv", "alpaca"),
        (
            "interactive_brokers_DOCUMENTED_layout.csv",
            "interactive_brokers",
        ),
        (
            "interactive_brokers_tws_DOCUMENTED_layout.csv",
            "interactive_brokers",
        ),
        ("lean_hour_trade.csv", "lean"),
        ("metastock_forexite.txt", "metastock"),
        (
            "multicharts_quotemanager_DOCUMENTED_layout.txt",
            "multicharts",
        ),
        ("midprice_24h_clock.csv", "generic"),
        ("backtrader_header_one_short.txt", "generic"),
        ("two_time_columns.csv", "generic"),
    ];
    for (file, dialect) in expected {
        let found =
            crate::detect::detect(&data.join("dialects").join(file), &ImportOptions::default())
                .unwrap_or_else(|e| panic!("{file}: {e}"));
        assert_eq!(found.dialect, dialect, "{file}");
    }
    for file in [
        "ninjatrader_daily.txt",
        "ninjatrader_tick.txt",
        "barchart_daily_descending.csv",
        "sierra_chart_tick_export.txt",
        "lean_minute_trade.csv",
        "histdata_gap_report.txt",
    ] {
        let e = crate::detect::detect(&data.join("dialects").join(file), &ImportOptions::default())
            .unwrap_err();
        assert!(e.is_bad_data(), "{file}: {e}");
    }
}
