//! Ulcer index: root of the mean over days of the squared fractional drawdown.
//!
//! The day-end balance is compared with the highest one so far, the start balance included;
//! the mean divides by the number of days (some packages divide by one less). `None` without
//! days. Reference: P. Martin and B. McCann, "The Investor's Guide to Fidelity Funds", 1989.

/// Ulcer index of a start balance and the day-end balances after it.
pub fn ulcer_index(path: &[f64]) -> Option<f64> {
    let (&start, ends) = path.split_first()?;
    if ends.is_empty() {
        return None;
    }
    let mut peak = start;
    let mut sum = 0.0;
    for &end in ends {
        peak = peak.max(end);
        if peak <= 0.0 {
            return None;
        }
        sum += ((peak - end) / peak).powi(2);
    }
    Some((sum / ends.len() as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::daily::DailySeries;
    use crate::metrics::golden;

    #[test]
    fn empty_flat_and_by_hand() {
        assert_eq!(ulcer_index(&[]), None);
        assert_eq!(ulcer_index(&[100.0]), None);
        assert_eq!(ulcer_index(&[100.0, 100.0]), Some(0.0));
        // drawdowns 0.1, 0.2
        let u = ulcer_index(&[100.0, 90.0, 80.0]).unwrap();
        assert!((u - (0.05_f64 / 2.0).sqrt()).abs() < 1e-15);
    }

    #[test]
    fn agrees_with_other_implementations() {
        let Some(g) = golden::nq_daily() else { return };
        let series = DailySeries::of_returns(1.0, g.returns.clone(), None);
        g.close("PA.UlcerIndex", ulcer_index(&series.path()).unwrap(), 1e-10);
    }
}
