//! What a certificate or compliance report says, in sections, and as plain text.
//!
//! Everything is read from the certificate file and its rule set; the PDF shows the same
//! sections. Charts stand in the PDF only.

use holdout_core::compliance::RuleSet;
use holdout_core::compliance::ruleset::{AutomationPolicy, Confidence};
use holdout_core::units::Usd;
use holdout_store::certificate::{CertificateFile, DocumentKind};
use serde_json::Value;

use super::chart_ticks;
use super::number::{MINUS, count, dollars, duration, grouped, percent_to, usd};

/// A part of the document.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// What is in it.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// Names and values.
    Facts(Vec<(String, String)>),
    /// A table.
    Table(Table),
    /// The replay chart.
    Chart,
}

/// A table; the first column is left-aligned.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Heads with the relative width of their columns and whether figures are in them.
    pub columns: Vec<(&'static str, f64, bool)>,
    /// Cells.
    pub rows: Vec<Vec<String>>,
}

/// Everything that the document says.
pub fn sections(file: &CertificateFile, rules: &RuleSet) -> Vec<Section> {
    let mut all = vec![summary(file, rules), automation(rules), drawdown(file)];
    all.push(Section {
        title: "The account, replayed".to_owned(),
        blocks: vec![Block::Chart],
    });
    all.push(checks(file));
    all.push(worst(file));
    all.extend(chance(file));
    all.extend(research(file));
    all.push(rule_set(rules));
    all.push(inputs(file));
    all.push(Section {
        title: "Risk disclosure".to_owned(),
        blocks: vec![Block::Text(RISK.to_owned())],
    });
    all
}

/// What every document with simulated results has to say.
pub const RISK: &str = "Trading futures involves a substantial risk of loss and is not suitable for everyone. The figures here are hypothetical: they come from a simulation on historical or made-up bars with assumed fills, commissions and slippage, and no account was traded. Simulated results are prepared with hindsight, and an account in the market can do worse, also where every rule was kept here. Rules of firms change without notice; the firm's own agreement decides, not this document. Nothing here is advice.";

/// What the document calls itself in running text.
fn noun(file: &CertificateFile) -> &'static str {
    match file.kind {
        DocumentKind::Certificate => "certificate",
        DocumentKind::ComplianceReport => "report",
    }
}

fn summary(file: &CertificateFile, rules: &RuleSet) -> Section {
    let s = &file.subject;
    let mut facts: Vec<(String, String)> = Vec::new();
    let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
    fact(
        "Rule set",
        format!(
            "{}: {}, {} ({} stage), version {}",
            rules.id,
            rules.firm,
            rules.programme,
            rules.stage.name(),
            rules.version
        ),
    );
    let issued = file.issued_at.get(..10).unwrap_or(&file.issued_at);
    let age = issued.parse().map(|day| rules.age_days(day)).map_or_else(
        |_| "age unknown".to_owned(),
        |d| format!("{d} days before issue"),
    );
    fact("Rules verified on", format!("{}, {age}", rules.verified_on));
    match (&s.run, s.checkpoint_step) {
        (Some(run), Some(step)) => fact(
            "Agent",
            format!("run {run}, checkpoint at {} steps", count(step)),
        ),
        _ => fact(
            "Agent",
            "not known: a ledger from outside this programme".to_owned(),
        ),
    }
    if let Some(part) = &s.part {
        let sample = match s.in_sample {
            Some(true) => ", on which the agent was trained",
            _ => ", on which the agent was not trained",
        };
        fact("Judged on", format!("the {part} part{sample}"));
    }
    if let Some(looks) = s.looks {
        let times = if looks == 1 {
            "once, by this evaluation".to_owned()
        } else {
            format!("{looks} times, this evaluation included")
        };
        fact("Test part looked at", times);
    }
    if let Some([a, b]) = s.days {
        fact("Days", format!("{a} to {b}"));
    }
    if let Some([train, validation, test]) = s.split {
        let span = |d: [holdout_core::time::TradingDay; 2]| format!("{} to {}", d[0], d[1]);
        fact(
            "Split",
            format!(
                "training {}, validation {}, test {}",
                span(train),
                span(validation),
                span(test)
            ),
        );
    }
    fact(
        "Ledger",
        format!(
            "{}{} bars, {} closed trades",
            s.market
                .as_ref()
                .map_or_else(|| "market not named, ".to_owned(), |m| format!("{m}, ")),
            count(s.bars as u64),
            count(s.trades as u64)
        ),
    );
    fact("Issued", file.issued_at.clone());
    fact(
        "Valid until",
        format!(
            "{}, {} days after the rules were verified",
            file.valid_until,
            rules.age_days(file.valid_until)
        ),
    );
    fact("Programme", format!("Holdout {}", file.programme_version));
    let mut blocks = vec![Block::Facts(facts)];
    if !file.reasons.is_empty() {
        blocks.push(Block::Text("What stands against it:".to_owned()));
        blocks.extend(file.reasons.iter().map(|r| Block::Text(format!("– {r}"))));
    }
    Section {
        title: "What was judged".to_owned(),
        blocks,
    }
}

fn automation(rules: &RuleSet) -> Section {
    let policy = match rules.automation.policy {
        AutomationPolicy::Allowed => "allowed",
        AutomationPolicy::HumanConfirmed => "a person must confirm every order",
        AutomationPolicy::Prohibited => "prohibited",
    };
    let mut blocks = vec![Block::Text(rules.automation.line.clone())];
    let sources = rules
        .evidence_of("automation")
        .map(|e| e.sources.join(", "));
    let source = sources.filter(|s| !s.is_empty());
    let source = source.map_or_else(String::new, |s| format!(" Source: {s}."));
    blocks.push(Block::Text(format!(
        "In short: {policy} ({} stage).{source}",
        rules.stage.name()
    )));
    Section {
        title: "Automation".to_owned(),
        blocks,
    }
}

fn drawdown(file: &CertificateFile) -> Section {
    let row = |name: &str, key: &str| {
        let v = &file.report[key];
        vec![
            name.to_owned(),
            status(&v["status"]),
            money(&v["limit"]),
            money(&v["worst"]),
            money(&v["room"]),
            money(&v["peak"]),
            money(&v["floor"]),
            when(&v["time"]),
        ]
    };
    let n = file.report["ambiguous_bars"].as_u64().unwrap_or(0);
    let listed: Vec<String> = file.report["ambiguous_times"]
        .as_array()
        .into_iter()
        .flatten()
        .take(20)
        .map(when)
        .collect();
    let order = match n {
        0 => "No bar's outcome depends on whether its high or its low came first.".to_owned(),
        1 => format!(
            "On one bar the outcome depends on whether its high or its low came first: {}. The high was taken first.",
            listed.join(", ")
        ),
        _ => format!(
            "On {n} bars the outcome depends on whether the high or the low came first. The high was taken first. They are: {}.",
            listed.join(", ")
        ),
    };
    Section {
        title: "Drawdown, judged twice".to_owned(),
        blocks: vec![
            Block::Text("Strict: the deepest fall of equity inside bars from its highest point, over the whole test. Firm: equity never at or under the trailing floor.".to_owned()),
            Block::Table(Table {
                columns: vec![
                    ("Verdict", 0.8, false),
                    ("Status", 1.5, false),
                    ("Limit", 1.1, true),
                    ("Worst", 1.1, true),
                    ("Room left", 1.1, true),
                    ("Peak", 1.2, true),
                    ("Floor", 1.2, true),
                    ("When", 1.9, false),
                ],
                rows: vec![row("Strict", "strict_drawdown"), row("Firm", "firm_drawdown")],
            }),
            Block::Text(order),
        ],
    }
}

fn checks(file: &CertificateFile) -> Section {
    let list = file.report["checks"].as_array();
    let all = list.into_iter().flatten();
    let (named, other): (Vec<&Value>, Vec<&Value>) =
        all.partition(|c| c["status"] != "not_applicable");
    let rows = named.into_iter().map(check_row).collect();
    let names: Vec<String> = other
        .into_iter()
        .filter(|c| c["id"] != "automation")
        .map(|c| lower_first(&name_of(&c["id"])))
        .collect();
    let mut blocks = vec![Block::Table(check_table(rows))];
    if !names.is_empty() {
        blocks.push(Block::Text(format!(
            "Not asked for by this rule set, or not at this stage: {}.",
            names.join(", ")
        )));
    }
    blocks.push(Block::Text(match file.report["trading_days"].as_u64() {
        Some(1) => "One day counts as a trading day.".to_owned(),
        Some(0) => "No day counts as a trading day.".to_owned(),
        n => format!("{} days count as trading days.", n.unwrap_or(0)),
    }));
    Section {
        title: "Every check".to_owned(),
        blocks,
    }
}

fn check_table(rows: Vec<Vec<String>>) -> Table {
    Table {
        columns: vec![
            ("Check", 1.45, false),
            ("Status", 1.0, false),
            ("Limit", 1.0, true),
            ("Worst", 1.05, true),
            ("Room left", 1.05, true),
            ("When", 1.75, false),
            ("In words", 3.0, false),
        ],
        rows,
    }
}

fn check_row(c: &Value) -> Vec<String> {
    let unit = c["unit"].as_str().unwrap_or("");
    let figure = |v: &Value| v.as_f64().map_or_else(String::new, |x| in_unit(x, unit));
    let detail = c["detail"].as_str().unwrap_or("");
    let mut evidence: Vec<String> = Vec::new();
    if let Some(trade) = c["trade"].as_u64().filter(|_| !detail.contains("trade")) {
        evidence.push(format!("trade {trade}"));
    }
    if let Some(price) = c["price"].as_f64() {
        evidence.push(format!("entered at {}", grouped(price, 2)));
    }
    if let Some(equity) = c["equity"].as_f64() {
        let equity = format!("equity {}", dollars(equity, 2));
        if !detail.contains(equity.trim_start_matches("equity ")) {
            evidence.push(equity);
        }
    }
    let evidence = match evidence.is_empty() {
        true => String::new(),
        false => format!(" ({})", evidence.join(", ")),
    };
    vec![
        name_of(&c["id"]),
        status(&c["status"]),
        figure(&c["limit"]),
        figure(&c["worst"]),
        figure(&c["room"]),
        when(&c["time"]),
        format!("{detail}{evidence}"),
    ]
}

/// A figure of a check in its unit.
pub fn in_unit(x: f64, unit: &str) -> String {
    match unit {
        "usd" => dollars(x, 2),
        "share" => percent_to(x, 1),
        "ratio" => grouped(x, 2),
        "minis" => format!("{} minis", grouped(x, if x.fract() == 0.0 { 0 } else { 1 })),
        "seconds" if x < 0.0 => format!("{MINUS}{}", duration(-x)),
        "seconds" => duration(x),
        "days" | "trades" | "bars" => grouped(x, 0),
        _ => grouped(x, 2),
    }
}

/// A check's id as words.
pub fn words(id: &str) -> String {
    let mut text = id.replace('_', " ");
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text.replace("Mae", "Largest open loss (MAE)")
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_lowercase().to_string());
    format!("{}{}", first.unwrap_or_default(), chars.as_str())
}

fn name_of(id: &Value) -> String {
    words(id.as_str().unwrap_or(""))
}

fn worst(file: &CertificateFile) -> Section {
    let rows = file
        .worst_moments
        .as_array()
        .into_iter()
        .flatten()
        .map(|m| {
            let (equity, floor) = (m["equity"].as_f64(), m["floor"].as_f64());
            let room = equity.zip(floor).map(|(e, f)| dollars(e - f, 2));
            vec![
                m["day"].as_str().unwrap_or("").to_owned(),
                m["time"]
                    .as_i64()
                    .map_or_else(String::new, |t| chart_ticks::stamp(t as f64)),
                money(&m["equity"]),
                money(&m["floor"]),
                room.unwrap_or_default(),
                m["trade"]
                    .as_u64()
                    .map_or_else(String::new, |t| t.to_string()),
            ]
        })
        .collect();
    Section {
        title: "Days that came closest to the floor".to_owned(),
        blocks: vec![Block::Table(Table {
            columns: vec![
                ("Trading day", 1.0, false),
                ("Bar", 1.8, false),
                ("Worst equity", 1.1, true),
                ("Floor", 1.1, true),
                ("Room", 1.0, true),
                ("Trade", 0.6, true),
            ],
            rows,
        })],
    }
}

fn chance(file: &CertificateFile) -> Option<Section> {
    let c = file.chance.as_ref()?;
    let share = |v: &Value| v.as_f64().map_or_else(String::new, |x| percent_to(x, 1));
    let name = |o: &Value| words(o.as_str().unwrap_or(""));
    let mut rows: Vec<Vec<String>> = Vec::new();
    for s in c["paths"]["shares"].as_array().into_iter().flatten() {
        let started = c["starts"]["shares"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|x| x["outcome"] == s["outcome"]);
        let interval = &s["interval"];
        rows.push(vec![
            name(&s["outcome"]),
            share(&s["share"]),
            if interval.is_null() {
                "too few sessions".to_owned()
            } else {
                format!(
                    "{} to {}",
                    share(&interval["lower"]),
                    share(&interval["upper"])
                )
            },
            started.map_or_else(String::new, |x| share(&x["share"])),
            started.map_or_else(String::new, |x| x["count"].to_string()),
        ]);
    }
    if let Some(open) = c["starts"]["shares"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|x| x["outcome"] == "open")
    {
        let cells = ["Open when the ledger ended", "", ""].map(str::to_owned);
        let mut row = cells.to_vec();
        row.extend([share(&open["share"]), open["count"].to_string()]);
        rows.push(row);
    }
    let days = &c["paths"]["days_to_pass"];
    let to_pass = if days.is_null() {
        "No resampled account passed.".to_owned()
    } else {
        format!(
            "Sessions to pass, of the resampled accounts that passed: median {}, one in ten within {}, nine in ten within {}.",
            figure0(&days["median"]),
            figure0(&days["p10"]),
            figure0(&days["p90"])
        )
    };
    let assumed: Vec<&str> = c["assumptions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    Some(Section {
        title: "Chance of passing".to_owned(),
        blocks: vec![
            Block::Text(format!(
                "Profit target {}; {} sessions. Resampled: {} accounts on sessions drawn in blocks of {} on average (stationary bootstrap, seed {}). Started: an account on every session of the ledger, in their order.",
                money(&c["target"]),
                c["sessions"],
                figure0(&c["paths"]["accounts"]),
                c["block_sessions"]
                    .as_f64()
                    .map_or_else(String::new, |b| grouped(b, 1)),
                c["seed"]
            )),
            Block::Table(Table {
                columns: vec![
                    ("Outcome", 1.6, false),
                    ("Resampled", 1.0, true),
                    ("95% interval", 1.6, true),
                    ("Started", 1.0, true),
                    ("Accounts", 0.8, true),
                ],
                rows,
            }),
            Block::Text(to_pass),
            Block::Text(format!("Assumed: {}.", assumed.join("; "))),
        ],
    })
}

fn figure0(v: &Value) -> String {
    v.as_f64().map_or_else(String::new, |x| grouped(x, 0))
}

fn research(file: &CertificateFile) -> Option<Section> {
    let list = file.report["research"]
        .as_array()
        .filter(|l| !l.is_empty())?;
    Some(Section {
        title: "Criteria of research".to_owned(),
        blocks: vec![
            Block::Text("Apart from the firm's rules; they do not change the verdict.".to_owned()),
            Block::Table(check_table(list.iter().map(check_row).collect())),
        ],
    })
}

fn rule_set(rules: &RuleSet) -> Section {
    let mut blocks: Vec<Block> = Vec::new();
    blocks.push(Block::Text(format!(
        "Confidence of the figures that decide the verdict: {}.",
        confidence(rules.confidence)
    )));
    blocks.extend(rules.notes.iter().map(|n| Block::Text(n.clone())));
    let rows = rules
        .evidence
        .iter()
        .map(|(key, e)| {
            vec![
                key.clone(),
                confidence(e.confidence).to_owned(),
                e.sources.join(", "),
                e.note.clone().unwrap_or_default(),
            ]
        })
        .collect();
    blocks.push(Block::Table(Table {
        columns: vec![
            ("Figure", 1.5, false),
            ("Confidence", 0.8, false),
            ("Sources", 1.3, false),
            ("Remark", 3.2, false),
        ],
        rows,
    }));
    let rows = rules
        .sources
        .iter()
        .map(|s| vec![s.id.clone(), s.title.clone(), s.at.clone()])
        .collect();
    blocks.push(Block::Table(Table {
        columns: vec![
            ("Source", 0.9, false),
            ("What it is", 2.2, false),
            ("Where", 2.6, false),
        ],
        rows,
    }));
    Section {
        title: "The rule set and its sources".to_owned(),
        blocks,
    }
}

fn confidence(c: Confidence) -> &'static str {
    match c {
        Confidence::Low => "low",
        Confidence::Medium => "medium",
        Confidence::High => "high",
    }
}

fn inputs(file: &CertificateFile) -> Section {
    let mut rows: Vec<Vec<String>> = file
        .inputs
        .iter()
        .map(|i| {
            // The place on the issuer's machine is in the JSON; readers need the name.
            let shown = if i.path.is_absolute() {
                i.path.file_name().map(|n| n.to_string_lossy().into_owned())
            } else {
                Some(i.path.display().to_string())
            };
            vec![
                i.role.clone(),
                shown.unwrap_or_default(),
                count(i.bytes),
                i.sha256.clone(),
            ]
        })
        .collect();
    rows.push(vec![
        "rule set".to_owned(),
        "in the JSON file, in full".to_owned(),
        count(file.ruleset_toml.len() as u64),
        file.ruleset_sha256.clone(),
    ]);
    let noun = noun(file);
    Section {
        title: "What it rests on".to_owned(),
        blocks: vec![
            Block::Table(Table {
                columns: vec![
                    ("File", 1.25, false),
                    ("Name", 1.6, false),
                    ("Bytes", 0.8, true),
                    ("SHA-256", 4.0, false),
                ],
                rows,
            }),
            Block::Text(format!(
                "Hash of this {noun}: {}. “holdout verify” on its JSON file hashes every file and judges the ledger again.",
                file.content_sha256
            )),
        ],
    }
}

fn status(v: &Value) -> String {
    let text = v.as_str().unwrap_or("");
    text.replace('_', " ").to_uppercase()
}

fn money(v: &Value) -> String {
    v.as_f64()
        .map_or_else(String::new, |x| usd(Usd::from_dollars(x)))
}

fn when(v: &Value) -> String {
    let instant = v
        .as_str()
        .and_then(|t| holdout_core::time::parse_utc(t).ok());
    instant.map_or_else(String::new, |t| chart_ticks::stamp(t as f64))
}

fn underline(title: &str) -> String {
    "-".repeat(title.chars().count())
}

/// The document as plain text.
pub fn text(file: &CertificateFile, sections: &[Section]) -> String {
    let mut out = format!(
        "{}\n{}\n",
        file.title,
        "=".repeat(file.title.chars().count())
    );
    for s in sections {
        let charts_only = s.blocks.iter().all(|b| *b == Block::Chart);
        if charts_only {
            continue;
        }
        out.push_str(&format!("\n{}\n{}\n", s.title, underline(&s.title)));
        for block in &s.blocks {
            match block {
                Block::Text(t) => out.push_str(&format!("{t}\n")),
                Block::Facts(facts) => {
                    let wide = facts.iter().map(|f| f.0.chars().count()).max();
                    let wide = wide.unwrap_or(0).min(WIDEST);
                    for (name, value) in facts {
                        out.push_str(&format!("{name:<wide$}  {value}\n"));
                    }
                }
                Block::Table(t) => plain_table(&mut out, t),
                Block::Chart => {}
            }
        }
    }
    out
}

/// Letters of a column at most. A forged file may hold anything, and padding has its limits.
const WIDEST: usize = 200;

fn plain_table(out: &mut String, table: &Table) {
    let width = |i: usize| {
        let cells = table.rows.iter().filter_map(|r| r.get(i));
        let longest = cells.map(|c| c.chars().count()).max().unwrap_or(0);
        longest.max(table.columns[i].0.chars().count()).min(WIDEST)
    };
    let widths: Vec<usize> = (0..table.columns.len()).map(width).collect();
    let mut line = |cells: Vec<&str>| {
        let mut text = String::new();
        for ((cell, w), (_, _, right)) in cells.iter().zip(&widths).zip(&table.columns) {
            if *right {
                text.push_str(&format!("{cell:>w$}  "));
            } else {
                text.push_str(&format!("{cell:<w$}  "));
            }
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(table.columns.iter().map(|c| c.0).collect());
    for row in &table.rows {
        line(row.iter().map(String::as_str).collect());
    }
}
