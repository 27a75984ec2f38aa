//! `holdout self-test`: does the learner learn, and see nothing where nothing is?

use super::args::SelfTestArgs;
use super::table::{row, table};
use super::{Failure, Outcome, data, print_json, progress};
use crate::jobs::StopFlag;
use crate::jobs::self_test::{HoldTrap, Scale, SelfTestOptions, hold_trap_on, self_test};
use crate::report::number::{dollars, grouped, percent_to};

pub(super) fn run(a: &SelfTestArgs, json: bool) -> Outcome {
    let scale = if a.quick { Scale::Quick } else { Scale::Full };
    let mut options = SelfTestOptions::new(scale);
    if !a.seeds.is_empty() {
        options.seeds.clone_from(&a.seeds);
    }
    let stop = StopFlag::new();
    progress::stop_on_ctrl_c(&stop)?;
    if let Some(path) = &a.data {
        let market = data::load(path, &a.import, json)?;
        let found = hold_trap_on(&market.bars, &options, &stop)?;
        if json {
            print_json(&found)?;
        } else {
            print_arms(&found.summary);
            println!("{}", found.verdict);
        }
        return verdict(found.pass);
    }
    let found = self_test(&options, &stop, &mut |check, n, of| {
        if !json {
            eprintln!("{} of {of}: {check}", n + 1);
        }
    })?;
    if json {
        print_json(&found)?;
    } else {
        let mut t = table(&["check", "outcome", "found"]);
        for (name, verdict, pass) in found.lines() {
            let outcome = if pass { "pass" } else { "FAIL" };
            row(
                &mut t,
                &[name.to_owned(), outcome.to_owned(), verdict.to_owned()],
            );
        }
        println!("{t}");
        print_arms(&found.hold_trap.summary);
        println!(
            "{} in {:.0} s with seeds {:?}",
            if found.pass { "passed" } else { "FAILED" },
            found.seconds,
            found.seeds
        );
    }
    verdict(found.pass)
}

fn verdict(pass: bool) -> Outcome {
    if pass { Ok(()) } else { Err(Failure::Verdict) }
}

/// What the policies chose where they had a choice, and what cannot be farmed.
fn print_arms(found: &HoldTrap) {
    let mut t = table(&[
        "curriculum",
        "seed",
        "phase",
        "HOLD",
        "BUY",
        "SELL",
        "SL→BE",
        "TRAIL+",
        "TRAIL−",
        "managing",
        "HOLD of all bars",
        "sessions traded",
        "trades/session",
        "managed",
        "switches/trade",
        "net P&L",
    ]);
    for a in &found.arms {
        let share = |name: &str| {
            a.choices
                .get(name)
                .map_or(String::new(), |x| percent_to(*x, 1))
        };
        let na = |x: Option<String>| x.unwrap_or_else(|| "n/a".to_owned());
        let with = if a.curriculum { "with" } else { "without" };
        row(
            &mut t,
            &[
                with.to_owned(),
                a.seed.to_string(),
                a.phase.to_string(),
                share("hold"),
                share("buy"),
                share("sell"),
                share("sl_to_be"),
                share("trail_on"),
                share("trail_off"),
                percent_to(
                    ["sl_to_be", "trail_on", "trail_off"]
                        .iter()
                        .filter_map(|name| a.choices.get(name))
                        .sum(),
                    1,
                ),
                a.all
                    .get("hold")
                    .map_or(String::new(), |x| percent_to(*x, 1)),
                percent_to(a.sessions_traded, 0),
                grouped(a.trades_per_session, 1),
                na(a.managed.map(|x| percent_to(x, 0))),
                na(a.trail_switches_per_trade.map(|x| grouped(x, 2))),
                dollars(a.net_usd, 0),
            ],
        );
    }
    println!(
        "HOLD trap: choices of the greedy policies on unseen bars, full costs, an account of {} that lasts\n{t}\nfor comparison, the targets of the seed preset: HOLD under {} and managing over {} of choices; switching the trail farms both, so neither is judged",
        dollars(found.account_usd, 0),
        percent_to(found.hold_target, 0),
        percent_to(found.management_target, 0),
    );
}
