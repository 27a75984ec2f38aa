//! The shape of a session: how volatility and volume depend on the time of day.
//!
//! Quiet nights, a bump when Europe opens and at 08:30, a peak at 09:30, a lull at noon and a
//! rise into 16:00. Curves are straight lines between hand-set points, New York time.

use crate::time::{FULL_SESSION_SECS, TimeOfDay};

/// Minutes of a full session.
pub const SESSION_MINUTES: usize = FULL_SESSION_SECS as usize / 60;

/// Hour, minute, and the level from there to the next point.
type Curve = &'static [(i32, i32, f64)];

const VOLATILITY: Curve = &[
    (18, 0, 0.95),
    (18, 20, 0.55),
    (20, 0, 0.55),
    (21, 30, 0.45),
    (0, 0, 0.38),
    (2, 0, 0.45),
    (3, 0, 0.85),
    (4, 0, 0.68),
    (6, 0, 0.52),
    (8, 0, 0.62),
    (8, 29, 0.70),
    (8, 30, 1.60),
    (8, 50, 0.85),
    (9, 29, 1.00),
    (9, 30, 3.00),
    (9, 50, 2.50),
    (10, 30, 2.05),
    (11, 30, 1.50),
    (12, 30, 1.18),
    (13, 30, 1.18),
    (14, 30, 1.35),
    (15, 30, 1.60),
    (15, 59, 1.95),
    (16, 0, 1.00),
    (16, 15, 0.50),
    (16, 59, 0.40),
];

const VOLUME: Curve = &[
    (18, 0, 0.60),
    (18, 20, 0.20),
    (20, 0, 0.20),
    (0, 0, 0.12),
    (2, 0, 0.20),
    (3, 0, 0.50),
    (4, 0, 0.38),
    (6, 0, 0.25),
    (8, 0, 0.40),
    (8, 29, 0.45),
    (8, 30, 1.60),
    (8, 50, 0.75),
    (9, 29, 1.10),
    (9, 30, 7.00),
    (9, 50, 4.80),
    (10, 30, 3.40),
    (11, 30, 2.20),
    (12, 30, 1.50),
    (13, 30, 1.55),
    (14, 30, 1.90),
    (15, 30, 2.90),
    (15, 59, 5.60),
    (16, 0, 1.10),
    (16, 15, 0.45),
    (16, 59, 0.15),
];

/// Both curves by minute since the roll, scaled to a full session.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Standard deviation of each minute; the squares add up to 1.
    pub volatility: Vec<f64>,
    /// Share of the volume in each minute; adds up to 1.
    pub volume: Vec<f64>,
}

impl Profile {
    /// The profile of an equity-index future.
    pub fn equity_index() -> Self {
        let mut volatility = sampled(VOLATILITY);
        let norm = volatility.iter().map(|v| v * v).sum::<f64>().sqrt();
        volatility.iter_mut().for_each(|v| *v /= norm);
        let mut volume = sampled(VOLUME);
        let sum = volume.iter().sum::<f64>();
        volume.iter_mut().for_each(|v| *v /= sum);
        Self { volatility, volume }
    }
}

fn sampled(curve: Curve) -> Vec<f64> {
    let points: Vec<(f64, f64)> = curve
        .iter()
        .map(|&(h, m, y)| (TimeOfDay::hm(h, m).since_roll() as f64 / 60.0, y))
        .collect();
    let at = |x: f64| {
        let next = points.partition_point(|p| p.0 <= x);
        let (x0, y0) = points[next.saturating_sub(1)];
        let (x1, y1) = points.get(next).copied().unwrap_or((x0 + 1.0, y0));
        y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    };
    (0..SESSION_MINUTES)
        .map(|minute| at(minute as f64))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_open_is_the_peak_and_noon_the_lull_of_the_day_session() {
        let p = Profile::equity_index();
        let minute = |h, m| TimeOfDay::hm(h, m).since_roll() as usize / 60;
        for curve in [&p.volatility, &p.volume] {
            assert_eq!(curve.len(), 1_380);
            let peak = (0..1_380)
                .max_by(|&a, &b| curve[a].total_cmp(&curve[b]))
                .unwrap();
            assert_eq!(peak, minute(9, 30));
            let day = minute(9, 30)..minute(16, 0);
            let lull = day.min_by(|&a, &b| curve[a].total_cmp(&curve[b])).unwrap();
            assert!((minute(12, 0)..minute(13, 45)).contains(&lull));
            assert!(curve.iter().all(|&x| x > 0.0));
        }
        assert!((p.volatility.iter().map(|v| v * v).sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((p.volume.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
