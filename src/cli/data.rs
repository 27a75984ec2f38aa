//! `holdout data`: inspect, import, resample, split, append, features, generate.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use holdout_core::features::indicators::indicator_table;
use holdout_core::market::split::first_session;
use holdout_core::market::{SessionCalendar, Sessions, Split, SplitRatios, resample};
use holdout_core::sim::SimSettings;
use holdout_core::synth;
use holdout_core::time::{TradingDay, format_utc};
use holdout_store::append::{AppendError, Prefer, append_files};
use holdout_store::{Inspection, VerdictLevel, canonical};
use serde_json::json;

use super::args::{DataArgs, DataCommand, ImportArgs};
use super::table::{facts, row, table};
use super::{BadInput as _, Failure, Outcome, print_json, progress};
use crate::dataset::Dataset;
use crate::report::number::grouped;

pub(super) fn run(a: &DataArgs, json: bool) -> Outcome {
    match &a.command {
        DataCommand::Inspect { files, import } => inspect(files, import, json),
        DataCommand::Import { files, import, out } => import_to(files, import, out, json),
        DataCommand::Resample {
            file,
            import,
            to,
            drop_incomplete,
            out,
        } => resample_to(file, import, *to, *drop_incomplete, out, json),
        DataCommand::Split {
            files,
            import,
            train,
            validation,
            validation_from,
            test_from,
        } => {
            let usual = SplitRatios::default();
            let shares = SplitRatios {
                train: train.unwrap_or(usual.train),
                validation: validation.unwrap_or(usual.validation),
            };
            let days = validation_from.zip(*test_from);
            split(files, import, shares, days, json)
        }
        DataCommand::Append {
            dataset,
            newer,
            import,
            prefer,
            out,
        } => append(dataset, newer, import, *prefer, out.as_deref(), json),
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

fn inspect(files: &[PathBuf], import: &ImportArgs, json: bool) -> Outcome {
    let found = holdout_store::inspect_files(files, &import.options()).bad_input()?;
    if json {
        return print_json(&found);
    }
    print_inspection(&found);
    Ok(())
}

/// Loads a file with a bar on the terminal.
pub(super) fn load(file: &Path, import: &ImportArgs, quiet: bool) -> Result<Dataset, Failure> {
    load_files(&[file.to_owned()], import, quiet)
}

fn load_files(files: &[PathBuf], import: &ImportArgs, quiet: bool) -> Result<Dataset, Failure> {
    let bar = progress::bar(1_000, "Reading bars", quiet);
    let loaded = Dataset::load_files(files, &import.options(), &mut |share| {
        bar.set_position((share * 1_000.0) as u64);
        true
    });
    bar.finish_and_clear();
    loaded.bad_input()
}

fn import_to(files: &[PathBuf], import: &ImportArgs, out: &Path, json: bool) -> Outcome {
    let data = load_files(files, import, json)?;
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

fn resample_to(
    file: &Path,
    import: &ImportArgs,
    to_secs: i64,
    drop_incomplete: bool,
    out: &Path,
    json: bool,
) -> Outcome {
    let data = load(file, import, json)?;
    let mut made = resample(&data.bars, &SessionCalendar::builtin(), to_secs).bad_input()?;
    let dropped = drop_incomplete && made.last_incomplete;
    if dropped {
        made.bars = made.bars.slice(0..made.bars.len() - 1);
    }
    if made.bars.is_empty() {
        return Err(Failure::Input(anyhow!(
            "no bar lies inside a session of the exchange; check zone and stamp with `holdout data inspect {}`",
            file.display()
        )));
    }
    canonical::write(out, &made.bars)
        .with_context(|| format!("failed to write {}", out.display()))?;
    let last = made.bars.open_time.last().map(|&t| format_utc(t));
    if json {
        return print_json(&json!({
            "out": out, "interval_seconds": to_secs, "bars": made.bars.len(), "from_bars": data.bars.len(),
            "outside_session": made.outside, "last": last,
            "last_incomplete": made.last_incomplete && !dropped,
        }));
    }
    println!(
        "wrote {} bars of {to_secs} s, made of {} bars of {} s, to {}",
        grouped(made.bars.len() as f64, 0),
        grouped(data.bars.len() as f64, 0),
        data.bars.interval_secs,
        out.display()
    );
    if made.outside > 0 {
        println!(
            "left out because the exchange was closed: {} bars",
            grouped(made.outside as f64, 0)
        );
    }
    if made.last_incomplete && !dropped {
        println!(
            "the last bar, {}, is incomplete because the file ends before it does; --drop-incomplete leaves it out",
            last.unwrap_or_default()
        );
    }
    Ok(())
}

/// Shares under which the parts begin on these days.
fn shares_from(
    sessions: &Sessions,
    days: (TradingDay, TradingDay),
) -> Result<SplitRatios, Failure> {
    let bound = |day| first_session(sessions, day).bad_input();
    let (validation, test) = (bound(days.0)?, bound(days.1)?);
    if validation >= test {
        return Err(Failure::Input(anyhow!(
            "validation from {} and test from {} leave no session for validation; name a later first day of test",
            days.0,
            days.1
        )));
    }
    Ok(SplitRatios::at(sessions.days.len(), [validation, test]))
}

fn split(
    files: &[PathBuf],
    import: &ImportArgs,
    shares: SplitRatios,
    days: Option<(TradingDay, TradingDay)>,
    json: bool,
) -> Outcome {
    let data = load_files(files, import, json)?;
    let shares = match days {
        Some(days) => shares_from(&data.sessions, days)?,
        None => shares,
    };
    let split = Split::by_ratio(&data.sessions, shares).bad_input()?;
    let parts = split.facts(&data.sessions);
    let n = data.sessions.days.len();
    if json {
        return print_json(&json!({ "sessions": n, "split": shares, "parts": parts }));
    }
    let mut t = table(&["part", "first day", "last day", "sessions", "share", "bars"]);
    for p in &parts {
        row(
            &mut t,
            &[
                p.part.name().to_owned(),
                p.first.to_string(),
                p.last.to_string(),
                grouped(p.sessions as f64, 0),
                format!("{:.1}%", p.sessions as f64 / n as f64 * 100.0),
                grouped(p.bars as f64, 0),
            ],
        );
    }
    println!(
        "{t}\n\nin a configuration of training:\n[split]\ntrain = {:?}\nvalidation = {:?}",
        shares.train, shares.validation
    );
    Ok(())
}

fn append(
    dataset: &Path,
    newer: &[PathBuf],
    import: &ImportArgs,
    prefer: Option<Prefer>,
    out: Option<&Path>,
    json: bool,
) -> Outcome {
    let bar = progress::bar(1_000, "Appending bars", json);
    let appended = append_files(
        dataset,
        newer,
        &import.options(),
        prefer,
        out,
        &mut |share| {
            bar.set_position((share * 1_000.0) as u64);
            true
        },
    );
    bar.finish_and_clear();
    let done = match appended {
        Err(AppendError::File(e)) if !e.is_bad_data() => {
            return Err(Failure::from(anyhow!(e).context("failed to append")));
        }
        other => other.bad_input()?,
    };
    let out = out.unwrap_or(dataset);
    let hole = done.hole.map(|(a, b)| (format_utc(a), format_utc(b)));
    if json {
        return print_json(&json!({
            "out": out, "bars": done.bars.len(), "added": done.added, "overlap": done.overlap, "hole": hole,
        }));
    }
    println!(
        "wrote {} bars, {} of them new, to {}",
        grouped(done.bars.len() as f64, 0),
        grouped(done.added as f64, 0),
        out.display()
    );
    println!("shared span: {}", done.overlap);
    if let Some((before, after)) = hole {
        println!("the files do not overlap: nothing is known between {before} and {after}");
    }
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
    for why in &i.evidence {
        println!("  {why}");
    }
    if i.contracts.len() > 1 {
        let mut t = table(&["contract", "rows", "volume"]);
        for c in &i.contracts {
            row(
                &mut t,
                &[
                    c.symbol.clone(),
                    grouped(c.rows as f64, 0),
                    grouped(c.volume as f64, 0),
                ],
            );
        }
        println!("\n{t}");
    }
    if !i.rolls.is_empty() {
        let mut t = table(&["roll", "from", "to", "points between", "why"]);
        for r in &i.rolls {
            let gap = r.gap.map_or("unknown".to_owned(), |g| format!("{g:+}"));
            row(
                &mut t,
                &[
                    r.time.clone(),
                    r.from.clone(),
                    r.to.clone(),
                    gap,
                    r.reason.name().replace('_', " "),
                ],
            );
        }
        println!("\n{t}");
    }
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
    let level = match i.verdict.level {
        VerdictLevel::Clean => "clean",
        VerdictLevel::Usable => "usable",
        VerdictLevel::NotUsable => "not usable",
    };
    let why = if i.verdict.why.is_empty() {
        "no problem was found".to_owned()
    } else {
        i.verdict.why.join("; ")
    };
    println!("\nverdict: {level}: {why}");
}
