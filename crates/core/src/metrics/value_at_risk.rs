//! Value at risk and expected shortfall at 95%, historical and parametric. Losses are negative.
//!
//! Historical: the 5th percentile (linear) and the mean of the days at or below it. Parametric:
//! `mean + z * std` and `mean - phi(z) / 0.05 * std` with the 5% quantile z of the normal
//! distribution and the deviation with n - 1. `None` with fewer than two days. Reference:
//! P. Jorion, "Value at Risk", 3rd edition, 2006.

use serde::Serialize;
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

use super::moments::{mean, percentile, std_dev};

/// Share of days in the tail.
const TAIL: f64 = 0.05;

/// Tail risk of one day, in the unit of the input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TailRisk {
    /// 5th percentile of the days.
    pub var: f64,
    /// Mean of the days at or below it.
    pub cvar: f64,
    /// 5% quantile of a normal distribution with the days' mean and deviation.
    pub parametric_var: f64,
    /// Expected shortfall of that distribution.
    pub parametric_cvar: f64,
}

/// Tail risk of daily values (returns or dollars).
pub fn tail_risk(daily: &[f64]) -> Option<TailRisk> {
    let deviation = std_dev(daily, 1)?;
    let m = mean(daily)?;
    let var = percentile(daily, TAIL * 100.0)?;
    let tail: Vec<f64> = daily.iter().copied().filter(|&v| v <= var).collect();
    let normal = Normal::standard();
    let z = normal.inverse_cdf(TAIL);
    Some(TailRisk {
        var,
        cvar: mean(&tail)?,
        parametric_var: m + z * deviation,
        parametric_cvar: m - normal.pdf(z) / TAIL * deviation,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::golden;

    #[test]
    fn empty_and_flat() {
        assert_eq!(tail_risk(&[]), None);
        let flat = tail_risk(&[0.0; 5]).unwrap();
        assert_eq!((flat.var, flat.cvar, flat.parametric_var), (0.0, 0.0, 0.0));
    }

    #[test]
    fn by_hand() {
        // 21 values -10 … 10: the 5th percentile is the second smallest.
        let x: Vec<f64> = (-10..=10).map(f64::from).collect();
        let risk = tail_risk(&x).unwrap();
        assert!((risk.var + 9.0).abs() < 1e-12);
        assert!((risk.cvar + 9.5).abs() < 1e-12);
    }

    #[test]
    fn agrees_with_other_implementations() {
        let Some(g) = golden::nq_daily() else { return };
        let risk = tail_risk(&g.returns).unwrap();
        g.close(
            "VaR95 hist linear (numpy default, R type 7)",
            risk.var,
            1e-10,
        );
        g.close("CVaR95 mean of r<=VaR(linear)", risk.cvar, 1e-10);
        g.close("VaR95 gaussian ddof1", risk.parametric_var, 1e-7);
        g.close("CVaR95 gaussian ddof1", risk.parametric_cvar, 1e-7);
    }
}
