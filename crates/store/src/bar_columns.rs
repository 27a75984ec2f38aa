//! The cache's file of bars: columns as they lie in memory, read and written in blocks.
//!
//! Layout, little-endian: `HOLDBARS`, version (u32), kind of volumes (u32: 0 whole numbers, 1
//! fractions), number of bars (u64), first open time (i64); then the distances of the open times
//! (u32 a bar, 0 for the first), open, high, low, close (i32 ticks), volume (u32 or f64); then the
//! CRC-32 of everything before. A file that differs in any byte is refused.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use holdout_core::market::Bars;

use crate::atomic::replace_with;
use crate::error::FileError;

const MAGIC: &[u8; 8] = b"HOLDBARS";
const VERSION: u32 = 1;
/// Values that are turned into bytes at a time.
const BLOCK: usize = 1 << 14;

/// Writes bars; afterwards the path holds all of them, or what it held.
pub(crate) fn write(path: &Path, bars: &Bars) -> Result<(), FileError> {
    replace_with(path, |out| {
        let mut out = Summed::new(out);
        encode(&mut out, bars)?;
        let sum = out.crc.finalize();
        out.inner.write_all(&sum.to_le_bytes())
    })
}

fn encode(out: &mut Summed<&mut BufWriter<File>>, bars: &Bars) -> io::Result<()> {
    let whole = |&v: &f64| v >= 0.0 && v <= f64::from(u32::MAX) && v.fract() == 0.0;
    let fractions = !bars.volume.iter().all(whole);
    let first = bars.open_time.first().copied().unwrap_or(0);
    out.write_all(MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    out.write_all(&u32::from(fractions).to_le_bytes())?;
    out.write_all(&(bars.len() as u64).to_le_bytes())?;
    out.write_all(&first.to_le_bytes())?;
    let mut before = first;
    let mut too_far = false;
    put(out, &bars.open_time, |&t| {
        let step = u32::try_from(t - before);
        too_far |= step.is_err();
        before = t;
        step.unwrap_or(0).to_le_bytes()
    })?;
    if too_far {
        return Err(io::Error::other("open times that do not rise"));
    }
    for column in [&bars.open, &bars.high, &bars.low, &bars.close] {
        put(out, column, |v| v.to_le_bytes())?;
    }
    if fractions {
        put(out, &bars.volume, |v| v.to_le_bytes())
    } else {
        put(out, &bars.volume, |&v| (v as u32).to_le_bytes())
    }
}

fn put<T, const N: usize>(
    out: &mut impl Write,
    column: &[T],
    mut bytes: impl FnMut(&T) -> [u8; N],
) -> io::Result<()> {
    let mut block = Vec::with_capacity(BLOCK * N);
    for part in column.chunks(BLOCK) {
        block.clear();
        part.iter().for_each(|v| block.extend_from_slice(&bytes(v)));
        out.write_all(&block)?;
    }
    Ok(())
}

/// Reads bars into the columns of `empty`. The error says what is wrong with the file.
pub(crate) fn read(path: &Path, empty: Bars) -> Result<Bars, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let length = file.metadata().map_err(|e| e.to_string())?.len();
    let input = BufReader::with_capacity(1 << 18, file);
    decode(input, length, empty).map_err(|e| match e.kind() {
        io::ErrorKind::UnexpectedEof => "the file ends in the middle".to_owned(),
        _ => e.to_string(),
    })
}

fn decode(input: impl Read, length: u64, mut bars: Bars) -> io::Result<Bars> {
    let mut input = Summed::new(input);
    if &input.take::<8>()? != MAGIC || u32::from_le_bytes(input.take()?) != VERSION {
        return Err(io::Error::other("not a file of bars of this version"));
    }
    let fractions = u32::from_le_bytes(input.take()?) != 0;
    let n = u64::from_le_bytes(input.take()?);
    // The length is checked first, so that a damaged count asks for no memory.
    let expected = n
        .checked_mul(if fractions { 28 } else { 24 })
        .and_then(|b| b.checked_add(36));
    if expected != Some(length) {
        return Err(io::Error::other("the file is not as long as it says"));
    }
    let n = usize::try_from(n).map_err(io::Error::other)?;
    let mut time = i64::from_le_bytes(input.take()?);
    get(&mut input, n, &mut bars.open_time, |b: [u8; 4]| {
        time += i64::from(u32::from_le_bytes(b));
        time
    })?;
    for column in [
        &mut bars.open,
        &mut bars.high,
        &mut bars.low,
        &mut bars.close,
    ] {
        get(&mut input, n, column, i32::from_le_bytes)?;
    }
    if fractions {
        get(&mut input, n, &mut bars.volume, f64::from_le_bytes)?;
    } else {
        get(&mut input, n, &mut bars.volume, |b: [u8; 4]| {
            f64::from(u32::from_le_bytes(b))
        })?;
    }
    let sum = input.crc.clone().finalize();
    if u32::from_le_bytes(input.take()?) != sum {
        return Err(io::Error::other("the checksum does not agree"));
    }
    Ok(bars)
}

fn get<R: Read, T, const N: usize>(
    input: &mut Summed<R>,
    n: usize,
    column: &mut Vec<T>,
    mut value: impl FnMut([u8; N]) -> T,
) -> io::Result<()> {
    column.reserve_exact(n);
    let mut block = vec![0_u8; BLOCK * N];
    let mut left = n;
    while left > 0 {
        let now = left.min(BLOCK);
        let bytes = &mut block[..now * N];
        input.read_exact(bytes)?;
        let (values, _none) = bytes.as_chunks::<N>();
        column.extend(values.iter().map(|&b| value(b)));
        left -= now;
    }
    Ok(())
}

/// Keeps the checksum of what passes through.
struct Summed<I> {
    inner: I,
    crc: crc32fast::Hasher,
}

impl<I> Summed<I> {
    fn new(inner: I) -> Self {
        Self {
            inner,
            crc: crc32fast::Hasher::new(),
        }
    }
}

impl<R: Read> Summed<R> {
    fn read_exact(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.inner.read_exact(bytes)?;
        self.crc.update(bytes);
        Ok(())
    }

    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.crc.update(&bytes[..n]);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use holdout_core::market::Instruments;

    use super::*;

    fn bars(n: usize, volume: impl Fn(usize) -> f64) -> Bars {
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 60);
        for i in 0..n {
            let p = 70_000 + (i % 977) as i32;
            let hole = if i > n / 2 { 1_000_000 } else { 0 };
            bars.push(
                1_700_000_000 + hole + 60 * i as i64,
                [p, p + 3, p - 2, p + 1],
                volume(i),
            );
        }
        bars
    }

    #[test]
    fn bars_come_back_and_any_changed_byte_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.bars");
        let empty = |b: &Bars| Bars::empty(b.instrument.clone(), b.interval_secs);
        for b in [
            bars(40_000, |i| i as f64),
            bars(300, |i| i as f64 / 3.0),
            bars(1, |_| 0.0),
        ] {
            write(&path, &b).unwrap();
            assert_eq!(read(&path, empty(&b)).unwrap(), b);
        }
        let b = bars(50, |_| 7.0);
        write(&path, &b).unwrap();
        let good = std::fs::read(&path).unwrap();
        for i in 0..good.len() {
            let mut bad = good.clone();
            bad[i] ^= 0x10;
            std::fs::write(&path, &bad).unwrap();
            assert!(read(&path, empty(&b)).is_err(), "byte {i}");
        }
        std::fs::write(&path, &good[..good.len() / 2]).unwrap();
        assert!(read(&path, empty(&b)).is_err());
        std::fs::write(&path, [good.as_slice(), &[0]].concat()).unwrap();
        assert!(read(&path, empty(&b)).is_err());
        let mut turned = b.clone();
        turned.open_time.reverse();
        assert!(write(&path, &turned).is_err());
    }
}
