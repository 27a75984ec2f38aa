//! Holdout: trains reinforcement-learning traders for index futures and tells the truth about them.
//!
//! This package joins the three library crates: [`config`] is a run as asked, [`dataset`] a
//! market as loaded, [`arena`] both made ready; [`jobs`] does long work, [`report`] draws and
//! writes it, [`cli`] and [`app`] are the two ways in. Only [`app`] knows the window.

pub mod app;
pub mod arena;
pub mod cli;
pub mod config;
pub mod dataset;
pub mod ensemble;
pub mod jobs;
mod lookahead;
pub mod report;
pub mod rulesets;
