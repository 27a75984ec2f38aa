//! The sections of a run's report, from its facts. Everything here is also printed by a command.

use std::collections::BTreeMap;
use std::sync::Arc;

use holdout_core::compliance::moments::worst_moments;
use holdout_core::compliance::{LedgerView, Status};
use holdout_core::market::SessionCalendar;
use holdout_core::market::split::Part;
use holdout_core::metrics::by_regime::{RegimeCell, RegimeTable};
use holdout_core::metrics::criteria::Outcome;
use holdout_core::metrics::trades::{TradeGroup, TradeSlice};
use holdout_core::sim::{Action, Trade};
use holdout_core::time::parse_utc;
use serde_json::Value;

use super::facts::RunFacts;
use crate::report::certificate_text::{RISK, in_unit, words};
use crate::report::compliance_chart::replay_chart;
use crate::report::document::{Block, Column, Section, SectionId, Table};
use crate::report::equity_chart::equity_chart;
use crate::report::figures::{action_shares, figures};
use crate::report::number::{count, dollars, dollars_signed, duration, grouped, or_na, percent};
use crate::report::proof::{Proof, TextTable};
use crate::report::regime_words::{drawdown_line, label, rate_text, sharpe_text};
use crate::report::{Axis, Chart, Curve, Ink, Panel, Series, Unit, chart_ticks, succession};

/// Trades that are listed among the best and among the worst.
const LISTED: usize = 10;

/// Every section of a run.
pub(super) fn all(r: &RunFacts) -> Vec<(SectionId, Section)> {
    SectionId::ALL
        .into_iter()
        .map(|id| {
            let section = Section {
                title: id.title().to_owned(),
                blocks: blocks(id, r),
            };
            (id, section)
        })
        .collect()
}

fn blocks(id: SectionId, r: &RunFacts) -> Vec<Block> {
    match id {
        SectionId::Summary => summary(r),
        SectionId::Equity => equity(r),
        SectionId::Figures => headline(r),
        SectionId::Parts => parts(r),
        SectionId::Proof => proof(r),
        SectionId::Trades => trades(r),
        SectionId::Actions => actions(r),
        SectionId::Regimes => regimes(r),
        SectionId::Compliance => compliance(r),
        SectionId::Training => training(r),
        SectionId::Settings => settings(r),
        SectionId::Disclosure => vec![Block::Text(RISK.to_owned())],
    }
}

fn na() -> String {
    "n/a".to_owned()
}

fn fact(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

fn summary(r: &RunFacts) -> Vec<Block> {
    let e = r.main();
    let s = e.summary();
    let days = |(a, b): (
        holdout_core::time::TradingDay,
        holdout_core::time::TradingDay,
    )| format!("{a} to {b}");
    let span = match r.part {
        Part::Train => r.data.split.train,
        Part::Validation => r.data.split.validation,
        Part::Test => r.data.split.test,
    };
    let sample = match r.part {
        Part::Train => "in sample: the policy was trained on these bars",
        Part::Validation => "the policy was not trained on these bars, but chosen by them",
        Part::Test => "the policy was neither trained on these bars nor chosen by them",
    };
    let mut blocks = vec![Block::Text(format!(
        "On the {} part, {}, the account went from {} to {}: {} in {} trades over {} trading days.",
        r.part.name(),
        days(span),
        dollars(s.start_balance.dollars(), 2),
        dollars(s.final_balance.dollars(), 2),
        dollars_signed(s.net_pnl.dollars(), 2),
        count(s.trades),
        count(s.sessions as u64),
    ))];
    match (&s.breach, &s.stalled) {
        (Some(t), _) => blocks.push(Block::Warning(format!(
            "The account was lost at {}: equity met the drawdown floor.",
            stamp(t)
        ))),
        (None, Some(t)) => blocks.push(Block::Warning(format!(
            "The account stalled at {}: so much of the drawdown limit was used that no entry was allowed any more.",
            stamp(t)
        ))),
        (None, None) => {}
    }
    if let Some(all) = e.succession.as_ref().and_then(succession::in_words) {
        blocks.push(Block::Text(format!(
            "Had a fresh account been opened on the trading day after each loss: {all}."
        )));
    }
    if e.in_sample {
        blocks.push(Block::Warning(
            "In sample: the policy was trained on these bars, so these figures say nothing about new ones.".to_owned(),
        ));
    }
    let looks = match r.looks {
        0 => "never opened".to_owned(),
        1 => "opened once".to_owned(),
        n => format!("opened {} times", count(n)),
    };
    let mut facts = vec![
        fact("Run", &r.id),
        fact("Judged was", r.player()),
        fact(
            "Checkpoint",
            format!(
                "step {} of {}, phase {}{}",
                count(r.step),
                count(r.status.step),
                r.phase.number(),
                match &r.best {
                    Some(b) if b.step == r.step =>
                        format!(", the best by {}", b.metric.replace('_', " ")),
                    _ => String::new(),
                }
            ),
        ),
        fact("State of the run", r.status.state.name()),
        fact("Market", &r.data.market),
        fact("Judged on", format!("{}; {sample}", r.part.name())),
        fact("Test part", looks),
        fact("Candidates seen", {
            let d = &e.robustness.deflation;
            format!(
                "{} on these bars; deflated Sharpe probability {}",
                count(d.trials),
                d.deflated_sharpe.map_or_else(na, percent)
            )
        }),
        fact(
            "Compliance",
            format!(
                "{} under {} ({} {})",
                e.compliance.verdict.name().to_uppercase(),
                e.compliance.ruleset.id,
                e.compliance.ruleset.firm,
                e.compliance.ruleset.programme
            ),
        ),
    ];
    if !r.labels.tags.is_empty() {
        facts.push(fact("Tags", r.labels.tags.join(", ")));
    }
    if !r.labels.notes.trim().is_empty() {
        facts.push(fact("Notes", r.labels.notes.trim()));
    }
    blocks.push(Block::Facts(facts));
    blocks
}

/// A file's time for people.
fn stamp(text: &str) -> String {
    parse_utc(text).map_or_else(|_| text.to_owned(), |t| chart_ticks::stamp(t as f64))
}

fn equity(r: &RunFacts) -> Vec<Block> {
    let e = r.main();
    let chart = equity_chart("Equity", &r.subtitle(), &e.ledger, &e.benchmark_curves());
    vec![Block::Chart(Box::new(chart))]
}

fn headline(r: &RunFacts) -> Vec<Block> {
    let e = r.main();
    let tiles = figures(&e.tearsheet);
    let rows = tiles
        .into_iter()
        .map(|f| vec![f.name.to_owned(), f.value, f.note, f.tip.to_owned()])
        .collect();
    let column = |name: &str, weight, figures| Column {
        name: name.to_owned(),
        weight,
        figures,
    };
    let sheet = Proof::new(&e.robustness, &e.tearsheet, &r.subtitle()).intervals;
    vec![
        Block::Table(Table {
            columns: vec![
                column("Figure", 1.2, false),
                column("Value", 1.0, true),
                column("How sure", 1.5, false),
                column("What it is", 4.0, false),
            ],
            rows,
        }),
        Block::Heading("With 95% intervals by a block bootstrap of days and trades".to_owned()),
        text_table(&sheet),
    ]
}

fn text_table(t: &TextTable) -> Block {
    if t.rows.is_empty() {
        return Block::Text("Too few trades and days to tell.".to_owned());
    }
    Block::Table(Table::of_figures(
        t.heads.iter().copied(),
        2.4,
        t.rows.clone(),
    ))
}

fn parts(r: &RunFacts) -> Vec<Block> {
    let judged: Vec<_> = Part::ALL.into_iter().filter_map(|p| r.on(p)).collect();
    let tiles: Vec<_> = judged.iter().map(|e| figures(&e.tearsheet)).collect();
    let names = tiles.first().map_or(0, Vec::len);
    let mut rows: Vec<Vec<String>> = (0..names)
        .map(|i| {
            let name = tiles[0][i].name.to_owned();
            std::iter::once(name)
                .chain(tiles.iter().map(|t| t[i].value.clone()))
                .collect()
        })
        .collect();
    rows.push(
        std::iter::once("Compliance".to_owned())
            .chain(
                judged
                    .iter()
                    .map(|e| e.compliance.verdict.name().to_uppercase()),
            )
            .collect(),
    );
    let heads = std::iter::once(String::new()).chain(
        judged
            .iter()
            .map(|e| e.part.map_or("other", Part::name).to_owned()),
    );
    let mut blocks = vec![Block::Table(Table::of_figures(heads, 1.4, rows))];
    let missing: Vec<&str> = Part::ALL
        .into_iter()
        .filter(|p| r.on(*p).is_none())
        .map(Part::name)
        .collect();
    if !missing.is_empty() {
        blocks.push(Block::Text(format!(
            "Not judged with this checkpoint: {}.",
            missing.join(", ")
        )));
    }
    blocks.push(Block::Text(
        "Train is in sample. The checkpoint was chosen by validation, so that part flatters it; test is judged last, and every look at it is counted.".to_owned(),
    ));
    blocks
}

fn proof(r: &RunFacts) -> Vec<Block> {
    let e = r.main();
    let p = Proof::new(&e.robustness, &e.tearsheet, &r.subtitle());
    let word = |o: &Outcome| match o {
        Outcome::Pass => "PASS",
        Outcome::Fail => "FAIL",
        Outcome::Unknown => "UNKNOWN",
    };
    let criteria = p
        .criteria
        .iter()
        .map(|(o, text)| vec![word(o).to_owned(), text.clone()])
        .collect();
    let column = |name: &str, weight| Column {
        name: name.to_owned(),
        weight,
        figures: false,
    };
    let mut blocks = vec![
        Block::Table(Table {
            columns: vec![column("Outcome", 1.0), column("Criterion", 5.0)],
            rows: criteria,
        }),
        Block::Heading("Significance".to_owned()),
        text_table(&p.tests),
        Block::Text(p.looked_at.clone()),
    ];
    blocks.extend(p.deflation.iter().map(|t| Block::Text(t.clone())));
    blocks.push(Block::Heading("Disturbed histories".to_owned()));
    blocks.push(text_table(&p.paths));
    blocks.extend(p.bands.clone().map(|c| Block::Chart(Box::new(c))));
    if !p.degradation.rows.is_empty() {
        blocks.push(Block::Heading("Against training".to_owned()));
        blocks.push(text_table(&p.degradation));
    }
    blocks.push(Block::Heading("Week by week".to_owned()));
    blocks.extend(p.rolling.iter().map(|t| Block::Text(t.clone())));
    blocks
}

fn trades(r: &RunFacts) -> Vec<Block> {
    let e = r.main();
    let Some(t) = e.tearsheet.trades.as_ref().filter(|t| t.all.count > 0) else {
        return vec![Block::Text(
            "The policy made no trade on these bars.".to_owned(),
        )];
    };
    let group = |name: &str, g: &TradeGroup| {
        let n = g.count as usize;
        vec![
            name.to_owned(),
            count(g.count),
            or_na(g.win_rate, percent, n, "trades"),
            dollars_signed(g.net_pnl.dollars(), 0),
            or_na(g.expectancy, |x| dollars_signed(x, 2), n, "trades"),
            or_na(g.profit_factor, |x| grouped(x, 2), n, "trades"),
            or_na(g.average_bars_held, |x| grouped(x, 1), n, "trades"),
            or_na(g.max_mae, |x| dollars(x, 0), n, "trades"),
        ]
    };
    let mut blocks = vec![Block::Table(Table::of_figures(
        [
            "Trades",
            "Count",
            "Win rate",
            "Net P&L",
            "Per trade",
            "Profit factor",
            "Bars held",
            "Largest MAE",
        ],
        0.9,
        vec![
            group("All", &t.all),
            group("Long", &t.long),
            group("Short", &t.short),
        ],
    ))];
    let slices = |head: &str, rows: Vec<Vec<String>>| {
        Block::Table(Table::of_figures(
            [head, "Count", "Win rate", "Net P&L"],
            1.4,
            rows,
        ))
    };
    let row = |name: String, s: &TradeSlice| {
        vec![
            name,
            count(s.count),
            s.win_rate.map_or_else(na, percent),
            dollars_signed(s.net_pnl.dollars(), 0),
        ]
    };
    blocks.push(Block::Heading("By reason of the exit".to_owned()));
    blocks.push(slices(
        "Reason",
        t.by_exit_reason
            .iter()
            .map(|(k, s)| row(k.replace('_', " "), s))
            .collect(),
    ));
    blocks.push(Block::Heading("By hour of the entry, New York".to_owned()));
    blocks.push(slices(
        "Hour",
        t.by_hour
            .iter()
            .map(|(k, s)| row(format!("{k}:00"), s))
            .collect(),
    ));
    let mut own: Vec<&Trade> = e.ledger.own_trades().collect();
    own.sort_by(|a, b| b.net_pnl.cmp(&a.net_pnl).then(a.id.cmp(&b.id)));
    let n = LISTED.min(own.len());
    blocks.push(Block::Heading(format!("The best {n}")));
    blocks.push(trade_table(r, own[..n].iter().copied()));
    blocks.push(Block::Heading(format!("The worst {n}")));
    blocks.push(trade_table(r, own.iter().rev().take(n).copied()));
    blocks
}

fn trade_table<'a>(r: &RunFacts, list: impl Iterator<Item = &'a Trade>) -> Block {
    let instrument = &r.main().ledger.instrument;
    let rows = list
        .map(|t| {
            vec![
                count(u64::from(t.id)),
                t.side.name().to_owned(),
                chart_ticks::stamp(t.entry_time as f64),
                chart_ticks::stamp(t.exit_time as f64),
                t.exit_reason.name().replace('_', " "),
                instrument.format_price(t.entry_price),
                instrument.format_price(t.exit_price),
                dollars_signed(t.net_pnl.dollars(), 2),
            ]
        })
        .collect();
    let column = |name: &str, weight, figures| Column {
        name: name.to_owned(),
        weight,
        figures,
    };
    Block::Table(Table {
        columns: vec![
            column("#", 0.6, true),
            column("Side", 0.7, false),
            column("Entry", 1.9, false),
            column("Exit", 1.9, false),
            column("Reason", 1.0, false),
            column("In", 1.1, true),
            column("Out", 1.1, true),
            column("Net P&L", 1.1, true),
        ],
        rows,
    })
}

fn actions(r: &RunFacts) -> Vec<Block> {
    let e = r.main();
    let (shares, n) = action_shares(&e.ledger);
    let rows = Action::ALL
        .into_iter()
        .map(|a| vec![a.label().to_owned(), percent(shares[a.index()])])
        .collect();
    let agent = (e.ledger.final_balance() - e.ledger.start_balance).dollars();
    let benchmarks = std::iter::once(("Agent", agent))
        .chain(e.benchmarks.iter().map(|b| (b.label, b.net_pnl.dollars())))
        .map(|(name, pnl)| vec![name.to_owned(), dollars_signed(pnl, 0)])
        .collect();
    let mut blocks = vec![
        Block::Text(format!(
            "Shares of {} decisions on which there was a choice.",
            count(n)
        )),
        Block::Table(Table::of_figures(["Action", "Share"], 2.0, rows)),
        Block::Heading("Benchmarks on the same bars".to_owned()),
        Block::Table(Table::of_figures(["Who", "Net P&L"], 2.0, benchmarks)),
    ];
    blocks.push(Block::Text(e.random.as_ref().map_or_else(
        || "Random entries: none, for the policy made no entry.".to_owned(),
        |x| x.in_words(),
    )));
    blocks
}

fn regimes(r: &RunFacts) -> Vec<Block> {
    let Some(t) = &r.main().regimes else {
        return vec![Block::Text("This stretch has no regimes.".to_owned())];
    };
    let mut blocks: Vec<Block> = t.warning.iter().cloned().map(Block::Warning).collect();
    blocks.push(Block::Heading("By one label".to_owned()));
    blocks.push(regime_table(&t.single));
    blocks.push(Block::Heading("By two labels".to_owned()));
    blocks.push(regime_table(&t.crossings));
    blocks.push(Block::Text(format!(
        "A cell with fewer than {} trades gives no rate.",
        t.min_trades
    )));
    blocks.push(Block::Heading(
        "Net P&L by hour of entry (New York) and weekday".to_owned(),
    ));
    blocks.push(hours(t));
    blocks.push(Block::Heading("Largest drawdowns".to_owned()));
    if t.drawdowns.is_empty() {
        blocks.push(Block::Text("There was no drawdown.".to_owned()));
    }
    blocks.extend(t.drawdowns.iter().map(|d| Block::Text(drawdown_line(d))));
    blocks
}

fn regime_table(cells: &[RegimeCell]) -> Block {
    let rows = cells
        .iter()
        .map(|c| {
            vec![
                label(c),
                count(c.bars),
                count(c.trades),
                dollars_signed(c.net_pnl, 0),
                rate_text(c),
                sharpe_text(c),
                dollars(c.max_drawdown_usd, 0),
            ]
        })
        .collect();
    let mut table = Table::of_figures(
        [
            "Regime",
            "Bars",
            "Trades",
            "Net P&L",
            "Win rate (95%)",
            "Sharpe (95%)",
            "Drawdown",
        ],
        2.2,
        rows,
    );
    table.columns[4].weight = 1.7;
    table.columns[5].weight = 1.7;
    Block::Table(table)
}

fn hours(t: &RegimeTable) -> Block {
    if t.hour_weekday.is_empty() {
        return Block::Text("There was no trade.".to_owned());
    }
    let mut by_hour: BTreeMap<u8, [Option<(f64, u64)>; 5]> = BTreeMap::new();
    for c in &t.hour_weekday {
        let row = by_hour.entry(c.hour).or_default();
        row[usize::from(c.weekday.min(4))] = Some((c.net_pnl, c.trades));
    }
    let rows = by_hour
        .into_iter()
        .map(|(hour, days)| {
            let cell = |x: Option<(f64, u64)>| {
                x.map_or_else(String::new, |(pnl, n)| {
                    format!("{} ({})", dollars_signed(pnl, 0), count(n))
                })
            };
            std::iter::once(format!("{hour:02}:00"))
                .chain(days.map(cell))
                .collect()
        })
        .collect();
    Block::Table(Table::of_figures(
        ["Hour", "Mon", "Tue", "Wed", "Thu", "Fri"],
        0.7,
        rows,
    ))
}

fn compliance(r: &RunFacts) -> Vec<Block> {
    let e = r.main();
    let c = &e.compliance;
    let rules = &c.ruleset;
    let figure = |x: Option<f64>, unit: Option<&str>| {
        x.map_or_else(String::new, |x| in_unit(x, unit.unwrap_or("")))
    };
    let rows = c
        .checks
        .iter()
        .filter(|c| c.status != Status::NotApplicable)
        .map(|c| {
            vec![
                words(c.id),
                c.status.name().replace('_', " ").to_uppercase(),
                figure(c.limit, c.unit),
                figure(c.worst, c.unit),
                figure(c.room, c.unit),
                c.time.as_deref().map_or_else(String::new, stamp),
                c.detail.clone(),
            ]
        })
        .collect();
    let column = |name: &str, weight, figures| Column {
        name: name.to_owned(),
        weight,
        figures,
    };
    let view = LedgerView::from(e.ledger.as_ref());
    let worst = worst_moments(rules, &view, &SessionCalendar::builtin(), 1);
    let chart = replay_chart(rules, &view, &r.subtitle(), worst.first());
    vec![
        Block::Text(format!(
            "{} under {}: {} {}, {} stage; rules verified on {}. {} trading days, {} ambiguous bars.",
            c.verdict.name().to_uppercase(),
            rules.id,
            rules.firm,
            rules.programme,
            rules.stage.name(),
            rules.verified_on,
            count(c.trading_days as u64),
            count(c.ambiguous_bars as u64)
        )),
        Block::Table(Table {
            columns: vec![
                column("Check", 1.5, false),
                column("Status", 0.9, false),
                column("Limit", 1.0, true),
                column("Worst", 1.0, true),
                column("Room left", 1.0, true),
                column("When", 1.8, false),
                column("In words", 2.9, false),
            ],
            rows,
        }),
        Block::Chart(Box::new(chart)),
        Block::Text(
            "This is no certificate: “holdout certificate issue” makes a document that can be verified.".to_owned(),
        ),
    ]
}

fn training(r: &RunFacts) -> Vec<Block> {
    let Some(last) = r.updates.last() else {
        return vec![Block::Text("No update was recorded.".to_owned())];
    };
    let x = |line: &Value| line["step"].as_f64();
    let of = |lines: &[Value], f: &dyn Fn(&Value) -> Option<f64>| {
        let points = lines.iter().filter_map(|l| Some([x(l)?, f(l)?])).collect();
        Arc::new(Curve::new(points))
    };
    let key = |lines: &[Value], key: &str| of(lines, &|l| l[key].as_f64());
    let bonus = of(&r.updates, &|l| {
        Some(l["entry_bonus_usd"].as_f64()? + l["management_bonus_usd"].as_f64()?)
    });
    let panel = |name: &str, unit, series| Panel::new(Axis::new(name, unit), series);
    let mut chart = Chart::new(
        "Training",
        Axis::new("Environment steps", Unit::Count),
        vec![
            panel(
                "P&L per update, all accounts (USD)",
                Unit::Usd,
                vec![Series::line(
                    "P&L",
                    Ink::Sky,
                    key(&r.updates, "net_pnl_usd"),
                )],
            )
            .include(0.0),
            panel(
                "Bonuses per update, apart (USD)",
                Unit::Usd,
                vec![Series::line("Bonuses", Ink::Orange, bonus)],
            )
            .weight(0.6)
            .include(0.0),
            panel(
                "Validation: one account (USD)",
                Unit::Usd,
                vec![
                    Series::line(
                        "Net P&L on validation",
                        Ink::Green,
                        key(&r.trials, "net_pnl_usd"),
                    ),
                    Series::thin(
                        "Drawdown on validation",
                        Ink::Vermilion,
                        of(&r.trials, &|l| Some(-l["max_drawdown_usd"].as_f64()?)),
                    ),
                ],
            )
            .include(0.0),
            panel(
                "Entropy (nats)",
                Unit::Plain,
                vec![Series::line(
                    "Entropy (nats)",
                    Ink::Blue,
                    key(&r.updates, "entropy"),
                )],
            )
            .weight(0.6)
            .include(0.0),
        ],
    );
    chart.subtitle = format!("{} · {}", r.data.market, r.id);
    chart.footer = "P&L of closed trades of exploring accounts, net of commission and slippage; bonuses are apart and never part of P&L.".to_owned();
    let rate = last["train_sps"].as_f64();
    let facts = vec![
        fact("Steps", count(r.status.step)),
        fact("Updates", count(r.updates.len() as u64)),
        fact(
            "Steps per second, last update",
            rate.map_or_else(na, |x| grouped(x, 0)),
        ),
        fact("Seed", r.seed.to_string()),
        fact("Device asked for", &r.device),
        fact("Checkpoints", count(r.checkpoints.len() as u64)),
        fact("Trials on validation", count(r.trials.len() as u64)),
        fact("Best checkpoint", {
            r.best.as_ref().map_or_else(
                || "none".to_owned(),
                |b| format!("step {} by {}", count(b.step), b.metric),
            )
        }),
        fact("Created", &r.status.created),
    ];
    vec![
        Block::Facts(facts),
        Block::Chart(Box::new(chart)),
        Block::Text(
            "Figures of training are those of exploring accounts under a curriculum. No verdict is made from them.".to_owned(),
        ),
    ]
}

fn settings(r: &RunFacts) -> Vec<Block> {
    let d = &r.data;
    let span = |(a, b): (
        holdout_core::time::TradingDay,
        holdout_core::time::TradingDay,
    )| format!("{a} to {b}");
    let file = d
        .path
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let mut facts = vec![
        fact("Data file", file),
        fact("SHA-256 of the file", &d.sha256),
        fact("SHA-256 of the bars", &d.bars_sha256),
        fact(
            "Bars",
            format!(
                "{} of {}",
                count(d.bars as u64),
                duration(d.interval_seconds as f64)
            ),
        ),
        fact("Dialect", &d.dialect),
        fact(
            "Zone of the file",
            d.zone.as_deref().unwrap_or("with offsets"),
        ),
        fact("Training", span(d.split.train)),
        fact("Validation", span(d.split.validation)),
        fact("Test", span(d.split.test)),
        fact(
            "Programme that trained it",
            format!("Holdout {}", d.version),
        ),
    ];
    if let Some(contract) = &d.symbol {
        facts.push(fact("Contract", contract));
    }
    vec![
        Block::Facts(facts),
        Block::Heading("The configuration as asked (run.toml)".to_owned()),
        Block::Lines(r.config.clone()),
    ]
}
