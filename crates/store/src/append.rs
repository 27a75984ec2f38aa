//! Adds a newer export to a data set: what both have must agree bar by bar, or the difference is
//! told and somebody has to say which of the two is right.
//!
//! The result is what an import of the whole would give. The old file is replaced only by a whole
//! new one; on any failure it is what it was.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use holdout_core::market::Bars;
use holdout_core::time::format_utc;

use crate::canonical;
use crate::error::{BadInput, FileError};
use crate::import::{ImportError, import, import_files};
use crate::options::ImportOptions;

/// How many differing bars are told.
const MAX_EXAMPLES: usize = 5;

/// Which bars stand where two exports differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefer {
    /// Those of the data set.
    Old,
    /// Those of the newer export.
    New,
}

impl FromStr for Prefer {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        match s {
            "old" => Ok(Self::Old),
            "new" => Ok(Self::New),
            _ => Err(format!("\"{s}\" is no side; expected old or new")),
        }
    }
}

/// The span that two sets of bars share, bar by bar.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Overlap {
    /// Bars that both have and that are equal.
    pub equal: u64,
    /// Bars that both have and that differ in a price or the volume.
    pub differing: u64,
    /// Bars that only the data set has.
    pub only_old: u64,
    /// Bars that only the newer export has.
    pub only_new: u64,
    /// The first few that differ, in words.
    pub examples: Vec<String>,
    /// What the differences have in common, where they have something.
    pub pattern: Option<String>,
}

impl Overlap {
    /// Whether both tell the same.
    pub fn agrees(&self) -> bool {
        self.differing + self.only_old + self.only_new == 0
    }
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bars differ, {} are only in the data set, {} only in the newer file, {} are equal",
            self.differing, self.only_old, self.only_new, self.equal
        )?;
        if let Some(pattern) = &self.pattern {
            write!(f, "; {pattern}")?;
        }
        for example in &self.examples {
            write!(f, "; {example}")?;
        }
        Ok(())
    }
}

/// Why bars cannot be added.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Of different markets.
    #[error("the data set is of {old}, the newer file of {new}; choose a file of the same market")]
    OtherMarket {
        /// Market of the data set.
        old: String,
        /// Market of the newer file.
        new: String,
    },
    /// Of different intervals.
    #[error(
        "the data set has bars of {old} s, the newer file of {new} s; choose a file with the same interval, or resample it"
    )]
    OtherInterval {
        /// Seconds of a bar of the data set.
        old: i64,
        /// Seconds of a bar of the newer file.
        new: i64,
    },
    /// The overlap does not agree and nobody said which is right.
    #[error(
        "where both have bars they do not agree: {0}; choose with --prefer old or --prefer new"
    )]
    Differs(Overlap),
    /// The data set is not in the canonical form and would be overwritten by it.
    #[error(
        "the data set is no canonical file and would be overwritten by one; name another file with --out ({})", .0.display()
    )]
    NotCanonical(PathBuf),
    /// One of the files cannot be read.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The result cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Bars put together, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Appended {
    /// All bars.
    pub bars: Bars,
    /// How the shared span agreed.
    pub overlap: Overlap,
    /// Bars that the data set did not have.
    pub added: u64,
    /// Last bar before and first bar after, where the two do not touch and something may be missing.
    pub hole: Option<(i64, i64)>,
}

/// Puts two sets of canonical bars together. Where they share a span and differ, the bars of the
/// preferred one stand there, all of them.
///
/// # Errors
/// For other markets or intervals, and for a difference without a preference.
pub fn append(old: &Bars, new: &Bars, prefer: Option<Prefer>) -> Result<Appended, AppendError> {
    if old.instrument.symbol != new.instrument.symbol {
        return Err(AppendError::OtherMarket {
            old: old.instrument.symbol.clone(),
            new: new.instrument.symbol.clone(),
        });
    }
    if old.interval_secs != new.interval_secs {
        return Err(AppendError::OtherInterval {
            old: old.interval_secs,
            new: new.interval_secs,
        });
    }
    let span = |b: &Bars| Some((*b.open_time.first()?, *b.open_time.last()?));
    let (Some((old_first, old_last)), Some((new_first, new_last))) = (span(old), span(new)) else {
        let whole = if old.is_empty() { new } else { old };
        return Ok(Appended {
            added: (whole.len() - old.len()) as u64,
            bars: whole.clone(),
            overlap: Overlap::default(),
            hole: None,
        });
    };
    let (from, to) = (old_first.max(new_first), old_last.min(new_last));
    let overlap = compare(old, new, from, to);
    if !overlap.agrees() && prefer.is_none() {
        return Err(AppendError::Differs(overlap));
    }
    let inside = if prefer == Some(Prefer::New) {
        new
    } else {
        old
    };
    let mut bars = Bars::empty(old.instrument.clone(), old.interval_secs);
    let mut hole = None;
    if from > to {
        let (first, second) = if old_first < new_first {
            (old, new)
        } else {
            (new, old)
        };
        take(&mut bars, first, 0..first.len());
        take(&mut bars, second, 0..second.len());
        hole = (from - to > old.interval_secs).then_some((to, from));
    } else {
        let (head, tail) = (
            if old_first < new_first { old } else { new },
            if old_last > new_last { old } else { new },
        );
        take(&mut bars, head, 0..before(head, from));
        take(
            &mut bars,
            inside,
            before(inside, from)..before(inside, to + 1),
        );
        take(&mut bars, tail, before(tail, to + 1)..tail.len());
    }
    let times = old.open_time.as_slice();
    let known = |t: &&i64| times.binary_search(t).is_ok();
    let added = (bars.len() - bars.open_time.iter().filter(known).count()) as u64;
    Ok(Appended {
        bars,
        overlap,
        added,
        hole,
    })
}

/// Index of the first bar that opens at or after a time.
fn before(bars: &Bars, time: i64) -> usize {
    bars.open_time.partition_point(|&t| t < time)
}

fn take(out: &mut Bars, from: &Bars, range: Range<usize>) {
    let Some((&first, &last)) = from.open_time.get(range.start).zip(
        range
            .end
            .checked_sub(1)
            .and_then(|last| from.open_time.get(last)),
    ) else {
        return;
    };
    if range.is_empty() {
        return;
    }
    let began = out.open_time.is_empty();
    let rolls = from.rolls.iter();
    out.rolls.extend(
        rolls
            .filter(|r| r.time <= last && (r.time > first || (!began && r.time == first)))
            .cloned(),
    );
    out.open_time
        .extend_from_slice(&from.open_time[range.clone()]);
    out.open.extend_from_slice(&from.open[range.clone()]);
    out.high.extend_from_slice(&from.high[range.clone()]);
    out.low.extend_from_slice(&from.low[range.clone()]);
    out.close.extend_from_slice(&from.close[range.clone()]);
    out.volume.extend_from_slice(&from.volume[range]);
}

fn compare(old: &Bars, new: &Bars, from: i64, to: i64) -> Overlap {
    let mut out = Overlap::default();
    let (mut i, mut j) = (before(old, from), before(new, from));
    let (i_end, j_end) = (before(old, to + 1).max(i), before(new, to + 1).max(j));
    let values = |b: &Bars, k: usize| ([b.open[k], b.high[k], b.low[k], b.close[k]], b.volume[k]);
    let show = |b: &Bars, k: usize| {
        let (ohlc, volume) = values(b, k);
        let prices = ohlc.map(|t| b.instrument.format_price(t)).join(" ");
        format!("{prices} volume {volume}")
    };
    // One distance of all four prices in all differing bars means another series, not an error.
    let mut distance: Option<Option<i32>> = None;
    while i < i_end || j < j_end {
        let (a, b) = (
            old.open_time[..i_end].get(i).copied(),
            new.open_time[..j_end].get(j).copied(),
        );
        let example = match (a, b) {
            (Some(a), Some(b)) if a == b => {
                let ((p, v), (q, w)) = (values(old, i), values(new, j));
                let same = p == q && v.to_bits() == w.to_bits();
                let told = if same {
                    out.equal += 1;
                    None
                } else {
                    out.differing += 1;
                    let by = q[0] - p[0];
                    let all = (0..4).all(|k| q[k] - p[k] == by) && by != 0;
                    let this = all.then_some(by);
                    distance = Some(match distance {
                        None => this,
                        Some(before) => before.filter(|_| before == this),
                    });
                    Some(format!("{} against {}", show(old, i), show(new, j)))
                };
                let told = told.map(|t| format!("{}: {t}", format_utc(a)));
                i += 1;
                j += 1;
                told
            }
            (Some(a), b) if b.is_none_or(|b| a < b) => {
                out.only_old += 1;
                i += 1;
                Some(format!("{} is only in the data set", format_utc(a)))
            }
            (_, Some(b)) => {
                out.only_new += 1;
                j += 1;
                Some(format!("{} is only in the newer file", format_utc(b)))
            }
            _ => break,
        };
        if out.examples.len() < MAX_EXAMPLES {
            out.examples.extend(example);
        }
    }
    if let Some(Some(ticks)) = distance {
        out.pattern = Some(format!(
            "every differing bar of the newer file is {:+} points away: another contract, or a series adjusted at a later roll",
            old.instrument.price(ticks)
        ));
    }
    out
}

/// Adds newer files to a data set and writes the whole to `out`, or over a canonical data set.
/// Options are those of the newer files; `progress` gets a share from 0 to 1, and `false` cancels.
///
/// # Errors
/// As [`append`], and when a file cannot be read or written; nothing is changed then.
pub fn append_files(
    dataset: &Path,
    newer: &[PathBuf],
    options: &ImportOptions,
    prefer: Option<Prefer>,
    out: Option<&Path>,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<Appended, AppendError> {
    let new = import_files(newer, options, &mut |s| progress(s * 0.6))?;
    let as_it_is = ImportOptions {
        instruments: options.instruments.clone(),
        ..ImportOptions::default()
    };
    let mut read_old =
        |options: &ImportOptions| import(dataset, options, &mut |s| progress(0.6 + s * 0.3));
    let old = match read_old(&as_it_is) {
        // The market of the newer file serves a data set that does not name its own, and no other.
        Err(ImportError::NeedsMarket { .. }) => read_old(&ImportOptions {
            market: Some(new.bars.instrument.symbol.clone()),
            ..as_it_is
        })?,
        read => read?,
    };
    if out.is_none() && !old.inspection.dialect.starts_with("canonical") {
        return Err(AppendError::NotCanonical(dataset.to_owned()));
    }
    let appended = append(&old.bars, &new.bars, prefer)?;
    let out = out.unwrap_or(dataset);
    let bad =
        |e: holdout_core::market::BarError| FileError::from(BadInput::new(out, e.to_string()));
    appended.bars.validate().map_err(bad)?;
    if !progress(0.95) {
        return Err(ImportError::Cancelled.into());
    }
    canonical::write(out, &appended.bars)?;
    Ok(appended)
}

#[cfg(test)]
mod tests {
    use holdout_core::market::Instruments;

    use super::*;

    fn bars(range: Range<i64>) -> Bars {
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 60);
        for i in range {
            let p = 70_000 + i as i32 % 90;
            bars.push(1_709_560_800 + 60 * i, [p, p + 4, p - 4, p + 1], i as f64);
        }
        bars
    }

    #[test]
    fn what_agrees_makes_the_whole_in_any_order() {
        let whole = bars(0..100);
        for (a, b) in [
            (0..60, 40..100),
            (40..100, 0..60),
            (0..50, 50..100),
            (0..100, 20..30),
            (30..40, 0..100),
        ] {
            let got = append(&bars(a.clone()), &bars(b.clone()), None).unwrap();
            assert_eq!(got.bars, whole, "{a:?} and {b:?}");
            assert_eq!(got.added, 100 - (a.end - a.start) as u64);
            assert!(got.overlap.agrees() && got.hole.is_none());
        }
        let apart = append(&bars(0..10), &bars(20..30), None).unwrap();
        let time = |i: i64| 1_709_560_800 + 60 * i;
        assert_eq!(apart.hole, Some((time(9), time(20))));
    }

    #[test]
    fn a_file_of_another_market_is_refused_and_the_data_set_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (set, newer) = (dir.path().join("NQ_set.csv"), dir.path().join("ES_new.csv"));
        canonical::write(&set, &bars(0..60)).unwrap();
        canonical::write(&newer, &bars(60..90)).unwrap();
        let before = std::fs::read(&set).unwrap();
        let run = |set: &Path, newer: PathBuf| {
            let options = ImportOptions::default();
            append_files(set, &[newer], &options, None, None, &mut |_| true)
        };
        let refused = run(&set, newer.clone()).unwrap_err().to_string();
        let want = "the data set is of NQ, the newer file of ES";
        assert!(refused.contains(want), "{refused}");
        assert_eq!(std::fs::read(&set).unwrap(), before);
        // A name that tells no market takes that of the newer file.
        let plain = dir.path().join("set.csv");
        std::fs::write(&plain, &before).unwrap();
        assert_eq!(run(&plain, newer).unwrap().added, 30);
    }

    #[test]
    fn a_difference_is_told_and_decided_by_nobody_else() {
        let old = bars(0..60);
        let mut new = bars(40..100);
        new.volume[19] = 1.0; // the last bar of the old export was not finished
        new.open_time.remove(3);
        for c in [&mut new.open, &mut new.high, &mut new.low, &mut new.close] {
            c.remove(3);
        }
        new.volume.remove(3);
        let AppendError::Differs(overlap) = append(&old, &new, None).unwrap_err() else {
            panic!("expected a difference");
        };
        assert_eq!(
            (
                overlap.equal,
                overlap.differing,
                overlap.only_old,
                overlap.only_new
            ),
            (18, 1, 1, 0)
        );
        assert!(
            overlap.to_string().contains("volume 59 against"),
            "{overlap}"
        );
        let kept = append(&old, &new, Some(Prefer::Old)).unwrap().bars;
        assert_eq!(kept, bars(0..100));
        let taken = append(&old, &new, Some(Prefer::New)).unwrap().bars;
        assert_eq!((taken.len(), taken.volume[58]), (99, 1.0));
    }

    #[test]
    fn another_contract_is_recognised_by_its_distance() {
        let mut new = bars(40..100);
        for c in [&mut new.open, &mut new.high, &mut new.low, &mut new.close] {
            c.iter_mut().for_each(|p| *p += 200);
        }
        let text = append(&bars(0..60), &new, None).unwrap_err().to_string();
        assert!(
            text.contains("+50 points away") && text.contains("--prefer"),
            "{text}"
        );
    }

    #[test]
    fn files_are_replaced_whole_or_stay_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let at = |n: &str| dir.path().join(n);
        canonical::write(&at("NQ.csv"), &bars(0..60)).unwrap();
        canonical::write(&at("NQ_newer.csv"), &bars(40..100)).unwrap();
        canonical::write(&at("NQ_whole.csv"), &bars(0..100)).unwrap();
        let old = std::fs::read(at("NQ.csv")).unwrap();
        let run = |newer: &str, go: bool| {
            let o = ImportOptions::default();
            append_files(&at("NQ.csv"), &[at(newer)], &o, None, None, &mut |_| go)
        };
        assert!(run("NQ_newer.csv", false).is_err());
        assert!(run("NQ_absent.csv", true).is_err());
        assert_eq!(std::fs::read(at("NQ.csv")).unwrap(), old);
        assert_eq!(run("NQ_newer.csv", true).unwrap().added, 40);
        let whole = std::fs::read(at("NQ_whole.csv")).unwrap();
        assert_eq!(std::fs::read(at("NQ.csv")).unwrap(), whole);
    }
}
