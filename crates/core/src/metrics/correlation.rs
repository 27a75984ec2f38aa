//! Pearson's correlation of two series, and the slope of one on the other.
//!
//! `sum((x - mx)(y - my)) / sqrt(sum((x - mx)^2) sum((y - my)^2))`. `None` for series of
//! different length, with fewer than two values, or when one is flat. Reference: K. Pearson,
//! "Notes on regression and inheritance", 1895.

use super::moments::{FLAT, mean};

/// Sums of squares and products about the means: of x, of y, of both.
fn about_means(x: &[f64], y: &[f64]) -> Option<(f64, f64, f64)> {
    if x.len() != y.len() || x.len() < 2 {
        return None;
    }
    let (mx, my) = (mean(x)?, mean(y)?);
    let mut sums = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        let (a, b) = (a - mx, b - my);
        sums.0 += a * a;
        sums.1 += b * b;
        sums.2 += a * b;
    }
    Some(sums)
}

/// Whether a sum of squares about the mean is that of a flat series of `n` values.
fn flat(squares: f64, n: usize) -> bool {
    (squares / n as f64).sqrt() < FLAT
}

/// Correlation, -1 to 1.
pub fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let (xx, yy, xy) = about_means(x, y)?;
    if flat(xx, x.len()) || flat(yy, x.len()) {
        return None;
    }
    Some((xy / xx.sqrt() / yy.sqrt()).clamp(-1.0, 1.0))
}

/// Slope of `y` on `x`: the beta of an account (`y`) to a benchmark (`x`).
pub fn slope(x: &[f64], y: &[f64]) -> Option<f64> {
    let (xx, _, xy) = about_means(x, y)?;
    (!flat(xx, x.len())).then(|| xy / xx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_flat_and_unequal() {
        assert_eq!(correlation(&[], &[]), None);
        assert_eq!(correlation(&[1.0, 2.0], &[1.0]), None);
        assert_eq!(correlation(&[1.0, 2.0], &[3.0, 3.0]), None);
        assert_eq!(slope(&[3.0, 3.0], &[1.0, 2.0]), None);
    }

    #[test]
    fn by_hand() {
        let x = [1.0, 2.0, 3.0, 4.0];
        let y = [2.0, 1.0, 4.0, 3.0];
        assert!((correlation(&x, &y).unwrap() - 0.6).abs() < 1e-12);
        assert!((slope(&x, &y).unwrap() - 0.6).abs() < 1e-12);
        let minus: Vec<f64> = x.iter().map(|v| -2.0 * v).collect();
        assert!((correlation(&x, &minus).unwrap() + 1.0).abs() < 1e-12);
    }
}
