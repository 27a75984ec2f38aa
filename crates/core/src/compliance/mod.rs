//! Compliance.
pub mod floor;
pub use floor::TrailingFloor;
