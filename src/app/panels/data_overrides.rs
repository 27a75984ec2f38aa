//! What a file is read as, field by field: what was detected, and a way to say otherwise.

use egui::{ComboBox, RichText, Ui, vec2};
use holdout_store::{ImportOptions, Inspection, Stamp};

use crate::app::context::PanelCtx;
use crate::app::theme::Theme;

/// Zones offered for stamps without one.
const ZONES: [&str; 15] = [
    "America/New_York",
    "America/Chicago",
    "UTC",
    "America/Denver",
    "America/Los_Angeles",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Athens",
    "America/New_York+7",
    "Asia/Jerusalem",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Etc/GMT+5",
];

/// Fields that change `options`; `found` is what the file says by itself.
pub fn form(
    ctx: &PanelCtx<'_>,
    found: Option<&Inspection>,
    options: &mut ImportOptions,
    ui: &mut Ui,
) {
    let said = |v: Option<&Option<String>>, none: &str| match v {
        Some(v) => v.clone().unwrap_or_else(|| none.to_owned()),
        None => "not looked at yet".to_owned(),
    };
    let dialects: Vec<(String, String)> = holdout_store::dialects::ALL
        .iter()
        .map(|d| (d.id.to_owned(), d.title.to_owned()))
        .collect();
    let markets: Vec<(String, String)> = ctx
        .model
        .instruments
        .iter()
        .map(|m| (m.symbol.clone(), m.symbol.clone()))
        .collect();
    let zones = ZONES.map(|z| (z.to_owned(), z.to_owned())).to_vec();
    let stamps = [
        (Stamp::Open, "open of the bar"),
        (Stamp::Close, "close of the bar"),
    ]
    .map(|(s, words)| (s.name().to_owned(), words.to_owned()))
    .to_vec();
    egui::Grid::new("overrides")
        .num_columns(2)
        .spacing(vec2(12.0, 6.0))
        .show(ui, |ui| {
            let detected = said(found.map(|i| &i.market), "not named in the file");
            choose(
                ui,
                ctx.theme,
                "Market",
                &detected,
                &mut options.market,
                &markets,
            );
            let detected = found.map_or_else(
                || "not looked at yet".to_owned(),
                |i| title_of(&dialects, &i.dialect),
            );
            choose(
                ui,
                ctx.theme,
                "Dialect",
                &detected,
                &mut options.dialect,
                &dialects,
            );
            let detected = said(found.map(|i| &i.zone), "not in the file");
            choose(ui, ctx.theme, "Zone", &detected, &mut options.zone, &zones);
            let mut stamp = options.stamp.map(|s| s.name().to_owned());
            let detected = found.map_or_else(
                || "not looked at yet".to_owned(),
                |i| title_of(&stamps, i.stamp.name()),
            );
            choose(ui, ctx.theme, "Stamp", &detected, &mut stamp, &stamps);
            options.stamp = stamp.and_then(|s| s.parse().ok());
        });
}

fn title_of(choices: &[(String, String)], id: &str) -> String {
    choices
        .iter()
        .find(|(c, _)| c == id)
        .map_or_else(|| id.replace('_', " "), |(_, title)| title.clone())
}

/// A row with what was detected and a way to say otherwise.
fn choose(
    ui: &mut Ui,
    theme: &Theme,
    name: &str,
    detected: &str,
    chosen: &mut Option<String>,
    choices: &[(String, String)],
) {
    ui.label(RichText::new(name).color(theme.dim));
    let shown = match chosen {
        Some(id) => title_of(choices, id),
        None => detected.to_owned(),
    };
    let combo = ComboBox::from_id_salt(name)
        .width((ui.available_width() - 8.0).clamp(120.0, 320.0))
        .selected_text(shown)
        .truncate()
        .show_ui(ui, |ui| {
            let own = format!("As in the file: {detected}");
            if ui.selectable_label(chosen.is_none(), own).clicked() {
                *chosen = None;
            }
            for (id, title) in choices {
                let is = chosen.as_ref() == Some(id);
                if ui.selectable_label(is, title).clicked() {
                    *chosen = Some(id.clone());
                }
            }
        });
    combo.response.accessible_name(name);
    ui.end_row();
}
