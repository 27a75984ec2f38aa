//! What is kept from one session to the next: how the window looks, and what was on the desk:
//! market, settings, run, page.

use std::path::PathBuf;

use holdout_store::{Continuous, ImportOptions, Repair, Stamp};
use serde::{Deserialize, Serialize};

use super::Workbench;
use super::commands::Command;
use super::context::{Market, Page};
use super::theme::{Mode, Theme};
use crate::config::RunConfig;
use crate::report::document::Plan;

/// Everything that is kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Dark or light.
    pub mode: Mode,
    zoom: Option<f32>,
    recent: Vec<PathBuf>,
    report: Plan,
    /// Panes of the Results page; the usual ones when it cannot be read.
    results_layout: String,
    page: Page,
    /// Whether the list of runs was put away.
    runs_away: bool,
    /// The settings as a run configuration; the usual ones when it cannot be read.
    config: String,
    market: Option<KeptMarket>,
    run: Option<PathBuf>,
}

/// A market file and how it was read.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct KeptMarket {
    path: PathBuf,
    market: Option<String>,
    zone: Option<String>,
    stamp: Option<Stamp>,
    dialect: Option<String>,
    symbol: Option<String>,
    continuous: Option<Continuous>,
    repairs: Vec<Repair>,
}

impl KeptMarket {
    fn of(market: &Market) -> Self {
        let o = &market.options;
        Self {
            path: market.dataset.path.clone(),
            market: o.market.clone(),
            zone: o.zone.clone(),
            stamp: o.stamp,
            dialect: o.dialect.clone(),
            symbol: o.symbol.clone(),
            continuous: o.continuous,
            repairs: o.repairs.clone(),
        }
    }

    fn options(&self) -> ImportOptions {
        ImportOptions {
            market: self.market.clone(),
            zone: self.zone.clone(),
            stamp: self.stamp,
            dialect: self.dialect.clone(),
            symbol: self.symbol.clone(),
            continuous: self.continuous,
            repairs: self.repairs.clone(),
            ..ImportOptions::default()
        }
    }
}

impl Kept {
    /// Reads what was kept; nothing where it cannot be read.
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

impl Workbench {
    /// What is kept, as text.
    pub fn kept(&self) -> String {
        let m = &self.model;
        let kept = Kept {
            mode: self.theme.mode,
            zoom: Some(self.zoom),
            recent: m.recent.clone(),
            report: m.report.plan.clone(),
            results_layout: self.results_layout(),
            page: m.page,
            runs_away: self.runs_away,
            config: m.config.to_toml().unwrap_or_default(),
            market: m.market.as_ref().map(KeptMarket::of),
            run: m.selected_run.clone(),
        };
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// Takes over how the window looked and what was set.
    pub fn take_kept(&mut self, ctx: &egui::Context, kept: &Kept) {
        self.theme = Theme::new(kept.mode);
        self.model.recent.clone_from(&kept.recent);
        self.model.report.plan = kept.report.clone();
        self.model.report.plan.complete();
        self.runs_away = kept.runs_away;
        self.take_results_layout(&kept.results_layout);
        if let Some(zoom) = kept.zoom {
            ctx.set_zoom_factor(zoom);
        }
        let layer = (
            "the settings of the last session".to_owned(),
            kept.config.clone(),
        );
        if !kept.config.is_empty()
            && let Ok(config) = RunConfig::from_layers(&[layer])
        {
            self.model.config = config;
            self.check();
        }
    }

    /// Puts on the desk what was there: the market is read again, the run is chosen and what it keeps
    /// of its last judgement is shown; nothing is played, no look at the test part is counted.
    pub fn lay_out_kept(&mut self, ctx: &egui::Context, kept: &Kept) {
        if let Some(run) = kept
            .run
            .as_ref()
            .filter(|r| r.join("status.json").is_file())
        {
            self.model.selected_run = Some(run.clone());
            self.read_evaluations();
            self.show_kept(ctx);
        }
        if let Some(market) = kept.market.as_ref().filter(|m| m.path.is_file()) {
            let options = Box::new(market.options());
            self.apply(ctx, Command::Open(market.path.clone(), options));
        }
        self.model.page = kept.page;
    }
}
