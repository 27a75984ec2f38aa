//! Money and prices as integers, so that a ledger adds up to the cent.
//!
//! Prices are whole ticks (`Ticks`), money is ten-thousandths of a dollar (`Usd`). Both are
//! converted to floating point only for statistics, features and the screen.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A price or a distance in whole ticks of its instrument.
pub type Ticks = i32;

/// An amount of money in ten-thousandths of a US dollar.
///
/// Serialises as a number of dollars.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(pub i64);

impl Usd {
    /// No money.
    pub const ZERO: Self = Self(0);
    /// Parts of one dollar.
    pub const PER_DOLLAR: i64 = 10_000;

    /// Rounds a number of dollars to the nearest ten-thousandth; non-finite values become 0.
    pub fn from_dollars(dollars: f64) -> Self {
        Self((dollars * Self::PER_DOLLAR as f64).round() as i64)
    }

    /// Whole dollars.
    pub const fn whole(dollars: i64) -> Self {
        Self(dollars * Self::PER_DOLLAR)
    }

    /// The amount in dollars.
    pub fn dollars(self) -> f64 {
        self.0 as f64 / Self::PER_DOLLAR as f64
    }
}

impl fmt::Display for Usd {
    /// Two decimals, four when the cents are not whole; a minus sign in front.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let abs = self.0.unsigned_abs();
        let (whole, part) = (abs / 10_000, abs % 10_000);
        let sign = if self.0 < 0 { "-" } else { "" };
        if part.is_multiple_of(100) {
            write!(f, "{sign}{whole}.{:02}", part / 100)
        } else {
            write!(f, "{sign}{whole}.{part:04}")
        }
    }
}

impl fmt::Debug for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${self}")
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_f64(self.dollars())
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(d)?;
        if !dollars.is_finite() || dollars.abs() > 1e12 {
            return Err(serde::de::Error::custom(format!(
                "{dollars} is not an amount of dollars"
            )));
        }
        Ok(Self::from_dollars(dollars))
    }
}

impl Add for Usd {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        Self(self.0 + o.0)
    }
}
impl Sub for Usd {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        Self(self.0 - o.0)
    }
}
impl Neg for Usd {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}
impl Mul<i64> for Usd {
    type Output = Self;
    fn mul(self, n: i64) -> Self {
        Self(self.0 * n)
    }
}
impl AddAssign for Usd {
    fn add_assign(&mut self, o: Self) {
        self.0 += o.0;
    }
}
impl SubAssign for Usd {
    fn sub_assign(&mut self, o: Self) {
        self.0 -= o.0;
    }
}
impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(it: I) -> Self {
        it.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_cents_or_four_decimals() {
        assert_eq!(Usd::from_dollars(-12.5).to_string(), "-12.50");
        assert_eq!(Usd::from_dollars(0.0625).to_string(), "0.0625");
        assert_eq!(Usd::from_dollars(-0.5).to_string(), "-0.50");
        assert_eq!(Usd::whole(50_000).to_string(), "50000.00");
    }

    #[test]
    fn survives_json() {
        let text = serde_json::to_string(&Usd::from_dollars(-1.2345)).unwrap();
        assert_eq!(text, "-1.2345");
        assert_eq!(serde_json::from_str::<Usd>(&text).unwrap(), Usd(-12_345));
    }
}
