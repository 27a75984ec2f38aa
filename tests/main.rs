//! The one integration binary: every file here drives the programme from outside.

mod cli;
mod look_ahead;
mod pipeline;
mod programme;
