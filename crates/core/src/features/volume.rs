//! Volume against its mean of late, on a logarithmic scale.

use super::layout::Family;
use super::matrix::Context;
use super::moving_average::sma;

/// `ln((1 + volume) / (1 + mean of the last 20))`, this bar's volume included.
pub const FAMILY: Family = Family {
    name: "volume",
    version: 1,
    columns: &["volume"],
    compute: |c: &Context| vec![relative_volume(&c.bars.volume, 20)],
};

/// `ln((1 + volume) / (1 + mean of the last n))`. Volumes that are negative or not finite count as 0.
pub fn relative_volume(volume: &[f64], n: usize) -> Vec<f64> {
    let clean: Vec<f64> = volume
        .iter()
        .map(|&v| if v.is_finite() { v.max(0.0) } else { 0.0 })
        .collect();
    clean
        .iter()
        .zip(sma(&clean, n))
        .map(|(v, mean)| ((1.0 + v) / (1.0 + mean)).ln())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_by_hand() {
        let v = relative_volume(&[3.0, 1.0, 7.0], 2);
        assert!(v[0].is_nan());
        assert_eq!(v[1], (2.0_f64 / 3.0).ln());
        assert_eq!(v[2], (8.0_f64 / 5.0).ln());
    }

    #[test]
    fn sources_without_volume_give_zero() {
        assert_eq!(relative_volume(&[0.0; 4], 3)[2..], [0.0, 0.0]);
        assert_eq!(relative_volume(&[f64::NAN, -4.0], 2)[1], 0.0);
    }
}
