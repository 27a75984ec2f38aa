//! The simulator gives nothing away: on a market of independent, symmetric steps every way of
//! trading loses exactly its costs, with fixed, break-even and trailing stops alike.
//!
//! A look ahead of one bar, a stop that is live too early or a fill at a price that was not
//! there would show here as dollars a trade.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdout_core::compliance::TrailingFloor;
use holdout_core::rng::Stream;
use holdout_core::sim::{Action, ExitReason, LockOffset, Moment, SimSettings, Tape, Trade, replay};
use holdout_core::synth::MarketRecipe;
use holdout_core::units::Usd;

type Policy = fn(&Moment<'_, TrailingFloor>, &mut Stream) -> Action;

fn entry(m: &Moment<'_, TrailingFloor>, s: &mut Stream) -> Action {
    match (m.mask.allows(Action::Buy), s.uniform() < 0.5) {
        (false, _) => Action::Hold,
        (true, true) => Action::Buy,
        (true, false) => Action::Sell,
    }
}

fn break_even(m: &Moment<'_, TrailingFloor>, s: &mut Stream) -> Action {
    if m.mask.allows(Action::SlToBe) {
        Action::SlToBe
    } else {
        entry(m, s)
    }
}

fn trail(m: &Moment<'_, TrailingFloor>, s: &mut Stream) -> Action {
    if m.mask.allows(Action::TrailOn) {
        Action::TrailOn
    } else {
        entry(m, s)
    }
}

fn anything(m: &Moment<'_, TrailingFloor>, s: &mut Stream) -> Action {
    let action = Action::from_index(s.below(6) as usize);
    if m.mask.allows(action) {
        action
    } else {
        Action::Hold
    }
}

/// Dollars that costs took from a trade: commissions and slippage, a target having none.
fn costs(trade: &Trade, slippage_usd: f64) -> f64 {
    let slipped = if trade.exit_reason == ExitReason::Target {
        1.0
    } else {
        2.0
    };
    trade.commission.dollars() + slipped * slippage_usd
}

#[test]
fn every_policy_loses_its_costs_on_the_driftless_walk() {
    // An account that can neither breach nor stall, so that every trade is of the same kind.
    let settings = SimSettings {
        start_balance: Usd::whole(50_000_000),
        drawdown_limit: Usd::whole(40_000_000),
        lock_offset: LockOffset::Never,
        ..SimSettings::default()
    };
    let policies: [(&str, Policy); 4] = [
        ("fixed stops", entry),
        ("break-even stops", break_even),
        ("trailing stops", trail),
        ("anything", anything),
    ];
    let mut by_day: BTreeMap<(&str, u64, i64), (f64, f64, f64)> = BTreeMap::new();
    for seed in 31..34 {
        let bars = MarketRecipe::preset("driftless", "NQ", seed)
            .unwrap()
            .generate()
            .unwrap();
        let plan = settings.plan(&bars.instrument).unwrap();
        let slippage_usd =
            bars.instrument.tick_value.dollars() * f64::from(bars.instrument.slippage_ticks);
        let n = bars.len();
        let tape = Tape::new(Arc::new(bars), &plan);
        for (name, policy) in policies {
            for account in 0..6 {
                let mut s = Stream::new(seed, name, account);
                let ledger = replay(
                    &tape,
                    &plan,
                    TrailingFloor::from_settings(&settings),
                    0..n,
                    |m| policy(m, &mut s),
                );
                assert!(ledger.breach.is_none() && ledger.stalled.is_none());
                for trade in &ledger.trades {
                    let cost = costs(trade, slippage_usd);
                    let day = by_day
                        .entry((name, seed, trade.entry_time / 86_400))
                        .or_default();
                    day.0 += trade.net_pnl.dollars() + cost;
                    day.1 += cost;
                    day.2 += 1.0;
                }
            }
        }
    }
    for (name, _) in policies {
        let days: Vec<_> = by_day
            .iter()
            .filter(|(key, _)| key.0 == name)
            .map(|(_, d)| *d)
            .collect();
        let sum = |f: fn(&(f64, f64, f64)) -> f64| days.iter().map(f).sum::<f64>();
        let trades = sum(|d| d.2);
        let (gross, cost) = (sum(|d| d.0) / trades, sum(|d| d.1) / trades);
        // Trades of a day share its path, so the error is taken over days.
        let error = days
            .iter()
            .map(|d| (d.0 - gross * d.2).powi(2))
            .sum::<f64>()
            .sqrt()
            / trades;
        eprintln!(
            "{name}: ${gross:.2} ± {error:.2} a trade before costs of ${cost:.2}, {trades} trades"
        );
        assert!(
            gross.abs() < 3.5 * error,
            "{name}: ${gross:.2} ± {error:.2} before costs"
        );
        assert!(
            error < 0.25 * cost,
            "{name}: too few trades to see a quarter of the costs"
        );
    }
}
