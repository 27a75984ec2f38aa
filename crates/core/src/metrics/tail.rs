//! Tail ratio: size of the 95th percentile of daily returns over that of the 5th.
//!
//! Percentiles interpolate linearly. Above 1 the good days reach further than the bad ones.
//! `None` with fewer than two days or when the 5th percentile is 0.

use super::moments::percentile;

/// `|p95 / p5|` of daily returns.
pub fn tail_ratio(returns: &[f64]) -> Option<f64> {
    if returns.len() < 2 {
        return None;
    }
    let low = percentile(returns, 5.0)?;
    let high = percentile(returns, 95.0)?;
    (low.abs() > 0.0).then(|| (high / low).abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::golden;

    #[test]
    fn empty_flat_and_by_hand() {
        assert_eq!(tail_ratio(&[]), None);
        assert_eq!(tail_ratio(&[0.0; 9]), None);
        let r = tail_ratio(&[-1.0, 3.0]).unwrap(); // p5 = -0.8, p95 = 2.8
        assert!((r - 3.5).abs() < 1e-12);
    }

    #[test]
    fn agrees_with_other_implementations() {
        let Some(g) = golden::nq_daily() else { return };
        g.close(
            "tail ratio |p95|/|p5|",
            tail_ratio(&g.returns).unwrap(),
            1e-10,
        );
    }
}
