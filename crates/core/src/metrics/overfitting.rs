//! Probability of backtest overfitting by combinatorially symmetric cross-validation.
//!
//! The days are cut into an even number of blocks; in every choice of half of them the best
//! strategy in that half is looked up in the other half. Score: Sharpe ratio without rf, 0 for
//! a constant series. Relative rank `rank / (N + 1)`, ties share their mean rank, the first of
//! equal winners is taken, a logit of 0 or less counts as overfit. Days that do not fill the
//! blocks are dropped from the front. Reference: D. Bailey, J. Borwein, M. López de Prado and
//! J. Zhu, "The Probability of Backtest Overfitting", 2014.

use serde::Serialize;

/// What the cross-validation found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Overfitting {
    /// Share of splits in which the winner came out in the lower half.
    pub probability: f64,
    /// Mean logit of the winner's relative rank.
    pub mean_logit: f64,
    /// Splits looked at.
    pub splits: usize,
    /// Strategies compared.
    pub strategies: usize,
    /// Days used.
    pub days: usize,
}

/// Sums of one block of one strategy, enough for a Sharpe ratio.
#[derive(Clone, Copy, Default)]
struct Sums {
    n: f64,
    sum: f64,
    squares: f64,
}

fn score(s: Sums) -> f64 {
    if s.n < 2.0 {
        return 0.0;
    }
    let mean = s.sum / s.n;
    let variance = (s.squares - s.n * mean * mean).max(0.0) / (s.n - 1.0);
    // Cancellation leaves a residue of a constant series; compare it with the sum of squares.
    let flat = variance * (s.n - 1.0) <= 1e-13 * s.squares;
    if flat { 0.0 } else { mean / variance.sqrt() }
}

/// Overfitting of a choice among strategies, each a series of daily returns of equal length.
///
/// `blocks` is even, 2 to 20; 16 is usual. `None` with fewer than two strategies, series of
/// different length, or fewer than two days a block.
pub fn probability_of_overfitting(strategies: &[&[f64]], blocks: usize) -> Option<Overfitting> {
    let n = strategies.len();
    let length = strategies.first()?.len();
    let even = blocks.is_multiple_of(2) && (2..=20).contains(&blocks);
    if n < 2 || !even || strategies.iter().any(|s| s.len() != length) || length < 2 * blocks {
        return None;
    }
    let drop = length % blocks;
    let size = length / blocks;
    let sums = |s: &&[f64]| -> Vec<Sums> {
        s[drop..]
            .chunks(size)
            .map(|c| Sums {
                n: size as f64,
                sum: c.iter().sum(),
                squares: c.iter().map(|v| v * v).sum(),
            })
            .collect()
    };
    let table: Vec<Vec<Sums>> = strategies.iter().map(sums).collect();
    let (mut overfit, mut logits, mut splits) = (0_usize, 0.0, 0_usize);
    for mask in 0_u32..1 << blocks {
        if mask.count_ones() as usize != blocks / 2 {
            continue;
        }
        let (inside, outside): (Vec<f64>, Vec<f64>) =
            table.iter().map(|b| split_scores(b, mask)).unzip();
        let mut best = 0;
        for (i, &v) in inside.iter().enumerate() {
            if v > inside[best] {
                best = i;
            }
        }
        let winner = outside[best];
        let below = outside.iter().filter(|&&v| v < winner).count() as f64;
        let equal = outside.iter().filter(|&&v| v <= winner).count() as f64 - below;
        let rank = below + (equal + 1.0) / 2.0;
        let relative = rank / (n as f64 + 1.0);
        let logit = (relative / (1.0 - relative)).ln();
        overfit += usize::from(logit <= 1e-12);
        logits += logit;
        splits += 1;
    }
    Some(Overfitting {
        probability: overfit as f64 / splits as f64,
        mean_logit: logits / splits as f64,
        splits,
        strategies: n,
        days: length - drop,
    })
}

fn split_scores(blocks: &[Sums], mask: u32) -> (f64, f64) {
    let mut halves = [Sums::default(); 2];
    for (i, b) in blocks.iter().enumerate() {
        let half = &mut halves[usize::from(mask >> i & 1 == 0)];
        half.n += b.n;
        half.sum += b.sum;
        half.squares += b.squares;
    }
    (score(halves[0]), score(halves[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::golden;

    #[test]
    fn impossible_inputs() {
        assert_eq!(probability_of_overfitting(&[], 4), None);
        let a = [0.0; 40];
        assert_eq!(probability_of_overfitting(&[&a], 4), None);
        assert_eq!(probability_of_overfitting(&[&a, &a], 5), None);
        assert_eq!(probability_of_overfitting(&[&a, &a[1..]], 4), None);
    }

    #[test]
    fn a_strategy_that_is_always_better_is_not_overfit() {
        let good: Vec<f64> = (0..40).map(|i| 0.02 + 0.001 * f64::from(i % 3)).collect();
        let bad: Vec<f64> = good.iter().map(|v| -v).collect();
        let o = probability_of_overfitting(&[&bad, &good], 4).unwrap();
        assert_eq!((o.probability, o.splits), (0.0, 6));
        assert!((o.mean_logit - 2.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn equal_strategies_share_the_middle_rank() {
        let a: Vec<f64> = (0..40).map(|i| f64::from(i % 5) * 0.01).collect();
        let o = probability_of_overfitting(&[&a, &a, &a], 4).unwrap();
        assert_eq!((o.probability, o.mean_logit), (1.0, 0.0));
    }

    #[test]
    fn agrees_with_other_implementations() {
        let Some(text) = golden::text("pbo_matrix.csv") else {
            return;
        };
        let rows: Vec<Vec<f64>> = text
            .lines()
            .skip(1)
            .map(|l| l.split(',').map(|c| c.parse().unwrap()).collect())
            .collect();
        let columns: Vec<Vec<f64>> = (0..8)
            .map(|j| rows.iter().map(|r| r[j]).collect())
            .collect();
        let strategies: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let o = probability_of_overfitting(&strategies, 8).unwrap();
        assert!(
            (o.probability - 0.485_714_285_714_285_7).abs() < 1e-12,
            "{o:?}"
        );
        assert!(
            (o.mean_logit - 0.047_602_921_573_931_39).abs() < 1e-9,
            "{o:?}"
        );
    }

    #[test]
    fn days_that_fill_no_block_are_dropped_from_the_front() {
        let day = |i: i32, k: i32| f64::from((i * k) % 13) * 0.01 - 0.05;
        let series = |k: i32| -> Vec<f64> {
            let odd = [9.0, -7.0, 5.0].map(|x| x * f64::from(k - 4));
            odd.into_iter().chain((0..40).map(|i| day(i, k))).collect()
        };
        let all = [series(3), series(5), series(7)];
        let with: Vec<&[f64]> = all.iter().map(Vec::as_slice).collect();
        let without: Vec<&[f64]> = all.iter().map(|s| &s[3..]).collect();
        let o = probability_of_overfitting(&with, 4).unwrap();
        assert_eq!(o.days, 40);
        assert_eq!(Some(o), probability_of_overfitting(&without, 4));
    }
}
