//! Student's t test of mean daily profit against 0, two-sided.
//!
//! `t = mean / (std / sqrt(n))` with n - 1 in the deviation and n - 1 degrees of freedom. It
//! takes days as independent; the bootstrap does not. `None` with fewer than two days or a flat
//! series. Reference: Student, "The probable error of a mean", 1908.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::moments::{FLAT, mean, std_dev};

/// Outcome of a t test.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MeanTest {
    /// The statistic.
    pub t: f64,
    /// Two-sided p-value.
    pub p: f64,
}

/// Tests the mean of daily values against 0.
pub fn mean_test(daily: &[f64]) -> Option<MeanTest> {
    let deviation = std_dev(daily, 1).filter(|&s| s >= FLAT)?;
    let n = daily.len() as f64;
    let t = mean(daily)? / (deviation / n.sqrt());
    let student = StudentsT::new(0.0, 1.0, n - 1.0).ok()?;
    Some(MeanTest {
        t,
        p: (2.0 * student.sf(t.abs())).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_flat() {
        assert_eq!(mean_test(&[]), None);
        assert_eq!(mean_test(&[1.0, 1.0, 1.0]), None);
    }

    #[test]
    fn agrees_with_the_paper() {
        // The additional hours of sleep of Student's paper: t = 4.0621, p = 0.002833.
        let sleep = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];
        let r = mean_test(&sleep).unwrap();
        assert!((r.t - 4.0621).abs() < 5e-5, "{r:?}");
        assert!((r.p - 0.002_833).abs() < 5e-7, "{r:?}");
    }
}
