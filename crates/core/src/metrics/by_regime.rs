//! Where the money was made and lost: an account's figures by the regime it traded in.
//!
//! A trade belongs to the regime of the bar at whose close it was decided, a decision to that
//! of its own bar. A cell is one label (`trending`) or a crossing of two labels of different
//! kinds (`trending` and `high_volatility`). Its Sharpe ratio is that of the daily profit of its
//! trades over the account's balance at the day's start, on the days on which the regime
//! occurred at all; its drawdown that of its own trades one after another. With fewer than 30
//! trades a cell shows its counts and sums and declines to give a rate.

use std::collections::BTreeMap;

use serde::Serialize;

use super::daily::{AccountDay, DayClock};
use super::drawdown::{Drawdowns, Episode};
use super::sharpe::{sharpe, sharpe_standard_error};
use super::tearsheet::ledger_days;
use super::wilson::{Interval, wilson, z95};
use crate::market::SessionCalendar;
use crate::regime::Regime;
use crate::sim::{Action, Ledger, N_ACTIONS, Trade};
use crate::time::format_utc;

/// Trades below which a cell gives no rate.
pub const MIN_TRADES: u64 = 30;
/// Share of bars in unseen regimes above which there is a warning.
const UNSEEN_WARNING: f64 = 0.05;
/// Drawdowns whose regimes are told.
const DRAWDOWNS: usize = 10;
/// Kinds of labels.
const KINDS: usize = 4;
/// Their names, in the order of [`labels`].
const KIND_NAMES: [&str; KINDS] = ["trend", "volatility", "direction", "session"];

/// Figures of one regime.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegimeCell {
    /// Kinds of the labels: `trend`, `volatility`, `direction`, `session`.
    pub kinds: Vec<&'static str>,
    /// The labels, one of each kind.
    pub labels: Vec<&'static str>,
    /// Bars.
    pub bars: u64,
    /// Days on which it occurred.
    pub days: usize,
    /// Own trades.
    pub trades: u64,
    /// Those with net profit above 0.
    pub wins: u64,
    /// Net profit in dollars.
    pub net_pnl: f64,
    /// Largest drawdown of these trades one after another, in dollars.
    pub max_drawdown_usd: f64,
    /// Share of winning trades.
    pub win_rate: Option<f64>,
    /// Wilson's 95% interval.
    pub win_rate_interval: Option<Interval>,
    /// Net profit per trade in dollars.
    pub expectancy: Option<f64>,
    /// Annual Sharpe ratio.
    pub sharpe: Option<f64>,
    /// 95% interval by Mertens' standard error.
    pub sharpe_interval: Option<Interval>,
    /// Decisions by action.
    pub actions: BTreeMap<&'static str, u64>,
    /// Why there is no rate.
    pub declined: Option<String>,
}

/// Trades by hour of entry in New York and weekday.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HourCell {
    /// Hour, 0 to 23.
    pub hour: u8,
    /// 0 for Monday to 4 for Friday.
    pub weekday: u8,
    /// Own trades.
    pub trades: u64,
    /// Those with net profit above 0.
    pub wins: u64,
    /// Net profit in dollars.
    pub net_pnl: f64,
    /// Share of winning trades; `None` with fewer than 30.
    pub win_rate: Option<f64>,
}

/// In which regime a drawdown began and deepened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DrawdownRegime {
    /// Open time of the bar of the peak; `None` for the start balance.
    pub start: Option<String>,
    /// Open time of the deepest bar.
    pub trough: Option<String>,
    /// Depth in dollars.
    pub depth_usd: f64,
    /// Labels at the peak, by kind.
    pub began: BTreeMap<&'static str, &'static str>,
    /// By kind, the label in which most of the fall happened, and its share of the falls.
    pub deepened: BTreeMap<&'static str, (&'static str, f64)>,
}

/// Everything about regimes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegimeTable {
    /// Trades below which a cell gives no rate.
    pub min_trades: u64,
    /// One label a cell.
    pub single: Vec<RegimeCell>,
    /// Two labels a cell.
    pub crossings: Vec<RegimeCell>,
    /// By hour and weekday; hours without a trade are left out.
    pub hour_weekday: Vec<HourCell>,
    /// The deepest drawdowns of intraday equity.
    pub drawdowns: Vec<DrawdownRegime>,
    /// Share of the bars in a combination of trend, volatility and direction that training never
    /// met.
    pub unseen_share: Option<f64>,
    /// What to think of that.
    pub warning: Option<String>,
}

/// Labels of a bar by kind; undefined ones are `None`.
fn labels(r: &Regime) -> [Option<&'static str>; KINDS] {
    [
        r.trend.map(|x| x.name()),
        r.volatility.map(|x| x.name()),
        r.direction.map(|x| x.name()),
        Some(r.session.name()),
    ]
}

#[derive(Default)]
struct Sums {
    bars: u64,
    trades: u64,
    wins: u64,
    pnl: Vec<f64>,
    by_day: BTreeMap<usize, f64>,
    actions: [u64; N_ACTIONS],
}

impl Sums {
    fn add_trade(&mut self, t: &Trade, day: Option<usize>) {
        let pnl = t.net_pnl.dollars();
        self.trades += 1;
        self.wins += u64::from(pnl > 0.0);
        self.pnl.push(pnl);
        if let Some(day) = day {
            *self.by_day.entry(day).or_default() += pnl;
        }
    }

    fn cell(&self, key: &Key, days: &[AccountDay], rf: f64) -> RegimeCell {
        let named = key
            .iter()
            .zip(KIND_NAMES)
            .filter_map(|(l, k)| Some((k, (*l)?)));
        let (kinds, labels) = named.unzip();
        let returns: Vec<f64> = self
            .by_day
            .iter()
            .map(|(&d, pnl)| pnl / days[d].start.dollars())
            .collect();
        let enough = self.trades >= MIN_TRADES;
        let net_pnl = self.pnl.iter().sum::<f64>();
        let mut now = 0.0;
        let path: Vec<f64> = std::iter::once(0.0)
            .chain(self.pnl.iter().map(|p| {
                now += p;
                now
            }))
            .collect();
        let ratio = if enough { sharpe(&returns, rf) } else { None };
        let error = sharpe_standard_error(&returns, rf);
        let around = |(s, e): (f64, f64)| Interval {
            lower: s - z95() * e,
            upper: s + z95() * e,
        };
        let rate = |x: f64| enough.then(|| x / self.trades as f64);
        RegimeCell {
            kinds,
            labels,
            bars: self.bars,
            days: self.by_day.len(),
            trades: self.trades,
            wins: self.wins,
            net_pnl,
            max_drawdown_usd: Drawdowns::of_path(&path).max,
            win_rate: rate(self.wins as f64),
            win_rate_interval: if enough {
                wilson(self.wins, self.trades)
            } else {
                None
            },
            expectancy: rate(net_pnl),
            sharpe: ratio,
            sharpe_interval: ratio.zip(error).map(around),
            actions: Action::ALL
                .map(|a| (a.name(), self.actions[a.index()]))
                .into(),
            declined: (!enough)
                .then(|| format!("{} trades, {MIN_TRADES} are needed for a rate", self.trades)),
        }
    }
}

/// A cell's name: its label of each kind, `None` where any will do.
type Key = [Option<&'static str>; KINDS];

/// The cells that a bar belongs to: one for each label and one for each pair.
fn keys(of: &Key) -> impl Iterator<Item = Key> + '_ {
    let pair = move |a: usize, b: usize| {
        let mut key: Key = [None; KINDS];
        (key[a], key[b]) = (Some(of[a]?), Some(of[b]?));
        Some(key)
    };
    (0..KINDS).flat_map(move |a| (a..KINDS).filter_map(move |b| pair(a, b)))
}

/// Breaks a ledger down by regime; `regimes` holds the labels of its rows, one each.
///
/// `unseen_share` is the share of bars in regimes that training never met, where known.
/// `None` unless every row has its labels.
pub fn by_regime(
    ledger: &Ledger,
    regimes: &[Regime],
    unseen_share: Option<f64>,
    calendar: &SessionCalendar,
    rf: f64,
) -> Option<RegimeTable> {
    let rows = &ledger.rows;
    if regimes.len() != rows.len() {
        return None;
    }
    let days = ledger_days(ledger, calendar);
    let of: Vec<Key> = regimes.iter().map(labels).collect();
    let mut cells: BTreeMap<Key, Sums> = BTreeMap::new();
    for (d, day) in days.iter().enumerate() {
        for i in day.first..=day.last {
            for key in keys(&of[i]) {
                let sums = cells.entry(key).or_default();
                sums.bars += 1;
                sums.actions[rows[i].action.index()] += 1;
                sums.by_day.entry(d).or_default();
            }
        }
    }
    let decided = |t: &Trade| {
        rows.partition_point(|r| r.time < t.entry_time)
            .saturating_sub(1)
    };
    for t in ledger.own_trades() {
        let at = decided(t);
        let day = days.iter().position(|d| (d.first..=d.last).contains(&at));
        for key in of.get(at).into_iter().flat_map(keys) {
            cells.entry(key).or_default().add_trade(t, day);
        }
    }
    let (mut single, mut crossings) = (Vec::new(), Vec::new());
    for (key, sums) in &cells {
        let cell = sums.cell(key, &days, rf);
        if cell.labels.len() == 1 {
            single.push(cell)
        } else {
            crossings.push(cell)
        }
    }
    single.sort_by_key(|c| KIND_NAMES.iter().position(|k| Some(k) == c.kinds.first()));
    let warning = unseen_share.filter(|&s| s > UNSEEN_WARNING).map(|s| {
        format!(
            "{:.1}% of these bars are in a combination of trend, volatility and direction that training never met",
            100.0 * s
        )
    });
    Some(RegimeTable {
        min_trades: MIN_TRADES,
        single,
        crossings,
        hour_weekday: hour_weekday(ledger, calendar),
        drawdowns: drawdown_regimes(ledger, &of),
        unseen_share,
        warning,
    })
}

fn hour_weekday(ledger: &Ledger, calendar: &SessionCalendar) -> Vec<HourCell> {
    let clock = DayClock::new(calendar.clone());
    let mut cells: BTreeMap<(u8, u8), (u64, u64, f64)> = BTreeMap::new();
    for t in ledger.own_trades() {
        let key = (clock.hour(t.entry_time), clock.day(t.entry_time).weekday());
        let c = cells.entry(key).or_default();
        let pnl = t.net_pnl.dollars();
        *c = (c.0 + 1, c.1 + u64::from(pnl > 0.0), c.2 + pnl);
    }
    let cell = |((hour, weekday), (trades, wins, net_pnl))| HourCell {
        hour,
        weekday,
        trades,
        wins,
        net_pnl,
        win_rate: (trades >= MIN_TRADES).then(|| wins as f64 / trades as f64),
    };
    cells.into_iter().map(cell).collect()
}

fn drawdown_regimes(ledger: &Ledger, of: &[Key]) -> Vec<DrawdownRegime> {
    let rows = &ledger.rows;
    let start = ledger.start_balance.dollars();
    let points = rows
        .iter()
        .map(|r| (r.equity_best.dollars(), r.equity_worst.dollars()));
    let all = Drawdowns::of_points(std::iter::once((start, start)).chain(points));
    let named = |key: &Key| {
        KIND_NAMES
            .into_iter()
            .zip(key)
            .filter_map(|(k, l)| Some((k, (*l)?)))
            .collect()
    };
    let time = |point: usize| point.checked_sub(1).map(|i| format_utc(rows[i].time));
    let one = |e: &Episode| {
        // Point k of the drawdown is row k - 1; a fall belongs to the bar in which it happened.
        let mut falls: [BTreeMap<&'static str, f64>; KINDS] = Default::default();
        for point in e.start.max(1) + 1..=e.trough {
            let (i, before) = (point - 1, point - 2);
            let fall = (rows[before].equity_close - rows[i].equity_close).dollars();
            for (kind, label) in falls.iter_mut().zip(&of[i]) {
                if let (Some(label), true) = (label, fall > 0.0) {
                    *kind.entry(label).or_default() += fall;
                }
            }
        }
        let most = |kind: &BTreeMap<&'static str, f64>| {
            let sum: f64 = kind.values().sum();
            let (label, fall) = kind.iter().max_by(|a, b| a.1.total_cmp(b.1))?;
            Some((*label, fall / sum))
        };
        DrawdownRegime {
            start: time(e.start),
            trough: time(e.trough),
            depth_usd: e.depth,
            began: of
                .get(e.start.saturating_sub(1))
                .map(named)
                .unwrap_or_default(),
            deepened: KIND_NAMES
                .into_iter()
                .zip(&falls)
                .filter_map(|(k, f)| Some((k, most(f)?)))
                .collect(),
        }
    };
    all.worst(DRAWDOWNS).iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::Plant;
    use crate::regime::{Direction, SessionPart, Trend, Volatility};
    use crate::sim::Side;
    use crate::units::Usd;

    fn regime(trend: Trend, volatility: Option<Volatility>) -> Regime {
        Regime {
            trend: Some(trend),
            volatility,
            direction: Some(Direction::Bull),
            session: SessionPart::Morning,
        }
    }

    #[test]
    fn a_trade_belongs_to_the_bar_that_decided_it() {
        let mut plant = Plant::new(50_000);
        let times = [
            "2024-03-04T15:00:00Z",
            "2024-03-04T15:01:00Z",
            "2024-03-04T15:02:00Z",
        ];
        for (t, b) in times.iter().zip([50_000, 49_800, 49_900]) {
            plant = plant.row(t, b);
        }
        let ledger = plant
            .trade(Side::Long, times[1], times[1], -200)
            .trade(Side::Long, times[2], times[2], 100)
            .ledger();
        let labels = [
            regime(Trend::Trending, Some(Volatility::High)),
            regime(Trend::Ranging, None),
            regime(Trend::Trending, None),
        ];
        let table = by_regime(
            &ledger,
            &labels,
            Some(0.2),
            &SessionCalendar::builtin(),
            0.0,
        )
        .unwrap();
        let cell = |name: &str| table.single.iter().find(|c| c.labels == [name]).unwrap();
        assert_eq!(
            (
                cell("trending").trades,
                cell("trending").net_pnl,
                cell("trending").bars
            ),
            (1, -200.0, 2)
        );
        assert_eq!((cell("ranging").trades, cell("ranging").wins), (1, 1));
        assert_eq!(cell("trending").win_rate, None);
        assert!(
            cell("trending")
                .declined
                .as_ref()
                .unwrap()
                .contains("1 trades, 30")
        );
        let crossing = table
            .crossings
            .iter()
            .find(|c| c.labels == ["trending", "high_volatility"])
            .unwrap();
        assert_eq!((crossing.trades, crossing.bars), (1, 1));
        assert!(table.warning.is_some());
        assert_eq!(table.hour_weekday.len(), 1);
        // The fall of 200 happened in the ranging bar.
        assert_eq!(table.drawdowns[0].deepened["trend"], ("ranging", 1.0));
        assert_eq!(
            by_regime(
                &ledger,
                &labels[..2],
                None,
                &SessionCalendar::builtin(),
                0.0
            ),
            None
        );
    }

    #[test]
    fn thirty_trades_make_a_rate_and_cells_add_up() {
        let mut plant = Plant::new(50_000);
        for d in 4..9 {
            for m in 0..8 {
                let t = format!("2024-03-0{d}T15:0{m}:00Z");
                plant = plant.row(&t, 50_000);
                if m > 0 {
                    plant = plant.trade(Side::Short, &t, &t, if m % 2 == 0 { 90 } else { -50 });
                }
            }
        }
        let ledger = plant.ledger();
        let labels = vec![regime(Trend::Mixed, Some(Volatility::Low)); ledger.rows.len()];
        let table = by_regime(&ledger, &labels, None, &SessionCalendar::builtin(), 0.0).unwrap();
        let total: Usd = ledger.trades.iter().map(|t| t.net_pnl).sum();
        for c in &table.single {
            assert_eq!((c.trades, c.wins, c.net_pnl), (35, 15, total.dollars()));
            assert_eq!(c.win_rate, Some(15.0 / 35.0));
            assert_eq!(
                (c.days, c.sharpe),
                (5, None),
                "five equal days have no deviation"
            );
        }
        assert_eq!(table.warning, None);
    }

    #[test]
    fn an_empty_ledger_has_an_empty_table() {
        let ledger = Plant::new(50_000).ledger();
        let t = by_regime(&ledger, &[], None, &SessionCalendar::builtin(), 0.0).unwrap();
        assert!(t.single.is_empty() && t.drawdowns.is_empty());
    }

    #[test]
    fn thirty_trades_are_enough_and_one_less_is_not() {
        for n in [29, 30] {
            let mut plant = Plant::new(50_000);
            for m in 0..=n {
                let t = format!("2024-03-04T15:{m:02}:00Z");
                plant = plant.row(&t, 50_000);
                if m > 0 {
                    plant = plant.trade(Side::Long, &t, &t, 10);
                }
            }
            let ledger = plant.ledger();
            let labels = vec![regime(Trend::Mixed, None); ledger.rows.len()];
            let all = by_regime(&ledger, &labels, None, &SessionCalendar::builtin(), 0.0).unwrap();
            let cell = &all.single[0];
            assert_eq!((cell.trades, cell.win_rate.is_some()), (n, n == 30));
            assert_eq!(cell.declined.is_some(), n == 29);
        }
    }
}
