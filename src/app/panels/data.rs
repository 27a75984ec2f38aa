//! The Data page: a preview while a file is looked at; else the open market's chart, what was
//! found in its file, its quality and its split; else the ways to a first market.

use std::path::PathBuf;

use egui::{Align, CentralPanel, Frame, Label, Layout, Margin, Panel, RichText, Ui};
use holdout_core::market::SplitRatios;

use super::data_make::MakeDialog;
use super::data_quality::QualityList;
use super::data_split::{self, SplitEditor};
use super::{data_found, data_import, data_welcome};
use crate::app::commands::Command;
use crate::app::context::{Market, PanelCtx};
use crate::app::theme::{Theme, mono, semibold};
use crate::app::widgets::plot_area::View;
use crate::app::widgets::{button, candle_marks, candles};

/// State of the page.
#[derive(Debug, Default)]
pub struct DataPanel {
    path: String,
    view: View,
    pointed: Option<usize>,
    /// The file that the state below is about.
    about: Option<(PathBuf, u64)>,
    quality: QualityList,
    split: SplitEditor,
    make: Option<MakeDialog>,
}

impl DataPanel {
    /// Draws the page.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let market = ctx.model.market.as_ref();
        self.follow(market);
        if let Some(draft) = &ctx.model.draft {
            self.make = None;
            data_import::ui(ctx, draft, ui);
            return;
        }
        match market {
            None => data_welcome::ui(ctx, &mut self.path, ui),
            Some(market) => self.market(ctx, market, ui),
        }
    }

    fn market(&mut self, ctx: &PanelCtx<'_>, market: &Market, ui: &mut Ui) {
        Panel::top("data-open")
            .frame(bar(ctx.theme))
            .show(ui, |ui| data_welcome::open_bar(ctx, &mut self.path, ui));
        Panel::left("data-found")
            .default_size(280.0)
            .size_range(240.0..=420.0)
            .frame(pad(ctx.theme))
            .show(ui, |ui| {
                if let Some(kind) = data_found::ui(ctx, market, ui) {
                    self.make = Some(MakeDialog::new(kind, market));
                }
            });
        let list = self.quality.height();
        // In a low window the list is scrolled, so that chart and split keep their room.
        let low = ui.available_height() < 560.0;
        let most = if low { 62.0 } else { 176.0 };
        let height = if list > 0.0 {
            (list + 62.0).min(most)
        } else {
            40.0
        };
        // A height that was dragged holds for files with as many kinds of problems.
        Panel::bottom(egui::Id::unique(("data-problems", list as u32, low)))
            .default_size(height)
            .resizable(true)
            .min_size(40.0)
            .frame(pad(ctx.theme))
            .show(ui, |ui| {
                if let Some(utc) = self.quality.ui(ctx, market, ui) {
                    self.look_at(market, utc);
                }
            });
        CentralPanel::default()
            .frame(pad(ctx.theme))
            .show(ui, |ui| self.chart(ctx, market, ui));
        if let Some(dialog) = &mut self.make
            && !dialog.ui(ctx, market, ui)
        {
            self.make = None;
        }
    }

    /// Starts afresh when another file was loaded.
    fn follow(&mut self, market: Option<&Market>) {
        let now = market.map(|m| (m.dataset.path.clone(), m.dataset.inspection.bars));
        if now != self.about {
            *self = Self {
                path: market.map_or_else(String::new, |m| m.dataset.path.display().to_string()),
                quality: market.map_or_else(QualityList::default, |m| {
                    QualityList::new(&m.dataset.inspection)
                }),
                about: now,
                ..Self::default()
            };
        }
    }

    /// Shows the bar that opens at an instant, or the next one.
    fn look_at(&mut self, market: &Market, utc: i64) {
        let times = &market.dataset.bars.open_time;
        let bar = times
            .partition_point(|&t| t < utc)
            .min(times.len().saturating_sub(1));
        self.pointed = Some(bar);
        // Also in a short file it is seen that the chart went somewhere.
        self.view
            .look_at(bar as f64, (times.len() as f64 * 0.5).min(240.0));
    }

    fn chart(&mut self, ctx: &PanelCtx<'_>, market: &Market, ui: &mut Ui) {
        let sessions = &market.dataset.sessions;
        let split = ctx.model.split();
        let bounds = split.as_ref().map(|s| s.bounds(sessions));
        ui.horizontal(|ui| {
            let title = format!("{} · {}", market.dataset.market(), market.dataset.name);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.zoom_buttons(ctx, market, ui);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let title = RichText::new(title).font(semibold(14.0));
                    ui.add(Label::new(title.color(ctx.theme.text)).truncate());
                });
            });
        });
        let marks = candle_marks::Marks {
            sessions,
            bounds,
            pointed: self.pointed,
            until: None,
            trades: None,
        };
        let editor = if split.is_some() {
            data_split::HEIGHT
        } else {
            28.0
        };
        let height = (ui.available_height() - editor).max(100.0);
        let action = candles::show(
            ui,
            ctx.theme,
            &market.candles,
            &marks,
            &mut self.view,
            height,
        );
        if let (Some(candles::ChartAction::MoveBound(k, session)), Some(now)) = (action, bounds) {
            let to = SplitRatios::moved(sessions.days.len(), now, k, session);
            ctx.send(Command::SetSplit(to));
        }
        match &split {
            Some(split) => self.split.ui(ctx, sessions, split, ui),
            None => {
                ui.label(RichText::new("The file has fewer than three sessions, so it cannot be split into train, validation and test.").color(ctx.theme.warn));
            }
        }
    }

    fn zoom_buttons(&mut self, ctx: &PanelCtx<'_>, market: &Market, ui: &mut Ui) {
        let quiet = |ui: &mut Ui, name: &str| {
            button::button(ui, ctx.theme, None, name, button::Weight::Quiet, true)
        };
        if quiet(ui, "Whole file")
            .on_hover_text("Double-click the chart does the same")
            .clicked()
        {
            self.view = View::default();
            self.pointed = None;
        }
        for (name, days) in [("1 month", 21), ("1 week", 5), ("1 day", 1)] {
            if quiet(ui, name).clicked() {
                self.zoom_to_days(market, days);
            }
        }
    }

    /// Shows the last days before the middle of what is seen now.
    fn zoom_to_days(&mut self, market: &Market, days: usize) {
        let list = &market.dataset.sessions.days;
        if list.is_empty() {
            return;
        }
        let n = market.dataset.bars.len() as f64;
        let [lo, hi] = self.view.of([-0.5, n - 0.5]);
        let middle = ((lo + hi) / 2.0).max(0.0) as usize;
        let at = list
            .partition_point(|d| d.last < middle)
            .min(list.len() - 1);
        let from = at.saturating_sub(days / 2);
        let to = (from + days - 1).min(list.len() - 1);
        self.view.range = Some([list[from].first as f64 - 0.5, list[to].last as f64 + 0.5]);
    }
}

/// A cell of digits, aligned to the right.
pub fn right_cell(row: &mut egui_extras::TableRow<'_, '_>, text: &str) {
    row.col(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(6.0);
            ui.add(Label::new(RichText::new(text).font(mono(12.0))).truncate());
        });
    });
}

/// A heading of a section.
pub fn heading(ui: &mut Ui, theme: &Theme, text: &str) {
    ui.label(RichText::new(text).font(semibold(14.0)).color(theme.text));
}

/// The frame of a section.
pub fn pad(theme: &Theme) -> Frame {
    Frame::new()
        .fill(theme.panel)
        .inner_margin(Margin::symmetric(12, 8))
}

/// The frame of a bar.
pub fn bar(theme: &Theme) -> Frame {
    Frame::new()
        .fill(theme.panel)
        .inner_margin(Margin::symmetric(12, 6))
}
