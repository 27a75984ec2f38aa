//! The command line. Tables for people on stdout, or JSON with `--json`; progress on stderr.
//!
//! Exit codes: 0 done, 1 a verdict or a self-test failed, 2 usage, 3 bad input, 4 anything else
//! (a full disk, missing rights, a lost device). Nothing is written when the input is bad.

mod about;
pub mod args;
mod bench;
mod bench_ui;
mod certificate;
mod chance;
mod checkpoints;
mod compliance;
mod data;
mod demo;
mod ensemble;
mod evaluate;
mod markets;
mod metrics;
mod progress;
mod regimes;
mod replay;
mod report;
mod runs;
mod self_test;
mod study;
mod table;
mod train;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

use args::{Args, Command};
use holdout_store::FileError;

/// Why a command ended without doing its work.
#[derive(Debug)]
pub enum Failure {
    /// The answer is no.
    Verdict,
    /// The input is at fault.
    Input(anyhow::Error),
    /// Something else is.
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(e: anyhow::Error) -> Self {
        Self::Other(e)
    }
}

/// Marks an error as the input's fault.
pub(crate) trait BadInput<T> {
    /// Exit code 3 instead of 4.
    fn bad_input(self) -> Result<T, Failure>;
}

impl<T, E: Into<anyhow::Error>> BadInput<T> for Result<T, E> {
    fn bad_input(self) -> Result<T, Failure> {
        self.map_err(|e| Failure::Input(e.into()))
    }
}

/// What a command returns.
pub(crate) type Outcome = Result<(), Failure>;

/// Runs the programme with the process's arguments.
pub fn main() -> ExitCode {
    let since = std::time::Instant::now();
    ExitCode::from(run(Args::parse(), since))
}

/// Runs a command inside this process; `None` where it is none. The code is the one that the
/// process would have ended with.
pub fn run_inside(words: &[&str]) -> Option<u8> {
    let args = Args::try_parse_from(std::iter::once(&"holdout").chain(words)).ok()?;
    Some(run(args, std::time::Instant::now()))
}

fn run(args: Args, since: std::time::Instant) -> u8 {
    let json = args.json;
    let done = match args.command {
        None => open_window(&args::WindowArgs::default()),
        Some(Command::Window(a)) => open_window(&a),
        Some(Command::Demo(a)) => demo::run(&a, json),
        Some(Command::Data(a)) => data::run(&a, json),
        Some(Command::Train(a)) => train::run(&a, json),
        Some(Command::Evaluate(a)) => evaluate::run(&a, json),
        Some(Command::Checkpoints(a)) => checkpoints::run(&a, json),
        Some(Command::Markets(a)) => markets::run(&a, json),
        Some(Command::Regimes(a)) => regimes::run(&a, json),
        Some(Command::Study(a)) => study::run(&a, json),
        Some(Command::Ensemble(a)) => ensemble::run(&a, json),
        Some(Command::Metrics(a)) => metrics::run(&a, json),
        Some(Command::Replay(a)) => replay::run(&a, json),
        Some(Command::Compliance(a)) => compliance::run(&a, json),
        Some(Command::Certificate(a)) => certificate::run(&a, json),
        Some(Command::Verify(a)) => certificate::verify(&a, json),
        Some(Command::Gate(a)) => certificate::gate(&a, json),
        Some(Command::Report(a)) => report::run(&a, json),
        Some(Command::Runs(a)) => runs::run(&a, json),
        Some(Command::About) => about::run(json),
        Some(Command::Completions { shell }) => completions(shell),
        Some(Command::Bench(a)) if a.ui => bench_ui::run(since, json),
        Some(Command::Bench(a)) => bench::run(&a, json),
        Some(Command::SelfTest(a)) => self_test::run(&a, json),
    };
    match done {
        Ok(()) => 0,
        Err(Failure::Verdict) => 1,
        Err(Failure::Input(e)) if refused_by_the_machine(&e) => complain(&e, 4),
        Err(Failure::Input(e)) => complain(&e, 3),
        Err(Failure::Other(e)) => complain(&e, 4),
    }
}

/// Whether rights or room were wanting: no better input would help.
fn refused_by_the_machine(error: &anyhow::Error) -> bool {
    use std::io::{Error, ErrorKind};
    let mut reasons = error.chain().filter_map(|e| match e.downcast_ref() {
        Some(FileError::Io { reason, .. }) => Some(reason),
        _ => e.downcast_ref::<Error>(),
    });
    reasons.any(|e| {
        matches!(
            e.kind(),
            ErrorKind::PermissionDenied
                | ErrorKind::ReadOnlyFilesystem
                | ErrorKind::StorageFull
                | ErrorKind::QuotaExceeded
        )
    })
}

/// Prints what a shell reads to complete commands.
fn completions(shell: clap_complete::Shell) -> Outcome {
    let mut command = Args::command();
    clap_complete::generate(shell, &mut command, "holdout", &mut std::io::stdout());
    Ok(())
}

fn complain(error: &anyhow::Error, code: u8) -> u8 {
    // A value from a file stands in it as it was found.
    eprintln!("{}", table::shown(&format!("error: {error:#}")));
    code
}

fn open_window(a: &args::WindowArgs) -> Outcome {
    let options = crate::app::WindowOptions {
        renderer: a.renderer.into(),
        open: a.open.clone(),
        demo: a.demo,
        runs_dir: a.runs.clone(),
        frame_log: a.frame_log.clone(),
    };
    Ok(crate::app::run(options)?)
}

/// Prints a value as one line of JSON.
pub(crate) fn print_json<T: serde::Serialize>(value: &T) -> Outcome {
    let text = serde_json::to_string(value).map_err(anyhow::Error::from)?;
    println!("{text}");
    Ok(())
}
