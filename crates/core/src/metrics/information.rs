//! Information ratio: mean of active daily return over its deviation, times `sqrt(252)`.
//!
//! Active return is the account's less the benchmark's on the same day; the deviation has
//! n - 1. `None` when the two series differ in length, have fewer than two days, or move
//! together. Reference: R. Grinold and R. Kahn, "Active Portfolio Management", 1999.

use super::sharpe::sharpe;

/// Annual information ratio against a benchmark's daily returns, day by day.
pub fn information_ratio(returns: &[f64], benchmark: &[f64]) -> Option<f64> {
    if returns.len() != benchmark.len() {
        return None;
    }
    let active: Vec<f64> = returns.iter().zip(benchmark).map(|(r, b)| r - b).collect();
    sharpe(&active, 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::golden;

    #[test]
    fn empty_equal_and_of_different_length() {
        assert_eq!(information_ratio(&[], &[]), None);
        assert_eq!(information_ratio(&[0.1, 0.2], &[0.1, 0.2]), None);
        assert_eq!(information_ratio(&[0.1, 0.2], &[0.1]), None);
    }

    #[test]
    fn by_hand() {
        // active 0.00 and 0.02
        let ir = information_ratio(&[0.01, 0.02], &[0.01, 0.0]).unwrap();
        assert!((ir - 252.0_f64.sqrt() / 2.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn agrees_with_other_implementations() {
        let Some(g) = golden::nq_daily() else { return };
        let ir = information_ratio(&g.returns, &g.benchmark).unwrap();
        g.close("information ratio annualised ddof1", ir, 1e-9);
    }
}
