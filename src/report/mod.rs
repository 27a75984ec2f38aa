//! What is shown to people and written for them: charts, numbers as text.
//!
//! Nothing here knows about the window: a chart is described once and drawn by the window,
//! as SVG, or as PNG.

pub mod certificate_pdf;
pub mod certificate_text;
pub mod chart;
pub mod chart_csv;
pub mod chart_curve;
pub mod chart_look;
pub mod chart_ticks;
pub mod compliance_chart;
pub mod number;
pub mod pdf_file;
pub mod pdf_page;
pub mod png;
pub mod svg;

pub use chart::{Axis, Chart, Level, Mark, Panel, Series, Span, Unit};
pub use chart_curve::{Curve, Ribbon};
pub use chart_look::{Ink, Look, Rgb};
