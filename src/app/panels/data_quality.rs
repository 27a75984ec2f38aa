//! The quality of a file: a verdict in a line, every kind of problem with its count, examples
//! that lead to the bars, and repairs that say what they will do.

use std::collections::BTreeSet;

use egui::{
    Align2, FontId, Label, Rect, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2,
};
use holdout_store::{Inspection, ProblemKind, Severity, Verdict, VerdictLevel};

use super::data_quality_data::{
    Kind, Place, kind_words, kinds, made_words, meaning, repair_words, with_repair, without_repair,
};
use crate::app::commands::Command;
use crate::app::context::{Market, PanelCtx};
use crate::app::icons::{self, Icon};
use crate::app::theme::{Theme, mono, semibold};
use crate::app::widgets::button;
use crate::report::number;

const ROW: f32 = 22.0;

/// The list, and which kinds are open.
#[derive(Debug, Default)]
pub struct QualityList {
    kinds: Vec<Kind>,
    open: BTreeSet<ProblemKind>,
}

impl QualityList {
    /// The problems of a file.
    pub fn new(inspection: &Inspection) -> Self {
        Self {
            kinds: kinds(inspection),
            open: BTreeSet::new(),
        }
    }

    /// Height that shows every kind with none open.
    pub fn height(&self) -> f32 {
        self.kinds.len() as f32 * ROW
    }

    /// Draws verdict, repairs and problems. Returns the instant that was clicked.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, market: &Market, ui: &mut Ui) -> Option<i64> {
        verdict(ctx.theme, &market.dataset.inspection.verdict, ui);
        repairs(ctx, market, ui);
        let mut look_at = None;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for kind in &self.kinds {
                let open = self.open.contains(&kind.problem.kind);
                if kind_row(ui, ctx.theme, kind, open).clicked() {
                    if open {
                        self.open.remove(&kind.problem.kind);
                    } else {
                        self.open.insert(kind.problem.kind);
                    }
                }
                if open {
                    for place in &kind.places {
                        let clicked = place_row(ui, ctx.theme, place).clicked();
                        look_at = place.utc.filter(|_| clicked).or(look_at);
                    }
                    more(ui, ctx.theme, kind);
                }
            }
        });
        look_at
    }
}

/// The verdict in one line: icon, word, reasons.
pub fn verdict(theme: &Theme, verdict: &Verdict, ui: &mut Ui) {
    let (icon, word, color) = match verdict.level {
        VerdictLevel::Clean => (Icon::Check, "Clean", theme.good),
        VerdictLevel::Usable => (Icon::Warning, "Usable", theme.warn),
        VerdictLevel::NotUsable => (Icon::Cross, "Not usable", theme.bad),
    };
    ui.horizontal(|ui| {
        icons::show(ui, icon, 16.0, color);
        ui.label(RichText::new(word).font(semibold(14.0)).color(color));
        let why = if verdict.why.is_empty() {
            "no problem was found".to_owned()
        } else {
            verdict.why.join("; ")
        };
        ui.add(Label::new(RichText::new(&why).color(theme.dim)).truncate())
            .on_hover_text(why);
    });
}

/// Kinds and counts in a few lines, where there is no room for examples.
pub fn counts(theme: &Theme, inspection: &Inspection, ui: &mut Ui) {
    for p in &inspection.problems {
        let (icon, word, color) = severity_look(theme, p.severity);
        ui.horizontal(|ui| {
            icons::show(ui, icon, 13.0, color);
            ui.label(RichText::new(number::count(p.count)).font(mono(12.0)));
            ui.label(kind_words(p.kind.name()));
            ui.add(Label::new(RichText::new(meaning(p.kind)).small().color(theme.dim)).truncate())
                .on_hover_text(format!("{word}. {}", meaning(p.kind)));
        });
    }
}

/// Icon, word and colour of a severity.
pub fn severity_look(theme: &Theme, severity: Severity) -> (Icon, &'static str, egui::Color32) {
    match severity {
        Severity::Info => (Icon::Info, "info", theme.dim),
        Severity::Warning => (Icon::Warning, "warning", theme.warn),
        Severity::Error => (Icon::Cross, "error", theme.bad),
    }
}

fn repairs(ctx: &PanelCtx<'_>, market: &Market, ui: &mut Ui) {
    let i = &market.dataset.inspection;
    if i.repairs_offered.is_empty() && market.options.repairs.is_empty() {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        for &repair in &i.repairs_offered {
            let (label, does) = repair_words(repair, i);
            let press = button::button(ui, ctx.theme, None, &label, button::Weight::Normal, true);
            if press.on_hover_text(does).clicked() {
                let options = with_repair(&market.options, repair);
                ctx.send(Command::Open(
                    market.dataset.path.clone(),
                    Box::new(options),
                ));
            }
        }
        for &repair in &market.options.repairs {
            ui.label(RichText::new(made_words(repair)).color(ctx.theme.dim));
            let back = button::button(
                ui,
                ctx.theme,
                Some(Icon::Undo),
                "Take back",
                button::Weight::Quiet,
                true,
            );
            if back
                .on_hover_text("Reads the file again without this repair")
                .clicked()
            {
                let options = without_repair(&market.options, repair);
                ctx.send(Command::Open(
                    market.dataset.path.clone(),
                    Box::new(options),
                ));
            }
        }
    });
}

/// A row over the whole width that can be clicked or pressed.
fn row(ui: &mut Ui, theme: &Theme, label: String, role: Role) -> (Rect, egui::Response) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(role, true, &label));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 3, theme.raised);
    }
    (rect, response)
}

fn cell(ui: &Ui, rect: Rect, x: f32, text: &str, font: FontId, color: egui::Color32) {
    let right = rect.right() - 4.0;
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = egui::text::TextWrapping::truncate_at_width((right - rect.left() - x).max(10.0));
    let galley = ui.painter().layout_job(job);
    let at = pos2(rect.left() + x, rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, color);
}

fn kind_row(ui: &mut Ui, theme: &Theme, kind: &Kind, open: bool) -> egui::Response {
    let p = &kind.problem;
    let (icon, word, color) = severity_look(theme, p.severity);
    let words = kind_words(p.kind.name());
    let count = number::count(p.count);
    let (rect, response) = row(ui, theme, format!("{words}, {count}, {word}"), Role::Button);
    arrow(
        ui,
        pos2(rect.left() + 9.0, rect.center().y),
        open,
        theme.dim,
    );
    let side = Rect::from_center_size(pos2(rect.left() + 28.0, rect.center().y), vec2(13.0, 13.0));
    icons::paint(ui.painter(), side, icon, color);
    let plain = FontId::proportional(13.0);
    cell(ui, rect, 42.0, &words, plain.clone(), theme.text);
    ui.painter().text(
        pos2(rect.left() + 268.0, rect.center().y),
        Align2::RIGHT_CENTER,
        count,
        mono(12.0),
        theme.text,
    );
    cell(ui, rect, 284.0, word, plain, color);
    cell(
        ui,
        rect,
        350.0,
        meaning(p.kind),
        FontId::proportional(12.0),
        theme.dim,
    );
    let hint = if open {
        "Hide examples"
    } else {
        "Show examples"
    };
    response.on_hover_text(format!("{}\n{hint}", meaning(p.kind)))
}

fn arrow(ui: &Ui, at: egui::Pos2, open: bool, color: egui::Color32) {
    let (a, b, c) = if open {
        (vec2(-4.0, -2.0), vec2(4.0, -2.0), vec2(0.0, 4.0))
    } else {
        (vec2(-2.0, -4.0), vec2(4.0, 0.0), vec2(-2.0, 4.0))
    };
    ui.painter().add(egui::Shape::convex_polygon(
        vec![at + a, at + b, at + c],
        color,
        egui::Stroke::NONE,
    ));
}

fn place_row(ui: &mut Ui, theme: &Theme, place: &Place) -> egui::Response {
    let label = format!("Show {} {}", place.time, place.detail);
    let (rect, response) = row(ui, theme, label, Role::Link);
    let time = if place.utc.is_some() {
        theme.accent
    } else {
        theme.dim
    };
    cell(ui, rect, 42.0, &place.time, mono(12.0), time);
    let line = if place.line.is_empty() {
        String::new()
    } else {
        format!("line {}", place.line)
    };
    cell(ui, rect, 212.0, &line, mono(12.0), theme.dim);
    cell(
        ui,
        rect,
        350.0,
        &place.detail,
        FontId::proportional(13.0),
        theme.text,
    );
    response.on_hover_text(if place.utc.is_some() {
        format!("{}\nClick to see the bar", place.detail)
    } else {
        format!("{}\nThere is no bar to show", place.detail)
    })
}

fn more(ui: &mut Ui, theme: &Theme, kind: &Kind) {
    let shown = kind.places.len() as u64;
    if kind.problem.count > shown {
        let text = format!(
            "and {} more",
            number::count(kind.problem.count.saturating_sub(shown))
        );
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::hover());
        cell(ui, rect, 42.0, &text, FontId::proportional(12.0), theme.dim);
    }
}
