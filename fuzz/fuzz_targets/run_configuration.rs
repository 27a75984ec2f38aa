//! A run configuration over the defaults, planned for a market: a plan, or every problem.
//!
//! The programme's own file is compiled in, because its crate would bring the window along.
#![no_main]

use holdout_fuzz::MARKETS;
use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "the fuzzer asks for one way in")]
#[path = "../../src/config.rs"]
mod config;

fuzz_target!(|text: &str| {
    if let Ok(asked) = config::RunConfig::from_layers(&[("run.toml".to_owned(), text.to_owned())]) {
        asked
            .plan(MARKETS.get("NQ").expect("a market that ships"))
            .ok();
    }
});
