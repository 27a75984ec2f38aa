//! What ends an account. `sim` declares it, `compliance` implements it, so the rule that ends
//! an episode in training is the rule that judges the report.

use crate::units::Usd;

/// The moving floor under an account's equity.
///
/// The simulator calls it in the order of time: `new_day` before the first bar of a trading
/// day, `best` once per bar with a position (and after every exit) with the highest equity
/// reached, then asks `floor` before looking at the trough.
pub trait Referee: Clone + Send + Sync {
    /// Forgets everything; the account begins with this balance.
    fn start(&mut self, balance: Usd);
    /// A new trading day begins; `balance` is that after the last bar of the day before.
    fn new_day(&mut self, balance: Usd);
    /// Equity reached this high.
    fn best(&mut self, equity: Usd);
    /// The floor as it stands.
    fn floor(&self) -> Usd;
    /// The highest equity so far.
    fn peak(&self) -> Usd;
    /// The drawdown limit, the denominator of "drawdown used".
    fn limit(&self) -> Usd;
    /// Whether this worst equity ends the account.
    fn breached(&self, worst: Usd) -> bool {
        worst <= self.floor()
    }
}
