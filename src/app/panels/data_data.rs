//! What the Data page shows of an import as names and values.

use holdout_core::time::parse_utc;
use holdout_store::Inspection;

use crate::report::{chart_ticks, number};

/// Facts of an import as name and value.
pub fn facts(i: &Inspection) -> Vec<(&'static str, String)> {
    let span = |t: &Option<String>| match t.as_deref() {
        None => "n/a".to_owned(),
        // Without a known zone it is the clock on the wall, as written.
        Some(t) => parse_utc(t).map_or_else(|_| t.to_owned(), |t| chart_ticks::stamp(t as f64)),
    };
    let named = |v: &Option<String>| v.clone().unwrap_or_else(|| "not known".to_owned());
    vec![
        ("Market", named(&i.market)),
        ("Dialect", i.dialect.replace('_', " ")),
        ("Zone", named(&i.zone)),
        ("Stamp", format!("{} of the bar", i.stamp)),
        ("Rows", number::count(i.bars)),
        ("Interval", interval(i.interval_seconds)),
        ("Sessions", number::count(i.sessions)),
        ("First bar", span(&i.first)),
        ("Last bar", span(&i.last)),
        (
            "Volume",
            if i.has_volume {
                "yes".to_owned()
            } else {
                "not in the file".to_owned()
            },
        ),
        ("Dropped rows", number::count(i.dropped)),
        (
            "Contracts",
            if i.symbols.is_empty() {
                "not named".to_owned()
            } else {
                i.symbols.join(", ")
            },
        ),
    ]
}

/// A bar length for people.
pub fn interval(secs: i64) -> String {
    match secs {
        s if s > 0 && s % 86_400 == 0 => format!("{} d", s / 86_400),
        s if s > 0 && s % 3_600 == 0 => format!("{} h", s / 3_600),
        s if s > 0 && s % 60 == 0 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bar_lengths_are_written_for_people() {
        assert_eq!(
            [60, 300, 3_600, 86_400, 90].map(interval),
            ["1 min", "5 min", "1 h", "1 d", "90 s"]
        );
    }
}
