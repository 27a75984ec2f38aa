//! Runs as a whole: same bits for the same seed, resumed as if never stopped, stopped when told,
//! and never on over a broken number.

use std::cell::Cell;
use std::sync::Arc;

use burn::tensor::Device;
use holdout_core::sim::{CurriculumState, Phase};

use super::{NetworkConfig, Start, TrainConfig, train, train_on};
use crate::device::{Compute, DeviceChoice};
use crate::env::{FeatureTable, ObsShape, StepOut, VecEnv};
use crate::event::{
    CheckpointData, Command, Control, Event, Outcome, RunToEnd, TrainError, UpdateRecord,
};
use crate::policy::Policy;
use crate::toy::{ToyEnv, ToyKind};

const SHAPE: ObsShape = ObsShape {
    window: 4,
    n_features: 5,
    n_account: 3,
};

fn config(updates: u64) -> TrainConfig {
    TrainConfig {
        total_steps: Some(updates * 48 * 16),
        n_envs: 48,
        rollout: 16,
        network: NetworkConfig {
            trunk: vec![24, 24],
            head: 12,
            layer_norm: true,
        },
        device: DeviceChoice::Cpu,
        eval_every: 0,
        checkpoint_every: 0,
        ..TrainConfig::default()
    }
}

fn env() -> ToyEnv {
    ToyEnv::new(ToyKind::Market, 48, SHAPE, 2000, 9)
}

struct Told {
    outcome: Outcome,
    records: Vec<UpdateRecord>,
    checkpoints: Vec<CheckpointData>,
    evaluations: Vec<u64>,
}

fn run(config: &TrainConfig, start: Start<'_>, control: &dyn Control) -> Result<Told, TrainError> {
    let (mut records, mut checkpoints, mut evaluations) = (Vec::new(), Vec::new(), Vec::new());
    let outcome = train(config, &mut env(), start, control, &mut |event| {
        match event {
            Event::Update(record) => records.push(record.without_times()),
            Event::Checkpoint(data) => checkpoints.push(data),
            Event::EvalDue { update, .. } => evaluations.push(update),
            Event::Adjustment { .. } | Event::Alarm { .. } | Event::Log(_) => {}
        }
        Ok(())
    })?;
    Ok(Told {
        outcome,
        records,
        checkpoints,
        evaluations,
    })
}

struct StopAfter(Cell<u64>);

impl Control for StopAfter {
    fn poll(&self) -> Command {
        if self.0.get() == 0 {
            return Command::Stop;
        }
        self.0.set(self.0.get() - 1);
        Command::Continue
    }
}

#[test]
fn a_resumed_run_equals_the_uninterrupted_one_bit_for_bit() {
    let config = config(20);
    let whole = run(&config, Start::Scratch, &RunToEnd).unwrap();
    let half = run(&config, Start::Scratch, &StopAfter(Cell::new(10))).unwrap();
    assert!(half.outcome.stopped && half.outcome.update == 10);
    let rest = run(
        &config,
        Start::Resume(&half.outcome.last.weights),
        &RunToEnd,
    )
    .unwrap();
    assert!(
        whole.outcome.last.weights == rest.outcome.last.weights,
        "the checkpoints differ"
    );
    assert_eq!(whole.records.len(), 20);
    let joined: Vec<_> = half.records.iter().chain(&rest.records).cloned().collect();
    assert_eq!(whole.records, joined);
}

#[test]
fn threads_change_no_bit() {
    let with = |n: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n)
            .build()
            .unwrap();
        pool.install(|| {
            run(&config(6), Start::Scratch, &RunToEnd)
                .unwrap()
                .outcome
                .last
                .weights
        })
    };
    let one = with(1);
    assert!(one == with(2), "two threads");
    assert!(one == with(5), "five threads");
}

#[test]
fn seeds_matter() {
    let of = |seed: u64| {
        run(
            &TrainConfig { seed, ..config(2) },
            Start::Scratch,
            &RunToEnd,
        )
        .unwrap()
        .outcome
        .last
        .weights
    };
    assert!(of(1) == of(1) && of(1) != of(2));
}

#[test]
fn checkpoints_and_evaluations_come_when_due() {
    let mut config = config(20);
    (config.checkpoint_every, config.eval_every) = (8, 7);
    config.phase = Phase::Management;
    let told = run(&config, Start::Scratch, &RunToEnd).unwrap();
    // Every eighth, the two bounds of the stages (20% and 80%), and the last.
    assert_eq!(
        told.checkpoints
            .iter()
            .map(|c| c.update)
            .collect::<Vec<_>>(),
        [4, 8, 16, 20]
    );
    assert_eq!(told.evaluations, [7, 14, 20]);
    assert_eq!(
        told.records.iter().map(|r| r.update).collect::<Vec<_>>(),
        (1..=20).collect::<Vec<_>>()
    );
    let rates: Vec<f64> = told.records.iter().map(|r| r.learning_rate).collect();
    assert!((rates[9] - config.learning_rate(config.planned_steps() / 2)).abs() < 1e-15);
    assert!((rates[18] / config.peak_learning_rate() - (1.0 - 0.9 * 0.94 / 0.99)).abs() < 1e-9);
    let full: u64 = told.records.iter().map(|r| r.epochs * 4).sum();
    assert_eq!(told.records.last().unwrap().optimizer_steps, full);
}

#[test]
fn phase_two_takes_everything_but_the_new_rows() {
    let one = run(&config(4), Start::Scratch, &RunToEnd)
        .unwrap()
        .outcome
        .last
        .weights;
    let two = TrainConfig {
        phase: Phase::Management,
        ..config(4)
    };
    let begun = run(&two, Start::Transfer(&one), &StopAfter(Cell::new(0)))
        .unwrap()
        .outcome;
    assert_eq!((begun.step, begun.update), (0, 0));
    let (a, b) = (
        Policy::load(&one).unwrap(),
        Policy::load(&begun.last.weights).unwrap(),
    );
    assert_eq!(a.normalizer(), b.normalizer());
    for part in &a.params().layout().parts {
        let same = a.params().get(&part.name) == b.params().get(&part.name);
        // The biases of actions that were never allowed are 0 in both.
        assert_eq!(same, part.name != "pi1.weight", "{}", part.name);
    }
    let (a, b) = (
        a.params().get("pi1.weight").unwrap(),
        b.params().get("pi1.weight").unwrap(),
    );
    assert!(
        a.iter()
            .zip(b)
            .enumerate()
            .all(|(i, (x, y))| (x == y) || i % 6 >= 3)
    );
    let refused = run(&two, Start::Resume(&one), &RunToEnd)
        .err()
        .unwrap()
        .to_string();
    assert!(refused.contains("the phase is 1, expected 2"), "{refused}");
}

#[test]
fn a_checkpoint_of_something_else_is_refused() {
    let mut small = run(&config(1), Start::Scratch, &RunToEnd)
        .unwrap()
        .outcome
        .last
        .weights;
    let mut wider = config(1);
    wider.network.trunk = vec![24, 32];
    let told = run(&wider, Start::Transfer(&small), &RunToEnd)
        .err()
        .unwrap()
        .to_string();
    assert!(told.contains("the network"), "{told}");
    let mut other = ToyEnv::new(
        ToyKind::Market,
        48,
        ObsShape { window: 5, ..SHAPE },
        2000,
        9,
    );
    let told = train(
        &config(1),
        &mut other,
        Start::Transfer(&small),
        &RunToEnd,
        &mut |_| Ok(()),
    )
    .err()
    .unwrap()
    .to_string();
    assert!(told.contains("4x5+3") && told.contains("5x5+3"), "{told}");
    // Cut off, or with any byte of the header changed, it is refused or read, never a panic.
    for cut in (0..small.len()).step_by(997) {
        assert!(Policy::load(&small[..cut]).is_err());
    }
    for i in 0..small.len().min(3000) {
        small[i] ^= 0x15;
        drop(Policy::load(&small));
        small[i] ^= 0x15;
    }
    assert!(Policy::load(&small).is_ok());
    assert!(Policy::load(b"not a checkpoint").is_err());
}

#[test]
fn a_checkpoint_of_the_first_format_is_read_and_one_of_the_next_refused() {
    let weights = run(&config(2), Start::Scratch, &RunToEnd)
        .unwrap()
        .outcome
        .last
        .weights;
    // The header's length stands in front of it as eight bytes.
    let header_len = u64::from_le_bytes(weights[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&weights[8..8 + header_len]).unwrap();
    let rewritten = |from: &str, to: &str| {
        assert!(header.contains(from), "{from} in {header}");
        let mut text = header.replacen(from, to, 1).into_bytes();
        while text.len() % 8 != 0 {
            text.push(b' ');
        }
        let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
        bytes.extend(text);
        bytes.extend(&weights[8 + header_len..]);
        bytes
    };
    let newer = Policy::load(&rewritten("\\\"format\\\":2", "\\\"format\\\":3"));
    let told = newer.unwrap_err().to_string();
    assert!(
        told.contains("format is 3") && told.contains("1 to 2"),
        "{told}"
    );
    // Version 1 knew no adjuster, neither its state nor its setting, and had a count in its place.
    let old = rewritten("\\\"format\\\":2", "\\\"format\\\":1");
    let text = String::from_utf8_lossy(&old).into_owned();
    let (a, b) = (
        text.find("\\\"adjuster\\\":{\\\"knobs").unwrap(),
        text.find("\\\"config\\\"").unwrap(),
    );
    let state = text[a..b].to_owned();
    let mut old = rewritten(&state, "\\\"hold_trap\\\":{\\\"updates\\\":3},");
    let at = old
        .windows(12)
        .position(|w| w == b"\\\"format\\\":2")
        .unwrap();
    old[at + 11] = b'1';
    assert!(Policy::load(&old).is_ok());
    let resumed = run(&config(4), Start::Resume(&old), &RunToEnd).unwrap();
    let whole = run(&config(4), Start::Resume(&weights), &RunToEnd).unwrap();
    // The losses of every update follow from the weights before it.
    assert_eq!(resumed.records, whole.records);
}

/// What breaks in a [`Broken`] market, at its 40th step.
#[derive(Clone, Copy, PartialEq)]
enum Break {
    Reward(f32),
    Observation(f32),
}

/// A market that breaks after a while.
struct Broken(ToyEnv, u32, Break);

impl VecEnv for Broken {
    fn n_envs(&self) -> usize {
        self.0.n_envs()
    }
    fn layout(&self) -> ObsShape {
        self.0.layout()
    }
    fn features(&self) -> Arc<FeatureTable> {
        self.0.features()
    }
    fn observe(&self, bars: &mut [u32], account: &mut [f32], masks: &mut [u8]) {
        self.0.observe(bars, account, masks);
        if let (40, Break::Observation(x)) = (self.1, self.2) {
            account[7] = x;
        }
    }
    fn step(&mut self, actions: &[u8], out: &mut StepOut) {
        self.0.step(actions, out);
        self.1 += 1;
        if let (40, Break::Reward(x)) = (self.1, self.2) {
            out.rewards[3] = x;
        }
    }
    fn set_curriculum(&mut self, _: &CurriculumState) {}
    fn save_state(&self) -> Vec<u8> {
        self.0.save_state()
    }
    fn load_state(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.0.load_state(bytes)
    }
}

#[test]
fn a_broken_number_stops_the_run_and_hands_out_what_it_was_computed_from() {
    for (breaks, named) in [
        (Break::Reward(f32::NAN), "reward"),
        (Break::Reward(f32::INFINITY), "reward"),
        (Break::Observation(f32::NAN), "observation"),
        (Break::Observation(f32::NEG_INFINITY), "observation"),
        // Finite, and yet no gradient can be computed from it.
        (Break::Reward(3e38), "loss or gradient"),
    ] {
        let mut updates = 0;
        let mut checkpoints = 0;
        let error = train(
            &config(10),
            &mut Broken(env(), 0, breaks),
            Start::Scratch,
            &RunToEnd,
            &mut |event| {
                updates += u32::from(matches!(event, Event::Update(_)));
                checkpoints += u32::from(matches!(event, Event::Checkpoint(_)));
                Ok(())
            },
        );
        assert_eq!((updates, checkpoints), (2, 0), "{named}");
        let Err(TrainError::NotFinite {
            update: 3,
            what,
            inputs,
            ..
        }) = error
        else {
            panic!("{error:?}")
        };
        assert_eq!(what, named);
        let parts = safetensors::SafeTensors::deserialize(&inputs.0).unwrap();
        let rewards = parts.tensor("rollout.rewards").unwrap();
        assert_eq!(rewards.shape(), [16, 48]);
        let finite = |name: &str| {
            let data = parts.tensor(name).unwrap().data().to_vec();
            data.as_chunks::<4>()
                .0
                .iter()
                .all(|b| f32::from_le_bytes(*b).is_finite())
        };
        let broken = if named == "observation" {
            "rollout.account"
        } else {
            "rollout.rewards"
        };
        assert_eq!(finite(broken), named == "loss or gradient");
        let weights = parts
            .names()
            .into_iter()
            .filter(|n| !n.starts_with("rollout") && !n.starts_with("normalizer"))
            .collect::<Vec<_>>();
        assert!(
            weights.len() > 5 && weights.into_iter().all(finite),
            "{named}"
        );
    }
}

#[test]
fn a_deaf_receiver_stops_the_run() {
    let error = train(
        &config(10),
        &mut env(),
        Start::Scratch,
        &RunToEnd,
        &mut |event| match event {
            Event::Update(_) => Err("the disk is full".to_owned()),
            _ => Ok(()),
        },
    );
    assert!(matches!(error, Err(TrainError::Receiver(text)) if text.contains("disk")));
}

#[test]
fn burn_trains_the_same_loop_on_its_own_processor_device() {
    let mut config = config(3);
    config.ppo.target_kl = 0.0;
    let of = |compute: &Compute| {
        let mut losses = Vec::new();
        let outcome = train_on(
            &config,
            compute,
            &mut env(),
            Start::Scratch,
            &RunToEnd,
            &mut |event| {
                if let Event::Update(record) = event {
                    losses.push(record.loss);
                }
                Ok(())
            },
        );
        (
            Policy::load(&outcome.unwrap().last.weights).unwrap(),
            losses,
        )
    };
    let (cpu, cpu_losses) = of(&Compute::Cpu);
    let (burn, burn_losses) = of(&Compute::Burn(Device::flex()));
    assert!(
        (cpu_losses[0] - burn_losses[0]).abs() < 1e-3,
        "{cpu_losses:?} {burn_losses:?}"
    );
    let apart = |a: &[f32], b: &[f32]| {
        a.iter()
            .zip(b)
            .map(|(x, y)| (x - y).abs())
            .fold(0.0, f32::max)
    };
    let far = apart(&cpu.params().values, &burn.params().values);
    assert!(far < 2e-2, "parameters are {far} apart after three updates");
}
