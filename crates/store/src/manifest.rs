//! The hash that tells whether two sets of bars are the same, whatever files they came from.

use holdout_core::market::Bars;
use sha2::{Digest, Sha256};

use crate::text::hex;

/// SHA-256 of canonical bars: market, interval, every column, and where the contract changes.
pub fn bars_sha256(bars: &Bars) -> String {
    let mut hash = Sha256::new();
    hash.update(bars.instrument.symbol.as_bytes());
    hash.update([0]);
    hash.update(bars.interval_secs.to_le_bytes());
    hash.update((bars.len() as u64).to_le_bytes());
    let mut block = Vec::with_capacity(1 << 16);
    let mut feed = |bytes: &[u8], last: bool| {
        block.extend_from_slice(bytes);
        if last || block.len() >= (1 << 16) - 16 {
            hash.update(&block);
            block.clear();
        }
    };
    bars.open_time
        .iter()
        .for_each(|v| feed(&v.to_le_bytes(), false));
    for column in [&bars.open, &bars.high, &bars.low, &bars.close] {
        column.iter().for_each(|v| feed(&v.to_le_bytes(), false));
    }
    bars.volume
        .iter()
        .for_each(|v| feed(&v.to_bits().to_le_bytes(), false));
    bars.rolls
        .iter()
        .for_each(|r| feed(&r.time.to_le_bytes(), false));
    feed(&[], true);
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use holdout_core::market::Instruments;

    use super::*;

    #[test]
    fn the_hash_changes_with_anything_in_the_bars() {
        let table = Instruments::builtin();
        let mut bars = Bars::empty(table.get("NQ").unwrap().clone(), 60);
        for i in 0..5000 {
            bars.push(i * 60, [4, 5, 3, 4], 1.0);
        }
        let hash = bars_sha256(&bars);
        assert_eq!(hash, bars_sha256(&bars.clone()));
        let mut others = [bars.clone(), bars.clone(), bars.clone(), bars.clone()];
        others[0].volume[4999] = 2.0;
        others[1].open_time[0] -= 1;
        others[2].instrument = table.get("ES").unwrap().clone();
        others[3].interval_secs = 61;
        others.iter().for_each(|o| assert_ne!(bars_sha256(o), hash));
    }
}
