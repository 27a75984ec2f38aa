//! The dialog that makes a new file of the open market: coarser bars, or a newer export added.

use std::path::{Path, PathBuf};

use egui::{ComboBox, Grid, Modal, RichText, TextEdit, Ui, vec2};
use holdout_store::append::Prefer;

use super::data_data::interval;
use crate::app::commands::Command;
use crate::app::context::{Market, PanelCtx};
use crate::app::icons::Icon;
use crate::app::making::Make;
use crate::app::theme::mono;
use crate::app::widgets::{button, failure};

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Coarser bars.
    Resample,
    /// A newer export added.
    Append,
}

/// The dialog and what was filled in.
#[derive(Debug)]
pub struct MakeDialog {
    kind: Kind,
    to_secs: i64,
    newer: String,
    prefer: Option<Prefer>,
    out: String,
}

/// Lengths that are offered, in seconds.
const LENGTHS: [i64; 9] = [60, 120, 180, 300, 600, 900, 1_800, 3_600, 14_400];

/// Lengths that bars of this interval can be made into.
pub fn lengths(interval_secs: i64) -> Vec<i64> {
    LENGTHS
        .into_iter()
        .filter(|&s| s > interval_secs && s % interval_secs.max(1) == 0)
        .collect()
}

/// A file beside another, with something added to its name.
fn beside(path: &Path, added: &str) -> String {
    let stem = path
        .file_stem()
        .map_or_else(|| "bars".to_owned(), |s| s.to_string_lossy().into_owned());
    path.with_file_name(format!("{stem}_{added}.parquet"))
        .display()
        .to_string()
}

impl MakeDialog {
    /// Opens the dialog on a market.
    pub fn new(kind: Kind, market: &Market) -> Self {
        let secs = market.dataset.bars.interval_secs;
        let to_secs = lengths(secs).first().copied().unwrap_or(secs);
        let mut dialog = Self {
            kind,
            to_secs,
            newer: String::new(),
            prefer: None,
            out: String::new(),
        };
        dialog.out = dialog.proposal(market);
        dialog
    }

    fn proposal(&self, market: &Market) -> String {
        let added = match self.kind {
            Kind::Resample => interval(self.to_secs).replace(' ', ""),
            Kind::Append => "extended".to_owned(),
        };
        beside(&market.dataset.path, &added)
    }

    /// Draws the dialog; `false` once it is done with.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, market: &Market, ui: &Ui) -> bool {
        let busy = ctx.model.making.is_some();
        let modal = Modal::new(egui::Id::unique("data-make")).show(ui.ctx(), |ui| {
            ui.set_width(600.0);
            let (title, about) = match self.kind {
                Kind::Resample => (
                    "Make coarser bars",
                    "Bars never reach over the end of a session; bars outside sessions are left out.",
                ),
                Kind::Append => (
                    "Add a newer export",
                    "Where both have bars they must agree; otherwise the difference is shown and nothing is written.",
                ),
            };
            ui.label(RichText::new(title).heading());
            ui.label(RichText::new(about).color(ctx.theme.dim));
            ui.add_space(8.0);
            ui.add_enabled_ui(!busy, |ui| self.fields(ctx, market, ui));
            if let Some(why) = &ctx.model.make_failed {
                ui.add_space(6.0);
                failure::show(ui, ctx.theme, why, &self.out);
            }
            ui.add_space(8.0);
            self.buttons(ctx, ui)
        });
        let closed = modal.should_close() || modal.inner;
        if closed {
            ctx.send(Command::CancelMaking);
        }
        // The file that was made is shown as a preview: the dialog has done its work.
        !closed && ctx.model.draft.is_none()
    }

    fn fields(&mut self, ctx: &PanelCtx<'_>, market: &Market, ui: &mut Ui) {
        let path_field = |ui: &mut Ui, name: &str, text: &mut String| {
            ui.label(RichText::new(name).color(ctx.theme.dim));
            ui.add(
                TextEdit::singleline(text)
                    .desired_width(470.0)
                    .font(mono(12.5)),
            )
            .accessible_name(name.to_owned());
            ui.end_row();
        };
        Grid::new("make-fields")
            .num_columns(2)
            .spacing(vec2(12.0, 8.0))
            .show(ui, |ui| match self.kind {
                Kind::Resample => {
                    ui.label(RichText::new("New bars").color(ctx.theme.dim));
                    let before = self.to_secs;
                    let combo = ComboBox::from_id_salt("make-length")
                        .selected_text(interval(self.to_secs))
                        .show_ui(ui, |ui| {
                            for secs in lengths(market.dataset.bars.interval_secs) {
                                ui.selectable_value(&mut self.to_secs, secs, interval(secs));
                            }
                        });
                    combo.response.accessible_name("Length of the new bars");
                    if self.to_secs != before {
                        self.out = self.proposal(market);
                    }
                    ui.end_row();
                    path_field(ui, "File to write", &mut self.out);
                }
                Kind::Append => {
                    path_field(ui, "Newer export", &mut self.newer);
                    ui.label(RichText::new("Where they differ").color(ctx.theme.dim));
                    let words = |p: Option<Prefer>| match p {
                        None => "stop and show me",
                        Some(Prefer::Old) => "keep the bars of the open market",
                        Some(Prefer::New) => "take the bars of the newer export",
                    };
                    let combo = ComboBox::from_id_salt("make-prefer")
                        .width(260.0)
                        .selected_text(words(self.prefer))
                        .show_ui(ui, |ui| {
                            for p in [None, Some(Prefer::Old), Some(Prefer::New)] {
                                ui.selectable_value(&mut self.prefer, p, words(p));
                            }
                        });
                    combo.response.accessible_name("Where they differ");
                    ui.end_row();
                    path_field(ui, "File to write", &mut self.out);
                }
            });
    }

    /// The buttons; `true` when the dialog is to be closed.
    fn buttons(&self, ctx: &PanelCtx<'_>, ui: &mut Ui) -> bool {
        let mut close = false;
        ui.horizontal(|ui| {
            let whole = !self.out.trim().is_empty()
                && (self.kind == Kind::Resample || !self.newer.trim().is_empty());
            let ready = whole && ctx.model.making.is_none();
            let press = ui.add_enabled_ui(ready, |ui| {
                button::primary(ui, ctx.theme, Icon::Check, "Write and show")
            });
            if press.inner.clicked() {
                ctx.send(Command::Make(self.asked()));
            }
            let cancel =
                button::button(ui, ctx.theme, None, "Cancel", button::Weight::Normal, true);
            close = cancel.clicked();
            if let Some(progress) = &ctx.model.making {
                let share = progress.fraction().unwrap_or(0.0) as f32;
                ui.add(
                    egui::ProgressBar::new(share)
                        .desired_width(200.0)
                        .text("Working"),
                );
            }
        });
        close
    }

    fn asked(&self) -> Make {
        let path = |text: &str| PathBuf::from(text.trim().trim_matches(['"', '\'']));
        match self.kind {
            Kind::Resample => Make::Resample {
                to_secs: self.to_secs,
                out: path(&self.out),
            },
            Kind::Append => Make::Append {
                newer: path(&self.newer),
                prefer: self.prefer,
                out: path(&self.out),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_multiples_are_offered_and_files_lie_beside_their_source() {
        assert_eq!(lengths(300), [600, 900, 1_800, 3_600, 14_400]);
        assert_eq!(lengths(14_400), [] as [i64; 0]);
        assert_eq!(
            beside(Path::new("/data/NQ 09-23.Last.txt"), "5min"),
            "/data/NQ 09-23.Last_5min.parquet"
        );
    }
}
