//! The pages and bars of the window. A panel reads a [`super::context::PanelCtx`] and sends commands.

pub mod curriculum;
pub mod curriculum_data;
pub mod data;
pub mod data_contracts;
pub mod data_data;
pub mod data_found;
pub mod data_import;
pub mod data_import_data;
pub mod data_make;
pub mod data_overrides;
pub mod data_quality;
pub mod data_quality_data;
pub mod data_split;
pub mod data_split_data;
pub mod data_welcome;
pub mod palette;
pub mod results;
pub mod results_data;
pub mod results_trades;
pub mod runs;
pub mod status;
pub mod top;
pub mod train;
pub mod train_data;
