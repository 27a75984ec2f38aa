//! Files of every dialect, broken at random from a seed: each gets bars or a sentence, never a panic.
//!
//! A few thousand in the ordinary suite; `HOLDOUT_FUZZ_INPUTS=1000000 cargo test --release -p
//! holdout-store mutated -- --nocapture` runs as many as asked for, `HOLDOUT_FUZZ_SEED` others.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::real_files::data;
use super::*;
use crate::archive::made::{Packed, zip};
use crate::options::ColumnMap;

#[path = "../../../../tests/mutate.rs"]
mod mutate;
use mutate::{Dice, mutate};

/// First lines of files of every dialect.
const TEXTS: [(&str, &str); 20] = [
    (
        "NQ.csv",
        "time,open,high,low,close,volume\n2024-03-04T14:30:00Z,17000,17001,16999.75,17000.25,5\n2024-03-04T14:31:00Z,17000,17001,16999.75,17000.25,6\n2024-03-04T14:32:00Z,17000,17001,16999.75,17000.25,7\n",
    ),
    (
        "NQ 09-23.Last.txt",
        "20230702 220100;15331;15344.25;15330.5;15341.5;515\n20230702 220200;15341;15344.25;15330.5;15341.5;16\n20230702 220300;15331;15344,25;15330.5;15341.5;1\n",
    ),
    (
        "db.csv",
        "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n1719877200000000000,33,1,118,5527250000000,5527500000000,5527000000000,5527500000000,180,ESU4\n1719877200000000000,33,1,4358,20014250000000,20016250000000,20013500000000,20016250000000,35,NQU4-NQZ4\n1719877260000000000,33,1,118,5527250000000,5527500000000,5527000000000,5527500000000,180,ESU4\n",
    ),
    (
        "CME_MINI_NQ1!, 60.csv",
        "time,open,high,low,close,Volume\n1673542800,14160.5,14222,14144,14207.25,62132\n1673546400,14207.25,14241.75,14122,14235.25,NaN\n",
    ),
    (
        "tv.csv",
        "time,open,high,low,close,Plot,Plot\n2022-01-16T17:00:00-06:00,1,2,1,2,NaN,\n2022-01-16T17:01:00-06:00,1,2,1,2,NaN,\n",
    ),
    (
        "ES_full_1min.txt",
        "2023-11-19 18:00:00,15895.00,15903.75,15888.00,15893.25,571\n2023-11-19 18:01:00,15895.00,15903.75,15888.00,15893.25,571\n",
    ),
    (
        "ES.txt",
        "11/04/2023,09:30,16045.25,16050.5,16040,16048.75,2210\n11/05/2023,09:31,16048.75,16052,16046.25,16051.5,1403\n",
    ),
    (
        "sc.txt",
        "Date, Time, Open, High, Low, Last, Volume, NumberOfTrades\n2008/5/4, 22:00:00, 1413.50, 1414.00, 1412.75, 1413.75, 7, 0\n2008/5/4, 22:01:00.000, 1413.50, 1414.00, 1412.75, 1413.75, 7, 0\n",
    ),
    (
        "mt5.csv",
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n2024.01.02\t00:00:00\t2062.94\t2064.31\t2062.10\t2063.55\t412\t0\t28\n2024.01.02\t00:01:00\t2062.94\t2064.31\t2062.10\t2063.55\t412\t0\t28\n",
    ),
    (
        "ts.txt",
        "\"Date\",\"Time\",\"Open\",\"High\",\"Low\",\"Close\",\"Up\",\"Down\"\n01/03/2010,17:01,1366.50,1367.50,1366.00,1367.00,2566,854\n01/03/2010,17:02,1366.50,1367.50,1366.00,1367.00,2566,854\n",
    ),
    (
        "DAT_MT_X.csv",
        "2026.02.01,18:00,25387.779,25418.319,25387.231,25405.264,0\n2026.02.01,18:01,25387.779,25418.319,25387.231,25405.264,0\n",
    ),
    (
        "bc.csv",
        "Time,Open,High,Low,Latest,Change,%Change,Volume\n\"2020-03-20 08:29\",2443.25,2445.00,2442.50,2444.75,+1.50,+0.06%,1532\n\"2020-03-20 08:28\",2443.25,2445.00,2442.50,2444.75,+1.50,+0.06%,1532\n\"Downloaded from Barchart.com as of 05-06-2026 07:29pm CDT\"\n",
    ),
    (
        "yf.csv",
        "Price,Close,High,Low,Open,Volume\nTicker,NQ=F,NQ=F,NQ=F,NQ=F,NQ=F\nDatetime,,,,,\n2026-04-29 04:05:00+00:00,1,2,1,2,5\n2026-04-29 04:10:00+00:00,1,2,1,2,5\n",
    ),
    (
        "ib.csv",
        "date,open,high,low,close,volume,average,barCount\n20240116 09:30:00 US/Eastern,16820.25,16835.0,16811.5,16829.75,5321,16823.9,2411\n20240116 09:31:00 US/Eastern,16820.25,16835.0,16811.5,16829.75,5321,16823.9,2411\n",
    ),
    (
        "pg.csv",
        "ticker,volume,open,close,high,low,window_start,transactions\nNQU4,4930,200.25,200.5,200.75,200.25,1744792500000000000,129\nNQU4,4930,200.25,200.5,200.75,200.25,1744792560000000000,129\n",
    ),
    (
        "20131007_es_minute_trade_201312.csv",
        "0,1676.5,1676.5,1676.5,1676.5,9\n60000,1676.5,1676.75,1676.5,1676.75,19\n120000,1676.5,1676.75,1676.25,1676.25,60\n",
    ),
    (
        "mc.txt",
        "<Date>, <Time>, <Open>, <High>, <Low>, <Close>, <Volume>\n01/06/2024,09:31:00,16820.25,16835.00,16811.50,16829.75,5321\n01/07/2024,09:32:00,16820.25,16835.00,16811.50,16829.75,5321\n",
    ),
    (
        "dk.csv",
        "Local time,Open,High,Low,Close,Volume\n26.03.2025 00:00:00.000 GMT+0100,1.07894,1.07894,1.07888,1.07888,9899.999999999998\n26.03.2025 00:00:01.000 GMT+0100,1.07888,1.07888,1.07886,1.07886,8100\n",
    ),
    (
        "ms.txt",
        "<TICKER>,<DTYYYYMMDD>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\nES,20010102,230100,71.5,71.5,71.5,71.5,4\nES,20010102,230200,71.5,71.5,71.5,71.5,4\n",
    ),
    (
        "mid.csv",
        "Timestamp;MidPrice;TradeVolume\n2015-01-01 00:01;4237,5;0\n2015-01-01 00:02;4237,5;0\n2015-01-02 24:00;4237,5;0\n",
    ),
];

/// Packs some of the inputs, and breaks some of the packed ones.
fn pack(name: &str, bytes: Vec<u8>, dice: &mut Dice) -> (String, Vec<u8>) {
    let (name, mut packed) = match dice.roll(16) {
        0 => {
            let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            out.write_all(&bytes).unwrap();
            (format!("{name}.gz"), out.finish().unwrap())
        }
        1 => (
            format!("{name}.zst"),
            zstd::stream::encode_all(bytes.as_slice(), 1).unwrap(),
        ),
        2 => {
            let files = [
                Packed::new(name, &bytes),
                Packed::stored("../../NQ-1.txt", &bytes),
            ];
            (format!("{name}.zip"), zip(&files[..1 + dice.roll(2)]))
        }
        _ => return (name.to_owned(), bytes),
    };
    if dice.roll(2) == 0 && !packed.is_empty() {
        let at = dice.roll(packed.len());
        packed[at] = dice.roll(256) as u8;
    }
    (name, packed)
}

/// What somebody may say about a file.
fn options(dice: &mut Dice) -> ImportOptions {
    let mut options = ImportOptions {
        market: (dice.roll(3) > 0).then(|| "NQ".to_owned()),
        zone: (dice.roll(3) > 0).then(|| "America/Chicago".to_owned()),
        ..ImportOptions::default()
    };
    match dice.roll(12) {
        0 => options.stamp = Some(Stamp::Close),
        1 => options.repairs = Repair::ALL.to_vec(),
        2 => {
            let ids = crate::dialects::ids();
            options.dialect = Some(ids[dice.roll(ids.len())].to_owned());
        }
        3 => {
            let columns: Result<ColumnMap, _> =
                "time=1,clock=2,open=3,high=4,low=5,close=6,volume=7".parse();
            options.columns = columns.ok();
        }
        4 => {
            options.continuous = Some(Continuous {
                rule: holdout_core::market::RollRule::Volume,
                adjustment: Adjustment::Ratio,
            });
        }
        _ => {}
    }
    options
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |v| v.parse().unwrap())
}

#[test]
fn mutated_files_of_every_dialect_get_bars_or_a_sentence() {
    let mut seeds: Vec<(String, Vec<u8>)> = TEXTS
        .iter()
        .map(|(n, t)| ((*n).to_owned(), t.as_bytes().to_vec()))
        .collect();
    if let Some(folder) = data() {
        for entry in std::fs::read_dir(folder.join("dialects")).unwrap() {
            let path = entry.unwrap().path();
            seeds.push((file_name(&path), std::fs::read(path).unwrap()));
        }
        // Whatever order the folder is listed in, a seed gives the same inputs.
        seeds.sort();
    }
    let inputs = number("HOLDOUT_FUZZ_INPUTS", 2_000);
    let mut dice = Dice::new(number("HOLDOUT_FUZZ_SEED", 1), "bar files");
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    };
    let (mut imported, mut refused) = (0_u64, 0_u64);
    for i in 0..inputs {
        let (name, mut bytes) = seeds[dice.roll(seeds.len())].clone();
        for _ in 0..=dice.roll(4) {
            mutate(&mut bytes, &seeds, &mut dice);
        }
        let (name, bytes) = pack(&name, bytes, &mut dice);
        let path = folder.path().join(name);
        std::fs::write(&path, &bytes).unwrap();
        let options = options(&mut dice);
        let done = catch_unwind(AssertUnwindSafe(|| {
            inspect(&path, &options).ok();
            import(&path, &options, &mut |_| true)
        }));
        match done {
            Ok(Ok(found)) => {
                assert_eq!(found.bars.validate(), Ok(()), "input {i}");
                imported += 1;
            }
            Ok(Err(e)) => {
                let broken = matches!(e, ImportError::WorkerStopped | ImportError::Cancelled);
                assert!(!broken && !e.to_string().is_empty(), "input {i}: {e}");
                refused += 1;
            }
            Err(_panic) => {
                let kept = std::env::temp_dir().join(format!("holdout-input-{i}"));
                std::fs::write(&kept, &bytes).unwrap();
                panic!(
                    "input {i} panics; kept as {} ({})",
                    kept.display(),
                    path.display()
                );
            }
        }
        std::fs::remove_file(&path).unwrap();
    }
    println!("{inputs} inputs: {imported} imported, {refused} refused, no panic");
    assert!(imported > inputs / 50 && refused > inputs / 50);
}
