//! The table of trades: sorted and filtered without holding up the window, a hundred thousand rows and more.

use std::cmp::Ordering;
use std::sync::Arc;

use egui::{Align, ComboBox, Label, Layout, RichText, Sense, Ui};
use egui_extras::{Column, TableBuilder};
use holdout_core::sim::{Ledger, Side, Trade};
use poll_promise::Promise;

use super::data::right_cell;
use crate::app::theme::{Theme, mono};
use crate::app::widgets::sorting;
use crate::report::{chart_ticks, number};

/// Columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Number.
    Id,
    /// Long or short.
    Side,
    /// Entry time.
    Entry,
    /// Exit time.
    Exit,
    /// Reason of the exit.
    Reason,
    /// Bars held.
    Bars,
    /// Net P&L.
    Net,
    /// Worst open loss.
    Mae,
    /// Best open profit.
    Mfe,
}

/// Which trades are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Filter {
    /// All.
    #[default]
    All,
    /// Net above 0.
    Winners,
    /// Net below 0.
    Losers,
    /// Long ones.
    Long,
    /// Short ones.
    Short,
}

impl Filter {
    const ALL: [Self; 5] = [
        Self::All,
        Self::Winners,
        Self::Losers,
        Self::Long,
        Self::Short,
    ];

    fn label(self) -> &'static str {
        match self {
            Self::All => "All trades",
            Self::Winners => "Winners",
            Self::Losers => "Losers",
            Self::Long => "Long",
            Self::Short => "Short",
        }
    }

    fn takes(self, t: &Trade) -> bool {
        match self {
            Self::All => true,
            Self::Winners => t.net_pnl.0 > 0,
            Self::Losers => t.net_pnl.0 < 0,
            Self::Long => t.side == Side::Long,
            Self::Short => t.side == Side::Short,
        }
    }
}

/// Indices of the trades that a filter takes, in the order of a column; equal ones by number.
pub fn order(trades: &[Trade], key: Key, descending: bool, filter: Filter) -> Vec<u32> {
    let mut rows: Vec<u32> = (0..trades.len() as u32)
        .filter(|&i| filter.takes(&trades[i as usize]))
        .collect();
    let by = |a: &Trade, b: &Trade| match key {
        Key::Id => a.id.cmp(&b.id),
        Key::Side => (a.side == Side::Short).cmp(&(b.side == Side::Short)),
        Key::Entry => a.entry_time.cmp(&b.entry_time),
        Key::Exit => a.exit_time.cmp(&b.exit_time),
        Key::Reason => a.exit_reason.name().cmp(b.exit_reason.name()),
        Key::Bars => a.bars_held.cmp(&b.bars_held),
        Key::Net => a.net_pnl.cmp(&b.net_pnl),
        Key::Mae => a.mae.cmp(&b.mae),
        Key::Mfe => a.mfe.cmp(&b.mfe),
    };
    rows.sort_unstable_by(|&i, &j| {
        let o = by(&trades[i as usize], &trades[j as usize]);
        let o = if descending { o.reverse() } else { o };
        if o == Ordering::Equal { i.cmp(&j) } else { o }
    });
    rows
}

/// Above this many trades the order is found on another thread.
const OFF_THREAD: usize = 20_000;

/// State of the table.
pub struct TradesTable {
    key: Key,
    descending: bool,
    filter: Filter,
    order: Vec<u32>,
    pending: Option<Promise<Vec<u32>>>,
    about: Option<(usize, Key, bool, Filter)>,
    chosen: Option<u32>,
}

impl Default for TradesTable {
    fn default() -> Self {
        Self {
            key: Key::Id,
            descending: false,
            filter: Filter::All,
            order: Vec::new(),
            pending: None,
            about: None,
            chosen: None,
        }
    }
}

impl TradesTable {
    /// Number of the trade that is looked at.
    pub fn chosen(&self) -> Option<u32> {
        self.chosen
    }

    /// Looks at a trade.
    pub fn choose(&mut self, id: u32) {
        self.chosen = Some(id);
    }

    /// Draws the table. Returns the trade that was clicked.
    pub fn ui(&mut self, ui: &mut Ui, theme: &Theme, ledger: &Arc<Ledger>) -> Option<usize> {
        self.refresh(ui, ledger);
        ui.horizontal(|ui| {
            let combo = ComboBox::from_id_salt("trade-filter")
                .selected_text(self.filter.label())
                .show_ui(ui, |ui| {
                    for f in Filter::ALL {
                        ui.selectable_value(&mut self.filter, f, f.label());
                    }
                });
            combo.response.accessible_name("Filter trades");
            let of = if self.order.len() == ledger.trades.len() {
                String::new()
            } else {
                format!(" of {}", number::count(ledger.trades.len() as u64))
            };
            ui.label(
                RichText::new(format!(
                    "{}{of} trades",
                    number::count(self.order.len() as u64)
                ))
                .color(theme.dim),
            );
            if self.pending.is_some() {
                ui.label(RichText::new("sorting…").color(theme.dim));
            }
            ui.label(
                RichText::new("click a row to see it on the charts, and why")
                    .small()
                    .color(theme.dim),
            );
        });
        let mut clicked = None;
        let columns: [(Key, &str, bool, f32); 9] = [
            (Key::Id, "#", true, 52.0),
            (Key::Side, "Side", false, 44.0),
            (Key::Entry, "Entry (ET)", false, 128.0),
            (Key::Exit, "Exit (ET)", false, 128.0),
            (Key::Reason, "Reason", false, 84.0),
            (Key::Bars, "Bars", true, 48.0),
            (Key::Net, "Net P&L", true, 90.0),
            (Key::Mae, "MAE", true, 66.0),
            (Key::Mfe, "MFE", true, 66.0),
        ];
        let wide = columns.iter().map(|c| c.3 + 8.0).sum::<f32>() + 150.0;
        egui::ScrollArea::horizontal()
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.set_width(wide.max(ui.available_width()));
                let mut table = TableBuilder::new(ui)
                    .striped(true)
                    .sense(Sense::click())
                    .cell_layout(Layout::left_to_right(Align::Center))
                    .min_scrolled_height(0.0)
                    .auto_shrink([false, false]);
                for (_, _, _, width) in columns {
                    table = table.column(Column::exact(width));
                }
                table = table.column(Column::remainder().at_least(130.0));
                let table = table.header(24.0, |mut header| {
                    for (key, name, right, _) in columns {
                        header.col(|ui| {
                            let order = (self.key == key).then_some(self.descending);
                            if sorting::head(ui, theme, name, order, right) {
                                self.descending = if self.key == key {
                                    !self.descending
                                } else {
                                    right && key != Key::Id
                                };
                                self.key = key;
                            }
                        });
                    }
                    header.col(|ui| {
                        ui.label(RichText::new("Entry → exit price").small().color(theme.dim));
                    });
                });
                table.body(|body| {
                    body.rows(21.0, self.order.len(), |mut row| {
                        let index = self.order[row.index()] as usize;
                        let Some(t) = ledger.trades.get(index) else {
                            return;
                        };
                        row.set_selected(self.chosen == Some(t.id));
                        cells(&mut row, theme, ledger, t);
                        if row.response().clicked() {
                            self.chosen = Some(t.id);
                            clicked = Some(index);
                        }
                    });
                });
            });
        clicked
    }

    fn refresh(&mut self, ui: &Ui, ledger: &Arc<Ledger>) {
        let wanted = (
            Arc::as_ptr(ledger) as usize,
            self.key,
            self.descending,
            self.filter,
        );
        if let Some(pending) = self.pending.take() {
            match pending.try_take() {
                Ok(order) => self.order = order,
                Err(pending) => self.pending = Some(pending),
            }
        }
        if self.about == Some(wanted) {
            return;
        }
        if self.about.is_none_or(|a| a.0 != wanted.0) {
            // Rows of another ledger must not be shown with this one's trades.
            self.order.clear();
            self.chosen = None;
        }
        self.about = Some(wanted);
        if ledger.trades.len() < OFF_THREAD {
            self.order = order(&ledger.trades, self.key, self.descending, self.filter);
            self.pending = None;
            return;
        }
        let (ledger, ctx, key, descending, filter) = (
            Arc::clone(ledger),
            ui.ctx().clone(),
            self.key,
            self.descending,
            self.filter,
        );
        self.pending = Some(Promise::spawn_thread("sort-trades", move || {
            let rows = order(&ledger.trades, key, descending, filter);
            ctx.request_repaint();
            rows
        }));
    }
}

fn cells(row: &mut egui_extras::TableRow<'_, '_>, theme: &Theme, ledger: &Ledger, t: &Trade) {
    let stamp = |utc: i64| {
        chart_ticks::stamp(utc as f64)
            .trim_end_matches(" ET")
            .to_owned()
    };
    let mono_cell = |row: &mut egui_extras::TableRow<'_, '_>, text: String| {
        row.col(|ui| {
            ui.add(Label::new(RichText::new(text).font(mono(12.0))).truncate());
        });
    };
    right_cell(row, &number::count(u64::from(t.id)));
    row.col(|ui| {
        ui.label(t.side.name());
    });
    mono_cell(row, stamp(t.entry_time));
    mono_cell(row, stamp(t.exit_time));
    row.col(|ui| {
        let note = if t.forced {
            " (forced)"
        } else if t.hole {
            " (hole)"
        } else {
            ""
        };
        ui.add(Label::new(format!("{}{note}", t.exit_reason.name().replace('_', " "))).truncate());
    });
    right_cell(row, &number::count(u64::from(t.bars_held)));
    row.col(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(6.0);
            let net = t.net_pnl.dollars();
            ui.label(
                RichText::new(number::dollars_signed(net, 2))
                    .font(mono(12.0))
                    .color(theme.money(net)),
            );
        });
    });
    right_cell(row, &number::dollars(t.mae.dollars(), 0));
    right_cell(row, &number::dollars(t.mfe.dollars(), 0));
    mono_cell(
        row,
        format!(
            "{} → {}",
            ledger.instrument.format_price(t.entry_price),
            ledger.instrument.format_price(t.exit_price)
        ),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdout_core::sim::ExitReason;
    use holdout_core::units::Usd;

    fn trade(id: u32, net: i64, side: Side) -> Trade {
        Trade {
            id,
            side,
            contracts: 1,
            entry_time: i64::from(id) * 600,
            entry_price: 100,
            stop_initial: 90,
            target_initial: 130,
            exit_time: i64::from(id) * 600 + 300,
            exit_price: 110,
            exit_reason: ExitReason::Stop,
            bars_held: 5,
            gross_pnl: Usd::whole(net),
            commission: Usd::ZERO,
            net_pnl: Usd::whole(net),
            mae: Usd::ZERO,
            mfe: Usd::ZERO,
            forced: false,
            hole: false,
        }
    }

    #[test]
    fn order_follows_column_direction_and_filter() {
        let trades = [
            trade(1, 50, Side::Long),
            trade(2, -20, Side::Short),
            trade(3, 50, Side::Short),
            trade(4, 0, Side::Long),
        ];
        assert_eq!(
            order(&trades, Key::Net, true, Filter::All),
            [0, 2, 3, 1],
            "equal ones keep their order"
        );
        assert_eq!(order(&trades, Key::Net, false, Filter::All), [1, 3, 0, 2]);
        assert_eq!(
            order(&trades, Key::Id, false, Filter::Winners),
            [0, 2],
            "0 is no win"
        );
        assert_eq!(order(&trades, Key::Id, true, Filter::Short), [2, 1]);
    }
}
