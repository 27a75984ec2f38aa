//! A document for people: chapters of sections of paragraphs, facts, tables and charts.
//!
//! It is described once and drawn by the window, or written as PDF, HTML or Markdown. Which
//! sections it has, in which order and under which titles, is its user's choice: a [`Plan`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Chart;

/// A section that a report can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SectionId {
    /// What was judged, on what, and how it came out.
    Summary,
    /// The account over time.
    Equity,
    /// Headline figures with their intervals.
    Figures,
    /// Training, validation and test side by side.
    Parts,
    /// Whether it is real: tests, disturbed histories, criteria.
    Proof,
    /// Trades by side, reason and hour; the best and the worst.
    Trades,
    /// What the policy does, beside benchmarks.
    Actions,
    /// Where the money was made and lost.
    Regimes,
    /// The rule set's verdict, and the account against its floor.
    Compliance,
    /// How training went.
    Training,
    /// The configuration as asked, and the data.
    Settings,
    /// What such figures are worth.
    Disclosure,
}

impl SectionId {
    /// All sections in the order that a report has unless asked otherwise.
    pub const ALL: [Self; 12] = [
        Self::Summary,
        Self::Equity,
        Self::Figures,
        Self::Parts,
        Self::Proof,
        Self::Trades,
        Self::Actions,
        Self::Regimes,
        Self::Compliance,
        Self::Training,
        Self::Settings,
        Self::Disclosure,
    ];

    /// The name used in commands and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Summary => "summary",
            Self::Equity => "equity",
            Self::Figures => "figures",
            Self::Parts => "parts",
            Self::Proof => "proof",
            Self::Trades => "trades",
            Self::Actions => "actions",
            Self::Regimes => "regimes",
            Self::Compliance => "compliance",
            Self::Training => "training",
            Self::Settings => "settings",
            Self::Disclosure => "disclosure",
        }
    }

    /// Its title unless the user gives another.
    pub fn title(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Equity => "The account",
            Self::Figures => "Figures",
            Self::Parts => "Parts side by side",
            Self::Proof => "Is it real?",
            Self::Trades => "Trades",
            Self::Actions => "Actions and benchmarks",
            Self::Regimes => "Market regimes",
            Self::Compliance => "Compliance",
            Self::Training => "Training",
            Self::Settings => "Settings and data",
            Self::Disclosure => "Risk disclosure",
        }
    }
}

impl fmt::Display for SectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A section as its user wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Which.
    pub id: SectionId,
    /// Its title; its own when empty.
    #[serde(default)]
    pub title: String,
    /// Whether it is in the document.
    pub on: bool,
}

impl Wanted {
    /// The title that the document shows.
    pub fn shown(&self) -> &str {
        if self.title.trim().is_empty() {
            self.id.title()
        } else {
            self.title.trim()
        }
    }
}

impl FromStr for Wanted {
    type Err = String;

    /// Reads `ID` or `ID=TITLE`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, title) = text.split_once('=').unwrap_or((text, ""));
        let known = || {
            let names: Vec<&str> = SectionId::ALL.iter().map(|s| s.name()).collect();
            names.join(", ")
        };
        let id = SectionId::ALL
            .into_iter()
            .find(|s| s.name() == name.trim())
            .ok_or_else(|| format!("\"{name}\" is no section; expected {}", known()))?;
        Ok(Self {
            id,
            title: title.trim().to_owned(),
            on: true,
        })
    }
}

/// What a report is made of: its title, and its sections in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// Title; one made of the runs' names when empty.
    pub title: String,
    /// Every section once, in order.
    pub sections: Vec<Wanted>,
}

impl Default for Plan {
    fn default() -> Self {
        let all = SectionId::ALL.map(|id| Wanted {
            id,
            title: String::new(),
            on: true,
        });
        Self {
            title: String::new(),
            sections: all.to_vec(),
        }
    }
}

impl Plan {
    /// Exactly these sections; all in their usual order when none is named. A section that is
    /// named twice stands where it was named first.
    pub fn of(title: String, wanted: Vec<Wanted>) -> Self {
        if wanted.is_empty() {
            return Self {
                title,
                ..Self::default()
            };
        }
        let mut plan = Self {
            title,
            sections: wanted,
        };
        plan.complete();
        plan
    }

    /// Makes every section occur once: repeated ones are dropped, missing ones put at the end,
    /// left out. A plan that an older version kept is read so.
    pub fn complete(&mut self) {
        let mut seen = Vec::new();
        self.sections.retain(|w| {
            let fresh = !seen.contains(&w.id);
            seen.push(w.id);
            fresh
        });
        for id in SectionId::ALL {
            if !seen.contains(&id) {
                self.sections.push(Wanted {
                    id,
                    title: String::new(),
                    on: false,
                });
            }
        }
    }

    /// The sections that are in the document, in order.
    pub fn chosen(&self) -> impl Iterator<Item = &Wanted> {
        self.sections.iter().filter(|w| w.on)
    }
}

/// A whole document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// What it is about, in a line.
    pub subtitle: String,
    /// When it was made, RFC 3339.
    pub made: String,
    /// Programme and version.
    pub programme: String,
    /// A chapter a run, and one for their comparison.
    pub chapters: Vec<Chapter>,
}

/// A part of a document; a document of one run has one chapter.
#[derive(Clone, Debug, PartialEq)]
pub struct Chapter {
    /// Its title.
    pub title: String,
    /// What is in it.
    pub sections: Vec<Section>,
}

/// A part of a chapter.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its title.
    pub title: String,
    /// What is in it.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A paragraph that must not be overlooked.
    Warning(String),
    /// A heading within a section.
    Heading(String),
    /// Names and values.
    Facts(Vec<(String, String)>),
    /// A table.
    Table(Table),
    /// A chart.
    Chart(Box<Chart>),
    /// Lines of a file, as they are.
    Lines(String),
}

/// A table of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// From left to right.
    pub columns: Vec<Column>,
    /// A cell a column.
    pub rows: Vec<Vec<String>>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its head.
    pub name: String,
    /// Width relative to the others.
    pub weight: f64,
    /// Figures stand on the right.
    pub figures: bool,
}

impl Table {
    /// A table whose first column is text and whose others are figures; `first` is the width of
    /// the first one relative to the others.
    pub fn of_figures<S: Into<String>>(
        heads: impl IntoIterator<Item = S>,
        first: f64,
        rows: Vec<Vec<String>>,
    ) -> Self {
        let columns = heads.into_iter().enumerate().map(|(i, name)| Column {
            name: name.into(),
            weight: if i == 0 { first } else { 1.0 },
            figures: i > 0,
        });
        Self {
            columns: columns.collect(),
            rows,
        }
    }
}

/// A file format of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum DocumentFormat {
    /// A page that stands alone: charts are in it.
    Html,
    /// For print, with the JSON attached.
    Pdf,
    /// Text; charts are SVG files beside it.
    Md,
    /// Every figure as a number, for programs.
    Json,
}

impl DocumentFormat {
    /// All formats.
    pub const ALL: [Self; 4] = [Self::Pdf, Self::Html, Self::Md, Self::Json];

    /// Extension of the file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Md => "md",
            Self::Json => "json",
        }
    }

    /// What it is, in words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Html => "Page that stands alone (HTML)",
            Self::Pdf => "Document for print (PDF)",
            Self::Md => "Text with charts beside it (Markdown)",
            Self::Json => "Figures for programs (JSON)",
        }
    }

    /// The format that a file name ends with.
    pub fn of_extension(extension: &str) -> Option<Self> {
        let wanted = extension.to_ascii_lowercase();
        let same = |f: &Self| {
            f.extension() == wanted
                || matches!(
                    (f, wanted.as_str()),
                    (Self::Html, "htm") | (Self::Md, "markdown")
                )
        };
        Self::ALL.into_iter().find(|f| same(f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_has_the_named_sections_in_their_order_and_titles() {
        let read = |t: &str| t.parse::<Wanted>().unwrap_or_else(|e| panic!("{e}"));
        let plan = Plan::of(
            "Mine".to_owned(),
            vec![read("trades"), read("equity=My account"), read("trades")],
        );
        let shown: Vec<(&str, &str)> = plan.chosen().map(|w| (w.id.name(), w.shown())).collect();
        assert_eq!(shown, [("trades", "Trades"), ("equity", "My account")]);
        assert_eq!(plan.sections.len(), SectionId::ALL.len(), "each once");
        let all = Plan::of(String::new(), vec![]);
        assert_eq!(all.chosen().count(), SectionId::ALL.len());
        assert!("equty".parse::<Wanted>().unwrap_err().contains("equity"));
    }

    #[test]
    fn formats_are_known_by_their_ending() {
        assert_eq!(
            DocumentFormat::of_extension("HTM"),
            Some(DocumentFormat::Html)
        );
        assert_eq!(DocumentFormat::of_extension("docx"), None);
    }
}
