//! Volume by minute of the day: the picture by which a wrong zone gives itself away.
//!
//! With the right zone and stamp the volume jumps at 09:30, when stocks open, and there is none
//! from 17:00 to 18:00, when the exchange is closed. While the zone is not known the picture is on
//! the clock of the file, and marks where the file itself has its rise and its pause.

use egui::{Align2, FontId, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use holdout_core::market::day_profile::{CLOSED, MINUTES, OPENING};
use holdout_core::market::{DayClock, DayMeasure, DayProfile};

use super::plot_area::PlotArea;
use crate::app::theme::Theme;
use crate::report::chart_ticks::{Tick, Ticks};
use crate::report::{Ink, number};

/// Minutes that one drawn column covers at least.
const COLUMN: usize = 5;

/// What the picture shows and on whose clock.
pub fn title(profile: &DayProfile) -> String {
    let what = match profile.measure {
        DayMeasure::Volume => "Volume",
        DayMeasure::Bars => "Bars",
    };
    match profile.clock {
        DayClock::NewYork => format!("{what} by time of day, New York"),
        DayClock::File => format!("{what} by time of day, clock of the file"),
    }
}

/// What the picture says, in a sentence.
pub fn in_words(profile: &DayProfile) -> String {
    match profile.clock {
        DayClock::NewYork => in_new_york(profile),
        DayClock::File => profile.evidence().unwrap_or_else(|| {
            "the file shows no rise and no pause by which its zone could be told".to_owned()
        }),
    }
}

fn in_new_york(profile: &DayProfile) -> String {
    let what = profile.measure.name();
    let closed = profile.share(CLOSED[0], CLOSED[1]);
    let before = profile.share(OPENING - 30, OPENING);
    let after = profile.share(OPENING, OPENING + 30);
    let opening = if before > 0.0 {
        format!(
            "the half hour after 09:30 has {} times the {what} of the one before",
            number::grouped(after / before, 1)
        )
    } else {
        format!("there is no {what} in the half hour before 09:30 to compare with")
    };
    format!(
        "{opening}; {} of all {what} falls between 17:00 and 18:00",
        number::percent_to(closed, 2)
    )
}

/// The line and the band that are drawn, with their words.
struct Landmarks {
    rise: Option<(usize, String)>,
    pause: Option<([usize; 2], String)>,
}

impl Landmarks {
    fn of(profile: &DayProfile) -> Self {
        let clock = |m: usize| format!("{:02}:{:02}", m / 60, m % 60);
        match profile.clock {
            DayClock::NewYork => Self {
                rise: Some((OPENING, "09:30 stocks open".to_owned())),
                pause: Some((CLOSED, "17:00 to 18:00 closed".to_owned())),
            },
            DayClock::File => Self {
                rise: profile
                    .rise()
                    .map(|m| (m, format!("{} rises most", clock(m)))),
                pause: profile
                    .pause()
                    .map(|p| (p, format!("{} to {} pause", clock(p[0]), clock(p[1])))),
            },
        }
    }
}

/// Draws the profile over the available width.
pub fn show(ui: &mut Ui, theme: &Theme, profile: &DayProfile, height: f32) {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| {
        let text = format!("{}: {}", title(profile), in_words(profile));
        WidgetInfo::labeled(Role::Image, true, text)
    });
    if !ui.is_rect_visible(rect) {
        return;
    }
    let step = COLUMN.max(profile.bar_minutes);
    let columns: Vec<f64> = profile
        .amount
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
    let marks = Landmarks::of(profile);
    let orange = theme.ink(Ink::Orange);
    let shade = |from: usize, to: usize| {
        let across = area.px(from as f64)..=area.px(to as f64);
        let band = Rect::from_x_y_ranges(across, inner.y_range());
        painter.rect_filled(band, 0, orange.gamma_multiply(0.18));
    };
    if let Some(([from, to], _)) = marks.pause {
        // A pause over midnight lies at both ends of the picture.
        if from < to {
            shade(from, to);
        } else {
            shade(from, MINUTES);
            shade(0, to);
        }
    }
    let small = FontId::proportional(11.0);
    for (k, v) in columns.iter().enumerate().filter(|(_, v)| **v > 0.0) {
        let (from, to) = ((k * step) as f64, ((k + 1) * step) as f64);
        let bar = Rect::from_x_y_ranges(
            area.px(from) + 0.5..=(area.px(to.min(MINUTES as f64)) - 0.5).max(area.px(from) + 1.0),
            area.py(*v)..=inner.bottom(),
        );
        painter.rect_filled(bar, 0, theme.ink(Ink::Sky).gamma_multiply(0.8));
    }
    if let Some((at, words)) = marks.rise {
        let x = area.px(at as f64);
        painter.extend(egui::Shape::dashed_line(
            &[pos2(x, inner.top()), pos2(x, inner.bottom())],
            Stroke::new(1.5, theme.accent),
            5.0,
            3.0,
        ));
        label(ui, inner, x, &words, &small, theme.accent);
    }
    if let Some(([from, to], words)) = marks.pause {
        let middle = (from + (to + MINUTES - from) % MINUTES / 2) % MINUTES;
        let x = area.px(middle as f64);
        label(ui, inner, x, &words, &small, orange);
    }
    if let Some(p) = response.hover_pos().filter(|p| inner.contains(*p)) {
        let column = ((area.x_at(p.x) as usize) / step).min(columns.len() - 1);
        let (from, to) = (column * step, ((column + 1) * step).min(MINUTES));
        let text = format!(
            "{:02}:{:02} to {:02}:{:02}\n{} {}, {} of the day",
            from / 60,
            from % 60,
            to / 60,
            to % 60,
            number::grouped(columns[column], 0),
            match profile.measure {
                DayMeasure::Volume => "contracts",
                DayMeasure::Bars => "bars",
            },
            number::percent_to(profile.share(from, to), 2),
        );
        response.on_hover_text_at_pointer(text);
    }
}

/// Words over the picture, inside its width.
fn label(ui: &Ui, inner: Rect, x: f32, words: &str, font: &FontId, color: egui::Color32) {
    let galley = ui
        .painter()
        .layout_no_wrap(words.to_owned(), font.clone(), color);
    let half = galley.size().x / 2.0;
    let x = x.clamp(
        inner.left() + half,
        (inner.right() - half).max(inner.left() + half),
    );
    let at = pos2(x, inner.top() - 2.0);
    ui.painter()
        .text(at, Align2::CENTER_BOTTOM, words, font.clone(), color);
}
