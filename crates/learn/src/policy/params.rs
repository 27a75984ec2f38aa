//! Parameters of the network as one flat buffer with named parts.
//!
//! Names and shapes are those of the checkpoint: `trunk0.weight` is inputs x outputs. The
//! optimiser, the gradient's norm and the sums over shards work on the flat buffer.

use std::ops::Range;
use std::sync::Arc;

use holdout_core::rng::Stream;
use holdout_core::sim::N_ACTIONS;
use serde::{Deserialize, Serialize};

use crate::env::ObsShape;
use crate::ppo::NetworkConfig;

/// What the network computes from what: enough to refuse a checkpoint of another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Architecture {
    /// Sizes of an observation.
    pub obs: ObsShape,
    /// Widths.
    pub network: NetworkConfig,
}

/// One named part of the parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Name in the checkpoint.
    pub name: String,
    /// `[inputs, outputs]` of a weight, `[outputs]` of anything else.
    pub shape: Vec<usize>,
    /// Where it lies in the flat buffer.
    pub range: Range<usize>,
}

/// A linear layer's place in the flat buffer.
#[derive(Clone, Debug)]
pub(crate) struct LinearPlace {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) weight: Range<usize>,
    pub(crate) bias: Range<usize>,
}

/// A trunk layer's place: the linear layer, and scale and shift of the normalisation.
#[derive(Clone, Debug)]
pub(crate) struct TrunkPlace {
    pub(crate) linear: LinearPlace,
    pub(crate) norm: Option<(Range<usize>, Range<usize>)>,
}

/// Where every part lies.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Parts in the order of the flat buffer.
    pub parts: Vec<Part>,
    pub(crate) trunk: Vec<TrunkPlace>,
    pub(crate) pi0: LinearPlace,
    pub(crate) pi1: LinearPlace,
    pub(crate) v0: LinearPlace,
    pub(crate) v1: LinearPlace,
    pub(crate) obs_len: usize,
    /// Numbers in all.
    pub len: usize,
}

impl Layout {
    /// Lays out the parameters of a network that reads `obs_len` numbers.
    pub fn new(obs_len: usize, network: &NetworkConfig) -> Self {
        let mut parts = Vec::new();
        let mut len = 0;
        let mut part = |name: String, shape: &[usize]| {
            let range = len..len + shape.iter().product::<usize>();
            len = range.end;
            parts.push(Part {
                name,
                shape: shape.to_vec(),
                range: range.clone(),
            });
            range
        };
        let linear = |part: &mut dyn FnMut(String, &[usize]) -> Range<usize>,
                      name: &str,
                      inputs: usize,
                      outputs: usize| LinearPlace {
            inputs,
            outputs,
            weight: part(format!("{name}.weight"), &[inputs, outputs]),
            bias: part(format!("{name}.bias"), &[outputs]),
        };
        let mut inputs = obs_len;
        let mut trunk = Vec::new();
        for (l, &outputs) in network.trunk.iter().enumerate() {
            let place = linear(&mut part, &format!("trunk{l}"), inputs, outputs);
            let norm = network.layer_norm.then(|| {
                (
                    part(format!("norm{l}.gamma"), &[outputs]),
                    part(format!("norm{l}.beta"), &[outputs]),
                )
            });
            trunk.push(TrunkPlace {
                linear: place,
                norm,
            });
            inputs = outputs;
        }
        let pi0 = linear(&mut part, "pi0", inputs, network.head);
        let pi1 = linear(&mut part, "pi1", network.head, N_ACTIONS);
        let v0 = linear(&mut part, "v0", inputs, network.head);
        let v1 = linear(&mut part, "v1", network.head, 1);
        Self {
            parts,
            trunk,
            pi0,
            pi1,
            v0,
            v1,
            obs_len,
            len,
        }
    }

    /// Multiplications of one forward pass of one observation.
    pub fn multiplications(&self) -> usize {
        self.parts
            .iter()
            .filter(|p| p.shape.len() == 2)
            .map(|p| p.range.len())
            .sum()
    }

    /// Multiplications that a backward pass spends on derivatives by inputs: all layers but the first.
    pub fn multiplications_after_first(&self) -> usize {
        self.multiplications() - self.trunk.first().map_or(0, |t| t.linear.weight.len())
    }
}

/// Values of all parameters.
#[derive(Clone, Debug)]
pub struct Params {
    layout: Arc<Layout>,
    /// The flat buffer.
    pub values: Vec<f32>,
}

impl Params {
    /// All zero.
    pub fn zeros(layout: Arc<Layout>) -> Self {
        let values = vec![0.0; layout.len];
        Self { layout, values }
    }

    /// Orthogonal weights with gain sqrt 2 in trunk and heads' hidden layers, 0.01 in the last
    /// layer of the policy and 1 in that of the value; biases 0, normalisations the identity.
    pub fn orthogonal(layout: Arc<Layout>, seed: u64) -> Self {
        Self::drawn(layout, seed, "init")
    }

    fn drawn(layout: Arc<Layout>, seed: u64, stream: &str) -> Self {
        let mut params = Self::zeros(layout.clone());
        for (i, part) in layout.parts.iter().enumerate() {
            let out = &mut params.values[part.range.clone()];
            if let [rows, cols] = part.shape[..] {
                let gain = match part.name.as_str() {
                    "pi1.weight" => 0.01,
                    "v1.weight" => 1.0,
                    _ => std::f64::consts::SQRT_2,
                };
                let mut stream = Stream::new(seed, stream, i as u64);
                orthogonal(out, rows, cols, gain, &mut stream);
            } else if part.name.ends_with(".gamma") {
                out.fill(1.0);
            }
        }
        params
    }

    /// Gives the policy's last layer fresh weights and zero bias for the actions from `first` on.
    pub fn refresh_actions(&mut self, first: usize, seed: u64) {
        let place = self.layout.pi1.clone();
        let fresh = Self::drawn(self.layout.clone(), seed, "refresh");
        for row in place.weight.clone().step_by(place.outputs) {
            let columns = row + first..row + place.outputs;
            self.values[columns.clone()].copy_from_slice(&fresh.values[columns]);
        }
        self.values[place.bias.start + first..place.bias.end].fill(0.0);
    }

    /// Where every part lies.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// A part by its place.
    pub(crate) fn at(&self, range: &Range<usize>) -> &[f32] {
        &self.values[range.clone()]
    }

    /// A part by its name.
    pub fn get(&self, name: &str) -> Option<&[f32]> {
        let part = self.layout.parts.iter().find(|p| p.name == name)?;
        self.values.get(part.range.clone())
    }

    /// A part by its name, to be written.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut [f32]> {
        let part = self.layout.parts.iter().find(|p| p.name == name)?;
        self.values.get_mut(part.range.clone())
    }
}

/// Fills a row-major `rows x cols` matrix whose shorter side is orthonormal, times `gain`.
fn orthogonal(out: &mut [f32], rows: usize, cols: usize, gain: f64, stream: &mut Stream) {
    let (short, long) = (rows.min(cols), rows.max(cols));
    let mut vectors: Vec<Vec<f64>> = Vec::with_capacity(short);
    while vectors.len() < short {
        let mut v: Vec<f64> = (0..long).map(|_| stream.normal()).collect();
        // Twice, because once leaves errors that grow with the number of vectors.
        for _ in 0..2 {
            for u in &vectors {
                let along: f64 = u.iter().zip(&v).map(|(a, b)| a * b).sum();
                v.iter_mut().zip(u).for_each(|(x, y)| *x -= along * y);
            }
        }
        let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        if norm > 1e-6 {
            v.iter_mut().for_each(|x| *x /= norm);
            vectors.push(v);
        }
    }
    for (i, x) in out.iter_mut().enumerate() {
        let (row, col) = (i / cols, i % cols);
        let value = if rows <= cols {
            vectors[row][col]
        } else {
            vectors[col][row]
        };
        *x = (value * gain) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_orthogonal_with_their_gain() {
        for (rows, cols) in [(20, 12), (12, 20), (7, 1)] {
            let mut w = vec![0.0; rows * cols];
            orthogonal(&mut w, rows, cols, 2.0, &mut Stream::new(1, "t", 0));
            let cell = |r: usize, c: usize| f64::from(w[r * cols + c]);
            let short = rows.min(cols);
            for i in 0..short {
                for j in 0..short {
                    let product: f64 = if rows <= cols {
                        (0..cols).map(|c| cell(i, c) * cell(j, c)).sum()
                    } else {
                        (0..rows).map(|r| cell(r, i) * cell(r, j)).sum()
                    };
                    let expected = if i == j { 4.0 } else { 0.0 };
                    assert!((product - expected).abs() < 1e-5, "{i} {j}: {product}");
                }
            }
        }
    }

    #[test]
    fn the_default_network_has_its_known_size() {
        let layout = Arc::new(Layout::new(233, &NetworkConfig::default()));
        let expected = 233 * 256
            + 256
            + 512
            + 256 * 256
            + 256
            + 512
            + 2 * (256 * 128 + 128)
            + 128 * 6
            + 6
            + 128
            + 1;
        assert_eq!(layout.len, expected);
        assert_eq!(
            layout.multiplications(),
            233 * 256 + 256 * 256 + 2 * 256 * 128 + 128 * 7
        );
        let params = Params::orthogonal(layout, 3);
        assert!(params.get("norm1.gamma").unwrap().iter().all(|&g| g == 1.0));
        assert!(
            params
                .get("pi1.weight")
                .unwrap()
                .iter()
                .all(|w| w.abs() < 0.011)
        );
    }

    #[test]
    fn fresh_actions_leave_the_others() {
        let layout = Arc::new(Layout::new(
            5,
            &NetworkConfig {
                trunk: vec![8],
                head: 4,
                layer_norm: true,
            },
        ));
        let mut params = Params::orthogonal(layout, 1);
        params.get_mut("pi1.bias").unwrap().fill(3.0);
        let before = params.clone();
        params.refresh_actions(3, 99);
        assert_eq!(
            params.get("pi1.bias").unwrap(),
            [3.0, 3.0, 3.0, 0.0, 0.0, 0.0]
        );
        let (a, b) = (
            before.get("pi1.weight").unwrap(),
            params.get("pi1.weight").unwrap(),
        );
        for (i, (x, y)) in a.iter().zip(b).enumerate() {
            assert_eq!(x == y, i % 6 < 3, "column {}", i % 6);
        }
        assert_eq!(before.get("v1.weight"), params.get("v1.weight"));
    }
}
