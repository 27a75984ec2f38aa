//! The simulator: what one bar does to one account.

pub mod action;
pub mod curriculum;
pub mod ledger;
pub mod referee;
pub mod settings;

pub use action::{Action, ActionMask, N_ACTIONS};
pub use curriculum::{CurriculumSettings, CurriculumState, Phase, Stage};
pub use ledger::{EquityRow, ExitReason, Ledger, Side, Trade};
pub use referee::Referee;
pub use settings::{FloorMode, LockOffset, SameBar, SimPlan, SimSettings};
