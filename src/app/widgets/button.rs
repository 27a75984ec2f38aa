//! Buttons with an icon and a word.

use egui::{Color32, CornerRadius, Response, Role, Sense, Stroke, TextStyle, Ui, WidgetInfo, vec2};

use crate::app::icons::{self, Icon};
use crate::app::theme::Theme;

/// How much a button asks for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The one thing to do next.
    Primary,
    /// One of several things.
    Normal,
    /// In the background until pointed at.
    Quiet,
    /// A tab or a choice that is in force.
    Chosen,
}

/// Draws a button. `label` is shown, and is what screen readers and tests call it; without one
/// (`shown` false) only the icon is drawn.
pub fn button(
    ui: &mut Ui,
    theme: &Theme,
    icon: Option<Icon>,
    label: &str,
    weight: Weight,
    shown: bool,
) -> Response {
    let font = TextStyle::Button.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(
        if shown {
            label.to_owned()
        } else {
            String::new()
        },
        font,
        Color32::PLACEHOLDER,
    );
    let icon_side = 15.0;
    let padding = ui.spacing().button_padding.x;
    let icon_width = if icon.is_some() {
        icon_side + if shown { 7.0 } else { 0.0 }
    } else {
        0.0
    };
    let height = ui
        .spacing()
        .interact_size
        .y
        .max(galley.size().y + 2.0 * ui.spacing().button_padding.y);
    let (rect, response) = ui.allocate_exact_size(
        vec2(icon_width + galley.size().x + 2.0 * padding, height),
        Sense::click(),
    );
    let enabled = ui.is_enabled();
    response.widget_info(|| {
        WidgetInfo::selected(Role::Button, enabled, weight == Weight::Chosen, label)
    });
    if ui.is_rect_visible(rect) {
        let hot = response.hovered() || response.has_focus();
        let (fill, fore) = match weight {
            Weight::Primary if hot => (
                super::super::theme::mix(theme.accent, theme.text, 0.18),
                theme.on_accent,
            ),
            Weight::Primary => (theme.accent, theme.on_accent),
            Weight::Chosen => (theme.raised, theme.text),
            Weight::Normal => (if hot { theme.hover } else { theme.raised }, theme.text),
            Weight::Quiet => (
                if hot {
                    theme.raised
                } else {
                    Color32::TRANSPARENT
                },
                if hot { theme.text } else { theme.dim },
            ),
        };
        let (fill, fore) = match weight {
            _ if enabled => (fill, fore),
            Weight::Quiet => (fill, theme.dim.gamma_multiply(0.5)),
            // Still readable: what cannot be pressed yet is what people look for.
            _ => (theme.raised, theme.dim.gamma_multiply(0.8)),
        };
        let outline = if response.has_focus() {
            Stroke::new(1.5, theme.accent)
        } else {
            Stroke::NONE
        };
        ui.painter().rect(
            rect,
            CornerRadius::same(5),
            fill,
            outline,
            egui::StrokeKind::Inside,
        );
        if weight == Weight::Chosen {
            let bar =
                egui::Rect::from_min_max(rect.left_bottom() - vec2(0.0, 2.0), rect.right_bottom());
            ui.painter()
                .rect_filled(bar, CornerRadius::same(1), theme.accent);
        }
        if let Some(icon) = icon {
            let at = egui::Rect::from_min_size(
                egui::pos2(rect.left() + padding, rect.center().y - icon_side / 2.0),
                egui::Vec2::splat(icon_side),
            );
            let tint = if weight == Weight::Chosen {
                theme.accent
            } else {
                fore
            };
            icons::paint(ui.painter(), at, icon, tint);
        }
        let at = egui::pos2(
            rect.left() + padding + icon_width,
            rect.center().y - galley.size().y / 2.0,
        );
        ui.painter().galley(at, galley, fore);
    }
    response
}

/// A button for one of several things.
pub fn normal(ui: &mut Ui, theme: &Theme, icon: Icon, label: &str) -> Response {
    button(ui, theme, Some(icon), label, Weight::Normal, true)
}

/// The button for the one thing to do next.
pub fn primary(ui: &mut Ui, theme: &Theme, icon: Icon, label: &str) -> Response {
    button(ui, theme, Some(icon), label, Weight::Primary, true)
}

/// A button that can be pressed only when `can`; it keeps its words either way.
pub fn when(
    ui: &mut Ui,
    theme: &Theme,
    icon: Option<Icon>,
    label: &str,
    weight: Weight,
    can: bool,
) -> Response {
    ui.add_enabled_ui(can, |ui| button(ui, theme, icon, label, weight, true))
        .inner
}

/// Only an icon; `label` names it for screen readers and is its tooltip.
pub fn icon(ui: &mut Ui, theme: &Theme, icon: Icon, label: &str) -> Response {
    button(ui, theme, Some(icon), label, Weight::Quiet, false).on_hover_text(label)
}
