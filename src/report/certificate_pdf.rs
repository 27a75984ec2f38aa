//! A certificate or compliance report as PDF, with its JSON attached.

use holdout_core::compliance::moments::worst_moments;
use holdout_core::compliance::{LedgerView, RuleSet};
use holdout_core::market::SessionCalendar;
use holdout_store::certificate::{CertificateFile, DocumentKind};

use super::certificate_text::{Block, Section, Table};
use super::chart_look::{Look, Rgb};
use super::compliance_chart::replay_chart;
use super::pdf_file::About;
use super::pdf_page::{Cell, HEIGHT, MARGIN, Pages, Style, WIDTH, Weight};
use super::svg;

const TEXT: Rgb = Rgb(26, 32, 40);
const DIM: Rgb = Rgb(90, 98, 110);
const LINE: Rgb = Rgb(210, 215, 222);
const GOOD: Rgb = Rgb(0, 110, 80);
const BAD: Rgb = Rgb(176, 58, 0);
const AMBER: Rgb = Rgb(150, 88, 0);
const WHITE: Rgb = Rgb(255, 255, 255);
/// Height of the replay chart; what is left of a page will do where it is not much less.
const CHART: f32 = 330.0;
const SMALLEST_CHART: f32 = 205.0;
/// Room that a heading takes.
const HEADING: f32 = 29.0;

const BODY: Style = Style {
    weight: Weight::Regular,
    size: 9.0,
    ink: TEXT,
};
const SMALL: Style = Style {
    weight: Weight::Regular,
    size: 7.6,
    ink: TEXT,
};
const HEAD: Style = Style {
    weight: Weight::SemiBold,
    size: 7.6,
    ink: DIM,
};
const TITLE: Style = Style {
    weight: Weight::SemiBold,
    size: 12.0,
    ink: TEXT,
};
const FOOT: Style = Style {
    weight: Weight::Regular,
    size: 7.2,
    ink: DIM,
};
const MONO: Style = Style {
    weight: Weight::Mono,
    size: 6.4,
    ink: TEXT,
};

/// Draws the document. The same file and ledger give the same bytes.
///
/// # Errors
/// When the chart cannot be drawn or the PDF does not keep to its standard.
pub fn pdf(
    file: &CertificateFile,
    json: &str,
    sections: &[Section],
    rules: &RuleSet,
    ledger: &LedgerView<'_>,
) -> anyhow::Result<Vec<u8>> {
    let mut pages = Pages::new()?;
    banner(&mut pages, file, rules);
    for s in sections {
        section(&mut pages, s, file, rules, ledger);
    }
    let name = match file.kind {
        DocumentKind::Certificate => "certificate.json",
        DocumentKind::ComplianceReport => "compliance-report.json",
    };
    let producer = format!("Holdout {}", file.programme_version);
    let about = About {
        title: &file.title,
        producer: &producer,
        id: &file.content_sha256,
        attachment: (name, json.as_bytes()),
    };
    let short = file.title.clone();
    let hash = file.content_sha256.clone();
    pages.file(&about, |p, i, n| {
        if i > 0 {
            p.put(MARGIN, 34.0, FOOT, &short);
            p.fill([MARGIN, 40.0, WIDTH - 2.0 * MARGIN, 0.5], LINE);
        }
        let y = HEIGHT - 30.0;
        p.fill([MARGIN, y - 14.0, WIDTH - 2.0 * MARGIN, 0.5], LINE);
        p.put(MARGIN, y, FOOT, &format!("Holdout · {hash}"));
        let number = format!("Page {} of {n}", i + 1);
        let x = WIDTH - MARGIN - p.width(&number, FOOT);
        p.put(x, y, FOOT, &number);
    })
}

fn banner(pages: &mut Pages<'_>, file: &CertificateFile, rules: &RuleSet) {
    let ink = match (file.kind, file.report["verdict"].as_str()) {
        (DocumentKind::Certificate, Some("pass")) => GOOD,
        (_, Some("fail")) => BAD,
        _ => AMBER,
    };
    let height = 62.0;
    let top = pages.y - 16.0;
    pages.fill([MARGIN, top, WIDTH - 2.0 * MARGIN, height], ink);
    let title = Style {
        weight: Weight::SemiBold,
        size: 17.0,
        ink: WHITE,
    };
    let fits = |p: &Pages<'_>, mut s: Style| {
        while p.width(&file.title, s) > WIDTH - 2.0 * MARGIN - 28.0 {
            s.size -= 0.5;
        }
        s
    };
    let title = fits(pages, title);
    let under = Style { ink: WHITE, ..BODY };
    pages.put(MARGIN + 14.0, top + 28.0, title, &file.title);
    let line = format!(
        "{} · {} · {} stage",
        rules.firm,
        rules.programme,
        rules.stage.name()
    );
    pages.put(MARGIN + 14.0, top + 47.0, under, &line);
    pages.y = top + height + 12.0;
}

fn section(
    pages: &mut Pages<'_>,
    section: &Section,
    file: &CertificateFile,
    rules: &RuleSet,
    ledger: &LedgerView<'_>,
) {
    // A heading stays with what it heads.
    let first = match section.blocks.first() {
        Some(Block::Chart) => SMALLEST_CHART,
        Some(Block::Table(_)) => 60.0,
        _ => 40.0,
    };
    pages.need(HEADING + first);
    pages.y += 8.0;
    pages.put(MARGIN, pages.y + TITLE.size, TITLE, &section.title);
    pages.y += HEADING - 8.0;
    for block in &section.blocks {
        match block {
            Block::Text(t) => pages.paragraph(t, BODY),
            Block::Facts(facts) => {
                let widths = [118.0, WIDTH - 2.0 * MARGIN - 118.0];
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
            Block::Chart => {
                let calendar = SessionCalendar::builtin();
                let worst = worst_moments(rules, ledger, &calendar, 1);
                let about = subtitle(file);
                let chart = replay_chart(rules, ledger, &about, worst.first());
                let scale = 1.55;
                let height = pages.left().min(CHART);
                let (w, h) = ((WIDTH - 2.0 * MARGIN) * scale, height * scale);
                let drawn = svg::svg(&chart, &Look::paper(), w as u32, h as u32);
                pages.picture(drawn, height);
            }
        }
    }
}

fn subtitle(file: &CertificateFile) -> String {
    let s = &file.subject;
    let parts = [
        s.market.clone(),
        s.run.clone(),
        s.part.clone(),
        s.days.map(|[a, b]| format!("{a} to {b}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn table(pages: &mut Pages<'_>, table: &Table) {
    let total: f64 = table.columns.iter().map(|c| c.1).sum();
    let room = f64::from(WIDTH - 2.0 * MARGIN);
    let widths: Vec<f32> = table
        .columns
        .iter()
        .map(|c| (c.1 / total * room) as f32)
        .collect();
    let head: Vec<Cell> = table
        .columns
        .iter()
        .map(|(name, _, right)| Cell {
            text: (*name).to_owned(),
            style: HEAD,
            right: *right,
        })
        .collect();
    pages.row(&head, &widths, Some(DIM));
    for row in &table.rows {
        let cells: Vec<Cell> = row
            .iter()
            .zip(&table.columns)
            .map(|(text, (name, _, right))| Cell {
                text: text.clone(),
                style: style_of(name, text),
                right: *right,
            })
            .collect();
        let before = pages.count();
        pages.need(pages.row_height(&cells, &widths));
        if pages.count() > before {
            // A table that goes over to a new page says its columns again.
            pages.row(&head, &widths, Some(DIM));
        }
        pages.row(&cells, &widths, Some(LINE));
    }
    pages.y += 6.0;
}

fn style_of(column: &str, text: &str) -> Style {
    let status = |ink| Style {
        weight: Weight::SemiBold,
        ink,
        ..SMALL
    };
    match (column, text) {
        ("Status", "PASS") => status(GOOD),
        ("Status", "FAIL") => status(BAD),
        ("Status", "NOT APPLICABLE") => Style { ink: DIM, ..SMALL },
        ("Status", _) => status(AMBER),
        ("SHA-256", _) => MONO,
        _ => SMALL,
    }
}
