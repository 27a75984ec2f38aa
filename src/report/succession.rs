//! Accounts that followed one another, in a sentence.

use holdout_core::metrics::Succession;

use super::number;

/// What became of all of them; none where the first one lived to the end and there was no other.
pub fn in_words(all: &Succession) -> Option<String> {
    (all.accounts > 1).then(|| {
        format!(
            "{} accounts in succession, {} lost: {}, {} trades, Sharpe {}",
            number::count(all.accounts),
            number::count(all.lost),
            number::dollars_signed(all.net_pnl_usd, 0),
            number::count(all.trades),
            all.sharpe
                .map_or_else(|| "n/a".to_owned(), |s| number::grouped(s, 2)),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_account_needs_no_sentence() {
        let mut all = Succession {
            accounts: 1,
            ..Succession::default()
        };
        assert_eq!(in_words(&all), None);
        (all.accounts, all.lost, all.trades) = (3, 2, 1_234);
        all.net_pnl_usd = -500.0;
        assert_eq!(
            in_words(&all).unwrap(),
            "3 accounts in succession, 2 lost: −$500, 1,234 trades, Sharpe n/a"
        );
    }
}
