//! What a chart shows, independent of who draws it.
//!
//! Panels are stacked and share the x axis. The window, the SVG writer and the CSV writer all
//! read this one description, so what is exported is what was seen.

use std::sync::Arc;

use super::chart_curve::{Curve, Ribbon};
use super::chart_look::Ink;
use super::number;

/// Unit of an axis: how its numbers are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unit {
    /// A number as it is.
    Plain,
    /// US dollars.
    Usd,
    /// A fraction, written as percent.
    Percent,
    /// A whole number; large ones in short.
    Count,
    /// Unix seconds, written as New York time on calendar ticks.
    Time,
}

impl Unit {
    /// A number on an axis whose ticks are `step` apart.
    pub fn tick(self, value: f64, step: f64) -> String {
        // A tick at zero must not read as minus zero or as rounding dust.
        let value = if value.abs() < step * 1e-6 {
            0.0
        } else {
            value
        };
        match self {
            Self::Plain if step < 1e-3 && value.abs() < step * 1e-6 => "0".to_owned(),
            Self::Plain if step < 1e-3 => number::plain(value),
            Self::Plain => number::grouped(value, number::decimals_of(step)),
            Self::Usd if value.abs() >= 1e7 => format!("${}", number::short(value)),
            Self::Usd => number::dollars(value, number::decimals_of(step).min(2)),
            Self::Percent => number::percent_to(value, number::decimals_of(step * 100.0)),
            Self::Count if step >= 250_000.0 => {
                format!(
                    "{} M",
                    number::grouped(value / 1e6, number::decimals_of(step / 1e6))
                )
            }
            Self::Count => number::grouped(value, number::decimals_of(step)),
            Self::Time => super::chart_ticks::stamp(value),
        }
    }

    /// A number at full precision, for tooltips.
    pub fn full(self, value: f64) -> String {
        match self {
            Self::Plain => number::plain(value),
            Self::Usd => number::dollars(value, 2),
            Self::Percent => number::percent_to(value, 2),
            Self::Count => number::grouped(value, 0),
            Self::Time => super::chart_ticks::stamp(value),
        }
    }
}

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it measures, unit included where the ticks do not show it.
    pub label: String,
    /// How its numbers are written.
    pub unit: Unit,
}

impl Axis {
    /// An axis.
    pub fn new(label: impl Into<String>, unit: Unit) -> Self {
        Self {
            label: label.into(),
            unit,
        }
    }
}

/// How a series is drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line of this width in points.
    Line {
        /// The points.
        curve: Arc<Curve>,
        /// Width in points.
        width: f32,
        /// Broken into dashes.
        dashed: bool,
    },
    /// The area between a curve and a base line, with the curve as its edge.
    Area {
        /// The points.
        curve: Arc<Curve>,
        /// The other edge.
        base: f64,
    },
    /// The area between a low and a high.
    Band {
        /// `[x, low, high]`.
        ribbon: Arc<Ribbon>,
        /// Opacity, 0 to 1.
        opacity: f32,
    },
    /// A bar from 0 to y at each x.
    Bars {
        /// The points.
        curve: Arc<Curve>,
        /// Width in units of x.
        width: f64,
    },
}

impl Mark {
    /// First and last x.
    pub fn x_range(&self) -> Option<[f64; 2]> {
        match self {
            Self::Line { curve, .. } | Self::Area { curve, .. } => curve.x_range(),
            Self::Band { ribbon, .. } => ribbon.x_range(),
            Self::Bars { curve, width } => curve
                .x_range()
                .map(|[a, b]| [a - width / 2.0, b + width / 2.0]),
        }
    }

    /// Lowest and highest y, base lines included.
    pub fn y_range(&self) -> Option<[f64; 2]> {
        match self {
            Self::Line { curve, .. } => curve.y_range(),
            Self::Area { curve, base } => {
                curve.y_range().map(|[a, b]| [a.min(*base), b.max(*base)])
            }
            Self::Band { ribbon, .. } => ribbon.y_range(),
            Self::Bars { curve, .. } => curve.y_range().map(|[a, b]| [a.min(0.0), b.max(0.0)]),
        }
    }
}

/// A named series.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its colour.
    pub ink: Ink,
    /// How it is drawn.
    pub mark: Mark,
}

impl Series {
    /// A solid line.
    pub fn line(name: impl Into<String>, ink: Ink, curve: Arc<Curve>) -> Self {
        Self {
            name: name.into(),
            ink,
            mark: Mark::Line {
                curve,
                width: 1.6,
                dashed: false,
            },
        }
    }

    /// A thin line, for what stands in the background.
    pub fn thin(name: impl Into<String>, ink: Ink, curve: Arc<Curve>) -> Self {
        Self {
            name: name.into(),
            ink,
            mark: Mark::Line {
                curve,
                width: 1.0,
                dashed: false,
            },
        }
    }

    /// A thin dashed line.
    pub fn dashed(name: impl Into<String>, ink: Ink, curve: Arc<Curve>) -> Self {
        Self {
            name: name.into(),
            ink,
            mark: Mark::Line {
                curve,
                width: 1.2,
                dashed: true,
            },
        }
    }

    /// A filled area down (or up) to a base line.
    pub fn area(name: impl Into<String>, ink: Ink, curve: Arc<Curve>, base: f64) -> Self {
        Self {
            name: name.into(),
            ink,
            mark: Mark::Area { curve, base },
        }
    }

    /// A band between lows and highs.
    pub fn band(name: impl Into<String>, ink: Ink, ribbon: Arc<Ribbon>, opacity: f32) -> Self {
        Self {
            name: name.into(),
            ink,
            mark: Mark::Band { ribbon, opacity },
        }
    }
}

/// A horizontal line.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// Its name, written at the line.
    pub name: String,
    /// Where.
    pub y: f64,
    /// Its colour.
    pub ink: Ink,
}

/// A shaded stretch of the x axis, over all panels.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Written at its top.
    pub name: String,
    /// From this x.
    pub from: f64,
    /// To this x.
    pub to: f64,
    /// Its colour, drawn faintly.
    pub ink: Ink,
}

/// One plot of a stack.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Its y axis.
    pub y: Axis,
    /// Share of the height, relative to the other panels.
    pub weight: f32,
    /// Drawn in this order.
    pub series: Vec<Series>,
    /// Horizontal lines.
    pub levels: Vec<Level>,
    /// Values of y that are always inside.
    pub include: Vec<f64>,
}

impl Panel {
    /// A panel of series.
    pub fn new(y: Axis, series: Vec<Series>) -> Self {
        Self {
            y,
            weight: 1.0,
            series,
            levels: Vec::new(),
            include: Vec::new(),
        }
    }

    /// With another share of the height.
    #[must_use]
    pub fn weight(mut self, weight: f32) -> Self {
        self.weight = weight;
        self
    }

    /// With a value of y that is always inside.
    #[must_use]
    pub fn include(mut self, y: f64) -> Self {
        self.include.push(y);
        self
    }

    /// With a horizontal line.
    #[must_use]
    pub fn level(mut self, name: impl Into<String>, y: f64, ink: Ink) -> Self {
        self.levels.push(Level {
            name: name.into(),
            y,
            ink,
        });
        self
    }

    /// Lowest and highest y of everything in it, with a margin of 4% and never empty.
    pub fn y_range(&self) -> [f64; 2] {
        let levels = self.levels.iter().map(|l| [l.y, l.y]);
        let include = self.include.iter().map(|&y| [y, y]);
        let all = self
            .series
            .iter()
            .filter_map(|s| s.mark.y_range())
            .chain(levels)
            .chain(include);
        let [lo, hi] = all
            .reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])
            .unwrap_or([0.0, 1.0]);
        let margin = if hi > lo {
            (hi - lo) * 0.04
        } else {
            (lo.abs() * 0.05).max(0.5)
        };
        // An axis that ends exactly at a limit of the quantity (0 or 1 included on purpose) keeps it.
        let keep = |v: f64| self.include.contains(&v);
        [
            if keep(lo) && hi > lo { lo } else { lo - margin },
            if keep(hi) && hi > lo { hi } else { hi + margin },
        ]
    }
}

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Its title.
    pub title: String,
    /// Run, market, part: what the title is about.
    pub subtitle: String,
    /// The shared x axis.
    pub x: Axis,
    /// From top to bottom.
    pub panels: Vec<Panel>,
    /// Shaded stretches.
    pub spans: Vec<Span>,
    /// A line under the chart: sources, conventions.
    pub footer: String,
    /// A stretch of x that is always inside.
    pub x_include: Option<[f64; 2]>,
}

impl Chart {
    /// A chart without subtitle, spans and footer.
    pub fn new(title: impl Into<String>, x: Axis, panels: Vec<Panel>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            x,
            panels,
            spans: Vec::new(),
            footer: String::new(),
            x_include: None,
        }
    }

    /// Series that the legend must name: those of panels whose label does not name them already.
    pub fn legend(&self) -> Vec<&Series> {
        let mut entries: Vec<&Series> = Vec::new();
        for panel in &self.panels {
            for s in &panel.series {
                let named = panel.y.label.starts_with(&s.name);
                if !s.name.is_empty() && !named && !entries.iter().any(|e| e.name == s.name) {
                    entries.push(s);
                }
            }
        }
        entries
    }

    /// First and last x of everything; `None` when nothing has a point.
    pub fn x_range(&self) -> Option<[f64; 2]> {
        let series = self
            .panels
            .iter()
            .flat_map(|p| &p.series)
            .filter_map(|s| s.mark.x_range());
        let [lo, hi] = series
            .chain(self.x_include)
            .reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])?;
        Some(if hi > lo {
            [lo, hi]
        } else {
            [lo - 0.5, hi + 0.5]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_everything_and_are_never_empty() {
        let curve = Arc::new(Curve::new(vec![[0.0, 0.2], [10.0, 0.8]]));
        let panel = Panel::new(
            Axis::new("share", Unit::Percent),
            vec![Series::line("a", Ink::Sky, curve)],
        )
        .include(0.0)
        .include(1.0);
        assert_eq!(panel.y_range(), [0.0, 1.0]);
        let empty = Panel::new(Axis::new("", Unit::Plain), vec![]);
        assert!(empty.y_range()[0] < empty.y_range()[1]);
        let chart = Chart::new("t", Axis::new("step", Unit::Count), vec![panel]);
        assert_eq!(chart.x_range(), Some([0.0, 10.0]));
        assert_eq!(
            Chart::new("t", Axis::new("", Unit::Plain), vec![empty]).x_range(),
            None
        );
    }

    #[test]
    fn ticks_are_written_in_their_unit() {
        assert_eq!(Unit::Usd.tick(-1_500.0, 500.0), "−$1,500");
        assert_eq!(Unit::Percent.tick(0.25, 0.05), "25%");
        assert_eq!(Unit::Count.tick(2_500_000.0, 500_000.0), "2.5 M");
        assert_eq!(Unit::Plain.tick(-1e-18, 0.1), "0.0");
    }
}
