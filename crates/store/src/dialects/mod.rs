//! Layouts in which platforms write bars, one a file, and the shape they are all brought into.
//!
//! A dialect looks at the first lines and either says nothing or hands back a [`Layout`]: which
//! column is what, how time is written, in which zone, which end of the bar is stamped. Reading
//! rows is the same code for all of them.

pub mod clock;
pub(crate) mod number;
pub mod sample;

mod alpaca;
mod barchart;
mod canonical_csv;
mod databento;
mod dukascopy;
mod firstrate;
pub(crate) mod generic;
mod histdata;
mod interactive_brokers;
mod kibot;
mod lean;
pub(crate) mod mapped;
mod metastock;
mod metatrader5;
mod multicharts;
mod ninjatrader8;
mod polygon;
mod sierra_chart;
mod tradestation;
mod tradingview;
mod yfinance;

pub use clock::{DateOrder, TimeFormat};
pub use sample::Sample;

use crate::options::Stamp;

/// Where the time stamp is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeColumns {
    /// One cell.
    One(usize),
    /// A date and a time of day.
    DateAndClock(usize, usize),
}

/// Where the volume is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeColumns {
    /// The source has none.
    None,
    /// One cell.
    One(usize),
    /// Two cells to add, as volume on up and on down ticks.
    Sum(usize, usize),
}

/// In which zone stamps without an offset are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneRule {
    /// Every stamp carries its own offset or counts from 1970.
    InStamp,
    /// The platform always writes this zone.
    Fixed(&'static str),
    /// The file names the zone.
    Named(String),
    /// The file does not say; the text tells the user where to find it.
    Ask(&'static str),
}

/// Which column is what, and how its cells are written.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Byte between cells.
    pub separator: u8,
    /// Lines before the first row of data.
    pub skip_lines: u64,
    /// Cells a row must have at least.
    pub n_columns: usize,
    /// Whether rows may have more cells than that.
    pub more_allowed: bool,
    /// Time stamp.
    pub time: TimeColumns,
    /// How it is written.
    pub format: TimeFormat,
    /// Columns of open, high, low and close.
    pub ohlc: [usize; 4],
    /// Volume.
    pub volume: VolumeColumns,
    /// Contract, where a file can hold several.
    pub symbol: Option<usize>,
    /// What a price cell is divided by to give points.
    pub price_divisor: f64,
    /// Zone of the stamps.
    pub zone: ZoneRule,
    /// Which end of the bar is stamped.
    pub stamp: Stamp,
    /// Whether the platform always stamps that end; else the bars may tell another.
    pub stamp_known: bool,
    /// Text behind every stamp that names its zone, as in `20240116 09:30:00 US/Eastern`.
    pub stamp_suffix: Option<String>,
    /// The one contract of the file, where its name or header tells it.
    pub contract: Option<String>,
}

impl Layout {
    /// The usual case: one row a bar, every stamp with its zone and at the open of the bar, no
    /// volume, no symbols.
    fn of(s: &Sample, time: TimeColumns, format: TimeFormat, ohlc: [usize; 4]) -> Self {
        Self {
            separator: s.separator,
            skip_lines: s.skip_lines,
            n_columns: s.columns(),
            more_allowed: false,
            time,
            format,
            ohlc,
            volume: VolumeColumns::None,
            symbol: None,
            price_divisor: 1.0,
            zone: ZoneRule::InStamp,
            stamp: Stamp::Open,
            stamp_known: true,
            stamp_suffix: None,
            contract: None,
        }
    }

    /// Byte that separates decimals, as the prices of the sample prove it; else a comma only where
    /// they have commas and cells are not separated by them.
    pub fn decimal_mark(&self, sample: &Sample) -> u8 {
        let prices = || {
            let rows = sample.rows.iter();
            rows.flat_map(|r| self.ohlc.iter().filter_map(|&c| r.get(c)))
        };
        let commas = self.separator != b',' && prices().any(|c| c.contains(','));
        let proved = number::decimal_mark(prices().map(String::as_str));
        proved.unwrap_or(if commas { b',' } else { b'.' })
    }
}

/// What a dialect makes of a sample.
#[expect(
    clippy::large_enum_variant,
    reason = "a file has one; a box would cost every reader of the layout a word"
)]
#[derive(Clone, Debug, PartialEq)]
pub enum Recognition {
    /// Bars in this layout.
    Bars {
        /// How sure it is, 0 to 1.
        confidence: f64,
        /// What that rests on.
        evidence: Vec<String>,
        /// The layout.
        layout: Layout,
    },
    /// The platform's, but not intraday bars.
    NotBars {
        /// How sure it is, 0 to 1.
        confidence: f64,
        /// What the file holds instead.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
}

impl Recognition {
    /// How sure the dialect is, 0 to 1.
    pub fn confidence(&self) -> f64 {
        match self {
            Self::Bars { confidence, .. } | Self::NotBars { confidence, .. } => *confidence,
        }
    }

    /// Recognised bars; evidence is given as plain texts.
    fn bars(confidence: f64, layout: Layout, evidence: &[&str]) -> Option<Self> {
        Some(Self::Bars {
            confidence,
            evidence: evidence.iter().map(|&e| e.to_owned()).collect(),
            layout,
        })
    }
}

/// One platform's way to write bars.
pub struct Dialect {
    /// Name used in files and commands.
    pub id: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Looks at the first lines.
    pub recognise: fn(&Sample) -> Option<Recognition>,
}

/// All dialects; among equally sure ones the earlier is taken.
pub static ALL: [Dialect; 20] = [
    canonical_csv::DIALECT,
    databento::DIALECT,
    ninjatrader8::DIALECT,
    tradingview::DIALECT,
    firstrate::DIALECT,
    kibot::DIALECT,
    sierra_chart::DIALECT,
    metatrader5::DIALECT,
    tradestation::DIALECT,
    histdata::DIALECT,
    barchart::DIALECT,
    interactive_brokers::DIALECT,
    polygon::DIALECT,
    lean::DIALECT,
    multicharts::DIALECT,
    alpaca::DIALECT,
    dukascopy::DIALECT,
    metastock::DIALECT,
    yfinance::DIALECT,
    generic::DIALECT,
];

/// Identifiers of all dialects, in the order in which they are tried.
pub fn ids() -> Vec<&'static str> {
    ALL.iter().map(|d| d.id).collect()
}
