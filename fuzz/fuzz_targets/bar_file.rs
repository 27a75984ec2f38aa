//! Any bytes as a bar file of any dialect: bars that are valid, or a sentence.
//!
//! The first byte chooses the name of the file, which can tell dialect, market and day.
#![no_main]

use holdout_store::{ImportError, ImportOptions, import};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 8] = [
    "NQ.csv",
    "NQ 09-23.Last.txt",
    "DAT_MT_NQ_M1.csv",
    "20131007_es_minute_trade_201312.csv",
    "ES_full_1min.txt",
    "unknown.txt",
    "NQ.csv.gz",
    "NQ.zip",
];

fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else {
        return;
    };
    let path = holdout_fuzz::file(NAMES[usize::from(*first) % NAMES.len()], bytes);
    let options = ImportOptions {
        market: (first & 64 != 0).then(|| "NQ".to_owned()),
        zone: (first & 128 != 0).then(|| "America/Chicago".to_owned()),
        ..ImportOptions::default()
    };
    match import(&path, &options, &mut |_| true) {
        Ok(found) => assert_eq!(found.bars.validate(), Ok(())),
        Err(ImportError::WorkerStopped) => panic!("a reading thread panicked"),
        Err(_sentence) => {}
    }
});
