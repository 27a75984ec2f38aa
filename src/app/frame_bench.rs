//! How long a frame takes: the real pages, driven off screen with a pointer that pans and zooms,
//! over a large market, a long ledger, and a run that is being trained meanwhile.
//!
//! A frame is what the window's thread does for it: taking in what jobs report, laying out and
//! drawing the page, and cutting shapes into triangles. What the graphics card then does is not
//! in it. Frames are paced as a screen paces them, so that training has its share of the machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use egui::{
    Event, Modifiers, MouseWheelSource, MouseWheelUnit, PointerButton, Pos2, RawInput, Rect,
    TouchPhase, pos2, vec2,
};
use holdout_core::compliance;
use holdout_core::market::split::Part;
use holdout_core::market::{Bars, Instrument, SessionCalendar, Sessions};
use holdout_core::metrics::{Beside, RobustnessSettings, Tearsheet};
use holdout_core::sim::{Action, ActionMask, EquityRow, ExitReason, Ledger, Side, Trade};
use holdout_core::time::{FULL_SESSION_SECS, TradingDay, ZoneTable};
use holdout_core::units::Usd;
use holdout_store::ImportOptions;
use serde::Serialize;

use super::commands::{Command, set_up};
use super::context::{Market, Page, RunState};
use super::files::ScriptedPicker;
use super::panels::results_data::ResultsView;
use super::theme::Mode;
use super::widgets::candles::CandleSet;
use super::{Workbench, worker};
use crate::config::RunConfig;
use crate::dataset::{Dataset, sample_path};
use crate::jobs::evaluate::{Evaluation, examine};

/// What is drawn, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct FrameBench {
    /// Bars of the market on the Data page.
    pub bars: usize,
    /// Bars of the ledger on the Results page: points of its equity curve.
    pub points: usize,
    /// Trades of that ledger.
    pub trades: usize,
    /// Frames of each page.
    pub frames: usize,
    /// Whether a run is being trained meanwhile.
    pub train: bool,
}

impl Default for FrameBench {
    fn default() -> Self {
        Self {
            bars: 5_000_000,
            points: 1_000_000,
            trades: 100_000,
            frames: 240,
            train: true,
        }
    }
}

/// Frame times of one page, in milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct PageTimes {
    /// The page.
    pub page: &'static str,
    /// Half of the frames were faster.
    pub median: f64,
    /// One in a hundred was slower.
    pub p99: f64,
    /// The slowest.
    pub max: f64,
}

/// Frame times over all pages.
#[derive(Clone, Debug, Serialize)]
pub struct FrameTimes {
    /// Half of the frames were faster.
    pub frame_ms_median: f64,
    /// One in a hundred was slower.
    pub frame_ms_p99: f64,
    /// The slowest.
    pub frame_ms_max: f64,
    /// How many were timed.
    pub frames: usize,
    /// Points of the equity curve.
    pub points: usize,
    /// Trades in the table.
    pub trades: usize,
    /// Candles' bars on the Data page.
    pub bars: usize,
    /// Whether a run was being trained from the first to the last frame.
    pub training: bool,
    /// From the start of the programme's work to its first frame, with nothing open.
    pub start_to_first_frame_ms: f64,
    /// Each page by itself.
    pub pages: Vec<PageTimes>,
}

const SIZE: [f32; 2] = [1_280.0, 800.0];
const PACE: Duration = Duration::from_micros(16_667);
const PATIENCE: Duration = Duration::from_secs(180);

/// Draws every page and times its frames. `since` is when the programme began.
///
/// # Errors
/// When the sample market is missing, or training does not begin.
pub fn measure(size: FrameBench, since: Instant) -> anyhow::Result<FrameTimes> {
    let runs = std::env::temp_dir().join(format!("holdout-bench-{}", std::process::id()));
    let measured = Desk::new(runs.clone()).measure(size, since);
    // A folder of training that nobody asked for; where nothing was trained there is none.
    if let Err(e) = std::fs::remove_dir_all(&runs)
        && e.kind() != std::io::ErrorKind::NotFound
    {
        return Err(e).with_context(|| format!("cannot remove {}", runs.display()));
    }
    measured
}

/// A window without a desktop.
struct Desk {
    ctx: egui::Context,
    bench: Workbench,
    begun: Instant,
}

impl Desk {
    fn new(runs: PathBuf) -> Self {
        let ctx = egui::Context::default();
        set_up(&ctx, Mode::Dark);
        let bench = Workbench::new(Box::new(ScriptedPicker::default()), runs);
        Self {
            ctx,
            bench,
            begun: Instant::now(),
        }
    }

    fn measure(mut self, size: FrameBench, since: Instant) -> anyhow::Result<FrameTimes> {
        self.frame(Vec::new());
        let first = since.elapsed();
        self.fill(size)?;
        let mut pages = Vec::new();
        let mut all = Vec::new();
        for page in Page::ALL {
            self.bench.model.page = page;
            let times = self.drive(size.frames);
            let of = |share| quantile(&times, share);
            pages.push(PageTimes {
                page: page.name(),
                median: of(0.5),
                p99: of(0.99),
                max: of(1.0),
            });
            all.extend(times);
        }
        let training = self.bench.model.run_state == RunState::Running;
        if size.train && !training {
            bail!(
                "training ended while frames were timed: {:?}",
                self.bench.model.log
            );
        }
        self.bench.apply(&self.ctx.clone(), Command::Stop);
        Ok(FrameTimes {
            frame_ms_median: quantile(&all, 0.5),
            frame_ms_p99: quantile(&all, 0.99),
            frame_ms_max: quantile(&all, 1.0),
            frames: all.len(),
            points: size.points,
            trades: size.trades,
            bars: size.bars,
            training,
            start_to_first_frame_ms: first.as_secs_f64() * 1e3,
            pages,
        })
    }

    /// One frame; returns how long it took.
    fn frame(&mut self, events: Vec<Event>) -> Duration {
        let begun = Instant::now();
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE.into())),
            time: Some(self.begun.elapsed().as_secs_f64()),
            events,
            ..RawInput::default()
        };
        let bench = &mut self.bench;
        let mut output = self.ctx.run_ui(input, |ui| {
            bench.logic(ui.ctx());
            bench.ui(ui);
        });
        let shapes = std::mem::take(&mut output.shapes);
        let triangles = self.ctx.tessellate(shapes, output.pixels_per_point);
        let took = begun.elapsed();
        output.drop_without_applying_deltas();
        drop(triangles);
        took
    }

    fn paced(&mut self, events: Vec<Event>) -> Duration {
        let took = self.frame(events);
        std::thread::sleep(PACE.saturating_sub(took));
        took
    }

    /// Pans and zooms over the page; milliseconds of every frame, the first one of the page included.
    fn drive(&mut self, frames: usize) -> Vec<f64> {
        let centre = pos2(SIZE[0] * 0.64, SIZE[1] * 0.36);
        let press = |at, pressed| Event::PointerButton {
            pos: at,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        let mut times = Vec::with_capacity(frames);
        for i in 0..frames {
            let k = i % 80;
            let along = pos2(centre.x + 150.0 - 7.5 * (k as f32 - 20.0), centre.y);
            let events = match k {
                0..20 => vec![Event::PointerMoved(centre), wheel(24.0)],
                20 => vec![Event::PointerMoved(along), press(along, true)],
                59 => vec![press(along, false)],
                21..59 => vec![Event::PointerMoved(along)],
                _ => vec![Event::PointerMoved(centre), wheel(-22.0)],
            };
            times.push(self.paced(events).as_secs_f64() * 1e3);
        }
        times
    }

    /// Starts training on the sample market, and opens a large market and a long ledger.
    fn fill(&mut self, size: FrameBench) -> anyhow::Result<()> {
        let sample = sample_path("NQ")?;
        let options = ImportOptions {
            market: Some("NQ".to_owned()),
            ..ImportOptions::default()
        };
        let dataset = Dataset::load(&sample, &options, &mut |_| true)?;
        let open = Market {
            candles: Arc::new(CandleSet::new(Arc::clone(&dataset.bars))),
            dataset,
            options,
        };
        let instrument = open.dataset.bars.instrument.clone();
        let large = large_market(&open, size.bars);
        let results = long_results(&instrument, size)?;
        let ctx = self.ctx.clone();
        if size.train {
            let model = &mut self.bench.model;
            model.market = Some(open);
            model.config = RunConfig::preset("quick")?;
            // Long enough to outlast any measurement.
            model.config.phase1.steps = 1_000_000_000;
            self.bench.apply(&ctx, Command::Start);
            let asked = Instant::now();
            while self.bench.model.train.is_empty() {
                self.paced(Vec::new());
                if self.bench.model.run_state == RunState::Idle || asked.elapsed() > PATIENCE {
                    bail!("training did not begin: {:?}", self.bench.model.log);
                }
            }
        }
        let model = &mut self.bench.model;
        model.market = Some(large);
        model.selected_run = Some(PathBuf::from("bench"));
        model.part = Part::Validation;
        model.results = vec![Arc::new(results)];
        Ok(())
    }
}

fn wheel(points: f32) -> Event {
    Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, points),
        phase: TouchPhase::Move,
        source: MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    }
}

/// The time that this share of frames do not exceed.
pub(super) fn quantile(times: &[f64], share: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (share * sorted.len() as f64).ceil() as usize;
    sorted
        .get(at.saturating_sub(1).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(0.0)
}

/// Numbers that wander; the same every time.
struct Wander(u64);

impl Wander {
    fn step(&mut self, span: i32) -> i32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % (2 * span as u64 + 1)) as i32 - span
    }
}

/// Minutes of the exchange's sessions from 2010 on.
fn session_minutes() -> impl Iterator<Item = i64> {
    let zone = ZoneTable::new_york();
    (0_i64..).map(|i| 1_262_563_200 + i * 60).filter(move |&t| {
        let wall = zone.wall(t);
        !TradingDay::of_wall(wall).is_weekend() && TradingDay::since_roll(wall) < FULL_SESSION_SECS
    })
}

/// The sample's file, but with as many bars as asked for.
fn large_market(sample: &Market, n: usize) -> Market {
    let mut bars = Bars::empty(sample.dataset.bars.instrument.clone(), 60);
    let mut wander = Wander(11);
    let mut price = 200_000;
    for time in session_minutes().take(n) {
        let close = (price + wander.step(12)).max(1_000);
        let (high, low) = (price.max(close) + 4, price.min(close) - 4);
        let volume = 100.0 + f64::from(wander.step(90));
        bars.push(time, [price, high, low, close], volume);
        price = close;
    }
    let bars = Arc::new(bars);
    Market {
        candles: Arc::new(CandleSet::new(Arc::clone(&bars))),
        dataset: Dataset {
            name: "bench".to_owned(),
            path: Path::new("bench").to_owned(),
            sessions: Arc::new(Sessions::new(&bars, &SessionCalendar::builtin())),
            bars,
            ..sample.dataset.clone()
        },
        options: sample.options.clone(),
    }
}

/// A ledger of the asked size, judged as every other.
fn long_results(instrument: &Instrument, size: FrameBench) -> anyhow::Result<ResultsView> {
    let start = Usd::whole(50_000);
    let every = (size.points / size.trades.max(1)).max(3);
    let mut wander = Wander(5);
    let (mut balance, mut peak) = (start, start);
    let mut rows = Vec::with_capacity(size.points);
    let mut trades = Vec::with_capacity(size.trades);
    for (i, time) in session_minutes().take(size.points).enumerate() {
        if i % every == every - 1 && trades.len() < size.trades {
            let net = Usd::whole(i64::from(wander.step(200)) + 1);
            balance += net;
            trades.push(trade(trades.len() as u32, time, net));
        }
        let swing = Usd::whole(i64::from(wander.step(60).abs()));
        peak = peak.max(balance + swing);
        rows.push(EquityRow {
            time,
            balance,
            equity_close: balance,
            equity_best: balance + swing,
            equity_worst: balance - swing,
            peak,
            floor: peak - Usd::whole(2_500),
            position: 0,
            stop: None,
            target: None,
            action: Action::ALL[i % 3],
            mask: ActionMask::HOLD_ONLY
                .with(Action::ALL[1])
                .with(Action::ALL[2]),
        });
    }
    let ledger = Ledger {
        instrument: instrument.clone(),
        interval_secs: 60,
        start_balance: start,
        rows,
        trades,
        rejected: 0,
        expired: 0,
        same_bar_both: Vec::new(),
        ambiguous: Vec::new(),
        breach: None,
        stalled: None,
    };
    let plan = RunConfig::preset("quick")?
        .plan(instrument)
        .map_err(crate::jobs::train::problems_to_error)?;
    let tearsheet = Tearsheet::of(&ledger);
    // A few paths: what is timed is the drawing of their bands, not their making.
    let mut settings = RobustnessSettings::default();
    settings.monte_carlo.paths = 20;
    let robustness = examine(&ledger, &tearsheet, Beside::default(), &settings);
    let evaluation = Evaluation {
        part: Some(Part::Validation),
        in_sample: false,
        step: 0,
        tearsheet,
        robustness,
        regimes: None,
        compliance: compliance::check(&plan.rules, &compliance::LedgerView::from(&ledger)),
        ledger: Arc::new(ledger),
        benchmarks: Vec::new(),
        random: None,
        succession: None,
        looks: None,
        ensemble: None,
    };
    Ok(ResultsView::new(
        &worker::run_name(Path::new("bench")),
        &evaluation,
    ))
}

fn trade(i: u32, time: i64, net: Usd) -> Trade {
    Trade {
        id: i + 1,
        side: if i.is_multiple_of(2) {
            Side::Long
        } else {
            Side::Short
        },
        contracts: 1,
        entry_time: time - 120,
        entry_price: 60_000,
        stop_initial: 59_900,
        target_initial: 60_300,
        exit_time: time,
        exit_price: 60_010,
        exit_reason: ExitReason::Stop,
        bars_held: 3,
        gross_pnl: net + Usd::whole(5),
        commission: Usd::whole(5),
        net_pnl: net,
        mae: Usd::whole(20),
        mfe: Usd::whole(30),
        forced: false,
        hole: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sorted_times() {
        let times: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(
            [0.5, 0.99, 1.0].map(|q| quantile(&times, q)),
            [50.0, 99.0, 100.0]
        );
        assert_eq!(quantile(&[], 0.5), 0.0);
    }

    #[test]
    fn every_page_is_drawn_with_what_was_asked_for() {
        let size = FrameBench {
            bars: 5_000,
            points: 6_000,
            trades: 300,
            frames: 3,
            train: false,
        };
        let times = measure(size, Instant::now()).unwrap();
        assert_eq!(times.pages.len(), Page::ALL.len());
        assert_eq!(times.frames, 3 * Page::ALL.len());
        assert!(times.frame_ms_median > 0.0 && times.frame_ms_median <= times.frame_ms_p99);
    }
}
