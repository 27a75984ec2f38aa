//! Settings of the simulator as a user writes them, and the checked plan that runs.
//!
//! Names are those of the specification; a `SIM.toml` holds any of them as flat keys.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::market::{Instrument, SessionCalendar};
use crate::time::{FULL_SESSION_SECS, TimeOfDay};
use crate::units::{Ticks, Usd};

/// Which of stop and target fills when a bar reaches both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameBar {
    /// The adverse level first: the conservative choice.
    StopFirst,
    /// The target first.
    TargetFirst,
    /// Ask finer data.
    FinerBars,
}

/// How the floor follows the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FloorMode {
    /// Every bar's best equity, unrealised included.
    Intraday,
    /// The balance at the end of each trading day.
    Eod,
    /// Never moves.
    Static,
}

/// Where the floor stops rising: start balance plus an amount, or never.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LockOffset {
    /// At start balance plus this.
    At(Usd),
    /// It trails for ever.
    Never,
}

impl Serialize for LockOffset {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::At(usd) => usd.serialize(s),
            Self::Never => s.serialize_str("never"),
        }
    }
}

impl<'de> Deserialize<'de> for LockOffset {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Amount(f64),
            Word(String),
        }
        match Raw::deserialize(d)? {
            Raw::Amount(x) if x.is_finite() && x.abs() < 1e9 => Ok(Self::At(Usd::from_dollars(x))),
            Raw::Word(w) if w == "never" => Ok(Self::Never),
            _ => Err(serde::de::Error::custom(
                "lock_offset must be a number of dollars or \"never\"",
            )),
        }
    }
}

/// Settings as asked. `None` means the instrument's or the specification's default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimSettings {
    /// Dollars at the start.
    pub start_balance: Usd,
    /// Trailing drawdown limit in dollars.
    pub drawdown_limit: Usd,
    /// The floor locks at start plus this.
    pub lock_offset: LockOffset,
    /// How the floor follows.
    pub floor_mode: FloorMode,
    /// Contracts per entry.
    pub contracts: i32,
    /// Dollars per side per contract; the instrument's own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commission_per_side: Option<Usd>,
    /// Ticks against the trader; the instrument's own when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slippage_ticks: Option<Ticks>,
    /// Entries may fill from this New York time on.
    pub entry_start: TimeOfDay,
    /// Entries fill before this New York time.
    pub entry_end: TimeOfDay,
    /// Positions are closed by this New York time.
    pub flat_by: TimeOfDay,
    /// On early-close days they are closed by this New York time at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_close_flat_by: Option<TimeOfDay>,
    /// Minutes before an early close by which positions are closed; 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_close_offset_minutes: Option<u32>,
    /// Bars that must remain before flat-by for an entry.
    pub min_bars_to_flat: i64,
    /// No entry when this share of the limit is used.
    pub entry_drawdown_cap: f64,
    /// Bars of Wilder's ATR.
    pub atr_period: usize,
    /// Stop distance in ATR.
    pub sl_atr_mult: f64,
    /// Cap of the planned risk of a trade.
    pub max_risk_usd: Usd,
    /// Target distance over stop distance.
    pub tp_sl_ratio: f64,
    /// Ticks by which a target must be traded through.
    pub target_through_ticks: Ticks,
    /// Order of stop and target within a bar.
    pub same_bar: SameBar,
    /// Profit in ATR above which break-even is allowed.
    pub be_min_profit_atr: f64,
    /// Ticks beyond entry at which break-even puts the stop.
    pub be_offset_ticks: Ticks,
    /// Trailing distance in ATR.
    pub trail_atr: f64,
    /// 1: entries only; 2: all six actions.
    pub phase: u8,
    /// Seconds a bar covers; found in the file when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_seconds: Option<i64>,
    /// Early closes that replace the built-in calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_closes: Option<BTreeMap<String, String>>,
    /// Dollars of one unit of reward.
    pub reward_unit_usd: f64,
    /// Weight of growing drawdown in the reward.
    pub drawdown_weight: f64,
    /// Dollars taken on a breach.
    pub breach_penalty: f64,
    /// Sessions a training episode lasts at most.
    pub episode_sessions: u32,
}

impl Default for SimSettings {
    fn default() -> Self {
        Self {
            start_balance: Usd::whole(50_000),
            drawdown_limit: Usd::whole(2_500),
            lock_offset: LockOffset::At(Usd::whole(100)),
            floor_mode: FloorMode::Intraday,
            contracts: 1,
            commission_per_side: None,
            slippage_ticks: None,
            entry_start: TimeOfDay::hm(9, 30),
            entry_end: TimeOfDay::hm(16, 0),
            flat_by: TimeOfDay::hm(16, 59),
            early_close_flat_by: None,
            early_close_offset_minutes: None,
            min_bars_to_flat: 5,
            entry_drawdown_cap: 0.75,
            atr_period: 14,
            sl_atr_mult: 1.5,
            max_risk_usd: Usd::whole(500),
            tp_sl_ratio: 3.0,
            target_through_ticks: 0,
            same_bar: SameBar::StopFirst,
            be_min_profit_atr: 0.5,
            be_offset_ticks: 0,
            trail_atr: 1.0,
            phase: 2,
            interval_seconds: None,
            early_closes: None,
            reward_unit_usd: 100.0,
            drawdown_weight: 0.5,
            breach_penalty: 1_000.0,
            episode_sessions: 5,
        }
    }
}

/// One setting that makes no sense.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field} = {value}: expected {expected}")]
pub struct SettingProblem {
    /// Key of the setting.
    pub field: &'static str,
    /// What was written.
    pub value: String,
    /// What would do.
    pub expected: String,
}

/// Checked settings in the simulator's own units. Distances are ticks, times seconds since the roll.
#[derive(Clone, Debug, PartialEq)]
pub struct SimPlan {
    /// What was asked.
    pub settings: SimSettings,
    /// Contract traded.
    pub instrument: Instrument,
    /// Calendar in force.
    pub calendar: SessionCalendar,
    /// Contracts per entry.
    pub contracts: i64,
    /// Money per tick of the whole position.
    pub tick_usd: Usd,
    /// Commission of one side of the whole position.
    pub side_commission: Usd,
    /// Slippage.
    pub slippage: Ticks,
    /// Cap of the stop distance in ticks (not rounded).
    pub max_risk_ticks: f64,
    /// First second of the entry window.
    pub entry_start: i64,
    /// First second after the entry window.
    pub entry_end: i64,
    /// Flat-by.
    pub flat_by: i64,
    /// Latest flat-by of early-close days.
    pub early_close_flat_by: i64,
    /// Seconds before an early close by which positions are closed.
    pub early_close_offset: i64,
}

impl SimSettings {
    /// Checks the settings for an instrument.
    ///
    /// # Errors
    /// Every problem at once.
    #[expect(
        clippy::too_many_lines,
        reason = "one statement a setting, in the order of the struct"
    )]
    pub fn plan(&self, instrument: &Instrument) -> Result<SimPlan, Vec<SettingProblem>> {
        let mut problems = Vec::new();
        let mut check = |ok: bool, field: &'static str, value: String, expected: &str| {
            if !ok {
                problems.push(SettingProblem {
                    field,
                    value,
                    expected: expected.to_owned(),
                });
            }
        };
        let finite = |x: f64, lo: f64, hi: f64| x.is_finite() && x >= lo && x <= hi;
        let usd_max = Usd::whole(100_000_000);
        let commission = self.commission_per_side.unwrap_or(instrument.commission);
        let slippage = self.slippage_ticks.unwrap_or(instrument.slippage_ticks);
        check(
            self.start_balance > Usd::ZERO && self.start_balance <= usd_max,
            "start_balance",
            self.start_balance.to_string(),
            "more than 0 dollars",
        );
        check(
            self.drawdown_limit > Usd::ZERO && self.drawdown_limit <= usd_max,
            "drawdown_limit",
            self.drawdown_limit.to_string(),
            "more than 0 dollars",
        );
        check(
            (1..=10_000).contains(&self.contracts),
            "contracts",
            self.contracts.to_string(),
            "a whole number from 1 to 10000",
        );
        check(
            commission >= Usd::ZERO && commission <= Usd::whole(10_000),
            "commission_per_side",
            commission.to_string(),
            "0 to 10000 dollars",
        );
        check(
            (0..=10_000).contains(&slippage),
            "slippage_ticks",
            slippage.to_string(),
            "0 to 10000 ticks",
        );
        check(
            (1..=1_000_000).contains(&self.min_bars_to_flat),
            "min_bars_to_flat",
            self.min_bars_to_flat.to_string(),
            "1 or more bars",
        );
        check(
            finite(self.entry_drawdown_cap, 0.0, 1.0),
            "entry_drawdown_cap",
            self.entry_drawdown_cap.to_string(),
            "a share from 0 to 1",
        );
        check(
            (1..=10_000).contains(&self.atr_period),
            "atr_period",
            self.atr_period.to_string(),
            "1 to 10000 bars",
        );
        check(
            finite(self.sl_atr_mult, 1e-6, 1e3),
            "sl_atr_mult",
            self.sl_atr_mult.to_string(),
            "more than 0 and at most 1000",
        );
        check(
            self.max_risk_usd > Usd::ZERO && self.max_risk_usd <= usd_max,
            "max_risk_usd",
            self.max_risk_usd.to_string(),
            "more than 0 dollars",
        );
        check(
            finite(self.tp_sl_ratio, 1e-6, 1e3),
            "tp_sl_ratio",
            self.tp_sl_ratio.to_string(),
            "more than 0 and at most 1000",
        );
        check(
            (0..=10_000).contains(&self.target_through_ticks),
            "target_through_ticks",
            self.target_through_ticks.to_string(),
            "0 to 10000 ticks",
        );
        check(
            finite(self.be_min_profit_atr, 0.0, 1e3),
            "be_min_profit_atr",
            self.be_min_profit_atr.to_string(),
            "0 to 1000",
        );
        check(
            (-10_000..=10_000).contains(&self.be_offset_ticks),
            "be_offset_ticks",
            self.be_offset_ticks.to_string(),
            "-10000 to 10000 ticks",
        );
        check(
            finite(self.trail_atr, 1e-6, 1e3),
            "trail_atr",
            self.trail_atr.to_string(),
            "more than 0 and at most 1000",
        );
        check(
            matches!(self.phase, 1 | 2),
            "phase",
            self.phase.to_string(),
            "1 or 2",
        );
        check(
            self.interval_seconds
                .is_none_or(|s| (1..=86_400).contains(&s)),
            "interval_seconds",
            format!("{:?}", self.interval_seconds.unwrap_or(0)),
            "1 to 86400 seconds",
        );
        check(
            finite(self.reward_unit_usd, 1e-3, 1e9),
            "reward_unit_usd",
            self.reward_unit_usd.to_string(),
            "more than 0 dollars",
        );
        check(
            finite(self.drawdown_weight, 0.0, 1e6),
            "drawdown_weight",
            self.drawdown_weight.to_string(),
            "0 or more",
        );
        check(
            finite(self.breach_penalty, 0.0, 1e9),
            "breach_penalty",
            self.breach_penalty.to_string(),
            "0 or more dollars",
        );
        check(
            (1..=10_000).contains(&self.episode_sessions),
            "episode_sessions",
            self.episode_sessions.to_string(),
            "1 to 10000 sessions",
        );
        let flat_by = self.flat_by.since_roll();
        check(
            flat_by > 0 && flat_by <= FULL_SESSION_SECS,
            "flat_by",
            self.flat_by.to_string(),
            "a time in the session, 18:00 to 17:00 New York",
        );
        let early = self.early_close_flat_by;
        check(
            early.is_none_or(|t| (1..=FULL_SESSION_SECS).contains(&t.since_roll())),
            "early_close_flat_by",
            early.map_or_else(String::new, |t| t.to_string()),
            "a time in the session, 18:00 to 17:00 New York",
        );
        let offset = self.early_close_offset_minutes.unwrap_or(1);
        check(
            (1..=600).contains(&offset),
            "early_close_offset_minutes",
            offset.to_string(),
            "1 to 600 minutes",
        );
        let entry_start = self.entry_start.since_roll();
        let entry_end = self.entry_end.since_roll();
        check(
            entry_start < entry_end,
            "entry_end",
            self.entry_end.to_string(),
            "a time after entry_start in the same session (18:00 to 17:00)",
        );
        let calendar = match &self.early_closes {
            None => SessionCalendar::builtin(),
            Some(table) => SessionCalendar::from_table(table).unwrap_or_else(|e| {
                check(
                    false,
                    "early_closes",
                    e.problem,
                    "dates with \"13:00\" or \"closed\"",
                );
                SessionCalendar::default()
            }),
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        let contracts = i64::from(self.contracts);
        let tick_usd = instrument.tick_value * contracts;
        Ok(SimPlan {
            settings: self.clone(),
            instrument: instrument.clone(),
            calendar,
            contracts,
            tick_usd,
            side_commission: commission * contracts,
            slippage,
            max_risk_ticks: self.max_risk_usd.0 as f64 / tick_usd.0 as f64,
            entry_start,
            entry_end,
            flat_by,
            early_close_flat_by: early.map_or(flat_by, TimeOfDay::since_roll),
            early_close_offset: i64::from(offset) * 60,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Instruments;

    #[test]
    fn defaults_are_sound_for_all_contracts() {
        for instrument in Instruments::builtin().iter() {
            let plan = SimSettings::default().plan(instrument).unwrap();
            assert!(plan.max_risk_ticks >= 8.0);
        }
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let bad = SimSettings {
            contracts: 0,
            trail_atr: f64::NAN,
            flat_by: TimeOfDay::hm(17, 30),
            ..SimSettings::default()
        };
        let nq = Instruments::builtin().get("NQ").unwrap().clone();
        let fields: Vec<_> = bad
            .plan(&nq)
            .unwrap_err()
            .into_iter()
            .map(|p| p.field)
            .collect();
        assert_eq!(fields, ["contracts", "trail_atr", "flat_by"]);
    }

    #[test]
    fn toml_takes_flat_keys_and_refuses_others() {
        let s: SimSettings = toml::from_str("lock_offset = \"never\"\nfloor_mode = \"eod\"\nmax_risk_usd = 250\n[early_closes]\n\"2024-11-29\" = \"13:00\"").unwrap();
        assert_eq!(s.lock_offset, LockOffset::Never);
        assert_eq!(s.floor_mode, FloorMode::Eod);
        assert_eq!(s.max_risk_usd, Usd::whole(250));
        assert!(toml::from_str::<SimSettings>("slip = 3").is_err());
    }
}
