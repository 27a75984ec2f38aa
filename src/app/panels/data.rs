//! The Data page: open a market, see what was found in the file, look at the prices, split it.

use std::path::PathBuf;

use egui::{
    Align, CentralPanel, ComboBox, Frame, Label, Layout, Margin, Panel, RichText, ScrollArea,
    Sense, TextEdit, Ui, vec2,
};
use egui_extras::{Column, TableBuilder};
use holdout_core::market::split::Part;
use holdout_store::{Severity, Stamp, VerdictLevel};

use super::data_data::{
    self, Overrides, ProblemRow, ZONES, bounds, facts, kind_words, problem_rows,
};
use crate::app::commands::Command;
use crate::app::context::{Market, PanelCtx};
use crate::app::icons::{self, Icon};
use crate::app::theme::{Theme, mono, semibold};
use crate::app::widgets::plot_area::View;
use crate::app::widgets::{button, candles};
use crate::dataset::SAMPLES;
use crate::report::number;

/// State of the page.
#[derive(Debug, Default)]
pub struct DataPanel {
    path: String,
    view: View,
    pointed: Option<usize>,
    overrides: Overrides,
    /// The file that the overrides and the problem rows are about.
    about: Option<(PathBuf, u64)>,
    rows: Vec<ProblemRow>,
}

impl DataPanel {
    /// Draws the page.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let market = ctx.model.market.as_ref();
        self.follow(market);
        match market {
            None => self.welcome(ctx, ui),
            Some(market) => {
                Panel::top("data-open")
                    .frame(bar(ctx.theme))
                    .show(ui, |ui| self.open_bar(ctx, ui));
                Panel::left("data-found")
                    .default_size(318.0)
                    .size_range(280.0..=420.0)
                    .frame(pad(ctx.theme))
                    .show(ui, |ui| self.found(ctx, market, ui));
                let problems = (self.rows.len() as f32 * 22.0 + 76.0).clamp(60.0, 186.0);
                Panel::bottom("data-problems")
                    .default_size(problems)
                    .resizable(true)
                    .min_size(70.0)
                    .frame(pad(ctx.theme))
                    .show(ui, |ui| self.problems(ctx, market, ui));
                CentralPanel::default()
                    .frame(pad(ctx.theme))
                    .show(ui, |ui| self.chart(ctx, market, ui));
            }
        }
    }

    /// Starts afresh when another file was loaded.
    fn follow(&mut self, market: Option<&Market>) {
        let now = market.map(|m| (m.dataset.path.clone(), m.dataset.inspection.bars));
        if now != self.about {
            self.view = View::default();
            self.pointed = None;
            self.overrides = market.map_or_else(Overrides::default, |m| Overrides::of(&m.options));
            self.rows = market.map_or_else(Vec::new, |m| problem_rows(&m.dataset.inspection));
            self.path = market.map_or_else(String::new, |m| m.dataset.path.display().to_string());
            self.about = now;
        }
    }

    fn welcome(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        CentralPanel::default().frame(pad(ctx.theme)).show(ui, |ui| {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                ui.with_layout(Layout::top_down(Align::Center), |ui| {
                    ui.add_space((ui.available_height() * 0.10).clamp(12.0, 80.0));
                    ui.label(RichText::new("Start with a market").font(semibold(24.0)));
                    ui.label(RichText::new("Prices, sessions and problems of the file will be here.").color(ctx.theme.dim));
                    ui.add_space(14.0);
                    let idle = ctx.model.run_state == crate::app::context::RunState::Idle;
                    let demo = ui.add_enabled_ui(idle, |ui| button::primary(ui, ctx.theme, Icon::Play, "Run the demo")).inner;
                    if demo.on_hover_text("Loads sample NQ, trains both phases for a moment and shows results out of sample. Needs no network and no graphics card.").clicked() {
                        ctx.send(Command::RunDemo);
                    }
                    ui.add_space(16.0);
                    let width = ui.available_width().min(760.0);
                    ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
                        ui.set_width(width);
                        self.sample_cards(ctx, ui);
                        ui.add_space(12.0);
                        self.path_row(ctx, ui);
                    });
                    ui.label(RichText::new("or drop a file anywhere on the window").small().color(ctx.theme.dim));
                    self.loading_and_error(ctx, ui);
                    ui.add_space(10.0);
                    recent(ctx, ui);
                });
            });
        });
    }

    fn sample_cards(&self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let width = (ui.available_width() - 24.0) / 4.0;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            for (market, _, about) in SAMPLES {
                let card = Frame::new()
                    .fill(ctx.theme.raised)
                    .corner_radius(6)
                    .inner_margin(Margin::same(10));
                let response = card
                    .show(ui, |ui| {
                        ui.set_width(width - 20.0);
                        ui.set_height(78.0);
                        ui.with_layout(Layout::top_down(Align::Min), |ui| {
                            ui.label(RichText::new(market).font(semibold(18.0)));
                            ui.add(
                                Label::new(RichText::new(about).small().color(ctx.theme.dim))
                                    .wrap(),
                            );
                        });
                    })
                    .response
                    .interact(Sense::click())
                    .on_hover_cursor(egui::CursorIcon::PointingHand);
                response.widget_info(|| {
                    egui::WidgetInfo::labeled(
                        egui::Role::Button,
                        true,
                        format!("Open sample {market}"),
                    )
                });
                if response.hovered() || response.has_focus() {
                    ui.painter().rect_stroke(
                        response.rect,
                        6,
                        egui::Stroke::new(1.0, ctx.theme.accent),
                        egui::StrokeKind::Inside,
                    );
                }
                if response.clicked() {
                    ctx.send(Command::OpenSample(market));
                }
            }
        });
    }

    fn path_row(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        ui.horizontal(|ui| {
            let room = (ui.available_width() - 186.0).max(160.0);
            let field = ui
                .add_sized(
                    vec2(room, 26.0),
                    TextEdit::singleline(&mut self.path)
                        .hint_text("Path of a market file")
                        .font(mono(12.5)),
                )
                .accessible_name("Path of a market file");
            let entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
            let given = !self.path.trim().is_empty();
            let load = ui
                .add_enabled_ui(given, |ui| {
                    button::button(ui, ctx.theme, None, "Load", button::Weight::Normal, true)
                })
                .inner;
            if (load.clicked() || entered) && given {
                ctx.send(Command::Open(
                    PathBuf::from(self.path.trim()),
                    Box::default(),
                ));
            }
            if button::normal(ui, ctx.theme, Icon::Folder, "Open file…")
                .on_hover_text("Ctrl+O")
                .clicked()
            {
                ctx.send(Command::OpenDialog);
            }
        });
    }

    fn loading_and_error(&self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        if let Some((path, progress)) = &ctx.model.loading {
            ui.add_space(8.0);
            let name = path
                .file_name()
                .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
            let share = progress.fraction().unwrap_or(0.0) as f32;
            ui.horizontal(|ui| {
                ui.add(
                    egui::ProgressBar::new(share)
                        .desired_width(260.0)
                        .text(format!("Reading {name}")),
                );
                if ui.button("Cancel").clicked() {
                    ctx.send(Command::CancelLoad);
                }
            });
        }
        if let Some((path, error)) = &ctx.model.load_error {
            ui.add_space(8.0);
            Frame::new()
                .fill(ctx.theme.background)
                .stroke(egui::Stroke::new(1.0, ctx.theme.bad))
                .corner_radius(6)
                .inner_margin(Margin::same(10))
                .show(ui, |ui| {
                    ui.horizontal_top(|ui| {
                        icons::show(ui, Icon::Cross, 16.0, ctx.theme.bad);
                        ui.vertical(|ui| {
                            ui.set_width((ui.available_width() - 90.0).max(200.0));
                            ui.add(Label::new(RichText::new(error)).wrap());
                            ui.add(
                                Label::new(
                                    RichText::new(path.display().to_string())
                                        .small()
                                        .color(ctx.theme.dim),
                                )
                                .wrap(),
                            );
                        });
                        if ui
                            .button("Copy")
                            .on_hover_text("Copy the message")
                            .clicked()
                        {
                            ui.copy_text(format!("{error} ({})", path.display()));
                        }
                    });
                });
        }
    }

    fn open_bar(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.menu_button("Samples", |ui| {
                for (market, _, about) in SAMPLES {
                    if ui.button(format!("{market}: {about}")).clicked() {
                        ctx.send(Command::OpenSample(market));
                        ui.close();
                    }
                }
            });
            ui.menu_button("Recent", |ui| {
                if ctx.model.recent.is_empty() {
                    ui.label(RichText::new("No files yet").color(ctx.theme.dim));
                }
                for path in &ctx.model.recent {
                    if ui.button(path.display().to_string()).clicked() {
                        ctx.send(Command::Open(path.clone(), Box::default()));
                        ui.close();
                    }
                }
            });
            self.path_row(ctx, ui);
        });
        self.loading_and_error(ctx, ui);
    }

    fn found(&mut self, ctx: &PanelCtx<'_>, market: &Market, ui: &mut Ui) {
        let inspection = &market.dataset.inspection;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            heading(ui, ctx.theme, "What was found");
            self.form(ctx, market, ui);
            let changed = self.overrides != Overrides::of(&market.options);
            ui.add_space(2.0);
            ui.horizontal(|ui| {
                let again = ui.add_enabled_ui(changed, |ui| {
                    let weight = if changed {
                        button::Weight::Primary
                    } else {
                        button::Weight::Normal
                    };
                    button::button(
                        ui,
                        ctx.theme,
                        Some(Icon::Redo),
                        "Import again",
                        weight,
                        true,
                    )
                });
                let hint = "Choose another dialect, zone, stamp or market first";
                if again.inner.on_disabled_hover_text(hint).clicked() {
                    ctx.send(Command::Open(
                        market.dataset.path.clone(),
                        Box::new(self.overrides.options()),
                    ));
                }
                if changed && ui.button("Discard").clicked() {
                    self.overrides = Overrides::of(&market.options);
                }
            });
            ui.add_space(6.0);
            egui::Grid::new("facts")
                .num_columns(2)
                .spacing(vec2(12.0, 4.0))
                .show(ui, |ui| {
                    for (name, value) in facts(market) {
                        ui.label(RichText::new(name).color(ctx.theme.dim));
                        ui.add(Label::new(RichText::new(value).font(mono(12.0))).truncate());
                        ui.end_row();
                    }
                    ui.label(RichText::new("Confidence").color(ctx.theme.dim));
                    ui.add(
                        egui::ProgressBar::new(inspection.confidence as f32)
                            .desired_width(120.0)
                            .text(number::percent_to(inspection.confidence, 0)),
                    );
                    ui.end_row();
                });
            ui.add_space(6.0);
            ui.label(RichText::new("Why it was read so").color(ctx.theme.dim));
            for line in &inspection.evidence {
                ui.horizontal_top(|ui| {
                    ui.label(RichText::new("·").color(ctx.theme.dim));
                    ui.add(Label::new(RichText::new(line).small()).wrap());
                });
            }
        });
    }

    fn form(&mut self, ctx: &PanelCtx<'_>, market: &Market, ui: &mut Ui) {
        let i = &market.dataset.inspection;
        let dialects: Vec<String> = holdout_store::dialects::ALL
            .iter()
            .map(|d| d.id.to_owned())
            .collect();
        let markets: Vec<String> = ctx
            .model
            .instruments
            .iter()
            .map(|m| m.symbol.clone())
            .collect();
        let zones: Vec<String> = ZONES.map(str::to_owned).to_vec();
        let stamps: Vec<String> = [Stamp::Open, Stamp::Close]
            .map(|s| s.name().to_owned())
            .to_vec();
        egui::Grid::new("overrides")
            .num_columns(2)
            .spacing(vec2(12.0, 6.0))
            .show(ui, |ui| {
                choose(
                    ui,
                    ctx.theme,
                    "Market",
                    &i.market.clone().unwrap_or_else(|| "not named".to_owned()),
                    &mut self.overrides.market,
                    &markets,
                );
                choose(
                    ui,
                    ctx.theme,
                    "Dialect",
                    &i.dialect,
                    &mut self.overrides.dialect,
                    &dialects,
                );
                choose(
                    ui,
                    ctx.theme,
                    "Zone",
                    &i.zone.clone().unwrap_or_else(|| "not known".to_owned()),
                    &mut self.overrides.zone,
                    &zones,
                );
                let mut stamp = self.overrides.stamp.map(|s| s.name().to_owned());
                choose(
                    ui,
                    ctx.theme,
                    "Stamp is bar's",
                    i.stamp.name(),
                    &mut stamp,
                    &stamps,
                );
                self.overrides.stamp = stamp.and_then(|s| s.parse().ok());
            });
    }

    fn problems(&mut self, ctx: &PanelCtx<'_>, market: &Market, ui: &mut Ui) {
        let verdict = &market.dataset.inspection.verdict;
        let (icon, word, color) = match verdict.level {
            VerdictLevel::Clean => (Icon::Check, "Clean", ctx.theme.good),
            VerdictLevel::Usable => (Icon::Warning, "Usable", ctx.theme.warn),
            VerdictLevel::NotUsable => (Icon::Cross, "Not usable", ctx.theme.bad),
        };
        ui.horizontal(|ui| {
            icons::show(ui, icon, 16.0, color);
            ui.label(RichText::new(word).font(semibold(14.0)).color(color));
            let why = if verdict.why.is_empty() {
                "no problem was found".to_owned()
            } else {
                verdict.why.join("; ")
            };
            ui.add(Label::new(RichText::new(&why).color(ctx.theme.dim)).truncate())
                .on_hover_text(why);
        });
        if self.rows.is_empty() {
            return;
        }
        let mut look_at = None;
        let table = TableBuilder::new(ui)
            .striped(true)
            .sense(Sense::click())
            .cell_layout(Layout::left_to_right(Align::Center))
            .column(Column::exact(140.0))
            .column(Column::exact(80.0))
            .column(Column::exact(58.0))
            .column(Column::exact(64.0))
            .column(Column::exact(130.0))
            .column(Column::remainder().clip(true))
            .min_scrolled_height(0.0)
            .auto_shrink([false, false]);
        let table = table.header(22.0, |mut header| {
            for (name, right) in [
                ("Problem", false),
                ("Severity", false),
                ("Count", true),
                ("Line", true),
                ("Time (ET)", false),
                ("Detail", false),
            ] {
                header.col(|ui| {
                    let text = RichText::new(name).small().color(ctx.theme.dim);
                    if right {
                        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(text));
                    } else {
                        ui.label(text);
                    }
                });
            }
        });
        table.body(|body| {
            body.rows(22.0, self.rows.len(), |mut row| {
                let r = &self.rows[row.index()];
                row.col(|ui| {
                    ui.label(r.kind.map_or_else(String::new, |k| kind_words(k.0)));
                });
                row.col(|ui| {
                    if let Some((_, severity, _)) = r.kind {
                        let (icon, word, color) = severity_look(ctx.theme, severity);
                        icons::show(ui, icon, 13.0, color);
                        ui.label(RichText::new(word).color(color));
                    }
                });
                right_cell(
                    &mut row,
                    &r.kind.map_or_else(String::new, |k| number::count(k.2)),
                );
                right_cell(&mut row, &r.line);
                row.col(|ui| {
                    ui.label(RichText::new(r.time.trim_end_matches(" ET")).font(mono(12.0)));
                });
                row.col(|ui| {
                    ui.add(Label::new(RichText::new(&r.detail)).truncate());
                });
                let response = row.response();
                if response
                    .on_hover_text(if r.utc.is_some() {
                        "Click to see the bar"
                    } else {
                        "No bar to show"
                    })
                    .clicked()
                {
                    look_at = r.utc;
                }
            });
        });
        if let Some(utc) = look_at {
            let times = &market.dataset.bars.open_time;
            let bar = times
                .partition_point(|&t| t < utc)
                .min(times.len().saturating_sub(1));
            self.pointed = Some(bar);
            self.view.look_at(bar as f64, 240.0);
        }
    }

    fn chart(&mut self, ctx: &PanelCtx<'_>, market: &Market, ui: &mut Ui) {
        let sessions = &market.dataset.sessions;
        let split = ctx.model.split();
        let bounds = split.as_ref().map(|s| bounds(sessions, s));
        ui.horizontal(|ui| {
            heading(
                ui,
                ctx.theme,
                &format!("{} · {}", market.dataset.market(), market.dataset.name),
            );
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if button::button(
                    ui,
                    ctx.theme,
                    None,
                    "Whole file",
                    button::Weight::Quiet,
                    true,
                )
                .on_hover_text("Double-click the chart does the same")
                .clicked()
                {
                    self.view = View::default();
                    self.pointed = None;
                }
                for (name, days) in [("1 month", 21), ("1 week", 5), ("1 day", 1)] {
                    if button::button(ui, ctx.theme, None, name, button::Weight::Quiet, true)
                        .clicked()
                    {
                        self.zoom_to_days(market, days);
                    }
                }
            });
        });
        let marks = candles::Marks {
            sessions,
            bounds,
            pointed: self.pointed,
        };
        let height = (ui.available_height() - 66.0).max(120.0);
        if let Some(candles::ChartAction::MoveBound(k, session)) = candles::show(
            ui,
            ctx.theme,
            &market.candles,
            &marks,
            &mut self.view,
            height,
        ) {
            let mut moved = bounds.unwrap_or([1, 2]);
            moved[k] = session;
            ctx.send(Command::SetSplit(data_data::ratios(
                sessions.days.len(),
                moved,
            )));
        }
        match bounds {
            Some(b) => split_row(ctx, market, b, ui),
            None => {
                ui.label(RichText::new("The file has fewer than three sessions, so it cannot be split into train, validation and test.").color(ctx.theme.warn));
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

/// Two sliders under the chart that do what dragging the bounds does, and the sizes of the parts.
fn split_row(ctx: &PanelCtx<'_>, market: &Market, bounds: [usize; 2], ui: &mut Ui) {
    let n = market.dataset.sessions.days.len();
    let mut b = bounds;
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        ui.spacing_mut().slider_width = ((ui.available_width() - 420.0) / 2.0).clamp(60.0, 260.0);
        ui.spacing_mut().interact_size.y = 18.0;
        for (k, name) in ["Validation begins", "Test begins"].into_iter().enumerate() {
            ui.label(RichText::new(name).color(ctx.theme.dim));
            let range = if k == 0 {
                1..=n.saturating_sub(2).max(1)
            } else {
                2..=n.saturating_sub(1).max(2)
            };
            let slider = egui::Slider::new(&mut b[k], range).show_value(false);
            let date = market
                .dataset
                .sessions
                .days
                .get(bounds[k])
                .map_or_else(String::new, |d| d.day.to_string());
            ui.add(slider)
                .on_hover_text(format!(
                    "{name} with session {} of {n}; default 70% / 15% / 15%",
                    bounds[k] + 1
                ))
                .accessible_name(name);
            ui.label(RichText::new(date).font(mono(12.0)));
        }
        if b != bounds {
            ctx.send(Command::SetSplit(data_data::ratios(n, b)));
        }
    });
    ui.horizontal(|ui| {
        let sizes = [bounds[0], bounds[1] - bounds[0], n - bounds[1]];
        for (part, size) in Part::ALL.into_iter().zip(sizes) {
            let (dot, _) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
            ui.painter()
                .rect_filled(dot, 2, ctx.theme.ink(candles::part_ink(part)));
            ui.label(format!(
                "{}: {} sessions ({})",
                part.name(),
                number::count(size as u64),
                number::percent_to(size as f64 / n as f64, 0)
            ));
            ui.add_space(10.0);
        }
        if let Some(problem) = ctx.model.problem("split") {
            ui.label(RichText::new(problem).color(ctx.theme.bad));
        }
    });
}

fn recent(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    if ctx.model.recent.is_empty() {
        return;
    }
    ui.label(RichText::new("Recent files").color(ctx.theme.dim));
    for path in ctx.model.recent.iter().take(6) {
        if ui.link(path.display().to_string()).clicked() {
            ctx.send(Command::Open(path.clone(), Box::default()));
        }
    }
}

/// A row with what was detected and a way to say otherwise.
fn choose(
    ui: &mut Ui,
    theme: &Theme,
    name: &str,
    detected: &str,
    chosen: &mut Option<String>,
    choices: &[String],
) {
    ui.label(RichText::new(name).color(theme.dim));
    let shown = chosen
        .clone()
        .unwrap_or_else(|| format!("{detected} (detected)"));
    let combo = ComboBox::from_id_salt(name)
        .width(188.0)
        .selected_text(shown)
        .truncate()
        .show_ui(ui, |ui| {
            if ui
                .selectable_label(chosen.is_none(), "As detected")
                .clicked()
            {
                *chosen = None;
            }
            for c in choices {
                if ui.selectable_label(chosen.as_ref() == Some(c), c).clicked() {
                    *chosen = Some(c.clone());
                }
            }
        });
    combo.response.accessible_name(name);
    ui.end_row();
}

/// Icon, word and colour of a severity.
pub fn severity_look(theme: &Theme, severity: Severity) -> (Icon, &'static str, egui::Color32) {
    match severity {
        Severity::Info => (Icon::Info, "Info", theme.dim),
        Severity::Warning => (Icon::Warning, "Warning", theme.warn),
        Severity::Error => (Icon::Cross, "Error", theme.bad),
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
