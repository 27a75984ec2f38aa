//! The win rate against the break-even rate, when that rate is measured on the same trades.
//!
//! The break-even rate `b = l / (w + l)`, of a mean win `w` and a mean loss `l`, is as uncertain
//! as they are. Taking it for known, the exact test calls 10 to 20% of accounts without an edge
//! significant at 5% where wins and losses vary in size. Here the exact test's quantile is
//! divided by what the rate's own error adds: with `v0 = b (1 - b) / n` and, by the delta method,
//! `vb = (l² s_w² / n_w + w² s_l² / n_l) / (w + l)⁴`, it is `z sqrt(v0 / (v0 + vb))`. Wins of one
//! size and losses of one size make it the exact test.

use statrs::distribution::{ContinuousCDF, Normal};

use super::binomial::binomial_two_sided;

/// Two-sided p-value of the share of wins against the rate that would earn nothing, in any unit of money.
///
/// Profits of exactly 0 are neither wins nor losses and are left out. `None` without two wins and two losses.
pub fn break_even_test(profits: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut wins, mut losses) = (Spread::default(), Spread::default());
    for x in profits {
        if x > 0.0 {
            wins.add(x);
        } else if x < 0.0 {
            losses.add(-x);
        }
    }
    let (w, l) = (wins.mean, losses.mean);
    let var_means = (wins.variance_of_mean()?, losses.variance_of_mean()?);
    let n = wins.n + losses.n;
    let rate = l / (w + l);
    let of_rate = (l * l * var_means.0 + w * w * var_means.1) / (w + l).powi(4);
    let of_share = rate * (1.0 - rate) / n as f64;
    let exact = binomial_two_sided(wins.n, n, rate)?;
    let normal = Normal::standard();
    let z = normal.inverse_cdf(exact / 2.0) * (of_share / (of_share + of_rate)).sqrt();
    Some((2.0 * normal.cdf(z)).min(1.0))
}

/// Mean and squared deviations as they come (Welford).
#[derive(Clone, Copy, Debug, Default)]
struct Spread {
    n: u64,
    mean: f64,
    squares: f64,
}

impl Spread {
    fn add(&mut self, x: f64) {
        self.n += 1;
        let off = x - self.mean;
        self.mean += off / self.n as f64;
        self.squares += off * (x - self.mean);
    }

    fn variance_of_mean(&self) -> Option<f64> {
        (self.n >= 2).then(|| self.squares / (self.n - 1) as f64 / self.n as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Stream;

    #[test]
    fn sizes_that_never_vary_make_it_the_exact_test() {
        let trades = (0..40).map(|i| if i % 4 == 0 { 200.0 } else { -100.0 });
        let exact = binomial_two_sided(10, 40, 1.0 / 3.0).unwrap();
        assert!((break_even_test(trades).unwrap() - exact).abs() < 1e-9);
    }

    #[test]
    fn agrees_with_scipy() {
        // binomtest(3, 8, l / (w + l)), then norm.isf and norm.sf; the 0 is left out.
        let trades = [120.0, -80.0, 0.0, 300.0, -40.0, -60.0, 90.0, -150.0, -70.0];
        let p = break_even_test(trades.into_iter()).unwrap();
        assert!((p - 0.755_022_387_290_662_4).abs() < 1e-9, "{p}");
    }

    #[test]
    fn needs_two_of_each() {
        assert_eq!(break_even_test([].into_iter()), None);
        assert_eq!(break_even_test([5.0, -1.0, -2.0].into_iter()), None);
    }

    #[test]
    fn keeps_its_level_where_sizes_vary() {
        // Normal trades without an edge: the exact test is under 5% in one of eight such accounts.
        let (mut ours, mut exact) = (0, 0);
        for account in 0..1_000 {
            let mut rng = Stream::new(account, "break-even", 0);
            let trades: Vec<f64> = (0..120).map(|_| rng.normal() * 100.0).collect();
            let (won, lost): (Vec<f64>, Vec<f64>) = trades.iter().partition(|&&x| x > 0.0);
            let mean = |x: &[f64]| x.iter().sum::<f64>().abs() / x.len() as f64;
            let rate = mean(&lost) / (mean(&won) + mean(&lost));
            let p = binomial_two_sided(won.len() as u64, 120, rate).unwrap();
            exact += i32::from(p < 0.05);
            ours += i32::from(break_even_test(trades.into_iter()).unwrap() < 0.05);
        }
        assert!((30..=70).contains(&ours), "{ours} of 1000");
        assert!(exact > 90, "{exact} of 1000");
    }
}
