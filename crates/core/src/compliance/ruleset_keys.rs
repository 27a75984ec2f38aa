//! The groups and keys of a rule set that evidence may refer to.

/// Every group with its keys.
const KEYS: &[(&str, &[&str])] = &[
    ("account", &["start_balance", "profit_target"]),
    (
        "floor",
        &[
            "amount",
            "basis",
            "lock",
            "enforcement",
            "touch_counts",
            "strict_max_drawdown",
            "strict_warning",
        ],
    ),
    ("daily_loss", &["amount", "severity"]),
    (
        "session",
        &[
            "zone",
            "roll",
            "flat_by",
            "early_close_offset_minutes",
            "early_close_flat_by",
            "overnight",
            "half_day",
        ],
    ),
    ("days", &["minimum", "maximum_calendar", "minimum_profit"]),
    (
        "size",
        &["min_minis", "max_minis", "micros_per_mini", "steps"],
    ),
    (
        "consistency",
        &["max_share", "touch_counts", "severity", "applies"],
    ),
    (
        "mae",
        &[
            "share",
            "safety_net",
            "raised_share",
            "raised_above",
            "severity",
            "applies",
        ],
    ),
    (
        "risk_reward",
        &["max_stop_to_target", "severity", "applies"],
    ),
    ("one_direction", &["severity", "applies"]),
    ("hold", &["seconds", "share_above", "severity", "applies"]),
    ("automation", &["policy", "line"]),
    (
        "research",
        &[
            "win_rate_above",
            "sharpe_above",
            "sharpe_aim",
            "degradation_below",
            "trades_above",
        ],
    ),
];

/// Whether this is a group (`floor`) or a key with its group (`floor.lock`).
pub(super) fn is_key(text: &str) -> bool {
    match text.split_once('.') {
        None => KEYS.iter().any(|(group, _)| *group == text),
        Some((g, k)) => KEYS
            .iter()
            .any(|(group, keys)| *group == g && keys.contains(&k)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ruleset::RuleSet;
    use super::*;

    #[test]
    fn every_written_key_is_listed() {
        let mut groups = 0;
        for rules in RuleSet::all_builtin() {
            let table: toml::Table = rules.to_toml().unwrap().parse().unwrap();
            for (group, value) in &table {
                let Some(keys) = value.as_table().filter(|_| group != "evidence") else {
                    continue;
                };
                groups += 1;
                for key in keys.keys() {
                    assert!(is_key(&format!("{group}.{key}")), "{group}.{key}");
                }
            }
        }
        assert!(groups > 40);
        assert!(!is_key("floor.colour") && !is_key("colour"));
    }
}
