//! Issues certificates, verifies them, and keeps the gate that only a valid one opens.
//!
//! A certificate is made from files and from nothing else: the ledger is judged anew, every file
//! is hashed, and verifying does the same again and compares line by line. There is no way
//! around the gate: no setting, no flag, no other clock than the system's.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use holdout_core::compliance::moments::worst_moments;
use holdout_core::compliance::ruleset::AutomationPolicy;
use holdout_core::compliance::{
    self, ChanceSettings, CheckSettings, LedgerView, Report, RuleSet, Status, pass_chance,
};
use holdout_core::market::{Instruments, SessionCalendar};
use holdout_core::metrics::DayClock;
use holdout_core::time::TradingDay;
use holdout_store::certificate::{
    CERTIFICATE_FORMAT, CertificateFile, DocumentKind, InputHash, Subject,
};
use holdout_store::ledger::{self as ledger_files, LedgerFile};
use holdout_store::runs::{CheckpointChoice, RunFolder, test_looks};
use holdout_store::text::{read_whole_text, sha256_of, sha256_of_file};
use serde::Serialize;
use serde_json::Value;

use super::train::RunData;
use crate::report::certificate_pdf;
use crate::report::certificate_text::{self, words};

/// Days after its last verification on which a rule set may still be relied on.
pub const RULESET_AGE_LIMIT_DAYS: i32 = 90;
/// Days of the worst moments that a certificate lists.
const WORST_DAYS: usize = 10;
/// Name of the JSON file without its ending.
const STEM: &str = "certificate";
/// The same for what is none.
const REPORT_STEM: &str = "compliance-report";
/// The files of a ledger with their roles.
const LEDGER_FILES: [(&str, &str); 2] = [
    ("equity", ledger_files::EQUITY_FILE),
    ("trades", ledger_files::TRADES_FILE),
];
/// Role of the file of a rule set that does not ship.
const RULES_ROLE: &str = "rule set file";
/// Seconds by which clocks of two machines may differ.
const CLOCK_SLACK_SECS: i64 = 300;

/// What is to be certified.
#[derive(Clone, Debug)]
pub enum Source {
    /// An evaluation of a run.
    Run {
        /// The run folder.
        run: PathBuf,
        /// Name of the evaluation; the latest of test when absent.
        evaluation: Option<String>,
    },
    /// A ledger from anywhere, with the files it is said to come from.
    Ledger {
        /// Folder with `equity.csv` and `trades.csv`.
        dir: PathBuf,
        /// Files to hash beside it, with their role.
        files: Vec<(String, PathBuf)>,
    },
}

/// A rule set with the text that it was read from.
#[derive(Clone, Debug)]
pub struct RuleText {
    /// As parsed.
    pub rules: RuleSet,
    /// As written.
    pub text: String,
    /// The file that it was read from; none for one that ships.
    pub path: Option<PathBuf>,
}

/// A judged ledger.
pub struct Judged {
    /// The files' content.
    pub ledger: LedgerFile,
    /// The verdict.
    pub report: Report,
}

/// Written documents.
#[derive(Clone, Debug, Serialize)]
pub struct Issued {
    /// JSON, the one to verify.
    pub json: PathBuf,
    /// PDF.
    pub pdf: PathBuf,
    /// Text.
    pub text: PathBuf,
    /// What it turned out to be.
    pub kind: DocumentKind,
    /// Why it is no certificate.
    pub reasons: Vec<String>,
    /// Last day on which it holds.
    pub valid_until: TradingDay,
    /// Hash of its content.
    pub content_sha256: String,
}

/// Judges a ledger as read from files.
pub fn judge(rules: &RuleSet, ledger: &LedgerFile) -> Report {
    let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    let settings = CheckSettings {
        missing_equity: owned(&ledger.missing_equity),
        missing_trades: owned(&ledger.missing_trades),
        ..CheckSettings::default()
    };
    compliance::check_with(rules, &view(ledger), &settings)
}

/// A ledger file as the check reads it.
pub fn view(ledger: &LedgerFile) -> LedgerView<'_> {
    LedgerView {
        instrument: ledger.instrument.as_ref(),
        rows: &ledger.rows,
        trades: &ledger.trades,
        // 0 says that the ledger is too short to tell; the checks that need it are unknown then.
        interval_secs: ledger.interval_secs.unwrap_or(0),
    }
}

/// Judges, hashes, and writes the three documents into a folder.
///
/// # Errors
/// When the ledger or a file it rests on cannot be read, or the folder cannot be written.
pub fn issue(source: &Source, rules: &RuleText, out: &Path) -> anyhow::Result<Issued> {
    let now = jiff::Timestamp::now();
    let (draft, judged) = draft(source, rules, now)?;
    let (file, json) = draft.sealed()?;
    let stem = match file.kind {
        DocumentKind::Certificate => STEM,
        DocumentKind::ComplianceReport => REPORT_STEM,
    };
    let (text, pdf) = documents(&file, &json, &judged, rules)?;
    std::fs::create_dir_all(out).with_context(|| format!("failed to create {}", out.display()))?;
    let at = |ending: &str| out.join(format!("{stem}.{ending}"));
    let (json_at, text_at, pdf_at) = (at("json"), at("txt"), at("pdf"));
    holdout_store::atomic::replace(&text_at, text.as_bytes())?;
    holdout_store::atomic::replace(&pdf_at, &pdf)?;
    // The JSON last: where it is, the other two are.
    holdout_store::atomic::replace(&json_at, json.as_bytes())?;
    Ok(Issued {
        json: json_at,
        pdf: pdf_at,
        text: text_at,
        kind: file.kind,
        reasons: file.reasons,
        valid_until: file.valid_until,
        content_sha256: file.content_sha256,
    })
}

/// Text and PDF of a certificate; the same certificate and ledger give the same bytes.
///
/// # Errors
/// When the PDF cannot be made.
pub fn documents(
    file: &CertificateFile,
    json: &str,
    judged: &Judged,
    rules: &RuleText,
) -> anyhow::Result<(String, Vec<u8>)> {
    let sections = certificate_text::sections(file, &rules.rules);
    let text = certificate_text::text(file, &sections);
    let view = view(&judged.ledger);
    let pdf = certificate_pdf::pdf(file, json, &sections, &rules.rules, &view)?;
    Ok((text, pdf))
}

fn draft(
    source: &Source,
    rules: &RuleText,
    now: jiff::Timestamp,
) -> anyhow::Result<(CertificateFile, Judged)> {
    let (base, dir, mut inputs, subject) = match source {
        Source::Run { run, evaluation } => of_run(run, evaluation.as_deref())?,
        Source::Ledger { dir, files } => of_ledger(dir, files)?,
    };
    for (role, name) in LEDGER_FILES {
        inputs.push(input(&base, role, &dir.join(name))?);
    }
    if let Some(path) = &rules.path {
        inputs.push(input(&base, RULES_ROLE, &absolute(path)?)?);
    }
    let ledger = ledger_files::read(&dir, &Instruments::builtin())?;
    let report = judge(&rules.rules, &ledger);
    let judged = Judged { ledger, report };
    let subject = with_ledger(subject, &judged.ledger);
    let derived = Derived::of(&judged, &rules.rules, &subject, day_of(now))?;
    let file = CertificateFile {
        format: CERTIFICATE_FORMAT,
        kind: derived.kind,
        title: derived.title,
        reasons: derived.reasons,
        issued_at: now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        valid_until: derived.valid_until,
        programme_version: env!("CARGO_PKG_VERSION").to_owned(),
        subject,
        base,
        inputs,
        ruleset_sha256: sha256_of(rules.text.as_bytes()),
        ruleset_toml: rules.text.clone(),
        report: derived.report,
        chance: derived.chance,
        worst_moments: derived.worst_moments,
        content_sha256: String::new(),
    };
    Ok((file, judged))
}

/// The parts of a certificate that follow from the others, on issue and when verifying.
struct Derived {
    kind: DocumentKind,
    title: String,
    reasons: Vec<String>,
    valid_until: TradingDay,
    report: Value,
    chance: Option<Value>,
    worst_moments: Value,
}

impl Derived {
    fn of(
        judged: &Judged,
        rules: &RuleSet,
        subject: &Subject,
        issued: TradingDay,
    ) -> anyhow::Result<Self> {
        let valid_until = TradingDay(rules.verified_on.0 + RULESET_AGE_LIMIT_DAYS);
        let verdict = judged.report.verdict;
        let mut reasons = Vec::new();
        for c in &judged.report.checks {
            match c.status {
                Status::Fail => {
                    reasons.push(format!("{} failed: {}", words(c.id), c.detail));
                }
                Status::Unknown => {
                    reasons.push(format!("{} could not be made: {}", words(c.id), c.detail));
                }
                Status::Pass | Status::Warning | Status::NotApplicable => {}
            }
        }
        if subject.in_sample == Some(true) {
            reasons.push("the policy trained on these bars".to_owned());
        }
        if let Some(part) = subject.part.as_deref().filter(|p| *p != "test") {
            reasons.push(format!("judged on {part}; only the test part counts"));
        }
        if let (Some("test"), Some([_, _, test]), Some(days)) =
            (subject.part.as_deref(), subject.split, subject.days)
            && days != test
        {
            reasons.push(format!(
                "the ledger covers {} to {}, the test part {} to {}",
                days[0], days[1], test[0], test[1]
            ));
        }
        if rules.verified_on > issued {
            reasons.push(format!(
                "the rule set says that it was verified on {}, which is after the issue",
                rules.verified_on
            ));
        }
        if issued > valid_until {
            reasons.push(format!(
                "the rule set was last verified on {}, more than {RULESET_AGE_LIMIT_DAYS} days ago",
                rules.verified_on
            ));
        }
        let kind = if reasons.is_empty() {
            DocumentKind::Certificate
        } else {
            DocumentKind::ComplianceReport
        };
        let title = match (kind, verdict) {
            (DocumentKind::Certificate, Status::Warning) => {
                "Compliance certificate: PASSED, with warnings"
            }
            (DocumentKind::Certificate, _) => "Compliance certificate: PASSED",
            (_, Status::Fail) => "Compliance report: FAILED",
            (_, Status::Unknown) => "Compliance report: NOT PASSED, checks could not be made",
            _ => "Compliance report: the checks held, but see why that is not enough",
        };
        let view = view(&judged.ledger);
        // Without a target nothing passes, and without a session nothing starts.
        let target = rules.account.profit_target;
        let chance = target
            .and_then(|_| pass_chance(rules, &view, &ChanceSettings::default()).ok())
            .map(serde_json::to_value)
            .transpose()?;
        let worst = worst_moments(rules, &view, &SessionCalendar::builtin(), WORST_DAYS);
        Ok(Self {
            kind,
            title: title.to_owned(),
            reasons,
            valid_until,
            report: serde_json::to_value(&judged.report)?,
            chance,
            worst_moments: serde_json::to_value(worst)?,
        })
    }
}

/// The calendar date in New York.
fn day_of(now: jiff::Timestamp) -> TradingDay {
    let clock = DayClock::new(SessionCalendar::default());
    TradingDay((clock.wall(now.as_second()).div_euclid(86_400)) as i32)
}

/// Today in New York, by the system's clock.
pub fn today() -> TradingDay {
    day_of(jiff::Timestamp::now())
}

fn with_ledger(mut subject: Subject, ledger: &LedgerFile) -> Subject {
    let clock = DayClock::new(SessionCalendar::builtin());
    let day = |r: &holdout_core::sim::EquityRow| clock.day(r.time);
    let ends = ledger.rows.first().zip(ledger.rows.last());
    subject.days = ends.map(|(a, b)| [day(a), day(b)]);
    (subject.bars, subject.trades) = (ledger.rows.len(), ledger.trades.len());
    subject.market = ledger.instrument.as_ref().map(|i| i.symbol.clone());
    subject
}

/// Base folder, ledger folder, files hashed so far, subject.
type Gathered = (PathBuf, PathBuf, Vec<InputHash>, Subject);

fn of_ledger(dir: &Path, files: &[(String, PathBuf)]) -> anyhow::Result<Gathered> {
    let base = absolute(dir)?;
    let mut inputs = Vec::new();
    for (role, path) in files {
        inputs.push(input(&base, role, &absolute(path)?)?);
    }
    Ok((base.clone(), base, inputs, Subject::default()))
}

fn of_run(run: &Path, evaluation: Option<&str>) -> anyhow::Result<Gathered> {
    let base = absolute(run)?;
    let folder = RunFolder::open(&base)?;
    let names = folder.evaluation_names()?;
    let name = match evaluation {
        Some(name) if names.iter().any(|n| n == name) => name.to_owned(),
        Some(name) => bail!(
            "the run has no evaluation \"{name}\"; it has {}",
            names.join(", ")
        ),
        None => names
            .iter()
            .filter(|n| n.starts_with("test-"))
            .max()
            .cloned()
            .ok_or_else(|| {
                anyhow!(
                    "the run was not judged on test yet; do so with `holdout evaluate --run {} --split test`, or name one of {}",
                    run.display(),
                    names.join(", ")
                )
            })?,
    };
    let dir = folder.evaluations().join(&name);
    let verdict_path = dir.join("verdict.json");
    let text = read_whole_text(&verdict_path)
        .with_context(|| format!("failed to read {}", verdict_path.display()))?;
    let verdict: Value = serde_json::from_str(&text)
        .with_context(|| format!("{} is not valid", verdict_path.display()))?;
    if let Some(name) = verdict["ensemble"].as_str() {
        bail!(
            "{} is of the ensemble {name}; a certificate is about one checkpoint, so name an evaluation of one",
            dir.display()
        );
    }
    let step = verdict["step"]
        .as_u64()
        .ok_or_else(|| anyhow!("{} names no checkpoint", verdict_path.display()))?;
    let data: RunData = serde_json::from_value(folder.data()?)
        .with_context(|| format!("data.json of {} is not valid", base.display()))?;
    let checkpoint = folder.weights_path(step);
    let list: [(&str, PathBuf); 8] = [
        ("data", data.path.clone()),
        ("data description", base.join("data.json")),
        ("configuration", base.join("run.toml")),
        ("plan", base.join("plan.toml")),
        ("checkpoint", checkpoint.clone()),
        ("checkpoint description", checkpoint.with_extension("json")),
        ("evaluation summary", dir.join("summary.json")),
        ("evaluation verdict", verdict_path),
    ];
    let mut inputs = Vec::new();
    for (role, path) in &list {
        inputs.push(input(&base, role, path)?);
    }
    let s = &data.split;
    let subject = Subject {
        run: Some(folder.id()),
        evaluation: Some(name),
        checkpoint_step: Some(step),
        part: verdict["part"].as_str().map(str::to_lowercase),
        in_sample: verdict["in_sample"].as_bool(),
        split: Some([s.train, s.validation, s.test].map(|(a, b)| [a, b])),
        looks: verdict["looks"].as_u64(),
        ..Subject::default()
    };
    if inputs.iter().find(|i| i.role == "data").map(|i| &i.sha256) != Some(&data.sha256) {
        bail!(
            "the data of this run have changed: {} is no longer the file it was trained on; restore it",
            data.path.display()
        );
    }
    // A checkpoint other than the one that was described is told apart here, not later.
    folder.read_checkpoint(CheckpointChoice::Step(step))?;
    Ok((base, dir, inputs, subject))
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    path.canonicalize()
        .with_context(|| format!("failed to find {}", path.display()))
}

fn input(base: &Path, role: &str, path: &Path) -> anyhow::Result<InputHash> {
    let sha256 = sha256_of_file(path)?;
    let bytes = std::fs::metadata(path)
        .with_context(|| format!("failed to read {}", path.display()))?
        .len();
    Ok(InputHash {
        role: role.to_owned(),
        path: path.strip_prefix(base).unwrap_or(path).to_owned(),
        bytes,
        sha256,
    })
}

/// How a line of a verification turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// As the certificate says.
    Match,
    /// Not as the certificate says.
    Mismatch,
    /// Cannot be looked at.
    Missing,
    /// Worth knowing, no fault.
    Note,
}

/// One thing that was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerifyLine {
    /// What.
    pub what: String,
    /// How it turned out.
    pub agreement: Agreement,
    /// In words.
    pub detail: String,
}

/// A certificate compared with what it rests on.
#[derive(Clone, Debug, Serialize)]
pub struct Verification {
    /// Whether everything agrees.
    pub matches: bool,
    /// Line by line.
    pub lines: Vec<VerifyLine>,
    /// What the document is.
    pub kind: DocumentKind,
    /// Its title.
    pub title: String,
    /// Last day on which it holds.
    pub valid_until: TradingDay,
    /// Whether that day has passed.
    pub expired: bool,
}

/// Hashes and judges everything again and compares, line by line.
///
/// `base` stands in for the folder that the certificate names, where it was moved.
///
/// # Errors
/// When the file is no certificate; whatever else is wrong is a line.
pub fn verify(path: &Path, base: Option<&Path>) -> anyhow::Result<Verification> {
    let (file, text) = CertificateFile::read(path)?;
    Ok(verified(&file, &text, path, base))
}

fn verified(file: &CertificateFile, text: &str, path: &Path, base: Option<&Path>) -> Verification {
    let mut lines = Vec::new();
    let mut line = |what: &str, agreement, detail: String| {
        lines.push(VerifyLine {
            what: what.to_owned(),
            agreement,
            detail,
        });
    };
    let verdict_of = |ok| {
        if ok {
            Agreement::Match
        } else {
            Agreement::Mismatch
        }
    };
    let whole = file.is_whole(text);
    line(
        "certificate",
        verdict_of(whole),
        if whole {
            format!("its text has the hash {}", file.content_sha256)
        } else {
            "its text was changed after it was issued".to_owned()
        },
    );
    for input in &file.inputs {
        let at = file.locate(input, base);
        // Before it is hashed: what a forged certificate names may be a device without an end.
        if std::fs::metadata(&at).is_ok_and(|m| !m.is_file() || m.len() != input.bytes) {
            let words = format!("{} is no file of {} bytes", at.display(), input.bytes);
            line(&input.role, Agreement::Mismatch, words);
            continue;
        }
        match sha256_of_file(&at) {
            Err(e) => line(&input.role, Agreement::Missing, e.to_string()),
            Ok(found) if found == input.sha256 => {
                line(&input.role, Agreement::Match, at.display().to_string());
            }
            Ok(found) => line(
                &input.role,
                Agreement::Mismatch,
                format!(
                    "{} has the hash {found}, the certificate says {}",
                    at.display(),
                    input.sha256
                ),
            ),
        }
    }
    if let Err(e) = verify_subject(file, base, &mut line) {
        line("subject", Agreement::Missing, format!("{e:#}"));
    }
    verify_rules(file, &mut line);
    if let Err(e) = verify_verdict(file, path, text, base, &mut line) {
        line("verdict", Agreement::Missing, format!("{e:#}"));
    }
    verify_looks(file, base, &mut line);
    let version = env!("CARGO_PKG_VERSION");
    if file.programme_version != version {
        let words = format!(
            "issued by {}, verified by {version}",
            file.programme_version
        );
        line("programme", Agreement::Note, words);
    }
    let bad = |l: &VerifyLine| matches!(l.agreement, Agreement::Mismatch | Agreement::Missing);
    Verification {
        matches: !lines.iter().any(bad),
        lines,
        kind: file.kind,
        title: file.title.clone(),
        expired: today() > file.valid_until,
        valid_until: file.valid_until,
    }
}

/// Gathers files and subject again from the run folder, so that a certificate can neither name
/// other files than its run has, nor say anything else about who was judged on what.
fn verify_subject(
    file: &CertificateFile,
    base: Option<&Path>,
    line: &mut Say<'_>,
) -> anyhow::Result<()> {
    let root = base.unwrap_or(&file.base);
    let (base_now, dir, mut inputs, mut subject) = match &file.subject.run {
        Some(_) => {
            let evaluation = file.subject.evaluation.as_deref();
            let evaluation = evaluation.ok_or_else(|| anyhow!("it names no evaluation"))?;
            of_run(root, Some(evaluation))?
        }
        None => of_ledger(root, &[])?,
    };
    for (role, name) in LEDGER_FILES {
        inputs.push(input(&base_now, role, &dir.join(name))?);
    }
    let of_a_run = file.subject.run.is_some();
    // Beside what is gathered only the rule set and, for a ledger from elsewhere, what the
    // user named.
    let known = |i: &&InputHash| {
        inputs.contains(i)
            || (i.role == RULES_ROLE && i.sha256 == file.ruleset_sha256)
            || (!of_a_run && !LEDGER_FILES.iter().any(|(role, _)| *role == i.role))
    };
    let strange = file.inputs.iter().find(|i| !known(i));
    let forgotten = inputs.iter().find(|i| !file.inputs.contains(i));
    let (agreement, words) = match (strange, forgotten) {
        (Some(i), _) => (
            Agreement::Mismatch,
            format!(
                "it names {} as {}, which is not what lies there",
                i.path.display(),
                i.role
            ),
        ),
        (None, Some(i)) => (
            Agreement::Mismatch,
            format!("it does not name {} as {}", i.path.display(), i.role),
        ),
        (None, None) => (
            Agreement::Match,
            format!("{} files, as they are in the folder", file.inputs.len()),
        ),
    };
    line("list of files", agreement, words);
    if base.is_some() && subject.run != file.subject.run {
        let words = format!(
            "the folder is called {} now",
            subject.run.as_deref().unwrap_or("")
        );
        line("run", Agreement::Note, words);
        subject.run.clone_from(&file.subject.run);
    }
    // Size, days and market are compared where the ledger is read.
    (subject.days, subject.market) = (file.subject.days, file.subject.market.clone());
    (subject.bars, subject.trades) = (file.subject.bars, file.subject.trades);
    let (agreement, words) = if subject == file.subject {
        (Agreement::Match, "run, checkpoint, part, split and looks")
    } else {
        (
            Agreement::Mismatch,
            "run, checkpoint, part, split or looks are not those of the folder",
        )
    };
    line("agent", agreement, words.to_owned());
    Ok(())
}

type Say<'a> = dyn FnMut(&str, Agreement, String) + 'a;

fn verify_rules(file: &CertificateFile, line: &mut Say<'_>) {
    let same = sha256_of(file.ruleset_toml.as_bytes()) == file.ruleset_sha256;
    if !same {
        let words = "its text does not have the hash that the certificate says".to_owned();
        return line("rule set", Agreement::Mismatch, words);
    }
    let Ok(rules) = RuleSet::parse(&file.ruleset_toml) else {
        let words = "it cannot be read by this version".to_owned();
        return line("rule set", Agreement::Mismatch, words);
    };
    match RuleSet::builtin_text(&rules.id) {
        Some(text) if text == file.ruleset_toml => line(
            "rule set",
            Agreement::Match,
            format!("{} as it ships with this version", rules.id),
        ),
        Some(_) => line(
            "rule set",
            Agreement::Mismatch,
            format!(
                "it calls itself {}, but is not what ships under that name",
                rules.id
            ),
        ),
        None => line(
            "rule set",
            Agreement::Match,
            format!(
                "{} is the user's own, with the hash {}",
                rules.id, file.ruleset_sha256
            ),
        ),
    }
}

fn compare(line: &mut Say<'_>, what: &str, same: bool, words: &str) {
    let agreement = if same {
        Agreement::Match
    } else {
        Agreement::Mismatch
    };
    line(what, agreement, words.to_owned());
}

fn verify_verdict(
    file: &CertificateFile,
    path: &Path,
    json: &str,
    base: Option<&Path>,
    line: &mut Say<'_>,
) -> anyhow::Result<()> {
    let rules = RuleText {
        rules: RuleSet::parse(&file.ruleset_toml)?,
        text: file.ruleset_toml.clone(),
        path: None,
    };
    let equity = file
        .inputs
        .iter()
        .find(|i| i.role == "equity")
        .ok_or_else(|| anyhow!("the certificate names no ledger"))?;
    let at = file.locate(equity, base);
    let dir = at.parent().unwrap_or(Path::new("."));
    let ledger = ledger_files::read(dir, &Instruments::builtin())?;
    let report = judge(&rules.rules, &ledger);
    let judged = Judged { ledger, report };
    let issued: jiff::Timestamp = file
        .issued_at
        .parse()
        .with_context(|| format!("\"{}\" is no time of issue", file.issued_at))?;
    let subject = with_ledger(file.subject.clone(), &judged.ledger);
    let again = Derived::of(&judged, &rules.rules, &subject, day_of(issued))?;
    compare(
        line,
        "verdict",
        again.report == file.report,
        "the ledger judged again",
    );
    let kind = (again.kind, &again.title, &again.reasons);
    compare(
        line,
        "title",
        kind == (file.kind, &file.title, &file.reasons),
        "what follows from the verdict",
    );
    compare(
        line,
        "validity",
        again.valid_until == file.valid_until,
        "90 days from the rule set's verification",
    );
    compare(
        line,
        "chance of passing",
        again.chance == file.chance && again.worst_moments == file.worst_moments,
        "drawn again from the ledger, with the worst moments",
    );
    compare(
        line,
        "subject",
        subject == file.subject,
        "size and days of the ledger",
    );
    if file.programme_version != env!("CARGO_PKG_VERSION") {
        return Ok(());
    }
    let (text, pdf) = documents(file, json, &judged, &rules)?;
    for (ending, bytes) in [("txt", text.as_bytes()), ("pdf", pdf.as_slice())] {
        let beside = path.with_extension(ending);
        let what = format!("{} document", ending.to_uppercase());
        match std::fs::read(&beside) {
            Ok(found) => compare(line, &what, found == bytes, &beside.display().to_string()),
            Err(e) => line(
                &what,
                Agreement::Note,
                format!("not compared: {}: {e}", beside.display()),
            ),
        }
    }
    Ok(())
}

fn verify_looks(file: &CertificateFile, base: Option<&Path>, line: &mut Say<'_>) {
    let Some(looks) = file.subject.looks else {
        return;
    };
    let run = base.unwrap_or(&file.base);
    let count = (|| {
        let folder = RunFolder::open(run)?;
        let data: RunData = serde_json::from_value(folder.data()?)?;
        anyhow::Ok(test_looks(&folder.runs()?, &data.test_part())?.len() as u64)
    })();
    match count {
        Err(e) => line("looks at test", Agreement::Missing, format!("{e:#}")),
        Ok(n) if n < looks => line(
            "looks at test",
            Agreement::Mismatch,
            format!("the registry counts {n}, the certificate {looks}"),
        ),
        Ok(n) if n > looks => line(
            "looks at test",
            Agreement::Note,
            format!("{looks} when it was issued, {n} now"),
        ),
        Ok(n) => line("looks at test", Agreement::Match, n.to_string()),
    }
}

/// Why the system's clock cannot be right: a file was written, or the test part looked at, later
/// than it says. A clock that was put back must not bring an expired certificate to life.
fn clock_behind(file: &CertificateFile, path: &Path, base: Option<&Path>) -> Option<String> {
    let now = jiff::Timestamp::now();
    let latest = now.as_second() + CLOCK_SLACK_SECS;
    let run = base.unwrap_or(&file.base);
    let runs = RunFolder::open(run).and_then(|folder| folder.runs()).ok();
    let mut files = vec![path.to_owned()];
    files.extend(runs.map(|runs| runs.join("registry.json")));
    files.extend(file.inputs.iter().map(|i| file.locate(i, base)));
    for at in files {
        let written = std::fs::metadata(&at).and_then(|m| m.modified()).ok();
        let written = written.and_then(|t| jiff::Timestamp::try_from(t).ok());
        if let Some(t) = written.filter(|t| t.as_second() > latest) {
            return Some(format!(
                "the clock says {now:.0}, but {} was written at {t:.0}; set the clock",
                at.display()
            ));
        }
    }
    None
}

/// How a strategy may be run behind the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// By itself.
    Automated,
    /// It proposes, a person confirms each order.
    HumanConfirmed,
    /// Advice only: the firm prohibits machines.
    Advisory,
}

/// What the gate says.
#[derive(Clone, Debug, Serialize)]
pub struct Gate {
    /// Whether anything beyond paper trading may begin.
    pub open: bool,
    /// How, when it may.
    pub mode: Option<Mode>,
    /// Why not; empty when open.
    pub reasons: Vec<String>,
    /// The rule set's line on automation.
    pub automation: Option<String>,
    /// Id of the rule set.
    pub ruleset: Option<String>,
    /// Whether it is the user's own, which nobody else compared with a firm's rules.
    pub own_ruleset: bool,
    /// SHA-256 of the checkpoint that may be run.
    pub checkpoint_sha256: Option<String>,
    /// Last day on which the gate opens.
    pub valid_until: Option<TradingDay>,
}

/// Asks whether a certificate lets a checkpoint go beyond paper trading.
///
/// `checkpoint` is the file that is to be run; the certificate's own when absent. A certificate
/// that cannot be read keeps the gate shut like any other fault.
pub fn gate(path: &Path, base: Option<&Path>, checkpoint: Option<&Path>) -> Gate {
    let mut gate = Gate {
        open: false,
        mode: None,
        reasons: Vec::new(),
        automation: None,
        ruleset: None,
        own_ruleset: false,
        checkpoint_sha256: None,
        valid_until: None,
    };
    let (file, verification) = match CertificateFile::read(path) {
        Ok((file, text)) => {
            let verification = verified(&file, &text, path, base);
            (file, verification)
        }
        Err(e) => {
            gate.reasons.push(anyhow::Error::from(e).to_string());
            return gate;
        }
    };
    gate.valid_until = Some(file.valid_until);
    let no = &mut gate.reasons;
    if file.kind != DocumentKind::Certificate {
        no.push(format!("{} is no certificate", file.title));
    }
    if verification.expired {
        no.push(format!("it expired after {}", file.valid_until));
    }
    for l in &verification.lines {
        if matches!(l.agreement, Agreement::Mismatch | Agreement::Missing) {
            no.push(format!("{} does not agree: {}", l.what, l.detail));
        }
    }
    match file.issued_at.parse::<jiff::Timestamp>() {
        Ok(t) if t <= jiff::Timestamp::now() => {}
        _ => no.push("it was issued in the future, or at no time".to_owned()),
    }
    no.extend(clock_behind(&file, path, base));
    if file.subject.run.is_none() {
        no.push("it is about no run of this programme".to_owned());
    }
    if file.subject.part.as_deref() != Some("test") || file.subject.in_sample != Some(false) {
        no.push("it does not rest on a test part that the policy never saw".to_owned());
    }
    match file.inputs.iter().find(|i| i.role == "checkpoint") {
        None => no.push("it names no checkpoint, so nothing can be run under it".to_owned()),
        Some(own) => {
            gate.checkpoint_sha256 = Some(own.sha256.clone());
            match checkpoint.map(sha256_of_file).transpose() {
                Err(e) => no.push(e.to_string()),
                Ok(Some(found)) if found != own.sha256 => no.push(
                    "the checkpoint that is to be run is not the one that was certified".to_owned(),
                ),
                Ok(_) => {}
            }
        }
    }
    match RuleSet::parse(&file.ruleset_toml) {
        Err(e) => no.push(e.to_string()),
        Ok(rules) => {
            gate.mode = Some(match rules.automation.policy {
                AutomationPolicy::Allowed => Mode::Automated,
                AutomationPolicy::HumanConfirmed => Mode::HumanConfirmed,
                AutomationPolicy::Prohibited => Mode::Advisory,
            });
            gate.own_ruleset = RuleSet::builtin_text(&rules.id).is_none();
            gate.ruleset = Some(rules.id);
            gate.automation = Some(rules.automation.line);
        }
    }
    gate.open = gate.reasons.is_empty();
    if !gate.open {
        gate.mode = None;
    }
    gate
}
