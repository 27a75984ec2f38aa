//! Five percentiles and the mean of many values, for bands and tables.
//!
//! Percentiles interpolate linearly (see [`super::moments`]). `None` without a value.

use serde::Serialize;

use super::moments::{mean, percentile_sorted};

/// Where many values lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f64,
    /// 5th percentile.
    pub p05: f64,
    /// 25th percentile.
    pub p25: f64,
    /// Median.
    pub p50: f64,
    /// 75th percentile.
    pub p75: f64,
    /// 95th percentile.
    pub p95: f64,
}

impl Spread {
    /// The spread of values in any order.
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let at = |q| percentile_sorted(&values, q);
        Some(Self {
            mean: mean(&values)?,
            p05: at(5.0)?,
            p25: at(25.0)?,
            p50: at(50.0)?,
            p75: at(75.0)?,
            p95: at(95.0)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_by_hand() {
        assert_eq!(Spread::of(vec![]), None);
        let s = Spread::of((0..=100).rev().map(f64::from).collect()).unwrap();
        assert_eq!((s.mean, s.p05, s.p50, s.p95), (50.0, 5.0, 50.0, 95.0));
        assert_eq!((s.p25, s.p75), (25.0, 75.0));
    }
}
