//! Why a rule set could not be read or applied: key, line, value, what was expected.

use crate::time::TimeOfDay;

/// A rule set that could not be read, found or applied.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RuleSetError {
    /// Not the expected TOML: an unknown or missing key, or a value of the wrong kind.
    #[error("line {line}{}: {problem}", key.as_ref().map(|k| format!(", key {k}")).unwrap_or_default())]
    Syntax {
        /// Line of the text, from 1.
        line: usize,
        /// Key on that line, where there is one.
        key: Option<String>,
        /// What is wrong.
        problem: String,
    },
    /// A value that makes no sense.
    #[error("line {line}, key {key}: found {value}, expected {expected}")]
    Value {
        /// Line of the text, from 1; 0 where the key is not written out.
        line: usize,
        /// Key with its group.
        key: String,
        /// What was written.
        value: String,
        /// What would do.
        expected: &'static str,
    },
    /// The settings close positions later than the rules allow.
    #[error(
        "flat_by = {asked} is later than the {latest} of rule set {id}; name an earlier time or none"
    )]
    FlatByTooLate {
        /// What the settings say.
        asked: TimeOfDay,
        /// What the rules allow.
        latest: TimeOfDay,
        /// The rule set.
        id: String,
    },
    /// A value without a form in TOML.
    #[error("the rule set cannot be written: {problem}")]
    Unwritable {
        /// What is wrong.
        problem: String,
    },
}

impl RuleSetError {
    /// From the error of the TOML reader.
    pub(super) fn syntax(text: &str, error: &toml::de::Error) -> Self {
        let at = error.span().map_or(0, |s| s.start).min(text.len());
        let line = text.as_bytes()[..at]
            .iter()
            .filter(|&&b| b == b'\n')
            .count()
            + 1;
        let key = text.lines().nth(line - 1).and_then(|l| l.split_once('='));
        let key = key
            .map(|(k, _)| k.trim().to_owned())
            .filter(|k| !k.starts_with('#'));
        Self::Syntax {
            line,
            key,
            problem: error.message().replace('\n', " "),
        }
    }

    /// From a value that was read but makes no sense.
    pub(super) fn value(text: &str, key: &str, value: String, expected: &'static str) -> Self {
        Self::Value {
            line: line_of(text, key),
            key: key.to_owned(),
            value,
            expected,
        }
    }
}

/// Line of `group.key`, of the group, or 0.
fn line_of(text: &str, key: &str) -> usize {
    let (group, name) = key.split_once('.').unwrap_or(("", key));
    let mut here = String::new();
    let mut header = 0;
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(table) = line.strip_prefix('[') {
            here = table.trim_matches(['[', ']']).to_owned();
            if here == key || (here == group && !group.is_empty()) {
                header = i + 1;
            }
        } else if let Some((k, _)) = line.split_once('=')
            && here == group
            && k.trim().trim_matches('"') == name
        {
            return i + 1;
        }
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_by_group_and_key() {
        let text = "a = 1\n[g]\nb = 2\n[h]\nb = 3\n[evidence]\n\"floor.lock\" = {}\n";
        assert_eq!(line_of(text, "a"), 1);
        assert_eq!(line_of(text, "g.b"), 3);
        assert_eq!(line_of(text, "h.b"), 5);
        assert_eq!(line_of(text, "h.missing"), 4);
        assert_eq!(line_of(text, "evidence.floor.lock"), 7);
        assert_eq!(line_of(text, "zz.b"), 0);
    }
}
