//! Criteria of research: win rate, Sharpe ratio, number of trades, degradation.
//!
//! They stand beside the firm's rules and never change the verdict. Degradation is the share
//! of a figure lost between training and test and must be given from outside.

use super::case::Case;
use super::finding::Check;
use super::severity::Status;
use crate::metrics::DailySeries;
use crate::metrics::daily::account_days;
use crate::metrics::sharpe::sharpe;
use crate::metrics::trades::TradeGroup;

/// Yearly risk-free rate of the Sharpe criterion.
const RF: f64 = 0.02;

pub(super) fn check(case: &Case<'_>, degradation: Option<f64>) -> Vec<Check> {
    let Some(criteria) = &case.rules.research else {
        return Vec::new();
    };
    let trades = TradeGroup::of(case.view.trades.iter().filter(|t| !t.forced));
    let mut all = Vec::new();
    if let Some(limit) = criteria.win_rate_above {
        all.push(above("win_rate", "share", limit, trades.win_rate));
    }
    if let Some(limit) = criteria.sharpe_above {
        let mut check = above("sharpe", "ratio", limit, annual_sharpe(case));
        if let Some(aim) = criteria.sharpe_aim {
            check.detail = format!("{}; the aim is {aim}", check.detail);
        }
        all.push(check);
    }
    if let Some(limit) = criteria.trades_above {
        all.push(above(
            "trades",
            "trades",
            limit as f64,
            Some(trades.count as f64),
        ));
    }
    if let Some(limit) = criteria.degradation_below {
        all.push(match degradation {
            None => Check::unknown("degradation", "needs the figures of training and test"),
            Some(d) => {
                let status = if d < limit {
                    Status::Pass
                } else {
                    Status::Fail
                };
                Check::new("degradation", status, format!("must be under {limit}")).figures(
                    "share",
                    Some(limit),
                    Some(d),
                    Some(limit - d),
                )
            }
        });
    }
    all
}

fn above(id: &'static str, unit: &'static str, limit: f64, value: Option<f64>) -> Check {
    let Some(v) = value else {
        return Check::unknown(id, "the ledger is too short for this figure").figures(
            unit,
            Some(limit),
            None,
            None,
        );
    };
    let status = if v > limit {
        Status::Pass
    } else {
        Status::Fail
    };
    Check::new(id, status, format!("must be above {limit}")).figures(
        unit,
        Some(limit),
        Some(v),
        Some(v - limit),
    )
}

fn annual_sharpe(case: &Case<'_>) -> Option<f64> {
    let start = case.rules.account.start_balance;
    let breach = case.replay.breach.map(|i| case.view.rows[i].time);
    let days = account_days(case.view.rows, start, breach, &case.clock);
    let series = DailySeries::of_days(&days, start);
    series.returns.as_deref().and_then(|r| sharpe(r, RF))
}
