//! The user's documents, read for the Help page: the same pages as in `docs/`, built into the
//! program, so that they fit its version and need no network.
//!
//! Markdown becomes blocks that a panel draws; what the documents do not use is left out.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::context::Page;

/// A document.
#[derive(Debug, Clone, Copy)]
pub struct Document {
    /// Its file in `docs/`, by which others link to it.
    pub file: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! documents {
    ($($file:literal),* $(,)?) => {
        &[$(Document { file: $file, text: include_str!(concat!("../../docs/", $file)) }),*]
    };
}

/// All documents, in the order of the contents list.
pub const DOCUMENTS: &[Document] = documents![
    "quick-start.md",
    "window.md",
    "evaluate.md",
    "select.md",
    "simulation.md",
    "metrics.md",
    "compliance.md",
    "performance.md",
    "run-folder.md",
    "troubleshooting.md",
    "commands.md",
    "risk.md",
];

macro_rules! pictures {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_bytes!(concat!("../../docs/", $file)))),*]
    };
}

/// The documents' pictures by the path that they are linked with.
pub const PICTURES: &[(&str, &[u8])] = pictures![
    "simulation/gap.svg",
    "simulation/conflict-stop-first.svg",
    "simulation/conflict-target-first.svg",
    "simulation/ratchet.svg",
    "simulation/floor.svg",
    "window/data.png",
    "window/curriculum.png",
    "window/train.png",
    "window/results.png",
    "window/checkpoints.png",
    "window/compliance.png",
];

/// A stretch of text in one style.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    /// The text.
    pub text: String,
    /// Stressed.
    pub strong: bool,
    /// A name, a path, a command.
    pub code: bool,
    /// Where it leads to.
    pub link: Option<String>,
}

/// A part of a document that is drawn on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading: level from 1, words, the anchor that links name.
    Heading(u8, String, String),
    /// Running text.
    Paragraph(Vec<Span>),
    /// A line of a list: depth from 0, its number where it has one.
    Item(usize, Option<u64>, Vec<Span>),
    /// Commands, files, output.
    Code(String),
    /// A table with its first line as heads.
    Table(Vec<Vec<Vec<Span>>>),
    /// A picture by its path, and what it shows.
    Picture(String, String),
}

impl Block {
    /// Its words, for finding them.
    pub fn words(&self) -> String {
        let join = |spans: &[Span]| spans.iter().map(|s| s.text.as_str()).collect::<String>();
        match self {
            Self::Heading(_, text, _) | Self::Code(text) | Self::Picture(_, text) => text.clone(),
            Self::Paragraph(spans) | Self::Item(_, _, spans) => join(spans),
            Self::Table(rows) => {
                let line = |row: &Vec<Vec<Span>>| {
                    row.iter().map(|c| join(c)).collect::<Vec<_>>().join("  ")
                };
                rows.iter().map(line).collect::<Vec<_>>().join("\n")
            }
        }
    }
}

/// The chapter about a page.
pub fn chapter(page: Page) -> (&'static str, &'static str) {
    match page {
        Page::Data => ("window.md", "data"),
        Page::Curriculum => ("window.md", "curriculum"),
        Page::Train => ("window.md", "train"),
        Page::Results => ("window.md", "results"),
        Page::Regimes => ("window.md", "regimes"),
        Page::Checkpoints => ("window.md", "checkpoints"),
        Page::Markets => ("window.md", "markets"),
        Page::Compliance => ("window.md", "compliance"),
        Page::Report => ("window.md", "report"),
        Page::Help => ("quick-start.md", ""),
    }
}

/// A heading as links name it.
pub fn anchor(heading: &str) -> String {
    heading
        .chars()
        .filter_map(|c| match c {
            ' ' | '-' => Some('-'),
            c if c.is_alphanumeric() || c == '_' => c.to_lowercase().next(),
            _ => None,
        })
        .collect()
}

/// Reads a document.
pub fn read(text: &str) -> Vec<Block> {
    let mut r = Reader::default();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        r.take(event);
    }
    r.blocks
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    spans: Vec<Span>,
    style: Span,
    /// Next number of each list that is open.
    lists: Vec<Option<u64>>,
    item: Option<Option<u64>>,
    code: Option<String>,
    picture: Option<String>,
    table: Vec<Vec<Vec<Span>>>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.open(tag),
            Event::End(tag) => self.close(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(text) => {
                let code = Span {
                    text: text.into_string(),
                    code: true,
                    ..self.style.clone()
                };
                self.spans.push(code);
            }
            Event::SoftBreak | Event::HardBreak => self.text(" "),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(code) = &mut self.code {
            code.push_str(text);
            return;
        }
        let same = |s: &Span| !s.code && s.strong == self.style.strong && s.link == self.style.link;
        match self.spans.last_mut() {
            Some(last) if same(last) => last.text.push_str(text),
            _ => self.spans.push(Span {
                text: text.to_owned(),
                ..self.style.clone()
            }),
        }
    }

    fn open(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::List(first) => {
                self.flush();
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush();
                let number = self.lists.last_mut().and_then(|n| {
                    let now = *n;
                    *n = n.map(|n| n + 1);
                    now
                });
                self.item = Some(number);
            }
            Tag::Strong | Tag::Emphasis => self.style.strong = true,
            Tag::Link { dest_url, .. } => self.style.link = Some(dest_url.into_string()),
            Tag::Image { dest_url, .. } => {
                self.flush();
                self.picture = Some(dest_url.into_string());
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => {
                self.flush();
                self.code = Some(String::new());
            }
            Tag::Heading { .. } | Tag::Paragraph => {}
            Tag::TableHead | Tag::TableRow => self.table.push(Vec::new()),
            _ => {}
        }
    }

    fn close(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => {
                let words: String = self.spans.drain(..).map(|s| s.text).collect();
                let anchor = anchor(&words);
                let level = match level {
                    HeadingLevel::H1 => 1,
                    HeadingLevel::H2 => 2,
                    _ => 3,
                };
                self.blocks.push(Block::Heading(level, words, anchor));
            }
            TagEnd::Paragraph => self.flush(),
            TagEnd::Item => {
                self.flush();
                self.item = None;
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Strong | TagEnd::Emphasis => self.style.strong = false,
            TagEnd::Link => self.style.link = None,
            TagEnd::Image => {
                if let Some(path) = self.picture.take() {
                    let words = self.spans.drain(..).map(|s| s.text).collect();
                    self.blocks.push(Block::Picture(path, words));
                }
            }
            TagEnd::CodeBlock => {
                if let Some(code) = self.code.take() {
                    self.blocks.push(Block::Code(code.trim_end().to_owned()));
                }
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.spans);
                if let Some(row) = self.table.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::Table => self
                .blocks
                .push(Block::Table(std::mem::take(&mut self.table))),
            _ => {}
        }
    }

    fn flush(&mut self) {
        let spans = std::mem::take(&mut self.spans);
        if spans.iter().all(|s| s.text.trim().is_empty()) {
            return;
        }
        self.blocks.push(match self.item {
            Some(number) => {
                // Later paragraphs of the same item go on without a mark.
                Block::Item(self.lists.len().saturating_sub(1), number, spans)
            }
            None => Block::Paragraph(spans),
        });
    }
}

/// A place where words were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Index of the document.
    pub document: usize,
    /// Index of the block.
    pub block: usize,
    /// Words around it.
    pub excerpt: String,
}

/// Where all words of a query are found, at most `most` places; headings come before text.
pub fn find(documents: &[Vec<Block>], query: &str, most: usize) -> Vec<Found> {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    if words.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(u8, Found)> = Vec::new();
    for (document, blocks) in documents.iter().enumerate() {
        for (block, b) in blocks.iter().enumerate() {
            // A line of a table or of code says more than all of it.
            for line in b.words().lines() {
                let low = line.to_lowercase();
                if words.iter().all(|w| low.contains(w.as_str())) {
                    let rank = if matches!(b, Block::Heading(..)) {
                        0
                    } else {
                        1
                    };
                    let excerpt = excerpt(line.trim(), &words[0]);
                    found.push((
                        rank,
                        Found {
                            document,
                            block,
                            excerpt,
                        },
                    ));
                    break;
                }
            }
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, f)| f).take(most).collect()
}

/// Some sixty letters of a line around a word.
fn excerpt(line: &str, word: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let at = line
        .to_lowercase()
        .find(word)
        .map_or(0, |b| line.to_lowercase()[..b].chars().count());
    let from = at.saturating_sub(20);
    let to = (from + 70).min(chars.len());
    let mut text: String = chars[from.min(to)..to].iter().collect();
    if from > 0 {
        text.insert(0, '…');
    }
    if to < chars.len() {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Vec<Block>> {
        DOCUMENTS.iter().map(|d| read(d.text)).collect()
    }

    #[test]
    fn every_link_and_picture_of_the_documents_leads_somewhere() {
        let read = all();
        let spans = |b: &Block| match b {
            Block::Paragraph(s) | Block::Item(_, _, s) => s.clone(),
            Block::Table(rows) => rows.iter().flatten().flatten().cloned().collect(),
            _ => Vec::new(),
        };
        for (d, blocks) in DOCUMENTS.iter().zip(&read) {
            for b in blocks {
                if let Block::Picture(path, words) = b {
                    assert!(
                        PICTURES.iter().any(|(p, _)| p == path),
                        "{}: {path}",
                        d.file
                    );
                    assert!(!words.is_empty(), "{}: {path} has no words", d.file);
                }
                for link in spans(b).into_iter().filter_map(|s| s.link) {
                    if link.starts_with("http") || link.starts_with("../") {
                        continue;
                    }
                    let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
                    let file = if file.is_empty() { d.file } else { file };
                    let Some(at) = DOCUMENTS.iter().position(|d| d.file == file) else {
                        panic!("{}: {link} leads nowhere", d.file);
                    };
                    let there = |b: &Block| matches!(b, Block::Heading(_, _, a) if a == anchor);
                    assert!(
                        anchor.is_empty() || read[at].iter().any(there),
                        "{}: no heading {link}",
                        d.file
                    );
                }
            }
        }
    }

    #[test]
    fn every_page_has_its_chapter() {
        let read = all();
        for page in Page::ALL {
            let (file, anchor) = chapter(page);
            let at = DOCUMENTS.iter().position(|d| d.file == file).unwrap();
            let there = |b: &Block| matches!(b, Block::Heading(_, _, a) if a == anchor);
            assert!(anchor.is_empty() || read[at].iter().any(there), "{page:?}");
        }
    }

    #[test]
    fn markdown_becomes_blocks() {
        let blocks = read(
            "# One *way*\n\nText with `code` and [a link](x.md#y).\n\n1. first\n2. second\n\n| a | b |\n| - | - |\n| 1 | `2` |\n\n```sh\nls\n```\n",
        );
        assert_eq!(
            blocks[0],
            Block::Heading(1, "One way".to_owned(), "one-way".to_owned())
        );
        let Block::Paragraph(spans) = &blocks[1] else {
            panic!("{:?}", blocks[1]);
        };
        assert!(spans[1].code && spans[1].text == "code");
        assert_eq!(spans[3].link.as_deref(), Some("x.md#y"));
        assert!(matches!(&blocks[3], Block::Item(0, Some(2), s) if s[0].text == "second"));
        assert!(matches!(&blocks[4], Block::Table(rows) if rows.len() == 2 && rows[1].len() == 2));
        assert_eq!(blocks[5], Block::Code("ls".to_owned()));
    }

    #[test]
    fn words_are_found_headings_first() {
        let docs = vec![read("Text about floors.\n\n## Floors\n\nMore.")];
        let found = find(&docs, "FLOOR", 9);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].block, found[0].excerpt.as_str()), (1, "Floors"));
        assert!(find(&docs, "floor nothing", 9).is_empty());
        assert!(find(&docs, " ", 9).is_empty());
    }
}
