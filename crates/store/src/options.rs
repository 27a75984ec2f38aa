//! What a user may say about a bar file, over what is detected.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use holdout_core::market::{Adjustment, Instruments, RollRule};
use serde::{Deserialize, Serialize};

use crate::dialects::DateOrder;

/// Which end of a bar its time stamp names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stamp {
    /// The bar's first moment.
    Open,
    /// The bar's last moment.
    Close,
}

impl Stamp {
    /// `open` or `close`.
    pub fn name(self) -> &'static str {
        if self == Self::Open { "open" } else { "close" }
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Stamp {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "open" => Ok(Self::Open),
            "close" => Ok(Self::Close),
            _ => Err(format!("\"{s}\" is not a stamp; expected open or close")),
        }
    }
}

/// A change to the bars that is made only when the user asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// Removes bars that open while the exchange is closed.
    DropOutsideSession,
    /// Removes bars with a price far from all bars around them.
    DropSpikes,
    /// Multiplies or divides by a power of ten the bars whose prices are on another scale than
    /// most of the file.
    Rescale,
}

impl Repair {
    /// All repairs.
    pub const ALL: [Self; 3] = [Self::DropOutsideSession, Self::DropSpikes, Self::Rescale];

    /// The name used in files and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::DropOutsideSession => "drop_outside_session",
            Self::DropSpikes => "drop_spikes",
            Self::Rescale => "rescale",
        }
    }
}

impl fmt::Display for Repair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Repair {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|r| r.name() == s)
            .ok_or_else(|| {
                format!(
                    "\"{s}\" is not a repair; expected drop_outside_session, drop_spikes or rescale"
                )
            })
    }
}

/// How several contracts become one series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Continuous {
    /// When the series passes to the next contract.
    pub rule: RollRule,
    /// What happens to the prices before a roll.
    pub adjustment: Adjustment,
}

/// What a column of a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnRole {
    /// The stamp, or its date where the time of day stands beside it.
    Time,
    /// Time of day, where the date is another column.
    Clock,
    /// Open.
    Open,
    /// High.
    High,
    /// Low.
    Low,
    /// Close.
    Close,
    /// Contracts traded.
    Volume,
    /// Contract.
    Symbol,
}

impl ColumnRole {
    /// All roles, in the order of a form.
    pub const ALL: [Self; 8] = [
        Self::Time,
        Self::Clock,
        Self::Open,
        Self::High,
        Self::Low,
        Self::Close,
        Self::Volume,
        Self::Symbol,
    ];

    /// The name used in files and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Clock => "clock",
            Self::Open => "open",
            Self::High => "high",
            Self::Low => "low",
            Self::Close => "close",
            Self::Volume => "volume",
            Self::Symbol => "symbol",
        }
    }
}

/// Which column is what in a table that is no platform's. Columns are named by their header or
/// by their number from 1; two roles may share one, as in a table of single prices.
///
/// Reads and writes `time=Date,open=2,high=3,low=4,close=5`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ColumnMap(BTreeMap<ColumnRole, String>);

impl ColumnMap {
    /// The column of a role.
    pub fn get(&self, role: ColumnRole) -> Option<&str> {
        self.0.get(&role).map(String::as_str)
    }

    /// Says or takes back which column has a role.
    pub fn set(&mut self, role: ColumnRole, column: Option<String>) {
        match column {
            Some(c) => self.0.insert(role, c),
            None => self.0.remove(&role),
        };
    }
}

impl fmt::Display for ColumnMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (role, column)) in self.0.iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            write!(f, "{comma}{}={column}", role.name())?;
        }
        Ok(())
    }
}

impl FromStr for ColumnMap {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let mut map = Self::default();
        for part in s.split(',') {
            let role = part.split_once('=').and_then(|(name, column)| {
                let role = ColumnRole::ALL
                    .into_iter()
                    .find(|r| r.name() == name.trim());
                role.filter(|_| !column.trim().is_empty())
                    .map(|r| (r, column.trim().to_owned()))
            });
            let Some((role, column)) = role else {
                let names = ColumnRole::ALL.map(ColumnRole::name).join(", ");
                return Err(format!(
                    "\"{part}\" says nothing about a column; expected ROLE=COLUMN, the role one of {names}"
                ));
            };
            if map.0.insert(role, column).is_some() {
                return Err(format!("{} is said twice", role.name()));
            }
        }
        Ok(map)
    }
}

/// What the user says about a bar file; `None` is left to detection.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportOptions {
    /// Root symbol of the market, e.g. `NQ`.
    pub market: Option<String>,
    /// IANA name of the zone of stamps that carry no offset.
    pub zone: Option<String>,
    /// Which end of the bar is stamped.
    pub stamp: Option<Stamp>,
    /// Identifier of the dialect.
    pub dialect: Option<String>,
    /// Which column is what, for a table that no dialect fits; goes before the dialect.
    pub columns: Option<ColumnMap>,
    /// Order of the numbers of a date, where the file can be read in two ways.
    pub dates: Option<DateOrder>,
    /// The one contract to take from a file that holds several.
    pub symbol: Option<String>,
    /// Joins several contracts into one series; `None` takes one contract.
    pub continuous: Option<Continuous>,
    /// Repairs asked for.
    pub repairs: Vec<Repair>,
    /// The known markets.
    pub instruments: Instruments,
}

impl Default for ImportOptions {
    /// Everything detected, nothing repaired, the shipped markets.
    fn default() -> Self {
        Self {
            market: None,
            zone: None,
            stamp: None,
            dialect: None,
            columns: None,
            dates: None,
            symbol: None,
            continuous: None,
            repairs: Vec::new(),
            instruments: Instruments::builtin(),
        }
    }
}

impl ImportOptions {
    /// One line that differs whenever the options would import differently; part of cache keys.
    pub fn fingerprint(&self) -> String {
        let text = |v: &Option<String>| v.clone().unwrap_or_default();
        let mut repairs = self.repairs.clone();
        repairs.sort_unstable();
        repairs.dedup();
        format!(
            "market={};zone={};stamp={};dialect={};columns={};dates={};symbol={};continuous={:?};repairs={:?};instruments={:?}",
            text(&self.market).to_ascii_uppercase(),
            text(&self.zone),
            self.stamp.map_or("", Stamp::name),
            text(&self.dialect),
            self.columns
                .as_ref()
                .map_or_else(String::new, ColumnMap::to_string),
            self.dates.map_or("", DateOrder::name),
            text(&self.symbol),
            self.continuous,
            repairs,
            self.instruments,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_tell_options_apart_but_not_the_order_of_repairs() {
        let a = ImportOptions {
            repairs: vec![Repair::DropSpikes, Repair::DropOutsideSession],
            ..Default::default()
        };
        let b = ImportOptions {
            repairs: vec![Repair::DropOutsideSession, Repair::DropSpikes],
            ..Default::default()
        };
        let c = ImportOptions {
            zone: Some("UTC".into()),
            ..Default::default()
        };
        assert_eq!(a.fingerprint(), b.fingerprint());
        assert_ne!(a.fingerprint(), ImportOptions::default().fingerprint());
        assert_ne!(c.fingerprint(), ImportOptions::default().fingerprint());
        let d = ImportOptions {
            columns: Some("time=1,open=2,high=3,low=4,close=5".parse().unwrap()),
            ..Default::default()
        };
        assert_ne!(d.fingerprint(), ImportOptions::default().fingerprint());
        assert!("close".parse::<Stamp>().is_ok() && "mid".parse::<Stamp>().is_err());
    }
    #[test]
    fn columns_are_read_as_they_are_written() {
        let text = "time=Date,clock=2,open=3,high=4,low=5,close=Last price";
        let map: ColumnMap = text.parse().unwrap();
        assert_eq!(map.to_string(), text);
        assert_eq!(map.get(ColumnRole::Close), Some("Last price"));
        for bad in ["", "time", "time=", "when=1", "time=1,time=2"] {
            assert!(bad.parse::<ColumnMap>().is_err(), "{bad}");
        }
    }
}
