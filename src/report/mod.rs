//! What is shown to people and written for them: charts, documents, numbers as text.
//!
//! Nothing here knows about the window: a chart is described once and drawn by the window,
//! as SVG, or as PNG; a document likewise, and written as PDF, HTML or Markdown.

pub mod certificate_pdf;
pub mod certificate_text;
pub mod chart;
pub mod chart_csv;
pub mod chart_curve;
pub mod chart_look;
pub mod chart_ticks;
pub mod compliance_chart;
pub mod document;
pub mod document_html;
pub mod document_markdown;
pub mod document_pdf;
pub mod equity_chart;
pub mod figures;
pub mod number;
pub mod pdf_file;
pub mod pdf_page;
pub mod png;
pub mod proof;
pub mod regime_words;
pub mod succession;
pub mod svg;

pub use chart::{Axis, Chart, Level, Mark, Panel, Series, Span, Unit};
pub use chart_curve::{Curve, Ribbon};
pub use chart_look::{Ink, Look, Rgb};
