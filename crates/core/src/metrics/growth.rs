//! Growth, volatility and what one costs of the other.
//!
//! Compound annual return `(end / start)^(252 / days) - 1`; volatility `std(r) * sqrt(252)`
//! with n - 1; Calmar divides the compound return by the largest fractional drawdown of the
//! day-end balances (T. Young, "Calmar ratio", 1991); return over volatility by the
//! volatility; recovery factor is net profit over the largest drawdown in dollars.

use super::moments::{FLAT, std_dev};
use super::sharpe::DAYS_PER_YEAR;

/// Compound annual return; `None` without days or with a balance that is not positive.
pub fn cagr(start: f64, end: f64, days: usize) -> Option<f64> {
    if days == 0 || start <= 0.0 || end <= 0.0 {
        return None;
    }
    let annual = (end / start).powf(DAYS_PER_YEAR / days as f64) - 1.0;
    annual.is_finite().then_some(annual)
}

/// Annual volatility of daily returns; `None` with fewer than two days.
pub fn volatility(returns: &[f64]) -> Option<f64> {
    Some(std_dev(returns, 1)? * DAYS_PER_YEAR.sqrt())
}

/// Compound annual return over the largest fractional drawdown; `None` without a drawdown.
pub fn calmar(cagr: Option<f64>, max_drawdown: Option<f64>) -> Option<f64> {
    let fall = max_drawdown.filter(|&d| d > 0.0)?;
    Some(cagr? / fall)
}

/// Compound annual return over annual volatility; `None` for a flat series.
pub fn return_over_volatility(cagr: Option<f64>, returns: &[f64]) -> Option<f64> {
    let deviation = std_dev(returns, 1).filter(|&s| s >= FLAT)?;
    Some(cagr? / (deviation * DAYS_PER_YEAR.sqrt()))
}

/// Net profit over the largest drawdown, both in dollars; `None` without a drawdown.
pub fn recovery_factor(net_pnl: f64, max_drawdown_usd: f64) -> Option<f64> {
    (max_drawdown_usd > 0.0).then_some(net_pnl / max_drawdown_usd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::daily::DailySeries;
    use crate::metrics::drawdown::Drawdowns;
    use crate::metrics::golden;

    #[test]
    fn empty_and_flat() {
        assert_eq!(cagr(100.0, 110.0, 0), None);
        assert_eq!(cagr(100.0, -5.0, 3), None);
        assert_eq!(cagr(100.0, 100.0, 3), Some(0.0));
        assert_eq!(calmar(Some(0.1), Some(0.0)), None);
        assert_eq!(return_over_volatility(Some(0.0), &[0.0; 4]), None);
        assert_eq!(recovery_factor(10.0, 0.0), None);
    }

    #[test]
    fn by_hand() {
        assert!((cagr(100.0, 121.0, 504).unwrap() - 0.1).abs() < 1e-12);
        assert_eq!(calmar(Some(0.2), Some(0.1)), Some(2.0));
        assert_eq!(recovery_factor(300.0, 150.0), Some(2.0));
    }

    #[test]
    fn agrees_with_other_implementations() {
        let Some(g) = golden::nq_daily() else { return };
        let series = DailySeries::of_returns(50_000.0, g.returns.clone(), None);
        let annual = cagr(series.start_balance, series.end_balance(), series.len());
        let worst = Drawdowns::of_path(&series.path()).max_fraction;
        g.close("CAGR n/252 years", annual.unwrap(), 1e-10);
        g.close(
            "max drawdown (start equity counted)",
            -worst.unwrap(),
            1e-10,
        );
        g.close("calmar CAGR/|MDD|", calmar(annual, worst).unwrap(), 1e-10);
        g.close(
            "empyrical.annual_volatility",
            volatility(&g.returns).unwrap(),
            1e-10,
        );
    }
}
