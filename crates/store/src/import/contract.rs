//! Settles which contract and which market a file's rows are.
//!
//! The market comes from the user, from the symbols in the file, or from its name; never from a
//! default. Spreads are set aside; of several contracts one must be chosen.

use holdout_core::market::Instrument;
use holdout_core::market::instrument::InstrumentError;
use holdout_core::time::format_utc;

use super::rows::Rows;
use crate::inspection::{Example, ProblemKind, Problems, Severity};
use crate::options::ImportOptions;
use crate::symbol::{SymbolKind, classify, market_of_file_name};

/// A contract of a file and how many rows it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolCount {
    /// Symbol as written.
    pub symbol: String,
    /// Rows.
    pub rows: u64,
    /// Contracts traded in them, rounded.
    pub volume: u64,
}

/// A market, and a file that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketIn {
    /// Root symbol.
    pub market: String,
    /// Name of the first file that holds it.
    pub file: String,
}

fn markets(all: &[MarketIn]) -> String {
    let each: Vec<String> = all
        .iter()
        .map(|m| format!("{} in {}", m.market, m.file))
        .collect();
    each.join(", ")
}

/// What the rows are.
pub(crate) struct Contract {
    /// Market, when it is known.
    pub(crate) instrument: Option<Instrument>,
    /// Outright contracts, those with most rows first.
    pub(crate) symbols: Vec<SymbolCount>,
    /// More than one contract is left and none was chosen.
    pub(crate) ambiguous: bool,
    /// The rows kept belong to this symbol.
    pub(crate) chosen: Option<String>,
    /// Rows set aside.
    pub(crate) set_aside: u64,
    /// Where the market comes from.
    pub(crate) evidence: Vec<String>,
}

/// Why no contract could be settled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    /// The chosen symbol is not in the file.
    #[error("the file has no rows of \"{symbol}\"; it has {}", list(.have))]
    NoSuchSymbol {
        /// What was asked for.
        symbol: String,
        /// What there is.
        have: Vec<SymbolCount>,
    },
    /// Only spreads and options.
    #[error(
        "the file holds only spreads or options ({examples}); expected an outright contract such as NQU4; ask the vendor for outrights"
    )]
    NoOutright {
        /// A few of them.
        examples: String,
    },
    /// The rows are of another market than asked for.
    #[error(
        "the rows are of {found} ({symbol}), not of {asked}; leave the market out or choose the other file"
    )]
    OtherMarket {
        /// Market asked for.
        asked: String,
        /// Market of the symbol.
        found: String,
        /// The symbol.
        symbol: String,
    },
    /// The market is not in the table.
    #[error("{0}; name one of these, or add the market to the table of instruments")]
    UnknownMarket(#[from] InstrumentError),
    /// Contracts of several markets cannot make one series.
    #[error(
        "bars of several markets cannot make one series: {}; name only files of one market, or say which market of a file with --market", markets(.0)
    )]
    SeveralMarkets(Vec<MarketIn>),
    /// Contracts whose order is not known cannot make one series.
    #[error(
        "the month of contract \"{0}\" cannot be known; expected symbols like ESU4 or a file name like \"ES 09-24.Last.txt\""
    )]
    NoMonth(String),
    /// Rolling by volume without volumes.
    #[error(
        "the bars have no volume, by which the contract in front is chosen; choose --continuous calendar"
    )]
    NoVolume,
}

/// Symbols with their rows, as a list for a message.
pub(crate) fn list(symbols: &[SymbolCount]) -> String {
    if symbols.is_empty() {
        return "no column of symbols".to_owned();
    }
    let mut text: Vec<String> = symbols
        .iter()
        .take(20)
        .map(|s| format!("{} ({} rows, volume {})", s.symbol, s.rows, s.volume))
        .collect();
    if symbols.len() > 20 {
        text.push(format!("{} more", symbols.len() - 20));
    }
    text.join(", ")
}

/// Sets aside what is no outright contract, keeps one contract, and settles the market.
pub(crate) fn settle(
    rows: &mut Rows,
    file_name: &str,
    options: &ImportOptions,
    problems: &mut Problems,
) -> Result<Contract, ContractError> {
    let markets = &options.instruments;
    let asked = options
        .market
        .as_deref()
        .map(|m| markets.get(m))
        .transpose()?;
    let mut contract = Contract {
        instrument: asked.cloned(),
        symbols: Vec::new(),
        ambiguous: false,
        chosen: None,
        set_aside: 0,
        evidence: Vec::new(),
    };
    if rows.symbol.is_empty() {
        if let Some(wanted) = &options.symbol {
            return Err(ContractError::NoSuchSymbol {
                symbol: wanted.clone(),
                have: Vec::new(),
            });
        }
        if contract.instrument.is_none()
            && let Some(root) = market_of_file_name(file_name, markets)
        {
            contract
                .evidence
                .push(format!("market {root} from the file name"));
            contract.instrument = markets.get(&root).ok().cloned();
        }
        return Ok(contract);
    }
    let Choice {
        kinds,
        outrights,
        candidates,
    } = choice(rows, options, problems, &mut contract)?;
    let chosen = candidates[0];
    contract.ambiguous = candidates.len() > 1;
    report_mixed(rows, chosen, outrights.len(), &mut contract, problems);
    settle_market(&kinds[chosen], file_name, options, &mut contract);
    Ok(contract)
}

/// What the symbols of a file leave to choose from; indices into its symbols.
pub(crate) struct Choice {
    pub(crate) kinds: Vec<SymbolKind>,
    /// Contracts, those with most rows first.
    pub(crate) outrights: Vec<usize>,
    /// Those that may be meant; at least one.
    pub(crate) candidates: Vec<usize>,
}

/// Sets spreads aside and lists the contracts in the file and those that may be meant.
pub(crate) fn choice(
    rows: &mut Rows,
    options: &ImportOptions,
    problems: &mut Problems,
    contract: &mut Contract,
) -> Result<Choice, ContractError> {
    let markets = &options.instruments;
    let kinds: Vec<SymbolKind> = rows.symbols.iter().map(|s| classify(s, markets)).collect();
    let mut counts = vec![0_u64; kinds.len()];
    let mut volumes = vec![0.0_f64; kinds.len()];
    for (&s, volume) in rows.symbol.iter().zip(&rows.volume) {
        counts[s as usize] += 1;
        volumes[s as usize] += volume;
    }
    set_spreads_aside(rows, &kinds, &counts, problems, contract);
    let mut outrights: Vec<usize> = (0..kinds.len())
        .filter(|&i| kinds[i] != SymbolKind::Spread)
        .collect();
    outrights.sort_by(|&a, &b| {
        counts[b]
            .cmp(&counts[a])
            .then_with(|| rows.symbols[a].cmp(&rows.symbols[b]))
    });
    contract.symbols = outrights
        .iter()
        .map(|&i| SymbolCount {
            symbol: rows.symbols[i].clone(),
            rows: counts[i],
            volume: volumes[i].round() as u64,
        })
        .collect();
    if outrights.is_empty() {
        let examples = rows
            .symbols
            .iter()
            .take(3)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        return Err(ContractError::NoOutright { examples });
    }
    let asked = options
        .market
        .as_deref()
        .map(|m| markets.get(m))
        .transpose()?;
    let candidates = candidates(rows, &kinds, &outrights, asked, options, contract)?;
    if candidates.is_empty() {
        return Err(ContractError::OtherMarket {
            asked: asked.map_or_else(String::new, |a| a.symbol.clone()),
            found: root_of(&kinds[outrights[0]])
                .unwrap_or("another market")
                .to_owned(),
            symbol: contract.symbols[0].symbol.clone(),
        });
    }
    Ok(Choice {
        kinds,
        outrights,
        candidates,
    })
}

pub(crate) fn root_of(kind: &SymbolKind) -> Option<&str> {
    if let SymbolKind::Outright { root } = kind {
        Some(root)
    } else {
        None
    }
}

/// An example with the place of a row.
fn example_at(rows: &Rows, row: Option<usize>, detail: String) -> Example {
    Example {
        line: row.and_then(|i| rows.line.get(i)).map(|&l| u64::from(l)),
        time: row.and_then(|i| rows.time.get(i)).map(|&t| format_utc(t)),
        detail,
    }
}

fn set_spreads_aside(
    rows: &mut Rows,
    kinds: &[SymbolKind],
    counts: &[u64],
    problems: &mut Problems,
    contract: &mut Contract,
) {
    for i in (0..kinds.len()).filter(|&i| kinds[i] == SymbolKind::Spread) {
        let detail = format!("{}: {} rows set aside", rows.symbols[i], counts[i]);
        let at = rows.symbol.iter().position(|&s| s as usize == i);
        problems.add_many(ProblemKind::SpreadSymbol, counts[i], || {
            example_at(rows, at, detail)
        });
    }
    if kinds.contains(&SymbolKind::Spread) {
        let keep: Vec<bool> = rows
            .symbol
            .iter()
            .map(|&s| kinds[s as usize] != SymbolKind::Spread)
            .collect();
        contract.set_aside += rows.retain(|i| keep[i]);
    }
}

/// The contracts that the rows may be: the chosen one, or all of the asked market (or its mini or micro).
fn candidates(
    rows: &Rows,
    kinds: &[SymbolKind],
    outrights: &[usize],
    asked: Option<&Instrument>,
    options: &ImportOptions,
    contract: &Contract,
) -> Result<Vec<usize>, ContractError> {
    if let Some(wanted) = &options.symbol {
        let found = outrights
            .iter()
            .copied()
            .find(|&i| rows.symbols[i].eq_ignore_ascii_case(wanted));
        let none = || ContractError::NoSuchSymbol {
            symbol: wanted.clone(),
            have: contract.symbols.clone(),
        };
        return found.map(|i| vec![i]).ok_or_else(none);
    }
    let Some(asked) = asked else {
        return Ok(outrights.to_vec());
    };
    let markets = &options.instruments;
    let of = |root: &str| {
        outrights
            .iter()
            .copied()
            .filter(|&i| root_of(&kinds[i]) == Some(root))
            .collect::<Vec<_>>()
    };
    let own = of(&asked.symbol);
    if !own.is_empty() {
        return Ok(own);
    }
    // Bars of a mini serve its micro and the other way round: same prices, same ticks.
    let related = |root: &str| {
        asked.micro_of.as_deref() == Some(root)
            || markets
                .get(root)
                .is_ok_and(|m| m.micro_of.as_deref() == Some(&asked.symbol))
    };
    let twins: Vec<usize> = outrights
        .iter()
        .copied()
        .filter(|&i| root_of(&kinds[i]).is_some_and(related))
        .collect();
    if !twins.is_empty() {
        return Ok(twins);
    }
    Ok(outrights
        .iter()
        .copied()
        .filter(|&i| kinds[i] == SymbolKind::Unknown)
        .collect())
}

/// Keeps the rows of one contract and says what happened to the others.
fn report_mixed(
    rows: &mut Rows,
    chosen: usize,
    n_outrights: usize,
    contract: &mut Contract,
    problems: &mut Problems,
) {
    let name = rows.symbols[chosen].clone();
    if n_outrights > 1 {
        let keep: Vec<bool> = rows.symbol.iter().map(|&s| s as usize == chosen).collect();
        let what = if contract.ambiguous {
            "none was chosen; the figures here are those of"
        } else {
            "kept"
        };
        let detail = format!("{}; {what} {name}", list(&contract.symbols));
        let example = example_at(rows, keep.iter().position(|k| !k), detail);
        let gone = rows.retain(|i| keep[i]);
        contract.set_aside += gone;
        problems.add_many(ProblemKind::MixedSymbols, gone, || example);
        if !contract.ambiguous {
            problems.set_severity(ProblemKind::MixedSymbols, Severity::Info);
        }
    }
    contract.chosen = Some(name);
}

fn settle_market(
    kind: &SymbolKind,
    file_name: &str,
    options: &ImportOptions,
    contract: &mut Contract,
) {
    let markets = &options.instruments;
    let symbol = contract.chosen.clone().unwrap_or_default();
    match (&contract.instrument, root_of(kind)) {
        (Some(asked), Some(root)) if asked.symbol != root => {
            contract.evidence.push(format!(
                "bars of {symbol} used for {}, which has the same prices",
                asked.symbol
            ));
        }
        (Some(_), _) => {}
        (None, Some(root)) => {
            contract
                .evidence
                .push(format!("market {root} from the symbol {symbol}"));
            contract.instrument = markets.get(root).ok().cloned();
        }
        (None, None) => {
            // Numeric instrument identifiers say nothing; the file name may.
            if let Some(root) = market_of_file_name(file_name, markets) {
                contract.evidence.push(format!(
                    "market {root} from the file name; the symbol {symbol} says nothing"
                ));
                contract.instrument = markets.get(&root).ok().cloned();
            }
        }
    }
}
