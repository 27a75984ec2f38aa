//! Generalised advantage estimation, with real ends and cut-off ends told apart.
//!
//! A terminated step is followed by nothing; a truncated one by the value of its own final
//! observation. In both cases the sum of later errors stops there.

/// One rollout as the estimator sees it, time-major: row `t` holds all environments at step `t`.
#[derive(Clone, Copy, Debug)]
pub struct GaeInput<'a> {
    /// Rewards.
    pub rewards: &'a [f32],
    /// Values of the observations acted on.
    pub values: &'a [f32],
    /// Episode over for good after this step.
    pub terminated: &'a [bool],
    /// Episode cut off after this step.
    pub truncated: &'a [bool],
    /// Values of the final observations where truncated; anything elsewhere.
    pub final_values: &'a [f32],
    /// Values of the observations after the last step, one per environment.
    pub last_values: &'a [f32],
}

/// Fills `advantages` and `returns` (advantage plus value), time-major like the input.
pub fn gae(
    input: GaeInput<'_>,
    gamma: f64,
    gae_lambda: f64,
    advantages: &mut [f32],
    returns: &mut [f32],
) {
    let n_envs = input.last_values.len();
    let n_steps = input.rewards.len().checked_div(n_envs).unwrap_or(0);
    for env in 0..n_envs {
        let mut next_value = f64::from(input.last_values[env]);
        let mut last_gae = 0.0;
        for t in (0..n_steps).rev() {
            let i = t * n_envs + env;
            let value = f64::from(input.values[i]);
            if input.terminated[i] {
                (next_value, last_gae) = (0.0, 0.0);
            } else if input.truncated[i] {
                (next_value, last_gae) = (f64::from(input.final_values[i]), 0.0);
            }
            let delta = f64::from(input.rewards[i]) + gamma * next_value - value;
            last_gae = delta + gamma * gae_lambda * last_gae;
            advantages[i] = last_gae as f32;
            returns[i] = (last_gae + value) as f32;
            next_value = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_by_hand() {
        let input = GaeInput {
            rewards: &[1.0, 2.0, 3.0, 4.0],
            values: &[0.5, 0.5, 0.5, 0.5],
            terminated: &[false, true, false, false],
            truncated: &[false, false, true, false],
            final_values: &[0.0, 0.0, 10.0, 0.0],
            last_values: &[20.0],
        };
        let (mut adv, mut ret) = ([0.0; 4], [0.0; 4]);
        gae(input, 0.5, 1.0, &mut adv, &mut ret);
        assert_eq!(
            adv,
            [
                1.0 + 0.25 - 0.5 + 0.5 * 1.5,
                1.5,
                3.0 + 5.0 - 0.5,
                4.0 + 10.0 - 0.5
            ]
        );
        assert_eq!(ret[1], 2.0);
    }

    #[test]
    fn agrees_with_an_independent_program() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/oracles/ppo/gae.json"
        );
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("skipped: {path} is not there");
            return;
        };
        let case: serde_json::Value = serde_json::from_str(&text).unwrap();
        let floats = |name: &str| -> Vec<f32> {
            case[name]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|row| match row.as_array() {
                    Some(row) => row
                        .iter()
                        .map(|x| x.as_f64().unwrap() as f32)
                        .collect::<Vec<_>>(),
                    None => vec![row.as_f64().unwrap() as f32],
                })
                .collect()
        };
        let bools = |name: &str| -> Vec<bool> {
            case[name]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|r| r.as_array().unwrap())
                .map(|x| x.as_bool().unwrap())
                .collect()
        };
        let (rewards, values) = (floats("rewards"), floats("values"));
        let (mut adv, mut ret) = (vec![0.0; rewards.len()], vec![0.0; rewards.len()]);
        let input = GaeInput {
            rewards: &rewards,
            values: &values,
            terminated: &bools("terminated"),
            truncated: &bools("truncated"),
            final_values: &floats("final_values"),
            last_values: &floats("last_values"),
        };
        gae(
            input,
            case["gamma"].as_f64().unwrap(),
            case["gae_lambda"].as_f64().unwrap(),
            &mut adv,
            &mut ret,
        );
        for (got, expected) in adv
            .iter()
            .chain(&ret)
            .zip(floats("advantages").iter().chain(&floats("returns")))
        {
            assert!((got - expected).abs() < 1e-5, "{got} against {expected}");
        }
    }
}
