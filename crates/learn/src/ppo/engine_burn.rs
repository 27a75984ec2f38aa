//! The update through burn, on any of its devices: the way of graphics cards.
//!
//! The feature table lives on the device once. A rollout is uploaded in compact form, and a
//! minibatch is gathered, scaled, learned from and applied there; the host reads back a few
//! figures per epoch. Optimiser and clipping work on one flat tensor of all parameters.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;

use burn::module::Module as _;
use burn::tensor::{Device, Int, Tensor, TensorData};
use futures_lite::future::{block_on, poll_once};
use holdout_core::sim::N_ACTIONS;

use super::adam::{Adam, AdamScalars, BETA1, BETA2};
use super::diagnostics::{EpochFigures, UpdateCoefs};
use super::loss::{LossSums, TensorBatch, tensor_loss};
use super::rollout::Rollout;
use crate::env::{FeatureTable, ObsShape};
use crate::policy::mlp::ActorCritic;
use crate::policy::normalizer::{CompactObs, Scaling};
use crate::policy::params::{Layout, Params};

/// Network, optimiser and market on a device of burn.
#[derive(Debug)]
pub(crate) struct BurnEngine {
    device: Device,
    layout: Arc<Layout>,
    shape: ObsShape,
    features: Tensor<2>,
    offsets: Tensor<2, Int>,
    /// On the autodiff device.
    module: ActorCritic,
    /// The same without its graph, which acting has no use for; made anew after an update.
    acting: Option<ActorCritic>,
    scaling: Option<DeviceScaling>,
    theta: Tensor<1>,
    m: Tensor<1>,
    v: Tensor<1>,
    steps: u64,
    rollout: Option<DeviceRollout>,
}

/// One rollout on the device, compact.
#[derive(Debug)]
struct DeviceRollout {
    first_rows: Tensor<1, Int>,
    account: Tensor<2>,
    forbidden: Tensor<2>,
    actions: Tensor<1, Int>,
    /// Columns: old log-probability, old value, advantage, target.
    numbers: Tensor<2>,
    scaling: DeviceScaling,
}

/// The scaling of observations on the device, and that on the host which it is a copy of.
#[derive(Clone, Debug)]
struct DeviceScaling {
    host: Scaling,
    mean: Tensor<1>,
    scale: Tensor<1>,
}

/// What a minibatch gives.
struct Gradient {
    /// The loss's five figures.
    figures: Tensor<1>,
    norm: Tensor<1>,
    /// In the order of the flat buffer of parameters.
    flat: Tensor<1>,
}

/// Runs work on the device; a failure or a panic of the driver becomes its text.
fn guarded<R>(work: impl FnOnce() -> Result<R, String>) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text
            .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
            .unwrap_or_else(|| "the driver failed without a message".to_owned()))
    })
}

/// Logits and values that the device works on: a column for each action and one for the value.
pub(crate) struct Coming {
    reading: Pin<Box<dyn Future<Output = Result<TensorData, String>> + Send>>,
    /// What the first look at `reading` already found.
    arrived: Option<Result<TensorData, String>>,
}

impl std::fmt::Debug for Coming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Coming").finish_non_exhaustive()
    }
}

impl Coming {
    /// Asks for a tensor at once: work that is given to the device afterwards is not waited for.
    pub(super) fn of(tensor: Tensor<2>) -> Self {
        let data = tensor.into_data_async();
        let mut reading: Pin<Box<dyn Future<Output = _> + Send>> =
            Box::pin(async move { data.await.map_err(|e| format!("{e:?}")) });
        let arrived = block_on(poll_once(&mut reading));
        Self { reading, arrived }
    }

    /// Waits for the numbers, row by row.
    pub(super) fn numbers(self) -> Result<Vec<f32>, String> {
        guarded(|| {
            let data = self.arrived.unwrap_or_else(|| block_on(self.reading))?;
            data.convert::<f32>()
                .try_to_vec()
                .map_err(|e| format!("{e:?}"))
        })
    }

    /// Waits, and writes logits (six per row) and values.
    pub(crate) fn finish(self, logits: &mut [f32], values: &mut [f32]) -> Result<(), String> {
        let both = self.numbers()?;
        for ((row, z), v) in both
            .chunks_exact(N_ACTIONS + 1)
            .zip(logits.chunks_exact_mut(N_ACTIONS))
            .zip(values)
        {
            z.copy_from_slice(&row[..N_ACTIONS]);
            *v = row[N_ACTIONS];
        }
        Ok(())
    }
}

fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, String> {
    let data = tensor.try_into_data().map_err(|e| format!("{e:?}"))?;
    data.convert::<f32>()
        .try_to_vec()
        .map_err(|e| format!("{e:?}"))
}

fn floats<const D: usize>(numbers: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

fn ints<const D: usize>(numbers: Vec<i32>, shape: [usize; D], device: &Device) -> Tensor<D, Int> {
    Tensor::from_data(TensorData::new(numbers, shape), device)
}

impl BurnEngine {
    /// # Errors
    /// The device cannot take the numbers, or does not add them up as the processor does.
    pub(crate) fn new(
        params: &Params,
        adam: &Adam,
        shape: ObsShape,
        features: &FeatureTable,
        device: &Device,
    ) -> Result<Self, String> {
        let engine = Self::upload(params, adam, shape, features, device)?;
        engine.check_sums(&params.values)?;
        Ok(engine)
    }

    pub(super) fn upload(
        params: &Params,
        adam: &Adam,
        shape: ObsShape,
        features: &FeatureTable,
        device: &Device,
    ) -> Result<Self, String> {
        guarded(|| {
            let device = device.clone().inner();
            let (n_bars, width) = (features.n_bars(), features.n_features);
            let flat = |x: &[f32]| floats(x.to_vec(), [x.len()], &device);
            Ok(Self {
                layout: params.layout().clone(),
                shape,
                features: floats(
                    features.data[..n_bars * width].to_vec(),
                    [n_bars, width],
                    &device,
                ),
                offsets: ints(
                    (0..shape.window as i32).collect(),
                    [1, shape.window],
                    &device,
                ),
                module: ActorCritic::from_params(params, &device.clone().autodiff()),
                acting: None,
                scaling: None,
                theta: flat(&params.values),
                m: flat(&adam.m),
                v: flat(&adam.v),
                steps: adam.steps,
                rollout: None,
                device,
            })
        })
    }

    /// Adds up the squares of the parameters, all together and row by row.
    ///
    /// Kernels add across groups of threads whose size a driver may choose anew at every dispatch;
    /// one that does gives wrong sums without a word, and a training that looks like one.
    pub(super) fn check_sums(&self, host: &[f32]) -> Result<(), String> {
        const ROW: usize = 200;
        let width = ROW.min(host.len());
        let n_rows = (host.len() / width.max(1)).min(64);
        let summed = guarded(|| {
            let squares = self.theta.clone().square();
            let rows = squares.clone().narrow(0, 0, n_rows * width);
            let rows = rows.reshape([n_rows, width]).sum_dim(1).reshape([n_rows]);
            read(Tensor::cat(vec![squares.sum(), rows], 0))
        })?;
        let sum = |x: &[f32]| x.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>();
        let all = std::iter::once(host);
        for (part, got) in all.chain(host.chunks_exact(width)).zip(summed) {
            let expected = sum(part);
            if (f64::from(got) - expected).abs() > 1e-3 * expected + 1e-6 {
                return Err(format!(
                    "it adds up {} numbers to {got} where the processor gives {expected}: its driver does not run these kernels right; use --device cpu, or another driver",
                    part.len()
                ));
            }
        }
        Ok(())
    }

    /// Scaled observations from first rows of windows and account numbers.
    fn gather(
        &self,
        first_rows: Tensor<1, Int>,
        account: Tensor<2>,
        scaling: &DeviceScaling,
    ) -> Tensor<2> {
        let rows = first_rows.dims()[0];
        let index = (first_rows.reshape([rows, 1]) + self.offsets.clone())
            .reshape([rows * self.shape.window]);
        let market = self
            .features
            .clone()
            .select(0, index)
            .reshape([rows, self.shape.market_len()]);
        let raw = if self.shape.n_account > 0 {
            Tensor::cat(vec![market, account], 1)
        } else {
            market
        };
        (raw - scaling.mean.clone().unsqueeze::<2>()) * scaling.scale.clone().unsqueeze::<2>()
    }

    fn first_rows(&self, bars: &[u32]) -> Tensor<1, Int> {
        let back = self.shape.window as i32 - 1;
        ints(
            bars.iter().map(|&b| b as i32 - back).collect(),
            [bars.len()],
            &self.device,
        )
    }

    fn account(&self, numbers: &[f32], rows: usize) -> Tensor<2> {
        if self.shape.n_account == 0 {
            return Tensor::zeros([rows, 1], &self.device);
        }
        floats(numbers.to_vec(), [rows, self.shape.n_account], &self.device)
    }

    /// Has the device begin with logits and values of compact observations, and with their way back.
    pub(crate) fn begin(
        &mut self,
        obs: CompactObs<'_>,
        scaling: &Scaling,
    ) -> Result<Coming, String> {
        let rows = obs.bars.len();
        guarded(|| {
            let scaling = self.scaling(scaling);
            let x = self.gather(
                self.first_rows(obs.bars),
                self.account(obs.account, rows),
                &scaling,
            );
            let acting = self.acting.get_or_insert_with(|| self.module.valid());
            let (z, v) = acting.forward(x);
            Ok(Coming::of(Tensor::cat(vec![z, v.reshape([rows, 1])], 1)))
        })
    }

    /// The scaling on the device; it goes there once, though every step asks for it.
    fn scaling(&mut self, scaling: &Scaling) -> DeviceScaling {
        match &self.scaling {
            Some(there) if there.host == *scaling => there.clone(),
            _ => {
                let flat = |x: &[f32]| floats(x.to_vec(), [x.len()], &self.device);
                let there = DeviceScaling {
                    host: scaling.clone(),
                    mean: flat(&scaling.mean),
                    scale: flat(&scaling.scale),
                };
                self.scaling.insert(there).clone()
            }
        }
    }

    /// Takes a finished rollout to the device.
    pub(crate) fn start_update(
        &mut self,
        rollout: &Rollout,
        scaling: &Scaling,
    ) -> Result<(), String> {
        let len = rollout.len();
        let uploaded = guarded(|| {
            let forbidden = rollout
                .masks
                .iter()
                .flat_map(|&m| (0..N_ACTIONS).map(move |a| f32::from(u8::from(m >> a & 1 == 0))));
            let columns = rollout
                .log_probs
                .iter()
                .zip(&rollout.values)
                .zip(rollout.advantages.iter().zip(&rollout.returns));
            let numbers = columns.flat_map(|((&l, &v), (&a, &r))| [l, v, a, r]);
            Ok(DeviceRollout {
                first_rows: self.first_rows(&rollout.bars),
                account: self.account(&rollout.account, len),
                forbidden: floats(forbidden.collect(), [len, N_ACTIONS], &self.device),
                actions: ints(
                    rollout.actions.iter().map(|&a| i32::from(a)).collect(),
                    [len],
                    &self.device,
                ),
                numbers: floats(numbers.collect(), [len, 4], &self.device),
                scaling: self.scaling(scaling),
            })
        });
        self.rollout = Some(uploaded?);
        Ok(())
    }

    /// One pass over the uploaded rollout in the given order, an optimiser step per minibatch.
    pub(crate) fn epoch(
        &mut self,
        order: &[u32],
        coefs: &UpdateCoefs,
    ) -> Result<EpochFigures, String> {
        guarded(|| {
            let mut read_later = Vec::new();
            let rows = self.rows(order);
            for from in (0..order.len()).step_by(coefs.minibatch_len) {
                let minibatch = from..order.len().min(from + coefs.minibatch_len);
                let Gradient {
                    figures,
                    norm,
                    flat,
                } = self.minibatch(rows.clone().slice([minibatch.clone()]), coefs)?;
                self.apply(flat, norm.clone(), coefs);
                read_later.push((Tensor::cat(vec![figures, norm], 0), minibatch.len()));
            }
            let mut epoch = EpochFigures::default();
            let lens: Vec<usize> = read_later.iter().map(|f| f.1).collect();
            let all = read(Tensor::cat(
                read_later.into_iter().map(|f| f.0).collect(),
                0,
            ))?;
            for (f, n) in all.chunks_exact(6).zip(lens) {
                let rows = n as f64;
                let sum = |i: usize| f64::from(f[i]) * rows;
                let sums = LossSums {
                    rows,
                    policy: sum(0),
                    value: sum(1),
                    entropy: sum(2),
                    approx_kl: sum(3),
                    clipped: sum(4),
                };
                epoch.add(&sums, &coefs.loss, f64::from(f[5]));
            }
            Ok(epoch)
        })
    }

    /// Entries of the rollout by their indices, on the device.
    fn rows(&self, order: &[u32]) -> Tensor<1, Int> {
        let order = order.iter().map(|&i| i as i32).collect::<Vec<_>>();
        let n = order.len();
        ints(order, [n], &self.device)
    }

    /// Loss and gradient of some entries of the rollout.
    fn minibatch(&self, index: Tensor<1, Int>, coefs: &UpdateCoefs) -> Result<Gradient, String> {
        let Some(rollout) = &self.rollout else {
            return Err("no rollout was taken to the device".to_owned());
        };
        let n = index.dims()[0];
        let x = self.gather(
            rollout.first_rows.clone().select(0, index.clone()),
            rollout.account.clone().select(0, index.clone()),
            &rollout.scaling,
        );
        let numbers = rollout.numbers.clone().select(0, index.clone());
        let column =
            |c: usize| -> Tensor<1> { numbers.clone().slice([0..n, c..c + 1]).reshape([n]) };
        let mut advantages = column(2);
        if coefs.norm_adv && n >= 2 {
            let centred = advantages.clone() - advantages.mean();
            let deviation = (centred.clone().square().sum() / (n as f32 - 1.0)).sqrt();
            advantages = centred / (deviation + 1e-8);
        }
        let batch = TensorBatch {
            forbidden: Tensor::from_inner(
                rollout
                    .forbidden
                    .clone()
                    .select(0, index.clone())
                    .greater_elem(0.5),
            ),
            actions: Tensor::from_inner(rollout.actions.clone().select(0, index).reshape([n, 1])),
            old_log_probs: Tensor::from_inner(column(0)),
            old_values: Tensor::from_inner(column(1)),
            advantages: Tensor::from_inner(advantages),
            targets: Tensor::from_inner(column(3)),
        };
        let (logits, values) = self.module.forward(Tensor::from_inner(x));
        let (loss, figures) = tensor_loss(logits, values, &batch, &coefs.loss);
        let parts = self
            .module
            .gradients(&mut loss.backward())
            .ok_or("a parameter has no gradient")?;
        let flat = Tensor::cat(parts, 0);
        Ok(Gradient {
            figures,
            norm: flat.clone().square().sum().sqrt(),
            flat,
        })
    }

    /// Clips by the global norm and takes one step of Adam.
    fn apply(&mut self, flat: Tensor<1>, norm: Tensor<1>, coefs: &UpdateCoefs) {
        self.steps += 1;
        let AdamScalars {
            step_size,
            root_scale,
        } = AdamScalars::new(coefs.lr, self.steps);
        let factor = ((norm + 1e-6).recip() * coefs.max_grad_norm as f32).clamp_max(1.0);
        let g = flat * factor;
        self.m = self.m.clone() * BETA1 as f32 + g.clone() * (1.0 - BETA1) as f32;
        self.v = self.v.clone() * BETA2 as f32 + g.square() * (1.0 - BETA2) as f32;
        let root = self.v.clone().sqrt() * root_scale as f32 + coefs.adam_eps as f32;
        self.theta = self.theta.clone() - self.m.clone() / root * step_size as f32;
        self.module = self.module.with_flat(&self.theta, &self.layout);
        self.acting = None;
    }

    /// Parameters and optimiser, read back.
    pub(crate) fn export(&self) -> Result<(Params, Adam), String> {
        guarded(|| {
            let mut params = Params::zeros(self.layout.clone());
            params.values = read(self.theta.clone())?;
            Ok((
                params,
                Adam {
                    steps: self.steps,
                    m: read(self.m.clone())?,
                    v: read(self.v.clone())?,
                },
            ))
        })
    }

    /// Scaled observations of entries of the rollout.
    #[cfg(test)]
    pub(crate) fn observations(&self, rows: &[u32]) -> Result<Vec<f32>, String> {
        self.coming_observations(rows)?.numbers()
    }

    /// The same, asked for and not yet waited for.
    #[cfg(test)]
    pub(super) fn coming_observations(&self, rows: &[u32]) -> Result<Coming, String> {
        let rollout = self.rollout.as_ref().ok_or("no rollout")?;
        let index = self.rows(rows);
        Ok(Coming::of(self.gather(
            rollout.first_rows.clone().select(0, index.clone()),
            rollout.account.clone().select(0, index),
            &rollout.scaling,
        )))
    }

    /// A step of the optimiser along a gradient from the host; gives the gradient's norm.
    #[cfg(test)]
    pub(crate) fn step(&mut self, gradient: &[f32], coefs: &UpdateCoefs) -> Result<f32, String> {
        guarded(|| {
            let flat = floats(gradient.to_vec(), [gradient.len()], &self.device);
            let norm = flat.clone().square().sum().sqrt();
            self.apply(flat, norm.clone(), coefs);
            Ok(read(norm)?[0])
        })
    }

    #[cfg(test)]
    pub(crate) fn gradient(
        &self,
        rows: &[u32],
        coefs: &UpdateCoefs,
    ) -> Result<(Vec<f32>, Vec<f32>), String> {
        let found = self.minibatch(self.rows(rows), coefs)?;
        let figures = Tensor::cat(vec![found.figures, found.norm], 0);
        Ok((read(figures)?, read(found.flat)?))
    }
}
