//! A run as asked (`RunConfig`) and as meant (`RunPlan`).
//!
//! The window, the command line and a `RUN.toml` fill the same struct. Layers are merged as
//! TOML tables: the defaults, a preset, a file, then single settings; the result is checked
//! as a whole, and every problem is told at once.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use holdout_core::compliance::RuleSet;
use holdout_core::market::{Instrument, SplitRatios};
use holdout_core::sim::{CurriculumSettings, Phase, SimPlan, SimSettings};
use holdout_core::units::Usd;
use holdout_learn::{DeviceChoice, NetworkConfig, PpoConfig, TrainConfig};
use serde::{Deserialize, Serialize};

/// Presets that ship with the programme: name, what it is for, its settings.
pub const PRESETS: [(&str, &str, &str); 5] = [
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
        "50 + 200 million steps, short Boot Camp",
        include_str!("../assets/presets/extended.toml"),
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
    /// Every random number of the run comes from this.
    pub seed: u64,
    /// `auto`, `cpu`, `gpu` or `gpu:n`.
    pub device: DeviceChoice,
    /// Updates between two evaluations on validation; 0 for none.
    pub eval_every: u64,
    /// Updates between two checkpoints; 0 for the last only.
    pub checkpoint_every: u64,
    /// Rule set that results are judged by.
    pub ruleset: String,
    /// Phase 2 may start without a phase 1.
    pub from_scratch: bool,
    /// Shares of train and validation.
    pub split: SplitRatios,
    /// The simulator.
    pub sim: SimSettings,
    /// The helps.
    pub curriculum: CurriculumSettings,
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
            seed: 1,
            device: DeviceChoice::Auto,
            eval_every: 10,
            checkpoint_every: 50,
            ruleset: "apex-50k-seed".to_owned(),
            from_scratch: false,
            split: SplitRatios::default(),
            sim: SimSettings::default(),
            curriculum: CurriculumSettings::default(),
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
    /// On bad TOML, on unknown keys and on values of the wrong kind.
    pub fn from_layers(layers: &[(String, String)]) -> anyhow::Result<Self> {
        let mut merged = toml::Table::try_from(Self::default())?;
        for (name, text) in layers {
            // Each layer is read on its own first, so that a message names it and its line.
            toml::from_str::<Self>(text)
                .with_context(|| format!("{name} is not a run configuration"))?;
            merge(&mut merged, text.parse::<toml::Table>()?);
        }
        Ok(merged.try_into()?)
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
        if self.phase1.steps == 0 && !self.from_scratch {
            tell("from_scratch", "phase 2 without a phase 1 to start from must be asked for: set from_scratch = true".to_owned());
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

/// Lays `over` onto `base`, table by table.
fn merge(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(b)), toml::Value::Table(o)) => merge(b, o),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
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
    fn all_problems_come_at_once() {
        let mut config = RunConfig::default();
        config.ruleset = "nobody".to_owned();
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
