//! `holdout demo`: the main job, headless.

use std::path::Path;

use super::args::{DemoArgs, ProgressStyle};
use super::evaluate::{PART_HEADER, part_row, print_benchmarks};
use super::table::{row, table};
use super::train::Teller;
use super::{Outcome, compliance, print_json, progress};
use crate::jobs::StopFlag;
use crate::jobs::demo::{DemoEvent, DemoOptions, DemoResult, demo};
use crate::report::number::grouped;
use crate::report::succession;

pub(super) fn run(a: &DemoArgs, json: bool) -> Outcome {
    let stop = StopFlag::new();
    progress::stop_on_ctrl_c(&stop)?;
    let mut teller = Teller::new(ProgressStyle::Auto, json);
    let options = DemoOptions {
        runs: a.out.clone(),
        quick: a.quick,
        device: a.device,
        seed: a.seed,
    };
    let result = demo(&options, &stop, &mut |event| match event {
        DemoEvent::Step(what) if !json => eprintln!("{what} …"),
        DemoEvent::Step(_) => {}
        DemoEvent::Train(e) => teller.tell(&e),
    })?;
    teller.finish();
    if json {
        print_json(&result)?;
    } else {
        print_result(&result);
    }
    if a.window && has_display() {
        let window = super::args::WindowArgs {
            open: Some(result.run),
            runs: a.out.clone(),
            ..super::args::WindowArgs::default()
        };
        return super::open_window(&window);
    }
    Ok(())
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|v| std::env::var_os(v).is_some_and(|d| !d.is_empty()))
        || cfg!(any(windows, target_os = "macos"))
}

fn print_result(r: &DemoResult) {
    let mut t = table(&PART_HEADER);
    row(&mut t, &part_row("train (in-sample)", &r.train));
    row(&mut t, &part_row("validation", &r.validation));
    row(&mut t, &part_row("test", &r.test));
    println!("\n{t}");
    for (part, p) in [("validation", &r.validation), ("test", &r.test)] {
        if let Some(all) = p.succession.as_ref().and_then(succession::in_words) {
            println!("with a fresh account after each loss, {part}: {all}");
        }
    }
    println!("\nOn the test part, without the policy:");
    print_benchmarks(&r.benchmarks, r.random_entries.as_ref());
    println!("\nCompliance on the test part:");
    compliance::print_report(&r.compliance);
    if let Some(n) = r.test.looks {
        println!("This test split has now been looked at {n} time(s).");
    }
    let shown = |p: &Path| p.display().to_string();
    println!(
        "\n{} steps at {} steps/s (median of updates); {:.0} s in all\nrun:    {}\nledger: {}",
        grouped(r.training.steps as f64, 0),
        r.training
            .train_sps_median
            .map_or("n/a".to_owned(), |s| grouped(s, 0)),
        r.seconds,
        shown(&r.run),
        shown(&r.test.ledger)
    );
}
