//! What a report knows of one run: its papers, its training, and its evaluations.

use std::path::Path;

use anyhow::bail;
use holdout_core::market::SessionCalendar;
use holdout_core::market::split::Part;
use holdout_core::sim::Phase;
use holdout_store::runs::{BestPointer, Labels, RunStatus, test_looks};
use serde_json::{Value, json};

use crate::jobs::evaluate::{Evaluation, Judge, Known, evaluate_in, training_figures};
use crate::jobs::kept;
use crate::jobs::player::{Player, PlayerChoice};
use crate::jobs::train::{RunData, open_run};
use crate::jobs::trials::trials;

/// Steps of gathering a run, as progress counts them.
pub(super) const STEPS: u64 = 6;

/// Everything that a report shows of one run.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// Identifier.
    pub id: String,
    /// Where it stands.
    pub status: RunStatus,
    /// Tags and notes.
    pub labels: Labels,
    /// The data it was trained on.
    pub data: RunData,
    /// Sessions that its accounts were played under.
    pub calendar: SessionCalendar,
    /// The configuration as asked.
    pub config: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Device that was asked for.
    pub device: String,
    /// Steps of the checkpoint.
    pub step: u64,
    /// Name of the ensemble, where it is one; the step is then its first member's.
    pub ensemble: Option<String>,
    /// Phase in which it was written.
    pub phase: Phase,
    /// The run's best checkpoint.
    pub best: Option<BestPointer>,
    /// Checkpoints that the run has.
    pub checkpoints: Vec<u64>,
    /// How often the test part of its data was looked at.
    pub looks: u64,
    /// The evaluations of the checkpoint, in the order of the split.
    pub evaluations: Vec<Evaluation>,
    /// Part that the report is about.
    pub part: Part,
    /// Lines of the record of updates.
    pub updates: Vec<Value>,
    /// Lines of the record of trials on validation.
    pub trials: Vec<Value>,
}

impl RunFacts {
    /// Reads a run and judges what must be. `tell` hears what is done, and fails to stop it.
    pub(super) fn gather(
        run: &Path,
        choice: &PlayerChoice,
        part: Option<Part>,
        tell: &mut dyn FnMut(&str, u64) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        tell("Opening the run", 0)?;
        let mut stopped = None;
        let (folder, data, arena) = open_run(run, &mut |_| {
            let on = tell("Opening the run", 0);
            let go_on = on.is_ok();
            stopped = on.err();
            go_on
        })
        .map_err(|e| stopped.take().unwrap_or(e))?;
        let player = Player::load(&folder, choice)?;
        let step = player.step;
        let runs = folder.runs()?;
        tell("Judging on the training part", 1)?;
        let known = Known {
            trials: trials(&runs, &data)?,
            train: Some(training_figures(&arena, &player)?),
        };
        let kept_test = kept::folder_of(&folder, Part::Test, &player).is_dir();
        let usual = if kept_test {
            Part::Test
        } else {
            Part::Validation
        };
        let about = part.unwrap_or(usual);
        let mut evaluations = Vec::new();
        for (i, p) in Part::ALL.into_iter().enumerate() {
            tell(&format!("Reading {}", p.name()), 2 + i as u64)?;
            let kept = kept::judged_again(&folder, &arena, p, &player, &known, p == about)?;
            let e = match kept {
                None if p == Part::Validation => {
                    let judge = Judge::default();
                    let (e, _) = evaluate_in(&folder, &data, &arena, choice, p, judge)?;
                    Some(e)
                }
                other => other,
            };
            evaluations.extend(e);
        }
        let looks = test_looks(&runs, &data.test_part())?.len() as u64;
        for e in evaluations
            .iter_mut()
            .filter(|e| e.part == Some(Part::Test))
        {
            e.looks = Some(looks);
        }
        let has = |p: Part| evaluations.iter().any(|e| e.part == Some(p));
        if let Some(p) = part.filter(|p| !has(*p)) {
            bail!(
                "the {} part was not judged with {}, and a report opens nothing; judge it with: holdout evaluate --run {} --checkpoint {} --split {}{}",
                p.name(),
                player.label(),
                run.display(),
                player
                    .ensemble()
                    .map_or_else(|| step.to_string(), |name| format!("ensemble:{name}")),
                p.name(),
                if p == Part::Train { " --in-sample" } else { "" }
            );
        }
        tell("Reading the record of training", 5)?;
        Ok(Self {
            id: folder.id(),
            status: folder.status()?,
            labels: folder.labels()?,
            calendar: arena.plan.sim.calendar.clone(),
            config: folder.run_toml()?,
            seed: arena.plan.config.seed,
            device: arena.plan.config.device.to_string(),
            step,
            phase: player.phase,
            ensemble: player.ensemble().map(str::to_owned),
            best: folder.best()?,
            checkpoints: folder.checkpoint_steps()?,
            looks,
            evaluations,
            part: about,
            updates: folder.metrics()?.values,
            trials: folder.validation()?.values,
            data,
        })
    }

    /// The evaluation of a part, where there is one.
    pub fn on(&self, part: Part) -> Option<&Evaluation> {
        self.evaluations.iter().find(|e| e.part == Some(part))
    }

    /// The evaluation that the report is about.
    pub fn main(&self) -> &Evaluation {
        // Validation is always there, and the part was looked for among them.
        self.on(self.part).unwrap_or(&self.evaluations[0])
    }

    /// Who was judged, in words.
    pub(super) fn player(&self) -> String {
        match &self.ensemble {
            Some(name) => format!("ensemble {name}"),
            None => format!(
                "checkpoint at step {}",
                crate::report::number::count(self.step)
            ),
        }
    }

    /// Market, run, part and checkpoint, for charts.
    pub(super) fn subtitle(&self) -> String {
        format!(
            "{} · {} · {} · {}",
            self.data.market,
            self.id,
            self.part.name(),
            self.player()
        )
    }

    /// Every figure as numbers.
    pub(super) fn json(&self) -> anyhow::Result<Value> {
        let mut parts = serde_json::Map::new();
        for e in &self.evaluations {
            let name = e.part.map_or("other", Part::name);
            let mut value = serde_json::to_value(e)?;
            value["summary"] = serde_json::to_value(e.summary())?;
            parts.insert(name.to_owned(), value);
        }
        Ok(json!({
            "id": self.id,
            "status": self.status,
            "labels": self.labels,
            "data": self.data,
            "seed": self.seed,
            "device": self.device,
            "checkpoint_step": self.step,
            "ensemble": self.ensemble,
            "phase": self.phase.number(),
            "best": self.best,
            "checkpoints": self.checkpoints,
            "looks": self.looks,
            "part": self.part.name(),
            "parts": parts,
            "updates": self.updates.len(),
            "validation": self.trials,
            "run_toml": self.config,
        }))
    }
}
