//! New bar files made of the open market: coarser bars, or the same with a newer export added.
//!
//! The result is a file of its own, written whole or not at all, and is shown like every other
//! file before it is opened. Source files are never changed.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use holdout_core::market::{SessionCalendar, resample};
use holdout_store::append::{AppendError, Prefer, append};
use holdout_store::{ImportOptions, canonical};

use super::context::Market;
use super::widgets::toasts::Tone;
use super::{Workbench, commands, worker};
use crate::jobs::{Job, Notice, StopReason, Wake};
use crate::report::number;

/// What to make of the open market.
#[derive(Clone, Debug, PartialEq)]
pub enum Make {
    /// Coarser bars.
    Resample {
        /// Seconds of a new bar.
        to_secs: i64,
        /// File to write.
        out: PathBuf,
    },
    /// The same bars and those of a newer export.
    Append {
        /// The newer export.
        newer: PathBuf,
        /// Whose bars stand where both have them and they differ; none asks.
        prefer: Option<Prefer>,
        /// File to write.
        out: PathBuf,
    },
}

/// A file that was made, and what to say about it.
#[derive(Clone, Debug)]
pub struct Made {
    out: PathBuf,
    told: String,
}

/// Making a file.
pub type MakeJob = Job<(), Made>;

/// Makes a file of a market.
///
/// # Errors
/// When the operating system gives no thread.
pub fn start(make: Make, market: Market, wake: Wake) -> std::io::Result<MakeJob> {
    Job::spawn("make", wake, move |r| {
        let mut progress = |share| worker::tell_share(r, "Making bars", share);
        match make {
            Make::Resample { to_secs, out } => to_coarser(&market, to_secs, out, &mut progress),
            Make::Append { newer, prefer, out } => {
                with_newer(&market, newer, prefer, out, &mut progress)
            }
        }
    })
}

fn to_coarser(
    market: &Market,
    to_secs: i64,
    out: PathBuf,
    progress: &mut dyn FnMut(f64) -> bool,
) -> anyhow::Result<Made> {
    let made = resample(&market.dataset.bars, &SessionCalendar::builtin(), to_secs)?;
    if made.bars.is_empty() {
        bail!("no bar lies inside a session of the exchange; check zone and stamp");
    }
    if !progress(0.5) {
        bail!("cancelled; nothing was written");
    }
    canonical::write(&out, &made.bars)?;
    let mut told = format!(
        "{} bars of {} s written to {}",
        number::count(made.bars.len() as u64),
        number::count(to_secs.unsigned_abs()),
        out.display()
    );
    if made.outside > 0 {
        told += &format!(
            "; {} bars outside sessions were left out",
            number::count(made.outside)
        );
    }
    if made.last_incomplete {
        told += "; the last bar is not full, because the file ends before it does";
    }
    Ok(Made { out, told })
}

fn with_newer(
    market: &Market,
    newer: PathBuf,
    prefer: Option<Prefer>,
    out: PathBuf,
    progress: &mut dyn FnMut(f64) -> bool,
) -> anyhow::Result<Made> {
    // A newer export of the same kind is read as the open file was.
    let same = ImportOptions {
        market: Some(market.dataset.market().to_owned()),
        ..market.options.clone()
    };
    let new = holdout_store::import(&newer, &same, &mut |s| progress(s * 0.8))?;
    let appended = match append(&market.dataset.bars, &new.bars, prefer) {
        Err(AppendError::Differs(overlap)) => bail!(
            "where both have bars they do not agree: {overlap}; choose above whose bars stand"
        ),
        other => other?,
    };
    appended.bars.validate()?;
    if !progress(0.9) {
        bail!("cancelled; nothing was written");
    }
    canonical::write(&out, &appended.bars)?;
    let told = format!(
        "{} bars added, {} in both and equal; written to {}",
        number::count(appended.added),
        number::count(appended.overlap.equal),
        out.display()
    );
    Ok(Made { out, told })
}

impl Workbench {
    /// Starts making a file of the open market.
    pub(super) fn make(&mut self, ctx: &egui::Context, make: Make) {
        let Some(market) = self.model.market.clone() else {
            return;
        };
        self.model.make_failed = None;
        match start(make, market, commands::wake(ctx)) {
            Ok(job) => {
                self.model.making = Some(job.progress());
                self.making = Some(job);
            }
            Err(e) => self.model.make_failed = Some(format!("The work cannot start: {e}")),
        }
    }

    /// Ends the making of a file; nothing is written.
    pub(super) fn cancel_making(&mut self) {
        if let Some(job) = self.making.take() {
            job.flag().stop(StopReason::Asked);
            // Waiting for its end must not hold up the window.
            std::thread::spawn(move || drop(job));
        }
        self.model.making = None;
        self.model.make_failed = None;
    }

    /// Takes in a file that was made, and shows it.
    pub(super) fn drain_making(&mut self, ctx: &egui::Context) {
        let Some(job) = self.making.take() else {
            return;
        };
        self.model.making = Some(job.progress());
        match job.drain(Duration::from_millis(2)).into_iter().next() {
            None | Some(Notice::Event(())) => {
                self.making = Some(job);
                return;
            }
            Some(Notice::Done(made)) => {
                self.tell(ctx, Tone::Info, made.told);
                self.look_at_file(ctx, made.out, ImportOptions::default());
            }
            Some(Notice::Failed(why)) => self.model.make_failed = Some(why),
        }
        self.model.making = None;
        ctx.request_repaint();
    }
}
