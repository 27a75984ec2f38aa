//! Bars joined for every zoom: a pyramid of candles, so that a frame never walks the bars.
//!
//! Level `k` joins `4^k` neighbouring bars into one candle: open of the first, highest high,
//! lowest low, close of the last, sum of volumes. It is built once, where the bars are loaded.

use std::ops::Range;
use std::sync::Arc;

use holdout_core::market::Bars;

/// One or several bars as one candle. Prices in ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candle {
    /// Open of the first bar.
    pub open: i32,
    /// Highest high.
    pub high: i32,
    /// Lowest low.
    pub low: i32,
    /// Close of the last bar.
    pub close: i32,
    /// Sum of volumes.
    pub volume: f64,
}

impl Candle {
    fn of_bar(bars: &Bars, i: usize) -> Self {
        Self {
            open: bars.open[i],
            high: bars.high[i],
            low: bars.low[i],
            close: bars.close[i],
            volume: bars.volume[i],
        }
    }

    fn join(group: &[Self]) -> Self {
        let (first, last) = (group[0], group[group.len() - 1]);
        group.iter().fold(
            Self {
                close: last.close,
                volume: 0.0,
                ..first
            },
            |a, c| Self {
                high: a.high.max(c.high),
                low: a.low.min(c.low),
                volume: a.volume + c.volume,
                ..a
            },
        )
    }
}

/// Bars with coarser levels: a candle of level `k` covers `4^k` bars.
#[derive(Debug, Clone)]
pub struct CandleSet {
    /// The bars.
    pub bars: Arc<Bars>,
    /// Levels 1, 2, 3 …
    levels: Vec<Vec<Candle>>,
}

impl CandleSet {
    /// Builds the levels; a million bars take some 10 ms, so call it where the bars are loaded.
    pub fn new(bars: Arc<Bars>) -> Self {
        let mut levels: Vec<Vec<Candle>> = Vec::new();
        let n = bars.len();
        if n > 64 {
            let four = |k: usize| {
                (4 * k..(4 * k + 4).min(n))
                    .map(|i| Candle::of_bar(&bars, i))
                    .collect::<Vec<_>>()
            };
            levels.push((0..n.div_ceil(4)).map(|k| Candle::join(&four(k))).collect());
        }
        while let Some(last) = levels.last().filter(|l| l.len() > 64) {
            let next = last.chunks(4).map(Candle::join).collect();
            levels.push(next);
        }
        Self { bars, levels }
    }

    /// The level to draw a stretch of bars with at most about `max` candles.
    pub fn level_for(&self, n_bars: f64, max: usize) -> usize {
        (0..=self.levels.len())
            .find(|&k| n_bars / 4_f64.powi(k as i32) <= max as f64)
            .unwrap_or(self.levels.len())
    }

    /// The candles of a level that touch a stretch of bars, each with the first bar it covers.
    pub fn candles(
        &self,
        level: usize,
        bars: Range<usize>,
    ) -> impl Iterator<Item = (usize, Candle)> + '_ {
        let size = 4_usize.pow(level as u32);
        let n = if level == 0 {
            self.bars.len()
        } else {
            self.levels[level - 1].len()
        };
        let (from, to) = (bars.start / size, bars.end.div_ceil(size).min(n));
        (from..to).map(move |k| {
            (
                k * size,
                if level == 0 {
                    Candle::of_bar(&self.bars, k)
                } else {
                    self.levels[level - 1][k]
                },
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdout_core::market::Instruments;

    fn bars(n: usize) -> Arc<Bars> {
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 60);
        for i in 0..n as i32 {
            let p = 10_000 + (i * 7_919) % 401;
            bars.push(
                i64::from(i) * 60,
                [p, p + 5, p - 5, p + 2],
                f64::from(i % 10),
            );
        }
        Arc::new(bars)
    }

    #[test]
    fn joined_candles_keep_open_high_low_close_and_volume() {
        let set = CandleSet::new(bars(5_000));
        let whole = 0..5_000;
        for level in 1..=set.levels.len() {
            let size = 4_usize.pow(level as u32);
            for (first, c) in set.candles(level, whole.clone()) {
                let last = (first + size).min(5_000);
                assert_eq!(c.open, set.bars.open[first]);
                assert_eq!(c.close, set.bars.close[last - 1]);
                assert_eq!(c.high, *set.bars.high[first..last].iter().max().unwrap());
                assert_eq!(c.low, *set.bars.low[first..last].iter().min().unwrap());
                assert_eq!(c.volume, set.bars.volume[first..last].iter().sum::<f64>());
            }
        }
    }

    #[test]
    fn any_stretch_is_drawn_with_few_candles() {
        let set = CandleSet::new(bars(200_000));
        for n in [1_usize, 100, 5_000, 200_000] {
            let level = set.level_for(n as f64, 400);
            let count = set.candles(level, 0..n).count();
            assert!((1..=402).contains(&count), "{n} bars give {count} candles");
        }
    }
}
