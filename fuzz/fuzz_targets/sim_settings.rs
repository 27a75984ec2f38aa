//! Settings of the simulator as in `SIM.toml`, planned for a market.
#![no_main]

use holdout_core::market::Instruments;
use holdout_core::sim::SimSettings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(settings) = toml::from_str::<SimSettings>(text) {
        let markets = Instruments::builtin();
        settings.plan(markets.get("ES").expect("a market that ships")).ok();
    }
});
