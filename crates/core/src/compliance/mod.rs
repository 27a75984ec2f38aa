//! Whether an account kept a firm's rules, judged from its ledger alone.
//!
//! Rule sets are data, one rule is one file, and the floor that the check replays is the same
//! object that ends episodes in the simulator.

pub mod builtin;
pub mod floor;
pub mod lock;
pub mod ruleset;
pub mod ruleset_error;
mod ruleset_keys;
pub mod severity;

pub use floor::TrailingFloor;
pub use lock::Lock;
pub use ruleset::{RuleSet, Stage};
pub use ruleset_error::RuleSetError;
pub use severity::{Severity, Status};
