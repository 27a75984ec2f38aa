//! Short messages over the page. Errors stay until they are dismissed; the rest goes by itself.

use egui::{Align2, Area, Frame, Margin, Order, RichText, Stroke, vec2};

use crate::app::icons::{self, Icon};
use crate::app::theme::Theme;

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Something was done.
    Info,
    /// Something should be looked at.
    Warning,
    /// Something failed.
    Error,
}

impl Tone {
    fn icon(self) -> Icon {
        match self {
            Self::Info => Icon::Info,
            Self::Warning => Icon::Warning,
            Self::Error => Icon::Cross,
        }
    }
}

/// A message.
#[derive(Debug, Clone)]
pub struct Toast {
    /// How it is meant.
    pub tone: Tone,
    /// The message.
    pub text: String,
    /// egui time at which it goes; `None` for one that stays.
    until: Option<f64>,
}

/// Seconds a message that needs no answer stays.
const STAY: f64 = 6.0;

/// The messages on screen.
#[derive(Debug, Default)]
pub struct Toasts {
    list: Vec<Toast>,
}

impl Toasts {
    /// Shows a message from now on.
    pub fn push(&mut self, tone: Tone, text: impl Into<String>, now: f64) {
        let until = (tone != Tone::Error).then_some(now + STAY);
        self.list.push(Toast {
            tone,
            text: text.into(),
            until,
        });
        // More than a handful would cover the page; the log keeps them all.
        if self.list.len() > 4 {
            self.list.remove(0);
        }
    }

    /// The messages that are shown.
    pub fn shown(&self) -> &[Toast] {
        &self.list
    }

    /// Draws them in the lower right corner.
    pub fn ui(&mut self, ctx: &egui::Context, theme: &Theme) {
        let now = ctx.time();
        self.list.retain(|t| t.until.is_none_or(|u| u > now));
        if let Some(next) = self.list.iter().filter_map(|t| t.until).reduce(f64::min) {
            ctx.request_repaint_after_secs((next - now).max(0.05) as f32);
        }
        let mut gone = None;
        if self.list.is_empty() {
            return;
        }
        Area::new(egui::Id::unique("toasts"))
            .order(Order::Foreground)
            .anchor(Align2::RIGHT_BOTTOM, vec2(-14.0, -38.0))
            .show(ctx, |ui| {
                for (i, toast) in self.list.iter().enumerate() {
                    let color = match toast.tone {
                        Tone::Info => theme.accent,
                        Tone::Warning => theme.warn,
                        Tone::Error => theme.bad,
                    };
                    Frame::new()
                        .fill(theme.raised)
                        .stroke(Stroke::new(1.0, color))
                        .corner_radius(6)
                        .inner_margin(Margin::symmetric(12, 9))
                        .show(ui, |ui| {
                            ui.horizontal_top(|ui| {
                                ui.set_width(360.0);
                                icons::show(ui, toast.tone.icon(), 16.0, color);
                                ui.vertical(|ui| {
                                    ui.set_width(296.0);
                                    ui.add(
                                        egui::Label::new(
                                            RichText::new(&toast.text).color(theme.text),
                                        )
                                        .wrap(),
                                    );
                                });
                                if super::button::icon(ui, theme, Icon::Cross, "Dismiss message")
                                    .clicked()
                                {
                                    gone = Some(i);
                                }
                            });
                        });
                }
            });
        if let Some(i) = gone {
            self.list.remove(i);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_stay_and_the_oldest_makes_room() {
        let mut t = Toasts::default();
        t.push(Tone::Error, "a", 0.0);
        t.push(Tone::Info, "b", 0.0);
        assert!(t.shown()[0].until.is_none() && t.shown()[1].until == Some(STAY));
        (0..5).for_each(|i| t.push(Tone::Info, i.to_string(), 1.0));
        assert_eq!(t.shown().len(), 4);
    }
}
