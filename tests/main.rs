//! The one integration binary, so that the programme is linked once: every file here drives it from outside.

mod cli;
mod docs;
mod look_ahead;
mod pipeline;
mod programme;
mod window;
