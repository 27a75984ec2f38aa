//! What a user may say about a bar file, over what is detected.

use std::fmt;
use std::str::FromStr;

use holdout_core::market::{Adjustment, Instruments, RollRule};
use serde::{Deserialize, Serialize};

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
}

impl Repair {
    /// All repairs.
    pub const ALL: [Self; 2] = [Self::DropOutsideSession, Self::DropSpikes];

    /// The name used in files and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::DropOutsideSession => "drop_outside_session",
            Self::DropSpikes => "drop_spikes",
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
                format!("\"{s}\" is not a repair; expected drop_outside_session or drop_spikes")
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
            "market={};zone={};stamp={};dialect={};symbol={};continuous={:?};repairs={:?};instruments={:?}",
            text(&self.market).to_ascii_uppercase(),
            text(&self.zone),
            self.stamp.map_or("", Stamp::name),
            text(&self.dialect),
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
        assert!("close".parse::<Stamp>().is_ok() && "mid".parse::<Stamp>().is_err());
    }
}
