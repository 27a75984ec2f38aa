//! Finer bars in a run's arena: they decide which of stop and target came first.

use std::path::{Path, PathBuf};

use holdout::arena::Arena;
use holdout::config::RunConfig;
use holdout::dataset::Dataset;
use holdout_core::compliance::TrailingFloor;
use holdout_core::market::{SessionCalendar, resample};
use holdout_core::sim::{Action, ExitReason, Ledger, SameBar, replay};
use holdout_core::units::Usd;
use holdout_store::{ImportOptions, canonical};

use crate::programme::sample;

fn load(path: &Path) -> Dataset {
    let options = ImportOptions {
        market: Some("ES".to_owned()),
        ..ImportOptions::default()
    };
    Dataset::load(path, &options, &mut |_| true).unwrap()
}

fn config(same_bar: SameBar, finer: Option<PathBuf>) -> RunConfig {
    let mut config = RunConfig::preset("smoke").unwrap();
    config.finer = finer;
    config.sim.same_bar = same_bar;
    // Near levels, so that many bars reach both.
    (config.sim.sl_atr_mult, config.sim.tp_sl_ratio) = (0.3, 1.0);
    (config.sim.start_balance, config.sim.drawdown_limit) =
        (Usd::whole(9_000_000), Usd::whole(8_000_000));
    config
}

/// One account that enters whenever it may.
fn ledger(config: &RunConfig, dataset: &Dataset) -> anyhow::Result<Ledger> {
    let plan = config.plan(&dataset.bars.instrument).unwrap();
    let arena = Arena::new(plan, dataset.clone())?;
    let sim = &arena.plan.sim;
    let referee = TrailingFloor::from_settings(&sim.settings);
    Ok(replay(
        &arena.tape,
        sim,
        referee,
        0..arena.tape.len(),
        |m| {
            if m.mask.allows(Action::Buy) {
                Action::Buy
            } else {
                Action::Hold
            }
        },
    ))
}

#[test]
fn finer_bars_settle_what_a_bar_leaves_open() {
    let dir = tempfile::tempdir().unwrap();
    let minutes = load(Path::new(&sample("ES_1m_2024q4.csv")));
    let quarters = resample(&minutes.bars, &SessionCalendar::builtin(), 900)
        .unwrap()
        .bars;
    let (coarse, fine) = (
        dir.path().join("quarters.csv"),
        dir.path().join("minutes.csv"),
    );
    canonical::write(&coarse, &quarters).unwrap();
    canonical::write(&fine, &minutes.bars).unwrap();
    let dataset = load(&coarse);
    let by = |same_bar, finer| ledger(&config(same_bar, finer), &dataset).unwrap();
    let (stop, target) = (by(SameBar::StopFirst, None), by(SameBar::TargetFirst, None));
    let finer = by(SameBar::FinerBars, Some(fine));
    let wins = |l: &Ledger| {
        let hit = |t: &&holdout_core::sim::Trade| t.exit_reason == ExitReason::Target;
        l.trades.iter().filter(hit).count()
    };
    assert!(
        stop.same_bar_both.len() > 20,
        "{}",
        stop.same_bar_both.len()
    );
    assert!(wins(&stop) < wins(&finer) && wins(&finer) < wins(&target));
    // Bars that tell another story are not believed.
    let mut other = (*minutes.bars).clone();
    for column in [
        &mut other.open,
        &mut other.high,
        &mut other.low,
        &mut other.close,
    ] {
        column.iter_mut().for_each(|price| *price += 1);
    }
    canonical::write(&dir.path().join("other.csv"), &other).unwrap();
    let doubted = by(SameBar::FinerBars, Some(dir.path().join("other.csv")));
    assert_eq!(wins(&doubted), wins(&stop));
    assert!(
        ledger(
            &config(SameBar::FinerBars, Some("nowhere.csv".into())),
            &dataset
        )
        .is_err()
    );
}
