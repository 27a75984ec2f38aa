//! Does the learner learn, and does it refuse to see what is not there? Five checks on made-up
//! markets whose truth is known, each out of sample and after costs.
//!
//! Everything happens in memory on the processor: no run folder is made, no test split counted.
//! The same seed gives the same figures on every machine; only the seconds differ.

mod checks;
mod hold_trap;
mod trial;

use std::time::Instant;

use serde::Serialize;

use super::StopFlag;
pub use checks::{
    BothSides, LeakedFuture, NoEdge, PlantedEdge, both_sides, leaked_future, no_edge, planted_edge,
};
pub use hold_trap::{Arm, HoldTrap, hold_trap, hold_trap_on};

/// How much is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Three seeds and enough steps for every check.
    Full,
    /// One seed: minutes.
    Quick,
    /// One seed and the fewest steps that still tell: seconds a check, for the test suite.
    Short,
}

/// What the self-test is asked for.
#[derive(Clone, Debug)]
pub struct SelfTestOptions {
    /// How much is trained.
    pub scale: Scale,
    /// Seeds; by default 1, or 1, 2, 3.
    pub seeds: Vec<u64>,
}

impl SelfTestOptions {
    /// The usual seeds of a scale.
    pub fn new(scale: Scale) -> Self {
        let seeds = match scale {
            Scale::Full => vec![1, 2, 3],
            Scale::Quick | Scale::Short => vec![1],
        };
        Self { scale, seeds }
    }
}

/// A check under each seed.
#[derive(Clone, Debug, Serialize)]
pub struct Check<T> {
    /// Figures of the check as a whole.
    #[serde(flatten)]
    pub summary: T,
    /// Whether it passed.
    pub pass: bool,
    /// What was asked for and what was found, in words.
    pub verdict: String,
}

/// All five.
#[derive(Clone, Debug, Serialize)]
pub struct SelfTest {
    /// Finds a visible rule.
    pub planted_edge: Check<PlantedEdge>,
    /// Gets rich on a leak.
    pub leaked_future: Check<LeakedFuture>,
    /// Claims nothing where nothing is.
    pub no_edge: Check<NoEdge>,
    /// Trades where trading pays.
    pub hold_trap: Check<HoldTrap>,
    /// Buys and sells alike.
    pub both_sides: Check<BothSides>,
    /// Whether all passed.
    pub pass: bool,
    /// One seed and fewer steps.
    pub quick: bool,
    /// Seeds.
    pub seeds: Vec<u64>,
    /// Wall time.
    pub seconds: f64,
}

impl SelfTest {
    /// Name, verdict and outcome of each check, for tables.
    pub fn lines(&self) -> [(&'static str, &str, bool); 5] {
        [
            (
                "planted edge",
                &self.planted_edge.verdict,
                self.planted_edge.pass,
            ),
            (
                "leaked future",
                &self.leaked_future.verdict,
                self.leaked_future.pass,
            ),
            ("no edge", &self.no_edge.verdict, self.no_edge.pass),
            ("HOLD trap", &self.hold_trap.verdict, self.hold_trap.pass),
            ("both sides", &self.both_sides.verdict, self.both_sides.pass),
        ]
    }
}

/// Runs all checks. `on` is told what begins: its name, its number from 0, and how many there are.
///
/// # Errors
/// When it was stopped, or a market or the learner fails.
pub fn self_test(
    options: &SelfTestOptions,
    stop: &StopFlag,
    on: &mut dyn FnMut(&str, usize, usize),
) -> anyhow::Result<SelfTest> {
    const CHECKS: usize = 5;
    let begun = Instant::now();
    on("leaked future", 0, CHECKS);
    let leaked_future = leaked_future(options, stop)?;
    on("planted edge", 1, CHECKS);
    let planted_edge = planted_edge(options, stop)?;
    on("no edge", 2, CHECKS);
    let no_edge = no_edge(options, stop)?;
    on("both sides", 3, CHECKS);
    let both_sides = both_sides(options, stop)?;
    on("HOLD trap", 4, CHECKS);
    let hold_trap = hold_trap(options, stop)?;
    let mut all = SelfTest {
        planted_edge,
        leaked_future,
        no_edge,
        hold_trap,
        both_sides,
        pass: false,
        quick: options.scale != Scale::Full,
        seeds: options.seeds.clone(),
        seconds: begun.elapsed().as_secs_f64(),
    };
    all.pass = all.lines().iter().all(|l| l.2);
    Ok(all)
}
