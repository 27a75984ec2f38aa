//! The six actions and the mask that says which of them will execute.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Number of actions of the policy head.
pub const N_ACTIONS: usize = 6;

/// What the agent may decide at the close of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Action {
    /// Do nothing.
    Hold = 0,
    /// Enter long at the next open.
    Buy = 1,
    /// Enter short at the next open.
    Sell = 2,
    /// Move the stop to break-even.
    SlToBe = 3,
    /// Switch the trailing stop on.
    TrailOn = 4,
    /// Switch the trailing stop off.
    TrailOff = 5,
}

impl Action {
    /// All actions in the order of the policy head.
    pub const ALL: [Self; N_ACTIONS] = [
        Self::Hold,
        Self::Buy,
        Self::Sell,
        Self::SlToBe,
        Self::TrailOn,
        Self::TrailOff,
    ];

    /// The action at a position of the policy head; out of range is HOLD.
    pub fn from_index(index: usize) -> Self {
        Self::ALL.get(index).copied().unwrap_or(Self::Hold)
    }

    /// Its position in the policy head.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The name used in files.
    pub fn name(self) -> &'static str {
        ["hold", "buy", "sell", "sl_to_be", "trail_on", "trail_off"][self.index()]
    }

    /// The label used on screen.
    pub fn label(self) -> &'static str {
        ["HOLD", "BUY", "SELL", "SL→BE", "TRAIL+", "TRAIL−"][self.index()]
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Action {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|a| a.name() == s)
            .ok_or_else(|| format!("\"{s}\" is not an action; expected hold, buy, sell, sl_to_be, trail_on or trail_off"))
    }
}

/// The set of actions that would execute now. Bit `i` stands for action `i`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ActionMask(pub u8);

impl ActionMask {
    /// HOLD only.
    pub const HOLD_ONLY: Self = Self(1);

    /// Whether an action is allowed.
    pub fn allows(self, action: Action) -> bool {
        self.0 >> action as u8 & 1 == 1
    }

    /// The mask with an action added.
    #[must_use]
    pub fn with(self, action: Action) -> Self {
        Self(self.0 | 1 << action as u8)
    }

    /// The mask with an action added if something holds, without a branch.
    #[must_use]
    pub fn with_if(self, holds: bool, action: Action) -> Self {
        Self(self.0 | u8::from(holds) << action as u8)
    }

    /// Number of allowed actions.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }
}

impl fmt::Display for ActionMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Action::ALL
            .into_iter()
            .try_for_each(|a| f.write_str(if self.allows(a) { "1" } else { "0" }))
    }
}

impl FromStr for ActionMask {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let good = s.len() == N_ACTIONS && s.bytes().all(|b| b == b'0' || b == b'1');
        if !good {
            return Err(format!("\"{s}\" is not a mask of six 0 and 1"));
        }
        Ok(Self(
            s.bytes()
                .enumerate()
                .fold(0, |m, (i, b)| m | (b - b'0') << i),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_read_and_write() {
        let m = ActionMask::HOLD_ONLY.with(Action::Buy);
        assert_eq!(m.to_string(), "110000");
        assert_eq!("110000".parse::<ActionMask>().unwrap(), m);
        assert!("11000".parse::<ActionMask>().is_err());
        assert!(m.allows(Action::Buy) && !m.allows(Action::Sell));
    }
}
