//! Omega ratio at threshold 0: sum of gains over sum of losses.
//!
//! `sum(max(r, 0)) / sum(max(-r, 0))` over daily returns. `None` without a losing day.
//! Reference: C. Keating and W. Shadwick, "A Universal Performance Measure", 2002.

/// Omega ratio of daily returns at threshold 0.
pub fn omega(returns: &[f64]) -> Option<f64> {
    let gains: f64 = returns.iter().filter(|&&r| r > 0.0).sum();
    let losses: f64 = -returns.iter().filter(|&&r| r < 0.0).sum::<f64>();
    (losses > 0.0).then_some(gains / losses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::golden;

    #[test]
    fn empty_flat_and_by_hand() {
        assert_eq!(omega(&[]), None);
        assert_eq!(omega(&[0.0, 0.0]), None);
        assert_eq!(omega(&[0.03, 0.0, -0.01, -0.01]), Some(1.5));
    }

    #[test]
    fn agrees_with_other_implementations() {
        let Some(g) = golden::nq_daily() else { return };
        g.close("omega threshold 0", omega(&g.returns).unwrap(), 1e-10);
    }
}
