//! Replays the floor bar by bar over a ledger's equity, the way the simulator does.
//!
//! A new trading day first, then the bar's best equity, then its worst (or the other way round
//! where that is asked for). The replay ends with the bar that breaks the floor; figures are up
//! to and including it. Everything is recomputed from the rule set's start balance, and the
//! ledger's own floor is only compared.

use super::floor::TrailingFloor;
use super::ruleset::{Enforcement, FloorBasis, RuleSet};
use crate::metrics::DayClock;
use crate::sim::{EquityRow, Referee};
use crate::time::TradingDay;
use crate::units::Usd;

/// What is assumed to come first inside a bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BarOrder {
    /// The best equity: the conservative order, and the one that judges.
    #[default]
    BestFirst,
    /// The worst equity; bars on which the order matters are then listed without a breach.
    WorstFirst,
}

/// A moment of the replay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Index of the row.
    pub row: usize,
    /// Equity compared.
    pub equity: Usd,
    /// Floor at that moment.
    pub floor: Usd,
    /// Highest equity so far.
    pub peak: Usd,
}

/// What the replay found. Indices count rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replay {
    /// The bar that broke the floor.
    pub breach: Option<usize>,
    /// Bars that break the floor only when the high came before the low.
    pub ambiguous: Vec<usize>,
    /// Rows replayed, the breach included.
    pub rows: usize,
    /// The moment with the least room above the floor.
    pub tightest: Option<Moment>,
    /// The deepest fall of intraday equity from its peak.
    pub deepest: Option<Moment>,
    /// First row whose own floor differs, with the floor that it should have.
    pub floor_mismatch: Option<(usize, Usd)>,
}

/// The trading day of each row; `None` outside the sessions.
pub(super) fn row_days(rows: &[EquityRow], clock: &DayClock) -> Vec<Option<TradingDay>> {
    rows.iter().map(|r| clock.session(r.time)).collect()
}

/// Whether each row is the last of its trading day.
pub(super) fn last_of_day(days: &[Option<TradingDay>]) -> Vec<bool> {
    let mut last = vec![false; days.len()];
    let mut next: Option<TradingDay> = None;
    for (i, day) in days.iter().enumerate().rev() {
        if day.is_some() {
            last[i] = *day != next;
            next = *day;
        }
    }
    last
}

impl Replay {
    /// Replays rows under a rule set.
    pub fn of(rules: &RuleSet, rows: &[EquityRow], clock: &DayClock, order: BarOrder) -> Self {
        Self::seen(rules, rows, clock, order, |_, _, _| {})
    }

    /// Replays rows and shows row, floor and peak after each bar, the breach included.
    pub fn seen(
        rules: &RuleSet,
        rows: &[EquityRow],
        clock: &DayClock,
        order: BarOrder,
        mut show: impl FnMut(usize, Usd, Usd),
    ) -> Self {
        let mut replay = Self::default();
        let mut floor: TrailingFloor = rules.trailing_floor();
        let days = row_days(rows, clock);
        let last = last_of_day(&days);
        let real_time = rules.floor.enforcement == Enforcement::RealTime;
        let mut today: Option<TradingDay> = None;
        let mut day_end = rules.account.start_balance;
        for (i, row) in rows.iter().enumerate() {
            if let Some(day) = days[i] {
                if today.is_some_and(|t| t != day) {
                    floor.new_day(day_end);
                }
                today = Some(day);
                day_end = match rules.floor.basis {
                    FloorBasis::EodEquity => row.equity_close,
                    _ => row.balance,
                };
            }
            let before = floor;
            floor.best(row.equity_best);
            show(i, floor.floor(), floor.peak());
            replay.rows = i + 1;
            let moment = |equity| Moment {
                row: i,
                equity,
                floor: floor.floor(),
                peak: floor.peak(),
            };
            let fall = |m: &Moment| m.peak - m.equity;
            let low = moment(row.equity_worst);
            if replay.deepest.is_none_or(|d| fall(&low) > fall(&d)) {
                replay.deepest = Some(low);
            }
            if row.floor != floor.floor() && replay.floor_mismatch.is_none() {
                replay.floor_mismatch = Some((i, floor.floor()));
            }
            if !real_time && !last[i] {
                continue;
            }
            let equity = if real_time {
                row.equity_worst
            } else {
                row.equity_close
            };
            // At the close of a day the order inside the bar is past.
            let worst_first = real_time && order == BarOrder::WorstFirst;
            let level = if worst_first { before } else { floor };
            let judged = Moment {
                floor: level.floor(),
                ..moment(equity)
            };
            let room = |m: &Moment| m.equity - m.floor;
            if replay.tightest.is_none_or(|t| room(&judged) < room(&t)) {
                replay.tightest = Some(judged);
            }
            if real_time && floor.breached(equity) && !before.breached(equity) {
                replay.ambiguous.push(i);
            }
            if level.breached(equity) {
                replay.breach = Some(i);
                break;
            }
        }
        replay
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::SessionCalendar;
    use crate::metrics::planted::Plant;
    use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};

    fn run(rules: &RuleSet, plant: Plant) -> Replay {
        let clock = DayClock::new(SessionCalendar::builtin());
        Replay::of(rules, &plant.ledger().rows, &clock, BarOrder::BestFirst)
    }

    fn cents(c: i64) -> Usd {
        Usd(c * 100)
    }

    #[test]
    fn a_breach_that_needs_the_bars_own_peak_is_ambiguous() {
        let rules = RuleSet::builtin("apex-50k-seed").unwrap();
        let usd = Usd::whole;
        let bar = |best, worst| {
            Plant::new(50_000).bar(
                "2024-03-04T15:00:00Z",
                usd(50_000),
                [usd(48_000), best, worst],
                1,
            )
        };
        // Peak 50 100 lifts the floor to 47 600; it was 47 500 before.
        for (worst, breach, ambiguous) in [
            (cents(4_760_001), false, false),
            (cents(4_760_000), true, true),
            (cents(4_750_001), true, true),
            (cents(4_750_000), true, false),
        ] {
            let r = run(&rules, bar(usd(50_100), worst));
            assert_eq!(r.breach.is_some(), breach, "{worst}");
            assert_eq!(!r.ambiguous.is_empty(), ambiguous, "{worst}");
        }
    }

    #[test]
    fn an_end_of_day_floor_follows_the_last_balance_from_the_next_day_on() {
        let rules = RuleSet::builtin("topstep-50k").unwrap();
        let usd = Usd::whole;
        let plant = |worst: Usd| {
            Plant::new(50_000)
                .row("2024-03-04T15:00:00Z", 51_000)
                .bar(
                    "2024-03-04T15:01:00Z",
                    usd(51_000),
                    [usd(50_500), usd(51_900), usd(48_100)],
                    1,
                )
                .row("2024-03-04T15:02:00Z", 50_500)
                .row("2024-03-04T22:30:00Z", 50_500) // halt: no day
                .bar(
                    "2024-03-05T15:00:00Z",
                    usd(50_500),
                    [usd(50_000), usd(50_500), worst],
                    1,
                )
        };
        assert_eq!(run(&rules, plant(cents(4_850_001))).breach, None);
        assert_eq!(run(&rules, plant(usd(48_500))).breach, Some(4));
        assert!(run(&rules, plant(usd(48_500))).ambiguous.is_empty());
    }

    #[test]
    fn enforcement_at_the_close_forgives_the_day() {
        let text = RuleSet::builtin("topstep-50k").unwrap().to_toml().unwrap();
        let rules = RuleSet::parse(&text.replace("\"real_time\"", "\"session_close\"")).unwrap();
        let usd = Usd::whole;
        let dip = |plant: Plant| {
            plant.bar(
                "2024-03-04T15:00:00Z",
                usd(50_000),
                [usd(47_000), usd(50_000), usd(46_000)],
                1,
            )
        };
        let forgiven = dip(Plant::new(50_000)).row("2024-03-04T15:01:00Z", 48_001);
        assert_eq!(run(&rules, forgiven).breach, None);
        let closed_under = dip(Plant::new(50_000)).row("2024-03-04T15:01:00Z", 48_000);
        assert_eq!(run(&rules, closed_under).breach, Some(1));
    }

    #[test]
    fn nothing_after_the_breach_is_looked_at() {
        let rules = RuleSet::builtin("apex-50k-seed").unwrap();
        let r = run(
            &rules,
            Plant::new(50_000)
                .row("2024-03-04T15:00:00Z", 47_500)
                .row("2024-03-04T15:01:00Z", 40_000),
        );
        assert_eq!((r.breach, r.rows), (Some(0), 1));
        assert_eq!(
            r.deepest.map(|d| d.peak - d.equity),
            Some(Usd::whole(2_500))
        );
    }

    #[test]
    fn under_the_other_order_ambiguous_bars_are_listed_and_lived_through() {
        let rules = RuleSet::builtin("apex-50k-seed").unwrap();
        let usd = Usd::whole;
        let bars = [usd(47_600), usd(47_600)].map(|w| [usd(48_000), usd(50_100), w]);
        let ledger = Plant::new(50_000)
            .bar("2024-03-04T15:00:00Z", usd(50_000), bars[0], 1)
            .bar("2024-03-04T15:01:00Z", usd(50_000), bars[1], 1)
            .ledger();
        let clock = DayClock::new(SessionCalendar::builtin());
        let r = Replay::of(&rules, &ledger.rows, &clock, BarOrder::WorstFirst);
        // In the second bar the floor stands at 47 600 already: no order saves it.
        assert_eq!((r.ambiguous, r.breach), (vec![0], Some(1)));
    }

    /// Best and worst equity of a day's bars, in dollars around 50 000.
    fn random_days() -> impl Strategy<Value = Vec<Vec<(i64, i64)>>> {
        let bar = (-3_000_i64..6_000, 0_i64..1_500).prop_map(|(best, fall)| (best, best - fall));
        proptest::collection::vec(proptest::collection::vec(bar, 1..6), 1..5)
    }

    proptest! {
        /// The floor by its definition, from the whole past at every bar.
        #[test]
        fn the_replay_is_the_definition(days in random_days(), eod in any::<bool>()) {
            let id = if eod { "tradeify-50k" } else { "apex-50k-seed" };
            let rules = RuleSet::builtin(id).unwrap();
            let mut plant = Plant::new(50_000);
            let (mut expected, mut rows) = (None, 0);
            let mut highs = vec![50_000];
            for (d, bars) in days.iter().enumerate() {
                for (m, &(best, worst)) in bars.iter().enumerate() {
                    let (best, worst) = (50_000 + best, 50_000 + worst);
                    let time = format!("2024-03-{:02}T15:{m:02}:00Z", 4 + d);
                    let usd = Usd::whole;
                    plant = plant.bar(&time, usd(worst), [usd(worst), usd(best), usd(worst)], 0);
                    if !eod {
                        highs.push(best);
                    }
                    let high = highs.iter().max().copied().unwrap();
                    let limit = if eod { 2_000 } else { 2_500 };
                    if expected.is_none() && worst <= (high - limit).min(50_100) {
                        expected = Some(rows);
                    }
                    rows += 1;
                }
                if eod {
                    highs.push(50_000 + bars[bars.len() - 1].1);
                }
            }
            prop_assert_eq!(run(&rules, plant).breach, expected);
        }
    }
}
