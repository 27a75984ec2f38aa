//! A checkpoint: refused, or a policy.
#![no_main]

use holdout_learn::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    Policy::load(data).ok();
});
