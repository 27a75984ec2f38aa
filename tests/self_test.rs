//! The learner's self-test in its shortest form: the same checks and the same limits, one seed.

use holdout::jobs::StopFlag;
use holdout::jobs::self_test::{
    Scale, SelfTestOptions, both_sides, hold_trap, leaked_future, no_edge, planted_edge,
};

fn short() -> (SelfTestOptions, StopFlag) {
    (SelfTestOptions::new(Scale::Short), StopFlag::new())
}

#[test]
fn learns_a_planted_edge() {
    let (options, stop) = short();
    let found = planted_edge(&options, &stop).unwrap();
    assert!(found.pass, "{}", found.verdict);
}

#[test]
fn learns_to_get_rich_on_a_leak() {
    let (options, stop) = short();
    let found = leaked_future(&options, &stop).unwrap();
    assert!(found.pass, "{}", found.verdict);
}

#[test]
fn learns_nothing_where_there_is_no_edge() {
    let (options, stop) = short();
    let found = no_edge(&options, &stop).unwrap();
    assert!(found.pass, "{}", found.verdict);
    assert!(found.summary.edge_per_trade_usd.is_some(), "it traded");
}

#[test]
fn learns_both_sides_alike() {
    let (options, stop) = short();
    let found = both_sides(&options, &stop).unwrap();
    assert!(found.pass, "{}", found.verdict);
}

#[test]
fn learns_to_trade_and_to_manage_with_the_curriculum() {
    let (options, stop) = short();
    let found = hold_trap(&options, &stop).unwrap();
    assert!(found.pass, "{}", found.verdict);
    let s = &found.summary;
    assert!(s.rule_usd > Some(0.0), "trading pays on the sample market");
    assert!(s.without_managed < s.with_managed, "{}", found.verdict);
}

#[test]
fn a_stopped_self_test_ends_with_a_word() {
    let (options, stop) = short();
    stop.stop(holdout::jobs::StopReason::Asked);
    let told = leaked_future(&options, &stop).unwrap_err().to_string();
    assert!(told.contains("stopped"), "{told}");
}
