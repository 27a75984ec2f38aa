//! The pages and bars of the window. A panel reads a [`super::context::PanelCtx`] and sends commands.

pub mod checkpoints;
pub mod checkpoints_data;
pub mod curriculum;
pub mod curriculum_data;
pub mod data;
pub mod data_data;
pub mod markets;
pub mod markets_data;
pub mod palette;
pub mod proof;
pub mod proof_data;
pub mod regimes;
pub mod regimes_data;
pub mod results;
pub mod results_data;
pub mod results_trades;
pub mod runs;
pub mod status;
pub mod top;
pub mod train;
pub mod train_data;
