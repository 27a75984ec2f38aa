//! Brings a file of any dialect into canonical bars, and says everything that it found on the way.
//!
//! Nothing is guessed that changes prices or times: a market, a zone or a contract that cannot be
//! known is asked for. Nothing is repaired without being asked for; what is dropped is counted.

mod checks;
mod clocks;
mod continuous;
#[cfg(test)]
mod continuous_tests;
mod contract;
mod dates;
mod members;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod real_files;
mod rows;
#[cfg(test)]
mod tests;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use holdout_core::market::continuous::{AdjustError, Junction, adjust};
use holdout_core::market::{
    Adjustment, Bars, DayClock, DayProfile, Instrument, Roll, SessionCalendar,
};
use holdout_core::time::{TimeError, ZoneTable, format_utc};

use contract::{Contract, list};
pub use contract::{ContractError, MarketIn, SymbolCount};
use rows::{ReadRows, Rows};

use crate::archive;
use crate::detect::detect_in;
use crate::dialects::{VolumeColumns, ZoneRule};
use crate::error::{BadInput, FileError};
use crate::inspection::{
    ContractFacts, Example, Inspection, ProblemKind, Problems, RollFacts, Severity, Verdict,
    VerdictLevel,
};
use crate::options::{Continuous, ImportOptions, Repair, Stamp};
use crate::text::TextSource;

/// Bars longer than this are not intraday.
const MAX_INTERVAL_SECS: i64 = 12 * 3600;
/// From this share of bars outside sessions on, zone or stamp are doubted.
const DOUBTFUL_OUTSIDE: f64 = 0.02;
/// From this share of unreadable rows on, the layout is doubted.
const DOUBTFUL_UNREADABLE: f64 = 0.05;

/// Why a file could not be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read, or is not a bar file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The contract or the market is not what was asked for.
    #[error("{error} ({})", .path.display())]
    Contract {
        /// What is wrong.
        error: ContractError,
        /// The file.
        path: PathBuf,
    },
    /// Several contracts and none was chosen.
    #[error("the {} several contracts: {}; choose one with --symbol, or join those of a market with --continuous volume ({})", if .paths.len() > 1 { "files hold" } else { "file holds" }, list(.symbols), paths_words(.paths))]
    SeveralSymbols {
        /// They, those with most rows first.
        symbols: Vec<SymbolCount>,
        /// The files.
        paths: Vec<PathBuf>,
    },
    /// The market cannot be known.
    #[error("the market cannot be known from the symbols or the file name; say which it is with --market, one of {known} ({})", .path.display())]
    NeedsMarket {
        /// Symbols of the known markets.
        known: String,
        /// The file.
        path: PathBuf,
    },
    /// The zone cannot be known.
    #[error("the time zone of the stamps cannot be known: {hint}; say which it is with --zone, e.g. --zone America/Chicago ({})", .path.display())]
    NeedsZone {
        /// Where to find it.
        hint: String,
        /// The file.
        path: PathBuf,
    },
    /// The zone that was given does not exist.
    #[error("{0}")]
    UnknownZone(#[from] TimeError),
    /// Prices that the adjustment makes impossible.
    #[error(transparent)]
    Adjust(#[from] AdjustError),
    /// More rows than the memory holds.
    #[error(
        "the file has some {rows} rows or more, which need {gigabytes:.1} GB of memory, and the system does not give as much; split it by years, or make coarser bars of the parts with `holdout data resample`"
    )]
    TooLarge {
        /// Rows, reckoned from those so far.
        rows: usize,
        /// Memory for them, 10^9 bytes.
        gigabytes: f64,
    },
    /// Stopped by the caller.
    #[error("the import was cancelled; nothing was written")]
    Cancelled,
    /// A reading thread failed.
    #[error(
        "a reading thread stopped unexpectedly; try again, and report the file if it happens again"
    )]
    WorkerStopped,
}

fn paths_words(paths: &[PathBuf]) -> String {
    let each: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    each.join(", ")
}

impl ImportError {
    /// Whether the content of the file is at fault.
    pub fn is_bad_data(&self) -> bool {
        match self {
            Self::File(e) => e.is_bad_data(),
            Self::Contract { error, .. } => matches!(error, ContractError::NoOutright { .. }),
            _ => false,
        }
    }

    /// Whether the user has to say more: a market, a zone, a symbol.
    pub fn needs_input(&self) -> bool {
        matches!(
            self,
            Self::SeveralSymbols { .. }
                | Self::NeedsMarket { .. }
                | Self::NeedsZone { .. }
                | Self::UnknownZone(_)
                | Self::Contract { .. }
        ) && !self.is_bad_data()
    }
}

/// Bars of a file and what was found in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// Canonical bars.
    pub bars: Bars,
    /// What was found.
    pub inspection: Inspection,
    /// SHA-256 of the file as it lies on the disk.
    pub source_sha256: String,
}

/// Looks through a whole file. What must still be said (market, zone, contract) is in the verdict.
///
/// # Errors
/// When the file cannot be read, is not a bar file, holds no usable row, or an option is wrong.
pub fn inspect(path: &Path, options: &ImportOptions) -> Result<Inspection, ImportError> {
    inspect_files(&[path.to_owned()], options)
}

/// Looks through files that make one series: of one contract, or of several with
/// [`ImportOptions::continuous`].
///
/// # Errors
/// As [`inspect`].
pub fn inspect_files(
    paths: &[PathBuf],
    options: &ImportOptions,
) -> Result<Inspection, ImportError> {
    Ok(analyse(paths, options, &mut |_| true)?.inspection)
}

/// Imports a file. `progress` gets the share that was read, 0 to 1; `false` cancels.
///
/// # Errors
/// As [`inspect`], and when market, zone or contract must be said first.
pub fn import(
    path: &Path,
    options: &ImportOptions,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<Imported, ImportError> {
    import_files(&[path.to_owned()], options, progress)
}

/// Imports files that make one series; see [`inspect_files`] and [`import`].
///
/// # Errors
/// As [`import`].
pub fn import_files(
    paths: &[PathBuf],
    options: &ImportOptions,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<Imported, ImportError> {
    let analysis = analyse(paths, options, progress)?;
    let path = paths.first().cloned().unwrap_or_default();
    if let Some(hint) = analysis.zone_hint {
        return Err(ImportError::NeedsZone {
            hint: hint.to_owned(),
            path,
        });
    }
    if analysis.contract.ambiguous {
        return Err(ImportError::SeveralSymbols {
            symbols: analysis.contract.symbols,
            paths: paths.to_vec(),
        });
    }
    if analysis.inspection.interval_seconds == 0 {
        return Err(FileError::from(too_few(&path, 1)).into());
    }
    let Some(bars) = analysis.bars else {
        let known = options
            .instruments
            .iter()
            .map(|i| i.symbol.as_str())
            .collect::<Vec<_>>()
            .join(", ");
        return Err(ImportError::NeedsMarket { known, path });
    };
    bars.validate()
        .map_err(|e| FileError::from(BadInput::new(&path, e.to_string())))?;
    Ok(Imported {
        bars,
        inspection: analysis.inspection,
        source_sha256: analysis.sha256,
    })
}

/// Everything that was made of a file.
struct Analysis {
    bars: Option<Bars>,
    inspection: Inspection,
    contract: Contract,
    /// Set when the zone must be said first.
    zone_hint: Option<&'static str>,
    sha256: String,
}

/// The zone in which stamps are read.
#[derive(Clone)]
struct Zone {
    /// For stamps without an offset.
    table: Option<ZoneTable>,
    name: Option<String>,
    hint: Option<&'static str>,
}

impl Zone {
    /// An instant as text; without a known zone it is the clock on the wall and has no `Z`.
    fn text(&self, utc: Option<&i64>) -> Option<String> {
        let text = format_utc(*utc?);
        Some(if self.name.is_some() {
            text
        } else {
            text.trim_end_matches('Z').to_owned()
        })
    }

    fn settle(
        rule: ZoneRule,
        options: &ImportOptions,
        evidence: &mut Vec<String>,
    ) -> Result<Self, TimeError> {
        let given = options.zone.as_deref().map(ZoneTable::new).transpose()?;
        let known = |table: ZoneTable| Self {
            name: Some(table.name().to_owned()),
            table: Some(table),
            hint: None,
        };
        Ok(match (rule, given) {
            (ZoneRule::InStamp, given) => {
                if let Some(zone) = given {
                    evidence.push(format!(
                        "zone {} was not needed: every stamp tells its own",
                        zone.name()
                    ));
                }
                Self {
                    table: None,
                    name: Some("UTC".to_owned()),
                    hint: None,
                }
            }
            (_, Some(zone)) => known(zone),
            (ZoneRule::Fixed(name), None) => known(ZoneTable::new(name)?),
            (ZoneRule::Named(name), None) => known(ZoneTable::new(&name)?),
            (ZoneRule::Ask(hint), None) => Self {
                table: Some(ZoneTable::new("UTC")?),
                name: None,
                hint: Some(hint),
            },
        })
    }
}

/// Rows as they were read, with what is known about them before they are judged.
struct Source {
    read: ReadRows,
    /// File name, of a member with that of its archive; it may tell market and contract.
    name: String,
    dialect: String,
    confidence: f64,
    evidence: Vec<String>,
    zone: Zone,
    stamp: Stamp,
    /// Whether the platform always stamps that end of the bar.
    stamp_known: bool,
    has_volume: bool,
}

/// Reads the rows of a text in any dialect, of the files of an archive, or of a Parquet file, and
/// settles what the bars tell about their stamps.
fn open(
    path: &Path,
    options: &ImportOptions,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<Source, ImportError> {
    let mut source = if is_parquet(path)? {
        open_parquet(path, options, progress)?
    } else if archive::is_zip(path)? {
        members::read(path, options, progress)?
    } else {
        let again = || TextSource::open(path);
        read_text(path, again()?, &again, options, progress)?
    };
    source.read_clock(options)?;
    Ok(source)
}

fn open_parquet(
    path: &Path,
    options: &ImportOptions,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<Source, ImportError> {
    let mut found = rows::read_parquet(path, progress)?;
    let rule = if found.wall_clock {
        ZoneRule::Ask("the times in the file have no zone")
    } else {
        ZoneRule::InStamp
    };
    let mut evidence = vec![format!("parquet file with the columns {}", found.names)];
    let zone = Zone::settle(rule, options, &mut evidence)?;
    if let Some(table) = &zone.table {
        rows::to_utc(&mut found.read.rows.time, table);
    }
    let dialect = if found.canonical {
        "canonical_parquet"
    } else {
        "parquet"
    };
    Ok(Source {
        read: found.read,
        name: file_name(path),
        dialect: dialect.to_owned(),
        confidence: 1.0,
        evidence,
        zone,
        stamp: Stamp::Open,
        stamp_known: found.canonical,
        has_volume: found.has_volume,
    })
}

/// Reads a text; `again` opens it anew for a second look.
fn read_text(
    path: &Path,
    text: TextSource,
    again: &dyn Fn() -> Result<TextSource, FileError>,
    options: &ImportOptions,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<Source, ImportError> {
    let name = text.name().to_owned();
    let found = detect_in(path, &name, text.head(), options)?;
    let mut evidence = found.evidence.clone();
    let zone = Zone::settle(found.layout.zone.clone(), options, &mut evidence)?;
    let mark = found.layout.decimal_mark(&found.sample);
    let table = zone.table.as_ref();
    let mut read = rows::read(text, &found.layout, mark, table, progress)?;
    let others = dates::other_orders(&found, options);
    let first = dates::order_words(found.layout.format);
    if dates::looks_wrong(&read) {
        for other in others {
            let second = rows::read(again()?, &other, mark, table, progress)?;
            if dates::is_better(&second, &read) {
                let now = dates::order_words(other.format);
                evidence.push(format!("dates read {now}: {first} they make no series"));
                read = second;
                break;
            }
        }
    } else if !others.is_empty() && dates::undecided(&read) {
        let names: Vec<&str> = others.iter().map(dates::order_name).collect();
        evidence.push(format!(
            "dates read {first}, which the file does not prove; say --dates {} if it is otherwise",
            names.join(" or --dates ")
        ));
    }
    if let Some(contract) = found
        .layout
        .contract
        .filter(|_| read.rows.symbol.is_empty())
    {
        read.rows.symbol = vec![0; read.rows.len()];
        read.rows.symbols = vec![contract];
    }
    Ok(Source {
        read,
        name,
        dialect: found.dialect.to_owned(),
        confidence: if options.dialect.is_some() {
            1.0
        } else {
            found.confidence
        },
        evidence,
        zone,
        stamp: found.layout.stamp,
        stamp_known: found.layout.stamp_known,
        has_volume: found.layout.volume != VolumeColumns::None,
    })
}

impl Source {
    /// Settles zone and stamp from the holes between sessions, where neither the platform nor the
    /// user says them.
    fn read_clock(&mut self, options: &ImportOptions) -> Result<(), ImportError> {
        let zone_known = self.zone.hint.is_none();
        let stamp_known = self.stamp_known || options.stamp.is_some();
        if zone_known && stamp_known {
            return Ok(());
        }
        let one = [options.stamp.unwrap_or(self.stamp)];
        let both = [Stamp::Open, Stamp::Close];
        let stamps: &[Stamp] = if stamp_known { &one } else { &both };
        let Some(clock) = clocks::read_off(&self.read.rows, zone_known, stamps) else {
            return Ok(());
        };
        if let Some(name) = clock.zone {
            let table = ZoneTable::new(name)?;
            rows::to_utc(&mut self.read.rows.time, &table);
            self.zone = Zone {
                name: Some(name.to_owned()),
                table: Some(table),
                hint: None,
            };
        }
        if !stamp_known {
            // What was only assumed gives way to what was found.
            self.evidence.retain(|e| !e.starts_with("stamps taken as"));
            self.stamp = clock.stamp;
        }
        self.evidence.push(clock.evidence);
        Ok(())
    }
}

fn is_parquet(path: &Path) -> Result<bool, FileError> {
    let mut magic = [0; 4];
    let mut file = crate::text::open(path)?;
    // A shorter file is no parquet file, and the reader of texts has the words for it.
    Ok(file.read_exact(&mut magic).is_ok() && &magic == b"PAR1")
}

/// Rows of one series in order of time, stamped at their opens, before they are judged.
struct Series {
    rows: Rows,
    problems: Problems,
    contract: Contract,
    /// Changes of contract, in order of time.
    joints: Vec<Joint>,
    continuous: Option<Continuous>,
    dialect: String,
    confidence: f64,
    evidence: Vec<String>,
    zone: Zone,
    stamp: Stamp,
    interval: i64,
    has_volume: bool,
    sha256: String,
    dropped: u64,
    unreadable: u64,
    n_read: u64,
}

/// A change of contract and the prices of both at one moment before, in points.
struct Joint {
    roll: Roll,
    prices: Option<[f64; 2]>,
}

fn analyse(
    paths: &[PathBuf],
    options: &ImportOptions,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<Analysis, ImportError> {
    let Some(path) = paths.first() else {
        let bad = BadInput::new(Path::new(""), "no file was given").remedy("name one");
        return Err(FileError::from(bad).into());
    };
    if let Some(market) = &options.market {
        options
            .instruments
            .get(market)
            .map_err(|e| refused(path, e.into()))?;
    }
    let series = match (paths, options.continuous) {
        ([path], None) => single(path, options, progress)?,
        (_, how) => continuous::join(paths, how, options, progress)?,
    };
    finish(path, series, options)
}

fn refused(path: &Path, error: ContractError) -> ImportError {
    ImportError::Contract {
        error,
        path: path.to_owned(),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The rows of the one contract of a file.
fn single(
    path: &Path,
    options: &ImportOptions,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<Series, ImportError> {
    let Source {
        read,
        name,
        dialect,
        confidence,
        mut evidence,
        zone,
        stamp,
        stamp_known: _,
        has_volume,
    } = open(path, options, progress)?;
    let (mut rows, mut problems, unreadable) = (read.rows, read.problems, read.unreadable);
    let n_read = rows.len() as u64 + unreadable;
    check_readable(path, &rows, &problems, unreadable)?;
    let (joints, joined) = if dialect.starts_with("canonical") && options.symbol.is_none() {
        continuous::joints_in_file(&mut rows, &options.instruments)
    } else {
        Default::default()
    };
    if !joints.is_empty() {
        evidence.push(format!(
            "a continuous series with {} change{} of contract",
            joints.len(),
            if joints.len() == 1 { "" } else { "s" }
        ));
    }
    let mut contract =
        contract::settle(&mut rows, &name, options, &mut problems).map_err(|e| refused(path, e))?;
    if !joints.is_empty() {
        contract.symbols = joined;
    }
    // One contract is left: its symbol is in `contract`, and the column is no longer needed.
    rows.symbol = Vec::new();
    evidence.extend(contract.evidence.iter().cloned());
    let mut dropped = unreadable + contract.set_aside;
    dropped += checks::drop_impossible(&mut rows, contract.instrument.as_ref(), &mut problems);
    checks::sort(&mut rows, &mut problems);
    dropped += checks::drop_duplicates(&mut rows, &mut problems);
    let interval = interval_of(path, &rows)?;
    let stamp = options.stamp.unwrap_or(stamp);
    if stamp == Stamp::Close {
        rows.time.iter_mut().for_each(|t| *t -= interval);
    }
    Ok(Series {
        rows,
        problems,
        contract,
        joints,
        continuous: None,
        dialect,
        confidence,
        evidence,
        zone,
        stamp,
        interval,
        has_volume,
        sha256: read.sha256,
        dropped,
        unreadable,
        n_read,
    })
}

/// Judges the rows of a series and makes bars of them.
fn finish(path: &Path, series: Series, options: &ImportOptions) -> Result<Analysis, ImportError> {
    let Series {
        mut rows,
        mut problems,
        contract,
        joints,
        continuous,
        dialect,
        confidence,
        mut evidence,
        zone,
        stamp,
        interval,
        has_volume,
        sha256,
        mut dropped,
        unreadable,
        n_read,
    } = series;
    let facts = Checked::run(
        &mut rows,
        has_volume,
        zone.name.is_some(),
        interval,
        &joints,
        options,
        &mut problems,
    );
    dropped += facts.repaired;
    let day_profile = profile_to_ask_by(&rows, &zone, &contract, interval);
    if zone.name.is_none() {
        evidence.extend(day_profile.as_ref().and_then(DayProfile::evidence));
    }
    let (first, last) = (zone.text(rows.time.first()), zone.text(rows.time.last()));
    let n_bars = rows.len() as u64;
    let mut bars = match &contract.instrument {
        Some(instrument) if n_bars > 0 && interval > 0 => Some(
            checks::to_ticks(&mut rows, instrument, interval, &mut problems)
                .map_err(|at| FileError::from(out_of_range(path, &rows, at, &instrument.symbol)))?,
        ),
        _ => None,
    };
    drop(rows);
    let mut rolls = Vec::new();
    if let (Some(bars), Some(instrument)) = (&mut bars, &contract.instrument) {
        let adjustment = continuous.map_or(Adjustment::None, |c| c.adjustment);
        roll(bars, joints, adjustment, &mut problems)?;
        rolls = roll_facts(bars, instrument);
    }
    let verdict = Judge {
        zone: &zone,
        contract: &contract,
        facts: &facts,
        problems: &problems,
        unreadable,
        n_read,
    }
    .verdict();
    let inspection = Inspection {
        dialect,
        zone: zone.name,
        stamp,
        market: contract.instrument.as_ref().map(|i| i.symbol.clone()),
        symbols: contract.symbols.iter().map(|s| s.symbol.clone()).collect(),
        interval_seconds: interval,
        bars: n_bars,
        first,
        last,
        sessions: facts.sessions,
        problems: problems.into_vec(),
        dropped,
        repairs_offered: facts.offered,
        confidence,
        evidence,
        has_volume,
        verdict,
        contracts: contract
            .symbols
            .iter()
            .map(|s| ContractFacts {
                symbol: s.symbol.clone(),
                rows: s.rows,
                volume: s.volume,
            })
            .collect(),
        continuous,
        rolls,
        day_profile,
    };
    Ok(Analysis {
        bars,
        inspection,
        contract,
        zone_hint: zone.hint,
        sha256,
    })
}

/// The volume by time of day where the bars are not handed out yet, because zone, contract or market
/// must be said first.
fn profile_to_ask_by(
    rows: &Rows,
    zone: &Zone,
    contract: &Contract,
    interval: i64,
) -> Option<DayProfile> {
    let clock = match &zone.name {
        None => DayClock::File,
        Some(_) if contract.ambiguous || contract.instrument.is_none() => DayClock::NewYork,
        Some(_) => return None,
    };
    DayProfile::new((&rows.time, &rows.volume), interval, clock).filter(|_| interval > 0)
}

/// Marks the changes of contract in the bars and adjusts the prices before them.
fn roll(
    bars: &mut Bars,
    joints: Vec<Joint>,
    adjustment: Adjustment,
    problems: &mut Problems,
) -> Result<(), ImportError> {
    let mut junctions = Vec::new();
    for mut joint in joints {
        let ticks = |p: f64| bars.instrument.to_nearest_tick(p).map(|(t, _)| t);
        if let Some([Some(old), Some(new)]) = joint.prices.map(|p| p.map(ticks)) {
            joint.roll.gap_ticks = Some(new - old);
            junctions.push(Junction {
                time: joint.roll.time,
                old,
                new,
            });
            if adjustment == Adjustment::None && new != old {
                let points = bars.instrument.price(new - old);
                problems.add(ProblemKind::RollJump, || Example {
                    line: None,
                    time: Some(format_utc(joint.roll.time)),
                    detail: format!(
                        "{} gives way to {}, which is {points:+} points away; returns and ATR see a move that nobody made",
                        joint.roll.from, joint.roll.to
                    ),
                });
            }
        }
        bars.rolls.push(joint.roll);
    }
    Ok(adjust(bars, &junctions, adjustment)?)
}

fn roll_facts(bars: &Bars, instrument: &Instrument) -> Vec<RollFacts> {
    let rolls = bars.rolls.iter();
    rolls
        .map(|r| RollFacts {
            time: format_utc(r.time),
            from: r.from.clone(),
            to: r.to.clone(),
            gap: r.gap_ticks.map(|t| instrument.price(t)),
            reason: r.reason,
        })
        .collect()
}

fn check_readable(
    path: &Path,
    rows: &Rows,
    problems: &Problems,
    unreadable: u64,
) -> Result<(), FileError> {
    // One bar can be looked at, though not imported: its length is not known.
    if rows.len() >= 2 || (rows.len() == 1 && unreadable == 0) {
        return Ok(());
    }
    let Some(example) = problems.first_example() else {
        return Err(too_few(path, rows.len()).into());
    };
    let mut bad = BadInput::new(
        path,
        format!(
            "{}; {unreadable} rows cannot be read and {} can",
            example.detail,
            rows.len()
        ),
    )
    .expected("rows like those of the dialect that the beginning of the file shows")
    .remedy("check the export, or choose the dialect with --dialect");
    bad.line = example.line;
    Err(bad.into())
}

/// Seconds of a bar; 0 for a single bar, of which only the look is allowed.
fn interval_of(path: &Path, rows: &Rows) -> Result<i64, FileError> {
    let Some(interval) = Bars::most_frequent_interval(&rows.time) else {
        return match rows.len() {
            1 => Ok(0),
            n => Err(too_few(path, n).into()),
        };
    };
    if interval > MAX_INTERVAL_SECS {
        let cause = format!("a bar covers {} hours", interval / 3600);
        return Err(BadInput::new(path, cause)
            .expected("intraday bars, of seconds to hours")
            .remedy("export minute bars")
            .into());
    }
    Ok(interval)
}

fn too_few(path: &Path, n: usize) -> BadInput {
    BadInput::new(
        path,
        format!("the file holds {n} bar{}", if n == 1 { "" } else { "s" }),
    )
    .expected("at least two of different times")
    .remedy("export a longer span")
}

fn out_of_range(path: &Path, rows: &Rows, at: (usize, f64), market: &str) -> BadInput {
    let (row, price) = at;
    let mut bad = BadInput::new(path, format!("{price} cannot be a price of {market}"))
        .expected("a price of one tick or more")
        .remedy("check the market");
    bad.line = rows.line.get(row).map(|&l| u64::from(l));
    bad
}

/// Results of the checks that need the interval.
struct Checked {
    sessions: u64,
    offered: Vec<Repair>,
    /// Bars removed because a repair was asked for.
    repaired: u64,
    n_checked: u64,
    outside: u64,
    /// What the bars at the edges of sessions say about the stamps.
    doubt: Option<&'static str>,
    spikes_left: u64,
    /// Changes of scale that were not repaired.
    breaks_left: u64,
}

impl Checked {
    fn run(
        rows: &mut Rows,
        has_volume: bool,
        zone_known: bool,
        interval: i64,
        joints: &[Joint],
        options: &ImportOptions,
        problems: &mut Problems,
    ) -> Self {
        let mut out = Self {
            sessions: 0,
            offered: Vec::new(),
            repaired: 0,
            n_checked: rows.len() as u64,
            outside: 0,
            doubt: None,
            spikes_left: 0,
            breaks_left: 0,
        };
        if has_volume {
            checks::count_zero_volume(rows, problems);
        }
        if interval > 0 {
            checks::count_unaligned(rows, interval, problems);
        }
        let spikes = checks::find_spikes(rows, problems);
        // Where the contract is known to change, a jump is no discovery.
        let changes = joints
            .iter()
            .filter(|j| j.prices.is_some())
            .map(|j| rows.time.partition_point(|&t| t < j.roll.time));
        let explained: Vec<usize> = spikes.iter().copied().chain(changes).collect();
        let breaks = checks::find_level_jumps(rows, &explained, interval, problems);
        out.breaks_left = breaks.len() as u64;
        if let Some(factors) = checks::rescaling(rows.len(), &breaks) {
            if options.repairs.contains(&Repair::Rescale) {
                checks::rescale(rows, &factors);
                out.breaks_left = 0;
                problems.set_severity(ProblemKind::ScaleBreak, Severity::Info);
            } else {
                out.offered.push(Repair::Rescale);
            }
        }
        let mut outside = Vec::new();
        if zone_known && interval > 0 {
            let facts =
                checks::check_sessions(rows, interval, &SessionCalendar::builtin(), problems);
            out.sessions = facts.sessions;
            out.doubt = facts.doubt_about_stamps();
            outside = facts.outside;
        }
        out.outside = outside.len() as u64;
        let mut goes = vec![false; rows.len()];
        for (repair, bars) in [
            (Repair::DropOutsideSession, &outside),
            (Repair::DropSpikes, &spikes),
        ] {
            if options.repairs.contains(&repair) {
                bars.iter().for_each(|&i| goes[i] = true);
            } else if !bars.is_empty() {
                out.offered.push(repair);
            }
        }
        out.spikes_left = spikes.iter().filter(|&&i| !goes[i]).count() as u64;
        if out.spikes_left == 0 {
            problems.set_severity(ProblemKind::Spike, Severity::Info);
        }
        out.repaired = rows.retain(|i| !goes[i]);
        out
    }
}

/// What the verdict rests on.
struct Judge<'a> {
    zone: &'a Zone,
    contract: &'a Contract,
    facts: &'a Checked,
    problems: &'a Problems,
    unreadable: u64,
    n_read: u64,
}

impl Judge<'_> {
    fn verdict(&self) -> Verdict {
        let serious = self.serious();
        if !serious.is_empty() {
            return Verdict {
                level: VerdictLevel::NotUsable,
                why: serious,
            };
        }
        let kinds = [
            ProblemKind::BadRow,
            ProblemKind::NotANumber,
            ProblemKind::NonPositivePrice,
            ProblemKind::HighBelowLow,
            ProblemKind::OpenCloseOutsideRange,
            ProblemKind::DuplicateTime,
            ProblemKind::OutOfOrder,
            ProblemKind::OffTick,
            ProblemKind::UnalignedTime,
            ProblemKind::RollJump,
        ];
        let why: Vec<String> = kinds.into_iter().filter_map(|k| self.warning(k)).collect();
        let level = if why.is_empty() {
            VerdictLevel::Clean
        } else {
            VerdictLevel::Usable
        };
        Verdict { level, why }
    }

    fn serious(&self) -> Vec<String> {
        let mut why = Vec::new();
        if self.facts.n_checked == 1 {
            why.push("one bar does not tell how long a bar is".to_owned());
        }
        if let Some(hint) = self.zone.hint {
            why.push(format!("the time zone must be given: {hint}"));
        }
        if self.contract.ambiguous {
            why.push(format!(
                "one contract must be chosen: {}",
                list(&self.contract.symbols)
            ));
        }
        if self.contract.instrument.is_none() {
            why.push("the market must be given: neither symbols nor file name tell it".to_owned());
        }
        let share = |n: u64, of: u64| n as f64 / of.max(1) as f64;
        if share(self.unreadable, self.n_read) > DOUBTFUL_UNREADABLE {
            why.push(format!(
                "{} of {} rows cannot be read",
                self.unreadable, self.n_read
            ));
        }
        if self.facts.spikes_left > 0 {
            why.push(format!(
                "bars with a price far from all bars around them, which {} removes: {}",
                Repair::DropSpikes,
                self.facts.spikes_left,
            ));
        }
        if self.problems.severity(ProblemKind::DuplicateTime) == Some(Severity::Error) {
            why.push(format!(
                "rows of one time whose prices contradict each other, as two contracts or markets in one file have them: {}",
                self.problems.count(ProblemKind::DuplicateTime)
            ));
        }
        let breaks = self.facts.breaks_left;
        if breaks > 0 {
            let repair = if self.facts.offered.contains(&Repair::Rescale) {
                ", which rescale repairs"
            } else {
                ""
            };
            why.push(format!(
                "lasting changes of the price level that no market makes (mixed instruments or units){repair}: {breaks}"
            ));
        }
        let outside = share(self.facts.outside, self.facts.n_checked);
        if outside > DOUBTFUL_OUTSIDE {
            why.push(format!(
                "{:.1}% of the bars open while the exchange is closed; zone or stamp look wrong",
                outside * 100.0
            ));
        } else if let Some(doubt) = self.facts.doubt {
            why.push(doubt.to_owned());
        }
        why
    }

    fn warning(&self, kind: ProblemKind) -> Option<String> {
        let n = self.problems.count(kind);
        let text = match kind {
            ProblemKind::BadRow => "rows dropped because they could not be read",
            ProblemKind::NotANumber => "rows dropped because a price or volume is no number",
            ProblemKind::NonPositivePrice => "rows dropped for a price of zero or less",
            ProblemKind::HighBelowLow => "rows dropped for a high under the low",
            ProblemKind::OpenCloseOutsideRange => {
                "rows dropped for an open or close outside high and low"
            }
            ProblemKind::DuplicateTime => "rows dropped because an earlier row has their time",
            ProblemKind::OutOfOrder => "rows sorted because they were out of order",
            ProblemKind::OffTick => {
                "bars with prices between ticks, rounded to the nearest, as adjusted series have them"
            }
            ProblemKind::UnalignedTime => "bars that do not open on a multiple of the interval",
            ProblemKind::RollJump => "jumps by a change of contract, or that look like one",
            _ => "",
        };
        (n > 0).then(|| format!("{text}: {n}"))
    }
}
