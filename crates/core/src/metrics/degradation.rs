//! Train against validation against test: what of each figure survives on new bars.
//!
//! Absolute degradation is the figure of training less that of the other part, turned so that
//! positive means worse; percent divides by the size of the training figure. `None` where
//! either part has no figure, and in percent where training's is 0.

use serde::Serialize;

use super::tearsheet::Tearsheet;

/// A figure of one part and what was lost since training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Lost {
    /// The part's figure.
    pub value: Option<f64>,
    /// Training less this one; positive is worse.
    pub absolute: Option<f64>,
    /// The same over the size of the training figure.
    pub fraction: Option<f64>,
}

/// One figure in all parts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DegradationRow {
    /// Name of the figure.
    pub metric: &'static str,
    /// On training bars.
    pub train: Option<f64>,
    /// On validation bars.
    pub validation: Option<Lost>,
    /// On test bars.
    pub test: Option<Lost>,
}

/// A figure's name, whether more is better, and where it is found.
type Figure = (&'static str, bool, fn(&Tearsheet) -> Option<f64>);

const FIGURES: [Figure; 14] = [
    ("sharpe", true, |t| t.returns.sharpe),
    ("sortino", true, |t| t.returns.sortino),
    ("calmar", true, |t| t.returns.calmar),
    ("mean_daily_pnl", true, |t| t.returns.mean_daily_pnl),
    ("mean_daily_return", true, |t| t.returns.mean_daily_return),
    ("volatility", false, |t| t.returns.volatility),
    ("win_rate", true, |t| t.trades.as_ref()?.all.win_rate),
    ("expectancy", true, |t| t.trades.as_ref()?.all.expectancy),
    ("profit_factor", true, |t| {
        t.trades.as_ref()?.all.profit_factor
    }),
    ("payoff", true, |t| t.trades.as_ref()?.all.payoff),
    ("trades_per_day", true, |t| {
        let days = t.returns.days;
        (days > 0).then_some(t.trades.as_ref()?.all.count as f64 / days as f64)
    }),
    ("max_drawdown_usd", false, |t| {
        Some(
            t.drawdown
                .intraday
                .as_ref()
                .unwrap_or(&t.drawdown.closed_daily)
                .max_usd,
        )
    }),
    ("time_under_water", false, |t| {
        t.drawdown.closed_daily.time_under_water
    }),
    ("cvar_usd", true, |t| t.risk.usd.map(|r| r.cvar)),
];

/// Every figure side by side.
pub fn degradation(
    train: &Tearsheet,
    validation: Option<&Tearsheet>,
    test: Option<&Tearsheet>,
) -> Vec<DegradationRow> {
    let row = |&(metric, more_is_better, of): &Figure| {
        let base = of(train);
        let lost = |t: &Tearsheet| lost(base, of(t), more_is_better);
        DegradationRow {
            metric,
            train: base,
            validation: validation.map(lost),
            test: test.map(lost),
        }
    };
    FIGURES.iter().map(row).collect()
}

/// What was lost between a training figure and another.
pub fn lost(train: Option<f64>, value: Option<f64>, more_is_better: bool) -> Lost {
    let absolute = train
        .zip(value)
        .map(|(t, v)| if more_is_better { t - v } else { v - t });
    let base = train.map(f64::abs).filter(|&t| t > 0.0);
    Lost {
        value,
        absolute,
        fraction: absolute.zip(base).map(|(a, t)| a / t),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::DailySeries;
    use crate::metrics::TearsheetSettings;

    #[test]
    fn without_figures_nothing_is_lost() {
        assert_eq!(lost(None, Some(1.0), true).absolute, None);
        assert_eq!(lost(Some(0.0), Some(1.0), true).fraction, None);
    }

    #[test]
    fn worse_is_positive_either_way() {
        let l = lost(Some(2.0), Some(1.5), true);
        assert_eq!((l.absolute, l.fraction), (Some(0.5), Some(0.25)));
        let l = lost(Some(1_000.0), Some(1_500.0), false);
        assert_eq!((l.absolute, l.fraction), (Some(500.0), Some(0.5)));
    }

    #[test]
    fn every_figure_has_a_row() {
        let sheet = |k: f64| {
            let pnl = (0..30).map(|i| k + f64::from(i % 5 - 2) * 100.0).collect();
            let series = DailySeries::of_pnl(50_000.0, pnl, None);
            Tearsheet::of_daily(&series, None, &TearsheetSettings::default())
        };
        let rows = degradation(&sheet(50.0), Some(&sheet(25.0)), None);
        assert_eq!(rows.len(), 14);
        let mean = rows.iter().find(|r| r.metric == "mean_daily_pnl").unwrap();
        assert!((mean.validation.unwrap().fraction.unwrap() - 0.5).abs() < 1e-12);
        assert_eq!(mean.test, None);
    }
}
