//! Made-up markets with known truth.
//!
//! Seeded recipes make minute bars with the exchange's real sessions, so that a learner and a
//! simulator can be tried where the answer is known: a market without an edge, one with a strong
//! planted one, one with holes, and the mild sample market that ships. Prices move one tick at a
//! time inside a bar, so stops and targets fill at their levels and nothing is earned by the
//! coarseness of the path. Nothing here is a model of any real price.

pub mod day;
pub mod generate;
pub mod mirror;
pub mod profile;
pub mod recipe;
pub mod rule;
pub mod walk;

pub use generate::{Generated, generate};
pub use mirror::mirror;
pub use recipe::{MarketRecipe, RecipeError, Trend, sample};
pub use rule::{planted_rule, sample_rule};

#[cfg(test)]
mod truth;
