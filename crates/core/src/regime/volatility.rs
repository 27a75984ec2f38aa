//! High or low volatility: ATR over close against its 75th percentile on the training bars.

use serde::{Deserialize, Serialize};

use crate::features::atr::wilder_atr_ticks;
use crate::market::Bars;

/// Level of volatility.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Volatility {
    /// Above the threshold.
    High,
    /// At or under it.
    Low,
}

impl Volatility {
    /// Both labels.
    pub const ALL: [Self; 2] = [Self::High, Self::Low];

    /// The name used in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high_volatility",
            Self::Low => "low_volatility",
        }
    }
}

/// ATR 14 as a share of the close; NaN while undefined.
pub fn atr_share(bars: &Bars) -> Vec<f64> {
    wilder_atr_ticks(bars, 14)
        .iter()
        .zip(&bars.close)
        .map(|(atr, &close)| atr / f64::from(close))
        .collect()
}

/// The 75th percentile, linear between neighbours; `None` without a defined value.
pub fn threshold(train: &[f64]) -> Option<f64> {
    let mut values: Vec<f64> = train.iter().copied().filter(|x| x.is_finite()).collect();
    values.sort_unstable_by(f64::total_cmp);
    let place = 0.75 * values.len().checked_sub(1)? as f64;
    let (below, above) = (
        values[place.floor() as usize],
        values[place.ceil() as usize],
    );
    Some(below + (above - below) * place.fract())
}

/// The label of a share; `None` while it is undefined (NaN).
pub fn label(share: f64, threshold: f64) -> Option<Volatility> {
    (!share.is_nan()).then_some(if share > threshold {
        Volatility::High
    } else {
        Volatility::Low
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_the_linear_percentile_of_defined_values() {
        assert_eq!(threshold(&[f64::NAN, 4.0, 1.0, 2.0, 3.0]), Some(3.25));
        assert_eq!(threshold(&[7.0]), Some(7.0));
        assert_eq!(threshold(&[f64::NAN]), None);
        assert_eq!(label(3.25, 3.25), Some(Volatility::Low));
        assert_eq!(label(f64::NAN, 1.0), None);
    }
}
