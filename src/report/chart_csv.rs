//! The data of a chart as CSV, one row per x, for those who draw it with something else.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use holdout_core::time::format_utc;

use super::chart::{Chart, Mark, Unit};

/// Writes every series at full resolution: `x` (UTC for times), then a column per series
/// (two for a band). A series without a value at some x leaves its cell empty.
pub fn csv(chart: &Chart) -> String {
    let time = chart.x.unit == Unit::Time;
    let mut header = vec![if time {
        "time".to_owned()
    } else {
        cell(&chart.x.label)
    }];
    // Keyed by the bits of x in an order-preserving form, so equal x share a row.
    let mut rows: BTreeMap<i64, (f64, Vec<(usize, f64)>)> = BTreeMap::new();
    let mut put = |x: f64, column: usize, y: f64| {
        rows.entry(ordered(x))
            .or_insert_with(|| (x, Vec::new()))
            .1
            .push((column, y));
    };
    for series in chart.panels.iter().flat_map(|p| &p.series) {
        let column = header.len();
        match &series.mark {
            Mark::Line { curve, .. } | Mark::Area { curve, .. } | Mark::Bars { curve, .. } => {
                header.push(cell(&series.name));
                curve.points().iter().for_each(|p| put(p[0], column, p[1]));
            }
            Mark::Band { ribbon, .. } => {
                header.extend([
                    cell(&format!("{} low", series.name)),
                    cell(&format!("{} high", series.name)),
                ]);
                for e in ribbon.entries() {
                    put(e[0], column, e[1]);
                    put(e[0], column + 1, e[2]);
                }
            }
        }
    }
    let mut text = header.join(",");
    text.push('\n');
    for (x, values) in rows.values() {
        let mut cells = vec![String::new(); header.len()];
        cells[0] = if time {
            format_utc(*x as i64)
        } else {
            x.to_string()
        };
        for &(column, y) in values {
            cells[column] = y.to_string();
        }
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "{}", cells.join(","));
    }
    text
}

fn ordered(x: f64) -> i64 {
    let bits = x.to_bits() as i64;
    if bits < 0 {
        i64::MIN.wrapping_sub(bits)
    } else {
        bits
    }
}

/// A cell of text. An apostrophe stands before what a spreadsheet would take as a formula: names can
/// come from elsewhere.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = format!("{}{text}", if formula { "'" } else { "" });
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::{Axis, Curve, Ink, Panel, Ribbon, Series};

    #[test]
    fn series_share_rows_and_missing_values_are_empty() {
        let a = Series::line(
            "a",
            Ink::Sky,
            Arc::new(Curve::new(vec![[-1.0, 1.0], [0.0, 1.5]])),
        );
        let b = Series::band(
            "b, c",
            Ink::Grey,
            Arc::new(Ribbon::new(vec![[0.0, -1.0, 2.0]])),
            0.2,
        );
        let chart = Chart::new(
            "t",
            Axis::new("p", Unit::Plain),
            vec![Panel::new(Axis::new("y", Unit::Plain), vec![a, b])],
        );
        assert_eq!(
            csv(&chart),
            "p,a,\"b, c low\",\"b, c high\"\n-1,1,,\n0,1.5,-1,2\n"
        );
    }

    #[test]
    fn names_are_no_formulas_and_numbers_stay_numbers() {
        for (name, want) in [
            ("=cmd|'/c calc'!A0", "'=cmd|'/c calc'!A0"),
            ("@SUM(1,2)", "\"'@SUM(1,2)\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("Sharpe > 1", "Sharpe > 1"),
        ] {
            let curve = Arc::new(Curve::new(vec![[-2.0, -1.5]]));
            let series = Series::line(name, Ink::Sky, curve);
            let panel = Panel::new(Axis::new("y", Unit::Plain), vec![series]);
            let chart = Chart::new("t", Axis::new("x", Unit::Plain), vec![panel]);
            assert_eq!(csv(&chart), format!("x,{want}\n-2,-1.5\n"));
        }
    }

    #[test]
    fn times_are_utc() {
        let a = Series::line("a", Ink::Sky, Arc::new(Curve::new(vec![[0.0, 1.0]])));
        let chart = Chart::new(
            "t",
            Axis::new("", Unit::Time),
            vec![Panel::new(Axis::new("y", Unit::Plain), vec![a])],
        );
        assert_eq!(csv(&chart), "time,a\n1970-01-01T00:00:00Z,1\n");
    }
}
