//! Floor.
use crate::sim::{FloorMode, LockOffset, Referee, SimSettings};
use crate::units::Usd;
use serde::{Deserialize, Serialize};
/// Floor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrailingFloor {
    mode: FloorMode,
    limit: Usd,
    lock: Option<Usd>,
    cap: Usd,
    floor: Usd,
    peak: Usd,
}
impl TrailingFloor {
    /// From settings.
    pub fn from_settings(s: &SimSettings) -> Self {
        let lock = match s.lock_offset {
            LockOffset::At(x) => Some(x),
            LockOffset::Never => None,
        };
        Self {
            mode: s.floor_mode,
            limit: s.drawdown_limit,
            lock,
            cap: Usd(i64::MAX),
            floor: Usd::ZERO,
            peak: Usd::ZERO,
        }
    }
    fn raise(&mut self, to: Usd) {
        self.floor = self.floor.max((to - self.limit).min(self.cap));
    }
}
impl Referee for TrailingFloor {
    fn start(&mut self, b: Usd) {
        self.cap = self.lock.map_or(Usd(i64::MAX), |l| b + l);
        self.peak = b;
        self.floor = b - self.limit;
    }
    fn new_day(&mut self, b: Usd) {
        if self.mode == FloorMode::Eod {
            self.raise(b);
        }
    }
    fn best(&mut self, e: Usd) {
        self.peak = self.peak.max(e);
        if self.mode == FloorMode::Intraday {
            self.raise(e);
        }
    }
    fn floor(&self) -> Usd {
        self.floor
    }
    fn peak(&self) -> Usd {
        self.peak
    }
    fn limit(&self) -> Usd {
        self.limit
    }
}
