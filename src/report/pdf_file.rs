//! Laid-out pages as a PDF file: fonts with the letters that are used, text that can be
//! searched, charts as pictures, an attachment. The same pages give the same bytes.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::{Context as _, anyhow};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};
use subsetter::GlyphRemapper;
use ttf_parser::{Face, RawFace, Tag};

use super::pdf_page::{HEIGHT, Mark, WIDTH};
use super::png::{INTER_REGULAR, INTER_SEMIBOLD, JETBRAINS_MONO, pixels};

/// Pixels of a chart in one point; 230 to the inch.
const PIXELS_PER_POINT: f32 = 3.2;

/// What the file says about itself.
pub struct About<'a> {
    /// Title.
    pub title: &'a str,
    /// Programme with version.
    pub producer: &'a str,
    /// Bytes that identify the document.
    pub id: &'a str,
    /// File name and content of the attachment.
    pub attachment: (&'a str, &'a [u8]),
}

struct FontUse {
    face: Face<'static>,
    bytes: &'static [u8],
    name: &'static str,
    letters: GlyphRemapper,
    /// New number of a letter to the character.
    text: BTreeMap<u16, char>,
}

impl FontUse {
    fn new(name: &'static str, bytes: &'static [u8]) -> anyhow::Result<Self> {
        Ok(Self {
            face: Face::parse(bytes, 0).map_err(|e| anyhow!("a font cannot be read: {e}"))?,
            bytes,
            name,
            letters: GlyphRemapper::new(),
            text: BTreeMap::new(),
        })
    }

    fn encode(&mut self, text: &str) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() * 2);
        for c in text.chars() {
            let old = self.face.glyph_index(c).unwrap_or_default().0;
            let new = self.letters.remap(old);
            self.text.entry(new).or_insert(c);
            out.extend(new.to_be_bytes());
        }
        out
    }

    /// Writes the five objects of the font, the first of them under `first`.
    fn write(&self, pdf: &mut Pdf, first: i32) -> anyhow::Result<()> {
        let [outer, inner, descriptor, map, data] = [0, 1, 2, 3, 4].map(|i| Ref::new(first + i));
        let base = format!("HOLDOT+{}", self.name);
        let base = Name(base.as_bytes());
        let subset = subsetter::subset(self.bytes, 0, &self.letters)
            .map_err(|e| anyhow!("a font cannot be cut down: {e}"))?;
        // Outlines of the one kind go in without the wrapping of a font file.
        let cff = RawFace::parse(&subset, 0)
            .ok()
            .and_then(|f| f.table(Tag::from_bytes(b"CFF ")))
            .map(<[u8]>::to_vec);
        let system = SystemInfo {
            registry: Str(b"Adobe"),
            ordering: Str(b"Identity"),
            supplement: 0,
        };
        pdf.type0_font(outer)
            .base_font(base)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(inner)
            .to_unicode(map);
        let per_em = f32::from(self.face.units_per_em());
        let thousand = |units: f32| units * 1_000.0 / per_em;
        let mut cid = pdf.cid_font(inner);
        cid.subtype(if cff.is_some() {
            CidFontType::Type0
        } else {
            CidFontType::Type2
        });
        cid.base_font(base)
            .system_info(system)
            .font_descriptor(descriptor)
            .default_width(0.0);
        if cff.is_none() {
            cid.cid_to_gid_map_predefined(Name(b"Identity"));
        }
        let width = |old: u16| {
            let advance = self.face.glyph_hor_advance(ttf_parser::GlyphId(old));
            thousand(f32::from(advance.unwrap_or(0)))
        };
        cid.widths()
            .consecutive(0, self.letters.remapped_gids().map(width));
        cid.finish();
        let b = self.face.global_bounding_box();
        let edge = |v: i16| thousand(f32::from(v));
        let mut d = pdf.font_descriptor(descriptor);
        d.name(base)
            .flags(FontFlags::SYMBOLIC)
            .bbox(Rect::new(
                edge(b.x_min),
                edge(b.y_min),
                edge(b.x_max),
                edge(b.y_max),
            ))
            .italic_angle(0.0)
            .ascent(edge(self.face.ascender()))
            .descent(edge(self.face.descender()))
            .cap_height(edge(self.face.capital_height().unwrap_or(0)))
            .stem_v(90.0);
        if cff.is_some() {
            d.font_file3(data);
        } else {
            d.font_file2(data);
        }
        d.finish();
        let mut unicode = UnicodeCmap::new(Name(b"Holdout"), system);
        for (glyph, c) in &self.text {
            unicode.pair(*glyph, *c);
        }
        pdf.cmap(map, &unicode.finish());
        let packed = packed(cff.as_deref().unwrap_or(&subset))?;
        let mut stream = pdf.stream(data, &packed);
        stream.filter(Filter::FlateDecode);
        if cff.is_some() {
            stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
        }
        Ok(())
    }
}

fn packed(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// Writes the pages as a file.
///
/// # Errors
/// When a font or a picture cannot be read.
#[expect(
    clippy::too_many_lines,
    reason = "a file in the order in which its objects refer to each other"
)]
pub(super) fn write(pages: Vec<Vec<Mark>>, about: &About<'_>) -> anyhow::Result<Vec<u8>> {
    let mut fonts = [
        FontUse::new("Inter-Regular", INTER_REGULAR)?,
        FontUse::new("Inter-SemiBold", INTER_SEMIBOLD)?,
        FontUse::new("JetBrainsMono-Regular", JETBRAINS_MONO)?,
    ];
    let mut pdf = Pdf::new();
    let mut last = 0;
    let mut fresh = |n: i32| {
        let first = last + 1;
        last += n;
        first
    };
    let [catalog, tree, info, file, spec] = [(); 5].map(|()| Ref::new(fresh(1)));
    let font_refs: [i32; 3] = [(); 3].map(|()| fresh(5));
    let mut kids = Vec::new();
    for marks in pages {
        let (page, content) = (Ref::new(fresh(1)), Ref::new(fresh(1)));
        kids.push(page);
        let mut draw = Content::new();
        let mut pictures: Vec<(String, Ref)> = Vec::new();
        for mark in marks {
            match mark {
                Mark::Text { x, y, style, text } => {
                    let font = &mut fonts[style.weight as usize];
                    let bytes = font.encode(&text);
                    let name = format!("F{}", style.weight as usize);
                    let [r, g, b] = [style.ink.0, style.ink.1, style.ink.2].map(part);
                    draw.set_fill_rgb(r, g, b);
                    draw.begin_text()
                        .set_font(Name(name.as_bytes()), style.size)
                        .next_line(x, HEIGHT - y)
                        .show(Str(&bytes))
                        .end_text();
                }
                Mark::Box {
                    rect: [x, y, w, h],
                    ink,
                } => {
                    let [r, g, b] = [ink.0, ink.1, ink.2].map(part);
                    draw.set_fill_rgb(r, g, b);
                    draw.rect(x, HEIGHT - y - h, w, h).fill_nonzero();
                }
                Mark::Svg {
                    rect: [x, y, w, h],
                    svg,
                } => {
                    let id = Ref::new(fresh(1));
                    let name = format!("P{}", pictures.len());
                    picture(&mut pdf, id, &svg, w)?;
                    draw.save_state();
                    draw.transform([w, 0.0, 0.0, h, x, HEIGHT - y - h]);
                    draw.x_object(Name(name.as_bytes()));
                    draw.restore_state();
                    pictures.push((name, id));
                }
            }
        }
        pdf.stream(content, &packed(&draw.finish())?)
            .filter(Filter::FlateDecode);
        let mut p = pdf.page(page);
        p.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT))
            .parent(tree)
            .contents(content);
        let mut resources = p.resources();
        let mut list = resources.fonts();
        for (i, first) in font_refs.iter().enumerate() {
            list.pair(Name(format!("F{i}").as_bytes()), Ref::new(*first));
        }
        list.finish();
        let mut list = resources.x_objects();
        for (name, id) in &pictures {
            list.pair(Name(name.as_bytes()), *id);
        }
        list.finish();
        resources.finish();
    }
    for (font, first) in fonts.iter_mut().zip(font_refs) {
        // A font without a letter has nothing to embed; the space costs nothing.
        font.encode(" ");
        font.write(&mut pdf, first)?;
    }
    pdf.pages(tree)
        .count(i32::try_from(kids.len()).context("too many pages")?)
        .kids(kids);
    let (name, bytes) = about.attachment;
    let attached = packed(bytes)?;
    let mut stream = pdf.embedded_file(file, &attached);
    stream.subtype(Name(b"application/json"));
    stream.filter(Filter::FlateDecode);
    stream.finish();
    pdf.file_spec(spec)
        .path(Str(name.as_bytes()))
        .unic_file(TextStr(name))
        .embedded_file(file);
    let mut c = pdf.catalog(catalog);
    c.pages(tree).lang(TextStr("en"));
    c.names()
        .embedded_files()
        .names()
        .insert(Str(name.as_bytes()), spec);
    c.viewer_preferences().display_doc_title(true);
    c.finish();
    pdf.document_info(info)
        .title(TextStr(about.title))
        .creator(TextStr(about.producer))
        .producer(TextStr(about.producer));
    let id = about
        .id
        .as_bytes()
        .iter()
        .copied()
        .take(16)
        .collect::<Vec<u8>>();
    pdf.set_file_id((id.clone(), id));
    Ok(pdf.finish())
}

fn part(c: u8) -> f32 {
    f32::from(c) / 255.0
}

fn picture(pdf: &mut Pdf, id: Ref, svg: &str, width: f32) -> anyhow::Result<()> {
    let drawn = pixels(svg, Some(width * PIXELS_PER_POINT), 1.0)?;
    let rgb: Vec<u8> = drawn
        .pixels()
        .iter()
        // The last row and column may be covered in part only: the rest is paper.
        .flat_map(|p| {
            let paper = 255 - p.alpha();
            [p.red() + paper, p.green() + paper, p.blue() + paper]
        })
        .collect();
    let bytes = packed(&rgb)?;
    let mut image = pdf.image_xobject(id, &bytes);
    image.filter(Filter::FlateDecode);
    image.width(i32::try_from(drawn.width())?);
    image.height(i32::try_from(drawn.height())?);
    image.color_space().device_rgb();
    image.bits_per_component(8);
    Ok(())
}
