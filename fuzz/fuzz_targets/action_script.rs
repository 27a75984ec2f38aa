//! A script of actions over bars of ten minutes in 2024.
#![no_main]

use holdout_store::ledger::read_actions;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let opens: Vec<i64> = (0..10).map(|i| 1_709_562_600 + 60 * i).collect();
    if let Ok(script) = read_actions(&holdout_fuzz::file("actions.csv", data), &opens) {
        assert_eq!(script.by_bar.iter().flatten().count(), script.listed);
    }
});
