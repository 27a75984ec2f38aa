//! The simulator's own ledgers, judged: both must tell the same story.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::market::SessionCalendar;
use crate::rng::Stream;
use crate::sim::{Action, Ledger, SimSettings, Tape, replay};
use crate::synth::{MarketRecipe, generate};
use crate::time::format_utc;

/// Random decisions over four weeks with two early closes and missing minutes.
///
/// Even seeds trade one contract now and then, odd ones three contracts all the time.
fn random_account(rules: &RuleSet, seed: u64) -> Ledger {
    let recipe = MarketRecipe::preset("gappy", "NQ", seed).unwrap();
    let recipe = recipe.over("2024-11-18".parse().unwrap(), "2024-12-13".parse().unwrap());
    let bars = generate(&recipe, &SessionCalendar::builtin()).unwrap().bars;
    let busy = seed % 2 == 1;
    let mut settings = SimSettings {
        contracts: if busy { 3 } else { 1 },
        entry_drawdown_cap: 1.0,
        ..SimSettings::default()
    };
    rules.apply_to(&mut settings, &BTreeSet::new()).unwrap();
    let plan = settings.plan(&bars.instrument).unwrap();
    let n = bars.len();
    let tape = Tape::new(Arc::new(bars), &plan);
    let mut rng = Stream::new(seed, "decisions", 0);
    let floor = TrailingFloor::from_settings(&settings);
    replay(&tape, &plan, floor, 0..n, |_| {
        let awake = busy || rng.uniform() < 0.005;
        let action = Action::from_index(rng.below(6) as usize);
        if awake { action } else { Action::Hold }
    })
}

#[test]
fn a_simulated_account_keeps_what_the_simulator_enforces() {
    let (mut breaches, mut survivors, mut trades) = (0, 0, 0);
    for rules in RuleSet::all_builtin() {
        for seed in 0..2 {
            let ledger = random_account(&rules, seed);
            let report = check(&rules, &LedgerView::of(&ledger));
            let case = format!("{} with seed {seed}", rules.id);
            assert_eq!(report.breach, ledger.breach.map(format_utc), "{case}");
            let ambiguous: Vec<_> = ledger.ambiguous.iter().map(|&t| format_utc(t)).collect();
            assert_eq!(report.ambiguous_times, ambiguous, "{case}");
            for id in [
                "balance_identity",
                "floor_column",
                "row_order",
                "overnight",
                "one_direction",
            ] {
                let c = report.check(id).unwrap();
                let kept = matches!(c.status, Status::Pass | Status::NotApplicable);
                assert!(kept, "{case}: {c:?}");
            }
            let flat_by = report.check("flat_by").unwrap();
            let kept = matches!(flat_by.status, Status::Pass | Status::NotApplicable);
            assert!(kept, "{case}: {flat_by:?}");
            let failed = report.firm_drawdown.status == Status::Fail;
            assert_eq!(failed, ledger.breach.is_some(), "{case}");
            breaches += usize::from(failed);
            survivors += usize::from(!failed);
            trades += ledger.trades.len();
        }
    }
    assert!(
        breaches > 5 && survivors > 5 && trades > 200,
        "{breaches} {survivors} {trades}"
    );
}
