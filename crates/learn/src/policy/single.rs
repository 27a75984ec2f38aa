//! One observation's way through the network, for accounts that are played bar by bar.
//!
//! Weights stream once, panel by panel, in the packed form that the batch uses; nothing is
//! allocated after the first call.

use holdout_core::sim::N_ACTIONS;

use super::network::{PackedLinear, PackedNet};
use super::params::LinearPlace;
use crate::kernels::gemm::multiply_row;
use crate::kernels::rows;

/// Storage of one observation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Single {
    /// Scaled observation, to be filled before [`Single::forward`].
    pub(crate) x: Vec<f32>,
    h: Vec<f32>,
    y: Vec<f32>,
}

impl Single {
    /// Logits and value.
    pub(crate) fn forward(&mut self, net: &PackedNet) -> ([f32; N_ACTIONS], f32) {
        let layout = net.layout();
        let Self { x, h, y } = self;
        let mut input: &mut Vec<f32> = x;
        let mut output: &mut Vec<f32> = y;
        for (place, packed) in layout.trunk.iter().zip(&net.trunk) {
            linear(net, &place.linear, packed, input, h, true);
            output.resize(h.len(), 0.0);
            match &place.norm {
                Some((gamma, beta)) => {
                    let (gamma, beta) = (net.params.at(gamma), net.params.at(beta));
                    rows::norm_row(net.level, h, gamma, beta, output);
                }
                None => output.copy_from_slice(h),
            }
            std::mem::swap(&mut input, &mut output);
        }
        let mut logits = [0.0; N_ACTIONS];
        linear(net, &layout.pi0, &net.pi0, input, h, true);
        linear(net, &layout.pi1, &net.pi1, h, output, false);
        logits.copy_from_slice(output);
        linear(net, &layout.v0, &net.v0, input, h, true);
        linear(net, &layout.v1, &net.v1, h, output, false);
        (logits, output[0])
    }
}

fn linear(
    net: &PackedNet,
    place: &LinearPlace,
    packed: &PackedLinear,
    x: &[f32],
    out: &mut Vec<f32>,
    relu: bool,
) {
    out.clear();
    out.extend_from_slice(net.params.at(&place.bias));
    multiply_row(out, &x[..place.inputs], &packed.forward);
    if relu {
        out.iter_mut().for_each(|z| *z = z.max(0.0));
    }
}
