//! A document as one HTML file: no script, no other file, charts as vectors; prints on paper.

use std::fmt::Write as _;

use super::document::{Block, Document, Section, Table};
use super::svg::svg_with_ids;
use super::{Chart, Look};

/// Size of a chart in points.
const CHART: (u32, u32) = (1_000, 560);

const STYLE: &str = "\
:root{color-scheme:light}\
*{box-sizing:border-box}\
body{margin:0 auto;max-width:1060px;padding:32px 28px 64px;background:#fff;color:#1a2028;\
font:14.5px/1.5 Inter,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}\
header{border-bottom:3px solid #0072b2;padding-bottom:14px;margin-bottom:18px}\
h1{font-size:27px;line-height:1.2;margin:0 0 6px}\
h2{font-size:21px;margin:38px 0 8px;padding-bottom:5px;border-bottom:1px solid #d2d7de}\
h3{font-size:17px;margin:28px 0 8px}\
h4{font-size:14px;margin:18px 0 6px;color:#3a4450}\
p{margin:6px 0 10px;max-width:78ch}\
.sub,footer{color:#5a626e}\
footer{margin-top:48px;padding-top:12px;border-top:1px solid #d2d7de;font-size:12.5px}\
nav ol{columns:2;column-gap:40px;padding-left:22px;margin:8px 0 0}\
nav ol ol{columns:1}\
a{color:#005a8e}\
.wide{overflow-x:auto;margin:8px 0 16px}\
table{border-collapse:collapse;font-size:13px;min-width:60%}\
th{font-weight:600;color:#5a626e;text-align:left;vertical-align:bottom;border-bottom:1.5px solid #9aa3ae}\
th,td{padding:4px 14px 4px 0}\
td{border-bottom:1px solid #e4e8ec;vertical-align:top}\
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:3px 22px;margin:8px 0 16px}\
dt{color:#5a626e}dd{margin:0;overflow-wrap:anywhere}\
.warn{border-left:4px solid #b03a00;background:#fdf1eb;padding:8px 14px;max-width:none}\
pre{font:12px/1.45 'JetBrains Mono',ui-monospace,Menlo,Consolas,monospace;background:#f5f7f9;\
border:1px solid #e4e8ec;border-radius:4px;padding:12px 14px;white-space:pre-wrap;overflow-wrap:anywhere}\
figure{margin:10px 0 18px}\
figure svg{display:block;width:100%;height:auto;border:1px solid #e4e8ec;border-radius:4px}\
@media (max-width:700px){nav ol{columns:1}dl{grid-template-columns:1fr}dd{margin-bottom:6px}}\
@media print{@page{size:A4;margin:16mm 14mm}body{max-width:none;padding:0;font-size:10.5pt}\
nav{display:none}h2,h3,h4{break-after:avoid}figure,tr,dl,.warn{break-inside:avoid}\
.chapter+.chapter{break-before:page}table{font-size:8.5pt}pre{font-size:7.5pt}}";

/// Writes the document as one page.
pub fn html(document: &Document) -> String {
    let mut page = Page {
        out: String::with_capacity(512 * 1024),
        charts: 0,
    };
    page.document(document);
    page.out
}

struct Page {
    out: String,
    charts: usize,
}

impl Page {
    fn put(&mut self, args: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _infallible = self.out.write_fmt(args);
    }

    fn document(&mut self, d: &Document) {
        let title = escaped(&d.title);
        self.put(format_args!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"generator\" content=\"{}\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n<p class=\"sub\">{}</p>\n</header>\n",
            escaped(&d.programme),
            escaped(&d.subtitle)
        ));
        self.contents(d);
        let several = d.chapters.len() > 1;
        for (c, chapter) in d.chapters.iter().enumerate() {
            self.put(format_args!("<div class=\"chapter\" id=\"chapter-{c}\">\n"));
            if several {
                self.put(format_args!("<h2>{}</h2>\n", escaped(&chapter.title)));
            }
            for (s, section) in chapter.sections.iter().enumerate() {
                self.section(section, &format!("section-{c}-{s}"), several);
            }
            self.put(format_args!("</div>\n"));
        }
        self.put(format_args!(
            "<footer>{} · made {}</footer>\n</body>\n</html>\n",
            escaped(&d.programme),
            escaped(&d.made)
        ));
    }

    fn contents(&mut self, d: &Document) {
        self.put(format_args!("<nav aria-label=\"Contents\">\n<ol>\n"));
        let several = d.chapters.len() > 1;
        for (c, chapter) in d.chapters.iter().enumerate() {
            if several {
                self.put(format_args!(
                    "<li><a href=\"#chapter-{c}\">{}</a>\n<ol>\n",
                    escaped(&chapter.title)
                ));
            }
            for (s, section) in chapter.sections.iter().enumerate() {
                self.put(format_args!(
                    "<li><a href=\"#section-{c}-{s}\">{}</a></li>\n",
                    escaped(&section.title)
                ));
            }
            if several {
                self.put(format_args!("</ol></li>\n"));
            }
        }
        self.put(format_args!("</ol>\n</nav>\n"));
    }

    fn section(&mut self, section: &Section, id: &str, deep: bool) {
        let level = if deep { 3 } else { 2 };
        self.put(format_args!(
            "<section id=\"{id}\">\n<h{level}>{}</h{level}>\n",
            escaped(&section.title)
        ));
        for block in &section.blocks {
            self.block(block);
        }
        self.put(format_args!("</section>\n"));
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Text(t) => self.put(format_args!("<p>{}</p>\n", escaped(t))),
            Block::Warning(t) => {
                self.put(format_args!(
                    "<p class=\"warn\" role=\"note\"><strong>Note.</strong> {}</p>\n",
                    escaped(t)
                ));
            }
            Block::Heading(t) => self.put(format_args!("<h4>{}</h4>\n", escaped(t))),
            Block::Facts(facts) => {
                self.put(format_args!("<dl>\n"));
                for (name, value) in facts {
                    self.put(format_args!(
                        "<dt>{}</dt><dd>{}</dd>\n",
                        escaped(name),
                        escaped(value)
                    ));
                }
                self.put(format_args!("</dl>\n"));
            }
            Block::Table(t) => self.table(t),
            Block::Chart(c) => self.chart(c),
            Block::Lines(t) => self.put(format_args!("<pre>{}</pre>\n", escaped(t))),
        }
    }

    fn table(&mut self, t: &Table) {
        self.put(format_args!("<div class=\"wide\"><table>\n<thead><tr>"));
        let class = |figures: bool| if figures { " class=\"n\"" } else { "" };
        for c in &t.columns {
            self.put(format_args!(
                "<th scope=\"col\"{}>{}</th>",
                class(c.figures),
                escaped(&c.name)
            ));
        }
        self.put(format_args!("</tr></thead>\n<tbody>\n"));
        for row in &t.rows {
            self.put(format_args!("<tr>"));
            for (cell, c) in row.iter().zip(&t.columns) {
                self.put(format_args!(
                    "<td{}>{}</td>",
                    class(c.figures),
                    escaped(cell)
                ));
            }
            self.put(format_args!("</tr>\n"));
        }
        self.put(format_args!("</tbody>\n</table></div>\n"));
    }

    fn chart(&mut self, chart: &Chart) {
        self.charts += 1;
        // Names inside a picture are names of the whole page.
        let prefix = format!("chart{}-", self.charts);
        let drawn = svg_with_ids(chart, &Look::paper(), CHART.0, CHART.1, &prefix);
        self.put(format_args!(
            "<figure role=\"img\" aria-label=\"{}\">\n{drawn}</figure>\n",
            escaped(&format!("{}, {}", chart.title, chart.subtitle))
        ));
    }
}

/// Text as HTML; also inside quotes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // No line ends between a minus and its number.
            '\u{2212}' => out.push_str("\u{2212}\u{2060}"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::document::Chapter;
    use crate::report::{Axis, Curve, Ink, Panel, Series, Unit};

    fn chart() -> Block {
        let curve = Arc::new(Curve::new(vec![[0.0, 1.0], [1.0, 2.0]]));
        let panel = Panel::new(
            Axis::new("USD", Unit::Usd),
            vec![Series::line("a", Ink::Sky, curve)],
        );
        Block::Chart(Box::new(Chart::new(
            "Equity",
            Axis::new("Step", Unit::Count),
            vec![panel],
        )))
    }

    #[test]
    fn the_page_stands_alone_and_names_nothing_twice() {
        let document = Document {
            title: "A <b> & \"c\"".to_owned(),
            subtitle: String::new(),
            made: "2024-01-01T00:00:00Z".to_owned(),
            programme: "Holdout".to_owned(),
            chapters: vec![Chapter {
                title: "Run".to_owned(),
                sections: vec![Section {
                    title: "S".to_owned(),
                    blocks: vec![
                        chart(),
                        chart(),
                        Block::Table(Table::of_figures(
                            ["name", "figure"],
                            2.0,
                            vec![vec!["<x>".to_owned(), "1".to_owned()]],
                        )),
                    ],
                }],
            }],
        };
        let page = html(&document);
        assert!(page.contains("<h1>A &lt;b&gt; &amp; &quot;c&quot;</h1>"));
        assert!(page.contains("<td>&lt;x&gt;</td><td class=\"n\">1</td>"));
        assert_eq!(page.matches("<svg").count(), 2);
        for outside in ["<script", "<link", "<img", "@import", "src="] {
            assert!(!page.contains(outside), "{outside}");
        }
        let mut ids: Vec<&str> = page
            .split(" id=\"")
            .skip(1)
            .filter_map(|p| p.split('"').next())
            .collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "every id once: {ids:?}");
        assert!(ids.iter().any(|i| i.starts_with("chart2-")));
    }
}
