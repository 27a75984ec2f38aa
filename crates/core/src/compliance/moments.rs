//! The worst moments of an account: for each trading day the bar that came closest to the floor.

use serde::Serialize;

use super::replay::Replay;
use super::ruleset::RuleSet;
use super::view::LedgerView;
use crate::market::SessionCalendar;
use crate::metrics::DayClock;
use crate::time::TradingDay;
use crate::units::Usd;

/// The bar of a day that came closest to the floor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorstMoment {
    /// Trading day.
    pub day: TradingDay,
    /// Open time of the bar, Unix seconds.
    pub time: i64,
    /// Worst equity of the bar.
    pub equity: Usd,
    /// Floor after the bar's best equity.
    pub floor: Usd,
    /// Highest equity so far.
    pub peak: Usd,
    /// The trade that was open in the bar.
    pub trade: Option<u32>,
}

impl WorstMoment {
    /// Dollars between equity and floor.
    pub fn room(&self) -> Usd {
        self.equity - self.floor
    }
}

/// Floor and peak after each bar up to the breach, as the replay finds them.
pub fn floor_and_peak(
    rules: &RuleSet,
    ledger: &LedgerView<'_>,
    calendar: &SessionCalendar,
) -> Vec<(Usd, Usd)> {
    let clock = DayClock::new(calendar.clone());
    let mut seen = Vec::with_capacity(ledger.rows.len());
    Replay::seen(
        rules,
        ledger.rows,
        &clock,
        super::replay::BarOrder::BestFirst,
        |_, floor, peak| seen.push((floor, peak)),
    );
    seen
}

/// The `n` days that came closest to the floor, the closest first, up to the breach.
///
/// Days on which nothing was open say nothing new and are left out, unless there is no other.
pub fn worst_moments(
    rules: &RuleSet,
    ledger: &LedgerView<'_>,
    calendar: &SessionCalendar,
    n: usize,
) -> Vec<WorstMoment> {
    let clock = DayClock::new(calendar.clone());
    let levels = floor_and_peak(rules, ledger, calendar);
    let mut days: Vec<WorstMoment> = Vec::new();
    let mut open = std::collections::BTreeSet::new();
    for (row, (floor, peak)) in ledger.rows.iter().zip(levels) {
        let Some(day) = clock.session(row.time) else {
            continue;
        };
        let now = WorstMoment {
            day,
            time: row.time,
            equity: row.equity_worst,
            floor,
            peak,
            trade: None,
        };
        if row.position != 0 || row.equity_worst != row.balance || row.equity_best != row.balance {
            open.insert(day);
        }
        match days.last_mut() {
            Some(last) if last.day == day => {
                if now.room() < last.room() {
                    *last = now;
                }
            }
            _ => days.push(now),
        }
    }
    if !open.is_empty() {
        days.retain(|m| open.contains(&m.day));
    }
    days.sort_by_key(|m| (m.room(), m.time));
    days.truncate(n);
    for m in &mut days {
        let open = |t: &&crate::sim::Trade| t.entry_time <= m.time && m.time <= t.exit_time;
        m.trade = ledger.trades.iter().find(open).map(|t| t.id);
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::Plant;
    use crate::sim::Side;

    #[test]
    fn each_day_gives_its_closest_bar_and_the_closest_day_comes_first() {
        let usd = Usd::whole;
        let (a, b) = ("2024-03-05T15:00:00Z", "2024-03-05T15:01:00Z");
        let plant = Plant::new(50_000)
            .row("2024-03-01T15:00:00Z", 50_000)
            .bar(
                "2024-03-04T15:00:00Z",
                usd(50_000),
                [usd(50_000), usd(50_000), usd(49_999)],
                0,
            )
            .bar(a, usd(50_000), [usd(49_000), usd(50_100), usd(48_900)], 1)
            .trade(Side::Long, a, b, -500)
            .row(b, 49_500);
        let ledger = plant.ledger();
        let rules = RuleSet::builtin("apex-50k-seed").unwrap();
        let calendar = SessionCalendar::builtin();
        let worst = worst_moments(&rules, &LedgerView::of(&ledger), &calendar, 5);
        assert_eq!(worst.len(), 2);
        assert_eq!(worst[0].room(), usd(48_900 - 47_600));
        assert_eq!((worst[0].trade, worst[1].trade), (Some(1), None));
        assert_eq!(
            worst_moments(&rules, &LedgerView::of(&ledger), &calendar, 1).len(),
            1
        );
    }
}
