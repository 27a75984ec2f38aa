//! The one integration binary, so that the programme is linked once: every file here drives it from outside.

mod certificate;
mod cli;
mod compliance_vectors;
mod data_page;
mod deaths;
mod docs;
mod faults;
mod finer;
mod kills;
mod look_ahead;
mod metrics;
mod mutate;
mod mutated;
mod names;
mod pipeline;
mod programme;
mod record;
mod report;
mod self_test;
mod vector_ledger;
mod verdicts;
mod window;
mod window_compliance;
mod window_fit;
mod window_help;
mod window_report;
