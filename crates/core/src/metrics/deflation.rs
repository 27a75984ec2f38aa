//! How many candidates were tried before this one was shown, and what that leaves of it.
//!
//! The deflated Sharpe ratio (see [`super::probabilistic_sharpe`]) with the number of trials
//! and the variance of their daily Sharpe ratios. Fewer than two trials deflate nothing. `None`
//! inside where the record has no moments, and where there were two trials or more whose
//! variance is not known: without it nobody can say what luck would have shown.

use serde::Serialize;

use super::moments::std_dev;
use super::probabilistic_sharpe::{TrackRecord, expected_best_sharpe};
use super::sharpe::DAYS_PER_YEAR;

/// What is known about the candidates that were tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Trials {
    /// Candidates tried, the shown one included.
    pub count: u64,
    /// Variance (n - 1) of their daily Sharpe ratios; `None` when fewer than two are known.
    pub variance: Option<f64>,
}

impl Trials {
    /// Trials with known daily Sharpe ratios.
    pub fn of(daily_sharpes: &[f64]) -> Self {
        Self {
            count: daily_sharpes.len() as u64,
            variance: std_dev(daily_sharpes, 1).map(|s| s * s),
        }
    }
}

/// A Sharpe ratio in the light of the trials.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deflation {
    /// Candidates tried.
    pub trials: u64,
    /// Variance of their daily Sharpe ratios.
    pub trial_variance: Option<f64>,
    /// Daily Sharpe ratio of the record.
    pub daily_sharpe: Option<f64>,
    /// Probability that the true Sharpe ratio is above 0.
    pub probabilistic_sharpe: Option<f64>,
    /// Best daily Sharpe ratio that so many candidates without skill would show.
    pub expected_best_daily_sharpe: Option<f64>,
    /// The same, annual.
    pub expected_best_sharpe: Option<f64>,
    /// Probability that the true Sharpe ratio is above that.
    pub deflated_sharpe: Option<f64>,
    /// Days needed to be 95% sure of a Sharpe ratio above 0.
    pub minimum_track_record_days: Option<f64>,
    /// Days needed to be 95% sure of more than luck among the trials.
    pub minimum_track_record_days_deflated: Option<f64>,
}

impl Deflation {
    /// Deflates the Sharpe ratio of daily returns over a yearly rate.
    pub fn of(returns: Option<&[f64]>, rf: f64, trials: Trials) -> Self {
        let record = returns.and_then(|r| TrackRecord::of(r, rf));
        let best = match (trials.count, trials.variance) {
            (0 | 1, _) => Some(0.0),
            (n, Some(v)) => Some(expected_best_sharpe(v, n)),
            (_, None) => None,
        };
        Self {
            trials: trials.count,
            trial_variance: trials.variance,
            daily_sharpe: record.map(|r| r.sharpe),
            probabilistic_sharpe: record.and_then(|r| r.probability_above(0.0)),
            expected_best_daily_sharpe: best,
            expected_best_sharpe: best.map(|b| b * DAYS_PER_YEAR.sqrt()),
            deflated_sharpe: record.zip(best).and_then(|(r, b)| r.probability_above(b)),
            minimum_track_record_days: record.and_then(|r| r.minimum_days(0.0)),
            minimum_track_record_days_deflated: record
                .zip(best)
                .and_then(|(r, b)| r.minimum_days(b)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_flat_and_alone() {
        let none = Deflation::of(None, 0.0, Trials::default());
        assert_eq!(
            (none.deflated_sharpe, none.expected_best_sharpe),
            (None, Some(0.0))
        );
        assert_eq!(
            Deflation::of(Some(&[0.0; 9]), 0.0, Trials::default()).daily_sharpe,
            None
        );
        let r: Vec<f64> = (0..60)
            .map(|i| 0.001 + 0.01 * f64::from(i % 5 - 2))
            .collect();
        let one = Deflation::of(
            Some(&r),
            0.0,
            Trials {
                count: 1,
                variance: Some(0.5),
            },
        );
        assert_eq!(one.deflated_sharpe, one.probabilistic_sharpe);
    }

    #[test]
    fn more_trials_leave_less() {
        let r: Vec<f64> = (0..60)
            .map(|i| 0.002 + 0.01 * f64::from(i % 5 - 2))
            .collect();
        let of = |count| {
            Deflation::of(
                Some(&r),
                0.0,
                Trials {
                    count,
                    variance: Some(0.01),
                },
            )
        };
        let left = [2, 10, 100].map(|n| of(n).deflated_sharpe.unwrap());
        assert!(left[0] > left[1] && left[1] > left[2]);
        assert!((Trials::of(&[0.1, 0.3]).variance.unwrap() - 0.02).abs() < 1e-15);
    }

    #[test]
    fn trials_of_unknown_variance_deflate_to_nothing_known() {
        let r: Vec<f64> = (0..60)
            .map(|i| 0.002 + 0.01 * f64::from(i % 5 - 2))
            .collect();
        let many = Trials {
            count: 200,
            variance: None,
        };
        let d = Deflation::of(Some(&r), 0.0, many);
        assert_eq!((d.deflated_sharpe, d.expected_best_sharpe), (None, None));
        assert!(d.probabilistic_sharpe.is_some());
        assert_eq!(Trials::of(&[0.1]).variance, None);
    }
}
