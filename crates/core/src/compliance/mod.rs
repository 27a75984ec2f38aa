//! Whether an account kept a firm's rules, judged from its ledger alone.
//!
//! Rule sets are data, one rule is one file, and the floor that the check replays is the same
//! object that ends episodes in the simulator. Nothing is read from a summary.

mod ambiguous;
pub mod builtin;
mod case;
mod challenge;
pub mod check;
mod consistency;
mod daily_loss;
pub mod finding;
mod firm_drawdown;
mod flat_by;
pub mod floor;
mod floor_column;
mod hold;
mod identity;
pub mod lock;
mod mae;
pub mod moments;
mod one_direction;
mod overnight;
pub mod pass_chance;
pub mod replay;
mod research;
mod risk_reward;
mod row_order;
pub mod ruleset;
pub mod ruleset_error;
mod ruleset_keys;
mod session_path;
pub mod severity;
mod size;
mod strict_drawdown;
mod target;
mod trading_days;
pub mod view;

pub use challenge::Outcome;
pub use check::{CheckSettings, DrawdownVerdict, Report, check, check_with};
pub use finding::Check;
pub use floor::TrailingFloor;
pub use lock::Lock;
pub use pass_chance::{ChanceError, ChanceSettings, PassChance, pass_chance};
pub use replay::{BarOrder, Replay};
pub use ruleset::{RuleSet, Stage};
pub use ruleset_error::RuleSetError;
pub use severity::{Severity, Status};
pub use view::LedgerView;

#[cfg(test)]
mod edge_tests;
#[cfg(test)]
mod simulated_tests;
