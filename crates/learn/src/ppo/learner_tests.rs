//! Does it learn? Small worlds whose best policy and values are known.

use holdout_core::sim::N_ACTIONS;

use super::{NetworkConfig, Start, TrainConfig, train};
use crate::device::DeviceChoice;
use crate::env::{FeatureTable, ObsShape, VecEnv};
use crate::event::{Event, Outcome, RunToEnd, UpdateRecord};
use crate::policy::{Decisions, Policy};
use crate::toy::{MARKET_COST, ToyEnv, ToyKind};

const SMALL: ObsShape = ObsShape {
    window: 2,
    n_features: 3,
    n_account: 2,
};

fn small(total_steps: u64, seed: u64) -> TrainConfig {
    let mut config = TrainConfig {
        total_steps: Some(total_steps),
        n_envs: 64,
        rollout: 32,
        network: NetworkConfig {
            trunk: vec![32, 32],
            head: 16,
            layer_norm: true,
        },
        seed,
        device: DeviceChoice::Cpu,
        eval_every: 0,
        checkpoint_every: 0,
        ..TrainConfig::default()
    };
    config.ppo.learning_rate = Some(2e-3);
    config
}

fn run(config: &TrainConfig, env: &mut ToyEnv) -> (Outcome, Vec<UpdateRecord>) {
    let mut records = Vec::new();
    let outcome = train(config, env, Start::Scratch, &RunToEnd, &mut |event| {
        if let Event::Update(record) = event {
            records.push(*record);
        }
        Ok(())
    });
    (outcome.unwrap(), records)
}

/// Greedy decisions at `bars` with account numbers all `account`.
fn decide(
    outcome: &Outcome,
    features: &FeatureTable,
    bars: &[u32],
    account: f32,
    mask: u8,
) -> Decisions {
    let policy = Policy::load(&outcome.last.weights).unwrap();
    let n = policy.shape().n_account;
    policy
        .greedy(
            features,
            bars,
            &vec![account; bars.len() * n],
            &vec![mask; bars.len()],
        )
        .unwrap()
}

#[test]
fn a_bandit_is_learned() {
    for seed in [1, 2] {
        let mut env = ToyEnv::new(ToyKind::Bandit, 64, SMALL, 4000, 3);
        let (outcome, records) = run(&small(120_000, seed), &mut env);
        let features = env.features();
        let bars: Vec<u32> = (10..2010).collect();
        let chosen = decide(&outcome, &features, &bars, 0.0, 0b00_0111);
        let right = bars.iter().zip(&chosen.actions).filter(|(b, a)| {
            **a == if features.data[**b as usize * 3] > 0.0 {
                1
            } else {
                2
            }
        });
        assert!(right.count() > 1900, "seed {seed}");
        let last = records.last().unwrap();
        assert!(last.reward_mean > 0.85 && last.explained_variance.is_some());
        assert!(last.entropy < records[0].entropy);
    }
}

#[test]
fn a_forbidden_action_is_never_taken() {
    let mut env = ToyEnv::new(ToyKind::Masked, 64, SMALL, 4000, 4);
    let (outcome, records) = run(&small(60_000, 1), &mut env);
    assert!(records.iter().all(|r| r.action_shares[3..] == [0.0; 3]));
    let features = env.features();
    let bars: Vec<u32> = (10..510).collect();
    let forbidden = decide(&outcome, &features, &bars, 0.0, 0b00_0101);
    assert!(forbidden.actions.iter().all(|&a| a == 2));
    assert!(
        forbidden
            .probs
            .iter()
            .all(|p| p[1] == 0.0 && p[3..] == [0.0; 3])
    );
    let free = decide(&outcome, &features, &bars, 0.0, 0b00_0111);
    let buys = bars
        .iter()
        .zip(&free.actions)
        .filter(|(b, a)| features.data[**b as usize * 3] <= 0.0 && **a == 1);
    assert!(buys.count() > 230);
    assert!((records.last().unwrap().reward_mean - 1.5).abs() < 0.1);
}

#[test]
fn values_tell_real_ends_from_cut_off_ones() {
    let mut env = ToyEnv::new(ToyKind::Ends, 64, SMALL, 300, 5);
    let mut config = small(400_000, 1);
    config.ppo.gamma = 0.8;
    config.ppo.final_lr_share = 0.02;
    let (outcome, records) = run(&config, &mut env);
    let features = env.features();
    let bars: Vec<u32> = (2..230).collect();
    for age in 0..5 {
        let decisions = decide(&outcome, &features, &bars, 0.0, 0b00_0111);
        assert_eq!(decisions.values.len(), bars.len());
        let policy = Policy::load(&outcome.last.weights).unwrap();
        let account: Vec<f32> = bars.iter().flat_map(|_| [age as f32, 0.0]).collect();
        let values = policy
            .greedy(&features, &bars, &account, &vec![0b00_0111; bars.len()])
            .unwrap()
            .values;
        let mean = |terminates: bool| {
            // Bars whose kind is beyond doubt, as the function is smooth and the rule is not.
            let first = |b: u32| features.data[b as usize * 3];
            let of: Vec<f32> = bars
                .iter()
                .zip(&values)
                .filter(|(b, _)| {
                    if terminates {
                        first(**b) > 0.4
                    } else {
                        first(**b) < -0.4
                    }
                })
                .map(|(_, v)| *v)
                .collect();
            of.iter().sum::<f32>() / of.len() as f32
        };
        let real: f32 = (0..5 - age).map(|k| 0.8_f32.powi(k)).sum();
        assert!(
            (mean(true) - real).abs() < 0.35,
            "age {age}: {} against {real}",
            mean(true)
        );
        assert!(
            (mean(false) - 5.0).abs() < 0.5,
            "age {age}: {} against 5",
            mean(false)
        );
    }
    let explained = records.last().unwrap().explained_variance.unwrap();
    assert!(
        explained > 0.9 && explained > records[0].explained_variance.unwrap(),
        "{explained}"
    );
}

/// Clipping the value around anything but the old value would keep it from the returns.
#[test]
fn values_are_learned_with_their_loss_clipped_too() {
    let mut env = ToyEnv::new(ToyKind::Ends, 64, SMALL, 300, 5);
    let mut config = small(300_000, 1);
    (config.ppo.gamma, config.ppo.clip_vloss) = (0.8, true);
    let (_, records) = run(&config, &mut env);
    let explained = |i: usize| records[i].explained_variance.unwrap();
    let last = records.len() - 1;
    assert!(
        explained(last) > 0.9 && explained(last) > explained(0) + 0.5,
        "{} after {}",
        explained(last),
        explained(0)
    );
}

#[test]
fn a_planted_rule_is_found_out_of_sample() {
    let shape = ObsShape {
        window: 20,
        n_features: 11,
        n_account: 13,
    };
    let mut env = ToyEnv::new(ToyKind::Market, 64, shape, 60_000, 6);
    let mut config = small(400_000, 1);
    config.rollout = 64;
    config.network = NetworkConfig {
        trunk: vec![64, 64],
        head: 32,
        layer_norm: true,
    };
    config.ppo.learning_rate = Some(1e-3);
    let (outcome, _) = run(&config, &mut env);
    // Another seed is another market with the same rule.
    let unseen = ToyEnv::new(ToyKind::Market, 1, shape, 5000, 777);
    let bars: Vec<u32> = (20..4900).collect();
    let chosen = decide(&outcome, &unseen.features(), &bars, 0.0, 0b00_0111);
    let profit = |bar: u32, action: u8| {
        let r = unseen.market_return(bar);
        [0.0, r - MARKET_COST, -r - MARKET_COST, 0.0, 0.0, 0.0][usize::from(action)]
    };
    let ours: f32 = bars
        .iter()
        .zip(&chosen.actions)
        .map(|(&b, &a)| profit(b, a))
        .sum();
    let oracle: f32 = bars
        .iter()
        .map(|&b| profit(b, unseen.market_oracle(b)))
        .sum();
    assert!(oracle > 0.0 && ours > 0.9 * oracle, "{ours} of {oracle}");
}

#[test]
fn the_normaliser_does_not_move_in_evaluation() {
    let mut env = ToyEnv::new(ToyKind::Market, 64, SMALL, 4000, 3);
    let (outcome, _) = run(&small(8_192, 1), &mut env);
    let policy = Policy::load(&outcome.last.weights).unwrap();
    assert_eq!(policy.normalizer().count, 8_192.0);
    let before = policy.normalizer().clone();
    policy
        .greedy(&env.features(), &[50; 9], &[7.0; 18], &[0b00_0111; 9])
        .unwrap();
    assert_eq!(*policy.normalizer(), before);
}

#[test]
fn one_observation_is_decided_as_in_a_batch() {
    let shape = ObsShape {
        window: 20,
        n_features: 11,
        n_account: 13,
    };
    let mut env = ToyEnv::new(ToyKind::Market, 64, shape, 4000, 3);
    let mut config = small(4_096, 1);
    config.network = NetworkConfig::default();
    let (outcome, _) = run(&config, &mut env);
    let policy = Policy::load(&outcome.last.weights).unwrap();
    let features = env.features();
    let bars: Vec<u32> = (30..330).collect();
    let account: Vec<f32> = (0..bars.len() * 13).map(|i| (i % 7) as f32 * 0.1).collect();
    let together = policy
        .greedy(&features, &bars, &account, &vec![0b00_0111; bars.len()])
        .unwrap();
    let mut actor = policy.actor();
    for (i, bar) in bars.iter().enumerate() {
        let alone = actor
            .greedy(
                &features,
                &[*bar],
                &account[i * 13..(i + 1) * 13],
                &[0b00_0111],
            )
            .unwrap();
        assert!(
            (alone.values[0] - together.values[i]).abs() < 1e-5 * (1.0 + alone.values[0].abs())
        );
        for a in 0..N_ACTIONS {
            assert!((alone.probs[0][a] - together.probs[i][a]).abs() < 1e-5);
        }
    }
}
