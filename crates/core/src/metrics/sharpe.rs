//! Sharpe ratio: `mean(r - rf/252) / std(r) * sqrt(252)`, deviation with n - 1.
//!
//! `r` are daily returns, `rf` is a yearly rate as a fraction, spread arithmetically over 252
//! days. The standard error is Mertens' (2002), which allows for skewness and fat tails and
//! reduces to Lo's (2002) for normal returns. `None` with fewer than two days or a deviation
//! under 1e-12. Reference: W. F. Sharpe, "The Sharpe Ratio", 1994.

use super::moments::{FLAT, mean, std_dev};
use super::shape::{kurtosis, skewness};

/// Trading days of a year.
pub const DAYS_PER_YEAR: f64 = 252.0;

/// Sharpe ratio of one day, not annualised.
pub fn daily_sharpe(returns: &[f64], rf: f64) -> Option<f64> {
    let deviation = std_dev(returns, 1).filter(|&s| s >= FLAT)?;
    Some((mean(returns)? - rf / DAYS_PER_YEAR) / deviation)
}

/// Annual Sharpe ratio.
pub fn sharpe(returns: &[f64], rf: f64) -> Option<f64> {
    Some(daily_sharpe(returns, rf)? * DAYS_PER_YEAR.sqrt())
}

/// Standard error of the annual Sharpe ratio (Mertens), n in the denominator.
pub fn sharpe_standard_error(returns: &[f64], rf: f64) -> Option<f64> {
    let s = daily_sharpe(returns, rf)?;
    let (g3, g4) = (skewness(returns)?, kurtosis(returns)?);
    let variance = (1.0 + s * s / 2.0 - g3 * s + g4 / 4.0 * s * s) / returns.len() as f64;
    (variance > 0.0).then(|| (variance * DAYS_PER_YEAR).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::golden;

    #[test]
    fn empty_short_and_flat() {
        assert_eq!(sharpe(&[], 0.0), None);
        assert_eq!(sharpe(&[0.01], 0.0), None);
        assert_eq!(sharpe(&[0.01; 10], 0.0), None);
    }

    #[test]
    fn by_hand() {
        // mean 0.01, deviation 0.01 * sqrt(2)
        let s = sharpe(&[0.0, 0.02], 0.0).unwrap();
        assert!((s - 252.0_f64.sqrt() / 2.0_f64.sqrt()).abs() < 1e-12);
        let with_rate = sharpe(&[0.0, 0.02], 2.52).unwrap();
        assert!(
            with_rate.abs() < 1e-12,
            "a rate of 1% a day eats the mean: {with_rate}"
        );
    }

    #[test]
    fn agrees_with_published_vectors() {
        let mixed = [0.01, 0.1, -0.04, 0.02, 0.03, 0.02, 0.01, -0.1];
        let s = sharpe(&mixed, 0.0).unwrap();
        assert!((s - 1.723_861_396_170_686_6).abs() < 1e-9, "{s}");
    }

    #[test]
    fn agrees_with_other_implementations() {
        let Some(g) = golden::nq_daily() else { return };
        g.close(
            "sharpe ddof1 sqrt252 rf0",
            sharpe(&g.returns, 0.0).unwrap(),
            1e-10,
        );
        g.close(
            "sharpe ddof1 rf3% simple/252",
            sharpe(&g.returns, 0.03).unwrap(),
            1e-10,
        );
        let se = sharpe_standard_error(&g.returns, 0.0).unwrap();
        assert!((se - 1.048_613).abs() < 2e-6, "Mertens {se}");
    }
}
