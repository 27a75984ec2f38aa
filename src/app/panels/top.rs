//! The bar at the top: the pages, and how the window looks.

use egui::{Align, Layout, RichText, Ui};

use crate::app::commands::Command;
use crate::app::context::{Page, PanelCtx};
use crate::app::icons::Icon;
use crate::app::theme::{Mode, semibold};
use crate::app::widgets::button::{self, Weight};
use crate::report::number;

/// The icon of a page.
pub fn page_icon(page: Page) -> Icon {
    match page {
        Page::Data => Icon::Data,
        Page::Curriculum => Icon::Sliders,
        Page::Train => Icon::Play,
        Page::Results => Icon::Chart,
        Page::Regimes => Icon::Sun,
        Page::Checkpoints => Icon::Flag,
        Page::Markets => Icon::List,
        Page::Compliance => Icon::Shield,
        Page::Report => Icon::Page,
    }
}

/// Draws the bar.
pub fn ui(ctx: &PanelCtx<'_>, zoom: f32, ui: &mut Ui) {
    ui.horizontal_centered(|ui| {
        ui.label(RichText::new("Holdout").font(semibold(16.0)));
        ui.add_space(14.0);
        for (i, page) in Page::ALL.into_iter().enumerate() {
            let weight = if ctx.model.page == page {
                Weight::Chosen
            } else {
                Weight::Quiet
            };
            let hint = format!("Ctrl+{}", i + 1);
            if button::button(
                ui,
                ctx.theme,
                Some(page_icon(page)),
                page.name(),
                weight,
                true,
            )
            .on_hover_text(hint)
            .clicked()
            {
                ctx.send(Command::Go(page));
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let (icon, name) = if ctx.theme.mode == Mode::Dark {
                (Icon::Sun, "Light theme")
            } else {
                (Icon::Moon, "Dark theme")
            };
            if button::icon(ui, ctx.theme, icon, name).clicked() {
                ctx.send(Command::SetMode(ctx.theme.mode.other()));
            }
            ui.menu_button(number::percent_to(f64::from(zoom), 0), |ui| {
                for z in [0.8_f32, 1.0, 1.25, 1.5, 2.0] {
                    if ui.button(number::percent_to(f64::from(z), 0)).clicked() {
                        ctx.send(Command::Zoom(z));
                        ui.close();
                    }
                }
            })
            .response
            .accessible_name("Zoom")
            .on_hover_text("Size of everything; Ctrl++ and Ctrl+−");
            if button::icon(ui, ctx.theme, Icon::Info, "About Holdout").clicked() {
                ctx.send(Command::OpenAbout);
            }
            if button::icon(ui, ctx.theme, Icon::Search, "Find a command")
                .on_hover_text("Ctrl+P")
                .clicked()
            {
                ctx.send(Command::TogglePalette);
            }
        });
    });
}
