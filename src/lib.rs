//! The workbench: window, background work and reports over the three library crates.

pub mod app;
pub mod jobs;
pub mod report;
