//! The record of one update, put together from what its parts counted.

use std::time::Duration;

use holdout_core::sim::CurriculumState;

use super::diagnostics::{ActionCounts, EpochFigures, UpdateCoefs};
use super::train::Run;
use crate::adjuster::Knobs;
use crate::env::StepTotals;
use crate::event::UpdateRecord;

/// Where the time of an update went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// In the environments.
    pub(crate) env: Duration,
    /// Until the rollout was done, environments included.
    pub(crate) rolled_out: Duration,
    /// The whole update.
    pub(crate) all: Duration,
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Puts the record together.
pub(crate) fn record(
    run: &mut Run<'_>,
    coefs: &UpdateCoefs,
    figures: &EpochFigures,
    epochs: u64,
    (totals, counts): (&StepTotals, &ActionCounts),
    times: &Times,
    (curriculum, knobs): (CurriculumState, Knobs),
) -> UpdateRecord {
    let steps = run.config.steps_per_update() as f64;
    let per_second = |time: Duration| steps / time.as_secs_f64().max(1e-9);
    let n = figures.minibatches as f64;
    let rows = figures.sums.rows;
    let (return_mean, episode_length_mean) = run.episodes.take_means();
    let reward_mean = run
        .rollout
        .rewards
        .iter()
        .map(|&r| f64::from(r))
        .sum::<f64>()
        / steps;
    UpdateRecord {
        update: run.update,
        step: run.step,
        progress: run.config.progress(run.step),
        seconds: times.all.as_secs_f64(),
        env_sps: per_second(times.env),
        rollout_sps: per_second(times.rolled_out),
        train_sps: per_second(times.all),
        env_seconds: times.env.as_secs_f64(),
        inference_seconds: (times.rolled_out.saturating_sub(times.env)).as_secs_f64(),
        training_seconds: (times.all.saturating_sub(times.rolled_out)).as_secs_f64(),
        return_mean,
        episode_length_mean,
        reward_mean,
        equity_change_usd: totals.equity_change_usd,
        net_pnl_usd: totals.net_pnl_usd,
        entry_bonus_usd: totals.entry_bonus_usd,
        management_bonus_usd: totals.management_bonus_usd,
        drawdown_penalty_usd: totals.drawdown_penalty_usd,
        breach_penalty_usd: totals.breach_penalty_usd,
        clipped_usd: totals.clipped_usd,
        entries: totals.entries,
        trades: totals.trades,
        wins: totals.wins,
        win_rate: ratio(totals.wins, totals.trades),
        managed_trades: totals.managed_trades,
        forced_trades: totals.forced_trades,
        trail_switches: totals.trail_switches,
        action_shares: counts
            .taken
            .map(|c| c as f64 / counts.total().max(1) as f64),
        hold_only_share: 1.0 - counts.choices as f64 / counts.total().max(1) as f64,
        free_hold_share: ratio(counts.chosen[0], counts.choices),
        choice_shares: counts.choice_shares(),
        drawdown_mean_usd: totals.drawdown_sum_usd / steps,
        drawdown_worst_usd: totals.drawdown_worst_usd,
        episodes: totals.episodes,
        breaches: totals.breaches,
        stalls: totals.stalls,
        breaches_per_1000: ratio(totals.breaches * 1000, totals.episodes),
        entropy: figures.sums.entropy / rows,
        entropy_max: counts.entropy_max(),
        approx_kl: run.last_kl,
        clip_fraction: figures.sums.clipped / rows,
        explained_variance: run.rollout.explained_variance(),
        policy_loss: figures.sums.policy / rows,
        value_loss: figures.sums.value / rows,
        loss: figures.loss_sum / n,
        grad_norm: figures.grad_norm_sum / n,
        grad_norm_max: figures.grad_norm_max,
        learning_rate: coefs.lr,
        ent_coef: f64::from(coefs.loss.ent_coef),
        epochs,
        optimizer_steps: run.optimizer_steps(),
        curriculum,
        knobs,
    }
}
