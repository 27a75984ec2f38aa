//! What a run's own settings of the market do in its arena: finer bars, early closes.

use std::path::{Path, PathBuf};

use holdout::arena::Arena;
use holdout::config::RunConfig;
use holdout::dataset::Dataset;
use holdout::jobs::checkpoints::row_of;
use holdout::jobs::evaluate::{Judge, Known, judge_ledger};
use holdout_core::compliance::TrailingFloor;
use holdout_core::market::{SessionCalendar, resample};
use holdout_core::sim::{Action, ExitReason, Ledger, Phase, SameBar, replay};
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

#[test]
fn another_market_without_finer_bars_is_judged_stop_first() {
    let dir = tempfile::tempdir().unwrap();
    let minutes = load(Path::new(&sample("ES_1m_2024q4.csv")));
    let quarters = resample(&minutes.bars, &SessionCalendar::builtin(), 900)
        .unwrap()
        .bars;
    let (coarse, fine) = (dir.path().join("15.csv"), dir.path().join("1.csv"));
    canonical::write(&coarse, &quarters).unwrap();
    canonical::write(&fine, &minutes.bars).unwrap();
    let dataset = load(&coarse);
    let asked = config(SameBar::FinerBars, Some(fine.clone()));
    let own = Arena::new(
        asked.plan(&dataset.bars.instrument).unwrap(),
        dataset.clone(),
    )
    .unwrap();
    let with = own.other_market(dataset.clone(), Some(fine)).unwrap();
    assert_eq!(with.plan.sim.settings.same_bar, SameBar::FinerBars);
    assert!(with.tape.finer.is_some());
    let without = own.other_market(dataset.clone(), None).unwrap();
    assert_eq!(without.plan.sim.settings.same_bar, SameBar::StopFirst);
    assert!(
        own.elsewhere(dataset, None).is_err(),
        "a named file asks for them"
    );
}

#[test]
fn finer_bars_that_a_run_would_not_use_are_refused() {
    let dataset = load(Path::new(&sample("ES_1m_2024q4.csv")));
    let plan = config(SameBar::StopFirst, None).plan(&dataset.bars.instrument);
    let own = Arena::new(plan.unwrap(), dataset.clone()).unwrap();
    let finer = || Some(PathBuf::from("nowhere.csv"));
    for refused in [
        own.elsewhere(dataset.clone(), finer()),
        own.other_market(dataset.clone(), finer()),
    ] {
        let text = refused.err().unwrap().to_string();
        assert!(
            text.contains("nowhere.csv") && text.contains("same_bar"),
            "{text}"
        );
    }
}

#[test]
fn figures_of_a_run_have_the_days_of_its_own_calendar() {
    let dataset = load(Path::new(&sample("ES_1m_2024q4.csv")));
    let days = |closed: &[&str]| {
        let mut config = RunConfig::preset("smoke").unwrap();
        let table = closed
            .iter()
            .map(|d| ((*d).to_owned(), "closed".to_owned()));
        config.sim.early_closes = Some(table.collect());
        let plan = config.plan(&dataset.bars.instrument).unwrap();
        let arena = Arena::new(plan, dataset.clone()).unwrap();
        let range = 0..arena.tape.len();
        let sim = &arena.plan.sim;
        let referee = TrailingFloor::from_settings(&sim.settings);
        let ledger = replay(&arena.tape, sim, referee, range.clone(), |_| Action::Hold);
        let row = row_of(&ledger, &arena, 0, Phase::Management);
        let judge = Judge {
            random_accounts: 0,
            ..Judge::default()
        };
        let whole = judge_ledger(&arena, ledger, 0, None, range, judge, &Known::default());
        let whole = whole.unwrap();
        let benchmark = whole.benchmarks[0].tearsheet.as_ref().unwrap();
        assert_eq!(row.days, whole.tearsheet.returns.days);
        assert_eq!(benchmark.returns.days, row.days);
        assert_eq!(arena.tape.sessions.days.len(), row.days);
        row.days
    };
    assert_eq!(days(&["2024-10-15", "2024-10-16"]) + 2, days(&[]));
}
