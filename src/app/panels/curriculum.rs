//! The Curriculum page: every setting of a run on the left, the schedules it makes on the right.

use std::path::PathBuf;

use egui::{
    Align, CentralPanel, CollapsingHeader, ComboBox, DragValue, Label, Layout, Panel, RichText,
    ScrollArea, Ui,
};
use holdout_core::sim::{Phase, SameBar};
use holdout_learn::device::DeviceChoice;

use super::curriculum_data::{GROUPS, Group, changed, schedules};
use super::data::{bar, heading, pad};
use crate::app::commands::Command;
use crate::app::context::PanelCtx;
use crate::app::icons::{self, Icon};
use crate::app::theme::mono;
use crate::app::widgets::button;
use crate::app::widgets::chart_view::ChartView;
use crate::app::widgets::setting::Setting;
use crate::config::{PRESETS, RunConfig};
use crate::report::number;

/// State of the page.
#[derive(Debug, Default)]
pub struct CurriculumPanel {
    search: String,
}

impl CurriculumPanel {
    /// Draws the page.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        Panel::top("curriculum-bar")
            .frame(bar(ctx.theme))
            .show(ui, |ui| self.bar(ctx, ui));
        Panel::left("curriculum-settings")
            .default_size(530.0)
            .size_range(380.0..=680.0)
            .frame(pad(ctx.theme))
            .show(ui, |ui| self.settings(ctx, ui));
        CentralPanel::default()
            .frame(pad(ctx.theme))
            .show(ui, |ui| charts(ctx, ui));
    }

    fn bar(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        ui.horizontal(|ui| {
            presets(ctx, ui);
            ui.separator();
            let (undo, redo) = ctx.model.can_undo;
            if ui
                .add_enabled_ui(undo, |ui| button::icon(ui, ctx.theme, Icon::Undo, "Undo"))
                .inner
                .clicked()
            {
                ctx.send(Command::Undo);
            }
            if ui
                .add_enabled_ui(redo, |ui| button::icon(ui, ctx.theme, Icon::Redo, "Redo"))
                .inner
                .clicked()
            {
                ctx.send(Command::Redo);
            }
            ui.separator();
            let n = ctx.model.problems.len();
            if n == 0 {
                icons::show(ui, Icon::Check, 14.0, ctx.theme.good);
                ui.label(RichText::new("ready to train").color(ctx.theme.good));
            } else {
                icons::show(ui, Icon::Warning, 14.0, ctx.theme.bad);
                let text = if n == 1 {
                    "1 problem".to_owned()
                } else {
                    format!("{n} problems")
                };
                let all: Vec<String> = ctx.model.problems.iter().map(ToString::to_string).collect();
                ui.label(RichText::new(text).color(ctx.theme.bad))
                    .on_hover_text(all.join("\n"));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let ready = n == 0;
                let go = ui
                    .add_enabled_ui(ready, |ui| {
                        button::primary(ui, ctx.theme, Icon::Play, "Go to training")
                    })
                    .inner;
                if go
                    .on_disabled_hover_text("Settle the problems first")
                    .clicked()
                {
                    ctx.send(Command::Go(crate::app::context::Page::Train));
                }
            });
        });
    }

    fn settings(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let mut config = ctx.model.config.clone();
        ui.horizontal(|ui| {
            icons::show(ui, Icon::Search, 14.0, ctx.theme.dim);
            ui.add(
                egui::TextEdit::singleline(&mut self.search)
                    .hint_text("Find a setting")
                    .desired_width(ui.available_width() - 4.0),
            );
        });
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            // The scroll bar floats over the content; the values keep clear of it.
            ui.set_max_width(ui.available_width() - 12.0);
            general(ctx, &mut config, ui);
            let wanted = self.search.trim().to_lowercase();
            for group in GROUPS {
                group_ui(ctx, &mut config, group, &wanted, ui);
            }
            others(ctx, ui);
        });
        if config != ctx.model.config {
            ctx.send(Command::SetConfig(Box::new(config)));
        }
    }
}

/// Width in points under which the presets stand in a list instead of beside each other.
const PRESETS_NEED: f32 = 940.0;

fn presets(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let m = ctx.model;
    let chosen = |name| m.preset == name && !differs(&m.config, &m.reference);
    let word = ui.label(RichText::new("Preset").color(ctx.theme.dim));
    if ui.available_width() < PRESETS_NEED {
        let now = if chosen(m.preset) {
            m.preset.to_owned()
        } else {
            format!("{}, changed", m.preset)
        };
        let list = ComboBox::from_id_salt("preset")
            .selected_text(now)
            .show_ui(ui, |ui| {
                for (name, about, _) in PRESETS {
                    if ui
                        .selectable_label(chosen(name), name)
                        .on_hover_text(about)
                        .clicked()
                    {
                        ctx.send(Command::Preset(name));
                    }
                }
            });
        list.response.labelled_by(word.id);
        return;
    }
    for (name, about, _) in PRESETS {
        let weight = if chosen(name) {
            button::Weight::Chosen
        } else {
            button::Weight::Quiet
        };
        if button::button(ui, ctx.theme, None, name, weight, true)
            .on_hover_text(about)
            .clicked()
        {
            ctx.send(Command::Preset(name));
        }
    }
}

/// Whether two configurations ask for different training (data and split aside).
fn differs(a: &RunConfig, b: &RunConfig) -> bool {
    let bare = |c: &RunConfig| RunConfig {
        data: None,
        market: String::new(),
        split: b.split,
        seed: b.seed,
        device: b.device,
        name: String::new(),
        ..c.clone()
    };
    bare(a) != bare(b)
}

fn general(ctx: &PanelCtx<'_>, config: &mut RunConfig, ui: &mut Ui) {
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        let label = ui.label(RichText::new("Seed").color(ctx.theme.dim));
        let tip =
            "Every random number of the run comes from this; the same seed gives the same run.";
        ui.add(
            DragValue::new(&mut config.seed)
                .custom_formatter(|v, _| number::grouped(v, 0))
                .custom_parser(|t| t.replace(',', "").parse().ok()),
        )
        .labelled_by(label.id)
        .on_hover_text(tip);
        ui.add_space(8.0);
        let label = ui.label(RichText::new("Device").color(ctx.theme.dim));
        let combo = ComboBox::from_id_salt("device")
            .width(92.0)
            .selected_text(config.device.to_string())
            .show_ui(ui, |ui| {
                for (choice, about) in [
                    (
                        DeviceChoice::Auto,
                        "A graphics card where there is one, the processor otherwise",
                    ),
                    (DeviceChoice::Cpu, "The processor"),
                    (DeviceChoice::Gpu(0), "The first graphics card"),
                ] {
                    ui.selectable_value(&mut config.device, choice, choice.to_string())
                        .on_hover_text(about);
                }
            });
        combo
            .response
            .labelled_by(label.id)
            .on_hover_text("Where training computes.");
        ui.add_space(8.0);
        ui.checkbox(&mut config.curriculum.enabled, "Curriculum")
            .on_hover_text("Off: full costs and no help from the first step.");
        ui.checkbox(&mut config.from_scratch, "Phase 2 from scratch")
            .on_hover_text("Lets phase 2 begin without a phase 1 to start from. Default off.");
    });
    same_bar(ctx, config, ui);
    for field in ["from_scratch", "ruleset", "finer"] {
        if let Some(problem) = ctx.model.problem(field) {
            ui.label(RichText::new(problem).small().color(ctx.theme.bad));
        }
    }
}

/// What a bar does that reaches both stop and target, and the finer bars that can be asked.
fn same_bar(ctx: &PanelCtx<'_>, config: &mut RunConfig, ui: &mut Ui) {
    ui.horizontal(|ui| {
        let label = ui.label(RichText::new("Stop and target in one bar").color(ctx.theme.dim));
        let choices = [
            (SameBar::StopFirst, "stop first", "The conservative order"),
            (SameBar::TargetFirst, "target first", "The hopeful order"),
            (
                SameBar::FinerBars,
                "finer bars",
                "A file of finer bars of the same market says which came first",
            ),
        ];
        let chosen = choices.iter().find(|c| c.0 == config.sim.same_bar);
        let combo = ComboBox::from_id_salt("same_bar")
            .width(112.0)
            .selected_text(chosen.map_or("", |c| c.1))
            .show_ui(ui, |ui| {
                for (choice, name, about) in choices {
                    ui.selectable_value(&mut config.sim.same_bar, choice, name)
                        .on_hover_text(about);
                }
            });
        combo.response.labelled_by(label.id);
        if config.sim.same_bar != SameBar::FinerBars {
            return;
        }
        let label = ui.label(RichText::new("Finer bars").color(ctx.theme.dim));
        let shown = config.finer.as_ref().map(|f| f.display().to_string());
        let mut path = shown.unwrap_or_default();
        let edit = egui::TextEdit::singleline(&mut path)
            .hint_text("Path of their file")
            .desired_width(ui.available_width() - 16.0);
        if ui.add(edit).labelled_by(label.id).changed() {
            let path = path.trim();
            config.finer = (!path.is_empty()).then(|| PathBuf::from(path));
        }
    });
}

fn group_ui(ctx: &PanelCtx<'_>, config: &mut RunConfig, group: &Group, wanted: &str, ui: &mut Ui) {
    let Some(instrument) = ctx.model.instrument() else {
        return;
    };
    let fits = |name: &str, tip: &str| {
        wanted.is_empty()
            || name.to_lowercase().contains(wanted)
            || tip.to_lowercase().contains(wanted)
    };
    let shown: Vec<_> = group
        .fields
        .iter()
        .filter(|f| fits(f.name, f.tip))
        .collect();
    if shown.is_empty() {
        return;
    }
    let n = changed(group, &ctx.model.config, &ctx.model.reference, &instrument);
    let faults = group
        .fields
        .iter()
        .filter(|f| ctx.model.problem(f.path).is_some())
        .count();
    let mut title = group.name.to_owned();
    if n > 0 {
        title.push_str(&format!("  ·  {n} changed"));
    }
    let color = if faults > 0 {
        ctx.theme.bad
    } else {
        ctx.theme.text
    };
    if faults > 0 {
        title.push_str(&format!("  ·  {faults} to settle"));
    }
    let header = CollapsingHeader::new(
        RichText::new(title)
            .font(crate::app::theme::semibold(13.5))
            .color(color),
    )
    .id_salt(group.name)
    .default_open(group.open);
    // A search unfolds what it found.
    let header = if wanted.is_empty() {
        header
    } else {
        header.open(Some(true))
    };
    header.show_unindented(ui, |ui| {
        for f in shown {
            let mut value = (f.get)(config, &instrument);
            let setting = Setting {
                name: f.name,
                unit: f.unit,
                range: f.range[0]..=f.range[1],
                default: (f.get)(&ctx.model.reference, &instrument),
                tip: f.tip,
                decimals: f.decimals,
                log: f.log,
                problem: ctx.model.problem(f.path),
            };
            if ui
                .push_id((group.name, f.name), |ui| {
                    setting.ui(ui, ctx.theme, &mut value)
                })
                .inner
            {
                (f.set)(config, value);
            }
        }
        if group.name == "Run" {
            ui.checkbox(&mut config.adjuster.enabled, "Auto-adjuster")
                .on_hover_text("Rules turn learning rate, entropy and bonuses within bounds when training goes wrong; each time is flagged on the Train page. Off: it only says what it would do. Default on.");
        }
    });
}

/// Problems of settings that have no slider here.
fn others(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let known = |path: &str| {
        GROUPS.iter().flat_map(|g| g.fields).any(|f| f.path == path)
            || ["from_scratch", "ruleset", "split", "finer"].contains(&path)
    };
    for p in ctx.model.problems.iter().filter(|p| !known(&p.field)) {
        ui.horizontal_top(|ui| {
            icons::show(ui, Icon::Warning, 13.0, ctx.theme.bad);
            ui.label(
                RichText::new(&p.field)
                    .font(mono(11.5))
                    .color(ctx.theme.bad),
            );
            ui.add(Label::new(RichText::new(&p.message).small()).wrap());
        });
    }
}

fn charts(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let Some(instrument) = ctx.model.instrument() else {
        return;
    };
    ui.horizontal_wrapped(|ui| {
        heading(ui, ctx.theme, "What training will do");
        ui.label(
            RichText::new(format!(
                "drawn by the functions that training asks; dashed: preset {}",
                ctx.model.preset
            ))
            .small()
            .color(ctx.theme.dim),
        );
    });
    let room = ui.available_height() - 6.0;
    let of = |phase| schedules(&ctx.model.config, &ctx.model.reference, phase, &instrument);
    let (entries, management) = (of(Phase::Entries), of(Phase::Management));
    if ui.available_width() > 760.0 {
        let view = |group| ChartView {
            group,
            height: room,
            wheel_zooms: true,
            export: false,
        };
        ui.columns_const(|[left, right]| {
            view("phase-1").show(left, ctx.theme, &entries);
            view("phase-2").show(right, ctx.theme, &management);
        });
        return;
    }
    // One under the other; in a low window each keeps a height that can be read.
    let heights = [(room * 0.42).max(240.0), (room * 0.56).max(340.0)];
    let scrolls = heights.iter().sum::<f32>() > room;
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let charts = [("phase-1", &entries), ("phase-2", &management)];
        for ((group, chart), height) in charts.into_iter().zip(heights) {
            let view = ChartView {
                group,
                height,
                // The wheel has to get to the other chart.
                wheel_zooms: !scrolls,
                export: false,
            };
            view.show(ui, ctx.theme, chart);
        }
    });
}
