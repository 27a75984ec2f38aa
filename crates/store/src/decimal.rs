//! Writes money and prices as core displays them, digit by digit from integers.
//!
//! A ledger has millions of such numbers; the general formatting is ten times slower.

use holdout_core::market::Instrument;
use holdout_core::units::{Ticks, Usd};

/// Appends `value / 10^decimals` with exactly that many decimals.
fn push(out: &mut Vec<u8>, value: i64, decimals: u32) {
    if value < 0 {
        out.push(b'-');
    }
    let mut rest = value.unsigned_abs();
    let mut digits = [0_u8; 40];
    let mut at = digits.len();
    let mut written = 0;
    while rest > 0 || written <= decimals {
        if written == decimals && decimals > 0 {
            at -= 1;
            digits[at] = b'.';
        }
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        written += 1;
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends an amount of money as `Usd` displays it.
pub(crate) fn push_usd(out: &mut Vec<u8>, amount: Usd) {
    if amount.0 % 100 == 0 {
        push(out, amount.0 / 100, 2);
    } else {
        push(out, amount.0, 4);
    }
}

/// Writes prices as `Instrument::format_price` does.
pub(crate) struct PriceText {
    /// Parts of a point, `10^decimals`, in one tick.
    step: i64,
    decimals: u32,
}

impl PriceText {
    pub(crate) fn new(instrument: &Instrument) -> Self {
        let decimals = instrument.price_decimals() as u32;
        let step = (instrument.tick_size * 10_f64.powi(decimals as i32)).round() as i64;
        Self { step, decimals }
    }

    pub(crate) fn push(&self, out: &mut Vec<u8>, ticks: Ticks) {
        push(out, i64::from(ticks) * self.step, self.decimals);
    }
}

#[cfg(test)]
mod tests {
    use holdout_core::market::Instruments;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn money_and_prices_are_written_as_core_displays_them(amount in any::<i32>(), large in any::<i64>(), ticks in -500_000_000..500_000_000_i32) {
            for cents in [i64::from(amount), i64::from(amount) * 100, large / 2, 0, -1, 99, 100, -100, i64::MIN] {
                let mut out = Vec::new();
                push_usd(&mut out, Usd(cents));
                prop_assert_eq!(String::from_utf8(out).unwrap(), Usd(cents).to_string());
            }
            for market in Instruments::builtin().iter() {
                let mut out = Vec::new();
                PriceText::new(market).push(&mut out, ticks);
                prop_assert_eq!(String::from_utf8(out).unwrap(), market.format_price(ticks));
            }
        }
    }
}
