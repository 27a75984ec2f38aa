//! Many candidates at once: was the best of them found, or made by choosing?
//!
//! One table of daily returns, a column a candidate, gives the probability of backtest
//! overfitting, the reality check and the test for superior predictive ability against a
//! benchmark, and the deflated Sharpe ratio of the best. Three views of one question, and they
//! may differ: the first asks about the way of choosing, the others about the one chosen.

use serde::Serialize;

use super::bootstrap::BootstrapSettings;
use super::deflation::{Deflation, Trials};
use super::overfitting::{Overfitting, probability_of_overfitting};
use super::sharpe::daily_sharpe;
use super::spa::{Superiority, superiority};

/// Blocks of the cross-validation unless another number is asked for.
pub const BLOCKS: usize = 16;

/// Verdict on choosing the best of many.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidates {
    /// Candidates.
    pub count: usize,
    /// Days.
    pub days: usize,
    /// Number of the candidate with the highest Sharpe ratio, from 0; `None` when none has one.
    pub best: Option<usize>,
    /// Probability of backtest overfitting.
    pub overfitting: Option<Overfitting>,
    /// Reality check and superior predictive ability.
    pub superiority: Option<Superiority>,
    /// The best one's Sharpe ratio, deflated by all of them.
    pub deflation: Option<Deflation>,
}

/// Probability of overfitting above which a choice is not trusted, as its authors propose.
const PBO_LIMIT: f64 = 0.05;
/// Deflated Sharpe ratio that skill needs, and one less the p-value that superiority needs.
const SURE: f64 = 0.95;

impl Candidates {
    /// Judges candidates, each a series of daily returns of equal length.
    pub fn of(
        series: &[&[f64]],
        benchmark: Option<&[f64]>,
        rf: f64,
        blocks: usize,
        bootstrap: BootstrapSettings,
    ) -> Self {
        let sharpes: Vec<Option<f64>> = series.iter().map(|s| daily_sharpe(s, rf)).collect();
        let known: Vec<f64> = sharpes.iter().copied().flatten().collect();
        let better = |a: &(usize, f64), b: &(usize, f64)| a.1.total_cmp(&b.1);
        let best = sharpes
            .iter()
            .enumerate()
            .rev()
            .filter_map(|(i, s)| Some((i, (*s)?)))
            .max_by(better)
            .map(|(i, _)| i);
        let days = series.first().map_or(0, |s| s.len());
        let cash = vec![0.0; days];
        let trials = Trials {
            count: series.len() as u64,
            ..Trials::of(&known)
        };
        Self {
            count: series.len(),
            days,
            best,
            overfitting: probability_of_overfitting(series, blocks),
            superiority: superiority(series, benchmark.unwrap_or(&cash), bootstrap),
            deflation: best.map(|i| Deflation::of(Some(series[i]), rf, trials)),
        }
    }

    /// What each of the three tests calls it: `Some(true)` is overfit.
    ///
    /// In the order: probability of overfitting above 5%, deflated Sharpe ratio under
    /// 95%, consistent p-value of superiority of 5% or more.
    pub fn called_overfit(&self) -> [Option<bool>; 3] {
        let deflated = self.deflation.as_ref().and_then(|d| d.deflated_sharpe);
        [
            self.overfitting.as_ref().map(|o| o.probability > PBO_LIMIT),
            deflated.map(|d| d < SURE),
            self.superiority
                .as_ref()
                .map(|s| s.spa.p_consistent >= 1.0 - SURE),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_candidates_and_idle_ones() {
        let b = BootstrapSettings::default();
        let none = Candidates::of(&[], None, 0.0, BLOCKS, b);
        assert_eq!(
            (none.count, none.best, none.called_overfit()),
            (0, None, [None; 3])
        );
        let idle = Candidates::of(&[&[0.0; 64], &[0.0; 64]], None, 0.0, BLOCKS, b);
        assert_eq!((idle.best, idle.superiority), (None, None));
        let twin: Vec<f64> = (0..64).map(|i| f64::from(i % 5) * 0.01 - 0.015).collect();
        let tie = Candidates::of(&[&[0.0; 64], &twin, &twin], None, 0.0, BLOCKS, b);
        assert_eq!(tie.best, Some(1), "the first of equals");
    }
}
