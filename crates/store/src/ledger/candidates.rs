//! Daily returns of many candidates: a column each, a row a day.
//!
//! A column `date` is passed over, a column `benchmark` is kept apart; every other one is a
//! candidate under the name in the header.

use std::path::Path;

use super::table::Table;
use crate::dialects::number;
use crate::error::{BadInput, FileError};

/// Candidates side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct CandidateTable {
    /// Names of the candidates.
    pub names: Vec<String>,
    /// Their daily returns, one list a candidate.
    pub returns: Vec<Vec<f64>>,
    /// Daily returns of the benchmark, where there is such a column.
    pub benchmark: Option<Vec<f64>>,
}

/// Reads a table of candidates.
///
/// # Errors
/// When there is no candidate or no day, and on values that are no numbers.
pub fn read_candidates(path: &Path) -> Result<CandidateTable, FileError> {
    let table = Table::read(path)?;
    let column = |c: usize| -> Result<Vec<f64>, FileError> {
        let read = |t: &str| number::parse(t.as_bytes(), b'.');
        table
            .rows()
            .map(|r| r.get(c, "a return as a fraction, such as 0.0125", read))
            .collect()
    };
    let mut found = CandidateTable {
        names: Vec::new(),
        returns: Vec::new(),
        benchmark: None,
    };
    for (c, name) in table.names.iter().enumerate() {
        match name.as_str() {
            "date" => {}
            "benchmark" => found.benchmark = Some(column(c)?),
            _ => {
                found.returns.push(column(c)?);
                found.names.push(name.clone());
            }
        }
    }
    if found.names.is_empty() || table.len() == 0 {
        return Err(
            BadInput::new(path, "the table holds no candidate or no day")
                .expected("a column of daily returns for each candidate, a row a day")
                .into(),
        );
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_candidates() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.csv");
        std::fs::write(
            &path,
            "date,a,benchmark,b\n2024-01-02,0.1,0,1e-3\n2024-01-03,-0.1,0.5,2\n",
        )
        .unwrap();
        let t = read_candidates(&path).unwrap();
        assert_eq!(t.names, ["a", "b"]);
        assert_eq!(t.returns, [vec![0.1, -0.1], vec![0.001, 2.0]]);
        assert_eq!(t.benchmark, Some(vec![0.0, 0.5]));
        std::fs::write(&path, "a\nnan\n").unwrap();
        assert!(
            read_candidates(&path)
                .unwrap_err()
                .to_string()
                .contains("line 2, column a")
        );
        std::fs::write(&path, "date\n2024-01-02\n").unwrap();
        assert!(
            read_candidates(&path)
                .unwrap_err()
                .to_string()
                .contains("no candidate")
        );
    }
}
