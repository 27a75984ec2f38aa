//! Canonical bar files: a strict reader, and a writer of CSV, gzipped CSV and Parquet.
//!
//! The reader repairs nothing: rows out of order, a repeated time, prices off the tick grid and
//! whatever else is not canonical are errors that name line, value and expectation. In Parquet
//! files "line" counts rows from 1. A continuous series has a column `symbol` with the contract of
//! each bar: where it changes is a roll.

use std::io::Write as _;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use holdout_core::market::{Bars, Instrument, Roll, RollReason};
use holdout_core::time::{format_utc, parse_utc};
use holdout_core::units::Ticks;
use polars::prelude::{
    Column, DataFrame, DataType, Float64Chunked, Int64Chunked, IntoColumn, NewChunkedArray,
    ParquetReader, ParquetWriter, PolarsError, SerReader, StringChunked, TimeUnit, TimeZone,
};

use crate::atomic::replace_with;
use crate::decimal::PriceText;
use crate::dialects::{TimeFormat, clock, number};
use crate::error::{BadInput, FileError, excerpt};
use crate::parquet_sizes;
use crate::symbol::is_name;
use crate::text::{TextSource, open};

/// The columns of a canonical file; a seventh column `symbol` may follow.
pub const HEADER: [&str; 6] = ["time", "open", "high", "low", "close", "volume"];

/// Reads a canonical file of one market. The interval is the most frequent one unless given, in seconds.
///
/// # Errors
/// When the file cannot be read, and at the first thing in it that is not canonical.
pub fn read(
    path: &Path,
    market: &Instrument,
    interval_secs: Option<i64>,
) -> Result<Bars, FileError> {
    let mut builder = Builder {
        path,
        bars: Bars::empty(market.clone(), 0),
        symbols: Vec::new(),
    };
    if is_parquet(path) {
        read_parquet(path, &mut builder)?;
    } else {
        read_text(path, &mut builder)?;
    }
    let mut bars = builder.bars;
    let bad = |cause: String| BadInput::new(path, cause).expected("at least two bars");
    if bars.is_empty() {
        return Err(bad("the file has a header and no bars".to_owned()).into());
    }
    bars.interval_secs = match interval_secs {
        Some(secs) => secs,
        None => Bars::most_frequent_interval(&bars.open_time)
            .ok_or_else(|| bad("the interval of one bar cannot be known".to_owned()))?,
    };
    Ok(bars)
}

/// Writes bars; the ending of the name tells how: `.parquet`, `.csv.gz` or anything else for CSV.
///
/// # Errors
/// When the system refuses; the file is then what it was before.
pub fn write(path: &Path, bars: &Bars) -> Result<(), FileError> {
    write_columns(path, bars, &[])
}

/// Writes bars with more columns behind them, one value a bar. What is not finite, or is missing
/// at the end of a column, becomes an empty cell in CSV.
///
/// # Errors
/// As [`write()`]; in Parquet also when a column has another length than the bars.
pub fn write_columns(
    path: &Path,
    bars: &Bars,
    more: &[(String, Vec<f64>)],
) -> Result<(), FileError> {
    if is_parquet(path) {
        return write_parquet(path, bars, more);
    }
    let gzip = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("gz"));
    replace_with(path, |out| {
        if !gzip {
            return write_text(out, bars, more);
        }
        let mut out = GzEncoder::new(out, Compression::default());
        write_text(&mut out, bars, more)?;
        out.finish().map(drop)
    })
}

fn is_parquet(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("parquet"))
}

/// Takes bars one by one and refuses the first that is not canonical.
struct Builder<'a> {
    path: &'a Path,
    bars: Bars,
    /// Contracts so far.
    symbols: Vec<String>,
}

impl Builder<'_> {
    fn bad(&self, line: u64, column: &str, cause: String) -> BadInput {
        BadInput::new(self.path, cause).line(line).column(column)
    }

    fn time(&self, line: u64, utc: i64) -> Result<(), FileError> {
        let Some(&before) = self.bars.open_time.last() else {
            return Ok(());
        };
        if utc > before {
            return Ok(());
        }
        let cause = if utc == before {
            format!("{} is the time of the row before as well", format_utc(utc))
        } else {
            format!("{} comes after {}", format_utc(utc), format_utc(before))
        };
        let bad = self
            .bad(line, "time", cause)
            .expected("times that rise from row to row")
            .remedy("import the file with `holdout data import`");
        Err(bad.into())
    }

    fn price(
        &self,
        line: u64,
        column: &str,
        price: f64,
        shown: &dyn Fn() -> String,
    ) -> Result<Ticks, FileError> {
        let tick = self.bars.instrument.tick_size;
        match self.bars.instrument.to_ticks(price) {
            Some(t) if t > 0 => Ok(t),
            Some(_) => Err(self
                .bad(
                    line,
                    column,
                    format!("the price {} is not positive", shown()),
                )
                .expected("a price of one tick or more")
                .into()),
            None => {
                let market = &self.bars.instrument.symbol;
                let bad = self
                    .bad(
                        line,
                        column,
                        format!("the price {} is off the tick grid of {market}", shown()),
                    )
                    .expected(format!("a multiple of {tick}"))
                    .remedy("check the market, or import the file with `holdout data import`");
                Err(bad.into())
            }
        }
    }

    fn push(
        &mut self,
        line: u64,
        utc: i64,
        ohlc: [Ticks; 4],
        volume: f64,
    ) -> Result<(), FileError> {
        let [o, h, l, c] = ohlc;
        if l > o.min(c) || h < o.max(c) {
            let show = |t| self.bars.instrument.format_price(t);
            let cause = format!(
                "open {}, high {}, low {}, close {} contradict each other",
                show(o),
                show(h),
                show(l),
                show(c)
            );
            return Err(BadInput::new(self.path, cause)
                .line(line)
                .expected("low <= open, close <= high")
                .into());
        }
        if !(volume.is_finite() && volume >= 0.0) {
            return Err(self
                .bad(
                    line,
                    "volume",
                    format!("the volume {volume} is negative or no number"),
                )
                .expected("0 or more")
                .into());
        }
        self.bars.push(utc, ohlc, volume);
        Ok(())
    }

    /// Takes the symbol of the bar that was just pushed.
    fn symbol(&mut self, line: u64, symbol: &str) -> Result<(), FileError> {
        if self.symbols.last().is_some_and(|s| s == symbol) {
            return Ok(());
        }
        if !is_name(symbol) {
            let cause = format!("\"{}\" is no contract", excerpt(symbol));
            let bad = self
                .bad(line, "symbol", cause)
                .expected("a name like ESH4 or ES 03-24, of letters, digits, blanks and . - _ : ! # / =, a letter or digit first")
                .remedy("correct the column, or take it out");
            return Err(bad.into());
        }
        if self.symbols.iter().any(|s| s == symbol) {
            let cause = format!("\"{}\" comes back after another contract", excerpt(symbol));
            let bad = self
                .bad(line, "symbol", cause)
                .expected("one contract after the other")
                .remedy("import one contract with `holdout data import --symbol`, or join them with --continuous");
            return Err(bad.into());
        }
        if let (Some(from), Some(&time)) = (self.symbols.last(), self.bars.open_time.last()) {
            self.bars.rolls.push(Roll {
                time,
                from: from.clone(),
                to: symbol.to_owned(),
                gap_ticks: None,
                reason: RollReason::AsInFile,
            });
        }
        self.symbols.push(symbol.to_owned());
        Ok(())
    }
}

fn read_text(path: &Path, builder: &mut Builder<'_>) -> Result<(), FileError> {
    let mut source = TextSource::open(path)?;
    let mut line = 0_u64;
    let mut with_symbol = false;
    while let Some(block) = source.next_block()? {
        for text in block.split(|&b| b == b'\n') {
            line += 1;
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            if line == 1 {
                with_symbol = check_header(path, text)?;
            } else if !text.is_empty() {
                read_line(text, line, with_symbol, builder)?;
            }
        }
        // The piece behind the last line end of a block is empty and no line.
        if block.ends_with(b"\n") {
            line -= 1;
        }
    }
    Ok(())
}

fn check_header(path: &Path, text: &[u8]) -> Result<bool, FileError> {
    let text = String::from_utf8_lossy(text);
    let names: Vec<&str> = text.split(',').map(str::trim).collect();
    if names == HEADER {
        return Ok(false);
    }
    if names.len() == 7 && names[..6] == HEADER && names[6] == "symbol" {
        return Ok(true);
    }
    let bad = BadInput::new(path, format!("the header is \"{}\"", excerpt(&text)))
        .line(1)
        .expected("time,open,high,low,close,volume and perhaps symbol")
        .remedy("import the file with `holdout data import`");
    Err(bad.into())
}

fn read_line(
    text: &[u8],
    line: u64,
    with_symbol: bool,
    builder: &mut Builder<'_>,
) -> Result<(), FileError> {
    let show = |cell: &[u8]| excerpt(&String::from_utf8_lossy(cell));
    let want = 6 + usize::from(with_symbol);
    let mut cells = [&[] as &[u8]; 7];
    let mut n = 0;
    for cell in text.split(|&b| b == b',') {
        if n < want {
            cells[n] = cell.trim_ascii();
        }
        n += 1;
    }
    if n != want {
        let cause = format!("{n} cells in \"{}\"", show(text));
        return Err(BadInput::new(builder.path, cause)
            .line(line)
            .expected(format!("{want} cells"))
            .into());
    }
    let utc = read_utc(cells[0]).ok_or_else(|| {
        let bad = builder.bad(
            line,
            "time",
            format!("\"{}\" is not a time", show(cells[0])),
        );
        bad.expected("RFC 3339 in whole seconds like 2024-03-04T14:30:00Z")
    })?;
    builder.time(line, utc)?;
    let mut values = [0.0; 5];
    for (k, value) in values.iter_mut().enumerate() {
        let cell = cells[k + 1];
        *value = number::parse(cell, b'.').ok_or_else(|| {
            builder
                .bad(
                    line,
                    HEADER[k + 1],
                    format!("\"{}\" is not a number", show(cell)),
                )
                .expected("a decimal number")
        })?;
    }
    let mut ohlc = [0; 4];
    for (k, ticks) in ohlc.iter_mut().enumerate() {
        *ticks = builder.price(line, HEADER[k + 1], values[k], &|| show(cells[k + 1]))?;
    }
    builder.push(line, utc, ohlc, values[4])?;
    if with_symbol {
        builder.symbol(line, &String::from_utf8_lossy(cells[6]))?;
    }
    Ok(())
}

/// Reads an RFC 3339 instant in whole seconds, the usual form without the general parser.
pub(crate) fn read_utc(cell: &[u8]) -> Option<i64> {
    if cell.len() == 20 && cell[10] == b'T' && cell[19] == b'Z' {
        return match clock::parse(cell, TimeFormat::Civil(clock::DateOrder::Ymd))? {
            clock::Moment::Utc(t) => Some(t),
            clock::Moment::Wall(_) => None,
        };
    }
    parse_utc(std::str::from_utf8(cell).ok()?).ok()
}

/// Writes instants as `YYYY-MM-DDTHH:MM:SSZ`, working the date out once a day.
#[derive(Default)]
pub(crate) struct UtcText {
    day: Option<i64>,
    date: Vec<u8>,
}

impl UtcText {
    pub(crate) fn push(&mut self, out: &mut Vec<u8>, utc: i64) {
        let day = utc.div_euclid(86_400);
        if self.day != Some(day) {
            self.day = Some(day);
            self.date = format_utc(day * 86_400)
                .bytes()
                .take_while(|&b| b != b'T')
                .collect();
        }
        let s = utc.rem_euclid(86_400);
        out.extend_from_slice(&self.date);
        for (mark, part) in [(b'T', s / 3600), (b':', s / 60 % 60), (b':', s % 60)] {
            out.extend_from_slice(&[mark, b'0' + (part / 10) as u8, b'0' + (part % 10) as u8]);
        }
        out.push(b'Z');
    }
}

/// The contract of each bar of a continuous series, asked for in order; nothing without rolls.
struct SymbolText<'a> {
    rolls: &'a [Roll],
    now: Option<&'a str>,
}

/// A symbol without the marks that some platforms put in front (`@ES`, `/ES`): a spreadsheet takes
/// a cell that begins with one as a formula.
fn unmarked(symbol: &str) -> &str {
    symbol.trim_start_matches(['@', '/'])
}

impl<'a> SymbolText<'a> {
    fn new(bars: &'a Bars) -> Self {
        Self {
            now: bars.rolls.first().map(|r| unmarked(&r.from)),
            rolls: &bars.rolls,
        }
    }

    fn at(&mut self, open_time: i64) -> Option<&'a str> {
        while let Some((roll, rest)) = self.rolls.split_first()
            && roll.time <= open_time
        {
            (self.now, self.rolls) = (Some(unmarked(&roll.to)), rest);
        }
        self.now
    }
}

fn write_text(
    out: &mut impl std::io::Write,
    bars: &Bars,
    more: &[(String, Vec<f64>)],
) -> std::io::Result<()> {
    let (mut clock, prices) = (UtcText::default(), PriceText::new(&bars.instrument));
    let mut symbols = SymbolText::new(bars);
    let mut text = Vec::with_capacity(1 << 16);
    write!(text, "{}", HEADER.join(","))?;
    if symbols.now.is_some() {
        write!(text, ",symbol")?;
    }
    for (name, _) in more {
        write!(text, ",{name}")?;
    }
    writeln!(text)?;
    for i in 0..bars.len() {
        clock.push(&mut text, bars.open_time[i]);
        for ticks in [bars.open[i], bars.high[i], bars.low[i], bars.close[i]] {
            text.push(b',');
            prices.push(&mut text, ticks);
        }
        write!(text, ",{}", bars.volume[i])?;
        if let Some(symbol) = symbols.at(bars.open_time[i]) {
            write!(text, ",{symbol}")?;
        }
        for (_, values) in more {
            match values.get(i) {
                Some(v) if v.is_finite() => write!(text, ",{v}")?,
                _ => text.push(b','),
            }
        }
        text.push(b'\n');
        if text.len() > (1 << 16) - 4096 {
            out.write_all(&text)?;
            text.clear();
        }
    }
    out.write_all(&text)?;
    out.flush()
}

/// Rows that are laid out for Parquet at a time: the file may be larger than the memory left.
const PARQUET_ROWS: usize = 1 << 20;

fn write_parquet(path: &Path, bars: &Bars, more: &[(String, Vec<f64>)]) -> Result<(), FileError> {
    if let Some((name, _)) = more.iter().find(|(_, v)| v.len() != bars.len()) {
        let cause = format!("the column {name} has another length than the bars");
        return Err(BadInput::new(path, cause).into());
    }
    let mut symbols = SymbolText::new(bars);
    let first = parquet_rows(bars, more, 0..0, &mut symbols).map_err(std::io::Error::other);
    replace_with(path, |out| {
        let mut writer = ParquetWriter::new(out)
            .batched(first?.schema())
            .map_err(std::io::Error::other)?;
        let mut from = 0;
        while from < bars.len() {
            let to = (from + PARQUET_ROWS).min(bars.len());
            let rows =
                parquet_rows(bars, more, from..to, &mut symbols).map_err(std::io::Error::other)?;
            writer.write_batch(&rows).map_err(std::io::Error::other)?;
            from = to;
        }
        writer.finish().map(drop).map_err(std::io::Error::other)
    })
}

fn parquet_rows(
    bars: &Bars,
    more: &[(String, Vec<f64>)],
    range: Range<usize>,
    symbols: &mut SymbolText<'_>,
) -> Result<DataFrame, PolarsError> {
    let open_time = &bars.open_time[range.clone()];
    let time: Vec<i64> = open_time.iter().map(|&t| t * 1000).collect();
    let time = Int64Chunked::from_slice("time".into(), &time)
        .into_datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC));
    let points = |name: &str, ticks: &[Ticks]| -> Column {
        let prices = ticks[range.clone()].iter();
        let prices: Vec<f64> = prices.map(|&t| bars.instrument.price(t)).collect();
        Float64Chunked::from_vec(name.into(), prices).into_column()
    };
    let mut columns = vec![
        time.into_column(),
        points("open", &bars.open),
        points("high", &bars.high),
        points("low", &bars.low),
        points("close", &bars.close),
        Float64Chunked::from_slice("volume".into(), &bars.volume[range.clone()]).into_column(),
    ];
    if symbols.now.is_some() {
        let names = open_time.iter().map(|&t| symbols.at(t).unwrap_or_default());
        columns.push(StringChunked::from_iter_values("symbol".into(), names).into_column());
    }
    columns.extend(more.iter().map(|(name, values)| {
        Float64Chunked::from_slice(name.as_str().into(), &values[range.clone()]).into_column()
    }));
    DataFrame::new(range.len(), columns)
}

/// Columns of a Parquet file of bars, unchecked; a missing number is NaN.
pub(crate) struct ParquetColumns {
    /// Unix seconds.
    pub(crate) time: Vec<i64>,
    pub(crate) ohlc: [Vec<f64>; 4],
    /// `None` where the file has none.
    pub(crate) volume: Option<Vec<f64>>,
    pub(crate) symbol: Option<Vec<String>>,
    /// Whether the columns are those of a canonical file.
    pub(crate) canonical: bool,
    /// Whether the times are those of a clock on a wall of a zone that the file does not name.
    pub(crate) wall_clock: bool,
    /// Names of the columns, for people.
    pub(crate) names: String,
}

/// Names of a column of times in files of others; pandas writes an index without a name as the last.
const PARQUET_TIMES: [&str; 8] = [
    "ts_event",
    "window_start",
    "time",
    "datetime",
    "timestamp",
    "date",
    "index",
    "__index_level_0__",
];

impl ParquetColumns {
    /// Reads the columns of a canonical file, or where `any` says so of any that names its time and
    /// prices. The decoder panics on some damaged files; that is an error here.
    pub(crate) fn read(path: &Path, any: bool) -> Result<Self, FileError> {
        catch_unwind(AssertUnwindSafe(|| Self::decode(path, any))).unwrap_or_else(|_panic| {
            let bad = BadInput::new(path, "the parquet file is damaged");
            Err(bad
                .remedy("write it again with `holdout data import`")
                .into())
        })
    }

    fn decode(path: &Path, any: bool) -> Result<Self, FileError> {
        let damaged = |e: PolarsError| -> FileError {
            let bad = BadInput::new(path, format!("the parquet file cannot be read: {e}"));
            bad.remedy("write it again with `holdout data import`")
                .into()
        };
        parquet_sizes::check(path)?;
        let mut frame = ParquetReader::new(open(path)?)
            .set_rechunk(true)
            .finish()
            .map_err(damaged)?;
        frame.rechunk_mut();
        let names: Vec<&str> = frame.columns().iter().map(|c| c.name().as_str()).collect();
        let canonical = names.get(..6) == Some(&HEADER[..]);
        let find = |wanted: &[&str]| {
            let is = |n: &&&str| wanted.iter().any(|w| n.eq_ignore_ascii_case(w));
            names.iter().find(is).copied()
        };
        let strange = || {
            let bad = BadInput::new(path, format!("the columns are {}", names.join(", ")));
            FileError::from(bad.expected("time, open, high, low, close, volume"))
        };
        if !canonical && !any {
            return Err(strange());
        }
        let numbers = |name: &str| -> Result<Vec<f64>, FileError> {
            let cast = frame
                .column(name)
                .and_then(|c| c.cast(&DataType::Float64))
                .map_err(damaged)?;
            Ok(cast
                .f64()
                .map_err(damaged)?
                .iter()
                .map(|v| v.unwrap_or(f64::NAN))
                .collect())
        };
        let time = PARQUET_TIMES
            .iter()
            .find_map(|t| find(&[t]))
            .ok_or_else(strange)?;
        let times = frame.column(time).map_err(damaged)?;
        let mut ohlc = [const { Vec::new() }; 4];
        for (column, name) in ohlc.iter_mut().zip(["open", "high", "low", "close"]) {
            *column = numbers(find(&[name]).ok_or_else(strange)?)?;
        }
        // Databento's fixed-point prices are whole numbers of 1e-9.
        let fixed = time == "ts_event"
            && find(&["open"])
                .and_then(|n| frame.column(n).ok())
                .is_some_and(|c| c.dtype() == &DataType::Int64);
        if fixed {
            ohlc.iter_mut().flatten().for_each(|p| *p /= 1e9);
        }
        let symbol = find(&["symbol", "ticker", "contract"])
            .and_then(|n| frame.column(n).ok())
            .and_then(|c| c.cast(&DataType::String).ok());
        let symbol = symbol.as_ref().and_then(|c| c.str().ok());
        Ok(Self {
            time: parquet_times(path, times, canonical)?,
            ohlc,
            volume: find(&["volume"]).map(numbers).transpose()?,
            symbol: symbol.map(|s| s.iter().map(|v| v.unwrap_or("").to_owned()).collect()),
            canonical,
            wall_clock: !canonical && times.datetime().is_ok_and(|t| t.time_zone().is_none()),
            names: names.join(", "),
        })
    }
}

fn read_parquet(path: &Path, builder: &mut Builder<'_>) -> Result<(), FileError> {
    let columns = ParquetColumns::read(path, false)?;
    let no_volume = || BadInput::new(path, "there is no column volume");
    let volume = columns.volume.as_ref().ok_or_else(no_volume)?;
    for (i, &utc) in columns.time.iter().enumerate() {
        let line = i as u64 + 1;
        builder.time(line, utc)?;
        let mut ticks = [0; 4];
        for (k, t) in ticks.iter_mut().enumerate() {
            let price = columns.ohlc[k][i];
            *t = builder.price(line, HEADER[k + 1], price, &|| price.to_string())?;
        }
        builder.push(line, utc, ticks, volume[i])?;
        if let Some(symbols) = &columns.symbol {
            builder.symbol(line, &symbols[i])?;
        }
    }
    Ok(())
}

/// Unix seconds of a column of times: datetimes (without a zone as if it were UTC), whole numbers,
/// or text. Whole numbers are seconds in a canonical file, in others whatever their size says.
fn parquet_times(path: &Path, column: &Column, canonical: bool) -> Result<Vec<i64>, FileError> {
    let bad = |i: usize, what: String| {
        BadInput::new(path, what)
            .line(i as u64 + 1)
            .column("time")
            .expected("whole seconds in UTC, as a datetime, Unix seconds or RFC 3339")
    };
    let missing = |i: usize| bad(i, "the time is missing".to_owned());
    let mut out = Vec::with_capacity(column.len());
    if let Ok(times) = column.datetime() {
        let per_second = match times.time_unit() {
            TimeUnit::Nanoseconds => 1_000_000_000,
            TimeUnit::Microseconds => 1_000_000,
            TimeUnit::Milliseconds => 1_000,
        };
        for (i, t) in times.physical().iter().enumerate() {
            let t = t.ok_or_else(|| missing(i))?;
            if t % per_second != 0 {
                return Err(bad(
                    i,
                    format!(
                        "the time {} has parts of a second",
                        t as f64 / per_second as f64
                    ),
                )
                .into());
            }
            out.push(t / per_second);
        }
    } else if let Ok(times) = column.i64() {
        let first = times.iter().flatten().next().unwrap_or(0);
        let per_second = match first {
            _ if canonical => 1,
            0..100_000_000_000 => 1,
            100_000_000_000..100_000_000_000_000 => 1_000,
            100_000_000_000_000..100_000_000_000_000_000 => 1_000_000,
            _ => 1_000_000_000,
        };
        for (i, t) in times.iter().enumerate() {
            out.push(t.ok_or_else(|| missing(i))?.div_euclid(per_second));
        }
    } else if let Ok(times) = column.str() {
        for (i, t) in times.iter().enumerate() {
            let t = t.ok_or_else(|| missing(i))?;
            out.push(
                read_utc(t.as_bytes())
                    .ok_or_else(|| bad(i, format!("\"{}\" is not a time", excerpt(t))))?,
            );
        }
    } else {
        return Err(bad(
            0,
            format!("the column of times has the type {}", column.dtype()),
        )
        .into());
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use holdout_core::market::Instruments;

    use super::*;

    fn nq() -> Instrument {
        Instruments::builtin().get("NQ").unwrap().clone()
    }

    fn text(body: &str) -> Result<Bars, FileError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b.csv");
        std::fs::write(&path, body).unwrap();
        read(&path, &nq(), None)
    }

    fn some_bars() -> Bars {
        let mut bars = Bars::empty(nq(), 60);
        for i in 0..1000 {
            let p = 60_000 + i;
            bars.push(
                1_709_500_000 / 60 * 60 + i64::from(i) * 60,
                [p, p + 3, p - 2, p + 1],
                f64::from(i) * 0.5,
            );
        }
        bars
    }

    #[test]
    fn bars_come_back_from_every_form() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.csv", "a.csv.gz", "a.parquet"] {
            let path = dir.path().join(name);
            write(&path, &some_bars()).unwrap();
            assert_eq!(read(&path, &nq(), None).unwrap(), some_bars(), "{name}");
        }
        let head = std::fs::read_to_string(dir.path().join("a.csv")).unwrap();
        assert!(head.starts_with("time,open,high,low,close,volume\n2024-03-03T21:06:00Z,15000.00,15000.75,14999.50,15000.25,0\n"), "{}", &head[..90]);
    }

    #[test]
    fn times_are_written_as_core_writes_them() {
        let mut clock = UtcText::default();
        for utc in [
            0,
            86_399,
            86_400,
            1_709_562_600,
            1_709_562_601,
            4_000_000_000,
        ] {
            let mut out = Vec::new();
            clock.push(&mut out, utc);
            assert_eq!(read_utc(&out), Some(utc));
            assert_eq!(String::from_utf8(out).unwrap(), format_utc(utc));
        }
    }

    #[test]
    fn the_first_fault_is_named_with_line_value_and_expectation() {
        let head = "time,open,high,low,close,volume\n2024-03-04T14:30:00Z,100,101,99,100,5\n";
        let cases = [
            (
                "2024-03-04T14:30:00Z,100,101,99,100,5\n",
                "line 3, column time: 2024-03-04T14:30:00Z is the time of the row before as well",
            ),
            (
                "2024-03-04T14:29:00Z,100,101,99,100,5\n",
                "line 3, column time: 2024-03-04T14:29:00Z comes after 2024-03-04T14:30:00Z",
            ),
            (
                "2024-03-04T14:31:00Z,100.1,101,99,100,5\n",
                "line 3, column open: the price 100.1 is off the tick grid of NQ; expected a multiple of 0.25",
            ),
            (
                "2024-03-04T14:31:00Z,100,99,101,100,5\n",
                "contradict each other",
            ),
            (
                "2024-03-04T14:31:00Z,100,101,99,nan,5\n",
                "line 3, column close: \"nan\" is not a number",
            ),
            (
                "2024-03-04T14:31:00Z,-4,101,-5,100,5\n",
                "line 3, column open: the price -4 is not positive",
            ),
            (
                "2024-03-04T14:31:00Z,100,101,99,100,-5\n",
                "line 3, column volume",
            ),
            (
                "2024-03-04 14:31,100,101,99,100,5\n",
                "line 3, column time: \"2024-03-04 14:31\" is not a time",
            ),
            ("2024-03-04T14:31:00Z,100,101,99,100\n", "line 3: 5 cells"),
        ];
        for (row, want) in cases {
            let e = text(&format!("{head}{row}")).unwrap_err();
            assert!(
                e.is_bad_data() && e.to_string().contains(want),
                "{e}\nwanted {want}"
            );
        }
        assert!(
            text("ts,open\n1,2\n")
                .unwrap_err()
                .to_string()
                .contains("the header is \"ts,open\"")
        );
        assert!(
            text("time,open,high,low,close,volume\n")
                .unwrap_err()
                .to_string()
                .contains("no bars")
        );
        let two = "time,open,high,low,close,volume,symbol\n2024-03-04T14:30:00Z,1,1,1,1,5,NQH4\n2024-03-04T14:31:00Z,1,1,1,1,5,NQM4\n";
        let series = text(two).unwrap();
        assert_eq!(
            (series.rolls.len(), series.rolls[0].to.as_str()),
            (1, "NQM4")
        );
        for symbol in [
            "=1",
            "+NQM4",
            "-NQM4",
            "\"NQM4\"",
            "NQ\u{1b}M4",
            "@",
            &"N".repeat(65),
        ] {
            let told = text(&two.replace("NQM4", symbol)).unwrap_err().to_string();
            assert!(told.contains("line 3, column symbol: "), "{told}");
        }
        let marked = text(&two.replace("NQM4", "@NQM4")).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("marked.csv");
        write(&path, &marked).unwrap();
        let written = std::fs::read_to_string(path).unwrap();
        assert!(written.ends_with(",5,NQM4\n"), "{written}");
        let back = format!("{two}2024-03-04T14:32:00Z,1,1,1,1,5,NQH4\n");
        assert!(
            text(&back)
                .unwrap_err()
                .to_string()
                .contains("line 4, column symbol: \"NQH4\" comes back")
        );
    }

    #[test]
    fn columns_behind_the_bars_leave_undefined_cells_empty() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f.csv");
        let bars = some_bars().slice(0..2);
        let more = [
            ("atr_14".to_owned(), vec![f64::NAN, 1.5]),
            ("rsi_14".to_owned(), vec![0.1, f64::INFINITY]),
        ];
        write_columns(&path, &bars, &more).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "time,open,high,low,close,volume,atr_14,rsi_14");
        assert!(
            lines[1].ends_with(",0,,0.1") && lines[2].ends_with(",0.5,1.5,"),
            "{text}"
        );
        assert!(write_columns(&dir.path().join("f.parquet"), &bars, &more).is_ok());
    }

    /// The decoder panics on some of these (the panic shows in the output); the reader must not.
    #[test]
    fn hostile_parquet_gives_bars_or_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        write(&path, &some_bars()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let mut state = 12_345_u64;
        let mut next = |n: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % n
        };
        for _ in 0..200 {
            let mut bytes = whole.clone();
            for _ in 0..=next(4) {
                let at = next(bytes.len());
                bytes[at] = next(256) as u8;
            }
            std::fs::write(&path, &bytes).unwrap();
            if let Ok(bars) = read(&path, &nq(), None) {
                assert_eq!(bars.validate(), Ok(()));
            }
        }
    }

    #[test]
    fn damaged_parquet_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        write(&path, &some_bars()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in [0, 3, 100, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(read(&path, &nq(), None).is_err(), "cut at {cut}");
        }
    }
}
