//! A rule set: refused, or read back from what it writes as the same rules.
#![no_main]

use holdout_core::compliance::RuleSet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(rules) = RuleSet::parse(text)
        && let Ok(again) = rules.to_toml()
    {
        assert_eq!(RuleSet::parse(&again), Ok(rules), "{again}");
    }
});
