//! Markets: contracts, bars, sessions, splits.

pub mod bars;
pub mod folds;
pub mod instrument;
pub mod session;
pub mod split;

pub use bars::{BarError, Bars};
pub use instrument::{Instrument, Instruments};
pub use session::{SessionCalendar, SessionDay, Sessions};
pub use split::{Split, SplitRatios};
