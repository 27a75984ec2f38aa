//! One setting: its name, a slider, its value with the unit, and what is wrong with it.
//!
//! The tooltip says in a sentence what the setting does, its range and its default;
//! a double-click on the name or the slider takes the default back.

use std::ops::RangeInclusive;

use egui::{Color32, DragValue, Label, RichText, Sense, Slider, Ui, vec2};

use crate::app::theme::Theme;
use crate::report::number;

/// Width of the names of settings.
const NAME_WIDTH: f32 = 158.0;
/// Width of the values of settings.
const VALUE_WIDTH: f32 = 92.0;

/// A numeric setting.
pub struct Setting<'a> {
    /// Its name.
    pub name: &'a str,
    /// Written after the value.
    pub unit: &'a str,
    /// What the slider reaches.
    pub range: RangeInclusive<f64>,
    /// What a double-click brings back.
    pub default: f64,
    /// What it does, in a sentence.
    pub tip: &'a str,
    /// Decimals shown.
    pub decimals: usize,
    /// Whether equal distances on the slider are equal factors.
    pub log: bool,
    /// What is wrong with the present value.
    pub problem: Option<&'a str>,
}

impl Setting<'_> {
    /// Draws the setting; says whether it changed the value.
    #[expect(
        clippy::too_many_lines,
        reason = "a row from its name to its reset button"
    )]
    pub fn ui(self, ui: &mut Ui, theme: &Theme, value: &mut f64) -> bool {
        let before = *value;
        let (lo, hi) = (*self.range.start(), *self.range.end());
        let written = |v: f64| {
            let text = if self.decimals > 4 {
                number::plain(v)
            } else {
                number::grouped(v, self.decimals)
            };
            format!("{text}{}", self.unit)
        };
        let tip = format!(
            "{}\n{} to {}, default {}. Double-click to reset.",
            self.tip,
            written(lo),
            written(hi),
            written(self.default)
        );
        let changed_from_default =
            (*value - self.default).abs() > 1e-12 * self.default.abs().max(1.0);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let color = if self.problem.is_some() {
                theme.bad
            } else if changed_from_default {
                theme.text
            } else {
                theme.dim
            };
            let (name, _) = ui.allocate_exact_size(
                vec2(NAME_WIDTH, ui.spacing().interact_size.y),
                Sense::hover(),
            );
            let mut cell = ui.new_child(
                egui::UiBuilder::new()
                    .max_rect(name)
                    .layout(egui::Layout::left_to_right(egui::Align::Center)),
            );
            let mark = if changed_from_default {
                theme.accent
            } else {
                Color32::TRANSPARENT
            };
            cell.painter()
                .circle_filled(egui::pos2(name.left() + 3.0, name.center().y), 2.5, mark);
            cell.add_space(10.0);
            let label = cell.add(
                Label::new(RichText::new(self.name).color(color))
                    .truncate()
                    .sense(Sense::click()),
            );
            let label = label.on_hover_text(&tip);
            ui.spacing_mut().slider_width = (ui.available_width() - VALUE_WIDTH - 8.0).max(60.0);
            // A smaller handle than a button is high.
            ui.spacing_mut().interact_size.y = 18.0;
            let slider = Slider::new(value, self.range.clone())
                .show_value(false)
                .logarithmic(self.log)
                .clamping(egui::SliderClamping::Edits)
                .smart_aim(true);
            let slider = if self.decimals == 0 {
                slider.step_by(1.0)
            } else {
                slider
            };
            let slider = ui
                .add(slider)
                .on_hover_text(&tip)
                .accessible_name(self.name);
            let speed = if self.log {
                (before.abs() * 0.01).max(1e-9)
            } else {
                (hi - lo) / 300.0
            };
            let drag = DragValue::new(value)
                .range(self.range.clone())
                .clamp_existing_to_range(false)
                .speed(speed)
                .suffix(self.unit.to_owned())
                .custom_formatter(move |v, _| {
                    if self.decimals > 4 {
                        number::plain(v)
                    } else {
                        number::grouped(v, self.decimals)
                    }
                })
                .custom_parser(|text| {
                    text.replace(',', "")
                        .replace(number::MINUS, "-")
                        .trim()
                        .parse()
                        .ok()
                });
            ui.add_sized(vec2(VALUE_WIDTH, 22.0), drag)
                .accessible_name(format!("{} value", self.name));
            if label.double_clicked() || slider.double_clicked() {
                *value = self.default;
            }
        });
        if let Some(problem) = self.problem {
            ui.horizontal(|ui| {
                ui.add_space(12.0);
                crate::app::icons::show(ui, crate::app::icons::Icon::Warning, 13.0, theme.bad);
                ui.add(Label::new(RichText::new(problem).small().color(theme.bad)).wrap());
            });
        }
        if self.decimals == 0 && *value != before {
            *value = value.round();
        }
        *value != before
    }
}
