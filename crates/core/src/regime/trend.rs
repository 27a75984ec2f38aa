//! Trending or ranging, by Wilder's directional index.

use serde::{Deserialize, Serialize};

use crate::features::adx::directional_movement;
use crate::market::Bars;

/// Strength of the trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// ADX 14 above 25.
    Trending,
    /// ADX 14 from 20 to 25.
    Mixed,
    /// ADX 14 under 20.
    Ranging,
}

impl Trend {
    /// All labels.
    pub const ALL: [Self; 3] = [Self::Trending, Self::Mixed, Self::Ranging];

    /// The name used in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trending => "trending",
            Self::Mixed => "mixed",
            Self::Ranging => "ranging",
        }
    }

    /// The label of an ADX; `None` while it is undefined (NaN).
    pub fn of_adx(adx: f64) -> Option<Self> {
        match adx {
            x if x.is_nan() => None,
            x if x > 25.0 => Some(Self::Trending),
            x if x < 20.0 => Some(Self::Ranging),
            _ => Some(Self::Mixed),
        }
    }
}

/// One label a bar.
pub fn label(bars: &Bars) -> Vec<Option<Trend>> {
    directional_movement(bars, 14)
        .adx
        .into_iter()
        .map(Trend::of_adx)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_belong_to_mixed() {
        assert_eq!(
            [19.99, 20.0, 25.0, 25.01].map(Trend::of_adx),
            [Trend::Ranging, Trend::Mixed, Trend::Mixed, Trend::Trending].map(Some)
        );
        assert_eq!(Trend::of_adx(f64::NAN), None);
    }
}
