//! Scripts of actions: `time,action`, the time being the open of the bar at whose close it is decided.

use std::path::Path;

use holdout_core::sim::Action;

use super::table::Table;
use super::{TIME, time};
use crate::error::{BadInput, FileError};

/// The listed action of every bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionScript {
    /// One entry per bar; `None` where nothing is listed.
    pub by_bar: Vec<Option<Action>>,
    /// How many actions are listed.
    pub listed: usize,
}

/// Reads a script for bars with these open times, which must rise. The order of rows does not matter.
///
/// # Errors
/// An unknown action, a time that is not the open of a bar, and a repeated time, with line and value.
pub fn read_actions(path: &Path, open_times: &[i64]) -> Result<ActionScript, FileError> {
    let table = Table::read(path)?;
    let (c_time, c_action) = (table.require("time")?, table.require("action")?);
    let mut script = ActionScript {
        by_bar: vec![None; open_times.len()],
        listed: 0,
    };
    for row in table.rows() {
        let at = row.get(c_time, TIME, time)?;
        let action = row.get(
            c_action,
            "hold, buy, sell, sl_to_be, trail_on or trail_off",
            |t| t.parse().ok(),
        )?;
        let Ok(bar) = open_times.binary_search(&at) else {
            return Err(row.bad(c_time, "the open time of a bar of the data"));
        };
        if script.by_bar[bar].replace(action).is_some() {
            let cause = format!("\"{}\" is listed a second time", row.text(c_time)?);
            return Err(BadInput::new(path, cause)
                .line(row.line)
                .column("time")
                .expected("one action a bar")
                .remedy("keep one of the rows")
                .into());
        }
        script.listed += 1;
    }
    Ok(script)
}

#[cfg(test)]
mod tests {
    use holdout_core::time::parse_utc;

    use super::*;

    fn script(text: &str) -> Result<ActionScript, FileError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("actions.csv");
        std::fs::write(&path, text).unwrap();
        let t = parse_utc("2024-03-04T14:30:00Z").unwrap();
        read_actions(&path, &[t, t + 60, t + 120])
    }

    #[test]
    fn actions_find_their_bars_in_any_order() {
        let s =
            script("time,action\n2024-03-04T14:32:00Z,sl_to_be\n2024-03-04T09:30:00-05:00,buy\n")
                .unwrap();
        assert_eq!(s.by_bar, [Some(Action::Buy), None, Some(Action::SlToBe)]);
        assert_eq!(s.listed, 2);
        assert_eq!(script("time,action\n").unwrap().listed, 0);
    }

    #[test]
    fn faults_name_line_and_value() {
        let cases = [
            (
                "time,action\n2024-03-04T14:30:00Z,close\n",
                "line 2, column action: \"close\"",
            ),
            (
                "time,action\n2024-03-04T14:30:30Z,buy\n",
                "line 2, column time: \"2024-03-04T14:30:30Z\"",
            ),
            (
                "time,action\n2024-03-04T14:30:00Z,buy\n2024-03-04T14:30:00Z,hold\n",
                "line 3, column time: \"2024-03-04T14:30:00Z\" is listed a second time",
            ),
            ("time,what\n", "the column action is missing"),
            ("", "the file is empty"),
        ];
        for (text, want) in cases {
            let e = script(text).unwrap_err().to_string();
            assert!(e.contains(want), "{e}\nwanted {want}");
        }
    }
}
