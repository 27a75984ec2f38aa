//! Four checks of learning itself: a planted rule, a leak, a market without an edge, a mirror.

use std::time::Duration;

use holdout_core::features::FeatureSet;
use holdout_core::market::Bars;
use holdout_core::metrics::Tearsheet;
use holdout_core::sim::{ExitReason, Ledger, Phase, Side};
use holdout_core::synth::{mirror, planted_rule};
use holdout_learn::Start;
use serde::Serialize;

use super::trial::{arena, config, follow, learn, market, net_usd, unseen};
use super::{Check, Scale, SelfTestOptions};
use crate::jobs::StopFlag;

/// Longest training of one policy, so that a slow machine ends as well.
const LIMIT: Duration = Duration::from_secs(600);
/// "Rich within a minute".
const MINUTE: Duration = Duration::from_secs(60);
/// Share of the rule's P&L that has to be reached.
const ORACLE_SHARE: f64 = 0.8;
/// Level at which a claim of an edge counts: two-sided 1%.
const CLAIM_P: f64 = 0.01;
/// The normal quantile of that level.
const CLAIM_Z: f64 = 2.576;

fn steps(options: &SelfTestOptions, [full, quick, short]: [u64; 3]) -> u64 {
    match options.scale {
        Scale::Full => full,
        Scale::Quick => quick,
        Scale::Short => short,
    }
}

/// A rule that shows in a feature, found again on unseen days.
#[derive(Clone, Debug, Serialize)]
pub struct PlantedEdge {
    /// P&L over that of the policy that knows the rule: the smallest over the seeds.
    pub share_of_oracle: f64,
    /// By seed.
    pub seeds: Vec<PlantedSeed>,
}

/// [`PlantedEdge`] under one seed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PlantedSeed {
    /// Seed of market and learner.
    pub seed: u64,
    /// P&L over that of the rule.
    pub share_of_oracle: f64,
    /// Dollars out of sample, after costs.
    pub net_usd: f64,
    /// The rule's.
    pub oracle_usd: f64,
    /// Closed round trips.
    pub trades: usize,
    /// Steps trained.
    pub steps: u64,
    /// Seconds of training.
    pub seconds: f64,
}

/// Trains on a market with a planted rule and compares with the policy that knows it.
///
/// # Errors
/// When it was stopped, or a market or the learner fails.
pub fn planted_edge(
    options: &SelfTestOptions,
    stop: &StopFlag,
) -> anyhow::Result<Check<PlantedEdge>> {
    let mut seeds = Vec::new();
    for &seed in &options.seeds {
        let bars = market("planted_edge", seed, "2024-01-02", "2024-04-30")?;
        let config = config(seed, steps(options, [1_000_000, 500_000, 200_000]));
        let arena = arena(bars, &config, &FeatureSet::default())?;
        let learned = learn(&arena, Phase::Entries, Start::Scratch, stop, LIMIT)?;
        let ours = arena.evaluate(&learned.policy, Phase::Entries, unseen(&arena))?;
        let oracle = follow(&arena, |bar| planted_rule(&arena.matrix, bar));
        let (net_usd, oracle_usd) = (net_usd(&ours), net_usd(&oracle));
        seeds.push(PlantedSeed {
            seed,
            share_of_oracle: net_usd / oracle_usd,
            net_usd,
            oracle_usd,
            trades: ours.trades.len(),
            steps: learned.steps,
            seconds: learned.seconds,
        });
    }
    let least = seeds
        .iter()
        .map(|s| s.share_of_oracle)
        .fold(f64::INFINITY, f64::min);
    Ok(Check {
        pass: least >= ORACLE_SHARE && seeds.iter().all(|s| s.oracle_usd > 0.0),
        verdict: format!(
            "{:.0}% of the rule's P&L out of sample after costs, at least {:.0}% asked",
            100.0 * least,
            100.0 * ORACLE_SHARE
        ),
        summary: PlantedEdge {
            share_of_oracle: least,
            seeds,
        },
    })
}

/// The next bar's return among the features: a learner that works gets rich.
#[derive(Clone, Debug, Serialize)]
pub struct LeakedFuture {
    /// Dollars out of sample with one contract, after costs: the smallest over the seeds.
    pub net_usd: f64,
    /// Over the P&L of the rule that reads the leak: the smallest.
    pub share_of_oracle: f64,
    /// By seed.
    pub seeds: Vec<LeakedSeed>,
}

/// [`LeakedFuture`] under one seed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LeakedSeed {
    /// Seed of market and learner.
    pub seed: u64,
    /// Dollars out of sample, after costs.
    pub net_usd: f64,
    /// Of the rule that reads the leak.
    pub oracle_usd: f64,
    /// Share of trades with a profit.
    pub win_rate: Option<f64>,
    /// Closed round trips.
    pub trades: usize,
    /// Trading days of the unseen part.
    pub days: usize,
    /// Steps trained.
    pub steps: u64,
    /// Seconds of training, sixty at most.
    pub seconds: f64,
}

/// Trains with the next bar's return among the features, a minute at most.
///
/// # Errors
/// As [`planted_edge`].
pub fn leaked_future(
    options: &SelfTestOptions,
    stop: &StopFlag,
) -> anyhow::Result<Check<LeakedFuture>> {
    let mut seeds = Vec::new();
    for &seed in &options.seeds {
        let bars = market("driftless", seed, "2024-01-02", "2024-03-29")?;
        let mut config = config(seed, steps(options, [400_000, 300_000, 240_000]));
        // A bracket that the next bar decides: its return is all that leaked.
        (config.sim.sl_atr_mult, config.sim.tp_sl_ratio) = (1.0, 1.0);
        let arena = arena(bars, &config, &FeatureSet::with_leaked_future())?;
        let learned = learn(&arena, Phase::Entries, Start::Scratch, stop, MINUTE)?;
        let ours = arena.evaluate(&learned.policy, Phase::Entries, unseen(&arena))?;
        let leak = arena.matrix.column("leaked_future").unwrap_or(0);
        let oracle = follow(&arena, |bar| {
            let next = arena.matrix.row(bar)[leak];
            i32::from(next > 0.5) - i32::from(next < -0.5)
        });
        let sheet = Tearsheet::of_quickly(&ours);
        let wins = ours.trades.iter().filter(|t| t.net_pnl.0 > 0).count();
        seeds.push(LeakedSeed {
            seed,
            net_usd: net_usd(&ours),
            oracle_usd: net_usd(&oracle),
            win_rate: (!ours.trades.is_empty()).then(|| wins as f64 / ours.trades.len() as f64),
            trades: ours.trades.len(),
            days: sheet.days,
            steps: learned.steps,
            seconds: learned.seconds,
        });
    }
    let least = |of: fn(&LeakedSeed) -> f64| seeds.iter().map(of).fold(f64::INFINITY, f64::min);
    let (net_usd, share) = (least(|s| s.net_usd), least(|s| s.net_usd / s.oracle_usd));
    Ok(Check {
        pass: net_usd >= RICH_USD && share >= 0.5,
        verdict: format!(
            "${net_usd:.0} with one contract on unseen days of a market without drift, {:.0}% of what reading the leak earns; ${RICH_USD:.0} and 50% asked",
            100.0 * share
        ),
        summary: LeakedFuture {
            net_usd,
            share_of_oracle: share,
            seeds,
        },
    })
}

/// A default account doubled.
const RICH_USD: f64 = 50_000.0;

/// A walk without drift: every trade loses its costs, and no report says otherwise.
#[derive(Clone, Debug, Serialize)]
pub struct NoEdge {
    /// Mean net P&L of a trade plus its costs in dollars, over all seeds: nought but for chance.
    pub edge_per_trade_usd: Option<f64>,
    /// Its standard error.
    pub standard_error_usd: Option<f64>,
    /// Mean costs of a trade in dollars.
    pub cost_per_trade_usd: Option<f64>,
    /// Seeds whose report claims a mean daily P&L above 0 at the level.
    pub claims: usize,
    /// The level, two-sided.
    pub level: f64,
    /// By seed.
    pub seeds: Vec<NoEdgeSeed>,
}

/// [`NoEdge`] under one seed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct NoEdgeSeed {
    /// Seed of market and learner.
    pub seed: u64,
    /// Dollars out of sample, after costs.
    pub net_usd: f64,
    /// Closed round trips.
    pub trades: usize,
    /// Two-sided p-value of the mean daily P&L, as in every report.
    pub p_mean_pnl: Option<f64>,
    /// Steps trained.
    pub steps: u64,
}

/// Net P&L without costs and the costs of each trade: commission, and a tick of slippage for the
/// entry and for every exit but a target.
fn before_costs(ledger: &Ledger, slippage_ticks: i32) -> Vec<(f64, f64)> {
    let tick = ledger.instrument.tick_value.dollars() * f64::from(slippage_ticks);
    let cost = |t: &holdout_core::sim::Trade| {
        let slips = if t.exit_reason == ExitReason::Target {
            1.0
        } else {
            2.0
        };
        t.commission.dollars() + slips * tick * f64::from(t.contracts)
    };
    ledger
        .own_trades()
        .map(|t| (t.net_pnl.dollars() + cost(t), cost(t)))
        .collect()
}

/// Trains where nothing can be learned, and looks for claims.
///
/// # Errors
/// As [`planted_edge`].
pub fn no_edge(options: &SelfTestOptions, stop: &StopFlag) -> anyhow::Result<Check<NoEdge>> {
    let mut seeds = Vec::new();
    let mut all = Vec::new();
    for &seed in &options.seeds {
        let last = if options.scale == Scale::Short {
            "2024-04-30"
        } else {
            "2024-12-31"
        };
        let bars = market("driftless", seed + 100, "2024-01-02", last)?;
        let mut config = config(seed, steps(options, [400_000, 200_000, 60_000]));
        // Paid for entries to the end: a policy that never trades would have nothing to show.
        config.curriculum.enabled = true;
        config.curriculum.entries.entry_bonus_zero_at = 1.0;
        config.curriculum.entries.training_drawdown_limit_usd = 1_000_000.0;
        let arena = arena(bars, &config, &FeatureSet::default())?;
        let learned = learn(&arena, Phase::Entries, Start::Scratch, stop, LIMIT)?;
        let ours = arena.evaluate(&learned.policy, Phase::Entries, unseen(&arena))?;
        let sheet = Tearsheet::of(&ours);
        all.extend(before_costs(&ours, arena.plan.sim.slippage));
        seeds.push(NoEdgeSeed {
            seed,
            net_usd: net_usd(&ours),
            trades: ours.trades.len(),
            p_mean_pnl: sheet.mean_pnl_test.map(|t| t.p),
            steps: learned.steps,
        });
    }
    let n = all.len() as f64;
    let mean = |x: &dyn Fn(&(f64, f64)) -> f64| all.iter().map(x).sum::<f64>() / n;
    let enough = all.len() >= 30;
    let edge = mean(&|x| x.0);
    let error = (mean(&|x| (x.0 - edge).powi(2)) / (n - 1.0)).sqrt();
    let claims = seeds
        .iter()
        .filter(|s| s.net_usd > 0.0 && s.p_mean_pnl.is_some_and(|p| p < CLAIM_P))
        .count();
    let inside = !enough || edge.abs() <= CLAIM_Z * error;
    let told = if enough {
        format!(
            "a trade earns ${edge:.2} ± {error:.2} before its costs of ${:.2}",
            mean(&|x| x.1)
        )
    } else {
        format!("only {} trades, too few for an interval", all.len())
    };
    Ok(Check {
        pass: inside && claims == 0,
        verdict: format!(
            "{told}; {claims} of {} reports claim an edge at 1%",
            seeds.len()
        ),
        summary: NoEdge {
            edge_per_trade_usd: enough.then_some(edge),
            standard_error_usd: enough.then_some(error),
            cost_per_trade_usd: enough.then(|| mean(&|x| x.1)),
            claims,
            level: CLAIM_P,
            seeds,
        },
    })
}

/// A rising market and the same one mirrored: buying and selling change places.
#[derive(Clone, Debug, Serialize)]
pub struct BothSides {
    /// Largest difference between the share of longs and the mirror's share of shorts.
    pub difference: f64,
    /// By seed.
    pub seeds: Vec<BothSidesSeed>,
}

/// [`BothSides`] under one seed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BothSidesSeed {
    /// Seed of market and learner.
    pub seed: u64,
    /// Share of longs among the trades on the rising market.
    pub long_share: Option<f64>,
    /// Share of shorts among the trades on its mirror.
    pub mirrored_short_share: Option<f64>,
    /// Closed round trips on both.
    pub trades: [usize; 2],
}

/// Ticks that the rising market gains with every bar.
const RISE_TICKS: i32 = 2;
/// Largest difference of the shares that counts as swapped.
const SWAP_TOLERANCE: f64 = 0.1;

fn rising(mut bars: Bars) -> Bars {
    let prices = [
        &mut bars.open,
        &mut bars.high,
        &mut bars.low,
        &mut bars.close,
    ];
    for column in prices {
        for (price, i) in column.iter_mut().zip(0..) {
            *price += RISE_TICKS * i;
        }
    }
    bars
}

/// Trains on a rising market and on its mirror.
///
/// # Errors
/// As [`planted_edge`].
pub fn both_sides(options: &SelfTestOptions, stop: &StopFlag) -> anyhow::Result<Check<BothSides>> {
    let mut seeds = Vec::new();
    for &seed in &options.seeds {
        let up = rising(market("driftless", seed + 200, "2024-01-02", "2024-02-29")?);
        let config = config(seed, steps(options, [300_000, 150_000, 60_000]));
        let share = |bars: Bars, side: Side| -> anyhow::Result<(Option<f64>, usize)> {
            let arena = arena(bars, &config, &FeatureSet::default())?;
            let learned = learn(&arena, Phase::Entries, Start::Scratch, stop, LIMIT)?;
            let ours = arena.evaluate(&learned.policy, Phase::Entries, unseen(&arena))?;
            let n = ours.trades.len();
            let of_side = ours.trades.iter().filter(|t| t.side == side).count();
            Ok(((n > 0).then(|| of_side as f64 / n as f64), n))
        };
        let down = mirror(&up);
        let (long_share, n_up) = share(up, Side::Long)?;
        let (mirrored_short_share, n_down) = share(down, Side::Short)?;
        seeds.push(BothSidesSeed {
            seed,
            long_share,
            mirrored_short_share,
            trades: [n_up, n_down],
        });
    }
    let difference = |s: &BothSidesSeed| match (s.long_share, s.mirrored_short_share) {
        (Some(a), Some(b)) => (a - b).abs(),
        _ => 1.0,
    };
    let largest = seeds.iter().map(difference).fold(0.0, f64::max);
    let least = seeds
        .iter()
        .filter_map(|s| s.long_share)
        .fold(1.0, f64::min);
    Ok(Check {
        pass: largest <= SWAP_TOLERANCE && least > 0.5,
        verdict: format!(
            "longs on a rising market and shorts on its mirror differ by {:.1} points at most, {:.0} allowed; at least {:.0}% longs",
            100.0 * largest,
            100.0 * SWAP_TOLERANCE,
            100.0 * least
        ),
        summary: BothSides {
            difference: largest,
            seeds,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rising_market_is_sound_and_its_mirror_falls() {
        let up = rising(market("driftless", 1, "2024-01-02", "2024-01-05").unwrap());
        assert_eq!(up.validate(), Ok(()));
        let down = mirror(&up);
        assert_eq!(down.validate(), Ok(()));
        let gain = |b: &Bars| b.close.last().unwrap() - b.close[0];
        assert!(gain(&up) > 0 && gain(&down) == -gain(&up));
    }
}
