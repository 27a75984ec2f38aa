//! Means, deviations and percentiles, with their conventions in one place.
//!
//! `ddof` is what is taken off n in the denominator of the variance. Percentiles interpolate
//! linearly between order statistics (type 7 of Hyndman and Fan, "Sample quantiles in
//! statistical packages", 1996). Two passes keep the deviation exact for flat series.

/// Deviations under this count as none at all.
pub const FLAT: f64 = 1e-12;

/// Arithmetic mean; `None` when empty.
pub fn mean(x: &[f64]) -> Option<f64> {
    (!x.is_empty()).then(|| x.iter().sum::<f64>() / x.len() as f64)
}

/// Standard deviation; `None` unless there are more than `ddof` values.
pub fn std_dev(x: &[f64], ddof: usize) -> Option<f64> {
    let m = mean(x)?;
    let n = x.len().checked_sub(ddof).filter(|&n| n > 0)?;
    let squares: f64 = x.iter().map(|v| (v - m) * (v - m)).sum();
    Some((squares / n as f64).sqrt())
}

/// The `q` percentile, `q` in 0 to 100; `None` when empty.
pub fn percentile(x: &[f64], q: f64) -> Option<f64> {
    let mut sorted = x.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    percentile_sorted(&sorted, q)
}

/// The `q` percentile of values in ascending order.
pub fn percentile_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = last as f64 * (q / 100.0).clamp(0.0, 1.0);
    let low = at.floor() as usize;
    let high = (low + 1).min(last);
    let share = at - low as f64;
    Some(sorted[low] + (sorted[high] - sorted[low]) * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_short() {
        assert_eq!(mean(&[]), None);
        assert_eq!(std_dev(&[1.0], 1), None);
        assert_eq!(std_dev(&[1.0], 0), Some(0.0));
        assert_eq!(percentile(&[], 5.0), None);
        assert_eq!(percentile(&[3.0], 95.0), Some(3.0));
    }

    #[test]
    fn by_hand() {
        let x = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        assert_eq!(mean(&x), Some(5.0));
        assert_eq!(std_dev(&x, 0), Some(2.0));
        assert!((std_dev(&x, 1).unwrap() - (32.0_f64 / 7.0).sqrt()).abs() < 1e-15);
        assert_eq!(percentile(&[4.0, 1.0, 3.0, 2.0], 50.0), Some(2.5));
        assert_eq!(percentile(&[10.0, 20.0], 5.0), Some(10.5));
    }
}
