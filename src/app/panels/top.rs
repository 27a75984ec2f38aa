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
        Page::Help => Icon::Question,
    }
}

/// Whether there is room for the names of all pages; in a small or much enlarged window their
/// icons stand alone.
fn fits(ui: &Ui, zoom: f32) -> bool {
    let font = egui::TextStyle::Button.resolve(ui.style());
    let name = |page: Page| {
        ui.painter()
            .layout_no_wrap(
                page.name().to_owned(),
                font.clone(),
                egui::Color32::PLACEHOLDER,
            )
            .size()
            .x
    };
    // Icon, gap and padding of a button; then what stands at the right.
    let beside = 22.0 + 2.0 * ui.spacing().button_padding.x + ui.spacing().item_spacing.x;
    let pages: f32 = Page::ALL.into_iter().map(|p| name(p) + beside).sum();
    let right = 164.0;
    pages + right < ui.available_width()
}

/// Draws the bar.
pub fn ui(ctx: &PanelCtx<'_>, zoom: f32, ui: &mut Ui) {
    ui.horizontal_centered(|ui| {
        ui.label(RichText::new("Holdout").font(semibold(16.0)));
        ui.add_space(14.0);
        let shown = fits(ui, zoom);
        for (i, page) in Page::ALL.into_iter().enumerate() {
            let weight = if ctx.model.page == page {
                Weight::Chosen
            } else {
                Weight::Quiet
            };
            let hint = match page {
                Page::Help => "Help on this page: F1".to_owned(),
                _ => format!("{}: Ctrl+{}", page.name(), i + 1),
            };
            if button::button(
                ui,
                ctx.theme,
                Some(page_icon(page)),
                page.name(),
                weight,
                shown,
            )
            .on_hover_text(hint)
            .clicked()
            {
                ctx.send(match page {
                    Page::Help if ctx.model.page != Page::Help => Command::HelpHere,
                    _ => Command::Go(page),
                });
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
