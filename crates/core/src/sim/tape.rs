//! A market made ready to be traded under one plan: everything about a bar that the clock,
//! the calendar and the past decide, computed once and shared by all accounts.

use std::sync::Arc;

use super::settings::SimPlan;
use crate::features::atr::wilder_atr_ticks;
use crate::market::session::NO_DAY;
use crate::market::{Bars, FinerBars, Sessions};

/// The bar belongs to a trading day.
pub const IN_SESSION: u8 = 1;
/// An entry decided at this close would fill inside the window, with enough time left and a defined ATR.
pub const ENTRY_TIME: u8 = 1 << 1;
/// Flat-by falls between this close and the next one on the clock.
pub const CLOCK_FLAT: u8 = 1 << 2;
/// The next bar of the file is of the same day and contract and closes no later than flat-by.
pub const NEXT_LIVES: u8 = 1 << 3;
/// First bar of a trading day.
pub const NEW_DAY: u8 = 1 << 4;
/// Last bar of the file.
pub const LAST: u8 = 1 << 5;

/// What the step function reads of one bar: 32 bytes, so that none lies across two cache lines and a
/// random bar costs one of them.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub struct TapeBar {
    /// Open in ticks.
    pub open: i32,
    /// High in ticks.
    pub high: i32,
    /// Low in ticks.
    pub low: i32,
    /// Close in ticks.
    pub close: i32,
    /// Stop distance of an entry decided here, in ticks.
    pub stop_ticks: i32,
    /// Trailing distance at this close, in ticks.
    pub trail_ticks: i32,
    /// Profit in whole ticks above which break-even is allowed.
    pub be_ticks: i32,
    /// Index of the trading day above the bits of the flags.
    tag: u32,
}

/// Bits of a tag that are flags.
const FLAG_BITS: u32 = 6;

impl TapeBar {
    /// Whether a flag is set.
    pub fn has(&self, flag: u8) -> bool {
        self.tag & u32::from(flag) != 0
    }

    /// Index of the trading day, or [`NO_DAY`].
    pub fn day(&self) -> u32 {
        if self.has(IN_SESSION) {
            self.tag >> FLAG_BITS
        } else {
            NO_DAY
        }
    }
}

/// Bars with everything that the step function needs to know about them.
#[derive(Clone, Debug)]
pub struct Tape {
    /// The market.
    pub bars: Arc<Bars>,
    /// Its trading days.
    pub sessions: Arc<Sessions>,
    /// One per bar.
    pub rows: Vec<TapeBar>,
    /// One over Wilder's ATR in ticks, per bar; of a thousandth where it is less or undefined.
    pub per_atr: Vec<f32>,
    /// What happened inside the bars, for `same_bar = finer_bars`.
    pub finer: Option<Arc<FinerBars>>,
}

impl Tape {
    /// Prepares a market. Only `NEXT_LIVES` and `LAST` look at the next bar; no mask reads them.
    pub fn new(bars: Arc<Bars>, plan: &SimPlan) -> Self {
        let sessions = Arc::new(Sessions::new(&bars, &plan.calendar));
        let s = &plan.settings;
        let atr = wilder_atr_ticks(&bars, s.atr_period);
        let n = bars.len();
        let flat_by_utc: Vec<i64> = sessions
            .days
            .iter()
            .map(|d| {
                d.roll_utc
                    + if d.half_day {
                        plan.flat_by
                            .min(d.close_secs - plan.early_close_offset)
                            .min(plan.early_close_flat_by)
                    } else {
                        plan.flat_by
                    }
            })
            .collect();
        let mut rows = Vec::with_capacity(n);
        let mut last_day = NO_DAY;
        let mut rolls = bars.rolls.iter().map(|r| r.time).peekable();
        for i in 0..n {
            let day = sessions.day_of[i];
            let close_time = bars.close_time(i);
            let mut flags = if i + 1 == n { LAST } else { 0 };
            if day != NO_DAY {
                flags |= IN_SESSION;
                if day != last_day {
                    flags |= NEW_DAY;
                    last_day = day;
                }
                let flat_by = flat_by_utc[day as usize];
                let since = close_time - sessions.days[day as usize].roll_utc;
                let left = (flat_by - close_time).div_euclid(bars.interval_secs);
                let in_window = plan.entry_start <= since && since < plan.entry_end;
                if in_window && left >= s.min_bars_to_flat && !atr[i].is_nan() {
                    flags |= ENTRY_TIME;
                }
                if close_time <= flat_by && flat_by < close_time + bars.interval_secs {
                    flags |= CLOCK_FLAT;
                }
                while rolls.next_if(|&r| r <= bars.open_time[i]).is_some() {}
                let lives = i + 1 < n
                    && sessions.day_of[i + 1] == day
                    && bars.close_time(i + 1) <= flat_by
                    && rolls.peek().is_none_or(|&r| r > bars.open_time[i + 1]);
                if lives {
                    flags |= NEXT_LIVES;
                }
            }
            let a = if atr[i].is_nan() { 0.0 } else { atr[i] };
            rows.push(TapeBar {
                open: bars.open[i],
                high: bars.high[i],
                low: bars.low[i],
                close: bars.close[i],
                stop_ticks: ceil_ticks((s.sl_atr_mult * a).min(plan.max_risk_ticks)),
                trail_ticks: ceil_ticks(s.trail_atr * a),
                // profit > x for whole ticks is profit > floor(x)
                be_ticks: (s.be_min_profit_atr * a).floor().min(1e9) as i32,
                tag: day << FLAG_BITS | u32::from(flags),
            });
        }
        Self {
            bars,
            sessions,
            rows,
            per_atr: atr.iter().map(|&a| 1.0 / (a as f32).max(1e-3)).collect(),
            finer: None,
        }
    }

    /// The same with finer bars that were attached to these.
    #[must_use]
    pub fn with_finer(mut self, finer: Option<Arc<FinerBars>>) -> Self {
        self.finer = finer;
        self
    }

    /// The bar `index`.
    #[inline(always)]
    pub fn at(&self, index: usize) -> TapeAt<'_> {
        TapeAt {
            tape: self,
            index,
            row: &self.rows[index],
        }
    }

    /// Number of bars.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no bars.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// One bar of a tape: found once, then handed to whoever needs its row, its place or its time.
#[derive(Clone, Copy, Debug)]
pub struct TapeAt<'a> {
    /// The market.
    pub tape: &'a Tape,
    /// Index of the bar.
    pub index: usize,
    /// Its row.
    pub row: &'a TapeBar,
}

/// Rounds a distance up to a tick, at least one; the guard absorbs floating-point dust.
pub(super) fn ceil_ticks(x: f64) -> i32 {
    ((x - 1e-9).ceil()).clamp(1.0, 1e8) as i32
}
