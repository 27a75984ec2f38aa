//! Bull or bear: on which side of its 200-bar mean the price is, with hysteresis.
//!
//! The label changes only when the close is more than one ATR beyond the mean on the other
//! side, so that a price which hugs its mean does not flicker between the two.

use serde::{Deserialize, Serialize};

use crate::features::atr::wilder_atr_ticks;
use crate::features::moving_average::sma;
use crate::market::Bars;

/// Direction of the longer trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Above the mean.
    Bull,
    /// Below it.
    Bear,
}

impl Direction {
    /// Both labels.
    pub const ALL: [Self; 2] = [Self::Bull, Self::Bear];

    /// The name used in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bull => "bull",
            Self::Bear => "bear",
        }
    }
}

/// One label a bar; `None` until the price has first been an ATR away from its 200-bar mean.
pub fn label(bars: &Bars) -> Vec<Option<Direction>> {
    let close: Vec<f64> = bars.close.iter().map(|&c| f64::from(c)).collect();
    hysteresis(&close, &sma(&close, 200), &wilder_atr_ticks(bars, 14))
}

fn hysteresis(close: &[f64], mean: &[f64], band: &[f64]) -> Vec<Option<Direction>> {
    let mut now = None;
    let mut next = |i: usize| {
        // Comparisons with NaN are false: undefined indicators change nothing.
        if close[i] > mean[i] + band[i] {
            now = Some(Direction::Bull);
        } else if close[i] < mean[i] - band[i] {
            now = Some(Direction::Bear);
        }
        now
    };
    (0..close.len()).map(&mut next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_crossings_change_nothing() {
        use Direction::{Bear, Bull};
        let close = [10.0, 10.5, 12.0, 9.5, 8.0, 10.5, 11.5];
        let labels = hysteresis(
            &close,
            &[f64::NAN, 10.0, 10.0, 10.0, 10.0, 10.0, 10.0],
            &[1.0; 7],
        );
        assert_eq!(
            labels,
            [
                None,
                None,
                Some(Bull),
                Some(Bull),
                Some(Bear),
                Some(Bear),
                Some(Bull)
            ]
        );
    }
}
