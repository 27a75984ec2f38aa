//! A chart as SVG: self-contained, no fonts inside, the same bytes for the same chart.
//!
//! Lines are thinned to the width of the picture by lowest and highest value, so a million
//! points make a small file that looks the same.

use std::fmt::Write as _;

use super::chart::{Chart, Mark, Panel, Series};
use super::chart_look::Look;
use super::chart_ticks::{Ticks, ticks, upright};

/// Family of all text; the window and the PNG writer carry it, elsewhere a sans-serif stands in.
pub const FONT: &str = "Inter";

const MARGIN: f64 = 16.0;
const TITLE: f64 = 17.0;
const SMALL: f64 = 11.5;

/// Where a panel lies on the page, and how values map onto it.
struct Frame {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    x: [f64; 2],
    y: [f64; 2],
}

impl Frame {
    fn x(&self, v: f64) -> f64 {
        self.left + (v - self.x[0]) / (self.x[1] - self.x[0]) * self.width
    }

    fn y(&self, v: f64) -> f64 {
        let y = self.top + (self.y[1] - v) / (self.y[1] - self.y[0]) * self.height;
        // Far outside the picture is as good as just outside, and keeps numbers short.
        y.clamp(self.top - 1e4, self.top + self.height + 1e4)
    }

    fn right(&self) -> f64 {
        self.left + self.width
    }

    fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// Writes a chart of `width` times `height` points.
pub fn svg(chart: &Chart, look: &Look, width: u32, height: u32) -> String {
    svg_with_ids(chart, look, width, height, "")
}

/// [`svg`] where every name inside begins with `ids`, so that pictures can stand in one page.
pub fn svg_with_ids(chart: &Chart, look: &Look, width: u32, height: u32, ids: &str) -> String {
    let mut page = Page {
        out: String::with_capacity(64 * 1024),
        look,
        ids,
    };
    page.draw(chart, f64::from(width.max(240)), f64::from(height.max(160)));
    page.out
}

struct Page<'a> {
    out: String,
    look: &'a Look,
    ids: &'a str,
}

impl Page<'_> {
    fn put(&mut self, args: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _infallible = self.out.write_fmt(args);
    }

    fn draw(&mut self, chart: &Chart, w: f64, h: f64) {
        self.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" font-family=\"{FONT}, sans-serif\">\n<rect width=\"{w}\" height=\"{h}\" fill=\"{}\"/>\n",
            self.look.background.hex()
        ));
        let mut top = MARGIN + TITLE;
        self.text(
            MARGIN,
            top,
            TITLE,
            "start",
            self.look.text.hex(),
            true,
            &chart.title,
        );
        if !chart.subtitle.is_empty() {
            top += SMALL + 6.0;
            self.text(
                MARGIN,
                top,
                SMALL,
                "start",
                self.look.dim.hex(),
                false,
                &chart.subtitle,
            );
        }
        top = self.legend(chart, top + 8.0, w);
        let footer = if chart.footer.is_empty() {
            0.0
        } else {
            SMALL + 6.0
        };
        let bottom = h - MARGIN - footer - 2.0 * SMALL - 14.0;
        match chart.x_range() {
            Some(x) => self.panels(chart, x, [top, bottom], w),
            None => self.text(
                w / 2.0,
                h / 2.0,
                13.0,
                "middle",
                self.look.dim.hex(),
                false,
                "no data",
            ),
        }
        if !chart.footer.is_empty() {
            self.text(
                MARGIN,
                h - MARGIN + 3.0,
                SMALL - 1.5,
                "start",
                self.look.dim.hex(),
                false,
                &chart.footer,
            );
        }
        self.out.push_str("</svg>\n");
    }

    /// The legend in rows under the title; returns the y at which the plots may begin.
    fn legend(&mut self, chart: &Chart, top: f64, w: f64) -> f64 {
        let entries = chart.legend();
        if entries.is_empty() {
            return top + 12.0;
        }
        let (mut x, mut y) = (MARGIN, top + SMALL);
        for s in entries {
            let need = 24.0 + text_width(&s.name, SMALL) + 18.0;
            if x + need > w - MARGIN && x > MARGIN {
                x = MARGIN;
                y += SMALL + 8.0;
            }
            let color = self.look.ink(s.ink).hex();
            let mid = y - SMALL * 0.35;
            match &s.mark {
                Mark::Line { width, dashed, .. } => {
                    let dash = if *dashed { " stroke-dasharray=\"4 3\"" } else { "" };
                    self.put(format_args!("<line x1=\"{x:.1}\" x2=\"{:.1}\" y1=\"{mid:.1}\" y2=\"{mid:.1}\" stroke=\"{color}\" stroke-width=\"{:.1}\"{dash}/>\n", x + 18.0, width * 1.4));
                }
                Mark::Band { opacity, .. } => self.put(format_args!("<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"18\" height=\"9\" fill=\"{color}\" fill-opacity=\"{opacity}\"/>\n", mid - 4.5)),
                Mark::Area { .. } => self.put(format_args!("<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"18\" height=\"9\" fill=\"{color}\" fill-opacity=\"0.25\" stroke=\"{color}\"/>\n", mid - 4.5)),
                Mark::Bars { .. } => self.put(format_args!("<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"9\" height=\"9\" fill=\"{color}\"/>\n", mid - 4.5)),
            }
            self.text(
                x + 24.0,
                y,
                SMALL,
                "start",
                self.look.text.hex(),
                false,
                &s.name,
            );
            x += need;
        }
        y + 14.0
    }

    fn panels(&mut self, chart: &Chart, x: [f64; 2], [top, bottom]: [f64; 2], w: f64) {
        let gap = SMALL + 16.0;
        let n = chart.panels.len();
        let heads = gap * n as f64;
        let weights: f32 = chart.panels.iter().map(|p| p.weight).sum();
        let room = (bottom - top - heads).max(40.0);
        let heights: Vec<f64> = chart
            .panels
            .iter()
            .map(|p| room * f64::from(p.weight / weights))
            .collect();
        let y_ticks: Vec<Ticks> = chart
            .panels
            .iter()
            .zip(&heights)
            .map(|(p, h)| {
                let [lo, hi] = p.y_range();
                upright(p.y.unit, [lo, hi], *h, 36.0)
            })
            .collect();
        let widest = y_ticks
            .iter()
            .flat_map(|t| &t.ticks)
            .map(|t| text_width(&t.label, SMALL))
            .fold(20.0, f64::max);
        let left = MARGIN + widest + 8.0;
        let width = (w - left - MARGIN - 8.0).max(40.0);
        let x_ticks = ticks(chart.x.unit, x[0], x[1], (width / 82.0) as usize);
        let mut y0 = top;
        for (i, panel) in chart.panels.iter().enumerate() {
            let frame = Frame {
                left,
                top: y0 + gap - 6.0,
                width,
                height: heights[i],
                x,
                y: panel.y_range(),
            };
            self.panel(chart, panel, i, &frame, &y_ticks[i], &x_ticks, i + 1 == n);
            y0 += gap + heights[i];
        }
        self.text(
            left + width / 2.0,
            bottom + 2.0 * SMALL + 12.0,
            SMALL,
            "middle",
            self.look.text.hex(),
            false,
            &chart.x.label,
        );
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one panel needs its frame and both sets of ticks"
    )]
    fn panel(
        &mut self,
        chart: &Chart,
        panel: &Panel,
        i: usize,
        f: &Frame,
        y_ticks: &Ticks,
        x_ticks: &Ticks,
        last: bool,
    ) {
        let (grid, dim, frame) = (
            self.look.grid.hex(),
            self.look.dim.hex(),
            self.look.frame.hex(),
        );
        self.text(
            f.left,
            f.top - 7.0,
            SMALL,
            "start",
            self.look.text.hex(),
            true,
            &panel.y.label,
        );
        let ids = self.ids;
        self.put(format_args!("<clipPath id=\"{}c{i}\"><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/></clipPath>\n", ids, f.left, f.top, f.width, f.height));
        for span in &chart.spans {
            let (a, b) = (f.x(span.from).max(f.left), f.x(span.to).min(f.right()));
            if b <= a {
                continue;
            }
            let color = self.look.ink(span.ink).hex();
            self.put(format_args!("<rect x=\"{a:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{color}\" fill-opacity=\"0.08\"/>\n", f.top, b - a, f.height));
        }
        for t in &y_ticks.ticks {
            let y = f.y(t.at);
            self.put(format_args!(
                "<line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{grid}\"/>\n",
                f.left,
                f.right()
            ));
            self.text(
                f.left - 7.0,
                y + SMALL * 0.35,
                SMALL,
                "end",
                dim.clone(),
                false,
                &t.label,
            );
        }
        for t in &x_ticks.ticks {
            let x = f.x(t.at);
            self.put(format_args!(
                "<line x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"{grid}\"/>\n",
                f.top,
                f.bottom()
            ));
            if last {
                self.text(
                    x,
                    f.bottom() + SMALL + 6.0,
                    SMALL,
                    "middle",
                    dim.clone(),
                    false,
                    &t.label,
                );
            }
        }
        self.put(format_args!("<g clip-path=\"url(#{ids}c{i})\">\n"));
        for series in &panel.series {
            self.series(series, f);
        }
        if i == 0 {
            self.span_names(chart, f);
        }
        for level in &panel.levels {
            let (y, color) = (f.y(level.y), self.look.ink(level.ink).hex());
            self.put(format_args!("<line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{color}\" stroke-dasharray=\"6 4\"/>\n", f.left, f.right()));
            // Under the line where there is no room above it.
            let above = y - 4.0 - SMALL >= f.top;
            self.text(
                f.right() - 6.0,
                if above { y - 4.0 } else { y + SMALL + 1.0 },
                SMALL - 1.0,
                "end",
                color,
                false,
                &level.name,
            );
        }
        self.out.push_str("</g>\n");
        self.put(format_args!(
            "<path d=\"M{:.1} {:.1}V{:.1}H{:.1}\" fill=\"none\" stroke=\"{frame}\"/>\n",
            f.left,
            f.top,
            f.bottom(),
            f.right()
        ));
    }

    /// Names of stretches of x, over the curves, which would run through them.
    fn span_names(&mut self, chart: &Chart, f: &Frame) {
        for span in &chart.spans {
            let (a, b) = (f.x(span.from).max(f.left), f.x(span.to).min(f.right()));
            let width = text_width(&span.name, SMALL);
            if width >= b - a {
                continue;
            }
            let (middle, paper) = ((a + b) / 2.0, self.look.background.hex());
            self.put(format_args!("<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"{paper}\" fill-opacity=\"0.8\"/>\n", middle - width / 2.0 - 2.0, f.top + 2.0, width + 4.0, SMALL + 4.0));
            self.text(
                middle,
                f.top + SMALL + 3.0,
                SMALL - 1.0,
                "middle",
                self.look.dim.hex(),
                false,
                &span.name,
            );
        }
    }

    fn series(&mut self, series: &Series, f: &Frame) {
        let color = self.look.ink(series.ink).hex();
        let max = (f.width * 2.5) as usize;
        match &series.mark {
            Mark::Line {
                curve,
                width,
                dashed,
            } => {
                let dash = if *dashed {
                    " stroke-dasharray=\"5 4\""
                } else {
                    ""
                };
                self.put(format_args!("<path fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{dash} d=\""));
                self.polyline(
                    curve
                        .pick(f.x[0], f.x[1], max)
                        .iter()
                        .map(|p| (f.x(p[0]), f.y(p[1]))),
                );
                self.out.push_str("\"/>\n");
            }
            Mark::Area { curve, base } => {
                let points = curve.pick(f.x[0], f.x[1], max);
                let (Some(first), Some(last)) = (points.first(), points.last()) else {
                    return;
                };
                self.put(format_args!(
                    "<path fill=\"{color}\" fill-opacity=\"0.22\" d=\""
                ));
                self.polyline(points.iter().map(|p| (f.x(p[0]), f.y(p[1]))));
                let base = f.y(*base);
                self.put(format_args!(
                    "L{:.1} {base:.1}L{:.1} {base:.1}Z\"/>\n",
                    f.x(last[0]),
                    f.x(first[0])
                ));
                self.put(format_args!(
                    "<path fill=\"none\" stroke=\"{color}\" stroke-width=\"1.2\" d=\""
                ));
                self.polyline(points.iter().map(|p| (f.x(p[0]), f.y(p[1]))));
                self.out.push_str("\"/>\n");
            }
            Mark::Band { ribbon, opacity } => {
                let entries = ribbon.pick(f.x[0], f.x[1], max);
                if entries.is_empty() {
                    return;
                }
                self.put(format_args!(
                    "<path fill=\"{color}\" fill-opacity=\"{opacity}\" d=\""
                ));
                let back = entries.iter().rev().map(|e| (f.x(e[0]), f.y(e[1])));
                self.polyline(entries.iter().map(|e| (f.x(e[0]), f.y(e[2]))).chain(back));
                self.out.push_str("Z\"/>\n");
            }
            Mark::Bars { curve, width } => {
                let zero = f.y(0.0);
                for p in curve.pick(f.x[0], f.x[1], max) {
                    let (x, wide) = (f.x(p[0]), (width / (f.x[1] - f.x[0]) * f.width).max(0.5));
                    let y = f.y(p[1]);
                    self.put(format_args!("<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"{:.1}\" fill=\"{color}\"/>\n", x - wide / 2.0, y.min(zero), (y - zero).abs().max(0.5)));
                }
            }
        }
    }

    fn polyline(&mut self, points: impl Iterator<Item = (f64, f64)>) {
        for (i, (x, y)) in points.enumerate() {
            let command = if i == 0 { 'M' } else { 'L' };
            self.put(format_args!("{command}{x:.1} {y:.1}"));
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the attributes of a text element"
    )]
    fn text(
        &mut self,
        x: f64,
        y: f64,
        size: f64,
        anchor: &str,
        fill: String,
        bold: bool,
        text: &str,
    ) {
        let weight = if bold { " font-weight=\"600\"" } else { "" };
        self.put(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{fill}\"{weight}>{}</text>\n", escape(text)));
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // Characters that XML forbids would make the whole file unreadable.
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// About how wide a text of this size is set in Inter; a little too wide rather than too narrow.
pub fn text_width(text: &str, size: f64) -> f64 {
    let ems: f64 = text
        .chars()
        .map(|c| match c {
            'i' | 'l' | 'j' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.28,
            't' | 'f' | 'r' | '(' | ')' | ' ' | '-' => 0.36,
            'm' | 'w' | 'M' | 'W' | '%' => 0.90,
            c if c.is_uppercase() => 0.70,
            _ => 0.62,
        })
        .sum();
    ems * size
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::report::{Axis, Curve, Ink, Ribbon, Span, Unit};

    pub(crate) fn equity(n: usize) -> Chart {
        let mut state = 3_u64;
        let mut y = 50_000.0;
        let t0 = 1_709_500_000.0;
        let mut points = Vec::with_capacity(n);
        let mut band = Vec::with_capacity(n);
        let mut down = Vec::with_capacity(n);
        let mut peak: f64 = y;
        for i in 0..n {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            y += ((state >> 33) as f64 / f64::from(1_u32 << 31) - 0.4985)
                * 120.0
                * (5_000.0 / n as f64).sqrt();
            peak = peak.max(y);
            let x = t0 + i as f64 * 5_184_000.0 / n as f64;
            points.push([x, y]);
            band.push([x, y - 150.0, y + 130.0]);
            down.push([x, y - peak]);
        }
        let curve = Arc::new(Curve::new(points));
        let top = Panel::new(
            Axis::new("Equity (USD)", Unit::Usd),
            vec![
                Series::band("Intraday range", Ink::Sky, Arc::new(Ribbon::new(band)), 0.2),
                Series::line("Agent", Ink::Sky, Arc::clone(&curve)),
                Series::thin("Buy & hold <1 contract>", Ink::Grey, curve),
            ],
        )
        .weight(2.2)
        .level("Floor at start", 47_500.0, Ink::Vermilion);
        let low = Panel::new(
            Axis::new("Drawdown (USD)", Unit::Usd),
            vec![Series::area(
                "Drawdown",
                Ink::Vermilion,
                Arc::new(Curve::new(down)),
                0.0,
            )],
        )
        .include(0.0);
        let mut chart = Chart::new(
            "Out-of-sample equity",
            Axis::new("New York time", Unit::Time),
            vec![top, low],
        );
        chart.subtitle = "NQ · run 2026-11-22-quick-7 · validation".to_owned();
        chart.spans = vec![Span {
            name: "validation".to_owned(),
            from: t0,
            to: t0 + 2_600_000.0,
            ink: Ink::Green,
        }];
        chart.footer =
            "Marked to market at the close of each bar, commission and slippage included."
                .to_owned();
        chart
    }

    #[test]
    fn the_same_chart_gives_the_same_bytes_and_a_small_file() {
        let chart = equity(400_000);
        let a = svg(&chart, &Look::paper(), 1_200, 700);
        assert_eq!(a, svg(&chart, &Look::paper(), 1_200, 700));
        assert!(a.len() < 400_000, "{} bytes", a.len());
        assert!(a.contains("Buy &amp; hold &lt;1 contract&gt;"));
        assert!(a.contains("Equity (USD)") && a.contains("New York time"));
        assert!(!a.contains("NaN") && !a.contains("inf"));
    }

    #[test]
    fn a_chart_without_points_says_so() {
        let chart = Chart::new(
            "t",
            Axis::new("", Unit::Plain),
            vec![Panel::new(Axis::new("", Unit::Plain), vec![])],
        );
        assert!(svg(&chart, &Look::dark(), 300, 200).contains("no data"));
    }

    #[test]
    fn it_is_well_formed() {
        let text = svg(&equity(500), &Look::paper(), 900, 600);
        let tree = resvg::usvg::Tree::from_str(&text, &resvg::usvg::Options::default()).unwrap();
        assert_eq!((tree.size().width(), tree.size().height()), (900.0, 600.0));
    }

    #[test]
    fn a_picture_is_written_for_looking_at() {
        let Some(dir) = std::env::var_os("HOLDOUT_PICTURES") else {
            eprintln!("HOLDOUT_PICTURES is not set: no picture is written");
            return;
        };
        for (name, look) in [("paper", Look::paper()), ("dark", Look::dark())] {
            let png =
                crate::report::png::png(&svg(&equity(100_000), &look, 1_100, 640), 2.0).unwrap();
            std::fs::write(
                std::path::Path::new(&dir).join(format!("chart-{name}.png")),
                png,
            )
            .unwrap();
        }
    }
}
