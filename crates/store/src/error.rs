//! What can be wrong with a file: the system refused, or the content is not what it should be.
//!
//! The two are told apart because the exit codes of the command line do. A message gives the
//! cause first, then what was expected and what to do, and the path last.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Content of a file that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadInput {
    /// The file.
    pub path: PathBuf,
    /// Line from 1, where one can be named.
    pub line: Option<u64>,
    /// Column name, where one can be named.
    pub column: Option<String>,
    /// What is wrong, with the value found.
    pub cause: String,
    /// What was expected instead; empty when the cause says it.
    pub expected: String,
    /// What to do; empty when it follows from the rest.
    pub remedy: String,
}

impl BadInput {
    /// A fault of a whole file.
    pub fn new(path: &Path, cause: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            column: None,
            cause: cause.into(),
            expected: String::new(),
            remedy: String::new(),
        }
    }

    /// Names the line, counted from 1.
    #[must_use]
    pub fn line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// Names the column.
    #[must_use]
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.column = Some(column.into());
        self
    }

    /// Says what was expected.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = expected.into();
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }
}

impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, &self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, column {column}: ")?,
            (Some(line), None) => write!(f, "line {line}: ")?,
            (None, Some(column)) => write!(f, "column {column}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.cause)?;
        if !self.expected.is_empty() {
            write!(f, "; expected {}", self.expected)?;
        }
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        write!(f, " ({})", self.path.display())
    }
}

impl std::error::Error for BadInput {}

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file or folder does not exist.
    #[error("there is no such file: check the name ({})", .0.display())]
    NotFound(PathBuf),
    /// A folder was given where a file is needed.
    #[error("this is a folder, a file is needed: name a file inside it ({})", .0.display())]
    IsFolder(PathBuf),
    /// The system refused.
    #[error("cannot {action}: {reason} ({})", .path.display())]
    Io {
        /// What was tried, e.g. `read`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason; told above, so not told again as a source.
        reason: io::Error,
    },
    /// The content is wrong.
    #[error(transparent)]
    Bad(Box<BadInput>),
}

impl FileError {
    /// Wraps a refusal of the system, telling missing files and folders from the rest.
    pub fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound if action == "open" || action == "read" => {
                Self::NotFound(path.to_owned())
            }
            io::ErrorKind::IsADirectory => Self::IsFolder(path.to_owned()),
            _ => Self::Io {
                action,
                path: path.to_owned(),
                reason: source,
            },
        }
    }

    /// Whether the content is at fault (as against the system or a missing file).
    pub fn is_bad_data(&self) -> bool {
        matches!(self, Self::Bad(_))
    }
}

impl From<BadInput> for FileError {
    fn from(bad: BadInput) -> Self {
        Self::Bad(Box::new(bad))
    }
}

/// Shortens a value for a message: control characters become spaces, long text is cut.
pub(crate) fn excerpt(value: &str) -> String {
    let clean: String = value
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(81)
        .collect();
    if clean.chars().count() > 80 {
        clean.chars().take(80).chain(['…']).collect()
    } else {
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_give_cause_expectation_remedy_and_path_last() {
        let bad = BadInput::new(Path::new("a.csv"), "\"x\" is not a time")
            .line(7)
            .column("time")
            .expected("a time like 2024-03-04T14:30:00Z")
            .remedy("correct the line");
        let text = FileError::from(bad).to_string();
        assert_eq!(
            text,
            "line 7, column time: \"x\" is not a time; expected a time like 2024-03-04T14:30:00Z; correct the line (a.csv)"
        );
        let gone = FileError::io(
            "open",
            Path::new("b"),
            io::Error::from(io::ErrorKind::NotFound),
        );
        assert!(matches!(gone, FileError::NotFound(_)) && !gone.is_bad_data());
        assert_eq!(excerpt("a\tb"), "a b");
        assert_eq!(excerpt(&"x".repeat(200)).chars().count(), 81);
    }
}
