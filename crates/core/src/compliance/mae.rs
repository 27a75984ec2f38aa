//! The largest open loss of a trade, against the profit at the start of its day.
//!
//! Below the safety net a share of the drawdown limit is allowed, from there on the same share
//! of the profit, above the raised level a larger share. A trade's open loss is its `mae`.

use super::case::Case;
use super::finding::{Check, money};
use super::ruleset::MaeRule;
use super::severity::Status;
use crate::units::Usd;

const ID: &str = "mae";

/// Open loss allowed at a profit.
pub(super) fn allowed(rule: &MaeRule, limit: Usd, profit: Usd) -> Usd {
    let (share, of) = if profit > rule.raised_above {
        (rule.raised_share, profit)
    } else if profit >= rule.safety_net {
        (rule.share, profit)
    } else {
        (rule.share, limit)
    };
    Usd::from_dollars(share * of.dollars())
}

pub(super) fn check(case: &Case<'_>) -> Check {
    let Some(rule) = &case.rules.mae else {
        return Check::not_applicable(ID, "the rule set limits no open loss");
    };
    if !case.applies(rule.applies) {
        let words = format!("does not apply to {} accounts", case.rules.stage.name());
        return Check::not_applicable(ID, words);
    }
    let start = case.rules.account.start_balance;
    let tightest = case
        .view
        .trades
        .iter()
        .filter(|t| !t.forced)
        .map(|t| {
            let profit = case.balance_before(case.clock.day(t.entry_time)) - start;
            (allowed(rule, case.rules.floor.amount, profit), t)
        })
        .reduce(|a, b| if b.0 - b.1.mae < a.0 - a.1.mae { b } else { a });
    let Some((limit, t)) = tightest else {
        return Check::new(ID, Status::Pass, "no trade");
    };
    if !case.has_trades(&["mae"]) {
        return Check::no_column(ID, "mae");
    }
    let broken = t.mae > limit;
    let status = if broken {
        rule.severity.status()
    } else {
        Status::Pass
    };
    let detail = format!(
        "trade {} stood {} in loss, {} allowed",
        t.id,
        money(t.mae),
        money(limit)
    );
    Check::new(ID, status, detail)
        .dollars(limit, t.mae)
        .trade(t, case)
}

#[cfg(test)]
mod tests {
    use super::super::ruleset::RuleSet;
    use super::*;

    #[test]
    fn the_allowance_follows_the_profit() {
        let rules = RuleSet::builtin("apex-legacy-50k-funded").unwrap();
        let rule = rules.mae.unwrap();
        for (profit, want) in [
            (-500, 750),
            (0, 750),
            (2_599, 750),
            (2_600, 780),
            (4_000, 1_200),
            (5_200, 1_560),
            (5_300, 2_650),
        ] {
            let got = allowed(&rule, rules.floor.amount, Usd::whole(profit));
            assert_eq!(got, Usd::whole(want), "at a profit of {profit}");
        }
    }
}
