//! A ledger, judged by rules that ship: trades and equity are refused, or get a verdict.
#![no_main]

use std::sync::LazyLock;

use holdout_core::compliance::{LedgerView, RuleSet, check};
use holdout_fuzz::MARKETS;
use libfuzzer_sys::fuzz_target;

static RULES: LazyLock<RuleSet> =
    LazyLock::new(|| RuleSet::builtin("apex-50k-seed").expect("rules that ship"));

fuzz_target!(|data: &[u8]| {
    let folder = holdout_fuzz::files("ledger", &["trades.csv", "equity.csv"], data);
    let Ok(ledger) = holdout_store::ledger::read(&folder, &MARKETS) else {
        return;
    };
    let view = LedgerView {
        instrument: ledger.instrument.as_ref(),
        rows: &ledger.rows,
        trades: &ledger.trades,
        interval_secs: ledger.interval_secs.unwrap_or(0),
    };
    check(&RULES, &view);
});
