//! Whether a Parquet file tells the truth about its sizes.
//!
//! The decoder makes room for as many values as a page says it holds. A page that says so many that
//! no memory holds them would end the program, not only the reading; so the headers of all pages are
//! looked at first. Nothing is decompressed for that.

use std::io::{Cursor, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::Path;

use polars_parquet::parquet::metadata::ColumnChunkMetadata;
use polars_parquet::parquet::page::CompressedPage;
use polars_parquet::parquet::read::{PageReader, read_metadata};

use crate::error::{BadInput, FileError};
use crate::text::open;

/// Looks at the sizes that a file, its row groups and their pages name.
///
/// # Errors
/// One of them cannot be, or is beyond this machine's memory.
pub(crate) fn check(path: &Path) -> Result<(), FileError> {
    let io = |e| FileError::io("read", path, e);
    let damaged = |what: String| -> FileError {
        let bad = BadInput::new(path, format!("the parquet file is damaged: {what}"));
        bad.remedy("write it again with `holdout data import`")
            .into()
    };
    let mut file = open(path)?;
    let size = file.metadata().map_err(io)?.len();
    let metadata = read_metadata(&mut file).map_err(|e| damaged(e.to_string()))?;
    let mut most = 0_usize;
    for group in &metadata.row_groups {
        for column in group.parquet_columns() {
            let values = values_of(column, group.num_rows()).map_err(damaged)?;
            most = most.saturating_add(values);
        }
    }
    // The widest values that bars have are eight bytes.
    if Vec::<u64>::new().try_reserve_exact(most).is_err() {
        let what = format!("{most} values are more than this machine has memory for");
        return Err(BadInput::new(path, what)
            .remedy("write it in several files")
            .into());
    }
    for group in &metadata.row_groups {
        for column in group.parquet_columns() {
            let Range { start, end } = column.byte_range();
            if start > end || end > size {
                return Err(damaged(format!(
                    "a column lies at bytes {start} to {end} of {size}"
                )));
            }
            let mut bytes = vec![0; (end - start) as usize];
            file.seek(SeekFrom::Start(start)).map_err(io)?;
            file.read_exact(&mut bytes).map_err(io)?;
            let values = values_of(column, group.num_rows()).map_err(damaged)?;
            pages(bytes, column, values).map_err(damaged)?;
        }
    }
    Ok(())
}

/// How many values a column of a row group says it has.
fn values_of(column: &ColumnChunkMetadata, rows: usize) -> Result<usize, String> {
    let values = usize::try_from(column.num_values());
    let flat = column.descriptor().descriptor.max_rep_level == 0;
    match values {
        Ok(n) if n == rows || !flat => Ok(n),
        _ => Err(format!(
            "a column has {} values in {rows} rows",
            column.num_values()
        )),
    }
}

/// Looks at the headers of a column's pages, which together hold `values`.
fn pages(bytes: Vec<u8>, column: &ColumnChunkMetadata, values: usize) -> Result<(), String> {
    let largest = bytes.len();
    let mut pages = PageReader::new(Cursor::new(bytes.into()), column, Vec::new(), largest);
    pages.read_dict().map_err(|e| e.to_string())?;
    let mut left = values;
    for page in pages {
        if let CompressedPage::Data(page) = page.map_err(|e| e.to_string())? {
            let n = page.num_values();
            let nulls = page.null_count().unwrap_or(0);
            if n > left || nulls > n {
                return Err(format!(
                    "a page of {n} values with {nulls} missing, where {left} are left"
                ));
            }
            left -= n;
            let room = page.uncompressed_size();
            if Vec::<u8>::new().try_reserve_exact(room).is_err() {
                return Err(format!("a page of {room} bytes"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use holdout_core::market::{Bars, Instruments};

    use super::*;
    use crate::canonical;

    /// Whatever byte is changed: a sentence or other bars, and the program goes on.
    #[test]
    fn a_page_that_lies_about_its_size_is_refused() {
        let es = Instruments::builtin().get("ES").unwrap().clone();
        let mut bars = Bars::empty(es.clone(), 60);
        for m in 0..50 {
            let close = 20_000 + i32::try_from(m * m % 17).unwrap();
            bars.push(
                1_704_150_000 + 60 * m,
                [close, close + 4, close - 4, close],
                10.0,
            );
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bars.parquet");
        canonical::write(&path, &bars).unwrap();
        assert!(check(&path).is_ok());
        let whole = fs::read(&path).unwrap();
        let mut refused = 0;
        // Odd bytes are negative numbers where a header stands.
        for at in 4..whole.len() {
            for value in [33, 127] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                fs::write(&path, bytes).unwrap();
                // What is changed may be a price or a time; then other sentences are right.
                if let Err(e) = canonical::read(&path, &es, None) {
                    refused += usize::from(e.to_string().contains("a page of"));
                }
            }
        }
        assert!(refused > 0, "no header lied about its values");
    }
}
