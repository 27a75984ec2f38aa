//! `holdout train`: a run, started or resumed.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use indicatif::ProgressBar;
use serde_json::json;

use super::args::{ProgressStyle, TrainArgs};
use super::{BadInput as _, Failure, Outcome, data, print_json, progress};
use crate::config::{RunConfig, preset_text};
use crate::dataset::sample_path;
use crate::jobs::StopFlag;
use crate::jobs::train::{RunOutcome, TrainEvent, problems_to_error, resume_run, train_run};
use crate::report::number::{dollars, grouped};

pub(super) fn run(a: &TrainArgs, json: bool) -> Outcome {
    let stop = StopFlag::new();
    progress::stop_on_ctrl_c(&stop)?;
    let mut teller = Teller::new(a.progress, json);
    let outcome = match &a.resume {
        Some(run) => resume_run(run, &stop, &mut |e| teller.tell(&e))?,
        None => start(a, json, &stop, &mut teller)?,
    };
    teller.finish();
    if json {
        return print_json(&outcome);
    }
    print_outcome(&outcome);
    Ok(())
}

fn start(
    a: &TrainArgs,
    json: bool,
    stop: &StopFlag,
    teller: &mut Teller,
) -> Result<RunOutcome, Failure> {
    let config = config(a).bad_input()?;
    let mut import = a.import.clone();
    if import.market.is_none() && !config.market.is_empty() {
        import.market = Some(config.market.clone());
    }
    let path = match (&a.data, &config.data) {
        (Some(path), _) | (None, Some(path)) => path.clone(),
        (None, None) => {
            let market = import.market.clone().ok_or_else(|| {
                Failure::Input(anyhow!(
                    "name a bar file with --data, or a sample market with --market"
                ))
            })?;
            sample_path(&market).bad_input()?
        }
    };
    let dataset = data::load(&path, &import, json)?;
    let plan = config
        .plan(&dataset.bars.instrument)
        .map_err(|p| Failure::Input(problems_to_error(p)))?;
    Ok(train_run(
        plan,
        dataset,
        &import.options(),
        &a.out,
        stop,
        &mut |e| teller.tell(&e),
    )?)
}

/// The layers, and the options with a name of their own.
fn config(a: &TrainArgs) -> anyhow::Result<RunConfig> {
    let mut config = layered_config(a.config.as_deref(), a.preset.as_deref(), &a.set)?;
    config.device = a.device.unwrap_or(config.device);
    config.seed = a.seed.unwrap_or(config.seed);
    Ok(config)
}

/// The layers: defaults, preset, file, `--set`.
pub(super) fn layered_config(
    file: Option<&Path>,
    preset: Option<&str>,
    set: &[String],
) -> anyhow::Result<RunConfig> {
    let mut layers = Vec::new();
    if let Some(name) = preset {
        layers.push((format!("preset {name}"), preset_text(name)?.to_owned()));
    }
    if let Some(path) = file {
        let text = fs::read_to_string(path)
            .with_context(|| format!("failed to read {}", path.display()))?;
        layers.push((path.display().to_string(), text));
    }
    for setting in set {
        let (key, value) = setting.split_once('=').ok_or_else(|| {
            anyhow!("--set {setting}: expected KEY=VALUE, e.g. phase2.ppo.gamma=0.995")
        })?;
        let bare = format!("{key} = {value}");
        let text = if bare.parse::<toml::Table>().is_ok() {
            bare
        } else {
            format!("{key} = {}", toml::Value::String(value.to_owned()))
        };
        layers.push((format!("--set {setting}"), text));
    }
    RunConfig::from_layers(&layers)
}

/// Tells events as the user wants them told.
pub(super) struct Teller {
    bar: ProgressBar,
    json: bool,
    quiet: bool,
}

impl Teller {
    pub(super) fn new(style: ProgressStyle, json: bool) -> Self {
        let quiet = style == ProgressStyle::None || (json && style == ProgressStyle::Auto);
        Self {
            bar: ProgressBar::hidden(),
            json: style == ProgressStyle::Json,
            quiet,
        }
    }

    /// One event.
    pub(super) fn tell(&mut self, event: &TrainEvent) {
        if self.json {
            if let Some(line) = json_line(event) {
                println!("{line}");
            }
            return;
        }
        match event {
            TrainEvent::Started { run } => self.line(&format!("run {}", run.display())),
            TrainEvent::Phase { phase, from_step, steps } => {
                self.bar.finish_and_clear();
                self.bar = progress::bar(*steps, &format!("Phase {} of 2", phase.number()), self.quiet);
                self.line(&format!("phase {}: {} steps from step {}", phase.number(), grouped(*steps as f64, 0), grouped(*from_step as f64, 0)));
            }
            TrainEvent::Update { record, .. } => {
                self.bar.set_position((record.progress * self.bar.length().unwrap_or(0) as f64) as u64);
            }
            TrainEvent::Validation(v) => self.line(&format!(
                "step {:>12}  validation: net P&L {:>12}, {:>5} trades, Sharpe {}, worst drawdown {}{}{}",
                grouped(v.step as f64, 0),
                dollars(v.net_pnl_usd, 2),
                v.trades,
                v.sharpe.map_or("n/a".to_owned(), |s| grouped(s, 2)),
                dollars(v.max_drawdown_usd, 0),
                if v.breached { ", breached" } else { "" },
                if v.stalled { ", stalled" } else { "" },
            )),
            TrainEvent::Alarm { step, text } => self.line(&format!("ALARM at step {}: {text}", grouped(*step as f64, 0))),
            TrainEvent::Log(text) => self.line(text),
            TrainEvent::Checkpoint { .. } => {}
        }
    }

    fn line(&self, text: &str) {
        if !self.quiet {
            self.bar.suspend(|| eprintln!("{text}"));
        }
    }

    /// Clears the bar.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn json_line(event: &TrainEvent) -> Option<serde_json::Value> {
    Some(match event {
        TrainEvent::Started { run } => json!({ "event": "started", "run": run }),
        TrainEvent::Phase {
            phase,
            from_step,
            steps,
        } => {
            json!({ "event": "phase", "phase": phase.number(), "from_step": from_step, "steps": steps })
        }
        TrainEvent::Log(text) => json!({ "event": "log", "text": text }),
        TrainEvent::Alarm { step, text } => json!({ "event": "alarm", "step": step, "text": text }),
        TrainEvent::Update { phase, record } => {
            let mut line = serde_json::to_value(record).ok()?;
            line["event"] = json!("update");
            line["phase"] = json!(phase.number());
            line
        }
        TrainEvent::Validation(v) => {
            let mut line = serde_json::to_value(v).ok()?;
            line["event"] = json!("validation");
            line
        }
        TrainEvent::Checkpoint { step } => json!({ "event": "checkpoint", "step": step }),
    })
}

fn print_outcome(o: &RunOutcome) {
    println!(
        "{} {} steps in {:.0} s ({} steps/s); best checkpoint {}; run in {}",
        if o.stopped {
            "stopped after"
        } else {
            "finished"
        },
        grouped(o.steps as f64, 0),
        o.seconds,
        grouped(o.steps_per_s, 0),
        o.best.as_ref().map_or("none".to_owned(), |b| format!(
            "step {} ({} {})",
            grouped(b.step as f64, 0),
            b.metric,
            b.value.map_or("n/a".to_owned(), |v| grouped(v, 2))
        )),
        o.run.display()
    );
    println!(
        "next: holdout evaluate --run {} --split validation",
        o.run.display()
    );
}
