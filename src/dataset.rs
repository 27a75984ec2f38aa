//! A market as loaded: bars, their sessions, and what was found in the file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use holdout_core::market::{Bars, FinerBars, SessionCalendar, Sessions};
use holdout_store::cache::BarCache;
use holdout_store::{ImportError, ImportOptions, Inspection, Stamp, Verdict, VerdictLevel};

/// Sample markets that ship with the programme: market, file, what it is.
pub const SAMPLES: [(&str, &str, &str); 4] = [
    (
        "NQ",
        "NQ_1m_2024.parquet",
        "synthetic Nasdaq-100 minutes, 2024",
    ),
    (
        "ES",
        "ES_1m_2024q4.csv",
        "synthetic S&P 500 minutes, October to December 2024",
    ),
    (
        "YM",
        "YM_1m_2024q4.parquet",
        "synthetic Dow minutes, October to December 2024",
    ),
    (
        "RTY",
        "RTY_1m_2024q4.parquet",
        "synthetic Russell 2000 minutes, October to December 2024",
    ),
];

/// A market as loaded. Cloning shares the bars.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// File name for people.
    pub name: String,
    /// Where it came from.
    pub path: PathBuf,
    /// SHA-256 of the source file.
    pub sha256: String,
    /// Bars.
    pub bars: Arc<Bars>,
    /// Their trading days, by the built-in calendar.
    pub sessions: Arc<Sessions>,
    /// What was found in the file.
    pub inspection: Arc<Inspection>,
}

impl Dataset {
    /// Reads a bar file of any known dialect, from the cache where it was read before.
    ///
    /// `progress` gets a share from 0 to 1 and says whether to go on.
    ///
    /// # Errors
    /// See [`ImportError`]; nothing is written then.
    pub fn load(
        path: &Path,
        options: &ImportOptions,
        progress: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Self, ImportError> {
        Self::load_files(&[path.to_owned()], options, progress)
    }

    /// Reads files that make one series: parts of one contract, or several contracts with
    /// [`ImportOptions::continuous`]. Name and path are those of the first.
    ///
    /// # Errors
    /// See [`ImportError`]; nothing is written then.
    pub fn load_files(
        paths: &[PathBuf],
        options: &ImportOptions,
        progress: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Self, ImportError> {
        let imported = match cache_dir() {
            Some(dir) => {
                let cached = BarCache::new(dir).import_files(paths, options, progress)?;
                let mut imported = cached.imported;
                if let Some(damage) = cached.rebuilt {
                    imported.inspection.evidence.push(format!(
                        "the bars kept from an earlier import were damaged ({damage}) and were made again"
                    ));
                }
                imported
            }
            None => holdout_store::import_files(paths, options, progress)?,
        };
        let path = paths.first().cloned().unwrap_or_default();
        let bars = Arc::new(imported.bars);
        let sessions = Arc::new(Sessions::new(&bars, &SessionCalendar::builtin()));
        let mut name = path.file_name().map_or_else(
            || path.display().to_string(),
            |n| n.to_string_lossy().into_owned(),
        );
        if paths.len() > 1 {
            name = format!("{name} and {} more", paths.len() - 1);
        }
        Ok(Self {
            name,
            path,
            sha256: imported.source_sha256,
            bars,
            sessions,
            inspection: Arc::new(imported.inspection),
        })
    }

    /// Finer bars inside these, from a file of any known dialect of the same market.
    ///
    /// # Errors
    /// When the file cannot be read as such, or its bars cannot be inside these.
    pub fn finer_bars(&self, bars: &Bars, path: &Path) -> anyhow::Result<FinerBars> {
        let options = ImportOptions {
            market: Some(self.market().to_owned()),
            ..ImportOptions::default()
        };
        let finer = Self::load(path, &options, &mut |_| true)
            .with_context(|| format!("failed to read the finer bars {}", path.display()))?;
        FinerBars::attach(bars, finer.bars)
            .with_context(|| format!("failed to use the finer bars {}", path.display()))
    }

    /// Bars that never were in a file: a made-up market, for the self-test.
    pub fn made_up(name: &str, bars: Bars) -> Self {
        let sessions = Sessions::new(&bars, &SessionCalendar::builtin());
        let inspection = Inspection {
            dialect: "made up".to_owned(),
            zone: None,
            stamp: Stamp::Open,
            market: Some(bars.instrument.symbol.clone()),
            symbols: vec![bars.instrument.symbol.clone()],
            interval_seconds: bars.interval_secs,
            bars: bars.len() as u64,
            first: None,
            last: None,
            sessions: sessions.days.len() as u64,
            problems: Vec::new(),
            dropped: 0,
            repairs_offered: Vec::new(),
            confidence: 1.0,
            contracts: Vec::new(),
            continuous: None,
            rolls: Vec::new(),
            day_profile: None,
            evidence: Vec::new(),
            has_volume: true,
            verdict: Verdict {
                level: VerdictLevel::Clean,
                why: Vec::new(),
            },
        };
        Self {
            name: name.to_owned(),
            path: PathBuf::new(),
            sha256: String::new(),
            bars: Arc::new(bars),
            sessions: Arc::new(sessions),
            inspection: Arc::new(inspection),
        }
    }

    /// Root symbol of the contract.
    pub fn market(&self) -> &str {
        &self.bars.instrument.symbol
    }
}

/// Where imported bars are kept, by content: the user's cache folder, where there is one.
fn cache_dir() -> Option<PathBuf> {
    let var = |name: &str| {
        std::env::var_os(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    };
    let base = var("XDG_CACHE_HOME")
        .or_else(|| var("LOCALAPPDATA"))
        .or_else(|| var("HOME").map(|h| h.join(".cache")))?;
    Some(base.join("holdout").join("bars"))
}

/// The folder of the sample markets: below the working directory, beside the program, where an
/// installed program has it, or among the sources.
pub fn sample_dir() -> Option<PathBuf> {
    let exe = std::env::current_exe().ok();
    let exe_dir = exe.as_deref().and_then(Path::parent);
    [
        Some(PathBuf::from("sample_data")),
        exe_dir.map(|d| d.join("sample_data")),
        exe_dir.map(|d| d.join("../share/holdout/sample_data")),
        Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample_data")),
    ]
    .into_iter()
    .flatten()
    .find(|d| d.join("manifest.json").is_file())
}

/// The file of a sample market.
///
/// # Errors
/// When there is no sample of this market, or the files are missing.
pub fn sample_path(market: &str) -> anyhow::Result<PathBuf> {
    let file = SAMPLES
        .iter()
        .find(|s| s.0.eq_ignore_ascii_case(market))
        .map(|s| s.1);
    let file = file.ok_or_else(|| {
        let known = SAMPLES.map(|s| s.0).join(", ");
        anyhow::anyhow!("there is no sample of market \"{market}\"; samples are {known}; name a file with --data")
    })?;
    let dir = sample_dir().ok_or_else(|| anyhow::anyhow!("the folder sample_data was not found; run from the source folder or name a file with --data"))?;
    Ok(dir.join(file))
}
