//! The pages and bars of the window. A panel reads a [`super::context::PanelCtx`] and sends commands.

pub mod compliance;
pub mod compliance_data;
pub mod curriculum;
pub mod curriculum_data;
pub mod data;
pub mod data_data;
pub mod palette;
pub mod results;
pub mod results_data;
pub mod results_trades;
pub mod ruleset_form;
pub mod runs;
pub mod status;
pub mod top;
pub mod train;
pub mod train_data;
