//! The window: pages from data to results over the same functions as the command line.
//!
//! Panels read a context and send commands; [`commands`] carries them out; long work runs as
//! jobs that are drained in [`Workbench::logic`]. Nothing here computes a figure that the
//! command line could not print.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::util::undoer::Undoer;
use egui::{
    CentralPanel, Frame, Key, KeyboardShortcut, Margin, Modal, Modifiers, Panel, RichText,
    ScrollArea,
};
use holdout_core::market::Instruments;
use holdout_core::market::split::Part;
use holdout_store::ImportOptions;
use poll_promise::Promise;

use crate::config::RunConfig;
use crate::jobs::train::TrainEvent;
use crate::jobs::{Notice, Progress};
use crate::report::number;
use commands::{Command, Exporting};
use compliance::ComplianceCommand;
use context::{Commands, LogLine, Model, Page, PanelCtx, RunState, SelfTestState};
use files::{Ask, FilePicker, NativePicker};
use frame_log::FrameLog;
use keeping::Kept;
use panels::train_data::TrainView;
use theme::{Mode, Theme};
use widgets::button;
use widgets::toasts::{Toasts, Tone};
use worker::{JudgeJob, Judged, LoadJob, SelfTestJob, TrainJob, WorkEvent};

pub mod about;
pub mod commands;
pub mod compliance;
pub mod context;
pub mod examining;
pub mod explaining;
mod exporting;
pub mod files;
pub mod frame_bench;
mod frame_log;
pub mod help;
pub mod icons;
mod importing;
pub mod keeping;
pub mod making;
pub mod panels;
pub mod preview;
pub mod queue;
mod registry;
pub mod reporting;
pub mod theme;
pub mod widgets;
pub mod worker;

/// How the window is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Renderer {
    /// wgpu where there is a graphics card, OpenGL otherwise.
    #[default]
    Auto,
    /// Vulkan, Metal or DirectX.
    Wgpu,
    /// OpenGL.
    Glow,
}

/// What the window begins with.
#[derive(Clone, Debug)]
pub struct WindowOptions {
    /// How it is drawn.
    pub renderer: Renderer,
    /// A bar file or a run folder to open.
    pub open: Option<PathBuf>,
    /// Start the demo at once.
    pub demo: bool,
    /// Folder of runs.
    pub runs_dir: PathBuf,
    /// Where to write frame times.
    pub frame_log: Option<PathBuf>,
}

const KEPT: &str = "holdout-2";
const NAME: &str = "Holdout";

/// Opens the window and runs until it is closed.
///
/// # Errors
/// When no window can be made: no display, or no driver that can draw; or when the file of frame
/// times cannot be written.
pub fn run(options: WindowOptions) -> anyhow::Result<()> {
    let frames = options.frame_log.as_deref().map(FrameLog::create);
    let frames = frames.transpose()?;
    let renderer = match options.renderer {
        Renderer::Wgpu => eframe::Renderer::Wgpu,
        Renderer::Glow => eframe::Renderer::Glow,
        Renderer::Auto if worker::has_graphics_card() => eframe::Renderer::Wgpu,
        // Without a card OpenGL's software path draws several times faster than Vulkan's.
        Renderer::Auto => eframe::Renderer::Glow,
    };
    let native = eframe::NativeOptions {
        renderer,
        viewport: egui::ViewportBuilder::default()
            .with_title(NAME)
            .with_app_id("holdout")
            .with_inner_size([1_280.0, 800.0])
            // At twice the size a screen of 1920 by 1080 has no more than 960 by 540.
            .with_min_inner_size([800.0, 450.0])
            .with_drag_and_drop(true),
        ..eframe::NativeOptions::default()
    };
    let start = Box::new(move |cc: &eframe::CreationContext<'_>| {
        let kept = cc.storage.and_then(|s| s.get_string(KEPT));
        let kept = kept.map_or_else(Kept::default, |text| Kept::read(&text));
        commands::set_up(&cc.egui_ctx, kept.mode);
        let mut bench = Workbench::new(Box::new(NativePicker), options.runs_dir.clone());
        bench.take_kept(&cc.egui_ctx, &kept);
        if options.open.is_none() && !options.demo {
            bench.lay_out_kept(&cc.egui_ctx, &kept);
        }
        bench.begin(&cc.egui_ctx, &options);
        Ok(Box::new(Window(bench, frames)) as Box<dyn eframe::App>)
    });
    eframe::run_native(NAME, native, start).map_err(|e| anyhow::anyhow!("the window cannot be opened: {e}; is there a display? `holdout --help` lists what works without one"))
}

struct Window(Workbench, Option<FrameLog>);

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.0.logic(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let begun = Instant::now();
        self.0.ui(ui);
        // The whole is that of the frame before this one.
        let whole = frame.info().cpu_usage.map(Duration::from_secs_f32);
        if let (Some(log), Some(whole)) = (&mut self.1, whole)
            && log.frame(whole, begun.elapsed()).is_err()
        {
            // A full disk ends the log, not the window.
            self.1 = None;
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        storage.set_string(KEPT, self.0.kept());
    }
}

/// The whole application but for the frame that the desktop gives it.
pub struct Workbench {
    /// What panels read.
    pub model: Model,
    theme: Theme,
    commands: Commands,
    picker: Box<dyn FilePicker>,
    asking: Option<(Ask, Promise<Option<PathBuf>>, Exporting, Instant)>,
    load: Option<(PathBuf, LoadJob)>,
    looking: Option<preview::PreviewJob>,
    making: Option<making::MakeJob>,
    /// A chart or report that waits for the name of its file.
    export_to: Option<exporting::ExportTo>,
    training: Option<TrainJob>,
    judging: Option<(Part, JudgeJob)>,
    self_testing: Option<SelfTestJob>,
    /// Settings of the run that was started last.
    started: Option<RunConfig>,
    examining: Option<(examining::Subject, examining::ExamineJob)>,
    undoer: Undoer<RunConfig>,
    toasts: Toasts,
    palette: panels::palette::Palette,
    runs: panels::runs::RunsPanel,
    registry: registry::RegistryWork,
    data: panels::data::DataPanel,
    curriculum: panels::curriculum::CurriculumPanel,
    train: panels::train::TrainPanel,
    results: panels::results::ResultsPanel,
    regimes: panels::regimes::RegimesPanel,
    checkpoints: panels::checkpoints::CheckpointsPanel,
    compliance: panels::compliance::CompliancePanel,
    complying: Option<compliance::ComplianceJob>,
    report: panels::report::ReportPanel,
    help: panels::help::HelpPanel,
    reporting: Option<reporting::ReportJob>,
    explaining: Option<explaining::ExplainJob>,
    looking_around: Option<about::AboutJob>,
    log_open: bool,
    /// Whether the list of runs was put away in a wide window, and fetched in a narrow one.
    runs_away: bool,
    runs_fetched: bool,
    /// Test is about to be opened: how often it was before, or why that is not known.
    ask_test: Option<Result<u64, String>>,
    /// Somebody asked for the test part, which a run may keep.
    test_wanted: bool,
    ask_close: bool,
    closing: bool,
    zoom: f32,
}

impl Workbench {
    /// An empty workbench.
    pub fn new(picker: Box<dyn FilePicker>, runs_dir: PathBuf) -> Self {
        let config = RunConfig::preset("quick").unwrap_or_default();
        let model = Model {
            page: Page::Data,
            instruments: Instruments::builtin(),
            market: None,
            loading: None,
            draft: None,
            making: None,
            make_failed: None,
            recent: Vec::new(),
            load_error: None,
            reference: config.clone(),
            preset: "quick",
            config,
            problems: Vec::new(),
            can_undo: (false, false),
            run_state: RunState::Idle,
            demo: false,
            progress: Arc::new(Progress::default()),
            train: TrainView::default(),
            queue: Vec::new(),
            self_test: SelfTestState::Idle,
            runs: Vec::new(),
            relabelling: 0,
            selected_run: None,
            checkpoint: None,
            results: Vec::new(),
            part: Part::Validation,
            evaluating: None,
            findings: examining::Findings::default(),
            compliance: compliance::ComplianceState::default(),
            explain: explaining::ExplainState::default(),
            report: reporting::ReportState::default(),
            log: Vec::new(),
            device: None,
            about: about::AboutState::default(),
            runs_dir,
        };
        let mut bench = Self {
            model,
            theme: Theme::new(Mode::Dark),
            commands: Commands::default(),
            picker,
            asking: None,
            load: None,
            looking: None,
            making: None,
            export_to: None,
            training: None,
            judging: None,
            self_testing: None,
            started: None,
            examining: None,
            undoer: Undoer::default(),
            toasts: Toasts::default(),
            palette: panels::palette::Palette::default(),
            runs: panels::runs::RunsPanel::default(),
            registry: registry::RegistryWork::default(),
            data: panels::data::DataPanel::default(),
            curriculum: panels::curriculum::CurriculumPanel::default(),
            train: panels::train::TrainPanel::default(),
            results: panels::results::ResultsPanel::default(),
            regimes: panels::regimes::RegimesPanel::default(),
            checkpoints: panels::checkpoints::CheckpointsPanel::default(),
            compliance: panels::compliance::CompliancePanel::default(),
            complying: None,
            report: panels::report::ReportPanel::default(),
            help: panels::help::HelpPanel::default(),
            reporting: None,
            explaining: None,
            looking_around: None,
            log_open: false,
            runs_away: false,
            runs_fetched: false,
            ask_test: None,
            test_wanted: false,
            ask_close: false,
            closing: false,
            zoom: 1.0,
        };
        bench.check();
        bench
    }

    /// The layout of the panes of the Results page, as text to keep.
    pub fn results_layout(&self) -> String {
        self.results.layout()
    }

    /// Takes a layout that was kept; the usual one where it cannot be read.
    pub fn take_results_layout(&mut self, text: &str) {
        self.results.take_layout(text);
    }

    /// Does what the command line asked for at the start.
    pub fn begin(&mut self, ctx: &egui::Context, options: &WindowOptions) {
        self.read_runs(ctx);
        if let Some(path) = &options.open {
            self.apply(ctx, Command::Preview(path.clone(), Box::default()));
        }
        if options.demo {
            self.apply(ctx, Command::RunDemo);
        }
    }

    /// Takes in what jobs report. Runs also while the window is hidden.
    pub fn logic(&mut self, ctx: &egui::Context) {
        self.answer_dialog(ctx);
        self.drain_registry(ctx);
        self.drain_load(ctx);
        self.drain_looking(ctx);
        self.drain_making(ctx);
        self.drain_training(ctx);
        self.drain_judging(ctx);
        self.drain_self_test();
        self.drain_examining(ctx);
        self.drain_complying(ctx);
        self.drain_reporting(ctx);
        self.drain_explaining(ctx);
        self.drain_about(ctx);
        self.zoom = ctx.zoom_factor();
        self.undoer.feed_state(ctx.time(), &self.model.config);
        self.model.can_undo = (
            self.undoer.has_undo(&self.model.config),
            self.undoer.has_redo(&self.model.config),
        );
        if self.undoer.is_in_flux() {
            // The undo point is set once the settings have been still for a second.
            ctx.request_repaint_after(Duration::from_millis(300));
        }
        self.take_dropped(ctx);
        if ctx.input(|i| i.viewport().close_requested())
            && self.model.run_state != RunState::Idle
            && !self.closing
        {
            ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            self.ask_close = true;
        }
    }

    /// Draws everything, then carries out what was asked for.
    pub fn ui(&mut self, ui: &mut egui::Ui) {
        let ctx = ui.ctx().clone();
        self.shortcuts(&ctx);
        let list = self.runs_shown(&ctx);
        let Self {
            model,
            theme,
            commands,
            runs,
            data,
            curriculum,
            train,
            results,
            regimes,
            checkpoints,
            compliance,
            report,
            help,
            palette,
            toasts,
            ..
        } = self;
        let panel = PanelCtx {
            model,
            theme,
            commands,
        };
        let bar = |m: i8| {
            Frame::new()
                .fill(theme.panel)
                .inner_margin(Margin::symmetric(m, 0))
        };
        Panel::top("top")
            .exact_size(40.0)
            .frame(bar(14))
            .show(ui, |ui| panels::top::ui(&panel, self.zoom, ui));
        Panel::bottom("status")
            .exact_size(26.0)
            .frame(bar(10))
            .show(ui, |ui| panels::status::ui(&panel, list, ui));
        if self.log_open {
            Panel::bottom("messages")
                .default_size(150.0)
                .resizable(true)
                .frame(panels::data::pad(theme))
                .show(ui, |ui| messages(&panel, ui));
        }
        if list {
            Panel::left("runs")
                .default_size(212.0)
                .size_range(170.0..=340.0)
                .frame(
                    Frame::new()
                        .fill(theme.background)
                        .inner_margin(Margin::same(10)),
                )
                .show(ui, |ui| runs.ui(&panel, ui));
        }
        CentralPanel::default()
            .frame(Frame::new().fill(theme.panel))
            .show(ui, |ui| match model.page {
                Page::Data => data.ui(&panel, ui),
                Page::Curriculum => curriculum.ui(&panel, ui),
                Page::Train => train.ui(&panel, ui),
                Page::Results => results.ui(&panel, ui),
                Page::Regimes => regimes.ui(&panel, ui),
                Page::Checkpoints => checkpoints.ui(&panel, ui),
                Page::Markets => panels::markets::ui(&panel, ui),
                Page::Compliance => compliance.ui(&panel, ui),
                Page::Report => report.ui(&panel, ui),
                Page::Help => help.ui(&panel, ui),
            });
        palette.ui(&panel, &ctx);
        panels::self_test::ui(&panel, &ctx);
        panels::about::ui(&panel, &ctx);
        toasts.ui(&ctx, theme);
        drop_hint(&ctx, theme);
        self.ask_before_test(&ctx);
        self.ask_before_closing(&ctx);
        self.ask_where_to_export(&ctx);
        for command in self.commands.take() {
            self.apply(&ctx, command);
            ctx.request_repaint();
        }
    }

    /// Whether the list of runs is on show: in a narrow window only when asked for, because the
    /// page needs the room.
    fn runs_shown(&self, ctx: &egui::Context) -> bool {
        if narrow(ctx) {
            self.runs_fetched
        } else {
            !self.runs_away
        }
    }

    fn toggle_runs(&mut self, ctx: &egui::Context) {
        if narrow(ctx) {
            self.runs_fetched = !self.runs_fetched;
        } else {
            self.runs_away = !self.runs_away;
        }
    }

    fn shortcuts(&mut self, ctx: &egui::Context) {
        const CTRL: Modifiers = Modifiers::COMMAND;
        let keys = [
            (CTRL, Key::Num1, Command::Go(Page::Data)),
            (CTRL, Key::Num2, Command::Go(Page::Curriculum)),
            (CTRL, Key::Num3, Command::Go(Page::Train)),
            (CTRL, Key::Num4, Command::Go(Page::Results)),
            (CTRL, Key::Num5, Command::Go(Page::Regimes)),
            (CTRL, Key::Num6, Command::Go(Page::Checkpoints)),
            (CTRL, Key::Num7, Command::Go(Page::Markets)),
            (CTRL, Key::Num8, Command::Go(Page::Compliance)),
            (CTRL, Key::Num9, Command::Go(Page::Report)),
            (CTRL, Key::Num0, Command::Go(Page::Help)),
            (CTRL, Key::O, Command::OpenDialog),
            (CTRL, Key::P, Command::TogglePalette),
            (CTRL, Key::B, Command::ToggleRuns),
            (CTRL.plus(Modifiers::SHIFT), Key::Z, Command::Redo),
            (CTRL, Key::Y, Command::Redo),
            (Modifiers::NONE, Key::F1, Command::HelpHere),
        ];
        for (modifiers, key, command) in keys {
            if ctx.input_mut(|i| i.consume_shortcut(&KeyboardShortcut::new(modifiers, key))) {
                self.commands.push(command);
            }
        }
        if ctx.text_edit_focused() || self.palette.is_open() {
            return;
        }
        if ctx.input_mut(|i| i.consume_shortcut(&KeyboardShortcut::new(CTRL, Key::Z))) {
            self.commands.push(Command::Undo);
        }
        if self.model.page == Page::Results {
            self.results.keys(ctx, &self.model);
        }
        if self.model.page == Page::Train
            && ctx.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Space))
        {
            match self.model.run_state {
                RunState::Running => self.commands.push(Command::Pause),
                RunState::Paused => self.commands.push(Command::Resume),
                RunState::Idle | RunState::Stopping => {}
            }
        }
    }

    /// Checks the configuration against the contract.
    fn check(&mut self) {
        self.model.problems = self.model.instrument().map_or_else(Vec::new, |i| {
            self.model.config.plan(&i).err().unwrap_or_default()
        });
    }

    /// Shows a message, and keeps it.
    fn tell(&mut self, ctx: &egui::Context, tone: Tone, text: String) {
        self.model.log.push(LogLine {
            error: tone == Tone::Error,
            text: text.clone(),
        });
        self.toasts.push(tone, text, ctx.time());
    }

    fn ask(&mut self, ctx: &egui::Context, ask: &Ask, exporting: Exporting) {
        if self.asking.is_none() {
            let answer = self.picker.pick(ask, commands::wake(ctx));
            self.asking = Some((ask.clone(), answer, exporting, Instant::now()));
        }
    }

    fn answer_dialog(&mut self, ctx: &egui::Context) {
        let Some((ask, promise, exporting, asked)) = self.asking.take() else {
            return;
        };
        match promise.try_take() {
            Err(promise) => self.asking = Some((ask, promise, exporting, asked)),
            Ok(None) => {
                // Nobody reads a dialog and closes it in so short a time: there was none.
                if asked.elapsed() < Duration::from_millis(400) {
                    let other = match ask {
                        Ask::OpenBars => {
                            "type the path on the Data page, or drop the file on the window"
                        }
                        Ask::OpenLedger => "type the folder on the Compliance page",
                        Ask::SaveDocument | Ask::Save { .. } => "type the path in the field",
                    };
                    let text = format!("This desktop offers no file dialog; {other}.");
                    self.tell(ctx, Tone::Warning, text);
                }
            }
            Ok(Some(path)) => match (ask, exporting) {
                (Ask::OpenLedger, _) => self.comply(ctx, ComplianceCommand::Ledger(path)),
                (_, None) => self.apply(ctx, Command::Preview(path, Box::default())),
                (_, Some(what)) => {
                    self.export_to = None;
                    self.write_out(ctx, path, what);
                }
            },
        }
    }

    fn open(&mut self, ctx: &egui::Context, path: PathBuf, options: ImportOptions) {
        if path.join("status.json").is_file() {
            self.select_run(ctx, path);
            self.model.page = Page::Results;
            return;
        }
        self.model.page = Page::Data;
        self.model.load_error = None;
        // A load that is under way gives way to the new one.
        self.cancel_load();
        match worker::load(path.clone(), options, commands::wake(ctx)) {
            Ok(job) => {
                self.model.loading = Some((path.clone(), job.progress()));
                self.load = Some((path, job));
            }
            Err(e) => self.tell(ctx, Tone::Error, format!("The file cannot be read: {e}")),
        }
    }

    fn cancel_load(&mut self) {
        if let Some((_, job)) = self.load.take() {
            job.flag().stop(crate::jobs::StopReason::Asked);
            // Waiting for its end must not hold up the window.
            std::thread::spawn(move || drop(job));
        }
        self.model.loading = None;
    }

    fn drain_load(&mut self, ctx: &egui::Context) {
        let Some((path, job)) = self.load.take() else {
            return;
        };
        self.model.loading = Some((path.clone(), job.progress()));
        match job.drain(Duration::from_millis(5)).into_iter().next() {
            None | Some(Notice::Event(())) => {
                self.load = Some((path, job));
                return;
            }
            Some(Notice::Done(market)) => {
                self.remember(path);
                self.take_market(market);
            }
            Some(Notice::Failed(why)) => {
                self.model.log.push(LogLine {
                    error: true,
                    text: why.clone(),
                });
                self.model.load_error = Some((path, why));
                ctx.request_repaint();
            }
        }
        self.model.loading = None;
    }

    fn take_market(&mut self, market: context::Market) {
        self.model.config.market = market.dataset.market().to_owned();
        self.model.config.data = Some(market.dataset.path.clone());
        self.model.market = Some(market);
        self.model.load_error = None;
        self.check();
    }

    fn start(&mut self, ctx: &egui::Context) {
        if self.training.is_some() {
            return;
        }
        let Some(market) = self.model.market.clone() else {
            self.tell(ctx, Tone::Warning, "Open a market first.".to_owned());
            self.model.page = Page::Data;
            return;
        };
        match self.model.config.plan(&market.dataset.bars.instrument) {
            Err(problems) => {
                self.model.problems = problems;
                self.model.page = Page::Curriculum;
                self.tell(
                    ctx,
                    Tone::Warning,
                    "Some settings make no sense yet; they are marked.".to_owned(),
                );
            }
            Ok(plan) => {
                self.started = Some(self.model.config.clone());
                let job = worker::train(
                    plan,
                    market.dataset,
                    market.options,
                    self.model.runs_dir.clone(),
                    commands::wake(ctx),
                );
                self.follow(ctx, job, false);
                self.model.page = Page::Train;
            }
        }
    }

    fn continue_run(&mut self, ctx: &egui::Context, path: PathBuf) {
        if self.training.is_some() {
            return;
        }
        let job = worker::resume(path, commands::wake(ctx));
        self.started = None;
        self.follow(ctx, job, false);
        self.model.page = Page::Train;
    }

    fn run_demo(&mut self, ctx: &egui::Context) {
        if self.training.is_some() {
            self.tell(
                ctx,
                Tone::Warning,
                "A run is being trained; stop it first.".to_owned(),
            );
            return;
        }
        let options = crate::jobs::demo::DemoOptions {
            runs: self.model.runs_dir.clone(),
            quick: false,
            device: self.model.config.device,
            seed: self.model.config.seed,
        };
        let job = worker::demo(options, commands::wake(ctx));
        self.follow(ctx, job, true);
        self.model.page = Page::Train;
    }

    fn follow(&mut self, ctx: &egui::Context, job: std::io::Result<TrainJob>, demo: bool) {
        match job {
            Ok(job) => {
                self.model.train = TrainView::new(if demo { "demo" } else { "" });
                self.model.progress = job.progress();
                self.model.run_state = RunState::Running;
                self.model.demo = demo;
                self.training = Some(job);
            }
            Err(e) => self.tell(ctx, Tone::Error, format!("Training cannot start: {e}")),
        }
    }

    fn drain_training(&mut self, ctx: &egui::Context) {
        let Some(job) = self.training.take() else {
            return;
        };
        self.model.progress = job.progress();
        for notice in job.drain(Duration::from_millis(8)) {
            match notice {
                Notice::Event(event) => self.work_event(ctx, event),
                Notice::Done(trained) => {
                    self.model.run_state = RunState::Idle;
                    self.trained(ctx, &trained);
                    return;
                }
                Notice::Failed(why) => {
                    self.model.run_state = RunState::Idle;
                    self.model.train.log(format!("failed: {why}"));
                    self.tell(ctx, Tone::Error, why);
                    self.read_runs(ctx);
                    self.close_if_asked(ctx);
                    return;
                }
            }
        }
        self.training = Some(job);
    }

    fn work_event(&mut self, ctx: &egui::Context, event: WorkEvent) {
        let view = &mut self.model.train;
        match event {
            WorkEvent::Train(TrainEvent::Started { run }) => {
                view.name = worker::run_name(&run);
                view.path = Some(run.clone());
                self.model.selected_run = Some(run);
                self.model.checkpoint = None;
                self.model.results.clear();
                self.forget_findings();
                self.read_runs(ctx);
            }
            WorkEvent::Train(TrainEvent::Phase { phase, steps, .. }) => view.log(format!(
                "phase {} begins: {} steps",
                phase.number(),
                number::count(steps)
            )),
            WorkEvent::Train(TrainEvent::Log(line)) => {
                if let Some(device) = line.strip_prefix("device ") {
                    self.model.device = Some(device.to_owned());
                }
                view.log(line);
            }
            WorkEvent::Train(TrainEvent::Alarm { step, text }) => {
                view.alarm(step, &text);
                self.tell(ctx, Tone::Warning, text);
            }
            WorkEvent::Train(TrainEvent::Adjusted { step, adjustment }) => {
                view.adjusted(step, adjustment);
            }
            WorkEvent::Train(TrainEvent::Update { phase, record }) => view.update(phase, *record),
            WorkEvent::Train(TrainEvent::Validation(p)) => {
                let step = number::count(p.step);
                view.log(format!("validation at step {step}: {}", p.in_words()));
                view.validation(&p);
            }
            WorkEvent::Train(TrainEvent::Checkpoint { step }) => {
                view.log(format!("checkpoint at step {}", number::count(step)));
                view.checkpoint(step);
            }
            WorkEvent::Opened(market) => self.take_market(*market),
            WorkEvent::Judged(view) => self.take_results(*view),
            WorkEvent::Step(line) => view.log(line),
        }
    }

    fn trained(&mut self, ctx: &egui::Context, trained: &worker::Trained) {
        let o = &trained.outcome;
        let (steps, time) = (number::count(o.steps), number::duration(o.seconds));
        let text = if o.stopped {
            format!("Stopped and kept after {steps} steps.")
        } else {
            format!("Trained {steps} steps in {time}.")
        };
        self.model.train.log(text.clone());
        self.tell(ctx, Tone::Info, text);
        self.read_runs(ctx);
        if trained.judged {
            self.model.part = Part::Test;
            self.model.page = Page::Results;
        }
        self.close_if_asked(ctx);
        // Who stops a run wants the machine; the queue then waits for a word.
        if !o.stopped {
            self.next_in_queue(ctx);
        }
    }

    fn close_if_asked(&mut self, ctx: &egui::Context) {
        if self.closing {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }

    fn select_run(&mut self, ctx: &egui::Context, path: PathBuf) {
        if self.model.selected_run.as_ref() != Some(&path) {
            self.model.selected_run = Some(path);
            self.model.checkpoint = None;
            self.model.results.clear();
            self.forget_findings();
            self.model.part = Part::Validation;
            self.read_evaluations();
        }
        self.apply(ctx, Command::ShowResults(self.model.part));
    }

    fn judge(&mut self, ctx: &egui::Context, part: Part) {
        self.start_judging(ctx, part, worker::judge);
    }

    /// Shows what the selected run keeps of a part.
    fn reopen(&mut self, ctx: &egui::Context, part: Part) {
        self.start_judging(ctx, part, worker::reopen);
    }

    fn ask_for_test(&mut self) {
        let run = self.model.selected_run.as_ref();
        self.ask_test = run.map(|r| worker::looks_so_far(r).map_err(|e| format!("{e:#}")));
    }

    fn start_judging(&mut self, ctx: &egui::Context, part: Part, start: worker::StartJudging) {
        let Some(run) = self.model.selected_run.clone() else {
            return;
        };
        let chosen = self.model.checkpoint.clone();
        let checkpoint = chosen.unwrap_or_else(|| "best".to_owned());
        match start(run, checkpoint, part, commands::wake(ctx)) {
            Ok(job) => {
                self.model.evaluating = Some((part, job.progress()));
                self.judging = Some((part, job));
            }
            Err(e) => self.tell(ctx, Tone::Error, format!("Judging cannot start: {e}")),
        }
    }

    fn drain_judging(&mut self, ctx: &egui::Context) {
        let Some((part, job)) = self.judging.take() else {
            return;
        };
        match job.drain(Duration::from_millis(5)).into_iter().next() {
            None | Some(Notice::Event(())) => {
                self.model.evaluating = Some((part, job.progress()));
                self.judging = Some((part, job));
                return;
            }
            Some(Notice::Done(Judged::View(view))) => self.take_results(*view),
            Some(Notice::Done(Judged::NotKept(why))) => {
                if let Some(why) = why {
                    let text = format!("What was judged on {} cannot be shown: {why}", part.name());
                    self.tell(ctx, Tone::Error, text);
                }
                // To judge it anew is a look more.
                if self.test_wanted {
                    self.ask_for_test();
                }
            }
            Some(Notice::Failed(why)) => {
                self.tell(ctx, Tone::Error, format!("Judging failed: {why}"))
            }
        }
        self.model.evaluating = None;
    }

    fn start_self_test(&mut self, ctx: &egui::Context) {
        if self.self_testing.is_some() {
            return;
        }
        match worker::self_test(commands::wake(ctx)) {
            Ok(job) => {
                self.model.self_test = SelfTestState::Running(job.progress());
                self.self_testing = Some(job);
            }
            Err(e) => self.tell(ctx, Tone::Error, format!("The self-test cannot start: {e}")),
        }
    }

    fn end_self_test(&mut self) {
        if let Some(job) = self.self_testing.take() {
            job.flag().stop(crate::jobs::StopReason::Asked);
            // Waiting for its end must not hold up the window.
            std::thread::spawn(move || drop(job));
        }
        self.model.self_test = SelfTestState::Idle;
    }

    fn drain_self_test(&mut self) {
        let Some(job) = self.self_testing.take() else {
            return;
        };
        self.model.self_test = match job.drain(Duration::from_millis(2)).pop() {
            None | Some(Notice::Event(())) => {
                let state = SelfTestState::Running(job.progress());
                self.self_testing = Some(job);
                state
            }
            Some(Notice::Done(found)) => SelfTestState::Done(Arc::new(found)),
            Some(Notice::Failed(why)) => SelfTestState::Failed(why),
        };
    }

    fn take_results(&mut self, view: panels::results_data::ResultsView) {
        self.model.results.retain(|r| r.part != view.part);
        self.model.results.push(Arc::new(view));
        self.model.results.sort_by_key(|r| r.part);
        self.read_evaluations();
    }

    fn ask_before_test(&mut self, ctx: &egui::Context) {
        let Some(looks) = self.ask_test.clone() else {
            return;
        };
        let modal = Modal::new(egui::Id::unique("ask-test")).show(ctx, |ui| {
            ui.set_width(430.0);
            ui.label(RichText::new("Open the test part?").heading());
            ui.add_space(4.0);
            ui.add(egui::Label::new("Test is there to judge once, when everything has been chosen on validation. Every look is counted, and the count is shown with every result.").wrap());
            ui.add_space(4.0);
            let known = match &looks {
                Ok(0) => "It has not been opened before.".to_owned(),
                Ok(1) => "It has been opened once before.".to_owned(),
                Ok(n) => format!("It has been opened {n} times before."),
                Err(e) => format!("The count cannot be read: {e}"),
            };
            ui.label(RichText::new(known).font(theme::semibold(13.5)));
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                if ui.add_enabled_ui(looks.is_ok(), |ui| button::primary(ui, &self.theme, icons::Icon::Flag, "Open test and count it")).inner.clicked() {
                    self.commands.push(Command::OpenTest);
                }
                if ui.button("Not now").clicked() {
                    ui.close();
                }
            });
        });
        if modal.should_close() {
            self.ask_test = None;
            self.model.part = Part::Validation;
        }
    }

    fn ask_before_closing(&mut self, ctx: &egui::Context) {
        if !self.ask_close {
            return;
        }
        let modal = Modal::new(egui::Id::unique("ask-close")).show(ctx, |ui| {
            ui.set_width(400.0);
            ui.label(RichText::new("A run is being trained").heading());
            ui.add_space(4.0);
            ui.add(egui::Label::new("Closing ends it after the present update; a checkpoint is written and what was learned stays.").wrap());
            if !self.model.queue.is_empty() {
                let n = self.model.queue.len();
                ui.add(egui::Label::new(format!("The queue is not kept: {n} run(s) in it will have to be added again.")).wrap());
            }
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                if button::primary(ui, &self.theme, icons::Icon::Stop, "Stop, keep and close").clicked() {
                    self.commands.push(Command::StopAndClose);
                }
                if button::normal(ui, &self.theme, icons::Icon::Play, "Keep running").clicked() {
                    ui.close();
                }
            });
        });
        if modal.should_close() {
            self.ask_close = false;
        }
    }
}

/// Width in points under which pages need the room of the list of runs.
const NARROW: f32 = 1_100.0;

fn narrow(ctx: &egui::Context) -> bool {
    ctx.content_rect().width() < NARROW
}

/// Everything that was reported, the latest at the bottom.
fn messages(ctx: &PanelCtx<'_>, ui: &mut egui::Ui) {
    panels::data::heading(ui, ctx.theme, "Messages");
    if ctx.model.log.is_empty() {
        ui.label(RichText::new("Nothing was reported yet.").color(ctx.theme.dim));
    }
    ScrollArea::vertical()
        .auto_shrink(false)
        .stick_to_bottom(true)
        .show(ui, |ui| {
            for line in &ctx.model.log {
                let color = if line.error {
                    ctx.theme.bad
                } else {
                    ctx.theme.text
                };
                let mark = if line.error { "error: " } else { "" };
                ui.add(
                    egui::Label::new(RichText::new(format!("{mark}{}", line.text)).color(color))
                        .wrap(),
                );
            }
        });
}

/// Tells that a dragged file can be let go.
fn drop_hint(ctx: &egui::Context, theme: &Theme) {
    if ctx.input(|i| i.raw.hovered_files.is_empty()) {
        return;
    }
    let painter = ctx.layer_painter(egui::LayerId::new(
        egui::Order::Foreground,
        egui::Id::unique("drop-hint"),
    ));
    let rect = ctx.content_rect();
    painter.rect_filled(rect, 0, theme.background.gamma_multiply(0.75));
    painter.rect_stroke(
        rect.shrink(12.0),
        8,
        egui::Stroke::new(2.0, theme.accent),
        egui::StrokeKind::Inside,
    );
    painter.text(
        rect.center(),
        egui::Align2::CENTER_CENTER,
        "Drop to open",
        theme::semibold(22.0),
        theme.text,
    );
}
