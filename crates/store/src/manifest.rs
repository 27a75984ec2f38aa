//! What a set of bars is and where it came from, with the hashes that prove it.

use std::path::Path;

use holdout_core::market::Bars;
use holdout_core::time::format_utc;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::atomic::replace;
use crate::error::{BadInput, FileError};
use crate::import::Imported;
use crate::options::{ImportOptions, Repair, Stamp};
use crate::text::hex;

/// Version of the format.
pub const MANIFEST_FORMAT: u32 = 1;

/// What a set of bars is and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetManifest {
    /// Version of the format.
    pub format: u32,
    /// Name of the file without its folder.
    pub source: String,
    /// SHA-256 of the file.
    pub source_sha256: String,
    /// SHA-256 of the canonical bars; equal bars have equal hashes, whatever file they came from.
    pub bars_sha256: String,
    /// Root symbol of the market.
    pub market: String,
    /// Seconds a bar covers.
    pub interval_seconds: i64,
    /// Open time of the first bar.
    pub first: String,
    /// Open time of the last bar.
    pub last: String,
    /// Number of bars.
    pub rows: u64,
    /// Dialect that was read.
    pub dialect: String,
    /// Zone of the stamps.
    pub zone: Option<String>,
    /// Which end of the bar is stamped.
    pub stamp: Stamp,
    /// Contract that was chosen.
    pub symbol: Option<String>,
    /// Repairs that were asked for.
    pub repairs: Vec<Repair>,
}

impl DatasetManifest {
    /// Describes what an import gave. Bars of an import are never empty.
    pub fn of_import(path: &Path, imported: &Imported, options: &ImportOptions) -> Self {
        let (bars, found) = (&imported.bars, &imported.inspection);
        let time = |t: Option<&i64>| t.map_or_else(String::new, |&t| format_utc(t));
        Self {
            format: MANIFEST_FORMAT,
            source: path
                .file_name()
                .map(|n| n.to_string_lossy().into_owned())
                .unwrap_or_default(),
            source_sha256: imported.source_sha256.clone(),
            bars_sha256: bars_sha256(bars),
            market: bars.instrument.symbol.clone(),
            interval_seconds: bars.interval_secs,
            first: time(bars.open_time.first()),
            last: time(bars.open_time.last()),
            rows: bars.len() as u64,
            dialect: found.dialect.clone(),
            zone: found.zone.clone(),
            stamp: found.stamp,
            symbol: options.symbol.clone(),
            repairs: options.repairs.clone(),
        }
    }

    /// Writes the manifest as JSON.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn write(&self, path: &Path) -> Result<(), FileError> {
        let text =
            serde_json::to_string_pretty(self).map_err(|e| BadInput::new(path, e.to_string()))?;
        replace(path, format!("{text}\n").as_bytes())
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// When it cannot be read, is not valid, or was written by a newer version.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = std::fs::read_to_string(path).map_err(|e| FileError::io("read", path, e))?;
        let manifest: Self = serde_json::from_str(&text).map_err(|e| {
            BadInput::new(path, format!("the manifest is not valid: {e}"))
                .remedy("import the data again")
        })?;
        if manifest.format > MANIFEST_FORMAT {
            let cause = format!(
                "the manifest has format {}, this version knows up to {MANIFEST_FORMAT}",
                manifest.format
            );
            return Err(BadInput::new(path, cause)
                .remedy("use a newer version of Holdout")
                .into());
        }
        Ok(manifest)
    }
}

/// SHA-256 of canonical bars: market, interval, and every column.
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
