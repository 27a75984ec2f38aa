//! Sortino ratio: `mean(r - target) / sqrt(mean(min(r - target, 0)^2)) * sqrt(252)`.
//!
//! The downside deviation runs over all days, not only the losing ones, and has n in its
//! denominator. `target` is a daily return; the default elsewhere is `rf / 252`. `None` with
//! fewer than two days or when no day is under the target. Reference: F. Sortino and
//! L. Price, "Performance Measurement in a Downside Risk Framework", 1994.

use super::moments::{FLAT, mean};
use super::sharpe::DAYS_PER_YEAR;

/// Annual Sortino ratio against a daily target return.
pub fn sortino(returns: &[f64], target: f64) -> Option<f64> {
    if returns.len() < 2 {
        return None;
    }
    let below = |r: &f64| (r - target).min(0.0).powi(2);
    let downside = (returns.iter().map(below).sum::<f64>() / returns.len() as f64).sqrt();
    let excess = mean(returns)? - target;
    (downside >= FLAT).then(|| excess / downside * DAYS_PER_YEAR.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::golden;

    #[test]
    fn empty_flat_and_without_a_loss() {
        assert_eq!(sortino(&[], 0.0), None);
        assert_eq!(sortino(&[0.0; 5], 0.0), None);
        assert_eq!(sortino(&[0.01, 0.02], 0.0), None);
    }

    #[test]
    fn by_hand() {
        // mean 0.01; downside sqrt(0.02^2 / 2)
        let s = sortino(&[0.04, -0.02], 0.0).unwrap();
        let want = 0.01 / (0.0004_f64 / 2.0).sqrt() * 252.0_f64.sqrt();
        assert!((s - want).abs() < 1e-12);
    }

    #[test]
    fn agrees_with_other_implementations() {
        let Some(g) = golden::nq_daily() else { return };
        g.close(
            "sortino MAR0 full-n",
            sortino(&g.returns, 0.0).unwrap(),
            1e-10,
        );
        g.close(
            "empyrical.sortino MAR=0.0001/day",
            sortino(&g.returns, 0.0001).unwrap(),
            1e-10,
        );
    }
}
