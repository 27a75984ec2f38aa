//! `holdout data`: inspect, import, features, generate.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use holdout_core::features::indicators::indicator_table;
use holdout_core::sim::SimSettings;
use holdout_core::synth;
use holdout_core::time::TradingDay;
use holdout_store::{Inspection, canonical};
use serde_json::json;

use super::args::{DataArgs, DataCommand, ImportArgs};
use super::table::{facts, row, table};
use super::{BadInput as _, Failure, Outcome, print_json, progress};
use crate::dataset::Dataset;
use crate::report::number::grouped;

pub(super) fn run(a: &DataArgs, json: bool) -> Outcome {
    match &a.command {
        DataCommand::Inspect { file, import } => inspect(file, import, json),
        DataCommand::Import { file, import, out } => import_to(file, import, out, json),
        DataCommand::Features { file, import, out } => features(file, import, out, json),
        DataCommand::Generate {
            recipe,
            market,
            seed,
            from,
            to,
            out,
        } => generate(recipe, market, *seed, (*from, *to), out, json),
    }
}

fn inspect(file: &Path, import: &ImportArgs, json: bool) -> Outcome {
    let found = holdout_store::inspect(file, &import.options()).bad_input()?;
    if json {
        return print_json(&found);
    }
    print_inspection(&found);
    Ok(())
}

/// Loads a file with a bar on the terminal.
pub(super) fn load(file: &Path, import: &ImportArgs, quiet: bool) -> Result<Dataset, Failure> {
    let bar = progress::bar(1_000, "Reading bars", quiet);
    let loaded = Dataset::load(file, &import.options(), &mut |share| {
        bar.set_position((share * 1_000.0) as u64);
        true
    });
    bar.finish_and_clear();
    loaded.bad_input()
}

fn import_to(file: &Path, import: &ImportArgs, out: &Path, json: bool) -> Outcome {
    let data = load(file, import, json)?;
    canonical::write(out, &data.bars)
        .with_context(|| format!("failed to write {}", out.display()))?;
    if json {
        return print_json(
            &json!({ "out": out, "bars": data.bars.len(), "inspection": &*data.inspection }),
        );
    }
    print_inspection(&data.inspection);
    println!(
        "\nwrote {} bars to {}",
        grouped(data.bars.len() as f64, 0),
        out.display()
    );
    Ok(())
}

fn features(file: &Path, import: &ImportArgs, out: &Path, json: bool) -> Outcome {
    let data = load(file, import, json)?;
    let flat_by = SimSettings::default().flat_by.since_roll();
    let columns = indicator_table(&data.bars, &data.sessions, flat_by);
    canonical::write_columns(out, &data.bars, &columns)
        .with_context(|| format!("failed to write {}", out.display()))?;
    let names: Vec<&str> = columns.iter().map(|(n, _)| n.as_str()).collect();
    if json {
        return print_json(&json!({ "out": out, "bars": data.bars.len(), "columns": names }));
    }
    println!(
        "wrote {} rows to {}: {}",
        grouped(data.bars.len() as f64, 0),
        out.display(),
        names.join(", ")
    );
    Ok(())
}

fn generate(
    recipe: &str,
    market: &str,
    seed: Option<u64>,
    days: (Option<TradingDay>, Option<TradingDay>),
    out: &Path,
    json: bool,
) -> Outcome {
    let mut r = synth::MarketRecipe::named(recipe, market).bad_input()?;
    r.seed = seed.unwrap_or(r.seed);
    r.first_day = days.0.unwrap_or(r.first_day);
    r.last_day = days.1.unwrap_or(r.last_day);
    if r.last_day < r.first_day {
        return Err(Failure::Input(anyhow!(
            "the last day {} is before the first day {}",
            r.last_day,
            r.first_day
        )));
    }
    let bars = r.generate().bad_input()?;
    canonical::write(out, &bars).with_context(|| format!("failed to write {}", out.display()))?;
    if json {
        return print_json(&json!({ "out": out, "bars": bars.len(), "recipe": r }));
    }
    println!(
        "wrote {} bars of synthetic {market} from {} to {} to {}",
        grouped(bars.len() as f64, 0),
        r.first_day,
        r.last_day,
        out.display()
    );
    Ok(())
}

fn print_inspection(i: &Inspection) {
    let text = |v: &Option<String>| v.clone().unwrap_or_else(|| "unknown".to_owned());
    println!(
        "{}",
        facts(&[
            (
                "dialect",
                format!("{} ({:.0}% sure)", i.dialect, i.confidence * 100.0)
            ),
            ("market", text(&i.market)),
            ("symbols", i.symbols.join(", ")),
            ("zone", text(&i.zone)),
            ("stamped at", format!("{} of the bar", i.stamp)),
            ("interval", format!("{} s", i.interval_seconds)),
            ("bars", grouped(i.bars as f64, 0)),
            ("span", format!("{} to {}", text(&i.first), text(&i.last))),
            ("sessions", grouped(i.sessions as f64, 0)),
            ("dropped rows", grouped(i.dropped as f64, 0)),
        ])
    );
    if !i.problems.is_empty() {
        let mut t = table(&["problem", "severity", "count", "example"]);
        for p in &i.problems {
            let example = p.examples.first().map_or(String::new(), |e| {
                let line = e.line.map_or(String::new(), |l| format!("line {l}: "));
                format!("{line}{} {}", e.time.clone().unwrap_or_default(), e.detail)
            });
            row(
                &mut t,
                &[
                    p.kind.name().to_owned(),
                    format!("{:?}", p.severity).to_lowercase(),
                    grouped(p.count as f64, 0),
                    example,
                ],
            );
        }
        println!("\n{t}");
    }
    for r in &i.repairs_offered {
        println!("repair offered: --repair {r}");
    }
    println!(
        "\nverdict: {:?}. {}",
        i.verdict.level,
        i.verdict.why.join("; ")
    );
}
