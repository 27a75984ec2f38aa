//! The network on the processor: forward and backward over chunks of rows that stay in cache.
//!
//! Same function as [`super::mlp::ActorCritic`]: each trunk layer is linear, ReLU, layer
//! normalisation; each head is linear, ReLU, linear. Weights are packed once per optimiser
//! step and shared by all threads; a [`Workspace`] belongs to one.

use std::sync::Arc;

use holdout_core::sim::N_ACTIONS;

use super::params::{Layout, LinearPlace, Params};
use crate::kernels::gemm::{Level, Packed, Rows, Transposed, multiply};
use crate::kernels::rows::{self, LayerGrads, NormReluBack, RowStats};

/// Rows of one chunk.
pub(crate) const CHUNK: usize = 256;

/// A linear layer's weights, packed for both directions.
#[derive(Clone, Debug)]
pub(crate) struct PackedLinear {
    pub(crate) forward: Packed,
    /// None where no derivative by the input is wanted.
    backward: Option<Packed>,
}

impl PackedLinear {
    fn new(level: Level, place: &LinearPlace, with_backward: bool) -> Self {
        Self {
            forward: Packed::new(level, place.inputs, place.outputs),
            backward: with_backward.then(|| Packed::new(level, place.outputs, place.inputs)),
        }
    }

    fn fill(&mut self, params: &Params, place: &LinearPlace) {
        let weight = params.at(&place.weight);
        self.forward.fill(weight, place.inputs);
        if let Some(backward) = &mut self.backward {
            backward.fill_transposed(weight, place.outputs);
        }
    }
}

/// Parameters in the form in which the processor multiplies by them.
#[derive(Clone, Debug)]
pub(crate) struct PackedNet {
    pub(crate) level: Level,
    pub(crate) params: Params,
    pub(crate) trunk: Vec<PackedLinear>,
    pub(crate) pi0: PackedLinear,
    pub(crate) pi1: PackedLinear,
    pub(crate) v0: PackedLinear,
    pub(crate) v1: PackedLinear,
}

impl PackedNet {
    /// Packs the parameters, for the forward pass only or for both.
    pub(crate) fn new(params: Params, with_backward: bool) -> Self {
        let level = Level::detect();
        let layout = params.layout().clone();
        let linear = |place: &LinearPlace| PackedLinear::new(level, place, with_backward);
        let trunk = layout.trunk.iter().enumerate();
        let trunk = trunk
            .map(|(l, t)| PackedLinear::new(level, &t.linear, with_backward && l > 0))
            .collect();
        let mut net = Self {
            level,
            trunk,
            pi0: linear(&layout.pi0),
            pi1: linear(&layout.pi1),
            v0: linear(&layout.v0),
            v1: linear(&layout.v1),
            params,
        };
        net.repack();
        net
    }

    /// Packs again after `params` has changed.
    pub(crate) fn repack(&mut self) {
        let layout = self.params.layout().clone();
        for (packed, place) in self.trunk.iter_mut().zip(&layout.trunk) {
            packed.fill(&self.params, &place.linear);
        }
        self.pi0.fill(&self.params, &layout.pi0);
        self.pi1.fill(&self.params, &layout.pi1);
        self.v0.fill(&self.params, &layout.v0);
        self.v1.fill(&self.params, &layout.v1);
    }

    pub(crate) fn layout(&self) -> &Arc<Layout> {
        self.params.layout()
    }
}

/// What one trunk layer leaves for the backward pass.
#[derive(Clone, Debug, Default)]
struct Activation {
    /// After the ReLU.
    a: Vec<f32>,
    /// After the normalisation; empty without one.
    y: Vec<f32>,
    stats: Vec<RowStats>,
}

impl Activation {
    fn output(&self) -> &[f32] {
        if self.y.is_empty() { &self.a } else { &self.y }
    }
}

/// Storage of one thread for chunks of up to [`CHUNK`] rows.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    /// Scaled observations, to be filled before [`Workspace::forward`].
    pub(crate) x: Vec<f32>,
    trunk: Vec<Activation>,
    hidden_pi: Vec<f32>,
    hidden_v: Vec<f32>,
    /// Policy head's numbers, six per row.
    pub(crate) logits: Vec<f32>,
    /// Values, one per row.
    pub(crate) values: Vec<f32>,
    /// Derivatives by the logits, to be filled before [`Workspace::backward`].
    pub(crate) d_logits: Vec<f32>,
    /// Derivatives by the values.
    pub(crate) d_values: Vec<f32>,
    d: Vec<f32>,
    d_next: Vec<f32>,
    spare: Vec<f32>,
    left: Transposed,
    left_hidden: Transposed,
    right: Vec<Packed>,
}

impl Workspace {
    /// Storage for a network; with gradients only where a backward pass is wanted.
    pub(crate) fn new(level: Level, layout: &Layout, rows: usize, with_backward: bool) -> Self {
        let zeros = |width: usize| vec![0.0; rows * width];
        let trunk = layout.trunk.iter().map(|t| Activation {
            a: zeros(t.linear.outputs),
            y: if t.norm.is_some() {
                zeros(t.linear.outputs)
            } else {
                Vec::new()
            },
            stats: if t.norm.is_some() {
                vec![[0.0; 2]; rows]
            } else {
                Vec::new()
            },
        });
        let widest = layout
            .trunk
            .iter()
            .map(|t| t.linear.outputs)
            .max()
            .unwrap_or(0)
            .max(layout.pi0.outputs);
        let mut widths: Vec<usize> = layout.trunk.iter().map(|t| t.linear.outputs).collect();
        widths.extend([layout.pi0.outputs, N_ACTIONS, 1]);
        widths.sort_unstable();
        widths.dedup();
        let back = |width: usize| {
            if with_backward {
                zeros(width)
            } else {
                Vec::new()
            }
        };
        Self {
            x: zeros(layout.obs_len),
            trunk: trunk.collect(),
            hidden_pi: zeros(layout.pi0.outputs),
            hidden_v: zeros(layout.v0.outputs),
            logits: zeros(N_ACTIONS),
            values: zeros(1),
            d_logits: back(N_ACTIONS),
            d_values: back(1),
            d: back(widest),
            d_next: back(widest),
            spare: vec![0.0; widest],
            left: Transposed::default(),
            left_hidden: Transposed::default(),
            right: if with_backward {
                widths
                    .iter()
                    .map(|&n| Packed::new(level, rows, n))
                    .collect()
            } else {
                Vec::new()
            },
        }
    }

    /// Logits and values of the first `m` rows of `x`.
    pub(crate) fn forward(&mut self, net: &PackedNet, m: usize) {
        let (level, params, layout) = (net.level, &net.params, net.layout());
        let mut input = &self.x[..m * layout.obs_len];
        for ((act, packed), place) in self.trunk.iter_mut().zip(&net.trunk).zip(&layout.trunk) {
            let width = place.linear.outputs;
            let bias = params.at(&place.linear.bias);
            let a = &mut act.a[..m * width];
            let left = Rows::new(input, place.linear.inputs);
            multiply(a, m, left, &packed.forward, false);
            match &place.norm {
                Some((gamma, beta)) => {
                    let norm = (params.at(gamma), params.at(beta));
                    rows::bias_relu_norm(
                        level,
                        a,
                        bias,
                        norm,
                        &mut act.y[..m * width],
                        &mut act.stats[..m],
                    );
                }
                None => rows::bias_relu(level, a, bias),
            }
            input = &act.output()[..m * width];
        }
        let heads = [
            (
                &layout.pi0,
                &layout.pi1,
                &net.pi0,
                &net.pi1,
                &mut self.hidden_pi,
                &mut self.logits,
            ),
            (
                &layout.v0,
                &layout.v1,
                &net.v0,
                &net.v1,
                &mut self.hidden_v,
                &mut self.values,
            ),
        ];
        let left = Rows::new(input, layout.pi0.inputs);
        for (place0, place1, packed0, packed1, hidden, out) in heads {
            let hidden = &mut hidden[..m * place0.outputs];
            multiply(hidden, m, left, &packed0.forward, false);
            rows::bias_relu(level, hidden, params.at(&place0.bias));
            let out = &mut out[..m * place1.outputs];
            let left = Rows::new(hidden, place0.outputs);
            multiply(out, m, left, &packed1.forward, false);
            rows::bias(out, params.at(&place1.bias));
        }
    }

    /// Adds the gradient of the first `m` rows, whose derivatives by logits and values are
    /// filled in, to `grads`. Must follow [`Workspace::forward`] over the same rows.
    #[expect(
        clippy::too_many_lines,
        reason = "the chain rule from the heads to the input, in one piece"
    )]
    pub(crate) fn backward(&mut self, net: &PackedNet, m: usize, grads: &mut [f32]) {
        let (level, params, layout) = (net.level, &net.params, net.layout().clone());
        let Self {
            x,
            trunk,
            hidden_pi,
            hidden_v,
            d_logits,
            d_values,
            d,
            d_next,
            spare,
            left,
            left_hidden,
            right,
            ..
        } = self;
        let Some(last) = layout.trunk.last() else {
            return;
        };
        let trunk_width = last.linear.outputs;
        let mut weight_grad =
            |grads: &mut [f32], place: &LinearPlace, left: &Transposed, d: &[f32]| {
                if let Some(packed) = right.iter_mut().find(|p| p.width() == place.outputs) {
                    packed.fill(d, m);
                    multiply(
                        &mut grads[place.weight.clone()],
                        place.inputs,
                        left,
                        packed,
                        true,
                    );
                }
            };
        let y = trunk
            .last()
            .map_or(&[][..], |act| &act.output()[..m * trunk_width]);
        left.fill(y, m, trunk_width);
        // Heads: the derivative by the trunk's output is the sum of both.
        let heads = [
            (
                &layout.pi0,
                &layout.pi1,
                &net.pi0,
                &net.pi1,
                hidden_pi,
                d_logits,
            ),
            (&layout.v0, &layout.v1, &net.v0, &net.v1, hidden_v, d_values),
        ];
        for (h, (place0, place1, packed0, packed1, hidden, d_out)) in heads.into_iter().enumerate()
        {
            let hidden = &hidden[..m * place0.outputs];
            let d_out = &d_out[..m * place1.outputs];
            left_hidden.fill(hidden, m, place0.outputs);
            weight_grad(grads, place1, left_hidden, d_out);
            sum_rows(&mut grads[place1.bias.clone()], d_out);
            let d_hidden = &mut d_next[..m * place0.outputs];
            if let Some(packed) = &packed1.backward {
                let left = Rows::new(d_out, place1.outputs);
                multiply(d_hidden, m, left, packed, false);
            }
            rows::relu_back(level, d_hidden, hidden, &mut grads[place0.bias.clone()]);
            weight_grad(grads, place0, left, d_hidden);
            if let Some(packed) = &packed0.backward {
                let left = Rows::new(d_hidden, place0.outputs);
                multiply(&mut d[..m * trunk_width], m, left, packed, h > 0);
            }
        }
        for (l, place) in layout.trunk.iter().enumerate().rev() {
            let width = place.linear.outputs;
            let act = &trunk[l];
            let dz = &mut d[..m * width];
            match &place.norm {
                Some((gamma, beta)) => {
                    let (d_bias, d_gamma, d_beta) = three(grads, &place.linear.bias, gamma, beta);
                    let parts = LayerGrads {
                        bias: d_bias,
                        gamma: d_gamma,
                        beta: d_beta,
                    };
                    level.run(NormReluBack {
                        d: dz,
                        a: &act.a[..m * width],
                        stats: &act.stats[..m],
                        gamma: params.at(gamma),
                        grads: parts,
                        hat: spare,
                    });
                }
                None => rows::relu_back(
                    level,
                    dz,
                    &act.a[..m * width],
                    &mut grads[place.linear.bias.clone()],
                ),
            }
            let input = if l == 0 {
                &x[..]
            } else {
                trunk[l - 1].output()
            };
            left.fill(&input[..m * place.linear.inputs], m, place.linear.inputs);
            weight_grad(grads, &place.linear, left, dz);
            if let Some(packed) = &net.trunk[l].backward {
                let d_input = &mut d_next[..m * place.linear.inputs];
                multiply(d_input, m, Rows::new(dz, width), packed, false);
                std::mem::swap(d, d_next);
            }
        }
    }
}

/// Three parts of the flat buffer that follow one another: bias, gamma, beta.
fn three<'a>(
    grads: &'a mut [f32],
    a: &std::ops::Range<usize>,
    b: &std::ops::Range<usize>,
    c: &std::ops::Range<usize>,
) -> (&'a mut [f32], &'a mut [f32], &'a mut [f32]) {
    let (head, tail) = grads[a.start..c.end].split_at_mut(b.start - a.start);
    let (middle, last) = tail.split_at_mut(c.start - b.start);
    (head, middle, last)
}

fn sum_rows(sums: &mut [f32], rows: &[f32]) {
    for row in rows.chunks_exact(sums.len()) {
        for (s, x) in sums.iter_mut().zip(row) {
            *s += x;
        }
    }
}
