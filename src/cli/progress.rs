//! Progress on stderr: a bar on a terminal, silence elsewhere; and Ctrl+C.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

use crate::jobs::{StopFlag, StopReason};

/// A bar of `total` units; hidden when stderr is not a terminal or `quiet`.
pub(crate) fn bar(total: u64, what: &str, quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total);
    let style =
        ProgressStyle::with_template("{msg:<28} {bar:30} {percent:>3}%  {per_sec:>14}  ETA {eta}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}

/// The first Ctrl+C asks for a stop at the next update, a second one ends the process.
pub(crate) fn stop_on_ctrl_c(stop: &StopFlag) -> anyhow::Result<()> {
    let stop = stop.clone();
    ctrlc::set_handler(move || {
        if stop.is_stopped() {
            std::process::exit(130);
        }
        eprintln!("\nstopping after this update and keeping what was reached; press Ctrl+C again to quit at once");
        stop.stop(StopReason::Asked);
    })
    .context("failed to listen for Ctrl+C")
}
