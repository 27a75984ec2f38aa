//! Evaluations that a run keeps, shown again: judged from their ledgers, so that nothing is played
//! and no look at the test part is counted.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use holdout_core::market::Instruments;
use holdout_core::market::split::Part;
use holdout_core::metrics::Succession;
use holdout_core::sim::Ledger;
use holdout_core::time::parse_utc;
use holdout_store::ledger as ledger_files;
use holdout_store::runs::{RunFolder, test_looks};
use holdout_store::text::read_whole_text;
use serde_json::Value;

use super::evaluate::{Evaluation, Judge, Known, judge_ledger, training_figures};
use super::player::{Player, PlayerChoice};
use super::train::open_run;
use super::trials::trials;
use crate::arena::Arena;

/// The evaluation that a run keeps of a checkpoint or an ensemble on a part; `None` where it keeps
/// none of that.
///
/// # Errors
/// When the run, its data, the checkpoint or the kept ledger cannot be read.
pub fn reopen(run: &Path, choice: &PlayerChoice, part: Part) -> anyhow::Result<Option<Evaluation>> {
    let (folder, data, arena) = open_run(run, &mut |_| true)?;
    let player = Player::load(&folder, choice)?;
    if !folder_of(&folder, part, &player).is_dir() {
        return Ok(None);
    }
    let runs = folder.runs()?;
    let known = Known {
        trials: trials(&runs, &data)?,
        train: Some(training_figures(&arena, &player)?),
    };
    let mut kept = judged_again(&folder, &arena, part, &player, &known, true)?;
    if let Some(e) = kept.as_mut().filter(|_| part == Part::Test) {
        e.looks = Some(test_looks(&runs, &data.test_part())?.len() as u64);
    }
    Ok(kept)
}

/// Where the evaluation of a part with a checkpoint lies, once there is one.
pub(crate) fn folder_of(folder: &RunFolder, part: Part, player: &Player) -> PathBuf {
    folder
        .evaluations()
        .join(format!("{}-{}", part.name(), player.label()))
}

/// The evaluation of a part that the run keeps, judged again from its ledger. What a report
/// is not `about` stands beside it with its figures only, without accounts of random entries.
pub(crate) fn judged_again(
    folder: &RunFolder,
    arena: &Arena,
    part: Part,
    player: &Player,
    known: &Known,
    about: bool,
) -> anyhow::Result<Option<Evaluation>> {
    let dir = folder_of(folder, part, player);
    if !dir.is_dir() {
        return Ok(None);
    }
    let ledger = kept_ledger(&dir, arena, part)?;
    let nothing = Known {
        trials: known.trials,
        train: None,
    };
    let known = if part == Part::Train { &nothing } else { known };
    let range = arena.range(part);
    let judge = if about {
        Judge::default()
    } else {
        Judge {
            random_accounts: 0,
            ..Judge::default()
        }
    };
    let mut e = judge_ledger(arena, ledger, player.step, Some(part), range, judge, known)?;
    e.ensemble = player.ensemble().map(str::to_owned);
    e.succession = kept_succession(&dir);
    Ok(Some(e))
}

/// What became of fresh accounts, as it was kept; earlier versions kept none.
fn kept_succession(dir: &Path) -> Option<Succession> {
    let text = read_whole_text(&dir.join("verdict.json")).ok()?;
    let verdict: Value = serde_json::from_str(&text).ok()?;
    serde_json::from_value(verdict["succession"].clone()).ok()
}

/// The ledger of an evaluation, as it was kept.
fn kept_ledger(dir: &Path, arena: &Arena, part: Part) -> anyhow::Result<Ledger> {
    let file = ledger_files::read(dir, &Instruments::builtin())?;
    let range = arena.range(part);
    let times = &arena.tape.bars.open_time[range];
    let same =
        file.rows.len() == times.len() && file.rows.iter().zip(times).all(|(r, &t)| r.time == t);
    if !same {
        bail!(
            "the evaluation holds {} bars that are not those of the {} part; judge it again: {}",
            file.rows.len(),
            part.name(),
            dir.display()
        );
    }
    let path = dir.join("summary.json");
    let text =
        read_whole_text(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let summary: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is not valid", path.display()))?;
    let time = |key: &str| summary[key].as_str().and_then(|t| parse_utc(t).ok());
    Ok(Ledger {
        instrument: arena.plan.instrument.clone(),
        interval_secs: arena.tape.bars.interval_secs,
        start_balance: arena.plan.sim.settings.start_balance,
        rows: file.rows,
        trades: file.trades,
        rejected: summary["rejected"].as_u64().unwrap_or(0),
        expired: summary["expired"].as_u64().unwrap_or(0),
        // Their times are in no file; the check finds ambiguous bars in the rows by itself.
        same_bar_both: Vec::new(),
        ambiguous: Vec::new(),
        breach: time("breach"),
        stalled: time("stalled"),
    })
}
