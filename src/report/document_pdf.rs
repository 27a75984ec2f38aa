//! A document as PDF: a banner, chapters, tables that break over pages, charts; its figures
//! as JSON attached.

use super::chart_look::{Look, Rgb};
use super::document::{Block, Chapter, Document, Section, Table};
use super::pdf_file::About;
use super::pdf_page::{Cell, HEIGHT, MARGIN, Pages, Style, WIDTH, Weight};
use super::svg;

const TEXT: Rgb = Rgb(26, 32, 40);
const DIM: Rgb = Rgb(90, 98, 110);
const LINE: Rgb = Rgb(210, 215, 222);
const ACCENT: Rgb = Rgb(0, 90, 142);
const ALARM: Rgb = Rgb(176, 58, 0);
const WHITE: Rgb = Rgb(255, 255, 255);
/// Height of a chart.
const CHART: f32 = 284.0;
/// Points of a chart's own drawing in one point of paper.
const CHART_SCALE: f32 = 1.75;
const ROOM: f32 = WIDTH - 2.0 * MARGIN;

const BODY: Style = Style {
    weight: Weight::Regular,
    size: 9.0,
    ink: TEXT,
};
const SMALL: Style = Style {
    weight: Weight::Regular,
    size: 7.8,
    ink: TEXT,
};
const HEAD: Style = Style {
    weight: Weight::SemiBold,
    size: 7.8,
    ink: DIM,
};
const TITLE: Style = Style {
    weight: Weight::SemiBold,
    size: 12.5,
    ink: TEXT,
};
const CHAPTER: Style = Style {
    weight: Weight::SemiBold,
    size: 16.0,
    ink: ACCENT,
};
const HEADING: Style = Style {
    weight: Weight::SemiBold,
    size: 9.4,
    ink: TEXT,
};
const FOOT: Style = Style {
    weight: Weight::Regular,
    size: 7.2,
    ink: DIM,
};
const LINES: Style = Style {
    weight: Weight::Mono,
    size: 7.0,
    ink: TEXT,
};

/// Draws the document; `go_on` is asked before every section.
///
/// # Errors
/// When a chart cannot be drawn, or `go_on` says no.
pub fn pdf(
    document: &Document,
    json: &str,
    go_on: &mut dyn FnMut() -> bool,
) -> anyhow::Result<Vec<u8>> {
    let mut pages = Pages::new()?;
    banner(&mut pages, document);
    let several = document.chapters.len() > 1;
    for (i, c) in document.chapters.iter().enumerate() {
        chapter(&mut pages, c, several, i > 0, go_on)?;
    }
    let id: String = document.made.chars().filter(char::is_ascii_digit).collect();
    let about = About {
        title: &document.title,
        producer: &document.programme,
        id: &id,
        attachment: ("report.json", json.as_bytes()),
    };
    let (title, foot) = (
        document.title.clone(),
        format!("{} · made {}", document.programme, document.made),
    );
    pages.file(&about, |p, i, n| {
        if i > 0 {
            p.put(MARGIN, 34.0, FOOT, &fitting(p, &title, FOOT, ROOM));
            p.fill([MARGIN, 40.0, ROOM, 0.5], LINE);
        }
        let y = HEIGHT - 30.0;
        p.fill([MARGIN, y - 14.0, ROOM, 0.5], LINE);
        p.put(MARGIN, y, FOOT, &foot);
        let number = format!("Page {} of {n}", i + 1);
        let x = WIDTH - MARGIN - p.width(&number, FOOT);
        p.put(x, y, FOOT, &number);
    })
}

/// The beginning of a text that fits, with an ellipsis where something is left out.
fn fitting(pages: &Pages<'_>, text: &str, style: Style, room: f32) -> String {
    if pages.width(text, style) <= room {
        return text.to_owned();
    }
    let mut short = text.to_owned();
    while short.pop().is_some() {
        let with = format!("{}…", short.trim_end());
        if pages.width(&with, style) <= room {
            return with;
        }
    }
    String::new()
}

fn banner(pages: &mut Pages<'_>, d: &Document) {
    let title = Style {
        weight: Weight::SemiBold,
        size: 18.0,
        ink: WHITE,
    };
    let under = Style { ink: WHITE, ..BODY };
    let room = ROOM - 28.0;
    let lines = pages.lines(&d.title, title, room);
    let about = pages.lines(&d.subtitle, under, room);
    let top = pages.y - 16.0;
    let height = 20.0 + lines.len() as f32 * 23.0 + about.len() as f32 * 13.0;
    pages.fill([MARGIN, top, ROOM, height], ACCENT);
    let mut y = top + 26.0;
    for line in &lines {
        pages.put(MARGIN + 14.0, y, title, line);
        y += 23.0;
    }
    y -= 6.0;
    for line in &about {
        pages.put(MARGIN + 14.0, y, under, line);
        y += 13.0;
    }
    pages.y = top + height + 10.0;
}

fn chapter(
    pages: &mut Pages<'_>,
    chapter: &Chapter,
    several: bool,
    fresh_page: bool,
    go_on: &mut dyn FnMut() -> bool,
) -> anyhow::Result<()> {
    if fresh_page {
        pages.need(HEIGHT);
    }
    if several {
        for line in pages.lines(&chapter.title, CHAPTER, ROOM) {
            pages.put(MARGIN, pages.y + CHAPTER.size, CHAPTER, &line);
            pages.y += CHAPTER.size * 1.3;
        }
        pages.fill([MARGIN, pages.y + 2.0, ROOM, 1.2], ACCENT);
        pages.y += 8.0;
    }
    for s in &chapter.sections {
        anyhow::ensure!(go_on(), "stopped before the document was whole");
        section(pages, s);
    }
    Ok(())
}

fn section(pages: &mut Pages<'_>, section: &Section) {
    // A heading stays with what it heads.
    let first = match section.blocks.first() {
        Some(Block::Chart(_)) => CHART,
        Some(Block::Table(_)) => 60.0,
        _ => 40.0,
    };
    pages.need(26.0 + first);
    pages.y += 8.0;
    pages.put(MARGIN, pages.y + TITLE.size, TITLE, &section.title);
    pages.y += 22.0;
    let mut blocks = section.blocks.iter().peekable();
    while let Some(block) = blocks.next() {
        match block {
            Block::Text(t) => pages.paragraph(t, BODY),
            Block::Warning(t) => warning(pages, t),
            Block::Heading(t) => {
                let next = match blocks.peek() {
                    Some(Block::Chart(_)) => CHART,
                    _ => 48.0,
                };
                pages.need(20.0 + next);
                pages.y += 4.0;
                pages.put(MARGIN, pages.y + HEADING.size, HEADING, t);
                pages.y += 15.0;
            }
            Block::Facts(facts) => {
                let widths = [118.0, ROOM - 118.0];
                for (name, value) in facts {
                    let cell = |text: &str, style| Cell {
                        text: text.to_owned(),
                        style,
                        right: false,
                    };
                    let name_style = Style { ink: DIM, ..BODY };
                    pages.row(&[cell(name, name_style), cell(value, BODY)], &widths, None);
                }
                pages.y += 4.0;
            }
            Block::Table(t) => table(pages, t),
            Block::Chart(c) => {
                let (w, h) = (ROOM * CHART_SCALE, CHART * CHART_SCALE);
                let drawn = svg::svg(c, &Look::paper(), w as u32, h as u32);
                pages.picture(drawn, CHART);
            }
            Block::Lines(t) => lines(pages, t),
        }
    }
}

fn warning(pages: &mut Pages<'_>, text: &str) {
    let style = Style { ink: ALARM, ..BODY };
    let wrapped = pages.lines(text, style, ROOM - 14.0);
    let step = style.size * 1.36;
    let height = wrapped.len() as f32 * step;
    pages.need(height);
    pages.fill([MARGIN, pages.y, 2.5, height], ALARM);
    for line in wrapped {
        pages.put(MARGIN + 10.0, pages.y + style.size, style, &line);
        pages.y += step;
    }
    pages.y += 5.0;
}

/// Lines as they are; one that is too long goes on under itself.
fn lines(pages: &mut Pages<'_>, text: &str) {
    let per_line = (ROOM / pages.width("0", LINES)) as usize;
    let step = LINES.size * 1.36;
    for line in text.lines() {
        let letters: Vec<char> = line.chars().collect();
        let parts: Vec<String> = letters
            .chunks(per_line.max(1))
            .map(|c| c.iter().collect())
            .collect();
        for part in parts.iter().map(String::as_str).chain(
            // An empty line takes its room too.
            parts.is_empty().then_some(""),
        ) {
            pages.need(step);
            pages.put(MARGIN, pages.y + LINES.size, LINES, part);
            pages.y += step;
        }
    }
    pages.y += 6.0;
}

fn table(pages: &mut Pages<'_>, table: &Table) {
    let total: f64 = table.columns.iter().map(|c| c.weight).sum();
    let widths: Vec<f32> = table
        .columns
        .iter()
        .map(|c| (c.weight / total * f64::from(ROOM)) as f32)
        .collect();
    let cells = |texts: &mut dyn Iterator<Item = &String>, style: Style| -> Vec<Cell> {
        texts
            .zip(&table.columns)
            .map(|(text, c)| Cell {
                text: text.clone(),
                style,
                right: c.figures,
            })
            .collect()
    };
    let head = cells(&mut table.columns.iter().map(|c| &c.name), HEAD);
    pages.need(pages.row_height(&head, &widths) * 2.0);
    pages.row(&head, &widths, Some(DIM));
    for row in &table.rows {
        let row = cells(&mut row.iter(), SMALL);
        let before = pages.count();
        pages.need(pages.row_height(&row, &widths));
        if pages.count() > before {
            // A table that goes over to a new page says its columns again.
            pages.row(&head, &widths, Some(DIM));
        }
        pages.row(&row, &widths, Some(LINE));
    }
    pages.y += 8.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(rows: usize) -> Document {
        let cells = |i: usize| vec![format!("row {i}"), format!("{i}")];
        let table = Table::of_figures(["name", "figure"], 2.0, (0..rows).map(cells).collect());
        Document {
            title: "A report whose title is so long that it needs more than one line of the banner it stands in".to_owned(),
            subtitle: "NQ".to_owned(),
            made: "2024-01-01T00:00:00Z".to_owned(),
            programme: "Holdout 0".to_owned(),
            chapters: vec![Chapter {
                title: "One".to_owned(),
                sections: vec![Section {
                    title: "Table".to_owned(),
                    blocks: vec![
                        Block::Warning("Look here.".to_owned()),
                        Block::Table(table),
                        Block::Lines("a = 1\n\n  b = 2".to_owned()),
                    ],
                }],
            }],
        }
    }

    fn pages_of(bytes: &[u8]) -> usize {
        let text = String::from_utf8_lossy(bytes);
        text.matches("/Type /Page\n").count() + text.matches("/Type/Page/").count()
    }

    #[test]
    fn the_same_document_gives_the_same_bytes_and_long_tables_more_pages() {
        let make =
            |rows| pdf(&document(rows), "{}", &mut || true).unwrap_or_else(|e| panic!("{e}"));
        let short = make(3);
        assert!(short.starts_with(b"%PDF-"));
        assert_eq!(short, make(3));
        assert!(pages_of(&make(300)) > pages_of(&short));
    }

    #[test]
    fn it_stops_when_asked() {
        let why = pdf(&document(1), "{}", &mut || false).unwrap_err();
        assert!(why.to_string().contains("stopped"), "{why}");
    }
}
