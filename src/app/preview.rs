//! Looking at a file before it is imported: its first lines at once, then the whole of it.
//!
//! The pass over the whole file is the import itself, so that pressing Import takes over what
//! was shown instead of reading again. Nothing that is open changes until then.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use holdout_core::market::DayProfile;
use holdout_store::dialects::{Layout, Sample, TimeColumns, VolumeColumns};
use holdout_store::text::TextSource;
use holdout_store::{ImportError, ImportOptions, Inspection};

use super::context::Market;
use super::worker;
use crate::jobs::{Job, Progress, Reporter, Wake};

/// Rows of the file that are shown.
const ROWS: usize = 40;

/// What the first lines of a file tell.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Bytes of the file.
    pub bytes: u64,
    /// Names of the columns as written; empty when the file has no header.
    pub header: Vec<String>,
    /// What each column is read as, where it is read.
    pub roles: Vec<&'static str>,
    /// The first rows, cut into cells.
    pub rows: Vec<Vec<String>>,
    /// Name of the dialect for people, and how sure it is; or why none fits.
    pub dialect: Option<Result<(String, f64), String>>,
}

/// What the whole file tells.
#[derive(Clone, Debug)]
pub struct Whole {
    /// Everything that was found.
    pub inspection: Arc<Inspection>,
    /// What must be said before it can be imported.
    pub needs: Option<String>,
    /// Volume by minute of the day: in New York, or by the clock of the file while its zone is not
    /// known.
    pub profile: Option<Arc<DayProfile>>,
    /// The import, ready to be taken over.
    pub market: Option<Market>,
}

/// A file that is looked at before it is imported.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The file.
    pub path: PathBuf,
    /// What the user says about it.
    pub options: ImportOptions,
    /// Its first lines.
    pub head: Option<Arc<Head>>,
    /// All of it.
    pub whole: Option<Arc<Whole>>,
    /// What the last look found that came to an end: the form stays filled while another look
    /// is under way, or when what was said last cannot be.
    pub known: Option<Arc<Inspection>>,
    /// Why it cannot be read so.
    pub failed: Option<String>,
    /// How far the pass over the whole file is.
    pub reading: Option<Arc<Progress>>,
    /// Import was pressed while the file was still being read.
    pub import_when_read: bool,
}

/// The look at a file: its first lines as an event, all of it as the result.
pub type PreviewJob = Job<Head, Whole>;

/// Looks at a file.
///
/// # Errors
/// When the operating system gives no thread.
pub fn start(path: PathBuf, options: ImportOptions, wake: Wake) -> std::io::Result<PreviewJob> {
    Job::spawn("preview", wake, move |r| look(&path, &options, r))
}

fn look(path: &Path, options: &ImportOptions, r: &Reporter<Head, Whole>) -> anyhow::Result<Whole> {
    r.event(head(path, options)?);
    match worker::open_market(path, options.clone(), r) {
        Ok(market) => Ok(Whole {
            inspection: Arc::clone(&market.dataset.inspection),
            needs: None,
            profile: DayProfile::of_bars(&market.dataset.bars).map(Arc::new),
            market: Some(market),
        }),
        Err(e) => {
            let Some(asked) = e
                .downcast_ref::<ImportError>()
                .filter(|e| e.needs_input() && !matches!(e, ImportError::UnknownZone(_)))
            else {
                return Err(e);
            };
            let needs = asked.to_string();
            let inspection = holdout_store::inspect(path, options)?;
            Ok(Whole {
                profile: inspection.day_profile.clone().map(Arc::new),
                inspection: Arc::new(inspection),
                needs: Some(needs),
                market: None,
            })
        }
    }
}

/// The first lines of a file.
///
/// # Errors
/// When it cannot be opened.
fn head(path: &Path, options: &ImportOptions) -> anyhow::Result<Head> {
    let bytes = std::fs::metadata(path).map_or(0, |m| m.len());
    let mut head = Head {
        bytes,
        ..Head::default()
    };
    if is_parquet(path) {
        head.dialect = Some(Ok(("Parquet".to_owned(), 1.0)));
        return Ok(head);
    }
    let source = TextSource::open(path)?;
    let found = holdout_store::detect(path, options);
    let sample = match &found {
        Ok(d) => d.sample.clone(),
        Err(_) => Sample::new(source.name(), source.head()),
    };
    head.roles = found
        .as_ref()
        .map_or_else(|_| Vec::new(), |d| roles(&d.layout));
    head.dialect = Some(match found {
        Ok(d) if options.dialect.is_some() => Ok((d.title.to_owned(), 1.0)),
        Ok(d) => Ok((d.title.to_owned(), d.confidence)),
        Err(e) => Err(e.to_string()),
    });
    head.header = sample.header_raw;
    head.rows = sample.rows;
    head.rows.truncate(ROWS);
    Ok(head)
}

fn is_parquet(path: &Path) -> bool {
    use std::io::Read as _;
    let mut magic = [0; 4];
    std::fs::File::open(path).is_ok_and(|mut f| f.read_exact(&mut magic).is_ok())
        && &magic == b"PAR1"
}

/// What each column is read as.
fn roles(layout: &Layout) -> Vec<&'static str> {
    let mut roles = vec![""; layout.n_columns];
    let mut set = |column: usize, role: &'static str| {
        if let Some(r) = roles.get_mut(column) {
            *r = role;
        }
    };
    match layout.time {
        TimeColumns::One(c) => set(c, "time"),
        TimeColumns::DateAndClock(d, c) => {
            set(d, "date");
            set(c, "time");
        }
    }
    for (&c, role) in layout.ohlc.iter().zip(["open", "high", "low", "close"]) {
        set(c, role);
    }
    match layout.volume {
        VolumeColumns::None => {}
        VolumeColumns::One(c) => set(c, "volume"),
        VolumeColumns::Sum(a, b) => {
            set(a, "volume (sum)");
            set(b, "volume (sum)");
        }
    }
    if let Some(c) = layout.symbol {
        set(c, "contract");
    }
    roles
}
