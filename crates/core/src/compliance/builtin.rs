//! The rule sets that ship with the programme.

use super::ruleset::RuleSet;
use super::ruleset_error::RuleSetError;

/// Id and text of each, the default first.
pub(super) const SHIPPED: &[(&str, &str)] = &[
    (
        "apex-50k-seed",
        include_str!("../../../../assets/rulesets/apex-50k-seed.toml"),
    ),
    (
        "apex-legacy-25k",
        include_str!("../../../../assets/rulesets/apex-legacy-25k.toml"),
    ),
    (
        "apex-legacy-50k",
        include_str!("../../../../assets/rulesets/apex-legacy-50k.toml"),
    ),
    (
        "apex-legacy-50k-funded",
        include_str!("../../../../assets/rulesets/apex-legacy-50k-funded.toml"),
    ),
    (
        "apex-legacy-75k",
        include_str!("../../../../assets/rulesets/apex-legacy-75k.toml"),
    ),
    (
        "apex-legacy-100k",
        include_str!("../../../../assets/rulesets/apex-legacy-100k.toml"),
    ),
    (
        "apex-legacy-100k-static",
        include_str!("../../../../assets/rulesets/apex-legacy-100k-static.toml"),
    ),
    (
        "apex-legacy-150k",
        include_str!("../../../../assets/rulesets/apex-legacy-150k.toml"),
    ),
    (
        "apex-legacy-250k",
        include_str!("../../../../assets/rulesets/apex-legacy-250k.toml"),
    ),
    (
        "apex-legacy-300k",
        include_str!("../../../../assets/rulesets/apex-legacy-300k.toml"),
    ),
    (
        "apex-2026-25k-eod",
        include_str!("../../../../assets/rulesets/apex-2026-25k-eod.toml"),
    ),
    (
        "apex-2026-50k-eod",
        include_str!("../../../../assets/rulesets/apex-2026-50k-eod.toml"),
    ),
    (
        "apex-2026-100k-eod",
        include_str!("../../../../assets/rulesets/apex-2026-100k-eod.toml"),
    ),
    (
        "apex-2026-150k-eod",
        include_str!("../../../../assets/rulesets/apex-2026-150k-eod.toml"),
    ),
    (
        "apex-2026-25k-intraday",
        include_str!("../../../../assets/rulesets/apex-2026-25k-intraday.toml"),
    ),
    (
        "apex-2026-50k-intraday",
        include_str!("../../../../assets/rulesets/apex-2026-50k-intraday.toml"),
    ),
    (
        "apex-2026-100k-intraday",
        include_str!("../../../../assets/rulesets/apex-2026-100k-intraday.toml"),
    ),
    (
        "apex-2026-150k-intraday",
        include_str!("../../../../assets/rulesets/apex-2026-150k-intraday.toml"),
    ),
    (
        "topstep-50k",
        include_str!("../../../../assets/rulesets/topstep-50k.toml"),
    ),
    (
        "tradeify-50k",
        include_str!("../../../../assets/rulesets/tradeify-50k.toml"),
    ),
    (
        "myfundedfutures-50k",
        include_str!("../../../../assets/rulesets/myfundedfutures-50k.toml"),
    ),
    (
        "takeprofittrader-50k",
        include_str!("../../../../assets/rulesets/takeprofittrader-50k.toml"),
    ),
];

impl RuleSet {
    /// Ids of the rule sets that ship, the default first.
    pub fn builtin_ids() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(id, _)| *id)
    }

    /// A rule set that ships.
    ///
    /// # Errors
    /// When no rule set has this id; the message lists those that do.
    pub fn builtin(id: &str) -> Result<Self, RuleSetError> {
        match SHIPPED.iter().find(|(known, _)| *known == id) {
            Some((_, text)) => Self::parse(text),
            None => Err(RuleSetError::Unknown {
                id: id.to_owned(),
                known: Self::builtin_ids().collect::<Vec<_>>().join(", "),
            }),
        }
    }

    /// Text of a rule set that ships, as it was written.
    pub fn builtin_text(id: &str) -> Option<&'static str> {
        let found = SHIPPED.iter().find(|(known, _)| *known == id);
        found.map(|(_, text)| *text)
    }

    /// All rule sets that ship, the default first.
    pub fn all_builtin() -> Vec<Self> {
        SHIPPED
            .iter()
            .filter_map(|(_, text)| Self::parse(text).ok())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compliance::ruleset::Confidence;
    use crate::sim::{LockOffset, Referee};
    use crate::units::Usd;

    #[test]
    fn all_can_be_read_and_are_called_what_they_say() {
        for (id, text) in SHIPPED {
            let rules = RuleSet::parse(text).unwrap_or_else(|e| panic!("{id}: {e}"));
            assert_eq!(rules.id, *id);
        }
        assert_eq!(RuleSet::all_builtin().len(), SHIPPED.len());
        let e = RuleSet::builtin("apex").unwrap_err().to_string();
        assert!(
            e.contains("apex-50k-seed") && e.contains("topstep-50k"),
            "{e}"
        );
    }

    #[test]
    fn the_start_floors_are_those_of_the_agreement() {
        for (id, floor) in [
            ("apex-legacy-25k", 23_500),
            ("apex-legacy-50k", 47_500),
            ("apex-legacy-75k", 72_250),
            ("apex-legacy-100k", 97_000),
            ("apex-legacy-100k-static", 99_375),
            ("apex-legacy-150k", 145_000),
            ("apex-legacy-250k", 243_500),
            ("apex-legacy-300k", 292_500),
        ] {
            let rules = RuleSet::builtin(id).unwrap();
            assert_eq!(rules.trailing_floor().floor(), Usd::whole(floor), "{id}");
        }
    }

    /// Id; start, target, drawdown amount, daily loss, largest size and days, 0 for none; lock.
    type Row = (&'static str, [i64; 6], Option<i64>);

    #[test]
    fn the_figures_are_those_of_the_sources() {
        let rows: [Row; 22] = [
            ("apex-50k-seed", [50_000, 0, 2_500, 0, 1, 7], Some(100)),
            (
                "apex-legacy-25k",
                [25_000, 1_500, 1_500, 0, 4, 7],
                Some(100),
            ),
            (
                "apex-legacy-50k",
                [50_000, 3_000, 2_500, 0, 10, 7],
                Some(100),
            ),
            (
                "apex-legacy-50k-funded",
                [50_000, 0, 2_500, 0, 5, 0],
                Some(100),
            ),
            (
                "apex-legacy-75k",
                [75_000, 4_250, 2_750, 0, 12, 7],
                Some(100),
            ),
            (
                "apex-legacy-100k",
                [100_000, 6_000, 3_000, 0, 14, 7],
                Some(100),
            ),
            (
                "apex-legacy-100k-static",
                [100_000, 2_000, 625, 0, 2, 7],
                None,
            ),
            (
                "apex-legacy-150k",
                [150_000, 9_000, 5_000, 0, 17, 7],
                Some(100),
            ),
            (
                "apex-legacy-250k",
                [250_000, 15_000, 6_500, 0, 27, 7],
                Some(100),
            ),
            (
                "apex-legacy-300k",
                [300_000, 20_000, 7_500, 0, 35, 7],
                Some(100),
            ),
            (
                "apex-2026-25k-eod",
                [25_000, 1_500, 1_000, 500, 0, 0],
                Some(100),
            ),
            (
                "apex-2026-50k-eod",
                [50_000, 3_000, 2_000, 1_000, 0, 0],
                Some(100),
            ),
            (
                "apex-2026-100k-eod",
                [100_000, 6_000, 3_000, 1_500, 0, 0],
                Some(100),
            ),
            (
                "apex-2026-150k-eod",
                [150_000, 9_000, 4_000, 2_000, 0, 0],
                Some(100),
            ),
            (
                "apex-2026-25k-intraday",
                [25_000, 1_500, 1_000, 0, 0, 0],
                Some(100),
            ),
            (
                "apex-2026-50k-intraday",
                [50_000, 3_000, 2_000, 0, 0, 0],
                Some(100),
            ),
            (
                "apex-2026-100k-intraday",
                [100_000, 6_000, 3_000, 0, 0, 0],
                Some(100),
            ),
            (
                "apex-2026-150k-intraday",
                [150_000, 9_000, 4_000, 0, 0, 0],
                Some(100),
            ),
            ("topstep-50k", [50_000, 3_000, 2_000, 1_000, 5, 0], Some(0)),
            (
                "tradeify-50k",
                [50_000, 3_000, 2_000, 1_250, 5, 1],
                Some(100),
            ),
            (
                "myfundedfutures-50k",
                [50_000, 3_000, 2_000, 0, 5, 2],
                Some(100),
            ),
            (
                "takeprofittrader-50k",
                [50_000, 3_000, 2_000, 0, 6, 5],
                None,
            ),
        ];
        let ids: Vec<&str> = rows.iter().map(|r| r.0).collect();
        assert_eq!(RuleSet::builtin_ids().collect::<Vec<_>>(), ids);
        for (id, figures, lock) in rows {
            let r = RuleSet::builtin(id).unwrap();
            let dollars = |usd: Option<Usd>| usd.map_or(0, |u| u.dollars() as i64);
            let found = [
                dollars(Some(r.account.start_balance)),
                dollars(r.account.profit_target),
                dollars(Some(r.floor.amount)),
                dollars(r.daily_loss.as_ref().map(|d| d.amount)),
                r.size.max_minis.unwrap_or(0.0) as i64,
                i64::from(r.days.minimum.unwrap_or(0)),
            ];
            assert_eq!(found, figures, "{id}");
            let at = lock.map_or(LockOffset::Never, |x| LockOffset::At(Usd::whole(x)));
            assert_eq!(r.lock_offset(), at, "{id}");
        }
    }

    #[test]
    fn every_figure_has_evidence_and_conflicts_lower_the_confidence() {
        for rules in RuleSet::all_builtin() {
            let table: toml::Table = rules.to_toml().unwrap().parse().unwrap();
            for (group, value) in &table {
                let Some(keys) = value.as_table().filter(|_| group != "evidence") else {
                    continue;
                };
                for key in keys.keys() {
                    let key = format!("{group}.{key}");
                    let e = rules.evidence_of(&key);
                    let e = e.unwrap_or_else(|| panic!("{}: {key} has no evidence", rules.id));
                    assert!(
                        !e.sources.is_empty() || e.note.is_some(),
                        "{}: {key} has neither a source nor a reason",
                        rules.id
                    );
                    assert!(
                        e.confidence > Confidence::Low || e.note.is_some(),
                        "{}: {key} is doubtful without a reason",
                        rules.id
                    );
                }
            }
            let decisive = [
                "floor.amount",
                "floor.basis",
                "floor.lock",
                "account.start_balance",
            ];
            for key in decisive {
                let confidence = rules.evidence_of(key).unwrap().confidence;
                assert!(rules.confidence <= confidence, "{}: {key}", rules.id);
            }
        }
    }
}
