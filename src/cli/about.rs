//! `holdout about`: versions, devices, places.

use super::table::facts;
use super::{Outcome, print_json};
use crate::jobs::about::about;

pub(super) fn run(json: bool) -> Outcome {
    let found = about();
    if json {
        return print_json(&found);
    }
    let lines = found.facts();
    let rows: Vec<(&str, String)> = lines.iter().map(|(n, v)| (n.as_str(), v.clone())).collect();
    println!("{}", facts(&rows));
    Ok(())
}
