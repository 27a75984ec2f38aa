//! A file before it is imported: what it was recognised as and why, its first rows, what would
//! come of it; everything can be said otherwise. What is open stays open until Import.

use egui::{
    Align, CentralPanel, Key, Label, Layout, Modifiers, Panel, RichText, ScrollArea, Ui, vec2,
};
use egui_extras::{Column, TableBuilder};

use super::data::{bar, heading, pad};
use super::data_import_data::{blocked, needs_words, size_words};
use super::data_quality;
use super::{data_columns, data_contracts, data_overrides};
use crate::app::commands::Command;
use crate::app::context::PanelCtx;
use crate::app::icons::Icon;
use crate::app::preview::{Draft, Head, Whole};
use crate::app::theme::{mono, semibold};
use crate::app::widgets::{button, day_profile, failure};
use crate::report::number;

/// Draws the preview of a file.
pub fn ui(ctx: &PanelCtx<'_>, draft: &Draft, ui: &mut Ui) {
    Panel::top("import-head")
        .frame(bar(ctx.theme))
        .show(ui, |ui| title(ctx, draft, ui));
    Panel::bottom("import-foot")
        .frame(bar(ctx.theme))
        .show(ui, |ui| foot(ctx, draft, ui));
    Panel::left("import-form")
        .default_size(330.0)
        .size_range(290.0..=440.0)
        .frame(pad(ctx.theme))
        .show(ui, |ui| {
            ScrollArea::vertical()
                .auto_shrink(false)
                .show(ui, |ui| form(ctx, draft, ui));
        });
    CentralPanel::default()
        .frame(pad(ctx.theme))
        .show(ui, |ui| {
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                if let Some(why) = &draft.failed {
                    let words = needs_words(why, &draft.path);
                    failure::show(ui, ctx.theme, &words, &draft.path.display().to_string());
                    ui.add_space(8.0);
                }
                if let Some(whole) = &draft.whole {
                    data_quality::verdict(ctx.theme, &whole.inspection.verdict, ui);
                    ui.add_space(6.0);
                    evidence(ctx, whole, ui);
                    ui.add_space(8.0);
                }
                if let Some(head) = &draft.head {
                    rows(ctx, draft, head, ui);
                }
                if let Some(whole) = &draft.whole {
                    ui.add_space(10.0);
                    heading(ui, ctx.theme, "What would be imported");
                    super::data_found::facts_grid(ctx, &whole.inspection, ui);
                    ui.add_space(6.0);
                    data_quality::counts(ctx.theme, &whole.inspection, ui);
                }
            });
        });
    keys(ctx, draft, ui);
}

fn keys(ctx: &PanelCtx<'_>, draft: &Draft, ui: &Ui) {
    if ui.text_edit_focused() || egui::Popup::is_any_open(ui.ctx()) {
        return;
    }
    if ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Escape)) {
        ctx.send(Command::DropDraft);
    }
    if blocked(draft).is_none() && ui.input_mut(|i| i.consume_key(Modifiers::COMMAND, Key::Enter)) {
        ctx.send(Command::Import);
    }
}

fn title(ctx: &PanelCtx<'_>, draft: &Draft, ui: &mut Ui) {
    let name = draft.path.file_name().map_or_else(
        || draft.path.display().to_string(),
        |n| n.to_string_lossy().into_owned(),
    );
    ui.horizontal(|ui| {
        ui.label(RichText::new(format!("Import {name}")).font(semibold(16.0)));
        if let Some(head) = &draft.head {
            ui.label(RichText::new(size_words(head.bytes)).color(ctx.theme.dim));
        }
        ui.add(
            Label::new(
                RichText::new(draft.path.display().to_string())
                    .small()
                    .color(ctx.theme.dim),
            )
            .truncate(),
        );
    });
}

fn foot(ctx: &PanelCtx<'_>, draft: &Draft, ui: &mut Ui) {
    ui.horizontal(|ui| {
        ui.set_min_height(30.0);
        let blocked = blocked(draft);
        let import = ui
            .add_enabled_ui(blocked.is_none(), |ui| {
                button::primary(ui, ctx.theme, Icon::Check, "Import")
            })
            .inner
            .on_hover_text("Ctrl+Enter");
        if import
            .on_disabled_hover_text(blocked.clone().unwrap_or_default())
            .clicked()
        {
            ctx.send(Command::Import);
        }
        let cancel = button::button(ui, ctx.theme, None, "Cancel", button::Weight::Normal, true);
        if cancel
            .on_hover_text("Esc. What was open before is still there.")
            .clicked()
        {
            ctx.send(Command::DropDraft);
        }
        if let Some(progress) = &draft.reading {
            let share = progress.fraction().unwrap_or(0.0) as f32;
            let text = if draft.import_when_read {
                "Reading; imports at the end"
            } else {
                "Reading the whole file"
            };
            ui.add(
                egui::ProgressBar::new(share)
                    .desired_width(260.0)
                    .text(text),
            );
        } else if let Some(why) = blocked {
            ui.add(Label::new(RichText::new(why).color(ctx.theme.warn)).truncate());
        } else if ctx.model.market.is_some() {
            ui.label(RichText::new("Replaces the market that is open.").color(ctx.theme.dim));
        }
    });
}

fn form(ctx: &PanelCtx<'_>, draft: &Draft, ui: &mut Ui) {
    heading(ui, ctx.theme, "Recognised as");
    match draft.head.as_ref().and_then(|h| h.dialect.as_ref()) {
        Some(Ok((title, sure))) => {
            ui.horizontal(|ui| {
                ui.label(RichText::new(title).font(semibold(15.0)));
                ui.add(
                    egui::ProgressBar::new(*sure as f32)
                        .desired_width(110.0)
                        .text(format!("{} sure", number::percent_to(*sure, 0))),
                );
            });
        }
        Some(Err(_)) => {
            ui.label(RichText::new("No known dialect").color(ctx.theme.bad));
        }
        None => {
            ui.label(RichText::new("looking at the first lines").color(ctx.theme.dim));
        }
    }
    ui.add_space(6.0);
    let known = draft.known.as_deref();
    let mut options = draft.options.clone();
    data_overrides::form(ctx, known, &mut options, ui);
    if let Some(inspection) = known {
        data_contracts::form(ctx, inspection, &mut options, ui);
    }
    if options != draft.options {
        ctx.send(Command::Preview(draft.path.clone(), Box::new(options)));
    }
    let Some(whole) = &draft.whole else { return };
    if let Some(needs) = &whole.needs {
        ui.add_space(8.0);
        ui.add(
            Label::new(RichText::new(needs_words(needs, &draft.path)).color(ctx.theme.warn)).wrap(),
        );
    }
    ui.add_space(8.0);
    ui.label(RichText::new("Why it was read so").color(ctx.theme.dim));
    for line in &whole.inspection.evidence {
        ui.horizontal_top(|ui| {
            ui.label(RichText::new("·").color(ctx.theme.dim));
            ui.add(Label::new(RichText::new(line).small()).wrap());
        });
    }
}

fn evidence(ctx: &PanelCtx<'_>, whole: &Whole, ui: &mut Ui) {
    match &whole.profile {
        Some(profile) => {
            heading(ui, ctx.theme, &day_profile::title(profile));
            day_profile::show(ui, ctx.theme, profile, 150.0);
            let words = day_profile::in_words(profile);
            ui.add(Label::new(RichText::new(words).small().color(ctx.theme.dim)).wrap());
        }
        None => {
            heading(ui, ctx.theme, "Volume by time of day");
            let why = "Too few bars to draw it.";
            ui.label(RichText::new(why).color(ctx.theme.dim));
        }
    }
}

/// The first rows as the file has them, with what each column is read as.
fn rows(ctx: &PanelCtx<'_>, draft: &Draft, head: &Head, ui: &mut Ui) {
    heading(ui, ctx.theme, "First rows of the file");
    let mut options = None;
    if draft.options.columns.is_some() {
        let back = button::button(
            ui,
            ctx.theme,
            Some(Icon::Undo),
            "Columns as detected",
            button::Weight::Quiet,
            true,
        );
        if back.clicked() {
            options = Some(holdout_store::ImportOptions {
                columns: None,
                ..draft.options.clone()
            });
        }
    }
    if head.rows.is_empty() {
        ui.label(
            RichText::new("The format is binary; its rows are shown once it is read.")
                .color(ctx.theme.dim),
        );
        return;
    }
    let n = head.rows.iter().map(Vec::len).max().unwrap_or(0).min(24);
    let shown = head.rows.len().min(8);
    let header_height = if head.header.is_empty() { 26.0 } else { 42.0 };
    ui.push_id("first-rows", |ui| {
        ScrollArea::horizontal().show(ui, |ui| {
            let mut table = TableBuilder::new(ui)
                .striped(true)
                .vscroll(false)
                .cell_layout(Layout::left_to_right(Align::Center));
            for c in 0..n {
                table = table.column(Column::exact(column_width(head, c)));
            }
            table
                .header(header_height, |mut header| {
                    for c in 0..n {
                        header.col(|ui| {
                            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                                ui.spacing_mut().item_spacing = vec2(0.0, 1.0);
                                let said =
                                    data_columns::choose(ui, ctx.theme, head, &draft.options, c);
                                if said.is_some() {
                                    options = said;
                                }
                                let name = head.header.get(c).map_or("", String::as_str);
                                ui.add(
                                    Label::new(RichText::new(name).small().color(ctx.theme.dim))
                                        .truncate(),
                                );
                            });
                        });
                    }
                })
                .body(|body| {
                    body.rows(20.0, shown, |mut row| {
                        let cells = &head.rows[row.index()];
                        for c in 0..n {
                            row.col(|ui| {
                                let text = cells.get(c).map_or("", String::as_str);
                                ui.add(Label::new(RichText::new(text).font(mono(12.0))).truncate());
                            });
                        }
                    });
                });
            // Room for the scroll bar, which else lies over the last row.
            ui.add_space(10.0);
        });
    });
    if let Some(options) = options {
        ctx.send(Command::Preview(draft.path.clone(), Box::new(options)));
    }
}

/// Wide enough for the longest cell of the column.
fn column_width(head: &Head, c: usize) -> f32 {
    let longest = head
        .rows
        .iter()
        .map(|r| r.get(c).map_or(0, |t| t.chars().count()))
        .chain([
            head.header.get(c).map_or(0, |h| h.chars().count()),
            head.roles.get(c).map_or(0, |r| r.len()),
            11,
        ])
        .max()
        .unwrap_or(8);
    (longest as f32 * 7.6 + 12.0).min(230.0)
}
