//! Runs as a whole: same bits for the same seed, resumed as if never stopped, stopped when told,
//! and never on over a broken number.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use burn::tensor::Device;
use holdout_core::sim::{CurriculumState, Phase};

use super::train::{Run, train_where_it_can};
use super::{NetworkConfig, Start, TrainConfig, train, train_on};
use crate::checkpoint::Checkpoint;
use crate::device::{Compute, DeviceChoice, DeviceError, Resolved};
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
            Event::Adjustment { .. } | Event::Alarm { .. } | Event::Paused(_) | Event::Log(_) => {}
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

/// Groups of environments in turn are what one group is: no number, draw or order depends on them.
#[test]
fn environments_in_two_groups_do_what_they_do_in_one() {
    let config = config(2);
    for compute in [Compute::Cpu, Compute::Burn(Device::flex())] {
        let rollouts = [vec![48], vec![20, 28]].map(|sizes| {
            let mut env = env();
            let mut run = Run::begin(&config, &compute, &mut env, Start::Scratch).unwrap();
            run.groups = sizes
                .iter()
                .scan(0, |from, n| {
                    *from += n;
                    Some(*from - n..*from)
                })
                .collect();
            run.roll_out().unwrap();
            (run.rollout, run.episodes)
        });
        let [(one, ended), (two, ended_too)] = &rollouts;
        assert!(!one.final_at.is_empty(), "no episode was cut off");
        assert_eq!(
            (&one.bars, &one.masks, &one.actions),
            (&two.bars, &two.masks, &two.actions)
        );
        assert_eq!((&one.rewards, &one.account), (&two.rewards, &two.account));
        assert_eq!(
            (&one.terminated, &one.truncated, &one.final_at),
            (&two.terminated, &two.truncated, &two.final_at)
        );
        assert_eq!(
            (&one.final_bars, &one.final_account),
            (&two.final_bars, &two.final_account)
        );
        assert_eq!(
            (&ended.returns, &ended.lengths),
            (&ended_too.returns, &ended_too.lengths)
        );
        for (a, b) in [
            (&one.values, &two.values),
            (&one.log_probs, &two.log_probs),
            (&one.final_values, &two.final_values),
            (&one.last_values, &two.last_values),
        ] {
            assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6));
        }
    }
}

/// Who asked for any device is trained on the processor and told; who asked for the one that fails
/// is told and not trained.
#[test]
fn a_card_that_is_refused_is_replaced_by_the_processor_only_where_any_would_do() {
    let half = run(&config(2), Start::Scratch, &StopAfter(Cell::new(1))).unwrap();
    let mut weights = Checkpoint::read(&half.outcome.last.weights).unwrap();
    // Its square is beyond 32 bits, so that any device fails at the sums.
    weights.params.values[0] = 1e20;
    let weights = weights.write().unwrap().weights;
    let resolved = Resolved {
        compute: Compute::Burn(Device::flex()),
        name: "the card".to_owned(),
        reason: "the card: found".to_owned(),
    };
    let run = |device| {
        let config = TrainConfig {
            device,
            ..config(2)
        };
        let mut told = Vec::new();
        let done = train_where_it_can(
            &config,
            &resolved,
            &mut env(),
            Start::Resume(&weights),
            &StopAfter(Cell::new(0)),
            &mut |event| {
                if let Event::Log(text) = event {
                    told.push(text);
                }
                Ok(())
            },
        );
        (done, told)
    };
    let (done, told) = run(DeviceChoice::Gpu(0));
    let Err(TrainError::Device(refused @ DeviceError::Refused { .. })) = done else {
        panic!("{done:?}");
    };
    assert_eq!(told, ["device the card: found"]);
    let (done, told) = run(DeviceChoice::Auto);
    assert_eq!(done.unwrap().update, 1);
    assert_eq!(
        told,
        [
            "device the card: found".to_owned(),
            format!("device cpu, not the card: {refused}")
        ]
    );
}

/// What holds for a graphics card, whose sums may round differently from run to run, shown on
/// burn's own processor device: weights within 1e-4 after five updates.
#[test]
fn a_run_resumed_through_burn_stays_within_the_stated_tolerance() {
    let config = config(10);
    let compute = Compute::Burn(Device::flex());
    let of = |start: Start<'_>, control: &dyn Control| {
        let on = &mut |_: Event<'_>| Ok(());
        train_on(&config, &compute, &mut env(), start, control, on).unwrap()
    };
    let whole = of(Start::Scratch, &RunToEnd);
    let half = of(Start::Scratch, &StopAfter(Cell::new(5)));
    let rest = of(Start::Resume(&half.last.weights), &RunToEnd);
    assert_eq!((half.update, rest.update), (5, 10));
    let weights = |o: &Outcome| Policy::load(&o.last.weights).unwrap();
    let (a, b, then) = (weights(&whole), weights(&rest), weights(&half));
    let apart = |a: &Policy, b: &Policy| {
        let pairs = a.params().values.iter().zip(&b.params().values);
        pairs.map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
    };
    assert!(apart(&a, &b) < 1e-4, "{} apart", apart(&a, &b));
    assert!(apart(&a, &then) > 1e-3, "the five updates moved nothing");
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

/// The schedule counts environment steps, and the optimiser steps by what it says to the end.
#[test]
fn the_learning_rate_at_the_start_the_middle_and_the_end_moves_the_weights() {
    let mut config = config(100);
    (config.ppo.warmup_share, config.checkpoint_every) = (0.1, 1);
    config.ppo.target_kl = 0.0;
    let told = run(&config, Start::Scratch, &RunToEnd).unwrap();
    let rate = |percent: usize| told.records[percent - 1].learning_rate;
    let peak = config.peak_learning_rate();
    for (percent, share) in [
        (1, 0.1),
        (5, 0.5),
        (10, 1.0),
        (50, 0.6),
        (95, 0.15),
        (100, 0.1),
    ] {
        assert!((rate(percent) / peak - share).abs() < 1e-9, "at {percent}%");
    }
    let weights = |update: usize| {
        let policy = Policy::load(&told.checkpoints[update - 1].weights).unwrap();
        policy.params().values.clone()
    };
    // Adam's steps are at most (1 - beta1) / sqrt(1 - beta2) = 3.17 rates long (Kingma and Ba 2015,
    // section 2.1): an update moves weights by no more than its 16 steps allow, and not by a
    // vanishing share of that.
    for update in [50, 95, 100] {
        let (a, b) = (weights(update - 1), weights(update));
        let moved = a.iter().zip(&b).map(|(x, y)| f64::from((x - y).abs()));
        let furthest = moved.fold(0.0, f64::max) / (16.0 * rate(update));
        assert!((0.1..3.17).contains(&furthest), "at {update}%: {furthest}");
    }
}

/// An update's time is that of its parts, and every count is of what its name says.
#[test]
fn the_parts_of_an_update_add_up() {
    let mut seconds = Vec::new();
    train(
        &config(5),
        &mut env(),
        Start::Scratch,
        &RunToEnd,
        &mut |event| {
            if let Event::Update(r) = event {
                let parts = r.env_seconds + r.inference_seconds + r.training_seconds;
                seconds.push((r.seconds, parts));
                assert!(r.env_sps >= r.rollout_sps && r.rollout_sps >= r.train_sps);
                let steps = 48.0 * 16.0;
                assert!((r.train_sps * r.seconds - steps).abs() < 1e-6 * steps);
            }
            Ok(())
        },
    )
    .unwrap();
    assert_eq!(seconds.len(), 5);
    for (whole, parts) in seconds {
        assert!((whole - parts).abs() <= 1e-6 * whole, "{whole} {parts}");
    }
}

/// What the normaliser holds after a run is what was observed, as it was observed, once.
#[test]
fn the_normaliser_of_a_run_is_that_of_its_raw_observations() {
    /// Keeps what the learner is shown.
    struct Seen(ToyEnv, std::cell::RefCell<Vec<Vec<f64>>>);
    impl VecEnv for Seen {
        fn n_envs(&self) -> usize {
            self.0.n_envs()
        }
        fn layout(&self) -> ObsShape {
            self.0.layout()
        }
        fn features(&self) -> Arc<FeatureTable> {
            self.0.features()
        }
        fn observe(
            &self,
            envs: Range<usize>,
            bars: &mut [u32],
            account: &mut [f32],
            masks: &mut [u8],
        ) {
            self.0.observe(envs, bars, account, masks);
            let table = self.features();
            for (bar, numbers) in bars.iter().zip(account.chunks(SHAPE.n_account)) {
                let window = table.window(*bar, SHAPE.window).unwrap();
                let row = window.iter().chain(numbers).map(|&x| f64::from(x));
                self.1.borrow_mut().push(row.collect());
            }
        }
        fn step(&mut self, envs: Range<usize>, actions: &[u8], out: &mut StepOut) {
            self.0.step(envs, actions, out);
        }
        fn set_curriculum(&mut self, _: &CurriculumState) {}
        fn save_state(&self) -> Vec<u8> {
            self.0.save_state()
        }
        fn load_state(&mut self, bytes: &[u8]) -> Result<(), String> {
            self.0.load_state(bytes)
        }
    }
    let mut seen = Seen(env(), Vec::new().into());
    let outcome = train(
        &config(6),
        &mut seen,
        Start::Scratch,
        &RunToEnd,
        &mut |_| Ok(()),
    );
    let policy = Policy::load(&outcome.unwrap().last.weights).unwrap();
    // The 17th look of each update only bootstraps; it is the first of the next one.
    let rows = seen.1.into_inner();
    let acted_on: Vec<&Vec<f64>> = rows
        .chunks(48)
        .enumerate()
        .filter(|(look, _)| look % 17 != 16)
        .flat_map(|(_, rows)| rows)
        .collect();
    let n = acted_on.len() as f64;
    assert_eq!((n, policy.normalizer().count), (6.0 * 16.0 * 48.0, n));
    for j in 0..SHAPE.obs_len() {
        let mean = acted_on.iter().map(|r| r[j]).sum::<f64>() / n;
        let var = acted_on.iter().map(|r| (r[j] - mean).powi(2)).sum::<f64>() / n;
        let (m, v) = (policy.normalizer().mean[j], policy.normalizer().var[j]);
        assert!((m - mean).abs() < 1e-5, "mean {j}: {m} against {mean}");
        assert!(
            (v - var).abs() < 1e-5 * (1.0 + var),
            "variance {j}: {v} against {var}"
        );
    }
}

/// The best so far is kept between the checkpoints that come by themselves.
#[test]
fn a_policy_that_the_receiver_wants_to_keep_becomes_a_checkpoint() {
    let mut config = config(20);
    (config.checkpoint_every, config.eval_every) = (0, 2);
    let mut kept = Vec::new();
    train(
        &config,
        &mut env(),
        Start::Scratch,
        &RunToEnd,
        &mut |event| {
            match event {
                Event::EvalDue { update, keep, .. } => *keep = [4, 10].contains(&update),
                Event::Checkpoint(data) => kept.push(data.update),
                _ => {}
            }
            Ok(())
        },
    )
    .unwrap();
    assert_eq!(kept, [4, 10, 20]);
}

#[test]
fn a_pause_is_told_and_changes_no_bit() {
    /// Pauses once, before the third update.
    struct PauseOnce(Cell<u64>, Cell<u64>);
    impl Control for PauseOnce {
        fn poll(&self) -> Command {
            self.0.set(self.0.get() + 1);
            if self.0.get() == 3 {
                Command::Pause
            } else {
                Command::Continue
            }
        }
        fn wait(&self) {
            self.1.set(self.1.get() + 1);
        }
    }
    let control = PauseOnce(Cell::new(0), Cell::new(0));
    let mut told = Vec::new();
    let outcome = train(
        &config(4),
        &mut env(),
        Start::Scratch,
        &control,
        &mut |event| {
            match event {
                Event::Paused(p) => told.push(("paused", u64::from(p))),
                Event::Update(r) => told.push(("update", r.update)),
                _ => {}
            }
            Ok(())
        },
    )
    .unwrap();
    assert_eq!(control.1.get(), 1);
    let (p, u) = ("paused", "update");
    assert_eq!(told, [(u, 1), (u, 2), (p, 1), (p, 0), (u, 3), (u, 4)]);
    let whole = run(&config(4), Start::Scratch, &RunToEnd).unwrap();
    assert!(outcome.last.weights == whole.outcome.last.weights);
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
        while !text.len().is_multiple_of(8) {
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
    fn observe(&self, envs: Range<usize>, bars: &mut [u32], account: &mut [f32], masks: &mut [u8]) {
        self.0.observe(envs, bars, account, masks);
        if let (40, Break::Observation(x)) = (self.1, self.2) {
            account[7] = x;
        }
    }
    fn step(&mut self, envs: Range<usize>, actions: &[u8], out: &mut StepOut) {
        self.0.step(envs, actions, out);
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
