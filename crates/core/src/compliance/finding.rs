//! The outcome of one check, with the limit, the worst value and the evidence.

use serde::Serialize;

use super::case::Case;
use super::severity::Status;
use crate::sim::{EquityRow, Trade};
use crate::time::format_utc;
use crate::units::Usd;

/// Outcome of one check.
///
/// `limit`, `worst` and `room` are in the unit that `unit` names; `room` is what is left before
/// the rule is broken, negative when it was broken by more than a touch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// Name of the check.
    pub id: &'static str,
    /// Outcome.
    pub status: Status,
    /// What the rule allows.
    pub limit: Option<f64>,
    /// The worst value found.
    pub worst: Option<f64>,
    /// What is left.
    pub room: Option<f64>,
    /// Unit of the three: `usd`, `days`, `minis`, `share`, `ratio`, `seconds`, `trades`, `bars`.
    pub unit: Option<&'static str>,
    /// Open time of the bar of the worst moment.
    pub time: Option<String>,
    /// Equity at that moment in dollars.
    pub equity: Option<Usd>,
    /// Entry price of the trade concerned.
    pub price: Option<f64>,
    /// Id of the trade concerned.
    pub trade: Option<u32>,
    /// In words.
    pub detail: String,
}

/// Dollars as people write them: `$48,700.00`.
pub(super) fn money(usd: Usd) -> String {
    let text = usd.to_string();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.as_str()),
    };
    let (whole, cents) = digits.split_once('.').unwrap_or((digits, "00"));
    let mut grouped = String::with_capacity(text.len() + 4);
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(c);
    }
    format!("{sign}${grouped}.{cents}")
}

/// A count with its noun: `1 bar`, `2 bars`.
pub(super) fn count(n: usize, noun: &str) -> String {
    let ending = if n == 1 { "" } else { "s" };
    format!("{n} {noun}{ending}")
}

impl Check {
    /// An outcome without figures.
    pub(super) fn new(id: &'static str, status: Status, detail: impl Into<String>) -> Self {
        Self {
            id,
            status,
            limit: None,
            worst: None,
            room: None,
            unit: None,
            time: None,
            equity: None,
            price: None,
            trade: None,
            detail: detail.into(),
        }
    }

    /// The rule set has no such rule.
    pub(super) fn not_applicable(id: &'static str, detail: impl Into<String>) -> Self {
        Self::new(id, Status::NotApplicable, detail)
    }

    /// The ledger lacks what the check needs.
    pub(super) fn unknown(id: &'static str, detail: impl Into<String>) -> Self {
        Self::new(id, Status::Unknown, detail)
    }

    /// The ledger has no bars.
    pub(super) fn no_bars(id: &'static str) -> Self {
        Self::unknown(id, "the ledger has no bars")
    }

    /// The ledger has no such column.
    pub(super) fn no_column(id: &'static str, column: &str) -> Self {
        Self::unknown(id, format!("the ledger has no column {column}"))
    }

    /// With limit, worst value and room in a unit.
    pub(super) fn figures(
        mut self,
        unit: &'static str,
        limit: Option<f64>,
        worst: Option<f64>,
        room: Option<f64>,
    ) -> Self {
        self.unit = Some(unit);
        (self.limit, self.worst, self.room) = (limit, worst, room);
        self
    }

    /// With limit and worst value in dollars; the room is their difference.
    pub(super) fn dollars(self, limit: Usd, worst: Usd) -> Self {
        let room = limit - worst;
        self.figures(
            "usd",
            Some(limit.dollars()),
            Some(worst.dollars()),
            Some(room.dollars()),
        )
    }

    /// With the bar of the worst moment.
    pub(super) fn at(mut self, row: &EquityRow) -> Self {
        self.time = Some(format_utc(row.time));
        self
    }

    /// With the equity at the worst moment.
    pub(super) fn equity(mut self, equity: Usd) -> Self {
        self.equity = Some(equity);
        self
    }

    /// With the trade of the worst moment; its entry is the time unless one is set.
    pub(super) fn trade(mut self, trade: &Trade, case: &Case<'_>) -> Self {
        let priced = case
            .view
            .instrument
            .filter(|_| case.has_trades(&["entry_price"]));
        self.trade = Some(trade.id);
        self.price = priced.map(|i| i.price(trade.entry_price));
        self.time
            .get_or_insert_with(|| format_utc(trade.entry_time));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_and_counts_read_well() {
        assert_eq!(money(Usd::whole(48_700)), "$48,700.00");
        assert_eq!(money(Usd(-12_345_678_900)), "-$1,234,567.89");
        assert_eq!(money(Usd(9_990_000)), "$999.00");
        assert_eq!(money(Usd(1)), "$0.0001");
        assert_eq!(
            (count(1, "bar"), count(0, "bar")),
            ("1 bar".into(), "0 bars".into())
        );
    }
}
