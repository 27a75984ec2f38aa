//! Joins contracts into one series: from one file that holds several, from several files, or as a
//! canonical file already has them.
//!
//! Which contract is in front is decided in `holdout_core::market::continuous`; here its rows are
//! found, put in order and laid end to end, and the prices at each change are looked up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use holdout_core::market::continuous::{ContractDays, Leg, days_of_contract, front_contracts};
use holdout_core::market::{
    ContractMonth, Instrument, Instruments, Roll, RollReason, RollRule, SessionCalendar,
};
use holdout_core::time::{TradingDay, ZoneTable, format_utc};

use super::contract::{Contract, ContractError, MarketIn, SymbolCount, choice};
use super::rows::Rows;
use super::{
    ImportError, Joint, Series, Source, check_readable, checks, file_name, interval_of, open,
    refused, too_few,
};
use crate::error::{BadInput, FileError};
use crate::inspection::{Example, ProblemKind, Problems, Severity};
use crate::options::{Continuous, ImportOptions, Stamp};
use crate::symbol::{SymbolKind, classify, contract_of_file_name, market_of_file_name, month_of};
use crate::text::sha256_of;

/// Contracts with at least this many rows have an interval of their own.
const THICK: usize = 100;

/// Rows of one contract, in order of time, stamped at their opens.
struct Part {
    symbol: String,
    rows: Rows,
}

/// Reads files and lays their contracts end to end. Without a way to join, all rows must be of one
/// contract.
pub(super) fn join(
    paths: &[PathBuf],
    how: Option<Continuous>,
    options: &ImportOptions,
    progress: &mut dyn FnMut(f64) -> bool,
) -> Result<Series, ImportError> {
    let mut join = Join::new(options);
    for (k, path) in paths.iter().enumerate() {
        let share = |s: f64| (k as f64 + s) / paths.len() as f64;
        let source = open(path, options, &mut |s| progress(share(s)))?;
        join.add(path, source)?;
    }
    join.finish(paths, how)
}

struct Join<'a> {
    options: &'a ImportOptions,
    /// The series so far: all that is known but its rows.
    series: Option<Series>,
    parts: Vec<Part>,
    /// Root symbols of the markets, each with the name of the first file that holds it.
    roots: BTreeMap<String, String>,
    hashes: Vec<String>,
    problems: Problems,
}

impl<'a> Join<'a> {
    fn new(options: &'a ImportOptions) -> Self {
        Self {
            options,
            series: None,
            parts: Vec::new(),
            roots: BTreeMap::new(),
            hashes: Vec::new(),
            problems: Problems::default(),
        }
    }

    fn add(&mut self, path: &Path, source: Source) -> Result<(), ImportError> {
        let Source {
            read,
            name,
            dialect,
            confidence,
            evidence,
            zone,
            stamp,
            stamp_known: _,
            has_volume,
        } = source;
        let mut rows = read.rows;
        check_readable(path, &rows, &read.problems, read.unreadable)?;
        self.problems.merge(read.problems);
        self.hashes.push(read.sha256);
        let stamp = self.options.stamp.unwrap_or(stamp);
        let series = self.series.get_or_insert_with(|| Series {
            rows: Rows::default(),
            problems: Problems::default(),
            contract: Contract {
                instrument: None,
                symbols: Vec::new(),
                ambiguous: false,
                chosen: None,
                set_aside: 0,
                evidence: Vec::new(),
            },
            joints: Vec::new(),
            continuous: None,
            dialect: dialect.clone(),
            confidence,
            evidence: Vec::new(),
            zone: zone.clone(),
            stamp,
            interval: 0,
            has_volume: false,
            sha256: String::new(),
            dropped: 0,
            unreadable: 0,
            n_read: 0,
        });
        if !series.dialect.split(", ").any(|d| d == dialect) {
            series.dialect = format!("{}, {dialect}", series.dialect);
        }
        series.confidence = series.confidence.min(confidence);
        series.has_volume |= has_volume;
        series.unreadable += read.unreadable;
        series.dropped += read.unreadable;
        series.n_read += rows.len() as u64 + read.unreadable;
        series
            .evidence
            .extend(evidence.into_iter().map(|e| format!("{name}: {e}")));
        if zone.hint.is_some() {
            series.zone = zone;
        }
        for part in self.contracts_of(path, &name, &mut rows)? {
            self.add_part(path, part, stamp)?;
        }
        Ok(())
    }

    /// Takes the contracts that may be meant out of the rows of a file.
    fn contracts_of(
        &mut self,
        path: &Path,
        name: &str,
        rows: &mut Rows,
    ) -> Result<Vec<Part>, ImportError> {
        let markets = &self.options.instruments;
        if rows.symbol.is_empty() {
            if let Some(root) = market_of_file_name(name, markets) {
                self.roots.entry(root).or_insert_with(|| name.to_owned());
            }
            let symbol = contract_of_file_name(name, markets).unwrap_or_default();
            return Ok(vec![Part {
                symbol,
                rows: std::mem::take(rows),
            }]);
        }
        let Some(series) = &mut self.series else {
            return Ok(Vec::new());
        };
        let found = choice(rows, self.options, &mut self.problems, &mut series.contract)
            .map_err(|e| refused(path, e))?;
        let parts: Vec<Part> = found
            .candidates
            .iter()
            .map(|&place| Part {
                symbol: rows.symbols[place].clone(),
                rows: rows.take_symbol(place),
            })
            .collect();
        for &place in &found.candidates {
            if let SymbolKind::Outright { root } = &found.kinds[place] {
                let file = || name.to_owned();
                self.roots.entry(root.clone()).or_insert_with(file);
            }
        }
        let others = rows.len() as u64;
        if others > 0 {
            let detail = format!("{name}: rows of other markets or contracts set aside");
            self.problems
                .add_many(ProblemKind::MixedSymbols, others, || Example {
                    line: None,
                    time: None,
                    detail,
                });
            series.contract.set_aside += others;
        }
        Ok(parts)
    }

    /// Puts the rows of a contract in order and beside those that other files have of it.
    fn add_part(&mut self, path: &Path, mut part: Part, stamp: Stamp) -> Result<(), ImportError> {
        let Some(series) = &mut self.series else {
            return Ok(());
        };
        let market = self
            .options
            .market
            .as_ref()
            .or_else(|| self.roots.keys().next())
            .and_then(|m| self.options.instruments.get(m).ok());
        let problems = &mut self.problems;
        series.dropped += checks::drop_impossible(&mut part.rows, market, problems);
        checks::sort(&mut part.rows, problems);
        series.dropped += checks::drop_duplicates(&mut part.rows, problems);
        // The few bars of a far contract lie hours apart; their interval is that of the others.
        let thin = part.rows.len() < THICK && series.interval > 0;
        let interval = if thin {
            series.interval
        } else {
            match interval_of(path, &part.rows)? {
                0 => return Err(FileError::from(too_few(path, part.rows.len())).into()),
                secs => secs,
            }
        };
        if part.rows.time.is_empty() {
            return Ok(());
        }
        if series.interval == 0 {
            series.interval = interval;
        } else if series.interval != interval {
            let cause = format!(
                "bars of {interval} s cannot be joined with bars of {} s",
                series.interval
            );
            let bad = BadInput::new(path, cause).remedy("export all files with one interval");
            return Err(FileError::from(bad).into());
        }
        if stamp == Stamp::Close {
            part.rows.time.iter_mut().for_each(|t| *t -= interval);
        }
        let month = |p: &Part| self.options.month(p);
        let same = |p: &&mut Part| match (month(p), month(&part)) {
            (Some(a), Some(b)) => a == b,
            _ => p.symbol == part.symbol,
        };
        if let Some(known) = self.parts.iter_mut().find(same) {
            known.rows.extend_from(&part.rows, 0..part.rows.len());
            // Files are joined in any order: sorting here is no fault of theirs.
            checks::sort(&mut known.rows, &mut Problems::default());
            series.dropped += checks::drop_duplicates(&mut known.rows, problems);
        } else {
            self.parts.push(part);
        }
        Ok(())
    }

    fn finish(self, paths: &[PathBuf], how: Option<Continuous>) -> Result<Series, ImportError> {
        let path = paths[0].as_path();
        let no_rows = || FileError::from(BadInput::new(path, "no bars were found"));
        let mut series = self.series.ok_or_else(no_rows)?;
        let mut parts = self.parts;
        let count = |p: &Part| SymbolCount {
            symbol: p.symbol.clone(),
            rows: p.rows.len() as u64,
            volume: p.rows.volume.iter().sum::<f64>().round() as u64,
        };
        let symbols: Vec<SymbolCount> = parts.iter().map(count).collect();
        series.contract.instrument =
            market(self.options, &self.roots, &symbols).map_err(|e| refused(path, e))?;
        series.contract.symbols = symbols;
        series.contract.symbols.retain(|s| !s.symbol.is_empty());
        series
            .contract
            .symbols
            .sort_by_key(|s| std::cmp::Reverse(s.rows));
        series.problems = self.problems;
        series
            .problems
            .set_severity(ProblemKind::MixedSymbols, Severity::Info);
        series.sha256 = match self.hashes.as_slice() {
            [one] => one.clone(),
            many => sha256_of(many.join("\n").as_bytes()),
        };
        series.dropped += series.contract.set_aside;
        series.continuous = how;
        if parts.len() == 1 {
            series.rows = std::mem::take(&mut parts[0].rows);
            return Ok(series);
        }
        let Some(how) = how else {
            return Err(ImportError::SeveralSymbols {
                symbols: series.contract.symbols,
                paths: paths.to_vec(),
            });
        };
        let mut months = Vec::with_capacity(parts.len());
        for part in &parts {
            let unknown = || {
                let symbol = if part.symbol.is_empty() {
                    file_name(path)
                } else {
                    part.symbol.clone()
                };
                refused(path, ContractError::NoMonth(symbol))
            };
            months.push(self.options.month(part).ok_or_else(unknown)?);
        }
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_by_key(|&i| months[i]);
        let volume = |p: &Part| p.rows.volume.iter().any(|&v| v > 0.0);
        if how.rule == RollRule::Volume && !parts.iter().any(volume) {
            return Err(refused(path, ContractError::NoVolume));
        }
        let days: Vec<ContractDays> = order
            .iter()
            .map(|&i| ContractDays {
                month: months[i],
                days: days_of_contract(&parts[i].rows.time, &parts[i].rows.volume),
            })
            .collect();
        let legs = front_contracts(&days, how.rule, &SessionCalendar::builtin());
        let parts: Vec<&Part> = order.iter().map(|&i| &parts[i]).collect();
        lay_end_to_end(&parts, &legs, &mut series);
        Ok(series)
    }
}

impl ImportOptions {
    /// The month of a contract; its rows are in order and not empty.
    fn month(&self, part: &Part) -> Option<ContractMonth> {
        let first = *part.rows.time.first()?;
        let day = TradingDay::of_wall(ZoneTable::new_york().wall(first));
        month_of(&part.symbol, &self.instruments, day)
    }
}

/// The one market of all contracts: the asked one where they are of it, its mini or its micro.
fn market(
    options: &ImportOptions,
    roots: &BTreeMap<String, String>,
    symbols: &[SymbolCount],
) -> Result<Option<Instrument>, ContractError> {
    let markets = &options.instruments;
    let family = |root: &str| {
        let found = markets.get(root).ok();
        found.map_or_else(
            || root.to_owned(),
            |m| m.micro_of.clone().unwrap_or_else(|| m.symbol.clone()),
        )
    };
    let families: BTreeSet<String> = roots.keys().map(|r| family(r)).collect();
    if families.len() > 1 {
        let of = |(market, file): (&String, &String)| MarketIn {
            market: market.clone(),
            file: file.clone(),
        };
        return Err(ContractError::SeveralMarkets(
            roots.iter().map(of).collect(),
        ));
    }
    let Some(asked) = &options.market else {
        let first = roots.keys().next();
        return Ok(first.and_then(|r| markets.get(r).ok()).cloned());
    };
    let asked = markets.get(asked)?;
    match roots.keys().next() {
        Some(root) if family(root) != family(&asked.symbol) => Err(ContractError::OtherMarket {
            asked: asked.symbol.clone(),
            found: root.clone(),
            symbol: symbols
                .iter()
                .find(|s| matches!(classify(&s.symbol, markets), SymbolKind::Outright { .. }))
                .map_or_else(|| root.clone(), |s| s.symbol.clone()),
        }),
        _ => Ok(Some(asked.clone())),
    }
}

/// Copies the legs into one table and looks the prices at their joints up.
fn lay_end_to_end(parts: &[&Part], legs: &[Leg], series: &mut Series) {
    for (k, leg) in legs.iter().enumerate() {
        let new = parts[leg.contract];
        if let Some(before) = k.checked_sub(1).map(|b| &legs[b]) {
            let old = parts[before.contract];
            let time = new.rows.time[leg.bars.start];
            let common = last_common(&old.rows, &new.rows, time);
            let prices = common.unwrap_or_else(|| {
                [
                    old.rows.close[before.bars.end - 1],
                    new.rows.open[leg.bars.start],
                ]
            });
            let reason = leg.reason.unwrap_or(RollReason::EndOfContract);
            let note = if common.is_none() {
                "; they have no bar in common, so the gap is from the last close to the first open"
            } else {
                ""
            };
            series.evidence.push(format!(
                "{} gives way to {} at {} ({}), {:+} points{note}",
                old.symbol,
                new.symbol,
                format_utc(time),
                reason.name(),
                prices[1] - prices[0]
            ));
            series.joints.push(Joint {
                roll: Roll {
                    time,
                    from: old.symbol.clone(),
                    to: new.symbol.clone(),
                    gap_ticks: None,
                    reason,
                },
                prices: Some(prices),
            });
        }
        series.rows.extend_from(&new.rows, leg.bars.clone());
    }
    let all: u64 = parts.iter().map(|p| p.rows.len() as u64).sum();
    let behind = all - series.rows.len() as u64;
    series.dropped += behind;
    if behind > 0 {
        let detail = "rows of contracts that were not in front".to_owned();
        series
            .problems
            .add_many(ProblemKind::MixedSymbols, behind, || Example {
                line: None,
                time: None,
                detail,
            });
        series
            .problems
            .set_severity(ProblemKind::MixedSymbols, Severity::Info);
    }
}

/// Closes of both contracts at the last bar before a time that both have.
fn last_common(old: &Rows, new: &Rows, before: i64) -> Option<[f64; 2]> {
    let mut i = old.time.partition_point(|&t| t < before);
    let mut j = new.time.partition_point(|&t| t < before);
    while i > 0 && j > 0 {
        let (a, b) = (old.time[i - 1], new.time[j - 1]);
        if a == b {
            return Some([old.close[i - 1], new.close[j - 1]]);
        }
        if a > b {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    None
}

/// Reads the changes of contract off a file that has a series already: times rise, and no contract
/// comes back. The rows are then one series and lose their symbols, all but the first. A file of
/// one contract, or of several at once, is left as it is. Counts the rows of each contract too.
pub(super) fn joints_in_file(
    rows: &mut Rows,
    markets: &Instruments,
) -> (Vec<Joint>, Vec<SymbolCount>) {
    let roots: BTreeSet<String> = rows
        .symbols
        .iter()
        .map(|s| match classify(s, markets) {
            SymbolKind::Outright { root } => root,
            SymbolKind::Spread | SymbolKind::Unknown => s.clone(),
        })
        .collect();
    let one_series = rows.symbols.len() > 1
        && roots.len() == 1
        && rows.symbols.iter().all(|s| !s.is_empty())
        && rows.time.is_sorted_by(|a, b| a < b)
        && rows.symbol.is_sorted();
    if !one_series {
        return Default::default();
    }
    let mut counts: Vec<SymbolCount> = rows
        .symbols
        .iter()
        .map(|symbol| SymbolCount {
            symbol: symbol.clone(),
            rows: 0,
            volume: 0,
        })
        .collect();
    let mut volumes = vec![0.0; counts.len()];
    for (&s, volume) in rows.symbol.iter().zip(&rows.volume) {
        counts[s as usize].rows += 1;
        volumes[s as usize] += volume;
    }
    for (count, volume) in counts.iter_mut().zip(&volumes) {
        count.volume = volume.round() as u64;
    }
    counts.sort_by_key(|c| std::cmp::Reverse(c.rows));
    let mut seen = BTreeMap::new();
    for (i, &s) in rows.symbol.iter().enumerate() {
        seen.entry(s).or_insert(rows.time[i]);
    }
    let joints = seen
        .iter()
        .skip(1)
        .map(|(&to, &time)| Joint {
            roll: Roll {
                time,
                from: rows.symbols[to as usize - 1].clone(),
                to: rows.symbols[to as usize].clone(),
                gap_ticks: None,
                reason: RollReason::AsInFile,
            },
            prices: None,
        })
        .collect();
    rows.symbol.iter_mut().for_each(|s| *s = 0);
    rows.symbols.truncate(1);
    (joints, counts)
}
