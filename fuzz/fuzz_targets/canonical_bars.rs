//! Canonical bars, CSV or Parquet by the first byte: bars that are valid, or a sentence.
//!
//! The Parquet reader panics on some files, which the store catches and tells; so only a panic that
//! comes out ends the fuzzer, not every one.
#![no_main]

use holdout_fuzz::MARKETS;
use holdout_store::canonical;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: drop(std::panic::take_hook()), |data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else {
        return;
    };
    let name = ["bars.csv", "bars.parquet"][usize::from(first & 1)];
    let market = MARKETS.get("ES").expect("a market that ships");
    if let Ok(bars) = canonical::read(&holdout_fuzz::file(name, bytes), market, None) {
        assert_eq!(bars.validate(), Ok(()));
    }
});
