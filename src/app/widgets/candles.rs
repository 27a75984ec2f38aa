//! The price chart: candles and volume over bar numbers, from one bar to millions.
//!
//! Zoomed out, neighbouring bars are joined into candles of 4, 16, 64 … bars (open of the
//! first, highest high, lowest low, close of the last, sum of volumes), so every picture has
//! some hundred candles. x counts bars, so nights and weekends take no room; ticks are New
//! York times.

use std::ops::Range;
use std::sync::Arc;

use egui::{
    Align2, Color32, CursorIcon, FontId, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2,
    vec2,
};
use holdout_core::market::{Bars, Sessions, split::Part};

use super::plot_area::{PlotArea, View};
use crate::app::theme::{self, Theme};
use crate::report::chart_ticks::{self, Tick, Ticks};
use crate::report::{Ink, Unit, number};

/// One or several bars as one candle. Prices in ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candle {
    /// Open of the first bar.
    pub open: i32,
    /// Highest high.
    pub high: i32,
    /// Lowest low.
    pub low: i32,
    /// Close of the last bar.
    pub close: i32,
    /// Sum of volumes.
    pub volume: f64,
}

impl Candle {
    fn of_bar(bars: &Bars, i: usize) -> Self {
        Self {
            open: bars.open[i],
            high: bars.high[i],
            low: bars.low[i],
            close: bars.close[i],
            volume: bars.volume[i],
        }
    }

    fn join(group: &[Self]) -> Self {
        let (first, last) = (group[0], group[group.len() - 1]);
        group.iter().fold(
            Self {
                close: last.close,
                volume: 0.0,
                ..first
            },
            |a, c| Self {
                high: a.high.max(c.high),
                low: a.low.min(c.low),
                volume: a.volume + c.volume,
                ..a
            },
        )
    }
}

/// Bars with coarser levels: a candle of level `k` covers `4^k` bars.
#[derive(Debug, Clone)]
pub struct CandleSet {
    /// The bars.
    pub bars: Arc<Bars>,
    /// Levels 1, 2, 3 …
    levels: Vec<Vec<Candle>>,
}

impl CandleSet {
    /// Builds the levels; a million bars take some 10 ms, so call it where the bars are loaded.
    pub fn new(bars: Arc<Bars>) -> Self {
        let mut levels: Vec<Vec<Candle>> = Vec::new();
        let n = bars.len();
        if n > 64 {
            let four = |k: usize| {
                (4 * k..(4 * k + 4).min(n))
                    .map(|i| Candle::of_bar(&bars, i))
                    .collect::<Vec<_>>()
            };
            levels.push((0..n.div_ceil(4)).map(|k| Candle::join(&four(k))).collect());
        }
        while let Some(last) = levels.last().filter(|l| l.len() > 64) {
            let next = last.chunks(4).map(Candle::join).collect();
            levels.push(next);
        }
        Self { bars, levels }
    }

    /// The level to draw a stretch of bars with at most about `max` candles.
    pub fn level_for(&self, n_bars: f64, max: usize) -> usize {
        (0..=self.levels.len())
            .find(|&k| n_bars / 4_f64.powi(k as i32) <= max as f64)
            .unwrap_or(self.levels.len())
    }

    /// The candles of a level that touch a stretch of bars, each with the first bar it covers.
    pub fn candles(
        &self,
        level: usize,
        bars: Range<usize>,
    ) -> impl Iterator<Item = (usize, Candle)> + '_ {
        let size = 4_usize.pow(level as u32);
        let n = if level == 0 {
            self.bars.len()
        } else {
            self.levels[level - 1].len()
        };
        let (from, to) = (bars.start / size, bars.end.div_ceil(size).min(n));
        (from..to).map(move |k| {
            (
                k * size,
                if level == 0 {
                    Candle::of_bar(&self.bars, k)
                } else {
                    self.levels[level - 1][k]
                },
            )
        })
    }
}

/// What the price chart is told beside the bars.
#[derive(Debug, Clone, Copy)]
pub struct Marks<'a> {
    /// Trading days.
    pub sessions: &'a Sessions,
    /// First session of validation and of test, counted from 0; none before there is a split.
    pub bounds: Option<[usize; 2]>,
    /// A bar to point at.
    pub pointed: Option<usize>,
}

/// What the user did on the price chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ChartAction {
    /// Dragged a bound (0: begin of validation, 1: begin of test) to a session.
    MoveBound(usize, usize),
}

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
    let shown = (x[0].max(0.0) as usize)..((x[1] + 1.5).max(1.0) as usize).min(n);
    let (price, volume) = areas(ui, set, rect, x, &shown);
    let x_ticks = bar_ticks(&set.bars, x, price.0.rect.width());
    let response = ui.interact(
        rect,
        ui.unique_id().with("candles"),
        Sense::click_and_drag(),
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Price chart"));
    price.0.grid(ui.painter(), theme, &x_ticks, &price.1, false);
    volume
        .0
        .grid(ui.painter(), theme, &x_ticks, &volume.1, true);
    shade_sessions(ui, theme, marks.sessions, &price.0, &shown);
    draw_candles(ui, theme, set, &price.0, &volume.0, &shown);
    head(
        ui,
        theme,
        &price.0,
        &format!("Price ({})", set.bars.instrument.symbol),
    );
    head(ui, theme, &volume.0, "Volume (contracts)");
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
    view.interact(ui, &response, &price.0, full, 12.0_f64.min(n as f64), true);
    tooltip(ui, theme, set, &price.0, &response);
    action
}

fn head(ui: &Ui, theme: &Theme, area: &PlotArea, text: &str) {
    ui.painter().text(
        pos2(area.rect.left(), area.rect.top() - 3.0),
        Align2::LEFT_BOTTOM,
        text,
        FontId::proportional(11.0),
        theme.dim,
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

/// Every second trading day is shaded, as long as they can be told apart.
fn shade_sessions(
    ui: &Ui,
    theme: &Theme,
    sessions: &Sessions,
    area: &PlotArea,
    shown: &Range<usize>,
) {
    let from = sessions.days.partition_point(|d| d.last < shown.start);
    let to = sessions.days.partition_point(|d| d.first < shown.end);
    if to - from > 120 {
        return;
    }
    let painter = ui.painter().with_clip_rect(area.rect);
    for (i, d) in sessions.days[from..to].iter().enumerate() {
        let (a, b) = (area.px(d.first as f64 - 0.5), area.px(d.last as f64 + 0.5));
        if (from + i) % 2 == 0 {
            painter.rect_filled(
                Rect::from_x_y_ranges(a..=b, area.rect.y_range()),
                0,
                theme.text.gamma_multiply(0.035),
            );
        }
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

/// The parts of the split as bands along the top, and their two bounds as handles.
fn split_bounds(
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
        let response = ui
            .interact(grip, ui.unique_id().with(("split-bound", k)), Sense::drag())
            .on_hover_and_drag_cursor(CursorIcon::ResizeHorizontal);
        let hot = response.hovered() || response.dragged();
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
        if let Some(p) = response
            .interact_pointer_pos()
            .filter(|_| response.dragged())
        {
            let bar = area.x_at(p.x).max(0.0) as usize;
            let session = days.partition_point(|d| d.last < bar);
            action = Some(ChartAction::MoveBound(k, session));
        }
    }
    action
}

/// The colour of a part of the split, the same on every page.
pub fn part_ink(part: Part) -> Ink {
    match part {
        Part::Train => Ink::Grey,
        Part::Validation => Ink::Orange,
        Part::Test => Ink::Green,
    }
}

fn tooltip(ui: &Ui, theme: &Theme, set: &CandleSet, area: &PlotArea, response: &egui::Response) {
    let Some(p) = response.hover_pos().filter(|p| area.rect.contains(*p)) else {
        return;
    };
    ui.painter().vline(
        p.x,
        area.rect.y_range(),
        Stroke::new(1.0, theme.dim.gamma_multiply(0.5)),
    );
    let level = drawn_level(set, area.x, area.rect.width());
    let bar = (area.x_at(p.x).round().max(0.0) as usize).min(set.bars.len() - 1);
    let Some((first, c)) = set.candles(level, bar..bar + 1).next() else {
        return;
    };
    let i = &set.bars.instrument;
    let size = 4_usize.pow(level as u32);
    let span = if size == 1 {
        String::new()
    } else {
        format!(" ({size} bars)")
    };
    let text = format!(
        "{}{span}\nO {}  H {}\nL {}  C {}\nV {}",
        chart_ticks::stamp(set.bars.open_time[first] as f64),
        i.format_price(c.open),
        i.format_price(c.high),
        i.format_price(c.low),
        i.format_price(c.close),
        number::grouped(c.volume, 0),
    );
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.label(egui::RichText::new(text).font(theme::mono(11.5)));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdout_core::market::Instruments;

    fn bars(n: usize) -> Arc<Bars> {
        let mut bars = Bars::empty(Instruments::builtin().get("NQ").unwrap().clone(), 60);
        for i in 0..n as i32 {
            let p = 10_000 + (i * 7_919) % 401;
            bars.push(
                i64::from(i) * 60,
                [p, p + 5, p - 5, p + 2],
                f64::from(i % 10),
            );
        }
        Arc::new(bars)
    }

    #[test]
    fn joined_candles_keep_open_high_low_close_and_volume() {
        let set = CandleSet::new(bars(5_000));
        let whole = 0..5_000;
        for level in 1..=set.levels.len() {
            let size = 4_usize.pow(level as u32);
            for (first, c) in set.candles(level, whole.clone()) {
                let last = (first + size).min(5_000);
                assert_eq!(c.open, set.bars.open[first]);
                assert_eq!(c.close, set.bars.close[last - 1]);
                assert_eq!(c.high, *set.bars.high[first..last].iter().max().unwrap());
                assert_eq!(c.low, *set.bars.low[first..last].iter().min().unwrap());
                assert_eq!(c.volume, set.bars.volume[first..last].iter().sum::<f64>());
            }
        }
    }

    #[test]
    fn any_stretch_is_drawn_with_few_candles() {
        let set = CandleSet::new(bars(200_000));
        for n in [1_usize, 100, 5_000, 200_000] {
            let level = set.level_for(n as f64, 400);
            let count = set.candles(level, 0..n).count();
            assert!((1..=402).contains(&count), "{n} bars give {count} candles");
        }
    }

    #[test]
    fn ticks_do_not_crowd_over_nights() {
        let b = bars(3_000);
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
