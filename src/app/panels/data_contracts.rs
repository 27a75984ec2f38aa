//! The contracts of a file: choose one, or join them into one continuous series.

use egui::{ComboBox, RichText, Stroke, Ui};
use holdout_core::market::{Adjustment, RollRule};
use holdout_store::{Continuous, ImportOptions, Inspection};

use super::data::heading;
use crate::app::context::PanelCtx;
use crate::report::number;

/// Contracts that are listed; those behind them have fewer rows.
const LISTED: usize = 24;

/// Draws the choice where there is one.
pub fn form(ctx: &PanelCtx<'_>, inspection: &Inspection, options: &mut ImportOptions, ui: &mut Ui) {
    let contracts = &inspection.contracts;
    let chosen = options.symbol.is_some() || options.continuous.is_some();
    if contracts.len() < 2 && !chosen {
        return;
    }
    ui.add_space(8.0);
    heading(ui, ctx.theme, "Contracts in the file");
    ui.visuals_mut().widgets.inactive.bg_stroke = Stroke::new(1.0, ctx.theme.dim);
    for c in contracts.iter().take(LISTED) {
        let text = format!(
            "{}  {} rows, volume {}",
            c.symbol,
            number::count(c.rows),
            number::count(c.volume)
        );
        let is =
            options.continuous.is_none() && options.symbol.as_deref() == Some(c.symbol.as_str());
        if ui.radio(is, text).clicked() {
            options.symbol = Some(c.symbol.clone());
            options.continuous = None;
        }
    }
    if contracts.len() > LISTED {
        let more = format!("and {} more with fewer rows", contracts.len() - LISTED);
        ui.label(RichText::new(more).small().color(ctx.theme.dim));
    }
    if ui
        .radio(options.continuous.is_some(), "One continuous series")
        .on_hover_text(
            "The contracts of the market one after the other; no position lives through a change",
        )
        .clicked()
        && options.continuous.is_none()
    {
        options.symbol = None;
        options.continuous = Some(Continuous {
            rule: RollRule::Volume,
            adjustment: Adjustment::None,
        });
    }
    if let Some(how) = &mut options.continuous {
        continuous(ctx, how, ui);
    }
}

fn continuous(ctx: &PanelCtx<'_>, how: &mut Continuous, ui: &mut Ui) {
    let rule = |r| match r {
        RollRule::Volume => "when the next contract trades more",
        RollRule::Calendar => "on Monday of the week of expiry",
    };
    let prices = |a| match a {
        Adjustment::None => "as traded, with a jump",
        Adjustment::Difference => "shifted by the difference",
        Adjustment::Ratio => "multiplied by the ratio",
    };
    egui::Grid::new("continuous").num_columns(2).show(ui, |ui| {
        ui.label(RichText::new("Roll").color(ctx.theme.dim));
        let combo = ComboBox::from_id_salt("roll-rule")
            .width(210.0)
            .selected_text(rule(how.rule))
            .truncate()
            .show_ui(ui, |ui| {
                for r in [RollRule::Volume, RollRule::Calendar] {
                    ui.selectable_value(&mut how.rule, r, rule(r));
                }
            });
        combo.response.accessible_name("Roll");
        ui.end_row();
        ui.label(RichText::new("Before a roll").color(ctx.theme.dim));
        let combo = ComboBox::from_id_salt("roll-adjustment")
            .width(210.0)
            .selected_text(prices(how.adjustment))
            .truncate()
            .show_ui(ui, |ui| {
                for a in [Adjustment::None, Adjustment::Difference, Adjustment::Ratio] {
                    ui.selectable_value(&mut how.adjustment, a, prices(a));
                }
            });
        combo.response.accessible_name("Prices before a roll");
        ui.end_row();
    });
}
