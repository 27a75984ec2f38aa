//! Ruin: whether a row of results brings an account down to its trailing floor.
//!
//! The floor starts `limit` below the start balance, follows the highest equity, and stops at
//! `start + lock_offset` where there is one. Inside a step (a trade or a day) the order of its
//! best and worst equity is not known; the worst is tested against the floor from before the
//! step, and the balance after it against the floor that its best has raised. So what is called
//! ruin here must have happened, whatever the order; the true risk is at least that.

use serde::Serialize;

/// A trailing floor in dollars.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct TrailingLimit {
    /// Distance from the highest equity.
    pub limit_usd: f64,
    /// Above the start balance by this much the floor rises no more; `None` for no lock.
    pub lock_offset_usd: Option<f64>,
}

impl Default for TrailingLimit {
    /// The account of the default rule set: 2 500 dollars, locked 100 above the start.
    fn default() -> Self {
        Self {
            limit_usd: 2_500.0,
            lock_offset_usd: Some(100.0),
        }
    }
}

/// One result and how far equity strayed on the way to it, in dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Step {
    /// Net profit.
    pub pnl: f64,
    /// Largest open loss, 0 or more.
    pub worst: f64,
    /// Largest open profit, 0 or more.
    pub best: f64,
}

/// An account on its way, relative to its start balance.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    /// Profit so far in dollars.
    pub pnl: f64,
    /// Largest fall of the closed balance from its highest point.
    pub max_drawdown: f64,
    /// Whether the floor was reached.
    pub ruined: bool,
    closed_peak: f64,
    peak: f64,
    limit: TrailingLimit,
}

impl Walk {
    /// A fresh account.
    pub fn new(limit: TrailingLimit) -> Self {
        Self {
            pnl: 0.0,
            max_drawdown: 0.0,
            ruined: false,
            closed_peak: 0.0,
            peak: 0.0,
            limit,
        }
    }

    fn floor(&self) -> f64 {
        let trailing = self.peak - self.limit.limit_usd;
        self.limit
            .lock_offset_usd
            .map_or(trailing, |lock| trailing.min(lock))
    }

    /// Takes one result. The walk goes on after ruin, so that paths can be compared.
    pub fn step(&mut self, s: Step) {
        self.ruined |= self.pnl - s.worst <= self.floor();
        self.peak = self.peak.max(self.pnl + s.best);
        self.pnl += s.pnl;
        self.peak = self.peak.max(self.pnl);
        self.ruined |= self.pnl <= self.floor();
        self.closed_peak = self.closed_peak.max(self.pnl);
        self.max_drawdown = self.max_drawdown.max(self.closed_peak - self.pnl);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(steps: &[Step]) -> Walk {
        let limit = TrailingLimit {
            limit_usd: 100.0,
            lock_offset_usd: Some(10.0),
        };
        let mut w = Walk::new(limit);
        steps.iter().for_each(|&s| w.step(s));
        w
    }

    fn step(pnl: f64, worst: f64, best: f64) -> Step {
        Step { pnl, worst, best }
    }

    #[test]
    fn nothing_happens_to_an_idle_account() {
        assert!(!walk(&[]).ruined);
        assert!(!walk(&[Step::default(); 5]).ruined);
    }

    #[test]
    fn open_losses_and_given_back_profits_reach_the_floor() {
        assert!(walk(&[step(5.0, 100.0, 5.0)]).ruined);
        assert!(!walk(&[step(5.0, 99.0, 5.0)]).ruined);
        // 60 up inside the step, 45 down at its end: 105 from the peak.
        assert!(walk(&[step(-45.0, 45.0, 60.0)]).ruined);
        assert!(!walk(&[step(-35.0, 35.0, 60.0)]).ruined);
    }

    #[test]
    fn the_floor_locks() {
        let up = step(300.0, 0.0, 300.0);
        assert!(
            !walk(&[up, step(-280.0, 280.0, 0.0)]).ruined,
            "20 is above the lock at 10"
        );
        assert!(walk(&[up, step(-290.0, 290.0, 0.0)]).ruined);
        assert_eq!(walk(&[up, step(-280.0, 280.0, 0.0)]).max_drawdown, 280.0);
    }
}
