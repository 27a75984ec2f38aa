//! SVG to PNG, with the fonts that ship with the programme and no others.
//!
//! The same SVG gives the same pixels on every machine.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg;

/// Inter, regular weight.
pub const INTER_REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
/// Inter, semi-bold.
pub const INTER_SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");
/// JetBrains Mono, regular weight.
pub const JETBRAINS_MONO: &[u8] = include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf");

static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
    let mut db = usvg::fontdb::Database::new();
    for font in [INTER_REGULAR, INTER_SEMIBOLD, JETBRAINS_MONO] {
        db.load_font_data(font.to_vec());
    }
    Arc::new(db)
});

/// Why a picture could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// The SVG is not well formed.
    #[error("the picture's SVG cannot be read: {0}")]
    Svg(#[from] usvg::Error),
    /// A size of nothing, or too large for memory.
    #[error("a picture of {width} x {height} pixels cannot be made")]
    Size {
        /// Asked width.
        width: u32,
        /// Asked height.
        height: u32,
    },
    /// The encoder failed.
    #[error("the picture cannot be encoded: {0}")]
    Encode(String),
}

/// Draws an SVG at `scale` pixels per point and encodes it.
///
/// # Errors
/// When the SVG cannot be read, or the picture is empty or larger than 20 000 pixels on a side.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, PngError> {
    pixels(svg, None, scale)?
        .encode_png()
        .map_err(|e| PngError::Encode(e.to_string()))
}

/// A picture file, PNG or SVG, as width, height and premultiplied RGBA; an SVG at two pixels a
/// point. None where it is neither.
pub fn picture(bytes: &[u8]) -> Option<([usize; 2], Vec<u8>)> {
    let pixels = match std::str::from_utf8(bytes) {
        Ok(svg) => pixels(svg, None, 2.0).ok()?,
        Err(_) => Pixmap::decode_png(bytes).ok()?,
    };
    let size = [pixels.width() as usize, pixels.height() as usize];
    Some((size, pixels.take()))
}

/// Draws an SVG `wide` pixels wide, or else at `scale` pixels per point.
///
/// # Errors
/// As [`png`].
pub(super) fn pixels(svg: &str, wide: Option<f32>, scale: f32) -> Result<Pixmap, PngError> {
    let options = usvg::Options {
        font_family: super::svg::FONT.to_owned(),
        fontdb: Arc::clone(&FONTS),
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options)?;
    let size = tree.size();
    let scale = wide.map_or(scale, |w| w / size.width());
    let (width, height) = (
        (size.width() * scale).ceil() as u32,
        (size.height() * scale).ceil() as u32,
    );
    let fits = width <= 20_000 && height <= 20_000;
    let mut pixels = fits
        .then(|| Pixmap::new(width, height))
        .flatten()
        .ok_or(PngError::Size { width, height })?;
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut pixels.as_mut(),
    );
    Ok(pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_asked_size_and_text_in_it() {
        let blank = r#"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"></svg>"#;
        let text = r#"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"><text x="5" y="25" font-family="Inter" font-size="20">−$1,234</text></svg>"#;
        let (a, b) = (png(blank, 2.0).unwrap(), png(text, 2.0).unwrap());
        assert_eq!(&b[1..4], b"PNG");
        assert_eq!(b[16..24], [0, 0, 1, 144, 0, 0, 0, 80]);
        assert_ne!(a, b, "the text leaves marks");
        assert_eq!(b, png(text, 2.0).unwrap());
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(matches!(png("<svg", 1.0), Err(PngError::Svg(_))));
        let huge = r#"<svg xmlns="http://www.w3.org/2000/svg" width="20000" height="20000"></svg>"#;
        assert!(matches!(png(huge, 2.0), Err(PngError::Size { .. })));
    }
}
