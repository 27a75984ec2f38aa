//! Trade statistics: closed round trips of the agent's own, forced ones left out.
//!
//! A win has net profit above 0; exactly 0 is neither win nor loss. Expectancy is net profit
//! per trade, profit factor gross wins over gross losses (after costs), payoff the average win
//! over the average loss; the last two are `None` without a loss. The break-even win rate is
//! `1 / (1 + payoff)`. Hours are those of the entry in New York, weekdays those of its trading
//! day. Sums are made in integers, so they agree with the ledger to the cent.

use std::collections::BTreeMap;

use serde::Serialize;

use super::binomial::binomial_two_sided;
use super::break_even::break_even_test;
use super::daily::DayClock;
use super::wilson::{Interval, wilson};
use crate::sim::{Side, Trade};
use crate::units::Usd;

/// Statistics of a group of trades. Money in dollars.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TradeGroup {
    /// Closed round trips.
    pub count: u64,
    /// Trades with net profit above 0.
    pub wins: u64,
    /// Trades with net profit under 0.
    pub losses: u64,
    /// Trades with net profit of exactly 0.
    pub break_even: u64,
    /// Wins over count.
    pub win_rate: Option<f64>,
    /// Wilson's 95% interval of the win rate.
    pub win_rate_wilson: Option<Interval>,
    /// Mean net profit of the wins.
    pub average_win: Option<f64>,
    /// Mean net loss of the losses, negative.
    pub average_loss: Option<f64>,
    /// Mean net profit of all.
    pub expectancy: Option<f64>,
    /// Sum of wins over sum of losses.
    pub profit_factor: Option<f64>,
    /// Average win over average loss.
    pub payoff: Option<f64>,
    /// Win rate at which this payoff earns nothing.
    pub break_even_win_rate: Option<f64>,
    /// Mean bars held.
    pub average_bars_held: Option<f64>,
    /// Mean worst open loss, 0 or more.
    pub average_mae: Option<f64>,
    /// Largest worst open loss.
    pub max_mae: Option<f64>,
    /// Mean best open profit, 0 or more.
    pub average_mfe: Option<f64>,
    /// Largest best open profit.
    pub max_mfe: Option<f64>,
    /// From fill to fill.
    pub gross_pnl: Usd,
    /// Both sides, positive.
    pub commission: Usd,
    /// Gross less commission.
    pub net_pnl: Usd,
}

impl TradeGroup {
    /// Statistics of these trades.
    pub fn of<'a>(trades: impl Iterator<Item = &'a Trade>) -> Self {
        let (mut count, mut wins, mut losses, mut bars) = (0_u64, 0_u64, 0_u64, 0_u64);
        let (mut won, mut lost) = (Usd::ZERO, Usd::ZERO);
        let (mut gross_pnl, mut commission, mut net_pnl) = (Usd::ZERO, Usd::ZERO, Usd::ZERO);
        let (mut mae, mut mfe) = (Usd::ZERO, Usd::ZERO);
        let (mut max_mae, mut max_mfe) = (Usd::ZERO, Usd::ZERO);
        for t in trades {
            count += 1;
            bars += u64::from(t.bars_held);
            gross_pnl += t.gross_pnl;
            commission += t.commission;
            net_pnl += t.net_pnl;
            mae += t.mae;
            mfe += t.mfe;
            max_mae = max_mae.max(t.mae);
            max_mfe = max_mfe.max(t.mfe);
            if t.net_pnl > Usd::ZERO {
                wins += 1;
                won += t.net_pnl;
            } else if t.net_pnl < Usd::ZERO {
                losses += 1;
                lost += t.net_pnl;
            }
        }
        let mean = |sum: Usd, n: u64| (n > 0).then(|| sum.dollars() / n as f64);
        let average_win = mean(won, wins);
        let average_loss = mean(lost, losses);
        let payoff = average_win.zip(average_loss).map(|(w, l)| w / -l);
        let any = count > 0;
        Self {
            count,
            wins,
            losses,
            break_even: count - wins - losses,
            win_rate: any.then(|| wins as f64 / count as f64),
            win_rate_wilson: wilson(wins, count),
            average_win,
            average_loss,
            expectancy: mean(net_pnl, count),
            profit_factor: (losses > 0).then(|| won.dollars() / -lost.dollars()),
            payoff,
            break_even_win_rate: payoff.map(|p| 1.0 / (1.0 + p)),
            average_bars_held: any.then(|| bars as f64 / count as f64),
            average_mae: mean(mae, count),
            max_mae: any.then(|| max_mae.dollars()),
            average_mfe: mean(mfe, count),
            max_mfe: any.then(|| max_mfe.dollars()),
            gross_pnl,
            commission,
            net_pnl,
        }
    }
}

/// A short account of a slice of trades.
#[derive(Clone, Debug, PartialEq, Serialize, Default)]
pub struct TradeSlice {
    /// Closed round trips.
    pub count: u64,
    /// Trades with net profit above 0.
    pub wins: u64,
    /// Wins over count.
    pub win_rate: Option<f64>,
    /// Net profit in dollars.
    pub net_pnl: Usd,
}

impl TradeSlice {
    fn add(&mut self, t: &Trade) {
        self.count += 1;
        self.wins += u64::from(t.net_pnl > Usd::ZERO);
        self.net_pnl += t.net_pnl;
        self.win_rate = Some(self.wins as f64 / self.count as f64);
    }
}

/// Names of the weekdays in the order of [`crate::time::TradingDay::weekday`].
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Everything about the trades of a ledger.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TradeStats {
    /// All own trades.
    #[serde(flatten)]
    pub all: TradeGroup,
    /// Trades given by the curriculum, in no statistic.
    pub forced: u64,
    /// Long trades.
    pub long: TradeGroup,
    /// Short trades.
    pub short: TradeGroup,
    /// By exit reason; reasons that did not occur are absent.
    pub by_exit_reason: BTreeMap<&'static str, TradeSlice>,
    /// By New York hour of the entry, `00` to `23`.
    pub by_hour: BTreeMap<String, TradeSlice>,
    /// By weekday of the trading day of the entry.
    pub by_weekday: BTreeMap<&'static str, TradeSlice>,
    /// p-value of the win rate against one half.
    pub p_win_rate_half: Option<f64>,
    /// p-value of the win rate against the break-even rate, taken for known (exact binomial).
    pub p_win_rate_break_even: Option<f64>,
    /// The same with that rate's own error, see [`break_even_test`].
    pub p_win_rate_break_even_measured: Option<f64>,
}

impl TradeStats {
    /// Statistics of the trades that are not forced.
    pub fn of(trades: &[Trade], clock: &DayClock) -> Self {
        let own = || trades.iter().filter(|t| !t.forced);
        let side = |s: Side| TradeGroup::of(own().filter(|t| t.side == s));
        let all = TradeGroup::of(own());
        let mut by_exit_reason = BTreeMap::<_, TradeSlice>::new();
        let mut by_hour = BTreeMap::<_, TradeSlice>::new();
        let mut by_weekday = BTreeMap::<_, TradeSlice>::new();
        for t in own() {
            let weekday = clock.day(t.entry_time).weekday();
            by_exit_reason
                .entry(t.exit_reason.name())
                .or_default()
                .add(t);
            by_hour
                .entry(format!("{:02}", clock.hour(t.entry_time)))
                .or_default()
                .add(t);
            by_weekday
                .entry(WEEKDAYS[usize::from(weekday)])
                .or_default()
                .add(t);
        }
        let test = |p: f64| binomial_two_sided(all.wins, all.count, p);
        Self {
            p_win_rate_half: test(0.5),
            p_win_rate_break_even: all.break_even_win_rate.and_then(test),
            p_win_rate_break_even_measured: break_even_test(own().map(|t| t.net_pnl.dollars())),
            forced: trades.len() as u64 - all.count,
            long: side(Side::Long),
            short: side(Side::Short),
            all,
            by_exit_reason,
            by_hour,
            by_weekday,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::SessionCalendar;
    use crate::metrics::planted::Plant;

    fn clock() -> DayClock {
        DayClock::new(SessionCalendar::builtin())
    }

    #[test]
    fn no_trades() {
        let s = TradeStats::of(&[], &clock());
        assert_eq!(
            (s.all.count, s.all.win_rate, s.all.expectancy),
            (0, None, None)
        );
        assert_eq!(s.p_win_rate_half, None);
        assert_eq!(s.all.net_pnl, Usd::ZERO);
    }

    #[test]
    fn by_hand() {
        let (a, b) = ("2024-03-04T14:30:00Z", "2024-03-04T14:34:00Z");
        let ledger = Plant::new(50_000)
            .trade(Side::Long, a, b, 300)
            .trade(Side::Long, a, a, -100)
            .trade(
                Side::Short,
                "2024-03-05T20:10:00Z",
                "2024-03-05T20:10:00Z",
                0,
            )
            .trade(Side::Short, a, b, 9_999)
            .with(|t| t.forced = true)
            .ledger();
        let s = TradeStats::of(&ledger.trades, &clock());
        assert_eq!(
            (
                s.all.count,
                s.all.wins,
                s.all.losses,
                s.all.break_even,
                s.forced
            ),
            (3, 1, 1, 1, 1)
        );
        assert_eq!(s.all.win_rate, Some(1.0 / 3.0));
        assert_eq!(
            (s.all.average_win, s.all.average_loss),
            (Some(300.0), Some(-100.0))
        );
        assert_eq!((s.all.profit_factor, s.all.payoff), (Some(3.0), Some(3.0)));
        assert_eq!(s.all.break_even_win_rate, Some(0.25));
        assert_eq!(s.all.average_bars_held, Some(7.0 / 3.0));
        assert_eq!(s.all.net_pnl, Usd::whole(200));
        assert_eq!(s.all.gross_pnl - s.all.commission, s.all.net_pnl);
        assert_eq!((s.long.count, s.short.count), (2, 1));
        assert_eq!(s.by_hour["09"].count, 2);
        assert_eq!(s.by_hour["15"].count, 1);
        assert_eq!(s.by_weekday["mon"].count, 2);
        assert_eq!(s.by_exit_reason["stop"].win_rate, Some(1.0 / 3.0));
    }

    #[test]
    fn without_a_loss_there_is_no_factor() {
        let t = "2024-03-04T14:30:00Z";
        let ledger = Plant::new(50_000).trade(Side::Long, t, t, 50).ledger();
        let all = TradeStats::of(&ledger.trades, &clock()).all;
        assert_eq!(
            (all.profit_factor, all.payoff, all.break_even_win_rate),
            (None, None, None)
        );
        assert_eq!(all.win_rate, Some(1.0));
    }
}
