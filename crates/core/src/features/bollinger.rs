//! Bollinger bands: a moving average and bands of population standard deviations around it.

use super::rolling::rolling_sum;

/// Upper and lower band: mean of `n` closes plus and minus `width` standard deviations (ddof 0).
///
/// First defined at index `n - 1`. The variance is taken from whole-number sums, so it is exact
/// for prices in ticks.
pub fn bollinger(close: &[f64], n: usize, width: f64) -> (Vec<f64>, Vec<f64>) {
    let squares: Vec<f64> = close.iter().map(|x| x * x).collect();
    let k = n as f64;
    let band = |(sum, sum_sq): (f64, f64)| {
        let half = width * (k * sum_sq - sum * sum).max(0.0).sqrt() / k;
        (sum / k + half, sum / k - half)
    };
    rolling_sum(close, n)
        .into_iter()
        .zip(rolling_sum(&squares, n))
        .map(band)
        .unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_by_hand() {
        // 1, 3: mean 2, population deviation 1.
        let (up, low) = bollinger(&[9.0, 1.0, 3.0], 2, 2.0);
        assert!(up[0].is_nan() && low[0].is_nan());
        assert_eq!((up[2], low[2]), (4.0, 0.0));
        let (up, low) = bollinger(&[5.0; 4], 3, 2.0);
        assert_eq!((up[3], low[3]), (5.0, 5.0));
    }
}
