//! The simulator: what one bar does to one account.
//!
//! [`account`] holds the step function; [`mod@replay`] runs one account with a ledger, [`batch`]
//! many training episodes at once. Neither knows who decides.

pub mod account;
pub mod action;
pub mod baseline;
pub mod batch;
pub mod curriculum;
pub mod env;
pub mod ledger;
pub mod observation;
pub mod referee;
pub mod replay;
pub mod reward;
pub mod settings;
pub mod step_out;
pub mod tape;

pub use account::Account;
pub use action::{Action, ActionMask, N_ACTIONS};
pub use batch::BatchEnv;
pub use curriculum::{CurriculumSettings, CurriculumState, Phase, Stage};
pub use env::{Env, EnvPlan};
pub use ledger::{EquityRow, ExitReason, Ledger, Side, Trade};
pub use referee::Referee;
pub use replay::{Moment, replay, replay_renewed};
pub use settings::{FloorMode, LockOffset, SameBar, SimPlan, SimSettings};
pub use step_out::{StepOut, StepTotals};
pub use tape::Tape;

#[cfg(test)]
mod lessons;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod scenarios_account;
#[cfg(test)]
mod scenarios_actions;
#[cfg(test)]
mod scenarios_episodes;
#[cfg(test)]
mod scenarios_orders;
#[cfg(test)]
mod story;
