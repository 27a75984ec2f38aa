//! The Help page: contents and search at the left, a document at the right.

use std::collections::HashMap;

use egui::{
    Align, CentralPanel, ColorImage, Frame, Id, Label, Layout, Margin, Panel, Rect, RichText,
    ScrollArea, Sense, TextEdit, TextureHandle, TextureOptions, Ui, pos2, vec2,
};

use super::data::pad;
use crate::app::context::PanelCtx;
use crate::app::help::{self, Block, DOCUMENTS, PICTURES, Span};
use crate::app::icons::Icon;
use crate::app::theme::{Theme, mono, semibold};
use crate::app::widgets::button::{self, Weight};
use crate::report::png;

/// Text is no wider than this: longer lines are hard to follow.
const WIDEST: f32 = 780.0;

/// State of the page.
#[derive(Default)]
pub struct HelpPanel {
    read: Vec<Vec<Block>>,
    document: usize,
    query: String,
    /// The block to bring into sight.
    go_to: Option<usize>,
    /// Documents that were shown before.
    back: Vec<usize>,
    pictures: HashMap<String, Option<TextureHandle>>,
}

impl HelpPanel {
    /// Opens a document at a heading; at its beginning without one.
    pub fn open(&mut self, file: &str, anchor: &str) {
        self.read();
        let Some(at) = DOCUMENTS.iter().position(|d| d.file == file) else {
            return;
        };
        let heading = self.read[at]
            .iter()
            .position(|b| matches!(b, Block::Heading(_, _, a) if a == anchor));
        self.show(at, heading.unwrap_or(0));
    }

    fn read(&mut self) {
        if self.read.is_empty() {
            self.read = DOCUMENTS.iter().map(|d| help::read(d.text)).collect();
        }
    }

    fn show(&mut self, document: usize, block: usize) {
        if document != self.document {
            self.back.push(self.document);
            self.document = document;
        }
        self.go_to = Some(block);
    }

    /// Draws the page.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        self.read();
        Panel::left("help-contents")
            .default_size(270.0)
            .size_range(200.0..=420.0)
            .frame(pad(ctx.theme))
            .show(ui, |ui| self.contents(ctx, ui));
        CentralPanel::default()
            .frame(
                Frame::new()
                    .fill(ctx.theme.background)
                    .inner_margin(Margin::symmetric(20, 12)),
            )
            .show(ui, |ui| {
                let mut link = None;
                ScrollArea::vertical()
                    .id_salt(("help", self.document))
                    .auto_shrink(false)
                    .show(ui, |ui| link = self.document(ctx, ui));
                if let Some(link) = link {
                    self.follow(ui, &link);
                }
            });
    }

    fn contents(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        ui.add(
            TextEdit::singleline(&mut self.query)
                .hint_text("Find in all documents")
                .desired_width(f32::INFINITY),
        )
        .accessible_name("Find in all documents");
        ui.add_space(4.0);
        let back = !self.back.is_empty();
        if button::when(ui, ctx.theme, Some(Icon::Back), "Back", Weight::Quiet, back).clicked()
            && let Some(before) = self.back.pop()
        {
            self.document = before;
        }
        ui.add_space(4.0);
        let mut go = None;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            if self.query.trim().is_empty() {
                go = self.chapters(ctx.theme, ui);
            } else {
                go = self.findings(ctx.theme, ui);
            }
        });
        if let Some((document, block)) = go {
            self.show(document, block);
        }
    }

    fn chapters(&self, theme: &Theme, ui: &mut Ui) -> Option<(usize, usize)> {
        let mut go = None;
        for (i, blocks) in self.read.iter().enumerate() {
            let title = blocks.first().map(Block::words).unwrap_or_default();
            let open = i == self.document;
            let weight = if open { Weight::Chosen } else { Weight::Quiet };
            if button::button(ui, theme, None, &title, weight, true).clicked() {
                go = Some((i, 0));
            }
            if !open {
                continue;
            }
            for (j, block) in blocks.iter().enumerate() {
                if let Block::Heading(2, text, _) = block {
                    let line = ui.add(
                        Label::new(
                            RichText::new(format!("    {text}"))
                                .small()
                                .color(theme.dim),
                        )
                        .truncate()
                        .sense(Sense::click()),
                    );
                    line.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Link, true, text));
                    if line.clicked() {
                        go = Some((i, j));
                    }
                }
            }
            ui.add_space(4.0);
        }
        go
    }

    fn findings(&self, theme: &Theme, ui: &mut Ui) -> Option<(usize, usize)> {
        let found = help::find(&self.read, &self.query, 40);
        if found.is_empty() {
            ui.label(RichText::new("Nothing was found.").color(theme.dim));
        }
        let mut go = None;
        let mut last = None;
        for f in &found {
            if last != Some(f.document) {
                let title = self.read[f.document].first().map(Block::words);
                ui.add_space(4.0);
                ui.label(RichText::new(title.unwrap_or_default()).font(semibold(13.0)));
                last = Some(f.document);
            }
            let text = RichText::new(&f.excerpt).small().color(theme.accent);
            let line = ui.add(Label::new(text).wrap().sense(Sense::click()));
            line.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Link, true, &f.excerpt));
            if line.clicked() {
                go = Some((f.document, f.block));
            }
        }
        go
    }

    /// Draws the document; a link that was clicked.
    fn document(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) -> Option<String> {
        let theme = ctx.theme;
        ui.set_max_width(ui.available_width().min(WIDEST));
        let mut link = None;
        let go_to = self.go_to.take();
        let blocks = std::mem::take(&mut self.read[self.document]);
        for (i, block) in blocks.iter().enumerate() {
            let top = ui.cursor().top();
            match block {
                Block::Heading(level, text, _) => heading(theme, *level, text, ui),
                Block::Paragraph(spans) => {
                    link = link.or(running(theme, spans, ui));
                    ui.add_space(6.0);
                }
                Block::Item(depth, number, spans) => {
                    link = link.or(item(theme, *depth, *number, spans, ui));
                }
                Block::Code(text) => code(theme, i, text, ui),
                Block::Table(rows) => link = link.or(table(theme, rows, ui)),
                Block::Picture(path, words) => self.picture(theme, path, words, ui),
            }
            if go_to == Some(i) {
                let at = pos2(ui.min_rect().left(), top);
                let rect = Rect::from_min_size(at, vec2(1.0, 1.0));
                ui.scroll_to_rect(rect, Some(Align::TOP));
            }
        }
        ui.add_space(40.0);
        self.read[self.document] = blocks;
        link
    }

    fn follow(&mut self, ui: &Ui, link: &str) {
        if link.starts_with("http") {
            ui.ctx().open_url(egui::OpenUrl::new_tab(link));
            return;
        }
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let file = if file.is_empty() {
            DOCUMENTS[self.document].file
        } else {
            file
        };
        self.open(file, anchor);
    }

    fn picture(&mut self, theme: &Theme, path: &str, words: &str, ui: &mut Ui) {
        let texture = self
            .pictures
            .entry(path.to_owned())
            .or_insert_with(|| load(ui, path));
        if let Some(texture) = texture {
            let size = texture.size_vec2();
            // Drawings come at two pixels a point, pictures of the window at one.
            let pixels = if path.ends_with(".svg") { 2.0 } else { 1.0 };
            let width = (size.x / pixels).min(ui.available_width());
            let picture = egui::Image::new((texture.id(), size))
                .fit_to_exact_size(vec2(width, width * size.y / size.x))
                .corner_radius(4)
                .alt_text(words);
            ui.add(picture);
        }
        ui.add(Label::new(RichText::new(words).small().color(theme.dim)).wrap());
        ui.add_space(8.0);
    }
}

fn load(ui: &Ui, path: &str) -> Option<TextureHandle> {
    let (_, bytes) = PICTURES.iter().find(|(p, _)| *p == path)?;
    let (size, pixels) = png::picture(bytes)?;
    let image = ColorImage::from_rgba_premultiplied(size, &pixels);
    Some(ui.ctx().load_texture(path, image, TextureOptions::LINEAR))
}

fn heading(theme: &Theme, level: u8, text: &str, ui: &mut Ui) {
    let (size, above) = match level {
        1 => (22.0, 0.0),
        2 => (17.0, 14.0),
        _ => (14.5, 8.0),
    };
    ui.add_space(above);
    ui.add(Label::new(RichText::new(text).font(semibold(size)).color(theme.text)).wrap());
    ui.add_space(4.0);
}

/// Text that flows over the width, with styles and links; a link that was clicked.
fn running(theme: &Theme, spans: &[Span], ui: &mut Ui) -> Option<String> {
    let mut clicked = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 3.0);
        for s in spans {
            let mut text = RichText::new(&s.text).color(theme.text);
            if s.code {
                text = text.font(mono(12.5)).background_color(theme.raised);
            } else if s.strong {
                text = text.font(semibold(13.5));
            }
            match &s.link {
                // What lies outside the documents is shown as what it is called.
                Some(link) if !link.starts_with("../") => {
                    if ui.link(text.color(theme.accent)).clicked() {
                        clicked = Some(link.clone());
                    }
                }
                _ => {
                    ui.label(text);
                }
            }
        }
    });
    clicked
}

fn item(
    theme: &Theme,
    depth: usize,
    number: Option<u64>,
    spans: &[Span],
    ui: &mut Ui,
) -> Option<String> {
    let mark = number.map_or_else(|| "·".to_owned(), |n| format!("{n}."));
    let mut clicked = None;
    ui.horizontal_top(|ui| {
        ui.add_space(8.0 + 18.0 * depth as f32);
        ui.allocate_ui_with_layout(vec2(18.0, 16.0), Layout::left_to_right(Align::Min), |ui| {
            ui.set_min_width(18.0);
            ui.label(RichText::new(mark).color(theme.dim));
        });
        ui.vertical(|ui| clicked = running(theme, spans, ui));
    });
    ui.add_space(2.0);
    clicked
}

fn code(theme: &Theme, i: usize, text: &str, ui: &mut Ui) {
    let frame = Frame::new()
        .fill(theme.panel)
        .corner_radius(5)
        .inner_margin(Margin::symmetric(10, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal_top(|ui| {
            let copy = vec2(30.0, 24.0);
            let room = (ui.available_width() - copy.x - 8.0).max(80.0);
            ui.vertical(|ui| {
                ui.set_width(room);
                ScrollArea::horizontal()
                    .id_salt(Id::unique(("help-code", i)))
                    .show(ui, |ui| {
                        let text = RichText::new(text).font(mono(12.0)).color(theme.text);
                        ui.add(Label::new(text).extend().selectable(true));
                    });
            });
            if button::icon(ui, theme, Icon::Page, "Copy").clicked() {
                ui.ctx().copy_text(text.to_owned());
            }
        });
    });
    ui.add_space(8.0);
}

/// A table whose columns share the width by the length of what is in them.
fn table(theme: &Theme, rows: &[Vec<Vec<Span>>], ui: &mut Ui) -> Option<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let length = |c: usize| {
        let cell = |r: &Vec<Vec<Span>>| {
            r.get(c).map_or(0, |s| {
                s.iter().map(|s| s.text.chars().count()).sum::<usize>()
            })
        };
        let longest = rows.iter().map(cell).max().unwrap_or(0);
        (longest as f32).clamp(8.0, 60.0)
    };
    let lengths: Vec<f32> = (0..columns).map(length).collect();
    let all: f32 = lengths.iter().sum();
    let gap = 14.0;
    let room = ui.available_width() - gap * columns as f32;
    let mut clicked = None;
    for (i, row) in rows.iter().enumerate() {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            for (cell, length) in row.iter().zip(&lengths) {
                let width = (room * length / all).max(40.0);
                ui.allocate_ui_with_layout(vec2(width, 16.0), Layout::top_down(Align::Min), |ui| {
                    ui.set_width(width);
                    if i == 0 {
                        let words: String = cell.iter().map(|s| s.text.as_str()).collect();
                        ui.label(RichText::new(words).small().color(theme.dim));
                    } else {
                        clicked = clicked.take().or(running(theme, cell, ui));
                    }
                });
            }
        });
        let y = ui.cursor().top();
        let x = ui.min_rect().left()..=ui.min_rect().left() + ui.available_width();
        ui.painter()
            .hline(x, y, egui::Stroke::new(1.0, theme.line.gamma_multiply(0.6)));
        ui.add_space(4.0);
    }
    ui.add_space(8.0);
    clicked
}
