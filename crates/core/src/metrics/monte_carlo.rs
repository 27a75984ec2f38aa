//! Monte Carlo: the same trades, had they come otherwise.
//!
//! Four disturbances, each many times over: the order shuffled, trades dropped at random, costs
//! raised at random, and the start date moved. Each gives bands of equity, the spread of net
//! profit and of the largest drawdown, and the share of paths that reach the floor (see
//! [`super::ruin`]). Without trades the steps are days. What it cannot show is a market that
//! these trades never met: it rearranges the past. Path `k` draws from stream `k` of the seed,
//! so the threads do not matter.

use rayon::prelude::*;
use serde::Serialize;

use super::ruin::{Step, TrailingLimit, Walk};
use super::spread::Spread;
use super::wilson::{Interval, wilson};
use crate::rng::Stream;
use crate::sim::Trade;

/// Points of a band of equity.
const BAND_POINTS: usize = 60;

/// How the past is disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MonteCarloSettings {
    /// Paths of each kind.
    pub paths: usize,
    /// Seed of the streams.
    pub seed: u64,
    /// Chance that a step is dropped.
    pub drop_chance: f64,
    /// Commissions are multiplied by a number between 1 and this, drawn once a path.
    pub commission_factor: f64,
    /// Ticks of slippage added to each side, between 0 and this, drawn once a path.
    pub slippage_ticks: f64,
    /// Share of the steps that may be cut off the front.
    pub start_share: f64,
    /// The floor whose risk of ruin is told.
    pub floor: TrailingLimit,
}

impl Default for MonteCarloSettings {
    fn default() -> Self {
        Self {
            paths: 1_000,
            seed: 1,
            drop_chance: 0.1,
            commission_factor: 2.0,
            slippage_ticks: 2.0,
            start_share: 0.5,
            floor: TrailingLimit::default(),
        }
    }
}

/// A step with what its costs were.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costed {
    /// Result and excursions.
    pub step: Step,
    /// Commissions of both sides in dollars.
    pub commission: f64,
    /// Dollars of one tick of slippage on both sides; 0 where the tick is not known.
    pub tick_both_sides: f64,
}

/// Own trades as steps. `tick_value` is dollars a tick and contract, where known.
pub fn trade_steps(trades: &[Trade], tick_value: Option<f64>) -> Vec<Costed> {
    let own = trades.iter().filter(|t| !t.forced);
    own.map(|t| Costed {
        step: Step {
            pnl: t.net_pnl.dollars(),
            worst: t.mae.dollars(),
            best: t.mfe.dollars(),
        },
        commission: t.commission.dollars(),
        tick_both_sides: tick_value.map_or(0.0, |v| 2.0 * v * f64::from(t.contracts)),
    })
    .collect()
}

/// Days as steps; what happened inside a day is not known.
pub fn day_steps(pnl: &[f64]) -> Vec<Costed> {
    let one = |&p: &f64| Costed {
        step: Step {
            pnl: p,
            worst: (-p).max(0.0),
            best: p.max(0.0),
        },
        ..Costed::default()
    };
    pnl.iter().map(one).collect()
}

/// Percentiles of equity at one place of the path, relative to the start balance, in dollars.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Band {
    /// Share of the path behind.
    pub at: f64,
    /// 5th percentile.
    pub p05: f64,
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
}

/// What one kind of disturbance did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Disturbed {
    /// Net profit in dollars.
    pub net_pnl: Spread,
    /// Largest drawdown of the closed balance in dollars.
    pub max_drawdown_usd: Spread,
    /// Share of the paths that end with a loss.
    pub loss_share: f64,
    /// Share of the paths that reach the floor.
    pub ruin_share: f64,
    /// Wilson's 95% interval of that share, for the number of paths.
    pub ruin_interval: Option<Interval>,
    /// Equity along the path.
    pub bands: Vec<Band>,
}

/// All four kinds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MonteCarlo {
    /// What a step is: `trade` or `day`.
    pub step: &'static str,
    /// Steps of the past.
    pub steps: usize,
    /// How it was disturbed.
    pub settings: MonteCarloSettings,
    /// Whether the account itself reaches the floor by the same count.
    pub observed_ruined: bool,
    /// Order shuffled.
    pub shuffled: Disturbed,
    /// Steps dropped.
    pub dropped: Disturbed,
    /// Commission and slippage raised; `None` without trades, or where no cost is known.
    pub costs: Option<Disturbed>,
    /// Start moved.
    pub start_moved: Disturbed,
}

impl MonteCarlo {
    /// Disturbs steps in four ways; `None` with fewer than two steps or without paths.
    pub fn of(steps: &[Costed], step: &'static str, settings: &MonteCarloSettings) -> Option<Self> {
        if steps.len() < 2 || settings.paths == 0 {
            return None;
        }
        let run = |name: &str, draw: &(dyn Fn(&mut Stream, &mut Vec<Step>) + Sync)| {
            disturb(steps.len(), name, settings, draw)
        };
        let plain = || steps.iter().map(|s| s.step);
        let mut observed = Walk::new(settings.floor);
        plain().for_each(|s| observed.step(s));
        let known_costs = steps
            .iter()
            .any(|s| s.commission > 0.0 || s.tick_both_sides > 0.0);
        Some(Self {
            step,
            steps: steps.len(),
            settings: *settings,
            observed_ruined: observed.ruined,
            shuffled: run("shuffled", &|rng, out| {
                out.extend(plain());
                rng.shuffle(out);
            })?,
            dropped: run("dropped", &|rng, out| {
                out.extend(plain().filter(|_| rng.uniform() >= settings.drop_chance));
            })?,
            costs: if known_costs {
                run("costs", &|rng, out| {
                    let factor = rng.uniform() * (settings.commission_factor - 1.0);
                    let ticks = rng.uniform() * settings.slippage_ticks;
                    out.extend(steps.iter().map(|s| dearer(s, factor, ticks)));
                })
            } else {
                None
            },
            start_moved: run("start", &|rng, out| {
                let most = (steps.len() as f64 * settings.start_share) as u64;
                let from = rng.below(most + 1) as usize;
                out.extend(steps[from..].iter().map(|s| s.step));
            })?,
        })
    }
}

/// A step that cost more.
fn dearer(s: &Costed, factor: f64, ticks: f64) -> Step {
    let extra = s.commission * factor + s.tick_both_sides * ticks;
    Step {
        pnl: s.step.pnl - extra,
        worst: s.step.worst + extra,
        best: s.step.best,
    }
}

fn disturb(
    n: usize,
    name: &str,
    settings: &MonteCarloSettings,
    draw: &(dyn Fn(&mut Stream, &mut Vec<Step>) + Sync),
) -> Option<Disturbed> {
    let points = BAND_POINTS.min(n);
    let one = |k: u64| {
        let mut rng = Stream::new(settings.seed, name, k);
        let mut steps = Vec::with_capacity(n);
        draw(&mut rng, &mut steps);
        let mut walk = Walk::new(settings.floor);
        let mut seen = Vec::with_capacity(points);
        let m = steps.len();
        for (i, s) in steps.into_iter().enumerate() {
            walk.step(s);
            // The same share of the path for paths of different length.
            while seen.len() < points && (i + 1) * points >= (seen.len() + 1) * m {
                seen.push(walk.pnl);
            }
        }
        seen.resize(points, walk.pnl);
        (walk, seen)
    };
    let paths: Vec<(Walk, Vec<f64>)> = (0..settings.paths as u64)
        .into_par_iter()
        .map(one)
        .collect();
    let ruined = paths.iter().filter(|(w, _)| w.ruined).count();
    let lost = paths.iter().filter(|(w, _)| w.pnl < 0.0).count();
    let count = settings.paths as f64;
    let band = |i: usize| {
        let s = Spread::of(paths.iter().map(|(_, seen)| seen[i]).collect())?;
        let at = (i + 1) as f64 / points as f64;
        Some(Band {
            at,
            p05: s.p05,
            p50: s.p50,
            p95: s.p95,
        })
    };
    let spread = |f: fn(&Walk) -> f64| Spread::of(paths.iter().map(|(w, _)| f(w)).collect());
    Some(Disturbed {
        net_pnl: spread(|w| w.pnl)?,
        max_drawdown_usd: spread(|w| w.max_drawdown)?,
        loss_share: lost as f64 / count,
        ruin_share: ruined as f64 / count,
        ruin_interval: wilson(ruined as u64, settings.paths as u64),
        bands: (0..points).filter_map(band).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::Plant;
    use crate::sim::Side;

    fn quick() -> MonteCarloSettings {
        MonteCarloSettings {
            paths: 200,
            ..MonteCarloSettings::default()
        }
    }

    #[test]
    fn too_little_to_disturb() {
        assert_eq!(MonteCarlo::of(&[], "day", &quick()), None);
        assert_eq!(MonteCarlo::of(&day_steps(&[5.0]), "day", &quick()), None);
        let none = MonteCarloSettings {
            paths: 0,
            ..quick()
        };
        assert_eq!(MonteCarlo::of(&day_steps(&[5.0, 5.0]), "day", &none), None);
    }

    #[test]
    fn shuffling_keeps_the_sum_and_changes_the_way() {
        let pnl: Vec<f64> = (0..60)
            .map(|i| if i % 3 == 0 { -400.0 } else { 250.0 })
            .collect();
        let m = MonteCarlo::of(&day_steps(&pnl), "day", &quick()).unwrap();
        let total: f64 = pnl.iter().sum();
        assert_eq!(
            (m.shuffled.net_pnl.p05, m.shuffled.net_pnl.p95),
            (total, total)
        );
        assert!(m.shuffled.max_drawdown_usd.p95 > m.shuffled.max_drawdown_usd.p05);
        assert_eq!(m.shuffled.bands.len(), 60);
        assert_eq!(m.shuffled.bands.last().map(|b| b.p50), Some(total));
        assert!(m.dropped.net_pnl.p95 > m.dropped.net_pnl.p05);
        let kept = m.dropped.net_pnl.mean / total;
        assert!(
            (0.8..1.0).contains(&kept),
            "one step in ten is dropped: {kept}"
        );
        assert!(m.start_moved.net_pnl.mean < total);
        assert_eq!(m.costs, None);
        assert_eq!(
            MonteCarlo::of(&day_steps(&pnl), "day", &quick()),
            Some(m),
            "same seed, same paths"
        );
    }

    #[test]
    fn dearer_trades_earn_less_and_a_certain_loss_is_certain_ruin() {
        let trade = Costed {
            step: Step {
                pnl: 20.0,
                worst: 5.0,
                best: 30.0,
            },
            commission: 4.0,
            tick_both_sides: 10.0,
        };
        let m = MonteCarlo::of(&[trade; 50], "trade", &quick()).unwrap();
        let costs = m.costs.unwrap();
        // Up to 4 more commission and 20 of slippage off 20 a trade.
        assert!(costs.net_pnl.p95 < 1_000.0 && costs.net_pnl.p05 > -200.0);
        assert!((costs.net_pnl.mean - 50.0 * (20.0 - 2.0 - 10.0)).abs() < 60.0);
        let bad = MonteCarlo::of(&day_steps(&[-100.0; 30]), "day", &quick()).unwrap();
        assert_eq!(
            (bad.shuffled.ruin_share, bad.shuffled.loss_share),
            (1.0, 1.0)
        );
        assert!(bad.observed_ruined);
    }

    #[test]
    fn a_tick_costs_both_sides_of_every_contract() {
        let t = "2024-03-04T15:00:00Z";
        let ledger = Plant::new(50_000)
            .trade(Side::Long, t, t, -80)
            .with(|t| t.contracts = 3)
            .trade(Side::Short, t, t, 40)
            .with(|t| t.forced = true)
            .ledger();
        let steps = trade_steps(&ledger.trades, Some(5.0));
        assert_eq!(steps.len(), 1, "forced trades are left out");
        assert_eq!((steps[0].tick_both_sides, steps[0].commission), (30.0, 5.0));
        assert_eq!((steps[0].step.pnl, steps[0].step.worst), (-80.0, 80.0));
        assert_eq!(trade_steps(&ledger.trades, None)[0].tick_both_sides, 0.0);
    }
}
