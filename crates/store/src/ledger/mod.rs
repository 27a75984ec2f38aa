//! Ledgers on disk: `trades.csv` and `equity.csv`, scripts of actions, daily results.
//!
//! Money is written from integers, so that a ledger adds up to the cent; every time is the open
//! of a bar in UTC. Readers take anybody's files: columns in any order, more than are needed, and
//! without the optional ones; what is wrong is named with line, column and value.

mod actions;
mod candidates;
mod daily;
mod equity;
mod table;
mod trades;

use std::path::Path;

use holdout_core::market::{Bars, Instrument, Instruments};
use holdout_core::sim::{EquityRow, Ledger, Trade};

pub use actions::{ActionScript, read_actions};
pub use candidates::{CandidateTable, read_candidates};
pub use daily::{DailySeries, DailyValues, read_daily_csv};
pub use equity::write_equity;
pub use trades::write_trades;

use crate::error::FileError;
use crate::symbol::{SymbolKind, classify};

/// File of the trades inside a ledger's folder.
pub const TRADES_FILE: &str = "trades.csv";
/// File of the equity inside a ledger's folder.
pub const EQUITY_FILE: &str = "equity.csv";

/// Points in one unit of price where no instrument is known.
pub const UNKNOWN_PRICE_UNIT: f64 = 0.0001;

/// A ledger as it was read; unlike a simulated one it may not know its instrument.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerFile {
    /// The market, when the trades name one known market and no other.
    pub instrument: Option<Instrument>,
    /// Symbols that the trades name, each once.
    pub symbols: Vec<String>,
    /// Points in one unit of all prices here: the tick, or [`UNKNOWN_PRICE_UNIT`].
    pub price_unit: f64,
    /// Most frequent distance of the rows in seconds; `None` below two rows.
    pub interval_secs: Option<i64>,
    /// One per bar, in order of time.
    pub rows: Vec<EquityRow>,
    /// In file order.
    pub trades: Vec<Trade>,
    /// Optional columns that `equity.csv` has not, or not in every row; their fields hold zero,
    /// HOLD or nothing there.
    pub missing_equity: Vec<&'static str>,
    /// Optional columns that `trades.csv` has not, or not in every row; their fields hold zero
    /// or nothing there.
    pub missing_trades: Vec<&'static str>,
}

/// Writes `trades.csv` and `equity.csv` into a folder.
///
/// # Errors
/// When the system refuses.
pub fn write(folder: &Path, ledger: &Ledger) -> Result<(), FileError> {
    write_trades(&folder.join(TRADES_FILE), ledger)?;
    write_equity(&folder.join(EQUITY_FILE), ledger)
}

/// Reads `trades.csv` and `equity.csv` of a folder; symbols are looked up among the known markets.
///
/// # Errors
/// When a file is missing, lacks a column that is needed, or holds a value that cannot be.
pub fn read(folder: &Path, markets: &Instruments) -> Result<LedgerFile, FileError> {
    let trades = trades::read(&folder.join(TRADES_FILE), markets)?;
    let unit = PriceUnit::of(trades.instrument.as_ref());
    let (rows, missing_equity) = equity::read(&folder.join(EQUITY_FILE), &unit)?;
    let times: Vec<i64> = rows.iter().map(|r| r.time).collect();
    Ok(LedgerFile {
        price_unit: unit.points(),
        interval_secs: Bars::most_frequent_interval(&times),
        instrument: trades.instrument,
        symbols: trades.symbols,
        rows,
        trades: trades.trades,
        missing_equity,
        missing_trades: trades.missing,
    })
}

/// Reads the trades alone, without equity, and the market where they name one.
///
/// # Errors
/// As [`read`].
pub fn read_trades(
    path: &Path,
    markets: &Instruments,
) -> Result<(Vec<Trade>, Option<Instrument>), FileError> {
    let file = trades::read(path, markets)?;
    Ok((file.trades, file.instrument))
}

/// In which unit prices are counted.
enum PriceUnit {
    Tick(Instrument),
    Unknown,
}

impl PriceUnit {
    fn of(instrument: Option<&Instrument>) -> Self {
        instrument.map_or(Self::Unknown, |i| Self::Tick(i.clone()))
    }

    fn points(&self) -> f64 {
        match self {
            Self::Tick(i) => i.tick_size,
            Self::Unknown => UNKNOWN_PRICE_UNIT,
        }
    }

    /// Units of a price; `None` off the tick grid or out of range.
    fn units(&self, text: &str) -> Option<i32> {
        let price = crate::dialects::number::parse(text.as_bytes(), b'.')?;
        match self {
            Self::Tick(i) => i.to_ticks(price),
            Self::Unknown => {
                let units = (price / UNKNOWN_PRICE_UNIT).round();
                (units.abs() < f64::from(i32::MAX / 4)).then_some(units as i32)
            }
        }
    }

    fn expected(&self) -> String {
        match self {
            Self::Tick(i) => format!("a price of {} on a multiple of {}", i.symbol, i.tick_size),
            Self::Unknown => "a price".to_owned(),
        }
    }
}

/// The market that all of these symbols name.
fn one_market(symbols: &[String], markets: &Instruments) -> Option<Instrument> {
    let mut found: Option<String> = None;
    for symbol in symbols {
        let SymbolKind::Outright { root } = classify(symbol, markets) else {
            return None;
        };
        if found.as_ref().is_some_and(|f| *f != root) {
            return None;
        }
        found = Some(root);
    }
    markets.get(&found?).ok().cloned()
}

/// Reads an amount of dollars; at most ten billion, so that sums stay in range.
fn usd(text: &str) -> Option<holdout_core::units::Usd> {
    let dollars = crate::dialects::number::parse(text.as_bytes(), b'.')?;
    (dollars.abs() <= 1e10).then(|| holdout_core::units::Usd::from_dollars(dollars))
}

/// Reads an instant.
fn time(text: &str) -> Option<i64> {
    crate::canonical::read_utc(text.as_bytes())
}

const MONEY: &str = "an amount of dollars such as -12.50";
const TIME: &str = "a time like 2024-03-04T14:30:00Z";

#[cfg(test)]
mod tests {
    use holdout_core::sim::{Action, ActionMask, ExitReason, Side};
    use holdout_core::units::Usd;
    use proptest::prelude::*;

    use super::*;

    fn nq() -> Instrument {
        Instruments::builtin().get("NQ").unwrap().clone()
    }

    fn ledger(rows: Vec<EquityRow>, trades: Vec<Trade>) -> Ledger {
        Ledger {
            instrument: nq(),
            interval_secs: 60,
            start_balance: Usd::whole(50_000),
            rows,
            trades,
            rejected: 0,
            expired: 0,
            same_bar_both: Vec::new(),
            ambiguous: Vec::new(),
            breach: None,
            stalled: None,
        }
    }

    fn any_usd() -> impl Strategy<Value = Usd> {
        (-2_000_000_000_i64..2_000_000_000).prop_map(Usd)
    }

    fn any_row() -> impl Strategy<Value = EquityRow> {
        let money = proptest::array::uniform6(any_usd());
        let levels = (
            proptest::option::of(1..400_000_i32),
            proptest::option::of(1..400_000_i32),
        );
        (money, levels, -3..=3_i32, 0..6_usize, 0..64_u8).prop_map(
            |([a, b, c, d, e, f], (stop, target), position, action, mask)| EquityRow {
                time: 0,
                balance: a,
                equity_close: b,
                equity_best: c.max(d),
                equity_worst: c.min(d),
                peak: e,
                floor: f,
                position,
                stop,
                target,
                action: Action::from_index(action),
                mask: ActionMask(mask),
            },
        )
    }

    fn any_trade() -> impl Strategy<Value = Trade> {
        let money = proptest::array::uniform5(any_usd());
        let prices = proptest::array::uniform4(1..400_000_i32);
        (
            money,
            prices,
            1..9_i32,
            1..500_u32,
            0..8_usize,
            any::<[bool; 3]>(),
            0..4_000_000_000_i64,
        )
            .prop_map(
                |(
                    [gross, commission, net, mae, mfe],
                    [entry, stop, target, exit],
                    contracts,
                    bars_held,
                    reason,
                    [long, forced, hole],
                    at,
                )| Trade {
                    id: 0,
                    side: if long { Side::Long } else { Side::Short },
                    contracts,
                    entry_time: at,
                    entry_price: entry,
                    stop_initial: stop,
                    target_initial: target,
                    exit_time: at + 60,
                    exit_price: exit,
                    exit_reason: ExitReason::ALL[reason],
                    bars_held,
                    gross_pnl: gross,
                    commission,
                    net_pnl: net,
                    mae,
                    mfe,
                    forced,
                    hole,
                },
            )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_ledger_comes_back_as_it_was(mut rows in proptest::collection::vec(any_row(), 1..20), mut trades in proptest::collection::vec(any_trade(), 1..8)) {
            rows.iter_mut().enumerate().for_each(|(i, r)| r.time = 1_709_500_000 + 60 * i as i64);
            trades.iter_mut().enumerate().for_each(|(i, t)| t.id = i as u32 + 1);
            let dir = tempfile::tempdir().unwrap();
            write(dir.path(), &ledger(rows.clone(), trades.clone())).unwrap();
            let back = read(dir.path(), &Instruments::builtin()).unwrap();
            prop_assert_eq!(back.rows, rows);
            prop_assert_eq!(back.trades, trades);
            prop_assert_eq!(back.instrument, Some(nq()));
            prop_assert!(back.missing_equity.is_empty() && back.missing_trades.is_empty());
        }
    }

    #[test]
    fn anybodys_ledger_needs_few_columns_in_any_order() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join(TRADES_FILE),
            "note2,net_pnl,side,contracts,entry_time,exit_time,entry_price\nx,12.5,long,1,2024-03-04T14:30:00Z,2024-03-04T14:35:00Z,101.123\n",
        )
        .unwrap();
        std::fs::write(
            dir.path().join(EQUITY_FILE),
            "time,equity_worst,equity_best,equity_close,balance\n2024-03-04T14:30:00Z,1,3,2,50000\n2024-03-04T14:31:00Z,1,3,2,50000.0625\n",
        )
        .unwrap();
        let file = read(dir.path(), &Instruments::builtin()).unwrap();
        assert_eq!(
            (file.instrument, file.price_unit, file.interval_secs),
            (None, UNKNOWN_PRICE_UNIT, Some(60))
        );
        assert_eq!(
            (
                file.trades[0].id,
                file.trades[0].entry_price,
                file.trades[0].net_pnl
            ),
            (1, 1_011_230, Usd(125_000))
        );
        assert_eq!(file.rows[1].balance, Usd(500_000_625));
        assert!(file.missing_equity.contains(&"floor") && file.missing_trades.contains(&"symbol"));
    }

    #[test]
    fn an_empty_cell_is_a_value_that_is_not_known() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = ("2024-03-04T14:30:00Z", "2024-03-04T14:31:00Z");
        let head = "side,contracts,entry_time,exit_time,net_pnl,stop_initial,mae,forced,symbol\n";
        let trades = format!("{head}long,1,{a},{b},5,,10,,NQ\nlong,1,{a},{b},5,100.25,10,,NQ\n");
        std::fs::write(dir.path().join(TRADES_FILE), trades).unwrap();
        let head = "time,balance,equity_close,equity_best,equity_worst,floor,position,stop\n";
        let equity = format!("{head}{a},1,1,1,1,,0,\n{b},1,1,1,1,-5,0,\n");
        std::fs::write(dir.path().join(EQUITY_FILE), equity).unwrap();
        let file = read(dir.path(), &Instruments::builtin()).unwrap();
        let missing = (&file.missing_equity, &file.missing_trades);
        for n in ["floor", "action"] {
            assert!(missing.0.contains(&n), "{n}: {missing:?}");
        }
        assert!(missing.1.contains(&"stop_initial"), "{missing:?}");
        for n in ["mae", "forced", "symbol"] {
            assert!(!missing.1.contains(&n), "{n}: {missing:?}");
        }
        assert!(!missing.0.contains(&"stop") && !missing.0.contains(&"position"));
        assert_eq!(file.trades[1].stop_initial, 401);
    }

    #[test]
    fn faults_are_named_with_line_column_and_value() {
        let dir = tempfile::tempdir().unwrap();
        let equity = dir.path().join(EQUITY_FILE);
        std::fs::write(
            dir.path().join(TRADES_FILE),
            "side,contracts,entry_time,exit_time,net_pnl\n",
        )
        .unwrap();
        let head = "time,balance,equity_close,equity_best,equity_worst,position\n2024-03-04T14:30:00Z,1,1,1,1,0\n";
        let cases = [
            (
                "2024-03-04T14:31:00Z,1,abc,1,1,0\n",
                "line 3, column equity_close: \"abc\"",
            ),
            (
                "2024-03-04T14:31:00Z,1,1,1,1,0.5\n",
                "line 3, column position: \"0.5\"",
            ),
            ("2024-03-04T14:31,1,1,1,1,0\n", "line 3, column time"),
            ("2024-03-04T14:30:00Z,1,1,1,1,0\n", "line 3, column time"),
            (
                "2024-03-04T14:31:00Z,1,1\n",
                "line 3: 3 cells where the header has 6",
            ),
            (
                "2024-03-04T14:31:00Z,1,1,2,3,0\n",
                "line 3, column equity_worst",
            ),
        ];
        for (row, want) in cases {
            std::fs::write(&equity, format!("{head}{row}")).unwrap();
            let e = read(dir.path(), &Instruments::builtin()).unwrap_err();
            assert!(
                e.is_bad_data() && e.to_string().contains(want),
                "{e}\nwanted {want}"
            );
        }
        std::fs::write(&equity, head.replace("equity_close", "balance")).unwrap();
        let e = read(dir.path(), &Instruments::builtin()).unwrap_err();
        let want = "line 1: the column balance is there twice";
        assert!(e.is_bad_data() && e.to_string().contains(want), "{e}");
        std::fs::write(&equity, "time,balance\n").unwrap();
        assert!(
            read(dir.path(), &Instruments::builtin())
                .unwrap_err()
                .to_string()
                .contains("the column equity_close is missing")
        );
        std::fs::remove_file(&equity).unwrap();
        assert!(matches!(
            read(dir.path(), &Instruments::builtin()),
            Err(FileError::NotFound(_))
        ));
    }

    #[test]
    fn three_hundred_thousand_rows_are_written_quickly() {
        let rows: Vec<EquityRow> = (0..300_000)
            .map(|i| EquityRow {
                time: 1_600_000_000 + 60 * i,
                balance: Usd(500_000_000 + i),
                equity_close: Usd(500_000_000 - i),
                equity_best: Usd(500_100_000),
                equity_worst: Usd(499_900_000),
                peak: Usd(500_200_000),
                floor: Usd(475_000_000),
                position: 1,
                stop: Some(60_000),
                target: Some(61_000),
                action: Action::Hold,
                mask: ActionMask::HOLD_ONLY,
            })
            .collect();
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(rows, Vec::new());
        let start = std::time::Instant::now();
        write(dir.path(), &ledger).unwrap();
        let took = start.elapsed();
        println!("300 000 rows written in {took:?}");
        assert!(
            took.as_secs_f64() < 3.0,
            "{took:?}, which leaves room for a busy machine"
        );
    }
}
