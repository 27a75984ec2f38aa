//! Probabilistic and deflated Sharpe ratio, and the shortest track record that convinces.
//!
//! `PSR = Phi((SR - SR0) sqrt(n-1) / sqrt(1 - g3 SR + (g4-1)/4 SR^2))` with the Sharpe ratio of
//! one day over rf (deviation with n - 1), population skewness g3 and kurtosis g4 (3 for the
//! normal), the observed SR in the root (D. Bailey and M. López de Prado, "The Sharpe Ratio
//! Efficient Frontier", 2012; later texts put SR0 there). The deflated ratio is the PSR against
//! the best Sharpe that `trials` skill-less attempts would show ("The Deflated Sharpe Ratio",
//! 2014).

use statrs::distribution::{ContinuousCDF, Normal};

use super::moments::std_dev;
use super::shape::{kurtosis, skewness};
use super::sharpe::daily_sharpe;

const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// The numbers of a track record that the formula needs. All per day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackRecord {
    /// Sharpe ratio of one day.
    pub sharpe: f64,
    /// Days.
    pub days: f64,
    /// Skewness.
    pub skewness: f64,
    /// Kurtosis, 3 for the normal distribution.
    pub kurtosis: f64,
}

impl TrackRecord {
    /// The record of daily returns over a yearly rate; `None` where a moment cannot be computed.
    pub fn of(returns: &[f64], rf: f64) -> Option<Self> {
        Some(Self {
            sharpe: daily_sharpe(returns, rf)?,
            days: returns.len() as f64,
            skewness: skewness(returns)?,
            kurtosis: kurtosis(returns)? + 3.0,
        })
    }

    fn variance(&self) -> Option<f64> {
        let s = self.sharpe;
        let v = 1.0 - self.skewness * s + (self.kurtosis - 1.0) / 4.0 * s * s;
        (v > 0.0).then_some(v)
    }

    /// Probability that the true daily Sharpe ratio is above `benchmark`.
    pub fn probability_above(&self, benchmark: f64) -> Option<f64> {
        if self.days < 2.0 {
            return None;
        }
        let z = (self.sharpe - benchmark) * (self.days - 1.0).sqrt() / self.variance()?.sqrt();
        Some(Normal::standard().cdf(z))
    }

    /// Days needed to be 95% sure of a daily Sharpe ratio above `benchmark`.
    ///
    /// `None` when the observed one is not above it.
    pub fn minimum_days(&self, benchmark: f64) -> Option<f64> {
        let edge = self.sharpe - benchmark;
        let z = Normal::standard().inverse_cdf(0.95);
        (edge > 0.0).then_some(1.0 + self.variance()? * (z / edge).powi(2))
    }
}

/// Expected best daily Sharpe ratio of `trials` attempts without skill.
///
/// `variance` is that of the attempts' daily Sharpe ratios. 0 for fewer than two attempts.
pub fn expected_best_sharpe(variance: f64, trials: u64) -> f64 {
    if trials < 2 {
        return 0.0;
    }
    let n = trials as f64;
    let normal = Normal::standard();
    let high = normal.inverse_cdf(1.0 - 1.0 / n);
    let higher = normal.inverse_cdf(1.0 - 1.0 / (n * std::f64::consts::E));
    variance.max(0.0).sqrt() * ((1.0 - EULER_GAMMA) * high + EULER_GAMMA * higher)
}

/// Deflated Sharpe ratio: probability of skill after `trial_sharpes` daily Sharpe ratios were seen.
pub fn deflated_sharpe(record: &TrackRecord, trial_sharpes: &[f64]) -> Option<f64> {
    let variance = std_dev(trial_sharpes, 1).map_or(0.0, |s| s * s);
    let best = expected_best_sharpe(variance, trial_sharpes.len() as u64);
    record.probability_above(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::golden;

    #[test]
    fn empty_and_flat() {
        assert_eq!(TrackRecord::of(&[], 0.0), None);
        assert_eq!(TrackRecord::of(&[0.01; 9], 0.0), None);
        assert_eq!(expected_best_sharpe(0.5, 1), 0.0);
    }

    #[test]
    fn agrees_with_the_papers() {
        let hedge_fund = TrackRecord {
            sharpe: 1.585 / 12.0_f64.sqrt(),
            days: 24.0,
            skewness: -2.448,
            kurtosis: 10.164,
        };
        let p = hedge_fund.probability_above(0.0).unwrap();
        assert!((p - 0.913_234_3).abs() < 1e-6, "{p}");
        let paper = TrackRecord {
            sharpe: 2.5 / 250.0_f64.sqrt(),
            days: 1_250.0,
            skewness: -3.0,
            kurtosis: 10.0,
        };
        for (trials, best, probability) in
            [(100, 0.113_172_0, 0.900_396_8), (46, f64::NAN, 0.950_501_7)]
        {
            let sr0 = expected_best_sharpe(0.5 / 250.0, trials);
            assert!(best.is_nan() || (sr0 - best).abs() < 1e-6, "{sr0}");
            let p = paper.probability_above(sr0).unwrap();
            assert!((p - probability).abs() < 2e-6, "{trials} trials: {p}");
        }
        assert!((expected_best_sharpe(1.0, 100) - 2.530_602_9).abs() < 1e-6);
        // A record of just the minimum length is sure to 95%.
        for (record, benchmark) in [(hedge_fund, 0.0), (paper, 0.05)] {
            let days = record.minimum_days(benchmark).unwrap();
            let p = TrackRecord { days, ..record }.probability_above(benchmark);
            assert!((p.unwrap() - 0.95).abs() < 1e-9, "{days} days: {p:?}");
        }
    }

    #[test]
    fn agrees_with_other_implementations() {
        let Some(g) = golden::nq_daily() else { return };
        let record = TrackRecord::of(&g.returns, 0.0).unwrap();
        g.close(
            "PSR(0) sample sd ddof1, biased skew, kurt g4=ku+3",
            record.probability_above(0.0).unwrap(),
            1e-9,
        );
        let days = record.minimum_days(0.0).unwrap();
        assert!(days > 100.0 && days < 252.0, "{days}");
        assert!(
            record.probability_above(0.0).unwrap() > 0.95,
            "251 days are more than enough"
        );
    }
}
