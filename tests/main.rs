//! The one integration binary, so that the programme is linked once: every file here drives it from outside.

mod cli;
mod data_page;
mod look_ahead;
mod metrics;
mod pipeline;
mod programme;
mod verdicts;
mod window;
