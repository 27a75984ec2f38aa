//! Trades on candles: entry and exit, the stop and the target as they stood at every bar.

use egui::{Align2, FontId, Painter, Pos2, Shape, Stroke, Ui, pos2};
use holdout_core::market::Bars;
use holdout_core::sim::{Ledger, Side, Trade};

use super::plot_area::PlotArea;
use crate::app::theme::Theme;
use crate::report::{Ink, number};

/// Up to this many bars their stops and targets are drawn.
const MOST_LEVELS: usize = 2_500;
/// Up to this many trades are drawn.
const MOST_TRADES: usize = 400;

/// What is drawn of an account.
#[derive(Debug, Clone, Copy)]
pub struct TradeMarks<'a> {
    /// The account.
    pub ledger: &'a Ledger,
    /// Bar of the market that its first row is about.
    pub first: usize,
    /// Number of the trade that is looked at.
    pub chosen: Option<u32>,
}

/// Draws what lies in the shown bars, up to `until`.
pub(super) fn draw(
    ui: &Ui,
    theme: &Theme,
    marks: &TradeMarks<'_>,
    bars: &Bars,
    area: &PlotArea,
    until: usize,
) {
    let painter = ui.painter().with_clip_rect(area.rect);
    let from = (area.x[0].floor().max(0.0) as usize).saturating_sub(1);
    let to = ((area.x[1].ceil().max(0.0) as usize) + 1).min(until);
    levels(&painter, theme, marks, area, from, to);
    trades(&painter, theme, marks, bars, area, from, to);
}

/// Stop and target, each a step line over the bars in which it was live.
fn levels(
    painter: &Painter,
    theme: &Theme,
    marks: &TradeMarks<'_>,
    area: &PlotArea,
    from: usize,
    to: usize,
) {
    let rows = &marks.ledger.rows;
    let first = from.saturating_sub(marks.first);
    let end = (to + 1).saturating_sub(marks.first).min(rows.len());
    if end.saturating_sub(first) > MOST_LEVELS {
        return;
    }
    let price = |ticks: i32| marks.ledger.instrument.price(ticks);
    let (stop, target) = (theme.ink(Ink::Vermilion), theme.ink(Ink::Green));
    for i in first..end {
        // What a row says is live in the bar after it.
        let bar = (marks.first + i + 1) as f64;
        if marks.first + i + 1 > to {
            break;
        }
        let x = [area.px(bar - 0.5), area.px(bar + 0.5)];
        for (level, color, dashed) in [(rows[i].stop, stop, false), (rows[i].target, target, true)]
        {
            let Some(ticks) = level else { continue };
            let y = area.py(price(ticks));
            // Targets are broken, stops are not: they are not told apart by colour alone.
            let right = if dashed {
                x[0] + (x[1] - x[0]) * 0.6
            } else {
                x[1]
            };
            painter.hline(x[0]..=right, y, Stroke::new(1.6, color));
        }
    }
}

fn trades(
    painter: &Painter,
    theme: &Theme,
    marks: &TradeMarks<'_>,
    bars: &Bars,
    area: &PlotArea,
    from: usize,
    to: usize,
) {
    let Some(last) = bars.len().checked_sub(1) else {
        return;
    };
    let (begin, end) = (bars.open_time[from.min(last)], bars.open_time[to.min(last)]);
    // One position at a time: entries and exits come in the same order.
    let all = &marks.ledger.trades;
    let first = all.partition_point(|t| t.exit_time < begin);
    let count = all[first..].partition_point(|t| t.entry_time <= end);
    if count > MOST_TRADES {
        painter.text(
            area.rect.right_bottom() - egui::vec2(8.0, 6.0),
            Align2::RIGHT_BOTTOM,
            format!(
                "{} trades here: zoom in to see them",
                number::count(count as u64)
            ),
            FontId::proportional(11.0),
            theme.dim,
        );
        return;
    }
    for t in &all[first..first + count] {
        trade(
            painter,
            theme,
            marks,
            bars,
            area,
            t,
            to,
            marks.chosen == Some(t.id),
        );
    }
}

#[expect(clippy::too_many_arguments, reason = "a trade, its market, its place")]
fn trade(
    painter: &Painter,
    theme: &Theme,
    marks: &TradeMarks<'_>,
    bars: &Bars,
    area: &PlotArea,
    t: &Trade,
    to: usize,
    chosen: bool,
) {
    let instrument = &marks.ledger.instrument;
    let at = |time: i64, ticks: i32| -> (usize, Pos2) {
        let bar = bars.open_time.partition_point(|&o| o < time);
        let p = pos2(area.px(bar as f64), area.py(instrument.price(ticks)));
        (bar, p)
    };
    let (entry_bar, entry) = at(t.entry_time, t.entry_price);
    // In the bar of the entry both levels stand as they were ordered.
    let bar = entry_bar as f64;
    let (left, right) = (area.px(bar - 0.5), area.px(bar + 0.5));
    for (ticks, ink, share) in [
        (t.stop_initial, Ink::Vermilion, 1.0),
        (t.target_initial, Ink::Green, 0.6),
    ] {
        let y = area.py(instrument.price(ticks));
        let stroke = Stroke::new(1.6, theme.ink(ink));
        painter.hline(left..=left + (right - left) * share, y, stroke);
    }
    let (exit_bar, exit) = at(t.exit_time, t.exit_price);
    let color = theme.money(t.net_pnl.dollars());
    let size = if chosen { 7.0 } else { 5.0 };
    let over = exit_bar <= to;
    if over {
        let stroke = Stroke::new(if chosen { 2.0 } else { 1.2 }, color);
        painter.extend(Shape::dashed_line(&[entry, exit], stroke, 4.0, 3.0));
        let square = egui::Rect::from_center_size(exit, egui::Vec2::splat(size * 1.4));
        painter.rect(
            square,
            1,
            theme.background,
            Stroke::new(1.6, color),
            egui::StrokeKind::Middle,
        );
    }
    let (up, side) = if t.side == Side::Long {
        (1.0, theme.ink(Ink::Sky))
    } else {
        (-1.0, theme.ink(Ink::Orange))
    };
    painter.add(Shape::convex_polygon(
        vec![
            entry - egui::vec2(0.0, size * up),
            entry + egui::vec2(size * 0.9, size * 0.8 * up),
            entry + egui::vec2(-size * 0.9, size * 0.8 * up),
        ],
        side,
        Stroke::new(1.0, theme.text),
    ));
    if chosen && over {
        let text = format!(
            "{} {}",
            number::count(u64::from(t.id)),
            number::dollars_signed(t.net_pnl.dollars(), 0)
        );
        painter.text(
            exit + egui::vec2(size + 4.0, 0.0),
            Align2::LEFT_CENTER,
            text,
            FontId::proportional(11.5),
            color,
        );
    }
}
