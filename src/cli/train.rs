//! `holdout train`: a run, started or resumed.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use holdout_core::market::Instruments;
use holdout_learn::Adjustment;
use holdout_store::text::read_whole_text;
use indicatif::ProgressBar;
use serde_json::json;

use super::args::{ImportArgs, ProgressStyle, TrainArgs};
use super::table::{row, table};
use super::{BadInput as _, Failure, Outcome, data, print_json, progress};
use crate::config::{ConfigProblem, RunConfig, RunPlan, preset_text};
use crate::dataset::{Dataset, sample_path};
use crate::jobs::StopFlag;
use crate::jobs::seeds::{SeedRun, SeedsSummary, Spread};
use crate::jobs::train::{RunOutcome, TrainEvent, problems_to_error, resume_run, train_run};
use crate::report::number::{dollars, grouped};

pub(super) fn run(a: &TrainArgs, json: bool) -> Outcome {
    let stop = StopFlag::new();
    progress::stop_on_ctrl_c(&stop)?;
    let mut teller = Teller::new(a.progress, json);
    if let Some(run) = &a.resume {
        let outcome = resume_run(run, a.checkpoint, a.device, &stop, &mut |e| teller.tell(&e))?;
        teller.finish();
        return told(&outcome, json);
    }
    let queue = queue(a, json)?;
    if let [one] = queue.as_slice() {
        let outcome = one.train(a, &stop, &mut teller)?;
        teller.finish();
        return told(&outcome, json);
    }
    let n = queue.len();
    let mut done = Vec::new();
    for (i, run) in queue.into_iter().enumerate() {
        if stop.is_stopped() {
            break;
        }
        teller.line(&format!(
            "run {} of {n}: seed {}",
            i + 1,
            run.plan.config.seed
        ));
        let outcome = run.train(a, &stop, &mut teller)?;
        teller.finish();
        done.push(SeedRun::of(run.plan.config.seed, outcome)?);
    }
    let summary = SeedsSummary::of(done);
    if json {
        return print_json(&summary);
    }
    print_summary(&summary);
    Ok(())
}

fn told(outcome: &RunOutcome, json: bool) -> Outcome {
    if json {
        return print_json(outcome);
    }
    print_outcome(outcome);
    Ok(())
}

/// A run that waits for its turn.
struct Queued {
    plan: RunPlan,
    dataset: Dataset,
    import: ImportArgs,
}

impl Queued {
    fn train(
        &self,
        a: &TrainArgs,
        stop: &StopFlag,
        teller: &mut Teller,
    ) -> anyhow::Result<RunOutcome> {
        train_run(
            self.plan.clone(),
            self.dataset.clone(),
            &self.import.options(),
            &a.out,
            stop,
            &mut |e| teller.tell(&e),
        )
    }
}

/// Every run that was asked for, checked before the first begins.
fn queue(a: &TrainArgs, json: bool) -> Result<Vec<Queued>, Failure> {
    let files: Vec<Option<&Path>> = if a.config.is_empty() {
        vec![None]
    } else {
        a.config.iter().map(|p| Some(p.as_path())).collect()
    };
    let mut queue = Vec::new();
    for file in files {
        let first = one(a, file, json)?;
        let seeds = if a.seeds.is_empty() {
            vec![first.plan.config.seed]
        } else {
            a.seeds.clone()
        };
        for seed in seeds {
            let config = RunConfig {
                seed,
                ..first.plan.config.clone()
            };
            let plan = config
                .plan(&first.dataset.bars.instrument)
                .map_err(|p| Failure::Input(problems_to_error(p)))?;
            queue.push(Queued {
                plan,
                dataset: first.dataset.clone(),
                import: first.import.clone(),
            });
        }
    }
    Ok(queue)
}

/// A configuration and its data, with every problem of both told at once.
fn one(a: &TrainArgs, file: Option<&Path>, json: bool) -> Result<Queued, Failure> {
    let (config, mut problems) = config(a, file).bad_input()?;
    let mut import = a.import.clone();
    if import.market.is_none() && !config.market.is_empty() {
        import.market = Some(config.market.clone());
    }
    let dataset = bars(a, &config, &import, json);
    // Without data the settings can still be checked, for the market that was named.
    let instrument = match (&dataset, &import.market) {
        (Ok(d), _) => Some(d.bars.instrument.clone()),
        (Err(_), Some(market)) => Instruments::builtin().get(market).ok().cloned(),
        (Err(_), None) => None,
    };
    let plan = match instrument.map(|i| config.plan(&i)) {
        Some(Ok(plan)) => Some(plan),
        Some(Err(found)) => {
            problems.extend(found);
            None
        }
        None => None,
    };
    match (dataset, plan) {
        (Ok(dataset), Some(plan)) if problems.is_empty() => Ok(Queued {
            plan,
            dataset,
            import,
        }),
        (Err(e), _) if problems.is_empty() => Err(e),
        _ => Err(Failure::Input(problems_to_error(problems))),
    }
}

fn bars(
    a: &TrainArgs,
    config: &RunConfig,
    import: &ImportArgs,
    json: bool,
) -> Result<Dataset, Failure> {
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
    data::load(&path, import, json)
}

/// The layers, and the options with a name of their own.
fn config(a: &TrainArgs, file: Option<&Path>) -> anyhow::Result<(RunConfig, Vec<ConfigProblem>)> {
    let layers = layers(file, a.preset.as_deref(), &a.set)?;
    let (mut config, problems) = RunConfig::read_layers(&layers)?;
    config.device = a.device.unwrap_or(config.device);
    config.seed = a.seed.unwrap_or(config.seed);
    Ok((config, problems))
}

/// A configuration from its layers.
pub(super) fn layered_config(
    file: Option<&Path>,
    preset: Option<&str>,
    set: &[String],
) -> anyhow::Result<RunConfig> {
    RunConfig::from_layers(&layers(file, preset, set)?)
}

/// The layers: preset, file, `--set`, each with a name for messages.
fn layers(
    file: Option<&Path>,
    preset: Option<&str>,
    set: &[String],
) -> anyhow::Result<Vec<(String, String)>> {
    let mut layers = Vec::new();
    if let Some(name) = preset {
        layers.push((format!("preset {name}"), preset_text(name)?.to_owned()));
    }
    if let Some(path) = file {
        let text =
            read_whole_text(path).with_context(|| format!("failed to read {}", path.display()))?;
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
    Ok(layers)
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
            TrainEvent::Phase {
                phase,
                from_step,
                steps,
            } => {
                self.bar.finish_and_clear();
                self.bar = progress::bar(
                    *steps,
                    &format!("Phase {} of 2", phase.number()),
                    self.quiet,
                );
                self.line(&format!(
                    "phase {}: {} steps from step {}",
                    phase.number(),
                    grouped(*steps as f64, 0),
                    grouped(*from_step as f64, 0)
                ));
            }
            TrainEvent::Update { record, .. } => {
                self.bar
                    .set_position((record.progress * self.bar.length().unwrap_or(0) as f64) as u64);
            }
            TrainEvent::Validation(v) => self.line(&format!(
                "step {:>12}  validation: {}",
                grouped(v.step as f64, 0),
                v.in_words()
            )),
            TrainEvent::Adjusted { step, adjustment } => {
                self.line(&adjusted_line(*step, adjustment))
            }
            TrainEvent::Alarm { step, text } => self.line(&format!(
                "ALARM at step {}: {text}",
                grouped(*step as f64, 0)
            )),
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
        TrainEvent::Adjusted { step, adjustment } => {
            let mut line = serde_json::to_value(adjustment).ok()?;
            line["event"] = json!("adjustment");
            line["step"] = json!(step);
            line
        }
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

/// An adjustment in a line, for log and terminal.
pub(crate) fn adjusted_line(step: u64, a: &Adjustment) -> String {
    format!(
        "{} at step {}: {} {:.2} passed {:.2}: {} {:.2} → {:.2}",
        if a.applied {
            "adjusted"
        } else {
            "adjuster is off, would adjust"
        },
        grouped(step as f64, 0),
        a.rule.name(),
        a.figure,
        a.limit,
        a.knob.name(),
        a.before,
        a.after
    )
}

fn print_summary(s: &SeedsSummary) {
    let mut t = table(&["seed", "run", "steps", "validation P&L", "Sharpe", "trades"]);
    for r in &s.runs {
        let v = r.validation.as_ref();
        let text = |x: Option<String>| x.unwrap_or_else(|| "n/a".to_owned());
        row(
            &mut t,
            &[
                r.seed.to_string(),
                r.outcome.run.display().to_string(),
                grouped(r.outcome.steps as f64, 0),
                text(v.map(|v| dollars(v.net_pnl_usd, 2))),
                text(v.and_then(|v| v.sharpe).map(|x| grouped(x, 2))),
                text(v.map(|v| grouped(v.trades as f64, 0))),
            ],
        );
    }
    println!("{t}");
    let show = |name: &str, spread: Option<Spread>, decimals: usize| match spread {
        None => println!("{name}: n/a"),
        Some(x) => println!(
            "{name}: mean {}, standard deviation {}, from {} to {} over {} runs",
            grouped(x.mean, decimals),
            x.sd.map_or("n/a".to_owned(), |sd| grouped(sd, decimals)),
            grouped(x.min, decimals),
            grouped(x.max, decimals),
            x.n
        ),
    };
    show("net P&L on validation (USD)", s.net_pnl_usd, 2);
    show("Sharpe ratio on validation", s.sharpe, 2);
    show(
        "largest drawdown on validation (USD)",
        s.max_drawdown_usd,
        2,
    );
    show("trades on validation", s.trades, 1);
    show("steps/s", s.steps_per_s, 0);
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
