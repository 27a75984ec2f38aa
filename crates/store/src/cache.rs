//! Keeps imported bars as Parquet, so that a file is read as text once.
//!
//! The key is a hash of the file's content and name, the import options and the version of the
//! format. An entry is a Parquet file and a JSON file that is written last; an entry that cannot
//! be read is treated as absent, never as an error.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use holdout_core::market::Bars;
use polars::prelude::{
    DataFrame, Float64Chunked, Int32Chunked, Int64Chunked, IntoColumn, NewChunkedArray,
    ParquetCompression, ParquetReader, ParquetWriter, PolarsError, PolarsResult, SerReader,
};
use serde::{Deserialize, Serialize};

use crate::atomic::replace;
use crate::error::{BadInput, FileError};
use crate::import::{ImportError, Imported, import};
use crate::inspection::Inspection;
use crate::options::ImportOptions;
use crate::text::{sha256_of, sha256_of_file};

/// Version of the entries and of the rules of the import; raised whenever either changes.
pub const CACHE_FORMAT: u32 = 1;

/// A folder of imported bars.
#[derive(Clone, Debug)]
pub struct BarCache {
    folder: PathBuf,
}

/// What stands beside the bars of an entry.
#[derive(Serialize, Deserialize)]
struct Entry {
    format: u32,
    source_sha256: String,
    /// SHA-256 of the Parquet file: a damaged one is never given to the decoder.
    data_sha256: String,
    market: String,
    interval_secs: i64,
    bars: usize,
    inspection: Inspection,
}

/// Bars from the cache or from the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Cached {
    /// The bars and what was found.
    pub imported: Imported,
    /// Whether they came from the cache.
    pub hit: bool,
    /// Why a fresh entry could not be kept; the bars are good all the same.
    pub not_kept: Option<String>,
}

impl BarCache {
    /// Uses a folder; it is made when the first entry is kept.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// Imports a file, or takes what an earlier import with the same options gave.
    ///
    /// # Errors
    /// As [`import`]; a cache that cannot be written is no error.
    pub fn import(
        &self,
        path: &Path,
        options: &ImportOptions,
        progress: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Cached, ImportError> {
        let sha256 = sha256_of_file(path)?;
        let key = key(path, &sha256, options);
        if let Some(imported) = self.load(&key, &sha256, options) {
            return Ok(Cached {
                imported,
                hit: true,
                not_kept: None,
            });
        }
        let imported = import(path, options, progress)?;
        let kept = if imported.source_sha256 == sha256 {
            self.store(&key, &imported)
        } else {
            Ok(())
        };
        Ok(Cached {
            imported,
            hit: false,
            not_kept: kept.err().map(|e| e.to_string()),
        })
    }

    fn paths(&self, key: &str) -> (PathBuf, PathBuf) {
        (
            self.folder.join(format!("{key}.parquet")),
            self.folder.join(format!("{key}.json")),
        )
    }

    /// An entry, if there is a whole one.
    fn load(&self, key: &str, sha256: &str, options: &ImportOptions) -> Option<Imported> {
        let (data, facts) = self.paths(key);
        let entry: Entry = serde_json::from_slice(&std::fs::read(facts).ok()?).ok()?;
        if entry.format != CACHE_FORMAT || entry.source_sha256 != sha256 {
            return None;
        }
        let instrument = options.instruments.get(&entry.market).ok()?.clone();
        let bytes = std::fs::read(&data)
            .ok()
            .filter(|b| sha256_of(b) == entry.data_sha256)?;
        let bars = read_bars(bytes, Bars::empty(instrument, entry.interval_secs)).ok()?;
        let whole = bars.len() == entry.bars && bars.validate().is_ok();
        whole.then_some(Imported {
            bars,
            inspection: entry.inspection,
            source_sha256: entry.source_sha256,
        })
    }

    fn store(&self, key: &str, imported: &Imported) -> Result<(), FileError> {
        let (data, facts) = self.paths(key);
        let data_sha256 = write_bars(&data, &imported.bars)?;
        let entry = Entry {
            format: CACHE_FORMAT,
            source_sha256: imported.source_sha256.clone(),
            data_sha256,
            market: imported.bars.instrument.symbol.clone(),
            interval_secs: imported.bars.interval_secs,
            bars: imported.bars.len(),
            inspection: imported.inspection.clone(),
        };
        let text = serde_json::to_vec(&entry).map_err(|e| BadInput::new(&facts, e.to_string()))?;
        replace(&facts, &text)
    }
}

/// The file name takes part because it can tell the market.
fn key(path: &Path, sha256: &str, options: &ImportOptions) -> String {
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default();
    let all = format!(
        "{CACHE_FORMAT}\n{sha256}\n{name}\n{}",
        options.fingerprint()
    );
    sha256_of(all.as_bytes())[..32].to_owned()
}

/// Writes bars and returns the hash of the file.
fn write_bars(path: &Path, bars: &Bars) -> Result<String, FileError> {
    let refused = |e: PolarsError| BadInput::new(path, e.to_string());
    let ticks =
        |name: &str, column: &[i32]| Int32Chunked::from_slice(name.into(), column).into_column();
    let columns = vec![
        Int64Chunked::from_slice("time".into(), &bars.open_time).into_column(),
        ticks("open", &bars.open),
        ticks("high", &bars.high),
        ticks("low", &bars.low),
        ticks("close", &bars.close),
        Float64Chunked::from_slice("volume".into(), &bars.volume).into_column(),
    ];
    let mut frame = DataFrame::new(bars.len(), columns).map_err(refused)?;
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Lz4Raw)
        .finish(&mut frame)
        .map_err(refused)?;
    replace(path, &bytes)?;
    Ok(sha256_of(&bytes))
}

fn read_bars(bytes: Vec<u8>, empty: Bars) -> PolarsResult<Bars> {
    let mut frame = ParquetReader::new(Cursor::new(bytes))
        .set_rechunk(true)
        .finish()?;
    frame.rechunk_mut();
    let ticks = |name: &str| -> PolarsResult<Vec<i32>> {
        Ok(frame.column(name)?.i32()?.cont_slice()?.to_vec())
    };
    Ok(Bars {
        open_time: frame.column("time")?.i64()?.cont_slice()?.to_vec(),
        open: ticks("open")?,
        high: ticks("high")?,
        low: ticks("low")?,
        close: ticks("close")?,
        volume: frame.column("volume")?.f64()?.cont_slice()?.to_vec(),
        ..empty
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Repair;

    fn file(dir: &Path) -> PathBuf {
        let path = dir.join("NQ 03-24.Last.txt");
        let rows: String = (0..500)
            .map(|i| {
                format!(
                    "20240304 {:02}{:02}00;17000;17001;16999;17000.25;{i}\n",
                    10 + i / 60,
                    i % 60
                )
            })
            .collect();
        std::fs::write(&path, rows).unwrap();
        path
    }

    #[test]
    fn the_second_import_is_a_hit_and_equal() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(dir.path());
        let cache = BarCache::new(dir.path().join("cache"));
        let options = ImportOptions::default();
        let first = cache.import(&path, &options, &mut |_| true).unwrap();
        assert!(!first.hit && first.not_kept.is_none());
        let second = cache.import(&path, &options, &mut |_| true).unwrap();
        assert!(second.hit && second.imported == first.imported);
        let other = ImportOptions {
            repairs: vec![Repair::DropSpikes],
            ..options.clone()
        };
        assert!(
            !cache.import(&path, &other, &mut |_| true).unwrap().hit,
            "other options, other entry"
        );
    }

    #[test]
    fn damaged_entries_are_imported_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(dir.path());
        let folder = dir.path().join("cache");
        let cache = BarCache::new(&folder);
        let options = ImportOptions::default();
        let good = cache
            .import(&path, &options, &mut |_| true)
            .unwrap()
            .imported;
        let entries: Vec<PathBuf> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        assert_eq!(entries.len(), 2);
        for entry in entries {
            let whole = std::fs::read(&entry).unwrap();
            for cut in [0, whole.len() / 2, whole.len() - 1] {
                std::fs::write(&entry, &whole[..cut]).unwrap();
                let again = cache.import(&path, &options, &mut |_| true).unwrap();
                assert!(
                    !again.hit && again.imported == good,
                    "{} cut at {cut}",
                    entry.display()
                );
            }
        }
    }
}
