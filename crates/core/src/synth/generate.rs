//! From a recipe to bars.
//!
//! Minute by minute through the exchange's real sessions: a variance from the time of day, the
//! day's weather and bursts of news; a drift from the hidden trend; and a walk of single ticks
//! that turns both into open, high, low and close. Volume follows variance.

use super::day::{DayPlan, day_plans, is_roll_day};
use super::profile::Profile;
use super::recipe::{MarketRecipe, RecipeError, Trend};
use super::walk::Walk;
use crate::market::{Bars, Instruments, SessionCalendar};
use crate::rng::Stream;
use crate::units::Ticks;

/// Seconds of a generated bar.
pub const INTERVAL_SECS: i64 = 60;

/// A generated market and what is hidden in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// The bars.
    pub bars: Bars,
    /// The hidden trend in force during each bar, in standard deviations of that minute.
    pub trend: Vec<f32>,
}

/// Makes the bars of a recipe.
///
/// # Errors
/// When a value of the recipe makes no sense or its contract is unknown.
pub fn generate(
    recipe: &MarketRecipe,
    calendar: &SessionCalendar,
) -> Result<Generated, RecipeError> {
    recipe.check()?;
    let table = Instruments::builtin();
    let instrument = table
        .get(&recipe.symbol)
        .map_err(|_unknown| RecipeError::UnknownMarket {
            symbol: recipe.symbol.clone(),
            known: table
                .iter()
                .map(|i| i.symbol.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        })?;
    let start = (recipe.start_price / instrument.tick_size)
        .round()
        .clamp(1.0, 5e8) as Ticks;
    let roll_jump = (recipe.roll_jump / instrument.tick_size).round() as Ticks;
    let mut maker = Maker {
        recipe,
        profile: Profile::equity_index(),
        start,
        walk: Walk::new(start, recipe.steps_per_tick),
        out: Generated {
            bars: Bars::empty(instrument.clone(), INTERVAL_SECS),
            trend: Vec::new(),
        },
    };
    for (i, plan) in day_plans(recipe.seed, recipe.first_day, recipe.last_day, calendar)
        .iter()
        .enumerate()
    {
        if i > 0 {
            maker.gap(plan);
            if is_roll_day(plan.day) {
                maker.jump(roll_jump);
            }
        }
        maker.session(plan);
    }
    Ok(maker.out)
}

struct Maker<'a> {
    recipe: &'a MarketRecipe,
    profile: Profile,
    start: Ticks,
    walk: Walk,
    out: Generated,
}

/// Log-volatility that clusters inside a session: a slow part, and news that fades fast.
struct Clusters {
    slow: f64,
    news: f64,
}

impl Clusters {
    /// Standard deviation of the slow part, its memory over a minute, and that of news.
    const SLOW_SD: f64 = 0.22;
    const SLOW_KEEP: f64 = 0.985;
    const NEWS_KEEP: f64 = 0.92;

    fn new(s: &mut Stream) -> Self {
        Self {
            slow: Self::SLOW_SD * s.normal(),
            news: 0.0,
        }
    }

    /// The next minute's volatility over what the time of day asks for: mean square near 1.
    fn next(&mut self, s: &mut Stream) -> f64 {
        let kick = (1.0 - Self::SLOW_KEEP * Self::SLOW_KEEP).sqrt();
        self.slow = Self::SLOW_KEEP * self.slow + Self::SLOW_SD * kick * s.normal();
        self.news *= Self::NEWS_KEEP;
        if s.uniform() < 1.0 / 900.0 {
            self.news += 0.6 + 0.6 * s.uniform();
        }
        let quick = 0.26 * s.normal();
        (self.slow + self.news + quick - 0.13).exp().min(5.0)
    }
}

/// The hidden trend of a session.
struct HiddenTrend {
    now: f64,
    kind: Trend,
}

impl HiddenTrend {
    fn new(kind: Trend, s: &mut Stream) -> Self {
        let now = match kind {
            Trend::None => 0.0,
            Trend::Drifting { sd, .. } => sd * s.normal(),
            Trend::Switching { size, .. } => {
                if s.uniform() < 0.5 {
                    size
                } else {
                    -size
                }
            }
        };
        Self { now, kind }
    }

    fn next(&mut self, s: &mut Stream) -> f64 {
        match self.kind {
            Trend::None => {}
            Trend::Drifting {
                sd,
                half_life_minutes,
            } => {
                let keep = 0.5_f64.powf(1.0 / half_life_minutes);
                self.now = keep * self.now + sd * (1.0 - keep * keep).sqrt() * s.normal();
            }
            Trend::Switching { mean_minutes, .. } => {
                if s.uniform() < 1.0 / mean_minutes {
                    self.now = -self.now;
                }
            }
        }
        self.now
    }
}

impl Maker<'_> {
    /// Standard deviation of a usual session in hidden steps at the present price. With weather
    /// it follows the price; without, it is constant unless the price has halved.
    fn session_sd(&self) -> f64 {
        let level = f64::from(self.walk.tick) / f64::from(self.start);
        let factor = if self.recipe.weather {
            level.clamp(0.05, 20.0)
        } else {
            (2.0 * level).clamp(0.05, 1.0)
        };
        self.recipe.session_sd_steps * factor
    }

    fn jump(&mut self, ticks: Ticks) {
        self.walk.tick = (self.walk.tick + ticks).max(self.start / 20).max(1);
    }

    /// The price may open away from the last close, more so after a weekend or a holiday.
    fn gap(&mut self, plan: &DayPlan) {
        if !self.recipe.weather {
            return;
        }
        let share = if plan.days_since_last > 1 { 0.28 } else { 0.04 };
        let common = Stream::new(self.recipe.seed, "synth gap", plan.day.0 as u64).normal();
        let sd_ticks = self.session_sd() * plan.volatility / f64::from(self.recipe.steps_per_tick);
        self.jump((share * sd_ticks * common).round() as Ticks);
    }

    fn session(&mut self, plan: &DayPlan) {
        let recipe = self.recipe;
        let stream = |name: &str| Stream::new(recipe.seed, name, plan.day.0 as u64);
        let own = |what: &str| stream(&format!("synth {what} {}", recipe.symbol));
        let (mut weather, mut hidden) = (stream("synth weather"), stream("synth trend"));
        let (mut own_steps, mut rounding, mut volumes) =
            (own("steps"), own("rounding"), own("volume"));
        let holes = holes(recipe, plan, &mut own("holes"));
        let mask = common_mask(recipe.common_share);
        let mut clusters = Clusters::new(&mut weather);
        let mut trend = HiddenTrend::new(recipe.trend, &mut hidden);
        let session_sd = self.session_sd();
        let keep = 0.5_f64.powf(1.0 / recipe.reversion_half_life_minutes);
        let mut to_take_back = 0.0;
        let (strength, drift) = if recipe.weather {
            (plan.trend_strength(), plan.drift())
        } else {
            (1.0, 0.0)
        };
        for minute in 0..plan.minutes {
            let shape = self.profile.volatility[minute];
            let burst = if recipe.weather {
                plan.volatility * clusters.next(&mut weather)
            } else {
                1.0
            };
            let sd = session_sd * shape * burst;
            let m = strength * trend.next(&mut hidden)
                + if recipe.trend == Trend::None {
                    0.0
                } else {
                    drift * shape
                };
            let steps = stochastic_round(sd * sd, &mut rounding) as u64;
            let taken_back = (1.0 - keep) * to_take_back;
            let push = stochastic_round(m * sd - taken_back, &mut rounding);
            // A minute's common steps are its own stream, so that markets which take different
            // numbers of steps still meet again at the next minute.
            let number = i64::from(plan.day.0) * 1_440 + minute as i64;
            let mut common = Stream::new(recipe.seed, "synth common steps", number as u64);
            let mut bits = || (common.next_u64() & mask) | (own_steps.next_u64() & !mask);
            let before_open = (steps / 48).min(12);
            let before = self.walk;
            self.walk.advance(before_open, 0, &mut bits);
            let open = self.walk.tick;
            let seen = self.walk.advance(steps - before_open, push, &mut bits);
            let floor = (self.start / 20).max(1);
            if seen.low < floor {
                // Only a recipe that runs for decades gets here: the walk stands still at a floor.
                self.walk = Walk::new(before.tick.max(floor), recipe.steps_per_tick);
            }
            let noise = self.walk.steps_since(&before) - push as f64;
            to_take_back = to_take_back - taken_back + recipe.reversion_share * noise;
            let close = self.walk.tick;
            let clamp = |t: Ticks| t.max(floor);
            let moved =
                f64::from((close - open).abs()) * f64::from(recipe.steps_per_tick) / sd.max(1.0);
            let busy = burst * (0.75 + 0.3 * moved) * (0.3 * volumes.normal()).exp();
            let volume = stochastic_round(
                recipe.session_volume * self.profile.volume[minute] * busy,
                &mut volumes,
            );
            if holes.iter().any(|h| h.contains(&minute)) {
                continue;
            }
            let ohlc = [
                clamp(open),
                clamp(seen.high).max(close),
                clamp(seen.low).min(close),
                close,
            ];
            self.out.bars.push(
                plan.roll_utc + minute as i64 * INTERVAL_SECS,
                ohlc,
                volume.max(1) as f64,
            );
            self.out.trend.push(m as f32);
        }
    }
}

/// Rounds up or down at random, so that the mean is kept.
fn stochastic_round(x: f64, s: &mut Stream) -> i64 {
    (x + s.uniform()).floor() as i64
}

/// A word in which about `share` of the bits are set, spread out.
fn common_mask(share: f64) -> u64 {
    let set = (share * 64.0).round() as u64;
    (0..64)
        .filter(|bit| bit * 29 % 64 < set)
        .fold(0, |mask, bit| mask | 1 << bit)
}

/// Ranges of missing minutes; a tenth of the holes takes the session's last minutes.
fn holes(recipe: &MarketRecipe, plan: &DayPlan, s: &mut Stream) -> Vec<std::ops::Range<usize>> {
    let count = stochastic_round(2.0 * recipe.holes_per_session * s.uniform(), s).max(0);
    let hole = |_| {
        let length = 1 + s.below(12) as usize;
        let at_the_end = s.uniform() < 0.1;
        let from = if at_the_end {
            plan.minutes - length.min(3)
        } else {
            s.below(plan.minutes as u64) as usize
        };
        from..from + length
    };
    (0..count).map(hole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_hold_the_share_asked_for() {
        for (share, set) in [(0.0, 0), (0.5, 32), (0.9, 58), (1.0, 64)] {
            assert_eq!(common_mask(share).count_ones(), set);
        }
    }

    #[test]
    fn rounding_keeps_the_mean() {
        let mut s = Stream::new(1, "r", 0);
        let sum: i64 = (0..20_000).map(|_| stochastic_round(-1.3, &mut s)).sum();
        assert!((sum as f64 / 20_000.0 + 1.3).abs() < 0.02);
    }
}
