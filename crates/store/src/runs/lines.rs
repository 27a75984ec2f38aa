//! Reads files of one JSON value a line, as a kill may have left them.

use std::path::Path;

use serde_json::Value;

use crate::error::{BadInput, FileError};

/// Values of a file of JSON lines.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JsonLines {
    /// One value per whole line.
    pub values: Vec<Value>,
    /// The last line was cut short and left out.
    pub cut_short: bool,
}

/// Reads JSON lines; a missing file has none, and a last line that is cut short is left out.
///
/// # Errors
/// When the system refuses, or when a line other than the last is not valid.
pub fn read_json_lines(path: &Path) -> Result<JsonLines, FileError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(JsonLines::default()),
        Err(e) => return Err(FileError::io("read", path, e)),
    };
    let mut out = JsonLines::default();
    let mut lines = bytes
        .split_inclusive(|&b| b == b'\n')
        .enumerate()
        .peekable();
    while let Some((i, line)) = lines.next() {
        let last = lines.peek().is_none();
        match serde_json::from_slice(line) {
            Ok(value) if line.ends_with(b"\n") => out.values.push(value),
            // Without its end, even a line that parses may have lost digits.
            Ok(_) => out.cut_short = true,
            Err(_) if last => out.cut_short = true,
            Err(e) => {
                let bad = BadInput::new(path, format!("the line is not valid JSON: {e}"))
                    .line(i as u64 + 1);
                return Err(bad.remedy("delete the line").into());
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_of_a_file_gives_the_whole_lines_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.jsonl");
        let whole = b"{\"update\":1,\"x\":10}\n{\"update\":2,\"x\":20}\n{\"update\":3,\"x\":30}\n";
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let read = read_json_lines(&path).unwrap();
            assert_eq!(read.values.len(), cut / 20, "cut at {cut}");
            assert_eq!(read.cut_short, cut % 20 != 0, "cut at {cut}");
        }
        std::fs::write(&path, "{}\nbroken\n{}\n").unwrap();
        assert!(
            read_json_lines(&path)
                .unwrap_err()
                .to_string()
                .contains("line 2")
        );
        assert_eq!(
            read_json_lines(&dir.path().join("none")).unwrap(),
            JsonLines::default()
        );
    }
}
