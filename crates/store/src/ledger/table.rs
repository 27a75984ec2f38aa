//! Reads a small comma-separated table by column names, with line numbers for messages.

use std::path::{Path, PathBuf};

use csv::ByteRecord;

use crate::error::{BadInput, FileError, excerpt};
use crate::text::TextSource;

/// A table in memory.
pub(crate) struct Table {
    pub(crate) path: PathBuf,
    pub(crate) names: Vec<String>,
    rows: Vec<(u64, ByteRecord)>,
}

/// One row of a table.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    table: &'a Table,
    /// Line of the file, from 1.
    pub(crate) line: u64,
    record: &'a ByteRecord,
}

impl Table {
    /// Reads a table with a header. Rows may have more cells than the header, not fewer.
    pub(crate) fn read(path: &Path) -> Result<Self, FileError> {
        let mut source = TextSource::open(path)?;
        let mut text = Vec::new();
        while let Some(mut block) = source.next_block()? {
            text.append(&mut block);
        }
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_slice());
        let mut rows = Vec::new();
        let mut names: Option<Vec<String>> = None;
        let mut record = ByteRecord::new();
        loop {
            let more = reader
                .read_byte_record(&mut record)
                .map_err(|e| BadInput::new(path, format!("the table cannot be read: {e}")))?;
            if !more {
                break;
            }
            let line = record.position().map_or(0, csv::Position::line);
            match &names {
                None => {
                    let head: Vec<String> = record
                        .iter()
                        .map(|c| String::from_utf8_lossy(c).into_owned())
                        .collect();
                    let twice = |i: &usize| !head[*i].is_empty() && head[..*i].contains(&head[*i]);
                    if let Some(i) = (0..head.len()).find(twice) {
                        let cause = format!("the column {} is there twice", excerpt(&head[i]));
                        return Err(BadInput::new(path, cause)
                            .line(line)
                            .remedy("keep one of them")
                            .into());
                    }
                    names = Some(head);
                }
                Some(names) if record.len() < names.len() => {
                    let cause = format!(
                        "{} cells where the header has {}",
                        record.len(),
                        names.len()
                    );
                    return Err(BadInput::new(path, cause)
                        .line(line)
                        .remedy("complete the row")
                        .into());
                }
                Some(_) => rows.push((line, std::mem::take(&mut record))),
            }
        }
        let Some(names) = names else {
            return Err(BadInput::new(path, "the file holds no header").into());
        };
        Ok(Self {
            path: path.to_owned(),
            names,
            rows,
        })
    }

    /// Position of a column.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    /// Whether a column is not there, or is left empty somewhere.
    ///
    /// An empty cell says that the value is not known, and then nothing can be judged by it.
    pub(crate) fn lacks(&self, name: &str) -> bool {
        let empty = |r: &ByteRecord, c: usize| r.get(c).is_none_or(<[u8]>::is_empty);
        self.column(name)
            .is_none_or(|c| self.rows.iter().any(|(_, r)| empty(r, c)))
    }

    /// Position of a column that must be there.
    pub(crate) fn require(&self, name: &str) -> Result<usize, FileError> {
        self.column(name).ok_or_else(|| {
            let cause = format!(
                "the column {name} is missing; the header has {}",
                excerpt(&self.names.join(","))
            );
            BadInput::new(&self.path, cause)
                .line(1)
                .remedy("add the column")
                .into()
        })
    }

    /// The rows in file order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, record)| Row {
            table: self,
            line: *line,
            record,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }
}

impl<'a> Row<'a> {
    /// A cell as text.
    pub(crate) fn text(self, column: usize) -> Result<&'a str, FileError> {
        let bytes = self.record.get(column).unwrap_or_default();
        std::str::from_utf8(bytes).map_err(|_invalid| self.bad(column, "text in UTF-8"))
    }

    /// A cell read by a function; the error names line, column, value and what was expected.
    pub(crate) fn get<T>(
        self,
        column: usize,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, FileError> {
        read(self.text(column)?).ok_or_else(|| self.bad(column, expected))
    }

    /// As [`Row::get`], with a default for a column that the table has not, and for an empty cell.
    pub(crate) fn get_or<T>(
        self,
        column: Option<usize>,
        default: T,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, FileError> {
        match column {
            Some(c) if !self.text(c)?.is_empty() => self.get(c, expected, read),
            _ => Ok(default),
        }
    }

    /// The error for a cell.
    pub(crate) fn bad(self, column: usize, expected: &str) -> FileError {
        let value =
            String::from_utf8_lossy(self.record.get(column).unwrap_or_default()).into_owned();
        let name = self.table.names.get(column).cloned().unwrap_or_default();
        BadInput::new(
            &self.table.path,
            format!("\"{}\" cannot be used here", excerpt(&value)),
        )
        .line(self.line)
        .column(name)
        .expected(expected)
        .remedy("correct the value")
        .into()
    }
}
