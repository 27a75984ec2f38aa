//! Choosing one checkpoint by a rule that says why each of the others lost.
//!
//! Eligible is who keeps the rules of the account, stays under a drawdown, wins more than half
//! of enough trades. Of those the highest Sharpe ratio on validation is chosen, the more stable
//! over markets among equals, then the earlier one. When nobody is eligible nobody is chosen:
//! that is an answer.

use serde::{Deserialize, Serialize};

/// The rule as data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SelectionRule {
    /// The verdict of the rule set has to be a pass, warnings included.
    pub compliance: bool,
    /// Largest intraday drawdown in dollars, to be stayed under.
    pub max_drawdown_usd_below: f64,
    /// Win rate, to be exceeded.
    pub win_rate_above: f64,
    /// Trades, to be exceeded.
    pub trades_above: u64,
}

impl Default for SelectionRule {
    fn default() -> Self {
        Self {
            compliance: true,
            max_drawdown_usd_below: 2_500.0,
            win_rate_above: 0.5,
            trades_above: 100,
        }
    }
}

/// What the rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// Name of the checkpoint: its environment steps.
    pub step: u64,
    /// Whether the rule set was kept; `None` when that is not known.
    pub compliant: Option<bool>,
    /// Largest intraday drawdown in dollars.
    pub max_drawdown_usd: f64,
    /// Share of winning trades.
    pub win_rate: Option<f64>,
    /// Closed round trips.
    pub trades: u64,
    /// Annual Sharpe ratio on validation.
    pub sharpe: Option<f64>,
    /// Smallest Sharpe ratio over several markets, where they were looked at.
    pub market_stability: Option<f64>,
}

/// What the rule says of one checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// The checkpoint.
    pub step: u64,
    /// Whether it was eligible.
    pub eligible: bool,
    /// Whether it was chosen.
    pub chosen: bool,
    /// Why it lost; empty for the chosen one.
    pub reasons: Vec<String>,
}

/// The choice with its reasons.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Selection {
    /// The rule.
    pub rule: SelectionRule,
    /// The chosen checkpoint; `None` when none was eligible.
    pub chosen: Option<u64>,
    /// Every checkpoint, in the order given.
    pub judged: Vec<Judged>,
}

/// Chooses among checkpoints.
pub fn select(candidates: &[Candidate], rule: &SelectionRule) -> Selection {
    let faults: Vec<Vec<String>> = candidates.iter().map(|c| faults(c, rule)).collect();
    let eligible = || (0..candidates.len()).filter(|&i| faults[i].is_empty());
    let rank = |i: usize| {
        let c = &candidates[i];
        let or_least = |x: Option<f64>| x.unwrap_or(f64::NEG_INFINITY);
        (or_least(c.sharpe), or_least(c.market_stability))
    };
    let best = eligible().reduce(|a, b| {
        let ((sa, ma), (sb, mb)) = (rank(a), rank(b));
        if sb.total_cmp(&sa).then(mb.total_cmp(&ma)).is_gt() {
            b
        } else {
            a
        }
    });
    let judged = candidates
        .iter()
        .enumerate()
        .map(|(i, c)| {
            let mut reasons = faults[i].clone();
            if let (true, Some(b)) = (reasons.is_empty() && Some(i) != best, best) {
                reasons.push(beaten(c, &candidates[b]));
            }
            Judged {
                step: c.step,
                eligible: faults[i].is_empty(),
                chosen: Some(i) == best,
                reasons,
            }
        })
        .collect();
    Selection {
        rule: *rule,
        chosen: best.map(|i| candidates[i].step),
        judged,
    }
}

fn faults(c: &Candidate, rule: &SelectionRule) -> Vec<String> {
    let mut all = Vec::new();
    match c.compliant {
        Some(true) => {}
        Some(false) if rule.compliance => all.push("breaks the rule set".to_owned()),
        None if rule.compliance => all.push("compliance is not known".to_owned()),
        _ => {}
    }
    // Written so that a figure that is not a number fails.
    let small = c.max_drawdown_usd < rule.max_drawdown_usd_below;
    if !small {
        all.push(format!(
            "drawdown {:.0} is not under {:.0} dollars",
            c.max_drawdown_usd, rule.max_drawdown_usd_below
        ));
    }
    match c.win_rate {
        Some(w) if w > rule.win_rate_above => {}
        Some(w) => all.push(format!(
            "win rate {:.1}% is not above {:.0}%",
            100.0 * w,
            100.0 * rule.win_rate_above
        )),
        None => all.push("no trades, no win rate".to_owned()),
    }
    if c.trades <= rule.trades_above {
        all.push(format!(
            "{} trades are not more than {}",
            c.trades, rule.trades_above
        ));
    }
    if c.sharpe.is_none() {
        all.push("no Sharpe ratio".to_owned());
    }
    all
}

fn beaten(c: &Candidate, best: &Candidate) -> String {
    let (own, top) = (
        c.sharpe.unwrap_or_default(),
        best.sharpe.unwrap_or_default(),
    );
    if own < top {
        return format!(
            "Sharpe ratio {own:.3} is under {top:.3} of step {}",
            best.step
        );
    }
    match (c.market_stability, best.market_stability) {
        (Some(a), Some(b)) if a < b => format!(
            "same Sharpe ratio, less stable over markets ({a:.3} against {b:.3} of step {})",
            best.step
        ),
        _ => format!("same Sharpe ratio as step {}, which came first", best.step),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(step: u64, sharpe: f64) -> Candidate {
        Candidate {
            step,
            compliant: Some(true),
            max_drawdown_usd: 1_000.0,
            win_rate: Some(0.55),
            trades: 200,
            sharpe: Some(sharpe),
            market_stability: None,
        }
    }

    #[test]
    fn nobody_is_chosen_from_nobody() {
        let none = select(&[], &SelectionRule::default());
        assert_eq!((none.chosen, none.judged.len()), (None, 0));
    }

    #[test]
    fn each_loser_knows_why() {
        let list = [
            candidate(1, 1.0),
            candidate(2, 2.0),
            Candidate {
                compliant: Some(false),
                ..candidate(3, 3.0)
            },
            Candidate {
                max_drawdown_usd: 2_500.0,
                win_rate: Some(0.5),
                trades: 100,
                ..candidate(4, 9.0)
            },
            candidate(5, 2.0),
            Candidate {
                win_rate: None,
                sharpe: None,
                trades: 0,
                ..candidate(6, 0.0)
            },
        ];
        let s = select(&list, &SelectionRule::default());
        assert_eq!(s.chosen, Some(2));
        assert!(s.judged[1].reasons.is_empty());
        assert!(s.judged[0].eligible && s.judged[0].reasons[0].contains("under 2.000 of step 2"));
        assert_eq!(s.judged[2].reasons, ["breaks the rule set"]);
        assert_eq!(s.judged[3].reasons.len(), 3);
        assert!(s.judged[4].reasons[0].contains("came first"));
        assert_eq!(s.judged[5].reasons.len(), 3);
    }

    #[test]
    fn ties_go_to_the_stable_and_no_one_may_be_good_enough() {
        let stable = Candidate {
            market_stability: Some(0.5),
            ..candidate(2, 2.0)
        };
        let shaky = Candidate {
            market_stability: Some(0.1),
            ..candidate(1, 2.0)
        };
        let s = select(&[shaky, stable], &SelectionRule::default());
        assert_eq!(s.chosen, Some(2));
        assert!(s.judged[0].reasons[0].contains("less stable"));
        let strict = SelectionRule {
            trades_above: 1_000,
            ..SelectionRule::default()
        };
        assert_eq!(select(&[stable], &strict).chosen, None);
    }
}
