//! Which features there are and how an observation is laid out.
//!
//! A family of features is one file with a `FAMILY` constant and one line in [`FAMILIES`]; the
//! matrix, the observation, its documentation and the hash in checkpoints follow from there.

use super::matrix::Context;
use super::{clock, future, macd, momentum, moving_average, price_change, rsi, volatility, volume};

/// Bars that an observation shows.
pub const WINDOW: usize = 20;

/// Version of the layout's rules; part of its hash.
const LAYOUT_VERSION: u32 = 1;

/// One family of features: a few columns computed together.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Name of the family.
    pub name: &'static str,
    /// Raised whenever a value of it changes its meaning.
    pub version: u32,
    /// Names of its columns.
    pub columns: &'static [&'static str],
    /// Computes the columns, one value a bar, NaN while undefined.
    pub compute: fn(&Context) -> Vec<Vec<f64>>,
}

/// The families that the agent sees, in order.
pub const FAMILIES: &[Family] = &[
    price_change::FAMILY,
    volume::FAMILY,
    moving_average::FAMILY,
    rsi::FAMILY,
    macd::FAMILY,
    momentum::FAMILY,
    volatility::FAMILY,
    clock::FAMILY,
];

/// What an observation says once, after its window: position, management and account, validity.
pub const ACCOUNT_FEATURES: [&str; 13] = [
    "side",
    "profit_atr",
    "to_stop_atr",
    "to_target_atr",
    "ln_bars_held",
    "trailing",
    "profit_r",
    "stop_at_break_even",
    "drawdown_used",
    "room_left",
    "may_enter",
    "may_break_even",
    "may_trail",
];

/// The families of one run.
#[derive(Clone, Debug)]
pub struct FeatureSet {
    families: Vec<Family>,
}

impl Default for FeatureSet {
    fn default() -> Self {
        Self {
            families: FAMILIES.to_vec(),
        }
    }
}

impl FeatureSet {
    /// The standard set with the next bar's return leaked into it, for the learner's self-test.
    pub fn with_leaked_future() -> Self {
        let mut set = Self::default();
        set.families.push(future::LEAKED_FUTURE);
        set
    }

    /// The families in order.
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// Names of all columns in order.
    pub fn names(&self) -> Vec<String> {
        self.families
            .iter()
            .flat_map(|f| f.columns)
            .map(|&c| c.to_owned())
            .collect()
    }

    /// The observation that these features make.
    pub fn layout(&self) -> ObsLayout {
        ObsLayout {
            window: WINDOW,
            features: self.names(),
            account: ACCOUNT_FEATURES.len(),
            hash: self.hash(),
        }
    }

    fn hash(&self) -> u64 {
        let mut text = format!("layout {LAYOUT_VERSION} window {WINDOW}");
        for f in &self.families {
            text.push_str(&format!(
                " | {} {} {}",
                f.name,
                f.version,
                f.columns.join(" ")
            ));
        }
        text.push_str(&format!(" | account {}", ACCOUNT_FEATURES.join(" ")));
        // FNV-1a, 64 bits: the same on every machine and for ever.
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
        })
    }
}

/// Where each number of an observation stands: `window` rows of features, oldest first, then
/// the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObsLayout {
    /// Bars in the window.
    pub window: usize,
    /// Names of the features of a bar.
    pub features: Vec<String>,
    /// Numbers about the account.
    pub account: usize,
    hash: u64,
}

impl Default for ObsLayout {
    fn default() -> Self {
        FeatureSet::default().layout()
    }
}

impl ObsLayout {
    /// Numbers in an observation.
    pub fn obs_len(&self) -> usize {
        self.window * self.features.len() + self.account
    }

    /// Index of the first number about the account.
    pub fn account_offset(&self) -> usize {
        self.window * self.features.len()
    }

    /// Identifies names, order, window and meaning; a checkpoint refuses another.
    pub fn layout_hash(&self) -> String {
        format!("{:016x}", self.hash)
    }

    /// The name of each number: `return[-19]` … `to_flat_by[0]`, then those of the account.
    pub fn names(&self) -> Vec<String> {
        let rows = (0..self.window).rev().map(|ago| {
            if ago == 0 {
                "0".to_owned()
            } else {
                format!("-{ago}")
            }
        });
        let bars = rows.flat_map(|ago| self.features.iter().map(move |f| format!("{f}[{ago}]")));
        bars.chain(ACCOUNT_FEATURES.iter().map(|&a| a.to_owned()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standard_observation_has_233_numbers_with_distinct_names() {
        let layout = ObsLayout::default();
        assert_eq!(
            (
                layout.features.len(),
                layout.obs_len(),
                layout.account_offset()
            ),
            (11, 233, 220)
        );
        let mut names = layout.names();
        assert_eq!(names.len(), 233);
        assert_eq!(
            (names[0].as_str(), names[219].as_str(), names[220].as_str()),
            ("return[-19]", "to_flat_by[0]", "side")
        );
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 233);
    }

    #[test]
    fn the_hash_knows_names_order_and_versions() {
        let plain = FeatureSet::default();
        // Checkpoints out in the world carry this value: a change of it makes them unreadable.
        assert_eq!(plain.layout().layout_hash(), "0994c432231dcfb2");
        let mut other = plain.clone();
        other.families[0].version += 1;
        assert_ne!(plain.hash(), other.hash());
        let mut other = plain.clone();
        other.families.swap(0, 1);
        assert_ne!(plain.hash(), other.hash());
        assert_ne!(plain.hash(), FeatureSet::with_leaked_future().hash());
    }
}
