//! The mirrored market: prices reflected, so that buying and selling change places.

use crate::market::Bars;

/// Bars reflected about the middle of their range; highs become lows. Mirroring twice gives the
/// bars back, and every price stays positive.
pub fn mirror(bars: &Bars) -> Bars {
    let mut out = bars.clone();
    let highest = bars.high.iter().max().copied().unwrap_or(0);
    let lowest = bars.low.iter().min().copied().unwrap_or(0);
    let reflect = |prices: &[i32]| prices.iter().map(|p| highest - (p - lowest)).collect();
    out.open = reflect(&bars.open);
    out.high = reflect(&bars.low);
    out.low = reflect(&bars.high);
    out.close = reflect(&bars.close);
    out
}
