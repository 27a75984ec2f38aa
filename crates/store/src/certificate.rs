//! Certificates on disk: one JSON file that carries the hashes of everything it rests on.
//!
//! The last field, `content_sha256`, is the hash of the file's own text with that hash written
//! as zeros, so one changed byte anywhere in the file shows. It is no signature: who can write
//! files can write a new certificate, but not one that agrees with other inputs.

use std::path::{Path, PathBuf};

use holdout_core::time::TradingDay;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{BadInput, FileError};
use crate::text::{read_whole, sha256_of};

/// Version of the file.
pub const CERTIFICATE_FORMAT: u32 = 1;

/// What the document is. A check that failed never makes a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// Every check that was asked for held.
    Certificate,
    /// Anything else.
    ComplianceReport,
}

/// A file that the verdict rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputHash {
    /// What it is: `equity`, `trades`, `checkpoint`, `data`, `configuration`, …
    pub role: String,
    /// Where: relative to `base` of the certificate where it lies inside.
    pub path: PathBuf,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Who was judged, on what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Identifier of the run; none for a ledger from elsewhere.
    pub run: Option<String>,
    /// Name of the evaluation inside the run.
    pub evaluation: Option<String>,
    /// Environment steps of the checkpoint.
    pub checkpoint_step: Option<u64>,
    /// Market, where the ledger names it.
    pub market: Option<String>,
    /// `train`, `validation` or `test`.
    pub part: Option<String>,
    /// Whether the policy trained on these bars.
    pub in_sample: Option<bool>,
    /// First and last day of training, validation and test.
    pub split: Option<[[TradingDay; 2]; 3]>,
    /// How often the test part had been looked at, this evaluation included.
    pub looks: Option<u64>,
    /// First and last day of the ledger.
    pub days: Option<[TradingDay; 2]>,
    /// Rows of the ledger.
    pub bars: usize,
    /// Closed trades of the ledger.
    pub trades: usize,
}

/// A certificate or compliance report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFile {
    /// Version of this file.
    pub format: u32,
    /// What it is.
    pub kind: DocumentKind,
    /// Its title.
    pub title: String,
    /// Why it is no certificate; empty when it is one.
    pub reasons: Vec<String>,
    /// When it was made, RFC 3339 in UTC.
    pub issued_at: String,
    /// Last day on which it holds.
    pub valid_until: TradingDay,
    /// Version of the programme that judged.
    pub programme_version: String,
    /// Who was judged.
    pub subject: Subject,
    /// Folder that relative paths start from, as it was.
    pub base: PathBuf,
    /// Files it rests on.
    pub inputs: Vec<InputHash>,
    /// SHA-256 of the rule set's text.
    pub ruleset_sha256: String,
    /// The rule set in full.
    pub ruleset_toml: String,
    /// The verdict as the check prints it.
    pub report: Value,
    /// Chance of passing, where the rule set has a target.
    pub chance: Option<Value>,
    /// Days that came closest to the floor.
    pub worst_moments: Value,
    /// SHA-256 of this file with this hash written as zeros.
    pub content_sha256: String,
}

impl CertificateFile {
    /// The file's text, with its own hash filled in.
    ///
    /// # Errors
    /// When a value has no form in JSON.
    pub fn sealed(mut self) -> Result<(Self, String), FileError> {
        self.content_sha256 = ZEROS.to_owned();
        let text = serde_json::to_string_pretty(&self)
            .map_err(|e| BadInput::new(Path::new(""), format!("it cannot be written: {e}")))?;
        let text = format!("{text}\n");
        let hash = sha256_of(text.as_bytes());
        let text = replace_last(&text, ZEROS, &hash);
        self.content_sha256 = hash;
        Ok((self, text))
    }

    /// Reads a certificate and its text; whether its own hash holds is not asked here.
    ///
    /// # Errors
    /// When the file cannot be read, is no certificate, or a newer version wrote it.
    pub fn read(path: &Path) -> Result<(Self, String), FileError> {
        let bytes = read_whole(path)?;
        let no = |cause: String| {
            BadInput::new(path, cause)
                .expected("a certificate or compliance report in JSON")
                .remedy("name the .json file that `holdout certificate issue` wrote")
        };
        let text = String::from_utf8(bytes).map_err(|_binary| no("it is not text".to_owned()))?;
        let value: Value = serde_json::from_str(&text).map_err(|e| no(e.to_string()))?;
        let format = value.get("format").and_then(Value::as_u64);
        match format {
            None => return Err(no("the field format is missing".to_owned()).into()),
            Some(f) if f > u64::from(CERTIFICATE_FORMAT) => {
                let cause = format!("format {f} comes from a newer version; this one knows 1");
                return Err(BadInput::new(path, cause)
                    .remedy("update the programme")
                    .into());
            }
            Some(_) => {}
        }
        let file = serde_json::from_value(value).map_err(|e| no(e.to_string()))?;
        Ok((file, text))
    }

    /// Whether the text is the one that [`CertificateFile::sealed`] writes, hash included.
    ///
    /// Written again rather than hashed as it is: a text with a key twice, or with other spaces,
    /// could show one thing to a reader and another to this programme.
    pub fn is_whole(&self, text: &str) -> bool {
        self.clone()
            .sealed()
            .is_ok_and(|(again, own)| again.content_sha256 == self.content_sha256 && own == text)
    }

    /// Where an input is, with another folder in place of `base` when one is given.
    pub fn locate(&self, input: &InputHash, base: Option<&Path>) -> PathBuf {
        base.unwrap_or(&self.base).join(&input.path)
    }
}

const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

fn replace_last(text: &str, from: &str, to: &str) -> String {
    match text.rfind(from) {
        Some(at) => format!("{}{to}{}", &text[..at], &text[at + from.len()..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn file() -> CertificateFile {
        CertificateFile {
            format: CERTIFICATE_FORMAT,
            kind: DocumentKind::Certificate,
            title: "t".into(),
            reasons: vec![],
            issued_at: "2026-11-22T12:00:00Z".into(),
            valid_until: "2027-01-30".parse().unwrap(),
            programme_version: "0".into(),
            subject: Subject::default(),
            base: "/b".into(),
            inputs: vec![],
            ruleset_sha256: String::new(),
            ruleset_toml: String::new(),
            report: serde_json::json!({"x": 0.1}),
            chance: None,
            worst_moments: Value::Null,
            content_sha256: String::new(),
        }
    }

    #[test]
    fn every_single_changed_byte_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.json");
        let (sealed, text) = file().sealed().unwrap();
        fs::write(&path, &text).unwrap();
        let (back, read) = CertificateFile::read(&path).unwrap();
        assert_eq!((&back, back.is_whole(&read)), (&sealed, true));
        for i in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[i] ^= 1;
            fs::write(&path, &changed).unwrap();
            let whole = CertificateFile::read(&path).is_ok_and(|(f, t)| f.is_whole(&t));
            assert!(!whole, "byte {i} of {:?}", text.get(i..i + 1));
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_found_under_any_hash() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.json");
        let (sealed, text) = file().sealed().unwrap();
        for (from, to) in [
            ("\"x\": 0.1", "\"x\": 0.2,\n    \"x\": 0.1"),
            ("\"title\": \"t\"", "\"title\": \"u\",\n  \"title\": \"t\""),
            ("\"x\": 0.1", "\"x\":  0.1"),
        ] {
            let zeros = replace_last(&text.replace(from, to), &sealed.content_sha256, ZEROS);
            let hash = sha256_of(zeros.as_bytes());
            let forged = replace_last(&zeros, ZEROS, &hash);
            assert_ne!(forged, text);
            fs::write(&path, &forged).unwrap();
            let whole = CertificateFile::read(&path).is_ok_and(|(f, t)| f.is_whole(&t));
            assert!(!whole, "{to}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_told_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.json");
        for (text, word) in [
            ("", "EOF"),
            ("{}", "format"),
            ("{\"format\":2}", "newer"),
            ("{\"format\":1}", "kind"),
            ("%PDF-1.7", "expected"),
        ] {
            fs::write(&path, text).unwrap();
            let e = CertificateFile::read(&path).unwrap_err().to_string();
            assert!(e.contains(word), "{text}: {e}");
        }
        assert!(CertificateFile::read(&dir.path().join("none.json")).is_err());
    }
}
