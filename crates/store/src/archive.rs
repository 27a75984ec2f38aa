//! Members of a zip archive that may be bar files, read without unpacking anything to the disk.
//!
//! Names inside an archive are shown and compared, never used as paths. Folders, hidden files and
//! what a desktop adds (`__MACOSX`) are no members. Encrypted members and methods other than
//! stored and deflate are refused in words.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Take};
use std::path::Path;

use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use crate::error::{BadInput, FileError, excerpt};
use crate::text::{MAX_GROWTH, SMALL, open};

/// More members than this are no delivery of bars.
const MAX_MEMBERS: usize = 20_000;

/// A file in a zip archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Name in the archive, for people.
    pub name: String,
    /// Bytes it takes in the archive.
    pub(crate) packed_bytes: u64,
    /// Bytes it unpacks to, as the archive says.
    bytes: u64,
    start: u64,
    deflated: bool,
    crc32: u32,
}

/// Whether a file begins as a zip archive.
///
/// # Errors
/// When it cannot be opened.
pub fn is_zip(path: &Path) -> Result<bool, FileError> {
    let mut magic = [0; 4];
    let mut file = open(path)?;
    // A shorter file is no archive, and the reader of texts has the words for it.
    Ok(file.read_exact(&mut magic).is_ok()
        && matches!(&magic, [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6]))
}

/// The members that may be bar files, in the order of the archive.
///
/// # Errors
/// When the archive cannot be read, is damaged, or a member is encrypted or packed by a method
/// that is not known.
pub fn members(path: &Path) -> Result<Vec<Member>, FileError> {
    let damaged = |e: zip::result::ZipError| -> FileError {
        match e {
            zip::result::ZipError::Io(e) if e.raw_os_error().is_some() => {
                FileError::io("read", path, e)
            }
            e => BadInput::new(
                path,
                format!(
                    "the zip archive is damaged or cut off ({})",
                    excerpt(&e.to_string())
                ),
            )
            .expected("a whole zip archive")
            .remedy("download or copy it again")
            .into(),
        }
    };
    let mut archive = ZipArchive::new(io::BufReader::new(open(path)?)).map_err(damaged)?;
    if archive.len() > MAX_MEMBERS {
        let cause = format!("the zip archive holds {} files", archive.len());
        return Err(BadInput::new(path, cause)
            .expected(format!("at most {MAX_MEMBERS}"))
            .remedy("unpack it and give the files of one market")
            .into());
    }
    let mut found = Vec::new();
    for i in 0..archive.len() {
        let file = archive.by_index_raw(i).map_err(damaged)?;
        let name = excerpt(file.name());
        let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let hidden = last.is_empty() || last.starts_with('.') || name.starts_with("__MACOSX");
        if file.is_dir() || hidden {
            continue;
        }
        if file.encrypted() {
            let cause = format!("\"{name}\" in the archive is encrypted");
            let bad = BadInput::new(path, cause);
            return Err(bad
                .remedy("unpack it with its password and give the file inside")
                .into());
        }
        let deflated = match file.compression() {
            CompressionMethod::Stored => false,
            method if method == CompressionMethod::DEFLATE => true,
            method => {
                let cause = format!("\"{name}\" in the archive is packed by the method {method}");
                let bad = BadInput::new(path, cause).expected("stored or deflate");
                return Err(bad.remedy("unpack it and give the file inside").into());
            }
        };
        found.push(Member {
            packed_bytes: file.compressed_size(),
            bytes: file.size(),
            start: file.data_start(),
            deflated,
            crc32: file.crc32(),
            name,
        });
    }
    let all = found.iter().fold(0_u64, |n, m| n.saturating_add(m.bytes));
    let size = std::fs::metadata(path)
        .map_err(|e| FileError::io("open", path, e))?
        .len();
    if all > SMALL && all / size.max(1) > MAX_GROWTH {
        let cause = format!("the zip archive claims to unpack to {} MB", all >> 20);
        return Err(BadInput::new(path, cause)
            .expected(format!("at most {MAX_GROWTH} times its size"))
            .remedy("unpack it and give the files of one market")
            .into());
    }
    Ok(found)
}

/// What to say of an archive without a text.
pub(crate) fn no_members(path: &Path) -> BadInput {
    BadInput::new(path, "the zip archive holds no file")
        .expected("one bar file or more")
        .remedy("pack the bar file itself")
}

impl Member {
    /// Names of archive and member: either can tell the market or the day.
    pub(crate) fn full_name(&self, path: &Path) -> String {
        let archive = path.file_name().map(|n| n.to_string_lossy().into_owned());
        format!("{}/{}", archive.unwrap_or_default(), self.name)
    }

    /// The packed bytes.
    pub(crate) fn open(&self, path: &Path) -> Result<Take<File>, FileError> {
        let mut file = open(path)?;
        file.seek(SeekFrom::Start(self.start))
            .map_err(|e| FileError::io("read", path, e))?;
        Ok(file.take(self.packed_bytes))
    }

    /// Unpacks bytes of [`Member::open`] and compares their checksum at the end.
    pub(crate) fn unpack(&self, packed: impl Read + Send + 'static) -> Box<dyn Read + Send> {
        let crc = crc32fast::Hasher::new();
        let want = self.crc32;
        if self.deflated {
            let inner = DeflateDecoder::new(packed);
            Box::new(Checked {
                inner,
                crc,
                want,
                left: self.bytes,
            })
        } else {
            Box::new(Checked {
                inner: packed,
                crc,
                want,
                left: self.bytes,
            })
        }
    }
}

/// Compares length and checksum of what was read with what the archive says.
struct Checked<R> {
    inner: R,
    crc: crc32fast::Hasher,
    want: u32,
    /// Bytes that may still come.
    left: u64,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.crc.update(&buf[..n]);
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| {
            let kind = io::ErrorKind::InvalidData;
            io::Error::new(kind, "a file in it is longer than the archive says")
        })?;
        if n == 0 && !buf.is_empty() && self.crc.clone().finalize() != self.want {
            let kind = io::ErrorKind::InvalidData;
            return Err(io::Error::new(kind, "the checksum of a file in it differs"));
        }
        Ok(n)
    }
}

/// Zip archives made by hand, also such as no program would make.
#[cfg(test)]
pub(crate) mod made {
    use std::io::Write as _;

    /// A file in an archive; `claim` is the length that the archive says, where it lies.
    pub(crate) struct Packed {
        name: String,
        body: Vec<u8>,
        method: u16,
        flags: u16,
        crc: u32,
        claim: u32,
    }

    impl Packed {
        pub(crate) fn new(name: &str, content: &[u8]) -> Self {
            let mut out =
                flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
            out.write_all(content).unwrap();
            Self {
                name: name.to_owned(),
                body: out.finish().unwrap(),
                method: 8,
                flags: 0,
                crc: crc32fast::hash(content),
                claim: content.len() as u32,
            }
        }

        pub(crate) fn stored(name: &str, content: &[u8]) -> Self {
            Self {
                body: content.to_vec(),
                method: 0,
                ..Self::new(name, content)
            }
        }

        pub(crate) fn encrypted(self) -> Self {
            Self { flags: 1, ..self }
        }

        pub(crate) fn method(self, method: u16) -> Self {
            Self { method, ..self }
        }

        pub(crate) fn claiming(self, claim: u32) -> Self {
            Self { claim, ..self }
        }

        pub(crate) fn crc(self, crc: u32) -> Self {
            Self { crc, ..self }
        }
    }

    pub(crate) fn zip(files: &[Packed]) -> Vec<u8> {
        let (mut out, mut directory) = (Vec::new(), Vec::new());
        for f in files {
            let at = out.len() as u32;
            let mut common = Vec::new();
            for n in [20_u16, f.flags, f.method, 0, 0x21] {
                common.extend(n.to_le_bytes());
            }
            for n in [f.crc, f.body.len() as u32, f.claim] {
                common.extend(n.to_le_bytes());
            }
            common.extend((f.name.len() as u16).to_le_bytes());
            common.extend(0_u16.to_le_bytes());
            out.extend(b"PK\x03\x04");
            out.extend(&common);
            out.extend(f.name.as_bytes());
            out.extend(&f.body);
            directory.extend(b"PK\x01\x02\x14\x00");
            directory.extend(&common);
            directory.extend([0; 10]);
            directory.extend(at.to_le_bytes());
            directory.extend(f.name.as_bytes());
        }
        let start = out.len() as u32;
        let n = (files.len() as u16).to_le_bytes();
        out.extend(&directory);
        out.extend(b"PK\x05\x06\x00\x00\x00\x00");
        out.extend([n, n].concat());
        out.extend((directory.len() as u32).to_le_bytes());
        out.extend(start.to_le_bytes());
        out.extend([0, 0]);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::made::{Packed, zip};
    use super::*;
    use crate::text::TextSource;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::Builder::new().suffix(".zip").tempfile().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    fn read(bytes: &[u8]) -> Result<String, FileError> {
        let file = file(bytes);
        let mut source = TextSource::open(file.path())?;
        let mut text = Vec::new();
        while let Some(block) = source.next_block()? {
            text.extend(block);
        }
        Ok(String::from_utf8(text).unwrap())
    }

    #[test]
    fn members_are_read_and_what_a_desktop_adds_is_none() {
        let bytes = zip(&[
            Packed::stored("folder/", b""),
            Packed::new("__MACOSX/._a.csv", b"x"),
            Packed::stored("folder/.DS_Store", b"x"),
            Packed::new("folder/a.csv", b"1,2\n3,4\n"),
            Packed::stored("b.csv", b"5,6\n"),
        ]);
        let names = members(file(&bytes).path()).unwrap();
        let names: Vec<&str> = names.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["folder/a.csv", "b.csv"]);
        assert_eq!(read(&bytes).unwrap(), "1,2\n3,4\n");
    }

    #[test]
    fn hostile_archives_are_refused_in_words() {
        let text = "2024-03-04T14:30:00Z,1,1,1,1,1\n".repeat(1000);
        let whole = zip(&[Packed::new("a.csv", text.as_bytes())]);
        assert_eq!(read(&whole).unwrap(), text);
        let bomb = "\n".repeat(80 << 20);
        let cases: [(Vec<u8>, &str); 9] = [
            (zip(&[]), "holds no file"),
            (whole[..whole.len() / 2].to_vec(), "damaged or cut off"),
            (
                zip(&[Packed::new("a.csv", b"1").encrypted()]),
                "is encrypted",
            ),
            (
                zip(&[Packed::new("a.csv", b"1").method(12)]),
                "packed by the method",
            ),
            (zip(&[Packed::new("a.csv", b"1,2\n").crc(7)]), "checksum"),
            (
                zip(&[Packed::new("a.csv", b"1,2\n3,4\n").claiming(4)]),
                "longer than",
            ),
            (
                zip(&[Packed::new("a.csv", bomb.as_bytes())]),
                "claims to unpack to",
            ),
            (zip(&[Packed::new("a.csv", b"")]), "in the archive is empty"),
            (
                zip(&[Packed::stored("a.zip", &whole)]),
                "zip archive in a zip archive",
            ),
        ];
        for (bytes, want) in cases {
            let e = read(&bytes).unwrap_err();
            assert!(
                e.is_bad_data() && e.to_string().contains(want),
                "{e}\nwanted {want}"
            );
        }
    }

    #[test]
    fn a_gzip_bomb_is_refused_in_words() {
        use std::io::Write as _;
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all("\n".repeat(80 << 20).as_bytes()).unwrap();
        let e = read(&out.finish().unwrap()).unwrap_err();
        assert!(
            e.is_bad_data() && e.to_string().contains("times its size"),
            "{e}"
        );
    }
}
