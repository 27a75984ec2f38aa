//! Pieces that pages are made of.

pub mod button;
pub mod candle_levels;
pub mod candle_marks;
pub mod candles;
pub mod chart_view;
pub mod day_profile;
pub mod empty;
pub mod failure;
pub mod plot_area;
pub mod setting;
pub mod sorting;
pub mod tile;
pub mod toasts;
pub mod trade_marks;
