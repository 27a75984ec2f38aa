//! What the Checkpoints page shows: the table, its chart with stage bands, and comparisons.

use std::sync::Arc;

use serde_json::Value;

use crate::jobs::checkpoints::{CheckpointRow, CheckpointTable, Comparison, EnsembleRow};
use crate::report::{Axis, Chart, Curve, Ink, Panel, Series, Span, Unit, number};

/// All checkpoints of a run.
#[derive(Debug)]
pub struct CheckpointsView {
    /// What was found.
    pub table: CheckpointTable,
    /// Figures by step.
    pub chart: Chart,
    /// The verdict on choosing, in sentences.
    pub about_choice: Vec<String>,
}

/// Two to six checkpoints together.
#[derive(Debug)]
pub struct ComparisonView {
    /// Equity of each by day.
    pub chart: Chart,
    /// One sentence a pair.
    pub pairs: Vec<String>,
}

/// Colours of what is laid over each other, in order.
pub const INKS: [Ink; 6] = [
    Ink::Sky,
    Ink::Orange,
    Ink::Green,
    Ink::Purple,
    Ink::Yellow,
    Ink::Vermilion,
];

/// The colour of a stage by its name in the record.
fn stage_ink(stage: &str) -> Ink {
    match stage {
        "boot_camp" => Ink::Orange,
        "intermediate" => Ink::Sky,
        "production" => Ink::Green,
        _ => Ink::Grey,
    }
}

/// Stretches of one curriculum stage, from the run's record of updates.
fn stages(metrics: &[Value]) -> Vec<Span> {
    let mut spans: Vec<(String, f64, f64)> = Vec::new();
    let mut from = 0.0;
    for line in metrics {
        let (Some(stage), Some(step)) =
            (line["curriculum"]["stage"].as_str(), line["step"].as_f64())
        else {
            continue;
        };
        match spans.last_mut() {
            Some(s) if s.0 == stage => s.2 = step,
            _ => spans.push((stage.to_owned(), from, step)),
        }
        from = step;
    }
    spans
        .into_iter()
        .map(|(name, from, to)| Span {
            ink: stage_ink(&name),
            name: name.replace('_', " "),
            from,
            to,
        })
        .collect()
}

impl CheckpointsView {
    /// Everything that is shown of a table; `metrics` are the lines of the run's record.
    pub fn new(table: CheckpointTable, metrics: &[Value]) -> Self {
        let points = |f: &dyn Fn(&CheckpointRow) -> Option<f64>| {
            let at = |r: &CheckpointRow| Some([r.step as f64, f(r)?]);
            Arc::new(Curve::new(table.rows.iter().filter_map(at).collect()))
        };
        let rule = &table.selection.rule;
        let panels = vec![
            Panel::new(
                Axis::new("Sharpe ratio, a year", Unit::Plain),
                vec![Series::line(
                    "Sharpe ratio",
                    Ink::Sky,
                    points(&|r| r.sharpe),
                )],
            )
            .level("0", 0.0, Ink::Grey),
            Panel::new(
                Axis::new("Drawdown (USD)", Unit::Usd),
                vec![Series::line(
                    "Drawdown",
                    Ink::Vermilion,
                    points(&|r| Some(r.max_drawdown_usd)),
                )],
            )
            .include(0.0)
            .level("limit", rule.max_drawdown_usd_below, Ink::Grey),
            Panel::new(
                Axis::new("Win rate", Unit::Percent),
                vec![Series::line(
                    "Win rate",
                    Ink::Green,
                    points(&|r| r.win_rate),
                )],
            )
            .level("half", rule.win_rate_above, Ink::Grey),
        ];
        let mut chart = Chart::new(
            "Checkpoints on validation",
            Axis::new("Environment steps", Unit::Count),
            panels,
        );
        chart.subtitle.clone_from(&table.run);
        chart.spans = stages(metrics);
        chart.footer =
            "One account each, every bar of validation once, greedy, full costs.".to_owned();
        let about_choice = about_choice(&table);
        Self {
            table,
            chart,
            about_choice,
        }
    }
}

fn about_choice(t: &CheckpointTable) -> Vec<String> {
    let mut lines = vec![match t.selection.chosen {
        Some(step) => format!("The rule chooses step {}.", number::count(step)),
        None => "No checkpoint meets the rule, so none is chosen.".to_owned(),
    }];
    if let Some(o) = &t.candidates.overfitting {
        lines.push(format!(
            "Probability of overfitting {}: in that share of {} splits the winner of one half was in the lower half of the other.",
            number::percent(o.probability),
            number::count(o.splits as u64)
        ));
    }
    if let Some(s) = &t.candidates.superiority {
        lines.push(format!(
            "Best of {} against doing nothing: p {} (superior predictive ability), {} (reality check).",
            s.strategies,
            number::grouped(s.spa.p_consistent, 3),
            number::grouped(s.reality_check.p_upper, 3)
        ));
    }
    lines.push(match t.deflation.deflated_sharpe {
        Some(d) => format!(
            "Deflated Sharpe ratio {} after {} candidates seen on these bars; luck alone would show {} a year.",
            number::grouped(d, 3),
            number::count(t.deflation.trials),
            t.deflation
                .expected_best_sharpe
                .map_or_else(|| "n/a".to_owned(), |s| number::grouped(s, 2))
        ),
        None if t.deflation.expected_best_sharpe.is_none() => format!(
            "No deflated Sharpe ratio: too few of the {} candidates have a Sharpe ratio.",
            number::count(t.deflation.trials)
        ),
        None => "No deflated Sharpe ratio: the chosen account has no returns that vary.".to_owned(),
    });
    lines.extend(t.ensembles.iter().map(about_ensemble));
    lines
}

fn about_ensemble(e: &EnsembleRow) -> String {
    let beside = match (e.against, &e.difference) {
        (Some(step), Some(d)) => format!(
            "; {} a day against step {} (p {})",
            number::dollars_signed(d.mean_daily_pnl.value, 2),
            number::count(step),
            number::grouped(d.mean_daily_pnl.p, 3)
        ),
        _ => String::new(),
    };
    format!(
        "Ensemble {}: {}, {} trades, Sharpe ratio {}{beside}.",
        e.name,
        number::dollars_signed(e.row.net_pnl, 0),
        number::count(e.row.trades),
        number::or_na(e.row.sharpe, |s| number::grouped(s, 2), e.row.days, "days"),
    )
}

impl ComparisonView {
    /// The accounts of these steps over each other, and their differences.
    pub fn new(rows: &[CheckpointRow], steps: &[u64], pairs: &[Comparison]) -> Self {
        let chosen = steps
            .iter()
            .filter_map(|s| rows.iter().find(|r| r.step == *s));
        let (mut equity, mut drawdown) = (Vec::new(), Vec::new());
        for (r, ink) in chosen.zip(INKS.into_iter().cycle()) {
            let name = format!("step {}", number::count(r.step));
            let path = r.series.path();
            let mut peak = f64::NEG_INFINITY;
            let down = |(i, v): (usize, &f64)| {
                peak = peak.max(*v);
                [i as f64, v - peak]
            };
            drawdown.push(Series::thin(
                name.clone(),
                ink,
                Arc::new(Curve::new(path.iter().enumerate().map(down).collect())),
            ));
            let points = path
                .iter()
                .enumerate()
                .map(|(i, v)| [i as f64, *v])
                .collect();
            equity.push(Series::line(name, ink, Arc::new(Curve::new(points))));
        }
        let panels = vec![
            Panel::new(Axis::new("Balance (USD)", Unit::Usd), equity).weight(2.0),
            Panel::new(Axis::new("Drawdown of balance (USD)", Unit::Usd), drawdown).include(0.0),
        ];
        let mut chart = Chart::new(
            "Checkpoints compared",
            Axis::new("Trading day of validation", Unit::Count),
            panels,
        );
        chart.footer = "Day-end balances of one account each over the same days.".to_owned();
        Self {
            chart,
            pairs: pairs.iter().map(sentence).collect(),
        }
    }
}

fn sentence(c: &Comparison) -> String {
    let names = format!("{} less {}", number::count(c.a), number::count(c.b));
    let Some(d) = &c.difference else {
        return format!("{names}: too few days in common.");
    };
    let mean = &d.mean_daily_pnl;
    let interval = mean.interval.map_or_else(String::new, |i| {
        format!(
            " (95%: {} to {})",
            number::dollars_signed(i.lower, 0),
            number::dollars_signed(i.upper, 0)
        )
    });
    let sharpe = d.sharpe.map_or_else(
        || "no Sharpe ratio".to_owned(),
        |s| {
            format!(
                "Sharpe {}, p {}",
                number::grouped(s.value, 2),
                number::grouped(s.p, 2)
            )
        },
    );
    format!(
        "{names}: {} a day{interval}, p {}; {sharpe}; over {} days",
        number::dollars_signed(mean.value, 0),
        number::grouped(mean.p, 2),
        d.days
    )
}
