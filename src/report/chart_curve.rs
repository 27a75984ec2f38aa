//! Series of points that stay cheap to draw at any zoom.
//!
//! A [`Curve`] holds coarser copies of itself in which every group of neighbours is replaced
//! by its lowest and highest point; a [`Ribbon`] (a low and a high per x) and bars of prices
//! likewise. A drawer asks for a window and a number of points and gets a slice; extremes of
//! the window are never lost.

/// Points of a level that are folded into one group of the next.
const GROUP: usize = 8;
/// Below this many points no coarser level is made.
const SMALLEST: usize = 2_048;

/// Points sorted by x, with coarser levels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curve {
    levels: Vec<Vec<[f64; 2]>>,
}

impl Curve {
    /// Builds the levels. Points with a coordinate that is not finite are left out; the rest is sorted by x.
    pub fn new(points: Vec<[f64; 2]>) -> Self {
        let mut points = points;
        points.retain(|p| p[0].is_finite() && p[1].is_finite());
        if !points.is_sorted_by(|a, b| a[0] <= b[0]) {
            points.sort_by(|a, b| a[0].total_cmp(&b[0]));
        }
        let mut levels = vec![points];
        while let Some(last) = levels.last().filter(|l| l.len() > SMALLEST) {
            let coarse = fold(last);
            levels.push(coarse);
        }
        Self { levels }
    }

    /// Appends a point at the end; a point that is not finite or lies before the last one is ignored.
    pub fn push(&mut self, x: f64, y: f64) {
        if !x.is_finite() || !y.is_finite() || self.x_range().is_some_and(|r| x < r[1]) {
            return;
        }
        if self.levels.is_empty() {
            self.levels.push(Vec::new());
        }
        self.levels[0].push([x, y]);
        // Coarser levels lag behind by a thousandth at most, which is less than a pixel.
        let n = self.levels[0].len();
        if n > SMALLEST && n.is_multiple_of(n / 1_024) {
            let points = std::mem::take(&mut self.levels[0]);
            *self = Self::new(points);
        }
    }

    /// All points.
    pub fn points(&self) -> &[[f64; 2]] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.points().len()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.points().is_empty()
    }

    /// First and last x.
    pub fn x_range(&self) -> Option<[f64; 2]> {
        let p = self.points();
        Some([p.first()?[0], p.last()?[0]])
    }

    /// Lowest and highest y.
    pub fn y_range(&self) -> Option<[f64; 2]> {
        let coarsest = self.levels.last()?;
        let tail = &self.points()[self.len().saturating_sub(GROUP * GROUP * GROUP)..];
        range_of(coarsest.iter().chain(tail).map(|p| p[1]))
    }

    /// At most about `max` points (never more than the coarsest level has) whose x lies in `lo..=hi`,
    /// with one neighbour on each side so that a line reaches the edges.
    pub fn pick(&self, lo: f64, hi: f64, max: usize) -> &[[f64; 2]] {
        let mut best: &[[f64; 2]] = &[];
        for (k, level) in self.levels.iter().enumerate() {
            best = cut(level, lo, hi, |p| p[0]);
            if best.len() <= max || k + 1 == self.levels.len() {
                break;
            }
        }
        best
    }

    /// The y of the last point at or before `x`.
    pub fn at(&self, x: f64) -> Option<f64> {
        let p = self.points();
        p.partition_point(|q| q[0] <= x)
            .checked_sub(1)
            .map(|i| p[i][1])
    }
}

/// Replaces each group of neighbours by its lowest and highest point, in order of x.
fn fold(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut out = Vec::with_capacity(points.len() / 4 + 2);
    for group in points.chunks(GROUP) {
        let (mut low, mut high) = (0, 0);
        for (i, p) in group.iter().enumerate() {
            if p[1] < group[low][1] {
                low = i;
            }
            if p[1] > group[high][1] {
                high = i;
            }
        }
        out.push(group[low.min(high)]);
        if low != high {
            out.push(group[low.max(high)]);
        }
    }
    out
}

/// A low and a high per x: `[x, low, high]`, with coarser levels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ribbon {
    levels: Vec<Vec<[f64; 3]>>,
}

impl Ribbon {
    /// Builds the levels from `[x, low, high]` sorted by x. Entries that are not finite are left out.
    pub fn new(entries: Vec<[f64; 3]>) -> Self {
        let mut entries = entries;
        entries.retain(|e| e.iter().all(|v| v.is_finite()));
        let mut levels = vec![entries];
        while let Some(last) = levels.last().filter(|l| l.len() > SMALLEST) {
            let coarse: Vec<[f64; 3]> = last
                .chunks(4)
                .map(|g| {
                    g.iter()
                        .fold([g[0][0], f64::INFINITY, f64::NEG_INFINITY], |a, e| {
                            [a[0], a[1].min(e[1]), a[2].max(e[2])]
                        })
                })
                .collect();
            levels.push(coarse);
        }
        Self { levels }
    }

    /// All entries.
    pub fn entries(&self) -> &[[f64; 3]] {
        self.levels.first().map_or(&[], Vec::as_slice)
    }

    /// First and last x.
    pub fn x_range(&self) -> Option<[f64; 2]> {
        let e = self.entries();
        Some([e.first()?[0], e.last()?[0]])
    }

    /// Lowest low and highest high.
    pub fn y_range(&self) -> Option<[f64; 2]> {
        range_of(self.levels.last()?.iter().flat_map(|e| [e[1], e[2]]))
    }

    /// As [`Curve::pick`].
    pub fn pick(&self, lo: f64, hi: f64, max: usize) -> &[[f64; 3]] {
        let mut best: &[[f64; 3]] = &[];
        for (k, level) in self.levels.iter().enumerate() {
            best = cut(level, lo, hi, |e| e[0]);
            if best.len() <= max || k + 1 == self.levels.len() {
                break;
            }
        }
        best
    }
}

fn cut<T>(level: &[T], lo: f64, hi: f64, x: impl Fn(&T) -> f64) -> &[T] {
    let from = level.partition_point(|p| x(p) < lo).saturating_sub(1);
    let to = (level.partition_point(|p| x(p) <= hi) + 1).min(level.len());
    &level[from.min(to)..to]
}

fn range_of(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    values.fold(None, |range: Option<[f64; 2]>, v| {
        Some(range.map_or([v, v], |[a, b]| [a.min(v), b.max(v)]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(n: usize) -> Vec<[f64; 2]> {
        let mut state = 7_u64;
        (0..n)
            .map(|i| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                [
                    i as f64,
                    (state >> 40) as f64 - (i as f64 / 50.0).sin() * 1e6,
                ]
            })
            .collect()
    }

    fn extremes(p: &[[f64; 2]], lo: f64, hi: f64) -> (f64, f64) {
        p.iter()
            .filter(|p| p[0] >= lo && p[0] <= hi)
            .fold((f64::MAX, f64::MIN), |(a, b), p| (a.min(p[1]), b.max(p[1])))
    }

    #[test]
    fn a_window_keeps_its_extremes_and_stays_small() {
        let points = wave(300_000);
        let curve = Curve::new(points.clone());
        for (lo, hi) in [
            (0.0, 299_999.0),
            (1_234.0, 290_000.0),
            (100_000.0, 100_500.0),
        ] {
            let picked = curve.pick(lo, hi, 4_000);
            assert!(picked.len() <= 4_002, "{} points", picked.len());
            let (low, high) = extremes(&points, lo, hi);
            let seen = picked
                .iter()
                .fold((f64::MAX, f64::MIN), |(a, b), p| (a.min(p[1]), b.max(p[1])));
            assert!(
                seen.0 <= low && seen.1 >= high,
                "{lo}..{hi}: {seen:?} does not hold {low}..{high}"
            );
        }
        assert_eq!(
            curve.y_range(),
            Some([extremes(&points, 0.0, 3e5).0, extremes(&points, 0.0, 3e5).1])
        );
    }

    #[test]
    fn growing_point_by_point_keeps_extremes_as_well() {
        let points = wave(20_000);
        let mut grown = Curve::default();
        points.iter().for_each(|p| grown.push(p[0], p[1]));
        assert_eq!(grown.points(), &points[..]);
        let all = extremes(&points, 0.0, 1e9);
        assert_eq!(grown.y_range(), Some([all.0, all.1]));
        let picked = grown.pick(0.0, 20_000.0, 3_000);
        assert!(picked.len() <= 3_000, "{}", picked.len());
        assert!(picked.is_sorted_by(|a, b| a[0] <= b[0]));
    }

    #[test]
    fn what_is_not_finite_is_left_out_and_order_is_made() {
        let c = Curve::new(vec![[2.0, 1.0], [1.0, f64::NAN], [0.0, 5.0]]);
        assert_eq!(c.points(), [[0.0, 5.0], [2.0, 1.0]]);
        assert_eq!((c.at(1.0), c.at(-1.0)), (Some(5.0), None));
        assert_eq!(Curve::default().y_range(), None);
        assert!(Curve::default().pick(0.0, 1.0, 10).is_empty());
    }

    #[test]
    fn ribbons_keep_lows_and_highs() {
        let r = Ribbon::new(
            (0..10_000)
                .map(|i| [f64::from(i), -f64::from(i % 977), f64::from(i % 953)])
                .collect(),
        );
        let picked = r.pick(0.0, 10_000.0, 1_000);
        assert!(picked.len() <= 2_500);
        assert_eq!(r.y_range(), Some([-976.0, 952.0]));
        assert!(picked.iter().any(|e| e[1] <= -976.0));
    }
}
