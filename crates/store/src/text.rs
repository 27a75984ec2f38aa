//! Reads a text file of any size in blocks of whole lines, and hashes it on the way.
//!
//! Plain, gzip, Zstandard or a member of a zip archive by content, UTF-8 (a byte-order mark is
//! skipped) or UTF-16 by its mark or its zero bytes; line ends may be LF, CRLF or CR. Memory does
//! not grow with the file, and what unpacks to many times its size is refused. The hash is the
//! SHA-256 of the file as it lies on the disk.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};
use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::archive::{self, Member};
use crate::error::{BadInput, FileError};

/// Bytes asked for at a time.
const BLOCK: usize = 1 << 20;
/// A line longer than this is no row of a bar file.
const MAX_LINE: usize = 1 << 20;
/// Packed text that grows by more than this is no market data: bars shrink five- to thirtyfold.
pub(crate) const MAX_GROWTH: u64 = 200;
/// Up to this size growth does not matter.
pub(crate) const SMALL: u64 = 64 << 20;

/// Writes a hash as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| {
            [
                DIGITS[usize::from(b >> 4)] as char,
                DIGITS[usize::from(b & 15)] as char,
            ]
        })
        .collect()
}

/// Bytes of a file that is read whole, at most.
pub const MAX_WHOLE_BYTES: u64 = 64 << 20;

/// SHA-256 of a file in hexadecimal.
///
/// # Errors
/// When the file cannot be read.
pub fn sha256_of_file(path: &Path) -> Result<String, FileError> {
    let mut file = open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0_u8; 1 << 18];
    loop {
        let n = file
            .read(&mut block)
            .map_err(|e| FileError::io("read", path, e))?;
        if n == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&block[..n]);
    }
}

/// SHA-256 of bytes in hexadecimal.
pub fn sha256_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes of a file that is short by its kind: settings, rules, a certificate, a status.
///
/// # Errors
/// When the file cannot be read, or holds more than [`MAX_WHOLE_BYTES`]: a device, or another file
/// by mistake, would take all memory.
pub fn read_whole(path: &Path) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    open(path)?
        .take(MAX_WHOLE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| FileError::io("read", path, e))?;
    if bytes.len() as u64 > MAX_WHOLE_BYTES {
        let cause = "the file does not end within 64 MiB";
        return Err(BadInput::new(path, cause)
            .expected("a short file")
            .remedy("name the right file")
            .into());
    }
    Ok(bytes)
}

/// [`read_whole`], as text.
///
/// # Errors
/// As there, and when it is no UTF-8.
pub fn read_whole_text(path: &Path) -> Result<String, FileError> {
    String::from_utf8(read_whole(path)?).map_err(|e| {
        let valid = &e.as_bytes()[..e.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|b| **b == b'\n').count();
        BadInput::new(path, "the file is no text in UTF-8")
            .line(line as u64)
            .remedy("save it as UTF-8")
            .into()
    })
}

/// Opens a file for reading, with a clear refusal of folders.
pub(crate) fn open(path: &Path) -> Result<File, FileError> {
    let file = File::open(path).map_err(|e| FileError::io("open", path, e))?;
    let meta = file
        .metadata()
        .map_err(|e| FileError::io("open", path, e))?;
    if meta.is_dir() {
        return Err(FileError::IsFolder(path.to_owned()));
    }
    Ok(file)
}

/// Counts and hashes what is read through it.
struct Tap<R> {
    file: R,
    hash: Arc<Mutex<Sha256>>,
    seen: Arc<AtomicU64>,
}

impl<R: Read> Read for Tap<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buf)?;
        self.seen.fetch_add(n as u64, Ordering::Relaxed);
        self.hash
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .update(&buf[..n]);
        Ok(n)
    }
}

/// Refuses to unpack a bomb: a small file that holds far more than any bars would.
struct Bounded<R> {
    inner: R,
    out: u64,
    seen: Arc<AtomicU64>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.out += n as u64;
        let packed = self.seen.load(Ordering::Relaxed).max(1);
        if self.out > SMALL && self.out / packed > MAX_GROWTH {
            return Err(io::Error::other(format!(
                "it unpacks to more than {MAX_GROWTH} times its size, which no bar file does"
            )));
        }
        Ok(n)
    }
}

/// How far the reading of a file has come; can be asked from another thread.
#[derive(Clone, Debug)]
pub struct ReadProgress {
    seen: Arc<AtomicU64>,
    total: u64,
}

impl ReadProgress {
    /// Share of the file that was read, 0 to 1.
    pub fn fraction(&self) -> f64 {
        if self.total == 0 {
            1.0
        } else {
            (self.seen.load(Ordering::Relaxed) as f64 / self.total as f64).min(1.0)
        }
    }
}

/// A text file as blocks of whole lines in UTF-8.
pub struct TextSource {
    path: PathBuf,
    name: String,
    reader: Box<dyn Read + Send>,
    decoder: Option<Decoder>,
    carriage_returns_only: bool,
    /// What the text is packed in, for messages.
    packed: Option<&'static str>,
    hash: Arc<Mutex<Sha256>>,
    progress: ReadProgress,
    /// Bytes after the last line end handed out.
    rest: Vec<u8>,
    ended: bool,
}

impl TextSource {
    /// Opens a file and looks at its first bytes. Of a zip archive it opens the first member that
    /// may be a text; see [`archive::members`] for all of them.
    ///
    /// # Errors
    /// When it cannot be opened, is a folder, is empty, is a parquet file, or is an archive without
    /// a text.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        if archive::is_zip(path)? {
            let members = archive::members(path)?;
            let Some(first) = members.first() else {
                return Err(archive::no_members(path).into());
            };
            return Self::open_member(path, first);
        }
        let file = open(path)?;
        let total = file
            .metadata()
            .map_err(|e| FileError::io("open", path, e))?
            .len();
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        Self::over(path, name, file, total, None)
    }

    /// Opens one member of a zip archive. The hash is then that of the packed member, not of the
    /// archive.
    ///
    /// # Errors
    /// As [`TextSource::open`].
    pub fn open_member(path: &Path, member: &Member) -> Result<Self, FileError> {
        let file = member.open(path)?;
        Self::over(
            path,
            member.full_name(path),
            file,
            member.packed_bytes,
            Some(member),
        )
    }

    fn over(
        path: &Path,
        name: String,
        file: impl Read + Send + 'static,
        total: u64,
        member: Option<&Member>,
    ) -> Result<Self, FileError> {
        let (hash, seen) = (
            Arc::new(Mutex::new(Sha256::new())),
            Arc::new(AtomicU64::new(0)),
        );
        let tap = BufReader::with_capacity(
            1 << 17,
            Tap {
                file,
                hash: hash.clone(),
                seen: seen.clone(),
            },
        );
        let mut packed = None;
        let mut raw: Box<dyn Read + Send> = match member {
            None => Box::new(tap),
            Some(member) => {
                packed = Some("zip archive");
                Box::new(Bounded {
                    inner: member.unpack(tap),
                    out: 0,
                    seen: seen.clone(),
                })
            }
        };
        let magic = peek(&mut raw, 4).map_err(|e| read_error(path, packed, e))?;
        let refuse =
            |cause: &str, remedy: &str| Err(BadInput::new(path, cause).remedy(remedy).into());
        match magic.as_slice() {
            [] if member.is_some() => {
                return refuse("the file in the archive is empty", "export it again");
            }
            [] => return refuse("the file is empty (0 bytes)", "export it again"),
            [b'P', b'K', 3, 4] => {
                return refuse(
                    "this is a zip archive in a zip archive",
                    "unpack it and give the file inside",
                );
            }
            [b'P', b'A', b'R', b'1'] => {
                return refuse(
                    "this is a parquet file, text was expected",
                    "open it as a parquet file by itself",
                );
            }
            _ => {}
        }
        let chained = io::Cursor::new(magic.clone()).chain(raw);
        let reader: Box<dyn Read + Send> = match magic.as_slice() {
            [0x1f, 0x8b, ..] => {
                packed = Some("gzip file");
                Box::new(Bounded {
                    inner: MultiGzDecoder::new(chained),
                    out: 0,
                    seen: seen.clone(),
                })
            }
            [0x28, 0xb5, 0x2f, 0xfd] => {
                packed = Some("Zstandard file");
                let inner = zstd::stream::read::Decoder::new(chained)
                    .map_err(|e| read_error(path, packed, e))?;
                Box::new(Bounded {
                    inner,
                    out: 0,
                    seen: seen.clone(),
                })
            }
            _ => Box::new(chained),
        };
        let progress = ReadProgress { seen, total };
        let mut source = Self {
            path: path.to_owned(),
            name,
            reader,
            decoder: None,
            carriage_returns_only: false,
            packed,
            hash,
            progress,
            rest: Vec::new(),
            ended: false,
        };
        source.look_at_encoding()?;
        Ok(source)
    }

    /// Name of the file without its folder; of a member, the names of archive and member.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How far the reading has come.
    pub fn progress(&self) -> ReadProgress {
        self.progress.clone()
    }

    /// Reads the first bytes of the text, settles the encoding, and keeps what was read.
    fn look_at_encoding(&mut self) -> Result<(), FileError> {
        let mut head = Vec::new();
        self.read_raw(1 << 16, &mut head)?;
        if head.is_empty() {
            return Err(
                BadInput::new(&self.path, "the compressed file holds nothing")
                    .remedy("export it again")
                    .into(),
            );
        }
        let (decoder, mark) = match head.as_slice() {
            [0xff, 0xfe, ..] => (Some(UTF_16LE), 2),
            [0xfe, 0xff, ..] => (Some(UTF_16BE), 2),
            [0xef, 0xbb, 0xbf, ..] => (None, 3),
            [a, 0, b, 0, ..] if *a != 0 && *b != 0 => (Some(UTF_16LE), 0),
            [0, a, 0, b, ..] if *a != 0 && *b != 0 => (Some(UTF_16BE), 0),
            _ => (None, 0),
        };
        head.drain(..mark);
        self.decoder = decoder.map(|e| e.new_decoder_without_bom_handling());
        let mut text = self.decode(head, false)?;
        self.carriage_returns_only = text.contains(&b'\r') && !text.contains(&b'\n');
        if self.carriage_returns_only {
            text.iter_mut()
                .filter(|b| **b == b'\r')
                .for_each(|b| *b = b'\n');
        }
        self.rest = text;
        Ok(())
    }

    /// Appends up to `limit` bytes of the (decompressed) file; fewer only at its end.
    fn read_raw(&mut self, limit: usize, into: &mut Vec<u8>) -> Result<(), FileError> {
        let read = self.reader.by_ref().take(limit as u64).read_to_end(into);
        match read {
            Ok(n) => {
                self.ended = n < limit;
                Ok(())
            }
            Err(e) => Err(read_error(&self.path, self.packed, e)),
        }
    }

    fn decode(&mut self, raw: Vec<u8>, last: bool) -> Result<Vec<u8>, FileError> {
        let Some(decoder) = &mut self.decoder else {
            return Ok(raw);
        };
        let room = decoder
            .max_utf8_buffer_length(raw.len())
            .unwrap_or(raw.len() * 3 + 16);
        let mut text = vec![0_u8; room];
        let (result, _read, written, wrong) = decoder.decode_to_utf8(&raw, &mut text, last);
        if wrong || result == CoderResult::OutputFull {
            let bad = BadInput::new(&self.path, "the text is not valid UTF-16")
                .remedy("save the file as UTF-8");
            return Err(bad.into());
        }
        text.truncate(written);
        Ok(text)
    }

    /// The next whole lines, or `None` at the end. The last line need not have an end.
    ///
    /// # Errors
    /// When the system refuses, a gzip file is damaged, or a line is longer than a mebibyte.
    pub fn next_block(&mut self) -> Result<Option<Vec<u8>>, FileError> {
        loop {
            if self.ended {
                let last = std::mem::take(&mut self.rest);
                return Ok((!last.is_empty()).then_some(last));
            }
            let old = self.rest.len();
            if self.decoder.is_none() {
                let mut rest = std::mem::take(&mut self.rest);
                rest.reserve(BLOCK + 1);
                self.read_raw(BLOCK, &mut rest)?;
                self.rest = rest;
            } else {
                let mut raw = Vec::new();
                self.read_raw(BLOCK, &mut raw)?;
                let mut text = self.decode(raw, self.ended)?;
                self.rest.append(&mut text);
            }
            if self.carriage_returns_only {
                self.rest[old..]
                    .iter_mut()
                    .filter(|b| **b == b'\r')
                    .for_each(|b| *b = b'\n');
            }
            if self.ended {
                continue;
            }
            if let Some(end) = self.rest[old..].iter().rposition(|&b| b == b'\n') {
                let tail = self.rest[old + end + 1..].to_vec();
                self.rest.truncate(old + end + 1);
                return Ok(Some(std::mem::replace(&mut self.rest, tail)));
            }
            if self.rest.len() > MAX_LINE {
                let bad = BadInput::new(&self.path, "a line is longer than 1 MiB")
                    .expected("a text file with one bar a line");
                return Err(bad.into());
            }
        }
    }

    /// The beginning of the text, without taking it out of the blocks.
    pub fn head(&self) -> &[u8] {
        &self.rest
    }

    /// SHA-256 of the file in hexadecimal; of the whole file once all blocks were read.
    pub fn sha256(&self) -> String {
        hex(&self
            .hash
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .finalize())
    }
}

/// Tells a damaged packed file from a system that refuses.
fn read_error(path: &Path, packed: Option<&str>, e: io::Error) -> FileError {
    let Some(packed) = packed.filter(|_| e.raw_os_error().is_none()) else {
        return FileError::io("read", path, e);
    };
    let cause = if e.kind() == io::ErrorKind::UnexpectedEof {
        format!("the {packed} ends in the middle")
    } else {
        format!("the {packed} is damaged ({e})")
    };
    BadInput::new(path, cause)
        .expected(format!("a whole {packed}"))
        .remedy("download or copy it again")
        .into()
}

/// The first `n` bytes of a reader, fewer at its end.
fn peek(reader: &mut impl Read, n: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(n as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_read_whole_ends_and_is_text() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t");
        std::fs::write(&path, b"a = 1\nb = \"\xff\"\n").unwrap();
        assert_eq!(read_whole(&path).unwrap().len(), 14);
        let told = read_whole_text(&path).unwrap_err().to_string();
        assert!(
            told.contains("line 2: ") && told.contains("UTF-8"),
            "{told}"
        );
        let long = File::create(&path).unwrap();
        long.set_len(MAX_WHOLE_BYTES).unwrap();
        assert!(read_whole(&path).is_ok());
        long.set_len(MAX_WHOLE_BYTES + 1).unwrap();
        assert!(read_whole(&path).unwrap_err().is_bad_data());
    }

    fn read_all(bytes: &[u8]) -> Result<String, FileError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t");
        std::fs::write(&path, bytes).unwrap();
        let mut source = TextSource::open(&path)?;
        let mut text = Vec::new();
        while let Some(block) = source.next_block()? {
            text.extend(block);
        }
        assert_eq!(
            source.sha256(),
            sha256_of(bytes),
            "the hash is of the file as it lies on the disk"
        );
        assert!((source.progress().fraction() - 1.0).abs() < 1e-12);
        Ok(String::from_utf8(text).unwrap())
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn encodings_and_compression_come_out_as_the_same_text() {
        let want = "time,open\n1,2\n3,4";
        let utf16 = |big: bool| -> Vec<u8> {
            want.encode_utf16()
                .flat_map(|u| {
                    if big {
                        u.to_be_bytes()
                    } else {
                        u.to_le_bytes()
                    }
                })
                .collect()
        };
        let mark = |m: &[u8], b: Vec<u8>| [m.to_vec(), b].concat();
        let forms = [
            want.as_bytes().to_vec(),
            mark(&[0xef, 0xbb, 0xbf], want.as_bytes().to_vec()),
            mark(&[0xff, 0xfe], utf16(false)),
            mark(&[0xfe, 0xff], utf16(true)),
            utf16(false),
            utf16(true),
            gzip(want.as_bytes()),
            want.replace('\n', "\r").into_bytes(),
        ];
        for (i, bytes) in forms.iter().enumerate() {
            assert_eq!(read_all(bytes).unwrap(), want, "form {i}");
        }
    }

    #[test]
    fn blocks_end_at_line_ends_and_lose_nothing() {
        let line = "20240102 030405;1.25;2.5;1;2;7\r\n";
        let text = line.repeat(400_000);
        assert_eq!(read_all(text.as_bytes()).unwrap().len(), text.len());
    }

    #[test]
    fn broken_files_say_what_is_broken() {
        let whole = gzip("1,2,3\n".repeat(100_000).as_bytes());
        let cut = read_all(&whole[..whole.len() / 2]).unwrap_err();
        assert!(
            cut.to_string()
                .starts_with("the gzip file ends in the middle"),
            "{cut}"
        );
        assert!(read_all(b"").unwrap_err().to_string().contains("0 bytes"));
        assert!(
            read_all(b"PK\x03\x04rest")
                .unwrap_err()
                .to_string()
                .contains("zip archive")
        );
        let long = vec![b'x'; 10 << 20];
        assert!(
            read_all(&long)
                .unwrap_err()
                .to_string()
                .contains("longer than 1 MiB")
        );
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            TextSource::open(folder.path()),
            Err(FileError::IsFolder(_))
        ));
        assert!(matches!(
            TextSource::open(&folder.path().join("none")),
            Err(FileError::NotFound(_))
        ));
    }
}
