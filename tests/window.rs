//! The window without a display: every page's main way, by the names that screen readers use.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, HarnessBuilder};
use holdout::app::Workbench;
use holdout::app::commands::{Command, set_up};
use holdout::app::context::{Page, RunState};
use holdout::app::files::ScriptedPicker;
use holdout::app::panels::results_trades::TradesTable;
use holdout::app::theme::{Mode, Theme};
use holdout::app::widgets::chart_view::ChartView;
use holdout::report::{Axis, Chart, Curve, Ink, Panel, Ribbon, Series, Unit};
use holdout_core::market::split::Part;
use holdout_core::market::{Bars, Instruments};
use holdout_store::runs::RunFolder;

/// Enough for a debug build on a busy machine; a healthy one needs a fraction of it.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Place {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) picker: ScriptedPicker,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            picker: ScriptedPicker::default(),
        }
    }

    fn runs(&self) -> PathBuf {
        self.dir.path().join("runs")
    }

    /// Forty weekdays of five-minute bars.
    pub(crate) fn market(&self) -> PathBuf {
        let nq = Instruments::builtin().get("NQ").unwrap().clone();
        let mut bars = Bars::empty(nq, 300);
        let mut state = 11_u64;
        let mut price = 60_000;
        for i in 0..40 * 24 * 12 {
            let time = 1_706_745_600 + i * 300;
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let step = ((state >> 33) % 41) as i32 - 20;
            let close = price + step;
            bars.push(
                time,
                [price, price.max(close) + 8, price.min(close) - 8, close],
                100.0 + f64::from(step.abs()),
            );
            price = close;
        }
        let path = self.dir.path().join("NQ_5m.csv");
        holdout_store::canonical::write(&path, &bars).unwrap();
        path
    }

    pub(crate) fn harness(&self) -> Harness<'static, Workbench> {
        let bench = Workbench::new(Box::new(self.picker.clone()), self.runs());
        HarnessBuilder::default()
            .with_size([1_280.0, 800.0])
            .with_max_steps(40)
            .with_render_cursor(false)
            .with_context_setup(|ctx| set_up(ctx, Mode::Dark))
            .build_ui_state(whole_window, bench)
    }

    /// A harness with the market open.
    pub(crate) fn opened(&self) -> Harness<'static, Workbench> {
        let mut h = self.harness();
        self.picker.answer(Some(self.market()));
        h.get_by_label("Open file…").click();
        import(&mut h);
        h
    }
}

/// The workbench over the whole window, as a desktop shows it: the harness leaves a margin.
fn whole_window(ui: &mut egui::Ui, bench: &mut Workbench) {
    bench.logic(ui.ctx());
    let rect = ui.ctx().content_rect();
    let mut all = ui.new_child(egui::UiBuilder::new().max_rect(rect));
    all.set_clip_rect(rect);
    bench.ui(&mut all);
}

/// Waits for the preview and takes it.
pub(crate) fn import(h: &mut Harness<'static, Workbench>) {
    until(h, "the file was looked through", |b| {
        b.model.draft.as_ref().is_some_and(|d| d.whole.is_some())
    });
    h.get_by_label("Import").click();
    until(h, "the market is open", |b| {
        b.model.draft.is_none() && b.model.market.is_some()
    });
}

pub(crate) fn until(
    h: &mut Harness<'static, Workbench>,
    what: &str,
    mut done: impl FnMut(&Workbench) -> bool,
) {
    let begun = Instant::now();
    loop {
        h.step();
        if done(h.state()) {
            break;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "not in time: {what}; messages: {:?}",
            h.state().model.log
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    h.step();
}

#[test]
fn an_empty_window_says_what_to_do_and_pages_change() {
    let place = Place::new();
    let mut h = place.harness();
    h.get_by_label("Run the demo");
    h.get_by_label("Open sample ES");
    for (page, text) in [
        ("Results", "No run to judge yet"),
        ("Regimes", "Not judged yet"),
        ("Checkpoints", "No run chosen yet"),
        ("Markets", "No market judged yet"),
        ("Train", "Nothing is training"),
        ("Curriculum", "What training will do"),
        ("Data", "Start with a market"),
    ] {
        h.get_by_label(page).click();
        h.step();
        h.step();
        h.get_by_label(text);
    }
    h.key_press_modifiers(Modifiers::COMMAND, Key::Num2);
    h.step();
    h.step();
    assert_eq!(h.state().model.page, Page::Curriculum);
}

#[test]
fn a_file_is_opened_shown_and_split() {
    let place = Place::new();
    let mut h = place.opened();
    h.get_by_label("Price chart");
    h.get_by_label("What was found");
    h.get_by_label("train");
    let before = h.state().model.config.split;
    h.get_by_role_and_label(Role::Slider, "Validation begins")
        .set_value_accesskit(5.0);
    h.step();
    h.step();
    let after = h.state().model.config.split;
    assert!(after.train < before.train, "{after:?}");
    let bars = h.state().model.split().unwrap();
    assert!(bars.train.1 < bars.validation.0 && bars.validation.1 < bars.test.0);
}

#[test]
fn a_path_that_leads_nowhere_is_told_and_nothing_breaks() {
    let place = Place::new();
    let mut h = place.harness();
    h.get_by_label("Path of a market file").focus();
    h.step();
    h.get_by_label("Path of a market file")
        .type_text("/nowhere/NQ.csv");
    h.step();
    h.get_by_label("Load").click();
    until(&mut h, "the failure is told", |b| {
        b.model.draft.as_ref().is_some_and(|d| d.failed.is_some())
    });
    h.get_by_label("Copy");
    h.get_by_label("Cancel").click();
    h.step();
    h.step();
    h.get_by_label("Run the demo");
    // Cancelling the dialog changes nothing.
    place.picker.answer(None);
    h.get_by_label("Open file…").click();
    h.step();
    assert!(h.state().model.market.is_none());
}

#[test]
fn settings_change_are_checked_and_taken_back() {
    let place = Place::new();
    let mut h = place.harness();
    h.get_by_label("Curriculum").click();
    h.run_ok();
    let of = |h: &Harness<'static, Workbench>| {
        h.state().model.config.curriculum.management.boot_camp_end
    };
    let before = of(&h);
    h.get_by_role_and_label(Role::Slider, "Boot Camp ends at")
        .set_value_accesskit(35.0);
    h.step();
    h.step();
    assert!((of(&h) - 0.35).abs() < 1e-9, "{}", of(&h));
    h.get_by_label_contains("1 changed");
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.step();
    h.step();
    assert!((of(&h) - before).abs() < 1e-9, "undone");
    h.get_by_role_and_label(Role::Slider, "Boot Camp ends at")
        .set_value_accesskit(95.0);
    h.step();
    h.step();
    h.get_by_label("1 problem");
    h.get_by_label_contains("a share from boot_camp_end to 1");
    h.get_by_label("seed").click();
    h.step();
    h.step();
    assert_eq!(h.state().model.config.phase2.steps, 100_000_000);
    h.get_by_label("ready to train");
}

#[test]
fn the_palette_finds_commands() {
    let place = Place::new();
    let mut h = place.harness();
    h.key_press_modifiers(Modifiers::COMMAND, Key::P);
    h.step();
    h.step();
    h.get_by_role_and_label(Role::TextInput, "What to do")
        .type_text("gores");
    h.step();
    h.key_press(Key::Enter);
    h.step();
    h.step();
    assert_eq!(h.state().model.page, Page::Results);
}

#[test]
fn a_run_is_trained_paused_judged_and_test_is_counted() {
    let place = Place::new();
    let mut h = place.opened();
    {
        let config = &mut h.state_mut().model.config;
        (config.eval_every, config.checkpoint_every) = (2, 2);
        (config.network.trunk, config.network.head) = (vec![16], 16);
        for phase in [&mut config.phase1, &mut config.phase2] {
            (phase.steps, phase.envs, phase.rollout) = (2_048, 8, 32);
        }
        config.device = "cpu".parse().unwrap();
    }
    h.get_by_label("Train").click();
    h.step();
    h.step();
    h.get_by_label("Start").click();
    until(&mut h, "training runs", |b| {
        b.model.run_state == RunState::Running
    });
    h.key_press(Key::Space);
    h.step();
    h.step();
    if h.state().model.run_state == RunState::Paused {
        h.get_by_label("Resume").click();
    }
    until(&mut h, "training ends", |b| {
        b.model.run_state == RunState::Idle
    });
    assert!(
        h.state().model.log.iter().all(|l| !l.error),
        "{:?}",
        h.state().model.log
    );
    assert!(!h.state().model.train.is_empty() && !h.state().model.train.checkpoints.is_empty());
    h.get_by_label("Chart: Trading");
    assert_eq!(h.state().model.runs.len(), 1);
    h.get_by_label("Results").click();
    h.step();
    h.step();
    h.get_by_label("Judge on validation").click();
    until(&mut h, "validation is judged", |b| {
        b.model.result(Part::Validation).is_some()
    });
    h.get_by_label("Chart: Equity");
    h.get_by_label("Max drawdown");
    h.get_by_label("Test").click();
    h.run_ok();
    assert!(
        h.state().model.result(Part::Test).is_none(),
        "test is asked for first"
    );
    h.get_by_label("It has not been opened before.");
    h.get_by_label("Open test and count it").click();
    until(&mut h, "test is judged", |b| {
        b.model.result(Part::Test).is_some()
    });
    assert_eq!(h.state().model.result(Part::Test).unwrap().looks, Some(1));
    h.get_by_label("test opened 1 time");
}

#[test]
fn a_stopped_run_goes_on_in_another_window() {
    let place = Place::new();
    let mut h = place.opened();
    {
        let config = &mut h.state_mut().model.config;
        (config.eval_every, config.checkpoint_every) = (2, 4);
        (config.network.trunk, config.network.head) = (vec![16], 16);
        for phase in [&mut config.phase1, &mut config.phase2] {
            (phase.steps, phase.envs, phase.rollout) = (65_536, 8, 32);
        }
        config.device = "cpu".parse().unwrap();
    }
    h.get_by_label("Train").click();
    h.step();
    h.step();
    h.get_by_label("Start").click();
    until(&mut h, "some updates are done", |b| {
        b.model.train.last.as_ref().is_some_and(|l| l.1.update > 5)
    });
    h.get_by_label("Stop and keep").click();
    until(&mut h, "training ends", |b| {
        b.model.run_state == RunState::Idle
    });
    let stopped = h.state().model.train.last.as_ref().unwrap().1.update;
    assert!(stopped < 512, "stopped in the middle, not after {stopped}");
    let run = h.state().model.selected_run.clone().unwrap();
    drop(h);

    let mut h = place.opened();
    assert!(h.query_by_label("Continue run").is_none(), "none is chosen");
    // The list of runs is read on another thread.
    let ctx = h.ctx.clone();
    h.state_mut().apply(&ctx, Command::ReadRuns);
    until(&mut h, "the runs are listed", |b| !b.model.runs.is_empty());
    h.state_mut().model.selected_run = Some(run.clone());
    h.get_by_label("Train").click();
    h.step();
    h.step();
    h.get_by_label("Continue run").click();
    until(&mut h, "it goes on", |b| {
        let last = b.model.train.last.as_ref();
        last.is_some_and(|l| l.1.update > stopped)
    });
    // What the first window had drawn is there as well, and once.
    assert_eq!(h.state().model.train.path.as_ref(), Some(&run));
    let trained = &h.state().model.train;
    let done = trained.last.as_ref().unwrap().1.update;
    assert_eq!(trained.updates() as u64, done);
    assert!(
        trained
            .checkpoints
            .windows(2)
            .all(|w| w[0].step < w[1].step)
    );
    let kept = RunFolder::open(&run).unwrap().checkpoint_steps().unwrap();
    assert_eq!(trained.checkpoints[0].step, kept[0]);
    h.get_by_label("Stop and keep").click();
    until(&mut h, "training ends", |b| {
        b.model.run_state == RunState::Idle
    });
    assert!(h.state().model.log.iter().all(|l| !l.error));
}

#[test]
fn runs_queue_up_change_places_and_train_one_after_another() {
    let place = Place::new();
    let mut h = place.opened();
    {
        let config = &mut h.state_mut().model.config;
        (config.eval_every, config.checkpoint_every) = (0, 0);
        (config.network.trunk, config.network.head) = (vec![16], 16);
        for phase in [&mut config.phase1, &mut config.phase2] {
            (phase.steps, phase.envs, phase.rollout) = (512, 8, 32);
        }
        config.device = "cpu".parse().unwrap();
    }
    h.get_by_label("Train").click();
    let click = |h: &mut Harness<'static, Workbench>, label: &str| {
        h.step();
        h.step();
        h.get_by_label(label).click();
        h.step();
        h.step();
    };
    for _ in 0..3 {
        click(&mut h, "Add to queue");
    }
    let seeds = |h: &Harness<'static, Workbench>| -> Vec<u64> {
        h.state()
            .model
            .queue
            .iter()
            .map(|q| q.config.seed)
            .collect()
    };
    assert_eq!(seeds(&h), [1, 2, 3], "each with a seed of its own");
    click(&mut h, "Run 3 sooner");
    assert_eq!(seeds(&h), [1, 3, 2]);
    click(&mut h, "Run 1 later");
    assert_eq!(seeds(&h), [3, 1, 2]);
    click(&mut h, "Remove run 3");
    assert_eq!(seeds(&h), [3, 1]);
    click(&mut h, "Start the queue");
    until(&mut h, "both were trained", |b| {
        b.model.run_state == RunState::Idle && b.model.queue.is_empty()
    });
    assert_eq!(h.state().model.runs.len(), 2);
    let of = |b: &Workbench| b.model.train.path.clone().unwrap();
    let last = std::fs::read_to_string(of(h.state()).join("run.toml")).unwrap();
    assert!(last.contains("seed = 1\n"), "{last}");
}

fn vertices(h: &Harness<'_, impl Sized>) -> usize {
    let output = h.output();
    let primitives = h
        .ctx
        .tessellate(output.shapes.clone(), output.pixels_per_point);
    let of = |p: &egui::ClippedPrimitive| match &p.primitive {
        egui::epaint::Primitive::Mesh(m) => m.vertices.len(),
        egui::epaint::Primitive::Callback(_) => 0,
    };
    primitives.iter().map(of).sum()
}

/// A frame's cost is counted, not timed: what is drawn must not grow with the data.
#[test]
fn a_million_points_are_drawn_as_cheaply_as_a_thousand() {
    let chart = |n: usize| {
        let y = |i: usize| 50_000.0 + ((i * 7_919) % 1_009) as f64;
        let curve = Arc::new(Curve::new(
            (0..n).map(|i| [i as f64 * 60.0, y(i)]).collect(),
        ));
        let band = Arc::new(Ribbon::new(
            (0..n)
                .map(|i| [i as f64 * 60.0, y(i) - 50.0, y(i) + 50.0])
                .collect(),
        ));
        let series = vec![
            Series::band("Range", Ink::Sky, band, 0.2),
            Series::line("Agent", Ink::Sky, Arc::clone(&curve)),
        ];
        let down = vec![Series::area("Drawdown", Ink::Vermilion, curve, 0.0)];
        Chart::new(
            "Equity",
            Axis::new("New York time", Unit::Time),
            vec![
                Panel::new(Axis::new("USD", Unit::Usd), series),
                Panel::new(Axis::new("USD", Unit::Usd), down),
            ],
        )
    };
    let cost = |n: usize| {
        let chart = chart(n);
        let theme = Theme::new(Mode::Dark);
        let view = ChartView {
            group: "count",
            height: 600.0,
            wheel_zooms: true,
            export: true,
        };
        let mut h = HarnessBuilder::default()
            .with_size([1_280.0, 700.0])
            .with_context_setup(|ctx| set_up(ctx, Mode::Dark))
            .build_ui(move |ui| {
                view.show(ui, &theme, &chart);
            });
        h.step();
        vertices(&h)
    };
    let (small, large) = (cost(1_000), cost(1_000_000));
    assert!(large < 120_000, "{large} vertices");
    assert!(
        large < small * 8,
        "{small} vertices for a thousand points, {large} for a million"
    );
}

#[test]
fn only_the_visible_trades_are_drawn() {
    use holdout_core::sim::{ExitReason, Ledger, Side, Trade};
    use holdout_core::units::Usd;
    let trade = |i: u32| Trade {
        id: i + 1,
        side: if i.is_multiple_of(2) {
            Side::Long
        } else {
            Side::Short
        },
        contracts: 1,
        entry_time: 1_706_745_600 + i64::from(i) * 60,
        entry_price: 60_000,
        stop_initial: 59_900,
        target_initial: 60_300,
        exit_time: 1_706_745_660 + i64::from(i) * 60,
        exit_price: 60_010,
        exit_reason: ExitReason::Stop,
        bars_held: 2,
        gross_pnl: Usd::whole(i64::from(i % 7) - 3),
        commission: Usd::whole(5),
        net_pnl: Usd::whole(i64::from(i % 7) - 8),
        mae: Usd::whole(20),
        mfe: Usd::whole(30),
        forced: false,
        hole: false,
    };
    let cost = |n: u32| {
        let ledger = Arc::new(Ledger {
            instrument: Instruments::builtin().get("NQ").unwrap().clone(),
            interval_secs: 60,
            start_balance: Usd::whole(50_000),
            rows: Vec::new(),
            trades: (0..n).map(trade).collect(),
            rejected: 0,
            expired: 0,
            same_bar_both: Vec::new(),
            ambiguous: Vec::new(),
            breach: None,
            stalled: None,
        });
        let theme = Theme::new(Mode::Dark);
        let mut table = TradesTable::default();
        let mut h = HarnessBuilder::default()
            .with_size([1_000.0, 400.0])
            .with_context_setup(|ctx| set_up(ctx, Mode::Dark))
            .build_ui(move |ui| {
                table.ui(ui, &theme, &ledger);
            });
        // Large tables are ordered on another thread.
        for _ in 0..200 {
            h.step();
            std::thread::sleep(Duration::from_millis(5));
            if h.query_all_by_label("short").next().is_some() {
                break;
            }
        }
        h.get_all_by_label("short").next().unwrap();
        vertices(&h)
    };
    let (small, large) = (cost(1_000), cost(100_000));
    assert!(
        large < small * 2,
        "{small} vertices for a thousand trades, {large} for a hundred thousand"
    );
}

/// Whether software or hardware Vulkan can render here.
pub(crate) fn can_render() -> bool {
    let driver = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"]
        .iter()
        .any(|d| {
            Path::new(d)
                .read_dir()
                .is_ok_and(|mut f| f.next().is_some())
        });
    if !driver {
        eprintln!("no Vulkan driver is installed: pages are not rendered");
    }
    driver
}

#[test]
fn pages_look_as_they_did() {
    if !can_render() {
        return;
    }
    let place = Place::new();
    let mut h = place.harness();
    h.run_ok();
    h.snapshot("data_welcome");
    h.get_by_label("Curriculum").click();
    h.run_ok();
    h.snapshot("curriculum");
}
