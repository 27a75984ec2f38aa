//! The arguments of every command, with their help.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use holdout_learn::device::DeviceChoice;
use holdout_store::runs::CheckpointChoice;

use crate::report::document::{DocumentFormat, Wanted};

/// Trains reinforcement-learning traders for index futures and tells the truth about them.
///
/// Without a command the window opens.
#[derive(Debug, Parser)]
#[command(
    name = "holdout",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 done, 1 a verdict failed, 2 usage, 3 bad input, 4 anything else."
)]
pub struct Args {
    /// Print JSON on stdout.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the window.
    Window(WindowArgs),
    /// Run the main job: sample market, short training, out-of-sample verdict.
    #[command(after_help = "Example: holdout demo --out runs/demo")]
    Demo(DemoArgs),
    /// Look at, import, describe or make market data.
    Data(DataArgs),
    /// Train a policy in two phases.
    #[command(
        after_help = "Examples:\n  holdout train --preset quick --market NQ --data NQ.txt\n  holdout train --config run.toml --device cpu --progress json\n  holdout train --preset quick --market NQ --seeds 1,2,3\n  holdout train --config a.toml --config b.toml\n  holdout train --resume runs/20240101-120000-NQ-ab12 --device cpu\n  holdout train --resume runs/20240101-120000-NQ-ab12 --checkpoint 1638400"
    )]
    Train(TrainArgs),
    /// Run a checkpoint through unseen bars, one account, in order.
    #[command(
        after_help = "Examples:\n  holdout evaluate --run runs/20240101-120000-NQ-ab12 --split validation --out eval\n  holdout evaluate --run RUN --explain 12\n  holdout evaluate --run RUN --decisions decisions.csv"
    )]
    Evaluate(EvaluateArgs),
    /// Judge all checkpoints of a run on validation and choose one, with reasons.
    #[command(
        after_help = "Examples:\n  holdout checkpoints --run runs/20240101-120000-NQ-ab12\n  holdout checkpoints --run RUN --compare 1048576,2097152 --json\n  holdout checkpoints --run RUN --select"
    )]
    Checkpoints(CheckpointsArgs),
    /// Judge one checkpoint on several markets.
    #[command(after_help = "Example: holdout markets --run RUN --data ES.csv --data YM.csv")]
    Markets(MarketsArgs),
    /// Break a checkpoint's account down by market regime.
    #[command(after_help = "Example: holdout regimes --run RUN --checkpoint best --json")]
    Regimes(RegimesArgs),
    /// Train and judge on many splits of one file: walk-forward or CPCV.
    #[command(
        after_help = "Examples:\n  holdout study --preset smoke --data NQ.csv --method anchored --folds 4 --seeds 1,2\n  holdout study --config run.toml --data NQ.csv --method cpcv --groups 6 --held 2 --purge 1 --embargo 1"
    )]
    Study(StudyArgs),
    /// Several checkpoints of a run as one: make an ensemble, or judge one.
    #[command(
        after_help = "Examples:\n  holdout ensemble --run RUN --kind average --top 5 --name five\n  holdout ensemble --run RUN --name five --judge test"
    )]
    Ensemble(EnsembleArgs),
    /// Every metric, interval and test of anybody's daily results and trades.
    #[command(
        after_help = "Examples:\n  holdout metrics --daily daily.csv --json\n  holdout metrics --daily daily.csv --trades trades.csv --benchmark index.csv --trials 61\n  holdout metrics --candidates returns.csv --blocks 16\n\ndaily.csv has the columns date and net_pnl (dollars) or return (a fraction)."
    )]
    Metrics(MetricsArgs),
    /// Replay listed actions through the simulator.
    #[command(
        after_help = "Example: holdout replay --data bars.csv --market NQ --actions actions.csv --out ledger"
    )]
    Replay(ReplayArgs),
    /// Check a ledger against a rule set; chance of passing; certificates.
    #[command(
        after_help = "Examples:\n  holdout compliance check --ruleset apex-50k-seed --ledger eval\n  holdout compliance chance --ruleset topstep-50k,apex-legacy-50k --ledger eval"
    )]
    Compliance(ComplianceArgs),
    /// Issue a certificate of an evaluation or a ledger, or show one.
    Certificate(CertificateArgs),
    /// Compare a certificate with everything it rests on. Exit code 1 when anything differs.
    Verify(VerifyArgs),
    /// Ask whether a certificate lets its agent go beyond paper trading. Exit code 1 when not.
    Gate(GateArgs),
    /// Write one document of a run, or of several side by side: HTML, PDF, Markdown or JSON.
    #[command(
        after_help = "Examples:\n  holdout report --run RUN --out report.html\n  holdout report --run RUN --compare OTHER THIRD --format pdf --out runs.pdf\n  holdout report --run RUN --section summary --section equity=\"The account of 2024\" --title \"NQ, first try\" --out short.md\n\nSections: summary, equity, figures, parts, proof, trades, actions, regimes, compliance, training,\nsettings, disclosure. The test part is shown where it was opened before; a report never opens it."
    )]
    Report(ReportArgs),
    /// List runs, show one, or write tags and notes about one.
    #[command(
        after_help = "Examples:\n  holdout runs --find \"nq keep\"\n  holdout runs tag runs/20240101-120000-nq-ab12 keep \"night session\"\n  holdout runs note runs/20240101-120000-nq-ab12 \"wider stops, same seed\""
    )]
    Runs(RunsArgs),
    /// Print versions, and the devices found on this machine.
    About,
    /// Print completions of commands for a shell.
    #[command(
        after_help = "Example: holdout completions bash > ~/.local/share/bash-completion/completions/holdout"
    )]
    Completions {
        /// Shell.
        shell: clap_complete::Shell,
    },
    /// Measure environment, inference and training on this machine.
    Bench(BenchArgs),
    /// Check that the learner learns, and claims nothing where nothing is. Exit code 1 if not.
    #[command(
        after_help = "Examples:\n  holdout self-test --quick --json\n  holdout self-test --quick --data NQ.txt   curriculum against none on your own market"
    )]
    SelfTest(SelfTestArgs),
}

/// How the window is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Renderer {
    /// OpenGL where there is only a software rasteriser, else wgpu.
    #[default]
    Auto,
    /// Vulkan, Metal or DirectX.
    Wgpu,
    /// OpenGL.
    Glow,
}

/// `holdout window`
#[derive(Debug, Parser)]
pub struct WindowArgs {
    /// How the window is drawn.
    #[arg(long, value_enum, default_value_t)]
    pub renderer: Renderer,
    /// A bar file or a run folder to open.
    #[arg(long)]
    pub open: Option<PathBuf>,
    /// Start the demo at once.
    #[arg(long)]
    pub demo: bool,
    /// Folder of runs.
    #[arg(long, default_value = "runs")]
    pub runs: PathBuf,
    /// Write the window's frame times here, a line every ten seconds.
    #[arg(long, value_name = "FILE")]
    pub frame_log: Option<PathBuf>,
}

impl Default for WindowArgs {
    fn default() -> Self {
        Self {
            renderer: Renderer::Auto,
            open: None,
            demo: false,
            runs: PathBuf::from("runs"),
            frame_log: None,
        }
    }
}

/// `holdout demo`
#[derive(Debug, Parser)]
pub struct DemoArgs {
    /// Folder that receives the run and the evaluations.
    #[arg(long, default_value = "runs/demo")]
    pub out: PathBuf,
    /// A few seconds of training only.
    #[arg(long)]
    pub quick: bool,
    /// Where to compute.
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
    /// Seed of all random numbers.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Open the window on the result, where there is a display.
    #[arg(long)]
    pub window: bool,
}

/// `holdout data`
#[derive(Debug, Parser)]
pub struct DataArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: DataCommand,
}

/// What is said about a bar file over what is detected.
#[derive(Clone, Debug, Default, Parser)]
pub struct ImportArgs {
    /// Market (ES, NQ, YM, RTY, MES, MNQ, MYM, M2K).
    #[arg(long)]
    pub market: Option<String>,
    /// Zone of stamps without offset, e.g. America/Chicago, or America/New_York+7 as many brokers
    /// of MetaTrader have it.
    #[arg(long)]
    pub zone: Option<String>,
    /// Which end of a bar is stamped: open or close.
    #[arg(long)]
    pub stamp: Option<holdout_store::Stamp>,
    /// Dialect of the file.
    #[arg(long)]
    pub dialect: Option<String>,
    /// Which column is what, by header or number, for a table that no dialect fits:
    /// time=Date,clock=2,open=3,high=4,low=5,close=6,volume=7,symbol=8; clock, volume and symbol
    /// may be left out.
    #[arg(long, value_name = "ROLE=COLUMN,…", conflicts_with = "dialect")]
    pub columns: Option<holdout_store::ColumnMap>,
    /// Order of the numbers of a date that can be read in two ways: ymd, mdy or dmy.
    #[arg(long, value_name = "ORDER")]
    pub dates: Option<holdout_store::dialects::DateOrder>,
    /// Contract to take from a file with several.
    #[arg(long)]
    pub symbol: Option<String>,
    /// Join the contracts of a market into one series: by volume (the trading day after the next
    /// contract first traded more) or by calendar (Monday of the week of expiry).
    #[arg(long, value_name = "RULE")]
    pub continuous: Option<holdout_core::market::RollRule>,
    /// Prices before a roll: none (as traded), difference, or ratio (rounded to whole ticks).
    #[arg(long, value_name = "HOW", requires = "continuous")]
    pub adjust: Option<holdout_core::market::Adjustment>,
    /// Repair to make; see repairs_offered of inspect. Repeatable.
    #[arg(long)]
    pub repair: Vec<holdout_store::Repair>,
}

impl ImportArgs {
    /// As the importer wants it.
    pub fn options(&self) -> holdout_store::ImportOptions {
        holdout_store::ImportOptions {
            market: self.market.clone(),
            zone: self.zone.clone(),
            stamp: self.stamp,
            dialect: self.dialect.clone(),
            columns: self.columns.clone(),
            dates: self.dates,
            symbol: self.symbol.clone(),
            continuous: self.continuous.map(|rule| holdout_store::Continuous {
                rule,
                adjustment: self.adjust.unwrap_or_default(),
            }),
            repairs: self.repair.clone(),
            ..holdout_store::ImportOptions::default()
        }
    }
}

/// Data commands.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Say what a bar file is and what is wrong with it.
    Inspect {
        /// Bar file in any dialect; several make one series.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Overrides.
        #[command(flatten)]
        import: ImportArgs,
    },
    /// Write bars in the canonical form.
    #[command(
        after_help = "Examples:\n  holdout data import export.txt --market NQ --out NQ.parquet\n  holdout data import \"ES 03-26.txt\" \"ES 06-26.txt\" --continuous volume --adjust difference --out ES.csv"
    )]
    Import {
        /// Bar file in any dialect; several make one series.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Overrides.
        #[command(flatten)]
        import: ImportArgs,
        /// Where to: .csv, .csv.gz or .parquet.
        #[arg(long)]
        out: PathBuf,
    },
    /// Make coarser bars: 1 s to 1 min, 1 min to n min.
    #[command(
        after_help = "Example: holdout data resample NQ_1m.parquet --to 5m --out NQ_5m.parquet"
    )]
    Resample {
        /// Bar file in any dialect.
        file: PathBuf,
        /// Overrides.
        #[command(flatten)]
        import: ImportArgs,
        /// Length of the new bars, e.g. 1m, 5m, 1h, 90s.
        #[arg(long, value_parser = parse_interval)]
        to: i64,
        /// Leave the last bar out when the file ends before it does.
        #[arg(long)]
        drop_incomplete: bool,
        /// Where to: .csv, .csv.gz or .parquet.
        #[arg(long)]
        out: PathBuf,
    },
    /// Cut the sessions of a file into train, validation and test, as a training run does.
    #[command(
        after_help = "Examples:\n  holdout data split NQ.parquet --train 0.6 --validation 0.2\n  holdout data split NQ.parquet --validation-from 2024-09-02 --test-from 2024-11-01"
    )]
    Split {
        /// Bar file in any dialect; several make one series.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Overrides.
        #[command(flatten)]
        import: ImportArgs,
        /// Share of the sessions to train on; 0.7 when absent.
        #[arg(long)]
        train: Option<f64>,
        /// Share of the sessions to choose on; 0.15 when absent.
        #[arg(long)]
        validation: Option<f64>,
        /// First trading day of validation, instead of shares.
        #[arg(long, value_name = "DAY", requires = "test_from", conflicts_with_all = ["train", "validation"])]
        validation_from: Option<holdout_core::time::TradingDay>,
        /// First trading day of test, instead of shares.
        #[arg(long, value_name = "DAY", requires = "validation_from")]
        test_from: Option<holdout_core::time::TradingDay>,
    },
    /// Add a newer export to a data set; where both have bars they must agree.
    #[command(after_help = "Example: holdout data append NQ.parquet \"NQ 03-24.Last.txt\"")]
    Append {
        /// The data set, a canonical file (any file with --out).
        dataset: PathBuf,
        /// Newer bar files in any dialect.
        #[arg(required = true)]
        newer: Vec<PathBuf>,
        /// Overrides for the newer files.
        #[command(flatten)]
        import: ImportArgs,
        /// Whose bars stand where the two differ: old or new.
        #[arg(long)]
        prefer: Option<holdout_store::append::Prefer>,
        /// Where to; over the data set when absent.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Write every indicator and every feature that the agent sees.
    Features {
        /// Bar file in any dialect.
        file: PathBuf,
        /// Overrides.
        #[command(flatten)]
        import: ImportArgs,
        /// Where to (.csv).
        #[arg(long)]
        out: PathBuf,
    },
    /// Make a synthetic market with known truth.
    Generate {
        /// Recipe: sample, driftless, planted-edge.
        #[arg(long, default_value = "sample")]
        recipe: String,
        /// Market.
        #[arg(long, default_value = "NQ")]
        market: String,
        /// Seed; the recipe's own when absent.
        #[arg(long)]
        seed: Option<u64>,
        /// First trading day, e.g. 2024-01-02; the recipe's own when absent.
        #[arg(long)]
        from: Option<holdout_core::time::TradingDay>,
        /// Last trading day; the recipe's own when absent.
        #[arg(long)]
        to: Option<holdout_core::time::TradingDay>,
        /// Where to: .csv, .csv.gz or .parquet.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Seconds of an interval such as `90s`, `5m` or `1h`.
fn parse_interval(text: &str) -> Result<i64, String> {
    let bad = || format!("\"{text}\" is no length of a bar; expected e.g. 30s, 5m or 1h");
    let unit = text.chars().last().ok_or_else(bad)?;
    let secs = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err(bad()),
    };
    let n: i64 = text[..text.len() - 1].parse().map_err(|_no_number| bad())?;
    (1..=86_400)
        .contains(&n)
        .then_some(n * secs)
        .ok_or_else(bad)
}

impl From<Renderer> for crate::app::Renderer {
    fn from(r: Renderer) -> Self {
        match r {
            Renderer::Auto => Self::Auto,
            Renderer::Wgpu => Self::Wgpu,
            Renderer::Glow => Self::Glow,
        }
    }
}

/// How progress is told on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressStyle {
    /// A bar on a terminal, nothing otherwise.
    #[default]
    Auto,
    /// One line of JSON per update, on stdout.
    Json,
    /// Nothing.
    None,
}

/// `holdout train`
#[derive(Debug, Parser)]
pub struct TrainArgs {
    /// Run configuration (TOML). Several are a queue: each is a run of its own, in this order.
    #[arg(long)]
    pub config: Vec<PathBuf>,
    /// Preset under the configuration: smoke, quick, seed, extended (Boot Camp 10%), extended-20,
    /// extended-30.
    #[arg(long)]
    pub preset: Option<String>,
    /// Bar file; the sample of the market when absent.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// What is said about the bar file.
    #[command(flatten)]
    pub import: ImportArgs,
    /// Folder of runs.
    #[arg(long, default_value = "runs")]
    pub out: PathBuf,
    /// Where to compute: auto, cpu, gpu, gpu:1.
    #[arg(long)]
    pub device: Option<DeviceChoice>,
    /// Seed of all random numbers.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Trains under each of these seeds and tells how far the results lie apart, e.g. 1,2,3.
    #[arg(long, value_delimiter = ',', conflicts_with_all = ["seed", "resume"])]
    pub seeds: Vec<u64>,
    /// A setting over everything else, e.g. phase2.ppo.gamma=0.995. Repeatable.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Continue a stopped or killed run from its newest checkpoint.
    #[arg(long, conflicts_with_all = ["config", "preset", "data", "set", "seed"])]
    pub resume: Option<PathBuf>,
    /// With --resume: go on from this checkpoint (best, last, or its steps). From an earlier one
    /// a new run goes on beside the old one, which stays as it is.
    #[arg(long, requires = "resume", default_value = "last", value_name = "STEP")]
    pub checkpoint: CheckpointChoice,
    /// How progress is told.
    #[arg(long, value_enum, default_value_t)]
    pub progress: ProgressStyle,
}

/// Part of the split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PartArg {
    /// Bars the agent learned from; the result is marked in-sample.
    Train,
    /// Bars that choose among checkpoints.
    Validation,
    /// Bars that judge; every look is counted.
    Test,
}

impl From<PartArg> for holdout_core::market::split::Part {
    fn from(p: PartArg) -> Self {
        match p {
            PartArg::Train => Self::Train,
            PartArg::Validation => Self::Validation,
            PartArg::Test => Self::Test,
        }
    }
}

/// `holdout evaluate`
#[derive(Debug, Parser)]
pub struct EvaluateArgs {
    /// Run folder.
    #[arg(long)]
    pub run: PathBuf,
    /// best, last, a step number, or ensemble:NAME.
    #[arg(long, default_value = "best")]
    pub checkpoint: String,
    /// Part of the run's own split.
    #[arg(long, value_enum, conflicts_with = "data")]
    pub split: Option<PartArg>,
    /// Another bar file, judged as a whole.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// What is said about that file.
    #[command(flatten)]
    pub import: ImportArgs,
    /// Finer bars inside that file's, for a run whose same_bar is finer_bars.
    #[arg(long, requires = "data")]
    pub finer: Option<PathBuf>,
    /// Judge on the bars the run trained on; refused without this.
    #[arg(long)]
    pub in_sample: bool,
    /// Accounts of random entries.
    #[arg(long, default_value_t = 1_000)]
    pub random_accounts: u64,
    /// Folder for the ledger; the run's own evaluations folder when absent.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Tell why this trade came about: what the policy saw, its probabilities before and after the
    /// mask, every move of the stop, the room to the floor.
    #[arg(long, value_name = "TRADE")]
    pub explain: Option<u32>,
    /// Write the same of every bar (.csv).
    #[arg(long, value_name = "FILE")]
    pub decisions: Option<PathBuf>,
}

/// `holdout checkpoints`
#[derive(Debug, Parser)]
pub struct CheckpointsArgs {
    /// Run folder.
    #[arg(long)]
    pub run: PathBuf,
    /// Another bar file instead of the validation part.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// What is said about that file.
    #[command(flatten)]
    pub import: ImportArgs,
    /// Finer bars inside that file's, for a run whose same_bar is finer_bars.
    #[arg(long, requires = "data")]
    pub finer: Option<PathBuf>,
    /// Two to six checkpoints by their steps, compared pair by pair.
    #[arg(long, value_delimiter = ',')]
    pub compare: Vec<u64>,
    /// Rule of selection (TOML): compliance, max_drawdown_usd_below, win_rate_above, trades_above.
    #[arg(long)]
    pub rule: Option<PathBuf>,
    /// Make the chosen checkpoint the run's best; exit code 1 when none meets the rule.
    #[arg(long, conflicts_with = "data")]
    pub select: bool,
}

/// `holdout markets`
#[derive(Debug, Parser)]
pub struct MarketsArgs {
    /// Run folder.
    #[arg(long)]
    pub run: PathBuf,
    /// best, last, a step number, or ensemble:NAME.
    #[arg(long, default_value = "best")]
    pub checkpoint: String,
    /// Bar file of a market; repeatable. The sample markets when absent.
    #[arg(long)]
    pub data: Vec<PathBuf>,
    /// Finer bars inside those files', one for each --data in the same order, for a run whose
    /// same_bar is finer_bars. Without them the stop comes first.
    #[arg(long, requires = "data")]
    pub finer: Vec<PathBuf>,
}

/// `holdout regimes`
#[derive(Debug, Parser)]
pub struct RegimesArgs {
    /// Run folder.
    #[arg(long)]
    pub run: PathBuf,
    /// best, last, a step number, or ensemble:NAME.
    #[arg(long, default_value = "best")]
    pub checkpoint: String,
    /// Part of the run's own split.
    #[arg(long, value_enum)]
    pub split: Option<PartArg>,
    /// Look at the bars the run trained on; refused without this.
    #[arg(long)]
    pub in_sample: bool,
}

/// How members of an ensemble are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    /// Mean of the action probabilities.
    Average,
    /// The same, weighted by recent validation performance.
    Weighted,
    /// Majority of the choices.
    Vote,
    /// One member for each sample market.
    PerMarket,
    /// One member for each regime of trend and volatility.
    PerRegime,
}

impl From<KindArg> for crate::ensemble::Combine {
    fn from(k: KindArg) -> Self {
        match k {
            KindArg::Average => Self::Average,
            KindArg::Weighted => Self::Weighted,
            KindArg::Vote => Self::Vote,
            KindArg::PerMarket => Self::PerMarket,
            KindArg::PerRegime => Self::PerRegime,
        }
    }
}

/// `holdout ensemble`
#[derive(Debug, Parser)]
pub struct EnsembleArgs {
    /// Run folder.
    #[arg(long)]
    pub run: PathBuf,
    /// How members are put together.
    #[arg(long, value_enum, default_value = "average")]
    pub kind: KindArg,
    /// Number of members.
    #[arg(long, default_value_t = 5)]
    pub top: usize,
    /// Its name in the run.
    #[arg(long, default_value = "ensemble")]
    pub name: String,
    /// Judge the ensemble of this name on a part instead of making one.
    #[arg(long, value_enum)]
    pub judge: Option<PartArg>,
}

/// How a study cuts its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// Walk-forward, training on everything before.
    Anchored,
    /// Walk-forward, training on a window.
    Rolling,
    /// Combinatorial purged cross-validation.
    Cpcv,
}

/// `holdout study`
#[derive(Debug, Parser)]
pub struct StudyArgs {
    /// Bar file.
    #[arg(long)]
    pub data: PathBuf,
    /// What is said about the bar file.
    #[command(flatten)]
    pub import: ImportArgs,
    /// Run configuration (TOML).
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Preset under the configuration.
    #[arg(long)]
    pub preset: Option<String>,
    /// A setting over everything else. Repeatable.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// How the file is cut.
    #[arg(long, value_enum, default_value = "anchored")]
    pub method: Method,
    /// Tested blocks of walk-forward.
    #[arg(long, default_value_t = 4)]
    pub folds: usize,
    /// Blocks before the first tested one; the window of rolling.
    #[arg(long, default_value_t = 2)]
    pub train_blocks: usize,
    /// Blocks of CPCV.
    #[arg(long, default_value_t = 6)]
    pub groups: usize,
    /// Blocks tested together in CPCV.
    #[arg(long, default_value_t = 2)]
    pub held: usize,
    /// Sessions left out of training before a tested block.
    #[arg(long, default_value_t = 1)]
    pub purge: usize,
    /// Sessions left out of training after a tested block.
    #[arg(long, default_value_t = 1)]
    pub embargo: usize,
    /// Seeds of each fold.
    #[arg(long, value_delimiter = ',', default_values_t = [1_u64])]
    pub seeds: Vec<u64>,
    /// Folder that receives the runs and study.json.
    #[arg(long, default_value = "runs/study")]
    pub out: PathBuf,
}

/// `holdout metrics`
#[derive(Debug, Parser)]
pub struct MetricsArgs {
    /// Daily results: date,net_pnl or date,return.
    #[arg(long, required_unless_present = "candidates")]
    pub daily: Option<PathBuf>,
    /// Closed trades (trades.csv of a ledger, or anybody's with side, contracts, entry_time, exit_time, net_pnl).
    #[arg(long, requires = "daily")]
    pub trades: Option<PathBuf>,
    /// Daily results of a benchmark, in the form of --daily.
    #[arg(long, requires = "daily")]
    pub benchmark: Option<PathBuf>,
    /// Daily returns of all candidates, a column each: overfitting, reality check, deflation.
    #[arg(long)]
    pub candidates: Option<PathBuf>,
    /// Blocks of the cross-validation of the candidates, even.
    #[arg(long, default_value_t = 16)]
    pub blocks: usize,
    /// Balance before the first day in dollars.
    #[arg(long, default_value_t = 50_000.0, allow_negative_numbers = true)]
    pub start_balance: f64,
    /// Yearly risk-free rate as a fraction.
    #[arg(long, default_value_t = 0.02, allow_negative_numbers = true)]
    pub rf: f64,
    /// Daily target return of the Sortino ratio; rf / 252 when absent.
    #[arg(long, allow_negative_numbers = true)]
    pub target: Option<f64>,
    /// Seed of all random numbers.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Histories of the bootstrap, and paths of each Monte Carlo.
    #[arg(long, default_value_t = 1_000)]
    pub draws: usize,
    /// Mean block length of the bootstrap in days; chosen from the data when absent.
    #[arg(long)]
    pub block: Option<f64>,
    /// Days of a rolling window.
    #[arg(long, default_value_t = 5)]
    pub window: usize,
    /// Candidates that were tried before this one was shown; those of --candidates when absent.
    #[arg(long)]
    pub trials: Option<u64>,
    /// Variance of their daily Sharpe ratios; that of --candidates when absent.
    #[arg(long, requires = "trials")]
    pub trial_variance: Option<f64>,
    /// Distance of the trailing floor in dollars, for the risk of ruin.
    #[arg(long, default_value_t = 2_500.0)]
    pub drawdown_limit: f64,
}

/// `holdout replay`
#[derive(Debug, Parser)]
pub struct ReplayArgs {
    /// Canonical bar file.
    #[arg(long)]
    pub data: PathBuf,
    /// Market.
    #[arg(long)]
    pub market: String,
    /// Actions (time,action).
    #[arg(long)]
    pub actions: PathBuf,
    /// Simulator settings (TOML).
    #[arg(long)]
    pub sim: Option<PathBuf>,
    /// Rule set whose account is replayed.
    #[arg(long)]
    pub ruleset: Option<String>,
    /// Folder for trades.csv, equity.csv and summary.json.
    #[arg(long)]
    pub out: PathBuf,
}

/// `holdout compliance`
#[derive(Debug, Parser)]
pub struct ComplianceArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ComplianceCommand,
}

/// Compliance commands.
#[derive(Debug, Subcommand)]
pub enum ComplianceCommand {
    /// Check anybody's ledger. Exit code 1 unless it passes (or passes with warnings).
    Check {
        /// Rule set by name, or a TOML file.
        #[arg(long)]
        ruleset: String,
        /// Folder with equity.csv and trades.csv.
        #[arg(long)]
        ledger: PathBuf,
    },
    /// List the rule sets that ship with the programme, and the user's own.
    List,
    /// Chance of passing, for several rule sets side by side.
    Chance(ChanceArgs),
    /// The same as `holdout certificate issue`.
    Certificate(IssueArgs),
    /// The same as `holdout verify`.
    Verify(VerifyArgs),
}

/// `holdout compliance chance`
#[derive(Debug, Parser)]
pub struct ChanceArgs {
    /// Rule sets by name or TOML file, separated by commas; all that ship when absent.
    #[arg(long, value_delimiter = ',')]
    pub ruleset: Vec<String>,
    /// Folder with equity.csv and trades.csv.
    #[arg(long)]
    pub ledger: PathBuf,
    /// Resampled accounts.
    #[arg(long, default_value_t = 10_000)]
    pub paths: usize,
    /// Seed of the draws.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Mean block length in sessions; chosen from the ledger when absent.
    #[arg(long)]
    pub block: Option<f64>,
    /// Sessions after which a resampled account is out of time.
    #[arg(long, default_value_t = 252)]
    pub horizon: u32,
    /// Profit target in dollars in place of the rule set's.
    #[arg(long)]
    pub target: Option<f64>,
    /// Share of the drawdown limit used, from which the agent enters no more.
    #[arg(long, default_value_t = 0.75)]
    pub entry_drawdown_cap: f64,
}

/// `holdout certificate`
#[derive(Debug, Parser)]
pub struct CertificateArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: CertificateCommand,
}

/// Certificate commands.
#[derive(Debug, Subcommand)]
pub enum CertificateCommand {
    /// Judge, hash and write JSON, text and PDF. What does not pass becomes a compliance report
    /// (exit code 1).
    #[command(
        after_help = "Example: holdout certificate issue --ruleset topstep-50k --run runs/20240101-120000-nq-ab12 --out certificate"
    )]
    Issue(IssueArgs),
    /// Print what a certificate says.
    Show {
        /// The JSON file.
        file: PathBuf,
    },
}

/// `holdout certificate issue`
#[derive(Debug, Parser)]
pub struct IssueArgs {
    /// Rule set by name, or a TOML file.
    #[arg(long)]
    pub ruleset: String,
    /// Run folder.
    #[arg(long, conflicts_with = "ledger")]
    pub run: Option<PathBuf>,
    /// Evaluation of the run; the latest on test when absent.
    #[arg(long, requires = "run")]
    pub evaluation: Option<String>,
    /// Folder with equity.csv and trades.csv, of whatever origin.
    #[arg(long, required_unless_present = "run")]
    pub ledger: Option<PathBuf>,
    /// A file that the ledger is said to come from, hashed beside it. Repeatable.
    #[arg(long, value_name = "ROLE=FILE", requires = "ledger")]
    pub file: Vec<String>,
    /// Folder for the three documents.
    #[arg(long)]
    pub out: PathBuf,
}

/// `holdout verify`
#[derive(Debug, Parser)]
pub struct VerifyArgs {
    /// The certificate's JSON file.
    pub file: PathBuf,
    /// The run or ledger folder, where it was moved.
    #[arg(long)]
    pub base: Option<PathBuf>,
}

/// `holdout gate`
#[derive(Debug, Parser)]
pub struct GateArgs {
    /// The certificate's JSON file.
    pub file: PathBuf,
    /// The checkpoint that is to be run; the certificate's own when absent.
    #[arg(long)]
    pub checkpoint: Option<PathBuf>,
    /// The run folder, where it was moved.
    #[arg(long)]
    pub base: Option<PathBuf>,
}

/// `holdout report`
#[derive(Debug, Parser)]
pub struct ReportArgs {
    /// Run folder.
    #[arg(long)]
    pub run: PathBuf,
    /// best, last, a step number, or ensemble:NAME.
    #[arg(long, default_value = "best")]
    pub checkpoint: String,
    /// Runs to lay beside it, each with its best checkpoint.
    #[arg(long, num_args = 1.., value_name = "RUN")]
    pub compare: Vec<PathBuf>,
    /// Part that it is about; test where that was opened, else validation.
    #[arg(long, value_enum)]
    pub split: Option<PartArg>,
    /// Format; by the ending of --out when absent.
    #[arg(long, value_enum)]
    pub format: Option<DocumentFormat>,
    /// File to write.
    #[arg(long)]
    pub out: PathBuf,
    /// Title of the document.
    #[arg(long)]
    pub title: Option<String>,
    /// A section, with a title of your own; repeatable, in this order. All when absent.
    #[arg(long, value_name = "ID[=TITLE]")]
    pub section: Vec<Wanted>,
}

/// `holdout runs`
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RunsArgs {
    /// What to do beside listing.
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
    /// Show one run.
    pub run: Option<PathBuf>,
    /// Folder of runs.
    #[arg(long, default_value = "runs")]
    pub dir: PathBuf,
    /// Only runs in whose name, market, state, tags or notes every word occurs.
    #[arg(long, value_name = "WORDS")]
    pub find: Option<String>,
}

/// Commands about one run.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Put tags on a run, or take them off.
    Tag {
        /// Run folder.
        run: PathBuf,
        /// Tags to put on.
        tags: Vec<String>,
        /// A tag to take off. Repeatable.
        #[arg(long, value_name = "TAG")]
        remove: Vec<String>,
    },
    /// Write a note about a run; an empty one removes it.
    Note {
        /// Run folder.
        run: PathBuf,
        /// The note.
        text: String,
        /// Add it under what is there.
        #[arg(long)]
        append: bool,
    },
}

/// `holdout bench`
#[derive(Debug, Parser)]
pub struct BenchArgs {
    /// Time the window's frames instead, off screen.
    #[arg(long)]
    pub ui: bool,
    /// Where to compute.
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
    /// Environments.
    #[arg(long, default_value_t = 256)]
    pub envs: usize,
    /// Steps of each between two updates.
    #[arg(long, default_value_t = 128)]
    pub rollout: usize,
    /// Widths of the trunk.
    #[arg(long, value_delimiter = ',', default_values_t = [256, 256])]
    pub hidden: Vec<usize>,
    /// Updates that are timed, after one of warm-up.
    #[arg(long, default_value_t = 5)]
    pub updates: usize,
}

/// `holdout self-test`
#[derive(Debug, Parser)]
pub struct SelfTestArgs {
    /// One seed and fewer steps: minutes.
    #[arg(long)]
    pub quick: bool,
    /// Seeds; 1,2,3 when absent, 1 with --quick.
    #[arg(long, value_delimiter = ',')]
    pub seeds: Vec<u64>,
    /// Only the HOLD trap, curriculum against none, on this bar file instead of the sample.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// What is said about the bar file.
    #[command(flatten)]
    pub import: ImportArgs,
}
