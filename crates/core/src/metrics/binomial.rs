//! Exact two-sided binomial test by the method of small probabilities.
//!
//! The p-value is the total probability of all counts no more likely than the one observed,
//! with a tolerance of 1e-7 for equal ones (as SciPy and R do it). Probabilities come from the
//! ratio of neighbours, outwards from the mode, so no factorial loses digits.

/// Two-sided p-value of `successes` out of `trials` under success probability `p`.
///
/// `None` without trials, with more successes than trials, or with `p` outside 0 to 1.
pub fn binomial_two_sided(successes: u64, trials: u64, p: f64) -> Option<f64> {
    if trials == 0 || successes > trials || !(0.0..=1.0).contains(&p) {
        return None;
    }
    if p <= 0.0 {
        return Some(if successes == 0 { 1.0 } else { 0.0 });
    }
    if p >= 1.0 {
        return Some(if successes == trials { 1.0 } else { 0.0 });
    }
    let n = trials as usize;
    let odds = p / (1.0 - p);
    let mode = (((trials + 1) as f64 * p).floor() as usize).min(n);
    let mut mass = vec![0.0_f64; n + 1];
    mass[mode] = 1.0;
    for k in mode..n {
        mass[k + 1] = mass[k] * odds * (n - k) as f64 / (k + 1) as f64;
    }
    for k in (0..mode).rev() {
        mass[k] = mass[k + 1] / odds * (k + 1) as f64 / (n - k) as f64;
    }
    let bar = mass[successes as usize] * (1.0 + 1e-7);
    let total: f64 = mass.iter().sum();
    let rare: f64 = mass.iter().filter(|&&m| m <= bar).sum();
    Some((rare / total).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_inputs() {
        assert_eq!(binomial_two_sided(0, 0, 0.5), None);
        assert_eq!(binomial_two_sided(3, 2, 0.5), None);
        assert_eq!(binomial_two_sided(1, 2, f64::NAN), None);
        assert_eq!(binomial_two_sided(0, 4, 0.0), Some(1.0));
    }

    #[test]
    fn by_hand() {
        // 0 or 4 of 4 at one half: 2 / 16; 2 of 4: everything.
        assert!((binomial_two_sided(0, 4, 0.5).unwrap() - 0.125).abs() < 1e-15);
        assert!((binomial_two_sided(2, 4, 0.5).unwrap() - 1.0).abs() < 1e-15);
        // 3 of 3 at 0.2: 0.008 alone is that rare.
        assert!((binomial_two_sided(3, 3, 0.2).unwrap() - 0.008).abs() < 1e-15);
    }

    #[test]
    fn agrees_with_published_examples() {
        // Conover's plants: 682 of 925 at 3/4; and 243 of 925 is its mirror.
        let a = binomial_two_sided(682, 925, 0.75).unwrap();
        let b = binomial_two_sided(243, 925, 0.25).unwrap();
        assert!((a - 0.3825).abs() < 5e-5, "{a}");
        assert!((a - b).abs() < 1e-9);
        // 3 of 15 at one tenth.
        let c = binomial_two_sided(3, 15, 0.1).unwrap();
        assert!((c - 0.184_061_1).abs() < 1e-6, "{c}");
    }

    #[test]
    fn large_counts_stay_finite() {
        let p = binomial_two_sided(50_500, 100_000, 0.5).unwrap();
        assert!((p - 0.001_582_359_88).abs() < 1e-11, "{p}");
        // Far from one half, where the mode is at one end.
        let rare = binomial_two_sided(5, 100_000, 1e-4).unwrap();
        assert!((rare - 0.150_524_561_551).abs() < 1e-9, "{rare}");
    }
}
