//! Observations from compact form: window rows and account numbers, scaled on the way into
//! the storage that the first layer reads. Never kept longer than one chunk.

use crate::env::{FeatureTable, ObsShape};
use crate::kernels::rows::standardise;
use crate::policy::normalizer::Scaling;

/// Writes one scaled observation per row; a bar without a full window leaves its market part
/// as it was, which callers rule out beforehand.
pub(crate) struct Gather<'a, I> {
    /// Observations, row by row.
    pub(crate) x: &'a mut [f32],
    /// Rows shared by all.
    pub(crate) features: &'a FeatureTable,
    /// Sizes of an observation.
    pub(crate) shape: ObsShape,
    /// The normaliser.
    pub(crate) scaling: &'a Scaling,
    /// Deciding bar and account numbers of each observation.
    pub(crate) rows: I,
}

impl<'a, I: Iterator<Item = (u32, &'a [f32])>> pulp::NullaryFnOnce for Gather<'a, I> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            x,
            features,
            shape,
            scaling,
            rows,
        } = self;
        let market = shape.market_len();
        let (mean, account_mean) = scaling.mean.split_at(market);
        let (scale, account_scale) = scaling.scale.split_at(market);
        for (x, (bar, account)) in x.chunks_exact_mut(shape.obs_len()).zip(rows) {
            let raw = features.window(bar, shape.window).unwrap_or(&[]);
            let (x_market, x_account) = x.split_at_mut(market);
            standardise(x_market, raw, mean, scale);
            standardise(x_account, account, account_mean, account_scale);
        }
    }
}
