//! Passes over the rows of an activation matrix: bias, ReLU, layer normalisation and their
//! derivatives, each in one sweep while the row is in the first-level cache.

use super::gemm::Level;

/// Epsilon under the root of the layer normalisation.
pub(crate) const NORM_EPS: f32 = 1e-5;

/// Mean and reciprocal deviation of one row.
pub(crate) type RowStats = [f32; 2];

const LANES: usize = 16;

#[inline(always)]
fn fold(acc: [f32; LANES], tail: f32) -> f32 {
    let mut acc = acc;
    let mut half = LANES / 2;
    while half > 0 {
        for i in 0..half {
            acc[i] += acc[i + half];
        }
        half /= 2;
    }
    acc[0] + tail
}

#[inline(always)]
fn sum(x: &[f32]) -> f32 {
    let (whole, rest) = x.as_chunks::<LANES>();
    let mut acc = [0.0_f32; LANES];
    for chunk in whole {
        for (a, x) in acc.iter_mut().zip(chunk) {
            *a += x;
        }
    }
    fold(acc, rest.iter().sum())
}

#[inline(always)]
fn sum_of_squares_about(x: &[f32], mean: f32) -> f32 {
    let (whole, rest) = x.as_chunks::<LANES>();
    let mut acc = [0.0_f32; LANES];
    for chunk in whole {
        for (a, x) in acc.iter_mut().zip(chunk) {
            *a += (x - mean) * (x - mean);
        }
    }
    fold(acc, rest.iter().map(|x| (x - mean) * (x - mean)).sum())
}

#[inline(always)]
fn dot(x: &[f32], y: &[f32]) -> f32 {
    let (xs, x_rest) = x.as_chunks::<LANES>();
    let (ys, y_rest) = y.as_chunks::<LANES>();
    let mut acc = [0.0_f32; LANES];
    for (x, y) in xs.iter().zip(ys) {
        for i in 0..LANES {
            acc[i] += x[i] * y[i];
        }
    }
    fold(acc, x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum())
}

/// Adds the bias to every row, then clips at 0.
pub(crate) fn bias_relu(level: Level, z: &mut [f32], bias: &[f32]) {
    level.run(
        #[inline(always)]
        || {
            for row in z.chunks_exact_mut(bias.len()) {
                for (z, b) in row.iter_mut().zip(bias) {
                    *z = (*z + b).max(0.0);
                }
            }
        },
    );
}

/// Adds the bias to every row.
pub(crate) fn bias(z: &mut [f32], bias: &[f32]) {
    for row in z.chunks_exact_mut(bias.len()) {
        for (z, b) in row.iter_mut().zip(bias) {
            *z += b;
        }
    }
}

/// `a = max(z + bias, 0)` in place and `y = norm(a) * gamma + beta`; keeps each row's statistics.
pub(crate) fn bias_relu_norm(
    level: Level,
    a: &mut [f32],
    bias: &[f32],
    (gamma, beta): (&[f32], &[f32]),
    y: &mut [f32],
    stats: &mut [RowStats],
) {
    let width = bias.len();
    level.run(
        #[inline(always)]
        || {
            let rows = a
                .chunks_exact_mut(width)
                .zip(y.chunks_exact_mut(width))
                .zip(stats);
            for ((a, y), stats) in rows {
                for (a, b) in a.iter_mut().zip(bias) {
                    *a = (*a + b).max(0.0);
                }
                let mean = sum(a) / width as f32;
                let inv = 1.0 / (sum_of_squares_about(a, mean) / width as f32 + NORM_EPS).sqrt();
                for (((y, a), g), b) in y.iter_mut().zip(&*a).zip(gamma).zip(beta) {
                    *y = (a - mean) * inv * g + b;
                }
                *stats = [mean, inv];
            }
        },
    );
}

/// Turns the derivative by `max(z + bias, 0)` into that by `z`, and adds it to the bias's.
pub(crate) fn relu_back(level: Level, d: &mut [f32], a: &[f32], d_bias: &mut [f32]) {
    level.run(
        #[inline(always)]
        || {
            let width = d_bias.len();
            for (d, a) in d.chunks_exact_mut(width).zip(a.chunks_exact(width)) {
                // A factor, because a choice becomes a masked store, which some processors
                // carry out many times slower than a plain one.
                for ((d, a), sum) in d.iter_mut().zip(a).zip(&mut *d_bias) {
                    *d *= f32::from(u8::from(*a > 0.0));
                    *sum += *d;
                }
            }
        },
    );
}

/// Derivatives of one trunk layer's parameters that are not its weights.
pub(crate) struct LayerGrads<'a> {
    /// By the bias.
    pub bias: &'a mut [f32],
    /// By the scale of the normalisation.
    pub gamma: &'a mut [f32],
    /// By its shift.
    pub beta: &'a mut [f32],
}

/// Turns the derivative by `y` of [`bias_relu_norm`] into that by `z`.
pub(crate) struct NormReluBack<'a> {
    /// Derivative by `y` on entry, by `z` on exit.
    pub d: &'a mut [f32],
    /// What [`bias_relu_norm`] left.
    pub a: &'a [f32],
    /// And its statistics.
    pub stats: &'a [RowStats],
    /// Scale of the normalisation.
    pub gamma: &'a [f32],
    /// Derivatives by the parameters, added to.
    pub grads: LayerGrads<'a>,
    /// One row of storage.
    pub hat: &'a mut [f32],
}

impl pulp::NullaryFnOnce for NormReluBack<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            d,
            a,
            stats,
            gamma,
            grads,
            hat,
        } = self;
        let width = gamma.len();
        let hat = &mut hat[..width];
        let (d_bias, d_gamma, d_beta) = (
            &mut grads.bias[..width],
            &mut grads.gamma[..width],
            &mut grads.beta[..width],
        );
        let share = 1.0 / width as f32;
        for ((d, a), &[mean, inv]) in d
            .chunks_exact_mut(width)
            .zip(a.chunks_exact(width))
            .zip(stats)
        {
            for ((h, a), ((d, dg), (db, g))) in hat.iter_mut().zip(a).zip(
                d.iter_mut()
                    .zip(&mut *d_gamma)
                    .zip(d_beta.iter_mut().zip(gamma)),
            ) {
                *h = (a - mean) * inv;
                *dg += *d * *h;
                *db += *d;
                *d *= g;
            }
            let mean_d = sum(d) * share;
            let mean_dh = dot(d, hat) * share;
            for (((d, h), a), db) in d.iter_mut().zip(&*hat).zip(a).zip(&mut *d_bias) {
                let dz = inv * (*d - mean_d - h * mean_dh);
                *d = if *a > 0.0 { dz } else { 0.0 };
                *db += *d;
            }
        }
    }
}

/// `x = (raw - mean) * scale`, one row.
#[inline(always)]
pub(crate) fn standardise(x: &mut [f32], raw: &[f32], mean: &[f32], scale: &[f32]) {
    for ((x, r), (m, s)) in x.iter_mut().zip(raw).zip(mean.iter().zip(scale)) {
        *x = (r - m) * s;
    }
}

/// `y += k * x`.
pub(crate) fn add_scaled(level: Level, y: &mut [f32], x: &[f32], k: f32) {
    level.run(
        #[inline(always)]
        || {
            for (y, x) in y.iter_mut().zip(x) {
                *y += k * x;
            }
        },
    );
}

/// Layer normalisation of one row.
pub(crate) fn norm_row(level: Level, a: &[f32], gamma: &[f32], beta: &[f32], y: &mut [f32]) {
    level.run(
        #[inline(always)]
        || {
            let width = a.len() as f32;
            let mean = sum(a) / width;
            let inv = 1.0 / (sum_of_squares_about(a, mean) / width + NORM_EPS).sqrt();
            for (((y, a), g), b) in y.iter_mut().zip(a).zip(gamma).zip(beta) {
                *y = (a - mean) * inv * g + b;
            }
        },
    );
}
