//! The p-values that were looked at, together, because looking often finds something.
//!
//! With m of them the smallest is under 5% by luck alone in `1 - 0.95^m` of all cases. Holm's
//! step-down correction keeps the chance of one false claim at the level, whatever the tests
//! depend on: `p_(i) * (m - i + 1)`, made monotone and cut at 1. Reference: S. Holm, "A simple
//! sequentially rejective multiple test procedure", 1979.

use serde::Serialize;

/// One test's answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PValue {
    /// Name of the test.
    pub id: &'static str,
    /// What it asks, for people.
    pub question: &'static str,
    /// Its p-value.
    pub p: f64,
    /// The same after Holm's correction for all that were looked at.
    pub holm: f64,
}

/// All tests that gave an answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PValues {
    /// How many were looked at.
    pub looked_at: usize,
    /// How many are under 5% as they stand.
    pub under_5_percent: usize,
    /// How many are under 5% after Holm's correction.
    pub under_5_percent_holm: usize,
    /// Chance that at least one of so many independent ones is under 5% without any effect.
    pub chance_of_one_by_luck: f64,
    /// The answers, in the order of the questions.
    pub tests: Vec<PValue>,
}

impl PValues {
    /// Collects answers; tests that could not be made are left out.
    pub fn of(answers: &[(&'static str, &'static str, Option<f64>)]) -> Self {
        let mut tests: Vec<PValue> = answers
            .iter()
            .filter_map(|&(id, question, p)| {
                let p = p?;
                Some(PValue {
                    id,
                    question,
                    p,
                    holm: p,
                })
            })
            .collect();
        let m = tests.len();
        let mut order: Vec<usize> = (0..m).collect();
        order.sort_by(|&a, &b| tests[a].p.total_cmp(&tests[b].p));
        let mut least = 0.0_f64;
        for (rank, &i) in order.iter().enumerate() {
            least = least.max((tests[i].p * (m - rank) as f64).min(1.0));
            tests[i].holm = least;
        }
        let under = |f: fn(&PValue) -> f64| tests.iter().filter(|t| f(t) < 0.05).count();
        Self {
            looked_at: m,
            under_5_percent: under(|t| t.p),
            under_5_percent_holm: under(|t| t.holm),
            chance_of_one_by_luck: 1.0 - 0.95_f64.powi(m as i32),
            tests,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_at_all() {
        let none = PValues::of(&[("a", "", None)]);
        assert_eq!((none.looked_at, none.chance_of_one_by_luck), (0, 0.0));
    }

    #[test]
    fn holm_by_hand() {
        let p = [0.01, 0.04, 0.03, 0.005].map(Some);
        let all = PValues::of(&[
            ("a", "", p[0]),
            ("b", "", p[1]),
            ("c", "", p[2]),
            ("d", "", p[3]),
        ]);
        let holm: Vec<f64> = all.tests.iter().map(|t| t.holm).collect();
        for (got, want) in holm.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((got - want).abs() < 1e-12, "{holm:?}");
        }
        assert_eq!((all.under_5_percent, all.under_5_percent_holm), (4, 2));
        assert!((all.chance_of_one_by_luck - 0.185_493_75).abs() < 1e-12);
    }
}
