//! Stability: how straight the growth is, R squared of cumulative log returns on time.
//!
//! `r^2` of the least-squares line through `sum(ln(1 + r))` against the day's number, as
//! empyrical computes it: 1 for a straight line, 0 for no line at all. It says nothing about
//! the direction. `None` with fewer than two days, a return of -100% or less, or a flat series.

use super::correlation::correlation;

/// R squared of cumulative log returns on time.
pub fn stability(returns: &[f64]) -> Option<f64> {
    if returns.len() < 2 || returns.iter().any(|&r| r <= -1.0) {
        return None;
    }
    let mut sum = 0.0;
    let growth: Vec<f64> = returns
        .iter()
        .map(|r| {
            sum += r.ln_1p();
            sum
        })
        .collect();
    let time: Vec<f64> = (0..growth.len()).map(|i| i as f64).collect();
    correlation(&time, &growth).map(|r| r * r)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_flat_and_straight() {
        assert_eq!(stability(&[]), None);
        assert_eq!(stability(&[0.0; 5]), None);
        assert_eq!(stability(&[0.1, -1.0]), None);
        assert!((stability(&[0.01; 9]).unwrap() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn by_hand() {
        // Cumulative logs 1, 0, 1: no slope.
        let e = std::f64::consts::E;
        let r = stability(&[e - 1.0, 1.0 / e - 1.0, e - 1.0]).unwrap();
        assert!(r.abs() < 1e-12);
    }
}
