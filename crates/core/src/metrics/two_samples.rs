//! Welch's test: do two stretches of days have the same mean? Two-sided, unequal variances.
//!
//! `t = (m1 - m2) / sqrt(s1^2/n1 + s2^2/n2)` with Satterthwaite's degrees of freedom. `None`
//! when a stretch has fewer than two days or both are flat. Reference: B. L. Welch, "The
//! generalization of 'Student's' problem", 1947.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::mean_test::MeanTest;
use super::moments::{FLAT, mean, std_dev};

/// Tests the difference of the means of two independent samples.
pub fn welch_test(a: &[f64], b: &[f64]) -> Option<MeanTest> {
    let part = |x: &[f64]| Some(std_dev(x, 1)?.powi(2) / x.len() as f64);
    let (va, vb) = (part(a)?, part(b)?);
    let error = (va + vb).sqrt();
    if error < FLAT {
        return None;
    }
    let t = (mean(a)? - mean(b)?) / error;
    let df = (va + vb).powi(2) / (va * va / (a.len() - 1) as f64 + vb * vb / (b.len() - 1) as f64);
    let student = StudentsT::new(0.0, 1.0, df).ok()?;
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
        assert_eq!(welch_test(&[], &[1.0, 2.0]), None);
        assert_eq!(welch_test(&[1.0], &[1.0, 2.0]), None);
        assert_eq!(welch_test(&[1.0, 1.0], &[2.0, 2.0]), None);
    }

    #[test]
    fn agrees_with_another_implementation() {
        // scipy.stats.ttest_ind(a, b, equal_var=False)
        let a = [
            27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7,
            21.4,
        ];
        let b = [
            27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.0,
            23.9,
        ];
        let r = welch_test(&a, &b).unwrap();
        assert!((r.t + 2.835_263_800_664_482).abs() < 1e-9, "{r:?}");
        assert!((r.p - 0.008_452_732_437_443_423).abs() < 1e-9, "{r:?}");
    }
}
