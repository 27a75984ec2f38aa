//! Regimes: what kind of market each bar was in, known at that bar.
//!
//! Four labels a bar: trending or ranging, high or low volatility, bull or bear, time of day.
//! Each uses bars up to its own only; the one fitted number, the volatility threshold, comes
//! from the training bars. Undefined labels (indicators warming up) are `None`.

pub mod direction;
pub mod session;
pub mod trend;
pub mod volatility;

use std::collections::BTreeSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};

pub use direction::Direction;
pub use session::SessionPart;
pub use trend::Trend;
pub use volatility::Volatility;

use crate::market::{Bars, Sessions};

/// The labels of one bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Regime {
    /// Trending, mixed or ranging.
    pub trend: Option<Trend>,
    /// High or low volatility.
    pub volatility: Option<Volatility>,
    /// Bull or bear.
    pub direction: Option<Direction>,
    /// Time of day.
    pub session: SessionPart,
}

/// The labels of every bar of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Regimes {
    /// One entry a bar.
    pub bars: Vec<Regime>,
    /// ATR over close above which volatility is high, from the training bars; `None` when those
    /// are too few for an ATR.
    pub volatility_threshold: Option<f64>,
}

impl Regimes {
    /// Labels all bars; `train` says which of them fit the volatility threshold.
    pub fn label(bars: &Bars, sessions: &Sessions, train: Range<usize>) -> Self {
        let relative = volatility::atr_share(bars);
        let fitted =
            &relative[train.start.min(bars.len())..train.end.clamp(train.start, bars.len())];
        Self::with_threshold(bars, sessions, volatility::threshold(fitted))
    }

    /// Labels all bars with a volatility threshold that was fitted elsewhere; without one no bar
    /// has a label of volatility.
    pub fn with_threshold(bars: &Bars, sessions: &Sessions, threshold: Option<f64>) -> Self {
        let trend = trend::label(bars);
        let relative = volatility::atr_share(bars);
        let direction = direction::label(bars);
        let regime = |i: usize| Regime {
            trend: trend[i],
            volatility: threshold.and_then(|t| volatility::label(relative[i], t)),
            direction: direction[i],
            session: session::label(bars, sessions, i),
        };
        Self {
            bars: (0..bars.len()).map(regime).collect(),
            volatility_threshold: threshold,
        }
    }

    /// Share of the bars in `part` whose combination of trend, volatility and direction never
    /// occurs in `train`; `None` when no bar of `part` has all three.
    pub fn unseen_share(&self, train: Range<usize>, part: Range<usize>) -> Option<f64> {
        let market = |r: &Regime| Some((r.trend?, r.volatility?, r.direction?));
        let of = |range: Range<usize>| {
            self.bars
                .get(range)
                .unwrap_or_default()
                .iter()
                .filter_map(market)
        };
        let seen: BTreeSet<_> = of(train).collect();
        let (mut n, mut unseen) = (0_u64, 0_u64);
        for regime in of(part) {
            n += 1;
            unseen += u64::from(!seen.contains(&regime));
        }
        (n > 0).then(|| unseen as f64 / n as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::SessionCalendar;
    use crate::synth::{MarketRecipe, generate};

    fn sample() -> (Bars, Sessions) {
        let recipe = MarketRecipe::preset("sample", "NQ", 4).unwrap();
        let recipe = recipe.over("2024-02-01".parse().unwrap(), "2024-02-23".parse().unwrap());
        let bars = generate(&recipe, &SessionCalendar::builtin()).unwrap().bars;
        let sessions = Sessions::new(&bars, &SessionCalendar::builtin());
        (bars, sessions)
    }

    #[test]
    fn every_label_occurs_and_high_volatility_is_a_quarter_of_train() {
        let (bars, sessions) = sample();
        let train = 0..bars.len() / 2;
        let r = Regimes::label(&bars, &sessions, train.clone());
        let share = |f: &dyn Fn(&Regime) -> bool| {
            r.bars[train.clone()].iter().filter(|x| f(x)).count() as f64 / train.len() as f64
        };
        assert!((share(&|x| x.volatility == Some(Volatility::High)) - 0.25).abs() < 0.01);
        for t in Trend::ALL {
            assert!(share(&|x| x.trend == Some(t)) > 0.05);
        }
        for d in Direction::ALL {
            assert!(share(&|x| x.direction == Some(d)) > 0.1);
        }
        for s in SessionPart::ALL {
            assert!(share(&|x| x.session == s) > 0.05);
        }
        assert_eq!(r.bars[0].trend, None);
    }

    #[test]
    fn labels_do_not_look_ahead() {
        let (bars, sessions) = sample();
        let whole = Regimes::label(&bars, &sessions, 0..5_000);
        for cut in [5_000, 7_777, 12_345] {
            let part = bars.slice(0..cut);
            let sessions = Sessions::new(&part, &SessionCalendar::builtin());
            let labels = Regimes::label(&part, &sessions, 0..5_000);
            assert_eq!(labels.bars[..], whole.bars[..cut]);
        }
    }

    #[test]
    fn unseen_regimes_are_counted() {
        let regime = |t, v, d| Regime {
            trend: Some(t),
            volatility: v,
            direction: Some(d),
            session: SessionPart::Outside,
        };
        let a = regime(Trend::Trending, Some(Volatility::Low), Direction::Bull);
        let b = regime(Trend::Ranging, Some(Volatility::High), Direction::Bear);
        let undefined = regime(Trend::Ranging, None, Direction::Bear);
        let r = Regimes {
            bars: vec![a, undefined, a, b, b, a, undefined],
            volatility_threshold: Some(0.1),
        };
        assert_eq!(r.unseen_share(0..2, 2..6), Some(0.5));
        assert_eq!(r.unseen_share(0..4, 4..6), Some(0.0));
        assert_eq!(r.unseen_share(0..2, 6..7), None);
        assert_eq!(r.unseen_share(0..2, 6..9), None);
    }

    #[test]
    fn files_that_are_too_short_have_no_labels() {
        let (bars, _) = sample();
        let short = bars.slice(0..10);
        let sessions = Sessions::new(&short, &SessionCalendar::builtin());
        let r = Regimes::label(&short, &sessions, 0..10);
        assert_eq!(r.volatility_threshold, None);
        assert!(
            r.bars
                .iter()
                .all(|x| x.trend.is_none() && x.volatility.is_none() && x.direction.is_none())
        );
    }
}
