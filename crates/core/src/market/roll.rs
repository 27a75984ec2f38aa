//! Roll marks: where a continuous series passes from one contract to the next.
//!
//! A position never lives through a mark: the simulator closes it at the last bar before.

use serde::{Deserialize, Serialize};

use crate::units::Ticks;

/// Why a series changed contract where it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollReason {
    /// On the trading day before, the next contract traded more.
    Volume,
    /// The Monday of the week in which the old contract expires.
    Calendar,
    /// The old contract had no bars any more.
    EndOfContract,
    /// The file changes its symbol here; why is not known.
    AsInFile,
}

impl RollReason {
    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Volume => "volume",
            Self::Calendar => "calendar",
            Self::EndOfContract => "end_of_contract",
            Self::AsInFile => "as_in_file",
        }
    }
}

/// A change of contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roll {
    /// Unix seconds at which the first bar of the new contract opens.
    pub time: i64,
    /// The old contract.
    pub from: String,
    /// The new contract.
    pub to: String,
    /// Price of the new contract less that of the old one, in ticks, at the last bar before the
    /// roll that both have; without such a bar from the last close of the one to the first open of
    /// the other. `None` where it is not known.
    pub gap_ticks: Option<Ticks>,
    /// Why here.
    pub reason: RollReason,
}
