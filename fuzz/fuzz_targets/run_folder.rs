//! A run folder and the registry beside it: whatever is in the files, each question is answered.
#![no_main]

use holdout_store::runs::{CheckpointChoice, RunFolder, TestPart, list_runs, test_looks};
use libfuzzer_sys::fuzz_target;

const FILES: [&str; 9] = [
    "run/status.json",
    "run/data.json",
    "run/labels.json",
    "run/best.json",
    "run/metrics.jsonl",
    "run/validation.jsonl",
    "run/checkpoints/step-000000512.json",
    "run/checkpoints/step-000000512.safetensors",
    "registry.json",
];

fuzz_target!(|data: &[u8]| {
    let runs = holdout_fuzz::files("runs", &FILES, data);
    list_runs(&runs).ok();
    let part = TestPart {
        prices: "ES".to_owned(),
        bars_sha256: "ab".to_owned(),
        days: "2024-03-04..2024-03-13".to_owned(),
    };
    test_looks(&runs, &part).ok();
    if let Ok(run) = RunFolder::open(&runs.join("run")) {
        (
            run.status().ok(),
            run.data().ok(),
            run.labels().ok(),
            run.best().ok(),
        );
        (run.metrics().ok(), run.validation().ok());
        run.read_checkpoint(CheckpointChoice::Best).ok();
        run.newest_whole_checkpoint().ok();
    }
});
