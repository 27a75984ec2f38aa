//! Draws a [`Chart`] in the window: title, legend that hides series, panels that share x,
//! crosshair with the values, and an export menu.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{
    Align2, Color32, FontId, Id, Mesh, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::plot_area::{PlotArea, View};
use crate::app::theme::{self, Theme, semibold};
use crate::report::chart_ticks::{Ticks, ticks, upright};
use crate::report::{Chart, Curve, Mark, Panel, Series, Span, Unit};

/// File formats of an exported chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Pixels, twice the size for print.
    Png,
    /// Vectors.
    Svg,
    /// The data.
    Csv,
}

impl ExportFormat {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::Png, Self::Svg, Self::Csv];

    /// Extension of the file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
            Self::Csv => "csv",
        }
    }

    /// What it is, in words.
    pub fn label(self) -> &'static str {
        match self {
            Self::Png => "Picture for print (PNG)",
            Self::Svg => "Vector graphic (SVG)",
            Self::Csv => "Data of the chart (CSV)",
        }
    }
}

/// How a chart is drawn.
#[derive(Debug, Clone, Copy)]
pub struct ChartView<'a> {
    /// Distinguishes charts; charts of the same group share their zoom and crosshair.
    pub group: &'a str,
    /// Height of everything, in points.
    pub height: f32,
    /// Whether the wheel alone zooms; not on pages that scroll.
    pub wheel_zooms: bool,
    /// Whether there is an export menu.
    pub export: bool,
}

#[derive(Debug, Clone, Default)]
struct Memory {
    view: View,
    hidden: BTreeSet<String>,
    hover: Option<f64>,
    hover_pass: u64,
}

impl ChartView<'_> {
    /// Draws the chart over the whole width. Returns the format when an export was asked for.
    pub fn show(&self, ui: &mut Ui, theme: &Theme, chart: &Chart) -> Option<ExportFormat> {
        let id = Id::unique(("chart", self.group));
        let mut memory: Memory = ui.data(|d| d.get_temp(id)).unwrap_or_default();
        let top = ui.cursor().top();
        let export = self.header(ui, theme, chart, &mut memory.hidden);
        let height = (self.height - (ui.cursor().top() - top)).max(60.0);
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        if ui.is_rect_visible(rect) {
            self.panels(ui, theme, chart, rect, &mut memory);
        }
        ui.data_mut(|d| d.insert_temp(id, memory));
        export
    }

    fn header(
        &self,
        ui: &mut Ui,
        theme: &Theme,
        chart: &Chart,
        hidden: &mut BTreeSet<String>,
    ) -> Option<ExportFormat> {
        let mut export = None;
        let width = ui.available_width();
        let (row, _) = ui.allocate_exact_size(vec2(width, 24.0), Sense::hover());
        let title = ui
            .painter()
            .layout_no_wrap(chart.title.clone(), semibold(13.5), theme.text);
        let left = row.left() + title.size().x + 14.0;
        ui.painter().galley(
            pos2(row.left(), row.center().y - title.size().y / 2.0),
            title,
            theme.text,
        );
        let mut right = row.right();
        if self.export {
            let place = egui::UiBuilder::new()
                .max_rect(row)
                .layout(egui::Layout::right_to_left(egui::Align::Center));
            let mut menu = ui.new_child(place);
            menu.menu_button("Export chart…", |ui| {
                for format in ExportFormat::ALL {
                    if ui.button(format.label()).clicked() {
                        export = Some(format);
                        ui.close();
                    }
                }
            });
            right = menu.min_rect().left() - 8.0;
        }
        // Two charts under each other may have curves of one name.
        let id = ui.unique_id().with((self.group, &chart.title));
        legend(
            ui,
            theme,
            id,
            &chart.legend(),
            hidden,
            Rect::from_min_max(pos2(left, row.top()), pos2(right, row.bottom())),
            row.left(),
        );
        export
    }

    fn panels(&self, ui: &mut Ui, theme: &Theme, chart: &Chart, rect: Rect, memory: &mut Memory) {
        let Some(full) = chart.x_range() else {
            ui.painter().rect(
                rect,
                3,
                theme.background,
                Stroke::new(1.0, theme.line),
                egui::StrokeKind::Inside,
            );
            ui.painter().text(
                rect.center(),
                Align2::CENTER_CENTER,
                "No data yet",
                FontId::proportional(12.0),
                theme.dim,
            );
            return;
        };
        let x = memory.view.of(full);
        let least = (full[1] - full[0]) * 1e-5;
        let areas = layout(ui, chart, rect, x, &memory.hidden);
        let x_ticks = ticks(
            chart.x.unit,
            x[0],
            x[1],
            (areas.first().map_or(100.0, |a| a.0.rect.width()) / 80.0) as usize,
        );
        let whole = areas.iter().fold(Rect::NOTHING, |r, a| r.union(a.0.rect));
        let response = ui.interact(
            whole,
            Id::unique(("chart-area", self.group, &chart.title)),
            Sense::click_and_drag(),
        );
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Image, true, format!("Chart: {}", chart.title))
        });
        for (i, (area, y_ticks)) in areas.iter().enumerate() {
            draw_panel(ui, theme, chart, i, area, &x_ticks, y_ticks, &memory.hidden);
        }
        if let Some(last) = areas.last() {
            let at = pos2(last.0.rect.center().x, rect.bottom() - 1.0);
            ui.painter().text(
                at,
                Align2::CENTER_BOTTOM,
                &chart.x.label,
                FontId::proportional(11.0),
                theme.dim,
            );
        }
        let pointer = response.hover_pos();
        if let Some(area) = pointer.and_then(|p| areas.iter().find(|a| a.0.rect.contains(p))) {
            memory
                .view
                .interact(ui, &response, &area.0, full, least, self.wheel_zooms);
        } else if let Some(area) = areas.first() {
            memory
                .view
                .interact(ui, &response, &area.0, full, least, false);
        }
        self.crosshair(ui, theme, chart, &areas, &response, memory);
    }

    fn crosshair(
        &self,
        ui: &Ui,
        theme: &Theme,
        chart: &Chart,
        areas: &[(PlotArea, Ticks)],
        response: &egui::Response,
        memory: &mut Memory,
    ) {
        let pass = ui.cumulative_pass_nr();
        let own = response.hover_pos().and_then(|p| {
            areas
                .iter()
                .position(|a| a.0.rect.contains(p))
                .map(|i| (i, p))
        });
        if let Some((i, p)) = own {
            memory.hover = Some(areas[i].0.x_at(p.x));
            memory.hover_pass = pass;
        }
        // A neighbour of the group under the pointer lends its crosshair for one pass.
        let Some(x) = memory.hover.filter(|_| memory.hover_pass + 1 >= pass) else {
            return;
        };
        for (area, _) in areas {
            if x >= area.x[0] && x <= area.x[1] {
                ui.painter().vline(
                    area.px(x),
                    area.rect.y_range(),
                    Stroke::new(1.0, theme.dim.gamma_multiply(0.6)),
                );
            }
        }
        if let Some((i, _)) = own {
            let text = readout(chart, &chart.panels[i], x, &memory.hidden);
            response.clone().on_hover_ui_at_pointer(|ui| {
                ui.label(egui::RichText::new(text).font(theme::mono(11.5)));
            });
        }
    }
}

/// Entries that hide and show their series, in `first` and in as many rows under it as they need.
fn legend(
    ui: &mut Ui,
    theme: &Theme,
    id: Id,
    entries: &[&Series],
    hidden: &mut BTreeSet<String>,
    first: Rect,
    left: f32,
) {
    let (mut x, mut row, mut right) = (first.left(), first, first.right());
    for s in entries {
        let galley = ui.painter().layout_no_wrap(
            s.name.clone(),
            FontId::proportional(11.5),
            Color32::PLACEHOLDER,
        );
        let width = galley.size().x + 18.0;
        if x + width > right && x > left {
            // Rows under the first one have the whole width.
            let (next, _) =
                ui.allocate_exact_size(vec2(ui.available_width(), 17.0), Sense::hover());
            (x, row, right) = (left, next, next.right());
        }
        let rect = Rect::from_min_size(pos2(x, row.center().y - 9.0), vec2(width, 18.0));
        x += width + 12.0;
        let shown = !hidden.contains(&s.name);
        let response = ui.interact(rect, id.with(&s.name), Sense::click());
        response.widget_info(|| {
            WidgetInfo::selected(Role::CheckBox, true, shown, format!("Show {}", s.name))
        });
        let color = theme
            .ink(s.ink)
            .gamma_multiply(if shown { 1.0 } else { 0.3 });
        let swatch =
            Rect::from_center_size(pos2(rect.left() + 6.0, rect.center().y), vec2(12.0, 3.0));
        match &s.mark {
            Mark::Line { dashed: true, .. } => {
                ui.painter().extend(Shape::dashed_line(
                    &[swatch.left_center(), swatch.right_center()],
                    Stroke::new(2.0, color),
                    4.0,
                    3.0,
                ));
            }
            Mark::Line { .. } => {
                ui.painter().rect_filled(swatch, 1, color);
            }
            _ => {
                ui.painter().rect_filled(
                    swatch.expand2(vec2(0.0, 3.0)),
                    2,
                    color.gamma_multiply(0.6),
                );
            }
        }
        let tint = if !shown {
            theme.dim.gamma_multiply(0.5)
        } else if response.hovered() {
            theme.text
        } else {
            theme.dim
        };
        ui.painter().galley(
            pos2(rect.left() + 17.0, rect.center().y - galley.size().y / 2.0),
            galley,
            tint,
        );
        if response
            .on_hover_text(if shown {
                "Hide this series"
            } else {
                "Show this series"
            })
            .clicked()
            && !hidden.remove(&s.name)
        {
            hidden.insert(s.name.clone());
        }
    }
}

/// Rectangles of the panels, with their y ranges fitted to what is visible.
fn layout(
    ui: &Ui,
    chart: &Chart,
    rect: Rect,
    x: [f64; 2],
    hidden: &BTreeSet<String>,
) -> Vec<(PlotArea, Ticks)> {
    let head = 17.0;
    let foot = 34.0;
    let weights: f32 = chart.panels.iter().map(|p| p.weight).sum();
    let room = (rect.height() - foot - head * chart.panels.len() as f32).max(20.0);
    let mut heights: Vec<(f32, [f64; 2], Ticks)> = Vec::new();
    for p in &chart.panels {
        let h = room * p.weight / weights;
        let y = visible_y(p, x, hidden);
        heights.push((h, y, upright(p.y.unit, y, f64::from(h), 30.0)));
    }
    let font = FontId::proportional(11.0);
    let widest = heights
        .iter()
        .flat_map(|(_, _, t)| &t.ticks)
        .map(|t| {
            ui.painter()
                .layout_no_wrap(t.label.clone(), font.clone(), Color32::PLACEHOLDER)
                .size()
                .x
        })
        .fold(34.0, f32::max);
    let mut top = rect.top();
    heights
        .into_iter()
        .map(|(h, y, t)| {
            let r = Rect::from_min_max(
                pos2(rect.left() + widest + 10.0, top + head),
                pos2(rect.right() - 8.0, top + head + h),
            );
            top += head + h;
            (PlotArea { rect: r, x, y }, t)
        })
        .collect()
}

/// The y range of what is visible of the series that are shown.
fn visible_y(panel: &Panel, x: [f64; 2], hidden: &BTreeSet<String>) -> [f64; 2] {
    let series = panel
        .series
        .iter()
        .filter(|s| !hidden.contains(&s.name))
        .cloned();
    let cut = series.map(|s| {
        let mark = match s.mark {
            Mark::Line {
                curve,
                width,
                dashed,
            } => Mark::Line {
                curve: window(&curve, x),
                width,
                dashed,
            },
            Mark::Area { curve, base } => Mark::Area {
                curve: window(&curve, x),
                base,
            },
            Mark::Bars { curve, width } => Mark::Bars {
                curve: window(&curve, x),
                width,
            },
            Mark::Band { ribbon, opacity } => Mark::Band {
                ribbon: Arc::new(crate::report::Ribbon::new(
                    ribbon.pick(x[0], x[1], 2_000).to_vec(),
                )),
                opacity,
            },
        };
        Series {
            name: s.name,
            ink: s.ink,
            mark,
        }
    });
    Panel {
        series: cut.collect(),
        ..panel.clone()
    }
    .y_range()
}

fn window(curve: &Curve, x: [f64; 2]) -> Arc<Curve> {
    Arc::new(Curve::new(curve.pick(x[0], x[1], 2_000).to_vec()))
}

#[expect(
    clippy::too_many_arguments,
    reason = "one panel of a chart with its place and ticks"
)]
fn draw_panel(
    ui: &Ui,
    theme: &Theme,
    chart: &Chart,
    i: usize,
    area: &PlotArea,
    x_ticks: &Ticks,
    y_ticks: &Ticks,
    hidden: &BTreeSet<String>,
) {
    let panel = &chart.panels[i];
    let last = i + 1 == chart.panels.len();
    area.grid(ui.painter(), theme, x_ticks, y_ticks, last);
    let head = pos2(area.rect.left(), area.rect.top() - 3.0);
    ui.painter().text(
        head,
        Align2::LEFT_BOTTOM,
        &panel.y.label,
        FontId::proportional(11.0),
        theme.dim,
    );
    let painter = ui
        .painter()
        .with_clip_rect(area.rect.intersect(ui.clip_rect()));
    let stretch = |span: &Span| {
        let a = area.px(span.from).max(area.rect.left());
        let b = area.px(span.to).min(area.rect.right());
        (b > a).then_some((a, b))
    };
    for span in &chart.spans {
        if let Some((a, b)) = stretch(span) {
            painter.rect_filled(
                Rect::from_x_y_ranges(a..=b, area.rect.y_range()),
                0,
                theme.ink(span.ink).gamma_multiply(0.09),
            );
        }
    }
    for series in panel.series.iter().filter(|s| !hidden.contains(&s.name)) {
        draw_series(&painter, theme, series, area);
    }
    // Names lie over the curves, which would run through them.
    for span in chart.spans.iter().filter(|_| i == 0) {
        let galley =
            painter.layout_no_wrap(span.name.clone(), FontId::proportional(11.0), theme.dim);
        if let Some((a, b)) = stretch(span)
            && galley.size().x + 4.0 < b - a
        {
            let at = pos2((a + b - galley.size().x) / 2.0, area.rect.top() + 3.0);
            let behind = Rect::from_min_size(at, galley.size()).expand2(vec2(3.0, 1.0));
            painter.rect_filled(behind, 2, theme.background.gamma_multiply(0.8));
            painter.galley(at, galley, theme.dim);
        }
    }
    for level in &panel.levels {
        area.level(&painter, level.y, &level.name, theme.ink(level.ink));
    }
}

fn draw_series(painter: &egui::Painter, theme: &Theme, series: &Series, area: &PlotArea) {
    let color = theme.ink(series.ink);
    let max = (area.rect.width() * 2.0) as usize;
    match &series.mark {
        Mark::Line {
            curve,
            width,
            dashed,
        } => {
            let points: Vec<_> = curve
                .pick(area.x[0], area.x[1], max)
                .iter()
                .map(|&p| area.pos(p))
                .collect();
            match points.as_slice() {
                [] => {}
                [one] => {
                    painter.circle_filled(*one, 2.5, color);
                }
                _ if *dashed => painter.extend(Shape::dashed_line(
                    &points,
                    Stroke::new(*width, color),
                    5.0,
                    4.0,
                )),
                _ => {
                    painter.add(Shape::line(points, Stroke::new(*width, color)));
                }
            }
        }
        Mark::Area { curve, base } => {
            let points = curve.pick(area.x[0], area.x[1], max);
            let edge = points
                .iter()
                .map(|&p| (area.pos(p), area.pos([p[0], *base])));
            painter.add(strip(edge, color.gamma_multiply(0.25)));
            painter.add(Shape::line(
                points.iter().map(|&p| area.pos(p)).collect(),
                Stroke::new(1.2, color),
            ));
        }
        Mark::Band { ribbon, opacity } => {
            let edge = ribbon
                .pick(area.x[0], area.x[1], max)
                .iter()
                .map(|e| (area.pos([e[0], e[1]]), area.pos([e[0], e[2]])));
            painter.add(strip(edge, color.gamma_multiply(*opacity)));
        }
        Mark::Bars { curve, width } => {
            for p in curve.pick(area.x[0], area.x[1], max) {
                let (a, b) = (
                    area.pos([p[0] - width / 2.0, 0.0]),
                    area.pos([p[0] + width / 2.0, p[1]]),
                );
                let rect = Rect::from_two_pos(a, pos2(b.x.max(a.x + 1.0), b.y));
                painter.rect_filled(rect, 1, color);
            }
        }
    }
}

/// A filled strip between pairs of points.
fn strip(pairs: impl Iterator<Item = (egui::Pos2, egui::Pos2)>, color: Color32) -> Shape {
    let mut mesh = Mesh::default();
    for (i, (a, b)) in pairs.enumerate() {
        mesh.colored_vertex(a, color);
        mesh.colored_vertex(b, color);
        if i > 0 {
            let k = 2 * i as u32;
            mesh.add_triangle(k - 2, k - 1, k);
            mesh.add_triangle(k - 1, k, k + 1);
        }
    }
    Shape::mesh(mesh)
}

/// The values of a panel at an x, one line each.
fn readout(chart: &Chart, panel: &Panel, x: f64, hidden: &BTreeSet<String>) -> String {
    let mut lines = vec![match chart.x.unit {
        Unit::Time => chart.x.unit.full(x),
        unit => format!("{} {}", chart.x.label, unit.full(x)),
    }];
    for s in panel.series.iter().filter(|s| !hidden.contains(&s.name)) {
        let value = match &s.mark {
            Mark::Line { curve, .. } | Mark::Area { curve, .. } | Mark::Bars { curve, .. } => {
                curve.at(x).map(|y| panel.y.unit.full(y))
            }
            Mark::Band { ribbon, .. } => {
                let e = ribbon.entries();
                e.partition_point(|e| e[0] <= x).checked_sub(1).map(|i| {
                    format!(
                        "{} to {}",
                        panel.y.unit.full(e[i][1]),
                        panel.y.unit.full(e[i][2])
                    )
                })
            }
        };
        if let Some(value) = value {
            lines.push(format!("{}  {value}", s.name));
        }
    }
    lines.join("\n")
}

/// The x under the pointer on a chart of a group, in this pass or the last.
pub fn hovered(ui: &Ui, group: &str) -> Option<f64> {
    let memory: Memory = ui.data(|d| d.get_temp(Id::unique(("chart", group))))?;
    memory
        .hover
        .filter(|_| memory.hover_pass + 1 >= ui.cumulative_pass_nr())
}

/// Shows the crosshair of a group at an x that something else points at.
pub fn point_at(ui: &Ui, group: &str, x: f64) {
    let id = Id::unique(("chart", group));
    let mut memory: Memory = ui.data(|d| d.get_temp(id)).unwrap_or_default();
    (memory.hover, memory.hover_pass) = (Some(x), ui.cumulative_pass_nr());
    ui.data_mut(|d| d.insert_temp(id, memory));
}

/// Makes the charts of a group show a stretch of x.
pub fn look_at(ui: &Ui, group: &str, [from, to]: [f64; 2]) {
    let id = Id::unique(("chart", group));
    let mut memory: Memory = ui.data(|d| d.get_temp(id)).unwrap_or_default();
    memory.view.look_at((from + to) / 2.0, to - from);
    ui.data_mut(|d| d.insert_temp(id, memory));
    ui.request_repaint();
}
