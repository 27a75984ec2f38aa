//! Pages of a PDF: text that breaks into lines, tables that break over pages, charts.
//!
//! A4, one column, the fonts that ship with the programme. Everything is laid out first and
//! written once the number of pages is known.

use anyhow::anyhow;
use ttf_parser::Face;

use super::chart_look::Rgb;
use super::pdf_file::{self, About};
use super::png::{INTER_REGULAR, INTER_SEMIBOLD, JETBRAINS_MONO};

/// A4 in points.
pub const WIDTH: f32 = 595.28;
/// A4 in points.
pub const HEIGHT: f32 = 841.89;
/// Left and right margin.
pub const MARGIN: f32 = 44.0;
const TOP: f32 = 56.0;
const BOTTOM: f32 = 58.0;

/// Which font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Running text.
    Regular,
    /// Headings.
    SemiBold,
    /// Hashes.
    Mono,
}

/// How a piece of text looks.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Font.
    pub weight: Weight,
    /// Size in points.
    pub size: f32,
    /// Colour.
    pub ink: Rgb,
}

/// Something on a page; places are counted from its left upper corner.
pub(super) enum Mark {
    Text {
        x: f32,
        y: f32,
        style: Style,
        text: String,
    },
    Box {
        rect: [f32; 4],
        ink: Rgb,
    },
    Svg {
        rect: [f32; 4],
        svg: String,
    },
}

/// Pages being filled from top to bottom.
pub struct Pages<'a> {
    faces: [Face<'a>; 3],
    pages: Vec<Vec<Mark>>,
    /// Where the next line goes.
    pub y: f32,
}

/// A cell with its style, and whether it is set to the right.
pub struct Cell {
    /// Its text.
    pub text: String,
    /// How it looks.
    pub style: Style,
    /// Figures stand on the right.
    pub right: bool,
}

const LINE: f32 = 1.36;
const CELL_PAD: f32 = 4.0;

impl Pages<'_> {
    /// An empty first page.
    ///
    /// # Errors
    /// When a font of the programme cannot be read.
    pub fn new() -> anyhow::Result<Self> {
        let face = |bytes: &'static [u8]| {
            Face::parse(bytes, 0).map_err(|e| anyhow!("a font cannot be read: {e}"))
        };
        Ok(Self {
            faces: [
                face(INTER_REGULAR)?,
                face(INTER_SEMIBOLD)?,
                face(JETBRAINS_MONO)?,
            ],
            pages: vec![Vec::new()],
            y: TOP,
        })
    }

    /// Width of a text in points.
    pub fn width(&self, text: &str, style: Style) -> f32 {
        let face = &self.faces[style.weight as usize];
        let units: f32 = text
            .chars()
            .map(|c| {
                let glyph = face.glyph_index(c).unwrap_or_default();
                f32::from(face.glyph_hor_advance(glyph).unwrap_or(0))
            })
            .sum();
        units * style.size / f32::from(face.units_per_em())
    }

    /// Breaks a text into lines that fit; words that do not fit are broken after a stroke, a dot
    /// or a hyphen where they have one, or else anywhere.
    pub fn lines(&self, text: &str, style: Style, room: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let joined = if line.is_empty() {
                word.to_owned()
            } else {
                format!("{line} {word}")
            };
            if self.width(&joined, style) <= room {
                line = joined;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                line.push(c);
                if self.width(&line, style) > room && line.chars().count() > 1 {
                    line.pop();
                    let joint = line.rfind(['/', '-', '_', '.']);
                    let rest = joint.map_or_else(String::new, |at| line.split_off(at + 1));
                    lines.push(std::mem::replace(&mut line, format!("{rest}{c}")));
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    fn push(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// Begins a new page unless this much room is left on this one.
    pub fn need(&mut self, height: f32) {
        if self.y + height > HEIGHT - BOTTOM && self.y > TOP {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
    }

    /// Room that is left on this page.
    pub fn left(&self) -> f32 {
        HEIGHT - BOTTOM - self.y
    }

    /// One line of text at a place on this page.
    pub fn put(&mut self, x: f32, y: f32, style: Style, text: &str) {
        self.push(Mark::Text {
            x,
            y,
            style,
            text: text.to_owned(),
        });
    }

    /// A filled rectangle: left, top, width, height.
    pub fn fill(&mut self, rect: [f32; 4], ink: Rgb) {
        self.push(Mark::Box { rect, ink });
    }

    /// A paragraph over the whole width.
    pub fn paragraph(&mut self, text: &str, style: Style) {
        let step = style.size * LINE;
        for line in self.lines(text, style, WIDTH - 2.0 * MARGIN) {
            self.need(step);
            self.put(MARGIN, self.y + style.size, style, &line);
            self.y += step;
        }
        self.y += style.size * 0.45;
    }

    /// How high a row of these cells becomes.
    pub fn row_height(&self, cells: &[Cell], widths: &[f32]) -> f32 {
        let lines = cells.iter().zip(widths).map(|(c, w)| {
            let n = self.lines(&c.text, c.style, w - 2.0 * CELL_PAD).len();
            n.max(1)
        });
        let size = cells.iter().map(|c| c.style.size).fold(0.0, f32::max);
        lines.max().unwrap_or(1) as f32 * size * LINE + 4.0
    }

    /// A row of cells with these widths; a rule under it where a colour is given.
    pub fn row(&mut self, cells: &[Cell], widths: &[f32], rule: Option<Rgb>) {
        let laid: Vec<Vec<String>> = cells
            .iter()
            .zip(widths)
            .map(|(c, w)| self.lines(&c.text, c.style, w - 2.0 * CELL_PAD))
            .collect();
        let size = cells.iter().map(|c| c.style.size).fold(0.0, f32::max);
        let step = size * LINE;
        let height = self.row_height(cells, widths);
        self.need(height);
        let top = self.y;
        let mut x = MARGIN;
        for ((cell, lines), w) in cells.iter().zip(&laid).zip(widths) {
            for (i, line) in lines.iter().enumerate() {
                let shift = if cell.right {
                    w - CELL_PAD - self.width(line, cell.style)
                } else {
                    CELL_PAD
                };
                let y = top + 2.0 + size + i as f32 * step;
                self.put(x + shift, y, cell.style, line);
            }
            x += w;
        }
        self.y += height;
        if let Some(ink) = rule {
            self.fill([MARGIN, self.y - 0.5, WIDTH - 2.0 * MARGIN, 0.5], ink);
        }
    }

    /// A picture over the whole width.
    pub fn picture(&mut self, svg: String, height: f32) {
        self.need(height);
        self.push(Mark::Svg {
            rect: [MARGIN, self.y, WIDTH - 2.0 * MARGIN, height],
            svg,
        });
        self.y += height + 6.0;
    }

    /// Number of pages so far.
    pub fn count(&self) -> usize {
        self.pages.len()
    }

    /// The file; `frame` draws header and footer of page `i` of `n`.
    ///
    /// # Errors
    /// When a font or a picture cannot be read.
    pub fn file(
        mut self,
        about: &About<'_>,
        frame: impl Fn(&mut Self, usize, usize),
    ) -> anyhow::Result<Vec<u8>> {
        let n = self.pages.len();
        let mut done = Vec::with_capacity(n);
        for (i, marks) in std::mem::take(&mut self.pages).into_iter().enumerate() {
            self.pages = vec![marks];
            frame(&mut self, i, n);
            done.append(&mut self.pages);
        }
        pdf_file::write(done, about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style {
        weight: Weight::Regular,
        size: 9.0,
        ink: Rgb(0, 0, 0),
    };

    fn pages() -> Pages<'static> {
        Pages::new().unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn lines_fit_and_lose_nothing() {
        let pages = pages();
        let text = "The floor follows unrealised profit, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa and stops.";
        for room in [40.0, 90.0, 200.0] {
            let lines = pages.lines(text, STYLE, room);
            assert!(
                lines.iter().all(|l| pages.width(l, STYLE) <= room),
                "{lines:?}"
            );
            let squeezed = |t: &str| t.replace(' ', "");
            assert_eq!(squeezed(&lines.concat()), squeezed(text));
        }
        assert!(pages.lines("", STYLE, 100.0).is_empty());
    }

    #[test]
    fn rows_move_to_a_new_page_whole() {
        let mut pages = pages();
        let cell = || Cell {
            text: "several words that need more than one line".into(),
            style: STYLE,
            right: false,
        };
        for _ in 0..60 {
            let page = pages.count();
            pages.row(&[cell()], &[80.0], None);
            assert!(pages.y <= HEIGHT - BOTTOM);
            assert!(pages.count() - page <= 1);
        }
        assert!(pages.count() > 2);
    }
}
