//! Whether an account kept a firm's rules, judged from its ledger alone.
//!
//! Rule sets are data, one rule is one file, and the floor that the check replays is the same
//! object that ends episodes in the simulator.

pub mod floor;

pub use floor::TrailingFloor;
