//! Sums over a sliding window in constant time a bar.
//!
//! The running sum is built anew every `n` bars, so rounding errors and single huge values do
//! not stay in it for ever. Sums of whole numbers (ticks, contracts) are exact.

/// Sum of the last `n` values at each index.
///
/// NaN until `n` values that are not NaN have been seen; leading NaNs are skipped. A NaN after
/// the first defined value makes the windows that hold it NaN. `n` of 0 is never defined.
pub fn rolling_sum(values: &[f64], n: usize) -> Vec<f64> {
    let mut out = vec![f64::NAN; values.len()];
    let Some(start) = values.iter().position(|x| !x.is_nan()) else {
        return out;
    };
    if n == 0 || values.len() - start < n {
        return out;
    }
    let mut sum = 0.0;
    for i in start + n - 1..values.len() {
        if (i + 1 - start).is_multiple_of(n) || !f64::is_finite(sum) {
            sum = values[i + 1 - n..=i].iter().sum();
        } else {
            sum += values[i] - values[i - n];
        }
        out[i] = sum;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_plain_sum_of_every_window() {
        let x: Vec<f64> = (0..200).map(|i| f64::from(i * i % 37) + 0.1).collect();
        for n in [1, 2, 7, 20, 200] {
            let fast = rolling_sum(&x, n);
            for i in 0..x.len() {
                if i + 1 < n {
                    assert!(fast[i].is_nan());
                } else {
                    let plain: f64 = x[i + 1 - n..=i].iter().sum();
                    assert!((fast[i] - plain).abs() < 1e-10, "n {n} i {i}");
                }
            }
        }
    }

    #[test]
    fn leading_gaps_are_skipped_and_a_huge_value_leaves_again() {
        let mut x = vec![f64::NAN, f64::NAN, 1.0, 2.0, 1e300, 3.0, 4.0, 5.0, 6.0, 7.0];
        let s = rolling_sum(&x, 2);
        assert!(s[..3].iter().all(|v| v.is_nan()));
        assert_eq!(s[3], 3.0);
        assert_eq!(s[9], 13.0);
        x.truncate(2);
        assert!(rolling_sum(&x, 1).iter().all(|v| v.is_nan()));
        assert!(rolling_sum(&[1.0], 0)[0].is_nan());
    }
}
