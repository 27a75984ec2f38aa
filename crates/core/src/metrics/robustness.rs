//! Is it real? Rolling windows, disturbed histories, significance, trials and criteria.
//!
//! The second half of an account's figures beside its tearsheet, from the same daily series and
//! trades. What needs bars or other accounts (moved entries, random entries, candidates,
//! training) is given from outside where it is known.

use serde::Serialize;

use super::bootstrap::BootstrapSettings;
use super::candidates::Candidates;
use super::criteria::{CriteriaBounds, CriteriaFigures, Criterion, criteria};
use super::daily::{DailySeries, DayClock};
use super::deflation::{Deflation, Trials};
use super::degradation::{DegradationRow, degradation, lost};
use super::monte_carlo::{MonteCarlo, MonteCarloSettings, day_steps, trade_steps};
use super::p_values::PValues;
use super::permutation::EntryPermutation;
use super::rolling::{Rolling, WEEK};
use super::tearsheet::{Tearsheet, trades_by_day};
use super::two_samples::welch_test;
use crate::market::SessionCalendar;
use crate::sim::Trade;

/// How an account is examined.
#[derive(Clone, Debug)]
pub struct RobustnessSettings {
    /// Yearly risk-free rate as a fraction.
    pub rf: f64,
    /// Days of a rolling window.
    pub window_days: usize,
    /// How histories are disturbed.
    pub monte_carlo: MonteCarloSettings,
    /// Dollars a tick and contract, where known.
    pub tick_value: Option<f64>,
    /// Candidates tried.
    pub trials: Trials,
    /// Bounds of the criteria.
    pub bounds: CriteriaBounds,
    /// Sessions of the exchange.
    pub calendar: SessionCalendar,
}

impl Default for RobustnessSettings {
    fn default() -> Self {
        Self {
            rf: 0.02,
            window_days: WEEK,
            monte_carlo: MonteCarloSettings::default(),
            tick_value: None,
            trials: Trials::default(),
            bounds: CriteriaBounds::default(),
            calendar: SessionCalendar::builtin(),
        }
    }
}

/// What is known beside the account itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// The same policy on its training bars: tearsheet and daily profits in dollars.
    pub train: Option<(&'a Tearsheet, &'a [f64])>,
    /// The same policy on validation bars.
    pub validation: Option<&'a Tearsheet>,
    /// Share of random-entry accounts that did at least as well.
    pub random_entries: Option<f64>,
    /// The permutation test of the entries.
    pub permutation: Option<&'a EntryPermutation>,
    /// Verdict on the candidates it was chosen from.
    pub candidates: Option<&'a Candidates>,
}

/// The answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Robustness {
    /// Windows of days.
    pub rolling: Rolling,
    /// Disturbed histories; `None` with fewer than two steps.
    pub monte_carlo: Option<MonteCarlo>,
    /// Every p-value that was looked at.
    pub significance: PValues,
    /// The permutation test of the entries; needs the bars.
    pub entry_permutation: Option<EntryPermutation>,
    /// The Sharpe ratio in the light of the trials.
    pub deflation: Deflation,
    /// Verdict on the candidates; needs their daily returns.
    pub candidates: Option<Candidates>,
    /// Figures of training beside these; needs training.
    pub degradation: Option<Vec<DegradationRow>>,
    /// Criteria of research.
    pub criteria: Vec<Criterion>,
}

impl Robustness {
    /// Examines a daily series and its trades.
    pub fn of(
        series: &DailySeries,
        trades: Option<&[Trade]>,
        sheet: &Tearsheet,
        beside: Beside<'_>,
        settings: &RobustnessSettings,
    ) -> Self {
        let clock = DayClock::new(settings.calendar.clone());
        let by_day = trades.and_then(|t| trades_by_day(series, t, &clock));
        let (step, steps) = match trades.map(|t| trade_steps(t, settings.tick_value)) {
            Some(steps) if steps.len() >= 2 => ("trade", steps),
            _ => ("day", day_steps(&series.pnl)),
        };
        let in_sample = beside.train.map(|(t, _)| t.returns.sharpe);
        let deflation = Deflation::of(series.returns.as_deref(), settings.rf, settings.trials);
        let stats = sheet.trades.as_ref();
        let drawdown = sheet
            .drawdown
            .intraday
            .as_ref()
            .unwrap_or(&sheet.drawdown.closed_daily);
        let figures = CriteriaFigures {
            win_rate: stats.and_then(|t| t.all.win_rate),
            sharpe: sheet.returns.sharpe,
            max_drawdown_usd: (!series.is_empty()).then_some(drawdown.max_usd),
            degradation: in_sample.and_then(|s| lost(s, sheet.returns.sharpe, true).fraction),
        };
        Self {
            rolling: Rolling::of(series, by_day.as_deref(), settings.rf, settings.window_days),
            monte_carlo: MonteCarlo::of(&steps, step, &settings.monte_carlo),
            significance: significance(series, sheet, &deflation, beside),
            entry_permutation: beside.permutation.cloned(),
            deflation,
            candidates: beside.candidates.cloned(),
            degradation: beside.train.map(|(t, _)| match beside.validation {
                Some(v) => degradation(t, Some(v), Some(sheet)),
                None => degradation(t, Some(sheet), None),
            }),
            criteria: criteria(&figures, &settings.bounds),
        }
    }
}

fn significance(
    series: &DailySeries,
    sheet: &Tearsheet,
    deflation: &Deflation,
    beside: Beside<'_>,
) -> PValues {
    let stats = sheet.trades.as_ref();
    let train = beside
        .train
        .and_then(|(_, pnl)| welch_test(pnl, &series.pnl));
    let spa = beside.candidates.and_then(|c| c.superiority.as_ref());
    PValues::of(&[
        (
            "win_rate_half",
            "is the win rate one half?",
            stats.and_then(|t| t.p_win_rate_half),
        ),
        (
            "win_rate_break_even",
            "is the win rate the one that earns nothing with this payoff?",
            stats.and_then(|t| t.p_win_rate_break_even_measured),
        ),
        (
            "mean_pnl_t",
            "is the mean daily profit 0? (t)",
            sheet.mean_pnl_test.map(|t| t.p),
        ),
        (
            "mean_pnl_bootstrap",
            "is the mean daily profit 0? (bootstrap)",
            sheet.uncertainty.p_mean_pnl_bootstrap,
        ),
        (
            "sharpe_above_zero",
            "is the Sharpe ratio 0 or less? (one less the probabilistic Sharpe ratio)",
            deflation.probabilistic_sharpe.map(|p| 1.0 - p),
        ),
        (
            "random_entries",
            "do random entries of the same frequency do as well?",
            beside.random_entries,
        ),
        (
            "entry_permutation",
            "do the same trades at other times do as well?",
            beside.permutation.map(|p| p.p),
        ),
        (
            "train_against_this",
            "is the mean daily profit that of training?",
            train.map(|t| t.p),
        ),
        (
            "superior_predictive_ability",
            "is the best candidate no better than the benchmark?",
            spa.map(|s| s.spa.p_consistent),
        ),
    ])
}

/// Judges candidates with the settings of a tearsheet's bootstrap.
pub fn judge_candidates(
    series: &[&[f64]],
    benchmark: Option<&[f64]>,
    rf: f64,
    blocks: usize,
    bootstrap: BootstrapSettings,
) -> Option<Candidates> {
    (!series.is_empty()).then(|| Candidates::of(series, benchmark, rf, blocks, bootstrap))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::TearsheetSettings;
    use crate::metrics::criteria::Outcome;

    fn of(pnl: Vec<f64>) -> Robustness {
        let series = DailySeries::of_pnl(50_000.0, pnl, None);
        let sheet = Tearsheet::of_daily(&series, None, &TearsheetSettings::default());
        Robustness::of(
            &series,
            None,
            &sheet,
            Beside::default(),
            &RobustnessSettings::default(),
        )
    }

    #[test]
    fn nothing_can_be_said_of_nothing() {
        let r = of(vec![]);
        assert_eq!(
            (r.rolling.count, r.monte_carlo, r.significance.looked_at),
            (0, None, 0)
        );
        assert!(r.criteria.iter().all(|c| c.outcome == Outcome::Unknown));
    }

    #[test]
    fn days_alone_give_windows_paths_and_tests() {
        let r = of((0..60)
            .map(|i| f64::from(i * 37 % 11) * 60.0 - 280.0)
            .collect());
        assert_eq!(r.rolling.count, 56);
        assert_eq!(r.monte_carlo.unwrap().step, "day");
        assert_eq!(r.significance.looked_at, 3);
        let luck = r
            .significance
            .tests
            .iter()
            .find(|t| t.id == "sharpe_above_zero");
        let psr = r.deflation.probabilistic_sharpe.unwrap();
        assert_eq!(luck.map(|t| t.p), Some(1.0 - psr));
        assert_eq!((r.degradation, r.candidates), (None, None));
    }
}
