//! Settings of the simulator as in `SIM.toml`, planned for a market.
#![no_main]

use holdout_core::sim::SimSettings;
use holdout_fuzz::MARKETS;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(settings) = toml::from_str::<SimSettings>(text) {
        settings
            .plan(MARKETS.get("ES").expect("a market that ships"))
            .ok();
    }
});
