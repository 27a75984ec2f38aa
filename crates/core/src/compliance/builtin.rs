//! The rule sets that ship with the programme.

use super::ruleset::RuleSet;

/// Id and text of each, the default first.
pub(super) const SHIPPED: &[(&str, &str)] = &[
    (
        "apex-50k-seed",
        include_str!("../../../../assets/rulesets/apex-50k-seed.toml"),
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
        "apex-2026-50k-eod",
        include_str!("../../../../assets/rulesets/apex-2026-50k-eod.toml"),
    ),
    (
        "apex-2026-50k-intraday",
        include_str!("../../../../assets/rulesets/apex-2026-50k-intraday.toml"),
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

    /// A rule set that ships, by its id.
    pub fn builtin(id: &str) -> Option<Self> {
        let (_, text) = SHIPPED.iter().find(|(known, _)| *known == id)?;
        Self::parse(text).ok()
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

    #[test]
    fn all_can_be_read_and_are_called_what_they_say() {
        for (id, text) in SHIPPED {
            let rules = RuleSet::parse(text).unwrap_or_else(|e| panic!("{id}: {e}"));
            assert_eq!(rules.id, *id);
        }
        assert_eq!(RuleSet::all_builtin().len(), SHIPPED.len());
        assert_eq!(RuleSet::builtin("apex"), None);
        assert!(RuleSet::builtin_ids().all(|id| RuleSet::builtin(id).is_some()));
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
