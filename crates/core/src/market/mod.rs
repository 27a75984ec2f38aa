//! Markets: contracts, bars, sessions, splits; continuous series, coarser and finer bars.

pub mod bars;
pub mod continuous;
pub mod contract_month;
pub mod day_profile;
pub mod finer;
pub mod folds;
pub mod instrument;
pub mod resample;
pub mod roll;
pub mod session;
pub mod split;

pub use bars::{BarError, Bars};
pub use continuous::{Adjustment, RollRule};
pub use contract_month::ContractMonth;
pub use day_profile::{DayClock, DayMeasure, DayProfile};
pub use finer::{FinerBars, FinerError};
pub use instrument::{Instrument, Instruments};
pub use resample::{ResampleError, Resampled, resample};
pub use roll::{Roll, RollReason};
pub use session::{SessionCalendar, SessionDay, Sessions};
pub use split::{Split, SplitRatios};
