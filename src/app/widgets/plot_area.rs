//! The rectangle of a plot: where values lie, its grid, and how it is moved and zoomed.
//!
//! Only x moves: y always fits what is visible, so nothing is ever out of sight. Drag to pan,
//! Ctrl and wheel (or the wheel alone where the page does not scroll) to zoom, drag with the
//! right button to zoom to a stretch, double-click to see everything again.

use egui::{
    Align2, Color32, Painter, PointerButton, Pos2, Rect, Response, Shape, Stroke, Ui, pos2,
};

use crate::app::theme::{self, Theme};
use crate::report::chart_ticks::Ticks;

/// Where values lie on the screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlotArea {
    /// On the screen.
    pub rect: Rect,
    /// Values at its left and right edge.
    pub x: [f64; 2],
    /// Values at its lower and upper edge.
    pub y: [f64; 2],
}

impl PlotArea {
    /// Screen x of a value.
    pub fn px(&self, x: f64) -> f32 {
        let t = (x - self.x[0]) / (self.x[1] - self.x[0]);
        // Far outside is as good as just outside and keeps f32 exact.
        self.rect.left() + (t.clamp(-2.0, 3.0) as f32) * self.rect.width()
    }

    /// Screen y of a value.
    pub fn py(&self, y: f64) -> f32 {
        let t = (y - self.y[0]) / (self.y[1] - self.y[0]);
        self.rect.bottom() - (t.clamp(-20.0, 21.0) as f32) * self.rect.height()
    }

    /// Screen position of a point. Lines keep their slope at the edges, so x is not clamped here.
    pub fn pos(&self, p: [f64; 2]) -> Pos2 {
        let t = (p[0] - self.x[0]) / (self.x[1] - self.x[0]);
        pos2(
            self.rect.left() + (t * f64::from(self.rect.width())) as f32,
            self.py(p[1]),
        )
    }

    /// The value at a screen x.
    pub fn x_at(&self, px: f32) -> f64 {
        self.x[0] + f64::from((px - self.rect.left()) / self.rect.width()) * (self.x[1] - self.x[0])
    }

    /// Background, grid lines and tick labels.
    pub fn grid(
        &self,
        painter: &Painter,
        theme: &Theme,
        x_ticks: &Ticks,
        y_ticks: &Ticks,
        label_x: bool,
    ) {
        let font = egui::FontId::proportional(11.0);
        let grid = theme::color(theme.look.grid);
        painter.rect_filled(self.rect, 3, theme.background);
        for t in &y_ticks.ticks {
            let y = self.py(t.at);
            if y < self.rect.top() - 0.5 || y > self.rect.bottom() + 0.5 {
                continue;
            }
            painter.hline(self.rect.x_range(), y, Stroke::new(1.0, grid));
            painter.text(
                pos2(self.rect.left() - 6.0, y),
                Align2::RIGHT_CENTER,
                &t.label,
                font.clone(),
                theme.dim,
            );
        }
        for t in &x_ticks.ticks {
            let x = self.px(t.at);
            painter.vline(x, self.rect.y_range(), Stroke::new(1.0, grid));
            if label_x {
                painter.text(
                    pos2(x, self.rect.bottom() + 4.0),
                    Align2::CENTER_TOP,
                    &t.label,
                    font.clone(),
                    theme.dim,
                );
            }
        }
        painter.rect_stroke(
            self.rect,
            3,
            Stroke::new(1.0, theme.line),
            egui::StrokeKind::Inside,
        );
    }

    /// A dashed horizontal line with its name.
    pub fn level(&self, painter: &Painter, y: f64, name: &str, color: Color32) {
        let y = self.py(y);
        if y < self.rect.top() || y > self.rect.bottom() {
            return;
        }
        painter.extend(Shape::dashed_line(
            &[pos2(self.rect.left(), y), pos2(self.rect.right(), y)],
            Stroke::new(1.2, color),
            6.0,
            4.0,
        ));
        painter.text(
            pos2(self.rect.right() - 6.0, y - 2.0),
            Align2::RIGHT_BOTTOM,
            name,
            egui::FontId::proportional(11.0),
            color,
        );
    }
}

/// The stretch of x that a plot shows, and the one being selected.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct View {
    /// Everything when `None`.
    pub range: Option<[f64; 2]>,
    /// Where a selection with the right button began.
    selecting: Option<f64>,
}

impl View {
    /// What is shown of `full`.
    pub fn of(&self, full: [f64; 2]) -> [f64; 2] {
        self.range.map_or(full, |r| clamp(r, full))
    }

    /// Shows a stretch around `center`.
    pub fn look_at(&mut self, center: f64, width: f64) {
        self.range = Some([center - width / 2.0, center + width / 2.0]);
    }

    /// Zooms about a value: a factor under 1 shows less.
    pub fn zoom(&mut self, full: [f64; 2], about: f64, factor: f64, least: f64) {
        let [lo, hi] = self.of(full);
        let factor = factor.max(least / (hi - lo));
        let range = [about - (about - lo) * factor, about + (hi - about) * factor];
        self.range =
            (range[1] - range[0] < (full[1] - full[0]) * 0.999).then(|| clamp(range, full));
    }

    /// Shifts what is shown by a distance, as far as there is something to see.
    pub fn pan(&mut self, full: [f64; 2], by: f64) {
        if self.range.is_some() {
            let [lo, hi] = self.of(full);
            let by = by.clamp(full[0] - lo, (full[1] - hi).max(full[0] - lo));
            self.range = Some([lo + by, hi + by]);
        }
    }

    /// Applies the pointer: pan, zoom, select, reset. `least` is the narrowest stretch allowed.
    pub fn interact(
        &mut self,
        ui: &Ui,
        response: &Response,
        area: &PlotArea,
        full: [f64; 2],
        least: f64,
        wheel_zooms: bool,
    ) {
        if response.double_clicked() {
            *self = Self::default();
        }
        if response.dragged_by(PointerButton::Primary) && self.range.is_some() {
            let per_point = (area.x[1] - area.x[0]) / f64::from(area.rect.width());
            self.pan(full, -f64::from(response.drag_delta().x) * per_point);
        }
        let pointer = ui
            .input(|i| i.pointer.latest_pos())
            .filter(|p| area.rect.contains(*p));
        if response.drag_started_by(PointerButton::Secondary) {
            self.selecting = pointer.map(|p| area.x_at(p.x));
        }
        if let (Some(from), Some(p)) = (self.selecting, response.interact_pointer_pos()) {
            let x = p.x.clamp(area.rect.left(), area.rect.right());
            if response.drag_stopped_by(PointerButton::Secondary) {
                let to = area.x_at(x);
                let (lo, hi) = (from.min(to), from.max(to));
                if hi - lo > (area.x[1] - area.x[0]) * 0.01 {
                    self.range = Some(clamp([lo, hi.max(lo + least)], full));
                }
                self.selecting = None;
            } else {
                let (a, b) = (area.px(from), x);
                let chosen = Rect::from_x_y_ranges(a.min(b)..=a.max(b), area.rect.y_range());
                ui.painter().rect_filled(
                    chosen,
                    0,
                    ui.visuals().selection.bg_fill.gamma_multiply(0.5),
                );
            }
        }
        if let Some(p) = pointer.filter(|_| response.contains_pointer()) {
            let (pinch, wheel) = ui.input(|i| (i.zoom_delta(), i.smooth_scroll_delta()));
            let mut factor = 1.0 / f64::from(pinch);
            if wheel_zooms {
                factor *= (-f64::from(wheel.y) / 300.0).exp();
            }
            if (factor - 1.0).abs() > 1e-4 {
                self.zoom(full, area.x_at(p.x), factor, least);
            }
        }
    }
}

fn clamp([lo, hi]: [f64; 2], full: [f64; 2]) -> [f64; 2] {
    let width = (hi - lo).min(full[1] - full[0]);
    let lo = lo.clamp(full[0], (full[1] - width).max(full[0]));
    [lo, lo + width]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zooming_keeps_the_value_under_the_pointer_and_stays_inside() {
        let full = [0.0, 100.0];
        let mut v = View::default();
        v.zoom(full, 25.0, 0.5, 1.0);
        assert_eq!(v.range, Some([12.5, 62.5]));
        v.zoom(full, 12.5, 1e-9, 1.0);
        let [lo, hi] = v.of(full);
        assert!(
            (hi - lo - 1.0).abs() < 1e-9,
            "never narrower than the least"
        );
        v.zoom(full, 12.5, 1e9, 1.0);
        assert_eq!(v.range, None, "zoomed out is everything");
        v.look_at(99.0, 20.0);
        assert_eq!(v.of(full), [80.0, 100.0]);
    }

    #[test]
    fn values_and_screen_agree() {
        let a = PlotArea {
            rect: Rect::from_min_max(pos2(10.0, 20.0), pos2(110.0, 70.0)),
            x: [0.0, 10.0],
            y: [-1.0, 1.0],
        };
        assert_eq!(a.pos([5.0, 0.0]), pos2(60.0, 45.0));
        assert_eq!(a.x_at(60.0), 5.0);
        assert_eq!(a.py(1.0), 20.0);
    }
}
