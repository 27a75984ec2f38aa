//! Why: one close of an evaluation. The account, the probabilities before and after the mask,
//! what was expected, what was seen; and the trade that it belongs to.

use egui::{
    Align, Label, Layout, Pos2, RichText, ScrollArea, Sense, Shape, Stroke, Ui, pos2, vec2,
};
use holdout_core::sim::observation::ACCOUNT_NAMES;
use holdout_core::sim::{Action, Trade};

use super::data::heading;
use super::results_data::{ResultsView, moment};
use super::results_player::ask;
use crate::app::context::PanelCtx;
use crate::app::explaining::ExplainView;
use crate::app::theme::{Theme, mono, semibold};
use crate::report::{Ink, number};

/// Draws the pane about a row of the ledger.
pub fn ui(ctx: &PanelCtx<'_>, results: &ResultsView, row: usize, ui: &mut Ui) {
    let Some(view) = ctx.model.explain.of(results).cloned() else {
        ask(ctx, ui);
        return;
    };
    if row >= view.explained.ledger.rows.len() {
        return;
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.set_max_width(ui.available_width() - 10.0);
        this_close(ctx.theme, &view, row, ui);
        ui.add_space(8.0);
        odds(ctx.theme, &view, row, ui);
        if let Some(t) = view.explained.trade_at(row) {
            ui.add_space(8.0);
            trade(ctx.theme, &view, t, ui);
        }
        ui.add_space(8.0);
        seen(ctx.theme, &view, row, ui);
    });
}

/// A name on the left, a figure on the right.
fn line(ui: &mut Ui, theme: &Theme, name: &str, value: String, color: egui::Color32) {
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = 17.0;
        ui.label(RichText::new(name).small().color(theme.dim));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add(Label::new(RichText::new(value).font(mono(12.0)).color(color)).truncate());
        });
    });
}

fn this_close(theme: &Theme, view: &ExplainView, row: usize, ui: &mut Ui) {
    let e = &view.explained;
    let r = &e.ledger.rows[row];
    let i = &e.ledger.instrument;
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.label(RichText::new(moment(Some(r.time))).font(semibold(14.0)));
    let close = i.format_price(e.bars.close[e.range.start + row]);
    line(ui, theme, "Close of the bar", close, theme.text);
    let position = match r.position {
        0 => "flat".to_owned(),
        n if n > 0 => format!("long {n}"),
        n => format!("short {}", -n),
    };
    line(ui, theme, "Position", position, theme.text);
    let usd = |x: holdout_core::units::Usd| number::dollars(x.dollars(), 2);
    line(ui, theme, "Equity", usd(r.equity_close), theme.text);
    let room = r.equity_worst - r.floor;
    let color = if room.0 <= 0 { theme.bad } else { theme.text };
    line(ui, theme, "Room to the floor", usd(room), color);
    for (name, level, ink) in [
        ("Stop, next bar", r.stop, Ink::Vermilion),
        ("Target, next bar", r.target, Ink::Green),
    ] {
        let text = level.map_or_else(|| "none".to_owned(), |t| i.format_price(t));
        let color = if level.is_some() {
            theme.ink(ink)
        } else {
            theme.dim
        };
        line(ui, theme, name, text, color);
    }
    line(ui, theme, "Did", r.action.label().to_owned(), theme.accent);
}

fn odds(theme: &Theme, view: &ExplainView, row: usize, ui: &mut Ui) {
    heading(ui, theme, "Probabilities");
    let Some(t) = &view.explained.thoughts[row] else {
        ui.add(
            Label::new(
                RichText::new("Too little history before this bar: the policy was not asked.")
                    .color(theme.dim),
            )
            .wrap(),
        );
        return;
    };
    let mask = view.explained.ledger.rows[row].mask;
    let took = view.explained.ledger.rows[row].action;
    ui.horizontal(|ui| {
        ui.spacing_mut().interact_size.y = 15.0;
        ui.label(RichText::new("action").small().color(theme.dim));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(
                RichText::new("before the mask   after it")
                    .small()
                    .color(theme.dim),
            );
        });
    });
    for a in Action::ALL {
        let (before, after) = (t.before_mask[a.index()], t.after_mask[a.index()]);
        let may = mask.allows(a);
        ui.horizontal(|ui| {
            ui.spacing_mut().interact_size.y = 17.0;
            let color = if may { theme.text } else { theme.dim };
            let (name, response) = ui.allocate_exact_size(vec2(56.0, 17.0), Sense::hover());
            let words = format!(
                "{}: {} before the mask, {}",
                a.label(),
                number::percent(f64::from(before)),
                if may {
                    format!("{} after it", number::percent(f64::from(after)))
                } else {
                    "not allowed".to_owned()
                }
            );
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &words));
            let font = if a == took {
                semibold(12.5)
            } else {
                egui::FontId::proportional(12.5)
            };
            ui.painter().text(
                name.left_center(),
                egui::Align2::LEFT_CENTER,
                a.label(),
                font,
                color,
            );
            let room = (ui.available_width() - 128.0).max(20.0);
            let (rect, _) = ui.allocate_exact_size(vec2(room, 14.0), Sense::hover());
            ui.painter().rect_filled(rect, 2, theme.background);
            let half = |top: bool, share: f32, color| {
                let mut r = rect;
                if top {
                    r.set_bottom(rect.center().y - 0.5);
                } else {
                    r.set_top(rect.center().y + 0.5);
                }
                r.set_width(rect.width() * share.clamp(0.0, 1.0));
                ui.painter().rect_filled(r, 1, color);
            };
            half(true, before, theme.ink(Ink::Grey));
            half(false, after, theme.ink(Ink::Sky));
            let text = |p: f32| number::percent(f64::from(p));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let last = if may {
                    text(after)
                } else {
                    "forbidden".to_owned()
                };
                let figures = format!("{:>6} {last:>9}", text(before));
                ui.label(RichText::new(figures).font(mono(11.0)).color(color));
            });
        });
    }
    line(
        ui,
        theme,
        "Expected reward from here",
        number::grouped(f64::from(t.value), 4),
        theme.text,
    );
}

fn trade(theme: &Theme, view: &ExplainView, t: &Trade, ui: &mut Ui) {
    let e = &view.explained;
    let Some(story) = e.story(t) else { return };
    let i = &e.ledger.instrument;
    heading(
        ui,
        theme,
        &format!("Trade {}, {}", number::count(u64::from(t.id)), story.side),
    );
    let net = t.net_pnl.dollars();
    line(
        ui,
        theme,
        "Net P&L",
        number::dollars_signed(net, 2),
        theme.money(net),
    );
    let leg =
        |time: i64, price: i32| format!("{} at {}", moment(Some(time)), i.format_price(price));
    line(
        ui,
        theme,
        "In",
        leg(t.entry_time, t.entry_price),
        theme.text,
    );
    line(ui, theme, "Out", leg(t.exit_time, t.exit_price), theme.text);
    line(
        ui,
        theme,
        "Why out",
        t.exit_reason.name().replace('_', " "),
        theme.text,
    );
    line(
        ui,
        theme,
        "Stop and target at entry",
        format!(
            "{} / {}",
            i.format_price(t.stop_initial),
            i.format_price(t.target_initial)
        ),
        theme.text,
    );
    if let Some(room) = story.least_room {
        line(
            ui,
            theme,
            "Least room to the floor",
            number::dollars(room.dollars(), 2),
            theme.text,
        );
    }
    if story.stop_moves.is_empty() {
        ui.label(
            RichText::new("The stop was never moved.")
                .small()
                .color(theme.dim),
        );
        return;
    }
    ui.label(RichText::new("Moves of the stop").small().color(theme.dim));
    for m in &story.stop_moves {
        let time = holdout_core::time::parse_utc(&m.time).ok();
        let text = format!(
            "{}  {} → {}  {}",
            moment(time),
            number::grouped(m.from, 2),
            number::grouped(m.to, 2),
            m.why
        );
        ui.add(Label::new(RichText::new(text).font(mono(11.0))).wrap());
    }
}

fn seen(theme: &Theme, view: &ExplainView, row: usize, ui: &mut Ui) {
    let e = &view.explained;
    heading(ui, theme, "What it saw of the market");
    ui.add(
        Label::new(
            RichText::new(format!(
                "Scaled values at this close, with their course over the {} bars that it sees.",
                e.window
            ))
            .small()
            .color(theme.dim),
        )
        .wrap(),
    );
    for (k, (name, value)) in e.seen(row).into_iter().enumerate() {
        let course = e.course(row, k);
        ui.horizontal(|ui| {
            ui.spacing_mut().interact_size.y = 17.0;
            ui.add_sized(
                vec2(104.0, 16.0),
                Label::new(
                    RichText::new(name.replace('_', " "))
                        .small()
                        .color(theme.dim),
                )
                .truncate(),
            );
            let room = (ui.available_width() - 66.0).max(20.0);
            let (rect, _) = ui.allocate_exact_size(vec2(room, 16.0), Sense::hover());
            sparkline(ui, theme, rect, &course);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let text = number::grouped(f64::from(value), 3);
                ui.label(RichText::new(text).font(mono(12.0)));
            });
        });
    }
    let Some(t) = &e.thoughts[row] else { return };
    ui.add_space(6.0);
    heading(ui, theme, "What it saw of its account");
    for (name, x) in ACCOUNT_NAMES.iter().zip(t.account) {
        line(
            ui,
            theme,
            &name.replace('_', " "),
            number::grouped(f64::from(x), 3),
            theme.text,
        );
    }
}

/// A small course of values without axes.
pub fn sparkline(ui: &Ui, theme: &Theme, rect: egui::Rect, values: &[f32]) {
    let (lo, hi) = values
        .iter()
        .fold((f32::MAX, f32::MIN), |(a, b), &v| (a.min(v), b.max(v)));
    if values.len() < 2 || lo > hi {
        return;
    }
    let wide = (hi - lo).max(1e-9);
    let at = |(i, v): (usize, &f32)| -> Pos2 {
        let x = i as f32 / (values.len() - 1) as f32;
        pos2(
            rect.left() + x * rect.width(),
            rect.bottom() - 1.0 - (v - lo) / wide * (rect.height() - 2.0),
        )
    };
    let points: Vec<Pos2> = values.iter().enumerate().map(at).collect();
    ui.painter()
        .add(Shape::line(points, Stroke::new(1.2, theme.ink(Ink::Sky))));
}
