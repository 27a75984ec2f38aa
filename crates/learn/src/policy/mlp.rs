//! The network as a module of burn: the definition that everything else must equal.
//!
//! Trunk layers are linear, ReLU, layer normalisation; the policy head gives six logits and the
//! value head one number, each through a hidden layer of its own. Runs on any device of burn.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Gradients, Tensor, TensorData};

use super::params::{Layout, LinearPlace, Params};

/// One layer of the trunk.
#[derive(Module, Debug)]
pub struct TrunkLayer {
    linear: Linear,
    norm: Option<LayerNorm>,
}

/// Policy and value from one trunk.
#[derive(Module, Debug)]
pub struct ActorCritic {
    trunk: Vec<TrunkLayer>,
    pi0: Linear,
    pi1: Linear,
    v0: Linear,
    v1: Linear,
}

fn vector(params: &Params, range: &std::ops::Range<usize>, device: &Device) -> Param<Tensor<1>> {
    Param::from_tensor(Tensor::from_data(
        TensorData::new(params.at(range).to_vec(), [range.len()]),
        device,
    ))
}

fn linear(params: &Params, place: &LinearPlace, device: &Device) -> Linear {
    let weight = TensorData::new(
        params.at(&place.weight).to_vec(),
        [place.inputs, place.outputs],
    );
    // Sizes of 1 keep the initialiser, whose values are replaced, from costing anything.
    let mut layer = LinearConfig::new(1, 1).init(device);
    layer.weight = Param::from_tensor(Tensor::from_data(weight, device));
    layer.bias = Some(vector(params, &place.bias, device));
    layer
}

impl ActorCritic {
    /// A module with these parameters; on an autodiff device they require gradients.
    pub fn from_params(params: &Params, device: &Device) -> Self {
        let layout = params.layout();
        let norm = |(gamma, beta): &(std::ops::Range<usize>, std::ops::Range<usize>)| {
            let mut norm = LayerNormConfig::new(gamma.len()).init(device);
            norm.gamma = vector(params, gamma, device);
            norm.beta = Some(vector(params, beta, device));
            norm
        };
        Self {
            trunk: layout
                .trunk
                .iter()
                .map(|t| TrunkLayer {
                    linear: linear(params, &t.linear, device),
                    norm: t.norm.as_ref().map(norm),
                })
                .collect(),
            pi0: linear(params, &layout.pi0, device),
            pi1: linear(params, &layout.pi1, device),
            v0: linear(params, &layout.v0, device),
            v1: linear(params, &layout.v1, device),
        }
    }

    /// Logits and values.
    ///
    /// # Shapes
    /// `[rows, obs_len]` gives `[rows, 6]` and `[rows]`.
    pub fn forward(&self, x: Tensor<2>) -> (Tensor<2>, Tensor<1>) {
        let mut h = x;
        for layer in &self.trunk {
            h = relu(layer.linear.forward(h));
            if let Some(norm) = &layer.norm {
                h = norm.forward(h);
            }
        }
        let logits = self.pi1.forward(relu(self.pi0.forward(h.clone())));
        let values = self.v1.forward(relu(self.v0.forward(h)));
        let rows = values.dims()[0];
        (logits, values.reshape([rows]))
    }

    /// All parameters in the order of the flat buffer, each as one row of numbers.
    pub fn flatten(&self) -> Vec<Tensor<1>> {
        self.each(|w| w.val().flatten(0, 1), |v| v.val())
    }

    /// All gradients in the order of the flat buffer; a parameter without one gives none at all.
    pub fn gradients(&self, grads: &mut Gradients) -> Option<Vec<Tensor<1>>> {
        let grads = std::cell::RefCell::new(grads);
        self.each(
            |w| {
                w.val()
                    .grad_remove(&mut grads.borrow_mut())
                    .map(|g| g.flatten(0, 1))
            },
            |v| v.val().grad_remove(&mut grads.borrow_mut()),
        )
        .into_iter()
        .collect()
    }

    fn each<T>(
        &self,
        mut matrix: impl FnMut(&Param<Tensor<2>>) -> T,
        mut vector: impl FnMut(&Param<Tensor<1>>) -> T,
    ) -> Vec<T> {
        let mut out = Vec::new();
        let mut linear =
            |out: &mut Vec<T>, l: &Linear, vector: &mut dyn FnMut(&Param<Tensor<1>>) -> T| {
                out.push(matrix(&l.weight));
                out.extend(l.bias.as_ref().map(vector));
            };
        for layer in &self.trunk {
            linear(&mut out, &layer.linear, &mut vector);
            if let Some(norm) = &layer.norm {
                out.push(vector(&norm.gamma));
                out.extend(norm.beta.as_ref().map(&mut vector));
            }
        }
        for head in [&self.pi0, &self.pi1, &self.v0, &self.v1] {
            linear(&mut out, head, &mut vector);
        }
        out
    }

    /// The module with the parameters replaced by the pieces of a flat tensor that is not
    /// part of an autodiff graph; the new parameters require gradients.
    ///
    /// # Shapes
    /// `[layout.len]`
    #[must_use]
    pub fn with_flat(&self, flat: &Tensor<1>, layout: &Arc<Layout>) -> Self {
        let part = |range: &std::ops::Range<usize>| flat.clone().slice([range.clone()]);
        let vector =
            |range: &std::ops::Range<usize>| Param::from_tensor(Tensor::from_inner(part(range)));
        let linear = |old: &Linear, place: &LinearPlace| {
            let mut new = old.clone();
            new.weight = Param::from_tensor(Tensor::from_inner(
                part(&place.weight).reshape([place.inputs, place.outputs]),
            ));
            new.bias = Some(vector(&place.bias));
            new
        };
        let trunk = self.trunk.iter().zip(&layout.trunk).map(|(old, place)| {
            let mut new = old.clone();
            new.linear = linear(&old.linear, &place.linear);
            if let (Some(norm), Some((gamma, beta))) = (&mut new.norm, &place.norm) {
                norm.gamma = vector(gamma);
                norm.beta = Some(vector(beta));
            }
            new
        });
        Self {
            trunk: trunk.collect(),
            pi0: linear(&self.pi0, &layout.pi0),
            pi1: linear(&self.pi1, &layout.pi1),
            v0: linear(&self.v0, &layout.v0),
            v1: linear(&self.v1, &layout.v1),
        }
    }
}
