//! The curriculum: what is made easier, and for how long, as one pure function of progress.
//!
//! `p` is steps done over steps planned, in `[0, 1]`. Training asks this function at every
//! update, and the panel draws its sliders' effect with the same one.

use serde::{Deserialize, Serialize};

use super::settings::SettingProblem;
use crate::units::Usd;

/// Which of the two training phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// HOLD, BUY, SELL with fixed stops and targets.
    Entries,
    /// All six actions.
    Management,
}

impl Phase {
    /// 1 or 2.
    pub fn number(self) -> u8 {
        if self == Self::Entries { 1 } else { 2 }
    }
}

/// Part of a phase, for colours and checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Phase 1.
    Entries,
    /// Phase 2A: every help in full.
    BootCamp,
    /// Phase 2B: helps fade.
    Intermediate,
    /// Phase 2C: the real thing.
    Production,
}

impl Stage {
    /// Its name on screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Entries => "1 Entries",
            Self::BootCamp => "2A Boot Camp",
            Self::Intermediate => "2B Intermediate",
            Self::Production => "2C Production",
        }
    }
}

/// Phase 1: cheap trading at first, an entry bonus that soon fades, a wide drawdown limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EntriesCurriculum {
    /// Dollars per side at the start.
    pub commission_start_usd: f64,
    /// Progress until which it stays there.
    pub commission_rise_from: f64,
    /// Progress at which it is the instrument's own.
    pub commission_full_at: f64,
    /// Dollars per executed entry at the start.
    pub entry_bonus_usd: f64,
    /// Progress at which the entry bonus is 0.
    pub entry_bonus_zero_at: f64,
    /// Drawdown limit in training, in dollars; evaluation uses the real one.
    pub training_drawdown_limit_usd: f64,
}

impl Default for EntriesCurriculum {
    fn default() -> Self {
        Self {
            commission_start_usd: 0.25,
            commission_rise_from: 0.25,
            commission_full_at: 0.75,
            entry_bonus_usd: 300.0,
            entry_bonus_zero_at: 0.30,
            training_drawdown_limit_usd: 15_000.0,
        }
    }
}

/// Phase 2: Boot Camp, Intermediate, Production.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ManagementCurriculum {
    /// Progress at which Boot Camp ends.
    pub boot_camp_end: f64,
    /// Progress at which Production begins.
    pub production_start: f64,
    /// Share of episodes that start in a forced position, in Boot Camp.
    pub forced_share: f64,
    /// The same at the end of Intermediate.
    pub forced_share_end: f64,
    /// Dollars per executed entry in Boot Camp.
    pub entry_bonus_usd: f64,
    /// Dollars per first use of a management action in a trade, in Boot Camp.
    pub management_bonus_usd: f64,
    /// Dollars of commission per side in Boot Camp.
    pub commission_start_usd: f64,
}

impl Default for ManagementCurriculum {
    fn default() -> Self {
        Self {
            boot_camp_end: 0.20,
            production_start: 0.80,
            forced_share: 0.50,
            forced_share_end: 0.10,
            entry_bonus_usd: 300.0,
            management_bonus_usd: 400.0,
            commission_start_usd: 0.25,
        }
    }
}

/// All sliders of the curriculum.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CurriculumSettings {
    /// Off: full costs and no help from the first step.
    pub enabled: bool,
    /// Phase 1.
    pub entries: EntriesCurriculum,
    /// Phase 2.
    pub management: ManagementCurriculum,
}

impl Default for CurriculumSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            entries: EntriesCurriculum::default(),
            management: ManagementCurriculum::default(),
        }
    }
}

/// The helps in force at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurriculumState {
    /// Where in the phase.
    pub stage: Stage,
    /// Share of episodes that start in a forced position.
    pub forced_share: f64,
    /// Paid per executed entry.
    pub entry_bonus: Usd,
    /// Paid per first use of each management action in a trade.
    pub management_bonus: Usd,
    /// Commission per side per contract.
    pub commission_per_side: Usd,
}

impl CurriculumSettings {
    /// Checks the sliders.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn check(&self) -> Result<(), Vec<SettingProblem>> {
        let (e, m) = (&self.entries, &self.management);
        let mut problems = Vec::new();
        let mut check = |ok: bool, field: &'static str, value: f64, expected: &str| {
            if !ok {
                problems.push(SettingProblem {
                    field,
                    value: value.to_string(),
                    expected: expected.to_owned(),
                });
            }
        };
        let share = |x: f64| (0.0..=1.0).contains(&x);
        let usd = |x: f64| (0.0..=1e6).contains(&x);
        check(
            usd(e.commission_start_usd),
            "entries.commission_start_usd",
            e.commission_start_usd,
            "0 or more dollars",
        );
        check(
            share(e.commission_rise_from),
            "entries.commission_rise_from",
            e.commission_rise_from,
            "a share from 0 to 1",
        );
        check(
            share(e.commission_full_at) && e.commission_full_at >= e.commission_rise_from,
            "entries.commission_full_at",
            e.commission_full_at,
            "a share from commission_rise_from to 1",
        );
        check(
            usd(e.entry_bonus_usd),
            "entries.entry_bonus_usd",
            e.entry_bonus_usd,
            "0 or more dollars",
        );
        check(
            share(e.entry_bonus_zero_at),
            "entries.entry_bonus_zero_at",
            e.entry_bonus_zero_at,
            "a share from 0 to 1",
        );
        check(
            e.training_drawdown_limit_usd > 0.0 && usd(e.training_drawdown_limit_usd),
            "entries.training_drawdown_limit_usd",
            e.training_drawdown_limit_usd,
            "more than 0 dollars",
        );
        check(
            share(m.boot_camp_end),
            "management.boot_camp_end",
            m.boot_camp_end,
            "a share from 0 to 1",
        );
        check(
            share(m.production_start) && m.production_start >= m.boot_camp_end,
            "management.production_start",
            m.production_start,
            "a share from boot_camp_end to 1",
        );
        check(
            share(m.forced_share),
            "management.forced_share",
            m.forced_share,
            "a share from 0 to 1",
        );
        check(
            share(m.forced_share_end),
            "management.forced_share_end",
            m.forced_share_end,
            "a share from 0 to 1",
        );
        check(
            usd(m.entry_bonus_usd),
            "management.entry_bonus_usd",
            m.entry_bonus_usd,
            "0 or more dollars",
        );
        check(
            usd(m.management_bonus_usd),
            "management.management_bonus_usd",
            m.management_bonus_usd,
            "0 or more dollars",
        );
        check(
            usd(m.commission_start_usd),
            "management.commission_start_usd",
            m.commission_start_usd,
            "0 or more dollars",
        );
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    /// The helps at progress `p` of a phase, for a contract whose own commission is given.
    pub fn state(&self, phase: Phase, own_commission: Usd, p: f64) -> CurriculumState {
        let own = own_commission.dollars();
        let stage = match phase {
            Phase::Entries => Stage::Entries,
            Phase::Management if p < self.management.boot_camp_end => Stage::BootCamp,
            Phase::Management if p < self.management.production_start => Stage::Intermediate,
            Phase::Management => Stage::Production,
        };
        let none = CurriculumState {
            stage,
            forced_share: 0.0,
            entry_bonus: Usd::ZERO,
            management_bonus: Usd::ZERO,
            commission_per_side: own_commission,
        };
        if !self.enabled {
            return none;
        }
        let (e, m) = (&self.entries, &self.management);
        let fade = ramp(p, m.boot_camp_end, m.production_start);
        match stage {
            Stage::Entries => CurriculumState {
                entry_bonus: Usd::from_dollars(mix(
                    e.entry_bonus_usd,
                    0.0,
                    ramp(p, 0.0, e.entry_bonus_zero_at),
                )),
                commission_per_side: Usd::from_dollars(mix(
                    e.commission_start_usd,
                    own,
                    ramp(p, e.commission_rise_from, e.commission_full_at),
                )),
                ..none
            },
            Stage::BootCamp | Stage::Intermediate => CurriculumState {
                forced_share: mix(m.forced_share, m.forced_share_end, fade),
                entry_bonus: Usd::from_dollars(mix(m.entry_bonus_usd, 0.0, fade)),
                management_bonus: Usd::from_dollars(mix(m.management_bonus_usd, 0.0, fade)),
                commission_per_side: Usd::from_dollars(mix(m.commission_start_usd, own, fade)),
                ..none
            },
            Stage::Production => none,
        }
    }
}

/// 0 before `from`, 1 from `to` on, linear between.
fn ramp(p: f64, from: f64, to: f64) -> f64 {
    if p >= to {
        1.0
    } else {
        ((p - from) / (to - from)).max(0.0)
    }
}

fn mix(a: f64, b: f64, t: f64) -> f64 {
    a + (b - a) * t
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(phase: Phase, p: f64) -> CurriculumState {
        CurriculumSettings::default().state(phase, Usd::from_dollars(2.5), p)
    }

    #[test]
    fn phase_two_follows_the_table() {
        let boot = at(Phase::Management, 0.1);
        assert_eq!(
            (boot.stage, boot.forced_share, boot.entry_bonus.dollars()),
            (Stage::BootCamp, 0.5, 300.0)
        );
        assert_eq!(boot.commission_per_side.dollars(), 0.25);
        let middle = at(Phase::Management, 0.5);
        assert!((middle.forced_share - 0.3).abs() < 1e-12);
        assert_eq!(
            (
                middle.entry_bonus.dollars(),
                middle.management_bonus.dollars()
            ),
            (150.0, 200.0)
        );
        assert_eq!(middle.commission_per_side.dollars(), 1.375);
        let last = at(Phase::Management, 0.8);
        assert_eq!(
            (last.stage, last.forced_share, last.entry_bonus),
            (Stage::Production, 0.0, Usd::ZERO)
        );
        assert_eq!(last.commission_per_side.dollars(), 2.5);
    }

    #[test]
    fn phase_one_follows_its_own() {
        assert_eq!(at(Phase::Entries, 0.0).entry_bonus.dollars(), 300.0);
        assert_eq!(at(Phase::Entries, 0.15).entry_bonus.dollars(), 150.0);
        assert_eq!(at(Phase::Entries, 0.25).commission_per_side.dollars(), 0.25);
        assert_eq!(at(Phase::Entries, 0.5).commission_per_side.dollars(), 1.375);
        assert_eq!(at(Phase::Entries, 0.9).commission_per_side.dollars(), 2.5);
    }

    #[test]
    fn degenerate_bounds_do_not_divide_by_zero() {
        let mut s = CurriculumSettings::default();
        s.management.boot_camp_end = 0.0;
        s.management.production_start = 0.0;
        s.entries.entry_bonus_zero_at = 0.0;
        assert!(s.check().is_ok());
        assert_eq!(
            s.state(Phase::Entries, Usd::ZERO, 0.0).entry_bonus,
            Usd::ZERO
        );
        assert_eq!(
            s.state(Phase::Management, Usd::ZERO, 0.0).stage,
            Stage::Production
        );
    }
}
