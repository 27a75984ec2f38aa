//! The pages and bars of the window. A panel reads a [`super::context::PanelCtx`] and sends commands.

<<<<<<< HEAD
pub mod checkpoints;
pub mod checkpoints_data;
=======
pub mod compliance;
pub mod compliance_data;
>>>>>>> main
pub mod curriculum;
pub mod curriculum_data;
pub mod data;
pub mod data_data;
pub mod data_found;
pub mod data_import;
pub mod data_import_data;
pub mod data_overrides;
pub mod data_quality;
pub mod data_quality_data;
pub mod data_split;
pub mod data_split_data;
pub mod data_welcome;
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
pub mod ruleset_form;
pub mod runs;
pub mod status;
pub mod top;
pub mod train;
pub mod train_data;
