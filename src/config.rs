//! A run as asked (`RunConfig`) and as meant (`RunPlan`).
//!
//! The window, the command line and a `RUN.toml` fill the same struct. Layers are merged as
//! TOML tables: the defaults, a preset, a file, then single settings; the result is checked
//! as a whole, and every problem is told at once.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow, bail};
use holdout_core::compliance::RuleSet;
use holdout_core::market::{Instrument, SplitRatios};
use holdout_core::sim::{CurriculumSettings, Phase, SameBar, SimPlan, SimSettings};
use holdout_core::units::Usd;
use holdout_learn::{AdjusterConfig, DeviceChoice, NetworkConfig, PpoConfig, TrainConfig};
use holdout_store::runs::CheckpointChoice;
use serde::{Deserialize, Serialize};
use toml::de::{DeTable, DeValue};

/// Presets that ship with the programme: name, what it is for, its settings.
pub const PRESETS: [(&str, &str, &str); 7] = [
    (
        "demo",
        "3 million steps: the demo",
        include_str!("../assets/presets/demo.toml"),
    ),
    (
        "smoke",
        "65 thousand steps: does everything run?",
        include_str!("../assets/presets/smoke.toml"),
    ),
    (
        "quick",
        "1 million steps: which way does it go?",
        include_str!("../assets/presets/quick.toml"),
    ),
    (
        "seed",
        "20 + 100 million steps: the standard run",
        include_str!("../assets/presets/seed.toml"),
    ),
    (
        "extended",
        "50 + 200 million steps, Boot Camp 10%",
        include_str!("../assets/presets/extended.toml"),
    ),
    (
        "extended-20",
        "50 + 200 million steps, Boot Camp 20%",
        include_str!("../assets/presets/extended-20.toml"),
    ),
    (
        "extended-30",
        "50 + 200 million steps, Boot Camp 30%",
        include_str!("../assets/presets/extended-30.toml"),
    ),
];

/// One phase of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PhaseConfig {
    /// Environment steps; 0 leaves the phase out.
    pub steps: u64,
    /// Environments stepped together.
    pub envs: usize,
    /// Steps of each environment between two updates.
    pub rollout: usize,
    /// The algorithm.
    pub ppo: PpoConfig,
}

impl Default for PhaseConfig {
    fn default() -> Self {
        Self {
            steps: 1_000_000,
            envs: 256,
            rollout: 128,
            ppo: PpoConfig::default(),
        }
    }
}

/// A run as asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RunConfig {
    /// Title of the run; empty for none.
    pub name: String,
    /// Root symbol; empty takes the data set's own. Never guessed otherwise.
    pub market: String,
    /// Bar file in any known dialect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Finer bars of the same market, which `sim.same_bar = "finer_bars"` asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finer: Option<PathBuf>,
    /// Every random number of the run comes from this.
    pub seed: u64,
    /// `auto`, `cpu`, `gpu` or `gpu:n`.
    pub device: DeviceChoice,
    /// Updates between two evaluations on validation; 0 for none.
    pub eval_every: u64,
    /// Updates between two checkpoints; 0 for the last only.
    pub checkpoint_every: u64,
    /// Newest checkpoints that are kept, beside those that were the best and the last of phase 1;
    /// 0 keeps all.
    pub keep_checkpoints: u64,
    /// Rule set that results are judged by.
    pub ruleset: String,
    /// A run whose phase 1 is where phase 2 starts; phase 1 of this run is then left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase1_run: Option<PathBuf>,
    /// Which of its phase 1 checkpoints: `best`, `last`, or a number of steps.
    #[serde(with = "choice_text")]
    pub phase1_checkpoint: CheckpointChoice,
    /// Phase 2 may start without a phase 1.
    pub from_scratch: bool,
    /// Shares of train and validation.
    pub split: SplitRatios,
    /// The simulator.
    pub sim: SimSettings,
    /// The helps.
    pub curriculum: CurriculumSettings,
    /// Rules that turn learning rate, entropy and bonuses within bounds.
    pub adjuster: AdjusterConfig,
    /// The network.
    pub network: NetworkConfig,
    /// Entries.
    pub phase1: PhaseConfig,
    /// Management.
    pub phase2: PhaseConfig,
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            market: String::new(),
            data: None,
            finer: None,
            seed: 1,
            device: DeviceChoice::Auto,
            eval_every: 10,
            checkpoint_every: 50,
            keep_checkpoints: 0,
            ruleset: "apex-50k-seed".to_owned(),
            phase1_run: None,
            phase1_checkpoint: CheckpointChoice::Best,
            from_scratch: false,
            split: SplitRatios::default(),
            sim: SimSettings::default(),
            curriculum: CurriculumSettings::default(),
            adjuster: AdjusterConfig::default(),
            network: NetworkConfig::default(),
            phase1: PhaseConfig {
                steps: 20_000_000,
                ..PhaseConfig::default()
            },
            phase2: PhaseConfig {
                steps: 100_000_000,
                ..PhaseConfig::default()
            },
        }
    }
}

/// A checkpoint as text: `best`, `last`, or a number of steps.
mod choice_text {
    use std::fmt::Display;

    use holdout_store::runs::CheckpointChoice;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub(super) fn serialize<S: Serializer>(c: &CheckpointChoice, s: S) -> Result<S::Ok, S::Error> {
        match c {
            CheckpointChoice::Best => "best".serialize(s),
            CheckpointChoice::Last => "last".serialize(s),
            CheckpointChoice::Step(step) => step.serialize(s),
        }
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Raw {
        Step(u64),
        Word(String),
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        d: D,
    ) -> Result<CheckpointChoice, D::Error> {
        let told = |e: &dyn Display| de::Error::custom(e);
        match Raw::deserialize(d) {
            Ok(Raw::Step(step)) => Ok(CheckpointChoice::Step(step)),
            Ok(Raw::Word(word)) => word.parse().map_err(|e: String| told(&e)),
            Err(_) => Err(told(&"expected \"best\", \"last\" or a number of steps")),
        }
    }
}

/// One setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct ConfigProblem {
    /// Path of the setting in `RUN.toml`.
    pub field: String,
    /// What is wrong and what would do.
    pub message: String,
}

/// A run as meant: checked, in each part's own units.
#[derive(Clone, Debug)]
pub struct RunPlan {
    /// What was asked.
    pub config: RunConfig,
    /// Contract.
    pub instrument: Instrument,
    /// Simulator of evaluations: real limit, real costs, all actions.
    pub sim: SimPlan,
    /// Simulator of phase 1 training.
    pub sim1: SimPlan,
    /// Learner of phase 1.
    pub train1: TrainConfig,
    /// Learner of phase 2.
    pub train2: TrainConfig,
    /// Rule set that judges.
    pub rules: RuleSet,
}

impl RunConfig {
    /// Merges layers of TOML over the defaults, later ones winning, and reads the result.
    ///
    /// Each layer is a name for messages and its text.
    ///
    /// # Errors
    /// On bad TOML; on unknown keys and values of the wrong kind, all at once.
    pub fn from_layers(layers: &[(String, String)]) -> anyhow::Result<Self> {
        let (config, problems) = Self::read_layers(layers)?;
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(problems_to_error(problems))
        }
    }

    /// [`RunConfig::from_layers`], where settings that cannot be read are left out and told, so
    /// that the rest can be checked as well.
    ///
    /// # Errors
    /// On bad TOML.
    pub fn read_layers(layers: &[(String, String)]) -> anyhow::Result<(Self, Vec<ConfigProblem>)> {
        let mut merged = toml::Table::try_from(Self::default())?;
        let mut problems = Vec::new();
        for (name, text) in layers {
            let table: toml::Table = text
                .parse()
                .with_context(|| format!("{name} is not a run configuration"))?;
            let mut settings = Vec::new();
            leaves(&table, &mut Vec::new(), &mut settings);
            for (path, value) in settings {
                let mut attempt = merged.clone();
                put(&mut attempt, &path, value);
                match attempt.clone().try_into::<Self>() {
                    Ok(_) => merged = attempt,
                    Err(e) => problems.push(ConfigProblem {
                        field: path.join("."),
                        message: format!("{} ({name}{})", e.message(), line_of(text, &path)),
                    }),
                }
            }
        }
        Ok((merged.try_into()?, problems))
    }

    /// A preset over the defaults.
    ///
    /// # Errors
    /// When there is no preset of that name.
    pub fn preset(name: &str) -> anyhow::Result<Self> {
        Self::from_layers(&[(format!("preset {name}"), preset_text(name)?.to_owned())])
    }

    /// The configuration as a `RUN.toml`.
    ///
    /// # Errors
    /// When a value has no TOML form (a path that is not Unicode).
    pub fn to_toml(&self) -> anyhow::Result<String> {
        Ok(toml::to_string(self)?)
    }

    /// Checks everything for a contract.
    ///
    /// # Errors
    /// Every problem at once.
    pub fn plan(&self, instrument: &Instrument) -> Result<RunPlan, Vec<ConfigProblem>> {
        let mut problems = Vec::new();
        let mut tell = |field: &str, message: String| {
            problems.push(ConfigProblem {
                field: field.to_owned(),
                message,
            })
        };
        let rules = RuleSet::builtin(&self.ruleset);
        if let Err(e) = &rules {
            tell("ruleset", e.to_string());
        }
        let sim = self.sim.plan(instrument);
        if let Err(found) = &sim {
            found.iter().for_each(|p| {
                tell(
                    &format!("sim.{}", p.field),
                    format!("{} found, {} expected", p.value, p.expected),
                )
            });
        }
        if self.sim.same_bar == SameBar::FinerBars && self.finer.is_none() {
            tell(
                "finer",
                "sim.same_bar = finer_bars asks finer bars: name a file of them, or choose stop_first or target_first".to_owned(),
            );
        }
        let (train, validation) = (self.split.train, self.split.validation);
        if !(train > 0.0 && validation > 0.0 && train + validation < 1.0) {
            tell(
                "split",
                format!(
                    "train {train} and validation {validation} must be positive and leave something for test"
                ),
            );
        }
        if self.phase1.steps == 0 && self.phase2.steps == 0 {
            tell(
                "phase1.steps",
                "one of the two phases needs steps".to_owned(),
            );
        }
        if self.phase1.steps == 0 && !self.from_scratch && self.phase1_run.is_none() {
            tell("from_scratch", "phase 2 needs a phase 1 checkpoint to start from: name a run with phase1_run = \"RUN\", or set from_scratch = true".to_owned());
        }
        if self.phase1.steps > 0 && self.phase1_run.is_some() {
            tell("phase1_run", "phase 1 cannot both be trained and be taken from another run: set phase1.steps = 0, or leave phase1_run out".to_owned());
        }
        let train1 = self.train_config(Phase::Entries, &self.phase1, instrument);
        let train2 = self.train_config(Phase::Management, &self.phase2, instrument);
        for (name, phase, config) in [
            ("phase1", &self.phase1, &train1),
            ("phase2", &self.phase2, &train2),
        ] {
            if phase.steps == 0 {
                continue;
            }
            for p in config.check().err().unwrap_or_default() {
                let shared = p.field.starts_with("curriculum") || p.field.starts_with("network");
                let own = p
                    .field
                    .replace("n_envs", "envs")
                    .replace("total_steps", "steps");
                let field = if shared {
                    p.field.clone()
                } else {
                    format!("{name}.{own}")
                };
                tell(
                    &field,
                    format!("{} found, {} expected", p.value, p.expected),
                );
            }
        }
        let training_limit = Usd::from_dollars(self.curriculum.entries.training_drawdown_limit_usd);
        let limit1 = if self.curriculum.enabled {
            training_limit
        } else {
            self.sim.drawdown_limit
        };
        let sim1 = SimSettings {
            phase: 1,
            drawdown_limit: limit1,
            ..self.sim.clone()
        }
        .plan(instrument);
        problems.sort_by(|a, b| a.field.cmp(&b.field));
        problems.dedup();
        match (rules, sim, sim1) {
            (Ok(rules), Ok(sim), Ok(sim1)) if problems.is_empty() => Ok(RunPlan {
                config: self.clone(),
                instrument: instrument.clone(),
                sim,
                sim1,
                train1,
                train2,
                rules,
            }),
            _ => Err(problems),
        }
    }

    /// What the learner is asked for in a phase.
    pub fn train_config(
        &self,
        phase: Phase,
        p: &PhaseConfig,
        instrument: &Instrument,
    ) -> TrainConfig {
        TrainConfig {
            phase,
            total_steps: Some(p.steps),
            n_envs: p.envs,
            rollout: p.rollout,
            ppo: p.ppo,
            network: self.network.clone(),
            curriculum: self.curriculum,
            adjuster: self.adjuster,
            own_commission: self
                .sim
                .commission_per_side
                .unwrap_or(instrument.commission),
            // The phases draw different numbers.
            seed: self
                .seed
                .wrapping_mul(2)
                .wrapping_add(u64::from(phase.number())),
            eval_every: self.eval_every,
            checkpoint_every: self.checkpoint_every,
            device: self.device,
        }
    }
}

/// The text of a preset.
///
/// # Errors
/// When there is none of that name; the message lists those there are.
pub fn preset_text(name: &str) -> anyhow::Result<&'static str> {
    match PRESETS.iter().find(|p| p.0 == name) {
        Some(p) => Ok(p.2),
        None => bail!(
            "preset \"{name}\" is unknown; known are {}",
            PRESETS.map(|p| p.0).join(", ")
        ),
    }
}

/// Every problem of a configuration as one error.
pub fn problems_to_error(problems: Vec<ConfigProblem>) -> anyhow::Error {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    anyhow!(
        "the run configuration has {} problem(s):\n  {}",
        lines.len(),
        lines.join("\n  ")
    )
}

/// Every setting of a table with its path.
fn leaves(table: &toml::Table, path: &mut Vec<String>, out: &mut Vec<(Vec<String>, toml::Value)>) {
    for (key, value) in table {
        path.push(key.clone());
        match value {
            toml::Value::Table(inner) if !inner.is_empty() => leaves(inner, path, out),
            value => out.push((path.clone(), value.clone())),
        }
        path.pop();
    }
}

/// Sets a value at a path; an empty table changes nothing where there is one.
fn put(table: &mut toml::Table, path: &[String], value: toml::Value) {
    let Some((key, rest)) = path.split_first() else {
        return;
    };
    if !rest.is_empty() {
        let inner = table
            .entry(key.clone())
            .or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if !inner.is_table() {
            *inner = toml::Value::Table(toml::Table::new());
        }
        if let toml::Value::Table(inner) = inner {
            put(inner, rest, value);
        }
    } else if !(value.is_table() && table.get(key).is_some_and(toml::Value::is_table)) {
        table.insert(key.clone(), value);
    }
}

/// `, line 7` for the line of a setting; nothing where it cannot be told.
fn line_of(text: &str, path: &[String]) -> String {
    fn start(table: &DeTable<'_>, path: &[String]) -> Option<usize> {
        let (key, rest) = path.split_first()?;
        let (name, value) = table.iter().find(|(k, _)| k.get_ref() == key)?;
        match value.get_ref() {
            DeValue::Table(inner) if !rest.is_empty() => start(inner, rest),
            _ => Some(name.span().start),
        }
    }
    let at = DeTable::parse(text)
        .ok()
        .and_then(|t| start(t.get_ref(), path));
    at.map_or_else(String::new, |at| {
        format!(", line {}", text[..at].matches('\n').count() + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdout_core::market::Instruments;

    fn nq() -> Instrument {
        Instruments::builtin().get("NQ").unwrap().clone()
    }

    #[test]
    fn presets_make_sound_plans() {
        for (name, _, _) in PRESETS {
            RunConfig::preset(name).unwrap().plan(&nq()).unwrap();
        }
        assert!(
            RunConfig::preset("huge")
                .unwrap_err()
                .to_string()
                .contains("smoke")
        );
    }

    #[test]
    fn later_layers_win_and_leave_the_rest() {
        let layers = [
            ("a", "[phase2.ppo]\ngamma = 0.9\n"),
            ("b", "seed = 7\n[phase2]\nsteps = 5\n"),
        ];
        let config =
            RunConfig::from_layers(&layers.map(|(n, t)| (n.to_owned(), t.to_owned()))).unwrap();
        assert_eq!(
            (config.seed, config.phase2.steps, config.phase2.ppo.gamma),
            (7, 5, 0.9)
        );
        assert_eq!(config.phase1.steps, 20_000_000);
        let bad = RunConfig::from_layers(&[("my.toml".to_owned(), "[sim]\nslip = 1".to_owned())])
            .unwrap_err();
        assert!(format!("{bad:#}").contains("my.toml") && format!("{bad:#}").contains("slip"));
    }

    #[test]
    fn a_configuration_survives_its_own_text() {
        let mut config = RunConfig::preset("quick").unwrap();
        config.sim.early_closes = Some([("2024-11-29".to_owned(), "13:00".to_owned())].into());
        let back =
            RunConfig::from_layers(&[("text".to_owned(), config.to_toml().unwrap())]).unwrap();
        assert_eq!(back, config);
    }

    #[test]
    fn unreadable_settings_are_told_together_with_their_lines_and_the_rest_is_kept() {
        let text = "seed = 3\nsede = 4\n[sim]\nslip = 1\ncontracts = \"two\"\n[phase1]\nsteps = 5\n[phase2.ppo]\ngama = 0.9\n[network]\ntrunk = 7\n";
        let (config, problems) =
            RunConfig::read_layers(&[("my.toml".to_owned(), text.to_owned())]).unwrap();
        assert_eq!((config.seed, config.phase1.steps), (3, 5));
        let found: Vec<(&str, bool)> = problems
            .iter()
            .map(|p| (p.field.as_str(), p.message.contains("(my.toml, line ")))
            .collect();
        assert_eq!(
            found,
            [
                ("network.trunk", true),
                ("phase2.ppo.gama", true),
                ("sede", true),
                ("sim.contracts", true),
                ("sim.slip", true)
            ]
        );
        assert!(problems[2].message.ends_with("line 2)"), "{}", problems[2]);
        assert!(
            problems[4].message.contains("slippage_ticks"),
            "known names are listed"
        );
    }

    #[test]
    fn all_problems_come_at_once() {
        let mut config = RunConfig {
            ruleset: "nobody".to_owned(),
            ..RunConfig::default()
        };
        config.sim.contracts = 0;
        config.phase1.steps = 0;
        config.phase2.ppo.gamma = 2.0;
        let fields: Vec<String> = config
            .plan(&nq())
            .unwrap_err()
            .into_iter()
            .map(|p| p.field)
            .collect();
        assert_eq!(
            fields,
            [
                "from_scratch",
                "phase2.ppo.gamma",
                "ruleset",
                "sim.contracts"
            ]
        );
    }
}
