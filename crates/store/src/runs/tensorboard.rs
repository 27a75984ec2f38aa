//! Event files that TensorBoard reads: figures by step, a record of TFRecord framing each.
//!
//! A record is its length, a checksum of the length, the bytes, and their checksum. The bytes are
//! an `Event` of TensorBoard's `event.proto`: wall time, step, and either the file's version or a
//! `Summary` of named numbers. The libraries that write this are unmaintained or bring a protobuf
//! compiler along; the three messages that are needed fit on a page.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::atomic::replace;
use crate::error::FileError;

/// What the name of an event file begins with; a number that rises from file to file follows.
const PREFIX: &str = "events.out.tfevents.";

/// Figures of one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalars {
    /// Environment steps, the x axis.
    pub step: u64,
    /// Unix seconds at which they were taken.
    pub wall_time: f64,
    /// Names, with `/` between group and figure, and values. Those not finite are left out.
    pub values: Vec<(String, f64)>,
}

/// An event file that is being written.
#[derive(Debug)]
pub(super) struct EventFile {
    path: PathBuf,
    file: File,
    /// Wall times do not fall, whatever the clock does.
    last_time: f64,
}

impl EventFile {
    /// Writes a new event file with what was recorded so far, then removes older ones.
    ///
    /// A reader that has an older file open goes on to the new one; a step is never in two files
    /// that stay.
    ///
    /// # Errors
    /// When the system refuses; older files are then still there.
    pub(super) fn begin(
        folder: &Path,
        created: f64,
        so_far: &[Scalars],
    ) -> Result<Self, FileError> {
        let older = event_files(folder)?;
        let newest = older.iter().map(|(n, _)| *n).max();
        let number = newest.map_or(created.max(0.0) as u64, |n| {
            n.saturating_add(1).max(created as u64)
        });
        let path = folder.join(format!("{PREFIX}{number:010}.holdout"));
        let mut bytes = record(&event(created, 0, &text_field(3, b"brain.Event:2")));
        let mut last_time = created;
        for scalars in so_far {
            last_time = last_time.max(scalars.wall_time);
            bytes.extend(record(&summary_event(scalars, last_time)));
        }
        replace(&path, &bytes)?;
        for (_, old) in older {
            fs::remove_file(&old).map_err(|e| FileError::io("remove", &old, e))?;
        }
        let file = OpenOptions::new()
            .append(true)
            .open(&path)
            .map_err(|e| FileError::io("open for appending", &path, e))?;
        Ok(Self {
            path,
            file,
            last_time,
        })
    }

    /// Appends the figures of a step with one write, so that a kill can only cut the last one.
    ///
    /// # Errors
    /// When the system refuses, e.g. on a full disk.
    pub(super) fn append(&mut self, scalars: &Scalars) -> Result<(), FileError> {
        self.last_time = self.last_time.max(scalars.wall_time);
        self.file
            .write_all(&record(&summary_event(scalars, self.last_time)))
            .map_err(|e| FileError::io("append to", &self.path, e))
    }
}

/// The event files of a folder with their numbers.
fn event_files(folder: &Path) -> Result<Vec<(u64, PathBuf)>, FileError> {
    let entries = fs::read_dir(folder).map_err(|e| FileError::io("list", folder, e))?;
    let number = |path: &Path| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        name.strip_prefix(PREFIX)?.split('.').next()?.parse().ok()
    };
    Ok(entries
        .filter_map(Result::ok)
        .filter_map(|e| Some((number(&e.path())?, e.path())))
        .collect())
}

fn summary_event(scalars: &Scalars, wall_time: f64) -> Vec<u8> {
    let mut summary = Vec::new();
    for (tag, value) in scalars.values.iter().filter(|(_, v)| v.is_finite()) {
        // Summary.Value: tag = 1, simple_value = 2 as a float.
        let mut entry = text_field(1, tag.as_bytes());
        entry.push(2 << 3 | 5);
        entry.extend((*value as f32).to_le_bytes());
        summary.extend(text_field(1, &entry));
    }
    event(wall_time, scalars.step, &text_field(5, &summary))
}

/// Event: wall_time = 1 as a double, step = 2 as a varint, then the one thing it tells.
fn event(wall_time: f64, step: u64, what: &[u8]) -> Vec<u8> {
    let mut out = vec![1 << 3 | 1];
    out.extend(wall_time.to_le_bytes());
    if step > 0 {
        out.push(2 << 3);
        varint(step, &mut out);
    }
    out.extend(what);
    out
}

/// A field of bytes: number and wire type, length, bytes.
fn text_field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    varint(bytes.len() as u64, &mut out);
    out.extend(bytes);
    out
}

/// Seven bits a byte, the lowest first; the top bit says that more follow.
fn varint(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut out = length.to_vec();
    out.extend(masked_crc(&length).to_le_bytes());
    out.extend(data);
    out.extend(masked_crc(data).to_le_bytes());
    out
}

/// CRC-32C, rotated and shifted so that a checksum of data that holds checksums stays useful.
fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data)
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalars(step: u64) -> Scalars {
        Scalars {
            step,
            wall_time: 1_000.0 + step as f64,
            values: vec![
                ("train/entropy".to_owned(), 0.5),
                ("train/return_mean".to_owned(), f64::NAN),
            ],
        }
    }

    /// Payloads of the records of a file, each checked against both of its checksums.
    fn payloads(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut out = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let n = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
            let crc = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
            assert_eq!(crc(8), masked_crc(&rest[..8]));
            assert_eq!(crc(12 + n), masked_crc(&rest[12..12 + n]));
            out.push(rest[12..12 + n].to_vec());
            rest = &rest[16 + n..];
        }
        out
    }

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // RFC 3720, B.4: 32 bytes of zeros.
        assert_eq!(crc32c::crc32c(&[0; 32]), 0x8a91_36aa);
        // The checksum in front of every file that TensorFlow writes: of the length 24.
        assert_eq!(
            masked_crc(&24_u64.to_le_bytes()).to_le_bytes(),
            [0xa3, 0x7f, 0x4b, 0x22]
        );
    }

    #[test]
    fn an_event_is_the_bytes_that_protobuf_makes_of_it() {
        let mut expected = vec![0x09];
        expected.extend(1_300.0_f64.to_le_bytes());
        expected.extend([0x10, 0xac, 0x02]); // step 300
        let mut value = vec![0x0a, 13];
        value.extend(b"train/entropy");
        value.push(0x15);
        value.extend(0.5_f32.to_le_bytes());
        expected.extend([0x2a, value.len() as u8 + 2, 0x0a, value.len() as u8]);
        expected.extend(value);
        assert_eq!(summary_event(&scalars(300), 1_300.0), expected);
    }

    #[test]
    fn a_new_file_takes_the_place_of_the_old_and_sorts_behind_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut first = EventFile::begin(dir.path(), 1_000.0, &[]).unwrap();
        (1..=3).for_each(|s| first.append(&scalars(s)).unwrap());
        // Cut short in the middle of a record, as by a kill; and the clock was set back.
        let bytes = fs::read(&first.path).unwrap();
        fs::write(&first.path, &bytes[..bytes.len() - 5]).unwrap();
        let mut second = EventFile::begin(dir.path(), 10.0, &[scalars(1), scalars(2)]).unwrap();
        second.append(&scalars(3)).unwrap();
        assert!(second.path.file_name() > first.path.file_name());
        assert!(!first.path.exists());
        let events = payloads(&fs::read(&second.path).unwrap());
        assert_eq!(events.len(), 4);
        assert!(events[0].ends_with(b"brain.Event:2"));
        for (s, e) in (1..).zip(&events[1..]) {
            assert_eq!(*e, summary_event(&scalars(s), 1_000.0 + s as f64));
        }
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_turn_time() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = EventFile::begin(dir.path(), 2_000.0, &[]).unwrap();
        file.append(&scalars(1)).unwrap();
        let events = payloads(&fs::read(&file.path).unwrap());
        assert_eq!(events[1][1..9], 2_000.0_f64.to_le_bytes());
    }
}
