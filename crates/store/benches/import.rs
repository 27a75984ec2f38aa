//! Reading bars: a text file by Polars alone, by the import, and from the cache, in one run.
//!
//! The import is to need no more than 1.5 times what Polars needs to read the same text into
//! columns without looking at it, and the cache under 100 ms a million bars. The ratios are printed
//! at the end, from the medians of the same run.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use holdout_store::cache::BarCache;
use holdout_store::{ImportOptions, import};
use polars::prelude::{CsvReadOptions, SerReader};

const ROWS: usize = 1_000_000;

/// Minutes of every day at 1 000 rows a day, in the layout of a charting service.
fn text(folder: &Path) -> PathBuf {
    let mut text = "time,open,high,low,close,Volume\n".to_owned();
    let mut price = 16_000.0;
    for i in 0..ROWS {
        let time = 1_420_153_200 + (i / 1_000) * 86_400 + (i % 1_000) * 60;
        let step = [0.25, -0.5, 1.0, -0.75, 0.0][(i * 7 + i / 13) % 5];
        text += &format!(
            "{time},{price},{},{},{},{}\n",
            price + 2.25,
            price - 1.75,
            price + step,
            i % 997
        );
        price += step;
    }
    let path = folder.join("CME_MINI_NQ1!, 1.csv");
    std::fs::write(&path, text).unwrap_or_else(|e| panic!("{e}"));
    path
}

fn polars_alone(path: &Path) -> usize {
    let frame = CsvReadOptions::default()
        .try_into_reader_with_file_path(Some(path.to_owned()))
        .and_then(SerReader::finish);
    frame.unwrap_or_else(|e| panic!("{e}")).height()
}

fn reading(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
    let path = text(folder.path());
    let options = ImportOptions::default();
    let cache = BarCache::new(folder.path().join("cache"));
    let run = || import(&path, &options, &mut |_| true).unwrap_or_else(|e| panic!("{e}"));
    let open = || {
        cache
            .import(&path, &options, &mut |_| true)
            .unwrap_or_else(|e| panic!("{e}"))
    };
    assert_eq!(run().bars.len(), ROWS);
    // The file must be older than the moment that the cache does not trust.
    std::thread::sleep(Duration::from_secs(3));
    open();
    assert!(open().hit);
    let mut group = c.benchmark_group("million_rows");
    group.sample_size(10);
    group.bench_function("polars_alone", |b| {
        b.iter(|| black_box(polars_alone(&path)))
    });
    group.bench_function("import", |b| b.iter(|| black_box(run())));
    group.bench_function("cache", |b| b.iter(|| black_box(open())));
    group.finish();
    // In turn, so that whatever else the machine does falls on all alike.
    let mut seconds = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..7 {
        let mut time = |k: usize, work: &dyn Fn()| {
            let from = Instant::now();
            work();
            seconds[k].push(from.elapsed().as_secs_f64());
        };
        time(0, &|| {
            black_box(polars_alone(&path));
        });
        time(1, &|| drop(black_box(run())));
        time(2, &|| drop(black_box(open())));
    }
    let [polars, import, cache] = seconds.map(|mut s| {
        s.sort_by(f64::total_cmp);
        s[s.len() / 2]
    });
    println!(
        "medians of a million rows: Polars {:.0} ms, import {:.0} ms ({:.2} times), cache {:.0} ms",
        polars * 1e3,
        import * 1e3,
        import / polars,
        cache * 1e3
    );
}

criterion_group!(benches, reading);
criterion_main!(benches);
