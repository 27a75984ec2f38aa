//! What the agent did at each close, against what it was allowed to do.
//!
//! Decisions are the executed actions of the equity rows. A step whose mask allows HOLD only
//! is no choice, so the distribution is given over all steps and over steps with a choice, and
//! for each action the share of the steps that allowed it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::sim::{Action, EquityRow, N_ACTIONS};

/// One action's figures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ActionShare {
    /// Steps on which it was executed.
    pub count: u64,
    /// Steps on which it was allowed.
    pub allowed: u64,
    /// Share of all steps.
    pub share: Option<f64>,
    /// Share of the steps with more than HOLD allowed.
    pub share_of_choices: Option<f64>,
    /// Share of the steps that allowed it.
    pub share_when_allowed: Option<f64>,
}

/// Decisions of a ledger.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActionStats {
    /// Steps.
    pub steps: u64,
    /// Share of steps with HOLD only.
    pub hold_only_share: Option<f64>,
    /// By action name.
    pub by_action: BTreeMap<&'static str, ActionShare>,
    /// `transitions[a][b]`: steps with action `a` followed by action `b`, in the order hold,
    /// buy, sell, sl_to_be, trail_on, trail_off.
    pub transitions: [[u64; N_ACTIONS]; N_ACTIONS],
    /// (buys - sells) / (buys + sells): 1 is long only, -1 short only.
    pub long_short_balance: Option<f64>,
}

impl ActionStats {
    /// Statistics of the decisions of these rows.
    pub fn of(rows: &[EquityRow]) -> Self {
        let mut count = [0_u64; N_ACTIONS];
        let mut chosen = [0_u64; N_ACTIONS];
        let mut allowed = [0_u64; N_ACTIONS];
        let mut transitions = [[0_u64; N_ACTIONS]; N_ACTIONS];
        let mut choices = 0_u64;
        let mut before: Option<usize> = None;
        for row in rows {
            let at = row.action.index();
            count[at] += 1;
            if row.mask.count() > 1 {
                choices += 1;
                chosen[at] += 1;
            }
            for a in Action::ALL {
                allowed[a.index()] += u64::from(row.mask.allows(a));
            }
            if let Some(b) = before {
                transitions[b][at] += 1;
            }
            before = Some(at);
        }
        let steps = rows.len() as u64;
        let share = |a: u64, b: u64| (b > 0).then(|| a as f64 / b as f64);
        let entry = |a: Action| {
            let i = a.index();
            let figures = ActionShare {
                count: count[i],
                allowed: allowed[i],
                share: share(count[i], steps),
                share_of_choices: share(chosen[i], choices),
                share_when_allowed: share(count[i], allowed[i]),
            };
            (a.name(), figures)
        };
        let (buys, sells) = (count[1] as f64, count[2] as f64);
        Self {
            steps,
            hold_only_share: share(steps - choices, steps),
            by_action: Action::ALL.into_iter().map(entry).collect(),
            transitions,
            long_short_balance: (buys + sells > 0.0).then(|| (buys - sells) / (buys + sells)),
        }
    }

    /// Counts by action name.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.by_action.iter().map(|(k, v)| (*k, v.count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::Plant;
    use crate::sim::ActionMask;

    #[test]
    fn empty_and_hold_only() {
        let none = ActionStats::of(&[]);
        assert_eq!((none.steps, none.hold_only_share), (0, None));
        let flat = Plant::new(50_000)
            .row("2024-03-04T15:00:00Z", 50_000)
            .ledger();
        let s = ActionStats::of(&flat.rows);
        assert_eq!(s.hold_only_share, Some(1.0));
        assert_eq!(s.by_action["hold"].share_of_choices, None);
        assert_eq!(s.long_short_balance, None);
    }

    #[test]
    fn by_hand() {
        let entry: ActionMask = "111000".parse().unwrap();
        let mut plant = Plant::new(50_000);
        for (minute, action, mask) in [
            (0, Action::Hold, entry),
            (1, Action::Buy, entry),
            (2, Action::Hold, ActionMask::HOLD_ONLY),
            (3, Action::Buy, entry),
        ] {
            plant = plant
                .row(&format!("2024-03-04T15:0{minute}:00Z"), 50_000)
                .with_row(|r| (r.action, r.mask) = (action, mask));
        }
        let s = ActionStats::of(&plant.ledger().rows);
        assert_eq!(s.hold_only_share, Some(0.25));
        let hold = s.by_action["hold"];
        assert_eq!(
            (hold.share, hold.share_of_choices),
            (Some(0.5), Some(1.0 / 3.0))
        );
        let buy = s.by_action["buy"];
        assert_eq!((buy.allowed, buy.share_when_allowed), (3, Some(2.0 / 3.0)));
        assert_eq!(s.transitions[0], [0, 2, 0, 0, 0, 0]);
        assert_eq!(s.transitions[1], [1, 0, 0, 0, 0, 0]);
        assert_eq!(s.long_short_balance, Some(1.0));
        assert_eq!(s.counts()["sell"], 0);
    }
}
