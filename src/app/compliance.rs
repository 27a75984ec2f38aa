//! What the Compliance page keeps and asks for: a ledger judged under rule sets, rule sets of
//! the user's own, and documents.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use holdout_core::compliance::RuleSet;
use holdout_store::runs::RunFolder;

use super::Workbench;
use super::commands;
use super::context::Page;
use super::exporting::ExportTo;
use super::files::Ask;
use super::panels::compliance_data::ComplianceView;
use super::widgets::toasts::Tone;
use crate::jobs::certificate::{self, Issued, RuleText, Source};
use crate::jobs::{Job, Notice, Progress, StopReason};
use crate::rulesets;

/// A wish of the Compliance page.
#[derive(Debug, Clone)]
pub enum ComplianceCommand {
    /// Judge an evaluation of the selected run.
    Evaluation(String),
    /// Ask for a ledger folder.
    OpenLedger,
    /// Judge a ledger folder.
    Ledger(PathBuf),
    /// Judge under another rule set.
    Choose(String),
    /// Stop judging.
    Cancel,
    /// Keep a rule set of the user's own.
    SaveRuleSet(Box<RuleSet>),
    /// Ask where to write a document.
    Issue,
    /// Write the document into a folder.
    IssueTo(PathBuf),
}

/// A written document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Where it is.
    pub folder: PathBuf,
    /// Its text.
    pub text: String,
    /// Hash of its content.
    pub hash: String,
}

/// What the page shows.
pub struct ComplianceState {
    /// Rule sets that ship, then the user's own.
    pub rules: Vec<RuleText>,
    /// Id of the chosen one.
    pub ruleset: String,
    /// Evaluations of the selected run.
    pub evaluations: Vec<String>,
    /// The judged account.
    pub view: Option<Arc<ComplianceView>>,
    /// How far the work is, and whether it can be stopped.
    pub working: Option<(Arc<Progress>, bool)>,
    /// The document that was written last.
    pub document: Option<Document>,
    /// Why the last wish could not be met.
    pub problem: Option<String>,
}

impl Default for ComplianceState {
    fn default() -> Self {
        let mut state = Self {
            rules: Vec::new(),
            ruleset: RuleSet::builtin_ids().next().unwrap_or_default().to_owned(),
            evaluations: Vec::new(),
            view: None,
            working: None,
            document: None,
            problem: None,
        };
        state.read_rules();
        state
    }
}

impl ComplianceState {
    /// The chosen rule set.
    pub fn chosen(&self) -> Option<&RuleText> {
        self.rules.iter().find(|r| r.rules.id == self.ruleset)
    }

    /// Reads the rule sets again; one that cannot be read is told.
    fn read_rules(&mut self) {
        let ships = RuleSet::builtin_ids().filter_map(|id| rulesets::find(id).ok());
        self.rules = ships.collect();
        for (path, own) in rulesets::own() {
            match own {
                Ok(own) if self.rules.iter().any(|r| r.rules.id == own.rules.id) => {
                    self.problem = Some(format!(
                        "{} was left out: the name {} is taken",
                        path.display(),
                        own.rules.id
                    ));
                }
                Ok(own) => self.rules.push(own),
                Err(e) => self.problem = Some(format!("A rule set was left out: {e:#}")),
            }
        }
    }
}

/// What a job of this page ends with.
pub enum Worked {
    /// An account was judged.
    Judged(Box<ComplianceView>),
    /// A document was written.
    Issued(Box<Issued>, String),
}

/// The page's long work.
pub type ComplianceJob = Job<(), Worked>;

impl Workbench {
    /// Carries a wish of the Compliance page out.
    pub(super) fn comply(&mut self, ctx: &egui::Context, command: ComplianceCommand) {
        self.model.compliance.problem = None;
        match command {
            ComplianceCommand::Evaluation(name) => {
                if let Some(run) = self.model.selected_run.clone() {
                    let evaluation = Some(name);
                    self.judge_ledger(ctx, Source::Run { run, evaluation });
                }
            }
            ComplianceCommand::OpenLedger => self.ask(ctx, &Ask::OpenLedger, None),
            ComplianceCommand::Ledger(dir) => {
                let files = Vec::new();
                self.judge_ledger(ctx, Source::Ledger { dir, files });
            }
            ComplianceCommand::Choose(id) => self.choose_rules(ctx, id),
            ComplianceCommand::Cancel => {
                if let Some(job) = &self.complying {
                    job.flag().stop(StopReason::Asked);
                }
            }
            ComplianceCommand::SaveRuleSet(rules) => match rulesets::save_own(&rules) {
                Ok(path) => {
                    self.model.compliance.read_rules();
                    self.model.compliance.ruleset.clone_from(&rules.id);
                    let text = format!("Rule set kept as {}", path.display());
                    self.tell(ctx, Tone::Info, text);
                    if let Some(source) = self
                        .model
                        .compliance
                        .view
                        .as_ref()
                        .map(|v| v.source.clone())
                    {
                        self.judge_ledger(ctx, source);
                    }
                }
                Err(e) => {
                    self.model.compliance.problem =
                        Some(format!("The rule set was not kept: {e:#}"))
                }
            },
            ComplianceCommand::Issue => {
                let view = self.model.compliance.view.as_ref();
                let beside = view.map_or_else(PathBuf::new, |v| match &v.source {
                    Source::Run { run, .. } => run.join("documents"),
                    Source::Ledger { dir, .. } => dir.join("documents"),
                });
                self.export_to = Some(ExportTo::folder(&beside));
            }
            ComplianceCommand::IssueTo(folder) => self.issue(ctx, folder),
        }
    }

    /// Looks which evaluations the selected run has.
    pub(super) fn read_evaluations(&mut self) {
        let run = self.model.selected_run.as_ref();
        let names = run.and_then(|r| RunFolder::open(r).ok()?.evaluation_names().ok());
        self.model.compliance.evaluations = names.unwrap_or_default();
    }

    fn choose_rules(&mut self, ctx: &egui::Context, id: String) {
        self.model.compliance.ruleset = id;
        let (Some(view), Some(chosen)) = (
            self.model.compliance.view.clone(),
            self.model.compliance.chosen().cloned(),
        ) else {
            return;
        };
        self.comply_with(ctx, "Judging", false, move |_| {
            Ok(Worked::Judged(Box::new(view.under(&chosen))))
        });
    }

    fn judge_ledger(&mut self, ctx: &egui::Context, source: Source) {
        self.model.page = Page::Compliance;
        let Some(chosen) = self.model.compliance.chosen().cloned() else {
            return;
        };
        let all = self.model.compliance.rules.clone();
        self.comply_with(ctx, "Judging under every rule set", true, move |r| {
            let view = ComplianceView::build(source, &chosen, &all, &mut |share| {
                r.progress(Progress {
                    what: "Judging under every rule set".to_owned(),
                    done: (share * 1_000.0) as u64,
                    total: 1_000,
                    per_sec: 0.0,
                });
                !r.flag().is_stopped()
            })?;
            Ok(Worked::Judged(Box::new(view)))
        });
    }

    fn issue(&mut self, ctx: &egui::Context, folder: PathBuf) {
        let (Some(view), Some(rules)) = (
            self.model.compliance.view.clone(),
            self.model.compliance.chosen().cloned(),
        ) else {
            return;
        };
        self.comply_with(ctx, "Hashing and writing", false, move |_| {
            let issued = certificate::issue(&view.source, &rules, &folder)?;
            let text = std::fs::read_to_string(&issued.text)?;
            Ok(Worked::Issued(Box::new(issued), text))
        });
    }

    fn comply_with(
        &mut self,
        ctx: &egui::Context,
        what: &str,
        can_stop: bool,
        work: impl FnOnce(&crate::jobs::Reporter<(), Worked>) -> anyhow::Result<Worked> + Send + 'static,
    ) {
        if self.complying.is_some() {
            self.model.compliance.problem =
                Some("Something is being judged; wait for it, or cancel it.".to_owned());
            return;
        }
        match Job::spawn("compliance", commands::wake(ctx), work) {
            Ok(job) => {
                let progress = Progress {
                    what: what.to_owned(),
                    ..Progress::default()
                };
                self.model.compliance.working = Some((Arc::new(progress), can_stop));
                self.complying = Some(job);
            }
            Err(e) => self.tell(ctx, Tone::Error, format!("Judging cannot start: {e}")),
        }
    }

    pub(super) fn drain_complying(&mut self, ctx: &egui::Context) {
        let Some(job) = self.complying.take() else {
            return;
        };
        let state = &mut self.model.compliance;
        match job.drain(Duration::from_millis(5)).into_iter().next() {
            None | Some(Notice::Event(())) => {
                if let Some((shown, stop)) = &state.working {
                    let now = job.progress();
                    let shown = if now.what.is_empty() {
                        Arc::clone(shown)
                    } else {
                        now
                    };
                    state.working = Some((shown, *stop));
                }
                self.complying = Some(job);
                return;
            }
            Some(Notice::Done(Worked::Judged(view))) => {
                state.view = Some(Arc::new(*view));
                state.document = None;
            }
            Some(Notice::Done(Worked::Issued(issued, text))) => {
                let folder = issued.json.parent().map(PathBuf::from).unwrap_or_default();
                state.document = Some(Document {
                    folder,
                    text,
                    hash: issued.content_sha256.clone(),
                });
                let text = format!("Document written to {}", issued.pdf.display());
                self.tell(ctx, Tone::Info, text);
            }
            Some(Notice::Failed(why)) => state.problem = Some(why),
        }
        self.model.compliance.working = None;
    }
}
