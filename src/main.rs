//! `holdout`: the window without a subcommand, the headless tool with one.

/// Keeps large blocks: a learner maps and unmaps megabytes at every operation otherwise.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    holdout::cli::main()
}
