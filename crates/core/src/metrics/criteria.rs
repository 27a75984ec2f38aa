//! Success criteria of research as a checklist: pass, fail, or not known, with the margin.
//!
//! Defaults: win rate above 50%, Sharpe ratio above 2, largest drawdown under 2 500 dollars,
//! less than 20% of the training Sharpe ratio lost. A margin is positive when there is room.
//! They stand beside a rule set's verdict and never change it.

use serde::Serialize;

/// Bounds of the criteria.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CriteriaBounds {
    /// Share of winning trades, to be exceeded.
    pub win_rate_above: f64,
    /// Annual Sharpe ratio, to be exceeded.
    pub sharpe_above: f64,
    /// Largest drawdown in dollars, to be stayed under.
    pub max_drawdown_usd_below: f64,
    /// Share of the training Sharpe ratio lost, to be stayed under.
    pub degradation_below: f64,
}

impl Default for CriteriaBounds {
    fn default() -> Self {
        Self {
            win_rate_above: 0.5,
            sharpe_above: 2.0,
            max_drawdown_usd_below: 2_500.0,
            degradation_below: 0.2,
        }
    }
}

/// Outcome of a criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Met.
    Pass,
    /// Not met.
    Fail,
    /// The figure is not known.
    Unknown,
}

/// One criterion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Criterion {
    /// Name.
    pub id: &'static str,
    /// Outcome.
    pub outcome: Outcome,
    /// The figure.
    pub value: Option<f64>,
    /// The bound.
    pub bound: f64,
    /// Room to the bound, negative when it was missed.
    pub margin: Option<f64>,
}

/// The figures that are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CriteriaFigures {
    /// Share of winning trades.
    pub win_rate: Option<f64>,
    /// Annual Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Largest drawdown in dollars.
    pub max_drawdown_usd: Option<f64>,
    /// Share of the training Sharpe ratio lost.
    pub degradation: Option<f64>,
}

/// Judges figures.
pub fn criteria(figures: &CriteriaFigures, bounds: &CriteriaBounds) -> Vec<Criterion> {
    let judge = |id, value: Option<f64>, bound: f64, above: bool| {
        let margin = value.map(|v| if above { v - bound } else { bound - v });
        let outcome = match margin {
            None => Outcome::Unknown,
            Some(m) if m > 0.0 => Outcome::Pass,
            Some(_) => Outcome::Fail,
        };
        Criterion {
            id,
            outcome,
            value,
            bound,
            margin,
        }
    };
    vec![
        judge("win_rate", figures.win_rate, bounds.win_rate_above, true),
        judge("sharpe", figures.sharpe, bounds.sharpe_above, true),
        judge(
            "max_drawdown_usd",
            figures.max_drawdown_usd,
            bounds.max_drawdown_usd_below,
            false,
        ),
        judge(
            "degradation",
            figures.degradation,
            bounds.degradation_below,
            false,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_the_bound_is_missed_and_nothing_is_unknown() {
        let figures = CriteriaFigures {
            win_rate: Some(0.5),
            sharpe: Some(2.5),
            max_drawdown_usd: Some(2_600.0),
            degradation: None,
        };
        let list = criteria(&figures, &CriteriaBounds::default());
        let outcomes: Vec<Outcome> = list.iter().map(|c| c.outcome).collect();
        assert_eq!(
            outcomes,
            [
                Outcome::Fail,
                Outcome::Pass,
                Outcome::Fail,
                Outcome::Unknown
            ]
        );
        assert_eq!((list[1].margin, list[2].margin), (Some(0.5), Some(-100.0)));
    }
}
