//! Reads rows of any layout into columns, block by block, on all processors.
//!
//! A row that cannot be read is counted with its line and left out; nothing else is judged here.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use holdout_core::time::{ZoneTable, format_utc};
use memchr::{memchr, memchr_iter, memchr2_iter};

use super::ImportError;
use crate::canonical::ParquetColumns;
use crate::dialects::clock::{Moment, StampReader};
use crate::dialects::{Layout, TimeColumns, TimeFormat, VolumeColumns, number};
use crate::error::{FileError, excerpt};
use crate::inspection::{Example, ProblemKind, Problems};
use crate::text::{TextSource, sha256_of_file};

/// Rows of a file as columns, in file order; prices in points.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    /// Line of the file, from 1.
    pub(crate) line: Vec<u32>,
    /// Unix seconds of the stamp.
    pub(crate) time: Vec<i64>,
    pub(crate) open: Vec<f64>,
    pub(crate) high: Vec<f64>,
    pub(crate) low: Vec<f64>,
    pub(crate) close: Vec<f64>,
    pub(crate) volume: Vec<f64>,
    /// Index into `symbols`; empty when the layout has no symbol.
    pub(crate) symbol: Vec<u32>,
    /// Symbols in order of appearance.
    pub(crate) symbols: Vec<String>,
    /// Where each symbol stands in `symbols`, while parts are put together.
    places: HashMap<String, u32>,
}

/// Of a row and of the bar made of it, when most columns of both are there: 180,734,400 took 12.0 GB.
const BYTES_OF_A_ROW: usize = 67;

impl Rows {
    pub(crate) fn len(&self) -> usize {
        self.time.len()
    }

    fn reserve(&mut self, n: usize, with_symbol: bool) {
        self.line.reserve_exact(n);
        self.time.reserve_exact(n);
        if with_symbol {
            self.symbol.reserve_exact(n);
        }
        for column in [
            &mut self.open,
            &mut self.high,
            &mut self.low,
            &mut self.close,
            &mut self.volume,
        ] {
            column.reserve_exact(n);
        }
    }

    /// [`Rows::reserve`] for rows that a file claims. Asks first for all that the rows and the bars
    /// made of them will need, so that a file that does not fit is refused here instead of ending
    /// the process later.
    ///
    /// # Errors
    /// When the system does not give the memory.
    fn make_room(&mut self, n: usize, with_symbol: bool) -> Result<(), ImportError> {
        let rows = self.len() + n;
        let room = Vec::<[u8; BYTES_OF_A_ROW]>::new().try_reserve_exact(rows);
        room.map_err(|_no_memory| ImportError::TooLarge {
            rows,
            gigabytes: rows as f64 * BYTES_OF_A_ROW as f64 / 1e9,
        })?;
        self.reserve(n, with_symbol);
        Ok(())
    }

    /// Keeps the rows for which the answer is yes, and returns how many went.
    pub(crate) fn retain(&mut self, keep: impl Fn(usize) -> bool) -> u64 {
        let mask: Vec<bool> = (0..self.len()).map(keep).collect();
        let gone = mask.iter().filter(|k| !**k).count() as u64;
        if gone > 0 {
            filter(&mut self.line, &mask);
            filter(&mut self.time, &mask);
            for column in [
                &mut self.open,
                &mut self.high,
                &mut self.low,
                &mut self.close,
                &mut self.volume,
            ] {
                filter(column, &mask);
            }
            if !self.symbol.is_empty() {
                filter(&mut self.symbol, &mask);
            }
        }
        gone
    }

    /// Puts the rows into another order.
    pub(crate) fn reorder(&mut self, order: &[u32]) {
        permute(&mut self.line, order);
        permute(&mut self.time, order);
        for column in [
            &mut self.open,
            &mut self.high,
            &mut self.low,
            &mut self.close,
            &mut self.volume,
        ] {
            permute(column, order);
        }
        if !self.symbol.is_empty() {
            permute(&mut self.symbol, order);
        }
    }

    /// Adds the rows of a later part of the file, whose lines count from `line_offset`.
    pub(crate) fn append(&mut self, mut part: Self, line_offset: u64) {
        self.line.extend(
            part.line
                .iter()
                .map(|&l| u32::try_from(u64::from(l) + line_offset).unwrap_or(u32::MAX)),
        );
        self.time.append(&mut part.time);
        self.open.append(&mut part.open);
        self.high.append(&mut part.high);
        self.low.append(&mut part.low);
        self.close.append(&mut part.close);
        self.volume.append(&mut part.volume);
        if !part.symbol.is_empty() {
            let place: Vec<u32> = part.symbols.iter().map(|s| self.intern(s)).collect();
            self.symbol
                .extend(part.symbol.iter().map(|&s| place[s as usize]));
        }
    }

    /// Adds some rows of another table, without their symbols.
    pub(crate) fn extend_from(&mut self, other: &Self, range: std::ops::Range<usize>) {
        self.line.extend_from_slice(&other.line[range.clone()]);
        self.time.extend_from_slice(&other.time[range.clone()]);
        self.open.extend_from_slice(&other.open[range.clone()]);
        self.high.extend_from_slice(&other.high[range.clone()]);
        self.low.extend_from_slice(&other.low[range.clone()]);
        self.close.extend_from_slice(&other.close[range.clone()]);
        self.volume.extend_from_slice(&other.volume[range]);
    }

    /// Takes the rows of one symbol out of the table.
    pub(crate) fn take_symbol(&mut self, place: usize) -> Self {
        let mine: Vec<bool> = self.symbol.iter().map(|&s| s as usize == place).collect();
        let mut taken = Self::default();
        taken.reserve(mine.iter().filter(|m| **m).count(), false);
        let mut at = 0;
        for run in mine.chunk_by(|a, b| a == b) {
            if run[0] {
                taken.extend_from(self, at..at + run.len());
            }
            at += run.len();
        }
        self.retain(|i| !mine[i]);
        taken
    }

    fn intern(&mut self, symbol: &str) -> u32 {
        // Symbols that were set by hand are not in the map yet.
        for (i, known) in self.symbols.iter().enumerate().skip(self.places.len()) {
            self.places.insert(known.clone(), i as u32);
        }
        if let Some(&place) = self.places.get(symbol) {
            return place;
        }
        let place = self.symbols.len() as u32;
        self.symbols.push(symbol.to_owned());
        self.places.insert(symbol.to_owned(), place);
        place
    }
}

fn filter<T: Copy>(column: &mut Vec<T>, mask: &[bool]) {
    let mut i = 0;
    column.retain(|_| {
        i += 1;
        mask[i - 1]
    });
}

fn permute<T: Copy>(column: &mut Vec<T>, order: &[u32]) {
    *column = order.iter().map(|&i| column[i as usize]).collect();
}

/// All rows of a file, what went wrong on the way, and the hash of the file.
pub(crate) struct ReadRows {
    pub(crate) rows: Rows,
    pub(crate) problems: Problems,
    /// Rows that could not be read.
    pub(crate) unreadable: u64,
    pub(crate) sha256: String,
}

/// Reads all rows of a text. A zone of `None` means that stamps must carry their own.
pub(crate) fn read(
    mut source: TextSource,
    layout: &Layout,
    mark: u8,
    zone: Option<&ZoneTable>,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<ReadRows, ImportError> {
    let done = source.progress();
    let n_workers = thread::available_parallelism()
        .map_or(1, NonZeroUsize::get)
        .min(8);
    let reader = RowReader { layout, mark, zone };
    thread::scope(|scope| {
        let (give, work) = sync_channel::<(usize, f64, Vec<u8>)>(n_workers);
        let (hand_in, parts) = sync_channel::<(usize, Part)>(n_workers);
        let work = Arc::new(Mutex::new(work));
        for _ in 0..n_workers {
            let (work, hand_in, reader) = (work.clone(), hand_in.clone(), &reader);
            scope.spawn(move || {
                loop {
                    let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((i, share, text)) = next else { break };
                    let part = Part {
                        share,
                        ..reader.parse(&text)
                    };
                    if hand_in.send((i, part)).is_err() {
                        break;
                    }
                }
            });
        }
        drop((work, hand_in));
        let so_far = done.clone();
        let source = scope.spawn(move || {
            let mut i = 0;
            while let Some(mut block) = source.next_block()? {
                if i == 0 {
                    blank_out(&mut block, layout.skip_lines);
                }
                if give.send((i, so_far.fraction(), block)).is_err() {
                    break;
                }
                i += 1;
            }
            Ok::<_, FileError>((source, i))
        });
        let mut all = Collected::default();
        for (i, part) in parts {
            all.add(i, part)?;
            if !progress(done.fraction()) {
                return Err(ImportError::Cancelled);
            }
        }
        let (source, n_blocks) = source
            .join()
            .map_err(|_panic| ImportError::WorkerStopped)??;
        // A worker that stopped leaves a hole in the row of blocks.
        if all.next != n_blocks {
            return Err(ImportError::WorkerStopped);
        }
        Ok(ReadRows {
            rows: all.rows,
            problems: all.problems,
            unreadable: all.unreadable,
            sha256: source.sha256(),
        })
    })
}

/// Empties the lines before the first row, so that they count as lines and hold nothing.
fn blank_out(block: &mut Vec<u8>, n_lines: u64) {
    let end = match n_lines {
        0 => 0,
        n => memchr_iter(b'\n', block)
            .nth(n as usize - 1)
            .map_or(block.len(), |e| e + 1),
    };
    let lines = memchr_iter(b'\n', &block[..end]).count();
    block
        .splice(..end, std::iter::repeat_n(b'\n', lines))
        .for_each(drop);
}

/// Parts of a file put together in order, whatever order they come in.
#[derive(Default)]
struct Collected {
    rows: Rows,
    problems: Problems,
    unreadable: u64,
    lines: u64,
    /// Number of the block that is due.
    next: usize,
    waiting: BTreeMap<usize, Part>,
}

impl Collected {
    fn add(&mut self, i: usize, part: Part) -> Result<(), ImportError> {
        self.waiting.insert(i, part);
        while let Some(mut part) = self.waiting.remove(&self.next) {
            let n = self.rows.len() + part.rows.len();
            if n > self.rows.time.capacity() && part.share > 0.0 {
                // The rows so far tell how many there will be: columns that grow by doubling
                // would for a moment need three times their size. Never much more at once than
                // there is already: a file can claim any length.
                let all = ((n as f64 / part.share * 1.05) as usize).clamp(n, 8 * n);
                let with_symbol = !part.rows.symbol.is_empty();
                self.rows.make_room(all - self.rows.len(), with_symbol)?;
            }
            self.next += 1;
            self.unreadable += part.unreadable;
            part.problems.shift_lines(self.lines);
            self.problems.merge(part.problems);
            self.rows.append(part.rows, self.lines);
            self.lines += part.lines;
        }
        Ok(())
    }
}

/// Rows of a Parquet file and what its columns tell.
pub(crate) struct ParquetRows {
    pub(crate) read: ReadRows,
    pub(crate) canonical: bool,
    pub(crate) wall_clock: bool,
    pub(crate) has_volume: bool,
    pub(crate) names: String,
}

/// Turns wall-clock seconds of a zone into UTC.
pub(crate) fn to_utc(times: &mut [i64], zone: &ZoneTable) {
    let mut clock = WallClock::new(Some(zone));
    for t in times {
        *t = clock.utc_of(*t).unwrap_or(*t);
    }
}

/// Reads the rows of a Parquet file that names its time and prices. A row with a missing or
/// non-finite value is counted and left out, as an unreadable line of a text is.
pub(crate) fn read_parquet(
    path: &Path,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<ParquetRows, ImportError> {
    let sha256 = sha256_of_file(path)?;
    if !progress(0.5) {
        return Err(ImportError::Cancelled);
    }
    let columns = ParquetColumns::read(path, true)?;
    let (mut rows, mut problems, mut unreadable) = (Rows::default(), Problems::default(), 0);
    rows.make_room(columns.time.len(), columns.symbol.is_some())?;
    let mut symbols = SymbolIndex::default();
    for (i, &time) in columns.time.iter().enumerate() {
        let [open, high, low, close] = [0, 1, 2, 3].map(|k| columns.ohlc[k][i]);
        let volume = columns.volume.as_ref().map_or(0.0, |v| v[i]);
        let line = i as u64 + 1;
        if !(open + high + low + close + volume).is_finite() || volume < 0.0 {
            unreadable += 1;
            let detail =
                format!("open {open}, high {high}, low {low}, close {close}, volume {volume}");
            problems.add(ProblemKind::NotANumber, || Example {
                line: Some(line),
                time: Some(format_utc(time)),
                detail,
            });
            continue;
        }
        rows.line.push(u32::try_from(line).unwrap_or(u32::MAX));
        rows.time.push(time);
        rows.open.push(open);
        rows.high.push(high);
        rows.low.push(low);
        rows.close.push(close);
        rows.volume.push(volume);
        if let Some(symbol) = columns.symbol.as_ref().map(|s| s[i].as_bytes()) {
            rows.symbol.push(symbols.place(symbol));
        }
    }
    rows.symbols = symbols.names;
    if !progress(1.0) {
        return Err(ImportError::Cancelled);
    }
    Ok(ParquetRows {
        read: ReadRows {
            rows,
            problems,
            unreadable,
            sha256,
        },
        canonical: columns.canonical,
        wall_clock: columns.wall_clock,
        has_volume: columns.volume.is_some(),
        names: columns.names,
    })
}

/// What one worker made of its lines.
struct Part {
    rows: Rows,
    problems: Problems,
    unreadable: u64,
    lines: u64,
    /// Share of the file that its end lies at.
    share: f64,
}

/// How to read a row.
struct RowReader<'a> {
    layout: &'a Layout,
    mark: u8,
    zone: Option<&'a ZoneTable>,
}

/// Why a row cannot be read.
enum RowFault {
    Kind(ProblemKind, String),
    Blank,
}

/// What a worker remembers from row to row.
struct Memory<'a> {
    zone: WallClock<'a>,
    stamps: StampReader,
    symbols: SymbolIndex,
}

impl RowReader<'_> {
    fn parse(&self, text: &[u8]) -> Part {
        let mut part = Part {
            rows: Rows::default(),
            problems: Problems::default(),
            unreadable: 0,
            lines: 0,
            share: 0.0,
        };
        let n_lines = memchr_iter(b'\n', text).count() + 1;
        part.rows.reserve(n_lines, self.layout.symbol.is_some());
        let mut cells: Vec<&[u8]> = Vec::with_capacity(self.layout.n_columns + 4);
        let mut memory = Memory {
            zone: WallClock::new(self.zone),
            stamps: StampReader::default(),
            symbols: SymbolIndex::default(),
        };
        if memchr(b'"', text).is_some() {
            for line in text.split_inclusive(|&b| b == b'\n') {
                split_quoted(
                    line.strip_suffix(b"\n").unwrap_or(line),
                    self.layout.separator,
                    &mut cells,
                );
                self.line(&cells, &mut memory, &mut part);
            }
        } else {
            let mut start = 0;
            for at in memchr2_iter(self.layout.separator, b'\n', text) {
                cells.push(trim(&text[start..at]));
                start = at + 1;
                if text[at] == b'\n' {
                    self.line(&cells, &mut memory, &mut part);
                    cells.clear();
                }
            }
            if start < text.len() || !cells.is_empty() {
                cells.push(trim(&text[start..]));
                self.line(&cells, &mut memory, &mut part);
            }
        }
        part.rows.symbols = memory.symbols.names;
        part
    }

    fn line(&self, cells: &[&[u8]], memory: &mut Memory<'_>, part: &mut Part) {
        part.lines += 1;
        match self.row(cells, memory) {
            Ok((time, [open, high, low, close], volume)) => {
                let rows = &mut part.rows;
                rows.line.push(part.lines as u32);
                rows.time.push(time);
                rows.open.push(open);
                rows.high.push(high);
                rows.low.push(low);
                rows.close.push(close);
                rows.volume.push(volume);
                if let Some(column) = self.layout.symbol {
                    rows.symbol.push(memory.symbols.place(cells[column]));
                }
            }
            Err(RowFault::Blank) => {}
            Err(RowFault::Kind(kind, detail)) => {
                part.unreadable += 1;
                let line = Some(part.lines);
                let time = self.time(cells, memory).ok().map(format_utc);
                part.problems.add(kind, || Example { line, time, detail });
            }
        }
    }

    fn row(
        &self,
        cells: &[&[u8]],
        memory: &mut Memory<'_>,
    ) -> Result<(i64, [f64; 4], f64), RowFault> {
        let want = self.layout.n_columns;
        if cells.len() < want {
            if cells.iter().all(|c| c.is_empty()) {
                return Err(RowFault::Blank);
            }
            let detail = format!(
                "{} cells where {want} are expected: \"{}\"",
                cells.len(),
                show(&cells.join(&b","[..]))
            );
            return Err(RowFault::Kind(ProblemKind::BadRow, detail));
        }
        if cells.len() > want
            && !self.layout.more_allowed
            && cells[want..].iter().any(|c| !c.is_empty())
        {
            let detail = format!(
                "{} cells where {want} are expected: \"{}\"",
                cells.len(),
                show(&cells.join(&b","[..]))
            );
            return Err(RowFault::Kind(ProblemKind::BadRow, detail));
        }
        let time = self
            .time(cells, memory)
            .map_err(|d| RowFault::Kind(ProblemKind::BadRow, d))?;
        let mut ohlc = [0.0; 4];
        for (value, (&column, name)) in ohlc.iter_mut().zip(
            self.layout
                .ohlc
                .iter()
                .zip(["open", "high", "low", "close"]),
        ) {
            let cell = cells[column];
            *value = self.price(cell).ok_or_else(|| not_a_number(name, cell))?;
        }
        let volume = match self.layout.volume {
            VolumeColumns::None => 0.0,
            VolumeColumns::One(c) => self.volume(cells[c])?,
            VolumeColumns::Sum(a, b) => self.volume(cells[a])? + self.volume(cells[b])?,
        };
        Ok((time, ohlc, volume))
    }

    fn price(&self, cell: &[u8]) -> Option<f64> {
        if self.layout.price_divisor == 1.0 {
            return number::parse(cell, self.mark);
        }
        // The largest whole number stands for "no price" in fixed-point files.
        let (negative, digits) = cell.strip_prefix(b"-").map_or((false, cell), |d| (true, d));
        let whole = number::parse_int(digits).filter(|&n| n != i64::MAX)?;
        let value = whole as f64 / self.layout.price_divisor;
        Some(if negative { -value } else { value })
    }

    /// A volume; no value is 0.
    fn volume(&self, cell: &[u8]) -> Result<f64, RowFault> {
        match number::parse_amount(cell, self.mark) {
            Some(v) if v >= 0.0 => Ok(v),
            Some(_) => Err(RowFault::Kind(
                ProblemKind::BadRow,
                format!("the volume is negative: \"{}\"", show(cell)),
            )),
            None if number::is_missing(cell) => Ok(0.0),
            None => Err(not_a_number("volume", cell)),
        }
    }

    fn time(&self, cells: &[&[u8]], memory: &mut Memory<'_>) -> Result<i64, String> {
        let cell = |c: usize| cells.get(c).copied().unwrap_or_default();
        let suffix = self.layout.stamp_suffix.as_deref().map(str::as_bytes);
        let moment = match (self.layout.time, self.layout.format) {
            (TimeColumns::One(c), format) => match suffix {
                None => memory.stamps.parse(cell(c), format),
                // A stamp that names another zone than the first ones is not read as theirs.
                Some(zone) => cell(c)
                    .strip_suffix(zone)
                    .and_then(|stamp| memory.stamps.parse(stamp.trim_ascii_end(), format)),
            },
            (TimeColumns::DateAndClock(d, c), TimeFormat::Civil(order)) => {
                memory.stamps.parse_split(cell(d), cell(c), order)
            }
            (TimeColumns::DateAndClock(..), _) => None,
        };
        let text = || match self.layout.time {
            TimeColumns::One(c) => show(cell(c)),
            TimeColumns::DateAndClock(d, c) => format!("{} {}", show(cell(d)), show(cell(c))),
        };
        match moment {
            None => Err(format!(
                "\"{}\" is not a time as the rows before have it",
                text()
            )),
            Some(Moment::Utc(_)) if self.zone.is_some() => Err(format!(
                "\"{}\" has an offset, other rows have none",
                text()
            )),
            Some(Moment::Utc(utc)) => Ok(utc),
            Some(Moment::Wall(wall)) => memory
                .zone
                .utc_of(wall)
                .ok_or_else(|| format!("\"{}\" has no offset, other rows have one", text())),
        }
    }
}

fn not_a_number(column: &str, cell: &[u8]) -> RowFault {
    RowFault::Kind(
        ProblemKind::NotANumber,
        format!("{column} is \"{}\"", show(cell)),
    )
}

fn show(bytes: &[u8]) -> String {
    excerpt(&String::from_utf8_lossy(bytes))
}

/// Cuts a line into trimmed cells; a cell in quotes may hold separators.
fn split_quoted<'a>(line: &'a [u8], separator: u8, cells: &mut Vec<&'a [u8]>) {
    cells.clear();
    let mut start = 0;
    let mut i = 0;
    while i < line.len() {
        let b = line[i];
        if b == separator {
            cells.push(trim(&line[start..i]));
            start = i + 1;
        } else if b == b'"' && line[start..i].iter().all(|&c| c == b' ') {
            i = line[i + 1..]
                .iter()
                .position(|&c| c == b'"')
                .map_or(line.len(), |p| i + 1 + p);
        }
        i += 1;
    }
    cells.push(trim(&line[start..]));
}

fn trim(cell: &[u8]) -> &[u8] {
    match cell {
        [b'0'..=b'9', .., b'0'..=b'9'] => cell,
        _ => {
            let plain = cell.trim_ascii();
            plain
                .strip_prefix(b"\"")
                .and_then(|c| c.strip_suffix(b"\""))
                .map_or(plain, <[u8]>::trim_ascii)
        }
    }
}

/// Turns wall-clock seconds into UTC, looking the zone up once per quarter of an hour.
struct WallClock<'a> {
    zone: Option<&'a ZoneTable>,
    quarter: i64,
    shift: i64,
}

impl<'a> WallClock<'a> {
    fn new(zone: Option<&'a ZoneTable>) -> Self {
        Self {
            zone,
            quarter: i64::MIN,
            shift: 0,
        }
    }

    fn utc_of(&mut self, wall: i64) -> Option<i64> {
        let zone = self.zone?;
        // Zones change their offset on whole quarters of an hour.
        let quarter = wall.div_euclid(900);
        if quarter != self.quarter {
            self.quarter = quarter;
            self.shift = zone.to_utc(wall) - wall;
        }
        Some(wall + self.shift)
    }
}

/// Numbers symbols in order of appearance.
#[derive(Default)]
struct SymbolIndex {
    names: Vec<String>,
    places: HashMap<Vec<u8>, u32>,
    last: (Vec<u8>, u32),
}

impl SymbolIndex {
    fn place(&mut self, cell: &[u8]) -> u32 {
        if !self.names.is_empty() && self.last.0 == cell {
            return self.last.1;
        }
        let place = match self.places.get(cell) {
            Some(&p) => p,
            None => {
                let p = self.names.len() as u32;
                self.names.push(String::from_utf8_lossy(cell).into_owned());
                self.places.insert(cell.to_vec(), p);
                p
            }
        };
        self.last = (cell.to_vec(), place);
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_trimmed_and_quotes_hold_separators() {
        let mut cells = Vec::new();
        split_quoted(b"\"a,b\", 1 ,\"2\",,x", b',', &mut cells);
        assert_eq!(cells, [&b"a,b"[..], b"1", b"2", b"", b"x"]);
        split_quoted(b"", b',', &mut cells);
        assert_eq!(cells, [b""]);
        split_quoted(b"\"open", b',', &mut cells);
        assert_eq!(
            cells.len(),
            1,
            "a quote without an end does not run into the next line"
        );
    }

    #[test]
    fn more_rows_than_any_memory_holds_are_refused_and_few_are_not() {
        let told = Rows::default().make_room(1 << 50, true).unwrap_err();
        assert!(
            told.to_string()
                .contains("1125899906842624 rows or more, which need 75435293.8 GB")
        );
        let mut rows = Rows::default();
        rows.make_room(1_000, true).unwrap();
        assert!(rows.time.capacity() >= 1_000 && rows.symbol.capacity() >= 1_000);
    }

    #[test]
    fn rows_are_filtered_and_reordered_together() {
        let mut rows = Rows {
            line: vec![1, 2, 3],
            time: vec![30, 10, 20],
            ..Default::default()
        };
        for column in [
            &mut rows.open,
            &mut rows.high,
            &mut rows.low,
            &mut rows.close,
            &mut rows.volume,
        ] {
            column.extend([3.0, 1.0, 2.0]);
        }
        rows.reorder(&[1, 2, 0]);
        assert_eq!(
            (rows.time.clone(), rows.line.clone()),
            (vec![10, 20, 30], vec![2, 3, 1])
        );
        assert_eq!(rows.retain(|i| i != 1), 1);
        assert_eq!((rows.time, rows.volume), (vec![10, 30], vec![1.0, 3.0]));
    }
}
