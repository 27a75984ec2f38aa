//! `holdout replay`: listed actions through the simulator, with the same ledger as an evaluation.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use holdout_core::compliance::TrailingFloor;
use holdout_core::market::{Instrument, Instruments};
use holdout_core::metrics::Summary;
use holdout_core::metrics::tearsheet::TearsheetSettings;
use holdout_core::sim::{Action, Ledger, SameBar, SimPlan, SimSettings, Tape, replay};
use holdout_store::text::read_whole_text;
use holdout_store::{canonical, ledger as ledger_files};

use super::args::ReplayArgs;
use super::{BadInput as _, Failure, Outcome, print_json};
use crate::report::number::{grouped, usd};

pub(super) fn run(a: &ReplayArgs, json: bool) -> Outcome {
    let instrument = Instruments::builtin().get(&a.market).bad_input()?.clone();
    let plan = plan(a, &instrument)?;
    if plan.settings.same_bar == SameBar::FinerBars {
        return Err(Failure::Input(anyhow!(
            "same_bar = finer_bars needs finer data, and replay takes none; use stop_first or target_first"
        )));
    }
    let bars = canonical::read(&a.data, &instrument, plan.settings.interval_seconds).bad_input()?;
    let actions = ledger_files::read_actions(&a.actions, &bars.open_time).bad_input()?;
    let tape = Tape::new(Arc::new(bars), &plan);
    let referee = TrailingFloor::from_settings(&plan.settings);
    let ledger = replay(&tape, &plan, referee, 0..tape.len(), |m| {
        actions.by_bar[m.bar].unwrap_or(Action::Hold)
    });
    // Days are counted by the calendar that the simulator went by, which SIM.toml may replace.
    let summary = Summary::with(
        &ledger,
        &TearsheetSettings {
            calendar: plan.calendar.clone(),
            ..TearsheetSettings::default()
        },
    );
    write(&a.out, &ledger, &summary)
        .with_context(|| format!("failed to write the ledger to {}", a.out.display()))?;
    if json {
        return print_json(&summary);
    }
    println!(
        "{} bars, {} trades, {} rejected, net P&L {}, final balance {}; ledger in {}",
        grouped(ledger.rows.len() as f64, 0),
        ledger.trades.len(),
        ledger.rejected,
        usd(ledger.final_balance() - ledger.start_balance),
        usd(ledger.final_balance()),
        a.out.display()
    );
    Ok(())
}

fn write(out: &Path, ledger: &Ledger, summary: &Summary) -> anyhow::Result<()> {
    fs::create_dir_all(out)?;
    ledger_files::write(out, ledger)?;
    fs::write(
        out.join("summary.json"),
        serde_json::to_vec_pretty(summary)?,
    )?;
    Ok(())
}

fn plan(a: &ReplayArgs, instrument: &Instrument) -> Result<SimPlan, Failure> {
    let text = match &a.sim {
        Some(path) => read_whole_text(path)
            .with_context(|| format!("failed to read {}", path.display()))
            .bad_input()?,
        None => String::new(),
    };
    let name = a
        .sim
        .as_ref()
        .map_or_else(String::new, |p| p.display().to_string());
    let mut settings: SimSettings = toml::from_str(&text)
        .with_context(|| format!("{name} holds no simulator settings"))
        .bad_input()?;
    if let Some(id) = &a.ruleset {
        let rules = super::compliance::rule_set(id)?;
        let named = text
            .parse::<toml::Table>()
            .bad_input()?
            .keys()
            .cloned()
            .collect();
        rules.apply_to(&mut settings, &named).bad_input()?;
    }
    settings.plan(instrument).map_err(|problems| {
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Failure::Input(anyhow!("{name}: {}", all.join("; ")))
    })
}
