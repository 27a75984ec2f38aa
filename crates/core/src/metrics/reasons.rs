//! Why a figure is `null`: one sentence for each, by the name it has in the JSON.
//!
//! The statistics return `None` and say in their own files when. Here the facts of one case
//! pick the sentence, so that `null` never stands alone on a page or in a file.

use std::collections::BTreeMap;

use serde_json::Value;

/// What decides which reason applies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Days.
    pub days: usize,
    /// Own trades; `None` where trades are not known.
    pub trades: Option<u64>,
    /// Own trades with a loss.
    pub losing_trades: u64,
    /// Whether every day's balance was positive, so that returns exist.
    pub has_returns: bool,
    /// Whether all daily returns are equal.
    pub flat: bool,
    /// Whether some day lost.
    pub losing_days: bool,
    /// Days shared with the benchmark; `None` without a benchmark.
    pub benchmark_days: Option<usize>,
    /// Whether a ledger is known bar by bar.
    pub has_ledger: bool,
    /// Draws of the bootstrap.
    pub draws: usize,
}

/// Every `null` of a JSON value by its path, with the reason. Places in a list are `[]`.
pub fn reasons(value: &Value, facts: &Facts) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    walk(value, String::new(), facts, &mut found);
    found
}

fn walk(value: &Value, path: String, facts: &Facts, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {
            let text = reason(&path, facts);
            found.insert(path, text);
        }
        Value::Object(map) => {
            for (key, v) in map {
                let below = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                walk(v, below, facts, found);
            }
        }
        Value::Array(list) => {
            for v in list {
                walk(v, format!("{path}[]"), facts, found);
            }
        }
        _ => {}
    }
}

/// The reason for one path.
fn reason(path: &str, f: &Facts) -> String {
    let last = path
        .rsplit('.')
        .next()
        .unwrap_or(path)
        .trim_end_matches("[]");
    let trade_side = path.starts_with("trades") || path.contains("win_rate");
    let few_days = |n: usize| (f.days < n).then(|| format!("needs {n} days, there are {}", f.days));
    let no_returns =
        || "a day began with a balance of zero or less, so it has no return".to_owned();
    let no_trades = || match f.trades {
        None => "no trades were given".to_owned(),
        Some(0) => "there are no trades".to_owned(),
        Some(n) => format!("{n} trades are too few, or lie on days that were not given"),
    };
    if path.starts_with("inputs.") {
        return "not given".to_owned();
    }
    if path.starts_with("rolling.") && !path.contains("win_rate") {
        return "there are fewer days than a window holds, or no window has the figure".to_owned();
    }
    if path.starts_with("criteria") {
        return "the figure that it judges is not known".to_owned();
    }
    match last {
        "entry_permutation" => "needs the bars that the trades were made on".to_owned(),
        "closed" | "intraday" | "actions" if !f.has_ledger => {
            "needs the ledger bar by bar".to_owned()
        }
        "information_ratio" | "tracking_error" | "benchmark" | "beta" | "correlation" => {
            match f.benchmark_days {
                None => "no benchmark was given".to_owned(),
                Some(n) if n < 2 => format!("{n} days are shared with the benchmark, 2 are needed"),
                Some(_) => {
                    "the account and the benchmark do not vary against each other".to_owned()
                }
            }
        }
        "trades" if f.trades.is_none() => no_trades(),
        "recovery_days" | "recovery_points" | "recovery" => {
            "the drawdown has not recovered, or there is none".to_owned()
        }
        "calmar" | "recovery_factor" if few_days(1).is_none() && f.has_returns => {
            "there is no drawdown to divide by".to_owned()
        }
        "average_usd" | "longest" => "there is no drawdown".to_owned(),
        "start" => "the peak is the start balance".to_owned(),
        "best_share" | "worst_share" => "the total profit is not positive".to_owned(),
        "costs" => "no commission and no tick value is known".to_owned(),
        "cagr" if f.days > 0 => "the balance ends at zero or less, or overflows".to_owned(),
        "profit_factor"
        | "payoff"
        | "break_even_win_rate"
        | "p_win_rate_break_even"
        | "average_loss"
            if f.trades.is_some_and(|n| n > 0) =>
        {
            if f.losing_trades == 0 {
                "no trade lost".to_owned()
            } else {
                "no trade of this group won or lost".to_owned()
            }
        }
        "average_win" if f.trades.is_some_and(|n| n > 0) => "no trade of this group won".to_owned(),
        "omega" | "sortino" | "tail_ratio" if f.has_returns && f.days >= 2 && !f.losing_days => {
            "no day lost".to_owned()
        }
        "sortino" if f.has_returns && f.days >= 2 => "no day was under the target".to_owned(),
        "skewness" | "kurtosis" if few_days(4).is_some() => {
            few_days(if last == "skewness" { 3 } else { 4 })
                .unwrap_or_else(|| "all days are equal".to_owned())
        }
        "minimum_track_record_days" | "minimum_track_record_days_deflated"
            if f.has_returns && f.days >= 4 && !f.flat =>
        {
            "the Sharpe ratio is not above what it is compared with".to_owned()
        }
        "superiority" | "overfitting" | "deflation" | "candidates" => {
            "no table of candidates was given, or it has too few days".to_owned()
        }
        "monte_carlo" => "needs two trades or days".to_owned(),
        "degradation" => "needs the figures of training".to_owned(),
        "first_day" | "last_day" | "best_day" | "worst_day" | "best_usd" | "worst_usd" => {
            "there are no days".to_owned()
        }
        _ if trade_side => no_trades(),
        "expectancy" => no_trades(),
        _ => few_days(2)
            .or_else(|| (!f.has_returns).then(no_returns))
            .or_else(|| f.flat.then(|| "all days are equal".to_owned()))
            .unwrap_or_else(|| format!("{} days are too few for this figure", f.days)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_null_gets_a_reason_and_nothing_else_does() {
        let v = json!({"returns": {"sharpe": null, "days": 1}, "drawdown": {"worst": [{"recovery": null}]},
            "trades": null});
        let all = reasons(
            &v,
            &Facts {
                days: 1,
                has_returns: true,
                ..Facts::default()
            },
        );
        assert_eq!(all.len(), 3);
        assert_eq!(all["returns.sharpe"], "needs 2 days, there are 1");
        assert!(all["drawdown.worst[].recovery"].contains("not recovered"));
        assert_eq!(all["trades"], "no trades were given");
    }
}
