//! Wilson's score interval for a proportion, without continuity correction.
//!
//! `(p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)` with z = 1.96 at 95%. It stays
//! inside 0 to 1 and does not collapse at 0 or n successes. `None` without trials. Reference:
//! E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

/// A 95% interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// Quantile of the normal distribution that leaves 2.5% above it.
pub fn z95() -> f64 {
    Normal::standard().inverse_cdf(0.975)
}

/// 95% interval of a proportion from successes and trials; `None` unless `successes <= trials`.
pub fn wilson(successes: u64, trials: u64) -> Option<Interval> {
    if trials == 0 || successes > trials {
        return None;
    }
    let (n, z) = (trials as f64, z95());
    let p = successes as f64 / n;
    let z2 = z * z / n;
    let centre = p + z2 / 2.0;
    let spread = z * (p * (1.0 - p) / n + z2 / (4.0 * n)).sqrt();
    Some(Interval {
        lower: ((centre - spread) / (1.0 + z2)).max(0.0),
        upper: ((centre + spread) / (1.0 + z2)).min(1.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_trials_there_is_none() {
        assert_eq!(wilson(0, 0), None);
        assert_eq!(wilson(3, 2), None);
    }

    #[test]
    fn agrees_with_newcombe() {
        // R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        for (x, n, lower, upper) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let i = wilson(x, n).unwrap();
            assert!((i.lower - lower).abs() < 6e-5, "{x} of {n}: {i:?}");
            assert!((i.upper - upper).abs() < 6e-5, "{x} of {n}: {i:?}");
        }
    }
}
