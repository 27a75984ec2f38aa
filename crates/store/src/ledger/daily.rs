//! Daily results of anybody: `date,net_pnl` or `date,return`.

use std::path::Path;

use holdout_core::time::TradingDay;

use super::MONEY;
use super::table::Table;
use crate::dialects::number;
use crate::error::{BadInput, FileError};

/// What a daily file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum DailyValues {
    /// Dollars won or lost, with all the digits that were written.
    NetPnl(Vec<f64>),
    /// Fractions of the balance at the end of the day before.
    Return(Vec<f64>),
}

/// Results by trading day, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct DailySeries {
    /// Days.
    pub days: Vec<TradingDay>,
    /// One value per day.
    pub values: DailyValues,
}

/// Reads daily results.
///
/// # Errors
/// When the header has neither or both columns, on values that are no numbers, on a return of
/// -100% or less, and on dates that do not rise.
pub fn read_daily_csv(path: &Path) -> Result<DailySeries, FileError> {
    let table = Table::read(path)?;
    let c_date = table.require("date")?;
    let (pnl, returns) = (table.column("net_pnl"), table.column("return"));
    let mut days: Vec<TradingDay> = Vec::with_capacity(table.len());
    for row in table.rows() {
        let day: TradingDay = row.get(c_date, "a date like 2024-03-04", |t| t.parse().ok())?;
        if days.last().is_some_and(|&d| d >= day) {
            return Err(row.bad(c_date, "dates that rise from row to row"));
        }
        days.push(day);
    }
    let values = match (pnl, returns) {
        (Some(c), None) => DailyValues::NetPnl(
            table
                .rows()
                .map(|r| r.get(c, MONEY, dollars))
                .collect::<Result<_, _>>()?,
        ),
        (None, Some(c)) => {
            let read = |t: &str| number::parse(t.as_bytes(), b'.').filter(|&r| r > -1.0);
            let expected = "a return as a fraction above -1, such as 0.0125";
            DailyValues::Return(
                table
                    .rows()
                    .map(|r| r.get(c, expected, read))
                    .collect::<Result<_, _>>()?,
            )
        }
        _ => {
            let bad = BadInput::new(path, format!("the header is {}", table.names.join(",")))
                .line(1)
                .expected("date,net_pnl or date,return");
            return Err(bad.into());
        }
    };
    if days.is_empty() {
        return Err(BadInput::new(path, "the file has a header and no days")
            .expected("one row a trading day")
            .into());
    }
    Ok(DailySeries { days, values })
}

/// Reads an amount of dollars; at most ten billion, so that sums keep their cents.
fn dollars(text: &str) -> Option<f64> {
    number::parse(text.as_bytes(), b'.').filter(|d| d.abs() <= 1e10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daily(text: &str) -> Result<DailySeries, FileError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("daily.csv");
        std::fs::write(&path, text).unwrap();
        read_daily_csv(&path)
    }

    #[test]
    fn both_kinds_are_read() {
        let d = daily("date,net_pnl\n2024-03-04,12.5\n2024-03-05,-0.0001\n").unwrap();
        assert_eq!(d.values, DailyValues::NetPnl(vec![12.5, -0.0001]));
        assert_eq!(d.days[1].to_string(), "2024-03-05");
        let d = daily("\u{feff}date,return\r\n2024-03-04,0.0125\r\n").unwrap();
        assert_eq!(d.values, DailyValues::Return(vec![0.0125]));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let cases = [
            (
                "date,net_pnl\n2024-03-04,1\n2024-03-04,2\n",
                "line 3, column date",
            ),
            (
                "date,net_pnl\n2024-03-04,NaN\n",
                "line 2, column net_pnl: \"NaN\"",
            ),
            (
                "date,return\n2024-03-04,-1\n",
                "line 2, column return: \"-1\"",
            ),
            (
                "date,net_pnl,return\n2024-03-04,1,1\n",
                "expected date,net_pnl or date,return",
            ),
            ("date,pnl\n", "expected date,net_pnl or date,return"),
            ("date,net_pnl\n", "no days"),
        ];
        for (text, want) in cases {
            let e = daily(text).unwrap_err().to_string();
            assert!(e.contains(want), "{e}\nwanted {want}");
        }
    }
}
