//! The test of record against looking ahead: spoil or cut everything after a bar, and every
//! value up to it stays bit-identical.

use super::matrix::walk;
use super::{FeatureMatrix, indicator_table};
use crate::market::{Bars, SessionCalendar, Sessions};
use crate::rng::Stream;

fn all_values(bars: &Bars) -> (Vec<f32>, Vec<(String, Vec<f64>)>) {
    let sessions = Sessions::new(bars, &SessionCalendar::builtin());
    (
        FeatureMatrix::compute(bars, &sessions, 82_740).data,
        indicator_table(bars, &sessions, 82_740),
    )
}

fn assert_same_up_to(i: usize, whole: &Bars, changed: &Bars) {
    let (rows, table) = all_values(whole);
    let (rows_changed, table_changed) = all_values(changed);
    let n = (i + 1) * 11;
    assert!(
        rows[..n]
            .iter()
            .zip(&rows_changed[..n])
            .all(|(a, b)| a.to_bits() == b.to_bits()),
        "matrix, bar {i}"
    );
    for ((name, a), (_, b)) in table.iter().zip(&table_changed) {
        let same = a[..=i]
            .iter()
            .zip(&b[..=i])
            .all(|(x, y)| x.to_bits() == y.to_bits());
        assert!(same, "{name} looks ahead of bar {i}");
    }
}

#[test]
fn nothing_depends_on_later_bars() {
    let whole = walk(2_600, 11);
    let mut s = Stream::new(11, "garbage", 0);
    for _ in 0..40 {
        let i = s.below(2_599) as usize;
        assert_same_up_to(i, &whole, &whole.slice(0..i + 1));
        let mut spoilt = whole.clone();
        let mut time = whole.open_time[i];
        for j in i + 1..whole.len() {
            time += 1 + s.below(90_000) as i64;
            spoilt.open_time[j] = time;
            let p = 1 + s.below(400_000) as i32;
            (
                spoilt.open[j],
                spoilt.high[j],
                spoilt.low[j],
                spoilt.close[j],
            ) = (p, p + 5, p, p + 3);
            spoilt.volume[j] = s.uniform() * 1e9;
        }
        assert_same_up_to(i, &whole, &spoilt);
    }
}
