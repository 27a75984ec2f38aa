//! A walk that moves one tick at a time, from random bits.
//!
//! A hidden walk takes steps of ±1; after every `steps_per_tick` net steps from the last tick
//! the price moves by one tick. A fair walk makes the ticks an exact martingale that never
//! skips a price, so a stop or target inside the bar is filled at its level and not beyond it.

use crate::units::Ticks;

/// Position of a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walk {
    /// Price.
    pub tick: Ticks,
    /// Hidden steps since the price was there, between -`steps_per_tick` and `steps_per_tick`.
    rest: i32,
    steps_per_tick: i32,
}

/// What one bar's part of the walk did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extremes {
    /// Highest price, the start included.
    pub high: Ticks,
    /// Lowest price, the start included.
    pub low: Ticks,
}

impl Walk {
    /// A walk at a price. `steps_per_tick` below 1 counts as 1.
    pub fn new(tick: Ticks, steps_per_tick: i32) -> Self {
        Self {
            tick,
            rest: 0,
            steps_per_tick: steps_per_tick.max(1),
        }
    }

    /// Net hidden steps from an earlier position of the same walk.
    pub fn steps_since(&self, earlier: &Self) -> f64 {
        let steps = |w: &Self| i64::from(w.tick) * i64::from(w.steps_per_tick) + i64::from(w.rest);
        (steps(self) - steps(earlier)) as f64
    }

    fn step(&mut self, direction: i32) {
        self.rest += direction;
        if self.rest == self.steps_per_tick {
            self.tick += 1;
            self.rest = 0;
        } else if self.rest == -self.steps_per_tick {
            self.tick -= 1;
            self.rest = 0;
        }
    }

    /// Takes `steps` fair steps from `bits` (64 to a word) with `drift` steps of one direction
    /// spread evenly among them.
    pub fn advance(&mut self, steps: u64, drift: i64, mut bits: impl FnMut() -> u64) -> Extremes {
        let mut seen = Extremes {
            high: self.tick,
            low: self.tick,
        };
        let words = steps.div_ceil(64).max(1);
        let (mut left, mut pushed) = (steps, 0);
        let direction = drift.signum() as i32;
        for word in 1..=words {
            let take = left.min(64);
            left -= take;
            let mut random = if take > 0 { bits() } else { 0 };
            for _ in 0..take {
                self.step(((random & 1) << 1) as i32 - 1);
                random >>= 1;
                seen.high = seen.high.max(self.tick);
                seen.low = seen.low.min(self.tick);
            }
            let due = (drift.unsigned_abs() * word).div_ceil(words);
            while pushed < due {
                pushed += 1;
                self.step(direction);
                seen.high = seen.high.max(self.tick);
                seen.low = seen.low.min(self.tick);
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    #[test]
    fn steps_and_drift_are_counted() {
        let mut w = Walk::new(100, 1);
        let seen = w.advance(70, 0, || u64::MAX);
        assert_eq!(
            (w.tick, seen),
            (
                170,
                Extremes {
                    high: 170,
                    low: 100
                }
            )
        );
        let seen = w.advance(64, -5, || 0x5555_5555_5555_5555);
        assert_eq!(
            (w.tick, seen.low),
            (165, 165),
            "alternating steps end where they began"
        );
        let mut idle = Walk::new(7, 1);
        assert_eq!(idle.advance(0, 2, || 0), Extremes { high: 9, low: 7 });
    }

    #[test]
    fn variance_is_steps_over_the_square_of_steps_per_tick() {
        for per_tick in [1, 3] {
            let mut s = Stream::new(1, "walk", 0);
            let (n, steps) = (4_000, 900);
            let mut squares = 0.0;
            for _ in 0..n {
                let mut w = Walk::new(0, per_tick);
                w.advance(steps, 0, || s.next_u64());
                squares += f64::from(w.tick).powi(2);
            }
            let expected = 900.0 / f64::from(per_tick).powi(2);
            assert!((squares / f64::from(n) / expected - 1.0).abs() < 0.1);
        }
    }
}
