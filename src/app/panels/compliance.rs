//! The Compliance page: an account under a firm's rules, where it came closest to breaking
//! them, every firm side by side, the chance of passing, and the document to hand over.

use std::path::PathBuf;

use egui::{
    Align, CentralPanel, ComboBox, Grid, Label, Layout, Panel, ProgressBar, RichText, ScrollArea,
    Sense, TextEdit, Ui, vec2,
};
use holdout_core::compliance::Outcome;

use super::compliance_data::{ComplianceView, FirmRow, span};
use super::data::{bar, heading, pad};
use super::results::{rules, state_look};
use super::ruleset_form::RuleSetForm;
use crate::app::commands::Command;
use crate::app::compliance::ComplianceCommand;
use crate::app::context::{Page, PanelCtx};
use crate::app::icons::{self, Icon};
use crate::app::theme::{mono, semibold};
use crate::app::widgets::button::{self, Weight};
use crate::app::widgets::chart_view::{self, ChartView};
use crate::app::widgets::empty;
use crate::app::widgets::sorting::{Sorting, Value};
use crate::report::{chart_ticks, number};

/// What is under the chart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Moments,
    Firms,
    Chance,
    Rules,
    Document,
}

/// State of the page.
#[derive(Default)]
pub struct CompliancePanel {
    tab: Tab,
    form: Option<RuleSetForm>,
    firms: Sorting,
    shown: Option<String>,
    /// Typed where the desktop has no file dialog.
    ledger_folder: String,
    document_folder: String,
}

impl CompliancePanel {
    /// Draws the page.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let c = &ctx.model.compliance;
        Panel::top("compliance-bar")
            .frame(bar(ctx.theme))
            .show(ui, |ui| self.choices(ctx, ui));
        if let Some(form) = &mut self.form
            && !form.ui(ctx, ui.ctx())
        {
            self.form = None;
        }
        let Some(view) = &c.view else {
            CentralPanel::default()
                .frame(pad(ctx.theme))
                .show(ui, |ui| nothing_yet(ctx, &mut self.ledger_folder, ui));
            return;
        };
        // A new document is shown once it is there.
        let issued = c.document.as_ref().map(|d| d.hash.clone());
        if issued != self.shown {
            if issued.is_some() {
                self.tab = Tab::Document;
            }
            self.shown = issued;
        }
        Panel::right("compliance-rules")
            .default_size(300.0)
            .size_range(250.0..=520.0)
            .frame(pad(ctx.theme))
            .show(ui, |ui| {
                rules(ctx, &view.examined.verdict, "compliance", ui)
            });
        Panel::bottom("compliance-tabs")
            .default_size(250.0)
            .resizable(true)
            .min_size(120.0)
            .frame(pad(ctx.theme))
            .show(ui, |ui| self.tabs(ctx, view, ui));
        CentralPanel::default()
            .frame(pad(ctx.theme))
            .show(ui, |ui| {
                let chart = ChartView {
                    group: "compliance",
                    height: ui.available_height() - 2.0,
                    wheel_zooms: true,
                    export: true,
                };
                if let Some(format) = chart.show(ui, ctx.theme, &view.examined.chart) {
                    let chart = Box::new(view.examined.chart.clone());
                    ctx.send(Command::Export(chart, format));
                }
            });
    }

    fn choices(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let c = &ctx.model.compliance;
        let send = |command| ctx.send(Command::Compliance(command));
        ui.horizontal(|ui| {
            if !c.evaluations.is_empty() {
                // The run stands at the left; its evaluation is enough here.
                let title = c.view.as_ref().map_or("An evaluation", |v| v.title.as_str());
                let shown = title.rsplit(" · ").next().unwrap_or(title);
                let combo = ComboBox::from_id_salt("evaluation")
                    .width(190.0)
                    .truncate()
                    .selected_text(shown)
                    .show_ui(ui, |ui| {
                        for name in &c.evaluations {
                            if ui.selectable_label(false, name).clicked() {
                                send(ComplianceCommand::Evaluation(name.clone()));
                            }
                        }
                    });
                combo.response.accessible_name("Evaluation");
            }
            if button::normal(ui, ctx.theme, Icon::Folder, "Open ledger…").clicked() {
                send(ComplianceCommand::OpenLedger);
            }
            ui.separator();
            let combo = ComboBox::from_id_salt("ruleset")
                .width(165.0)
                .height(420.0)
                .selected_text(&c.ruleset)
                .show_ui(ui, |ui| {
                    for r in &c.rules {
                        let name = format!("{}: {} {}", r.rules.id, r.rules.firm, r.rules.programme);
                        if ui.selectable_label(c.ruleset == r.rules.id, name).clicked() {
                            send(ComplianceCommand::Choose(r.rules.id.clone()));
                        }
                    }
                });
            combo.response.accessible_name("Rule set");
            if button::normal(ui, ctx.theme, Icon::Sliders, "Edit as own…").clicked() {
                self.form = c.chosen().map(|r| RuleSetForm::new(&r.rules));
            }
            if let Some((progress, stop)) = &c.working {
                let share = progress.fraction().unwrap_or(0.0) as f32;
                ui.add(ProgressBar::new(share).desired_width(140.0).text(progress.what.clone()));
                if *stop && ui.button("Cancel").clicked() {
                    send(ComplianceCommand::Cancel);
                }
            } else if c.view.is_some() {
                let name = "Issue document…";
                let r = button::primary(ui, ctx.theme, Icon::Shield, name);
                if r.on_hover_text("A certificate where every check holds on the test part, a compliance report otherwise: PDF, text and JSON with every hash").clicked() {
                    send(ComplianceCommand::Issue);
                }
            }
        });
        if let Some(problem) = &c.problem {
            ui.horizontal(|ui| {
                icons::show(ui, Icon::Warning, 14.0, ctx.theme.bad);
                ui.add(Label::new(RichText::new(problem).color(ctx.theme.bad)).wrap());
            });
        }
    }

    fn tabs(&mut self, ctx: &PanelCtx<'_>, view: &ComplianceView, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            for (tab, name) in [
                (Tab::Moments, "Worst moments"),
                (Tab::Firms, "Firms side by side"),
                (Tab::Chance, "Chance of passing"),
                (Tab::Rules, "Rules and sources"),
                (Tab::Document, "Document"),
            ] {
                let weight = if self.tab == tab {
                    Weight::Chosen
                } else {
                    Weight::Quiet
                };
                if button::button(ui, ctx.theme, None, name, weight, true).clicked() {
                    self.tab = tab;
                }
            }
        });
        ui.add_space(2.0);
        ScrollArea::both()
            .auto_shrink(false)
            .id_salt(("compliance-tab", self.tab as u8))
            .show(ui, |ui| match self.tab {
                Tab::Moments => moments(ctx, view, ui),
                Tab::Firms => firms(ctx, view, &mut self.firms, ui),
                Tab::Chance => chance(ctx, view, ui),
                Tab::Rules => sources(ctx, view, ui),
                Tab::Document => document(ctx, &mut self.document_folder, ui),
            });
    }
}

/// A folder as text with a button; the folder when it was sent off.
fn typed_folder(ui: &mut Ui, name: &str, button: &str, folder: &mut String) -> Option<PathBuf> {
    ui.horizontal(|ui| {
        let field = TextEdit::singleline(folder)
            .hint_text(name.to_owned())
            .desired_width(340.0);
        let response = ui.add(field).accessible_name(name);
        let entered = response.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        let ready = !folder.trim().is_empty();
        let pressed = ui.add_enabled(ready, egui::Button::new(button)).clicked();
        (ready && (entered || pressed)).then(|| PathBuf::from(folder.trim()))
    })
    .inner
}

fn nothing_yet(ctx: &PanelCtx<'_>, folder: &mut String, ui: &mut Ui) {
    let c = &ctx.model.compliance;
    if c.working.is_some() {
        ui.centered_and_justified(|ui| ui.label(RichText::new("Judging the ledger").heading()));
        return;
    }
    let text = "A firm's rules against an account: every check with the room that was left, the moments that came closest, the chance of passing, and a document to hand over. Judge a run, or open any folder with equity.csv and trades.csv.";
    let mut ways = Vec::new();
    // What was judged on test was looked at already; showing it again is no new look.
    let tested = c.evaluations.iter().rev().find(|n| n.starts_with("test-"));
    let evaluation = tested.or(c.evaluations.last());
    if let Some(name) = evaluation {
        ways.push((Icon::Shield, format!("Check {name}")));
    } else {
        ways.push((Icon::Chart, "Judge a run".to_owned()));
    }
    ways.push((Icon::Folder, "Open a ledger…".to_owned()));
    ways.push((Icon::Flag, "Run the demo".to_owned()));
    let labels: Vec<(Icon, &str)> = ways.iter().map(|(i, l)| (*i, l.as_str())).collect();
    let r = empty::empty(
        ui,
        ctx.theme,
        Icon::Shield,
        "No account to check yet",
        text,
        &labels,
    );
    if r[0].clicked() {
        match evaluation {
            Some(name) => ctx.send(Command::Compliance(ComplianceCommand::Evaluation(
                name.clone(),
            ))),
            None => ctx.send(Command::Go(Page::Results)),
        }
    }
    if r[1].clicked() {
        ctx.send(Command::Compliance(ComplianceCommand::OpenLedger));
    }
    if r[2].clicked() {
        ctx.send(Command::RunDemo);
    }
    ui.add_space(10.0);
    ui.horizontal(|ui| {
        ui.add_space((ui.available_width() - 480.0).max(0.0) / 2.0);
        let typed = typed_folder(ui, "Or type a ledger's folder", "Check", folder);
        if let Some(dir) = typed {
            ctx.send(Command::Compliance(ComplianceCommand::Ledger(dir)));
        }
    });
}

fn head(ctx: &PanelCtx<'_>, ui: &mut Ui, names: &[&str]) {
    for name in names {
        ui.label(RichText::new(*name).small().color(ctx.theme.dim));
    }
    ui.end_row();
}

fn figure(ui: &mut Ui, text: impl Into<String>) {
    ui.label(RichText::new(text).font(mono(12.0)));
}

/// Lays a cell of a grid under the head of a column of figures.
fn right(ui: &mut Ui, cell: impl FnOnce(&mut Ui)) {
    ui.with_layout(Layout::right_to_left(Align::Center), cell);
}

fn moments(ctx: &PanelCtx<'_>, view: &ComplianceView, ui: &mut Ui) {
    Grid::new("moments")
        .num_columns(7)
        .striped(true)
        .spacing(vec2(22.0, 4.0))
        .show(ui, |ui| {
            head(
                ctx,
                ui,
                &[
                    "Trading day",
                    "Bar, New York time",
                    "Worst equity",
                    "Peak",
                    "Floor",
                    "Room",
                    "Trade",
                ],
            );
            for m in &view.examined.worst {
                let day = m.day.to_string();
                let link = ui.add(
                    Label::new(RichText::new(&day).color(ctx.theme.accent)).sense(Sense::click()),
                );
                link.widget_info(|| {
                    egui::WidgetInfo::labeled(egui::Role::Link, true, format!("Show {day}"))
                });
                if link.on_hover_text("Show this day on the chart").clicked() {
                    let at = m.time as f64;
                    chart_view::look_at(ui, "compliance", [at - 21_600.0, at + 21_600.0]);
                }
                figure(ui, chart_ticks::stamp(m.time as f64));
                figure(ui, number::usd(m.equity));
                figure(ui, number::usd(m.peak));
                figure(ui, number::usd(m.floor));
                let room = m.room().dollars();
                let color = if room <= 0.0 {
                    ctx.theme.bad
                } else {
                    ctx.theme.text
                };
                ui.label(
                    RichText::new(number::dollars(room, 2))
                        .font(mono(12.0))
                        .color(color),
                );
                figure(ui, m.trade.map_or_else(String::new, |t| t.to_string()));
                ui.end_row();
            }
        });
}

/// Heads of the firms' table.
const FIRM_HEADS: [&str; 8] = [
    "Rule set",
    "Verdict",
    "Least room",
    "Passes",
    "95%",
    "Breaches",
    "Stalls",
    "Sessions",
];

/// What the firms are ordered by.
fn value(f: &FirmRow, column: usize) -> Value {
    let share = |outcome| f.chance.as_ref().map(|c| c.paths.share(outcome));
    let target = f.chance.as_ref().is_some_and(|c| c.target.is_some());
    let days = f
        .chance
        .as_ref()
        .and_then(|c| c.paths.days_to_pass.as_ref());
    match FIRM_HEADS[column] {
        "Rule set" => f.id.as_str().into(),
        "Verdict" => format!("{:?}", f.state).as_str().into(),
        "Least room" => f.room.into(),
        "Passes" | "95%" => share(Outcome::Passed).filter(|_| target).into(),
        "Breaches" => share(Outcome::Breached).into(),
        "Stalls" => share(Outcome::Stalled).into(),
        _ => days.map(|d| d.median).into(),
    }
}

fn firms(ctx: &PanelCtx<'_>, view: &ComplianceView, sorting: &mut Sorting, ui: &mut Ui) {
    // Without room for it the reason is shown by pointing at the verdict.
    let reasons = ui.available_width() > 960.0;
    let columns = FIRM_HEADS.len() + usize::from(reasons);
    Grid::new(("firms", reasons))
        .num_columns(columns)
        .striped(true)
        .spacing(vec2(10.0, 4.0))
        .show(ui, |ui| {
            for (i, name) in FIRM_HEADS.into_iter().enumerate() {
                sorting.head(ui, ctx.theme, i, name, (2..=6).contains(&i));
            }
            if reasons {
                ui.label(RichText::new("Why").small().color(ctx.theme.dim));
            }
            ui.end_row();
            let list = &view.firms;
            for row in sorting.order(list.len(), |row, column| value(&list[row], column)) {
                let f = &list[row];
                let chosen = f.id == view.examined.rules.id;
                let name = RichText::new(&f.id).color(if chosen {
                    ctx.theme.accent
                } else {
                    ctx.theme.text
                });
                if ui
                    .add(Label::new(name).sense(Sense::click()))
                    .on_hover_text(&f.name)
                    .clicked()
                {
                    ctx.send(Command::Compliance(ComplianceCommand::Choose(f.id.clone())));
                }
                let (icon, word, color) = state_look(ctx.theme, f.state);
                let verdict = ui.horizontal(|ui| {
                    icons::show(ui, icon, 13.0, color);
                    ui.label(RichText::new(word).color(color));
                });
                if !f.reason.is_empty() {
                    verdict.response.on_hover_text(&f.reason);
                }
                let room = f.room.map_or_else(String::new, |r| number::dollars(r, 0));
                right(ui, |ui| figure(ui, room));
                right(ui, |ui| figure(ui, f.share(Outcome::Passed)));
                right(ui, |ui| match f.interval() {
                    Some(span) => figure(ui, span),
                    None => {
                        let none = RichText::new("n/a").font(mono(12.0)).color(ctx.theme.dim);
                        ui.label(none)
                            .on_hover_text("no target, or too few sessions for an interval");
                    }
                });
                right(ui, |ui| figure(ui, f.share(Outcome::Breached)));
                right(ui, |ui| figure(ui, f.share(Outcome::Stalled)));
                figure(ui, f.days());
                if reasons {
                    let why = RichText::new(&f.reason).small().color(ctx.theme.dim);
                    ui.add(Label::new(why).truncate()).on_hover_text(&f.reason);
                }
                ui.end_row();
            }
        });
    ui.add_space(4.0);
    let about = "Sessions: until the target was reached, median with the middle 80%. Point at a verdict to see why; click a rule set to judge by it.";
    ui.add(Label::new(RichText::new(about).small().color(ctx.theme.dim)).wrap());
}

fn chance(ctx: &PanelCtx<'_>, view: &ComplianceView, ui: &mut Ui) {
    let Some(c) = view
        .firm(&view.examined.rules.id)
        .and_then(|f| f.chance.as_ref())
    else {
        ui.label(
            RichText::new("The ledger has no session to start an account on.").color(ctx.theme.dim),
        );
        return;
    };
    let about = format!(
        "{} resampled accounts on {} session{}, in blocks of {} on average; beside them an account begun on every session.",
        number::count(c.paths.accounts),
        c.sessions,
        if c.sessions == 1 { "" } else { "s" },
        number::grouped(c.block_sessions, 1)
    );
    ui.label(RichText::new(about).color(ctx.theme.dim));
    if c.target.is_none() {
        ui.label(
            "This rule set has no profit target, so nothing passes; what breaks it still counts.",
        );
    }
    Grid::new("chance")
        .num_columns(5)
        .striped(true)
        .spacing(vec2(26.0, 5.0))
        .show(ui, |ui| {
            head(
                ctx,
                ui,
                &[
                    "Outcome",
                    "Resampled",
                    "95%",
                    "Begun on every session",
                    "Accounts",
                ],
            );
            for outcome in Outcome::ALL {
                let (path, start) = (c.paths.of(outcome), c.starts.of(outcome));
                let (word, color) = match outcome {
                    Outcome::Passed => ("Passed", ctx.theme.good),
                    Outcome::Breached => ("Breached", ctx.theme.bad),
                    Outcome::Stalled => ("Stalled: too little room to enter", ctx.theme.warn),
                    Outcome::OutOfTime => ("Out of time", ctx.theme.warn),
                    Outcome::Open => ("Open when the ledger ended", ctx.theme.dim),
                };
                if path.is_none() && start.is_none() {
                    continue;
                }
                ui.label(RichText::new(word).color(color));
                figure(
                    ui,
                    path.map_or_else(String::new, |s| number::percent(s.share)),
                );
                figure(
                    ui,
                    path.map_or_else(String::new, |s| {
                        s.interval
                            .map_or_else(|| "too few sessions".to_owned(), span)
                    }),
                );
                figure(
                    ui,
                    start.map_or_else(|| number::percent(0.0), |s| number::percent(s.share)),
                );
                figure(
                    ui,
                    start.map_or_else(|| "0".to_owned(), |s| number::count(s.count)),
                );
                ui.end_row();
            }
        });
    for a in c.assumptions {
        ui.label(
            RichText::new(format!("Assumed: {a}."))
                .small()
                .color(ctx.theme.dim),
        );
    }
    if c.sessions_left_out > 0 {
        let words = format!(
            "{} sessions after the ledger's account was lost or locked out were not drawn from.",
            c.sessions_left_out
        );
        ui.label(RichText::new(words).small().color(ctx.theme.warn));
    }
}

fn sources(ctx: &PanelCtx<'_>, view: &ComplianceView, ui: &mut Ui) {
    let r = &view.examined.rules;
    let age = r.age_days(crate::jobs::certificate::today());
    let color = if age > crate::jobs::certificate::RULESET_AGE_LIMIT_DAYS {
        ctx.theme.bad
    } else {
        ctx.theme.text
    };
    ui.label(RichText::new(format!("{}: {} {}", r.id, r.firm, r.programme)).font(semibold(13.5)));
    ui.label(
        RichText::new(format!(
            "Compared with its sources on {}, {age} days ago",
            r.verified_on
        ))
        .color(color),
    );
    heading(ui, ctx.theme, "Automation");
    ui.add(Label::new(&r.automation.line).wrap());
    heading(ui, ctx.theme, "Remarks");
    for note in &r.notes {
        ui.add(Label::new(note).wrap());
    }
    for (key, e) in &r.evidence {
        let Some(note) = &e.note else { continue };
        let text = format!("{key} ({:?} confidence): {note}", e.confidence).to_lowercase();
        ui.add(Label::new(RichText::new(text).small().color(ctx.theme.dim)).wrap());
    }
    heading(ui, ctx.theme, "Sources");
    for s in &r.sources {
        ui.add(
            Label::new(RichText::new(format!("{}: {} ({})", s.id, s.title, s.at)).small()).wrap(),
        );
    }
}

fn document(ctx: &PanelCtx<'_>, folder: &mut String, ui: &mut Ui) {
    let typed = typed_folder(
        ui,
        "Folder for PDF, text and JSON",
        "Write document",
        folder,
    );
    if let Some(dir) = typed {
        ctx.send(Command::Compliance(ComplianceCommand::IssueTo(dir)));
    }
    let Some(d) = &ctx.model.compliance.document else {
        ui.label(RichText::new("No document was issued yet. “Issue document…” asks for a folder; here one can be typed.").color(ctx.theme.dim));
        return;
    };
    ui.label(RichText::new(format!("Written to {}", d.folder.display())).color(ctx.theme.dim));
    ui.label(
        RichText::new(format!("Hash {}", d.hash))
            .font(mono(11.0))
            .color(ctx.theme.dim),
    );
    ui.separator();
    ui.label(RichText::new(&d.text).font(mono(11.5)));
}
