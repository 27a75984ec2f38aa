//! The same update three ways: an independent program's numbers, the processor's engine, and
//! burn's automatic differentiation.

use std::sync::Arc;

use burn::tensor::{Device, DeviceKind};
use holdout_core::rng::Stream;
use holdout_core::sim::N_ACTIONS;
use serde_json::Value;

use super::diagnostics::UpdateCoefs;
use super::loss::LossCoefs;
use super::rollout::Rollout;
use super::{Adam, BurnEngine, CpuEngine, NetworkConfig};
use crate::env::{FeatureTable, ObsShape};
use crate::policy::Normalizer;
use crate::policy::normalizer::{CompactObs, Scaling};
use crate::policy::params::{Layout, Params};

fn near(what: &str, got: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!(
            (g - e).abs() <= tolerance * (1.0 + e.abs()),
            "{what}[{i}]: {g} against {e}"
        );
    }
}

fn numbers(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        Value::Bool(b) => vec![f32::from(u8::from(*b))],
        other => vec![other.as_f64().unwrap() as f32],
    }
}

fn flat(layout: &Layout, parts: &Value) -> Vec<f32> {
    layout
        .parts
        .iter()
        .flat_map(|p| numbers(&parts[&p.name]))
        .collect()
}

struct Case {
    shape: ObsShape,
    features: FeatureTable,
    rollout: Rollout,
    scaling: Scaling,
    params: Params,
    coefs: UpdateCoefs,
    rows: Vec<u32>,
}

impl Case {
    fn cpu(&self) -> CpuEngine {
        CpuEngine::new(
            self.params.clone(),
            Adam::new(self.params.values.len()),
            self.shape,
        )
    }

    fn burn(&self) -> BurnEngine {
        let mut engine = self.burn_on(&Device::flex()).unwrap();
        engine.check_sums(&self.params.values).unwrap();
        engine.start_update(&self.rollout, &self.scaling).unwrap();
        engine
    }

    fn burn_on(&self, device: &Device) -> Result<BurnEngine, String> {
        let adam = Adam::new(self.params.values.len());
        BurnEngine::upload(&self.params, &adam, self.shape, &self.features, device)
    }
}

/// The independent program's case; `None` where the folder is absent.
fn oracle() -> Option<(Case, Value)> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/oracles/ppo/minibatch.json"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: {path} is not there");
        return None;
    };
    let file: Value = serde_json::from_str(&text).unwrap();
    let (batch, config) = (&file["batch"], &file["config"]);
    let shape = ObsShape {
        window: 1,
        n_features: 11,
        n_account: 0,
    };
    let network = NetworkConfig {
        trunk: vec![16, 16],
        head: 8,
        layer_norm: true,
    };
    let layout = Arc::new(Layout::new(11, &network));
    let mut params = Params::zeros(layout.clone());
    params.values = flat(&layout, &file["parameters"]);
    let n = 64;
    let mut rollout = Rollout::new(n, 1, shape);
    rollout.bars = (0..n as u32).collect();
    rollout.actions = numbers(&batch["actions"])
        .iter()
        .map(|&a| a as u8)
        .collect();
    rollout.log_probs = numbers(&batch["old_log_probs"]);
    rollout.advantages = numbers(&batch["advantages"]);
    rollout.returns = numbers(&batch["returns"]);
    let bits = |row: &[f32]| {
        row.iter()
            .enumerate()
            .fold(0, |m, (i, &x)| m | u8::from(x > 0.0) << i)
    };
    rollout.masks = numbers(&batch["allowed"])
        .chunks(N_ACTIONS)
        .map(bits)
        .collect();
    let setting = |name: &str| config[name].as_f64().unwrap();
    let coefs = UpdateCoefs {
        loss: LossCoefs {
            clip_coef: setting("clip_coef") as f32,
            clip_vloss: false,
            vf_coef: setting("vf_coef") as f32,
            ent_coef: setting("ent_coef") as f32,
        },
        lr: setting("learning_rate"),
        max_grad_norm: setting("max_grad_norm"),
        adam_eps: setting("adam_eps"),
        norm_adv: true,
        minibatch_len: n,
    };
    let features = FeatureTable {
        n_features: 11,
        data: numbers(&batch["observations"]),
    };
    let scaling = Normalizer::new(11).scaling();
    let rows = (0..n as u32).collect();
    Some((
        Case {
            shape,
            features,
            rollout,
            scaling,
            params,
            coefs,
            rows,
        },
        file,
    ))
}

#[test]
fn one_minibatch_agrees_with_an_independent_program() {
    let Some((case, file)) = oracle() else { return };
    let expected = &file["expected"];
    let layout = case.params.layout().clone();
    let number = |name: &str| expected[name].as_f64().unwrap() as f32;
    let gradients = flat(&layout, &expected["gradients"]);
    let after = flat(&layout, &expected["parameters_after_one_adam_step"]);
    let figures = [
        "policy_loss",
        "value_loss",
        "entropy",
        "approx_kl",
        "clip_fraction",
        "grad_norm",
    ]
    .map(number);

    let mut cpu = case.cpu();
    let mut logits = vec![0.0; 64 * N_ACTIONS];
    let mut values = vec![0.0; 64];
    let obs = CompactObs {
        shape: case.shape,
        features: &case.features,
        bars: &case.rollout.bars,
        account: &[],
    };
    cpu.infer(obs, &case.scaling, &mut logits, &mut values);
    near("values", &values, &numbers(&expected["values"]), 1e-5);
    let (sums, norm, got) = cpu.gradient(
        &case.rollout,
        &case.features,
        &case.scaling,
        &case.rows,
        &case.coefs,
    );
    let mean = |x: f64| (x / sums.rows) as f32;
    let got_figures = [
        mean(sums.policy),
        mean(sums.value),
        mean(sums.entropy),
        mean(sums.approx_kl),
        mean(sums.clipped),
        norm as f32,
    ];
    near("figures", &got_figures, &figures, 1e-5);
    assert!((sums.loss(&case.coefs.loss) as f32 - number("loss")).abs() < 1e-5);
    near("gradients", &got, &gradients, 1e-5);
    cpu.epoch(
        &case.rollout,
        &case.features,
        &case.scaling,
        &case.rows,
        &case.coefs,
    );
    near(
        "parameters after a step",
        &cpu.net.params.values,
        &after,
        1e-5,
    );

    let mut burn = case.burn();
    let (got_figures, got) = burn.gradient(&case.rows, &case.coefs).unwrap();
    near("burn's figures", &got_figures, &figures, 1e-5);
    near("burn's gradients", &got, &gradients, 1e-5);
    burn.epoch(&case.rows, &case.coefs).unwrap();
    near(
        "burn's parameters after a step",
        &burn.export().unwrap().0.values,
        &after,
        1e-5,
    );
}

/// A made-up rollout of the real sizes, rows not a multiple of anything.
fn made_up(network: NetworkConfig, clip_vloss: bool) -> Case {
    let shape = ObsShape {
        window: 20,
        n_features: 11,
        n_account: 13,
    };
    let mut stream = Stream::new(11, "made up", 0);
    let n = 1100;
    let mut normal = || stream.normal() as f32;
    let features = FeatureTable {
        n_features: 11,
        data: (0..500 * 11).map(|_| normal()).collect(),
    };
    let mut rollout = Rollout::new(n, 1, shape);
    rollout.account = (0..n * 13).map(|_| normal()).collect();
    rollout.values = (0..n).map(|_| normal()).collect();
    rollout.advantages = (0..n).map(|_| normal()).collect();
    rollout.returns = (0..n).map(|_| normal()).collect();
    for i in 0..n {
        rollout.bars[i] = 19 + stream.below(480) as u32;
        rollout.masks[i] = [0b00_0001, 0b00_0111, 0b01_1001, 0b10_0001][i % 4];
        rollout.actions[i] = [
            0,
            (i / 4 % 3) as u8,
            [0, 3, 4][i / 4 % 3],
            [0, 5][i / 4 % 2],
        ][i % 4];
        rollout.log_probs[i] = -(1.0 + 0.2 * stream.normal() as f32).abs();
    }
    let layout = Arc::new(Layout::new(233, &network));
    let mut params = Params::orthogonal(layout, 5);
    params
        .get_mut("pi1.weight")
        .unwrap()
        .iter_mut()
        .for_each(|w| *w *= 50.0);
    let mut normalizer = Normalizer::new(233);
    normalizer.update(CompactObs {
        shape,
        features: &features,
        bars: &rollout.bars,
        account: &rollout.account,
    });
    let loss = LossCoefs {
        clip_coef: 0.2,
        clip_vloss,
        vf_coef: 0.5,
        ent_coef: 0.01,
    };
    let coefs = UpdateCoefs {
        loss,
        lr: 3e-4,
        max_grad_norm: 0.5,
        adam_eps: 1e-5,
        norm_adv: true,
        minibatch_len: 550,
    };
    let scaling = normalizer.scaling();
    let rows = (0..n as u32).rev().collect();
    Case {
        shape,
        features,
        rollout,
        scaling,
        params,
        coefs,
        rows,
    }
}

#[test]
fn the_fused_pass_equals_automatic_differentiation() {
    for (network, clip_vloss) in [
        (NetworkConfig::default(), false),
        (
            NetworkConfig {
                trunk: vec![40],
                head: 24,
                layer_norm: false,
            },
            true,
        ),
        (
            NetworkConfig {
                trunk: vec![33, 64, 17],
                head: 9,
                layer_norm: true,
            },
            true,
        ),
    ] {
        let case = made_up(network, clip_vloss);
        let (mut cpu, mut burn) = (case.cpu(), case.burn());
        let n = case.rollout.len();
        let (mut a, mut b) = (vec![0.0; n * N_ACTIONS], vec![0.0; n * N_ACTIONS]);
        let (mut va, mut vb) = (vec![0.0; n], vec![0.0; n]);
        let obs = CompactObs {
            shape: case.shape,
            features: &case.features,
            bars: &case.rollout.bars,
            account: &case.rollout.account,
        };
        cpu.infer(obs, &case.scaling, &mut a, &mut va);
        let coming = burn.begin(obs, &case.scaling).unwrap();
        coming.finish(&mut b, &mut vb).unwrap();
        near("logits", &a, &b, 1e-5);
        near("values", &va, &vb, 1e-5);
        let (sums, norm, ga) = cpu.gradient(
            &case.rollout,
            &case.features,
            &case.scaling,
            &case.rows,
            &case.coefs,
        );
        let (figures, gb) = burn.gradient(&case.rows, &case.coefs).unwrap();
        near("gradients", &ga, &gb, 1e-5);
        let mean = |x: f64| (x / sums.rows) as f32;
        near(
            "figures",
            &[
                mean(sums.policy),
                mean(sums.value),
                mean(sums.entropy),
                mean(sums.approx_kl),
                mean(sums.clipped),
                norm as f32,
            ],
            &figures,
            1e-5,
        );
        let ea = cpu.epoch(
            &case.rollout,
            &case.features,
            &case.scaling,
            &case.rows,
            &case.coefs,
        );
        let eb = burn.epoch(&case.rows, &case.coefs).unwrap();
        assert_eq!((ea.minibatches, eb.minibatches), (2, 2));
        assert!(
            (ea.loss_sum - eb.loss_sum).abs() < 1e-4
                && (ea.approx_kl() - eb.approx_kl()).abs() < 1e-4
        );
        near(
            "parameters",
            &cpu.net.params.values,
            &burn.export().unwrap().0.values,
            1e-4,
        );
    }
}

/// What of the engine has no matrix product, on a driver whose compiler cannot translate those.
#[test]
fn gather_and_optimiser_on_software_vulkan_are_those_of_the_processor() {
    let case = made_up(NetworkConfig::default(), false);
    let vulkan = std::panic::catch_unwind(|| Device::vulkan(DeviceKind::Cpu));
    let device = vulkan.map_err(|_panic| "no device".to_owned());
    let mut vulkan = match device.and_then(|d| case.burn_on(&d)) {
        Ok(engine) => engine,
        Err(reason) => {
            println!("skipped: no software Vulkan here: {reason}");
            return;
        }
    };
    vulkan.start_update(&case.rollout, &case.scaling).unwrap();
    let mut flex = case.burn();
    let [a, b] = [&flex, &vulkan].map(|engine| engine.observations(&case.rows).unwrap());
    near("observations", &b, &a, 1e-6);
    // Asked for one after the other, then taken: what comes is what was asked for.
    let (first, last) = case.rows.split_at(case.rows.len() / 2);
    let coming = [first, last].map(|rows| vulkan.coming_observations(rows).unwrap());
    let come = coming.map(|c| c.numbers().unwrap());
    near("observations on their way", &come.concat(), &a, 1e-6);
    let trusted = vulkan.check_sums(&case.params.values);
    let mut stream = Stream::new(3, "gradient", 0);
    for _ in 0..3 {
        let gradient: Vec<f32> = (0..case.params.values.len())
            .map(|_| stream.normal() as f32)
            .collect();
        let [a, b] = [&mut flex, &mut vulkan].map(|e| e.step(&gradient, &case.coefs).unwrap());
        let wrong = (a - b).abs() > 1e-2 * a;
        if let Err(reason) = &trusted {
            println!("this driver is refused: {reason}");
            assert!(wrong, "refused, but the norm is {b}, which is right");
            return;
        }
        near("norm", &[b], &[a], 1e-5);
    }
    let (a, b) = (flex.export().unwrap(), vulkan.export().unwrap());
    assert_ne!(a.0.values, case.params.values);
    near("moments", &b.1.m, &a.1.m, 1e-6);
    near("parameters", &b.0.values, &a.0.values, 1e-5);
}

#[test]
fn a_step_of_adam_is_that_of_burn() {
    use burn::module::Param;
    use burn::optim::{AdamConfig, Optimizer};
    use burn::tensor::{Tensor, TensorData};
    let device = Device::flex();
    let adam = AdamConfig::new().with_epsilon(1e-5).build();
    let mut ours = Adam::new(4);
    let mut params = vec![0.3_f32, -0.2, 0.0, 1.0];
    let mut theirs = Tensor::<1>::from_data(TensorData::new(params.clone(), [4]), &device);
    let mut state = None;
    for step in 0..5 {
        let grads: Vec<f32> = (0..4)
            .map(|i| ((step * 3 + i * 5) % 7) as f32 * 0.1 - 0.3)
            .collect();
        let g = Tensor::<1>::from_data(TensorData::new(grads.clone(), [4]), &device);
        (theirs, state) = adam.step(1e-2, theirs, g, state);
        ours.step(
            crate::kernels::gemm::Level::detect(),
            &mut params,
            &grads,
            1.0,
            1e-2,
            1e-5,
        );
    }
    near(
        "parameters",
        &params,
        &Param::from_tensor(theirs)
            .val()
            .into_data()
            .try_to_vec::<f32>()
            .unwrap(),
        1e-5,
    );
}
