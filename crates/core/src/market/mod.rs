//! Markets: contracts, bars, sessions, splits.

pub mod bars;
pub mod finer;
pub mod folds;
pub mod instrument;
pub mod roll;
pub mod session;
pub mod split;

pub use bars::{BarError, Bars};
pub use finer::{FinerBars, FinerError};
pub use instrument::{Instrument, Instruments};
pub use roll::{Roll, RollReason};
pub use session::{SessionCalendar, SessionDay, Sessions};
pub use split::{Split, SplitRatios};
