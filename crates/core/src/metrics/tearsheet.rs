//! Every figure of an account in one nested structure, from a ledger or from daily numbers.
//!
//! Money in dollars, ratios as fractions, what cannot be computed is `null`. The window, the
//! command line and the report print these same numbers. What it leaves out: benchmarks other
//! than given daily returns, and anything that needs the bars themselves.

use serde::Serialize;

use super::actions::ActionStats;
use super::bootstrap::BootstrapSettings;
use super::daily::{AccountDay, DailySeries, DayClock, account_days};
use super::drawdown::{DrawdownStats, Drawdowns};
use super::growth::{cagr, calmar, recovery_factor, return_over_volatility, volatility};
use super::information::information_ratio;
use super::mean_test::{MeanTest, mean_test};
use super::moments::mean;
use super::omega::omega;
use super::shape::{kurtosis, skewness};
use super::sharpe::{DAYS_PER_YEAR, sharpe};
use super::sortino::sortino;
use super::stability::stability;
use super::tail::tail_ratio;
use super::trades::TradeStats;
use super::ulcer::ulcer_index;
use super::uncertainty::{DayTrades, Uncertainty};
use super::value_at_risk::{TailRisk, tail_risk};
use crate::market::SessionCalendar;
use crate::sim::{EquityRow, Ledger, Trade};
use crate::time::{TradingDay, format_utc};

/// What the figures are computed with.
#[derive(Clone, Debug)]
pub struct TearsheetSettings {
    /// Yearly risk-free rate as a fraction.
    pub rf: f64,
    /// Daily target return of the Sortino ratio; `rf / 252` when absent.
    pub sortino_target: Option<f64>,
    /// Resampling of days.
    pub bootstrap: BootstrapSettings,
    /// Sessions of the exchange.
    pub calendar: SessionCalendar,
    /// Daily returns of a benchmark, one per day of the account.
    pub benchmark: Option<Vec<f64>>,
}

impl TearsheetSettings {
    /// Daily target return of the Sortino ratio.
    fn daily_target(&self) -> f64 {
        self.sortino_target.unwrap_or(self.rf / DAYS_PER_YEAR)
    }
}

impl Default for TearsheetSettings {
    fn default() -> Self {
        Self {
            rf: 0.02,
            sortino_target: None,
            bootstrap: BootstrapSettings::default(),
            calendar: SessionCalendar::builtin(),
            benchmark: None,
        }
    }
}

/// Figures of the daily series.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReturnStats {
    /// Trading days.
    pub days: usize,
    /// First trading day.
    pub first_day: Option<TradingDay>,
    /// Last trading day.
    pub last_day: Option<TradingDay>,
    /// Balance before the first day in dollars.
    pub start_balance: f64,
    /// Balance after the last day in dollars.
    pub end_balance: f64,
    /// Net profit in dollars.
    pub net_pnl: f64,
    /// Net profit over the start balance.
    pub total_return: Option<f64>,
    /// Compound annual return.
    pub cagr: Option<f64>,
    /// Mean daily profit in dollars.
    pub mean_daily_pnl: Option<f64>,
    /// Mean daily return.
    pub mean_daily_return: Option<f64>,
    /// Annual volatility.
    pub volatility: Option<f64>,
    /// Annual Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Annual Sortino ratio.
    pub sortino: Option<f64>,
    /// Calmar ratio.
    pub calmar: Option<f64>,
    /// Compound annual return over volatility.
    pub return_over_volatility: Option<f64>,
    /// Information ratio against the given benchmark.
    pub information_ratio: Option<f64>,
    /// Omega ratio at 0.
    pub omega: Option<f64>,
    /// Tail ratio.
    pub tail_ratio: Option<f64>,
    /// Skewness.
    pub skewness: Option<f64>,
    /// Excess kurtosis.
    pub kurtosis: Option<f64>,
    /// Ulcer index of the day-end balances.
    pub ulcer_index: Option<f64>,
    /// Net profit over the largest drawdown of the day-end balances.
    pub recovery_factor: Option<f64>,
    /// R squared of cumulative log returns on time.
    pub stability: Option<f64>,
    /// Yearly risk-free rate used.
    pub rf: f64,
}

/// Value at risk and expected shortfall of one day at 95%.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RiskStats {
    /// In dollars.
    pub usd: Option<TailRisk>,
    /// As fractions of the balance.
    pub fraction: Option<TailRisk>,
}

/// Best and worst days.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DayStats {
    /// Days with profit.
    pub winning: usize,
    /// Days with loss.
    pub losing: usize,
    /// Days without either.
    pub flat: usize,
    /// Best day's profit in dollars.
    pub best_usd: Option<f64>,
    /// The best day.
    pub best_day: Option<TradingDay>,
    /// Best day's share of the total profit; `None` unless that is positive.
    pub best_share: Option<f64>,
    /// Worst day's profit in dollars.
    pub worst_usd: Option<f64>,
    /// The worst day.
    pub worst_day: Option<TradingDay>,
    /// Worst day's share of the total profit; `None` unless that is positive.
    pub worst_share: Option<f64>,
}

impl DayStats {
    /// Statistics of daily profits.
    pub fn of(series: &DailySeries) -> Self {
        let pnl = &series.pnl;
        let by = |a: &usize, b: &usize| pnl[*a].total_cmp(&pnl[*b]);
        let best = (0..pnl.len()).rev().max_by(by);
        let worst = (0..pnl.len()).min_by(by);
        let total: f64 = pnl.iter().sum();
        let share = |i: usize| (total > 0.0).then(|| pnl[i] / total);
        let day = |i: usize| series.days.as_ref().map(|d| d[i]);
        Self {
            winning: pnl.iter().filter(|&&p| p > 0.0).count(),
            losing: pnl.iter().filter(|&&p| p < 0.0).count(),
            flat: pnl.iter().filter(|&&p| p.abs() <= 0.0).count(),
            best_usd: best.map(|i| pnl[i]),
            best_day: best.and_then(day),
            best_share: best.and_then(share),
            worst_usd: worst.map(|i| pnl[i]),
            worst_day: worst.and_then(day),
            worst_share: worst.and_then(share),
        }
    }
}

/// Drawdowns, each kind by its name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DrawdownSections {
    /// Start balance and day-end balances.
    pub closed_daily: DrawdownStats,
    /// The balance after every bar; needs a ledger.
    pub closed: Option<DrawdownStats>,
    /// Best and worst equity of every bar; needs a ledger.
    pub intraday: Option<DrawdownStats>,
}

/// All figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tearsheet {
    /// Daily returns and their ratios.
    pub returns: ReturnStats,
    /// Tail risk of a day.
    pub risk: RiskStats,
    /// Drawdowns.
    pub drawdown: DrawdownSections,
    /// Best and worst days.
    pub days: DayStats,
    /// Trades, where known.
    pub trades: Option<TradeStats>,
    /// Decisions; needs a ledger.
    pub actions: Option<ActionStats>,
    /// Student's t test of mean daily profit.
    pub mean_pnl_test: Option<MeanTest>,
    /// The same of mean daily return.
    pub mean_return_test: Option<MeanTest>,
    /// 95% intervals.
    pub uncertainty: Uncertainty,
}

/// The few figures that are wanted often: at every validation of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuickSheet {
    /// Trading days.
    pub days: usize,
    /// Net profit in dollars.
    pub net_pnl: f64,
    /// Annual Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Largest fall of intraday equity from its peak in dollars.
    pub max_drawdown_usd: f64,
}

impl QuickSheet {
    /// The figures of a ledger; the same as those of its tearsheet.
    pub fn of(ledger: &Ledger, settings: &TearsheetSettings) -> Self {
        let days = ledger_days(ledger, &settings.calendar);
        let series = DailySeries::of_days(&days, ledger.start_balance);
        let returns = series.returns.as_deref();
        Self {
            days: series.len(),
            net_pnl: series.end_balance() - series.start_balance,
            sharpe: returns.and_then(|r| sharpe(r, settings.rf)),
            max_drawdown_usd: intraday_drawdowns(ledger).max,
        }
    }
}

/// Drawdowns of the best and worst equity of every bar, the start balance included.
fn intraday_drawdowns(ledger: &Ledger) -> Drawdowns {
    let start = ledger.start_balance.dollars();
    let points = living_rows(ledger)
        .iter()
        .map(|r| (r.equity_best.dollars(), r.equity_worst.dollars()));
    Drawdowns::of_points(std::iter::once((start, start)).chain(points))
}

impl Tearsheet {
    /// Figures of a ledger with the default settings.
    pub fn of(ledger: &Ledger) -> Self {
        Self::with(ledger, &TearsheetSettings::default())
    }

    /// The few figures that choose a checkpoint, without resampling.
    pub fn of_quickly(ledger: &Ledger) -> QuickSheet {
        QuickSheet::of(ledger, &TearsheetSettings::default())
    }

    /// Figures of a ledger.
    pub fn with(ledger: &Ledger, settings: &TearsheetSettings) -> Self {
        let clock = DayClock::new(settings.calendar.clone());
        let days = account_days(&ledger.rows, ledger.start_balance, ledger.breach, &clock);
        let series = DailySeries::of_days(&days, ledger.start_balance);
        let mut sheet = Self::build(&series, Some(&ledger.trades), settings, &clock);
        let alive = living_rows(ledger);
        let start = ledger.start_balance.dollars();
        let label = |i: usize| i.checked_sub(1).map(|i| format_utc(alive[i].time));
        let stats = |d: &Drawdowns| DrawdownStats::new(d, "bar", days.len(), label);
        let closed = alive
            .iter()
            .map(|r| (r.balance.dollars(), r.balance.dollars()));
        let closed = Drawdowns::of_points(std::iter::once((start, start)).chain(closed));
        sheet.drawdown.closed = Some(stats(&closed));
        sheet.drawdown.intraday = Some(stats(&intraday_drawdowns(ledger)));
        sheet.actions = Some(ActionStats::of(&ledger.rows));
        sheet
    }

    /// Figures of daily numbers, and of trades where given.
    pub fn of_daily(
        series: &DailySeries,
        trades: Option<&[Trade]>,
        settings: &TearsheetSettings,
    ) -> Self {
        let clock = DayClock::new(settings.calendar.clone());
        Self::build(series, trades, settings, &clock)
    }

    fn build(
        series: &DailySeries,
        trades: Option<&[Trade]>,
        settings: &TearsheetSettings,
        clock: &DayClock,
    ) -> Self {
        let closed_daily = Drawdowns::of_path(&series.path());
        let day_label = |i: usize| {
            let i = i.checked_sub(1)?;
            Some(series.days.as_ref()?[i].to_string())
        };
        let by_day = trades.and_then(|t| trades_by_day(series, t, clock));
        Self {
            returns: ReturnStats::of(series, &closed_daily, settings),
            risk: RiskStats {
                usd: tail_risk(&series.pnl),
                fraction: series.returns.as_deref().and_then(tail_risk),
            },
            drawdown: DrawdownSections {
                closed_daily: DrawdownStats::new(&closed_daily, "day", series.len(), day_label),
                closed: None,
                intraday: None,
            },
            days: DayStats::of(series),
            trades: trades.map(|t| TradeStats::of(t, clock)),
            actions: None,
            mean_pnl_test: mean_test(&series.pnl),
            mean_return_test: series.returns.as_deref().and_then(mean_test),
            uncertainty: Uncertainty::of(
                series,
                by_day.as_deref(),
                settings.rf,
                settings.daily_target(),
                settings.bootstrap,
            ),
        }
    }
}

impl ReturnStats {
    fn of(series: &DailySeries, drawdowns: &Drawdowns, settings: &TearsheetSettings) -> Self {
        let returns = series.returns.as_deref();
        let (start, end) = (series.start_balance, series.end_balance());
        let annual = returns.and_then(|_| cagr(start, end, series.len()));
        let target = settings.daily_target();
        let benchmark = settings.benchmark.as_deref();
        let any = !series.is_empty();
        let net_pnl = end - start;
        let days = series.days.as_deref();
        Self {
            days: series.len(),
            first_day: days.and_then(|d| d.first().copied()),
            last_day: days.and_then(|d| d.last().copied()),
            start_balance: start,
            end_balance: end,
            net_pnl,
            total_return: (any && start > 0.0).then(|| net_pnl / start),
            cagr: annual,
            mean_daily_pnl: mean(&series.pnl),
            mean_daily_return: returns.and_then(mean),
            volatility: returns.and_then(volatility),
            sharpe: returns.and_then(|r| sharpe(r, settings.rf)),
            sortino: returns.and_then(|r| sortino(r, target)),
            calmar: calmar(annual, drawdowns.max_fraction),
            return_over_volatility: returns.and_then(|r| return_over_volatility(annual, r)),
            information_ratio: returns
                .zip(benchmark)
                .and_then(|(r, b)| information_ratio(r, b)),
            omega: returns.and_then(omega),
            tail_ratio: returns.and_then(tail_ratio),
            skewness: returns.and_then(skewness),
            kurtosis: returns.and_then(kurtosis),
            ulcer_index: ulcer_index(&series.path()),
            recovery_factor: recovery_factor(net_pnl, drawdowns.max),
            stability: returns.and_then(stability),
            rf: settings.rf,
        }
    }
}

/// Rows up to and including the bar of the breach.
fn living_rows(ledger: &Ledger) -> &[EquityRow] {
    let end = ledger.breach.map_or(ledger.rows.len(), |at| {
        ledger.rows.partition_point(|r| r.time <= at)
    });
    &ledger.rows[..end]
}

/// Own trades of each day by entry; `None` without dates or with a trade on none of them.
pub fn trades_by_day(
    series: &DailySeries,
    trades: &[Trade],
    clock: &DayClock,
) -> Option<Vec<DayTrades>> {
    let days = series.days.as_ref()?;
    let mut by_day = vec![DayTrades::default(); days.len()];
    for t in trades.iter().filter(|t| !t.forced) {
        let at = days.binary_search(&clock.day(t.entry_time)).ok()?;
        by_day[at].count += 1;
        by_day[at].wins += u64::from(t.net_pnl.0 > 0);
        by_day[at].net_pnl += t.net_pnl.dollars();
        by_day[at].lost += (-t.net_pnl.dollars()).max(0.0);
    }
    Some(by_day)
}

/// The daily series of a ledger, for charts and comparisons.
pub fn ledger_days(ledger: &Ledger, calendar: &SessionCalendar) -> Vec<AccountDay> {
    let clock = DayClock::new(calendar.clone());
    account_days(&ledger.rows, ledger.start_balance, ledger.breach, &clock)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::planted::Plant;
    use crate::sim::Side;
    use crate::units::Usd;

    #[test]
    fn an_empty_ledger_has_no_figures_and_no_nan() {
        let sheet = Tearsheet::of(&Plant::new(50_000).ledger());
        assert_eq!(sheet.returns.sharpe, None);
        assert_eq!(sheet.returns.total_return, None);
        assert_eq!(sheet.days.best_usd, None);
        let text = serde_json::to_string(&sheet).unwrap();
        assert!(!text.contains("NaN"), "{text}");
    }

    #[test]
    fn a_flat_ledger_has_zeros_where_there_are_zeros() {
        let sheet = Tearsheet::of(
            &Plant::new(50_000)
                .row("2024-03-04T15:00:00Z", 50_000)
                .row("2024-03-05T15:00:00Z", 50_000)
                .row("2024-03-06T15:00:00Z", 50_000)
                .ledger(),
        );
        assert_eq!(sheet.returns.days, 3);
        assert_eq!(sheet.returns.sharpe, None);
        assert_eq!(sheet.returns.cagr, Some(0.0));
        assert_eq!(sheet.drawdown.intraday.unwrap().max_usd, 0.0);
    }

    #[test]
    fn the_three_drawdowns_differ_by_name() {
        let usd = Usd::whole;
        let ledger = Plant::new(50_000)
            .bar(
                "2024-03-04T15:00:00Z",
                usd(50_000),
                [usd(50_400), usd(50_600), usd(49_700)],
                1,
            )
            .row("2024-03-04T15:01:00Z", 49_800)
            .row("2024-03-04T15:02:00Z", 50_000)
            .row("2024-03-05T15:00:00Z", 50_100)
            .trade(
                Side::Long,
                "2024-03-04T15:00:00Z",
                "2024-03-04T15:01:00Z",
                -200,
            )
            .ledger();
        let sheet = Tearsheet::of(&ledger);
        let quick = Tearsheet::of_quickly(&ledger);
        assert_eq!((quick.max_drawdown_usd, quick.days), (900.0, 2));
        assert_eq!((quick.sharpe, quick.net_pnl), (sheet.returns.sharpe, 100.0));
        assert_eq!(sheet.drawdown.closed_daily.max_usd, 0.0);
        assert_eq!(sheet.drawdown.closed.unwrap().max_usd, 200.0);
        let intraday = sheet.drawdown.intraday.unwrap();
        assert_eq!(intraday.max_usd, 900.0);
        assert_eq!(
            intraday.worst[0].trough.as_deref(),
            Some("2024-03-04T15:00:00Z")
        );
        assert_eq!(sheet.days.best_share, Some(1.0));
        assert_eq!(sheet.trades.unwrap().all.count, 1);
        assert_eq!(sheet.returns.recovery_factor, None);
    }

    #[test]
    fn nothing_after_a_breach_counts() {
        let mut ledger = Plant::new(50_000)
            .row("2024-03-04T15:00:00Z", 49_000)
            .row("2024-03-05T15:00:00Z", 47_000)
            .row("2024-03-06T15:00:00Z", 47_000)
            .ledger();
        ledger.breach = Some(ledger.rows[1].time);
        let sheet = Tearsheet::of(&ledger);
        assert_eq!(sheet.returns.days, 2);
        assert_eq!(sheet.drawdown.closed.unwrap().worst[0].length, 2);
    }
}
