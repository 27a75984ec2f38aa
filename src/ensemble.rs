//! Who decides: one policy, or several together.
//!
//! Members may be averaged (mean of their action probabilities), averaged with weights from
//! recent validation, or vote (the action most of them choose, the mean probability among
//! equals); or one member may be in charge of each market or each regime. All of it comes down
//! to a weight per member and bar, so an ensemble is judged, compared and kept like a checkpoint.

use std::sync::Arc;

use holdout_core::sim::N_ACTIONS;
use holdout_learn::{FeatureTable, Policy};
use serde::{Deserialize, Serialize};

/// Why nothing was decided.
pub type DeciderError = anyhow::Error;

/// Chooses an allowed action for each observation.
pub trait Decider {
    /// Writes one action per bar into `actions`, after clearing it.
    ///
    /// # Errors
    /// When the observations do not fit.
    fn decide(
        &mut self,
        bars: &[u32],
        account: &[f32],
        masks: &[u8],
        actions: &mut Vec<u8>,
    ) -> Result<(), DeciderError>;
}

/// How members are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// Mean of the probabilities.
    Average,
    /// Mean of the probabilities, weighted by validation performance.
    Weighted,
    /// Majority of the choices.
    Vote,
    /// One member for each market.
    PerMarket,
    /// One member for each regime of trend and volatility.
    PerRegime,
}

impl Combine {
    /// The name used in files and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Average => "average",
            Self::Weighted => "weighted",
            Self::Vote => "vote",
            Self::PerMarket => "per_market",
            Self::PerRegime => "per_regime",
        }
    }
}

/// One policy, greedy.
pub struct Single<'a> {
    policy: holdout_learn::policy::Actor<'a>,
    table: &'a FeatureTable,
}

impl<'a> Single<'a> {
    /// A policy on these features.
    pub fn new(policy: &'a Policy, table: &'a FeatureTable) -> Self {
        Self {
            policy: policy.actor(),
            table,
        }
    }
}

impl Decider for Single<'_> {
    fn decide(
        &mut self,
        bars: &[u32],
        account: &[f32],
        masks: &[u8],
        actions: &mut Vec<u8>,
    ) -> Result<(), DeciderError> {
        let decided = self.policy.greedy(self.table, bars, account, masks)?;
        actions.clear();
        actions.extend_from_slice(&decided.actions);
        Ok(())
    }
}

/// Several policies.
pub struct Together<'a> {
    members: Vec<holdout_learn::policy::Actor<'a>>,
    table: &'a FeatureTable,
    vote: bool,
    /// Weight of each member, the same at every bar.
    weights: Vec<f32>,
    /// The member in charge at each bar of the file, where one is.
    in_charge: Option<Arc<Vec<u8>>>,
}

impl<'a> Together<'a> {
    /// Members with weights; `in_charge` names one member for each bar instead.
    pub fn new(
        members: &'a [Policy],
        weights: Vec<f32>,
        table: &'a FeatureTable,
        combine: Combine,
        in_charge: Option<Arc<Vec<u8>>>,
    ) -> Self {
        Self {
            members: members.iter().map(Policy::actor).collect(),
            table,
            vote: combine == Combine::Vote,
            weights,
            in_charge,
        }
    }
}

impl Decider for Together<'_> {
    fn decide(
        &mut self,
        bars: &[u32],
        account: &[f32],
        masks: &[u8],
        actions: &mut Vec<u8>,
    ) -> Result<(), DeciderError> {
        let mut scores = vec![[0.0_f32; N_ACTIONS]; bars.len()];
        for (k, member) in self.members.iter_mut().enumerate() {
            let decided = member.greedy(self.table, bars, account, masks)?;
            for (row, score) in scores.iter_mut().enumerate() {
                let in_charge = self.in_charge.as_ref().map(|c| c[bars[row] as usize]);
                let weight = match in_charge {
                    Some(who) => f32::from(u8::from(usize::from(who) == k)),
                    None => self.weights[k],
                };
                for (s, p) in score.iter_mut().zip(decided.probs[row]) {
                    // Probabilities are at most 1, so a hundredth of them only breaks ties.
                    *s += weight * if self.vote { p * 0.01 } else { p };
                }
                if self.vote {
                    score[usize::from(decided.actions[row])] += weight;
                }
            }
        }
        actions.clear();
        actions.extend(scores.iter().zip(masks).map(|(s, &mask)| best(s, mask)));
        Ok(())
    }
}

/// The allowed action with the highest score, the first of equals.
fn best(scores: &[f32; N_ACTIONS], mask: u8) -> u8 {
    let allowed = |a: usize| mask >> a & 1 == 1 || (mask == 0 && a == 0);
    let mut best = None::<usize>;
    for a in (0..N_ACTIONS).filter(|&a| allowed(a)) {
        if best.is_none_or(|b| scores[a] > scores[b]) {
            best = Some(a);
        }
    }
    best.unwrap_or(0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_allowed_actions_win_and_the_first_of_equals() {
        assert_eq!(best(&[0.1, 0.5, 0.5, 9.0, 0.0, 0.0], 0b00_0111), 1);
        assert_eq!(best(&[0.0, 9.0, 0.0, 0.0, 0.0, 0.0], 0b00_0001), 0);
        assert_eq!(best(&[0.0, 9.0, 0.0, 0.0, 0.0, 0.0], 0), 0);
    }
}
