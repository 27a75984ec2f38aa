//! What breaking a rule means, and what the outcome of a check is called.

use serde::{Deserialize, Serialize};

/// What breaking a rule means to the firm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The account is lost.
    Fail,
    /// Trading stops until the next day.
    PauseDay,
    /// No payout, or no pass, until it is mended.
    BlocksPayout,
    /// The firm warns.
    Warning,
    /// Nothing.
    Information,
}

impl Severity {
    /// The outcome of a check whose rule was broken.
    pub fn status(self) -> Status {
        match self {
            Self::Fail => Status::Fail,
            Self::PauseDay | Self::BlocksPayout | Self::Warning => Status::Warning,
            Self::Information => Status::NotApplicable,
        }
    }
}

/// Outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The rule was kept.
    Pass,
    /// The rule was broken.
    Fail,
    /// Kept, but close; or broken with a lesser consequence.
    Warning,
    /// The rule set has no such rule.
    NotApplicable,
    /// The ledger lacks what the check needs.
    Unknown,
}

impl Status {
    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warning => "warning",
            Self::NotApplicable => "not_applicable",
            Self::Unknown => "unknown",
        }
    }

    /// The verdict over several outcomes: fail, else unknown, else warning, else pass.
    pub fn verdict(all: impl IntoIterator<Item = Self>) -> Self {
        let rank = |s: Self| match s {
            Self::Fail => 3,
            Self::Unknown => 2,
            Self::Warning => 1,
            Self::Pass | Self::NotApplicable => 0,
        };
        let worst = all.into_iter().max_by_key(|&s| rank(s));
        worst.filter(|&s| rank(s) > 0).unwrap_or(Self::Pass)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_outcome_is_the_verdict() {
        use Status::{Fail, NotApplicable, Pass, Unknown, Warning};
        assert_eq!(Status::verdict([Pass, NotApplicable]), Pass);
        assert_eq!(Status::verdict([Pass, Warning]), Warning);
        assert_eq!(Status::verdict([Warning, Unknown, Pass]), Unknown);
        assert_eq!(Status::verdict([Unknown, Fail, Warning]), Fail);
        assert_eq!(Status::verdict([]), Pass);
    }
}
