//! Where a chart or a report is written to: a path that can be typed, or chosen in the desktop's
//! dialog.
//!
//! A desktop without a dialog service answers every question as if it was cancelled, so the
//! dialog must not be the only way to a file.

use std::path::PathBuf;

use egui::{Label, Modal, RichText, TextEdit, Ui};

use super::Workbench;
use super::commands::Command;
use super::compliance::ComplianceCommand;
use super::files::Ask;
use super::icons::Icon;
use super::reporting::ReportCommand;
use super::theme::{Theme, mono};
use super::widgets::button;
use super::widgets::chart_view::ExportFormat;
use crate::report::Chart;
use crate::report::document::DocumentFormat;

/// Something that is about to be written.
#[derive(Debug, Clone)]
pub(super) enum Exported {
    /// A chart.
    Chart(Box<Chart>, ExportFormat),
    /// The report, under this title.
    Report(String, DocumentFormat),
    /// A certificate or compliance report: a folder for its PDF, text and JSON.
    Document,
}

impl Exported {
    fn title(&self) -> &str {
        match self {
            Self::Chart(chart, _) => &chart.title,
            Self::Report(title, _) => title,
            Self::Document => "certificate or compliance report",
        }
    }

    fn format(&self) -> &'static str {
        match self {
            Self::Chart(_, format) => format.label(),
            Self::Report(_, format) => format.label(),
            Self::Document => "PDF, text and JSON, in a folder that is made where it is missing",
        }
    }
}

/// What is to be written, and where to.
pub(super) struct ExportTo {
    what: Exported,
    path: String,
}

enum Choice {
    Write,
    Browse,
    Leave,
}

impl ExportTo {
    /// Proposes a file of this name in the working folder.
    pub(super) fn new(what: Exported, name: &str) -> Self {
        let folder = std::env::current_dir().unwrap_or_default();
        Self {
            what,
            path: folder.join(name).display().to_string(),
        }
    }

    /// Proposes this folder for a document.
    pub(super) fn folder(folder: &std::path::Path) -> Self {
        Self {
            what: Exported::Document,
            path: folder.display().to_string(),
        }
    }

    fn problem(&self) -> Option<String> {
        let path = PathBuf::from(self.path.trim());
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
        let a_folder = matches!(self.what, Exported::Document);
        if self.path.trim().is_empty() {
            return Some(
                if a_folder {
                    "Name a folder."
                } else {
                    "Name a file."
                }
                .to_owned(),
            );
        }
        if a_folder {
            return path
                .is_file()
                .then(|| "This is a file; name a folder.".to_owned());
        }
        if path.is_dir() {
            return Some("This is a folder; name a file in it.".to_owned());
        }
        folder
            .filter(|f| !f.is_dir())
            .map(|f| format!("The folder {} does not exist.", f.display()))
    }

    fn ui(&mut self, theme: &Theme, ui: &mut Ui) -> Option<Choice> {
        ui.set_width(560.0);
        ui.add(
            Label::new(RichText::new(format!("Export \"{}\"", self.what.title())).heading())
                .truncate(),
        );
        ui.add_space(6.0);
        ui.label(RichText::new(self.what.format()).color(theme.dim));
        let field = ui
            .add(
                TextEdit::singleline(&mut self.path)
                    .desired_width(f32::INFINITY)
                    .font(mono(12.5)),
            )
            .accessible_name(if matches!(self.what, Exported::Document) {
                "Folder to write to"
            } else {
                "File to write"
            });
        let entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
        let problem = self.problem();
        let path = PathBuf::from(self.path.trim());
        match &problem {
            Some(problem) => {
                ui.add(Label::new(RichText::new(problem).color(theme.bad)).wrap());
            }
            None if path.is_file() => {
                ui.label(RichText::new("Replaces the file that is there.").color(theme.warn));
            }
            None => {
                ui.label("");
            }
        }
        ui.add_space(4.0);
        let mut choice = (entered && problem.is_none()).then_some(Choice::Write);
        ui.horizontal(|ui| {
            let write = ui.add_enabled_ui(problem.is_none(), |ui| {
                button::primary(ui, theme, Icon::Export, "Export")
            });
            if write.inner.clicked() {
                choice = Some(Choice::Write);
            }
            if button::normal(ui, theme, Icon::Folder, "Choose a place…").clicked() {
                choice = Some(Choice::Browse);
            }
            let cancel = button::button(ui, theme, None, "Cancel", button::Weight::Normal, true);
            if cancel.clicked() {
                choice = Some(Choice::Leave);
            }
        });
        choice
    }
}

impl Workbench {
    /// Asks where what is pending goes, and writes it.
    pub(super) fn ask_where_to_export(&mut self, ctx: &egui::Context) {
        let Some(mut to) = self.export_to.take() else {
            return;
        };
        let theme = &self.theme;
        let modal = Modal::new(egui::Id::unique("export-to")).show(ctx, |ui| to.ui(theme, ui));
        let closed = modal.should_close();
        match modal.inner {
            Some(Choice::Write) => {
                let path = PathBuf::from(to.path.trim());
                self.write_out(ctx, path, to.what);
            }
            Some(Choice::Browse) => {
                let path = PathBuf::from(to.path.trim());
                let name = path
                    .file_name()
                    .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
                let asked = to.what.clone();
                let ask = match asked {
                    Exported::Document => Ask::SaveDocument,
                    Exported::Chart(..) | Exported::Report(..) => Ask::Save { name },
                };
                self.ask(ctx, &ask, Some(asked));
                // Stays open: a desktop without a dialog leaves the typed path.
                self.export_to = Some(to);
            }
            Some(Choice::Leave) => {}
            None if closed => {}
            None => self.export_to = Some(to),
        }
    }
    /// Writes what was pending.
    pub(super) fn write_out(&mut self, ctx: &egui::Context, path: PathBuf, what: Exported) {
        match what {
            Exported::Chart(chart, format) => self.export(ctx, &path, &chart, format),
            Exported::Document => {
                self.apply(ctx, Command::Compliance(ComplianceCommand::IssueTo(path)))
            }
            Exported::Report(_, format) => {
                self.apply_report(ctx, ReportCommand::WriteTo(format, path));
            }
        }
    }
}
