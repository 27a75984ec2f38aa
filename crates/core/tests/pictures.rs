//! The pictures of `docs/simulation.md`, drawn from replays: what a page shows is what the simulator does.
//!
//! `HOLDOUT_BLESS=1` writes them anew.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use holdout_core::compliance::TrailingFloor;
use holdout_core::market::{Bars, Instruments};
use holdout_core::sim::{Action, ExitReason, Ledger, SameBar, SimSettings, Tape, replay};
use holdout_core::units::Usd;

/// Quiet bars before the picture, so that ATR is 8 ticks when it begins.
const QUIET: usize = 20;
const BASE: i32 = 70_000;
/// 09:30 in New York on 2024-03-05.
const OPEN: i64 = 1_709_649_000;

/// Bars as offsets in ticks, and decisions at the close of the bar with that number, -1 before the first.
fn play(settings: &SimSettings, rows: &[[i32; 4]], decisions: &[(i32, Action)]) -> (Bars, Ledger) {
    let nq = Instruments::builtin().get("NQ").unwrap().clone();
    let mut bars = Bars::empty(nq, 60);
    for i in 0..QUIET + rows.len() {
        let row = if i < QUIET {
            [0, 4, -4, 0]
        } else {
            rows[i - QUIET]
        };
        let at = OPEN + 60 * (i as i64 - QUIET as i64);
        bars.push(at, row.map(|x| BASE + x), 100.0);
    }
    let plan = settings.plan(&bars.instrument).unwrap();
    let tape = Tape::new(Arc::new(bars.clone()), &plan);
    let referee = TrailingFloor::from_settings(settings);
    let ledger = replay(&tape, &plan, referee, 0..tape.len(), |m| {
        let now = m.bar as i32 - QUIET as i32;
        let decided = decisions.iter().find(|d| d.0 == now);
        decided.map_or(Action::Hold, |d| d.1)
    });
    (bars, ledger)
}

const WIDTH: f64 = 760.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 150.0;
const GREEN: &str = "#2a9d6f";
const RED: &str = "#d1495b";
const BLUE: &str = "#3a6ea5";
const GREY: &str = "#8a8f98";

/// Where numbers lie on the page.
struct Panel {
    top: f64,
    height: f64,
    low: f64,
    high: f64,
    bars: usize,
}

impl Panel {
    fn y(&self, value: f64) -> f64 {
        self.top + self.height * (self.high - value) / (self.high - self.low)
    }

    fn step(&self) -> f64 {
        (WIDTH - LEFT - RIGHT) / self.bars as f64
    }

    /// The middle of a bar.
    fn x(&self, bar: usize) -> f64 {
        LEFT + self.step() * (bar as f64 + 0.5)
    }

    fn line(&self, out: &mut String, [x1, y1, x2, y2]: [f64; 4], color: &str, more: &str) {
        writeln!(
            out,
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{color}" {more}/>"#
        )
        .unwrap();
    }

    fn text(&self, out: &mut String, x: f64, y: f64, color: &str, anchor: &str, text: &str) {
        writeln!(
            out,
            r#"<text x="{x:.1}" y="{y:.1}" fill="{color}" text-anchor="{anchor}">{text}</text>"#
        )
        .unwrap();
    }

    /// Text that stays readable over what lies behind it.
    fn note(&self, out: &mut String, x: f64, y: f64, text: &str) {
        let width = 6.6 * text.len() as f64 + 6.0;
        writeln!(
            out,
            r##"<rect x="{:.1}" y="{:.1}" width="{width:.1}" height="16" fill="#ffffff" fill-opacity="0.9"/>"##,
            x - 3.0,
            y - 12.0
        ).unwrap();
        self.text(out, x, y, BLUE, "start", text);
    }

    /// A value that holds for whole bars, `None` where there is none, and its name where it begins.
    fn steps(&self, out: &mut String, values: &[Option<f64>], color: &str, name: &str) {
        let half = self.step() / 2.0;
        let mut last = None;
        for (i, value) in values.iter().enumerate() {
            let Some(v) = value else { continue };
            let (x, y) = (self.x(i), self.y(*v));
            if let Some((before, at)) = last
                && before == i.wrapping_sub(1)
            {
                self.line(
                    out,
                    [x - half, at, x - half, y],
                    color,
                    r#"stroke-dasharray="5 3""#,
                );
            }
            self.line(
                out,
                [x - half, y, x + half, y],
                color,
                r#"stroke-width="1.6" stroke-dasharray="5 3""#,
            );
            last = Some((i, y));
        }
        if let Some((i, v)) = values
            .iter()
            .enumerate()
            .find_map(|(i, v)| v.map(|v| (i, v)))
        {
            self.text(
                out,
                self.x(i) - half + 4.0,
                self.y(v) - 5.0,
                color,
                "start",
                name,
            );
        }
    }

    fn axis(&self, out: &mut String, ticks: &[f64], label: impl Fn(f64) -> String) {
        for &v in ticks {
            let y = self.y(v);
            self.line(
                out,
                [LEFT, y, WIDTH - RIGHT, y],
                GREY,
                r#"stroke-opacity="0.25""#,
            );
            self.text(out, LEFT - 8.0, y + 4.0, GREY, "end", &label(v));
        }
    }
}

/// Bars, the levels that were live in them, and the fills.
fn candles(out: &mut String, panel: &Panel, bars: &Bars, ledger: &Ledger) {
    let price = |x: i32| f64::from(x - BASE);
    let shown = QUIET..QUIET + panel.bars;
    for (k, i) in shown.clone().enumerate() {
        let (x, w) = (panel.x(k), panel.step() * 0.28);
        let [o, h, l, c] = [bars.open[i], bars.high[i], bars.low[i], bars.close[i]].map(price);
        let color = if c >= o { GREEN } else { RED };
        panel.line(
            out,
            [x, panel.y(h), x, panel.y(l)],
            color,
            r#"stroke-width="1.4""#,
        );
        let (top, bottom) = (panel.y(o.max(c)), panel.y(o.min(c)));
        writeln!(
            out,
            r#"<rect x="{:.1}" y="{top:.1}" width="{:.1}" height="{:.1}" fill="{color}"/>"#,
            x - w,
            2.0 * w,
            (bottom - top).max(1.5)
        )
        .unwrap();
        let clock = 30 + k;
        panel.text(
            out,
            x,
            panel.top + panel.height + 16.0,
            GREY,
            "middle",
            &format!("09:{clock}"),
        );
    }
    // The row of a bar holds what is live in the next; in its own bar a trade has its first levels.
    let live = |level: fn(&holdout_core::sim::EquityRow) -> Option<i32>,
                first: fn(&holdout_core::sim::Trade) -> i32| {
        shown
            .clone()
            .map(|i| {
                let time = bars.open_time[i];
                let entered = ledger.trades.iter().find(|t| t.entry_time == time);
                entered.map(first).or(level(&ledger.rows[i - 1])).map(price)
            })
            .collect::<Vec<_>>()
    };
    panel.steps(
        out,
        &live(|r| r.target, |t| t.target_initial),
        GREEN,
        "target",
    );
    panel.steps(out, &live(|r| r.stop, |t| t.stop_initial), RED, "stop");
    let at = |time: i64| ((time - OPEN) / 60) as usize;
    for t in &ledger.trades {
        let (k, y) = (at(t.entry_time), panel.y(price(t.entry_price)));
        let x = panel.x(k) - panel.step() * 0.32;
        writeln!(
            out,
            r#"<path d="M{x:.1} {y:.1} l-9 -5 v10 z" fill="{BLUE}"/>"#
        )
        .unwrap();
        let said = format!("bought at {:+}", t.entry_price - BASE);
        panel.note(out, x - 8.0, y - 24.0, &said);
        if t.exit_reason == ExitReason::EndOfData {
            continue;
        }
        let (k, y) = (at(t.exit_time), panel.y(price(t.exit_price)));
        let x = panel.x(k) + panel.step() * 0.36;
        writeln!(
            out,
            r#"<path d="M{x:.1} {y:.1} l9 -5 v10 z" fill="{BLUE}"/>"#
        )
        .unwrap();
        let said = format!("out at {:+}: {}", t.exit_price - BASE, t.exit_reason);
        panel.note(out, x + 14.0, y + 4.0, &said);
    }
}

fn page(height: f64, title: &str, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"Inter, Helvetica, Arial, sans-serif\" font-size=\"12\">\n\
         <title>{title}</title>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}

/// A picture of bars alone; prices in ticks from the first open.
fn bars_only(title: &str, n: usize, [low, high]: [f64; 2], bars: &Bars, ledger: &Ledger) -> String {
    let panel = Panel {
        top: 16.0,
        height: 240.0,
        low,
        high,
        bars: n,
    };
    let mut body = String::new();
    let ticks: Vec<f64> = (-60..=60)
        .map(|k| f64::from(k) * 10.0)
        .filter(|t| (low..=high).contains(t))
        .collect();
    panel.axis(&mut body, &ticks, |t| {
        format!("{t:+} ticks").replace("+0", "0")
    });
    candles(&mut body, &panel, bars, ledger);
    page(290.0, title, &body)
}

/// Bars above, equity within each bar and the floor below.
fn with_floor(
    title: &str,
    n: usize,
    [low, high]: [f64; 2],
    bars: &Bars,
    ledger: &Ledger,
) -> String {
    let panel = Panel {
        top: 16.0,
        height: 200.0,
        low,
        high,
        bars: n,
    };
    let mut body = String::new();
    let ticks: Vec<f64> = (-60..=60)
        .map(|k| f64::from(k) * 20.0)
        .filter(|t| (low..=high).contains(t))
        .collect();
    panel.axis(&mut body, &ticks, |t| {
        format!("{t:+} ticks").replace("+0", "0")
    });
    candles(&mut body, &panel, bars, ledger);
    let money = Panel {
        top: 262.0,
        height: 190.0,
        low: 49_700.0,
        high: 50_300.0,
        bars: n,
    };
    money.axis(&mut body, &[49_800.0, 50_000.0, 50_200.0], |v| {
        format!("${v:.0}")
    });
    let rows = &ledger.rows[QUIET..QUIET + n];
    for (k, r) in rows.iter().enumerate() {
        let (x, w) = (money.x(k), money.step() * 0.28);
        let (top, bottom) = (
            money.y(r.equity_best.dollars()),
            money.y(r.equity_worst.dollars()),
        );
        writeln!(
            body,
            r#"<rect x="{:.1}" y="{top:.1}" width="{:.1}" height="{:.1}" fill="{BLUE}" fill-opacity="0.25"/>"#,
            x - w,
            2.0 * w,
            (bottom - top).max(1.0)
        ).unwrap();
        let y = money.y(r.equity_close.dollars());
        money.line(&mut body, [x - w, y, x + w, y], BLUE, r#"stroke-width="2""#);
    }
    let floor: Vec<Option<f64>> = rows.iter().map(|r| Some(r.floor.dollars())).collect();
    money.steps(&mut body, &floor, RED, "floor");
    let peak: Vec<Option<f64>> = rows.iter().map(|r| Some(r.peak.dollars())).collect();
    money.steps(&mut body, &peak, GREY, "peak");
    money.text(
        &mut body,
        LEFT,
        256.0,
        BLUE,
        "start",
        "equity: best to worst of the bar, and at its close",
    );
    page(470.0, title, &body)
}

fn check(name: &str, svg: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/simulation")
        .join(name);
    if std::env::var_os("HOLDOUT_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, svg).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == svg,
        "{} is not what the simulator does now; look at it and run with HOLDOUT_BLESS=1",
        path.display()
    );
}

#[test]
fn a_gap() {
    let rows = [
        [0, 4, -4, 2],
        [2, 5, -3, -2],
        [-24, -16, -30, -18],
        [-18, -14, -22, -16],
    ];
    let (bars, ledger) = play(&SimSettings::default(), &rows, &[(-1, Action::Buy)]);
    let t = &ledger.trades[0];
    assert_eq!(
        (t.exit_reason, t.exit_price - BASE),
        (ExitReason::Stop, -25)
    );
    check(
        "gap.svg",
        &bars_only("A gap over the stop", 4, [-36.0, 44.0], &bars, &ledger),
    );
}

#[test]
fn a_conflict_in_one_bar() {
    let rows = [
        [0, 4, -4, 2],
        [2, 5, -3, 1],
        [1, 41, -15, 20],
        [20, 24, 14, 18],
    ];
    for (same_bar, name, out) in [
        (SameBar::StopFirst, "conflict-stop-first.svg", -12),
        (SameBar::TargetFirst, "conflict-target-first.svg", 37),
    ] {
        let settings = SimSettings {
            same_bar,
            ..SimSettings::default()
        };
        let (bars, ledger) = play(&settings, &rows, &[(-1, Action::Buy)]);
        assert_eq!(
            (
                ledger.trades[0].exit_price - BASE,
                ledger.same_bar_both.len()
            ),
            (out, 1)
        );
        check(
            name,
            &bars_only(
                "Stop and target inside one bar",
                3,
                [-24.0, 46.0],
                &bars,
                &ledger,
            ),
        );
    }
}

#[test]
fn a_trailing_ratchet() {
    let settings = SimSettings {
        tp_sl_ratio: 5.0,
        ..SimSettings::default()
    };
    let rows = [
        [0, 6, -2, 5],
        [5, 14, 5, 12],
        [12, 16, 8, 10],
        [10, 22, 10, 20],
        [20, 31, 19, 29],
        [29, 33, 25, 26],
        [26, 28, 17, 21],
        [21, 23, 14, 16],
    ];
    let (bars, ledger) = play(&settings, &rows, &[(-1, Action::Buy), (0, Action::TrailOn)]);
    let t = &ledger.trades[0];
    assert_eq!(
        (t.exit_reason, t.exit_time),
        (ExitReason::StopTrail, OPEN + 6 * 60)
    );
    check(
        "ratchet.svg",
        &bars_only("A stop that trails", 7, [-16.0, 66.0], &bars, &ledger),
    );
}

#[test]
fn the_floor() {
    let settings = SimSettings {
        drawdown_limit: Usd::whole(200),
        sl_atr_mult: 6.0,
        ..SimSettings::default()
    };
    let rows = [
        [0, 6, -4, 4],
        [4, 22, 2, 18],
        [18, 44, 16, 30],
        [30, 34, 20, 24],
        [24, 28, 2, 6],
        [6, 9, 4, 7],
    ];
    let (bars, ledger) = play(&settings, &rows, &[(-1, Action::Buy)]);
    assert_eq!(ledger.trades[0].exit_reason, ExitReason::Drawdown);
    assert_eq!(ledger.breach, Some(OPEN + 4 * 60));
    check(
        "floor.svg",
        &with_floor(
            "The floor follows the peak",
            5,
            [-56.0, 60.0],
            &bars,
            &ledger,
        ),
    );
}
