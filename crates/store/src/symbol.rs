//! Reads contract symbols and file names: which market they mean, and what is no outright.
//!
//! Platforms write one contract in many ways: `NQ`, `NQU4`, `NQU24`, `NQ 09-23`, `NQ1!`,
//! `CME_MINI:NQ1!`, `NQ=F`, `@NQ`, `/NQ`, `NQ.c.0`. Spreads and options carry a `-`, a blank
//! or a `:` that none of these forms explains.

use holdout_core::market::{ContractMonth, Instruments};
use holdout_core::time::TradingDay;

/// What a symbol is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SymbolKind {
    /// One contract, or a continuous series, of a known market.
    Outright {
        /// Root symbol of the market.
        root: String,
    },
    /// A spread or an option.
    Spread,
    /// Nothing that is known; perhaps a market that is not in the table.
    Unknown,
}

/// Classifies a symbol against the known markets.
pub fn classify(symbol: &str, markets: &Instruments) -> SymbolKind {
    let bare = bare(symbol);
    match markets.iter().find(|m| is_outright_of(bare, &m.symbol)) {
        Some(market) => SymbolKind::Outright {
            root: market.symbol.clone(),
        },
        None if bare.contains(['-', ' ', ':']) => SymbolKind::Spread,
        None => SymbolKind::Unknown,
    }
}

/// Whether a text can name a contract in a table that is handed on: no separator, nothing that a
/// terminal obeys, and nothing in front that a spreadsheet takes as a formula. Without a name it is
/// empty.
pub(crate) fn is_name(symbol: &str) -> bool {
    let inside = |c: char| c.is_ascii_alphanumeric() || " .-_:!#/=".contains(c);
    let mut rest = symbol.trim_start_matches(['@', '/']).chars();
    symbol.is_empty()
        || symbol.len() <= 64
            && rest.next().is_some_and(|c| c.is_ascii_alphanumeric())
            && rest.all(inside)
}

/// A symbol without the exchange in front, as TradingView writes it, and without marks.
fn bare(symbol: &str) -> &str {
    let text = symbol.trim();
    let bare = match text.split_once(':') {
        Some((exchange, rest)) if is_exchange(exchange) => rest,
        _ => text,
    };
    bare.trim_start_matches(['@', '/'])
}

/// The month of a contract, where its symbol tells one; `first_day` is the first day of its bars.
pub fn month_of(
    symbol: &str,
    markets: &Instruments,
    first_day: TradingDay,
) -> Option<ContractMonth> {
    let SymbolKind::Outright { root } = classify(symbol, markets) else {
        return None;
    };
    ContractMonth::parse(bare(symbol).get(root.len()..)?, first_day)
}

/// The one contract that a file name speaks of, e.g. `ES 03-26` or `ESH6`; `None` for none or several.
pub fn contract_of_file_name(name: &str, markets: &Instruments) -> Option<String> {
    let tokens: Vec<&str> = name
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter(|t| !t.is_empty())
        .collect();
    let any_day = TradingDay(20_000);
    let mut found: Option<String> = None;
    for (i, token) in tokens.iter().enumerate() {
        let pair = format!("{token} {}", tokens.get(i + 1).copied().unwrap_or_default());
        let Some(contract) = [pair.as_str(), token]
            .into_iter()
            .find(|s| month_of(s, markets, any_day).is_some())
        else {
            continue;
        };
        match &found {
            Some(other) if other != contract => return None,
            _ => found = Some(contract.to_owned()),
        }
    }
    found
}

fn is_exchange(text: &str) -> bool {
    matches!(
        text.to_ascii_uppercase().as_str(),
        "CME" | "CME_MINI" | "CBOT" | "CBOT_MINI" | "GLOBEX" | "CME_MINI_DL"
    )
}

/// Whether a symbol is the root itself, a contract month, or a continuous series of it.
fn is_outright_of(symbol: &str, root: &str) -> bool {
    let Some(head) = symbol.get(..root.len()) else {
        return false;
    };
    if !head.eq_ignore_ascii_case(root) {
        return false;
    }
    let rest = symbol[root.len()..].to_ascii_uppercase();
    let b = rest.as_bytes();
    let digits = |s: &[u8]| !s.is_empty() && s.iter().all(u8::is_ascii_digit);
    match b {
        [] | [b'1' | b'2', b'!'] | [b'=', b'F'] | [b'.', b'F'] | [b'#', b'F'] => true,
        [b' ', m1, m2, b'-', y1, y2] => {
            digits(&[*m1, *m2]) && digits(&[*y1, *y2]) && in_1_to_12(*m1, *m2)
        }
        [b'.', b'C' | b'V' | b'N', b'.', rank @ ..] => digits(rank),
        [
            b'F' | b'G' | b'H' | b'J' | b'K' | b'M' | b'N' | b'Q' | b'U' | b'V' | b'X' | b'Z',
            year @ ..,
        ] => matches!(year.len(), 1 | 2 | 4) && digits(year),
        _ => rest == "_CONTINUOUS" || rest == ".FUT",
    }
}

fn in_1_to_12(tens: u8, ones: u8) -> bool {
    (1..=12).contains(&((tens - b'0') * 10 + (ones - b'0')))
}

/// Root symbol of the one known market that a file name speaks of; `None` for none or several.
pub fn market_of_file_name(name: &str, markets: &Instruments) -> Option<String> {
    let mut found: Option<String> = None;
    for token in name
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '!'))
        .filter(|t| !t.is_empty())
    {
        let SymbolKind::Outright { root } = classify(token, markets) else {
            continue;
        };
        match &found {
            Some(other) if *other != root => return None,
            _ => found = Some(root),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_spell_one_contract_in_many_ways() {
        let markets = Instruments::builtin();
        let nq = [
            "NQ",
            "nq",
            "NQU4",
            "NQU24",
            "NQZ2025",
            "NQ 09-23",
            "NQ1!",
            "CME_MINI:NQ1!",
            "NQ=F",
            "@NQ",
            "/NQ",
            "NQ.c.0",
        ];
        for s in nq {
            assert_eq!(
                classify(s, &markets),
                SymbolKind::Outright { root: "NQ".into() },
                "{s}"
            );
        }
        assert_eq!(
            classify("MNQH4", &markets),
            SymbolKind::Outright { root: "MNQ".into() }
        );
        assert_eq!(
            classify("M2K.F", &markets),
            SymbolKind::Outright { root: "M2K".into() }
        );
    }

    #[test]
    fn spreads_and_options_are_no_outrights() {
        let markets = Instruments::builtin();
        for s in [
            "NQU4-NQZ4",
            "ESU4 C5000",
            "ES:BF U4-Z4-H5",
            "UD:1V: VT 2405",
            "NQ 13-23",
        ] {
            assert_eq!(classify(s, &markets), SymbolKind::Spread, "{s}");
        }
        assert_eq!(classify("GCQ4", &markets), SymbolKind::Unknown);
        assert_eq!(classify("ESX", &markets), SymbolKind::Unknown);
    }

    #[test]
    fn file_names_tell_the_market_or_nothing() {
        let markets = Instruments::builtin();
        let of = |n: &str| market_of_file_name(n, &markets);
        assert_eq!(of("NQ 09-23.Last.txt").as_deref(), Some("NQ"));
        assert_eq!(of("raw_CME_MINI_ES1!, 5.csv").as_deref(), Some("ES"));
        assert_eq!(of("raw_M2K.F.csv").as_deref(), Some("M2K"));
        assert_eq!(of("bars_mnq_0324.csv.gz").as_deref(), Some("MNQ"));
        assert_eq!(of("nq_vs_es.csv"), None, "two markets");
        assert_eq!(of("prices.csv"), None);
    }

    #[test]
    fn file_names_and_symbols_tell_the_contract() {
        let markets = Instruments::builtin();
        let of = |n: &str| contract_of_file_name(n, &markets);
        assert_eq!(of("raw_ES 03-26.Last.txt").as_deref(), Some("ES 03-26"));
        assert_eq!(of("NQU4_1min.csv").as_deref(), Some("NQU4"));
        assert_eq!(of("ESH26.csv").as_deref(), Some("ESH26"));
        assert_eq!(of("ES_2024-03-26.csv"), None);
        assert_eq!(of("raw_CME_MINI_ES1!, 5.csv"), None);
        assert_eq!(of("ESH6 and ESM6.csv"), None, "two contracts");
        let day: TradingDay = "2026-01-02".parse().unwrap();
        let month = |s: &str| month_of(s, &markets, day).map(|m| m.to_string());
        assert_eq!(month("@ESH26").as_deref(), Some("2026-03"));
        assert_eq!(month("CME_MINI:NQM2026").as_deref(), Some("2026-06"));
        assert_eq!(month("ES 06-26").as_deref(), Some("2026-06"));
        assert_eq!(month("ES=F"), None);
        assert_eq!(month("118"), None);
    }
}
