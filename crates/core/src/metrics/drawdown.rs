//! Drawdowns: how far an account fell from its highest point, how long, and how often.
//!
//! The series is a row of points, each with a best and a worst value; a path of balances has
//! both equal. Inside a point the best comes first. An episode runs from its peak to the first
//! point back at or above it; its length counts points, the peak's being 0. One that never
//! recovers runs to the end of the series. The largest drawdown in dollars and the largest as
//! a share of its peak are each their own maximum. Reference: M. Magdon-Ismail and A. Atiya,
//! "Maximum Drawdown", Risk, 2004.

use serde::Serialize;

use super::sharpe::DAYS_PER_YEAR;

/// One fall from a peak and, where it came, the recovery. Indices count points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Episode {
    /// The peak.
    pub start: usize,
    /// The deepest point.
    pub trough: usize,
    /// First point back at or above the peak; `None` while open.
    pub recovery: Option<usize>,
    /// Last point of the episode: the recovery, or the last of the series.
    pub end: usize,
    /// Value at the peak.
    pub peak: f64,
    /// Depth in the unit of the series.
    pub depth: f64,
}

impl Episode {
    /// Points from the peak to the end.
    pub fn length(&self) -> usize {
        self.end - self.start
    }

    /// Depth as a share of the peak; `None` when that is not positive.
    pub fn fraction(&self) -> Option<f64> {
        (self.peak > 0.0).then(|| self.depth / self.peak)
    }
}

/// All drawdowns of a series.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Drawdowns {
    /// In order of time.
    pub episodes: Vec<Episode>,
    /// Largest depth in the unit of the series; 0 without a drawdown.
    pub max: f64,
    /// Largest depth as a share of its peak; 0 without a drawdown, `None` while no peak was positive.
    pub max_fraction: Option<f64>,
    /// Points below the peak.
    pub points_under_water: usize,
    /// Points of the series.
    pub points: usize,
}

impl Drawdowns {
    /// Drawdowns of a path of values.
    pub fn of_path(path: &[f64]) -> Self {
        Self::of_points(path.iter().map(|&v| (v, v)))
    }

    /// Drawdowns of points given as (best, worst), the best reached first.
    pub fn of_points(points: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut all = Self::default();
        let mut open: Option<Episode> = None;
        let (mut peak, mut peak_at) = (f64::NEG_INFINITY, 0);
        for (i, (best, worst)) in points.enumerate() {
            all.points = i + 1;
            if best >= peak {
                if let Some(mut episode) = open.take() {
                    episode.recovery = Some(i);
                    episode.end = i;
                    all.episodes.push(episode);
                }
                (peak, peak_at) = (best, i);
            }
            let depth = (peak - worst).max(0.0);
            if peak > 0.0 {
                let fraction = depth / peak;
                all.max_fraction = Some(all.max_fraction.map_or(fraction, |m| m.max(fraction)));
            }
            if worst < peak {
                all.points_under_water += 1;
                all.max = all.max.max(depth);
                let fresh = Episode {
                    start: peak_at,
                    trough: i,
                    recovery: None,
                    end: i,
                    peak,
                    depth: 0.0,
                };
                let episode = open.get_or_insert(fresh);
                if depth > episode.depth {
                    episode.depth = depth;
                    episode.trough = i;
                }
            }
        }
        if let Some(mut episode) = open {
            episode.end = all.points - 1;
            all.episodes.push(episode);
        }
        all
    }

    /// The deepest episode, the first of equals.
    pub fn deepest(&self) -> Option<&Episode> {
        let deeper = |a: &&Episode, b: &&Episode| a.depth.total_cmp(&b.depth);
        self.episodes.iter().rev().max_by(deeper)
    }

    /// The deepest episodes first, at most `n`, earlier ones first among equals.
    pub fn worst(&self, n: usize) -> Vec<Episode> {
        let mut sorted = self.episodes.clone();
        sorted.sort_by(|a, b| b.depth.total_cmp(&a.depth));
        sorted.truncate(n);
        sorted
    }
}

/// One drawdown as it is written to files.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EpisodeRecord {
    /// Day or time of the peak; `None` when that is the start balance.
    pub start: Option<String>,
    /// Day or time of the deepest point.
    pub trough: Option<String>,
    /// Day or time of the recovery; `None` while open.
    pub recovery: Option<String>,
    /// Depth in dollars.
    pub depth_usd: f64,
    /// Depth as a share of the peak.
    pub depth_fraction: Option<f64>,
    /// Points from the peak to the end.
    pub length: usize,
    /// Points from the trough to the recovery.
    pub recovery_points: Option<usize>,
}

/// Drawdown statistics of one series.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DrawdownStats {
    /// What one point is: `day` or `bar`.
    pub point: &'static str,
    /// Largest drawdown in dollars.
    pub max_usd: f64,
    /// Largest drawdown as a share of its peak; `None` when no peak is positive.
    pub max_fraction: Option<f64>,
    /// Mean depth of the episodes in dollars.
    pub average_usd: Option<f64>,
    /// Episodes.
    pub count: usize,
    /// Episodes per 252 days.
    pub per_year: Option<f64>,
    /// Points of the longest episode.
    pub longest: Option<usize>,
    /// Points from trough to recovery of the deepest episode; `None` while open.
    pub recovery: Option<usize>,
    /// Share of points below the peak.
    pub time_under_water: Option<f64>,
    /// The ten deepest.
    pub worst: Vec<EpisodeRecord>,
}

impl DrawdownStats {
    /// Statistics of drawdowns over `days` trading days.
    ///
    /// `label` names a point by its index; index 0 is the start balance.
    pub fn new(
        all: &Drawdowns,
        point: &'static str,
        days: usize,
        label: impl Fn(usize) -> Option<String>,
    ) -> Self {
        let count = all.episodes.len();
        let depth: f64 = all.episodes.iter().map(|e| e.depth).sum();
        let record = |e: &Episode| EpisodeRecord {
            start: label(e.start),
            trough: label(e.trough),
            recovery: e.recovery.and_then(&label),
            depth_usd: e.depth,
            depth_fraction: e.fraction(),
            length: e.length(),
            recovery_points: e.recovery.map(|r| r - e.trough),
        };
        let share = all.points_under_water as f64 / all.points as f64;
        Self {
            point,
            max_usd: all.max,
            max_fraction: all.max_fraction,
            average_usd: (count > 0).then(|| depth / count as f64),
            count,
            per_year: (days > 0).then(|| count as f64 * DAYS_PER_YEAR / days as f64),
            longest: all.episodes.iter().map(Episode::length).max(),
            recovery: all.deepest().and_then(|e| e.recovery.map(|r| r - e.trough)),
            time_under_water: (all.points > 0).then_some(share),
            worst: all.worst(10).iter().map(record).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_and_flat() {
        assert_eq!(Drawdowns::of_path(&[]), Drawdowns::default());
        let flat = Drawdowns::of_path(&[5.0; 4]);
        assert_eq!((flat.episodes.len(), flat.max), (0, 0.0));
        let stats = DrawdownStats::new(&flat, "day", 3, |_| None);
        assert_eq!((stats.average_usd, stats.longest), (None, None));
        assert_eq!(stats.time_under_water, Some(0.0));
    }

    #[test]
    fn by_hand() {
        // Start 100; falls 10 and recovers exactly; then falls 20 of 120 and stays open.
        let path = [100.0, 100.0, 95.0, 90.0, 100.0, 120.0, 100.0, 110.0];
        let all = Drawdowns::of_path(&path);
        assert_eq!(all.episodes.len(), 2);
        let first = all.episodes[0];
        assert_eq!(
            (first.start, first.trough, first.recovery, first.depth),
            (1, 3, Some(4), 10.0)
        );
        assert_eq!(first.length(), 3);
        let second = all.episodes[1];
        assert_eq!(
            (second.start, second.trough, second.recovery, second.end),
            (5, 6, None, 7)
        );
        let stats = DrawdownStats::new(&all, "day", 7, |i| (i > 0).then(|| i.to_string()));
        assert_eq!((stats.max_usd, stats.average_usd), (20.0, Some(15.0)));
        assert!((stats.max_fraction.unwrap() - 20.0 / 120.0).abs() < 1e-15);
        assert_eq!(stats.recovery, None, "the deepest episode is still open");
        assert_eq!(stats.time_under_water, Some(4.0 / 8.0));
        assert_eq!(stats.per_year, Some(2.0 * 252.0 / 7.0));
        assert_eq!(stats.worst[0].trough.as_deref(), Some("6"));
    }

    #[test]
    fn dollars_and_share_are_each_their_own_maximum() {
        let all = Drawdowns::of_path(&[10.0, 8.0, 100.0, 85.0]);
        assert_eq!((all.max, all.max_fraction), (15.0, Some(0.2)));
        let below = Drawdowns::of_path(&[-10.0, -15.0]);
        assert_eq!(
            (below.max, below.max_fraction),
            (5.0, None),
            "no share of a debt"
        );
    }

    #[test]
    fn inside_a_point_the_best_comes_first() {
        let all = Drawdowns::of_points([(100.0, 100.0), (110.0, 95.0), (110.0, 108.0)].into_iter());
        assert_eq!(all.max, 15.0);
        assert_eq!(all.episodes.len(), 2, "110 again recovers and begins anew");
        assert_eq!(all.episodes[0].start, 1);
    }
}
