//! One fault more in a file: the same for the tests of this folder and those of the store.

use holdout_core::rng::Stream;

/// Pieces that break readers.
const PIECES: [&[u8]; 42] = [
    b"\0",
    b"\xff",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xc3\x28",
    b"\"",
    b"\"\"",
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r",
    b"\r\n",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"NaN",
    b"inf",
    b"-1",
    b"-0",
    b"0.1",
    b"1e308",
    b"1e-308",
    b"99999999999999999999",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"24:00",
    b"00:60",
    b"+25:99",
    b" US/Nowhere",
    b"1970-01-01",
    b"2024-02-30",
    b"2200-12-31",
    b"9999-12-31T23:59:59Z",
    b"NQU4-NQZ4",
    b"=cmd|' /c calc'!A0",
    b"\x1b[2J",
    b"../../../../etc/passwd",
    b"/dev/zero",
    b"CON",
];
/// What parts cells and lines from each other.
const PARTS: [u8; 8] = *b"\",;\t\n\r :";

/// Throws that are the same for a seed, everywhere.
pub(crate) struct Dice(Stream);

impl Dice {
    pub(crate) fn new(seed: u64, what: &str) -> Self {
        Self(Stream::new(seed, what, 0))
    }

    /// A number under `n`; 0 where there is none.
    pub(crate) fn roll(&mut self, n: usize) -> usize {
        self.0.below(n.max(1) as u64) as usize
    }
}

/// Breaks a file a little; `others` are files of its kind, of which pieces may be taken.
pub(crate) fn mutate(bytes: &mut Vec<u8>, others: &[(String, Vec<u8>)], dice: &mut Dice) {
    let (a, b) = (dice.roll(bytes.len() + 1), dice.roll(bytes.len() + 1));
    let range = a.min(b)..a.max(b).min(a.min(b) + 400);
    match dice.roll(12) {
        0 if a < bytes.len() => bytes[a] = dice.roll(256) as u8,
        1 if a < bytes.len() => bytes[a] ^= 1 << dice.roll(8),
        2 => bytes.truncate(a),
        3 => drop(bytes.drain(range)),
        4 => {
            let copy = bytes[range].to_vec();
            drop(bytes.splice(a..a, copy));
        }
        5 if !others.is_empty() => {
            let other = &others[dice.roll(others.len())].1;
            let from = dice.roll(other.len() + 1);
            let piece = other[from..(from + 300).min(other.len())].to_vec();
            drop(bytes.splice(a..a, piece));
        }
        6 => {
            let mut lines: Vec<&[u8]> = bytes.split(|&b| b == b'\n').collect();
            for i in (1..lines.len()).rev() {
                lines.swap(i, dice.roll(i + 1));
            }
            *bytes = lines.join(&b'\n');
        }
        7 => {
            let (from, to) = (PARTS[dice.roll(8)], PARTS[dice.roll(8)]);
            let parts = bytes.iter_mut().filter(|b| **b == from);
            parts.for_each(|b| *b = to);
        }
        // Another value where a number stands.
        8 | 9 => {
            let digits: Vec<usize> = (0..bytes.len())
                .filter(|&i| bytes[i].is_ascii_digit())
                .collect();
            if let Some(&from) = digits.get(dice.roll(digits.len())) {
                let more = bytes[from..].iter().take_while(|b| b.is_ascii_digit());
                let to = from + more.count();
                let piece = PIECES[dice.roll(PIECES.len())];
                drop(bytes.splice(from..to, piece.iter().copied()));
            }
        }
        // Deeper than any reader follows.
        10 if dice.roll(8) == 0 => {
            let deep = [b"[{\"a\":", b"[[[[[["][dice.roll(2)].repeat(20_000);
            drop(bytes.splice(a..a, deep));
        }
        _ => {
            let piece = PIECES[dice.roll(PIECES.len())];
            drop(bytes.splice(a..a, piece.iter().copied()));
        }
    }
}
