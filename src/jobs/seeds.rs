//! Several runs in a row: the same configuration under different seeds, and their spread.

use holdout_store::runs::RunFolder;
use serde::Serialize;

use super::train::{RunOutcome, ValidationPoint};

/// A figure over several runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Runs that have the figure.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// Sample standard deviation; none with fewer than two.
    pub sd: Option<f64>,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// The spread of the numbers there are; none without any.
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let x: Vec<f64> = numbers.into_iter().collect();
        let n = x.len() as f64;
        let mean = x.iter().sum::<f64>() / n;
        let squares = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
        Some(Self {
            n: x.len(),
            mean,
            sd: (x.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
            min: x.iter().copied().reduce(f64::min)?,
            max: x.iter().copied().reduce(f64::max)?,
        })
    }
}

/// One of several runs.
#[derive(Clone, Debug, Serialize)]
pub struct SeedRun {
    /// Its seed.
    pub seed: u64,
    /// How training went.
    #[serde(flatten)]
    pub outcome: RunOutcome,
    /// Its chosen checkpoint on the validation part; none where nothing was evaluated.
    pub validation: Option<ValidationPoint>,
}

/// Several runs and how far they lie apart, each by its checkpoint chosen on validation.
#[derive(Clone, Debug, Serialize)]
pub struct SeedsSummary {
    /// The runs, in order.
    pub runs: Vec<SeedRun>,
    /// Net P&L on validation in dollars.
    pub net_pnl_usd: Option<Spread>,
    /// Annual Sharpe ratio on validation.
    pub sharpe: Option<Spread>,
    /// Closed round trips on validation.
    pub trades: Option<Spread>,
    /// Largest intraday drawdown on validation in dollars.
    pub max_drawdown_usd: Option<Spread>,
    /// Steps per second.
    pub steps_per_s: Option<Spread>,
}

impl SeedRun {
    /// A finished run with its chosen checkpoint's figures.
    ///
    /// # Errors
    /// When the run cannot be read again.
    pub fn of(seed: u64, outcome: RunOutcome) -> anyhow::Result<Self> {
        let lines = RunFolder::open(&outcome.run)?.validation()?.values;
        let best = outcome.best.as_ref().map(|b| b.step);
        let line = lines.into_iter().find(|l| l["step"].as_u64() == best);
        let validation = line.map(serde_json::from_value).transpose()?;
        Ok(Self {
            seed,
            outcome,
            validation,
        })
    }
}

impl SeedsSummary {
    /// The spread over runs.
    pub fn of(runs: Vec<SeedRun>) -> Self {
        let points = || runs.iter().filter_map(|r| r.validation.as_ref());
        Self {
            net_pnl_usd: Spread::of(points().map(|v| v.net_pnl_usd)),
            sharpe: Spread::of(points().filter_map(|v| v.sharpe)),
            trades: Spread::of(points().map(|v| v.trades as f64)),
            max_drawdown_usd: Spread::of(points().map(|v| v.max_drawdown_usd)),
            steps_per_s: Spread::of(runs.iter().map(|r| r.outcome.steps_per_s)),
            runs,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_that_of_a_sample() {
        let s = Spread::of([1.0, 2.0, 6.0]).unwrap();
        assert_eq!((s.n, s.mean, s.min, s.max), (3, 3.0, 1.0, 6.0));
        assert!((s.sd.unwrap() - 7.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(Spread::of([4.0]).unwrap().sd, None);
        assert_eq!(Spread::of([]), None);
    }
}
