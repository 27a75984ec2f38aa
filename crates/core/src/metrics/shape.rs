//! Skewness and kurtosis of daily returns: population moments, kurtosis in excess of 3.
//!
//! `skew = m3 / m2^1.5`, `kurtosis = m4 / m2^2 - 3`, moments about the mean with n in the
//! denominator (the biased forms of Joanes and Gill, "Comparing measures of sample skewness
//! and kurtosis", 1998). `None` with fewer than three or four days, or a flat series.

use super::moments::{FLAT, mean, std_dev};

fn standard_moment(x: &[f64], power: i32) -> Option<f64> {
    let m = mean(x)?;
    let s = std_dev(x, 0).filter(|&s| s >= FLAT)?;
    let sum: f64 = x.iter().map(|v| ((v - m) / s).powi(power)).sum();
    Some(sum / x.len() as f64)
}

/// Population skewness; 0 for a symmetric series.
pub fn skewness(x: &[f64]) -> Option<f64> {
    if x.len() < 3 {
        return None;
    }
    standard_moment(x, 3)
}

/// Population excess kurtosis; 0 for the normal distribution.
pub fn kurtosis(x: &[f64]) -> Option<f64> {
    if x.len() < 4 {
        return None;
    }
    Some(standard_moment(x, 4)? - 3.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::golden;

    #[test]
    fn empty_and_flat() {
        assert_eq!(skewness(&[]), None);
        assert_eq!(kurtosis(&[1.0, 1.0, 1.0, 1.0]), None);
    }

    #[test]
    fn by_hand() {
        assert!(skewness(&[-1.0, 0.0, 1.0]).unwrap().abs() < 1e-15);
        // Two values, equally often: m4 = m2^2.
        assert!((kurtosis(&[1.0, 1.0, -1.0, -1.0]).unwrap() + 2.0).abs() < 1e-12);
        // 0, 0, 3: mean 1, m2 = 2, m3 = 2
        assert!((skewness(&[0.0, 0.0, 3.0]).unwrap() - 2.0 / 2.0_f64.powf(1.5)).abs() < 1e-12);
    }

    #[test]
    fn agrees_with_other_implementations() {
        let Some(g) = golden::nq_daily() else { return };
        g.close("skew biased", skewness(&g.returns).unwrap(), 1e-10);
        g.close(
            "excess kurtosis biased",
            kurtosis(&g.returns).unwrap(),
            1e-10,
        );
    }
}
