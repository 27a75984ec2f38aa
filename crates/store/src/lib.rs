//! Files of Holdout: market imports, canonical bars, the cache, ledgers and run folders.
//!
//! Everything that touches the disk is here; nothing here computes a metric. A reader names
//! the line, the value, what was expected and what to do; nothing is repaired without being
//! asked for, and what is dropped is counted. Writers replace a file whole or not at all.
#![warn(missing_docs)]

pub mod atomic;
pub mod cache;
pub mod canonical;
pub mod certificate;
mod decimal;
pub mod detect;
pub mod dialects;
pub mod error;
pub mod import;
pub mod inspection;
pub mod ledger;
pub mod manifest;
pub mod options;
pub mod runs;
pub mod symbol;
pub mod text;

pub use detect::{Detection, detect};
pub use error::{BadInput, FileError};
pub use import::{ImportError, Imported, import, inspect};
pub use inspection::{Example, Inspection, Problem, ProblemKind, Severity, Verdict, VerdictLevel};
pub use options::{ImportOptions, Repair, Stamp};
