//! The window's icons, drawn with strokes so that no icon font is needed and none can be missing.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, pos2};

/// An icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// A table of data.
    Data,
    /// Sliders.
    Sliders,
    /// Start.
    Play,
    /// Wait.
    Pause,
    /// Stop.
    Stop,
    /// A curve.
    Chart,
    /// A folder.
    Folder,
    /// Out of the window.
    Export,
    /// Step back.
    Undo,
    /// Step forward again.
    Redo,
    /// Light.
    Sun,
    /// Dark.
    Moon,
    /// Passed.
    Check,
    /// Failed.
    Cross,
    /// Look at this.
    Warning,
    /// Not known.
    Question,
    /// For information.
    Info,
    /// A flag at the end of a way.
    Flag,
    /// A list of lines.
    List,
    /// A search glass.
    Search,
    /// Shield: rules kept.
    Shield,
    /// Not applicable.
    Dash,
    /// A written page.
    Page,
    /// Earlier in an order.
    Up,
    /// Later in an order.
    Down,
    /// A step back.
    Back,
    /// A step on.
    Forward,
    /// To the one before.
    First,
    /// To the one after.
    Last,
    /// A column at the left of a page.
    Column,
}

/// Draws an icon into a square.
#[expect(clippy::too_many_lines, reason = "one arm per icon")]
pub fn paint(painter: &Painter, rect: Rect, icon: Icon, color: Color32) {
    let side = rect.width().min(rect.height());
    let square = Rect::from_center_size(rect.center(), egui::Vec2::splat(side));
    let p = |x: f32, y: f32| -> Pos2 { square.min + egui::vec2(x, y) * side };
    let stroke = Stroke::new((side / 11.0).max(1.2), color);
    let line = |points: &[(f32, f32)]| {
        painter.add(Shape::line(
            points.iter().map(|&(x, y)| p(x, y)).collect(),
            stroke,
        ))
    };
    let closed = |points: &[(f32, f32)]| {
        painter.add(Shape::closed_line(
            points.iter().map(|&(x, y)| p(x, y)).collect(),
            stroke,
        ))
    };
    let filled = |points: &[(f32, f32)]| {
        painter.add(Shape::convex_polygon(
            points.iter().map(|&(x, y)| p(x, y)).collect(),
            color,
            Stroke::NONE,
        ))
    };
    let circle = |x: f32, y: f32, r: f32| painter.circle_stroke(p(x, y), r * side, stroke);
    let dot = |x: f32, y: f32, r: f32| painter.circle_filled(p(x, y), r * side, color);
    let arc = |x: f32, y: f32, r: f32, from: f32, to: f32| {
        let steps = 16;
        let at = |i: i32| {
            let a = (from + (to - from) * i as f32 / steps as f32).to_radians();
            pos2(
                square.min.x + (x + r * a.cos()) * side,
                square.min.y + (y + r * a.sin()) * side,
            )
        };
        painter.add(Shape::line((0..=steps).map(at).collect(), stroke))
    };
    match icon {
        Icon::Data => {
            closed(&[(0.12, 0.18), (0.88, 0.18), (0.88, 0.82), (0.12, 0.82)]);
            line(&[(0.12, 0.40), (0.88, 0.40)]);
            line(&[(0.12, 0.61), (0.88, 0.61)]);
            line(&[(0.40, 0.18), (0.40, 0.82)]);
        }
        Icon::Sliders => {
            for (y, x) in [(0.24, 0.66), (0.50, 0.34), (0.76, 0.58)] {
                line(&[(0.12, y), (0.88, y)]);
                dot(x, y, 0.11);
            }
        }
        Icon::Play => {
            filled(&[(0.26, 0.16), (0.84, 0.50), (0.26, 0.84)]);
        }
        Icon::Pause => {
            filled(&[(0.22, 0.18), (0.42, 0.18), (0.42, 0.82), (0.22, 0.82)]);
            filled(&[(0.58, 0.18), (0.78, 0.18), (0.78, 0.82), (0.58, 0.82)]);
        }
        Icon::Stop => {
            filled(&[(0.22, 0.22), (0.78, 0.22), (0.78, 0.78), (0.22, 0.78)]);
        }
        Icon::Chart => {
            line(&[(0.14, 0.14), (0.14, 0.86), (0.88, 0.86)]);
            line(&[(0.26, 0.66), (0.44, 0.44), (0.60, 0.56), (0.86, 0.22)]);
        }
        Icon::Folder => {
            closed(&[
                (0.10, 0.22),
                (0.40, 0.22),
                (0.48, 0.32),
                (0.90, 0.32),
                (0.90, 0.80),
                (0.10, 0.80),
            ]);
        }
        Icon::Export => {
            line(&[(0.50, 0.62), (0.50, 0.12)]);
            line(&[(0.32, 0.30), (0.50, 0.12), (0.68, 0.30)]);
            line(&[(0.16, 0.56), (0.16, 0.86), (0.84, 0.86), (0.84, 0.56)]);
        }
        Icon::Undo => {
            arc(0.52, 0.56, 0.28, -160.0, 110.0);
            line(&[(0.12, 0.24), (0.25, 0.46), (0.48, 0.36)]);
        }
        Icon::Redo => {
            arc(0.48, 0.56, 0.28, -20.0, -290.0);
            line(&[(0.88, 0.24), (0.75, 0.46), (0.52, 0.36)]);
        }
        Icon::Sun => {
            circle(0.5, 0.5, 0.18);
            for k in 0..8 {
                let (s, c) = (k as f32 * std::f32::consts::FRAC_PI_4).sin_cos();
                line(&[
                    (0.5 + 0.30 * c, 0.5 + 0.30 * s),
                    (0.5 + 0.42 * c, 0.5 + 0.42 * s),
                ]);
            }
        }
        Icon::Moon => {
            arc(0.5, 0.5, 0.36, 0.0, 270.0);
            arc(0.70, 0.30, 0.30, 78.0, 192.0);
        }
        Icon::Check => {
            line(&[(0.16, 0.54), (0.40, 0.78), (0.86, 0.24)]);
        }
        Icon::Cross => {
            line(&[(0.20, 0.20), (0.80, 0.80)]);
            line(&[(0.80, 0.20), (0.20, 0.80)]);
        }
        Icon::Warning => {
            closed(&[(0.50, 0.12), (0.92, 0.86), (0.08, 0.86)]);
            line(&[(0.50, 0.38), (0.50, 0.62)]);
            dot(0.50, 0.74, 0.05);
        }
        Icon::Question => {
            arc(0.50, 0.34, 0.20, 170.0, 400.0);
            line(&[(0.65, 0.47), (0.50, 0.56), (0.50, 0.68)]);
            dot(0.50, 0.84, 0.06);
        }
        Icon::Info => {
            circle(0.5, 0.5, 0.40);
            line(&[(0.50, 0.46), (0.50, 0.74)]);
            dot(0.50, 0.30, 0.06);
        }
        Icon::Flag => {
            line(&[(0.22, 0.10), (0.22, 0.92)]);
            closed(&[(0.22, 0.14), (0.84, 0.30), (0.22, 0.50)]);
        }
        Icon::List => {
            for y in [0.24, 0.50, 0.76] {
                dot(0.16, y, 0.06);
                line(&[(0.32, y), (0.88, y)]);
            }
        }
        Icon::Column => {
            closed(&[(0.10, 0.16), (0.90, 0.16), (0.90, 0.84), (0.10, 0.84)]);
            line(&[(0.38, 0.16), (0.38, 0.84)]);
        }
        Icon::Search => {
            circle(0.43, 0.43, 0.28);
            line(&[(0.64, 0.64), (0.88, 0.88)]);
        }
        Icon::Shield => {
            closed(&[
                (0.50, 0.10),
                (0.84, 0.22),
                (0.80, 0.58),
                (0.50, 0.90),
                (0.20, 0.58),
                (0.16, 0.22),
            ]);
        }
        Icon::Dash => {
            line(&[(0.22, 0.50), (0.78, 0.50)]);
        }
        Icon::Page => {
            closed(&[
                (0.20, 0.10),
                (0.62, 0.10),
                (0.80, 0.28),
                (0.80, 0.90),
                (0.20, 0.90),
            ]);
            for y in [0.44, 0.60, 0.76] {
                line(&[(0.34, y), (0.66, y)]);
            }
        }
        Icon::Up => {
            line(&[(0.22, 0.62), (0.50, 0.34), (0.78, 0.62)]);
        }
        Icon::Back => {
            line(&[(0.62, 0.20), (0.34, 0.50), (0.62, 0.80)]);
        }
        Icon::Forward => {
            line(&[(0.38, 0.20), (0.66, 0.50), (0.38, 0.80)]);
        }
        Icon::First => {
            line(&[(0.24, 0.20), (0.24, 0.80)]);
            filled(&[(0.80, 0.18), (0.34, 0.50), (0.80, 0.82)]);
        }
        Icon::Last => {
            line(&[(0.76, 0.20), (0.76, 0.80)]);
            filled(&[(0.20, 0.18), (0.66, 0.50), (0.20, 0.82)]);
        }
        Icon::Down => {
            line(&[(0.22, 0.38), (0.50, 0.66), (0.78, 0.38)]);
        }
    }
}

/// Adds an icon as a part of a row; it is decoration and has no name.
pub fn show(ui: &mut egui::Ui, icon: Icon, size: f32, color: Color32) {
    let (rect, _response) = ui.allocate_exact_size(egui::Vec2::splat(size), egui::Sense::hover());
    paint(ui.painter(), rect, icon, color);
}
