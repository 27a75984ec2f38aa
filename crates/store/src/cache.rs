//! Keeps imported bars, so that a file is read as text once.
//!
//! The key is a hash of the content and names of the files, the import options and the version of
//! the format. An entry is a file of columns ([`crate::bar_columns`]) and a JSON file that is
//! written last. A damaged entry is made again, with a word about it, and is never an error.
//!
//! A file that still has the length and the time of change that it had when it was hashed is not
//! hashed again, unless it changed within two seconds of that: clocks of file systems are coarse.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use holdout_core::market::{Bars, Roll};
use serde::{Deserialize, Serialize};

use crate::atomic::replace;
use crate::bar_columns;
use crate::error::{BadInput, FileError};
use crate::import::{ImportError, Imported, import_files};
use crate::inspection::Inspection;
use crate::options::ImportOptions;
use crate::text::{sha256_of, sha256_of_file};

/// Version of the entries and of the rules of the import; raised whenever either changes.
pub const CACHE_FORMAT: u32 = 4;
/// Files whose hashes are remembered.
const MAX_SEEN: usize = 500;
/// A change this soon before the hashing could be followed by one with the same time.
const RACY_SECS: u64 = 2;

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
    market: String,
    interval_secs: i64,
    bars: usize,
    rolls: Vec<Roll>,
    inspection: Inspection,
}

/// A file as it was when it was hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    path: PathBuf,
    bytes: u64,
    /// Time of the last change, in nanoseconds since 1970.
    changed_ns: u64,
    /// When it was hashed, in nanoseconds since 1970.
    hashed_ns: u64,
    sha256: String,
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
    /// What was wrong with the entry that there was; it has been made again.
    pub rebuilt: Option<String>,
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
    /// As [`crate::import()`]; a cache that cannot be written is no error.
    pub fn import(
        &self,
        path: &Path,
        options: &ImportOptions,
        progress: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Cached, ImportError> {
        self.import_files(&[path.to_owned()], options, progress)
    }

    /// Imports files that make one series; see [`BarCache::import`].
    ///
    /// # Errors
    /// As [`import_files`].
    pub fn import_files(
        &self,
        paths: &[PathBuf],
        options: &ImportOptions,
        progress: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Cached, ImportError> {
        let mut rebuilt = None;
        let before: Vec<Option<Seen>> = paths.iter().map(|p| Seen::now(p)).collect();
        if let Some(sha256) = self.known_hash(paths)? {
            match self.load(&key(paths, &sha256, options), &sha256, options) {
                Ok(Some(imported)) => {
                    return Ok(Cached {
                        imported,
                        hit: true,
                        not_kept: None,
                        rebuilt: None,
                    });
                }
                Ok(None) => {}
                Err(damage) => rebuilt = Some(damage),
            }
        }
        let imported = import_files(paths, options, progress)?;
        // Files that changed while they were read have no hash that anybody could look for.
        let unchanged = paths
            .iter()
            .zip(&before)
            .all(|(p, b)| b.as_ref().is_some_and(|b| b.same_file(&Seen::now(p))));
        let kept = if unchanged {
            self.store(&key(paths, &imported.source_sha256, options), &imported)
        } else {
            Ok(())
        };
        if let ([_], [Some(seen)], true) = (paths, before.as_slice(), unchanged) {
            self.remember(&[Seen {
                sha256: imported.source_sha256.clone(),
                ..seen.clone()
            }]);
        }
        Ok(Cached {
            imported,
            hit: false,
            not_kept: kept.err().map(|e| e.to_string()),
            rebuilt,
        })
    }

    /// The hash of the files, unless no file of such a length was ever seen here: then there is no
    /// entry, and the import will hash the file in passing.
    fn known_hash(&self, paths: &[PathBuf]) -> Result<Option<String>, FileError> {
        let list = self.seen();
        let (mut hashes, mut fresh) = (Vec::new(), Vec::new());
        for path in paths {
            let Some(now) = Seen::now(path) else {
                return Ok(None);
            };
            let known = list
                .iter()
                .find(|s| s.same_file(&Some(now.clone())) && s.settled());
            if let Some(known) = known {
                hashes.push(known.sha256.clone());
                continue;
            }
            if paths.len() == 1 && !list.iter().any(|s| s.bytes == now.bytes) {
                return Ok(None);
            }
            let sha256 = sha256_of_file(path)?;
            hashes.push(sha256.clone());
            fresh.push(Seen { sha256, ..now });
        }
        self.remember(&fresh);
        Ok(Some(match hashes.as_slice() {
            [one] => one.clone(),
            many => sha256_of(many.join("\n").as_bytes()),
        }))
    }

    fn seen_path(&self) -> PathBuf {
        self.folder.join("files.json")
    }

    fn seen(&self) -> Vec<Seen> {
        std::fs::read(self.seen_path())
            .ok()
            .and_then(|b| serde_json::from_slice(&b).ok())
            .unwrap_or_default()
    }

    /// Keeps hashes for the next time. A list that cannot be written only costs that time.
    fn remember(&self, fresh: &[Seen]) {
        if fresh.is_empty() {
            return;
        }
        let mut list = self.seen();
        list.retain(|s| !fresh.iter().any(|f| f.path == s.path));
        list.extend_from_slice(fresh);
        let too_many = list.len().saturating_sub(MAX_SEEN);
        list.drain(..too_many);
        if let Ok(text) = serde_json::to_vec(&list) {
            drop(replace(&self.seen_path(), &text));
        }
    }

    fn paths(&self, key: &str) -> (PathBuf, PathBuf) {
        (
            self.folder.join(format!("{key}.bars")),
            self.folder.join(format!("{key}.json")),
        )
    }

    /// An entry, if there is one; the error says what is wrong with it.
    fn load(
        &self,
        key: &str,
        sha256: &str,
        options: &ImportOptions,
    ) -> Result<Option<Imported>, String> {
        let (data, facts) = self.paths(key);
        if !facts.exists() {
            return Ok(None);
        }
        let text = std::fs::read(facts).map_err(|e| e.to_string())?;
        let entry: Entry = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
        if entry.format != CACHE_FORMAT || entry.source_sha256 != sha256 {
            return Err("it belongs to another file or version".to_owned());
        }
        let instrument = options.instruments.get(&entry.market);
        let instrument = instrument.map_err(|e| e.to_string())?.clone();
        let mut bars = bar_columns::read(&data, Bars::empty(instrument, entry.interval_secs))?;
        bars.rolls = entry.rolls;
        if bars.len() != entry.bars {
            return Err(format!("{} bars where {} belong", bars.len(), entry.bars));
        }
        bars.validate().map_err(|e| e.to_string())?;
        Ok(Some(Imported {
            bars,
            inspection: entry.inspection,
            source_sha256: entry.source_sha256,
        }))
    }

    fn store(&self, key: &str, imported: &Imported) -> Result<(), FileError> {
        let (data, facts) = self.paths(key);
        bar_columns::write(&data, &imported.bars)?;
        let entry = Entry {
            format: CACHE_FORMAT,
            source_sha256: imported.source_sha256.clone(),
            market: imported.bars.instrument.symbol.clone(),
            interval_secs: imported.bars.interval_secs,
            bars: imported.bars.len(),
            rolls: imported.bars.rolls.clone(),
            inspection: imported.inspection.clone(),
        };
        let text = serde_json::to_vec(&entry).map_err(|e| BadInput::new(&facts, e.to_string()))?;
        replace(&facts, &text)
    }
}

impl Seen {
    /// A file as it is, not hashed yet.
    fn now(path: &Path) -> Option<Self> {
        let ns = |t: SystemTime| {
            let since = t.duration_since(UNIX_EPOCH).ok()?;
            u64::try_from(since.as_nanos()).ok()
        };
        let meta = std::fs::metadata(path).ok()?;
        Some(Self {
            path: std::path::absolute(path).ok()?,
            bytes: meta.len(),
            changed_ns: ns(meta.modified().ok()?)?,
            hashed_ns: ns(SystemTime::now())?,
            sha256: String::new(),
        })
    }

    fn same_file(&self, other: &Option<Self>) -> bool {
        other.as_ref().is_some_and(|o| {
            (&self.path, self.bytes, self.changed_ns) == (&o.path, o.bytes, o.changed_ns)
        })
    }

    /// Whether any later change shows in the time of the file.
    fn settled(&self) -> bool {
        self.changed_ns.saturating_add(RACY_SECS * 1_000_000_000) < self.hashed_ns
    }
}

/// The file names take part because they can tell the market and the contract.
fn key(paths: &[PathBuf], sha256: &str, options: &ImportOptions) -> String {
    let names: Vec<String> = paths
        .iter()
        .filter_map(|p| p.file_name().map(|n| n.to_string_lossy().into_owned()))
        .collect();
    let all = format!(
        "{CACHE_FORMAT}\n{sha256}\n{}\n{}",
        names.join("\n"),
        options.fingerprint()
    );
    sha256_of(all.as_bytes())[..32].to_owned()
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
        assert_eq!(entries.len(), 3);
        for entry in entries {
            let list = entry.ends_with("files.json");
            let whole = std::fs::read(&entry).unwrap();
            for cut in [0, whole.len() / 2, whole.len() - 1] {
                std::fs::write(&entry, &whole[..cut]).unwrap();
                let again = cache.import(&path, &options, &mut |_| true).unwrap();
                assert_eq!(again.imported, good);
                assert_eq!(
                    (again.hit, again.rebuilt.is_some()),
                    (false, !list),
                    "{} cut at {cut}: {:?}",
                    entry.display(),
                    again.rebuilt
                );
            }
        }
    }

    #[test]
    fn a_file_is_known_by_its_content_wherever_it_lies() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(dir.path());
        let old = SystemTime::now() - std::time::Duration::from_secs(3600);
        let age = |path: &Path, time| {
            let file = std::fs::File::options().append(true).open(path).unwrap();
            file.set_modified(time).unwrap();
        };
        age(&path, old);
        let cache = BarCache::new(dir.path().join("cache"));
        let options = ImportOptions::default();
        let run = |path: &Path| cache.import(path, &options, &mut |_| true).unwrap();
        assert!(!run(&path).hit && run(&path).hit);
        let other = dir.path().join("elsewhere");
        std::fs::create_dir(&other).unwrap();
        let copy = other.join(path.file_name().unwrap());
        std::fs::copy(&path, &copy).unwrap();
        assert!(
            run(&copy).hit,
            "a copy with the same name has the same bars"
        );
        // Same length, other content: the time of change gives it away.
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("17001", "17002")).unwrap();
        let changed = run(&path);
        assert!(!changed.hit);
        assert_eq!(changed.imported.bars.high[0], 17_002 * 4);
        // A change within the same moment is found by hashing: such files are not trusted.
        let recent = SystemTime::now();
        age(&path, recent);
        assert!(run(&path).hit, "the content is known");
        std::fs::write(&path, &text).unwrap();
        age(&path, recent);
        assert_eq!(run(&path).imported.bars.high[0], 17_001 * 4);
    }
}
