//! The first lines of a file, cut into cells, as all dialects look at them.

use super::clock::{self, DateOrder, Moment, TimeFormat};
use super::number;

/// Rows that are looked at.
const MAX_ROWS: usize = 60;

/// Orders of a date as they are tried: the year comes first where it has four digits, which no other
/// order reads; of two digits it is more often the last.
const ORDERS: [DateOrder; 3] = [DateOrder::Mdy, DateOrder::Dmy, DateOrder::Ymd];

/// The first lines of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Name of the file without its folder.
    pub file_name: String,
    /// Byte between cells.
    pub separator: u8,
    /// Header cells in lower case without quotes and angle brackets; empty when there is none.
    pub header: Vec<String>,
    /// Header cells as written.
    pub header_raw: Vec<String>,
    /// Lines before the first row.
    pub skip_lines: u64,
    /// The first rows, cells trimmed.
    pub rows: Vec<Vec<String>>,
    /// Symbol that stands in a second line of the header, as yfinance writes it.
    pub ticker: Option<String>,
}

impl Sample {
    /// Cuts the beginning of a text into cells. A last line without an end is left out unless it is the only one.
    pub fn new(file_name: &str, head: &[u8]) -> Self {
        let text = String::from_utf8_lossy(head);
        let mut lines: Vec<&str> = text.lines().collect();
        if lines.len() > 2 && !text.ends_with(['\n', '\r']) && head.len() >= 1 << 15 {
            lines.pop();
        }
        let blank = lines.iter().take_while(|l| is_preamble(l)).count();
        let blank = blank + title_lines(&lines[blank..]);
        let lines = &lines[blank..];
        let separator = separator_of(lines);
        let mut rows: Vec<Vec<String>> = lines
            .iter()
            .filter(|l| !l.trim().is_empty())
            .take(MAX_ROWS + 1)
            .map(|l| cells(l, separator))
            .collect();
        let has_header = rows.first().is_some_and(|r| is_header(r));
        let mut header_raw = if has_header {
            rows.remove(0)
        } else {
            Vec::new()
        };
        let ticker = second_header(&mut header_raw, &mut rows);
        let header = header_raw
            .iter()
            .map(|c| {
                let name = c.trim_matches(['<', '>']).trim().to_lowercase();
                name.trim_end_matches('.').to_owned()
            })
            .collect();
        Self {
            file_name: file_name.to_owned(),
            separator,
            header,
            header_raw,
            skip_lines: blank as u64 + u64::from(has_header) + 2 * u64::from(ticker.is_some()),
            rows,
            ticker,
        }
    }

    /// Column of the first of these names (lower case) that the header has; the first of equal names counts.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        names
            .iter()
            .find_map(|n| self.header.iter().position(|h| h == n))
    }

    /// Columns of open, high, low and close by their usual names.
    pub fn ohlc(&self) -> Option<[usize; 4]> {
        Some([
            self.column(&["open", "o", "open price", "eröffnung"])?,
            self.column(&["high", "h", "high price", "hoch"])?,
            self.column(&["low", "l", "low price", "tief"])?,
            self.column(&[
                "close",
                "last",
                "latest",
                "c",
                "close price",
                "last price",
                "schluss",
                "schlusskurs",
            ])?,
        ])
    }

    /// Cell of the first row.
    pub fn first_cell(&self, column: usize) -> Option<&str> {
        self.rows.first()?.get(column).map(String::as_str)
    }

    /// Cells of the first row.
    pub fn width(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// Number of cells a row should have: those of the header, else of the first row.
    pub fn columns(&self) -> usize {
        if self.header.is_empty() {
            self.width()
        } else {
            self.header.len()
        }
    }

    /// How the stamps of a column are written, from its first cells: epoch, ISO, or a date in
    /// the order that fits all of them. The flag tells whether they carry an offset.
    pub fn time_format(&self, column: usize) -> Option<(TimeFormat, bool)> {
        // Rows cut short are notes of the vendor, or the end of the sample.
        let whole = self.rows.iter().filter(|r| r.len() >= self.columns());
        let cells: Vec<&[u8]> = whole
            .filter_map(|r| r.get(column))
            .map(|c| c.as_bytes())
            .collect();
        let orders = ORDERS.map(TimeFormat::Civil);
        std::iter::once(TimeFormat::Epoch)
            .chain(orders)
            .find_map(|format| {
                let read: Vec<Moment> = cells
                    .iter()
                    .filter_map(|c| clock::parse(c, format))
                    .collect();
                // A few broken rows must not hide the format of the rest.
                let fits = !read.is_empty() && read.len() * 10 >= cells.len() * 9;
                fits.then(|| (format, matches!(read[0], Moment::Utc(_))))
            })
    }

    /// Order of the dates of a date column with a time column beside it.
    pub fn date_order(&self, date: usize, clock_column: usize) -> Option<DateOrder> {
        let pairs: Vec<(&[u8], &[u8])> = self
            .rows
            .iter()
            .filter_map(|r| Some((r.get(date)?.as_bytes(), r.get(clock_column)?.as_bytes())))
            .collect();
        ORDERS.into_iter().find(|&order| {
            let read = pairs
                .iter()
                .filter(|(d, c)| clock::parse_split(d, c, order).is_some())
                .count();
            read > 0 && read * 10 >= pairs.len() * 9
        })
    }

    /// Whether the cells of these columns of the first row are numbers.
    pub fn numeric(&self, columns: &[usize]) -> bool {
        columns.iter().all(|&c| {
            let mark = |m| {
                self.first_cell(c)
                    .is_some_and(|v| number::parse(v.as_bytes(), m).is_some())
            };
            mark(b'.') || (self.separator != b',' && mark(b','))
        })
    }

    /// Whether the file name holds a word, in any case.
    pub fn name_has(&self, word: &str) -> bool {
        self.file_name.to_lowercase().contains(word)
    }
}

/// A line before the table: blank, a comment, or the word of Excel about separators.
fn is_preamble(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#') || line.to_lowercase().starts_with("sep=")
}

/// Lines of a title above the header: shorter than the line that names the four prices.
fn title_lines(lines: &[&str]) -> usize {
    const TITLE: usize = 30;
    let names_prices = |line: &str| {
        let line = line.to_lowercase();
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric()).collect();
        let has = |name| words.contains(&name);
        has("open") && has("high") && has("low") && (has("close") || has("last"))
    };
    let Some(header) = lines.iter().take(TITLE).position(|l| names_prices(l)) else {
        return 0;
    };
    let separator = separator_of(&lines[header..]);
    let width = |line: &str| cells(line, separator).len();
    let expected = width(lines[header]);
    let shorter = lines[..header].iter().all(|l| width(l) < expected);
    if shorter { header } else { 0 }
}

/// The separator that occurs most in the first two lines; a semicolon or tab beats a decimal comma.
fn separator_of(lines: &[&str]) -> u8 {
    let count = |sep: char| {
        lines
            .iter()
            .filter(|l| !l.trim().is_empty())
            .take(2)
            .map(|l| l.matches(sep).count())
            .min()
            .unwrap_or(0)
    };
    let (tabs, semicolons, commas) = (count('\t'), count(';'), count(','));
    if count('|') >= 4 {
        b'|'
    } else if tabs >= 4 {
        b'\t'
    } else if semicolons >= 2 {
        b';'
    } else if commas == 0 && tabs > 0 {
        b'\t'
    } else {
        b','
    }
}

/// Cuts one line into cells, honouring double quotes, and trims blanks.
pub(crate) fn cells(line: &str, separator: u8) -> Vec<String> {
    let mut out = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            c if c == char::from(separator) && !quoted => {
                out.push(std::mem::take(&mut cell).trim().to_owned())
            }
            c => cell.push(c),
        }
    }
    out.push(cell.trim().to_owned());
    out
}

/// Takes the second and third line of a header that names prices, ticker and time one after the
/// other: `Price,Close,High`, `Ticker,NQ=F,NQ=F`, `Datetime,,`. Returns the ticker.
fn second_header(header: &mut [String], rows: &mut Vec<Vec<String>>) -> Option<String> {
    let [tickers, times, ..] = rows.as_slice() else {
        return None;
    };
    let first = header.first_mut().filter(|h| *h == "Price")?;
    let time = times.first().filter(|t| *t == "Datetime" || *t == "Date")?;
    let ticker = match tickers.split_first() {
        Some((name, rest)) if name == "Ticker" => rest.first()?.clone(),
        _ => return None,
    };
    first.clone_from(time);
    rows.drain(..2);
    Some(ticker)
}

/// A header names things: half of its cells or more begin with a letter or an angle bracket.
fn is_header(cells: &[String]) -> bool {
    let names = cells
        .iter()
        .filter(|c| c.starts_with(|f: char| f.is_alphabetic() || f == '<'))
        .count();
    names * 2 >= cells.len() && names > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_headers_and_quotes_are_found() {
        let s = Sample::new(
            "a.csv",
            b"\n\"Date\",\"Time\",\"Open\"\n01/03/2010,17:01,\"1,5\"\n",
        );
        assert_eq!((s.separator, s.skip_lines), (b',', 2));
        assert_eq!(s.header, ["date", "time", "open"]);
        assert_eq!(s.rows, [["01/03/2010", "17:01", "1,5"]]);
        let s = Sample::new(
            "a.txt",
            b"20240102 010203;1,5;2;1;1;7\n20240102 010303;1,5;2;1;1;7\n",
        );
        assert!(s.separator == b';' && s.header.is_empty() && s.skip_lines == 0);
        assert!(s.numeric(&[1, 2]));
        let s = Sample::new(
            "a.txt",
            b"<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\n2024.01.02\t00:00:00\t1\t2\t3\n",
        );
        assert!(s.separator == b'\t' && s.header[2] == "open");
        assert_eq!(s.date_order(0, 1), Some(DateOrder::Ymd));
        assert_eq!(cells("a,\"b \"\"c\"\"\",", b','), ["a", "b \"c\"", ""]);
    }

    #[test]
    fn lines_of_a_title_stand_above_the_header() {
        let s = Sample::new(
            "a.csv",
            b"E-mini Nasdaq-100, 1 minute\nexported 2024-01-03\n\nDate,Time,Open,High,Low,Close\n01/03/2024,17:01,1,2,1,2\n",
        );
        assert_eq!((s.skip_lines, s.rows.len()), (4, 1));
        assert_eq!(s.header[2], "open");
        // A second header further down, of a file that was added, leaves the rows above it alone.
        let s = Sample::new(
            "a.csv",
            b"01/03/2024,17:01,1,2,1,2\nDate,Time,Open,High,Low,Close\n01/03/2024,17:02,1,2,1,2\n",
        );
        assert_eq!((s.skip_lines, s.rows.len()), (0, 3));
    }

    #[test]
    fn a_header_of_three_lines_is_read_as_one() {
        let s = Sample::new(
            "a.csv",
            b"Price,Close,High,Low,Open,Volume\nTicker,NQ=F,NQ=F,NQ=F,NQ=F,NQ=F\nDatetime,,,,,\n2026-04-29 04:05:00+00:00,1,2,3,4,5\n",
        );
        assert_eq!(s.ticker.as_deref(), Some("NQ=F"));
        assert_eq!(
            (s.skip_lines, s.header[0].as_str(), s.rows.len()),
            (3, "datetime", 1)
        );
    }

    #[test]
    fn the_order_of_dates_comes_from_the_row_that_tells_them_apart() {
        let s = Sample::new(
            "a.csv",
            b"t,o\n05/06/2020 01:00:00,1\n29/06/2020 01:30:00,1\n",
        );
        assert_eq!(
            s.time_format(0),
            Some((TimeFormat::Civil(DateOrder::Dmy), false))
        );
        let s = Sample::new("a.csv", b"t,o\n1683021600,1\n");
        assert_eq!(s.time_format(0), Some((TimeFormat::Epoch, true)));
    }
}
