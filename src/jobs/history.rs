//! What a run has told so far, as the events with which it told it: for whoever joins late.
//!
//! Alarms and lines of the log are left out; they are in `log.txt`.

use holdout_core::sim::Phase;
use holdout_learn::{Adjustment, UpdateRecord};
use holdout_store::runs::RunFolder;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::train::TrainEvent;

fn read<T: DeserializeOwned>(line: &Value) -> anyhow::Result<T> {
    Ok(serde_json::from_value(line.clone())?)
}

fn step(line: &Value) -> u64 {
    line["step"].as_u64().unwrap_or(0)
}

/// Updates, adjustments, trials and checkpoints up to a step, in the order of events.
///
/// # Errors
/// When a file of the run cannot be read.
pub fn told(run: &RunFolder, until: u64) -> anyhow::Result<Vec<TrainEvent>> {
    let mut all: Vec<(u64, u8, TrainEvent)> = Vec::new();
    for line in &run.metrics()?.values {
        let record: UpdateRecord = read(line)?;
        let phase = match line["phase"].as_u64() {
            Some(2) => Phase::Management,
            _ => Phase::Entries,
        };
        let record = Box::new(record);
        all.push((record.step, 0, TrainEvent::Update { phase, record }));
    }
    for line in &run.adjustments()?.values {
        let (step, adjustment) = (step(line), read::<Adjustment>(line)?);
        all.push((step, 1, TrainEvent::Adjusted { step, adjustment }));
    }
    for line in &run.validation()?.values {
        all.push((step(line), 2, TrainEvent::Validation(read(line)?)));
    }
    for step in run.checkpoint_steps()? {
        all.push((step, 3, TrainEvent::Checkpoint { step }));
    }
    all.retain(|(step, ..)| *step <= until);
    all.sort_by_key(|&(step, order, _)| (step, order));
    Ok(all.into_iter().map(|(.., event)| event).collect())
}
