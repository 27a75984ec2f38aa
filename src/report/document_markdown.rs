//! A document as Markdown, with its charts as SVG files to lie beside it.

use super::document::{Block, Document, Table};
use super::{Look, svg};

/// The text, and the charts by file name.
pub struct Markdown {
    /// The document.
    pub text: String,
    /// File name and content of each chart.
    pub charts: Vec<(String, String)>,
}

/// Writes the document; `folder` is the path by which the text names its charts.
pub fn markdown(document: &Document, folder: &str) -> Markdown {
    let mut out = format!(
        "# {}\n\n{}\n",
        plain(&document.title),
        plain(&document.subtitle)
    );
    let mut charts: Vec<(String, String)> = Vec::new();
    let several = document.chapters.len() > 1;
    for chapter in &document.chapters {
        if several {
            out.push_str(&format!("\n## {}\n", plain(&chapter.title)));
        }
        let marks = if several { "###" } else { "##" };
        for section in &chapter.sections {
            out.push_str(&format!("\n{marks} {}\n", plain(&section.title)));
            for block in &section.blocks {
                out.push('\n');
                match block {
                    Block::Text(t) => out.push_str(&format!("{}\n", plain(t))),
                    Block::Warning(t) => out.push_str(&format!("> **Note.** {}\n", plain(t))),
                    Block::Heading(t) => out.push_str(&format!("**{}**\n", plain(t))),
                    Block::Facts(facts) => {
                        for (name, value) in facts {
                            out.push_str(&format!("- {}: {}\n", plain(name), plain(value)));
                        }
                    }
                    Block::Table(t) => table(&mut out, t),
                    Block::Chart(c) => {
                        let name = format!("chart-{:02}.svg", charts.len() + 1);
                        out.push_str(&format!("![{}]({folder}/{name})\n", plain(&c.title)));
                        charts.push((name, svg::svg(c, &Look::paper(), 1_000, 560)));
                    }
                    Block::Lines(t) => {
                        // A fence longer than any inside the lines.
                        let longest = t
                            .split(|c| c != '`')
                            .map(str::len)
                            .max()
                            .unwrap_or(0)
                            .max(2);
                        let fence = "`".repeat(longest + 1);
                        out.push_str(&format!("{fence}text\n{}\n{fence}\n", t.trim_end()));
                    }
                }
            }
        }
    }
    out.push_str(&format!(
        "\n---\n\n{}, made {}.\n",
        document.programme, document.made
    ));
    Markdown { text: out, charts }
}

/// Text without meaning for Markdown.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

fn table(out: &mut String, t: &Table) {
    let line = |cells: &mut dyn Iterator<Item = String>| {
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    out.push_str(&line(&mut t.columns.iter().map(|c| plain(&c.name))));
    out.push_str(&line(
        &mut t
            .columns
            .iter()
            .map(|c| if c.figures { "---:" } else { "---" }.to_owned()),
    ));
    for row in &t.rows {
        out.push_str(&line(&mut row.iter().map(|c| plain(c))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::{Chapter, Section};

    #[test]
    fn cells_and_fences_cannot_break_out() {
        let document = Document {
            title: "T".to_owned(),
            subtitle: "S".to_owned(),
            made: "now".to_owned(),
            programme: "Holdout".to_owned(),
            chapters: vec![Chapter {
                title: "C".to_owned(),
                sections: vec![Section {
                    title: "S".to_owned(),
                    blocks: vec![
                        Block::Table(Table::of_figures(
                            ["a", "b"],
                            1.0,
                            vec![vec!["x|y\nz".to_owned(), "1".to_owned()]],
                        )),
                        Block::Lines("```\ncode".to_owned()),
                    ],
                }],
            }],
        };
        let text = markdown(&document, "charts").text;
        assert!(text.contains("| x\\|y z | 1 |"), "{text}");
        assert!(text.contains("| --- | ---: |"), "{text}");
        assert!(text.contains("````text\n```\ncode\n````"), "{text}");
    }
}
