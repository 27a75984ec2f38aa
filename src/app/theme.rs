//! Colours, fonts and spacing of the window. No other file of the window names a colour.
//!
//! Two sets of tokens are read from `assets/theme`; charts take theirs from [`Look`], so a
//! series has the same colour in the window and in an exported picture.

use std::sync::Arc;

use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Shadow, Stroke,
    TextStyle, vec2,
};
use serde::{Deserialize, Serialize};

use crate::report::{Ink, Look, Rgb, png};

/// Dark or light.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Light text on dark.
    #[default]
    Dark,
    /// Dark text on light.
    Light,
}

impl Mode {
    /// The other one.
    pub fn other(self) -> Self {
        if self == Self::Dark {
            Self::Light
        } else {
            Self::Dark
        }
    }

    /// As egui calls it.
    pub fn egui(self) -> egui::Theme {
        if self == Self::Dark {
            egui::Theme::Dark
        } else {
            egui::Theme::Light
        }
    }
}

/// Colours of the window.
#[derive(Debug, Clone)]
pub struct Theme {
    /// Which set this is.
    pub mode: Mode,
    /// Behind plots and tables.
    pub background: Color32,
    /// Behind pages and bars.
    pub panel: Color32,
    /// Cards, buttons, fields.
    pub raised: Color32,
    /// Under the pointer.
    pub hover: Color32,
    /// Separators and outlines.
    pub line: Color32,
    /// Text.
    pub text: Color32,
    /// Text that can wait.
    pub dim: Color32,
    /// What to press, what is chosen.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Passed, clean.
    pub good: Color32,
    /// Look at this.
    pub warn: Color32,
    /// Failed, broken.
    pub bad: Color32,
    /// Colours of charts.
    pub look: Look,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tokens {
    background: String,
    panel: String,
    raised: String,
    hover: String,
    line: String,
    text: String,
    dim: String,
    accent: String,
    on_accent: String,
    good: String,
    warn: String,
    bad: String,
}

const DARK: &str = include_str!("../../assets/theme/dark.toml");
const LIGHT: &str = include_str!("../../assets/theme/light.toml");

impl Theme {
    /// The theme of a mode. The shipped tokens are read by a test; should they ever be damaged, egui's own colours stand in.
    pub fn new(mode: Mode) -> Self {
        let (text, look) = if mode == Mode::Dark {
            (DARK, Look::dark())
        } else {
            (LIGHT, Look::light())
        };
        Self::parse(mode, text, look).unwrap_or_else(|| Self::fallback(mode))
    }

    fn parse(mode: Mode, text: &str, look: Look) -> Option<Self> {
        let t: Tokens = toml::from_str(text).ok()?;
        let c = |hex: &str| Color32::from_hex(hex).ok();
        Some(Self {
            mode,
            background: c(&t.background)?,
            panel: c(&t.panel)?,
            raised: c(&t.raised)?,
            hover: c(&t.hover)?,
            line: c(&t.line)?,
            text: c(&t.text)?,
            dim: c(&t.dim)?,
            accent: c(&t.accent)?,
            on_accent: c(&t.on_accent)?,
            good: c(&t.good)?,
            warn: c(&t.warn)?,
            bad: c(&t.bad)?,
            look,
        })
    }

    fn fallback(mode: Mode) -> Self {
        let v = if mode == Mode::Dark {
            egui::Visuals::dark()
        } else {
            egui::Visuals::light()
        };
        Self {
            mode,
            background: v.extreme_bg_color,
            panel: v.panel_fill,
            raised: v.widgets.inactive.bg_fill,
            hover: v.widgets.hovered.bg_fill,
            line: v.window_stroke.color,
            text: v.text_color(),
            dim: v.weak_text_color(),
            accent: v.hyperlink_color,
            on_accent: v.extreme_bg_color,
            good: v.hyperlink_color,
            warn: v.warn_fg_color,
            bad: v.error_fg_color,
            look: if mode == Mode::Dark {
                Look::dark()
            } else {
                Look::light()
            },
        }
    }

    /// The colour of a series.
    pub fn ink(&self, ink: Ink) -> Color32 {
        color(self.look.ink(ink))
    }

    /// The colour of money: gains and losses differ in hue and in brightness; the sign is always written too.
    pub fn money(&self, amount: f64) -> Color32 {
        match amount {
            a if a > 0.0 => self.ink(Ink::Sky),
            a if a < 0.0 => self.ink(Ink::Vermilion),
            _ => self.text,
        }
    }

    fn visuals(&self) -> egui::Visuals {
        let base = if self.mode == Mode::Dark {
            egui::Visuals::dark()
        } else {
            egui::Visuals::light()
        };
        let radius = CornerRadius::same(5);
        let widget = |fill: Color32, stroke: Color32, fg: Color32| egui::style::WidgetVisuals {
            bg_fill: fill,
            weak_bg_fill: fill,
            bg_stroke: Stroke::new(1.0, stroke),
            corner_radius: radius,
            fg_stroke: Stroke::new(1.0, fg),
            expansion: 0.0,
        };
        egui::Visuals {
            widgets: egui::style::Widgets {
                noninteractive: widget(self.panel, self.line, self.text),
                inactive: egui::style::WidgetVisuals {
                    // Boxes to tick and rails of sliders have no words that show where they are.
                    bg_fill: mix(self.raised, self.text, 0.3),
                    ..widget(self.raised, Color32::TRANSPARENT, self.text)
                },
                hovered: widget(self.hover, self.line, self.text),
                active: widget(self.hover, self.accent, self.text),
                open: widget(self.hover, self.line, self.text),
            },
            selection: egui::style::Selection {
                bg_fill: self.accent.gamma_multiply(if self.mode == Mode::Dark {
                    0.45
                } else {
                    0.30
                }),
                stroke: Stroke::new(1.0, self.text),
            },
            weak_text_color: Some(self.dim),
            hyperlink_color: self.accent,
            faint_bg_color: mix(self.background, self.raised, 0.45),
            extreme_bg_color: self.background,
            text_edit_bg_color: Some(self.background),
            code_bg_color: self.raised,
            warn_fg_color: self.warn,
            error_fg_color: self.bad,
            window_corner_radius: CornerRadius::same(8),
            window_shadow: Shadow {
                offset: [0, 8],
                blur: 24,
                spread: 0,
                color: Color32::from_black_alpha(120),
            },
            window_fill: self.panel,
            window_stroke: Stroke::new(1.0, self.line),
            menu_corner_radius: CornerRadius::same(6),
            panel_fill: self.panel,
            popup_shadow: Shadow {
                offset: [0, 4],
                blur: 12,
                spread: 0,
                color: Color32::from_black_alpha(90),
            },
            slider_trailing_fill: true,
            handle_shape: egui::style::HandleShape::Circle,
            indent_has_left_vline: false,
            ..base
        }
    }
}

/// A chart colour for egui.
pub fn color(rgb: Rgb) -> Color32 {
    Color32::from_rgb(rgb.0, rgb.1, rgb.2)
}

/// A colour between two, `t` of the way.
pub fn mix(a: Color32, b: Color32, t: f32) -> Color32 {
    a.lerp_to_gamma(b, t)
}

/// Semi-bold text.
pub fn semibold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("semibold".into()))
}

/// Digits of equal width.
pub fn mono(size: f32) -> FontId {
    FontId::new(size, FontFamily::Monospace)
}

/// Sets fonts, both styles and the mode. Must run before the first pass.
pub fn install(ctx: &egui::Context, mode: Mode) {
    let mut fonts = FontDefinitions::default();
    for (name, bytes) in [
        ("inter", png::INTER_REGULAR),
        ("inter-semibold", png::INTER_SEMIBOLD),
        ("jetbrains-mono", png::JETBRAINS_MONO),
    ] {
        fonts
            .font_data
            .insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    fonts
        .families
        .entry(FontFamily::Proportional)
        .or_default()
        .insert(0, "inter".to_owned());
    fonts
        .families
        .entry(FontFamily::Monospace)
        .or_default()
        .splice(0..0, ["jetbrains-mono".to_owned(), "inter".to_owned()]);
    fonts.families.insert(
        FontFamily::Name("semibold".into()),
        vec!["inter-semibold".to_owned(), "inter".to_owned()],
    );
    ctx.set_fonts(fonts);
    for mode in [Mode::Dark, Mode::Light] {
        let theme = Theme::new(mode);
        ctx.style_mut_of(mode.egui(), |style| {
            style.visuals = theme.visuals();
            style.text_styles = [
                (TextStyle::Small, FontId::proportional(11.5)),
                (TextStyle::Body, FontId::proportional(13.5)),
                (TextStyle::Button, FontId::proportional(13.5)),
                (TextStyle::Monospace, mono(12.5)),
                (TextStyle::Heading, semibold(17.0)),
            ]
            .into();
            style.spacing.item_spacing = vec2(8.0, 6.0);
            style.spacing.button_padding = vec2(9.0, 4.0);
            style.spacing.interact_size = vec2(36.0, 24.0);
            style.spacing.menu_margin = Margin::same(6);
            style.spacing.window_margin = Margin::same(14);
            style.spacing.slider_rail_height = 4.0;
            style.spacing.tooltip_width = 360.0;
            style.spacing.scroll.bar_width = 8.0;
            style.interaction.tooltip_delay = 0.3;
            style.interaction.selectable_labels = false;
        });
    }
    ctx.set_theme(mode.egui());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_themes_are_read_and_can_be_read_by_people() {
        for (mode, text, look) in [
            (Mode::Dark, DARK, Look::dark()),
            (Mode::Light, LIGHT, Look::light()),
        ] {
            let t = Theme::parse(mode, text, look).expect("the shipped tokens are complete");
            let rgb = |c: Color32| Rgb(c.r(), c.g(), c.b());
            for back in [t.background, t.panel] {
                for (name, fore, least) in [
                    ("text", t.text, 7.0),
                    ("dim", t.dim, 4.5),
                    ("accent", t.accent, 4.5),
                    ("good", t.good, 4.5),
                    ("warn", t.warn, 4.5),
                    ("bad", t.bad, 4.5),
                ] {
                    let contrast = rgb(fore).contrast(rgb(back));
                    assert!(
                        contrast >= least,
                        "{mode:?}: {name} has a contrast of {contrast:.2}"
                    );
                }
            }
            assert!(rgb(t.on_accent).contrast(rgb(t.accent)) >= 4.5);
            let tick = t.visuals().widgets.inactive.bg_fill;
            let contrast = rgb(tick).contrast(rgb(t.panel));
            assert!(contrast >= 2.0, "{mode:?}: a box to tick has {contrast:.2}");
        }
    }
}
