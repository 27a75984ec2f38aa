//! Rule sets: one firm's programme as data, read strictly from TOML.
//!
//! An unknown key is an error that names key and line. Every figure may carry evidence (source,
//! confidence, note), and a rule set says when it was last verified. What a programme does not
//! limit is simply absent. Zone and roll are written down, but only New York and 18:00 are
//! supported.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::floor::TrailingFloor;
use super::lock::Lock;
use super::ruleset_error::RuleSetError;
use super::severity::Severity;
use crate::sim::{FloorMode, LockOffset, SimSettings};
use crate::time::{FULL_SESSION_SECS, TimeOfDay, TradingDay};
use crate::units::Usd;

/// Which account a programme's rules are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The account that is traded to earn a funded one.
    Evaluation,
    /// The account that pays out.
    Funded,
}

impl Stage {
    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Evaluation => "evaluation",
            Self::Funded => "funded",
        }
    }
}

/// How far a figure can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Sources conflict, or one weak source.
    Low,
    /// Several secondary sources agree.
    Medium,
    /// The firm's own page or agreement.
    High,
}

/// Where a figure comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Short name that evidence refers to.
    pub id: String,
    /// What it is.
    pub title: String,
    /// Address or other place to find it.
    pub at: String,
}

/// What backs one figure or one group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Ids of sources; empty when the figure is a choice of the profile.
    #[serde(default)]
    pub sources: Vec<String>,
    /// How far it can be relied on.
    pub confidence: Confidence,
    /// Where sources conflict, and which reading was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Dollars at the start.
    pub start_balance: Usd,
    /// Profit in dollars that passes the stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profit_target: Option<Usd>,
}

/// What the floor follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FloorBasis {
    /// Best equity of every bar, unrealised included.
    Intraday,
    /// Balance at the end of each trading day.
    EodBalance,
    /// Equity at the end of each trading day.
    EodEquity,
    /// Nothing.
    Static,
}

/// When equity is compared with the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Enforcement {
    /// At every moment.
    RealTime,
    /// At the end of each trading day.
    SessionClose,
}

/// The trailing drawdown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FloorRule {
    /// Dollars under what the floor follows.
    pub amount: Usd,
    /// What it follows.
    pub basis: FloorBasis,
    /// Where it stops.
    pub lock: Lock,
    /// When it is enforced.
    pub enforcement: Enforcement,
    /// Whether equity exactly at the floor ends the account.
    pub touch_counts: bool,
    /// Largest peak-to-trough fall of intraday equity, reaching it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict_max_drawdown: Option<Usd>,
    /// From here on that fall is a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict_warning: Option<Usd>,
}

/// The daily loss limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DailyLoss {
    /// Dollars under the balance at the start of the trading day; reaching it counts.
    pub amount: Usd,
    /// What reaching it means.
    pub severity: Severity,
}

/// How an early-close day counts as a trading day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HalfDay {
    /// Like any other day.
    Counts,
    /// As the next full exchange day.
    MergeNext,
    /// Not at all.
    Ignored,
}

/// Times of the trading day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRule {
    /// Zone of all times; only `America/New_York`.
    pub zone: String,
    /// Where the trading day begins; only `18:00`.
    pub roll: TimeOfDay,
    /// Positions are closed before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flat_by: Option<TimeOfDay>,
    /// Minutes before an early close by which positions are closed.
    pub early_close_offset_minutes: u32,
    /// On early-close days positions are closed before this time at the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_close_flat_by: Option<TimeOfDay>,
    /// Whether a position may be held into the next trading day.
    pub overnight: bool,
    /// How an early-close day counts.
    pub half_day: HalfDay,
}

/// How many days.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DaysRule {
    /// Trading days needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<u32>,
    /// Calendar days in which the target must be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_calendar: Option<u32>,
    /// Net profit in dollars that makes a day count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_profit: Option<Usd>,
}

/// A larger size that an end-of-day balance opens, for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SizeStep {
    /// The end-of-day balance must have been above this.
    pub balance_above: Usd,
    /// Size allowed from the next day on, in minis.
    pub max_minis: f64,
}

/// Position size in mini-equivalents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SizeRule {
    /// Smallest position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_minis: Option<f64>,
    /// Largest position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_minis: Option<f64>,
    /// Micros that make one mini.
    pub micros_per_mini: u32,
    /// Larger sizes by end-of-day balance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<SizeStep>,
}

/// Largest share of the profit that one day may have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsistencyRule {
    /// Share as a fraction.
    pub max_share: f64,
    /// Whether exactly that share is too much.
    pub touch_counts: bool,
    /// What too large a share means.
    pub severity: Severity,
    /// The stage it applies to; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies: Option<Stage>,
}

/// Largest open loss of a trade.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaeRule {
    /// Share of the drawdown limit, or of the profit at the start of the day.
    pub share: f64,
    /// Profit in dollars from which the share is of the profit.
    pub safety_net: Usd,
    /// Share of the profit above `raised_above`.
    pub raised_share: f64,
    /// Profit in dollars above which the raised share applies.
    pub raised_above: Usd,
    /// What a larger open loss means.
    pub severity: Severity,
    /// The stage it applies to; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies: Option<Stage>,
}

/// Largest planned stop in terms of the planned target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskRewardRule {
    /// Stop distance over target distance.
    pub max_stop_to_target: f64,
    /// What a larger one means.
    pub severity: Severity,
    /// The stage it applies to; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies: Option<Stage>,
}

/// Never long and short at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneDirectionRule {
    /// What holding both means.
    pub severity: Severity,
    /// The stage it applies to; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies: Option<Stage>,
}

/// Trades must be held for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldRule {
    /// Seconds a trade must be held longer than.
    pub seconds: u32,
    /// More than this share of the trades must be held that long.
    pub share_above: f64,
    /// What fewer means.
    pub severity: Severity,
    /// The stage it applies to; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies: Option<Stage>,
}

/// Whether a machine may trade the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AutomationPolicy {
    /// A machine may trade.
    Allowed,
    /// A machine may propose, a person confirms.
    HumanConfirmed,
    /// No machine.
    Prohibited,
}

/// The firm's line on automation; every report carries it in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutomationRule {
    /// In short.
    pub policy: AutomationPolicy,
    /// In full.
    pub line: String,
}

/// Criteria of research, apart from the firm's rules; they never change a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResearchCriteria {
    /// Win rate above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub win_rate_above: Option<f64>,
    /// Sharpe ratio above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharpe_above: Option<f64>,
    /// Sharpe ratio aimed at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharpe_aim: Option<f64>,
    /// Loss of the figure between training and test, as a fraction, under this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degradation_below: Option<f64>,
    /// More trades than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trades_above: Option<u64>,
}

/// One programme of one firm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// Name used in commands.
    pub id: String,
    /// Version of this description, from 1.
    pub version: u32,
    /// The firm.
    pub firm: String,
    /// The programme.
    pub programme: String,
    /// The stage.
    pub stage: Stage,
    /// First day on which these rules held, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<TradingDay>,
    /// Day on which the figures were last compared with their sources.
    pub verified_on: TradingDay,
    /// The lowest confidence of a figure that decides a verdict.
    pub confidence: Confidence,
    /// What a reader of a verdict must know.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Sources.
    pub sources: Vec<Source>,
    /// The account.
    pub account: Account,
    /// The trailing drawdown.
    pub floor: FloorRule,
    /// The daily loss limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub daily_loss: Option<DailyLoss>,
    /// Times.
    pub session: SessionRule,
    /// Days.
    pub days: DaysRule,
    /// Size.
    pub size: SizeRule,
    /// Consistency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consistency: Option<ConsistencyRule>,
    /// Open loss of a trade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mae: Option<MaeRule>,
    /// Stop against target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_reward: Option<RiskRewardRule>,
    /// One direction at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_direction: Option<OneDirectionRule>,
    /// Minimum hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<HoldRule>,
    /// Automation.
    pub automation: AutomationRule,
    /// Criteria of research.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub research: Option<ResearchCriteria>,
    /// Evidence by group (`floor`) or figure (`floor.lock`).
    #[serde(default)]
    pub evidence: BTreeMap<String, Evidence>,
}

impl RuleSet {
    /// Reads a rule set.
    ///
    /// # Errors
    /// The first unknown or missing key or impossible value, with its key and line.
    pub fn parse(text: &str) -> Result<Self, RuleSetError> {
        let rules: Self = toml::from_str(text).map_err(|e| RuleSetError::syntax(text, &e))?;
        match rules.problem() {
            None => Ok(rules),
            Some((key, value, expected)) => Err(RuleSetError::value(text, &key, value, expected)),
        }
    }

    /// The rule set as TOML that [`RuleSet::parse`] reads back.
    ///
    /// # Errors
    /// When a value has no form in TOML.
    pub fn to_toml(&self) -> Result<String, RuleSetError> {
        toml::to_string_pretty(self).map_err(|e| RuleSetError::Unwritable {
            problem: e.to_string(),
        })
    }

    /// Dollars of drawdown by which the floor's lock lies above the start balance.
    pub fn lock_offset(&self) -> LockOffset {
        match self.floor.lock {
            Lock::Above(offset) => LockOffset::At(offset),
            Lock::Never => LockOffset::Never,
            // A floor that trails up to the target stops a limit under it.
            Lock::ProfitTarget => self
                .account
                .profit_target
                .map_or(LockOffset::Never, |t| LockOffset::At(t - self.floor.amount)),
        }
    }

    /// The floor of an account under these rules, at its start.
    pub fn trailing_floor(&self) -> TrailingFloor {
        TrailingFloor::new(
            self.account.start_balance,
            self.floor.amount,
            self.floor_mode(),
            self.lock_offset(),
            self.floor.touch_counts,
        )
    }

    fn floor_mode(&self) -> FloorMode {
        match self.floor.basis {
            FloorBasis::Intraday => FloorMode::Intraday,
            FloorBasis::EodBalance | FloorBasis::EodEquity => FloorMode::Eod,
            FloorBasis::Static => FloorMode::Static,
        }
    }

    /// Lets simulator settings follow these rules where the user named none.
    ///
    /// Sets `start_balance`, `drawdown_limit`, `floor_mode`, `lock_offset`, `flat_by`,
    /// `early_close_flat_by` and `early_close_offset_minutes` (a minute at least) unless `named`
    /// holds that key. Nothing is changed on an error.
    ///
    /// # Errors
    /// When the user named a `flat_by` later than that of the rules.
    pub fn apply_to(
        &self,
        settings: &mut SimSettings,
        named: &BTreeSet<String>,
    ) -> Result<(), RuleSetError> {
        let free = |key: &str| !named.contains(key);
        if let Some(latest) = self.session.flat_by {
            if free("flat_by") {
                settings.flat_by = latest;
            } else if settings.flat_by.since_roll() > latest.since_roll() {
                return Err(RuleSetError::FlatByTooLate {
                    asked: settings.flat_by,
                    latest,
                    id: self.id.clone(),
                });
            }
        }
        if free("early_close_flat_by") {
            settings.early_close_flat_by = self.session.early_close_flat_by;
        }
        if free("early_close_offset_minutes") {
            let minutes = self.session.early_close_offset_minutes.max(1);
            settings.early_close_offset_minutes = Some(minutes);
        }
        if free("start_balance") {
            settings.start_balance = self.account.start_balance;
        }
        if free("drawdown_limit") {
            settings.drawdown_limit = self.floor.amount;
        }
        if free("floor_mode") {
            settings.floor_mode = self.floor_mode();
        }
        if free("lock_offset") {
            settings.lock_offset = self.lock_offset();
        }
        Ok(())
    }

    /// Days between the last verification and a date.
    pub fn age_days(&self, today: TradingDay) -> i32 {
        today.0 - self.verified_on.0
    }

    /// Evidence of a figure, or else of its group.
    pub fn evidence_of(&self, key: &str) -> Option<&Evidence> {
        let group = key.split('.').next().unwrap_or(key);
        self.evidence.get(key).or_else(|| self.evidence.get(group))
    }

    /// The first value that makes no sense: key, value, what would do.
    fn problem(&self) -> Option<(String, String, &'static str)> {
        let money = |key: &str, v: Usd| {
            (v <= Usd::ZERO).then(|| (key.to_owned(), v.to_string(), "more than 0 dollars"))
        };
        let share = |key: &str, v: f64| {
            let bad = !(v > 0.0 && v <= 1.0);
            bad.then(|| (key.to_owned(), v.to_string(), "a share above 0 and up to 1"))
        };
        let bad = |key: &str, value: &dyn ToString, expected| {
            Some((key.to_owned(), value.to_string(), expected))
        };
        let opt_money = |key: &str, v: Option<Usd>| v.and_then(|v| money(key, v));
        let f = &self.floor;
        let s = &self.session;
        let z = &self.size;
        // It names a file, and is typed as an argument.
        let letters = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if !(1..=64).contains(&self.id.len())
            || self.id.starts_with('-')
            || !self.id.bytes().all(letters)
        {
            return bad(
                "id",
                &self.id,
                "up to 64 letters, digits and hyphens, not a hyphen first",
            );
        }
        if s.zone != "America/New_York" {
            return bad("session.zone", &s.zone, "America/New_York");
        }
        if s.roll.since_roll() != 0 {
            return bad("session.roll", &s.roll, "18:00");
        }
        for (key, at) in [
            ("session.flat_by", s.flat_by),
            ("session.early_close_flat_by", s.early_close_flat_by),
        ] {
            if let Some(at) = at
                && !(1..=FULL_SESSION_SECS).contains(&at.since_roll())
            {
                return bad(key, &at, "a time in the session, 18:00 to 17:00");
            }
        }
        if z.micros_per_mini == 0 || z.micros_per_mini > 1_000 {
            return bad("size.micros_per_mini", &z.micros_per_mini, "1 to 1000");
        }
        let minis = [
            ("size.min_minis", z.min_minis),
            ("size.max_minis", z.max_minis),
        ];
        let steps = z.steps.iter().map(|s| ("size.steps", Some(s.max_minis)));
        for (key, v) in minis.into_iter().chain(steps) {
            if let Some(v) = v
                && !(v > 0.0 && v <= 10_000.0)
            {
                return bad(key, &v, "more than 0 minis");
            }
        }
        if f.lock == Lock::ProfitTarget && self.account.profit_target.is_none() {
            return bad(
                "floor.lock",
                &"profit_target",
                "a number, \"never\", or a profit_target in [account]",
            );
        }
        let sources: BTreeSet<&str> = self.sources.iter().map(|s| s.id.as_str()).collect();
        for (key, e) in &self.evidence {
            if !super::ruleset_keys::is_key(key) {
                return bad("evidence", key, "a group or a key like floor.lock");
            }
            if let Some(id) = e.sources.iter().find(|id| !sources.contains(id.as_str())) {
                return bad(
                    &format!("evidence.{key}"),
                    id,
                    "the id of one of the sources",
                );
            }
        }
        let consistency = self.consistency.as_ref();
        money("account.start_balance", self.account.start_balance)
            .or_else(|| opt_money("account.profit_target", self.account.profit_target))
            .or_else(|| money("floor.amount", f.amount))
            .or_else(|| opt_money("floor.strict_max_drawdown", f.strict_max_drawdown))
            .or_else(|| opt_money("floor.strict_warning", f.strict_warning))
            .or_else(|| money("daily_loss.amount", self.daily_loss.as_ref()?.amount))
            .or_else(|| opt_money("days.minimum_profit", self.days.minimum_profit))
            .or_else(|| share("hold.share_above", self.hold.as_ref()?.share_above))
            .or_else(|| {
                let ratio = self.risk_reward.as_ref()?.max_stop_to_target;
                // Written this way round so that what is no number is refused as well.
                let good = ratio > 0.0 && ratio <= 1_000.0;
                let key = "risk_reward.max_stop_to_target".to_owned();
                (!good).then(|| (key, ratio.to_string(), "more than 0, up to 1000"))
            })
            .or_else(|| share("consistency.max_share", consistency?.max_share))
            .or_else(|| share("mae.share", self.mae.as_ref()?.share))
            .or_else(|| share("mae.raised_share", self.mae.as_ref()?.raised_share))
    }
}

#[cfg(test)]
mod tests {
    use super::super::builtin::SHIPPED;
    use super::*;

    fn seed() -> RuleSet {
        RuleSet::builtin("apex-50k-seed").unwrap()
    }

    fn seed_text() -> &'static str {
        SHIPPED[0].1
    }

    #[test]
    fn the_default_is_what_it_says() {
        let r = seed();
        assert_eq!(r.account.start_balance, Usd::whole(50_000));
        assert_eq!(r.floor.amount, Usd::whole(2_500));
        assert_eq!(r.lock_offset(), LockOffset::At(Usd::whole(100)));
        assert_eq!(r.floor.strict_warning, Some(Usd::whole(2_200)));
        assert_eq!(r.session.flat_by, Some(TimeOfDay::hm(16, 59)));
        assert_eq!((r.size.min_minis, r.size.max_minis), (Some(0.5), Some(1.0)));
        assert_eq!(r.days.minimum, Some(7));
        assert!(r.daily_loss.is_none());
        assert_eq!(r.research.as_ref().unwrap().trades_above, Some(100));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let text = seed_text().replace("touch_counts = true", "touch_counts = true\nslack = 3");
        let line = text.lines().position(|l| l == "slack = 3").unwrap() + 1;
        let e = RuleSet::parse(&text).unwrap_err();
        let message = e.to_string();
        assert!(message.contains("slack"), "{message}");
        assert!(message.contains(&format!("line {line}")), "{message}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_or_size_is_named_with_its_line() {
        for (from, to, key) in [
            ("amount = 2500.0", "amount = \"much\"", "amount"),
            ("amount = 2500.0", "amount = -1.0", "floor.amount"),
            (
                "flat_by = \"16:59\"",
                "flat_by = \"17:30\"",
                "session.flat_by",
            ),
            ("flat_by = \"16:59\"", "flat_by = \"25:00\"", "flat_by"),
            (
                "zone = \"America/New_York\"",
                "zone = \"UTC\"",
                "session.zone",
            ),
            ("lock = 100.0", "lock = \"profit_target\"", "floor.lock"),
            ("lock = 100.0", "lock = \"soon\"", "lock"),
            ("id = \"apex-50k-seed\"", "id = \"../x\"", "id"),
            ("id = \"apex-50k-seed\"", "id = \"-x\"", "id"),
            (
                "id = \"apex-50k-seed\"",
                &format!("id = \"{}\"", "x".repeat(65)),
                "id",
            ),
        ] {
            let text = seed_text().replace(from, to);
            assert_ne!(text, seed_text(), "the shipped file has no {from}");
            let line = text.lines().position(|l| l == to).unwrap() + 1;
            let message = RuleSet::parse(&text).unwrap_err().to_string();
            assert!(message.contains(key), "{to}: {message}");
            assert!(message.contains(&format!("line {line}")), "{to}: {message}");
        }
    }

    #[test]
    fn settings_follow_unless_the_user_named_them() {
        let eod = RuleSet::builtin("topstep-50k").unwrap();
        let mut s = SimSettings::default();
        eod.apply_to(&mut s, &BTreeSet::new()).unwrap();
        assert_eq!(s.floor_mode, FloorMode::Eod);
        assert_eq!(s.drawdown_limit, Usd::whole(2_000));
        assert_eq!(s.lock_offset, LockOffset::At(Usd::ZERO));
        assert_eq!(s.flat_by, TimeOfDay::hm(16, 10));
        assert_eq!(s.early_close_offset_minutes, Some(1));

        let mut own = eod.clone();
        own.session.early_close_offset_minutes = 45;
        let mut s = SimSettings::default();
        own.apply_to(&mut s, &BTreeSet::new()).unwrap();
        assert_eq!(s.early_close_offset_minutes, Some(45));
        let named: BTreeSet<String> = ["early_close_offset_minutes".to_owned()].into();
        let mut s = SimSettings::default();
        own.apply_to(&mut s, &named).unwrap();
        assert_eq!(s.early_close_offset_minutes, None);

        let named: BTreeSet<String> = ["drawdown_limit", "flat_by"].map(str::to_owned).into();
        let mut s = SimSettings {
            flat_by: TimeOfDay::hm(15, 0),
            ..SimSettings::default()
        };
        eod.apply_to(&mut s, &named).unwrap();
        assert_eq!(
            (s.drawdown_limit, s.flat_by),
            (Usd::whole(2_500), TimeOfDay::hm(15, 0))
        );

        let before = SimSettings::default();
        let mut s = before.clone();
        let e = eod.apply_to(&mut s, &named).unwrap_err();
        assert!(
            e.to_string().contains("16:59") && e.to_string().contains("16:10"),
            "{e}"
        );
        assert_eq!(s, before, "nothing is changed on an error");
    }

    #[test]
    fn a_floor_that_trails_to_the_target_stops_a_limit_under_it() {
        let text = seed_text()
            .replace("lock = 100.0", "lock = \"profit_target\"")
            .replace(
                "start_balance = 50000.0",
                "start_balance = 50000.0\nprofit_target = 3000.0",
            );
        let r = RuleSet::parse(&text).unwrap();
        assert_eq!(r.lock_offset(), LockOffset::At(Usd::whole(500)));
    }

    #[test]
    fn rule_sets_survive_writing() {
        for r in RuleSet::all_builtin() {
            assert_eq!(RuleSet::parse(&r.to_toml().unwrap()).unwrap(), r);
        }
    }

    #[test]
    fn age_is_counted_in_days() {
        let r = seed();
        assert_eq!(r.age_days(TradingDay(r.verified_on.0 + 90)), 90);
    }
}
