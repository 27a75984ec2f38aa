//! Tests of what the presets promise: fair where they say fair, and an edge of the size they say.

use super::*;
use crate::features::FeatureMatrix;
use crate::features::atr::wilder_atr_ticks;
use crate::features::clock::flat_by_of_day;
use crate::market::{Bars, SessionCalendar, Sessions};
use crate::rng::Stream;
use crate::time::{TimeOfDay, TradingDay};

fn made(preset: &str, symbol: &str, seed: u64, first: &str, last: &str) -> Generated {
    let span = [first, last].map(|d| d.parse::<TradingDay>().unwrap());
    let recipe = MarketRecipe::preset(preset, symbol, seed)
        .unwrap()
        .over(span[0], span[1]);
    generate(&recipe, &SessionCalendar::builtin()).unwrap()
}

/// One trade by the simulator's default stop, target and costs.
struct Trade {
    net: f64,
    /// Both commissions and every slipped tick.
    cost: f64,
    exit_bar: usize,
}

/// Plays brackets on bars, entered at the open after the deciding bar.
struct Brackets<'a> {
    bars: &'a Bars,
    sessions: Sessions,
    atr: Vec<f64>,
}

impl<'a> Brackets<'a> {
    fn new(bars: &'a Bars) -> Self {
        let sessions = Sessions::new(bars, &SessionCalendar::builtin());
        Self {
            bars,
            sessions,
            atr: wilder_atr_ticks(bars, 14),
        }
    }

    fn enter(&self, i: usize, side: i32) -> Option<Trade> {
        let bars = self.bars;
        let (day, next) = (self.sessions.day(i)?, self.sessions.day_of.get(i + 1)?);
        let window = TimeOfDay::hm(9, 30).since_roll()..TimeOfDay::hm(16, 0).since_roll();
        let in_window = window.contains(&(bars.close_time(i) - day.roll_utc));
        if side == 0 || !in_window || self.sessions.day_of[i] != *next || self.atr[i].is_nan() {
            return None;
        }
        let flat_by = day.roll_utc + flat_by_of_day(day, TimeOfDay::hm(16, 59).since_roll());
        let tick_usd = bars.instrument.tick_value.dollars();
        let slip = bars.instrument.slippage_ticks;
        let d = (1.5 * self.atr[i]).min(500.0 / tick_usd).ceil().max(1.0) as i32;
        let entry = side * bars.open[i + 1] + slip;
        let (stop, target) = (entry - d, entry + 3 * d);
        let mut j = i + 1;
        let (exit, slipped) = loop {
            let open = side * bars.open[j];
            let (high, low) = if side > 0 {
                (bars.high[j], bars.low[j])
            } else {
                (-bars.low[j], -bars.high[j])
            };
            if open <= stop {
                break (open - slip, 2);
            }
            if open >= target {
                break (open, 1);
            }
            if low <= stop {
                break (stop - slip, 2);
            }
            if high >= target {
                break (target, 1);
            }
            if j + 1 == bars.len() || bars.close_time(j + 1) > flat_by || j >= day.last {
                break (side * bars.close[j] - slip, 2);
            }
            j += 1;
        };
        let commission = 2.0 * bars.instrument.commission.dollars();
        let cost = commission + f64::from(slipped * slip) * tick_usd;
        Some(Trade {
            net: f64::from(exit - entry) * tick_usd - commission,
            cost,
            exit_bar: j,
        })
    }

    /// One position at a time, whenever the policy says so.
    fn follow(&self, mut policy: impl FnMut(usize) -> i32) -> Vec<Trade> {
        let mut trades = Vec::new();
        let mut i = 0;
        while i < self.bars.len() {
            let trade = self.enter(i, policy(i));
            i = trade.as_ref().map_or(i + 1, |t| t.exit_bar.max(i + 1));
            trades.extend(trade);
        }
        trades
    }
}

/// Mean and its standard error.
fn mean(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (mut n, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for x in values {
        (n, sum, squares) = (n + 1.0, sum + x, squares + x * x);
    }
    let mean = sum / n;
    (mean, ((squares / n - mean * mean) / (n - 1.0)).sqrt())
}

/// Mean net dollars a trade and its standard error; prints both and more.
fn report(name: &str, trades: &[Trade], bars: &Bars) -> (f64, f64) {
    let (net, error) = mean(trades.iter().map(|t| t.net));
    let (cost, _) = mean(trades.iter().map(|t| t.cost));
    let won = trades.iter().filter(|t| t.net > 0.0).count() as f64 / trades.len() as f64;
    let days = Sessions::new(bars, &SessionCalendar::builtin()).days.len() as f64;
    let a_day = trades.len() as f64 / days;
    eprintln!(
        "{name}: {a_day:.1} trades a day, ${net:.2} ± {error:.2} each, {:.1}% won, costs ${cost:.2}",
        100.0 * won
    );
    (net, error)
}

fn features(bars: &Bars) -> FeatureMatrix {
    let sessions = Sessions::new(bars, &SessionCalendar::builtin());
    FeatureMatrix::compute(bars, &sessions, TimeOfDay::hm(16, 59).since_roll())
}

/// Changes of the close from bar to bar within sessions, each over its share of a session's
/// standard deviation, so that the time of day is taken out.
fn changes(bars: &Bars) -> Vec<f64> {
    let shape = profile::Profile::equity_index().volatility;
    let sessions = Sessions::new(bars, &SessionCalendar::builtin());
    let minute = |i: usize| {
        sessions
            .day(i)
            .map_or(0, |d| (bars.open_time[i] - d.roll_utc) as usize / 60)
    };
    (1..bars.len())
        .filter(|&i| sessions.day_of[i] == sessions.day_of[i - 1])
        .map(|i| f64::from(bars.close[i] - bars.close[i - 1]) / shape[minute(i)])
        .collect()
}

fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mean = |v: &[f64]| v.iter().sum::<f64>() / n;
    let (mx, my) = (mean(x), mean(y));
    let sum = |f: &dyn Fn(usize) -> f64| (0..x.len()).map(f).sum::<f64>();
    let cov = sum(&|i| (x[i] - mx) * (y[i] - my));
    cov / (sum(&|i| (x[i] - mx).powi(2)) * sum(&|i| (y[i] - my).powi(2))).sqrt()
}

fn autocorrelation(x: &[f64], lag: usize) -> f64 {
    correlation(&x[lag..], &x[..x.len() - lag])
}

#[test]
fn bars_are_sound_and_fill_the_sessions() {
    for preset in recipe::PRESETS {
        for symbol in ["NQ", "ES", "YM", "RTY"] {
            let g = made(preset, symbol, 7, "2024-11-20", "2024-12-31");
            assert_eq!(g.bars.validate(), Ok(()), "{preset} {symbol}");
            assert_eq!(g.trend.len(), g.bars.len());
            let sessions = Sessions::new(&g.bars, &SessionCalendar::builtin());
            assert!(
                sessions
                    .day_of
                    .iter()
                    .all(|&d| d != crate::market::session::NO_DAY)
            );
            assert!(g.bars.volume.iter().all(|&v| v >= 1.0 && v.fract() == 0.0));
            // 29 sessions: 25 full ones, Thanksgiving to 13:00, two to 13:15.
            assert_eq!(sessions.days.len(), 29);
            let full = 26 * 1_380 + 1_140 + 2 * 1_155;
            if preset == "gappy" {
                assert!(g.bars.len() < full - 300 && g.bars.len() > full - 2_000);
                let last_minute = |d: &crate::market::SessionDay| {
                    g.bars.close_time(d.last) - d.roll_utc == d.close_secs
                };
                let ends = sessions.days.iter().filter(|d| !last_minute(d)).count();
                assert!(
                    (1..15).contains(&ends),
                    "{symbol}: {ends} sessions end early"
                );
            } else {
                assert_eq!(g.bars.len(), full, "{preset} {symbol}");
            }
        }
    }
}

#[test]
fn the_same_recipe_makes_the_same_bars_and_a_seed_makes_others() {
    let long = made("sample", "NQ", 3, "2024-03-01", "2024-03-20");
    assert_eq!(long, made("sample", "NQ", 3, "2024-03-01", "2024-03-20"));
    let short = made("sample", "NQ", 3, "2024-03-01", "2024-03-05");
    assert_eq!(
        short.bars,
        long.bars.slice(0..short.bars.len()),
        "the end does not change the beginning"
    );
    assert_ne!(
        short.bars.close,
        made("sample", "NQ", 4, "2024-03-01", "2024-03-05")
            .bars
            .close
    );
}

#[test]
fn the_driftless_walk_has_independent_steps_without_a_mean() {
    let bars = made("driftless", "NQ", 11, "2024-01-02", "2024-12-31").bars;
    let x = changes(&bars);
    let (average, error) = mean(x.iter().copied());
    assert!((average / error).abs() < 3.5, "mean {average} ± {error}");
    let bound = 4.0 / (x.len() as f64).sqrt();
    let size: Vec<f64> = x.iter().map(|v| v.abs()).collect();
    for lag in 1..=10 {
        assert!(autocorrelation(&x, lag).abs() < bound, "lag {lag}");
        // Rounding to ticks lets quiet hours differ a little in shape from busy ones.
        assert!(
            autocorrelation(&size, lag).abs() < 3.0 * bound,
            "sizes, lag {lag}: {}",
            autocorrelation(&size, lag)
        );
    }
    let up = x.iter().filter(|&&v| v > 0.0).count() as f64;
    let down = x.iter().filter(|&&v| v < 0.0).count() as f64;
    assert!((up - down).abs() < 3.5 * (up + down).sqrt());
}

#[test]
fn on_the_driftless_walk_entries_lose_their_costs_and_nothing_else() {
    let mut days = Vec::new();
    let mut costs = Vec::new();
    for seed in 21..25 {
        let bars = made("driftless", "NQ", seed, "2024-01-02", "2024-12-31").bars;
        let play = Brackets::new(&bars);
        for day in &play.sessions.days {
            // Both sides at every fifth bar: gains before costs cancel but for chance.
            let trades = (day.first..day.last)
                .step_by(5)
                .flat_map(|i| [1, -1].map(|side| play.enter(i, side)));
            let (mut gross, mut n) = (0.0, 0.0);
            for t in trades.flatten() {
                gross += t.net + t.cost;
                costs.push(t.cost);
                n += 1.0;
            }
            if n > 0.0 {
                days.push(gross / n);
            }
        }
    }
    let (gross, error) = mean(days.iter().copied());
    let (cost, _) = mean(costs.iter().copied());
    eprintln!(
        "driftless: gross ${gross:.2} ± {error:.2} a trade over {} trades, costs ${cost:.2}",
        costs.len()
    );
    assert!(
        error < 0.2 * cost,
        "the test can see an error of a fifth of the costs"
    );
    assert!(gross.abs() < 3.5 * error);
}

#[test]
fn the_planted_rule_earns_in_every_part_of_the_year() {
    for (seed, from, to) in [
        (1, "2024-01-02", "2024-06-28"),
        (1, "2024-07-01", "2024-12-31"),
        (2, "2024-01-02", "2024-03-28"),
    ] {
        let bars = made("planted_edge", "NQ", seed, from, to).bars;
        let m = features(&bars);
        let trades = Brackets::new(&bars).follow(|i| planted_rule(&m, i));
        let (net, error) = report(&format!("planted {from}"), &trades, &bars);
        assert!(net - 3.0 * error > 200.0);
        // Going the other way is as bad as going along is good.
        let against = Brackets::new(&bars).follow(|i| -planted_rule(&m, i));
        assert!(report("against it", &against, &bars).0 < -100.0);
    }
}

#[test]
fn the_sample_edge_is_mild_and_in_every_part() {
    let sample = generate(&sample("NQ").unwrap(), &SessionCalendar::builtin()).unwrap();
    let (bars, m) = (&sample.bars, features(&sample.bars));
    let play = Brackets::new(bars);
    let n = bars.len();
    for (name, part, errors) in [
        ("train", 0..n * 7 / 10, 6.0),
        ("validation", n * 7 / 10..n * 85 / 100, 2.0),
        ("test", n * 85 / 100..n, 2.0),
    ] {
        let rule = play.follow(|i| {
            if part.contains(&i) {
                sample_rule(&m, i)
            } else {
                0
            }
        });
        let (net, error) = report(&format!("sample rule, {name}"), &rule, bars);
        assert!(net - errors * error > 0.0, "{name}");
        assert!(net < 200.0, "mild");
    }
    let knowing = play.follow(|i| sample.trend.get(i + 1).map_or(0, |t| t.signum() as i32));
    let (net, error) = report("knows the hidden trend", &knowing, bars);
    assert!(net - 5.0 * error > 50.0);
    let mut s = Stream::new(1, "random entries", 0);
    let random = play.follow(|_| if s.uniform() < 0.5 { 1 } else { -1 });
    let (net, error) = report("random entries", &random, bars);
    assert!(
        net - 3.0 * error < 10.0,
        "random entries earn nothing to speak of"
    );
}

#[test]
fn the_sample_files_have_the_documented_sizes() {
    let bars = |symbol| {
        generate(&sample(symbol).unwrap(), &SessionCalendar::builtin())
            .unwrap()
            .bars
            .len()
    };
    assert_eq!(
        ["NQ", "ES", "YM", "RTY"].map(bars),
        [355_065, 89_010, 89_010, 89_010]
    );
}

#[test]
fn the_sample_looks_like_a_market() {
    let sample = generate(&sample("NQ").unwrap(), &SessionCalendar::builtin()).unwrap();
    let x = changes(&sample.bars);
    let n = x.len() as f64;
    let variance = x.iter().map(|v| v * v).sum::<f64>() / n;
    let kurtosis = x.iter().map(|v| v.powi(4)).sum::<f64>() / n / (variance * variance);
    let size: Vec<f64> = x.iter().map(|v| v.abs()).collect();
    let clustering = autocorrelation(&size, 30);
    eprintln!("kurtosis {kurtosis:.1}, correlation of sizes half an hour apart {clustering:.2}");
    assert!(kurtosis > 6.0, "fat tails");
    assert!(clustering > 0.1, "volatility clusters");
    assert!(
        autocorrelation(&x, 1).abs() < 0.06,
        "returns hardly correlate"
    );
    let bars = &sample.bars;
    let sessions = Sessions::new(bars, &SessionCalendar::builtin());
    let at = |h: i32, m: i32| {
        let since = TimeOfDay::hm(h, m).since_roll();
        let of = |i: &usize| {
            sessions
                .day(*i)
                .is_some_and(|d| bars.open_time[*i] - d.roll_utc == since)
        };
        mean((0..bars.len()).filter(of).map(|i| bars.volume[i])).0
    };
    assert!(
        at(9, 30) > 3.0 * at(12, 30)
            && at(15, 59) > 2.0 * at(12, 30)
            && at(12, 30) > 4.0 * at(0, 0)
    );
    let gap = |weekend: bool| {
        let days = sessions
            .days
            .windows(2)
            .filter(|w| (w[1].day.0 - w[0].day.0 > 1) == weekend);
        mean(days.map(|w| f64::from(bars.open[w[1].first] - bars.close[w[0].last]).abs())).0
    };
    assert!(gap(true) > 3.0 * gap(false), "weekends gap");
}

#[test]
fn markets_of_one_seed_move_together() {
    let close = |symbol| changes(&made("sample", symbol, 5, "2024-10-01", "2024-10-31").bars);
    let (nq, es, rty) = (close("NQ"), close("ES"), close("RTY"));
    let (with_es, with_rty) = (correlation(&nq, &es), correlation(&nq, &rty));
    eprintln!("NQ with ES {with_es:.2}, with RTY {with_rty:.2}");
    assert!(with_es > 0.75 && with_rty > 0.5 && with_rty < with_es);
}

#[test]
fn contracts_roll_with_a_jump() {
    let (plain, rolled) = (
        made("sample", "NQ", 5, "2024-06-10", "2024-06-14"),
        made("roll", "NQ", 5, "2024-06-10", "2024-06-14"),
    );
    let at = 3 * 1_380;
    assert_eq!(plain.bars.slice(0..at), rolled.bars.slice(0..at));
    // The first steps after the jump are a little larger, because volatility follows the price.
    let jump = rolled.bars.open[at] - plain.bars.open[at];
    assert!(
        (738..=758).contains(&jump),
        "187 points on Thursday 2024-06-13, not {jump} ticks"
    );
}

#[test]
fn mirroring_swaps_buying_and_selling() {
    let bars = made("planted_edge", "NQ", 3, "2024-05-01", "2024-05-31").bars;
    let other = mirror(&bars);
    assert_eq!(other.validate(), Ok(()));
    assert_eq!(mirror(&other), bars);
    let (a, b) = (features(&bars), features(&other));
    for i in a.first_ready..bars.len() {
        assert_eq!(planted_rule(&a, i), -planted_rule(&b, i));
        for (j, name) in a.names.iter().enumerate() {
            let flips = ["return", "to_sma_5", "to_sma_20", "rsi", "macd", "momentum"]
                .contains(&name.as_str());
            let expected = if flips { -a.row(i)[j] } else { a.row(i)[j] };
            assert!((b.row(i)[j] - expected).abs() < 1e-4, "{name} at {i}");
        }
    }
    assert!(mirror(&bars.slice(0..0)).is_empty());
}

#[test]
fn a_year_takes_seconds_to_make_and_milliseconds_to_read() {
    let timed = |f: &mut dyn FnMut()| {
        let start = std::time::Instant::now();
        f();
        start.elapsed()
    };
    let mut bars = None;
    let making =
        timed(&mut || bars = Some(made("sample", "NQ", 1, "2024-01-02", "2024-12-31").bars));
    let bars = bars.unwrap();
    let reading = (0..5)
        .map(|_| timed(&mut || drop(features(&bars))))
        .min()
        .unwrap();
    eprintln!(
        "{} bars: made in {making:?}, features in {reading:?}",
        bars.len()
    );
    // Generous, because other programs may be running: an accidental O(n x window) is far outside.
    assert!(making.as_secs_f64() < 20.0 && reading.as_secs_f64() < 2.0);
}
