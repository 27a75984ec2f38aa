//! The Report page: what is in the document on the left, the document itself beside it.

use egui::{
    Align, CentralPanel, Frame, Label, Layout, Margin, Panel, RichText, ScrollArea, TextEdit, Ui,
    vec2,
};
use holdout_core::market::split::Part;

use super::data::{bar, heading, pad};
use crate::app::commands::Command;
use crate::app::context::{Page, PanelCtx};
use crate::app::icons::{self, Icon};
use crate::app::reporting::{ReportCommand, question};
use crate::app::theme::{Theme, mono, semibold};
use crate::app::widgets::button::{self, Weight};
use crate::app::widgets::chart_view::ChartView;
use crate::app::widgets::empty;
use crate::jobs::player::PlayerChoice;
use crate::jobs::report::Question;
use crate::report::document::{Block, Document, DocumentFormat, Plan, Section, Table};
use holdout_store::runs::CheckpointChoice;

/// Height of a chart in the preview.
const CHART: f32 = 400.0;

/// State of the page.
#[derive(Default)]
pub struct ReportPanel {
    /// A title that is being typed; taken over when the field is left.
    typed: Option<(usize, String)>,
}

impl ReportPanel {
    /// Draws the page.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let m = ctx.model;
        let Some(asked) = question(m) else {
            CentralPanel::default()
                .frame(pad(ctx.theme))
                .show(ui, |ui| no_run(ctx, ui));
            return;
        };
        Panel::top("report-bar")
            .frame(bar(ctx.theme))
            .show(ui, |ui| top_bar(ctx, &asked, ui));
        Panel::left("report-plan")
            .default_size(300.0)
            .size_range(250.0..=460.0)
            .frame(pad(ctx.theme))
            .show(ui, |ui| {
                ScrollArea::vertical()
                    .auto_shrink(false)
                    .show(ui, |ui| self.plan(ctx, &asked, ui));
            });
        CentralPanel::default()
            .frame(
                Frame::new()
                    .fill(ctx.theme.background)
                    .inner_margin(Margin::symmetric(12, 8)),
            )
            .show(ui, |ui| match &m.report.view {
                Some(view) if view.question == asked => {
                    preview(ctx, &view.document, ui);
                }
                _ => not_yet(ctx, ui),
            });
    }

    fn plan(&mut self, ctx: &PanelCtx<'_>, asked: &Question, ui: &mut Ui) {
        let plan = &ctx.model.report.plan;
        heading(ui, ctx.theme, "Title");
        let usual = match asked.compare.len() {
            0 => "Name of the run".to_owned(),
            n => format!("{} runs side by side", n + 1),
        };
        if let Some(title) = self.field(ui, usize::MAX, &plan.title, &usual, "Title of the report")
        {
            send_plan(ctx, plan, |p| p.title = title);
        }
        ui.add_space(10.0);
        heading(ui, ctx.theme, "Sections, in this order");
        for (i, wanted) in plan.sections.iter().enumerate() {
            ui.horizontal(|ui| {
                let mut on = wanted.on;
                let name = wanted.id.title();
                let tick = ui.checkbox(&mut on, "");
                let tick = tick.accessible_name(format!("Section {name}"));
                if tick.on_hover_text("In the document").changed() {
                    send_plan(ctx, plan, |p| p.sections[i].on = on);
                }
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    ui.spacing_mut().item_spacing.x = 2.0;
                    let last = i + 1 == plan.sections.len();
                    for (icon, what, other) in [
                        (Icon::Down, "later", (!last).then_some(i + 1)),
                        (Icon::Up, "sooner", i.checked_sub(1)),
                    ] {
                        let label = format!("{name} {what}");
                        let moved = ui.add_enabled_ui(other.is_some(), |ui| {
                            button::icon(ui, ctx.theme, icon, &label)
                        });
                        if let (true, Some(other)) = (moved.inner.clicked(), other) {
                            send_plan(ctx, plan, |p| p.sections.swap(i, other));
                        }
                    }
                    let label = format!("Title of {name}");
                    if let Some(title) = self.field(ui, i, &wanted.title, name, &label) {
                        send_plan(ctx, plan, |p| p.sections[i].title = title);
                    }
                });
            });
        }
        ui.add_space(4.0);
        let usual = *plan == Plan::default();
        let back = ui.add_enabled_ui(!usual, |ui| {
            button::normal(ui, ctx.theme, Icon::Undo, "As it was shipped")
        });
        if back.inner.clicked() {
            ctx.send(Command::Report(ReportCommand::SetPlan(Box::default())));
        }
        ui.add_space(12.0);
        self.part(ctx, ui);
        ui.add_space(12.0);
        compare(ctx, asked, ui);
        ui.add_space(12.0);
        heading(ui, ctx.theme, "The same as a command");
        let line = command_line(asked, plan);
        ui.add(Label::new(RichText::new(&line).font(mono(11.0)).color(ctx.theme.dim)).wrap());
        if button::normal(ui, ctx.theme, Icon::List, "Copy command").clicked() {
            ui.copy_text(line);
        }
    }

    /// A field whose content is taken over when it is left.
    fn field(
        &mut self,
        ui: &mut Ui,
        key: usize,
        kept: &str,
        hint: &str,
        label: &str,
    ) -> Option<String> {
        let mut text = match &self.typed {
            Some((at, text)) if *at == key => text.clone(),
            _ => kept.to_owned(),
        };
        let field = ui
            .add(
                TextEdit::singleline(&mut text)
                    .hint_text(hint)
                    .desired_width(f32::INFINITY),
            )
            .accessible_name(label.to_owned());
        if field.changed() {
            self.typed = Some((key, text.clone()));
        }
        if !field.lost_focus() {
            return None;
        }
        let left = self.typed.take_if(|(at, _)| *at == key)?;
        (left.1 != kept).then_some(left.1)
    }

    fn part(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        heading(ui, ctx.theme, "Judged on");
        let chosen = ctx.model.report.part;
        ui.horizontal_wrapped(|ui| {
            for (part, name, about) in [
                (
                    None,
                    "as far as opened",
                    "Test where it was opened with this checkpoint, else validation",
                ),
                (Some(Part::Validation), "validation", "The part that chose"),
                (
                    Some(Part::Test),
                    "test",
                    "Only where it was opened before: a report opens nothing",
                ),
            ] {
                let weight = if chosen == part {
                    Weight::Chosen
                } else {
                    Weight::Quiet
                };
                if button::button(ui, ctx.theme, None, name, weight, true)
                    .on_hover_text(about)
                    .clicked()
                {
                    ctx.send(Command::Report(ReportCommand::SetPart(part)));
                }
            }
        });
    }
}

fn send_plan(ctx: &PanelCtx<'_>, plan: &Plan, change: impl FnOnce(&mut Plan)) {
    let mut plan = plan.clone();
    change(&mut plan);
    ctx.send(Command::Report(ReportCommand::SetPlan(Box::new(plan))));
}

fn compare(ctx: &PanelCtx<'_>, asked: &Question, ui: &mut Ui) {
    let m = ctx.model;
    heading(ui, ctx.theme, "Runs beside it");
    let mut others = m.runs.iter().filter(|r| r.path != asked.run).peekable();
    if others.peek().is_none() {
        ui.label(
            RichText::new("There is no other run.")
                .small()
                .color(ctx.theme.dim),
        );
    }
    for run in others {
        let mut on = asked.compare.contains(&run.path);
        if ui.checkbox(&mut on, &run.name).changed() {
            let mut runs = asked.compare.clone();
            if on {
                runs.push(run.path.clone());
            } else {
                runs.retain(|r| *r != run.path);
            }
            ctx.send(Command::Report(ReportCommand::Compare(runs)));
        }
    }
}

/// The command that writes this report.
fn command_line(asked: &Question, plan: &Plan) -> String {
    let quoted = |text: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+".contains(c);
        if !text.is_empty() && text.chars().all(plain) {
            text.to_owned()
        } else {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
    };
    let path = |p: &std::path::Path| quoted(&p.display().to_string());
    let mut line = format!("holdout report --run {}", path(&asked.run));
    match &asked.checkpoint {
        PlayerChoice::Checkpoint(CheckpointChoice::Best) => {}
        PlayerChoice::Checkpoint(CheckpointChoice::Last) => line.push_str(" --checkpoint last"),
        PlayerChoice::Checkpoint(CheckpointChoice::Step(n)) => {
            line.push_str(&format!(" --checkpoint {n}"));
        }
        PlayerChoice::Ensemble(name) => {
            line.push_str(&format!(
                " --checkpoint {}",
                quoted(&format!("ensemble:{name}"))
            ));
        }
    }
    if !asked.compare.is_empty() {
        line.push_str(" --compare");
        for run in &asked.compare {
            line.push_str(&format!(" {}", path(run)));
        }
    }
    if let Some(part) = asked.part {
        line.push_str(&format!(" --split {}", part.name()));
    }
    if !plan.title.trim().is_empty() {
        line.push_str(&format!(" --title {}", quoted(plan.title.trim())));
    }
    if plan.sections != Plan::default().sections {
        for w in plan.chosen() {
            let own = match w.title.trim() {
                "" => w.id.name().to_owned(),
                title => format!("{}={title}", w.id.name()),
            };
            line.push_str(&format!(" --section {}", quoted(&own)));
        }
    }
    line.push_str(" --out report.html");
    line
}

fn no_run(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let text = "Everything of a run in one document, or of several side by side: PDF, a page that stands alone, Markdown or JSON, in your order and under your titles.";
    let r = empty::empty(
        ui,
        ctx.theme,
        Icon::Page,
        "No run to report on yet",
        text,
        &[(Icon::Play, "Train one"), (Icon::Flag, "Run the demo")],
    );
    if r[0].clicked() {
        ctx.send(Command::Go(Page::Train));
    }
    if r[1].clicked() {
        ctx.send(Command::RunDemo);
    }
}

fn top_bar(ctx: &PanelCtx<'_>, asked: &Question, ui: &mut Ui) {
    let state = &ctx.model.report;
    let ready = state.view.as_ref().is_some_and(|v| v.question == *asked);
    ui.horizontal(|ui| {
        if let Some(progress) = &state.working {
            let bar = egui::ProgressBar::new(progress.fraction().unwrap_or(0.0) as f32)
                .desired_width(280.0)
                .text(progress.what.clone());
            ui.add(bar);
            if button::normal(ui, ctx.theme, Icon::Stop, "Cancel").clicked() {
                ctx.send(Command::Report(ReportCommand::Cancel));
            }
            return;
        }
        let (label, weight) = if ready {
            ("Put together again", Weight::Normal)
        } else {
            ("Put the report together", Weight::Primary)
        };
        if button::button(ui, ctx.theme, Some(Icon::Page), label, weight, true).clicked() {
            ctx.send(Command::Report(ReportCommand::Gather));
        }
        ui.separator();
        for format in DocumentFormat::ALL {
            let name = format.extension().to_uppercase();
            let write = ui.add_enabled_ui(ready, |ui| {
                button::normal(ui, ctx.theme, Icon::Export, &name)
            });
            let write = write
                .inner
                .on_hover_text(format.label())
                .on_disabled_hover_text("Put the report together first");
            if write.clicked() {
                ctx.send(Command::Report(ReportCommand::Write(format)));
            }
        }
        if let Some(problem) = &state.problem {
            icons::show(ui, Icon::Cross, 13.0, ctx.theme.bad);
            ui.add(Label::new(RichText::new(problem).color(ctx.theme.bad)).truncate())
                .on_hover_text(problem);
        } else if let Some(written) = &state.written {
            icons::show(ui, Icon::Check, 13.0, ctx.theme.good);
            let text = format!("written to {}", written.path.display());
            ui.add(Label::new(RichText::new(&text).color(ctx.theme.dim)).truncate())
                .on_hover_text(text);
        }
    });
}

fn not_yet(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    if ctx.model.report.working.is_some() {
        ui.centered_and_justified(|ui| {
            ui.label(RichText::new("The report is being put together.").color(ctx.theme.dim))
        });
        return;
    }
    let text = "The document will be shown here as it will be written. It takes what the run keeps; only validation is judged where it was not yet.";
    let r = empty::empty(
        ui,
        ctx.theme,
        Icon::Page,
        "Not put together yet",
        text,
        &[(Icon::Page, "Put it together")],
    );
    if r[0].clicked() {
        ctx.send(Command::Report(ReportCommand::Gather));
    }
}

fn preview(ctx: &PanelCtx<'_>, document: &Document, ui: &mut Ui) {
    let theme = ctx.theme;
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.set_max_width(ui.available_width().min(1_040.0) - 12.0);
        ui.add(Label::new(RichText::new(&document.title).font(semibold(22.0))).wrap());
        ui.add(Label::new(RichText::new(&document.subtitle).color(theme.dim)).wrap());
        let several = document.chapters.len() > 1;
        let mut charts = 0;
        for chapter in &document.chapters {
            if several {
                ui.add_space(18.0);
                ui.add(
                    Label::new(
                        RichText::new(&chapter.title)
                            .font(semibold(19.0))
                            .color(theme.accent),
                    )
                    .wrap(),
                );
            }
            for s in &chapter.sections {
                section(ctx, s, &mut charts, ui);
            }
        }
        ui.add_space(20.0);
        ui.label(
            RichText::new(format!("{} · made {}", document.programme, document.made))
                .small()
                .color(theme.dim),
        );
        ui.add_space(12.0);
    });
}

fn section(ctx: &PanelCtx<'_>, section: &Section, charts: &mut usize, ui: &mut Ui) {
    let theme = ctx.theme;
    ui.add_space(14.0);
    ui.add(Label::new(RichText::new(&section.title).font(semibold(16.5))).wrap());
    ui.separator();
    for (i, block) in section.blocks.iter().enumerate() {
        match block {
            Block::Text(t) => {
                ui.add(Label::new(t).wrap());
            }
            Block::Warning(t) => {
                ui.horizontal_top(|ui| {
                    icons::show(ui, Icon::Warning, 15.0, theme.warn);
                    ui.add(Label::new(RichText::new(t).color(theme.warn)).wrap());
                });
            }
            Block::Heading(t) => {
                ui.add_space(6.0);
                heading(ui, theme, t);
            }
            Block::Facts(facts) => {
                egui::Grid::new(("facts", &section.title, i, *charts))
                    .num_columns(2)
                    .spacing(vec2(18.0, 3.0))
                    .show(ui, |ui| {
                        for (name, value) in facts {
                            ui.label(RichText::new(name).color(theme.dim));
                            ui.add(Label::new(value).wrap());
                            ui.end_row();
                        }
                    });
            }
            Block::Table(t) => table(theme, t, ui),
            Block::Chart(chart) => {
                *charts += 1;
                let group = format!("report-{charts}");
                let view = ChartView {
                    group: &group,
                    height: CHART,
                    wheel_zooms: false,
                    export: true,
                };
                if let Some(format) = view.show(ui, theme, chart) {
                    ctx.send(Command::Export(chart.clone(), format));
                }
            }
            Block::Lines(t) => {
                Frame::new()
                    .fill(theme.panel)
                    .inner_margin(Margin::same(8))
                    .show(ui, |ui| {
                        ui.add(Label::new(RichText::new(t).font(mono(11.0))).wrap());
                    });
            }
        }
        ui.add_space(3.0);
    }
}

/// A table as wide as the page; a row is as high as its highest cell.
fn table(theme: &Theme, t: &Table, ui: &mut Ui) {
    let total: f64 = t.columns.iter().map(|c| c.weight).sum();
    let gap = 12.0;
    let room = (ui.available_width() - gap * t.columns.len() as f32).max(200.0);
    let widths: Vec<f32> = t
        .columns
        .iter()
        .map(|c| (c.weight / total) as f32 * room)
        .collect();
    let row = |ui: &mut Ui, texts: Vec<RichText>, striped: bool| {
        let behind = ui.painter().add(egui::Shape::Noop);
        let drawn = ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            for ((text, c), &width) in texts.into_iter().zip(&t.columns).zip(&widths) {
                let align = if c.figures { Align::Max } else { Align::Min };
                ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(align), |ui| {
                    ui.set_width(width);
                    ui.add(Label::new(text).wrap());
                });
            }
        });
        if striped {
            let rect = drawn.response.rect.expand2(vec2(2.0, 1.0));
            let fill = egui::Shape::rect_filled(rect, 2, theme.panel);
            ui.painter().set(behind, fill);
        }
    };
    let heads = t.columns.iter().map(|c| &c.name);
    let heads = heads.map(|n| RichText::new(n).small().color(theme.dim));
    row(ui, heads.collect(), false);
    for (i, cells) in t.rows.iter().enumerate() {
        let texts = cells.iter().zip(&t.columns).map(|(text, c)| {
            if c.figures {
                RichText::new(text).font(mono(11.5))
            } else {
                RichText::new(text)
            }
        });
        row(ui, texts.collect(), i % 2 == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_says_what_the_page_shows() {
        let asked = Question {
            run: "runs/a b".into(),
            checkpoint: CheckpointChoice::Step(5).into(),
            compare: vec!["runs/c".into()],
            part: Some(Part::Test),
        };
        let mut plan = Plan::default();
        let usual = command_line(&asked, &plan);
        assert_eq!(
            usual,
            "holdout report --run 'runs/a b' --checkpoint 5 --compare runs/c --split test --out report.html"
        );
        plan.title = "It's mine".to_owned();
        plan.sections.truncate(2);
        plan.sections[0].title = "How it came out".to_owned();
        plan.complete();
        let own = command_line(&asked, &plan);
        assert!(
            own.contains(
                r"--title 'It'\''s mine' --section 'summary=How it came out' --section equity --out"
            ),
            "{own}"
        );
    }
}
