//! What a made-up market is made of, and the presets by name.

use serde::{Deserialize, Serialize};

use super::generate::generate;
use crate::market::{Bars, SessionCalendar};
use crate::time::TradingDay;

/// A recipe that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RecipeError {
    /// No preset of that name.
    #[error("there is no market recipe \"{name}\"; known are {known}")]
    UnknownPreset {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// No recipe for that contract.
    #[error("there is no recipe for market \"{symbol}\"; known are {known}")]
    UnknownMarket {
        /// What was asked for.
        symbol: String,
        /// The symbols there are.
        known: String,
    },
    /// A value makes no sense.
    #[error("recipe: {field} = {value}: expected {expected}")]
    Value {
        /// Key of the value.
        field: &'static str,
        /// What was written.
        value: String,
        /// What would do.
        expected: &'static str,
    },
}

/// The part of the price's drift that can be foreseen.
///
/// Sizes are in standard deviations of the current minute, so the same at noon and at the open.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Trend {
    /// No drift at all: a martingale.
    None,
    /// A hidden drift that wanders around zero and is drawn anew each session.
    Drifting {
        /// Its standard deviation.
        sd: f64,
        /// Minutes after which half of it is forgotten.
        half_life_minutes: f64,
    },
    /// A hidden drift of constant size that changes its sign now and then.
    Switching {
        /// Its size.
        size: f64,
        /// Mean minutes between changes of sign.
        mean_minutes: f64,
    },
}

/// Everything that determines a made-up market. The same recipe makes the same bars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketRecipe {
    /// Name of the preset that it started from.
    pub preset: String,
    /// Contract whose ticks are used.
    pub symbol: String,
    /// Seed of all streams. Markets with one seed share regimes, volatility and part of their moves.
    pub seed: u64,
    /// First trading day.
    pub first_day: TradingDay,
    /// Last trading day.
    pub last_day: TradingDay,
    /// Price at the start, in points.
    pub start_price: f64,
    /// Standard deviation of a usual session, in steps of the hidden walk.
    pub session_sd_steps: f64,
    /// Steps of the hidden walk to a tick.
    pub steps_per_tick: i32,
    /// Share of steps taken from the stream that all markets of a seed have in common.
    pub common_share: f64,
    /// Contracts of a usual session.
    pub session_volume: f64,
    /// Whether volatility clusters, regimes of several days come and go, and the price gaps
    /// between sessions. Without it every step is independent of all others.
    pub weather: bool,
    /// The foreseeable part of the drift.
    pub trend: Trend,
    /// Share of every move that is taken back again over the next minutes.
    pub reversion_share: f64,
    /// Minutes after which half of that has been taken back.
    pub reversion_half_life_minutes: f64,
    /// Mean number of holes in a session.
    pub holes_per_session: f64,
    /// Points by which the price jumps when the contract rolls, four times a year.
    pub roll_jump: f64,
}

/// What a market looks like: symbols, start price, steps to a tick, share in common, volume.
const MARKETS: &[(&[&str], f64, i32, f64, f64)] = &[
    (&["NQ", "MNQ"], 17_000.0, 1, 1.0, 550_000.0),
    (&["ES", "MES"], 4_800.0, 4, 0.9, 1_300_000.0),
    (&["YM", "MYM"], 38_000.0, 2, 0.8, 140_000.0),
    (&["RTY", "M2K"], 2_050.0, 3, 0.7, 170_000.0),
];

/// Names of the presets.
pub const PRESETS: [&str; 5] = ["sample", "driftless", "planted_edge", "gappy", "roll"];

/// Seed of the sample files.
pub const SAMPLE_SEED: u64 = 2024;

impl MarketRecipe {
    /// A preset for a market over 2024.
    ///
    /// - `sample`: volatility in clusters, regimes, gaps between sessions and a mild edge, the
    ///   hidden [`Trend::Drifting`]; see [`sample`].
    /// - `driftless`: a walk of independent, symmetric steps. Nothing can be earned: any policy
    ///   loses its costs.
    /// - `planted_edge`: a strong hidden drift of known size, plain to see in the distance to the
    ///   20-bar mean; [`super::planted_rule`] knows what to do.
    /// - `gappy`: the sample with missing minutes, some of them at the session's end.
    /// - `roll`: the sample with a jump at each quarterly change of contract.
    ///
    /// # Errors
    /// When preset or market are unknown.
    pub fn preset(name: &str, symbol: &str, seed: u64) -> Result<Self, RecipeError> {
        let wanted = symbol.to_ascii_uppercase();
        let market = MARKETS.iter().find(|m| m.0.contains(&wanted.as_str()));
        let &(_, start_price, steps_per_tick, common_share, session_volume) =
            market.ok_or_else(|| RecipeError::UnknownMarket {
                symbol: symbol.to_owned(),
                known: MARKETS
                    .iter()
                    .flat_map(|m| m.0)
                    .copied()
                    .collect::<Vec<_>>()
                    .join(", "),
            })?;
        let mut recipe = Self {
            preset: name.to_owned(),
            symbol: wanted,
            seed,
            first_day: TradingDay(19_724), // 2024-01-02
            last_day: TradingDay(20_088),  // 2024-12-31
            start_price,
            session_sd_steps: 480.0,
            steps_per_tick,
            common_share,
            session_volume,
            weather: true,
            trend: Trend::Drifting {
                sd: 0.14,
                half_life_minutes: 60.0,
            },
            reversion_share: 0.25,
            reversion_half_life_minutes: 4.0,
            holes_per_session: 0.0,
            roll_jump: 0.0,
        };
        match name {
            "sample" => {}
            "driftless" => {
                recipe.weather = false;
                recipe.trend = Trend::None;
                recipe.reversion_share = 0.0;
            }
            "planted_edge" => {
                recipe.weather = false;
                recipe.reversion_share = 0.0;
                recipe.trend = Trend::Switching {
                    size: 0.5,
                    mean_minutes: 90.0,
                };
            }
            "gappy" => recipe.holes_per_session = 4.0,
            "roll" => recipe.roll_jump = 0.011 * start_price,
            _ => {
                return Err(RecipeError::UnknownPreset {
                    name: name.to_owned(),
                    known: PRESETS.join(", "),
                });
            }
        }
        Ok(recipe)
    }

    /// What a person means by a name: `sample` with the spans of the sample files, any other
    /// preset over 2024 with the sample's seed. Hyphens do for underscores.
    ///
    /// # Errors
    /// When preset or market are unknown.
    pub fn named(name: &str, symbol: &str) -> Result<Self, RecipeError> {
        match name.replace('-', "_").as_str() {
            "sample" => sample(symbol),
            other => Self::preset(other, symbol, SAMPLE_SEED),
        }
    }

    /// The bars, in the exchange's own sessions.
    ///
    /// # Errors
    /// When a value of the recipe makes no sense.
    pub fn generate(&self) -> Result<Bars, RecipeError> {
        generate(self, &SessionCalendar::builtin()).map(|made| made.bars)
    }

    /// The same recipe over other trading days, both included.
    pub fn over(mut self, first: TradingDay, last: TradingDay) -> Self {
        (self.first_day, self.last_day) = (first, last);
        self
    }

    /// Checks every value.
    ///
    /// # Errors
    /// The first value that makes no sense.
    pub fn check(&self) -> Result<(), RecipeError> {
        let within = |x: f64, lo: f64, hi: f64| x.is_finite() && x >= lo && x <= hi;
        let days = i64::from(self.last_day.0) - i64::from(self.first_day.0);
        let (size, time) = match self.trend {
            Trend::None => (0.0, 1.0),
            Trend::Drifting {
                sd,
                half_life_minutes,
            } => (sd, half_life_minutes),
            Trend::Switching { size, mean_minutes } => (size, mean_minutes),
        };
        let per_tick = f64::from(self.steps_per_tick);
        if !(0..=36_525).contains(&days) {
            let expected = "a day not before first_day and at most a hundred years after it";
            return Err(RecipeError::Value {
                field: "last_day",
                value: self.last_day.to_string(),
                expected,
            });
        }
        let ranges = [
            (
                "start_price",
                self.start_price,
                1e-6,
                1e7,
                "a positive price",
            ),
            (
                "session_sd_steps",
                self.session_sd_steps,
                10.0,
                5_000.0,
                "10 to 5000",
            ),
            ("steps_per_tick", per_tick, 1.0, 100.0, "1 to 100"),
            (
                "common_share",
                self.common_share,
                0.0,
                1.0,
                "a share from 0 to 1",
            ),
            (
                "session_volume",
                self.session_volume,
                0.0,
                1e9,
                "0 or more contracts",
            ),
            (
                "reversion_share",
                self.reversion_share,
                0.0,
                0.9,
                "a share from 0 to 0.9",
            ),
            (
                "reversion_half_life_minutes",
                self.reversion_half_life_minutes,
                0.5,
                1e4,
                "0.5 minutes or more",
            ),
            (
                "holes_per_session",
                self.holes_per_session,
                0.0,
                100.0,
                "0 to 100",
            ),
            (
                "roll_jump",
                self.roll_jump,
                -1e6,
                1e6,
                "a distance in points",
            ),
            (
                "trend",
                size,
                0.0,
                2.0,
                "a size of 0 to 2 standard deviations of a minute",
            ),
            ("trend", time, 1.0, 1e5, "1 minute or more"),
        ];
        match ranges
            .into_iter()
            .find(|&(_, x, lo, hi, _)| !within(x, lo, hi))
        {
            Some((field, x, _, _, expected)) => Err(RecipeError::Value {
                field,
                value: x.to_string(),
                expected,
            }),
            None => Ok(()),
        }
    }
}

/// The recipe of a sample file: NQ over 2024, the other markets over its last three months.
///
/// The edge: a hidden drift of about a tenth of a minute's standard deviation, with a half-life
/// of an hour, drawn anew each session, stronger in trending weeks and weaker in ranging ones.
/// It shows in return, momentum, MACD and the distance to the 20-bar mean, where most of what
/// is seen is still noise. What a simple rule earns from it is measured in the tests beside
/// [`super::sample_rule`].
///
/// # Errors
/// When the market has no recipe.
pub fn sample(symbol: &str) -> Result<MarketRecipe, RecipeError> {
    let recipe = MarketRecipe::preset("sample", symbol, SAMPLE_SEED)?;
    let whole_year = recipe.symbol == "NQ" || recipe.symbol == "MNQ";
    let (from, last) = (TradingDay(19_997), recipe.last_day); // 2024-10-01
    Ok(if whole_year {
        recipe
    } else {
        recipe.over(from, last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_of_every_market_is_sound() {
        for name in PRESETS {
            for symbol in ["NQ", "ES", "YM", "RTY", "MNQ", "MES", "MYM", "M2K"] {
                MarketRecipe::preset(name, symbol, 1)
                    .unwrap()
                    .check()
                    .unwrap();
            }
        }
        assert_eq!(
            MarketRecipe::named("planted-edge", "nq"),
            MarketRecipe::preset("planted_edge", "NQ", SAMPLE_SEED)
        );
        assert_eq!(MarketRecipe::named("sample", "ES"), sample("ES"));
        assert!(
            MarketRecipe::preset("x", "NQ", 1)
                .unwrap_err()
                .to_string()
                .contains("planted_edge")
        );
        assert!(
            MarketRecipe::preset("sample", "GC", 1)
                .unwrap_err()
                .to_string()
                .contains("M2K")
        );
    }

    #[test]
    fn the_sample_spans_are_those_documented() {
        let span = |s: &str| {
            let r = sample(s).unwrap();
            (r.first_day.to_string(), r.last_day.to_string())
        };
        assert_eq!(
            span("NQ"),
            ("2024-01-02".to_owned(), "2024-12-31".to_owned())
        );
        assert_eq!(
            span("rty"),
            ("2024-10-01".to_owned(), "2024-12-31".to_owned())
        );
    }

    #[test]
    fn recipes_read_and_write_and_refuse_nonsense() {
        let recipe = sample("ES").unwrap();
        let text = toml::to_string(&recipe).unwrap();
        assert_eq!(toml::from_str::<MarketRecipe>(&text).unwrap(), recipe);
        let bad = MarketRecipe {
            common_share: f64::NAN,
            ..recipe
        };
        assert!(
            bad.check()
                .unwrap_err()
                .to_string()
                .contains("common_share = NaN")
        );
    }
}
