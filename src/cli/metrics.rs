//! `holdout metrics`: every metric, interval and test on anybody's numbers.

use holdout_core::metrics::bootstrap::{BootstrapInterval, BootstrapSettings};
use holdout_core::metrics::criteria::{Criterion, Outcome as Met};
use holdout_core::metrics::deflation::Trials;
use holdout_core::metrics::monte_carlo::{Disturbed, MonteCarlo};
use holdout_core::metrics::p_values::PValues;
use holdout_core::metrics::{Robustness, Tearsheet};

use super::args::MetricsArgs;
use super::table::{row, table};
use super::{BadInput as _, Outcome, print_json};
use crate::jobs::measure::{MeasureInputs, Measured, measure};
use crate::report::number::{dollars, grouped, percent, plain};

pub(super) fn run(a: &MetricsArgs, json: bool) -> Outcome {
    let inputs = MeasureInputs {
        daily: a.daily.clone(),
        trades: a.trades.clone(),
        benchmark: a.benchmark.clone(),
        candidates: a.candidates.clone(),
        blocks: a.blocks,
        start_balance: a.start_balance,
        rf: a.rf,
        target: a.target,
        bootstrap: BootstrapSettings {
            draws: a.draws,
            seed: a.seed,
            block: a.block,
        },
        window_days: a.window,
        trials: a.trials.map(|count| Trials {
            count,
            variance: a.trial_variance,
        }),
        drawdown_limit: a.drawdown_limit,
    };
    let measured = measure(&inputs).bad_input()?;
    if json {
        return print_json(&measured);
    }
    print(&measured);
    Ok(())
}

fn print(m: &Measured) {
    if let (Some(sheet), Some(robust)) = (&m.sheet, &m.robustness) {
        print_sheet(sheet, m);
        print_robustness(robust);
    }
    let alone = m.candidates.as_ref();
    let candidates = m
        .robustness
        .as_ref()
        .and_then(|r| r.candidates.as_ref())
        .or(alone);
    if let Some(c) = candidates {
        let of = |x: Option<f64>| x.map_or_else(|| "n/a".to_owned(), |v| grouped(v, 4));
        println!(
            "\n{} candidates over {} days: probability of overfitting {}, deflated Sharpe ratio of the best {}, superiority p {}",
            c.count,
            c.days,
            of(c.overfitting.as_ref().map(|o| o.probability)),
            of(c.deflation.as_ref().and_then(|d| d.deflated_sharpe)),
            of(c.superiority.as_ref().map(|s| s.spa.p_consistent)),
        );
    }
}

#[expect(clippy::too_many_lines, reason = "a table, a figure after the other")]
fn print_sheet(s: &Tearsheet, m: &Measured) {
    let r = &s.returns;
    let u = &s.uncertainty;
    let mut t = table(&["figure", "value", "95% interval"]);
    let why = |path: &str| {
        let reason = m.reasons.get(path).map_or("", String::as_str);
        format!("n/a ({reason})")
    };
    let mut line = |name: &str,
                    path: &str,
                    x: Option<f64>,
                    show: &dyn Fn(f64) -> String,
                    i: Option<BootstrapInterval>| {
        let value = x.map_or_else(|| why(path), show);
        let between = i.map_or_else(String::new, |i| {
            format!("{} to {}", show(i.lower), show(i.upper))
        });
        row(&mut t, &[name.to_owned(), value, between]);
    };
    let usd = |x: f64| dollars(x, 2);
    let ratio = |x: f64| grouped(x, 3);
    line("days", "", Some(r.days as f64), &|x| grouped(x, 0), None);
    line("net profit", "", Some(r.net_pnl), &usd, None);
    line(
        "mean daily profit",
        "returns.mean_daily_pnl",
        r.mean_daily_pnl,
        &usd,
        u.mean_daily_pnl,
    );
    line(
        "compound annual return",
        "returns.cagr",
        r.cagr,
        &percent,
        None,
    );
    line(
        "volatility",
        "returns.volatility",
        r.volatility,
        &percent,
        u.volatility,
    );
    line("Sharpe ratio", "returns.sharpe", r.sharpe, &ratio, u.sharpe);
    line(
        "Sortino ratio",
        "returns.sortino",
        r.sortino,
        &ratio,
        u.sortino,
    );
    line("Calmar ratio", "returns.calmar", r.calmar, &ratio, None);
    line(
        "information ratio",
        "returns.information_ratio",
        r.information_ratio,
        &ratio,
        None,
    );
    line("omega", "returns.omega", r.omega, &ratio, None);
    line(
        "tail ratio",
        "returns.tail_ratio",
        r.tail_ratio,
        &ratio,
        None,
    );
    line("skewness", "returns.skewness", r.skewness, &ratio, None);
    line(
        "excess kurtosis",
        "returns.kurtosis",
        r.kurtosis,
        &ratio,
        None,
    );
    line(
        "ulcer index",
        "returns.ulcer_index",
        r.ulcer_index,
        &percent,
        None,
    );
    let worst = &s.drawdown.closed_daily;
    line(
        "largest drawdown",
        "",
        Some(worst.max_usd),
        &usd,
        u.max_drawdown_usd,
    );
    line(
        "value at risk 95%",
        "risk.usd",
        s.risk.usd.map(|x| x.var),
        &usd,
        None,
    );
    line(
        "expected shortfall 95%",
        "risk.usd",
        s.risk.usd.map(|x| x.cvar),
        &usd,
        None,
    );
    if let Some(x) = &s.trades {
        line(
            "trades",
            "",
            Some(x.all.count as f64),
            &|x| grouped(x, 0),
            None,
        );
        line(
            "win rate",
            "trades.win_rate",
            x.all.win_rate,
            &percent,
            u.win_rate,
        );
        line(
            "expectancy",
            "trades.expectancy",
            x.all.expectancy,
            &usd,
            u.expectancy,
        );
        line(
            "profit factor",
            "trades.profit_factor",
            x.all.profit_factor,
            &ratio,
            u.profit_factor,
        );
        line("payoff", "trades.payoff", x.all.payoff, &ratio, None);
    }
    println!("{t}");
}

/// Significance, paths, trials and criteria, as every command prints them.
pub(super) fn print_robustness(r: &Robustness) {
    print_significance(&r.significance);
    if let Some(m) = &r.monte_carlo {
        print_paths(m);
    }
    let of = |x: Option<f64>| x.map_or_else(|| "n/a".to_owned(), |v| grouped(v, 4));
    let deflated = match r.deflation.trials {
        0 => "n/a (nothing is known of other trials)".to_owned(),
        _ => of(r.deflation.deflated_sharpe),
    };
    println!(
        "{} trials: probabilistic Sharpe ratio {}, deflated {deflated}; days needed to be sure of more than 0: {}",
        r.deflation.trials,
        of(r.deflation.probabilistic_sharpe),
        r.deflation
            .minimum_track_record_days
            .map_or_else(|| "n/a".to_owned(), |d| grouped(d, 0)),
    );
    print_criteria(&r.criteria);
}

fn print_significance(p: &PValues) {
    if p.tests.is_empty() {
        println!("no test could be made on these numbers\n");
        return;
    }
    let mut t = table(&["question", "p", "p after Holm"]);
    for test in &p.tests {
        row(
            &mut t,
            &[test.question.to_owned(), plain(test.p), plain(test.holm)],
        );
    }
    println!("{t}");
    println!(
        "{} looked at; one under 5% would appear by luck in {} of such looks\n",
        match p.looked_at {
            1 => "1 p-value was".to_owned(),
            n => format!("{n} p-values were"),
        },
        percent(p.chance_of_one_by_luck)
    );
}

fn print_paths(m: &MonteCarlo) {
    let mut t = table(&[
        "disturbance",
        "net profit 5%",
        "median",
        "95%",
        "drawdown 95%",
        "ends with a loss",
        "reaches the floor",
    ]);
    let mut line = |name: &str, d: &Disturbed| {
        let cells = [
            name.to_owned(),
            dollars(d.net_pnl.p05, 0),
            dollars(d.net_pnl.p50, 0),
            dollars(d.net_pnl.p95, 0),
            dollars(d.max_drawdown_usd.p95, 0),
            percent(d.loss_share),
            percent(d.ruin_share),
        ];
        row(&mut t, &cells);
    };
    line("order shuffled", &m.shuffled);
    line("one in ten dropped", &m.dropped);
    if let Some(c) = &m.costs {
        line("costs raised", c);
    }
    line("start moved", &m.start_moved);
    println!("{t}");
}

/// The checklist of criteria.
pub(super) fn print_criteria(list: &[Criterion]) {
    let mut t = table(&["criterion", "outcome", "value", "bound", "margin"]);
    let number = |x: Option<f64>| x.map_or_else(|| "n/a".to_owned(), |v| grouped(v, 3));
    for c in list {
        let outcome = match c.outcome {
            Met::Pass => "PASS",
            Met::Fail => "FAIL",
            Met::Unknown => "UNKNOWN",
        };
        row(
            &mut t,
            &[
                c.id.to_owned(),
                outcome.to_owned(),
                number(c.value),
                grouped(c.bound, 3),
                number(c.margin),
            ],
        );
    }
    println!("{t}");
}
