//! The Regimes page: where the selected part's money was made and lost, by market and by hour.

use egui::{
    Align, CentralPanel, Label, Layout, Panel, RichText, ScrollArea, Sense, Ui, pos2, vec2,
};
use holdout_core::metrics::by_regime::{HourCell, RegimeCell, RegimeTable};

use super::data::{bar, heading, pad};
use crate::app::commands::Command;
use crate::app::context::{Page, PanelCtx};
use crate::app::icons::{self, Icon};
use crate::app::theme::{Theme, mix, mono, semibold};
use crate::app::widgets::button::{self, Weight};
use crate::app::widgets::empty;
use crate::app::widgets::sorting::{Sorting, Value};
use crate::report::number;
use crate::report::regime_words::{drawdown_line, label, rate_text, sharpe_text};

const DAYS: [&str; 5] = ["Mon", "Tue", "Wed", "Thu", "Fri"];

/// State of the page.
#[derive(Default)]
pub struct RegimesPanel {
    crossings: bool,
    sorting: Sorting,
}

impl RegimesPanel {
    /// Draws the page.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let m = ctx.model;
        let table = m.result(m.part).and_then(|r| r.regimes.as_ref());
        let Some(table) = table else {
            CentralPanel::default()
                .frame(pad(ctx.theme))
                .show(ui, |ui| not_yet(ctx, ui));
            return;
        };
        Panel::top("regimes-bar")
            .frame(bar(ctx.theme))
            .show(ui, |ui| self.bar(ctx, table, ui));
        Panel::bottom("regimes-drawdowns")
            .default_size(190.0)
            .resizable(true)
            .min_size(90.0)
            .frame(pad(ctx.theme))
            .show(ui, |ui| {
                heading(
                    ui,
                    ctx.theme,
                    "Largest drawdowns: where they began and where they deepened",
                );
                ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    for d in &table.drawdowns {
                        ui.add(Label::new(drawdown_line(d)).wrap());
                        ui.add_space(2.0);
                    }
                    if table.drawdowns.is_empty() {
                        ui.label(RichText::new("There was no drawdown.").color(ctx.theme.dim));
                    }
                });
            });
        Panel::right("regimes-hours")
            .default_size(352.0)
            .size_range(300.0..=760.0)
            .frame(pad(ctx.theme))
            .show(ui, |ui| heat_map(ctx.theme, &table.hour_weekday, ui));
        CentralPanel::default()
            .frame(pad(ctx.theme))
            .show(ui, |ui| {
                let cells = if self.crossings {
                    &table.crossings
                } else {
                    &table.single
                };
                ScrollArea::both()
                    .auto_shrink(false)
                    .show(ui, |ui| breakdown(ctx.theme, cells, &mut self.sorting, ui));
            });
    }

    fn bar(&mut self, ctx: &PanelCtx<'_>, table: &RegimeTable, ui: &mut Ui) {
        ui.horizontal(|ui| {
            let part = ctx.model.part.name();
            let step = ctx.model.result(ctx.model.part).map_or(0, |r| r.step);
            let title = format!("Regimes on {part}, step {}", number::count(step));
            ui.label(RichText::new(title).font(semibold(14.0)));
            ui.separator();
            for (on, name) in [(false, "One label"), (true, "Two labels crossed")] {
                let weight = if self.crossings == on {
                    Weight::Chosen
                } else {
                    Weight::Quiet
                };
                if button::button(ui, ctx.theme, None, name, weight, true).clicked() {
                    self.crossings = on;
                }
            }
            match (&table.warning, table.unseen_share) {
                (Some(w), _) => {
                    icons::show(ui, Icon::Warning, 14.0, ctx.theme.warn);
                    ui.add(Label::new(RichText::new(w).color(ctx.theme.warn)).truncate())
                        .on_hover_text(w);
                }
                (None, Some(s)) => {
                    let text = format!(
                        "{} of the bars in regimes unseen in training",
                        number::percent(s)
                    );
                    ui.label(RichText::new(text).small().color(ctx.theme.dim));
                }
                (None, None) => {}
            }
        });
    }
}

fn not_yet(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let m = ctx.model;
    if let Some((part, _)) = &m.evaluating {
        ui.centered_and_justified(|ui| ui.label(format!("Judging on {} …", part.name())));
        return;
    }
    let text = "Figures by trend, volatility, direction and time of day, with a map of hours and weekdays, will be here. A cell with fewer than 30 trades shows its count and gives no rate.";
    let judge = format!("Judge on {}", m.part.name());
    let chosen = m.selected_run.is_some();
    let actions = if chosen {
        [(Icon::Flag, judge.as_str())]
    } else {
        [(Icon::Play, "Train a run first")]
    };
    let r = empty::empty(ui, ctx.theme, Icon::Sun, "Not judged yet", text, &actions);
    if r[0].clicked() {
        ctx.send(if chosen {
            Command::ShowResults(m.part)
        } else {
            Command::Go(Page::Train)
        });
    }
}

/// Heads of the breakdown; what has no name is not ordered by.
const HEADS: [&str; 8] = [
    "Regime",
    "Bars",
    "Trades",
    "Net P&L",
    "",
    "Win rate (95%)",
    "Sharpe (95%)",
    "Drawdown",
];

/// Width of the last column.
const LAST: f32 = 78.0;

/// What the breakdown is ordered by.
fn value(c: &RegimeCell, column: usize) -> Value {
    match column {
        0 => label(c).as_str().into(),
        1 => (c.bars as f64).into(),
        2 => (c.trades as f64).into(),
        3 => c.net_pnl.into(),
        5 => c.win_rate.into(),
        6 => c.sharpe.into(),
        _ => c.max_drawdown_usd.into(),
    }
}

fn breakdown(theme: &Theme, cells: &[RegimeCell], sorting: &mut Sorting, ui: &mut Ui) {
    let most = cells.iter().map(|c| c.net_pnl.abs()).fold(1.0, f64::max);
    egui::Grid::new("regimes")
        .num_columns(8)
        .striped(true)
        .spacing(vec2(10.0, 5.0))
        .show(ui, |ui| {
            for (i, name) in HEADS.into_iter().enumerate() {
                match name {
                    "" => {
                        ui.label("");
                    }
                    // The last column takes what room there is unless it is told its own.
                    "Drawdown" => {
                        let size = vec2(LAST, ui.spacing().interact_size.y);
                        ui.allocate_ui(size, |ui| {
                            sorting.head(ui, theme, i, name, true);
                        });
                    }
                    _ => sorting.head(ui, theme, i, name, i > 0),
                }
            }
            ui.end_row();
            for row in sorting.order(cells.len(), |row, column| value(&cells[row], column)) {
                let c = &cells[row];
                ui.label(label(c))
                    .on_hover_text(c.declined.as_deref().unwrap_or_default());
                let right = |ui: &mut Ui, text: String, color| {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        ui.label(RichText::new(text).font(mono(12.0)).color(color));
                    });
                };
                right(ui, number::count(c.bars), theme.text);
                right(ui, number::count(c.trades), theme.text);
                right(
                    ui,
                    number::dollars_signed(c.net_pnl, 0),
                    theme.money(c.net_pnl),
                );
                money_bar(theme, ui, c.net_pnl / most);
                let rates = if c.declined.is_some() {
                    theme.dim
                } else {
                    theme.text
                };
                right(ui, rate_text(c), rates);
                right(ui, sharpe_text(c), rates);
                ui.allocate_ui(vec2(LAST, 18.0), |ui| {
                    right(ui, number::dollars(c.max_drawdown_usd, 0), theme.text);
                });
                ui.end_row();
            }
        });
}

/// A bar from the middle, to the right for a gain.
fn money_bar(theme: &Theme, ui: &mut Ui, share: f64) {
    let (rect, _) = ui.allocate_exact_size(vec2(64.0, 12.0), Sense::hover());
    let middle = rect.center().x;
    let end = middle + rect.width() / 2.0 * share as f32;
    let (a, b) = if end < middle {
        (end, middle)
    } else {
        (middle, end)
    };
    ui.painter().rect_filled(
        egui::Rect::from_min_max(pos2(a, rect.top()), pos2(b, rect.bottom())),
        2,
        theme.money(share),
    );
    ui.painter()
        .vline(middle, rect.y_range(), egui::Stroke::new(1.0, theme.line));
}

/// Net profit by hour of entry and weekday.
fn heat_map(theme: &Theme, cells: &[HourCell], ui: &mut Ui) {
    heading(ui, theme, "Net P&L by hour of entry and weekday");
    if cells.is_empty() {
        ui.label(RichText::new("There was no trade.").color(theme.dim));
        return;
    }
    let mut hours: Vec<u8> = cells.iter().map(|c| c.hour).collect();
    hours.sort_unstable();
    hours.dedup();
    let most = cells.iter().map(|c| c.net_pnl.abs()).fold(1.0, f64::max);
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        egui::Grid::new("hours").spacing(vec2(3.0, 3.0)).show(ui, |ui| {
            ui.label(RichText::new("ET").small().color(theme.dim));
            for name in DAYS {
                ui.label(RichText::new(name).small().color(theme.dim));
            }
            ui.end_row();
            for hour in hours {
                ui.label(RichText::new(format!("{hour:02}:00")).font(mono(11.0)).color(theme.dim));
                for weekday in 0..5 {
                    let cell = cells.iter().find(|c| c.hour == hour && c.weekday == weekday);
                    heat(theme, ui, cell, most);
                }
                ui.end_row();
            }
        });
        ui.add_space(6.0);
        let text = "Colour and sign are the net profit, the small number the trades. Few trades say little: hover for the win rate.";
        ui.add(Label::new(RichText::new(text).small().color(theme.dim)).wrap());
    });
}

fn heat(theme: &Theme, ui: &mut Ui, cell: Option<&HourCell>, most: f64) {
    let (rect, response) = ui.allocate_exact_size(vec2(54.0, 36.0), Sense::hover());
    let Some(c) = cell else {
        ui.painter().rect_filled(rect, 3, theme.background);
        return;
    };
    let share = (c.net_pnl.abs() / most) as f32;
    ui.painter().rect_filled(
        rect,
        3,
        mix(
            theme.background,
            theme.money(c.net_pnl),
            0.15 + 0.55 * share,
        ),
    );
    let money = number::dollars_signed(c.net_pnl, 0);
    let p = ui.painter();
    p.text(
        rect.center() - vec2(0.0, 6.0),
        egui::Align2::CENTER_CENTER,
        &money,
        mono(11.5),
        theme.text,
    );
    let count = number::count(c.trades);
    p.text(
        rect.center() + vec2(0.0, 9.0),
        egui::Align2::CENTER_CENTER,
        &count,
        mono(10.0),
        theme.text,
    );
    let rate = c.win_rate.map_or_else(
        || "too few for a win rate".to_owned(),
        |w| format!("win rate {}", number::percent(w)),
    );
    let tip = format!(
        "{} {:02}:00 to {:02}:00: {money} in {}, {rate}",
        DAYS[usize::from(c.weekday.min(4))],
        c.hour,
        (c.hour + 1) % 24,
        number::counted(c.trades as usize, "trades")
    );
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &tip));
    response.on_hover_text(tip);
}
