//! The reward of one step, by named terms.

use super::settings::SimSettings;
use crate::units::Usd;

/// Percent of the drawdown limit that may be used freely; growth beyond it is penalised.
pub const FREE_DRAWDOWN_PERCENT: i64 = 30;
/// Bound of a step's reward in units.
const CLIP: f64 = 10.0;

/// Terms of a reward in dollars; penalties are positive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RewardTerms {
    /// Change of equity, net of costs.
    pub equity_change: Usd,
    /// Entry and management bonuses of the curriculum.
    pub bonus: Usd,
    /// Weighted growth of drawdown beyond the free part.
    pub drawdown_penalty: f64,
    /// Paid once, on a breach.
    pub breach_penalty: f64,
}

impl RewardTerms {
    /// Terms of a step; `growth` is that of the drawdown beyond the free part, negative when it shrank.
    #[inline(always)]
    pub fn new(
        s: &SimSettings,
        equity_change: Usd,
        bonus: Usd,
        growth: Usd,
        breached: bool,
    ) -> Self {
        Self {
            equity_change,
            bonus,
            drawdown_penalty: s.drawdown_weight * growth.max(Usd::ZERO).dollars(),
            breach_penalty: if breached { s.breach_penalty } else { 0.0 },
        }
    }

    /// All terms together, before clipping.
    #[inline(always)]
    pub fn total_usd(&self) -> f64 {
        (self.equity_change + self.bonus).dollars() - self.drawdown_penalty - self.breach_penalty
    }

    /// The reward in units, clipped, and the dollars that the clipping took, as a positive number.
    #[inline(always)]
    pub fn reward(&self, s: &SimSettings) -> (f32, f64) {
        let total = self.total_usd();
        // The compiler takes this division out of the loop over environments.
        let units = total * (1.0 / s.reward_unit_usd);
        if units.abs() <= CLIP {
            return (units as f32, 0.0);
        }
        let clipped = units.clamp(-CLIP, CLIP);
        (clipped as f32, (total - clipped * s.reward_unit_usd).abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standing_still_earns_nothing_and_recovery_is_not_paid_twice() {
        let s = SimSettings::default();
        assert_eq!(
            RewardTerms::new(&s, Usd::ZERO, Usd::ZERO, Usd::ZERO, false).reward(&s),
            (0.0, 0.0)
        );
        assert_eq!(
            RewardTerms::new(&s, Usd::whole(100), Usd::ZERO, Usd::whole(-250), false).reward(&s),
            (1.0, 0.0)
        );
        let falling = RewardTerms::new(&s, Usd::whole(-250), Usd::ZERO, Usd::whole(250), false);
        assert!((falling.reward(&s).0 + 2.5 + 0.5 * 2.5).abs() < 1e-6);
        assert_eq!(
            RewardTerms::new(&s, Usd::whole(-2_000), Usd::ZERO, Usd::ZERO, true).reward(&s),
            (-10.0, 2_000.0)
        );
    }
}
