//! Why a figure is `null`: one sentence for each, by the name it has in the JSON.
//!
//! The statistics return `None` and say in their own files when. Here the other figures of the
//! same case and a few facts pick the sentence, so that `null` never stands alone on a page or in
//! a file.

use std::collections::BTreeMap;

use serde_json::Value;

use super::uncertainty::LEAST_DAYS;

/// What decides which reason applies and cannot be read off the figures themselves.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Days.
    pub days: usize,
    /// Own trades; `None` where trades are not known.
    pub trades: Option<u64>,
    /// Whether every day began with a positive balance, so that returns exist.
    pub has_returns: bool,
    /// Whether all daily returns are equal.
    pub flat: bool,
    /// Days shared with the benchmark; `None` without a benchmark.
    pub benchmark_days: Option<usize>,
    /// Whether a table of candidates was given.
    pub has_candidates: bool,
    /// Draws of the bootstrap.
    pub draws: usize,
}

/// Every `null` of a JSON value by its path, with the reason. Places in a list are `[]`.
pub fn reasons(value: &Value, facts: &Facts) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let known = Known { root: value, facts };
    walk(value, String::new(), &known, &mut found);
    found
}

fn walk(value: &Value, path: String, known: &Known<'_>, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {
            let text = known.reason(&path);
            found.insert(path, text);
        }
        Value::Object(map) => {
            for (key, v) in map {
                let below = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                walk(v, below, known, found);
            }
        }
        Value::Array(list) => {
            for v in list {
                walk(v, format!("{path}[]"), known, found);
            }
        }
        _ => {}
    }
}

/// A case: its figures and its facts.
struct Known<'a> {
    root: &'a Value,
    facts: &'a Facts,
}

impl Known<'_> {
    fn number(&self, path: &str) -> Option<f64> {
        path.split('.').fold(self.root, |v, key| &v[key]).as_f64()
    }

    /// The object that a path lies in.
    fn group(&self, path: &str) -> &Value {
        let mut keys: Vec<&str> = path.split('.').collect();
        keys.pop();
        keys.iter().fold(self.root, |v, key| &v[*key])
    }

    fn few_days(&self, n: usize) -> Option<String> {
        let days = self.facts.days;
        (days < n).then(|| format!("needs {n} days, there are {days}"))
    }

    fn no_returns(&self) -> Option<String> {
        (!self.facts.has_returns)
            .then(|| "a day began with a balance of zero or less, so it has no return".to_owned())
    }

    fn flat(&self) -> Option<String> {
        self.facts.flat.then(|| "all days are equal".to_owned())
    }

    /// Why a ratio of at least `n` days is missing, as far as that is the reason.
    fn no_ratio(&self, n: usize) -> Option<String> {
        self.few_days(n)
            .or_else(|| self.no_returns())
            .or_else(|| self.flat())
    }

    fn no_growth(&self) -> Option<String> {
        if self.number("returns.cagr").is_some() {
            return None;
        }
        let ended = self.number("returns.end_balance").unwrap_or_default();
        Some(self.no_returns().unwrap_or_else(|| {
            if ended <= 0.0 {
                "the balance ends at zero or less".to_owned()
            } else {
                "so few days compounded to a year are beyond any number".to_owned()
            }
        }))
    }

    fn no_trades(&self) -> String {
        match self.facts.trades {
            None => "no trades were given".to_owned(),
            Some(0) => "there are no trades".to_owned(),
            Some(n) => format!("some of the {n} trades lie on days that were not given"),
        }
    }

    /// Why a figure of a group of trades is missing.
    fn of_trades(&self, path: &str, last: &str) -> String {
        if self.facts.trades.is_none() {
            return self.no_trades();
        }
        let group = if path.contains('.') {
            self.group(path)
        } else {
            &self.root["trades"]
        };
        let of = |key: &str| group[key].as_u64().unwrap_or_default();
        let name = path
            .split('.')
            .nth(1)
            .filter(|g| ["long", "short"].contains(g));
        let kind = name.map_or_else(String::new, |g| format!("{g} "));
        if of("count") == 0 {
            return format!("there are no {kind}trades");
        }
        match last {
            "p_win_rate_break_even_measured" => {
                "needs two trades that won and two that lost, to know how far the break-even rate can be trusted"
                    .to_owned()
            }
            "average_win" => format!("no {kind}trade won"),
            "payoff" | "break_even_win_rate" | "p_win_rate_break_even" if of("losses") > 0 => {
                format!("no {kind}trade won")
            }
            _ => format!("no {kind}trade lost"),
        }
    }

    /// Why an interval or a probability is missing.
    fn of_uncertainty(&self, last: &str) -> String {
        let draws = self.facts.draws;
        let few_draws = || (draws < 2).then(|| format!("needs 2 draws, {draws} were asked for"));
        let rare = || "the figure exists in fewer than nine of ten resampled histories".to_owned();
        match last {
            "win_rate" | "expectancy" | "profit_factor" => {
                let known = self.root["uncertainty"]["expectancy"].is_object();
                let trades = self.facts.trades.unwrap_or_default();
                let wins = self.number("trades.wins").unwrap_or_default() as u64;
                let of_trades = || match (trades, known) {
                    (n, true) if wins == 0 || wins == n => {
                        "all trades ended alike, so their days show no spread".to_owned()
                    }
                    (_, true) => {
                        "no trade lost, or none won, in more than one of ten resampled histories"
                            .to_owned()
                    }
                    (n, false) => format!(
                        "some of the {n} trades lie on days that were not given, or all lie on too few days"
                    ),
                };
                // What more draws would not cure is said first.
                self.few_days(LEAST_DAYS)
                    .or_else(|| (trades == 0).then(|| self.no_trades()))
                    .or_else(few_draws)
                    .unwrap_or_else(of_trades)
            }
            "probabilistic_sharpe" | "sharpe_analytic" => self
                .no_ratio(4)
                .unwrap_or_else(|| "the moments of these days give no variance".to_owned()),
            "minimum_track_record_days" => self
                .no_ratio(4)
                .unwrap_or_else(|| "the Sharpe ratio is not above 0".to_owned()),
            "p_mean_pnl_bootstrap" => self
                .few_days(LEAST_DAYS)
                .or_else(few_draws)
                .unwrap_or_else(|| "all days are equal".to_owned()),
            "max_drawdown_fraction" => self
                .few_days(LEAST_DAYS)
                .or_else(few_draws)
                .unwrap_or_else(|| "the start balance is not positive".to_owned()),
            _ => self
                .few_days(LEAST_DAYS)
                .or_else(|| self.no_returns())
                .or_else(few_draws)
                .or_else(|| self.flat())
                .unwrap_or_else(rare),
        }
    }

    fn of_returns(&self, last: &str) -> String {
        let too_few = |n: usize| format!("{n} days are too few for this figure");
        let drawdown = self
            .number("drawdown.closed_daily.max_usd")
            .is_some_and(|d| d > 0.0);
        let none = "there is no drawdown to divide by".to_owned();
        let found = match last {
            "total_return" => self
                .few_days(1)
                .or_else(|| Some("the start balance is not positive".to_owned())),
            "cagr" => self.few_days(1).or_else(|| self.no_growth()),
            "calmar" => self.few_days(1).or_else(|| self.no_growth()).or(Some(none)),
            "recovery_factor" => self.few_days(1).or_else(|| (!drawdown).then_some(none)),
            "return_over_volatility" => self.no_ratio(2).or_else(|| self.no_growth()),
            "ulcer_index" => self
                .few_days(1)
                .or_else(|| Some("the highest balance is zero or less".to_owned())),
            "sortino" => self
                .few_days(2)
                .or_else(|| self.no_returns())
                .or_else(|| Some("no day was under the target".to_owned())),
            "omega" => self
                .few_days(1)
                .or_else(|| self.no_returns())
                .or_else(|| Some("no day lost".to_owned())),
            "tail_ratio" => self
                .few_days(2)
                .or_else(|| self.no_returns())
                .or_else(|| Some("the 5th percentile of the days is 0".to_owned())),
            "skewness" => self.no_ratio(3),
            "kurtosis" => self.no_ratio(4),
            "information_ratio" => Some(self.of_benchmark(last)),
            "stability" => self
                .few_days(2)
                .or_else(|| self.no_returns())
                .or_else(|| Some("the balance does not change".to_owned())),
            _ => self.no_ratio(2),
        };
        found.unwrap_or_else(|| too_few(self.facts.days))
    }

    fn of_benchmark(&self, last: &str) -> String {
        let broke =
            "a day of the benchmark began with a balance of zero or less, so it has no return";
        match self.facts.benchmark_days {
            None => "no benchmark was given".to_owned(),
            Some(_) if !self.facts.has_returns => self.no_returns().unwrap_or_default(),
            Some(_) if self.root["benchmark"].is_null() => broke.to_owned(),
            Some(n) if n < 2 => format!("{n} days are shared with the benchmark, 2 are needed"),
            Some(_) => match last {
                "information_ratio" => {
                    "the account and the benchmark do not differ by more than a constant".to_owned()
                }
                "sharpe" | "beta" | "alpha" => "the benchmark does not vary".to_owned(),
                _ => "the account or the benchmark does not vary".to_owned(),
            },
        }
    }

    fn of_deflation(&self, path: &str, last: &str) -> String {
        let group = self.group(path);
        let unknown = group["trial_variance"].is_null();
        let trials = group["trials"].as_u64().unwrap_or_default();
        let no_variance = || {
            if trials < 2 {
                format!("{trials} trials have no variance")
            } else {
                "the variance of the trials' Sharpe ratios is not known".to_owned()
            }
        };
        let not_above = || "the Sharpe ratio is not above what it is compared with".to_owned();
        match last {
            "trial_variance" => no_variance(),
            "expected_best_daily_sharpe" | "expected_best_sharpe" => no_variance(),
            "deflated_sharpe" | "minimum_track_record_days_deflated" if unknown && trials > 1 => {
                no_variance()
            }
            _ if path.starts_with("candidates") => {
                if group["daily_sharpe"].is_null() {
                    "the best candidate has too few days for its moments".to_owned()
                } else {
                    not_above()
                }
            }
            _ => self.no_ratio(4).unwrap_or_else(not_above),
        }
    }

    fn of_candidates(&self, last: &str) -> String {
        if !self.facts.has_candidates {
            return "no table of candidates was given".to_owned();
        }
        match last {
            "overfitting" => "needs two candidates and two days a block".to_owned(),
            "superiority" => "needs ten days, a draw at least, and a candidate that differs from the benchmark by more than a constant".to_owned(),
            _ => "no candidate has a Sharpe ratio".to_owned(),
        }
    }

    /// The reason for one path.
    fn reason(&self, path: &str) -> String {
        let last = path
            .rsplit('.')
            .next()
            .unwrap_or(path)
            .trim_end_matches("[]");
        let first = path.split('.').next().unwrap_or(path);
        match first {
            "inputs" => "not given".to_owned(),
            "returns" => self.of_returns(last),
            "benchmark" => self.of_benchmark(last),
            "uncertainty" => self.of_uncertainty(last),
            "deflation" => self.of_deflation(path, last),
            "candidates" | "candidates_alone" if path.contains(".deflation.") => {
                self.of_deflation(path, last)
            }
            "candidates" | "candidates_alone" => self.of_candidates(last),
            "trades" if path == "trades" => self.no_trades(),
            "trades" => self.of_trades(path, last),
            "rolling" => self.of_rolling(path),
            "risk" => self
                .few_days(2)
                .or_else(|| self.no_returns())
                .unwrap_or_else(|| "needs 2 days".to_owned()),
            "mean_pnl_test" | "mean_return_test" => self
                .few_days(2)
                .or_else(|| (first == "mean_return_test").then(|| self.no_returns())?)
                .unwrap_or_else(|| "all days are equal".to_owned()),
            "criteria" => "the figure that it judges is not known".to_owned(),
            "monte_carlo" => match last {
                "costs" => "no commission and no tick value is known".to_owned(),
                "lock_offset_usd" => "the floor never locks".to_owned(),
                _ => "needs two trades or two days, and a draw".to_owned(),
            },
            "degradation" => "needs the figures of training".to_owned(),
            "entry_permutation" => "needs the bars that the trades were made on".to_owned(),
            "actions" => "needs the ledger bar by bar".to_owned(),
            _ => self.of_days(last),
        }
    }

    fn of_rolling(&self, path: &str) -> String {
        let window = self.number("rolling.window_days").unwrap_or_default();
        let days = self.facts.days;
        if self.number("rolling.count").unwrap_or_default() <= 0.0 {
            return format!("a window holds {window} days, there are {days}");
        }
        if path.contains("win_rate") {
            return match self.facts.trades {
                Some(n) if n > 0 && path.starts_with("rolling.worst") => {
                    "no trade was entered in this window, or some trades lie on days that were not given".to_owned()
                }
                _ => self.no_trades(),
            };
        }
        self.no_returns()
            .unwrap_or_else(|| "every such window is flat or has fewer than 2 days".to_owned())
    }

    /// Drawdowns, and best and worst days.
    fn of_days(&self, last: &str) -> String {
        match last {
            "closed" | "intraday" => "needs the ledger bar by bar".to_owned(),
            "recovery_points" | "recovery" => {
                "the drawdown has not recovered, or there is none".to_owned()
            }
            "average_usd" | "longest" => "there is no drawdown".to_owned(),
            "max_fraction" | "depth_fraction" => "the peak is zero or less".to_owned(),
            "start" => "the peak is the start balance".to_owned(),
            "best_share" | "worst_share" => "the total profit is not positive".to_owned(),
            "per_year" | "best_day" | "worst_day" | "best_usd" | "worst_usd" => {
                "there are no days".to_owned()
            }
            _ => format!("{} days are too few for this figure", self.facts.days),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_null_gets_a_reason_and_nothing_else_does() {
        let v = json!({"returns": {"sharpe": null, "days": 1}, "drawdown": {"closed_daily": {"worst": [{"recovery": null}]}},
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
        assert!(all["drawdown.closed_daily.worst[].recovery"].contains("not recovered"));
        assert_eq!(all["trades"], "no trades were given");
    }

    #[test]
    fn the_reason_is_that_of_the_case() {
        let of = |v: &Value, facts: &Facts, path: &str| reasons(v, facts)[path].clone();
        let facts = Facts {
            days: 20,
            trades: Some(4),
            has_returns: true,
            ..Facts::default()
        };
        let broke = json!({"returns": {"calmar": null, "cagr": null, "end_balance": -5.0, "tail_ratio": null}});
        assert!(of(&broke, &facts, "returns.calmar").contains("ends at zero or less"));
        assert!(of(&broke, &facts, "returns.tail_ratio").contains("5th percentile"));
        let rising = json!({"returns": {"calmar": null, "cagr": 0.2}});
        assert!(of(&rising, &facts, "returns.calmar").contains("no drawdown"));
        let trades = json!({"trades": {"count": 4, "wins": 0, "losses": 4, "payoff": null,
            "long": {"count": 0, "win_rate": null}, "short": {"count": 4, "losses": 0, "profit_factor": null}}});
        assert_eq!(of(&trades, &facts, "trades.payoff"), "no trade won");
        assert_eq!(
            of(&trades, &facts, "trades.long.win_rate"),
            "there are no long trades"
        );
        assert_eq!(
            of(&trades, &facts, "trades.short.profit_factor"),
            "no short trade lost"
        );
        let told =
            json!({"deflation": {"trials": 200, "trial_variance": null, "deflated_sharpe": null}});
        assert!(of(&told, &facts, "deflation.deflated_sharpe").contains("variance"));
        // Nothing was drawn in any of these; without trades, draws would not help.
        let u = json!({"uncertainty": {"win_rate": null, "expectancy": null}});
        let undrawn = "needs 2 draws, 0 were asked for";
        assert_eq!(of(&u, &facts, "uncertainty.win_rate"), undrawn);
        let idle = Facts {
            trades: Some(0),
            ..facts
        };
        assert_eq!(of(&u, &idle, "uncertainty.win_rate"), "there are no trades");
    }
}
