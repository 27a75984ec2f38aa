//! Canonical bars: columns of whole-tick prices, sorted and unique by open time.

use super::{Instrument, Roll};
use crate::units::Ticks;

/// Why bars are not canonical. Indices count bars from 0.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BarError {
    /// No bars at all.
    #[error("there are no bars")]
    Empty,
    /// Columns of different lengths.
    #[error("the columns differ in length")]
    Ragged,
    /// A bar opens at or before the one in front of it.
    #[error("bar {bar} opens at {time}, not after the bar before it")]
    NotSorted {
        /// Index of the bar.
        bar: usize,
        /// Its open time.
        time: String,
    },
    /// High and low do not enclose open and close, or a price is not positive.
    #[error(
        "bar {bar} at {time} has prices that contradict each other (open {open}, high {high}, low {low}, close {close}, in ticks)"
    )]
    BadPrices {
        /// Index of the bar.
        bar: usize,
        /// Its open time.
        time: String,
        /// Open in ticks.
        open: Ticks,
        /// High in ticks.
        high: Ticks,
        /// Low in ticks.
        low: Ticks,
        /// Close in ticks.
        close: Ticks,
    },
}

/// Bars of one instrument. All columns have one entry per bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// The contract.
    pub instrument: Instrument,
    /// Seconds that a bar covers.
    pub interval_secs: i64,
    /// Unix seconds (UTC) at which each bar opens.
    pub open_time: Vec<i64>,
    /// Opens in ticks.
    pub open: Vec<Ticks>,
    /// Highs in ticks.
    pub high: Vec<Ticks>,
    /// Lows in ticks.
    pub low: Vec<Ticks>,
    /// Closes in ticks.
    pub close: Vec<Ticks>,
    /// Contracts traded; 0 where the source has none.
    pub volume: Vec<f64>,
    /// Changes of contract, in order of time; empty for a single contract and where none are known.
    pub rolls: Vec<Roll>,
}

impl Bars {
    /// No bars of an instrument yet.
    pub fn empty(instrument: Instrument, interval_secs: i64) -> Self {
        Self {
            instrument,
            interval_secs,
            open_time: Vec::new(),
            open: Vec::new(),
            high: Vec::new(),
            low: Vec::new(),
            close: Vec::new(),
            volume: Vec::new(),
            rolls: Vec::new(),
        }
    }

    /// Number of bars.
    pub fn len(&self) -> usize {
        self.open_time.len()
    }

    /// Whether there are no bars.
    pub fn is_empty(&self) -> bool {
        self.open_time.is_empty()
    }

    /// Appends a bar: `[open, high, low, close]` in ticks.
    pub fn push(&mut self, open_time: i64, ohlc: [Ticks; 4], volume: f64) {
        self.open_time.push(open_time);
        self.open.push(ohlc[0]);
        self.high.push(ohlc[1]);
        self.low.push(ohlc[2]);
        self.close.push(ohlc[3]);
        self.volume.push(volume);
    }

    /// Unix seconds at which bar `i` closes.
    pub fn close_time(&self, i: usize) -> i64 {
        self.open_time[i] + self.interval_secs
    }

    /// The bars of a range of indices.
    pub fn slice(&self, range: std::ops::Range<usize>) -> Self {
        Self {
            instrument: self.instrument.clone(),
            interval_secs: self.interval_secs,
            open_time: self.open_time[range.clone()].to_vec(),
            open: self.open[range.clone()].to_vec(),
            high: self.high[range.clone()].to_vec(),
            low: self.low[range.clone()].to_vec(),
            close: self.close[range.clone()].to_vec(),
            volume: self.volume[range.clone()].to_vec(),
            rolls: self.rolls_in(range).to_vec(),
        }
    }

    /// The changes of contract between the bars of a range: the first bar of a range is no change.
    pub fn rolls_in(&self, range: std::ops::Range<usize>) -> &[Roll] {
        if range.is_empty() {
            return &[];
        }
        let (first, last) = (self.open_time[range.start], self.open_time[range.end - 1]);
        let from = self.rolls.partition_point(|r| r.time <= first);
        let to = self.rolls.partition_point(|r| r.time <= last);
        &self.rolls[from..to.max(from)]
    }

    /// Checks everything that the simulator relies on.
    ///
    /// # Errors
    /// The first fault found.
    pub fn validate(&self) -> Result<(), BarError> {
        let n = self.len();
        if n == 0 {
            return Err(BarError::Empty);
        }
        if [
            self.open.len(),
            self.high.len(),
            self.low.len(),
            self.close.len(),
            self.volume.len(),
        ] != [n; 5]
        {
            return Err(BarError::Ragged);
        }
        for i in 0..n {
            let time = || crate::time::format_utc(self.open_time[i]);
            if i > 0 && self.open_time[i] <= self.open_time[i - 1] {
                return Err(BarError::NotSorted {
                    bar: i,
                    time: time(),
                });
            }
            let (o, h, l, c) = (self.open[i], self.high[i], self.low[i], self.close[i]);
            if l < 1 || l > o.min(c) || h < o.max(c) || h > i32::MAX / 4 {
                return Err(BarError::BadPrices {
                    bar: i,
                    time: time(),
                    open: o,
                    high: h,
                    low: l,
                    close: c,
                });
            }
        }
        Ok(())
    }

    /// The most frequent distance of successive open times, the smaller on a tie; `None` below two bars.
    pub fn most_frequent_interval(open_time: &[i64]) -> Option<i64> {
        let mut counts = std::collections::BTreeMap::<i64, usize>::new();
        let mut gaps = open_time
            .windows(2)
            .map(|w| w[1] - w[0])
            .filter(|&g| g > 0)
            .peekable();
        // Equal gaps follow each other for hours: the map is asked once a run.
        while let Some(gap) = gaps.next() {
            let run = 1 + std::iter::from_fn(|| gaps.next_if_eq(&gap)).count();
            *counts.entry(gap).or_default() += run;
        }
        let mut best: Option<(usize, i64)> = None;
        for (gap, count) in counts {
            if best.is_none_or(|(most, _)| count > most) {
                best = Some((count, gap));
            }
        }
        best.map(|(_, gap)| gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Instruments;

    #[test]
    fn the_interval_is_the_most_frequent_gap_and_the_smaller_on_a_tie() {
        assert_eq!(
            Bars::most_frequent_interval(&[0, 60, 120, 400, 460]),
            Some(60)
        );
        assert_eq!(Bars::most_frequent_interval(&[0, 60, 180]), Some(60));
        assert_eq!(Bars::most_frequent_interval(&[5]), None);
    }

    #[test]
    fn contradicting_bars_are_named() {
        let nq = Instruments::builtin().get("NQ").unwrap().clone();
        let mut bars = Bars::empty(nq, 60);
        assert_eq!(bars.validate(), Err(BarError::Empty));
        bars.push(0, [100, 101, 99, 100], 1.0);
        bars.push(60, [100, 99, 98, 99], 1.0);
        assert!(matches!(
            bars.validate(),
            Err(BarError::BadPrices { bar: 1, .. })
        ));
        bars.high[1] = 100;
        assert_eq!(bars.validate(), Ok(()));
        bars.open_time[1] = 0;
        assert!(matches!(
            bars.validate(),
            Err(BarError::NotSorted { bar: 1, .. })
        ));
    }
}
