//! Many splits of one file: walk-forward, and combinatorial purged cross-validation (CPCV).
//!
//! Sessions are cut into consecutive blocks. Walk-forward trains on blocks before the one it
//! tests, all of them (anchored) or the last few (rolling). CPCV tests every choice of `held`
//! blocks out of all and trains on the others. Purging takes sessions out of training that lie
//! just before a tested block, the embargo those just after it, because what happens there is
//! known to both sides. Reference: M. López de Prado, "Advances in Financial Machine Learning",
//! 2018, chapters 7 and 12.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// How a file is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum FoldPlan {
    /// Test one block after the other, training on earlier ones.
    WalkForward {
        /// Tested blocks.
        folds: usize,
        /// Blocks before the first tested one; a rolling window keeps as many.
        train_blocks: usize,
        /// Train on everything before, not on a window of `train_blocks`.
        anchored: bool,
        /// Sessions left out before a tested block.
        purge: usize,
    },
    /// Test every choice of `held` blocks.
    Cpcv {
        /// Blocks.
        groups: usize,
        /// Blocks tested together.
        held: usize,
        /// Sessions left out before a tested block.
        purge: usize,
        /// Sessions left out after a tested block.
        embargo: usize,
    },
}

/// One split, by numbers of sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fold {
    /// Sessions to train on, rising.
    pub train: Vec<usize>,
    /// Numbers of the tested blocks.
    pub blocks: Vec<usize>,
    /// Sessions of each tested block.
    pub test: Vec<Range<usize>>,
}

/// Why a file cannot be cut so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// A count that makes no sense.
    #[error("{0}")]
    Plan(&'static str),
    /// A block would be empty, or nothing left to train on.
    #[error(
        "{sessions} sessions are too few for {blocks} blocks with this purge and embargo; use fewer folds or more data"
    )]
    TooFew {
        /// Sessions of the file.
        sessions: usize,
        /// Blocks asked for.
        blocks: usize,
    },
}

/// Most splits that one plan may ask for.
const MOST: usize = 200;

/// All folds of a file with this many sessions.
///
/// # Errors
/// On counts that make no sense and on too few sessions.
pub fn folds(sessions: usize, plan: &FoldPlan) -> Result<Vec<Fold>, FoldError> {
    let blocks = match *plan {
        FoldPlan::WalkForward {
            folds,
            train_blocks,
            ..
        } => {
            if folds == 0 || train_blocks == 0 {
                return Err(FoldError::Plan(
                    "walk-forward needs a fold and a block to train on",
                ));
            }
            folds + train_blocks
        }
        FoldPlan::Cpcv { groups, held, .. } => {
            if held == 0 || held >= groups || groups > 16 {
                return Err(FoldError::Plan(
                    "CPCV needs 2 to 16 groups and fewer held out than there are",
                ));
            }
            groups
        }
    };
    let too_few = FoldError::TooFew { sessions, blocks };
    if sessions < blocks {
        return Err(too_few);
    }
    let edge = |b: usize| b * sessions / blocks;
    let block = |b: usize| edge(b)..edge(b + 1);
    let list: Vec<Fold> = match *plan {
        FoldPlan::WalkForward {
            folds,
            train_blocks,
            anchored,
            purge,
        } => (0..folds)
            .map(|k| {
                let tested = k + train_blocks;
                let from = if anchored { 0 } else { edge(k) };
                let to = edge(tested).saturating_sub(purge);
                Fold {
                    train: (from..to.max(from)).collect(),
                    blocks: vec![tested],
                    test: vec![block(tested)],
                }
            })
            .collect(),
        FoldPlan::Cpcv {
            groups,
            held,
            purge,
            embargo,
        } => (0_u32..1 << groups)
            .filter(|m| m.count_ones() as usize == held)
            .map(|mask| {
                let chosen: Vec<usize> = (0..groups).filter(|g| mask >> g & 1 == 1).collect();
                let test: Vec<Range<usize>> = chosen.iter().map(|&g| block(g)).collect();
                let near = |s: usize| {
                    test.iter()
                        .any(|t| s + purge >= t.start && s < t.end + embargo)
                };
                Fold {
                    train: (0..sessions).filter(|&s| !near(s)).collect(),
                    blocks: chosen,
                    test,
                }
            })
            .collect(),
    };
    if list.len() > MOST {
        return Err(FoldError::Plan("more than 200 splits; use fewer groups"));
    }
    if list
        .iter()
        .any(|f| f.train.is_empty() || f.test.iter().any(Range::is_empty))
    {
        return Err(too_few);
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walk_forward_never_trains_on_what_comes() {
        for anchored in [true, false] {
            let plan = FoldPlan::WalkForward {
                folds: 3,
                train_blocks: 2,
                anchored,
                purge: 2,
            };
            let all = folds(100, &plan).unwrap();
            assert_eq!(all.len(), 3);
            for f in &all {
                let last = *f.train.last().unwrap();
                assert_eq!(last + 3, f.test[0].start, "two sessions between");
            }
            let from: Vec<usize> = all.iter().map(|f| f.train[0]).collect();
            assert_eq!(from, if anchored { [0, 0, 0] } else { [0, 20, 40] });
            let tested: usize = all.iter().map(|f| f.test[0].len()).sum();
            assert_eq!((tested, all[2].test[0].end), (60, 100));
        }
    }

    #[test]
    fn cpcv_tests_every_choice_and_keeps_its_distance() {
        let plan = FoldPlan::Cpcv {
            groups: 6,
            held: 2,
            purge: 1,
            embargo: 2,
        };
        let all = folds(120, &plan).unwrap();
        assert_eq!(all.len(), 15);
        for f in &all {
            for t in &f.test {
                let near = t.start.saturating_sub(1)..t.end + 2;
                assert!(f.train.iter().all(|s| !near.contains(s)), "{f:?}");
            }
        }
        // Every block is tested in C(5, 1) of the choices.
        for b in 0..6 {
            assert_eq!(all.iter().filter(|f| f.blocks.contains(&b)).count(), 5);
        }
    }

    #[test]
    fn what_cannot_be_cut_is_refused() {
        let walk = |folds, train_blocks| FoldPlan::WalkForward {
            folds,
            train_blocks,
            anchored: true,
            purge: 0,
        };
        assert!(matches!(
            folds(3, &walk(3, 1)),
            Err(FoldError::TooFew { .. })
        ));
        assert!(matches!(folds(9, &walk(0, 1)), Err(FoldError::Plan(_))));
        let all_held = FoldPlan::Cpcv {
            groups: 3,
            held: 3,
            purge: 0,
            embargo: 0,
        };
        assert!(matches!(folds(90, &all_held), Err(FoldError::Plan(_))));
        let wide = FoldPlan::Cpcv {
            groups: 2,
            held: 1,
            purge: 50,
            embargo: 50,
        };
        assert!(matches!(folds(90, &wide), Err(FoldError::TooFew { .. })));
    }
}
