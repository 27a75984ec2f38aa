//! The reward of one step, by named terms.

use super::settings::SimSettings;
use crate::units::Usd;

/// Share of the drawdown limit that may be used freely; growth beyond it is penalised.
pub const FREE_DRAWDOWN: f64 = 0.30;
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
    /// Terms of a step; `excess` is the drawdown used beyond [`FREE_DRAWDOWN`], before and after it.
    #[inline(always)]
    pub fn new(
        s: &SimSettings,
        equity_change: Usd,
        bonus: Usd,
        (excess_before, excess_after): (f64, f64),
        breached: bool,
    ) -> Self {
        let growth = (excess_after - excess_before).max(0.0);
        Self {
            equity_change,
            bonus,
            drawdown_penalty: s.drawdown_weight * growth * s.drawdown_limit.dollars(),
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
        let units = total / s.reward_unit_usd;
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
            RewardTerms::new(&s, Usd::ZERO, Usd::ZERO, (0.2, 0.2), false).reward(&s),
            (0.0, 0.0)
        );
        assert_eq!(
            RewardTerms::new(&s, Usd::whole(100), Usd::ZERO, (0.2, 0.1), false).reward(&s),
            (1.0, 0.0)
        );
        let falling = RewardTerms::new(&s, Usd::whole(-250), Usd::ZERO, (0.1, 0.2), false);
        assert!((falling.reward(&s).0 + 2.5 + 0.5 * 0.1 * 25.0).abs() < 1e-6);
        assert_eq!(
            RewardTerms::new(&s, Usd::whole(-2_000), Usd::ZERO, (0.0, 0.0), true).reward(&s),
            (-10.0, 2_000.0)
        );
    }
}
