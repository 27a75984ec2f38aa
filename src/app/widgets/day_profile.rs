//! Volume by minute of the day in New York: the picture by which a wrong zone gives itself away.
//!
//! With the right zone and stamp the volume jumps at 09:30, when stocks open, and there is none
//! from 17:00 to 18:00, when the exchange is closed.

use egui::{Align2, FontId, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::plot_area::PlotArea;
use crate::app::preview::{DayProfile, MINUTES};
use crate::app::theme::Theme;
use crate::report::chart_ticks::{Tick, Ticks};
use crate::report::{Ink, number};

const OPENING: usize = 9 * 60 + 30;
const CLOSED: [usize; 2] = [17 * 60, 18 * 60];
/// Minutes that one drawn column covers at least.
const COLUMN: usize = 5;

/// What the picture says, in a sentence.
pub fn in_words(profile: &DayProfile) -> String {
    let closed = profile.share(CLOSED[0], CLOSED[1]);
    let before = profile.share(OPENING - 30, OPENING);
    let after = profile.share(OPENING, OPENING + 30);
    let opening = if before > 0.0 {
        format!(
            "the half hour after 09:30 has {} times the volume of the one before",
            number::grouped(after / before, 1)
        )
    } else {
        "there is no volume in the half hour before 09:30 to compare with".to_owned()
    };
    format!(
        "{opening}; {} of all volume falls between 17:00 and 18:00",
        number::percent_to(closed, 2)
    )
}

/// Draws the profile over the available width.
pub fn show(ui: &mut Ui, theme: &Theme, profile: &DayProfile, height: f32) {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| {
        let text = format!("Volume by time of day, New York: {}", in_words(profile));
        WidgetInfo::labeled(Role::Image, true, text)
    });
    if !ui.is_rect_visible(rect) {
        return;
    }
    let step = COLUMN.max(profile.bar_minutes);
    let columns: Vec<f64> = profile
        .volume
        .chunks(step)
        .map(|c| c.iter().sum::<f64>())
        .collect();
    let most = columns.iter().copied().fold(0.0, f64::max);
    let inner = Rect::from_min_max(rect.min + vec2(18.0, 18.0), rect.max - vec2(18.0, 18.0));
    let area = PlotArea {
        rect: inner,
        x: [0.0, MINUTES as f64],
        y: [0.0, most * 1.05],
    };
    let hours = Ticks {
        ticks: (0..=24)
            .step_by(3)
            .map(|h| Tick {
                at: f64::from(h) * 60.0,
                label: format!("{h:02}:00"),
            })
            .collect(),
        step: 180.0,
    };
    let none = Ticks {
        ticks: Vec::new(),
        step: 1.0,
    };
    let painter = ui.painter();
    area.grid(painter, theme, &hours, &none, true);
    let band = Rect::from_x_y_ranges(
        area.px(CLOSED[0] as f64)..=area.px(CLOSED[1] as f64),
        inner.y_range(),
    );
    painter.rect_filled(band, 0, theme.ink(Ink::Orange).gamma_multiply(0.18));
    let small = FontId::proportional(11.0);
    for (k, v) in columns.iter().enumerate().filter(|(_, v)| **v > 0.0) {
        let (from, to) = ((k * step) as f64, ((k + 1) * step) as f64);
        let bar = Rect::from_x_y_ranges(
            area.px(from) + 0.5..=(area.px(to.min(MINUTES as f64)) - 0.5).max(area.px(from) + 1.0),
            area.py(*v)..=inner.bottom(),
        );
        painter.rect_filled(bar, 0, theme.ink(Ink::Sky).gamma_multiply(0.8));
    }
    let x = area.px(OPENING as f64);
    painter.extend(egui::Shape::dashed_line(
        &[pos2(x, inner.top()), pos2(x, inner.bottom())],
        Stroke::new(1.5, theme.accent),
        5.0,
        3.0,
    ));
    painter.text(
        pos2(x, inner.top() - 2.0),
        Align2::CENTER_BOTTOM,
        "09:30 stocks open",
        small.clone(),
        theme.accent,
    );
    painter.text(
        pos2(band.center().x, inner.top() - 2.0),
        Align2::CENTER_BOTTOM,
        "17:00 to 18:00 closed",
        small,
        theme.ink(Ink::Orange),
    );
    if let Some(p) = response.hover_pos().filter(|p| inner.contains(*p)) {
        let column = ((area.x_at(p.x) as usize) / step).min(columns.len() - 1);
        let (from, to) = (column * step, ((column + 1) * step).min(MINUTES));
        let text = format!(
            "{:02}:{:02} to {:02}:{:02}\n{} contracts, {} of the day",
            from / 60,
            from % 60,
            to / 60,
            to % 60,
            number::grouped(columns[column], 0),
            number::percent_to(profile.share(from, to), 2),
        );
        response.on_hover_text_at_pointer(text);
    }
}
