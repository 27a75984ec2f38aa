//! What is told about a run, outside the window: charts, tables, numbers.

pub mod number;
