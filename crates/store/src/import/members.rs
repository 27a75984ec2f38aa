//! Rows of a zip archive: of its one file, or of all of them as contracts beside each other.
//!
//! A member that has no column of symbols is named by its file name, so that the contracts of one
//! delivery are never mixed. Members that hold no bars (a note, a report) are left out and told;
//! a member that cannot be unpacked stops the import.

use std::collections::BTreeSet;
use std::path::Path;

use holdout_core::market::{Bars, Instruments};

use super::{ImportError, Source, read_text};
use crate::archive::{self, Member};
use crate::detect::detect_in;
use crate::error::{BadInput, FileError, excerpt};
use crate::options::ImportOptions;
use crate::symbol::{contract_of_file_name, market_of_file_name};
use crate::text::{TextSource, sha256_of_file};

/// Members with at least this many rows have an interval of their own.
const THICK: usize = 100;

/// Reads all bar files of an archive.
pub(super) fn read(
    path: &Path,
    options: &ImportOptions,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<Source, ImportError> {
    let members = archive::members(path)?;
    let mut parts: Vec<(&Member, Source)> = Vec::new();
    let mut refused: Vec<(&Member, FileError)> = Vec::new();
    for (k, member) in members.iter().enumerate() {
        let text = TextSource::open_member(path, member)?;
        if let Err(e) = detect_in(path, text.name(), text.head(), options) {
            refused.push((member, e));
            continue;
        }
        let share = |s: f64| (k as f64 + s) / members.len() as f64;
        let again = || TextSource::open_member(path, member);
        let source = read_text(path, text, &again, options, &mut |s| progress(share(s)))?;
        parts.push((member, source));
    }
    if parts.is_empty() {
        return Err(match refused.into_iter().next() {
            Some((_, e)) => e.into(),
            None => FileError::from(archive::no_members(path)).into(),
        });
    }
    let mut evidence: Vec<String> = refused
        .iter()
        .map(|(m, e)| format!("{} in the archive was left out: {}", m.name, cause(e)))
        .collect();
    check_alike(path, &parts)?;
    let alone = parts.len() == 1;
    let dialects: BTreeSet<String> = parts.iter().map(|(_, p)| p.dialect.clone()).collect();
    let mut parts = parts.into_iter();
    let Some((first, mut all)) = parts.next() else {
        return Err(FileError::from(archive::no_members(path)).into());
    };
    all.read.sha256 = sha256_of_file(path)?;
    if alone {
        all.evidence.append(&mut evidence);
        return Ok(all);
    }
    all.evidence.push(format!(
        "the first of {} files in an archive",
        parts.len() + 1
    ));
    all.evidence.append(&mut evidence);
    all.dialect = dialects.into_iter().collect::<Vec<_>>().join(", ");
    name_rows(&mut all, first, path, &options.instruments);
    for (member, mut part) in parts {
        name_rows(&mut part, member, path, &options.instruments);
        all.confidence = all.confidence.min(part.confidence);
        all.has_volume |= part.has_volume;
        all.stamp_known &= part.stamp_known;
        all.read.unreadable += part.read.unreadable;
        all.read.problems.merge(part.read.problems);
        all.read.rows.append(part.read.rows, 0);
    }
    all.name = path
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    Ok(all)
}

/// The words of an error without the path of the archive.
fn cause(e: &FileError) -> String {
    match e {
        FileError::Bad(bad) => excerpt(&bad.cause),
        other => excerpt(&other.to_string()),
    }
}

/// Gives rows without a symbol that of their member.
fn name_rows(part: &mut Source, member: &Member, path: &Path, markets: &Instruments) {
    let rows = &mut part.read.rows;
    if rows.symbol.is_empty() {
        rows.symbol = vec![0; rows.len()];
        rows.symbols = vec![symbol(member, path, markets)];
    }
}

/// What a member without symbols is called: contract or market in its name, or the name itself.
fn symbol(member: &Member, path: &Path, markets: &Instruments) -> String {
    let own = member.name.rsplit(['/', '\\']).next().unwrap_or_default();
    let full = member.full_name(path);
    contract_of_file_name(own, markets)
        .or_else(|| market_of_file_name(own, markets))
        .or_else(|| market_of_file_name(&full, markets))
        // Blanks, dashes and colons would read as a spread.
        .unwrap_or_else(|| own.replace([' ', '-', ':'], "_"))
}

/// Refuses members that cannot be one file: other zones, stamps or lengths of bars.
fn check_alike(path: &Path, parts: &[(&Member, Source)]) -> Result<(), FileError> {
    let refuse = |what: String| {
        let bad = BadInput::new(path, what).expected("files of one kind in an archive");
        Err(bad
            .remedy("unpack it and import one file after the other")
            .into())
    };
    let mut interval: Option<(&Member, i64)> = None;
    let Some((first, one)) = parts.first() else {
        return Ok(());
    };
    for (member, part) in parts {
        if part.zone.name != one.zone.name || part.stamp != one.stamp {
            return refuse(format!(
                "{} and {} in the archive are written in different zones or with different stamps",
                first.name, member.name
            ));
        }
        let rows = &part.read.rows;
        let secs = Bars::most_frequent_interval(&rows.time).filter(|_| rows.len() >= THICK);
        match (interval, secs) {
            (Some((other, a)), Some(b)) if a != b => {
                return refuse(format!(
                    "the archive has bars of {a} s in {} and of {b} s in {}",
                    other.name, member.name
                ));
            }
            (None, Some(secs)) => interval = Some((member, secs)),
            _ => {}
        }
    }
    Ok(())
}
