//! Replaces a file whole or not at all, and appends lines that survive a kill.
//!
//! A new file is written beside the old one under a temporary name, synced, then renamed over
//! it; the folder is synced so that the name survives a power cut as well.

use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::FileError;

static COUNTER: AtomicU64 = AtomicU64::new(0);

fn temporary_name(path: &Path) -> PathBuf {
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let n = COUNTER.fetch_add(1, Ordering::Relaxed);
    path.with_file_name(format!(".{name}.{}-{n}.tmp", std::process::id()))
}

/// Writes a file through a temporary one: afterwards the path holds all of it, or what it held.
///
/// # Errors
/// When the folder cannot be made or the system refuses; nothing is left behind then.
pub fn replace_with(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>,
) -> Result<(), FileError> {
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|e| FileError::io("create the folder of", path, e))?;
    }
    let temporary = temporary_name(path);
    let attempt = (|| {
        let mut out = BufWriter::with_capacity(1 << 18, File::create(&temporary)?);
        write(&mut out)?;
        let file = out
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        drop(file);
        fs::rename(&temporary, path)
    })();
    if let Err(e) = attempt {
        // The first failure is the one to report; a leftover temporary file is harmless.
        drop(fs::remove_file(&temporary));
        return Err(FileError::io("write", path, e));
    }
    sync_folder(path);
    Ok(())
}

/// Replaces a file by bytes; see [`replace_with`].
///
/// # Errors
/// When the system refuses.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    replace_with(path, |out| out.write_all(bytes))
}

/// Makes a rename durable. Not every file system can sync a folder, and none needs it to be correct.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent().and_then(|p| File::open(p).ok()) {
        drop(folder.sync_all());
    }
}

/// Appends lines to a file, each with one write, so that a kill can only cut the last one short.
#[derive(Debug)]
pub struct LineLog {
    path: PathBuf,
    file: File,
}

impl LineLog {
    /// Opens or creates a file for appending; a last line without an end is cut off first.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let io = |e| FileError::io("open for appending", path, e);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io)?;
        let whole = end_of_last_line(&mut file).map_err(io)?;
        file.set_len(whole).map_err(io)?;
        file.seek(SeekFrom::Start(whole)).map_err(io)?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Appends one line; line ends inside it become blanks.
    ///
    /// # Errors
    /// When the system refuses, e.g. on a full disk.
    pub fn append(&mut self, line: &str) -> Result<(), FileError> {
        let mut text = line.replace(['\n', '\r'], " ");
        text.push('\n');
        self.file
            .write_all(text.as_bytes())
            .map_err(|e| FileError::io("append to", &self.path, e))
    }

    /// Waits until everything appended is on the disk.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn sync(&self) -> Result<(), FileError> {
        self.file
            .sync_data()
            .map_err(|e| FileError::io("sync", &self.path, e))
    }
}

/// Length of a file up to and including its last line end.
fn end_of_last_line(file: &mut File) -> std::io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut block = vec![0_u8; 4096];
    while end > 0 {
        let from = end.saturating_sub(block.len() as u64);
        let part = &mut block[..(end - from) as usize];
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(part)?;
        if let Some(at) = part.iter().rposition(|&b| b == b'\n') {
            return Ok(from + at as u64 + 1);
        }
        end = from;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b.txt");
        replace(&path, b"old").unwrap();
        let failed = replace_with(&path, |out| {
            out.write_all(b"half")?;
            Err(std::io::Error::other("disk full"))
        });
        assert!(failed.unwrap_err().to_string().contains("disk full"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn appending_cuts_off_a_half_written_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.jsonl");
        fs::write(&path, format!("{{\"a\":1}}\n{}", "x".repeat(9000))).unwrap();
        let mut log = LineLog::open(&path).unwrap();
        log.append("{\"a\":\n2}").unwrap();
        log.sync().unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "{\"a\":1}\n{\"a\": 2}\n"
        );
    }
}
