//! The figures of a run as TensorBoard names them, from the lines that a run records.
//!
//! Every number of a line is there under its own name: `train/…` for an update, `validation/…`
//! for a trial, lists and groups under theirs (`action_shares/buy`, `curriculum/forced_share`).

use holdout_core::sim::Action;
use holdout_store::FileError;
use holdout_store::runs::{RunFolder, Scalars};
use jiff::Timestamp;
use serde_json::Value;

/// Key of the wall time in a line.
pub const TIME: &str = "time";

/// The present time as lines of the record carry it.
pub fn now() -> Value {
    Value::String(Timestamp::now().to_string())
}

/// The figures of a line of `metrics.jsonl`.
pub fn of_update(line: &Value) -> Scalars {
    of("train", line)
}

/// The figures of a line of `validation.jsonl`.
pub fn of_validation(line: &Value) -> Scalars {
    of("validation", line)
}

/// Everything that a run has recorded, in order of steps.
///
/// # Errors
/// When a file of the run cannot be read.
pub fn of_run(run: &RunFolder) -> Result<Vec<Scalars>, FileError> {
    let mut all: Vec<Scalars> = run.metrics()?.values.iter().map(of_update).collect();
    all.extend(run.validation()?.values.iter().map(of_validation));
    all.sort_by_key(|s| s.step);
    Ok(all)
}

fn of(group: &str, line: &Value) -> Scalars {
    let mut values = Vec::new();
    for (key, value) in line.as_object().into_iter().flatten() {
        match value {
            _ if key == "step" || key == TIME => {}
            Value::Array(shares) => {
                for (action, share) in Action::ALL.into_iter().zip(shares) {
                    push(&mut values, format!("{key}/{}", action.name()), share);
                }
            }
            Value::Object(parts) => {
                for (part, value) in parts {
                    push(&mut values, format!("{key}/{part}"), value);
                }
            }
            _ => push(&mut values, format!("{group}/{key}"), value),
        }
    }
    let time = line[TIME].as_str().and_then(|t| t.parse().ok());
    Scalars {
        step: line["step"].as_u64().unwrap_or(0),
        wall_time: time.map_or(0.0, |t: Timestamp| t.as_millisecond() as f64 / 1e3),
        values,
    }
}

/// Numbers as they are, yes and no as 1 and 0, stages in their order from 1; nothing else.
fn push(values: &mut Vec<(String, f64)>, name: String, value: &Value) {
    const STAGES: [&str; 4] = ["entries", "boot_camp", "intermediate", "production"];
    let number = match value {
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::String(s) => STAGES
            .iter()
            .position(|stage| stage == s)
            .map(|i| i as f64 + 1.0),
        other => other.as_f64(),
    };
    values.extend(number.map(|n| (name, n)));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_number_has_its_name() {
        let s = of_update(&json!({
            "step": 128, "update": 2, "time": "1970-01-01T00:01:40.5Z", "win_rate": null,
            "action_shares": [0.5, 0.25, 0.25, 0.0, 0.0, 0.0],
            "curriculum": {"stage": "intermediate", "forced_share": 0.3},
        }));
        assert_eq!((s.step, s.wall_time), (128, 100.5));
        let value = |name: &str| s.values.iter().find(|v| v.0 == name).map(|v| v.1);
        assert_eq!(value("train/update"), Some(2.0));
        assert_eq!(value("train/win_rate"), None, "no trades, no rate");
        assert_eq!(value("action_shares/sell"), Some(0.25));
        assert_eq!(value("curriculum/stage"), Some(3.0));
        assert_eq!(value("curriculum/forced_share"), Some(0.3));
        assert_eq!(s.values.len(), 9);
        let v = of_validation(&json!({"step": 1, "breached": true}));
        assert_eq!(v.values, [("validation/breached".to_owned(), 1.0)]);
    }
}
