//! Golden values of other people's libraries on real five-minute bars.
//!
//! TA-Lib 0.6 and R's TTR, a thousand bars each, and a charting service's session VWAP. The
//! files are not part of the repository; without them the tests say so and return.

use std::path::PathBuf;

use super::indicator_table;
use crate::market::{Bars, Instruments, SessionCalendar, Sessions};
use crate::time::parse_utc;

fn shared(path: &str) -> Option<String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(path);
    std::fs::read_to_string(&file)
        .inspect_err(|e| eprintln!("skipped, {}: {e}", file.display()))
        .ok()
}

struct Csv {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Csv {
    fn parse(text: &str) -> Self {
        let cells = |line: &str| {
            line.split(',')
                .map(|c| c.trim().to_owned())
                .collect::<Vec<_>>()
        };
        let mut lines = text.lines();
        let header = cells(lines.next().unwrap());
        Self {
            header,
            rows: lines.map(cells).collect(),
        }
    }

    fn column(&self, name: &str) -> Vec<f64> {
        let j = self.header.iter().position(|h| h == name).unwrap();
        self.rows
            .iter()
            .map(|r| r[j].parse().unwrap_or(f64::NAN))
            .collect()
    }

    fn bars(&self, market: &str, volume: Option<&str>) -> Bars {
        let nq = Instruments::builtin().get(market).unwrap().clone();
        let mut bars = Bars::empty(nq.clone(), 300);
        let ohlc = ["open", "high", "low", "close"].map(|c| self.column(c));
        let volume = volume.map(|v| self.column(v));
        for (i, row) in self.rows.iter().enumerate() {
            let time = row[0]
                .parse()
                .unwrap_or_else(|_not_unix| parse_utc(&row[0]).unwrap());
            let ticks = [0, 1, 2, 3].map(|k| nq.to_ticks(ohlc[k][i]).unwrap());
            bars.push(time, ticks, volume.as_ref().map_or(0.0, |v| v[i]));
        }
        bars
    }
}

/// Largest difference from bar `from` on; both must be defined on the same bars there.
fn largest_difference(ours: &[f64], theirs: &[f64], from: usize) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let mut largest: f64 = 0.0;
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate().skip(from) {
        assert_eq!(a.is_nan(), b.is_nan(), "bar {i}: {a} and {b}");
        if !a.is_nan() {
            largest = largest.max((a - b).abs());
        }
    }
    largest
}

#[test]
fn indicators_equal_ta_lib_and_ttr() {
    let Some(input) = shared("oracles/ind_nq5m_2019_input.csv") else {
        return;
    };
    let bars = Csv::parse(&input).bars("NQ", None);
    let sessions = Sessions::new(&bars, &SessionCalendar::builtin());
    let table = indicator_table(&bars, &sessions, 82_740);
    let ours = |name: &str| &table.iter().find(|(n, _)| n == name).unwrap().1;
    let same = [
        ("atr_14", "atr14"),
        ("rsi_14", "rsi14"),
        ("adx_14", "adx14"),
        ("plus_di_14", "di_p"),
        ("minus_di_14", "di_n"),
        ("sma_20", "sma20"),
        ("bb_upper_20", "bb_up"),
        ("bb_lower_20", "bb_lo"),
    ];
    for library in ["talib", "TTR"] {
        let theirs = Csv::parse(&shared(&format!("oracles/ind_nq5m_2019_{library}.csv")).unwrap());
        let check = |name: &str, ours: &[f64], column: &str, from: usize, tolerance: f64| {
            let worst = largest_difference(ours, &theirs.column(column), from);
            assert!(worst < tolerance, "{name} against {library}: {worst:e}");
        };
        for (name, column) in same {
            // Their files hold twelve digits: half a unit of the last is 5e-9 at prices of 6 000.
            // TA-Lib's own bands are good to 5e-9 only, because it subtracts squares of prices.
            let tolerance = if name.starts_with("bb") { 1.2e-8 } else { 1e-9 };
            check(name, ours(name), column, 0, tolerance);
        }
        let ema_20 = super::moving_average::ema(&theirs.column("close"), 20);
        check("ema_20", &ema_20, "ema20", 0, 6e-9);
        // TTR seeds each average on its own as we do; TA-Lib starts the fast one later and converges.
        let (from, tolerance) = if library == "TTR" {
            (0, 1e-9)
        } else {
            (150, 1e-6)
        };
        check("macd", ours("macd"), "macd", from, tolerance);
        check(
            "macd_signal",
            ours("macd_signal"),
            "signal",
            from,
            tolerance,
        );
    }
}

/// The averages whose lengths the value files lack: by their definitions, by TTR's MACD, which is
/// the difference of the two exponential ones, and by TA-Lib's own regression table.
#[test]
fn averages_of_every_length_equal_their_definitions_and_ta_lib() {
    let (Some(input), Some(ttr)) = (
        shared("oracles/ind_nq5m_2019_input.csv"),
        shared("oracles/ind_nq5m_2019_TTR.csv"),
    ) else {
        return;
    };
    let bars = Csv::parse(&input).bars("NQ", None);
    let sessions = Sessions::new(&bars, &SessionCalendar::builtin());
    let table = indicator_table(&bars, &sessions, 82_740);
    let ours = |name: &str| &table.iter().find(|(n, _)| n == name).unwrap().1;
    let ttr = Csv::parse(&ttr);
    let close = ttr.column("close");
    for (name, n) in [("sma_5", 5), ("sma_20", 20), ("sma_200", 200)] {
        let plain: Vec<f64> = (0..close.len())
            .map(|i| match (i + 1).checked_sub(n) {
                Some(from) => close[from..=i].iter().sum::<f64>() / n as f64,
                None => f64::NAN,
            })
            .collect();
        let worst = largest_difference(ours(name), &plain, 0);
        assert!(worst < 1e-9, "{name}: {worst:e}");
    }
    let difference: Vec<f64> = ours("ema_12")
        .iter()
        .zip(ours("ema_26"))
        .map(|(fast, slow)| fast - slow)
        .collect();
    let worst = largest_difference(&difference, &ttr.column("macd"), 0);
    assert!(
        worst < 1e-9,
        "ema_12 less ema_26 against TTR's MACD: {worst:e}"
    );

    let (Some(data), Some(cases)) = (
        shared("oracles/talib_regtest/test_data.c"),
        shared("oracles/talib_regtest/test_ma.c"),
    ) else {
        return;
    };
    let numbers = data
        .split_once("close_daily_ref_0_PRIV[252] = {")
        .and_then(|(_, rest)| rest.split_once('}'))
        .unwrap()
        .0;
    let close: Vec<f64> = numbers
        .split(',')
        .filter_map(|n| n.trim().parse().ok())
        .collect();
    assert_eq!(close.len(), 252);
    let mut checked = 0;
    for line in cases.lines() {
        let cells: Vec<&str> = line
            .trim_start_matches([' ', '{'])
            .split(',')
            .map(str::trim)
            .collect();
        let [
            _,
            "TA_ANY_MA_TEST",
            "0",
            "0",
            "251",
            n,
            kind,
            _,
            "TA_SUCCESS",
            at,
            value,
            from,
            ..,
        ] = cells.as_slice()
        else {
            continue;
        };
        let average = match *kind {
            "TA_MAType_SMA" => super::moving_average::sma,
            "TA_MAType_EMA" if line.contains("COMPATIBILITY_DEFAULT") => super::moving_average::ema,
            _ => continue,
        };
        let got = average(&close, n.parse().unwrap());
        let bar = from.parse::<usize>().unwrap() + at.parse::<usize>().unwrap();
        let want: f64 = value.parse().unwrap();
        // The table has two decimals.
        assert!((got[bar] - want).abs() < 0.01, "{line}: {}", got[bar]);
        checked += 1;
    }
    assert!(checked >= 15, "{checked} lines of the table were found");
}

#[test]
fn session_vwap_equals_a_charting_service() {
    let folder = "data/tv_nq_es_ym_2022";
    for (market, name) in [
        ("NQ", "NQ 20211205-20220128-5"),
        ("ES", "ES 20211205-20220128-5"),
        ("YM", "YM 20211205-20220128-5"),
        ("NQ", "NQ 20220116-20220128-1"),
        ("ES", "ES 20220116-20220128-1"),
        ("YM", "YM 20220116-20220128-1"),
    ] {
        let Some(text) = shared(&format!("{folder}/raw_{name}.csv")) else {
            return;
        };
        let csv = Csv::parse(&text);
        let bars = csv.bars(market, Some("Volume"));
        let sessions = Sessions::new(&bars, &SessionCalendar::builtin());
        let table = indicator_table(&bars, &sessions, 82_740);
        let (_, ours) = table.iter().find(|(n, _)| n == "vwap_session").unwrap();
        let worst = largest_difference(ours, &csv.column("Plot"), 0);
        assert!(worst < 1e-9, "{name}: {worst:e}");
    }
}
