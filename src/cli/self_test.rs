//! `holdout self-test`: does the learner learn, and see nothing where nothing is?

use super::args::SelfTestArgs;
use super::table::{row, table};
use super::{Failure, Outcome, print_json, progress};
use crate::jobs::StopFlag;
use crate::jobs::self_test::{Scale, SelfTestOptions, self_test};

pub(super) fn run(a: &SelfTestArgs, json: bool) -> Outcome {
    let scale = if a.quick { Scale::Quick } else { Scale::Full };
    let mut options = SelfTestOptions::new(scale);
    if !a.seeds.is_empty() {
        options.seeds.clone_from(&a.seeds);
    }
    let stop = StopFlag::new();
    progress::stop_on_ctrl_c(&stop)?;
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
        println!(
            "{} in {:.0} s with seeds {:?}",
            if found.pass { "passed" } else { "FAILED" },
            found.seconds,
            found.seeds
        );
    }
    if found.pass {
        Ok(())
    } else {
        Err(Failure::Verdict)
    }
}
