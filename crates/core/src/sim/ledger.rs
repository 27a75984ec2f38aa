//! What happened to one account: a row per bar, a record per trade, and counts.
//!
//! This is the only source of every figure in the product.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::action::{Action, ActionMask};
use crate::market::Instrument;
use crate::units::{Ticks, Usd};

/// Direction of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Profits from rising prices.
    Long,
    /// Profits from falling prices.
    Short,
}

impl Side {
    /// +1 for long, -1 for short.
    pub fn sign(self) -> i32 {
        if self == Self::Long { 1 } else { -1 }
    }

    /// `long` or `short`.
    pub fn name(self) -> &'static str {
        if self == Self::Long { "long" } else { "short" }
    }
}

/// Why a position was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// The stop, never moved.
    Stop,
    /// The stop, moved to break-even.
    StopBe,
    /// The stop, moved by the trail.
    StopTrail,
    /// The target.
    Target,
    /// The flat-by time, or the last bar before a hole over it.
    FlatBy,
    /// The last bar of the file.
    EndOfData,
    /// Liquidation at the drawdown floor.
    Drawdown,
    /// The operator.
    KillSwitch,
}

impl ExitReason {
    /// All reasons.
    pub const ALL: [Self; 8] = [
        Self::Stop,
        Self::StopBe,
        Self::StopTrail,
        Self::Target,
        Self::FlatBy,
        Self::EndOfData,
        Self::Drawdown,
        Self::KillSwitch,
    ];

    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::StopBe => "stop_be",
            Self::StopTrail => "stop_trail",
            Self::Target => "target",
            Self::FlatBy => "flat_by",
            Self::EndOfData => "end_of_data",
            Self::Drawdown => "drawdown",
            Self::KillSwitch => "kill_switch",
        }
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ExitReason {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|r| r.name() == s)
            .ok_or_else(|| format!("\"{s}\" is not an exit reason"))
    }
}

/// A closed round trip.
#[derive(Clone, Debug, PartialEq)]
pub struct Trade {
    /// 1, 2, 3 … in order of exit.
    pub id: u32,
    /// Direction.
    pub side: Side,
    /// Contracts.
    pub contracts: i32,
    /// Unix seconds of the open of the bar of the entry fill.
    pub entry_time: i64,
    /// Fill, slippage included.
    pub entry_price: Ticks,
    /// Stop at entry.
    pub stop_initial: Ticks,
    /// Target at entry.
    pub target_initial: Ticks,
    /// Unix seconds of the open of the bar of the exit fill.
    pub exit_time: i64,
    /// Fill, slippage included.
    pub exit_price: Ticks,
    /// Why it was closed.
    pub exit_reason: ExitReason,
    /// Bars in which the position existed, first and last included.
    pub bars_held: u32,
    /// From fill to fill.
    pub gross_pnl: Usd,
    /// Both sides, positive.
    pub commission: Usd,
    /// Gross less commission.
    pub net_pnl: Usd,
    /// Worst open loss of the whole position before commission, 0 or more.
    pub mae: Usd,
    /// Best open profit of the whole position before commission, 0 or more.
    pub mfe: Usd,
    /// A position given by the curriculum; in no statistic.
    pub forced: bool,
    /// Closed early because the data has a hole over the flat-by time.
    pub hole: bool,
}

/// The account after one bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EquityRow {
    /// Unix seconds of the bar's open.
    pub time: i64,
    /// Start balance plus net P&L of closed trades.
    pub balance: Usd,
    /// Equity at the bar's close.
    pub equity_close: Usd,
    /// Highest equity within the bar.
    pub equity_best: Usd,
    /// Lowest equity within the bar.
    pub equity_worst: Usd,
    /// Highest equity so far.
    pub peak: Usd,
    /// Drawdown floor after this bar.
    pub floor: Usd,
    /// Signed contracts after this bar.
    pub position: i32,
    /// Stop live in the next bar.
    pub stop: Option<Ticks>,
    /// Target live in the next bar.
    pub target: Option<Ticks>,
    /// What was executed at this bar's close.
    pub action: Action,
    /// What was allowed at this bar's close.
    pub mask: ActionMask,
}

/// Everything that happened to one account.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    /// Contract traded.
    pub instrument: Instrument,
    /// Seconds a bar covers.
    pub interval_secs: i64,
    /// Balance before the first bar.
    pub start_balance: Usd,
    /// One per bar, in order.
    pub rows: Vec<EquityRow>,
    /// In order of exit.
    pub trades: Vec<Trade>,
    /// Decisions that the mask forbade.
    pub rejected: u64,
    /// Entry orders that found no bar to fill in.
    pub expired: u64,
    /// Open times of bars in which stop and target were both inside.
    pub same_bar_both: Vec<i64>,
    /// Open times of bars whose breach depends on the order of high and low.
    pub ambiguous: Vec<i64>,
    /// Open time of the bar in which the account failed.
    pub breach: Option<i64>,
    /// Open time of the bar from which no entry was ever allowed again.
    pub stalled: Option<i64>,
}

impl Ledger {
    /// Trades that the agent made itself; forced ones are in no statistic.
    pub fn own_trades(&self) -> impl Iterator<Item = &Trade> {
        self.trades.iter().filter(|t| !t.forced)
    }

    /// When the account failed or was shut out for ever, whichever came first; none while it lives.
    pub fn lost(&self) -> Option<i64> {
        self.breach.into_iter().chain(self.stalled).min()
    }

    /// Balance after the last bar.
    pub fn final_balance(&self) -> Usd {
        self.rows.last().map_or(self.start_balance, |r| r.balance)
    }
}
