//! Why a policy did what it did: at every close of an evaluation what it saw, how likely it held
//! each action before and after the mask, what it expected, and how the account stood.
//!
//! The ledger is replayed through the simulator with the actions that it names, and must come
//! out the same; the checkpoint is then asked again at every close. So the figures are those of
//! the decision itself, not a story about it.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use holdout_core::compliance::TrailingFloor;
use holdout_core::market::split::Part;
use holdout_core::market::{Bars, Sessions};
use holdout_core::sim::observation::{ACCOUNT_NAMES, N_ACCOUNT, observe_account};
use holdout_core::sim::{Action, ActionMask, Ledger, N_ACTIONS, Trade, replay};
use holdout_core::time::format_utc;
use holdout_core::units::Usd;
use holdout_learn::FeatureTable;
use serde::Serialize;

use super::player::{Player, PlayerChoice};
use super::train::open_run;
use crate::arena::Arena;

/// Every action allowed: asks what the policy would do without the mask.
const NO_MASK: u8 = (1 << N_ACTIONS) - 1;
/// Observations asked at once between two looks at the stop flag.
const CHUNK: usize = 4_096;

/// What the policy held at one close.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Thought {
    /// Probability of each action before the mask, in the order of the policy head.
    pub before_mask: [f32; N_ACTIONS],
    /// The same after the mask; exactly 0 where forbidden.
    pub after_mask: [f32; N_ACTIONS],
    /// Expected discounted reward from here, in reward units.
    pub value: f32,
    /// What it saw of its account.
    pub account: [f32; N_ACCOUNT],
}

/// An evaluation with what the policy held at every close.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Steps of the checkpoint.
    pub step: u64,
    /// Part of the split; none for another file.
    pub part: Option<Part>,
    /// What happened.
    pub ledger: Arc<Ledger>,
    /// The market.
    pub bars: Arc<Bars>,
    /// Its trading days.
    pub sessions: Arc<Sessions>,
    /// Bars of the market that the rows of the ledger are about.
    pub range: Range<usize>,
    /// What the policy saw of the market, a row a bar.
    pub table: Arc<FeatureTable>,
    /// Names of its columns.
    pub features: Vec<String>,
    /// Bars that it saw at once.
    pub window: usize,
    /// One a row of the ledger; none before the first full window.
    pub thoughts: Vec<Option<Thought>>,
    /// Closes with a choice at which the checkpoint now prefers another action than it took.
    pub disagreements: u64,
}

/// One move of a stop.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StopMove {
    /// Open time of the bar at whose close it moved.
    pub time: String,
    /// Price before.
    pub from: f64,
    /// Price after.
    pub to: f64,
    /// Why: `break-even`, `trail switched on`, `trail`.
    pub why: &'static str,
}

/// One close in the life of a trade.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Close {
    /// Open time of the bar.
    pub time: String,
    /// Close of the bar.
    pub price: f64,
    /// Equity at the close, dollars.
    pub equity: Usd,
    /// Lowest equity of the bar less the floor, dollars.
    pub room: Usd,
    /// Stop that is live in the next bar.
    pub stop: Option<f64>,
    /// Target that is live in the next bar.
    pub target: Option<f64>,
    /// What was allowed.
    pub allowed: Vec<&'static str>,
    /// What was done.
    pub action: &'static str,
    /// What the policy held.
    #[serde(flatten)]
    pub thought: Option<Thought>,
}

/// A trade and why it came about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TradeStory {
    /// Number.
    pub id: u32,
    /// `long` or `short`.
    pub side: &'static str,
    /// Open time of the bar of the entry fill.
    pub entry_time: String,
    /// Fill.
    pub entry_price: f64,
    /// Stop at entry.
    pub stop_initial: f64,
    /// Target at entry.
    pub target_initial: f64,
    /// Open time of the bar of the exit fill.
    pub exit_time: String,
    /// Fill.
    pub exit_price: f64,
    /// Why it was closed.
    pub exit_reason: &'static str,
    /// Net profit, dollars.
    pub net_pnl: Usd,
    /// The close at which it was decided; none where that lies before the evaluation.
    pub decided: Option<Close>,
    /// What the policy saw of the market at that close: name and scaled value.
    pub features: Vec<(String, f32)>,
    /// What it saw of its account: name and value.
    pub account: Vec<(String, f32)>,
    /// Every move of the stop.
    pub stop_moves: Vec<StopMove>,
    /// Least room to the floor while it was open, dollars.
    pub least_room: Option<Usd>,
    /// When that was.
    pub least_room_time: Option<String>,
    /// Every close from the entry bar to the exit bar.
    pub closes: Vec<Close>,
}

/// Asks a policy again about an evaluation. `go_on` hears how far, as rows done, and may stop it.
///
/// # Errors
/// When the ledger is not of these bars and settings, the policy reads another observation, or
/// the work is stopped.
pub fn explain(
    arena: &Arena,
    player: &Player,
    part: Option<Part>,
    range: Range<usize>,
    ledger: Arc<Ledger>,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> anyhow::Result<Explained> {
    let Some(policy) = player.policy() else {
        bail!(
            "an ensemble decides by several policies and has no probabilities of its own; ask one of its members"
        );
    };
    arena.fits(policy)?;
    if ledger.rows.len() != range.len() {
        bail!(
            "the ledger has {} bars, the stretch that it is said to be of has {}",
            ledger.rows.len(),
            range.len()
        );
    }
    let sim = arena.evaluation_plan(player.phase);
    let ready = arena.matrix.first_ready;
    let mut bars: Vec<u32> = Vec::with_capacity(range.len());
    let mut account: Vec<f32> = Vec::with_capacity(range.len() * N_ACCOUNT);
    let referee = TrailingFloor::from_settings(&sim.settings);
    let again = replay(&arena.tape, &sim, referee, range.clone(), |m| {
        if m.bar >= ready {
            let numbers = observe_account(m.account, m.mask, &arena.tape, m.bar, &sim);
            bars.push(m.bar as u32);
            account.extend_from_slice(&numbers);
        }
        ledger.rows[m.bar - range.start].action
    });
    if again.rows != ledger.rows || again.trades != ledger.trades {
        bail!(
            "the ledger does not come out again from its own actions: it was made with other bars, settings or another version; judge the run again"
        );
    }
    let mut thoughts: Vec<Option<Thought>> = vec![None; ledger.rows.len()];
    let mut disagreements = 0;
    let mut actor = policy.actor();
    for first in (0..bars.len()).step_by(CHUNK) {
        if !go_on(first) {
            bail!("stopped");
        }
        let some = first..(first + CHUNK).min(bars.len());
        let rows = |i: usize| bars[i] as usize - range.start;
        let numbers = &account[some.start * N_ACCOUNT..some.end * N_ACCOUNT];
        let asked = &bars[some.clone()];
        let free = actor
            .greedy(&arena.table, asked, numbers, &vec![NO_MASK; some.len()])?
            .probs
            .clone();
        let masks: Vec<u8> = some.clone().map(|i| ledger.rows[rows(i)].mask.0).collect();
        let decided = actor.greedy(&arena.table, asked, numbers, &masks)?;
        for (k, i) in some.enumerate() {
            let row = &ledger.rows[rows(i)];
            if row.mask.count() > 1 && usize::from(decided.actions[k]) != row.action.index() {
                disagreements += 1;
            }
            let mut seen = [0.0; N_ACCOUNT];
            seen.copy_from_slice(&numbers[k * N_ACCOUNT..(k + 1) * N_ACCOUNT]);
            thoughts[rows(i)] = Some(Thought {
                before_mask: free[k],
                after_mask: decided.probs[k],
                value: decided.values[k],
                account: seen,
            });
        }
    }
    Ok(Explained {
        step: player.step,
        part,
        ledger,
        bars: Arc::clone(&arena.tape.bars),
        sessions: Arc::clone(&arena.tape.sessions),
        range,
        table: Arc::clone(&arena.table),
        features: arena.matrix.layout.features.clone(),
        window: arena.matrix.layout.window,
        thoughts,
        disagreements,
    })
}

/// Explains an evaluation of a run on a part of its own split. Nothing is judged or counted: the
/// ledger was.
///
/// # Errors
/// As [`explain`], and when the run, its data or the checkpoint cannot be read.
pub fn explain_run(
    run: &Path,
    choice: &PlayerChoice,
    part: Part,
    ledger: Arc<Ledger>,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> anyhow::Result<Explained> {
    let (folder, _, arena) = open_run(run, &mut |_| go_on(0))?;
    let player = Player::load(&folder, choice)?;
    let range = arena.range(part);
    explain(&arena, &player, Some(part), range, ledger, go_on)
}

/// Names of what a mask allows.
fn allowed(mask: ActionMask) -> Vec<&'static str> {
    Action::ALL
        .into_iter()
        .filter(|a| mask.allows(*a))
        .map(Action::name)
        .collect()
}

impl Explained {
    /// The row of an open time.
    pub fn row_at(&self, time: i64) -> Option<usize> {
        let rows = &self.ledger.rows;
        rows.binary_search_by_key(&time, |r| r.time).ok()
    }

    /// The rows of a trade: the close that decided it, its entry bar, its exit bar.
    pub fn rows_of(&self, trade: &Trade) -> Option<(Option<usize>, usize, usize)> {
        let entry = self.row_at(trade.entry_time)?;
        let exit = self.row_at(trade.exit_time)?;
        Some((entry.checked_sub(1), entry, exit))
    }

    /// What the policy saw of the market at a row: name and scaled value of each feature.
    pub fn seen(&self, row: usize) -> Vec<(String, f32)> {
        let n = self.table.n_features;
        let first = (self.range.start + row) * n;
        let values = self.table.data.get(first..first + n).unwrap_or(&[]);
        self.features
            .iter()
            .cloned()
            .zip(values.iter().copied())
            .collect()
    }

    /// The last values of a feature up to a row, oldest first, as many as the policy saw.
    pub fn course(&self, row: usize, feature: usize) -> Vec<f32> {
        let (n, bar) = (self.table.n_features, self.range.start + row);
        (bar.saturating_sub(self.window - 1)..=bar)
            .filter_map(|b| self.table.data.get(b * n + feature).copied())
            .collect()
    }

    /// The trade that a row is about: the one that is open, or that this close decided.
    pub fn trade_at(&self, row: usize) -> Option<&Trade> {
        let time = self.ledger.rows.get(row)?.time;
        let next = self.ledger.rows.get(row + 1).map_or(time, |r| r.time);
        let trades = &self.ledger.trades;
        let t = trades.get(trades.partition_point(|t| t.exit_time < time))?;
        (t.entry_time <= next).then_some(t)
    }

    /// One close.
    pub fn close(&self, row: usize) -> Close {
        let r = &self.ledger.rows[row];
        let price = |ticks: i32| self.ledger.instrument.price(ticks);
        Close {
            time: format_utc(r.time),
            price: price(self.bars.close[self.range.start + row]),
            equity: r.equity_close,
            room: r.equity_worst - r.floor,
            stop: r.stop.map(price),
            target: r.target.map(price),
            allowed: allowed(r.mask),
            action: r.action.name(),
            thought: self.thoughts[row],
        }
    }

    /// A trade and why it came about; `None` when its bars are not in the ledger.
    pub fn story(&self, trade: &Trade) -> Option<TradeStory> {
        let (decided, entry, exit) = self.rows_of(trade)?;
        let rows = &self.ledger.rows;
        let price = |ticks: i32| self.ledger.instrument.price(ticks);
        let mut moves = Vec::new();
        let mut stop = trade.stop_initial;
        for r in &rows[entry..exit] {
            let Some(now) = r.stop.filter(|s| *s != stop) else {
                continue;
            };
            moves.push(StopMove {
                time: format_utc(r.time),
                from: price(stop),
                to: price(now),
                why: match r.action {
                    Action::SlToBe => "break-even",
                    Action::TrailOn => "trail switched on",
                    _ => "trail",
                },
            });
            stop = now;
        }
        let least = rows[entry..=exit]
            .iter()
            .min_by_key(|r| r.equity_worst - r.floor);
        let names = |values: &[f32; N_ACCOUNT]| {
            ACCOUNT_NAMES
                .iter()
                .map(|n| (*n).to_owned())
                .zip(values.iter().copied())
                .collect()
        };
        let thought = decided.and_then(|d| self.thoughts[d]);
        Some(TradeStory {
            id: trade.id,
            side: trade.side.name(),
            entry_time: format_utc(trade.entry_time),
            entry_price: price(trade.entry_price),
            stop_initial: price(trade.stop_initial),
            target_initial: price(trade.target_initial),
            exit_time: format_utc(trade.exit_time),
            exit_price: price(trade.exit_price),
            exit_reason: trade.exit_reason.name(),
            net_pnl: trade.net_pnl,
            decided: decided.map(|d| self.close(d)),
            features: decided.map_or_else(Vec::new, |d| self.seen(d)),
            account: thought.map_or_else(Vec::new, |t| names(&t.account)),
            stop_moves: moves,
            least_room: least.map(|r| r.equity_worst - r.floor),
            least_room_time: least.map(|r| format_utc(r.time)),
            closes: (entry..=exit).map(|i| self.close(i)).collect(),
        })
    }

    /// Every close as CSV: the account, the mask, what was done, and what the policy held.
    pub fn csv(&self) -> String {
        let mut out =
            String::from("time,close,equity_close,room,position,stop,target,mask,action,value");
        for kind in ["before", "after"] {
            for a in Action::ALL {
                out.push_str(&format!(",{kind}_{}", a.name()));
            }
        }
        for name in self
            .features
            .iter()
            .map(String::as_str)
            .chain(ACCOUNT_NAMES)
        {
            out.push_str(&format!(",see_{name}"));
        }
        out.push('\n');
        let i = &self.ledger.instrument;
        for (row, r) in self.ledger.rows.iter().enumerate() {
            let level = |t: Option<i32>| t.map_or_else(String::new, |t| i.format_price(t));
            out.push_str(&format!(
                "{},{},{},{},{},{},{},{},{}",
                format_utc(r.time),
                i.format_price(self.bars.close[self.range.start + row]),
                r.equity_close.dollars(),
                (r.equity_worst - r.floor).dollars(),
                r.position,
                level(r.stop),
                level(r.target),
                r.mask,
                r.action.name(),
            ));
            match &self.thoughts[row] {
                Some(t) => {
                    out.push_str(&format!(",{}", t.value));
                    for p in t.before_mask.iter().chain(&t.after_mask) {
                        out.push_str(&format!(",{p}"));
                    }
                }
                None => out.push_str(&",".repeat(1 + 2 * N_ACTIONS)),
            }
            for (_, x) in self.seen(row) {
                out.push_str(&format!(",{x}"));
            }
            match &self.thoughts[row] {
                Some(t) => t
                    .account
                    .iter()
                    .for_each(|x| out.push_str(&format!(",{x}"))),
                None => out.push_str(&",".repeat(N_ACCOUNT)),
            }
            out.push('\n');
        }
        out
    }
}
