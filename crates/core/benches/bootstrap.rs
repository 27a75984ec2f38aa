//! A thousand histories of two thousand trades, every interval; and what examines an account.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use holdout_core::metrics::DailySeries;
use holdout_core::metrics::bootstrap::BootstrapSettings;
use holdout_core::metrics::monte_carlo::{MonteCarlo, MonteCarloSettings, day_steps};
use holdout_core::metrics::uncertainty::{DayTrades, Uncertainty};
use holdout_core::rng::Stream;

/// `days` days of `trades` trades in all.
fn account(days: usize, trades: usize) -> (DailySeries, Vec<DayTrades>) {
    let mut rng = Stream::new(1, "bench", 0);
    let per_day = (trades / days).max(1);
    let by_day: Vec<DayTrades> = (0..days)
        .map(|_| {
            let mut d = DayTrades::default();
            for _ in 0..per_day {
                let pnl = 150.0 * rng.normal() + 5.0;
                d.count += 1;
                d.wins += u64::from(pnl > 0.0);
                d.net_pnl += pnl;
                d.lost += (-pnl).max(0.0);
            }
            d
        })
        .collect();
    let pnl = by_day.iter().map(|d| d.net_pnl).collect();
    (DailySeries::of_pnl(50_000.0, pnl, None), by_day)
}

fn intervals(c: &mut Criterion) {
    let settings = BootstrapSettings::default();
    let mut group = c.benchmark_group("bootstrap_1000");
    group.sample_size(20);
    for (name, days) in [
        ("2000_trades_on_250_days", 250),
        ("2000_trades_on_2000_days", 2_000),
    ] {
        let (series, trades) = account(days, 2_000);
        group.bench_function(name, |b| {
            b.iter(|| black_box(Uncertainty::of(&series, Some(&trades), 0.02, 0.0, settings)));
        });
    }
    let (series, _) = account(2_000, 2_000);
    let steps = day_steps(&series.pnl);
    group.bench_function("monte_carlo_3x1000_paths_of_2000_steps", |b| {
        b.iter(|| {
            black_box(MonteCarlo::of(
                &steps,
                "day",
                &MonteCarloSettings::default(),
            ))
        });
    });
    group.finish();
}

criterion_group!(benches, intervals);
criterion_main!(benches);
