//! One account in one bar: the step function of the whole product.
//!
//! Prices of a position are in favourable coordinates: `side x ticks`, so that long and short
//! are one code path and a mirrored market gives a mirrored ledger. The order of events within
//! a bar is that of [`Account::open_bar`], read from top to bottom.
//!
//! Everything is inlined into its few callers, so that training, which asks only for the net
//! result of a trade, does not pay for the rest of its line in the ledger.

use std::hint::select_unpredictable;

use serde::{Deserialize, Serialize};

use super::action::{Action, ActionMask};
use super::ledger::{ExitReason, Side, Trade};
use super::referee::Referee;
use super::reward::FREE_DRAWDOWN_PERCENT;
use super::settings::{SameBar, SimPlan};
use super::tape::{CLOCK_FLAT, ENTRY_TIME, LAST, NEW_DAY, NEXT_LIVES, TapeAt, TapeBar};
use crate::market::FinerBars;
use crate::units::{Ticks, Usd};

/// An open position, in favourable coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// +1 long, -1 short.
    pub side: i32,
    /// Entry fill.
    pub entry: Ticks,
    /// Live stop.
    pub stop: Ticks,
    /// Live target.
    pub target: Ticks,
    /// Stop distance at entry.
    pub risk: Ticks,
    /// Target distance at entry.
    pub reward: Ticks,
    /// Bar of the entry fill.
    pub entry_bar: u32,
    /// Commission of the entry side, whole position.
    pub entry_commission: Usd,
    /// Worst mark since entry.
    pub worst: Ticks,
    /// Best mark since entry.
    pub best: Ticks,
    /// The trail is on.
    pub trailing: bool,
    /// The trail changed the stop at least once.
    pub trail_moved: bool,
    /// Break-even was executed.
    pub be_moved: bool,
    /// Given by the curriculum.
    pub forced: bool,
}

/// The account within one bar, before the decision at its close.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BarEquity {
    /// Highest equity.
    pub best: Usd,
    /// Lowest equity.
    pub worst: Usd,
    /// Equity at the close.
    pub close: Usd,
}

/// Open, high and low of a bar in favourable coordinates.
#[derive(Clone, Copy, Debug)]
struct Favourable {
    open: Ticks,
    high: Ticks,
    low: Ticks,
}

impl Favourable {
    #[inline(always)]
    fn of(side: i32, [open, high, low]: [Ticks; 3]) -> Self {
        let (high, low) = if side > 0 { (high, low) } else { (-low, -high) };
        Self {
            open: side * open,
            high,
            low,
        }
    }
}

/// Equity of an account with a position as a line over the price, in favourable coordinates.
#[derive(Clone, Copy, Debug)]
struct EquityLine {
    at_zero: Usd,
    per_tick: Usd,
}

impl EquityLine {
    #[inline(always)]
    fn new(balance: Usd, p: &Position, plan: &SimPlan) -> Self {
        let cost = plan.tick_usd * i64::from(p.entry) + p.entry_commission;
        Self {
            at_zero: balance - cost,
            per_tick: plan.tick_usd,
        }
    }

    #[inline(always)]
    fn at(self, x: Ticks) -> Usd {
        self.at_zero + self.per_tick * i64::from(x)
    }
}

/// How a position came through a bar: its extreme marks, and where and why it ended.
#[derive(Clone, Copy, Debug)]
struct Path {
    best: Ticks,
    worst: Ticks,
    /// Target and an adverse level both lie inside.
    both: bool,
    exit: Option<(Ticks, ExitReason)>,
}

/// What `open_bar` reports beside the trade it may have closed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BarEvents {
    /// Equity within the bar.
    pub equity: BarEquity,
    /// An order filled at this bar's open.
    pub entered: bool,
    /// Target and an adverse level were both inside the bar.
    pub same_bar_both: bool,
    /// Whether the breach depends on the order of high and low.
    pub ambiguous: bool,
}

/// State of one account. Everything about a closed trade is gone with its `Position`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account<R> {
    /// Floor and peak.
    pub referee: R,
    /// Start balance plus net P&L of closed trades.
    pub balance: Usd,
    /// Open position.
    pub position: Option<Position>,
    /// Commission per side for the whole position, as charged now.
    pub side_commission: Usd,
    /// Side of an entry order that fills at the next open; 0 for none.
    pending: i32,
    /// The account has failed.
    pub dead: bool,
    /// Trades closed so far.
    pub n_trades: u32,
}

impl<R: Referee> Account<R> {
    /// A fresh account.
    pub fn new(plan: &SimPlan, mut referee: R) -> Self {
        let balance = plan.settings.start_balance;
        referee.start(balance);
        Self {
            referee,
            balance,
            position: None,
            side_commission: plan.side_commission,
            pending: 0,
            dead: false,
            n_trades: 0,
        }
    }

    /// Equity at a bar's close.
    #[inline(always)]
    pub fn equity(&self, bar: &TapeBar, plan: &SimPlan) -> Usd {
        self.position.as_ref().map_or(self.balance, |p| {
            EquityLine::new(self.balance, p, plan).at(p.side * bar.close)
        })
    }

    /// Dollars of the drawdown limit that are used, counted from the floor; negative above it.
    #[inline(always)]
    pub fn drawdown(&self, equity: Usd) -> Usd {
        self.referee.limit() - (equity - self.referee.floor())
    }

    /// Share of the drawdown limit that is used; 0 or more.
    #[inline(always)]
    pub fn drawdown_used(&self, equity: Usd) -> f64 {
        self.drawdown(equity).0.max(0) as f64 / self.referee.limit().0 as f64
    }

    /// Dollars of the drawdown beyond the part that may be used freely.
    #[inline(always)]
    pub fn drawdown_beyond_free(&self, equity: Usd) -> Usd {
        let free = Usd(self.referee.limit().0 * FREE_DRAWDOWN_PERCENT / 100);
        (self.drawdown(equity) - free).max(Usd::ZERO)
    }

    /// Flat and without an order.
    pub fn is_idle(&self) -> bool {
        self.position.is_none() && self.pending == 0
    }

    /// Flat, alive, and shut out of entries for good.
    pub fn stalled(&self, plan: &SimPlan) -> bool {
        !self.dead
            && self.is_idle()
            && self.drawdown_used(self.balance) >= plan.settings.entry_drawdown_cap
    }

    /// Everything that happens in a bar up to the decision at its close.
    #[inline(always)]
    pub fn open_bar(&mut self, at: TapeAt<'_>, plan: &SimPlan) -> (BarEvents, Option<Trade>) {
        let bar = at.row;
        if bar.has(NEW_DAY) && !self.dead {
            self.referee.new_day(self.balance);
        }
        // 1. The order of the last close fills at the open.
        let entered = self.pending != 0;
        if entered {
            let side = self.pending;
            self.pending = 0;
            let decided = &at.tape.rows[at.index - 1];
            self.enter(side, decided, bar.open, plan.slippage, plan, at.index);
        }
        // Fields are read where they lie: a copy of all of them would wait for the last decision's.
        let Some(p) = &mut self.position else {
            let equity = BarEquity {
                best: self.balance,
                worst: self.balance,
                close: self.balance,
            };
            return (
                BarEvents {
                    equity,
                    entered,
                    same_bar_both: false,
                    ambiguous: false,
                },
                None,
            );
        };
        let close = p.side * bar.close;
        let line = EquityLine::new(self.balance, p, plan);
        let floor_before = self.referee.floor();
        // 2. to 4. The position lives through the bar's prices, or through finer ones.
        let prices = Favourable::of(p.side, [bar.open, bar.high, bar.low]);
        let referee = &mut self.referee;
        let Path {
            best: best_mark,
            worst: worst_mark,
            both: same_bar_both,
            mut exit,
        } = match &at.tape.finer {
            Some(finer) if plan.settings.same_bar == SameBar::FinerBars => {
                live_through_finer(p, line, referee, prices, finer, plan, at.index)
            }
            _ => live_through(p, line, referee, prices, plan),
        };
        // 5. Flat-by by the clock.
        if exit.is_none() && bar.has(CLOCK_FLAT) {
            exit = Some((close - plan.slippage, ExitReason::FlatBy));
        }
        p.best = select_unpredictable(best_mark > p.best, best_mark, p.best);
        p.worst = select_unpredictable(worst_mark < p.worst, worst_mark, p.worst);
        let best = line.at(best_mark);
        let mut worst = line.at(worst_mark);
        let trade = exit.map(|(x, reason)| self.exit(x, reason, false, at, plan));
        if trade.is_some() {
            worst = worst.min(self.balance);
        }
        // 6. Breach, after exits.
        let ambiguous = worst <= self.referee.floor() && worst > floor_before;
        self.dead |= self.referee.breached(worst);
        // 7. A standing trail follows this close.
        let close = if let Some(p) = &mut self.position {
            ratchet(p, p.trailing, close, bar.trail_ticks);
            line.at(close)
        } else {
            self.balance
        };
        let equity = BarEquity { best, worst, close };
        (
            BarEvents {
                equity,
                entered,
                same_bar_both,
                ambiguous,
            },
            trade,
        )
    }

    /// What may be decided at the close of a bar; exactly this executes.
    #[inline(always)]
    pub fn mask(&self, bar: &TapeBar, plan: &SimPlan) -> ActionMask {
        let mask = ActionMask::HOLD_ONLY;
        if self.dead {
            return mask;
        }
        let Some(p) = &self.position else {
            let open = bar.has(ENTRY_TIME)
                && self.drawdown_used(self.balance) < plan.settings.entry_drawdown_cap;
            return mask.with_if(open, Action::Buy).with_if(open, Action::Sell);
        };
        if plan.settings.phase == 1 {
            return mask;
        }
        let close = p.side * bar.close;
        let break_even = p.entry + plan.settings.be_offset_ticks;
        let profit = close - p.entry;
        // Questions that nothing predicts are asked together, not one after the other.
        let may_break_even =
            !p.be_moved & (profit > bar.be_ticks) & (p.stop < break_even) & (break_even < close);
        mask.with_if(may_break_even, Action::SlToBe)
            .with_if(!p.trailing & (profit > 0), Action::TrailOn)
            .with_if(p.trailing, Action::TrailOff)
    }

    /// Executes a decision that the mask allows. Returns whether an entry order expired for want of a bar.
    #[inline(always)]
    pub fn decide(&mut self, action: Action, bar: &TapeBar, plan: &SimPlan) -> bool {
        let Some(p) = &mut self.position else {
            let side = i32::from(action == Action::Buy) - i32::from(action == Action::Sell);
            let lives = bar.has(NEXT_LIVES);
            self.pending = if lives { side } else { 0 };
            return side != 0 && !lives;
        };
        match action {
            Action::SlToBe => {
                p.stop = p.entry + plan.settings.be_offset_ticks;
                p.be_moved = true;
            }
            Action::TrailOn => {
                p.trailing = true;
                ratchet(p, true, p.side * bar.close, bar.trail_ticks);
            }
            Action::TrailOff => p.trailing = false,
            _ => {}
        }
        false
    }

    /// 8. Closes a position that the next bar of the file cannot hold.
    ///
    /// Returns the trade, and lowers `equity` to the balance after it.
    #[inline(always)]
    pub fn close_bar(
        &mut self,
        at: TapeAt<'_>,
        plan: &SimPlan,
        equity: &mut BarEquity,
    ) -> Option<Trade> {
        let bar = at.row;
        let p = self.position.as_ref().filter(|_| !bar.has(NEXT_LIVES))?;
        let x = p.side * bar.close - plan.slippage;
        let (reason, hole) = if bar.has(LAST) {
            (ExitReason::EndOfData, false)
        } else {
            (ExitReason::FlatBy, true)
        };
        let trade = self.exit(x, reason, hole, at, plan);
        equity.worst = equity.worst.min(self.balance);
        equity.close = self.balance;
        self.dead |= self.referee.breached(equity.worst);
        Some(trade)
    }

    /// Puts a position on at a bar's open; `decided` is the bar whose close gave the order.
    #[inline(always)]
    pub(super) fn enter(
        &mut self,
        side: i32,
        decided: &TapeBar,
        open: Ticks,
        slippage: Ticks,
        plan: &SimPlan,
        i: usize,
    ) {
        let entry = side * open + slippage;
        let risk = decided.stop_ticks;
        let reward = super::tape::ceil_ticks(plan.settings.tp_sl_ratio * f64::from(risk));
        self.position = Some(Position {
            side,
            entry,
            stop: entry - risk,
            target: entry.saturating_add(reward),
            risk,
            reward,
            entry_bar: i as u32,
            entry_commission: self.side_commission,
            worst: entry,
            best: entry,
            trailing: false,
            trail_moved: false,
            be_moved: false,
            forced: false,
        });
    }

    /// Closes the position at `x` and books it.
    #[inline(always)]
    fn exit(
        &mut self,
        x: Ticks,
        reason: ExitReason,
        hole: bool,
        at: TapeAt<'_>,
        plan: &SimPlan,
    ) -> Trade {
        // The callers hold a position; an absent one books an empty trade.
        let p = self.position.take().unwrap_or(EMPTY);
        let gross = plan.tick_usd * i64::from(x - p.entry);
        let commission = p.entry_commission + self.side_commission;
        let net = gross - commission;
        self.balance += net;
        self.n_trades += 1;
        let worst = p.worst.min(x) - p.entry;
        let best = p.best.max(x) - p.entry;
        let times = &at.tape.bars.open_time;
        Trade {
            id: self.n_trades,
            side: if p.side > 0 { Side::Long } else { Side::Short },
            contracts: plan.contracts as i32,
            entry_time: times[p.entry_bar as usize],
            entry_price: p.side * p.entry,
            stop_initial: p.side * (p.entry - p.risk),
            target_initial: p.side * p.entry.saturating_add(p.reward),
            exit_time: times[at.index],
            exit_price: p.side * x,
            exit_reason: reason,
            bars_held: at.index as u32 - p.entry_bar + 1,
            gross_pnl: gross,
            commission,
            net_pnl: net,
            mae: plan.tick_usd * i64::from((-worst).max(0)),
            mfe: plan.tick_usd * i64::from(best.max(0)),
            forced: p.forced,
            hole,
        }
    }
}

/// Whether a price is at the stop or beyond it, or where equity meets the floor. How high that
/// level is matters only once it is reached.
#[inline(always)]
fn adverse(p: &Position, line: EquityLine, floor: Usd, x: Ticks) -> bool {
    (x <= p.stop) | (line.at(x) <= floor)
}

/// The level that acts on the way down, and its reason: the stop, or the highest price at which
/// equity is at or under the floor.
fn adverse_level(p: &Position, line: EquityLine, floor: Usd) -> (Ticks, ExitReason) {
    let ticks = (floor - line.at(p.entry))
        .0
        .div_euclid(line.per_tick.0)
        .clamp(-1_000_000_000, 1_000_000_000);
    let floor_level = p.entry.saturating_add(ticks as i32);
    let reason = if floor_level > p.stop {
        ExitReason::Drawdown
    } else if p.trail_moved {
        ExitReason::StopTrail
    } else if p.be_moved {
        ExitReason::StopBe
    } else {
        ExitReason::Stop
    };
    (p.stop.max(floor_level), reason)
}

/// A position through one bar's prices: open, then peak, then trough.
#[inline(always)]
fn live_through<R: Referee>(
    p: &Position,
    line: EquityLine,
    referee: &mut R,
    prices: Favourable,
    plan: &SimPlan,
) -> Path {
    let Favourable { open, high, low } = prices;
    let through = p.target.saturating_add(plan.settings.target_through_ticks);
    // 2. The open is tested against the levels as they stood before this bar.
    let gap = if adverse(p, line, referee.floor(), open) {
        let (_, reason) = adverse_level(p, line, referee.floor());
        Some((open - plan.slippage, reason))
    } else if open >= through {
        Some((open, ExitReason::Target))
    } else {
        None
    };
    if gap.is_some() {
        referee.best(line.at(open));
        return Path {
            best: open,
            worst: open,
            both: false,
            exit: gap,
        };
    }
    // 3. First the peak, and with it the floor ...
    let target_hit = high >= through;
    let best = if target_hit { p.target } else { high };
    referee.best(line.at(best));
    // 4. ... then the trough.
    let adverse_hit = adverse(p, line, referee.floor(), low);
    let target_first = plan.settings.same_bar == SameBar::TargetFirst;
    let (worst, exit) = if target_hit && (target_first || !adverse_hit) {
        let worst = if target_first { open } else { low };
        (worst, Some((p.target, ExitReason::Target)))
    } else if adverse_hit {
        let (level, reason) = adverse_level(p, line, referee.floor());
        (level, Some((level - plan.slippage, reason)))
    } else {
        (low, None)
    };
    Path {
        best,
        worst,
        both: adverse_hit && target_hit,
        exit,
    }
}

/// The same, but a bar in which both the target and an adverse level lie is lived through in
/// the finer bars inside it, where there are any; within one of those the stop comes first.
fn live_through_finer<R: Referee>(
    p: &Position,
    line: EquityLine,
    referee: &mut R,
    prices: Favourable,
    finer: &FinerBars,
    plan: &SimPlan,
    i: usize,
) -> Path {
    let before = referee.clone();
    let whole = live_through(p, line, referee, prices, plan);
    let inside = finer.inside(i);
    if !whole.both || inside.is_empty() {
        return whole;
    }
    *referee = before;
    let bars = finer.bars();
    let mut path = Path {
        best: prices.open,
        worst: prices.open,
        both: true,
        exit: None,
    };
    for j in inside {
        let prices = Favourable::of(p.side, [bars.open[j], bars.high[j], bars.low[j]]);
        let part = live_through(p, line, referee, prices, plan);
        path.best = path.best.max(part.best);
        path.worst = path.worst.min(part.worst);
        path.exit = part.exit;
        if path.exit.is_some() {
            break;
        }
    }
    path
}

const EMPTY: Position = Position {
    side: 1,
    entry: 0,
    stop: 0,
    target: 0,
    risk: 0,
    reward: 0,
    entry_bar: 0,
    entry_commission: Usd::ZERO,
    worst: 0,
    best: 0,
    trailing: false,
    trail_moved: false,
    be_moved: false,
    forced: false,
};

/// Moves the stop of a position that trails up to its distance from the close, never down.
#[inline(always)]
fn ratchet(p: &mut Position, trails: bool, close: Ticks, distance: Ticks) {
    let stop = close - distance;
    let moves = trails & (stop > p.stop);
    p.stop = select_unpredictable(moves, stop, p.stop);
    p.trail_moved |= moves;
}
