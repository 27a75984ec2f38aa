//! The trailing floor: one small state machine that ends training episodes and judges reports.
//!
//! `floor = min(high - limit, start + lock)`, never falling, where `high` is the best equity of
//! every bar (intraday), the balance at the end of each trading day (end of day), or the start
//! balance for good (static). The peak follows the best equity in every mode, so that the
//! strict drawdown can be read off the same object. It copies, allocates nothing and inlines.

use serde::{Deserialize, Serialize};

use crate::sim::{FloorMode, LockOffset, Referee, SimSettings};
use crate::units::Usd;

/// A floor that follows an account upwards and never comes down.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrailingFloor {
    limit: Usd,
    /// Lock above the start balance; `None` trails for ever.
    lock: Option<Usd>,
    mode: FloorMode,
    touch_counts: bool,
    floor: Usd,
    peak: Usd,
    /// Highest value the floor may take.
    cap: Usd,
}

impl TrailingFloor {
    /// A floor `limit` dollars under an account that begins with `start`.
    ///
    /// `touch_counts` says whether equity exactly at the floor ends the account.
    pub fn new(
        start: Usd,
        limit: Usd,
        mode: FloorMode,
        lock: LockOffset,
        touch_counts: bool,
    ) -> Self {
        let lock = match lock {
            LockOffset::At(offset) => Some(offset),
            LockOffset::Never => None,
        };
        let mut floor = Self {
            limit,
            lock,
            mode,
            touch_counts,
            floor: Usd::ZERO,
            peak: Usd::ZERO,
            cap: Usd::ZERO,
        };
        floor.start(start);
        floor
    }

    /// The floor that simulator settings ask for, with the account at its start.
    pub fn from_settings(settings: &SimSettings) -> Self {
        Self::new(
            settings.start_balance,
            settings.drawdown_limit,
            settings.floor_mode,
            settings.lock_offset,
            true,
        )
    }

    /// Whether the floor has reached its lock and will never move again.
    pub fn locked(&self) -> bool {
        self.lock.is_some() && self.floor >= self.cap
    }

    /// Dollars between an equity and the floor; 0 or less is a breach where a touch counts.
    #[inline]
    pub fn room(&self, equity: Usd) -> Usd {
        equity - self.floor
    }

    #[inline]
    fn follow(&mut self, high: Usd) {
        let level = (high - self.limit).min(self.cap);
        self.floor = self.floor.max(level);
    }
}

impl Referee for TrailingFloor {
    #[inline]
    fn start(&mut self, balance: Usd) {
        self.cap = self.lock.map_or(Usd(i64::MAX), |lock| balance + lock);
        // A lock under this level holds nothing: the floor never falls to it.
        self.floor = balance - self.limit;
        self.peak = balance;
    }

    #[inline]
    fn new_day(&mut self, balance: Usd) {
        if self.mode == FloorMode::Eod {
            self.follow(balance);
        }
    }

    #[inline]
    fn best(&mut self, equity: Usd) {
        self.peak = self.peak.max(equity);
        if self.mode == FloorMode::Intraday {
            self.follow(equity);
        }
    }

    #[inline]
    fn floor(&self) -> Usd {
        self.floor
    }

    #[inline]
    fn peak(&self) -> Usd {
        self.peak
    }

    #[inline]
    fn limit(&self) -> Usd {
        self.limit
    }

    #[inline]
    fn breached(&self, worst: Usd) -> bool {
        worst < self.floor || (self.touch_counts && worst == self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    fn usd(dollars: i64) -> Usd {
        Usd::whole(dollars)
    }

    fn intraday() -> TrailingFloor {
        TrailingFloor::from_settings(&SimSettings::default())
    }

    #[test]
    fn intraday_floor_follows_the_unrealised_peak_to_its_lock() {
        let mut f = intraday();
        assert_eq!(f.floor(), usd(47_500));
        for (best, floor) in [
            (50_000, 47_500),
            (50_610, 48_110),
            (49_500, 48_110),
            (50_875, 48_375),
            (52_599, 50_099),
            (52_600, 50_100),
            (55_000, 50_100),
        ] {
            f.best(usd(best));
            assert_eq!(f.floor(), usd(floor), "after a best equity of {best}");
        }
        assert!(f.locked());
        assert_eq!(f.peak(), usd(55_000));
    }

    #[test]
    fn the_floor_starts_a_limit_under_the_account_wherever_its_lock_lies() {
        for offset in [-3_000, -2_500, 0, 100] {
            let lock = LockOffset::At(usd(offset));
            let mut f =
                TrailingFloor::new(usd(50_000), usd(2_500), FloorMode::Intraday, lock, true);
            assert_eq!(f.floor(), usd(47_500), "lock at {offset}");
            f.best(usd(60_000));
            assert_eq!(f.floor(), usd(47_500.max(50_000 + offset)));
        }
    }

    #[test]
    fn end_of_day_floor_moves_at_the_next_day_only_and_locks_at_the_start() {
        let mut f = TrailingFloor::new(
            usd(50_000),
            usd(2_000),
            FloorMode::Eod,
            LockOffset::At(Usd::ZERO),
            true,
        );
        f.best(usd(53_000));
        assert_eq!(f.floor(), usd(48_000), "an intraday peak does not move it");
        for (close, floor) in [
            (50_500, 48_500),
            (50_000, 48_500),
            (52_500, 50_000),
            (60_000, 50_000),
        ] {
            f.new_day(usd(close));
            assert_eq!(f.floor(), usd(floor), "after a close at {close}");
        }
        assert_eq!(
            f.peak(),
            usd(53_000),
            "the peak is that of best equity in every mode"
        );
    }

    #[test]
    fn end_of_day_lock_above_the_start_waits_for_its_close() {
        let mut f = TrailingFloor::new(
            usd(50_000),
            usd(2_000),
            FloorMode::Eod,
            LockOffset::At(usd(100)),
            true,
        );
        f.new_day(usd(51_500));
        assert_eq!(f.floor(), usd(49_500));
        f.new_day(usd(52_100));
        assert_eq!(f.floor(), usd(50_100));
        assert!(f.locked());
    }

    #[test]
    fn static_floor_and_endless_trail() {
        let mut s = TrailingFloor::new(
            usd(100_000),
            usd(625),
            FloorMode::Static,
            LockOffset::Never,
            true,
        );
        s.best(usd(120_000));
        s.new_day(usd(120_000));
        assert_eq!(s.floor(), usd(99_375));
        let mut n = TrailingFloor::new(
            usd(50_000),
            usd(2_500),
            FloorMode::Intraday,
            LockOffset::Never,
            true,
        );
        n.best(usd(70_000));
        assert_eq!(n.floor(), usd(67_500));
        assert!(!n.locked());
    }

    #[test]
    fn a_touch_counts_unless_the_rules_say_otherwise() {
        let f = intraday();
        assert!(f.breached(usd(47_500)));
        assert!(!f.breached(Usd(475_000_001)));
        let strict = TrailingFloor::new(
            usd(50_000),
            usd(2_500),
            FloorMode::Intraday,
            LockOffset::Never,
            false,
        );
        assert!(!strict.breached(usd(47_500)));
        assert!(strict.breached(Usd(474_999_999)));
    }

    #[test]
    fn a_new_start_forgets_everything() {
        let mut f = intraday();
        f.best(usd(60_000));
        f.start(usd(50_000));
        assert_eq!(f, intraday());
    }

    proptest! {
        #[test]
        fn the_floor_is_its_formula_and_never_falls(
            bests in proptest::collection::vec(40_000_i64..70_000, 1..40),
        ) {
            let mut f = intraday();
            let mut high = 50_000;
            for best in bests {
                let before = f.floor();
                f.best(usd(best));
                high = high.max(best);
                prop_assert_eq!(f.floor(), usd((high - 2_500).min(50_100)));
                prop_assert!(f.floor() >= before);
                prop_assert_eq!(f.peak(), usd(high));
            }
        }
    }
}
