//! Contracts: what a tick is worth, what a side costs, which micro belongs to which mini.
//!
//! The table ships in `assets/instruments.toml`; a user adds a market there without code.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::units::{Ticks, Usd};

/// A table of instruments that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstrumentError {
    /// The text is not the expected TOML.
    #[error("the instrument table is not valid: {0}")]
    Syntax(String),
    /// A value makes no sense.
    #[error("instrument {symbol}: {field} must be {expected}")]
    Value {
        /// Symbol of the table.
        symbol: String,
        /// Key with the bad value.
        field: &'static str,
        /// What is expected there.
        expected: &'static str,
    },
    /// The market is not in the table.
    #[error("market \"{symbol}\" is unknown; known are {known}")]
    Unknown {
        /// What was asked for.
        symbol: String,
        /// The symbols of the table.
        known: String,
    },
}

/// A futures contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instrument {
    /// Root symbol, e.g. `NQ`.
    pub symbol: String,
    /// Name for people.
    pub name: String,
    /// Dollars per point per contract.
    pub point_value: Usd,
    /// Price of one tick, in points.
    pub tick_size: f64,
    /// Dollars per tick per contract.
    pub tick_value: Usd,
    /// Default commission per side per contract.
    pub commission: Usd,
    /// Default slippage of a market or stop order.
    pub slippage_ticks: Ticks,
    /// Root symbol of the mini that this is a tenth of.
    pub micro_of: Option<String>,
}

impl Instrument {
    /// Decimals with which a price is written.
    pub fn price_decimals(&self) -> usize {
        (0..9)
            .find(|&d| is_whole(self.tick_size * 10_f64.powi(d as i32)))
            .unwrap_or(9)
    }

    /// A price in points.
    pub fn price(&self, ticks: Ticks) -> f64 {
        f64::from(ticks) * self.tick_size
    }

    /// A price as text with the tick's decimals.
    pub fn format_price(&self, ticks: Ticks) -> String {
        format!("{:.*}", self.price_decimals(), self.price(ticks))
    }

    /// Whole ticks of a price in points, or `None` when it is off the grid, not finite, or out of range.
    pub fn to_ticks(&self, price: f64) -> Option<Ticks> {
        let exact = price / self.tick_size;
        let near = exact.round();
        let fits = near.abs() < f64::from(i32::MAX / 4);
        ((exact - near).abs() < 1e-4 && fits).then_some(near as Ticks)
    }

    /// The nearest whole tick and whether the price was on the grid; `None` when not finite or out of range.
    pub fn to_nearest_tick(&self, price: f64) -> Option<(Ticks, bool)> {
        let exact = price / self.tick_size;
        let near = exact.round();
        (near.abs() < f64::from(i32::MAX / 4)).then(|| (near as Ticks, (exact - near).abs() < 1e-4))
    }

    /// Root symbol of the mini, which tells what is traded: NQ for NQ and for MNQ, whose prices are
    /// the same.
    pub fn underlying(&self) -> &str {
        self.micro_of.as_deref().unwrap_or(&self.symbol)
    }

    /// Size of one contract in minis: 1, or 0.1 for a micro.
    pub fn mini_equivalent(&self) -> f64 {
        if self.micro_of.is_some() { 0.1 } else { 1.0 }
    }
}

fn is_whole(x: f64) -> bool {
    (x - x.round()).abs() < 1e-9
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    point_value: f64,
    tick_size: f64,
    commission: f64,
    slippage_ticks: i32,
    micro_of: Option<String>,
}

/// The table of known contracts.
#[derive(Debug, Clone, PartialEq)]
pub struct Instruments(BTreeMap<String, Instrument>);

impl Instruments {
    /// The table that ships with the programme.
    ///
    /// # Panics
    /// Never: a test reads the shipped table.
    pub fn builtin() -> Self {
        Self::parse(include_str!("../../../../assets/instruments.toml"))
            .unwrap_or_else(|_unreachable| Self(BTreeMap::new()))
    }

    /// Reads a table in the format of `assets/instruments.toml`.
    ///
    /// # Errors
    /// On unknown keys, and on values that are not positive.
    pub fn parse(text: &str) -> Result<Self, InstrumentError> {
        let raw: BTreeMap<String, Entry> =
            toml::from_str(text).map_err(|e| InstrumentError::Syntax(e.to_string()))?;
        let mut table = BTreeMap::new();
        for (symbol, e) in raw {
            let bad = |field, expected| InstrumentError::Value {
                symbol: symbol.clone(),
                field,
                expected,
            };
            if !(e.point_value > 0.0 && e.point_value < 1e6) {
                return Err(bad("point_value", "a positive number of dollars"));
            }
            if !(e.tick_size > 0.0 && e.tick_size < 1e4) {
                return Err(bad("tick_size", "a positive number of points"));
            }
            if !(e.commission >= 0.0 && e.commission < 1e4) {
                return Err(bad("commission", "a number of dollars, 0 or more"));
            }
            if !(0..1000).contains(&e.slippage_ticks) {
                return Err(bad("slippage_ticks", "a number of ticks from 0 to 999"));
            }
            let tick_value = e.point_value * e.tick_size;
            let instrument = Instrument {
                symbol: symbol.clone(),
                name: e.name,
                point_value: Usd::from_dollars(e.point_value),
                tick_size: e.tick_size,
                tick_value: Usd::from_dollars(tick_value),
                commission: Usd::from_dollars(e.commission),
                slippage_ticks: e.slippage_ticks,
                micro_of: e.micro_of,
            };
            if instrument.tick_value <= Usd::ZERO {
                return Err(bad("tick_size", "worth at least 0.0001 dollars"));
            }
            table.insert(symbol, instrument);
        }
        Ok(Self(table))
    }

    /// Finds a market by its root symbol, in any case.
    ///
    /// # Errors
    /// When it is not in the table; the message lists those that are.
    pub fn get(&self, symbol: &str) -> Result<&Instrument, InstrumentError> {
        self.0
            .get(&symbol.to_ascii_uppercase())
            .ok_or_else(|| InstrumentError::Unknown {
                symbol: symbol.to_owned(),
                known: self.0.keys().cloned().collect::<Vec<_>>().join(", "),
            })
    }

    /// All contracts by symbol.
    pub fn iter(&self) -> impl Iterator<Item = &Instrument> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_table_holds_the_eight_contracts() {
        let table = Instruments::builtin();
        let tick = |s: &str| table.get(s).unwrap().tick_value.dollars();
        let all: Vec<f64> = ["ES", "NQ", "YM", "RTY", "MES", "MNQ", "MYM", "M2K"]
            .map(tick)
            .to_vec();
        assert_eq!(all, [12.5, 5.0, 5.0, 5.0, 1.25, 0.5, 0.5, 0.5]);
        assert!(table.get("nq").is_ok());
        assert!(table.get("ZZ").unwrap_err().to_string().contains("M2K"));
    }

    #[test]
    fn prices_are_on_the_grid_or_refused() {
        let table = Instruments::builtin();
        let rty = table.get("RTY").unwrap();
        assert_eq!(rty.to_ticks(2640.1), Some(26_401));
        assert_eq!(rty.to_ticks(2640.15), None);
        assert_eq!(rty.to_ticks(f64::NAN), None);
        assert_eq!(rty.format_price(26_401), "2640.1");
        assert_eq!(table.get("NQ").unwrap().format_price(4), "1.00");
        assert_eq!(table.get("YM").unwrap().price_decimals(), 0);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(
            Instruments::parse(
                "[X]\nname='x'\npoint_value=-1\ntick_size=1.0\ncommission=0\nslippage_ticks=0"
            )
            .is_err()
        );
        assert!(Instruments::parse("[X]\nname='x'\nfoo=1").is_err());
    }
}
