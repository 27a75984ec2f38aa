//! What a run says while it runs, what it can be told, and how it can end.

use holdout_core::sim::{CurriculumState, N_ACTIONS};
use serde::{Deserialize, Serialize};

use crate::adjuster::{Adjustment, Knobs};
use crate::checkpoint::CheckpointError;
use crate::device::DeviceError;
use crate::policy::Policy;
use crate::ppo::ConfigProblem;

/// What the outside wants of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Go on.
    Continue,
    /// Wait until [`Control::wait`] returns, then ask again.
    Pause,
    /// Write a checkpoint and end.
    Stop,
}

/// The outside's hand on a run.
pub trait Control {
    /// Asked once per update, and again after a pause.
    fn poll(&self) -> Command;

    /// Blocks for as long as the run is paused.
    fn wait(&self) {}
}

/// Never stops a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunToEnd;

impl Control for RunToEnd {
    fn poll(&self) -> Command {
        Command::Continue
    }
}

/// Figures of one update. Money is in dollars and summed over all environments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UpdateRecord {
    /// 1, 2, 3 …
    pub update: u64,
    /// Environment steps done after this update.
    pub step: u64,
    /// Steps done over steps planned.
    pub progress: f64,
    /// Wall time of this update.
    pub seconds: f64,
    /// Steps per second of the environments alone.
    pub env_sps: f64,
    /// Steps per second with inference.
    pub rollout_sps: f64,
    /// Steps per second with training: the whole update.
    pub train_sps: f64,
    /// Seconds in the environments.
    pub env_seconds: f64,
    /// Seconds in inference and sampling.
    pub inference_seconds: f64,
    /// Seconds in advantages, epochs and normaliser.
    pub training_seconds: f64,
    /// Mean return of the episodes that ended, in reward units.
    pub return_mean: Option<f64>,
    /// Their mean length in steps.
    pub episode_length_mean: Option<f64>,
    /// Mean reward per step, in reward units.
    pub reward_mean: f64,
    /// Change of equity net of costs, realised and unrealised, without bonuses.
    pub equity_change_usd: f64,
    /// Net P&L of closed trades, without bonuses.
    pub net_pnl_usd: f64,
    /// Entry bonuses paid.
    pub entry_bonus_usd: f64,
    /// Management bonuses paid.
    pub management_bonus_usd: f64,
    /// Drawdown penalties.
    pub drawdown_penalty_usd: f64,
    /// Breach penalties.
    pub breach_penalty_usd: f64,
    /// Reward removed by clipping.
    pub clipped_usd: f64,
    /// Executed entries.
    pub entries: u64,
    /// Closed round trips, forced ones left out.
    pub trades: u64,
    /// Those with a net P&L above 0.
    pub wins: u64,
    /// Wins over trades.
    pub win_rate: Option<f64>,
    /// Trades whose stop was moved.
    pub managed_trades: u64,
    /// Forced trades that closed.
    pub forced_trades: u64,
    /// Switches of the trailing stop.
    pub trail_switches: u64,
    /// Share of each action in all steps.
    pub action_shares: [f64; N_ACTIONS],
    /// Share of steps on which only HOLD was allowed.
    pub hold_only_share: f64,
    /// Share of HOLD where more was allowed.
    pub free_hold_share: Option<f64>,
    /// Share of each action where more than HOLD was allowed.
    #[serde(default)]
    pub choice_shares: Option<[f64; N_ACTIONS]>,
    /// Mean drawdown below the peak.
    pub drawdown_mean_usd: f64,
    /// Worst of any environment.
    pub drawdown_worst_usd: f64,
    /// Episodes that ended.
    pub episodes: u64,
    /// Of these, in a breach.
    pub breaches: u64,
    /// Of these, shut out for good.
    pub stalls: u64,
    /// Breaches per thousand episodes that ended.
    pub breaches_per_1000: Option<f64>,
    /// Mean entropy of the policy over the epochs, in nats.
    pub entropy: f64,
    /// Entropy of a policy that does every allowed action alike, in nats.
    #[serde(default)]
    pub entropy_max: f64,
    /// Mean approximate KL of the last epoch.
    pub approx_kl: f64,
    /// Share of samples outside the clipping range.
    pub clip_fraction: f64,
    /// Explained variance of the returns by the values.
    pub explained_variance: Option<f64>,
    /// Mean policy loss.
    pub policy_loss: f64,
    /// Mean value loss.
    pub value_loss: f64,
    /// Mean whole loss.
    pub loss: f64,
    /// Mean norm of the gradient before clipping.
    pub grad_norm: f64,
    /// Largest norm of the gradient before clipping.
    pub grad_norm_max: f64,
    /// Learning rate in force.
    pub learning_rate: f64,
    /// Entropy weight in force.
    pub ent_coef: f64,
    /// Epochs done before the KL limit or the end.
    pub epochs: u64,
    /// Optimiser steps done since the start of the run.
    pub optimizer_steps: u64,
    /// Helps that were in force during the rollout, as the adjuster left them.
    pub curriculum: CurriculumState,
    /// The adjuster's factors that were in force.
    #[serde(default)]
    pub knobs: Knobs,
}

impl UpdateRecord {
    /// The record without what depends on the clock, for comparing runs.
    #[must_use]
    pub fn without_times(&self) -> Self {
        Self {
            seconds: 0.0,
            env_sps: 0.0,
            rollout_sps: 0.0,
            train_sps: 0.0,
            env_seconds: 0.0,
            inference_seconds: 0.0,
            training_seconds: 0.0,
            ..self.clone()
        }
    }
}

/// A checkpoint on its way out.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckpointData {
    /// Environment steps done.
    pub step: u64,
    /// Updates done.
    pub update: u64,
    /// Everything needed to continue, in the safetensors format.
    pub weights: Vec<u8>,
    /// What is in it, for people and programs that only look.
    pub meta: serde_json::Value,
}

/// What a run says.
#[derive(Debug)]
pub enum Event<'a> {
    /// An update was done.
    Update(Box<UpdateRecord>),
    /// A checkpoint is due.
    Checkpoint(CheckpointData),
    /// An evaluation of this policy is due; the run waits for it.
    EvalDue {
        /// Environment steps done.
        step: u64,
        /// Updates done.
        update: u64,
        /// The policy as it is now, normaliser included.
        policy: &'a Policy,
        /// Set by the receiver where this policy is the best so far: a checkpoint follows.
        keep: &'a mut bool,
    },
    /// The auto-adjuster turned a knob, or would have; after the update whose figures it read.
    Adjustment {
        /// Environment steps done.
        step: u64,
        /// Updates done.
        update: u64,
        /// What and why.
        adjustment: Adjustment,
    },
    /// Something needs a person's eye.
    Alarm {
        /// Environment steps done.
        step: u64,
        /// What and why.
        text: String,
    },
    /// The run waits for its user, or goes on after it did.
    Paused(bool),
    /// A line for the log.
    Log(String),
}

/// How a run ended well.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Environment steps done, those before a resume included.
    pub step: u64,
    /// Updates done.
    pub update: u64,
    /// Whether it was told to stop before its end.
    pub stopped: bool,
    /// The last checkpoint.
    pub last: CheckpointData,
}

/// The inputs of an update that failed, in the safetensors format: the rollout, the parameters
/// as they were when it was noticed, the normaliser, and the settings as JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct UpdateInputs(pub Vec<u8>);

impl std::fmt::Debug for UpdateInputs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UpdateInputs({} bytes)", self.0.len())
    }
}

/// How a run ended badly.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Settings that make no sense.
    #[error("the training settings do not make sense: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Config(Vec<ConfigProblem>),
    /// The device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The checkpoint to start from.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint belongs to another kind of run.
    #[error("the checkpoint does not fit this run: {what} is {found}, expected {expected}; {hint}")]
    Mismatch {
        /// What differs.
        what: &'static str,
        /// In the checkpoint.
        found: String,
        /// In the run.
        expected: String,
        /// What to do.
        hint: &'static str,
    },
    /// The environments do not keep their promise.
    #[error("the environment is broken: {0}")]
    Environment(String),
    /// A number was not finite; the figures are the update's.
    #[error(
        "update {update} at step {step} is not finite ({what}): loss {loss}, gradient norm {grad_norm}, learning rate {learning_rate}, approximate KL {approx_kl}; train anew with a smaller learning rate, or look at the inputs"
    )]
    NotFinite {
        /// Update.
        update: u64,
        /// Steps done.
        step: u64,
        /// Where it was seen.
        what: &'static str,
        /// Mean loss.
        loss: f64,
        /// Mean gradient norm.
        grad_norm: f64,
        /// Learning rate.
        learning_rate: f64,
        /// Approximate KL.
        approx_kl: f64,
        /// What the update was computed from, for finding out why.
        inputs: UpdateInputs,
    },
    /// The graphics card stopped answering.
    #[error(
        "the device stopped at update {update}: {reason}; the last checkpoint is intact, resume from it on this device or with --device cpu"
    )]
    DeviceLost {
        /// Update.
        update: u64,
        /// What the driver said.
        reason: String,
    },
    /// The receiver of events failed.
    #[error("an event could not be delivered: {0}")]
    Receiver(String),
}

#[cfg(test)]
impl UpdateRecord {
    /// A record of an update in which nothing happened.
    pub(crate) fn blank() -> Self {
        let curriculum = holdout_core::sim::CurriculumSettings::default().state(
            holdout_core::sim::Phase::Entries,
            holdout_core::units::Usd::ZERO,
            0.0,
        );
        Self {
            update: 0,
            step: 0,
            progress: 0.0,
            seconds: 0.0,
            env_sps: 0.0,
            rollout_sps: 0.0,
            train_sps: 0.0,
            env_seconds: 0.0,
            inference_seconds: 0.0,
            training_seconds: 0.0,
            return_mean: None,
            episode_length_mean: None,
            reward_mean: 0.0,
            equity_change_usd: 0.0,
            net_pnl_usd: 0.0,
            entry_bonus_usd: 0.0,
            management_bonus_usd: 0.0,
            drawdown_penalty_usd: 0.0,
            breach_penalty_usd: 0.0,
            clipped_usd: 0.0,
            entries: 0,
            trades: 0,
            wins: 0,
            win_rate: None,
            managed_trades: 0,
            forced_trades: 0,
            trail_switches: 0,
            action_shares: [0.0; N_ACTIONS],
            hold_only_share: 0.0,
            free_hold_share: None,
            choice_shares: None,
            drawdown_mean_usd: 0.0,
            drawdown_worst_usd: 0.0,
            episodes: 0,
            breaches: 0,
            stalls: 0,
            breaches_per_1000: None,
            entropy: 0.0,
            entropy_max: 0.0,
            approx_kl: 0.0,
            clip_fraction: 0.0,
            explained_variance: None,
            policy_loss: 0.0,
            value_loss: 0.0,
            loss: 0.0,
            grad_norm: 0.0,
            grad_norm_max: 0.0,
            learning_rate: 0.0,
            ent_coef: 0.0,
            epochs: 0,
            optimizer_steps: 0,
            curriculum,
            knobs: Knobs::default(),
        }
    }
}
