//! `holdout compliance chance`: the chance of passing, several rule sets side by side.

use holdout_core::compliance::RuleSet;
use holdout_core::compliance::{ChanceSettings, Outcome as End, PassChance, pass_chance};
use holdout_core::market::Instruments;
use holdout_core::units::Usd;
use holdout_store::ledger as ledger_files;
use serde_json::json;

use super::args::ChanceArgs;
use super::compliance::rule_set;
use super::table::{row, table};
use super::{BadInput as _, Outcome, print_json};
use crate::jobs::certificate::view;
use crate::report::number::{count, dollars, grouped, percent};

pub(super) fn run(a: &ChanceArgs, json: bool) -> Outcome {
    let mut rules = Vec::new();
    for name in &a.ruleset {
        rules.push(rule_set(name)?);
    }
    if rules.is_empty() {
        rules = RuleSet::all_builtin();
    }
    let ledger = ledger_files::read(&a.ledger, &Instruments::builtin()).bad_input()?;
    let settings = ChanceSettings {
        paths: a.paths,
        seed: a.seed,
        block: a.block,
        horizon: a.horizon,
        entry_drawdown_cap: a.entry_drawdown_cap,
        target: a.target.map(Usd::from_dollars),
        ..ChanceSettings::default()
    };
    let view = view(&ledger);
    let mut chances = Vec::new();
    for r in &rules {
        chances.push(pass_chance(r, &view, &settings).bad_input()?);
    }
    if json {
        return print_json(&json!({ "chances": chances }));
    }
    print(&chances);
    Ok(())
}

fn print(chances: &[PassChance]) {
    let mut t = table(&[
        "rule set",
        "target",
        "passed",
        "95%",
        "breached",
        "stalled",
        "out of time",
        "days to pass",
        "starts passed",
    ]);
    for c in chances {
        let share = |end| percent(c.paths.share(end));
        let interval = c.paths.of(End::Passed).and_then(|s| s.interval);
        let days = c.paths.days_to_pass.as_ref();
        let passed = c.starts.of(End::Passed).map_or(0, |s| s.count);
        row(
            &mut t,
            &[
                c.ruleset.clone(),
                c.target
                    .map_or_else(|| "none".to_owned(), |t| dollars(t.dollars(), 0)),
                share(End::Passed),
                interval.map_or_else(
                    || "too few sessions".to_owned(),
                    |i| format!("{} to {}", percent(i.lower), percent(i.upper)),
                ),
                share(End::Breached),
                share(End::Stalled),
                share(End::OutOfTime),
                days.map_or_else(String::new, |d| {
                    format!(
                        "{} ({} to {})",
                        grouped(d.median, 0),
                        grouped(d.p10, 0),
                        grouped(d.p90, 0)
                    )
                }),
                format!("{} of {}", count(passed), count(c.starts.accounts)),
            ],
        );
    }
    println!("{t}");
    let Some(c) = chances.first() else { return };
    println!(
        "{} accounts each on {} sessions in blocks of {} on average; days to pass: median (10% to 90%)",
        count(c.paths.accounts),
        c.sessions,
        grouped(c.block_sessions, 1)
    );
    if c.sessions_left_out > 0 {
        println!(
            "{} sessions after the ledger's account was lost or locked out were not drawn from",
            c.sessions_left_out
        );
    }
    for assumption in c.assumptions {
        println!("assumed: {assumption}");
    }
}
