//! What the agent sees of its own account: thirteen numbers beside the window of features.

use std::sync::LazyLock;

use super::account::Account;
use super::action::{Action, ActionMask};
use super::referee::Referee;
use super::settings::SimPlan;
use super::tape::Tape;

/// Numbers about the position and the account in one observation.
pub const N_ACCOUNT: usize = 13;

/// Their names, in order.
pub const ACCOUNT_NAMES: [&str; N_ACCOUNT] = [
    "side",
    "entry_distance_atr",
    "stop_room_atr",
    "target_room_atr",
    "log_bars_held",
    "trailing",
    "profit_r",
    "stop_at_break_even",
    "drawdown_used",
    "floor_room",
    "may_enter",
    "may_break_even",
    "may_trail",
];

/// Logarithms of 1 plus a count of bars, for the counts that most positions live.
static LN_1P: LazyLock<Vec<f32>> = LazyLock::new(|| (0..512).map(|n| (n as f32).ln_1p()).collect());

#[inline]
fn ln_1p_count(n: u32) -> f32 {
    let known = LN_1P.get(n as usize).copied();
    known.unwrap_or_else(|| (n as f32).ln_1p())
}

/// The account's numbers at the close of bar `i`; all finite and within ±10.
#[inline]
pub fn observe_account<R: Referee>(
    account: &Account<R>,
    mask: ActionMask,
    tape: &Tape,
    i: usize,
    plan: &SimPlan,
) -> [f32; N_ACCOUNT] {
    let bar = &tape.rows[i];
    let equity = account.equity(bar, plan);
    let mut out = [0.0; N_ACCOUNT];
    if let Some(p) = &account.position {
        let close = p.side * bar.close;
        let per_atr = tape.per_atr[i];
        out[0] = p.side as f32;
        out[1] = (close - p.entry) as f32 * per_atr;
        out[2] = (close - p.stop) as f32 * per_atr;
        out[3] = (p.target - close) as f32 * per_atr;
        out[4] = ln_1p_count(i as u32 + 1 - p.entry_bar);
        out[5] = f32::from(u8::from(p.trailing));
        out[6] = (close - p.entry) as f32 / p.risk as f32;
        out[7] = f32::from(u8::from(p.stop >= p.entry));
    }
    out[8] = account.drawdown_used(equity) as f32;
    let room = equity - account.referee.floor();
    out[9] = (room.0 as f64 / account.referee.limit().0 as f64) as f32;
    out[10] = f32::from(u8::from(mask.allows(Action::Buy)));
    out[11] = f32::from(u8::from(mask.allows(Action::SlToBe)));
    let may_trail = mask.allows(Action::TrailOn) | mask.allows(Action::TrailOff);
    out[12] = f32::from(u8::from(may_trail));
    out.map(|x| x.clamp(-10.0, 10.0))
}
