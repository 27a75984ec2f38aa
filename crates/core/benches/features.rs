//! A year of minutes: made, labelled with sessions, turned into features and indicators.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use holdout_core::features::{FeatureMatrix, indicator_table};
use holdout_core::market::{SessionCalendar, Sessions};
use holdout_core::synth;

const FLAT_BY_SECS: i64 = 82_740;

fn year_of_minutes(c: &mut Criterion) {
    let recipe = synth::sample("NQ").unwrap_or_else(|e| panic!("{e}"));
    let bars = recipe.generate().unwrap_or_else(|e| panic!("{e}"));
    let calendar = SessionCalendar::builtin();
    let sessions = Sessions::new(&bars, &calendar);
    let mut group = c.benchmark_group("year_of_minutes");
    group.sample_size(10);
    group.bench_function("generate", |b| b.iter(|| black_box(recipe.generate())));
    group.bench_function("sessions", |b| {
        b.iter(|| black_box(Sessions::new(&bars, &calendar)));
    });
    group.bench_function("feature_matrix", |b| {
        b.iter(|| black_box(FeatureMatrix::compute(&bars, &sessions, FLAT_BY_SECS)));
    });
    group.bench_function("indicator_table", |b| {
        b.iter(|| black_box(indicator_table(&bars, &sessions, FLAT_BY_SECS)));
    });
    group.finish();
}

criterion_group!(benches, year_of_minutes);
criterion_main!(benches);
