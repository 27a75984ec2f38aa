//! Nothing sees the future: garbage after a bar leaves every decision up to it as it was.

use std::path::Path;
use std::sync::Arc;

use holdout::arena::Arena;
use holdout::config::RunConfig;
use holdout::dataset::Dataset;
use holdout_core::sim::Phase;
use holdout_learn::Policy;
use holdout_store::runs::{CheckpointChoice, RunFolder};

use crate::programme::{TINY, json, sample};

#[test]
fn a_policy_decides_alike_whatever_comes_later() {
    let dir = tempfile::tempdir().unwrap();
    let (out, data) = (dir.path().display().to_string(), sample("ES_1m_2024q4.csv"));
    let mut args = vec!["train", "--data", &data, "--out", &out];
    args.extend(TINY);
    let run = json(&args)["run"].as_str().unwrap().to_owned();
    let weights = RunFolder::open(Path::new(&run))
        .unwrap()
        .read_checkpoint(CheckpointChoice::Last)
        .unwrap()
        .weights;
    let policy = Policy::load(&weights).unwrap();
    let dataset = Dataset::load(
        Path::new(&data),
        &holdout_store::ImportOptions::default(),
        &mut |_| true,
    )
    .unwrap();
    let cut = 20_000;
    let mut garbled = dataset.clone();
    let bars = Arc::make_mut(&mut garbled.bars);
    for i in cut + 1..bars.len() {
        for column in [
            &mut bars.open,
            &mut bars.high,
            &mut bars.low,
            &mut bars.close,
        ] {
            column[i] = 1 + (i as i32 * 7_919) % 50_000;
        }
        let four = [bars.open[i], bars.high[i], bars.low[i], bars.close[i]];
        bars.high[i] = four.into_iter().max().unwrap();
        bars.low[i] = four.into_iter().min().unwrap();
        bars.volume[i] = 1e9;
    }
    let rows = |d: Dataset| {
        let plan = RunConfig::preset("smoke")
            .unwrap()
            .plan(&d.bars.instrument)
            .unwrap();
        let arena = Arena::new(plan, d).unwrap();
        let ledger = arena
            .evaluate(&policy, Phase::Management, 0..arena.tape.len())
            .unwrap();
        ledger.rows[..=cut].to_vec()
    };
    let (clean, dirty) = (rows(dataset), rows(garbled));
    assert!(
        clean.iter().any(|r| r.mask.count() > 1),
        "there was something to decide"
    );
    assert_eq!(clean, dirty);
}
