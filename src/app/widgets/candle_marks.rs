//! What lies under and over the candles: sessions, early closes, rolls, and the split with its
//! two bounds to drag.

use egui::{
    Align2, CursorIcon, FontId, Key, Modifiers, Painter, Rect, Role, Sense, Shape, Stroke, Ui,
    WidgetInfo, pos2, vec2,
};
use holdout_core::market::{Bars, Sessions, split::Part};

use super::plot_area::PlotArea;
use super::trade_marks::TradeMarks;
use crate::app::theme::Theme;
use crate::report::Ink;

/// More days than this are not told apart by shading.
const MOST_SHADED: usize = 120;
/// Up to this many days the regular hours are told from the night.
const MOST_HOURS: usize = 15;
/// Seconds from the roll at 18:00 to 09:30 and to 16:00.
const REGULAR_HOURS: [i64; 2] = [15 * 3_600 + 1_800, 22 * 3_600];

/// What the price chart is told beside the bars.
#[derive(Debug, Clone, Copy)]
pub struct Marks<'a> {
    /// Trading days.
    pub sessions: &'a Sessions,
    /// First session of validation and of test, counted from 0; none before there is a split.
    pub bounds: Option<[usize; 2]>,
    /// A bar to point at.
    pub pointed: Option<usize>,
    /// The last bar that is shown; what comes after is not known yet.
    pub until: Option<usize>,
    /// Trades of an account.
    pub trades: Option<TradeMarks<'a>>,
}

/// What the user did on the price chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ChartAction {
    /// Moved a bound (0: begin of validation, 1: begin of test) to a session.
    MoveBound(usize, usize),
    /// Clicked on a bar.
    Click(usize),
    /// Points at a bar.
    Hover(usize),
}

/// The colour of a part of the split, the same on every page.
pub fn part_ink(part: Part) -> Ink {
    match part {
        Part::Train => Ink::Grey,
        Part::Validation => Ink::Orange,
        Part::Test => Ink::Green,
    }
}

/// Few days: the hours outside 09:30 to 16:00 are shaded. More: every second day. Too many: none.
pub(super) fn shade_sessions(
    ui: &Ui,
    theme: &Theme,
    bars: &Bars,
    sessions: &Sessions,
    area: &PlotArea,
) {
    let (from, to) = shown_days(sessions, area);
    let painter = ui.painter().with_clip_rect(area.rect);
    let shade = theme.text.gamma_multiply(0.045);
    let band = |a: f64, b: f64| {
        let x = area.px(a)..=area.px(b);
        painter.rect_filled(Rect::from_x_y_ranges(x, area.rect.y_range()), 0, shade);
    };
    if to - from > MOST_SHADED {
        return;
    }
    for (i, d) in sessions.days[from..to].iter().enumerate() {
        let (first, end) = (d.first as f64 - 0.5, d.last as f64 + 0.5);
        if to - from > MOST_HOURS {
            if (from + i) % 2 == 0 {
                band(first, end);
            }
            continue;
        }
        let at = |since_roll: i64| {
            let times = &bars.open_time[d.first..=d.last];
            (d.first + times.partition_point(|&t| t < d.roll_utc + since_roll)) as f64 - 0.5
        };
        let (open, close) = (at(REGULAR_HOURS[0]), at(REGULAR_HOURS[1]));
        band(first, open);
        if close < end {
            band(close, end);
        }
        painter.vline(
            area.px(first),
            area.rect.y_range(),
            Stroke::new(1.0, theme.line),
        );
    }
}

fn shown_days(sessions: &Sessions, area: &PlotArea) -> (usize, usize) {
    let from = sessions
        .days
        .partition_point(|d| (d.last as f64) < area.x[0]);
    let to = sessions
        .days
        .partition_point(|d| (d.first as f64) < area.x[1]);
    (from, to.max(from))
}

/// Days on which the exchange closed early, at their last bar.
pub(super) fn early_closes(ui: &Ui, theme: &Theme, sessions: &Sessions, area: &PlotArea) {
    let (from, to) = shown_days(sessions, area);
    if to - from > MOST_SHADED {
        return;
    }
    let painter = ui.painter().with_clip_rect(area.rect);
    let mut free = area.rect.left();
    for d in sessions.days[from..to].iter().filter(|d| d.half_day) {
        let since_midnight = (d.close_secs + 18 * 3_600).rem_euclid(86_400);
        let (h, m) = (since_midnight / 3_600, since_midnight % 3_600 / 60);
        let x = area.px(d.last as f64 + 0.5);
        dashed(&painter, area, x, theme.warn);
        let text = if to - from > MOST_HOURS {
            format!("{h:02}:{m:02}")
        } else {
            format!("early close {h:02}:{m:02}")
        };
        let galley = painter.layout_no_wrap(text, FontId::proportional(11.0), theme.warn);
        let size = galley.size();
        // Beside the line on the side where there is room; not over the one before.
        let left = if x - 4.0 - size.x >= free {
            x - 4.0 - size.x
        } else {
            x + 4.0
        };
        if left >= free && left + size.x <= area.rect.right() {
            let at = pos2(left, area.rect.bottom() - 4.0 - size.y);
            painter.galley(at, galley, theme.warn);
            free = left + size.x + 6.0;
        }
    }
}

/// Changes of contract; names only where they do not run into each other.
pub(super) fn rolls(ui: &Ui, theme: &Theme, bars: &Bars, area: &PlotArea) {
    let shown = (area.x[0].max(0.0) as usize).min(bars.len())
        ..(area.x[1].max(0.0) as usize + 1).min(bars.len());
    let painter = ui.painter().with_clip_rect(area.rect);
    let color = theme.ink(Ink::Purple);
    let mut free = f32::NEG_INFINITY;
    for r in bars.rolls_in(shown) {
        let bar = bars.open_time.partition_point(|&t| t < r.time);
        let x = area.px(bar as f64 - 0.5);
        dashed(&painter, area, x, color);
        if x < free {
            continue;
        }
        let text = format!("roll to {}", r.to);
        let at = pos2(x + 4.0, area.rect.top() + 22.0);
        free = painter
            .text(
                at,
                Align2::LEFT_TOP,
                text,
                FontId::proportional(11.0),
                color,
            )
            .right()
            + 6.0;
    }
}

fn dashed(painter: &Painter, area: &PlotArea, x: f32, color: egui::Color32) {
    // Under the names of the parts.
    painter.extend(Shape::dashed_line(
        &[pos2(x, area.rect.top() + 18.0), pos2(x, area.rect.bottom())],
        Stroke::new(1.2, color.gamma_multiply(0.8)),
        4.0,
        4.0,
    ));
}

/// The parts of the split as bands along the top, and their two bounds as handles.
pub(super) fn split_bounds(
    ui: &Ui,
    theme: &Theme,
    sessions: &Sessions,
    bounds: [usize; 2],
    area: &PlotArea,
    n: usize,
) -> Option<ChartAction> {
    let days = &sessions.days;
    let first_bar = |s: usize| days.get(s).map_or(n, |d| d.first);
    let edges = [0, first_bar(bounds[0]), first_bar(bounds[1]), n];
    let painter = ui.painter().with_clip_rect(area.rect);
    for (k, part) in Part::ALL.into_iter().enumerate() {
        let (a, b) = (
            area.px(edges[k] as f64 - 0.5).max(area.rect.left()),
            area.px(edges[k + 1] as f64 - 0.5).min(area.rect.right()),
        );
        if b - a < 1.0 {
            continue;
        }
        let color = theme.ink(part_ink(part));
        let band = Rect::from_x_y_ranges(a..=b, area.rect.top()..=area.rect.top() + 18.0);
        painter.rect_filled(band, 0, color.gamma_multiply(0.22));
        painter.rect_filled(
            Rect::from_x_y_ranges(a..=b, area.rect.y_range()),
            0,
            color.gamma_multiply(0.035),
        );
        let galley = painter.layout_no_wrap(
            part.name().to_owned(),
            FontId::proportional(11.5),
            theme.text,
        );
        if galley.size().x + 6.0 < b - a {
            painter.galley(
                pos2((a + b - galley.size().x) / 2.0, area.rect.top() + 2.0),
                galley,
                theme.text,
            );
        }
    }
    let mut action = None;
    for k in 0..2 {
        let x = area.px(edges[k + 1] as f64 - 0.5);
        if x < area.rect.left() || x > area.rect.right() {
            continue;
        }
        let grip = Rect::from_x_y_ranges(x - 5.0..=x + 5.0, area.rect.y_range());
        let id = ui.unique_id().with(("split-bound", k));
        let response = ui
            .interact(grip, id, Sense::click_and_drag())
            .on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
        let name = ["Begin of validation", "Begin of test"][k];
        response.widget_info(|| {
            let day = days
                .get(bounds[k])
                .map_or_else(String::new, |d| d.day.to_string());
            WidgetInfo::labeled(Role::Splitter, true, format!("{name}, {day}"))
        });
        let hot = response.hovered() || response.dragged() || response.has_focus();
        let color = if hot {
            theme.accent
        } else {
            theme.text.gamma_multiply(0.7)
        };
        painter.vline(
            x,
            area.rect.y_range(),
            Stroke::new(if hot { 2.5 } else { 1.5 }, color),
        );
        painter.rect_filled(
            Rect::from_center_size(pos2(x, area.rect.top() + 9.0), vec2(7.0, 18.0)),
            2,
            color,
        );
        let dragged = response
            .interact_pointer_pos()
            .filter(|_| response.dragged())
            .map(|p| {
                let bar = area.x_at(p.x).max(0.0) as usize;
                days.partition_point(|d| d.last < bar) as i64
            });
        let to = dragged.or_else(|| keyed(ui, &response, bounds[k]));
        if let Some(to) = to {
            // The other bound stays where it is; every part keeps a session.
            let (least, most) = if k == 0 {
                (1, bounds[1].saturating_sub(1))
            } else {
                (bounds[0] + 1, days.len().saturating_sub(1))
            };
            let to = to.clamp(least as i64, most.max(least) as i64) as usize;
            action = (to != bounds[k])
                .then_some(ChartAction::MoveBound(k, to))
                .or(action);
        }
        if response.dragged() {
            let day = days
                .get(bounds[k])
                .map_or_else(String::new, |d| d.day.to_string());
            response.on_hover_text_at_pointer(format!("{name}: {day}"));
        }
    }
    action
}

/// A bound with the keyboard: arrows by a session, with Shift by five.
fn keyed(ui: &Ui, response: &egui::Response, session: usize) -> Option<i64> {
    if !response.has_focus() {
        return None;
    }
    let arrows = egui::EventFilter {
        horizontal_arrows: true,
        ..Default::default()
    };
    ui.memory_mut(|m| m.set_focus_lock_filter(response.id, arrows));
    let step: i64 = ui.input_mut(|i| {
        [
            (Modifiers::NONE, Key::ArrowLeft, -1),
            (Modifiers::NONE, Key::ArrowRight, 1),
            (Modifiers::SHIFT, Key::ArrowLeft, -5),
            (Modifiers::SHIFT, Key::ArrowRight, 5),
        ]
        .into_iter()
        .map(|(m, key, by)| by * i64::from(i.consume_key(m, key)))
        .sum()
    });
    (step != 0).then_some(session as i64 + step)
}
