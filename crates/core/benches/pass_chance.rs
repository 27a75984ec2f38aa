//! Ten thousand resampled accounts, from a year of sessions with a dozen trades each.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use holdout_core::compliance::{ChanceSettings, LedgerView, RuleSet, pass_chance};
use holdout_core::rng::Stream;
use holdout_core::sim::{Action, ActionMask, EquityRow};
use holdout_core::units::Usd;

/// A year of one-minute rows, half of them with a position.
fn rows() -> Vec<EquityRow> {
    let mut rng = Stream::new(1, "bench", 0);
    let mut rows = Vec::new();
    let mut balance = Usd::whole(50_000);
    // Monday 2 January 2023, 14:30 UTC.
    let monday = 1_672_669_800_i64;
    for day in 0..252_i64 {
        for minute in 0..390 {
            let held = (minute / 15) % 2 == 0;
            if !held && minute % 15 == 0 {
                balance += Usd((rng.normal() * 800_000.0) as i64 + 30_000);
            }
            let open = if held {
                Usd((rng.normal() * 500_000.0) as i64)
            } else {
                Usd::ZERO
            };
            rows.push(EquityRow {
                time: monday + (day + 2 * (day / 5)) * 86_400 + minute * 60,
                balance,
                equity_close: balance + open,
                equity_best: balance + open.max(Usd::ZERO) + Usd(10_000),
                equity_worst: balance + open.min(Usd::ZERO) - Usd(10_000),
                peak: balance,
                floor: Usd::ZERO,
                position: i32::from(held),
                stop: None,
                target: None,
                action: Action::Hold,
                mask: ActionMask::HOLD_ONLY,
            });
        }
    }
    rows
}

fn bench(c: &mut Criterion) {
    let rows = rows();
    let ledger = LedgerView {
        instrument: None,
        rows: &rows,
        trades: &[],
        interval_secs: 60,
    };
    let settings = ChanceSettings::default();
    let mut group = c.benchmark_group("pass_chance");
    group.sample_size(10);
    for id in ["apex-legacy-50k", "topstep-50k"] {
        let Ok(rules) = RuleSet::builtin(id) else {
            continue;
        };
        group.bench_function(format!("{id}, 10 000 paths"), |b| {
            b.iter(|| black_box(pass_chance(&rules, &ledger, &settings)));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
