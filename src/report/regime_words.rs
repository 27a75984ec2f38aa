//! Cells and drawdowns of regimes in words, as the Regimes page and reports show them.

use holdout_core::metrics::by_regime::{DrawdownRegime, RegimeCell};

use super::chart_ticks::stamp;
use super::number;

/// The labels of a cell for people.
pub fn label(c: &RegimeCell) -> String {
    c.labels.join(" × ").replace('_', " ")
}

/// Win rate with its interval, or why there is none.
pub fn rate_text(c: &RegimeCell) -> String {
    match (c.win_rate, c.win_rate_interval) {
        (Some(w), Some(i)) => format!(
            "{} ({} to {})",
            number::percent(w),
            number::percent_to(i.lower, 0),
            number::percent_to(i.upper, 0)
        ),
        _ => {
            format!("n/a ({})", number::counted(c.trades as usize, "trades"))
        }
    }
}

/// Sharpe ratio with its interval, or why there is none.
pub fn sharpe_text(c: &RegimeCell) -> String {
    match (c.sharpe, c.sharpe_interval) {
        (Some(s), Some(i)) => format!(
            "{} ({} to {})",
            number::grouped(s, 1),
            number::grouped(i.lower, 1),
            number::grouped(i.upper, 1)
        ),
        (Some(s), None) => number::grouped(s, 1),
        (None, _) if c.declined.is_some() => {
            format!("n/a ({})", number::counted(c.trades as usize, "trades"))
        }
        (None, _) => format!("n/a ({})", number::counted(c.days, "days")),
    }
}

/// One drawdown in a sentence.
pub fn drawdown_line(d: &DrawdownRegime) -> String {
    let began: Vec<String> = d.began.values().map(|l| l.replace('_', " ")).collect();
    let deepened: Vec<String> = d
        .deepened
        .values()
        .map(|(l, share)| format!("{} {}", l.replace('_', " "), number::percent_to(*share, 0)))
        .collect();
    let time = |t: &Option<String>| {
        let Some(t) = t else {
            return "the start".to_owned();
        };
        t.parse::<jiff::Timestamp>()
            .map_or_else(|_other| t.clone(), |t| stamp(t.as_second() as f64))
    };
    let mut line = format!(
        "{} from {} to {}",
        number::dollars(-d.depth_usd, 0),
        time(&d.start),
        time(&d.trough)
    );
    let mut mark = ": ";
    for (what, labels) in [("began in", began), ("fell most in", deepened)] {
        if !labels.is_empty() {
            line += &format!("{mark}{what} {}", labels.join(", "));
            mark = "; ";
        }
    }
    line
}
