//! Pieces that pages are made of.

pub mod button;
pub mod candles;
pub mod chart_view;
pub mod empty;
pub mod plot_area;
pub mod setting;
pub mod tile;
pub mod toasts;
