//! Finer bars attached to coarser ones: what happened inside a bar, in which order.
//!
//! A coarse bar is only resolved by finer bars that tell the same story: their first open, highest
//! high, lowest low and last close are its own. Where they differ (another contract, an adjusted
//! series, missing seconds) the bar is reported and stays as it is. Finer bars outside every coarse
//! bar are left out. What an account does with them is the simulator's affair.

use std::ops::Range;
use std::sync::Arc;

use super::Bars;
use crate::units::Ticks;

/// Why finer bars cannot be attached at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FinerError {
    /// Two markets.
    #[error(
        "the finer bars are of {finer}, the bars of {coarse}; choose finer bars of the same market"
    )]
    OtherMarket {
        /// Market of the coarse bars.
        coarse: String,
        /// Market of the finer bars.
        finer: String,
    },
    /// The finer interval does not divide the coarse one.
    #[error(
        "bars of {finer} s cannot be inside bars of {coarse} s; expected a shorter interval that divides it"
    )]
    Interval {
        /// Seconds of a coarse bar.
        coarse: i64,
        /// Seconds of a finer bar.
        finer: i64,
    },
    /// More finer bars than can be indexed.
    #[error("{0} finer bars are more than can be attached; cut them to the span of the bars")]
    TooMany(usize),
}

/// A coarse bar that its finer bars contradict. Prices are `[open, high, low, close]` in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disagreement {
    /// Index of the coarse bar.
    pub bar: usize,
    /// Its prices.
    pub coarse: [Ticks; 4],
    /// What the finer bars make together.
    pub finer: [Ticks; 4],
}

/// Which finer bars resolve each coarse bar.
#[derive(Debug, Clone, PartialEq)]
pub struct FinerBars {
    bars: Arc<Bars>,
    /// First and end index of the finer bars of each coarse bar; equal where there are none to trust.
    inside: Vec<(u32, u32)>,
    disagreements: Vec<Disagreement>,
    without: usize,
}

impl FinerBars {
    /// Attaches finer bars of the same market to coarse bars. Both are canonical: sorted and unique.
    ///
    /// # Errors
    /// For another market, an interval that does not divide the coarse one, and beyond 4 billion bars.
    pub fn attach(coarse: &Bars, finer: impl Into<Arc<Bars>>) -> Result<Self, FinerError> {
        let finer = finer.into();
        // A micro has the prices of its mini.
        let family = |b: &Bars| {
            let i = &b.instrument;
            i.micro_of.clone().unwrap_or_else(|| i.symbol.clone())
        };
        if family(coarse) != family(&finer) {
            return Err(FinerError::OtherMarket {
                coarse: coarse.instrument.symbol.clone(),
                finer: finer.instrument.symbol.clone(),
            });
        }
        let (wide, narrow) = (coarse.interval_secs, finer.interval_secs);
        if narrow < 1 || narrow >= wide || wide % narrow != 0 {
            return Err(FinerError::Interval {
                coarse: wide,
                finer: narrow,
            });
        }
        if u32::try_from(finer.len()).is_err() {
            return Err(FinerError::TooMany(finer.len()));
        }
        let mut out = Self {
            inside: Vec::with_capacity(coarse.len()),
            disagreements: Vec::new(),
            without: 0,
            bars: finer,
        };
        let times = &out.bars.open_time;
        let mut at = 0;
        for i in 0..coarse.len() {
            let skip =
                |from: usize, to: i64| from + times[from..].iter().take_while(|&&t| t < to).count();
            let first = skip(at, coarse.open_time[i]);
            let end = skip(first, coarse.close_time(i));
            at = end;
            let Some(whole) = together(&out.bars, first..end) else {
                out.without += 1;
                out.inside.push((first as u32, first as u32));
                continue;
            };
            let own = [
                coarse.open[i],
                coarse.high[i],
                coarse.low[i],
                coarse.close[i],
            ];
            if whole == own {
                out.inside.push((first as u32, end as u32));
            } else {
                out.inside.push((first as u32, first as u32));
                out.disagreements.push(Disagreement {
                    bar: i,
                    coarse: own,
                    finer: whole,
                });
            }
        }
        Ok(out)
    }

    /// The finer bars.
    pub fn bars(&self) -> &Bars {
        &self.bars
    }

    /// The finer bars that make up a coarse bar, in order of time; empty where there are none, or
    /// where they contradict it.
    pub fn inside(&self, coarse_bar: usize) -> Range<usize> {
        self.inside
            .get(coarse_bar)
            .map_or(0..0, |&(a, b)| a as usize..b as usize)
    }

    /// Number of coarse bars.
    pub fn n_coarse(&self) -> usize {
        self.inside.len()
    }

    /// Coarse bars that finer bars resolve.
    pub fn n_resolved(&self) -> usize {
        self.inside.len() - self.without - self.disagreements.len()
    }

    /// Coarse bars without any finer bar.
    pub fn n_without(&self) -> usize {
        self.without
    }

    /// Coarse bars that their finer bars contradict, in order.
    pub fn disagreements(&self) -> &[Disagreement] {
        &self.disagreements
    }
}

/// Open, high, low and close of a range of bars taken as one; `None` for none.
pub(super) fn together(bars: &Bars, range: Range<usize>) -> Option<[Ticks; 4]> {
    let high = *bars.high[range.clone()].iter().max()?;
    let low = *bars.low[range.clone()].iter().min()?;
    Some([bars.open[range.start], high, low, bars.close[range.end - 1]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Instruments;

    fn bars(market: &str, interval: i64, rows: &[(i64, [i32; 4])]) -> Bars {
        let market = Instruments::builtin().get(market).unwrap().clone();
        let mut bars = Bars::empty(market, interval);
        for &(t, ohlc) in rows {
            bars.push(t, ohlc, 1.0);
        }
        bars
    }

    #[test]
    fn finer_bars_resolve_only_the_bars_they_agree_with() {
        let coarse = bars(
            "NQ",
            60,
            &[
                (60, [10, 15, 9, 12]),
                (120, [12, 13, 11, 11]),
                (180, [11, 12, 10, 11]),
                (300, [11, 12, 10, 12]),
            ],
        );
        let finer = bars(
            "MNQ",
            20,
            &[
                (0, [9, 9, 9, 9]), // before the first coarse bar
                (60, [10, 15, 10, 11]),
                (80, [11, 11, 9, 10]),
                (100, [10, 12, 10, 12]),
                (120, [12, 14, 11, 11]), // another high
                (240, [11, 99, 10, 11]), // in a hole
                (300, [11, 12, 10, 12]),
            ],
        );
        let f = FinerBars::attach(&coarse, finer).unwrap();
        assert_eq!(f.inside(0), 1..4);
        assert!(f.inside(1).is_empty() && f.inside(2).is_empty());
        assert_eq!(f.inside(3), 6..7);
        assert_eq!((f.n_coarse(), f.n_resolved(), f.n_without()), (4, 2, 1));
        assert_eq!(
            f.disagreements(),
            [Disagreement {
                bar: 1,
                coarse: [12, 13, 11, 11],
                finer: [12, 14, 11, 11]
            }]
        );
    }

    #[test]
    fn other_markets_and_intervals_are_refused() {
        let coarse = bars("NQ", 60, &[(60, [1, 1, 1, 1])]);
        let err =
            |market, interval| FinerBars::attach(&coarse, bars(market, interval, &[])).unwrap_err();
        assert!(matches!(err("ES", 1), FinerError::OtherMarket { .. }));
        for interval in [0, 7, 60, 300] {
            assert!(matches!(err("NQ", interval), FinerError::Interval { .. }));
        }
    }
}
