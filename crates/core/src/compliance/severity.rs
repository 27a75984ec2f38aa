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
}

/// Outcome of all checks together, the lesser first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every rule was kept.
    Pass,
    /// None failed and none is unknown, but one warns.
    Warning,
    /// None failed, but one could not be made.
    Unknown,
    /// A check failed.
    Fail,
}

impl Verdict {
    /// The verdict over several outcomes: fail, else unknown, else warning, else pass.
    pub fn over(all: impl IntoIterator<Item = Status>) -> Self {
        let of = |s| match s {
            Status::Fail => Self::Fail,
            Status::Unknown => Self::Unknown,
            Status::Warning => Self::Warning,
            Status::Pass | Status::NotApplicable => Self::Pass,
        };
        all.into_iter().map(of).max().unwrap_or(Self::Pass)
    }

    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_outcome_is_the_verdict() {
        use Status::{Fail, NotApplicable, Pass, Unknown, Warning};
        assert_eq!(Verdict::over([Pass, NotApplicable]), Verdict::Pass);
        assert_eq!(Verdict::over([Pass, Warning]), Verdict::Warning);
        assert_eq!(Verdict::over([Warning, Unknown, Pass]), Verdict::Unknown);
        assert_eq!(Verdict::over([Unknown, Fail, Warning]), Verdict::Fail);
        assert_eq!(Verdict::over([]), Verdict::Pass);
    }
}
