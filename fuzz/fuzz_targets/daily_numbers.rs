//! A table of days, as daily numbers and as candidates.
#![no_main]

use holdout_store::ledger::{read_candidates, read_daily_csv};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = holdout_fuzz::file("daily.csv", data);
    read_daily_csv(&path).ok();
    read_candidates(&path).ok();
});
