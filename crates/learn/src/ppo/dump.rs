//! What an update was computed from, for finding out why a number was not finite.

use serde_json::json;

use super::train::Run;
use crate::checkpoint::{Blob, serialize};
use crate::event::UpdateInputs;

/// The rollout so far, parameters, normaliser and settings, in the safetensors format.
///
/// Every entry of the rollout is time-major, `[rollout, environments, …]`. Parameters are those
/// at the minibatch that failed; where the device cannot hand them out they are left out.
pub(crate) fn inputs(run: &Run<'_>, what: &str) -> UpdateInputs {
    let r = &run.rollout;
    let (t, n) = (run.config.rollout, run.config.n_envs);
    let numbers = |x: &[f32]| Blob::f32(vec![t, n], x);
    let flags = |x: &[bool]| Blob::bytes(x.iter().map(|&b| u8::from(b)).collect());
    let bars = r.bars.iter().flat_map(|b| b.to_le_bytes()).collect();
    let mut parts: Vec<(String, Blob)> = [
        ("rollout.bars_u32", Blob::bytes(bars)),
        (
            "rollout.account",
            Blob::f32(vec![t, n, r.n_account], &r.account),
        ),
        ("rollout.masks", Blob::bytes(r.masks.clone())),
        ("rollout.actions", Blob::bytes(r.actions.clone())),
        ("rollout.log_probs", numbers(&r.log_probs)),
        ("rollout.values", numbers(&r.values)),
        ("rollout.rewards", numbers(&r.rewards)),
        ("rollout.terminated", flags(&r.terminated)),
        ("rollout.truncated", flags(&r.truncated)),
        ("rollout.final_values", numbers(&r.final_values)),
        ("rollout.last_values", Blob::f32(vec![n], &r.last_values)),
        ("rollout.advantages", numbers(&r.advantages)),
        ("rollout.returns", numbers(&r.returns)),
        ("normalizer.mean", Blob::f64(&run.normalizer.mean)),
        ("normalizer.var", Blob::f64(&run.normalizer.var)),
    ]
    .map(|(name, blob)| (name.to_owned(), blob))
    .into();
    if let Ok((params, _)) = run.engine.export() {
        for part in &params.layout().parts {
            let blob = Blob::f32(part.shape.clone(), &params.values[part.range.clone()]);
            parts.push((part.name.clone(), blob));
        }
    }
    let about = json!({
        "not_finite": what,
        "step": run.step,
        "update": run.update,
        "config": run.config,
    });
    UpdateInputs(serialize(&parts, about.to_string()).unwrap_or_default())
}
