//! Files of Holdout: market imports, canonical bars, the cache, ledgers and run folders.
//!
//! Everything that touches the disk is here; nothing here computes a metric. A reader names
//! the line, the value, what was expected and what to do; nothing is repaired without being
//! asked for, and what is dropped is counted. Writers replace a file whole or not at all.
#![warn(missing_docs)]

pub mod append;
pub mod archive;
pub mod atomic;
mod bar_columns;
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
mod parquet_sizes;
pub mod runs;
pub mod symbol;
pub mod text;

pub use detect::{Detection, detect};
pub use error::{BadInput, FileError};
pub use import::{ImportError, Imported, import, import_files, inspect, inspect_files};
pub use inspection::{
    ContractFacts, Example, Inspection, Problem, ProblemKind, RollFacts, Severity, Verdict,
    VerdictLevel,
};
pub use options::{ColumnMap, ColumnRole, Continuous, ImportOptions, Repair, Stamp};
