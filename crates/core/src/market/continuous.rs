//! One series out of several contracts: which contract is in front on which trading day, and how
//! the prices before a roll are adjusted.
//!
//! By volume, the series passes to the next contract on the trading day after that contract first
//! traded more over a whole day; by calendar, on the Monday of the week of expiry. The choice for
//! a day looks at earlier days only, and never goes back. Where the old contract has no bars any
//! more, or has expired, the series passes on in any case.
//!
//! Adjusting moves the prices *before* a roll, so that the last bars have the prices that were
//! traded. `Difference` adds the gap in ticks: results in points and dollars stay exact, returns in
//! percent are slightly off. `Ratio` multiplies: returns stay right, and as prices are whole ticks
//! here each price is rounded to the nearest, once, from the traded price.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::contract_month::ContractMonth;
use super::{Bars, RollReason, SessionCalendar};
use crate::time::{TradingDay, ZoneTable, format_utc};
use crate::units::Ticks;

/// When the series passes to the next contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollRule {
    /// The trading day after the next contract first traded more over a day.
    Volume,
    /// The Monday of the week of expiry.
    Calendar,
}

impl RollRule {
    /// The name used in files and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Volume => "volume",
            Self::Calendar => "calendar",
        }
    }
}

impl fmt::Display for RollRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for RollRule {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        [Self::Volume, Self::Calendar]
            .into_iter()
            .find(|r| r.name() == s)
            .ok_or_else(|| format!("\"{s}\" is not a way to roll; expected volume or calendar"))
    }
}

/// What happens to the prices before a roll.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// Nothing: prices as traded, with a jump at each roll.
    #[default]
    None,
    /// The gap is added.
    Difference,
    /// Prices are multiplied by new over old, and rounded to ticks.
    Ratio,
}

impl Adjustment {
    /// The name used in files and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Difference => "difference",
            Self::Ratio => "ratio",
        }
    }
}

impl fmt::Display for Adjustment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Adjustment {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        [Self::None, Self::Difference, Self::Ratio]
            .into_iter()
            .find(|a| a.name() == s)
            .ok_or_else(|| {
                format!("\"{s}\" is not an adjustment; expected none, difference or ratio")
            })
    }
}

/// Bars of a contract on one date of the exchange's clock (18:00 to 18:00 New York time).
#[derive(Debug, Clone, PartialEq)]
pub struct DayOfContract {
    /// The date on which it ends; weekends are possible where a file has stray bars.
    pub day: TradingDay,
    /// Its bars.
    pub bars: Range<usize>,
    /// Contracts traded.
    pub volume: f64,
}

/// Groups bars by day. The columns are of equal length, times are sorted.
pub fn days_of_contract(open_time: &[i64], volume: &[f64]) -> Vec<DayOfContract> {
    let zone = ZoneTable::new_york();
    let mut days: Vec<DayOfContract> = Vec::new();
    let mut next_roll = i64::MIN;
    for (i, &t) in open_time.iter().enumerate() {
        match days.last_mut() {
            Some(d) if t < next_roll => {
                d.bars.end = i + 1;
                d.volume += volume[i];
            }
            _ => {
                let day = TradingDay::of_wall(zone.wall(t));
                next_roll = zone.to_utc(TradingDay(day.0 + 1).roll_wall());
                days.push(DayOfContract {
                    day,
                    bars: i..i + 1,
                    volume: volume[i],
                });
            }
        }
    }
    days
}

/// A contract by its days.
#[derive(Debug, Clone, PartialEq)]
pub struct ContractDays {
    /// When it expires.
    pub month: ContractMonth,
    /// Days with bars, in order.
    pub days: Vec<DayOfContract>,
}

impl ContractDays {
    fn on(&self, day: TradingDay) -> Option<&DayOfContract> {
        let at = self.days.binary_search_by_key(&day, |d| d.day).ok()?;
        self.days.get(at)
    }

    fn volume(&self, day: TradingDay) -> f64 {
        self.on(day).map_or(0.0, |d| d.volume)
    }

    fn lasts_until(&self, day: TradingDay) -> bool {
        self.days.last().is_some_and(|d| d.day >= day)
    }
}

/// Bars of one contract between two rolls.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    /// Index of the contract.
    pub contract: usize,
    /// Its bars.
    pub bars: Range<usize>,
    /// Why the series passed to it; `None` for the first.
    pub reason: Option<RollReason>,
}

/// Chooses the contract in front for every day. Contracts are in order of their months.
pub fn front_contracts(
    contracts: &[ContractDays],
    rule: RollRule,
    calendar: &SessionCalendar,
) -> Vec<Leg> {
    let days: BTreeSet<TradingDay> = contracts
        .iter()
        .flat_map(|c| c.days.iter().map(|d| d.day))
        .collect();
    let Some(&first) = days.first() else {
        return Vec::new();
    };
    let there = |i: &usize| contracts[*i].on(first).is_some();
    let mut front = (0..contracts.len())
        .filter(there)
        .find(|&i| contracts[i].month.roll_day() > first)
        .or_else(|| (0..contracts.len()).find(there))
        .unwrap_or(0);
    let (mut legs, mut reason, mut before) = (Vec::<Leg>::new(), None, None);
    for &day in &days {
        // Stray bars of a closed exchange decide nothing.
        if calendar.close_secs(day).is_some() {
            while let Some(next) =
                (front + 1..contracts.len()).find(|&i| contracts[i].lasts_until(day))
            {
                let Some(why) = why_roll(&contracts[front], &contracts[next], rule, day, before)
                else {
                    break;
                };
                (front, reason) = (next, Some(why));
            }
            before = Some(day);
        }
        let Some(today) = contracts[front].on(day) else {
            continue;
        };
        let is_first = legs.is_empty();
        match legs.last_mut() {
            Some(leg) if leg.contract == front => leg.bars.end = today.bars.end,
            _ => legs.push(Leg {
                contract: front,
                bars: today.bars.clone(),
                reason: reason.filter(|_| !is_first),
            }),
        }
    }
    legs
}

fn why_roll(
    front: &ContractDays,
    next: &ContractDays,
    rule: RollRule,
    day: TradingDay,
    before: Option<TradingDay>,
) -> Option<RollReason> {
    if !front.lasts_until(day) || day > front.month.last_trading_day() {
        return Some(RollReason::EndOfContract);
    }
    match rule {
        RollRule::Volume => before
            .is_some_and(|d| next.volume(d) > front.volume(d))
            .then_some(RollReason::Volume),
        RollRule::Calendar => (day >= front.month.roll_day() && next.on(day).is_some())
            .then_some(RollReason::Calendar),
    }
}

/// Prices of both contracts at one moment before a roll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Junction {
    /// Unix seconds at which the first bar of the new contract opens.
    pub time: i64,
    /// Price of the old contract in ticks.
    pub old: Ticks,
    /// Price of the new contract in ticks.
    pub new: Ticks,
}

/// A price that adjusting would make impossible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "adjusting by {adjustment} makes the price at {time} zero or less; choose ratio or no adjustment"
)]
pub struct AdjustError {
    /// How it was adjusted.
    pub adjustment: Adjustment,
    /// Open time of the bar.
    pub time: String,
}

/// Adjusts the prices before each junction. Junctions are in order of time.
///
/// # Errors
/// When a price would not be positive or would not fit; the bars are then half done and of no use.
pub fn adjust(
    bars: &mut Bars,
    junctions: &[Junction],
    adjustment: Adjustment,
) -> Result<(), AdjustError> {
    let (mut add, mut factor) = (0_i64, 1.0_f64);
    let mut end = bars
        .open_time
        .partition_point(|&t| junctions.last().is_some_and(|j| t < j.time));
    for (k, junction) in junctions.iter().enumerate().rev() {
        add += i64::from(junction.new) - i64::from(junction.old);
        factor *= f64::from(junction.new) / f64::from(junction.old);
        let first = k.checked_sub(1).map_or(0, |before| {
            bars.open_time
                .partition_point(|&t| t < junctions[before].time)
        });
        let moved = |p: Ticks| match adjustment {
            Adjustment::None => Some(p),
            Adjustment::Difference => Ticks::try_from(i64::from(p) + add).ok(),
            Adjustment::Ratio => Some((f64::from(p) * factor).round() as Ticks),
        };
        for column in [
            &mut bars.open,
            &mut bars.high,
            &mut bars.low,
            &mut bars.close,
        ] {
            for i in first..end {
                let fits = |p: &Ticks| (1..=i32::MAX / 4).contains(p);
                column[i] = moved(column[i]).filter(fits).ok_or_else(|| AdjustError {
                    adjustment,
                    time: format_utc(bars.open_time[i]),
                })?;
            }
        }
        end = first;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Instruments;

    fn day(text: &str) -> TradingDay {
        text.parse().unwrap()
    }

    /// A contract with one bar a day; volumes by day from a first date on, 0 for none that day.
    fn contract(year: i16, month: u8, first: &str, volumes: &[f64]) -> ContractDays {
        let mut days = Vec::new();
        for (k, &volume) in volumes.iter().enumerate() {
            if volume > 0.0 {
                days.push(DayOfContract {
                    day: TradingDay(day(first).0 + k as i32),
                    bars: days.len()..days.len() + 1,
                    volume,
                });
            }
        }
        ContractDays {
            month: ContractMonth { year, month },
            days,
        }
    }

    fn front(
        contracts: &[ContractDays],
        rule: RollRule,
    ) -> Vec<(usize, TradingDay, Option<RollReason>)> {
        front_contracts(contracts, rule, &SessionCalendar::builtin())
            .into_iter()
            .map(|l| {
                (
                    l.contract,
                    contracts[l.contract].days[l.bars.start].day,
                    l.reason,
                )
            })
            .collect()
    }

    #[test]
    fn volume_decides_for_the_day_after_and_never_back() {
        // Monday 2024-03-04 on; the June contract trades more on Thursday, less on Friday.
        let march = contract(2024, 3, "2024-03-04", &[9., 9., 9., 4., 9., 0., 0., 1., 1.]);
        let june = contract(2024, 6, "2024-03-04", &[1., 1., 2., 5., 3., 0., 0., 9., 9.]);
        let got = front(&[march.clone(), june.clone()], RollRule::Volume);
        assert_eq!(
            got,
            [
                (0, day("2024-03-04"), None),
                (1, day("2024-03-08"), Some(RollReason::Volume))
            ]
        );
        let by_calendar = front(&[march.clone(), june.clone()], RollRule::Calendar);
        assert_eq!(
            by_calendar[1],
            (1, day("2024-03-11"), Some(RollReason::Calendar))
        );
        // What comes later changes nothing earlier.
        let cut = |c: &ContractDays, n: usize| ContractDays {
            days: c.days[..n].to_vec(),
            ..c.clone()
        };
        for n in 1..7 {
            let part = front(&[cut(&march, n), cut(&june, n)], RollRule::Volume);
            assert_eq!(part, got[..part.len()], "{n} days");
        }
    }

    #[test]
    fn a_contract_that_ends_or_expires_hands_over() {
        let march = contract(2024, 3, "2024-03-04", &[9., 9.]);
        let june = contract(2024, 6, "2024-03-05", &[1., 1., 1.]);
        let got = front(&[march, june], RollRule::Volume);
        assert_eq!(
            got[1],
            (1, day("2024-03-06"), Some(RollReason::EndOfContract))
        );
        let stale = contract(2024, 3, "2024-03-14", &[9.; 9]);
        let june = contract(2024, 6, "2024-03-14", &[1.; 9]);
        let got = front(&[stale, june], RollRule::Volume);
        assert_eq!(got[0].0, 1, "the data begin after the roll of March");
    }

    #[test]
    fn bars_are_grouped_by_the_exchanges_day() {
        let t = |s: &str| crate::time::parse_utc(s).unwrap();
        let times = [
            t("2024-03-08T21:59:00Z"),
            t("2024-03-09T12:00:00Z"), // Saturday
            t("2024-03-10T22:00:00Z"), // Sunday evening, summer time since the night
            t("2024-03-11T21:59:00Z"), // Monday's roll is at 22:00
            t("2024-03-11T22:00:00Z"),
        ];
        let days = days_of_contract(&times, &[1., 2., 3., 4., 5.]);
        let got: Vec<(String, Range<usize>, f64)> = days
            .into_iter()
            .map(|d| (d.day.to_string(), d.bars, d.volume))
            .collect();
        assert_eq!(
            got,
            [
                ("2024-03-08".to_owned(), 0..1, 1.),
                ("2024-03-09".to_owned(), 1..2, 2.),
                ("2024-03-11".to_owned(), 2..4, 7.),
                ("2024-03-12".to_owned(), 4..5, 5.),
            ]
        );
    }

    #[test]
    fn adjusting_moves_what_lies_before_and_rounds_once() {
        let mut bars = Bars::empty(Instruments::builtin().get("ES").unwrap().clone(), 60);
        for (t, p) in [(0, 1000), (60, 2000), (120, 4000)] {
            bars.push(t, [p, p + 3, p - 3, p + 1], 1.0);
        }
        let junctions = [
            Junction {
                time: 60,
                old: 1001,
                new: 2002,
            },
            Junction {
                time: 120,
                old: 2001,
                new: 4002,
            },
        ];
        let mut added = bars.clone();
        adjust(&mut added, &junctions, Adjustment::Difference).unwrap();
        assert_eq!(added.open, [1000 + 1001 + 2001, 2000 + 2001, 4000]);
        assert_eq!(added.high[0] - added.low[0], 6, "ranges in ticks stay");
        let mut times = bars.clone();
        adjust(&mut times, &junctions, Adjustment::Ratio).unwrap();
        assert_eq!(times.close, [4004, 4002, 4001]);
        assert!(times.validate().is_ok());
        let mut plain = bars.clone();
        adjust(&mut plain, &junctions, Adjustment::None).unwrap();
        assert_eq!(plain, bars);
        let down = [Junction {
            time: 120,
            old: 5000,
            new: 100,
        }];
        let err = adjust(&mut bars, &down, Adjustment::Difference).unwrap_err();
        assert!(err.to_string().contains("choose ratio"), "{err}");
    }
}
