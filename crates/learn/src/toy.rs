//! Small environments whose best policy is known.
//!
//! They test the learner without a market, and measure its speed without a simulator: a
//! contextual bandit with or without forbidden actions, episodes with real and cut-off ends,
//! and a made-up market with one honest signal among noise.

use std::ops::Range;
use std::sync::Arc;

use holdout_core::rng::Stream;
use holdout_core::sim::CurriculumState;
use serde::{Deserialize, Serialize};

use crate::env::{FeatureTable, ObsShape, StepOut, VecEnv};

/// HOLD, BUY and SELL allowed.
const ENTRIES: u8 = 0b00_0111;
/// Cost of a position for one bar in [`ToyKind::Market`].
pub const MARKET_COST: f32 = 0.3;

/// Which small world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToyKind {
    /// One step: BUY pays 1 where the first feature is positive, SELL where it is not, the
    /// wrong one costs 1, HOLD pays 0.
    Bandit,
    /// One step: BUY pays 2, SELL 1, HOLD 0, the others 9; BUY is forbidden where the first
    /// feature is positive, the others always.
    Masked,
    /// Every step pays 1, for five steps. Where the first feature is positive the episode then
    /// terminates; elsewhere it is cut off.
    Ends,
    /// BUY earns the next bar's return and SELL its opposite, less [`MARKET_COST`]. The last
    /// feature of the deciding bar tells the return up to noise. Cut off after 64 bars.
    Market,
}

/// A batch of one kind of small world.
#[derive(Clone, Debug)]
pub struct ToyEnv {
    kind: ToyKind,
    shape: ObsShape,
    features: Arc<FeatureTable>,
    returns: Arc<Vec<f32>>,
    state: ToyState,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct ToyState {
    bars: Vec<u32>,
    ages: Vec<u32>,
    streams: Vec<Stream>,
}

impl ToyEnv {
    /// `n_envs` worlds over a table of `n_bars` made-up bars.
    pub fn new(kind: ToyKind, n_envs: usize, shape: ObsShape, n_bars: usize, seed: u64) -> Self {
        let mut stream = Stream::new(seed, "toy", 0);
        let data: Vec<f32> = (0..n_bars * shape.n_features)
            .map(|_| (stream.uniform_f32() - 0.5) * 3.46)
            .collect();
        let signal = |bar: usize| data[(bar + 1) * shape.n_features - 1];
        let returns = (0..n_bars)
            .map(|bar| signal(bar) + 0.5 * (stream.uniform_f32() - 0.5))
            .collect();
        let streams = (0..n_envs as u64)
            .map(|i| Stream::new(seed, "toy env", i))
            .collect();
        let features = Arc::new(FeatureTable {
            n_features: shape.n_features,
            data,
        });
        let mut env = Self {
            kind,
            shape,
            features,
            returns: Arc::new(returns),
            state: ToyState {
                bars: vec![0; n_envs],
                ages: vec![0; n_envs],
                streams,
            },
        };
        (0..n_envs).for_each(|e| env.reset(e));
        env
    }

    /// What the market pays for being long over the bar after `bar`, before costs.
    pub fn market_return(&self, bar: u32) -> f32 {
        self.returns[bar as usize]
    }

    /// What the best policy that sees the signal chooses in the market.
    pub fn market_oracle(&self, bar: u32) -> u8 {
        let signal = self.first_or_last(bar, false);
        if signal > MARKET_COST {
            1
        } else if signal < -MARKET_COST {
            2
        } else {
            0
        }
    }

    fn first_or_last(&self, bar: u32, first: bool) -> f32 {
        let width = self.shape.n_features;
        let row = bar as usize * width;
        self.features.data[if first { row } else { row + width - 1 }]
    }

    fn reset(&mut self, env: usize) {
        let lowest = self.shape.window as u64;
        let n = self.features.n_bars() as u64;
        let stream = &mut self.state.streams[env];
        self.state.bars[env] =
            (lowest + stream.below((n - lowest).saturating_sub(70).max(1))) as u32;
        self.state.ages[env] = if self.kind == ToyKind::Market {
            stream.below(64) as u32
        } else {
            0
        };
    }

    fn account(&self, env: usize, numbers: &mut [f32]) {
        numbers.fill(0.0);
        if let (ToyKind::Ends, Some(first)) = (self.kind, numbers.first_mut()) {
            *first = self.state.ages[env] as f32;
        }
    }

    fn mask(&self, bar: u32) -> u8 {
        match self.kind {
            ToyKind::Masked if self.first_or_last(bar, true) > 0.0 => 0b00_0101,
            _ => ENTRIES,
        }
    }
}

impl VecEnv for ToyEnv {
    fn n_envs(&self) -> usize {
        self.state.bars.len()
    }

    fn layout(&self) -> ObsShape {
        self.shape
    }

    fn features(&self) -> Arc<FeatureTable> {
        self.features.clone()
    }

    fn observe(&self, envs: Range<usize>, bars: &mut [u32], account: &mut [f32], masks: &mut [u8]) {
        bars.copy_from_slice(&self.state.bars[envs.clone()]);
        let n = self.shape.n_account;
        for (i, (env, mask)) in envs.zip(masks).enumerate() {
            *mask = self.mask(self.state.bars[env]);
            self.account(env, &mut account[i * n..(i + 1) * n]);
        }
    }

    fn step(&mut self, envs: Range<usize>, actions: &[u8], out: &mut StepOut) {
        for (i, (env, &action)) in envs.zip(actions).enumerate() {
            let bar = self.state.bars[env];
            let up = self.first_or_last(bar, true) > 0.0;
            let (reward, length, terminates) = match self.kind {
                ToyKind::Bandit => (
                    [
                        0.0,
                        if up { 1.0 } else { -1.0 },
                        if up { -1.0 } else { 1.0 },
                        0.0,
                        0.0,
                        0.0,
                    ][usize::from(action)],
                    1,
                    true,
                ),
                ToyKind::Masked => ([0.0, 2.0, 1.0, 9.0, 9.0, 9.0][usize::from(action)], 1, true),
                ToyKind::Ends => (1.0, 5, up),
                ToyKind::Market => {
                    let r = self.returns[bar as usize];
                    (
                        [0.0, r - MARKET_COST, -r - MARKET_COST, 0.0, 0.0, 0.0]
                            [usize::from(action)],
                        64,
                        false,
                    )
                }
            };
            out.rewards[i] = reward;
            out.totals.equity_change_usd += f64::from(reward);
            self.state.ages[env] += 1;
            // In the world of ends the kind of episode is in the bar, so the bar stays.
            if self.kind == ToyKind::Market {
                self.state.bars[env] += 1;
            }
            if self.state.ages[env] >= length {
                out.totals.episodes += 1;
                if terminates {
                    out.terminated[i] = true;
                } else {
                    out.truncated[i] = true;
                    out.final_envs.push(i as u32);
                    out.final_bars.push(self.state.bars[env]);
                    let at = out.final_account.len();
                    out.final_account.resize(at + self.shape.n_account, 0.0);
                    self.account(env, &mut out.final_account[at..]);
                }
                self.reset(env);
            }
        }
    }

    fn set_curriculum(&mut self, _state: &CurriculumState) {}

    fn save_state(&self) -> Vec<u8> {
        serde_json::to_vec(&self.state).unwrap_or_default()
    }

    fn load_state(&mut self, bytes: &[u8]) -> Result<(), String> {
        let state: ToyState = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        let n = self.n_envs();
        if [state.bars.len(), state.ages.len(), state.streams.len()] != [n; 3] {
            return Err(format!(
                "the state is of {} environments, expected {n}",
                state.bars.len()
            ));
        }
        self.state = state;
        Ok(())
    }
}
