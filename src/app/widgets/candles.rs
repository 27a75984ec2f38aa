//! The price chart: candles and volume over bar numbers, from one bar to millions.
//!
//! Every picture has some hundred candles, whatever it covers: see [`super::candle_levels`]. x
//! counts bars, so nights and weekends take no room; ticks are New York times. Beside the
//! pointer ways of all plots, a focused chart pans with the arrow keys, zooms with plus and
//! minus, and shows everything with Home.

use std::ops::Range;

use egui::{
    Align2, Color32, EventFilter, FontId, Key, Modifiers, Rect, Role, Sense, Shape, Stroke, Ui,
    WidgetInfo, pos2, vec2,
};
use holdout_core::market::Bars;

pub use super::candle_levels::{Candle, CandleSet};
pub use super::candle_marks::{ChartAction, Marks, part_ink};
use super::candle_marks::{early_closes, rolls, shade_sessions, split_bounds};
use super::plot_area::{PlotArea, View};
use super::trade_marks;
use crate::app::theme::{self, Theme};
use crate::report::chart_ticks::{self, Tick, Ticks};
use crate::report::{Ink, Unit, number};

/// Bars that the narrowest picture has.
const LEAST: f64 = 12.0;

/// Draws the chart over the available width.
pub fn show(
    ui: &mut Ui,
    theme: &Theme,
    set: &CandleSet,
    marks: &Marks<'_>,
    view: &mut View,
    height: f32,
) -> Option<ChartAction> {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let n = set.bars.len();
    if n == 0 || !ui.is_rect_visible(rect) {
        return None;
    }
    let full = [-0.5, n as f64 - 0.5];
    let x = view.of(full);
    let until = marks.until.unwrap_or(n - 1).min(n - 1);
    let end = ((x[1] + 1.5).max(1.0) as usize).min(until + 1);
    let shown = (x[0].max(0.0) as usize).min(until)..end;
    let (price, volume) = areas(ui, set, rect, x, &shown);
    let x_ticks = bar_ticks(&set.bars, x, price.0.rect.width());
    let response = ui.interact(
        rect,
        ui.unique_id().with("candles"),
        Sense::click_and_drag(),
    );
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Image, true, "Price chart");
        let at = |bar: usize| chart_ticks::stamp(set.bars.open_time[bar] as f64);
        info.current_text_value = Some(format!(
            "{} to {}",
            at(shown.start.min(n - 1)),
            at(shown.end.clamp(1, n) - 1)
        ));
        info
    });
    price.0.grid(ui.painter(), theme, &x_ticks, &price.1, false);
    volume
        .0
        .grid(ui.painter(), theme, &x_ticks, &volume.1, true);
    shade_sessions(ui, theme, &set.bars, marks.sessions, &price.0);
    draw_candles(ui, theme, set, &price.0, &volume.0, &shown);
    early_closes(ui, theme, marks.sessions, &price.0);
    rolls(ui, theme, &set.bars, &price.0);
    if let Some(trades) = &marks.trades {
        trade_marks::draw(ui, theme, trades, &set.bars, &price.0, until);
    }
    if let Some(bar) = marks.pointed {
        let at = price.0.px(bar as f64);
        ui.painter().with_clip_rect(price.0.rect).vline(
            at,
            price.0.rect.y_range(),
            Stroke::new(1.5, theme.warn),
        );
    }
    let action = marks
        .bounds
        .and_then(|b| split_bounds(ui, theme, marks.sessions, b, &price.0, n));
    let least = LEAST.min(n as f64);
    view.interact(ui, &response, &price.0, full, least, true);
    keys(ui, &response, view, full, least);
    if response.has_focus() {
        ui.painter().rect_stroke(
            price.0.rect,
            3,
            Stroke::new(1.5, theme.accent),
            egui::StrokeKind::Inside,
        );
    }
    let at = crosshair(ui, theme, set, &price.0, &volume.0, &response);
    let action = action.or_else(|| {
        let bar = at?;
        Some(if response.clicked() {
            ChartAction::Click(bar)
        } else {
            ChartAction::Hover(bar)
        })
    });
    let title = format!("Price ({})", set.bars.instrument.symbol);
    let (price_head, volume_head) = readout(set, &price.0, at.or(marks.pointed));
    head(ui, theme, &price.0, &title, &price_head);
    head(ui, theme, &volume.0, "Volume (contracts)", &volume_head);
    action
}

/// Name of an axis, and behind it the values under the crosshair.
fn head(ui: &Ui, theme: &Theme, area: &PlotArea, name: &str, values: &str) {
    let at = pos2(area.rect.left(), area.rect.top() - 3.0);
    let name = ui.painter().text(
        at,
        Align2::LEFT_BOTTOM,
        name,
        FontId::proportional(11.0),
        theme.dim,
    );
    ui.painter().text(
        pos2(name.right() + 12.0, at.y),
        Align2::LEFT_BOTTOM,
        values,
        theme::mono(11.5),
        theme.text,
    );
}

type Axed = (PlotArea, Ticks);

/// The level whose candles are at least three points wide; in steps of width, so that range and picture agree.
fn drawn_level(set: &CandleSet, x: [f64; 2], width: f32) -> usize {
    set.level_for(
        x[1] - x[0],
        ((width / 100.0).round() * 100.0 / 3.0) as usize,
    )
}

fn areas(ui: &Ui, set: &CandleSet, rect: Rect, x: [f64; 2], shown: &Range<usize>) -> (Axed, Axed) {
    let instrument = &set.bars.instrument;
    let level = drawn_level(set, x, rect.width() - 60.0);
    let all = set
        .candles(level, shown.clone())
        .fold((i32::MAX, i32::MIN, 0.0_f64), |a, (_, c)| {
            (a.0.min(c.low), a.1.max(c.high), a.2.max(c.volume))
        });
    let (low, high) = (instrument.price(all.0), instrument.price(all.1));
    let margin = ((high - low) * 0.06).max(instrument.tick_size * 2.0);
    let y = [low - margin, high + margin];
    let vy = [0.0, (all.2 * 1.08).max(1.0)];
    let (head, foot) = (17.0, 20.0);
    let room = rect.height() - 2.0 * head - foot;
    let (hp, hv) = (room * 0.78, room * 0.22);
    let p_ticks = chart_ticks::ticks(Unit::Plain, y[0], y[1], (hp / 34.0) as usize);
    let v_ticks = chart_ticks::ticks(Unit::Count, vy[0], vy[1], 2);
    let font = FontId::proportional(11.0);
    let labels = p_ticks.ticks.iter().chain(&v_ticks.ticks);
    let widest = labels
        .map(|t| {
            ui.painter()
                .layout_no_wrap(t.label.clone(), font.clone(), Color32::PLACEHOLDER)
                .size()
                .x
        })
        .fold(40.0, f32::max);
    let (left, right) = (rect.left() + widest + 10.0, rect.right() - 8.0);
    let top = rect.top() + head;
    let p = Rect::from_min_max(pos2(left, top), pos2(right, top + hp));
    let v = Rect::from_min_max(
        pos2(left, top + hp + head),
        pos2(right, top + hp + head + hv),
    );
    (
        (PlotArea { rect: p, x, y }, p_ticks),
        (PlotArea { rect: v, x, y: vy }, v_ticks),
    )
}

/// Calendar ticks at the bars where their times are reached.
fn bar_ticks(bars: &Bars, x: [f64; 2], width: f32) -> Ticks {
    let n = bars.len();
    let time = |b: f64| bars.open_time[(b.round().max(0.0) as usize).min(n - 1)] as f64;
    let found = chart_ticks::ticks(
        Unit::Time,
        time(x[0]),
        time(x[1]).max(time(x[0]) + 60.0),
        (width / 80.0) as usize * 2,
    );
    let per_point = (x[1] - x[0]) / f64::from(width);
    let mut kept: Vec<Tick> = Vec::new();
    for t in found.ticks {
        let at = bars.open_time.partition_point(|&o| (o as f64) < t.at) as f64;
        // Nights and weekends take no room, so ticks may fall together; those with a date win.
        match kept.last() {
            Some(last) if (at - last.at) / per_point < 64.0 => {
                if t.label.contains(' ') && !last.label.contains(' ') {
                    kept.pop();
                    kept.push(Tick { at, label: t.label });
                }
            }
            _ => kept.push(Tick { at, label: t.label }),
        }
    }
    Ticks {
        ticks: kept,
        step: found.step,
    }
}

fn draw_candles(
    ui: &Ui,
    theme: &Theme,
    set: &CandleSet,
    price: &PlotArea,
    volume: &PlotArea,
    shown: &Range<usize>,
) {
    let max = (price.rect.width() / 3.0) as usize;
    let level = drawn_level(set, price.x, price.rect.width());
    let size = 4_usize.pow(level as u32) as f64;
    let wide = (price.rect.width() as f64 * size / (price.x[1] - price.x[0])) as f32;
    let body = (wide * 0.7).max(1.0);
    let (up, down) = (theme.ink(Ink::Sky), theme.ink(Ink::Vermilion));
    let instrument = &set.bars.instrument;
    let prices = ui.painter().with_clip_rect(price.rect);
    let volumes = ui.painter().with_clip_rect(volume.rect);
    let mut shapes = Vec::with_capacity(max * 3);
    for (first, c) in set.candles(level, shown.clone()) {
        let x = price.px(first as f64 + (size - 1.0) / 2.0);
        let y = |t: i32| price.py(instrument.price(t));
        let rises = c.close >= c.open;
        let color = if rises { up } else { down };
        let body_rect = Rect::from_x_y_ranges(
            x - body / 2.0..=x + body / 2.0,
            y(c.open.max(c.close))..=y(c.open.min(c.close)),
        );
        if wide < 4.0 {
            shapes.push(Shape::line_segment(
                [pos2(x, y(c.high)), pos2(x, y(c.low).max(y(c.high) + 1.0))],
                Stroke::new(body.max(1.0), color),
            ));
        } else if c.open == c.close {
            // Nothing to fill: a bar across the wick.
            let ends = [pos2(x, y(c.high)), pos2(x, y(c.low))];
            shapes.push(Shape::line_segment(ends, Stroke::new(1.0, color)));
            let ends = [body_rect.left_top(), body_rect.right_top()];
            shapes.push(Shape::line_segment(ends, Stroke::new(1.0, color)));
        } else if rises {
            // Rising candles are hollow: direction is not told by colour alone.
            shapes.push(Shape::line_segment(
                [pos2(x, y(c.high)), body_rect.center_top()],
                Stroke::new(1.0, color),
            ));
            shapes.push(Shape::line_segment(
                [body_rect.center_bottom(), pos2(x, y(c.low))],
                Stroke::new(1.0, color),
            ));
            shapes.push(Shape::rect_stroke(
                body_rect,
                0,
                Stroke::new(1.0, color),
                egui::StrokeKind::Inside,
            ));
        } else {
            shapes.push(Shape::line_segment(
                [pos2(x, y(c.high)), pos2(x, y(c.low))],
                Stroke::new(1.0, color),
            ));
            shapes.push(Shape::rect_filled(
                Rect::from_min_max(
                    body_rect.min,
                    pos2(
                        body_rect.right(),
                        body_rect.bottom().max(body_rect.top() + 1.0),
                    ),
                ),
                0,
                color,
            ));
        }
        let bar = Rect::from_x_y_ranges(
            x - body / 2.0..=x + body / 2.0,
            volume.py(c.volume)..=volume.rect.bottom(),
        );
        volumes.rect_filled(bar, 0, color.gamma_multiply(0.55));
    }
    prices.extend(shapes);
}

/// Pans, zooms and resets a chart that has the keyboard.
fn keys(ui: &Ui, response: &egui::Response, view: &mut View, full: [f64; 2], least: f64) {
    if !response.has_focus() {
        return;
    }
    let arrows = EventFilter {
        horizontal_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|m| m.set_focus_lock_filter(response.id, arrows));
    let pressed = |key| ui.input_mut(|i| i.consume_key(Modifiers::NONE, key));
    let [lo, hi] = view.of(full);
    let step = (hi - lo) * 0.1;
    if pressed(Key::ArrowLeft) {
        view.pan(full, -step);
    }
    if pressed(Key::ArrowRight) {
        view.pan(full, step);
    }
    if pressed(Key::Plus) || pressed(Key::Equals) {
        view.zoom(full, (lo + hi) / 2.0, 0.8, least);
    }
    if pressed(Key::Minus) {
        view.zoom(full, (lo + hi) / 2.0, 1.25, least);
    }
    if pressed(Key::Home) {
        *view = View::default();
    }
}

/// Lines through the pointer and the price at it. Returns the bar under it.
fn crosshair(
    ui: &Ui,
    theme: &Theme,
    set: &CandleSet,
    price: &PlotArea,
    volume: &PlotArea,
    response: &egui::Response,
) -> Option<usize> {
    let whole = price.rect.union(volume.rect);
    let p = response.hover_pos().filter(|p| whole.contains(*p))?;
    let line = Stroke::new(1.0, theme.dim.gamma_multiply(0.6));
    for area in [price, volume] {
        ui.painter().vline(p.x, area.rect.y_range(), line);
    }
    if price.rect.contains(p) {
        ui.painter().hline(price.rect.x_range(), p.y, line);
        let share = f64::from((price.rect.bottom() - p.y) / price.rect.height());
        let value = price.y[0] + share * (price.y[1] - price.y[0]);
        let i = &set.bars.instrument;
        let text = i.format_price((value / i.tick_size).round() as i32);
        let galley = ui
            .painter()
            .layout_no_wrap(text, FontId::proportional(11.0), theme.on_accent);
        let at = pos2(
            price.rect.left() - galley.size().x - 6.0,
            p.y - galley.size().y / 2.0,
        );
        let tag = Rect::from_min_size(at, galley.size()).expand2(vec2(4.0, 1.0));
        ui.painter().rect_filled(tag, 3, theme.accent);
        ui.painter().galley(at, galley, theme.on_accent);
    }
    Some((price.x_at(p.x).round().max(0.0) as usize).min(set.bars.len() - 1))
}

/// The candle of a bar, as drawn at this zoom, in words.
fn readout(set: &CandleSet, area: &PlotArea, bar: Option<usize>) -> (String, String) {
    let level = drawn_level(set, area.x, area.rect.width());
    let found = bar.and_then(|b| set.candles(level, b..b + 1).next());
    let Some((first, c)) = found else {
        return (String::new(), String::new());
    };
    let i = &set.bars.instrument;
    let size = 4_usize.pow(level as u32);
    let span = if size == 1 {
        String::new()
    } else {
        format!(" ({size} bars)")
    };
    let text = format!(
        "{}{span}  O {}  H {}  L {}  C {}",
        chart_ticks::stamp(set.bars.open_time[first] as f64),
        i.format_price(c.open),
        i.format_price(c.high),
        i.format_price(c.low),
        i.format_price(c.close),
    );
    (text, number::grouped(c.volume, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdout_core::market::Instruments;

    #[test]
    fn ticks_do_not_crowd_over_nights() {
        let mut b = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 60);
        for i in 0..3_000 {
            b.push(i * 60, [4, 4, 4, 4], 1.0);
        }
        let ticks = bar_ticks(&b, [0.0, 2_999.0], 800.0);
        assert!(ticks.ticks.len() >= 3);
        assert!(
            ticks
                .ticks
                .windows(2)
                .all(|w| (w[1].at - w[0].at) / (2_999.0 / 800.0) >= 63.9)
        );
    }
}
