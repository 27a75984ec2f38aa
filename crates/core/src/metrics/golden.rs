//! Values computed by other people's packages, read from a folder beside the checkout.
//!
//! Tests that need them print a reason and return where the folder is absent.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "tests read files of expected values; the crate itself reads none"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The text of a file of expected values, when there is one.
pub(crate) fn text(name: &str) -> Option<String> {
    Some(std::fs::read_to_string(folder()?.join(name)).unwrap())
}

fn folder() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/oracles");
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: there is no folder of expected values beside this checkout");
    None
}

/// Daily returns of NQ in 2019 and what other packages make of them.
pub(crate) struct NqDaily {
    pub(crate) returns: Vec<f64>,
    pub(crate) benchmark: Vec<f64>,
    values: BTreeMap<String, f64>,
}

impl NqDaily {
    /// Asserts agreement with a named value, relative to its size.
    pub(crate) fn close(&self, name: &str, got: f64, tolerance: f64) {
        let want = self.values[name];
        let difference = (got - want).abs() / want.abs().max(1e-12);
        assert!(
            difference <= tolerance,
            "{name}: {got} where {want} was expected"
        );
    }
}

/// Reads them; `None` where the folder is absent.
pub(crate) fn nq_daily() -> Option<NqDaily> {
    let returns = text("risk_nq_daily_2019_returns.csv")?;
    let columns: Vec<Vec<f64>> = returns
        .lines()
        .skip(1)
        .map(|l| {
            l.split(',')
                .skip(1)
                .map(|c| c.trim().parse().unwrap())
                .collect()
        })
        .collect();
    let json = text("risk_nq_daily_2019_values.json")?.replace("NaN", "null");
    let groups: BTreeMap<String, BTreeMap<String, Option<f64>>> =
        serde_json::from_str(&json).unwrap();
    let values = groups
        .into_values()
        .flatten()
        .filter_map(|(k, v)| Some((k, v?)))
        .collect();
    Some(NqDaily {
        returns: columns.iter().map(|c| c[0]).collect(),
        benchmark: columns.iter().map(|c| c[1]).collect(),
        values,
    })
}
