//! Where a trailing floor stops: start balance plus an amount, the profit target, or never.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::units::Usd;

/// The floor's lock. In files a number of dollars, `"profit_target"` or `"never"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// The floor rises up to the start balance plus this.
    Above(Usd),
    /// The floor trails until equity reaches the profit target.
    ProfitTarget,
    /// The floor trails for ever.
    Never,
}

impl Serialize for Lock {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Above(usd) => usd.serialize(s),
            Self::ProfitTarget => s.serialize_str("profit_target"),
            Self::Never => s.serialize_str("never"),
        }
    }
}

impl<'de> Deserialize<'de> for Lock {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Amount(f64),
            Word(String),
        }
        const EXPECTED: &str =
            "lock must be a number of dollars above the start, \"profit_target\" or \"never\"";
        match Raw::deserialize(d).map_err(|_other_kind| serde::de::Error::custom(EXPECTED))? {
            Raw::Amount(x) if x.is_finite() && x.abs() < 1e9 => {
                Ok(Self::Above(Usd::from_dollars(x)))
            }
            Raw::Word(w) if w == "profit_target" => Ok(Self::ProfitTarget),
            Raw::Word(w) if w == "never" => Ok(Self::Never),
            _ => Err(serde::de::Error::custom(EXPECTED)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Holder {
        lock: Lock,
    }

    #[test]
    fn three_forms_and_no_other() {
        let read = |t: &str| toml::from_str::<Holder>(t).map(|h| h.lock);
        assert_eq!(read("lock = 100").unwrap(), Lock::Above(Usd::whole(100)));
        assert_eq!(
            read("lock = \"profit_target\"").unwrap(),
            Lock::ProfitTarget
        );
        assert_eq!(read("lock = \"never\"").unwrap(), Lock::Never);
        for bad in ["lock = \"later\"", "lock = nan", "lock = [1]"] {
            assert!(
                read(bad).unwrap_err().to_string().contains("lock must be"),
                "{bad}"
            );
        }
    }
}
