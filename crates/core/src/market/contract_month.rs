//! Contract months: `ESU4`, `NQ 09-24`, and when such a contract expires and rolls.
//!
//! Index futures last trade on the third Friday of their month; trading moves to the next contract
//! on the Monday of that week. Serial months of other markets have other rules and are not known here.

use std::fmt;

use jiff::civil;

use crate::time::TradingDay;

/// The letters of the months, January first.
const LETTERS: &[u8; 12] = b"FGHJKMNQUVXZ";

/// Year and month of delivery. Orders by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContractMonth {
    /// Year, e.g. 2024.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: u8,
}

impl ContractMonth {
    /// Reads what stands behind the root symbol: `U4`, `U24`, `U2024` or ` 09-24`. A year of one
    /// digit is the first with that digit that has not expired on `first_day`, the first day of the data.
    pub fn parse(code: &str, first_day: TradingDay) -> Option<Self> {
        let code = code.trim().to_ascii_uppercase();
        let number = |s: &str| {
            let plain = !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| s.parse::<i16>().ok()).flatten()
        };
        let (month, year) = match code.split_once('-') {
            Some((month, year)) => (number(month)?, year),
            None => {
                let letter = *code.as_bytes().first()?;
                let at = LETTERS.iter().position(|&l| l == letter)?;
                (at as i16 + 1, code.get(1..)?)
            }
        };
        let month = u8::try_from(month).ok().filter(|m| (1..=12).contains(m))?;
        let digits = number(year)?;
        let year = match year.len() {
            1 => {
                let from = first_day.date().year();
                (from..=from + 10).find(|&y| {
                    y % 10 == digits && Self { year: y, month }.last_trading_day() >= first_day
                })?
            }
            2 => 2000 + digits,
            4 => digits,
            _ => return None,
        };
        Some(Self { year, month })
    }

    /// The third Friday of the month.
    pub fn last_trading_day(self) -> TradingDay {
        let first = TradingDay::from_date(civil::date(self.year, self.month as i8, 1));
        let to_friday = (4 - i32::from(first.weekday())).rem_euclid(7);
        TradingDay(first.0 + to_friday + 14)
    }

    /// The Monday of the week of the last trading day.
    pub fn roll_day(self) -> TradingDay {
        TradingDay(self.last_trading_day().0 - 4)
    }
}

impl fmt::Display for ContractMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_all_platforms_mean_one_month() {
        let day: TradingDay = "2024-07-01".parse().unwrap();
        let want = Some(ContractMonth {
            year: 2024,
            month: 9,
        });
        for code in ["U4", "u24", "U2024", " 09-24"] {
            assert_eq!(ContractMonth::parse(code, day), want, "{code}");
        }
        for code in ["", "U", "A4", "13-24", "U123", "4", "1!", ".c.0"] {
            assert_eq!(ContractMonth::parse(code, day), None, "{code}");
        }
        let expired = ContractMonth::parse("H4", day).unwrap();
        assert_eq!(expired.year, 2034, "March 2024 was over");
        let last_decade = ContractMonth::parse("Z9", "2019-12-02".parse().unwrap()).unwrap();
        assert_eq!(last_decade.year, 2019);
    }

    #[test]
    fn contracts_expire_on_the_third_friday_and_roll_on_its_monday() {
        for (year, month, roll) in [
            (2024, 3, "2024-03-11"),
            (2025, 9, "2025-09-15"),
            (2026, 3, "2026-03-16"),
            (2019, 3, "2019-03-11"),
            (2019, 6, "2019-06-17"),
            (2019, 9, "2019-09-16"),
            (2019, 12, "2019-12-16"),
        ] {
            let day = ContractMonth { year, month }.roll_day();
            assert_eq!(day.to_string(), roll, "volume moved on this Monday");
        }
    }
}
