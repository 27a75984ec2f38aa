//! One seed, many named streams of random numbers.
//!
//! Every consumer asks for a stream by name (and an index), so adding a consumer never
//! changes what another one draws. A stream's whole state is serialisable for checkpoints.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng};
use serde::{Deserialize, Serialize};

/// A serialisable stream of random numbers (xoshiro256++).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream called `name`, number `index`, of a run's `seed`.
    pub fn new(seed: u64, name: &str, index: u64) -> Self {
        // FNV-1a of the name; SplitMix64 (inside seed_from_u64) spreads the sum.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in name.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let mixed = seed
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(hash)
            .wrapping_add(index.wrapping_mul(0xd1b5_4a32_d192_ed03));
        Self(Xoshiro256PlusPlus::seed_from_u64(mixed))
    }

    /// Sixty-four random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `[0, 1)` with 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform in `[0, 1)` with 24 bits.
    pub fn uniform_f32(&mut self) -> f32 {
        (self.0.next_u64() >> 40) as f32 * (1.0 / 16_777_216.0)
    }

    /// Uniform in `0..n`; 0 when `n` is 0. The bias is below `n / 2^64`.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(n)) >> 64) as u64
    }

    /// Standard normal (Box-Muller, the cosine branch only, so that one call is two draws).
    pub fn normal(&mut self) -> f64 {
        let u = 1.0 - self.uniform();
        let v = self.uniform();
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }

    /// Shuffles in place (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.below(i as u64 + 1) as usize;
            items.swap(i, j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_indices_give_different_streams() {
        let first = |name, i| Stream::new(7, name, i).next_u64();
        assert_eq!(first("env", 0), first("env", 0));
        assert_ne!(first("env", 0), first("env", 1));
        assert_ne!(first("env", 0), first("policy", 0));
    }

    #[test]
    fn state_survives_json() {
        let mut a = Stream::new(1, "x", 0);
        a.next_u64();
        let mut b: Stream = serde_json::from_str(&serde_json::to_string(&a).unwrap()).unwrap();
        assert_eq!(a.next_u64(), b.next_u64());
    }

    #[test]
    fn normal_has_unit_variance() {
        let mut s = Stream::new(3, "n", 0);
        let (mut sum, mut sq) = (0.0, 0.0);
        for _ in 0..100_000 {
            let x = s.normal();
            sum += x;
            sq += x * x;
        }
        assert!((sum / 1e5).abs() < 0.02 && (sq / 1e5 - 1.0).abs() < 0.03);
    }
}
