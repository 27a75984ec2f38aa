//! An account beside a benchmark: what moves with it, and what is left.
//!
//! On the days that both have: information ratio (see [`super::information`]), tracking error
//! `std(r - b) * sqrt(252)`, beta `cov(r, b) / var(b)` of excess returns, and alpha
//! `(1 + mean(r - beta b))^252 - 1` of excess returns, compounded as empyrical does it. `None`
//! with fewer than two shared days or a flat benchmark. Reference: M. C. Jensen, "The
//! Performance of Mutual Funds in the Period 1945-1964", 1968.

use serde::Serialize;

use super::correlation::{correlation, slope};
use super::growth::volatility;
use super::information::information_ratio;
use super::moments::mean;
use super::sharpe::{DAYS_PER_YEAR, sharpe};

/// An account against a benchmark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgainstBenchmark {
    /// Days that both have.
    pub days: usize,
    /// Compound return of the benchmark over these days.
    pub total_return: Option<f64>,
    /// Annual Sharpe ratio of the benchmark.
    pub sharpe: Option<f64>,
    /// Annual information ratio of the account.
    pub information_ratio: Option<f64>,
    /// Annual deviation of the active return.
    pub tracking_error: Option<f64>,
    /// Correlation of daily returns.
    pub correlation: Option<f64>,
    /// Slope of the account on the benchmark.
    pub beta: Option<f64>,
    /// Annual return that beta does not explain.
    pub alpha: Option<f64>,
}

impl AgainstBenchmark {
    /// Compares daily returns of the same days at a yearly risk-free rate.
    pub fn of(returns: &[f64], benchmark: &[f64], rf: f64) -> Self {
        let active: Vec<f64> = returns.iter().zip(benchmark).map(|(r, b)| r - b).collect();
        let beta = slope(benchmark, returns);
        let daily = rf / DAYS_PER_YEAR;
        let alpha = beta.and_then(|beta| {
            let left = returns
                .iter()
                .zip(benchmark)
                .map(|(r, b)| r - daily - beta * (b - daily));
            let yearly = (1.0 + mean(&left.collect::<Vec<_>>())?).powf(DAYS_PER_YEAR) - 1.0;
            yearly.is_finite().then_some(yearly)
        });
        let grown = benchmark.iter().map(|b| 1.0 + b).product::<f64>() - 1.0;
        Self {
            days: benchmark.len(),
            total_return: (!benchmark.is_empty()).then_some(grown),
            sharpe: sharpe(benchmark, rf),
            information_ratio: information_ratio(returns, benchmark),
            tracking_error: volatility(&active),
            correlation: correlation(returns, benchmark),
            beta,
            alpha,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_flat() {
        let none = AgainstBenchmark::of(&[], &[], 0.0);
        assert_eq!(
            (none.total_return, none.beta, none.alpha),
            (None, None, None)
        );
        assert_eq!(AgainstBenchmark::of(&[0.1, 0.2], &[0.0; 2], 0.0).beta, None);
    }

    #[test]
    fn twice_the_benchmark_has_beta_two_and_no_alpha() {
        let b = [0.01, -0.02, 0.03, 0.0];
        let r = b.map(|x| 2.0 * x);
        let a = AgainstBenchmark::of(&r, &b, 0.0);
        assert!((a.beta.unwrap() - 2.0).abs() < 1e-12);
        assert!(a.alpha.unwrap().abs() < 1e-12);
        assert!((a.correlation.unwrap() - 1.0).abs() < 1e-12);
        // Twice the risk was paid for with the rate once: 2b - rf less 2 (b - rf) is the rate.
        let rich = AgainstBenchmark::of(&r, &b, 0.0252).alpha.unwrap();
        assert!(
            (rich - (1.0001_f64.powi(252) - 1.0)).abs() < 1e-12,
            "{rich}"
        );
    }
}
